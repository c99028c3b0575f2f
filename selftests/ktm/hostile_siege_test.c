// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - what has been a security bug of the model elsewhere, by its row in
 * the list of weak points of KTM: W24, RMs that never return
 */
#include "harness.h"
#include "ktm_log.h"
#include "ktm_user.h"

static bool told(struct rm_handle *rm, __u32 type, struct en_handle *en)
{
	return !*note_differs(rm, type, en);
}

/*
 * W24: an RM that never returns is a denial of service that outlives a restart.
 */
struct siege {
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	int objects;
	__u32 redo;
	bool promised;
};

FIXTURE(w24)
{
	struct siege s;
};

FIXTURE_VARIANT(w24)
{
	__u32 redo;
	bool promised;
};

FIXTURE_VARIANT_ADD(w24, many_small) { .redo = 8 };
FIXTURE_VARIANT_ADD(w24, few_big) { .redo = 60000 };
FIXTURE_VARIANT_ADD(w24, promised) { .redo = 3000, .promised = true };

FIXTURE_SETUP(w24)
{
	memset(&self->s, 0, sizeof(self->s));
	self->s.path = log_device("KTM_LOG_DEV");
	if (!self->s.path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	self->s.redo = variant->redo;
	self->s.promised = variant->promised;
	self->s.objects = param_open(MAX_OBJECTS);
	ASSERT_EQ(0, log_format(self->s.path, LOG_SMALL, self->s.uuid));
	ASSERT_EQ(0, tm_attach(self->s.path, self->s.uuid, &self->s.tm, NULL));
	param_set(self->s.objects, 400);
}

FIXTURE_TEARDOWN(w24)
{
	if (!self->s.tm.durable)
		return;
	param_set(self->s.objects, 65536);
	EXPECT_EQ(0, tm_detach(&self->s.tm));
}

/* One more that waits for an RM: 0, or -EDQUOT. */
static int leave_one(struct siege *s, struct rm_handle *rm, struct rm_handle *boss)
{
	static char data[60000];
	struct tx_handle tx = { .fd = -1 };
	struct en_handle en = { .fd = -1 }, sup = { .fd = -1 };
	int ret;

	ret = tx_begin(&s->tm, &tx, 0) ?: en_make(rm, &tx, &en, 1, 0) ?:
	      en_log(&en, data, s->redo, NULL);
	if (!ret && s->promised)
		ret = en_make(boss, &tx, &sup, 2, KTM_EN_F_SUPERIOR) ?: order_prepare(&sup);
	else if (!ret)
		ret = commit_nowait(&tx) == -EINPROGRESS ? 0 : -EDQUOT;
	if (!ret)
		MUST(told(rm, KTM_NOTIFY_PREPARE, &en) && !prepare_complete(&en));
	if (!ret && s->promised)
		MUST(told(boss, KTM_NOTIFY_PREPARE_COMPLETE, &sup));
	else if (!ret)
		MUST(told(rm, KTM_NOTIFY_COMMIT, &en));
	close(tx.fd);
	close(en.fd);
	close(sup.fd);
	return ret;
}

/* As much as can be had, and then the RMs vanish. */
static int lay_siege(void *arg)
{
	struct siege *s = arg;
	struct rm_handle rm, boss;
	int ret;

	ret = rm_start(&s->tm, &rm, NULL) ?: rm_start(&s->tm, &boss, NULL);
	while (!ret)
		ret = leave_one(s, &rm, &boss);
	MUST(ret == -EDQUOT);
	return 0;
}

static int holds_no_more_than_that(void *arg)
{
	struct siege *s = arg;
	struct ktm_tm_info info;

	MUST(!tm_info(&s->tm, &info));
	MUST(info.user_objects && info.user_objects <= info.user_objects_max);
	MUST(info.user_log && info.user_log <= info.user_log_max);
	MUST(info.user_log_max <= info.log_size / 4);
	return 0;
}

static int holds_nothing(void *arg)
{
	struct siege *s = arg;

	MUST(!objects_held(&s->tm) && log_held_gets(&s->tm, 0));
	return 0;
}

static void tell_why(struct siege *s, const struct tx_handle *tx, int ret)
{
	struct ktm_tm_info tm = { };
	struct ktm_tx_info info = { };

	tx_info(tx, &info);
	tm_info(&s->tm, &tm);
	fprintf(stderr, "# error %d, reason %u, state %u; log %llu to %llu of %llu, ",
		ret, info.reason, info.state, (unsigned long long)tm.log_tail,
		(unsigned long long)tm.log_head, (unsigned long long)tm.log_size);
	fprintf(stderr, "%llu reserved, %llu unfinished, %llu mine\n",
		(unsigned long long)tm.log_reserved, (unsigned long long)tm.nr_unfinished,
		(unsigned long long)tm.user_log);
}

/* Commits, one after the other, until the ring has gone round four times. */
static int go_round(void *arg)
{
	static char data[30000];
	struct siege *s = arg;
	struct ktm_tm_info info;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	__u64 end;
	int ret;

	MUST(!rm_start(&s->tm, &rm, NULL) && !tm_info(&s->tm, &info));
	end = info.log_head + 4 * info.log_size;
	do {
		ret = tx_begin(&s->tm, &tx, 0) ?: en_make(&rm, &tx, &en, 1, 0) ?:
		      en_log(&en, data, sizeof(data), NULL) ?: commit_nowait(&tx);
		if (ret != -EINPROGRESS)
			tell_why(s, &tx, ret);
		MUST(ret == -EINPROGRESS);
		MUST(told(&rm, KTM_NOTIFY_PREPARE, &en) && !prepare_complete(&en));
		MUST(told(&rm, KTM_NOTIFY_COMMIT, &en) && !commit_complete(&en));
		MUST(!commit_wait(&tx));
		close(en.fd);
		close(tx.fd);
		MUST(!tm_info(&s->tm, &info));
	} while (info.log_head < end);
	return 0;
}

static int restart(struct siege *s, __u32 flags, __u32 *recovered)
{
	int ret = tm_detach(&s->tm);

	close(s->tm.fd);
	return ret ?: tm_attach_flags(s->path, s->uuid, &s->tm, recovered, flags);
}

/* Takes the place of each RM that is away, and says what a user did not want to say. */
static void answer_for_all(const struct tm_handle *tm)
{
	__u8 uuids[64][KTM_UUID_SIZE];
	struct ktm_list list = {
		.size = sizeof(list),
		.uuids = (uintptr_t)uuids,
		.count = 64,
	};
	struct ktm_notification note;
	struct rm_handle rm[64];
	struct en_handle en;
	__u32 i;

	MUST(!ktm_call(tm->fd, KTM_IOC_RM_LIST, &list) && list.count < 64);
	for (i = 0; i < list.count; i++)
		MUST(!rm_make(tm, &rm[i], uuids[i], 0) && !rm_recover(&rm[i]));
	for (i = 0; i < list.count; i++) {
		while (read(rm[i].fd, &note, sizeof(note)) == sizeof(note)) {
			bool query = note.type == KTM_NOTIFY_RECOVER_QUERY;

			if (!query && note.type != KTM_NOTIFY_RECOVER)
				continue;
			/* a superior was here before, and has rolled back */
			if (en_reopen(&rm[i], note.enlistment, 1, &en))
				continue;
			if (query)
				MUST(!en_veto(&en, KTM_REASON_RM, 0, ""));
			else if (!ask_outcome(&en))
				commit_complete(&en);
			close(en.fd);
		}
	}
	for (i = 0; i < list.count; i++)
		close(rm[i].fd);
}

#define LAY_SIEGE() do {							\
	pid_t pids[4];								\
	int n;									\
										\
	for (n = 0; n < 4; n++)							\
		pids[n] = start_user(ALICE, lay_siege, &self->s);		\
	for (n = 0; n < 4; n++)							\
		EXPECT_EQ(0, wait_user(pids[n]));				\
	EXPECT_EQ(0, as_user(ALICE, holds_no_more_than_that, &self->s));	\
} while (0)

/* Neither the ring nor a restart is held up, and an administrator ends it. */
TEST_F_TIMEOUT(w24, rm_never_returns, 600)
{
	struct siege *s = &self->s;
	struct ktm_tm_info before, after;
	__u32 recovered;
	int i;

	LAY_SIEGE();
	ASSERT_EQ(0, tm_info(&s->tm, &before));
	EXPECT_LT(0, before.nr_unfinished);
	EXPECT_EQ(0, as_user(BOB, go_round, s));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, restart(s, 0, &recovered));
		EXPECT_EQ(before.nr_unfinished, recovered);
		EXPECT_EQ(0, as_user(ALICE, holds_no_more_than_that, s));
		EXPECT_EQ(0, as_user(BOB, go_round, s));
		/* a restart gives her no more */
		LAY_SIEGE();
		ASSERT_EQ(0, tm_info(&s->tm, &before));
	}
	answer_for_all(&s->tm);
	ASSERT_EQ(0, tm_info(&s->tm, &after));
	EXPECT_EQ(0, after.nr_unfinished);
	EXPECT_EQ(0, as_user(ALICE, holds_nothing, s));
	EXPECT_EQ(0, as_user(BOB, go_round, s));
}

static int leave_just_one(void *arg)
{
	struct siege *s = arg;
	struct rm_handle rm, boss;

	MUST(!rm_start(&s->tm, &rm, NULL) && !rm_start(&s->tm, &boss, NULL));
	MUST(!leave_one(s, &rm, &boss));
	return 0;
}

/*
 * Without the RMs' UUIDs: all that was decided after a moment is thrown away, with what
 * others have decided since, so this is the last resort.
 */
TEST_F_TIMEOUT(w24, all_is_discarded, 600)
{
	struct siege *s = &self->s;
	struct ktm_tm_info info;
	__u32 recovered, other;
	__u64 clock;

	ASSERT_EQ(0, as_user(BOB, leave_just_one, s));
	ASSERT_EQ(0, tm_info(&s->tm, &info));
	clock = info.clock;
	LAY_SIEGE();
	ASSERT_EQ(0, tm_info(&s->tm, &info));
	ASSERT_EQ(0, restart(s, KTM_TM_ATTACH_F_NO_RECOVER, &recovered));
	EXPECT_EQ(info.nr_unfinished, recovered);
	ASSERT_EQ(0, tm_forward(&s->tm, clock, &recovered, &other));
	EXPECT_EQ(1, recovered);
	ASSERT_EQ(0, tm_recover(&s->tm, KTM_TM_RECOVER_F_DISCARD, &recovered, &other));
	EXPECT_EQ(1, recovered);
	EXPECT_EQ(info.nr_unfinished - 1, other);
	EXPECT_EQ(0, as_user(ALICE, holds_nothing, s));
	EXPECT_EQ(0, as_user(BOB, holds_no_more_than_that, s));
	EXPECT_EQ(0, as_user(BOB, go_round, s));
	ASSERT_EQ(0, restart(s, 0, &recovered));
	EXPECT_EQ(1, recovered);
	EXPECT_EQ(0, as_user(ALICE, holds_nothing, s));
}

TEST_HARNESS_MAIN
