// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - records of log streams are appended, and let go
 *
 * ktm_stream.lock puts the records of a stream in one order, whoever appends them, so that
 * each can name the one before it. No room is made under it, since entries are copied
 * forward under it when room is made: what finds no room lets it go, and tries again.
 */
#include <linux/limits.h>

#include "catalogue.h"
#include "stream.h"
#include "stream_append.h"
#include "stream_read.h"

#define SHARE	16	/* this part of the ring for what the clients of a stream reserve */

/**
 * struct job - a record on its way
 * @new: what the caller wants
 * @record: the record
 * @base_pin: start of the buffer around new.base
 * @need: with -ENOSPC: what room is to be made, or 0 if that does not help
 */
struct job {
	const struct ktm_stream_new *new;
	struct ktm_log_record record;
	u64 base_pin;
	u64 need;
};

static bool is_restart(const struct job *job)
{
	return job->record.type == KTM_RECORD_STREAM_RESTART;
}

static bool moves_base(const struct job *job)
{
	return job->new->base || job->new->is_base;
}

static u32 max_reserved(const struct ktm_log *log)
{
	return min_t(u64, ktm_log_ring_size(log) / SHARE / KTM_LOG_SLOT, S32_MAX);
}

static bool is_recent(struct ktm_stream *stream, u64 lsn)
{
	bool ret;

	mutex_lock(&stream->lock);
	ret = ktm_stream_is_recent(stream, lsn);
	mutex_unlock(&stream->lock);
	return ret;
}

/* Is it a record? Whether it is kept is asked again later. */
static int check_lsn(struct ktm_stream *stream, struct ktm_log *log, u64 lsn)
{
	struct ktm_log_record record;

	if (!lsn || is_recent(stream, lsn))
		return 0;
	return ktm_stream_check(stream, log, lsn, &record, NULL);
}

static int check_job(struct ktm_stream *stream, struct ktm_log *log, struct job *job)
{
	const struct ktm_stream_new *new = job->new;
	struct ktm_log_record base;
	int ret;

	if (new->base && new->is_base)
		return -EINVAL;
	if (new->length > (new->reserved ? KTM_STREAM_RESERVED_MAX : KTM_STREAM_RECORD_MAX))
		return -EMSGSIZE;
	if (new->reserve > max_reserved(log))
		return -ENOSPC;
	ret = check_lsn(stream, log, new->previous);
	if (!ret)
		ret = check_lsn(stream, log, new->undo_next);
	if (ret || !new->base)
		return ret;
	ret = ktm_stream_check(stream, log, new->base, &base, NULL);
	job->base_pin = ret ? 0 : base.buffer_lsn;
	return ret;
}

static bool is_kept(const struct ktm_stream *stream, u64 lsn)
{
	lockdep_assert_held(&stream->lock);
	return !lsn || (stream->base_lsn && lsn >= stream->base_lsn);
}

/* From half of its limit on it should let go of what makes more than a quarter of it. */
static void ask(struct ktm_stream *stream, struct ktm_log *log)
{
	struct ktm_tm *tm = stream->tm;
	u64 quarter = stream->limit / 4;
	u64 head = ktm_log_head(log);

	spin_lock(&tm->pin_lock);
	if (head > quarter)
		ktm_stream_ask(stream, head - quarter);
	spin_unlock(&tm->pin_lock);
}

static int check_locked(struct ktm_stream *stream, struct ktm_log *log,
			const struct job *job)
{
	const struct ktm_stream_new *new = job->new;

	lockdep_assert_held(&stream->lock);
	if (stream->deleted)
		return -EIDRM;
	if (!is_kept(stream, new->previous) || !is_kept(stream, new->undo_next) ||
	    !is_kept(stream, new->base))
		return -ESTALE;
	if (new->reserved && !stream->reserved)
		return -EINVAL;
	if (new->reserve > max_reserved(log) - stream->reserved)
		return -ENOSPC;
	if (!new->reserved && !moves_base(job) &&
	    ktm_stream_held(stream, log) > stream->limit) {
		ask(stream, log);
		return -ENOSPC;
	}
	return 0;
}

static void fill_job(const struct ktm_stream *stream, struct job *job)
{
	const struct ktm_stream_new *new = job->new;
	struct ktm_disk_stream_data head = {
		.before_lsn = cpu_to_le64(stream->last_lsn),
		.base_lsn = cpu_to_le64(new->base),
	};

	lockdep_assert_held(&stream->lock);
	memcpy(new->data, &head, sizeof(head));
	if (!is_restart(job))
		return;
	job->record.flags = new->is_base ? KTM_DISK_RECORD_F_BASE : 0;
	job->record.prev_lsn = stream->restart_lsn;
	if (new->is_base || stream->restart_lsn < new->base)
		job->record.prev_lsn = 0;
}

/* It is in the log; what it has changed, in the order of what replay does. */
static void account(struct ktm_stream *stream, const struct job *job, u64 pin)
{
	const struct ktm_stream_new *new = job->new;
	u64 lsn = job->record.lsn;

	lockdep_assert_held(&stream->lock);
	WRITE_ONCE(stream->last_lsn, lsn);
	if (!stream->base_lsn)
		/* who sees the base sees a last record that is not below: check_range() */
		smp_store_release(&stream->base_lsn, lsn);
	if (is_restart(job))
		WRITE_ONCE(stream->restart_lsn, lsn);
	if (moves_base(job)) {
		/* the same */
		smp_store_release(&stream->base_lsn, new->is_base ? lsn : new->base);
		ktm_stream_pin(&stream->data_pin, new->is_base ? pin : job->base_pin);
		ktm_stream_base_moved(stream);
	}
	stream->reserved += new->reserve;
	stream->reserved -= new->reserved;
	stream->nr_records++;
	stream->nr_bytes += new->length;
	ktm_stream_remember(stream, lsn);
}

static int append_locked(struct ktm_stream *stream, struct ktm_log *log, struct job *job)
{
	enum ktm_log_space space = job->new->reserved ? KTM_LOG_RESERVED : KTM_LOG_FREE;
	bool first = !ktm_stream_is_pinned(&stream->data_pin);
	u64 pin;
	int ret;

	lockdep_assert_held(&stream->lock);
	fill_job(stream, job);
	ktm_stream_pin_log(&stream->data_pin, log);
	pin = ktm_log_pin(log);
	ret = ktm_log_append_now(log, &job->record, space, NULL, &job->need);
	if (!ret)
		account(stream, job, pin);
	else if (first)
		ktm_stream_unpin(&stream->data_pin);
	if (!ret && ktm_stream_held(stream, log) > stream->limit / 2)
		ask(stream, log);
	return ret;
}

static int try_append(struct ktm_stream *stream, struct ktm_log *log, struct job *job)
{
	int ret;

	job->need = 0;
	mutex_lock(&stream->lock);
	ret = check_locked(stream, log, job);
	if (!ret)
		ret = append_locked(stream, log, job);
	mutex_unlock(&stream->lock);
	return ret;
}

static int append(struct ktm_stream *stream, struct ktm_log *log, struct job *job)
{
	u32 slots = job->new->reserve;
	int ret;

	ret = check_job(stream, log, job);
	if (!ret && slots)
		ret = ktm_log_reserve(log, slots);
	if (ret)
		return ret;
	do {
		ret = try_append(stream, log, job);
		if (ret == -ENOSPC && job->need) {
			ret = ktm_log_make_room(log, job->need);
			if (!ret)
				ret = -EAGAIN;
		}
	} while (ret == -EAGAIN);
	if (ret && slots)
		ktm_log_unreserve(log, slots);
	return ret;
}

static int append_as(struct ktm_stream *stream, const struct ktm_stream_new *new,
		     u16 type, u64 *lsn)
{
	struct job job = {
		.new = new,
		.record = {
			.type = type,
			.owner = __kuid_val(stream->uid),
			.prev_lsn = new->previous,
			.undo_next_lsn = new->undo_next,
			.data = new->data,
			.data_length = KTM_STREAM_HEAD + new->length,
		},
	};
	struct ktm_log *log;
	int idx, ret;

	uuid_copy(&job.record.stream, &stream->obj.uuid);
	log = ktm_stream_use(stream, &idx);
	ret = PTR_ERR_OR_ZERO(log);
	if (!ret)
		ret = append(stream, log, &job);
	if (!ret) {
		*lsn = job.record.lsn;
		if (new->flush || is_restart(&job))
			ret = ktm_log_force_to(log, *lsn);
	}
	ktm_tm_unuse_log(stream->tm, idx);
	return ret;
}

int ktm_stream_append(struct ktm_stream *stream, const struct ktm_stream_new *new,
		      u64 *lsn)
{
	return append_as(stream, new, KTM_RECORD_STREAM_DATA, lsn);
}

int ktm_stream_restart(struct ktm_stream *stream, const struct ktm_stream_new *new,
		       u64 *lsn)
{
	return append_as(stream, new, KTM_RECORD_STREAM_RESTART, lsn);
}

static int add_reserved(struct ktm_stream *stream, const struct ktm_log *log, u32 slots,
			u32 *reserved)
{
	int ret = 0;

	mutex_lock(&stream->lock);
	if (stream->deleted)
		ret = -EIDRM;
	else if (slots > max_reserved(log) - stream->reserved)
		ret = -ENOSPC;
	else
		stream->reserved += slots;
	*reserved = stream->reserved;
	mutex_unlock(&stream->lock);
	return ret;
}

static int take_reserved(struct ktm_stream *stream, u32 slots, u32 *reserved)
{
	int ret = 0;

	mutex_lock(&stream->lock);
	if (stream->deleted)
		ret = -EIDRM;
	else if (slots > stream->reserved)
		ret = -EINVAL;
	else
		stream->reserved -= slots;
	*reserved = stream->reserved;
	mutex_unlock(&stream->lock);
	return ret;
}

static int reserve(struct ktm_stream *stream, struct ktm_log *log, s64 delta,
		   u32 *reserved)
{
	int ret;

	if (delta <= 0) {
		ret = take_reserved(stream, -delta, reserved);
		if (!ret)
			ktm_log_unreserve(log, -delta);
		return ret;
	}
	if (delta > max_reserved(log))
		return -ENOSPC;
	ret = ktm_log_reserve(log, delta);
	if (ret)
		return ret;
	ret = add_reserved(stream, log, delta, reserved);
	if (ret)
		ktm_log_unreserve(log, delta);
	return ret;
}

int ktm_stream_reserve(struct ktm_stream *stream, s32 delta, u32 *reserved)
{
	struct ktm_log *log;
	int idx, ret;

	log = ktm_stream_use(stream, &idx);
	ret = PTR_ERR_OR_ZERO(log);
	if (!ret)
		ret = reserve(stream, log, delta, reserved);
	ktm_tm_unuse_log(stream->tm, idx);
	return ret;
}

int ktm_stream_flush(struct ktm_stream *stream, u64 lsn)
{
	struct ktm_log *log;
	int idx, ret;

	log = ktm_stream_use(stream, &idx);
	if (IS_ERR(log))
		ret = PTR_ERR(log);
	else if (READ_ONCE(stream->deleted))
		ret = -EIDRM;
	else if (lsn > READ_ONCE(stream->last_lsn))
		ret = -EINVAL;
	else
		ret = lsn ? ktm_log_force_to(log, lsn) : ktm_log_force(log);
	ktm_tm_unuse_log(stream->tm, idx);
	return ret;
}

/* -EAGAIN: there is no slot. @pin: start of the buffer around the new base. */
static int set_base_locked(struct ktm_stream *stream, struct ktm_log *log, u64 lsn,
			   u64 pin)
{
	u64 restart;
	int ret;

	lockdep_assert_held(&stream->lock);
	if (stream->deleted)
		return -EIDRM;
	if (lsn == stream->base_lsn)
		return 0;
	if (!is_kept(stream, lsn))
		return -ESTALE;
	if (!stream->has_slot)
		return -EAGAIN;
	restart = lsn && stream->restart_lsn >= lsn ? stream->restart_lsn : 0;
	ret = ktm_catalogue_append(stream, log, lsn, restart, KTM_LOG_RESERVED);
	if (ret)
		return ret;
	/* for the next time; else it is taken then */
	stream->has_slot = !ktm_log_try_reserve(log, 1);
	WRITE_ONCE(stream->base_lsn, lsn);
	WRITE_ONCE(stream->restart_lsn, restart);
	if (lsn)
		ktm_stream_pin(&stream->data_pin, pin);
	else
		ktm_stream_unpin(&stream->data_pin);
	ktm_stream_base_moved(stream);
	return 0;
}

static int set_base(struct ktm_stream *stream, struct ktm_log *log, u64 lsn)
{
	struct ktm_log_record record = { };
	int ret;

	if (lsn) {
		ret = ktm_stream_check(stream, log, lsn, &record, NULL);
		if (ret)
			return ret;
	}
	do {
		ret = ktm_stream_take_slot(stream, log);
		if (ret)
			return ret;
		mutex_lock(&stream->lock);
		ret = set_base_locked(stream, log, lsn, record.buffer_lsn);
		mutex_unlock(&stream->lock);
	} while (ret == -EAGAIN);
	return ret;
}

int ktm_stream_set_base(struct ktm_stream *stream, u64 lsn, bool flush)
{
	struct ktm_log *log;
	int idx, ret;

	log = ktm_stream_use(stream, &idx);
	ret = PTR_ERR_OR_ZERO(log);
	if (!ret)
		ret = set_base(stream, log, lsn);
	if (!ret && flush)
		ret = ktm_log_force(log);
	ktm_tm_unuse_log(stream->tm, idx);
	return ret;
}
