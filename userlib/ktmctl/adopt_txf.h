/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - cloned file systems that go along with their cloned log
 */
#ifndef _KTMCTL_ADOPT_TXF_H
#define _KTMCTL_ADOPT_TXF_H

#include <stddef.h>

#define ADOPT_TXF_MAX	64

/**
 * struct adopt_txf - what goes along
 * @paths: mount points
 * @nr_paths: how many
 * @to: new UUID of the log
 */
struct adopt_txf {
	const char *paths[ADOPT_TXF_MAX];
	size_t nr_paths;
	const unsigned char *to;
};

/**
 * adopt_txf - let all file systems have the new UUID
 * @ctx: struct adopt_txf
 * @from: the UUID that the log has
 *
 * None is changed if one of them is refused.
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED after a message.
 */
int adopt_txf(void *ctx, const unsigned char *from);

#endif /* _KTMCTL_ADOPT_TXF_H */
