// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - in doubt: the superior of a prepared transaction is away, or the
 * machine was restarted
 */
#include "harness.h"
#include "ktm_log.h"

#define NR	3

FIXTURE(indoubt)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle boss, rm[NR];
	struct tx_handle tx;
	struct en_handle sup, en[NR];
};

static int begin(struct _test_data_indoubt *self)
{
	int i, ret;

	ret = tx_begin(&self->tm, &self->tx, 0) ?:
	      en_make(&self->boss, &self->tx, &self->sup, 99, KTM_EN_F_SUPERIOR);
	for (i = 0; i < NR && !ret; i++)
		ret = en_make(&self->rm[i], &self->tx, &self->en[i], i + 1, 0) ?:
		      en_log(&self->en[i], "redo of it", 10 - i, NULL);
	return ret;
}

/* Its number may be another's soon. */
static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

FIXTURE_SETUP(indoubt)
{
	int i;

	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->boss, NULL));
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, rm_start(&self->tm, &self->rm[i], NULL));
	ASSERT_EQ(0, begin(self));
}

FIXTURE_TEARDOWN(indoubt)
{
	int i;

	if (!self->tm.durable)
		return;
	drop(&self->tx.fd);
	drop(&self->boss.fd);
	for (i = 0; i < NR; i++)
		drop(&self->rm[i].fd);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

#define EACH_NOTE(type_) do {							\
	int n;									\
										\
	for (n = 0; n < NR; n++)						\
		ASSERT_NOTE(&self->rm[n], type_, &self->en[n]);			\
} while (0)

#define EACH(call) do {								\
	int n;									\
										\
	for (n = 0; n < NR; n++)						\
		ASSERT_EQ(0, call(&self->en[n]));				\
} while (0)

#define PREPARE_ALL() do {							\
	ASSERT_EQ(0, order_prepare(&self->sup));				\
	EACH_NOTE(KTM_NOTIFY_PREPARE);						\
	EACH(prepare_complete);							\
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPARE_COMPLETE, &self->sup);	\
} while (0)

/* One life after the other, the TM's included. */
#define RESTART(recovered_) do {						\
	__u32 recovered;							\
	int n;									\
										\
	drop(&self->tx.fd);							\
	drop(&self->sup.fd);							\
	drop(&self->boss.fd);							\
	for (n = 0; n < NR; n++) {						\
		drop(&self->en[n].fd);						\
		drop(&self->rm[n].fd);						\
	}									\
	ASSERT_EQ(0, tm_detach(&self->tm));					\
	close(self->tm.fd);							\
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));	\
	ASSERT_EQ(recovered_, recovered);					\
} while (0)

static int come_back(struct _test_data_indoubt *self, struct rm_handle *rm)
{
	__u8 uuid[KTM_UUID_SIZE];

	memcpy(uuid, rm->info.uuid, sizeof(uuid));
	return rm_make(&self->tm, rm, uuid, 0) ?: rm_recover(rm);
}

static int open_tx(struct _test_data_indoubt *self)
{
	struct ktm_open open = { .size = sizeof(open) };
	int ret;

	memcpy(open.uuid, self->tx.info.uuid, KTM_UUID_SIZE);
	ret = ktm_call(self->tm.fd, KTM_IOC_TX_OPEN, &open);
	self->tx.fd = open.out_fd;
	/* the name and the owner are not in the log */
	memset(self->tx.info.description, 0, sizeof(self->tx.info.description));
	self->tx.info.owner_pid = 0;
	return ret;
}

/* The RMs are back and have asked, the superior is not. */
#define SUBORDINATES_COME_BACK(note) do {					\
	int n;									\
										\
	for (n = 0; n < NR; n++) {						\
		ASSERT_EQ(0, come_back(self, &self->rm[n]));			\
		ASSERT_NOTE(&self->rm[n], KTM_NOTIFY_RECOVER, &self->en[n]);	\
		ASSERT_NOTE(&self->rm[n], KTM_NOTIFY_LAST_RECOVER, NULL);	\
		self->en[n].info.flags = 0;					\
		ASSERT_EQ(0, en_reopen(&self->rm[n], self->en[n].info.uuid, n + 1, \
				       &self->en[n]));				\
		ASSERT_EQ(0, ask_outcome(&self->en[n]));			\
		ASSERT_NOTE(&self->rm[n], note, &self->en[n]);			\
	}									\
} while (0)

#define SUPERIOR_COMES_BACK() do {						\
	ASSERT_EQ(0, come_back(self, &self->boss));				\
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_RECOVER_QUERY, &self->sup);		\
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_LAST_RECOVER, NULL);		\
	ASSERT_EQ(0, en_reopen(&self->boss, self->sup.info.uuid, 99, &self->sup)); \
} while (0)

static long reserved(struct _test_data_indoubt *self)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;
	struct ktm_tm_info info;

	/* end records are written behind the scenes */
	do {
		if (tm_info(&self->tm, &info))
			return -1;
	} while (info.log_reserved && now_ns() < limit);
	return info.log_reserved;
}

/* The promise costs a flush, and so does the decision. */
TEST_F(indoubt, two_flushes)
{
	struct ktm_tm_info before, after;

	ASSERT_EQ(0, tm_info(&self->tm, &before));
	PREPARE_ALL();
	ASSERT_EQ(0, tm_info(&self->tm, &after));
	EXPECT_EQ(before.log_flushes + 1, after.log_flushes);
	ASSERT_EQ(0, order_commit(&self->sup));
	EACH_NOTE(KTM_NOTIFY_COMMIT);
	ASSERT_EQ(0, tm_info(&self->tm, &after));
	EXPECT_EQ(before.log_flushes + 2, after.log_flushes);
	EACH(commit_complete);
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_COMPLETE, &self->sup);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	EXPECT_EQ(0, reserved(self));
}

/* A volatile RM would be nobody to ask after a restart. */
TEST_F(indoubt, no_volatile_superior)
{
	struct rm_handle rm;
	struct en_handle en;
	struct tx_handle tx;

	ASSERT_EQ(0, rm_make(&self->tm, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&rm));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	EXPECT_EQ(-EINVAL, en_make(&rm, &tx, &en, 1, KTM_EN_F_SUPERIOR));
	close(tx.fd);
	close(rm.fd);
}

/* A member and a superior that have left while their RMs were away: all is late. */
TEST_F(indoubt, late_in_no_life)
{
	ASSERT_EQ(0, order_prepare(&self->sup));
	ASSERT_EQ(0, prepare_complete(&self->en[0]));
	drop(&self->rm[0].fd);
	ASSERT_EQ(-EPROTO, request_outcome(&self->en[0]));
	ASSERT_EQ(0, en_veto(&self->en[1], KTM_REASON_RM, 0, ""));
	ASSERT_EQ(-EALREADY, request_outcome(&self->en[0]));
}

TEST_F(indoubt, late_order_in_no_life)
{
	PREPARE_ALL();
	ASSERT_EQ(0, order_commit(&self->sup));
	EACH_NOTE(KTM_NOTIFY_COMMIT);
	drop(&self->boss.fd);
	ASSERT_EQ(-EPROTO, order_commit(&self->sup));
	EACH(commit_complete);
	EXPECT_EQ(-EALREADY, order_commit(&self->sup));
	EXPECT_EQ(-EALREADY, en_veto(&self->sup, KTM_REASON_RM, 0, ""));
}

/* It comes back with the TM still there. */
TEST_F(indoubt, superior_away_and_back)
{
	PREPARE_ALL();
	drop(&self->boss.fd);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ORPHANED, .nr = NR);
	EACH_NOTE(KTM_NOTIFY_INDOUBT);
	/* that has no answer; they stay prepared, and may ask in vain */
	ASSERT_EN(&self->en[0], .state = KTM_EN_S_PREPARED, .tx_state = KTM_TX_S_ORPHANED,
		  .records = 1);
	EXPECT_EQ(-EALREADY, prepare_complete(&self->en[0]));
	ASSERT_EQ(0, request_outcome(&self->en[1]));
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_INDOUBT, &self->en[1]);
	EXPECT_EQ(-EALREADY, rollback_wait(&self->tx));
	EXPECT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	/* the old fd is of no use: its life is over */
	EXPECT_EQ(-EPROTO, order_commit(&self->sup));
	EXPECT_EQ(-EPROTO, en_veto(&self->sup, KTM_REASON_RM, 0, ""));
	drop(&self->sup.fd);

	SUPERIOR_COMES_BACK();
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ORPHANED, .nr = NR);
	ASSERT_EQ(0, ask_outcome(&self->sup));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPARE_COMPLETE, &self->sup);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARED, .nr = NR);
	EXPECT_EQ(-EPROTO, ask_outcome(&self->sup));
	ASSERT_EQ(0, order_commit(&self->sup));
	EACH_NOTE(KTM_NOTIFY_COMMIT);
	EACH(commit_complete);
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_COMPLETE, &self->sup);
	EXPECT_EQ(0, commit_wait(&self->tx));
}

/* Nobody has said anything: recovery asks, and the answer is commit. */
TEST_F(indoubt, restart_then_commit)
{
	char data[16];
	__u32 length;
	int i;

	PREPARE_ALL();
	RESTART(1);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .unfinished = 1);
	ASSERT_EQ(0, open_tx(self));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ORPHANED, .nr = NR);
	SUBORDINATES_COME_BACK(KTM_NOTIFY_INDOUBT);
	for (i = 0; i < NR; i++) {
		length = sizeof(data);
		ASSERT_EQ(0, en_read_log(&self->en[i], 0, data, &length));
		EXPECT_EQ(10 - i, length);
		EXPECT_EQ(0, memcmp(data, "redo of it", length));
	}
	SUPERIOR_COMES_BACK();
	ASSERT_EQ(0, order_commit(&self->sup));
	EXPECT_EQ(-EALREADY, order_commit(&self->sup));
	EACH_NOTE(KTM_NOTIFY_COMMIT);
	EACH(commit_complete);
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_COMPLETE, &self->sup);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	EXPECT_EQ(0, reserved(self));
	RESTART(0);
	ASSERT_EQ(0, come_back(self, &self->boss));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_LAST_RECOVER, NULL);
}

/* The same, with rollback, twice in doubt, and the superior first. */
TEST_F(indoubt, restart_twice_then_rollback)
{
	PREPARE_ALL();
	RESTART(1);
	RESTART(1);
	SUPERIOR_COMES_BACK();
	ASSERT_EQ(0, en_veto(&self->sup, KTM_REASON_RM, 0, ""));
	/* nobody is there to undo anything: it is over, presumed so by the others */
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_ROLLBACK_COMPLETE, &self->sup);
	EXPECT_EQ(-EALREADY, en_veto(&self->sup, KTM_REASON_RM, 0, ""));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .aborted = 1);
	EXPECT_EQ(0, reserved(self));
	ASSERT_EQ(0, come_back(self, &self->rm[0]));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_LAST_RECOVER, NULL);
	/* and the log says so */
	RESTART(0);
}

TEST_F(indoubt, restart_then_rollback)
{
	PREPARE_ALL();
	RESTART(1);
	SUBORDINATES_COME_BACK(KTM_NOTIFY_INDOUBT);
	SUPERIOR_COMES_BACK();
	ASSERT_EQ(0, en_veto(&self->sup, KTM_REASON_RM, 0, ""));
	EACH_NOTE(KTM_NOTIFY_ROLLBACK);
	EACH(rollback_complete);
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_ROLLBACK_COMPLETE, &self->sup);
	EXPECT_EQ(0, reserved(self));
	RESTART(0);
}

/*
 * The decision is durable, not carried out by all. The superior is not asked
 * again: by that it knows. Who has answered may be sent COMMIT once more.
 */
TEST_F(indoubt, restart_after_the_decision)
{
	PREPARE_ALL();
	ASSERT_EQ(0, order_commit(&self->sup));
	EACH_NOTE(KTM_NOTIFY_COMMIT);
	ASSERT_EQ(0, commit_complete(&self->en[0]));
	RESTART(1);
	ASSERT_EQ(0, come_back(self, &self->boss));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_LAST_RECOVER, NULL);
	SUBORDINATES_COME_BACK(KTM_NOTIFY_COMMIT);
	EACH(commit_complete);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = NR + 1, .committed = 1);
	EXPECT_EQ(0, reserved(self));
	RESTART(0);
}

/* Superior and subordinates away together, with the TM there; one stays away. */
TEST_F(indoubt, all_away_and_back)
{
	int i;

	PREPARE_ALL();
	drop(&self->boss.fd);
	for (i = 0; i < NR; i++)
		drop(&self->rm[i].fd);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ORPHANED, .nr = NR);
	drop(&self->tx.fd);
	drop(&self->sup.fd);
	for (i = 0; i < NR; i++)
		drop(&self->en[i].fd);
	SUPERIOR_COMES_BACK();
	ASSERT_EQ(0, order_commit(&self->sup));
	SUBORDINATES_COME_BACK(KTM_NOTIFY_COMMIT);
	ASSERT_EQ(0, commit_complete(&self->en[0]));
	ASSERT_EQ(0, commit_complete(&self->en[1]));
	ASSERT_QUIET(&self->boss);
	/* it leaves once more, decided: asked again, it repeats its order */
	drop(&self->boss.fd);
	drop(&self->sup.fd);
	SUPERIOR_COMES_BACK();
	EXPECT_EQ(-EALREADY, order_commit(&self->sup));
	EXPECT_EQ(-EPROTO, en_veto(&self->sup, KTM_REASON_RM, 0, ""));
	ASSERT_EQ(0, commit_complete(&self->en[2]));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_COMPLETE, &self->sup);
}

/* Nothing was promised: presumed aborted, by everybody. */
TEST_F(indoubt, restart_before_the_promise)
{
	ASSERT_EQ(0, order_prepare(&self->sup));
	EACH_NOTE(KTM_NOTIFY_PREPARE);
	ASSERT_EQ(0, prepare_complete(&self->en[0]));
	ASSERT_EQ(0, prepare_complete(&self->en[1]));
	RESTART(0);
	ASSERT_EQ(0, come_back(self, &self->rm[0]));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, come_back(self, &self->boss));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_LAST_RECOVER, NULL);
}

/* Commits of others, until the head of the log has gone round so often. */
static int laps(struct _test_data_indoubt *self, unsigned int nr)
{
	static char data[30000];
	struct ktm_tm_info info;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	__u64 end;
	int ret;

	ret = rm_start(&self->tm, &rm, NULL) ?: tm_info(&self->tm, &info);
	end = info.log_head + nr * info.log_size;
	while (!ret && info.log_head < end) {
		ret = tx_begin(&self->tm, &tx, 0) ?: en_make(&rm, &tx, &en, 1, 0) ?:
		      en_log(&en, data, sizeof(data), NULL);
		if (!ret && commit_nowait(&tx) != -EINPROGRESS)
			ret = -EBADMSG;
		if (!ret && *note_differs(&rm, KTM_NOTIFY_PREPARE, &en))
			ret = -EBADMSG;
		ret = ret ?: prepare_complete(&en);
		if (!ret && *note_differs(&rm, KTM_NOTIFY_COMMIT, &en))
			ret = -EBADMSG;
		ret = ret ?: commit_complete(&en) ?: tm_info(&self->tm, &info);
		close(en.fd);
		close(tx.fd);
	}
	close(rm.fd);
	return ret;
}

/* It does not hold the log back: it is copied forward, lap after lap. */
TEST_F(indoubt, does_not_pin_the_log)
{
	char data[16];
	__u32 length = sizeof(data);

	PREPARE_ALL();
	ASSERT_EQ(0, laps(self, 2));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARED, .nr = NR);
	RESTART(1);
	ASSERT_EQ(0, laps(self, 3));
	SUBORDINATES_COME_BACK(KTM_NOTIFY_INDOUBT);
	ASSERT_EQ(0, en_read_log(&self->en[1], 0, data, &length));
	EXPECT_EQ(9, length);
	EXPECT_EQ(0, memcmp(data, "redo of it", length));
	RESTART(1);
	SUPERIOR_COMES_BACK();
	ASSERT_EQ(0, order_commit(&self->sup));
	/* decided, and copied forward as that */
	ASSERT_EQ(0, laps(self, 2));
	RESTART(1);
	ASSERT_EQ(0, come_back(self, &self->boss));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_LAST_RECOVER, NULL);
	SUBORDINATES_COME_BACK(KTM_NOTIFY_COMMIT);
	EACH(commit_complete);
	EXPECT_EQ(0, reserved(self));
	RESTART(0);
}

/* A promise that was copied forward is taken back as well as the first. */
TEST_F(indoubt, copied_then_rolled_back)
{
	PREPARE_ALL();
	ASSERT_EQ(0, laps(self, 2));
	ASSERT_EQ(0, en_veto(&self->sup, KTM_REASON_RM, 0, ""));
	EACH_NOTE(KTM_NOTIFY_ROLLBACK);
	ASSERT_EQ(0, laps(self, 2));
	EXPECT_EQ(0, reserved(self));
	EACH(rollback_complete);
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_ROLLBACK_COMPLETE, &self->sup);
	ASSERT_EQ(0, laps(self, 2));
	RESTART(0);
}

TEST_HARNESS_MAIN
