// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - log streams: each errno that is documented, and what was refused has
 * left nothing
 */
#include <sys/resource.h>

#include "harness.h"
#include "ktm_user.h"
#include "log_stream.h"

/* One of each call on a stream. */
static int call(int fd, int which, __u64 lsn)
{
	struct ktm_stream_read read;
	struct ktm_stream_info info;

	switch (which) {
	case 0:
		return stream_append(fd, 1, 64, KTM_STREAM_APPEND_F_FLUSH, NULL);
	case 1:
		return stream_restart(fd, 1, 64, 0, 0, NULL);
	case 2:
		return stream_set_base(fd, lsn, KTM_STREAM_BASE_F_FLUSH);
	case 3:
		return stream_append(fd, 1, 64, 0, NULL) ?: stream_flush(fd, 0);
	case 4:
		return stream_delete(fd);
	case 5:
		return stream_info(fd, &info);
	case 6:
		return stream_reserve(fd, 1);
	case 7:
		return stream_read(fd, KTM_STREAM_READ_NEXT, 0, &read);
	default:
		return 1;
	}
}

#define NR_WAIT		5	/* of them wait for the disk */
#define NR_CALLS	8

/* On a TM without a log there are none. */
TEST(volatile_tm)
{
	struct ktm_list list = { .size = sizeof(list), .count = 1 };
	struct tm_handle tm;
	__u8 uuid[KTM_UUID_SIZE];

	random_uuid(uuid);
	ASSERT_EQ(0, tm_make(&tm, 0600));
	EXPECT_EQ(-EINVAL, stream_make(tm.fd, "x", 0600, 0, NULL));
	EXPECT_EQ(-ENOENT, stream_open(tm.fd, "x", NULL));
	EXPECT_EQ(-ENOENT, stream_open(tm.fd, NULL, uuid));
	EXPECT_EQ(0, ktm_call(tm.fd, KTM_IOC_STREAM_LIST, &list));
	EXPECT_EQ(0, list.count);
}

FIXTURE(log)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	int fd;
};

FIXTURE_SETUP(log)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	self->fd = stream_make(self->tm.fd, "first", 0600, 0, NULL);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(log)
{
	if (!self->tm.durable)
		return;
	close(self->fd);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

TEST_F(log, bad_arguments)
{
	struct ktm_stream_create create = { .size = sizeof(create), .mode = 0600 };
	struct ktm_stream_open open = { .size = sizeof(open) };
	struct ktm_stream_info info = { .size = sizeof(info), .uuid = { 1 } };
	struct ktm_stream_set_base base = { .size = sizeof(base) };
	struct ktm_stream_restart restart = { .size = sizeof(restart), .length = 8 };
	__u64 lsn;

	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_STREAM_CREATE, &create));
	memset(create.name, 'x', sizeof(create.name));
	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_STREAM_CREATE, &create));
	strcpy(create.name, "second");
	create.mode = 0700;
	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_STREAM_CREATE, &create));
	create.mode = 0600;
	create.uid = ~0U;
	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_STREAM_CREATE, &create));
	create.uid = 0;
	create.gid = ~0U;
	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_STREAM_CREATE, &create));

	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_STREAM_OPEN, &open));
	memset(open.name, 'x', sizeof(open.name));
	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_STREAM_OPEN, &open));
	strcpy(open.name, "first");
	open.uuid[0] = 1;
	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_STREAM_OPEN, &open));

	EXPECT_EQ(-EINVAL, ktm_call(self->fd, KTM_IOC_STREAM_INFO, &info));
	EXPECT_EQ(-ENOENT, ktm_call(self->tm.fd, KTM_IOC_STREAM_INFO, &info));
	EXPECT_EQ(-EINVAL, ktm_call(self->fd, KTM_IOC_STREAM_SET_BASE, &base));
	ASSERT_EQ(0, stream_append(self->fd, 1, 64, 0, &lsn));
	base.lsn = lsn;
	base.flags = KTM_STREAM_BASE_F_ALL;
	EXPECT_EQ(-EINVAL, ktm_call(self->fd, KTM_IOC_STREAM_SET_BASE, &base));
	EXPECT_EQ(-EFAULT, ktm_call(self->fd, KTM_IOC_STREAM_RESTART, &restart));
}

/* Of the TM of root: what a user may do with streams of several modes. */
static int use_streams(void *arg)
{
	struct ktm_stream_create create = { .size = sizeof(create), .name = "mine" };
	const struct tm_handle *tm = arg;
	struct ktm_stream_read read;
	int fd;

	MUST(ktm_call(tm->fd, KTM_IOC_STREAM_CREATE, &create) == -EPERM);
	MUST(stream_open(tm->fd, "first", NULL) == -EACCES);
	fd = stream_open(tm->fd, "readable", NULL);
	MUST(fd >= 0);
	MUST(stream_read(fd, KTM_STREAM_READ_NEXT, 0, &read) == 7);
	MUST(stream_append(fd, 1, 64, 0, NULL) == -EPERM);
	MUST(stream_set_base(fd, 0, 0) == -EPERM);
	MUST(stream_delete(fd) == -EPERM);
	fd = stream_open(tm->fd, "writable", NULL);
	MUST(fd >= 0);
	MUST(stream_append(fd, 1, 64, 0, NULL) == 0);
	MUST(stream_read(fd, KTM_STREAM_READ_NEXT, 0, &read) == -EPERM);
	fd = stream_open(tm->fd, "alice's", NULL);
	MUST(fd >= 0);
	MUST(stream_append(fd, 1, 64, 0, NULL) == 0);
	MUST(stream_read(fd, KTM_STREAM_READ_NEXT, 0, &read) == 1);
	MUST(stream_set_base(fd, 0, 0) == 0);
	return 0;
}

TEST_F(log, users)
{
	struct ktm_stream_create create = {
		.size = sizeof(create),
		.name = "alice's",
		.uid = ALICE,
		.mode = 0600,
	};
	int fd;

	fd = stream_make(self->tm.fd, "readable", 0604, 0, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, stream_append(fd, 7, 64, 0, NULL));
	close(fd);
	fd = stream_make(self->tm.fd, "writable", 0602, 0, NULL);
	ASSERT_GE(fd, 0);
	close(fd);
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_STREAM_CREATE, &create));
	close(create.out_fd);
	EXPECT_EQ(0, as_user(ALICE, use_streams, &self->tm));
}

TEST_F(log, no_fd_left)
{
	struct rlimit before, limit;
	int next = dup(0);

	close(next);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	limit = before;
	limit.rlim_cur = next;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, stream_make(self->tm.fd, "second", 0600, 0, NULL));
	EXPECT_EQ(-EMFILE, stream_open(self->tm.fd, "first", NULL));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	EXPECT_EQ(-ENOENT, stream_open(self->tm.fd, "second", NULL));
}

static int open_without_quota(void *arg)
{
	const struct tm_handle *tm = arg;

	MUST(stream_open(tm->fd, "alice's", NULL) == -EDQUOT);
	return 0;
}

TEST_F(log, quota_used_up)
{
	struct ktm_stream_create create = {
		.size = sizeof(create),
		.name = "alice's",
		.uid = ALICE,
		.mode = 0600,
	};
	int param = param_open(MAX_OBJECTS);
	unsigned int before;

	ASSERT_GE(param, 0);
	before = param_get(MAX_OBJECTS);
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_STREAM_CREATE, &create));
	param_set(param, 0);
	EXPECT_EQ(0, as_user(ALICE, open_without_quota, &self->tm));
	param_set(param, before);
	close(create.out_fd);
	close(param);
}

TEST_F(log, detached)
{
	int i;

	ASSERT_EQ(0, stream_append(self->fd, 1, 64, 0, NULL));
	ASSERT_EQ(0, tm_detach(&self->tm));
	EXPECT_EQ(POLLHUP, stream_poll(self->fd));
	for (i = 0; i < NR_CALLS; i++)
		EXPECT_EQ(-ESHUTDOWN, call(self->fd, i, 8)) TH_LOG("call %d", i);
	EXPECT_EQ(-ESHUTDOWN, stream_make(self->tm.fd, "x", 0600, 0, NULL));
	EXPECT_EQ(-ESHUTDOWN, stream_open(self->tm.fd, "first", NULL));
	/* an fd of its life before does not keep it from being attached again */
	close(self->tm.fd);
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	EXPECT_EQ(-ESHUTDOWN, call(self->fd, 0, 0));
	close(self->fd);
	self->fd = stream_open(self->tm.fd, "first", NULL);
	EXPECT_GE(self->fd, 0);
}

/* Before it is recovered there is nothing to be used. */
TEST_F(log, recovering)
{
	__u32 recovered, discarded;

	ASSERT_EQ(0, stream_append(self->fd, 1, 64, 0, NULL));
	close(self->fd);
	ASSERT_EQ(0, tm_detach(&self->tm));
	close(self->tm.fd);
	ASSERT_EQ(0, tm_attach_flags(self->path, self->uuid, &self->tm, NULL,
				     KTM_TM_ATTACH_F_NO_RECOVER));
	EXPECT_EQ(-ESHUTDOWN, stream_open(self->tm.fd, "first", NULL));
	EXPECT_EQ(-ESHUTDOWN, stream_make(self->tm.fd, "second", 0600, 0, NULL));
	ASSERT_EQ(0, tm_recover(&self->tm, 0, &recovered, &discarded));
	self->fd = stream_open(self->tm.fd, "first", NULL);
	ASSERT_GE(self->fd, 0);
	EXPECT_EQ(1, call(self->fd, 7, 0));
}

FIXTURE(fault)
{
	const char *path;
};

FIXTURE_SETUP(fault)
{
	self->path = log_device("KTM_FAULT_DEV");
	if (!self->path || !device_fault("fault", "none"))
		SKIP(_exit(SKIPPED), "no KTM_FAULT_DEV, or nobody to make it fail");
}

FIXTURE_TEARDOWN(fault)
{
}

/* A write fails: whoever waits for it is told, and all others from then on. */
TEST_F_TIMEOUT(fault, write_error, 600)
{
	const char *path = self->path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	int i, k, fd;
	__u64 lsn;

	for (i = -1; i < NR_WAIT; i++) {
		ASSERT_EQ(0, log_format(path, LOG_SMALL, uuid));
		ASSERT_EQ(0, tm_attach(path, uuid, &tm, NULL));
		fd = stream_make(tm.fd, "first", 0600, 0, NULL);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, stream_append(fd, 1, 64, 0, NULL));
		ASSERT_EQ(0, stream_append(fd, 1, 64, KTM_STREAM_APPEND_F_FLUSH, &lsn));
		ASSERT_TRUE(device_fault("fault", "write/once"));
		k = i < 0 ? stream_make(tm.fd, "second", 0600, 0, NULL) : call(fd, i, lsn);
		EXPECT_EQ(-EIO, k) TH_LOG("call %d", i);
		for (k = 0; k < NR_CALLS; k++)
			EXPECT_EQ(-ESHUTDOWN, call(fd, k, lsn)) TH_LOG("call %d", k);
		EXPECT_EQ(-ESHUTDOWN, stream_make(tm.fd, "third", 0600, 0, NULL));
		EXPECT_EQ(POLLHUP, stream_poll(fd) & POLLHUP);
		close(fd);
		ASSERT_EQ(0, tm_detach(&tm));
		close(tm.fd);
		ASSERT_TRUE(device_fault("fault", "none"));
		/* and all that was durable is there */
		ASSERT_EQ(0, tm_attach(path, uuid, &tm, NULL));
		fd = stream_open(tm.fd, "first", NULL);
		ASSERT_GE(fd, 0);
		EXPECT_EQ(1, call(fd, 7, 0));
		close(fd);
		ASSERT_EQ(0, tm_detach(&tm));
		close(tm.fd);
	}
}

/* A record that is in none of the module's buffers any more cannot be read, or is damaged. */
TEST_F_TIMEOUT(fault, read_error, 600)
{
	const char *path = self->path;
	__u8 uuid[KTM_UUID_SIZE];
	struct ktm_stream_read read;
	struct ktm_tm_info info;
	struct tm_handle tm;
	__u64 first, lsn;
	int i, fd;

	ASSERT_EQ(0, log_format(path, 0, uuid));
	ASSERT_EQ(0, tm_attach(path, uuid, &tm, NULL));
	ASSERT_EQ(0, tm_info(&tm, &info));
	fd = stream_make(tm.fd, "first", 0600, 0, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, stream_append(fd, 1, 64, 0, NULL));
	ASSERT_EQ(0, stream_append(fd, 1, KTM_STREAM_RECORD_MAX, 0, &first));
	for (i = 2; i < 50; i++)
		ASSERT_EQ(0, stream_append(fd, i, KTM_STREAM_RECORD_MAX, 0, &lsn));
	ASSERT_EQ(0, stream_flush(fd, lsn));

	ASSERT_TRUE(device_fault("fault", "read/once"));
	EXPECT_EQ(-EIO, stream_read(fd, KTM_STREAM_READ_AT, first, &read));
	ASSERT_TRUE(device_fault("fault", "read/once"));
	EXPECT_EQ(-EIO, stream_chain(fd, 50, first, 0, NULL));
	ASSERT_TRUE(device_fault("fault", "read/once"));
	EXPECT_EQ(-EIO, stream_set_base(fd, first, 0));
	ASSERT_TRUE(device_fault("fault", "read/once"));
	EXPECT_EQ(-EIO, stream_restart(fd, 50, 64, 0, first, NULL));
	ASSERT_EQ(0, log_flip(path, &info, first, 12288));
	EXPECT_EQ(-EUCLEAN, stream_read(fd, KTM_STREAM_READ_AT, first, &read));
	EXPECT_EQ(-EUCLEAN, stream_chain(fd, 50, 0, first, NULL));
	EXPECT_EQ(-EUCLEAN, stream_set_base(fd, first, 0));
	EXPECT_EQ(-EUCLEAN, stream_restart(fd, 50, 64, 0, first, NULL));
	ASSERT_EQ(0, log_flip(path, &info, first, 12288));
	EXPECT_EQ(1, stream_read(fd, KTM_STREAM_READ_AT, first, &read));
	EXPECT_EQ(49, stream_read(fd, KTM_STREAM_READ_BEFORE, 0, &read));
	close(fd);
	ASSERT_EQ(0, tm_detach(&tm));
}

TEST_HARNESS_MAIN
