// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - phase 0: PREPREPARE, and who may enlist while it goes on
 */
#include "harness.h"
#include "ktm_log.h"

FIXTURE(preprepare)
{
	struct tm_handle tm;
	struct rm_handle rm[2];
	struct tx_handle tx;
	struct en_handle cache, store;
};

FIXTURE_SETUP(preprepare)
{
	int i;

	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rm_make(&self->tm, &self->rm[i], NULL, KTM_RM_F_VOLATILE));
		ASSERT_EQ(0, rm_recover(&self->rm[i]));
		ASSERT_NOTE(&self->rm[i], KTM_NOTIFY_LAST_RECOVER, NULL);
	}
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm[0], &self->tx, &self->cache, 1, KTM_EN_F_PREPREPARE));
}

FIXTURE_TEARDOWN(preprepare)
{
}

TEST_F(preprepare, then_prepare)
{
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->store, 2, 0));
	EXPECT_EQ(-EPROTO, preprepare_complete(&self->cache));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPREPARING, .nr = 2, .waiting = 1);
	ASSERT_EN(&self->cache, .state = KTM_EN_S_PREPREPARING,
		  .tx_state = KTM_TX_S_PREPREPARING);
	ASSERT_EN(&self->store, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_PREPREPARING);
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPREPARE, &self->cache);
	/* the other one is not asked, and nobody prepares before it is over */
	ASSERT_QUIET(&self->rm[1]);
	EXPECT_EQ(-EPROTO, preprepare_complete(&self->store));
	EXPECT_EQ(-EPROTO, prepare_complete(&self->cache));
	EXPECT_EQ(-EPROTO, prepare_complete(&self->store));
	EXPECT_EQ(-EPROTO, tx_set_timeout(&self->tx, now_ns() + 1000 * MSEC));

	ASSERT_EQ(0, preprepare_complete(&self->cache));
	EXPECT_EQ(-EALREADY, preprepare_complete(&self->cache));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 2);
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPARE, &self->cache);
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_PREPARE, &self->store);
	ASSERT_EQ(0, prepare_complete(&self->cache));
	ASSERT_EQ(0, prepare_complete(&self->store));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_COMMIT, &self->cache);
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_COMMIT, &self->store);
	EXPECT_EQ(-EPROTO, preprepare_complete(&self->cache));
	ASSERT_EQ(0, commit_complete(&self->cache));
	ASSERT_EQ(0, commit_complete(&self->store));
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_EQ(-EALREADY, preprepare_complete(&self->cache));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

/* A barrier: PREPARE waits for the last of them. */
TEST_F(preprepare, waits_for_all)
{
	struct en_handle more[8];
	int i;

	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, en_make(&self->rm[i & 1], &self->tx, &more[i], i + 10,
				     KTM_EN_F_PREPREPARE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, preprepare_complete(&self->cache));
	for (i = 0; i < 8; i++) {
		ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPREPARING, .nr = 9,
			  .waiting = 8 - i);
		ASSERT_EN(&self->cache, .state = KTM_EN_S_PREPREPARED,
			  .tx_state = KTM_TX_S_PREPREPARING);
		ASSERT_EQ(0, preprepare_complete(&more[i]));
	}
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 9, .waiting = 9);
}

/* What phase 0 is for: a lower RM comes, and does not take part in it. */
TEST_F(preprepare, lower_rm_comes)
{
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPREPARE, &self->cache);
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->store, 2, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPREPARING, .nr = 2, .waiting = 1);
	ASSERT_QUIET(&self->rm[1]);
	ASSERT_EQ(0, preprepare_complete(&self->cache));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPARE, &self->cache);
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_PREPARE, &self->store);
	/* and now it is too late, with the flag and without */
	EXPECT_EQ(-EPROTO, en_make(&self->rm[1], &self->tx, &self->store, 3, 0));
	EXPECT_EQ(-EPROTO, en_make(&self->rm[1], &self->tx, &self->store, 3,
				   KTM_EN_F_PREPREPARE));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 2);
}

/* One with a cache of its own is asked at once, and waited for. */
TEST_F(preprepare, another_cache_comes)
{
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->store, 2, KTM_EN_F_PREPREPARE));
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_PREPREPARE, &self->store);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPREPARING, .nr = 2, .waiting = 2);
	ASSERT_EQ(0, preprepare_complete(&self->cache));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPREPARING, .nr = 2, .waiting = 1);
	ASSERT_EQ(0, preprepare_complete(&self->store));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 2);
}

/* All that had something to write has left: nothing to prepare. */
TEST_F(preprepare, read_only)
{
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, read_only(&self->cache));
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	EXPECT_EQ(-EALREADY, preprepare_complete(&self->cache));
}

TEST_F(preprepare, read_only_after_its_answer)
{
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->store, 2, KTM_EN_F_PREPREPARE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, preprepare_complete(&self->cache));
	ASSERT_EQ(0, read_only(&self->cache));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPREPARING, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, preprepare_complete(&self->store));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, read_only(&self->store));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

TEST_F(preprepare, then_single_phase)
{
	struct en_handle en;

	ASSERT_EQ(0, read_only(&self->cache));
	ASSERT_EQ(0, en_make(&self->rm[0], &self->tx, &en, 3,
			     KTM_EN_F_PREPREPARE | KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPREPARE, &en);
	ASSERT_EQ(0, preprepare_complete(&en));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_SINGLE_PHASE_COMMIT, &en);
	ASSERT_EQ(0, reject_single(&en));
	/* not once more */
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPARE, &en);
	ASSERT_EQ(0, prepare_complete(&en));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_COMMIT, &en);
	ASSERT_EQ(0, commit_complete(&en));
	ASSERT_EQ(0, commit_wait(&self->tx));
}

/* A second one that comes in phase 0 takes the single phase away. */
TEST_F(preprepare, no_single_phase_for_two)
{
	struct en_handle en;

	ASSERT_EQ(0, read_only(&self->cache));
	ASSERT_EQ(0, en_make(&self->rm[0], &self->tx, &en, 3,
			     KTM_EN_F_PREPREPARE | KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->store, 4, 0));
	ASSERT_EQ(0, preprepare_complete(&en));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 2);
}

TEST_F(preprepare, veto)
{
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->store, 2, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, en_veto(&self->cache, KTM_REASON_CONFLICT, EIO, "no"));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_CONFLICT,
		  .error = EIO, .nr = 2, .waiting = 2, .rm = &self->rm[0], .detail = "no");
	EXPECT_EQ(-ECANCELED, preprepare_complete(&self->cache));
	/* nobody has read PREPREPARE: ROLLBACK is in its place */
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_ROLLBACK, &self->cache);
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_ROLLBACK, &self->store);
	ASSERT_EQ(0, rollback_complete(&self->cache));
	ASSERT_EQ(0, rollback_complete(&self->store));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
	EXPECT_EQ(-ECANCELED, en_make(&self->rm[1], &self->tx, &self->store, 3, 0));
}

/* The client, the deadline, a close: each ends phase 0 before or after the answer. */
TEST_F(preprepare, rolled_back_meanwhile)
{
	ASSERT_EQ(0, tx_set_timeout(&self->tx, now_ns() + 200 * MSEC));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPREPARE, &self->cache);
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_ROLLBACK, &self->cache);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_TIMEOUT,
		  .error = ETIMEDOUT, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, rollback_complete(&self->cache));

	close(self->tx.fd);
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm[0], &self->tx, &self->cache, 1, KTM_EN_F_PREPREPARE));
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->store, 2, KTM_EN_F_PREPREPARE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, preprepare_complete(&self->cache));
	ASSERT_EQ(0, close(self->cache.fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .nr = 1, .waiting = 1,
		  .reason = KTM_REASON_ENLISTMENT_CLOSED, .rm = &self->rm[0]);
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_ROLLBACK, &self->store);
	ASSERT_EQ(0, rollback_complete(&self->store));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED,
		  .reason = KTM_REASON_ENLISTMENT_CLOSED, .rm = &self->rm[0]);
}

TEST_F(preprepare, rm_gone)
{
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->store, 2, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, close(self->rm[0].fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_RM_GONE,
		  .nr = 1, .waiting = 1, .rm = &self->rm[0]);
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_ROLLBACK, &self->store);
	ASSERT_EQ(0, rollback_complete(&self->store));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
}

/*
 * A prepared RM that cannot wait: not all have prepared, so that is the outcome.
 * Who has not prepared, or knows already, may not ask.
 */
TEST_F(preprepare, request_outcome)
{
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->store, 2, 0));
	EXPECT_EQ(-EPROTO, request_outcome(&self->store));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	EXPECT_EQ(-EPROTO, request_outcome(&self->cache));
	ASSERT_EQ(0, preprepare_complete(&self->cache));
	EXPECT_EQ(-EPROTO, request_outcome(&self->cache));
	ASSERT_EQ(0, prepare_complete(&self->cache));
	ASSERT_EQ(0, request_outcome(&self->cache));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .nr = 2, .waiting = 2,
		  .reason = KTM_REASON_OUTCOME_WANTED, .rm = &self->rm[0]);
	EXPECT_EQ(-ECANCELED, request_outcome(&self->cache));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_ROLLBACK, &self->cache);
	ASSERT_EQ(0, rollback_complete(&self->cache));
	ASSERT_EQ(0, rollback_complete(&self->store));
	EXPECT_EQ(-EALREADY, request_outcome(&self->cache));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
}

FIXTURE(watcher)
{
	struct tm_handle tm;
	struct rm_handle rm[2];
	struct tx_handle tx;
	struct en_handle single, watcher;
};

FIXTURE_SETUP(watcher)
{
	int i;

	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rm_make(&self->tm, &self->rm[i], NULL, KTM_RM_F_VOLATILE));
		ASSERT_EQ(0, rm_recover(&self->rm[i]));
		ASSERT_NOTE(&self->rm[i], KTM_NOTIFY_LAST_RECOVER, NULL);
	}
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm[0], &self->tx, &self->single, 1,
			     KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->watcher, 2,
			     KTM_EN_F_DISCONNECTED));
	ASSERT_EQ(0, read_only(&self->watcher));
	EXPECT_EQ(-EALREADY, read_only(&self->watcher));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_EN(&self->watcher, .state = KTM_EN_S_WATCHING, .tx_state = KTM_TX_S_ACTIVE);
	ASSERT_RM(&self->rm[1], .state = KTM_RM_S_ONLINE, .nr = 1);
}

FIXTURE_TEARDOWN(watcher)
{
}

/* It stays, and does not stand in the way of a single phase. */
TEST_F(watcher, hears_of_a_lost_outcome)
{
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_SINGLE_PHASE_COMMIT, &self->single);
	ASSERT_QUIET(&self->rm[1]);
	ASSERT_EQ(0, close(self->rm[0].fd));
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_RM_DISCONNECTED, &self->watcher);
	ASSERT_EN(&self->watcher, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_INDOUBT);
	ASSERT_RM(&self->rm[1], .state = KTM_RM_S_ONLINE);
	EXPECT_EQ(-EIO, commit_wait(&self->tx));
	ASSERT_QUIET(&self->rm[1]);
}

TEST_F(watcher, is_forgotten_with_an_outcome)
{
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, commit_complete(&self->single));
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_EN(&self->watcher, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_COMMITTED);
	ASSERT_QUIET(&self->rm[1]);
	ASSERT_RM(&self->rm[1], .state = KTM_RM_S_ONLINE);
}

TEST_F(watcher, is_forgotten_with_a_rollback)
{
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	ASSERT_EQ(0, rollback_complete(&self->single));
	ASSERT_EN(&self->watcher, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_ABORTED);
	ASSERT_QUIET(&self->rm[1]);
}

/* Its RM may go, and so may its fd: nothing depends on it. */
TEST_F(watcher, leaves)
{
	struct en_handle other;

	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &other, 3, KTM_EN_F_DISCONNECTED));
	ASSERT_EQ(0, read_only(&other));
	ASSERT_EQ(0, close(other.fd));
	ASSERT_RM(&self->rm[1], .state = KTM_RM_S_ONLINE, .nr = 1);
	ASSERT_EQ(0, close(self->rm[1].fd));
	self->watcher.info.key = 0;
	ASSERT_EN(&self->watcher, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_ACTIVE);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, close(self->rm[0].fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_INDOUBT);
}

FIXTURE(durable_preprepare)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle cache_rm, rm;
	struct tx_handle tx;
	struct en_handle cache, en;
};

FIXTURE_SETUP(durable_preprepare)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_make(&self->tm, &self->cache_rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->cache_rm));
	ASSERT_NOTE(&self->cache_rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->cache_rm, &self->tx, &self->cache, 1,
			     KTM_EN_F_PREPREPARE));
}

FIXTURE_TEARDOWN(durable_preprepare)
{
	if (!self->tm.durable)
		return;
	close(self->tx.fd);
	close(self->cache_rm.fd);
	close(self->rm.fd);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

/*
 * When commit began nobody logged; the RM that comes in phase 0 does, and finds
 * the room for its decision. What it logs there is found after a restart.
 */
TEST_F(durable_preprepare, first_to_log_comes_in_phase_0)
{
	struct ktm_tm_info info;
	__u32 recovered;

	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->cache_rm, KTM_NOTIFY_PREPREPARE, &self->cache);
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 2, 0));
	ASSERT_EQ(0, en_log(&self->en, "redo", 4, NULL));
	ASSERT_EQ(0, preprepare_complete(&self->cache));
	ASSERT_EQ(0, read_only(&self->cache));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	close(self->tx.fd);
	close(self->rm.fd);
	close(self->cache_rm.fd);
	self->tx.fd = -1;
	self->cache_rm.fd = -1;
	ASSERT_EQ(0, tm_detach(&self->tm));
	close(self->tm.fd);
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	EXPECT_EQ(1, recovered);
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, self->rm.info.uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_RECOVER, &self->en);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, en_reopen(&self->rm, self->en.info.uuid, 2, &self->en));
	ASSERT_EQ(0, ask_outcome(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(0, info.nr_unfinished);
}

/* What was reserved for nothing is given back, whatever the end. */
TEST_F(durable_preprepare, gives_its_room_back)
{
	struct ktm_tm_info info;
	int round;

	for (round = 0; round < 3; round++) {
		ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
		ASSERT_EQ(0, tm_info(&self->tm, &info));
		EXPECT_NE(0, info.log_reserved);
		ASSERT_EQ(0, round == 0 ? read_only(&self->cache) :
			     round == 1 ? en_veto(&self->cache, KTM_REASON_RM, 0, "") :
			     preprepare_complete(&self->cache) ?:
			     prepare_complete(&self->cache));
		close(self->cache.fd);
		close(self->tx.fd);
		ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
		ASSERT_EQ(0, en_make(&self->cache_rm, &self->tx, &self->cache, 1,
				     KTM_EN_F_PREPREPARE));
	}
	ASSERT_EQ(0, close(self->cache_rm.fd));
	self->cache_rm.fd = -1;
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(0, info.log_reserved);
}

TEST_HARNESS_MAIN
