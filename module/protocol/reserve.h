/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - room in the log for what a transaction needs to end
 *
 * A promise, a decision and an end record must never fail for want of room. Their slots
 * are reserved before PREPARE is sent, outside of locks; a step then takes them
 * over, or they are given back.
 */
#ifndef _KTM_PROTOCOL_RESERVE_H
#define _KTM_PROTOCOL_RESERVE_H

#include "step.h"

#define KTM_RESERVE_COMMIT	2	/* COMMIT and END */
#define KTM_RESERVE_SUPERIOR	3	/* PROMISE, COMMIT and END */

/**
 * struct ktm_reserve - slots on their way to a transaction
 * @tx: the transaction
 * @slots: slots held
 */
struct ktm_reserve {
	struct ktm_tx *tx;
	u32 slots;
};

/**
 * ktm_reserve_get - reserve what two phases need
 * @reserve: uninitialised
 * @tx: the transaction
 * @slots: KTM_RESERVE_COMMIT, KTM_RESERVE_SUPERIOR, or 0: nothing is needed
 * Context: process context, may sleep, no locks.
 * Return: 0, also for a volatile TM; -ENOSPC, -EDQUOT, the log's error, -ESHUTDOWN,
 * -ENOMEM.
 */
int ktm_reserve_get(struct ktm_reserve *reserve, struct ktm_tx *tx, u32 slots);

/**
 * ktm_reserve_try - the same, without sleeping
 * @reserve: uninitialised
 * @tx: the transaction
 * @slots: as for ktm_reserve_get()
 * Return: as ktm_reserve_get(); -ERESTARTNOINTR instead of -ENOSPC and -EDQUOT, since
 * that one may make room.
 */
int ktm_reserve_try(struct ktm_reserve *reserve, struct ktm_tx *tx, u32 slots);

/**
 * ktm_reserve_use - hand the slots over to the transaction
 * @reserve: from ktm_reserve_get()
 * @step: a step of it
 */
void ktm_reserve_use(struct ktm_reserve *reserve, struct ktm_step *step);

/**
 * ktm_reserve_put - give back what was not used
 * @reserve: from ktm_reserve_get(), even if that failed
 */
void ktm_reserve_put(struct ktm_reserve *reserve);

/**
 * ktm_reserve_refuse - roll back, for want of room or of a log
 * @step: a step of the transaction
 * @error: what ktm_reserve_get() or an append returned
 */
void ktm_reserve_refuse(struct ktm_step *step, int error);

#endif /* _KTM_PROTOCOL_RESERVE_H */
