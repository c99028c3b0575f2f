/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - ioctls of /dev/ktm_test_rm, a resource manager in the kernel
 *
 * Each open file is an RM of its own. Closing the file unregisters it.
 */
#ifndef _SELFTESTS_KTM_TEST_RM_H
#define _SELFTESTS_KTM_TEST_RM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* What it does when it is asked for something. */
enum test_rm_answer {
	TEST_RM_DONE,		/* says at once that it is done, or prepared */
	TEST_RM_READ_ONLY,
	TEST_RM_VETO,
	TEST_RM_REJECT,		/* single phase, or a savepoint with EXFULL */
	TEST_RM_LATER,		/* when the test says so */
};

/* What the test lets it say: TEST_RM_IOC_ANSWER. */
enum test_rm_say {
	TEST_RM_SAY_PREPARED,
	TEST_RM_SAY_COMMITTED,
	TEST_RM_SAY_ROLLED_BACK,
	TEST_RM_SAY_READ_ONLY,
	TEST_RM_SAY_REJECT,
	TEST_RM_SAY_VETO,
	TEST_RM_SAY_PREPREPARED,
	TEST_RM_SAY_SAVEPOINT,	/* done, about the last that it was asked about */
};

struct test_rm_register {
	__s32 tm_fd;
	__u32 flags;		/* KTM_RM_F_* */
	__u32 answer[4];	/* of recovered enlistments: see test_rm_enlist */
	__u8 uuid[16];
};

struct test_rm_enlist {
	__s32 tx_fd;
	__u32 flags;		/* KTM_EN_F_* */
	__u32 prepare;		/* enum test_rm_answer to each callback */
	__u32 commit;
	__u32 rollback;
	__u32 single_phase;
	__u32 nr_records;	/* logged in the prepare callback */
	__u32 record_size;
	__u32 id;		/* out */
	__u32 preprepare;	/* enum test_rm_answer, too */
	__u32 savepoint;	/* the same, to the three of them */
};

struct test_rm_say_args {
	__u32 id;
	__u32 say;		/* enum test_rm_say */
};

/* Callbacks so far, and the first error of an answer given in one. */
struct test_rm_seen {
	__u32 prepare;
	__u32 commit;
	__u32 rollback;
	__u32 single_phase;
	__u32 recover;
	__u32 last_recover;
	__u32 release;
	__u32 records;		/* read back in recover */
	__u32 preprepare;
	__u32 disconnected;
	__u32 savepoint[3];	/* set, rolled back to, released */
	__u32 last_savepoint;
	__s32 error;
	__u32 reason;		/* of the last rollback, and the errno with it */
	__s32 reason_error;
};

#define TEST_RM_IOC_REGISTER	_IOW('K', 1, struct test_rm_register)
#define TEST_RM_IOC_ENLIST	_IOWR('K', 2, struct test_rm_enlist)
#define TEST_RM_IOC_ANSWER	_IOW('K', 3, struct test_rm_say_args)
#define TEST_RM_IOC_SEEN	_IOR('K', 4, struct test_rm_seen)
#define TEST_RM_IOC_SETTLE	_IO('K', 5)
#define TEST_RM_IOC_UNREGISTER	_IO('K', 6)

#endif /* _SELFTESTS_KTM_TEST_RM_H */
