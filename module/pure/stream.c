// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - on-disk format of log streams: check, decode by copy, encode
 */
#include "stream.h"

static bool is_nil(const u8 *uuid)
{
	static const u8 nil[KTM_DISK_UUID_SIZE];

	return !memcmp(uuid, nil, sizeof(nil));
}

/* Not empty, terminated, and nothing after the end. */
static bool name_is_possible(const u8 *name)
{
	size_t length = strnlen((const char *)name, KTM_DISK_NAME_MAX);
	size_t i;

	if (!length || length == KTM_DISK_NAME_MAX)
		return false;
	for (i = length; i < KTM_DISK_NAME_MAX; i++)
		if (name[i])
			return false;
	return true;
}

/* Where a record may stand that was there before @lsn, or 0. */
static bool is_earlier(u64 earlier, u64 lsn)
{
	return earlier % 8 == 0 && earlier < lsn;
}

static bool entry_is_possible(const struct ktm_format_record *record)
{
	struct ktm_disk_stream disk;
	u64 base, last, restart;

	if (record->data_length != sizeof(disk) || record->prev_lsn ||
	    record->undo_next_lsn)
		return false;
	memcpy(&disk, record->data, sizeof(disk));
	base = le64_to_cpu(disk.base_lsn);
	last = le64_to_cpu(disk.last_lsn);
	restart = le64_to_cpu(disk.restart_lsn);
	return is_earlier(last, record->lsn) &&
	       base % 8 == 0 && base <= last &&
	       restart % 8 == 0 && restart <= last &&
	       (!restart || (base && base <= restart)) &&
	       le64_to_cpu(disk.limit) <= KTM_DISK_RING_MAX &&
	       !(le32_to_cpu(disk.mode) & ~KTM_DISK_STREAM_MODES) &&
	       !disk.flags && name_is_possible(disk.name);
}

/* The chains that the clients make stay within the stream. */
static bool chains_are_possible(const struct ktm_format_record *record, u64 before)
{
	return is_earlier(before, record->lsn) &&
	       record->prev_lsn <= before && record->undo_next_lsn <= before;
}

static bool data_is_possible(const struct ktm_format_record *record)
{
	struct ktm_stream_head head;

	if (record->data_length < sizeof(struct ktm_disk_stream_data))
		return false;
	ktm_stream_decode_head(record->data, &head);
	return chains_are_possible(record, head.before_lsn) && !head.base_lsn;
}

static bool restart_is_possible(const struct ktm_format_record *record)
{
	bool is_base = record->flags & KTM_DISK_RECORD_F_BASE;
	struct ktm_stream_head head;

	if (record->data_length < sizeof(struct ktm_disk_stream_data))
		return false;
	ktm_stream_decode_head(record->data, &head);
	return chains_are_possible(record, head.before_lsn) && !record->undo_next_lsn &&
	       head.base_lsn % 8 == 0 && head.base_lsn <= head.before_lsn &&
	       !(is_base && head.base_lsn);
}

bool ktm_stream_record_is_possible(const struct ktm_format_record *record)
{
	if (is_nil(record->stream) || !is_nil(record->tx) || !is_nil(record->enlistment))
		return false;
	if (record->flags & KTM_DISK_RECORD_F_BASE &&
	    record->type != KTM_RECORD_STREAM_RESTART)
		return false;
	if (record->flags & KTM_DISK_RECORD_F_COPY && record->type != KTM_RECORD_STREAM)
		return false;
	switch (record->type) {
	case KTM_RECORD_STREAM:
		return entry_is_possible(record);
	case KTM_RECORD_STREAM_END:
		return !record->data_length && !record->prev_lsn && !record->undo_next_lsn;
	case KTM_RECORD_STREAM_DATA:
		return data_is_possible(record);
	case KTM_RECORD_STREAM_RESTART:
		return restart_is_possible(record);
	default:
		return false;
	}
}

void ktm_stream_decode(const void *data, struct ktm_stream_entry *entry)
{
	struct ktm_disk_stream disk;

	/* the data may not be aligned for the struct */
	memcpy(&disk, data, sizeof(disk));
	entry->base_lsn = le64_to_cpu(disk.base_lsn);
	entry->last_lsn = le64_to_cpu(disk.last_lsn);
	entry->restart_lsn = le64_to_cpu(disk.restart_lsn);
	entry->limit = le64_to_cpu(disk.limit);
	entry->gid = le32_to_cpu(disk.gid);
	entry->mode = le32_to_cpu(disk.mode);
	memcpy(entry->name, disk.name, sizeof(entry->name));
	entry->name[sizeof(entry->name) - 1] = '\0';
}

void ktm_stream_encode(struct ktm_disk_stream *disk, const struct ktm_stream_entry *entry)
{
	memset(disk, 0, sizeof(*disk));
	memcpy(disk->name, entry->name, strnlen(entry->name, sizeof(disk->name) - 1));
	disk->base_lsn = cpu_to_le64(entry->base_lsn);
	disk->last_lsn = cpu_to_le64(entry->last_lsn);
	disk->restart_lsn = cpu_to_le64(entry->restart_lsn);
	disk->limit = cpu_to_le64(entry->limit);
	disk->gid = cpu_to_le32(entry->gid);
	disk->mode = cpu_to_le32(entry->mode);
}

void ktm_stream_decode_head(const void *data, struct ktm_stream_head *head)
{
	struct ktm_disk_stream_data disk;

	memcpy(&disk, data, sizeof(disk));
	head->before_lsn = le64_to_cpu(disk.before_lsn);
	head->base_lsn = le64_to_cpu(disk.base_lsn);
}

int ktm_stream_next(const struct ktm_disk_buffer *disk,
		    const struct ktm_format_buffer *buffer, u64 after, const u8 *stream,
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
		if (record->lsn > after && ktm_stream_is_data(record->type) &&
		    !memcmp(record->stream, stream, sizeof(record->stream)))
			return 0;
		offset += length;
	}
	return -ENOENT;
}
