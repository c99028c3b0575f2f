// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - resource managers in the kernel, by way of ktm_test_rm.ko
 */
#include "harness.h"
#include "ktm_log.h"
#include "savepoint.h"

#include "kmod/rm/ktm_test_rm.h"

FIXTURE(kernel_rm)
{
	struct tm_handle tm;
	struct tx_handle tx;
	int rm;
};

static int rm_register(int rm, const struct tm_handle *tm, const __u8 *uuid, __u32 flags,
		       __u32 commit)
{
	struct test_rm_register arg = {
		.tm_fd = tm->fd,
		.flags = flags,
		.answer = { TEST_RM_DONE, commit, TEST_RM_DONE, TEST_RM_DONE },
	};

	memcpy(arg.uuid, uuid, sizeof(arg.uuid));
	return ktm_call(rm, TEST_RM_IOC_REGISTER, &arg);
}

static int say(int rm, __u32 id, __u32 what)
{
	struct test_rm_say_args arg = { .id = id, .say = what };

	return ktm_call(rm, TEST_RM_IOC_ANSWER, &arg);
}

static struct test_rm_seen seen(int rm)
{
	struct test_rm_seen seen = { .error = -1 };

	ktm_call(rm, TEST_RM_IOC_SEEN, &seen);
	return seen;
}

/* Callbacks come from a workqueue: until one of this kind has come. */
static __u32 wait_for(int rm, size_t offset)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;
	struct test_rm_seen now;
	__u32 count;

	do {
		usleep(1000);
		now = seen(rm);
		memcpy(&count, (char *)&now + offset, sizeof(count));
	} while (!count && now_ns() < limit);
	return count;
}

#define WAIT_FOR(rm, field) \
	ASSERT_EQ(1, wait_for(rm, offsetof(struct test_rm_seen, field)))

FIXTURE_SETUP(kernel_rm)
{
	__u8 uuid[KTM_UUID_SIZE];

	self->rm = open("/dev/ktm_test_rm", O_RDWR | O_CLOEXEC);
	if (self->rm < 0)
		SKIP(_exit(SKIPPED), "ktm_test_rm.ko is not loaded");
	random_uuid(uuid);
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_register(self->rm, &self->tm, uuid, KTM_RM_F_VOLATILE,
				 TEST_RM_DONE));
	EXPECT_EQ(1, seen(self->rm).last_recover);
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
}

FIXTURE_TEARDOWN(kernel_rm)
{
}

static int enlist(int rm, const struct tx_handle *tx, struct test_rm_enlist *how)
{
	how->tx_fd = tx->fd;
	return ktm_call(rm, TEST_RM_IOC_ENLIST, how);
}

#define ENLIST(...) \
	enlist(self->rm, &self->tx, &(struct test_rm_enlist){ __VA_ARGS__ })

TEST_F(kernel_rm, info)
{
	struct ktm_list list = { .size = sizeof(list), .count = 1 };
	struct ktm_rm_info info = { .size = sizeof(info) };

	list.uuids = (uintptr_t)info.uuid;
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_RM_LIST, &list));
	ASSERT_EQ(1, list.count);
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_RM_INFO, &info));
	EXPECT_EQ(KTM_RM_F_VOLATILE | KTM_RM_INFO_F_KERNEL, info.flags);
	EXPECT_STREQ("test-rm", info.name);
	EXPECT_EQ(KTM_RM_S_ONLINE, info.state);
}

TEST_F(kernel_rm, commits)
{
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_DONE));
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_READ_ONLY));
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_DONE));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 3);
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	EXPECT_EQ(3, seen(self->rm).prepare);
	EXPECT_EQ(2, seen(self->rm).commit);
	EXPECT_EQ(0, seen(self->rm).rollback);
	EXPECT_EQ(0, seen(self->rm).error);
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(3, seen(self->rm).release);
}

TEST_F(kernel_rm, takes_part_in_phase_0)
{
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_PREPREPARE));
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_PREPREPARE, .preprepare = TEST_RM_READ_ONLY));
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_PREPREPARE, .preprepare = TEST_RM_LATER));
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_DONE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	EXPECT_EQ(0, seen(self->rm).prepare);
	while (seen(self->rm).preprepare < 3)
		usleep(1000);
	EXPECT_EQ(0, seen(self->rm).prepare);
	ASSERT_EQ(0, say(self->rm, 2, TEST_RM_SAY_PREPREPARED));
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_EQ(3, seen(self->rm).prepare);
	EXPECT_EQ(3, seen(self->rm).commit);
	EXPECT_EQ(0, seen(self->rm).error);
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(4, seen(self->rm).release);
}

TEST_F(kernel_rm, takes_part_in_savepoints)
{
	__u8 uuid[KTM_UUID_SIZE];
	__u64 id;
	int i;

	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_SAVEPOINTS));
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_SAVEPOINTS));
	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(0, savepoint_now(&self->tx, SET, 0));
		EXPECT_EQ(i, seen(self->rm).last_savepoint);
	}
	ASSERT_EQ(0, savepoint_now(&self->tx, ROLLBACK_TO, 2));
	EXPECT_EQ(2, seen(self->rm).last_savepoint);
	ASSERT_EQ(0, savepoint_now(&self->tx, RELEASE, 1));
	EXPECT_EQ(1, seen(self->rm).last_savepoint);
	EXPECT_EQ(6, seen(self->rm).savepoint[0]);
	EXPECT_EQ(2, seen(self->rm).savepoint[1]);
	EXPECT_EQ(2, seen(self->rm).savepoint[2]);
	EXPECT_EQ(0, seen(self->rm).error);
	/* one refuses, the others release it; it may leave or end it all, too */
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_SAVEPOINTS, .savepoint = TEST_RM_REJECT));
	id = 0;
	EXPECT_EQ(-EXFULL, tx_savepoint(&self->tx, SET, &id, uuid));
	EXPECT_EQ(4, seen(self->rm).savepoint[2]);
	ASSERT_EQ(0, say(self->rm, 2, TEST_RM_SAY_READ_ONLY));
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_SAVEPOINTS, .savepoint = TEST_RM_READ_ONLY));
	ASSERT_EQ(0, savepoint_now(&self->tx, SET, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
	EXPECT_EQ(0, seen(self->rm).error);
	/* without the flag none */
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_READ_ONLY));
	EXPECT_EQ(-EOPNOTSUPP, savepoint_now(&self->tx, SET, 0));
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_EQ(2, seen(self->rm).commit);
}

/* A user RM beside it, and an answer from another thread. */
TEST_F(kernel_rm, answers_a_savepoint_later)
{
	struct savepoint_call call;
	struct rm_handle user;
	struct en_handle en;

	ASSERT_EQ(0, rm_make(&self->tm, &user, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&user));
	ASSERT_NOTE(&user, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, en_make(&user, &self->tx, &en, 1, KTM_EN_F_SAVEPOINTS));
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_SAVEPOINTS, .savepoint = TEST_RM_LATER));
	EXPECT_EQ(-EPROTO, say(self->rm, 0, TEST_RM_SAY_SAVEPOINT));
	ASSERT_EQ(0, savepoint_start(&call, &self->tx, SET, 0));
	ASSERT_ASKED(&user, SET, &en, 1);
	WAIT_FOR(self->rm, savepoint[0]);
	EXPECT_EQ(-EBUSY, ENLIST(.flags = KTM_EN_F_SAVEPOINTS));
	ASSERT_EQ(0, en_savepoint(&en, 1, 0));
	ASSERT_EQ(0, say(self->rm, 0, TEST_RM_SAY_SAVEPOINT));
	EXPECT_EQ(-EALREADY, say(self->rm, 0, TEST_RM_SAY_SAVEPOINT));
	ASSERT_EQ(0, savepoint_join(&call));
	EXPECT_EQ(1, call.savepoint);

	/* it leaves while it is asked */
	ASSERT_EQ(0, savepoint_start(&call, &self->tx, ROLLBACK_TO, 1));
	WAIT_FOR(self->rm, savepoint[1]);
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	ASSERT_EQ(-ECANCELED, savepoint_join(&call));
	EXPECT_EQ(1, seen(self->rm).release);
	ASSERT_NOTE(&user, KTM_NOTIFY_ROLLBACK, &en);
}

TEST_F(kernel_rm, cannot_roll_back_to_a_savepoint)
{
	struct ktm_tx_info info;

	ASSERT_EQ(0, savepoint_now(&self->tx, SET, 0));
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_SAVEPOINTS, .savepoint = TEST_RM_VETO));
	EXPECT_EQ(-ECANCELED, savepoint_now(&self->tx, ROLLBACK_TO, 1));
	ASSERT_EQ(0, rollback_wait(&self->tx));
	ASSERT_EQ(0, tx_info(&self->tx, &info));
	EXPECT_EQ(KTM_REASON_RM, info.reason);
	EXPECT_EQ(EDOM, info.error);
	EXPECT_EQ(1, seen(self->rm).rollback);
	EXPECT_EQ(0, seen(self->rm).error);
}

/* A superior lives in user space. */
TEST_F(kernel_rm, is_no_superior)
{
	EXPECT_EQ(-EINVAL, ENLIST(.flags = KTM_EN_F_SUPERIOR));
	EXPECT_EQ(-EINVAL, ENLIST(.flags = KTM_EN_F_COMMIT_REQUEST));
}

TEST_F(kernel_rm, hears_of_a_lost_outcome)
{
	struct rm_handle single;
	struct en_handle en;

	ASSERT_EQ(0, rm_make(&self->tm, &single, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&single));
	ASSERT_EQ(0, en_make(&single, &self->tx, &en, 1, KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_DISCONNECTED));
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_DISCONNECTED));
	ASSERT_EQ(0, say(self->rm, 0, TEST_RM_SAY_READ_ONLY));
	ASSERT_EQ(0, say(self->rm, 1, TEST_RM_SAY_READ_ONLY));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, close(single.fd));
	while (seen(self->rm).disconnected < 2)
		usleep(1000);
	EXPECT_EQ(0, seen(self->rm).rollback);
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(2, seen(self->rm).release);
}

/* A watcher does not keep its RM from leaving. */
TEST_F(kernel_rm, watches_no_longer_than_it_lives)
{
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_DISCONNECTED));
	ASSERT_EQ(0, say(self->rm, 0, TEST_RM_SAY_READ_ONLY));
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(1, seen(self->rm).release);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE);
	ASSERT_EQ(0, commit_wait(&self->tx));
}

TEST_F(kernel_rm, hears_why)
{
	ASSERT_EQ(0, ENLIST(.rollback = TEST_RM_DONE));
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_VETO));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
	EXPECT_EQ(KTM_REASON_RM, seen(self->rm).reason);
	EXPECT_EQ(EDOM, seen(self->rm).reason_error);
}

TEST_F(kernel_rm, rolls_back)
{
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_DONE));
	ASSERT_EQ(0, rollback_wait(&self->tx));
	EXPECT_EQ(1, seen(self->rm).rollback);
	EXPECT_EQ(0, seen(self->rm).prepare);
	EXPECT_EQ(-EALREADY, say(self->rm, 0, TEST_RM_SAY_ROLLED_BACK));
	EXPECT_EQ(-ECANCELED, ENLIST(.prepare = TEST_RM_DONE));
}

TEST_F(kernel_rm, refuses)
{
	struct ktm_tx_info info;

	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_DONE));
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_VETO));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
	ASSERT_EQ(0, tx_info(&self->tx, &info));
	EXPECT_EQ(KTM_TX_S_ABORTED, info.state);
	EXPECT_EQ(KTM_REASON_RM, info.reason);
	EXPECT_EQ(EDOM, info.error);
	EXPECT_STREQ("told to", info.detail);
	EXPECT_EQ(2, seen(self->rm).rollback);
	EXPECT_EQ(0, seen(self->rm).commit);
}

TEST_F(kernel_rm, single_phase)
{
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_SINGLE_PHASE, .prepare = TEST_RM_VETO));
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_EQ(1, seen(self->rm).single_phase);
	EXPECT_EQ(0, seen(self->rm).prepare);
	EXPECT_EQ(0, seen(self->rm).error);
}

TEST_F(kernel_rm, single_phase_rejected)
{
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_SINGLE_PHASE,
			    .single_phase = TEST_RM_REJECT));
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_EQ(1, seen(self->rm).single_phase);
	EXPECT_EQ(1, seen(self->rm).prepare);
	EXPECT_EQ(1, seen(self->rm).commit);
	EXPECT_EQ(0, seen(self->rm).error);
}

TEST_F(kernel_rm, answers_later)
{
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_LATER, .commit = TEST_RM_LATER));
	EXPECT_EQ(-EPROTO, say(self->rm, 0, TEST_RM_SAY_PREPARED));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	WAIT_FOR(self->rm, prepare);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
	EXPECT_EQ(-EPROTO, say(self->rm, 0, TEST_RM_SAY_COMMITTED));
	EXPECT_EQ(0, say(self->rm, 0, TEST_RM_SAY_PREPARED));
	EXPECT_EQ(-EALREADY, say(self->rm, 0, TEST_RM_SAY_PREPARED));
	WAIT_FOR(self->rm, commit);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 1, .waiting = 1);
	EXPECT_EQ(-EPROTO, say(self->rm, 0, TEST_RM_SAY_VETO));
	EXPECT_EQ(0, say(self->rm, 0, TEST_RM_SAY_COMMITTED));
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	EXPECT_EQ(0, seen(self->rm).release);
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(1, seen(self->rm).release);
}

TEST_F(kernel_rm, unregisters_when_active)
{
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_DONE));
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(1, seen(self->rm).release);
	EXPECT_EQ(0, seen(self->rm).rollback);
	EXPECT_EQ(-ECANCELED, commit_wait(&self->tx));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .aborted = 1);
}

TEST_F(kernel_rm, unregisters_when_preparing)
{
	struct tx_handle *tx = &self->tx;
	struct ktm_tx_info info;

	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_LATER));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(tx));
	WAIT_FOR(self->rm, prepare);
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(1, seen(self->rm).release);
	EXPECT_EQ(-ECANCELED, commit_wait(tx));
	ASSERT_EQ(0, tx_info(tx, &info));
	EXPECT_EQ(KTM_REASON_RM_GONE, info.reason);
}

/* A volatile RM that has gone will not come back: nobody waits for it. */
TEST_F(kernel_rm, unregisters_when_committing)
{
	ASSERT_EQ(0, ENLIST(.commit = TEST_RM_LATER));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	WAIT_FOR(self->rm, commit);
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(1, seen(self->rm).release);
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

TEST_F(kernel_rm, unregisters_when_aborting)
{
	ASSERT_EQ(0, ENLIST(.rollback = TEST_RM_LATER));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	WAIT_FOR(self->rm, rollback);
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(1, seen(self->rm).release);
	ASSERT_EQ(0, rollback_wait(&self->tx));
}

TEST_F(kernel_rm, unregisters_when_deciding_alone)
{
	ASSERT_EQ(0, ENLIST(.flags = KTM_EN_F_SINGLE_PHASE,
			    .single_phase = TEST_RM_LATER));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	WAIT_FOR(self->rm, single_phase);
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	ASSERT_EQ(-EIO, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_INDOUBT);
}

/* The file is closed with the process, in the middle of it all. */
TEST_F(kernel_rm, closes)
{
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_LATER));
	ASSERT_EQ(0, ENLIST(.prepare = TEST_RM_DONE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, close(self->rm));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
}

TEST_F(kernel_rm, bad_arguments)
{
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm = { .fd = self->tx.fd };
	int rm = open("/dev/ktm_test_rm", O_RDWR);

	random_uuid(uuid);
	EXPECT_EQ(-EBADFD, rm_register(rm, &tm, uuid, KTM_RM_F_VOLATILE, 0));
	tm.fd = -1;
	EXPECT_EQ(-EBADF, rm_register(rm, &tm, uuid, KTM_RM_F_VOLATILE, 0));
	EXPECT_EQ(-EINVAL, rm_register(rm, &self->tm, uuid, 0, 0));
	EXPECT_EQ(-EINVAL, rm_register(rm, &self->tm, uuid, 1 << 5, 0));
	EXPECT_EQ(0, rm_register(rm, &self->tm, uuid, KTM_RM_F_VOLATILE, 0));
	EXPECT_EQ(-EINVAL, ENLIST(.flags = 1 << 6));
	self->tx.fd = self->tm.fd;
	EXPECT_EQ(-EBADFD, ENLIST(.flags = 0));
}

/* Away when its transaction commits: its redo is read back in its next life. */
TEST(kernel_rm_recovers)
{
	const char *path = log_device("KTM_LOG_DEV");
	__u8 log[KTM_UUID_SIZE], uuid[KTM_UUID_SIZE];
	struct test_rm_enlist how = {
		.commit = TEST_RM_LATER,
		.nr_records = 20,
		.record_size = 3000,
	};
	int rm = open("/dev/ktm_test_rm", O_RDWR | O_CLOEXEC);
	struct tm_handle tm;
	struct tx_handle tx;
	__u32 recovered;

	if (!path || rm < 0)
		SKIP(return, "no KTM_LOG_DEV, or ktm_test_rm.ko is not loaded");
	random_uuid(uuid);
	ASSERT_EQ(0, log_format(path, LOG_SMALL, log));
	ASSERT_EQ(0, tm_attach(path, log, &tm, NULL));
	ASSERT_EQ(0, rm_register(rm, &tm, uuid, 0, TEST_RM_DONE));
	ASSERT_EQ(0, tx_begin(&tm, &tx, 0));
	ASSERT_EQ(0, enlist(rm, &tx, &how));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	WAIT_FOR(rm, commit);
	ASSERT_EQ(0, ktm_call(rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(1, seen(rm).release);
	ASSERT_EQ(0, commit_wait(&tx));
	ASSERT_TX(&tx, .state = KTM_TX_S_COMMITTING, .nr = 1);
	ASSERT_EQ(0, close(tx.fd));
	ASSERT_EQ(0, tm_detach(&tm));
	ASSERT_EQ(0, close(tm.fd));

	ASSERT_EQ(0, tm_attach(path, log, &tm, &recovered));
	EXPECT_EQ(1, recovered);
	ASSERT_EQ(0, rm_register(rm, &tm, uuid, 0, TEST_RM_DONE));
	ASSERT_EQ(0, ktm_call(rm, TEST_RM_IOC_SETTLE, NULL));
	EXPECT_EQ(1, seen(rm).recover);
	EXPECT_EQ(20, seen(rm).records);
	EXPECT_EQ(2, seen(rm).commit);
	EXPECT_EQ(2, seen(rm).last_recover);
	EXPECT_EQ(0, seen(rm).error);
	ASSERT_TM(&tm, .state = KTM_TM_S_ONLINE, .rms = 1, .committed = 1);
	ASSERT_EQ(0, ktm_call(rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(2, seen(rm).release);
	ASSERT_EQ(0, tm_detach(&tm));
}

/* A durable RM that leaves when it has prepared; one in user space goes on. */
FIXTURE(prepared)
{
	const char *path;
	__u8 log[KTM_UUID_SIZE], uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct tx_handle tx;
	struct rm_handle other;
	struct en_handle en;
	int rm;
};

FIXTURE_SETUP(prepared)
{
	struct test_rm_enlist how = {
		.prepare = TEST_RM_LATER,
		.nr_records = 3,
		.record_size = 500,
	};

	self->path = log_device("KTM_LOG_DEV");
	self->rm = open("/dev/ktm_test_rm", O_RDWR | O_CLOEXEC);
	if (!self->path || self->rm < 0)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV, or ktm_test_rm.ko is not loaded");
	random_uuid(self->uuid);
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->log));
	ASSERT_EQ(0, tm_attach(self->path, self->log, &self->tm, NULL));
	ASSERT_EQ(0, rm_register(self->rm, &self->tm, self->uuid, 0, TEST_RM_DONE));
	ASSERT_EQ(0, rm_start(&self->tm, &self->other, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, enlist(self->rm, &self->tx, &how));
	ASSERT_EQ(0, en_make(&self->other, &self->tx, &self->en, 1, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->other, KTM_NOTIFY_PREPARE, &self->en);
	WAIT_FOR(self->rm, prepare);
	ASSERT_EQ(0, say(self->rm, 0, TEST_RM_SAY_PREPARED));
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	/* the key is given back, the vote stands */
	EXPECT_EQ(1, seen(self->rm).release);
	EXPECT_EQ(0, seen(self->rm).rollback);
	EXPECT_EQ(0, seen(self->rm).error);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 1);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1);
}

FIXTURE_TEARDOWN(prepared)
{
	close(self->rm);
	close(self->tx.fd);
	close(self->en.fd);
	close(self->other.fd);
	log_release();
}

/* Its next life is told, reads its redo and carries it out. */
static void learns_commit(struct __test_metadata *_metadata,
			  struct _test_data_prepared *self)
{
	ASSERT_EQ(0, rm_register(self->rm, &self->tm, self->uuid, 0, TEST_RM_DONE));
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_SETTLE, NULL));
	EXPECT_EQ(1, seen(self->rm).recover);
	EXPECT_EQ(3, seen(self->rm).records);
	EXPECT_EQ(1, seen(self->rm).commit);
	EXPECT_EQ(0, seen(self->rm).rollback);
	EXPECT_EQ(2, seen(self->rm).last_recover);
	EXPECT_EQ(0, seen(self->rm).error);
	ASSERT_EQ(0, ktm_call(self->rm, TEST_RM_IOC_UNREGISTER, NULL));
	EXPECT_EQ(2, seen(self->rm).release);
}

static void others_commit(struct __test_metadata *_metadata,
			  struct _test_data_prepared *self)
{
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->other, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));
	/* nobody waits for who is away */
	ASSERT_EQ(0, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 1);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .unfinished = 1);
}

TEST_F(prepared, then_committed)
{
	others_commit(_metadata, self);
	learns_commit(_metadata, self);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .committed = 1);
}

TEST_F(prepared, then_committed_over_detach)
{
	__u32 recovered;

	others_commit(_metadata, self);
	ASSERT_EQ(0, close(self->other.fd));
	ASSERT_EQ(0, tm_detach(&self->tm));
	ASSERT_EQ(0, close(self->tm.fd));
	ASSERT_EQ(0, tm_attach(self->path, self->log, &self->tm, &recovered));
	EXPECT_EQ(1, recovered);
	learns_commit(_metadata, self);
	/* the other one was logged as a part of it, and has not asked yet */
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .unfinished = 1);
}

/* Rolled back while it is away: its next life is told of nothing, which says so. */
TEST_F(prepared, then_refused)
{
	ASSERT_EQ(0, en_veto(&self->en, KTM_REASON_RM, EDOM, "no"));
	ASSERT_NOTE(&self->other, KTM_NOTIFY_ROLLBACK, &self->en);
	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_RM,
		  .error = EDOM, .rm = &self->other, .detail = "no");
	ASSERT_EQ(0, rm_register(self->rm, &self->tm, self->uuid, 0, TEST_RM_DONE));
	EXPECT_EQ(0, seen(self->rm).recover);
	EXPECT_EQ(0, seen(self->rm).commit);
	EXPECT_EQ(2, seen(self->rm).last_recover);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 2, .aborted = 1);
}

TEST_HARNESS_MAIN
