// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - attributes: copying them, and changing those of committed objects
 */
#include <linux/capability.h>
#include <linux/crc32.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/xattr.h>

#include "attr.h"
#include "compat.h"
#include "label.h"
#include "overlay.h"
#include "stage.h"
#include "tx.h"
#include "volume.h"
#include "walk.h"
#include "xattr.h"

static ssize_t get_xattr(struct dentry *dentry, const char *name, void *value,
			 size_t size)
{
	if (txf_label_is(name))
		return txf_label_get(dentry, name, value, size);
	return txf_xattr_get(NULL, dentry, name, value, size);
}

ssize_t txf_attr_xattr(struct dentry *dentry, const char *name, void **value)
{
	ssize_t size, got;

	*value = NULL;
	for (;;) {
		size = get_xattr(dentry, name, NULL, 0);
		if (size < 0)
			return size;
		*value = kvmalloc(size + 1, GFP_KERNEL_ACCOUNT);
		if (!*value)
			return -ENOMEM;
		got = get_xattr(dentry, name, *value, size);
		if (got >= 0)
			return got;
		kvfree(*value);
		*value = NULL;
		/* It has grown meanwhile. */
		if (got != -ERANGE)
			return got;
	}
}

/* Has it that value already? */
static bool has_value(struct dentry *dentry, const char *name,
		      const void *value, ssize_t size)
{
	void *now;
	bool same = txf_attr_xattr(dentry, name, &now) == size &&
		    !memcmp(now, value, size);

	kvfree(now);
	return same;
}

/*
 * The copy has its label already if the security module saw to that when it was
 * made. It does not before it has a policy, and where one label stands for all
 * (context=): whatever it says about copying the attribute, what is on disk stays.
 */
static int copy_xattr(struct dentry *from, struct dentry *to, const char *name)
{
	bool label = txf_label_is(name);
	void *value;
	ssize_t size;
	int error;

	error = label ? 0 : txf_security_copy_xattr(from, name);
	if (error == -ECANCELED)
		return 0;
	if (error && error != -EOPNOTSUPP)
		return error;
	size = txf_attr_xattr(from, name, &value);
	if (size < 0)
		return size == -ENODATA ? 0 : size;
	if (!label)
		error = txf_xattr_set(to, name, value, size, 0);
	else if (!has_value(to, name, value, size))
		error = txf_label_set(to, name, value, size);
	else
		error = 0;
	kvfree(value);
	return error;
}

static ssize_t list_xattrs(struct dentry *dentry, char **list)
{
	ssize_t size, got;

	*list = NULL;
	for (;;) {
		size = vfs_listxattr(dentry, NULL, 0);
		if (size <= 0)
			return size == -EOPNOTSUPP ? 0 : size;
		*list = kvmalloc(size, GFP_KERNEL_ACCOUNT);
		if (!*list)
			return -ENOMEM;
		got = vfs_listxattr(dentry, *list, size);
		if (got >= 0)
			return got;
		kvfree(*list);
		*list = NULL;
		/* It has grown meanwhile. */
		if (got != -ERANGE)
			return got;
	}
}

static int copy_xattrs(struct dentry *from, struct dentry *to,
		       unsigned int flags)
{
	char *list, *name;
	ssize_t size;
	int error = 0;

	size = list_xattrs(from, &list);
	if (size < 0)
		return size;
	for (name = list; !error && name < list + size;
	     name += strlen(name) + 1) {
		if ((flags & TXF_COPY_STRIP) && !strcmp(name, XATTR_NAME_CAPS))
			continue;
		error = copy_xattr(from, to, name);
	}
	kvfree(list);
	return error;
}

int txf_attr_digest(struct dentry *dentry, u32 *digest)
{
	ssize_t list_size, size;
	char *list, *name;
	void *value;
	u32 crc;

	*digest = 0;
	list_size = list_xattrs(dentry, &list);
	if (list_size <= 0)
		return list_size;
	for (name = list; name < list + list_size; name += strlen(name) + 1) {
		size = txf_attr_xattr(dentry, name, &value);
		if (size == -ENODATA || size == -EOPNOTSUPP)
			continue;
		if (size < 0)
			break;
		crc = crc32_le(~0, (const u8 *)name, strlen(name) + 1);
		*digest += crc32_le(crc, value, size);
		kvfree(value);
		size = 0;
	}
	kvfree(list);
	return name < list + list_size ? size : 0;
}

static umode_t strip_mode(umode_t mode)
{
	if (capable(CAP_FSETID))
		return mode;
	mode &= ~S_ISUID;
	if (mode & 0010)
		mode &= ~S_ISGID;
	return mode;
}

static int set_attrs(struct dentry *dentry, struct iattr *attr)
{
	int error;

	inode_lock(d_inode(dentry));
	error = notify_change(TXF_IDMAP, dentry, attr, NULL);
	inode_unlock(d_inode(dentry));
	return error;
}

static int copy_as_kernel(struct dentry *from, struct dentry *to, umode_t mode,
			  unsigned int flags)
{
	struct inode *inode = d_inode(from);
	struct iattr owner = {
		.ia_valid = ATTR_UID | ATTR_GID | ATTR_CTIME,
		.ia_uid = inode->i_uid,
		.ia_gid = inode->i_gid,
	};
	struct iattr rest = { .ia_valid = ATTR_CTIME };
	int error;

	error = set_attrs(to, &owner);
	if (!error)
		error = copy_xattrs(from, to, flags);
	if (error)
		return error;
	if (!S_ISLNK(mode)) {
		rest.ia_valid |= ATTR_MODE;
		rest.ia_mode = mode;
	}
	if (flags & TXF_COPY_TIMES) {
		rest.ia_valid |= ATTR_ATIME | ATTR_ATIME_SET | ATTR_MTIME |
				 ATTR_MTIME_SET;
		rest.ia_atime = txf_inode_atime(inode);
		rest.ia_mtime = txf_inode_mtime(inode);
	}
	return set_attrs(to, &rest);
}

int txf_attr_copy(struct txf_part *part, struct dentry *from,
		  struct dentry *to, unsigned int flags)
{
	umode_t mode = d_inode(from)->i_mode;
	const struct cred *old;
	int error;

	if (S_ISREG(mode) && (flags & TXF_COPY_STRIP))
		mode = strip_mode(mode);
	mode = (d_inode(to)->i_mode & S_IFMT) | (mode & S_IALLUGO);
	error = mnt_want_write(part->vol->mnt);
	if (error)
		return error;
	old = override_creds(part->vol->cred);
	error = copy_as_kernel(from, to, mode, flags);
	revert_creds(old);
	mnt_drop_write(part->vol->mnt);
	return error;
}

struct dentry *txf_attr_shadow(struct txf_part *part, struct dentry *dentry)
{
	umode_t type = d_inode(dentry)->i_mode & S_IFMT;
	struct txf_new new = {
		.target = "shadow",
		.dir = part->dir,
		.like = dentry,
	};
	struct dentry *shadow;
	int error;

	/* The character device is 0:0, which is none. */
	if (type == S_IFBLK)
		type = S_IFIFO;
	new.mode = type | 0600;
	shadow = txf_stage_create(part, &new);
	if (IS_ERR(shadow))
		return shadow;
	error = txf_attr_copy(part, dentry, shadow, TXF_COPY_TIMES);
	if (error) {
		txf_stage_unlink(part, shadow);
		dput(shadow);
		return ERR_PTR(error);
	}
	return shadow;
}

struct dentry *txf_attr_target(const struct txf_place *place,
			       struct txf_obj **out)
{
	struct dentry *dentry = place->path.dentry, *shadow;
	struct inode *inode = d_inode(dentry);
	struct txf_part *part = place->part;
	struct txf_obj *obj;
	int error;

	if (IS_IMMUTABLE(inode) || IS_APPEND(inode))
		return ERR_PTR(-EPERM);
	obj = txf_obj_get(part, dentry);
	if (IS_ERR(obj))
		return ERR_CAST(obj);
	*out = obj;
	if (obj->staged)
		return dentry;
	error = txf_obj_lock_attr(obj);
	if (error)
		return ERR_PTR(error);
	if (!obj->shadow) {
		error = txf_part_change(part);
		if (error)
			return ERR_PTR(error);
		shadow = txf_attr_shadow(part, dentry);
		if (IS_ERR(shadow))
			return shadow;
		obj->shadow = shadow;
	}
	return obj->shadow;
}

int txf_attr_note_xattr(struct txf_obj *obj, const char *name)
{
	struct txf_xattr *xattr;
	size_t len = strlen(name);
	int error;

	if (obj->staged)
		return 0;
	list_for_each_entry(xattr, &obj->xattrs, list)
		if (!strcmp(xattr->name, name))
			return 0;
	error = txf_part_change(obj->part);
	if (error)
		return error;
	xattr = kzalloc(struct_size(xattr, name, len + 1), GFP_KERNEL_ACCOUNT);
	if (!xattr)
		return -ENOMEM;
	memcpy(xattr->name, name, len);
	list_add_tail(&xattr->list, &obj->xattrs);
	return 0;
}
