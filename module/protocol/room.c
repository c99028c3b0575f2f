// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - who holds the tail of the log, and how to make room
 *
 * Each transaction pins the log from its first record on; the oldest pin holds
 * the tail. When room is short, the transaction with that pin
 *
 *	has no decision yet		is rolled back: KTM_REASON_LOG_FULL
 *	waits for its decision, or	is waited for: a flush, no more
 *	for its promise
 *	is promised to a superior	is copied forward: see below
 *	is decided, not ended		is copied forward: see below
 *	is ended			has its end record written
 *
 * Streams hold it too, with their entries, which are copied forward, and with their
 * bases, which their users must move: see catalogue.c. What is promised to a transaction
 * does not need the room that a base holds back.
 *
 * Copying forward writes the redo, the votes and the decision (or the promise) of
 * the enlistments that have not answered once more, forces them, and only then
 * lets the old ones go. On disk, if power fails
 *
 *	before the copied decision is durable	the old records are all there:
 *		the tail has not moved. Copied votes replace equal ones.
 *	after it				both sets are there, or the new one:
 *		the tail moves only past what was forced before.
 *
 * End records are written under the same mutex, so none can slip in between the
 * decision and its copy, to be overwritten before the copy is. A decision that
 * slips in while a promise is copied stands behind the new pin, and so do the votes
 * that it counts: their copies, at the latest.
 */
#include <linux/ktm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "catalogue.h"
#include "decide.h"
#include "freeze.h"
#include "redo.h"
#include "room.h"
#include "step.h"

u64 ktm_room_tail(struct ktm_tm *tm)
{
	struct ktm_stream_pin *of_stream;
	struct ktm_pin *pin;
	u64 lsn;

	spin_lock(&tm->pin_lock);
	pin = list_first_entry_or_null(&tm->pins, struct ktm_pin, node);
	of_stream = ktm_stream_oldest_pin(tm);
	lsn = pin ? pin->lsn : U64_MAX;
	if (of_stream)
		lsn = min(lsn, of_stream->lsn);
	spin_unlock(&tm->pin_lock);
	return lsn;
}

/* The transaction behind the oldest pin, if that is at or below @tail. */
static struct ktm_tx *oldest(struct ktm_tm *tm, u64 tail)
{
	struct ktm_tx *tx = NULL;
	struct ktm_pin *pin;

	rcu_read_lock();
	spin_lock(&tm->pin_lock);
	pin = list_first_entry_or_null(&tm->pins, struct ktm_pin, node);
	if (pin && pin->lsn <= tail) {
		/* a new_pin is oldest only for the moment of a copy: its owner is here */
		tx = container_of(pin, struct ktm_tx, pin);
		if (!refcount_inc_not_zero(&tx->obj.ref))
			tx = NULL;
	}
	spin_unlock(&tm->pin_lock);
	rcu_read_unlock();
	return tx;
}

bool ktm_room_oldest(struct ktm_tm *tm, uuid_t *uuid, u64 *lsn)
{
	struct ktm_pin *pin;

	/* a transaction unpins before its memory goes */
	spin_lock(&tm->pin_lock);
	pin = list_first_entry_or_null(&tm->pins, struct ktm_pin, node);
	if (pin) {
		uuid_copy(uuid, &container_of(pin, struct ktm_tx, pin)->obj.uuid);
		*lsn = pin->lsn;
	}
	spin_unlock(&tm->pin_lock);
	return pin;
}

static u32 collect(struct ktm_tx *tx, struct ktm_enlistment **list, u32 max)
{
	struct ktm_enlistment *en;
	u32 nr = 0;

	spin_lock(&tx->lock);
	list_for_each_entry(en, &tx->enlistments, tx_node) {
		if (nr == max || !ktm_redo_is_logged(en))
			continue;
		ktm_enlistment_get(en);
		list[nr++] = en;
	}
	spin_unlock(&tx->lock);
	return nr;
}

/* 0 with @promise set, or -EAGAIN: it has gone on to where nothing is copied. */
static int what_to_copy(struct ktm_tx *tx, bool *promise)
{
	int ret = 0;

	spin_lock(&tx->lock);
	*promise = tx->state == KTM_TX_S_PREPARED || tx->state == KTM_TX_S_ORPHANED;
	if (!*promise && tx->state != KTM_TX_S_COMMITTING)
		ret = -EAGAIN;
	spin_unlock(&tx->lock);
	return ret;
}

static int copy_forward(struct ktm_tx *tx, struct ktm_log *log)
{
	struct ktm_enlistment **list;
	struct ktm_tm *tm = tx->tm;
	u32 i, nr, max = READ_ONCE(tx->nr_enlistments);
	u64 first_vote = 0, vote;
	bool promise;
	int ret;

	list = kvcalloc(max + 1, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	ktm_tx_pin_log(tx, log, &tx->new_pin);
	/* asked after the pin: no decision that matters stands before it */
	ret = what_to_copy(tx, &promise);
	nr = ret ? 0 : collect(tx, list, max);
	for (i = 0; i < nr && !ret; i++) {
		ret = ktm_redo_copy_forward(list[i], log, &vote);
		first_vote = min_not_zero(first_vote, vote);
	}
	if (!ret)
		ret = ktm_decide_copy(tx, log, promise, nr, first_vote);
	if (!ret)
		ret = ktm_log_force(log);

	spin_lock(&tm->pin_lock);
	if (!ret) {
		/* the new pin's place in the list, under the old one's name */
		list_del_init(&tx->pin.node);
		tx->pin.lsn = tx->new_pin.lsn;
		list_replace_init(&tx->new_pin.node, &tx->pin.node);
	} else {
		list_del_init(&tx->new_pin.node);
	}
	spin_unlock(&tm->pin_lock);

	for (i = 0; i < nr; i++)
		ktm_enlistment_put(list[i]);
	kvfree(list);
	return ret;
}

/* -EAGAIN: it has gone on meanwhile. */
static int copy_if_kept(struct ktm_tx *tx, struct ktm_log *log)
{
	int ret;

	mutex_lock(&tx->tm->room_lock);
	ret = copy_forward(tx, log);
	mutex_unlock(&tx->tm->room_lock);
	return ret;
}

static bool has_no_pin(const struct ktm_tx *tx)
{
	return list_empty_careful(&tx->pin.node);
}

/*
 * Its end record is on the way: see ktm_decide_end_work(). While frozen it is not:
 * a freeze begins when none waits to be written, and step.c wakes us for others.
 */
static int wait_for_end(struct ktm_tx *tx)
{
	wait_event(tx->wait, has_no_pin(tx) || ktm_freeze_is_on(tx->tm));
	return has_no_pin(tx) ? 0 : -ENOSPC;
}

/*
 * Returns 0 only when the pin is gone or has moved: the log takes a tail that
 * still stands there for a full ring. So each turn goes one state on.
 */
static int make_room(struct ktm_tx *tx, struct ktm_log *log)
{
	enum ktm_tx_state state;
	int ret;

	for (;;) {
		state = READ_ONCE(tx->state);
		switch (state) {
		case KTM_TX_S_ACTIVE:
		case KTM_TX_S_SAVEPOINT:
		case KTM_TX_S_PREPREPARING:
		case KTM_TX_S_PREPREPARED:
		case KTM_TX_S_PREPARING:
			/* fails if it goes another way at this moment */
			ktm_rollback_reason(tx, KTM_REASON_LOG_FULL, ENOSPC);
			break;
		case KTM_TX_S_PROMISING:
		case KTM_TX_S_DECIDING:
			wait_event(tx->wait, READ_ONCE(tx->state) != state);
			break;
		case KTM_TX_S_PREPARED:
		case KTM_TX_S_ORPHANED:
		case KTM_TX_S_COMMITTING:
			ret = copy_if_kept(tx, log);
			if (ret != -EAGAIN)
				return ret;
			break;
		case KTM_TX_S_COMMITTED:
			return wait_for_end(tx);
		case KTM_TX_S_ABORTING:
		case KTM_TX_S_ABORTED:
			/* it may be about to do so, or have a record on the way */
			if (READ_ONCE(tx->promised))
				return wait_for_end(tx);
			ktm_tx_unpin_log(tx, &tx->pin);
			return 0;
		default:
			/* single phase: nothing may be taken from it, nor waited for */
			return -ENOSPC;
		}
	}
}

static bool holds(struct ktm_tx *tx, u64 tail)
{
	bool ret;

	spin_lock(&tx->tm->pin_lock);
	ret = !list_empty(&tx->pin.node) && tx->pin.lsn <= tail;
	spin_unlock(&tx->tm->pin_lock);
	return ret;
}

/*
 * The records of several may begin in one buffer: the tail moves when all of them have
 * made room. None comes to them, as new pins are above.
 */
static int make_room_by_txs(struct ktm_tm *tm, struct ktm_log *log, u64 tail)
{
	struct ktm_tx *tx;
	int ret = 0;

	while (!ret && (tx = oldest(tm, tail))) {
		ret = make_room(tx, log);
		/* the ring is full of reservations, and a copy stands where it was */
		if (!ret && holds(tx, tail))
			ret = -ENOSPC;
		ktm_tx_put(tx);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
	}
	return ret;
}

int ktm_room_make(struct ktm_tm *tm, u64 tail)
{
	struct ktm_log *log;
	int idx, ret = -ESHUTDOWN;

	log = ktm_tm_use_log(tm, &idx);
	if (log) {
		/* first: nobody is rolled back in vain for a base that stays */
		ret = ktm_catalogue_make_room(tm, log, tail);
		if (!ret)
			ret = make_room_by_txs(tm, log, tail);
	}
	ktm_tm_unuse_log(tm, idx);
	if (!ret && ktm_room_tail(tm) <= tail)
		ret = -ENOSPC;
	return ret;
}
