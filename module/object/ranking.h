/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - lock ranking, the one place where it is written down
 *
 * A lock may be taken while locks above it are held, never the other way.
 *
 *	ktm_tm.recovery_lock		mutex, what replay found
 *	ktm_enlistment.log_lock		mutex, order of an enlistment's records
 *	log: space			mutex, see log/log_internal.h
 *	ktm_tm.room_lock		mutex, one copy forward, and end records
 *	ktm_enlistment.log_lock		the same, of the enlistment copied
 *	ktm_tm.stream_lock		mutex, which streams there are
 *	ktm_stream.lock			mutex, order of a stream's records
 *	ktm_rm.read_lock		mutex, one reader of notifications
 *	log: read, append		mutexes
 *	ktm_tx.lock			spinlock
 *	ktm_rm.lock			spinlock
 *	ktm_tm.lock			spinlock
 *	ktm_tm.pin_lock			spinlock
 *	ktm_quota.users			its own lock
 *	log: io				spinlock, interrupts off
 *
 * No two locks of the same kind are held together but for the second log_lock: that
 * of a COMMITTING enlistment (KTM_LOG_LOCK_VICTIM), which is never the first.
 * ktm_tm_use_log() (SRCU, one per TM) is held around every use of the log.
 */
#ifndef _KTM_OBJECT_RANKING_H
#define _KTM_OBJECT_RANKING_H

#include <linux/lockdep.h>

#define KTM_LOG_LOCK_VICTIM	1	/* subclass of ktm_enlistment.log_lock */

#define ktm_assert_tx(tx)	lockdep_assert_held(&(tx)->lock)
#define ktm_assert_rm(rm)	lockdep_assert_held(&(rm)->lock)

#endif /* _KTM_OBJECT_RANKING_H */
