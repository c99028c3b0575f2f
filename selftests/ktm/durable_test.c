// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - transactions of a durable TM: redo records, the flush, recovery
 */
#include <pthread.h>
#include <stdatomic.h>

#include "harness.h"
#include "ktm_log.h"

#define NR_RMS	8

FIXTURE(durable)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle rm[NR_RMS];
	struct tx_handle tx;
	struct en_handle en[NR_RMS];
};

FIXTURE_SETUP(durable)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, 0, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
}

FIXTURE_TEARDOWN(durable)
{
	int i;

	if (!self->tm.durable)
		return;
	close(self->tx.fd);
	for (i = 0; i < NR_RMS; i++)
		if (self->rm[i].fd > 0)
			close(self->rm[i].fd);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

/* Begins a transaction with so many enlistments, each of an RM of its own. */
static int begin(struct _test_data_durable *self, int nr)
{
	int i, ret = tx_begin(&self->tm, &self->tx, 0);

	for (i = 0; i < nr && !ret; i++) {
		if (!self->rm[i].fd)
			ret = rm_start(&self->tm, &self->rm[i], NULL);
		if (!ret)
			ret = en_make(&self->rm[i], &self->tx, &self->en[i], i + 1, 0);
	}
	return ret;
}

/* Everybody prepares; the decision is durable when this returns. */
static int prepare_all(struct _test_data_durable *self, int nr)
{
	int i, ret = commit_nowait(&self->tx);

	ret = ret == -EINPROGRESS ? 0 : -EBADMSG;
	for (i = 0; i < nr && !ret; i++) {
		if (*note_differs(&self->rm[i], KTM_NOTIFY_PREPARE, &self->en[i]))
			ret = -EBADMSG;
		ret = ret ?: prepare_complete(&self->en[i]);
	}
	for (i = 0; i < nr && !ret; i++)
		if (*note_differs(&self->rm[i], KTM_NOTIFY_COMMIT, &self->en[i]))
			ret = -EBADMSG;
	return ret;
}

static int complete_all(struct _test_data_durable *self, int nr)
{
	int i, ret = 0;

	for (i = 0; i < nr && !ret; i++)
		ret = commit_complete(&self->en[i]);
	ret = ret ?: commit_wait(&self->tx);
	for (i = 0; i < nr; i++)
		close(self->en[i].fd);
	return ret;
}

static int start_again(struct _test_data_durable *self, int nr, __u32 *recovered)
{
	int i, ret;

	close(self->tx.fd);
	for (i = 0; i < nr; i++) {
		close(self->en[i].fd);
		close(self->rm[i].fd);
		self->rm[i].fd = 0;
	}
	ret = tm_detach(&self->tm);
	close(self->tm.fd);
	return ret ?: tm_attach(self->path, self->uuid, &self->tm, recovered);
}

static void fill(char *data, __u32 length, int seed)
{
	__u32 i;

	for (i = 0; i < length; i++)
		data[i] = seed + i * 7 + (i >> 8);
}

static const __u32 lengths[] = { 1, 7, 8, 511, 4096, 4097, 30000, KTM_RECORD_MAX };

/* The records of fill(), with the lengths above, in this order. */
static int check_records(const struct en_handle *en, int seed)
{
	static char want[KTM_RECORD_MAX], seen[KTM_RECORD_MAX + 1];
	__u32 length;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_LEN(lengths); i++) {
		fill(want, lengths[i], seed + i);
		memset(seen, 0x5a, sizeof(seen));
		length = sizeof(seen);
		ret = en_read_log(en, i, seen, &length);
		if (ret)
			return ret;
		if (length != lengths[i] || memcmp(seen, want, length) ||
		    seen[length] != 0x5a)
			return -EBADMSG;
	}
	length = sizeof(seen);
	return en_read_log(en, i, seen, &length) == -ENOENT ? 0 : -EBADMSG;
}

static int log_records(const struct en_handle *en, int seed)
{
	static char data[KTM_RECORD_MAX];
	__u64 lsn, last = 0;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_LEN(lengths); i++) {
		fill(data, lengths[i], seed + i);
		ret = en_log(en, data, lengths[i], &lsn);
		if (ret)
			return ret;
		if (lsn <= last)
			return -EBADMSG;
		last = lsn;
	}
	return 0;
}

TEST_F(durable, redo_is_read_back)
{
	char byte = 'x';
	__u32 length;

	ASSERT_EQ(0, begin(self, 2));
	ASSERT_EQ(0, log_records(&self->en[0], 1));
	ASSERT_EQ(0, log_records(&self->en[1], 100));
	ASSERT_EN(&self->en[0], .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE,
		  .records = ARRAY_LEN(lengths));
	ASSERT_EQ(0, check_records(&self->en[0], 1));
	ASSERT_EQ(0, check_records(&self->en[1], 100));

	length = 510;
	EXPECT_EQ(-EMSGSIZE, en_read_log(&self->en[0], 3, &byte, &length));
	EXPECT_EQ(511, length);
	EXPECT_EQ('x', byte);
	length = 511;
	EXPECT_EQ(-EFAULT, en_read_log(&self->en[0], 3, NULL, &length));
	EXPECT_EQ(-EINVAL, en_log(&self->en[0], &byte, 0, NULL));
	EXPECT_EQ(-EMSGSIZE, en_log(&self->en[0], &byte, KTM_RECORD_MAX + 1, NULL));
	EXPECT_EQ(-EFAULT, en_log(&self->en[0], NULL, 1, NULL));

	/* also in prepare, and not after it */
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPARE, &self->en[0]);
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_PREPARE, &self->en[1]);
	ASSERT_EQ(0, en_log(&self->en[1], &byte, 1, NULL));
	ASSERT_EQ(0, prepare_complete(&self->en[0]));
	EXPECT_EQ(-EPROTO, en_log(&self->en[0], &byte, 1, NULL));
	ASSERT_EQ(0, prepare_complete(&self->en[1]));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_COMMIT, &self->en[0]);
	ASSERT_EQ(0, check_records(&self->en[0], 1));
	ASSERT_EQ(0, complete_all(self, 2));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 2, .committed = 1);
}

TEST_F(durable, no_redo_after_rollback)
{
	char byte = 'x';
	__u32 length = 1;

	ASSERT_EQ(0, begin(self, 1));
	ASSERT_EQ(0, en_log(&self->en[0], &byte, 1, NULL));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	EXPECT_EQ(-ECANCELED, en_log(&self->en[0], &byte, 1, NULL));
	EXPECT_EQ(-EPROTO, en_read_log(&self->en[0], 0, &byte, &length));
	ASSERT_EQ(0, rollback_complete(&self->en[0]));
	EXPECT_EQ(-EPROTO, en_log(&self->en[0], &byte, 1, NULL));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .aborted = 1);
}

#define ROUNDS	20

/* The point of it all: whatever the number of RMs, one flush. */
TEST_F(durable, one_flush_for_all)
{
	static const int counts[] = { 1, 2, 8 };
	struct ktm_tm_info before, after;
	long long start, end;
	char data[300] = "";
	int c, i, round;

	if (device_flushes(self->path) < 0)
		SKIP(return, "the device does not count flushes");
	/* the RMs are there, and the superblock of the attach is written */
	ASSERT_EQ(0, begin(self, 8));
	ASSERT_EQ(0, prepare_all(self, 8));
	ASSERT_EQ(0, complete_all(self, 8));
	ASSERT_EQ(0, close(self->tx.fd));
	TH_LOG("enlistments  commits  device flushes  log flushes  log writes");
	for (c = 0; c < 3; c++) {
		start = device_flushes(self->path);
		ASSERT_EQ(0, tm_info(&self->tm, &before));
		for (round = 0; round < ROUNDS; round++) {
			ASSERT_EQ(0, begin(self, counts[c]));
			for (i = 0; i < counts[c]; i++)
				ASSERT_EQ(0, en_log(&self->en[i], data, sizeof(data), NULL));
			ASSERT_EQ(0, prepare_all(self, counts[c]));
			ASSERT_EQ(0, complete_all(self, counts[c]));
			ASSERT_EQ(0, close(self->tx.fd));
		}
		end = device_flushes(self->path);
		ASSERT_EQ(0, tm_info(&self->tm, &after));
		TH_LOG("%11d  %7d  %14lld  %11llu  %10llu", counts[c], ROUNDS, end - start,
		       after.log_flushes - before.log_flushes,
		       after.log_writes - before.log_writes);
		EXPECT_EQ(ROUNDS, end - start);
		EXPECT_EQ(ROUNDS, after.log_flushes - before.log_flushes);
		EXPECT_EQ(ROUNDS, after.committed - before.committed);
	}
	self->tx.fd = -1;
}

/* What is not committed, or changed nothing, costs none. */
TEST_F(durable, no_flush_without_a_decision)
{
	long long start;
	char data[300] = "";

	if (device_flushes(self->path) < 0)
		SKIP(return, "the device does not count flushes");
	ASSERT_EQ(0, begin(self, 2));
	start = device_flushes(self->path);
	ASSERT_EQ(0, en_log(&self->en[0], data, sizeof(data), NULL));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	ASSERT_EQ(0, rollback_complete(&self->en[0]));
	ASSERT_EQ(0, rollback_complete(&self->en[1]));
	ASSERT_EQ(0, close(self->tx.fd));
	ASSERT_EQ(0, begin(self, 2));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, read_only(&self->en[0]));
	ASSERT_EQ(0, read_only(&self->en[1]));
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_EQ(start, device_flushes(self->path));
}

#define THREAD_COMMITS	20

struct committer {
	pthread_t thread;
	struct tm_handle *tm;
	struct rm_handle rm;
	int ret;
};

/* By raw calls: the helpers that compare share a buffer for their words. */
static int expect(struct rm_handle *rm, __u32 type)
{
	struct pollfd pollfd = { .fd = rm->fd, .events = POLLIN };
	struct ktm_notification note;

	if (poll(&pollfd, 1, PATIENCE) != 1 ||
	    read(rm->fd, &note, sizeof(note)) != sizeof(note) || note.type != type)
		return -EBADMSG;
	return 0;
}

static int commit_one(struct committer *self)
{
	struct tx_handle tx;
	struct en_handle en;
	char data[200] = "";
	int ret;

	ret = tx_begin(self->tm, &tx, 0) ?: en_make(&self->rm, &tx, &en, 1, 0) ?:
	      en_log(&en, data, sizeof(data), NULL);
	if (!ret && commit_nowait(&tx) != -EINPROGRESS)
		ret = -EBADMSG;
	ret = ret ?: expect(&self->rm, KTM_NOTIFY_PREPARE) ?: prepare_complete(&en) ?:
	      expect(&self->rm, KTM_NOTIFY_COMMIT) ?: commit_complete(&en) ?:
	      commit_wait(&tx);
	close(en.fd);
	close(tx.fd);
	return ret;
}

static void *commit_many(void *arg)
{
	struct committer *self = arg;
	int i;

	for (i = 0; i < THREAD_COMMITS && !self->ret; i++)
		self->ret = commit_one(self);
	return NULL;
}

/* Under load several share a flush. */
TEST_F_TIMEOUT(durable, group_commit, 600)
{
	static const int counts[] = { 1, 8, 32 };
	struct committer committer[32];
	struct ktm_tm_info before, after;
	unsigned long long flushes;
	int c, i, n;

	TH_LOG("threads  commits  flushes  flushes per commit");
	for (c = 0; c < 3; c++) {
		n = counts[c];
		memset(committer, 0, sizeof(committer));
		for (i = 0; i < n; i++) {
			committer[i].tm = &self->tm;
			ASSERT_EQ(0, rm_start(&self->tm, &committer[i].rm, NULL));
		}
		ASSERT_EQ(0, tm_info(&self->tm, &before));
		for (i = 0; i < n; i++)
			ASSERT_EQ(0, pthread_create(&committer[i].thread, NULL, commit_many,
						    &committer[i]));
		for (i = 0; i < n; i++)
			ASSERT_EQ(0, pthread_join(committer[i].thread, NULL));
		ASSERT_EQ(0, tm_info(&self->tm, &after));
		for (i = 0; i < n; i++) {
			EXPECT_EQ(0, committer[i].ret);
			ASSERT_EQ(0, close(committer[i].rm.fd));
		}
		flushes = after.log_flushes - before.log_flushes;
		EXPECT_EQ(n * THREAD_COMMITS, after.committed - before.committed);
		TH_LOG("%7d  %7d  %7llu  %.2f", n, n * THREAD_COMMITS, flushes,
		       (double)flushes / (n * THREAD_COMMITS));
		if (n > 1)
			EXPECT_LT(flushes, n * THREAD_COMMITS);
	}
	self->tx.fd = -1;
}

/* The way back of an RM, from RECOVER to the end. */
static void recover(struct __test_metadata *_metadata, struct _test_data_durable *self,
		    int i, int seed)
{
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm[i], self->rm[i].info.uuid, 0));
	ASSERT_RM(&self->rm[i], .state = KTM_RM_S_OFFLINE, .nr = 1);
	ASSERT_QUIET(&self->rm[i]);
	ASSERT_EQ(0, rm_recover(&self->rm[i]));
	ASSERT_NOTE(&self->rm[i], KTM_NOTIFY_RECOVER, &self->en[i]);
	ASSERT_NOTE(&self->rm[i], KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_QUIET(&self->rm[i]);
	ASSERT_EQ(0, en_reopen(&self->rm[i], self->en[i].info.uuid, 4711, &self->en[i]));
	ASSERT_EN(&self->en[i], .state = KTM_EN_S_COMMITTING,
		  .tx_state = KTM_TX_S_COMMITTING, .records = ARRAY_LEN(lengths));
	ASSERT_EQ(0, check_records(&self->en[i], seed));
	ASSERT_QUIET(&self->rm[i]);
	ASSERT_EQ(0, ask_outcome(&self->en[i]));
	ASSERT_EQ(-EPROTO, ask_outcome(&self->en[i]));
	ASSERT_NOTE(&self->rm[i], KTM_NOTIFY_COMMIT, &self->en[i]);
	ASSERT_EQ(0, commit_complete(&self->en[i]));
	ASSERT_EQ(-EALREADY, commit_complete(&self->en[i]));
	ASSERT_EQ(-EALREADY, ask_outcome(&self->en[i]));
	ASSERT_QUIET(&self->rm[i]);
	ASSERT_RM(&self->rm[i], .state = KTM_RM_S_ONLINE);
	ASSERT_EQ(0, close(self->en[i].fd));
}

/* An RM is away when its transaction commits, and comes back. */
TEST_F(durable, rm_comes_back)
{
	ASSERT_EQ(0, begin(self, 2));
	ASSERT_EQ(0, log_records(&self->en[0], 1));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_PREPARE, &self->en[1]);
	ASSERT_EQ(0, prepare_complete(&self->en[0]));
	ASSERT_EQ(0, close(self->en[0].fd));
	ASSERT_EQ(0, close(self->rm[0].fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 1);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1);
	ASSERT_EQ(0, prepare_complete(&self->en[1]));
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_COMMIT, &self->en[1]);
	ASSERT_EQ(0, commit_complete(&self->en[1]));
	/* who is away is not waited for, and not forgotten */
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 1);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .unfinished = 1);
	recover(_metadata, self, 0, 1);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 2, .committed = 1);
}

/* The same over a detach; then over another one, when all is done. */
TEST_F(durable, unfinished_over_detach)
{
	__u32 recovered;
	int i;

	ASSERT_EQ(0, begin(self, 2));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, log_records(&self->en[i], 50 * i));
	ASSERT_EQ(0, prepare_all(self, 2));
	ASSERT_EQ(0, start_again(self, 2, &recovered));
	EXPECT_EQ(1, recovered);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .unfinished = 1);
	recover(_metadata, self, 0, 0);
	self->en[0].fd = -1;
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .unfinished = 1);
	self->tx.fd = -1;
	/* no answer is logged before the last: both are told again */
	ASSERT_EQ(0, start_again(self, 1, &recovered));
	EXPECT_EQ(1, recovered);
	recover(_metadata, self, 1, 50);
	recover(_metadata, self, 0, 0);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 2, .committed = 1);
	ASSERT_EQ(0, close(self->rm[0].fd));
	ASSERT_EQ(0, close(self->rm[1].fd));
	self->rm[0].fd = 0;
	self->rm[1].fd = 0;
	ASSERT_EQ(0, start_again(self, 0, &recovered));
	EXPECT_EQ(0, recovered);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE);
}

/* Without a decision nothing is found again: presumed abort. */
TEST_F(durable, undecided_is_aborted)
{
	__u32 recovered;

	ASSERT_EQ(0, begin(self, 2));
	ASSERT_EQ(0, log_records(&self->en[0], 1));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, prepare_complete(&self->en[0]));
	ASSERT_EQ(0, close(self->rm[0].fd));
	ASSERT_EQ(0, close(self->rm[1].fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_RM_GONE,
		  .rm = &self->rm[1]);
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm[0], self->rm[0].info.uuid));
	self->rm[1].fd = 0;
	self->en[1].fd = -1;
	ASSERT_EQ(0, start_again(self, 1, &recovered));
	EXPECT_EQ(0, recovered);
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm[0], self->rm[0].info.uuid));
	self->tx.fd = -1;
}

/* The key and UUID of another RM open nothing. */
TEST_F(durable, enlistments_of_others)
{
	__u8 uuid[KTM_UUID_SIZE];

	ASSERT_EQ(0, begin(self, 2));
	random_uuid(uuid);
	EXPECT_EQ(-ENOENT, en_reopen(&self->rm[0], uuid, 1, &self->en[0]));
	EXPECT_EQ(-ENOENT, en_reopen(&self->rm[0], self->en[1].info.uuid, 1, &self->en[0]));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
	ASSERT_EQ(0, close(self->rm[1].fd));
	ASSERT_EQ(0, close(self->rm[0].fd));
	self->rm[0].fd = 0;
	self->rm[1].fd = 0;
}

TEST_HARNESS_MAIN
