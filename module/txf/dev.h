/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - /dev/ktm_txf
 */
#ifndef _KTM_TXF_DEV_H
#define _KTM_TXF_DEV_H

/**
 * txf_dev_init - make the device node
 * Return: 0 or a negative errno.
 */
int txf_dev_init(void);

/** txf_dev_exit - remove the device node */
void txf_dev_exit(void);

#endif /* _KTM_TXF_DEV_H */
