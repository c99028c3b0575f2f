// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - fds of RMs and enlistments are closed, in every state
 *
 * Two RMs with one enlistment each; the first is the one that closes. The TM is
 * volatile, so nobody returns.
 */
#include "harness.h"
#include "ktm_harness.h"

enum point {
	AT_ACTIVE,
	AT_PREPARING,
	AT_PREPARED,
	AT_COMMITTING,
	AT_ABORTING,
	AT_DONE,
};

FIXTURE(close)
{
	struct tm_handle tm;
	struct rm_handle rm[2];
	struct tx_handle tx;
	struct en_handle en[2];
};

FIXTURE_VARIANT(close)
{
	enum point point;
	__u32 en_state;		/* before the close */
	__u32 tx_state;		/* after it, if not for the RM's leaving */
};

FIXTURE_VARIANT_ADD(close, active) {
	.point = AT_ACTIVE,
	.en_state = KTM_EN_S_ACTIVE,
	.tx_state = KTM_TX_S_ABORTING,
};

FIXTURE_VARIANT_ADD(close, preparing) {
	.point = AT_PREPARING,
	.en_state = KTM_EN_S_PREPARING,
	.tx_state = KTM_TX_S_ABORTING,
};

FIXTURE_VARIANT_ADD(close, prepared) {
	.point = AT_PREPARED,
	.en_state = KTM_EN_S_PREPARED,
	.tx_state = KTM_TX_S_PREPARING,
};

FIXTURE_VARIANT_ADD(close, committing) {
	.point = AT_COMMITTING,
	.en_state = KTM_EN_S_COMMITTING,
	.tx_state = KTM_TX_S_COMMITTING,
};

FIXTURE_VARIANT_ADD(close, aborting) {
	.point = AT_ABORTING,
	.en_state = KTM_EN_S_ABORTING,
	.tx_state = KTM_TX_S_ABORTING,
};

FIXTURE_VARIANT_ADD(close, done) {
	.point = AT_DONE,
	.en_state = KTM_EN_S_DONE,
	.tx_state = KTM_TX_S_COMMITTING,
};

FIXTURE_SETUP(close)
{
	int i;

	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rm_make(&self->tm, &self->rm[i], NULL, KTM_RM_F_VOLATILE));
		ASSERT_EQ(0, rm_recover(&self->rm[i]));
		ASSERT_NOTE(&self->rm[i], KTM_NOTIFY_LAST_RECOVER, NULL);
		ASSERT_EQ(0, en_make(&self->rm[i], &self->tx, &self->en[i], i + 1, 0));
	}
	if (variant->point == AT_ABORTING) {
		ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
		ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_ROLLBACK, &self->en[1]);
		return;
	}
	if (variant->point >= AT_PREPARING)
		ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	if (variant->point >= AT_PREPARED)
		ASSERT_EQ(0, prepare_complete(&self->en[0]));
	if (variant->point >= AT_COMMITTING)
		ASSERT_EQ(0, prepare_complete(&self->en[1]));
	if (variant->point == AT_DONE)
		ASSERT_EQ(0, commit_complete(&self->en[0]));
	if (variant->point >= AT_COMMITTING)
		ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_COMMIT, &self->en[1]);
}

FIXTURE_TEARDOWN(close)
{
}

/* What is left when the first one has gone is carried to its end. */
static void finish(struct __test_metadata *_metadata, struct _test_data_close *self,
		   __u32 nr)
{
	struct ktm_tx_info info;
	bool aborts;

	ASSERT_EQ(0, tx_info(&self->tx, &info));
	aborts = info.state == KTM_TX_S_ABORTING;
	if (info.state == KTM_TX_S_PREPARING) {
		ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_PREPARE, &self->en[1]);
		ASSERT_EQ(0, prepare_complete(&self->en[1]));
		ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_COMMIT, &self->en[1]);
	}
	ASSERT_QUIET(&self->rm[1]);
	ASSERT_EQ(0, aborts ? rollback_complete(&self->en[1]) :
			      commit_complete(&self->en[1]));
	if (nr == 2)
		return;
	ASSERT_EQ(aborts ? -ECANCELED : 0, commit_wait(&self->tx));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1,
		  .committed = !aborts, .aborted = aborts);
}

TEST_F(close, rm)
{
	bool rolls_back = variant->point < AT_PREPARED;
	__u32 reason = rolls_back ? KTM_REASON_RM_GONE :
		variant->point == AT_ABORTING ? KTM_REASON_CLIENT : KTM_REASON_NONE;

	ASSERT_EN(&self->en[0], .state = variant->en_state,
		  .tx_state = rolls_back ? KTM_TX_S_ACTIVE + variant->point :
					   variant->tx_state);
	ASSERT_EQ(0, close(self->rm[0].fd));
	/* a key means nothing to anybody but that life of the RM */
	self->en[0].info.key = 0;
	ASSERT_EN(&self->en[0], .state = KTM_EN_S_DONE, .tx_state = variant->tx_state);
	ASSERT_TX(&self->tx, .state = variant->tx_state, .reason = reason, .nr = 1,
		  .waiting = 1, .rm = rolls_back ? &self->rm[0] : NULL);
	if (rolls_back)
		ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_ROLLBACK, &self->en[1]);
	/* its fd is there still, and has nothing to say */
	ASSERT_EQ(-EALREADY, prepare_complete(&self->en[0]));
	ASSERT_EQ(-EALREADY, commit_complete(&self->en[0]));
	ASSERT_EQ(-EALREADY, rollback_complete(&self->en[0]));
	ASSERT_EQ(-EALREADY, ask_outcome(&self->en[0]));
	ASSERT_EQ(0, close(self->en[0].fd));
	ASSERT_TX(&self->tx, .state = variant->tx_state, .reason = reason, .nr = 1,
		  .waiting = 1, .rm = rolls_back ? &self->rm[0] : NULL);
	finish(_metadata, self, 1);
}

TEST_F(close, enlistment)
{
	bool rolls_back = variant->point < AT_PREPARED;
	bool stays = variant->point == AT_PREPARED || variant->point == AT_COMMITTING;
	__u32 reason = rolls_back ? KTM_REASON_ENLISTMENT_CLOSED :
		variant->point == AT_ABORTING ? KTM_REASON_CLIENT : KTM_REASON_NONE;

	ASSERT_EQ(0, close(self->en[0].fd));
	ASSERT_TX(&self->tx, .state = variant->tx_state, .reason = reason,
		  .nr = 1 + stays, .waiting = 1 + (variant->point == AT_COMMITTING),
		  .rm = rolls_back ? &self->rm[0] : NULL);
	ASSERT_RM(&self->rm[0], .state = KTM_RM_S_ONLINE, .nr = stays);
	if (rolls_back)
		ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_ROLLBACK, &self->en[1]);
	if (!stays) {
		/* what nobody can answer is not asked */
		ASSERT_QUIET(&self->rm[0]);
		ASSERT_EQ(-ENOENT, en_reopen(&self->rm[0], self->en[0].info.uuid, 9,
					     &self->en[0]));
		ASSERT_EQ(0, close(self->rm[0].fd));
		finish(_metadata, self, 1);
		return;
	}
	finish(_metadata, self, 2);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, en_reopen(&self->rm[0], self->en[0].info.uuid, 9, &self->en[0]));
	ASSERT_EN(&self->en[0], .state = KTM_EN_S_COMMITTING,
		  .tx_state = KTM_TX_S_COMMITTING);
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_COMMIT, &self->en[0]);
	ASSERT_EQ(0, commit_complete(&self->en[0]));
	ASSERT_EQ(0, commit_wait(&self->tx));
}

/* All in one go, as a process dies. */
TEST_F(close, all)
{
	ASSERT_EQ(0, close(self->tx.fd));
	ASSERT_EQ(0, close(self->rm[0].fd));
	ASSERT_EQ(0, close(self->rm[1].fd));
	ASSERT_EQ(0, close(self->en[0].fd));
	ASSERT_EQ(0, close(self->en[1].fd));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE,
		  .committed = variant->point >= AT_COMMITTING &&
			       variant->point != AT_ABORTING,
		  .aborted = variant->point < AT_COMMITTING ||
			     variant->point == AT_ABORTING);
}

FIXTURE(lost)
{
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
};

FIXTURE_VARIANT(lost)
{
	bool close_rm;
};

FIXTURE_VARIANT_ADD(lost, rm) { .close_rm = true };
FIXTURE_VARIANT_ADD(lost, enlistment) { .close_rm = false };

FIXTURE_SETUP(lost)
{
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EN(&self->en, .state = KTM_EN_S_SINGLE_PHASE,
		  .tx_state = KTM_TX_S_SINGLE_PHASE);
}

FIXTURE_TEARDOWN(lost)
{
}

/* Who was to decide has gone: nobody knows. */
TEST_F(lost, in_single_phase)
{
	struct ktm_tx_end end;

	ASSERT_EQ(0, close(variant->close_rm ? self->rm.fd : self->en.fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_INDOUBT);
	EXPECT_TRUE(tx_settled(&self->tx, 0));
	ASSERT_EQ(-EIO, tx_end(&self->tx, KTM_IOC_TX_COMMIT, 0, &end));
	EXPECT_EQ(KTM_TX_S_INDOUBT, end.state);
	ASSERT_EQ(-EALREADY, rollback_wait(&self->tx));
	ASSERT_EQ(-EPROTO, tx_set_timeout(&self->tx, 0));
	if (variant->close_rm) {
		self->en.info.key = 0;
		ASSERT_EN(&self->en, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_INDOUBT);
		ASSERT_EQ(-EALREADY, commit_complete(&self->en));
	}
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = !variant->close_rm);
}

/* dup() and fork() share an fd: only the last one counts. */
TEST_F(lost, last_copy_of_the_fd_only)
{
	int copy = dup(variant->close_rm ? self->rm.fd : self->en.fd);

	ASSERT_EQ(0, close(variant->close_rm ? self->rm.fd : self->en.fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_SINGLE_PHASE, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, close(copy));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_INDOUBT);
}

TEST_HARNESS_MAIN
