/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - the few types and helpers that pure code needs, in kernel and user space
 */
#ifndef _KTM_PURE_TYPES_H
#define _KTM_PURE_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/string.h>
#include <linux/errno.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/limits.h>
#include <linux/crc32.h>
#include <linux/version.h>
#include <asm/byteorder.h>
#else
#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <errno.h>
#include <endian.h>
#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define U64_MAX	UINT64_MAX

#define cpu_to_le16(x)	((__force __le16)htole16(x))
#define cpu_to_le32(x)	((__force __le32)htole32(x))
#define cpu_to_le64(x)	((__force __le64)htole64(x))
#define le16_to_cpu(x)	le16toh((__force u16)(x))
#define le32_to_cpu(x)	le32toh((__force u32)(x))
#define le64_to_cpu(x)	le64toh((__force u64)(x))

#ifndef __force
#define __force
#endif
#ifndef static_assert
#define static_assert	_Static_assert
#endif
#ifndef EUCLEAN
#error "EUCLEAN is missing: this code is for Linux"
#endif
#endif /* __KERNEL__ */

#endif /* _KTM_PURE_TYPES_H */
