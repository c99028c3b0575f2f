// SPDX-License-Identifier: GPL-2.0
/*
 * Replay of hostile images (device.h): it ends, keeps to the device, and is of the
 * same opinion each time it looks
 */
#include "device.h"
#include "fuzz.h"
#include "stream.h"

/**
 * struct visit - what was visited
 * @replay: the replay
 * @buffer: the buffer entered last
 * @last: the record visited last
 * @nr_buffers: buffers
 * @nr_records: records
 * @sum: makes sure that the data is read, from both ends
 */
struct visit {
	struct ktm_replay replay;
	struct ktm_format_buffer buffer;
	u64 last;
	u64 nr_buffers;
	u64 nr_records;
	unsigned int sum;
};

static int visit_buffer(void *ctx, const struct ktm_format_buffer *buffer)
{
	struct visit *visit = ctx;
	const struct ktm_format_super *super = &visit->replay.super;

	require(buffer->lsn >= super->tail_lsn);
	require(buffer->lsn + buffer->span <= super->tail_lsn + super->ring_size);
	require(!visit->nr_buffers ||
		buffer->lsn == visit->buffer.lsn + visit->buffer.span);
	visit->buffer = *buffer;
	visit->nr_buffers++;
	return 0;
}

static int visit_record(void *ctx, const struct ktm_format_record *record,
			const struct ktm_format_buffer *buffer)
{
	struct visit *visit = ctx;
	const u8 *data = record->data;
	struct ktm_stream_entry entry;
	struct ktm_stream_head head;
	u32 i;

	require(!memcmp(buffer, &visit->buffer, sizeof(*buffer)));
	require(record->lsn > visit->last && record->lsn > buffer->lsn);
	require(record->lsn + ktm_format_record_length(record->data_length) <=
		buffer->lsn + buffer->used);
	for (i = 0; i < record->data_length; i += 64)
		visit->sum += data[i] + data[record->data_length - 1 - i];
	if (record->type == KTM_RECORD_STREAM) {
		ktm_stream_decode(data, &entry);
		require(entry.name[0] && strlen(entry.name) < sizeof(entry.name));
		require(entry.base_lsn <= entry.last_lsn && entry.last_lsn < record->lsn);
		require(entry.restart_lsn <= entry.last_lsn);
	} else if (ktm_stream_is_data(record->type)) {
		ktm_stream_decode_head(data, &head);
		require(head.before_lsn < record->lsn && head.base_lsn < record->lsn);
		require(record->prev_lsn <= head.before_lsn);
	}
	visit->last = record->lsn;
	visit->nr_records++;
	return 0;
}

static const struct ktm_replay_ops ops = {
	.read = device_read,
	.buffer = visit_buffer,
	.record = visit_record,
};

/* In one pass: it must find the same. */
static void replay_at_once(const struct visit *visit)
{
	struct visit once = { 0 };
	int ret;

	device_start(&once.replay, &ops, &once);
	require(!ktm_replay_open(&once.replay));
	ret = ktm_replay_scan_and_run(&once.replay);
	require(!ret || ret == -EUCLEAN);
	require(once.nr_buffers == visit->nr_buffers && once.nr_records == visit->nr_records);
	require(once.sum == visit->sum && once.last == visit->last);
	require(once.replay.end_lsn == visit->replay.end_lsn);
	require(once.replay.end == visit->replay.end);
	require(once.replay.lost_lsn == visit->replay.lost_lsn);
}

static const u8 buffer_stream[KTM_DISK_UUID_SIZE] = { 1 };

/* Look for a record at every place where one might be. */
static void find_all(struct visit *visit)
{
	struct ktm_replay *replay = &visit->replay;
	struct ktm_format_record record;
	struct ktm_format_buffer buffer;
	u64 tail = replay->super.tail_lsn;
	void *data;
	u64 lsn;

	for (lsn = tail; lsn < tail + 8 * KTM_DISK_BLOCK; lsn += 4072) {
		if (ktm_replay_find(replay, lsn, tail, &buffer, &data))
			continue;
		require((u8 *)data >= device_window() &&
			(u8 *)data + buffer.used <= device_window() + KTM_DISK_BUFFER_MAX);
		ktm_format_find_record(data, &buffer, lsn & ~7ULL, &record);
		if (!ktm_stream_next(data, &buffer, lsn, buffer_stream, &record))
			require(record.lsn > lsn && ktm_stream_is_data(record.type));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct visit visit = { 0 };
	int ret;

	if (!device_load(data, size))
		return 0;
	device_start(&visit.replay, &ops, &visit);
	if (ktm_replay_open(&visit.replay))
		return 0;
	ret = ktm_replay_scan(&visit.replay);
	require(!ret || ret == -EUCLEAN);
	require(!ktm_replay_run(&visit.replay));
	require(visit.nr_buffers == visit.replay.nr_buffers);
	require(visit.nr_records == visit.replay.nr_records);
	if (visit.nr_buffers)
		require(visit.buffer.lsn == visit.replay.last_lsn &&
			visit.buffer.lsn + visit.buffer.span == visit.replay.end_lsn);
	replay_at_once(&visit);
	find_all(&visit);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	return device_mutate(data, size, max_size, seed);
}
