/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - CRC32C (Castagnoli), the kernel's own or a table in user space
 */
#ifndef _KTM_PURE_CRC32C_H
#define _KTM_PURE_CRC32C_H

#include "types.h"

#define KTM_CRC32C_SEED		(~0U)

#ifdef __KERNEL__
/* before 6.14 crc32c() is in a module of its own, and plain insmod would need that */
#if KERNEL_VERSION(6, 14, 0) <= LINUX_VERSION_CODE
#define ktm_crc32c(crc, data, length)	crc32c(crc, data, length)
#else
#define ktm_crc32c(crc, data, length)	__crc32c_le(crc, data, length)
#endif
#else
/**
 * ktm_crc32c - go on with a checksum
 * @crc: KTM_CRC32C_SEED, or the value for what comes before
 * @data: bytes
 * @length: how many
 * Return: the value with @data, not inverted at the end.
 */
u32 ktm_crc32c(u32 crc, const void *data, size_t length);
#endif

#endif /* _KTM_PURE_CRC32C_H */
