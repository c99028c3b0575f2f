// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - delivers notifications to resource managers in the kernel
 */
#include <linux/ktm.h>

#include "answer.h"
#include "deliver.h"
#include "step.h"

void ktm_deliver_work(struct work_struct *work)
{
	struct ktm_enlistment *en = container_of(work, struct ktm_enlistment, work);
	const struct ktm_rm_ops *ops = en->rm->ops;
	void *key;
	u64 raw, savepoint;
	u32 type;

	type = ktm_notify_take(en, &raw, &savepoint);
	if (!type)
		goto out;
	key = (void *)(unsigned long)raw;
	switch (type) {
	case KTM_NOTIFY_PREPREPARE:
		ops->preprepare(en, key);
		break;
	case KTM_NOTIFY_PREPARE:
		ops->prepare(en, key);
		break;
	case KTM_NOTIFY_COMMIT:
		ops->commit(en, key);
		break;
	case KTM_NOTIFY_ROLLBACK:
		ops->rollback(en, key);
		break;
	case KTM_NOTIFY_SINGLE_PHASE_COMMIT:
		ops->single_phase(en, key);
		break;
	case KTM_NOTIFY_INDOUBT:
		if (ops->indoubt)
			ops->indoubt(en, key);
		break;
	case KTM_NOTIFY_SAVEPOINT:
	case KTM_NOTIFY_SAVEPOINT_ROLLBACK:
	case KTM_NOTIFY_SAVEPOINT_RELEASE:
		ops->savepoint(en, key, type, savepoint);
		break;
	case KTM_NOTIFY_RM_DISCONNECTED:
		if (ops->disconnected)
			ops->disconnected(en, key);
		break;
	default:
		WARN_ON_ONCE(1);
		break;
	}
	ktm_enlistment_put(en);	/* the note's */
out:
	ktm_enlistment_put(en);	/* the work's */
}
