// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - every allocation fails once
 *
 * Each scenario is run with the first, the second, ... fault point of the task
 * failing, until it runs through without a fault. What matters is that nothing
 * is left behind and nothing splats: the result is any errno, mostly ENOMEM. In
 * the scenarios that use TRY() more is asked: a call that has failed has changed
 * nothing, so the same call without a fault works, and the scenario comes to its
 * end.
 * Needs a kernel with fault injection (the debug kernel).
 */
#include "harness.h"
#include "fail_sweep.h"
#include "ktm_log.h"
#include "log_stream.h"
#include "uring.h"

#include "kmod/rm/ktm_test_rm.h"

static const __u8 rm_uuid[KTM_UUID_SIZE] = "an RM of a test";

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

static int open_and_close(struct objects *o, int fd, unsigned int cmd, const __u8 *uuid)
{
	struct ktm_open open = { .size = sizeof(open) };
	int ret;

	memcpy(open.uuid, uuid, KTM_UUID_SIZE);
	ret = TRY(o, ktm_call(fd, cmd, &open));
	if (!ret)
		close(open.out_fd);
	return ret;
}

static int restrict_and_close(struct objects *o, int fd)
{
	struct ktm_restrict arg = { .size = sizeof(arg), .rights = KTM_RIGHT_QUERY };
	int ret = TRY(o, ktm_call(fd, KTM_IOC_RESTRICT, &arg));

	if (!ret)
		close(arg.out_fd);
	return ret;
}

static int make_without_deadline(struct objects *o, const char *path)
{
	return make_volatile(o) ?: tx_set_timeout(&o->tx, 0);
}

static int scenario_queries(struct objects *o, const char *path)
{
	struct tm_want tm = { .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1 };
	struct tx_want tx = { .state = KTM_TX_S_ACTIVE, .nr = 1 };
	struct rm_want rm = { .state = KTM_RM_S_ONLINE, .nr = 1 };
	struct en_want en = { .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE };
	struct ktm_rm_info info = { .size = sizeof(info) };
	struct ktm_get_abi abi = { .size = sizeof(abi) };
	struct ktm_fd_info fd = { .size = sizeof(fd) };
	int dev, ret;

	dev = ktm_dev();
	if (dev < 0)
		dev = ktm_dev();
	memcpy(info.uuid, o->rm.info.uuid, KTM_UUID_SIZE);
	ret = TRY(o, ktm_call(dev, KTM_IOC_GET_ABI, &abi)) ?:
	      fail_list(o, dev, KTM_IOC_TM_LIST, 1) ?: fail_list(o, o->tm.fd, KTM_IOC_TX_LIST, 1) ?:
	      fail_list(o, o->tm.fd, KTM_IOC_RM_LIST, 1) ?:
	      open_and_close(o, dev, KTM_IOC_TM_OPEN, o->tm.uuid) ?:
	      open_and_close(o, o->tm.fd, KTM_IOC_TX_OPEN, o->tx.info.uuid) ?:
	      TRY(o, ktm_call(o->tm.fd, KTM_IOC_RM_INFO, &info)) ?:
	      TRY(o, ktm_call(o->tm.fd, KTM_IOC_FD_INFO, &fd)) ?:
	      restrict_and_close(o, o->tm.fd) ?: restrict_and_close(o, o->tx.fd) ?:
	      restrict_and_close(o, o->rm.fd) ?: restrict_and_close(o, o->en.fd) ?:
	      TRY(o, tx_set_timeout(&o->tx, now_ns() + 3600000 * MSEC)) ?:
	      TRY(o, tx_set_timeout(&o->tx, 0)) ?:
	      TRY(o, *tm_differs(&o->tm, tm)) ?: TRY(o, *tx_differs(&o->tx, tx)) ?:
	      TRY(o, *rm_differs(&o->rm, rm)) ?: TRY(o, *en_differs(&o->en, en));
	close(dev);
	return ret;
}

static int kernel_rm_register(struct objects *o)
{
	struct test_rm_register arg = { .tm_fd = o->tm.fd, .flags = KTM_RM_F_VOLATILE };

	memcpy(arg.uuid, rm_uuid, sizeof(arg.uuid));
	return ktm_call(o->kernel_rm, TEST_RM_IOC_REGISTER, &arg);
}

static int kernel_rm_enlist(struct objects *o)
{
	struct test_rm_enlist arg = { .tx_fd = o->tx.fd };

	return ktm_call(o->kernel_rm, TEST_RM_IOC_ENLIST, &arg);
}

static int scenario_kernel_rm(struct objects *o, const char *path)
{
	int ret;

	ret = TRY(o, ({ o->kernel_rm = open("/dev/ktm_test_rm", O_RDWR | O_CLOEXEC);
			o->kernel_rm < 0 ? -errno : 0; }));
	return ret ?: TRY(o, tm_make(&o->tm, 0600)) ?: TRY(o, kernel_rm_register(o)) ?:
	       TRY(o, tx_begin(&o->tm, &o->tx, 0)) ?: TRY(o, kernel_rm_enlist(o)) ?:
	       TRY(o, kernel_rm_enlist(o)) ?: TRY(o, commit_wait(&o->tx)) ?:
	       TRY(o, ktm_call(o->kernel_rm, TEST_RM_IOC_UNREGISTER, NULL));
}

static int savepoint(struct objects *o, unsigned int cmd, __u64 *id)
{
	__u64 in = *id;
	int ret = TRY(o, ({ *id = in; tx_savepoint(&o->tx, cmd, id, NULL); }));

	return ret;
}

static int scenario_savepoint(struct objects *o, const char *path)
{
	struct test_rm_enlist enlist = { .flags = KTM_EN_F_SAVEPOINTS };
	__u64 first = 0, second = 0;
	int ret;

	o->kernel_rm = open("/dev/ktm_test_rm", O_RDWR | O_CLOEXEC);
	if (o->kernel_rm < 0)
		o->kernel_rm = open("/dev/ktm_test_rm", O_RDWR | O_CLOEXEC);
	ret = TRY(o, tm_make(&o->tm, 0600)) ?: TRY(o, kernel_rm_register(o)) ?:
	      TRY(o, tx_begin(&o->tm, &o->tx, 0));
	enlist.tx_fd = o->tx.fd;
	ret = ret ?: TRY(o, ktm_call(o->kernel_rm, TEST_RM_IOC_ENLIST, &enlist)) ?:
	      savepoint(o, KTM_IOC_TX_SAVEPOINT, &first) ?:
	      savepoint(o, KTM_IOC_TX_SAVEPOINT, &second) ?:
	      savepoint(o, KTM_IOC_TX_ROLLBACK_TO, &first) ?:
	      savepoint(o, KTM_IOC_TX_RELEASE, &first) ?: TRY(o, commit_wait(&o->tx));
	return ret ?: first && first < second ? 0 : -EBADMSG;
}

static int scenario_attach(struct objects *o, const char *path)
{
	return tm_attach(path, NULL, &o->tm, NULL) ?: tm_detach(&o->tm);
}

static int scenario_durable(struct objects *o, const char *path)
{
	char data[9000] = "";
	__u32 length = sizeof(data);
	int i, ret;

	ret = tm_attach(path, NULL, &o->tm, NULL) ?: rm_make(&o->tm, &o->rm, rm_uuid, 0) ?:
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

/* Without faults: committed, and its only RM has gone without an answer. */
static int leave_unfinished(struct objects *o, const char *path)
{
	int ret;

	ret = tm_attach(path, NULL, &o->tm, NULL) ?: rm_start(&o->tm, &o->rm, rm_uuid) ?:
	      tx_begin(&o->tm, &o->tx, 0) ?: en_make(&o->rm, &o->tx, &o->en, 1, 0) ?:
	      en_log(&o->en, "redo", 4, NULL);
	if (!ret && commit_nowait(&o->tx) != -EINPROGRESS)
		ret = -EBADMSG;
	ret = ret ?: *note_differs(&o->rm, KTM_NOTIFY_PREPARE, &o->en) ? -EBADMSG :
	      prepare_complete(&o->en) ?:
	      *note_differs(&o->rm, KTM_NOTIFY_COMMIT, &o->en) ? -EBADMSG : 0;
	close(o->en.fd);
	close(o->rm.fd);
	close(o->tx.fd);
	o->rm.fd = 0;
	o->en.fd = 0;
	o->tx.fd = 0;
	return ret;
}

static int leave_recovered(struct objects *o, const char *path)
{
	int ret = leave_unfinished(o, path) ?: tm_detach(&o->tm);

	close(o->tm.fd);
	return ret ?: tm_attach(path, NULL, &o->tm, NULL);
}

/* Found again as long as the answer was not given. */
static int check_unfinished(struct objects *o, const char *path)
{
	__u32 recovered;
	int ret = tm_attach(path, NULL, &o->tm, &recovered);

	if (ret)
		return ret;
	ret = tm_detach(&o->tm);
	return ret ?: recovered == !o->ended ? 0 : -EBADMSG;
}

static int leave_detached(struct objects *o, const char *path)
{
	int ret = leave_unfinished(o, path) ?: tm_detach(&o->tm);

	close(o->tm.fd);
	o->tm.fd = 0;
	return ret;
}

/* A recovery that has failed takes the TM offline: only the next attach gets on. */
static int scenario_steps(struct objects *o, const char *path)
{
	struct ktm_tm_rollforward forward = { .size = sizeof(forward), .clock = 1 };
	struct ktm_tm_recover recover = { .size = sizeof(recover) };

	return tm_attach_flags(path, NULL, &o->tm, NULL, KTM_TM_ATTACH_F_NO_RECOVER) ?:
	       ktm_call(o->tm.fd, KTM_IOC_TM_ROLLFORWARD, &forward) ?:
	       ktm_call(o->tm.fd, KTM_IOC_TM_RECOVER, &recover) ?:
	       recover.recovered == 1 ? 0 : -EBADMSG;
}

static int scenario_discard(struct objects *o, const char *path)
{
	struct ktm_tm_rollforward forward = { .size = sizeof(forward), .clock = 1 };
	struct ktm_tm_recover recover = {
		.size = sizeof(recover),
		.flags = KTM_TM_RECOVER_F_DISCARD,
	};
	int ret;

	ret = tm_attach_flags(path, NULL, &o->tm, NULL, KTM_TM_ATTACH_F_NO_RECOVER) ?:
	      ktm_call(o->tm.fd, KTM_IOC_TM_ROLLFORWARD, &forward) ?:
	      ktm_call(o->tm.fd, KTM_IOC_TM_RECOVER, &recover);
	o->ended = !ret;
	return ret ?: recover.discarded == 1 ? 0 : -EBADMSG;
}

/* What is discarded is gone; if the call has failed it may be. */
static int check_discarded(struct objects *o, const char *path)
{
	__u32 recovered;
	int ret = tm_attach(path, NULL, &o->tm, &recovered) ?: tm_detach(&o->tm);

	return ret ?: recovered && o->ended ? -EBADMSG : 0;
}

static int scenario_detach(struct objects *o, const char *path)
{
	return TRY(o, tm_detach(&o->tm));
}

/* One that fails leaves the TM as it was; one left on ends with its fd. */
static int scenario_freeze(struct objects *o, const char *path)
{
	int ret = TRY(o, tm_freeze(&o->tm, LONG, LONG, NULL));

	if (!ret && commit_nowait(&o->tx) != -EAGAIN && commit_nowait(&o->tx) != -EAGAIN)
		ret = -EBADMSG;
	return ret ?: TRY(o, thaw(o->tm.fd)) ?:
	       TRY(o, tm_freeze(&o->tm, LONG, LONG, NULL));
}

static int fetch_note(struct objects *o, __u32 type)
{
	struct ktm_notification note;
	struct ktm_rm_fetch fetch = {
		.size = sizeof(fetch),
		.buffer = (uintptr_t)&note,
		.length = sizeof(note),
	};
	int ret = TRY(o, ioctl(o->rm.fd, KTM_IOC_RM_FETCH, &fetch) < 0 ? -errno : 0);

	return ret ?: note.type == type ? 0 : -EBADMSG;
}

/* What the workers of the ring do, in the submitter's stead, is not counted. */
static int scenario_uring(struct objects *o, const char *path)
{
	struct ktm_notification note;
	struct ktm_rm_fetch fetch = {
		.size = sizeof(fetch),
		.buffer = (uintptr_t)&note,
		.length = sizeof(note),
	};
	struct ktm_tx_end end;
	struct io_uring ring;
	int ret;

	ret = TRY(o, io_uring_queue_init(4, &ring, 0));
	if (ret)
		return ret;
	/* a commit that has begun although its command has failed is done soon */
	ret = ({
		end = (struct ktm_tx_end){
			.size = sizeof(end),
			.flags = KTM_TX_END_F_NONBLOCK,
		};
		TRY(o, ring_call(&ring, o->tx.fd, KTM_IOC_TX_COMMIT, &end) + EINPROGRESS);
	}) ?: fail_read_note(o, KTM_NOTIFY_LAST_RECOVER) ?:
	TRY(o, ring_call(&ring, o->rm.fd, KTM_IOC_RM_FETCH, &fetch) - (int)sizeof(note)) ?:
	TRY(o, read_only(&o->en)) ?: TRY(o, ({
		end = (struct ktm_tx_end){ .size = sizeof(end) };
		ring_call(&ring, o->tx.fd, KTM_IOC_TX_COMMIT, &end);
	}));
	io_uring_queue_exit(&ring);
	if (!ret && note.type != KTM_NOTIFY_PREPARE)
		ret = -EBADMSG;
	return ret ?: end.state == KTM_TX_S_COMMITTED ? 0 : -EBADMSG;
}

static int scenario_recover(struct objects *o, const char *path)
{
	char redo[4] = "";
	__u32 length;
	int ret;

	ret = TRY(o, rm_make(&o->tm, &o->rm, rm_uuid, 0)) ?: TRY(o, rm_recover(&o->rm)) ?:
	      fail_read_note(o, KTM_NOTIFY_RECOVER) ?: fetch_note(o, KTM_NOTIFY_LAST_RECOVER) ?:
	      TRY(o, en_reopen(&o->rm, o->en.info.uuid, 7, &o->en)) ?:
	      TRY(o, ({ length = 4; en_read_log(&o->en, 0, redo, &length); })) ?:
	      TRY(o, ask_outcome(&o->en)) ?: fail_read_note(o, KTM_NOTIFY_COMMIT);
	if (ret)
		return ret;
	if (memcmp(redo, "redo", 4))
		return -EBADMSG;
	ret = TRY(o, commit_complete(&o->en));
	o->ended = !ret;
	return ret;
}

static int leave_attached(struct objects *o, const char *path)
{
	return tm_attach(path, NULL, &o->tm, NULL);
}

static int open_again(struct objects *o, const char *name)
{
	int fd = 0, ret;

	ret = TRY(o, (fd = stream_open(o->tm.fd, name, NULL)) < 0 ? fd : 0);
	if (!ret)
		close(fd);
	return ret;
}

/* Only a bad address may be met when all is done. */
static int heed(struct objects *o, int ret)
{
	o->lost |= ret == -EFAULT;
	return ret < 0 ? ret : 0;
}

/* What has failed was not done by half; nor at all, unless its answer was lost. */
static int check_stream(const struct objects *o, int fd, const __u64 *lsn)
{
	struct ktm_stream_info info;
	int more, ret = stream_info(fd, &info);

	if (ret)
		return ret;
	more = info.records - 4;
	if (info.base_lsn != lsn[2] || info.restart_lsn != lsn[2] || info.last_lsn != lsn[3])
		return -EBADMSG;
	if (!o->lost)
		return more || info.reserved != 1 ? -EBADMSG : 0;
	return more < 0 || more > 1 || info.reserved > 3 ? -EBADMSG : 0;
}

static bool read_either(int fd, __u64 lsn, int one, int other)
{
	struct ktm_stream_read read;
	int number = stream_read(fd, KTM_STREAM_READ_BEFORE, lsn, &read);

	return number == one || number == other;
}

static int use_stream(struct objects *o, int fd)
{
	struct ktm_stream_read read;
	__u64 lsn[4] = { 0 };

	return TRY(o, heed(o, stream_append(fd, 1, 64, KTM_STREAM_APPEND_F_FLUSH, &lsn[0]))) ?:
	       TRY(o, heed(o, stream_chain(fd, 2, lsn[0], lsn[0], &lsn[1]))) ?:
	       TRY(o, heed(o, stream_restart(fd, 3, 64, 0, lsn[1], &lsn[2]))) ?:
	       TRY(o, heed(o, stream_append(fd, 4, 3000, 0, &lsn[3]))) ?:
	       TRY(o, stream_read(fd, KTM_STREAM_READ_NEXT, lsn[1], &read) != 3) ?:
	       TRY(o, !read_either(fd, lsn[2], 2, o->lost ? 3 : 2)) ?:
	       TRY(o, heed(o, stream_reserve(fd, 2))) ?:
	       TRY(o, heed(o, stream_reserve(fd, -1))) ?:
	       TRY(o, stream_set_base(fd, lsn[2], 0)) ?: TRY(o, stream_flush(fd, 0)) ?:
	       TRY(o, check_stream(o, fd, lsn));
}

static int scenario_stream(struct objects *o, const char *path)
{
	struct ktm_tm_info before, after;
	int fd = 0, ret;

	ret = TRY(o, tm_info(&o->tm, &before)) ?:
	      TRY(o, heed(o, fd = stream_make(o->tm.fd, "stream", 0600, 0, NULL)));
	if (ret == -EEXIST && o->lost)
		ret = heed(o, fd = stream_open(o->tm.fd, "stream", NULL));
	if (ret)
		return ret;
	ret = use_stream(o, fd) ?: open_again(o, "stream") ?:
	      fail_list(o, o->tm.fd, KTM_IOC_STREAM_LIST, 1) ?: TRY(o, stream_delete(fd)) ?:
	      TRY(o, tm_info(&o->tm, &after));
	close(fd);
	return ret ?: before.log_reserved != after.log_reserved ? -EBADMSG : 0;
}

/* An attach that has failed has changed nothing; one that has not finds all. */
static int leave_streams(struct objects *o, const char *path)
{
	int ret = tm_attach(path, NULL, &o->tm, NULL), i, fd;
	char name[16];

	for (i = 0; i < 3 && !ret; i++) {
		sprintf(name, "stream %d", i);
		fd = stream_make(o->tm.fd, name, 0600, 0, NULL);
		ret = fd < 0 ? fd : i ? stream_append(fd, i, 64, 0, NULL) : 0;
		close(fd);
	}
	ret = ret ?: tm_detach(&o->tm);
	close(o->tm.fd);
	o->tm.fd = 0;
	return ret;
}

static int scenario_attach_streams(struct objects *o, const char *path)
{
	int ret = TRY(o, heed(o, tm_attach(path, NULL, &o->tm, NULL)));

	/* it is attached, and there is no fd of it */
	if (ret == -EBUSY && o->lost)
		return 0;
	return ret ?: fail_list(o, o->tm.fd, KTM_IOC_STREAM_LIST, 3) ?: open_again(o, "stream 2");
}

FIXTURE(fail_nth)
{
	const char *path;
	int nth;
};

FIXTURE_VARIANT(fail_nth)
{
	struct scenario scenario;
};

FIXTURE_VARIANT_ADD(fail_nth, commit)
{
	.scenario = {
		.run = scenario_commit,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, single_phase)
{
	.scenario = {
		.run = scenario_single,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, veto)
{
	.scenario = {
		.run = scenario_veto,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, queries)
{
	.scenario = {
		.run = scenario_queries,
		.careful = true,
		.before = make_without_deadline,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, kernel_rm)
{
	.scenario = {
		.run = scenario_kernel_rm,
		.careful = true,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, savepoint)
{
	.scenario = {
		.run = scenario_savepoint,
		.careful = true,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, attach)
{
	.scenario = {
		.run = scenario_attach,
		.durable = true,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, durable)
{
	.scenario = {
		.run = scenario_durable,
		.durable = true,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, stream)
{
	.scenario = {
		.run = scenario_stream,
		.before = leave_attached,
		.durable = true,
		.careful = true,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, attach_streams)
{
	.scenario = {
		.run = scenario_attach_streams,
		.before = leave_streams,
		.durable = true,
		.careful = true,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, freeze)
{
	.scenario = {
		.run = scenario_freeze,
		.careful = true,
		.before = make_without_deadline,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, uring)
{
	.scenario = {
		.run = scenario_uring,
		.careful = true,
		.before = make_without_deadline,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, detach)
{
	.scenario = {
		.run = scenario_detach,
		.durable = true,
		.careful = true,
		.before = leave_unfinished,
		.after = check_unfinished,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, recover)
{
	.scenario = {
		.run = scenario_recover,
		.durable = true,
		.careful = true,
		.before = leave_recovered,
		.after = check_unfinished,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, steps)
{
	.scenario = {
		.run = scenario_steps,
		.durable = true,
		.before = leave_detached,
		.after = check_unfinished,
	},
};

FIXTURE_VARIANT_ADD(fail_nth, discard)
{
	.scenario = {
		.run = scenario_discard,
		.durable = true,
		.before = leave_detached,
		.after = check_discarded,
	},
};

FIXTURE_SETUP(fail_nth)
{
	if (access(KNOBS, F_OK))
		SKIP(_exit(SKIPPED), "the kernel has no fault injection");
	self->path = log_device("KTM_LOG_DEV");
	if (variant->scenario.run == scenario_uring && ring_is_missing())
		SKIP(_exit(SKIPPED), "the kernel has no commands of io_uring");
	if (variant->scenario.durable && !self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	self->nth = open_fail_nth();
	ASSERT_GE(self->nth, 0);
}

FIXTURE_TEARDOWN(fail_nth)
{
}

TEST_F_TIMEOUT(fail_nth, sweep, 600)
{
	struct sweep sweep = { .path = self->path, .nth = self->nth };

	EXPECT_EQ(0, fail_sweep(&sweep, &variant->scenario));
	TH_LOG("%d fault points, of which %d made a call fail", sweep.points, sweep.failed);
}

TEST_HARNESS_MAIN
