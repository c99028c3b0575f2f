/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - numbers and times as people read and write them
 */
#ifndef _KTMCTL_TEXT_H
#define _KTMCTL_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_BYTES_SIZE	24	/* room for format_bytes() */

/**
 * parse_size - read a number of bytes
 * @text: digits, and perhaps K, M, G or T (powers of 1024)
 * @size: out: the number
 *
 * Return: 0, -EINVAL or -ERANGE.
 */
int parse_size(const char *text, uint64_t *size);

/**
 * parse_number - read a whole number
 * @text: digits
 * @base: 8 or 10
 * @max: the largest allowed
 * @number: out: the number
 *
 * Return: 0, -EINVAL or -ERANGE.
 */
int parse_number(const char *text, int base, uint64_t max, uint64_t *number);

/**
 * format_bytes - write a number of bytes so that it is easily read
 * @text: TEXT_BYTES_SIZE bytes of room
 * @bytes: the number
 *
 * Return: @text
 */
const char *format_bytes(char *text, uint64_t bytes);

/**
 * now_ns - absolute CLOCK_MONOTONIC time, as deadlines are given
 *
 * Return: nanoseconds.
 */
uint64_t now_ns(void);

#define TEXT_AGE_SIZE	8	/* room for format_age() */

/**
 * format_age - write a span of time in its largest unit, rounded down
 * @text: TEXT_AGE_SIZE bytes of room
 * @ns: nanoseconds
 *
 * Return: @text: "9s", "59m", "47h", "300d"
 */
const char *format_age(char *text, uint64_t ns);

/**
 * format_device - path of a block device, and of the file behind a loop device
 * @text: filled in; never empty
 * @size: bytes of room
 * @major: device number
 * @minor: device number
 *
 * Return: @text
 */
const char *format_device(char *text, size_t size, unsigned int major,
			  unsigned int minor);

/**
 * show_path - a path as it may be shown on a terminal
 * @path: the path
 *
 * Control characters and backslashes are written as octal numbers.
 *
 * Return: the text, valid until the next call.
 */
const char *show_path(const char *path);

#endif /* _KTMCTL_TEXT_H */
