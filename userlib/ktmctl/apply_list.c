// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl apply - the names in a directory
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ktm/ktm_txf.h>

#include "apply_list.h"

#define FIRST_ROOM	32

static int compare_entries(const void *a, const void *b)
{
	const struct list_entry *first = a, *second = b;

	return strcmp(first->name, second->name);
}

static bool is_mount_root(int dir_fd)
{
	struct statx st;

	return statx(dir_fd, "", AT_EMPTY_PATH, 0, &st) == 0 &&
	       (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool belongs_to_file_system(const char *name)
{
	return strcmp(name, KTM_TXF_STAGING) == 0 ||
	       strcmp(name, "lost+found") == 0;
}

static int add_entry(struct dir_list *list, int dir_fd, const char *name)
{
	struct list_entry *entries, *entry;
	size_t room;

	if (list->count == list->room) {
		room = list->room ? 2 * list->room : FIRST_ROOM;
		entries = reallocarray(list->entries, room, sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		list->entries = entries;
		list->room = room;
	}
	entry = &list->entries[list->count];
	if (fstatat(dir_fd, name, &entry->st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
	entry->name = strdup(name);
	if (!entry->name)
		return -ENOMEM;
	list->count++;
	return 0;
}

int dir_list_read(struct dir_list *list, int dir_fd)
{
	bool mount_root = is_mount_root(dir_fd);
	struct dirent *dirent;
	int fd, ret = 0;
	DIR *dir;

	memset(list, 0, sizeof(*list));
	/* an open of its own, so that the position of dir_fd does not matter */
	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		ret = -errno;
		close(fd);
		return ret;
	}
	while (!ret) {
		errno = 0;
		dirent = readdir(dir);
		if (!dirent) {
			ret = -errno;
			break;
		}
		if (is_dots(dirent->d_name) ||
		    (mount_root && belongs_to_file_system(dirent->d_name)))
			continue;
		ret = add_entry(list, fd, dirent->d_name);
	}
	closedir(dir);
	if (ret) {
		dir_list_free(list);
		return ret;
	}
	if (list->count)
		qsort(list->entries, list->count, sizeof(*list->entries),
		      compare_entries);
	return 0;
}

void dir_list_free(struct dir_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->entries[i].name);
	free(list->entries);
	memset(list, 0, sizeof(*list));
}
