/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - log streams come and go
 */
#ifndef _KTM_PROTOCOL_STREAM_H
#define _KTM_PROTOCOL_STREAM_H

#include <linux/err.h>

#include "../object/stream.h"

/**
 * struct ktm_stream_params - what the caller wants
 * @uuid: identity, or nil for a new one
 * @name: text, not empty
 * @uid: owner
 * @gid: group
 * @mode: permission bits
 * @limit: bytes of the ring that it may hold back, or 0: a quarter
 * @payer: to whom it is charged
 */
struct ktm_stream_params {
	uuid_t uuid;
	const char *name;
	kuid_t uid;
	kgid_t gid;
	u32 mode;
	u64 limit;
	struct ktm_payer payer;
};

/**
 * struct ktm_stream_state - a stream at one moment
 * @base_lsn: first record that is kept, or 0
 * @last_lsn: last record that is kept, or 0
 * @restart_lsn: last restart area that is kept, or 0
 * @held: bytes of the ring that it holds back
 * @wanted_lsn: the base should go up to here, or 0
 * @records: appended in this life
 * @bytes: in them
 * @reserved: records that its clients have reserved
 */
struct ktm_stream_state {
	u64 base_lsn;
	u64 last_lsn;
	u64 restart_lsn;
	u64 held;
	u64 wanted_lsn;
	u64 records;
	u64 bytes;
	u32 reserved;
};

/**
 * ktm_stream_create - make a stream
 * @tm: a durable TM
 * @params: what is wanted
 * Context: process context, may sleep.
 * Return: the stream with a reference, or ERR_PTR of the errnos of struct
 * ktm_stream_create.
 */
struct ktm_stream *ktm_stream_create(struct ktm_tm *tm,
				     const struct ktm_stream_params *params);

/**
 * ktm_stream_lookup - find a stream that is to be used
 * @tm: its TM
 * @uuid: which, or nil if @name says it
 * @name: which
 * Context: process context.
 * Return: the stream with a reference, or ERR_PTR of -ENOENT, -ESHUTDOWN.
 */
struct ktm_stream *ktm_stream_lookup(struct ktm_tm *tm, const uuid_t *uuid,
				     const char *name);

/**
 * ktm_stream_delete - delete a stream
 * @stream: the stream; the caller keeps its reference
 * Context: process context, may sleep.
 * Return: 0, -EIDRM, -ENOSPC, -ESHUTDOWN, -EINTR, or the log's error.
 */
int ktm_stream_delete(struct ktm_stream *stream);

/**
 * ktm_stream_state - what a stream is like now
 * @stream: the stream
 * @state: out
 * Context: process context, may sleep.
 * Return: 0, -EIDRM, -ESHUTDOWN.
 */
int ktm_stream_state(struct ktm_stream *stream, struct ktm_stream_state *state);

/**
 * ktm_stream_use - keep the log of a stream from going away
 * @stream: the stream
 * @idx: out: for ktm_tm_unuse_log(), to be called whatever this returns
 * Return: the log, or ERR_PTR(-ESHUTDOWN).
 */
static inline struct ktm_log *ktm_stream_use(struct ktm_stream *stream, int *idx)
{
	struct ktm_tm *tm = stream->tm;
	struct ktm_log *log = ktm_tm_use_log(tm, idx);

	if (!log || READ_ONCE(tm->state) != KTM_TM_S_ONLINE)
		return ERR_PTR(-ESHUTDOWN);
	return log;
}

/**
 * ktm_stream_take_slot - have the slot for its next entry, or its end
 * @stream: the stream
 * @log: its log
 * Context: process context, may sleep; no locks.
 * Return: 0, -ENOSPC, -EINTR, or the log's error. Somebody else may have taken it by the
 * time that the stream is locked: then try again.
 */
int ktm_stream_take_slot(struct ktm_stream *stream, struct ktm_log *log);

/**
 * ktm_stream_held - bytes of the ring that a stream holds back
 * @stream: the stream, its lock held
 * @log: its log
 */
u64 ktm_stream_held(const struct ktm_stream *stream, struct ktm_log *log);

#endif /* _KTM_PROTOCOL_STREAM_H */
