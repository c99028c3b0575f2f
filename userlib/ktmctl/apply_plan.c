// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl apply - the list of steps
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply_plan.h"
#include "ktmctl.h"
#include "text.h"

#define FIRST_ROOM	256

struct step *plan_add(struct plan *plan, enum step_kind kind, const char *path,
		      unsigned int attrs, const struct stat *st)
{
	struct step *steps, *step;
	size_t room;

	if (plan->count == plan->room) {
		room = plan->room ? 2 * plan->room : FIRST_ROOM;
		steps = reallocarray(plan->steps, room, sizeof(*steps));
		if (!steps)
			return NULL;
		plan->steps = steps;
		plan->room = room;
	}
	step = &plan->steps[plan->count];
	memset(step, 0, sizeof(*step));
	step->kind = kind;
	step->attrs = attrs;
	step->path = strdup(path);
	if (!step->path)
		return NULL;
	if (st)
		step->st = *st;
	plan->count++;
	return step;
}

static void print_attrs(unsigned int attrs)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} names[] = {
		{ STEP_A_MODE, "mode" },
		{ STEP_A_OWNER, "owner" },
		{ STEP_A_MTIME, "mtime" },
		{ STEP_A_XATTR, "xattr" },
	};
	const char *separator = "";
	size_t i;

	fputs(" (", stdout);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(attrs & names[i].bit))
			continue;
		printf("%s%s", separator, names[i].name);
		separator = ", ";
	}
	putchar(')');
}

void plan_print(const struct plan *plan)
{
	static const char *const names[] = {
		[STEP_MKDIR] = "mkdir",
		[STEP_FILE] = "file",
		[STEP_SYMLINK] = "symlink",
		[STEP_NODE] = "node",
		[STEP_LINK] = "link",
		[STEP_UNLINK] = "remove",
		[STEP_RMDIR] = "rmdir",
		[STEP_ATTR] = "attr",
	};
	const struct step *step;
	size_t i;

	for (i = 0; i < plan->count; i++) {
		step = &plan->steps[i];
		printf("%-8s %s", names[step->kind], show_path(step->path));
		if (step->kind == STEP_LINK)
			printf(" to %s", show_path(step->link_to));
		if (step->kind == STEP_ATTR)
			print_attrs(step->attrs);
		putchar('\n');
	}
}

void plan_free(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++)
		free(plan->steps[i].path);
	free(plan->steps);
	link_map_free(&plan->links);
	memset(plan, 0, sizeof(*plan));
}
