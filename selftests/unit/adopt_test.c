// SPDX-License-Identifier: GPL-2.0
/*
 * A log that gets another UUID or name: what is in it stays, whenever power fails
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <kselftest_harness.h>

#include "image.h"
#include "mkfs.h"

static const u8 new_uuid[] = "fedcba9876543210";

FIXTURE(adopt) {
	struct image *image;
	struct image_replay *state;
	u8 old_uuid[KTM_DISK_UUID_SIZE];
};

FIXTURE_SETUP(adopt)
{
	int i;

	self->image = image_new();
	self->state = calloc(1, sizeof(*self->state));
	ASSERT_NE(NULL, self->state);
	ASSERT_EQ(0, image_attach(self->image));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, image_append(self->image, 3000));
	image_sync(self->image);
	memcpy(self->old_uuid, self->image->super.uuid, sizeof(self->old_uuid));
}

FIXTURE_TEARDOWN(adopt)
{
	image_free(self->image);
	free(self->state);
}

static int write_image(void *ctx, u64 offset, const void *data, size_t size)
{
	struct image *image = ctx;

	memcpy(image->cached + offset, data, size);
	memcpy(image->stable + offset, data, size);
	return 0;
}

/* A part of the block reaches the disk. */
static int write_torn(void *ctx, u64 offset, const void *data, size_t size)
{
	return write_image(ctx, offset, data, size / 40);
}

static int write_nothing(void *ctx, u64 offset, const void *data, size_t size)
{
	return -EIO;
}

#define EXPECT_LOG(uuid_, ring_) do {						\
	ASSERT_EQ(0, image_replay(self->state, self->image));			\
	EXPECT_FALSE(self->state->wrong);					\
	EXPECT_EQ(self->image->nr_records, self->state->next);			\
	EXPECT_EQ(0, memcmp(uuid_, self->state->replay.super.uuid,		\
			    KTM_DISK_UUID_SIZE));				\
	EXPECT_EQ(0, memcmp(ring_, ktm_format_ring_uuid(&self->state->replay.super), \
			    KTM_DISK_UUID_SIZE));				\
} while (0)

static int rename_by(struct image_replay *state, struct image *image, const u8 *uuid,
		     const char *name,
		     int (*write)(void *ctx, u64 offset, const void *data, size_t size))
{
	struct ktm_format_super super = state->replay.super;
	unsigned int slot = state->replay.slot;

	return ktm_mkfs_rename(write, image, &super, &slot, uuid, name);
}

TEST_F(adopt, keeps_what_is_there)
{
	u64 clock;

	EXPECT_LOG(self->old_uuid, self->old_uuid);
	clock = self->state->replay.super.clock;
	ASSERT_EQ(0, rename_by(self->state, self->image, new_uuid, "clone", write_image));
	EXPECT_LOG(new_uuid, self->old_uuid);
	EXPECT_STREQ("clone", self->state->replay.super.name);
	EXPECT_EQ(clock, self->state->replay.super.clock);
	EXPECT_TRUE(self->state->replay.supers_intact);

	/* and goes on in its next life */
	ASSERT_EQ(0, image_attach(self->image));
	ASSERT_EQ(0, image_append(self->image, 100));
	image_sync(self->image);
	image_super(self->image, 0);
	EXPECT_LOG(new_uuid, self->old_uuid);
	/* of a second copy; and back */
	ASSERT_EQ(0, rename_by(self->state, self->image, (const u8 *)"another one now.", NULL,
			       write_image));
	EXPECT_LOG("another one now.", self->old_uuid);
	EXPECT_STREQ("clone", self->state->replay.super.name);
	ASSERT_EQ(0, rename_by(self->state, self->image, self->old_uuid, NULL, write_image));
	EXPECT_LOG(self->old_uuid, self->old_uuid);
}

TEST_F(adopt, is_one_block)
{
	EXPECT_LOG(self->old_uuid, self->old_uuid);
	EXPECT_EQ(-EIO, rename_by(self->state, self->image, new_uuid, "clone", write_nothing));
	EXPECT_LOG(self->old_uuid, self->old_uuid);
	EXPECT_EQ(0, rename_by(self->state, self->image, new_uuid, "clone", write_torn));
	EXPECT_LOG(self->old_uuid, self->old_uuid);
	EXPECT_STREQ("unit", self->state->replay.super.name);
	EXPECT_EQ(0, rename_by(self->state, self->image, new_uuid, "clone", write_image));
	EXPECT_LOG(new_uuid, self->old_uuid);
}

/* With the second call the older superblock is not needed for the new identity. */
TEST_F(adopt, survives_the_loss_of_a_block)
{
	struct ktm_format_super super;
	unsigned int slot;
	u64 newest;

	EXPECT_LOG(self->old_uuid, self->old_uuid);
	super = self->state->replay.super;
	slot = self->state->replay.slot;
	ASSERT_EQ(0, ktm_mkfs_rename(write_image, self->image, &super, &slot, new_uuid, "x"));
	ASSERT_EQ(0, ktm_mkfs_rename(write_image, self->image, &super, &slot, NULL, NULL));
	EXPECT_LOG(new_uuid, self->old_uuid);
	EXPECT_EQ(slot, self->state->replay.slot);
	newest = slot ? KTM_DISK_SB_B : KTM_DISK_SB_A;
	memset(self->image->cached + newest, 0x55, KTM_DISK_BLOCK);
	memset(self->image->stable + newest, 0x55, KTM_DISK_BLOCK);
	EXPECT_LOG(new_uuid, self->old_uuid);
	EXPECT_STREQ("x", self->state->replay.super.name);
}

TEST_F(adopt, refuses)
{
	static const u8 none[KTM_DISK_UUID_SIZE];
	char name[KTM_DISK_NAME_MAX + 1];

	memset(name, 'x', sizeof(name));
	name[KTM_DISK_NAME_MAX] = 0;
	EXPECT_LOG(self->old_uuid, self->old_uuid);
	EXPECT_EQ(-EINVAL, rename_by(self->state, self->image, none, NULL, write_image));
	EXPECT_EQ(-EINVAL, rename_by(self->state, self->image, new_uuid, name, write_image));
	EXPECT_LOG(self->old_uuid, self->old_uuid);
}

TEST_HARNESS_MAIN
