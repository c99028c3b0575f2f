/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - what differs between the supported kernels
 */
#ifndef _KTM_TXF_COMPAT_H
#define _KTM_TXF_COMPAT_H

#include <linux/cred.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/version.h>
#include <linux/xattr.h>

#define TXF_KERNEL_IS(major, minor) \
	(KERNEL_VERSION(major, minor, 0) <= LINUX_VERSION_CODE)

/* The identity mapping of mounts: idmapped mounts are refused. */
#if TXF_KERNEL_IS(6, 3)
#define TXF_IDMAP	(&nop_mnt_idmap)
#define txf_mnt_idmap(mnt)	mnt_idmap(mnt)
#else
#define TXF_IDMAP	(&init_user_ns)
#define txf_mnt_idmap(mnt)	mnt_user_ns(mnt)
#endif

static inline struct timespec64 txf_inode_atime(const struct inode *inode)
{
#if TXF_KERNEL_IS(6, 7)
	return inode_get_atime(inode);
#else
	return inode->i_atime;
#endif
}

static inline struct timespec64 txf_inode_mtime(const struct inode *inode)
{
#if TXF_KERNEL_IS(6, 7)
	return inode_get_mtime(inode);
#else
	return inode->i_mtime;
#endif
}

static inline struct timespec64 txf_inode_ctime(const struct inode *inode)
{
#if TXF_KERNEL_IS(6, 6)
	return inode_get_ctime(inode);
#else
	return inode->i_ctime;
#endif
}

static inline int txf_encode_inode_fh(struct inode *inode, struct fid *fid,
				      int *max)
{
#if TXF_KERNEL_IS(6, 5)
	return exportfs_encode_inode_fh(inode, fid, max, NULL, 0);
#else
	return exportfs_encode_inode_fh(inode, fid, max, NULL);
#endif
}

/* Unlike exportfs_decode_fh() it tells an I/O error from a stale handle. */
static inline struct dentry *
txf_decode_fh(struct vfsmount *mnt, struct fid *fid, int len, int type,
	      int (*acceptable)(void *ctx, struct dentry *dentry))
{
#if TXF_KERNEL_IS(6, 12)	/* the stable branch has it, too */
	return exportfs_decode_fh_raw(mnt, fid, len, type, 0, acceptable, NULL);
#else
	return exportfs_decode_fh_raw(mnt, fid, len, type, acceptable, NULL);
#endif
}

static inline int txf_acl_set(struct dentry *dentry, int type,
			      struct posix_acl *acl)
{
#if TXF_KERNEL_IS(6, 2)
	return vfs_set_acl(TXF_IDMAP, dentry, posix_acl_xattr_name(type), acl);
#else
	int error;

	inode_lock(d_inode(dentry));
	error = set_posix_acl(TXF_IDMAP, d_inode(dentry), type, acl);
	inode_unlock(d_inode(dentry));
	return error;
#endif
}

/* -ECANCELED: this attribute is the security module's own, leave it out. */
static inline int txf_security_copy_xattr(struct dentry *from, const char *name)
{
#if TXF_KERNEL_IS(6, 10)
	return security_inode_copy_up_xattr(from, name);
#else
	int ret = security_inode_copy_up_xattr(name);

	return ret == 1 ? -ECANCELED : ret;
#endif
}

static inline int txf_follow_down(struct path *path)
{
#if TXF_KERNEL_IS(6, 3)
	return follow_down(path, 0);
#else
	return follow_down(path);
#endif
}

static inline void txf_rename_init(struct renamedata *rd, struct dentry *from,
				   struct dentry *to)
{
	memset(rd, 0, sizeof(*rd));
#if TXF_KERNEL_IS(6, 3)
	rd->old_mnt_idmap = TXF_IDMAP;
	rd->new_mnt_idmap = TXF_IDMAP;
#else
	rd->old_mnt_userns = TXF_IDMAP;
	rd->new_mnt_userns = TXF_IDMAP;
#endif
	rd->old_dir = d_inode(from->d_parent);
	rd->old_dentry = from;
	rd->new_dir = d_inode(to->d_parent);
	rd->new_dentry = to;
}

#endif /* _KTM_TXF_COMPAT_H */
