/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - log ring: recovery reads ahead
 */
#ifndef _KTM_LOG_AHEAD_H
#define _KTM_LOG_AHEAD_H

#include "log_internal.h"

struct ktm_log_ahead;

/**
 * ktm_log_ahead_alloc - get ready to read the ring from some place on
 * @log: the log
 * Context: process context, may sleep.
 * Return: what ktm_log_ahead_map() wants, or NULL.
 */
struct ktm_log_ahead *ktm_log_ahead_alloc(struct ktm_log *log);

/**
 * ktm_log_ahead_free - wait for what is being read, and forget all
 * @ahead: from ktm_log_ahead_alloc()
 * Context: process context, may sleep.
 */
void ktm_log_ahead_free(struct ktm_log_ahead *ahead);

/**
 * ktm_log_ahead_map - see part of the ring, as struct ktm_replay_ops wants it
 * @ahead: from ktm_log_ahead_alloc(), after ktm_replay_open()
 * @offset: byte on the device
 * @length: at most KTM_DISK_BUFFER_MAX, not beyond the end of the ring
 * @data: out: where it is, up to the next call
 * Context: process context, may sleep.
 * Return: 0 or a negative errno.
 */
int ktm_log_ahead_map(struct ktm_log_ahead *ahead, u64 offset, u32 length, void **data);

#endif /* _KTM_LOG_AHEAD_H */
