// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - log streams that a client in the kernel has open
 */
#include "kernel_stream.h"

int kstream_client(void)
{
	return open("/dev/ktm_test_stream", O_RDWR | O_CLOEXEC);
}

int kstream_make(int client, int tm_fd, const char *name, __u64 limit, __u32 how)
{
	struct test_stream_open arg = {
		.tm_fd = tm_fd,
		.flags = TEST_STREAM_OPEN_F_CREATE,
		.mode = 0640,
		.limit = limit,
		.how = how,
	};

	strncpy(arg.name, name, sizeof(arg.name) - 1);
	return ktm_call(client, TEST_STREAM_IOC_OPEN, &arg);
}

int kstream_open(int client, int tm_fd, const char *name, const __u8 *uuid, __u32 how)
{
	struct test_stream_open arg = { .tm_fd = tm_fd, .how = how };

	if (name) {
		arg.flags |= TEST_STREAM_OPEN_F_NAME;
		strncpy(arg.name, name, sizeof(arg.name) - 1);
	}
	if (uuid) {
		arg.flags |= TEST_STREAM_OPEN_F_UUID;
		memcpy(arg.uuid, uuid, sizeof(arg.uuid));
	}
	return ktm_call(client, TEST_STREAM_IOC_OPEN, &arg);
}

int kstream_close(int client)
{
	return ktm_call(client, TEST_STREAM_IOC_CLOSE, NULL);
}

struct test_stream_seen kstream_seen(int client)
{
	struct test_stream_seen seen = { .error = -1 };

	ktm_call(client, TEST_STREAM_IOC_SEEN, &seen);
	return seen;
}

bool kstream_wait(int client, __u32 advance, __u32 gone)
{
	__u64 end = now_ns() + PATIENCE * MSEC;
	struct test_stream_seen seen;

	do {
		seen = kstream_seen(client);
		if (seen.advance >= advance && seen.gone >= gone)
			return true;
		usleep(1000);
	} while (now_ns() < end);
	return false;
}
