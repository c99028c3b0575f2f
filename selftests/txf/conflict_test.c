// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - transactions that get into each other's way, or into the way
 * of programs outside; writers at prepare; permission; bad input
 */
#include "harness.h"
#include "txf_harness.h"

#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

FIXTURE(conflict)
{
	int dir;
	int tx;
	char path[128];
};

FIXTURE_VARIANT(conflict)
{
	const char *type;
};

FIXTURE_VARIANT_ADD(conflict, ext4)
{
	.type = "ext4",
};

FIXTURE_VARIANT_ADD(conflict, xfs)
{
	.type = "xfs",
};

FIXTURE_VARIANT_ADD(conflict, btrfs)
{
	.type = "btrfs",
};

FIXTURE_SETUP(conflict)
{
	umask(022);
	self->dir = make_dir(variant->type, self->path, sizeof(self->path));
	ASSERT_LE(0, self->dir);
	self->tx = begin();
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(conflict)
{
	close(self->tx);
	close(self->dir);
}

TEST_F(conflict, name_is_held)
{
	int other = begin();

	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "n", O_CREAT, "mine"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_TRUNC, "mine"));
	ASSERT_EQ(-EBUSY, tx_put(other, self->dir, "n", O_CREAT, "other"));
	ASSERT_EQ(-EBUSY, tx_put(other, self->dir, "f", O_TRUNC, "other"));
	ASSERT_EQ(-EBUSY, tx_unlink(other, self->dir, "f"));
	ASSERT_EQ(-EBUSY, tx_rename(other, self->dir, "f", "g"));
	ASSERT_EQ(-EBUSY, tx_setattr(other, self->dir, "f",
				     .valid = KTM_TXF_ATTR_MODE));
	ASSERT_STREQ("old", tx_get(other, self->dir, "f"));
	ASSERT_EQ(0, tx_put(other, self->dir, "o", O_CREAT, "other"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_EQ(0, tx_put(other, self->dir, "f", O_TRUNC, "other"));
	ASSERT_EQ(0, commit(other));
	ASSERT_STREQ("other", get(self->dir, "f"));
	ASSERT_STREQ("mine", get(self->dir, "n"));
	close(other);
}

TEST_F(conflict, directory_in_use)
{
	int other = begin();

	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "d/f", O_CREAT, "x"));
	ASSERT_EQ(-EBUSY, tx_rmdir(other, self->dir, "d"));
	ASSERT_EQ(-EBUSY, tx_rename(other, self->dir, "d", "e"));
	ASSERT_EQ(0, tx_put(other, self->dir, "d/g", O_CREAT, "x"));
	ASSERT_EQ(0, rollback(self->tx));
	ASSERT_EQ(0, commit(other));
	ASSERT_STREQ("x", get(self->dir, "d/g"));
	close(other);
}

/* Each of these does something from outside under a transaction's feet. */
static void expect_conflict(struct __test_metadata *_metadata, int tx,
			    const char *path)
{
	struct ktm_tx_info info;
	const char *end;

	ASSERT_EQ(-ECANCELED, commit(tx));
	info = info_of(tx);
	ASSERT_EQ(KTM_REASON_CONFLICT, info.reason);
	ASSERT_EQ(ESTALE, info.error);
	ASSERT_LE(strlen(path), strlen(info.detail));
	end = info.detail + strlen(info.detail) - strlen(path);
	ASSERT_STREQ(path, end);
}

TEST_F(conflict, content_changed)
{
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "g", O_CREAT, "mine"));
	ASSERT_EQ(0, put(self->dir, "f", "out"));
	expect_conflict(_metadata, self->tx, "/f");
	ASSERT_STREQ("out", get(self->dir, "f"));
	ASSERT_FALSE(exists(self->dir, "g"));
}

TEST_F(conflict, name_taken)
{
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_CREAT, "mine"));
	ASSERT_EQ(0, put(self->dir, "f", "out"));
	expect_conflict(_metadata, self->tx, "/f");
	ASSERT_STREQ("out", get(self->dir, "f"));
}

TEST_F(conflict, object_replaced)
{
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, put(self->dir, "g", "out"));
	ASSERT_EQ(0, tx_unlink(self->tx, self->dir, "f"));
	ASSERT_EQ(0, renameat(self->dir, "g", self->dir, "f"));
	expect_conflict(_metadata, self->tx, "/f");
	ASSERT_STREQ("out", get(self->dir, "f"));
}

TEST_F(conflict, directory_filled)
{
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, tx_rmdir(self->tx, self->dir, "d"));
	ASSERT_EQ(0, put(self->dir, "d/f", "out"));
	expect_conflict(_metadata, self->tx, "/d");
	ASSERT_STREQ("out", get(self->dir, "d/f"));
}

TEST_F(conflict, directory_moved)
{
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "d/f", O_CREAT, "mine"));
	ASSERT_EQ(0, renameat(self->dir, "d", self->dir, "e"));
	expect_conflict(_metadata, self->tx, "/e");
	ASSERT_FALSE(exists(self->dir, "e/f"));
}

TEST_F(conflict, mode_changed)
{
	struct stat st;

	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, tx_setattr(self->tx, self->dir, "f",
				.valid = KTM_TXF_ATTR_MODE, .mode = 0600));
	ASSERT_EQ(0, fchmodat(self->dir, "f", 0755, 0));
	expect_conflict(_metadata, self->tx, "/f");
	ASSERT_EQ(0, fstatat(self->dir, "f", &st, 0));
	ASSERT_EQ(S_IFREG | 0755, st.st_mode);
}

TEST_F(conflict, writer_at_prepare)
{
	struct ktm_tx_info info;
	int fd;

	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d", 0755));
	fd = tx_open(self->tx, self->dir, "d/f", O_WRONLY | O_CREAT, 0644);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(-ECANCELED, commit(self->tx));
	info = info_of(self->tx);
	ASSERT_EQ(KTM_REASON_RM, info.reason);
	ASSERT_EQ(ETXTBSY, info.error);
	ASSERT_NE(NULL, strstr(info.detail, "/d/f"));
	ASSERT_FALSE(exists(self->dir, "d"));
	/* the fd is of a file without a name */
	ASSERT_EQ(1, write(fd, "y", 1));
	close(fd);
}

TEST_F(conflict, mapping_at_prepare)
{
	char *map;
	int fd;

	fd = tx_open(self->tx, self->dir, "f", O_RDWR | O_CREAT, 0644);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 4096));
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	close(fd);
	map[0] = 'x';
	ASSERT_EQ(-ECANCELED, commit(self->tx));
	ASSERT_EQ(ETXTBSY, info_of(self->tx).error);
	munmap(map, 4096);
}

/* How many files of the staging directory match a pattern. */
static int count_staged(const char *type, const char *pattern)
{
	char command[256];
	int number = -1;
	FILE *pipe;

	snprintf(command, sizeof(command), "ls -d " TXF_BASE "/%s/"
		 KTM_TXF_STAGING "/%s 2>/dev/null | wc -l", type, pattern);
	pipe = popen(command, "r");
	if (!pipe)
		return -1;
	if (fscanf(pipe, "%d", &number) != 1)
		number = -1;
	pclose(pipe);
	return number;
}

/* What cannot be removed is out of the names that recovery looks for. */
TEST_F(conflict, removal_is_named)
{
	const char *type = variant->type;

	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_CREAT, "mine"));
	ASSERT_EQ(1, count_staged(type, "tx-*"));
	ASSERT_EQ(0, run("chattr +i " TXF_BASE "/%s/" KTM_TXF_STAGING "/tx-*/1",
			 type));
	ASSERT_EQ(0, rollback(self->tx));
	ASSERT_EQ(0, count_staged(type, "tx-*"));
	ASSERT_EQ(1, count_staged(type, "rm-*"));
	ASSERT_EQ(0, run("chattr -i " TXF_BASE "/%s/" KTM_TXF_STAGING "/rm-*/1",
			 type));

	/* the next enable removes it */
	ASSERT_EQ(0, ktm_txf_disable(env.txf_fd, self->dir, 0));
	ASSERT_EQ(0, ktm_txf_enable(env.txf_fd, self->dir, env.tm_fd, NULL,
				    NULL));
	ASSERT_EQ(0, count_staged(type, "rm-*"));
}

TEST_F(conflict, killed_owner)
{
	int status, i;
	pid_t pid = fork();

	if (!pid) {
		int tx = begin();

		tx_mkdir(tx, self->dir, "d", 0755);
		tx_put(tx, self->dir, "d/f", O_CREAT, "x");
		tx_put(tx, self->dir, "g", O_CREAT, "x");
		_exit(tx_stat(tx, self->dir, "d/f", NULL) ? 1 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	for (i = 0; i < 1000; i++) {
		if (tx_put(self->tx, self->dir, "g", O_CREAT, "y") != -EBUSY)
			break;
		usleep(10000);
	}
	ASSERT_GT(1000, i);
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("y", get(self->dir, "g"));
	ASSERT_FALSE(exists(self->dir, "d"));
}

/* In a child without privileges; its exit status is the number of failures. */
static int as_nobody(int (*fn)(int tx, int dir), int tx, int dir)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (syscall(SYS_setresgid, 65534, 65534, 65534) ||
		    syscall(SYS_setgroups, 0, NULL) ||
		    syscall(SYS_setresuid, 65534, 65534, 65534))
			_exit(99);
		_exit(fn(tx, dir));
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 100;
	return WEXITSTATUS(status);
}

#define MUST(expected, call)						\
	({								\
		int _want = (expected), _got = (call);			\
		if (_got != _want)					\
			fprintf(stderr, "%d: %s: %d\n", __LINE__, #call, _got); \
		_got != _want;						\
	})

static int work_as_nobody(int tx, int dir)
{
	return MUST(-EACCES, tx_put(tx, dir, "root/f", O_CREAT, "x")) +
	       MUST(-EACCES, tx_mkdir(tx, dir, "root/d", 0755)) +
	       MUST(-EACCES, tx_unlink(tx, dir, "root/file")) +
	       MUST(-EACCES, tx_put(tx, dir, "root/file", O_TRUNC, "x")) +
	       MUST(-EACCES, tx_open(tx, dir, "secret/f", O_RDONLY, 0)) +
	       MUST(-EACCES, tx_open(tx, dir, "root/private", O_RDONLY, 0)) +
	       MUST(-EPERM, tx_setattr(tx, dir, "root/file",
				       .valid = KTM_TXF_ATTR_MODE, .mode = 0666)) +
	       MUST(-EPERM, tx_setattr(tx, dir, "mine/f",
				       .valid = KTM_TXF_ATTR_UID, .uid = 0)) +
	       MUST(-EPERM, tx_unlink(tx, dir, "sticky/file")) +
	       MUST(-EPERM, tx_rename(tx, dir, "sticky/file", "mine/x")) +
	       MUST(-EPERM, tx_link(tx, dir, "root/file", "mine/link")) +
	       MUST(-EPERM, ktm_txf_mknod(env.txf_fd, tx, dir, "mine/c",
					  S_IFCHR | 0600, 1, 3)) +
	       MUST(-EPERM, ktm_txf_disable(env.txf_fd, dir, 0)) +
	       MUST(0, tx_put(tx, dir, "mine/g", O_CREAT, "x")) +
	       MUST(0, tx_put(tx, dir, "mine/f", O_TRUNC, "x")) +
	       MUST(0, tx_put(tx, dir, "sticky/own", O_CREAT, "x")) +
	       MUST(0, tx_setattr(tx, dir, "mine/g",
				  .valid = KTM_TXF_ATTR_MODE, .mode = 0640));
}

TEST_F(conflict, permission)
{
	struct stat st;

	ASSERT_EQ(0, fchmod(self->dir, 0755));
	ASSERT_EQ(0, fchdir(self->dir));
	ASSERT_EQ(0, run("mkdir root secret sticky mine"));
	ASSERT_EQ(0, run("touch root/file root/private sticky/file mine/f"));
	ASSERT_EQ(0, run("chmod 755 .. root mine; chmod 1777 sticky"));
	ASSERT_EQ(0, run("chmod 700 secret; chmod 600 root/private"));
	ASSERT_EQ(0, run("chown 65534:65534 mine mine/f"));
	ASSERT_EQ(0, as_nobody(work_as_nobody, self->tx, self->dir));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_EQ(0, fstatat(self->dir, "mine/g", &st, 0));
	ASSERT_EQ(65534, st.st_uid);
	ASSERT_EQ(65534, st.st_gid);
	ASSERT_EQ(S_IFREG | 0640, st.st_mode);
}

TEST_F(conflict, bad_paths)
{
	char name[NAME_MAX + 2], path[PATH_MAX + 1];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ASSERT_EQ(0, put(self->dir, "f", "x"));
	ASSERT_EQ(0, symlinkat("loop", self->dir, "loop"));
	ASSERT_EQ(-ENAMETOOLONG, tx_mkdir(self->tx, self->dir, name, 0755));
	ASSERT_EQ(-ENAMETOOLONG, tx_mkdir(self->tx, self->dir, path, 0755));
	ASSERT_EQ(-ENOENT, tx_mkdir(self->tx, self->dir, "", 0755));
	ASSERT_EQ(-ENOENT, tx_mkdir(self->tx, self->dir, "no/d", 0755));
	ASSERT_EQ(-ENOTDIR, tx_mkdir(self->tx, self->dir, "f/d", 0755));
	ASSERT_EQ(-EEXIST, tx_mkdir(self->tx, self->dir, "f", 0755));
	ASSERT_EQ(-EEXIST, tx_mkdir(self->tx, self->dir, ".", 0755));
	ASSERT_EQ(-ELOOP, tx_open(self->tx, self->dir, "loop", O_RDONLY, 0));
	ASSERT_EQ(-ELOOP, tx_open(self->tx, self->dir, "loop",
				  O_RDONLY | O_NOFOLLOW, 0));
	ASSERT_EQ(-ELOOP, tx_open(self->tx, AT_FDCWD, "/proc/self/fd/0",
				  O_RDONLY, 0));
	ASSERT_EQ(-ENODEV, tx_put(self->tx, AT_FDCWD, "/tmp/f", O_CREAT, "x"));
	ASSERT_EQ(-EXDEV, tx_rename(self->tx, self->dir, "f", "/tmp/f"));
	ASSERT_EQ(-ENOENT, tx_open(self->tx, self->dir, "../.ktm-txf", O_RDONLY, 0));
	ASSERT_EQ(-ENOENT, tx_put(self->tx, self->dir, "../.ktm-txf/identity",
				  O_TRUNC, "x"));
	ASSERT_EQ(NULL, strstr(tx_list(self->tx, self->dir, ".."), "ktm-txf"));
	ASSERT_EQ(-EBADF, tx_mkdir(self->tx, 999, "d", 0755));
	ASSERT_EQ(-EBADF, tx_mkdir(999, self->dir, "d", 0755));
	ASSERT_EQ(-EBADFD, tx_mkdir(self->dir, self->dir, "d", 0755));
	ASSERT_EQ(-EBADFD, tx_mkdir(env.tm_fd, self->dir, "d", 0755));
	ASSERT_EQ(-EOPNOTSUPP, tx_open(self->tx, self->dir, "f", O_PATH, 0));
	ASSERT_EQ(-EINVAL, tx_open(self->tx, self->dir, "f", O_TRUNC, 0));
	ASSERT_EQ(-EISDIR, tx_unlink(self->tx, self->dir, "."));
	ASSERT_EQ(-EINVAL, tx_rmdir(self->tx, self->dir, "."));
	/* it is still good for work */
	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d", 0755));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_TRUE(exists(self->dir, "d"));
}

TEST_F_TIMEOUT(conflict, no_space, 600)
{
	char *block = calloc(1, 1 << 20);
	int fd, i;

	ASSERT_EQ(0, put(self->dir, "f", "old"));
	fd = tx_open(self->tx, self->dir, "big", O_WRONLY | O_CREAT, 0644);
	ASSERT_LE(0, fd);
	for (i = 0; i < 1024; i++)
		if (write(fd, block, 1 << 20) < 0)
			break;
	ASSERT_GT(1024, i);
	ASSERT_EQ(ENOSPC, errno);
	close(fd);
	ASSERT_EQ(0, tx_unlink(self->tx, self->dir, "big"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_TRUNC, "new"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("new", get(self->dir, "f"));
}

/* A struct that is too short, too new, has an unknown flag; and one of zeros. */
static void test_size(struct __test_metadata *_metadata, unsigned int cmd,
		      __u32 size, int error)
{
	char bytes[PATH_MAX] = "";
	__u32 *head = (__u32 *)bytes;

	head[0] = size - 1;
	ASSERT_EQ(-1, ioctl(env.txf_fd, cmd, bytes));
	ASSERT_EQ(EINVAL, errno);
	head[0] = size + 16;
	bytes[size + 15] = 1;
	ASSERT_EQ(-1, ioctl(env.txf_fd, cmd, bytes));
	ASSERT_EQ(E2BIG, errno);
	bytes[size + 15] = 0;
	head[1] = 1U << 31;
	ASSERT_EQ(-1, ioctl(env.txf_fd, cmd, bytes));
	ASSERT_EQ(EOPNOTSUPP, errno);
	head[1] = 0;
	ASSERT_EQ(-1, ioctl(env.txf_fd, cmd, bytes));
	ASSERT_EQ(error, errno);
}

TEST(sizes)
{
	test_size(_metadata, KTM_IOC_TXF_ENABLE, sizeof(struct ktm_txf_enable), EBADFD);
	test_size(_metadata, KTM_IOC_TXF_ADOPT, sizeof(struct ktm_txf_adopt), EINVAL);
	test_size(_metadata, KTM_IOC_TXF_STATUS, offsetof(struct ktm_txf_status, kept), ENODEV);
	test_size(_metadata, KTM_IOC_TXF_OPEN, sizeof(struct ktm_txf_open), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_MKDIR, sizeof(struct ktm_txf_create), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_MKNOD, sizeof(struct ktm_txf_create), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_SYMLINK, sizeof(struct ktm_txf_symlink), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_UNLINK, sizeof(struct ktm_txf_remove), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_RMDIR, sizeof(struct ktm_txf_remove), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_RENAME, sizeof(struct ktm_txf_rename), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_LINK, sizeof(struct ktm_txf_rename), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_SETATTR, sizeof(struct ktm_txf_setattr), EINVAL);
	test_size(_metadata, KTM_IOC_TXF_SETXATTR, sizeof(struct ktm_txf_xattr), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_REMOVEXATTR, sizeof(struct ktm_txf_xattr), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_GETXATTR, sizeof(struct ktm_txf_xattr), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_LISTXATTR, sizeof(struct ktm_txf_xattr), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_STAT, sizeof(struct ktm_txf_stat), EFAULT);
	test_size(_metadata, KTM_IOC_TXF_READLINK, sizeof(struct ktm_txf_read), EINVAL);
	test_size(_metadata, KTM_IOC_TXF_READDIR, sizeof(struct ktm_txf_read), EFAULT);
	ASSERT_EQ(-1, ioctl(env.txf_fd, _IO(KTM_TXF_IOC_TYPE, 0x7f), 0));
	ASSERT_EQ(ENOTTY, errno);
	ASSERT_EQ(-1, ioctl(env.txf_fd, _IO(KTM_TXF_IOC_TYPE,
					    KTM_TXF_NR_ADOPT + 1), 0));
	ASSERT_EQ(ENOTTY, errno);
}

/*
 * The struct is in memory that may not be written: a call that has results does
 * nothing, one that has none works.
 */
TEST_F(conflict, constant_argument)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ktm_txf_remove *gone = (void *)page;
	struct ktm_txf_open *open_arg = (void *)(page + 1024);

	ASSERT_NE(MAP_FAILED, (void *)page);
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	*gone = (struct ktm_txf_remove) {
		.size = sizeof(*gone), .tx_fd = self->tx, .dirfd = self->dir,
		.path = (uintptr_t)"f",
	};
	*open_arg = (struct ktm_txf_open) {
		.size = sizeof(*open_arg), .tx_fd = self->tx,
		.dirfd = self->dir, .path = (uintptr_t)"n",
		.open_flags = O_CREAT | O_WRONLY, .mode = 0644,
	};
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	ASSERT_EQ(0, ioctl(env.txf_fd, KTM_IOC_TXF_UNLINK, gone));
	ASSERT_EQ(-1, ioctl(env.txf_fd, KTM_IOC_TXF_OPEN, open_arg));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_EQ(-ENOENT, tx_stat(self->tx, self->dir, "n", NULL));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_FALSE(exists(self->dir, "f"));
	ASSERT_FALSE(exists(self->dir, "n"));
	munmap(page, 4096);
}

TEST_F(conflict, enabling)
{
	struct ktm_txf_status status = { .mount_fd = self->dir };
	int volatile_tm = ktm_tm_create(env.control_fd, "v", 0600, NULL);
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY), bind;
	char path[160];

	ASSERT_EQ(-EBUSY, ktm_txf_enable(env.txf_fd, self->dir, env.tm_fd, NULL,
					 NULL));
	ASSERT_EQ(-EOPNOTSUPP, ktm_txf_enable(env.txf_fd, tmp, env.tm_fd, NULL,
					      NULL));
	ASSERT_EQ(-EINVAL, ktm_txf_enable(env.txf_fd, self->dir, volatile_tm,
					  NULL, NULL));
	ASSERT_EQ(-EBADFD, ktm_txf_enable(env.txf_fd, self->dir, self->tx, NULL,
					  NULL));
	ASSERT_EQ(-ENODEV, ktm_txf_disable(env.txf_fd, tmp, 0));
	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d", 0755));
	ASSERT_EQ(-EBUSY, ktm_txf_disable(env.txf_fd, self->dir, 0));
	ASSERT_EQ(0, ktm_txf_query(env.txf_fd, &status, sizeof(status)));
	ASSERT_EQ(KTM_TXF_S_ONLINE, status.state);
	ASSERT_LE(1, status.nr_tx);
	ASSERT_LE(1, status.nr_staged);
	ASSERT_EQ(0, rollback(self->tx));

	/* a mount of a part of it can be worked under, but not enabled */
	snprintf(path, sizeof(path), "%s/b", self->path);
	ASSERT_EQ(0, mkdir(path, 0755));
	ASSERT_EQ(0, mount(self->path, path, NULL, MS_BIND, NULL));
	bind = open(path, O_RDONLY | O_DIRECTORY);
	close(self->tx);
	self->tx = begin();
	ASSERT_EQ(-EBUSY, tx_rmdir(self->tx, self->dir, "b"));
	ASSERT_EQ(0, tx_put(self->tx, bind, "f", O_CREAT, "x"));
	ASSERT_STREQ("x", tx_get(self->tx, self->dir, "f"));
	ASSERT_STREQ("x", tx_get(self->tx, self->dir, "b/f"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("x", get(self->dir, "f"));
	close(bind);
	ASSERT_EQ(0, umount(path));
	close(tmp);
	close(volatile_tm);
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
