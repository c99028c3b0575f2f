// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - resource manager object
 */
#include <linux/slab.h>

#include "rm.h"

struct ktm_rm *ktm_rm_alloc(struct ktm_tm *tm, const uuid_t *uuid, u32 flags,
			    kuid_t owner)
{
	struct ktm_rm *rm;

	rm = kzalloc(sizeof(*rm), GFP_KERNEL_ACCOUNT);
	if (!rm)
		return ERR_PTR(-ENOMEM);
	refcount_set(&rm->obj.ref, 1);
	uuid_copy(&rm->obj.uuid, uuid);
	rm->tm = ktm_tm_get(tm);
	rm->flags = flags;
	rm->owner = owner;
	rm->state = KTM_RM_S_GONE;
	spin_lock_init(&rm->lock);
	mutex_init(&rm->read_lock);
	init_waitqueue_head(&rm->wait);
	INIT_LIST_HEAD(&rm->enlistments);
	INIT_LIST_HEAD(&rm->queue);
	ktm_note_init(&rm->last_recover, true);
	return rm;
}

bool ktm_rm_charge_locked(struct ktm_rm *rm, kuid_t payer)
{
	ktm_assert_rm(rm);
	if (rm->charged)
		return false;
	rm->charged = true;
	rm->payer = payer;
	return true;
}

static void uncharge(struct ktm_rm *rm)
{
	if (rm->charged)
		ktm_objects_uncharge(rm->payer, KTM_QUOTA_RM);
	rm->charged = false;
}

void ktm_rm_uncharge_locked(struct ktm_rm *rm)
{
	ktm_assert_rm(rm);
	if (rm->state == KTM_RM_S_GONE && !rm->busy && !rm->nr_enlistments)
		uncharge(rm);
}

void ktm_rm_put(struct ktm_rm *rm)
{
	struct ktm_tm *tm = rm->tm;

	if (!refcount_dec_and_test(&rm->obj.ref))
		return;
	WARN_ON_ONCE(!list_empty(&rm->enlistments));
	WARN_ON_ONCE(!list_empty(&rm->queue));
	ktm_registry_remove(&tm->rms, &rm->obj);
	uncharge(rm);
	kfree_rcu(rm, obj.rcu);
	ktm_tm_put(tm);
}

struct ktm_rm *ktm_rm_find(struct ktm_tm *tm, const uuid_t *uuid)
{
	struct ktm_object *obj = ktm_registry_find(&tm->rms, uuid);

	return obj ? container_of(obj, struct ktm_rm, obj) : NULL;
}
