// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_log_test - what must be in the log, and the log's owner
 *
 * Each writer counts its records. The log is right if recovery finds a run of
 * each writer's numbers without a gap, up to the last that was acknowledged at
 * least, and not beyond the last that was appended.
 */
#include "test.h"

#define MAGIC	0x4b544d42U	/* what a buffer begins with */

struct test test = { .lock = __SPIN_LOCK_UNLOCKED(test.lock) };

static u32 mix(u64 seq, u32 index)
{
	u64 x = seq * 0x9e3779b97f4a7c15ULL + index;

	x ^= x >> 31;
	return x * 0xbf58476d1ce4e5b9ULL >> 32;
}

/* Some records are full of what looks like the head of a buffer. */
static u32 word(u64 seq, u32 index)
{
	return seq % 7 ? mix(seq, index) : MAGIC;
}

static u32 data_length(u32 writer, u64 seq)
{
	u32 x = mix(seq, writer);
	/* mostly short, sometimes long */
	u32 max = x % 16 ? 300 : TEST_DATA_MAX;

	return sizeof(struct test_data) + (x >> 8) % (max / 4) * 4;
}

u32 test_fill(struct test_data *data, u32 writer, u64 seq)
{
	u32 length = data_length(writer, seq);
	u32 i;

	data->writer = writer;
	data->length = length;
	data->seq = seq;
	for (i = 0; i < (length - sizeof(*data)) / 4; i++)
		data->fill[i] = word(seq, i);
	return length;
}

bool test_check(const struct ktm_log_record *record,
		const struct test_data **out)
{
	const struct test_data *data = record->data;
	u32 i;

	if (record->type != KTM_RECORD_REDO || record->data_length < sizeof(*data) ||
	    data->writer >= TEST_WRITERS || data->length != record->data_length ||
	    data->length != data_length(data->writer, data->seq))
		return false;
	for (i = 0; i < (data->length - sizeof(*data)) / 4; i++)
		if (data->fill[i] != word(data->seq, i))
			return false;
	*out = data;
	return true;
}

void test_init_record(struct ktm_log_record *record, u32 writer)
{
	*record = (struct ktm_log_record){ .type = KTM_RECORD_REDO };
	memset(&record->stream, 0x55, sizeof(record->stream));
	memset(&record->tx, writer + 1, sizeof(record->tx));
}

void test_hold(bool hold)
{
	u64 pin = ktm_log_pin(test.log);
	unsigned int i;

	spin_lock(&test.lock);
	test.hold = hold;
	test.keep_lsn = pin;
	for (i = 0; i < TEST_WRITERS; i++)
		test.writers[i].floor = test.writers[i].appended + 1;
	spin_unlock(&test.lock);
}

void test_forget(void)
{
	spin_lock(&test.lock);
	memset(test.writers, 0, sizeof(test.writers));
	test.hold = false;
	test.bad = false;
	spin_unlock(&test.lock);
}

/* A record of another type is one of those that test_full() writes. */
static int replay(void *owner, const struct ktm_log_record *record, u64 buffer_lsn)
{
	const struct test_data *data;
	struct test_writer *writer;

	if (record->type == KTM_RECORD_END)
		return 0;
	if (!test_check(record, &data)) {
		pr_err("record at %llu is not as it was written\n", record->lsn);
		test.bad = true;
		return 0;
	}
	writer = &test.writers[data->writer];
	if (writer->found_last && data->seq != writer->found_last + 1) {
		pr_err("record at %llu: writer %u has %llu after %llu\n",
		       record->lsn, data->writer, data->seq, writer->found_last);
		test.bad = true;
	}
	if (!writer->found_first)
		writer->found_first = data->seq;
	writer->found_last = data->seq;
	return 0;
}

static int replayed(void *owner)
{
	return 0;
}

static u64 tail(void *owner)
{
	u64 ret = U64_MAX;

	spin_lock(&test.lock);
	if (test.hold)
		ret = test.keep_lsn;
	spin_unlock(&test.lock);
	return ret;
}

/* Everything before now may go: each writer's next record is the first to keep. */
static int make_room(void *owner, u64 lsn)
{
	u64 pin = ktm_log_pin(test.log);
	unsigned int i;
	int ret = 0;

	spin_lock(&test.lock);
	test.nr_rooms++;
	if (test.stuck) {
		ret = -ENOSPC;
	} else {
		test.keep_lsn = pin;
		for (i = 0; i < TEST_WRITERS; i++)
			test.writers[i].floor = test.writers[i].appended + 1;
	}
	spin_unlock(&test.lock);
	return ret;
}

static void failed(void *owner, int error)
{
	spin_lock(&test.lock);
	if (test.error)
		test.bad = true;
	test.error = error;
	spin_unlock(&test.lock);
}

static u64 clock(void *owner)
{
	return 0;
}

const struct ktm_log_ops test_ops = {
	.replay = replay,
	.replayed = replayed,
	.tail = tail,
	.clock = clock,
	.make_room = make_room,
	.failed = failed,
};

static bool writer_is_right(const struct test_writer *writer)
{
	if (writer->found_last > writer->appended)
		return false;
	/* what the tail has left behind need not be there */
	if (writer->acked < writer->floor || !test.hold)
		return !writer->found_last || writer->found_last >= writer->acked;
	return writer->found_last >= writer->acked &&
	       writer->found_first && writer->found_first <= writer->floor;
}

int test_found_all(void)
{
	struct test_writer *writer;
	u32 i;

	for (i = 0; i < TEST_WRITERS; i++) {
		writer = &test.writers[i];
		if (!writer_is_right(writer)) {
			pr_err("writer %u: appended %llu, acknowledged %llu, kept from %llu, found %llu to %llu\n",
			       i, writer->appended, writer->acked, writer->floor,
			       writer->found_first, writer->found_last);
			test.bad = true;
		}
		/* what is lost was never acknowledged; count on from here */
		if (writer->found_last) {
			writer->appended = writer->found_last;
			writer->acked = writer->found_last;
		}
	}
	return test.bad ? -EBADMSG : 0;
}
