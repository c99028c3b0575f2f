// SPDX-License-Identifier: GPL-2.0
/*
 * CRC32C by the processor, where it can: a hundred thousand images are to be replayed
 */
#include <stdlib.h>

#include "crc32c.h"

u32 ktm_crc32c_plain(u32 crc, const void *data, size_t length);

#ifdef __x86_64__
__attribute__((target("sse4.2")))
static u32 by_processor(u32 crc, const void *data, size_t length)
{
	const u8 *byte = data;
	u64 word, wide = crc;

	for (; length >= sizeof(word); length -= sizeof(word), byte += sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = wide;
	while (length--)
		crc = __builtin_ia32_crc32qi(crc, *byte++);
	return crc;
}

static bool can;

/* Only if it gives the same. */
static void __attribute__((constructor(200))) try_processor(void)
{
	static const char sample[] = "a sample that is no multiple of eight";

	can = __builtin_cpu_supports("sse4.2") &&
	      by_processor(KTM_CRC32C_SEED, "123456789", 9) == ~0xe3069283U;
	if (can && by_processor(1, sample, sizeof(sample)) !=
		   by_processor(by_processor(1, sample, 5), sample + 5, sizeof(sample) - 5))
		abort();
}

u32 ktm_crc32c(u32 crc, const void *data, size_t length)
{
	return can ? by_processor(crc, data, length) : ktm_crc32c_plain(crc, data, length);
}
#else
u32 ktm_crc32c(u32 crc, const void *data, size_t length)
{
	return ktm_crc32c_plain(crc, data, length);
}
#endif
