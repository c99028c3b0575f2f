/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl log - copy what is alive in a log
 */
#ifndef _KTMCTL_LOG_ARCHIVE_H
#define _KTMCTL_LOG_ARCHIVE_H

#include <stdbool.h>

/**
 * log_archive - copy the live part of a log to a new file
 * @path: device or file; claimed while it is read
 * @target: the file; must not exist
 * @as_json: write JSON
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int log_archive(const char *path, const char *target, bool as_json);

#endif /* _KTMCTL_LOG_ARCHIVE_H */
