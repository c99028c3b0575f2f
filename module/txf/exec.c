// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - carrying out steps
 *
 * Each step looks under the locks of its directories whether everything is as
 * expected, and does its work or not in the same critical section. Content is
 * written without these locks: see keep.h.
 */
#include <linux/crc32.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched.h>
#include <linux/xattr.h>
#include <uapi/linux/ktm_txf.h>

#include "attr.h"
#include "compat.h"
#include "exec.h"
#include "keep.h"
#include "label.h"
#include "memory.h"
#include "move.h"
#include "stage.h"
#include "step.h"
#include "tx.h"
#include "volume.h"
#include "xattr.h"

static int step_evacuate(struct txf_part *part, struct txf_step *step)
{
	char number[TXF_STAGE_NAME_MAX];
	struct txf_move move = {
		.from = step->dir,
		.from_name = step->name,
		.to = part->dir,
		.to_name = number,
		.object = step->object,
	};

	snprintf(number, sizeof(number), "%llu", step->number);
	return txf_move(&move);
}

static int step_move(struct txf_part *part, struct txf_step *step)
{
	struct txf_move move = {
		.from = step->from,
		.from_name = step->from_name,
		.to = step->dir,
		.to_name = step->name,
		.object = step->object,
		.expects = step->flags & TXF_STEP_F_EXPECT,
		.expect = step->expect,
		.stamp = txf_step_stamp(step),
	};
	int result;

	result = txf_keep_link(part, step);
	if (result)
		return result;
	result = txf_move(&move);
	return txf_keep_displaced(part, step) ?: result;
}

static int install(struct txf_part *part, struct txf_step *step)
{
	char number[TXF_STAGE_NAME_MAX];
	struct txf_move move = {
		.from = part->dir,
		.from_name = number,
		.to = step->dir,
		.to_name = step->name,
		.object = step->object,
		.expects = step->flags & TXF_STEP_F_EXPECT,
		.expect = step->expect,
		.stamp = txf_step_stamp(step),
	};
	int result;

	snprintf(number, sizeof(number), "%llu", step->number);
	result = txf_move(&move);
	if (result != TXF_SKIPPED)
		return result;
	if (step->from_name) {
		move.to = step->from;
		move.to_name = step->from_name;
		move.expects = false;
		move.stamp = NULL;
		result = txf_move(&move);
	}
	/* Nothing is kept, and still skipped, if an earlier life installed it. */
	if (result == TXF_SKIPPED)
		result = txf_keep_overtaken(part, step);
	return result == TXF_DONE ? TXF_SKIPPED : result;
}

static int step_install(struct txf_part *part, struct txf_step *step)
{
	int result;

	result = txf_keep_link(part, step);
	if (result)
		return result;
	result = install(part, step);
	return txf_keep_displaced(part, step) ?: result;
}

static int remove(struct txf_step *step)
{
	const struct txf_stamp *stamp = txf_step_stamp(step);
	struct inode *dir;
	struct dentry *dentry;
	int result = TXF_SKIPPED;

	if (!step->dir || !step->expect)
		return TXF_SKIPPED;
	dir = d_inode(step->dir);
	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = txf_lookup(step->name, step->dir, strlen(step->name));
	if (IS_ERR(dentry)) {
		result = txf_judge(PTR_ERR(dentry), NULL, NULL);
		goto out;
	}
	if (txf_holds(dentry, step->expect))
		result = stamp ? txf_stamp_content(stamp, dentry) : TXF_DONE;
	if (result == TXF_DONE) {
		if (d_is_dir(dentry))
			result = txf_vfs_rmdir(dir, dentry);
		else
			result = vfs_unlink(TXF_IDMAP, dir, dentry, NULL);
		result = txf_judge(result, step->dir, dentry);
	}
	dput(dentry);
out:
	inode_unlock(dir);
	return result;
}

static int step_remove(struct txf_part *part, struct txf_step *step)
{
	int result;

	result = txf_keep_link(part, step);
	if (result)
		return result;
	result = remove(step);
	return txf_keep_displaced(part, step) ?: result;
}

static int step_link(struct txf_part *part, struct txf_step *step)
{
	struct dentry *dentry;
	struct inode *dir;
	int result;

	if (!step->dir || !step->object)
		return TXF_SKIPPED;
	dir = d_inode(step->dir);
	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = txf_lookup(step->name, step->dir, strlen(step->name));
	if (IS_ERR(dentry)) {
		result = txf_judge(PTR_ERR(dentry), NULL, NULL);
		goto out;
	}
	if (txf_holds(dentry, step->object))
		result = TXF_DONE;
	else if (d_is_positive(dentry))
		result = TXF_SKIPPED;
	else
		result = txf_judge(vfs_link(step->object, TXF_IDMAP, dir,
					    dentry, NULL),
				   step->dir, step->object);
	dput(dentry);
out:
	inode_unlock(dir);
	return result;
}

/* Which of the wanted attributes are as expected, and not set already? */
static u32 attrs_to_set(const struct inode *inode,
			const struct txf_step_attr *want)
{
	struct timespec64 mtime = txf_inode_mtime(inode);
	umode_t mode = inode->i_mode & S_IALLUGO;
	u32 mask = want->mask;

	/* An ACL that was set before has brought its permission bits along. */
	if (mode != want->old_mode &&
	    mode != ((want->old_mode & ~0777) | (want->mode & 0777)))
		mask &= ~KTM_TXF_ATTR_MODE;
	if (!uid_eq(inode->i_uid, want->old_uid))
		mask &= ~KTM_TXF_ATTR_UID;
	if (!gid_eq(inode->i_gid, want->old_gid))
		mask &= ~KTM_TXF_ATTR_GID;
	/* The commit itself has changed the times of directories. */
	if (!S_ISDIR(inode->i_mode) &&
	    !timespec64_equal(&mtime, &want->old_mtime))
		mask &= ~(KTM_TXF_ATTR_MTIME | KTM_TXF_ATTR_ATIME);
	return mask;
}

static bool are_attrs_set(const struct inode *inode,
			  const struct txf_step_attr *want)
{
	struct timespec64 mtime = txf_inode_mtime(inode);

	return (!(want->mask & KTM_TXF_ATTR_MODE) ||
		(inode->i_mode & S_IALLUGO) == want->mode) &&
	       (!(want->mask & KTM_TXF_ATTR_UID) ||
		uid_eq(inode->i_uid, want->uid)) &&
	       (!(want->mask & KTM_TXF_ATTR_GID) ||
		gid_eq(inode->i_gid, want->gid)) &&
	       (!(want->mask & KTM_TXF_ATTR_MTIME) ||
		timespec64_equal(&mtime, &want->mtime)) &&
	       !(want->mask & KTM_TXF_ATTR_ATIME);
}

static void fill_iattr(struct iattr *attr, const struct inode *inode,
		       const struct txf_step_attr *want, u32 mask)
{
	memset(attr, 0, sizeof(*attr));
	attr->ia_valid = ATTR_CTIME;
	if ((mask & KTM_TXF_ATTR_MODE) && !S_ISLNK(inode->i_mode)) {
		attr->ia_valid |= ATTR_MODE;
		attr->ia_mode = (inode->i_mode & S_IFMT) | want->mode;
	}
	if (mask & KTM_TXF_ATTR_UID) {
		attr->ia_valid |= ATTR_UID;
		attr->ia_uid = want->uid;
	}
	if (mask & KTM_TXF_ATTR_GID) {
		attr->ia_valid |= ATTR_GID;
		attr->ia_gid = want->gid;
	}
	if (mask & KTM_TXF_ATTR_ATIME) {
		attr->ia_valid |= ATTR_ATIME | ATTR_ATIME_SET;
		attr->ia_atime = want->atime;
	}
	if (mask & KTM_TXF_ATTR_MTIME) {
		attr->ia_valid |= ATTR_MTIME | ATTR_MTIME_SET;
		attr->ia_mtime = want->mtime;
	}
}

static int step_setattr(struct txf_part *part, struct txf_step *step)
{
	struct inode *inode;
	struct iattr attr;
	int result;
	u32 mask;

	if (!step->object)
		return TXF_SKIPPED;
	inode = d_inode(step->object);
	inode_lock(inode);
	mask = attrs_to_set(inode, &step->attr);
	if (are_attrs_set(inode, &step->attr)) {
		result = TXF_DONE;
	} else if (!mask) {
		result = TXF_SKIPPED;
	} else {
		fill_iattr(&attr, inode, &step->attr, mask);
		result = txf_judge(notify_change(TXF_IDMAP, step->object,
						 &attr, NULL),
				   step->object, NULL);
	}
	inode_unlock(inode);
	return result;
}

/* Has the attribute the value of the step: the old one, or the new one? */
static int compare_xattr(struct txf_step *step, bool *old, bool *new)
{
	ssize_t size;
	void *value;

	size = txf_attr_xattr(step->object, step->name, &value);
	if (size == -ENODATA || size == -EOPNOTSUPP) {
		*old = !(step->flags & TXF_STEP_F_OLD_VALUE);
		*new = !(step->flags & TXF_STEP_F_VALUE);
		return 0;
	}
	if (size < 0)
		return size;
	*old = (step->flags & TXF_STEP_F_OLD_VALUE) &&
	       step->old_crc == crc32_le(~0, value, size);
	*new = (step->flags & TXF_STEP_F_VALUE) && step->value_size == size &&
	       !memcmp(step->value, value, size);
	kvfree(value);
	return 0;
}

static int step_setxattr(struct txf_part *part, struct txf_step *step)
{
	bool old, new;
	void *value;
	int error;

	if (!step->object)
		return TXF_SKIPPED;
	error = compare_xattr(step, &old, &new);
	if (error)
		return txf_judge(error, NULL, NULL);
	if (new)
		return TXF_DONE;
	if (!old)
		return TXF_SKIPPED;
	value = step->flags & TXF_STEP_F_VALUE ? step->value : NULL;
	if (txf_label_is(step->name))
		error = txf_label_set(step->object, step->name, value,
				      step->value_size);
	else if (value)
		error = txf_xattr_set(step->object, step->name, value,
				      step->value_size, 0);
	else
		error = txf_xattr_remove(step->object, step->name);
	return txf_judge(error, step->object, NULL);
}

typedef int (*step_fn)(struct txf_part *part, struct txf_step *step);

static const step_fn step_fns[TXF_STEP_NR] = {
	[TXF_STEP_EVACUATE] = step_evacuate,
	[TXF_STEP_REMOVE] = step_remove,
	[TXF_STEP_MOVE] = step_move,
	[TXF_STEP_INSTALL] = step_install,
	[TXF_STEP_LINK] = step_link,
	[TXF_STEP_SETATTR] = step_setattr,
	[TXF_STEP_SETXATTR] = step_setxattr,
};

static int exec_all(struct txf_part *part)
{
	struct txf_step *step;
	int result;

	list_for_each_entry(step, &part->steps, list) {
		do {
			result = step_fns[step->kind](part, step);
		} while (txf_wait_for_memory(result));
		if (result < 0)
			return result;
		if (result == TXF_SKIPPED)
			txf_volume_count(part->vol, TXF_COUNT_SKIPPED, 1);
		cond_resched();
	}
	return 0;
}

int txf_exec_steps(struct txf_part *part)
{
	const struct cred *old;
	int error;

	error = mnt_want_write(part->vol->mnt);
	if (error)
		return error;
	old = override_creds(part->vol->cred);
	error = exec_all(part);
	revert_creds(old);
	mnt_drop_write(part->vol->mnt);
	return error;
}
