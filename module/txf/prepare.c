// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - prepare: the last chance to refuse
 *
 * In this order:
 *
 *  1. Is everything that the transaction relies on as it was?
 *  2. Is nobody writing to a staged file any more? From here on nobody can.
 *  3. Which steps will the commit consist of? How does what they replace look?
 *  4. Content and staging directory are made durable, with one commit of the
 *     file system's journal.
 *  5. The steps are logged. They become durable with the decision.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/ktm.h>

#include "compat.h"
#include "durable.h"
#include "overlay.h"
#include "plan.h"
#include "prepare.h"
#include "redo.h"
#include "remove.h"
#include "stage.h"
#include "step.h"
#include "tx.h"
#include "view.h"
#include "volume.h"

/**
 * struct refusal - why a part cannot be prepared
 * @reason: for the client
 * @error: errno, positive
 * @detail: path
 */
struct refusal {
	enum ktm_reason reason;
	int error;
	char detail[KTM_DETAIL_MAX];
};

static void refuse(struct refusal *no, enum ktm_reason reason, int error,
		   struct txf_part *part, struct dentry *dentry,
		   const char *name)
{
	char buffer[KTM_DETAIL_MAX];
	const char *path = "";

	if (dentry)
		path = txf_view_path(part, dentry, buffer, sizeof(buffer));
	no->reason = reason;
	no->error = error;
	if (name)
		snprintf(no->detail, sizeof(no->detail), "%s/%s", path, name);
	else
		strscpy(no->detail, path, sizeof(no->detail));
}

/* Is under a changed name still what was there when it was changed first? */
static int check_name(struct txf_name *name)
{
	struct dentry *now;
	bool fresh;

	if (name->dir->staged)
		return 0;
	now = txf_lookup_unlocked(name->text, name->dir->dentry,
				  name->qstr.len);
	if (IS_ERR(now))
		return PTR_ERR(now);
	if (name->base)
		fresh = d_is_positive(now) &&
			d_inode(now) == name->base->inode;
	else
		fresh = d_is_negative(now);
	dput(now);
	return fresh ? 0 : -ESTALE;
}

/* Is a directory that the transaction removes still empty but for that? */
static int check_removable(struct txf_name *name)
{
	struct txf_obj *base = name->base;

	if (!base || !S_ISDIR(base->inode->i_mode) || base->at)
		return 0;
	return txf_remove_check_empty(name->part, base->dentry);
}

/* What others have done is a conflict; that we cannot look is none. */
static bool is_conflict(int error)
{
	return error != -ENOMEM && error != -EIO;
}

static int check_fresh(struct txf_part *part, struct refusal *no)
{
	struct txf_name *name;
	struct txf_obj *obj;
	struct txf_dir *dir;
	int error;

	list_for_each_entry(dir, &part->dirs, list) {
		if (txf_dir_is_fresh(dir))
			continue;
		refuse(no, KTM_REASON_CONFLICT, ESTALE, part, dir->dentry,
		       NULL);
		return -ESTALE;
	}
	list_for_each_entry(name, &part->names, list) {
		error = check_name(name) ?: check_removable(name);
		if (!error)
			continue;
		if (!is_conflict(error))
			return error;
		refuse(no, KTM_REASON_CONFLICT, ESTALE, part,
		       name->dir->dentry, name->text);
		return -ESTALE;
	}
	list_for_each_entry(obj, &part->objs, list) {
		if (txf_obj_is_fresh(obj))
			continue;
		refuse(no, KTM_REASON_CONFLICT, ESTALE, part, obj->dentry,
		       NULL);
		return -ESTALE;
	}
	return 0;
}

/*
 * A negative i_writecount keeps everybody from opening the file for writing; it
 * cannot be made negative while somebody has it open, or mapped shared and
 * writable.
 */
static bool deny_writers(struct txf_part *part, struct refusal *no)
{
	struct txf_obj *obj;

	list_for_each_entry(obj, &part->objs, list) {
		if (!obj->staged || obj->denied ||
		    !S_ISREG(obj->inode->i_mode))
			continue;
		if (!atomic_dec_unless_positive(&obj->inode->i_writecount)) {
			refuse(no, KTM_REASON_RM, ETXTBSY, part, obj->dentry,
			       NULL);
			return false;
		}
		obj->denied = true;
	}
	return true;
}

/*
 * From here on a change of the attributes alone must be told from what the commit
 * does to a file. They are those that check_fresh() has found if there was no
 * change since.
 */
static int take_xattrs(struct txf_part *part, struct refusal *no)
{
	struct txf_step *step;
	int error;

	list_for_each_entry(step, &part->steps, list) {
		if (!txf_step_stamp(step))
			continue;
		error = txf_stamp_take_xattrs(&step->stamp, step->expect);
		if (error)
			return error;
		if (!txf_stamp_is_all(&step->stamp, d_inode(step->expect))) {
			refuse(no, KTM_REASON_CONFLICT, ESTALE, part,
			       step->expect, NULL);
			return -ESTALE;
		}
		cond_resched();
	}
	return 0;
}

static int plan(struct txf_part *part, struct refusal *no)
{
	const struct cred *old;
	int error;

	error = txf_plan_make(part);
	if (error)
		return error;
	old = override_creds(part->vol->cred);
	error = take_xattrs(part, no);
	revert_creds(old);
	return error;
}

static int prepare(struct txf_part *part, struct ktm_enlistment *en,
		   struct refusal *no)
{
	const struct cred *old;
	int error;

	old = override_creds(part->vol->cred);
	error = check_fresh(part, no);
	revert_creds(old);
	if (error)
		return error;
	if (!deny_writers(part, no))
		return -ETXTBSY;
	error = plan(part, no);
	if (error || list_empty(&part->steps))
		return error;
	error = txf_durable_content(part);
	if (!error)
		error = txf_durable_commit(part);
	if (!error)
		error = txf_redo_write(part, en);
	return error;
}

void txf_prepare(struct txf_part *part, struct ktm_enlistment *en)
{
	struct refusal *no;
	int error;

	no = kzalloc(sizeof(*no), GFP_KERNEL);
	if (!no) {
		ktm_enlistment_rollback(en, KTM_REASON_RM, ENOMEM, NULL);
		return;
	}
	error = prepare(part, en, no);
	if (no->reason == KTM_REASON_CONFLICT)
		txf_volume_count(part->vol, TXF_COUNT_CONFLICTS, 1);
	if (error) {
		if (!no->reason)
			refuse(no, KTM_REASON_RM, -error, part, NULL, NULL);
		ktm_enlistment_rollback(en, no->reason, no->error, no->detail);
	} else if (list_empty(&part->steps)) {
		txf_stage_remove(part);
		txf_part_end(part);
		ktm_enlistment_read_only(en);
	} else {
		/* see txf_volume_go_offline() */
		WRITE_ONCE(part->prepared, true);
		ktm_enlistment_prepare_complete(en);
	}
	kfree(no);
}
