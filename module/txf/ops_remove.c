// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - removing names
 */
#include <linux/cred.h>
#include <linux/slab.h>

#include "call.h"
#include "lsm.h"
#include "overlay.h"
#include "perm.h"
#include "remove.h"
#include "request.h"
#include "stage.h"
#include "trial.h"
#include "tree.h"
#include "tx.h"
#include "volume.h"
#include "walk.h"

/**
 * struct emptiness - looking for a name that the transaction still sees
 * @part: the part
 * @dir: the directory
 * @found: there is one
 */
struct emptiness {
	struct txf_part *part;
	struct inode *dir;
	bool found;
};

static bool check_hidden(void *ctx, const char *text, int len, u64 ino,
			 unsigned int type, loff_t pos)
{
	struct emptiness *empty = ctx;
	struct qstr qstr = QSTR_INIT(text, len);
	struct txf_name *name;

	name = txf_name_find(empty->part, empty->dir, &qstr);
	empty->found = !name || name->cur;
	return !empty->found;
}

int txf_remove_check_empty(struct txf_part *part, struct dentry *dentry)
{
	struct emptiness empty = { .part = part, .dir = d_inode(dentry) };
	struct txf_dir *dir = txf_dir_find(part, d_inode(dentry));
	const struct cred *old;
	loff_t pos = 0;
	int error;

	if (dir && dir->nr_present)
		return -ENOTEMPTY;
	old = override_creds(part->vol->cred);
	error = txf_tree_read(part->vol->mnt, dentry, &pos, check_hidden,
			      &empty);
	revert_creds(old);
	return error ?: empty.found ? -ENOTEMPTY : 0;
}

int txf_remove_staged(struct txf_part *part, struct dentry *dentry)
{
	struct txf_obj *obj = txf_obj_find(part, d_inode(dentry));
	int error;

	dget(dentry);
	error = txf_stage_unlink(part, dentry);
	if (!error)
		txf_obj_drop_unnamed(obj);
	dput(dentry);
	return error;
}

int txf_remove_name(struct txf_name *name)
{
	struct dentry *staged = name->staged ? dget(name->staged) : NULL;
	struct txf_obj *obj = name->cur;
	int error = 0;

	txf_name_set(name, NULL, NULL);
	if (staged)
		error = txf_remove_staged(name->part, staged);
	if (error)
		txf_name_set(name, obj, dget(staged));
	dput(staged);
	return error;
}

/* A name in the overlay: let the transaction see nothing there any more. */
static int remove_entry(struct txf_place *place)
{
	struct txf_part *part = place->part;
	struct txf_name *name;
	struct txf_obj *obj;
	int error;

	name = txf_name_get(part, place->dir.dentry, &place->name);
	if (IS_ERR(name))
		return PTR_ERR(name);
	obj = name->cur;
	if (!obj || obj->inode != d_inode(place->path.dentry))
		return -ESTALE;
	error = txf_obj_lock(obj);
	if (!error)
		error = txf_remove_name(name);
	if (!error)
		txf_name_forget(name);
	return error;
}

int txf_remove(struct txf_place *place)
{
	struct txf_part *part = place->part;
	int error;

	if (d_is_dir(place->path.dentry)) {
		error = txf_remove_check_empty(part, place->path.dentry);
		if (error)
			return error;
	}
	if (!place->entry && txf_overlay_owns(part, place->dir.dentry))
		return txf_remove_staged(part, place->path.dentry);
	return remove_entry(place);
}

static int remove_place(struct txf_call *call, struct txf_place *place,
			bool isdir)
{
	int error;

	if (!place->named)
		return isdir ? (place->dot ? -EINVAL : -EBUSY) : -EISDIR;
	if (!place->path.dentry)
		return -ENOENT;
	error = txf_call_change_name(call, place);
	if (!error)
		error = txf_lsm_remove(place);
	if (!error)
		error = txf_perm_remove(place, isdir);
	if (!error)
		error = txf_trial_remove(place);
	return error ?: txf_remove(place);
}

static int remove_at(const struct ktm_txf_remove *arg, bool isdir)
{
	struct txf_place place;
	struct txf_call call;
	char *path;
	int error;

	path = txf_request_path(arg->path);
	if (IS_ERR(path))
		return PTR_ERR(path);
	error = txf_call_begin(&call, arg->tx_fd);
	if (error)
		goto out;
	error = txf_walk(&call, arg->dirfd, path, 0, &place);
	if (!error) {
		error = remove_place(&call, &place, isdir);
		txf_place_put(&place);
	}
	error = txf_call_end(&call, error);
out:
	kfree(path);
	return error;
}

int txf_unlink(struct txf_request *req)
{
	return remove_at(&req->arg.remove, false);
}

int txf_rmdir(struct txf_request *req)
{
	return remove_at(&req->arg.remove, true);
}
