// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - changing mode, owner and times
 */
#include <linux/cred.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "attr.h"
#include "call.h"
#include "compat.h"
#include "overlay.h"
#include "request.h"
#include "tx.h"
#include "volume.h"
#include "walk.h"

#define ATIME_BITS	(KTM_TXF_ATTR_ATIME | KTM_TXF_ATTR_ATIME_NOW)
#define MTIME_BITS	(KTM_TXF_ATTR_MTIME | KTM_TXF_ATTR_MTIME_NOW)
#define NOW_BITS	(KTM_TXF_ATTR_ATIME_NOW | KTM_TXF_ATTR_MTIME_NOW)
#define OWNER_BITS	(KTM_TXF_ATTR_UID | KTM_TXF_ATTR_GID)

static bool is_time_ok(const struct ktm_txf_time *time, bool used)
{
	if (time->reserved)
		return false;
	if (!used)
		return !time->sec && !time->nsec;
	return time->nsec < NSEC_PER_SEC;
}

static int check_arg(const struct ktm_txf_setattr *arg)
{
	u32 valid = arg->valid;

	if (valid & ~KTM_TXF_ATTR_MASK)
		return -EOPNOTSUPP;
	if (!valid || (valid & ATIME_BITS) == ATIME_BITS ||
	    (valid & MTIME_BITS) == MTIME_BITS)
		return -EINVAL;
	if (valid & KTM_TXF_ATTR_MODE ? arg->mode & ~S_IALLUGO : arg->mode)
		return -EINVAL;
	if ((!(valid & KTM_TXF_ATTR_UID) && arg->uid) ||
	    (!(valid & KTM_TXF_ATTR_GID) && arg->gid))
		return -EINVAL;
	if (!is_time_ok(&arg->atime, valid & KTM_TXF_ATTR_ATIME) ||
	    !is_time_ok(&arg->mtime, valid & KTM_TXF_ATTR_MTIME))
		return -EINVAL;
	return 0;
}

static int fill_owner(struct iattr *attr, const struct ktm_txf_setattr *arg)
{
	if (arg->valid & KTM_TXF_ATTR_UID) {
		attr->ia_uid = make_kuid(current_user_ns(), arg->uid);
		if (!uid_valid(attr->ia_uid))
			return -EINVAL;
		attr->ia_valid |= ATTR_UID;
	}
	if (arg->valid & KTM_TXF_ATTR_GID) {
		attr->ia_gid = make_kgid(current_user_ns(), arg->gid);
		if (!gid_valid(attr->ia_gid))
			return -EINVAL;
		attr->ia_valid |= ATTR_GID;
	}
	return 0;
}

static void fill_times(struct iattr *attr, const struct ktm_txf_setattr *arg)
{
	u32 valid = arg->valid;

	if (valid & ATIME_BITS)
		attr->ia_valid |= ATTR_ATIME;
	if (valid & MTIME_BITS)
		attr->ia_valid |= ATTR_MTIME;
	if (valid & KTM_TXF_ATTR_ATIME) {
		attr->ia_valid |= ATTR_ATIME_SET;
		attr->ia_atime.tv_sec = arg->atime.sec;
		attr->ia_atime.tv_nsec = arg->atime.nsec;
	}
	if (valid & KTM_TXF_ATTR_MTIME) {
		attr->ia_valid |= ATTR_MTIME_SET;
		attr->ia_mtime.tv_sec = arg->mtime.sec;
		attr->ia_mtime.tv_nsec = arg->mtime.nsec;
	}
	/* Who may write may set both to now; all else is for the owner. */
	if ((valid & NOW_BITS) == NOW_BITS)
		attr->ia_valid |= ATTR_TOUCH;
	else if (valid & (ATIME_BITS | MTIME_BITS))
		attr->ia_valid |= ATTR_TIMES_SET;
}

/* A new owner does not inherit the power of the old one's program. */
static void fill_kill(struct iattr *attr, const struct inode *inode,
		      const struct ktm_txf_setattr *arg)
{
	if (!(arg->valid & OWNER_BITS) || S_ISDIR(inode->i_mode))
		return;
	attr->ia_valid |= ATTR_KILL_PRIV;
	if (arg->valid & KTM_TXF_ATTR_MODE)
		return;
	attr->ia_valid |= ATTR_KILL_SUID;
	if ((inode->i_mode & (S_ISGID | 0010)) == (S_ISGID | 0010))
		attr->ia_valid |= ATTR_KILL_SGID;
}

/* Changed on @dentry by the rules of the system calls, as the caller. */
static int apply(struct dentry *dentry, const struct ktm_txf_setattr *arg)
{
	struct inode *inode = d_inode(dentry);
	struct iattr attr = { .ia_valid = ATTR_CTIME };
	int error;

	error = fill_owner(&attr, arg);
	if (error)
		return error;
	fill_times(&attr, arg);
	inode_lock(inode);
	if (arg->valid & KTM_TXF_ATTR_MODE) {
		attr.ia_valid |= ATTR_MODE;
		attr.ia_mode = (inode->i_mode & S_IFMT) | arg->mode;
	}
	fill_kill(&attr, inode, arg);
	error = notify_change(TXF_IDMAP, dentry, &attr, NULL);
	inode_unlock(inode);
	return error;
}

/* What commit has to carry over from the shadow. */
static u32 bits_changed(u32 valid)
{
	u32 bits = valid & (KTM_TXF_ATTR_MODE | OWNER_BITS);

	if (valid & OWNER_BITS)
		bits |= KTM_TXF_ATTR_MODE;
	if (valid & ATIME_BITS)
		bits |= KTM_TXF_ATTR_ATIME;
	if (valid & MTIME_BITS)
		bits |= KTM_TXF_ATTR_MTIME;
	return bits;
}

static int setattr_place(struct txf_call *call, struct txf_place *place,
			 const struct ktm_txf_setattr *arg)
{
	struct dentry *target;
	struct txf_obj *obj;
	int error;

	if (!place->path.dentry)
		return -ENOENT;
	error = txf_call_change_object(call, place);
	if (error)
		return error;
	target = txf_attr_target(place, &obj);
	if (IS_ERR(target))
		return PTR_ERR(target);
	if ((arg->valid & OWNER_BITS) && !S_ISDIR(obj->inode->i_mode)) {
		error = txf_attr_note_xattr(obj, XATTR_NAME_CAPS);
		if (error)
			return error;
	}
	error = mnt_want_write(place->part->vol->mnt);
	if (error)
		return error;
	error = apply(target, arg);
	mnt_drop_write(place->part->vol->mnt);
	if (!error)
		obj->attrs |= bits_changed(arg->valid);
	return error;
}

int txf_setattr(struct txf_request *req)
{
	struct ktm_txf_setattr *arg = &req->arg.setattr;
	unsigned int walk = TXF_WALK_FOLLOW;
	struct txf_place place;
	struct txf_call call;
	char *path;
	int error;

	error = check_arg(arg);
	if (error)
		return error;
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
		error = setattr_place(&call, &place, arg);
		txf_place_put(&place);
	}
	error = txf_call_end(&call, error);
out:
	kfree(path);
	return error;
}
