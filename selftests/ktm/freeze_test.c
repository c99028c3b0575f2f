// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - freeze and thaw: what is held back, what is waited for, and how a
 * freeze ends; snapshot_test.c has what the log and many clients see of it
 */
#include <pthread.h>
#include <sys/syscall.h>

#include "harness.h"
#include "ktm_harness.h"

FIXTURE(freeze)
{
	struct tm_handle tm;
	struct rm_handle rm, boss;
	struct tx_handle tx;
	struct en_handle en, sup;
};

FIXTURE_SETUP(freeze)
{
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, 0));
}

FIXTURE_TEARDOWN(freeze)
{
}

/* May commits begin, by poll() on the TM or a transaction? */
static bool is_open(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && p.revents == POLLOUT;
}

static bool is_held(const struct tm_handle *tm, const struct tx_handle *tx)
{
	return is_frozen(tm) && !is_open(tm->fd) && !is_open(tx->fd) &&
	       commit_nowait(tx) == -EAGAIN;
}

static int restrict_fd(int fd)
{
	struct ktm_restrict arg = { .size = sizeof(arg), .rights = KTM_RIGHTS_TM };
	int ret = ktm_call(fd, KTM_IOC_RESTRICT, &arg);

	return ret ? ret : arg.out_fd;
}

/* A call in a thread of its own, which is asleep in it when start() returns. */
struct caller {
	pthread_t thread;
	pid_t tid;
	int (*fn)(void *arg);
	void *arg;
	int ret;
};

static void *run_caller(void *arg)
{
	struct caller *caller = arg;

	__atomic_store_n(&caller->tid, gettid(), __ATOMIC_RELEASE);
	caller->ret = caller->fn(caller->arg);
	return NULL;
}

static bool sleeps_in_ioctl(pid_t tid)
{
	char path[64], text[64] = "";
	int fd, nr = -1;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* "running", or the number of the call that it sleeps in */
	if (read(fd, text, sizeof(text) - 1) > 0)
		sscanf(text, "%d", &nr);
	close(fd);
	return nr == SYS_ioctl;
}

static void start(struct caller *caller, int (*fn)(void *arg), void *arg)
{
	pid_t tid;

	*caller = (struct caller){ .fn = fn, .arg = arg };
	if (pthread_create(&caller->thread, NULL, run_caller, caller))
		abort();
	do {
		usleep(1000);
		tid = __atomic_load_n(&caller->tid, __ATOMIC_ACQUIRE);
	} while (!tid || !sleeps_in_ioctl(tid));
}

static int finish(struct caller *caller)
{
	if (pthread_join(caller->thread, NULL))
		abort();
	return caller->ret;
}

static int do_commit(void *tx)
{
	return commit_wait((struct tx_handle *)tx);
}

static int do_freeze(void *tm)
{
	return tm_freeze(tm, LONG, LONG, NULL);
}

static int do_order_prepare(void *en)
{
	return order_prepare((struct en_handle *)en);
}

static int do_order_commit(void *en)
{
	return order_commit((struct en_handle *)en);
}

#define COMPLETE_COMMIT() do {							\
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);			\
	ASSERT_EQ(0, prepare_complete(&self->en));				\
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);			\
	ASSERT_EQ(0, commit_complete(&self->en));				\
} while (0)

TEST_F(freeze, holds_commits_back)
{
	struct caller commit;

	ASSERT_TRUE(is_open(self->tm.fd));
	ASSERT_TRUE(is_open(self->tx.fd));
	ASSERT_FALSE(is_frozen(&self->tm));
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	EXPECT_TRUE(is_held(&self->tm, &self->tx));
	start(&commit, do_commit, &self->tx);
	ASSERT_QUIET(&self->rm);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);

	ASSERT_EQ(0, thaw(self->tm.fd));
	COMPLETE_COMMIT();
	EXPECT_EQ(0, finish(&commit));
	EXPECT_FALSE(is_frozen(&self->tm));
	EXPECT_TRUE(is_open(self->tm.fd));
	EXPECT_TRUE(is_open(self->tx.fd));
}

/* The transaction without an enlistment, too: it counts as committed. */
TEST_F(freeze, holds_the_empty_commit_back)
{
	struct tx_handle empty;

	ASSERT_EQ(0, tx_begin(&self->tm, &empty, 0));
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	EXPECT_EQ(-EAGAIN, commit_nowait(&empty));
	EXPECT_EQ(0, thaw(self->tm.fd));
	EXPECT_EQ(0, commit_nowait(&empty));
}

TEST_F(freeze, waits_for_the_answers)
{
	struct caller freezer;
	__u8 tx[KTM_UUID_SIZE];

	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	EXPECT_EQ(-ETIMEDOUT, tm_freeze(&self->tm, 50 * MSEC, LONG, tx));
	EXPECT_EQ(0, memcmp(tx, self->tx.info.uuid, KTM_UUID_SIZE));
	/* as before */
	EXPECT_TRUE(is_open(self->tm.fd));
	EXPECT_EQ(-EPROTO, thaw(self->tm.fd));

	start(&freezer, do_freeze, &self->tm);
	EXPECT_FALSE(is_open(self->tm.fd));
	EXPECT_FALSE(is_frozen(&self->tm));
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	/* decided, and not carried out */
	EXPECT_FALSE(is_frozen(&self->tm));
	ASSERT_EQ(0, commit_complete(&self->en));
	EXPECT_EQ(0, finish(&freezer));
	EXPECT_TRUE(is_frozen(&self->tm));
	EXPECT_EQ(0, thaw(self->tm.fd));
}

TEST_F(freeze, names_who_has_not_carried_it_out)
{
	__u8 tx[KTM_UUID_SIZE];

	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, prepare_complete(&self->en));
	EXPECT_EQ(-ETIMEDOUT, tm_freeze(&self->tm, 50 * MSEC, LONG, tx));
	EXPECT_EQ(0, memcmp(tx, self->tx.info.uuid, KTM_UUID_SIZE));
}

TEST_F(freeze, does_not_hold_back_what_is_no_commit)
{
	struct tx_handle other;
	struct en_handle en;
	struct caller commit;

	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &other, 0));
	ASSERT_EQ(0, en_make(&self->rm, &other, &en, 2, 0));
	start(&commit, do_commit, &self->tx);
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&other));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &en);
	ASSERT_EQ(0, rollback_complete(&en));
	ASSERT_EQ(0, rollback_wait(&other));
	EXPECT_TRUE(tx_settled(&other, 0));
	/* one that waits has its deadline, too */
	ASSERT_EQ(0, tx_set_timeout(&self->tx, now_ns() + 100 * MSEC));
	while (rm_speaks(&self->rm)[0] == 0)
		usleep(1000);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
	ASSERT_EQ(0, rollback_complete(&self->en));
	EXPECT_EQ(-ECANCELED, finish(&commit));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_TIMEOUT,
		  .error = ETIMEDOUT);
	EXPECT_TRUE(is_frozen(&self->tm));
	EXPECT_EQ(0, thaw(self->tm.fd));
}

TEST_F(freeze, ends_by_itself)
{
	ASSERT_EQ(0, tm_freeze(&self->tm, 100 * MSEC, 100 * MSEC, NULL));
	while (is_frozen(&self->tm))
		usleep(1000);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	COMPLETE_COMMIT();
	/* told once */
	EXPECT_EQ(-ETIMEDOUT, thaw(self->tm.fd));
	EXPECT_EQ(-EPROTO, thaw(self->tm.fd));
}

/* One that has expired must not end another one. */
TEST_F(freeze, is_not_ended_by_an_older_one)
{
	int fd = restrict_fd(self->tm.fd);
	struct tm_handle other = self->tm;

	ASSERT_GE(fd, 0);
	other.fd = fd;
	ASSERT_EQ(0, tm_freeze(&self->tm, 50 * MSEC, 50 * MSEC, NULL));
	while (is_frozen(&self->tm))
		usleep(1000);
	ASSERT_EQ(0, tm_freeze(&other, LONG, LONG, NULL));
	EXPECT_EQ(-ETIMEDOUT, thaw(self->tm.fd));
	EXPECT_TRUE(is_held(&self->tm, &self->tx));
	/* one that is not asked about is replaced */
	EXPECT_EQ(0, thaw(fd));
	ASSERT_EQ(0, tm_freeze(&self->tm, 50 * MSEC, 50 * MSEC, NULL));
	while (is_frozen(&self->tm))
		usleep(1000);
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	EXPECT_EQ(0, thaw(self->tm.fd));
	EXPECT_EQ(-EPROTO, thaw(self->tm.fd));
}

TEST_F(freeze, ends_with_its_fd)
{
	struct tm_handle other = self->tm;
	int copy;

	other.fd = restrict_fd(self->tm.fd);
	ASSERT_GE(other.fd, 0);
	ASSERT_EQ(0, tm_freeze(&other, LONG, LONG, NULL));
	copy = dup(other.fd);
	ASSERT_EQ(0, close(other.fd));
	EXPECT_TRUE(is_held(&self->tm, &self->tx));
	ASSERT_EQ(0, close(copy));
	EXPECT_FALSE(is_frozen(&self->tm));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	EXPECT_EQ(-EPROTO, thaw(self->tm.fd));
}

TEST_F(freeze, ends_with_its_process)
{
	int status, ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		struct tm_handle mine = self->tm;

		mine.fd = restrict_fd(self->tm.fd);
		if (tm_freeze(&mine, LONG, LONG, NULL) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_TRUE(is_held(&self->tm, &self->tx));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	while (is_frozen(&self->tm))
		usleep(1000);
	EXPECT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
}

TEST_F(freeze, is_thawed_by_another_fd)
{
	int fd = restrict_fd(self->tm.fd);
	struct caller freezer;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	EXPECT_EQ(0, thaw(fd));
	EXPECT_FALSE(is_frozen(&self->tm));
	EXPECT_EQ(-EPROTO, thaw(fd));
	EXPECT_EQ(-ECANCELED, thaw(self->tm.fd));
	EXPECT_EQ(-EPROTO, thaw(self->tm.fd));

	/* before it is reached; by the same fd, too */
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	start(&freezer, do_freeze, &self->tm);
	EXPECT_EQ(-EPROTO, thaw(fd));
	EXPECT_EQ(-ECANCELED, finish(&freezer));
	start(&freezer, do_freeze, &self->tm);
	EXPECT_EQ(-EPROTO, thaw(self->tm.fd));
	EXPECT_EQ(-ECANCELED, finish(&freezer));
	EXPECT_TRUE(is_open(self->tm.fd));
}

TEST_F(freeze, refused)
{
	__u64 now = now_ns(), max = KTM_FREEZE_MAX_NS;
	int fd = restrict_fd(self->tm.fd), status;
	pid_t pid;

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EINVAL, freeze_at(fd, 0, now + LONG, NULL));
	EXPECT_EQ(-EINVAL, freeze_at(fd, now + LONG, 0, NULL));
	EXPECT_EQ(-EINVAL, freeze_at(fd, now + LONG, now + LONG, NULL));
	EXPECT_EQ(-EINVAL, freeze_at(fd, now + LONG, now + max + LONG, NULL));
	EXPECT_EQ(-EINVAL, freeze_at(fd, now + LONG, ~0ULL, NULL));
	EXPECT_EQ(-ETIMEDOUT, freeze_at(fd, 1, now + LONG, NULL));
	EXPECT_EQ(-EPROTO, thaw(fd));
	ASSERT_EQ(0, freeze_at(fd, now + LONG, now + max, NULL));
	EXPECT_EQ(-EBUSY, tm_freeze(&self->tm, LONG, LONG, NULL));
	EXPECT_EQ(-EBUSY, freeze_at(fd, now + LONG, now + 2 * LONG, NULL));

	/* with the right, and neither owner nor privileged */
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (setresuid(1000, 1000, 1000) ||
		    tm_freeze(&self->tm, LONG, LONG, NULL) != -EPERM ||
		    thaw(fd) != -EPERM)
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(is_frozen(&self->tm));
}

static void nothing(int sig)
{
}

TEST_F(freeze, is_interrupted)
{
	struct sigaction action = { .sa_handler = nothing };
	struct caller caller;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	start(&caller, do_commit, &self->tx);
	ASSERT_EQ(0, pthread_kill(caller.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, finish(&caller));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_EQ(0, thaw(self->tm.fd));

	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	start(&caller, do_freeze, &self->tm);
	ASSERT_EQ(0, pthread_kill(caller.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, finish(&caller));
	EXPECT_TRUE(is_open(self->tm.fd));
	EXPECT_EQ(-EPROTO, thaw(self->tm.fd));
}

#define ADD_SUPERIOR() do {							\
	ASSERT_EQ(0, rm_make(&self->tm, &self->boss, NULL, KTM_RM_F_VOLATILE));	\
	ASSERT_EQ(0, rm_recover(&self->boss));					\
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_LAST_RECOVER, NULL);		\
	ASSERT_EQ(0, en_make(&self->boss, &self->tx, &self->sup, 7,		\
			     KTM_EN_F_SUPERIOR));				\
} while (0)

TEST_F(freeze, holds_a_superior_back)
{
	struct caller order;

	ADD_SUPERIOR();
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	start(&order, do_order_prepare, &self->sup);
	ASSERT_QUIET(&self->rm);
	ASSERT_EQ(0, thaw(self->tm.fd));
	EXPECT_EQ(0, finish(&order));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPARE_COMPLETE, &self->sup);

	/* what is prepared under it is not waited for, and stays as it is */
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	start(&order, do_order_commit, &self->sup);
	ASSERT_QUIET(&self->rm);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARED, .nr = 1);
	ASSERT_EQ(0, thaw(self->tm.fd));
	EXPECT_EQ(0, finish(&order));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_COMPLETE, &self->sup);
}

TEST_F(freeze, a_superior_may_roll_back)
{
	struct caller order;

	ADD_SUPERIOR();
	ASSERT_EQ(0, order_prepare(&self->sup));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_PREPARE_COMPLETE, &self->sup);
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	start(&order, do_order_commit, &self->sup);
	ASSERT_EQ(0, en_veto(&self->sup, KTM_REASON_RM, EIO, ""));
	/* an order that waits for nothing any more */
	EXPECT_EQ(-ECANCELED, finish(&order));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
	ASSERT_EQ(0, rollback_complete(&self->en));
	EXPECT_EQ(0, thaw(self->tm.fd));
}

TEST_F(freeze, waits_for_single_phase)
{
	struct tx_handle tx;
	struct en_handle en;
	struct caller freezer;

	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &tx, &en, 2, KTM_EN_F_SINGLE_PHASE));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_SINGLE_PHASE_COMMIT, &en);
	start(&freezer, do_freeze, &self->tm);
	EXPECT_FALSE(is_frozen(&self->tm));
	ASSERT_EQ(0, reject_single(&en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &en);
	EXPECT_FALSE(is_frozen(&self->tm));
	ASSERT_EQ(0, read_only(&en));
	EXPECT_EQ(0, finish(&freezer));
	EXPECT_EQ(0, thaw(self->tm.fd));
}

TEST_HARNESS_MAIN
