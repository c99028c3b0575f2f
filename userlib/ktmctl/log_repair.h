/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl log repair - tell what is wrong with a log, and repair it when told so
 */
#ifndef _KTMCTL_LOG_REPAIR_H
#define _KTMCTL_LOG_REPAIR_H

#include <stdbool.h>

/**
 * log_repair - tell what is wrong with a log, and what would be lost
 * @path: device or file
 * @yes: and repair it
 * @as_json: write JSON
 *
 * Return: KTMCTL_OK (it is good, or good now), or KTMCTL_FAILED after a message.
 */
int log_repair(const char *path, bool yes, bool as_json);

#endif /* _KTMCTL_LOG_REPAIR_H */
