/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - a text into a file, as the kernel's own files want it: one write
 */
#ifndef _SELFTESTS_TEXT_FILE_H
#define _SELFTESTS_TEXT_FILE_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* 0 or a negative errno. */
static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

#endif /* _SELFTESTS_TEXT_FILE_H */
