// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl log - show what is in a log
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <ktm/ktm.h>

#include "log_show.h"
#include "stream.h"
#include "text.h"

const char *log_show_type(unsigned int type)
{
	switch (type) {
	case KTM_RECORD_REDO:
		return "redo";
	case KTM_RECORD_PREPARE:
		return "prepare";
	case KTM_RECORD_COMMIT:
		return "commit";
	case KTM_RECORD_END:
		return "end";
	case KTM_RECORD_PROMISE:
		return "promise";
	case KTM_RECORD_STREAM:
		return "stream";
	case KTM_RECORD_STREAM_END:
		return "stream end";
	case KTM_RECORD_STREAM_DATA:
		return "stream data";
	case KTM_RECORD_STREAM_RESTART:
		return "stream restart";
	default:
		return "unknown";
	}
}

static const char *super_state(int error)
{
	switch (error) {
	case 0:
		return "good";
	case -ENODEV:
		return "missing";
	case -EPROTONOSUPPORT:
		return "of an unknown version";
	default:
		return "damaged";
	}
}

static bool is_clean(const struct ktm_replay *replay)
{
	return (replay->super.flags & KTM_DISK_SB_F_CLEAN) &&
	       replay->end_lsn == replay->super.epoch_lsn;
}

/* How the last life of the log ended, as far as its end tells. */
static const char *end_text(const struct ktm_replay *replay)
{
	if (is_clean(replay))
		return "detached in order";
	switch (replay->end) {
	case KTM_REPLAY_BLANK:
		return "in use, or cut off between two writes";
	case KTM_REPLAY_STALE:
		return "in use, or cut off; remains of an earlier cut follow";
	case KTM_REPLAY_TORN:
		return "cut off in the middle of a write";
	case KTM_REPLAY_FULL:
		return "in use, or cut off; the ring is full";
	case KTM_REPLAY_BAD:
		return "ends in a buffer that nobody would have written";
	}
	return "?";
}

static void summary_text(const struct ktm_replay *replay, bool damaged)
{
	const struct ktm_format_super *super = &replay->super;
	char uuid[KTM_UUID_TEXT_SIZE], size[TEXT_BYTES_SIZE];
	char used[TEXT_BYTES_SIZE];

	ktm_uuid_format(super->uuid, uuid);
	printf("%s%s%s\n", uuid, super->name[0] ? "  " : "",
	       show_path(super->name));
	if (memcmp(ktm_format_ring_uuid(super), super->uuid, sizeof(super->uuid))) {
		ktm_uuid_format(ktm_format_ring_uuid(super), uuid);
		printf("  adopted      it was made as %s\n", uuid);
	}
	printf("  superblocks  A %s, B %s; %c counts, number %" PRIu64 "\n",
	       super_state(replay->super_error[0]),
	       super_state(replay->super_error[1]), "AB"[replay->slot],
	       super->sequence);
	printf("  ring         %s, %s in use; attached %" PRIu64 " time%s\n",
	       format_bytes(size, super->ring_size),
	       format_bytes(used, replay->end_lsn - super->tail_lsn),
	       super->epoch, super->epoch == 1 ? "" : "s");
	printf("  log          LSN %" PRIu64 " to %" PRIu64 ": %" PRIu64
	       " records in %" PRIu64 " buffers\n",
	       super->tail_lsn, replay->end_lsn, replay->nr_records,
	       replay->nr_buffers);
	printf("  state        %s\n", end_text(replay));
	if (replay->lost_lsn)
		printf("  LOST         LSN %" PRIu64 " to %" PRIu64
		       ": was durable, says %s %" PRIu64 "\n",
		       replay->end_lsn, replay->lost_lsn,
		       replay->proof_lsn ? "the buffer at LSN" : "superblock",
		       replay->proof_lsn ? replay->proof_lsn : super->sequence);
	printf("  verdict      %s\n", damaged ? "DAMAGED" : "good");
}

static void summary_json(struct json *json, const struct ktm_replay *replay,
			 bool damaged)
{
	const struct ktm_format_super *super = &replay->super;

	json_uuid(json, "uuid", super->uuid);
	json_uuid(json, "ring_uuid", ktm_format_ring_uuid(super));
	json_string(json, "name", super->name);
	json_string(json, "super_a", super_state(replay->super_error[0]));
	json_string(json, "super_b", super_state(replay->super_error[1]));
	json_number(json, "sequence", super->sequence);
	json_number(json, "ring_size", super->ring_size);
	json_number(json, "epoch", super->epoch);
	json_number(json, "clock", super->clock);
	json_number(json, "tail", super->tail_lsn);
	json_number(json, "end", replay->end_lsn);
	json_number(json, "buffers", replay->nr_buffers);
	json_number(json, "records", replay->nr_records);
	json_bool(json, "clean", is_clean(replay));
	json_string(json, "state", end_text(replay));
	json_bool(json, "damaged", damaged);
	json_number(json, "lost", replay->lost_lsn);
	json_number(json, "proof", replay->proof_lsn);
}

void log_show_summary(const struct log_show *show,
		      const struct ktm_replay *replay, bool damaged)
{
	if (show->json)
		summary_json(show->json, replay, damaged);
	else
		summary_text(replay, damaged);
}

void log_show_buffer(const struct log_show *show,
		     const struct ktm_format_buffer *buffer)
{
	struct json *json = show->json;

	if (!json) {
		printf("buffer %" PRIu64 ": epoch %" PRIu64
		       ", %u bytes in %u, durable %" PRIu64
		       ", previous %" PRIu64 ", %u record%s\n",
		       buffer->lsn, buffer->epoch, buffer->used, buffer->span,
		       buffer->durable_lsn, buffer->prev_lsn,
		       buffer->nr_records, buffer->nr_records == 1 ? "" : "s");
		return;
	}
	json_object(json, NULL);
	json_number(json, "lsn", buffer->lsn);
	json_number(json, "epoch", buffer->epoch);
	json_number(json, "span", buffer->span);
	json_number(json, "used", buffer->used);
	json_number(json, "durable", buffer->durable_lsn);
	json_number(json, "previous", buffer->prev_lsn);
	json_array(json, "records");
}

void log_show_buffer_end(const struct log_show *show)
{
	if (!show->json)
		return;
	json_array_end(show->json);
	json_object_end(show->json);
}

static void uuid_text(const char *key, const unsigned char *uuid)
{
	static const unsigned char none[KTM_UUID_SIZE];
	char text[KTM_UUID_TEXT_SIZE];

	if (!memcmp(uuid, none, sizeof(none)))
		return;
	ktm_uuid_format(uuid, text);
	printf(", %s %s", key, text);
}

static void stream_text(const struct ktm_format_record *record)
{
	struct ktm_stream_entry entry;

	ktm_stream_decode(record->data, &entry);
	printf(", name \"%s\", base %" PRIu64 ", last %" PRIu64 ", restart %" PRIu64
	       ", limit %" PRIu64 ", gid %u, mode %03o",
	       show_path(entry.name), (uint64_t)entry.base_lsn, (uint64_t)entry.last_lsn,
	       (uint64_t)entry.restart_lsn, (uint64_t)entry.limit, entry.gid, entry.mode);
}

static void stream_data_text(const struct ktm_format_record *record)
{
	struct ktm_stream_head head;

	ktm_stream_decode_head(record->data, &head);
	printf(", %zu bytes", record->data_length - sizeof(struct ktm_disk_stream_data));
	if (head.before_lsn)
		printf(", after %" PRIu64, (uint64_t)head.before_lsn);
	if (head.base_lsn || record->flags & KTM_DISK_RECORD_F_BASE)
		printf(", base %" PRIu64,
		       (uint64_t)(head.base_lsn ? head.base_lsn : record->lsn));
}

/* What a record of ktm's own says; its size was checked with its type. */
static void body_text(const struct ktm_format_record *record)
{
	struct ktm_disk_prepare prepare;
	struct ktm_disk_commit commit;
	struct ktm_disk_end end;

	switch (record->type) {
	case KTM_RECORD_PREPARE:
		memcpy(&prepare, record->data, sizeof(prepare));
		printf(", %u redo records from %" PRIu64,
		       le32_to_cpu(prepare.nr_records),
		       (uint64_t)le64_to_cpu(prepare.first_lsn));
		if (prepare.info_length)
			printf(", %u bytes of recovery information",
			       le32_to_cpu(prepare.info_length));
		break;
	case KTM_RECORD_PROMISE:
	case KTM_RECORD_COMMIT:
		memcpy(&commit, record->data, sizeof(commit));
		printf(", %u enlistments, clock %" PRIu64,
		       le32_to_cpu(commit.nr_enlistments),
		       (uint64_t)le64_to_cpu(commit.clock));
		break;
	case KTM_RECORD_END:
		memcpy(&end, record->data, sizeof(end));
		printf(", %s",
		       le32_to_cpu(end.outcome) == KTM_DISK_OUTCOME_COMMITTED ?
		       "committed" : "rolled back");
		break;
	case KTM_RECORD_STREAM:
		stream_text(record);
		break;
	case KTM_RECORD_STREAM_END:
		break;
	case KTM_RECORD_STREAM_DATA:
	case KTM_RECORD_STREAM_RESTART:
		stream_data_text(record);
		break;
	default:
		printf(", %u bytes", record->data_length);
	}
}

static void data_text(const struct ktm_format_record *record)
{
	const unsigned char *data = record->data;
	uint32_t at, i;

	for (at = 0; at < record->data_length; at += 16) {
		printf("    %04x ", at);
		for (i = at; i < at + 16; i++)
			if (i < record->data_length)
				printf(" %02x", data[i]);
			else
				printf("   ");
		printf("  ");
		for (i = at; i < at + 16 && i < record->data_length; i++)
			putchar(isprint(data[i]) ? data[i] : '.');
		putchar('\n');
	}
}

static bool is_of_stream(const struct ktm_format_record *record)
{
	return record->type >= KTM_RECORD_STREAM;
}

/* What somebody else has put into the log. */
static bool has_contents(const struct ktm_format_record *record)
{
	return record->type == KTM_RECORD_REDO || ktm_stream_is_data(record->type);
}

static void record_text(const struct log_show *show,
			const struct ktm_format_record *record)
{
	printf("  %" PRIu64 " %s%s", record->lsn, log_show_type(record->type),
	       record->flags & KTM_DISK_RECORD_F_COPY ? " (copy)" : "");
	body_text(record);
	uuid_text("tx", record->tx);
	uuid_text("enlistment", record->enlistment);
	uuid_text(is_of_stream(record) ? "stream" : "rm", record->stream);
	if (record->type == KTM_RECORD_REDO || record->type == KTM_RECORD_PREPARE ||
	    is_of_stream(record))
		printf(", uid %u", record->owner);
	if (record->prev_lsn)
		printf(", previous %" PRIu64, record->prev_lsn);
	if (record->undo_next_lsn)
		printf(", undo next %" PRIu64, record->undo_next_lsn);
	putchar('\n');
	if (show->data && has_contents(record))
		data_text(record);
}

static void stream_json(struct json *json, const struct ktm_format_record *record)
{
	struct ktm_stream_entry entry;

	ktm_stream_decode(record->data, &entry);
	json_string(json, "name", entry.name);
	json_number(json, "base", entry.base_lsn);
	json_number(json, "last", entry.last_lsn);
	json_number(json, "restart", entry.restart_lsn);
	json_number(json, "limit", entry.limit);
	json_number(json, "gid", entry.gid);
	json_number(json, "mode", entry.mode);
}

static void stream_data_json(struct json *json, const struct ktm_format_record *record)
{
	bool is_base = record->flags & KTM_DISK_RECORD_F_BASE;
	struct ktm_stream_head head;

	ktm_stream_decode_head(record->data, &head);
	json_number(json, "before", head.before_lsn);
	json_number(json, "base", is_base ? record->lsn : head.base_lsn);
}

static void body_json(struct json *json, const struct ktm_format_record *record)
{
	struct ktm_disk_prepare prepare;
	struct ktm_disk_commit commit;
	struct ktm_disk_end end;

	switch (record->type) {
	case KTM_RECORD_PREPARE:
		memcpy(&prepare, record->data, sizeof(prepare));
		json_number(json, "redo_records", le32_to_cpu(prepare.nr_records));
		json_number(json, "first", le64_to_cpu(prepare.first_lsn));
		json_number(json, "recovery_info", le32_to_cpu(prepare.info_length));
		break;
	case KTM_RECORD_PROMISE:
	case KTM_RECORD_COMMIT:
		memcpy(&commit, record->data, sizeof(commit));
		json_number(json, "enlistments", le32_to_cpu(commit.nr_enlistments));
		json_number(json, "clock", le64_to_cpu(commit.clock));
		break;
	case KTM_RECORD_END:
		memcpy(&end, record->data, sizeof(end));
		json_string(json, "outcome",
			    le32_to_cpu(end.outcome) == KTM_DISK_OUTCOME_COMMITTED ?
			    "committed" : "rolled back");
		break;
	case KTM_RECORD_STREAM:
		stream_json(json, record);
		break;
	case KTM_RECORD_STREAM_DATA:
	case KTM_RECORD_STREAM_RESTART:
		stream_data_json(json, record);
		break;
	default:
		break;
	}
}

static void data_json(struct json *json, const struct ktm_format_record *record)
{
	static char text[2 * KTM_DISK_DATA_MAX + 1];
	const unsigned char *data = record->data;
	uint32_t i;

	for (i = 0; i < record->data_length; i++)
		sprintf(text + 2 * i, "%02x", data[i]);
	text[2 * i] = '\0';
	json_string(json, "data", text);
}

static void record_json(const struct log_show *show,
			const struct ktm_format_record *record)
{
	struct json *json = show->json;

	json_object(json, NULL);
	json_number(json, "lsn", record->lsn);
	json_string(json, "type", log_show_type(record->type));
	json_bool(json, "copy", record->flags & KTM_DISK_RECORD_F_COPY);
	json_number(json, "length", record->data_length);
	json_uuid(json, "tx", record->tx);
	json_uuid(json, "enlistment", record->enlistment);
	json_uuid(json, is_of_stream(record) ? "stream" : "rm", record->stream);
	json_number(json, "previous", record->prev_lsn);
	json_number(json, "undo_next", record->undo_next_lsn);
	json_number(json, "uid", record->owner);
	body_json(json, record);
	if (show->data && has_contents(record))
		data_json(json, record);
	json_object_end(json);
}

void log_show_record(const struct log_show *show,
		     const struct ktm_format_record *record)
{
	if (show->json)
		record_json(show, record);
	else
		record_text(show, record);
}
