// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl apply - is one file like another?
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply_content.h"
#include "apply_plan.h"
#include "apply_same.h"
#include "xattrs.h"

#define PROC_PATH_SIZE	(NAME_MAX + 64)

static int read_xattrs(const struct node *node, struct xattr_set *set)
{
	char path[PROC_PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", node->dir_fd,
		 node->name);
	return xattr_set_read_path(set, path);
}

/* 1, 0 or a negative errno, as below */
static int same_xattrs(const struct node *source, const struct node *target,
		       const char **tree)
{
	struct xattr_set ours, theirs;
	int ret;

	*tree = "source";
	ret = read_xattrs(source, &ours);
	if (ret)
		return ret;
	*tree = "target";
	ret = read_xattrs(target, &theirs);
	if (!ret) {
		ret = xattr_set_equal(&ours, &theirs);
		xattr_set_free(&theirs);
	}
	xattr_set_free(&ours);
	return ret;
}

static bool same_time(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int compare_attrs(const struct node *source, const struct node *target,
			 unsigned int *attrs, const char **tree)
{
	int same;

	*attrs = 0;
	if (!S_ISLNK(source->st->st_mode) &&
	    source->st->st_mode != target->st->st_mode)
		*attrs |= STEP_A_MODE;
	/* a new owner takes away set-user-ID and capabilities: set them, too */
	if (source->st->st_uid != target->st->st_uid ||
	    source->st->st_gid != target->st->st_gid)
		*attrs |= STEP_A_OWNER | STEP_A_MODE | STEP_A_XATTR;
	if (!same_time(source->st, target->st))
		*attrs |= STEP_A_MTIME;
	same = same_xattrs(source, target, tree);
	if (!same)
		*attrs |= STEP_A_XATTR;
	return same < 0 ? same : 0;
}

static int same_bytes(const struct node *source, const struct node *target,
		      const char **tree)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int source_fd, target_fd, ret;

	*tree = "source";
	source_fd = openat(source->dir_fd, source->name, flags);
	if (source_fd < 0)
		return -errno;
	*tree = "target";
	target_fd = openat(target->dir_fd, target->name, flags);
	if (target_fd < 0) {
		ret = -errno;
		goto out_close;
	}
	*tree = "source or target";
	ret = content_equal(source_fd, target_fd, source->st->st_size);
	close(target_fd);
out_close:
	close(source_fd);
	return ret;
}

static int same_link_text(const struct node *source, const struct node *target,
			  const char **tree)
{
	char ours[PATH_MAX], theirs[PATH_MAX];
	ssize_t our_length, their_length;

	*tree = "source";
	our_length = readlinkat(source->dir_fd, source->name, ours,
				sizeof(ours));
	if (our_length < 0)
		return -errno;
	*tree = "target";
	their_length = readlinkat(target->dir_fd, target->name, theirs,
				  sizeof(theirs));
	if (their_length < 0)
		return -errno;
	return our_length == their_length && !memcmp(ours, theirs, our_length);
}

static int same_content(const struct node *source, const struct node *target,
			bool checksum, const char **tree)
{
	switch (source->st->st_mode & S_IFMT) {
	case S_IFREG:
		if (source->st->st_size != target->st->st_size)
			return 0;
		if (!checksum)
			return same_time(source->st, target->st);
		return same_bytes(source, target, tree);
	case S_IFLNK:
		return same_link_text(source, target, tree);
	case S_IFCHR:
	case S_IFBLK:
		return source->st->st_rdev == target->st->st_rdev;
	default:
		return 1;
	}
}

int node_compare(const struct node *source, const struct node *target,
		 bool checksum, struct difference *difference,
		 const char **tree)
{
	int ret;

	ret = compare_attrs(source, target, &difference->attrs, tree);
	if (ret)
		return ret;
	ret = same_content(source, target, checksum, tree);
	if (ret < 0)
		return ret;
	difference->content = !ret;
	return 0;
}
