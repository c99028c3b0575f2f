// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - every allocation fails once
 *
 * Each scenario is run with the first, the second, ... fault point of the task
 * failing, until it runs through without a fault. What matters is that nothing
 * is left behind and nothing splats: the result is any errno. Needs a kernel
 * with fault injection (the debug kernel).
 */
#include "kselftest_harness.h"
#include "ktm_log.h"

#define KNOBS	"/sys/kernel/debug/failslab/"
#define NTH_MAX	400

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Faults in this task only, at the fault points that fail-nth counts. */
static int open_fail_nth(void)
{
	char path[64];

	write_text(KNOBS "ignore-gfp-wait", "N");
	write_text("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	write_text("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	write_text("/sys/kernel/debug/fail_usercopy/verbose", "0");
	write_text(KNOBS "verbose", "0");
	write_text("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", gettid());
	return open(path, O_RDWR | O_CLOEXEC);
}

/* The calls on this file have fault points of their own: each fault comes once. */
static void set_nth(int fd, int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", nth), tries;

	for (tries = 0; tries < 3; tries++)
		if (pwrite(fd, text, n, 0) == n)
			return;
	abort();
}

/* Was the fault taken by the scenario? Ends the injection. */
static bool fault_taken(int fd)
{
	char text[16] = "";
	bool taken;

	/* a read that fails has taken it itself */
	taken = pread(fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
	set_nth(fd, 0);
	return taken;
}

struct objects {
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
};

static void close_objects(struct objects *o)
{
	int *fds[] = { &o->en.fd, &o->tx.fd, &o->rm.fd, &o->tm.fd };
	size_t i;

	for (i = 0; i < ARRAY_LEN(fds); i++)
		if (*fds[i] > 0)
			close(*fds[i]);
	memset(o, 0, sizeof(*o));
}

static int make_volatile(struct objects *o)
{
	return tm_make(&o->tm, 0600) ?:
	       rm_make(&o->tm, &o->rm, NULL, KTM_RM_F_VOLATILE) ?: rm_recover(&o->rm) ?:
	       tx_begin(&o->tm, &o->tx, now_ns() + 3600000 * MSEC) ?:
	       en_make(&o->rm, &o->tx, &o->en, 1, 0);
}

static int scenario_commit(struct objects *o, const char *path)
{
	int ret = make_volatile(o) ?: commit_nowait(&o->tx);

	return ret != -EINPROGRESS ? ret : prepare_complete(&o->en) ?:
	       commit_complete(&o->en) ?: commit_wait(&o->tx);
}

static int scenario_single(struct objects *o, const char *path)
{
	int ret = tm_make(&o->tm, 0600) ?:
		rm_make(&o->tm, &o->rm, NULL, KTM_RM_F_VOLATILE) ?: rm_recover(&o->rm) ?:
		tx_begin(&o->tm, &o->tx, 0) ?:
		en_make(&o->rm, &o->tx, &o->en, 1, KTM_EN_F_SINGLE_PHASE) ?:
		commit_nowait(&o->tx);

	return ret != -EINPROGRESS ? ret : reject_single(&o->en) ?:
	       prepare_complete(&o->en) ?: commit_complete(&o->en) ?: commit_wait(&o->tx);
}

static int scenario_veto(struct objects *o, const char *path)
{
	return make_volatile(o) ?: en_veto(&o->en, KTM_REASON_RM, EIO, "words") ?:
	       rollback_complete(&o->en) ?: rollback_wait(&o->tx);
}

static int scenario_queries(struct objects *o, const char *path)
{
	__u8 uuids[4][KTM_UUID_SIZE];
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids, .count = 4 };
	struct ktm_open open = { .size = sizeof(open) };
	struct ktm_tx_info info;
	int ret = make_volatile(o) ?: tx_info(&o->tx, &info) ?:
		ktm_call(o->tm.fd, KTM_IOC_TX_LIST, &list);

	memcpy(open.uuid, o->tx.info.uuid, KTM_UUID_SIZE);
	ret = ret ?: ktm_call(o->tm.fd, KTM_IOC_TX_OPEN, &open);
	if (!ret)
		close(open.out_fd);
	return ret;
}

static int scenario_attach(struct objects *o, const char *path)
{
	return tm_attach(path, NULL, &o->tm, NULL) ?: tm_detach(&o->tm);
}

static int scenario_durable(struct objects *o, const char *path)
{
	char data[9000] = "";
	__u8 uuid[KTM_UUID_SIZE] = "an RM of a test";
	__u32 length = sizeof(data);
	int i, ret;

	ret = tm_attach(path, NULL, &o->tm, NULL) ?: rm_make(&o->tm, &o->rm, uuid, 0) ?:
	      rm_recover(&o->rm) ?: tx_begin(&o->tm, &o->tx, 0) ?:
	      en_make(&o->rm, &o->tx, &o->en, 1, 0);
	for (i = 0; i < 6 && !ret; i++)
		ret = en_log(&o->en, data, sizeof(data), NULL);
	ret = ret ?: en_read_log(&o->en, 0, data, &length) ?: commit_nowait(&o->tx);
	if (ret != -EINPROGRESS)
		return ret;
	ret = prepare_complete(&o->en);
	/* the decision is made in another thread: wait for it */
	for (i = 0; i < 10000 && !ret; i++) {
		ret = commit_complete(&o->en);
		if (ret != -EPROTO)
			break;
		ret = 0;
		usleep(1000);
	}
	return ret ?: commit_wait(&o->tx);
}

FIXTURE(fail_nth)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	int nth;
};

FIXTURE_VARIANT(fail_nth)
{
	int (*run)(struct objects *o, const char *path);
	bool durable;
};

FIXTURE_VARIANT_ADD(fail_nth, commit) { .run = scenario_commit };
FIXTURE_VARIANT_ADD(fail_nth, single_phase) { .run = scenario_single };
FIXTURE_VARIANT_ADD(fail_nth, veto) { .run = scenario_veto };
FIXTURE_VARIANT_ADD(fail_nth, queries) { .run = scenario_queries };
FIXTURE_VARIANT_ADD(fail_nth, attach) { .run = scenario_attach, .durable = true };
FIXTURE_VARIANT_ADD(fail_nth, durable) { .run = scenario_durable, .durable = true };

FIXTURE_SETUP(fail_nth)
{
	if (access(KNOBS, F_OK))
		SKIP(_exit(SKIPPED), "the kernel has no fault injection");
	self->path = log_device("KTM_LOG_DEV");
	if (variant->durable && !self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	self->nth = open_fail_nth();
	ASSERT_GE(self->nth, 0);
}

FIXTURE_TEARDOWN(fail_nth)
{
}

/* TMs that the control node knows. */
static int count_tms(void)
{
	__u8 uuids[64][KTM_UUID_SIZE];
	struct ktm_list list = {
		.size = sizeof(list),
		.uuids = (uintptr_t)uuids,
		.count = ARRAY_LEN(uuids),
	};
	int dev = ktm_dev(), ret = ktm_call(dev, KTM_IOC_TM_LIST, &list);

	close(dev);
	return ret ? ret : list.count;
}

TEST_F_TIMEOUT(fail_nth, sweep, 600)
{
	int nth, ret, tms = count_tms(), next = dup(0), fd;
	struct objects o = { };
	bool taken = true;

	close(next);
	for (nth = 1; taken && nth < NTH_MAX; nth++) {
		if (variant->durable)
			ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
		set_nth(self->nth, nth);
		ret = variant->run(&o, self->path);
		taken = fault_taken(self->nth);
		close_objects(&o);
		if (variant->durable)
			log_release();
		/* the same objects and fds as before */
		ASSERT_EQ(tms, count_tms()) TH_LOG("nth %d", nth);
		fd = dup(0);
		close(fd);
		ASSERT_EQ(next, fd) TH_LOG("nth %d", nth);
	}
	EXPECT_FALSE(taken);
	EXPECT_EQ(0, ret);
	TH_LOG("%d fault points", nth - 2);
}

TEST_HARNESS_MAIN
