/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - what a transaction has changed: names and objects
 *
 * The overlay holds net effects: for each changed name what was committed there
 * and what the transaction has put there. Directories that the transaction has
 * made live in its staging directory and are changed directly; their names are
 * in the overlay only where a committed object was moved below them.
 */
#ifndef _KTM_TXF_OVERLAY_H
#define _KTM_TXF_OVERLAY_H

#include <linux/errseq.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/types.h>

#include "stamp.h"

struct txf_name;
struct txf_part;

/**
 * struct txf_xattr - an extended attribute that the transaction has changed
 * @list: in txf_obj.xattrs
 * @name: its name
 */
struct txf_xattr {
	struct list_head list;
	char name[];
};

/**
 * struct txf_obj - an object that the transaction has changed
 * @hash: [txf_volume.table_lock] in txf_volume.objs
 * @list: in txf_part.objs
 * @part: [const] whose
 * @inode: [const] the object, held by @dentry
 * @dentry: a name that it has in the file system, held
 * @at: directories: where the transaction sees it, or NULL
 * @staged: [const] made by the transaction
 * @placed: directories: has been in a changed name, @at is meaningful
 * @locked: has the lock of its place
 * @attr_locked: directories: has the lock of its attributes
 * @denied: nobody can open it for writing
 * @stamp: what it looked like when it was locked
 * @wb_err: errors of writing back up to here are not ours
 * @shadow: an empty object in the staging directory that has the attributes
 *	wanted for a committed object, held; NULL if they are not changed
 * @attrs: KTM_TXF_ATTR_* that were changed
 * @xattrs: struct txf_xattr that were changed
 * @lost: for planning: the name that it moves from
 * @gained: for planning: the name that it moves to
 * @nr_lost: for planning: names that it leaves
 * @nr_gained: for planning: names that it gets
 * @evacuated: for planning: its number while on the way through staging, or 0
 * @nr_names: staged: names that the transaction has given it
 *
 * Unless said otherwise fields are protected as txf_part says for [overlay].
 */
struct txf_obj {
	struct hlist_node hash;
	struct list_head list;
	struct txf_part *part;
	struct inode *inode;
	struct dentry *dentry;
	struct txf_name *at;
	bool staged;
	bool placed;
	bool locked;
	bool attr_locked;
	bool denied;
	struct txf_stamp stamp;
	errseq_t wb_err;
	struct dentry *shadow;
	u32 attrs;
	struct list_head xattrs;
	struct txf_name *lost;
	struct txf_name *gained;
	unsigned int nr_lost;
	unsigned int nr_gained;
	u64 evacuated;
	unsigned int nr_names;
};

/**
 * struct txf_dir - a directory that the transaction relies on
 * @hash: [txf_volume.table_lock] in txf_volume.dirs
 * @list: in txf_part.dirs
 * @part: [const] whose
 * @dentry: [const] the directory, held
 * @staged: [const] made by the transaction
 * @names: changed names in it, struct txf_name.in_dir
 * @nr_present: of these, names that the transaction sees
 * @up: [const] committed: the directory above; NULL for the root
 * @name: [const] committed: its own name
 * @hash_len: [const] hash and length of @name
 */
struct txf_dir {
	struct hlist_node hash;
	struct list_head list;
	struct txf_part *part;
	struct dentry *dentry;
	bool staged;
	struct list_head names;
	unsigned int nr_present;
	struct txf_dir *up;
	char *name;
	u64 hash_len;
};

/**
 * struct txf_name - a name that the transaction has changed
 * @hash: [txf_volume.table_lock] in txf_volume.names; being there is the lock
 *	of the name
 * @list: in txf_part.names
 * @in_dir: in txf_dir.names
 * @part: [const] whose
 * @dir: [const] the directory
 * @order: number of the last change; order within txf_part
 * @position: [const] order of making; cursor of KTM_IOC_TXF_READDIR
 * @real: [const] what the file system has for the name, held; may be negative
 * @base: [const] the committed object that was there, or NULL
 * @cur: what the transaction sees there, or NULL
 * @staged: if @cur is staged: its name in the staging directory, held
 * @plan: for planning: in a list of names
 * @mark: for planning: 0, or how far the plan has got with it
 * @qstr: [const] the name; qstr.name is @text
 * @text: [const] the name, NUL-terminated
 */
struct txf_name {
	struct hlist_node hash;
	struct list_head list;
	struct list_head in_dir;
	struct txf_part *part;
	struct txf_dir *dir;
	u64 order;
	u64 position;
	struct dentry *real;
	struct txf_obj *base;
	struct txf_obj *cur;
	struct dentry *staged;
	struct list_head plan;
	unsigned int mark;
	struct qstr qstr;
	char text[];
};

/**
 * txf_overlay_owns - was an object made by the transaction?
 * @part: the part, or NULL
 * @dentry: the object
 * Return: true if it is in the staging directory of the part.
 */
bool txf_overlay_owns(struct txf_part *part, struct dentry *dentry);

/**
 * txf_overlay_clear - forget all and release all locks
 * @part: the part, owned by the caller
 */
void txf_overlay_clear(struct txf_part *part);

/**
 * txf_name_find - look for a changed name
 * @part: the part, or NULL
 * @dir: inode of the directory
 * @name: the name
 * Return: the record or NULL.
 */
struct txf_name *txf_name_find(struct txf_part *part, struct inode *dir,
			       const struct qstr *name);

/**
 * txf_name_get - find the record of a name or begin one
 * @part: the part
 * @dir: the directory
 * @name: the name
 *
 * Takes the locks of the name and of the object that it holds, and shares those
 * of the directories above.
 *
 * Context: under txf_tx.lock.
 * Return: the record, or ERR_PTR of -EBUSY, -EMSGSIZE, -ENOMEM, -ESTALE, or an
 * errno of the file system.
 */
struct txf_name *txf_name_get(struct txf_part *part, struct dentry *dir,
			      const struct qstr *name);

/**
 * txf_name_set - let the transaction see something else under a name
 * @name: the name
 * @obj: the object, or NULL
 * @staged: if @obj is staged: its name in staging; the reference is taken over
 */
void txf_name_set(struct txf_name *name, struct txf_obj *obj,
		  struct dentry *staged);

/**
 * txf_name_forget - drop the record of a name that has no effect
 * @name: the record; kept if it is needed
 */
void txf_name_forget(struct txf_name *name);

/**
 * txf_name_dentry - what the transaction sees under a name
 * @name: the name
 * Return: the dentry, without a reference, or NULL.
 */
struct dentry *txf_name_dentry(const struct txf_name *name);

/**
 * txf_obj_find - look for a changed object
 * @part: the part, or NULL
 * @inode: the object
 * Return: the record or NULL.
 */
struct txf_obj *txf_obj_find(struct txf_part *part, const struct inode *inode);

/**
 * txf_obj_get - find the record of an object or begin one
 * @part: the part
 * @dentry: the object
 * Context: under txf_tx.lock.
 * Return: the record, or ERR_PTR(-ENOMEM).
 */
struct txf_obj *txf_obj_get(struct txf_part *part, struct dentry *dentry);

/**
 * txf_obj_lock - lock a committed object and remember what it looks like
 * @obj: the object
 * Return: 0, -EBUSY, -ENOMEM, -EINTR, -ESTALE (it never comes to rest).
 */
int txf_obj_lock(struct txf_obj *obj);

/**
 * txf_obj_lock_attr - lock the attributes of a committed object
 * @obj: the object
 * Return: 0, -EBUSY, -ENOMEM, -EINTR, -ESTALE (it never comes to rest).
 */
int txf_obj_lock_attr(struct txf_obj *obj);

/**
 * txf_obj_is_fresh - has nobody else changed a locked object?
 * @obj: the object
 * Return: true if it is as it was when it was locked.
 */
bool txf_obj_is_fresh(const struct txf_obj *obj);

/**
 * txf_obj_allow_writers - let staged files be opened for writing again
 * @part: the part, owned by the caller
 */
void txf_obj_allow_writers(struct txf_part *part);

/**
 * txf_obj_is_dead - has the transaction removed this directory?
 * @obj: the object, or NULL
 * Return: true if it has.
 */
bool txf_obj_is_dead(const struct txf_obj *obj);

/**
 * txf_obj_drop - a staged object is gone
 * @obj: the object; no name refers to it
 */
void txf_obj_drop(struct txf_obj *obj);

/**
 * txf_obj_drop_unnamed - a name of a staged object is gone; was it the last?
 * @obj: the object, dropped if no name is left; or NULL
 */
void txf_obj_drop_unnamed(struct txf_obj *obj);

/**
 * txf_dir_find - look for a directory relied on
 * @part: the part, or NULL
 * @inode: the directory
 * Return: the record or NULL.
 */
struct txf_dir *txf_dir_find(struct txf_part *part, const struct inode *inode);

/**
 * txf_dir_get - rely on a directory, and on those above
 * @part: the part
 * @dentry: the directory
 * Context: under txf_tx.lock.
 * Return: the record, or ERR_PTR of -EBUSY, -ENOMEM, -ENOENT.
 */
struct txf_dir *txf_dir_get(struct txf_part *part, struct dentry *dentry);

/**
 * txf_dir_is_fresh - is a directory still where it was?
 * @dir: the directory; those above are not looked at
 * Return: true if it is.
 */
bool txf_dir_is_fresh(const struct txf_dir *dir);

#endif /* _KTM_TXF_OVERLAY_H */
