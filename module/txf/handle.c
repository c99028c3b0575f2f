// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - file handles
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mount.h>

#include "compat.h"
#include "handle.h"

int txf_handle_encode(struct inode *inode, u8 *bytes)
{
	int max = MAX_HANDLE_SZ / sizeof(u32), type;
	u32 fid[MAX_HANDLE_SZ / sizeof(u32)];

	type = txf_encode_inode_fh(inode, (struct fid *)fid, &max);
	if (type <= 0 || type >= FILEID_INVALID ||
	    max > MAX_HANDLE_SZ / sizeof(u32))
		return -EOPNOTSUPP;
	bytes[0] = type;
	memcpy(bytes + 1, fid, max * sizeof(u32));
	return 1 + max * sizeof(u32);
}

static int accept_any(void *ctx, struct dentry *dentry)
{
	return 1;
}

struct dentry *txf_handle_decode(struct vfsmount *mnt, const u8 *bytes,
				 unsigned int len)
{
	u32 fid[MAX_HANDLE_SZ / sizeof(u32)];
	struct dentry *dentry;

	if (len < 1 + sizeof(u32) || len > TXF_HANDLE_MAX ||
	    (len - 1) % sizeof(u32))
		return ERR_PTR(-EUCLEAN);
	memcpy(fid, bytes + 1, len - 1);
	dentry = txf_decode_fh(mnt, (struct fid *)fid, (len - 1) / sizeof(u32),
			       bytes[0], accept_any);
	if (!dentry)
		return ERR_PTR(-EUCLEAN);
	if (dentry == ERR_PTR(-ESTALE) || dentry == ERR_PTR(-ENOENT))
		return NULL;
	return dentry;
}
