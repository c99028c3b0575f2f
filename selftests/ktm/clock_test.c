// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - the virtual clock: passed on by callers, kept over crashes
 */
#include "harness.h"
#include "ktm_log.h"
#include "format.h"

FIXTURE(clock)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	void *image;
};

FIXTURE_SETUP(clock)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm, NULL));
}

FIXTURE_TEARDOWN(clock)
{
	if (!self->tm.durable)
		return;
	close(self->en.fd);
	close(self->tx.fd);
	close(self->rm.fd);
	free(self->image);
	tm_detach(&self->tm);
}

static __u64 clock_of(const struct tm_handle *tm)
{
	struct ktm_tm_info info;

	return tm_info(tm, &info) ? 0 : info.clock;
}

static int answer_at(const struct en_handle *en, unsigned int cmd, __u64 *clock)
{
	struct ktm_en_answer arg = { .size = sizeof(arg), .clock = *clock };
	int ret = ktm_call(en->fd, cmd, &arg);

	*clock = arg.clock;
	return ret;
}

static int end_at(const struct tx_handle *tx, unsigned int cmd, __u64 *clock)
{
	struct ktm_tx_end arg = {
		.size = sizeof(arg),
		.flags = KTM_TX_END_F_NONBLOCK,
		.clock = *clock,
	};
	int ret = ktm_call(tx->fd, cmd, &arg);

	*clock = arg.clock;
	return ret;
}

static int begin(struct _test_data_clock *self)
{
	return tx_begin(&self->tm, &self->tx, 0) ?:
	       en_make(&self->rm, &self->tx, &self->en, 1, 0);
}

static int commit_one(struct _test_data_clock *self, bool finish)
{
	struct rm_handle *rm = &self->rm;
	struct en_handle *en = &self->en;
	int ret = begin(self);

	if (ret || commit_nowait(&self->tx) != -EINPROGRESS ||
	    *note_differs(rm, KTM_NOTIFY_PREPARE, en) || prepare_complete(en) ||
	    *note_differs(rm, KTM_NOTIFY_COMMIT, en))
		return -EBADMSG;
	if (finish)
		ret = commit_complete(en) ?: commit_wait(&self->tx);
	close(en->fd);
	close(self->tx.fd);
	return ret;
}

/* Each commit that begins counts one; a value that is passed on is reached. */
TEST_F(clock, moves_forward)
{
	__u64 start = clock_of(&self->tm), clock;

	ASSERT_EQ(0, commit_one(self, true));
	EXPECT_EQ(start + 1, clock_of(&self->tm));

	ASSERT_EQ(0, begin(self));
	clock = 5000;
	ASSERT_EQ(-EINPROGRESS, end_at(&self->tx, KTM_IOC_TX_COMMIT, &clock));
	EXPECT_EQ(5001, clock);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	EXPECT_EQ(5001, self->rm.clock);
	/* what is lower, or none, is nothing */
	clock = 7;
	ASSERT_EQ(0, answer_at(&self->en, KTM_IOC_EN_PREPARE_COMPLETE, &clock));
	EXPECT_EQ(5001, clock);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	clock = 6000;
	ASSERT_EQ(0, answer_at(&self->en, KTM_IOC_EN_COMMIT_COMPLETE, &clock));
	EXPECT_EQ(6000, clock);
	EXPECT_EQ(6000, clock_of(&self->tm));
	ASSERT_EQ(0, commit_wait(&self->tx));
	EXPECT_EQ(6000, clock_of(&self->tm));
}

/* A jump that leaves no room is refused, and nothing happens. */
TEST_F(clock, bounded)
{
	static const __u64 bad[] = { KTM_CLOCK_MAX + 1, 1ULL << 63, ~0ULL };
	__u64 start, clock;
	int i;

	ASSERT_EQ(0, begin(self));
	start = clock_of(&self->tm);
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		clock = bad[i];
		EXPECT_EQ(-EINVAL, end_at(&self->tx, KTM_IOC_TX_COMMIT, &clock));
		clock = bad[i];
		EXPECT_EQ(-EINVAL, end_at(&self->tx, KTM_IOC_TX_ROLLBACK, &clock));
		clock = bad[i];
		EXPECT_EQ(-EINVAL, answer_at(&self->en, KTM_IOC_EN_READ_ONLY, &clock));
	}
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	EXPECT_EQ(start, clock_of(&self->tm));
	clock = KTM_CLOCK_MAX;
	ASSERT_EQ(-EINPROGRESS, end_at(&self->tx, KTM_IOC_TX_COMMIT, &clock));
	EXPECT_EQ(KTM_CLOCK_MAX + 1, clock);
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
}

/* Refused for its state, an answer has still been heard. */
TEST_F(clock, heard_when_refused)
{
	__u64 clock = 900;

	ASSERT_EQ(0, begin(self));
	EXPECT_EQ(-EPROTO, answer_at(&self->en, KTM_IOC_EN_COMMIT_COMPLETE, &clock));
	EXPECT_EQ(900, clock_of(&self->tm));
}

/* Callers that know nothing of it go on working. */
TEST_F(clock, first_versions)
{
	struct ktm_en_answer answer = {
		.size = offsetof(struct ktm_en_answer, clock),
		.clock = 12345,
	};
	struct ktm_tx_end end = {
		.size = offsetof(struct ktm_tx_end, clock),
		.clock = 12345,
	};

	ASSERT_EQ(0, begin(self));
	ASSERT_EQ(0, ktm_call(self->en.fd, KTM_IOC_EN_READ_ONLY, &answer));
	ASSERT_EQ(0, ktm_call(self->tx.fd, KTM_IOC_TX_COMMIT, &end));
	EXPECT_EQ(12345, answer.clock);
	EXPECT_EQ(12345, end.clock);
	EXPECT_GT(1000, clock_of(&self->tm));
}

TEST_F(clock, over_detach)
{
	__u64 clock = 70000;

	ASSERT_EQ(0, begin(self));
	ASSERT_EQ(0, answer_at(&self->en, KTM_IOC_EN_READ_ONLY, &clock));
	close(self->en.fd);
	close(self->tx.fd);
	close(self->rm.fd);
	ASSERT_EQ(0, tm_detach(&self->tm));
	close(self->tm.fd);
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	EXPECT_EQ(70001, clock_of(&self->tm));
	self->rm.fd = -1;
	self->en.fd = -1;
	self->tx.fd = -1;
}

/* The device as it is now, which is what a crash would leave; then that again. */
static int crash_save(struct _test_data_clock *self)
{
	free(self->image);
	self->image = log_save(self->path, LOG_SMALL);
	return self->image ? 0 : -EIO;
}

static int crash(struct _test_data_clock *self, __u32 *recovered)
{
	int ret;

	close(self->rm.fd);
	self->rm.fd = -1;
	self->en.fd = -1;
	self->tx.fd = -1;
	ret = tm_detach(&self->tm) ?: close(self->tm.fd) ?:
	      log_restore(self->path, self->image, LOG_SMALL);
	return ret ?: tm_attach(self->path, self->uuid, &self->tm, recovered);
}

TEST_F_TIMEOUT(clock, over_a_crash, 600)
{
	__u64 clock = 80000, first;
	__u32 recovered;

	ASSERT_EQ(0, begin(self));
	ASSERT_EQ(0, answer_at(&self->en, KTM_IOC_EN_READ_ONLY, &clock));
	close(self->en.fd);
	close(self->tx.fd);
	ASSERT_EQ(0, commit_one(self, false));
	ASSERT_EQ(0, crash_save(self));
	ASSERT_EQ(0, crash(self, &recovered));
	EXPECT_EQ(1, recovered);
	EXPECT_LT(80000, clock_of(&self->tm));

	/* the decision is over now; the next life must not forget its clock */
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, self->rm.info.uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_RECOVER, &self->en);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, en_reopen(&self->rm, self->en.info.uuid, 1, &self->en));
	ASSERT_EQ(0, ask_outcome(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));
	close(self->en.fd);
	/* its end record goes to disk with this one's decision */
	ASSERT_EQ(0, commit_one(self, true));
	first = clock_of(&self->tm);
	ASSERT_EQ(0, crash_save(self));
	ASSERT_EQ(0, crash(self, &recovered));
	EXPECT_LE(first, clock_of(&self->tm));
}

/*
 * The decision has ended, the next attach lets the tail pass both of its records
 * and dies: only its superblock can have the clock.
 */
TEST_F_TIMEOUT(clock, over_a_crash_without_records, 600)
{
	__u32 recovered;
	__u64 first;
	void *super;
	int i;

	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, commit_one(self, true));
	first = clock_of(&self->tm);
	/* the end of a detach that has written all but its superblock */
	ASSERT_EQ(0, crash_save(self));
	super = self->image;
	self->image = NULL;
	ASSERT_EQ(0, close(self->rm.fd));
	self->rm.fd = -1;
	ASSERT_EQ(0, tm_detach(&self->tm));
	ASSERT_EQ(0, close(self->tm.fd));
	ASSERT_EQ(0, crash_save(self));
	memcpy(self->image, super, KTM_DISK_RING);
	free(super);
	ASSERT_EQ(0, log_restore(self->path, self->image, LOG_SMALL));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	EXPECT_EQ(0, recovered);
	EXPECT_LT(first, clock_of(&self->tm));

	ASSERT_EQ(0, crash_save(self));
	ASSERT_EQ(0, crash(self, &recovered));
	EXPECT_EQ(0, recovered);
	EXPECT_LT(first, clock_of(&self->tm));
}

TEST_HARNESS_MAIN
