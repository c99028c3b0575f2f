// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - objects that a transaction has changed
 */
#include <linux/hash.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "lock.h"
#include "overlay.h"
#include "tx.h"
#include "volume.h"

static struct hlist_head *bucket(struct txf_part *part,
				 const struct inode *inode)
{
	return &part->vol->objs[hash_ptr(inode, TXF_TABLE_BITS)];
}

struct txf_obj *txf_obj_find(struct txf_part *part, const struct inode *inode)
{
	struct txf_obj *obj, *found = NULL;

	if (!part)
		return NULL;
	spin_lock(&part->vol->table_lock);
	hlist_for_each_entry(obj, bucket(part, inode), hash) {
		if (obj->inode == inode && obj->part == part) {
			found = obj;
			break;
		}
	}
	spin_unlock(&part->vol->table_lock);
	return found;
}

struct txf_obj *txf_obj_get(struct txf_part *part, struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct txf_obj *obj;

	obj = txf_obj_find(part, inode);
	if (obj)
		return obj;
	obj = kzalloc(sizeof(*obj), GFP_KERNEL_ACCOUNT);
	if (!obj)
		return ERR_PTR(-ENOMEM);
	obj->part = part;
	obj->inode = inode;
	obj->dentry = dget(dentry);
	obj->staged = txf_overlay_owns(part, dentry);
	if (obj->staged) {
		obj->wb_err = filemap_sample_wb_err(inode->i_mapping);
		part->nr_staged++;
		txf_volume_count(part->vol, TXF_COUNT_STAGED, 1);
	}
	INIT_LIST_HEAD(&obj->xattrs);
	list_add_tail(&obj->list, &part->objs);
	spin_lock(&part->vol->table_lock);
	hlist_add_head(&obj->hash, bucket(part, inode));
	spin_unlock(&part->vol->table_lock);
	return obj;
}

int txf_obj_lock(struct txf_obj *obj)
{
	bool shares;
	int error;

	if (obj->staged || obj->locked)
		return 0;
	shares = txf_dir_find(obj->part, obj->inode);
	error = txf_lock_exclude(obj->part, obj->inode, TXF_LOCK_PLACE, shares);
	if (error)
		return error;
	if (!obj->attr_locked)
		error = txf_stamp_take(&obj->stamp, obj->inode);
	if (error)
		txf_lock_release(obj->part, obj->inode, TXF_LOCK_PLACE);
	else
		obj->locked = true;
	return error;
}

int txf_obj_lock_attr(struct txf_obj *obj)
{
	int error;

	if (!S_ISDIR(obj->inode->i_mode))
		return txf_obj_lock(obj);
	if (obj->staged || obj->attr_locked)
		return 0;
	error = txf_lock_exclude(obj->part, obj->inode, TXF_LOCK_ATTR, false);
	if (error)
		return error;
	obj->attr_locked = true;
	return obj->locked ? 0 : txf_stamp_take(&obj->stamp, obj->inode);
}

bool txf_obj_is_fresh(const struct txf_obj *obj)
{
	if (obj->staged || (!obj->locked && !obj->attr_locked))
		return true;
	return txf_stamp_is_all(&obj->stamp, obj->inode);
}

void txf_obj_allow_writers(struct txf_part *part)
{
	struct txf_obj *obj;

	list_for_each_entry(obj, &part->objs, list) {
		if (obj->denied)
			atomic_inc(&obj->inode->i_writecount);
		obj->denied = false;
	}
}

bool txf_obj_is_dead(const struct txf_obj *obj)
{
	return obj && obj->placed && !obj->at;
}

void txf_obj_drop(struct txf_obj *obj)
{
	struct txf_part *part = obj->part;
	struct txf_xattr *xattr, *next;

	spin_lock(&part->vol->table_lock);
	hlist_del(&obj->hash);
	spin_unlock(&part->vol->table_lock);
	list_del(&obj->list);
	if (obj->locked)
		txf_lock_release(part, obj->inode, TXF_LOCK_PLACE);
	if (obj->attr_locked)
		txf_lock_release(part, obj->inode, TXF_LOCK_ATTR);
	if (obj->denied)
		atomic_inc(&obj->inode->i_writecount);
	if (obj->staged) {
		part->nr_staged--;
		txf_volume_count(part->vol, TXF_COUNT_STAGED, -1);
	}
	list_for_each_entry_safe(xattr, next, &obj->xattrs, list)
		kfree(xattr);
	dput(obj->shadow);
	dput(obj->dentry);
	kfree(obj);
}

void txf_obj_drop_unnamed(struct txf_obj *obj)
{
	if (obj && !obj->nr_names &&
	    (S_ISDIR(obj->inode->i_mode) || !obj->inode->i_nlink))
		txf_obj_drop(obj);
}
