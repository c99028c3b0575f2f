// SPDX-License-Identifier: GPL-2.0
/*
 * userlib tests - a kernel that keeps what it was asked
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "fake_ioctl.h"

int __wrap_ioctl(int fd, unsigned long request, ...);

struct fake fake;

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	unsigned char *arg;
	uint32_t size;
	va_list args;

	va_start(args, request);
	arg = va_arg(args, unsigned char *);
	va_end(args);
	memcpy(&size, arg, sizeof(size));
	fake.calls++;
	fake.fd = fd;
	fake.request = request;
	memset(fake.arg, 0xee, sizeof(fake.arg));
	if (size <= sizeof(fake.arg))
		memcpy(fake.arg, arg, size);
	/* some calls say more about an error */
	memcpy(arg + fake.answer_from, fake.answer, fake.answer_size);
	if (fake.error) {
		errno = fake.error;
		return -1;
	}
	return fake.result;
}

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
}

void fake_answer(size_t offset, const void *data, size_t size)
{
	fake.answer_from = offset;
	fake.answer_size = size;
	memcpy(fake.answer, data, size);
}

void fake_answer_fd(size_t offset)
{
	const int32_t fd = FAKE_NEW_FD;

	fake_answer(offset, &fd, sizeof(fd));
}

int fake_was_sent(unsigned long request, const void *arg, size_t size)
{
	return fake.calls == 1 && fake.fd == FAKE_FD &&
	       fake.request == request && memcmp(fake.arg, arg, size) == 0;
}
