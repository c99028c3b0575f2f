/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - file handles: names of objects that outlive a restart
 */
#ifndef _KTM_TXF_HANDLE_H
#define _KTM_TXF_HANDLE_H

#include <linux/exportfs.h>
#include <linux/types.h>

struct dentry;
struct inode;
struct vfsmount;

/* One byte of type, then what the file system gives. */
#define TXF_HANDLE_MAX	(1 + MAX_HANDLE_SZ)

/**
 * txf_handle_encode - make the handle of an object
 * @inode: the object
 * @bytes: room for TXF_HANDLE_MAX bytes
 * Return: its length, or -EOPNOTSUPP.
 */
int txf_handle_encode(struct inode *inode, u8 *bytes);

/**
 * txf_handle_decode - find an object by its handle
 * @mnt: a mount of its file system
 * @bytes: the handle; not trusted
 * @len: its length
 * Return: a dentry of the object, NULL if it does not exist any more, or an
 * ERR_PTR.
 */
struct dentry *txf_handle_decode(struct vfsmount *mnt, const u8 *bytes,
				 unsigned int len);

#endif /* _KTM_TXF_HANDLE_H */
