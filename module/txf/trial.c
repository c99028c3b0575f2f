// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - trying a call on objects with the same labels
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/security.h>
#include <linux/xattr.h>

#include "attr.h"
#include "compat.h"
#include "rename.h"
#include "stage.h"
#include "tree.h"
#include "trial.h"
#include "tx.h"
#include "view.h"
#include "volume.h"
#include "walk.h"

/**
 * struct trial - what a call is tried on
 * @part: the part
 * @dir: directory like that of the new or only name
 * @from: the same for the old name; may be @dir, with a reference of its own; or NULL
 * @object: object like that of the old or only name, or NULL
 * @victim: object like that of the new name, or NULL
 */
struct trial {
	struct txf_part *part;
	struct dentry *dir;
	struct dentry *from;
	struct dentry *object;
	struct dentry *victim;
};

static bool is_needed(void)
{
	return security_ismaclabel(XATTR_SELINUX_SUFFIX) ||
	       security_ismaclabel(XATTR_SMACK_SUFFIX);
}

static struct dentry *make_like(struct txf_part *part, struct dentry *dentry)
{
	return txf_attr_shadow(part, txf_view_attrs(part, dentry));
}

/* One like what is at a place, under its name. */
static struct dentry *make_at(struct txf_part *part, struct dentry *dir,
			      const struct txf_place *place)
{
	struct dentry *made = make_like(part, place->path.dentry), *moved;

	if (IS_ERR(made))
		return made;
	moved = txf_stage_move(part, made, dir, &place->name);
	if (IS_ERR(moved))
		txf_stage_unlink(part, made);
	dput(made);
	return moved;
}

static void put(struct dentry *dentry)
{
	if (!IS_ERR(dentry))
		dput(dentry);
}

static int end(struct trial *trial, int error)
{
	put(trial->object);
	put(trial->victim);
	if (!IS_ERR_OR_NULL(trial->from) && trial->from != trial->dir)
		txf_tree_remove(trial->part->vol, trial->from);
	if (!IS_ERR_OR_NULL(trial->dir))
		txf_tree_remove(trial->part->vol, trial->dir);
	put(trial->from);
	put(trial->dir);
	return error;
}

/* With @from, the call has an old and a new name. */
static int begin(struct trial *trial, const struct txf_place *from,
		 const struct txf_place *to)
{
	struct txf_part *part = to->part;

	*trial = (struct trial) { .part = part };
	trial->dir = make_like(part, to->dir.dentry);
	if (IS_ERR(trial->dir))
		return PTR_ERR(trial->dir);
	if (!from)
		return 0;
	if (d_inode(from->dir.dentry) == d_inode(to->dir.dentry))
		trial->from = dget(trial->dir);
	else
		trial->from = make_like(part, from->dir.dentry);
	if (IS_ERR(trial->from))
		return PTR_ERR(trial->from);
	trial->object = make_at(part, trial->from, from);
	return PTR_ERR_OR_ZERO(trial->object);
}

static int try_create(struct trial *trial, const struct qstr *name,
		      const struct txf_new *new)
{
	struct inode *dir = d_inode(trial->dir);
	struct dentry *dentry;
	int error;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = txf_lookup((const char *)name->name, trial->dir, name->len);
	error = PTR_ERR_OR_ZERO(dentry);
	if (error)
		goto out;
	if (S_ISLNK(new->mode))
		error = txf_vfs_symlink(dir, dentry, new->target);
	else
		error = txf_vfs_mknod(dir, dentry, new->mode, new->rdev);
	dput(dentry);
out:
	inode_unlock(dir);
	return error;
}

static int try_remove(struct trial *trial)
{
	struct inode *dir = d_inode(trial->dir);
	int error;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	if (d_is_dir(trial->object))
		error = txf_vfs_rmdir(dir, trial->object);
	else
		error = vfs_unlink(TXF_IDMAP, dir, trial->object, NULL);
	inode_unlock(dir);
	return error;
}

static int try_rename(struct trial *trial, const struct qstr *name)
{
	struct txf_rename rename;
	int error;

	error = txf_rename_begin(&rename, trial->object, trial->dir,
				 (const char *)name->name, name->len);
	if (error)
		return error;
	error = vfs_rename(&rename.data);
	txf_rename_end(&rename);
	return error;
}

static int try_link(struct trial *trial, const struct qstr *name)
{
	struct inode *dir = d_inode(trial->dir);
	struct dentry *dentry;
	int error;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = txf_lookup((const char *)name->name, trial->dir, name->len);
	error = PTR_ERR_OR_ZERO(dentry);
	if (!error) {
		error = vfs_link(trial->object, TXF_IDMAP, dir, dentry, NULL);
		dput(dentry);
	}
	inode_unlock(dir);
	return error;
}

int txf_trial_create(const struct txf_place *place, const struct txf_new *new)
{
	struct trial trial;
	int error;

	if (!is_needed() || S_ISREG(new->mode) || S_ISDIR(new->mode))
		return 0;
	error = begin(&trial, NULL, place);
	if (!error)
		error = mnt_want_write(place->part->vol->mnt);
	if (!error) {
		error = try_create(&trial, &place->name, new);
		mnt_drop_write(place->part->vol->mnt);
	}
	return end(&trial, error);
}

int txf_trial_remove(const struct txf_place *place)
{
	struct trial trial;
	int error;

	if (!is_needed())
		return 0;
	error = begin(&trial, place, place);
	if (!error)
		error = mnt_want_write(place->part->vol->mnt);
	if (!error) {
		error = try_remove(&trial);
		mnt_drop_write(place->part->vol->mnt);
	}
	return end(&trial, error);
}

int txf_trial_rename(const struct txf_place *from, const struct txf_place *to)
{
	struct trial trial;
	int error;

	if (!is_needed())
		return 0;
	error = begin(&trial, from, to);
	if (!error && to->path.dentry) {
		trial.victim = make_at(to->part, trial.dir, to);
		error = PTR_ERR_OR_ZERO(trial.victim);
	}
	if (!error)
		error = mnt_want_write(to->part->vol->mnt);
	if (!error) {
		error = try_rename(&trial, &to->name);
		mnt_drop_write(to->part->vol->mnt);
	}
	return end(&trial, error);
}

int txf_trial_link(const struct txf_place *from, const struct txf_place *to)
{
	struct trial trial;
	int error;

	if (!is_needed())
		return 0;
	error = begin(&trial, from, to);
	if (!error)
		error = mnt_want_write(to->part->vol->mnt);
	if (!error) {
		error = try_link(&trial, &to->name);
		mnt_drop_write(to->part->vol->mnt);
	}
	return end(&trial, error);
}
