/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - log stream object
 *
 * A stream is there as long as the log knows it, with or without fds: the TM holds a
 * reference on each until it is deleted, or the TM is detached.
 */
#ifndef _KTM_OBJECT_STREAM_H
#define _KTM_OBJECT_STREAM_H

#include <linux/rbtree.h>

#include "tm.h"

#define KTM_STREAM_RECENT	32	/* a power of two */

/**
 * struct ktm_stream_pin - holds the tail of the log
 * @node: in ktm_tm.stream_pins, empty when it holds nothing [tm.pin_lock]
 * @lsn: start of the buffer that is needed [tm.pin_lock]
 * @stream: whose it is [const]
 */
struct ktm_stream_pin {
	struct rb_node node;
	u64 lsn;
	struct ktm_stream *stream;
};

/**
 * struct ktm_stream - a log stream
 * @obj: identity and references
 * @tm: its TM, with a reference [const]
 * @name: text, unique in its TM [const]
 * @uid: owner [const]
 * @gid: group [const]
 * @mode: permission bits [const]
 * @limit: bytes of the ring that it may hold back [const]
 * @payer: to whom it is charged [const]
 * @lock: order of its records
 * @known: replay has seen its entry, or it was made here [lock]
 * @deleted: its end is in the log [lock]
 * @base_lsn: first record that is kept, or 0 [lock; read without]
 * @last_lsn: last record, kept or not, or 0 [lock; read without]
 * @restart_lsn: last restart area that is kept, or 0 [lock; read without]
 * @has_slot: a slot of the log is reserved for its next entry, or for its end [lock]
 * @reserved: slots that its clients have reserved [lock]
 * @recent: LSNs of its last records [lock]
 * @nr_recent: records of this life, so far [lock]
 * @nr_records: records appended in this life [lock]
 * @nr_bytes: bytes of the clients in them [lock]
 * @entry_pin: holds its newest entry
 * @data_pin: holds its base
 * @wanted_lsn: somebody needs room, and has asked to move the base up to here; 0 if
 *	not, or once that was done [tm.pin_lock; read without]
 * @wait: who polls for that
 */
struct ktm_stream {
	struct ktm_object obj;
	struct ktm_tm *tm;
	char name[KTM_NAME_MAX];
	kuid_t uid;
	kgid_t gid;
	u32 mode;
	u64 limit;
	kuid_t payer;

	struct mutex lock;	/* order of its records */
	bool known;
	bool deleted;
	u64 base_lsn;
	u64 last_lsn;
	u64 restart_lsn;
	bool has_slot;
	u32 reserved;
	u64 recent[KTM_STREAM_RECENT];
	u64 nr_recent;
	u64 nr_records;
	u64 nr_bytes;

	struct ktm_stream_pin entry_pin;
	struct ktm_stream_pin data_pin;
	u64 wanted_lsn;
	wait_queue_head_t wait;
};

/**
 * ktm_stream_alloc - first stage of making a stream: memory, in no registry yet
 * @tm: its TM
 * @uuid: identity, or nil for a new one
 * @payer: to whom it is charged
 * Context: process context.
 * Return: the stream with one reference, or an ERR_PTR. The caller fills in the
 * const fields.
 */
struct ktm_stream *ktm_stream_alloc(struct ktm_tm *tm, const uuid_t *uuid,
				    struct ktm_payer payer);

/**
 * ktm_stream_get - take another reference
 * @stream: the stream
 * Return: @stream.
 */
static inline struct ktm_stream *ktm_stream_get(struct ktm_stream *stream)
{
	refcount_inc(&stream->obj.ref);
	return stream;
}

/**
 * ktm_stream_put - drop a reference
 * @stream: the stream
 * Context: process context, may sleep.
 */
void ktm_stream_put(struct ktm_stream *stream);

/**
 * ktm_stream_find - look a stream up
 * @tm: its TM
 * @uuid: which
 * Return: the stream with a reference, or NULL.
 */
struct ktm_stream *ktm_stream_find(struct ktm_tm *tm, const uuid_t *uuid);

/**
 * ktm_stream_next_of - step through the streams of a TM
 * @tm: the TM
 * @cursor: 0 to start; moved on
 * Return: the stream with a reference, or NULL at the end.
 */
struct ktm_stream *ktm_stream_next_of(struct ktm_tm *tm, u64 *cursor);

/**
 * ktm_stream_pin - hold the tail of the log here, and no longer where it was held
 * @pin: of a stream
 * @lsn: start of a buffer
 */
void ktm_stream_pin(struct ktm_stream_pin *pin, u64 lsn);

/**
 * ktm_stream_pin_log - hold all that is appended from now on, if it holds nothing
 * @pin: of a stream
 * @log: the log
 */
void ktm_stream_pin_log(struct ktm_stream_pin *pin, struct ktm_log *log);

/**
 * ktm_stream_unpin - hold nothing any more
 * @pin: of a stream; may hold nothing
 */
void ktm_stream_unpin(struct ktm_stream_pin *pin);

/**
 * ktm_stream_is_pinned - does it hold anything?
 * @pin: of a stream, whose lock is held
 */
static inline bool ktm_stream_is_pinned(const struct ktm_stream_pin *pin)
{
	lockdep_assert_held(&pin->stream->lock);
	return !RB_EMPTY_NODE(&pin->node);
}

/**
 * ktm_stream_oldest_pin - the pin that holds the tail
 * @tm: the TM, pin_lock held
 * Return: the pin, or NULL.
 */
struct ktm_stream_pin *ktm_stream_oldest_pin(struct ktm_tm *tm);

/**
 * ktm_stream_ask - ask whoever uses it to move the base
 * @stream: the stream, tm.pin_lock held
 * @lsn: up to here
 */
void ktm_stream_ask(struct ktm_stream *stream, u64 lsn);

/**
 * ktm_stream_base_moved - perhaps that was what somebody has asked for
 * @stream: the stream, its lock held
 */
void ktm_stream_base_moved(struct ktm_stream *stream);

/**
 * ktm_stream_remember - it has a new last record
 * @stream: the stream, its lock held
 * @lsn: the record
 */
void ktm_stream_remember(struct ktm_stream *stream, u64 lsn);

/**
 * ktm_stream_is_recent - is this one of its last records?
 * @stream: the stream, its lock held
 * @lsn: perhaps a record
 * Return: true if it is; false if that is not known.
 */
bool ktm_stream_is_recent(const struct ktm_stream *stream, u64 lsn);

#endif /* _KTM_OBJECT_STREAM_H */
