// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - many notifications at once, by read(), ioctl and io_uring
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "harness.h"
#include "savepoint.h"
#include "uring.h"

#define NR_TXS		20
#define NR_FETCHERS	4
#define NR_SHARED	100
#define ONE		sizeof(struct ktm_notification)
#define FIRST		offsetof(struct ktm_notification, savepoint) /* once it was all */

/* What a call of any kind returns, as a number of records. */
static int records(int ret)
{
	return ret < 0 ? ret : ret % ONE ? -EBADMSG : ret / ONE;
}

struct fetcher {
	int (*fetch)(struct fetcher *fetcher, void *buffer, size_t size);
	int fd;
	__u32 flags;
	struct io_uring ring;
};

static int fetch_by_read(struct fetcher *fetcher, void *buffer, size_t size)
{
	ssize_t done = read(fetcher->fd, buffer, size);

	return done < 0 ? -errno : done;
}

static int fetch_by_ioctl(struct fetcher *fetcher, void *buffer, size_t size)
{
	struct ktm_rm_fetch arg = {
		.size = sizeof(arg),
		.flags = fetcher->flags,
		.buffer = (uintptr_t)buffer,
		.length = size,
	};
	int done = ioctl(fetcher->fd, KTM_IOC_RM_FETCH, &arg);

	return done < 0 ? -errno : done;
}

static int fetch_by_uring(struct fetcher *fetcher, void *buffer, size_t size)
{
	struct ktm_rm_fetch arg = {
		.size = sizeof(arg),
		.flags = fetcher->flags,
		.buffer = (uintptr_t)buffer,
		.length = size,
	};

	return ring_call(&fetcher->ring, fetcher->fd, KTM_IOC_RM_FETCH, &arg);
}

FIXTURE(fetch)
{
	struct fetcher fetcher;
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx[NR_TXS];
	struct en_handle en[NR_TXS];
	struct ktm_notification notes[NR_TXS + 1];
};

FIXTURE_VARIANT(fetch)
{
	int (*fetch)(struct fetcher *fetcher, void *buffer, size_t size);
};

FIXTURE_VARIANT_ADD(fetch, read) { .fetch = fetch_by_read };
FIXTURE_VARIANT_ADD(fetch, ioctl) { .fetch = fetch_by_ioctl };
FIXTURE_VARIANT_ADD(fetch, uring) { .fetch = fetch_by_uring };

static int make_fetcher(struct fetcher *fetcher, const struct fetcher *other)
{
	*fetcher = *other;
	return fetcher->fetch == fetch_by_uring ?
	       io_uring_queue_init(4, &fetcher->ring, 0) : 0;
}

FIXTURE_SETUP(fetch)
{
	struct fetcher fetcher = {
		.fetch = variant->fetch,
		.flags = KTM_RM_FETCH_F_NONBLOCK,
	};
	int i;

	if (variant->fetch == fetch_by_uring && ring_is_missing())
		SKIP(_exit(SKIPPED), "the kernel has no commands of io_uring");
	ASSERT_EQ(0, make_fetcher(&self->fetcher, &fetcher));
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	self->fetcher.fd = self->rm.fd;
	for (i = 0; i < NR_TXS; i++) {
		ASSERT_EQ(0, tx_begin(&self->tm, &self->tx[i], 0));
		ASSERT_EQ(0, en_make(&self->rm, &self->tx[i], &self->en[i], i, 0));
	}
}

FIXTURE_TEARDOWN(fetch)
{
}

#define FETCH_BYTES(buffer, size)	self->fetcher.fetch(&self->fetcher, buffer, size)
#define FETCH(buffer, size)		records(FETCH_BYTES(buffer, size))

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

/* Not in the order of their making, so that it is that of their sending. */
static int commit_all(const struct tx_handle *tx)
{
	int i, ret = -EINPROGRESS;

	for (i = 0; i < NR_TXS && ret == -EINPROGRESS; i++)
		ret = commit_nowait(&tx[(i * 7) % NR_TXS]);
	return ret == -EINPROGRESS ? 0 : ret;
}

#define ASSERT_PREPARE(i, at) do {						\
	const struct ktm_notification *note = (at);				\
										\
	ASSERT_EQ(ONE, note->size);						\
	ASSERT_EQ(KTM_NOTIFY_PREPARE, note->type);				\
	ASSERT_EQ(((i) * 7) % NR_TXS, note->key);				\
	ASSERT_EQ(0, memcmp(note->tx, self->tx[note->key].info.uuid,		\
			    KTM_UUID_SIZE));					\
} while (0)

TEST_F(fetch, all_at_once)
{
	int i;

	ASSERT_FALSE(is_readable(self->rm.fd));
	ASSERT_EQ(-EAGAIN, FETCH(self->notes, sizeof(self->notes)));
	ASSERT_EQ(0, commit_all(self->tx));
	ASSERT_TRUE(is_readable(self->rm.fd));
	memset(self->notes, 0x5a, sizeof(self->notes));
	ASSERT_EQ(NR_TXS, FETCH(self->notes, sizeof(self->notes)));
	for (i = 0; i < NR_TXS; i++)
		ASSERT_PREPARE(i, &self->notes[i]);
	/* nothing behind them is touched */
	for (i = 0; i < ONE; i++)
		ASSERT_EQ(0x5a, ((__u8 *)&self->notes[NR_TXS])[i]);
	ASSERT_FALSE(is_readable(self->rm.fd));
	ASSERT_EQ(-EAGAIN, FETCH(self->notes, sizeof(self->notes)));
}

TEST_F(fetch, as_many_as_fit)
{
	int i, n, done = 0;

	ASSERT_EQ(0, commit_all(self->tx));
	ASSERT_EQ(-EMSGSIZE, FETCH(self->notes, 0));
	ASSERT_EQ(-EMSGSIZE, FETCH(self->notes, FIRST - 1));
	ASSERT_TRUE(is_readable(self->rm.fd));
	for (n = 1; done + n < NR_TXS; n++) {
		/* and a part of one more, which is not used */
		memset(self->notes, 0x5a, sizeof(self->notes));
		ASSERT_EQ(n, FETCH(self->notes, (n + 1) * ONE - 1));
		for (i = 0; i < n; i++)
			ASSERT_PREPARE(done + i, &self->notes[i]);
		ASSERT_EQ(0x5a, *(__u8 *)&self->notes[n]);
		ASSERT_TRUE(is_readable(self->rm.fd));
		done += n;
	}
	ASSERT_EQ(NR_TXS - done, FETCH(self->notes, sizeof(self->notes)));
	for (i = 0; done < NR_TXS; done++, i++)
		ASSERT_PREPARE(done, &self->notes[i]);
	ASSERT_FALSE(is_readable(self->rm.fd));
}

/* To whom has no room for a whole one, as long as nothing is lost by that. */
TEST_F(fetch, as_older_versions_had_it)
{
	struct savepoint_call call;
	struct tx_handle tx;
	struct en_handle en;

	ASSERT_EQ(0, commit_all(self->tx));
	memset(self->notes, 0x5a, sizeof(self->notes));
	ASSERT_EQ(FIRST, FETCH_BYTES(self->notes, FIRST));
	EXPECT_EQ(FIRST, self->notes[0].size);
	EXPECT_EQ(KTM_NOTIFY_PREPARE, self->notes[0].type);
	EXPECT_EQ(0, self->notes[0].key);
	EXPECT_EQ(0x5a5a5a5a5a5a5a5a, self->notes[0].savepoint);
	ASSERT_EQ(FIRST, FETCH_BYTES(self->notes, ONE - 1));
	EXPECT_EQ(7, self->notes[0].key);
	/* behind a whole one there is room for a whole one only */
	ASSERT_EQ(ONE, FETCH_BYTES(self->notes, ONE + FIRST));
	ASSERT_PREPARE(2, &self->notes[0]);
	ASSERT_EQ(NR_TXS - 3, FETCH(self->notes, sizeof(self->notes)));

	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &tx, &en, 77, KTM_EN_F_SAVEPOINTS));
	ASSERT_EQ(0, savepoint_start(&call, &tx, SET, 0));
	ASSERT_EQ(1, poll(&(struct pollfd){ .fd = self->rm.fd, .events = POLLIN }, 1,
			  PATIENCE));
	ASSERT_EQ(-EMSGSIZE, FETCH_BYTES(self->notes, FIRST));
	ASSERT_EQ(-EMSGSIZE, FETCH_BYTES(self->notes, ONE - 1));
	ASSERT_EQ(1, FETCH(self->notes, ONE));
	EXPECT_EQ(ONE, self->notes[0].size);
	EXPECT_EQ(KTM_NOTIFY_SAVEPOINT, self->notes[0].type);
	EXPECT_EQ(77, self->notes[0].key);
	EXPECT_EQ(1, self->notes[0].savepoint);
	ASSERT_EQ(0, en_savepoint(&en, 1, 0));
	ASSERT_EQ(0, savepoint_join(&call));
}

/* What could not be handed over stays, and comes first the next time. */
TEST_F(fetch, into_a_bad_page)
{
	long page = sysconf(_SC_PAGESIZE);
	char *area;
	int i;

	area = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	ASSERT_EQ(0, munmap(area + page, page));
	ASSERT_EQ(0, commit_all(self->tx));
	ASSERT_EQ(-EFAULT, FETCH(area + page - ONE + 1, 3 * ONE));
	ASSERT_EQ(2, FETCH(area + page - 2 * ONE - 8, 5 * ONE));
	for (i = 0; i < 2; i++)
		ASSERT_PREPARE(i, (struct ktm_notification *)(area + page - 2 * ONE - 8) + i);
	ASSERT_EQ(NR_TXS - 2, FETCH(self->notes, sizeof(self->notes)));
	for (i = 0; i < NR_TXS - 2; i++)
		ASSERT_PREPARE(i + 2, &self->notes[i]);
}

/* A later one takes the place of one that waits, a fetched one does not come back. */
TEST_F(fetch, what_has_changed)
{
	ASSERT_EQ(0, commit_all(self->tx));
	ASSERT_EQ(1, FETCH(self->notes, ONE));
	ASSERT_PREPARE(0, &self->notes[0]);
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx[7]));
	ASSERT_EQ(0, read_only(&self->en[14]));
	ASSERT_EQ(NR_TXS - 2, FETCH(self->notes, sizeof(self->notes)));
	EXPECT_EQ(KTM_NOTIFY_ROLLBACK, self->notes[0].type);
	EXPECT_EQ(7, self->notes[0].key);
	ASSERT_PREPARE(3, &self->notes[1]);
}

/* Of an RM's life nothing is left to an fd but to look. */
TEST_F(fetch, of_a_life_that_is_over)
{
	struct ktm_restrict less = { .size = sizeof(less), .rights = ~KTM_RIGHT_NOTIFY };

	ASSERT_EQ(0, ktm_call(self->rm.fd, KTM_IOC_RESTRICT, &less));
	self->fetcher.fd = less.out_fd;
	ASSERT_EQ(-EPERM, FETCH(self->notes, sizeof(self->notes)));
	ASSERT_EQ(0, close(self->rm.fd));
	self->rm.fd = less.out_fd;
	ASSERT_RM(&self->rm, .state = KTM_RM_S_GONE);
	ASSERT_EQ(-EPERM, FETCH(self->notes, sizeof(self->notes)));
}

struct sharer {
	struct fetcher fetcher;
	pthread_t thread;
	atomic_int *left;
	__u64 keys[NR_SHARED];
	int nr_keys;
	int error;
};

static void *fetch_some(void *arg)
{
	struct sharer *sharer = arg;
	struct ktm_notification notes[3];
	int i, ret;

	while (*sharer->left > 0) {
		struct pollfd p = { .fd = sharer->fetcher.fd, .events = POLLIN };

		poll(&p, 1, 10);
		ret = records(sharer->fetcher.fetch(&sharer->fetcher, notes,
						    sizeof(notes)));
		if (ret < 0 && ret != -EAGAIN) {
			sharer->error = ret;
			return NULL;
		}
		for (i = 0; i < ret && sharer->nr_keys < NR_SHARED; i++)
			sharer->keys[sharer->nr_keys++] = notes[i].key;
		if (ret > 0)
			*sharer->left -= ret;
	}
	return NULL;
}

/* Each goes to one of them, none is lost, and nobody sees two out of order. */
TEST_F_TIMEOUT(fetch, is_shared, 600)
{
	struct sharer *sharers = calloc(NR_FETCHERS, sizeof(*sharers));
	atomic_int left = NR_SHARED;
	int seen[NR_SHARED] = { };
	struct tx_handle tx;
	struct en_handle en;
	int i, k;

	for (i = 0; i < NR_FETCHERS; i++) {
		ASSERT_EQ(0, make_fetcher(&sharers[i].fetcher, &self->fetcher));
		sharers[i].left = &left;
		ASSERT_EQ(0, pthread_create(&sharers[i].thread, NULL, fetch_some,
					    &sharers[i]));
	}
	for (i = 0; i < NR_SHARED; i++) {
		ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
		ASSERT_EQ(0, en_make(&self->rm, &tx, &en, i, 0));
		ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	}
	for (i = 0; i < NR_FETCHERS; i++) {
		ASSERT_EQ(0, pthread_join(sharers[i].thread, NULL));
		EXPECT_EQ(0, sharers[i].error);
		for (k = 0; k < sharers[i].nr_keys; k++) {
			ASSERT_GT(NR_SHARED, sharers[i].keys[k]);
			seen[sharers[i].keys[k]]++;
			if (k)
				EXPECT_LT(sharers[i].keys[k - 1], sharers[i].keys[k]);
		}
	}
	EXPECT_EQ(0, left);
	for (i = 0; i < NR_SHARED; i++)
		EXPECT_EQ(1, seen[i]) TH_LOG("key %d", i);
	ASSERT_QUIET(&self->rm);
}

/* Commands that wait on one ring: as above, and each has what its completion says. */
TEST(commands_share)
{
	struct ktm_notification notes[NR_FETCHERS];
	struct ktm_rm_fetch args[NR_FETCHERS];
	int i, done = 0, made = 0, seen[NR_SHARED] = { };
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	__u64 tag;

	if (ring_is_missing())
		SKIP(return, "the kernel has no commands of io_uring");
	ASSERT_EQ(0, io_uring_queue_init(16, &ring, 0));
	ASSERT_EQ(0, tm_make(&tm, 0600));
	ASSERT_EQ(0, rm_make(&tm, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&rm));
	ASSERT_NOTE(&rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	for (i = 0; i < NR_FETCHERS; i++) {
		args[i] = (struct ktm_rm_fetch){
			.size = sizeof(args[i]),
			.buffer = (uintptr_t)&notes[i],
			.length = sizeof(notes[i]),
		};
		ASSERT_EQ(0, ring_start(&ring, rm.fd, KTM_IOC_RM_FETCH, &args[i], i));
	}
	ASSERT_TRUE(workers_wait(NR_FETCHERS));
	while (done < NR_SHARED) {
		for (i = 0; i < NR_FETCHERS && made < NR_SHARED; i++, made++) {
			ASSERT_EQ(0, tx_begin(&tm, &tx, 0));
			ASSERT_EQ(0, en_make(&rm, &tx, &en, made, 0));
			ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
		}
		while (done < made) {
			ASSERT_EQ(0, io_uring_wait_cqe(&ring, &cqe));
			ASSERT_EQ(ONE, cqe->res);
			tag = cqe->user_data;
			io_uring_cqe_seen(&ring, cqe);
			ASSERT_GT(NR_SHARED, notes[tag].key);
			seen[notes[tag].key]++;
			memset(&notes[tag], 0x5a, sizeof(notes[tag]));
			ASSERT_EQ(0, ring_start(&ring, rm.fd, KTM_IOC_RM_FETCH,
						&args[tag], tag));
			done++;
		}
	}
	for (i = 0; i < NR_SHARED; i++)
		EXPECT_EQ(1, seen[i]) TH_LOG("key %d", i);
}

TEST_HARNESS_MAIN
