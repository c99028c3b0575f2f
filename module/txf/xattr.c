// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - extended attributes, ACLs among them
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/xattr.h>

#include "compat.h"
#include "xattr.h"

#if TXF_KERNEL_IS(6, 2)

static bool is_acl(const char *name)
{
	return !strcmp(name, XATTR_NAME_POSIX_ACL_ACCESS) ||
	       !strcmp(name, XATTR_NAME_POSIX_ACL_DEFAULT);
}

static ssize_t acl_to_value(struct posix_acl *acl, void *value, size_t size)
{
#if TXF_KERNEL_IS(6, 19)
	size_t needed;
	ssize_t ret;
	void *bytes;

	bytes = posix_acl_to_xattr(&init_user_ns, acl, &needed, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;
	ret = needed;
	if (value && needed > size)
		ret = -ERANGE;
	else if (value)
		memcpy(value, bytes, needed);
	kfree(bytes);
	return ret;
#else
	return posix_acl_to_xattr(&init_user_ns, acl, value, size);
#endif
}

static ssize_t get_acl_value(struct vfsmount *mnt, struct dentry *dentry,
			     const char *name, void *value, size_t size)
{
	struct posix_acl *acl;
	ssize_t ret;

	acl = vfs_get_acl(mnt ? txf_mnt_idmap(mnt) : TXF_IDMAP, dentry, name);
	if (IS_ERR(acl))
		return PTR_ERR(acl);
	ret = acl_to_value(acl, value, size);
	posix_acl_release(acl);
	return ret;
}

static int set_acl_value(struct dentry *dentry, const char *name, const void *value,
			 size_t size)
{
	struct posix_acl *acl = posix_acl_from_xattr(&init_user_ns, value, size);
	int error;

	if (IS_ERR(acl))
		return PTR_ERR(acl);
	error = vfs_set_acl(TXF_IDMAP, dentry, name, acl);
	posix_acl_release(acl);
	return error;
}

static int remove_acl(struct dentry *dentry, const char *name)
{
	return vfs_remove_acl(TXF_IDMAP, dentry, name);
}

#else

static bool is_acl(const char *name)
{
	return false;
}

static ssize_t get_acl_value(struct vfsmount *mnt, struct dentry *dentry,
			     const char *name, void *value, size_t size)
{
	return -EOPNOTSUPP;
}

static int set_acl_value(struct dentry *dentry, const char *name, const void *value,
			 size_t size)
{
	return -EOPNOTSUPP;
}

static int remove_acl(struct dentry *dentry, const char *name)
{
	return -EOPNOTSUPP;
}

#endif

ssize_t txf_xattr_get(struct vfsmount *mnt, struct dentry *dentry,
		      const char *name, void *value, size_t size)
{
	if (is_acl(name))
		return get_acl_value(mnt, dentry, name, value, size);
	return vfs_getxattr(mnt ? txf_mnt_idmap(mnt) : TXF_IDMAP, dentry, name,
			    value, size);
}

int txf_xattr_set(struct dentry *dentry, const char *name, void *value,
		  size_t size, int flags)
{
	if (is_acl(name))
		return set_acl_value(dentry, name, value, size);
	return vfs_setxattr(TXF_IDMAP, dentry, name, value, size, flags);
}

int txf_xattr_remove(struct dentry *dentry, const char *name)
{
	if (is_acl(name))
		return remove_acl(dentry, name);
	return vfs_removexattr(TXF_IDMAP, dentry, name);
}
