/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - what is on a device or in a file that is to hold a log
 */
#ifndef _KTMCTL_CONTENT_H
#define _KTMCTL_CONTENT_H

#include <stdint.h>

/**
 * enum content_kind - what was found
 * @CONTENT_BLANK: zeros at the beginning and at the end
 * @CONTENT_LOG: a log of ktm, perhaps of another version or damaged
 * @CONTENT_OTHER: something else
 */
enum content_kind {
	CONTENT_BLANK,
	CONTENT_LOG,
	CONTENT_OTHER,
};

/**
 * content_probe - look
 * @fd: device or file
 * @size: its bytes
 * @what: out: what it is, for CONTENT_OTHER
 *
 * Return: enum content_kind, or a negative errno.
 */
int content_probe(int fd, uint64_t size, const char **what);

#endif /* _KTMCTL_CONTENT_H */
