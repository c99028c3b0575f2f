// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - what a security module forbids by path
 *
 * With Landlock, which any process can be put under: what a plain call must not do a call
 * in a transaction must not do either, and it says the same.
 */
#include "harness.h"
#include "txf_call.h"
#include "txf_harness.h"

#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define RIGHTS	(LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
		 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
		 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
		 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
		 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)

/**
 * struct op - a call
 * @call: the call
 * @stricter: rights that the call in a transaction needs and the plain one does not
 * @fresh: a plain call needs rights, that in a transaction does not: it takes away what
 *	the transaction has made
 */
struct op {
	struct call call;
	uint64_t stricter;
	bool fresh;
};

/* In this order, on a tree by make_tree(). */
static const struct op ops[] = {
	{ { MKDIR, "a/dir" } },
	{ { MKNOD, "a/reg", NULL, S_IFREG } },
	{ { MKNOD, "a/fifo", NULL, S_IFIFO } },
	{ { MKNOD, "a/sock", NULL, S_IFSOCK } },
	{ { MKNOD, "a/chr", NULL, S_IFCHR } },
	{ { MKNOD, "a/blk", NULL, S_IFBLK } },
	{ { CREATE, "a/file" } },
	{ { CREATE, "a/f1" } },	/* is there */
	{ { SYMLINK, "a/sym" } },
	{ { UNLINK, "a/f1" } },
	{ { UNLINK, "a/s" } },
	{ { RMDIR, "a/d1" }, .stricter = LANDLOCK_ACCESS_FS_MAKE_DIR },
	{ { RENAME, "a/f2", "a/new" } },
	{ { RENAME, "a/f3", "a/f4" } },
	{ { RENAME, "a/d2", "a/newdir" } },
	{ { RENAME, "a/d3", "a/d4" } },
	{ { RENAME, "a/f5", "b/f5" } },
	{ { RENAME, "a/f6", "b/over" } },
	{ { RENAME, "a/d5", "b/d5" } },
	{ { LINK, "a/f7", "a/link" }, .stricter = LANDLOCK_ACCESS_FS_REMOVE_FILE },
	{ { LINK, "a/f7", "b/link" }, .stricter = LANDLOCK_ACCESS_FS_REMOVE_FILE },
	/* where the transaction has been */
	{ { MKDIR, "a/dir/dir" } },
	{ { MKNOD, "a/dir/dir/fifo", NULL, S_IFIFO } },
	{ { CREATE, "a/dir/file" } },
	{ { SYMLINK, "a/dir/sym" } },
	{ { CREATE, "b/d5/file" } },
	{ { MKDIR, "a/newdir/dir" } },
	{ { RENAME, "b/f5", "a/back" }, .stricter = LANDLOCK_ACCESS_FS_REMOVE_FILE },
	{ { RENAME, "a/dir/file", "b/file" }, .fresh = true },
	{ { UNLINK, "a/file" }, .fresh = true },
	{ { UNLINK, "a/dir/dir/fifo" }, .fresh = true },
	{ { MKDIR, "a/newdir/empty" } },
	{ { RMDIR, "a/newdir/empty" }, .fresh = true },
};

static int make_file(int dir, char sub, char letter, int i)
{
	char path[16];

	snprintf(path, sizeof(path), "%c/%c%d", sub, letter, i);
	return letter == 'f' ? put(dir, path, "") : mkdirat(dir, path, 0755);
}

/* A new tree; an fd of it. */
static int make_tree(int base, const char *name)
{
	int dir, i;

	if (mkdirat(base, name, 0755))
		return -errno;
	dir = openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (mkdirat(dir, "a", 0755) || mkdirat(dir, "b", 0755) ||
	    symlinkat("f", dir, "a/s") || put(dir, "b/over", ""))
		return -EIO;
	for (i = 1; i <= 7; i++)
		if (make_file(dir, 'a', 'f', i) || make_file(dir, 'a', 'd', i))
			return -EIO;
	return dir;
}

static int new_ruleset(uint64_t handled)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = handled };

	return syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
}

static int allow(int ruleset, int dir, uint64_t rights)
{
	struct landlock_path_beneath_attr attr = {
		.allowed_access = rights,
		.parent_fd = dir,
	};

	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		       &attr, 0);
}

static int enter(int ruleset)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ?:
	       syscall(SYS_landlock_restrict_self, ruleset, 0);
}

FIXTURE(sandbox)
{
	char path[128];
	int base;
	int plain;
	int dir;
	int tx;
};

FIXTURE_SETUP(sandbox)
{
	int ruleset;

	self->base = -1;
	self->tx = -1;
	ruleset = new_ruleset(RIGHTS);
	if (ruleset < 0)
		SKIP(_exit(SKIPPED), "no Landlock, or an old one");
	close(ruleset);
	umask(022);
	self->base = make_dir("ext4", self->path, sizeof(self->path));
	ASSERT_LE(0, self->base);
	self->plain = make_tree(self->base, "plain");
	self->dir = make_tree(self->base, "tx");
	ASSERT_LE(0, self->plain);
	ASSERT_LE(0, self->dir);
	self->tx = begin();
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(sandbox)
{
	close(self->base);
	close(self->plain);
	close(self->dir);
	close(self->tx);
}

/* Nothing is allowed: every call that is not about what is not there fails. */
TEST_F(sandbox, nothing_is_allowed)
{
	int ruleset = new_ruleset(RIGHTS), plain, got;
	unsigned int i;

	ASSERT_EQ(0, enter(ruleset));
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		plain = call_plainly(self->plain, &ops[i].call);
		got = call_in_tx(self->tx, self->dir, &ops[i].call);
		EXPECT_EQ(plain, got)
			TH_LOG("call %u on %s", i, ops[i].call.path ?: "?");
		/* what is there may be opened */
		if (strcmp(ops[i].call.path, "a/f1") || ops[i].call.kind != CREATE)
			EXPECT_NE(0, got);
	}
	/* It has not changed anything. */
	EXPECT_STREQ("d1 d2 d3 d4 d5 d6 d7 f1 f2 f3 f4 f5 f6 f7 s",
		     tx_list(self->tx, self->dir, "a"));
}

/* All is allowed: below the two trees. */
TEST_F(sandbox, all_is_allowed)
{
	int ruleset = new_ruleset(RIGHTS);
	unsigned int i;

	ASSERT_EQ(0, allow(ruleset, self->plain, RIGHTS));
	ASSERT_EQ(0, allow(ruleset, self->dir, RIGHTS));
	ASSERT_EQ(0, enter(ruleset));
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		EXPECT_EQ(0, call_plainly(self->plain, &ops[i].call))
			TH_LOG("plain call %u on %s", i, ops[i].call.path ?: "?");
		EXPECT_EQ(0, call_in_tx(self->tx, self->dir, &ops[i].call))
			TH_LOG("call %u on %s", i, ops[i].call.path ?: "?");
	}
	ASSERT_EQ(0, commit(self->tx));
	EXPECT_TRUE(exists(self->dir, "b/file"));
	EXPECT_TRUE(exists(self->dir, "b/d5/file"));
	EXPECT_FALSE(exists(self->dir, "a/d1"));
}

/* Where the answers may differ, see struct op. */
static bool is_known(const struct op *op, uint64_t missing, int plain, int got)
{
	if (op->stricter & missing)
		return !plain && got == -EACCES;
	return op->fresh && (plain == -EACCES || plain == -EXDEV) && !got;
}

/* All but one right: how many calls get another answer than a plain one. */
static int compare(const char *path, uint64_t missing)
{
	int ruleset = new_ruleset(RIGHTS), base, plain, dir, tx, want, got, bad = 0;
	unsigned int i;

	base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	plain = make_tree(base, "plain");
	dir = make_tree(base, "tx");
	tx = begin();
	if (base < 0 || plain < 0 || dir < 0 || tx < 0 ||
	    allow(ruleset, base, RIGHTS & ~missing) || enter(ruleset))
		return 100;
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		want = call_plainly(plain, &ops[i].call);
		got = call_in_tx(tx, dir, &ops[i].call);
		if (want == got || is_known(&ops[i], missing, want, got))
			continue;
		printf("# without %#lx: call %u on %s: %d, not %d\n",
		       (unsigned long)missing, i, ops[i].call.path, got, want);
		bad++;
	}
	fflush(stdout);
	return bad;
}

TEST_F_TIMEOUT(sandbox, one_right_is_missing, 600)
{
	char path[160];
	uint64_t right;
	int status;
	pid_t pid;

	for (right = 1; right <= RIGHTS; right <<= 1) {
		if (!(right & RIGHTS))
			continue;
		snprintf(path, sizeof(path), "%s/%lx", self->path, (unsigned long)right);
		ASSERT_EQ(0, mkdir(path, 0755));
		fflush(NULL);
		pid = fork();
		if (!pid)
			_exit(compare(path, right));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status)
			TH_LOG("without %#lx", (unsigned long)right);
	}
}

int main(int argc, char **argv)
{
	env_type = "ext4";
	return env_main(argc, argv, test_harness_run);
}
