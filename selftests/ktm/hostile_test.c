// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - what has been a security bug of the model elsewhere, by its row in
 * the list of weak points of KTM: W20, W22, W23; W21 is in hostile_rm_test.c, W24 in
 * hostile_siege_test.c
 */
#include <pthread.h>
#include <sys/stat.h>

#include "harness.h"
#include "ktm_log.h"
#include "ktm_user.h"

#define TURNS	300

/*
 * W20: a UUID that is in use was accepted for a new object, and the live one freed.
 */
struct claim {
	struct tm_handle tm;
	int dev;
	__u8 uuid[KTM_UUID_SIZE];
	int (*make)(struct claim *c);
	int (*use)(struct claim *c, int fd);
	int owners, made;
	bool over;
};

static int open_by(int fd, unsigned int cmd, const __u8 *uuid)
{
	struct ktm_open arg = { .size = sizeof(arg) };

	memcpy(arg.uuid, uuid, KTM_UUID_SIZE);
	return ktm_call(fd, cmd, &arg) ?: arg.out_fd;
}

static int make_tm(struct claim *c)
{
	struct ktm_tm_create arg = { .size = sizeof(arg), .mode = 0600 };

	memcpy(arg.uuid, c->uuid, KTM_UUID_SIZE);
	return ktm_call(c->dev, KTM_IOC_TM_CREATE, &arg) ?: arg.out_fd;
}

static int use_tm(struct claim *c, int fd)
{
	struct tm_handle tm = { .fd = fd };
	struct tx_handle tx;

	memcpy(tm.uuid, c->uuid, KTM_UUID_SIZE);
	return tx_begin(&tm, &tx, 0) ?: commit_wait(&tx) ?: close(tx.fd) ?:
	       *tm_differs(&tm, (struct tm_want){ .state = KTM_TM_S_ONLINE,
						  .committed = 1 });
}

static int make_tx(struct claim *c)
{
	struct ktm_tx_create arg = { .size = sizeof(arg) };

	memcpy(arg.uuid, c->uuid, KTM_UUID_SIZE);
	return ktm_call(c->tm.fd, KTM_IOC_TX_CREATE, &arg) ?: arg.out_fd;
}

static int use_tx(struct claim *c, int fd)
{
	struct ktm_tx_info info = { .size = sizeof(info) };
	struct tx_handle tx = { .fd = fd };

	if (ktm_call(fd, KTM_IOC_TX_INFO, &info) || info.state != KTM_TX_S_ACTIVE ||
	    memcmp(info.uuid, c->uuid, KTM_UUID_SIZE))
		return -EBADMSG;
	return commit_wait(&tx);
}

static int make_rm(struct claim *c)
{
	struct rm_handle rm;

	return rm_make(&c->tm, &rm, c->uuid, KTM_RM_F_VOLATILE) ?: rm.fd;
}

static int use_rm(struct claim *c, int fd)
{
	struct rm_handle rm = { .fd = fd };
	struct tx_handle tx;
	struct en_handle en;

	if (rm_recover(&rm) || tx_begin(&c->tm, &tx, 0) ||
	    en_make(&rm, &tx, &en, 1, KTM_EN_F_SINGLE_PHASE) ||
	    commit_nowait(&tx) != -EINPROGRESS)
		return -EBADMSG;
	return commit_complete(&en) ?: commit_wait(&tx) ?: close(en.fd) ?: close(tx.fd);
}

static void *claim(void *arg)
{
	struct claim *c = arg;
	int fd, i;

	for (i = 0; i < TURNS; i++) {
		fd = c->make(c);
		if (fd < 0) {
			MUST(fd == -EEXIST);
			continue;
		}
		/* while it lives nobody else has got it */
		MUST(!__atomic_fetch_add(&c->owners, 1, __ATOMIC_SEQ_CST));
		__atomic_fetch_add(&c->made, 1, __ATOMIC_SEQ_CST);
		MUST(!c->use(c, fd));
		__atomic_fetch_sub(&c->owners, 1, __ATOMIC_SEQ_CST);
		close(fd);
	}
	return NULL;
}

/* Looks the dying object up, and gets a whole one or none. */
static void *look_up(void *arg)
{
	struct claim *c = arg;
	int fd;

	while (!__atomic_load_n(&c->over, __ATOMIC_SEQ_CST)) {
		if (c->make == make_tm) {
			fd = open_by(c->dev, KTM_IOC_TM_OPEN, c->uuid);
		} else {
			struct ktm_rm_info info = { .size = sizeof(info) };

			memcpy(info.uuid, c->uuid, KTM_UUID_SIZE);
			fd = ktm_call(c->tm.fd, KTM_IOC_RM_INFO, &info) ?: -ENOENT;
		}
		MUST(fd >= 0 || fd == -ENOENT);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

FIXTURE(w20)
{
	struct claim c;
};

FIXTURE_VARIANT(w20)
{
	int (*make)(struct claim *c);
	int (*use)(struct claim *c, int fd);
};

FIXTURE_VARIANT_ADD(w20, tm) { make_tm, use_tm };
FIXTURE_VARIANT_ADD(w20, tx) { make_tx, use_tx };
FIXTURE_VARIANT_ADD(w20, rm) { make_rm, use_rm };

FIXTURE_SETUP(w20)
{
	memset(&self->c, 0, sizeof(self->c));
	random_uuid(self->c.uuid);
	self->c.dev = ktm_dev();
	self->c.make = variant->make;
	self->c.use = variant->use;
	ASSERT_EQ(0, tm_make(&self->c.tm, 0600));
}

FIXTURE_TEARDOWN(w20)
{
}

TEST_F(w20, uuid_in_use)
{
	struct claim *c = &self->c;
	int fd = c->make(c), i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EEXIST, c->make(c));
	EXPECT_EQ(0, c->use(c, fd));
	close(fd);
	fd = c->make(c);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, c->use(c, fd));
	close(fd);
}

/* Where a UUID has no meaning it must be zero. */
TEST_F(w20, reserved_uuid)
{
	struct ktm_en_create arg = { .size = sizeof(arg), .uuid = { 1 } };
	struct rm_handle rm;
	struct tx_handle tx;

	ASSERT_EQ(0, rm_make(&self->c.tm, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&rm));
	ASSERT_EQ(0, tx_begin(&self->c.tm, &tx, 0));
	arg.tx_fd = tx.fd;
	EXPECT_EQ(-EINVAL, ktm_call(rm.fd, KTM_IOC_EN_CREATE, &arg));
	ASSERT_RM(&rm, .state = KTM_RM_S_ONLINE);
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE);
}

TEST_F_TIMEOUT(w20, while_it_closes, 600)
{
	__u8 uuids[8][KTM_UUID_SIZE];
	struct ktm_list list = {
		.size = sizeof(list),
		.uuids = (uintptr_t)uuids,
		.count = 8,
	};
	pthread_t threads[4], looks;
	int i;

	ASSERT_EQ(0, pthread_create(&looks, NULL, look_up, &self->c));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, claim, &self->c));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	__atomic_store_n(&self->c.over, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(looks, NULL));
	EXPECT_LT(0, self->c.made);
	EXPECT_EQ(0, self->c.owners);
	/* and nothing of it is left */
	if (variant->make == make_tm)
		return;
	ASSERT_EQ(0, ktm_call(self->c.tm.fd, variant->make == make_tx ?
			      KTM_IOC_TX_LIST : KTM_IOC_RM_LIST, &list));
	EXPECT_EQ(0, list.count);
}

/*
 * W22: hostile RMs: two processes answer for one enlistment, close it in the middle,
 * and answer what nobody asked.
 */
static const unsigned int answers[] = {
	KTM_IOC_EN_PREPARE_COMPLETE, KTM_IOC_EN_COMMIT_COMPLETE, KTM_IOC_EN_ROLLBACK_COMPLETE,
	KTM_IOC_EN_PREPREPARE_COMPLETE, KTM_IOC_EN_REJECT_SINGLE_PHASE, KTM_IOC_EN_RECOVER,
	KTM_IOC_EN_REQUEST_OUTCOME, KTM_IOC_EN_PREPREPARE, KTM_IOC_EN_PREPARE,
	KTM_IOC_EN_COMMIT,
};

FIXTURE(w22)
{
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	int go[2];
};

FIXTURE_SETUP(w22)
{
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
}

FIXTURE_TEARDOWN(w22)
{
}

static int begin(struct _test_data_w22 *self)
{
	return tx_begin(&self->tm, &self->tx, 0) ?:
	       en_make(&self->rm, &self->tx, &self->en, 1, 0);
}

/* No answer to a question that was not asked moves anything. */
TEST_F(w22, answers_out_of_turn)
{
	size_t i;

	ASSERT_EQ(0, begin(self));
	for (i = 0; i < ARRAY_LEN(answers); i++) {
		int ret = en_answer(&self->en, answers[i]);

		EXPECT_TRUE(ret == -EPROTO || ret == -EPERM);
		ASSERT_EN(&self->en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
	}
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	for (i = 1; i < ARRAY_LEN(answers); i++) {
		/* this one is always heard: it rolls back */
		if (answers[i] == KTM_IOC_EN_REQUEST_OUTCOME)
			continue;
		EXPECT_GT(0, en_answer(&self->en, answers[i]));
		ASSERT_EN(&self->en, .state = KTM_EN_S_PREPARING,
			  .tx_state = KTM_TX_S_PREPARING);
	}
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	for (i = 0; i < ARRAY_LEN(answers); i++) {
		if (answers[i] == KTM_IOC_EN_COMMIT_COMPLETE ||
		    answers[i] == KTM_IOC_EN_REQUEST_OUTCOME)
			continue;
		EXPECT_GT(0, en_answer(&self->en, answers[i]));
		ASSERT_EN(&self->en, .state = KTM_EN_S_COMMITTING,
			  .tx_state = KTM_TX_S_COMMITTING);
	}
	EXPECT_EQ(-EPROTO, en_veto(&self->en, KTM_REASON_RM, 0, ""));
	ASSERT_EQ(0, commit_complete(&self->en));
	ASSERT_EQ(0, commit_wait(&self->tx));
	for (i = 0; i < ARRAY_LEN(answers); i++)
		EXPECT_GT(0, en_answer(&self->en, answers[i]));
	ASSERT_EN(&self->en, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_COMMITTED);
}

/* The other process waits for a byte, then gives the answer that its argument says. */
static pid_t start_other(struct _test_data_w22 *self, unsigned int cmd)
{
	pid_t pid;
	char byte;

	MUST(!pipe(self->go));
	pid = fork();
	if (pid) {
		close(self->go[0]);
		return pid;
	}
	MUST(read(self->go[0], &byte, 1) == 1);
	if (cmd == KTM_IOC_EN_ROLLBACK)
		_exit(-en_veto(&self->en, KTM_REASON_RM, 0, "the other"));
	_exit(-en_answer(&self->en, cmd));
}

static void let_go(struct _test_data_w22 *self)
{
	MUST(write(self->go[1], "", 1) == 1);
	close(self->go[1]);
}

TEST_F_TIMEOUT(w22, two_processes_answer, 600)
{
	int i, mine, other;
	pid_t pid;

	for (i = 0; i < 40; i++) {
		/* both say yes: one of them is late */
		ASSERT_EQ(0, begin(self));
		ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
		pid = start_other(self, KTM_IOC_EN_PREPARE_COMPLETE);
		let_go(self);
		mine = -prepare_complete(&self->en);
		other = wait_user(pid);
		EXPECT_TRUE(!mine != !other);
		EXPECT_TRUE(mine + other == EALREADY || mine + other == EPROTO);
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
		/* both have carried it out */
		pid = start_other(self, KTM_IOC_EN_COMMIT_COMPLETE);
		let_go(self);
		mine = -commit_complete(&self->en);
		other = wait_user(pid);
		EXPECT_TRUE(!mine != !other);
		EXPECT_EQ(EALREADY, mine + other);
		ASSERT_EQ(0, commit_wait(&self->tx));
		close(self->en.fd);
		close(self->tx.fd);

		/* one says yes, the other no: whoever was first is believed */
		ASSERT_EQ(0, begin(self));
		ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
		pid = start_other(self, KTM_IOC_EN_ROLLBACK);
		let_go(self);
		mine = -prepare_complete(&self->en);
		other = wait_user(pid);
		EXPECT_TRUE(!mine != !other);
		if (!mine) {
			EXPECT_TRUE(other == EPROTO || other == EALREADY);
			ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
			ASSERT_EQ(0, commit_complete(&self->en));
			ASSERT_EQ(0, commit_wait(&self->tx));
		} else {
			EXPECT_EQ(ECANCELED, mine);
			ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en);
			ASSERT_EQ(0, rollback_complete(&self->en));
			ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
		}
		close(self->en.fd);
		close(self->tx.fd);
	}
	ASSERT_QUIET(&self->rm);
	ASSERT_RM(&self->rm, .state = KTM_RM_S_ONLINE);
}

/* An fd that another process has as well does not end with the one that is closed. */
TEST_F_TIMEOUT(w22, closed_in_the_middle, 600)
{
	int i, other;
	pid_t pid;

	for (i = 0; i < 40; i++) {
		ASSERT_EQ(0, begin(self));
		ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
		/* the other has the last fd when this one is gone, and answers on it */
		pid = start_other(self, i & 1 ? KTM_IOC_EN_PREPARE_COMPLETE :
						KTM_IOC_EN_ROLLBACK);
		let_go(self);
		close(self->en.fd);
		other = wait_user(pid);
		EXPECT_EQ(0, other);
		/*
		 * That was the last fd: what is rolled back is over, what has prepared
		 * waits for the RM, which has no fd to answer with any more.
		 */
		if (i & 1) {
			ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
			ASSERT_TX(&self->tx, .state = KTM_TX_S_COMMITTING, .nr = 1,
				  .waiting = 1);
			ASSERT_EQ(0, en_reopen(&self->rm, self->en.info.uuid, 1, &self->en));
			ASSERT_EQ(0, commit_complete(&self->en));
			close(self->en.fd);
			ASSERT_EQ(0, commit_wait(&self->tx));
		} else {
			ASSERT_EQ(-ECANCELED, commit_wait(&self->tx));
		}
		close(self->tx.fd);
	}
	ASSERT_RM(&self->rm, .state = KTM_RM_S_ONLINE);
}

/* The node and an object are for those alone to whom they were given. */
TEST(w23_default_permissions)
{
	static const char * const nodes[] = { KTM_DEV, "/dev/ktm_txf" };
	static const char * const params[] = { MAX_OBJECTS, MAX_LOG };
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_LEN(nodes); i++) {
		ASSERT_EQ(0, stat(nodes[i], &st));
		EXPECT_EQ(0, st.st_uid);
		EXPECT_EQ(0, st.st_gid);
		EXPECT_EQ(0, st.st_mode & 07117);
	}
	ASSERT_EQ(0, become(ALICE));
	for (i = 0; i < ARRAY_LEN(nodes); i++) {
		EXPECT_EQ(-1, open(nodes[i], O_RDONLY));
		EXPECT_EQ(EACCES, errno);
	}
	for (i = 0; i < ARRAY_LEN(params); i++) {
		EXPECT_EQ(-1, param_open(params[i]));
		EXPECT_EQ(EACCES, errno);
	}
}

/* With the control node alone, as a broker may pass it on. */
static int gets_no_tm(void *arg)
{
	struct claim *c = arg;
	__u8 uuids[64][KTM_UUID_SIZE];
	struct ktm_list list = {
		.size = sizeof(list),
		.uuids = (uintptr_t)uuids,
		.count = 64,
	};
	__u32 i;

	MUST(open_by(c->dev, KTM_IOC_TM_OPEN, c->tm.uuid) == -EACCES);
	MUST(!ktm_call(c->dev, KTM_IOC_TM_LIST, &list));
	for (i = 0; i < list.count; i++)
		MUST(memcmp(uuids[i], c->tm.uuid, KTM_UUID_SIZE));
	return 0;
}

TEST(w23_no_implicit_access)
{
	static const __u32 modes[] = { 0, 0600, 0660 };
	struct claim c = { .dev = ktm_dev() };
	struct tx_handle tx;
	size_t i;

	for (i = 0; i < ARRAY_LEN(modes); i++) {
		ASSERT_EQ(0, tm_make(&c.tm, modes[i]));
		ASSERT_EQ(0, tx_begin(&c.tm, &tx, 0));
		EXPECT_EQ(0, as_user(ALICE, gets_no_tm, &c));
		ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE);
		close(tx.fd);
		close(c.tm.fd);
	}
}

TEST_HARNESS_MAIN
