// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - a log ring that is small: laps, no room, copying forward
 */
#include "harness.h"
#include "ktm_log.h"

#define RECORD	8192

FIXTURE(ring)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle rm[2];
};

FIXTURE_SETUP(ring)
{
	int i;

	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, rm_start(&self->tm, &self->rm[i], NULL));
}

FIXTURE_TEARDOWN(ring)
{
	if (!self->tm.durable)
		return;
	close(self->rm[0].fd);
	close(self->rm[1].fd);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

static int begin(struct _test_data_ring *self, int i, struct tx_handle *tx,
		 struct en_handle *en, int seed)
{
	char data[RECORD];

	memset(data, seed, sizeof(data));
	return tx_begin(&self->tm, tx, 0) ?: en_make(&self->rm[i], tx, en, seed, 0) ?:
	       en_log(en, data, sizeof(data), NULL);
}

static int decide(struct _test_data_ring *self, int i, struct tx_handle *tx,
		  struct en_handle *en)
{
	if (commit_nowait(tx) != -EINPROGRESS ||
	    *note_differs(&self->rm[i], KTM_NOTIFY_PREPARE, en))
		return -EBADMSG;
	return prepare_complete(en) ?:
	       *note_differs(&self->rm[i], KTM_NOTIFY_COMMIT, en) ? -EBADMSG : 0;
}

static int commit_one(struct _test_data_ring *self, int i, int seed)
{
	struct tx_handle tx;
	struct en_handle en;
	int ret;

	ret = begin(self, i, &tx, &en, seed) ?: decide(self, i, &tx, &en) ?:
	      commit_complete(&en) ?: commit_wait(&tx);
	close(en.fd);
	close(tx.fd);
	return ret;
}

/* Commits until the head has gone round so often. */
static int laps(struct _test_data_ring *self, int i, unsigned int nr)
{
	struct ktm_tm_info info;
	int seed = 0, ret;
	__u64 end;

	ret = tm_info(&self->tm, &info);
	end = info.log_head + nr * info.log_size;
	while (!ret && info.log_head < end)
		ret = commit_one(self, i, ++seed & 0x7f) ?: tm_info(&self->tm, &info);
	if (!ret && info.log_head - info.log_tail > info.log_size)
		ret = -ERANGE;
	return ret;
}

static bool redo_is(const struct en_handle *en, int seed)
{
	char seen[RECORD], want[RECORD];
	__u32 length = sizeof(seen);

	memset(want, seed, sizeof(want));
	return !en_read_log(en, 0, seen, &length) && length == RECORD &&
	       !memcmp(seen, want, RECORD);
}

TEST_F_TIMEOUT(ring, many_laps, 600)
{
	struct ktm_tm_info info;

	__u64 limit;

	ASSERT_EQ(0, laps(self, 0, 10));
	/* the last end record is written after the commit has returned */
	limit = now_ns() + PATIENCE * MSEC;
	do {
		usleep(1000);
		ASSERT_EQ(0, tm_info(&self->tm, &info));
	} while (info.log_reserved && now_ns() < limit);
	EXPECT_EQ(0, info.nr_active);
	EXPECT_EQ(0, info.nr_unfinished);
	EXPECT_EQ(0, info.aborted);
	EXPECT_EQ(0, info.log_reserved);
}

/* Who has not prepared and holds the tail makes room for the others. */
TEST_F_TIMEOUT(ring, oldest_is_rolled_back, 600)
{
	struct tx_handle tx;
	struct en_handle en;
	struct ktm_tm_info info;

	ASSERT_EQ(0, begin(self, 1, &tx, &en, 'x'));
	ASSERT_EQ(0, laps(self, 0, 2));
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_ROLLBACK, &en);
	ASSERT_TX(&tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_LOG_FULL,
		  .error = ENOSPC, .nr = 1, .waiting = 1);
	ASSERT_EQ(-ECANCELED, en_log(&en, "x", 1, NULL));
	ASSERT_EQ(0, rollback_complete(&en));
	ASSERT_EQ(-ECANCELED, commit_wait(&tx));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(1, info.aborted);
}

/* One that wants more than its share is refused a record, and keeps the others. */
TEST_F_TIMEOUT(ring, more_than_its_share, 600)
{
	char data[KTM_RECORD_MAX] = "";
	struct ktm_tm_info before, after;
	struct tx_handle tx;
	struct en_handle en;
	int ret = 0, n = 0;

	ASSERT_EQ(0, begin(self, 1, &tx, &en, 'x'));
	ASSERT_EQ(0, tm_info(&self->tm, &before));
	while (!ret && n < 100) {
		ret = en_log(&en, data, sizeof(data), NULL);
		n += !ret;
	}
	EXPECT_EQ(-ENOSPC, ret);
	ASSERT_EQ(0, tm_info(&self->tm, &after));
	EXPECT_GT(after.log_size, after.log_head - before.log_head);
	ASSERT_QUIET(&self->rm[1]);
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_EN(&en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE,
		  .records = n + 1);
	ASSERT_EQ(0, commit_one(self, 0, 1));
	ASSERT_EQ(0, decide(self, 1, &tx, &en));
	EXPECT_TRUE(redo_is(&en, 'x'));
	ASSERT_EQ(0, commit_complete(&en));
	ASSERT_EQ(0, commit_wait(&tx));
}

/* Decided, and its RM away: its records go round with the ring. */
TEST_F_TIMEOUT(ring, copied_forward, 600)
{
	struct ktm_tm_info info;
	struct tx_handle tx;
	struct en_handle en;
	__u32 recovered;
	int i;

	ASSERT_EQ(0, begin(self, 1, &tx, &en, 'x'));
	ASSERT_EQ(0, decide(self, 1, &tx, &en));
	ASSERT_EQ(0, close(en.fd));
	ASSERT_EQ(0, close(self->rm[1].fd));
	ASSERT_EQ(0, close(tx.fd));
	ASSERT_EQ(0, laps(self, 0, 20));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(1, info.nr_unfinished);
	EXPECT_EQ(0, info.aborted);

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, close(self->rm[0].fd));
		ASSERT_EQ(0, tm_detach(&self->tm));
		ASSERT_EQ(0, close(self->tm.fd));
		ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
		EXPECT_EQ(1, recovered);
		ASSERT_EQ(0, rm_start(&self->tm, &self->rm[0], NULL));
		ASSERT_EQ(0, laps(self, 0, 2));
	}
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm[1], self->rm[1].info.uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->rm[1]));
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_RECOVER, &en);
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, en_reopen(&self->rm[1], en.info.uuid, 2, &en));
	EXPECT_TRUE(redo_is(&en, 'x'));
	ASSERT_EQ(0, ask_outcome(&en));
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_COMMIT, &en);
	EXPECT_TRUE(redo_is(&en, 'x'));
	ASSERT_EQ(0, commit_complete(&en));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(0, info.nr_unfinished);
}

#define NR_TOGETHER	4

/* The records of several begin in one buffer: all of them go round with the ring. */
TEST_F_TIMEOUT(ring, copied_forward_together, 600)
{
	struct tx_handle tx[NR_TOGETHER];
	struct en_handle en[NR_TOGETHER];
	struct ktm_tm_info info;
	__u64 writes;
	int i;

	ASSERT_EQ(0, tm_info(&self->tm, &info));
	writes = info.log_writes;
	for (i = 0; i < NR_TOGETHER; i++)
		ASSERT_EQ(0, begin(self, 1, &tx[i], &en[i], 'a' + i));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(writes, info.log_writes);	/* they are in the open buffer */
	for (i = 0; i < NR_TOGETHER; i++)
		ASSERT_EQ(0, decide(self, 1, &tx[i], &en[i]));
	ASSERT_EQ(0, laps(self, 0, 20));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(NR_TOGETHER, info.nr_unfinished);
	EXPECT_EQ(0, info.aborted);
	for (i = 0; i < NR_TOGETHER; i++) {
		EXPECT_TRUE(redo_is(&en[i], 'a' + i));
		ASSERT_EQ(0, commit_complete(&en[i]));
		ASSERT_EQ(0, commit_wait(&tx[i]));
	}
}

#define NR_KEPT		64

/*
 * What nobody answers is bounded, for root too: so much that the ring goes round with
 * it. A few of them begin in one buffer, and hold more than the others can wait for.
 */
TEST_F_TIMEOUT(ring, kept_is_bounded, 600)
{
	struct tx_handle tx[NR_KEPT];
	struct en_handle en[NR_KEPT];
	struct ktm_tm_info info;
	int i, n = 0, ret = 0;

	while (n < NR_KEPT && !ret) {
		ASSERT_EQ(0, begin(self, 1, &tx[n], &en[n], 'a' + n % 16));
		ret = decide(self, 1, &tx[n], &en[n]);
		n += !ret;
	}
	ASSERT_NE(0, ret);
	ASSERT_LT(2, n);
	ASSERT_TX(&tx[n], .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_LOG_FULL,
		  .error = ENOSPC, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, rollback_complete(&en[n]));
	close(en[n].fd);
	close(tx[n].fd);
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(n, info.nr_unfinished);
	EXPECT_LE(info.log_kept, info.log_kept_max);
	EXPECT_GT(info.log_kept + 2 * RECORD + 4096, info.log_kept_max);

	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, commit_complete(&en[i]));
		ASSERT_EQ(0, commit_wait(&tx[i]));
		close(en[i].fd);
		close(tx[i].fd);
		if (i)
			continue;
		ASSERT_EQ(0, laps(self, 0, 10));
	}
	ASSERT_EQ(0, laps(self, 0, 1));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(0, info.nr_unfinished);
	EXPECT_EQ(1, info.aborted);
}

/* Who holds the tail is named: the oldest records, whoever ends first. */
TEST_F(ring, oldest_is_named)
{
	static const __u8 nobody[KTM_UUID_SIZE];
	struct tx_handle tx[2];
	struct en_handle en[2];
	struct ktm_tm_info info;
	__u64 lsn, durable;
	int i;

	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(0, info.oldest_lsn);
	EXPECT_EQ(0, memcmp(nobody, info.oldest_tx, KTM_UUID_SIZE));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, begin(self, i, &tx[i], &en[i], i + 1));
		ASSERT_EQ(0, tm_info(&self->tm, &info));
		EXPECT_EQ(0, memcmp(tx[0].info.uuid, info.oldest_tx, KTM_UUID_SIZE));
	}
	/* they may be in one buffer */
	lsn = info.oldest_lsn;
	EXPECT_LE(info.log_tail, lsn);
	EXPECT_LE(2 * RECORD, info.log_head - lsn);
	EXPECT_EQ(0, rollback_nowait(&tx[0]) == -EINPROGRESS ? 0 : -1);
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_ROLLBACK, &en[0]);
	ASSERT_EQ(0, rollback_complete(&en[0]));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(0, memcmp(tx[1].info.uuid, info.oldest_tx, KTM_UUID_SIZE));
	EXPECT_LE(lsn, info.oldest_lsn);
	/* over a restart it is still the one that is not carried out */
	ASSERT_EQ(0, decide(self, 1, &tx[1], &en[1]));
	for (i = 0; i < 2; i++) {
		close(en[i].fd);
		close(tx[i].fd);
		close(self->rm[i].fd);
	}
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	durable = info.log_durable;
	EXPECT_GT(durable, info.log_recovered);
	ASSERT_EQ(0, tm_detach(&self->tm));
	close(self->tm.fd);
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(0, memcmp(tx[1].info.uuid, info.oldest_tx, KTM_UUID_SIZE));
	EXPECT_LE(lsn, info.oldest_lsn);
	EXPECT_LE(durable, info.log_recovered);
	EXPECT_GE(info.log_durable, info.log_recovered);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, rm_start(&self->tm, &self->rm[i], NULL));
}

TEST_HARNESS_MAIN
