// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - savepoints: what ends the transaction, or the caller, while RMs are
 * asked
 */
#include "harness.h"
#include "savepoint.h"

static const __u8 nobody[KTM_UUID_SIZE];

/* How far it has got when the second RM, or somebody else, ends the transaction. */
enum step {
	UNREAD,
	READ,
	OTHER_ANSWERED,
	SELF_ANSWERED,
	TAKEN_BACK,	/* the first has refused, and the second is to release it */
	NR_STEPS,
};

FIXTURE(ends)
{
	struct tm_handle tm;
	struct rm_handle rm[2];
	struct tx_handle tx;
	struct en_handle en[2];
	struct savepoint_call call;
};

FIXTURE_VARIANT(ends)
{
	int (*end)(struct tx_handle *tx, struct rm_handle *rm, struct en_handle *en);
	__u32 reason;
	__u32 error;
	const char *detail;
	bool of_rm;		/* the second is named */
	bool left;		/* it has left */
};

static int by_client(struct tx_handle *tx, struct rm_handle *rm, struct en_handle *en)
{
	return rollback_nowait(tx) == -EINPROGRESS ? 0 : -EBADMSG;
}

static int by_deadline(struct tx_handle *tx, struct rm_handle *rm, struct en_handle *en)
{
	return tx_set_timeout(tx, now_ns() + MSEC);
}

static int by_veto(struct tx_handle *tx, struct rm_handle *rm, struct en_handle *en)
{
	return en_veto(en, KTM_REASON_CONFLICT, ESTALE, "cannot undo it");
}

static int by_close(struct tx_handle *tx, struct rm_handle *rm, struct en_handle *en)
{
	return close(en->fd);
}

static int by_rm(struct tx_handle *tx, struct rm_handle *rm, struct en_handle *en)
{
	return close(rm->fd);
}

FIXTURE_VARIANT_ADD(ends, client)
{
	.end = by_client,
	.reason = KTM_REASON_CLIENT,
};

FIXTURE_VARIANT_ADD(ends, deadline)
{
	.end = by_deadline,
	.reason = KTM_REASON_TIMEOUT,
	.error = ETIMEDOUT,
};

FIXTURE_VARIANT_ADD(ends, veto)
{
	.end = by_veto,
	.reason = KTM_REASON_CONFLICT,
	.error = ESTALE,
	.detail = "cannot undo it",
	.of_rm = true,
};

FIXTURE_VARIANT_ADD(ends, enlistment_closed)
{
	.end = by_close,
	.reason = KTM_REASON_ENLISTMENT_CLOSED,
	.of_rm = true,
	.left = true,
};

FIXTURE_VARIANT_ADD(ends, rm_gone)
{
	.end = by_rm,
	.reason = KTM_REASON_RM_GONE,
	.of_rm = true,
	.left = true,
};

static int make(struct tm_handle *tm, struct tx_handle *tx, struct rm_handle *rm,
		struct en_handle *en)
{
	int i, ret = tx_begin(tm, tx, 0);

	for (i = 0; i < 2 && !ret; i++)
		ret = rm_make(tm, &rm[i], NULL, KTM_RM_F_VOLATILE) ?: rm_recover(&rm[i]) ?:
		      *note_differs(&rm[i], KTM_NOTIFY_LAST_RECOVER, NULL) ? -EBADMSG :
		      en_make(&rm[i], tx, &en[i], i + 1, KTM_EN_F_SAVEPOINTS);
	return ret;
}

FIXTURE_SETUP(ends)
{
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
}

FIXTURE_TEARDOWN(ends)
{
}

#define ASSERT_BOTH_ASKED(cmd) do {						\
	unsigned int cmd_ = (cmd);						\
	int a;									\
										\
	for (a = 0; a < 2; a++)							\
		ASSERT_ASKED(&self->rm[a], cmd_, &self->en[a], 1);		\
} while (0)

static void get_there(struct __test_metadata *_metadata, struct _test_data_ends *self,
		      unsigned int cmd, enum step step)
{
	struct pollfd pollfd = { .events = POLLIN };

	ASSERT_EQ(0, make(&self->tm, &self->tx, self->rm, self->en));
	pollfd.fd = self->rm[1].fd;
	if (cmd != SET) {
		ASSERT_EQ(0, savepoint_start(&self->call, &self->tx, SET, 0));
		ASSERT_BOTH_ASKED(SET);
		ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
		ASSERT_EQ(0, en_savepoint(&self->en[1], 1, 0));
		ASSERT_EQ(0, savepoint_join(&self->call));
	}
	ASSERT_EQ(0, savepoint_start(&self->call, &self->tx, cmd, cmd != SET));
	if (step == UNREAD) {
		ASSERT_EQ(1, poll(&pollfd, 1, PATIENCE));
		return;
	}
	ASSERT_BOTH_ASKED(cmd);
	if (step == OTHER_ANSWERED)
		ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
	if (step == SELF_ANSWERED || step == TAKEN_BACK)
		ASSERT_EQ(0, en_savepoint(&self->en[1], 1, 0));
	if (step == TAKEN_BACK) {
		ASSERT_EQ(0, en_savepoint(&self->en[0], 1, EXFULL));
		ASSERT_ASKED(&self->rm[1], RELEASE, &self->en[1], 1);
	}
}

/* The call ends at once, the others hear of the rollback, and that is all. */
TEST_F_TIMEOUT(ends, each_step, 600)
{
	static const unsigned int calls[] = { SET, ROLLBACK_TO, RELEASE };
	int step, i;
	size_t c;

	for (c = 0; c < ARRAY_LEN(calls); c++)
		for (step = 0; step < (calls[c] == SET ? NR_STEPS : TAKEN_BACK); step++) {
			get_there(_metadata, self, calls[c], step);
			ASSERT_EQ(0, variant->end(&self->tx, &self->rm[1], &self->en[1]));
			/* the refusal of the first does not count any more */
			ASSERT_EQ(-ECANCELED, savepoint_join(&self->call));
			ASSERT_EQ(0, memcmp(self->call.rm, nobody, KTM_UUID_SIZE));
			ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTING,
				  .nr = 2 - variant->left, .waiting = 2 - variant->left,
				  .reason = variant->reason, .error = variant->error,
				  .detail = variant->detail,
				  .rm = variant->of_rm ? &self->rm[1] : NULL);
			for (i = 0; i < 2 - variant->left; i++) {
				EXPECT_EQ(-ECANCELED, en_savepoint(&self->en[i], 1, 0));
				EXPECT_EQ(-ECANCELED, en_savepoint(&self->en[i], 1, EIO));
				ASSERT_NOTE(&self->rm[i], KTM_NOTIFY_ROLLBACK, &self->en[i]);
				ASSERT_EQ(0, rollback_complete(&self->en[i]));
				EXPECT_EQ(-EALREADY, en_savepoint(&self->en[i], 1, 0));
				ASSERT_QUIET(&self->rm[i]);
			}
			ASSERT_EQ(0, rollback_wait(&self->tx));
			EXPECT_EQ(-ECANCELED, savepoint_now(&self->tx, calls[c], calls[c] != SET));
			EXPECT_EQ(-EALREADY, en_savepoint(&self->en[0], 1, 0));
			close(self->tx.fd);
			for (i = 0; i < 2; i++) {
				if (i != 1 || variant->end != by_close)
					close(self->en[i].fd);
				if (i != 1 || variant->end != by_rm)
					close(self->rm[i].fd);
			}
		}
}

FIXTURE(caller)
{
	struct tm_handle tm;
	struct rm_handle rm[2];
	struct tx_handle tx;
	struct en_handle en[2];
	struct savepoint_call call;
	pid_t child;
};

FIXTURE_SETUP(caller)
{
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, make(&self->tm, &self->tx, self->rm, self->en));
}

FIXTURE_TEARDOWN(caller)
{
}

static void on_signal(int number)
{
}

/* A process that sets a savepoint, and exits with the errno. */
static pid_t set_in_child(const struct tx_handle *tx)
{
	pid_t child = fork();

	if (!child) {
		signal(SIGUSR1, on_signal);
		_exit(-savepoint_now(tx, SET, 0));
	}
	return child;
}

static void kill_it(struct __test_metadata *_metadata, pid_t child)
{
	int status;

	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
}

/* It waits where only a signal that kills wakes it. */
static bool is_waiting(pid_t child)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	do {
		file = fopen(path, "re");
		if (!file)
			return false;
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		fclose(file);
	} while (state != 'D' && now_ns() < limit);
	return state == 'D';
}

TEST_F(caller, is_not_interrupted)
{
	int status;

	self->child = set_in_child(&self->tx);
	ASSERT_GT(self->child, 0);
	ASSERT_BOTH_ASKED(SET);
	ASSERT_TRUE(is_waiting(self->child));
	ASSERT_EQ(0, kill(self->child, SIGUSR1));
	ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
	ASSERT_EQ(0, en_savepoint(&self->en[1], 1, 0));
	ASSERT_EQ(self->child, waitpid(self->child, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/* Somebody else has the transaction, too: what was asked is finished. */
TEST_F(caller, is_killed)
{
	self->child = set_in_child(&self->tx);
	ASSERT_GT(self->child, 0);
	ASSERT_BOTH_ASKED(SET);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
	kill_it(_metadata, self->child);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_SAVEPOINT, .nr = 2, .waiting = 1);
	EXPECT_EQ(-EBUSY, savepoint_now(&self->tx, SET, 0));
	ASSERT_EQ(0, en_savepoint(&self->en[1], 1, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
	/* and it is there */
	ASSERT_EQ(0, savepoint_start(&self->call, &self->tx, ROLLBACK_TO, 1));
	ASSERT_BOTH_ASKED(ROLLBACK_TO);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
	ASSERT_EQ(0, en_savepoint(&self->en[1], 1, 0));
	ASSERT_EQ(0, savepoint_join(&self->call));
}

TEST_F(caller, is_killed_and_it_is_refused)
{
	self->child = set_in_child(&self->tx);
	ASSERT_GT(self->child, 0);
	ASSERT_BOTH_ASKED(SET);
	kill_it(_metadata, self->child);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
	ASSERT_EQ(0, en_savepoint(&self->en[1], 1, EIO));
	ASSERT_ASKED(&self->rm[0], RELEASE, &self->en[0], 1);
	ASSERT_EQ(0, en_savepoint(&self->en[0], 1, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
	EXPECT_EQ(-ENOENT, savepoint_now(&self->tx, ROLLBACK_TO, 1));
}

#define ASSERT_ROLLED_BACK() do {						\
	int r;									\
										\
	for (r = 0; r < 2; r++) {						\
		ASSERT_NOTE(&self->rm[r], KTM_NOTIFY_ROLLBACK, &self->en[r]);	\
		EXPECT_EQ(-ECANCELED, en_savepoint(&self->en[r], 1, 0));	\
		ASSERT_EQ(0, rollback_complete(&self->en[r]));			\
	}									\
} while (0)

/* It had the last fd, which stays open as long as the call goes on. */
TEST_F(caller, had_the_last_fd)
{
	self->child = set_in_child(&self->tx);
	ASSERT_GT(self->child, 0);
	ASSERT_EQ(0, close(self->tx.fd));
	ASSERT_BOTH_ASKED(SET);
	ASSERT_EN(&self->en[0], .state = KTM_EN_S_SAVEPOINT, .tx_state = KTM_TX_S_SAVEPOINT);
	kill_it(_metadata, self->child);
	ASSERT_ROLLED_BACK();
}

/* The owner: others that have the transaction lose it, too. */
TEST_F(caller, was_the_owner)
{
	struct ktm_open open = { .size = sizeof(open) };
	struct tx_handle tx;
	int ends[2], go[2], i;

	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(0, pipe(go));
	self->child = fork();
	ASSERT_GE(self->child, 0);
	if (!self->child) {
		if (tx_begin(&self->tm, &tx, 0) ||
		    write(ends[1], tx.info.uuid, KTM_UUID_SIZE) != KTM_UUID_SIZE ||
		    read(go[0], open.uuid, 1) != 1)
			_exit(1);
		_exit(-savepoint_now(&tx, SET, 0));
	}
	ASSERT_EQ(KTM_UUID_SIZE, read(ends[0], open.uuid, KTM_UUID_SIZE));
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_TX_OPEN, &open));
	tx = self->tx;
	tx.fd = open.out_fd;
	tx.info.owner_pid = 0;
	memcpy(tx.info.uuid, open.uuid, KTM_UUID_SIZE);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, en_make(&self->rm[i], &tx, &self->en[i], i + 3,
				     KTM_EN_F_SAVEPOINTS));
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_BOTH_ASKED(SET);
	kill_it(_metadata, self->child);
	ASSERT_ROLLED_BACK();
	ASSERT_TX(&tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_OWNER_DIED);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
}

TEST_HARNESS_MAIN
