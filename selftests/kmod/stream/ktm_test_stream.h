/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - ioctls of /dev/ktm_test_stream, a client of log streams in the kernel
 *
 * Each open file is a client, which has one stream open at most. On it the ioctls of a
 * stream's fd (uapi/linux/ktm_log.h) do the same by way of <linux/ktm_stream.h>, so what
 * tests streams in user space tests them in the kernel as well. Only poll() is not there.
 */
#ifndef _SELFTESTS_KTM_TEST_STREAM_H
#define _SELFTESTS_KTM_TEST_STREAM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define TEST_STREAM_OPEN_F_CREATE	1
#define TEST_STREAM_OPEN_F_UUID		2	/* uuid counts */
#define TEST_STREAM_OPEN_F_NAME		4	/* name counts */

/* What the client does when it is called. */
enum test_stream_how {
	TEST_STREAM_COUNT,	/* nothing else */
	TEST_STREAM_TRIM,	/* asked for room: keeps its last record at most */
	TEST_STREAM_LINGER,	/* waits until it is being closed, and then some time more */
};

struct test_stream_open {
	__s32 tm_fd;
	__u32 flags;		/* TEST_STREAM_OPEN_F_* */
	__u8 uuid[16];
	char name[128];
	__u32 mode;
	__u32 how;		/* enum test_stream_how */
	__u64 limit;
};

/* Callbacks so far, also those of streams that were closed. */
struct test_stream_seen {
	__u32 advance;
	__u32 gone;
	__u32 after_gone;	/* callbacks that came when none could */
	__s32 error;		/* the first one in a callback */
	__u32 running;		/* callbacks that have not returned */
	__u32 reserved;
	__u64 wanted;		/* of the last @advance */
};

/* EBADMSG if a callback ran when the close returned. */
#define TEST_STREAM_IOC_OPEN	_IOW('K', 16, struct test_stream_open)
#define TEST_STREAM_IOC_CLOSE	_IO('K', 17)
#define TEST_STREAM_IOC_SEEN	_IOR('K', 18, struct test_stream_seen)

#endif /* _SELFTESTS_KTM_TEST_STREAM_H */
