// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_log_test - drives the log ring alone, without transactions
 *
 * Commands are written to /sys/module/ktm_log_test/parameters/run; a write fails
 * with the errno of what went wrong, -EBADMSG if the log did what it must not:
 *
 *	attach MAJOR:MINOR	and compare what recovery finds with what must be there
 *	load WRITERS RECORDS	append, wait, read back
 *	full			fill the ring; reservations must hold
 *	set hold|stuck 0|1	the tail stays; no room can be made
 *	detach			in order, or after a failure
 *	forget			nothing must be in the log
 *
 * Reading gives figures: flushes, writes, commits, error.
 */
#include <linux/types.h>
#include <linux/kdev_t.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "test.h"

static int attach(unsigned int major, unsigned int minor)
{
	struct ktm_log *log;
	uuid_t uuid;
	int i;

	if (test.log)
		return -EBUSY;
	for (i = 0; i < TEST_WRITERS; i++) {
		test.writers[i].found_first = 0;
		test.writers[i].found_last = 0;
	}
	test.error = 0;
	test.nr_rooms = 0;
	log = ktm_log_attach(MKDEV(major, minor), NULL, &uuid, &test_ops, NULL);
	if (IS_ERR(log))
		return PTR_ERR(log);
	test.log = log;
	/* the failed life may have been further */
	test.keep_lsn = min(test.keep_lsn, ktm_log_pin(log));
	return test_found_all();
}

static int detach(void)
{
	struct ktm_log *log = test.log;

	test.log = NULL;
	return ktm_log_detach(log);
}

/* Commands that need an attached log. */
static int run_attached(const char *command)
{
	unsigned int a, b;

	if (!test.log)
		return -ENOTCONN;
	if (sscanf(command, "load %u %u", &a, &b) == 2)
		return test_load(a, b);
	if (sysfs_streq(command, "full"))
		return test_full();
	if (sysfs_streq(command, "detach"))
		return detach();
	if (sscanf(command, "set hold %u", &a) == 1) {
		test_hold(a);
		return 0;
	}
	if (sscanf(command, "set stuck %u", &a) == 1) {
		test.stuck = a;
		return 0;
	}
	return -EINVAL;
}

/* Commands come one at a time: the kernel's parameter lock is held. */
static int run_set(const char *command, const struct kernel_param *kp)
{
	unsigned int a, b;

	if (sscanf(command, "attach %u:%u", &a, &b) == 2)
		return attach(a, b);
	if (sysfs_streq(command, "forget")) {
		if (test.log)
			return -EBUSY;
		test_forget();
		return 0;
	}
	return run_attached(command);
}

static int run_get(char *buffer, const struct kernel_param *kp)
{
	struct ktm_log_stat stat;

	if (!test.log)
		return sysfs_emit(buffer, "detached\n");
	ktm_log_get_stat(test.log, &stat);
	return sysfs_emit(buffer,
			  "size=%llu tail=%llu head=%llu durable=%llu flushes=%llu writes=%llu rooms=%u error=%d\n",
			  stat.size, stat.tail, stat.head, stat.durable,
			  stat.flushes, stat.writes, test.nr_rooms, stat.error);
}

static const struct kernel_param_ops run_ops = {
	.set = run_set,
	.get = run_get,
};

module_param_cb(run, &run_ops, NULL, 0600);
MODULE_PARM_DESC(run, "a command, see the head of the source");

static int __init test_init(void)
{
	return 0;
}

static void __exit test_exit(void)
{
	if (test.log)
		detach();
}

module_init(test_init);
module_exit(test_exit);
MODULE_DESCRIPTION("test of the log ring of ktm");
MODULE_LICENSE("GPL");
