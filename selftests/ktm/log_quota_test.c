// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - the quota of log bytes: what it counts, its edge, and that all of it
 * is given back
 */
#include <pthread.h>

#include "harness.h"
#include "ktm_log.h"
#include "ktm_user.h"

#define HEAD	88		/* of a record */
#define VOTE	(HEAD + 16)
#define SLOT	4096
#define REDO(length)	(HEAD + ((length) + 7) / 8 * 8)
#define BIG	60000
#define NR	3

static char data[BIG + 8];

/* What the processes of a test share; the limit may be set by all of them. */
struct log {
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	__u8 rm[2][KTM_UUID_SIZE];
	struct tm_handle tm;
	int percent;
	__u64 size, want;
};

FIXTURE(log)
{
	struct log l;
};

static int open_log(struct log *l)
{
	struct ktm_tm_info info;
	int ret;

	l->percent = param_open(MAX_LOG);
	random_uuid(l->rm[0]);
	random_uuid(l->rm[1]);
	ret = log_format(l->path, LOG_SMALL, l->uuid) ?:
	      tm_attach(l->path, l->uuid, &l->tm, NULL) ?: tm_info(&l->tm, &info);
	l->size = info.log_size;
	return l->percent < 0 ? -errno : ret;
}

FIXTURE_SETUP(log)
{
	self->l.path = log_device("KTM_LOG_DEV");
	if (!self->l.path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(10, param_get(MAX_LOG));
	ASSERT_EQ(0, open_log(&self->l));
}

FIXTURE_TEARDOWN(log)
{
	if (!self->l.tm.durable)
		return;
	param_set(self->l.percent, 10);
	EXPECT_EQ(0, tm_detach(&self->l.tm));
}

static int reattach(struct log *l)
{
	int ret = tm_detach(&l->tm);

	close(l->tm.fd);
	return ret ?: tm_attach(l->path, l->uuid, &l->tm, NULL);
}

static __u64 limit_of(const struct log *l)
{
	struct ktm_tm_info info;

	MUST(!tm_info(&l->tm, &info));
	return info.user_log_max;
}

static bool told(struct rm_handle *rm, __u32 type, struct en_handle *en)
{
	return !*note_differs(rm, type, en);
}

static void begin(struct log *l, struct rm_handle *rm, struct tx_handle *tx,
		  struct en_handle *en)
{
	MUST(!tx_begin(&l->tm, tx, 0) && !en_make(rm, tx, en, 1, 0));
}

/* Until a record of 8 bytes is too long: what is left is less than that. */
static void fill(struct log *l, struct rm_handle *rm, struct tx_handle *tx,
		 struct en_handle *en)
{
	__u64 limit = limit_of(l), held;
	struct en_handle *last = en;

	for (;;) {
		held = log_held(&l->tm);
		if (limit - held < VOTE + REDO(BIG) + 2 * VOTE)
			break;
		begin(l, rm, tx++, en++);
		last = en - 1;
		MUST(!en_log(last, data, BIG, NULL));
		MUST(log_held(&l->tm) == held + VOTE + REDO(BIG));
	}
	begin(l, rm, tx, en);
	held = log_held(&l->tm);
	/* 8 bytes more than there are, and exactly what there is */
	MUST(en_log(en, data, (limit - held - HEAD) / 8 * 8 + 1, NULL) == -EDQUOT);
	MUST(log_held(&l->tm) == held);
	MUST(!en_log(en, data, (limit - held - HEAD) / 8 * 8, NULL));
	MUST(log_held(&l->tm) == limit / 8 * 8);
}

static int edge(void *arg)
{
	struct log *l = arg;
	struct tx_handle tx[16], more;
	struct en_handle en[16], other;
	struct rm_handle rm;
	__u64 held;

	memset(en, 0, sizeof(en));
	MUST(!rm_start(&l->tm, &rm, l->rm[0]));
	fill(l, &rm, tx, en);
	held = log_held(&l->tm);
	/* whatever takes room is refused, and changes nothing */
	MUST(en_log(&en[0], "", 1, NULL) == -EDQUOT);
	MUST(en_set_info(&en[0], "", 1) == -EDQUOT);
	MUST(!tx_begin(&l->tm, &more, 0));
	MUST(en_make(&rm, &more, &other, 2, 0) == -EDQUOT);
	MUST(en_make(&rm, &tx[0], &other, 2, 0) == -EDQUOT);
	MUST(commit_nowait(&tx[0]) == -EDQUOT);
	MUST(!*tx_differs(&tx[0], (struct tx_want){ .state = KTM_TX_S_ACTIVE, .nr = 1 }));
	MUST(!*tx_differs(&more, (struct tx_want){ .state = KTM_TX_S_ACTIVE }));
	MUST(!*rm_speaks(&rm));
	MUST(log_held(&l->tm) == held);
	/* what needs no room goes on */
	MUST(!commit_wait(&more));
	/* and with the room of one of them the commit can be asked for again */
	MUST(rollback_nowait(&tx[1]) == -EINPROGRESS);
	MUST(log_held(&l->tm) == held - VOTE - REDO(BIG));
	MUST(told(&rm, KTM_NOTIFY_ROLLBACK, &en[1]));
	MUST(commit_nowait(&tx[0]) == -EINPROGRESS);
	MUST(log_held(&l->tm) == held - VOTE - REDO(BIG) + 2 * SLOT);
	MUST(told(&rm, KTM_NOTIFY_PREPARE, &en[0]) && !prepare_complete(&en[0]));
	MUST(told(&rm, KTM_NOTIFY_COMMIT, &en[0]));
	MUST(log_held(&l->tm) == held - VOTE - REDO(BIG) + 2 * SLOT);
	MUST(!commit_complete(&en[0]));
	MUST(log_held_gets(&l->tm, held - 2 * (VOTE + REDO(BIG))));
	return 0;
}

static int other_user(void *arg)
{
	struct log *l = arg;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;

	MUST(log_held(&l->tm) == 0);
	MUST(!rm_start(&l->tm, &rm, NULL));
	begin(l, &rm, &tx, &en);
	MUST(!en_log(&en, data, BIG, NULL));
	MUST(commit_nowait(&tx) == -EINPROGRESS && told(&rm, KTM_NOTIFY_PREPARE, &en));
	MUST(!prepare_complete(&en) && told(&rm, KTM_NOTIFY_COMMIT, &en));
	MUST(!commit_complete(&en) && !commit_wait(&tx) && log_held_gets(&l->tm, 0));
	return 0;
}

static int fill_and_stop(void *arg)
{
	struct tx_handle tx[16];
	struct en_handle en[16];
	struct rm_handle rm;
	struct log *l = arg;

	MUST(!rm_start(&l->tm, &rm, l->rm[0]));
	fill(l, &rm, tx, en);
	raise(SIGSTOP);
	return 0;
}

TEST_F_TIMEOUT(log, edge, 600)
{
	__u32 percent;
	int status;
	pid_t pid;

	EXPECT_EQ(0, as_user(ALICE, edge, &self->l));
	/* what her process left open was rolled back; others have shares of their own */
	pid = start_user(ALICE, fill_and_stop, &self->l);
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, as_user(BOB, other_user, &self->l));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	EXPECT_EQ(0, wait_user(pid));
	for (percent = 9; percent < 40; percent += 15) {
		param_set(self->l.percent, percent);
		EXPECT_EQ(0, as_user(BOB, edge, &self->l));
	}
	EXPECT_EQ(0, log_held(&self->l.tm));
}

/* A percentage counts from the next call on, for what is held as well. */
static int percent_changes(void *arg)
{
	struct log *l = arg;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;

	MUST(!rm_start(&l->tm, &rm, NULL));
	begin(l, &rm, &tx, &en);
	MUST(!en_log(&en, data, BIG, NULL));
	param_set(l->percent, 0);
	MUST(limit_of(l) == 0 && en_log(&en, "", 1, NULL) == -EDQUOT);
	param_set(l->percent, 50);
	MUST(limit_of(l) == l->size / 2 && !en_log(&en, "", 1, NULL));
	param_set(l->percent, 1000);
	MUST(limit_of(l) == l->size && !en_log(&en, "", 1, NULL));
	return 0;
}

TEST_F(log, percent)
{
	EXPECT_EQ(0, as_user(ALICE, percent_changes, &self->l));
	param_set(self->l.percent, 0);
	/* root is above it */
	EXPECT_EQ(0, as_user(0, other_user, &self->l));
}

/* Each way in which a transaction stops to need its records. */
static int given_back(void *arg)
{
	struct log *l = arg;
	struct rm_handle rm, dies;
	struct tx_handle tx;
	struct en_handle en, sup;

	MUST(!rm_start(&l->tm, &rm, l->rm[0]));
	/* recovery information is replaced, and taken away */
	begin(l, &rm, &tx, &en);
	MUST(!en_set_info(&en, data, 100) && log_held(&l->tm) == VOTE + 104);
	MUST(!en_set_info(&en, data, 4000) && log_held(&l->tm) == VOTE + 4000);
	MUST(!en_set_info(&en, data, 1) && log_held(&l->tm) == VOTE + 8);
	MUST(!en_set_info(&en, NULL, 0) && log_held(&l->tm) == VOTE);
	/* the fd of the enlistment */
	close(en.fd);
	MUST(log_held(&l->tm) == 0);
	close(tx.fd);
	/* the fd of the transaction */
	begin(l, &rm, &tx, &en);
	MUST(!en_log(&en, data, 100, NULL) && log_held(&l->tm) == VOTE + REDO(100));
	close(tx.fd);
	MUST(log_held(&l->tm) == 0);
	MUST(told(&rm, KTM_NOTIFY_ROLLBACK, &en) && !rollback_complete(&en));
	close(en.fd);
	/* the RM, prepared: another one has not */
	MUST(!rm_start(&l->tm, &dies, NULL));
	begin(l, &dies, &tx, &en);
	MUST(!en_make(&rm, &tx, &sup, 3, 0) && !en_log(&en, data, 100, NULL));
	MUST(commit_nowait(&tx) == -EINPROGRESS && told(&rm, KTM_NOTIFY_PREPARE, &sup));
	MUST(!prepare_complete(&sup));
	MUST(log_held(&l->tm) == 2 * VOTE + REDO(100) + 2 * SLOT);
	close(dies.fd);
	MUST(log_held(&l->tm) == 0);
	MUST(told(&rm, KTM_NOTIFY_ROLLBACK, &sup) && !rollback_complete(&sup));
	close(en.fd);
	close(sup.fd);
	close(tx.fd);
	/* read only: it needs no end record */
	begin(l, &rm, &tx, &en);
	MUST(!en_log(&en, data, 100, NULL) && commit_nowait(&tx) == -EINPROGRESS);
	MUST(told(&rm, KTM_NOTIFY_PREPARE, &en) && !read_only(&en));
	MUST(log_held(&l->tm) == 0 && !commit_wait(&tx));
	close(en.fd);
	close(tx.fd);
	/* single phase */
	MUST(!tx_begin(&l->tm, &tx, 0) &&
	     !en_make(&rm, &tx, &en, 1, KTM_EN_F_SINGLE_PHASE));
	MUST(!en_log(&en, data, 100, NULL) && commit_nowait(&tx) == -EINPROGRESS);
	MUST(told(&rm, KTM_NOTIFY_SINGLE_PHASE_COMMIT, &en));
	MUST(log_held(&l->tm) == VOTE + REDO(100));
	MUST(!commit_complete(&en) && log_held(&l->tm) == 0);
	close(en.fd);
	close(tx.fd);
	return 0;
}

/* A superior's transaction: three records, and its rollback needs an end record. */
static int under_a_superior(void *arg)
{
	struct log *l = arg;
	struct rm_handle rm, boss;
	struct tx_handle tx;
	struct en_handle en, sup;
	int i;

	MUST(!rm_start(&l->tm, &rm, l->rm[0]) && !rm_start(&l->tm, &boss, l->rm[1]));
	for (i = 0; i < 2; i++) {
		begin(l, &rm, &tx, &en);
		MUST(!en_make(&boss, &tx, &sup, 2, KTM_EN_F_SUPERIOR));
		/* no room for three records: the order may be given again */
		param_set(l->percent, 0);
		MUST(order_prepare(&sup) == -EDQUOT && order_preprepare(&sup) == -EDQUOT);
		MUST(!*tx_differs(&tx, (struct tx_want){ .state = KTM_TX_S_ACTIVE, .nr = 1 }));
		MUST(!*rm_speaks(&rm) && !*rm_speaks(&boss));
		param_set(l->percent, 10);
		MUST(!order_prepare(&sup) && told(&rm, KTM_NOTIFY_PREPARE, &en));
		MUST(!prepare_complete(&en) && told(&boss, KTM_NOTIFY_PREPARE_COMPLETE, &sup));
		MUST(log_held(&l->tm) == VOTE + 3 * SLOT);
		MUST(!(i ? order_commit(&sup) : en_veto(&sup, KTM_REASON_RM, 0, "")));
		MUST(told(&rm, i ? KTM_NOTIFY_COMMIT : KTM_NOTIFY_ROLLBACK, &en));
		MUST(!(i ? commit_complete(&en) : rollback_complete(&en)));
		MUST(log_held_gets(&l->tm, 0));
		MUST(told(&boss, i ? KTM_NOTIFY_COMMIT_COMPLETE : KTM_NOTIFY_ROLLBACK_COMPLETE,
			  &sup));
		close(sup.fd);
		close(en.fd);
		close(tx.fd);
	}
	return 0;
}

/* An answer cannot be taken back: who wants the other phases is rolled back. */
static int rejects(void *arg)
{
	static const struct tx_want full = {
		.state = KTM_TX_S_ABORTED,
		.reason = KTM_REASON_LOG_FULL,
		.error = EDQUOT,
	};
	struct log *l = arg;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;

	MUST(!rm_start(&l->tm, &rm, l->rm[0]));
	MUST(!tx_begin(&l->tm, &tx, 0) &&
	     !en_make(&rm, &tx, &en, 1, KTM_EN_F_SINGLE_PHASE));
	MUST(commit_nowait(&tx) == -EINPROGRESS);
	MUST(told(&rm, KTM_NOTIFY_SINGLE_PHASE_COMMIT, &en));
	param_set(l->percent, 0);
	MUST(reject_single(&en) == -EDQUOT);
	MUST(told(&rm, KTM_NOTIFY_ROLLBACK, &en) && !rollback_complete(&en));
	MUST(!*tx_differs(&tx, full));
	MUST(log_held(&l->tm) == 0);
	param_set(l->percent, 10);
	return 0;
}

TEST_F(log, is_given_back)
{
	EXPECT_EQ(0, as_user(ALICE, given_back, &self->l));
	EXPECT_EQ(0, as_user(ALICE, under_a_superior, &self->l));
	EXPECT_EQ(0, as_user(ALICE, rejects, &self->l));
}

/* Decided, and promised, and their RMs gone. */
static int leave(void *arg)
{
	struct log *l = arg;
	struct rm_handle rm, boss;
	struct tx_handle tx;
	struct en_handle en, sup;
	int i;

	MUST(!rm_start(&l->tm, &rm, l->rm[0]) && !rm_start(&l->tm, &boss, l->rm[1]));
	for (i = 0; i < NR; i++) {
		begin(l, &rm, &tx, &en);
		MUST(!en_log(&en, data, 1000 * i + 1, NULL) && !en_log(&en, data, 9, NULL));
		MUST(!en_set_info(&en, data, 10 * i));
		MUST(commit_nowait(&tx) == -EINPROGRESS);
		MUST(told(&rm, KTM_NOTIFY_PREPARE, &en) && !prepare_complete(&en));
		MUST(told(&rm, KTM_NOTIFY_COMMIT, &en));
	}
	begin(l, &rm, &tx, &en);
	MUST(!en_make(&boss, &tx, &sup, 2, KTM_EN_F_SUPERIOR));
	MUST(!en_log(&en, data, 5000, NULL) && !order_prepare(&sup));
	MUST(told(&rm, KTM_NOTIFY_PREPARE, &en) && !prepare_complete(&en));
	MUST(told(&boss, KTM_NOTIFY_PREPARE_COMPLETE, &sup));
	return 0;
}

static __u64 left(void)
{
	__u64 sum = VOTE + REDO(5000) + 3 * SLOT;
	int i;

	for (i = 0; i < NR; i++)
		sum += REDO(1000 * i + 1) + REDO(9) + VOTE + (10 * i + 7) / 8 * 8 + 2 * SLOT;
	return sum;
}

static int holds(void *arg)
{
	struct log *l = arg;

	MUST(log_held_gets(&l->tm, l->want));
	return 0;
}

/* The RM's next life is told, and answers; it may be an administrator's. */
static int resolve(void *arg)
{
	struct log *l = arg;
	struct ktm_notification note;
	struct rm_handle rm, boss;
	struct en_handle en = { }, sup = { };

	MUST(!rm_make(&l->tm, &boss, l->rm[1], 0) && !rm_recover(&boss));
	MUST(read(boss.fd, &note, sizeof(note)) == sizeof(note));
	MUST(note.type == KTM_NOTIFY_RECOVER_QUERY);
	MUST(!en_reopen(&boss, note.enlistment, 1, &sup));
	MUST(!en_veto(&sup, KTM_REASON_RM, 0, ""));
	MUST(!rm_make(&l->tm, &rm, l->rm[0], 0) && !rm_recover(&rm));
	while (read(rm.fd, &note, sizeof(note)) == sizeof(note)) {
		if (note.type != KTM_NOTIFY_RECOVER)
			continue;
		MUST(!en_reopen(&rm, note.enlistment, 1, &en) && !ask_outcome(&en));
		MUST(!commit_complete(&en));
		close(en.fd);
	}
	return 0;
}

TEST_F_TIMEOUT(log, found_again, 600)
{
	void *image;
	int i;

	ASSERT_EQ(0, as_user(ALICE, leave, &self->l));
	self->l.want = left();
	EXPECT_EQ(0, as_user(ALICE, holds, &self->l));
	image = log_save(self->l.path, LOG_SMALL);
	ASSERT_NE(NULL, image);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, reattach(&self->l));
		EXPECT_EQ(0, as_user(ALICE, holds, &self->l));
	}
	/* as a crash would have left it */
	ASSERT_EQ(0, tm_detach(&self->l.tm));
	ASSERT_EQ(0, log_restore(self->l.path, image, LOG_SMALL));
	free(image);
	ASSERT_EQ(0, tm_attach(self->l.path, self->l.uuid, &self->l.tm, NULL));
	EXPECT_EQ(0, as_user(ALICE, holds, &self->l));
	/* whoever answers, it is hers */
	EXPECT_EQ(0, as_user(0, resolve, &self->l));
	self->l.want = 0;
	EXPECT_EQ(0, as_user(ALICE, holds, &self->l));
	ASSERT_EQ(0, as_user(ALICE, leave, &self->l));
	self->l.want = left();
	EXPECT_EQ(0, as_user(ALICE, holds, &self->l));
	EXPECT_EQ(0, as_user(ALICE, resolve, &self->l));
	self->l.want = 0;
	EXPECT_EQ(0, as_user(ALICE, holds, &self->l));
}

/* The votes of one transaction, with the redo, must fit into the room for copies. */
TEST_F_TIMEOUT(log, too_many_votes, 600)
{
	__u64 redo = REDO(BIG), i, nr = (self->l.size / 16 - redo) / VOTE;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;

	ASSERT_GT(KTM_TX_MAX_ENLISTMENTS, nr);
	ASSERT_EQ(0, rm_start(&self->l.tm, &rm, NULL));
	ASSERT_EQ(0, tx_begin(&self->l.tm, &tx, 0));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 0, 0));
	ASSERT_EQ(0, en_log(&en, data, BIG, NULL));
	for (i = 1; i < nr; i++)
		ASSERT_EQ(0, en_make(&rm, &tx, &en, i, 0));
	EXPECT_EQ(-ENOSPC, en_make(&rm, &tx, &en, i, 0));
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE, .nr = nr);
	EXPECT_EQ(redo + nr * VOTE, log_held(&self->l.tm));
	close(tx.fd);
	close(rm.fd);
	EXPECT_EQ(0, log_held(&self->l.tm));
}

/* The log fails: what was held counts until the detach, and what is found then. */
static int leave_in_doubt(void *arg)
{
	struct log *l = arg;
	struct rm_handle rm;
	struct tx_handle tx[2];
	struct en_handle en[2];

	MUST(!rm_start(&l->tm, &rm, l->rm[0]));
	begin(l, &rm, &tx[0], &en[0]);
	begin(l, &rm, &tx[1], &en[1]);
	MUST(!en_log(&en[0], data, 100, NULL) && !en_log(&en[1], data, 100, NULL));
	MUST(commit_nowait(&tx[0]) == -EINPROGRESS && told(&rm, KTM_NOTIFY_PREPARE, &en[0]));
	MUST(device_fault("fault", "write/once"));
	MUST(!prepare_complete(&en[0]) && commit_wait(&tx[0]) == -EIO);
	MUST(log_held(&l->tm) == 2 * (VOTE + REDO(100)) + 2 * SLOT);
	return 0;
}

TEST(log_fails)
{
	struct log l = { .path = log_device("KTM_FAULT_DEV") };

	if (!l.path || !device_fault("fault", "none"))
		SKIP(return, "no KTM_FAULT_DEV, or nobody to make it fail");
	ASSERT_EQ(0, open_log(&l));
	ASSERT_EQ(0, as_user(0, leave_in_doubt, &l));
	/* the active one was rolled back */
	EXPECT_EQ(VOTE + REDO(100) + 2 * SLOT, log_held(&l.tm));
	ASSERT_EQ(0, tm_detach(&l.tm));
	EXPECT_EQ(0, log_held(&l.tm));
	device_fault("fault", "none");
	close(l.tm.fd);
	ASSERT_EQ(0, tm_attach(l.path, l.uuid, &l.tm, NULL));
	EXPECT_EQ(0, log_held(&l.tm));
	ASSERT_EQ(0, tm_detach(&l.tm));
}

/* At the edge, each way out at once. */
struct racer {
	struct log *l;
	struct rm_handle *rm;
	int seed, logged;
};

static void *log_and_end(void *arg)
{
	struct racer *r = arg;
	struct tx_handle tx;
	struct en_handle en;
	int i, n, ret;

	for (i = 0; i < 60; i++) {
		MUST(!tx_begin(&r->l->tm, &tx, 0));
		ret = en_make(r->rm, &tx, &en, 1, 0);
		MUST(!ret || ret == -EDQUOT || ret == -ECANCELED);
		for (n = 0; !ret && n < 4; n++) {
			ret = en_log(&en, data, 7000 + 100 * r->seed, NULL);
			r->logged += !ret;
			MUST(!ret || ret == -EDQUOT || ret == -ECANCELED);
			ret = ret ?: en_set_info(&en, data, 500 * n);
			MUST(!ret || ret == -EDQUOT || ret == -ECANCELED);
			if (n == i % 5)
				rollback_nowait(&tx);
		}
		if (i & 1)
			close(tx.fd);
		close(en.fd);
		if (!(i & 1))
			close(tx.fd);
	}
	return NULL;
}

static void *roll_back_all(void *arg)
{
	__u8 uuids[64][KTM_UUID_SIZE];
	struct racer *r = arg;
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids };
	struct ktm_open open = { .size = sizeof(open) };
	struct tx_handle tx;
	__u32 i;

	while (!__atomic_load_n(&r->logged, __ATOMIC_RELAXED)) {
		list.cursor = 0;
		list.count = 64;
		MUST(!ktm_call(r->l->tm.fd, KTM_IOC_TX_LIST, &list));
		for (i = 0; i < list.count; i++) {
			memcpy(open.uuid, uuids[i], KTM_UUID_SIZE);
			open.out_fd = 0;
			if (ktm_call(r->l->tm.fd, KTM_IOC_TX_OPEN, &open))
				continue;
			tx.fd = open.out_fd;
			rollback_nowait(&tx);
			close(tx.fd);
		}
	}
	return NULL;
}

static int race(void *arg)
{
	struct log *l = arg;
	struct rm_handle rm;
	struct racer racers[6], killer = { .l = l };
	pthread_t threads[6], killing;
	int i, logged = 0;

	MUST(!rm_start(&l->tm, &rm, l->rm[0]));
	for (i = 0; i < 6; i++) {
		racers[i] = (struct racer){ .l = l, .rm = &rm, .seed = i };
		MUST(!pthread_create(&threads[i], NULL, log_and_end, &racers[i]));
	}
	MUST(!pthread_create(&killing, NULL, roll_back_all, &killer));
	for (i = 0; i < 6; i++) {
		MUST(!pthread_join(threads[i], NULL));
		logged += racers[i].logged;
	}
	__atomic_store_n(&killer.logged, 1, __ATOMIC_RELAXED);
	MUST(!pthread_join(killing, NULL));
	MUST(logged > 0 && log_held(&l->tm) == 0);
	return 0;
}

TEST_F_TIMEOUT(log, races, 600)
{
	param_set(self->l.percent, 10);
	EXPECT_EQ(0, as_user(ALICE, race, &self->l));
	EXPECT_EQ(0, log_held(&self->l.tm));
	/* all of it can be had again */
	EXPECT_EQ(0, as_user(ALICE, edge, &self->l));
}

TEST_HARNESS_MAIN
