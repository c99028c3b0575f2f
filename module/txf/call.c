// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - one call that works under a transaction
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <uapi/linux/fs.h>
#include <linux/fileattr.h>
#include <linux/stat.h>
#include <linux/ktm.h>

#include "call.h"
#include "compat.h"
#include "overlay.h"
#include "tx.h"
#include "volume.h"
#include "walk.h"

int txf_call_begin(struct txf_call *call, int tx_fd)
{
	int error;

	call->ktx = ktm_tx_get_by_fd(tx_fd);
	if (IS_ERR(call->ktx))
		return PTR_ERR(call->ktx);
	call->tx = txf_tx_get(ktm_tx_uuid(call->ktx));
	if (!call->tx) {
		error = -ENOMEM;
		goto err_put_ktx;
	}
	error = -EINTR;
	if (down_read_killable(&txf_volumes_sem))
		goto err_put_tx;
	if (mutex_lock_killable(&call->tx->lock))
		goto err_up;
	error = ktm_tx_check_active(call->ktx);
	if (error)
		goto err_unlock;
	return 0;

err_unlock:
	mutex_unlock(&call->tx->lock);
err_up:
	up_read(&txf_volumes_sem);
err_put_tx:
	txf_tx_put(call->tx);
err_put_ktx:
	ktm_tx_put(call->ktx);
	return error;
}

int txf_call_end(struct txf_call *call, int error)
{
	struct txf_part *part;

	if (error == -EBUSY)
		list_for_each_entry(part, &call->tx->parts, in_tx)
			txf_volume_count(part->vol, TXF_COUNT_BUSY, 1);
	mutex_unlock(&call->tx->lock);
	up_read(&txf_volumes_sem);
	txf_tx_put(call->tx);
	ktm_tx_put(call->ktx);
	return error;
}

int txf_call_check_reach(const struct txf_part *part, const struct path *dir)
{
	struct inode *inode = d_inode(dir->dentry);
	struct txf_fileattr fa = { .flags_valid = false };
	struct kstat stat;
	int error;

	if (IS_ENCRYPTED(inode) || IS_CASEFOLDED(inode))
		return -EOPNOTSUPP;
	error = vfs_getattr_nosec(dir, &stat, STATX_TYPE, AT_STATX_DONT_SYNC);
	if (error)
		return error;
	if (stat.dev != part->vol->dev)
		return -EXDEV;
	error = vfs_fileattr_get(dir->dentry, &fa);
	if (!error && (fa.flags & FS_PROJINHERIT_FL))
		return -EOPNOTSUPP;
	return 0;
}

static int enlist(struct txf_call *call, struct txf_place *place,
		  const struct path *path)
{
	struct txf_volume *vol = txf_volume_find(path->mnt->mnt_sb);
	struct txf_part *part;

	if (!vol)
		return -ENODEV;
	if (__mnt_is_readonly(path->mnt))
		return -EROFS;
	if (is_idmapped_mnt(path->mnt))
		return -EOPNOTSUPP;
	part = txf_part_enlist(call->tx, call->ktx, vol);
	if (IS_ERR(part))
		return PTR_ERR(part);
	if (part->state != TXF_PART_ACTIVE)
		return -ECANCELED;
	place->part = part;
	return 0;
}

int txf_call_change_name(struct txf_call *call, struct txf_place *place)
{
	struct inode *dir = d_inode(place->dir.dentry);
	int error;

	error = enlist(call, place, &place->dir);
	if (error)
		return error;
	error = txf_call_check_reach(place->part, &place->dir);
	if (error)
		return error;
	if (IS_DEADDIR(dir) || txf_obj_is_dead(txf_obj_find(place->part, dir)))
		return -ENOENT;
	return 0;
}

int txf_call_change_object(struct txf_call *call, struct txf_place *place)
{
	return enlist(call, place, &place->path);
}
