// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - a log that was cut while a promise was copied forward
 *
 * The decision may come between the copies of an enlistment's redo and of its vote.
 * That takes a moment that no test can wait for, so the log is made by hand.
 */
#include "harness.h"
#include "format.h"
#include "ktm_log.h"

static const __u8 tx_uuid[KTM_UUID_SIZE] = "transaction";
static const __u8 en_uuid[KTM_UUID_SIZE] = "enlistment";

FIXTURE(copied)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE], rm_uuid[KTM_UUID_SIZE];
	struct ktm_format_super super;
	struct tm_handle tm;
	struct rm_handle rm;
	int fd;
};

static __u64 lsn_of(const struct _test_data_copied *self, int nth)
{
	return self->super.tail_lsn + (__u64)nth * KTM_DISK_BLOCK;
}

static __u64 first_record(__u64 lsn)
{
	return lsn + sizeof(struct ktm_disk_buffer);
}

/* A buffer with one record. */
static int put_buffer(struct _test_data_copied *self, int nth,
		      struct ktm_format_record *record)
{
	static __le64 words[KTM_DISK_BLOCK / 8];
	__u8 *block = (__u8 *)words;
	struct ktm_format_buffer head = {
		.lsn = lsn_of(self, nth),
		.epoch = self->super.epoch + 1,
		.durable_lsn = self->super.tail_lsn,
		.prev_lsn = nth ? lsn_of(self, nth - 1) : 0,
		.span = KTM_DISK_BLOCK,
		.used = sizeof(struct ktm_disk_buffer) +
			ktm_format_record_length(record->data_length),
		.nr_records = 1,
	};

	memset(words, 0, sizeof(words));
	record->lsn = first_record(head.lsn);
	memcpy(record->tx, tx_uuid, sizeof(record->tx));
	if (record->type != KTM_RECORD_COMMIT) {
		memcpy(record->stream, self->rm_uuid, sizeof(record->stream));
		memcpy(record->enlistment, en_uuid, sizeof(record->enlistment));
	}
	ktm_format_encode_record((void *)(block + sizeof(struct ktm_disk_buffer)), record);
	ktm_format_seal_buffer((void *)block, self->uuid, &head);
	return pwrite(self->fd, words, sizeof(words),
		      KTM_DISK_RING + head.lsn % self->super.ring_size) == sizeof(words) ?
		0 : -errno;
}

static int put_redo(struct _test_data_copied *self, int nth)
{
	struct ktm_format_record record = {
		.type = KTM_RECORD_REDO,
		.flags = KTM_DISK_RECORD_F_COPY,
		.data = "redo",
		.data_length = 4,
	};

	return put_buffer(self, nth, &record);
}

/* It names the first of the votes that were copied: below all that is there. */
static int put_decision(struct _test_data_copied *self, int nth)
{
	struct ktm_disk_commit commit = {
		.clock = cpu_to_le64(5),
		.nr_enlistments = cpu_to_le32(1),
	};
	struct ktm_format_record record = {
		.type = KTM_RECORD_COMMIT,
		.prev_lsn = self->super.tail_lsn - KTM_DISK_BLOCK,
		.data = &commit,
		.data_length = sizeof(commit),
	};

	return put_buffer(self, nth, &record);
}

static int put_vote(struct _test_data_copied *self, int nth)
{
	struct ktm_disk_prepare prepare = {
		.first_lsn = cpu_to_le64(first_record(lsn_of(self, 0))),
		.nr_records = cpu_to_le32(1),
	};
	struct ktm_format_record record = {
		.type = KTM_RECORD_PREPARE,
		.flags = KTM_DISK_RECORD_F_COPY,
		.prev_lsn = first_record(lsn_of(self, 0)),
		.data = &prepare,
		.data_length = sizeof(prepare),
	};

	return put_buffer(self, nth, &record);
}

FIXTURE_SETUP(copied)
{
	struct ktm_disk_super disk;

	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	random_uuid(self->rm_uuid);
	self->fd = open(self->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(sizeof(disk), pread(self->fd, &disk, sizeof(disk), KTM_DISK_SB_A));
	ASSERT_EQ(0, ktm_format_check_super(&disk, &self->super));
	ASSERT_EQ(0, put_redo(self, 0));
}

FIXTURE_TEARDOWN(copied)
{
	log_release();
}

/* The tail stands at the redo, so that it is still there in the next life. */
static void is_kept(struct __test_metadata *_metadata, struct _test_data_copied *self)
{
	struct ktm_tm_info info;
	struct en_handle en;
	__u32 recovered, length;
	char redo[4];
	int i;

	ASSERT_EQ(0, fsync(self->fd));
	close(self->fd);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
		ASSERT_EQ(1, recovered);
		ASSERT_EQ(0, tm_info(&self->tm, &info));
		EXPECT_EQ(lsn_of(self, 0), info.oldest_lsn);
		EXPECT_EQ(0, memcmp(tx_uuid, info.oldest_tx, sizeof(tx_uuid)));
		ASSERT_EQ(0, rm_make(&self->tm, &self->rm, self->rm_uuid, 0));
		ASSERT_EQ(0, rm_recover(&self->rm));
		ASSERT_EQ(0, en_reopen(&self->rm, en_uuid, 1, &en));
		length = sizeof(redo);
		ASSERT_EQ(0, en_read_log(&en, 0, redo, &length));
		EXPECT_EQ(0, memcmp(redo, "redo", 4));
		close(en.fd);
		close(self->rm.fd);
		ASSERT_EQ(0, tm_detach(&self->tm));
		close(self->tm.fd);
	}
}

TEST_F(copied, decided_behind_the_vote)
{
	ASSERT_EQ(0, put_vote(self, 1));
	ASSERT_EQ(0, put_decision(self, 2));
	is_kept(_metadata, self);
}

TEST_F(copied, decided_between_redo_and_vote)
{
	ASSERT_EQ(0, put_decision(self, 1));
	ASSERT_EQ(0, put_vote(self, 2));
	is_kept(_metadata, self);
}

TEST_HARNESS_MAIN
