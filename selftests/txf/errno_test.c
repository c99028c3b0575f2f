// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - errno values of the calls on files that no other test meets
 */
#include "harness.h"
#include "txf_harness.h"

#include <limits.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define ONE		TXF_BASE "/one"
#define ONE_IMAGE	TXF_BASE "/one.img"
#define ENABLE(fd, tm)	ktm_txf_enable(env.txf_fd, fd, tm, NULL, NULL)

FIXTURE(calls)
{
	int dir;
	int tx;
	char path[128];
};

FIXTURE_SETUP(calls)
{
	self->dir = make_dir("ext4", self->path, sizeof(self->path));
	ASSERT_LE(0, self->dir);
	ASSERT_EQ(0, put(self->dir, "f", "x"));
	ASSERT_EQ(0, symlinkat("f", self->dir, "link"));
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, mkfifoat(self->dir, "fifo", 0644));
	ASSERT_EQ(0, mknodat(self->dir, "socket", S_IFSOCK | 0644, 0));
	self->tx = begin();
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(calls)
{
	close(self->tx);
	close(self->dir);
}

TEST_F(calls, open)
{
	struct rlimit before, limit;
	int next = dup(0);

	ASSERT_EQ(-EOPNOTSUPP, tx_open(self->tx, self->dir, "fifo", O_WRONLY | O_NONBLOCK, 0));
	ASSERT_EQ(-ENXIO, tx_open(self->tx, self->dir, "socket", O_RDONLY, 0));
	close(next);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	limit = before;
	limit.rlim_cur = next;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, tx_open(self->tx, self->dir, "f", O_RDONLY, 0));
	EXPECT_EQ(-EMFILE, tx_open(self->tx, self->dir, "new", O_WRONLY | O_CREAT, 0644));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("x", get(self->dir, "f"));
}

TEST_F(calls, names)
{
	ASSERT_EQ(-EEXIST, tx_symlink(self->tx, self->dir, "f", "link"));
	ASSERT_EQ(-EEXIST, tx_symlink(self->tx, self->dir, "f", "d"));
	ASSERT_EQ(-ENOTDIR, tx_rmdir(self->tx, self->dir, "f"));
	ASSERT_EQ(-EISDIR, tx_unlink(self->tx, self->dir, "d"));
	ASSERT_EQ(0, run("mkdir %s/mounted && mount -t tmpfs none %s/mounted", self->path,
			 self->path));
	EXPECT_EQ(-EBUSY, tx_rmdir(self->tx, self->dir, "mounted"));
	EXPECT_EQ(-EBUSY, tx_rename(self->tx, self->dir, "mounted", "away"));
	ASSERT_EQ(0, run("umount %s/mounted", self->path));
	ASSERT_EQ(0, run("chattr +i %s/f", self->path));
	EXPECT_EQ(-EPERM, tx_unlink(self->tx, self->dir, "f"));
	EXPECT_EQ(-EPERM, tx_link(self->tx, self->dir, "f", "more"));
	EXPECT_EQ(-EPERM, tx_setattr(self->tx, self->dir, "f", .valid = KTM_TXF_ATTR_MODE));
	EXPECT_EQ(-EPERM, ktm_txf_setxattr(env.txf_fd, self->tx, self->dir, "f", 0, "user.a",
					   "x", 1, 0));
	ASSERT_EQ(0, run("chattr -i %s/f", self->path));
}

TEST_F(calls, attributes)
{
	static char value[KTM_TXF_XATTR_MAX + 1], name[XATTR_NAME_MAX + 2];
	char small[2];

	ASSERT_EQ(-EINVAL, tx_setattr(self->tx, self->dir, "f", .valid = 0));
	ASSERT_EQ(-EINVAL, tx_setattr(self->tx, self->dir, "f", .mode = 0644,
				      .valid = KTM_TXF_ATTR_UID));
	ASSERT_EQ(-EOPNOTSUPP, tx_setattr(self->tx, self->dir, "f", .valid = 1 << 30));
	ASSERT_EQ(-EINVAL, tx_setattr(self->tx, self->dir, "f", .valid = KTM_TXF_ATTR_MTIME,
				      .mtime.nsec = 1000000000));

#define SETXATTR(name, size) \
	ktm_txf_setxattr(env.txf_fd, self->tx, self->dir, "f", 0, name, value, size, 0)
	memset(name, 'n', sizeof(name) - 1);
	memcpy(name, "user.", 5);
	ASSERT_EQ(-E2BIG, SETXATTR("user.big", sizeof(value)));
	ASSERT_EQ(-ERANGE, SETXATTR(name, 1));
	ASSERT_EQ(-ERANGE, SETXATTR("", 1));
	ASSERT_EQ(-EOPNOTSUPP, SETXATTR("nowhere.name", 1));
	ASSERT_EQ(0, SETXATTR("user.a", 10));
	ASSERT_EQ(-ERANGE, ktm_txf_getxattr(env.txf_fd, self->tx, self->dir, "f", 0,
					    "user.a", small, sizeof(small)));
	ASSERT_EQ(-ERANGE, ktm_txf_listxattr(env.txf_fd, self->tx, self->dir, "f", 0,
					     small, sizeof(small)));
}

TEST_F(calls, reading)
{
	char buffer[256];
	uint64_t cursor = 0;

	ASSERT_EQ(-EINVAL, ktm_txf_readlink(env.txf_fd, self->tx, self->dir, "f", buffer,
					    sizeof(buffer)));
	ASSERT_EQ(-EFAULT, ktm_txf_readlink(env.txf_fd, self->tx, self->dir, "link", NULL,
					    sizeof(buffer)));
	ASSERT_EQ(-ENOTDIR, ktm_txf_readdir(env.txf_fd, self->tx, self->dir, "f", buffer,
					    sizeof(buffer), &cursor));
	ASSERT_EQ(-EINVAL, ktm_txf_readdir(env.txf_fd, self->tx, self->dir, ".", buffer, 8,
					   &cursor));
	ASSERT_EQ(-EFAULT, ktm_txf_readdir(env.txf_fd, self->tx, self->dir, ".", NULL,
					   sizeof(buffer), &cursor));
}

TEST_F(calls, status)
{
	struct ktm_txf_status closed = { .mount_fd = 999 };
	struct ktm_txf_status end = { .mount_fd = -1, .flags = KTM_TXF_STATUS_F_NEXT,
				      .cursor = ~0ULL };
	struct ktm_txf_status fault = { .mount_fd = self->dir, .path = 8,
					.path_size = PATH_MAX };

	ASSERT_EQ(-EBADF, ktm_txf_query(env.txf_fd, &closed, sizeof(closed)));
	ASSERT_EQ(-ENOENT, ktm_txf_query(env.txf_fd, &end, sizeof(end)));
	ASSERT_EQ(-EFAULT, ktm_txf_query(env.txf_fd, &fault, sizeof(fault)));
	ASSERT_EQ(-EBADF, ktm_txf_disable(env.txf_fd, 999, 0));
}

/* A file system of its own, and a second TM to be wrong with. */
TEST(enable)
{
	const char *log = getenv("KTM_LOG2_DEV");
	struct ktm_tm_attach attach = { .mode = 0600 };
	int fd, file, other, status;
	pid_t pid;

	if (!log || run("$KTM_BIN/ktmctl log create --force %s", log))
		SKIP(return, "no KTM_LOG2_DEV");
	attach.dev_fd = open(log, O_RDWR | O_CLOEXEC);
	other = ktm_tm_attach(env.control_fd, &attach, sizeof(attach));
	close(attach.dev_fd);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, run("mkdir -p " ONE " && truncate -s 8M " ONE_IMAGE));
	ASSERT_EQ(0, run("mkfs.ext4 -q -b 1024 -m 0 " ONE_IMAGE " && mount -o loop "
			 ONE_IMAGE " " ONE));
	ASSERT_EQ(0, run("touch " ONE "/f"));
	fd = open(ONE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file = open(ONE "/f", O_RDONLY | O_CLOEXEC);

	EXPECT_EQ(-EBADF, ENABLE(999, other));
	EXPECT_EQ(-EBADF, ENABLE(fd, 999));
	EXPECT_EQ(-ENOTDIR, ENABLE(file, other));
	pid = fork();
	if (!pid)
		_exit(setuid(65534) || ENABLE(fd, other) != -EPERM);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* nothing is left of it: there is room for it, and then none */
	EXPECT_EQ(0, run("dd if=/dev/zero of=" ONE "/big bs=1024 2> /dev/null; [ $? = 1 ]"));
	EXPECT_EQ(-ENOSPC, ENABLE(fd, other));
	EXPECT_EQ(0, run("rm " ONE "/big"));
	EXPECT_EQ(0, ENABLE(fd, other));
	EXPECT_EQ(0, ktm_txf_disable(env.txf_fd, fd, 0));
	EXPECT_EQ(-ESTALE, ENABLE(fd, env.tm_fd));

	EXPECT_EQ(0, run("cp " ONE "/.ktm-txf/identity " ONE "/saved"));
	EXPECT_EQ(0, run("echo more > " ONE "/.ktm-txf/identity"));
	EXPECT_EQ(-EUCLEAN, ENABLE(fd, other));
	EXPECT_EQ(0, run("cp " ONE "/saved " ONE "/.ktm-txf/identity"));
	EXPECT_EQ(0, run("chmod 755 " ONE "/.ktm-txf"));
	EXPECT_EQ(-EUCLEAN, ENABLE(fd, other));
	EXPECT_EQ(0, run("chmod 700 " ONE "/.ktm-txf"));
	EXPECT_EQ(0, run("mount -o remount,ro " ONE));
	EXPECT_EQ(-EROFS, ENABLE(fd, other));
	EXPECT_EQ(0, run("mount -o remount,rw " ONE));
	/* what was refused has changed nothing */
	EXPECT_EQ(0, ENABLE(fd, other));
	EXPECT_EQ(0, ktm_txf_disable(env.txf_fd, fd, KTM_TXF_DISABLE_F_FORGET));

	EXPECT_EQ(0, ktm_tm_detach(other));
	EXPECT_EQ(-ESHUTDOWN, ENABLE(fd, other));
	close(other);
	close(file);
	close(fd);
	ASSERT_EQ(0, run("umount " ONE));
	ASSERT_EQ(0, run("rm -r " ONE " " ONE_IMAGE));
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
