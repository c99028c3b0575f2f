// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - recovery in steps: attach, roll forward, recover
 */
#include "harness.h"
#include "ktm_log.h"

#define NR	4

/* Logs with transactions that are decided and not ended, each at its clock. */
FIXTURE(recover)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle rm;
	struct en_handle en[NR];
	__u64 clock[NR];
};

static int decide(struct _test_data_recover *self, int i)
{
	struct rm_handle *rm = &self->rm;
	struct en_handle *en = &self->en[i];
	struct tx_handle tx;
	int ret = tx_begin(&self->tm, &tx, 0) ?: en_make(rm, &tx, en, i, 0) ?:
		  en_log(en, &i, sizeof(i), NULL);

	if (ret || commit_nowait(&tx) != -EINPROGRESS ||
	    *note_differs(rm, KTM_NOTIFY_PREPARE, en) || prepare_complete(en) ||
	    *note_differs(rm, KTM_NOTIFY_COMMIT, en))
		return -EBADMSG;
	self->clock[i] = rm->clock;
	close(tx.fd);
	return 0;
}

static int stop(struct _test_data_recover *self)
{
	int i;

	for (i = 0; i < NR; i++)
		if (self->en[i].fd > 0)
			close(self->en[i].fd);
	if (self->rm.fd > 0)
		close(self->rm.fd);
	for (i = 0; i < NR; i++)
		self->en[i].fd = -1;
	self->rm.fd = -1;
	return tm_detach(&self->tm) ?: close(self->tm.fd);
}

static int attach(struct _test_data_recover *self, __u32 *recovered)
{
	return tm_attach_flags(self->path, self->uuid, &self->tm, recovered,
			       KTM_TM_ATTACH_F_NO_RECOVER);
}

/* The RM's next life is told of the first @nr, and of nothing else. */
static void come_back(struct __test_metadata *_metadata,
		      struct _test_data_recover *self, int nr)
{
	__u32 length;
	int i, seen;

	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, self->rm.info.uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->rm));
	for (i = 0; i < nr; i++)
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_RECOVER, &self->en[i]);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, en_reopen(&self->rm, self->en[i].info.uuid, i, &self->en[i]));
		length = sizeof(seen);
		ASSERT_EQ(0, en_read_log(&self->en[i], 0, &seen, &length));
		EXPECT_EQ(i, seen);
	}
}

FIXTURE_SETUP(recover)
{
	int i;

	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm, NULL));
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, decide(self, i));
	ASSERT_EQ(0, stop(self));
}

FIXTURE_TEARDOWN(recover)
{
	if (self->tm.durable)
		stop(self);
}

/* Takes no work, and loses nothing, however often it is attached so. */
TEST_F_TIMEOUT(recover, waits, 600)
{
	struct tx_handle tx;
	struct rm_handle rm;
	__u32 recovered, other;
	__u8 uuid[KTM_UUID_SIZE];
	int i;

	random_uuid(uuid);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, attach(self, &recovered));
		EXPECT_EQ(NR, recovered);
		ASSERT_TM(&self->tm, .state = KTM_TM_S_RECOVERING);
		EXPECT_EQ(-ESHUTDOWN, tx_begin(&self->tm, &tx, 0));
		EXPECT_EQ(-ESHUTDOWN, rm_make(&self->tm, &rm, uuid, 0));
		EXPECT_EQ(-ESHUTDOWN, rm_make(&self->tm, &rm, NULL, KTM_RM_F_VOLATILE));
		ASSERT_TM(&self->tm, .state = KTM_TM_S_RECOVERING);
		ASSERT_EQ(0, stop(self));
	}
	ASSERT_EQ(0, attach(self, &recovered));
	ASSERT_EQ(0, tm_recover(&self->tm, 0, &recovered, &other));
	EXPECT_EQ(NR, recovered);
	EXPECT_EQ(0, other);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .unfinished = NR);
	EXPECT_EQ(-EALREADY, tm_recover(&self->tm, 0, &recovered, &other));
	EXPECT_EQ(-EALREADY, tm_forward(&self->tm, 1, &recovered, &other));
	come_back(_metadata, self, NR);
}

/* A look changes nothing: recovery goes to the end all the same. */
TEST_F_TIMEOUT(recover, forward, 600)
{
	__u32 recovered, left;
	int i;

	ASSERT_EQ(0, attach(self, NULL));
	EXPECT_EQ(-EINVAL, tm_forward(&self->tm, 0, &recovered, &left));
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(0, tm_forward(&self->tm, self->clock[i] - 1, &recovered, &left));
		EXPECT_EQ(i, recovered);
		EXPECT_EQ(NR - i, left);
		ASSERT_EQ(0, tm_forward(&self->tm, self->clock[i], &recovered, &left));
		EXPECT_EQ(i + 1, recovered);
		EXPECT_EQ(NR - i - 1, left);
	}
	EXPECT_EQ(-EINVAL, tm_forward(&self->tm, self->clock[0], &recovered, &left));
	ASSERT_EQ(0, tm_forward(&self->tm, ~0ULL, &recovered, &left));
	EXPECT_EQ(NR, recovered);
	EXPECT_EQ(0, left);
	ASSERT_EQ(0, stop(self));

	ASSERT_EQ(0, attach(self, NULL));
	ASSERT_EQ(0, tm_forward(&self->tm, self->clock[0], &recovered, &left));
	ASSERT_EQ(0, tm_recover(&self->tm, 0, &recovered, &left));
	EXPECT_EQ(NR, recovered);
	come_back(_metadata, self, NR);
}

/* What is discarded stays so, over a detach and over a crash. */
TEST_F_TIMEOUT(recover, discard, 600)
{
	struct ktm_tm_info before, after;
	__u32 recovered, discarded;
	void *image;

	ASSERT_EQ(0, attach(self, NULL));
	EXPECT_EQ(-EINVAL, tm_recover(&self->tm, KTM_TM_RECOVER_F_DISCARD, &recovered,
				      &discarded));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_RECOVERING);
	ASSERT_EQ(0, tm_forward(&self->tm, self->clock[1], &recovered, &discarded));
	ASSERT_EQ(0, tm_info(&self->tm, &before));
	ASSERT_EQ(0, tm_recover(&self->tm, KTM_TM_RECOVER_F_DISCARD, &recovered, &discarded));
	EXPECT_EQ(2, recovered);
	EXPECT_EQ(2, discarded);
	/* before it is used for anything: as a crash would leave it now */
	image = log_save(self->path, LOG_SMALL);
	ASSERT_NE(NULL, image);
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .unfinished = 2);
	ASSERT_EQ(0, tm_info(&self->tm, &after));
	EXPECT_LE(before.clock, after.clock);
	come_back(_metadata, self, 2);
	ASSERT_EQ(0, stop(self));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	EXPECT_EQ(2, recovered);
	ASSERT_EQ(0, stop(self));

	ASSERT_EQ(0, log_restore(self->path, image, LOG_SMALL));
	free(image);
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	EXPECT_EQ(2, recovered);
	come_back(_metadata, self, 2);
}

/* A decision that was copied forward keeps its clock. */
TEST_F_TIMEOUT(recover, copies_keep_their_clock, 600)
{
	static char data[30000];
	struct rm_handle other;
	struct ktm_tm_info info;
	struct tx_handle tx;
	struct en_handle en;
	__u32 recovered, left;
	__u64 end;
	int i;

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &other, NULL));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	end = info.log_head + 3 * info.log_size;
	while (info.log_head < end) {
		ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
		ASSERT_EQ(0, en_make(&other, &tx, &en, 1, 0));
		ASSERT_EQ(0, en_log(&en, data, sizeof(data), NULL));
		ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
		ASSERT_NOTE(&other, KTM_NOTIFY_PREPARE, &en);
		ASSERT_EQ(0, prepare_complete(&en));
		ASSERT_NOTE(&other, KTM_NOTIFY_COMMIT, &en);
		ASSERT_EQ(0, commit_complete(&en));
		ASSERT_EQ(0, commit_wait(&tx));
		close(en.fd);
		close(tx.fd);
		ASSERT_EQ(0, tm_info(&self->tm, &info));
	}
	close(other.fd);
	ASSERT_EQ(0, stop(self));
	ASSERT_EQ(0, attach(self, &recovered));
	EXPECT_EQ(NR, recovered);
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(0, tm_forward(&self->tm, self->clock[i], &recovered, &left));
		EXPECT_EQ(i + 1, recovered);
	}
}

TEST_F(recover, not_without_a_log)
{
	struct tm_handle tm;
	struct ktm_tm_recover arg = { .size = sizeof(arg) };
	struct ktm_tm_rollforward forward = { .size = sizeof(forward), .clock = 1 };

	ASSERT_EQ(0, tm_make(&tm, 0600));
	EXPECT_EQ(-EINVAL, ktm_call(tm.fd, KTM_IOC_TM_RECOVER, &arg));
	EXPECT_EQ(-EINVAL, ktm_call(tm.fd, KTM_IOC_TM_ROLLFORWARD, &forward));
	self->tm.durable = false;
}

TEST_HARNESS_MAIN
