// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - what a committed object looked like
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "attr.h"
#include "compat.h"
#include "move.h"
#include "stamp.h"

/* Who is changed in each of so many ticks will not be as it was at prepare. */
#define STAMP_TRIES	100

int txf_stamp_take(struct txf_stamp *stamp, const struct inode *inode)
{
	struct timespec64 now;
	int tries;

	stamp->has_xattrs = false;
	for (tries = 0; tries < STAMP_TRIES; tries++) {
		stamp->size = i_size_read(inode);
		stamp->mtime = txf_inode_mtime(inode);
		stamp->ctime = txf_inode_ctime(inode);
		stamp->mode = inode->i_mode;
		stamp->uid = inode->i_uid;
		stamp->gid = inode->i_gid;
		now = current_time((struct inode *)inode);
		if (S_ISDIR(stamp->mode) ||
		    !timespec64_equal(&now, &stamp->ctime))
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		schedule_timeout_killable(1);
	}
	return -ESTALE;
}

static bool is_owner(const struct txf_stamp *stamp, const struct inode *inode)
{
	return inode->i_mode == stamp->mode &&
	       uid_eq(inode->i_uid, stamp->uid) &&
	       gid_eq(inode->i_gid, stamp->gid);
}

bool txf_stamp_is_all(const struct txf_stamp *stamp, const struct inode *inode)
{
	struct timespec64 mtime = txf_inode_mtime(inode);
	struct timespec64 ctime = txf_inode_ctime(inode);

	if (!is_owner(stamp, inode))
		return false;
	if (S_ISDIR(inode->i_mode))
		return !IS_DEADDIR(inode);
	return i_size_read(inode) == stamp->size &&
	       timespec64_equal(&mtime, &stamp->mtime) &&
	       timespec64_equal(&ctime, &stamp->ctime);
}

int txf_stamp_take_xattrs(struct txf_stamp *stamp, struct dentry *dentry)
{
	int error = txf_attr_digest(dentry, &stamp->xattrs);

	stamp->has_xattrs = !error;
	return error;
}

int txf_stamp_content(const struct txf_stamp *stamp, struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct timespec64 mtime = txf_inode_mtime(inode);
	u32 xattrs;
	int error;

	if (!is_owner(stamp, inode) || !timespec64_equal(&mtime, &stamp->mtime))
		return TXF_SKIPPED;
	if (!stamp->has_xattrs)
		return TXF_DONE;
	error = txf_attr_digest(dentry, &xattrs);
	if (error)
		return error;
	return xattrs == stamp->xattrs ? TXF_DONE : TXF_SKIPPED;
}
