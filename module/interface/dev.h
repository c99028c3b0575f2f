/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - the control node /dev/ktm
 */
#ifndef _KTM_INTERFACE_DEV_H
#define _KTM_INTERFACE_DEV_H

/**
 * ktm_dev_init - make the node
 * Return: 0 or a negative errno.
 */
int ktm_dev_init(void);

/**
 * ktm_dev_exit - remove the node
 */
void ktm_dev_exit(void);

#endif /* _KTM_INTERFACE_DEV_H */
