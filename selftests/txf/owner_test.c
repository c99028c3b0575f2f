// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - the owner of a transaction on files is killed
 *
 * At each step once: with staged work, in a call, between prepare and commit, in the
 * commit. The tree is then the old one or the new one as a whole, nothing is staged,
 * and the file system can be disabled.
 */
#include "harness.h"
#include "txf_harness.h"
#include "txf_slow.h"
#include "txf_tree.h"

#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define BIG		(24 << 20)
#define PATIENCE	6000	/* times 10 ms */

/* What the owner tells. */
struct shared {
	unsigned char uuid[KTM_UUID_SIZE];
	int progress;
};

FIXTURE(killed)
{
	char path[128];
	int base;
	int dir;
	struct shared *shared;
	pid_t owner;
	char tree[2][8192];	/* old and new */
};

FIXTURE_VARIANT(killed)
{
	const char *type;
};

FIXTURE_VARIANT_ADD(killed, ext4) { .type = "ext4" };
FIXTURE_VARIANT_ADD(killed, xfs) { .type = "xfs" };
FIXTURE_VARIANT_ADD(killed, btrfs) { .type = "btrfs" };

FIXTURE_SETUP(killed)
{
	int tx;

	umask(022);
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->shared);
	self->base = make_dir(variant->type, self->path, sizeof(self->path));
	ASSERT_LE(0, self->base);
	self->dir = tree_make(self->base);
	ASSERT_LE(0, self->dir);
	strcpy(self->tree[0], tree_text(-1, self->dir));
	tx = begin();
	ASSERT_EQ(0, tree_work(tx, self->dir));
	ASSERT_EQ(0, commit(tx));
	close(tx);
	strcpy(self->tree[1], tree_text(-1, self->dir));
	ASSERT_STRNE(self->tree[0], self->tree[1]);
	ASSERT_EQ(0, tree_renew(self->base, &self->dir));
}

FIXTURE_TEARDOWN(killed)
{
	close(self->dir);
	tree_remove(self->base, "tree");
	close(self->base);
}

static int progress(const struct shared *shared)
{
	return __atomic_load_n(&shared->progress, __ATOMIC_ACQUIRE);
}

static void set_progress(struct shared *shared, int value)
{
	__atomic_store_n(&shared->progress, value, __ATOMIC_RELEASE);
}

static bool reaches(const struct shared *shared, int value)
{
	int tries;

	for (tries = 0; tries < PATIENCE; tries++) {
		if (progress(shared) >= value)
			return true;
		usleep(10000);
	}
	return false;
}

/* A process with a transaction of its own, which does this with it. */
static pid_t owner_start(struct shared *shared, int dir,
			 void (*fn)(struct shared *shared, int tx, int dir))
{
	pid_t pid;
	int tx;

	set_progress(shared, 0);
	pid = fork();
	if (pid)
		return pid;
	tx = ktm_tx_create(env.tm_fd, "owned", 0, shared->uuid);
	if (tx < 0)
		_exit(1);
	fn(shared, tx, dir);
	_exit(2);
}

/* False if it has ended by itself. */
static bool owner_kill(pid_t owner)
{
	int status;

	return !kill(owner, SIGKILL) && waitpid(owner, &status, 0) == owner &&
	       WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Names in the staging directory. */
static int nr_names(const char *type)
{
	char path[64];
	int nr = -2;
	DIR *dir;

	snprintf(path, sizeof(path), TXF_BASE "/%s/" KTM_TXF_STAGING, type);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

/* Has all ended, nothing is left, and can the file system be disabled? */
static const char *leftovers(int dir, const char *type)
{
	struct ktm_txf_status now;
	int tries;

	for (tries = 0; tries < PATIENCE; tries++) {
		now = (struct ktm_txf_status) { .mount_fd = dir };
		if (ktm_txf_query(env.txf_fd, &now, sizeof(now)))
			return "no status";
		if (!now.nr_tx)
			break;
		usleep(10000);
	}
	if (now.nr_tx || now.nr_staged || now.nr_locks)
		return "transaction";
	if (nr_names(type) != 1)
		return "staged file";
	if (ktm_txf_disable(env.txf_fd, dir, 0))
		return "not disabled";
	return ktm_txf_enable(env.txf_fd, dir, env.tm_fd, NULL, NULL) ? "not enabled" : "";
}

static void do_work_and_wait(struct shared *shared, int tx, int dir)
{
	if (tree_work(tx, dir))
		_exit(3);
	set_progress(shared, 1);
	for (;;)
		pause();
}

TEST_F(killed, with_staged_work)
{
	self->owner = owner_start(self->shared, self->dir, do_work_and_wait);
	ASSERT_LT(0, self->owner);
	ASSERT_TRUE(reaches(self->shared, 1));
	ASSERT_TRUE(owner_kill(self->owner));
	ASSERT_STREQ("", leftovers(self->dir, variant->type));
	ASSERT_STREQ(self->tree[0], tree_text(-1, self->dir));
}

/* Call after call. */
static void work_on(struct shared *shared, int tx, int dir)
{
	char name[16];
	int i;

	for (i = 0; ; i++) {
		snprintf(name, sizeof(name), "n%d", i % 8);
		set_progress(shared, i + 1);
		if (tx_put(tx, dir, name, O_CREAT, "text") ||
		    tx_rename(tx, dir, name, "m") || tx_put(tx, dir, "f", 0, "more") ||
		    tx_unlink(tx, dir, "m"))
			_exit(3);
	}
}

TEST_F_TIMEOUT(killed, at_work, 600)
{
	int i;

	for (i = 0; i < 8; i++) {
		self->owner = owner_start(self->shared, self->dir, work_on);
		ASSERT_LT(0, self->owner);
		ASSERT_TRUE(reaches(self->shared, 1 + 2 * i));
		ASSERT_TRUE(owner_kill(self->owner));
		ASSERT_STREQ("", leftovers(self->dir, variant->type));
		ASSERT_STREQ(self->tree[0], tree_text(-1, self->dir));
	}
}

static void copy_big(struct shared *shared, int tx, int dir)
{
	set_progress(shared, 1);
	tx_open(tx, dir, "big", O_RDWR, 0);
	set_progress(shared, 2);
	for (;;)
		pause();
}

/* Is there something in a file that is staged? */
static bool is_copying(const char *type)
{
	return !run("for f in " TXF_BASE "/%s/" KTM_TXF_STAGING "/tx-*/*;"
		    "do [ -s $f ] && exit 0; done; exit 1", type);
}

/* ext4 cannot share blocks: the call that makes a private copy takes its time. */
TEST_F_TIMEOUT(killed, in_a_call, 600)
{
	char *data;
	int fd, tries;

	if (strcmp(variant->type, "ext4"))
		SKIP(return, "it copies in no time");
	data = malloc(BIG);
	memset(data, 'x', BIG);
	fd = openat(self->base, "tree/big", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ASSERT_EQ(BIG, write(fd, data, BIG));
	close(fd);
	free(data);
	self->owner = owner_start(self->shared, self->dir, copy_big);
	ASSERT_LT(0, self->owner);
	for (tries = 0; tries < PATIENCE && !is_copying("ext4"); tries++)
		usleep(1000);
	ASSERT_TRUE(owner_kill(self->owner));
	ASSERT_EQ(1, progress(self->shared));
	ASSERT_STREQ("", leftovers(self->dir, "ext4"));
	ASSERT_EQ(0, unlinkat(self->dir, "big", 0));
	ASSERT_STREQ(self->tree[0], tree_text(-1, self->dir));
}

/* Does the work, waits for a signal and asks for the commit. */
static void do_work_and_commit(struct shared *shared, int tx, int dir)
{
	if (tree_work(tx, dir))
		_exit(3);
	set_progress(shared, 1);
	while (progress(shared) == 1)
		usleep(1000);
	commit(tx);
	for (;;)
		pause();
}

/* Till the commit waits for our RM only. */
static pid_t come_to_prepared(struct __test_metadata *_metadata, struct shared *shared,
			      int dir, struct slow *slow)
{
	pid_t owner = owner_start(shared, dir, do_work_and_commit);
	int tx;

	EXPECT_LT(0, owner);
	EXPECT_TRUE(reaches(shared, 1));
	tx = ktm_tx_open(env.tm_fd, shared->uuid);
	EXPECT_LE(0, tx);
	EXPECT_EQ(0, slow_join(slow, tx));
	set_progress(shared, 2);
	EXPECT_TRUE(slow_is_prepared(slow));
	return owner;
}

TEST_F_TIMEOUT(killed, between_prepare_and_commit, 600)
{
	struct ktm_tx_info info;
	struct slow slow;

	self->owner = come_to_prepared(_metadata, self->shared, self->dir, &slow);
	ASSERT_TRUE(owner_kill(self->owner));
	ASSERT_TRUE(slow_next_is(&slow, KTM_NOTIFY_ROLLBACK));
	ASSERT_EQ(0, ktm_en_rollback_complete(slow.en));
	ASSERT_STREQ("", leftovers(self->dir, variant->type));
	info = info_of(slow.tx);
	ASSERT_EQ(KTM_TX_S_ABORTED, info.state);
	ASSERT_EQ(KTM_REASON_OWNER_DIED, info.reason);
	slow_end(&slow);
	ASSERT_STREQ(self->tree[0], tree_text(-1, self->dir));
}

/* Our RM has been told to commit: all else is being carried out. */
TEST_F_TIMEOUT(killed, when_decided, 600)
{
	struct slow slow;

	self->owner = come_to_prepared(_metadata, self->shared, self->dir, &slow);
	ASSERT_EQ(0, ktm_en_prepare_complete(slow.en));
	ASSERT_TRUE(slow_next_is(&slow, KTM_NOTIFY_COMMIT));
	ASSERT_TRUE(owner_kill(self->owner));
	ASSERT_EQ(0, ktm_en_commit_complete(slow.en));
	ASSERT_STREQ("", leftovers(self->dir, variant->type));
	ASSERT_EQ(KTM_TX_S_COMMITTED, info_of(slow.tx).state);
	slow_end(&slow);
	ASSERT_STREQ(self->tree[1], tree_text(-1, self->dir));
}

/* While the decision is made, or the commit is on its way. */
TEST_F_TIMEOUT(killed, in_the_commit, 600)
{
	int i, tx, tries, state, seen[2] = { 0 };

	for (i = 0; i < 6; i++) {
		self->owner = owner_start(self->shared, self->dir, do_work_and_commit);
		ASSERT_LT(0, self->owner);
		ASSERT_TRUE(reaches(self->shared, 1));
		tx = ktm_tx_open(env.tm_fd, self->shared->uuid);
		ASSERT_LE(0, tx);
		set_progress(self->shared, 2);
		for (tries = 0; tries < 1000000; tries++) {
			state = info_of(tx).state;
			/* in turn as soon as it begins, and when it is decided */
			if (i % 2 ? state >= KTM_TX_S_COMMITTING : state != KTM_TX_S_ACTIVE)
				break;
		}
		ASSERT_TRUE(owner_kill(self->owner));
		ASSERT_STREQ("", leftovers(self->dir, variant->type));
		state = info_of(tx).state;
		close(tx);
		ASSERT_TRUE(state == KTM_TX_S_COMMITTED || state == KTM_TX_S_ABORTED);
		seen[state == KTM_TX_S_COMMITTED]++;
		ASSERT_STREQ(self->tree[state == KTM_TX_S_COMMITTED],
			     tree_text(-1, self->dir));
		ASSERT_EQ(0, tree_renew(self->base, &self->dir));
	}
	TH_LOG("%d rolled back, %d committed", seen[0], seen[1]);
}

/* The constructor that the harness's own main function comes with. */
static void __attribute__((constructor)) __constructor_order_last(void)
{
	if (!__constructor_order)
		__constructor_order = _CONSTRUCTOR_ORDER_BACKWARD;
}

int main(int argc, char **argv)
{
	return env_main(argc, argv, test_harness_run);
}
