/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl apply - the directories on the way to a name, kept open
 *
 * Steps come in the order of the tree, so that most of them find their directory
 * open already.
 */
#ifndef _KTMCTL_APPLY_DIRS_H
#define _KTMCTL_APPLY_DIRS_H

#include <limits.h>
#include <stddef.h>

/**
 * struct open_dir - a directory that is open
 * @fd: its fd
 * @length: how much of the path leads to it
 */
struct open_dir {
	int fd;
	size_t length;
};

/**
 * struct dir_stack - the open directories, from the top down
 * @open: opens @name in @parent_fd without following a symbolic link; returns
 *	an fd or a negative errno
 * @ctx: passed to @open
 * @top_fd: the top; not owned
 * @path: the way to the last one
 * @dirs: the directories below the top
 * @depth: how many
 * @room: how many fit
 */
struct dir_stack {
	int (*open)(void *ctx, int parent_fd, const char *name);
	void *ctx;
	int top_fd;
	char path[PATH_MAX];
	struct open_dir *dirs;
	size_t depth;
	size_t room;
};

/**
 * dir_stack_seek - open the directory that a name is in
 * @stack: the stack
 * @path: the name, from the top
 * @base: out: its last part
 *
 * Return: fd of the directory, which the stack keeps, or a negative errno.
 */
int dir_stack_seek(struct dir_stack *stack, const char *path,
		   const char **base);

/**
 * dir_stack_forget - close a directory that is removed
 * @stack: the stack
 * @path: the directory, from the top
 */
void dir_stack_forget(struct dir_stack *stack, const char *path);

/**
 * dir_stack_free - close all
 * @stack: the stack
 */
void dir_stack_free(struct dir_stack *stack);

#endif /* _KTMCTL_APPLY_DIRS_H */
