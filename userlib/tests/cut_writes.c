// SPDX-License-Identifier: GPL-2.0
/*
 * A power cut for a program that is preloaded with this: its pwrite() number CUT_AT (from
 * 1) writes the first block, or the beginning of the only one, and then all is over.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK	4096

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	static unsigned long nr;
	ssize_t (*next)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
	const char *at = getenv("CUT_AT");

	if (!at || ++nr != strtoul(at, NULL, 10))
		return next(fd, data, size, offset);
	next(fd, data, size > BLOCK ? BLOCK : 100, offset);
	_exit(99);
}
