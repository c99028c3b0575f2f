// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - commands of io_uring that cannot be done at once: who submits them
 * does not sleep, whatever is in the way
 */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "harness.h"
#include "ktm_log.h"
#include "uring.h"

#define NR_FILLERS	64
#define RECORD		8192
#define RECORDS		8		/* of a filler: less than a transaction may have */
#define NEEDED		(2 * 4096)	/* what a commit reserves in the log */

/* All workers of the ring are taken until ring_cancelled(ring, 6). */
static bool take_worker(struct io_uring *ring, const struct rm_handle *rm,
			struct ktm_rm_fetch *fetch)
{
	unsigned int one[2] = { 1, 0 };

	return !io_uring_register_iowq_max_workers(ring, one) &&
	       !ring_start(ring, rm->fd, KTM_IOC_RM_FETCH, fetch, 6) && workers_wait(1);
}

FIXTURE(full_log)
{
	struct io_uring ring;
	struct tm_handle tm;
	struct rm_handle filler, rm, quiet;
	struct tx_handle fillers[NR_FILLERS], tx;
	struct en_handle oldest, en;
	struct ktm_notification note;
	struct ktm_rm_fetch fetch;
	struct ktm_tx_end end;
};

FIXTURE_VARIANT(full_log)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(full_log, waits) { };
FIXTURE_VARIANT_ADD(full_log, does_not_wait) { .flags = KTM_TX_END_F_NONBLOCK };

FIXTURE_SETUP(full_log)
{
	const char *path = log_device("KTM_LOG_DEV");
	__u8 uuid[KTM_UUID_SIZE];

	if (!path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	if (ring_is_missing())
		SKIP(_exit(SKIPPED), "the kernel has no commands of io_uring");
	ASSERT_EQ(0, io_uring_queue_init(16, &self->ring, 0));
	ASSERT_EQ(0, log_format(path, LOG_SMALL, uuid));
	ASSERT_EQ(0, tm_attach(path, uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->filler, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm, NULL));
	ASSERT_EQ(0, rm_make(&self->tm, &self->quiet, NULL, KTM_RM_F_VOLATILE));
	self->fetch.size = sizeof(self->fetch);
	self->fetch.buffer = (uintptr_t)&self->note;
	self->fetch.length = sizeof(self->note);
	self->end.size = sizeof(self->end);
	self->end.flags = variant->flags;
}

FIXTURE_TEARDOWN(full_log)
{
	io_uring_queue_exit(&self->ring);
	close(self->filler.fd);
	close(self->rm.fd);
	close(self->quiet.fd);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

/*
 * What a commit may take without making room; at most, by less than a block. Half of the
 * ring is kept for copies.
 */
static long long room(const struct tm_handle *tm)
{
	struct ktm_tm_info info;

	if (tm_info(tm, &info))
		return -1;
	return info.log_size - info.log_size / 2 - info.log_reserved -
	       (info.log_head - info.log_tail);
}

/* A transaction that has not prepared, so that its records can be given up. */
static int add_filler(struct _test_data_full_log *self, int i, struct en_handle *en)
{
	char data[RECORD] = "";
	int k, ret;

	ret = tx_begin(&self->tm, &self->fillers[i], 0) ?:
	      en_make(&self->filler, &self->fillers[i], en, i, 0);
	/* what the log has room for is taken without making any */
	for (k = 0; k < RECORDS && !ret && room(&self->tm) >= NEEDED; k++)
		ret = en_log(en, data, room(&self->tm) > 4 * RECORD ? RECORD : 512, NULL);
	return ret;
}

/* So that what comes next is not in a buffer with what was before. */
static int flush_log(struct _test_data_full_log *self)
{
	__u64 end = now_ns() + PATIENCE * MSEC;
	struct ktm_tm_info info;
	struct tx_handle tx;
	struct en_handle en;
	int ret;

	ret = tx_begin(&self->tm, &tx, 0) ?: en_make(&self->filler, &tx, &en, 99, 0) ?:
	      en_log(&en, "x", 1, NULL);
	if (ret || commit_nowait(&tx) != -EINPROGRESS ||
	    *note_differs(&self->filler, KTM_NOTIFY_PREPARE, &en) ||
	    prepare_complete(&en) ||
	    *note_differs(&self->filler, KTM_NOTIFY_COMMIT, &en) ||
	    commit_complete(&en) || commit_wait(&tx))
		return -EBADMSG;
	/* until its end record is there, too */
	do {
		ret = tm_info(&self->tm, &info);
	} while (!ret && info.log_reserved && now_ns() < end && !usleep(1000));
	return ret;
}

static int fill_log(struct _test_data_full_log *self)
{
	struct en_handle en;
	int i, ret;

	ret = add_filler(self, 0, &self->oldest) ?: flush_log(self);
	for (i = 1; i < NR_FILLERS && !ret && room(&self->tm) >= NEEDED; i++)
		ret = add_filler(self, i, &en);
	return ret ? ret : room(&self->tm) < NEEDED ? 0 : -ERANGE;
}

/* Room is made by a worker, which rolls the oldest back and waits for the device. */
TEST_F_TIMEOUT(full_log, room_is_made_in_a_worker, 600)
{
	struct ktm_tm_info info;

	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, 0));
	ASSERT_EQ(0, fill_log(self));
	/* else the log could find room behind our back */
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	ASSERT_EQ(0, memcmp(self->fillers[0].info.uuid, info.oldest_tx, KTM_UUID_SIZE));
	ASSERT_EQ(info.oldest_lsn, info.log_tail);

	ASSERT_TRUE(take_worker(&self->ring, &self->quiet, &self->fetch));
	ASSERT_EQ(0, ring_start(&self->ring, self->tx.fd, KTM_IOC_TX_COMMIT, &self->end, 7));
	EXPECT_TRUE(ring_is_quiet(&self->ring));
	ASSERT_QUIET(&self->rm);
	ASSERT_QUIET(&self->filler);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_TX(&self->fillers[0], .state = KTM_TX_S_ACTIVE, .nr = 1);
	EXPECT_EQ(0, self->end.state);

	ASSERT_EQ(-EINTR, ring_cancelled(&self->ring, 6));
	ASSERT_NOTE(&self->filler, KTM_NOTIFY_ROLLBACK, &self->oldest);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	if (variant->flags) {
		ASSERT_EQ(-EINPROGRESS, ring_result(&self->ring, 7));
		EXPECT_EQ(KTM_TX_S_PREPARING, self->end.state);
	}
	ASSERT_EQ(0, read_only(&self->en));
	if (!variant->flags) {
		ASSERT_EQ(0, ring_result(&self->ring, 7));
		EXPECT_EQ(KTM_TX_S_COMMITTED, self->end.state);
	}
	ASSERT_TX(&self->fillers[0], .state = KTM_TX_S_ABORTING, .error = ENOSPC,
		  .reason = KTM_REASON_LOG_FULL, .nr = 1, .waiting = 1);
}

FIXTURE(busy_reader)
{
	struct io_uring ring;
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx[2];
	struct en_handle en[2];
	struct ktm_notification note;
	struct ktm_rm_fetch fetch;
	pthread_t thread;
	size_t page;
	char *slow;		/* a page that is missing until fill_page() */
	ssize_t got;		/* by the thread */
	int faults;
};

FIXTURE_VARIANT(busy_reader)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(busy_reader, waits) { };
FIXTURE_VARIANT_ADD(busy_reader, does_not_wait) { .flags = KTM_RM_FETCH_F_NONBLOCK };

/* Faults on the page wait for us. */
static int watch_page(struct _test_data_busy_reader *self)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	self->page = sysconf(_SC_PAGESIZE);
	self->slow = mmap(NULL, self->page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)self->slow;
	reg.range.len = self->page;
	return self->slow == MAP_FAILED || ioctl(self->faults, UFFDIO_API, &api) ||
	       ioctl(self->faults, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

/* Until somebody waits for the page. */
static bool page_is_wanted(struct _test_data_busy_reader *self)
{
	struct pollfd p = { .fd = self->faults, .events = POLLIN };
	struct uffd_msg msg;

	return poll(&p, 1, PATIENCE) == 1 &&
	       read(self->faults, &msg, sizeof(msg)) == sizeof(msg) &&
	       msg.event == UFFD_EVENT_PAGEFAULT;
}

static int fill_page(struct _test_data_busy_reader *self)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (uintptr_t)self->slow, .len = self->page },
	};

	return ioctl(self->faults, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;
}

FIXTURE_SETUP(busy_reader)
{
	int i;

	if (ring_is_missing())
		SKIP(_exit(SKIPPED), "the kernel has no commands of io_uring");
	if (access("/proc/sys/vm/unprivileged_userfaultfd", F_OK))
		SKIP(_exit(SKIPPED), "the kernel has no userfaultfd");
	self->faults = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	ASSERT_LE(0, self->faults);
	ASSERT_EQ(0, watch_page(self));
	ASSERT_EQ(0, io_uring_queue_init(16, &self->ring, 0));
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, tx_begin(&self->tm, &self->tx[i], 0));
		ASSERT_EQ(0, en_make(&self->rm, &self->tx[i], &self->en[i], i, 0));
		ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx[i]));
	}
	self->fetch.size = sizeof(self->fetch);
	self->fetch.flags = variant->flags;
	self->fetch.buffer = (uintptr_t)&self->note;
	self->fetch.length = sizeof(self->note);
}

FIXTURE_TEARDOWN(busy_reader)
{
}

static void *read_slowly(void *arg)
{
	struct _test_data_busy_reader *self = arg;

	self->got = read(self->rm.fd, self->slow, sizeof(self->note));
	return NULL;
}

/* A worker waits for another reader, who waits for a page. */
TEST_F(busy_reader, is_not_waited_for)
{
	const struct ktm_notification *first = (void *)self->slow;

	ASSERT_EQ(0, pthread_create(&self->thread, NULL, read_slowly, self));
	ASSERT_TRUE(page_is_wanted(self));
	ASSERT_EQ(0, ring_start(&self->ring, self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 7));
	ASSERT_TRUE(workers_wait(1));
	EXPECT_TRUE(ring_is_quiet(&self->ring));
	ASSERT_EQ(0, fill_page(self));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	ASSERT_EQ(sizeof(self->note), self->got);
	EXPECT_EQ(0, first->key);
	ASSERT_EQ(sizeof(self->note), ring_result(&self->ring, 7));
	EXPECT_EQ(KTM_NOTIFY_PREPARE, self->note.type);
	EXPECT_EQ(1, self->note.key);
	ASSERT_QUIET(&self->rm);
}

/* And can be cancelled meanwhile. */
TEST_F(busy_reader, cancel)
{
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, read_slowly, self));
	ASSERT_TRUE(page_is_wanted(self));
	ASSERT_EQ(0, ring_start(&self->ring, self->rm.fd, KTM_IOC_RM_FETCH, &self->fetch, 7));
	ASSERT_TRUE(workers_wait(1));
	ASSERT_EQ(-EINTR, ring_cancelled(&self->ring, 7));
	ASSERT_EQ(0, fill_page(self));
	ASSERT_EQ(0, pthread_join(self->thread, NULL));
	ASSERT_EQ(sizeof(self->note), self->got);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en[1]);
}

TEST_HARNESS_MAIN
