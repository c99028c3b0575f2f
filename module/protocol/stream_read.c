// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - records of log streams are read
 *
 * Each call stands alone: there is no state of a reader that could go wrong or be left
 * over. Readers take no lock of the stream, and do not hold the tail: an LSN never
 * comes again, so what is read is either the record or nothing that fits. What does
 * not fit is explained by the base, if that has passed the LSN meanwhile.
 */
#include <linux/sched/signal.h>

#include "../pure/stream.h"
#include "stream.h"
#include "stream_read.h"

/* Where the LSN is from here on: 0, -EINVAL, -ESTALE, -EIDRM. */
static int check_range(const struct ktm_stream *stream, u64 lsn)
{
	/* before the last record: see account() in stream_append.c */
	u64 base = smp_load_acquire(&stream->base_lsn);

	if (READ_ONCE(stream->deleted))
		return -EIDRM;
	if (!lsn || lsn % 8 || lsn > READ_ONCE(stream->last_lsn))
		return -EINVAL;
	return base && lsn >= base ? 0 : -ESTALE;
}

/* What failed may have failed because the record was let go. */
static int explain(const struct ktm_stream *stream, u64 lsn, int error)
{
	int ret = check_range(stream, lsn);

	return ret == -ESTALE || ret == -EIDRM ? ret : error;
}

int ktm_stream_check(struct ktm_stream *stream, struct ktm_log *log, u64 lsn,
		     struct ktm_log_record *record, void *buffer)
{
	int ret;

	ret = check_range(stream, lsn);
	if (ret)
		return ret;
	ret = ktm_log_read(log, lsn, record, buffer);
	if (!ret && (!ktm_stream_is_data(record->type) ||
		     !uuid_equal(&record->stream, &stream->obj.uuid)))
		ret = -EINVAL;
	return ret ? explain(stream, lsn, ret) : 0;
}

/* A record that another one names: if it is not kept any more, the chain ends. */
static int follow(struct ktm_stream *stream, struct ktm_log *log, u64 lsn,
		  struct ktm_log_record *record, void *buffer)
{
	int ret = lsn ? ktm_stream_check(stream, log, lsn, record, buffer) : -ENODATA;

	return ret == -ESTALE ? -ENODATA : ret;
}

static int follow_restart(struct ktm_stream *stream, struct ktm_log *log, u64 lsn,
			  struct ktm_log_record *record, void *buffer)
{
	int ret = follow(stream, log, lsn, record, buffer);

	/* nothing on disk is taken for what it should be */
	if (!ret && record->type != KTM_RECORD_STREAM_RESTART)
		ret = -EUCLEAN;
	return ret;
}

static int read_first(struct ktm_stream *stream, struct ktm_log *log,
		      struct ktm_log_record *record, void *buffer)
{
	u64 base;
	int ret;

	do {
		base = READ_ONCE(stream->base_lsn);
		if (!base)
			return -ENODATA;
		ret = ktm_stream_check(stream, log, base, record, buffer);
		/* the base moves on as often as somebody moves it */
		if (ret == -ESTALE && signal_pending(current))
			ret = -EINTR;
	} while (ret == -ESTALE);
	return ret;
}

/* Not beyond what is the last record now, so that this ends while others append. */
static int read_next(struct ktm_stream *stream, struct ktm_log *log, u64 lsn,
		     struct ktm_log_record *record, void *buffer)
{
	u64 last = READ_ONCE(stream->last_lsn);
	u64 at = lsn;
	int ret;

	ret = ktm_stream_check(stream, log, lsn, record, NULL);
	if (ret)
		return ret;
	do {
		if (at >= last)
			return -ENODATA;
		ret = ktm_log_read_next(log, &at, &stream->obj.uuid, record, buffer);
		if (ret == -EAGAIN && signal_pending(current))
			ret = -EINTR;
		cond_resched();
	} while (ret == -EAGAIN);
	if (ret == -EINTR)
		return ret;
	return ret ? explain(stream, lsn, ret == -ENOENT ? -EUCLEAN : ret) : 0;
}

static u64 before(const struct ktm_log_record *record)
{
	struct ktm_stream_head head;

	ktm_stream_decode_head(record->data, &head);
	return head.before_lsn;
}

static int read_chain(struct ktm_stream *stream, struct ktm_log *log,
		      enum ktm_stream_mode mode, u64 lsn,
		      struct ktm_log_record *record, void *buffer)
{
	int ret = ktm_stream_check(stream, log, lsn, record, buffer);

	if (ret)
		return ret;
	switch (mode) {
	case KTM_STREAM_READ_BEFORE:
		return follow(stream, log, before(record), record, buffer);
	case KTM_STREAM_READ_PREVIOUS:
		return follow(stream, log, record->prev_lsn, record, buffer);
	case KTM_STREAM_READ_UNDO_NEXT:
		return follow(stream, log, record->undo_next_lsn, record, buffer);
	case KTM_STREAM_READ_RESTART:
		if (record->type != KTM_RECORD_STREAM_RESTART)
			return -EINVAL;
		return follow_restart(stream, log, record->prev_lsn, record, buffer);
	default:
		return 0;
	}
}

/* LSN 0: where the mode begins. */
static int read_begin(struct ktm_stream *stream, struct ktm_log *log,
		      enum ktm_stream_mode mode, struct ktm_log_record *record,
		      void *buffer)
{
	if (READ_ONCE(stream->deleted))
		return -EIDRM;
	switch (mode) {
	case KTM_STREAM_READ_NEXT:
		return read_first(stream, log, record, buffer);
	case KTM_STREAM_READ_BEFORE:
		return follow(stream, log, READ_ONCE(stream->last_lsn), record, buffer);
	case KTM_STREAM_READ_RESTART:
		return follow_restart(stream, log, READ_ONCE(stream->restart_lsn), record,
				      buffer);
	default:
		return -EINVAL;
	}
}

static void fill_found(struct ktm_stream_found *found,
		       const struct ktm_log_record *record)
{
	*found = (struct ktm_stream_found){
		.lsn = record->lsn,
		.previous = record->prev_lsn,
		.undo_next = record->undo_next_lsn,
		.before = before(record),
		.restart = record->type == KTM_RECORD_STREAM_RESTART,
		.data = record->data + sizeof(struct ktm_disk_stream_data),
		.length = record->data_length - sizeof(struct ktm_disk_stream_data),
	};
}

int ktm_stream_read(struct ktm_stream *stream, enum ktm_stream_mode mode, u64 lsn,
		    void *buffer, struct ktm_stream_found *found)
{
	struct ktm_log_record record;
	struct ktm_log *log;
	int idx, ret;

	if (mode < KTM_STREAM_READ_AT || mode > KTM_STREAM_READ_RESTART)
		return -EINVAL;
	log = ktm_stream_use(stream, &idx);
	if (IS_ERR(log))
		ret = PTR_ERR(log);
	else if (!lsn)
		ret = read_begin(stream, log, mode, &record, buffer);
	else if (mode == KTM_STREAM_READ_NEXT)
		ret = read_next(stream, log, lsn, &record, buffer);
	else
		ret = read_chain(stream, log, mode, lsn, &record, buffer);
	if (!ret)
		fill_found(found, &record);
	ktm_tm_unuse_log(stream->tm, idx);
	return ret;
}
