// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - on-disk format: check, decode by copy, encode
 *
 * Nothing here trusts a byte of what it is given. A structure is refused as a
 * whole or copied into a plain one; sizes and offsets are compared with the
 * room that is there before they are used.
 */
#include "format.h"
#include "crc32c.h"
#include "stream.h"

static bool all_zero(const void *data, size_t length)
{
	const u8 *byte = data;

	while (length--)
		if (*byte++)
			return false;
	return true;
}

/* Checksum over @length bytes, taking the four at @hole as zero. */
static u32 checksum(const void *data, size_t length, size_t hole)
{
	static const u8 zero[sizeof(u32)];
	const u8 *byte = data;
	u32 crc;

	crc = ktm_crc32c(KTM_CRC32C_SEED, byte, hole);
	crc = ktm_crc32c(crc, zero, sizeof(zero));
	hole += sizeof(zero);
	return ~ktm_crc32c(crc, byte + hole, length - hole);
}

static u32 super_checksum(const struct ktm_disk_super *disk)
{
	return checksum(disk, sizeof(*disk), offsetof(struct ktm_disk_super, crc));
}

static bool super_is_possible(const struct ktm_format_super *super)
{
	return super->clock <= KTM_DISK_CLOCK_MAX &&
	       !all_zero(super->uuid, sizeof(super->uuid)) &&
	       super->sequence && super->sequence < U64_MAX &&
	       super->epoch < U64_MAX &&
	       super->ring_size % KTM_DISK_BLOCK == 0 &&
	       super->ring_size >= KTM_DISK_RING_MIN &&
	       super->ring_size <= KTM_DISK_RING_MAX &&
	       super->tail_lsn % KTM_DISK_BLOCK == 0 &&
	       super->tail_lsn && super->tail_lsn < KTM_DISK_LSN_MAX &&
	       super->epoch_lsn % KTM_DISK_BLOCK == 0 &&
	       super->epoch_lsn >= super->tail_lsn &&
	       super->epoch_lsn - super->tail_lsn <= super->ring_size;
}

static bool name_is_possible(const u8 *name)
{
	size_t length = strnlen((const char *)name, KTM_DISK_NAME_MAX);

	return length < KTM_DISK_NAME_MAX &&
	       all_zero(name + length, KTM_DISK_NAME_MAX - length);
}

const u8 *ktm_format_ring_uuid(const struct ktm_format_super *super)
{
	if (all_zero(super->ring_uuid, sizeof(super->ring_uuid)))
		return super->uuid;
	return super->ring_uuid;
}

/* It is there if the flag says so, and then it is another one. */
static bool ring_uuid_is_possible(const struct ktm_disk_super *disk)
{
	if (!(le64_to_cpu(disk->flags) & KTM_DISK_SB_F_ADOPTED))
		return all_zero(disk->ring_uuid, sizeof(disk->ring_uuid));
	return !all_zero(disk->ring_uuid, sizeof(disk->ring_uuid)) &&
	       memcmp(disk->ring_uuid, disk->uuid, sizeof(disk->uuid));
}

int ktm_format_check_super(const struct ktm_disk_super *disk,
			   struct ktm_format_super *super)
{
	if (le64_to_cpu(disk->magic) != KTM_DISK_SB_MAGIC)
		return -ENODEV;
	if (le32_to_cpu(disk->crc) != super_checksum(disk))
		return -EUCLEAN;
	if (!disk->version || le32_to_cpu(disk->version) > KTM_DISK_VERSION ||
	    le64_to_cpu(disk->flags) & ~KTM_DISK_SB_F_MASK)
		return -EPROTONOSUPPORT;

	memcpy(super->uuid, disk->uuid, sizeof(super->uuid));
	memcpy(super->ring_uuid, disk->ring_uuid, sizeof(super->ring_uuid));
	super->sequence = le64_to_cpu(disk->sequence);
	super->ring_size = le64_to_cpu(disk->ring_size);
	super->tail_lsn = le64_to_cpu(disk->tail_lsn);
	super->epoch_lsn = le64_to_cpu(disk->epoch_lsn);
	super->epoch = le64_to_cpu(disk->epoch);
	super->clock = le64_to_cpu(disk->clock);
	super->flags = le64_to_cpu(disk->flags) & ~KTM_DISK_SB_F_ADOPTED;
	memcpy(super->name, disk->name, sizeof(super->name));

	if (!super_is_possible(super) || !name_is_possible(disk->name) ||
	    !ring_uuid_is_possible(disk) || !all_zero(disk->zero, sizeof(disk->zero)))
		return -EUCLEAN;
	return 0;
}

void ktm_format_encode_super(struct ktm_disk_super *disk,
			     const struct ktm_format_super *super)
{
	memset(disk, 0, sizeof(*disk));
	disk->magic = cpu_to_le64(KTM_DISK_SB_MAGIC);
	disk->version = cpu_to_le32(KTM_DISK_VERSION);
	memcpy(disk->uuid, super->uuid, sizeof(disk->uuid));
	disk->sequence = cpu_to_le64(super->sequence);
	disk->ring_size = cpu_to_le64(super->ring_size);
	disk->tail_lsn = cpu_to_le64(super->tail_lsn);
	disk->epoch_lsn = cpu_to_le64(super->epoch_lsn);
	disk->epoch = cpu_to_le64(super->epoch);
	disk->clock = cpu_to_le64(super->clock);
	memcpy(disk->name, super->name, sizeof(disk->name));
	disk->flags = cpu_to_le64(super->flags);
	if (memcmp(ktm_format_ring_uuid(super), super->uuid, sizeof(super->uuid))) {
		memcpy(disk->ring_uuid, super->ring_uuid, sizeof(disk->ring_uuid));
		disk->flags |= cpu_to_le64(KTM_DISK_SB_F_ADOPTED);
	}
	disk->crc = cpu_to_le32(super_checksum(disk));
}

static u32 round_up_block(u32 length)
{
	return (length + KTM_DISK_BLOCK - 1) & ~(KTM_DISK_BLOCK - 1);
}

static bool is_filler(const struct ktm_format_buffer *buffer)
{
	return buffer->used == sizeof(struct ktm_disk_buffer);
}

/* May span and used stand in a buffer that begins @to_end before the ring's end? */
static bool extent_is_possible(const struct ktm_format_buffer *buffer, u64 to_end)
{
	if (buffer->span % KTM_DISK_BLOCK || buffer->span < KTM_DISK_BLOCK ||
	    buffer->span > KTM_DISK_BUFFER_MAX || buffer->span > to_end)
		return false;
	if (is_filler(buffer))
		return buffer->span == to_end;
	return buffer->used % 8 == 0 &&
	       buffer->used > sizeof(struct ktm_disk_buffer) &&
	       buffer->used <= buffer->span &&
	       round_up_block(buffer->used) == buffer->span;
}

int ktm_format_check_head(const struct ktm_disk_buffer *disk,
			  const struct ktm_format_super *super, u64 lsn,
			  struct ktm_format_buffer *buffer)
{
	if (le32_to_cpu(disk->magic) != KTM_DISK_BUF_MAGIC ||
	    memcmp(disk->uuid, ktm_format_ring_uuid(super), sizeof(disk->uuid)) ||
	    le64_to_cpu(disk->lsn) != lsn)
		return -ENOENT;

	buffer->lsn = lsn;
	buffer->epoch = le64_to_cpu(disk->epoch);
	buffer->durable_lsn = le64_to_cpu(disk->durable_lsn);
	buffer->prev_lsn = le64_to_cpu(disk->prev_lsn);
	buffer->span = le32_to_cpu(disk->span);
	buffer->used = le32_to_cpu(disk->used);
	buffer->nr_records = le32_to_cpu(disk->nr_records);
	buffer->escaped = le32_to_cpu(disk->escaped);

	if (!extent_is_possible(buffer, super->ring_size - lsn % super->ring_size))
		return -EBADMSG;
	return 0;
}

static u32 buffer_checksum(const struct ktm_disk_buffer *disk, u32 used)
{
	return checksum(disk, used, offsetof(struct ktm_disk_buffer, crc));
}

int ktm_format_check_crc(const struct ktm_disk_buffer *disk,
			 const struct ktm_format_buffer *buffer)
{
	if (le32_to_cpu(disk->crc) != buffer_checksum(disk, buffer->used))
		return -EBADMSG;
	return 0;
}

static bool head_is_possible(const struct ktm_format_buffer *buffer)
{
	u32 nr_blocks = round_up_block(buffer->used) / KTM_DISK_BLOCK;
	u32 blocks = nr_blocks < 32 ? (1U << nr_blocks) - 1 : ~0U;

	return buffer->epoch &&
	       buffer->durable_lsn % KTM_DISK_BLOCK == 0 &&
	       buffer->durable_lsn <= buffer->lsn &&
	       buffer->prev_lsn % KTM_DISK_BLOCK == 0 &&
	       buffer->prev_lsn < buffer->lsn &&
	       !(buffer->escaped & ~(blocks & ~1U)) &&
	       !buffer->nr_records == is_filler(buffer);
}

/* An escaped block begins with zero, and no block with the magic. */
static bool escapes_are_right(const struct ktm_disk_buffer *disk,
			      const struct ktm_format_buffer *buffer)
{
	const u8 *data = (const u8 *)disk;
	u32 block, word;

	for (block = 1; block * KTM_DISK_BLOCK < buffer->used; block++) {
		word = le32_to_cpu(*(const __le32 *)(data + block * KTM_DISK_BLOCK));
		if (word == KTM_DISK_BUF_MAGIC)
			return false;
		if (buffer->escaped & (1U << block) && word)
			return false;
	}
	return true;
}

void ktm_format_unescape(struct ktm_disk_buffer *disk, u32 used, u32 escaped)
{
	u8 *data = (u8 *)disk;
	u32 block;

	for (block = 1; block * KTM_DISK_BLOCK < used; block++)
		if (escaped & (1U << block))
			*(__le32 *)(data + block * KTM_DISK_BLOCK) =
				cpu_to_le32(KTM_DISK_BUF_MAGIC);
}

u32 ktm_format_escape(struct ktm_disk_buffer *disk, u32 used)
{
	u8 *data = (u8 *)disk;
	u32 escaped = 0;
	u32 block;

	for (block = 1; block * KTM_DISK_BLOCK < used; block++) {
		__le32 *word = (__le32 *)(data + block * KTM_DISK_BLOCK);

		if (le32_to_cpu(*word) != KTM_DISK_BUF_MAGIC)
			continue;
		*word = 0;
		escaped |= 1U << block;
	}
	return escaped;
}

int ktm_format_check_buffer(struct ktm_disk_buffer *disk,
			    const struct ktm_format_buffer *buffer)
{
	const u8 *data = (const u8 *)disk;
	struct ktm_format_record record;
	u32 offset = sizeof(*disk);
	int length = 0;
	u32 nr = 0;

	if (!head_is_possible(buffer) || !escapes_are_right(disk, buffer))
		return -EUCLEAN;
	ktm_format_unescape(disk, buffer->used, buffer->escaped);

	while (offset < buffer->used) {
		length = ktm_format_check_record((const void *)(data + offset),
						 buffer->used - offset,
						 buffer->lsn + offset, &record);
		if (length < 0)
			break;
		offset += length;
		nr++;
	}
	if (length >= 0 && nr == buffer->nr_records)
		return 0;
	ktm_format_escape(disk, buffer->used);
	return -EUCLEAN;
}

void ktm_format_seal_buffer(struct ktm_disk_buffer *disk, const u8 *uuid,
			    struct ktm_format_buffer *buffer)
{
	u32 used = buffer->used;

	buffer->escaped = ktm_format_escape(disk, used);
	memset((u8 *)disk + used, 0, round_up_block(used) - used);

	disk->magic = cpu_to_le32(KTM_DISK_BUF_MAGIC);
	memcpy(disk->uuid, uuid, sizeof(disk->uuid));
	disk->lsn = cpu_to_le64(buffer->lsn);
	disk->epoch = cpu_to_le64(buffer->epoch);
	disk->durable_lsn = cpu_to_le64(buffer->durable_lsn);
	disk->prev_lsn = cpu_to_le64(buffer->prev_lsn);
	disk->span = cpu_to_le32(buffer->span);
	disk->used = cpu_to_le32(used);
	disk->nr_records = cpu_to_le32(buffer->nr_records);
	disk->escaped = cpu_to_le32(buffer->escaped);
	disk->crc = cpu_to_le32(buffer_checksum(disk, used));
}

int ktm_format_find_record(const struct ktm_disk_buffer *disk,
			   const struct ktm_format_buffer *buffer, u64 lsn,
			   struct ktm_format_record *record)
{
	const u8 *data = (const u8 *)disk;
	u32 offset = sizeof(*disk);
	int length;

	while (offset < buffer->used) {
		length = ktm_format_check_record((const void *)(data + offset),
						 buffer->used - offset,
						 buffer->lsn + offset, record);
		if (length < 0)
			return length;
		if (record->lsn == lsn)
			return 0;
		offset += length;
	}
	return -EINVAL;
}

/* The record's data may not be aligned for the struct: decode by copy. */
static bool prepare_is_possible(const struct ktm_format_record *record)
{
	struct ktm_disk_prepare prepare;
	u32 length;

	if (record->data_length < sizeof(prepare))
		return false;
	memcpy(&prepare, record->data, sizeof(prepare));
	length = le32_to_cpu(prepare.info_length);
	return length <= KTM_DISK_INFO_MAX &&
	       record->data_length == sizeof(prepare) + length;
}

/* The data of a COMMIT or PROMISE, of the right length. */
static bool clock_is_possible(const void *data)
{
	struct ktm_disk_commit commit;

	memcpy(&commit, data, sizeof(commit));
	return le64_to_cpu(commit.clock) <= KTM_DISK_CLOCK_MAX;
}

/* What the type of a record demands. */
static bool type_is_possible(const struct ktm_format_record *record)
{
	u32 fixed;

	if (record->type >= KTM_RECORD_STREAM)
		return ktm_stream_record_is_possible(record);
	if (record->flags & KTM_DISK_RECORD_F_BASE)
		return false;
	switch (record->type) {
	case KTM_RECORD_REDO:
		return true;
	case KTM_RECORD_PREPARE:
		return prepare_is_possible(record);
	case KTM_RECORD_PROMISE:
		return record->data_length == sizeof(struct ktm_disk_commit) &&
		       clock_is_possible(record->data) &&
		       !all_zero(record->stream, sizeof(record->stream)) &&
		       !all_zero(record->enlistment, sizeof(record->enlistment));
	case KTM_RECORD_COMMIT:
		fixed = sizeof(struct ktm_disk_commit);
		break;
	case KTM_RECORD_END:
		fixed = sizeof(struct ktm_disk_end);
		break;
	default:
		return false;
	}
	return record->data_length == fixed && !record->owner &&
	       (record->type != KTM_RECORD_COMMIT || clock_is_possible(record->data)) &&
	       all_zero(record->stream, sizeof(record->stream)) &&
	       all_zero(record->enlistment, sizeof(record->enlistment));
}

static bool chain_is_possible(u64 lsn, const struct ktm_format_record *record)
{
	return lsn % 8 == 0 && lsn < record->lsn;
}

bool ktm_format_record_is_possible(const struct ktm_format_record *record)
{
	return record->data_length <= KTM_DISK_DATA_MAX &&
	       !(record->flags & ~KTM_DISK_RECORD_F_MASK) &&
	       chain_is_possible(record->prev_lsn, record) &&
	       chain_is_possible(record->undo_next_lsn, record) &&
	       type_is_possible(record);
}

int ktm_format_check_record(const struct ktm_disk_record *disk, u32 room,
			    u64 lsn, struct ktm_format_record *record)
{
	const u8 *data = (const u8 *)(disk + 1);
	u32 length;

	if (room < sizeof(*disk))
		return -EUCLEAN;
	length = le32_to_cpu(disk->length);
	record->data_length = le32_to_cpu(disk->data_length);
	if (length > room || record->data_length > KTM_DISK_DATA_MAX ||
	    length != ktm_format_record_length(record->data_length))
		return -EUCLEAN;

	record->type = le16_to_cpu(disk->type);
	record->flags = le16_to_cpu(disk->flags);
	record->owner = le32_to_cpu(disk->owner);
	record->lsn = le64_to_cpu(disk->lsn);
	record->prev_lsn = le64_to_cpu(disk->prev_lsn);
	record->undo_next_lsn = le64_to_cpu(disk->undo_next_lsn);
	memcpy(record->stream, disk->stream, sizeof(record->stream));
	memcpy(record->tx, disk->tx, sizeof(record->tx));
	memcpy(record->enlistment, disk->enlistment, sizeof(record->enlistment));
	record->data = data;

	if (record->lsn != lsn ||
	    !ktm_format_record_is_possible(record) ||
	    !all_zero(data + record->data_length,
		      length - sizeof(*disk) - record->data_length))
		return -EUCLEAN;
	return length;
}

void ktm_format_encode_record(struct ktm_disk_record *disk,
			      const struct ktm_format_record *record)
{
	u32 length = ktm_format_record_length(record->data_length);
	u8 *data = (u8 *)(disk + 1);

	memset(disk, 0, sizeof(*disk));
	disk->length = cpu_to_le32(length);
	disk->data_length = cpu_to_le32(record->data_length);
	disk->type = cpu_to_le16(record->type);
	disk->flags = cpu_to_le16(record->flags);
	disk->owner = cpu_to_le32(record->owner);
	disk->lsn = cpu_to_le64(record->lsn);
	disk->prev_lsn = cpu_to_le64(record->prev_lsn);
	disk->undo_next_lsn = cpu_to_le64(record->undo_next_lsn);
	memcpy(disk->stream, record->stream, sizeof(disk->stream));
	memcpy(disk->tx, record->tx, sizeof(disk->tx));
	memcpy(disk->enlistment, record->enlistment, sizeof(disk->enlistment));
	if (record->data_length)
		memcpy(data, record->data, record->data_length);
	memset(data + record->data_length, 0,
	       length - sizeof(*disk) - record->data_length);
}
