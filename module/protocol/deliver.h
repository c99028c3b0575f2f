/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - delivers notifications to resource managers in the kernel
 */
#ifndef _KTM_PROTOCOL_DELIVER_H
#define _KTM_PROTOCOL_DELIVER_H

#include <linux/workqueue.h>

/**
 * ktm_deliver_work - call the RM about one enlistment
 * @work: ktm_enlistment.work
 *
 * A work item never runs twice at a time, so the calls for one enlistment do
 * not overlap.
 */
void ktm_deliver_work(struct work_struct *work);

#endif /* _KTM_PROTOCOL_DELIVER_H */
