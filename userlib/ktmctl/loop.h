/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - loop devices
 */
#ifndef _KTMCTL_LOOP_H
#define _KTMCTL_LOOP_H

#include <stdbool.h>
#include <sys/stat.h>

/**
 * loop_open - open a loop device over a file, making one if there is none
 * @file_fd: the file, open for read and write
 * @path: its path, for messages and for what the kernel shows
 *
 * A device made here goes away by itself when its last user closes it.
 *
 * Return: fd of the device, or -1 after a message.
 */
int loop_open(int file_fd, const char *path);

/**
 * loop_is_bound - does any loop device use a file?
 * @file: from stat()
 *
 * Return: true if one does.
 */
bool loop_is_bound(const struct stat *file);

#endif /* _KTMCTL_LOOP_H */
