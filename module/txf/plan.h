/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - from net effects to steps
 */
#ifndef _KTM_TXF_PLAN_H
#define _KTM_TXF_PLAN_H

struct txf_part;

/**
 * txf_plan_make - turn the overlay into an ordered list of steps
 * @part: the part, owned by the caller; its steps are filled in
 * Return: 0, -ENOMEM or an errno of the file system.
 */
int txf_plan_make(struct txf_part *part);

#endif /* _KTM_TXF_PLAN_H */
