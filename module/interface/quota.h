/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - quota of objects
 */
#ifndef _KTM_INTERFACE_QUOTA_H
#define _KTM_INTERFACE_QUOTA_H

#include <linux/uidgid.h>

/**
 * ktm_quota_charge - one more object of a user
 * @uid: the user
 *
 * The limit is the module parameter max_user_objects; CAP_SYS_RESOURCE lifts it.
 *
 * Context: process context.
 * Return: 0, -EDQUOT, -ENOMEM.
 */
int ktm_quota_charge(kuid_t uid);

/**
 * ktm_quota_uncharge - one less
 * @uid: the user
 */
void ktm_quota_uncharge(kuid_t uid);

/**
 * ktm_quota_exit - free the table; all is uncharged
 */
void ktm_quota_exit(void);

#endif /* _KTM_INTERFACE_QUOTA_H */
