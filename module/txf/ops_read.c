// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - looking at files and symbolic links
 */
#include <linux/cred.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/stat.h>

#include "call.h"
#include "compat.h"
#include "overlay.h"
#include "perm.h"
#include "request.h"
#include "tx.h"
#include "walk.h"

static void set_time(struct ktm_txf_time *to, const struct timespec64 *from)
{
	to->sec = from->tv_sec;
	to->nsec = from->tv_nsec;
	to->reserved = 0;
}

/* Take from the shadow what the transaction has changed. */
static int stat_shadow(struct txf_place *place, struct kstat *stat)
{
	struct dentry *dentry = place->path.dentry;
	struct txf_obj *obj = txf_obj_find(place->part, d_inode(dentry));
	struct path path = { .mnt = place->path.mnt };
	struct kstat shadow;
	int error;

	if (!obj || !obj->shadow)
		return 0;
	path.dentry = obj->shadow;
	error = vfs_getattr_nosec(&path, &shadow, STATX_BASIC_STATS, 0);
	if (error)
		return error;
	stat->mode = (stat->mode & S_IFMT) | (shadow.mode & S_IALLUGO);
	stat->uid = shadow.uid;
	stat->gid = shadow.gid;
	if (obj->attrs & KTM_TXF_ATTR_ATIME)
		stat->atime = shadow.atime;
	if (obj->attrs & KTM_TXF_ATTR_MTIME)
		stat->mtime = shadow.mtime;
	stat->ctime = shadow.ctime;
	return 0;
}

static int stat_place(struct txf_place *place, struct ktm_txf_stat *arg)
{
	struct kstat stat;
	int error;

	if (!place->path.dentry)
		return -ENOENT;
	error = vfs_getattr(&place->path, &stat, STATX_BASIC_STATS, 0);
	if (!error)
		error = stat_shadow(place, &stat);
	if (error)
		return error;
	arg->flags = 0;
	if (txf_overlay_owns(place->part, place->path.dentry))
		arg->flags |= KTM_TXF_STAT_F_STAGED;
	arg->ino = stat.ino;
	arg->bytes = stat.size;
	arg->blocks = stat.blocks;
	arg->mode = stat.mode;
	arg->nlink = stat.nlink;
	arg->uid = from_kuid_munged(current_user_ns(), stat.uid);
	arg->gid = from_kgid_munged(current_user_ns(), stat.gid);
	arg->dev_major = MAJOR(stat.dev);
	arg->dev_minor = MINOR(stat.dev);
	arg->rdev_major = MAJOR(stat.rdev);
	arg->rdev_minor = MINOR(stat.rdev);
	arg->blksize = stat.blksize;
	set_time(&arg->atime, &stat.atime);
	set_time(&arg->mtime, &stat.mtime);
	set_time(&arg->ctime, &stat.ctime);
	return 0;
}

int txf_stat(struct txf_request *req)
{
	struct ktm_txf_stat *arg = &req->arg.stat;
	unsigned int walk = TXF_WALK_FOLLOW;
	struct txf_place place;
	struct txf_call call;
	char *path;
	int error;

	if (arg->reserved)
		return -EINVAL;
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
		error = stat_place(&place, arg);
		txf_place_put(&place);
	}
	error = txf_call_end(&call, error);
out:
	kfree(path);
	return error;
}

/* A copy of the text, as no user memory is touched under our locks. */
static char *read_link(struct txf_place *place)
{
	struct dentry *dentry = place->path.dentry;
	DEFINE_DELAYED_CALL(done);
	const char *text;
	char *copy;

	if (!dentry)
		return ERR_PTR(-ENOENT);
	if (!d_is_symlink(dentry) || d_inode(dentry)->i_op->readlink)
		return ERR_PTR(-EINVAL);
	text = vfs_get_link(dentry, &done);
	if (IS_ERR(text))
		return ERR_CAST(text);
	copy = kstrdup(text, GFP_KERNEL_ACCOUNT);
	do_delayed_call(&done);
	return copy ?: ERR_PTR(-ENOMEM);
}

int txf_readlink(struct txf_request *req)
{
	struct ktm_txf_read *arg = &req->arg.read;
	char *path, *text = NULL;
	struct txf_place place;
	struct txf_call call;
	int error;

	if (arg->reserved || arg->cursor || !arg->length)
		return -EINVAL;
	path = txf_request_path(arg->path);
	if (IS_ERR(path))
		return PTR_ERR(path);
	error = txf_call_begin(&call, arg->tx_fd);
	if (error)
		goto out;
	error = txf_walk(&call, arg->dirfd, path, 0, &place);
	if (!error) {
		text = read_link(&place);
		error = PTR_ERR_OR_ZERO(text);
		txf_place_put(&place);
	}
	error = txf_call_end(&call, error);
	if (!error) {
		arg->length = min_t(size_t, arg->length, strlen(text));
		error = txf_request_reply(arg->buffer, text, arg->length);
		kfree(text);
	}
out:
	kfree(path);
	return error;
}
