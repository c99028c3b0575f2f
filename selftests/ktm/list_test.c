// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - enumeration: the enlistments of a TM, of a transaction, of an RM
 */
#include "harness.h"
#include "ktm_harness.h"

#define NR	5

FIXTURE(list)
{
	struct tm_handle tm;
	struct tx_handle tx[2];
	struct rm_handle rm[2];
	struct en_handle en[2][2][NR];	/* by transaction and RM */
};

FIXTURE_SETUP(list)
{
	int t, r, i;

	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, rm_make(&self->tm, &self->rm[i], NULL, KTM_RM_F_VOLATILE));
		ASSERT_EQ(0, rm_recover(&self->rm[i]));
		ASSERT_EQ(0, tx_begin(&self->tm, &self->tx[i], 0));
	}
	for (i = 0; i < NR; i++)
		for (t = 0; t < 2; t++)
			for (r = 0; r < 2; r++)
				ASSERT_EQ(0, en_make(&self->rm[r], &self->tx[t],
						     &self->en[t][r][i], 1, 0));
}

FIXTURE_TEARDOWN(list)
{
}

static __u8 named[64][KTM_UUID_SIZE];

/* All that an fd names, so many at a time; how many, or a negative errno. */
static int list(int fd, unsigned int step)
{
	struct ktm_list arg = { .size = sizeof(arg) };
	int ret, nr = 0;

	memset(named, 0, sizeof(named));
	do {
		arg.uuids = (uintptr_t)(named + nr);
		arg.count = step;
		ret = ktm_call(fd, KTM_IOC_EN_LIST, &arg);
		if (ret)
			return ret;
		nr += arg.count;
	} while (arg.count && nr + step <= ARRAY_LEN(named));
	return nr;
}

static int times_named(const struct en_handle *en)
{
	int i, nr = 0;

	for (i = 0; i < (int)ARRAY_LEN(named); i++)
		nr += !memcmp(named[i], en->info.uuid, KTM_UUID_SIZE);
	return nr;
}

TEST_F(list, of_each_object)
{
	unsigned int step;
	int t, r, i, fd;

	for (step = 1; step < 40; step += 13) {
		ASSERT_EQ(4 * NR, list(self->tm.fd, step));
		for (t = 0; t < 2; t++)
			for (r = 0; r < 2; r++)
				for (i = 0; i < NR; i++)
					EXPECT_EQ(1, times_named(&self->en[t][r][i]));
		for (fd = 0; fd < 2; fd++) {
			ASSERT_EQ(2 * NR, list(self->tx[fd].fd, step));
			for (t = 0; t < 2; t++)
				for (r = 0; r < 2; r++)
					for (i = 0; i < NR; i++)
						EXPECT_EQ(t == fd, times_named(&self->en[t][r][i]));
			ASSERT_EQ(2 * NR, list(self->rm[fd].fd, step));
			for (t = 0; t < 2; t++)
				for (r = 0; r < 2; r++)
					for (i = 0; i < NR; i++)
						EXPECT_EQ(r == fd, times_named(&self->en[t][r][i]));
		}
	}
}

/* Who has left is not named, though an fd keeps the object. */
TEST_F(list, not_those_that_left)
{
	ASSERT_EQ(0, read_only(&self->en[0][0][2]));
	EXPECT_EQ(2 * NR - 1, list(self->tx[0].fd, 16));
	EXPECT_EQ(0, times_named(&self->en[0][0][2]));
	EXPECT_EQ(1, times_named(&self->en[0][0][1]));
	EXPECT_EQ(2 * NR - 1, list(self->rm[0].fd, 16));
	EXPECT_EQ(2 * NR, list(self->rm[1].fd, 16));
	EXPECT_EQ(4 * NR - 1, list(self->tm.fd, 16));
}

TEST_F(list, bad_arguments)
{
	struct ktm_list arg = { .size = sizeof(arg), .count = 1 };

	EXPECT_EQ(-EFAULT, ktm_call(self->tx[0].fd, KTM_IOC_EN_LIST, &arg));
	arg.count = 0;
	EXPECT_EQ(-EINVAL, ktm_call(self->tx[0].fd, KTM_IOC_EN_LIST, &arg));
	arg.count = 1025;
	EXPECT_EQ(-EINVAL, ktm_call(self->tx[0].fd, KTM_IOC_EN_LIST, &arg));
}

TEST_F(list, each_can_be_looked_at)
{
	struct ktm_en_info info = { .size = sizeof(info) };
	struct en_handle *en = &self->en[1][0][3];

	memcpy(info.uuid, en->info.uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_EN_INFO, &info));
	EXPECT_EQ(0, memcmp(info.uuid, en->info.uuid, KTM_UUID_SIZE));
	EXPECT_EQ(0, memcmp(info.tx, self->tx[1].info.uuid, KTM_UUID_SIZE));
	EXPECT_EQ(0, memcmp(info.rm, self->rm[0].info.uuid, KTM_UUID_SIZE));
	EXPECT_EQ(KTM_EN_S_ACTIVE, info.state);
	EXPECT_EQ(KTM_TX_S_ACTIVE, info.tx_state);
	/* of a kernel RM it would be an address */
	EXPECT_EQ(0, info.key);
	ASSERT_EN(en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
	random_uuid(info.uuid);
	EXPECT_EQ(-ENOENT, ktm_call(self->tm.fd, KTM_IOC_EN_INFO, &info));
}

/* An RM opened by its UUID: to look, and not to be it. */
TEST_F(list, an_rm_opened)
{
	struct ktm_open open = { .size = sizeof(open) };
	struct ktm_fd_info info = { .size = sizeof(info) };
	struct rm_handle rm = self->rm[0];
	struct ktm_notification note;
	struct en_handle en;

	memcpy(open.uuid, rm.info.uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_RM_OPEN, &open));
	rm.fd = open.out_fd;
	ASSERT_EQ(0, ktm_call(rm.fd, KTM_IOC_FD_INFO, &info));
	EXPECT_EQ(KTM_RIGHT_QUERY, info.rights);
	ASSERT_RM(&rm, .state = KTM_RM_S_ONLINE, .nr = 2 * NR);
	EXPECT_EQ(2 * NR, list(rm.fd, 16));
	EXPECT_EQ(-EPERM, en_make(&rm, &self->tx[0], &en, 1, 0));
	EXPECT_EQ(-EPERM, rm_recover(&rm));
	EXPECT_EQ(-1, read(rm.fd, &note, sizeof(note)));
	EXPECT_EQ(EPERM, errno);
	/* it neither keeps the RM present nor ends its life */
	close(self->rm[0].fd);
	ASSERT_RM(&rm, .state = KTM_RM_S_GONE);
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm[0], rm.info.uuid, KTM_RM_F_VOLATILE));
	close(rm.fd);
	ASSERT_RM(&self->rm[0], .state = KTM_RM_S_OFFLINE);
	memset(open.uuid, 0, sizeof(open.uuid));
	open.out_fd = 0;
	EXPECT_EQ(-ENOENT, ktm_call(self->tm.fd, KTM_IOC_RM_OPEN, &open));
}

TEST_HARNESS_MAIN
