/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - shares of the ring: what a transaction, and what a user may hold
 *
 * Three bounds, for what a transaction has in the log and needs until it has ended:
 *
 *	of a transaction	redo, votes and recovery information, which must
 *				fit into the room for copies: a sixteenth of the
 *				ring, -ENOSPC
 *	of a user		the same, and the slots for promise, decision and end,
 *				of all transactions that the user has begun: the
 *				module parameter max_user_log_percent, -EDQUOT
 *
 *	of all together		the same, of those that may be decided, from the
 *				reservation of their slots on: whatever holds the tail,
 *				all that can neither be rolled back nor forgotten fits
 *				into the room for copies, -ENOSPC
 *
 * The last one is what keeps the tail moving. All whose records begin in one buffer must
 * be copied before it goes; and who never answers is copied again with each lap.
 *
 * A slot counts until the end even if its record is in the log: with the block that
 * is lost to rounding when the transaction is copied forward, that is what it takes.
 * Votes count from the time of enlisting on, so that a vote is not refused.
 */
#ifndef _KTM_PROTOCOL_SHARE_H
#define _KTM_PROTOCOL_SHARE_H

#include "../object/tx.h"

/* what a record takes in a buffer */
#define KTM_SHARE_RECORD(length) \
	(sizeof(struct ktm_disk_record) + round_up((u64)(length), 8))
#define KTM_SHARE_VOTE	KTM_SHARE_RECORD(sizeof(struct ktm_disk_prepare))

/**
 * ktm_share_charge - a transaction will hold more
 * @tx: the transaction
 * @log: its log
 * @bytes: of records
 * Context: process context, may sleep.
 * Return: 0, -ENOSPC (the transaction's share, or that of all), -EDQUOT (its user's), -ENOMEM;
 * -ECANCELED, -EPROTO: it has ended, and holds nothing any more.
 */
int ktm_share_charge(struct ktm_tx *tx, const struct ktm_log *log, u64 bytes);

/**
 * ktm_share_uncharge - it does not, after all
 * @tx: the transaction
 * @bytes: as charged
 */
void ktm_share_uncharge(struct ktm_tx *tx, u64 bytes);

/**
 * ktm_share_charge_slots - slots for a transaction, on their way to it
 * @tx: the transaction
 * @log: its log
 * @slots: how many
 *
 * From now on it may be decided.
 *
 * Context: process context, may sleep.
 * Return: 0, -EDQUOT, -ENOSPC (too much is kept for others), -ENOMEM.
 */
int ktm_share_charge_slots(struct ktm_tx *tx, const struct ktm_log *log, u32 slots);

/**
 * ktm_share_try_charge_slots - the same, without waiting for what is about to end
 * @tx: the transaction
 * @log: its log
 * @slots: how many
 * Return: as ktm_share_charge_slots(), which may succeed after -EDQUOT and -ENOSPC.
 */
int ktm_share_try_charge_slots(struct ktm_tx *tx, const struct ktm_log *log, u32 slots);

/**
 * ktm_share_uncharge_slots - they were not used
 * @tx: the transaction
 * @slots: how many
 */
void ktm_share_uncharge_slots(struct ktm_tx *tx, u32 slots);

/**
 * ktm_share_use_slots - the transaction has got them
 * @tx: the transaction, tx.lock held, not over
 * @slots: how many were charged
 */
void ktm_share_use_slots(struct ktm_tx *tx, u32 slots);

/**
 * ktm_share_found - charge what recovery has found, whatever the limit
 * @tx: a transaction that nobody has seen yet
 * @bytes: of records
 * @slots: that it would have had
 * Context: process context, may sleep.
 * Return: 0, -ENOMEM.
 */
int ktm_share_found(struct ktm_tx *tx, u64 bytes, u32 slots);

/**
 * ktm_share_release - nothing of it in the log is needed any more
 * @tx: the transaction, tx.lock held
 */
void ktm_share_release(struct ktm_tx *tx);

/**
 * ktm_share_kept_limit - what may be held of which a decision is possible
 * @log: a log
 * Return: bytes.
 */
u64 ktm_share_kept_limit(const struct ktm_log *log);

/**
 * ktm_share_limit - what a user may hold
 * @log: a log
 * Return: bytes.
 */
u64 ktm_share_limit(const struct ktm_log *log);

#endif /* _KTM_PROTOCOL_SHARE_H */
