// SPDX-License-Identifier: GPL-2.0
/*
 * libktm - the control node, rights, and transaction managers
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include <ktm/ktm.h>

#include "priv.h"

LIBKTM_EXPORT int ktm_control_open(void)
{
	int fd = open("/dev/ktm", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

LIBKTM_EXPORT int ktm_abi_query(int fd, struct ktm_get_abi *abi, size_t size)
{
	return ktm_priv_query(fd, KTM_IOC_GET_ABI, abi, size);
}

LIBKTM_EXPORT int ktm_fd_query(int fd, struct ktm_fd_info *info, size_t size)
{
	return ktm_priv_query(fd, KTM_IOC_FD_INFO, info, size);
}

LIBKTM_EXPORT int ktm_fd_restrict(int fd, uint64_t rights)
{
	struct ktm_restrict arg = { .size = sizeof(arg), .rights = rights };
	int ret;

	ret = ktm_priv_ioctl(fd, KTM_IOC_RESTRICT, &arg);
	return ret ? ret : arg.out_fd;
}

LIBKTM_EXPORT int ktm_tm_create(int control_fd, const char *name,
				unsigned int mode,
				unsigned char uuid[KTM_UUID_SIZE])
{
	struct ktm_tm_create arg = { .size = sizeof(arg), .mode = mode };
	int ret;

	ret = ktm_priv_text(arg.name, sizeof(arg.name), name);
	if (ret)
		return ret;
	if (uuid)
		memcpy(arg.uuid, uuid, sizeof(arg.uuid));
	ret = ktm_priv_ioctl(control_fd, KTM_IOC_TM_CREATE, &arg);
	if (ret)
		return ret;
	if (uuid)
		memcpy(uuid, arg.uuid, sizeof(arg.uuid));
	return arg.out_fd;
}

LIBKTM_EXPORT int ktm_tm_attach(int control_fd, struct ktm_tm_attach *attach,
				size_t size)
{
	int ret;

	/* Without room for out_fd there would be a TM that nobody can name. */
	if (size < offsetof(struct ktm_tm_attach, out_fd) + sizeof(attach->out_fd) ||
	    size > UINT32_MAX)
		return -EINVAL;
	attach->size = size;
	ret = ktm_priv_ioctl(control_fd, KTM_IOC_TM_ATTACH, attach);
	return ret ? ret : attach->out_fd;
}

LIBKTM_EXPORT int ktm_tm_open(int control_fd,
			      const unsigned char uuid[KTM_UUID_SIZE])
{
	return ktm_priv_open(control_fd, KTM_IOC_TM_OPEN, uuid);
}

LIBKTM_EXPORT int ktm_tm_list(int control_fd, uint64_t *cursor,
			      unsigned char (*uuids)[KTM_UUID_SIZE],
			      unsigned int count)
{
	return ktm_priv_list(control_fd, KTM_IOC_TM_LIST, cursor, uuids, count);
}

LIBKTM_EXPORT int ktm_tm_query(int tm_fd, struct ktm_tm_info *info, size_t size)
{
	return ktm_priv_query(tm_fd, KTM_IOC_TM_INFO, info, size);
}

LIBKTM_EXPORT int ktm_tm_rollforward(int tm_fd, uint64_t clock,
				     uint32_t *recovered, uint32_t *left)
{
	struct ktm_tm_rollforward arg = { .size = sizeof(arg), .clock = clock };
	int ret;

	ret = ktm_priv_ioctl(tm_fd, KTM_IOC_TM_ROLLFORWARD, &arg);
	if (!ret && recovered)
		*recovered = arg.recovered;
	if (!ret && left)
		*left = arg.left;
	return ret;
}

LIBKTM_EXPORT int ktm_tm_recover(int tm_fd, uint32_t flags, uint32_t *recovered,
				 uint32_t *discarded)
{
	struct ktm_tm_recover arg = { .size = sizeof(arg), .flags = flags };
	int ret;

	ret = ktm_priv_ioctl(tm_fd, KTM_IOC_TM_RECOVER, &arg);
	if (!ret && recovered)
		*recovered = arg.recovered;
	if (!ret && discarded)
		*discarded = arg.discarded;
	return ret;
}

LIBKTM_EXPORT int ktm_tm_freeze(int tm_fd, uint64_t freeze_deadline,
				uint64_t thaw_deadline,
				unsigned char tx[KTM_UUID_SIZE])
{
	struct ktm_tm_freeze arg = {
		.size = sizeof(arg),
		.freeze_deadline = freeze_deadline,
		.thaw_deadline = thaw_deadline,
	};
	int ret;

	ret = ktm_priv_ioctl(tm_fd, KTM_IOC_TM_FREEZE, &arg);
	if (tx)
		memcpy(tx, arg.tx, sizeof(arg.tx));
	return ret;
}

LIBKTM_EXPORT int ktm_tm_thaw(int tm_fd)
{
	return ktm_priv_simple(tm_fd, KTM_IOC_TM_THAW);
}

LIBKTM_EXPORT int ktm_tm_detach(int tm_fd)
{
	return ktm_priv_simple(tm_fd, KTM_IOC_TM_DETACH);
}
