/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl apply - what has to be done to make one tree like another
 */
#ifndef _KTMCTL_APPLY_PLAN_H
#define _KTMCTL_APPLY_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "apply_links.h"

/**
 * enum step_kind - what a step does
 * @STEP_MKDIR: make a directory; a STEP_ATTR follows after its contents
 * @STEP_FILE: make a regular file, or give it new content
 * @STEP_SYMLINK: make a symbolic link
 * @STEP_NODE: make a device, a pipe or a socket
 * @STEP_LINK: make one more name for a file
 * @STEP_UNLINK: remove a name
 * @STEP_RMDIR: remove an empty directory
 * @STEP_ATTR: change attributes only
 */
enum step_kind {
	STEP_MKDIR,
	STEP_FILE,
	STEP_SYMLINK,
	STEP_NODE,
	STEP_LINK,
	STEP_UNLINK,
	STEP_RMDIR,
	STEP_ATTR,
};

#define STEP_A_MODE	(1U << 0)
#define STEP_A_OWNER	(1U << 1)
#define STEP_A_MTIME	(1U << 2)
#define STEP_A_XATTR	(1U << 3)
#define STEP_A_ALL	((1U << 4) - 1)

/**
 * struct step - one change
 * @kind: what it does
 * @attrs: STEP_A_* that are set after it
 * @path: name in both trees; "." is the top
 * @link_to: STEP_LINK: the other name; belongs to the plan's links
 * @st: what the source had when it was looked at; not for STEP_UNLINK, _RMDIR
 */
struct step {
	enum step_kind kind;
	unsigned int attrs;
	char *path;
	const char *link_to;
	struct stat st;
};

/**
 * struct plan - all changes, in an order in which they can be made
 * @steps: the changes
 * @count: how many
 * @room: how many fit
 * @links: files of the source that have several names
 * @entries: names in the source
 * @added: names that are new
 * @changed: names that get other content or attributes
 * @removed: names that go
 * @bytes: content to be written
 */
struct plan {
	struct step *steps;
	size_t count;
	size_t room;
	struct link_map links;
	uint64_t entries;
	uint64_t added;
	uint64_t changed;
	uint64_t removed;
	uint64_t bytes;
};

/**
 * struct plan_options - how to compare
 * @keep_extra: leave alone what is only in the target
 * @checksum: compare content, not only size and time of change
 */
struct plan_options {
	bool keep_extra;
	bool checksum;
};

/**
 * plan_make - compare two trees
 * @plan: filled in; all zero before
 * @options: how
 * @source_fd: the tree as it should be
 * @target_fd: the tree that is to be changed
 *
 * Return: 0, or -1 after a message. The plan is to be freed in any case.
 */
int plan_make(struct plan *plan, const struct plan_options *options,
	      int source_fd, int target_fd);

/**
 * plan_print - write the steps to stdout, one a line
 * @plan: the plan
 */
void plan_print(const struct plan *plan);

/**
 * plan_free - free it
 * @plan: the plan
 */
void plan_free(struct plan *plan);

/**
 * plan_add - append a step; for the comparison
 * @plan: the plan
 * @kind: what it does
 * @path: name in both trees
 * @attrs: STEP_A_*
 * @st: attributes of the source, or NULL
 *
 * Return: the step, valid until the next call, or NULL when out of memory.
 */
struct step *plan_add(struct plan *plan, enum step_kind kind, const char *path,
		      unsigned int attrs, const struct stat *st);

#endif /* _KTMCTL_APPLY_PLAN_H */
