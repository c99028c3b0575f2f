/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - freeze and thaw of a TM, for snapshots
 *
 * While a TM is frozen no transaction of it comes to an outcome other than
 * rollback. So a snapshot of the log and of the disks of its RMs, taken at
 * different moments meanwhile, shows the same commits in all of them:
 *
 *	no commit begins	begins are held back by ktm_freeze_enter(); those that
 *				had begun have been waited for
 *	no superior decides	its orders are held back in the same way
 *	no END is logged	see ktm_decide_end_work(): an RM that comes back may
 *				carry a commit out on a disk of which the snapshot is
 *				taken already; the log in its snapshot must not say
 *				that this was done
 *
 * Rollback goes on: what has no decision is aborted in every snapshot. So do redo
 * records, copies forward and the tail: a snapshot of the log has them or not, as
 * after a power cut.
 */
#ifndef _KTM_PROTOCOL_FREEZE_H
#define _KTM_PROTOCOL_FREEZE_H

#include "../object/tx.h"

/**
 * ktm_freeze_begin - freeze a TM
 * @tm: the TM
 * @owner: the fd on which it is asked for: its end thaws
 * @freeze_deadline: CLOCK_MONOTONIC ns at which to give up
 * @thaw_deadline: CLOCK_MONOTONIC ns at which it ends by itself
 * @blocker: out, with -ETIMEDOUT: a transaction that was waited for, or nil
 * Context: process context, interruptible.
 * Return: see struct ktm_tm_freeze; -ERESTARTSYS for a signal.
 */
int ktm_freeze_begin(struct ktm_tm *tm, const void *owner, u64 freeze_deadline,
		     u64 thaw_deadline, uuid_t *blocker);

/**
 * ktm_freeze_thaw - end a freeze, and learn what became of it
 * @tm: the TM
 * @owner: the fd on which it is asked for
 * Context: process context.
 * Return: see struct ktm_tm_freeze.
 */
int ktm_freeze_thaw(struct ktm_tm *tm, const void *owner);

/**
 * ktm_freeze_closed - an fd is gone, and its freeze with it
 * @tm: the TM
 * @owner: the fd
 * Context: process context.
 */
void ktm_freeze_closed(struct ktm_tm *tm, const void *owner);

/**
 * ktm_freeze_is_on - is the TM frozen?
 * @tm: the TM
 */
bool ktm_freeze_is_on(struct ktm_tm *tm);

/**
 * ktm_freeze_is_on_locked - is the TM frozen?
 * @tm: the TM, tm.lock held
 */
bool ktm_freeze_is_on_locked(const struct ktm_tm *tm);

/**
 * ktm_freeze_enter - before a commit may begin, or a superior may decide
 * @tx: the transaction
 * @wait: wait for the thaw
 * Context: process context, interruptible; no locks.
 * Return: 1: go on, and call ktm_freeze_leave() when the state says what has
 * begun; 0: it has an outcome, nothing can begin any more; -EAGAIN: frozen, and
 * @wait is false; -ERESTARTSYS for a signal.
 */
int ktm_freeze_enter(struct ktm_tx *tx, bool wait);

/**
 * ktm_freeze_leave - what was allowed to begin has begun
 * @tm: the TM
 */
void ktm_freeze_leave(struct ktm_tm *tm);

/**
 * ktm_freeze_wake - something has happened that a freeze may wait for, or one who
 * is held back by it
 * @tm: the TM; the change was made under a lock that is still held
 */
static inline void ktm_freeze_wake(struct ktm_tm *tm)
{
	if (READ_ONCE(tm->freeze))
		wake_up_all(&tm->freeze_wait);
}

#endif /* _KTM_PROTOCOL_FREEZE_H */
