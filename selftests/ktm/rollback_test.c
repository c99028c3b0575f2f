// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - rollbacks of transactions of a volatile TM, and their reasons
 */
#include <pthread.h>
#include <sys/socket.h>

#include "harness.h"
#include "ktm_harness.h"

FIXTURE(rollback)
{
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
};

FIXTURE_SETUP(rollback)
{
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 42, 0));
}

FIXTURE_TEARDOWN(rollback)
{
}

TEST_F(rollback, by_client)
{
	struct en_handle late;
	struct ktm_tx_end end;

	ASSERT_EQ(-EINPROGRESS, tx_end(&self->tx, KTM_IOC_TX_ROLLBACK,
				       KTM_TX_END_F_NONBLOCK, &end));
	EXPECT_EQ(KTM_TX_S_ABORTING, end.state);
	EXPECT_EQ(KTM_REASON_CLIENT, end.reason);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_CLIENT,
		  .nr = 1, .waiting = 1);
	ASSERT_EN(&self->en, .state = KTM_EN_S_ABORTING, .tx_state = KTM_TX_S_ABORTING);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);

	/* what the rollback has overtaken */
	ASSERT_EQ(-ECANCELED, prepare_complete(&self->en));
	ASSERT_EQ(-ECANCELED, commit_complete(&self->en));
	ASSERT_EQ(-ECANCELED, read_only(&self->en));
	ASSERT_EQ(-ECANCELED, reject_single(&self->en));
	ASSERT_EQ(-ECANCELED, en_veto(&self->en, KTM_REASON_RM, EIO, "too late"));
	ASSERT_EQ(-ECANCELED, en_make(&self->rm, &self->tx, &late, 1, 0));
	ASSERT_EQ(-EPROTO, tx_set_timeout(&self->tx, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_CLIENT,
		  .nr = 1, .waiting = 1);

	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_EQ(-EALREADY, rollback_complete(&self->en));
	ASSERT_EQ(-ECANCELED, en_make(&self->rm, &self->tx, &late, 1, 0));
	ASSERT_EQ(-ECANCELED, tx_end(&self->tx, KTM_IOC_TX_COMMIT, 0, &end));
	EXPECT_EQ(KTM_TX_S_ABORTED, end.state);
	EXPECT_EQ(KTM_REASON_CLIENT, end.reason);
	ASSERT_EQ(0, rollback_wait(&self->tx));
	ASSERT_EQ(0, rollback_nowait(&self->tx));
	EXPECT_TRUE(tx_settled(&self->tx, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_CLIENT);
	ASSERT_EN(&self->en, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_ABORTED);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .aborted = 1);
}

/* The client changes its mind while the RMs prepare. */
TEST_F(rollback, by_client_in_prepare)
{
	struct en_handle other;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &other, 43, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	ASSERT_EN(&self->en, .state = KTM_EN_S_ABORTING, .tx_state = KTM_TX_S_ABORTING);
	ASSERT_EN(&other, .state = KTM_EN_S_ABORTING, .tx_state = KTM_TX_S_ABORTING);
	ASSERT_EQ(-ECANCELED, prepare_complete(&other));
	ASSERT_EQ(0, rollback_complete(&other));
	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_CLIENT);
}

/* The words of the first who refuses stay. */
TEST_F(rollback, by_rm)
{
	struct ktm_en_info info = { .size = sizeof(info) };
	struct en_handle other;
	struct ktm_tx_end end;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &other, 43, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(-EINVAL, en_veto(&self->en, KTM_REASON_CLIENT, 0, ""));
	ASSERT_EQ(-EINVAL, en_veto(&self->en, KTM_REASON_NONE, 0, ""));
	ASSERT_EQ(-EINVAL, en_veto(&self->en, KTM_REASON_RM, 4096, ""));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 2);
	ASSERT_EQ(0, en_veto(&self->en, KTM_REASON_RM, ENOSPC, "no room in the inn"));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_RM,
		  .error = ENOSPC, .rm = &self->rm, .detail = "no room in the inn",
		  .nr = 2, .waiting = 2);
	ASSERT_EQ(-ECANCELED, en_veto(&other, KTM_REASON_CONFLICT, EBUSY, "me too"));
	ASSERT_EQ(-ECANCELED, en_veto(&self->en, KTM_REASON_RM, EIO, "and more"));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &other);
	/* the other RM hears why */
	ASSERT_EQ(0, ktm_call(other.fd, KTM_IOC_EN_INFO, &info));
	EXPECT_EQ(KTM_REASON_RM, info.reason);
	EXPECT_EQ(ENOSPC, info.error);
	EXPECT_STREQ("no room in the inn", info.detail);
	EXPECT_EQ(0, memcmp(info.reason_rm, self->rm.info.uuid, KTM_UUID_SIZE));
	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_EQ(0, rollback_complete(&other));
	ASSERT_EQ(-ECANCELED, tx_end(&self->tx, KTM_IOC_TX_COMMIT, 0, &end));
	EXPECT_EQ(KTM_REASON_RM, end.reason);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_RM,
		  .error = ENOSPC, .rm = &self->rm, .detail = "no room in the inn");
}

/* An RM may refuse before anybody asks. */
TEST_F(rollback, by_rm_when_active)
{
	ASSERT_EQ(0, en_veto(&self->en, KTM_REASON_RM, 0, ""));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_RM,
		  .rm = &self->rm, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
}

TEST_F(rollback, detail_of_full_length)
{
	char detail[KTM_DETAIL_MAX];
	struct ktm_en_rollback arg = {
		.size = sizeof(arg),
		.reason = KTM_REASON_RM,
	};

	memset(arg.detail, 'x', sizeof(arg.detail));
	ASSERT_EQ(-EINVAL, ktm_call(self->en.fd, KTM_IOC_EN_ROLLBACK, &arg));
	memset(detail, 'x', sizeof(detail));
	detail[KTM_DETAIL_MAX - 1] = 0;
	ASSERT_EQ(0, en_veto(&self->en, KTM_REASON_RM, 1, detail));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_RM,
		  .error = 1, .rm = &self->rm, .detail = detail, .nr = 1, .waiting = 1);
}

TEST_F(rollback, by_deadline_of_begin)
{
	__u64 deadline = now_ns() + 200 * MSEC;
	struct tx_handle tx;

	ASSERT_EQ(-ETIMEDOUT, tx_begin(&self->tm, &tx, 1));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, deadline));
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE, .deadline = deadline);
	EXPECT_TRUE(tx_settled(&tx, PATIENCE));
	EXPECT_GE(now_ns(), deadline);
	ASSERT_TX(&tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_TIMEOUT,
		  .error = ETIMEDOUT);
	ASSERT_EQ(-ECANCELED, commit_wait(&tx));
	ASSERT_EQ(0, rollback_wait(&tx));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1,
		  .aborted = 1);
}

TEST_F(rollback, by_deadline_in_prepare)
{
	__u64 deadline = now_ns() + 300 * MSEC;

	ASSERT_EQ(0, tx_set_timeout(&self->tx, deadline));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1, .deadline = deadline);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(-EPROTO, tx_set_timeout(&self->tx, 0));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
	EXPECT_GE(now_ns(), deadline);
	ASSERT_EQ(-ECANCELED, prepare_complete(&self->en));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_TIMEOUT,
		  .error = ETIMEDOUT, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
}

/* Prepared in time: the deadline is of no more concern. */
TEST_F(rollback, deadline_ends_with_prepare)
{
	__u64 deadline = now_ns() + 400 * MSEC;

	ASSERT_EQ(0, tx_set_timeout(&self->tx, deadline));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 1, .waiting = 1);
	while (now_ns() < deadline + 200 * MSEC)
		usleep(20000);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_EQ(0, commit_wait(&self->tx));
}

TEST_F(rollback, deadline_is_moved_and_cleared)
{
	__u64 first = now_ns() + 200 * MSEC, second = now_ns() + 3600000 * MSEC;

	ASSERT_EQ(0, tx_set_timeout(&self->tx, first));
	ASSERT_EQ(0, tx_set_timeout(&self->tx, second));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1, .deadline = second);
	EXPECT_FALSE(tx_settled(&self->tx, 400));
	ASSERT_QUIET(&self->rm);
	ASSERT_EQ(0, tx_set_timeout(&self->tx, now_ns() + 200 * MSEC));
	ASSERT_EQ(0, tx_set_timeout(&self->tx, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	EXPECT_FALSE(tx_settled(&self->tx, 400));
	/* one that has passed acts at once */
	ASSERT_EQ(0, tx_set_timeout(&self->tx, 1));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_TIMEOUT,
		  .error = ETIMEDOUT);
}

TEST_F(rollback, by_last_close)
{
	struct ktm_en_info info = { .size = sizeof(info) };
	int copy = dup(self->tx.fd);

	ASSERT_EQ(0, close(self->tx.fd));
	ASSERT_EN(&self->en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
	ASSERT_QUIET(&self->rm);
	self->tx.fd = copy;
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_EQ(0, close(copy));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
	ASSERT_EN(&self->en, .state = KTM_EN_S_ABORTING, .tx_state = KTM_TX_S_ABORTING);
	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_EQ(0, ktm_call(self->en.fd, KTM_IOC_EN_INFO, &info));
	EXPECT_EQ(KTM_TX_S_ABORTED, info.tx_state);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .aborted = 1);
}

/* A second fd by UUID keeps it, too. */
TEST_F(rollback, by_last_close_of_two_opens)
{
	struct ktm_open open = { .size = sizeof(open) };
	int first = self->tx.fd;

	memcpy(open.uuid, self->tx.info.uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_TX_OPEN, &open));
	ASSERT_EQ(0, close(first));
	self->tx.fd = open.out_fd;
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_EQ(0, close(open.out_fd));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
}

/* A commit that is on its way goes on without the client, and so does abort. */
TEST_F(rollback, close_after_the_decision)
{
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_EQ(0, close(self->tx.fd));
	ASSERT_EN(&self->en, .state = KTM_EN_S_COMMITTING, .tx_state = KTM_TX_S_COMMITTING);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .committed = 1);
}

static int send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* The owner dies; another process has the fd and cannot keep it alive. */
TEST_F(rollback, by_death_of_owner)
{
	struct tx_handle tx;
	struct en_handle en;
	int pair[2], status;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (tx_begin(&self->tm, &tx, 0) || send_fd(pair[1], tx.fd) ||
		    write(pair[1], &tx.info, sizeof(tx.info)) < 0)
			_exit(1);
		pause();
		_exit(2);
	}
	tx.fd = receive_fd(pair[0]);
	ASSERT_GE(tx.fd, 0);
	ASSERT_EQ(sizeof(tx.info), read(pair[0], &tx.info, sizeof(tx.info)));
	ASSERT_EQ(0, en_make(&self->rm, &tx, &en, 7, 0));
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	tx.info.owner_pid = 0;
	ASSERT_TX(&tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_OWNER_DIED,
		  .nr = 1, .waiting = 1);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &en);
	ASSERT_EQ(0, rollback_complete(&en));
	ASSERT_EQ(-ECANCELED, commit_wait(&tx));
	ASSERT_TX(&tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_OWNER_DIED);
}

/* A child that only inherited the fd is not the owner. */
TEST_F(rollback, not_by_death_of_a_child)
{
	int status;
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_QUIET(&self->rm);
}

static void *idle(void *unused)
{
	return NULL;
}

/* Nor is a thread that ends. */
TEST_F(rollback, not_by_end_of_a_thread)
{
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, idle, NULL));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
}

/* The owner dies when it may be decided: it is, and committed. */
TEST_F(rollback, not_by_death_after_the_decision)
{
	struct en_handle en;
	struct tx_handle tx;
	int pair[2], status;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (tx_begin(&self->tm, &tx, 0) || send_fd(pair[1], tx.fd) ||
		    write(pair[1], &tx.info, sizeof(tx.info)) < 0)
			_exit(1);
		pause();
		_exit(2);
	}
	tx.fd = receive_fd(pair[0]);
	ASSERT_EQ(sizeof(tx.info), read(pair[0], &tx.info, sizeof(tx.info)));
	ASSERT_EQ(0, en_make(&self->rm, &tx, &en, 7, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	ASSERT_EQ(0, prepare_complete(&en));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	tx.info.owner_pid = 0;
	ASSERT_TX(&tx, .state = KTM_TX_S_COMMITTING, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, commit_complete(&en));
	ASSERT_EQ(0, commit_wait(&tx));
}

TEST_HARNESS_MAIN
