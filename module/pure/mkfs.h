/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - make an empty log
 */
#ifndef _KTM_PURE_MKFS_H
#define _KTM_PURE_MKFS_H

#include "format.h"

/**
 * struct ktm_mkfs_params - what the log is to be
 * @device_size: bytes of the device; the ring takes all of it that it can
 * @uuid: UUID of log and TM. It must never have been used: what an older log of
 *	the same UUID left in the ring would be taken for this one's.
 * @name: text for people, NUL-terminated
 */
struct ktm_mkfs_params {
	u64 device_size;
	u8 uuid[KTM_DISK_UUID_SIZE];
	char name[KTM_DISK_NAME_MAX];
};

/**
 * ktm_mkfs - write the superblocks of an empty log
 * @write: writes @size bytes at byte @offset; returns 0 or a negative errno
 * @ctx: passed to it
 * @params: what the log is to be
 *
 * What was written is durable when the caller has flushed it. The ring is left
 * as it is: whatever it holds does not have the UUID.
 *
 * Return: 0, -ENOSPC (the device is too small), -EINVAL (UUID or name), or what
 * @write returned.
 */
int ktm_mkfs(int (*write)(void *ctx, u64 offset, const void *data, size_t size),
	     void *ctx, const struct ktm_mkfs_params *params);

#endif /* _KTM_PURE_MKFS_H */
