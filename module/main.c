// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - kernel transaction manager: init and exit
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "interface/dev.h"
#include "object/quota.h"
#include "object/tm.h"
#include "protocol/attach.h"
#include "protocol/step.h"

static int __init ktm_init(void)
{
	int ret;

	ktm_workers = alloc_workqueue("ktm", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!ktm_workers)
		return -ENOMEM;
	ret = ktm_tm_objects_init();
	if (ret)
		goto err_workers;
	ret = ktm_dev_init();
	if (ret)
		goto err_objects;
	return 0;

err_objects:
	ktm_tm_objects_exit();
err_workers:
	destroy_workqueue(ktm_workers);
	return ret;
}

static void __exit ktm_exit(void)
{
	ktm_dev_exit();
	ktm_detach_all();
	destroy_workqueue(ktm_workers);
	ktm_tm_objects_exit();
	ktm_objects_exit();
	/* objects are freed after a grace period */
	rcu_barrier();
}

module_init(ktm_init);
module_exit(ktm_exit);
MODULE_DESCRIPTION("kernel transaction manager");
MODULE_LICENSE("GPL");
