// SPDX-License-Identifier: GPL-2.0
/*
 * Every bit of a small log is read inverted, one at a time. Replay may find fewer
 * records, but never others; and if it misses what was known durable, it says so.
 *
 * Without KTM_FLIPS=all it is every bit of all that has a meaning, and of the rest, of
 * data and padding, a sample that KTM_FLIPS=NUMBER chooses.
 */
#include <stdlib.h>

#include <kselftest_harness.h>

#include "image.h"

#define STEP	61	/* one of so many is in the sample */
#define HEAD	600	/* bytes of a block that are flipped in any case */

/**
 * struct outcome - how many flips ended how
 * @same: everything was found
 * @damage: -EUCLEAN
 * @shorter: less was found, and nothing says that it was durable
 */
struct outcome {
	unsigned int same;
	unsigned int damage;
	unsigned int shorter;
};

/**
 * struct flipper - an image whose bits are flipped
 * @image: the image
 * @state: its replay
 * @outcome: what came out so far
 * @durable: what is known to be durable
 */
struct flipper {
	struct image *image;
	struct image_replay *state;
	struct outcome outcome;
	u64 durable;
};

FIXTURE(flip) {
	struct flipper flipper;
};

FIXTURE_SETUP(flip)
{
	memset(&self->flipper, 0, sizeof(self->flipper));
	self->flipper.image = image_new();
	self->flipper.state = calloc(1, sizeof(*self->flipper.state));
	ASSERT_NE(NULL, self->flipper.state);
	ASSERT_EQ(0, image_attach(self->flipper.image));
}

FIXTURE_TEARDOWN(flip)
{
	image_free(self->flipper.image);
	free(self->flipper.state);
}

static void flip(struct __test_metadata *_metadata, struct flipper *flipper, u64 bit)
{
	int ret;

	flipper->image->flip = bit + 1;
	ret = image_replay(flipper->state, flipper->image);
	EXPECT_FALSE(flipper->state->wrong);
	if (ret) {
		EXPECT_EQ(-EUCLEAN, ret);
		flipper->outcome.damage++;
	} else if (flipper->state->next == flipper->image->nr_records) {
		flipper->outcome.same++;
	} else {
		EXPECT_LE(flipper->durable, flipper->state->replay.end_lsn) {
			TH_LOG("bit %llu of byte %llu", (unsigned long long)bit % 8,
			       (unsigned long long)bit / 8);
		}
		flipper->outcome.shorter++;
	}
}

/* @head: bytes at the front of each block that are flipped in any case */
static void flip_range(struct __test_metadata *_metadata, struct flipper *flipper,
		       u64 start, u64 end, u64 head)
{
	const char *choice = getenv("KTM_FLIPS");
	bool all = choice && !strcmp(choice, "all");
	u64 first = choice ? strtoul(choice, NULL, 10) % STEP : 0;
	u64 bit;

	for (bit = start * 8; bit < end * 8; bit++)
		if (all || bit / 8 % KTM_DISK_BLOCK < head || bit % STEP == first)
			flip(_metadata, flipper, bit);
}

static void flip_log(struct __test_metadata *_metadata, struct flipper *flipper)
{
	u64 start = KTM_DISK_RING + flipper->image->tail % IMAGE_RING;
	u64 end = start + (flipper->image->end - flipper->image->tail);

	flip_range(_metadata, flipper, KTM_DISK_SB_A, KTM_DISK_SB_A + KTM_DISK_BLOCK, 168);
	flip_range(_metadata, flipper, KTM_DISK_SB_B, KTM_DISK_SB_B + KTM_DISK_BLOCK, 168);
	/* and behind the end: what is there may look as if it were more */
	flip_range(_metadata, flipper, start, end + KTM_DISK_BLOCK, HEAD);
	TH_LOG("%u the same, %u damaged, %u shorter", flipper->outcome.same,
	       flipper->outcome.damage, flipper->outcome.shorter);
}

/* Detached in order: all that is in the log is known to be durable. */
TEST_F_TIMEOUT(flip, clean, 7200)
{
	struct flipper *flipper = &self->flipper;
	struct image *image = flipper->image;

	image_append(image, 30);
	image_append(image, 300);
	image_seal(image);
	image_append(image, 5000);
	image_append(image, 9);
	image_sync(image);
	image_append(image, 10);
	image_super(image, KTM_DISK_SB_F_CLEAN);
	flipper->durable = image->end;
	flip_log(_metadata, flipper);
	EXPECT_EQ(0, flipper->outcome.shorter);
	EXPECT_LT(0, flipper->outcome.damage);
	EXPECT_LT(0, flipper->outcome.same);
}

/* Cut off: durable is what the last buffer says of those before it. */
TEST_F_TIMEOUT(flip, cut_off, 7200)
{
	struct flipper *flipper = &self->flipper;
	struct image *image = flipper->image;

	image_append(image, 30);
	image_sync(image);
	image_append(image, 6000);
	image_sync(image);
	flipper->durable = image->end;
	image_append(image, 10);
	image_seal(image);
	image_append(image, 40);
	image_seal(image);
	flip_log(_metadata, flipper);
	EXPECT_LT(0, flipper->outcome.shorter);
	EXPECT_LT(0, flipper->outcome.damage);
	EXPECT_LT(0, flipper->outcome.same);
}

TEST_HARNESS_MAIN
