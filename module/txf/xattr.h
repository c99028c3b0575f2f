/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - extended attributes, ACLs among them
 *
 * Since 6.2 the kernel has calls of their own for ACLs, and those for extended
 * attributes do not know them. Ids in the value of an ACL are those of the first
 * user namespace.
 */
#ifndef _KTM_TXF_XATTR_H
#define _KTM_TXF_XATTR_H

#include <linux/types.h>

struct dentry;
struct vfsmount;

/**
 * txf_xattr_get - read an attribute
 * @mnt: mount by whose mapping of ids permission is judged, or NULL for none
 * @dentry: of the object
 * @name: name of the attribute
 * @value: room, or NULL to ask for the size
 * @size: bytes of room
 *
 * Context: process context; with the permission of the current credentials.
 * Return: size of the value, or an error as from getxattr(2).
 */
ssize_t txf_xattr_get(struct vfsmount *mnt, struct dentry *dentry,
		      const char *name, void *value, size_t size);

/**
 * txf_xattr_set - set an attribute
 * @dentry: of the object, on a mount for which writing was asked for
 * @name: name of the attribute
 * @value: the value, in memory that may be changed
 * @size: bytes of it
 * @flags: XATTR_CREATE or XATTR_REPLACE, which mean nothing to ACLs, or 0
 *
 * Context: as above.
 * Return: 0, or an error as from setxattr(2).
 */
int txf_xattr_set(struct dentry *dentry, const char *name, void *value,
		  size_t size, int flags);

/**
 * txf_xattr_remove - remove an attribute
 * @dentry: of the object, on a mount for which writing was asked for
 * @name: name of the attribute
 *
 * Context: as above.
 * Return: 0, or an error as from removexattr(2).
 */
int txf_xattr_remove(struct dentry *dentry, const char *name);

#endif /* _KTM_TXF_XATTR_H */
