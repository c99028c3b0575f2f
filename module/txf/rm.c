// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - the resource manager: what ktm asks for
 */
#include <linux/module.h>
#include <linux/ktm.h>

#include "durable.h"
#include "exec.h"
#include "overlay.h"
#include "prepare.h"
#include "redo.h"
#include "rm.h"
#include "stage.h"
#include "step.h"
#include "tx.h"
#include "volume.h"

static void rm_prepare(struct ktm_enlistment *en, void *key)
{
	struct txf_part *part = key;

	txf_part_own(part);
	txf_prepare(part, en);
}

/*
 * The staging directory is durable before the vote, and is removed when the
 * steps are durable and before the locks are released. If it is gone, all was
 * carried out, and later transactions may have changed the same names: their
 * redo can run at the same time.
 */
static bool is_carried_out(const struct txf_part *part)
{
	return part->recovering && !part->dir;
}

/*
 * If the file system fails, nothing is answered: the transaction stays decided,
 * and its steps are carried out when the file system is enabled again.
 */
static void rm_commit(struct ktm_enlistment *en, void *key)
{
	struct txf_part *part = key;
	struct txf_volume *vol = part->vol;
	int error = 0;

	if (!is_carried_out(part))
		error = txf_exec_steps(part);
	/* What is in place now is for everybody. */
	if (!error) {
		txf_obj_allow_writers(part);
		error = txf_durable_commit(part);
	}
	if (error) {
		txf_volume_fail(vol, error);
		return;
	}
	txf_stage_remove(part);
	txf_volume_count(vol, part->recovering ? TXF_COUNT_RECOVERED :
			 TXF_COUNT_COMMITTED, 1);
	txf_part_end(part);
	ktm_enlistment_commit_complete(en);
}

static void rm_rollback(struct ktm_enlistment *en, void *key)
{
	struct txf_part *part = key;

	txf_part_own(part);
	txf_stage_remove(part);
	txf_volume_count(part->vol, TXF_COUNT_ABORTED, 1);
	txf_part_end(part);
	ktm_enlistment_rollback_complete(en);
}

static int rm_recover(struct ktm_rm *rm, struct ktm_enlistment *en)
{
	struct txf_volume *vol = ktm_rm_priv(rm);
	struct txf_part *part;
	int error;

	part = txf_part_recover(vol, ktm_enlistment_tx_uuid(en));
	if (IS_ERR(part)) {
		error = PTR_ERR(part);
		goto fail;
	}
	error = txf_stage_find(part);
	if (!error)
		error = txf_redo_read(part, en);
	/* Without an outcome the part stays, so that nothing of it is swept. */
	ktm_enlistment_set_key(en, part);
	if (!error)
		return 0;
fail:
	txf_volume_fail(vol, error);
	return error;
}

static void rm_last_recover(struct ktm_rm *rm)
{
	struct txf_volume *vol = ktm_rm_priv(rm);
	int error = 0;

	if (!txf_volume_has_failed(vol))
		error = txf_stage_sweep(vol);
	if (error)
		pr_warn("%s: leftovers in the staging directory were not removed (error %d)\n",
			vol->mnt->mnt_sb->s_id, error);
}

static void rm_release(void *key)
{
	struct txf_part *part = key;

	txf_part_end(part);
	txf_part_put(part);
}

const struct ktm_rm_ops txf_rm_ops = {
	.owner = THIS_MODULE,
	.prepare = rm_prepare,
	.commit = rm_commit,
	.rollback = rm_rollback,
	.recover = rm_recover,
	.last_recover = rm_last_recover,
	.release = rm_release,
};
