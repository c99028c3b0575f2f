// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - extended attributes
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/xattr.h>

#include "attr.h"
#include "call.h"
#include "overlay.h"
#include "perm.h"
#include "request.h"
#include "tx.h"
#include "view.h"
#include "volume.h"
#include "walk.h"
#include "xattr.h"

/**
 * struct xattr_call - what is to be done
 * @arg: argument of the ioctl; value_size is changed when reading
 * @name: name of the attribute, or NULL
 * @value: value to set, or room for what is read
 */
struct xattr_call {
	struct ktm_txf_xattr *arg;
	char *name;
	void *value;
};

typedef int (*xattr_fn)(struct txf_call *call, struct txf_place *place,
			struct xattr_call *what);

/*
 * ACLs hold user ids. The file system is given them as they are, which is right
 * for callers in the first user namespace only.
 */
static int check_name(const char *name)
{
	if ((!strcmp(name, XATTR_NAME_POSIX_ACL_ACCESS) ||
	     !strcmp(name, XATTR_NAME_POSIX_ACL_DEFAULT)) &&
	    current_user_ns() != &init_user_ns)
		return -EOPNOTSUPP;
	return 0;
}

static int set_value(struct dentry *dentry, const struct xattr_call *what)
{
	struct ktm_txf_xattr *arg = what->arg;

	if (what->value)
		return txf_xattr_set(dentry, what->name, what->value,
				     arg->value_size, arg->xattr_flags);
	return txf_xattr_remove(dentry, what->name);
}

static int change_xattr(struct txf_call *call, struct txf_place *place,
			struct xattr_call *what)
{
	struct dentry *target;
	struct txf_obj *obj;
	int error;

	error = txf_call_change_object(call, place);
	if (error)
		return error;
	target = txf_attr_target(place, &obj);
	if (IS_ERR(target))
		return PTR_ERR(target);
	error = txf_attr_note_xattr(obj, what->name);
	if (error)
		return error;
	error = mnt_want_write(place->part->vol->mnt);
	if (error)
		return error;
	error = set_value(target, what);
	mnt_drop_write(place->part->vol->mnt);
	/* The file system keeps part of an ACL in the mode. */
	if (!error && !obj->staged &&
	    !strcmp(what->name, XATTR_NAME_POSIX_ACL_ACCESS))
		obj->attrs |= KTM_TXF_ATTR_MODE;
	return error;
}

static int read_xattr(struct txf_call *call, struct txf_place *place,
		      struct xattr_call *what)
{
	struct dentry *dentry = txf_view_attrs(place->part, place->path.dentry);
	struct ktm_txf_xattr *arg = what->arg;
	ssize_t size;

	if (what->name)
		size = txf_xattr_get(place->path.mnt, dentry, what->name,
				     what->value, arg->value_size);
	else
		size = vfs_listxattr(dentry, what->value, arg->value_size);
	if (size < 0)
		return size;
	arg->value_size = size;
	return 0;
}

static int call_xattr(struct xattr_call *what, xattr_fn fn)
{
	struct ktm_txf_xattr *arg = what->arg;
	unsigned int walk = TXF_WALK_FOLLOW;
	struct txf_place place;
	struct txf_call call;
	char *path;
	int error;

	if (arg->flags & KTM_TXF_F_NOFOLLOW)
		walk = 0;
	path = txf_request_path(arg->path);
	if (IS_ERR(path))
		return PTR_ERR(path);
	error = txf_call_begin(&call, arg->tx_fd);
	if (error)
		goto out;
	error = txf_walk(&call, arg->dirfd, path, walk, &place);
	if (!error) {
		error = place.path.dentry ? fn(&call, &place, what) : -ENOENT;
		txf_place_put(&place);
	}
	error = txf_call_end(&call, error);
out:
	kfree(path);
	return error;
}

static char *fetch_name(__u64 ptr)
{
	char *name = txf_request_path(ptr);
	size_t len;
	int error;

	if (IS_ERR(name))
		return name;
	len = strlen(name);
	error = len && len <= XATTR_NAME_MAX ? check_name(name) : -ERANGE;
	if (error) {
		kfree(name);
		return ERR_PTR(error);
	}
	return name;
}

int txf_setxattr(struct txf_request *req)
{
	struct ktm_txf_xattr *arg = &req->arg.xattr;
	struct xattr_call what = { .arg = arg };
	int error;

	if (arg->xattr_flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (arg->value_size > KTM_TXF_XATTR_MAX)
		return -E2BIG;
	what.name = fetch_name(arg->name);
	if (IS_ERR(what.name))
		return PTR_ERR(what.name);
	what.value = txf_request_data(arg->value, arg->value_size);
	error = PTR_ERR_OR_ZERO(what.value);
	if (!error) {
		error = call_xattr(&what, change_xattr);
		kvfree(what.value);
	}
	kfree(what.name);
	return error;
}

int txf_removexattr(struct txf_request *req)
{
	struct ktm_txf_xattr *arg = &req->arg.xattr;
	struct xattr_call what = { .arg = arg };
	int error;

	if (arg->value || arg->value_size || arg->xattr_flags)
		return -EINVAL;
	what.name = fetch_name(arg->name);
	if (IS_ERR(what.name))
		return PTR_ERR(what.name);
	error = call_xattr(&what, change_xattr);
	kfree(what.name);
	return error;
}

/* Read into a buffer of the caller. */
static int read_to_user(struct xattr_call *what)
{
	struct ktm_txf_xattr *arg = what->arg;
	u32 room = min_t(u32, arg->value_size, XATTR_SIZE_MAX);
	int error;

	if (arg->xattr_flags)
		return -EINVAL;
	arg->value_size = room;
	if (room) {
		what->value = kvzalloc(room, GFP_KERNEL_ACCOUNT);
		if (!what->value)
			return -ENOMEM;
	}
	error = call_xattr(what, read_xattr);
	if (!error && room)
		error = txf_request_reply(arg->value, what->value,
					  arg->value_size);
	kvfree(what->value);
	return error;
}

int txf_getxattr(struct txf_request *req)
{
	struct ktm_txf_xattr *arg = &req->arg.xattr;
	struct xattr_call what = { .arg = arg };
	int error;

	what.name = fetch_name(arg->name);
	if (IS_ERR(what.name))
		return PTR_ERR(what.name);
	error = read_to_user(&what);
	kfree(what.name);
	return error;
}

int txf_listxattr(struct txf_request *req)
{
	struct xattr_call what = { .arg = &req->arg.xattr };

	if (what.arg->name)
		return -EINVAL;
	return read_to_user(&what);
}
