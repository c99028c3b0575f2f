// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl log - count what is in a log
 */
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ktm/ktm.h>

#include "json.h"
#include "ktmctl.h"
#include "log_show.h"
#include "log_source.h"
#include "log_stat.h"
#include "log_table.h"
#include "text.h"

#define NR_KINDS	16	/* more than there are */

/**
 * struct tally - some records
 * @records: how many
 * @copies: those of them that were copied forward
 * @bytes: heads, data and padding
 */
struct tally {
	uint64_t records;
	uint64_t copies;
	uint64_t bytes;
};

/**
 * struct stream_stat - the records of one stream
 * @node: in stat_log.streams, in the order of their first records
 * @uuid: the stream
 * @owner: whom it belongs to, as its first record says
 * @tally: the records
 */
struct stream_stat {
	TAILQ_ENTRY(stream_stat) node;
	unsigned char uuid[KTM_DISK_UUID_SIZE];
	uint32_t owner;
	struct tally tally;
};

TAILQ_HEAD(stream_list, stream_stat);

/**
 * enum tx_kind - how far a transaction is
 * @TX_ACTIVE: has logged
 * @TX_PREPARED: somebody has voted; without a decision it counts as rolled back
 * @TX_IN_DOUBT: promised to a superior
 * @TX_COMMITTED: decided, not ended
 * @NR_TX_KINDS: number of kinds
 */
enum tx_kind {
	TX_ACTIVE,
	TX_PREPARED,
	TX_IN_DOUBT,
	TX_COMMITTED,
	NR_TX_KINDS,
};

/**
 * struct stat_log - a log that is counted
 * @source: where it is
 * @table: its transactions
 * @kinds: records by kind
 * @streams: struct stream_stat
 * @tree: the same by UUID, of tsearch()
 * @bytes: of all records
 */
struct stat_log {
	struct log_source source;
	struct log_table table;
	struct tally kinds[NR_KINDS];
	struct stream_list streams;
	void *tree;
	uint64_t bytes;
};

static int compare(const void *a, const void *b)
{
	const struct stream_stat *first = a, *second = b;

	return memcmp(first->uuid, second->uuid, sizeof(first->uuid));
}

static void tally_add(struct tally *tally, const struct ktm_format_record *record)
{
	tally->records++;
	tally->copies += record->flags & KTM_DISK_RECORD_F_COPY ? 1 : 0;
	tally->bytes += ktm_format_record_length(record->data_length);
}

static struct stream_stat *get_stream(struct stat_log *log,
				      const struct ktm_format_record *record)
{
	struct stream_stat *stream, **found, key;

	memcpy(key.uuid, record->stream, sizeof(key.uuid));
	found = tfind(&key, &log->tree, compare);
	if (found)
		return *found;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return NULL;
	memcpy(stream->uuid, record->stream, sizeof(stream->uuid));
	stream->owner = record->owner;
	if (!tsearch(stream, &log->tree, compare)) {
		free(stream);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&log->streams, stream, node);
	return stream;
}

static int read_source(void *ctx, u64 offset, void *data, u32 length)
{
	struct stat_log *log = ctx;

	return log_source_read(&log->source, offset, data, length);
}

static int count_record(void *ctx, const struct ktm_format_record *record,
			const struct ktm_format_buffer *buffer)
{
	static const unsigned char none[KTM_DISK_UUID_SIZE];
	struct stream_stat *stream;
	struct stat_log *log = ctx;

	if (record->type < NR_KINDS)
		tally_add(&log->kinds[record->type], record);
	log->bytes += ktm_format_record_length(record->data_length);
	if (memcmp(record->stream, none, sizeof(none))) {
		stream = get_stream(log, record);
		if (!stream)
			return -ENOMEM;
		tally_add(&stream->tally, record);
	}
	return log_table_take(&log->table, record, buffer->lsn);
}

static const struct ktm_replay_ops ops = {
	.read = read_source,
	.record = count_record,
};

static void count_txs(const struct log_table *table, uint64_t *nr)
{
	const struct log_tx *tx;

	memset(nr, 0, NR_TX_KINDS * sizeof(*nr));
	TAILQ_FOREACH(tx, &table->txs, node) {
		if (tx->decided)
			nr[TX_COMMITTED]++;
		else if (tx->promised)
			nr[TX_IN_DOUBT]++;
		else
			nr[tx->voted ? TX_PREPARED : TX_ACTIVE]++;
	}
}

static void kinds_text(const struct stat_log *log)
{
	const struct tally *tally;
	unsigned int i;

	puts("  KIND             RECORDS     COPIES        BYTES");
	for (i = 0; i < NR_KINDS; i++) {
		tally = &log->kinds[i];
		if (tally->records)
			printf("  %-14s %9" PRIu64 "  %9" PRIu64 "  %11" PRIu64 "\n",
			       log_show_type(i), tally->records, tally->copies,
			       tally->bytes);
	}
}

static void streams_text(const struct stat_log *log)
{
	const struct stream_stat *stream;
	char uuid[KTM_UUID_TEXT_SIZE];

	if (TAILQ_EMPTY(&log->streams))
		return;
	puts("  STREAM                                  UID    RECORDS        BYTES");
	TAILQ_FOREACH(stream, &log->streams, node) {
		ktm_uuid_format(stream->uuid, uuid);
		printf("  %s  %5u  %9" PRIu64 "  %11" PRIu64 "\n", uuid, stream->owner,
		       stream->tally.records, stream->tally.bytes);
	}
}

static void show_text(const struct stat_log *log, bool damaged)
{
	const struct log_tx *oldest = log_table_oldest(&log->table);
	const struct ktm_replay *replay = &log->source.replay;
	const struct ktm_format_super *super = &replay->super;
	uint64_t used = replay->end_lsn - super->tail_lsn, nr[NR_TX_KINDS];
	char size[TEXT_BYTES_SIZE], taken[TEXT_BYTES_SIZE], left[TEXT_BYTES_SIZE];
	char uuid[KTM_UUID_TEXT_SIZE];

	ktm_uuid_format(super->uuid, uuid);
	printf("%s%s%s\n", uuid, super->name[0] ? "  " : "", show_path(super->name));
	printf("  ring          %s, %s in use (%u%%), %s free\n",
	       format_bytes(size, super->ring_size), format_bytes(taken, used),
	       (unsigned int)(used * 100 / super->ring_size),
	       format_bytes(left, super->ring_size - used));
	printf("  log           LSN %" PRIu64 " to %" PRIu64 ": %" PRIu64
	       " records in %" PRIu64 " buffers\n", super->tail_lsn, replay->end_lsn,
	       replay->nr_records, replay->nr_buffers);
	printf("  records       %s, heads and padding %s\n", format_bytes(size, log->bytes),
	       format_bytes(taken, used - log->bytes));
	count_txs(&log->table, nr);
	printf("  transactions  %" PRIu64 " active, %" PRIu64 " prepared, %" PRIu64
	       " in doubt, %" PRIu64 " committed, %" PRIu64 " ended\n", nr[TX_ACTIVE],
	       nr[TX_PREPARED], nr[TX_IN_DOUBT], nr[TX_COMMITTED], log->table.nr_ended);
	if (oldest) {
		ktm_uuid_format(oldest->uuid, uuid);
		printf("  held          from LSN %" PRIu64 ", %s, by the transaction %s, %s\n",
		       oldest->pin, format_bytes(taken, replay->end_lsn - oldest->pin),
		       uuid, log_table_state(oldest));
	} else {
		puts("  held          by nobody");
	}
	kinds_text(log);
	streams_text(log);
	if (damaged)
		printf("  verdict       DAMAGED at LSN %" PRIu64 ": this is what is before\n",
		       replay->end_lsn);
}

static void tally_json(struct json *json, const struct tally *tally)
{
	json_number(json, "records", tally->records);
	json_number(json, "copies", tally->copies);
	json_number(json, "bytes", tally->bytes);
}

static void lists_json(struct json *json, const struct stat_log *log)
{
	const struct stream_stat *stream;
	unsigned int i;

	json_array(json, "kinds");
	for (i = 0; i < NR_KINDS; i++) {
		if (!log->kinds[i].records)
			continue;
		json_object(json, NULL);
		json_string(json, "kind", log_show_type(i));
		tally_json(json, &log->kinds[i]);
		json_object_end(json);
	}
	json_array_end(json);
	json_array(json, "streams");
	TAILQ_FOREACH(stream, &log->streams, node) {
		json_object(json, NULL);
		json_uuid(json, "uuid", stream->uuid);
		json_number(json, "uid", stream->owner);
		tally_json(json, &stream->tally);
		json_object_end(json);
	}
	json_array_end(json);
}

static void show_json(const struct stat_log *log, bool damaged)
{
	static const char *const names[] = { "active", "prepared", "in_doubt", "committed" };
	const struct log_tx *oldest = log_table_oldest(&log->table);
	const struct ktm_replay *replay = &log->source.replay;
	const struct ktm_format_super *super = &replay->super;
	uint64_t used = replay->end_lsn - super->tail_lsn, nr[NR_TX_KINDS];
	struct json json = { 0 };
	unsigned int i;

	json_object(&json, NULL);
	json_uuid(&json, "uuid", super->uuid);
	json_string(&json, "name", super->name);
	json_number(&json, "ring_size", super->ring_size);
	json_number(&json, "tail", super->tail_lsn);
	json_number(&json, "end", replay->end_lsn);
	json_number(&json, "used", used);
	json_number(&json, "free", super->ring_size - used);
	json_number(&json, "buffers", replay->nr_buffers);
	json_number(&json, "records", replay->nr_records);
	json_number(&json, "record_bytes", log->bytes);
	count_txs(&log->table, nr);
	json_object(&json, "transactions");
	for (i = 0; i < NR_TX_KINDS; i++)
		json_number(&json, names[i], nr[i]);
	json_number(&json, "ended", log->table.nr_ended);
	json_object_end(&json);
	json_array(&json, "held");
	if (oldest) {
		json_object(&json, NULL);
		json_number(&json, "lsn", oldest->pin);
		json_uuid(&json, "tx", oldest->uuid);
		json_string(&json, "state", log_table_state(oldest));
		json_object_end(&json);
	}
	json_array_end(&json);
	lists_json(&json, log);
	json_bool(&json, "damaged", damaged);
	json_object_end(&json);
}

static void free_log(struct stat_log *log)
{
	struct stream_stat *stream;

	while ((stream = TAILQ_FIRST(&log->streams))) {
		TAILQ_REMOVE(&log->streams, stream, node);
		tdelete(stream, &log->tree, compare);
		free(stream);
	}
	log_table_free(&log->table);
	log_source_close(&log->source);
}

static int read_log(struct stat_log *log, bool *damaged)
{
	int ret;

	log->source.replay.ops = &ops;
	log->source.replay.ctx = log;
	ret = log_source_scan(&log->source, damaged);
	if (ret)
		return ret;
	ret = ktm_replay_run(&log->source.replay);
	progress_end(&log->source.progress);
	return ret;
}

int log_stat(const char *path, bool as_json)
{
	struct stat_log log = { 0 };
	bool damaged = false;
	int ret;

	TAILQ_INIT(&log.streams);
	log_table_init(&log.table);
	ret = log_source_open(&log.source, path);
	if (ret)
		return ktmctl_fail(log_advice, ret, "cannot open %s", path);
	ret = read_log(&log, &damaged);
	if (ret) {
		free_log(&log);
		return ktmctl_fail(log_advice, ret, "cannot read the log on %s", path);
	}
	if (as_json)
		show_json(&log, damaged);
	else
		show_text(&log, damaged);
	free_log(&log);
	ret = ktmctl_flush();
	return damaged ? KTMCTL_FAILED : ret;
}
