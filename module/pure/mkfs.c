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

static void give_uuid(struct ktm_format_super *super, const u8 *uuid)
{
	u8 ring[KTM_DISK_UUID_SIZE];

	memcpy(ring, ktm_format_ring_uuid(super), sizeof(ring));
	memcpy(super->uuid, uuid, sizeof(super->uuid));
	memset(super->ring_uuid, 0, sizeof(super->ring_uuid));
	/* back to that of its birth: as if it had never been another */
	if (memcmp(ring, uuid, sizeof(ring)))
		memcpy(super->ring_uuid, ring, sizeof(super->ring_uuid));
}

int ktm_mkfs_rename(int (*write)(void *ctx, u64 offset, const void *data, size_t size),
		    void *ctx, struct ktm_format_super *super, unsigned int *slot,
		    const u8 *uuid, const char *name)
{
	struct ktm_format_super new = *super;
	unsigned int other = !*slot;
	int error;

	if (uuid)
		give_uuid(&new, uuid);
	if (name) {
		memset(new.name, 0, sizeof(new.name));
		memcpy(new.name, name, strnlen(name, sizeof(new.name)));
	}
	new.sequence++;
	error = write_super(write, ctx, other ? KTM_DISK_SB_B : KTM_DISK_SB_A, &new);
	if (error)
		return error;
	*super = new;
	*slot = other;
	return 0;
}
