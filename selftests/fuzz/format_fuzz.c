// SPDX-License-Identifier: GPL-2.0
/*
 * The validator alone: a superblock, and a buffer with its records
 *
 * An input is a word and blocks. What the validator accepts must be what the writer
 * writes: encoded once more, it is the same, to the bit.
 */
#include "checksum.h"
#include "fuzz.h"

#define HEAD_SIZE	8
#define INPUT_MAX	(HEAD_SIZE + 4 * KTM_DISK_BLOCK)
#define KEEP_CHECKSUMS	1
#define AS_SUPER	2

/* Inputs end where these do, so that whoever reads on is seen. */
static u64 blocks[INPUT_MAX / 8], copies[INPUT_MAX / 8];
static void *block, *copy;

static void try_super(void)
{
	const struct ktm_disk_super *disk = block;
	struct ktm_disk_super again;
	struct ktm_format_super super;

	if (ktm_format_check_super(disk, &super))
		return;
	require(super.ring_size >= KTM_DISK_RING_MIN && super.ring_size <= KTM_DISK_RING_MAX);
	require(super.tail_lsn <= super.epoch_lsn &&
		super.epoch_lsn - super.tail_lsn <= super.ring_size);
	require(strnlen(super.name, sizeof(super.name)) < sizeof(super.name));
	ktm_format_encode_super(&again, &super);
	again.version = disk->version;		/* an older one is read, too */
	fix_super(&again);
	require(!memcmp(&again, disk, sizeof(again)));
}

/* Each record once more, where it was. */
static void encode_records(const struct ktm_format_buffer *buffer)
{
	struct ktm_format_record record, found;
	u32 offset = sizeof(struct ktm_disk_buffer);
	u8 *from = copy;
	int length;

	while (offset < buffer->used) {
		length = ktm_format_check_record((void *)(from + offset), buffer->used - offset,
						 buffer->lsn + offset, &record);
		require(length > 0 && length == ktm_format_record_length(record.data_length));
		require(ktm_format_record_is_possible(&record));
		require(!ktm_format_find_record(copy, buffer, record.lsn, &found));
		require(found.lsn == record.lsn && found.data == record.data);
		require(ktm_format_find_record(copy, buffer, record.lsn + 8, &found));
		ktm_format_encode_record((void *)((u8 *)block + offset), &record);
		offset += length;
	}
	require(offset == buffer->used);
}

static void try_buffer(size_t size)
{
	const struct ktm_disk_buffer *disk = block;
	struct ktm_format_super super = { .ring_size = KTM_DISK_RING_MIN };
	struct ktm_format_buffer buffer, sealed;
	u32 whole;

	memcpy(super.uuid, disk->uuid, sizeof(super.uuid));
	if (ktm_format_check_head(disk, &super, le64_to_cpu(disk->lsn), &buffer))
		return;
	require(buffer.used <= KTM_DISK_BUFFER_MAX && buffer.used <= buffer.span &&
		buffer.span <= super.ring_size);
	whole = (buffer.used + KTM_DISK_BLOCK - 1) & ~(KTM_DISK_BLOCK - 1);
	if (whole > size || ktm_format_check_crc(disk, &buffer))
		return;
	memcpy(copy, block, whole);
	if (ktm_format_check_buffer(copy, &buffer))
		return;
	encode_records(&buffer);
	sealed = buffer;
	ktm_format_seal_buffer(block, super.uuid, &sealed);
	require(sealed.escaped == buffer.escaped);
	require(ktm_format_escape(copy, buffer.used) == buffer.escaped);
	require(!memcmp(block, copy, buffer.used));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 word;

	if (size < HEAD_SIZE + KTM_DISK_BLOCK || size > INPUT_MAX)
		return 0;
	memcpy(&word, data, sizeof(word));
	size = (size - HEAD_SIZE) & ~7UL;
	block = (u8 *)blocks + sizeof(blocks) - size;
	copy = (u8 *)copies + sizeof(copies) - size;
	memcpy(block, data + HEAD_SIZE, size);
	if (word & AS_SUPER) {
		if (!(word & KEEP_CHECKSUMS))
			fix_super(block);
		try_super();
		return 0;
	}
	if (!(word & KEEP_CHECKSUMS))
		fix_buffer(block, size);
	try_buffer(size);
	return 0;
}

/* A buffer that is good, of records of every type. */
static size_t make_buffer(uint8_t *data, unsigned int seed)
{
	static const u32 body[] = { 0, 0, 16, 16, 8, 16 };
	u8 bytes[1200] = { 0 };
	struct ktm_format_buffer head = {
		.lsn = rand_r(&seed) % 64 * KTM_DISK_BLOCK,
		.epoch = 1, .used = sizeof(struct ktm_disk_buffer),
	};
	struct ktm_format_record record = { .data = bytes };
	u32 nr = 1 + rand_r(&seed) % 6, size;

	while (nr--) {
		record.type = 1 + rand_r(&seed) % 5;
		record.data_length = record.type == KTM_RECORD_REDO ? rand_r(&seed) % 1200 :
			body[record.type];
		memset(record.tx, 1, sizeof(record.tx));
		bytes[0] = record.type == KTM_RECORD_END ? 1 + rand_r(&seed) % 2 : 0;
		bytes[8] = record.type == KTM_RECORD_COMMIT || record.type == KTM_RECORD_PROMISE;
		memset(record.stream, record.type < KTM_RECORD_COMMIT || record.type ==
		       KTM_RECORD_PROMISE, sizeof(record.stream));
		memcpy(record.enlistment, record.stream, sizeof(record.stream));
		record.lsn = head.lsn + head.used;
		ktm_format_encode_record((void *)(data + head.used), &record);
		head.used += ktm_format_record_length(record.data_length);
		head.nr_records++;
	}
	size = (head.used + KTM_DISK_BLOCK - 1) & ~(KTM_DISK_BLOCK - 1);
	head.span = size;
	ktm_format_seal_buffer((void *)data, (const u8 *)"0123456789abcdef", &head);
	return size;
}

static size_t make_super(uint8_t *data, unsigned int seed)
{
	struct ktm_format_super super = {
		.uuid = "0123456789abcdef",
		.sequence = rand_r(&seed),
		.ring_size = KTM_DISK_RING_MIN,
		.tail_lsn = rand_r(&seed) % 64 * KTM_DISK_BLOCK,
		.epoch = rand_r(&seed),
		.flags = rand_r(&seed) % 2,
		.name = "fuzz",
	};

	super.epoch_lsn = super.tail_lsn + rand_r(&seed) % 64 * KTM_DISK_BLOCK;
	ktm_format_encode_super((void *)data, &super);
	return KTM_DISK_BLOCK;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	static u64 made[INPUT_MAX / 8];
	u32 word = seed % 3 ? 0 : AS_SUPER;
	size_t part, offset, space;

	if (max_size < INPUT_MAX)
		return LLVMFuzzerMutate(data, size, max_size);
	if (size < HEAD_SIZE + KTM_DISK_BLOCK || seed % 64 == 0) {
		memset(made, 0, sizeof(made));
		part = word ? make_super((void *)made, seed / 64) :
			make_buffer((void *)made, seed / 64);
		memset(data, 0, HEAD_SIZE);
		memcpy(data, &word, sizeof(word));
		memcpy(data + HEAD_SIZE, made, part);
		return HEAD_SIZE + part;
	}
	if (size > INPUT_MAX)
		size = INPUT_MAX;
	if (seed % 16 == 1)
		return LLVMFuzzerMutate(data, size, INPUT_MAX);
	/* most of the time within the heads: at the front of a block */
	offset = HEAD_SIZE + rand_r(&seed) % ((size - HEAD_SIZE) / KTM_DISK_BLOCK) * KTM_DISK_BLOCK;
	space = size - offset < 400 ? size - offset : 400;
	LLVMFuzzerMutate(data + offset, space, space);
	return size;
}
