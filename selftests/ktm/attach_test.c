// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - attach and detach of logs, good ones and bad ones
 */
#include "harness.h"
#include "ktm_log.h"

FIXTURE(attach)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
};

FIXTURE_SETUP(attach)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
}

FIXTURE_TEARDOWN(attach)
{
	if (self->tm.durable)
		tm_detach(&self->tm);
}

TEST_F(attach, and_detach)
{
	struct ktm_tm_info info;
	struct tx_handle tx;
	struct rm_handle rm;
	__u32 recovered;

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	EXPECT_EQ(0, recovered);
	EXPECT_EQ(0, memcmp(self->uuid, self->tm.uuid, KTM_UUID_SIZE));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE);
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_STREQ("test log", info.name);
	EXPECT_NE(0, info.dev_major);
	EXPECT_LT(1 << 20, info.log_size);
	EXPECT_GT(LOG_SMALL, info.log_size);
	EXPECT_EQ(0, info.log_reserved);

	ASSERT_EQ(0, tm_detach(&self->tm));
	self->tm.durable = true;
	ASSERT_TM(&self->tm, .state = KTM_TM_S_DETACHED);
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(0, info.dev_major);
	EXPECT_EQ(0, info.log_size);
	EXPECT_EQ(-ESHUTDOWN, tm_detach(&self->tm));
	EXPECT_EQ(-ESHUTDOWN, tx_begin(&self->tm, &tx, 0));
	EXPECT_EQ(-ESHUTDOWN, rm_make(&self->tm, &rm, self->uuid, 0));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_DETACHED);
}

TEST_F(attach, any_uuid)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, tm_attach(self->path, NULL, &self->tm, NULL));
		EXPECT_EQ(0, memcmp(self->uuid, self->tm.uuid, KTM_UUID_SIZE));
		ASSERT_EQ(0, tm_detach(&self->tm));
		/* the fd of a TM that is detached does not stand in the way */
	}
}

/* Closing the fd does not detach. */
TEST_F(attach, stays_without_fd)
{
	struct ktm_open open = { .size = sizeof(open) };
	int dev = ktm_dev();

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, close(self->tm.fd));
	memcpy(open.uuid, self->uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, ktm_call(dev, KTM_IOC_TM_OPEN, &open));
	self->tm.fd = open.out_fd;
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE);
	ASSERT_EQ(0, tm_detach(&self->tm));
	ASSERT_EQ(0, close(self->tm.fd));
	open.out_fd = 0;
	EXPECT_EQ(-ENOENT, ktm_call(dev, KTM_IOC_TM_OPEN, &open));
	self->tm.durable = false;
}

TEST_F(attach, device_in_use)
{
	struct tm_handle again;
	int fd;

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	EXPECT_EQ(-EBUSY, tm_attach(self->path, self->uuid, &again, NULL));
	/* nor may others take it */
	fd = open(self->path, O_RDWR | O_EXCL);
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(EBUSY, errno);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE);
	ASSERT_EQ(0, tm_detach(&self->tm));

	fd = open(self->path, O_RDWR | O_EXCL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EBUSY, tm_attach(self->path, self->uuid, &again, NULL));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
}

TEST_F(attach, uuid_in_use)
{
	struct ktm_tm_create arg = { .size = sizeof(arg), .mode = 0600 };
	int dev = ktm_dev();

	memcpy(arg.uuid, self->uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, ktm_call(dev, KTM_IOC_TM_CREATE, &arg));
	EXPECT_EQ(-EEXIST, tm_attach(self->path, self->uuid, &self->tm, NULL));
	/* and the device was given back */
	ASSERT_EQ(0, close(arg.out_fd));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
}

/* Its RM comes back and carries out what was committed. */
static int carry_out(const struct tm_handle *tm, const __u8 *rm_uuid, struct en_handle *en)
{
	struct rm_handle rm;
	int ret;

	ret = rm_make(tm, &rm, rm_uuid, 0) ?: rm_recover(&rm) ?:
	      (*note_differs(&rm, KTM_NOTIFY_RECOVER, en) ? -EBADMSG : 0) ?:
	      en_reopen(&rm, en->info.uuid, en->info.key, en) ?:
	      (*note_differs(&rm, KTM_NOTIFY_LAST_RECOVER, NULL) ? -EBADMSG : 0) ?:
	      ask_outcome(en) ?:
	      (*note_differs(&rm, KTM_NOTIFY_COMMIT, en) ? -EBADMSG : 0) ?:
	      commit_complete(en);
	close(en->fd);
	close(rm.fd);
	return ret;
}

/* A copy of the log with an unfinished transaction, attached beside the original. */
TEST_F(attach, adopted_copy)
{
	__u8 rm_uuid[KTM_UUID_SIZE], uuid[KTM_UUID_SIZE];
	const char *path2 = log_device("KTM_LOG2_DEV");
	struct tm_handle copy;
	struct tx_handle tx;
	struct rm_handle rm;
	struct en_handle en;
	__u32 recovered;
	void *image;

	if (!path2)
		SKIP(return, "no KTM_LOG2_DEV");
	random_uuid(rm_uuid);
	random_uuid(uuid);
	ASSERT_EQ(0, tm_attach(self->path, NULL, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &rm, rm_uuid));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 1, 0));
	ASSERT_EQ(0, en_log(&en, "redo", 4, NULL));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	ASSERT_NOTE(&rm, KTM_NOTIFY_PREPARE, &en);
	ASSERT_EQ(0, prepare_complete(&en));
	ASSERT_NOTE(&rm, KTM_NOTIFY_COMMIT, &en);
	ASSERT_EQ(0, close(en.fd));
	ASSERT_EQ(0, close(rm.fd));
	ASSERT_EQ(0, close(tx.fd));
	image = log_save(self->path, LOG_SMALL);
	ASSERT_NE(NULL, image);

	ASSERT_EQ(0, log_restore(path2, image, LOG_SMALL));
	EXPECT_EQ(-EEXIST, tm_attach(path2, NULL, &copy, NULL));
	ASSERT_EQ(0, log_adopt(path2, uuid));
	EXPECT_EQ(-ESTALE, tm_attach(path2, self->uuid, &copy, NULL));
	ASSERT_EQ(0, tm_attach(path2, uuid, &copy, &recovered));
	EXPECT_EQ(1, recovered);
	EXPECT_EQ(0, memcmp(uuid, copy.uuid, KTM_UUID_SIZE));
	/* each its own: what one has carried out the other has still to do */
	EXPECT_EQ(0, carry_out(&copy, rm_uuid, &en));
	ASSERT_EQ(0, tm_detach(&copy));
	ASSERT_EQ(0, close(copy.fd));
	EXPECT_EQ(0, carry_out(&self->tm, rm_uuid, &en));
	/* it writes on with the same buffers */
	ASSERT_EQ(0, tm_attach(path2, uuid, &copy, &recovered));
	EXPECT_EQ(0, recovered);
	ASSERT_EQ(0, tm_detach(&copy));
	ASSERT_EQ(0, close(copy.fd));
	free(image);
}

TEST_F(attach, another_uuid)
{
	__u8 other[KTM_UUID_SIZE];

	random_uuid(other);
	EXPECT_EQ(-ESTALE, tm_attach(self->path, other, &self->tm, NULL));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
}

TEST_F(attach, no_log)
{
	ASSERT_EQ(0, log_harm(self->path, HARM_MAGIC));
	EXPECT_EQ(-ENODEV, tm_attach(self->path, NULL, &self->tm, NULL));
}

TEST_F(attach, damaged_superblocks)
{
	ASSERT_EQ(0, log_harm(self->path, HARM_CHECKSUM));
	EXPECT_EQ(-EUCLEAN, tm_attach(self->path, NULL, &self->tm, NULL));
}

TEST_F(attach, unknown_version)
{
	ASSERT_EQ(0, log_harm(self->path, HARM_VERSION));
	EXPECT_EQ(-EPROTONOSUPPORT, tm_attach(self->path, NULL, &self->tm, NULL));
}

TEST_F(attach, device_too_short)
{
	ASSERT_EQ(0, log_harm(self->path, HARM_SIZE));
	EXPECT_EQ(-ENOSPC, tm_attach(self->path, NULL, &self->tm, NULL));
}

TEST_F(attach, bad_fds)
{
	int fd;

	EXPECT_EQ(-EBADF, tm_attach_fd(-1, NULL, &self->tm, NULL, 0));
	EXPECT_EQ(-EBADF, tm_attach_fd(1000, NULL, &self->tm, NULL, 0));
	fd = open("/dev/null", O_RDWR);
	EXPECT_EQ(-ENOTBLK, tm_attach_fd(fd, NULL, &self->tm, NULL, 0));
	close(fd);
	fd = open("/tmp", O_RDONLY);
	EXPECT_EQ(-ENOTBLK, tm_attach_fd(fd, NULL, &self->tm, NULL, 0));
	close(fd);
	fd = open(self->path, O_RDONLY);
	EXPECT_EQ(-EROFS, tm_attach_fd(fd, NULL, &self->tm, NULL, 0));
	close(fd);
	fd = open(self->path, O_WRONLY);
	EXPECT_EQ(-EROFS, tm_attach_fd(fd, NULL, &self->tm, NULL, 0));
	close(fd);
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
}

/* Work that is going on holds it. */
TEST_F(attach, detach_when_busy)
{
	struct tx_handle tx;
	struct rm_handle rm;
	struct en_handle en;

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	EXPECT_EQ(-EBUSY, tm_detach(&self->tm));
	ASSERT_EQ(0, rm_start(&self->tm, &rm, NULL));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 1, 0));
	ASSERT_EQ(0, close(tx.fd));
	EXPECT_EQ(-EBUSY, tm_detach(&self->tm));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1);
	ASSERT_EQ(0, rollback_complete(&en));
	EXPECT_EQ(-EBUSY, tm_detach(&self->tm));
	ASSERT_EQ(0, close(rm.fd));
	EXPECT_EQ(0, tm_detach(&self->tm));
}

/* Commits, one after the other; their last steps are left out if not @finish. */
static int commit_records(struct __test_metadata *_metadata, struct rm_handle *rm,
			  struct tm_handle *tm, int nr, bool finish)
{
	const char *differs;
	static char data[30000];
	struct tx_handle tx;
	struct en_handle en;
	int ret = 0;

	while (nr-- && !ret) {
		memset(data, 'a' + nr % 26, sizeof(data));
		ret = tx_begin(tm, &tx, 0) ?: en_make(rm, &tx, &en, nr, 0) ?:
		      en_log(&en, data, sizeof(data), NULL);
		if (!ret && commit_nowait(&tx) != -EINPROGRESS)
			ret = -EBADMSG;
		differs = ret ? "" : note_differs(rm, KTM_NOTIFY_PREPARE, &en);
		ret = ret ?: prepare_complete(&en);
		if (!ret && !*differs)
			differs = note_differs(rm, KTM_NOTIFY_COMMIT, &en);
		if (*differs) {
			TH_LOG("%s", differs);
			ret = -EBADMSG;
		}
		if (!ret && finish)
			ret = commit_complete(&en) ?: commit_wait(&tx);
		close(en.fd);
		close(tx.fd);
	}
	return ret;
}

/* A place that was durable and is broken now: nothing is dropped in silence. */
TEST_F(attach, damaged_ring)
{
	struct ktm_tm_info info;
	struct rm_handle rm;
	struct tx_handle tx;
	__u32 recovered;

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &rm, NULL));
	ASSERT_EQ(0, commit_records(_metadata, &rm, &self->tm, 1, false));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	ASSERT_EQ(0, commit_records(_metadata, &rm, &self->tm, 8, true));
	ASSERT_EQ(0, close(rm.fd));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .unfinished = 1, .committed = 8);
	ASSERT_EQ(0, tm_detach(&self->tm));
	ASSERT_EQ(0, log_flip(self->path, &info, info.log_head, 12288));
	EXPECT_EQ(-EUCLEAN, tm_attach(self->path, self->uuid, &self->tm, NULL));
	EXPECT_EQ(-EUCLEAN, tm_attach(self->path, self->uuid, &self->tm, NULL));
	/* and nothing was written: with the byte back it is as it was */
	ASSERT_EQ(0, log_flip(self->path, &info, info.log_head, 12288));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	EXPECT_EQ(1, recovered);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .unfinished = 1);
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, rollback_wait(&tx));
}

TEST_HARNESS_MAIN
