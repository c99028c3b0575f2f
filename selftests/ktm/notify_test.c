// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - read() and poll() of RMs, waiting, and signals
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "harness.h"
#include "ktm_harness.h"

FIXTURE(notify)
{
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
};

FIXTURE_SETUP(notify)
{
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, ~0ULL, 0));
}

FIXTURE_TEARDOWN(notify)
{
}

TEST_F(notify, recover_is_called_once)
{
	struct rm_handle other;
	struct en_handle en;

	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(-EALREADY, rm_recover(&self->rm));
	ASSERT_QUIET(&self->rm);
	/* and who has not called it may not enlist */
	ASSERT_EQ(0, rm_make(&self->tm, &other, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(-EPROTO, en_make(&other, &self->tx, &en, 1, 0));
	ASSERT_RM(&other, .state = KTM_RM_S_OFFLINE);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_QUIET(&other);
}

TEST_F(notify, sizes_of_read)
{
	char buffer[3 * sizeof(struct ktm_notification)];
	const size_t one = sizeof(struct ktm_notification);
	const size_t first = offsetof(struct ktm_notification, savepoint);
	void *nowhere = (void *)strtoul("1", NULL, 0);	/* not seen by the compiler */
	struct en_handle en;

	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en, 2, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(-1, read(self->rm.fd, buffer, 0));
	EXPECT_EQ(EMSGSIZE, errno);
	ASSERT_EQ(-1, read(self->rm.fd, buffer, first - 1));
	EXPECT_EQ(EMSGSIZE, errno);
	ASSERT_EQ(-1, read(self->rm.fd, nowhere, one));
	EXPECT_EQ(EFAULT, errno);
	/* whole ones, as many as fit; nothing was lost so far */
	ASSERT_EQ(one, read(self->rm.fd, buffer, 2 * one - 1));
	EXPECT_EQ(KTM_NOTIFY_LAST_RECOVER, ((struct ktm_notification *)buffer)->type);
	ASSERT_EQ(2 * one, read(self->rm.fd, buffer, sizeof(buffer)));
	EXPECT_EQ(KTM_NOTIFY_PREPARE, ((struct ktm_notification *)buffer)[0].type);
	EXPECT_EQ(~0ULL, ((struct ktm_notification *)buffer)[0].key);
	EXPECT_EQ(2, ((struct ktm_notification *)buffer)[1].key);
	ASSERT_EQ(-1, read(self->rm.fd, buffer, sizeof(buffer)));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(-1, write(self->rm.fd, buffer, one));
	EXPECT_EQ(EINVAL, errno);
}

/* A read that fails half way keeps what it could not hand over. */
TEST_F(notify, read_into_a_bad_page)
{
	const size_t one = sizeof(struct ktm_notification);
	long page = sysconf(_SC_PAGESIZE);
	char *area = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, area);
	ASSERT_EQ(0, munmap(area + page, page));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(one, read(self->rm.fd, area + page - one - 8, 2 * one));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
}

/* A ROLLBACK takes the place of a PREPARE that nobody has read. */
TEST_F(notify, later_replaces_unread)
{
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
	ASSERT_QUIET(&self->rm);
	ASSERT_EQ(0, rollback_complete(&self->en));
}

/* Who answers without having read is not asked again. */
TEST_F(notify, answer_takes_unread_back)
{
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, read_only(&self->en));
	ASSERT_QUIET(&self->rm);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

/* The virtual clock grows with every commit that begins. */
TEST_F(notify, clock)
{
	struct ktm_tm_info before, after;
	struct en_handle en;
	struct tx_handle tx;

	ASSERT_EQ(0, tm_info(&self->tm, &before));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, tm_info(&self->tm, &after));
	EXPECT_EQ(before.clock + 1, after.clock);
	EXPECT_EQ(after.clock, self->rm.clock);
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &tx, &en, 1, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &en);
	EXPECT_EQ(after.clock + 1, self->rm.clock);
}

static atomic_int nr_signals;

static void count(int signal)
{
	nr_signals++;
}

struct waiter {
	pthread_t thread;
	const struct tx_handle *tx;
	unsigned int cmd;
	atomic_int ret;
	atomic_int tid;
};

static void *wait_for_end(void *arg)
{
	struct waiter *waiter = arg;

	waiter->tid = gettid();
	waiter->ret = tx_end(waiter->tx, waiter->cmd, 0, NULL);
	return NULL;
}

/* The state of a thread as in /proc: sleeping means that it waits. */
static char thread_state(int tid)
{
	char path[64], line[256] = "", *paren;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = 0;
	fclose(file);
	paren = strrchr(line, ')');
	return paren ? paren[2] : 0;
}

/* Until the thread sleeps in the kernel. */
static void start(struct waiter *waiter, const struct tx_handle *tx, unsigned int cmd)
{
	waiter->tx = tx;
	waiter->cmd = cmd;
	waiter->ret = 1;
	waiter->tid = 0;
	if (pthread_create(&waiter->thread, NULL, wait_for_end, waiter))
		abort();
	while (!waiter->tid || thread_state(waiter->tid) != 'S')
		usleep(1000);
}

static int finish(struct waiter *waiter)
{
	if (pthread_join(waiter->thread, NULL))
		abort();
	return waiter->ret;
}

TEST_F(notify, commit_blocks)
{
	struct waiter waiter;

	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	start(&waiter, &self->tx, KTM_IOC_TX_COMMIT);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	EXPECT_EQ(1, waiter.ret);
	ASSERT_EQ(0, commit_complete(&self->en));
	EXPECT_EQ(0, finish(&waiter));
}

/* Two wait for the same outcome. */
TEST_F(notify, two_wait)
{
	struct waiter commit, rollback;

	start(&commit, &self->tx, KTM_IOC_TX_COMMIT);
	start(&rollback, &self->tx, KTM_IOC_TX_ROLLBACK);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_CLIENT,
		  .nr = 1, .waiting = 1);
	ASSERT_EQ(0, rollback_complete(&self->en));
	EXPECT_EQ(-ECANCELED, finish(&commit));
	EXPECT_EQ(0, finish(&rollback));
}

/* A signal ends the wait, not the commit; the next call waits on. */
TEST_F(notify, commit_is_interrupted)
{
	struct sigaction action = { .sa_handler = count };
	struct waiter waiter;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	start(&waiter, &self->tx, KTM_IOC_TX_COMMIT);
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, finish(&waiter));
	EXPECT_EQ(1, nr_signals);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
	start(&waiter, &self->tx, KTM_IOC_TX_COMMIT);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_EQ(0, commit_complete(&self->en));
	EXPECT_EQ(0, finish(&waiter));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
}

TEST_F(notify, rollback_is_interrupted)
{
	struct sigaction action = { .sa_handler = count };
	struct waiter waiter;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	start(&waiter, &self->tx, KTM_IOC_TX_ROLLBACK);
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, finish(&waiter));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	ASSERT_EQ(0, rollback_complete(&self->en));
	ASSERT_EQ(0, rollback_wait(&self->tx));
}

/* With SA_RESTART the caller does not notice. */
TEST_F(notify, commit_is_restarted)
{
	struct sigaction action = { .sa_handler = count, .sa_flags = SA_RESTART };
	struct waiter waiter;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	start(&waiter, &self->tx, KTM_IOC_TX_COMMIT);
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	while (!nr_signals || thread_state(waiter.tid) != 'S')
		usleep(1000);
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_EQ(0, commit_complete(&self->en));
	EXPECT_EQ(0, finish(&waiter));
}

static void *read_one(void *arg)
{
	struct rm_handle *rm = arg;
	struct ktm_notification note;

	if (read(rm->fd, &note, sizeof(note)) != sizeof(note))
		return NULL;
	return (void *)(uintptr_t)note.type;
}

TEST_F(notify, read_blocks)
{
	pthread_t thread;
	void *type;

	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, fcntl(self->rm.fd, F_SETFL, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_one, &self->rm));
	usleep(50000);
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, pthread_join(thread, &type));
	EXPECT_EQ(KTM_NOTIFY_PREPARE, (uintptr_t)type);
}

TEST_F(notify, read_is_interrupted)
{
	struct sigaction action = { .sa_handler = count };
	struct ktm_notification note;

	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, fcntl(self->rm.fd, F_SETFL, 0));
	ualarm(50000, 50000);
	ASSERT_EQ(-1, read(self->rm.fd, &note, sizeof(note)));
	EXPECT_EQ(EINTR, errno);
	ualarm(0, 0);
}

#define NR_READERS	4
#define NR_TXS		64

struct readers {
	struct rm_handle *rm;
	atomic_int seen;
};

static void *read_many(void *arg)
{
	struct readers *readers = arg;
	struct ktm_notification notes[3];
	ssize_t done;

	while (readers->seen < NR_TXS) {
		struct pollfd pollfd = { .fd = readers->rm->fd, .events = POLLIN };

		poll(&pollfd, 1, 100);
		done = read(readers->rm->fd, notes, sizeof(notes));
		if (done > 0)
			readers->seen += done / sizeof(notes[0]);
	}
	return NULL;
}

/* Each notification is read once, by whomever. */
TEST_F(notify, readers_share)
{
	struct readers readers = { .rm = &self->rm };
	pthread_t thread[NR_READERS];
	struct tx_handle tx;
	struct en_handle en;
	int i;

	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	for (i = 0; i < NR_READERS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_many, &readers));
	for (i = 0; i < NR_TXS; i++) {
		ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
		ASSERT_EQ(0, en_make(&self->rm, &tx, &en, i, 0));
		ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	}
	for (i = 0; i < NR_READERS; i++)
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
	EXPECT_EQ(NR_TXS, readers.seen);
	ASSERT_QUIET(&self->rm);
}

TEST_HARNESS_MAIN
