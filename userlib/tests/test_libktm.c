// SPDX-License-Identifier: GPL-2.0
/*
 * userlib tests - what libktm gives to ioctl(), and what it makes of the answer
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <linux/io_uring.h>

#include <ktm/ktm.h>
#include <ktm/ktm_log.h>
#include <ktm/ktm_txf.h>
#include <ktm/ktm_uring.h>

#include "fake_ioctl.h"
#include "tap.h"

#define NAME		"a name"

static const unsigned char uuid[KTM_UUID_SIZE] = "0123456789abcde";

static void test_tm_create(void)
{
	struct ktm_tm_create want = { .size = sizeof(want), .mode = 0640,
				      .name = NAME };
	unsigned char id[KTM_UUID_SIZE] = { 0 };
	char long_name[KTM_NAME_MAX + 1];

	fake_reset();
	fake_answer_fd(offsetof(struct ktm_tm_create, out_fd));
	tap_ok(ktm_tm_create(FAKE_FD, NAME, 0640, NULL) == FAKE_NEW_FD &&
	       fake_sent(KTM_IOC_TM_CREATE, want), "tm_create");
	fake_reset();
	fake_answer(offsetof(struct ktm_tm_create, uuid), uuid, sizeof(uuid));
	ktm_tm_create(FAKE_FD, NULL, 0, id);
	tap_ok(memcmp(id, uuid, sizeof(id)) == 0, "tm_create gives the UUID");
	fake_reset();
	memset(long_name, 'x', sizeof(long_name));
	long_name[KTM_NAME_MAX] = '\0';
	tap_ok(ktm_tm_create(FAKE_FD, long_name, 0, NULL) == -EINVAL && !fake.calls,
	       "tm_create refuses a name that is too long");
	long_name[KTM_NAME_MAX - 1] = '\0';
	ktm_tm_create(FAKE_FD, long_name, 0, NULL);
	tap_ok(fake.calls == 1, "tm_create takes the longest name");
}

static void test_tm_attach(void)
{
	struct ktm_tm_attach arg = { .dev_fd = 3, .mode = 0600, .gid = 5 };
	struct ktm_tm_attach want = arg;

	want.size = sizeof(want);
	fake_reset();
	fake_answer_fd(offsetof(struct ktm_tm_attach, out_fd));
	tap_ok(ktm_tm_attach(FAKE_FD, &arg, sizeof(arg)) == FAKE_NEW_FD &&
	       fake_sent(KTM_IOC_TM_ATTACH, want), "tm_attach");
	fake_reset();
	tap_ok(ktm_tm_attach(FAKE_FD, &arg, sizeof(arg) - 4) == -EINVAL &&
	       !fake.calls, "tm_attach refuses a struct without room");
	fake_reset();
	fake.error = EUCLEAN;
	tap_ok(ktm_tm_attach(FAKE_FD, &arg, sizeof(arg)) == -EUCLEAN,
	       "tm_attach passes the errno on");
}

static void test_open(void)
{
	static const struct {
		const char *name;
		int (*open)(int fd, const unsigned char *uuid);
		unsigned long request;
	} opens[] = {
		{ "tm_open", ktm_tm_open, KTM_IOC_TM_OPEN },
		{ "tx_open", ktm_tx_open, KTM_IOC_TX_OPEN },
		{ "rm_open", ktm_rm_open, KTM_IOC_RM_OPEN },
	};
	struct ktm_open want = { .size = sizeof(want) };
	size_t i;

	memcpy(want.uuid, uuid, sizeof(uuid));
	for (i = 0; i < ARRAY_SIZE(opens); i++) {
		fake_reset();
		fake_answer_fd(offsetof(struct ktm_open, out_fd));
		tap_ok(opens[i].open(FAKE_FD, uuid) == FAKE_NEW_FD &&
		       fake_sent(opens[i].request, want), "%s", opens[i].name);
		fake_reset();
		fake.error = ENOENT;
		tap_ok(opens[i].open(FAKE_FD, uuid) == -ENOENT,
		       "%s passes the errno on", opens[i].name);
	}
}

static void test_list(void)
{
	static const struct {
		const char *name;
		int (*list)(int fd, uint64_t *cursor,
			    unsigned char (*uuids)[KTM_UUID_SIZE],
			    unsigned int count);
		unsigned long request;
	} lists[] = {
		{ "tm_list", ktm_tm_list, KTM_IOC_TM_LIST },
		{ "tx_list", ktm_tx_list, KTM_IOC_TX_LIST },
		{ "rm_list", ktm_rm_list, KTM_IOC_RM_LIST },
		{ "en_list", ktm_en_list, KTM_IOC_EN_LIST },
	};
	unsigned char uuids[3][KTM_UUID_SIZE];
	struct ktm_list want = {
		.size = sizeof(want),
		.cursor = 17,
		.uuids = (uintptr_t)uuids,
		.count = 3,
	};
	struct ktm_list answer = want;
	uint64_t cursor;
	size_t i;

	answer.cursor = 99;
	answer.count = 2;
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		fake_reset();
		fake_answer(0, &answer, sizeof(answer));
		cursor = 17;
		tap_ok(lists[i].list(FAKE_FD, &cursor, uuids, 3) == 2 &&
		       cursor == 99 && fake_sent(lists[i].request, want), "%s",
		       lists[i].name);
		fake_reset();
		fake.error = EFAULT;
		tap_ok(lists[i].list(FAKE_FD, &cursor, uuids, 3) == -EFAULT &&
		       cursor == 99, "%s passes the errno on", lists[i].name);
	}
}

static int query_abi(void *info, size_t size)
{
	return ktm_abi_query(FAKE_FD, info, size);
}

static int query_fd(void *info, size_t size)
{
	return ktm_fd_query(FAKE_FD, info, size);
}

static int query_tm(void *info, size_t size)
{
	return ktm_tm_query(FAKE_FD, info, size);
}

static int query_tx(void *info, size_t size)
{
	return ktm_tx_query(FAKE_FD, info, size);
}

static int query_rm(void *info, size_t size)
{
	return ktm_rm_query(FAKE_FD, NULL, info, size);
}

static int query_en(void *info, size_t size)
{
	return ktm_en_query(FAKE_FD, info, size);
}

static void test_queries(void)
{
	static const struct {
		const char *name;
		int (*query)(void *info, size_t size);
		unsigned long request;
		uint32_t size;
	} queries[] = {
		{ "abi_query", query_abi, KTM_IOC_GET_ABI,
		  sizeof(struct ktm_get_abi) },
		{ "fd_query", query_fd, KTM_IOC_FD_INFO,
		  sizeof(struct ktm_fd_info) },
		{ "tm_query", query_tm, KTM_IOC_TM_INFO,
		  sizeof(struct ktm_tm_info) },
		{ "tx_query", query_tx, KTM_IOC_TX_INFO,
		  sizeof(struct ktm_tx_info) },
		{ "rm_query", query_rm, KTM_IOC_RM_INFO,
		  sizeof(struct ktm_rm_info) },
		{ "en_query", query_en, KTM_IOC_EN_INFO,
		  sizeof(struct ktm_en_info) },
	};
	unsigned char info[1024], want[1024] = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(queries); i++) {
		memset(info, 0xaa, sizeof(info));
		memcpy(want, &queries[i].size, sizeof(queries[i].size));
		fake_reset();
		tap_ok(!queries[i].query(info, queries[i].size) &&
		       fake_was_sent(queries[i].request, want,
				     queries[i].size) &&
		       info[queries[i].size] == 0xaa,
		       "%s asks with all else zero", queries[i].name);
		tap_ok(queries[i].query(info, 2) == -EINVAL && fake.calls == 1,
		       "%s refuses an impossible size", queries[i].name);
		fake.error = ENOTTY;
		tap_ok(queries[i].query(info, queries[i].size) == -ENOTTY,
		       "%s passes the errno on", queries[i].name);
	}
}

static void test_fd_restrict(void)
{
	struct ktm_restrict want = { .size = sizeof(want), .rights = KTM_RIGHTS_TX };

	fake_reset();
	fake_answer_fd(offsetof(struct ktm_restrict, out_fd));
	tap_ok(ktm_fd_restrict(FAKE_FD, KTM_RIGHTS_TX) == FAKE_NEW_FD &&
	       fake_sent(KTM_IOC_RESTRICT, want), "fd_restrict");
	fake_reset();
	fake.error = EDQUOT;
	tap_ok(ktm_fd_restrict(FAKE_FD, 0) == -EDQUOT,
	       "fd_restrict passes the errno on");
}

static void test_rm_query_by_uuid(void)
{
	struct ktm_rm_info info, want = { .size = sizeof(want) };

	memcpy(want.uuid, uuid, sizeof(uuid));
	fake_reset();
	tap_ok(!ktm_rm_query(FAKE_FD, uuid, &info, sizeof(info)) &&
	       fake_sent(KTM_IOC_RM_INFO, want), "rm_query by UUID");
}

static void test_en_query_by_uuid(void)
{
	struct ktm_en_info info, want = { .size = sizeof(want) };

	memcpy(want.uuid, uuid, sizeof(uuid));
	fake_reset();
	tap_ok(!ktm_en_query_by_uuid(FAKE_FD, uuid, &info, sizeof(info)) &&
	       fake_sent(KTM_IOC_EN_INFO, want), "en_query_by_uuid");
	tap_ok(ktm_en_query_by_uuid(FAKE_FD, uuid, &info, 8) == -EINVAL &&
	       fake.calls == 1, "en_query_by_uuid refuses an impossible size");
}

static void test_simple(void)
{
	static const struct {
		const char *name;
		int (*call)(int fd);
		unsigned long request;
	} calls[] = {
		{ "tm_detach", ktm_tm_detach, KTM_IOC_TM_DETACH },
		{ "rm_recover", ktm_rm_recover, KTM_IOC_RM_RECOVER },
		{ "stream_delete", ktm_stream_delete, KTM_IOC_STREAM_DELETE },
		{ "en_recover", ktm_en_recover, KTM_IOC_EN_RECOVER },
		{ "en_preprepare_complete", ktm_en_preprepare_complete,
		  KTM_IOC_EN_PREPREPARE_COMPLETE },
		{ "en_request_outcome", ktm_en_request_outcome,
		  KTM_IOC_EN_REQUEST_OUTCOME },
		{ "en_preprepare", ktm_en_preprepare, KTM_IOC_EN_PREPREPARE },
		{ "en_prepare", ktm_en_prepare, KTM_IOC_EN_PREPARE },
		{ "en_commit", ktm_en_commit, KTM_IOC_EN_COMMIT },
		{ "en_prepare_complete", ktm_en_prepare_complete,
		  KTM_IOC_EN_PREPARE_COMPLETE },
		{ "en_commit_complete", ktm_en_commit_complete,
		  KTM_IOC_EN_COMMIT_COMPLETE },
		{ "en_rollback_complete", ktm_en_rollback_complete,
		  KTM_IOC_EN_ROLLBACK_COMPLETE },
		{ "en_read_only", ktm_en_read_only, KTM_IOC_EN_READ_ONLY },
		{ "en_reject_single_phase", ktm_en_reject_single_phase,
		  KTM_IOC_EN_REJECT_SINGLE_PHASE },
	};
	struct ktm_simple want = { .size = sizeof(want) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		fake_reset();
		tap_ok(!calls[i].call(FAKE_FD) && fake_sent(calls[i].request, want),
		       "%s", calls[i].name);
		fake_reset();
		fake.error = EPROTO;
		tap_ok(calls[i].call(FAKE_FD) == -EPROTO, "%s passes the errno on",
		       calls[i].name);
	}
}

static void test_tx(void)
{
	struct ktm_tx_create create = { .size = sizeof(create), .deadline = 5,
					.description = NAME };
	struct ktm_tx_end end = { .size = sizeof(end),
				  .flags = KTM_TX_END_F_NONBLOCK };
	struct ktm_tx_set_timeout timeout = { .size = sizeof(timeout),
					      .deadline = 1ULL << 40 };

	fake_reset();
	fake_answer_fd(offsetof(struct ktm_tx_create, out_fd));
	tap_ok(ktm_tx_create(FAKE_FD, NAME, 5, NULL) == FAKE_NEW_FD &&
	       fake_sent(KTM_IOC_TX_CREATE, create), "tx_create");
	fake_reset();
	tap_ok(!ktm_tx_commit(FAKE_FD, KTM_TX_END_F_NONBLOCK) &&
	       fake_sent(KTM_IOC_TX_COMMIT, end), "tx_commit");
	fake_reset();
	fake.error = ECANCELED;
	tap_ok(ktm_tx_commit(FAKE_FD, 0) == -ECANCELED && fake.calls == 1,
	       "tx_commit passes the errno on");
	fake_reset();
	fake.error = EINTR;
	tap_ok(ktm_tx_commit(FAKE_FD, 0) == -EINTR && fake.calls == 1,
	       "tx_commit retries nothing");
	fake_reset();
	tap_ok(!ktm_tx_rollback(FAKE_FD, KTM_TX_END_F_NONBLOCK) &&
	       fake_sent(KTM_IOC_TX_ROLLBACK, end), "tx_rollback");
	fake_reset();
	tap_ok(!ktm_tx_set_timeout(FAKE_FD, 1ULL << 40) &&
	       fake_sent(KTM_IOC_TX_SET_TIMEOUT, timeout), "tx_set_timeout");
}

static void test_rm_and_enlistment(void)
{
	struct ktm_rm_create create = { .size = sizeof(create), .name = NAME,
					.flags = KTM_RM_F_VOLATILE };
	struct ktm_en_create enlist = { .size = sizeof(enlist), .tx_fd = 9,
					.key = 1ULL << 63,
					.flags = KTM_EN_F_SINGLE_PHASE };
	struct ktm_en_open open_en = { .size = sizeof(open_en), .key = 8 };
	unsigned char id[KTM_UUID_SIZE] = { 0 };

	fake_reset();
	fake_answer_fd(offsetof(struct ktm_rm_create, out_fd));
	tap_ok(ktm_rm_create(FAKE_FD, NAME, KTM_RM_F_VOLATILE, NULL) == FAKE_NEW_FD &&
	       fake_sent(KTM_IOC_RM_CREATE, create), "rm_create");
	fake_reset();
	fake_answer(offsetof(struct ktm_en_create, uuid), uuid, sizeof(uuid));
	ktm_en_create(FAKE_FD, 9, 1ULL << 63, KTM_EN_F_SINGLE_PHASE, id);
	tap_ok(fake_sent(KTM_IOC_EN_CREATE, enlist) &&
	       !memcmp(id, uuid, sizeof(id)), "en_create");
	fake_reset();
	memcpy(open_en.uuid, uuid, sizeof(uuid));
	fake_answer_fd(offsetof(struct ktm_en_open, out_fd));
	tap_ok(ktm_en_open(FAKE_FD, uuid, 8) == FAKE_NEW_FD &&
	       fake_sent(KTM_IOC_EN_OPEN, open_en), "en_open");
}

static void test_fetch(void)
{
	struct ktm_notification notes[2];
	struct ktm_rm_fetch want = {
		.size = sizeof(want),
		.flags = KTM_RM_FETCH_F_NONBLOCK,
		.buffer = (uintptr_t)notes,
		.length = sizeof(notes),
	};

	fake_reset();
	fake.result = 56;
	tap_ok(ktm_rm_fetch(FAKE_FD, notes, sizeof(notes), KTM_RM_FETCH_F_NONBLOCK) == 56 &&
	       fake_sent(KTM_IOC_RM_FETCH, want), "rm_fetch");
	fake.error = EAGAIN;
	tap_ok(ktm_rm_fetch(FAKE_FD, notes, sizeof(notes), 0) == -EAGAIN,
	       "rm_fetch passes the errno on");
	want.flags = 0;
	want.length = INT_MAX;
	fake_reset();
	ktm_rm_fetch(FAKE_FD, notes, SIZE_MAX, 0);
	tap_ok(fake_sent(KTM_IOC_RM_FETCH, want), "rm_fetch of more than fits in a field");
}

/* Is it this command, with all else zero? */
static int prepared(const struct io_uring_sqe *sqe, uint32_t request, const void *arg)
{
	struct io_uring_sqe want = {
		.opcode = IORING_OP_URING_CMD,
		.fd = FAKE_FD,
		.cmd_op = request,
		.addr3 = (uintptr_t)arg,
		.user_data = 77,
	};

	return !memcmp(&want, sqe, sizeof(want));
}

static void test_uring(void)
{
	struct ktm_tx_end end, want = { .size = sizeof(want), .flags = 3, .clock = 9 };
	struct ktm_rm_fetch fetch = { .flags = 1, .buffer = 5, .length = 6 };
	struct ktm_rm_fetch as = {
		.size = sizeof(as), .flags = 1, .buffer = 5, .length = 6,
	};
	struct io_uring_sqe sqe;

	memset(&sqe, 0xaa, sizeof(sqe));
	sqe.user_data = 77;
	end = (struct ktm_tx_end){ .flags = 3, .state = 5, .reason = 6, .clock = 9 };
	ktm_uring_prep_tx_commit(&sqe, FAKE_FD, &end, sizeof(end));
	tap_ok(prepared(&sqe, KTM_IOC_TX_COMMIT, &end) && !memcmp(&end, &want, sizeof(end)),
	       "uring_prep_tx_commit");
	memset(&sqe, 0xaa, sizeof(sqe));
	sqe.user_data = 77;
	end = (struct ktm_tx_end){ .flags = 3, .state = 5, .reason = 6, .clock = 9 };
	ktm_uring_prep_tx_rollback(&sqe, FAKE_FD, &end, sizeof(end));
	tap_ok(prepared(&sqe, KTM_IOC_TX_ROLLBACK, &end) &&
	       !memcmp(&end, &want, sizeof(end)), "uring_prep_tx_rollback");
	memset(&sqe, 0xaa, sizeof(sqe));
	sqe.user_data = 77;
	ktm_uring_prep_rm_fetch(&sqe, FAKE_FD, &fetch, sizeof(fetch));
	tap_ok(prepared(&sqe, KTM_IOC_RM_FETCH, &fetch) && !memcmp(&fetch, &as, sizeof(as)),
	       "uring_prep_rm_fetch");
}

static void test_log(void)
{
	struct ktm_en_log log = { .size = sizeof(log), .data = (uintptr_t)NAME,
				  .length = sizeof(NAME) };
	struct ktm_en_read_log read_log = {
		.size = sizeof(read_log), .index = 3, .length = 100,
	};
	uint32_t length = 100, answer = 200;
	uint64_t lsn = 0, place = 4096;
	char buffer[100];
	static const char *text = NAME;

	log.data = (uintptr_t)text;
	fake_reset();
	fake_answer(offsetof(struct ktm_en_log, lsn), &place, sizeof(place));
	tap_ok(!ktm_en_log(FAKE_FD, text, sizeof(NAME), &lsn) &&
	       fake_sent(KTM_IOC_EN_LOG, log) && lsn == place, "en_log");
	read_log.data = (uintptr_t)buffer;
	fake_reset();
	fake_answer(offsetof(struct ktm_en_read_log, length), &answer,
		    sizeof(answer));
	tap_ok(!ktm_en_read_log(FAKE_FD, 3, buffer, &length) &&
	       fake_sent(KTM_IOC_EN_READ_LOG, read_log) && length == 200,
	       "en_read_log");
}

static void test_recovery_info(void)
{
	struct ktm_en_recovery_info info = { .size = sizeof(info), .length = 100 };
	uint32_t length = 100, answer = 33;
	char buffer[100];

	info.data = (uintptr_t)buffer;
	fake_reset();
	tap_ok(!ktm_en_set_recovery_info(FAKE_FD, buffer, 100) &&
	       fake_sent(KTM_IOC_EN_SET_RECOVERY_INFO, info), "en_set_recovery_info");
	fake_reset();
	fake_answer(offsetof(struct ktm_en_recovery_info, length), &answer,
		    sizeof(answer));
	tap_ok(!ktm_en_get_recovery_info(FAKE_FD, buffer, &length) &&
	       fake_sent(KTM_IOC_EN_GET_RECOVERY_INFO, info) && length == 33,
	       "en_get_recovery_info");
}

static void test_recovery(void)
{
	struct ktm_tm_rollforward forward = { .size = sizeof(forward), .clock = 77 };
	struct ktm_tm_recover recover = { .size = sizeof(recover),
					  .flags = KTM_TM_RECOVER_F_DISCARD };
	uint32_t first = 0, second = 0, answer[2] = { 3, 4 };

	fake_reset();
	fake_answer(offsetof(struct ktm_tm_rollforward, recovered), answer,
		    sizeof(answer));
	tap_ok(!ktm_tm_rollforward(FAKE_FD, 77, &first, &second) &&
	       fake_sent(KTM_IOC_TM_ROLLFORWARD, forward) && first == 3 && second == 4,
	       "tm_rollforward");
	fake_reset();
	fake_answer(offsetof(struct ktm_tm_recover, recovered), answer,
		    sizeof(answer));
	tap_ok(!ktm_tm_recover(FAKE_FD, KTM_TM_RECOVER_F_DISCARD, &first, &second) &&
	       fake_sent(KTM_IOC_TM_RECOVER, recover) && first == 3 && second == 4,
	       "tm_recover");
}

static void test_freeze(void)
{
	struct ktm_tm_freeze freeze = {
		.size = sizeof(freeze),
		.freeze_deadline = 77,
		.thaw_deadline = 78,
	};
	struct ktm_simple simple = { .size = sizeof(simple) };
	unsigned char tx[KTM_UUID_SIZE], answer[KTM_UUID_SIZE] = { 5 };

	fake_reset();
	fake_answer(offsetof(struct ktm_tm_freeze, tx), answer, sizeof(answer));
	tap_ok(!ktm_tm_freeze(FAKE_FD, 77, 78, tx) &&
	       fake_sent(KTM_IOC_TM_FREEZE, freeze) && !memcmp(tx, answer, sizeof(tx)),
	       "tm_freeze");
	fake_reset();
	tap_ok(!ktm_tm_freeze(FAKE_FD, 77, 78, NULL), "tm_freeze without a place");
	fake_reset();
	tap_ok(!ktm_tm_thaw(FAKE_FD) && fake_sent(KTM_IOC_TM_THAW, simple), "tm_thaw");
}

static void test_clock(void)
{
	struct ktm_en_answer answer = { .size = sizeof(answer), .clock = 77 };
	struct ktm_tx_end end = { .size = sizeof(end), .clock = 77,
				  .flags = KTM_TX_END_F_NONBLOCK };
	uint64_t clock = 77, later = 99;

	fake_reset();
	fake_answer(offsetof(struct ktm_en_answer, clock), &later, sizeof(later));
	tap_ok(!ktm_en_answer_at(FAKE_FD, KTM_IOC_EN_READ_ONLY, &clock) &&
	       fake_sent(KTM_IOC_EN_READ_ONLY, answer) && clock == later,
	       "en_answer_at");
	clock = 77;
	fake_reset();
	fake_answer(offsetof(struct ktm_tx_end, clock), &later, sizeof(later));
	tap_ok(!ktm_tx_commit_at(FAKE_FD, KTM_TX_END_F_NONBLOCK, &clock) &&
	       fake_sent(KTM_IOC_TX_COMMIT, end) && clock == later, "tx_commit_at");
}

static void test_savepoint(void)
{
	struct ktm_tx_savepoint set = { .size = sizeof(set) };
	struct ktm_tx_savepoint to = { .size = sizeof(to), .savepoint = 77 };
	struct ktm_en_savepoint answer = { .size = sizeof(answer), .savepoint = 77,
					   .error = ENOSPC };
	unsigned char rm[KTM_UUID_SIZE];
	uint64_t savepoint = 5, got = 77;

	fake_reset();
	fake_answer(offsetof(struct ktm_tx_savepoint, savepoint), &got, sizeof(got));
	tap_ok(!ktm_tx_savepoint(FAKE_FD, &savepoint, NULL) &&
	       fake_sent(KTM_IOC_TX_SAVEPOINT, set) && savepoint == 77, "tx_savepoint");
	fake_reset();
	fake.error = EOPNOTSUPP;
	fake_answer(offsetof(struct ktm_tx_savepoint, rm), uuid, sizeof(uuid));
	tap_ok(ktm_tx_savepoint(FAKE_FD, &savepoint, rm) == -EOPNOTSUPP &&
	       savepoint == 0 && !memcmp(rm, uuid, sizeof(rm)),
	       "tx_savepoint names the RM that takes no part");
	fake_reset();
	fake_answer(offsetof(struct ktm_tx_savepoint, rm), uuid, sizeof(uuid));
	tap_ok(!ktm_tx_rollback_to(FAKE_FD, 77, rm) &&
	       fake_sent(KTM_IOC_TX_ROLLBACK_TO, to) && !memcmp(rm, uuid, sizeof(rm)),
	       "tx_rollback_to");
	fake_reset();
	tap_ok(!ktm_tx_release(FAKE_FD, 77) && fake_sent(KTM_IOC_TX_RELEASE, to),
	       "tx_release");
	fake_reset();
	tap_ok(!ktm_en_savepoint_complete(FAKE_FD, 77, ENOSPC) &&
	       fake_sent(KTM_IOC_EN_SAVEPOINT_COMPLETE, answer), "en_savepoint_complete");
}

static void test_en_rollback(void)
{
	struct ktm_en_rollback want = {
		.size = sizeof(want), .reason = KTM_REASON_CONFLICT,
		.error = ESTALE, .detail = NAME,
	};
	char detail[2 * KTM_DETAIL_MAX];

	fake_reset();
	tap_ok(!ktm_en_rollback(FAKE_FD, KTM_REASON_CONFLICT, ESTALE, NAME) &&
	       fake_sent(KTM_IOC_EN_ROLLBACK, want), "en_rollback");
	memset(detail, 'd', sizeof(detail));
	detail[sizeof(detail) - 1] = '\0';
	memset(want.detail, 'd', sizeof(want.detail) - 1);
	fake_reset();
	tap_ok(!ktm_en_rollback(FAKE_FD, KTM_REASON_CONFLICT, ESTALE, detail) &&
	       fake_sent(KTM_IOC_EN_ROLLBACK, want), "en_rollback cuts the detail");
	memset(want.detail, 0, sizeof(want.detail));
	fake_reset();
	tap_ok(!ktm_en_rollback(FAKE_FD, KTM_REASON_CONFLICT, ESTALE, NULL) &&
	       fake_sent(KTM_IOC_EN_ROLLBACK, want), "en_rollback without detail");
}

static void test_uuid(void)
{
	static const char *const bad[] = {
		"", "0", "00112233-4455-6677-8899-aabbccddeef",
		"00112233-4455-6677-8899-aabbccddeeff0",
		"001122334-455-6677-8899-aabbccddeeff",
		"0011223x-4455-6677-8899-aabbccddeeff",
		"00112233-4455-6677-8899 aabbccddeeff",
	};
	static const char good[] = "00112233-4455-6677-8899-aabbccddeeff";
	unsigned char id[KTM_UUID_SIZE];
	char text[KTM_UUID_TEXT_SIZE];
	size_t i;

	tap_ok(!ktm_uuid_parse(good, id) && id[0] == 0 && id[1] == 0x11 &&
	       id[15] == 0xff, "uuid_parse");
	ktm_uuid_format(id, text);
	tap_ok(strcmp(text, good) == 0, "uuid_format");
	tap_ok(!ktm_uuid_parse("00112233-4455-6677-8899-AABBCCDDEEFF", id) &&
	       id[10] == 0xaa, "uuid_parse takes capital letters");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		tap_ok(ktm_uuid_parse(bad[i], id) == -EINVAL,
		       "'%s' is no UUID", bad[i]);
}

static void test_names(void)
{
	uint32_t i;

	for (i = KTM_TX_S_NEW; i <= KTM_TX_S_SAVEPOINT; i++)
		tap_ok(strcmp(ktm_tx_state_name(i), "unknown") != 0,
		       "transaction state %u is %s", i, ktm_tx_state_name(i));
	for (i = KTM_EN_S_NEW; i <= KTM_EN_S_SAVEPOINT; i++)
		tap_ok(strcmp(ktm_en_state_name(i), "unknown") != 0,
		       "enlistment state %u is %s", i, ktm_en_state_name(i));
	for (i = KTM_REASON_NONE; i <= KTM_REASON_OUTCOME_WANTED; i++)
		tap_ok(strcmp(ktm_reason_name(i), "unknown") != 0,
		       "reason %u is known", i);
	tap_ok(strcmp(ktm_reason_name(UINT32_MAX), "unknown") == 0 &&
	       strcmp(ktm_tm_state_name(0), "unknown") == 0 &&
	       strcmp(ktm_rm_state_name(3), "unknown") == 0 &&
	       strcmp(ktm_en_state_name(13), "unknown") == 0 &&
	       strcmp(ktm_txf_state_name(5), "unknown") == 0,
	       "what is not known is called unknown");
}

int main(void)
{
	test_tm_create();
	test_tm_attach();
	test_open();
	test_list();
	test_queries();
	test_fd_restrict();
	test_rm_query_by_uuid();
	test_en_query_by_uuid();
	test_simple();
	test_tx();
	test_rm_and_enlistment();
	test_fetch();
	test_uring();
	test_log();
	test_recovery_info();
	test_recovery();
	test_freeze();
	test_clock();
	test_savepoint();
	test_en_rollback();
	test_uuid();
	test_names();
	return tap_done();
}
