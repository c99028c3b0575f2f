// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl apply - content of files: compare and copy
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply_content.h"

#define BUFFER_SIZE	(256U << 10)

static char first_buffer[BUFFER_SIZE];
static char second_buffer[BUFFER_SIZE];

/* Up to @size bytes, fewer only at the end of the file. */
static ssize_t read_full(int fd, char *buffer, size_t size, uint64_t offset)
{
	size_t done = 0;
	ssize_t got;

	while (done < size) {
		got = pread(fd, buffer + done, size - done, offset + done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		done += got;
	}
	return done;
}

static int write_full(int fd, const char *buffer, size_t size, uint64_t offset)
{
	ssize_t done;

	while (size) {
		done = pwrite(fd, buffer, size, offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		buffer += done;
		offset += done;
		size -= done;
	}
	return 0;
}

int content_equal(int a_fd, int b_fd, uint64_t size)
{
	uint64_t offset;
	ssize_t a, b;

	for (offset = 0; offset < size; offset += a) {
		a = read_full(a_fd, first_buffer, BUFFER_SIZE, offset);
		if (a < 0)
			return a;
		b = read_full(b_fd, second_buffer, BUFFER_SIZE, offset);
		if (b < 0)
			return b;
		if (!a || a != b || memcmp(first_buffer, second_buffer, a))
			return 0;
	}
	return 1;
}

/* Does this errno of copy_file_range() mean: copy in some other way? */
static bool cannot_copy_range(int error)
{
	return error == EXDEV || error == EINVAL || error == EOPNOTSUPP ||
	       error == EPERM || error == ETXTBSY;
}

static int copy_by_hand(int in_fd, int out_fd, uint64_t offset, uint64_t end)
{
	size_t part;
	ssize_t got;
	int ret;

	for (; offset < end; offset += got) {
		part = end - offset < BUFFER_SIZE ? end - offset : BUFFER_SIZE;
		got = read_full(in_fd, first_buffer, part, offset);
		if (got < 0)
			return got;
		if (!got)
			return -ESTALE;
		ret = write_full(out_fd, first_buffer, got, offset);
		if (ret)
			return ret;
	}
	return 0;
}

static int copy_range(int in_fd, int out_fd, uint64_t offset, uint64_t end)
{
	off64_t in = offset, out = offset;
	ssize_t done;

	while ((uint64_t)in < end) {
		done = copy_file_range(in_fd, &in, out_fd, &out, end - in, 0);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && !cannot_copy_range(errno))
			return -errno;
		/* some file systems say 0 for what they cannot do */
		if (done <= 0)
			return copy_by_hand(in_fd, out_fd, in, end);
	}
	return 0;
}

static int copy_data(int in_fd, int out_fd, uint64_t size)
{
	uint64_t offset = 0;
	off_t data, hole;
	int ret;

	while (offset < size) {
		data = lseek(in_fd, offset, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break; /* a hole up to the end */
		hole = data < 0 ? -1 : lseek(in_fd, data, SEEK_HOLE);
		if (data < 0 || hole < 0)
			return copy_range(in_fd, out_fd, offset, size);
		if ((uint64_t)hole > size)
			hole = size;
		if (data >= hole)
			break; /* grown meanwhile: the caller will notice */
		ret = copy_range(in_fd, out_fd, data, hole);
		if (ret)
			return ret;
		offset = hole;
	}
	return 0;
}

int content_copy(int in_fd, int out_fd, uint64_t size)
{
	struct stat st;
	int ret;

	if (!size || ioctl(out_fd, FICLONE, in_fd) == 0)
		return 0;
	ret = copy_data(in_fd, out_fd, size);
	if (ret)
		return ret;
	if (fstat(out_fd, &st))
		return -errno;
	/* a hole at the end has not been written */
	if ((uint64_t)st.st_size != size && ftruncate(out_fd, size))
		return -errno;
	return 0;
}
