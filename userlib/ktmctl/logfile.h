/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - make logs
 */
#ifndef _KTMCTL_LOGFILE_H
#define _KTMCTL_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGFILE_DEFAULT_SIZE	(64ULL << 20)

/**
 * struct logfile_spec - what a log is to be
 * @size: bytes of a new file; of what exists, those that the log may take, or 0: all
 * @name: name of the TM, or NULL
 * @uuid: UUID of the TM, or 0: a new one; out: the one that it got
 * @force: overwrite what is there
 * @keep: leave a log that is there alone, and call that success
 */
struct logfile_spec {
	uint64_t size;
	const char *name;
	unsigned char uuid[16];
	bool force;
	bool keep;
};

/**
 * typedef logfile_fill - write what is to be in a new file
 * @ctx: as given to logfile_make()
 * @fd: the file, which is empty
 *
 * Return: 0 or a negative errno.
 */
typedef int logfile_fill(void *ctx, int fd);

/**
 * logfile_make - make a file
 * @path: where; must not exist. A missing parent directory is made.
 * @fill: writes what is to be in it
 * @ctx: for it
 *
 * The file appears under its name when it is complete and durable, not before.
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int logfile_make(const char *path, logfile_fill *fill, void *ctx);

/**
 * logfile_create - make a file that holds an empty log
 * @path: where; see logfile_make()
 * @spec: what it is to be
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int logfile_create(const char *path, struct logfile_spec *spec);

/**
 * logfile_format - put an empty log on a block device
 * @device_fd: the device; claimed while it is written to
 * @path: what the user called it
 * @spec: what it is to be
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int logfile_format(int device_fd, const char *path, struct logfile_spec *spec);

/**
 * logfile_reformat - put an empty log on a block device, or into a file that exists
 * @path: the device or file; claimed while it is written to
 * @spec: what it is to be
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int logfile_reformat(const char *path, struct logfile_spec *spec);

/**
 * logfile_claim - open a log, for nobody else as long as it is open
 * @path: a block device, or a file
 * @flags: O_RDWR to change it, O_RDONLY so that nobody does
 * @size: out: its bytes
 *
 * Return: fd, or -1 after a message.
 */
int logfile_claim(const char *path, int flags, uint64_t *size);

/**
 * logfile_write - write all of some bytes
 * @ctx: points to the fd
 * @offset: where
 * @data: the bytes
 * @size: how many
 *
 * Return: 0 or a negative errno.
 */
int logfile_write(void *ctx, uint64_t offset, const void *data, size_t size);

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
