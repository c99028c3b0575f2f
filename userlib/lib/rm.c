// SPDX-License-Identifier: GPL-2.0
/*
 * libktm - resource managers
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <ktm/ktm.h>

#include "priv.h"

LIBKTM_EXPORT int ktm_rm_create(int tm_fd, const char *name, uint32_t flags,
				unsigned char uuid[KTM_UUID_SIZE])
{
	struct ktm_rm_create arg = { .size = sizeof(arg), .flags = flags };
	int ret;

	ret = ktm_priv_text(arg.name, sizeof(arg.name), name);
	if (ret)
		return ret;
	if (uuid)
		memcpy(arg.uuid, uuid, sizeof(arg.uuid));
	ret = ktm_priv_ioctl(tm_fd, KTM_IOC_RM_CREATE, &arg);
	if (ret)
		return ret;
	if (uuid)
		memcpy(uuid, arg.uuid, sizeof(arg.uuid));
	return arg.out_fd;
}

LIBKTM_EXPORT int ktm_rm_open(int tm_fd, const unsigned char uuid[KTM_UUID_SIZE])
{
	return ktm_priv_open(tm_fd, KTM_IOC_RM_OPEN, uuid);
}

LIBKTM_EXPORT int ktm_rm_list(int tm_fd, uint64_t *cursor,
			      unsigned char (*uuids)[KTM_UUID_SIZE],
			      unsigned int count)
{
	return ktm_priv_list(tm_fd, KTM_IOC_RM_LIST, cursor, uuids, count);
}

LIBKTM_EXPORT int ktm_rm_query(int fd, const unsigned char uuid[KTM_UUID_SIZE],
			       struct ktm_rm_info *info, size_t size)
{
	if (size < offsetof(struct ktm_rm_info, name) || size > UINT32_MAX)
		return -EINVAL;
	memset(info, 0, size);
	info->size = size;
	if (uuid)
		memcpy(info->uuid, uuid, sizeof(info->uuid));
	return ktm_priv_ioctl(fd, KTM_IOC_RM_INFO, info);
}

LIBKTM_EXPORT int ktm_rm_recover(int rm_fd)
{
	return ktm_priv_simple(rm_fd, KTM_IOC_RM_RECOVER);
}

LIBKTM_EXPORT long ktm_rm_fetch(int rm_fd, struct ktm_notification *buffer,
				size_t size, uint32_t flags)
{
	struct ktm_rm_fetch arg = {
		.size = sizeof(arg),
		.flags = flags,
		.buffer = (uintptr_t)buffer,
		.length = size < INT_MAX ? size : INT_MAX,
	};
	int bytes = ioctl(rm_fd, KTM_IOC_RM_FETCH, &arg);

	return bytes < 0 ? -errno : bytes;
}

LIBKTM_EXPORT long ktm_rm_read(int rm_fd, struct ktm_notification *buffer,
			       size_t size)
{
	ssize_t bytes = read(rm_fd, buffer, size);

	return bytes < 0 ? -errno : bytes;
}
