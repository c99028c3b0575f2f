// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - calls as commands of io_uring: outcomes, and what is refused
 */
#include <sys/mman.h>

#include "harness.h"
#include "uring.h"

FIXTURE(uring)
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

FIXTURE_VARIANT(uring)
{
	unsigned int setup;
	__u8 sqe_flags;
};

FIXTURE_VARIANT_ADD(uring, plain) { };
FIXTURE_VARIANT_ADD(uring, large_entries)
{
	.setup = IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
};

FIXTURE_VARIANT_ADD(uring, sqpoll) { .setup = IORING_SETUP_SQPOLL };
FIXTURE_VARIANT_ADD(uring, defer_taskrun)
{
	.setup = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

/* a worker from the start */
FIXTURE_VARIANT_ADD(uring, async) { .sqe_flags = IOSQE_ASYNC };

FIXTURE_SETUP(uring)
{
	if (ring_is_missing())
		SKIP(_exit(SKIPPED), "the kernel has no commands of io_uring");
	ASSERT_EQ(0, io_uring_queue_init(16, &self->ring, variant->setup));
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

FIXTURE_TEARDOWN(uring)
{
	io_uring_queue_exit(&self->ring);
}

#define START(fd, cmd, arg, tag) ({						\
	ring_prepare(&self->ring, fd, cmd, arg, tag)->flags = variant->sqe_flags;	\
	ASSERT_EQ(0, ring_submit(&self->ring));				\
})
#define RESULT(tag)	ring_result(&self->ring, tag)
#define CALL(fd, cmd, arg)	ring_call(&self->ring, fd, cmd, arg)

#define ASSERT_UNTOUCHED() do {							\
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1);	\
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);		\
	ASSERT_RM(&self->rm, .state = KTM_RM_S_ONLINE, .nr = 1);		\
	ASSERT_EN(&self->en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE); \
	ASSERT_QUIET(&self->rm);						\
	ASSERT_TRUE(ring_is_quiet(&self->ring));				\
} while (0)

TEST_F(uring, commit_at_once)
{
	struct tx_handle tx;

	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	self->end.clock = 1000;
	START(tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_EQ(0, RESULT(7));
	EXPECT_EQ(KTM_TX_S_COMMITTED, self->end.state);
	EXPECT_EQ(KTM_REASON_NONE, self->end.reason);
	EXPECT_LE(1000, self->end.clock);
	ASSERT_TX(&tx, .state = KTM_TX_S_COMMITTED);
	EXPECT_TRUE(ring_is_quiet(&self->ring));
}

/* The second half of the call must find its argument as the first did. */
TEST_F(uring, commit_waits)
{
	struct ktm_tm_info before, after;

	ASSERT_EQ(0, tm_info(&self->tm, &before));
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_TRUE(workers_wait(1));
	EXPECT_EQ(KTM_TX_S_NEW, self->end.state);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	EXPECT_TRUE(ring_is_quiet(&self->ring));
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_EQ(0, RESULT(7));
	EXPECT_EQ(KTM_TX_S_COMMITTED, self->end.state);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
	/* it began once */
	ASSERT_EQ(0, tm_info(&self->tm, &after));
	EXPECT_EQ(before.clock + 1, after.clock);
	EXPECT_EQ(after.clock, self->end.clock);
	ASSERT_QUIET(&self->rm);
}

TEST_F(uring, commit_does_not_wait)
{
	self->end.flags = KTM_TX_END_F_NONBLOCK;
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_EQ(-EINPROGRESS, RESULT(7));
	EXPECT_EQ(KTM_TX_S_PREPARING, self->end.state);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
}

TEST_F(uring, rollback)
{
	START(self->tx.fd, KTM_IOC_TX_ROLLBACK, &self->end, 7);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
	ASSERT_TRUE(workers_wait(1));
	EXPECT_TRUE(ring_is_quiet(&self->ring));
	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_EQ(0, RESULT(7));
	EXPECT_EQ(KTM_TX_S_ABORTED, self->end.state);
	EXPECT_EQ(KTM_REASON_CLIENT, self->end.reason);
}

TEST_F(uring, commit_of_what_is_rolled_back)
{
	struct tx_handle tx;

	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_TRUE(workers_wait(1));
	ASSERT_EQ(0, en_veto(&self->en, KTM_REASON_CONFLICT, EBUSY, ""));
	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_EQ(-ECANCELED, RESULT(7));
	/* unlike a command that is cancelled */
	EXPECT_EQ(KTM_TX_S_ABORTED, self->end.state);
	EXPECT_EQ(KTM_REASON_CONFLICT, self->end.reason);
	/* known before */
	self->end = (struct ktm_tx_end){ .size = sizeof(self->end) };
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_EQ(-ECANCELED, RESULT(7));
	EXPECT_EQ(KTM_TX_S_ABORTED, self->end.state);
	/* and one that is committed is not rolled back */
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, commit_wait(&tx));
	self->end = (struct ktm_tx_end){ .size = sizeof(self->end) };
	START(tx.fd, KTM_IOC_TX_ROLLBACK, &self->end, 7);
	ASSERT_EQ(-EALREADY, RESULT(7));
	EXPECT_EQ(KTM_TX_S_COMMITTED, self->end.state);
}

TEST_F(uring, freeze_holds_commits_back)
{
	struct ktm_tx_end now = {
		.size = sizeof(now),
		.flags = KTM_TX_END_F_NONBLOCK,
	};

	ASSERT_EQ(0, tm_freeze(&self->tm, LONG, LONG, NULL));
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_TRUE(workers_wait(1));
	START(self->tx.fd, KTM_IOC_TX_COMMIT, &now, 8);
	ASSERT_EQ(-EAGAIN, RESULT(8));
	EXPECT_EQ(KTM_TX_S_ACTIVE, now.state);
	ASSERT_QUIET(&self->rm);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);

	ASSERT_EQ(0, thaw(self->tm.fd));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, read_only(&self->en));
	ASSERT_EQ(0, RESULT(7));
	EXPECT_EQ(KTM_TX_S_COMMITTED, self->end.state);
}

TEST_F(uring, fetch_what_is_there)
{
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	START(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 7);
	ASSERT_EQ(sizeof(self->notes[0]), RESULT(7));
	EXPECT_EQ(sizeof(self->notes[0]), self->notes[0].size);
	EXPECT_EQ(KTM_NOTIFY_PREPARE, self->notes[0].type);
	EXPECT_EQ(1, self->notes[0].key);
	ASSERT_QUIET(&self->rm);
	/* and nothing more is */
	self->fetch.flags = KTM_RM_FETCH_F_NONBLOCK;
	START(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 7);
	ASSERT_EQ(-EAGAIN, RESULT(7));
}

TEST_F(uring, fetch_waits)
{
	START(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 7);
	ASSERT_TRUE(workers_wait(1));
	EXPECT_TRUE(ring_is_quiet(&self->ring));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(sizeof(self->notes[0]), RESULT(7));
	EXPECT_EQ(KTM_NOTIFY_PREPARE, self->notes[0].type);
	ASSERT_QUIET(&self->rm);
}

/* Who made the transaction is its owner still, whatever thread has done it. */
TEST_F(uring, the_owner_stays)
{
	struct ktm_tx_info info;

	START(self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	ASSERT_TRUE(workers_wait(1));
	ASSERT_EQ(0, tx_info(&self->tx, &info));
	EXPECT_EQ(getpid(), info.owner_pid);
	ASSERT_EQ(0, read_only(&self->en));
	ASSERT_EQ(0, RESULT(7));
}

static int restrict_fd(int fd, __u64 rights)
{
	struct ktm_restrict arg = { .size = sizeof(arg), .rights = rights };
	int ret = ktm_call(fd, KTM_IOC_RESTRICT, &arg);

	return ret ? ret : arg.out_fd;
}

TEST_F(uring, without_the_right)
{
	int tx = restrict_fd(self->tx.fd, ~KTM_RIGHT_COMMIT);
	int tx_too = restrict_fd(self->tx.fd, ~KTM_RIGHT_ROLLBACK);
	int rm = restrict_fd(self->rm.fd, ~KTM_RIGHT_NOTIFY);

	START(tx, KTM_IOC_TX_COMMIT, &self->end, 7);
	EXPECT_EQ(-EPERM, RESULT(7));
	START(tx_too, KTM_IOC_TX_ROLLBACK, &self->end, 7);
	EXPECT_EQ(-EPERM, RESULT(7));
	START(rm, KTM_IOC_RM_FETCH, &self->fetch, 7);
	EXPECT_EQ(-EPERM, RESULT(7));
	EXPECT_EQ(0, self->end.state);
	ASSERT_UNTOUCHED();
}

TEST_F(uring, what_is_no_command)
{
	struct ktm_tx_info info = { .size = sizeof(info) };
	struct ktm_get_abi abi = { .size = sizeof(abi) };
	char room[64];
	struct iovec buffer = { .iov_base = room, .iov_len = sizeof(room) };
	struct io_uring_sqe *sqe;
	int i;

	/* of the other kind, and ioctls that are none */
	EXPECT_EQ(-ENOTTY, CALL(self->rm.fd, KTM_IOC_TX_COMMIT, &self->end));
	EXPECT_EQ(-ENOTTY, CALL(self->tx.fd, KTM_IOC_RM_FETCH, &self->fetch));
	EXPECT_EQ(-ENOTTY, CALL(self->tx.fd, KTM_IOC_TX_INFO, &info));
	EXPECT_EQ(-ENOTTY, CALL(self->rm.fd, KTM_IOC_GET_ABI, &abi));
	EXPECT_EQ(-ENOTTY, CALL(self->tx.fd, 0, &self->end));
	EXPECT_EQ(-ENOTTY, CALL(self->tx.fd, ~0U, NULL));
	/* fds that have none */
	EXPECT_EQ(-EOPNOTSUPP, CALL(self->tm.fd, KTM_IOC_TX_COMMIT, &self->end));
	EXPECT_EQ(-EOPNOTSUPP, CALL(self->en.fd, KTM_IOC_TX_COMMIT, &self->end));
	EXPECT_EQ(-EBADF, CALL(-1, KTM_IOC_TX_COMMIT, &self->end));
	/* the bytes after the pointer */
	sqe = ring_prepare(&self->ring, self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	(&sqe->addr3)[1] = 1ULL << 63;
	ASSERT_EQ(0, ring_submit(&self->ring));
	EXPECT_EQ(-EINVAL, RESULT(7));
	/* a buffer of the ring, and what newer kernels know or we do not */
	ASSERT_EQ(0, io_uring_register_buffers(&self->ring, &buffer, 1));
	for (i = 0; i < 32; i++) {
		sqe = ring_prepare(&self->ring, self->tx.fd, KTM_IOC_TX_COMMIT,
				   &self->end, 7);
		sqe->uring_cmd_flags = 1U << i;
		ASSERT_EQ(0, ring_submit(&self->ring));
		EXPECT_EQ(-EINVAL, RESULT(7)) TH_LOG("flag %d", i);
	}
	/* which wants a group of buffers, and then gets no further either */
	sqe = ring_prepare(&self->ring, self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7);
	sqe->uring_cmd_flags = 1U << 1;
	sqe->flags = IOSQE_BUFFER_SELECT;
	ASSERT_EQ(0, ring_submit(&self->ring));
	EXPECT_GT(0, RESULT(7));
	ASSERT_UNTOUCHED();
}

TEST_F(uring, bad_arguments)
{
	const long page = sysconf(_SC_PAGESIZE);
	struct ktm_tx_end *end;
	char *area;

	area = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_EQ(0, munmap(area + page, page));
	EXPECT_EQ(-EFAULT, CALL(self->tx.fd, KTM_IOC_TX_COMMIT, NULL));
	EXPECT_EQ(-EFAULT, CALL(self->tx.fd, KTM_IOC_TX_COMMIT, area + page));
	EXPECT_EQ(-EFAULT, CALL(self->tx.fd, KTM_IOC_TX_COMMIT, (void *)-4096L));
	EXPECT_EQ(-EFAULT, CALL(self->rm.fd, KTM_IOC_RM_FETCH, area + page));

	end = (void *)(area + page - sizeof(*end));
	end->size = offsetof(struct ktm_tx_end, clock) - 1;
	EXPECT_EQ(-EINVAL, CALL(self->tx.fd, KTM_IOC_TX_COMMIT, end));
	end->size = sizeof(*end) + 8;
	EXPECT_EQ(-EFAULT, CALL(self->tx.fd, KTM_IOC_TX_COMMIT, end));
	end = (void *)area;
	*end = (struct ktm_tx_end){ .size = 2 * sizeof(*end) };
	area[2 * sizeof(*end) - 1] = 1;
	EXPECT_EQ(-E2BIG, CALL(self->tx.fd, KTM_IOC_TX_COMMIT, end));
	end->size = page + 1;
	EXPECT_EQ(-E2BIG, CALL(self->tx.fd, KTM_IOC_TX_COMMIT, end));
	*end = (struct ktm_tx_end){ .size = sizeof(*end), .flags = 1U << 31 };
	EXPECT_EQ(-EOPNOTSUPP, CALL(self->tx.fd, KTM_IOC_TX_ROLLBACK, end));
	*end = (struct ktm_tx_end){ .size = sizeof(*end), .state = 1 };
	EXPECT_EQ(-EINVAL, CALL(self->tx.fd, KTM_IOC_TX_ROLLBACK, end));
	*end = (struct ktm_tx_end){ .size = sizeof(*end) };
	ASSERT_EQ(0, mprotect(area, page, PROT_READ));
	EXPECT_EQ(-EFAULT, CALL(self->tx.fd, KTM_IOC_TX_COMMIT, end));

	self->fetch.reserved = 1;
	EXPECT_EQ(-EINVAL, CALL(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch));
	self->fetch.reserved = 0;
	self->fetch.length = offsetof(struct ktm_notification, savepoint) - 1;
	EXPECT_EQ(-EMSGSIZE, CALL(self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch));
	ASSERT_UNTOUCHED();
	/* the first version of the struct will do, and so will one of a later kernel */
	ASSERT_EQ(0, mprotect(area, page, PROT_READ | PROT_WRITE));
	area[2 * sizeof(*end) - 1] = 0;
	*end = (struct ktm_tx_end){
		.size = 2 * sizeof(*end),
		.flags = KTM_TX_END_F_NONBLOCK,
	};
	EXPECT_EQ(-EINPROGRESS, CALL(self->tx.fd, KTM_IOC_TX_COMMIT, end));
	ASSERT_EQ(0, read_only(&self->en));
	*end = (struct ktm_tx_end){ .size = offsetof(struct ktm_tx_end, clock) };
	EXPECT_EQ(0, CALL(self->tx.fd, KTM_IOC_TX_COMMIT, end));
	EXPECT_EQ(KTM_TX_S_COMMITTED, end->state);
	EXPECT_EQ(0, end->clock);
}

/* The ring keeps the file. */
TEST_F(uring, fixed_file)
{
	struct io_uring_sqe *sqe;
	struct ktm_open open = { .size = sizeof(open) };

	ASSERT_EQ(0, io_uring_register_files(&self->ring, &self->tx.fd, 1));
	ASSERT_EQ(0, close(self->tx.fd));
	sqe = ring_prepare(&self->ring, 0, KTM_IOC_TX_COMMIT, &self->end, 7);
	sqe->flags = IOSQE_FIXED_FILE | variant->sqe_flags;
	ASSERT_EQ(0, ring_submit(&self->ring));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, read_only(&self->en));
	ASSERT_EQ(0, RESULT(7));
	EXPECT_EQ(KTM_TX_S_COMMITTED, self->end.state);
}

/* There is nothing to be polled for by a ring that polls devices. */
TEST(polled_ring_is_refused)
{
	struct ktm_tx_end end = { .size = sizeof(end) };
	struct io_uring ring;
	struct tm_handle tm;
	struct tx_handle tx;

	if (ring_is_missing())
		SKIP(return, "the kernel has no commands of io_uring");
	ASSERT_EQ(0, io_uring_queue_init(4, &ring, IORING_SETUP_IOPOLL));
	ASSERT_EQ(0, tm_make(&tm, 0600));
	ASSERT_EQ(0, tx_begin(&tm, &tx, 0));
	EXPECT_EQ(-EOPNOTSUPP, ring_call(&ring, tx.fd, KTM_IOC_TX_COMMIT, &end));
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE);
}

TEST_HARNESS_MAIN
