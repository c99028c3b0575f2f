// SPDX-License-Identifier: GPL-2.0
/*
 * libktm - log streams
 */
#include <errno.h>
#include <string.h>

#include <ktm/ktm_log.h>

#include "priv.h"

/* A struct that is filled in by the caller: in and out. */
static int call_with(int fd, unsigned long request, void *arg, size_t size)
{
	uint32_t size32 = size;

	if (size < sizeof(size32) || size > INT32_MAX)
		return -EINVAL;
	memcpy(arg, &size32, sizeof(size32));
	return ktm_priv_ioctl(fd, request, arg);
}

LIBKTM_EXPORT int ktm_stream_create(int tm_fd, struct ktm_stream_create *stream, size_t size)
{
	int fd, ret;

	if (size < offsetof(struct ktm_stream_create, limit))
		return -EINVAL;
	ret = call_with(tm_fd, KTM_IOC_STREAM_CREATE, stream, size);
	if (ret)
		return ret;
	/* so that the same struct can be used for another one */
	fd = stream->out_fd;
	stream->out_fd = 0;
	return fd;
}

static int open_stream(int tm_fd, struct ktm_stream_open *arg)
{
	int ret = ktm_priv_ioctl(tm_fd, KTM_IOC_STREAM_OPEN, arg);

	return ret ? ret : arg->out_fd;
}

LIBKTM_EXPORT int ktm_stream_open(int tm_fd, const char *name)
{
	struct ktm_stream_open arg = { .size = sizeof(arg) };
	int ret = ktm_priv_text(arg.name, sizeof(arg.name), name);

	return ret ? ret : open_stream(tm_fd, &arg);
}

LIBKTM_EXPORT int ktm_stream_open_by_uuid(int tm_fd, const unsigned char uuid[KTM_UUID_SIZE])
{
	struct ktm_stream_open arg = { .size = sizeof(arg) };

	memcpy(arg.uuid, uuid, sizeof(arg.uuid));
	return open_stream(tm_fd, &arg);
}

LIBKTM_EXPORT int ktm_stream_list(int tm_fd, uint64_t *cursor,
				  unsigned char (*uuids)[KTM_UUID_SIZE],
				  unsigned int count)
{
	return ktm_priv_list(tm_fd, KTM_IOC_STREAM_LIST, cursor, uuids, count);
}

LIBKTM_EXPORT int ktm_stream_query(int fd, const unsigned char uuid[KTM_UUID_SIZE],
				   struct ktm_stream_info *info, size_t size)
{
	if (size < offsetof(struct ktm_stream_info, name) || size > INT32_MAX)
		return -EINVAL;
	memset(info, 0, size);
	if (uuid)
		memcpy(info->uuid, uuid, sizeof(info->uuid));
	return call_with(fd, KTM_IOC_STREAM_INFO, info, size);
}

LIBKTM_EXPORT int ktm_stream_delete(int stream_fd)
{
	return ktm_priv_simple(stream_fd, KTM_IOC_STREAM_DELETE);
}

LIBKTM_EXPORT int ktm_stream_append(int stream_fd, struct ktm_stream_append *record,
				    size_t size)
{
	return call_with(stream_fd, KTM_IOC_STREAM_APPEND, record, size);
}

LIBKTM_EXPORT int ktm_stream_write(int stream_fd, const void *data, size_t length,
				   uint32_t flags, uint64_t *lsn)
{
	struct ktm_stream_part part = { .data = (uintptr_t)data };
	struct ktm_stream_append arg = {
		.flags = flags,
		.parts = (uintptr_t)&part,
		.nr_parts = 1,
	};
	int ret;

	if (length > KTM_STREAM_RECORD_MAX)
		return -EMSGSIZE;
	part.length = length;
	ret = call_with(stream_fd, KTM_IOC_STREAM_APPEND, &arg, sizeof(arg));
	if (!ret && lsn)
		*lsn = arg.lsn;
	return ret;
}

LIBKTM_EXPORT int ktm_stream_reserve(int stream_fd, int32_t delta)
{
	struct ktm_stream_reserve arg = { .delta = delta };
	int ret = call_with(stream_fd, KTM_IOC_STREAM_RESERVE, &arg, sizeof(arg));

	return ret ? ret : (int)arg.reserved;
}

LIBKTM_EXPORT int ktm_stream_read(int stream_fd, struct ktm_stream_read *record, size_t size)
{
	return call_with(stream_fd, KTM_IOC_STREAM_READ, record, size);
}

LIBKTM_EXPORT int ktm_stream_flush(int stream_fd, uint64_t lsn)
{
	struct ktm_stream_flush arg = { .lsn = lsn };

	return call_with(stream_fd, KTM_IOC_STREAM_FLUSH, &arg, sizeof(arg));
}

LIBKTM_EXPORT int ktm_stream_set_base(int stream_fd, uint64_t lsn, uint32_t flags)
{
	struct ktm_stream_set_base arg = { .lsn = lsn, .flags = flags };

	return call_with(stream_fd, KTM_IOC_STREAM_SET_BASE, &arg, sizeof(arg));
}

LIBKTM_EXPORT int ktm_stream_restart(int stream_fd, struct ktm_stream_restart *area,
				     size_t size)
{
	return call_with(stream_fd, KTM_IOC_STREAM_RESTART, area, size);
}
