// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - log streams come and go
 *
 * A stream has one slot of the log reserved, for the next of its entries or its end:
 * so on a full ring its base can move, or it can be deleted, at least once; and that
 * makes room for the next slot.
 */
#include <uapi/linux/ktm_log.h>

#include "catalogue.h"
#include "stream.h"

static struct ktm_stream *find_by_name(struct ktm_tm *tm, const char *name)
{
	struct ktm_stream *stream;
	u64 cursor = 0;

	lockdep_assert_held(&tm->stream_lock);
	while ((stream = ktm_stream_next_of(tm, &cursor))) {
		if (!strncmp(stream->name, name, sizeof(stream->name)))
			return stream;
		ktm_stream_put(stream);
	}
	return NULL;
}

struct ktm_stream *ktm_stream_lookup(struct ktm_tm *tm, const uuid_t *uuid,
				     const char *name)
{
	struct ktm_stream *stream;

	if (READ_ONCE(tm->state) != KTM_TM_S_ONLINE)
		return ERR_PTR(-ESHUTDOWN);
	/* one that is just being made is not there yet */
	mutex_lock(&tm->stream_lock);
	stream = uuid_is_null(uuid) ? find_by_name(tm, name) : ktm_stream_find(tm, uuid);
	mutex_unlock(&tm->stream_lock);
	return stream ?: ERR_PTR(-ENOENT);
}

static struct ktm_stream *alloc(struct ktm_tm *tm, const struct ktm_log *log,
				const struct ktm_stream_params *params)
{
	struct ktm_stream *stream;

	stream = ktm_stream_alloc(tm, &params->uuid, params->payer);
	if (IS_ERR(stream))
		return stream;
	strscpy(stream->name, params->name, sizeof(stream->name));
	stream->uid = params->uid;
	stream->gid = params->gid;
	stream->mode = params->mode;
	stream->limit = params->limit ?: ktm_log_ring_size(log) / 4;
	stream->known = true;
	stream->has_slot = true;
	return stream;
}

static int check_new(struct ktm_tm *tm, const struct ktm_log *log,
		     const struct ktm_stream *stream)
{
	struct ktm_stream *other;

	lockdep_assert_held(&tm->stream_lock);
	other = find_by_name(tm, stream->name);
	if (other) {
		ktm_stream_put(other);
		return -EEXIST;
	}
	return tm->nr_streams < ktm_catalogue_max(log) ? 0 : -EDQUOT;
}

/* The reference for being there is the caller's. Two slots are reserved: one is used up. */
static int insert_locked(struct ktm_tm *tm, struct ktm_log *log, struct ktm_stream *stream)
{
	int ret;

	ret = check_new(tm, log, stream);
	if (!ret)
		ret = ktm_registry_insert(&tm->streams, &stream->obj);
	if (ret)
		return ret;
	mutex_lock(&stream->lock);
	ret = ktm_catalogue_append(stream, log, 0, 0, KTM_LOG_RESERVED);
	mutex_unlock(&stream->lock);
	if (ret)
		ktm_registry_remove(&tm->streams, &stream->obj);
	else
		tm->nr_streams++;
	return ret;
}

/* If the log fails at last, the stream stays until the detach, and is of no use. */
static int create(struct ktm_tm *tm, struct ktm_log *log, struct ktm_stream *stream)
{
	int ret;

	ret = ktm_log_reserve(log, 2);
	if (ret)
		return ret;
	mutex_lock(&tm->stream_lock);
	ret = insert_locked(tm, log, stream);
	if (!ret)
		ktm_stream_get(stream);	/* for being there */
	mutex_unlock(&tm->stream_lock);
	if (ret) {
		ktm_log_unreserve(log, 2);
		return ret;
	}
	return ktm_log_force(log);
}

struct ktm_stream *ktm_stream_create(struct ktm_tm *tm,
				     const struct ktm_stream_params *params)
{
	struct ktm_stream *stream;
	struct ktm_log *log;
	int idx, ret;

	if (!tm->durable || !params->name[0])
		return ERR_PTR(-EINVAL);
	log = ktm_tm_use_log(tm, &idx);
	if (!log || READ_ONCE(tm->state) != KTM_TM_S_ONLINE) {
		stream = ERR_PTR(-ESHUTDOWN);
		goto out;
	}
	if (params->limit > ktm_log_ring_size(log)) {
		stream = ERR_PTR(-EINVAL);
		goto out;
	}
	stream = alloc(tm, log, params);
	if (IS_ERR(stream))
		goto out;
	ret = create(tm, log, stream);
	if (ret) {
		ktm_stream_put(stream);
		stream = ERR_PTR(ret);
	}
out:
	ktm_tm_unuse_log(tm, idx);
	return stream;
}

int ktm_stream_take_slot(struct ktm_stream *stream, struct ktm_log *log)
{
	bool has;
	int ret;

	mutex_lock(&stream->lock);
	has = stream->has_slot;
	mutex_unlock(&stream->lock);
	if (has)
		return 0;
	ret = ktm_log_reserve(log, 1);
	if (ret)
		return ret;
	mutex_lock(&stream->lock);
	has = stream->has_slot || stream->deleted;
	if (!has)
		stream->has_slot = true;
	mutex_unlock(&stream->lock);
	if (has)
		ktm_log_unreserve(log, 1);
	return 0;
}

static int append_end(struct ktm_stream *stream, struct ktm_log *log)
{
	struct ktm_log_record record = {
		.type = KTM_RECORD_STREAM_END,
		.owner = __kuid_val(stream->uid),
	};
	u64 need;

	uuid_copy(&record.stream, &stream->obj.uuid);
	return ktm_log_append_now(log, &record, KTM_LOG_RESERVED, NULL, &need);
}

/* -EAGAIN: it has no slot. */
static int delete_locked(struct ktm_stream *stream, struct ktm_log *log)
{
	int ret;

	lockdep_assert_held(&stream->lock);
	if (stream->deleted)
		return -EIDRM;
	if (!stream->has_slot)
		return -EAGAIN;
	ret = append_end(stream, log);
	if (ret)
		return ret;
	stream->has_slot = false;
	stream->deleted = true;
	/* the tail moves past them when all that was appended is durable */
	ktm_stream_unpin(&stream->entry_pin);
	ktm_stream_unpin(&stream->data_pin);
	ktm_log_unreserve(log, stream->reserved);
	stream->reserved = 0;
	wake_up_all(&stream->wait);
	return 0;
}

static int delete(struct ktm_stream *stream, struct ktm_log *log)
{
	struct ktm_tm *tm = stream->tm;
	int ret;

	mutex_lock(&tm->stream_lock);
	mutex_lock(&stream->lock);
	ret = delete_locked(stream, log);
	mutex_unlock(&stream->lock);
	if (!ret) {
		/* name and UUID are free: what is made next comes later in the log */
		ktm_registry_remove(&tm->streams, &stream->obj);
		tm->nr_streams--;
		ktm_stream_put(stream);	/* for being there; the caller has one */
	}
	mutex_unlock(&tm->stream_lock);
	return ret;
}

int ktm_stream_delete(struct ktm_stream *stream)
{
	struct ktm_log *log;
	int idx, ret;

	log = ktm_stream_use(stream, &idx);
	ret = PTR_ERR_OR_ZERO(log);
	if (ret)
		goto out;
	do {
		ret = ktm_stream_take_slot(stream, log);
		if (!ret)
			ret = delete(stream, log);
	} while (ret == -EAGAIN);
	if (!ret)
		ret = ktm_log_force(log);
out:
	ktm_tm_unuse_log(stream->tm, idx);
	return ret;
}

u64 ktm_stream_held(const struct ktm_stream *stream, struct ktm_log *log)
{
	lockdep_assert_held(&stream->lock);
	/* the data pin is written under the lock only */
	if (!ktm_stream_is_pinned(&stream->data_pin))
		return 0;
	return ktm_log_head(log) - stream->data_pin.lsn;
}

static void fill_state(struct ktm_stream_state *state, const struct ktm_stream *stream,
		       struct ktm_log *log)
{
	lockdep_assert_held(&stream->lock);
	*state = (struct ktm_stream_state){
		.base_lsn = stream->base_lsn,
		.last_lsn = stream->base_lsn ? stream->last_lsn : 0,
		.restart_lsn = stream->restart_lsn,
		.held = ktm_stream_held(stream, log),
		.wanted_lsn = READ_ONCE(stream->wanted_lsn),
		.records = stream->nr_records,
		.bytes = stream->nr_bytes,
		.reserved = stream->reserved,
	};
}

int ktm_stream_state(struct ktm_stream *stream, struct ktm_stream_state *state)
{
	struct ktm_log *log;
	int idx, ret;

	log = ktm_stream_use(stream, &idx);
	ret = PTR_ERR_OR_ZERO(log);
	if (!ret) {
		mutex_lock(&stream->lock);
		if (stream->deleted)
			ret = -EIDRM;
		else
			fill_state(state, stream, log);
		mutex_unlock(&stream->lock);
	}
	ktm_tm_unuse_log(stream->tm, idx);
	return ret;
}
