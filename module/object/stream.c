// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - log stream object
 */
#include <linux/slab.h>

#include "stream.h"

static void init_pin(struct ktm_stream_pin *pin, struct ktm_stream *stream)
{
	RB_CLEAR_NODE(&pin->node);
	pin->stream = stream;
}

struct ktm_stream *ktm_stream_alloc(struct ktm_tm *tm, const uuid_t *uuid,
				    struct ktm_payer payer)
{
	struct ktm_stream *stream;
	int ret;

	ret = ktm_objects_charge(payer, KTM_QUOTA_STREAM);
	if (ret)
		return ERR_PTR(ret);
	stream = kzalloc(sizeof(*stream), GFP_KERNEL_ACCOUNT);
	if (!stream) {
		ktm_objects_uncharge(payer.uid, KTM_QUOTA_STREAM);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&stream->obj.ref, 1);
	uuid_copy(&stream->obj.uuid, uuid);
	stream->tm = ktm_tm_get(tm);
	stream->payer = payer.uid;
	mutex_init(&stream->lock);
	init_pin(&stream->entry_pin, stream);
	init_pin(&stream->data_pin, stream);
	init_waitqueue_head(&stream->wait);
	return stream;
}

void ktm_stream_put(struct ktm_stream *stream)
{
	struct ktm_tm *tm = stream->tm;

	if (!refcount_dec_and_test(&stream->obj.ref))
		return;
	WARN_ON_ONCE(!RB_EMPTY_NODE(&stream->entry_pin.node) ||
		     !RB_EMPTY_NODE(&stream->data_pin.node));
	ktm_registry_remove(&tm->streams, &stream->obj);
	ktm_objects_uncharge(stream->payer, KTM_QUOTA_STREAM);
	kfree_rcu(stream, obj.rcu);
	ktm_tm_put(tm);
}

static struct ktm_stream *of_object(struct ktm_object *obj)
{
	return obj ? container_of(obj, struct ktm_stream, obj) : NULL;
}

struct ktm_stream *ktm_stream_find(struct ktm_tm *tm, const uuid_t *uuid)
{
	return of_object(ktm_registry_find(&tm->streams, uuid));
}

struct ktm_stream *ktm_stream_next_of(struct ktm_tm *tm, u64 *cursor)
{
	return of_object(ktm_registry_next(&tm->streams, cursor));
}

static bool is_lower(struct rb_node *node, const struct rb_node *other)
{
	return rb_entry(node, struct ktm_stream_pin, node)->lsn <
	       rb_entry(other, struct ktm_stream_pin, node)->lsn;
}

static void unpin_locked(struct ktm_stream_pin *pin)
{
	struct ktm_tm *tm = pin->stream->tm;

	lockdep_assert_held(&tm->pin_lock);
	if (RB_EMPTY_NODE(&pin->node))
		return;
	rb_erase_cached(&pin->node, &tm->stream_pins);
	RB_CLEAR_NODE(&pin->node);
}

void ktm_stream_pin(struct ktm_stream_pin *pin, u64 lsn)
{
	struct ktm_tm *tm = pin->stream->tm;

	spin_lock(&tm->pin_lock);
	unpin_locked(pin);
	pin->lsn = lsn;
	rb_add_cached(&pin->node, &tm->stream_pins, is_lower);
	spin_unlock(&tm->pin_lock);
}

void ktm_stream_pin_log(struct ktm_stream_pin *pin, struct ktm_log *log)
{
	struct ktm_tm *tm = pin->stream->tm;

	lockdep_assert_held(&pin->stream->lock);
	spin_lock(&tm->pin_lock);
	if (RB_EMPTY_NODE(&pin->node)) {
		/* asked under the lock: the tail is not above it, see struct ktm_log_ops */
		pin->lsn = ktm_log_pin(log);
		rb_add_cached(&pin->node, &tm->stream_pins, is_lower);
	}
	spin_unlock(&tm->pin_lock);
}

void ktm_stream_unpin(struct ktm_stream_pin *pin)
{
	struct ktm_tm *tm = pin->stream->tm;

	spin_lock(&tm->pin_lock);
	unpin_locked(pin);
	spin_unlock(&tm->pin_lock);
}

struct ktm_stream_pin *ktm_stream_oldest_pin(struct ktm_tm *tm)
{
	struct rb_node *node;

	lockdep_assert_held(&tm->pin_lock);
	node = rb_first_cached(&tm->stream_pins);
	return node ? rb_entry(node, struct ktm_stream_pin, node) : NULL;
}

void ktm_stream_ask(struct ktm_stream *stream, u64 lsn)
{
	lockdep_assert_held(&stream->tm->pin_lock);
	if (lsn <= stream->wanted_lsn)
		return;
	WRITE_ONCE(stream->wanted_lsn, lsn);
	wake_up_all(&stream->wait);
}

void ktm_stream_base_moved(struct ktm_stream *stream)
{
	lockdep_assert_held(&stream->lock);
	spin_lock(&stream->tm->pin_lock);
	if (!stream->base_lsn || stream->base_lsn >= stream->wanted_lsn)
		WRITE_ONCE(stream->wanted_lsn, 0);
	spin_unlock(&stream->tm->pin_lock);
}

void ktm_stream_remember(struct ktm_stream *stream, u64 lsn)
{
	lockdep_assert_held(&stream->lock);
	stream->recent[stream->nr_recent++ % KTM_STREAM_RECENT] = lsn;
}

bool ktm_stream_is_recent(const struct ktm_stream *stream, u64 lsn)
{
	unsigned int i;

	lockdep_assert_held(&stream->lock);
	for (i = 0; i < KTM_STREAM_RECENT; i++)
		if (stream->recent[i] == lsn)
			return lsn;
	return false;
}
