/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - records of log streams are appended, and let go
 */
#ifndef _KTM_PROTOCOL_STREAM_APPEND_H
#define _KTM_PROTOCOL_STREAM_APPEND_H

#include "../object/stream.h"
#include "../pure/stream.h"

/* where the client's bytes begin in a record's data */
#define KTM_STREAM_HEAD		sizeof(struct ktm_disk_stream_data)

/**
 * struct ktm_stream_new - a record to be appended
 * @data: KTM_STREAM_HEAD bytes of room, then the client's; changed by the call
 * @length: the client's bytes
 * @previous: an earlier record, or 0; not of a restart area
 * @undo_next: an earlier record, or 0; not of a restart area
 * @reserve: records to be reserved with it; not with a restart area
 * @flush: return when it is durable; a restart area always does
 * @reserved: it was reserved
 * @base: of a restart area: new base, or 0
 * @is_base: of a restart area: it is the new base
 */
struct ktm_stream_new {
	void *data;
	u32 length;
	u64 previous;
	u64 undo_next;
	u32 reserve;
	bool flush;
	bool reserved;
	u64 base;
	bool is_base;
};

/**
 * ktm_stream_append - append a record
 * @stream: the stream
 * @new: what is appended
 * @lsn: out: the record
 * Context: process context, may sleep.
 * Return: see struct ktm_stream_append.
 */
int ktm_stream_append(struct ktm_stream *stream, const struct ktm_stream_new *new,
		      u64 *lsn);

/**
 * ktm_stream_restart - write a restart area
 * @stream: the stream
 * @new: what is appended
 * @lsn: out: the record
 * Context: process context, may sleep.
 * Return: see struct ktm_stream_restart.
 */
int ktm_stream_restart(struct ktm_stream *stream, const struct ktm_stream_new *new,
		       u64 *lsn);

/**
 * ktm_stream_reserve - reserve records, or give them back
 * @stream: the stream
 * @delta: so many more, or less
 * @reserved: out: how many are reserved then
 * Context: process context, may sleep.
 * Return: see struct ktm_stream_reserve.
 */
int ktm_stream_reserve(struct ktm_stream *stream, s32 delta, u32 *reserved);

/**
 * ktm_stream_flush - make records durable
 * @stream: the stream
 * @lsn: up to here, or 0: all
 * Context: process context, may sleep.
 * Return: see struct ktm_stream_flush.
 */
int ktm_stream_flush(struct ktm_stream *stream, u64 lsn);

/**
 * ktm_stream_set_base - move the base on
 * @stream: the stream
 * @lsn: first record to be kept, or 0: none
 * @flush: return when that is durable
 * Context: process context, may sleep.
 * Return: see struct ktm_stream_set_base.
 */
int ktm_stream_set_base(struct ktm_stream *stream, u64 lsn, bool flush);

#endif /* _KTM_PROTOCOL_STREAM_APPEND_H */
