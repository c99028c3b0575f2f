// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl recover - recovery of a transaction manager in steps
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "ktmctl.h"
#include "objects.h"
#include "text.h"

static const struct ktmctl_advice recover_advice[] = {
	{ EALREADY, "it has recovered",
	  "Only one attached with 'ktmctl attach --no-recover' waits for this." },
	{ EPERM, "you may not", "Become root (CAP_SYS_ADMIN)." },
	{ EINVAL, "it is volatile: it has no log to recover", NULL },
	{ ESHUTDOWN, "it is offline or detached", "Detach it, and attach it again." },
	{ EIO, "the log device failed",
	  "Look at the device; detach the transaction manager, and attach it again." },
	{ 0 }
};

/* What the user wants; @clock 0: to the end of the log. */
struct wanted {
	uint64_t clock;
	bool discard;
};

static const char *plural(uint32_t number)
{
	return number == 1 ? "" : "s";
}

static int recover_fd(int fd, const char *name, const struct wanted *wanted)
{
	uint32_t recovered = 0, rest = 0;
	int ret = 0;

	if (wanted->clock)
		ret = ktm_tm_rollforward(fd, wanted->clock, &recovered, &rest);
	if (ret)
		return ktmctl_fail(recover_advice, ret, "cannot roll %s forward", name);
	if (wanted->clock && !wanted->discard) {
		printf("%u unfinished transaction%s up to that clock, %u after it\n",
		       recovered, plural(recovered), rest);
		return ktmctl_flush();
	}
	ret = ktm_tm_recover(fd, wanted->discard ? KTM_TM_RECOVER_F_DISCARD : 0,
			     &recovered, &rest);
	if (ret)
		return ktmctl_fail(recover_advice, ret, "cannot recover %s", name);
	printf("%u unfinished transaction%s recovered, %u discarded\n", recovered,
	       plural(recovered), rest);
	return ktmctl_flush();
}

static int recover_tm(const char *name, const struct wanted *wanted)
{
	int control, fd, status;

	control = control_open();
	if (control < 0)
		return KTMCTL_FAILED;
	fd = tm_find(control, name);
	close(control);
	if (fd < 0)
		return KTMCTL_FAILED;
	status = recover_fd(fd, name, wanted);
	close(fd);
	return status;
}

static int run_recover(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "clock", required_argument, NULL, 'c' },
		{ "discard", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct wanted wanted = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "c:dh", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			if (parse_number(optarg, 10, UINT64_MAX, &wanted.clock) ||
			    !wanted.clock)
				return ktmctl_usage_error(command,
							  "'%s' is no clock value",
							  optarg);
			break;
		case 'd':
			wanted.discard = true;
			break;
		case 'h':
			return ktmctl_usage(command);
		default:
			return ktmctl_usage_error(command, NULL);
		}
	}
	if (wanted.discard && !wanted.clock)
		return ktmctl_usage_error(command, "discard what is after which clock?");
	if (argc - optind != 1)
		return ktmctl_usage_error(command, optind < argc ?
					  "one transaction manager at a time" :
					  "which transaction manager?");
	return recover_tm(argv[optind], &wanted);
}

const struct ktmctl_command cmd_recover = {
	.name = "recover",
	.run = run_recover,
	.help = "recover a transaction manager that was attached without",
	.usage = "recover [OPTION]... TM\n"
		 "Make the unfinished transactions of a transaction manager that was attached with\n"
		 "'ktmctl attach --no-recover', and bring it online. TM is a name, a UUID or its\n"
		 "beginning. With a clock value alone only count them, up to it and after it.\n"
		 "\n"
		 "  -c, --clock CLOCK    virtual clock value to look at, not below the last one\n"
		 "  -d, --discard        roll back what was decided after CLOCK, committed or not\n"
		 "  -h, --help           show this\n",
};
