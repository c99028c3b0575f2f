// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl log repair - what is wrong with a log, and what is to be written
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log_plan.h"

#define GAPS_MAX	64
#define BYTES_MAX	(256ULL << 20)
#define RECORD_MAX	(sizeof(struct ktm_disk_record) + KTM_DISK_DATA_MAX)
/* COMMIT and PROMISE */
#define CLOSING_LENGTH	(sizeof(struct ktm_disk_record) + sizeof(struct ktm_disk_commit))
#define CLOSING_NR	((KTM_DISK_BLOCK - sizeof(struct ktm_disk_buffer)) / CLOSING_LENGTH)

static uint64_t at(const struct log_plan *plan, uint64_t lsn)
{
	return KTM_DISK_RING + lsn % plan->source.replay.super.ring_size;
}

/* Bytes from an LSN to the end of the ring. */
static uint64_t to_end(const struct log_plan *plan, uint64_t lsn)
{
	uint64_t size = plan->source.replay.super.ring_size;

	return size - lsn % size;
}

static void lay_over(const struct log_writes *writes, uint64_t offset, char *data,
		     uint32_t length)
{
	const struct log_write *write;
	uint64_t from, to;

	TAILQ_FOREACH(write, writes, node) {
		from = write->offset > offset ? write->offset : offset;
		to = write->offset + write->length;
		if (to > offset + length)
			to = offset + length;
		if (from < to)
			memcpy(data + (from - offset),
			       (char *)write->data + (from - write->offset), to - from);
	}
}

static int read_plan(void *ctx, u64 offset, void *data, u32 length)
{
	struct log_plan *plan = ctx;
	int ret;

	ret = log_source_read(&plan->source, offset, data, length);
	if (ret)
		return ret;
	lay_over(&plan->bridges, offset, data, length);
	lay_over(&plan->closing, offset, data, length);
	lay_over(&plan->super, offset, data, length);
	return 0;
}

static int read_record(void *ctx, const struct ktm_format_record *record,
		       const struct ktm_format_buffer *buffer)
{
	struct log_plan *plan = ctx;

	return log_table_take(plan->reading, record, buffer->lsn);
}

static const struct ktm_replay_ops ops = {
	.read = read_plan,
	.record = read_record,
};

static struct log_write *new_write(struct log_plan *plan, uint64_t offset, uint32_t length)
{
	struct log_write *write = calloc(1, sizeof(*write));

	if (!write)
		return NULL;
	write->data = calloc(1, length);
	if (!write->data) {
		free(write);
		return NULL;
	}
	write->offset = offset;
	write->length = length;
	plan->bytes += length;
	return write;
}

/* A buffer that is full of records which say that something was here. */
static int add_bridge(struct log_plan *plan, const struct log_gap *gap,
		      struct ktm_format_buffer *head)
{
	static u8 text[KTM_DISK_DATA_MAX];
	struct ktm_format_record record = { .type = KTM_RECORD_REDO, .data = text };
	struct log_write *write;
	uint32_t length;
	char *data;

	snprintf((char *)text, sizeof(text), "LSN %" PRIu64 " to %" PRIu64 " is lost",
		 gap->lsn, gap->end);
	memcpy(record.stream, log_table_filler, sizeof(record.stream));
	memcpy(record.tx, log_table_filler, sizeof(record.tx));
	memcpy(record.enlistment, log_table_filler, sizeof(record.enlistment));
	write = new_write(plan, at(plan, head->lsn), head->span);
	if (!write)
		return -ENOMEM;
	data = write->data;
	/* what is left by whole records of a buffer of whole blocks is room for one more */
	for (head->used = sizeof(struct ktm_disk_buffer); head->used < head->span;
	     head->used += length) {
		length = head->span - head->used;
		if (length > RECORD_MAX)
			length = RECORD_MAX;
		record.lsn = head->lsn + head->used;
		record.data_length = length - sizeof(struct ktm_disk_record);
		ktm_format_encode_record((void *)(data + head->used), &record);
		head->nr_records++;
	}
	ktm_format_seal_buffer(write->data, ktm_format_ring_uuid(&plan->source.replay.super),
			       head);
	write->opens = head->lsn == gap->lsn;
	TAILQ_INSERT_HEAD(&plan->bridges, write, node);
	return 0;
}

/* Buffers from @lsn to @end; @prev: the one before, then the last one made. */
static int add_bridges(struct log_plan *plan, const struct log_gap *gap, uint64_t lsn,
		       uint64_t end, uint64_t epoch, uint64_t *prev)
{
	const struct ktm_format_super *super = &plan->source.replay.super;
	int ret = 0;

	while (lsn < end && !ret) {
		struct ktm_format_buffer head = { .lsn = lsn, .prev_lsn = *prev };
		uint64_t span = end - lsn;

		if (span > to_end(plan, lsn))
			span = to_end(plan, lsn);
		if (span > KTM_DISK_BUFFER_MAX)
			span = KTM_DISK_BUFFER_MAX;
		head.span = span;
		head.epoch = lsn >= super->epoch_lsn && epoch < super->epoch ?
			     super->epoch : epoch;
		ret = add_bridge(plan, gap, &head);
		*prev = lsn;
		lsn += span;
	}
	return ret;
}

/* Is there a good buffer at @lsn that may follow a gap from @gap on? 1, 0, or an error. */
static int may_follow(struct log_plan *plan, uint64_t gap, uint64_t lsn, uint64_t epoch,
		      struct ktm_format_buffer *buffer)
{
	struct ktm_replay *replay = &plan->source.replay;
	void *data;
	int ret;

	/* most blocks are none: look at the head before all of it is read */
	replay->window_length = 0;
	ret = read_plan(plan, at(plan, lsn), replay->window, KTM_DISK_BLOCK);
	if (ret || ktm_format_check_head(replay->window, &replay->super, lsn, buffer))
		return ret;
	ret = ktm_replay_find(replay, lsn, lsn, buffer, &data);
	if (ret)
		return ret == -EUCLEAN ? 0 : ret;
	return buffer->lsn == lsn && buffer->epoch >= epoch &&
	       (lsn < replay->super.epoch_lsn || buffer->epoch >= replay->super.epoch) &&
	       buffer->prev_lsn >= gap && lsn - buffer->prev_lsn <= KTM_DISK_BUFFER_MAX &&
	       lsn - buffer->prev_lsn <= to_end(plan, buffer->prev_lsn);
}

/* Is there in the gap what looks like a buffer of a later lap? 1, 0, or an error. */
static int is_written_over(struct log_plan *plan, uint64_t lsn, uint64_t end)
{
	struct ktm_replay *replay = &plan->source.replay;
	const struct ktm_disk_buffer *disk = replay->window;
	const struct ktm_format_super *super = &replay->super;
	int ret;

	replay->window_length = 0;
	for (; lsn < end; lsn += KTM_DISK_BLOCK) {
		ret = read_plan(plan, at(plan, lsn), replay->window, KTM_DISK_BLOCK);
		if (ret)
			return ret;
		if (le32_to_cpu(disk->magic) == KTM_DISK_BUF_MAGIC &&
		    !memcmp(disk->uuid, ktm_format_ring_uuid(super), sizeof(disk->uuid)) &&
		    le64_to_cpu(disk->lsn) > lsn &&
		    at(plan, le64_to_cpu(disk->lsn)) == at(plan, lsn))
			return 1;
	}
	return 0;
}

/* The first buffer at which the log can go on, up to @limit: 1, 0 (none), or an error. */
static int find_next(struct log_plan *plan, uint64_t gap, uint64_t limit, uint64_t epoch,
		     struct ktm_format_buffer *buffer)
{
	uint64_t lsn;
	int ret = 0;

	for (lsn = gap + KTM_DISK_BLOCK; lsn <= limit && !ret; lsn += KTM_DISK_BLOCK) {
		/* the end of a full ring is its tail, where the log does not go on */
		if (lsn - plan->source.replay.super.tail_lsn >=
		    plan->source.replay.super.ring_size)
			break;
		ret = may_follow(plan, gap, lsn, epoch, buffer);
	}
	return ret;
}

/* Epoch of the last good buffer. */
static int last_epoch(struct log_plan *plan, uint64_t *epoch)
{
	struct ktm_replay *replay = &plan->source.replay;
	struct ktm_format_buffer buffer;
	void *data;
	int ret;

	*epoch = 1;
	if (!replay->last_lsn)
		return 0;
	ret = ktm_replay_find(replay, replay->last_lsn, replay->super.tail_lsn, &buffer, &data);
	*epoch = buffer.epoch;
	return ret;
}

/* Where the buffer ends that nobody would have written; 0: that cannot be said. */
static int end_of_bad(struct log_plan *plan, uint64_t *end)
{
	struct ktm_replay *replay = &plan->source.replay;
	struct ktm_format_buffer buffer;
	int ret;

	replay->window_length = 0;
	ret = read_plan(plan, at(plan, replay->end_lsn), replay->window, KTM_DISK_BLOCK);
	if (!ret && ktm_format_check_head(replay->window, &replay->super, replay->end_lsn,
					  &buffer) == 0)
		*end = replay->end_lsn + buffer.span;
	return ret;
}

static const char written_over[] =
	"the newest superblock is lost, and the log was written over since";

static const char *why_not(const struct log_plan *plan, uint64_t end)
{
	const struct ktm_replay *replay = &plan->source.replay;

	if (end > replay->super.tail_lsn + replay->super.ring_size)
		return written_over;
	if (plan->nr_gaps == GAPS_MAX)
		return "it is damaged in more than 64 places";
	if (end - replay->end_lsn > BYTES_MAX || plan->bytes > BYTES_MAX)
		return "more than 256 MiB of it are lost";
	return NULL;
}

/* After a scan that has found damage: fill the gap, or say why not. */
static int fill_gap(struct log_plan *plan)
{
	struct ktm_replay *replay = &plan->source.replay;
	uint64_t end = replay->lost_lsn, epoch, prev = replay->last_lsn;
	struct ktm_format_buffer next = { 0 };
	struct log_gap *gap;
	int ret, found;

	ret = end ? 0 : end_of_bad(plan, &end);
	if (!ret)
		plan->why = why_not(plan, end);
	if (ret || plan->why)
		return ret;
	ret = last_epoch(plan, &epoch);
	if (ret)
		return ret;
	found = find_next(plan, replay->end_lsn, end, epoch, &next);
	if (found < 0)
		return found;
	if (found)
		end = next.lsn;
	ret = is_written_over(plan, replay->end_lsn, end);
	if (ret) {
		plan->why = written_over;
		return ret < 0 ? ret : 0;
	}
	gap = calloc(1, sizeof(*gap));
	if (!gap)
		return -ENOMEM;
	gap->lsn = replay->end_lsn;
	gap->end = end;
	gap->found = replay->end;
	gap->proof_lsn = replay->proof_lsn;
	TAILQ_INSERT_TAIL(&plan->gaps, gap, node);
	plan->nr_gaps++;
	if (found) {
		/* the last one begins where the next buffer says */
		ret = add_bridges(plan, gap, gap->lsn, next.prev_lsn, epoch, &prev);
		return ret ? ret : add_bridges(plan, gap, next.prev_lsn, gap->end, epoch,
					       &prev);
	}
	return add_bridges(plan, gap, gap->lsn, gap->end, epoch, &prev);
}

static int fill_gaps(struct log_plan *plan)
{
	int ret;

	while ((ret = ktm_replay_scan(&plan->source.replay)) == -EUCLEAN && !plan->why) {
		ret = fill_gap(plan);
		if (ret)
			return ret;
		/* what is left has to be told all the same */
		if (plan->why)
			return 0;
	}
	return ret;
}

bool log_plan_is_incomplete(const struct log_tx *tx)
{
	return tx->decision_lsn && log_table_votes(tx, NULL) < tx->nr_expected;
}

bool log_plan_is_unknown(const struct log_plan *plan, const struct log_tx *tx)
{
	const struct log_gap *last = TAILQ_LAST(&plan->gaps, log_gaps);

	return last && !tx->decision_lsn && tx->first_lsn < last->end;
}

/* The decision or promise once more, for the votes that are left. */
static void encode_closing(const struct log_tx *tx, uint64_t lsn, void *data)
{
	struct ktm_disk_commit commit = { .clock = cpu_to_le64(tx->clock) };
	struct ktm_format_record record = {
		.type = tx->decided ? KTM_RECORD_COMMIT : KTM_RECORD_PROMISE,
		.flags = KTM_DISK_RECORD_F_COPY,
		.lsn = lsn,
		.data = &commit,
		.data_length = sizeof(commit),
	};
	u64 first;

	commit.nr_enlistments = cpu_to_le32(log_table_votes(tx, &first));
	record.prev_lsn = first;
	memcpy(record.tx, tx->uuid, sizeof(record.tx));
	if (!tx->decided) {
		memcpy(record.stream, tx->superior_rm, sizeof(record.stream));
		memcpy(record.enlistment, tx->superior, sizeof(record.enlistment));
		record.owner = tx->superior_owner;
	}
	ktm_format_encode_record(data, &record);
}

/* A block of closing records from *@tx on; *@tx: out: the first that has no place. */
static int add_closing(struct log_plan *plan, const struct log_tx **tx, uint64_t lsn,
		       uint64_t prev)
{
	struct ktm_replay *replay = &plan->source.replay;
	struct ktm_format_buffer head = {
		.lsn = lsn,
		.prev_lsn = prev,
		.epoch = replay->epoch + 1, /* what stands behind it stays dead */
		.span = KTM_DISK_BLOCK,
		.used = sizeof(struct ktm_disk_buffer),
	};
	struct log_write *write = new_write(plan, at(plan, lsn), KTM_DISK_BLOCK);

	if (!write)
		return -ENOMEM;
	for (; *tx && head.nr_records < CLOSING_NR; *tx = TAILQ_NEXT(*tx, node)) {
		if (!log_plan_is_incomplete(*tx))
			continue;
		encode_closing(*tx, lsn + head.used, (char *)write->data + head.used);
		head.used += CLOSING_LENGTH;
		head.nr_records++;
	}
	ktm_format_seal_buffer(write->data, ktm_format_ring_uuid(&replay->super), &head);
	TAILQ_INSERT_TAIL(&plan->closing, write, node);
	return 0;
}

/* With room for the records that recovery will reserve: two of each at most. */
static int close_incomplete(struct log_plan *plan)
{
	struct ktm_replay *replay = &plan->source.replay;
	uint64_t lsn = replay->end_lsn, prev = replay->last_lsn, nr = 0, kept = 0, need;
	const struct log_tx *tx;
	int ret = 0;

	TAILQ_FOREACH(tx, &plan->table.txs, node) {
		nr += log_plan_is_incomplete(tx);
		kept += tx->decision_lsn != 0;
	}
	need = (nr + CLOSING_NR - 1) / CLOSING_NR + 2 * kept;
	if (nr && lsn + need * KTM_DISK_BLOCK > replay->super.tail_lsn + replay->super.ring_size) {
		plan->why = "there is no room in it for the records that a repair appends";
		return 0;
	}
	tx = TAILQ_FIRST(&plan->table.txs);
	for (; nr && !ret; nr -= nr < CLOSING_NR ? nr : CLOSING_NR) {
		ret = add_closing(plan, &tx, lsn, prev);
		prev = lsn;
		lsn += KTM_DISK_BLOCK;
	}
	return ret;
}

static int add_super(struct log_plan *plan)
{
	struct ktm_replay *replay = &plan->source.replay;
	struct ktm_format_super super = replay->super;
	struct log_write *write;

	if (!replay->super_error[!replay->slot])
		return 0;
	write = new_write(plan, replay->slot ? KTM_DISK_SB_A : KTM_DISK_SB_B, KTM_DISK_BLOCK);
	if (!write)
		return -ENOMEM;
	super.sequence++;
	/* whether it was detached in order, only the lost one has said */
	super.flags &= ~KTM_DISK_SB_F_CLEAN;
	ktm_format_encode_super(write->data, &super);
	TAILQ_INSERT_TAIL(&plan->super, write, node);
	return 0;
}

static int read_table(struct log_plan *plan, struct log_table *table)
{
	log_table_free(table);
	log_table_init(table);
	plan->reading = table;
	return ktm_replay_run(&plan->source.replay);
}

/* Would the kernel take what is planned? -EUCLEAN if not. */
static int verify(struct log_plan *plan)
{
	struct log_source again = plan->source;
	struct log_table table;
	const struct log_tx *tx;
	int ret;

	log_table_init(&table);
	ret = ktm_replay_open(&plan->source.replay);
	if (!ret)
		ret = ktm_replay_scan(&plan->source.replay);
	if (!ret)
		ret = read_table(plan, &table);
	if (!ret)
		TAILQ_FOREACH(tx, &table.txs, node)
			if (log_plan_is_incomplete(tx))
				ret = -EUCLEAN;
	log_table_free(&table);
	/* what was found, not what would be */
	plan->source.replay = again.replay;
	return ret;
}

static int complete(struct log_plan *plan)
{
	int ret;

	ret = close_incomplete(plan);
	if (!ret && plan->table.nr_others && plan->nr_gaps)
		plan->why = "it has log streams, whose chains may be broken";
	if (!ret && !plan->why)
		ret = add_super(plan);
	if (!ret && !plan->why && !log_plan_is_empty(plan))
		ret = verify(plan);
	if (ret != -EUCLEAN)
		return ret;
	plan->why = "its records contradict each other";
	return 0;
}

int log_plan_make(struct log_plan *plan, const char *path)
{
	int ret;

	*plan = (struct log_plan){ .source.fd = -1 };
	log_table_init(&plan->table);
	TAILQ_INIT(&plan->gaps);
	TAILQ_INIT(&plan->closing);
	TAILQ_INIT(&plan->bridges);
	TAILQ_INIT(&plan->super);
	ret = log_source_open(&plan->source, path);
	if (ret)
		return ret;
	plan->source.replay.ops = &ops;
	plan->source.replay.ctx = plan;
	ret = ktm_replay_open(&plan->source.replay);
	if (!ret)
		ret = fill_gaps(plan);
	if (!ret) {
		ret = read_table(plan, &plan->table);
		if (ret == -EUCLEAN) {
			plan->why = "its records contradict each other";
			ret = 0;
		} else if (!ret && !plan->why) {
			ret = complete(plan);
		}
	}
	progress_end(&plan->source.progress);
	return ret;
}

bool log_plan_is_empty(const struct log_plan *plan)
{
	return !plan->why && TAILQ_EMPTY(&plan->closing) && TAILQ_EMPTY(&plan->bridges) &&
	       TAILQ_EMPTY(&plan->super);
}

static void free_writes(struct log_writes *writes)
{
	struct log_write *write;

	while ((write = TAILQ_FIRST(writes))) {
		TAILQ_REMOVE(writes, write, node);
		free(write->data);
		free(write);
	}
}

void log_plan_free(struct log_plan *plan)
{
	struct log_gap *gap;

	while ((gap = TAILQ_FIRST(&plan->gaps))) {
		TAILQ_REMOVE(&plan->gaps, gap, node);
		free(gap);
	}
	free_writes(&plan->closing);
	free_writes(&plan->bridges);
	free_writes(&plan->super);
	log_table_free(&plan->table);
	if (plan->source.fd >= 0)
		log_source_close(&plan->source);
}
