// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - quota of objects
 *
 * A count for each user who has objects, in an XArray by uid, under its lock.
 * Counts that fall to zero are taken out.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/xarray.h>

#include "quota.h"

static unsigned int max_user_objects = 65536;
module_param(max_user_objects, uint, 0644);
MODULE_PARM_DESC(max_user_objects, "fds of ktm objects that a user may have open");

static DEFINE_XARRAY(counts);	/* uid -> xa_mk_value(count) */

static int charge(unsigned long index, unsigned long limit)
{
	unsigned long count;
	void *old;
	int ret;

	/* the slot first: storing to it under the lock needs no memory then */
	ret = xa_insert(&counts, index, xa_mk_value(0), GFP_KERNEL);
	if (ret && ret != -EBUSY)
		return ret;
	ret = 0;
	xa_lock(&counts);
	old = xa_load(&counts, index);
	count = old ? xa_to_value(old) : 0;
	if (count >= limit)
		ret = -EDQUOT;
	else if (xa_is_err(__xa_store(&counts, index, xa_mk_value(count + 1), GFP_ATOMIC)))
		ret = -ENOMEM;
	xa_unlock(&counts);
	return ret;
}

int ktm_quota_charge(kuid_t uid)
{
	int ret = charge(__kuid_val(uid), READ_ONCE(max_user_objects));

	if (ret == -EDQUOT && capable(CAP_SYS_RESOURCE))
		ret = charge(__kuid_val(uid), LONG_MAX);
	return ret;
}

void ktm_quota_uncharge(kuid_t uid)
{
	unsigned long index = __kuid_val(uid), count;
	void *old;

	xa_lock(&counts);
	old = xa_load(&counts, index);
	count = old ? xa_to_value(old) : 0;
	if (count > 1)
		__xa_store(&counts, index, xa_mk_value(count - 1), GFP_ATOMIC);
	else
		__xa_erase(&counts, index);
	WARN_ON_ONCE(!count);
	xa_unlock(&counts);
}

void ktm_quota_exit(void)
{
	xa_destroy(&counts);
}
