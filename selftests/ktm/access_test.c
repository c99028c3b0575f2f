// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - who may do what: mode bits, capabilities, rights of fds, quota
 */
#include <grp.h>
#include <sys/stat.h>

#include "harness.h"
#include "ktm_log.h"

#define NOBODY		65534
#define QUOTA		"/sys/module/ktm/parameters/max_user_objects"

/*
 * Nobody may not even open the control node, so it is opened before. Each test is
 * a process of its own: who has become nobody stays it.
 */
static int become(uid_t uid, gid_t gid)
{
	return setgroups(0, NULL) || setgid(gid) || setuid(uid) ? -errno : 0;
}

static int tm_make_on(int dev, __u32 mode, struct tm_handle *tm)
{
	struct ktm_tm_create arg = { .size = sizeof(arg), .mode = mode };
	int ret = ktm_call(dev, KTM_IOC_TM_CREATE, &arg);

	memset(tm, 0, sizeof(*tm));
	tm->fd = arg.out_fd;
	memcpy(tm->uuid, arg.uuid, KTM_UUID_SIZE);
	return ret;
}

static int tm_open(int dev, const struct tm_handle *tm, struct tm_handle *opened)
{
	struct ktm_open arg = { .size = sizeof(arg) };
	int ret;

	memcpy(arg.uuid, tm->uuid, KTM_UUID_SIZE);
	ret = ktm_call(dev, KTM_IOC_TM_OPEN, &arg);
	*opened = *tm;
	opened->fd = arg.out_fd;
	return ret;
}

TEST(control_node)
{
	struct stat st;

	ASSERT_EQ(0, stat(KTM_DEV, &st));
	EXPECT_EQ(0660, st.st_mode & 07777);
	ASSERT_EQ(0, become(NOBODY, NOBODY));
	EXPECT_EQ(-EACCES, ktm_dev());
}

FIXTURE(mode)
{
	int dev;
	struct tm_handle tm;
};

FIXTURE_VARIANT(mode)
{
	__u32 mode;
	uid_t uid;
	gid_t gid;
	bool look, use;
};

FIXTURE_VARIANT_ADD(mode, others_none) { 0660, NOBODY, NOBODY, false, false };
FIXTURE_VARIANT_ADD(mode, others_look) { 0664, NOBODY, NOBODY, true, false };
FIXTURE_VARIANT_ADD(mode, others_use) { 0666, NOBODY, NOBODY, true, true };
FIXTURE_VARIANT_ADD(mode, group_none) { 0606, NOBODY, 0, false, false };
FIXTURE_VARIANT_ADD(mode, group_look) { 0640, NOBODY, 0, true, false };
FIXTURE_VARIANT_ADD(mode, group_use) { 0660, NOBODY, 0, true, true };
FIXTURE_VARIANT_ADD(mode, root) { 0, 0, 0, true, true };

FIXTURE_SETUP(mode)
{
	self->dev = ktm_dev();
	ASSERT_EQ(0, tm_make_on(self->dev, variant->mode, &self->tm));
	if (variant->uid || variant->gid)
		ASSERT_EQ(0, become(variant->uid, variant->gid));
}

FIXTURE_TEARDOWN(mode)
{
}

TEST_F(mode, open)
{
	struct ktm_list list = { .size = sizeof(list), .count = 64 };
	struct ktm_open open = { .size = sizeof(open) };
	__u8 uuids[64][KTM_UUID_SIZE];
	struct tm_handle tm;
	struct tx_handle tx, seen;
	struct rm_handle rm;
	bool found = false;
	__u32 i;

	list.uuids = (uintptr_t)uuids;
	ASSERT_EQ(0, ktm_call(self->dev, KTM_IOC_TM_LIST, &list));
	for (i = 0; i < list.count; i++)
		found |= !memcmp(uuids[i], self->tm.uuid, KTM_UUID_SIZE);
	EXPECT_EQ(variant->look, found);

	ASSERT_EQ(variant->look || variant->use ? 0 : -EACCES,
		  tm_open(self->dev, &self->tm, &tm));
	if (!variant->look)
		return;
	ASSERT_TM(&tm, .state = KTM_TM_S_ONLINE);
	EXPECT_EQ(variant->use ? 0 : -EPERM,
		  rm_make(&tm, &rm, NULL, KTM_RM_F_VOLATILE));
	EXPECT_EQ(variant->use ? 0 : -EPERM, tx_begin(&tm, &tx, 0));
	if (variant->use)
		return;

	/* an fd keeps what it was given: that of the test may still be used */
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	memcpy(open.uuid, tx.info.uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, ktm_call(tm.fd, KTM_IOC_TX_OPEN, &open));
	seen = tx;
	seen.fd = open.out_fd;
	ASSERT_TX(&seen, .state = KTM_TX_S_ACTIVE);
	EXPECT_EQ(-EPERM, commit_wait(&seen));
	EXPECT_EQ(-EPERM, rollback_wait(&seen));
	EXPECT_EQ(-EPERM, tx_set_timeout(&seen, 1));
	ASSERT_EQ(0, rm_make(&self->tm, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&rm));
	{
		struct en_handle en;

		EXPECT_EQ(-EPERM, en_make(&rm, &seen, &en, 1, 0));
	}
	ASSERT_TX(&seen, .state = KTM_TX_S_ACTIVE);
}

TEST(attach_needs_a_capability)
{
	const char *path = log_device("KTM_LOG_DEV");
	int dev = ktm_dev(), disk;
	__u8 uuid[KTM_UUID_SIZE];
	struct ktm_tm_attach arg = { .size = sizeof(arg), .mode = 0666 };
	struct ktm_simple detach = { .size = sizeof(detach) };
	int status;
	pid_t pid;

	if (!path)
		SKIP(return, "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(path, LOG_SMALL, uuid));
	disk = open(path, O_RDWR);
	arg.dev_fd = disk;
	pid = fork();
	if (!pid) {
		if (become(NOBODY, NOBODY))
			_exit(1);
		_exit(ktm_call(dev, KTM_IOC_TM_ATTACH, &arg) == -EPERM ? 0 : 2);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);

	/* the owner may use it, and not take it away */
	arg.uid = NOBODY;
	arg.gid = NOBODY;
	arg.mode = 0600;
	ASSERT_EQ(0, ktm_call(dev, KTM_IOC_TM_ATTACH, &arg));
	pid = fork();
	if (!pid) {
		struct tm_handle tm = { .durable = true }, opened;
		struct tx_handle tx;

		memcpy(tm.uuid, arg.uuid, KTM_UUID_SIZE);
		if (become(NOBODY, NOBODY) || tm_open(dev, &tm, &opened) ||
		    tx_begin(&opened, &tx, 0))
			_exit(1);
		_exit(ktm_call(opened.fd, KTM_IOC_TM_DETACH, &detach) == -EPERM ? 0 : 2);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, ktm_call(arg.out_fd, KTM_IOC_TM_DETACH, &detach));
}

static int write_quota(const char *text)
{
	int fd = open(QUOTA, O_WRONLY), ret = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

TEST(quota)
{
	int dev = ktm_dev(), status, i;
	char before[32] = "";
	struct tm_handle tm;
	struct tx_handle tx[8];
	pid_t pid;
	FILE *file = fopen(QUOTA, "r");

	ASSERT_NE(NULL, file);
	ASSERT_NE(NULL, fgets(before, sizeof(before), file));
	ASSERT_EQ(0, tm_make(&tm, 0666));
	/* 2 for each transaction and its fd */
	ASSERT_EQ(0, write_quota("10"));
	pid = fork();
	if (!pid) {
		struct ktm_tm_info info;

		if (become(NOBODY, NOBODY))
			_exit(1);
		for (i = 0; i < 5; i++)
			if (tx_begin(&tm, &tx[i], 0))
				_exit(2);
		if (tx_begin(&tm, &tx[5], 0) != -EDQUOT)
			_exit(3);
		if (tm_make_on(dev, 0, &(struct tm_handle){ }) != -EDQUOT)
			_exit(4);
		/* what was refused has left nothing */
		if (tm_info(&tm, &info) || info.nr_active != 5 || info.aborted)
			_exit(5);
		close(tx[0].fd);
		if (tx_begin(&tm, &tx[5], 0))
			_exit(6);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	/* CAP_SYS_RESOURCE is above it */
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, tx_begin(&tm, &tx[i], 0));
	ASSERT_EQ(0, write_quota(before));
}

TEST_HARNESS_MAIN
