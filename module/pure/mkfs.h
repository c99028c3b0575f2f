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

/**
 * ktm_mkfs_rename - write a superblock by which the TM of a log is another one
 * @write: writes @size bytes at byte @offset; returns 0 or a negative errno
 * @ctx: passed to it
 * @super: the newest superblock of the log; out: the one written
 * @slot: where that stands, 0 or 1; out: where the new one does
 * @uuid: new UUID of the TM, or NULL to leave it
 * @name: new name, NUL-terminated, or NULL to leave it
 *
 * One block is written, the older superblock. If power fails before it is durable
 * the log is as before; after it, it is the new one. Nothing else changes: what is
 * in the ring belongs to the new TM. The caller must have claimed the device, and
 * found the log undamaged. The caller flushes, then calls again without @uuid and
 * @name, so that the loss of a block does not bring the old one back.
 *
 * Return: 0, -EINVAL (UUID or name), or what @write returned.
 */
int ktm_mkfs_rename(int (*write)(void *ctx, u64 offset, const void *data, size_t size),
		    void *ctx, struct ktm_format_super *super, unsigned int *slot,
		    const u8 *uuid, const char *name);

#endif /* _KTM_PURE_MKFS_H */
