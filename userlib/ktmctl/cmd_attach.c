// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl attach - recover a log and bring its transaction manager online
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "ktmctl.h"
#include "objects.h"
#include "text.h"

static const struct ktmctl_advice open_advice[] = {
	{ ENOENT, "it does not exist",
	  "Make a log: ktmctl init, or ktmctl log create FILE." },
	{ EACCES, "you may not", "Become root." },
	{ EROFS, "it is read-only", NULL },
	{ ENXIO, "there is no such device", NULL },
	{ 0 }
};

static int attach_path(const char *path, const struct ktm_tm_attach *options,
		       bool json)
{
	int control, fd, device_fd, status = KTMCTL_FAILED;
	struct attach_result result;

	control = control_open();
	if (control < 0)
		return KTMCTL_FAILED;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		ktmctl_fail(open_advice, errno, "cannot open %s", path);
		goto out_close_control;
	}
	device_fd = attach_device_fd(fd, path);
	if (device_fd < 0)
		goto out_close;
	status = attach_log(control, device_fd, path, options, &result);
	if (status == KTMCTL_OK)
		status = attach_print(&result, json);
	if (device_fd != fd)
		close(device_fd);
out_close:
	close(fd);
out_close_control:
	close(control);
	return status;
}

/* One option with a value; 0, or KTMCTL_USAGE after a message. */
static int parse_option(const struct ktmctl_command *command, int c,
			const char *value, struct ktm_tm_attach *options)
{
	uint64_t number = 0;

	switch (c) {
	case 'u':
		if (ktm_uuid_parse(value, options->uuid))
			return ktmctl_usage_error(command, "'%s' is no UUID",
						  value);
		return 0;
	case 'm':
		if (parse_number(value, 8, 0666, &number))
			return ktmctl_usage_error(command, "the mode '%s' is not octal, 0 to 666",
						  value);
		options->mode = number;
		return 0;
	case 'o':
	case 'g':
		if (parse_number(value, 10, UINT32_MAX - 1, &number))
			return ktmctl_usage_error(command, "'%s' is no user or group number",
						  value);
		if (c == 'o')
			options->uid = number;
		else
			options->gid = number;
		return 0;
	default:
		return ktmctl_usage_error(command, NULL);
	}
}

static int run_attach(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "uuid", required_argument, NULL, 'u' },
		{ "mode", required_argument, NULL, 'm' },
		{ "owner", required_argument, NULL, 'o' },
		{ "group", required_argument, NULL, 'g' },
		{ "no-recover", no_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct ktm_tm_attach options = {
		.mode = 0660,
		.uid = geteuid(),
		.gid = getegid(),
	};
	bool json = false;
	int c, ret;

	while ((c = getopt_long(argc, argv, "u:m:o:g:njh", long_options,
				NULL)) != -1) {
		if (c == 'h')
			return ktmctl_usage(command);
		if (c == 'j') {
			json = true;
			continue;
		}
		if (c == 'n') {
			options.flags |= KTM_TM_ATTACH_F_NO_RECOVER;
			continue;
		}
		ret = parse_option(command, c, optarg, &options);
		if (ret)
			return ret;
	}
	if (argc - optind != 1)
		return ktmctl_usage_error(command, optind < argc ?
					  "one log at a time" :
					  "which device or file?");
	return attach_path(argv[optind], &options, json);
}

const struct ktmctl_command cmd_attach = {
	.name = "attach",
	.run = run_attach,
	.help = "recover a log and bring its transaction manager online",
	.usage = "attach [OPTION]... DEVICE|FILE\n"
		 "Recover the log on a block device, or in a file by way of a loop device, and bring\n"
		 "its transaction manager online. Prints its UUID.\n"
		 "\n"
		 "  -u, --uuid UUID      refuse a log that is not this one\n"
		 "  -m, --mode MODE      permission bits, read = look, write = use (default 0660)\n"
		 "  -o, --owner UID      user that owns the transaction manager (default: you)\n"
		 "  -g, --group GID      its group (default: yours)\n"
		 "  -n, --no-recover     leave that to 'ktmctl recover'\n"
		 "  -j, --json           write JSON\n"
		 "  -h, --help           show this\n",
};
