// SPDX-License-Identifier: GPL-2.0
/*
 * libktm - transactional files: file systems, and changes under a transaction
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <ktm/ktm_txf.h>

#include "priv.h"

LIBKTM_EXPORT int ktm_txf_control_open(void)
{
	int fd = open("/dev/ktm_txf", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

LIBKTM_EXPORT int ktm_txf_enable(int txf_fd, int mount_fd, int tm_fd,
				 unsigned char uuid[KTM_UUID_SIZE],
				 uint32_t *recovered)
{
	struct ktm_txf_enable arg = {
		.size = sizeof(arg),
		.mount_fd = mount_fd,
		.tm_fd = tm_fd,
	};
	int ret;

	ret = ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_ENABLE, &arg);
	if (ret)
		return ret;
	if (uuid)
		memcpy(uuid, arg.uuid, sizeof(arg.uuid));
	if (recovered)
		*recovered = arg.recovered;
	return 0;
}

LIBKTM_EXPORT int ktm_txf_disable(int txf_fd, int mount_fd, uint32_t flags)
{
	struct ktm_txf_disable arg = {
		.size = sizeof(arg),
		.flags = flags,
		.mount_fd = mount_fd,
	};

	return ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_DISABLE, &arg);
}

LIBKTM_EXPORT int ktm_txf_adopt(int txf_fd, int mount_fd,
				const unsigned char *from,
				const unsigned char *to,
				unsigned char uuid[KTM_UUID_SIZE],
				unsigned char tm_uuid[KTM_UUID_SIZE])
{
	struct ktm_txf_adopt arg = {
		.size = sizeof(arg),
		.flags = from || to ? 0 : KTM_TXF_ADOPT_F_QUERY,
		.mount_fd = mount_fd,
	};
	int ret;

	if (from)
		memcpy(arg.from, from, sizeof(arg.from));
	if (to)
		memcpy(arg.to, to, sizeof(arg.to));
	ret = ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_ADOPT, &arg);
	if (ret)
		return ret;
	if (uuid)
		memcpy(uuid, arg.uuid, sizeof(arg.uuid));
	if (tm_uuid)
		memcpy(tm_uuid, arg.tm_uuid, sizeof(arg.tm_uuid));
	return 0;
}

LIBKTM_EXPORT int ktm_txf_query(int txf_fd, struct ktm_txf_status *status,
				size_t size)
{
	if (size < offsetof(struct ktm_txf_status, uuid) || size > UINT32_MAX)
		return -EINVAL;
	status->size = size;
	return ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_STATUS, status);
}

LIBKTM_EXPORT int ktm_txf_open(int txf_fd, int tx_fd, int dirfd,
			       const char *path, int open_flags,
			       unsigned int mode)
{
	struct ktm_txf_open arg = {
		.size = sizeof(arg),
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
		.open_flags = open_flags,
		.mode = mode,
	};
	int ret;

	ret = ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_OPEN, &arg);
	return ret ? ret : arg.out_fd;
}

LIBKTM_EXPORT int ktm_txf_mkdir(int txf_fd, int tx_fd, int dirfd,
				const char *path, unsigned int mode)
{
	struct ktm_txf_create arg = {
		.size = sizeof(arg),
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
		.mode = mode,
	};

	return ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_MKDIR, &arg);
}

LIBKTM_EXPORT int ktm_txf_mknod(int txf_fd, int tx_fd, int dirfd,
				const char *path, unsigned int mode,
				unsigned int dev_major, unsigned int dev_minor)
{
	struct ktm_txf_create arg = {
		.size = sizeof(arg),
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
		.mode = mode,
		.dev_major = dev_major,
		.dev_minor = dev_minor,
	};

	return ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_MKNOD, &arg);
}

LIBKTM_EXPORT int ktm_txf_symlink(int txf_fd, int tx_fd, const char *target,
				  int dirfd, const char *path)
{
	struct ktm_txf_symlink arg = {
		.size = sizeof(arg),
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
		.target = (uintptr_t)target,
	};

	return ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_SYMLINK, &arg);
}

static int remove_name(int txf_fd, unsigned long request, int tx_fd, int dirfd,
		       const char *path)
{
	struct ktm_txf_remove arg = {
		.size = sizeof(arg),
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
	};

	return ktm_priv_ioctl(txf_fd, request, &arg);
}

LIBKTM_EXPORT int ktm_txf_unlink(int txf_fd, int tx_fd, int dirfd,
				 const char *path)
{
	return remove_name(txf_fd, KTM_IOC_TXF_UNLINK, tx_fd, dirfd, path);
}

LIBKTM_EXPORT int ktm_txf_rmdir(int txf_fd, int tx_fd, int dirfd,
				const char *path)
{
	return remove_name(txf_fd, KTM_IOC_TXF_RMDIR, tx_fd, dirfd, path);
}

static int two_names(int txf_fd, unsigned long request,
		     struct ktm_txf_rename *arg, const char *oldpath,
		     const char *newpath)
{
	arg->size = sizeof(*arg);
	arg->oldpath = (uintptr_t)oldpath;
	arg->newpath = (uintptr_t)newpath;
	return ktm_priv_ioctl(txf_fd, request, arg);
}

LIBKTM_EXPORT int ktm_txf_rename(int txf_fd, int tx_fd, int olddirfd,
				 const char *oldpath, int newdirfd,
				 const char *newpath, uint32_t flags)
{
	struct ktm_txf_rename arg = {
		.flags = flags,
		.tx_fd = tx_fd,
		.olddirfd = olddirfd,
		.newdirfd = newdirfd,
	};

	return two_names(txf_fd, KTM_IOC_TXF_RENAME, &arg, oldpath, newpath);
}

LIBKTM_EXPORT int ktm_txf_link(int txf_fd, int tx_fd, int olddirfd,
			       const char *oldpath, int newdirfd,
			       const char *newpath, uint32_t flags)
{
	struct ktm_txf_rename arg = {
		.flags = flags,
		.tx_fd = tx_fd,
		.olddirfd = olddirfd,
		.newdirfd = newdirfd,
	};

	return two_names(txf_fd, KTM_IOC_TXF_LINK, &arg, oldpath, newpath);
}

LIBKTM_EXPORT int ktm_txf_setattr(int txf_fd, int tx_fd, int dirfd,
				  const char *path, uint32_t flags,
				  const struct ktm_txf_setattr *attr,
				  size_t size)
{
	struct ktm_txf_setattr arg;

	/* The struct has one version; a longer one is of a newer header. */
	if (size != sizeof(arg))
		return size < sizeof(arg) ? -EINVAL : -E2BIG;
	arg = *attr;
	arg.size = sizeof(arg);
	arg.flags = flags;
	arg.tx_fd = tx_fd;
	arg.dirfd = dirfd;
	arg.path = (uintptr_t)path;
	return ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_SETATTR, &arg);
}

LIBKTM_EXPORT int ktm_txf_setxattr(int txf_fd, int tx_fd, int dirfd,
				   const char *path, uint32_t flags,
				   const char *name, const void *value,
				   uint32_t size, uint32_t xattr_flags)
{
	struct ktm_txf_xattr arg = {
		.size = sizeof(arg),
		.flags = flags,
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
		.name = (uintptr_t)name,
		.value = (uintptr_t)value,
		.value_size = size,
		.xattr_flags = xattr_flags,
	};

	return ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_SETXATTR, &arg);
}

LIBKTM_EXPORT int ktm_txf_removexattr(int txf_fd, int tx_fd, int dirfd,
				      const char *path, uint32_t flags,
				      const char *name)
{
	struct ktm_txf_xattr arg = {
		.size = sizeof(arg),
		.flags = flags,
		.tx_fd = tx_fd,
		.dirfd = dirfd,
		.path = (uintptr_t)path,
		.name = (uintptr_t)name,
	};

	return ktm_priv_ioctl(txf_fd, KTM_IOC_TXF_REMOVEXATTR, &arg);
}
