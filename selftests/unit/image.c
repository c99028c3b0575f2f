// SPDX-License-Identifier: GPL-2.0
/*
 * A log in memory, and a writer that follows the rules of the one in the kernel
 */
#include <stdio.h>
#include <stdlib.h>

#include "image.h"

static void write_device(struct image *image, u64 offset, const void *data, u32 length)
{
	u64 block;

	memcpy(image->cached + offset, data, length);
	for (block = offset / KTM_DISK_BLOCK;
	     block * KTM_DISK_BLOCK < offset + length; block++)
		image->dirty[block] = 1;
}

static int write_mkfs(void *ctx, u64 offset, const void *data, size_t size)
{
	write_device(ctx, offset, data, size);
	return 0;
}

void image_flush(struct image *image)
{
	memcpy(image->stable, image->cached, IMAGE_SIZE);
	memset(image->dirty, 0, sizeof(image->dirty));
}

void image_cut(struct image *image, unsigned int *random)
{
	u64 block;

	for (block = 0; block < IMAGE_BLOCKS; block++) {
		if (!image->dirty[block])
			continue;
		if (random && rand_r(random) % 2)
			memcpy(image->stable + block * KTM_DISK_BLOCK,
			       image->cached + block * KTM_DISK_BLOCK,
			       KTM_DISK_BLOCK);
	}
	memcpy(image->cached, image->stable, IMAGE_SIZE);
	memset(image->dirty, 0, sizeof(image->dirty));
	image->head.used = 0;
}

struct image *image_new(void)
{
	struct ktm_mkfs_params params = { .device_size = IMAGE_SIZE };
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		abort();
	image->cached = calloc(1, IMAGE_SIZE);
	image->stable = calloc(1, IMAGE_SIZE);
	if (!image->cached || !image->stable)
		abort();
	memcpy(params.uuid, "0123456789abcdef", sizeof(params.uuid));
	strcpy(params.name, "unit");
	if (ktm_mkfs(write_mkfs, image, &params))
		abort();
	image_flush(image);
	return image;
}

void image_free(struct image *image)
{
	free(image->cached);
	free(image->stable);
	free(image->records);
	free(image);
}

u8 *image_at(struct image *image, u64 lsn)
{
	return image->cached + KTM_DISK_RING + lsn % IMAGE_RING;
}

void image_data(u8 *data, u32 length, u32 seed)
{
	u32 i, x = seed * 2654435761U + 1;

	for (i = 0; i < length; i++) {
		/* every third record is full of what begins a buffer */
		if (seed % 3 == 0) {
			data[i] = "BMTK"[i % 4];
			continue;
		}
		x = x * 1664525U + 1013904223U;
		data[i] = x >> 24;
	}
}

static void note_record(struct image *image, u64 lsn, u32 length, u32 seed)
{
	if (image->nr_records == image->room) {
		image->room = image->room ? 2 * image->room : 1024;
		image->records = realloc(image->records,
					 image->room * sizeof(*image->records));
		if (!image->records)
			abort();
	}
	image->records[image->nr_records++] = (struct image_record){
		.lsn = lsn, .length = length, .seed = seed,
	};
}

static void seal_span(struct image *image, u32 span)
{
	struct ktm_format_buffer *head = &image->head;
	u32 size = (head->used + KTM_DISK_BLOCK - 1) & ~(KTM_DISK_BLOCK - 1);
	size_t i;

	head->span = span;
	head->epoch = image->epoch;
	head->durable_lsn = image->durable;
	head->prev_lsn = image->prev;
	ktm_format_seal_buffer((void *)image->open, ktm_format_ring_uuid(&image->super),
			       head);
	write_device(image, KTM_DISK_RING + head->lsn % IMAGE_RING, image->open, size);
	image->prev = head->lsn;
	image->end = head->lsn + span;
	for (i = image->nr_records; i-- && !image->records[i].end;)
		image->records[i].end = image->end;
	head->used = 0;
}

void image_seal(struct image *image)
{
	u32 used = image->head.used;

	if (used)
		seal_span(image, (used + KTM_DISK_BLOCK - 1) & ~(KTM_DISK_BLOCK - 1));
}

static void open_at(struct image *image, u64 lsn)
{
	image->head = (struct ktm_format_buffer){
		.lsn = lsn,
		.used = sizeof(struct ktm_disk_buffer),
	};
}

/* Make the open buffer one that has room for a record. */
static int make_place(struct image *image, u32 length)
{
	u32 used = sizeof(struct ktm_disk_buffer);
	u64 to_end, cost;

	if (image->head.used) {
		to_end = IMAGE_RING - image->head.lsn % IMAGE_RING;
		if (to_end > KTM_DISK_BUFFER_MAX)
			to_end = KTM_DISK_BUFFER_MAX;
		if (image->head.used + length > to_end)
			image_seal(image);
	}
	if (image->head.used)
		cost = length;
	else
		cost = used + length;
	to_end = IMAGE_RING - image->end % IMAGE_RING;
	if (image->end + cost + 2 * KTM_DISK_BUFFER_MAX > image->tail + IMAGE_RING)
		return -ENOSPC;
	if (image->head.used)
		return 0;
	if (used + length > to_end) {
		open_at(image, image->end);
		seal_span(image, to_end);
	}
	open_at(image, image->end);
	return 0;
}

static int append(struct image *image, const void *data, u32 length)
{
	struct ktm_format_record record = {
		.type = KTM_RECORD_REDO,
		.data_length = length,
		.data = data,
	};
	u32 size = ktm_format_record_length(length);

	if (make_place(image, size))
		return -ENOSPC;
	record.lsn = image->head.lsn + image->head.used;
	memset(record.stream, 1, sizeof(record.stream));
	memset(record.tx, 2, sizeof(record.tx));
	ktm_format_encode_record((void *)((u8 *)image->open + image->head.used),
				 &record);
	image->head.used += size;
	image->head.nr_records++;
	image->end = image->head.lsn +
		     ((image->head.used + KTM_DISK_BLOCK - 1) & ~(KTM_DISK_BLOCK - 1));
	return 0;
}

int image_append(struct image *image, u32 length)
{
	static u8 data[KTM_DISK_DATA_MAX];
	u32 seed = image->nr_records + 1;
	u32 size = ktm_format_record_length(length);

	image_data(data, length, seed);
	if (append(image, data, length))
		return -ENOSPC;
	note_record(image, image->head.lsn + image->head.used - size, length, seed);
	return 0;
}

void image_append_data(struct image *image, const void *data, u32 length)
{
	u32 size = ktm_format_record_length(length);

	if (append(image, data, length))
		abort();
	note_record(image, image->head.lsn + image->head.used - size, length, 0);
}

void image_sync(struct image *image)
{
	image_seal(image);
	image_flush(image);
	image->durable = image->end;
}

void image_super(struct image *image, u64 flags)
{
	static const u64 offset[] = { KTM_DISK_SB_A, KTM_DISK_SB_B };
	struct ktm_disk_super disk;

	image_sync(image);
	image->slot = !image->slot;
	image->super.sequence++;
	image->super.tail_lsn = image->tail;
	image->super.epoch_lsn = image->durable;
	image->super.epoch = image->epoch;
	image->super.flags = flags;
	ktm_format_encode_super(&disk, &image->super);
	write_device(image, offset[image->slot], &disk, sizeof(disk));
	image_flush(image);
}

/* The start of the buffer that a record is in. */
static u64 buffer_of(struct image *image, size_t index)
{
	struct ktm_format_buffer buffer;
	struct image_replay *state = calloc(1, sizeof(*state));
	void *data;

	image_replay_init(state, image);
	state->replay.super = image->super;
	if (ktm_replay_find(&state->replay, image->records[index].lsn,
			    image->tail, &buffer, &data))
		abort();
	free(state);
	return buffer.lsn;
}

void image_set_tail(struct image *image, size_t first)
{
	image_sync(image);
	if (first == image->nr_records) {
		image->tail = image->end;
	} else {
		image->tail = buffer_of(image, first);
		while (first > image->first && image->records[first - 1].lsn > image->tail)
			first--;
	}
	image->first = first;
	image_super(image, 0);
}

static int read_image(void *ctx, u64 offset, void *data, u32 length)
{
	struct image_replay *state = ctx;
	struct image *image = state->image;
	u64 bit = image->flip - 1, byte = bit / 8;

	if (offset > IMAGE_SIZE || length > IMAGE_SIZE - offset)
		abort();
	if (image->reads_left && !--image->reads_left)
		return -EIO;
	memcpy(data, image->cached + offset, length);
	if (image->flip && byte >= offset && byte < offset + length)
		((u8 *)data)[byte - offset] ^= 1 << bit % 8;
	return 0;
}

static int visit(void *ctx, const struct ktm_format_record *record,
		 const struct ktm_format_buffer *buffer)
{
	static u8 data[KTM_DISK_DATA_MAX];
	struct image_replay *state = ctx;
	const struct image_record *expected;

	if (state->next >= state->image->nr_records) {
		state->wrong = true;
		return 0;
	}
	expected = &state->image->records[state->next++];
	if (expected->lsn != record->lsn || expected->length != record->data_length) {
		state->wrong = true;
		return 0;
	}
	if (!expected->seed)
		return 0;
	image_data(data, expected->length, expected->seed);
	if (memcmp(data, record->data, expected->length))
		state->wrong = true;
	return 0;
}

static const struct ktm_replay_ops image_ops = {
	.read = read_image,
	.record = visit,
};

/* What replay has changed it must have changed back. */
static void unmap_image(struct image_replay *state)
{
	void *again = malloc(KTM_DISK_BUFFER_MAX);

	if (state->mapped && again) {
		read_image(state, state->mapped_offset, again, state->mapped_length);
		if (memcmp(again, state->mapped, state->mapped_length))
			state->wrong = true;
	}
	free(again);
	free(state->mapped);
	state->mapped = NULL;
}

/* As the kernel does: not in the window, and never twice at the same place. */
static int map_image(void *ctx, u64 offset, u32 length, void **data)
{
	struct image_replay *state = ctx;

	unmap_image(state);
	state->mapped = malloc(length);
	if (!state->mapped)
		return -ENOMEM;
	state->mapped_offset = offset;
	state->mapped_length = length;
	*data = state->mapped;
	return read_image(ctx, offset, state->mapped, length);
}

static const struct ktm_replay_ops mapped_ops = {
	.read = read_image,
	.map = map_image,
	.record = visit,
};

void image_replay_init(struct image_replay *state, struct image *image)
{
	memset(&state->replay, 0, sizeof(state->replay));
	state->replay.ops = &image_ops;
	state->replay.ctx = state;
	state->replay.window = state->window;
	state->replay.device_size = IMAGE_SIZE;
	state->image = image;
	state->next = image->first;
	state->wrong = false;
	state->mapped = NULL;
}

/* Records from the tail on: an older superblock may have an older tail. */
static size_t first_from(const struct image *image, u64 tail)
{
	size_t i = image->nr_records;

	while (i && image->records[i - 1].lsn >= tail)
		i--;
	return i;
}

static int in_one_pass(struct image_replay *state, struct image *image)
{
	int ret;

	image_replay_init(state, image);
	state->replay.ops = &mapped_ops;
	ret = ktm_replay_open(&state->replay);
	if (ret)
		return ret;
	state->next = first_from(image, state->replay.super.tail_lsn);
	ret = ktm_replay_scan_and_run(&state->replay);
	unmap_image(state);
	return ret;
}

static bool found_the_same(const struct ktm_replay *a, const struct ktm_replay *b)
{
	return a->end_lsn == b->end_lsn && a->last_lsn == b->last_lsn &&
	       a->epoch == b->epoch && a->nr_buffers == b->nr_buffers &&
	       a->nr_records == b->nr_records && a->end == b->end &&
	       a->lost_lsn == b->lost_lsn && a->proof_lsn == b->proof_lsn;
}

/* In one pass and in two: both must find the same. */
int image_replay(struct image_replay *state, struct image *image)
{
	u64 reads_left = image->reads_left;
	struct ktm_replay once;
	size_t next;
	bool wrong;
	int ret, run, both;

	image->reads_left = 0;
	both = in_one_pass(state, image);
	image->reads_left = reads_left;
	once = state->replay;
	next = state->next;
	wrong = state->wrong;

	image_replay_init(state, image);
	ret = ktm_replay_open(&state->replay);
	if (ret)
		return ret;
	state->next = first_from(image, state->replay.super.tail_lsn);
	ret = ktm_replay_scan(&state->replay);
	if (ret && ret != -EUCLEAN)
		return ret;
	run = ktm_replay_run(&state->replay);
	if (run && reads_left)
		return run;
	if (both != (ret ? ret : run) || next != state->next || wrong != state->wrong ||
	    !found_the_same(&once, &state->replay))
		return -EXDEV;
	return run ? run : ret;
}

int image_attach(struct image *image)
{
	struct image_replay *state = calloc(1, sizeof(*state));
	int ret;

	ret = image_replay(state, image);
	if (!ret && state->wrong)
		ret = -EBADMSG;
	if (!ret) {
		image->super = state->replay.super;
		image->slot = state->replay.slot;
		image->epoch = state->replay.epoch + 1;
		image->tail = image->super.tail_lsn;
		image->end = state->replay.end_lsn;
		image->durable = image->end;
		image->prev = state->replay.last_lsn;
		image->nr_records = state->next;
		image->head.used = 0;
		image_super(image, 0);
	}
	free(state);
	return ret;
}
