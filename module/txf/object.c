// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - objects that a transaction has changed
 */
#include <linux/hash.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "lock.h"
#include "overlay.h"
#include "tx.h"
#include "volume.h"

/* Who is changed in each of so many ticks will not be as it was at prepare. */
#define STAMP_TRIES	100

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

/*
 * Changes are noticed by the time of the last change, which has the granularity
 * of the clock tick. If the object was changed in this very tick, another
 * change could give it the same time: let the tick pass first.
 */
static int take_stamp(struct txf_obj *obj)
{
	struct txf_stamp *stamp = &obj->stamp;
	struct inode *inode = obj->inode;
	struct timespec64 now;
	int tries;

	for (tries = 0; tries < STAMP_TRIES; tries++) {
		stamp->size = i_size_read(inode);
		stamp->mtime = txf_inode_mtime(inode);
		stamp->ctime = txf_inode_ctime(inode);
		stamp->mode = inode->i_mode;
		stamp->uid = inode->i_uid;
		stamp->gid = inode->i_gid;
		now = current_time(inode);
		if (S_ISDIR(stamp->mode) ||
		    !timespec64_equal(&now, &stamp->ctime))
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		schedule_timeout_killable(1);
	}
	return -ESTALE;
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
		error = take_stamp(obj);
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
	return obj->locked ? 0 : take_stamp(obj);
}

bool txf_obj_is_fresh(const struct txf_obj *obj)
{
	const struct txf_stamp *stamp = &obj->stamp;
	struct inode *inode = obj->inode;
	struct timespec64 mtime = txf_inode_mtime(inode);
	struct timespec64 ctime = txf_inode_ctime(inode);

	if (obj->staged || (!obj->locked && !obj->attr_locked))
		return true;
	if (inode->i_mode != stamp->mode ||
	    !uid_eq(inode->i_uid, stamp->uid) ||
	    !gid_eq(inode->i_gid, stamp->gid))
		return false;
	/* Others may work in a directory while it is being changed or moved. */
	if (S_ISDIR(inode->i_mode))
		return !IS_DEADDIR(inode);
	return i_size_read(inode) == stamp->size &&
	       timespec64_equal(&mtime, &stamp->mtime) &&
	       timespec64_equal(&ctime, &stamp->ctime);
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
