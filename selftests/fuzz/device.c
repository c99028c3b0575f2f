// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile images of logs
 *
 * Most of the device is zero in any input, and most of what replay reads of it. So
 * what is zero is neither cleared nor read again: a ring of 1 MiB for each input would
 * cost more than all else.
 */
#include "device.h"
#include "fuzz.h"

#define WINDOW_BLOCKS	(KTM_DISK_BUFFER_MAX / KTM_DISK_BLOCK)

static u8 device[IMAGE_SIZE];
static bool device_used[IMAGE_BLOCKS];
static u64 window[KTM_DISK_BUFFER_MAX / 8];
static bool window_zero[WINDOW_BLOCKS];

const u8 *device_window(void)
{
	return (const u8 *)window;
}

/* Replay changes no more than the first word of a block in the window. */
static void read_block(u32 at, u64 offset)
{
	u8 *to = (u8 *)window + at;
	u64 *word = &window[at / 8];
	bool *zero = &window_zero[at / KTM_DISK_BLOCK];

	if (device_used[offset / KTM_DISK_BLOCK]) {
		memcpy(to, device + offset, KTM_DISK_BLOCK);
		*zero = false;
	} else if (!*zero) {
		memset(to, 0, KTM_DISK_BLOCK);
		*zero = true;
	} else {
		*word = 0;
	}
}

int device_read(void *ctx, u64 offset, void *data, u32 length)
{
	u32 at;

	require(data == window);
	require(length && length <= KTM_DISK_BUFFER_MAX);
	require(length % KTM_DISK_BLOCK == 0 && offset % KTM_DISK_BLOCK == 0);
	require(offset <= IMAGE_SIZE && length <= IMAGE_SIZE - offset);
	for (at = 0; at < length; at += KTM_DISK_BLOCK)
		read_block(at, offset + at);
	return 0;
}

static void clear_device(void)
{
	u64 block;

	for (block = 0; block < IMAGE_BLOCKS; block++) {
		if (!device_used[block])
			continue;
		memset(device + block * KTM_DISK_BLOCK, 0, KTM_DISK_BLOCK);
		device_used[block] = false;
	}
}

static void load_block(u64 offset, const uint8_t *data, size_t length)
{
	memcpy(device + offset, data, length);
	device_used[offset / KTM_DISK_BLOCK] = true;
}

bool device_load(const uint8_t *data, size_t size)
{
	size_t part;
	u32 word, at;

	if (size < HEAD_SIZE + 2 * KTM_DISK_BLOCK || size > INPUT_MAX)
		return false;
	clear_device();
	memcpy(&word, data, sizeof(word));
	at = (word >> 8) % (IMAGE_RING / KTM_DISK_BLOCK) * KTM_DISK_BLOCK;
	load_block(KTM_DISK_SB_A, data + HEAD_SIZE, KTM_DISK_BLOCK);
	load_block(KTM_DISK_SB_B, data + HEAD_SIZE + KTM_DISK_BLOCK, KTM_DISK_BLOCK);
	data += HEAD_SIZE + 2 * KTM_DISK_BLOCK;
	size -= HEAD_SIZE + 2 * KTM_DISK_BLOCK;
	for (; size; size -= part, data += part, at += KTM_DISK_BLOCK) {
		part = size < KTM_DISK_BLOCK ? size : KTM_DISK_BLOCK;
		load_block(KTM_DISK_RING + at % IMAGE_RING, data, part);
	}
	if (word & KEEP_CHECKSUMS)
		return true;
	fix_super(device + KTM_DISK_SB_A);
	fix_super(device + KTM_DISK_SB_B);
	/* from the back: a buffer's checksum covers those that hide in it */
	for (at = IMAGE_RING; at; at -= KTM_DISK_BLOCK)
		if (device_used[(KTM_DISK_RING + at) / KTM_DISK_BLOCK - 1])
			fix_buffer(device + KTM_DISK_RING + at - KTM_DISK_BLOCK,
				   IMAGE_RING - at + KTM_DISK_BLOCK);
	return true;
}

void device_start(struct ktm_replay *replay, const struct ktm_replay_ops *ops, void *ctx)
{
	*replay = (struct ktm_replay){
		.ops = ops,
		.ctx = ctx,
		.window = window,
		.device_size = IMAGE_SIZE,
	};
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

size_t device_mutate(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size_t block, offset, part;

	if (max_size > INPUT_MAX)
		max_size = INPUT_MAX;
	if (max_size < HEAD_SIZE + 3 * KTM_DISK_BLOCK)
		return LLVMFuzzerMutate(data, size, max_size);
	if (size < HEAD_SIZE + 2 * KTM_DISK_BLOCK || seed % 512 == 0)
		return make_input(data, max_size, seed / 512);
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
