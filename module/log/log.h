/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - the log ring as the protocol sees it
 *
 * Rules of the ring, in order of importance:
 *
 * 1. A waiter is called with 0 only when its record and all before it are on
 *    stable storage. Waiters are called in LSN order.
 * 2. The first write or flush error is sticky: every later append fails, every
 *    waiter not yet called is called with the error, nothing is retried.
 * 3. Space below the durable tail is free, and only that. The tail moves by
 *    writing a superblock, after all records appended so far were made durable.
 * 4. Reserved space is never given to anybody else, so that what was promised
 *    can be logged on a full ring.
 */
#ifndef _KTM_LOG_LOG_H
#define _KTM_LOG_LOG_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/uuid.h>
#include <linux/blkdev.h>

#include "../pure/format.h"

struct ktm_log;

/**
 * struct ktm_log_record - a record, to be appended or as replayed
 * @type: enum ktm_record_type
 * @flags: KTM_DISK_RECORD_F_*
 * @owner: see struct ktm_disk_record
 * @lsn: set by append and replay
 * @buffer_lsn: start of the buffer around it; set by reading
 * @prev_lsn: see struct ktm_disk_record
 * @undo_next_lsn: see struct ktm_disk_record
 * @stream: see struct ktm_disk_record
 * @tx: see struct ktm_disk_record
 * @enlistment: see struct ktm_disk_record
 * @data: the data; borrowed for the call
 * @data_length: its bytes
 */
struct ktm_log_record {
	u16 type;
	u16 flags;
	u32 owner;
	u64 lsn;
	u64 buffer_lsn;
	u64 prev_lsn;
	u64 undo_next_lsn;
	uuid_t stream;
	uuid_t tx;
	uuid_t enlistment;
	const void *data;
	u32 data_length;
};

/**
 * struct ktm_log_waiter - told when a record is durable
 * @node: [log] links the waiters in LSN order
 * @lsn: [log] end of the record waited for
 * @done: set by the owner before the append. Called once from the log's
 *	work: may take spinlocks and mutexes, must not append or wait for
 *	the log. @error is 0 or the sticky error.
 */
struct ktm_log_waiter {
	struct list_head node;
	u64 lsn;
	void (*done)(struct ktm_log_waiter *waiter, int error);
};

/**
 * enum ktm_log_space - where the room for a record comes from
 * @KTM_LOG_FREE: free space; may fail with -ENOSPC
 * @KTM_LOG_RESERVED: one slot of ktm_log_reserve(), used up by the append.
 *	The record has at most KTM_LOG_SLOT_DATA bytes of data.
 * @KTM_LOG_COPY: like FREE, but may also use the room that is set aside for
 *	copying old records forward
 */
enum ktm_log_space {
	KTM_LOG_FREE,
	KTM_LOG_RESERVED,
	KTM_LOG_COPY,
};

#define KTM_LOG_SLOT		KTM_DISK_BLOCK
#define KTM_LOG_SLOT_DATA	(KTM_DISK_BLOCK - sizeof(struct ktm_disk_buffer) - \
				 sizeof(struct ktm_disk_record) - 8)

/**
 * struct ktm_log_ops - what the log asks of its owner
 * @replay: a record found by recovery, in LSN order; a negative errno ends the
 *	attach. Called from ktm_log_attach(), which may find damage further on: then
 *	@replayed is not called.
 * @replayed: the last record was replayed; a negative errno refuses the log
 *	before anything is written. Called from ktm_log_attach().
 * @tail: lowest LSN still needed (a value of ktm_log_pin() or of the start of
 *	a buffer seen by @replay), or U64_MAX if none. May take spinlocks only.
 *	The log takes its own ktm_log_pin() first and uses the lower of the two:
 *	whoever pins after this was asked pins at or above that.
 * @clock: virtual clock that a superblock is to remember: not lower than in any
 *	record appended so far. Any context. A lower one than before is ignored.
 * @make_room: space is short: end or copy forward whatever holds the tail at
 *	@tail. Called without locks of the log, in the context of an append of
 *	KTM_LOG_FREE; may append with KTM_LOG_COPY. Returns 0 if the tail may have
 *	moved, -ENOSPC if nothing can be done.
 * @failed: the sticky error was set. Called once, from the log's work.
 */
struct ktm_log_ops {
	int (*replay)(void *owner, const struct ktm_log_record *record,
		      u64 buffer_lsn);
	int (*replayed)(void *owner);
	u64 (*tail)(void *owner);
	u64 (*clock)(void *owner);
	int (*make_room)(void *owner, u64 tail);
	void (*failed)(void *owner, int error);
};

/**
 * struct ktm_log_stat - counters and positions
 * @size: bytes in the ring
 * @tail: durable tail
 * @head: LSN of the next record, about
 * @durable: all below is durable
 * @recovered: where replay has ended at attach
 * @reserved: bytes reserved
 * @flushes: cache flushes sent since attach, and writes with FUA; superblocks included
 * @writes: writes sent since attach, superblocks included
 * @bytes: bytes written since attach, superblocks included
 * @clock: virtual clock of the superblock at attach
 * @dev: the device
 * @error: the sticky error, negative, or 0
 * @name: name of the log
 */
struct ktm_log_stat {
	u64 size, tail, head, durable, reserved;
	u64 flushes, writes, bytes;
	u64 recovered;
	u64 clock;
	dev_t dev;
	int error;
	char name[KTM_DISK_NAME_MAX];
};

/**
 * ktm_log_attach - claim the device, replay the log, make it ready to append
 * @dev: block device
 * @want: UUID that the log must have, or NULL for any
 * @uuid: out: UUID of the log, set before the first ops->replay
 * @ops: the owner's functions
 * @owner: passed to them
 *
 * Context: process context, may sleep.
 * Return: the log, or ERR_PTR of the errnos of KTM_IOC_TM_ATTACH, or of what
 * ops->replay returned.
 */
struct ktm_log *ktm_log_attach(dev_t dev, const uuid_t *want, uuid_t *uuid,
			       const struct ktm_log_ops *ops, void *owner);

/**
 * ktm_log_detach - make all durable, write a clean superblock, release the device
 * @log: the log; freed
 * The caller makes sure that nobody appends or waits any more. With a sticky
 * error only the device is released.
 *
 * Context: process context, may sleep.
 * Return: 0 or the sticky error.
 */
int ktm_log_detach(struct ktm_log *log);

/**
 * ktm_log_append - append a record
 * @log: the log
 * @record: the record; lsn is set
 * @space: where its room comes from
 * @waiter: told when the record is durable, or NULL. With a waiter the log is
 *	forced up to the record at once, without one it is written when its
 *	buffer is full or a later record is forced.
 *
 * The order of successful appends is the order of LSNs.
 *
 * Context: process context, may sleep; no spinlock, no lock that ops->tail,
 * ops->make_room or a waiter takes.
 * Return: 0, -EMSGSIZE, -ENOSPC (KTM_LOG_FREE, KTM_LOG_COPY), or the sticky
 * error; the waiter is called only if 0 was returned.
 */
int ktm_log_append(struct ktm_log *log, struct ktm_log_record *record,
		   enum ktm_log_space space, struct ktm_log_waiter *waiter);

/**
 * ktm_log_append_now - append a record, without making room
 * @log: the log
 * @record: the record; lsn is set
 * @space: where its room comes from
 * @waiter: as in ktm_log_append()
 * @need: out, with -ENOSPC: bytes for ktm_log_make_room()
 *
 * For those who hold a lock that ops->make_room takes.
 *
 * Context: process context, may sleep; no spinlock, no lock that a waiter takes.
 * Return: see ktm_log_append().
 */
int ktm_log_append_now(struct ktm_log *log, struct ktm_log_record *record,
		       enum ktm_log_space space, struct ktm_log_waiter *waiter, u64 *need);

/**
 * ktm_log_make_room - move the tail until there is room
 * @log: the log
 * @need: bytes of KTM_LOG_FREE
 * Context: process context, may sleep; no locks of the log, nor any that ops->tail or
 * ops->make_room takes.
 * Return: 0 (there was room: try again), -ENOSPC, -EINTR, what ops->make_room
 * returned, or the sticky error.
 */
int ktm_log_make_room(struct ktm_log *log, u64 need);

/**
 * ktm_log_force - wait until all records appended before the call are durable
 * @log: the log
 * Context: process context, may sleep (not killable: bounded by the device).
 * Return: 0 or the sticky error.
 */
int ktm_log_force(struct ktm_log *log);

/**
 * ktm_log_force_to - wait until a record is durable, and all before it
 * @log: the log
 * @lsn: the record, appended before the call
 * Context: process context, may sleep (not killable: bounded by the device).
 * Return: 0 or the sticky error.
 */
int ktm_log_force_to(struct ktm_log *log, u64 lsn);

/**
 * ktm_log_reserve - set room aside for records that must not fail
 * @log: the log
 * @slots: records of at most KTM_LOG_SLOT_DATA bytes
 * Context: process context, may sleep; may call ops->make_room.
 * Return: 0, -ENOSPC, or the sticky error.
 */
int ktm_log_reserve(struct ktm_log *log, unsigned int slots);

/**
 * ktm_log_try_reserve - set room aside if it is there
 * @log: the log
 * @slots: records of at most KTM_LOG_SLOT_DATA bytes
 * Context: any context that may take a spinlock, irqs on.
 * Return: 0, -ENOSPC (ktm_log_reserve() may make room), or the sticky error.
 */
int ktm_log_try_reserve(struct ktm_log *log, unsigned int slots);

/**
 * ktm_log_reserve_recovered - set room aside that was promised before a restart
 * @log: the log, before the first append since its attach
 * @slots: records that had a reservation and are not in the log
 *
 * Does not fail on a full ring, unlike ktm_log_reserve(): when the log ended
 * where replay has found its end, these records had their reservation, beside
 * all that was in the ring; and the tail has not moved back since.
 *
 * Context: any context that may take a spinlock, irqs on.
 * Return: 0, -ENOSPC (more than was promised), or the sticky error.
 */
int ktm_log_reserve_recovered(struct ktm_log *log, unsigned int slots);

/**
 * ktm_log_unreserve - give slots back that were not used
 * @log: the log
 * @slots: how many
 * Context: any context that may take a spinlock; may be called under spinlocks
 * of the protocol.
 */
void ktm_log_unreserve(struct ktm_log *log, unsigned int slots);

/**
 * ktm_log_pin - a lower bound for the LSN of whatever is appended next
 * @log: the log
 *
 * Never decreases. The start of a buffer, so that it can serve as the tail.
 *
 * Context: any context that may take a spinlock.
 */
u64 ktm_log_pin(struct ktm_log *log);

/**
 * ktm_log_head - the end of what was appended
 * @log: the log
 * Return: an LSN, above that of every record.
 * Context: any context that may take a spinlock.
 */
u64 ktm_log_head(struct ktm_log *log);

/**
 * ktm_log_read - read one record back
 * @log: the log
 * @lsn: the record
 * @record: out; data points into @buffer
 * @buffer: room for KTM_DISK_DATA_MAX bytes, or NULL: the data is not wanted
 *
 * The record may still be in memory only. Everything read from the device is
 * checked like in recovery. What is read is right whether or not it is pinned, since
 * an LSN never comes again; without a pin it may fail as if it were damaged.
 *
 * Context: process context, may sleep.
 * Return: 0, -EINVAL (no record at @lsn), -EUCLEAN (it is damaged), -EIO,
 * -ENOMEM.
 */
int ktm_log_read(struct ktm_log *log, u64 lsn, struct ktm_log_record *record,
		 void *buffer);

/**
 * ktm_log_read_next - look for the next record of a stream's clients
 * @log: the log
 * @lsn: a record, or the start of a buffer: look behind it. Out, with -EAGAIN: where
 *	to go on, since there is none up to there
 * @stream: the stream
 * @record: out; data points into @buffer
 * @buffer: as in ktm_log_read()
 *
 * Looks at one buffer, so that the caller can be interrupted.
 *
 * Context: process context, may sleep.
 * Return: 0, -EAGAIN, -ENOENT (the log ends), or as ktm_log_read().
 */
int ktm_log_read_next(struct ktm_log *log, u64 *lsn, const uuid_t *stream,
		      struct ktm_log_record *record, void *buffer);

/**
 * ktm_log_ring_size - size of the ring
 * @log: the log
 * Return: bytes.
 */
u64 ktm_log_ring_size(const struct ktm_log *log);

/**
 * ktm_log_get_stat - counters and positions
 * @log: the log
 * @stat: out
 * Context: any context that may take a spinlock.
 */
void ktm_log_get_stat(struct ktm_log *log, struct ktm_log_stat *stat);

#endif /* _KTM_LOG_LOG_H */
