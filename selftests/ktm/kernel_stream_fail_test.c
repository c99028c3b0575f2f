// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - every allocation of a client of log streams in the kernel fails once
 *
 * A call that has failed has changed nothing, so the same call without a fault works and
 * the scenario comes to its end: see fail_nth_test.c. Needs a kernel with fault injection.
 */
#include "harness.h"
#include "fail_nth.h"
#include "kernel_stream.h"

#define NTH_MAX	400

struct scenario {
	struct tm_handle tm;
	int client;
	unsigned int failed;	/* calls that have failed */
	bool lost;		/* an answer had no place: it may have been done */
};

/* A fault comes once: what has failed is called again, but what must not fail at all. */
static bool again(struct scenario *s, int error, int try)
{
	if (!error)
		return false;
	s->failed++;
	s->lost |= error == -EFAULT;
	return error != -EBADMSG && !try;
}

#define TRY(s, call)							\
	({								\
		int try_ = 0, ret_;					\
									\
		do {							\
			ret_ = (call);					\
		} while (again(s, ret_, try_++));			\
		ret_;							\
	})

/* How many are reserved is no error. */
static int reserve(int fd, int delta)
{
	int ret = stream_reserve(fd, delta);

	return ret < 0 ? ret : 0;
}

static int open_stream(struct scenario *s)
{
	int ret;

	ret = TRY(s, ({ s->client = kstream_client(); s->client < 0 ? -errno : 0; })) ?:
	      TRY(s, kstream_make(s->client, s->tm.fd, "stream", 0, TEST_STREAM_COUNT)) ?:
	      TRY(s, kstream_close(s->client));
	return ret ?: TRY(s, kstream_open(s->client, s->tm.fd, "stream", NULL,
					  TEST_STREAM_COUNT));
}

static int check(struct scenario *s, const __u64 *lsn)
{
	struct ktm_stream_info info;
	int ret = TRY(s, stream_info(s->client, &info)), more = info.records - 5;

	if (ret)
		return ret;
	if (info.base_lsn != lsn[1] || info.restart_lsn != lsn[2] || info.last_lsn != lsn[4])
		return -EBADMSG;
	if (!s->lost)
		return more || info.reserved != 1 ? -EBADMSG : 0;
	return more < 0 || more > 1 || info.reserved > 3 ? -EBADMSG : 0;
}

static int run(struct scenario *s)
{
	struct ktm_stream_read read;
	__u64 lsn[5] = { 0 };
	int fd, ret;

	ret = open_stream(s);
	fd = s->client;
	return ret ?:
	       TRY(s, stream_append(fd, 1, 64, KTM_STREAM_APPEND_F_FLUSH, &lsn[0])) ?:
	       TRY(s, stream_chain(fd, 2, lsn[0], lsn[0], &lsn[1])) ?:
	       TRY(s, reserve(fd, 2)) ?:
	       TRY(s, stream_restart(fd, 3, 64, 0, lsn[1], &lsn[2])) ?:
	       TRY(s, stream_append(fd, 4, 3000, 0, &lsn[3])) ?:
	       TRY(s, stream_append(fd, 5, 3000, KTM_STREAM_APPEND_F_RESERVED, &lsn[4])) ?:
	       TRY(s, stream_read(fd, KTM_STREAM_READ_AT, lsn[1], &read) - 2) ?:
	       TRY(s, stream_read(fd, KTM_STREAM_READ_RESTART, 0, &read) - 3) ?:
	       TRY(s, stream_set_base(fd, lsn[1], 0)) ?: TRY(s, stream_flush(fd, 0)) ?:
	       check(s, lsn) ?: TRY(s, stream_delete(fd)) ?: TRY(s, kstream_close(fd));
}

FIXTURE(kstream_fail)
{
	const char *path;
	struct scenario s;
	int nth;
};

FIXTURE_SETUP(kstream_fail)
{
	__u8 uuid[KTM_UUID_SIZE];

	self->path = log_device("KTM_LOG_DEV");
	if (access(KNOBS, F_OK) || !self->path || access("/dev/ktm_test_stream", F_OK))
		SKIP(_exit(SKIPPED), "no faults, no KTM_LOG_DEV, or no ktm_test_stream.ko");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, uuid));
	ASSERT_EQ(0, tm_attach(self->path, uuid, &self->s.tm, NULL));
	self->nth = open_fail_nth();
	ASSERT_GE(self->nth, 0);
}

FIXTURE_TEARDOWN(kstream_fail)
{
	if (self->s.tm.durable)
		EXPECT_EQ(0, tm_detach(&self->s.tm));
}

TEST_F_TIMEOUT(kstream_fail, sweep, 900)
{
	int nth, ret = 0, next = dup(0), fd, failed = 0;
	struct ktm_tm_info before, after;
	struct scenario *s = &self->s;
	bool taken = true;

	close(next);
	ASSERT_EQ(0, tm_info(&s->tm, &before));
	for (nth = 1; taken && nth < NTH_MAX; nth++) {
		s->failed = 0;
		s->lost = false;
		set_nth(self->nth, nth);
		ret = run(s);
		taken = fault_taken(self->nth);
		failed += !!s->failed;
		EXPECT_EQ(0, ret) TH_LOG("nth %d", nth);
		close(s->client);
		ASSERT_EQ(0, tm_info(&s->tm, &after)) TH_LOG("nth %d", nth);
		EXPECT_EQ(before.log_reserved, after.log_reserved) TH_LOG("nth %d", nth);
		fd = dup(0);
		close(fd);
		ASSERT_EQ(next, fd) TH_LOG("nth %d", nth);
	}
	EXPECT_FALSE(taken);
	EXPECT_EQ(0, ret);
	/* else nothing was tested */
	EXPECT_LT(10, failed);
	TH_LOG("%d fault points, of which %d made a call fail", nth - 2, failed);
}

TEST_HARNESS_MAIN
