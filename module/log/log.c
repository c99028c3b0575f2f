// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - log ring: attach and detach
 */
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "ahead.h"
#include "log_internal.h"

void ktm_log_record_import(struct ktm_log_record *record,
			   const struct ktm_format_record *plain)
{
	*record = (struct ktm_log_record){
		.type = plain->type,
		.flags = plain->flags,
		.owner = plain->owner,
		.lsn = plain->lsn,
		.prev_lsn = plain->prev_lsn,
		.undo_next_lsn = plain->undo_next_lsn,
		.data = plain->data,
		.data_length = plain->data_length,
	};
	import_uuid(&record->stream, plain->stream);
	import_uuid(&record->tx, plain->tx);
	import_uuid(&record->enlistment, plain->enlistment);
}

static int replay_record(void *ctx, const struct ktm_format_record *plain,
			 const struct ktm_format_buffer *buffer)
{
	struct ktm_log_record record;
	struct ktm_log *log = ctx;

	ktm_log_record_import(&record, plain);
	return log->ops->replay(log->owner, &record, buffer->lsn);
}

static int replay_map(void *ctx, u64 offset, u32 length, void **data)
{
	struct ktm_log *log = ctx;

	return ktm_log_ahead_map(log->ahead, offset, length, data);
}

static const struct ktm_replay_ops replay_ops = {
	.read = ktm_log_read_device,
	.map = replay_map,
	.record = replay_record,
};

/* For records that are read back. */
static const struct ktm_replay_ops read_ops = {
	.read = ktm_log_read_device,
};

static void free_log(struct ktm_log *log)
{
	unsigned int i;

	for (i = 0; i < KTM_LOG_NR_BUFFERS; i++)
		vfree(log->buffers[i].data);
	vfree(log->read_replay.window);
	vfree(log->super_block);
	kvfree(log);
}

static void init_log(struct ktm_log *log, const struct ktm_log_ops *ops,
		     void *owner)
{
	log->ops = ops;
	log->owner = owner;
	mutex_init(&log->space_lock);
	mutex_init(&log->read_lock);
	mutex_init(&log->append_lock);
	spin_lock_init(&log->io_lock);
	INIT_LIST_HEAD(&log->free_buffers);
	INIT_LIST_HEAD(&log->flight);
	INIT_LIST_HEAD(&log->waiters);
	init_waitqueue_head(&log->idle_wait);
	INIT_WORK(&log->write_work, ktm_log_write_work);
	INIT_WORK(&log->advance_work, ktm_log_advance_work);
}

static struct ktm_log *alloc_log(const struct ktm_log_ops *ops, void *owner)
{
	struct ktm_log_buffer *buffer;
	struct ktm_log *log;
	unsigned int i;

	log = kvzalloc(sizeof(*log), GFP_KERNEL);
	if (!log)
		return NULL;
	init_log(log, ops, owner);

	log->super_block = vmalloc(sizeof(*log->super_block));
	log->read_replay.window = vmalloc(KTM_DISK_BUFFER_MAX);
	if (!log->super_block || !log->read_replay.window)
		goto err_free;
	for (i = 0; i < KTM_LOG_NR_BUFFERS; i++) {
		buffer = &log->buffers[i];
		buffer->log = log;
		/* zeroed: what is not written must not tell old secrets */
		buffer->data = vzalloc(KTM_DISK_BUFFER_MAX);
		if (!buffer->data)
			goto err_free;
		list_add_tail(&buffer->node, &log->free_buffers);
		log->nr_free++;
	}
	return log;

err_free:
	free_log(log);
	return NULL;
}

/* The owner is told of records before their end is known: it takes no step yet. */
static int replay_all(struct ktm_log *log, struct ktm_replay *replay)
{
	int error;

	log->ahead = ktm_log_ahead_alloc(log);
	if (!log->ahead)
		return -ENOMEM;
	replay->ops = &replay_ops;
	error = ktm_replay_scan_and_run(replay);
	replay->ops = &read_ops;
	ktm_log_ahead_free(log->ahead);
	log->ahead = NULL;
	/* that was where it has looked last */
	replay->window_length = 0;
	return error;
}

static int find_end(struct ktm_log *log, struct ktm_replay *replay)
{
	int error = replay_all(log, replay);

	if (error != -EUCLEAN)
		return error;
	if (replay->end == KTM_REPLAY_BAD)
		pr_err("%pg: log %pUb is damaged: the buffer at LSN %llu has impossible contents\n",
		       log->device.bdev, replay->super.uuid, replay->end_lsn);
	if (replay->lost_lsn)
		pr_err("%pg: log %pUb is damaged: LSN %llu to %llu was durable and is lost (last good buffer at %llu, proof at %llu)\n",
		       log->device.bdev, replay->super.uuid, replay->end_lsn,
		       replay->lost_lsn, replay->last_lsn, replay->proof_lsn);
	return error;
}

/* All that reads; the log on the device stays as it is. */
static int recover(struct ktm_log *log, const uuid_t *want, uuid_t *uuid)
{
	struct ktm_replay *replay = &log->read_replay;
	int error;

	replay->ops = &read_ops;
	replay->ctx = log;
	replay->device_size = ktm_log_device_size(log);
	error = ktm_replay_open(replay);
	if (error)
		return error;

	import_uuid(uuid, replay->super.uuid);
	if (want && !uuid_equal(want, uuid))
		return -ESTALE;

	error = find_end(log, replay);
	if (error)
		return error;
	return log->ops->replayed(log->owner);
}

/* Continue where replay has ended, in a new epoch. */
static int begin_epoch(struct ktm_log *log)
{
	const struct ktm_replay *replay = &log->read_replay;
	u64 end = replay->end_lsn;
	int error;

	log->ring_size = replay->super.ring_size;
	memcpy(log->uuid, ktm_format_ring_uuid(&replay->super), sizeof(log->uuid));
	log->clock = replay->super.clock;
	log->recovered = end;
	/* higher than that of any buffer in the ring: none of them comes alive */
	log->epoch = replay->epoch + 1;
	log->prev_lsn = replay->last_lsn;

	mutex_lock(&log->space_lock);
	log->super = replay->super;
	log->super.epoch = log->epoch;
	log->slot = replay->slot;
	log->tail = replay->super.tail_lsn;
	/*
	 * What was read may be in the device's cache only. Nothing is
	 * acknowledged by this; the flush of the superblock makes it true.
	 */
	log->durable = end;
	log->written = end;
	log->pin = end;
	log->head = end;
	log->end = end;
	log->advanced = end;
	error = ktm_log_write_super(log, ktm_log_wanted_tail(log), 0);
	mutex_unlock(&log->space_lock);
	return error;
}

struct ktm_log *ktm_log_attach(dev_t dev, const uuid_t *want, uuid_t *uuid,
			       const struct ktm_log_ops *ops, void *owner)
{
	struct ktm_log *log;
	int error;

	log = alloc_log(ops, owner);
	if (!log)
		return ERR_PTR(-ENOMEM);
	error = ktm_log_open_device(log, dev);
	if (error)
		goto err_free;
	error = recover(log, want, uuid);
	if (error)
		goto err_close;
	error = begin_epoch(log);
	if (error)
		goto err_close;
	error = ktm_log_start_writer(log);
	if (error)
		goto err_close;
	return log;

err_close:
	ktm_log_close_device(log);
err_free:
	free_log(log);
	return ERR_PTR(error);
}

int ktm_log_detach(struct ktm_log *log)
{
	int error;

	cancel_work_sync(&log->advance_work);
	error = ktm_log_force(log);
	if (!error) {
		mutex_lock(&log->space_lock);
		error = ktm_log_write_super(log, ktm_log_wanted_tail(log),
					    KTM_DISK_SB_F_CLEAN);
		mutex_unlock(&log->space_lock);
	}
	ktm_log_wait_idle(log);
	ktm_log_stop_writer(log);
	ktm_log_close_device(log);
	free_log(log);
	return error;
}

u64 ktm_log_ring_size(const struct ktm_log *log)
{
	return log->ring_size;
}

u64 ktm_log_pin(struct ktm_log *log)
{
	unsigned long flags;
	u64 pin;

	spin_lock_irqsave(&log->io_lock, flags);
	pin = log->pin;
	spin_unlock_irqrestore(&log->io_lock, flags);
	return pin;
}

u64 ktm_log_head(struct ktm_log *log)
{
	unsigned long flags;
	u64 head;

	spin_lock_irqsave(&log->io_lock, flags);
	head = log->head;
	spin_unlock_irqrestore(&log->io_lock, flags);
	return head;
}

void ktm_log_get_stat(struct ktm_log *log, struct ktm_log_stat *stat)
{
	unsigned long flags;

	*stat = (struct ktm_log_stat){
		.size = log->ring_size,
		.clock = log->clock,
		.recovered = log->recovered,
		.dev = log->device.bdev->bd_dev,
	};
	memcpy(stat->name, log->super.name, sizeof(stat->name));

	spin_lock_irqsave(&log->io_lock, flags);
	stat->tail = log->tail;
	stat->head = log->head;
	stat->durable = log->durable;
	stat->reserved = log->reserved;
	stat->flushes = log->nr_flushes;
	stat->writes = log->nr_writes;
	stat->bytes = log->nr_bytes;
	stat->error = log->error;
	spin_unlock_irqrestore(&log->io_lock, flags);
}
