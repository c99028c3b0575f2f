// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - log ring: records go into the open buffer
 *
 * An append copies the record into the open buffer and gives it the next LSN.
 * The buffer is sealed, that is, gets its head and checksum and is submitted,
 * when the next record does not fit; or before, when somebody waits for one of
 * its records and no other buffer that was sealed so is being written. What is
 * appended while that write goes on shares the next one.
 *
 * Buffers are sealed and submitted under append_lock, so they are in flight in
 * the order of their LSNs.
 */
#include "log_internal.h"

/**
 * struct place - where the next record would go
 * @lsn: its LSN
 * @cost: by how much the end of the log would move
 * @filler: bytes of the ring's end to be left out, or 0
 * @nr_buffers: buffers to be opened
 */
struct place {
	u64 lsn;
	u64 cost;
	u32 filler;
	unsigned int nr_buffers;
};

static bool fits_open(struct ktm_log *log, u32 length)
{
	struct ktm_format_buffer *head = &log->open->head;
	u64 to_end = log->ring_size - head->lsn % log->ring_size;

	return head->used + length <= min_t(u64, to_end, KTM_DISK_BUFFER_MAX);
}

/* The open buffer, if there is one, has room. */
static void find_place(struct ktm_log *log, u32 length, struct place *place)
{
	u32 used = sizeof(struct ktm_disk_buffer);
	u64 to_end;

	if (log->open) {
		used = log->open->head.used;
		*place = (struct place){
			.lsn = log->open->head.lsn + used,
			.cost = ktm_log_round_up(used + length) -
				ktm_log_round_up(used),
		};
		return;
	}

	/* end is written by holders of append_lock only */
	to_end = log->ring_size - log->end % log->ring_size;
	*place = (struct place){
		.cost = ktm_log_round_up(used + length),
		.nr_buffers = 1,
	};
	if (place->cost > to_end) {
		place->filler = to_end;
		place->cost += to_end;
		place->nr_buffers++;
	}
	place->lsn = log->end + place->filler + used;
}

/* Take a free buffer and make it the open one, at @lsn. */
static void open_buffer(struct ktm_log *log, u64 lsn)
{
	struct ktm_log_buffer *buffer;

	spin_lock_irq(&log->io_lock);
	buffer = list_first_entry(&log->free_buffers, struct ktm_log_buffer, node);
	list_del_init(&buffer->node);
	log->nr_free--;
	log->pin = lsn;
	spin_unlock_irq(&log->io_lock);

	buffer->head = (struct ktm_format_buffer){
		.lsn = lsn,
		.epoch = log->epoch,
		.used = sizeof(struct ktm_disk_buffer),
	};
	log->open = buffer;
}

/*
 * One waiter, in the open buffer, and all before that is durable: it is not worth a
 * flush of its own. With more of them there will be others soon: then the next write
 * goes on beside the flush of this one.
 */
static bool is_alone_locked(struct ktm_log *log)
{
	lockdep_assert_held(&log->io_lock);
	return log->durable == log->open->head.lsn && list_is_singular(&log->waiters);
}

/* Seal and submit the open buffer, which spans @span bytes of the ring. */
static void seal_span(struct ktm_log *log, u32 span, bool on_demand)
{
	struct ktm_log_buffer *buffer = log->open;
	struct ktm_format_buffer *head = &buffer->head;

	spin_lock_irq(&log->io_lock);
	head->durable_lsn = log->durable;
	buffer->alone = on_demand && is_alone_locked(log);
	spin_unlock_irq(&log->io_lock);

	head->prev_lsn = log->prev_lsn;
	head->span = span;
	ktm_format_seal_buffer(buffer->data, log->uuid, head);
	buffer->end_lsn = head->lsn + span;
	buffer->on_demand = on_demand;

	spin_lock_irq(&log->io_lock);
	buffer->written = false;
	list_add_tail(&buffer->node, &log->flight);
	log->nr_on_demand += on_demand;
	log->pin = buffer->end_lsn;
	log->nr_writes++;
	log->nr_flushes += buffer->alone;
	log->nr_bytes += ktm_log_round_up(head->used);
	spin_unlock_irq(&log->io_lock);

	log->prev_lsn = head->lsn;
	log->open = NULL;
	ktm_log_submit_buffer(buffer);
}

static void seal(struct ktm_log *log, bool on_demand)
{
	lockdep_assert_held(&log->append_lock);
	seal_span(log, ktm_log_round_up(log->open->head.used), on_demand);
}

/* Open the buffers that @place asks for; they are there and paid for. */
static void open_place(struct ktm_log *log, const struct place *place)
{
	u64 lsn = place->lsn - sizeof(struct ktm_disk_buffer);

	if (place->filler) {
		open_buffer(log, lsn - place->filler);
		seal_span(log, place->filler, false);
	}
	if (place->nr_buffers)
		open_buffer(log, lsn);
}

static void copy_record(struct ktm_log *log, const struct ktm_format_record *plain)
{
	struct ktm_log_buffer *buffer = log->open;

	ktm_format_encode_record(buffer->data + buffer->head.used, plain);
	buffer->head.used += ktm_format_record_length(plain->data_length);
	buffer->head.nr_records++;
}

static void add_waiter_locked(struct ktm_log *log, struct ktm_log_waiter *waiter,
			      u64 lsn)
{
	lockdep_assert_held(&log->io_lock);
	waiter->lsn = lsn;
	list_add_tail(&waiter->node, &log->waiters);
	/* no write will end and queue the work for this one */
	if (log->error)
		ktm_log_kick(log);
}

static void to_plain(const struct ktm_log_record *record,
		     struct ktm_format_record *plain)
{
	plain->type = record->type;
	plain->flags = record->flags;
	plain->owner = record->owner;
	plain->data_length = record->data_length;
	plain->prev_lsn = record->prev_lsn;
	plain->undo_next_lsn = record->undo_next_lsn;
	export_uuid(plain->stream, &record->stream);
	export_uuid(plain->tx, &record->tx);
	export_uuid(plain->enlistment, &record->enlistment);
	plain->data = record->data;
}

/*
 * Returns -EAGAIN if no buffer is free, -ENOSPC with @need set if there is no
 * room; in both cases nothing has happened.
 */
static int append_locked(struct ktm_log *log, struct ktm_format_record *plain,
			 enum ktm_log_space space, struct ktm_log_waiter *waiter,
			 u64 *need)
{
	u32 length = ktm_format_record_length(plain->data_length);
	struct place place;
	int error;

	lockdep_assert_held(&log->append_lock);

	error = ktm_log_error(log);
	if (error)
		return error;
	if (log->open && !fits_open(log, length))
		seal(log, false);
	find_place(log, length, &place);
	plain->lsn = place.lsn;
	if (WARN_ON_ONCE(!ktm_format_record_is_possible(plain)))
		return -EINVAL;

	spin_lock_irq(&log->io_lock);
	/* buffers are taken under append_lock only: what is free stays so */
	if (log->nr_free < place.nr_buffers)
		error = -EAGAIN;
	else
		error = ktm_log_charge_locked(log, place.cost, space);
	spin_unlock_irq(&log->io_lock);
	*need = place.cost;
	if (error)
		return error;

	open_place(log, &place);
	copy_record(log, plain);

	spin_lock_irq(&log->io_lock);
	log->head = place.lsn + length;
	if (waiter)
		add_waiter_locked(log, waiter, log->head);
	spin_unlock_irq(&log->io_lock);
	if (waiter)
		ktm_log_seal_on_demand(log);
	return 0;
}

static bool buffers_are_free(struct ktm_log *log)
{
	bool ret;

	spin_lock_irq(&log->io_lock);
	/* two is the most that an append may ask for */
	ret = log->nr_free >= 2 || log->error;
	spin_unlock_irq(&log->io_lock);
	return ret;
}

int ktm_log_append_now(struct ktm_log *log, struct ktm_log_record *record,
		       enum ktm_log_space space, struct ktm_log_waiter *waiter, u64 *need)
{
	struct ktm_format_record plain;
	int ret;

	if (record->data_length > KTM_DISK_DATA_MAX ||
	    (space == KTM_LOG_RESERVED && record->data_length > KTM_LOG_SLOT_DATA))
		return -EMSGSIZE;
	to_plain(record, &plain);

	for (;;) {
		mutex_lock(&log->append_lock);
		ret = append_locked(log, &plain, space, waiter, need);
		mutex_unlock(&log->append_lock);
		if (ret != -EAGAIN)
			break;
		wait_event(log->idle_wait, buffers_are_free(log));
	}
	if (!ret)
		record->lsn = plain.lsn;
	return ret;
}

int ktm_log_append(struct ktm_log *log, struct ktm_log_record *record,
		   enum ktm_log_space space, struct ktm_log_waiter *waiter)
{
	u64 need;
	int ret;

	for (;;) {
		ret = ktm_log_append_now(log, record, space, waiter, &need);
		if (ret != -ENOSPC || space != KTM_LOG_FREE)
			return ret;
		ret = ktm_log_make_room(log, need);
		if (ret)
			return ret;
	}
}

void ktm_log_seal_on_demand(struct ktm_log *log)
{
	lockdep_assert_held(&log->append_lock);
	if (log->open && ktm_log_seal_is_due(log))
		seal(log, true);
}

/**
 * struct force - somebody waits for the log as a whole
 * @waiter: in the log's list
 * @completion: completed by the log's work
 * @error: what it said
 */
struct force {
	struct ktm_log_waiter waiter;
	struct completion completion;
	int error;
};

static void force_done(struct ktm_log_waiter *waiter, int error)
{
	struct force *force = container_of(waiter, struct force, waiter);

	force->error = error;
	complete(&force->completion);
}

int ktm_log_force(struct ktm_log *log)
{
	struct force force = { .waiter.done = force_done };
	bool wait = false;
	int error;

	init_completion(&force.completion);

	mutex_lock(&log->append_lock);
	spin_lock_irq(&log->io_lock);
	error = log->error;
	if (!error && log->durable < log->head) {
		add_waiter_locked(log, &force.waiter, log->head);
		wait = true;
	}
	spin_unlock_irq(&log->io_lock);
	if (wait)
		ktm_log_seal_on_demand(log);
	mutex_unlock(&log->append_lock);

	if (!wait)
		return error;
	/* it may have been written already and lack nothing but the flush */
	ktm_log_kick(log);
	wait_for_completion(&force.completion);
	return force.error;
}

int ktm_log_force_to(struct ktm_log *log, u64 lsn)
{
	bool durable;

	spin_lock_irq(&log->io_lock);
	durable = lsn < log->durable;
	spin_unlock_irq(&log->io_lock);
	return durable ? 0 : ktm_log_force(log);
}
