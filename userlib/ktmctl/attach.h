/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - bring a log online, for the commands init and attach
 */
#ifndef _KTMCTL_ATTACH_H
#define _KTMCTL_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include <ktm/ktm.h>

/**
 * struct attach_result - what was attached
 * @uuid: the TM
 * @recovered: unfinished transactions that were found
 * @already: it was attached before; nothing was done
 * @device: the block device, and the file behind it
 */
struct attach_result {
	unsigned char uuid[KTM_UUID_SIZE];
	uint32_t recovered;
	bool already;
	char device[640];
};

/**
 * attach_device_fd - the block device for a device or a file
 * @fd: the device or file, open for read and write
 * @path: its path
 *
 * Return: fd of the block device, which is @fd itself or a loop device over it,
 * or -1 after a message.
 */
int attach_device_fd(int fd, const char *path);

/**
 * attach_find - is the log on a block device attached already?
 * @control: /dev/ktm
 * @device_fd: the block device
 * @result: filled in if so
 *
 * Return: true if it is.
 */
bool attach_find(int control, int device_fd, struct attach_result *result);

/**
 * attach_log - attach the log on a block device
 * @control: /dev/ktm
 * @device_fd: the block device
 * @path: what the user called it
 * @options: flags, uuid, mode, uid and gid wanted, all else zero
 * @result: filled in
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int attach_log(int control, int device_fd, const char *path,
	       const struct ktm_tm_attach *options,
	       struct attach_result *result);

/**
 * attach_print - tell the user what was attached
 * @result: what
 * @json: as JSON
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int attach_print(const struct attach_result *result, bool json);

#endif /* _KTMCTL_ATTACH_H */
