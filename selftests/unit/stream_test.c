// SPDX-License-Identifier: GPL-2.0
/*
 * Records of log streams: what the validator lets through, and what decoding makes of it
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <kselftest_harness.h>

#include "stream.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define LSN		((8ULL << 20) + 8192)
#define LAST		(LSN - 800)
#define BASE		(LSN - 8000)

/* A good record of each kind; each change must make it bad, or leave it good. */
union body {
	struct ktm_disk_stream entry;
	struct ktm_disk_stream_data data;
	u8 bytes[256];
};

struct change {
	u32 offset;
	u32 size;
	u64 value;
	bool good;
};

static void good_entry(union body *body)
{
	struct ktm_stream_entry entry = {
		.base_lsn = BASE,
		.last_lsn = LAST,
		.restart_lsn = LAST - 800,
		.limit = 1 << 20,
		.gid = 100,
		.mode = 0640,
		.name = "a stream",
	};

	memset(body, 0, sizeof(*body));
	ktm_stream_encode(&body->entry, &entry);
}

static void good_head(union body *body)
{
	memset(body, 0, sizeof(*body));
	body->data.before_lsn = cpu_to_le64(LAST);
}

static struct ktm_format_record good_record(u16 type, const union body *body, u32 length)
{
	struct ktm_format_record record = {
		.type = type,
		.lsn = LSN,
		.owner = 1000,
		.data = body,
		.data_length = length,
	};

	memset(record.stream, 7, sizeof(record.stream));
	return record;
}

/* With the data at the end of its memory, so that the sanitizer sees a byte too much read. */
static bool is_possible(const struct ktm_format_record *record)
{
	struct ktm_format_record copy = *record;
	u8 *data = malloc(record->data_length + 1);
	bool ret;

	memcpy(data + 1, record->data, record->data_length);
	copy.data = data + 1;	/* and not aligned */
	ret = ktm_format_record_is_possible(&copy);
	free(data);
	return ret;
}

static void change_body(union body *body, const struct change *change)
{
	u64 value = change->value;

	if (change->size == 8 || change->size == 4)
		memcpy(body->bytes + change->offset, &value, change->size);
	else
		memset(body->bytes + change->offset, value, change->size);
}

#define AT(field)	offsetof(struct ktm_disk_stream, field)

static const struct change entry_changes[] = {
	{ AT(base_lsn), 8, BASE + 4, false },
	{ AT(base_lsn), 8, LAST + 8, false },
	{ AT(base_lsn), 8, LSN, false },
	{ AT(base_lsn), 8, ~7ULL, false },
	{ AT(base_lsn), 8, LAST, false },		/* above the restart area */
	{ AT(base_lsn), 8, 0, false },		/* the restart area is kept, and nothing is */
	{ AT(base_lsn), 8, LAST - 800, true },
	{ AT(base_lsn), 8, 8, true },
	{ AT(last_lsn), 8, 0, false },
	{ AT(last_lsn), 8, LSN, false },
	{ AT(last_lsn), 8, LSN - 4, false },
	{ AT(last_lsn), 8, ~7ULL, false },
	{ AT(last_lsn), 8, LSN - 8, true },
	{ AT(restart_lsn), 8, LAST + 8, false },
	{ AT(restart_lsn), 8, LAST - 4, false },
	{ AT(restart_lsn), 8, BASE - 8, false },
	{ AT(restart_lsn), 8, ~7ULL, false },
	{ AT(restart_lsn), 8, 0, true },
	{ AT(restart_lsn), 8, BASE, true },
	{ AT(limit), 8, KTM_DISK_RING_MAX + 1, false },
	{ AT(limit), 8, ~0ULL, false },
	{ AT(limit), 8, 0, true },
	{ AT(gid), 4, 0xffffffff, true },
	{ AT(mode), 4, 01000, false },
	{ AT(mode), 4, 0700, false },
	{ AT(mode), 4, 0x80000000, false },
	{ AT(mode), 4, 0666, true },
	{ AT(flags), 8, 1, false },
	{ AT(flags), 8, 1ULL << 63, false },
	{ 0, KTM_DISK_NAME_MAX, 'x', false },
	{ 0, KTM_DISK_NAME_MAX - 1, 'x', true },
	{ 0, 1, 0, false },			/* empty, and something after its end */
	{ 0, KTM_DISK_NAME_MAX, 0, false },
	{ 10, 1, 'x', false },
	{ KTM_DISK_NAME_MAX - 1, 1, 'x', false },
};

TEST(entry_is_checked_in_each_field)
{
	struct ktm_format_record record;
	union body body;

	good_entry(&body);
	record = good_record(KTM_RECORD_STREAM, &body, sizeof(body.entry));
	ASSERT_TRUE(is_possible(&record));
	for (size_t i = 0; i < ARRAY_SIZE(entry_changes); i++) {
		good_entry(&body);
		change_body(&body, &entry_changes[i]);
		EXPECT_EQ(entry_changes[i].good, is_possible(&record)) {
			TH_LOG("case %zu", i);
		}
	}
}

TEST(entry_of_an_empty_stream)
{
	struct ktm_stream_entry entry = { .name = "x" }, again;
	struct ktm_format_record record;
	union body body;

	memset(&body, 0, sizeof(body));
	ktm_stream_encode(&body.entry, &entry);
	record = good_record(KTM_RECORD_STREAM, &body, sizeof(body.entry));
	EXPECT_TRUE(is_possible(&record));
	/* emptied: what was there last is known, and nothing is kept */
	entry.last_lsn = LAST;
	ktm_stream_encode(&body.entry, &entry);
	EXPECT_TRUE(is_possible(&record));
	ktm_stream_decode(&body, &again);
	EXPECT_EQ(0, memcmp(&entry, &again, sizeof(entry)));
	/* without a restart area the base may be the last record, and is not above it */
	entry.base_lsn = LAST;
	ktm_stream_encode(&body.entry, &entry);
	EXPECT_TRUE(is_possible(&record));
	entry.base_lsn = LAST + 8;
	ktm_stream_encode(&body.entry, &entry);
	EXPECT_FALSE(is_possible(&record));
}

TEST(entry_comes_back)
{
	struct ktm_stream_entry entry;
	union body body, shifted;

	good_entry(&body);
	memcpy(shifted.bytes + 3, &body, sizeof(body.entry));
	ktm_stream_decode(shifted.bytes + 3, &entry);
	EXPECT_EQ(BASE, entry.base_lsn);
	EXPECT_EQ(LAST, entry.last_lsn);
	EXPECT_EQ(LAST - 800, entry.restart_lsn);
	EXPECT_EQ(1 << 20, entry.limit);
	EXPECT_EQ(100, entry.gid);
	EXPECT_EQ(0640, entry.mode);
	EXPECT_STREQ("a stream", entry.name);
}

TEST(lengths)
{
	static const struct {
		u16 type;
		u32 good_from, good_to;
	} cases[] = {
		{ KTM_RECORD_STREAM, sizeof(struct ktm_disk_stream),
		  sizeof(struct ktm_disk_stream) },
		{ KTM_RECORD_STREAM_END, 0, 0 },
		{ KTM_RECORD_STREAM_DATA, sizeof(struct ktm_disk_stream_data), 256 },
		{ KTM_RECORD_STREAM_RESTART, sizeof(struct ktm_disk_stream_data), 256 },
	};
	struct ktm_format_record record;
	union body body;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		good_head(&body);
		if (cases[i].type == KTM_RECORD_STREAM)
			good_entry(&body);
		record = good_record(cases[i].type, &body, 0);
		for (u32 length = 0; length <= sizeof(body); length++) {
			record.data_length = length;
			EXPECT_EQ(length >= cases[i].good_from && length <= cases[i].good_to,
				  is_possible(&record)) {
				TH_LOG("case %zu length %u", i, length);
			}
		}
	}
}

/* What is on disk for a client's record, and whether that may be. */
struct client {
	u16 type;
	u16 flags;
	u64 before, base, prev, undo;
	bool good;
};

#define DATA	KTM_RECORD_STREAM_DATA
#define RESTART	KTM_RECORD_STREAM_RESTART
#define F_BASE	KTM_DISK_RECORD_F_BASE
#define F_COPY	KTM_DISK_RECORD_F_COPY

static const struct client clients[] = {
	{ DATA, 0, LAST, 0, 0, 0, true },
	{ DATA, 0, 0, 0, 0, 0, true },
	{ DATA, 0, LAST, 0, LAST, LAST, true },
	{ DATA, 0, LAST, 0, BASE, BASE - 800, true },
	{ DATA, 0, LSN, 0, 0, 0, false },
	{ DATA, 0, LSN + 8, 0, 0, 0, false },
	{ DATA, 0, LAST + 4, 0, 0, 0, false },
	{ DATA, 0, LAST, BASE, 0, 0, false },
	{ DATA, 0, LAST, 0, LAST + 8, 0, false },
	{ DATA, 0, LAST, 0, 0, LAST + 8, false },
	{ DATA, 0, LAST, 0, LAST - 4, 0, false },
	{ DATA, 0, 0, 0, 8, 0, false },
	{ DATA, F_BASE, LAST, 0, 0, 0, false },
	{ DATA, F_COPY, LAST, 0, 0, 0, false },
	{ RESTART, 0, LAST, 0, 0, 0, true },
	{ RESTART, 0, LAST, 0, BASE, 0, true },
	{ RESTART, 0, LAST, BASE, BASE, 0, true },
	{ RESTART, 0, LAST, LAST, 0, 0, true },
	{ RESTART, F_BASE, LAST, 0, 0, 0, true },
	{ RESTART, F_BASE, LAST, BASE, 0, 0, false },
	{ RESTART, 0, LAST, LAST + 8, 0, 0, false },
	{ RESTART, 0, LAST, BASE + 4, 0, 0, false },
	{ RESTART, 0, LAST, 0, LAST + 8, 0, false },
	{ RESTART, 0, LAST, 0, 0, BASE, false },
	{ RESTART, F_COPY, LAST, 0, 0, 0, false },
	{ RESTART, 4, LAST, 0, 0, 0, false },
};

TEST(chains_stay_below)
{
	struct ktm_format_record record;
	struct ktm_stream_head head;
	union body body;

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		memset(&body, 0, sizeof(body));
		body.data.before_lsn = cpu_to_le64(clients[i].before);
		body.data.base_lsn = cpu_to_le64(clients[i].base);
		record = good_record(clients[i].type, &body, 40);
		record.flags = clients[i].flags;
		record.prev_lsn = clients[i].prev;
		record.undo_next_lsn = clients[i].undo;
		EXPECT_EQ(clients[i].good, is_possible(&record)) {
			TH_LOG("case %zu", i);
		}
		ktm_stream_decode_head(&body, &head);
		EXPECT_EQ(clients[i].before, head.before_lsn);
		EXPECT_EQ(clients[i].base, head.base_lsn);
	}
}

TEST(belongs_to_a_stream_and_nothing_else)
{
	static const u16 types[] = { KTM_RECORD_STREAM, KTM_RECORD_STREAM_END, DATA, RESTART };
	struct ktm_format_record record, other;
	union body body;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		good_head(&body);
		record = good_record(types[i], &body, sizeof(body.data));
		if (types[i] == KTM_RECORD_STREAM) {
			good_entry(&body);
			record.data_length = sizeof(body.entry);
		} else if (types[i] == KTM_RECORD_STREAM_END) {
			record.data_length = 0;
		}
		EXPECT_TRUE(is_possible(&record)) TH_LOG("case %zu", i);
		other = record;
		memset(other.stream, 0, sizeof(other.stream));
		EXPECT_FALSE(is_possible(&other)) TH_LOG("case %zu", i);
		other = record;
		other.tx[15] = 1;
		EXPECT_FALSE(is_possible(&other)) TH_LOG("case %zu", i);
		other = record;
		other.enlistment[0] = 1;
		EXPECT_FALSE(is_possible(&other)) TH_LOG("case %zu", i);
		if (ktm_stream_is_data(types[i]))
			continue;
		other = record;
		other.prev_lsn = 8;
		EXPECT_FALSE(is_possible(&other)) TH_LOG("case %zu", i);
		other = record;
		other.undo_next_lsn = 8;
		EXPECT_FALSE(is_possible(&other)) TH_LOG("case %zu", i);
	}
}

TEST(other_kinds_are_refused)
{
	struct ktm_format_record record;
	union body body;

	good_head(&body);
	for (u32 type = RESTART + 1; type < 65536; type += type < 100 ? 1 : 97) {
		record = good_record(type, &body, sizeof(body.data));
		EXPECT_FALSE(is_possible(&record)) TH_LOG("type %u", type);
	}
	record = good_record(KTM_RECORD_REDO, &body, sizeof(body.data));
	EXPECT_TRUE(is_possible(&record));
	record.flags = F_BASE;
	EXPECT_FALSE(is_possible(&record));
}

/* Two streams by turns, with a redo record of an RM that has the UUID of one. */
FIXTURE(buffer) {
	struct ktm_format_buffer head;
	u64 data[KTM_DISK_BUFFER_MAX / 8];
	u8 stream[2][KTM_DISK_UUID_SIZE];
	u64 lsn[10];
};

static u64 add(struct ktm_format_buffer *head, void *data, u16 type, const u8 *stream,
	       u64 before)
{
	struct ktm_disk_stream_data content = { .before_lsn = cpu_to_le64(before) };
	struct ktm_format_record record = {
		.type = type,
		.lsn = head->lsn + head->used,
		.data = &content,
		.data_length = type == KTM_RECORD_STREAM_END ? 0 : sizeof(content),
	};

	memcpy(record.stream, stream, sizeof(record.stream));
	if (type == KTM_RECORD_REDO)
		memset(record.tx, 3, sizeof(record.tx));
	ktm_format_encode_record(data + head->used, &record);
	head->used += ktm_format_record_length(record.data_length);
	head->nr_records++;
	return record.lsn;
}

FIXTURE_SETUP(buffer)
{
	memset(self->stream, 1, sizeof(self->stream));
	self->stream[1][15] = 2;
	self->head = (struct ktm_format_buffer){
		.lsn = LSN,
		.epoch = 3,
		.used = sizeof(struct ktm_disk_buffer),
	};
	for (int i = 0; i < 8; i++)
		self->lsn[i] = add(&self->head, self->data, i == 6 ? RESTART : DATA,
				   self->stream[i % 2], i < 2 ? 0 : self->lsn[i - 2]);
	self->lsn[8] = add(&self->head, self->data, KTM_RECORD_REDO, self->stream[0], 0);
	self->lsn[9] = add(&self->head, self->data, KTM_RECORD_STREAM_END, self->stream[0], 0);
	self->head.span = (self->head.used + KTM_DISK_BLOCK - 1) & ~(KTM_DISK_BLOCK - 1);
}

FIXTURE_TEARDOWN(buffer)
{
}

TEST_F(buffer, next_finds_the_records_of_one_stream)
{
	struct ktm_format_record record;

	for (int stream = 0; stream < 2; stream++) {
		u64 after = LSN;

		for (int i = stream; i < 8; i += 2) {
			ASSERT_EQ(0, ktm_stream_next((void *)self->data, &self->head, after,
						     self->stream[stream], &record));
			EXPECT_EQ(self->lsn[i], record.lsn);
			after = record.lsn;
		}
		EXPECT_EQ(-ENOENT, ktm_stream_next((void *)self->data, &self->head, after,
						   self->stream[stream], &record));
	}
}

/* From anywhere between two records the same one is next. */
TEST_F(buffer, next_takes_any_place)
{
	struct ktm_format_record record;

	for (u64 after = self->lsn[2]; after < self->lsn[4]; after++) {
		ASSERT_EQ(0, ktm_stream_next((void *)self->data, &self->head, after,
					     self->stream[0], &record));
		ASSERT_EQ(self->lsn[4], record.lsn);
	}
}

TEST_F(buffer, next_stops_at_a_bad_record)
{
	struct ktm_format_record record;
	u32 *length = (void *)self->data + (self->lsn[3] - LSN);

	*length += 8;
	EXPECT_EQ(0, ktm_stream_next((void *)self->data, &self->head, LSN, self->stream[0],
				     &record));
	EXPECT_EQ(-EUCLEAN, ktm_stream_next((void *)self->data, &self->head, self->lsn[2],
					    self->stream[0], &record));
}

TEST_HARNESS_MAIN
