// SPDX-License-Identifier: GPL-2.0
/*
 * Replay of images that a model of the kernel's writer has made
 */
#include <stdlib.h>

#include <kselftest_harness.h>

#include "image.h"

FIXTURE(image) {
	struct image *image;
	struct image_replay *state;
};

FIXTURE_SETUP(image)
{
	self->image = image_new();
	self->state = calloc(1, sizeof(*self->state));
	ASSERT_NE(NULL, self->state);
	ASSERT_EQ(0, image_attach(self->image));
}

FIXTURE_TEARDOWN(image)
{
	image_free(self->image);
	free(self->state);
}

/* Everything is found, and nothing else. */
#define EXPECT_WHOLE(end_)							\
	do {									\
		EXPECT_EQ(0, image_replay(self->state, self->image));		\
		EXPECT_FALSE(self->state->wrong);				\
		EXPECT_EQ(self->image->nr_records, self->state->next);		\
		EXPECT_EQ(self->image->end, self->state->replay.end_lsn);	\
		EXPECT_EQ(end_, self->state->replay.end);			\
	} while (0)

static void fill(struct image *image, unsigned int nr, u32 length)
{
	while (nr--)
		if (image_append(image, length))
			abort();
}

TEST_F(image, empty)
{
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
	EXPECT_EQ(0, self->state->replay.nr_buffers);
	EXPECT_EQ(0, self->state->replay.last_lsn);
	EXPECT_EQ(IMAGE_RING, self->state->replay.end_lsn);
	EXPECT_EQ(1, self->state->replay.epoch);
}

TEST_F(image, just_formatted)
{
	struct image *fresh = image_new();

	EXPECT_EQ(0, image_replay(self->state, fresh));
	EXPECT_EQ(KTM_DISK_SB_F_CLEAN, self->state->replay.super.flags);
	EXPECT_EQ(0, self->state->replay.slot);
	EXPECT_TRUE(self->state->replay.supers_intact);
	image_free(fresh);
}

TEST_F(image, one_buffer)
{
	fill(self->image, 3, 100);
	image_sync(self->image);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
	EXPECT_EQ(1, self->state->replay.nr_buffers);
	EXPECT_EQ(3, self->state->replay.nr_records);
}

TEST_F(image, records_of_all_sizes)
{
	for (u32 length = 0; length < 3000; length += 37)
		fill(self->image, 1, length);
	fill(self->image, 1, KTM_DISK_DATA_MAX);
	image_sync(self->image);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
}

TEST_F(image, many_laps)
{
	for (int i = 0; i < 400; i++) {
		if (image_append(self->image, 1 + i * 997 % 50000)) {
			image_set_tail(self->image, self->image->nr_records - 3);
			EXPECT_EQ(0, image_append(self->image, 10));
		}
		if (i % 3 == 0)
			image_seal(self->image);
	}
	image_sync(self->image);
	ASSERT_LT(5 * IMAGE_RING, self->image->end);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
}

TEST_F(image, filler_at_the_end_of_the_ring)
{
	/* 61 KiB records leave a rest that none of them fits into */
	fill(self->image, 12, 61000);
	image_set_tail(self->image, 10);
	fill(self->image, 8, 61000);
	image_sync(self->image);
	ASSERT_LT(2 * IMAGE_RING, self->image->end);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
	EXPECT_LT(self->state->replay.nr_records / 2, self->state->replay.nr_buffers);
}

TEST_F(image, detached_in_order)
{
	fill(self->image, 5, 1000);
	image_super(self->image, KTM_DISK_SB_F_CLEAN);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
	EXPECT_EQ(0, image_attach(self->image));
	fill(self->image, 5, 1000);
	image_sync(self->image);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
}

/* The last buffer has 30 blocks; any of them may be missing. */
TEST_F(image, torn_at_each_block)
{
	u64 start;

	fill(self->image, 2, 500);
	image_sync(self->image);
	start = self->image->end;
	fill(self->image, 2, 59000);
	image_seal(self->image);
	ASSERT_EQ(29 * KTM_DISK_BLOCK, self->image->end - start);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);

	for (u64 lsn = start; lsn < self->image->end; lsn += KTM_DISK_BLOCK) {
		u8 saved[KTM_DISK_BLOCK];
		u8 *block = image_at(self->image, lsn);

		memcpy(saved, block, sizeof(saved));
		memset(block, 0, sizeof(saved));
		EXPECT_EQ(0, image_replay(self->state, self->image));
		EXPECT_FALSE(self->state->wrong);
		EXPECT_EQ(2, self->state->next);
		EXPECT_EQ(start, self->state->replay.end_lsn);
		EXPECT_EQ(lsn == start ? KTM_REPLAY_BLANK : KTM_REPLAY_TORN,
			  self->state->replay.end);
		memcpy(block, saved, sizeof(saved));
	}
}

/* Several buffers in flight; the first is torn, the others are whole. */
TEST_F(image, torn_before_whole_buffers)
{
	u64 start;

	fill(self->image, 2, 500);
	image_sync(self->image);
	start = self->image->end;
	for (int i = 0; i < 4; i++) {
		fill(self->image, 2, 3000);
		image_seal(self->image);
	}
	memset(image_at(self->image, start + KTM_DISK_BLOCK), 7, 100);
	EXPECT_EQ(0, image_replay(self->state, self->image));
	EXPECT_EQ(2, self->state->next);
	EXPECT_EQ(KTM_REPLAY_TORN, self->state->replay.end);

	/* the next life ends before them; they must not come alive */
	ASSERT_EQ(0, image_attach(self->image));
	fill(self->image, 1, 3000);
	image_sync(self->image);
	fill(self->image, 1, 3000);
	image_sync(self->image);
	EXPECT_WHOLE(KTM_REPLAY_STALE);
	EXPECT_EQ(4, self->state->next);
	ASSERT_EQ(0, image_attach(self->image));
	EXPECT_WHOLE(KTM_REPLAY_STALE);
}

/* An epoch that wrote nothing still cuts off what an earlier one had in flight. */
TEST_F(image, stale_after_an_empty_life)
{
	u64 start = self->image->end;

	for (int i = 0; i < 3; i++) {
		fill(self->image, 1, 3000);
		image_seal(self->image);
	}
	memset(image_at(self->image, start), 0, KTM_DISK_BLOCK);
	ASSERT_EQ(0, image_attach(self->image));
	ASSERT_EQ(0, image_attach(self->image));
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
	EXPECT_EQ(start, self->state->replay.end_lsn);
	fill(self->image, 1, 3000);
	image_sync(self->image);
	EXPECT_WHOLE(KTM_REPLAY_STALE);
	EXPECT_EQ(1, self->state->next);
}

/* What was durable is lost: damage, whichever buffer it is but the last ones. */
TEST_F(image, lost_in_the_middle)
{
	u64 durable;

	for (int i = 0; i < 20; i++) {
		fill(self->image, 2, 3000);
		image_sync(self->image);
	}
	/* the last buffer says that all before it was durable */
	durable = self->image->records[37].end;
	for (int i = 0; i < 20; i++) {
		u64 lsn = self->image->records[2 * i].lsn & ~(u64)(KTM_DISK_BLOCK - 1);
		u8 *at = image_at(self->image, lsn + 200);

		*at ^= 4;
		if (i < 19) {
			EXPECT_EQ(-EUCLEAN, image_replay(self->state, self->image));
			EXPECT_EQ(durable, self->state->replay.lost_lsn);
			EXPECT_EQ(durable, self->state->replay.proof_lsn);
		} else {
			/* nothing tells that this one was acknowledged */
			EXPECT_EQ(0, image_replay(self->state, self->image));
		}
		EXPECT_EQ(lsn, self->state->replay.end_lsn);
		EXPECT_EQ(2 * i, self->state->next);
		EXPECT_FALSE(self->state->wrong);
		*at ^= 4;
	}
}

TEST_F(image, lost_after_an_orderly_detach)
{
	fill(self->image, 2, 3000);
	image_super(self->image, KTM_DISK_SB_F_CLEAN);
	*image_at(self->image, self->image->records[1].lsn) ^= 1;
	EXPECT_EQ(-EUCLEAN, image_replay(self->state, self->image));
	EXPECT_EQ(self->image->end, self->state->replay.lost_lsn);
	EXPECT_EQ(0, self->state->replay.proof_lsn);
	EXPECT_EQ(0, self->state->next);
}

/* The last buffer has a good checksum and says what cannot be. */
static bool make_impossible(struct image *image)
{
	struct ktm_disk_buffer *disk = (void *)image_at(image, image->head.lsn);
	struct ktm_format_buffer head;

	if (ktm_format_check_head(disk, &image->super, image->head.lsn, &head))
		return false;
	ktm_format_unescape(disk, head.used, head.escaped);
	head.prev_lsn = 0;
	ktm_format_seal_buffer(disk, image->super.uuid, &head);
	return true;
}

static int refuse(void *ctx, const struct ktm_format_record *record,
		  const struct ktm_format_buffer *buffer)
{
	struct image_replay *state = ctx;

	state->next++;
	return -EINTR;
}

static int replay_refused(struct image_replay *state, struct image *image)
{
	static struct ktm_replay_ops ops;
	int ret;

	image_replay_init(state, image);
	ops = *state->replay.ops;
	ops.record = refuse;
	state->replay.ops = &ops;
	state->next = 0;
	ret = ktm_replay_open(&state->replay);
	return ret ? ret : ktm_replay_scan_and_run(&state->replay);
}

/* In one pass: it is asked once, and the log is looked at to its end all the same. */
TEST_F(image, visitor_refuses)
{
	fill(self->image, 2, 300);
	image_seal(self->image);
	fill(self->image, 2, 300);
	image_seal(self->image);
	EXPECT_EQ(-EINTR, replay_refused(self->state, self->image));
	EXPECT_EQ(1, self->state->next);
	EXPECT_EQ(self->image->end, self->state->replay.end_lsn);
	ASSERT_TRUE(make_impossible(self->image));
	EXPECT_EQ(-EUCLEAN, replay_refused(self->state, self->image));
	EXPECT_EQ(1, self->state->next);
	EXPECT_EQ(KTM_REPLAY_BAD, self->state->replay.end);
}

TEST_F(image, impossible_buffer)
{
	fill(self->image, 2, 300);
	image_seal(self->image);
	fill(self->image, 2, 300);
	image_seal(self->image);
	ASSERT_TRUE(make_impossible(self->image));
	EXPECT_EQ(-EUCLEAN, image_replay(self->state, self->image));
	EXPECT_EQ(KTM_REPLAY_BAD, self->state->replay.end);
	EXPECT_EQ(2, self->state->next);
}

TEST_F(image, full_ring)
{
	struct image *image = self->image;

	while (!image_append(image, 3000))
		;
	/* the model keeps some distance; records of one block fill the rest */
	image_seal(image);
	image->tail += IMAGE_RING;
	while (image->end < 2 * IMAGE_RING) {
		fill(image, 1, 3000);
		image_seal(image);
	}
	image->tail -= IMAGE_RING;
	ASSERT_EQ(2 * IMAGE_RING, image->end);
	image_sync(image);
	EXPECT_WHOLE(KTM_REPLAY_FULL);
}

/* Superblocks */

static void damage(struct image *image, u64 offset)
{
	image->cached[offset + 100] ^= 1;
}

TEST_F(image, either_superblock_will_do)
{
	fill(self->image, 2, 3000);
	image_super(self->image, 0);
	image_super(self->image, 0);
	damage(self->image, KTM_DISK_SB_A);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
	EXPECT_EQ(1, self->state->replay.slot);
	EXPECT_EQ(-EUCLEAN, self->state->replay.super_error[0]);
	EXPECT_FALSE(self->state->replay.supers_intact);
	damage(self->image, KTM_DISK_SB_A);
	damage(self->image, KTM_DISK_SB_B);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
	EXPECT_EQ(0, self->state->replay.slot);
	damage(self->image, KTM_DISK_SB_A);
	EXPECT_EQ(-EUCLEAN, image_replay(self->state, self->image));
}

/* The newest is lost, and what was below its tail has been written over. */
TEST_F(image, lost_superblock_of_a_later_lap)
{
	struct image *image = self->image;

	fill(image, 10, 60000);
	image_super(image, 0);
	image_super(image, 0);
	image_set_tail(image, image->nr_records);
	fill(image, 10, 60000);
	image_sync(image);
	fill(image, 1, 10);
	image_sync(image);
	ASSERT_LT(2 * IMAGE_RING, image->end);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
	damage(image, self->state->replay.slot ? KTM_DISK_SB_B : KTM_DISK_SB_A);
	EXPECT_EQ(-EUCLEAN, image_replay(self->state, image));
	EXPECT_LT(0, self->state->replay.lost_lsn);
}

/* The newest is lost, but all that the one before tells of is still there. */
TEST_F(image, lost_superblock_of_this_lap)
{
	struct image *image = self->image;

	fill(image, 10, 3000);
	image_super(image, 0);
	image_set_tail(image, 5);
	fill(image, 10, 3000);
	image_sync(image);
	damage(image, image->slot ? KTM_DISK_SB_B : KTM_DISK_SB_A);
	EXPECT_EQ(0, image_replay(self->state, image));
	EXPECT_EQ(20, self->state->next);
	EXPECT_EQ(20, self->state->replay.nr_records);
}

/* A superblock that began an epoch is lost; the next epoch is another one. */
TEST_F(image, lost_superblock_of_an_epoch)
{
	struct image *image = self->image;
	u64 epoch;

	fill(image, 2, 3000);
	image_super(image, 0);
	ASSERT_EQ(0, image_attach(image));
	epoch = image->epoch;
	fill(image, 2, 3000);
	image_sync(image);
	damage(image, image->slot ? KTM_DISK_SB_B : KTM_DISK_SB_A);
	EXPECT_EQ(0, image_replay(self->state, image));
	EXPECT_EQ(4, self->state->next);
	EXPECT_EQ(epoch, self->state->replay.epoch);
	EXPECT_EQ(epoch - 1, self->state->replay.super.epoch);
}

static void put_super(struct image *image, u64 offset,
		      const struct ktm_format_super *super)
{
	ktm_format_encode_super((void *)(image->cached + offset), super);
}

TEST_F(image, superblocks_that_contradict_each_other)
{
	struct ktm_format_super other = self->image->super;

	other.sequence += 5;
	put_super(self->image, KTM_DISK_SB_A, &self->image->super);
	put_super(self->image, KTM_DISK_SB_B, &other);
	EXPECT_EQ(0, image_replay(self->state, self->image));
	EXPECT_FALSE(self->state->replay.supers_intact);
	other.sequence = self->image->super.sequence;
	put_super(self->image, KTM_DISK_SB_B, &other);
	EXPECT_EQ(-EUCLEAN, image_replay(self->state, self->image));
	other.sequence++;
	other.uuid[3]++;
	put_super(self->image, KTM_DISK_SB_B, &other);
	EXPECT_EQ(-EUCLEAN, image_replay(self->state, self->image));
	other = self->image->super;
	other.sequence++;
	other.ring_size += KTM_DISK_BLOCK;
	put_super(self->image, KTM_DISK_SB_B, &other);
	EXPECT_EQ(-EUCLEAN, image_replay(self->state, self->image));
}

TEST_F(image, no_log)
{
	memset(self->image->cached + KTM_DISK_SB_A, 0, KTM_DISK_BLOCK);
	EXPECT_EQ(0, image_replay(self->state, self->image));
	memset(self->image->cached + KTM_DISK_SB_B, 0, KTM_DISK_BLOCK);
	EXPECT_EQ(-ENODEV, image_replay(self->state, self->image));
}

TEST_F(image, unknown_version)
{
	struct ktm_format_super super = self->image->super;

	super.sequence++;
	super.flags = 1ULL << 40;
	put_super(self->image, self->image->slot ? KTM_DISK_SB_A : KTM_DISK_SB_B, &super);
	EXPECT_EQ(-EPROTONOSUPPORT, image_replay(self->state, self->image));
}

TEST_F(image, short_device)
{
	static const struct {
		u64 size;
		int error;
	} cases[] = {
		{ 0, -ENODEV },
		{ KTM_DISK_BLOCK - 1, -ENODEV },
		{ KTM_DISK_BLOCK, -ENOSPC },
		{ KTM_DISK_SB_B + KTM_DISK_BLOCK, -ENOSPC },
		{ IMAGE_SIZE - 1, -ENOSPC },
		{ IMAGE_SIZE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		image_replay_init(self->state, self->image);
		self->state->replay.device_size = cases[i].size;
		EXPECT_EQ(cases[i].error, ktm_replay_open(&self->state->replay));
	}
}

/* The device fails at the n-th read: replay says so, whichever it is. */
TEST_F(image, read_errors)
{
	int ret = -EIO;
	u64 n;

	fill(self->image, 30, 9000);
	image_sync(self->image);
	for (n = 1; ret && n < 100; n++) {
		self->image->reads_left = n;
		ret = image_replay(self->state, self->image);
		EXPECT_TRUE(!ret || ret == -EIO);
	}
	EXPECT_LT(10, n);
	EXPECT_EQ(0, ret);
}

/*
 * Somebody writes redo records full of forged buffers, one at the start of each
 * block, for the place where the next lap will stand there.
 */
TEST_F(image, forged_buffers)
{
	static u8 data[KTM_DISK_DATA_MAX];
	struct image *image = self->image;
	struct ktm_format_buffer forged = {
		.epoch = ~0ULL,
		.span = KTM_DISK_BLOCK,
		.nr_records = 1,
	};
	struct ktm_format_record record = { .type = KTM_RECORD_REDO };
	u64 start = image->end, lsn = start + 160;

	for (u64 block = start + KTM_DISK_BLOCK;
	     block + KTM_DISK_BLOCK <= start + sizeof(data); block += KTM_DISK_BLOCK) {
		u64 room[KTM_DISK_BLOCK / 8] = { 0 };

		forged.lsn = block + IMAGE_RING;
		forged.durable_lsn = forged.lsn;
		forged.used = sizeof(struct ktm_disk_buffer);
		record.lsn = forged.lsn + forged.used;
		ktm_format_encode_record((void *)((u8 *)room + forged.used), &record);
		forged.used += ktm_format_record_length(0);
		ktm_format_seal_buffer((void *)room, image->super.uuid, &forged);
		memcpy(data + (block - lsn), room, sizeof(room));
	}
	image_append_data(image, data, sizeof(data));
	ASSERT_EQ(lsn, image->records[0].lsn + sizeof(struct ktm_disk_record));
	image_sync(image);
	EXPECT_EQ(0, image_replay(self->state, image));
	EXPECT_EQ(1, self->state->next);

	/* the next lap ends right before one of them */
	while (image->end + 70000 < start + IMAGE_RING) {
		fill(image, 1, 3000);
		image_seal(image);
		if (image->end > start + IMAGE_RING / 2)
			image_set_tail(image, image->nr_records);
	}
	while (image->end < start + IMAGE_RING + KTM_DISK_BLOCK) {
		fill(image, 1, 3000);
		image_seal(image);
	}
	image_sync(image);
	ASSERT_EQ(start + IMAGE_RING + KTM_DISK_BLOCK, image->end);
	EXPECT_WHOLE(KTM_REPLAY_BLANK);
}

TEST_F(image, every_record_can_be_found)
{
	struct ktm_format_record record;
	struct ktm_format_buffer buffer;
	struct image *image = self->image;
	static u8 data[KTM_DISK_DATA_MAX];
	void *disk;

	for (int i = 0; i < 60; i++)
		fill(image, 1, i * 2999 % 18000);
	image_set_tail(image, image->nr_records - 30);
	for (int i = 0; i < 20; i++)
		fill(image, 1, i * 2999 % 18000);
	image_sync(image);
	image_replay_init(self->state, image);
	self->state->replay.super = image->super;
	for (size_t i = image->first; i < image->nr_records; i++) {
		const struct image_record *expected = &image->records[i];

		ASSERT_EQ(0, ktm_replay_find(&self->state->replay, expected->lsn,
					     image->tail, &buffer, &disk));
		ASSERT_EQ(0, ktm_format_find_record(disk, &buffer, expected->lsn, &record));
		image_data(data, expected->length, expected->seed);
		ASSERT_EQ(expected->length, record.data_length);
		ASSERT_EQ(0, memcmp(data, record.data, record.data_length));
		ASSERT_EQ(-EINVAL, ktm_format_find_record(disk, &buffer,
							  expected->lsn + 8, &record));
	}
}

TEST_HARNESS_MAIN
