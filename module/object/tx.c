// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - transaction object
 */
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "tx.h"

struct ktm_tx *ktm_tx_alloc(struct ktm_tm *tm, const uuid_t *uuid,
			    const char *description, struct ktm_payer payer)
{
	struct ktm_tx *tx;
	int ret;

	ret = ktm_objects_charge(payer, KTM_QUOTA_TX);
	if (ret)
		return ERR_PTR(ret);
	tx = kzalloc(sizeof(*tx), GFP_KERNEL_ACCOUNT);
	if (!tx)
		goto err_uncharge;
	if (*description) {
		tx->description = kstrndup(description, KTM_NAME_MAX - 1,
					   GFP_KERNEL_ACCOUNT);
		if (!tx->description)
			goto err_free;
	}
	tx->payer = payer;
	tx->charged = true;
	refcount_set(&tx->obj.ref, 1);
	uuid_copy(&tx->obj.uuid, uuid);
	tx->tm = ktm_tm_get(tm);
	tx->begun = ktime_get_ns();
	spin_lock_init(&tx->lock);
	init_waitqueue_head(&tx->wait);
	INIT_LIST_HEAD(&tx->enlistments);
	INIT_LIST_HEAD(&tx->watchers);
	INIT_LIST_HEAD(&tx->pin.node);
	INIT_LIST_HEAD(&tx->new_pin.node);
	INIT_LIST_HEAD(&tx->end_node);
	return tx;

err_free:
	kfree(tx);
err_uncharge:
	ktm_objects_uncharge(payer.uid, KTM_QUOTA_TX);
	return ERR_PTR(-ENOMEM);
}

void ktm_tx_uncharge(struct ktm_tx *tx)
{
	if (tx->charged)
		ktm_objects_uncharge(tx->payer.uid, KTM_QUOTA_TX);
	tx->charged = false;
}

void ktm_tx_put(struct ktm_tx *tx)
{
	struct ktm_tm *tm = tx->tm;

	if (!refcount_dec_and_test(&tx->obj.ref))
		return;
	WARN_ON_ONCE(!list_empty(&tx->enlistments));
	WARN_ON_ONCE(!list_empty(&tx->watchers));
	WARN_ON_ONCE(tx->superior);
	WARN_ON_ONCE(!list_empty(&tx->pin.node));
	ktm_registry_remove(&tm->txs, &tx->obj);
	ktm_tx_uncharge(tx);
	if (tx->held)
		ktm_quota_uncharge(&tm->shares, tx->payer.uid, tx->held);
	atomic64_sub(tx->kept, &tm->kept);
	put_pid(tx->owner);
	kfree(tx->verdict);
	kfree(tx->savepoints);
	kfree(tx->description);
	kfree_rcu(tx, obj.rcu);
	ktm_tm_put(tm);
}
EXPORT_SYMBOL_NS_GPL(ktm_tx_put, KTM_NS);

struct ktm_tx *ktm_tx_find(struct ktm_tm *tm, const uuid_t *uuid)
{
	struct ktm_object *obj = ktm_registry_find(&tm->txs, uuid);

	return obj ? container_of(obj, struct ktm_tx, obj) : NULL;
}

void ktm_tx_pin_log(struct ktm_tx *tx, struct ktm_log *log, struct ktm_pin *pin)
{
	struct ktm_tm *tm = tx->tm;

	spin_lock(&tm->pin_lock);
	if (list_empty(&pin->node)) {
		/* under the lock, so that the list stays sorted */
		pin->lsn = ktm_log_pin(log);
		list_add_tail(&pin->node, &tm->pins);
	}
	spin_unlock(&tm->pin_lock);
}

void ktm_tx_unpin_log(struct ktm_tx *tx, struct ktm_pin *pin)
{
	spin_lock(&tx->tm->pin_lock);
	list_del_init(&pin->node);
	spin_unlock(&tx->tm->pin_lock);
	wake_up_all(&tx->wait);
}
