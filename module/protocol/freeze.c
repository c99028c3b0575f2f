// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - freeze and thaw of a TM, for snapshots
 *
 * A freeze belongs to the fd on which it was asked for. It stays in tm.freezes
 * when it has ended, until the fd asks what became of it, or is closed. tm.freeze
 * is the one that is on, or on its way. References are held by that list, by the
 * timer, and by ktm_freeze_begin() while it waits.
 */
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "decide.h"
#include "freeze.h"
#include "../pure/state.h"

enum freeze_state {
	FREEZING,	/* commits are held back; those that had begun go on */
	FROZEN,
	EXPIRED,	/* its time was over */
	ENDED,		/* by a thaw on another fd, or before it was FROZEN */
};

/**
 * struct ktm_freeze - a freeze
 * @ref: references
 * @tm: what it freezes, with a reference [const]
 * @owner: the fd on which it was asked for; never followed [const]
 * @deadline: CLOCK_MONOTONIC ns at which it ends [const]
 * @node: in tm.freezes [tm.lock]
 * @state: enum freeze_state [tm.lock; read without]
 * @work: ends it at the deadline
 */
struct ktm_freeze {
	refcount_t ref;
	struct ktm_tm *tm;
	const void *owner;
	u64 deadline;
	struct list_head node;
	enum freeze_state state;
	struct delayed_work work;
};

static void freeze_put(struct ktm_freeze *freeze)
{
	if (!refcount_dec_and_test(&freeze->ref))
		return;
	ktm_tm_put(freeze->tm);
	kfree(freeze);
}

/* With the timer's reference. */
static void start(struct ktm_freeze *freeze)
{
	u64 now = ktime_get_ns(), time = freeze->deadline;

	queue_delayed_work(ktm_workers, &freeze->work,
			   time > now ? nsecs_to_jiffies(time - now) + 1 : 0);
}

static void stop(struct ktm_freeze *freeze)
{
	/* if it runs already, it drops its reference itself */
	if (cancel_delayed_work(&freeze->work))
		freeze_put(freeze);
}

/* True: it was the one that is on; call resume() without the lock. */
static bool end_locked(struct ktm_freeze *freeze, enum freeze_state state)
{
	struct ktm_tm *tm = freeze->tm;

	lockdep_assert_held(&tm->lock);
	if (tm->freeze != freeze)
		return false;
	WRITE_ONCE(tm->freeze, NULL);
	WRITE_ONCE(freeze->state, state);
	return true;
}

/* What was held back goes on. */
static void resume(struct ktm_tm *tm)
{
	bool ends;

	wake_up_all(&tm->freeze_wait);
	spin_lock(&tm->lock);
	ends = !list_empty(&tm->ended);
	spin_unlock(&tm->lock);
	if (ends)
		ktm_decide_queue_end(tm);
}

static void expire(struct work_struct *work)
{
	struct ktm_freeze *freeze =
		container_of(work, struct ktm_freeze, work.work);
	struct ktm_tm *tm = freeze->tm;
	bool ended;

	spin_lock(&tm->lock);
	if (tm->freeze == freeze && ktime_get_ns() < freeze->deadline) {
		/* jiffies were behind the clock when it was started */
		start(freeze);
		spin_unlock(&tm->lock);
		return;
	}
	ended = end_locked(freeze, EXPIRED);
	spin_unlock(&tm->lock);
	if (ended) {
		pr_warn_ratelimited("%pUb: a freeze was not thawed in time\n", &tm->obj.uuid);
		resume(tm);
	}
	freeze_put(freeze);
}

static struct ktm_freeze *find_locked(struct ktm_tm *tm, const void *owner)
{
	struct ktm_freeze *freeze;

	lockdep_assert_held(&tm->lock);
	list_for_each_entry(freeze, &tm->freezes, node)
		if (freeze->owner == owner)
			return freeze;
	return NULL;
}

bool ktm_freeze_is_on_locked(const struct ktm_tm *tm)
{
	lockdep_assert_held(&tm->lock);
	return tm->freeze && tm->freeze->state == FROZEN;
}

bool ktm_freeze_is_on(struct ktm_tm *tm)
{
	bool on;

	spin_lock(&tm->lock);
	on = ktm_freeze_is_on_locked(tm);
	spin_unlock(&tm->lock);
	return on;
}

static bool may_enter(struct ktm_tx *tx, int *entered)
{
	struct ktm_tm *tm = tx->tm;
	bool over;

	spin_lock(&tm->lock);
	if (!tm->freeze) {
		tm->nr_entering++;
		*entered = 1;
	}
	spin_unlock(&tm->lock);
	if (*entered)
		return true;
	spin_lock(&tx->lock);
	over = ktm_tx_state_decided(tx->state);
	spin_unlock(&tx->lock);
	return over;
}

int ktm_freeze_enter(struct ktm_tx *tx, bool wait)
{
	int ret, entered = 0;

	if (may_enter(tx, &entered))
		return entered;
	if (!wait)
		return -EAGAIN;
	ret = wait_event_interruptible(tx->tm->freeze_wait, may_enter(tx, &entered));
	return ret ?: entered;
}

void ktm_freeze_leave(struct ktm_tm *tm)
{
	spin_lock(&tm->lock);
	tm->nr_entering--;
	ktm_freeze_wake(tm);
	spin_unlock(&tm->lock);
}

static bool is_pending(const struct ktm_freeze *freeze)
{
	return READ_ONCE(freeze->state) == FREEZING;
}

static ktime_t time_left(u64 time)
{
	u64 now = ktime_get_ns();

	return ns_to_ktime(time > now ? time - now : 0);
}

/* Until @done says so, the freeze has ended, or the time is over: -ETIME. */
static int wait_until(struct ktm_freeze *freeze, bool (*done)(void *arg), void *arg,
		      u64 time)
{
	return wait_event_interruptible_hrtimeout(freeze->tm->freeze_wait,
						  done(arg) || !is_pending(freeze),
						  time_left(time));
}

static bool none_is_busy(void *arg)
{
	struct ktm_tm *tm = arg;
	bool none;

	spin_lock(&tm->lock);
	none = !tm->nr_entering && !tm->nr_busy;
	spin_unlock(&tm->lock);
	return none;
}

/* Nobody who is present has still to carry it out. */
static bool is_carried_out(void *arg)
{
	struct ktm_tx *tx = arg;
	bool done;

	spin_lock(&tx->lock);
	done = tx->state != KTM_TX_S_COMMITTING || !tx->nr_waiting;
	spin_unlock(&tx->lock);
	return done;
}

/* No commit begins, so one look at each transaction is enough. */
static int wait_for_commits(struct ktm_freeze *freeze, u64 time, uuid_t *blocker)
{
	struct ktm_object *obj;
	u64 cursor = 0;
	int ret = 0;

	while (!ret && is_pending(freeze) &&
	       (obj = ktm_registry_next(&freeze->tm->txs, &cursor))) {
		struct ktm_tx *tx = container_of(obj, struct ktm_tx, obj);

		ret = wait_until(freeze, is_carried_out, tx, time);
		if (ret == -ETIME)
			uuid_copy(blocker, &tx->obj.uuid);
		ktm_tx_put(tx);
		if (!ret && signal_pending(current))
			ret = -ERESTARTSYS;
		cond_resched();
	}
	return ret;
}

static bool is_frozen(void *arg)
{
	struct ktm_freeze *freeze = arg;
	struct ktm_tm *tm = freeze->tm;
	bool frozen;

	spin_lock(&tm->lock);
	/* who waits for an end record must not be left waiting: see room.c */
	if (freeze->state == FREEZING && list_empty(&tm->ended))
		WRITE_ONCE(freeze->state, FROZEN);
	frozen = freeze->state == FROZEN;
	spin_unlock(&tm->lock);
	return frozen;
}

/* One of those that keep a freeze from being reached. */
static void name_busy(struct ktm_tm *tm, uuid_t *blocker)
{
	struct ktm_object *obj;
	bool found = false;
	u64 cursor = 0;

	while (!found && (obj = ktm_registry_next(&tm->txs, &cursor))) {
		struct ktm_tx *tx = container_of(obj, struct ktm_tx, obj);

		found = ktm_tx_state_busy(READ_ONCE(tx->state));
		if (found)
			uuid_copy(blocker, &tx->obj.uuid);
		ktm_tx_put(tx);
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
}

static int reach(struct ktm_freeze *freeze, u64 time, uuid_t *blocker)
{
	struct ktm_tm *tm = freeze->tm;
	int ret;

	ret = wait_until(freeze, none_is_busy, tm, time);
	if (ret == -ETIME)
		name_busy(tm, blocker);
	if (!ret)
		ret = wait_for_commits(freeze, time, blocker);
	if (!ret)
		ret = wait_until(freeze, is_frozen, freeze, time);
	if (ret)
		return ret == -ETIME ? -ETIMEDOUT : ret;
	/* a log that has failed on the way leaves outcomes in doubt */
	if (READ_ONCE(tm->state) != KTM_TM_S_ONLINE)
		return -ESHUTDOWN;
	switch (READ_ONCE(freeze->state)) {
	case FROZEN:
		return 0;
	case EXPIRED:
		return -ETIMEDOUT;
	default:
		return -ECANCELED;
	}
}

/* The list's reference passes to the caller. */
static struct ktm_freeze *take_locked(struct ktm_tm *tm, const void *owner)
{
	struct ktm_freeze *freeze = find_locked(tm, owner);

	if (freeze)
		list_del_init(&freeze->node);
	return freeze;
}

static int add(struct ktm_freeze *freeze)
{
	struct ktm_tm *tm = freeze->tm;
	struct ktm_freeze *old = NULL;
	int ret = 0;

	spin_lock(&tm->lock);
	if (tm->state != KTM_TM_S_ONLINE) {
		ret = -ESHUTDOWN;
	} else if (tm->freeze) {
		ret = -EBUSY;
	} else {
		old = take_locked(tm, freeze->owner);
		refcount_add(2, &freeze->ref);	/* list and timer */
		list_add(&freeze->node, &tm->freezes);
		WRITE_ONCE(tm->freeze, freeze);
		start(freeze);
	}
	spin_unlock(&tm->lock);
	if (old)
		freeze_put(old);
	return ret;
}

void ktm_freeze_closed(struct ktm_tm *tm, const void *owner)
{
	struct ktm_freeze *freeze;
	bool ended = false;

	spin_lock(&tm->lock);
	freeze = take_locked(tm, owner);
	if (freeze)
		ended = end_locked(freeze, ENDED);
	spin_unlock(&tm->lock);
	if (!freeze)
		return;
	if (ended)
		resume(tm);
	stop(freeze);
	freeze_put(freeze);
}

int ktm_freeze_begin(struct ktm_tm *tm, const void *owner, u64 freeze_deadline,
		     u64 thaw_deadline, uuid_t *blocker)
{
	struct ktm_freeze *freeze;
	u64 now = ktime_get_ns();
	int ret;

	if (!freeze_deadline || thaw_deadline <= freeze_deadline)
		return -EINVAL;
	if (freeze_deadline <= now)
		return -ETIMEDOUT;
	if (thaw_deadline - now > KTM_FREEZE_MAX_NS)
		return -EINVAL;
	freeze = kzalloc(sizeof(*freeze), GFP_KERNEL_ACCOUNT);
	if (!freeze)
		return -ENOMEM;
	refcount_set(&freeze->ref, 1);
	freeze->tm = ktm_tm_get(tm);
	freeze->owner = owner;
	freeze->deadline = thaw_deadline;
	INIT_LIST_HEAD(&freeze->node);
	INIT_DELAYED_WORK(&freeze->work, expire);

	ret = add(freeze);
	if (!ret) {
		ret = reach(freeze, freeze_deadline, blocker);
		if (ret)
			ktm_freeze_closed(tm, owner);
	}
	freeze_put(freeze);
	return ret;
}

static int result(const struct ktm_freeze *freeze)
{
	switch (freeze->state) {
	case FROZEN:
		return 0;
	case EXPIRED:
		return -ETIMEDOUT;
	case ENDED:
		return -ECANCELED;
	default:
		return -EPROTO;
	}
}

int ktm_freeze_thaw(struct ktm_tm *tm, const void *owner)
{
	struct ktm_freeze *freeze;
	bool mine, ended = false;
	int ret = -EPROTO;

	spin_lock(&tm->lock);
	freeze = find_locked(tm, owner);
	mine = freeze;
	if (!mine)
		freeze = tm->freeze;
	if (freeze) {
		refcount_inc(&freeze->ref);
		ret = result(freeze);
		ended = end_locked(freeze, ENDED);
		/* its own fd has still to be told, or still waits for it */
		mine = mine && ret != -EPROTO;
		if (mine)
			list_del_init(&freeze->node);
	}
	spin_unlock(&tm->lock);
	if (!freeze)
		return ret;
	if (ended) {
		resume(tm);
		stop(freeze);
	}
	if (mine)
		freeze_put(freeze);
	freeze_put(freeze);
	return ret;
}
