// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - the quota of objects: each kind, with and without an fd
 */
#include <pthread.h>
#include <sched.h>

#include "harness.h"
#include "ktm_log.h"
#include "ktm_user.h"

/* What two users do with one TM; the limit may be set by either. */
struct place {
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	__u8 rm[KTM_UUID_SIZE];
	struct tm_handle tm;
	int dev, limit;
	int nr;
};

static int open_place(struct place *p, bool durable)
{
	memset(p, 0, sizeof(*p));
	/* the node and the limit are not for everybody */
	p->dev = ktm_dev();
	p->limit = param_open(MAX_OBJECTS);
	if (p->dev < 0 || p->limit < 0)
		return -EBADF;
	random_uuid(p->rm);
	if (!durable)
		return tm_make(&p->tm, 0666);
	p->path = log_device("KTM_LOG_DEV");
	/* large enough for the other quota */
	return log_format(p->path, 8 * LOG_SMALL, p->uuid) ?:
	       tm_attach(p->path, p->uuid, &p->tm, NULL);
}

static int restart(struct place *p)
{
	int ret = tm_detach(&p->tm);

	close(p->tm.fd);
	return ret ?: tm_attach(p->path, p->uuid, &p->tm, NULL);
}

/* One kind of object: what it takes to make one, and what it counts. */
struct kind {
	int (*make)(struct place *p);
	int cost;
};

static struct rm_handle one_rm;
static struct tx_handle one_tx;
static struct en_handle one_en;

static int make_tx(struct place *p)
{
	struct tx_handle tx;

	return tx_begin(&p->tm, &tx, 0) ?: tx.fd;
}

static int make_rm(struct place *p)
{
	struct rm_handle rm;

	return rm_make(&p->tm, &rm, NULL, KTM_RM_F_VOLATILE) ?: rm.fd;
}

static int make_en(struct place *p)
{
	struct en_handle en;

	return en_make(&one_rm, &one_tx, &en, 1, 0) ?: en.fd;
}

static int make_tm(struct place *p)
{
	struct ktm_tm_create arg = { .size = sizeof(arg) };

	return ktm_call(p->dev, KTM_IOC_TM_CREATE, &arg) ?: arg.out_fd;
}

static int make_fewer_rights(struct place *p)
{
	struct ktm_restrict arg = { .size = sizeof(arg), .rights = KTM_RIGHT_QUERY };

	return ktm_call(one_en.fd, KTM_IOC_RESTRICT, &arg) ?: arg.out_fd;
}

static int open_by(int fd, unsigned int cmd, const __u8 *uuid)
{
	struct ktm_open arg = { .size = sizeof(arg) };

	memcpy(arg.uuid, uuid, KTM_UUID_SIZE);
	return ktm_call(fd, cmd, &arg) ?: arg.out_fd;
}

static int open_tx(struct place *p)
{
	return open_by(p->tm.fd, KTM_IOC_TX_OPEN, one_tx.info.uuid);
}

static int open_rm(struct place *p)
{
	return open_by(p->tm.fd, KTM_IOC_RM_OPEN, one_rm.info.uuid);
}

static int open_tm(struct place *p)
{
	return open_by(p->dev, KTM_IOC_TM_OPEN, p->tm.uuid);
}

static const struct kind kinds[] = {
	{ make_tx, 2 }, { make_rm, 2 }, { make_en, 2 }, { make_tm, 17 },
	{ make_fewer_rights, 1 }, { open_tx, 1 }, { open_rm, 1 }, { open_tm, 1 },
};

/* Nothing that a look shows has changed. */
static void must_refuse(struct place *p, const struct kind *kind)
{
	int nr = kind->make == make_en ? 4 : 1;
	struct ktm_tm_info before, after;

	MUST(!tm_info(&p->tm, &before));
	MUST(kind->make(p) == -EDQUOT);
	MUST(!tm_info(&p->tm, &after));
	MUST(!memcmp(&before, &after, sizeof(before)));
	MUST(!*tx_differs(&one_tx, (struct tx_want){ .state = KTM_TX_S_ACTIVE, .nr = nr }));
}

/* The limit is met exactly, and what is freed can be had again. */
static int try_kind(void *arg)
{
	struct place *p = arg;
	const struct kind *kind = &kinds[p->nr];
	int i, more;
	__u64 base;

	MUST(objects_held(&p->tm) == 0);
	MUST(!rm_make(&p->tm, &one_rm, NULL, KTM_RM_F_VOLATILE) && !rm_recover(&one_rm));
	MUST(!tx_begin(&p->tm, &one_tx, 0));
	MUST(!en_make(&one_rm, &one_tx, &one_en, 1, 0));
	base = objects_held(&p->tm);
	MUST(base == 6);
	for (i = 0; i < 3; i++) {
		MUST(kind->make(p) >= 0);
		MUST(objects_held(&p->tm) == base + (i + 1) * kind->cost);
	}
	param_set(p->limit, base + 4 * kind->cost - 1);
	must_refuse(p, kind);
	param_set(p->limit, base + 3 * kind->cost);
	must_refuse(p, kind);
	/* below what is held already */
	param_set(p->limit, 0);
	must_refuse(p, kind);
	param_set(p->limit, base + 4 * kind->cost);
	more = kind->make(p);
	MUST(more >= 0);
	MUST(kind->make(p) == -EDQUOT);
	close(more);
	/* an enlistment that is closed rolls back */
	if (kind->make != make_en) {
		MUST(objects_held(&p->tm) == base + 3 * kind->cost);
		MUST(kind->make(p) >= 0);
		MUST(kind->make(p) == -EDQUOT);
	}
	return 0;
}

FIXTURE(kind)
{
	struct place p;
};

FIXTURE_VARIANT(kind)
{
	int nr;
};

FIXTURE_VARIANT_ADD(kind, tx) { 0 };
FIXTURE_VARIANT_ADD(kind, rm) { 1 };
FIXTURE_VARIANT_ADD(kind, enlistment) { 2 };
FIXTURE_VARIANT_ADD(kind, tm) { 3 };
FIXTURE_VARIANT_ADD(kind, restricted) { 4 };
FIXTURE_VARIANT_ADD(kind, opened_tx) { 5 };
FIXTURE_VARIANT_ADD(kind, opened_rm) { 6 };
FIXTURE_VARIANT_ADD(kind, opened_tm) { 7 };

FIXTURE_SETUP(kind)
{
	ASSERT_EQ(0, open_place(&self->p, false));
	self->p.nr = variant->nr;
}

FIXTURE_TEARDOWN(kind)
{
	param_set(self->p.limit, 65536);
}

TEST_F(kind, limit)
{
	EXPECT_EQ(0, as_user(ALICE, try_kind, &self->p));
	/* her limit was not that of others, and nothing is left of her */
	param_set(self->p.limit, 65536);
	EXPECT_EQ(0, as_user(BOB, try_kind, &self->p));
	EXPECT_EQ(0, as_user(ALICE, try_kind, &self->p));
}

/* Objects that nobody has an fd of. */
FIXTURE(alone)
{
	struct place p;
};

FIXTURE_SETUP(alone)
{
	if (!log_device("KTM_LOG_DEV"))
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, open_place(&self->p, true));
}

FIXTURE_TEARDOWN(alone)
{
	param_set(self->p.limit, 65536);
	if (self->p.tm.durable)
		EXPECT_EQ(0, tm_detach(&self->p.tm));
}

static bool told(struct rm_handle *rm, __u32 type, struct en_handle *en)
{
	return !*note_differs(rm, type, en);
}

/* A decided transaction, without an fd but the RM's. -EDQUOT: it could not be begun. */
static int leave_one(struct place *p, struct rm_handle *rm)
{
	struct tx_handle tx;
	struct en_handle en;
	int ret;

	ret = tx_begin(&p->tm, &tx, 0);
	if (ret)
		return ret;
	ret = en_make(rm, &tx, &en, 1, 0);
	if (!ret) {
		MUST(!en_log(&en, "redo", 4, NULL) && !en_set_info(&en, "info", 4));
		MUST(commit_nowait(&tx) == -EINPROGRESS);
		MUST(told(rm, KTM_NOTIFY_PREPARE, &en) && !prepare_complete(&en));
		MUST(told(rm, KTM_NOTIFY_COMMIT, &en));
		close(en.fd);
	}
	close(tx.fd);
	return ret;
}

static int resolve_all(void *arg)
{
	struct place *p = arg;
	struct ktm_notification note;
	struct en_handle en = { };
	struct rm_handle rm;

	MUST(!rm_make(&p->tm, &rm, p->rm, 0) && !rm_recover(&rm));
	while (read(rm.fd, &note, sizeof(note)) == sizeof(note)) {
		if (note.type != KTM_NOTIFY_RECOVER)
			continue;
		MUST(!en_reopen(&rm, note.enlistment, 1, &en) && !ask_outcome(&en));
		MUST(!commit_complete(&en));
		close(en.fd);
	}
	close(rm.fd);
	MUST(objects_held(&p->tm) == 0);
	return 0;
}

/* Each of these processes is of the same user; each leaves what it can. */
static int bomb(void *arg)
{
	struct place *p = arg;
	struct rm_handle rm;
	__u8 uuid[KTM_UUID_SIZE];
	int ret;

	random_uuid(uuid);
	if (p->nr)
		memcpy(uuid, p->rm, KTM_UUID_SIZE);
	ret = rm_start(&p->tm, &rm, uuid);
	while (!ret)
		ret = leave_one(p, &rm);
	MUST(ret == -EDQUOT);
	return 0;
}

static int use_up_to(struct place *p, int limit)
{
	int fds[200], i;

	for (i = 0; i < 200; i++) {
		fds[i] = make_tx(p);
		if (fds[i] < 0)
			break;
	}
	MUST(i < 200 && fds[i] == -EDQUOT);
	MUST(objects_held(&p->tm) == limit);
	while (i--)
		close(fds[i]);
	return 0;
}

static int holds_nothing(void *arg)
{
	struct place *p = arg;

	MUST(objects_held(&p->tm) == 0);
	return use_up_to(p, 60);
}

static int holds_most(void *arg)
{
	struct place *p = arg;
	__u64 held = objects_held(&p->tm);

	/* 28 transactions, and their RM without its fd */
	MUST(held == 57 && make_rm(p) >= 0);
	MUST(objects_held(&p->tm) == 59 && make_rm(p) == -EDQUOT);
	return 0;
}

TEST_F_TIMEOUT(alone, prepared, 600)
{
	int i;

	param_set(self->p.limit, 60);
	self->p.nr = 1;
	/*
	 * 2 for the RM, 2 for each transaction, and 2 for its fds for a moment: the 29th
	 * can be begun and has no room for the enlistment.
	 */
	EXPECT_EQ(0, as_user(ALICE, bomb, &self->p));
	EXPECT_EQ(0, as_user(ALICE, holds_most, &self->p));
	EXPECT_EQ(0, as_user(BOB, holds_nothing, &self->p));
	ASSERT_TM(&self->p.tm, .state = KTM_TM_S_ONLINE, .unfinished = 28, .aborted = 31);
	/* found again it counts the same, for the same */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, restart(&self->p));
		EXPECT_EQ(0, as_user(ALICE, holds_most, &self->p));
		EXPECT_EQ(0, as_user(BOB, holds_nothing, &self->p));
	}
	EXPECT_EQ(0, as_user(ALICE, resolve_all, &self->p));
	EXPECT_EQ(0, as_user(ALICE, holds_nothing, &self->p));
}

TEST_F_TIMEOUT(alone, many_processes, 600)
{
	struct ktm_tm_info info;
	pid_t pid[8];
	int i;

	param_set(self->p.limit, 60);
	for (i = 0; i < 8; i++)
		pid[i] = start_user(ALICE, bomb, &self->p);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, wait_user(pid[i]));
	ASSERT_EQ(0, tm_info(&self->p.tm, &info));
	EXPECT_LT(0, info.nr_unfinished);
	EXPECT_GE(29, info.nr_unfinished);
	EXPECT_EQ(0, as_user(BOB, holds_nothing, &self->p));
	/* and is found, although it were above a lower limit */
	param_set(self->p.limit, 5);
	ASSERT_EQ(0, restart(&self->p));
	ASSERT_TM(&self->p.tm, .state = KTM_TM_S_ONLINE, .unfinished = info.nr_unfinished);
}

/* Who keeps fds of what others have ended pays for these alone. */
struct keeper {
	struct place p;
	int from_alice[2], to_alice[2];
};

static int be_kept(void *arg)
{
	struct keeper *k = arg;
	struct tx_handle tx[10];
	struct rm_handle rm;
	char byte;
	int i;

	MUST(!rm_start(&k->p.tm, &rm, k->p.rm));
	for (i = 0; i < 10; i++)
		MUST(!tx_begin(&k->p.tm, &tx[i], 0));
	MUST(objects_held(&k->p.tm) == 22);
	MUST(write(k->from_alice[1], tx, sizeof(tx)) == sizeof(tx));
	MUST(read(k->to_alice[0], &byte, 1) == 1);
	MUST(objects_held(&k->p.tm) == 22);
	for (i = 0; i < 10; i++) {
		if (i & 1)
			MUST(!commit_wait(&tx[i]));
		else
			MUST(!rollback_wait(&tx[i]));
		MUST(objects_held(&k->p.tm) == 22 - 2 * i - 1);
		close(tx[i].fd);
	}
	close(rm.fd);
	MUST(objects_held(&k->p.tm) == 0);
	return 0;
}

static int keep(void *arg)
{
	struct keeper *k = arg;
	struct tx_handle tx[10];
	struct ktm_tx_info info;
	int i;

	MUST(read(k->from_alice[0], tx, sizeof(tx)) == sizeof(tx));
	for (i = 0; i < 10; i++) {
		tx[i].fd = open_by(k->p.tm.fd, KTM_IOC_TX_OPEN, tx[i].info.uuid);
		MUST(tx[i].fd >= 0);
	}
	MUST(open_by(k->p.tm.fd, KTM_IOC_RM_OPEN, k->p.rm) >= 0);
	MUST(objects_held(&k->p.tm) == 11);
	MUST(write(k->to_alice[1], "", 1) == 1);
	while (objects_held(&k->p.tm) == 11 && !tx_info(&tx[9], &info) &&
	       info.state != KTM_TX_S_COMMITTED)
		usleep(1000);
	MUST(objects_held(&k->p.tm) == 11);
	/* an RM that only this fd holds is paid for by who makes a life of it: not now */
	MUST(read(k->from_alice[0], tx, 1) == 1);
	return 0;
}

TEST_F(alone, held_by_others)
{
	struct keeper k = { .p = self->p };
	struct rm_handle rm;
	pid_t alice, bob;

	ASSERT_EQ(0, pipe(k.from_alice));
	ASSERT_EQ(0, pipe(k.to_alice));
	alice = start_user(ALICE, be_kept, &k);
	bob = start_user(BOB, keep, &k);
	EXPECT_EQ(0, wait_user(alice));
	/* the object is there still, and is charged to root for this life */
	ASSERT_EQ(0, rm_make(&self->p.tm, &rm, self->p.rm, 0));
	rm.info.uid = ALICE;
	ASSERT_RM(&rm, .state = KTM_RM_S_OFFLINE);
	close(rm.fd);
	ASSERT_EQ(1, write(k.from_alice[1], "", 1));
	EXPECT_EQ(0, wait_user(bob));
}

/* At the limit, and at the first and the last object of a user. */
struct race {
	struct place *p;
	int nr;
};

static void *come_and_go(void *arg)
{
	struct race *race = arg;
	struct place *p = race->p;
	struct ktm_restrict fewer = { .size = sizeof(fewer), .rights = KTM_RIGHT_QUERY };
	int i, fd, ret;

	for (i = 0; i < race->nr; i++) {
		fd = make_tx(p);
		if (fd < 0) {
			MUST(fd == -EDQUOT);
			continue;
		}
		fewer.out_fd = 0;
		ret = ktm_call(p->tm.fd, KTM_IOC_RESTRICT, &fewer);
		MUST(!ret || ret == -EDQUOT);
		close(fd);
		if (!ret)
			close(fewer.out_fd);
	}
	return NULL;
}

static int race_for(void *arg)
{
	struct place *p = arg;
	struct race race = { .p = p, .nr = 400 };
	pthread_t threads[8];
	int i;

	for (i = 0; i < 8; i++)
		MUST(!pthread_create(&threads[i], NULL, come_and_go, &race));
	for (i = 0; i < 8; i++)
		MUST(!pthread_join(threads[i], NULL));
	MUST(objects_held(&p->tm) == 0);
	return use_up_to(p, p->nr);
}

TEST_F_TIMEOUT(alone, races, 600)
{
	pid_t alice, bob;

	/* room for some, for one; the last is too little for a transaction */
	for (self->p.nr = 16; self->p.nr; self->p.nr = self->p.nr / 4 * 2) {
		param_set(self->p.limit, self->p.nr + 1);
		alice = start_user(ALICE, race_for, &self->p);
		bob = start_user(BOB, race_for, &self->p);
		EXPECT_EQ(0, wait_user(alice));
		EXPECT_EQ(0, wait_user(bob));
	}
}

static int many(void *arg)
{
	struct place *p = arg;
	int i;

	for (i = 0; i < 20; i++)
		MUST(make_tx(p) >= 0);
	MUST(objects_held(&p->tm) >= 40);
	return 0;
}

TEST_F(alone, privileged)
{
	param_set(self->p.limit, 10);
	/* counted, and not refused */
	EXPECT_EQ(0, as_user(0, many, &self->p));
}

/* Many uids in a user namespace are one user. */
static int with_many_uids(void *arg)
{
	struct place *p = arg;
	int turn[2], back[2], i;
	char path[64], byte;
	pid_t pid;

	MUST(!pipe(turn) && !pipe(back));
	pid = fork();
	if (!pid) {
		MUST(!become(ALICE));
		if (unshare(CLONE_NEWUSER))
			_exit(SKIPPED);
		MUST(write(back[1], "", 1) == 1 && read(turn[0], &byte, 1) == 1);
		for (i = 0; i < 3; i++) {
			MUST(!setresuid(-1, i + 1, -1));
			MUST(make_tx(p) >= 0);
			MUST(objects_held(&p->tm) == 2 * i + 2);
		}
		MUST(!setresuid(7, 7, 7) && make_tx(p) == -EDQUOT);
		_exit(0);
	}
	close(back[1]);
	if (read(back[0], &byte, 1) == 1) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
		fd = open(path, O_WRONLY);
		MUST(write(fd, "0 100000 100\n", 13) == 13);
		close(fd);
		MUST(write(turn[1], "", 1) == 1);
	}
	return wait_user(pid);
}

TEST_F(alone, user_namespace)
{
	int ret;

	param_set(self->p.limit, 7);
	ret = as_user(0, with_many_uids, &self->p);
	if (ret == SKIPPED)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(0, ret);
}

TEST_HARNESS_MAIN
