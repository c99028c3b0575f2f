// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - no fd left, quota used up, the log offline or damaged: in every
 * call that documents it, and what was refused has left nothing
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "harness.h"
#include "text_file.h"
#include "ktm_log.h"

#define NOBODY		65534
#define QUOTA		"/sys/module/ktm/parameters/max_user_objects"
#define MAX_FILES	"/proc/sys/fs/file-max"

/* A UUID of one's own for a TM might be that of a log. */
TEST(uuid_of_a_tm_is_for_root)
{
	struct ktm_tm_create arg = { .size = sizeof(arg), .mode = 0600 };
	int dev = ktm_dev();

	random_uuid(arg.uuid);
	ASSERT_EQ(0, setgid(NOBODY));
	ASSERT_EQ(0, setuid(NOBODY));
	EXPECT_EQ(-EPERM, ktm_call(dev, KTM_IOC_TM_CREATE, &arg));
	memset(arg.uuid, 0, sizeof(arg.uuid));
	EXPECT_EQ(0, ktm_call(dev, KTM_IOC_TM_CREATE, &arg));
}

/* Each kind of object, and an enlistment that is open and one that is not. */
struct objects {
	int dev;
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en, closed;
};

static int make_objects(struct objects *o)
{
	struct tx_handle tx;
	int ret;

	o->dev = ktm_dev();
	ret = tm_make(&o->tm, 0666) ?: rm_make(&o->tm, &o->rm, NULL, KTM_RM_F_VOLATILE) ?:
	      rm_recover(&o->rm) ?: tx_begin(&o->tm, &o->tx, 0) ?:
	      en_make(&o->rm, &o->tx, &o->en, 1, 0) ?: tx_begin(&o->tm, &tx, 0) ?:
	      en_make(&o->rm, &tx, &o->closed, 2, 0);
	if (!ret && commit_nowait(&tx) != -EINPROGRESS)
		ret = -EBADMSG;
	ret = ret ?: prepare_complete(&o->closed);
	close(o->closed.fd);
	return ret;
}

/* Every call that makes an fd: the number of those that did not give @want. */
static int calls_that_differ(const struct objects *o, int want)
{
	struct ktm_tm_create tm = { .size = sizeof(tm), .mode = 0600 };
	struct ktm_open open_tm = { .size = sizeof(open_tm) };
	struct ktm_open open_tx = { .size = sizeof(open_tx) };
	struct ktm_tx_create tx = { .size = sizeof(tx) };
	struct ktm_rm_create rm = { .size = sizeof(rm), .flags = KTM_RM_F_VOLATILE };
	struct ktm_en_create en = { .size = sizeof(en), .tx_fd = o->tx.fd };
	struct ktm_en_open open_en = { .size = sizeof(open_en) };
	struct ktm_restrict fewer = { .size = sizeof(fewer), .rights = KTM_RIGHT_QUERY };
	const struct {
		const char *name;
		int fd;
		unsigned int cmd;
		void *arg;
	} calls[] = {
		{ "TM_CREATE", o->dev, KTM_IOC_TM_CREATE, &tm },
		{ "TM_OPEN", o->dev, KTM_IOC_TM_OPEN, &open_tm },
		{ "TX_CREATE", o->tm.fd, KTM_IOC_TX_CREATE, &tx },
		{ "TX_OPEN", o->tm.fd, KTM_IOC_TX_OPEN, &open_tx },
		{ "RM_CREATE", o->tm.fd, KTM_IOC_RM_CREATE, &rm },
		{ "EN_CREATE", o->rm.fd, KTM_IOC_EN_CREATE, &en },
		{ "EN_OPEN", o->rm.fd, KTM_IOC_EN_OPEN, &open_en },
		{ "RESTRICT", o->en.fd, KTM_IOC_RESTRICT, &fewer },
	};
	int ret, others = 0;
	size_t i;

	memcpy(open_tm.uuid, o->tm.uuid, KTM_UUID_SIZE);
	memcpy(open_tx.uuid, o->tx.info.uuid, KTM_UUID_SIZE);
	memcpy(open_en.uuid, o->closed.info.uuid, KTM_UUID_SIZE);
	for (i = 0; i < ARRAY_LEN(calls); i++) {
		ret = ktm_call(calls[i].fd, calls[i].cmd, calls[i].arg);
		if (ret != want) {
			fprintf(stderr, "# %s gives %d\n", calls[i].name, ret);
			others++;
		}
	}
	return others;
}

TEST(no_fd_left)
{
	struct objects o = { };
	struct rlimit before, limit;
	int next;

	ASSERT_EQ(0, make_objects(&o));
	next = dup(0);
	close(next);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	limit = before;
	limit.rlim_cur = next;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(0, calls_that_differ(&o, -EMFILE));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	ASSERT_TM(&o.tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1, .unfinished = 1);
	ASSERT_TX(&o.tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_RM(&o.rm, .state = KTM_RM_S_ONLINE, .nr = 2);
	ASSERT_EN(&o.en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
	/* and with an fd to be had all of them work */
	EXPECT_EQ(0, calls_that_differ(&o, 0));
}

TEST(quota_used_up)
{
	struct objects o = { };
	char before[32] = "";
	int status;
	pid_t pid;
	FILE *file = fopen(QUOTA, "r");

	ASSERT_NE(NULL, file);
	ASSERT_NE(NULL, fgets(before, sizeof(before), file));
	ASSERT_EQ(0, make_objects(&o));
	/* one transaction and its fd use it up: nobody else has objects as this user */
	ASSERT_EQ(0, write_text(QUOTA, "2"));
	pid = fork();
	if (!pid) {
		struct tx_handle tx;

		if (setgid(NOBODY) || setuid(NOBODY) || tx_begin(&o.tm, &tx, 0))
			_exit(100);
		status = calls_that_differ(&o, -EDQUOT);
		close(tx.fd);
		_exit(status);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, write_text(QUOTA, before));
	/* the child's own was rolled back */
	ASSERT_TM(&o.tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1,
		  .unfinished = 1, .aborted = 1);
	ASSERT_RM(&o.rm, .state = KTM_RM_S_ONLINE, .nr = 2);
}

/* The system has no file left for others than root. */
TEST(no_file_left)
{
	struct objects o = { };
	char before[32] = "";
	int status;
	pid_t pid;
	FILE *file = fopen(MAX_FILES, "r");

	ASSERT_NE(NULL, file);
	ASSERT_NE(NULL, fgets(before, sizeof(before), file));
	ASSERT_EQ(0, make_objects(&o));
	pid = fork();
	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(100);
		raise(SIGSTOP);
		_exit(calls_that_differ(&o, -ENFILE));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, write_text(MAX_FILES, "0"));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, write_text(MAX_FILES, before));
	ASSERT_TM(&o.tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1,
		  .unfinished = 1, .aborted = 1);
	ASSERT_RM(&o.rm, .state = KTM_RM_S_ONLINE, .nr = 2);
}

/* Not the user of root's other objects, and not above the quota. */
static int become_admin_of_nothing_else(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { };

	if (prctl(PR_SET_KEEPCAPS, 1) || setgid(NOBODY) || setuid(NOBODY))
		return -errno;
	caps[0].permitted = 1U << CAP_SYS_ADMIN;
	caps[0].effective = caps[0].permitted;
	return syscall(SYS_capset, &header, caps) ? -errno : 0;
}

/* What an attach has begun is taken back: the log can be attached afterwards. */
TEST(attach_without_an_fd)
{
	const char *path = log_device("KTM_LOG_DEV");
	struct ktm_tm_attach arg = { .size = sizeof(arg), .mode = 0600 };
	struct rlimit before, limit;
	struct tm_handle tm, none;
	int dev = ktm_dev(), status, next;
	char quota[32] = "";
	__u8 uuid[KTM_UUID_SIZE];
	pid_t pid;
	FILE *file = fopen(QUOTA, "r");

	if (!path)
		SKIP(return, "no KTM_LOG_DEV");
	ASSERT_NE(NULL, file);
	ASSERT_NE(NULL, fgets(quota, sizeof(quota), file));
	ASSERT_EQ(0, log_format(path, LOG_SMALL, uuid));
	ASSERT_EQ(0, tm_make(&none, 0666));
	arg.dev_fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, arg.dev_fd);

	next = dup(0);
	close(next);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	limit = before;
	limit.rlim_cur = next;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, ktm_call(dev, KTM_IOC_TM_ATTACH, &arg));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));

	ASSERT_EQ(0, write_text(QUOTA, "2"));
	pid = fork();
	if (!pid) {
		struct tx_handle tx;

		if (become_admin_of_nothing_else() || tx_begin(&none, &tx, 0))
			_exit(100);
		_exit(ktm_call(dev, KTM_IOC_TM_ATTACH, &arg) == -EDQUOT ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, write_text(QUOTA, quota));
	close(arg.dev_fd);
	ASSERT_EQ(0, tm_attach(path, uuid, &tm, NULL));
	ASSERT_TM(&tm, .state = KTM_TM_S_ONLINE);
	ASSERT_EQ(0, tm_detach(&tm));
}

/* A log with one record that is in none of the module's buffers any more. */
static int log_old_record(const char *path, struct tm_handle *tm, struct rm_handle *rm,
			  struct tx_handle *tx, struct en_handle *en, __u64 *lsn)
{
	static char data[KTM_RECORD_MAX];
	__u8 log[KTM_UUID_SIZE];
	struct en_handle other;
	struct tx_handle more;
	int i, n, ret;

	memset(data, 'r', sizeof(data));
	ret = log_format(path, 0, log) ?: tm_attach(path, log, tm, NULL) ?:
	      rm_start(tm, rm, NULL) ?: tx_begin(tm, tx, 0) ?:
	      en_make(rm, tx, en, 1, 0) ?: en_log(en, data, sizeof(data), lsn);
	/* each record of this length is a buffer of its own */
	for (i = 0; i < 4 && !ret; i++) {
		ret = tx_begin(tm, &more, 0) ?: en_make(rm, &more, &other, 2, 0);
		for (n = 0; n < 16 && !ret; n++)
			ret = en_log(&other, data, sizeof(data), NULL);
		ret = ret ?: read_only(&other);
		close(other.fd);
		close(more.fd);
	}
	return ret;
}

static int read_old_record(const struct en_handle *en)
{
	static char seen[KTM_RECORD_MAX];
	__u32 length = sizeof(seen);

	return en_read_log(en, 0, seen, &length) ?:
	       length != sizeof(seen) || seen[0] != 'r' || seen[length - 1] != 'r';
}

TEST(redo_cannot_be_read)
{
	const char *path = log_device("KTM_FAULT_DEV");
	struct ktm_tm_info info;
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	struct ktm_tm_rollforward forward = { .size = sizeof(forward), .clock = 1 };
	struct ktm_tm_recover recover = { .size = sizeof(recover) };
	struct ktm_en_recovery_info keep = { .size = sizeof(keep) };
	__u64 lsn;

	if (!path || !device_fault("fault", "none"))
		SKIP(return, "no KTM_FAULT_DEV, or nobody to make it fail");
	ASSERT_EQ(0, log_old_record(path, &tm, &rm, &tx, &en, &lsn));
	ASSERT_EQ(0, tm_info(&tm, &info));
	ASSERT_TRUE(device_fault("fault", "read/once"));
	EXPECT_EQ(-EIO, read_old_record(&en));
	/* the log as such goes on: nothing was lost yet */
	ASSERT_EQ(0, log_flip(path, &info, lsn, 12288));
	EXPECT_EQ(-EUCLEAN, read_old_record(&en));
	ASSERT_EQ(0, log_flip(path, &info, lsn, 12288));
	EXPECT_EQ(0, read_old_record(&en));
	ASSERT_TM(&tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1, .committed = 0,
		  .aborted = 4);
	/* and without a log there is nothing to be read, or written */
	close(rm.fd);
	close(tx.fd);
	ASSERT_EQ(0, tm_detach(&tm));
	EXPECT_EQ(-ESHUTDOWN, read_old_record(&en));
	EXPECT_EQ(-ESHUTDOWN, en_log(&en, "redo", 4, NULL));
	EXPECT_EQ(-ESHUTDOWN, ktm_call(en.fd, KTM_IOC_EN_SET_RECOVERY_INFO, &keep));
	EXPECT_EQ(-ESHUTDOWN, ktm_call(tm.fd, KTM_IOC_TM_ROLLFORWARD, &forward));
	EXPECT_EQ(-ESHUTDOWN, ktm_call(tm.fd, KTM_IOC_TM_RECOVER, &recover));
	close(tm.fd);
	/* an attach fails with the first read, and can be tried again */
	ASSERT_TRUE(device_fault("fault", "read"));
	EXPECT_EQ(-EIO, tm_attach(path, NULL, &tm, NULL));
	ASSERT_TRUE(device_fault("fault", "none"));
	ASSERT_EQ(0, tm_attach(path, NULL, &tm, NULL));
	ASSERT_EQ(0, tm_detach(&tm));
	close(en.fd);
	device_fault("fault", "none");
}

/* The log has failed: no new work, no redo, no votes. */
TEST(log_offline)
{
	const char *path = log_device("KTM_FAULT_DEV");
	struct rm_handle rm, late;
	struct tx_handle tx, other, voting, led;
	struct en_handle en, more, writer, voter, boss;
	__u8 log[KTM_UUID_SIZE], uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	int ret;

	if (!path || !device_fault("fault", "none"))
		SKIP(return, "no KTM_FAULT_DEV, or nobody to make it fail");
	ASSERT_EQ(0, log_format(path, 0, log));
	ASSERT_EQ(0, tm_attach(path, log, &tm, NULL));
	ASSERT_EQ(0, rm_start(&tm, &rm, NULL));
	random_uuid(uuid);
	ASSERT_EQ(0, rm_make(&tm, &late, uuid, 0));
	ASSERT_EQ(0, tx_begin(&tm, &tx, 0));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 1, 0));
	ASSERT_EQ(0, tx_begin(&tm, &other, 0));
	ASSERT_EQ(0, en_make(&rm, &other, &writer, 3, 0));
	ASSERT_EQ(0, tx_begin(&tm, &voting, 0));
	ASSERT_EQ(0, en_make(&rm, &voting, &voter, 4, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&voting));
	ASSERT_NOTE(&rm, KTM_NOTIFY_PREPARE, &voter);
	ASSERT_EQ(0, tx_begin(&tm, &led, 0));
	ASSERT_EQ(0, en_make(&rm, &led, &boss, 5, KTM_EN_F_SUPERIOR));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	ASSERT_NOTE(&rm, KTM_NOTIFY_PREPARE, &en);
	ASSERT_TRUE(device_fault("fault", "write/once"));
	ASSERT_EQ(0, prepare_complete(&en));
	ASSERT_EQ(-EIO, commit_wait(&tx));
	EXPECT_EQ(-ESHUTDOWN, rm_recover(&late));
	ASSERT_RM(&late, .state = KTM_RM_S_OFFLINE);
	EXPECT_EQ(-ESHUTDOWN, en_make(&rm, &other, &more, 1, 0));
	ASSERT_TX(&other, .state = KTM_TX_S_ACTIVE, .nr = 1);
	EXPECT_EQ(-EIO, en_log(&writer, "redo", 4, NULL));
	ASSERT_EN(&writer, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
	ASSERT_EQ(0, read_only(&writer));
	EXPECT_EQ(-EIO, prepare_complete(&voter));
	ASSERT_NOTE(&rm, KTM_NOTIFY_ROLLBACK, &voter);
	ASSERT_EQ(0, rollback_complete(&voter));
	ASSERT_TX(&voting, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_LOG_ERROR,
		  .error = EIO);
	EXPECT_EQ(-EIO, order_prepare(&boss));
	ASSERT_NOTE(&rm, KTM_NOTIFY_ROLLBACK_COMPLETE, &boss);
	ASSERT_TX(&led, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_LOG_ERROR,
		  .error = EIO);
	ASSERT_RM(&rm, .state = KTM_RM_S_ONLINE, .nr = 1);
	ret = rollback_wait(&other);
	EXPECT_EQ(0, ret);
	close(en.fd);
	close(rm.fd);
	close(late.fd);
	ASSERT_EQ(0, tm_detach(&tm));
	device_fault("fault", "none");
}

TEST_HARNESS_MAIN
