// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - transactions, and the part of a transaction on one volume
 */
#include <linux/dcache.h>
#include <linux/slab.h>
#include <linux/ktm.h>

#include "overlay.h"
#include "stage.h"
#include "step.h"
#include "tx.h"
#include "volume.h"

static DEFINE_SPINLOCK(txf_tx_table_lock);
static LIST_HEAD(txf_tx_table);	/* [txf_tx_table_lock] struct txf_tx.list */

static struct txf_tx *find_tx_locked(const uuid_t *uuid)
{
	struct txf_tx *tx;

	lockdep_assert_held(&txf_tx_table_lock);
	list_for_each_entry(tx, &txf_tx_table, list) {
		if (uuid_equal(&tx->uuid, uuid)) {
			tx->refs++;
			return tx;
		}
	}
	return NULL;
}

struct txf_tx *txf_tx_get(const uuid_t *uuid)
{
	struct txf_tx *fresh, *tx;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return NULL;
	fresh->uuid = *uuid;
	fresh->refs = 1;
	mutex_init(&fresh->lock);
	INIT_LIST_HEAD(&fresh->parts);

	spin_lock(&txf_tx_table_lock);
	tx = find_tx_locked(uuid);
	if (!tx) {
		tx = fresh;
		fresh = NULL;
		list_add(&tx->list, &txf_tx_table);
	}
	spin_unlock(&txf_tx_table_lock);
	kfree(fresh);
	return tx;
}

void txf_tx_put(struct txf_tx *tx)
{
	bool last;

	spin_lock(&txf_tx_table_lock);
	last = !--tx->refs;
	if (last)
		list_del(&tx->list);
	spin_unlock(&txf_tx_table_lock);
	if (last) {
		WARN_ON(!list_empty(&tx->parts));
		kfree(tx);
	}
}

struct txf_part *txf_part_find(struct txf_tx *tx, struct txf_volume *vol)
{
	struct txf_part *part;

	lockdep_assert_held(&tx->lock);
	list_for_each_entry(part, &tx->parts, in_tx)
		if (part->vol == vol)
			return part;
	return NULL;
}

/* Enter it in the volume; -ESHUTDOWN if that takes no more. */
static int enter_volume(struct txf_part *part, bool recovering)
{
	struct txf_volume *vol = part->vol;
	int error = -ESHUTDOWN;

	spin_lock(&vol->state_lock);
	if (recovering || vol->state == KTM_TXF_S_ONLINE) {
		list_add_tail(&part->in_volume, &vol->parts);
		vol->nr_parts++;
		if (recovering)
			vol->nr_recovering++;
		error = 0;
	}
	spin_unlock(&vol->state_lock);
	return error;
}

static void leave_volume(struct txf_part *part)
{
	struct txf_volume *vol = part->vol;
	bool settled = false;

	spin_lock(&vol->state_lock);
	if (!list_empty(&part->in_volume)) {
		list_del_init(&part->in_volume);
		vol->nr_parts--;
		if (part->recovering)
			settled = !--vol->nr_recovering;
	}
	spin_unlock(&vol->state_lock);
	if (settled)
		wake_up_all(&vol->settled);
}

static struct txf_part *part_alloc(struct txf_volume *vol, const uuid_t *uuid)
{
	struct txf_part *part = kzalloc(sizeof(*part), GFP_KERNEL_ACCOUNT);

	if (!part)
		return NULL;
	refcount_set(&part->refs, 1);
	INIT_LIST_HEAD(&part->in_tx);
	INIT_LIST_HEAD(&part->in_volume);
	INIT_LIST_HEAD(&part->names);
	INIT_LIST_HEAD(&part->objs);
	INIT_LIST_HEAD(&part->dirs);
	INIT_LIST_HEAD(&part->steps);
	part->vol = vol;
	part->uuid = *uuid;
	part->next_number = 1;
	return part;
}

struct txf_part *txf_part_enlist(struct txf_tx *tx, struct ktm_tx *ktx,
				 struct txf_volume *vol)
{
	struct ktm_enlistment *en;
	struct txf_part *part;
	int error;

	part = txf_part_find(tx, vol);
	if (part)
		return part;
	part = part_alloc(vol, &tx->uuid);
	if (!part)
		return ERR_PTR(-ENOMEM);
	error = enter_volume(part, false);
	if (error)
		goto err_put;
	error = txf_stage_open(part);
	if (error)
		goto err_leave;
	spin_lock(&txf_tx_table_lock);
	tx->refs++;
	spin_unlock(&txf_tx_table_lock);
	part->tx = tx;
	refcount_inc(&part->refs);
	list_add(&part->in_tx, &tx->parts);

	en = ktm_enlist(vol->rm, ktx, part, 0);
	if (IS_ERR(en)) {
		error = PTR_ERR(en);
		goto err_unlist;
	}
	ktm_enlistment_put(en);
	return part;

err_unlist:
	list_del_init(&part->in_tx);
	refcount_dec(&part->refs);
	txf_stage_remove(part);
err_leave:
	leave_volume(part);
err_put:
	txf_part_put(part);
	return ERR_PTR(error);
}

struct txf_part *txf_part_recover(struct txf_volume *vol, const uuid_t *uuid)
{
	struct txf_part *part = part_alloc(vol, uuid);

	if (!part)
		return ERR_PTR(-ENOMEM);
	part->state = TXF_PART_ENDING;
	part->recovering = true;
	part->prepared = true;
	enter_volume(part, true);
	return part;
}

void txf_part_own(struct txf_part *part)
{
	if (!part->tx)
		return;
	mutex_lock(&part->tx->lock);
	part->state = TXF_PART_ENDING;
	mutex_unlock(&part->tx->lock);
}

void txf_part_end(struct txf_part *part)
{
	bool listed = false;

	txf_overlay_clear(part);
	txf_step_free_all(part);
	txf_volume_count(part->vol, TXF_COUNT_STAGED, -(s64)part->nr_staged);
	part->nr_staged = 0;
	if (part->tx) {
		mutex_lock(&part->tx->lock);
		listed = !list_empty(&part->in_tx);
		list_del_init(&part->in_tx);
		mutex_unlock(&part->tx->lock);
	}
	leave_volume(part);
	if (listed)
		txf_part_put(part);
}

void txf_part_put(struct txf_part *part)
{
	if (!refcount_dec_and_test(&part->refs))
		return;
	WARN_ON(!list_empty(&part->in_volume));
	dput(part->dir);
	if (part->tx)
		txf_tx_put(part->tx);
	kfree(part);
}

int txf_part_change(struct txf_part *part)
{
	if (part->nr_changes >= KTM_TXF_MAX_STEPS)
		return -EMSGSIZE;
	part->nr_changes++;
	return 0;
}
