/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - what the client of a transaction does: begin, commit, roll back, let go
 */
#ifndef _KTM_PROTOCOL_CLIENT_H
#define _KTM_PROTOCOL_CLIENT_H

#include "../object/tx.h"

/**
 * enum ktm_wait - what to do as long as the outcome is not there
 * @KTM_WAIT: wait for it
 * @KTM_WAIT_NOT: -EINPROGRESS, or -EAGAIN if the TM is frozen; only for room in the
 *	log, which depends on nobody, is waited
 * @KTM_WAIT_NEVER: the same, but -ERESTARTNOINTR if room has to be made: nothing is done,
 *	and the caller calls again with KTM_WAIT_NOT
 * @KTM_WAIT_LATER: the same, and in all of these cases the caller calls again with
 *	KTM_WAIT. What would be done twice by the two calls is left to the second.
 */
enum ktm_wait {
	KTM_WAIT,
	KTM_WAIT_NOT,
	KTM_WAIT_NEVER,
	KTM_WAIT_LATER,
};

/**
 * ktm_client_begin - begin a transaction
 * @tm: its TM
 * @uuid: identity, or nil for a new one
 * @description: text for people
 * @deadline: absolute CLOCK_MONOTONIC ns, 0 = none
 *
 * The calling process becomes its owner.
 *
 * Context: process context.
 * Return: the transaction with a reference and one file counted, to be given
 * back by ktm_client_close(), or ERR_PTR of -EEXIST, -ESHUTDOWN, -ETIMEDOUT,
 * -ENOMEM.
 */
struct ktm_tx *ktm_client_begin(struct ktm_tm *tm, const uuid_t *uuid,
				const char *description, u64 deadline);

/**
 * ktm_client_open - count one more file of a transaction
 * @tx: the transaction
 * @writer: the file may commit or roll back, so it keeps the transaction going
 * Return: true; false if it has not begun, and maybe never will. A reference
 * is taken for the file.
 */
bool ktm_client_open(struct ktm_tx *tx, bool writer);

/**
 * ktm_client_close - one file less; the last one that may end the transaction
 * rolls back what is undecided
 * @tx: the transaction; the file's reference is dropped
 * @writer: the file was counted: it came from ktm_client_begin(), _open()
 * Context: process context, does not wait for RMs.
 */
void ktm_client_close(struct ktm_tx *tx, bool writer);

/**
 * ktm_client_flush - the current process closes an fd of a transaction
 * @tx: the transaction
 *
 * If it is the owner, and exiting, the transaction is rolled back whoever else
 * holds it. An owner that has closed all its fds before has handed it over.
 */
void ktm_client_flush(struct ktm_tx *tx);

/**
 * ktm_client_commit - commit
 * @tx: the transaction
 * @wait: for the outcome?
 * Context: process context, interruptible.
 * Return: see struct ktm_tx_end; -ERESTARTSYS for a signal; see enum ktm_wait.
 */
int ktm_client_commit(struct ktm_tx *tx, enum ktm_wait wait);

/**
 * ktm_client_rollback - roll back
 * @tx: the transaction
 * @wait: until it is done?
 * Context: process context, interruptible.
 * Return: see struct ktm_tx_end; -ERESTARTSYS for a signal.
 */
int ktm_client_rollback(struct ktm_tx *tx, enum ktm_wait wait);

/**
 * ktm_client_settled - is the outcome known, and carried out as far as it can?
 * @tx: the transaction
 */
bool ktm_client_settled(struct ktm_tx *tx);

#endif /* _KTM_PROTOCOL_CLIENT_H */
