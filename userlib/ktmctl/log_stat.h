/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl log - count what is in a log
 */
#ifndef _KTMCTL_LOG_STAT_H
#define _KTMCTL_LOG_STAT_H

#include <stdbool.h>

/**
 * log_stat - read a log and tell what takes how much of it, and who holds its tail
 * @path: device or file
 * @as_json: write JSON
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message, or if the log is damaged.
 */
int log_stat(const char *path, bool as_json);

#endif /* _KTMCTL_LOG_STAT_H */
