// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - a fault in one call of a function, whatever thread runs it
 *
 * /proc/PID/fail-nth is for a thread that is known beforehand. What a workqueue
 * calls is not: here the fault is set when the function is entered, and looked
 * for when it returns.
 *
 * In /sys/module/ktm_test_fault/parameters:
 *
 *   at    "FUNCTION NTH": the NTH fault point in the next call of FUNCTION fails.
 *         "off": no more. Reading tells what came of it: "waiting", "running", "missed"
 *         (the call had fewer fault points) or "taken".
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>

#define NAME_SIZE	64

/* What came of the fault. */
enum fate {
	WAITING,
	RUNNING,
	MISSED,
	TAKEN,
};

/* Commands come one at a time: the kernel's parameter lock protects it but for @fate. */
static struct {
	struct kretprobe probe;
	char name[NAME_SIZE];
	unsigned int nth;
	bool set;
	atomic_t fate;		/* enum fate */
} fault;

/* Only the first call is made to fail, and only its return is of interest. */
static int on_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (atomic_cmpxchg(&fault.fate, WAITING, RUNNING) != WAITING)
		return 1;
	current->fail_nth = fault.nth;
	return 0;
}

static int on_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	atomic_set(&fault.fate, current->fail_nth ? MISSED : TAKEN);
	current->fail_nth = 0;
	return 0;
}

static void take_away(void)
{
	if (fault.set)
		unregister_kretprobe(&fault.probe);
	fault.set = false;
}

static int at_set(const char *command, const struct kernel_param *kp)
{
	int ret;

	take_away();
	if (sysfs_streq(command, "off"))
		return 0;
	if (sscanf(command, "%63s %u", fault.name, &fault.nth) != 2 || !fault.nth)
		return -EINVAL;
	memset(&fault.probe, 0, sizeof(fault.probe));
	fault.probe.kp.symbol_name = fault.name;
	fault.probe.entry_handler = on_entry;
	fault.probe.handler = on_return;
	fault.probe.maxactive = 8;
	atomic_set(&fault.fate, WAITING);
	ret = register_kretprobe(&fault.probe);
	fault.set = !ret;
	return ret;
}

static int at_get(char *buffer, const struct kernel_param *kp)
{
	static const char * const names[] = {
		[WAITING] = "waiting",
		[RUNNING] = "running",
		[MISSED] = "missed",
		[TAKEN] = "taken",
	};

	return sysfs_emit(buffer, "%s\n", names[atomic_read(&fault.fate)]);
}

static const struct kernel_param_ops at_ops = {
	.set = at_set,
	.get = at_get,
};

module_param_cb(at, &at_ops, NULL, 0600);
MODULE_PARM_DESC(at, "FUNCTION NTH, or off");

static int __init fault_init(void)
{
	return 0;
}

static void __exit fault_exit(void)
{
	take_away();
}

module_init(fault_init);
module_exit(fault_exit);
MODULE_DESCRIPTION("faults in threads of the kernel, for tests of ktm");
MODULE_LICENSE("GPL");
