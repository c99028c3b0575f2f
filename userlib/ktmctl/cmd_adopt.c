// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl adopt - give a cloned log an identity of its own
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adopt_txf.h"
#include "ktmctl.h"
#include "logfile.h"
#include "loop.h"
#include "objects.h"

/**
 * struct wanted - what the user wants
 * @path: device or file
 * @uuid: new UUID
 * @given: @uuid was given
 * @keep: leave the UUID
 * @name: new name, or NULL
 * @txf: file systems that go along
 */
struct wanted {
	const char *path;
	unsigned char uuid[KTM_UUID_SIZE];
	bool given;
	bool keep;
	const char *name;
	struct adopt_txf txf;
};

/* The device, or one over the file; a message if there is none. */
static int open_device(const char *path)
{
	struct stat st;
	int fd, device;

	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st)) {
		ktmctl_fail(NULL, errno, "cannot open %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return fd;
	device = loop_open(fd, path);
	close(fd);
	return device;
}

static int adopt(struct wanted *wanted)
{
	char text[KTM_UUID_TEXT_SIZE];
	int fd, ret;

	if (!wanted->keep && !wanted->given) {
		ret = logfile_new_uuid(wanted->uuid);
		if (ret)
			return ktmctl_fail(NULL, ret, "cannot make a UUID");
	}
	fd = open_device(wanted->path);
	if (fd < 0)
		return KTMCTL_FAILED;
	wanted->txf.to = wanted->uuid;
	ret = logfile_rename(fd, wanted->path, wanted->keep ? NULL : wanted->uuid,
			     wanted->name,
			     wanted->txf.nr_paths ? adopt_txf : NULL, &wanted->txf);
	close(fd);
	if (ret || wanted->keep)
		return ret;
	ktm_uuid_format(wanted->uuid, text);
	puts(text);
	return ktmctl_flush();
}

static int run_adopt(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "uuid", required_argument, NULL, 'u' },
		{ "keep", no_argument, NULL, 'k' },
		{ "name", required_argument, NULL, 'n' },
		{ "txf", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct wanted wanted = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "u:kn:t:h", options, NULL)) != -1) {
		switch (c) {
		case 'u':
			if (ktm_uuid_parse(optarg, wanted.uuid))
				return ktmctl_usage_error(command, "'%s' is no UUID",
							  optarg);
			wanted.given = true;
			break;
		case 'k':
			wanted.keep = true;
			break;
		case 'n':
			if (strlen(optarg) >= KTM_NAME_MAX)
				return ktmctl_usage_error(command,
							  "the name is longer than 63 bytes");
			wanted.name = optarg;
			break;
		case 't':
			if (wanted.txf.nr_paths == ADOPT_TXF_MAX)
				return ktmctl_usage_error(command,
							  "more than %d file systems",
							  ADOPT_TXF_MAX);
			wanted.txf.paths[wanted.txf.nr_paths++] = optarg;
			break;
		case 'h':
			return ktmctl_usage(command);
		default:
			return ktmctl_usage_error(command, NULL);
		}
	}
	if (wanted.keep && (wanted.given || !wanted.name))
		return ktmctl_usage_error(command, "--keep is to change the --name alone");
	if (wanted.keep && wanted.txf.nr_paths)
		return ktmctl_usage_error(command, "--txf is for a new UUID");
	if (argc - optind != 1)
		return ktmctl_usage_error(command, optind < argc ?
					  "one log at a time" : "which log?");
	wanted.path = argv[optind];
	return adopt(&wanted);
}

const struct ktmctl_command cmd_adopt = {
	.name = "adopt",
	.run = run_adopt,
	.help = "give a cloned log an identity of its own",
	.usage = "adopt [OPTION]... DEVICE|FILE\n"
		 "Give the log of a device that was cloned a new UUID, which is printed, so that it\n"
		 "can be attached beside the original. It must not be attached. All that is in it\n"
		 "stays: its unfinished transactions belong to the transaction manager with the new\n"
		 "UUID. File systems that were cloned together with it go along if they are named,\n"
		 "mounted and not enabled; the others can't be enabled with it.\n"
		 "\n"
		 "  -t, --txf MOUNTPOINT a file system that goes along; as often as needed\n"
		 "  -u, --uuid UUID      UUID wanted, instead of a new one\n"
		 "  -k, --keep           leave the UUID, change the name\n"
		 "  -n, --name NAME      new name of the transaction manager\n"
		 "  -h, --help           show this\n",
};
