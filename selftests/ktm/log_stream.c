// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - log streams, for the tests of them
 */
#include "log_stream.h"

int stream_make(int tm_fd, const char *name, __u32 mode, __u64 limit, __u8 *uuid)
{
	struct ktm_stream_create arg = {
		.size = sizeof(arg),
		.mode = mode,
		.limit = limit,
	};
	int ret;

	strncpy(arg.name, name, sizeof(arg.name) - 1);
	if (uuid)
		memcpy(arg.uuid, uuid, KTM_UUID_SIZE);
	ret = ktm_call(tm_fd, KTM_IOC_STREAM_CREATE, &arg);
	if (ret)
		return ret;
	if (uuid)
		memcpy(uuid, arg.uuid, KTM_UUID_SIZE);
	return arg.out_fd;
}

int stream_open(int tm_fd, const char *name, const __u8 *uuid)
{
	struct ktm_stream_open arg = { .size = sizeof(arg) };
	int ret;

	if (name)
		strncpy(arg.name, name, sizeof(arg.name) - 1);
	if (uuid)
		memcpy(arg.uuid, uuid, KTM_UUID_SIZE);
	ret = ktm_call(tm_fd, KTM_IOC_STREAM_OPEN, &arg);
	return ret ?: arg.out_fd;
}

int stream_info(int fd, struct ktm_stream_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return ktm_call(fd, KTM_IOC_STREAM_INFO, info);
}

int stream_delete(int fd)
{
	struct ktm_simple arg = { .size = sizeof(arg) };

	return ktm_call(fd, KTM_IOC_STREAM_DELETE, &arg);
}

/* The number, then bytes that follow from it. */
static void fill(char *data, __u32 number, __u32 length)
{
	__u32 i;

	for (i = 0; i < length; i++)
		data[i] = number * 31 + i * 7 + (i >> 8);
	memcpy(data, &number, length < sizeof(number) ? length : sizeof(number));
}

int stream_number(const void *data, __u32 length)
{
	static __thread char want[KTM_STREAM_RECORD_MAX];
	__u32 number;

	if (length < sizeof(number) || length > sizeof(want))
		return -EBADMSG;
	memcpy(&number, data, sizeof(number));
	fill(want, number, length);
	return memcmp(want, data, length) ? -EBADMSG : (int)number;
}

static int append(int fd, __u32 number, __u32 length, struct ktm_stream_append *arg,
		  __u64 *lsn)
{
	static __thread char data[KTM_STREAM_RECORD_MAX + 1];
	/* in pieces of all sizes, some of them empty */
	struct ktm_stream_part parts[3];
	int ret;

	fill(data, number, length);
	parts[0] = (struct ktm_stream_part){ .data = (uintptr_t)data, .length = length / 3 };
	parts[1] = (struct ktm_stream_part){ .data = 8 };
	parts[2] = (struct ktm_stream_part){
		.data = (uintptr_t)data + length / 3,
		.length = length - length / 3,
	};
	arg->size = sizeof(*arg);
	arg->parts = (uintptr_t)parts;
	arg->nr_parts = ARRAY_LEN(parts);
	ret = ktm_call(fd, KTM_IOC_STREAM_APPEND, arg);
	if (lsn)
		*lsn = ret ? 0 : arg->lsn;
	return ret;
}

int stream_append(int fd, __u32 number, __u32 length, __u32 flags, __u64 *lsn)
{
	struct ktm_stream_append arg = { .flags = flags };

	return append(fd, number, length, &arg, lsn);
}

int stream_chain(int fd, __u32 number, __u64 previous, __u64 undo_next, __u64 *lsn)
{
	struct ktm_stream_append arg = { .previous = previous, .undo_next = undo_next };

	return append(fd, number, 64, &arg, lsn);
}

int stream_look(int fd, __u32 mode, __u64 lsn, struct ktm_stream_read *read, void *buffer,
		__u32 room)
{
	*read = (struct ktm_stream_read){
		.size = sizeof(*read),
		.mode = mode,
		.lsn = lsn,
		.data = (uintptr_t)buffer,
		.length = room,
	};
	return ktm_call(fd, KTM_IOC_STREAM_READ, read);
}

int stream_read(int fd, __u32 mode, __u64 lsn, struct ktm_stream_read *read)
{
	static __thread char data[KTM_STREAM_RECORD_MAX];
	int ret = stream_look(fd, mode, lsn, read, data, sizeof(data));

	return ret ?: stream_number(data, read->length);
}

int stream_flush(int fd, __u64 lsn)
{
	struct ktm_stream_flush arg = { .size = sizeof(arg), .lsn = lsn };

	return ktm_call(fd, KTM_IOC_STREAM_FLUSH, &arg);
}

int stream_set_base(int fd, __u64 lsn, __u32 flags)
{
	struct ktm_stream_set_base arg = {
		.size = sizeof(arg),
		.lsn = lsn,
		.flags = flags | (lsn ? 0 : KTM_STREAM_BASE_F_ALL),
	};

	return ktm_call(fd, KTM_IOC_STREAM_SET_BASE, &arg);
}

int stream_restart(int fd, __u32 number, __u32 length, __u32 flags, __u64 base, __u64 *lsn)
{
	static __thread char data[KTM_STREAM_RECORD_MAX + 1];
	struct ktm_stream_restart arg = {
		.size = sizeof(arg),
		.flags = flags,
		.data = (uintptr_t)data,
		.length = length,
		.base = base,
	};
	int ret;

	fill(data, number, length);
	ret = ktm_call(fd, KTM_IOC_STREAM_RESTART, &arg);
	if (lsn)
		*lsn = ret ? 0 : arg.lsn;
	return ret;
}

int stream_reserve(int fd, __s32 delta)
{
	struct ktm_stream_reserve arg = { .size = sizeof(arg), .delta = delta };
	int ret = ktm_call(fd, KTM_IOC_STREAM_RESERVE, &arg);

	return ret ?: (int)arg.reserved;
}

int stream_poll(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };

	return poll(&poll_fd, 1, 0) < 0 ? -errno : poll_fd.revents;
}
