// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - savepoints: ktm_txf takes no part in them
 */
#include "harness.h"
#include "txf_harness.h"

FIXTURE(savepoint)
{
	int dir;
	int tx;
	char path[128];
	struct ktm_txf_status status;
};

FIXTURE_SETUP(savepoint)
{
	self->dir = make_dir("ext4", self->path, sizeof(self->path));
	ASSERT_LE(0, self->dir);
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	self->status.mount_fd = self->dir;
	ASSERT_EQ(0, ktm_txf_query(env.txf_fd, &self->status, sizeof(self->status)));
	self->tx = begin();
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(savepoint)
{
	close(self->tx);
	close(self->dir);
}

/* The call says whose work is in the way, and does no harm to it. */
TEST_F(savepoint, none_with_files)
{
	unsigned char rm[KTM_UUID_SIZE];
	uint64_t savepoint, other;

	ASSERT_EQ(0, ktm_tx_savepoint(self->tx, &savepoint, rm));
	EXPECT_EQ(1, savepoint);
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_TRUNC, "new"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "g", O_CREAT, "more"));
	EXPECT_EQ(1, info_of(self->tx).nr_enlistments);
	EXPECT_EQ(-EOPNOTSUPP, ktm_tx_savepoint(self->tx, &other, rm));
	EXPECT_EQ(0, memcmp(rm, self->status.uuid, KTM_UUID_SIZE));
	memset(rm, 0, sizeof(rm));
	EXPECT_EQ(-EOPNOTSUPP, ktm_tx_rollback_to(self->tx, savepoint, rm));
	EXPECT_EQ(0, memcmp(rm, self->status.uuid, KTM_UUID_SIZE));
	EXPECT_EQ(0, ktm_tx_release(self->tx, savepoint));
	EXPECT_EQ(KTM_TX_S_ACTIVE, info_of(self->tx).state);
	EXPECT_STREQ("new", tx_get(self->tx, self->dir, "f"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "h", O_CREAT, "and more"));
	ASSERT_EQ(0, commit(self->tx));
	EXPECT_STREQ("new", get(self->dir, "f"));
	EXPECT_STREQ("more", get(self->dir, "g"));
	EXPECT_STREQ("and more", get(self->dir, "h"));
}

int main(int argc, char **argv)
{
	return env_main(argc, argv, test_harness_run);
}
