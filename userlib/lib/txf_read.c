// SPDX-License-Identifier: GPL-2.0
/*
 * libktm - transactional files: what a transaction sees
 */
#include <errno.h>
#include <string.h>

#include <ktm/ktm_txf.h>

#include "priv.h"

LIBKTM_EXPORT int ktm_txf_stat(int txf_fd, int tx_fd, int dirfd,
			       const char *path, uint32_t flags,
			       struct ktm_txf_stat *stat, size_t size)
{
	if (size < offsetof(struct ktm_txf_stat, ino) || size > UINT32_MAX)
		return -EINVAL;
	memset(stat, 0, size);
	stat->size = size;
	stat->flags = flags;
	stat->tx_fd = tx_fd;
	stat->dirfd = dirfd;
	stat->path = (uintptr_t)path;
	return ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_STAT, stat);
}

LIBKTM_EXPORT long ktm_txf_readlink(int txf_fd, int tx_fd, int dirfd,
				    const char *path, char *buffer,
				    uint32_t size)
{
	struct ktm_txf_read arg = {
		.size = sizeof(arg),
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
		.buffer = (uintptr_t)buffer,
		.length = size,
	};
	int ret;

	ret = ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_READLINK, &arg);
	return ret ? ret : (long)arg.length;
}

LIBKTM_EXPORT long ktm_txf_readdir(int txf_fd, int tx_fd, int dirfd,
				   const char *path, void *buffer,
				   uint32_t size, uint64_t *cursor)
{
	struct ktm_txf_read arg = {
		.size = sizeof(arg),
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
		.buffer = (uintptr_t)buffer,
		.length = size,
		.cursor = *cursor,
	};
	int ret;

	ret = ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_READDIR, &arg);
	if (ret)
		return ret;
	*cursor = arg.cursor;
	return arg.length;
}

static long read_xattr(int txf_fd, unsigned long request,
		       struct ktm_txf_xattr *arg)
{
	int ret;

	arg->size = sizeof(*arg);
	ret = ktm_priv_ioctl(txf_fd, request, arg);
	return ret ? ret : (long)arg->value_size;
}

LIBKTM_EXPORT long ktm_txf_getxattr(int txf_fd, int tx_fd, int dirfd,
				    const char *path, uint32_t flags,
				    const char *name, void *value,
				    uint32_t size)
{
	struct ktm_txf_xattr arg = {
		.flags = flags,
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
		.name = (uintptr_t)name,
		.value = (uintptr_t)value,
		.value_size = size,
	};

	return read_xattr(txf_fd, KTM_IOC_TXF_GETXATTR, &arg);
}

LIBKTM_EXPORT long ktm_txf_listxattr(int txf_fd, int tx_fd, int dirfd,
				     const char *path, uint32_t flags,
				     char *list, uint32_t size)
{
	struct ktm_txf_xattr arg = {
		.flags = flags,
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
		.value = (uintptr_t)list,
		.value_size = size,
	};

	return read_xattr(txf_fd, KTM_IOC_TXF_LISTXATTR, &arg);
}
