// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - logs whose streams do not fit together: refused, and nothing else
 *
 * The buffers are good by their checksums, as if somebody had made them on purpose.
 */
#include "harness.h"
#include "format.h"
#include "log_stream.h"
#include "stream.h"

#define LENGTH	64
#define TAKES	(sizeof(struct ktm_disk_record) + sizeof(struct ktm_disk_stream_data) + LENGTH)
#define ENTRY_TAKES	(sizeof(struct ktm_disk_record) + sizeof(struct ktm_disk_stream))
#define NR	4

FIXTURE(forge)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct ktm_tm_info info;
	struct ktm_stream_read read;
	__u32 how;		/* flags of the attach */
	__u64 lsn[NR];		/* the base is the third */
	__u64 entry[2];		/* behind them: of the second as the base, and of the third */
	__u64 last;		/* behind those */
};

FIXTURE_SETUP(forge)
{
	int i, fd;

	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, tm_info(&self->tm, &self->info));
	fd = stream_make(self->tm.fd, "stream", 0600, 0, NULL);
	ASSERT_GE(fd, 0);
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, stream_append(fd, i, LENGTH, 0, &self->lsn[i]));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, stream_set_base(fd, self->lsn[1 + i], 0));
		self->entry[i] = self->lsn[NR - 1] + TAKES + i * ENTRY_TAKES;
	}
	ASSERT_EQ(0, stream_append(fd, NR, LENGTH, 0, &self->last));
	ASSERT_EQ(self->entry[1] + ENTRY_TAKES, self->last);
	close(fd);
	ASSERT_EQ(0, tm_detach(&self->tm));
	close(self->tm.fd);
	self->tm.durable = false;
}

FIXTURE_TEARDOWN(forge)
{
	log_release();
}

static int try_attach(struct _test_data_forge *self)
{
	struct tm_handle tm;
	int ret = tm_attach_flags(self->path, self->uuid, &tm, NULL, self->how);

	if (!ret) {
		ret = tm_detach(&tm);
		close(tm.fd);
	}
	return ret;
}

/* With these bytes in a record the log is refused; with the old ones it is good again. */
static int refused(struct _test_data_forge *self, __u64 lsn, __u32 offset, const void *bytes,
		   __u32 length)
{
	size_t size = LOG_SMALL;
	void *image = log_save(self->path, size);
	int ret;

	if (!image)
		return -EIO;
	ret = log_forge(self->path, &self->info, lsn, offset, bytes, length);
	if (!ret)
		ret = try_attach(self);
	if (log_restore(self->path, image, size))
		ret = -EIO;
	free(image);
	return ret;
}

#define ENTRY_AT(field)	\
	(sizeof(struct ktm_disk_record) + offsetof(struct ktm_disk_stream, field))

static int refused_lsn(struct _test_data_forge *self, __u64 record, __u32 offset, __u64 lsn)
{
	lsn = cpu_to_le64(lsn);
	return refused(self, record, offset, &lsn, sizeof(lsn));
}

/* What is as it was is accepted: so it is not the checksum that refuses the others. */
TEST_F(forge, nothing_changed)
{
	EXPECT_EQ(0, refused_lsn(self, self->entry[0], ENTRY_AT(base_lsn), self->lsn[1]));
	EXPECT_EQ(0, refused_lsn(self, self->entry[0], ENTRY_AT(base_lsn), self->lsn[2]));
	EXPECT_EQ(0, refused_lsn(self, self->entry[1], ENTRY_AT(base_lsn), self->lsn[1]));
	EXPECT_EQ(0, refused_lsn(self, self->entry[1], ENTRY_AT(base_lsn), self->lsn[3]));
	EXPECT_EQ(0, refused_lsn(self, self->lsn[1], 88, self->lsn[0]));
	EXPECT_EQ(-EBADMSG, refused_lsn(self, self->entry[0] + 8, 0, 0));
}

TEST_F(forge, order_of_records)
{
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, self->lsn[1], 88, 0));
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, self->lsn[2], 88, self->lsn[0]));
	/* the first one that is there is below the base, and nobody asks what was before it */
	EXPECT_EQ(0, refused_lsn(self, self->lsn[0], 88, 8));
	/* of its own future */
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, self->lsn[2], 88, self->lsn[3]));
}

TEST_F(forge, entry)
{
	/* no record, one below the base so far, and one that is lost */
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, self->entry[1], ENTRY_AT(base_lsn),
					self->lsn[2] + 8));
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, self->entry[1], ENTRY_AT(base_lsn),
					self->lsn[0]));
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, self->entry[1], ENTRY_AT(base_lsn), 8));
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, self->entry[1], ENTRY_AT(last_lsn),
					self->lsn[2]));
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, self->entry[1], ENTRY_AT(last_lsn),
					self->lsn[3] + 8));
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, self->entry[1], ENTRY_AT(flags), 1));
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, self->entry[1], ENTRY_AT(limit), ~0ULL));
}

/* A base that was let go, though what was there is still on the disk. */
TEST_F(forge, base_below_the_tail)
{
	__u64 old, base, entry;
	struct tm_handle tm;
	int fd;

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &tm, NULL));
	fd = stream_open(tm.fd, "stream", NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, stream_append(fd, 1, LENGTH, KTM_STREAM_APPEND_F_FLUSH, &old));
	ASSERT_EQ(0, stream_append(fd, 2, LENGTH, 0, &base));
	ASSERT_EQ(0, stream_set_base(fd, base, 0));
	entry = base + TAKES;
	close(fd);
	ASSERT_EQ(0, tm_detach(&tm));
	close(tm.fd);
	EXPECT_EQ(0, refused_lsn(self, entry, ENTRY_AT(base_lsn), base));
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, entry, ENTRY_AT(base_lsn), old));
	/* that it is not there is seen in the replay, before the base is read */
	self->how = KTM_TM_ATTACH_F_NO_RECOVER;
	EXPECT_EQ(0, refused_lsn(self, entry, ENTRY_AT(base_lsn), base));
	EXPECT_EQ(-EUCLEAN, refused_lsn(self, entry, ENTRY_AT(base_lsn), old));
}

/* A record of a stream that there is not: its entry is lost. */
TEST_F(forge, unknown_stream)
{
	static const __u8 other[KTM_UUID_SIZE] = "another stream";

	EXPECT_EQ(-EUCLEAN, refused(self, self->lsn[3],
				    offsetof(struct ktm_disk_record, stream), other,
				    sizeof(other)));
	/* no entry misses this one */
	EXPECT_EQ(-EUCLEAN, refused(self, self->last,
				    offsetof(struct ktm_disk_record, stream), other,
				    sizeof(other)));
	/* and one of a kind that nobody knows */
	EXPECT_EQ(-EUCLEAN, refused(self, self->lsn[3], offsetof(struct ktm_disk_record, type),
				    "\x0a", 2));
}

/* A restart area that is none: found when it is read. */
TEST_F(forge, restart_area)
{
	struct tm_handle tm;
	__u64 lsn = cpu_to_le64(self->lsn[2]);
	int fd;

	ASSERT_EQ(0, log_forge(self->path, &self->info, self->entry[1], ENTRY_AT(restart_lsn), &lsn,
			       sizeof(lsn)));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &tm, NULL));
	fd = stream_open(tm.fd, "stream", NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EUCLEAN, stream_read(fd, KTM_STREAM_READ_RESTART, 0, &self->read));
	EXPECT_EQ(NR, stream_read(fd, KTM_STREAM_READ_BEFORE, 0, &self->read));
	close(fd);
	EXPECT_EQ(0, tm_detach(&tm));
}

TEST_HARNESS_MAIN
