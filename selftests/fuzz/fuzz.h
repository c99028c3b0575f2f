/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What libFuzzer calls, and what it gives; it comes without a header for C
 */
#ifndef _FUZZ_FUZZ_H
#define _FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* LLVMFuzzerMutate - libFuzzer's own mutations; returns the new size */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* LLVMFuzzerTestOneInput - try one input */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* LLVMFuzzerCustomMutator - change an input; returns the new size */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);

#endif /* _FUZZ_FUZZ_H */
