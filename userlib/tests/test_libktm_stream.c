// SPDX-License-Identifier: GPL-2.0
/*
 * userlib tests - what libktm gives to ioctl() for log streams
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <ktm/ktm_log.h>

#include "fake_ioctl.h"
#include "tap.h"

#define NAME		"a name"

static const unsigned char uuid[KTM_UUID_SIZE] = "0123456789abcde";

static void test_stream_open(void)
{
	struct ktm_stream_create new = { .name = NAME, .mode = 0640, .limit = 65536 };
	struct ktm_stream_create want = new;
	struct ktm_stream_open open = { .size = sizeof(open), .name = NAME };
	struct ktm_stream_open by_uuid = { .size = sizeof(by_uuid) };
	struct ktm_stream_info info, query = { .size = sizeof(query) };
	char long_name[KTM_NAME_MAX + 1] = { 0 };

	want.size = sizeof(want);
	fake_reset();
	fake_answer_fd(offsetof(struct ktm_stream_create, out_fd));
	tap_ok(ktm_stream_create(FAKE_FD, &new, sizeof(new)) == FAKE_NEW_FD &&
	       fake_sent(KTM_IOC_STREAM_CREATE, want) && !new.out_fd, "stream_create");
	fake_reset();
	tap_ok(ktm_stream_create(FAKE_FD, &new, 16) == -EINVAL && !fake.calls,
	       "stream_create refuses a struct without room");
	fake_answer_fd(offsetof(struct ktm_stream_open, out_fd));
	tap_ok(ktm_stream_open(FAKE_FD, NAME) == FAKE_NEW_FD &&
	       fake_sent(KTM_IOC_STREAM_OPEN, open), "stream_open");
	memset(long_name, 'x', KTM_NAME_MAX);
	fake_reset();
	tap_ok(ktm_stream_open(FAKE_FD, long_name) == -EINVAL && !fake.calls,
	       "stream_open refuses a name that is too long");
	memcpy(by_uuid.uuid, uuid, sizeof(uuid));
	fake_answer_fd(offsetof(struct ktm_stream_open, out_fd));
	tap_ok(ktm_stream_open_by_uuid(FAKE_FD, uuid) == FAKE_NEW_FD &&
	       fake_sent(KTM_IOC_STREAM_OPEN, by_uuid), "stream_open_by_uuid");
	memcpy(query.uuid, uuid, sizeof(uuid));
	fake_reset();
	tap_ok(!ktm_stream_query(FAKE_FD, uuid, &info, sizeof(info)) &&
	       fake_sent(KTM_IOC_STREAM_INFO, query), "stream_query");
	tap_ok(ktm_stream_query(FAKE_FD, NULL, &info, 8) == -EINVAL && fake.calls == 1,
	       "stream_query refuses an impossible size");
}

static void test_stream_records(void)
{
	struct ktm_stream_append append = { .nr_parts = 2, .previous = 8 };
	struct ktm_stream_append want_append = append;
	struct ktm_stream_read read = { .mode = KTM_STREAM_READ_NEXT, .lsn = 64 };
	struct ktm_stream_read want_read = read;
	struct ktm_stream_restart area = { .base = 128 };
	struct ktm_stream_restart want_area = area;
	struct ktm_stream_reserve reserve = { .size = sizeof(reserve), .delta = -3 };
	struct ktm_stream_flush flush = { .size = sizeof(flush), .lsn = 96 };
	struct ktm_stream_set_base base = { .size = sizeof(base), .lsn = 72, .flags = 2 };
	uint64_t lsn = 0, answer = 4242;
	uint32_t left = 9;

	want_append.size = sizeof(want_append);
	want_read.size = sizeof(want_read);
	want_area.size = sizeof(want_area);
	fake_reset();
	tap_ok(!ktm_stream_append(FAKE_FD, &append, sizeof(append)) &&
	       fake_sent(KTM_IOC_STREAM_APPEND, want_append), "stream_append");
	fake_reset();
	tap_ok(!ktm_stream_read(FAKE_FD, &read, sizeof(read)) &&
	       fake_sent(KTM_IOC_STREAM_READ, want_read), "stream_read");
	fake_reset();
	tap_ok(!ktm_stream_restart(FAKE_FD, &area, sizeof(area)) &&
	       fake_sent(KTM_IOC_STREAM_RESTART, want_area), "stream_restart");
	fake_reset();
	tap_ok(!ktm_stream_flush(FAKE_FD, 96) && fake_sent(KTM_IOC_STREAM_FLUSH, flush),
	       "stream_flush");
	fake_reset();
	tap_ok(!ktm_stream_set_base(FAKE_FD, 72, 2) &&
	       fake_sent(KTM_IOC_STREAM_SET_BASE, base), "stream_set_base");
	fake_reset();
	fake_answer(offsetof(struct ktm_stream_reserve, reserved), &left, sizeof(left));
	tap_ok(ktm_stream_reserve(FAKE_FD, -3) == 9 &&
	       fake_sent(KTM_IOC_STREAM_RESERVE, reserve), "stream_reserve");
	fake_reset();
	fake_answer(offsetof(struct ktm_stream_append, lsn), &answer, sizeof(answer));
	tap_ok(!ktm_stream_write(FAKE_FD, "abc", 3, KTM_STREAM_APPEND_F_FLUSH, &lsn) &&
	       lsn == answer && fake.request == KTM_IOC_STREAM_APPEND, "stream_write");
	fake_reset();
	tap_ok(ktm_stream_write(FAKE_FD, "", KTM_STREAM_RECORD_MAX + 1, 0, NULL) == -EMSGSIZE &&
	       !fake.calls, "stream_write refuses what is too long");
	fake.error = ENOSPC;
	tap_ok(ktm_stream_reserve(FAKE_FD, 1) == -ENOSPC &&
	       ktm_stream_write(FAKE_FD, "", 0, 0, &lsn) == -ENOSPC && lsn == answer,
	       "an errno is passed on");
}

int main(void)
{
	test_stream_open();
	test_stream_records();
	return tap_done();
}
