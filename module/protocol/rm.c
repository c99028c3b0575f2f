// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - lives of resource managers
 *
 * A life begins with ktm_rm_begin_life() and ends with ktm_rm_end_life(). Both
 * ends walk the RM's enlistments, whose transactions have to be locked first.
 * So the walk takes one enlistment at a time, with a reference, marks it as seen
 * in this life and moves it to the end of the list. None can be added during a
 * walk (rm.busy), so the first one that is marked ends it.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "answer.h"
#include "rm.h"
#include "step.h"

static struct ktm_enlistment *next_unseen(struct ktm_rm *rm)
{
	struct ktm_enlistment *en;

	spin_lock(&rm->lock);
	en = list_first_entry_or_null(&rm->enlistments, struct ktm_enlistment, rm_node);
	if (en && en->life == rm->life)
		en = NULL;
	if (en) {
		en->life = rm->life;
		list_move_tail(&en->rm_node, &rm->enlistments);
		ktm_enlistment_get(en);
	}
	spin_unlock(&rm->lock);
	return en;
}

/* Takes over the RM object of an earlier life, or makes one. */
static struct ktm_rm *find_or_make(struct ktm_tm *tm, const uuid_t *uuid, u32 flags,
				   kuid_t owner)
{
	struct ktm_rm *rm;
	int ret;

	if (!uuid_is_null(uuid)) {
		rm = ktm_rm_find(tm, uuid);
		if (rm)
			return rm;
	}
	rm = ktm_rm_alloc(tm, uuid, flags, owner);
	if (IS_ERR(rm))
		return rm;
	ret = ktm_registry_insert(&tm->rms, &rm->obj);
	if (ret) {
		ktm_rm_put(rm);
		return ERR_PTR(ret);
	}
	return rm;
}

static int may_begin(const struct ktm_rm *rm, u32 flags, const struct ktm_rm_who *who)
{
	ktm_assert_rm(rm);
	if (rm->state != KTM_RM_S_GONE || rm->busy || rm->flags != flags)
		return -EEXIST;
	if (!uid_eq(rm->owner, who->uid) && !who->admin)
		return -EPERM;
	return 0;
}

/*
 * Takes the lock, also when it fails. An RM that waits for its return is charged
 * already; for another one the caller pays now, outside of the lock.
 */
static int lock_charged(struct ktm_rm *rm, struct ktm_payer payer, bool *paid)
	__acquires(&rm->lock)
{
	int ret = 0;

	*paid = false;
	spin_lock(&rm->lock);
	while (!ret && !*paid && !rm->charged) {
		spin_unlock(&rm->lock);
		ret = ktm_objects_charge(payer, KTM_QUOTA_RM);
		*paid = !ret;
		spin_lock(&rm->lock);
	}
	return ret;
}

struct ktm_rm *ktm_rm_begin_life(struct ktm_tm *tm, const uuid_t *uuid,
				 const char *name, u32 flags,
				 const struct ktm_rm_who *who,
				 const struct ktm_rm_ops *ops, void *priv)
{
	struct workqueue_struct *workers = NULL;
	struct ktm_rm *rm;
	bool paid;
	int ret;

	if (!(flags & KTM_RM_F_VOLATILE) && (!tm->durable || uuid_is_null(uuid)))
		return ERR_PTR(-EINVAL);
	if (ops) {
		workers = alloc_workqueue("ktm_rm/%s", WQ_UNBOUND | WQ_MEM_RECLAIM,
					  0, name);
		if (!workers)
			return ERR_PTR(-ENOMEM);
	}
	rm = find_or_make(tm, uuid, flags, who->uid);
	if (IS_ERR(rm)) {
		ret = PTR_ERR(rm);
		goto err_workers;
	}

	ret = lock_charged(rm, who->payer, &paid);
	if (!ret)
		ret = may_begin(rm, flags, who);
	if (!ret)
		ret = ktm_rm_set_state(rm, KTM_RM_S_OFFLINE);
	if (!ret) {
		paid = paid && !ktm_rm_charge_locked(rm, who->payer.uid);
		rm->life++;
		rm->nr_files = 1;
		rm->ops = ops;
		rm->priv = priv;
		rm->workers = workers;
		strscpy(rm->name, name, sizeof(rm->name));
	}
	spin_unlock(&rm->lock);
	if (paid)
		ktm_objects_uncharge(who->payer.uid, KTM_QUOTA_RM);
	if (ret)
		goto err_put;
	if (ops)
		__module_get(ops->owner);
	return rm;

err_put:
	ktm_rm_put(rm);
err_workers:
	if (workers)
		destroy_workqueue(workers);
	return ERR_PTR(ret);
}

/* The RM can't take it now: nobody waits for it in this life. */
static void leave_to_next_life(struct ktm_rm *rm, struct ktm_enlistment *en)
{
	spin_lock(&rm->lock);
	if (en->unresolved == rm->life) {
		en->unresolved = 0;
		if (!--rm->nr_unresolved)
			wake_up_all(&rm->wait);
	}
	spin_unlock(&rm->lock);
}

/* One enlistment that an earlier life left. */
static void recover_one(struct ktm_rm *rm, struct ktm_enlistment *en)
{
	bool waits;

	spin_lock(&en->tx->lock);
	waits = en->suspended && en->state != KTM_EN_S_DONE;
	if (waits) {
		spin_lock(&rm->lock);
		en->unresolved = rm->life;
		rm->nr_unresolved++;
		if (!rm->ops)
			ktm_notify_post_locked(rm, &en->note,
					       en->flags & KTM_EN_F_SUPERIOR ?
					       KTM_NOTIFY_RECOVER_QUERY :
					       KTM_NOTIFY_RECOVER);
		spin_unlock(&rm->lock);
	}
	spin_unlock(&en->tx->lock);
	if (!waits || !rm->ops)
		return;
	if (!rm->ops->recover || rm->ops->recover(rm, en))
		leave_to_next_life(rm, en);
	else
		ktm_answer_ask_outcome(en);
}

int ktm_rm_go_online(struct ktm_rm *rm, u32 life)
{
	struct ktm_enlistment *en;
	int ret = 0;

	spin_lock(&rm->lock);
	if (rm->life != life)
		ret = -EPROTO;
	else if (rm->busy || rm->state != KTM_RM_S_OFFLINE)
		ret = -EALREADY;
	else if (READ_ONCE(rm->tm->state) != KTM_TM_S_ONLINE)
		ret = -ESHUTDOWN;
	else
		ret = ktm_rm_set_state(rm, KTM_RM_S_ONLINE);
	/* no enlisting until the list has been walked */
	if (!ret)
		rm->busy = true;
	spin_unlock(&rm->lock);
	if (ret)
		return ret;

	while ((en = next_unseen(rm))) {
		recover_one(rm, en);
		ktm_enlistment_put(en);
	}
	if (rm->ops && rm->ops->last_recover)
		rm->ops->last_recover(rm);

	spin_lock(&rm->lock);
	rm->busy = false;
	if (!rm->ops)
		ktm_notify_post_locked(rm, &rm->last_recover, KTM_NOTIFY_LAST_RECOVER);
	spin_unlock(&rm->lock);
	return 0;
}

static void drop_queue(struct ktm_rm *rm)
{
	struct ktm_enlistment *en;
	struct ktm_note *note;

	do {
		en = NULL;
		spin_lock(&rm->lock);
		note = list_first_entry_or_null(&rm->queue, struct ktm_note, node);
		if (note && ktm_notify_cancel_locked(rm, note))
			en = ktm_note_enlistment(note);
		spin_unlock(&rm->lock);
		if (en)
			ktm_enlistment_put(en);
	} while (note);
}

static void lose_one(struct ktm_rm *rm, struct ktm_enlistment *en)
{
	/* what becomes of a superior's transaction is decided in step.c */
	bool returns = !(rm->flags & KTM_RM_F_VOLATILE) ||
		       en->flags & KTM_EN_F_SUPERIOR;
	struct ktm_step step;

	ktm_step_begin(&step, en->tx);
	/* -EPROTO: it has left meanwhile */
	ktm_step_en(&step, en, returns ? KTM_EN_E_LOST : KTM_EN_E_LEFT);
	ktm_step_end(&step);
	ktm_enlistment_release_key(en);
}

void ktm_rm_end_life(struct ktm_rm *rm)
{
	struct workqueue_struct *workers = rm->workers;
	const struct ktm_rm_ops *ops = rm->ops;
	struct ktm_enlistment *en;

	/* from here on nothing is sent and nobody enlists */
	spin_lock(&rm->lock);
	rm->busy = true;
	rm->life++;
	rm->nr_unresolved = 0;
	ktm_rm_set_state(rm, KTM_RM_S_GONE);
	spin_unlock(&rm->lock);

	/* what is being carried out may come to its end and answer */
	if (workers)
		drain_workqueue(workers);
	drop_queue(rm);
	while ((en = next_unseen(rm))) {
		lose_one(rm, en);
		ktm_enlistment_put(en);
	}
	if (ops) {
		wait_event(rm->wait, !READ_ONCE(rm->nr_keys));
		destroy_workqueue(workers);
	}

	spin_lock(&rm->lock);
	rm->ops = NULL;
	rm->priv = NULL;
	rm->workers = NULL;
	rm->busy = false;
	ktm_rm_uncharge_locked(rm);
	spin_unlock(&rm->lock);
	wake_up_all(&rm->wait);
	if (ops)
		module_put(ops->owner);
	ktm_rm_put(rm);
}

void ktm_rm_file_opened(struct ktm_rm *rm)
{
	spin_lock(&rm->lock);
	rm->nr_files++;
	spin_unlock(&rm->lock);
}

void ktm_rm_file_closed(struct ktm_rm *rm)
{
	bool last;

	spin_lock(&rm->lock);
	last = !--rm->nr_files;
	spin_unlock(&rm->lock);
	if (last)
		ktm_rm_end_life(rm);
	else
		ktm_rm_put(rm);
}
