/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - on-disk format of log streams
 *
 * A stream is a chain of records of its own in the ring. The kinds of its records are
 * in enum ktm_record_type; the head of each names it in the field stream.
 *
 *	STREAM		all that is known of the stream: struct ktm_disk_stream. Written when
 *			it is made and when its base moves, and copied forward: the
 *			newest counts
 *	STREAM_END	it was deleted; no data
 *	STREAM_DATA	a record of its clients: struct ktm_disk_stream_data, then their bytes
 *	STREAM_RESTART	a restart area: the same
 *
 * Each change is one record, so none is ever half done.
 *
 * A record that is appended when nothing is kept becomes the base, with no other record
 * saying so. So the base is that of a record, always.
 */
#ifndef _KTM_PURE_STREAM_H
#define _KTM_PURE_STREAM_H

#include "format.h"

/**
 * struct ktm_disk_stream - data of a STREAM record, whose owner field is the user's
 * @name: text, not empty, zero-padded
 * @base_lsn: first record that is kept, or 0: none is
 * @last_lsn: last record before this one, kept or not, or 0
 * @restart_lsn: last restart area that is kept, or 0
 * @limit: bytes of the ring that it may hold back
 * @gid: group that it belongs to, in the initial user namespace
 * @mode: permission bits
 * @flags: 0
 */
struct ktm_disk_stream {
	u8 name[KTM_DISK_NAME_MAX];
	__le64 base_lsn;
	__le64 last_lsn;
	__le64 restart_lsn;
	__le64 limit;
	__le32 gid;
	__le32 mode;
	__le64 flags;
};

/**
 * struct ktm_disk_stream_data - begins the data of STREAM_DATA and STREAM_RESTART
 * @before_lsn: record before in the stream, kept or not, or 0
 * @base_lsn: of a restart area: base of the stream from here on, or 0: as before;
 *	else 0
 */
struct ktm_disk_stream_data {
	__le64 before_lsn;
	__le64 base_lsn;
};

static_assert(sizeof(struct ktm_disk_stream) == 112, "layout");
static_assert(sizeof(struct ktm_disk_stream_data) == 16, "layout");

#define KTM_DISK_STREAM_MODES	0666U
/* bytes of its own that a client can put into a record */
#define KTM_DISK_STREAM_DATA_MAX \
	(KTM_DISK_DATA_MAX - (u32)sizeof(struct ktm_disk_stream_data))

/**
 * struct ktm_stream_entry - what a STREAM record says, copied
 * @base_lsn: first record that is kept, or 0
 * @last_lsn: last record before it, or 0
 * @restart_lsn: last restart area that is kept, or 0
 * @limit: bytes of the ring that it may hold back
 * @gid: group
 * @mode: permission bits
 * @name: NUL-terminated
 */
struct ktm_stream_entry {
	u64 base_lsn;
	u64 last_lsn;
	u64 restart_lsn;
	u64 limit;
	u32 gid;
	u32 mode;
	char name[KTM_DISK_NAME_MAX];
};

/**
 * struct ktm_stream_head - what begins a client's record, copied
 * @before_lsn: record before in the stream, or 0
 * @base_lsn: of a restart area: base of the stream from here on, or 0
 */
struct ktm_stream_head {
	u64 before_lsn;
	u64 base_lsn;
};

/**
 * ktm_stream_record_is_possible - what the kinds of records of streams demand
 * @record: of such a kind; its length and its chains were checked
 * Return: true if replay may accept it.
 */
bool ktm_stream_record_is_possible(const struct ktm_format_record *record);

/**
 * ktm_stream_is_data - is it a record of a stream's clients?
 * @type: enum ktm_record_type
 */
static inline bool ktm_stream_is_data(u16 type)
{
	return type == KTM_RECORD_STREAM_DATA || type == KTM_RECORD_STREAM_RESTART;
}

/**
 * ktm_stream_decode - copy the data of a STREAM record
 * @data: of a record that was accepted
 * @entry: out
 */
void ktm_stream_decode(const void *data, struct ktm_stream_entry *entry);

/**
 * ktm_stream_encode - build the data of a STREAM record
 * @disk: out
 * @entry: what it says
 */
void ktm_stream_encode(struct ktm_disk_stream *disk, const struct ktm_stream_entry *entry);

/**
 * ktm_stream_decode_head - copy the begin of a client's record
 * @data: of a record that was accepted
 * @head: out
 */
void ktm_stream_decode_head(const void *data, struct ktm_stream_head *head);

/**
 * ktm_stream_next - the next record of a stream's clients in a buffer
 * @disk: a buffer that ktm_format_check_buffer() has accepted
 * @buffer: its head
 * @after: the record's LSN is greater than this
 * @stream: the stream
 * @record: out, if 0 is returned
 * Return: 0, -ENOENT (there is none), -EUCLEAN.
 */
int ktm_stream_next(const struct ktm_disk_buffer *disk,
		    const struct ktm_format_buffer *buffer, u64 after, const u8 *stream,
		    struct ktm_format_record *record);

#endif /* _KTM_PURE_STREAM_H */
