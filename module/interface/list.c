// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - listing of objects
 */
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "access.h"
#include "list.h"
#include "../object/enlistment.h"

#define LIST_MAX	1024

static int check(const struct ktm_list *list)
{
	if (list->reserved || !list->count || list->count > LIST_MAX)
		return -EINVAL;
	return 0;
}

static int put_uuid(const struct ktm_list *list, u32 nth, const uuid_t *uuid)
{
	u8 __user *out = u64_to_user_ptr(list->uuids);

	return copy_to_user(out + nth * sizeof(*uuid), uuid, sizeof(*uuid)) ?
		-EFAULT : 0;
}

int ktm_list_registry(struct ktm_list *list, struct ktm_registry *registry,
		      bool (*put)(struct ktm_object *object))
{
	struct ktm_object *object;
	u64 cursor = list->cursor;
	uuid_t uuid;
	u32 nr = 0;
	int ret;

	ret = check(list);
	while (!ret && nr < list->count) {
		object = ktm_registry_next(registry, &cursor);
		if (!object)
			break;
		uuid_copy(&uuid, &object->uuid);
		if (put(object))
			ret = put_uuid(list, nr++, &uuid);
	}
	list->cursor = cursor;
	list->count = nr;
	return ret;
}

bool ktm_list_put_tx(struct ktm_object *object)
{
	ktm_tx_put(container_of(object, struct ktm_tx, obj));
	return true;
}

bool ktm_list_put_rm(struct ktm_object *object)
{
	ktm_rm_put(container_of(object, struct ktm_rm, obj));
	return true;
}

static bool is_enlisted(struct ktm_enlistment *en)
{
	bool is;

	spin_lock(&en->tx->lock);
	is = en->state != KTM_EN_S_NEW && en->state != KTM_EN_S_DONE;
	spin_unlock(&en->tx->lock);
	return is;
}

int ktm_list_enlistments(struct ktm_list *list, struct ktm_tm *tm, const void *of)
{
	u64 cursor = list->cursor;
	struct ktm_enlistment *en;
	struct ktm_object *object;
	uuid_t uuid;
	bool named;
	u32 nr = 0;
	int ret;

	ret = check(list);
	while (!ret && nr < list->count) {
		object = ktm_registry_next(&tm->enlistments, &cursor);
		if (!object)
			break;
		en = container_of(object, struct ktm_enlistment, obj);
		named = (!of || en->tx == of || en->rm == of) && is_enlisted(en);
		uuid_copy(&uuid, &object->uuid);
		ktm_enlistment_put(en);
		if (named)
			ret = put_uuid(list, nr++, &uuid);
		else if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	list->cursor = cursor;
	list->count = nr;
	return ret;
}

int ktm_list_tms(struct ktm_list *list)
{
	u64 cursor = list->cursor;
	struct ktm_tm *tm;
	uuid_t uuid;
	bool may;
	u32 nr = 0;
	int ret;

	ret = check(list);
	while (!ret && nr < list->count && !fatal_signal_pending(current)) {
		tm = ktm_tm_next(&cursor);
		if (!tm)
			break;
		uuid_copy(&uuid, &tm->obj.uuid);
		may = ktm_access_granted(tm) & KTM_ACCESS_READ;
		ktm_tm_put(tm);
		if (may)
			ret = put_uuid(list, nr++, &uuid);
	}
	list->cursor = cursor;
	list->count = nr;
	return ret;
}

void ktm_rm_fill_info(struct ktm_rm_info *info, struct ktm_rm *rm)
{
	u32 size = info->size;

	memset(info, 0, sizeof(*info));
	info->size = size;
	export_uuid(info->uuid, &rm->obj.uuid);
	info->uid = from_kuid_munged(current_user_ns(), rm->owner);
	spin_lock(&rm->lock);
	info->flags = rm->flags | (rm->ops ? KTM_RM_INFO_F_KERNEL : 0);
	strscpy(info->name, rm->name, sizeof(info->name));
	info->state = rm->state;
	info->nr_enlistments = rm->nr_enlistments;
	spin_unlock(&rm->lock);
}

void ktm_en_fill_info(struct ktm_en_info *info, struct ktm_enlistment *en, u64 key)
{
	struct ktm_tx *tx = en->tx;
	u32 size = info->size;

	memset(info, 0, sizeof(*info));
	info->size = size;
	info->flags = en->flags;
	export_uuid(info->uuid, &en->obj.uuid);
	export_uuid(info->tx, &tx->obj.uuid);
	export_uuid(info->rm, &en->rm->obj.uuid);
	info->key = key;
	info->nr_records = READ_ONCE(en->nr_records);
	spin_lock(&tx->lock);
	info->state = en->state;
	info->tx_state = tx->state;
	info->reason = tx->reason;
	if (tx->verdict) {
		info->error = tx->verdict->error;
		export_uuid(info->reason_rm, &tx->verdict->rm);
		strscpy(info->detail, tx->verdict->detail, sizeof(info->detail));
	}
	spin_unlock(&tx->lock);
}
