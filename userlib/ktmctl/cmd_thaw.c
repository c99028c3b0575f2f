// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl thaw - let commits go on that a freeze has held back
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "ktmctl.h"
#include "objects.h"

static const struct ktmctl_advice thaw_advice[] = {
	{ EPROTO, "it is not frozen, or not any more",
	  "Do not use what was taken in the belief that it was." },
	{ EPERM, "it belongs to another user", "Become root (CAP_SYS_ADMIN)." },
	{ 0 }
};

static int thaw_tm(const char *name)
{
	int control, fd, ret;

	control = control_open();
	if (control < 0)
		return KTMCTL_FAILED;
	fd = tm_find(control, name);
	close(control);
	if (fd < 0)
		return KTMCTL_FAILED;
	ret = ktm_tm_thaw(fd);
	close(fd);
	if (ret)
		return ktmctl_fail(thaw_advice, ret,
				   "cannot thaw transaction manager %s",
				   name);
	return KTMCTL_OK;
}

static int run_thaw(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return ktmctl_usage(command);
		default:
			return ktmctl_usage_error(command, NULL);
		}
	}
	if (argc - optind != 1)
		return ktmctl_usage_error(command, optind < argc ?
					  "one transaction manager at a time" :
					  "which transaction manager?");
	return thaw_tm(argv[optind]);
}

const struct ktmctl_command cmd_thaw = {
	.name = "thaw",
	.run = run_thaw,
	.help = "let commits go on that a freeze has held back",
	.usage = "thaw [OPTION]... TM\n"
		 "Thaw a transaction manager that 'ktmctl freeze' or another program has frozen. TM is\n"
		 "a name, a UUID or its beginning. The exit status is 0 if it was frozen until now, so\n"
		 "that snapshots taken meanwhile are good.\n"
		 "\n"
		 "  -h, --help           show this\n",
};
