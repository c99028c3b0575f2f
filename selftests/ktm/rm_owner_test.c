// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - an RM belongs to a user, also over a restart
 */
#include <grp.h>

#include "harness.h"
#include "ktm_log.h"

#define ALICE	1000
#define BOB	1001

FIXTURE(owner)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	__u8 rm[KTM_UUID_SIZE];
	struct tm_handle tm;
};

FIXTURE_SETUP(owner)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	random_uuid(self->rm);
	ASSERT_EQ(0, log_format(self->path, 0, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
}

FIXTURE_TEARDOWN(owner)
{
	if (self->tm.durable)
		EXPECT_EQ(0, tm_detach(&self->tm));
}

/*
 * What a user does in a process of its own, by the fd of the TM that it inherits.
 * Exit status: 0, the errno of what was tried, or more when the rest went wrong.
 */
static int as_user(struct _test_data_owner *self, uid_t uid,
		   int (*work)(struct _test_data_owner *self, struct rm_handle *rm))
{
	struct rm_handle rm;
	int status, ret;
	pid_t pid = fork();

	if (!pid) {
		if (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid)))
			_exit(200);
		ret = rm_make(&self->tm, &rm, self->rm, 0);
		if (!ret && work)
			ret = work(self, &rm);
		_exit(-ret);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -201;
	return -WEXITSTATUS(status);
}

static bool waits_for(struct rm_handle *rm, __u32 type)
{
	struct pollfd poll_fd = { .fd = rm->fd, .events = POLLIN };
	struct ktm_notification note;

	return poll(&poll_fd, 1, PATIENCE) == 1 &&
	       read(rm->fd, &note, sizeof(note)) == sizeof(note) && note.type == type;
}

/* Commits, and dies before it has carried that out. */
static int leave_unresolved(struct _test_data_owner *self, struct rm_handle *rm)
{
	struct tx_handle tx;
	struct en_handle en;

	if (rm_recover(rm) || !waits_for(rm, KTM_NOTIFY_LAST_RECOVER) ||
	    tx_begin(&self->tm, &tx, 0) || en_make(rm, &tx, &en, 1, 0) ||
	    en_log(&en, "redo", 4, NULL) || commit_nowait(&tx) != -EINPROGRESS ||
	    !waits_for(rm, KTM_NOTIFY_PREPARE) || prepare_complete(&en) ||
	    !waits_for(rm, KTM_NOTIFY_COMMIT))
		return -202;
	return 0;
}

static int resolve(struct _test_data_owner *self, struct rm_handle *rm)
{
	struct ktm_notification note;
	struct en_handle en = { };

	if (rm_recover(rm) || read(rm->fd, &note, sizeof(note)) != sizeof(note) ||
	    note.type != KTM_NOTIFY_RECOVER ||
	    en_reopen(rm, note.enlistment, 2, &en) || ask_outcome(&en) ||
	    commit_complete(&en))
		return -203;
	return 0;
}

static int just_look(struct _test_data_owner *self, struct rm_handle *rm)
{
	return 0;
}

static __u32 owner_of(struct _test_data_owner *self)
{
	struct ktm_rm_info info = { .size = sizeof(info) };

	memcpy(info.uuid, self->rm, KTM_UUID_SIZE);
	return ktm_call(self->tm.fd, KTM_IOC_RM_INFO, &info) ? ~0U : info.uid;
}

static int restart(struct _test_data_owner *self)
{
	int ret = tm_detach(&self->tm);

	return ret ?: tm_attach(self->path, self->uuid, &self->tm, NULL);
}

TEST_F(owner, of_what_is_unresolved)
{
	ASSERT_EQ(0, as_user(self, ALICE, leave_unresolved));
	EXPECT_EQ(ALICE, owner_of(self));
	EXPECT_EQ(-EPERM, as_user(self, BOB, just_look));
	/* who was refused has changed nothing */
	EXPECT_EQ(ALICE, owner_of(self));
	EXPECT_EQ(0, as_user(self, ALICE, just_look));
	/* an administrator may, and does not become its owner */
	EXPECT_EQ(0, as_user(self, 0, just_look));
	EXPECT_EQ(ALICE, owner_of(self));
	EXPECT_EQ(-EPERM, as_user(self, BOB, just_look));
	EXPECT_EQ(0, as_user(self, ALICE, resolve));
	/* nothing is left of it, so its UUID is nobody's */
	EXPECT_EQ(0, as_user(self, BOB, just_look));
}

TEST_F(owner, after_a_restart)
{
	ASSERT_EQ(0, as_user(self, ALICE, leave_unresolved));
	ASSERT_EQ(0, restart(self));
	EXPECT_EQ(ALICE, owner_of(self));
	EXPECT_EQ(-EPERM, as_user(self, BOB, just_look));
	/* what an administrator logs for it is of the same owner */
	EXPECT_EQ(0, as_user(self, 0, just_look));
	ASSERT_EQ(0, restart(self));
	EXPECT_EQ(ALICE, owner_of(self));
	EXPECT_EQ(-EPERM, as_user(self, BOB, just_look));
	EXPECT_EQ(0, as_user(self, ALICE, resolve));
	EXPECT_EQ(0, as_user(self, BOB, just_look));
}

TEST_F(owner, while_it_is_present)
{
	struct rm_handle rm;

	ASSERT_EQ(0, rm_make(&self->tm, &rm, self->rm, 0));
	EXPECT_EQ(-EEXIST, as_user(self, BOB, just_look));
	EXPECT_EQ(0, owner_of(self));
	close(rm.fd);
}

TEST_HARNESS_MAIN
