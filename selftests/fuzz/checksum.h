/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checksums made good, or nothing behind them would ever be reached
 */
#ifndef _FUZZ_CHECKSUM_H
#define _FUZZ_CHECKSUM_H

#include <stdlib.h>

#include "crc32c.h"
#include "format.h"

static inline void require(bool condition)
{
	if (!condition)
		abort();
}

static inline void fix_super(void *block)
{
	struct ktm_disk_super *disk = block;
	u32 crc;

	disk->crc = 0;
	crc = ~ktm_crc32c(KTM_CRC32C_SEED, disk, sizeof(*disk));
	disk->crc = cpu_to_le32(crc);
}

/* @room: bytes there */
static inline void fix_buffer(void *block, u64 room)
{
	struct ktm_disk_buffer *disk = block;
	u32 used = le32_to_cpu(disk->used);
	u32 crc;

	if (le32_to_cpu(disk->magic) != KTM_DISK_BUF_MAGIC || used > room ||
	    used < sizeof(*disk) || used > KTM_DISK_BUFFER_MAX)
		return;
	disk->crc = 0;
	crc = ~ktm_crc32c(KTM_CRC32C_SEED, disk, used);
	disk->crc = cpu_to_le32(crc);
}

#endif /* _FUZZ_CHECKSUM_H */
