// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - the device of the log fails
 */
#include "harness.h"
#include "ktm_log.h"

FIXTURE(fault)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
};

FIXTURE_VARIANT(fault)
{
	const char *spec;
};

FIXTURE_VARIANT_ADD(fault, flush) { .spec = "flush/once" };
FIXTURE_VARIANT_ADD(fault, write) { .spec = "write/once" };

FIXTURE_SETUP(fault)
{
	self->path = log_device("KTM_FAULT_DEV");
	if (!self->path || !device_fault("fault", "none"))
		SKIP(_exit(SKIPPED), "no KTM_FAULT_DEV, or nobody to make it fail");
	ASSERT_EQ(0, log_format(self->path, 0, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, 0));
	ASSERT_EQ(0, en_log(&self->en, "redo", 4, NULL));
}

FIXTURE_TEARDOWN(fault)
{
	if (!self->tm.durable)
		return;
	device_fault("fault", "none");
	log_release();
}

/* Under the decision: nobody can know; recovery finds out. */
TEST_F(fault, in_the_decision)
{
	struct tx_handle tx;
	struct rm_handle rm;
	struct ktm_tm_info info;
	__u32 recovered, length = 4;
	char redo[4];

	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_TRUE(device_fault("fault", variant->spec));
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_EQ(-EIO, commit_wait(&self->tx));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_INDOUBT, .nr = 1);
	ASSERT_QUIET(&self->rm);
	/* it does not heal, although the device has */
	ASSERT_TM(&self->tm, .state = KTM_TM_S_OFFLINE, .error = EIO, .rms = 1);
	EXPECT_EQ(-EIO, commit_wait(&self->tx));
	EXPECT_EQ(-EALREADY, rollback_wait(&self->tx));
	EXPECT_EQ(-ESHUTDOWN, tx_begin(&self->tm, &tx, 0));
	EXPECT_EQ(-ESHUTDOWN, rm_make(&self->tm, &rm, self->uuid, 0));
	EXPECT_EQ(-EBUSY, tm_detach(&self->tm));
	ASSERT_EQ(0, close(self->rm.fd));
	ASSERT_EQ(0, tm_detach(&self->tm));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_INDOUBT);

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(recovered, info.nr_unfinished);
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, self->rm.info.uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->rm));
	/* a write that failed is not there; one that was not flushed may be */
	if (!strcmp(variant->spec, "write/once"))
		EXPECT_EQ(0, recovered);
	if (recovered) {
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_RECOVER, &self->en);
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
		ASSERT_EQ(0, en_reopen(&self->rm, self->en.info.uuid, 9, &self->en));
		ASSERT_EQ(0, en_read_log(&self->en, 0, redo, &length));
		EXPECT_EQ(0, memcmp(redo, "redo", 4));
		ASSERT_EQ(0, ask_outcome(&self->en));
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
		ASSERT_EQ(0, commit_complete(&self->en));
	} else {
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	}
	ASSERT_QUIET(&self->rm);
	ASSERT_EQ(0, close(self->rm.fd));
	ASSERT_EQ(0, tm_detach(&self->tm));
}

#define NR_MORE	3

/* Whichever it is: all RMs learn the same, however often they ask. */
TEST_F(fault, one_outcome_for_all)
{
	struct rm_handle rm[NR_MORE];
	struct en_handle en[NR_MORE];
	__u32 recovered;
	int i;

	for (i = 0; i < NR_MORE; i++) {
		ASSERT_EQ(0, rm_start(&self->tm, &rm[i], NULL));
		ASSERT_EQ(0, en_make(&rm[i], &self->tx, &en[i], i + 2, 0));
	}
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	for (i = 0; i < NR_MORE; i++)
		ASSERT_EQ(0, prepare_complete(&en[i]));
	ASSERT_TRUE(device_fault("fault", variant->spec));
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_EQ(-EIO, commit_wait(&self->tx));
	for (i = 0; i < NR_MORE; i++) {
		ASSERT_EN(&en[i], .state = KTM_EN_S_PREPARED, .tx_state = KTM_TX_S_INDOUBT);
		ASSERT_EQ(0, close(en[i].fd));
		ASSERT_EQ(0, close(rm[i].fd));
	}
	ASSERT_EQ(0, close(self->rm.fd));
	ASSERT_EQ(0, tm_detach(&self->tm));

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	for (i = 0; i < NR_MORE; i++) {
		ASSERT_EQ(0, rm_make(&self->tm, &rm[i], rm[i].info.uuid, 0));
		ASSERT_EQ(0, rm_recover(&rm[i]));
		if (recovered)
			ASSERT_NOTE(&rm[i], KTM_NOTIFY_RECOVER, &en[i]);
		ASSERT_NOTE(&rm[i], KTM_NOTIFY_LAST_RECOVER, NULL);
		ASSERT_QUIET(&rm[i]);
	}
	for (i = 0; i < NR_MORE && recovered; i++) {
		ASSERT_EQ(0, en_reopen(&rm[i], en[i].info.uuid, i + 2, &en[i]));
		ASSERT_EQ(0, ask_outcome(&en[i]));
		ASSERT_NOTE(&rm[i], KTM_NOTIFY_COMMIT, &en[i]);
		ASSERT_EQ(0, commit_complete(&en[i]));
		ASSERT_EQ(0, close(en[i].fd));
	}
	for (i = 0; i < NR_MORE; i++)
		ASSERT_EQ(0, close(rm[i].fd));
	/* the first RM has not come back: what is committed waits for it */
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .unfinished = recovered);
	ASSERT_EQ(0, tm_detach(&self->tm));
}

/* What was not decided can be rolled back without the log. */
TEST_F(fault, others_can_roll_back)
{
	struct tx_handle tx;
	struct en_handle en;

	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &tx, &en, 2, 0));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_TRUE(device_fault("fault", variant->spec));
	ASSERT_EQ(0, prepare_complete(&self->en));
	ASSERT_EQ(-EIO, commit_wait(&self->tx));
	EXPECT_EQ(-EIO, en_log(&en, "redo", 4, NULL));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_ROLLBACK, &en);
	ASSERT_EQ(0, rollback_complete(&en));
	ASSERT_EQ(0, rollback_wait(&tx));
	ASSERT_TX(&tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_CLIENT);
	ASSERT_EQ(0, close(self->rm.fd));
	ASSERT_EQ(0, tm_detach(&self->tm));
}

#define NR_KEPT		3
#define NR_RECORDS	6
#define RECORD		8192

FIXTURE(copy)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle rm, away;
};

FIXTURE_SETUP(copy)
{
	self->path = log_device("KTM_FAULT_DEV");
	if (!self->path || !device_fault("fault", "none"))
		SKIP(_exit(SKIPPED), "no KTM_FAULT_DEV, or nobody to make it fail");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->away, NULL));
}

FIXTURE_TEARDOWN(copy)
{
	if (!self->tm.durable)
		return;
	device_fault("fault", "none");
	log_release();
}

static int begin_big(struct tm_handle *tm, struct rm_handle *rm, struct tx_handle *tx,
		     struct en_handle *en, int seed)
{
	char data[RECORD];
	int i, ret;

	memset(data, seed, sizeof(data));
	ret = tx_begin(tm, tx, 0) ?: en_make(rm, tx, en, seed, 0);
	for (i = 0; i < NR_RECORDS && !ret; i++)
		ret = en_log(en, data, sizeof(data), NULL);
	return ret;
}

/* Decided, and nobody answers. */
static int leave_big(struct tm_handle *tm, struct rm_handle *rm, int seed)
{
	struct tx_handle tx;
	struct en_handle en;
	int ret;

	ret = begin_big(tm, rm, &tx, &en, seed);
	if (!ret && commit_nowait(&tx) != -EINPROGRESS)
		ret = -EBADMSG;
	if (!ret && *note_differs(rm, KTM_NOTIFY_PREPARE, &en))
		ret = -EBADMSG;
	ret = ret ?: prepare_complete(&en);
	if (!ret && *note_differs(rm, KTM_NOTIFY_COMMIT, &en))
		ret = -EBADMSG;
	close(en.fd);
	close(tx.fd);
	return ret;
}

/* Takes room, without a flush, until some must be made: what that returns. */
static int fill(struct tm_handle *tm, struct rm_handle *rm)
{
	struct tx_handle tx[32];
	struct en_handle en[32];
	int i, n = 0, ret = 0;

	while (n < 32 && !ret) {
		tx[n].fd = -1;
		en[n].fd = -1;
		ret = begin_big(tm, rm, &tx[n], &en[n], 'z');
		n++;
	}
	for (i = 0; i < n; i++) {
		close(en[i].fd);
		close(tx[i].fd);
	}
	return ret;
}

/* Whatever is left of copies when it crashes: the ring goes round in the end. */
TEST_F_TIMEOUT(copy, again_and_again, 600)
{
	char data[RECORD], want[RECORD];
	__u32 recovered, length;
	struct ktm_tm_info info;
	struct en_handle en;
	int i, j;

	for (i = 0; i < NR_KEPT; i++)
		ASSERT_EQ(0, leave_big(&self->tm, &self->away, 'a' + i));
	ASSERT_EQ(0, close(self->away.fd));
	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(device_fault("fault", "flush/once"));
		ASSERT_EQ(-EIO, fill(&self->tm, &self->rm)) {
			TH_LOG("after %d crashes", i);
		}
		ASSERT_EQ(0, close(self->rm.fd));
		ASSERT_EQ(0, tm_detach(&self->tm));
		ASSERT_EQ(0, close(self->tm.fd));
		ASSERT_TRUE(device_fault("fault", "none"));
		ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
		ASSERT_EQ(NR_KEPT, recovered);
		ASSERT_EQ(0, rm_start(&self->tm, &self->rm, NULL));
	}
	ASSERT_EQ(0, fill(&self->tm, &self->rm));

	ASSERT_EQ(0, rm_make(&self->tm, &self->away, self->away.info.uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->away));
	for (i = 0; i < NR_KEPT; i++) {
		struct ktm_notification note;

		ASSERT_EQ(sizeof(note), read(self->away.fd, &note, sizeof(note)));
		ASSERT_EQ(KTM_NOTIFY_RECOVER, note.type);
		ASSERT_EQ(0, en_reopen(&self->away, note.enlistment, 'A' + i, &en));
		for (j = 0; j < NR_RECORDS; j++) {
			length = sizeof(data);
			ASSERT_EQ(0, en_read_log(&en, j, data, &length));
			ASSERT_EQ(RECORD, length);
			if (!j)
				memset(want, data[0], sizeof(want));
			EXPECT_EQ(0, memcmp(data, want, RECORD));
		}
		EXPECT_TRUE(data[0] >= 'a' && data[0] < 'a' + NR_KEPT);
		ASSERT_EQ(0, ask_outcome(&en));
		ASSERT_EQ(0, commit_complete(&en));
		close(en.fd);
	}
	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_EQ(0, info.nr_unfinished);
	ASSERT_EQ(0, close(self->away.fd));
	ASSERT_EQ(0, close(self->rm.fd));
	ASSERT_EQ(0, tm_detach(&self->tm));
}

TEST_HARNESS_MAIN
