/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - finding what a path leads to in a transaction's view
 */
#ifndef _KTM_TXF_WALK_H
#define _KTM_TXF_WALK_H

#include <linux/bits.h>
#include <linux/path.h>
#include <linux/dcache.h>
#include <linux/types.h>

struct txf_call;
struct txf_name;
struct txf_part;

/* Follow a symbolic link at the end. */
#define TXF_WALK_FOLLOW		BIT(0)

/**
 * struct txf_place - what a path leads to
 * @path: what is there in the view; path.dentry is NULL if nothing is
 * @named: the path ends in a name; not in "/", "." or ".."
 * @slashes: the name is followed by slashes: only a directory will do
 * @mounted: something is mounted there, @path is its root
 * @dot: the path ends in "."
 * @dir: if @named, the directory of the name
 * @name: if @named, the name; in @text
 * @entry: if @named, what the transaction has changed there, or NULL
 * @part: the part of the transaction on the file system of @dir, or without
 *	@named of @path; or NULL
 * @text: holds the name
 */
struct txf_place {
	struct path path;
	bool named;
	bool slashes;
	bool mounted;
	bool dot;
	struct path dir;
	struct qstr name;
	struct txf_name *entry;
	struct txf_part *part;
	char text[NAME_MAX + 1];
};

/**
 * txf_walk - find out what a path leads to
 * @call: the call
 * @dirfd: fd where a relative path starts, or AT_FDCWD
 * @path: the path
 * @flags: TXF_WALK_*
 * @place: to be filled in, and to be given back with txf_place_put()
 *
 * Checks that the caller may search the directories on the way.
 *
 * Return: 0 (also if the last name does not exist), -ENOENT, -ENOTDIR, -EACCES,
 * -ELOOP, -ENAMETOOLONG, -EBADF, or an errno of a file system.
 */
int txf_walk(struct txf_call *call, int dirfd, const char *path,
	     unsigned int flags, struct txf_place *place);

/**
 * txf_place_put - let go of a place
 * @place: filled in by txf_walk()
 */
void txf_place_put(struct txf_place *place);

#endif /* _KTM_TXF_WALK_H */
