/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - kernel transaction manager: log streams for clients in the kernel
 *
 * What a stream is and what its calls mean stands in <uapi/linux/ktm_log.h>; here is what
 * differs. All symbols are exported GPL-only in the namespace KTM.
 *
 * A client opens a stream and closes it. Between the two any of its threads may make any
 * call at any time. Neither the TM nor its log are kept from going away: from then on each
 * call returns -ESHUTDOWN, and the client is told once by @gone of its functions. After
 * the next attach the client opens the stream again. The client's module is pinned while
 * it has a stream open.
 *
 * A record that is appended stands behind all that was logged before, of this stream, of
 * others and of transactions, and a flush makes durable all that stands before it. So what
 * a resource manager appends before it answers prepare is durable when the decision is,
 * without a flush of its own.
 */
#ifndef _LINUX_KTM_STREAM_H
#define _LINUX_KTM_STREAM_H

#include <linux/ktm.h>
#include <linux/uidgid.h>
#include <linux/uio.h>
#include <uapi/linux/ktm_log.h>

struct ktm_kstream;
struct ktm_kstream_reader;

/**
 * struct ktm_kstream_ops - what a client is told
 * @owner: THIS_MODULE; pinned while the stream is open
 * @advance: somebody needs room: the base should go up to @lsn, by
 *	ktm_kstream_set_base() or with a restart area, once what is below it has been
 *	copied or is not needed. May come again before that is done. A client that does
 *	nothing is refused its own records at its limit, and may fill the ring for all.
 *	May be NULL for a client that looks for itself.
 * @gone: the stream was deleted, or its TM is offline or detached: each call fails from
 *	now on. Comes once; no other callback follows. May be NULL.
 *
 * They run from a workqueue of the stream's, never two at a time, may sleep, and may make
 * any call on the stream but ktm_kstream_close(). They may come before
 * ktm_kstream_create() or ktm_kstream_open() has returned. Nobody waits for them: who has
 * found no room has got -ENOSPC.
 */
struct ktm_kstream_ops {
	struct module *owner;
	void (*advance)(struct ktm_kstream *ks, void *priv, u64 lsn);
	void (*gone)(struct ktm_kstream *ks, void *priv);
};

/**
 * struct ktm_kstream_params - a stream that is to be made
 * @uuid: its UUID, or NULL for a new one
 * @name: of no other stream of the TM; not empty, shorter than KTM_NAME_MAX
 * @uid: user that owns it
 * @gid: group of it
 * @mode: what user space may do with it, octal 0666 at most; 0 leaves it to root
 * @limit: bytes of the ring that it may hold back, or 0: a quarter of the ring
 */
struct ktm_kstream_params {
	const uuid_t *uuid;
	const char *name;
	kuid_t uid;
	kgid_t gid;
	u32 mode;
	u64 limit;
};

/**
 * ktm_kstream_create - make a log stream and open it
 * @tm: its TM, durable
 * @params: what is wanted; copied
 * @ops: the client's functions
 * @priv: passed to them
 *
 * Durable when the call returns. It counts among the objects of @params->uid, whose quota
 * does not refuse it. If the log fails at last the stream may be there after the next attach.
 *
 * Context: process context, may sleep.
 * Return: the stream, to be closed with ktm_kstream_close(), or ERR_PTR of -EINVAL (the
 * TM is volatile; name, mode or limit), -EEXIST (name or UUID), -EDQUOT (the log has as
 * many as it can), -ENOSPC, -ESHUTDOWN, -EIO, -EINTR, -ENOMEM.
 */
struct ktm_kstream *ktm_kstream_create(struct ktm_tm *tm,
				       const struct ktm_kstream_params *params,
				       const struct ktm_kstream_ops *ops, void *priv);

/**
 * ktm_kstream_open - open a log stream that is there
 * @tm: its TM
 * @uuid: which, or NULL if @name says it
 * @name: which, or NULL if @uuid says it
 * @ops: the client's functions
 * @priv: passed to them
 *
 * A stream may be open any number of times, here and in user space.
 *
 * Context: process context, may sleep.
 * Return: the stream, to be closed with ktm_kstream_close(), or ERR_PTR of -EINVAL (not
 * one of the two), -ENOENT, -ESHUTDOWN, -ENOMEM.
 */
struct ktm_kstream *ktm_kstream_open(struct ktm_tm *tm, const uuid_t *uuid,
				     const char *name, const struct ktm_kstream_ops *ops,
				     void *priv);

/**
 * ktm_kstream_close - no longer use a stream
 * @ks: the stream, of which no reader is left; not to be used afterwards
 *
 * The stream stays, with all its records and reservations. No callback runs any more
 * when this returns.
 *
 * Context: process context, may sleep. Not from a callback.
 */
void ktm_kstream_close(struct ktm_kstream *ks);

/**
 * ktm_kstream_delete - delete a stream with all its records
 * @ks: the stream, still to be closed
 *
 * Durable when it returns. All who have it open get -EIDRM from now on.
 *
 * Context: process context, may sleep.
 * Return: 0, -EIDRM, -ENOSPC, -ESHUTDOWN, -EIO, -EINTR.
 */
int ktm_kstream_delete(struct ktm_kstream *ks);

/**
 * ktm_kstream_info - what a stream is like now
 * @ks: the stream
 * @info: out
 *
 * Context: process context, may sleep.
 * Return: 0, -EIDRM, -ESHUTDOWN.
 */
int ktm_kstream_info(struct ktm_kstream *ks, struct ktm_stream_info *info);

/**
 * struct ktm_kstream_record - a record that is to be appended
 * @parts: the bytes of all of them, in this order, make the record; not kept
 * @nr_parts: how many; 0 for an empty record
 * @flags: KTM_STREAM_APPEND_F_*, or KTM_STREAM_RESTART_F_* for a restart area
 * @reserve: records to be reserved with it: both is done, or nothing. Not with a restart
 *	area
 * @previous: LSN of an earlier record that is kept, or 0. Not with a restart area
 * @undo_next: the same
 * @base: of a restart area: first record to be kept from now on, or 0: as before, or as
 *	the flag says
 */
struct ktm_kstream_record {
	const struct kvec *parts;
	unsigned int nr_parts;
	u32 flags;
	u32 reserve;
	u64 previous;
	u64 undo_next;
	u64 base;
};

/**
 * ktm_kstream_append - append a record
 * @ks: the stream
 * @record: the record
 * @lsn: out: where it is; may be NULL
 *
 * With KTM_STREAM_APPEND_F_RESERVED neither a full ring nor a lack of memory makes it fail,
 * if it reserves nothing and names no other record: for what must not fail any more.
 *
 * Context: process context, may sleep.
 * Return: 0, -EINVAL (flags, base, an LSN that is none; nothing is reserved), -ESTALE,
 * -EMSGSIZE, -ENOSPC, -EIDRM, -ESHUTDOWN, -EIO, -EUCLEAN, -EINTR, -ENOMEM. See struct
 * ktm_stream_append.
 */
int ktm_kstream_append(struct ktm_kstream *ks, const struct ktm_kstream_record *record,
		       u64 *lsn);

/**
 * ktm_kstream_restart - write a restart area
 * @ks: the stream
 * @record: what is in it
 * @lsn: out: where it is; may be NULL
 *
 * Durable when it returns, and the new base with it.
 *
 * Context: process context, may sleep.
 * Return: as for ktm_kstream_append(). See struct ktm_stream_restart.
 */
int ktm_kstream_restart(struct ktm_kstream *ks, const struct ktm_kstream_record *record,
			u64 *lsn);

/**
 * ktm_kstream_reserve - reserve records, or give them back
 * @ks: the stream
 * @delta: so many more, or less if negative
 * @reserved: out: how many are reserved then; may be NULL
 *
 * They belong to the stream, whoever has it open, until they are used or the TM is
 * detached.
 *
 * Context: process context, may sleep.
 * Return: 0, -EINVAL (fewer are reserved), -ENOSPC, -EIDRM, -ESHUTDOWN, -EIO, -EINTR.
 */
int ktm_kstream_reserve(struct ktm_kstream *ks, s32 delta, u32 *reserved);

/**
 * ktm_kstream_flush - make records durable
 * @ks: the stream
 * @lsn: up to this record, or 0: all that are there
 *
 * Context: process context, may sleep.
 * Return: 0, -EINVAL, -EIDRM, -ESHUTDOWN, -EIO.
 */
int ktm_kstream_flush(struct ktm_kstream *ks, u64 lsn);

/**
 * ktm_kstream_set_base - move the base on
 * @ks: the stream
 * @lsn: first record to be kept, or 0: none
 * @flags: 0 or KTM_STREAM_BASE_F_FLUSH
 *
 * Context: process context, may sleep.
 * Return: 0, -EINVAL, -ESTALE, -ENOSPC, -EIDRM, -ESHUTDOWN, -EIO, -EUCLEAN, -EINTR. See
 * struct ktm_stream_set_base.
 */
int ktm_kstream_set_base(struct ktm_kstream *ks, u64 lsn, u32 flags);

/**
 * ktm_kstream_reader_alloc - what one thread needs to read records
 * @ks: the stream, not to be closed before the reader is freed
 *
 * A reader is memory alone: it holds back nothing of the log.
 *
 * Context: process context, may sleep.
 * Return: the reader, to be freed with ktm_kstream_reader_free(), or ERR_PTR(-ENOMEM).
 */
struct ktm_kstream_reader *ktm_kstream_reader_alloc(struct ktm_kstream *ks);

/**
 * ktm_kstream_reader_free - no longer read
 * @reader: the reader, or NULL
 * Context: process context.
 */
void ktm_kstream_reader_free(struct ktm_kstream_reader *reader);

/**
 * struct ktm_kstream_found - a record that was read
 * @lsn: where it is
 * @previous: as it was appended
 * @undo_next: as it was appended
 * @before: the record before in the stream, or 0; it may not be kept any more
 * @kind: what it is
 * @length: bytes in it
 * @data: the bytes, in the reader, until it reads again
 */
struct ktm_kstream_found {
	u64 lsn;
	u64 previous;
	u64 undo_next;
	u64 before;
	enum ktm_stream_record_kind kind;
	u32 length;
	const void *data;
};

/**
 * ktm_kstream_read - read a record
 * @reader: the reader, used by nobody else at the time
 * @mode: which record: forward, backward, along a chain
 * @lsn: as the mode says
 * @found: out, with 0 only
 *
 * Allocates nothing. To go on, call it again with the LSN that was found.
 *
 * Context: process context, may sleep.
 * Return: 0, -EINVAL (also: no record of this stream is there), -ESTALE (below the base),
 * -ENODATA (the stream or the chain ends here), -EIDRM, -ESHUTDOWN, -EIO, -EUCLEAN,
 * -EINTR. See struct ktm_stream_read.
 */
int ktm_kstream_read(struct ktm_kstream_reader *reader, enum ktm_stream_mode mode,
		     u64 lsn, struct ktm_kstream_found *found);

#endif /* _LINUX_KTM_STREAM_H */
