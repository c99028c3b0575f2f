// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - notifications of a resource manager
 */
#include "notify.h"
#include "enlistment.h"

void ktm_note_init(struct ktm_note *note, bool of_rm)
{
	INIT_LIST_HEAD(&note->node);
	note->type = 0;
	note->of_rm = of_rm;
}

struct ktm_enlistment *ktm_note_enlistment(struct ktm_note *note)
{
	return note->of_rm ? NULL : container_of(note, struct ktm_enlistment, note);
}

/* The work may outlast the note, so it has a reference of its own. */
static void queue_delivery(struct ktm_rm *rm, struct ktm_enlistment *en)
{
	ktm_assert_rm(rm);
	ktm_enlistment_get(en);
	if (!queue_work(rm->workers, &en->work))
		refcount_dec(&en->obj.ref);	/* not the last: the note's */
}

void ktm_notify_post_locked(struct ktm_rm *rm, struct ktm_note *note, u32 type)
{
	struct ktm_enlistment *en = ktm_note_enlistment(note);

	ktm_assert_rm(rm);
	note->type = type;
	if (list_empty(&note->node)) {
		if (en)
			ktm_enlistment_get(en);
		list_add_tail(&note->node, &rm->queue);
	}
	if (rm->workers && en)
		queue_delivery(rm, en);
	else
		wake_up_interruptible(&rm->wait);
}

void ktm_notify_post(struct ktm_enlistment *en, u32 type)
{
	struct ktm_rm *rm = en->rm;

	spin_lock(&rm->lock);
	if (rm->state == KTM_RM_S_ONLINE)
		ktm_notify_post_locked(rm, &en->note, type);
	spin_unlock(&rm->lock);
}

void ktm_notify_post_if_idle(struct ktm_enlistment *en, u32 type)
{
	struct ktm_rm *rm = en->rm;

	spin_lock(&rm->lock);
	if (rm->state == KTM_RM_S_ONLINE && list_empty(&en->note.node))
		ktm_notify_post_locked(rm, &en->note, type);
	spin_unlock(&rm->lock);
}

bool ktm_notify_cancel_locked(struct ktm_rm *rm, struct ktm_note *note)
{
	ktm_assert_rm(rm);
	if (list_empty(&note->node))
		return false;
	list_del_init(&note->node);
	note->type = 0;
	return true;
}

/* It stays the same as long as one of its notifications waits. */
static u64 savepoint_of(const struct ktm_enlistment *en)
{
	ktm_assert_rm(en->rm);
	switch (en->note.type) {
	case KTM_NOTIFY_SAVEPOINT:
	case KTM_NOTIFY_SAVEPOINT_ROLLBACK:
	case KTM_NOTIFY_SAVEPOINT_RELEASE:
		return en->tx->savepoints->about;
	default:
		return 0;
	}
}

bool ktm_notify_peek(struct ktm_rm *rm, struct ktm_notification *record)
{
	struct ktm_enlistment *en;
	struct ktm_note *note;

	lockdep_assert_held(&rm->read_lock);
	memset(record, 0, sizeof(*record));
	record->size = sizeof(*record);
	record->clock = atomic64_read(&rm->tm->clock);

	spin_lock(&rm->lock);
	note = list_first_entry_or_null(&rm->queue, struct ktm_note, node);
	if (note) {
		record->type = note->type;
		en = ktm_note_enlistment(note);
		if (en) {
			if (note->type != KTM_NOTIFY_RECOVER &&
			    note->type != KTM_NOTIFY_RECOVER_QUERY)
				record->key = en->key;
			export_uuid(record->enlistment, &en->obj.uuid);
			export_uuid(record->tx, &en->tx->obj.uuid);
			record->savepoint = savepoint_of(en);
		}
	}
	spin_unlock(&rm->lock);
	return note;
}

void ktm_notify_pop(struct ktm_rm *rm, const struct ktm_notification *record)
{
	struct ktm_enlistment *en;
	struct ktm_note *note;
	uuid_t uuid = uuid_null;

	lockdep_assert_held(&rm->read_lock);
	spin_lock(&rm->lock);
	note = list_first_entry_or_null(&rm->queue, struct ktm_note, node);
	en = note ? ktm_note_enlistment(note) : NULL;
	if (en)
		uuid_copy(&uuid, &en->obj.uuid);
	if (!note || note->type != record->type ||
	    memcmp(record->enlistment, &uuid, sizeof(uuid)) ||
	    !ktm_notify_cancel_locked(rm, note))
		en = NULL;
	spin_unlock(&rm->lock);
	if (en)
		ktm_enlistment_put(en);
}

u32 ktm_notify_take(struct ktm_enlistment *en, u64 *key, u64 *savepoint)
{
	struct ktm_rm *rm = en->rm;
	u32 type;

	spin_lock(&rm->lock);
	type = en->note.type;
	*savepoint = savepoint_of(en);
	if (!ktm_notify_cancel_locked(rm, &en->note))
		type = 0;
	*key = en->key;
	spin_unlock(&rm->lock);
	return type;
}

bool ktm_notify_pending(struct ktm_rm *rm)
{
	return !list_empty_careful(&rm->queue);
}
