// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl apply - the directories on the way to a name, kept open
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply_dirs.h"

/* Does @path go through the directory that @length bytes of the stack lead to? */
static bool leads_through(const struct dir_stack *stack, size_t length,
			  const char *path)
{
	return strncmp(stack->path, path, length) == 0 && path[length] == '/';
}

static void pop(struct dir_stack *stack)
{
	close(stack->dirs[--stack->depth].fd);
}

static int push(struct dir_stack *stack, const char *path, size_t length)
{
	size_t above = stack->depth ?
		       stack->dirs[stack->depth - 1].length + 1 : 0;
	int parent = stack->depth ? stack->dirs[stack->depth - 1].fd :
				    stack->top_fd;
	struct open_dir *dirs;
	int fd;

	if (length >= sizeof(stack->path))
		return -ENAMETOOLONG;
	if (stack->depth == stack->room) {
		dirs = reallocarray(stack->dirs, 2 * stack->room + 8,
				    sizeof(*dirs));
		if (!dirs)
			return -ENOMEM;
		stack->dirs = dirs;
		stack->room = 2 * stack->room + 8;
	}
	memcpy(stack->path, path, length);
	stack->path[length] = '\0';
	fd = stack->open(stack->ctx, parent, stack->path + above);
	if (fd < 0)
		return fd;
	stack->dirs[stack->depth].fd = fd;
	stack->dirs[stack->depth].length = length;
	stack->depth++;
	return 0;
}

int dir_stack_seek(struct dir_stack *stack, const char *path, const char **base)
{
	const char *slash;
	size_t done;
	int ret;

	while (stack->depth &&
	       !leads_through(stack, stack->dirs[stack->depth - 1].length,
			      path))
		pop(stack);
	done = stack->depth ? stack->dirs[stack->depth - 1].length + 1 : 0;
	while ((slash = strchr(path + done, '/'))) {
		ret = push(stack, path, slash - path);
		if (ret)
			return ret;
		done = slash - path + 1;
	}
	*base = path + done;
	return stack->depth ? stack->dirs[stack->depth - 1].fd : stack->top_fd;
}

void dir_stack_forget(struct dir_stack *stack, const char *path)
{
	size_t length = strlen(path), last;

	while (stack->depth) {
		last = stack->dirs[stack->depth - 1].length;
		if (last < length || strncmp(stack->path, path, length) ||
		    (last > length && stack->path[length] != '/'))
			break;
		pop(stack);
	}
}

void dir_stack_free(struct dir_stack *stack)
{
	while (stack->depth)
		pop(stack);
	free(stack->dirs);
	stack->dirs = NULL;
	stack->room = 0;
}
