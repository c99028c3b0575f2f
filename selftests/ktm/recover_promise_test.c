// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - recovery in steps of what was promised to a superior: rolled forward
 * to, discarded, and kept
 */
#include "harness.h"
#include "ktm_log.h"

#define NR	4
#define DECIDED	1	/* it is decided after the last promise */

/*
 * A log with promises, each at its clock. One of them is decided, at a clock after all
 * of them, and its RM has not carried it out.
 */
FIXTURE(promise)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle rm, boss;
	struct en_handle en[NR], sup[NR];
	__u64 clock[NR], decided;
};

static int order_at(const struct en_handle *sup, unsigned int order, __u64 clock)
{
	struct ktm_en_answer arg = { .size = sizeof(arg), .clock = clock };

	return ktm_call(sup->fd, order, &arg);
}

static int promise(struct _test_data_promise *self, int i)
{
	struct en_handle *en = &self->en[i], *sup = &self->sup[i];
	struct rm_handle *rm = &self->rm, *boss = &self->boss;
	struct tx_handle tx;
	int ret = tx_begin(&self->tm, &tx, 0) ?: en_make(rm, &tx, en, i, 0) ?:
		  en_make(boss, &tx, sup, 10 + i, KTM_EN_F_SUPERIOR) ?:
		  en_log(en, &i, sizeof(i), NULL) ?:
		  order_at(sup, KTM_IOC_EN_PREPARE, 100 * (i + 1));

	if (ret || *note_differs(rm, KTM_NOTIFY_PREPARE, en) || prepare_complete(en) ||
	    *note_differs(boss, KTM_NOTIFY_PREPARE_COMPLETE, sup))
		return -EBADMSG;
	/* nothing has moved it since */
	self->clock[i] = boss->clock;
	close(tx.fd);
	return 0;
}

static void drop(int *fd)
{
	if (*fd > 0)
		close(*fd);
	*fd = -1;
}

static int stop(struct _test_data_promise *self)
{
	int i;

	for (i = 0; i < NR; i++) {
		drop(&self->en[i].fd);
		drop(&self->sup[i].fd);
	}
	drop(&self->rm.fd);
	drop(&self->boss.fd);
	return tm_detach(&self->tm) ?: close(self->tm.fd);
}

static int attach(struct _test_data_promise *self)
{
	return tm_attach_flags(self->path, self->uuid, &self->tm, NULL,
			       KTM_TM_ATTACH_F_NO_RECOVER);
}

FIXTURE_SETUP(promise)
{
	int i;

	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->boss, NULL));
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, promise(self, i));
	ASSERT_EQ(0, order_at(&self->sup[DECIDED], KTM_IOC_EN_COMMIT, 1000));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en[DECIDED]);
	self->decided = self->rm.clock;
	ASSERT_LE(1000, self->decided);
	for (i = 0; i < NR; i++)
		ASSERT_LE(100 * (i + 1), self->clock[i]);
	ASSERT_LT(self->clock[NR - 1], self->decided);
	ASSERT_EQ(0, stop(self));
}

FIXTURE_TEARDOWN(promise)
{
	if (self->tm.durable)
		stop(self);
}

/*
 * The subordinate is told of those in @kept alone, with what it has logged; the
 * superior is asked for each of these but the decided one.
 */
static void come_back(struct __test_metadata *_metadata,
		      struct _test_data_promise *self, unsigned int kept)
{
	__u32 length;
	int i, seen;

	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, self->rm.info.uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->rm));
	for (i = 0; i < NR; i++)
		if (kept & 1U << i)
			ASSERT_NOTE(&self->rm, KTM_NOTIFY_RECOVER, &self->en[i]);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, rm_make(&self->tm, &self->boss, self->boss.info.uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->boss));
	for (i = 0; i < NR; i++) {
		if (!(kept & 1U << i)) {
			EXPECT_EQ(-ENOENT, en_reopen(&self->rm, self->en[i].info.uuid, i,
						     &self->en[i]));
			EXPECT_EQ(-ENOENT, en_reopen(&self->boss, self->sup[i].info.uuid,
						     i, &self->sup[i]));
			continue;
		}
		ASSERT_EQ(0, en_reopen(&self->rm, self->en[i].info.uuid, i, &self->en[i]));
		length = sizeof(seen);
		ASSERT_EQ(0, en_read_log(&self->en[i], 0, &seen, &length));
		EXPECT_EQ(i, seen);
		ASSERT_EQ(0, ask_outcome(&self->en[i]));
		if (i == DECIDED) {
			ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en[i]);
			continue;
		}
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_INDOUBT, &self->en[i]);
		ASSERT_NOTE(&self->boss, KTM_NOTIFY_RECOVER_QUERY, &self->sup[i]);
		ASSERT_EQ(0, en_reopen(&self->boss, self->sup[i].info.uuid, 10 + i,
				       &self->sup[i]));
	}
	ASSERT_NOTE(&self->boss, KTM_NOTIFY_LAST_RECOVER, NULL);
}

/* What was kept still ends as the superior says; nothing is left then. */
static void end_all(struct __test_metadata *_metadata, struct _test_data_promise *self,
		    unsigned int kept)
{
	struct ktm_tm_info info;
	int i;

	for (i = 0; i < NR; i++) {
		if (!(kept & 1U << i))
			continue;
		if (i == DECIDED) {
			ASSERT_EQ(0, commit_complete(&self->en[i]));
		} else if (i) {
			ASSERT_EQ(0, en_veto(&self->sup[i], KTM_REASON_RM, 0, ""));
			ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &self->en[i]);
			ASSERT_EQ(0, rollback_complete(&self->en[i]));
			ASSERT_NOTE(&self->boss, KTM_NOTIFY_ROLLBACK_COMPLETE, &self->sup[i]);
		} else {
			ASSERT_EQ(0, order_commit(&self->sup[i]));
			ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en[i]);
			ASSERT_EQ(0, commit_complete(&self->en[i]));
			ASSERT_NOTE(&self->boss, KTM_NOTIFY_COMMIT_COMPLETE, &self->sup[i]);
		}
	}
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(0, info.nr_unfinished);
}

/* By the clock of the promise, and once it is decided by that of the decision. */
TEST_F_TIMEOUT(promise, forward, 600)
{
	/* in the order of their clocks */
	const __u64 clock[NR] = { self->clock[0], self->clock[2], self->clock[3],
				  self->decided };
	__u32 recovered, left;
	int i;

	ASSERT_EQ(0, attach(self));
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(0, tm_forward(&self->tm, clock[i] - 1, &recovered, &left));
		EXPECT_EQ(i, recovered);
		EXPECT_EQ(NR - i, left);
		ASSERT_EQ(0, tm_forward(&self->tm, clock[i], &recovered, &left));
		EXPECT_EQ(i + 1, recovered);
		EXPECT_EQ(NR - i - 1, left);
	}
	/* without a discard it goes to the end all the same */
	ASSERT_EQ(0, tm_recover(&self->tm, 0, &recovered, &left));
	EXPECT_EQ(NR, recovered);
	EXPECT_EQ(0, left);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .unfinished = NR);
	come_back(_metadata, self, 0xf);
	end_all(_metadata, self, 0xf);
}

/* Where the history is cut, and which of them are left. */
static const struct cut {
	int after;
	unsigned int kept;
} cuts[] = {
	{ 0, 0x1 },
	/* it was promised by then, and is decided later: the decision is gone */
	{ 1, 0x1 },
	{ 2, 0x5 },
	{ 3, 0xd },
};

static void cut_off(struct __test_metadata *_metadata, struct _test_data_promise *self,
		    const struct cut *cut)
{
	unsigned int kept = cut->kept, nr = __builtin_popcount(kept);
	struct ktm_tm_info before, after;
	__u32 recovered, discarded;
	void *image;
	int i;

	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, tm_info(&self->tm, &before));
	ASSERT_EQ(0, tm_forward(&self->tm, self->clock[cut->after], &recovered, &discarded));
	EXPECT_EQ(nr, recovered);
	EXPECT_EQ(NR - nr, discarded);
	ASSERT_EQ(0, tm_recover(&self->tm, KTM_TM_RECOVER_F_DISCARD, &recovered, &discarded));
	EXPECT_EQ(nr, recovered);
	EXPECT_EQ(NR - nr, discarded);
	/* before it is used for anything: as a crash would leave it now */
	image = log_save(self->path, LOG_SMALL);
	ASSERT_NE(NULL, image);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .unfinished = nr);
	ASSERT_EQ(0, tm_info(&self->tm, &after));
	EXPECT_LE(before.clock, after.clock);
	come_back(_metadata, self, kept);
	end_all(_metadata, self, kept);
	ASSERT_EQ(0, stop(self));

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, log_restore(self->path, image, LOG_SMALL));
		ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
		EXPECT_EQ(nr, recovered);
		come_back(_metadata, self, kept);
		/* the first time it is left to the next attach */
		if (i)
			end_all(_metadata, self, kept);
		ASSERT_EQ(0, stop(self));
		if (i)
			continue;
		ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
		EXPECT_EQ(nr, recovered);
		ASSERT_EQ(0, stop(self));
	}
	free(image);
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	EXPECT_EQ(0, recovered);
}

TEST_F_TIMEOUT(promise, discard_after_first, 600)
{
	cut_off(_metadata, self, &cuts[0]);
}

TEST_F_TIMEOUT(promise, discard_the_decision, 600)
{
	cut_off(_metadata, self, &cuts[1]);
}

TEST_F_TIMEOUT(promise, discard_after_third, 600)
{
	cut_off(_metadata, self, &cuts[2]);
}

TEST_F_TIMEOUT(promise, discard_after_last, 600)
{
	cut_off(_metadata, self, &cuts[3]);
}

/* Commits of another RM, until the ring has gone round so often. */
static int laps(const struct tm_handle *tm, int nr)
{
	static char data[30000];
	struct ktm_tm_info info;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	__u64 end;
	int ret = rm_start(tm, &rm, NULL) ?: tm_info(tm, &info);

	end = info.log_head + nr * info.log_size;
	while (!ret && info.log_head < end) {
		ret = tx_begin(tm, &tx, 0) ?: en_make(&rm, &tx, &en, 1, 0) ?:
		      en_log(&en, data, sizeof(data), NULL);
		if (!ret && (commit_nowait(&tx) != -EINPROGRESS ||
			     *note_differs(&rm, KTM_NOTIFY_PREPARE, &en) ||
			     prepare_complete(&en) ||
			     *note_differs(&rm, KTM_NOTIFY_COMMIT, &en) ||
			     commit_complete(&en) || commit_wait(&tx)))
			ret = -EBADMSG;
		close(en.fd);
		close(tx.fd);
		ret = ret ?: tm_info(tm, &info);
	}
	close(rm.fd);
	return ret;
}

/* A promise that was copied forward keeps its clock, and can be discarded. */
TEST_F_TIMEOUT(promise, copies_keep_their_clock, 600)
{
	__u32 recovered, other;

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, laps(&self->tm, 3));
	ASSERT_EQ(0, stop(self));
	cut_off(_metadata, self, &cuts[2]);
	ASSERT_EQ(0, stop(self));
	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, tm_forward(&self->tm, ~0ULL, &recovered, &other));
	EXPECT_EQ(0, recovered);
}

TEST_HARNESS_MAIN
