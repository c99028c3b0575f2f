// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - security labels
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/security.h>
#include <linux/xattr.h>

#include "compat.h"
#include "label.h"
#include "xattr.h"

/*
 * The security module wants a dentry in the directory. What the file system has
 * under that name may be something else and be moved away meanwhile: this one is
 * known to nobody.
 */
int txf_label_by_place(struct cred *cred, struct dentry *dir,
		       const struct qstr *name, umode_t mode)
{
	struct dentry *dentry = d_alloc(dir, name);
	struct qstr copy;
	int error;

	if (!dentry)
		return -ENOMEM;
	copy = dentry->d_name;
	error = security_dentry_create_files_as(dentry, mode, &copy,
						current_cred(), cred);
	dput(dentry);
	return error == -EOPNOTSUPP ? 0 : error;
}

int txf_label_like(struct cred *cred, struct dentry *like)
{
	return security_inode_copy_up(like, &cred);
}

bool txf_label_is(const char *name)
{
	return !strcmp(name, XATTR_NAME_SELINUX) ||
	       !strcmp(name, XATTR_NAME_SMACK);
}

/* Not what the security module makes of it. */
ssize_t txf_label_get(struct dentry *dentry, const char *name, void *value,
		      size_t size)
{
	return __vfs_getxattr(dentry, d_inode(dentry), name, value, size);
}

/* Without the security module, and then let it know. */
static int set_raw(struct dentry *dentry, const char *name, void *value,
		   size_t size)
{
	struct inode *inode = d_inode(dentry);
	int error;

	if (IS_IMMUTABLE(inode) || IS_APPEND(inode))
		return -EPERM;
	error = txf_break_deleg(inode);
	if (error)
		return error;
	if (value)
		error = __vfs_setxattr(TXF_IDMAP, dentry, inode, name, value,
				       size, 0);
	else
		error = __vfs_removexattr(TXF_IDMAP, dentry, name);
	if (error)
		return error;
	/* What does not mean anything to it, it shall find out from the disk. */
	if (!value || security_inode_notifysecctx(inode, value, size))
		security_inode_invalidate_secctx(inode);
	fsnotify_xattr(dentry);
	return 0;
}

int txf_label_set(struct dentry *dentry, const char *name, void *value,
		  size_t size)
{
	int error;

	if (value)
		error = txf_xattr_set(dentry, name, value, size, 0);
	else
		error = txf_xattr_remove(dentry, name);
	/* The policy may know what the caller may do, but not about us. */
	if (error != -EACCES && error != -EPERM && error != -EOPNOTSUPP)
		return error;
	inode_lock(d_inode(dentry));
	error = set_raw(dentry, name, value, size);
	inode_unlock(d_inode(dentry));
	return error;
}
