/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - records of enlistments: redo in the RM's stream, and the vote
 */
#ifndef _KTM_PROTOCOL_REDO_H
#define _KTM_PROTOCOL_REDO_H

#include "../object/enlistment.h"

/**
 * ktm_redo_is_logged - does the enlistment leave traces in the log?
 * @en: the enlistment
 *
 * Those of volatile RMs and TMs do not, nor do superiors.
 */
bool ktm_redo_is_logged(const struct ktm_enlistment *en);

/**
 * ktm_redo_check_append - may the enlistment still log?
 * @en: the enlistment, log_lock held
 * Return: 0, -ECANCELED (rolled back), -EPROTO (prepared, or it has left).
 */
int ktm_redo_check_append(struct ktm_enlistment *en);

/**
 * ktm_redo_append - append a REDO record
 * @en: the enlistment
 * @data: the record
 * @length: its bytes
 * @lsn: out: where it stands
 * Context: process context, may sleep.
 * Return: see struct ktm_en_log.
 */
int ktm_redo_append(struct ktm_enlistment *en, const void *data, u32 length,
		    u64 *lsn);

/**
 * ktm_redo_append_prepare - append the PREPARE record
 * @en: the enlistment, log_lock held
 * Context: process context, may sleep.
 * Return: 0, -ENOSPC, -ENOMEM, the log's error, -ESHUTDOWN.
 */
int ktm_redo_append_prepare(struct ktm_enlistment *en);

/**
 * ktm_redo_read - read a REDO record back
 * @en: the enlistment
 * @index: which, from 0
 * @buffer: room for KTM_RECORD_MAX bytes
 * @data: out: the data, in @buffer
 * @length: out: its bytes
 * Context: process context, may sleep.
 * Return: 0, -ENOENT (no such record), -EINVAL (not logged), -EPROTO (rolled
 * back: the record may be gone), -EIO, -EUCLEAN, -ESHUTDOWN.
 */
int ktm_redo_read(struct ktm_enlistment *en, u64 index, void *buffer,
		  const void **data, u32 *length);

/**
 * ktm_redo_copy_forward - write all records of an enlistment again
 * @en: the enlistment, prepared
 * @log: its log
 * @vote: out: the new PREPARE record, or 0
 *
 * The old ones must stay pinned until the copies are durable. On failure the
 * enlistment still refers to the old ones.
 *
 * Context: process context, may sleep; under another's log_lock.
 * Return: 0, -ENOSPC, -ENOMEM, -EIO, -EUCLEAN.
 */
int ktm_redo_copy_forward(struct ktm_enlistment *en, struct ktm_log *log, u64 *vote);

#endif /* _KTM_PROTOCOL_REDO_H */
