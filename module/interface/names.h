/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - names that user space gives
 */
#ifndef _KTM_INTERFACE_NAMES_H
#define _KTM_INTERFACE_NAMES_H

#include <linux/errno.h>
#include <linux/string.h>
#include <linux/ktm.h>

/**
 * ktm_name_check - is it terminated?
 * @name: array of KTM_NAME_MAX characters
 * Return: 0 or -EINVAL.
 */
static inline int ktm_name_check(const char *name)
{
	return strnlen(name, KTM_NAME_MAX) < KTM_NAME_MAX ? 0 : -EINVAL;
}

#endif /* _KTM_INTERFACE_NAMES_H */
