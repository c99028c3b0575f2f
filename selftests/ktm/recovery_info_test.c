// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - recovery information of enlistments
 */
#include "harness.h"
#include "ktm_log.h"

FIXTURE(info)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
};

FIXTURE_SETUP(info)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &self->rm, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, 0));
}

FIXTURE_TEARDOWN(info)
{
	if (!self->tm.durable)
		return;
	close(self->en.fd);
	close(self->tx.fd);
	close(self->rm.fd);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

static int set(const struct en_handle *en, const void *data, __u32 length)
{
	struct ktm_en_recovery_info arg = {
		.size = sizeof(arg),
		.data = (uintptr_t)data,
		.length = length,
	};

	return ktm_call(en->fd, KTM_IOC_EN_SET_RECOVERY_INFO, &arg);
}

static int get(const struct en_handle *en, void *data, __u32 *length)
{
	struct ktm_en_recovery_info arg = {
		.size = sizeof(arg),
		.data = (uintptr_t)data,
		.length = *length,
	};
	int ret = ktm_call(en->fd, KTM_IOC_EN_GET_RECOVERY_INFO, &arg);

	*length = arg.length;
	return ret;
}

static void fill(char *data, __u32 length, int seed)
{
	__u32 i;

	for (i = 0; i < length; i++)
		data[i] = seed + i * 13 + (i >> 8);
}

static int set_seed(const struct en_handle *en, __u32 length, int seed)
{
	char data[KTM_RECOVERY_INFO_MAX];

	fill(data, length, seed);
	return set(en, data, length);
}

/* There are so many bytes of fill(), and not one is written beyond them. */
static bool is(const struct en_handle *en, __u32 want_length, int seed)
{
	char want[KTM_RECOVERY_INFO_MAX], seen[KTM_RECOVERY_INFO_MAX + 8];
	__u32 length = sizeof(seen);

	fill(want, want_length, seed);
	memset(seen, 0x5a, sizeof(seen));
	return !get(en, seen, &length) && length == want_length &&
	       !memcmp(want, seen, length) && seen[length] == 0x5a;
}

static int decide(struct rm_handle *rm, struct tx_handle *tx, struct en_handle *en)
{
	if (commit_nowait(tx) != -EINPROGRESS || *note_differs(rm, KTM_NOTIFY_PREPARE, en))
		return -EBADMSG;
	return prepare_complete(en) ?:
	       *note_differs(rm, KTM_NOTIFY_COMMIT, en) ? -EBADMSG : 0;
}

static int commit_one(struct _test_data_info *self, struct rm_handle *rm)
{
	static char data[30000];
	struct tx_handle tx;
	struct en_handle en;
	int ret;

	ret = tx_begin(&self->tm, &tx, 0) ?: en_make(rm, &tx, &en, 1, 0) ?:
	      en_log(&en, data, sizeof(data), NULL) ?: decide(rm, &tx, &en) ?:
	      commit_complete(&en) ?: commit_wait(&tx);
	close(en.fd);
	close(tx.fd);
	return ret;
}

static int laps(struct _test_data_info *self, struct rm_handle *rm, unsigned int nr)
{
	struct ktm_tm_info info;
	int ret = tm_info(&self->tm, &info);
	__u64 end = info.log_head + nr * info.log_size;

	while (!ret && info.log_head < end)
		ret = commit_one(self, rm) ?: tm_info(&self->tm, &info);
	return ret;
}

TEST_F(info, each_set_replaces)
{
	char byte = 'x', room[KTM_RECOVERY_INFO_MAX + 1] = "";
	__u32 length;

	EXPECT_TRUE(is(&self->en, 0, 0));
	ASSERT_EQ(0, set_seed(&self->en, 100, 1));
	EXPECT_TRUE(is(&self->en, 100, 1));
	ASSERT_EQ(0, set_seed(&self->en, KTM_RECOVERY_INFO_MAX, 2));
	EXPECT_TRUE(is(&self->en, KTM_RECOVERY_INFO_MAX, 2));
	EXPECT_EQ(-EMSGSIZE, set(&self->en, room, sizeof(room)));
	EXPECT_EQ(-EMSGSIZE, set(&self->en, room, ~0U));
	EXPECT_EQ(-EFAULT, set(&self->en, NULL, 1));
	EXPECT_TRUE(is(&self->en, KTM_RECOVERY_INFO_MAX, 2));
	ASSERT_EQ(0, set(&self->en, NULL, 0));
	EXPECT_TRUE(is(&self->en, 0, 0));
	ASSERT_EQ(0, set_seed(&self->en, 3, 3));
	length = 2;
	EXPECT_EQ(-EMSGSIZE, get(&self->en, &byte, &length));
	EXPECT_EQ(3, length);
	EXPECT_EQ('x', byte);
	length = 3;
	EXPECT_EQ(-EFAULT, get(&self->en, NULL, &length));
	EXPECT_TRUE(is(&self->en, 3, 3));
}

TEST_F(info, not_once_it_has_prepared)
{
	ASSERT_EQ(0, set_seed(&self->en, 10, 1));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_PREPARE, &self->en);
	ASSERT_EQ(0, set_seed(&self->en, 20, 2));
	ASSERT_EQ(0, prepare_complete(&self->en));
	EXPECT_EQ(-EPROTO, set_seed(&self->en, 30, 3));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	EXPECT_EQ(-EPROTO, set_seed(&self->en, 30, 3));
	EXPECT_TRUE(is(&self->en, 20, 2));
	ASSERT_EQ(0, commit_complete(&self->en));
	EXPECT_EQ(-EPROTO, set_seed(&self->en, 30, 3));
	EXPECT_TRUE(is(&self->en, 20, 2));
}

TEST_F(info, not_after_rollback)
{
	ASSERT_EQ(0, set_seed(&self->en, 10, 1));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	EXPECT_EQ(-ECANCELED, set_seed(&self->en, 20, 2));
	ASSERT_EQ(0, rollback_complete(&self->en));
	EXPECT_EQ(-EPROTO, set_seed(&self->en, 20, 2));
}

TEST_F(info, not_without_a_log)
{
	struct tm_handle tm;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	char byte = 0;
	__u32 length = 1;

	/* an RM that never recovers */
	ASSERT_EQ(0, rm_make(&self->tm, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&rm));
	ASSERT_EQ(0, en_make(&rm, &self->tx, &en, 1, 0));
	EXPECT_EQ(-EINVAL, set(&en, &byte, 1));
	EXPECT_EQ(-EINVAL, get(&en, &byte, &length));
	close(en.fd);
	close(rm.fd);
	/* a TM without a log */
	ASSERT_EQ(0, tm_make(&tm, 0600));
	ASSERT_EQ(0, rm_make(&tm, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&rm));
	ASSERT_EQ(0, tx_begin(&tm, &tx, 0));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 1, 0));
	EXPECT_EQ(-EINVAL, set(&en, &byte, 1));
	EXPECT_EQ(-EINVAL, get(&en, &byte, &length));
}

/* A superior does not vote: what it says would be lost in a crash, after a success. */
TEST_F(info, not_of_a_superior)
{
	struct tx_handle tx;
	struct en_handle en;
	char byte = 0;
	__u32 length = 1;

	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &tx, &en, 1, KTM_EN_F_SUPERIOR));
	EXPECT_EQ(-EINVAL, en_log(&en, &byte, 1, NULL));
	EXPECT_EQ(-EINVAL, en_read_log(&en, 0, &byte, &length));
	EXPECT_EQ(-EINVAL, set(&en, &byte, 1));
	EXPECT_EQ(-EINVAL, get(&en, &byte, &length));
	ASSERT_EN(&en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
	close(en.fd);
	close(tx.fd);
}

/* It takes its part of the transaction's share of the ring, and gives it back. */
TEST_F(info, counts_in_the_share)
{
	struct en_handle en[32];
	int i, ret = 0;

	for (i = 0; i < 32 && !ret; i++) {
		ASSERT_EQ(0, en_make(&self->rm, &self->tx, &en[i], i, 0));
		ret = set_seed(&en[i], KTM_RECOVERY_INFO_MAX, i);
	}
	EXPECT_EQ(-ENOSPC, ret);
	ASSERT_GT(i, 2);
	EXPECT_TRUE(is(&en[i - 1], 0, 0));
	ASSERT_EQ(0, set(&en[0], NULL, 0));
	EXPECT_EQ(0, set_seed(&en[i - 1], KTM_RECOVERY_INFO_MAX, 7));
	EXPECT_TRUE(is(&en[i - 1], KTM_RECOVERY_INFO_MAX, 7));
	EXPECT_EQ(-ENOSPC, set_seed(&en[0], KTM_RECOVERY_INFO_MAX, 8));
	ASSERT_EQ(-EINPROGRESS, rollback_nowait(&self->tx));
	while (i--)
		close(en[i].fd);
}

/* The RM's next life, which must find what was set last. */
static void come_back(struct __test_metadata *_metadata, struct _test_data_info *self,
		      __u32 length, int seed)
{
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, self->rm.info.uuid, 0));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_RECOVER, &self->en);
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, en_reopen(&self->rm, self->en.info.uuid, 2, &self->en));
	EXPECT_TRUE(is(&self->en, length, seed));
	EXPECT_EQ(-EPROTO, set_seed(&self->en, 1, 1));
}

static void attach_again(struct __test_metadata *_metadata, struct _test_data_info *self)
{
	__u32 recovered;

	ASSERT_EQ(0, close(self->en.fd));
	ASSERT_EQ(0, close(self->rm.fd));
	ASSERT_EQ(0, tm_detach(&self->tm));
	ASSERT_EQ(0, close(self->tm.fd));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	EXPECT_EQ(1, recovered);
}

/* Found by the log's replay, each time, until the RM has answered. */
TEST_F(info, found_after_replay)
{
	static const __u32 lengths[] = { KTM_RECOVERY_INFO_MAX, 1, 4095, 0 };
	int i;

	for (i = 0; i < ARRAY_LEN(lengths); i++) {
		ASSERT_EQ(0, set_seed(&self->en, 77, 100));
		ASSERT_EQ(0, en_log(&self->en, "redo", 4, NULL));
		ASSERT_EQ(0, set_seed(&self->en, lengths[i], i));
		ASSERT_EQ(0, decide(&self->rm, &self->tx, &self->en));
		ASSERT_EQ(0, close(self->tx.fd));
		attach_again(_metadata, self);
		come_back(_metadata, self, lengths[i], i);
		attach_again(_metadata, self);
		come_back(_metadata, self, lengths[i], i);
		ASSERT_EQ(0, ask_outcome(&self->en));
		ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
		EXPECT_TRUE(is(&self->en, lengths[i], i));
		ASSERT_EQ(0, commit_complete(&self->en));
		ASSERT_EQ(0, close(self->en.fd));
		ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
		ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, 0));
	}
}

/* Copied forward with the rest: the old place is long overwritten. */
TEST_F_TIMEOUT(info, found_after_copies, 600)
{
	struct rm_handle other;

	ASSERT_EQ(0, rm_start(&self->tm, &other, NULL));
	ASSERT_EQ(0, set_seed(&self->en, 4000, 5));
	ASSERT_EQ(0, decide(&self->rm, &self->tx, &self->en));
	ASSERT_EQ(0, close(self->tx.fd));
	ASSERT_EQ(0, laps(self, &other, 3));
	ASSERT_EQ(0, close(other.fd));
	attach_again(_metadata, self);
	come_back(_metadata, self, 4000, 5);
	ASSERT_EQ(0, ask_outcome(&self->en));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_COMMIT, &self->en);
	ASSERT_EQ(0, commit_complete(&self->en));
}

TEST_HARNESS_MAIN
