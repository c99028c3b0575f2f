// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - the exported interface of log streams for clients in the kernel
 *
 * A client is told by the same wait queue as who polls an fd of the stream: whatever
 * wakes it queues the work, which looks what has happened. So nothing below this level
 * knows of clients, and there is no list of them that could be walked at the wrong time.
 */
#include <linux/ktm_stream.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "access.h"
#include "stream_fd.h"
#include "../protocol/stream.h"
#include "../protocol/stream_append.h"
#include "../protocol/stream_read.h"

/**
 * struct ktm_kstream - a stream as one client has it
 * @stream: the stream, with a reference [const]
 * @ops: the client's functions [const]
 * @priv: passed to them [const]
 * @worker: workqueue for @work [const]
 * @work: calls them
 * @wait: in stream.wait; queues @work [stream.wait.lock]
 * @gone: the last callback was made [work]
 */
struct ktm_kstream {
	struct ktm_stream *stream;
	const struct ktm_kstream_ops *ops;
	void *priv;
	struct workqueue_struct *worker;
	struct work_struct work;
	struct wait_queue_entry wait;
	bool gone;
};

/**
 * struct ktm_kstream_reader - what one thread needs to read records
 * @stream: the stream; its client holds the reference [const]
 * @buffer: KTM_DISK_DATA_MAX bytes [its user]
 */
struct ktm_kstream_reader {
	struct ktm_stream *stream;
	void *buffer;
};

static bool is_gone(const struct ktm_stream *stream)
{
	return READ_ONCE(stream->deleted) || READ_ONCE(stream->tm->state) != KTM_TM_S_ONLINE;
}

static void tell(struct work_struct *work)
{
	struct ktm_kstream *ks = container_of(work, struct ktm_kstream, work);
	u64 wanted = READ_ONCE(ks->stream->wanted_lsn);

	if (ks->gone)
		return;
	ks->gone = is_gone(ks->stream);
	if (ks->gone && ks->ops->gone)
		ks->ops->gone(ks, ks->priv);
	else if (!ks->gone && wanted && ks->ops->advance)
		ks->ops->advance(ks, ks->priv, wanted);
}

/* Called under the lock of the wait queue. */
static int hear(struct wait_queue_entry *wait, unsigned int mode, int flags, void *key)
{
	struct ktm_kstream *ks = container_of(wait, struct ktm_kstream, wait);

	queue_work(ks->worker, &ks->work);
	return 0;
}

static struct ktm_kstream *alloc_client(const struct ktm_kstream_ops *ops, void *priv)
{
	struct ktm_kstream *ks;

	ks = kzalloc(sizeof(*ks), GFP_KERNEL);
	if (!ks)
		return NULL;
	ks->worker = alloc_workqueue("ktm_stream", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!ks->worker) {
		kfree(ks);
		return NULL;
	}
	ks->ops = ops;
	ks->priv = priv;
	INIT_WORK(&ks->work, tell);
	init_waitqueue_func_entry(&ks->wait, hear);
	return ks;
}

static void free_client(struct ktm_kstream *ks)
{
	destroy_workqueue(ks->worker);
	kfree(ks);
}

/* Takes the reference over, or frees what it was for. */
static struct ktm_kstream *take(struct ktm_kstream *ks, struct ktm_stream *stream)
{
	if (IS_ERR(stream)) {
		free_client(ks);
		return ERR_CAST(stream);
	}
	__module_get(ks->ops->owner);
	ks->stream = stream;
	add_wait_queue(&stream->wait, &ks->wait);
	/* what has happened before that woke nobody */
	if (is_gone(stream) || READ_ONCE(stream->wanted_lsn))
		queue_work(ks->worker, &ks->work);
	return ks;
}

struct ktm_kstream *ktm_kstream_create(struct ktm_tm *tm,
				       const struct ktm_kstream_params *params,
				       const struct ktm_kstream_ops *ops, void *priv)
{
	struct ktm_stream_params inner = {
		.name = params->name,
		.uid = params->uid,
		.gid = params->gid,
		.mode = params->mode,
		.limit = params->limit,
		/* it is for the kernel, whatever process it was that asked for it */
		.payer = ktm_payer_found(params->uid),
	};
	struct ktm_kstream *ks;

	if (strlen(params->name) >= KTM_NAME_MAX || params->mode & ~KTM_ACCESS_MODES ||
	    !uid_valid(params->uid) || !gid_valid(params->gid))
		return ERR_PTR(-EINVAL);
	if (params->uuid)
		uuid_copy(&inner.uuid, params->uuid);
	ks = alloc_client(ops, priv);
	if (!ks)
		return ERR_PTR(-ENOMEM);
	return take(ks, ktm_stream_create(tm, &inner));
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_create, KTM_NS);

struct ktm_kstream *ktm_kstream_open(struct ktm_tm *tm, const uuid_t *uuid,
				     const char *name, const struct ktm_kstream_ops *ops,
				     void *priv)
{
	bool by_uuid = uuid && !uuid_is_null(uuid);
	bool by_name = name && name[0];
	struct ktm_kstream *ks;

	if (by_uuid == by_name || (by_name && strlen(name) >= KTM_NAME_MAX))
		return ERR_PTR(-EINVAL);
	ks = alloc_client(ops, priv);
	if (!ks)
		return ERR_PTR(-ENOMEM);
	return take(ks, ktm_stream_lookup(tm, by_uuid ? uuid : &uuid_null, name));
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_open, KTM_NS);

void ktm_kstream_close(struct ktm_kstream *ks)
{
	struct module *owner = ks->ops->owner;
	struct ktm_stream *stream = ks->stream;

	/* nothing queues the work any more, and then none is left */
	remove_wait_queue(&stream->wait, &ks->wait);
	free_client(ks);
	ktm_stream_put(stream);
	module_put(owner);
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_close, KTM_NS);

int ktm_kstream_delete(struct ktm_kstream *ks)
{
	return ktm_stream_delete(ks->stream);
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_delete, KTM_NS);

int ktm_kstream_info(struct ktm_kstream *ks, struct ktm_stream_info *info)
{
	info->size = sizeof(*info);
	return ktm_stream_fd_fill(info, ks->stream);
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_info, KTM_NS);

static int add_up(const struct ktm_kstream_record *record, u32 *length)
{
	unsigned int i;

	*length = 0;
	for (i = 0; i < record->nr_parts; i++) {
		if (record->parts[i].iov_len > KTM_STREAM_RECORD_MAX - *length)
			return -EMSGSIZE;
		*length += record->parts[i].iov_len;
	}
	return 0;
}

/* The parts, in one piece behind the room that a record's head needs. */
static int gather(const struct ktm_kstream_record *record, struct ktm_stream_new *new)
{
	/* at most a page then */
	bool must = new->reserved && new->length <= KTM_STREAM_RESERVED_MAX;
	unsigned int i;
	u8 *to;

	if (must)
		new->data = kmalloc(KTM_STREAM_HEAD + new->length, GFP_KERNEL | __GFP_NOFAIL);
	else
		new->data = kvmalloc(KTM_STREAM_HEAD + new->length, GFP_KERNEL);
	if (!new->data)
		return -ENOMEM;
	to = new->data + KTM_STREAM_HEAD;
	for (i = 0; i < record->nr_parts; i++) {
		memcpy(to, record->parts[i].iov_base, record->parts[i].iov_len);
		to += record->parts[i].iov_len;
	}
	return 0;
}

typedef int (*stream_write_fn)(struct ktm_stream *stream, const struct ktm_stream_new *new,
			       u64 *lsn);

static int write_record(struct ktm_stream *stream, const struct ktm_kstream_record *record,
			struct ktm_stream_new *new, u64 *lsn, stream_write_fn fn)
{
	u64 where = 0;
	int ret;

	ret = add_up(record, &new->length);
	if (!ret)
		ret = gather(record, new);
	if (ret)
		return ret;
	ret = fn(stream, new, &where);
	kvfree(new->data);
	if (!ret && lsn)
		*lsn = where;
	return ret;
}

int ktm_kstream_append(struct ktm_kstream *ks, const struct ktm_kstream_record *record,
		       u64 *lsn)
{
	struct ktm_stream_new new = {
		.previous = record->previous,
		.undo_next = record->undo_next,
		.reserve = record->reserve,
		.flush = record->flags & KTM_STREAM_APPEND_F_FLUSH,
		.reserved = record->flags & KTM_STREAM_APPEND_F_RESERVED,
	};

	if (record->flags & ~KTM_STREAM_APPEND_F_MASK || record->base)
		return -EINVAL;
	return write_record(ks->stream, record, &new, lsn, ktm_stream_append);
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_append, KTM_NS);

int ktm_kstream_restart(struct ktm_kstream *ks, const struct ktm_kstream_record *record,
			u64 *lsn)
{
	struct ktm_stream_new new = {
		.base = record->base,
		.is_base = record->flags & KTM_STREAM_RESTART_F_BASE,
		.reserved = record->flags & KTM_STREAM_RESTART_F_RESERVED,
	};

	if (record->flags & ~KTM_STREAM_RESTART_F_MASK || record->reserve ||
	    record->previous || record->undo_next)
		return -EINVAL;
	return write_record(ks->stream, record, &new, lsn, ktm_stream_restart);
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_restart, KTM_NS);

int ktm_kstream_reserve(struct ktm_kstream *ks, s32 delta, u32 *reserved)
{
	u32 now;
	int ret = ktm_stream_reserve(ks->stream, delta, &now);

	if (!ret && reserved)
		*reserved = now;
	return ret;
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_reserve, KTM_NS);

int ktm_kstream_flush(struct ktm_kstream *ks, u64 lsn)
{
	return ktm_stream_flush(ks->stream, lsn);
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_flush, KTM_NS);

int ktm_kstream_set_base(struct ktm_kstream *ks, u64 lsn, u32 flags)
{
	if (flags & ~KTM_STREAM_BASE_F_FLUSH)
		return -EINVAL;
	return ktm_stream_set_base(ks->stream, lsn, flags);
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_set_base, KTM_NS);

struct ktm_kstream_reader *ktm_kstream_reader_alloc(struct ktm_kstream *ks)
{
	struct ktm_kstream_reader *reader;

	reader = kmalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader)
		return ERR_PTR(-ENOMEM);
	reader->stream = ks->stream;
	reader->buffer = kvmalloc(KTM_DISK_DATA_MAX, GFP_KERNEL);
	if (!reader->buffer) {
		kfree(reader);
		return ERR_PTR(-ENOMEM);
	}
	return reader;
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_reader_alloc, KTM_NS);

void ktm_kstream_reader_free(struct ktm_kstream_reader *reader)
{
	if (!reader)
		return;
	kvfree(reader->buffer);
	kfree(reader);
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_reader_free, KTM_NS);

int ktm_kstream_read(struct ktm_kstream_reader *reader, enum ktm_stream_mode mode,
		     u64 lsn, struct ktm_kstream_found *found)
{
	struct ktm_stream_found inner;
	int ret = ktm_stream_read(reader->stream, mode, lsn, reader->buffer, &inner);

	if (ret)
		return ret;
	*found = (struct ktm_kstream_found){
		.lsn = inner.lsn,
		.previous = inner.previous,
		.undo_next = inner.undo_next,
		.before = inner.before,
		.kind = inner.restart ? KTM_STREAM_RECORD_RESTART : KTM_STREAM_RECORD_DATA,
		.length = inner.length,
		.data = inner.data,
	};
	return 0;
}
EXPORT_SYMBOL_NS_GPL(ktm_kstream_read, KTM_NS);
