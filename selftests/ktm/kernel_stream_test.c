// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - log streams for clients in the kernel, by way of ktm_test_stream.ko
 *
 * A stream is mostly open twice: client in the kernel, fd in user space.
 */
#include <pthread.h>

#include "harness.h"
#include "kernel_stream.h"
#include "ktm_user.h"

#define RECORD	3000

FIXTURE(kstream)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct ktm_stream_read read;
	int client;
	int fd;
};

FIXTURE_SETUP(kstream)
{
	self->path = log_device("KTM_LOG_DEV");
	self->client = kstream_client();
	if (!self->path || self->client < 0)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV, or ktm_test_stream.ko is not loaded");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, kstream_make(self->client, self->tm.fd, "first", 0, TEST_STREAM_COUNT));
	self->fd = stream_open(self->tm.fd, "first", NULL);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(kstream)
{
	if (!self->tm.durable)
		return;
	EXPECT_EQ(0, kstream_seen(self->client).error);
	EXPECT_EQ(0, kstream_seen(self->client).after_gone);
	close(self->client);
	close(self->fd);
	log_release();
}

static int start_again(struct _test_data_kstream *self)
{
	int ret;

	close(self->fd);
	ret = kstream_close(self->client) ?: tm_detach(&self->tm);
	close(self->tm.fd);
	ret = ret ?: tm_attach(self->path, self->uuid, &self->tm, NULL) ?:
	      kstream_open(self->client, self->tm.fd, "first", NULL, TEST_STREAM_COUNT);
	if (ret)
		return ret;
	self->fd = stream_open(self->tm.fd, "first", NULL);
	return self->fd < 0 ? self->fd : 0;
}

/* Both find the same record, or fail alike. Returns its number. */
static int read_both(struct _test_data_kstream *self, __u32 mode, __u64 lsn)
{
	struct ktm_stream_read other;
	int ret = stream_read(self->client, mode, lsn, &self->read);

	if (stream_read(self->fd, mode, lsn, &other) != ret)
		return -EXDEV;
	/* but for the pointer, which is the same */
	return ret >= 0 && memcmp(&other, &self->read, sizeof(other)) ? -EXDEV : ret;
}

#define READ(mode, lsn)	read_both(self, KTM_STREAM_READ_##mode, lsn)

static bool same_info(struct _test_data_kstream *self)
{
	struct ktm_stream_info one, other;

	return !stream_info(self->client, &one) && !stream_info(self->fd, &other) &&
	       !memcmp(&one, &other, sizeof(one));
}

TEST_F(kstream, is_the_same_as_by_an_fd)
{
	__u64 lsn[12], at;
	int i;

	EXPECT_TRUE(same_info(self));
	EXPECT_EQ(-ENODATA, READ(NEXT, 0));
	EXPECT_EQ(-ENODATA, READ(BEFORE, 0));
	EXPECT_EQ(-ENODATA, READ(RESTART, 0));
	for (i = 0; i < 12; i++) {
		int fd = i % 3 ? self->client : self->fd;

		ASSERT_EQ(0, i % 4 == 3 ? stream_restart(fd, i, i * 99, 0, 0, &lsn[i]) :
					  stream_chain(fd, i, i < 2 ? 0 : lsn[i - 2],
						       i < 4 ? 0 : lsn[i - 4], &lsn[i]));
		ASSERT_EQ(0, stream_flush(self->client, i % 2 ? lsn[i] : 0));
	}
	EXPECT_TRUE(same_info(self));
	for (i = 0; i < 12; i++) {
		ASSERT_EQ(i, READ(AT, lsn[i]));
		EXPECT_EQ(i % 4 == 3 ? KTM_STREAM_RECORD_RESTART : KTM_STREAM_RECORD_DATA,
			  self->read.kind);
		EXPECT_EQ(i ? lsn[i - 1] : 0, self->read.before);
		EXPECT_EQ(i < 11 ? i + 1 : -ENODATA, READ(NEXT, lsn[i]));
		EXPECT_EQ(i ? i - 1 : -ENODATA, READ(BEFORE, lsn[i]));
		if (i % 4 == 3) {
			EXPECT_EQ(i > 3 ? i - 4 : -ENODATA, READ(RESTART, lsn[i]));
			continue;
		}
		EXPECT_EQ(i < 2 ? -ENODATA : i - 2, READ(PREVIOUS, lsn[i]));
		EXPECT_EQ(i < 4 ? -ENODATA : i - 4, READ(UNDO_NEXT, lsn[i]));
		EXPECT_EQ(-EINVAL, READ(RESTART, lsn[i]));
	}
	/* from end to end, both ways */
	for (i = 0, at = 0; READ(NEXT, at) >= 0; i++)
		at = self->read.lsn;
	EXPECT_EQ(12, i);
	EXPECT_EQ(lsn[11], at);
	for (i = 0, at = 0; READ(BEFORE, at) >= 0; i++)
		at = self->read.lsn;
	EXPECT_EQ(12, i);
	EXPECT_EQ(lsn[0], at);

	ASSERT_EQ(0, stream_set_base(self->client, lsn[2], KTM_STREAM_BASE_F_FLUSH));
	EXPECT_EQ(-ESTALE, READ(AT, lsn[1]));
	ASSERT_EQ(0, stream_restart(self->client, 12, 64, 0, lsn[5], &at));
	EXPECT_EQ(5, READ(NEXT, 0));
	EXPECT_EQ(7, READ(RESTART, lsn[11]));
	EXPECT_EQ(-ENODATA, READ(RESTART, lsn[7]));
	EXPECT_EQ(4, stream_reserve(self->client, 4));
	EXPECT_EQ(3, stream_reserve(self->fd, -1));
	EXPECT_EQ(-EINVAL, stream_reserve(self->client, -4));
	EXPECT_TRUE(same_info(self));

	ASSERT_EQ(0, start_again(self));
	EXPECT_EQ(5, READ(NEXT, 0));
	EXPECT_EQ(12, READ(RESTART, 0));
	EXPECT_TRUE(same_info(self));
	ASSERT_EQ(0, stream_restart(self->client, 13, 64, KTM_STREAM_RESTART_F_BASE, 0, &at));
	EXPECT_EQ(13, READ(NEXT, 0));
	EXPECT_EQ(at, self->read.lsn);
	ASSERT_EQ(0, stream_set_base(self->client, 0, 0));
	EXPECT_EQ(-ENODATA, READ(NEXT, 0));
	EXPECT_EQ(0, kstream_seen(self->client).advance);
	EXPECT_EQ(0, kstream_seen(self->client).gone);
}

TEST_F(kstream, bad_arguments)
{
	struct ktm_stream_append append = { .size = sizeof(append) };
	struct ktm_stream_part parts[2] = { 0 };
	__u8 uuid[KTM_UUID_SIZE], none[KTM_UUID_SIZE] = { 0 };
	struct ktm_stream_info info;
	struct test_stream_open arg = {
		.tm_fd = self->tm.fd,
		.flags = TEST_STREAM_OPEN_F_CREATE,
	};
	struct tm_handle tm;
	char name[100];
	__u64 lsn;
	int other = kstream_client();

	random_uuid(uuid);
	memset(name, 'x', sizeof(name));
	name[KTM_NAME_MAX] = '\0';
	EXPECT_EQ(-ENXIO, stream_append(other, 1, 64, 0, NULL));
	EXPECT_EQ(-EBUSY, kstream_make(self->client, self->tm.fd, "x", 0, 0));
	EXPECT_EQ(-EBADF, kstream_make(other, -1, "x", 0, 0));
	EXPECT_EQ(-EINVAL, kstream_make(other, self->tm.fd, "", 0, 0));
	EXPECT_EQ(-EINVAL, kstream_make(other, self->tm.fd, name, 0, 0));
	EXPECT_EQ(-EINVAL, kstream_make(other, self->tm.fd, "x", LOG_SMALL, 0));
	EXPECT_EQ(-EEXIST, kstream_make(other, self->tm.fd, "first", 0, 0));
	strcpy(arg.name, "x");
	arg.mode = 01600;
	EXPECT_EQ(-EINVAL, ktm_call(other, TEST_STREAM_IOC_OPEN, &arg));
	EXPECT_EQ(-ENOENT, kstream_open(other, self->tm.fd, "x", NULL, 0));
	EXPECT_EQ(-ENOENT, kstream_open(other, self->tm.fd, NULL, uuid, 0));
	EXPECT_EQ(-EINVAL, kstream_open(other, self->tm.fd, name, NULL, 0));
	EXPECT_EQ(-EINVAL, kstream_open(other, self->tm.fd, "x", uuid, 0));
	EXPECT_EQ(-EINVAL, kstream_open(other, self->tm.fd, "", NULL, 0));
	EXPECT_EQ(-EINVAL, kstream_open(other, self->tm.fd, NULL, none, 0));
	EXPECT_EQ(-EINVAL, kstream_open(other, self->tm.fd, NULL, NULL, 0));
	ASSERT_EQ(0, tm_make(&tm, 0600));
	EXPECT_EQ(-EINVAL, kstream_make(other, tm.fd, "x", 0, 0));
	EXPECT_EQ(-ENOENT, kstream_open(other, tm.fd, "x", NULL, 0));
	EXPECT_EQ(-ENXIO, kstream_close(other));
	close(other);

	ASSERT_EQ(0, stream_append(self->client, 1, 64, 0, &lsn));
	EXPECT_EQ(-EINVAL, stream_append(self->client, 1, 64, 4, NULL));
	EXPECT_EQ(-EINVAL, stream_append(self->client, 1, 64, KTM_STREAM_APPEND_F_RESERVED, NULL));
	EXPECT_EQ(-EMSGSIZE, stream_append(self->client, 1, KTM_STREAM_RESERVED_MAX + 1,
					   KTM_STREAM_APPEND_F_RESERVED, NULL));
	EXPECT_EQ(-EMSGSIZE, stream_append(self->client, 1, KTM_STREAM_RECORD_MAX + 1, 0, NULL));
	EXPECT_EQ(-EMSGSIZE, stream_restart(self->client, 1, KTM_STREAM_RECORD_MAX + 1, 0, 0,
					    NULL));
	parts[0].data = (uintptr_t)name;
	parts[0].length = sizeof(name);
	append.parts = (uintptr_t)parts;
	append.nr_parts = 2;
	append.reserve = ~0U;
	EXPECT_EQ(-ENOSPC, ktm_call(self->client, KTM_IOC_STREAM_APPEND, &append));
	EXPECT_EQ(-EINVAL, stream_chain(self->client, 1, lsn + 8, 0, NULL));
	EXPECT_EQ(-EINVAL, stream_chain(self->client, 1, 0, lsn - 4, NULL));
	EXPECT_EQ(-EINVAL, stream_restart(self->client, 1, 64, 4, 0, NULL));
	EXPECT_EQ(-EINVAL, stream_restart(self->client, 1, 64, KTM_STREAM_RESTART_F_BASE, lsn,
					  NULL));
	EXPECT_EQ(-EINVAL, stream_set_base(self->client, lsn, 4));
	EXPECT_EQ(-EINVAL, stream_set_base(self->client, lsn + 8, 0));
	EXPECT_EQ(-EINVAL, stream_flush(self->client, lsn + 8));
	EXPECT_EQ(-EINVAL, stream_read(self->client, 0, lsn, &self->read));
	EXPECT_EQ(-EINVAL, stream_read(self->client, KTM_STREAM_READ_AT, lsn + 8, &self->read));
	EXPECT_EQ(-ENOSPC, stream_reserve(self->client, 0x7fffffff));
	ASSERT_EQ(0, stream_info(self->client, &info));
	EXPECT_EQ(1, info.records);
	EXPECT_EQ(0, info.reserved);
	EXPECT_EQ(lsn, info.last_lsn);
	EXPECT_EQ(0640, info.mode);
}

/* Who happens to be there when the kernel makes it does not pay for it. */
static int use_up(void *arg)
{
	struct _test_data_kstream *self = arg;
	struct tx_handle tx;

	MUST(tx_begin(&self->tm, &tx, 0) == -EDQUOT);
	MUST(kstream_make(self->client, self->tm.fd, "second", 0, 0) == 0);
	return 0;
}

TEST_F(kstream, is_not_refused_for_a_quota)
{
	unsigned int old = param_get(MAX_OBJECTS);
	int param = param_open(MAX_OBJECTS), ret;

	ASSERT_EQ(0, kstream_close(self->client));
	param_set(param, 0);
	ret = as_user(ALICE, use_up, self);
	param_set(param, old);
	close(param);
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, kstream_close(self->client));
	EXPECT_EQ(0, kstream_open(self->client, self->tm.fd, "second", NULL, 0));
}

static int module_users(void)
{
	FILE *f = fopen("/sys/module/ktm_test_stream/refcnt", "r");
	int users = -1;

	if (!f || fscanf(f, "%d", &users) != 1)
		users = -1;
	if (f)
		fclose(f);
	return users;
}

/* The stream pins the client's module, beside its file. */
TEST_F(kstream, pins_its_module)
{
	int users = module_users();

	ASSERT_EQ(2, users);
	ASSERT_EQ(0, kstream_close(self->client));
	EXPECT_EQ(1, module_users());
	EXPECT_EQ(-ENOENT, kstream_open(self->client, self->tm.fd, "none", NULL, 0));
	EXPECT_EQ(-EEXIST, kstream_make(self->client, self->tm.fd, "first", 0, 0));
	EXPECT_EQ(1, module_users());
	ASSERT_EQ(0, kstream_open(self->client, self->tm.fd, "first", NULL, 0));
	EXPECT_EQ(2, module_users());
	/* a detached TM does not change that */
	ASSERT_EQ(0, tm_detach(&self->tm));
	EXPECT_EQ(2, module_users());
	ASSERT_EQ(0, kstream_close(self->client));
	EXPECT_EQ(1, module_users());
}

/* Each call on a stream that is of no use any more. */
static int all_fail_with(int fd, int error)
{
	struct ktm_stream_read read;
	struct ktm_stream_info info;

	return stream_append(fd, 1, 64, 0, NULL) == error &&
	       stream_append(fd, 1, 64, KTM_STREAM_APPEND_F_RESERVED, NULL) == error &&
	       stream_restart(fd, 1, 64, 0, 0, NULL) == error &&
	       stream_reserve(fd, 1) == error && stream_flush(fd, 0) == error &&
	       stream_set_base(fd, 0, 0) == error && stream_info(fd, &info) == error &&
	       stream_read(fd, KTM_STREAM_READ_NEXT, 0, &read) == error &&
	       stream_delete(fd) == error;
}

TEST_F(kstream, hears_that_it_is_deleted)
{
	__u8 uuid[KTM_UUID_SIZE];
	struct ktm_stream_info info;
	int other = kstream_client();

	ASSERT_EQ(0, stream_info(self->client, &info));
	memcpy(uuid, info.uuid, sizeof(uuid));
	ASSERT_EQ(0, kstream_open(other, self->tm.fd, NULL, uuid, TEST_STREAM_COUNT));
	ASSERT_EQ(0, stream_delete(self->client));
	EXPECT_TRUE(kstream_wait(self->client, 0, 1));
	EXPECT_TRUE(kstream_wait(other, 0, 1));
	EXPECT_TRUE(all_fail_with(self->client, -EIDRM));
	EXPECT_TRUE(all_fail_with(other, -EIDRM));
	/* that its TM goes as well is no news */
	ASSERT_EQ(0, tm_detach(&self->tm));
	EXPECT_EQ(0, kstream_close(self->client));
	EXPECT_EQ(0, kstream_close(other));
	EXPECT_EQ(1, kstream_seen(self->client).gone);
	EXPECT_EQ(1, kstream_seen(other).gone);
	EXPECT_EQ(0, kstream_seen(other).after_gone);
	close(other);
}

TEST_F(kstream, hears_that_its_tm_is_detached)
{
	int other = kstream_client();

	ASSERT_EQ(0, stream_append(self->client, 1, 64, 0, NULL));
	ASSERT_EQ(0, tm_detach(&self->tm));
	EXPECT_TRUE(kstream_wait(self->client, 0, 1));
	EXPECT_TRUE(all_fail_with(self->client, -ESHUTDOWN));
	EXPECT_EQ(-ESHUTDOWN, kstream_open(other, self->tm.fd, "first", NULL, 0));
	EXPECT_EQ(-ESHUTDOWN, kstream_make(other, self->tm.fd, "x", 0, 0));
	close(self->tm.fd);

	/* attached again it is another one; the old one stays what it is */
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, kstream_open(other, self->tm.fd, "first", NULL, TEST_STREAM_COUNT));
	EXPECT_EQ(1, stream_read(other, KTM_STREAM_READ_BEFORE, 0, &self->read));
	EXPECT_TRUE(all_fail_with(self->client, -ESHUTDOWN));
	EXPECT_EQ(1, kstream_seen(self->client).gone);
	EXPECT_EQ(0, kstream_seen(other).gone);
	close(other);
}

/* A client that is being told is waited for. */
TEST_F(kstream, close_waits_for_a_callback)
{
	struct ktm_stream_info info;
	__u32 i;

	ASSERT_EQ(0, stream_info(self->client, &info));
	ASSERT_EQ(0, kstream_close(self->client));
	ASSERT_EQ(0, kstream_open(self->client, self->tm.fd, NULL, info.uuid,
				  TEST_STREAM_LINGER));
	ASSERT_EQ(0, stream_delete(self->fd));
	ASSERT_TRUE(kstream_wait(self->client, 0, 1));
	EXPECT_EQ(0, kstream_close(self->client));

	/* asked for room, and gone while it thinks about it: told of that before it is closed */
	close(self->client);
	self->client = kstream_client();
	ASSERT_EQ(0, kstream_make(self->client, self->tm.fd, "first", 65536,
				  TEST_STREAM_LINGER));
	for (i = 0; !stream_append(self->client, i, RECORD, 0, NULL); i++)
		;
	for (i = 0; i < PATIENCE && !kstream_seen(self->client).running; i++)
		usleep(1000);
	ASSERT_EQ(0, stream_delete(self->client));
	EXPECT_EQ(0, kstream_close(self->client));
	EXPECT_EQ(1, kstream_seen(self->client).advance);
	EXPECT_EQ(1, kstream_seen(self->client).gone);
}

static void *append_on(void *arg)
{
	struct _test_data_kstream *self = arg;
	intptr_t ret;
	__u32 i;

	for (i = 0;; i++) {
		ret = stream_append(self->client, i, 64,
				    i % 16 ? 0 : KTM_STREAM_APPEND_F_FLUSH, NULL);
		if (ret == -ENOSPC)
			ret = stream_set_base(self->client, 0, 0);
		if (ret)
			return (void *)ret;
	}
}

#define NR_THREADS	3

/* The log goes away under its writers. */
TEST_F(kstream, detached_in_use)
{
	pthread_t threads[NR_THREADS];
	struct ktm_stream_info info;
	void *result;
	int round, i;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < NR_THREADS; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, append_on, self));
		do {
			ASSERT_EQ(0, stream_info(self->fd, &info));
		} while (info.records < 200);
		ASSERT_EQ(0, tm_detach(&self->tm));
		for (i = 0; i < NR_THREADS; i++) {
			pthread_join(threads[i], &result);
			EXPECT_EQ(-ESHUTDOWN, (intptr_t)result);
		}
		EXPECT_TRUE(kstream_wait(self->client, 0, 1));
		close(self->client);
		close(self->tm.fd);
		close(self->fd);
		ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
		self->client = kstream_client();
		ASSERT_EQ(0, kstream_open(self->client, self->tm.fd, "first", NULL, 0));
		self->fd = stream_open(self->tm.fd, "first", NULL);
	}
}

/* Who is asked for room and gives it can write on for ever. */
TEST_F_TIMEOUT(kstream, gives_room, 600)
{
	struct ktm_tm_info info;
	struct test_stream_seen seen;
	__u64 lsn = 0, end;
	int ret, refused = 0;
	__u32 i = 0;

	ASSERT_EQ(0, kstream_close(self->client));
	ASSERT_EQ(0, kstream_open(self->client, self->tm.fd, "first", NULL, TEST_STREAM_TRIM));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	end = info.log_head + 4 * info.log_size;
	while (lsn < end) {
		seen = kstream_seen(self->client);
		ret = stream_append(self->client, i++, RECORD, 0, &lsn);
		if (ret == -ENOSPC) {
			refused++;
			ASSERT_TRUE(kstream_wait(self->client, seen.advance + 1, 0)) {
				TH_LOG("refused at %u", i);
			}
			lsn = 0;
			continue;
		}
		ASSERT_EQ(0, ret);
	}
	seen = kstream_seen(self->client);
	EXPECT_GT(seen.advance, 10);
	EXPECT_EQ(0, seen.error);
	TH_LOG("asked %u times, refused %d times", seen.advance, refused);
}

/* Who opens the stream hears what was asked for when nobody had it open. */
TEST_F(kstream, asked_before_it_is_open)
{
	__u32 i;

	ASSERT_EQ(0, kstream_close(self->client));
	for (i = 0; !stream_append(self->fd, i, RECORD, 0, NULL); i++)
		;
	EXPECT_EQ(POLLPRI, stream_poll(self->fd));
	EXPECT_EQ(0, kstream_seen(self->client).advance);
	ASSERT_EQ(0, kstream_open(self->client, self->tm.fd, "first", NULL, TEST_STREAM_TRIM));
	EXPECT_TRUE(kstream_wait(self->client, 1, 0));
	EXPECT_EQ(0, stream_poll(self->fd));
	EXPECT_EQ(0, stream_append(self->client, i, RECORD, 0, NULL));
}

/* It sleeps on an old base, and others need room: asked, it lets go. */
TEST_F_TIMEOUT(kstream, gives_room_to_others, 600)
{
	struct test_stream_seen seen;
	struct ktm_tm_info info;
	__u64 lsn = 0, end, last;
	int other, ret, refused = 0;
	__u32 i = 0;

	ASSERT_EQ(0, kstream_close(self->client));
	ASSERT_EQ(0, kstream_open(self->client, self->tm.fd, "first", NULL, TEST_STREAM_TRIM));
	ASSERT_EQ(0, stream_append(self->client, 1, 64, 0, NULL));
	ASSERT_EQ(0, stream_append(self->client, 2, 64, 0, &last));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	other = stream_make(self->tm.fd, "other", 0600, info.log_size, NULL);
	ASSERT_GE(other, 0);
	end = info.log_head + 2 * info.log_size;
	while (lsn < end) {
		ret = stream_append(other, i++, RECORD, 0, &lsn);
		if (!ret && i % 50 == 0)
			ret = stream_set_base(other, lsn, 0);
		if (ret == -ENOSPC && !refused++)
			ret = kstream_wait(self->client, 1, 0) ? 0 : -ETIME;
		ASSERT_EQ(0, ret);
	}
	seen = kstream_seen(self->client);
	EXPECT_EQ(1, seen.advance);
	EXPECT_GT(seen.wanted, last);
	EXPECT_EQ(-ENODATA, stream_read(self->client, KTM_STREAM_READ_NEXT, 0, &self->read));
	close(other);
}

/* What was reserved is there on a full ring, in the kernel too. */
TEST_F(kstream, reserved_on_a_full_ring)
{
	struct ktm_tm_info info;
	__u64 lsn, last = 0;
	int other;
	__u32 i;

	ASSERT_EQ(0, tm_info(&self->tm, &info));
	other = stream_make(self->tm.fd, "other", 0600, info.log_size, NULL);
	ASSERT_GE(other, 0);
	ASSERT_EQ(2, stream_reserve(self->client, 2));
	for (i = 0; !stream_append(other, i, RECORD, 0, &lsn); i++)
		;
	EXPECT_EQ(-ENOSPC, stream_append(self->client, 1, RECORD, 0, NULL));
	EXPECT_EQ(0, stream_append(self->client, 2, KTM_STREAM_RESERVED_MAX,
				   KTM_STREAM_APPEND_F_RESERVED, &last));
	EXPECT_EQ(0, stream_restart(self->client, 3, 64, KTM_STREAM_RESTART_F_RESERVED |
				    KTM_STREAM_RESTART_F_BASE, 0, NULL));
	EXPECT_EQ(-EINVAL, stream_append(self->client, 4, 64, KTM_STREAM_APPEND_F_RESERVED, NULL));
	EXPECT_EQ(3, READ(NEXT, 0));
	EXPECT_EQ(-ESTALE, READ(AT, last));
	close(other);
}

TEST(kstream_with_a_log_that_fails)
{
	const char *path = log_device("KTM_FAULT_DEV");
	int client = kstream_client();
	struct tm_handle tm;
	__u8 uuid[KTM_UUID_SIZE];
	__u64 lsn;

	if (!path || client < 0 || !device_fault("fault", "none"))
		SKIP(return, "no KTM_FAULT_DEV, no ktm_test_stream.ko, or nobody to make it fail");
	ASSERT_EQ(0, log_format(path, LOG_SMALL, uuid));
	ASSERT_EQ(0, tm_attach(path, uuid, &tm, NULL));
	ASSERT_EQ(0, kstream_make(client, tm.fd, "first", 0, TEST_STREAM_COUNT));
	ASSERT_EQ(0, stream_append(client, 1, 64, KTM_STREAM_APPEND_F_FLUSH, &lsn));
	ASSERT_TRUE(device_fault("fault", "write/once"));
	EXPECT_EQ(-EIO, stream_append(client, 2, 64, KTM_STREAM_APPEND_F_FLUSH, &lsn));
	EXPECT_TRUE(kstream_wait(client, 0, 1));
	EXPECT_TRUE(all_fail_with(client, -ESHUTDOWN));
	EXPECT_EQ(0, tm_detach(&tm));
	EXPECT_EQ(0, kstream_close(client));
	EXPECT_EQ(1, kstream_seen(client).gone);
	close(client);
	close(tm.fd);
	device_fault("fault", "none");
}

TEST_HARNESS_MAIN
