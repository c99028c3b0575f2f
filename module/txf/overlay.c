// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - names that a transaction has changed, and directories it relies on
 */
#include <linux/dcache.h>
#include <linux/hash.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/stringhash.h>

#include "compat.h"
#include "lock.h"
#include "overlay.h"
#include "tx.h"
#include "volume.h"

bool txf_overlay_owns(struct txf_part *part, struct dentry *dentry)
{
	return part && part->dir && is_subdir(dentry, part->dir);
}

static struct hlist_head *name_bucket(struct txf_volume *vol,
				      const struct inode *dir,
				      const struct qstr *name)
{
	u32 hash = full_name_hash(dir, name->name, name->len);

	return &vol->names[hash_32(hash, TXF_TABLE_BITS)];
}

static bool name_matches(const struct txf_name *name, const struct inode *dir,
			 const struct qstr *want)
{
	return d_inode(name->dir->dentry) == dir &&
	       name->qstr.len == want->len &&
	       !memcmp(name->text, want->name, want->len);
}

/*
 * The record of @name in any transaction. Names in a directory that one
 * transaction has made are found by that one only, as nobody else gets there.
 */
static struct txf_name *find_name_locked(struct txf_volume *vol,
					 const struct inode *dir,
					 const struct qstr *want)
{
	struct txf_name *name;

	lockdep_assert_held(&vol->table_lock);
	hlist_for_each_entry(name, name_bucket(vol, dir, want), hash)
		if (name_matches(name, dir, want))
			return name;
	return NULL;
}

struct txf_name *txf_name_find(struct txf_part *part, struct inode *dir,
			       const struct qstr *want)
{
	struct txf_name *name;

	if (!part)
		return NULL;
	spin_lock(&part->vol->table_lock);
	name = find_name_locked(part->vol, dir, want);
	if (name && name->part != part)
		name = NULL;
	spin_unlock(&part->vol->table_lock);
	return name;
}

/* Enter a new name; the entry is the lock. */
static int lock_name(struct txf_name *name)
{
	struct txf_volume *vol = name->part->vol;
	struct inode *dir = d_inode(name->dir->dentry);
	int error = 0;

	spin_lock(&vol->table_lock);
	if (find_name_locked(vol, dir, &name->qstr)) {
		error = -EBUSY;
	} else {
		hlist_add_head(&name->hash, name_bucket(vol, dir, &name->qstr));
		vol->nr_locks++;
	}
	spin_unlock(&vol->table_lock);
	return error;
}

static void name_free(struct txf_name *name)
{
	struct txf_volume *vol = name->part->vol;

	if (!hlist_unhashed(&name->hash)) {
		spin_lock(&vol->table_lock);
		hlist_del(&name->hash);
		vol->nr_locks--;
		spin_unlock(&vol->table_lock);
	}
	list_del(&name->list);
	list_del(&name->in_dir);
	dput(name->staged);
	dput(name->real);
	kfree(name);
}

/* Look what is committed under a new name, and lock that object, too. */
static int name_capture(struct txf_name *name)
{
	struct dentry *real;
	struct txf_obj *obj;
	int error;

	if (name->dir->staged)
		return 0;
	real = txf_lookup_unlocked(name->text, name->dir->dentry,
				   name->qstr.len);
	if (IS_ERR(real))
		return PTR_ERR(real);
	name->real = real;
	if (d_is_negative(real))
		return 0;
	obj = txf_obj_get(name->part, real);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	error = txf_obj_lock(obj);
	if (error)
		return error;
	name->base = obj;
	txf_name_set(name, obj, NULL);
	return 0;
}

struct txf_name *txf_name_get(struct txf_part *part, struct dentry *dentry,
			      const struct qstr *want)
{
	struct txf_name *name;
	struct txf_dir *dir;
	int error;

	name = txf_name_find(part, d_inode(dentry), want);
	if (name)
		return name;
	error = txf_part_change(part);
	if (error)
		return ERR_PTR(error);
	dir = txf_dir_get(part, dentry);
	if (IS_ERR(dir))
		return ERR_CAST(dir);
	name = kzalloc(struct_size(name, text, want->len + 1),
		       GFP_KERNEL_ACCOUNT);
	if (!name)
		return ERR_PTR(-ENOMEM);
	memcpy(name->text, want->name, want->len);
	name->qstr = (struct qstr)QSTR_INIT(name->text, want->len);
	name->part = part;
	name->dir = dir;
	name->position = part->next_order++;
	name->order = name->position;
	list_add_tail(&name->list, &part->names);
	list_add_tail(&name->in_dir, &dir->names);
	error = lock_name(name);
	if (!error)
		error = name_capture(name);
	if (error) {
		if (name->cur)
			txf_name_set(name, NULL, NULL);
		name_free(name);
		return ERR_PTR(error);
	}
	return name;
}

void txf_name_set(struct txf_name *name, struct txf_obj *obj,
		  struct dentry *staged)
{
	struct txf_obj *old = name->cur;

	if (old) {
		if (old->at == name)
			old->at = NULL;
		if (old->staged)
			old->nr_names--;
		name->dir->nr_present--;
	}
	dput(name->staged);
	name->staged = staged;
	name->cur = obj;
	name->order = name->part->next_order++;
	if (obj) {
		if (S_ISDIR(obj->inode->i_mode)) {
			obj->at = name;
			obj->placed = true;
		}
		if (obj->staged)
			obj->nr_names++;
		name->dir->nr_present++;
	}
}

void txf_name_forget(struct txf_name *name)
{
	if (name->dir->staged && !name->cur)
		name_free(name);
}

struct dentry *txf_name_dentry(const struct txf_name *name)
{
	if (name->staged)
		return name->staged;
	return name->cur ? name->cur->dentry : NULL;
}

static struct hlist_head *dir_bucket(struct txf_part *part,
				     const struct inode *inode)
{
	return &part->vol->dirs[hash_ptr(inode, TXF_TABLE_BITS)];
}

struct txf_dir *txf_dir_find(struct txf_part *part, const struct inode *inode)
{
	struct txf_dir *dir, *found = NULL;

	if (!part)
		return NULL;
	spin_lock(&part->vol->table_lock);
	hlist_for_each_entry(dir, dir_bucket(part, inode), hash) {
		if (d_inode(dir->dentry) == inode && dir->part == part) {
			found = dir;
			break;
		}
	}
	spin_unlock(&part->vol->table_lock);
	return found;
}

static void dir_free(struct txf_dir *dir)
{
	dput(dir->dentry);
	kfree(dir->name);
	kfree(dir);
}

/* Make the record of one directory, without those above. */
static struct txf_dir *dir_make(struct txf_part *part, struct dentry *dentry)
{
	struct name_snapshot snapshot;
	struct txf_dir *dir;
	int error;

	dir = kzalloc(sizeof(*dir), GFP_KERNEL_ACCOUNT);
	if (!dir)
		return ERR_PTR(-ENOMEM);
	dir->part = part;
	dir->dentry = dget(dentry);
	dir->staged = txf_overlay_owns(part, dentry);
	INIT_LIST_HEAD(&dir->names);
	if (!dir->staged) {
		take_dentry_name_snapshot(&snapshot, dentry);
		dir->name = kstrdup((const char *)snapshot.name.name,
				    GFP_KERNEL_ACCOUNT);
		dir->hash_len = snapshot.name.hash_len;
		release_dentry_name_snapshot(&snapshot);
		error = -ENOMEM;
		if (!dir->name)
			goto err_free;
		error = txf_lock_share(part, d_inode(dentry));
		if (error)
			goto err_free;
	}
	list_add_tail(&dir->list, &part->dirs);
	spin_lock(&part->vol->table_lock);
	hlist_add_head(&dir->hash, dir_bucket(part, d_inode(dentry)));
	spin_unlock(&part->vol->table_lock);
	return dir;

err_free:
	dir_free(dir);
	return ERR_PTR(error);
}

struct txf_dir *txf_dir_get(struct txf_part *part, struct dentry *dentry)
{
	struct txf_dir *first = NULL, *below = NULL, *dir;
	struct dentry *at = dget(dentry), *parent;

	for (;;) {
		/* If an earlier try got stuck above this one, go on there. */
		dir = txf_dir_find(part, d_inode(at));
		if (dir && dir->up)
			break;
		if (!dir)
			dir = dir_make(part, at);
		if (IS_ERR(dir)) {
			dput(at);
			return dir;
		}
		if (below)
			below->up = dir;
		if (!first)
			first = dir;
		below = dir;
		if (dir->staged || IS_ROOT(at)) {
			dput(at);
			return first;
		}
		parent = dget_parent(at);
		dput(at);
		at = parent;
	}
	if (below)
		below->up = dir;
	dput(at);
	return first ?: dir;
}

bool txf_dir_is_fresh(const struct txf_dir *dir)
{
	struct dentry *dentry = dir->dentry, *parent;
	struct name_snapshot snapshot;
	bool fresh;

	if (dir->staged)
		return true;
	if (IS_DEADDIR(d_inode(dentry)))
		return false;
	if (!dir->up)
		return true;
	parent = dget_parent(dentry);
	take_dentry_name_snapshot(&snapshot, dentry);
	fresh = parent == dir->up->dentry && !d_unhashed(dentry) &&
		snapshot.name.hash_len == dir->hash_len &&
		!strcmp((const char *)snapshot.name.name, dir->name);
	release_dentry_name_snapshot(&snapshot);
	dput(parent);
	return fresh;
}

void txf_overlay_clear(struct txf_part *part)
{
	struct txf_name *name, *next_name;
	struct txf_obj *obj, *next_obj;
	struct txf_dir *dir, *next_dir;

	list_for_each_entry_safe(name, next_name, &part->names, list)
		name_free(name);
	list_for_each_entry_safe(obj, next_obj, &part->objs, list)
		txf_obj_drop(obj);
	list_for_each_entry_safe(dir, next_dir, &part->dirs, list) {
		spin_lock(&part->vol->table_lock);
		hlist_del(&dir->hash);
		spin_unlock(&part->vol->table_lock);
		if (!dir->staged)
			txf_lock_unshare(part, d_inode(dir->dentry));
		list_del(&dir->list);
		dir_free(dir);
	}
}
