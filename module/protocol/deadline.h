/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - deadlines of transactions
 */
#ifndef _KTM_PROTOCOL_DEADLINE_H
#define _KTM_PROTOCOL_DEADLINE_H

#include "../object/tx.h"

/**
 * ktm_deadline_set - set, move or clear the deadline of an active transaction
 * @tx: the transaction
 * @deadline: absolute CLOCK_MONOTONIC time in ns, 0 = none
 * Context: process context.
 * Return: 0, -EPROTO when it is not active any more, -ENOMEM.
 */
int ktm_deadline_set(struct ktm_tx *tx, u64 deadline);

/**
 * ktm_deadline_get - the deadline
 * @tx: the transaction, tx.lock held
 * Return: as set, or 0.
 */
u64 ktm_deadline_get(const struct ktm_tx *tx);

/**
 * ktm_deadline_drop - a deadline that was taken out of its transaction
 * @deadline: not to be used afterwards
 * Context: process context; does not wait for the timer.
 */
void ktm_deadline_drop(struct ktm_deadline *deadline);

#endif /* _KTM_PROTOCOL_DEADLINE_H */
