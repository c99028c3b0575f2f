/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - ioctls, and states read back, for the tests of the core
 *
 * The tests speak to the kernel by raw ioctls: libktm has tests of its own. Each
 * handle keeps what must not change about its object; ASSERT_TX() and its like
 * read the whole object back into a poisoned buffer and compare every field.
 */
#ifndef _SELFTESTS_KTM_HARNESS_H
#define _SELFTESTS_KTM_HARNESS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ktm.h>

#define KTM_DEV		"/dev/ktm"
#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))
#define MSEC		1000000ULL	/* in ns */
/* exit status of a test that its setup skips: a mere return would run it */
#define SKIPPED		255
#define LONG		(60000 * MSEC)	/* longer than any test */
#define PATIENCE	20000		/* ms until what must come is missing */

struct tm_handle {
	int fd;
	__u8 uuid[KTM_UUID_SIZE];
	bool durable;
};

struct tx_handle {
	int fd;
	struct ktm_tx_info info;
};

struct rm_handle {
	int fd;
	struct ktm_rm_info info;
	__u64 clock;		/* of the last notification */
	__u64 savepoint;	/* of the last one that was about a savepoint */
};

struct en_handle {
	int fd;
	struct ktm_en_info info;
};

/* One ioctl; 0 or a negative errno. */
int ktm_call(int fd, unsigned int cmd, void *arg);

int ktm_dev(void);
__u64 now_ns(void);
void random_uuid(__u8 *uuid);

int tm_make(struct tm_handle *tm, __u32 mode);
int tm_info(const struct tm_handle *tm, struct ktm_tm_info *info);

int tx_begin(const struct tm_handle *tm, struct tx_handle *tx, __u64 deadline);
int tx_info(const struct tx_handle *tx, struct ktm_tx_info *info);
int tx_end(const struct tx_handle *tx, unsigned int cmd, __u32 flags,
	   struct ktm_tx_end *end);
int tx_set_timeout(const struct tx_handle *tx, __u64 deadline);
/* KTM_IOC_TX_SAVEPOINT and its like; rm, 16 bytes, may be NULL */
int tx_savepoint(const struct tx_handle *tx, unsigned int cmd, __u64 *savepoint, __u8 *rm);

/* Deadlines as in struct ktm_tm_freeze; tx may be NULL. */
int freeze_at(int tm_fd, __u64 freeze_deadline, __u64 thaw_deadline, __u8 *tx);
/* Times from now, and from then. */
int tm_freeze(const struct tm_handle *tm, __u64 reach, __u64 hold, __u8 *tx);
int thaw(int tm_fd);
bool is_frozen(const struct tm_handle *tm);

/* NULL for a UUID of its own; flags as in ktm_rm_create */
int rm_make(const struct tm_handle *tm, struct rm_handle *rm, const __u8 *uuid,
	    __u32 flags);
int rm_recover(const struct rm_handle *rm);

int en_make(const struct rm_handle *rm, const struct tx_handle *tx,
	    struct en_handle *en, __u64 key, __u32 flags);
int en_reopen(const struct rm_handle *rm, const __u8 *uuid, __u64 key,
	      struct en_handle *en);
int en_answer(const struct en_handle *en, unsigned int cmd);
int en_veto(const struct en_handle *en, __u32 reason, __u32 error,
	    const char *detail);
int en_savepoint(const struct en_handle *en, __u64 savepoint, __u32 error);
int en_log(const struct en_handle *en, const void *data, __u32 length, __u64 *lsn);
int en_read_log(const struct en_handle *en, __u64 index, void *data, __u32 *length);

#define commit_nowait(tx) \
	tx_end(tx, KTM_IOC_TX_COMMIT, KTM_TX_END_F_NONBLOCK, NULL)
#define commit_wait(tx)		tx_end(tx, KTM_IOC_TX_COMMIT, 0, NULL)
#define rollback_nowait(tx) \
	tx_end(tx, KTM_IOC_TX_ROLLBACK, KTM_TX_END_F_NONBLOCK, NULL)
#define rollback_wait(tx)	tx_end(tx, KTM_IOC_TX_ROLLBACK, 0, NULL)
#define preprepare_complete(en)	en_answer(en, KTM_IOC_EN_PREPREPARE_COMPLETE)
#define prepare_complete(en)	en_answer(en, KTM_IOC_EN_PREPARE_COMPLETE)
#define commit_complete(en)	en_answer(en, KTM_IOC_EN_COMMIT_COMPLETE)
#define rollback_complete(en)	en_answer(en, KTM_IOC_EN_ROLLBACK_COMPLETE)
#define read_only(en)		en_answer(en, KTM_IOC_EN_READ_ONLY)
#define reject_single(en)	en_answer(en, KTM_IOC_EN_REJECT_SINGLE_PHASE)
#define ask_outcome(en)		en_answer(en, KTM_IOC_EN_RECOVER)
#define request_outcome(en)	en_answer(en, KTM_IOC_EN_REQUEST_OUTCOME)
#define order_preprepare(en)	en_answer(en, KTM_IOC_EN_PREPREPARE)
#define order_prepare(en)	en_answer(en, KTM_IOC_EN_PREPARE)
#define order_commit(en)	en_answer(en, KTM_IOC_EN_COMMIT)

/* What may change about an object; what is not named must be 0 or empty. */
struct tm_want {
	__u32 state, error, rms;
	__u64 active, unfinished, committed, aborted;
};

struct tx_want {
	__u32 state, reason, error, nr, waiting;
	__u64 deadline;
	const struct rm_handle *rm;
	const char *detail;
};

struct rm_want {
	__u32 state, nr;
};

struct en_want {
	__u32 state, tx_state;
	__u64 records;
};

/* "" or what differs, in words */
const char *tm_differs(const struct tm_handle *tm, struct tm_want want);
const char *tx_differs(const struct tx_handle *tx, struct tx_want want);
const char *rm_differs(const struct rm_handle *rm, struct rm_want want);
const char *en_differs(const struct en_handle *en, struct en_want want);
/* the next notification; en may be NULL */
const char *note_differs(struct rm_handle *rm, __u32 type, const struct en_handle *en);
/* no notification waits */
const char *rm_speaks(const struct rm_handle *rm);

#define ASSERT_TM(tm, ...) \
	ASSERT_STREQ("", tm_differs(tm, (struct tm_want){ __VA_ARGS__ }))
#define ASSERT_TX(tx, ...) \
	ASSERT_STREQ("", tx_differs(tx, (struct tx_want){ __VA_ARGS__ }))
#define ASSERT_RM(rm, ...) \
	ASSERT_STREQ("", rm_differs(rm, (struct rm_want){ __VA_ARGS__ }))
#define ASSERT_EN(en, ...) \
	ASSERT_STREQ("", en_differs(en, (struct en_want){ __VA_ARGS__ }))
#define ASSERT_NOTE(rm, type, en) \
	ASSERT_STREQ("", note_differs(rm, type, en))
#define ASSERT_QUIET(rm) \
	ASSERT_STREQ("", rm_speaks(rm))

/* Is the outcome there, by poll()? */
bool tx_settled(const struct tx_handle *tx, int timeout_ms);

#endif /* _SELFTESTS_KTM_HARNESS_H */
