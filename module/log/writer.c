// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - log ring: from written to durable
 *
 * A work reacts to what end_io and appenders report, in this order:
 *
 * 1. It calls the waiters whose records are durable, or all of them when the
 *    log has failed, in the order of LSNs.
 * 2. It sends one flush when none is in flight and somebody waits for what has
 *    been written. The flush makes durable what had been written when it was
 *    sent; writes that end meanwhile are for the next one. So each flush serves
 *    at least one waiter.
 * 3. It seals and submits the open buffer when somebody waits for it and the
 *    last buffer that was sealed for this reason has been written.
 *
 * A lone commit needs no flush of its own: its buffer is written with FUA, if all
 * before it is durable, and is durable itself when that write has ended. Without FUA
 * the block layer makes that a write and a flush, and nobody has to run in between.
 *
 * The work runs on the CPU that has reported, where a lone client sleeps and the
 * device interrupts, and never twice at a time. Under load it waits for its turn,
 * and what is appended meanwhile shares the next write.
 *
 * The first error of a write or a flush ends all this: durable does not move any
 * more, whatever a later flush says.
 */
#include "log_internal.h"

int ktm_log_error(struct ktm_log *log)
{
	unsigned long flags;
	int error;

	spin_lock_irqsave(&log->io_lock, flags);
	error = log->error;
	spin_unlock_irqrestore(&log->io_lock, flags);
	return error;
}

static void fail_locked(struct ktm_log *log, int error)
{
	lockdep_assert_held(&log->io_lock);
	if (!log->error)
		log->error = error;
}

/*
 * Whoever tears the log down looks at it under io_lock, so after the unlock it
 * may be gone: wake under the lock.
 */
static void wake_all_locked(struct ktm_log *log)
{
	lockdep_assert_held(&log->io_lock);
	wake_up_all(&log->idle_wait);
	ktm_log_kick(log);
}

void ktm_log_kick(struct ktm_log *log)
{
	/* there is none while the log is being attached */
	if (log->workers)
		queue_work(log->workers, &log->write_work);
}

void ktm_log_fail(struct ktm_log *log, int error)
{
	unsigned long flags;

	spin_lock_irqsave(&log->io_lock, flags);
	fail_locked(log, error);
	wake_all_locked(log);
	spin_unlock_irqrestore(&log->io_lock, flags);
}

/* Give back the buffers at the head of the line that have been written. */
static void retire_locked(struct ktm_log *log)
{
	struct ktm_log_buffer *buffer, *next;

	list_for_each_entry_safe(buffer, next, &log->flight, node) {
		if (!buffer->written)
			break;
		if (!log->error)
			log->written = buffer->end_lsn;
		/* and all before it was durable before */
		if (!log->error && buffer->alone)
			log->durable = buffer->end_lsn;
		list_move_tail(&buffer->node, &log->free_buffers);
		log->nr_free++;
	}
}

void ktm_log_buffer_written(struct ktm_log_buffer *buffer, int error)
{
	struct ktm_log *log = buffer->log;
	unsigned long flags;

	spin_lock_irqsave(&log->io_lock, flags);
	if (error)
		fail_locked(log, error);
	buffer->written = true;
	log->nr_on_demand -= buffer->on_demand;
	retire_locked(log);
	wake_all_locked(log);
	spin_unlock_irqrestore(&log->io_lock, flags);
}

void ktm_log_flushed(struct ktm_log *log, int error)
{
	unsigned long flags;

	spin_lock_irqsave(&log->io_lock, flags);
	if (error)
		fail_locked(log, error);
	if (!log->error)
		log->durable = log->flush_lsn;
	log->flushing = false;
	wake_all_locked(log);
	spin_unlock_irqrestore(&log->io_lock, flags);
}

static struct ktm_log_waiter *first_waiter_locked(struct ktm_log *log)
{
	return list_first_entry_or_null(&log->waiters, struct ktm_log_waiter, node);
}

static bool waiter_is_due_locked(struct ktm_log *log)
{
	struct ktm_log_waiter *first = first_waiter_locked(log);

	return first && (log->error || first->lsn <= log->durable);
}

static bool flush_is_due_locked(struct ktm_log *log)
{
	struct ktm_log_waiter *first = first_waiter_locked(log);

	return first && !log->error && !log->flushing &&
	       first->lsn > log->durable && first->lsn <= log->written;
}

/* The last of the waiters stands in the open buffer. */
static bool seal_is_due_locked(struct ktm_log *log)
{
	return !list_empty(&log->waiters) && !log->error && !log->nr_on_demand &&
	       list_last_entry(&log->waiters, struct ktm_log_waiter, node)->lsn >
			log->pin;
}

bool ktm_log_seal_is_due(struct ktm_log *log)
{
	bool ret;

	spin_lock_irq(&log->io_lock);
	ret = seal_is_due_locked(log);
	spin_unlock_irq(&log->io_lock);
	return ret;
}

static void tell_owner(struct ktm_log *log)
{
	bool tell;
	int error;

	spin_lock_irq(&log->io_lock);
	error = log->error;
	tell = error && !log->failed;
	log->failed |= tell;
	spin_unlock_irq(&log->io_lock);

	if (!tell)
		return;
	pr_err("%pg: the log has failed (error %d); nothing more is acknowledged\n",
	       log->device.bdev, error);
	log->ops->failed(log->owner, error);
}

static void call_waiters(struct ktm_log *log)
{
	struct ktm_log_waiter *waiter;
	int error;

	spin_lock_irq(&log->io_lock);
	while (waiter_is_due_locked(log)) {
		waiter = first_waiter_locked(log);
		list_del_init(&waiter->node);
		error = log->error;
		spin_unlock_irq(&log->io_lock);
		/* who learns of the error must not find the owner still online */
		tell_owner(log);
		waiter->done(waiter, error);
		spin_lock_irq(&log->io_lock);
	}
	spin_unlock_irq(&log->io_lock);
}

static void send_flush(struct ktm_log *log)
{
	bool due;

	spin_lock_irq(&log->io_lock);
	due = flush_is_due_locked(log);
	if (due) {
		log->flushing = true;
		log->flush_lsn = log->written;
		log->nr_flushes++;
	}
	spin_unlock_irq(&log->io_lock);
	if (due)
		ktm_log_submit_flush(log);
}

static void seal(struct ktm_log *log)
{
	if (!ktm_log_seal_is_due(log))
		return;
	mutex_lock(&log->append_lock);
	ktm_log_seal_on_demand(log);
	mutex_unlock(&log->append_lock);
}

/* Whatever makes more to do than is seen here queues the work again. */
void ktm_log_write_work(struct work_struct *work)
{
	struct ktm_log *log = container_of(work, struct ktm_log, write_work);

	call_waiters(log);
	tell_owner(log);
	send_flush(log);
	seal(log);
}

int ktm_log_start_writer(struct ktm_log *log)
{
	dev_t dev = log->device.bdev->bd_dev;

	log->workers = alloc_workqueue("ktm_log/%u:%u", KTM_COMPAT_WQ_PERCPU | WQ_MEM_RECLAIM, 1,
				       MAJOR(dev), MINOR(dev));
	return log->workers ? 0 : -ENOMEM;
}

void ktm_log_stop_writer(struct ktm_log *log)
{
	destroy_workqueue(log->workers);
}

static bool is_idle(struct ktm_log *log)
{
	bool ret;

	spin_lock_irq(&log->io_lock);
	ret = list_empty(&log->flight) && !log->flushing;
	spin_unlock_irq(&log->io_lock);
	return ret;
}

void ktm_log_wait_idle(struct ktm_log *log)
{
	wait_event(log->idle_wait, is_idle(log));
}
