// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - log ring: room
 *
 * In bytes:
 *
 *	used = end - tail	what replay would read, rounded up to blocks
 *	reserved		KTM_LOG_SLOT for each record that was promised
 *	copy room		a share of the ring that only KTM_LOG_COPY may use
 *
 * Claim: used + reserved <= ring size, always; so a record that was promised can
 * be appended whatever happens before.
 *
 * - end is where the next buffer begins if the open one is sealed now. So it has
 *   the padding of the open buffer in it, and sealing does not move it, whoever
 *   demands it: a waiter, ktm_log_force(), a superblock, a full buffer.
 * - A record with a reservation moves end by at most one slot, and reserved goes
 *   down by a slot: the sum does not grow. Proof: if the record fits into the
 *   open buffer, it takes at most KTM_LOG_SLOT - sizeof(struct ktm_disk_buffer)
 *   bytes more there, which is less than a block, so that the rounded size grows
 *   by one block at most. If not, it opens a buffer at end, and head and record
 *   fit into one block. No filler is needed: end and the end of the ring are on
 *   blocks, so a block is left between them.
 * - Any other record moves end by what find_place() says, the filler included,
 *   and ktm_log_reserve() adds to reserved; both only if the sum allows it, in
 *   one critical section of io_lock.
 * - tail only grows, and only after its superblock is durable.
 *
 * The sum survives a restart: see ktm_log_reserve_recovered() in log.h.
 */
#include <linux/sched/signal.h>

#include "log_internal.h"

/* Bytes that may be given away now. */
static u64 room_locked(struct ktm_log *log, enum ktm_log_space space)
{
	u64 taken = log->end - log->tail + log->reserved;
	u64 room;

	lockdep_assert_held(&log->io_lock);

	if (WARN_ON_ONCE(taken > log->ring_size))
		return 0;
	room = log->ring_size - taken;
	if (space != KTM_LOG_FREE)
		return room;
	return room - min(room, log->ring_size / KTM_LOG_COPY_SHARE);
}

/* Half of what is given away is taken: time to move the tail, once per quarter of it. */
static bool wants_advance_locked(struct ktm_log *log)
{
	u64 free = log->ring_size - log->ring_size / KTM_LOG_COPY_SHARE;

	return room_locked(log, KTM_LOG_FREE) < free / 2 &&
	       log->end - log->advanced >= free / 4;
}

int ktm_log_charge_locked(struct ktm_log *log, u64 cost, enum ktm_log_space space)
{
	lockdep_assert_held(&log->append_lock);
	lockdep_assert_held(&log->io_lock);

	if (space == KTM_LOG_RESERVED) {
		if (WARN_ON_ONCE(log->reserved < KTM_LOG_SLOT ||
				 cost > KTM_LOG_SLOT))
			return -ENOSPC;
		log->reserved -= KTM_LOG_SLOT;
	} else if (cost > room_locked(log, space)) {
		return -ENOSPC;
	}
	log->end += cost;

	if (wants_advance_locked(log)) {
		log->advanced = log->end;
		queue_work(system_unbound_wq, &log->advance_work);
	}
	return 0;
}

static bool has_room(struct ktm_log *log, u64 need)
{
	bool ret;

	spin_lock_irq(&log->io_lock);
	ret = need <= room_locked(log, KTM_LOG_FREE);
	spin_unlock_irq(&log->io_lock);
	return ret;
}

u64 ktm_log_wanted_tail(struct ktm_log *log)
{
	/*
	 * In this order: whatever the owner needs and does not tell of yet is
	 * appended after the pin was read.
	 */
	u64 pin = ktm_log_pin(log);
	u64 tail = min(log->ops->tail(log->owner), pin);

	if (WARN_ON_ONCE(tail < log->tail || tail % KTM_DISK_BLOCK))
		return log->tail;
	return tail;
}

/*
 * Move the tail to where the owner lets it. Returns 1 if it has moved, 0 if not,
 * or the sticky error.
 */
static int advance(struct ktm_log *log)
{
	u64 tail;
	int error;

	lockdep_assert_held(&log->space_lock);

	tail = ktm_log_wanted_tail(log);
	if (tail == log->tail)
		return ktm_log_error(log);

	/* what the owner has appended to be rid of the old tail must be durable */
	error = ktm_log_force(log);
	if (error)
		return error;
	error = ktm_log_write_super(log, tail, 0);
	return error ? error : 1;
}

void ktm_log_advance_work(struct work_struct *work)
{
	struct ktm_log *log = container_of(work, struct ktm_log, advance_work);

	mutex_lock(&log->space_lock);
	/* an error is sticky and reported from the log's work */
	advance(log);
	mutex_unlock(&log->space_lock);
}

static int make_room_locked(struct ktm_log *log, u64 need)
{
	u64 start = log->tail;
	int ret;

	lockdep_assert_held(&log->space_lock);

	while (!has_room(log, need)) {
		/* all was copied forward once: what is left is needed */
		if (log->tail - start >= log->ring_size)
			return -ENOSPC;
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = advance(log);
		if (ret < 0)
			return ret;
		if (ret)
			continue;
		ret = log->ops->make_room(log->owner, log->tail);
		if (ret)
			return ret;
		ret = advance(log);
		if (ret < 0)
			return ret;
		if (!ret && !has_room(log, need))
			return -ENOSPC;
	}
	return 0;
}

int ktm_log_make_room(struct ktm_log *log, u64 need)
{
	int ret;

	/* what the ring cannot hold is not worth anybody's rollback */
	if (need > log->ring_size - log->ring_size / KTM_LOG_COPY_SHARE)
		return -ENOSPC;

	mutex_lock(&log->space_lock);
	ret = make_room_locked(log, need);
	mutex_unlock(&log->space_lock);
	return ret;
}

static int reserve(struct ktm_log *log, u64 bytes, enum ktm_log_space space)
{
	int error;

	spin_lock_irq(&log->io_lock);
	error = log->error;
	if (!error && bytes > room_locked(log, space))
		error = -ENOSPC;
	if (!error)
		log->reserved += bytes;
	spin_unlock_irq(&log->io_lock);
	return error;
}

int ktm_log_try_reserve(struct ktm_log *log, unsigned int slots)
{
	return reserve(log, (u64)slots * KTM_LOG_SLOT, KTM_LOG_FREE);
}

int ktm_log_reserve(struct ktm_log *log, unsigned int slots)
{
	u64 bytes = (u64)slots * KTM_LOG_SLOT;
	int error;

	for (;;) {
		error = reserve(log, bytes, KTM_LOG_FREE);
		if (error != -ENOSPC)
			return error;
		error = ktm_log_make_room(log, bytes);
		if (error)
			return error;
	}
}

int ktm_log_reserve_recovered(struct ktm_log *log, unsigned int slots)
{
	return reserve(log, (u64)slots * KTM_LOG_SLOT, KTM_LOG_COPY);
}

void ktm_log_unreserve(struct ktm_log *log, unsigned int slots)
{
	u64 bytes = (u64)slots * KTM_LOG_SLOT;
	unsigned long flags;

	spin_lock_irqsave(&log->io_lock, flags);
	if (!WARN_ON_ONCE(bytes > log->reserved))
		log->reserved -= bytes;
	spin_unlock_irqrestore(&log->io_lock, flags);
}
