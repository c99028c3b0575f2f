// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - what a snapshot that is taken while a TM is frozen has
 */
#include <pthread.h>

#include "harness.h"
#include "ktm_log.h"

FIXTURE(storm)
{
	struct tm_handle tm;
	struct rm_handle rm;
};

FIXTURE_SETUP(storm)
{
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
}

FIXTURE_TEARDOWN(storm)
{
}

/* Commits without a pause, while one freezes and counts. */
#define CLIENTS	4
#define ROUNDS	30

struct storm {
	struct tm_handle *tm;
	struct rm_handle *rm;
	int stop, failed;
};

static int commit_one(const struct storm *storm)
{
	struct tx_handle tx;
	struct en_handle en;
	int ret;

	ret = tx_begin(storm->tm, &tx, 0) ?: en_make(storm->rm, &tx, &en, 1, 0);
	if (ret)
		return ret;
	ret = commit_nowait(&tx);
	if (ret == -EAGAIN) {
		ret = rollback_nowait(&tx);
		ret = ret == -EINPROGRESS ? rollback_complete(&en) : -EBADMSG;
	} else if (ret == -EINPROGRESS) {
		ret = prepare_complete(&en) ?: commit_complete(&en) ?: commit_wait(&tx);
	}
	close(en.fd);
	close(tx.fd);
	return ret;
}

static void *commit_on(void *arg)
{
	struct storm *storm = arg;

	while (!__atomic_load_n(&storm->stop, __ATOMIC_ACQUIRE))
		if (commit_one(storm))
			__atomic_store_n(&storm->failed, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Outcomes that are not rollbacks, and commits that are on their way. */
static __u64 commits(const struct tm_handle *tm)
{
	struct ktm_tm_info info;

	return tm_info(tm, &info) ? ~0ULL : info.committed + info.nr_unfinished;
}

TEST_F_TIMEOUT(storm, stands_still, 600)
{
	struct storm storm = { .tm = &self->tm, .rm = &self->rm };
	__u64 before, first = commits(&self->tm);
	pthread_t threads[CLIENTS];
	int i;

	for (i = 0; i < CLIENTS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, commit_on, &storm));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
		before = commits(&self->tm);
		usleep(20000);
		EXPECT_EQ(before, commits(&self->tm));
		ASSERT_EQ(0, thaw(self->tm.fd));
		usleep(10000);
	}
	__atomic_store_n(&storm.stop, 1, __ATOMIC_RELEASE);
	for (i = 0; i < CLIENTS; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	EXPECT_EQ(0, storm.failed);
	EXPECT_LT(first + ROUNDS, commits(&self->tm));
}

FIXTURE(snapshot)
{
	const char *path;
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	__u8 rm_uuid[KTM_UUID_SIZE];
};

FIXTURE_SETUP(snapshot)
{
	__u8 uuid[KTM_UUID_SIZE];

	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	random_uuid(self->rm_uuid);
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, uuid));
	ASSERT_EQ(0, tm_attach(self->path, NULL, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm, self->rm_uuid));
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, 0));
	ASSERT_EQ(0, en_log(&self->en, "redo", 4, NULL));
}

FIXTURE_TEARDOWN(snapshot)
{
	close(self->en.fd);
	close(self->rm.fd);
	close(self->tx.fd);
	close(self->tm.fd);
	log_release();
}

static bool holds_tail(const struct tm_handle *tm, const struct tx_handle *tx)
{
	struct ktm_tm_info info;

	return !tm_info(tm, &info) &&
	       !memcmp(info.oldest_tx, tx->info.uuid, KTM_UUID_SIZE);
}

/*
 * An RM comes back while frozen and carries a commit out, after the snapshot of its
 * disk: the one of the log must still have the decision without its end.
 */
TEST_F(snapshot, no_end_is_logged)
{
	__u32 recovered;
	void *image;

	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, close(self->en.fd));
	ASSERT_EQ(0, close(self->rm.fd));

	/* it waits for nobody who is away */
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, self->rm_uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_RECOVER, &self->en);
	ASSERT_EQ(0, en_reopen(&self->rm, self->en.info.uuid, 1, &self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, ask_outcome(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));
	EXPECT_EQ(0, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	/* whoever would write it has had its time */
	usleep(100000);
	EXPECT_TRUE(holds_tail(&self->tm, &self->tx));
	image = log_save(self->path, LOG_SMALL);
	ASSERT_NE(NULL, image);

	ASSERT_EQ(0, thaw(self->tm.fd));
	while (holds_tail(&self->tm, &self->tx))
		usleep(1000);
	ASSERT_EQ(0, close(self->en.fd));
	ASSERT_EQ(0, close(self->rm.fd));
	ASSERT_EQ(0, tm_detach(&self->tm));
	ASSERT_EQ(0, close(self->tm.fd));
	ASSERT_EQ(0, tm_attach(self->path, NULL, &self->tm, &recovered));
	EXPECT_EQ(0, recovered);
	ASSERT_EQ(0, tm_detach(&self->tm));
	ASSERT_EQ(0, close(self->tm.fd));

	ASSERT_EQ(0, log_restore(self->path, image, LOG_SMALL));
	ASSERT_EQ(0, tm_attach(self->path, NULL, &self->tm, &recovered));
	EXPECT_EQ(1, recovered);
	free(image);
}

/* A ring that is full of what has ended is full until the thaw; nobody hangs. */
TEST_F_TIMEOUT(snapshot, full_ring, 600)
{
	char data[16384] = "";
	struct tx_handle tx;
	struct en_handle en;
	int i, ret = 0;

	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, close(self->en.fd));
	ASSERT_EQ(0, close(self->rm.fd));
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, self->rm_uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_RECOVER, &self->en);
	ASSERT_EQ(0, en_reopen(&self->rm, self->en.info.uuid, 1, &self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, ask_outcome(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));

	for (i = 0; i < 1000 && ret != -ENOSPC; i++) {
		ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
		ASSERT_EQ(0, en_make(&self->rm, &tx, &en, 2, 0));
		ret = en_log(&en, data, sizeof(data), NULL);
		if (ret != -ENOSPC)
			ASSERT_EQ(0, ret);
		close(tx.fd);
		close(en.fd);
	}
	EXPECT_EQ(-ENOSPC, ret);
	ASSERT_EQ(0, thaw(self->tm.fd));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &tx, &en, 2, 0));
	EXPECT_EQ(0, en_log(&en, data, sizeof(data), NULL));
	close(en.fd);
	close(tx.fd);
}

TEST_F(snapshot, keeps_the_log)
{
	ASSERT_EQ(0, close(self->en.fd));
	ASSERT_EQ(0, close(self->tx.fd));
	ASSERT_EQ(0, close(self->rm.fd));
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	EXPECT_EQ(-EBUSY, tm_detach(&self->tm));
	ASSERT_EQ(0, thaw(self->tm.fd));
	ASSERT_EQ(0, tm_detach(&self->tm));
	EXPECT_EQ(-ESHUTDOWN, tm_freeze(&self->tm, LONG, LONG, NULL));
	ASSERT_EQ(0, close(self->tm.fd));
	ASSERT_EQ(0, tm_attach_flags(self->path, NULL, &self->tm, NULL,
				     KTM_TM_ATTACH_F_NO_RECOVER));
	EXPECT_EQ(-ESHUTDOWN, tm_freeze(&self->tm, LONG, LONG, NULL));
}

TEST_HARNESS_MAIN
