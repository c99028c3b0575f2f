// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - CRC32C for user space; the module uses the kernel's
 */
#include "crc32c.h"

#define POLYNOMIAL	0x82f63b78U	/* 0x1edc6f41, bits reversed */

static u32 table[256];

static void __attribute__((constructor)) fill_table(void)
{
	for (unsigned int i = 0; i < 256; i++) {
		u32 crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
		table[i] = crc;
	}
}

u32 ktm_crc32c(u32 crc, const void *data, size_t length)
{
	const u8 *byte = data;

	while (length--)
		crc = (crc >> 8) ^ table[(crc ^ *byte++) & 0xff];
	return crc;
}
