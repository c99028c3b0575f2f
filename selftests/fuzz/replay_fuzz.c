// SPDX-License-Identifier: GPL-2.0
/*
 * Replay of hostile images
 *
 * An input is a small device: a word that says where in the ring its content
 * begins, two superblocks, and that content. Checksums are made good before
 * replay, or nothing behind them would ever be reached; a bit of the first word
 * leaves them alone. New inputs come from the model of the writer.
 */
#include <stdlib.h>

#include "crc32c.h"
#include "fuzz.h"
#include "image.h"

#define HEAD_SIZE	8
#define INPUT_MAX	(HEAD_SIZE + 2 * KTM_DISK_BLOCK + 24 * KTM_DISK_BLOCK)
#define KEEP_CHECKSUMS	1

static u8 device[IMAGE_SIZE];
static u64 window[KTM_DISK_BUFFER_MAX / 8];

/**
 * struct visit - what was visited
 * @replay: the replay
 * @buffer: the buffer entered last
 * @last: the record visited last
 * @nr_buffers: buffers
 * @nr_records: records
 * @sum: makes sure that the data is read
 */
struct visit {
	struct ktm_replay replay;
	struct ktm_format_buffer buffer;
	u64 last;
	u64 nr_buffers;
	u64 nr_records;
	unsigned int sum;
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static int read_device(void *ctx, u64 offset, void *data, u32 length)
{
	require(length && length <= KTM_DISK_BUFFER_MAX);
	require(length % KTM_DISK_BLOCK == 0 && offset % KTM_DISK_BLOCK == 0);
	require(offset <= IMAGE_SIZE && length <= IMAGE_SIZE - offset);
	memcpy(data, device + offset, length);
	return 0;
}

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
	u32 i;

	require(!memcmp(buffer, &visit->buffer, sizeof(*buffer)));
	require(record->lsn > visit->last && record->lsn > buffer->lsn);
	require(record->lsn + ktm_format_record_length(record->data_length) <=
		buffer->lsn + buffer->used);
	for (i = 0; i < record->data_length; i++)
		visit->sum += data[i];
	visit->last = record->lsn;
	visit->nr_records++;
	return 0;
}

static const struct ktm_replay_ops ops = {
	.read = read_device,
	.buffer = visit_buffer,
	.record = visit_record,
};

static void fix_super(void *block)
{
	struct ktm_disk_super *disk = block;
	u32 crc;

	disk->crc = 0;
	crc = ~ktm_crc32c(KTM_CRC32C_SEED, disk, sizeof(*disk));
	disk->crc = cpu_to_le32(crc);
}

static void fix_buffer(void *block, u64 room)
{
	struct ktm_disk_buffer *disk = block;
	u32 used = le32_to_cpu(disk->used);
	u32 crc;

	if (le32_to_cpu(disk->magic) != KTM_DISK_BUF_MAGIC || used > room ||
	    used < sizeof(*disk) || used > KTM_DISK_BUFFER_MAX)
		return;
	disk->crc = 0;
	crc = ~ktm_crc32c(KTM_CRC32C_SEED, disk, used);
	disk->crc = cpu_to_le32(crc);
}

static void load(const uint8_t *data, size_t size)
{
	u32 word, start, at;

	memset(device, 0, sizeof(device));
	memcpy(&word, data, sizeof(word));
	start = (word >> 8) % (IMAGE_RING / KTM_DISK_BLOCK) * KTM_DISK_BLOCK;
	data += HEAD_SIZE;
	size -= HEAD_SIZE;
	memcpy(device + KTM_DISK_SB_A, data, KTM_DISK_BLOCK);
	memcpy(device + KTM_DISK_SB_B, data + KTM_DISK_BLOCK, KTM_DISK_BLOCK);
	data += 2 * KTM_DISK_BLOCK;
	size -= 2 * KTM_DISK_BLOCK;
	for (at = 0; at < size; at++)
		device[KTM_DISK_RING + (start + at) % IMAGE_RING] = data[at];

	if (word & KEEP_CHECKSUMS)
		return;
	fix_super(device + KTM_DISK_SB_A);
	fix_super(device + KTM_DISK_SB_B);
	/* from the back: a buffer's checksum covers those that hide in it */
	for (at = IMAGE_RING; at; at -= KTM_DISK_BLOCK)
		fix_buffer(device + KTM_DISK_RING + at - KTM_DISK_BLOCK,
			   IMAGE_RING - at + KTM_DISK_BLOCK);
}

/* Look for a record at every place where one might be. */
static void find_all(struct visit *visit)
{
	struct ktm_replay *replay = &visit->replay;
	struct ktm_format_record record;
	struct ktm_format_buffer buffer;
	u64 tail = replay->super.tail_lsn;
	void *data;
	u64 lsn;

	for (lsn = tail; lsn < tail + 8 * KTM_DISK_BLOCK; lsn += 1016) {
		if (ktm_replay_find(replay, lsn, tail, &buffer, &data))
			continue;
		require((u8 *)data >= (u8 *)window &&
			(u8 *)data + buffer.used <= (u8 *)window + sizeof(window));
		ktm_format_find_record(data, &buffer, lsn & ~7ULL, &record);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct visit visit = {
		.replay = {
			.ops = &ops,
			.ctx = &visit,
			.window = window,
			.device_size = IMAGE_SIZE,
		},
	};
	int ret;

	if (size < HEAD_SIZE + 2 * KTM_DISK_BLOCK || size > INPUT_MAX)
		return 0;
	load(data, size);
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
	find_all(&visit);
	return 0;
}

/* An image of the model, its ring seen from the tail. */
static size_t make_input(uint8_t *data, size_t max_size, unsigned int seed)
{
	struct image *image = image_new();
	size_t at, size = 0;
	u32 word, start;

	if (image_attach(image))
		abort();
	/* some start near the end of the ring */
	while (seed % 3 == 0 && image->end % IMAGE_RING < IMAGE_RING - 40000) {
		image_append(image, 30000);
		image_set_tail(image, image->nr_records);
	}
	for (unsigned int i = 0; i < seed % 13; i++) {
		image_append(image, rand_r(&seed) % (i % 4 ? 300 : 9000));
		if (rand_r(&seed) % 2)
			image_seal(image);
		if (rand_r(&seed) % 3 == 0)
			image_sync(image);
		if (rand_r(&seed) % 7 == 0)
			image_super(image, rand_r(&seed) % 2);
	}
	start = image->tail % IMAGE_RING;
	word = start / KTM_DISK_BLOCK << 8;
	memset(data, 0, HEAD_SIZE);
	memcpy(data, &word, sizeof(word));
	memcpy(data + HEAD_SIZE, image->cached + KTM_DISK_SB_A, KTM_DISK_BLOCK);
	memcpy(data + HEAD_SIZE + KTM_DISK_BLOCK, image->cached + KTM_DISK_SB_B,
	       KTM_DISK_BLOCK);
	size = HEAD_SIZE + 2 * KTM_DISK_BLOCK;
	for (at = 0; at < image->end - image->tail + KTM_DISK_BLOCK &&
	     size < max_size; at++)
		data[size++] = image->cached[KTM_DISK_RING + (start + at) % IMAGE_RING];
	image_free(image);
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	size_t block, offset, part;

	if (max_size > INPUT_MAX)
		max_size = INPUT_MAX;
	if (max_size < HEAD_SIZE + 3 * KTM_DISK_BLOCK)
		return LLVMFuzzerMutate(data, size, max_size);
	if (size < HEAD_SIZE + 2 * KTM_DISK_BLOCK || seed % 64 == 0)
		return make_input(data, max_size, seed / 64);
	if (size > max_size)
		size = max_size;
	if (seed % 16 == 1)
		return LLVMFuzzerMutate(data, size, max_size);
	/* most of the time, within the heads of a block */
	block = rand_r(&seed) % ((size - HEAD_SIZE) / KTM_DISK_BLOCK);
	offset = HEAD_SIZE + block * KTM_DISK_BLOCK;
	part = size - offset < 320 ? size - offset : 320;
	LLVMFuzzerMutate(data + offset, part, part);
	return size;
}
