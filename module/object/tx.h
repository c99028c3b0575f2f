/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - transaction object
 */
#ifndef _KTM_OBJECT_TX_H
#define _KTM_OBJECT_TX_H

#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "object.h"
#include "ranking.h"
#include "tm.h"

/**
 * struct ktm_pin - holds the tail of the log
 * @node: [tm.pin_lock] in tm.pins; empty when it holds nothing
 * @lsn: [tm.pin_lock] nothing from here on is freed
 */
struct ktm_pin {
	struct list_head node;
	u64 lsn;
};

/**
 * struct ktm_verdict - why a transaction was rolled back
 * @reason: enum ktm_reason
 * @error: errno, positive, or 0
 * @rm: who said so, or nil
 * @detail: what was said
 */
struct ktm_verdict {
	u32 reason;
	u32 error;
	uuid_t rm;
	char detail[KTM_DETAIL_MAX];
};

struct ktm_deadline;
struct ktm_enlistment;
struct ktm_savepoint_call;

/**
 * struct ktm_savepoints - those of a transaction that has set one
 * @last: the last number that was given out [tx.lock]
 * @nr: how many are there [tx.lock]
 * @ids: their numbers, rising [tx.lock]
 * @asks: what is asked of the enlistments: KTM_NOTIFY_SAVEPOINT, _ROLLBACK or
 *	_RELEASE [tx.lock]
 * @about: about which one [tx.lock to change, while no enlistment is asked; read
 *	under rm.lock while a notification about it waits]
 * @error: negative errno with which one has refused, or 0 [tx.lock]
 * @rm: whose it is, with an error [tx.lock]
 * @call: who waits, or NULL [tx.lock]
 */
struct ktm_savepoints {
	u64 last;
	u32 nr;
	u32 asks;
	u64 about;
	int error;
	uuid_t rm;
	struct ktm_savepoint_call *call;
	u64 ids[KTM_TX_MAX_SAVEPOINTS];
};

/**
 * struct ktm_tx - a transaction
 * @obj: identity and references
 * @tm: its TM, with a reference [const]
 * @description: text for people, or NULL [const]
 * @payer: to whom it is charged, and what it holds in the log [const]
 * @begun: when it was made, CLOCK_MONOTONIC ns [const]
 * @lock: protects what follows
 * @state: enum ktm_tx_state; assigned by protocol/state.c only [lock]
 * @reason: enum ktm_reason [lock]
 * @verdict: the rest of the reason, or NULL [lock]
 * @enlistments: those that have not left [lock]
 * @nr_enlistments: length of it [lock]
 * @watchers: those that were read-only and hear of a lost outcome [lock]
 * @superior: the superior's enlistment, with a reference, which is in none of
 *	these lists; NULL without one, or when it has left [lock]
 * @nr_waiting: enlistments whose answer is awaited and can come [lock]
 * @nr_prepared: records that the decision counts on [lock]
 * @first_vote: the lowest of their LSNs, or 0 [lock]
 * @promised: the log holds a promise of it: its records stay needed until an end
 *	record is there, whatever the outcome [lock]
 * @slots: slots reserved in the log [lock]
 * @log_bytes: what its records take: redo, votes, recovery information [lock]
 * @held: what @payer is charged for in tm.shares: that, and the slots it got [lock]
 * @kept: what it has of tm.kept: the slots that were reserved for it, and from the
 *	first reservation on @log_bytes [lock]
 * @nr_reserves: reservations that have been made for it and not given back [lock]
 * @released: nothing of it in the log is needed any more: these are 0 for good [lock]
 * @nr_files: fds of it that may commit or roll back [lock]
 * @charged: it counts in the quota of @payer [lock]
 * @owner: who began it [const]
 * @deadline: timer, or NULL [lock]
 * @expired: it ran when the single enlistment was to decide [lock]
 * @savepoints: its savepoints, or NULL before the first [lock to set; then const]
 * @wait: woken at each change of state, when nr_waiting falls to 0, and when
 *	a pin goes
 * @decision: told when the decision, or the promise before it, is durable [the
 *	log]
 * @clock: virtual clock of the decision, or of the promise before it: that of the
 *	record, kept for copies of it [whoever appends it; read without]
 * @pin: holds the records of this transaction [tm.pin_lock]
 * @new_pin: holds the copies while they are made [tm.pin_lock]
 * @end_node: in tm.ended [tm.lock]
 */
struct ktm_tx {
	struct ktm_object obj;
	struct ktm_tm *tm;
	char *description;
	struct ktm_payer payer;
	u64 begun;

	spinlock_t lock;	/* the state, and all that goes with it */
	enum ktm_tx_state state;
	u32 reason;
	struct ktm_verdict *verdict;
	struct list_head enlistments;
	u32 nr_enlistments;
	struct list_head watchers;
	struct ktm_enlistment *superior;
	u32 nr_waiting;
	u32 nr_prepared;
	u64 first_vote;
	bool promised;
	u32 slots;
	u64 log_bytes;
	u64 held;
	u64 kept;
	u32 nr_reserves;
	bool released;
	u32 nr_files;
	bool charged;
	struct pid *owner;
	struct ktm_deadline *deadline;
	bool expired;
	struct ktm_savepoints *savepoints;
	wait_queue_head_t wait;

	struct ktm_log_waiter decision;
	u64 clock;
	struct ktm_pin pin;
	struct ktm_pin new_pin;
	struct list_head end_node;
};

/**
 * ktm_tx_alloc - first stage of making a transaction
 * @tm: its TM; a reference is taken
 * @uuid: identity, or nil for a new one
 * @description: text for people, may be empty
 * @payer: to whom it is charged
 * Context: process context.
 * Return: the transaction in state NEW with one reference, or an ERR_PTR.
 */
struct ktm_tx *ktm_tx_alloc(struct ktm_tm *tm, const uuid_t *uuid,
			    const char *description, struct ktm_payer payer);

/**
 * ktm_tx_uncharge - it has ended: whoever has an fd of it pays for that alone
 * @tx: the transaction, tx.lock held
 *
 * Others could keep the user from making more otherwise: they may open it.
 */
void ktm_tx_uncharge(struct ktm_tx *tx);

/**
 * ktm_tx_find - look a transaction up
 * @tm: where
 * @uuid: which
 * Return: the transaction with a reference, or NULL.
 */
struct ktm_tx *ktm_tx_find(struct ktm_tm *tm, const uuid_t *uuid);

/**
 * ktm_tx_get - take another reference
 * @tx: the transaction
 * Return: @tx.
 */
static inline struct ktm_tx *ktm_tx_get(struct ktm_tx *tx)
{
	refcount_inc(&tx->obj.ref);
	return tx;
}

/**
 * ktm_tx_pin_log - hold the tail from the log's current end on
 * @tx: the transaction, about to log its first record
 * @log: the log
 * @pin: &tx->pin or &tx->new_pin
 *
 * Nothing happens if the pin holds already.
 */
void ktm_tx_pin_log(struct ktm_tx *tx, struct ktm_log *log, struct ktm_pin *pin);

/**
 * ktm_tx_unpin_log - let the tail go
 * @tx: the transaction
 * @pin: &tx->pin or &tx->new_pin
 */
void ktm_tx_unpin_log(struct ktm_tx *tx, struct ktm_pin *pin);

#endif /* _KTM_OBJECT_TX_H */
