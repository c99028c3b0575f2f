/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - records of log streams are read
 */
#ifndef _KTM_PROTOCOL_STREAM_READ_H
#define _KTM_PROTOCOL_STREAM_READ_H

#include <uapi/linux/ktm_log.h>

#include "../object/stream.h"

/**
 * struct ktm_stream_found - a record that was read
 * @lsn: the record
 * @previous: as it was appended
 * @undo_next: as it was appended
 * @before: the record before in the stream, or 0
 * @restart: it is a restart area
 * @data: the client's bytes, in the reader's buffer
 * @length: how many
 */
struct ktm_stream_found {
	u64 lsn;
	u64 previous;
	u64 undo_next;
	u64 before;
	bool restart;
	const void *data;
	u32 length;
};

/**
 * ktm_stream_read - read a record
 * @stream: the stream
 * @mode: which one
 * @lsn: as the mode says
 * @buffer: room for KTM_DISK_DATA_MAX bytes
 * @found: out
 * Context: process context, may sleep.
 * Return: see struct ktm_stream_read.
 */
int ktm_stream_read(struct ktm_stream *stream, enum ktm_stream_mode mode, u64 lsn,
		    void *buffer, struct ktm_stream_found *found);

/**
 * ktm_stream_check - is this a record of the stream that is kept?
 * @stream: the stream
 * @log: its log
 * @lsn: from a caller
 * @record: out, but for its data
 * @buffer: room for KTM_DISK_DATA_MAX bytes of data, or NULL
 *
 * An LSN that was good stays so until the base passes it.
 *
 * Context: process context, may sleep; not under a lock that makes room.
 * Return: 0, -EINVAL, -ESTALE (below the base), -EIDRM, -EIO, -EUCLEAN.
 */
int ktm_stream_check(struct ktm_stream *stream, struct ktm_log *log, u64 lsn,
		     struct ktm_log_record *record, void *buffer);

#endif /* _KTM_PROTOCOL_STREAM_READ_H */
