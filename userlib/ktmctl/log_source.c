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

const struct ktmctl_advice log_advice[] = {
	{ ENODEV, "there is no log", "'ktmctl init' makes one." },
	{ EUCLEAN, "both superblocks are damaged, or contradict each other",
	  "Restore the log from a copy of the device, if there is one." },
	{ EPROTONOSUPPORT, "it has a format that this version does not know",
	  "Use the version of ktmctl that comes with the module." },
	{ ENOSPC, "the device or file is shorter than the log on it",
	  "Restore its full length." },
	{ EINVAL, "it is neither a block device nor a file", NULL },
	{ 0 }
};

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
	progress_begin(&source->progress, "read");
	return 0;
}

int log_source_read(struct log_source *source, uint64_t offset, void *data,
		    uint32_t length)
{
	char *at = data;
	ssize_t got;

	progress_add(&source->progress, length);
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

int log_source_scan(struct log_source *source, bool *damaged)
{
	int ret;

	ret = ktm_replay_open(&source->replay);
	if (ret)
		return ret;
	ret = ktm_replay_scan(&source->replay);
	progress_end(&source->progress);
	*damaged = ret == -EUCLEAN;
	return *damaged ? 0 : ret;
}

void log_source_close(struct log_source *source)
{
	progress_end(&source->progress);
	free(source->replay.window);
	close(source->fd);
}
