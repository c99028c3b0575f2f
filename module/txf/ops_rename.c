// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - renaming and linking
 */
#include <linux/slab.h>

#include "call.h"
#include "lsm.h"
#include "overlay.h"
#include "perm.h"
#include "remove.h"
#include "request.h"
#include "stage.h"
#include "trial.h"
#include "tx.h"
#include "view.h"
#include "walk.h"

/**
 * struct pair - the two places of a call
 * @from: where the object is
 * @to: where it shall be
 */
struct pair {
	struct txf_place from;
	struct txf_place to;
};

/* Is the name to be changed in a directory made by the transaction? */
static bool is_direct(const struct txf_place *place)
{
	return txf_overlay_owns(place->part, place->dir.dentry);
}

/* Does the record of the place still say what the walk found? */
static bool is_current(const struct txf_place *place,
		       const struct txf_name *name)
{
	struct dentry *now = txf_name_dentry(name);
	struct dentry *then = place->path.dentry;

	if (!now || !then)
		return !now && !then;
	return d_inode(now) == d_inode(then);
}

static struct txf_name *get_name(const struct txf_place *place)
{
	struct txf_name *name;

	name = txf_name_get(place->part, place->dir.dentry, &place->name);
	if (!IS_ERR(name) && !is_current(place, name))
		return ERR_PTR(-ESTALE);
	return name;
}

/* Move within staging, to a directory that the transaction has made. */
static int move_to_staged(struct pair *pair, struct txf_obj *obj)
{
	struct dentry *victim = pair->to.path.dentry, *moved;
	struct txf_part *part = pair->to.part;
	struct txf_obj *gone = NULL;

	if (victim && !pair->to.entry)
		gone = txf_obj_find(part, d_inode(victim));
	moved = txf_stage_move(part, pair->from.path.dentry,
			       pair->to.dir.dentry, &pair->to.name);
	if (IS_ERR(moved))
		return PTR_ERR(moved);
	dput(moved);
	txf_obj_drop_unnamed(gone);
	if (pair->from.entry)
		txf_name_set(pair->from.entry, NULL, NULL);
	if (pair->to.entry) {
		txf_name_set(pair->to.entry, NULL, NULL);
		txf_name_forget(pair->to.entry);
	}
	return 0;
}

/* Move something staged to a name in a committed directory. */
static int move_staged(struct pair *pair, struct txf_obj *obj)
{
	struct dentry *from = pair->from.path.dentry, *moved;
	struct txf_part *part = pair->to.part;
	struct txf_obj *gone = NULL;
	struct txf_name *to;

	to = get_name(&pair->to);
	if (IS_ERR(to))
		return PTR_ERR(to);
	if (to->staged) {
		/* One step that replaces: if it fails, nothing has happened. */
		gone = to->cur;
		moved = txf_stage_move(part, from, part->dir,
				       &to->staged->d_name);
	} else if (pair->from.entry) {
		moved = dget(from);
	} else {
		moved = txf_stage_move(part, from, NULL, NULL);
	}
	if (IS_ERR(moved))
		return PTR_ERR(moved);
	if (pair->from.entry)
		txf_name_set(pair->from.entry, NULL, NULL);
	txf_name_set(to, obj, moved);
	txf_obj_drop_unnamed(gone);
	return 0;
}

/*
 * Begin the record of a name in a directory made by the transaction, and remove what
 * the file system has there. The record comes first: making it may fail.
 */
static struct txf_name *supersede(const struct txf_place *place)
{
	struct txf_name *name;
	int error;

	name = txf_name_get(place->part, place->dir.dentry, &place->name);
	if (IS_ERR(name))
		return name;
	error = txf_remove_staged(place->part, place->path.dentry);
	if (!error)
		return name;
	txf_name_forget(name);
	return ERR_PTR(error);
}

static int move_committed(struct pair *pair, struct txf_obj *obj)
{
	struct txf_place *place = &pair->to;
	struct txf_name *from, *to;
	int error = 0;

	from = get_name(&pair->from);
	if (IS_ERR(from))
		return PTR_ERR(from);
	if (place->path.dentry && !place->entry && is_direct(place))
		to = supersede(place);
	else
		to = get_name(place);
	if (IS_ERR(to))
		return PTR_ERR(to);
	if (to->staged)
		error = txf_remove_name(to);
	if (error)
		return error;
	txf_name_set(from, NULL, NULL);
	txf_name_set(to, obj, NULL);
	txf_name_forget(from);
	return 0;
}

static int check_directory(struct pair *pair)
{
	struct dentry *dentry = pair->from.path.dentry;
	struct dentry *to = pair->to.dir.dentry;
	int error;

	if (!d_is_dir(dentry))
		return pair->from.slashes || pair->to.slashes ? -ENOTDIR : 0;
	error = txf_call_check_reach(pair->from.part, &pair->from.path);
	if (error)
		return error;
	error = txf_view_is_below(pair->to.part, to, dentry);
	if (error)
		return error < 0 ? error : -EINVAL;
	if (pair->from.dir.dentry == to)
		return 0;
	return txf_perm_inode(&pair->from, MAY_WRITE);
}

static int check_rename(struct txf_call *call, struct pair *pair, u32 flags)
{
	struct dentry *from = pair->from.path.dentry;
	struct dentry *to = pair->to.path.dentry;
	int error;

	if (!pair->from.named || !pair->to.named)
		return -EBUSY;
	if (!from)
		return -ENOENT;
	if (to && (flags & KTM_TXF_RENAME_F_NOREPLACE))
		return -EEXIST;
	if (pair->from.dir.mnt != pair->to.dir.mnt)
		return -EXDEV;
	error = txf_call_change_name(call, &pair->from);
	if (!error)
		error = txf_call_change_name(call, &pair->to);
	if (!error && to)
		error = txf_lsm_remove(&pair->to);
	if (!error)
		error = txf_lsm_rename(&pair->from, &pair->to);
	if (!error)
		error = txf_perm_remove(&pair->from, d_is_dir(from));
	if (!error)
		error = check_directory(pair);
	if (error)
		return error;
	if (!to)
		return txf_perm_create(&pair->to) ?:
		       txf_trial_rename(&pair->from, &pair->to);
	if (d_inode(to) == d_inode(from))
		return 0;
	error = txf_perm_remove(&pair->to, d_is_dir(from));
	if (!error)
		error = txf_trial_rename(&pair->from, &pair->to);
	if (!error && d_is_dir(to))
		error = txf_remove_check_empty(pair->to.part, to);
	return error;
}

static int rename_pair(struct txf_call *call, struct pair *pair, u32 flags)
{
	struct dentry *from = pair->from.path.dentry;
	struct txf_obj *obj;
	int error;

	error = check_rename(call, pair, flags);
	if (error)
		return error;
	if (pair->to.path.dentry &&
	    d_inode(pair->to.path.dentry) == d_inode(from))
		return 0;
	obj = txf_obj_get(pair->from.part, from);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	if (!obj->staged)
		return txf_obj_lock(obj) ?: move_committed(pair, obj);
	if (is_direct(&pair->to))
		return move_to_staged(pair, obj);
	return move_staged(pair, obj);
}

static int check_link(struct txf_call *call, struct pair *pair)
{
	struct dentry *from = pair->from.path.dentry;
	unsigned int max;
	int error;

	if (!from)
		return -ENOENT;
	if (!pair->to.named || pair->to.path.dentry)
		return -EEXIST;
	if (pair->to.slashes)
		return -ENOENT;
	if (pair->from.path.mnt != pair->to.dir.mnt)
		return -EXDEV;
	error = txf_call_change_object(call, &pair->from);
	if (!error)
		error = txf_call_change_name(call, &pair->to);
	if (!error)
		error = txf_perm_link(&pair->from);
	if (!error)
		error = txf_lsm_rename(&pair->from, &pair->to);
	if (!error)
		error = txf_perm_create(&pair->to);
	if (!error)
		error = txf_trial_link(&pair->from, &pair->to);
	if (error)
		return error;
	max = from->d_sb->s_max_links;
	if (max && d_inode(from)->i_nlink >= max)
		return -EMLINK;
	return d_inode(from)->i_nlink ? 0 : -ENOENT;
}

static int link_pair(struct txf_call *call, struct pair *pair)
{
	struct dentry *from = pair->from.path.dentry, *dentry;
	struct txf_part *part;
	struct txf_name *to;
	struct txf_obj *obj;
	int error;

	error = check_link(call, pair);
	if (error)
		return error;
	part = pair->to.part;
	obj = txf_obj_get(part, from);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	if (obj->staged && is_direct(&pair->to)) {
		dentry = txf_stage_link(part, from, pair->to.dir.dentry,
					&pair->to.name);
		if (!IS_ERR(dentry))
			dput(dentry);
		return PTR_ERR_OR_ZERO(dentry);
	}
	error = txf_obj_lock(obj);
	if (error)
		return error;
	to = get_name(&pair->to);
	if (IS_ERR(to))
		return PTR_ERR(to);
	dentry = NULL;
	if (obj->staged)
		dentry = txf_stage_link(part, from, NULL, NULL);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	txf_name_set(to, obj, dentry);
	return 0;
}

static int with_pair(const struct ktm_txf_rename *arg, const char *oldpath,
		     const char *newpath, bool link)
{
	unsigned int walk = 0;
	struct txf_call call;
	struct pair *pair;
	int error;

	if (link && (arg->flags & KTM_TXF_LINK_F_FOLLOW))
		walk = TXF_WALK_FOLLOW;
	pair = kzalloc(sizeof(*pair), GFP_KERNEL);
	if (!pair)
		return -ENOMEM;
	error = txf_call_begin(&call, arg->tx_fd);
	if (error)
		goto out;
	error = txf_walk(&call, arg->olddirfd, oldpath, walk, &pair->from);
	if (error)
		goto out_call;
	error = txf_walk(&call, arg->newdirfd, newpath, 0, &pair->to);
	if (error)
		goto out_from;
	if (link)
		error = link_pair(&call, pair);
	else
		error = rename_pair(&call, pair, arg->flags);
	txf_place_put(&pair->to);
out_from:
	txf_place_put(&pair->from);
out_call:
	error = txf_call_end(&call, error);
out:
	kfree(pair);
	return error;
}

static int fetch_pair(const struct ktm_txf_rename *arg, bool link)
{
	char *oldpath, *newpath;
	int error;

	if (arg->reserved)
		return -EINVAL;
	oldpath = txf_request_path(arg->oldpath);
	if (IS_ERR(oldpath))
		return PTR_ERR(oldpath);
	newpath = txf_request_path(arg->newpath);
	error = PTR_ERR_OR_ZERO(newpath);
	if (!error) {
		error = with_pair(arg, oldpath, newpath, link);
		kfree(newpath);
	}
	kfree(oldpath);
	return error;
}

int txf_rename(struct txf_request *req)
{
	return fetch_pair(&req->arg.rename, false);
}

int txf_link(struct txf_request *req)
{
	return fetch_pair(&req->arg.rename, true);
}
