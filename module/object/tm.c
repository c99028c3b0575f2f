// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - transaction manager object
 */
#include <linux/export.h>
#include <linux/slab.h>

#include "tm.h"

static struct ktm_registry tms;

struct ktm_tm *ktm_tm_alloc(bool durable)
{
	struct ktm_payer payer = ktm_payer_current();
	struct ktm_tm *tm;
	int ret;

	ret = ktm_objects_charge(payer, KTM_QUOTA_TM);
	if (ret)
		return ERR_PTR(ret);
	ret = -ENOMEM;
	tm = kzalloc(sizeof(*tm), GFP_KERNEL_ACCOUNT);
	if (!tm)
		goto err_uncharge;
	tm->payer = payer.uid;
	refcount_set(&tm->obj.ref, 1);
	tm->durable = durable;
	tm->state = KTM_TM_S_ONLINE;
	spin_lock_init(&tm->lock);
	spin_lock_init(&tm->pin_lock);
	mutex_init(&tm->room_lock);
	ktm_quota_init(&tm->shares);
	mutex_init(&tm->recovery_lock);
	mutex_init(&tm->stream_lock);
	tm->stream_pins = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&tm->pins);
	INIT_LIST_HEAD(&tm->ended);
	INIT_LIST_HEAD(&tm->freezes);
	init_waitqueue_head(&tm->freeze_wait);
	atomic64_set(&tm->clock, 1);
	tm->recovery_tail = U64_MAX;

	ret = init_srcu_struct(&tm->log_srcu);
	if (ret)
		goto err_free;
	ret = ktm_registry_init(&tm->txs);
	if (ret)
		goto err_srcu;
	ret = ktm_registry_init(&tm->rms);
	if (ret)
		goto err_txs;
	ret = ktm_registry_init(&tm->enlistments);
	if (ret)
		goto err_rms;
	ret = ktm_registry_init(&tm->streams);
	if (ret)
		goto err_enlistments;
	return tm;

err_enlistments:
	ktm_registry_destroy(&tm->enlistments);
err_rms:
	ktm_registry_destroy(&tm->rms);
err_txs:
	ktm_registry_destroy(&tm->txs);
err_srcu:
	cleanup_srcu_struct(&tm->log_srcu);
err_free:
	kfree(tm);
err_uncharge:
	ktm_objects_uncharge(payer.uid, KTM_QUOTA_TM);
	return ERR_PTR(ret);
}

int ktm_tm_finalize(struct ktm_tm *tm)
{
	return ktm_registry_insert(&tms, &tm->obj);
}

void ktm_tm_hide(struct ktm_tm *tm)
{
	ktm_registry_remove(&tms, &tm->obj);
}

void ktm_tm_put(struct ktm_tm *tm)
{
	if (!refcount_dec_and_test(&tm->obj.ref))
		return;
	WARN_ON_ONCE(tm->log || !list_empty(&tm->freezes));
	ktm_registry_remove(&tms, &tm->obj);
	ktm_registry_destroy(&tm->streams);
	ktm_registry_destroy(&tm->enlistments);
	ktm_registry_destroy(&tm->rms);
	ktm_registry_destroy(&tm->txs);
	cleanup_srcu_struct(&tm->log_srcu);
	ktm_quota_destroy(&tm->shares);
	WARN_ON_ONCE(atomic64_read(&tm->kept));
	ktm_objects_uncharge(tm->payer, KTM_QUOTA_TM);
	kfree_rcu(tm, obj.rcu);
}
EXPORT_SYMBOL_NS_GPL(ktm_tm_put, KTM_NS);

void ktm_tm_advance_clock(struct ktm_tm *tm, u64 clock)
{
	s64 now = atomic64_read(&tm->clock);

	while ((u64)now < clock && !atomic64_try_cmpxchg(&tm->clock, &now, clock))
		;
}

u64 ktm_tm_clock(const struct ktm_tm *tm)
{
	return atomic64_read(&tm->clock);
}
EXPORT_SYMBOL_NS_GPL(ktm_tm_clock, KTM_NS);

int ktm_tm_see_clock(struct ktm_tm *tm, u64 clock)
{
	if (clock > KTM_CLOCK_MAX)
		return -EINVAL;
	ktm_tm_advance_clock(tm, clock);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(ktm_tm_see_clock, KTM_NS);

struct ktm_tm *ktm_tm_find(const uuid_t *uuid)
{
	struct ktm_object *obj = ktm_registry_find(&tms, uuid);

	return obj ? container_of(obj, struct ktm_tm, obj) : NULL;
}

struct ktm_tm *ktm_tm_next(u64 *cursor)
{
	struct ktm_object *obj = ktm_registry_next(&tms, cursor);

	return obj ? container_of(obj, struct ktm_tm, obj) : NULL;
}

int ktm_tm_objects_init(void)
{
	return ktm_registry_init(&tms);
}

void ktm_tm_objects_exit(void)
{
	ktm_registry_destroy(&tms);
}
