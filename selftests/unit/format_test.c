// SPDX-License-Identifier: GPL-2.0
/*
 * The on-disk format: every field is checked, by its own check and not only by
 * the checksum, which each test makes good again
 */
#include <kselftest_harness.h>

#include "crc32c.h"
#include "format.h"
#include "mkfs.h"

static void good_super(struct ktm_format_super *super)
{
	*super = (struct ktm_format_super){
		.uuid = "0123456789abcde",
		.sequence = 7,
		.ring_size = 2 << 20,
		.tail_lsn = 8 << 20,
		.epoch_lsn = (8 << 20) + 4096,
		.epoch = 3,
		.clock = 99,
		.flags = KTM_DISK_SB_F_CLEAN,
		.name = "name",
	};
}

static void fix_super(struct ktm_disk_super *disk)
{
	u32 crc;

	disk->crc = 0;
	crc = ~ktm_crc32c(KTM_CRC32C_SEED, disk, sizeof(*disk));
	disk->crc = cpu_to_le32(crc);
}

TEST(crc32c_has_the_known_value)
{
	ASSERT_EQ(0xe3069283U, ~ktm_crc32c(KTM_CRC32C_SEED, "123456789", 9));
}

TEST(super_comes_back)
{
	struct ktm_format_super super, again;
	struct ktm_disk_super disk;

	memset(&again, 0, sizeof(again));
	good_super(&super);
	ktm_format_encode_super(&disk, &super);
	ASSERT_EQ(0, ktm_format_check_super(&disk, &again));
	ASSERT_EQ(0, memcmp(&super, &again, sizeof(super)));
}

/**
 * struct change - a field of something on disk gets another value
 * @offset: where it begins
 * @size: its bytes
 * @value: little endian; of more than 8 bytes each gets this value
 * @error: what the check must say then
 */
struct change {
	size_t offset;
	size_t size;
	u64 value;
	int error;
};

static void apply(void *disk, const struct change *change)
{
	u8 *field = (u8 *)disk + change->offset;

	if (change->size > 8)
		memset(field, change->value, change->size);
	else
		for (size_t i = 0; i < change->size; i++)
			field[i] = change->value >> 8 * i;
}

static const struct change super_changes[] = {
	{ offsetof(struct ktm_disk_super, magic), 8, 0, -ENODEV },
	{ offsetof(struct ktm_disk_super, version), 4, 0, -EPROTONOSUPPORT },
	{ offsetof(struct ktm_disk_super, version), 4, KTM_DISK_VERSION + 1, -EPROTONOSUPPORT },
	{ offsetof(struct ktm_disk_super, flags), 8, 4, -EPROTONOSUPPORT },
	/* adopted, from nothing; and the other way round */
	{ offsetof(struct ktm_disk_super, flags), 8, KTM_DISK_SB_F_ADOPTED, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, ring_uuid), 16, 1, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, uuid), 16, 0, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, sequence), 8, 0, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, sequence), 8, U64_MAX, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, epoch), 8, U64_MAX, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, clock), 8, (1ULL << 63) + 1, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, ring_size), 8, (2 << 20) + 512, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, ring_size), 8, KTM_DISK_RING_MIN - 4096, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, ring_size), 8, KTM_DISK_RING_MAX + 4096, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, tail_lsn), 8, 0, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, tail_lsn), 8, (8 << 20) + 8, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, tail_lsn), 8, KTM_DISK_LSN_MAX, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, epoch_lsn), 8, (8 << 20) + 100, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, epoch_lsn), 8, (8 << 20) - 4096, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, epoch_lsn), 8, (10 << 20) + 4096, -EUCLEAN },
	{ offsetof(struct ktm_disk_super, name), KTM_DISK_NAME_MAX, 'x', -EUCLEAN },
	{ offsetof(struct ktm_disk_super, name) + 10, 1, 'x', -EUCLEAN },
	{ offsetof(struct ktm_disk_super, zero), 1, 1, -EUCLEAN },
	{ sizeof(struct ktm_disk_super) - 1, 1, 1, -EUCLEAN },
};

TEST(super_refuses_each_bad_field)
{
	struct ktm_format_super super, again;
	struct ktm_disk_super disk;

	for (size_t i = 0; i < ARRAY_SIZE(super_changes); i++) {
		good_super(&super);
		ktm_format_encode_super(&disk, &super);
		apply(&disk, &super_changes[i]);
		fix_super(&disk);
		EXPECT_EQ(super_changes[i].error, ktm_format_check_super(&disk, &again)) {
			TH_LOG("case %zu", i);
		}
	}
}

TEST(super_adopted)
{
	struct ktm_format_super super, again;
	struct ktm_disk_super disk;

	good_super(&super);
	EXPECT_TRUE(ktm_format_ring_uuid(&super) == super.uuid);
	memset(super.ring_uuid, 0x77, sizeof(super.ring_uuid));
	ktm_format_encode_super(&disk, &super);
	EXPECT_EQ(KTM_DISK_SB_F_ADOPTED, le64_to_cpu(disk.flags) & KTM_DISK_SB_F_ADOPTED);
	ASSERT_EQ(0, ktm_format_check_super(&disk, &again));
	EXPECT_EQ(0, memcmp(&super, &again, sizeof(super)));
	EXPECT_TRUE(ktm_format_ring_uuid(&again) == again.ring_uuid);
	/* the same as its own is none */
	memcpy(disk.ring_uuid, disk.uuid, sizeof(disk.uuid));
	fix_super(&disk);
	EXPECT_EQ(-EUCLEAN, ktm_format_check_super(&disk, &again));
}

/* Both at once, or one of them would be refused for the other. */
TEST(super_refuses_lsns_out_of_range)
{
	static const u64 lsns[] = { 0, KTM_DISK_LSN_MAX, ~(u64)(KTM_DISK_BLOCK - 1) };
	struct ktm_format_super super, again;
	struct ktm_disk_super disk;

	for (size_t i = 0; i < ARRAY_SIZE(lsns); i++) {
		good_super(&super);
		super.tail_lsn = lsns[i];
		super.epoch_lsn = lsns[i];
		ktm_format_encode_super(&disk, &super);
		EXPECT_EQ(-EUCLEAN, ktm_format_check_super(&disk, &again));
	}
}

TEST(super_refuses_a_bad_checksum)
{
	struct ktm_format_super super, again;
	struct ktm_disk_super disk;

	good_super(&super);
	ktm_format_encode_super(&disk, &super);
	disk.clock = 0;
	ASSERT_EQ(-EUCLEAN, ktm_format_check_super(&disk, &again));
}

/* A buffer with three records, the second longer than a block. */
FIXTURE(buffer) {
	struct ktm_format_super super;
	struct ktm_format_buffer head;
	u64 data[KTM_DISK_BUFFER_MAX / 8];
	u64 saved[KTM_DISK_BUFFER_MAX / 8];
	u32 second;
	u32 third;
};

static u32 add(u8 *data, struct ktm_format_buffer *head, u16 type, const void *content,
	       u32 length)
{
	struct ktm_format_record record = {
		.type = type,
		.data_length = length,
		.lsn = head->lsn + head->used,
		.prev_lsn = 8,
		.data = content,
	};
	u32 offset = head->used;

	memset(record.tx, 2, sizeof(record.tx));
	if (type == KTM_RECORD_REDO || type == KTM_RECORD_PREPARE)
		memset(record.stream, 1, sizeof(record.stream));
	ktm_format_encode_record((void *)(data + offset), &record);
	head->used += ktm_format_record_length(length);
	head->nr_records++;
	return offset;
}

FIXTURE_SETUP(buffer)
{
	static const struct ktm_disk_commit commit;
	static u8 content[9001];
	u8 *data = (u8 *)self->data;

	good_super(&self->super);
	memset(self->data, 0xff, sizeof(self->data));
	memset(content, 0, sizeof(content));
	for (size_t i = 0; i + 4 < sizeof(content); i += 4)
		memcpy(content + i, "BMTK", 4);
	self->head = (struct ktm_format_buffer){
		.lsn = (8 << 20) + 8192,
		.epoch = 3,
		.durable_lsn = 8 << 20,
		.prev_lsn = (8 << 20) + 4096,
		.used = sizeof(struct ktm_disk_buffer),
		.span = 4 * KTM_DISK_BLOCK,
	};
	add(data, &self->head, KTM_RECORD_REDO, "abc", 3);
	self->second = add(data, &self->head, KTM_RECORD_REDO, content, sizeof(content));
	self->third = add(data, &self->head, KTM_RECORD_COMMIT, &commit, sizeof(commit));
	self->head.span = (self->head.used + 4095) & ~4095U;
	ktm_format_seal_buffer((void *)self->data, self->super.uuid, &self->head);
}

FIXTURE_TEARDOWN(buffer)
{
}

static void fix_buffer(void *data, u32 used)
{
	struct ktm_disk_buffer *disk = data;
	u32 crc;

	disk->crc = 0;
	crc = ~ktm_crc32c(KTM_CRC32C_SEED, disk, used);
	disk->crc = cpu_to_le32(crc);
}

static int check(void *disk, const struct ktm_format_super *super, u64 lsn)
{
	struct ktm_format_buffer head;
	int error;

	error = ktm_format_check_head(disk, super, lsn, &head);
	if (!error)
		error = ktm_format_check_crc(disk, &head);
	if (!error)
		error = ktm_format_check_buffer(disk, &head);
	return error;
}

TEST_F(buffer, is_accepted)
{
	struct ktm_format_record record;
	u8 *data = (u8 *)self->data;

	ASSERT_EQ(0, check(self->data, &self->super, self->head.lsn));
	ASSERT_EQ(0, ktm_format_find_record((void *)self->data, &self->head,
					    self->head.lsn + self->second, &record));
	ASSERT_EQ(9001, record.data_length);
	ASSERT_EQ(0, memcmp(record.data, "BMTKBMTK", 8));
	ASSERT_EQ(-EINVAL, ktm_format_find_record((void *)self->data, &self->head,
						  self->head.lsn + self->second + 8,
						  &record));
	for (u32 i = self->head.used; i < self->head.span; i++)
		ASSERT_EQ(0, data[i]);
}

TEST_F(buffer, hides_what_looks_like_a_buffer)
{
	const struct ktm_disk_buffer *disk = (void *)self->data;

	ASSERT_EQ(6, self->head.escaped);
	ASSERT_EQ(6, le32_to_cpu(disk->escaped));
	for (u32 block = 1; block < 3; block++)
		ASSERT_EQ(0, self->data[block * KTM_DISK_BLOCK / 8] & 0xffffffff);
}

TEST_F(buffer, of_others_is_none)
{
	struct ktm_disk_buffer *disk = (void *)self->data;
	struct ktm_format_buffer head;

	EXPECT_EQ(-ENOENT, ktm_format_check_head(disk, &self->super,
						 self->head.lsn + (2 << 20), &head));
	self->super.uuid[0]++;
	EXPECT_EQ(-ENOENT, ktm_format_check_head(disk, &self->super, self->head.lsn,
						 &head));
	self->super.uuid[0]--;
	disk->magic = 0;
	EXPECT_EQ(-ENOENT, ktm_format_check_head(disk, &self->super, self->head.lsn,
						 &head));
}

#define LSN	((8 << 20) + 8192)	/* of the buffer */

static const struct change head_changes[] = {
	{ offsetof(struct ktm_disk_buffer, span), 4, 0, -EBADMSG },
	{ offsetof(struct ktm_disk_buffer, span), 4, 2 * 4096, -EBADMSG },
	{ offsetof(struct ktm_disk_buffer, span), 4, 4 * 4096, -EBADMSG },
	{ offsetof(struct ktm_disk_buffer, span), 4, 3 * 4096 + 8, -EBADMSG },
	{ offsetof(struct ktm_disk_buffer, span), 4, KTM_DISK_BUFFER_MAX + 4096, -EBADMSG },
	{ offsetof(struct ktm_disk_buffer, used), 4, 0, -EBADMSG },
	{ offsetof(struct ktm_disk_buffer, used), 4, sizeof(struct ktm_disk_buffer), -EBADMSG },
	{ offsetof(struct ktm_disk_buffer, used), 4, 3 * 4096 - 4, -EBADMSG },
	{ offsetof(struct ktm_disk_buffer, used), 4, 3 * 4096 + 8, -EBADMSG },
	{ offsetof(struct ktm_disk_buffer, used), 4, 0xfffffff8, -EBADMSG },
	{ offsetof(struct ktm_disk_buffer, epoch), 8, 0, -EUCLEAN },
	{ offsetof(struct ktm_disk_buffer, durable_lsn), 8, LSN - 1, -EUCLEAN },
	{ offsetof(struct ktm_disk_buffer, durable_lsn), 8, LSN + 4096, -EUCLEAN },
	{ offsetof(struct ktm_disk_buffer, prev_lsn), 8, LSN, -EUCLEAN },
	{ offsetof(struct ktm_disk_buffer, prev_lsn), 8, 8, -EUCLEAN },
	{ offsetof(struct ktm_disk_buffer, nr_records), 4, 0, -EUCLEAN },
	{ offsetof(struct ktm_disk_buffer, nr_records), 4, 2, -EUCLEAN },
	{ offsetof(struct ktm_disk_buffer, nr_records), 4, 4, -EUCLEAN },
	{ offsetof(struct ktm_disk_buffer, escaped), 4, 7, -EUCLEAN },
	{ offsetof(struct ktm_disk_buffer, escaped), 4, 14, -EUCLEAN },
	{ offsetof(struct ktm_disk_buffer, escaped), 4, 0x80000006, -EUCLEAN },
};

/* What is refused is left as it was: escaped. */
TEST_F(buffer, refuses_each_bad_field_of_its_head)
{
	static u64 before[sizeof(self->data) / 8];

	memcpy(self->saved, self->data, sizeof(self->data));
	for (size_t i = 0; i < ARRAY_SIZE(head_changes); i++) {
		memcpy(self->data, self->saved, sizeof(self->data));
		apply(self->data, &head_changes[i]);
		fix_buffer(self->data, self->head.used);
		memcpy(before, self->data, sizeof(before));
		EXPECT_EQ(head_changes[i].error,
			  check(self->data, &self->super, self->head.lsn)) {
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(0, memcmp(before, self->data, sizeof(before))) {
			TH_LOG("case %zu", i);
		}
	}
}

TEST_F(buffer, refuses_an_escape_that_hides_nothing)
{
	self->data[KTM_DISK_BLOCK / 8] = 5;
	fix_buffer(self->data, self->head.used);
	ASSERT_EQ(-EUCLEAN, check(self->data, &self->super, self->head.lsn));
}

TEST_F(buffer, refuses_a_magic_that_is_not_hidden)
{
	struct ktm_disk_buffer *disk = (void *)self->data;

	disk->escaped = cpu_to_le32(2);
	memcpy(&self->data[2 * KTM_DISK_BLOCK / 8], "BMTK", 4);
	fix_buffer(self->data, self->head.used);
	ASSERT_EQ(-EUCLEAN, check(self->data, &self->super, self->head.lsn));
}

TEST_F(buffer, refuses_a_bad_checksum)
{
	self->data[100] ^= 1;
	ASSERT_EQ(-EBADMSG, check(self->data, &self->super, self->head.lsn));
}

/* of the second record, at LSN + 168 */
static const struct change record_changes[] = {
	{ offsetof(struct ktm_disk_record, length), 4, 0 },
	{ offsetof(struct ktm_disk_record, length), 4, 8 },
	{ offsetof(struct ktm_disk_record, length), 4, 0xffffffff },
	{ offsetof(struct ktm_disk_record, length), 4, 0xfffffff8 },
	{ offsetof(struct ktm_disk_record, data_length), 4, 9001 - 8 },
	{ offsetof(struct ktm_disk_record, data_length), 4, 9001 + 8 },
	{ offsetof(struct ktm_disk_record, data_length), 4, 0xffffffff },
	{ offsetof(struct ktm_disk_record, type), 2, 0 },
	{ offsetof(struct ktm_disk_record, type), 2, KTM_RECORD_PROMISE },
	{ offsetof(struct ktm_disk_record, type), 2, 6 },
	{ offsetof(struct ktm_disk_record, type), 2, KTM_RECORD_PREPARE },
	{ offsetof(struct ktm_disk_record, flags), 2, 2 },
	{ offsetof(struct ktm_disk_record, lsn), 8, LSN + 176 },
	{ offsetof(struct ktm_disk_record, prev_lsn), 8, LSN + 168 },
	{ offsetof(struct ktm_disk_record, prev_lsn), 8, 7 },
	{ offsetof(struct ktm_disk_record, undo_next_lsn), 8, U64_MAX - 7 },
};

/* of the third record, a COMMIT */
static const struct change commit_changes[] = {
	{ sizeof(struct ktm_disk_record), 8, (1ULL << 63) + 1 },
	{ offsetof(struct ktm_disk_record, type), 2, KTM_RECORD_END },
	/* it names nobody */
	{ offsetof(struct ktm_disk_record, type), 2, KTM_RECORD_PROMISE },
	{ offsetof(struct ktm_disk_record, owner), 4, 1 },
	{ offsetof(struct ktm_disk_record, stream) + 3, 1, 1 },
	{ offsetof(struct ktm_disk_record, enlistment) + 15, 1, 1 },
	{ offsetof(struct ktm_disk_record, length), 4, sizeof(struct ktm_disk_record) + 24 },
};

TEST_F(buffer, refuses_each_bad_field_of_a_record)
{
	u8 *data = (u8 *)self->data;

	ASSERT_EQ(168, self->second);
	memcpy(self->saved, self->data, sizeof(self->data));
	for (size_t i = 0; i < ARRAY_SIZE(record_changes); i++) {
		memcpy(self->data, self->saved, sizeof(self->data));
		apply(data + self->second, &record_changes[i]);
		fix_buffer(self->data, self->head.used);
		EXPECT_EQ(-EUCLEAN, check(self->data, &self->super, self->head.lsn)) {
			TH_LOG("case %zu", i);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(commit_changes); i++) {
		memcpy(self->data, self->saved, sizeof(self->data));
		apply(data + self->third, &commit_changes[i]);
		fix_buffer(self->data, self->head.used);
		EXPECT_EQ(-EUCLEAN, check(self->data, &self->super, self->head.lsn)) {
			TH_LOG("case %zu of the third", i);
		}
	}
	memcpy(self->data, self->saved, sizeof(self->data));
	EXPECT_EQ(0, check(self->data, &self->super, self->head.lsn));
}

static const struct {
	u32 data_length;	/* of the record */
	u32 info_length;	/* as it says */
	bool possible;
} votes[] = {
	{ 0, 0, false },
	{ sizeof(struct ktm_disk_prepare) - 1, 0, false },
	{ sizeof(struct ktm_disk_prepare), 0, true },
	{ sizeof(struct ktm_disk_prepare), 1, false },
	{ sizeof(struct ktm_disk_prepare), ~0U, false },
	{ sizeof(struct ktm_disk_prepare) + 1, 0, false },
	{ sizeof(struct ktm_disk_prepare) + 1, 1, true },
	{ sizeof(struct ktm_disk_prepare) - 1, ~0U, false },
	{ sizeof(struct ktm_disk_prepare) + 4096, 4096, true },
	{ sizeof(struct ktm_disk_prepare) + 4097, 4097, false },
};

TEST(prepare_has_the_recovery_information_it_says)
{
	static union {
		struct ktm_disk_prepare prepare;
		u8 bytes[sizeof(struct ktm_disk_prepare) + 4097];
	} data;
	struct ktm_format_record record = {
		.type = KTM_RECORD_PREPARE,
		.lsn = 8 << 20,
	};

	for (size_t i = 0; i < ARRAY_SIZE(votes); i++) {
		data.prepare.info_length = cpu_to_le32(votes[i].info_length);
		/* a copy that ends where the data ends, for the sanitizer */
		u8 *copy = malloc(votes[i].data_length + 1);

		memcpy(copy, &data, votes[i].data_length);
		record.data = copy;
		record.data_length = votes[i].data_length;
		EXPECT_EQ(votes[i].possible, ktm_format_record_is_possible(&record)) {
			TH_LOG("case %zu", i);
		}
		free(copy);
	}
}

/* The versions that are known. */
TEST(older_versions_are_read)
{
	struct ktm_format_super super, again;
	struct ktm_disk_super disk;

	good_super(&super);
	ktm_format_encode_super(&disk, &super);
	EXPECT_EQ(KTM_DISK_VERSION, le32_to_cpu(disk.version));
	for (u32 version = 1; version <= KTM_DISK_VERSION; version++) {
		disk.version = cpu_to_le32(version);
		fix_super(&disk);
		EXPECT_EQ(0, ktm_format_check_super(&disk, &again));
	}
}

TEST(promise_names_the_superior)
{
	static const struct ktm_disk_commit commit;
	struct ktm_format_record record = {
		.type = KTM_RECORD_PROMISE,
		.lsn = LSN,
		.prev_lsn = 8,
		.data = &commit,
		.data_length = sizeof(commit),
	};

	EXPECT_FALSE(ktm_format_record_is_possible(&record));
	record.stream[15] = 1;
	EXPECT_FALSE(ktm_format_record_is_possible(&record));
	record.enlistment[0] = 1;
	EXPECT_TRUE(ktm_format_record_is_possible(&record));
	record.data_length += 8;
	EXPECT_FALSE(ktm_format_record_is_possible(&record));
	record.data_length = sizeof(commit);
	memset(record.stream, 0, sizeof(record.stream));
	EXPECT_FALSE(ktm_format_record_is_possible(&record));
}

TEST_F(buffer, refuses_padding_that_is_not_zero)
{
	u8 *data = (u8 *)self->data;

	data[self->third - 1] = 1;
	fix_buffer(self->data, self->head.used);
	ASSERT_EQ(-EUCLEAN, check(self->data, &self->super, self->head.lsn));
}

TEST(filler_ends_at_the_end_of_the_ring)
{
	static u64 data[KTM_DISK_BLOCK / 8];
	struct ktm_format_super super;
	struct ktm_format_buffer again, head = {
		.epoch = 1,
		.used = sizeof(struct ktm_disk_buffer),
		.span = 3 * KTM_DISK_BLOCK,
	};
	void *disk = data;

	good_super(&super);
	head.lsn = (8 << 20) - head.span;
	ktm_format_seal_buffer(disk, super.uuid, &head);
	EXPECT_EQ(0, ktm_format_check_head(disk, &super, head.lsn, &again));
	EXPECT_EQ(0, ktm_format_check_crc(disk, &again));
	EXPECT_EQ(0, ktm_format_check_buffer(disk, &again));

	head.lsn -= KTM_DISK_BLOCK;
	ktm_format_seal_buffer(disk, super.uuid, &head);
	EXPECT_EQ(-EBADMSG, ktm_format_check_head(disk, &super, head.lsn, &again));
	head.lsn += 2 * KTM_DISK_BLOCK;
	ktm_format_seal_buffer(disk, super.uuid, &head);
	EXPECT_EQ(-EBADMSG, ktm_format_check_head(disk, &super, head.lsn, &again));
}

static int no_write(void *ctx, u64 offset, const void *data, size_t size)
{
	int *calls = ctx;

	return ++*calls == 2 ? -EIO : 0;
}

TEST(mkfs_refuses_what_cannot_be)
{
	struct ktm_mkfs_params params = {
		.device_size = KTM_DISK_RING + KTM_DISK_RING_MIN - 1,
		.uuid = "0123456789abcde",
	};
	int calls = 0;

	EXPECT_EQ(-ENOSPC, ktm_mkfs(no_write, &calls, &params));
	params.device_size = 0;
	EXPECT_EQ(-ENOSPC, ktm_mkfs(no_write, &calls, &params));
	params.device_size = 4 << 20;
	memset(params.name, 'x', sizeof(params.name));
	EXPECT_EQ(-EINVAL, ktm_mkfs(no_write, &calls, &params));
	memset(params.name, 0, sizeof(params.name));
	memset(params.uuid, 0, sizeof(params.uuid));
	EXPECT_EQ(-EINVAL, ktm_mkfs(no_write, &calls, &params));
	EXPECT_EQ(0, calls);
	params.uuid[0] = 1;
	EXPECT_EQ(-EIO, ktm_mkfs(no_write, &calls, &params));
}

TEST_HARNESS_MAIN
