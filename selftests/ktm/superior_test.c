// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - a superior: its orders, its absence, and what a restart finds
 */
#include <pthread.h>

#include "harness.h"
#include "ktm_log.h"

FIXTURE(superior)
{
	struct tm_handle tm;
	struct rm_handle boss, rm[2];
	struct tx_handle tx;
	struct en_handle sup, en[2];
};

FIXTURE_SETUP(superior)
{
	struct rm_handle *all[] = { &self->boss, &self->rm[0], &self->rm[1] };
	size_t i;

	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	for (i = 0; i < ARRAY_LEN(all); i++) {
		ASSERT_EQ(0, rm_make(&self->tm, all[i], NULL, KTM_RM_F_VOLATILE));
		ASSERT_EQ(0, rm_recover(all[i]));
		ASSERT_NOTE(all[i], KTM_NOTIFY_LAST_RECOVER, NULL);
	}
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->boss, &self->tx, &self->sup, 7, KTM_EN_F_SUPERIOR));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, en_make(&self->rm[i], &self->tx, &self->en[i], i + 1, 0));
}

FIXTURE_TEARDOWN(superior)
{
}

/* From ACTIVE to prepared under the superior, which has been told. */
#define PREPARE_ALL() do {							\
	int n;									\
										\
	ASSERT_EQ(0, order_prepare(&self->sup));				\
	for (n = 0; n < 2; n++) {						\
		ASSERT_NOTE(&self->rm[n], KTM_NOTIFY_PREPARE, &self->en[n]);	\
		ASSERT_EQ(0, prepare_complete(&self->en[n]));			\
	}									\
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPARE_COMPLETE, &self->sup);	\
} while (0)

#define COMMIT_ALL() do {							\
	int n;									\
										\
	for (n = 0; n < 2; n++) {						\
		ASSERT_NOTE(&self->rm[n], KTM_NOTIFY_COMMIT, &self->en[n]);	\
		ASSERT_EQ(0, commit_complete(&self->en[n]));			\
	}									\
} while (0)

#define ROLL_BACK_ALL() do {							\
	int n;									\
										\
	for (n = 0; n < 2; n++) {						\
		ASSERT_NOTE(&self->rm[n], KTM_NOTIFY_ROLLBACK, &self->en[n]);	\
		ASSERT_EQ(0, rollback_complete(&self->en[n]));			\
	}									\
} while (0)

TEST_F(superior, is_named)
{
	static const __u8 nobody[KTM_UUID_SIZE];
	struct ktm_tx_info info;

	ASSERT_EQ(0, tx_info(&self->tx, &info));
	EXPECT_EQ(0, memcmp(self->sup.info.uuid, info.superior, KTM_UUID_SIZE));
	EXPECT_EQ(0, memcmp(self->boss.info.uuid, info.superior_rm, KTM_UUID_SIZE));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	ROLL_BACK_ALL();
	ASSERT_EQ(0, tx_info(&self->tx, &info));
	EXPECT_EQ(0, memcmp(nobody, info.superior, KTM_UUID_SIZE));
	EXPECT_EQ(0, memcmp(nobody, info.superior_rm, KTM_UUID_SIZE));
}

TEST_F(superior, drives)
{
	ASSERT_EN(&self->sup, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
	EXPECT_EQ(-EPROTO, order_commit(&self->sup));
	ASSERT_EQ(0, order_preprepare(&self->sup));
	EXPECT_EQ(-EALREADY, order_preprepare(&self->sup));
	/* nobody takes part in phase 0 */
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPREPARE_COMPLETE, &self->sup);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPREPARED, .nr = 2);
	EXPECT_EQ(-EPROTO, order_commit(&self->sup));
	ASSERT_EQ(0, order_prepare(&self->sup));
	EXPECT_EQ(-EALREADY, order_prepare(&self->sup));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 2);
	ASSERT_EQ(0, prepare_complete(&self->en[0]));
	ASSERT_QUIET(&self->boss);
	EXPECT_EQ(-EPROTO, order_commit(&self->sup));
	ASSERT_EQ(0, prepare_complete(&self->en[1]));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPARE_COMPLETE, &self->sup);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARED, .nr = 2);
	ASSERT_EN(&self->sup, .state = KTM_EN_S_PREPARED, .tx_state = KTM_TX_S_PREPARED);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 3, .unfinished = 1);

	ASSERT_EQ(0, order_commit(&self->sup));
	EXPECT_EQ(-EALREADY, order_commit(&self->sup));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 2, .waiting = 2);
	ASSERT_EN(&self->sup, .state = KTM_EN_S_COMMITTING, .tx_state = KTM_TX_S_COMMITTING);
	COMMIT_ALL();
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_COMPLETE, &self->sup);
	EXPECT_EQ(-EALREADY, order_commit(&self->sup));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	ASSERT_EN(&self->sup, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_COMMITTED);
	ASSERT_RM(&self->boss, .state = KTM_RM_S_ONLINE);
	EXPECT_EQ(0, commit_wait(&self->tx));
	EXPECT_EQ(-EALREADY, rollback_wait(&self->tx));
}

TEST_F(superior, phase_0)
{
	struct en_handle cache, late;

	ASSERT_EQ(0, en_make(&self->rm[0], &self->tx, &cache, 5, KTM_EN_F_PREPREPARE));
	ASSERT_EQ(0, order_preprepare(&self->sup));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPREPARE, &cache);
	ASSERT_QUIET(&self->boss);
	EXPECT_EQ(-EPROTO, order_prepare(&self->sup));
	EXPECT_EQ(-EPROTO, en_make(&self->rm[0], &self->tx, &late, 6, KTM_EN_F_SUPERIOR));
	ASSERT_EQ(0, preprepare_complete(&cache));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPREPARE_COMPLETE, &self->sup);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPREPARED, .nr = 3);
	/* write-through RMs may still come, caches may not */
	EXPECT_EQ(-EPROTO, en_make(&self->rm[1], &self->tx, &late, 6, KTM_EN_F_PREPREPARE));
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &late, 6, 0));
	ASSERT_EQ(0, order_prepare(&self->sup));
	EXPECT_EQ(-EPROTO, en_make(&self->rm[1], &self->tx, &late, 8, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 4, .waiting = 4);
	EXPECT_EQ(-EALREADY, order_preprepare(&self->sup));
}

/* PREPARE alone does both phases, and tells of the second. */
TEST_F(superior, prepare_includes_phase_0)
{
	struct en_handle cache;

	ASSERT_EQ(0, en_make(&self->rm[0], &self->tx, &cache, 5, KTM_EN_F_PREPREPARE));
	ASSERT_EQ(0, order_prepare(&self->sup));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPREPARING, .nr = 3, .waiting = 1);
	ASSERT_EQ(0, preprepare_complete(&cache));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 3, .waiting = 3);
	ASSERT_QUIET(&self->boss);
}

TEST_F(superior, forms)
{
	struct en_handle en;

	EXPECT_EQ(-EBUSY, en_make(&self->rm[0], &self->tx, &en, 5, KTM_EN_F_SUPERIOR));
	EXPECT_EQ(-EBUSY, en_make(&self->boss, &self->tx, &en, 5, KTM_EN_F_SUPERIOR |
				  KTM_EN_F_COMMIT_REQUEST));
	EXPECT_EQ(-EINVAL, en_make(&self->boss, &self->tx, &en, 5, KTM_EN_F_COMMIT_REQUEST));
	EXPECT_EQ(-EINVAL, en_make(&self->boss, &self->tx, &en, 5,
				   KTM_EN_F_SUPERIOR | KTM_EN_F_SINGLE_PHASE));
	EXPECT_EQ(-EINVAL, en_make(&self->boss, &self->tx, &en, 5,
				   KTM_EN_F_SUPERIOR | KTM_EN_F_PREPREPARE));
	EXPECT_EQ(-EINVAL, en_make(&self->boss, &self->tx, &en, 5,
				   KTM_EN_F_SUPERIOR | KTM_EN_F_DISCONNECTED));
	/* orders are for superiors, answers are not */
	EXPECT_EQ(-EPERM, order_preprepare(&self->en[0]));
	EXPECT_EQ(-EPERM, order_prepare(&self->en[0]));
	EXPECT_EQ(-EPERM, order_commit(&self->en[0]));
	EXPECT_EQ(-EPROTO, preprepare_complete(&self->sup));
	EXPECT_EQ(-EPROTO, prepare_complete(&self->sup));
	EXPECT_EQ(-EPROTO, commit_complete(&self->sup));
	EXPECT_EQ(-EPROTO, rollback_complete(&self->sup));
	EXPECT_EQ(-EPROTO, read_only(&self->sup));
	EXPECT_EQ(-EPROTO, reject_single(&self->sup));
	EXPECT_EQ(-EPROTO, request_outcome(&self->sup));
	EXPECT_EQ(-EPROTO, ask_outcome(&self->sup));
	EXPECT_EQ(-EINVAL, en_log(&self->sup, "x", 1, NULL));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
	ASSERT_EN(&self->sup, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
}

TEST_F(superior, client_may_not_commit)
{
	EXPECT_EQ(-EPERM, commit_wait(&self->tx));
	EXPECT_EQ(-EPERM, commit_nowait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
	ASSERT_QUIET(&self->boss);
	/* but roll back, as long as nothing is promised */
	EXPECT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	ROLL_BACK_ALL();
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_ROLLBACK_COMPLETE, &self->sup);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_CLIENT);
	EXPECT_EQ(-ECANCELED, order_prepare(&self->sup));
	EXPECT_EQ(-ECANCELED, commit_wait(&self->tx));
}

static void *commit_thread(void *arg)
{
	return (void *)(long)commit_wait(arg);
}

TEST_F(superior, is_requested_to_commit)
{
	struct en_handle sup, en;
	struct tx_handle tx;
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&self->boss, &tx, &sup, 9,
			     KTM_EN_F_SUPERIOR | KTM_EN_F_COMMIT_REQUEST));
	ASSERT_EQ(0, en_make(&self->rm[0], &tx, &en, 8, KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_REQUEST, &sup);
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_EQ(0, pthread_create(&thread, NULL, commit_thread, &tx));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_REQUEST, &sup);
	ASSERT_EQ(0, order_prepare(&sup));
	/* no single phase under a superior */
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPARE, &en);
	/* it is busy with it: not asked again */
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	ASSERT_EQ(0, prepare_complete(&en));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPARE_COMPLETE, &sup);
	EXPECT_FALSE(tx_settled(&tx, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	ASSERT_EQ(0, order_commit(&sup));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_COMMIT, &en);
	ASSERT_EQ(0, commit_complete(&en));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(0, (long)ret);
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_COMPLETE, &sup);
	EXPECT_TRUE(tx_settled(&tx, 0));
}

/* What was promised is the superior's: nobody else ends it. */
TEST_F(superior, holds_what_is_promised)
{
	struct tx_handle tx = self->tx;
	struct ktm_open open = { .size = sizeof(open) };

	ASSERT_EQ(0, tx_set_timeout(&self->tx, now_ns() + 300 * MSEC));
	PREPARE_ALL();
	EXPECT_EQ(-EALREADY, rollback_wait(&self->tx));
	EXPECT_EQ(-EPROTO, en_veto(&self->en[0], KTM_REASON_RM, 0, ""));
	EXPECT_EQ(-EPROTO, read_only(&self->en[0]));
	ASSERT_EQ(0, close(self->sup.fd));
	memcpy(open.uuid, tx.info.uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, close(self->tx.fd));
	usleep(400000);
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_TX_OPEN, &open));
	self->tx.fd = open.out_fd;
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARED, .nr = 2);
	/* the superior opens it again, as it would after a restart */
	ASSERT_EQ(0, en_reopen(&self->boss, self->sup.info.uuid, 7, &self->sup));
	ASSERT_EQ(0, en_veto(&self->sup, KTM_REASON_RM, EBADE, "decided so"));
	EXPECT_EQ(-ECANCELED, order_commit(&self->sup));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_RM,
		  .error = EBADE, .nr = 2, .waiting = 2, .rm = &self->boss,
		  .detail = "decided so");
	ROLL_BACK_ALL();
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_ROLLBACK_COMPLETE, &self->sup);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_RM,
		  .error = EBADE, .rm = &self->boss, .detail = "decided so");
}

TEST_F(superior, hears_of_a_veto)
{
	ASSERT_EQ(0, order_prepare(&self->sup));
	ASSERT_EQ(0, prepare_complete(&self->en[0]));
	ASSERT_EQ(0, en_veto(&self->en[1], KTM_REASON_RM, 0, "no"));
	EXPECT_EQ(-ECANCELED, order_commit(&self->sup));
	ASSERT_EN(&self->sup, .state = KTM_EN_S_ABORTING, .tx_state = KTM_TX_S_ABORTING);
	ROLL_BACK_ALL();
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_ROLLBACK_COMPLETE, &self->sup);
	EXPECT_EQ(-EALREADY, en_veto(&self->sup, KTM_REASON_RM, 0, ""));
}

/* A note that nobody has read gives way to one that matters more. */
TEST_F(superior, unread_note_is_replaced)
{
	ASSERT_EQ(0, order_preprepare(&self->sup));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	ASSERT_EQ(0, rollback_complete(&self->en[0]));
	ASSERT_EQ(0, rollback_complete(&self->en[1]));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_ROLLBACK_COMPLETE, &self->sup);
	ASSERT_QUIET(&self->boss);
}

/* All are read-only: it is asked all the same, and either answer will do. */
TEST_F(superior, of_nobody)
{
	ASSERT_EQ(0, order_prepare(&self->sup));
	ASSERT_EQ(0, read_only(&self->en[0]));
	ASSERT_EQ(0, read_only(&self->en[1]));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPARE_COMPLETE, &self->sup);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARED);
	ASSERT_EQ(0, order_commit(&self->sup));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_COMPLETE, &self->sup);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

TEST_F(superior, is_asked_for_the_outcome)
{
	ASSERT_EQ(0, order_prepare(&self->sup));
	ASSERT_EQ(0, prepare_complete(&self->en[0]));
	ASSERT_EQ(0, prepare_complete(&self->en[1]));
	/* it was not even told that all are prepared: that note stays */
	ASSERT_EQ(0, request_outcome(&self->en[0]));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPARE_COMPLETE, &self->sup);
	ASSERT_QUIET(&self->boss);
	ASSERT_EQ(0, request_outcome(&self->en[0]));
	ASSERT_EQ(0, request_outcome(&self->en[1]));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_REQUEST_OUTCOME, &self->sup);
	ASSERT_QUIET(&self->boss);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARED, .nr = 2);
	ASSERT_EQ(0, order_commit(&self->sup));
	EXPECT_EQ(-EALREADY, request_outcome(&self->en[0]));
	COMMIT_ALL();
}

/* It is gone before it was promised anything. */
TEST_F(superior, leaves_early)
{
	ASSERT_EQ(0, order_prepare(&self->sup));
	ASSERT_EQ(0, prepare_complete(&self->en[0]));
	ASSERT_EQ(0, close(self->boss.fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_RM_GONE,
		  .nr = 2, .waiting = 2, .rm = &self->boss);
	ROLL_BACK_ALL();
	self->sup.info.key = 0;
	ASSERT_EN(&self->sup, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_ABORTED);
}

TEST_F(superior, closes_its_enlistment_early)
{
	ASSERT_EQ(0, order_preprepare(&self->sup));
	ASSERT_EQ(0, close(self->sup.fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .nr = 2, .waiting = 2,
		  .reason = KTM_REASON_ENLISTMENT_CLOSED, .rm = &self->boss);
	ROLL_BACK_ALL();
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED,
		  .reason = KTM_REASON_ENLISTMENT_CLOSED, .rm = &self->boss);
}

/* A volatile one takes its decision with it: there is nobody to wait for. */
TEST_F(superior, volatile_one_leaves_late)
{
	PREPARE_ALL();
	ASSERT_EQ(0, close(self->boss.fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_RM_GONE,
		  .nr = 2, .waiting = 2, .rm = &self->boss);
	ROLL_BACK_ALL();
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_RM_GONE,
		  .rm = &self->boss);
}

/* After its decision it is not needed. */
TEST_F(superior, leaves_after_the_decision)
{
	PREPARE_ALL();
	ASSERT_EQ(0, order_commit(&self->sup));
	ASSERT_EQ(0, close(self->boss.fd));
	COMMIT_ALL();
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	self->sup.info.key = 0;
	ASSERT_EN(&self->sup, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_COMMITTED);
}

TEST_HARNESS_MAIN
