// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - trace events: what a transaction goes through, by name and in order
 */
#include "harness.h"
#include "text_file.h"
#include "ktm_harness.h"

#include <sys/mount.h>
#include <sys/stat.h>

#define TRACEFS	"/sys/kernel/tracing"

FIXTURE(trace)
{
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	char dir[64];	/* a trace instance of this test */
};

static int set(const char *dir, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return write_text(path, text);
}

FIXTURE_SETUP(trace)
{
	if (access(TRACEFS "/instances", F_OK))
		mount("tracefs", TRACEFS, "tracefs", 0, NULL);
	if (access(TRACEFS "/instances", F_OK))
		SKIP(_exit(SKIPPED), "the kernel has no tracing");
	snprintf(self->dir, sizeof(self->dir), TRACEFS "/instances/ktm_%d", getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0700));
	ASSERT_EQ(0, set(self->dir, "events/ktm/enable", "1"));
}

FIXTURE_TEARDOWN(trace)
{
	EXPECT_EQ(0, set(self->dir, "events/ktm/enable", "0"));
	EXPECT_EQ(0, rmdir(self->dir));
}

static void uuid_text(const __u8 *u, char *text)
{
	int i;

	for (i = 0; i < KTM_UUID_SIZE; i++)
		text += sprintf(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
				u[i]);
}

/* The states that an object went to, in order, after " "; -1 if there is no trace. */
static int states_of(const char *dir, const char *event, const char *key, const __u8 *uuid,
		     char *states)
{
	char path[128], line[1024], want[2][64], id[40], *to;
	FILE *file;

	uuid_text(uuid, id);
	snprintf(want[0], sizeof(want[0]), " %s: ", event);
	snprintf(want[1], sizeof(want[1]), " %s=%s ", key, id);
	snprintf(path, sizeof(path), "%s/trace", dir);
	file = fopen(path, "re");
	if (!file)
		return -1;
	states[0] = '\0';
	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, want[0]) || !strstr(line, want[1]))
			continue;
		to = strstr(line, " to=");
		if (!to)
			continue;
		to += strlen(" to=");
		strcat(states, " ");
		strncat(states, to, strcspn(to, "\n "));
	}
	fclose(file);
	return 0;
}

#define EXPECT_STATES(want, event, key, uuid) do {				\
	char states_[1024];							\
										\
	ASSERT_EQ(0, states_of(self->dir, event, key, uuid, states_));		\
	EXPECT_STREQ(want, states_);						\
} while (0)

#define BEGIN() do {								\
	ASSERT_EQ(0, tm_make(&self->tm, 0600));					\
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));	\
	ASSERT_EQ(0, rm_recover(&self->rm));					\
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);			\
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));			\
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, 0));		\
} while (0)

TEST_F(trace, commit)
{
	BEGIN();
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_STATES(" ACTIVE PREPARING DECIDING COMMITTING COMMITTED", "ktm_tx_state", "tx",
		      self->tx.info.uuid);
	EXPECT_STATES(" ACTIVE PREPARING PREPARED COMMITTING DONE", "ktm_en_state", "en",
		      self->en.info.uuid);
	/* what it is part of is named, too */
	EXPECT_STATES(" ACTIVE PREPARING DECIDING COMMITTING COMMITTED", "ktm_tx_state", "tm",
		      self->tm.uuid);
	EXPECT_STATES(" ACTIVE PREPARING PREPARED COMMITTING DONE", "ktm_en_state", "rm",
		      self->rm.info.uuid);
}

TEST_F(trace, rollback)
{
	BEGIN();
	ASSERT_EQ(0, en_veto(&self->en, KTM_REASON_RM, EIO, ""));
	ASSERT_EQ(0, rollback_complete(&self->en));
	EXPECT_STATES(" ACTIVE ABORTING ABORTED", "ktm_tx_state", "tx", self->tx.info.uuid);
	EXPECT_STATES(" ACTIVE ABORTING DONE", "ktm_en_state", "en", self->en.info.uuid);
}

TEST_F(trace, resource_manager)
{
	BEGIN();
	ASSERT_EQ(0, close(self->en.fd));
	ASSERT_EQ(0, close(self->rm.fd));
	EXPECT_STATES(" OFFLINE ONLINE GONE", "ktm_rm_state", "rm", self->rm.info.uuid);
}

/* As the manual page shows it. */
TEST_F(trace, filter)
{
	ASSERT_EQ(0, set(self->dir, "events/ktm/ktm_tx_state/filter", "to == 6"));
	BEGIN();
	ASSERT_EQ(0, en_veto(&self->en, KTM_REASON_RM, EIO, ""));
	EXPECT_STATES(" ABORTING", "ktm_tx_state", "tx", self->tx.info.uuid);
}

/* What is not enabled is not written. */
TEST_F(trace, only_when_enabled)
{
	ASSERT_EQ(0, set(self->dir, "events/ktm/enable", "0"));
	BEGIN();
	ASSERT_EQ(0, en_veto(&self->en, KTM_REASON_RM, EIO, ""));
	EXPECT_STATES("", "ktm_tx_state", "tx", self->tx.info.uuid);
}

TEST_HARNESS_MAIN
