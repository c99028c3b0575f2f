/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hostile images of logs: what the targets that replay share
 *
 * An input is a small device: a word that says where in the ring its content
 * begins, two superblocks, and that content. Checksums are made good before
 * replay; a bit of the first word leaves them alone. New inputs come from real logs
 * (corpus) and from the model of the writer.
 */
#ifndef _FUZZ_DEVICE_H
#define _FUZZ_DEVICE_H

#include <stdint.h>

#include "checksum.h"
#include "image.h"

#define HEAD_SIZE	8
#define INPUT_MAX	(HEAD_SIZE + 2 * KTM_DISK_BLOCK + 24 * KTM_DISK_BLOCK)
#define KEEP_CHECKSUMS	1

/* device_load - make the device; returns false if the input is none */
bool device_load(const uint8_t *data, size_t size);

/* device_start - a replay of it; @ctx must be NULL or a pointer of the caller's */
void device_start(struct ktm_replay *replay, const struct ktm_replay_ops *ops, void *ctx);

/* device_read - for struct ktm_replay_ops */
int device_read(void *ctx, u64 offset, void *data, u32 length);

/* device_window - where the window is, KTM_DISK_BUFFER_MAX bytes */
const u8 *device_window(void);

/* device_mutate - change an input, or make a new one; returns its size */
size_t device_mutate(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

#endif /* _FUZZ_DEVICE_H */
