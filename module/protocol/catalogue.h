/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - which streams there are, in the log and after it was replayed
 */
#ifndef _KTM_PROTOCOL_CATALOGUE_H
#define _KTM_PROTOCOL_CATALOGUE_H

#include "../object/stream.h"
#include "../pure/stream.h"

/**
 * ktm_catalogue_is_of_stream - is a record one for ktm_catalogue_record()?
 * @record: the record
 */
static inline bool ktm_catalogue_is_of_stream(const struct ktm_log_record *record)
{
	return record->type >= KTM_RECORD_STREAM;
}

/**
 * ktm_catalogue_record - take a record of a stream in
 * @tm: a TM that nobody sees yet; its streams are made here
 * @record: the record
 * @buffer_lsn: start of its buffer
 * Context: process context.
 * Return: 0, -ENOMEM, -EUCLEAN (it does not fit to those before).
 */
int ktm_catalogue_record(struct ktm_tm *tm, const struct ktm_log_record *record,
			 u64 buffer_lsn);

/**
 * ktm_catalogue_check - is every stream known?
 * @tm: replay is over
 * Context: process context.
 * Return: 0, or -EUCLEAN if the log has lost the entry of one.
 */
int ktm_catalogue_check(struct ktm_tm *tm);

/**
 * ktm_catalogue_settle - what needs the log, once it is there
 * @tm: the TM, its transactions recovered
 *
 * The pin of each base becomes exact, and the slot for each stream's next entry is
 * reserved, if there is room.
 *
 * Context: process context, may sleep.
 * Return: 0, -EUCLEAN (a base is no record), -EIO, ...
 */
int ktm_catalogue_settle(struct ktm_tm *tm);

/**
 * ktm_catalogue_wake - the TM is offline: tell who polls
 * @tm: the TM
 * Context: process context.
 */
void ktm_catalogue_wake(struct ktm_tm *tm);

/**
 * ktm_catalogue_forget - let go of all streams
 * @tm: a TM without log; nobody changes its streams any more
 * Context: process context.
 */
void ktm_catalogue_forget(struct ktm_tm *tm);

/**
 * ktm_catalogue_append - append the entry of a stream as it is from now on
 * @stream: the stream, its lock held; its fields are not changed
 * @log: the log
 * @base: new base, or 0: nothing is kept
 * @restart: last restart area that is kept, or 0
 * @space: whence the room comes; not KTM_LOG_FREE
 * Context: process context, may sleep.
 * Return: 0, -ENOSPC (KTM_LOG_COPY), or the sticky error.
 */
int ktm_catalogue_append(struct ktm_stream *stream, struct ktm_log *log, u64 base,
			 u64 restart, enum ktm_log_space space);

/**
 * ktm_catalogue_make_room - let streams not hold the tail, or ask for it
 * @tm: the TM
 * @log: its log
 * @tail: where the tail is held
 *
 * Entries are copied forward, all that are near the tail at once.
 *
 * Context: process context, may sleep; without locks of the log.
 * Return: 0: no stream holds the tail there any more; -ENOSPC: a base does; -ENOMEM or
 * the sticky error.
 */
int ktm_catalogue_make_room(struct ktm_tm *tm, struct ktm_log *log, u64 tail);

/**
 * ktm_catalogue_max - how many streams there may be
 * @log: the log
 *
 * Each holds a slot, and may have to be copied forward; so all together take at most a
 * sixteenth of the ring for each.
 *
 * Return: the number.
 */
u32 ktm_catalogue_max(const struct ktm_log *log);

#endif /* _KTM_PROTOCOL_CATALOGUE_H */
