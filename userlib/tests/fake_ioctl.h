/* SPDX-License-Identifier: GPL-2.0 */
/*
 * userlib tests - a kernel that keeps what it was asked
 *
 * The linker puts __wrap_ioctl() in the place of ioctl(). It keeps a copy of the
 * argument, and writes what the test has prepared over the caller's.
 */
#ifndef _USERLIB_TESTS_FAKE_IOCTL_H
#define _USERLIB_TESTS_FAKE_IOCTL_H

#include <stddef.h>

#define FAKE_FD		7	/* object that the calls are made on */
#define FAKE_NEW_FD	42	/* what is opened */

/**
 * struct fake - the last call, and what the next one gives back
 * @fd: object of the last call
 * @request: its request
 * @arg: its argument as it came
 * @calls: calls since fake_reset()
 * @error: errno to fail with, or 0
 * @result: what is returned without an error
 * @answer: bytes to write over the argument
 * @answer_from: where
 * @answer_size: how many
 */
struct fake {
	int fd;
	unsigned long request;
	unsigned char arg[512];
	unsigned int calls;
	int error;
	int result;
	unsigned char answer[512];
	size_t answer_from;
	size_t answer_size;
};

extern struct fake fake;

/**
 * fake_reset - forget everything
 */
void fake_reset(void);

/**
 * fake_answer - say what the next calls write over their arguments
 * @offset: where
 * @data: the bytes
 * @size: how many
 */
void fake_answer(size_t offset, const void *data, size_t size);

/**
 * fake_answer_fd - let the next calls open FAKE_NEW_FD
 * @offset: where the fd is in the argument
 */
void fake_answer_fd(size_t offset);

/**
 * fake_was_sent - was there one call, and this one?
 * @request: its request
 * @arg: its argument
 * @size: bytes of that
 *
 * Return: 1 or 0.
 */
int fake_was_sent(unsigned long request, const void *arg, size_t size);

#define fake_sent(request, arg)	fake_was_sent(request, &(arg), sizeof(arg))

#endif /* _USERLIB_TESTS_FAKE_IOCTL_H */
