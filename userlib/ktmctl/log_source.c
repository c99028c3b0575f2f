// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl log - a log to be read, on a block device or in a file
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_source.h"

/*
 * The kernel writes a log past the page cache of its device, so a device is read
 * past it, too. A file under a loop device is coherent.
 */
static int open_source(const char *path, uint64_t *size)
{
	struct stat st;
	int fd, flags;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		goto err_close;
	if (S_ISREG(st.st_mode)) {
		*size = st.st_size;
		return fd;
	}
	errno = EINVAL;
	if (!S_ISBLK(st.st_mode))
		goto err_close;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_DIRECT) ||
	    ioctl(fd, BLKGETSIZE64, size))
		goto err_close;
	return fd;

err_close:
	flags = -errno;
	close(fd);
	return flags;
}

int log_source_open(struct log_source *source, const char *path)
{
	uint64_t size = 0;
	int fd;

	fd = open_source(path, &size);
	if (fd < 0)
		return fd;
	*source = (struct log_source){ .fd = fd, .replay.device_size = size };
	if (posix_memalign(&source->replay.window, KTM_DISK_BLOCK,
			   KTM_DISK_BUFFER_MAX)) {
		close(fd);
		return -ENOMEM;
	}
	return 0;
}

int log_source_read(struct log_source *source, uint64_t offset, void *data,
		    uint32_t length)
{
	char *at = data;
	ssize_t got;

	while (length) {
		got = pread(source->fd, at, length, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		at += got;
		offset += got;
		length -= got;
	}
	return 0;
}

void log_source_close(struct log_source *source)
{
	free(source->replay.window);
	close(source->fd);
}
