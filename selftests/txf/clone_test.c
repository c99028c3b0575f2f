// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - a log and a file system that were copied together
 *
 * The copy is made while a transaction is prepared under a superior. It is then
 * rolled back in the original and committed in the copy: each file system gets the
 * outcome of its own log.
 */
#include "harness.h"
#include "txf_harness.h"

#include <poll.h>
#include <sys/wait.h>

#define COPY		TXF_BASE "/copy"
#define OTHER		TXF_BASE "/other"
#define CTL		"$KTM_BIN/ktmctl "

static const unsigned char boss_uuid[KTM_UUID_SIZE] = { 0xb0, 0x55, [6] = 0x40, [8] = 0x80 };
static const unsigned char new_uuid[KTM_UUID_SIZE] = { 0xad, 0x09, [6] = 0x40, [8] = 0x80 };
#define NEW_UUID	"ad090000-0000-4000-8000-000000000000"

/* The superior in one life: its RM and its enlistment. */
struct boss {
	int rm;
	int en;
	unsigned char uuid[KTM_UUID_SIZE];	/* of the enlistment */
};

static int boss_start(struct boss *boss, int tm)
{
	unsigned char uuid[KTM_UUID_SIZE];

	memcpy(uuid, boss_uuid, sizeof(uuid));
	boss->en = -1;
	boss->rm = ktm_rm_create(tm, "boss", 0, uuid);
	return boss->rm < 0 ? boss->rm : ktm_rm_recover(boss->rm);
}

/* Wait for one type of notification; the others are for nobody. */
static int boss_hears(struct boss *boss, unsigned int type, struct ktm_notification *note)
{
	struct pollfd pollfd = { .fd = boss->rm, .events = POLLIN };
	long n;

	for (;;) {
		n = ktm_rm_read(boss->rm, note, sizeof(*note));
		if (n >= (long)sizeof(*note) && note->type == type)
			return 0;
		if (n < 0 && n != -EAGAIN)
			return n;
		if (n <= 0 && poll(&pollfd, 1, 60000) != 1)
			return -ETIMEDOUT;
	}
}

static void boss_end(struct boss *boss)
{
	close(boss->en);
	close(boss->rm);
}

FIXTURE(clone)
{
	char path[128];
	char name[64];
	int dir;
	int tx;
	int tm;
	struct boss boss;
};

FIXTURE_VARIANT(clone)
{
	const char *type;
	const char *renew;	/* two mounts of one UUID are not possible */
	const char *options;
};

FIXTURE_VARIANT_ADD(clone, ext4)
{
	.type = "ext4", .renew = "true", .options = "loop",
};

FIXTURE_VARIANT_ADD(clone, xfs)
{
	.type = "xfs", .renew = "true", .options = "loop,nouuid",
};

FIXTURE_VARIANT_ADD(clone, btrfs)
{
	.type = "btrfs", .renew = "btrfstune -f -m", .options = "loop",
};

/* A file in a transaction that is prepared under a superior. */
static int prepare_one(struct boss *boss, int tx, int dir)
{
	struct ktm_notification note;
	int ret;

	ret = boss_start(boss, env.tm_fd) ?: put(dir, "f", "old") ?:
	      put(dir, "g", "old") ?: tx_put(tx, dir, "f", O_TRUNC, "new") ?:
	      tx_unlink(tx, dir, "g") ?: tx_put(tx, dir, "h", O_CREAT, "new");
	if (ret)
		return ret;
	boss->en = ktm_en_create(boss->rm, tx, 1, KTM_EN_F_SUPERIOR, boss->uuid);
	if (boss->en < 0)
		return boss->en;
	return ktm_en_prepare(boss->en) ?:
	       boss_hears(boss, KTM_NOTIFY_PREPARE_COMPLETE, &note);
}

/* Copies of the file system and of the log, as of one moment. */
static int copy_both(const char *type)
{
	int ret;

	if (run("fsfreeze -f " TXF_BASE "/%s", type))
		return -EIO;
	ret = run("cp --sparse=always " TXF_BASE "/%s.img " COPY ".img", type) ||
	      run("dd if=$KTM_LOG_DEV of=$KTM_LOG2_DEV bs=1M iflag=direct conv=fsync status=none");
	if (run("fsfreeze -u " TXF_BASE "/%s", type) || ret)
		return -EIO;
	return run("cp --sparse=always " COPY ".img " OTHER ".img") ? -EIO : 0;
}

static int mount_one(const char *path, const char *renew, const char *options)
{
	return run("mkdir -p %s && %s %s.img && mount -o %s %s.img %s", path, renew, path,
		   options, path, path) ? -EIO : 0;
}

/* The file system that a path is on; with which TM. */
static int enable(const char *path, int tm, uint32_t *recovered)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = fd < 0 ? -errno : ktm_txf_enable(env.txf_fd, fd, tm, NULL, recovered);

	if (fd >= 0)
		close(fd);
	return ret;
}

static int disable(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = fd < 0 ? -errno : ktm_txf_disable(env.txf_fd, fd, 0);

	if (fd >= 0)
		close(fd);
	return ret;
}

static int attach_copy(void)
{
	struct ktm_tm_attach attach = { .mode = 0600 };
	int tm;

	attach.dev_fd = open(getenv("KTM_LOG2_DEV"), O_RDWR | O_CLOEXEC);
	if (attach.dev_fd < 0)
		return -errno;
	tm = ktm_tm_attach(env.control_fd, &attach, sizeof(attach));
	close(attach.dev_fd);
	return tm;
}

/* A file of a test in the copy. */
static const char *get_in(const char *root, const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/%s", root, dir, name);
	return get(AT_FDCWD, path);
}

FIXTURE_SETUP(clone)
{
	self->tm = -1;
	if (!getenv("KTM_LOG2_DEV"))
		SKIP(_exit(SKIPPED), "no KTM_LOG2_DEV");
	self->dir = make_dir(variant->type, self->path, sizeof(self->path));
	ASSERT_LE(0, self->dir);
	strcpy(self->name, strrchr(self->path, '/') + 1);
	self->tx = begin();
	ASSERT_EQ(0, prepare_one(&self->boss, self->tx, self->dir));
	ASSERT_EQ(0, copy_both(variant->type));
	ASSERT_EQ(0, mount_one(COPY, variant->renew, variant->options));
	ASSERT_EQ(0, mount_one(OTHER, variant->renew, variant->options));
}

FIXTURE_TEARDOWN(clone)
{
	ktm_en_rollback(self->boss.en, KTM_REASON_RM, 0, NULL);
	close(self->tx);
	boss_end(&self->boss);
	close(self->dir);
	disable(COPY);
	disable(OTHER);
	if (self->tm >= 0)
		ktm_tm_detach(self->tm);
	close(self->tm);
	run("umount " COPY " " OTHER "; rm -rf " COPY "* " OTHER "*");
}

#define ADOPT	CTL "adopt --uuid " NEW_UUID " --name clone "

/* The copy of the superior commits, while the file system is not there. */
static int commit_copy(int tm, const struct boss *original)
{
	struct boss boss;
	int ret;

	ret = boss_start(&boss, tm);
	if (ret)
		return ret;
	boss.en = ktm_en_open(boss.rm, original->uuid, 1);
	ret = boss.en < 0 ? boss.en : ktm_en_commit(boss.en);
	boss_end(&boss);
	return ret;
}

TEST_F_TIMEOUT(clone, each_has_the_outcome_of_its_log, 600)
{
	struct ktm_notification note;
	uint32_t recovered = 9;

	ASSERT_EQ(0, run(ADOPT "--txf " COPY " $KTM_LOG2_DEV"));
	/* it is not the original's any more */
	EXPECT_EQ(-ESTALE, enable(COPY, env.tm_fd, NULL));
	self->tm = attach_copy();
	ASSERT_LE(0, self->tm);
	ASSERT_EQ(0, commit_copy(self->tm, &self->boss));
	/* another copy, and the original, are not the adopted log's */
	EXPECT_EQ(-ESTALE, enable(OTHER, self->tm, NULL));
	EXPECT_EQ(-EBUSY, enable(self->path, self->tm, NULL));
	EXPECT_STREQ("old", get_in(COPY, self->name, "f"));
	ASSERT_EQ(0, enable(COPY, self->tm, &recovered));
	EXPECT_EQ(1, recovered);
	EXPECT_STREQ("new", get_in(COPY, self->name, "f"));
	EXPECT_STREQ("", get_in(COPY, self->name, "g"));
	EXPECT_STREQ("new", get_in(COPY, self->name, "h"));
	EXPECT_STREQ("old", get_in(OTHER, self->name, "f"));
	EXPECT_STREQ("old", get(self->dir, "f"));

	/* once: what is done to the file later stays */
	ASSERT_EQ(0, run("echo -n mine > " COPY "/%s/f", self->name));
	ASSERT_EQ(0, disable(COPY));
	ASSERT_EQ(0, enable(COPY, self->tm, &recovered));
	EXPECT_EQ(0, recovered);
	EXPECT_STREQ("mine", get_in(COPY, self->name, "f"));

	/* and the original has the other outcome */
	ASSERT_EQ(0, ktm_en_rollback(self->boss.en, KTM_REASON_RM, 0, NULL));
	ASSERT_EQ(0, boss_hears(&self->boss, KTM_NOTIFY_ROLLBACK_COMPLETE, &note));
	EXPECT_STREQ("old", get(self->dir, "f"));
	EXPECT_STREQ("old", get(self->dir, "g"));
	EXPECT_FALSE(exists(self->dir, "h"));
	EXPECT_STREQ("mine", get_in(COPY, self->name, "f"));
}

/* The log alone: the file system can't go with it, but when it is given back. */
TEST_F_TIMEOUT(clone, log_adopted_alone, 600)
{
	struct ktm_tm_info info = { 0 };
	char text[KTM_UUID_TEXT_SIZE];

	ASSERT_EQ(0, run(ADOPT "$KTM_LOG2_DEV"));
	EXPECT_EQ(1, run(ADOPT "--txf " COPY " $KTM_LOG2_DEV 2>/dev/null"));
	EXPECT_EQ(1, run(CTL "adopt --txf " COPY " $KTM_LOG2_DEV 2>/dev/null"));
	self->tm = attach_copy();
	ASSERT_LE(0, self->tm);
	EXPECT_EQ(-ESTALE, enable(COPY, self->tm, NULL));
	ASSERT_EQ(0, ktm_tm_detach(self->tm));
	close(self->tm);
	self->tm = -1;

	ASSERT_EQ(0, ktm_tm_query(env.tm_fd, &info, sizeof(info)));
	ktm_uuid_format(info.uuid, text);
	ASSERT_EQ(0, run(CTL "adopt --uuid %s $KTM_LOG2_DEV", text));
	ASSERT_EQ(0, run(ADOPT "--txf " COPY " $KTM_LOG2_DEV"));
}

/* What is there after a power cut between the two changes, and how to go on. */
TEST_F_TIMEOUT(clone, power_fails_in_between, 600)
{
	struct ktm_tm_info info = { 0 };
	uint32_t recovered = 9;
	int fd;

	ASSERT_EQ(0, ktm_tm_query(env.tm_fd, &info, sizeof(info)));
	fd = open(COPY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_EQ(0, ktm_txf_adopt(env.txf_fd, fd, info.uuid, new_uuid, NULL, NULL));
	close(fd);
	/* the log is still that of the original: they do not go together */
	EXPECT_EQ(-ESTALE, enable(COPY, env.tm_fd, NULL));
	EXPECT_EQ(1, run(CTL "adopt --txf " COPY " $KTM_LOG2_DEV 2>/dev/null"));
	/* twice: the second time there is nothing to do */
	ASSERT_EQ(0, run(ADOPT "--txf " COPY " $KTM_LOG2_DEV"));
	ASSERT_EQ(0, run(ADOPT "--txf " COPY " $KTM_LOG2_DEV"));
	self->tm = attach_copy();
	ASSERT_LE(0, self->tm);
	ASSERT_EQ(0, commit_copy(self->tm, &self->boss));
	ASSERT_EQ(0, enable(COPY, self->tm, &recovered));
	EXPECT_EQ(1, recovered);
	EXPECT_STREQ("new", get_in(COPY, self->name, "f"));
	EXPECT_STREQ("old", get(self->dir, "f"));
}

/* All is refused, or nothing. */
TEST_F_TIMEOUT(clone, refused, 600)
{
	struct ktm_tm_info info = { 0 };
	unsigned char tm[KTM_UUID_SIZE];
	int fd = open(COPY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* one log, two copies of one file system */
	EXPECT_EQ(1, run(ADOPT "--txf " COPY " --txf " OTHER " $KTM_LOG2_DEV 2>/dev/null"));
	/* the original, by mistake */
	EXPECT_EQ(1, run(ADOPT "--txf " COPY " --txf " TXF_BASE "/%s $KTM_LOG2_DEV 2>/dev/null",
			 variant->type));
	/* the log of the original */
	EXPECT_EQ(1, run(ADOPT "--txf " COPY " $KTM_LOG_DEV 2>/dev/null"));
	ASSERT_EQ(0, ktm_tm_query(env.tm_fd, &info, sizeof(info)));
	ASSERT_EQ(0, ktm_txf_adopt(env.txf_fd, fd, NULL, NULL, NULL, tm));
	EXPECT_EQ(0, memcmp(info.uuid, tm, sizeof(tm)));
	close(fd);
}

/* Not enabled, the original can't be told from the copy. */
TEST_F_TIMEOUT(clone, original_is_not_enabled, 600)
{
	struct ktm_notification note;
	char root[128];

	snprintf(root, sizeof(root), TXF_BASE "/%s", variant->type);
	ASSERT_EQ(0, ktm_en_rollback(self->boss.en, KTM_REASON_RM, 0, NULL));
	ASSERT_EQ(0, boss_hears(&self->boss, KTM_NOTIFY_ROLLBACK_COMPLETE, &note));
	ASSERT_EQ(0, disable(root));
	EXPECT_EQ(1, run(ADOPT "--txf " COPY " $KTM_LOG2_DEV 2>/dev/null"));
	EXPECT_EQ(1, run(ADOPT "--txf %s $KTM_LOG2_DEV 2>/dev/null", root));
	ASSERT_EQ(0, enable(root, env.tm_fd, NULL));
	EXPECT_EQ(0, run(ADOPT "--txf " COPY " $KTM_LOG2_DEV"));
}

#define ONE		TXF_BASE "/one"

/* Each errno, on a file system of its own. */
TEST(adopt_errno)
{
	unsigned char a[KTM_UUID_SIZE] = { 1 }, b[KTM_UUID_SIZE] = { 2 };
	unsigned char zero[KTM_UUID_SIZE] = { 0 }, tm[KTM_UUID_SIZE];
	struct ktm_tm_info info = { 0 };
	int fd, file, tmp, status;
	pid_t pid;

#define ADOPT_FD(fd, from, to)	ktm_txf_adopt(env.txf_fd, fd, from, to, NULL, tm)
	ASSERT_EQ(0, ktm_tm_query(env.tm_fd, &info, sizeof(info)));
	ASSERT_EQ(0, run("mkdir -p " ONE " && truncate -s 8M " ONE ".img"));
	ASSERT_EQ(0, run("mkfs.ext4 -q -b 1024 -m 0 " ONE ".img && mount -o loop "
			 ONE ".img " ONE));
	ASSERT_EQ(0, run("mkdir " ONE "/bound && touch " ONE "/file"));
	fd = open(ONE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file = open(ONE "/file", O_RDONLY | O_CLOEXEC);
	tmp = open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT_EQ(-ENOENT, ADOPT_FD(fd, a, b));
	EXPECT_EQ(-ENOENT, ADOPT_FD(fd, NULL, NULL));
	EXPECT_FALSE(exists(fd, ".ktm-txf"));
	ASSERT_EQ(0, ktm_txf_enable(env.txf_fd, fd, env.tm_fd, NULL, NULL));
	EXPECT_EQ(-EBUSY, ADOPT_FD(fd, info.uuid, a));
	EXPECT_EQ(0, ADOPT_FD(fd, NULL, NULL));
	EXPECT_EQ(0, memcmp(tm, info.uuid, sizeof(tm)));
	ASSERT_EQ(0, ktm_txf_disable(env.txf_fd, fd, 0));

	EXPECT_EQ(-EBADF, ADOPT_FD(999, info.uuid, a));
	EXPECT_EQ(-ENOTDIR, ADOPT_FD(file, info.uuid, a));
	EXPECT_EQ(-EOPNOTSUPP, ADOPT_FD(tmp, info.uuid, a));
	EXPECT_EQ(-EINVAL, ADOPT_FD(fd, info.uuid, info.uuid));
	EXPECT_EQ(-EINVAL, ADOPT_FD(fd, info.uuid, zero));
	EXPECT_EQ(-EINVAL, ADOPT_FD(fd, zero, a));
	EXPECT_EQ(-ESTALE, ADOPT_FD(fd, a, b));
	pid = fork();
	if (!pid)
		_exit(setuid(65534) || ADOPT_FD(fd, info.uuid, a) != -EPERM);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, run("mount -o remount,ro " ONE));
	EXPECT_EQ(-EROFS, ADOPT_FD(fd, info.uuid, a));
	EXPECT_EQ(0, run("mount -o remount,rw " ONE));
	EXPECT_EQ(0, run("dd if=/dev/zero of=" ONE "/big bs=1024 2> /dev/null; [ $? = 1 ]"));
	EXPECT_EQ(-ENOSPC, ADOPT_FD(fd, info.uuid, a));
	EXPECT_EQ(0, run("rm " ONE "/big"));
	EXPECT_EQ(0, run("chmod 755 " ONE "/.ktm-txf"));
	EXPECT_EQ(-EUCLEAN, ADOPT_FD(fd, info.uuid, a));
	EXPECT_EQ(0, run("chmod 700 " ONE "/.ktm-txf"));

	/* there and back; nothing was changed by what was refused */
	EXPECT_EQ(0, ADOPT_FD(fd, info.uuid, a));
	EXPECT_EQ(0, memcmp(tm, a, sizeof(tm)));
	EXPECT_EQ(0, ADOPT_FD(fd, info.uuid, a));
	EXPECT_EQ(-ESTALE, ktm_txf_enable(env.txf_fd, fd, env.tm_fd, NULL, NULL));
	EXPECT_EQ(0, ADOPT_FD(fd, a, info.uuid));
	EXPECT_EQ(0, ktm_txf_enable(env.txf_fd, fd, env.tm_fd, NULL, NULL));
	EXPECT_EQ(0, ktm_txf_disable(env.txf_fd, fd, KTM_TXF_DISABLE_F_FORGET));
	close(tmp);
	close(file);
	close(fd);
	ASSERT_EQ(0, run("umount " ONE));
	ASSERT_EQ(0, run("rm -r " ONE "*"));
}

int main(int argc, char **argv)
{
	return env_main(argc, argv, test_harness_run);
}
