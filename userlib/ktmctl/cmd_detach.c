// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl detach - take a transaction manager offline
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "ktmctl.h"
#include "objects.h"

static const struct ktmctl_advice detach_advice[] = {
	{ EBUSY, "it has active transactions or resource managers",
	  "See 'ktmctl list transactions', 'ktmctl list rms' and 'ktmctl txf status'." },
	{ EPERM, "you may not", "Become root (CAP_SYS_ADMIN)." },
	{ EINVAL, "it is volatile: it has no log to give back",
	  "It ends with the last program that uses it." },
	{ ESHUTDOWN, "it is detached already", NULL },
	{ EIO, "the log device failed; its records are as they were at the failure",
	  "Look at the device, then attach the log again to recover." },
	{ 0 }
};

static int detach_tm(const char *name)
{
	int control, fd, ret;

	control = control_open();
	if (control < 0)
		return KTMCTL_FAILED;
	fd = tm_find(control, name);
	close(control);
	if (fd < 0)
		return KTMCTL_FAILED;
	ret = ktm_tm_detach(fd);
	close(fd);
	if (ret)
		return ktmctl_fail(detach_advice, ret,
				   "cannot detach transaction manager %s",
				   name);
	return KTMCTL_OK;
}

static int run_detach(const struct ktmctl_command *command, int argc, char **argv)
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
	return detach_tm(argv[optind]);
}

const struct ktmctl_command cmd_detach = {
	.name = "detach",
	.run = run_detach,
	.help = "take a transaction manager offline and give its device back",
	.usage = "detach [OPTION]... TM\n"
		 "Take a durable transaction manager offline and give its log device back. TM is\n"
		 "a name, a UUID or its beginning. What is decided but not carried out yet stays in\n"
		 "the log. A loop device that ktmctl had set up goes away.\n"
		 "\n"
		 "  -h, --help           show this\n",
};
