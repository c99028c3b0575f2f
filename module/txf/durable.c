// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - making the file system's state durable
 *
 * Durable are the staged files, and the times of the files that they replace: after
 * a crash redo tells by them whether there was newer work.
 *
 * Not one fsync() per file, which would flush the device for each, and not
 * syncfs(), which writes what everybody else has in memory: write back the files
 * of the transaction, then have the file system commit its journal once. The
 * journal's commit flushes the device cache, and so what was written before.
 */
#include <linux/blkdev.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/writeback.h>

#include "compat.h"
#include "durable.h"
#include "memory.h"
#include "overlay.h"
#include "step.h"
#include "tx.h"
#include "volume.h"

/* Times that are kept in memory only (lazytime) go along. */
static void write_times(struct inode *inode)
{
	if (txf_inode_state(inode) & I_DIRTY_TIME)
		mark_inode_dirty_sync(inode);
}

static bool has_content(const struct txf_obj *obj)
{
	return obj->staged && S_ISREG(obj->inode->i_mode);
}

/* The file that a step replaces or removes, or NULL. */
static struct inode *victim(const struct txf_step *step)
{
	return txf_step_stamp(step) ? d_inode(step->expect) : NULL;
}

/*
 * Some file systems write the time of a change together with the content. Errors
 * are for those who wrote it.
 */
static void start_victims(struct txf_part *part)
{
	struct txf_step *step;

	list_for_each_entry(step, &part->steps, list) {
		if (victim(step))
			filemap_fdatawrite(victim(step)->i_mapping);
		cond_resched();
	}
}

static void wait_for_victims(struct txf_part *part)
{
	struct address_space *mapping;
	struct txf_step *step;

	list_for_each_entry(step, &part->steps, list) {
		if (!victim(step))
			continue;
		mapping = victim(step)->i_mapping;
		filemap_fdatawrite(mapping);
		filemap_fdatawait_keep_errors(mapping);
		write_times(victim(step));
		cond_resched();
	}
}

static int start_all(struct txf_part *part)
{
	struct txf_obj *obj;
	struct blk_plug plug;
	int error = 0;

	blk_start_plug(&plug);
	start_victims(part);
	list_for_each_entry(obj, &part->objs, list) {
		if (!has_content(obj))
			continue;
		error = filemap_fdatawrite(obj->inode->i_mapping);
		if (error)
			break;
		cond_resched();
	}
	blk_finish_plug(&plug);
	return error;
}

static int wait_for_all(struct txf_part *part)
{
	struct address_space *mapping;
	struct txf_obj *obj;
	int error;

	list_for_each_entry(obj, &part->objs, list) {
		if (!obj->staged)
			continue;
		mapping = obj->inode->i_mapping;
		error = 0;
		/*
		 * btrfs compresses in the background: until that is done pages
		 * are locked, but not marked for writeback. To write again
		 * waits for their locks.
		 */
		if (has_content(obj))
			error = filemap_write_and_wait(mapping);
		if (!error)
			error = filemap_check_wb_err(mapping, obj->wb_err);
		if (error)
			return error;
		write_times(obj->inode);
		cond_resched();
	}
	return 0;
}

int txf_durable_content(struct txf_part *part)
{
	int error = start_all(part);

	if (!error)
		error = wait_for_all(part);
	if (!error)
		wait_for_victims(part);
	return error;
}

/*
 * If nothing has changed in the journal since the content was written, its
 * commit would not flush the device: so change something.
 */
static int touch(struct txf_part *part)
{
	struct iattr attr = { .ia_valid = ATTR_MTIME | ATTR_CTIME };
	struct dentry *dir = part->dir ?: part->vol->staging;
	const struct cred *old;
	int error;

	error = mnt_want_write(part->vol->mnt);
	if (error)
		return error;
	old = override_creds(part->vol->cred);
	inode_lock(d_inode(dir));
	error = notify_change(TXF_IDMAP, dir, &attr, NULL);
	inode_unlock(d_inode(dir));
	revert_creds(old);
	mnt_drop_write(part->vol->mnt);
	return error;
}

int txf_durable_commit(struct txf_part *part)
{
	struct super_block *sb = part->vol->mnt->mnt_sb;
	int error;

	do {
		error = touch(part);
	} while (part->prepared && txf_wait_for_memory(error));
	if (error)
		return error;
	down_read(&sb->s_umount);
	error = sb_rdonly(sb) ? -EROFS : sb->s_op->sync_fs(sb, 1);
	up_read(&sb->s_umount);
	return error;
}
