// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - the owner of a durable transaction, or one of its RMs, is killed
 *
 * Each step of a commit once, then a restart. Until the decision is on its way
 * to disk nothing is left of the transaction; from there on nothing is lost.
 */
#include <sys/mman.h>

#include "harness.h"
#include "ktm_log.h"

#define NR_RMS	2

/* How far the transaction has come when the process is killed. */
enum step {
	BEGUN,
	ENLISTED,
	LOGGED,
	ASKED,			/* commit: PREPARE is there, unanswered */
	ONE_PREPARED,
	DECIDING,		/* the device does not answer */
	COMMITTING,		/* COMMIT is there, unanswered */
	ONE_COMMITTED,
};

/* What the child tells and is told. */
struct shared {
	struct tx_handle tx;
	struct rm_handle rm;
	struct en_handle en;
};

struct child {
	pid_t pid;
	int up[2], down[2];	/* pipes: it has come to a point; it may go on */
	struct shared *shared;
};

static int child_start(struct child *child)
{
	child->shared = mmap(NULL, sizeof(*child->shared), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (child->shared == MAP_FAILED || pipe(child->up) || pipe(child->down))
		return -1;
	child->pid = fork();
	return child->pid;
}

static bool child_reached(struct child *child)
{
	struct pollfd pollfd = { .fd = child->up[0], .events = POLLIN };
	char byte;

	return poll(&pollfd, 1, PATIENCE) == 1 && read(child->up[0], &byte, 1) == 1;
}

static bool child_go(struct child *child)
{
	return write(child->down[1], "g", 1) == 1;
}

/* In the child: tell that the point is reached, wait to be sent on. */
static void point(struct child *child)
{
	char byte;

	if (write(child->up[1], "r", 1) != 1 || read(child->down[0], &byte, 1) != 1)
		_exit(1);
}

static bool child_kill(struct child *child)
{
	int status;

	if (child->pid <= 0)
		return false;
	if (kill(child->pid, SIGKILL) || waitpid(child->pid, &status, 0) != child->pid)
		return false;
	child->pid = 0;
	close(child->up[0]);
	close(child->up[1]);
	close(child->down[0]);
	close(child->down[1]);
	return WIFSIGNALED(status);
}

static int tx_open(const struct tm_handle *tm, struct tx_handle *tx)
{
	struct ktm_open arg = { .size = sizeof(arg) };
	int ret;

	memcpy(arg.uuid, tx->info.uuid, KTM_UUID_SIZE);
	ret = ktm_call(tm->fd, KTM_IOC_TX_OPEN, &arg);
	tx->fd = ret ? -1 : arg.out_fd;
	return ret;
}

/* A device below the log that can be stopped: what is sent to it waits. */
static int device_make(char *path, size_t size)
{
	FILE *pipe;
	char line[64] = "";

	if (system("echo 0 8192 linear $KTM_LOG2_DEV 0 | dmsetup create --noudevsync ktm-owner"))
		return -1;
	pipe = popen("dmsetup info --columns --noheadings -o blkdevname ktm-owner", "r");
	if (!pipe)
		return -1;
	if (!fgets(line, sizeof(line), pipe))
		line[0] = '\0';
	pclose(pipe);
	line[strcspn(line, "\n")] = '\0';
	snprintf(path, size, "/dev/%s", line);
	return line[0] ? 0 : -1;
}

static bool device_stop(void)
{
	return !system("dmsetup suspend --nolockfs --noflush ktm-owner");
}

static bool device_resume(void)
{
	return !system("dmsetup resume --noudevsync ktm-owner");
}

FIXTURE(killed)
{
	char path[80];
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle rm[NR_RMS];
	struct en_handle en[NR_RMS];
	struct tx_handle tx;
	struct child child;
};

FIXTURE_VARIANT(killed)
{
	enum step step;
};

FIXTURE_VARIANT_ADD(killed, begun) { .step = BEGUN };
FIXTURE_VARIANT_ADD(killed, enlisted) { .step = ENLISTED };
FIXTURE_VARIANT_ADD(killed, logged) { .step = LOGGED };
FIXTURE_VARIANT_ADD(killed, asked) { .step = ASKED };
FIXTURE_VARIANT_ADD(killed, one_prepared) { .step = ONE_PREPARED };
FIXTURE_VARIANT_ADD(killed, deciding) { .step = DECIDING };
FIXTURE_VARIANT_ADD(killed, committing) { .step = COMMITTING };
FIXTURE_VARIANT_ADD(killed, one_committed) { .step = ONE_COMMITTED };

FIXTURE_SETUP(killed)
{
	if (!log_device("KTM_LOG2_DEV"))
		SKIP(_exit(SKIPPED), "no KTM_LOG2_DEV");
	ASSERT_EQ(0, device_make(self->path, sizeof(self->path)));
	ASSERT_EQ(0, log_format(self->path, 0, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	self->tx.fd = -1;
}

FIXTURE_TEARDOWN(killed)
{
	int i;

	device_resume();
	child_kill(&self->child);
	close(self->tx.fd);
	for (i = 0; i < NR_RMS; i++) {
		if (self->en[i].fd > 0)
			close(self->en[i].fd);
		if (self->rm[i].fd > 0)
			close(self->rm[i].fd);
	}
	close(self->tm.fd);
	log_release();
	EXPECT_EQ(0, system("dmsetup remove --retry --noudevsync ktm-owner"));
}

static void enlist(struct __test_metadata *_metadata, struct _test_data_killed *self, int i)
{
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm[i], NULL));
	ASSERT_EQ(0, en_make(&self->rm[i], &self->tx, &self->en[i], i + 1, 0));
}

/* By two RMs of ours: what follows when commit has been asked for. */
static void answer(struct __test_metadata *_metadata, struct _test_data_killed *self,
		   enum step step)
{
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPARE, &self->en[0]);
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_PREPARE, &self->en[1]);
	if (step >= ONE_PREPARED)
		ASSERT_EQ(0, prepare_complete(&self->en[0]));
	if (step == DECIDING)
		ASSERT_TRUE(device_stop());
	if (step >= DECIDING)
		ASSERT_EQ(0, prepare_complete(&self->en[1]));
	if (step < COMMITTING)
		return;
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_COMMIT, &self->en[0]);
	ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_COMMIT, &self->en[1]);
	if (step >= ONE_COMMITTED)
		ASSERT_EQ(0, commit_complete(&self->en[0]));
}

/* All RMs go; the log is attached again. */
static void restart(struct __test_metadata *_metadata, struct _test_data_killed *self,
		    __u32 recovered)
{
	__u32 found;
	int i;

	close(self->tx.fd);
	self->tx.fd = -1;
	for (i = 0; i < NR_RMS; i++) {
		if (self->en[i].fd > 0)
			ASSERT_EQ(0, close(self->en[i].fd));
		if (self->rm[i].fd > 0)
			ASSERT_EQ(0, close(self->rm[i].fd));
		self->en[i].fd = 0;
		self->rm[i].fd = 0;
	}
	ASSERT_EQ(0, tm_detach(&self->tm));
	close(self->tm.fd);
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &found));
	EXPECT_EQ(recovered, found);
}

/* The RM is told the outcome again, and carries it out. */
static void recover(struct __test_metadata *_metadata, struct _test_data_killed *self, int i)
{
	struct rm_handle *rm = &self->rm[i];
	struct en_handle *en = &self->en[i];
	__u32 length = 4;
	char redo[4];

	ASSERT_EQ(0, rm_make(&self->tm, rm, rm->info.uuid, 0));
	ASSERT_EQ(0, rm_recover(rm));
	ASSERT_NOTE(rm, KTM_NOTIFY_RECOVER, en);
	ASSERT_NOTE(rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, en_reopen(rm, en->info.uuid, 77, en));
	ASSERT_EQ(0, en_read_log(en, 0, redo, &length));
	EXPECT_EQ(0, memcmp(redo, "redo", 4));
	ASSERT_EQ(0, ask_outcome(en));
	ASSERT_NOTE(rm, KTM_NOTIFY_COMMIT, en);
	ASSERT_EQ(0, commit_complete(en));
}

/* The RM is told of nothing: whatever it has prepared was rolled back. */
static void presume(struct __test_metadata *_metadata, struct _test_data_killed *self, int i)
{
	if (!self->rm[i].info.size)
		return;
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm[i], self->rm[i].info.uuid));
	ASSERT_QUIET(&self->rm[i]);
}

static void own(struct child *child, const struct tm_handle *tm)
{
	if (tx_begin(tm, &child->shared->tx, 0))
		_exit(2);
	point(child);
	commit_wait(&child->shared->tx);
	point(child);
	_exit(3);
}

static void owner_aborted(struct __test_metadata *_metadata, struct _test_data_killed *self,
			  enum step step)
{
	int i, nr = step >= ENLISTED ? NR_RMS : 0;

	if (nr)
		ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING,
			  .reason = KTM_REASON_OWNER_DIED, .nr = nr, .waiting = nr);
	for (i = 0; i < nr; i++) {
		ASSERT_NOTE(&self->rm[i], KTM_NOTIFY_ROLLBACK, &self->en[i]);
		ASSERT_EQ(0, rollback_complete(&self->en[i]));
	}
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_OWNER_DIED);
	ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
	restart(_metadata, self, 0);
	for (i = 0; i < nr; i++)
		presume(_metadata, self, i);
}

TEST_F_TIMEOUT(killed, owner, 600)
{
	enum step step = variant->step;
	int i;

	ASSERT_GE(child_start(&self->child), 0);
	if (!self->child.pid)
		own(&self->child, &self->tm);
	ASSERT_TRUE(child_reached(&self->child));
	self->tx = self->child.shared->tx;
	ASSERT_EQ(0, tx_open(&self->tm, &self->tx));
	for (i = 0; i < NR_RMS && step >= ENLISTED; i++)
		enlist(_metadata, self, i);
	for (i = 0; i < NR_RMS && step >= LOGGED; i++)
		ASSERT_EQ(0, en_log(&self->en[i], "redo", 4, NULL));
	if (step >= ASKED) {
		ASSERT_TRUE(child_go(&self->child));
		answer(_metadata, self, step);
	}
	if (step == DECIDING)
		ASSERT_TX(&self->tx, .state = KTM_TX_S_DECIDING, .nr = 2);
	ASSERT_TRUE(child_kill(&self->child));
	self->tx.info.owner_pid = 0;
	if (step < DECIDING) {
		owner_aborted(_metadata, self, step);
		return;
	}
	if (step == DECIDING) {
		ASSERT_TX(&self->tx, .state = KTM_TX_S_DECIDING, .nr = 2);
		ASSERT_EQ(-EALREADY, rollback_nowait(&self->tx));
		ASSERT_TRUE(device_resume());
		ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_COMMIT, &self->en[0]);
		ASSERT_NOTE(&self->rm[1], KTM_NOTIFY_COMMIT, &self->en[1]);
	}
	i = step == ONE_COMMITTED ? 1 : 2;
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = i, .waiting = i);
	ASSERT_EQ(-EALREADY, rollback_nowait(&self->tx));
	/* no answer is logged before the last: both are told again */
	restart(_metadata, self, 1);
	recover(_metadata, self, 0);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .unfinished = 1);
	recover(_metadata, self, 1);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 2, .committed = 1);
	restart(_metadata, self, 0);
}

/* The second RM lives in the child. */
static void serve(struct child *child, const struct tm_handle *tm,
		  const struct tx_handle *tx, enum step step)
{
	struct shared *shared = child->shared;

	if (rm_start(tm, &shared->rm, NULL) ||
	    (step >= ENLISTED && en_make(&shared->rm, tx, &shared->en, 2, 0)) ||
	    (step >= LOGGED && en_log(&shared->en, "redo", 4, NULL)))
		_exit(2);
	point(child);
	if (*note_differs(&shared->rm, KTM_NOTIFY_PREPARE, &shared->en))
		_exit(3);
	if (step >= ONE_PREPARED && prepare_complete(&shared->en))
		_exit(4);
	point(child);
	if (*note_differs(&shared->rm, KTM_NOTIFY_COMMIT, &shared->en))
		_exit(5);
	if (step >= ONE_COMMITTED && commit_complete(&shared->en))
		_exit(6);
	point(child);
	_exit(7);
}

static void rm_aborted(struct __test_metadata *_metadata, struct _test_data_killed *self)
{
	struct ktm_tx_info info;

	/* of its fds the kernel may close either first */
	ASSERT_EQ(0, tx_info(&self->tx, &info));
	if (info.reason != KTM_REASON_ENLISTMENT_CLOSED)
		ASSERT_EQ(KTM_REASON_RM_GONE, info.reason);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING, .reason = info.reason, .nr = 1,
		  .waiting = 1, .rm = &self->rm[1]);
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_ROLLBACK, &self->en[0]);
	ASSERT_EQ(0, rollback_complete(&self->en[0]));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = info.reason,
		  .rm = &self->rm[1]);
	restart(_metadata, self, 0);
	presume(_metadata, self, 0);
	presume(_metadata, self, 1);
}

/* Commit goes as far as the step; ours answers first, the child after it. */
static void commit_to(struct __test_metadata *_metadata, struct _test_data_killed *self,
		      enum step step)
{
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_PREPARE, &self->en[0]);
	if (step >= DECIDING)
		ASSERT_EQ(0, prepare_complete(&self->en[0]));
	if (step == DECIDING)
		ASSERT_TRUE(device_stop());
	ASSERT_TRUE(child_go(&self->child));
	ASSERT_TRUE(child_reached(&self->child));
	if (step < COMMITTING)
		return;
	ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_COMMIT, &self->en[0]);
	ASSERT_TRUE(child_go(&self->child));
	ASSERT_TRUE(child_reached(&self->child));
}

TEST_F_TIMEOUT(killed, resource_manager, 600)
{
	enum step step = variant->step;

	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	enlist(_metadata, self, 0);
	ASSERT_EQ(0, en_log(&self->en[0], "redo", 4, NULL));
	ASSERT_GE(child_start(&self->child), 0);
	if (!self->child.pid)
		serve(&self->child, &self->tm, &self->tx, step);
	ASSERT_TRUE(child_reached(&self->child));
	self->rm[1] = self->child.shared->rm;
	self->en[1] = self->child.shared->en;
	self->rm[1].fd = 0;
	self->en[1].fd = 0;
	if (step >= ASKED)
		commit_to(_metadata, self, step);
	ASSERT_TRUE(child_kill(&self->child));

	if (step == BEGUN) {
		/* it had no part in it */
		ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
		return;
	}
	if (step < ONE_PREPARED) {
		rm_aborted(_metadata, self);
		return;
	}
	if (step == ONE_PREPARED) {
		/* it may be away while the others prepare */
		ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 2, .waiting = 1);
		ASSERT_EQ(0, prepare_complete(&self->en[0]));
	}
	if (step == DECIDING) {
		ASSERT_TX(&self->tx, .state = KTM_TX_S_DECIDING, .nr = 2);
		ASSERT_TRUE(device_resume());
	}
	if (step < COMMITTING)
		ASSERT_NOTE(&self->rm[0], KTM_NOTIFY_COMMIT, &self->en[0]);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .waiting = 1,
		  .nr = step == ONE_COMMITTED ? 1 : 2);
	ASSERT_EQ(0, commit_complete(&self->en[0]));
	ASSERT_EQ(0, commit_wait(&self->tx));
	if (step == ONE_COMMITTED) {
		ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTED);
		restart(_metadata, self, 0);
		presume(_metadata, self, 1);
		return;
	}
	/* who is away is not waited for, and not forgotten */
	ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 1);
	restart(_metadata, self, 1);
	recover(_metadata, self, 1);
	recover(_metadata, self, 0);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 2, .committed = 1);
	restart(_metadata, self, 0);
}

TEST_HARNESS_MAIN
