// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - commands of io_uring that wait: how they are ended from outside, and
 * what they do when there are more of them than workers
 */
#include "harness.h"
#include "uring.h"

#define NR_MANY	40

FIXTURE(wait)
{
	struct io_uring ring;
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	struct ktm_tx_end end;
	struct ktm_notification notes[4];
	struct ktm_rm_fetch fetch;
};

FIXTURE_SETUP(wait)
{
	if (ring_is_missing())
		SKIP(_exit(SKIPPED), "the kernel has no commands of io_uring");
	ASSERT_EQ(0, io_uring_queue_init(64, &self->ring, 0));
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, 0));
	self->end.size = sizeof(self->end);
	self->fetch.size = sizeof(self->fetch);
	self->fetch.buffer = (uintptr_t)self->notes;
	self->fetch.length = sizeof(self->notes);
}

FIXTURE_TEARDOWN(wait)
{
}

#define START(fd, cmd, arg, tag) \
	ASSERT_EQ(0, ring_start(&self->ring, fd, cmd, arg, tag))
#define RESULT(tag)	ring_result(&self->ring, tag)

static int max_workers(struct io_uring *ring, unsigned int bounded)
{
	unsigned int values[2] = { bounded, 0 };

	return io_uring_register_iowq_max_workers(ring, values);
}

/* The command ends, the commit does not. */
TEST_F(wait, commit_is_cancelled)
{
	const struct ktm_tx_end as_before = self->end;

	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_TRUE(workers_wait(1));
	ASSERT_EQ(-EINTR, ring_cancelled(&self->ring, 7));
	EXPECT_EQ(0, memcmp(&as_before, &self->end, sizeof(self->end)));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 8);
	ASSERT_TRUE(workers_wait(1));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_EQ(0, RESULT(8));
	EXPECT_EQ(KTM_TX_S_COMMITTED, self->end.state);
}

TEST_F(wait, rollback_is_cancelled)
{
	START(self->tx.fd, KTM_IOC_TX_ROLLBACK, &self->end, 7);
	ASSERT_TRUE(workers_wait(1));
	ASSERT_EQ(-EINTR, ring_cancelled(&self->ring, 7));
	EXPECT_EQ(0, self->end.state);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_CLIENT,
		  .nr = 1, .waiting = 1);
}

/* Held back by a freeze, it has not begun. */
TEST_F(wait, frozen_commit_is_cancelled)
{
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_TRUE(workers_wait(1));
	ASSERT_EQ(-EINTR, ring_cancelled(&self->ring, 7));
	ASSERT_EQ(0, thaw(self->tm.fd));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_QUIET(&self->rm);
}

TEST_F(wait, fetch_is_cancelled)
{
	START(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 7);
	ASSERT_TRUE(workers_wait(1));
	ASSERT_EQ(-EINTR, ring_cancelled(&self->ring, 7));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
}

TEST_F(wait, fetch_with_a_timeout)
{
	struct __kernel_timespec soon = { .tv_nsec = 50 * MSEC };
	struct io_uring_sqe *sqe;

	sqe = ring_prepare(&self->ring, self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 7);
	sqe->flags = IOSQE_IO_LINK;
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_link_timeout(sqe, &soon, 0);
	sqe->user_data = 8;
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	ASSERT_EQ(2, io_uring_submit(&self->ring));
	/* in a worker, or before one had it */
	switch (RESULT(7)) {
	case -EINTR:
	case -ECANCELED:
		break;
	default:
		ASSERT_TRUE(false);
	}
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
}

/* No worker has it: io_uring itself answers, and says ECANCELED. */
TEST_F(wait, cancelled_in_line)
{
	ASSERT_EQ(0, max_workers(&self->ring, 1));
	START(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 6);
	ASSERT_TRUE(workers_wait(1));
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	/* it has begun */
	ASSERT_EQ(sizeof(self->notes[0]), RESULT(6));
	ASSERT_EQ(KTM_NOTIFY_PREPARE, self->notes[0].type);
	ASSERT_TRUE(workers_wait(1));
	ASSERT_EQ(-EINTR, ring_cancelled(&self->ring, 7));

	START(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 6);
	ASSERT_TRUE(workers_wait(1));
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 8);
	ASSERT_EQ(-ECANCELED, ring_cancelled(&self->ring, 8));
	EXPECT_EQ(0, self->end.state);
	EXPECT_EQ(0, self->end.reason);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
}

/* What must not wait does not wait for a worker. */
TEST_F(wait, no_worker_is_needed_to_say_no)
{
	struct ktm_rm_fetch fetch = self->fetch;
	struct rm_handle other;

	ASSERT_EQ(0, rm_make(&self->tm, &other, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, max_workers(&self->ring, 1));
	START(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 6);
	ASSERT_TRUE(workers_wait(1));
	fetch.flags = KTM_RM_FETCH_F_NONBLOCK;
	START(other.fd, KTM_IOC_RM_FETCH, &fetch, 7);
	EXPECT_EQ(-EAGAIN, RESULT(7));
	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	self->end.flags = KTM_TX_END_F_NONBLOCK;
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 8);
	EXPECT_EQ(-EAGAIN, RESULT(8));
	EXPECT_EQ(1, count_workers(false));
}

/* The superior hears of one request, although the call is made twice. */
TEST_F(wait, request_is_sent_once)
{
	struct en_handle sup, en;
	struct rm_handle boss;
	struct tx_handle tx;

	ASSERT_EQ(0, rm_make(&self->tm, &boss, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&boss));
	ASSERT_NOTE(&boss, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&boss, &tx, &sup, 9,
			     KTM_EN_F_SUPERIOR | KTM_EN_F_COMMIT_REQUEST));
	ASSERT_EQ(0, en_make(&self->rm, &tx, &en, 2, 0));
	ASSERT_EQ(0, max_workers(&self->ring, 1));
	START(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 6);
	ASSERT_TRUE(workers_wait(1));
	/* the first half of the call */
	START(tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_QUIET(&boss);
	/* and the second */
	ASSERT_EQ(-EINTR, ring_cancelled(&self->ring, 6));
	ASSERT_NOTE(&boss, KTM_NOTIFY_COMMIT_REQUEST, &sup);
	ASSERT_TRUE(workers_wait(1));
	ASSERT_QUIET(&boss);
	ASSERT_EQ(0, order_prepare(&sup));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &en);
	ASSERT_EQ(0, read_only(&en));
	ASSERT_NOTE(&boss, KTM_NOTIFY_PREPARE_COMPLETE, &sup);
	ASSERT_EQ(0, order_commit(&sup));
	ASSERT_EQ(0, RESULT(7));
	EXPECT_EQ(KTM_TX_S_COMMITTED, self->end.state);
	ASSERT_NOTE(&boss, KTM_NOTIFY_COMMIT_COMPLETE, &sup);
	ASSERT_QUIET(&boss);
}

/* All begin at once, however few workers wait for them. */
TEST_F(wait, more_than_workers)
{
	struct ktm_notification notes[NR_MANY];
	struct ktm_rm_fetch fetch = {
		.size = sizeof(fetch),
		.buffer = (uintptr_t)notes,
		.length = sizeof(notes),
	};
	struct ktm_tx_end end[NR_MANY] = { };
	struct tx_handle tx[NR_MANY];
	struct en_handle en[NR_MANY];
	bool seen[NR_MANY] = { };
	struct io_uring_cqe *cqe;
	int i;

	ASSERT_EQ(0, max_workers(&self->ring, 2));
	for (i = 0; i < NR_MANY; i++) {
		ASSERT_EQ(0, tx_begin(&self->tm, &tx[i], 0));
		ASSERT_EQ(0, en_make(&self->rm, &tx[i], &en[i], i, 0));
		end[i].size = sizeof(end[i]);
		ring_prepare(&self->ring, tx[i].fd, KTM_IOC_TX_COMMIT, &end[i], i);
	}
	ASSERT_EQ(NR_MANY, io_uring_submit(&self->ring));
	ASSERT_EQ(sizeof(notes), ioctl(self->rm.fd, KTM_IOC_RM_FETCH, &fetch));
	for (i = 0; i < NR_MANY; i++) {
		EXPECT_EQ(KTM_NOTIFY_PREPARE, notes[i].type);
		EXPECT_EQ(i, notes[i].key);
	}
	EXPECT_TRUE(ring_is_quiet(&self->ring));
	EXPECT_GE(2, count_workers(false));
	/* the last first */
	for (i = NR_MANY; i--; )
		ASSERT_EQ(0, read_only(&en[i]));
	for (i = 0; i < NR_MANY; i++) {
		ASSERT_EQ(0, io_uring_wait_cqe(&self->ring, &cqe));
		ASSERT_GT(NR_MANY, cqe->user_data);
		EXPECT_EQ(0, cqe->res);
		EXPECT_FALSE(seen[cqe->user_data]);
		seen[cqe->user_data] = true;
		io_uring_cqe_seen(&self->ring, cqe);
	}
	for (i = 0; i < NR_MANY; i++)
		EXPECT_EQ(KTM_TX_S_COMMITTED, end[i].state);
}

/* A poll in front of the call that fetches the outcome: nobody sleeps for it. */
TEST_F(wait, commit_without_a_worker)
{
	struct ktm_tx_end begin = {
		.size = sizeof(begin),
		.flags = KTM_TX_END_F_NONBLOCK,
	};
	struct io_uring_sqe *sqe;

	START(self->tx.fd, KTM_IOC_TX_COMMIT, &begin, 6);
	ASSERT_EQ(-EINPROGRESS, RESULT(6));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_poll_add(sqe, self->tx.fd, POLLIN);
	sqe->user_data = 7;
	sqe->flags = IOSQE_IO_HARDLINK;
	ring_prepare(&self->ring, self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 8);
	ASSERT_EQ(2, io_uring_submit(&self->ring));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	EXPECT_EQ(0, count_workers(false));
	EXPECT_TRUE(ring_is_quiet(&self->ring));
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_EQ(POLLIN, RESULT(7) & POLLIN);
	ASSERT_EQ(0, RESULT(8));
	EXPECT_EQ(KTM_TX_S_COMMITTED, self->end.state);
	EXPECT_EQ(0, count_workers(false));
}

TEST_F(wait, read_without_a_worker)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);

	ASSERT_EQ(0, fcntl(self->rm.fd, F_SETFL, 0));
	io_uring_prep_read(sqe, self->rm.fd, self->notes, sizeof(self->notes), 0);
	sqe->user_data = 7;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(0, count_workers(false));
	EXPECT_TRUE(ring_is_quiet(&self->ring));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(sizeof(self->notes[0]), RESULT(7));
	EXPECT_EQ(KTM_NOTIFY_PREPARE, self->notes[0].type);
}

/* Files are put when a command is over, but not always before its completion. */
static bool rms_become(const struct tm_handle *tm, __u32 count)
{
	__u64 end = now_ns() + PATIENCE * MSEC;
	struct ktm_tm_info info;

	while (!tm_info(tm, &info) && now_ns() < end) {
		if (info.nr_rms == count)
			return true;
		usleep(1000);
	}
	return false;
}

/* It is not the last close as long as a command has the file. */
TEST_F(wait, fds_are_closed)
{
	struct rm_handle life;

	ASSERT_EQ(0, rm_make(&self->tm, &life, NULL, KTM_RM_F_VOLATILE));
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	START(life.fd, KTM_IOC_RM_FETCH, &self->fetch, 8);
	ASSERT_TRUE(workers_wait(2));
	ASSERT_EQ(0, close(self->tx.fd));
	ASSERT_EQ(0, close(life.fd));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 2, .active = 1);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, read_only(&self->en));
	ASSERT_EQ(0, RESULT(7));
	EXPECT_EQ(KTM_TX_S_COMMITTED, self->end.state);
	ASSERT_EQ(-EINTR, ring_cancelled(&self->ring, 8));
	EXPECT_TRUE(rms_become(&self->tm, 1));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .committed = 1);
}

/* The commands end; no notification is taken any more; the fds are as they were. */
TEST_F(wait, ring_is_closed)
{
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	START(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 8);
	ASSERT_TRUE(workers_wait(2));
	io_uring_queue_exit(&self->ring);
	ASSERT_TRUE(workers_wait(0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_EQ(0, self->end.state);
}

/* Stops the calling process, and lets it go on when it has stopped. */
static pid_t fork_stopper(void)
{
	const pid_t target = getpid(), pid = fork();
	char path[32], line[256], *paren;
	FILE *file;

	if (pid)
		return pid;
	kill(target, SIGSTOP);
	snprintf(path, sizeof(path), "/proc/%d/stat", target);
	do {
		usleep(1000);
		file = fopen(path, "r");
		if (!file || !fgets(line, sizeof(line), file))
			_exit(1);
		fclose(file);
		paren = strrchr(line, ')');
	} while (!paren || paren[2] != 'T');
	kill(target, SIGCONT);
	_exit(0);
}

/* A worker stops with its process; what it waited for is awaited by a new command. */
TEST_F(wait, process_is_stopped)
{
	int status;
	pid_t pid;

	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_TRUE(workers_wait(1));
	pid = fork_stopper();
	ASSERT_LT(0, pid);
	ASSERT_EQ(-EINTR, RESULT(7));
	EXPECT_EQ(0, self->end.state);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 8);
	ASSERT_EQ(0, read_only(&self->en));
	ASSERT_EQ(0, RESULT(8));
}

/*
 * A child that uses the ring of its parent: the argument is its own, the command ends
 * with it, and what belongs to the parent does not.
 */
TEST_F(wait, by_a_child)
{
	int go[2], status;
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(go));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (ring_start(&self->ring, self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7) ||
		    !workers_wait(1) || write(go[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(2);
	}
	close(go[1]);
	ASSERT_EQ(1, read(go[0], &byte, 1));
	EXPECT_EQ(0, count_workers(false));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	EXPECT_TRUE(ring_is_quiet(&self->ring));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(SIGKILL, status);
	ASSERT_EQ(-EINTR, RESULT(7));
	EXPECT_TRUE(ring_is_quiet(&self->ring));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
	ASSERT_EQ(0, read_only(&self->en));
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_EQ(0, self->end.state);
}

FIXTURE(death)
{
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	int to_child[2], to_parent[2];
};

FIXTURE_VARIANT(death)
{
	unsigned int setup;
	int signal;	/* 0: it exits */
};

FIXTURE_VARIANT_ADD(death, killed) { .signal = SIGKILL };
FIXTURE_VARIANT_ADD(death, exits) { };
FIXTURE_VARIANT_ADD(death, killed_with_sqpoll)
{
	.setup = IORING_SETUP_SQPOLL,
	.signal = SIGKILL,
};

FIXTURE_VARIANT_ADD(death, exits_with_sqpoll) { .setup = IORING_SETUP_SQPOLL };
FIXTURE_VARIANT_ADD(death, killed_with_defer_taskrun)
{
	.setup = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	.signal = SIGKILL,
};

FIXTURE_SETUP(death)
{
	if (ring_is_missing())
		SKIP(_exit(SKIPPED), "the kernel has no commands of io_uring");
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, pipe(self->to_child));
	ASSERT_EQ(0, pipe(self->to_parent));
}

FIXTURE_TEARDOWN(death)
{
}

static bool tell(const int pipe[2], const void *data, size_t size)
{
	return write(pipe[1], data, size) == size;
}

static bool receive(const int pipe[2], void *data, size_t size)
{
	return read(pipe[0], data, size) == size;
}

/* A commit that waits for the parent, one that waits for itself, and a fetch. */
static int be_the_child(struct _test_data_death *self, unsigned int setup)
{
	struct ktm_tx_end end[2] = { { .size = sizeof(end[0]) }, { .size = sizeof(end[0]) } };
	struct ktm_notification note;
	struct ktm_rm_fetch fetch = {
		.size = sizeof(fetch),
		.buffer = (uintptr_t)&note,
		.length = sizeof(note),
	};
	struct tx_handle tx[2];
	struct io_uring ring;
	struct en_handle en;
	struct rm_handle rm;
	char go;

	if (io_uring_queue_init(8, &ring, setup) ||
	    rm_make(&self->tm, &rm, NULL, KTM_RM_F_VOLATILE) || rm_recover(&rm) ||
	    *note_differs(&rm, KTM_NOTIFY_LAST_RECOVER, NULL) ||
	    tx_begin(&self->tm, &tx[0], 0) || tx_begin(&self->tm, &tx[1], 0) ||
	    en_make(&rm, &tx[1], &en, 2, 0))
		return 1;
	if (!tell(self->to_parent, &tx[0], sizeof(tx[0])) ||
	    !receive(self->to_child, &go, 1))
		return 2;
	if (ring_start(&ring, tx[0].fd, KTM_IOC_TX_COMMIT, &end[0], 1) ||
	    ring_start(&ring, tx[1].fd, KTM_IOC_TX_COMMIT, &end[1], 2) ||
	    *note_differs(&rm, KTM_NOTIFY_PREPARE, &en) ||
	    ring_start(&ring, rm.fd, KTM_IOC_RM_FETCH, &fetch, 3) || !workers_wait(3))
		return 3;
	if (!tell(self->to_parent, "", 1) || !receive(self->to_child, &go, 1))
		return 4;
	return 0;
}

/* An fd that can enlist, and ends nothing. */
static int open_tx(const struct tm_handle *tm, const __u8 *uuid)
{
	struct ktm_restrict less = {
		.size = sizeof(less),
		.rights = KTM_RIGHT_QUERY | KTM_RIGHT_ENLIST,
	};
	struct ktm_open open = { .size = sizeof(open) };
	int ret;

	memcpy(open.uuid, uuid, sizeof(open.uuid));
	ret = ktm_call(tm->fd, KTM_IOC_TX_OPEN, &open);
	if (ret)
		return ret;
	ret = ktm_call(open.out_fd, KTM_IOC_RESTRICT, &less);
	close(open.out_fd);
	return ret ? ret : less.out_fd;
}

/* A process ends in spite of its commands, and its fds count as closed. */
TEST_F_TIMEOUT(death, with_commands_that_wait, 600)
{
	int status;
	pid_t pid;
	char go;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(self->to_parent[0]);
		close(self->to_child[1]);
		_exit(be_the_child(self, variant->setup));
	}
	/* if it fails that is seen */
	close(self->to_parent[1]);
	close(self->to_child[0]);
	ASSERT_TRUE(receive(self->to_parent, &self->tx, sizeof(self->tx)));
	self->tx.fd = open_tx(&self->tm, self->tx.info.uuid);
	ASSERT_LE(0, self->tx.fd);
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, 0));
	ASSERT_TRUE(tell(self->to_child, "", 1));
	ASSERT_TRUE(receive(self->to_parent, &go, 1));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);

	ASSERT_EQ(0, variant->signal ? kill(pid, variant->signal) :
		     !tell(self->to_child, "", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(variant->signal, status);
	self->tx.info.owner_pid = 0;
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .nr = 1, .waiting = 1,
		  .reason = KTM_REASON_OWNER_DIED);
	ASSERT_EQ(0, rollback_complete(&self->en));
	EXPECT_TRUE(rms_become(&self->tm, 1));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .aborted = 2);
}

TEST_HARNESS_MAIN
