/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - the resource manager
 */
#ifndef _KTM_TXF_RM_H
#define _KTM_TXF_RM_H

#include <linux/ktm.h>

extern const struct ktm_rm_ops txf_rm_ops;

#endif /* _KTM_TXF_RM_H */
