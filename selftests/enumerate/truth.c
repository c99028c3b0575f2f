// SPDX-License-Identifier: GPL-2.0
/*
 * What was really written to the log
 *
 * A buffer may come in several requests: the block layer splits large ones, and
 * merges neighbours. So all that begins like a buffer is remembered until the disk
 * has the whole of it.
 */
#include <stdio.h>

#include "die.h"
#include "truth.h"

#define MAX_PENDING	64
#define EXTRA_BLOCKS	16384	/* log of a segment, in blocks, beyond the first lap */

/**
 * struct collector - state of the collection
 * @truth: to be filled
 * @disk: all that was written
 * @pending: LSNs of buffers that are not whole yet
 * @nr_pending: how many
 */
struct collector {
	struct truth *truth;
	u8 *disk;
	u64 pending[MAX_PENDING];
	unsigned int nr_pending;
};

static u64 window[KTM_DISK_BUFFER_MAX / 8];
static u8 wanted[PLAN_REDO_MAX];

static void check_redo(const struct truth_record *record, const u8 *data)
{
	u32 index;

	if (record->plain.data_length < 16)
		die("redo that nobody logged", EUCLEAN);
	memcpy(&index, data + 12, sizeof(index));
	if (!record->tx || !plan_takes_part(record->tx, record->rm) ||
	    index >= plan_nr_redo(record->tx, record->rm) ||
	    plan_redo(record->tx, record->rm, index, wanted) != record->plain.data_length ||
	    memcmp(wanted, data, record->plain.data_length))
		die("redo that nobody logged", EUCLEAN);
}

static void add_record(struct truth *truth, struct truth_record *record,
		       const struct ktm_format_record *plain)
{
	u8 *data = malloc(plain->data_length + 1);

	if (!data)
		die("record", ENOMEM);
	memcpy(data, plain->data, plain->data_length);
	record->plain = *plain;
	record->plain.data = data;
	record->tx = plan_tx_of(plain->tx);
	record->rm = plan_rm_of(plain->stream);
	if (plain->type == KTM_RECORD_REDO)
		check_redo(record, data);
	truth->nr_records++;
	truth->nr_copies += plain->flags & KTM_DISK_RECORD_F_COPY;
}

static void add_buffer(struct truth *truth, const struct ktm_format_buffer *head,
		       size_t index, const u8 *data)
{
	struct truth_buffer *buffer = calloc(1, sizeof(*buffer));
	u64 at = (head->lsn - truth->first_lsn) / KTM_DISK_BLOCK;
	u32 offset = sizeof(struct ktm_disk_buffer), i;
	struct ktm_format_record plain;

	if (head->lsn < truth->first_lsn || at >= truth->nr_blocks)
		die("a buffer at an LSN far away", EUCLEAN);
	if (truth->buffers[at])
		die("two buffers at one LSN", EUCLEAN);
	buffer->records = calloc(head->nr_records + 1, sizeof(*buffer->records));
	buffer->head = *head;
	buffer->index = index;
	for (i = 0; i < head->nr_records; i++) {
		int length = ktm_format_check_record((const void *)(data + offset),
						     head->used - offset, head->lsn + offset,
						     &plain);

		if (length < 0)
			die("a record that was written", length);
		add_record(truth, &buffer->records[i], &plain);
		offset += length;
	}
	truth->buffers[at] = buffer;
	truth->nr_buffers++;
}

/* Is the buffer whole by now? */
static bool try_buffer(struct collector *collector, u64 lsn, size_t index)
{
	struct truth *truth = collector->truth;
	const u8 *disk = collector->disk + KTM_DISK_RING + lsn % truth->super.ring_size;
	struct ktm_format_buffer head;

	if (ktm_format_check_head((const void *)disk, &truth->super, lsn, &head) ||
	    ktm_format_check_crc((const void *)disk, &head))
		return false;
	memcpy(window, disk, head.used);
	if (ktm_format_check_buffer((void *)window, &head))
		die("a buffer that nobody would write", EUCLEAN);
	add_buffer(truth, &head, index, (u8 *)window);
	return true;
}

static void take_write(struct collector *collector, const struct entry *entry, size_t index)
{
	const struct ktm_disk_buffer *head;
	unsigned int i, left = 0;
	u32 at;

	if (entry->offset + entry->length > collector->truth->disk_size)
		die("a write behind the end of the disk", EUCLEAN);
	memcpy(collector->disk + entry->offset, entry->data, entry->length);
	if (entry->offset < KTM_DISK_RING)
		return;
	for (at = 0; at + KTM_DISK_BLOCK <= entry->length; at += KTM_DISK_BLOCK) {
		head = (const void *)(entry->data + at);
		if (le32_to_cpu(head->magic) != KTM_DISK_BUF_MAGIC)
			continue;
		if (collector->nr_pending == MAX_PENDING)
			die("buffers that are never whole", EUCLEAN);
		collector->pending[collector->nr_pending++] = le64_to_cpu(head->lsn);
	}
	for (i = 0; i < collector->nr_pending; i++)
		if (!try_buffer(collector, collector->pending[i], index))
			collector->pending[left++] = collector->pending[i];
	collector->nr_pending = left;
}

/* The base: what replay makes of it */

static int read_base(void *ctx, u64 offset, void *data, u32 length)
{
	struct truth *truth = ctx;

	memcpy(data, truth->base + offset, length);
	return 0;
}

static int visit_base(void *ctx, const struct ktm_format_buffer *buffer)
{
	struct truth *truth = ctx;
	const u8 *disk = truth->base + KTM_DISK_RING + buffer->lsn % truth->super.ring_size;
	static u64 copy[KTM_DISK_BUFFER_MAX / 8];

	memcpy(copy, disk, buffer->used);
	ktm_format_unescape((void *)copy, buffer->used, buffer->escaped);
	add_buffer(truth, buffer, FROM_BASE, (u8 *)copy);
	return 0;
}

static void collect_base(struct truth *truth)
{
	static const struct ktm_replay_ops ops = { .read = read_base, .buffer = visit_base };
	struct ktm_replay replay = {
		.ops = &ops,
		.ctx = truth,
		.window = window,
		.device_size = truth->disk_size,
	};
	int ret;

	ret = ktm_replay_open(&replay);
	if (!ret)
		ret = ktm_replay_scan(&replay);
	if (ret)
		die("the disk before the first write", ret);
	truth->super = replay.super;
	truth->first_lsn = replay.super.tail_lsn;
	truth->base_end = replay.end_lsn;
	truth->nr_blocks = replay.super.ring_size / KTM_DISK_BLOCK + EXTRA_BLOCKS;
	truth->buffers = calloc(truth->nr_blocks, sizeof(*truth->buffers));
	if (!truth->buffers)
		die("buffers", ENOMEM);
	ret = ktm_replay_run(&replay);
	if (ret)
		die("the disk before the first write", ret);
}

void truth_collect(struct truth *truth, const struct recording *recording, size_t first,
		   size_t last)
{
	struct collector collector = { .truth = truth };
	size_t i;

	collect_base(truth);
	collector.disk = malloc(truth->disk_size);
	if (!collector.disk)
		die("disk", ENOMEM);
	memcpy(collector.disk, truth->base, truth->disk_size);
	for (i = first; i < last; i++)
		if (recording->entries[i].kind == ENTRY_WRITE)
			take_write(&collector, &recording->entries[i], i);
	free(collector.disk);
}

const struct truth_buffer *truth_at(const struct truth *truth, u64 lsn)
{
	u64 at = (lsn - truth->first_lsn) / KTM_DISK_BLOCK;

	if (lsn < truth->first_lsn || at >= truth->nr_blocks)
		return NULL;
	return truth->buffers[at];
}

void truth_free(struct truth *truth)
{
	struct truth_buffer *buffer;
	size_t at;
	u32 i;

	for (at = 0; at < truth->nr_blocks; at++) {
		buffer = truth->buffers[at];
		if (!buffer)
			continue;
		for (i = 0; i < buffer->head.nr_records; i++)
			free((void *)buffer->records[i].plain.data);
		free(buffer->records);
		free(buffer);
	}
	free(truth->buffers);
	truth->nr_buffers = 0;
	truth->nr_records = 0;
	truth->nr_copies = 0;
}
