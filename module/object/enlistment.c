// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - enlistment object: a resource manager's part in a transaction
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "enlistment.h"

struct ktm_enlistment *ktm_enlistment_alloc(struct ktm_tx *tx, struct ktm_rm *rm,
					    const uuid_t *uuid, u32 flags,
					    struct ktm_payer payer)
{
	struct ktm_enlistment *en;
	int ret;

	ret = ktm_objects_charge(payer, KTM_QUOTA_EN);
	if (ret)
		return ERR_PTR(ret);
	en = kzalloc(sizeof(*en), GFP_KERNEL_ACCOUNT);
	if (!en) {
		ktm_objects_uncharge(payer.uid, KTM_QUOTA_EN);
		return ERR_PTR(-ENOMEM);
	}
	en->payer = payer.uid;
	refcount_set(&en->obj.ref, 1);
	uuid_copy(&en->obj.uuid, uuid);
	en->tx = ktm_tx_get(tx);
	en->rm = ktm_rm_get(rm);
	en->flags = flags;
	INIT_LIST_HEAD(&en->tx_node);
	INIT_LIST_HEAD(&en->rm_node);
	ktm_note_init(&en->note, false);
	mutex_init(&en->log_lock);
	return en;
}

void ktm_enlistment_get(struct ktm_enlistment *en)
{
	refcount_inc(&en->obj.ref);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_get, KTM_NS);

void ktm_enlistment_put(struct ktm_enlistment *en)
{
	struct ktm_tx *tx = en->tx;
	struct ktm_rm *rm = en->rm;

	if (!refcount_dec_and_test(&en->obj.ref))
		return;
	WARN_ON_ONCE(!list_empty(&en->tx_node));
	WARN_ON_ONCE(!list_empty(&en->rm_node));
	WARN_ON_ONCE(!list_empty(&en->note.node));
	ktm_registry_remove(&tx->tm->enlistments, &en->obj);
	ktm_enlistment_release_key(en);
	kvfree(en->lsns);
	kfree(en->info);
	ktm_objects_uncharge(en->payer, KTM_QUOTA_EN);
	kfree_rcu(en, obj.rcu);
	ktm_rm_put(rm);
	ktm_tx_put(tx);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_put, KTM_NS);

void ktm_enlistment_adopt_key(struct ktm_enlistment *en, u64 key)
{
	struct ktm_rm *rm = en->rm;

	spin_lock(&rm->lock);
	if (rm->ops) {
		WARN_ON_ONCE(en->key);
		if (key)
			rm->nr_keys++;
	}
	en->key = key;
	spin_unlock(&rm->lock);
}

static u64 take_key(struct ktm_enlistment *en)
{
	u64 key;

	ktm_assert_rm(en->rm);
	key = en->key;
	en->key = 0;
	return key;
}

u64 ktm_enlistment_key(struct ktm_enlistment *en)
{
	struct ktm_rm *rm = en->rm;
	u64 key;

	spin_lock(&rm->lock);
	key = en->key;
	/* it has left before that life has ended, which found it no more */
	if (list_empty(&en->rm_node) && en->life != rm->life)
		key = 0;
	spin_unlock(&rm->lock);
	return key;
}

static void key_is_gone(struct ktm_rm *rm)
{
	ktm_assert_rm(rm);
	if (!--rm->nr_keys)
		wake_up(&rm->wait);
}

void ktm_enlistment_forget_key(struct ktm_enlistment *en)
{
	struct ktm_rm *rm = en->rm;

	spin_lock(&rm->lock);
	if (take_key(en) && rm->ops)
		key_is_gone(rm);
	spin_unlock(&rm->lock);
}

void ktm_enlistment_release_key(struct ktm_enlistment *en)
{
	struct ktm_rm *rm = en->rm;
	const struct ktm_rm_ops *ops;
	u64 key;

	spin_lock(&rm->lock);
	ops = rm->ops;
	key = take_key(en);
	spin_unlock(&rm->lock);
	if (!ops || !key)
		return;
	if (ops->release)
		ops->release((void *)(unsigned long)key);
	spin_lock(&rm->lock);
	key_is_gone(rm);
	spin_unlock(&rm->lock);
}

struct ktm_enlistment *ktm_enlistment_find(struct ktm_tm *tm, const uuid_t *uuid)
{
	struct ktm_object *obj = ktm_registry_find(&tm->enlistments, uuid);

	return obj ? container_of(obj, struct ktm_enlistment, obj) : NULL;
}

void ktm_enlistment_add_lsn(struct ktm_enlistment *en, u64 lsn)
{
	if (WARN_ON_ONCE(en->nr_records >= en->max_records))
		return;
	en->lsns[en->nr_records] = lsn;
	WRITE_ONCE(en->nr_records, en->nr_records + 1);
}

int ktm_enlistment_grow_lsns(struct ktm_enlistment *en)
{
	u32 max = en->max_records ? en->max_records * 2 : 4;
	u64 *lsns;

	if (en->nr_records < en->max_records)
		return 0;
	if (max <= en->max_records)
		return -ENOMEM;
	lsns = kvmalloc_array(max, sizeof(*lsns), GFP_KERNEL_ACCOUNT);
	if (!lsns)
		return -ENOMEM;
	if (en->nr_records)
		memcpy(lsns, en->lsns, en->nr_records * sizeof(*lsns));
	kvfree(en->lsns);
	en->lsns = lsns;
	en->max_records = max;
	return 0;
}
