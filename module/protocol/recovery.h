/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - what recovery makes of the records that replay finds
 */
#ifndef _KTM_PROTOCOL_RECOVERY_H
#define _KTM_PROTOCOL_RECOVERY_H

#include "../object/tm.h"

/**
 * ktm_recovery_alloc - an empty table
 * Context: process context.
 * Return: the table, or an ERR_PTR.
 */
struct ktm_recovery *ktm_recovery_alloc(void);

/**
 * ktm_recovery_free - free the table
 * @recovery: the table
 */
void ktm_recovery_free(struct ktm_recovery *recovery);

/**
 * ktm_recovery_record - take a record in
 * @recovery: the table
 * @record: the record
 * @buffer_lsn: start of its buffer
 * Context: process context.
 * Return: 0, -ENOMEM, -EUCLEAN (a record that cannot be).
 */
int ktm_recovery_record(struct ktm_recovery *recovery,
			const struct ktm_log_record *record, u64 buffer_lsn);

/**
 * ktm_recovery_tail - lowest LSN that a decided or promised transaction needs
 * @recovery: the table
 * Return: the LSN, or U64_MAX.
 */
u64 ktm_recovery_tail(struct ktm_recovery *recovery);

/**
 * ktm_recovery_clock - highest virtual clock seen
 * @recovery: the table
 */
u64 ktm_recovery_clock(struct ktm_recovery *recovery);

/**
 * ktm_recovery_check - is every decided or promised transaction complete?
 * @recovery: the table, replay is over
 * Return: 0, or -EUCLEAN when votes or redo records of a decided or promised,
 * not ended transaction are missing.
 */
int ktm_recovery_check(struct ktm_recovery *recovery);

/**
 * ktm_recovery_count - decided or promised transactions that have not ended
 * @recovery: the table, checked
 * @last: highest clock of a decision, or of the promise if there is none
 * Return: how many.
 */
u32 ktm_recovery_count(struct ktm_recovery *recovery, u64 last);

/**
 * ktm_recovery_discard - take decisions and promises back
 * @recovery: the table, checked
 * @tm: the TM, its log attached
 * @horizon: clock of the last decision or promise that stays
 *
 * On disk, if power fails before this returns, each of those beyond the
 * horizon is ended by a record of its own or is there as before; the caller was
 * not told that any is gone. After it all of the records are durable.
 *
 * Context: process context, may sleep.
 * Return: number of transactions, or the log's error.
 */
int ktm_recovery_discard(struct ktm_recovery *recovery, struct ktm_tm *tm,
			 u64 horizon);

/**
 * ktm_recovery_finish - make the objects: decided or promised transactions that
 * have not ended, their enlistments, and their resource managers, which are not there yet
 * @recovery: the table, checked
 * @tm: the TM, its log attached
 * Context: process context.
 * Return: number of transactions, or -ENOMEM; then the TM is to be abandoned.
 */
int ktm_recovery_finish(struct ktm_recovery *recovery, struct ktm_tm *tm);

#endif /* _KTM_PROTOCOL_RECOVERY_H */
