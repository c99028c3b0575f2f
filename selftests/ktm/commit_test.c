// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - commits of transactions of a volatile TM
 */
#include <sys/resource.h>

#include "harness.h"
#include "ktm_harness.h"

#define ON	.state = KTM_TM_S_ONLINE

FIXTURE(commit)
{
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
};

FIXTURE_SETUP(commit)
{
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_TM(&self->tm, ON);
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_RM(&self->rm, .state = KTM_RM_S_OFFLINE);
	ASSERT_TM(&self->tm, ON, .rms = 1);
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_RM(&self->rm, .state = KTM_RM_S_ONLINE);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_QUIET(&self->rm);
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE);
	ASSERT_TM(&self->tm, ON, .rms = 1, .active = 1);
}

FIXTURE_TEARDOWN(commit)
{
}

TEST_F(commit, nobody_enlisted)
{
	struct ktm_tx_end end;

	EXPECT_FALSE(tx_settled(&self->tx, 0));
	ASSERT_EQ(0, tx_end(&self->tx, KTM_IOC_TX_COMMIT, 0, &end));
	EXPECT_EQ(KTM_TX_S_COMMITTED, end.state);
	EXPECT_EQ(KTM_REASON_NONE, end.reason);
	EXPECT_TRUE(tx_settled(&self->tx, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	ASSERT_TM(&self->tm, ON, .rms = 1, .committed = 1);
	/* the outcome stays what it is */
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_EQ(-EALREADY, rollback_wait(&self->tx));
	ASSERT_EQ(-EPROTO, tx_set_timeout(&self->tx, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

TEST_F(commit, two_phases)
{
	struct ktm_tx_end end;
	struct en_handle en;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en, 77, 0));
	ASSERT_EN(&en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_RM(&self->rm, .state = KTM_RM_S_ONLINE, .nr = 1);
	ASSERT_QUIET(&self->rm);

	ASSERT_EQ(-EINPROGRESS, tx_end(&self->tx, KTM_IOC_TX_COMMIT,
				       KTM_TX_END_F_NONBLOCK, &end));
	EXPECT_EQ(KTM_TX_S_PREPARING, end.state);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
	ASSERT_EN(&en, .state = KTM_EN_S_PREPARING, .tx_state = KTM_TX_S_PREPARING);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &en);
	ASSERT_QUIET(&self->rm);
	EXPECT_FALSE(tx_settled(&self->tx, 0));

	ASSERT_EQ(0, prepare_complete(&en));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 1, .waiting = 1);
	ASSERT_EN(&en, .state = KTM_EN_S_COMMITTING, .tx_state = KTM_TX_S_COMMITTING);
	ASSERT_TM(&self->tm, ON, .rms = 1, .unfinished = 1);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(-EALREADY, rollback_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &en);

	ASSERT_EQ(0, commit_complete(&en));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	ASSERT_EN(&en, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_COMMITTED);
	ASSERT_RM(&self->rm, .state = KTM_RM_S_ONLINE);
	ASSERT_TM(&self->tm, ON, .rms = 1, .committed = 1);
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_TRUE(tx_settled(&self->tx, 0));
	ASSERT_QUIET(&self->rm);
}

/* An answer that was not asked for changes nothing. */
TEST_F(commit, answers_out_of_turn)
{
	struct en_handle en;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en, 1, 0));
	ASSERT_EQ(-EPROTO, prepare_complete(&en));
	ASSERT_EQ(-EPROTO, commit_complete(&en));
	ASSERT_EQ(-EPROTO, rollback_complete(&en));
	ASSERT_EQ(-EPROTO, reject_single(&en));
	ASSERT_EQ(-EPROTO, ask_outcome(&en));
	ASSERT_EN(&en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);

	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(-EPROTO, commit_complete(&en));
	ASSERT_EQ(-EPROTO, rollback_complete(&en));
	ASSERT_EQ(-EPROTO, reject_single(&en));
	ASSERT_EQ(-EPROTO, ask_outcome(&en));
	ASSERT_EN(&en, .state = KTM_EN_S_PREPARING, .tx_state = KTM_TX_S_PREPARING);

	ASSERT_EQ(0, prepare_complete(&en));
	ASSERT_EQ(-EALREADY, prepare_complete(&en));
	ASSERT_EQ(-EPROTO, rollback_complete(&en));
	ASSERT_EQ(-EPROTO, read_only(&en));
	ASSERT_EQ(-EPROTO, reject_single(&en));
	ASSERT_EQ(-EPROTO, ask_outcome(&en));
	ASSERT_EQ(-EPROTO, en_veto(&en, KTM_REASON_RM, 0, ""));
	ASSERT_EN(&en, .state = KTM_EN_S_COMMITTING, .tx_state = KTM_TX_S_COMMITTING);

	ASSERT_EQ(0, commit_complete(&en));
	ASSERT_EQ(-EALREADY, prepare_complete(&en));
	ASSERT_EQ(-EALREADY, commit_complete(&en));
	ASSERT_EQ(-EALREADY, rollback_complete(&en));
	ASSERT_EQ(-EALREADY, read_only(&en));
	ASSERT_EQ(-EALREADY, reject_single(&en));
	ASSERT_EQ(-EALREADY, ask_outcome(&en));
	ASSERT_EQ(-EALREADY, en_veto(&en, KTM_REASON_RM, 0, ""));
	ASSERT_EN(&en, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_COMMITTED);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

/* Prepared, and the other has not answered: no word is taken back. */
TEST_F(commit, prepared_waits_for_others)
{
	struct en_handle first, second;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &first, 1, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &second, 2, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, prepare_complete(&first));
	ASSERT_EN(&first, .state = KTM_EN_S_PREPARED, .tx_state = KTM_TX_S_PREPARING);
	ASSERT_EN(&second, .state = KTM_EN_S_PREPARING, .tx_state = KTM_TX_S_PREPARING);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 1);
	ASSERT_EQ(-EALREADY, prepare_complete(&first));
	ASSERT_EQ(-EPROTO, read_only(&first));
	ASSERT_EQ(-EPROTO, commit_complete(&first));
	ASSERT_EQ(-EPROTO, rollback_complete(&first));
	ASSERT_EQ(-EPROTO, ask_outcome(&first));
	ASSERT_EQ(-EPROTO, en_veto(&first, KTM_REASON_RM, 0, ""));
	ASSERT_EN(&first, .state = KTM_EN_S_PREPARED, .tx_state = KTM_TX_S_PREPARING);
	ASSERT_EQ(0, prepare_complete(&second));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 2, .waiting = 2);
	ASSERT_EQ(0, commit_complete(&second));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, commit_complete(&first));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

TEST_F(commit, read_only_before_and_in_prepare)
{
	struct en_handle early, late, writer;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &early, 1, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &late, 2, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &writer, 3, 0));
	ASSERT_EQ(0, read_only(&early));
	ASSERT_EN(&early, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_ACTIVE);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &late);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &writer);
	ASSERT_QUIET(&self->rm);
	ASSERT_EQ(0, read_only(&late));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, prepare_complete(&writer));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &writer);
	ASSERT_QUIET(&self->rm);
	ASSERT_EQ(0, commit_complete(&writer));
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

TEST_F(commit, all_read_only)
{
	struct en_handle en[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en[i], i, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	for (i = 0; i < 3; i++) {
		ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 3 - i,
			  .waiting = 3 - i);
		ASSERT_EQ(0, read_only(&en[i]));
	}
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_TM(&self->tm, ON, .rms = 1, .committed = 1);
}

TEST_F(commit, single_phase_accepted)
{
	struct ktm_tx_end end;
	struct en_handle en;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en, 5, KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(-EINPROGRESS, tx_end(&self->tx, KTM_IOC_TX_COMMIT,
				       KTM_TX_END_F_NONBLOCK, &end));
	EXPECT_EQ(KTM_TX_S_SINGLE_PHASE, end.state);
	ASSERT_EN(&en, .state = KTM_EN_S_SINGLE_PHASE, .tx_state = KTM_TX_S_SINGLE_PHASE);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_SINGLE_PHASE, .nr = 1, .waiting = 1);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_SINGLE_PHASE_COMMIT, &en);
	ASSERT_EQ(-EPROTO, prepare_complete(&en));
	ASSERT_EQ(-EPROTO, rollback_complete(&en));
	/* it decides: nobody else may any more */
	ASSERT_EQ(-EALREADY, rollback_nowait(&self->tx));
	ASSERT_EQ(0, commit_complete(&en));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	ASSERT_EN(&en, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_COMMITTED);
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_QUIET(&self->rm);
	ASSERT_TM(&self->tm, ON, .rms = 1, .committed = 1);
}

TEST_F(commit, single_phase_read_only)
{
	struct en_handle en;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en, 5, KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, read_only(&en));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	ASSERT_EQ(0, commit_wait(&self->tx));
}

TEST_F(commit, single_phase_rejected)
{
	struct en_handle en;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en, 5, KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_SINGLE_PHASE_COMMIT, &en);
	ASSERT_EQ(0, reject_single(&en));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
	ASSERT_EN(&en, .state = KTM_EN_S_PREPARING, .tx_state = KTM_TX_S_PREPARING);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &en);
	ASSERT_EQ(-EPROTO, reject_single(&en));
	ASSERT_EQ(0, prepare_complete(&en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &en);
	ASSERT_EQ(0, commit_complete(&en));
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

TEST_F(commit, single_phase_vetoed)
{
	struct en_handle en;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en, 5, KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_SINGLE_PHASE_COMMIT, &en);
	ASSERT_EQ(0, en_veto(&en, KTM_REASON_CONFLICT, EBUSY, "/etc/passwd"));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_CONFLICT,
		  .error = EBUSY, .rm = &self->rm, .detail = "/etc/passwd", .nr = 1,
		  .waiting = 1);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &en);
	ASSERT_EQ(0, rollback_complete(&en));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_CONFLICT,
		  .error = EBUSY, .rm = &self->rm, .detail = "/etc/passwd");
}

/* Single phase is for one that is alone. */
TEST_F(commit, two_do_not_take_single_phase)
{
	struct en_handle en[2];
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en[i], i,
				     KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 2);
	for (i = 0; i < 2; i++)
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &en[i]);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, prepare_complete(&en[i]));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, commit_complete(&en[i]));
	ASSERT_EQ(0, commit_wait(&self->tx));
}

FIXTURE(many)
{
	struct tm_handle tm;
	struct rm_handle rm[2];
	struct tx_handle tx;
};

FIXTURE_VARIANT(many)
{
	int count;
};

FIXTURE_VARIANT_ADD(many, one) { .count = 1 };
FIXTURE_VARIANT_ADD(many, two) { .count = 2 };
FIXTURE_VARIANT_ADD(many, eight) { .count = 8 };
FIXTURE_VARIANT_ADD(many, hundred) { .count = 100 };

FIXTURE_SETUP(many)
{
	int i;

	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rm_make(&self->tm, &self->rm[i], NULL, KTM_RM_F_VOLATILE));
		ASSERT_EQ(0, rm_recover(&self->rm[i]));
		ASSERT_NOTE(&self->rm[i], KTM_NOTIFY_LAST_RECOVER, NULL);
	}
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
}

FIXTURE_TEARDOWN(many)
{
}

/* Enlistments of two RMs in turn, answered in reverse order. */
TEST_F(many, commit)
{
	struct en_handle *en = calloc(variant->count, sizeof(*en));
	int i, n = variant->count;

	for (i = 0; i < n; i++)
		ASSERT_EQ(0, en_make(&self->rm[i % 2], &self->tx, &en[i], i, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = n);
	ASSERT_RM(&self->rm[0], .state = KTM_RM_S_ONLINE, .nr = (n + 1) / 2);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	for (i = 0; i < n; i++)
		ASSERT_NOTE(&self->rm[i % 2], KTM_NOTIFY_PREPARE, &en[i]);
	for (i = n - 1; i >= 0; i--) {
		ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = n,
			  .waiting = i + 1);
		ASSERT_EQ(0, prepare_complete(&en[i]));
	}
	for (i = 0; i < n; i++)
		ASSERT_NOTE(&self->rm[i % 2], KTM_NOTIFY_COMMIT, &en[i]);
	for (i = n - 1; i >= 0; i--) {
		ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = i + 1,
			  .waiting = i + 1);
		ASSERT_EQ(0, commit_complete(&en[i]));
	}
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	ASSERT_TM(&self->tm, ON, .rms = 2, .committed = 1);
	ASSERT_QUIET(&self->rm[0]);
	ASSERT_QUIET(&self->rm[1]);
	free(en);
}

TEST_F(many, roll_back)
{
	struct en_handle *en = calloc(variant->count, sizeof(*en));
	int i, n = variant->count;

	for (i = 0; i < n; i++)
		ASSERT_EQ(0, en_make(&self->rm[i % 2], &self->tx, &en[i], i, 0));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	for (i = 0; i < n; i++)
		ASSERT_NOTE(&self->rm[i % 2], KTM_NOTIFY_ROLLBACK, &en[i]);
	for (i = 0; i < n; i++) {
		ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING,
			  .reason = KTM_REASON_CLIENT, .nr = n - i, .waiting = n - i);
		ASSERT_EQ(0, rollback_complete(&en[i]));
	}
	ASSERT_EQ(0, rollback_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_CLIENT);
	ASSERT_TM(&self->tm, ON, .rms = 2, .aborted = 1);
	free(en);
}

TEST_F(commit, too_many)
{
	struct rlimit limit = { 4096, 4096 };
	struct en_handle en;
	int i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < KTM_TX_MAX_ENLISTMENTS; i++)
		ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en, i, 0));
	ASSERT_EQ(-EMSGSIZE, en_make(&self->rm, &self->tx, &en, i, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = KTM_TX_MAX_ENLISTMENTS);
}

TEST_HARNESS_MAIN
