/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - make logs
 */
#ifndef _KTMCTL_LOGFILE_H
#define _KTMCTL_LOGFILE_H

#include <stdbool.h>
#include <stdint.h>

#define LOGFILE_DEFAULT_SIZE	(64ULL << 20)

/**
 * logfile_create - make a file that holds an empty log
 * @path: where; must not exist. A missing parent directory is made.
 * @size: bytes of the file
 * @name: name of the TM, or NULL
 *
 * The file appears under its name when it is complete and durable, not before.
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int logfile_create(const char *path, uint64_t size, const char *name);

/**
 * logfile_format - put an empty log on a block device
 * @device_fd: the device; claimed while it is written to
 * @path: what the user called it
 * @name: name of the TM, or NULL
 * @force: overwrite what is there
 * @keep: leave a log that is there alone, and call that success
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int logfile_format(int device_fd, const char *path, const char *name,
		   bool force, bool keep);

/**
 * logfile_new_uuid - a UUID that nothing has
 * @uuid: filled in, 16 bytes
 *
 * Return: 0 or a negative errno.
 */
int logfile_new_uuid(unsigned char *uuid);

/**
 * typedef logfile_before - what has to be done before a log gets another UUID
 * @ctx: as given to logfile_rename()
 * @uuid: the UUID that it has
 *
 * The log is claimed, and was found good.
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message: the log is left alone.
 */
typedef int logfile_before(void *ctx, const unsigned char *uuid);

/**
 * logfile_rename - give the log on a block device another UUID or name
 * @device_fd: the device; claimed while it is written to
 * @path: what the user called it
 * @uuid: new UUID of the TM, or NULL
 * @name: new name of the TM, or NULL
 * @before: called first, or NULL
 * @ctx: for it
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int logfile_rename(int device_fd, const char *path, const unsigned char *uuid,
		   const char *name, logfile_before *before, void *ctx);

/**
 * logfile_check_options - can there be such a log?
 * @size: bytes wanted
 * @name: name of the TM, or NULL
 *
 * Return: NULL, or what is wrong.
 */
const char *logfile_check_options(uint64_t size, const char *name);

#endif /* _KTMCTL_LOGFILE_H */
