/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - replay of the log ring
 *
 * The same walk over the buffers is made in passes:
 *
 * 1. ktm_replay_open() chooses the superblock.
 * 2. ktm_replay_scan() finds the end of the log, and then looks through the
 *    rest of the ring for proof that the end was once further on.
 * 3. ktm_replay_run() calls the visitor for what the scan has accepted.
 *
 * ktm_replay_scan_and_run() makes one of the last two.
 *
 * All memory is the caller's, all work is bounded by the size of the ring.
 */
#ifndef _KTM_PURE_REPLAY_H
#define _KTM_PURE_REPLAY_H

#include "format.h"

/**
 * struct ktm_replay_ops - how replay reads, and whom it tells
 * @read: read @length bytes at byte @offset of the device into @data; both are
 *	multiples of KTM_DISK_BLOCK. Returns 0 or a negative errno, which ends
 *	replay.
 * @map: give @length bytes at byte @offset, at most KTM_DISK_BUFFER_MAX, at an address
 *	of its own choice, aligned to 8, instead of in the window. What stood there
 *	before need not be kept. Replay may change them, and changes them back before
 *	it asks for more. Asked for in order, so that it can read ahead; but not
 *	always. May be NULL: then @read is called.
 * @buffer: ktm_replay_run() enters a buffer. May be NULL.
 * @record: ktm_replay_run() has found a record, in the buffer entered last; its
 *	data lives until the return. May be NULL.
 *
 * A return value of @buffer or @record that is not 0 ends replay, and is
 * returned.
 */
struct ktm_replay_ops {
	int (*read)(void *ctx, u64 offset, void *data, u32 length);
	int (*map)(void *ctx, u64 offset, u32 length, void **data);
	int (*buffer)(void *ctx, const struct ktm_format_buffer *buffer);
	int (*record)(void *ctx, const struct ktm_format_record *record,
		      const struct ktm_format_buffer *buffer);
};

/**
 * enum ktm_replay_end - what stands where the log ends
 * @KTM_REPLAY_BLANK: nothing of this LSN: zeros, or an older lap
 * @KTM_REPLAY_STALE: a buffer that an earlier recovery has cut off
 * @KTM_REPLAY_TORN: a buffer that was not written completely
 * @KTM_REPLAY_FULL: the tail: the ring is full
 * @KTM_REPLAY_BAD: a buffer with a good checksum that nobody would have written
 */
enum ktm_replay_end {
	KTM_REPLAY_BLANK,
	KTM_REPLAY_STALE,
	KTM_REPLAY_TORN,
	KTM_REPLAY_FULL,
	KTM_REPLAY_BAD,
};

/**
 * struct ktm_replay - a replay
 * @ops: set by the caller
 * @ctx: set by the caller; passed to @ops
 * @window: set by the caller: KTM_DISK_BUFFER_MAX bytes, aligned to 8
 * @device_size: set by the caller: bytes of the device
 * @super: the superblock that counts
 * @slot: where it stands, 0 for A, 1 for B
 * @super_error: what is wrong with A and B: 0, -ENODEV (no superblock),
 *	-EUCLEAN, -EPROTONOSUPPORT
 * @supers_intact: both are good and one was written after the other, so that
 *	none that is newer was lost
 * @end_lsn: end of the log
 * @last_lsn: its last buffer, or 0 if there is none
 * @epoch: highest epoch seen anywhere
 * @nr_buffers: buffers from the tail to the end
 * @nr_records: records in them
 * @end: what stands at @end_lsn
 * @lost_lsn: 0, or: all below it was durable once, so that the log from @end_lsn
 *	to here is lost
 * @proof_lsn: buffer that says so, or 0 if the superblock does
 * @view: @window, or what ops->map gave instead
 * @window_offset: where the contents of @view stand on the device
 * @window_length: how many bytes of @view are valid
 */
struct ktm_replay {
	const struct ktm_replay_ops *ops;
	void *ctx;
	void *window;
	u64 device_size;

	struct ktm_format_super super;
	unsigned int slot;
	int super_error[2];
	bool supers_intact;

	u64 end_lsn;
	u64 last_lsn;
	u64 epoch;
	u64 nr_buffers;
	u64 nr_records;
	enum ktm_replay_end end;
	u64 lost_lsn;
	u64 proof_lsn;

	void *view;
	u64 window_offset;
	u32 window_length;
};

/**
 * ktm_replay_open - read both superblocks and choose one
 * @replay: with the caller's fields set and all others zero
 *
 * Return: 0, -ENODEV (there is no log), -EUCLEAN (both are damaged, or they
 * contradict each other), -EPROTONOSUPPORT, -ENOSPC (the device is shorter than
 * the log), or what ops->read returned.
 */
int ktm_replay_open(struct ktm_replay *replay);

/**
 * ktm_replay_scan - find the end of the log
 * @replay: after ktm_replay_open()
 *
 * Return: 0, -EUCLEAN (the medium has lost or changed what was durable; the
 * fields from @end_lsn on say more), or what ops->read returned.
 */
int ktm_replay_scan(struct ktm_replay *replay);

/**
 * ktm_replay_run - visit all buffers and records from the tail to the end
 * @replay: after ktm_replay_scan(), which may have returned -EUCLEAN
 *
 * Return: 0, what ops->buffer, ops->record or ops->read returned, or -EIO (the
 * device does not give what it gave before).
 */
int ktm_replay_run(struct ktm_replay *replay);

/**
 * ktm_replay_scan_and_run - find the end of the log and visit all up to it
 * @replay: after ktm_replay_open()
 *
 * Reads the log once. The visitor is called before the end is known: all that it
 * has heard is void if something else than 0 is returned. Its refusal does not hide
 * damage of the log.
 *
 * Return: as ktm_replay_scan(); if that is 0, what ops->buffer or ops->record
 * returned.
 */
int ktm_replay_scan_and_run(struct ktm_replay *replay);

/**
 * ktm_replay_find - read the buffer around an LSN
 * @replay: with the caller's fields and @super set
 * @lsn: somewhere in the buffer
 * @floor: start of a buffer, at or below @lsn; the search does not go below
 * @buffer: out: its head
 * @data: out: where it stands in the window, checked and no longer escaped
 *
 * Return: 0, -EUCLEAN (there is no good buffer), or what ops->read returned.
 */
int ktm_replay_find(struct ktm_replay *replay, u64 lsn, u64 floor,
		    struct ktm_format_buffer *buffer, void **data);

#endif /* _KTM_PURE_REPLAY_H */
