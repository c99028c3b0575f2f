// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - nothing of anybody is lost where newer work has come between
 */
#include <linux/dcache.h>
#include <linux/limits.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/xattr.h>
#include <uapi/linux/ktm_txf.h>

#include "compat.h"
#include "keep.h"
#include "move.h"
#include "stage.h"
#include "step.h"
#include "tx.h"
#include "volume.h"

/* The name of a file that a step replaces or removes in the part's directory. */
static void displaced_name(const struct txf_step *step, char *name)
{
	snprintf(name, TXF_STAGE_NAME_MAX, "%llu" KTM_TXF_KEPT_DISPLACED,
		 step->number);
}

/* Does a step still find the file that it replaces or removes, unchanged? */
static bool is_in_place(const struct txf_step *step)
{
	struct dentry *now;
	bool found;

	if (!step->dir || !step->expect)
		return false;
	now = txf_lookup_unlocked(step->name, step->dir,
				  strlen(step->name));
	if (IS_ERR(now))
		return false;
	found = txf_holds(now, step->expect) &&
		txf_stamp_content(&step->stamp, now) == TXF_DONE;
	dput(now);
	return found;
}

int txf_keep_link(struct txf_part *part, const struct txf_step *step)
{
	char name[TXF_STAGE_NAME_MAX];
	struct dentry *dentry;
	struct inode *dir;
	int error = 0;

	if (!txf_step_stamp(step) || !part->dir || !is_in_place(step))
		return 0;
	displaced_name(step, name);
	dir = d_inode(part->dir);
	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = txf_lookup(name, part->dir, strlen(name));
	if (!IS_ERR(dentry)) {
		if (d_is_negative(dentry))
			error = vfs_link(step->expect, TXF_IDMAP, dir, dentry,
					 NULL);
		dput(dentry);
	}
	inode_unlock(dir);
	/* What a policy forbids is not left out, see txf_judge(). */
	return error == -EACCES ? error : 0;
}

/* Note with an object where it was meant to be, or was. */
static void note_path(const struct txf_step *step, struct dentry *object)
{
	char *buffer, *path;
	size_t len;

	buffer = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buffer)
		return;
	len = strlen(step->name);
	if (step->dir) {
		path = dentry_path_raw(step->dir, buffer, PATH_MAX - len - 1);
		if (IS_ERR(path))
			goto out;
		/* The root ends with its slash. */
		if (path[1])
			strcat(path, "/");
		strcat(path, step->name);
	} else {
		strcpy(path, step->name);
	}
	vfs_setxattr(TXF_IDMAP, object, KTM_TXF_KEPT_XATTR, path, strlen(path),
		     0);
out:
	kfree(buffer);
}

/* Move an object out of the part's directory, so that it is not removed. */
static int keep(struct txf_part *part, const struct txf_step *step,
		const char *from_name, struct dentry *object, const char *what)
{
	char name[2 * TXF_STAGE_NAME_MAX];
	struct txf_move move = {
		.from = part->dir,
		.from_name = from_name,
		.to = part->vol->staging,
		.to_name = name,
		.object = object,
	};
	struct dentry *now;
	int result;

	now = txf_lookup_unlocked(from_name, part->dir, strlen(from_name));
	if (IS_ERR(now))
		return txf_judge(PTR_ERR(now), NULL, NULL);
	result = txf_holds(now, object) ? TXF_DONE : TXF_SKIPPED;
	dput(now);
	if (result != TXF_DONE)
		return result;
	snprintf(name, sizeof(name), KTM_TXF_KEPT_PREFIX "%pUb-%s", &part->uuid,
		 from_name);
	note_path(step, object);
	result = txf_move(&move);
	if (result != TXF_DONE)
		return result;
	txf_volume_count(part->vol, TXF_COUNT_KEPT, 1);
	if (step->dir)
		pr_warn("%s: %s %pd4/%s: it is kept as %s/%s\n",
			part->vol->mnt->mnt_sb->s_id, what, step->dir,
			step->name, KTM_TXF_STAGING, name);
	else
		pr_warn("%s: %s %s in a directory that is gone: it is kept as %s/%s\n",
			part->vol->mnt->mnt_sb->s_id, what, step->name,
			KTM_TXF_STAGING, name);
	return TXF_DONE;
}

/* Has it another name than the one in the part's directory? */
static bool is_only_link(const struct inode *inode)
{
	return READ_ONCE(inode->i_nlink) == 1;
}

int txf_keep_displaced(struct txf_part *part, const struct txf_step *step)
{
	char name[TXF_STAGE_NAME_MAX];
	struct dentry *dentry;
	int result = 0;

	if (!txf_step_stamp(step) || !part->dir)
		return 0;
	displaced_name(step, name);
	dentry = txf_lookup_unlocked(name, part->dir, strlen(name));
	if (IS_ERR(dentry))
		return min(txf_judge(PTR_ERR(dentry), NULL, NULL), 0);
	if (d_is_reg(dentry) && is_only_link(d_inode(dentry)))
		result = txf_stamp_content(&step->stamp, dentry);
	if (result == TXF_SKIPPED)
		result = keep(part, step, name, dentry,
			      "something was written while a transaction replaced or removed");
	dput(dentry);
	return min(result, 0);
}

int txf_keep_overtaken(struct txf_part *part, const struct txf_step *step)
{
	char name[TXF_STAGE_NAME_MAX];

	if (!part->dir || !step->object)
		return TXF_SKIPPED;
	snprintf(name, sizeof(name), "%llu", step->number);
	return keep(part, step, name, step->object,
		    "newer work has overtaken what was committed as");
}
