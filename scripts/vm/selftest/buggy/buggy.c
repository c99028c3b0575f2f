// SPDX-License-Identifier: GPL-2.0
/*
 * One bug of each kind that the debug kernel is there to find. The harness loads this module
 * with one of them at a time and must not pass.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *bug = "none";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "kasan, ubsan, lockdep, sleep, leak, warn or none");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);

static void write_past_end(void)
{
	char *bytes = kmalloc(16, GFP_KERNEL);

	if (!bytes)
		return;
	/* Hides the size from the compiler, which would refuse this. */
	OPTIMIZER_HIDE_VAR(bytes);
	bytes[16] = 1;
	kfree(bytes);
}

static void shift_too_far(void)
{
	int by = 40;

	OPTIMIZER_HIDE_VAR(by);
	pr_info("buggy: %d\n", 1 << by);
}

static void invert_locks(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void sleep_in_atomic(void)
{
	spin_lock(&spin);
	might_sleep();
	spin_unlock(&spin);
}

static void leak(void)
{
	void *bytes = kmalloc(3000, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(bytes);
}

static int __init buggy_init(void)
{
	if (!strcmp(bug, "kasan"))
		write_past_end();
	else if (!strcmp(bug, "ubsan"))
		shift_too_far();
	else if (!strcmp(bug, "lockdep"))
		invert_locks();
	else if (!strcmp(bug, "sleep"))
		sleep_in_atomic();
	else if (!strcmp(bug, "leak"))
		leak();
	else if (!strcmp(bug, "warn"))
		WARN_ON(true);
	return 0;
}

static void __exit buggy_exit(void)
{
}

module_init(buggy_init);
module_exit(buggy_exit);
MODULE_DESCRIPTION("Planted bugs for tests of the test harness");
MODULE_LICENSE("GPL");
