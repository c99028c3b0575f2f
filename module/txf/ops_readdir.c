// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - reading a directory in a transaction's view
 *
 * First comes what the file system has, without the names that the transaction
 * has changed; the cursor is the position there. Then, marked by the highest bit
 * of the cursor, come the changed names in the order in which they were changed
 * for the first time.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "call.h"
#include "overlay.h"
#include "perm.h"
#include "request.h"
#include "tree.h"
#include "tx.h"
#include "volume.h"
#include "walk.h"

#define CHANGED		BIT_ULL(63)
#define BUFFER_MAX	SZ_256K

/**
 * struct listing - filling a buffer
 * @part: the part on the directory's file system, or NULL
 * @vol: the volume, or NULL
 * @dir: the directory
 * @buffer: records
 * @used: bytes filled
 * @room: size of the buffer
 * @full: the next record did not fit
 */
struct listing {
	struct txf_part *part;
	struct txf_volume *vol;
	struct dentry *dir;
	void *buffer;
	u32 used;
	u32 room;
	bool full;
};

static bool add_record(struct listing *list, const char *name, int len, u64 ino,
		       unsigned int type)
{
	u32 reclen = ALIGN(offsetof(struct ktm_txf_dirent, name) + len + 1, 8);
	struct ktm_txf_dirent *record = list->buffer + list->used;

	if (reclen > list->room - list->used) {
		list->full = true;
		return false;
	}
	memset(record, 0, reclen);
	record->ino = ino;
	record->reclen = reclen;
	record->type = type;
	memcpy(record->name, name, len);
	list->used += reclen;
	return true;
}

static bool is_staging(struct listing *list, const char *name, int len)
{
	return list->vol && list->dir == list->vol->staging->d_parent &&
	       len == strlen(KTM_TXF_STAGING) &&
	       !memcmp(name, KTM_TXF_STAGING, len);
}

static bool list_real(void *ctx, const char *text, int len, u64 ino,
		      unsigned int type, loff_t pos)
{
	struct qstr qstr = QSTR_INIT(text, len);
	struct listing *list = ctx;

	if (txf_name_find(list->part, d_inode(list->dir), &qstr) ||
	    is_staging(list, text, len))
		return true;
	return add_record(list, text, len, ino, type);
}

/* The changed names from position @from on; where to go on, or 0 at the end. */
static u64 list_changed(struct listing *list, u64 from)
{
	struct txf_dir *dir = txf_dir_find(list->part, d_inode(list->dir));
	struct txf_name *name;
	struct inode *inode;

	if (!dir)
		return 0;
	list_for_each_entry(name, &dir->names, in_dir) {
		if (!name->cur || name->position < from)
			continue;
		inode = name->cur->inode;
		if (!add_record(list, name->text, name->qstr.len, inode->i_ino,
				fs_umode_to_dtype(inode->i_mode)))
			return name->position | CHANGED;
	}
	return 0;
}

static int list_place(struct txf_place *place, struct listing *list,
		      u64 *cursor)
{
	loff_t pos = *cursor;
	int error;

	if (!place->path.dentry)
		return -ENOENT;
	if (!d_is_dir(place->path.dentry))
		return -ENOTDIR;
	error = txf_perm_inode(place, MAY_READ);
	if (error)
		return error;
	list->part = place->part;
	list->dir = place->path.dentry;
	list->vol = txf_volume_find(place->path.mnt->mnt_sb);
	if (place->mounted)
		list->part = NULL;
	if (!(*cursor & CHANGED)) {
		error = txf_tree_read(place->path.mnt, list->dir, &pos,
				      list_real, list);
		if (error)
			return error;
		*cursor = list->full ? pos : CHANGED;
	}
	if (!list->full)
		*cursor = list_changed(list, *cursor & ~CHANGED) ?: ~0ULL;
	return list->full && !list->used ? -EINVAL : 0;
}

static int list_path(struct ktm_txf_read *arg, const char *path,
		     struct listing *list)
{
	struct txf_place place;
	struct txf_call call;
	int error;

	error = txf_call_begin(&call, arg->tx_fd);
	if (error)
		return error;
	error = txf_walk(&call, arg->dirfd, path, TXF_WALK_FOLLOW, &place);
	if (!error) {
		error = list_place(&place, list, &arg->cursor);
		txf_place_put(&place);
	}
	return txf_call_end(&call, error);
}

int txf_readdir(struct txf_request *req)
{
	struct ktm_txf_read *arg = &req->arg.read;
	struct listing list = { .room = min_t(u32, arg->length, BUFFER_MAX) };
	char *path;
	int error;

	if (arg->reserved)
		return -EINVAL;
	path = txf_request_path(arg->path);
	if (IS_ERR(path))
		return PTR_ERR(path);
	error = -ENOMEM;
	list.buffer = kvmalloc(list.room + 1, GFP_KERNEL_ACCOUNT);
	if (!list.buffer)
		goto out;
	error = list_path(arg, path, &list);
	if (!error)
		error = txf_request_reply(arg->buffer, list.buffer, list.used);
	arg->length = list.used;
	kvfree(list.buffer);
out:
	kfree(path);
	return error;
}
