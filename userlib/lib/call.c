// SPDX-License-Identifier: GPL-2.0
/*
 * libktm - the shapes of ioctl that several objects share
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>

#include <ktm/ktm.h>

#include "priv.h"

int ktm_priv_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int ktm_priv_query(int fd, unsigned long request, void *info, size_t size)
{
	uint32_t size32 = size;

	if (size < sizeof(size32) || size > INT_MAX)
		return -EINVAL;
	memset(info, 0, size);
	memcpy(info, &size32, sizeof(size32));
	return ktm_priv_ioctl(fd, request, info);
}

int ktm_priv_simple(int fd, unsigned long request)
{
	struct ktm_simple arg = { .size = sizeof(arg) };

	_Static_assert(sizeof(struct ktm_simple) == offsetof(struct ktm_en_answer, clock),
		       "an answer without a clock is the same");
	return ktm_priv_ioctl(fd, request, &arg);
}

int ktm_priv_open(int fd, unsigned long request, const unsigned char *uuid)
{
	struct ktm_open arg = { .size = sizeof(arg) };
	int ret;

	memcpy(arg.uuid, uuid, sizeof(arg.uuid));
	ret = ktm_priv_ioctl(fd, request, &arg);
	return ret ? ret : arg.out_fd;
}

int ktm_priv_list(int fd, unsigned long request, uint64_t *cursor, void *uuids,
		  unsigned int count)
{
	struct ktm_list arg = {
		.size = sizeof(arg),
		.cursor = *cursor,
		.uuids = (uintptr_t)uuids,
		.count = count,
	};
	int ret;

	ret = ktm_priv_ioctl(fd, request, &arg);
	if (ret)
		return ret;
	*cursor = arg.cursor;
	return (int)arg.count;
}

int ktm_priv_text(char *field, size_t room, const char *text)
{
	size_t length;

	if (!text)
		return 0;
	length = strlen(text);
	if (length >= room)
		return -EINVAL;
	memcpy(field, text, length);
	return 0;
}
