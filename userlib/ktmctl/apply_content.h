/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl apply - content of files: compare and copy
 */
#ifndef _KTMCTL_APPLY_CONTENT_H
#define _KTMCTL_APPLY_CONTENT_H

#include <stdint.h>

/**
 * content_equal - have two files of one length the same bytes?
 * @a_fd: one
 * @b_fd: the other
 * @size: their length
 *
 * Return: 1, 0, or a negative errno.
 */
int content_equal(int a_fd, int b_fd, uint64_t size);

/**
 * content_copy - copy a file into an empty one
 * @in_fd: the file
 * @out_fd: the empty one
 * @size: the length that the file should have
 *
 * Shares the blocks where the file system can; holes stay holes.
 *
 * Return: 0, -ESTALE when the file turned out to be shorter, or another
 * negative errno.
 */
int content_copy(int in_fd, int out_fd, uint64_t size);

#endif /* _KTMCTL_APPLY_CONTENT_H */
