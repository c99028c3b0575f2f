/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - what differs between the supported kernels
 */
#ifndef _KTM_TXF_COMPAT_H
#define _KTM_TXF_COMPAT_H

#include <linux/cred.h>
#include <linux/exportfs.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/version.h>
#include <linux/xattr.h>

#define TXF_KERNEL_IS(major, minor) \
	(KERNEL_VERSION(major, minor, 0) <= LINUX_VERSION_CODE)

#if TXF_KERNEL_IS(6, 3)
#include <linux/filelock.h>
#endif

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

/* Ask the client of an NFS server to give a delegation back: -EAGAIN. */
static inline int txf_break_deleg(struct inode *inode)
{
#ifdef LEASE_BREAK_NONBLOCK
	return break_deleg(inode, LEASE_BREAK_NONBLOCK);
#else
	return break_deleg(inode, O_WRONLY | O_NONBLOCK);
#endif
}

/*
 * In a worker fput() only puts the file on a list, and the file keeps its mount
 * busy for as long as it is there. Not under locks.
 */
static inline void txf_fput(struct file *file)
{
	if (current->flags & PF_KTHREAD)
		__fput_sync(file);
	else
		fput(file);
}

static inline int txf_follow_down(struct path *path)
{
#if TXF_KERNEL_IS(6, 3)
	return follow_down(path, 0);
#else
	return follow_down(path);
#endif
}

static inline unsigned int txf_inode_state(struct inode *inode)
{
#if TXF_KERNEL_IS(6, 19)
	return inode_state_read_once(inode);
#else
	return READ_ONCE(inode->i_state);
#endif
}

#if TXF_KERNEL_IS(6, 17)
#define txf_fileattr	file_kattr
#else
#define txf_fileattr	fileattr
#endif

/* With the permission to search the directory, which is locked. */
static inline struct dentry *txf_lookup(const char *name, struct dentry *dir,
					int len)
{
#if TXF_KERNEL_IS(6, 16)
	return lookup_one(TXF_IDMAP, &QSTR_LEN(name, len), dir);
#else
	return lookup_one_len(name, dir, len);
#endif
}

/* With the permission to search the directory, which is not locked. */
static inline struct dentry *txf_lookup_unlocked(const char *name,
						 struct dentry *dir, int len)
{
#if TXF_KERNEL_IS(6, 16)
	return lookup_one_unlocked(TXF_IDMAP, &QSTR_LEN(name, len), dir);
#else
	return lookup_one_len_unlocked(name, dir, len);
#endif
}

static inline int txf_vfs_create(struct inode *dir, struct dentry *dentry,
				 umode_t mode)
{
#if TXF_KERNEL_IS(7, 0)
	return vfs_create(TXF_IDMAP, dentry, mode, NULL);
#elif TXF_KERNEL_IS(6, 19)
	return vfs_create(TXF_IDMAP, dir, dentry, mode, true, NULL);
#else
	return vfs_create(TXF_IDMAP, dir, dentry, mode, true);
#endif
}

/* @dentry may be another one afterwards; its reference stays with an error, too. */
static inline int txf_vfs_mkdir(struct inode *dir, struct dentry **dentry,
				umode_t mode)
{
#if TXF_KERNEL_IS(6, 15)
	struct dentry *made;

	/* it takes one reference, and gives one back with success only */
	dget(*dentry);
#if TXF_KERNEL_IS(6, 19)
	made = vfs_mkdir(TXF_IDMAP, dir, *dentry, mode, NULL);
#else
	made = vfs_mkdir(TXF_IDMAP, dir, *dentry, mode);
#endif
	if (IS_ERR(made))
		return PTR_ERR(made);
	dput(*dentry);
	*dentry = made;
	return 0;
#else
	return vfs_mkdir(TXF_IDMAP, dir, *dentry, mode);
#endif
}

static inline int txf_vfs_rmdir(struct inode *dir, struct dentry *dentry)
{
#if TXF_KERNEL_IS(6, 19)
	return vfs_rmdir(TXF_IDMAP, dir, dentry, NULL);
#else
	return vfs_rmdir(TXF_IDMAP, dir, dentry);
#endif
}

static inline int txf_vfs_symlink(struct inode *dir, struct dentry *dentry,
				  const char *target)
{
#if TXF_KERNEL_IS(6, 19)
	return vfs_symlink(TXF_IDMAP, dir, dentry, target, NULL);
#else
	return vfs_symlink(TXF_IDMAP, dir, dentry, target);
#endif
}

static inline int txf_vfs_mknod(struct inode *dir, struct dentry *dentry,
				umode_t mode, dev_t dev)
{
#if TXF_KERNEL_IS(6, 19)
	return vfs_mknod(TXF_IDMAP, dir, dentry, mode, dev, NULL);
#else
	return vfs_mknod(TXF_IDMAP, dir, dentry, mode, dev);
#endif
}

#endif /* _KTM_TXF_COMPAT_H */
