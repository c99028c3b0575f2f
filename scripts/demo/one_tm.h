/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Find the transaction manager where there is one only
 */
#ifndef _DEMO_ONE_TM_H
#define _DEMO_ONE_TM_H

#include <linux/ktm.h>

/**
 * one_tm_open - open the transaction manager of this machine
 * @info: filled in with what it is
 *
 * Return: its fd, or a negative errno after a message: -ENOENT when there is
 * none, -EEXIST when there are several.
 */
int one_tm_open(struct ktm_tm_info *info);

#endif /* _DEMO_ONE_TM_H */
