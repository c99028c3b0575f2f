/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - a step of the protocol
 *
 * Whatever happens to a transaction happens in a step: begin takes the lock,
 * events change states and queue notifications, end draws the conclusions (all
 * have answered, so ...), drops the lock and then does what may sleep. Nobody
 * else changes a transaction.
 *
 *	struct ktm_step step;
 *
 *	ktm_step_begin(&step, tx);
 *	ret = ktm_step_en(&step, en, KTM_EN_E_...);
 *	ktm_step_end(&step);
 */
#ifndef _KTM_PROTOCOL_STEP_H
#define _KTM_PROTOCOL_STEP_H

#include "state.h"

/**
 * struct ktm_step - what a step still has to do [on the stack]
 * @tx: the transaction
 * @log: its log, kept from going away, or NULL
 * @log_idx: for that
 * @left: enlistments that left, references to drop
 * @deadline: timer to be dropped, or NULL
 * @decide: append the decision
 * @promise: append the promise to the superior
 * @end: append the end record
 */
struct ktm_step {
	struct ktm_tx *tx;
	struct ktm_log *log;
	int log_idx;
	struct list_head left;
	struct ktm_deadline *deadline;
	bool decide;
	bool promise;
	bool end;
};

/**
 * ktm_step_begin - start a step
 * @step: uninitialised
 * @tx: the transaction; the caller holds a reference
 * Context: any that may sleep, and the log's thread. Takes tx.lock.
 */
void ktm_step_begin(struct ktm_step *step, struct ktm_tx *tx)
	__acquires(&tx->tm->log_srcu) __acquires(&tx->lock);

/**
 * ktm_step_tx - an event of the transaction
 * @step: the step
 * @event: what happens
 * Return: 0, or see ktm_tx_event().
 */
int ktm_step_tx(struct ktm_step *step, enum ktm_tx_event event);

/**
 * ktm_step_en - an event of one of its enlistments
 * @step: the step
 * @en: the enlistment
 * @event: what happens
 * Return: 0, or see ktm_en_event().
 */
int ktm_step_en(struct ktm_step *step, struct ktm_enlistment *en,
		enum ktm_en_event event);

/**
 * ktm_step_rollback - roll the transaction back, if it still can be
 * @step: the step
 * @verdict: why; copied. The first reason given stays.
 * @event: KTM_TX_E_ROLLBACK, KTM_TX_E_SINGLE_ABORTED or KTM_TX_E_SUPERIOR_ROLLBACK
 * Return: 0, or see ktm_tx_event().
 */
int ktm_step_rollback(struct ktm_step *step, const struct ktm_verdict *verdict,
		      enum ktm_tx_event event);

/**
 * ktm_step_abandon - the TM is being detached: let the enlistments go
 * @step: a step of a transaction that is decided or in doubt
 *
 * The log keeps what the next attach needs.
 */
void ktm_step_abandon(struct ktm_step *step);

/**
 * ktm_step_end - finish a step
 * @step: the step
 *
 * A promise or decision is appended here, so no step with an answer to PREPARE, or
 * with an order of the superior, may run in the log's thread.
 */
void ktm_step_end(struct ktm_step *step)
	__releases(&step->tx->lock) __releases(&step->tx->tm->log_srcu);

/**
 * ktm_rollback_reason - a step that does nothing but roll back
 * @tx: the transaction
 * @reason: enum ktm_reason
 * @error: errno, positive, or 0
 * Return: 0, or see ktm_tx_event().
 */
int ktm_rollback_reason(struct ktm_tx *tx, u32 reason, int error);

extern struct workqueue_struct *ktm_workers;

#endif /* _KTM_PROTOCOL_STEP_H */
