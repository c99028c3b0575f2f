// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - savepoints: which there are, who is asked, what is answered
 */
#include "harness.h"
#include "ktm_log.h"
#include "savepoint.h"

static const __u8 nobody[KTM_UUID_SIZE];

FIXTURE(savepoint)
{
	struct tm_handle tm;
	struct rm_handle rm[2];
	struct tx_handle tx;
	struct en_handle en[2];
	struct savepoint_call call;
};

FIXTURE_SETUP(savepoint)
{
	int i;

	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rm_make(&self->tm, &self->rm[i], NULL, KTM_RM_F_VOLATILE));
		ASSERT_EQ(0, rm_recover(&self->rm[i]));
		ASSERT_NOTE(&self->rm[i], KTM_NOTIFY_LAST_RECOVER, NULL);
	}
}

FIXTURE_TEARDOWN(savepoint)
{
}

/* Both take part. */
#define ENLIST() do {								\
	int e;									\
										\
	for (e = 0; e < 2; e++)							\
		ASSERT_EQ(0, en_make(&self->rm[e], &self->tx, &self->en[e], e + 1,	\
				     KTM_EN_F_SAVEPOINTS));			\
} while (0)

#define START(cmd, id) \
	ASSERT_EQ(0, savepoint_start(&self->call, &self->tx, cmd, id))

/* The call is over, and it was for an RM that it failed, if for any. */
#define ASSERT_JOIN(ret, of) do {						\
	const struct rm_handle *of_ = (of);					\
										\
	ASSERT_EQ(ret, savepoint_join(&self->call));				\
	ASSERT_EQ(0, memcmp(self->call.rm, of_ ? of_->info.uuid : nobody,	\
			    KTM_UUID_SIZE));					\
} while (0)

/* One that both do. */
#define BOTH(cmd, id) do {							\
	unsigned int cmd_ = (cmd);						\
	__u64 id_ = (id);							\
	int b;									\
										\
	START(cmd_, cmd_ == SET ? 0 : id_);					\
	for (b = 0; b < 2; b++) {						\
		ASSERT_ASKED(&self->rm[b], cmd_, &self->en[b], id_);		\
		ASSERT_EQ(0, en_savepoint(&self->en[b], id_, 0));		\
	}									\
	ASSERT_JOIN(0, NULL);							\
	ASSERT_EQ(id_, self->call.savepoint);					\
} while (0)

#define COMMIT() do {								\
	int c;									\
										\
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));			\
	for (c = 0; c < 2; c++) {						\
		ASSERT_NOTE(&self->rm[c], KTM_NOTIFY_PREPARE, &self->en[c]);	\
		ASSERT_EQ(0, prepare_complete(&self->en[c]));			\
	}									\
	for (c = 0; c < 2; c++) {						\
		ASSERT_NOTE(&self->rm[c], KTM_NOTIFY_COMMIT, &self->en[c]);	\
		ASSERT_EQ(0, commit_complete(&self->en[c]));			\
	}									\
	ASSERT_EQ(0, commit_wait(&self->tx));					\
} while (0)

/* SQL's meaning, with nobody to be asked. */
TEST_F(savepoint, numbers)
{
	__u64 id = 0;

	ASSERT_EQ(0, tx_savepoint(&self->tx, SET, &id, NULL));
	EXPECT_EQ(1, id);
	for (id = 0; id < 3; id++)
		ASSERT_EQ(0, savepoint_now(&self->tx, SET, 0));
	/* 1 2 3 4: it stays, what came after it is gone */
	ASSERT_EQ(0, savepoint_now(&self->tx, ROLLBACK_TO, 3));
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 4));
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, RELEASE, 4));
	ASSERT_EQ(0, savepoint_now(&self->tx, ROLLBACK_TO, 3));
	ASSERT_EQ(0, savepoint_now(&self->tx, ROLLBACK_TO, 2));
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 3));
	/* 1 2 5: no number twice */
	id = 0;
	ASSERT_EQ(0, tx_savepoint(&self->tx, SET, &id, NULL));
	EXPECT_EQ(5, id);
	ASSERT_EQ(0, savepoint_now(&self->tx, RELEASE, 2));
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, RELEASE, 2));
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 5));
	ASSERT_EQ(0, savepoint_now(&self->tx, ROLLBACK_TO, 1));
	ASSERT_EQ(0, savepoint_now(&self->tx, RELEASE, 1));
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 1));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE);
	ASSERT_EQ(0, commit_wait(&self->tx));
}

TEST_F(savepoint, as_many_as_there_may_be)
{
	__u64 id;
	int i;

	for (i = 0; i < KTM_TX_MAX_SAVEPOINTS; i++)
		ASSERT_EQ(0, savepoint_now(&self->tx, SET, 0));
	EXPECT_EQ(-EMSGSIZE, savepoint_now(&self->tx, SET, 0));
	ASSERT_EQ(0, savepoint_now(&self->tx, RELEASE, KTM_TX_MAX_SAVEPOINTS));
	id = 0;
	ASSERT_EQ(0, tx_savepoint(&self->tx, SET, &id, NULL));
	EXPECT_EQ(KTM_TX_MAX_SAVEPOINTS + 1, id);
	EXPECT_EQ(-EMSGSIZE, savepoint_now(&self->tx, SET, 0));
	ASSERT_EQ(0, savepoint_now(&self->tx, ROLLBACK_TO, 1));
	ASSERT_EQ(0, savepoint_now(&self->tx, SET, 0));
}

TEST_F(savepoint, bad_input)
{
	static const unsigned int calls[] = { SET, ROLLBACK_TO, RELEASE };
	struct ktm_tx_savepoint arg = { .size = sizeof(arg) };
	struct ktm_en_savepoint answer = { .size = sizeof(answer), .reserved = 1 };
	size_t i;

	ENLIST();
	EXPECT_EQ(-EINVAL, savepoint_now(&self->tx, SET, 1));
	for (i = 0; i < ARRAY_LEN(calls); i++) {
		arg.rm[15] = 1;
		EXPECT_EQ(-EINVAL, ktm_call(self->tx.fd, calls[i], &arg));
	}
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 0));
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 1));
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, RELEASE, ~0ULL));
	/* nobody was asked anything */
	EXPECT_EQ(-EPROTO, en_savepoint(&self->en[0], 0, 0));
	EXPECT_EQ(-EPROTO, en_savepoint(&self->en[0], 1, 0));
	EXPECT_EQ(-EINVAL, ktm_call(self->en[0].fd, KTM_IOC_EN_SAVEPOINT_COMPLETE, &answer));
	ASSERT_QUIET(&self->rm[0]);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);

	START(SET, 0);
	ASSERT_ASKED(&self->rm[0], SET, &self->en[0], 1);
	EXPECT_EQ(-EINVAL, en_savepoint(&self->en[0], 1, 512));
	EXPECT_EQ(-EINVAL, en_savepoint(&self->en[0], 1, ~0U));
	EXPECT_EQ(-EPROTO, en_savepoint(&self->en[0], 0, 0));
	EXPECT_EQ(-EPROTO, en_savepoint(&self->en[0], 2, 0));
	ASSERT_EN(&self->en[0], .state = KTM_EN_S_SAVEPOINT, .tx_state = KTM_TX_S_SAVEPOINT);
	ASSERT_ASKED(&self->rm[1], SET, &self->en[1], 1);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
	ASSERT_EQ(0, en_savepoint(&self->en[1], 1, 0));
	ASSERT_JOIN(0, NULL);

	/* only what is set can be refused */
	for (i = 1; i < ARRAY_LEN(calls); i++) {
		START(calls[i], 1);
		ASSERT_ASKED(&self->rm[0], calls[i], &self->en[0], 1);
		ASSERT_ASKED(&self->rm[1], calls[i], &self->en[1], 1);
		EXPECT_EQ(-EINVAL, en_savepoint(&self->en[0], 1, EIO));
		ASSERT_TX(&self->tx, .state = KTM_TX_S_SAVEPOINT, .nr = 2, .waiting = 2);
		ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
		ASSERT_EQ(0, en_savepoint(&self->en[1], 1, 0));
		ASSERT_JOIN(0, NULL);
	}
}

/* Nested, with work between them: here the order of the notifications. */
TEST_F(savepoint, both_take_part)
{
	ENLIST();
	BOTH(SET, 1);
	BOTH(SET, 2);
	BOTH(SET, 3);
	BOTH(ROLLBACK_TO, 2);
	BOTH(ROLLBACK_TO, 2);
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 3));
	BOTH(SET, 4);
	BOTH(ROLLBACK_TO, 1);
	BOTH(SET, 5);
	BOTH(SET, 6);
	BOTH(RELEASE, 5);
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 6));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
	COMMIT();
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	EXPECT_EQ(-EPROTO, savepoint_now(&self->tx, SET, 0));
	EXPECT_EQ(-EPROTO, savepoint_now(&self->tx, ROLLBACK_TO, 1));
	EXPECT_EQ(-EPROTO, savepoint_now(&self->tx, RELEASE, 1));
	EXPECT_EQ(-EALREADY, en_savepoint(&self->en[0], 1, 0));
}

/* Nothing else begins while one of them is being asked, but what ends it. */
TEST_F(savepoint, nothing_else_meanwhile)
{
	__u64 deadline = now_ns() + LONG;
	struct en_handle en;

	ENLIST();
	START(SET, 0);
	ASSERT_ASKED(&self->rm[0], SET, &self->en[0], 1);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_SAVEPOINT, .nr = 2, .waiting = 2);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 2, .active = 1);
	EXPECT_EQ(-EBUSY, commit_wait(&self->tx));
	EXPECT_EQ(-EBUSY, commit_nowait(&self->tx));
	EXPECT_EQ(-EBUSY, savepoint_now(&self->tx, SET, 0));
	EXPECT_EQ(-EBUSY, savepoint_now(&self->tx, ROLLBACK_TO, 1));
	EXPECT_EQ(-EBUSY, savepoint_now(&self->tx, RELEASE, 7));
	EXPECT_EQ(-EBUSY, en_make(&self->rm[0], &self->tx, &en, 9, KTM_EN_F_SAVEPOINTS));
	EXPECT_EQ(-EBUSY, en_make(&self->rm[0], &self->tx, &en, 9, KTM_EN_F_SUPERIOR));
	EXPECT_EQ(-EPROTO, prepare_complete(&self->en[0]));
	EXPECT_EQ(0, tx_set_timeout(&self->tx, deadline));
	EXPECT_FALSE(tx_settled(&self->tx, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_SAVEPOINT, .nr = 2, .waiting = 2,
		  .deadline = deadline);

	ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_SAVEPOINT, .nr = 2, .waiting = 1,
		  .deadline = deadline);
	ASSERT_EN(&self->en[0], .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_SAVEPOINT);
	ASSERT_EN(&self->en[1], .state = KTM_EN_S_SAVEPOINT, .tx_state = KTM_TX_S_SAVEPOINT);
	EXPECT_EQ(-EBUSY, commit_wait(&self->tx));
	ASSERT_ASKED(&self->rm[1], SET, &self->en[1], 1);
	ASSERT_EQ(0, en_savepoint(&self->en[1], 1, 0));
	ASSERT_JOIN(0, NULL);
	ASSERT_EQ(0, tx_set_timeout(&self->tx, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
	COMMIT();
}

/* What is answered twice, or before it was read, does not count for the next one. */
TEST_F(savepoint, late_answers)
{
	int i;

	ENLIST();
	BOTH(SET, 1);
	EXPECT_EQ(-EALREADY, en_savepoint(&self->en[0], 1, 0));
	EXPECT_EQ(-EALREADY, en_savepoint(&self->en[0], 1, EIO));
	BOTH(SET, 2);
	START(ROLLBACK_TO, 2);
	ASSERT_ASKED(&self->rm[1], ROLLBACK_TO, &self->en[1], 2);
	for (i = 1; i <= 2; i++)
		EXPECT_EQ(-EALREADY, en_savepoint(&self->en[0], i, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_SAVEPOINT, .nr = 2, .waiting = 2);
	ASSERT_ASKED(&self->rm[0], ROLLBACK_TO, &self->en[0], 2);
	EXPECT_EQ(-EALREADY, en_savepoint(&self->en[0], 1, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_SAVEPOINT, .nr = 2, .waiting = 2);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 2, 0));
	EXPECT_EQ(-EALREADY, en_savepoint(&self->en[0], 2, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_SAVEPOINT, .nr = 2, .waiting = 1);
	ASSERT_EQ(0, en_savepoint(&self->en[1], 2, 0));
	ASSERT_JOIN(0, NULL);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	EXPECT_EQ(-EALREADY, en_savepoint(&self->en[0], 2, 0));
	EXPECT_EQ(-EPROTO, en_savepoint(&self->en[0], 3, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 2);
}

/* One that takes no part is named, and nothing has happened. */
TEST_F(savepoint, somebody_takes_no_part)
{
	struct en_handle other;
	__u8 rm[KTM_UUID_SIZE];
	__u64 id = 0;

	ENLIST();
	BOTH(SET, 1);
	BOTH(SET, 2);
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &other, 9, 0));
	EXPECT_EQ(-EOPNOTSUPP, tx_savepoint(&self->tx, SET, &id, rm));
	EXPECT_EQ(0, memcmp(rm, self->rm[1].info.uuid, KTM_UUID_SIZE));
	EXPECT_EQ(0, id);
	id = 1;
	EXPECT_EQ(-EOPNOTSUPP, tx_savepoint(&self->tx, ROLLBACK_TO, &id, rm));
	EXPECT_EQ(0, memcmp(rm, self->rm[1].info.uuid, KTM_UUID_SIZE));
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 3));
	ASSERT_QUIET(&self->rm[0]);
	ASSERT_QUIET(&self->rm[1]);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 3);
	/* to forget one takes nobody's consent */
	BOTH(RELEASE, 2);
	/* it has left: it had nothing to roll back */
	ASSERT_EQ(0, read_only(&other));
	BOTH(ROLLBACK_TO, 1);
	BOTH(SET, 3);
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &other, 9, KTM_EN_F_DISCONNECTED));
	EXPECT_EQ(-EOPNOTSUPP, savepoint_now(&self->tx, SET, 0));
	ASSERT_EQ(0, read_only(&other));
	BOTH(SET, 4);
}

/* Released by those who have set it; the number is used up. */
TEST_F(savepoint, refused)
{
	int order, a, b;

	ENLIST();
	BOTH(SET, 1);
	for (order = 0; order < 2; order++) {
		a = order;	/* refuses, first or last */
		b = !order;
		START(SET, 0);
		ASSERT_ASKED(&self->rm[0], SET, &self->en[0], 2 + order);
		ASSERT_ASKED(&self->rm[1], SET, &self->en[1], 2 + order);
		ASSERT_EQ(0, en_savepoint(&self->en[0], 2 + order, a == 0 ? EXFULL : 0));
		ASSERT_EQ(0, en_savepoint(&self->en[1], 2 + order, a == 1 ? EXFULL : 0));
		ASSERT_TX(&self->tx, .state = KTM_TX_S_SAVEPOINT, .nr = 2, .waiting = 1);
		ASSERT_EN(&self->en[a], .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_SAVEPOINT);
		ASSERT_QUIET(&self->rm[a]);
		EXPECT_EQ(-EALREADY, en_savepoint(&self->en[a], 2 + order, 0));
		EXPECT_EQ(-EBUSY, savepoint_now(&self->tx, SET, 0));
		ASSERT_ASKED(&self->rm[b], RELEASE, &self->en[b], 2 + order);
		ASSERT_EQ(0, en_savepoint(&self->en[b], 2 + order, 0));
		ASSERT_JOIN(-EXFULL, &self->rm[a]);
		ASSERT_EQ(0, self->call.savepoint);
		ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
		EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 2 + order));
	}

	/* both refuse: nobody has anything to release, and the first is named */
	START(SET, 0);
	ASSERT_ASKED(&self->rm[0], SET, &self->en[0], 4);
	ASSERT_ASKED(&self->rm[1], SET, &self->en[1], 4);
	ASSERT_EQ(0, en_savepoint(&self->en[1], 4, ENOSPC));
	ASSERT_EQ(0, en_savepoint(&self->en[0], 4, EDOM));
	ASSERT_JOIN(-ENOSPC, &self->rm[1]);
	ASSERT_QUIET(&self->rm[0]);
	ASSERT_QUIET(&self->rm[1]);

	/* as if it had not been asked for */
	BOTH(ROLLBACK_TO, 1);
	BOTH(SET, 5);
	COMMIT();
}

/* Who has refused once is told about the next ones. */
TEST_F(savepoint, told_again_after_a_refusal)
{
	ENLIST();
	START(SET, 0);
	ASSERT_ASKED(&self->rm[0], SET, &self->en[0], 1);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 1, EIO));
	ASSERT_ASKED(&self->rm[1], SET, &self->en[1], 1);
	/* the only one that could release it leaves */
	ASSERT_EQ(0, read_only(&self->en[1]));
	ASSERT_JOIN(-EIO, &self->rm[0]);
	START(SET, 0);
	ASSERT_ASKED(&self->rm[0], SET, &self->en[0], 2);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 2, 0));
	ASSERT_JOIN(0, NULL);
	START(RELEASE, 2);
	ASSERT_ASKED(&self->rm[0], RELEASE, &self->en[0], 2);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 2, 0));
	ASSERT_JOIN(0, NULL);
}

/* It had done nothing when it was set: it undoes all. */
TEST_F(savepoint, enlisted_after_it)
{
	ASSERT_EQ(0, en_make(&self->rm[0], &self->tx, &self->en[0], 1, KTM_EN_F_SAVEPOINTS));
	START(SET, 0);
	ASSERT_ASKED(&self->rm[0], SET, &self->en[0], 1);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
	ASSERT_JOIN(0, NULL);
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->en[1], 2, KTM_EN_F_SAVEPOINTS));
	BOTH(ROLLBACK_TO, 1);
	BOTH(RELEASE, 1);
	COMMIT();
}

/* It leaves when it is asked; a watcher is not asked any more. */
TEST_F(savepoint, read_only)
{
	ASSERT_EQ(0, en_make(&self->rm[0], &self->tx, &self->en[0], 1,
			     KTM_EN_F_SAVEPOINTS | KTM_EN_F_DISCONNECTED));
	ASSERT_EQ(0, en_make(&self->rm[1], &self->tx, &self->en[1], 2, KTM_EN_F_SAVEPOINTS));
	START(SET, 0);
	ASSERT_ASKED(&self->rm[0], SET, &self->en[0], 1);
	ASSERT_EQ(0, read_only(&self->en[0]));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_SAVEPOINT, .nr = 1, .waiting = 1);
	EXPECT_EQ(-EALREADY, en_savepoint(&self->en[0], 1, 0));
	/* without having read it */
	ASSERT_EQ(0, read_only(&self->en[1]));
	ASSERT_JOIN(0, NULL);
	ASSERT_QUIET(&self->rm[1]);
	EXPECT_EQ(-EALREADY, en_savepoint(&self->en[1], 1, 0));
	ASSERT_EQ(0, savepoint_now(&self->tx, ROLLBACK_TO, 1));
	ASSERT_EN(&self->en[0], .state = KTM_EN_S_WATCHING, .tx_state = KTM_TX_S_ACTIVE);
	ASSERT_EQ(0, commit_wait(&self->tx));
}

/* It drives, and has no work: it is not asked, and its orders wait for the answers. */
TEST_F(savepoint, superior)
{
	struct en_handle sup;

	ENLIST();
	EXPECT_EQ(-EINVAL, en_make(&self->rm[0], &self->tx, &sup, 9,
				   KTM_EN_F_SUPERIOR | KTM_EN_F_SAVEPOINTS));
	ASSERT_EQ(0, en_make(&self->rm[0], &self->tx, &sup, 9, KTM_EN_F_SUPERIOR |
			     KTM_EN_F_COMMIT_REQUEST));
	START(SET, 0);
	ASSERT_ASKED(&self->rm[0], SET, &self->en[0], 1);
	EXPECT_EQ(-EPROTO, en_savepoint(&sup, 1, 0));
	EXPECT_EQ(-EBUSY, order_preprepare(&sup));
	EXPECT_EQ(-EBUSY, order_prepare(&sup));
	EXPECT_EQ(-EBUSY, order_commit(&sup));
	EXPECT_EQ(-EBUSY, commit_nowait(&self->tx));
	ASSERT_QUIET(&self->rm[0]);
	ASSERT_EN(&sup, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_SAVEPOINT);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
	ASSERT_ASKED(&self->rm[1], SET, &self->en[1], 1);
	ASSERT_EQ(0, en_savepoint(&self->en[1], 1, 0));
	ASSERT_JOIN(0, NULL);
	ASSERT_EQ(0, order_prepare(&sup));
	EXPECT_EQ(-EPROTO, savepoint_now(&self->tx, ROLLBACK_TO, 1));
	EXPECT_EQ(-EPROTO, savepoint_now(&self->tx, SET, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 2);
}

/* A reader that was built when records were shorter. */
TEST_F(savepoint, older_readers)
{
	const size_t first = offsetof(struct ktm_notification, savepoint);
	struct ktm_notification note[2];
	struct rm_handle old;
	struct en_handle en;

	ASSERT_EQ(0, rm_make(&self->tm, &old, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&old));
	ASSERT_EQ(0, en_make(&old, &self->tx, &en, 7, KTM_EN_F_SAVEPOINTS));
	ASSERT_EQ(-1, read(old.fd, note, first - 1));
	EXPECT_EQ(EMSGSIZE, errno);
	memset(note, 0x5a, sizeof(note));
	ASSERT_EQ(first, read(old.fd, note, first));
	EXPECT_EQ(first, note[0].size);
	EXPECT_EQ(KTM_NOTIFY_LAST_RECOVER, note[0].type);
	EXPECT_EQ(0x5a5a5a5a5a5a5a5a, note[0].savepoint);
	ASSERT_EQ(-1, read(old.fd, note, first));
	EXPECT_EQ(EAGAIN, errno);

	/* what it would not get is not nothing: it stays */
	START(SET, 0);
	ASSERT_EQ(1, poll(&(struct pollfd){ .fd = old.fd, .events = POLLIN }, 1, PATIENCE));
	ASSERT_EQ(-1, read(old.fd, note, sizeof(note[0]) - 1));
	EXPECT_EQ(EMSGSIZE, errno);
	ASSERT_ASKED(&old, SET, &en, 1);
	ASSERT_EQ(0, en_savepoint(&en, 1, 0));
	ASSERT_JOIN(0, NULL);

	/* room for a whole one and a short one: the whole one */
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(sizeof(note[0]), read(old.fd, note, sizeof(note[0]) + first));
	EXPECT_EQ(sizeof(note[0]), note[0].size);
	EXPECT_EQ(KTM_NOTIFY_PREPARE, note[0].type);
	EXPECT_EQ(0, note[0].savepoint);
}

FIXTURE(durable_savepoint)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	struct savepoint_call call;
};

FIXTURE_SETUP(durable_savepoint)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, KTM_EN_F_SAVEPOINTS));
}

FIXTURE_TEARDOWN(durable_savepoint)
{
	if (!self->tm.durable)
		return;
	close(self->tx.fd);
	close(self->rm.fd);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

/* Records stay, whatever is undone; the RM may log while it is asked. */
TEST_F(durable_savepoint, records_stay)
{
	char data[16];
	__u32 length = sizeof(data);

	ASSERT_EQ(0, en_log(&self->en, "before", 6, NULL));
	START(SET, 0);
	ASSERT_ASKED(&self->rm, SET, &self->en, 1);
	ASSERT_EQ(0, en_savepoint(&self->en, 1, 0));
	ASSERT_JOIN(0, NULL);
	ASSERT_EQ(0, en_log(&self->en, "after", 5, NULL));
	START(ROLLBACK_TO, 1);
	ASSERT_ASKED(&self->rm, ROLLBACK_TO, &self->en, 1);
	ASSERT_EQ(0, en_log(&self->en, "void: 1", 7, NULL));
	ASSERT_EQ(0, en_savepoint(&self->en, 1, 0));
	ASSERT_JOIN(0, NULL);
	ASSERT_EN(&self->en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE,
		  .records = 3);
	ASSERT_EQ(0, en_read_log(&self->en, 1, data, &length));
	EXPECT_EQ(0, memcmp(data, "after", 5));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_EQ(0, commit_wait(&self->tx));
}

TEST_HARNESS_MAIN
