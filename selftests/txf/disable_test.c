// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - disabling a file system while others work, and unmounting it then
 */
#include "harness.h"
#include "txf_harness.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define NR_WORKERS	3
#define NR_ROUNDS	6

FIXTURE(disable)
{
	int root;
};

FIXTURE_VARIANT(disable)
{
	const char *type;
};

FIXTURE_VARIANT_ADD(disable, ext4) { .type = "ext4" };
FIXTURE_VARIANT_ADD(disable, xfs) { .type = "xfs" };
FIXTURE_VARIANT_ADD(disable, btrfs) { .type = "btrfs" };

static void mount_point(const char *type, char *path, size_t size)
{
	snprintf(path, size, TXF_BASE "/%s", type);
}

FIXTURE_SETUP(disable)
{
	char path[64];

	umask(022);
	mount_point(variant->type, path, sizeof(path));
	self->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->root);
}

FIXTURE_TEARDOWN(disable)
{
	close(self->root);
}

static int enable(int root)
{
	return ktm_txf_enable(env.txf_fd, root, env.tm_fd, NULL, NULL);
}

/* What one worker has seen. */
struct seen {
	int committed;
	int refused;		/* the file system was not there */
	int wrong;		/* errno, or EBADMSG: it was not as it should be */
};

/* One transaction; 0 or a negative errno. Odd ones are left by closing them. */
static int work(int root, int number, int i)
{
	char name[32];
	int tx = begin(), ret;

	if (tx < 0)
		return tx;
	snprintf(name, sizeof(name), "w%d-%d", number, i);
	ret = tx_put(tx, root, name, O_CREAT, name) ?: tx_stat(tx, root, name, NULL);
	if (!ret && !(i % 2))
		ret = commit(tx);
	close(tx);
	if (!ret && strcmp(get(root, name), i % 2 ? "" : name))
		return -EBADMSG;
	if (!ret && !(i % 2))
		unlinkat(root, name, 0);
	return ret;
}

static void work_on(int root, int number, struct seen *seen)
{
	int i, ret;

	for (i = 0; ; i++) {
		ret = work(root, number, i);
		if (!ret)
			seen->committed++;
		else if (ret == -ENODEV || ret == -ESHUTDOWN)
			seen->refused++;
		else
			seen->wrong = -ret;
	}
}

/* Each transaction is carried out as a whole, or refused. */
TEST_F_TIMEOUT(disable, while_others_work, 600)
{
	struct seen *seen = mmap(NULL, NR_WORKERS * sizeof(*seen), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[NR_WORKERS];
	int i, ret, disabled = 0, busy = 0;

	ASSERT_NE(MAP_FAILED, seen);
	for (i = 0; i < NR_WORKERS; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			work_on(self->root, i, &seen[i]);
			_exit(0);
		}
	}
	while (disabled < NR_ROUNDS) {
		ret = ktm_txf_disable(env.txf_fd, self->root,
				      disabled % 2 ? KTM_TXF_DISABLE_F_FORGET : 0);
		if (ret == -EBUSY) {
			busy++;
			continue;
		}
		ASSERT_EQ(0, ret);
		ASSERT_EQ(disabled % 2, !!faccessat(self->root, KTM_TXF_STAGING, F_OK, 0));
		disabled++;
		ASSERT_EQ(0, enable(self->root));
	}
	for (i = 0; i < NR_WORKERS; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
		EXPECT_EQ(0, seen[i].wrong) TH_LOG("%s", strerror(seen[i].wrong));
		TH_LOG("%d worked, %d refused", seen[i].committed, seen[i].refused);
	}
	TH_LOG("busy %d times", busy);
}

/* No file of a transaction keeps the mount busy after its end. */
TEST_F_TIMEOUT(disable, and_unmount, 600)
{
	char path[64];
	int i, tx;

	mount_point(variant->type, path, sizeof(path));
	for (i = 0; i < 5; i++) {
		tx = begin();
		ASSERT_EQ(0, tx_mkdir(tx, self->root, "d", 0755));
		ASSERT_EQ(0, tx_put(tx, self->root, "d/f", O_CREAT, "x"));
		ASSERT_EQ(0, i % 2 ? rollback(tx) : commit(tx));
		close(tx);
		ASSERT_EQ(0, ktm_txf_disable(env.txf_fd, self->root, 0));
		close(self->root);
		ASSERT_EQ(0, umount2(path, 0) ? -errno : 0);
		ASSERT_EQ(0, run("mount -o loop " TXF_BASE "/%s.img %s", variant->type, path));
		self->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ASSERT_LE(0, self->root);
		ASSERT_EQ(0, enable(self->root));
		run("rm -rf %s/d", path);
	}
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
