/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - savepoints of a transaction
 */
#ifndef _KTM_PROTOCOL_SAVEPOINT_H
#define _KTM_PROTOCOL_SAVEPOINT_H

#include "../object/enlistment.h"
#include "step.h"

/**
 * struct ktm_savepoint_call - one call, and who waits for it [on its stack]
 * @asks: KTM_NOTIFY_SAVEPOINT, _ROLLBACK or _RELEASE [const]
 * @savepoint: in: which; of the first: out: the new one [const while it waits]
 * @rm: out: for which RM it has failed, or nil [tx.lock]
 * @done: it is over [tx.lock; read without]
 * @error: what came of it: 0 or a negative errno [tx.lock]
 */
struct ktm_savepoint_call {
	u32 asks;
	u64 savepoint;
	uuid_t rm;
	bool done;
	int error;
};

/**
 * ktm_savepoint_do - set, roll back to or release a savepoint
 * @tx: the transaction
 * @call: what
 * Context: process context, waits for the RMs, killable.
 * Return: see struct ktm_tx_savepoint.
 */
int ktm_savepoint_do(struct ktm_tx *tx, struct ktm_savepoint_call *call);

/**
 * ktm_savepoint_answer - an enlistment answers
 * @en: the enlistment
 * @savepoint: which savepoint it speaks of
 * @error: errno, positive, to refuse, or 0
 * Context: process context.
 * Return: see struct ktm_en_savepoint.
 */
int ktm_savepoint_answer(struct ktm_enlistment *en, u64 savepoint, u32 error);

/*
 * Parts of a step of a transaction, called from step.c.
 */

/**
 * ktm_savepoint_send - ask all that take part
 * @step: the step
 */
void ktm_savepoint_send(struct ktm_step *step);

/**
 * ktm_savepoint_take_back - ask those who have set it to release it
 * @step: the step
 */
void ktm_savepoint_take_back(struct ktm_step *step);

/**
 * ktm_savepoint_over - all have answered: go on
 * @step: the step
 */
void ktm_savepoint_over(struct ktm_step *step);

/**
 * ktm_savepoint_note - all is done: note what savepoints there are now
 * @tx: the transaction, tx.lock held
 */
void ktm_savepoint_note(struct ktm_tx *tx);

/**
 * ktm_savepoint_overtaken - the transaction is rolled back: nobody waits any more
 * @tx: the transaction, tx.lock held
 */
void ktm_savepoint_overtaken(struct ktm_tx *tx);

#endif /* _KTM_PROTOCOL_SAVEPOINT_H */
