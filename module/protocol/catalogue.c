// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - which streams there are, in the log and after it was replayed
 *
 * The newest entry of a stream says all that is known of it at that place of the log;
 * records of its clients behind it change the rest (see pure/stream.h). The entry
 * holds the tail until it is copied forward or the stream ends, so replay finds one
 * of each stream. It may find records before the entry, that an older entry was for:
 * they wait for it, as those of an unknown stream.
 *
 * On disk, if power fails
 *
 *	before a new entry, or an end, is durable	the old entry is there, and all
 *		that it keeps: the tail moves only when all that was appended is
 *		durable.
 *	after it					the new one counts.
 *
 * What replay finds must fit together, or the log has lost something: each record names
 * the one before it, each entry the last one, and the base at the end is there.
 */
#include <uapi/linux/ktm_log.h>

#include "catalogue.h"

#define SHARE	16	/* this part of the ring for slots, and for entries */

u32 ktm_catalogue_max(const struct ktm_log *log)
{
	return min_t(u64, ktm_log_ring_size(log) / SHARE / KTM_LOG_SLOT, KTM_STREAM_MAX);
}

/*
 * Replay
 */

static struct ktm_stream *get_stream(struct ktm_tm *tm,
				     const struct ktm_log_record *record)
{
	kuid_t owner = KUIDT_INIT(record->owner);
	struct ktm_stream *stream;
	int ret;

	stream = ktm_stream_find(tm, &record->stream);
	if (stream)
		return stream;
	if (tm->nr_streams == KTM_STREAM_MAX)
		return ERR_PTR(-EUCLEAN);
	stream = ktm_stream_alloc(tm, &record->stream, ktm_payer_found(owner));
	if (IS_ERR(stream))
		return stream;
	stream->uid = owner;
	ret = ktm_registry_insert(&tm->streams, &stream->obj);
	if (ret) {
		ktm_stream_put(stream);
		return ERR_PTR(ret);
	}
	tm->nr_streams++;
	/* one reference for being there, one for the caller */
	return ktm_stream_get(stream);
}

/* It is not there any more. */
static void drop_stream(struct ktm_tm *tm, struct ktm_stream *stream)
{
	ktm_stream_unpin(&stream->entry_pin);
	ktm_stream_unpin(&stream->data_pin);
	wake_up_all(&stream->wait);
	tm->nr_streams--;
	ktm_stream_put(stream);
}

/*
 * Its base may be below the tail, if a restart area behind it has moved the base on:
 * whether that was so is seen at the end.
 */
static bool entry_fits(const struct ktm_stream *stream,
		       const struct ktm_stream_entry *entry)
{
	lockdep_assert_held(&stream->lock);
	if ((stream->known || stream->last_lsn) && entry->last_lsn != stream->last_lsn)
		return false;
	return !entry->base_lsn || !stream->known || entry->base_lsn >= stream->base_lsn;
}

static int take_entry(struct ktm_stream *stream, const struct ktm_log_record *record,
		      u64 buffer_lsn)
{
	struct ktm_stream_entry entry;

	ktm_stream_decode(record->data, &entry);
	if (!entry_fits(stream, &entry))
		return -EUCLEAN;
	stream->known = true;
	stream->uid = KUIDT_INIT(record->owner);
	stream->gid = KGIDT_INIT(entry.gid);
	stream->mode = entry.mode;
	stream->limit = entry.limit;
	strscpy(stream->name, entry.name, sizeof(stream->name));
	stream->base_lsn = entry.base_lsn;
	stream->last_lsn = entry.last_lsn;
	stream->restart_lsn = entry.restart_lsn;
	ktm_stream_pin(&stream->entry_pin, buffer_lsn);
	if (!entry.base_lsn)
		ktm_stream_unpin(&stream->data_pin);
	return 0;
}

static int take_restart(struct ktm_stream *stream, const struct ktm_log_record *record,
			u64 base)
{
	if (record->flags & KTM_DISK_RECORD_F_BASE)
		base = record->lsn;
	stream->restart_lsn = record->lsn;
	if (!base)
		return 0;
	/* before the entry was seen, what was kept at first is not known */
	if (stream->known && base < stream->base_lsn)
		return -EUCLEAN;
	stream->base_lsn = base;
	return 0;
}

static int take_data(struct ktm_stream *stream, const struct ktm_log_record *record,
		     u64 buffer_lsn)
{
	struct ktm_stream_head head;

	ktm_stream_decode_head(record->data, &head);
	if (head.before_lsn != stream->last_lsn && (stream->known || stream->last_lsn))
		return -EUCLEAN;
	stream->last_lsn = record->lsn;
	if (!stream->base_lsn)
		stream->base_lsn = record->lsn;
	/* may be too low, which settle() puts right; never too high */
	if (!ktm_stream_is_pinned(&stream->data_pin))
		ktm_stream_pin(&stream->data_pin, buffer_lsn);
	if (record->type == KTM_RECORD_STREAM_RESTART)
		return take_restart(stream, record, head.base_lsn);
	return 0;
}

static int take_end(struct ktm_tm *tm, const struct ktm_log_record *record)
{
	struct ktm_stream *stream = ktm_stream_find(tm, &record->stream);

	/* all else of it may be gone */
	if (!stream)
		return 0;
	drop_stream(tm, stream);
	ktm_stream_put(stream);
	return 0;
}

int ktm_catalogue_record(struct ktm_tm *tm, const struct ktm_log_record *record,
			 u64 buffer_lsn)
{
	struct ktm_stream *stream;
	int ret;

	if (record->type == KTM_RECORD_STREAM_END)
		return take_end(tm, record);
	stream = get_stream(tm, record);
	if (IS_ERR(stream))
		return PTR_ERR(stream);
	mutex_lock(&stream->lock);
	ret = record->type == KTM_RECORD_STREAM ?
		take_entry(stream, record, buffer_lsn) :
		take_data(stream, record, buffer_lsn);
	mutex_unlock(&stream->lock);
	if (ret == -EUCLEAN)
		pr_err("stream %pUb: the record at LSN %llu does not fit to those before\n",
		       &record->stream, record->lsn);
	ktm_stream_put(stream);
	return ret;
}

/* What is lost of it, or NULL. */
static const char *what_is_lost(const struct ktm_stream *stream)
{
	lockdep_assert_held(&stream->lock);
	if (!stream->known)
		return "entry";
	/* the pin is at the first record that is there: a base below it was let go */
	if (stream->base_lsn && (!ktm_stream_is_pinned(&stream->data_pin) ||
				 stream->base_lsn < stream->data_pin.lsn))
		return "base";
	return NULL;
}

int ktm_catalogue_check(struct ktm_tm *tm)
{
	struct ktm_stream *stream;
	const char *lost;
	u64 cursor = 0;

	while ((stream = ktm_stream_next_of(tm, &cursor))) {
		mutex_lock(&stream->lock);
		lost = what_is_lost(stream);
		mutex_unlock(&stream->lock);
		if (lost)
			pr_err("stream %pUb: its %s is lost\n", &stream->obj.uuid, lost);
		ktm_stream_put(stream);
		if (lost)
			return -EUCLEAN;
	}
	return 0;
}

/*
 * The log is there
 */

static int settle_base(struct ktm_stream *stream, struct ktm_log *log)
{
	struct ktm_log_record record;
	int ret;

	lockdep_assert_held(&stream->lock);
	if (!stream->base_lsn)
		return 0;
	ret = ktm_log_read(log, stream->base_lsn, &record, NULL);
	if (ret)
		return ret == -EINVAL ? -EUCLEAN : ret;
	if (!ktm_stream_is_data(record.type) ||
	    !uuid_equal(&record.stream, &stream->obj.uuid))
		return -EUCLEAN;
	ktm_stream_pin(&stream->data_pin, record.buffer_lsn);
	return 0;
}

int ktm_catalogue_settle(struct ktm_tm *tm)
{
	struct ktm_stream *stream;
	u64 cursor = 0;
	int ret = 0;

	while (!ret && (stream = ktm_stream_next_of(tm, &cursor))) {
		mutex_lock(&stream->lock);
		ret = settle_base(stream, tm->log);
		/* it may have had none, for lack of room */
		if (!ret)
			stream->has_slot = !ktm_log_reserve_recovered(tm->log, 1);
		mutex_unlock(&stream->lock);
		if (ret)
			pr_err("stream %pUb: its base cannot be read: error %d\n",
			       &stream->obj.uuid, ret);
		ktm_stream_put(stream);
	}
	return ret;
}

void ktm_catalogue_wake(struct ktm_tm *tm)
{
	struct ktm_stream *stream;
	u64 cursor = 0;

	while ((stream = ktm_stream_next_of(tm, &cursor))) {
		wake_up_all(&stream->wait);
		ktm_stream_put(stream);
	}
}

void ktm_catalogue_forget(struct ktm_tm *tm)
{
	struct ktm_stream *stream;
	u64 cursor = 0;

	while ((stream = ktm_stream_next_of(tm, &cursor))) {
		drop_stream(tm, stream);
		ktm_stream_put(stream);
	}
}

int ktm_catalogue_append(struct ktm_stream *stream, struct ktm_log *log, u64 base,
			 u64 restart, enum ktm_log_space space)
{
	struct ktm_stream_entry entry = {
		.base_lsn = base,
		.last_lsn = stream->last_lsn,
		.restart_lsn = restart,
		.limit = stream->limit,
		.gid = __kgid_val(stream->gid),
		.mode = stream->mode,
	};
	struct ktm_disk_stream disk;
	struct ktm_log_record record = {
		.type = KTM_RECORD_STREAM,
		.flags = space == KTM_LOG_COPY ? KTM_DISK_RECORD_F_COPY : 0,
		.owner = __kuid_val(stream->uid),
		.data = &disk,
		.data_length = sizeof(disk),
	};
	bool first = !ktm_stream_is_pinned(&stream->entry_pin);
	u64 pin, need;
	int ret;

	strscpy(entry.name, stream->name, sizeof(entry.name));
	ktm_stream_encode(&disk, &entry);
	uuid_copy(&record.stream, &stream->obj.uuid);
	/* until it is appended the old one holds the tail; of a new stream, this pin */
	ktm_stream_pin_log(&stream->entry_pin, log);
	pin = ktm_log_pin(log);
	ret = ktm_log_append_now(log, &record, space, NULL, &need);
	if (!ret)
		ktm_stream_pin(&stream->entry_pin, pin);
	else if (first)
		ktm_stream_unpin(&stream->entry_pin);
	return ret;
}

/*
 * Room
 */

/* Up to where entries are copied at once: one is due, the next ones will be soon. */
static u64 copy_limit(struct ktm_log *log, u64 tail)
{
	/* copies stand at or above the pin, so each is made once */
	return min(tail + ktm_log_ring_size(log) / 8, ktm_log_pin(log) - 1);
}

/*
 * The first stream whose entry is held at or below @limit, with a reference; NULL: none.
 * ERR_PTR(-ENOSPC): a base is held at or below @tail, and was asked to move.
 */
static struct ktm_stream *find_held(struct ktm_tm *tm, struct ktm_log *log, u64 tail,
				    u64 limit)
{
	u64 wanted = tail + ktm_log_ring_size(log) / 4;
	struct ktm_stream *held = NULL;
	struct ktm_stream_pin *pin;
	struct rb_node *node;

	spin_lock(&tm->pin_lock);
	for (node = rb_first_cached(&tm->stream_pins); node; node = rb_next(node)) {
		pin = rb_entry(node, struct ktm_stream_pin, node);
		if (pin->lsn > limit)
			break;
		if (pin == &pin->stream->data_pin && pin->lsn <= tail) {
			ktm_stream_ask(pin->stream, wanted);
			held = ERR_PTR(-ENOSPC);
			break;
		}
		if (pin == &pin->stream->entry_pin && !held)
			held = pin->stream;
	}
	/* as long as it is pinned, the TM has a reference on it */
	if (!IS_ERR_OR_NULL(held))
		ktm_stream_get(held);
	spin_unlock(&tm->pin_lock);
	return held;
}

static int copy_entry(struct ktm_stream *stream, struct ktm_log *log)
{
	int ret = 0;

	mutex_lock(&stream->lock);
	if (!stream->deleted)
		ret = ktm_catalogue_append(stream, log, stream->base_lsn,
					   stream->restart_lsn, KTM_LOG_COPY);
	mutex_unlock(&stream->lock);
	return ret;
}

int ktm_catalogue_make_room(struct ktm_tm *tm, struct ktm_log *log, u64 tail)
{
	u64 limit = copy_limit(log, tail);
	struct ktm_stream *stream;
	int ret = 0;

	while (!ret) {
		stream = find_held(tm, log, tail, limit);
		if (IS_ERR_OR_NULL(stream))
			return PTR_ERR_OR_ZERO(stream);
		ret = copy_entry(stream, log);
		ktm_stream_put(stream);
	}
	return ret;
}
