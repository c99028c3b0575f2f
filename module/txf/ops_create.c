// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - making directories, special files and symbolic links
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/kdev_t.h>
#include <linux/slab.h>

#include "call.h"
#include "create.h"
#include "lsm.h"
#include "overlay.h"
#include "perm.h"
#include "request.h"
#include "stage.h"
#include "trial.h"
#include "tx.h"
#include "view.h"
#include "walk.h"

/* Begin the record of a new object, and open it if that is wanted. */
static struct txf_obj *adopt(struct txf_place *place, struct dentry *dentry,
			     struct txf_new *new)
{
	struct path path = { .mnt = place->path.mnt, .dentry = dentry };
	struct txf_obj *obj;
	struct file *file;

	if (new->open) {
		file = dentry_open(&path, new->open_flags, current_cred());
		if (IS_ERR(file))
			return ERR_CAST(file);
		new->file = file;
	}
	obj = txf_obj_get(place->part, dentry);
	if (IS_ERR(obj) && new->open) {
		fput(new->file);
		new->file = NULL;
	}
	return obj;
}

/* In a directory that is staged itself: make it where it belongs. */
static struct txf_obj *create_in_staged(struct txf_place *place,
					struct txf_new *new)
{
	struct dentry *dentry;
	struct txf_obj *obj;

	dentry = txf_stage_create_in(place->part, place->dir.dentry,
				     &place->name, new);
	if (IS_ERR(dentry))
		return ERR_CAST(dentry);
	obj = adopt(place, dentry, new);
	if (IS_ERR(obj))
		txf_stage_unlink(place->part, dentry);
	place->path.dentry = dentry;
	return obj;
}

/* In the order of the system calls. */
static int check_create(const struct txf_place *place,
			const struct txf_new *new)
{
	return txf_lsm_create(place, new->mode, new->rdev) ?:
	       txf_perm_create(place) ?:
	       txf_lsm_create_inode(place, new->mode) ?:
	       txf_trial_create(place, new);
}

struct txf_obj *txf_create(struct txf_call *call, struct txf_place *place,
			   struct txf_new *new)
{
	struct txf_name *name;
	struct dentry *dentry;
	struct txf_obj *obj;
	int error;

	if (!place->named || place->path.dentry)
		return ERR_PTR(-EEXIST);
	error = txf_call_change_name(call, place);
	if (!error)
		error = check_create(place, new);
	if (error)
		return ERR_PTR(error);
	if (!place->entry &&
	    txf_overlay_owns(place->part, place->dir.dentry))
		return create_in_staged(place, new);

	name = txf_name_get(place->part, place->dir.dentry, &place->name);
	if (IS_ERR(name))
		return ERR_CAST(name);
	if (name->cur)
		return ERR_PTR(-EEXIST);
	new->dir = txf_view_attrs(place->part, place->dir.dentry);
	new->name = &name->qstr;
	dentry = txf_stage_create(place->part, new);
	if (IS_ERR(dentry))
		return ERR_CAST(dentry);
	obj = adopt(place, dentry, new);
	if (IS_ERR(obj)) {
		txf_stage_unlink(place->part, dentry);
		dput(dentry);
		return obj;
	}
	txf_name_set(name, obj, dentry);
	place->path.dentry = dget(dentry);
	return obj;
}

static int create_at(int tx_fd, int dirfd, __u64 path, struct txf_new *new)
{
	struct txf_place place;
	struct txf_call call;
	char *text;
	int error;

	text = txf_request_path(path);
	if (IS_ERR(text))
		return PTR_ERR(text);
	error = txf_call_begin(&call, tx_fd);
	if (error)
		goto out;
	error = txf_walk(&call, dirfd, text, 0, &place);
	if (!error) {
		if (place.slashes && !S_ISDIR(new->mode) && !place.path.dentry)
			error = -ENOENT;
		else
			error = PTR_ERR_OR_ZERO(txf_create(&call, &place, new));
		txf_place_put(&place);
	}
	error = txf_call_end(&call, error);
out:
	kfree(text);
	return error;
}

int txf_mkdir(struct txf_request *req)
{
	struct ktm_txf_create *arg = &req->arg.create;
	struct txf_new new = { .mode = S_IFDIR | (arg->mode & 01777) };

	if (arg->reserved || arg->dev_major || arg->dev_minor ||
	    (arg->mode & ~07777))
		return -EINVAL;
	return create_at(arg->tx_fd, arg->dirfd, arg->path, &new);
}

int txf_mknod(struct txf_request *req)
{
	struct ktm_txf_create *arg = &req->arg.create;
	struct txf_new new = { .mode = arg->mode };
	bool device = false;

	if (arg->reserved || (arg->mode & ~(S_IFMT | S_IALLUGO)))
		return -EINVAL;
	switch (arg->mode & S_IFMT) {
	case 0:
		new.mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFCHR:
	case S_IFBLK:
		device = true;
		break;
	default:
		return -EINVAL;
	}
	if (device) {
		if (arg->dev_major >= (1U << (32 - MINORBITS)) ||
		    arg->dev_minor >= (1U << MINORBITS))
			return -EINVAL;
		if (!capable(CAP_MKNOD))
			return -EPERM;
		new.rdev = MKDEV(arg->dev_major, arg->dev_minor);
	} else if (arg->dev_major || arg->dev_minor) {
		return -EINVAL;
	}
	return create_at(arg->tx_fd, arg->dirfd, arg->path, &new);
}

int txf_symlink(struct txf_request *req)
{
	struct ktm_txf_symlink *arg = &req->arg.symlink;
	struct txf_new new = { .mode = S_IFLNK };
	char *target;
	int error;

	target = txf_request_path(arg->target);
	if (IS_ERR(target))
		return PTR_ERR(target);
	new.target = target;
	error = *target ? create_at(arg->tx_fd, arg->dirfd, arg->path, &new) :
			  -ENOENT;
	kfree(target);
	return error;
}
