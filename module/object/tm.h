/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - transaction manager object
 */
#ifndef _KTM_OBJECT_TM_H
#define _KTM_OBJECT_TM_H

#include <linux/spinlock.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/srcu.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/ktm.h>

#include "object.h"
#include "quota.h"
#include "../log/log.h"

struct ktm_freeze;
struct ktm_recovery;

/**
 * struct ktm_tm - a transaction manager
 * @obj: identity and references
 * @name: text for people [const]
 * @uid: owner [const]
 * @gid: group [const]
 * @mode: permission bits [const]
 * @durable: has a log [const]
 * @payer: to whom it is charged [const]
 * @txs: its transactions
 * @rms: its resource managers
 * @enlistments: its enlistments
 * @streams: its log streams
 * @lock: protects the state and the counts
 * @state: enum ktm_tm_state [lock; read without]
 * @error: negative errno that took it offline [lock; read without]
 * @nr_active: transactions that are not decided [lock]
 * @nr_unfinished: transactions that are decided, not ended [lock]
 * @nr_busy: transactions whose commit has begun and has no outcome yet: see
 *	ktm_tx_state_busy() [lock]
 * @nr_entering: callers that may be about to begin one [lock]
 * @nr_present: resource managers that are not gone [lock]
 * @committed: outcomes so far [lock]
 * @aborted: outcomes so far [lock]
 * @clock: virtual clock; never goes back [atomic]
 * @freeze: the freeze that is on or on its way, or NULL [lock; read without]
 * @freezes: those whose fd has not asked what became of them [lock]
 * @freeze_wait: who waits for the freeze, or is held back by it
 * @log: the ring; see ktm_tm_use_log() [log_srcu]
 * @log_srcu: whoever uses the log
 * @shares: bytes of the log that the transactions of each user hold
 * @kept: bytes of the log that transactions hold which may be decided, see
 *	protocol/share.h
 * @pin_lock: protects the pins
 * @pins: struct ktm_pin of all transactions, by rising LSN [pin_lock]
 * @stream_pins: struct ktm_stream_pin, by rising LSN [pin_lock]
 * @stream_lock: names of streams; which streams there are
 * @nr_streams: how many [stream_lock]
 * @room_lock: one maker of room at a time; also held over end records, so that
 *	a transaction is not copied forward and ended at once
 * @ended: transactions whose end record must be written [lock]
 * @end_work: writes them
 * @recovery_lock: recovery in steps; a TM that was not seen yet needs none
 * @recovery: table of what replay found; until it is recovered [recovery_lock]
 * @horizon: virtual clock that it was rolled forward to [recovery_lock]
 * @recovery_tail: lowest LSN that must stay whatever the pins say: what replay
 *	found, until objects pin it; at detach what was unfinished when the log
 *	was taken away; else U64_MAX [the attacher or detacher; read without]
 */
struct ktm_tm {
	struct ktm_object obj;
	char name[KTM_NAME_MAX];
	kuid_t uid;
	kgid_t gid;
	u32 mode;
	bool durable;
	kuid_t payer;

	struct ktm_registry txs;
	struct ktm_registry rms;
	struct ktm_registry enlistments;
	struct ktm_registry streams;

	spinlock_t lock;	/* state and counts */
	enum ktm_tm_state state;
	int error;
	u64 nr_active;
	u64 nr_unfinished;
	u64 nr_busy;
	u32 nr_entering;
	u32 nr_present;
	u64 committed;
	u64 aborted;
	atomic64_t clock;

	struct ktm_freeze *freeze;
	struct list_head freezes;
	wait_queue_head_t freeze_wait;

	struct ktm_log *log;
	struct srcu_struct log_srcu;
	struct ktm_quota shares;
	atomic64_t kept;
	spinlock_t pin_lock;	/* pins */
	struct list_head pins;
	struct rb_root_cached stream_pins;
	struct mutex stream_lock;	/* which streams there are */
	u32 nr_streams;
	struct mutex room_lock;	/* copies and end records */
	struct list_head ended;
	struct work_struct end_work;
	struct mutex recovery_lock;	/* recovery in steps */
	struct ktm_recovery *recovery;
	u64 horizon;
	u64 recovery_tail;
};

/**
 * ktm_tm_alloc - first stage of making a TM: memory, not visible yet
 * @durable: it will have a log
 * Context: process context; the caller pays.
 * Return: the TM with one reference, or an ERR_PTR. The caller fills in the
 * const fields, then calls ktm_tm_finalize(), or ktm_tm_put() to give up.
 */
struct ktm_tm *ktm_tm_alloc(bool durable);

/**
 * ktm_tm_finalize - last stage: visible from here on
 * @tm: the TM
 * Return: 0, -EEXIST, -ENOMEM.
 */
int ktm_tm_finalize(struct ktm_tm *tm);

/**
 * ktm_tm_hide - not to be found any more; its UUID is free
 * @tm: the TM, by the one who detaches it
 * Context: process context.
 */
void ktm_tm_hide(struct ktm_tm *tm);

/**
 * ktm_tm_find - look a TM up
 * @uuid: which
 * Return: the TM with a reference, or NULL.
 */
struct ktm_tm *ktm_tm_find(const uuid_t *uuid);

/**
 * ktm_tm_next - step through all TMs
 * @cursor: 0 to start; moved on
 * Return: the TM with a reference, or NULL at the end.
 */
struct ktm_tm *ktm_tm_next(u64 *cursor);

/**
 * ktm_tm_get - take another reference
 * @tm: the TM
 * Return: @tm.
 */
static inline struct ktm_tm *ktm_tm_get(struct ktm_tm *tm)
{
	refcount_inc(&tm->obj.ref);
	return tm;
}

/**
 * ktm_tm_advance_clock - move the virtual clock forward
 * @tm: the TM
 * @clock: value to reach; a lower one changes nothing
 */
void ktm_tm_advance_clock(struct ktm_tm *tm, u64 clock);

/**
 * ktm_tm_use_log - keep the log from going away
 * @tm: a TM
 * @idx: out: for ktm_tm_unuse_log(), to be called whatever this returns
 * Return: the log, or NULL for a volatile or detached TM.
 */
static inline struct ktm_log *ktm_tm_use_log(struct ktm_tm *tm, int *idx)
{
	*idx = srcu_read_lock(&tm->log_srcu);
	return READ_ONCE(tm->log);
}

/**
 * ktm_tm_unuse_log - end of the use
 * @tm: a TM
 * @idx: from ktm_tm_use_log()
 */
static inline void ktm_tm_unuse_log(struct ktm_tm *tm, int idx)
{
	srcu_read_unlock(&tm->log_srcu, idx);
}

/**
 * ktm_tm_objects_init - set the table of TMs up
 * Return: 0 or -ENOMEM.
 */
int ktm_tm_objects_init(void);

/**
 * ktm_tm_objects_exit - take it down; no TM is left
 */
void ktm_tm_objects_exit(void);

#endif /* _KTM_OBJECT_TM_H */
