// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - every allocation fails once while a transaction on files is
 * prepared, committed and rolled back, and while file systems are enabled, recovered
 * and disabled
 *
 * A fault in prepare rolls the transaction back, with a reason. After that memory is
 * waited for: nothing that is decided is lost or left over.
 * Needs a kernel with fault injection (the debug kernel).
 */
#include "harness.h"
#include "txf_fault.h"
#include "txf_slow.h"
#include "txf_tree.h"

#include <sys/xattr.h>

#define FAULT_AT	"/sys/module/ktm_test_fault/parameters/at"
#define MOUNT		TXF_BASE "/ext4"

/* The next call of a function of the module fails at its nth fault point. */
static int arm(const char *function, int nth)
{
	char text[64];

	snprintf(text, sizeof(text), "ktm_txf:%s %d", function, nth);
	return write_text(FAULT_AT, text);
}

/* Waits till the call is over: has it taken the fault? -1: it did not come. */
static int disarm(void)
{
	char fate[16];
	int fd, tries;

	for (tries = 0; tries < 10000; tries++) {
		memset(fate, 0, sizeof(fate));
		fd = open(FAULT_AT, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, fate, sizeof(fate) - 1) < 0)
			return -1;
		close(fd);
		if (strcmp(fate, "waiting\n") && strcmp(fate, "running\n"))
			break;
		usleep(500);
	}
	if (tries == 10000)
		fprintf(stderr, "# %s", fate);
	write_text(FAULT_AT, "off");
	return !strcmp(fate, "taken\n") ? 1 : !strcmp(fate, "missed\n") ? 0 : -1;
}

FIXTURE(callback)
{
	char path[128];
	int base;
	int dir;
	char real[2][8192];	/* without the work and with it */
};

FIXTURE_SETUP(callback)
{
	int tx;

	umask(022);
	close(open_fail_nth());
	self->base = make_dir("ext4", self->path, sizeof(self->path));
	ASSERT_LE(0, self->base);
	self->dir = tree_make(self->base);
	ASSERT_LE(0, self->dir);
	strcpy(self->real[0], tree_text(-1, self->dir));
	tx = begin();
	ASSERT_EQ(0, tree_work(tx, self->dir));
	ASSERT_EQ(0, commit(tx));
	close(tx);
	strcpy(self->real[1], tree_text(-1, self->dir));
	ASSERT_STRNE(self->real[0], self->real[1]);
	ASSERT_EQ(0, tree_renew(self->base, &self->dir));
	ASSERT_TRUE(is_clean(self->dir));
}

FIXTURE_TEARDOWN(callback)
{
	close(self->dir);
	tree_remove(self->base, "tree");
	close(self->base);
}

TEST_F_TIMEOUT(callback, prepare, 600)
{
	struct ktm_tx_info info;
	int nth, ret, tx, taken = 1, failed = 0;

	for (nth = 1; taken && nth < NTH_MAX; nth++) {
		tx = begin();
		ASSERT_EQ(0, tree_work(tx, self->dir));
		ASSERT_EQ(0, arm("rm_prepare", nth));
		ret = commit(tx);
		taken = disarm();
		ASSERT_LE(0, taken) TH_LOG("nth %d", nth);
		info = info_of(tx);
		close(tx);
		if (ret) {
			failed++;
			EXPECT_EQ(-ECANCELED, ret) TH_LOG("nth %d", nth);
			/* the vote itself is for the log */
			EXPECT_TRUE(info.reason == KTM_REASON_RM ||
				    info.reason == KTM_REASON_LOG_ERROR)
				TH_LOG("nth %d: %s", nth, ktm_reason_name(info.reason));
			EXPECT_EQ(ENOMEM, info.error) TH_LOG("nth %d: %s", nth, info.detail);
		}
		ASSERT_STREQ(self->real[!ret], tree_text(-1, self->dir)) TH_LOG("nth %d", nth);
		if (!ret)
			ASSERT_EQ(0, tree_renew(self->base, &self->dir));
		ASSERT_TRUE(is_clean(self->dir)) TH_LOG("nth %d", nth);
	}
	EXPECT_EQ(0, taken);
	EXPECT_EQ(0, ret);
	EXPECT_LT(0, failed);
	TH_LOG("%d fault points, of which %d rolled back", nth - 2, failed);
}

/* Whatever fails of what must be carried out, it is carried out. */
static void sweep(struct __test_metadata *_metadata, struct _test_data_callback *self,
		  const char *callback, bool commits)
{
	int nth, tx, taken = 1;

	for (nth = 1; taken && nth < NTH_MAX; nth++) {
		tx = begin();
		ASSERT_EQ(0, tree_work(tx, self->dir));
		ASSERT_EQ(0, arm(callback, nth));
		ASSERT_EQ(0, commits ? commit(tx) : rollback(tx)) TH_LOG("nth %d", nth);
		close(tx);
		taken = disarm();
		ASSERT_LE(0, taken) TH_LOG("nth %d", nth);
		ASSERT_STREQ(self->real[commits], tree_text(-1, self->dir))
			TH_LOG("nth %d", nth);
		if (commits)
			ASSERT_EQ(0, tree_renew(self->base, &self->dir));
		ASSERT_TRUE(is_clean(self->dir)) TH_LOG("nth %d", nth);
	}
	EXPECT_EQ(0, taken);
	EXPECT_LT(2, nth);
	TH_LOG("%d fault points", nth - 2);
}

TEST_F_TIMEOUT(callback, commit, 600)
{
	sweep(_metadata, self, "rm_commit", true);
}

TEST_F_TIMEOUT(callback, rollback, 600)
{
	sweep(_metadata, self, "rm_rollback", false);
}

static int enable(int root, __u32 *recovered)
{
	return ktm_txf_enable(env.txf_fd, root, env.tm_fd, NULL, recovered);
}

static int disable(int root, __u32 flags)
{
	return ktm_txf_disable(env.txf_fd, root, flags);
}

static int state_of(int root)
{
	struct ktm_txf_status now = { .mount_fd = root };
	int ret = ktm_txf_query(env.txf_fd, &now, sizeof(now));

	return ret ?: now.state;
}

/* The whole file system. */
FIXTURE(volume)
{
	int root;
	int nth;
	int next;
};

FIXTURE_SETUP(volume)
{
	umask(022);
	self->nth = open_fail_nth();
	ASSERT_LE(0, self->nth);
	self->root = open(MOUNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->root);
	/* a test that has failed may have left it so */
	if (state_of(self->root) == -ENODEV)
		ASSERT_EQ(0, enable(self->root, NULL));
	self->next = next_fd();
}

FIXTURE_TEARDOWN(volume)
{
	close(self->root);
}

/* Does it work? */
static int do_work(int root)
{
	int tx = begin(), ret;

	ret = tx_mkdir(tx, root, "made", 0755) ?: commit(tx);
	close(tx);
	return ret ?: unlinkat(root, "made", AT_REMOVEDIR) ? -errno : 0;
}

/* Each time the file system is as new. */
TEST_F_TIMEOUT(volume, enable, 600)
{
	int nth, ret, failed = 0;
	bool taken = true;

	for (nth = 1; taken && nth < NTH_MAX; nth++) {
		ret = disable(self->root, KTM_TXF_DISABLE_F_FORGET);
		/* not the first time: it was not enabled then */
		ASSERT_TRUE(!ret || (nth > 1 && ret == -ENODEV));
		if (ret)
			tree_remove(self->root, KTM_TXF_STAGING);
		ASSERT_EQ(0, !faccessat(self->root, KTM_TXF_STAGING, F_OK, 0));
		set_nth(self->nth, nth);
		ret = enable(self->root, NULL);
		taken = fault_taken(self->nth);
		failed += !!ret;
		if (ret) {
			EXPECT_TRUE(taken && is_fault(ret))
				TH_LOG("nth %d: %s", nth, strerror(-ret));
			ASSERT_EQ(-ENODEV, state_of(self->root)) TH_LOG("nth %d", nth);
		}
		/* it goes on with what the first try has left */
		if (nth % 4 == 1 || !ret) {
			if (ret)
				ASSERT_EQ(0, enable(self->root, NULL)) TH_LOG("nth %d", nth);
			ASSERT_EQ(0, do_work(self->root)) TH_LOG("nth %d", nth);
			ASSERT_TRUE(is_clean(self->root)) TH_LOG("nth %d", nth);
		}
		ASSERT_EQ(self->next, next_fd());
	}
	EXPECT_FALSE(taken);
	EXPECT_LT(0, failed);
	TH_LOG("%d fault points, of which %d made the call fail", nth - 2, failed);
}

TEST_F_TIMEOUT(volume, disable, 600)
{
	int nth, ret, flags, failed = 0;
	bool taken;

	for (flags = 0; flags < 2; flags++) {
		for (taken = true, nth = 1; taken && nth < NTH_MAX; nth++) {
			set_nth(self->nth, nth);
			ret = disable(self->root, flags ? KTM_TXF_DISABLE_F_FORGET : 0);
			taken = fault_taken(self->nth);
			failed += !!ret;
			EXPECT_TRUE(!ret || (taken && is_fault(ret)))
				TH_LOG("nth %d: %s", nth, strerror(-ret));
			/* "forget" leaves nothing */
			EXPECT_EQ(!ret && flags,
				  !!faccessat(self->root, KTM_TXF_STAGING, F_OK, 0));
			ASSERT_EQ(ret ? KTM_TXF_S_ONLINE : -ENODEV, state_of(self->root))
				TH_LOG("nth %d", nth);
			if (!ret)
				ASSERT_EQ(0, enable(self->root, NULL));
			ASSERT_EQ(0, do_work(self->root));
		}
		EXPECT_FALSE(taken);
		TH_LOG("flags %d: %d fault points", flags, nth - 2);
	}
	EXPECT_LT(0, failed);
}

static int ask_status(int root)
{
	struct ktm_txf_status now = { .mount_fd = root };
	char path[64] = "";
	int ret;

	now.path = (uintptr_t)path;
	now.path_size = sizeof(path);
	ret = ktm_txf_query(env.txf_fd, &now, sizeof(now));
	return ret ?: strcmp(path, MOUNT) ? -EBADMSG : 0;
}

TEST_F_TIMEOUT(volume, status, 600)
{
	int nth, ret, failed = 0;
	bool taken = true;

	for (nth = 1; taken && nth < NTH_MAX; nth++) {
		set_nth(self->nth, nth);
		ret = ask_status(self->root);
		taken = fault_taken(self->nth);
		failed += !!ret;
		EXPECT_TRUE(!ret || is_fault(ret)) TH_LOG("nth %d: %s", nth, strerror(-ret));
	}
	EXPECT_FALSE(taken);
	EXPECT_LT(0, failed);
}

static char value[700];

static int set_xattr(int root, const char *name)
{
	int fd = openat(root, "x", O_RDONLY | O_CLOEXEC), ret;

	ret = fsetxattr(fd, name, value, sizeof(value), 0) ? -errno : 0;
	close(fd);
	return ret;
}

static bool has_failed(int root)
{
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		if (state_of(root) == KTM_TXF_S_FAILED)
			return true;
		usleep(10000);
	}
	return false;
}

/*
 * Leaves a transaction that is decided and carried out in part: it sets an attribute
 * for which no room was left, in the block that all attributes share.
 */
static void leave_work(struct __test_metadata *_metadata, int root, struct slow *slow)
{
	int fd;

	memset(value, 'v', sizeof(value));
	ASSERT_EQ(0, put(root, "x", "x"));
	ASSERT_EQ(0, slow_begin(slow));
	ASSERT_EQ(0, tx_mkdir(slow->tx, root, "made", 0755));
	ASSERT_EQ(0, ktm_txf_setxattr(env.txf_fd, slow->tx, root, "x", 0, "user.a", value,
				      sizeof(value), 0));
	ASSERT_TRUE(slow_commit(slow));
	ASSERT_EQ(0, set_xattr(root, "user.b"));
	ASSERT_EQ(0, slow_go_on(slow));
	ASSERT_TRUE(has_failed(root));
	ASSERT_EQ(-EIO, disable(root, KTM_TXF_DISABLE_F_FORGET));
	ASSERT_EQ(0, disable(root, 0));
	fd = openat(root, "x", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, fremovexattr(fd, "user.b"));
	close(fd);
}

/* It has been carried out: take that away again. */
static void end_work(struct __test_metadata *_metadata, int root, struct slow *slow)
{
	ASSERT_EQ(0, slow_wait(slow));
	slow_end(slow);
	ASSERT_EQ(-EEXIST, mkdirat(root, "made", 0755) ? -errno : 0);
	ASSERT_EQ(0, unlinkat(root, "made", AT_REMOVEDIR));
	ASSERT_EQ(-ENODATA, ({ int fd = openat(root, "x", O_RDONLY | O_CLOEXEC), ret;
			       ret = fremovexattr(fd, "user.a") || fremovexattr(fd, "user.a") ?
				     -errno : 0;
			       close(fd);
			       ret; }));
	ASSERT_EQ(0, unlinkat(root, "x", 0));
	ASSERT_TRUE(is_clean(root));
}

/* The last thing that the transaction of leave_work() does. */
static bool is_carried_out(int root)
{
	int fd = openat(root, "x", O_RDONLY | O_CLOEXEC);
	bool is_set = fgetxattr(fd, "user.a", NULL, 0) == sizeof(value);

	close(fd);
	return is_set;
}

/* What an enable that fails has not recovered, the next one does. */
TEST_F_TIMEOUT(volume, recover, 600)
{
	bool taken = true, carried_out;
	int nth, ret, failed = 0;
	struct slow slow;
	__u32 recovered;

	leave_work(_metadata, self->root, &slow);
	for (nth = 1; taken && nth < NTH_MAX; nth++) {
		/* by an enable that failed after it, say when it gave its answer */
		carried_out = is_carried_out(self->root);
		set_nth(self->nth, nth);
		ret = enable(self->root, &recovered);
		taken = fault_taken(self->nth);
		failed += !!ret;
		if (ret) {
			EXPECT_TRUE(taken && is_fault(ret))
				TH_LOG("nth %d: %s", nth, strerror(-ret));
			ASSERT_EQ(-ENODEV, state_of(self->root)) TH_LOG("nth %d", nth);
			continue;
		}
		if (!carried_out)
			ASSERT_EQ(1, recovered) TH_LOG("nth %d", nth);
		end_work(_metadata, self->root, &slow);
		if (taken)
			leave_work(_metadata, self->root, &slow);
	}
	EXPECT_FALSE(taken);
	EXPECT_LT(0, failed);
	TH_LOG("%d fault points, of which %d made the call fail", nth - 2, failed);
}

/* The commit of what was recovered is that of a worker. */
TEST_F_TIMEOUT(volume, recovered_commit, 600)
{
	int nth, taken = 1;
	struct slow slow;
	__u32 recovered;

	for (nth = 1; taken && nth < NTH_MAX; nth++) {
		leave_work(_metadata, self->root, &slow);
		ASSERT_EQ(0, arm("rm_commit", nth));
		ASSERT_EQ(0, enable(self->root, &recovered)) TH_LOG("nth %d", nth);
		taken = disarm();
		ASSERT_LE(0, taken);
		ASSERT_EQ(1, recovered) TH_LOG("nth %d", nth);
		end_work(_metadata, self->root, &slow);
	}
	EXPECT_EQ(0, taken);
	EXPECT_LT(2, nth);
	TH_LOG("%d fault points", nth - 2);
}

/* The constructor that the harness's own main function comes with. */
static void __attribute__((constructor)) __constructor_order_last(void)
{
	if (!__constructor_order)
		__constructor_order = _CONSTRUCTOR_ORDER_BACKWARD;
}

int main(int argc, char **argv)
{
	return fault_main(argc, argv, test_harness_run);
}
