// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - deadlines that are moved or forgotten just when they pass
 */
#include "harness.h"
#include "ktm_harness.h"

#define ROUNDS_MS	3000
#define SOON		(6 * MSEC)	/* a tick or two */

FIXTURE(deadline)
{
	struct tm_handle tm;
	struct tx_handle tx;
};

FIXTURE_SETUP(deadline)
{
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
}

FIXTURE_TEARDOWN(deadline)
{
}

/*
 * Each call replaces a timer that may be running: with KASAN, nobody touches what
 * the other has freed. Each tick some timer runs, so there are hundreds of chances.
 */
TEST_F_TIMEOUT(deadline, moved_while_it_passes, 600)
{
	__u64 end = now_ns() + ROUNDS_MS * MSEC, moved = 0, passed = 0;
	int ret;

	while (now_ns() < end) {
		ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, now_ns() + LONG));
		do {
			ret = tx_set_timeout(&self->tx, now_ns() + SOON);
			moved += !ret;
		} while (!ret && now_ns() < end);
		if (ret)
			ASSERT_EQ(-EPROTO, ret);
		passed += !!ret;
		ASSERT_EQ(0, close(self->tx.fd));
	}
	TH_LOG("%llu moved, %llu passed", moved, passed);
	EXPECT_LT(0, moved);
}

TEST_HARNESS_MAIN
