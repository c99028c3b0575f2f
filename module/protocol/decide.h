/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - records of transactions: promise, decision and end
 */
#ifndef _KTM_PROTOCOL_DECIDE_H
#define _KTM_PROTOCOL_DECIDE_H

#include "step.h"

/**
 * ktm_decide_commit - append the decision, and go on when it is durable
 * @step: a step that is over, its lock dropped, the log still held
 * Context: process context, may sleep; not the log's thread.
 */
void ktm_decide_commit(struct ktm_step *step);

/**
 * ktm_decide_promise - append the promise, and tell the superior when it is
 * durable
 * @step: a step that is over, its lock dropped, the log still held
 * Context: process context, may sleep; not the log's thread.
 */
void ktm_decide_promise(struct ktm_step *step);

/**
 * ktm_decide_copy - append the promise or the decision once more
 * @tx: the transaction, promised or committing
 * @log: its log
 * @promise: which of the two
 * @nr: votes that it counts
 * @first_vote: the lowest of their LSNs, or 0
 * Context: process context, may sleep; under room_lock.
 * Return: 0, -ENOSPC, or the log's error.
 */
int ktm_decide_copy(struct ktm_tx *tx, struct ktm_log *log, bool promise, u32 nr,
		    u64 first_vote);

/**
 * ktm_decide_queue_end - have the end records written that wait for it
 * @tm: the TM
 * Context: any; the caller has a reference.
 */
void ktm_decide_queue_end(struct ktm_tm *tm);

/**
 * ktm_decide_wait_end - wait until the transactions that have ended hold nothing
 * @tm: the TM
 *
 * Their end records may wait for a worker. Those of a frozen TM do: it returns.
 *
 * Context: process context, may sleep; like for an append, see object/ranking.h.
 */
void ktm_decide_wait_end(struct ktm_tm *tm);

/**
 * ktm_decide_end_work - writes the end records of a TM
 * @work: ktm_tm.end_work
 */
void ktm_decide_end_work(struct work_struct *work);

#endif /* _KTM_PROTOCOL_DECIDE_H */
