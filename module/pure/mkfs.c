// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - make an empty log
 */
#include "mkfs.h"

static u64 ring_size(u64 device_size)
{
	u64 size = device_size > KTM_DISK_RING ? device_size - KTM_DISK_RING : 0;

	if (size > KTM_DISK_RING_MAX)
		size = KTM_DISK_RING_MAX;
	return size - size % KTM_DISK_BLOCK;
}

static int write_super(int (*write)(void *ctx, u64 offset, const void *data,
				    size_t size),
		       void *ctx, u64 offset,
		       const struct ktm_format_super *super)
{
	struct ktm_format_super again;
	struct ktm_disk_super disk;

	ktm_format_encode_super(&disk, super);
	if (ktm_format_check_super(&disk, &again))
		return -EINVAL;
	return write(ctx, offset, &disk, sizeof(disk));
}

int ktm_mkfs(int (*write)(void *ctx, u64 offset, const void *data, size_t size),
	     void *ctx, const struct ktm_mkfs_params *params)
{
	struct ktm_format_super super = {
		.ring_size = ring_size(params->device_size),
		.flags = KTM_DISK_SB_F_CLEAN,
	};
	int error;

	if (super.ring_size < KTM_DISK_RING_MIN)
		return -ENOSPC;
	memcpy(super.uuid, params->uuid, sizeof(super.uuid));
	memcpy(super.name, params->name, sizeof(super.name));
	/* the start of the second lap, so that no LSN is 0 */
	super.tail_lsn = super.ring_size;
	super.epoch_lsn = super.ring_size;

	super.sequence = 1;
	error = write_super(write, ctx, KTM_DISK_SB_B, &super);
	if (error)
		return error;
	super.sequence = 2;
	return write_super(write, ctx, KTM_DISK_SB_A, &super);
}
