/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - the log ring from inside
 *
 * Positions, all of them LSNs, in this order:
 *
 *	tail <= durable <= written <= pin <= head <= end <= tail + ring size
 *
 *	tail	replay would begin here: the tail of the durable superblock
 *	durable	all below is on stable storage
 *	written	all below has been written; a flush would make it durable
 *	pin	start of the open buffer, or end if there is none
 *	head	end of the last record
 *	end	where the next buffer would begin if the open one were sealed now
 *
 * Lock ranking, outer first:
 *
 *	space_lock		tail and superblock. ops->tail and ops->make_room
 *				are called under it.
 *	read_lock		the buffer read last
 *	append_lock		open buffer and LSNs
 *	(spinlocks of the owner)
 *	io_lock			all that end_io and spinlock holders touch; irqs off
 */
#ifndef _KTM_LOG_LOG_INTERNAL_H
#define _KTM_LOG_LOG_INTERNAL_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../pure/replay.h"
#include "compat.h"
#include "log.h"

#define KTM_LOG_NR_BUFFERS	8
#define KTM_LOG_COPY_SHARE	2	/* this part of the ring is kept for copies */

/**
 * struct ktm_log_buffer - one of a few buffers that are used in turn
 *
 * Free, then open, then in flight, then free again. The data stays as it was
 * until the buffer is opened again, so that it can be read back.
 */
struct ktm_log_buffer {
	/** @log: [const] its log */
	struct ktm_log *log;
	/** @node: [io_lock] in free_buffers or flight; the open one in none */
	struct list_head node;
	/**
	 * @data: [append_lock] KTM_DISK_BUFFER_MAX bytes; while in flight
	 * nobody writes them
	 */
	void *data;
	/** @head: [append_lock] what its head says; used is 0 before first use */
	struct ktm_format_buffer head;
	/** @end_lsn: [const while in flight] where the next buffer begins */
	u64 end_lsn;
	/** @on_demand: [const while in flight] sealed before it was full */
	bool on_demand;
	/** @alone: [const while in flight] written with FUA: see writer.c */
	bool alone;
	/** @written: [io_lock] its write has ended */
	bool written;
};

struct ktm_log_ahead;

/**
 * struct ktm_log_request - a read that goes on by itself
 * @done: it has ended
 * @error: then: 0 or a negative errno
 * @data: where to
 * @length: how much
 */
struct ktm_log_request {
	struct completion done;
	int error;
	void *data;
	u32 length;
};

/**
 * struct ktm_log - a log
 */
struct ktm_log {
	/** @ops: [const] the owner's functions */
	const struct ktm_log_ops *ops;
	/** @owner: [const] passed to them */
	void *owner;
	/** @device: [const] the block device, claimed */
	struct ktm_compat_bdev device;
	/** @ring_size: [const] bytes in the ring */
	u64 ring_size;
	/** @epoch: [const] of this attach */
	u64 epoch;
	/** @clock: [const] virtual clock of the superblock at attach */
	u64 clock;
	/** @recovered: [const] LSN at which replay has ended */
	u64 recovered;
	/** @uuid: [const] UUID of its buffers */
	u8 uuid[KTM_DISK_UUID_SIZE];

	/** @space_lock: the tail and the superblock; outermost */
	struct mutex space_lock;
	/** @super: [space_lock] the superblock written last */
	struct ktm_format_super super;
	/** @slot: [space_lock] where it stands: 0 for A, 1 for B */
	unsigned int slot;
	/** @super_block: [space_lock] room to build one */
	struct ktm_disk_super *super_block;

	/** @read_lock: the buffer read last; inside space_lock */
	struct mutex read_lock;
	/** @read_replay: [read_lock] how to read from the device; has the window */
	struct ktm_replay read_replay;
	/** @read_head: [read_lock] the buffer read last; used is 0 if none */
	struct ktm_format_buffer read_head;
	/** @read_data: [read_lock] its data, in the window */
	void *read_data;
	/** @ahead: [attaching task] reads ahead while the log is replayed */
	struct ktm_log_ahead *ahead;

	/** @append_lock: who holds it may append; inside read_lock */
	struct mutex append_lock;
	/** @open: [append_lock] the buffer that is being filled, or NULL */
	struct ktm_log_buffer *open;
	/** @prev_lsn: [append_lock] the buffer sealed last */
	u64 prev_lsn;

	/** @io_lock: innermost, taken with irqs off */
	spinlock_t io_lock;
	/** @tail: [io_lock; written under space_lock too] see above */
	u64 tail;
	/** @durable: [io_lock] see above */
	u64 durable;
	/** @written: [io_lock] see above */
	u64 written;
	/** @pin: [io_lock; written under append_lock too] see above */
	u64 pin;
	/** @head: [io_lock; written under append_lock too] see above */
	u64 head;
	/** @end: [io_lock; written under append_lock too] see above */
	u64 end;
	/** @reserved: [io_lock] bytes promised to records to come */
	u64 reserved;
	/** @advanced: [io_lock] end when the tail was last advanced */
	u64 advanced;
	/** @free_buffers: [io_lock; taken from under append_lock too] */
	struct list_head free_buffers;
	/** @nr_free: [io_lock] buffers in free_buffers */
	unsigned int nr_free;
	/** @nr_on_demand: [io_lock] writes in flight of buffers not full */
	unsigned int nr_on_demand;
	/** @flight: [io_lock] buffers being written, in LSN order */
	struct list_head flight;
	/** @waiters: [io_lock; added to under append_lock too] in LSN order */
	struct list_head waiters;
	/** @error: [io_lock] the sticky error */
	int error;
	/** @failed: [io_lock] the owner was told of it */
	bool failed;
	/** @flushing: [io_lock] a flush is in flight */
	bool flushing;
	/** @flush_lsn: [io_lock] what it will make durable */
	u64 flush_lsn;
	/** @nr_flushes: [io_lock] flushes sent, and writes with FUA */
	u64 nr_flushes;
	/** @nr_writes: [io_lock] writes sent */
	u64 nr_writes;
	/** @nr_bytes: [io_lock] bytes in them */
	u64 nr_bytes;

	/** @idle_wait: a buffer became free, or a flush has ended */
	wait_queue_head_t idle_wait;
	/** @workers: [const from the end of the attach on] for write_work alone */
	struct workqueue_struct *workers;
	/** @write_work: from written to durable: see writer.c */
	struct work_struct write_work;
	/** @advance_work: moves the tail ahead of need */
	struct work_struct advance_work;
	/** @buffers: see struct ktm_log_buffer */
	struct ktm_log_buffer buffers[KTM_LOG_NR_BUFFERS];
};

static inline u32 ktm_log_round_up(u32 length)
{
	return round_up(length, KTM_DISK_BLOCK);
}

/*
 * log.c
 */

/**
 * ktm_log_record_import - from the plain form to the one of log.h
 * @record: out; the data is that of @plain
 * @plain: the record
 */
void ktm_log_record_import(struct ktm_log_record *record,
			   const struct ktm_format_record *plain);

/*
 * io.c
 */

/**
 * ktm_log_open_device - claim the device and forget what is cached of it
 * @log: the log; device is set
 * @dev: the device
 * Context: process context, may sleep.
 * Return: 0, -EBUSY, -EROFS, -EINVAL (its blocks are too large), -ENODEV, ...
 */
int ktm_log_open_device(struct ktm_log *log, dev_t dev);

/**
 * ktm_log_close_device - release the device
 * @log: the log, idle
 * Context: process context, may sleep.
 */
void ktm_log_close_device(struct ktm_log *log);

/**
 * ktm_log_device_size - size of the device
 * @log: the log
 * Return: bytes.
 */
u64 ktm_log_device_size(struct ktm_log *log);

/**
 * ktm_log_read_device - read blocks
 * @log: the log, as struct ktm_replay_ops wants it
 * @offset: byte on the device
 * @data: memory from vmalloc
 * @length: at most KTM_DISK_BUFFER_MAX
 * Context: process context, may sleep.
 * Return: 0 or a negative errno.
 */
int ktm_log_read_device(void *log, u64 offset, void *data, u32 length);

/**
 * ktm_log_start_read - begin to read blocks
 * @log: the log
 * @request: out: for ktm_log_wait_read(), which must follow
 * @offset: byte on the device
 * @data: memory from vmalloc
 * @length: at most BIO_MAX_VECS pages
 * Context: process context, may sleep.
 */
void ktm_log_start_read(struct ktm_log *log, struct ktm_log_request *request, u64 offset,
			void *data, u32 length);

/**
 * ktm_log_wait_read - wait for a read
 * @request: from ktm_log_start_read()
 * Context: process context, may sleep.
 * Return: 0 or a negative errno.
 */
int ktm_log_wait_read(struct ktm_log_request *request);

/**
 * ktm_log_write_device - write blocks with a flush before, and FUA
 * @log: the log
 * @offset: byte on the device
 * @data: memory from vmalloc
 * @length: at most KTM_DISK_BUFFER_MAX
 * Context: process context, may sleep.
 * Return: 0 or a negative errno.
 */
int ktm_log_write_device(struct ktm_log *log, u64 offset, void *data, u32 length);

/**
 * ktm_log_submit_buffer - write a sealed buffer
 * @buffer: in flight; ktm_log_buffer_written() follows, maybe at once
 * Context: process context, may sleep.
 */
void ktm_log_submit_buffer(struct ktm_log_buffer *buffer);

/**
 * ktm_log_submit_flush - flush the device's cache
 * @log: flushing is set; ktm_log_flushed() follows, maybe at once
 * Context: process context, may sleep.
 */
void ktm_log_submit_flush(struct ktm_log *log);

/*
 * super.c
 */

/**
 * ktm_log_write_super - write the next superblock
 * @log: the log; its tail is moved when the superblock is durable
 * @tail: the new tail; all appended to be rid of what is below is durable
 * @flags: KTM_DISK_SB_F_*
 * Context: process context, may sleep; under space_lock.
 * Return: 0 or the sticky error.
 */
int ktm_log_write_super(struct ktm_log *log, u64 tail, u64 flags);

/*
 * space.c
 */

/**
 * ktm_log_charge_locked - pay for a record
 * @log: the log; its end is moved
 * @cost: bytes
 * @space: who pays
 * Context: under append_lock and io_lock.
 * Return: 0 or -ENOSPC.
 */
int ktm_log_charge_locked(struct ktm_log *log, u64 cost, enum ktm_log_space space);

/**
 * ktm_log_wanted_tail - where the tail may go now
 * @log: the log
 * Context: under space_lock.
 * Return: an LSN, not below the tail.
 */
u64 ktm_log_wanted_tail(struct ktm_log *log);

/**
 * ktm_log_advance_work - move the tail ahead of need
 * @work: advance_work of a log
 */
void ktm_log_advance_work(struct work_struct *work);

/*
 * append.c
 */

/**
 * ktm_log_seal_on_demand - seal and submit the open buffer if it is its turn
 * @log: the log
 * Context: process context, may sleep; under append_lock.
 */
void ktm_log_seal_on_demand(struct ktm_log *log);

/*
 * writer.c
 */

/**
 * ktm_log_error - the sticky error
 * @log: the log
 * Context: any.
 * Return: 0 or the error.
 */
int ktm_log_error(struct ktm_log *log);

/**
 * ktm_log_fail - set the sticky error, unless it is set
 * @log: the log
 * @error: a negative errno
 * Context: any.
 */
void ktm_log_fail(struct ktm_log *log, int error);

/**
 * ktm_log_seal_is_due - should the open buffer be sealed before it is full?
 * @log: the log
 * Context: process context.
 * Return: true if somebody waits for it, and no write of this kind is going on.
 */
bool ktm_log_seal_is_due(struct ktm_log *log);

/**
 * ktm_log_buffer_written - a write has ended
 * @buffer: was in flight
 * @error: 0 or a negative errno
 * Context: any.
 */
void ktm_log_buffer_written(struct ktm_log_buffer *buffer, int error);

/**
 * ktm_log_flushed - the flush has ended
 * @log: the log
 * @error: 0 or a negative errno
 * Context: any.
 */
void ktm_log_flushed(struct ktm_log *log, int error);

/**
 * ktm_log_kick - have the log's work look for something to do
 * @log: the log
 * Context: any. From end_io only under io_lock: see ktm_log_wait_idle().
 */
void ktm_log_kick(struct ktm_log *log);

/**
 * ktm_log_write_work - the log's work
 * @work: write_work of a log
 */
void ktm_log_write_work(struct work_struct *work);

/**
 * ktm_log_start_writer - make what runs the log's work
 * @log: the log
 * Context: process context, may sleep.
 * Return: 0 or a negative errno.
 */
int ktm_log_start_writer(struct ktm_log *log);

/**
 * ktm_log_stop_writer - wait for the log's work, and end it
 * @log: the log, idle, nobody waits
 * Context: process context, may sleep.
 */
void ktm_log_stop_writer(struct ktm_log *log);

/**
 * ktm_log_wait_idle - wait until no write and no flush is in flight
 * @log: the log
 * Context: process context, may sleep.
 */
void ktm_log_wait_idle(struct ktm_log *log);

#endif /* _KTM_LOG_LOG_INTERNAL_H */
