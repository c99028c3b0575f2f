/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl apply - the names in a directory
 */
#ifndef _KTMCTL_APPLY_LIST_H
#define _KTMCTL_APPLY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/**
 * struct list_entry - one name
 * @name: the name
 * @st: what it is; symbolic links are not followed
 */
struct list_entry {
	char *name;
	struct stat st;
};

/**
 * struct dir_list - all names of a directory, sorted by strcmp()
 * @entries: the names
 * @count: how many
 * @room: how many fit
 */
struct dir_list {
	struct list_entry *entries;
	size_t count;
	size_t room;
};

/**
 * dir_list_read - read a directory
 * @list: filled in
 * @dir_fd: the directory, opened for reading
 *
 * At the root of a mount the staging directory of transactional files and
 * lost+found are left out: they belong to the file system, not to the tree.
 *
 * Return: 0 or a negative errno; @list is empty then.
 */
int dir_list_read(struct dir_list *list, int dir_fd);

/**
 * dir_list_free - free it
 * @list: the list
 */
void dir_list_free(struct dir_list *list);

#endif /* _KTMCTL_APPLY_LIST_H */
