/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl apply - extended attributes, among them ACLs
 */
#ifndef _KTMCTL_XATTRS_H
#define _KTMCTL_XATTRS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct xattr - one attribute
 * @name: its name
 * @value: its value
 * @size: bytes of it
 */
struct xattr {
	char *name;
	char *value;
	size_t size;
};

/**
 * struct xattr_set - the attributes of a file that are copied, sorted by name
 * @items: the attributes
 * @count: how many
 */
struct xattr_set {
	struct xattr *items;
	size_t count;
};

/**
 * struct xattr_reader - where attributes come from
 * @list: like llistxattr(), but with a negative errno
 * @get: like lgetxattr(), but with a negative errno
 * @ctx: passed to both
 */
struct xattr_reader {
	long (*list)(void *ctx, char *list, size_t size);
	long (*get)(void *ctx, const char *name, void *value, size_t size);
	void *ctx;
};

/**
 * xattr_set_read - read the attributes of a file
 * @set: filled in
 * @reader: where they come from
 *
 * Left out is what a file system keeps for itself (all but user, trusted,
 * security, and ACLs).
 *
 * Return: 0 or a negative errno; @set is empty then.
 */
int xattr_set_read(struct xattr_set *set, const struct xattr_reader *reader);

/**
 * xattr_set_read_path - read the attributes of a file by path
 * @set: filled in
 * @path: the file; a symbolic link at the end is not followed
 *
 * Return: 0 or a negative errno; @set is empty then.
 */
int xattr_set_read_path(struct xattr_set *set, const char *path);

/**
 * xattr_set_free - free it
 * @set: the set
 */
void xattr_set_free(struct xattr_set *set);

/**
 * xattr_set_find - find an attribute
 * @set: where
 * @name: its name
 *
 * Return: the attribute or NULL.
 */
const struct xattr *xattr_set_find(const struct xattr_set *set,
				   const char *name);

/**
 * xattr_equal - have two attributes the same value?
 * @a: one
 * @b: the other
 *
 * Return: true if so.
 */
bool xattr_equal(const struct xattr *a, const struct xattr *b);

/**
 * xattr_set_equal - are two sets the same?
 * @a: one
 * @b: the other
 *
 * Return: true if so.
 */
bool xattr_set_equal(const struct xattr_set *a, const struct xattr_set *b);

#endif /* _KTMCTL_XATTRS_H */
