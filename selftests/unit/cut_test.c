// SPDX-License-Identifier: GPL-2.0
/*
 * Power cuts: lives of a log that end at any moment, with any part of what was
 * written since the last flush on the medium. Whatever was acknowledged is found
 * in the next life, in order, and no cut is taken for damage.
 */
#include <stdlib.h>

#include <kselftest_harness.h>

#include "image.h"

#define LIVES	300

/**
 * struct life - what happens in the lives of a log
 * @image: the log
 * @random: chance
 * @acked: records before this are durable
 */
struct life {
	struct image *image;
	unsigned int random;
	size_t acked;
};

static unsigned int chance(struct life *life, unsigned int n)
{
	return rand_r(&life->random) % n;
}

/*
 * The kernel's writer knows of a flush only when it has ended; a cut may come
 * after the flush and before that.
 */
static void flush_unknown(struct life *life)
{
	image_seal(life->image);
	image_flush(life->image);
}

static void make_room(struct life *life)
{
	struct image *image = life->image;
	size_t kept = image->nr_records - image->first;

	image_set_tail(image, image->first + kept / 2 + 1);
	life->acked = image->nr_records;
}

static void step(struct life *life)
{
	struct image *image = life->image;
	u32 length = chance(life, 8) ? chance(life, 600) : chance(life, 50000);

	switch (chance(life, 10)) {
	case 0:
		image_sync(image);
		life->acked = image->nr_records;
		break;
	case 1:
		flush_unknown(life);
		break;
	case 2:
	case 3:
	case 4:
		image_seal(image);
		break;
	case 5:
		if (!chance(life, 10)) {
			image_super(image, 0);
			life->acked = image->nr_records;
		}
		break;
	default:
		if (image_append(image, length))
			make_room(life);
	}
}

/* A superblock is one write of one block: it is there, or the one before is. */
static void cut(struct life *life)
{
	unsigned int steps = chance(life, 60);

	while (steps--)
		step(life);
	image_cut(life->image, chance(life, 4) ? &life->random : NULL);
}

static void live(struct __test_metadata *_metadata, struct image_replay *state,
		 unsigned int seed)
{
	struct life life = { .image = image_new(), .random = seed };
	int ret;

	for (int i = 0; i < LIVES; i++) {
		ret = image_replay(state, life.image);
		ASSERT_EQ(0, ret) {
			TH_LOG("seed %u, life %d: lost %llu", seed, i,
			       (unsigned long long)state->replay.lost_lsn);
		}
		ASSERT_FALSE(state->wrong);
		ASSERT_LE(life.acked, state->next) {
			TH_LOG("seed %u, life %d", seed, i);
		}
		ASSERT_EQ(0, image_attach(life.image));
		life.acked = life.image->nr_records;
		cut(&life);
	}
	image_free(life.image);
}

FIXTURE(cut) {
	struct image_replay *state;
};

FIXTURE_SETUP(cut)
{
	self->state = calloc(1, sizeof(*self->state));
	ASSERT_NE(NULL, self->state);
}

FIXTURE_TEARDOWN(cut)
{
	free(self->state);
}

TEST_F_TIMEOUT(cut, lives, 600)
{
	for (unsigned int seed = 1; seed <= 10; seed++)
		live(_metadata, self->state, seed);
}

/*
 * A block that was acknowledged goes bad. If replay says that all is well, it has
 * lost nothing but what no later buffer and no superblock tells of.
 */
static bool lose_one(struct __test_metadata *_metadata, struct image_replay *state,
		     struct life *life)
{
	struct image *image = life->image;
	size_t victim;
	u64 known;
	int ret;

	for (int i = 0; i < 80; i++)
		step(life);
	image_append(image, 10);
	image_sync(image);
	known = image->super.epoch_lsn;
	if (known < image->head.durable_lsn)
		known = image->head.durable_lsn;
	victim = image->first + chance(life, image->nr_records - image->first);
	*image_at(image, image->records[victim].lsn + 90) ^= 0x10;

	ret = image_replay(state, image);
	EXPECT_FALSE(state->wrong);
	if (!ret) {
		EXPECT_LE(known, state->replay.end_lsn);
		EXPECT_LE(known, image->records[victim].end);
	} else {
		EXPECT_EQ(-EUCLEAN, ret);
		EXPECT_EQ(known, state->replay.lost_lsn);
	}
	return ret;
}

TEST_F_TIMEOUT(cut, lost_blocks, 600)
{
	unsigned int told = 0, untold = 0;

	for (unsigned int seed = 1; seed <= 400; seed++) {
		struct life life = { .image = image_new(), .random = seed };

		ASSERT_EQ(0, image_attach(life.image));
		if (lose_one(_metadata, self->state, &life))
			told++;
		else
			untold++;
		image_free(life.image);
	}
	TH_LOG("%u told, %u not", told, untold);
	EXPECT_LT(0, untold);
	EXPECT_LT(3 * untold, told);
}

TEST_HARNESS_MAIN
