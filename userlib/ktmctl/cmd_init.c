// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl init - from nothing to a transaction manager that works, in one step
 *
 * Safe to run at every boot: a log that is there is attached as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "ktmctl.h"
#include "logfile.h"
#include "objects.h"
#include "text.h"

#define DEFAULT_LOG	"/var/lib/ktm/log"

/**
 * struct init_options - what the user wants
 * @device: block device, or NULL for a file
 * @log: the file
 * @size: its bytes if it has to be made
 * @name: name of the TM if the log has to be made, or NULL
 * @mode: permission bits of the TM
 * @force: overwrite what is there
 * @json: write JSON
 */
struct init_options {
	const char *device;
	const char *log;
	uint64_t size;
	const char *name;
	unsigned int mode;
	bool force;
	bool json;
};

static const struct ktmctl_advice open_advice[] = {
	{ EACCES, "you may not", "Become root." },
	{ ENOENT, "it does not exist", NULL },
	{ ENXIO, "there is no such device", NULL },
	{ EROFS, "it is read-only", NULL },
	{ EBUSY, "it is in use",
	  "Is it mounted, or attached already? See 'ktmctl status'." },
	{ 0 }
};

/* Format what is there if that is wanted and allowed, then attach it. */
static int format_and_attach(int control, int device_fd, const char *path,
			     const struct init_options *options,
			     struct attach_result *result)
{
	struct ktm_tm_attach attach = {
		.mode = options->mode,
		.uid = geteuid(),
		.gid = getegid(),
	};
	struct logfile_spec spec = {
		.name = options->name,
		.force = options->force,
		.keep = true,
	};
	int status;

	if (!options->force && attach_find(control, device_fd, result))
		return KTMCTL_OK;
	status = logfile_format(device_fd, path, &spec);
	if (status != KTMCTL_OK)
		return status;
	return attach_log(control, device_fd, path, &attach, result);
}

/*
 * Two of us at once must not make two loop devices, or two logs. The lock is
 * held by an open of its own: a loop device keeps the file that it was given
 * open, and would keep its lock, too.
 */
static int lock_path(int fd)
{
	int lock_fd, error;
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	lock_fd = open(self, O_RDONLY | O_CLOEXEC);
	if (lock_fd < 0)
		return -errno;
	if (flock(lock_fd, LOCK_EX)) {
		error = errno;
		close(lock_fd);
		return -error;
	}
	return lock_fd;
}

static int init_open(int control, int fd, const char *path,
		     const struct init_options *options)
{
	struct attach_result result;
	int lock_fd, device_fd, status = KTMCTL_FAILED;

	lock_fd = lock_path(fd);
	if (lock_fd < 0)
		return ktmctl_fail(NULL, lock_fd, "cannot lock %s", path);
	device_fd = attach_device_fd(fd, path);
	if (device_fd < 0)
		goto out_unlock;
	status = format_and_attach(control, device_fd, path, options, &result);
	if (device_fd != fd)
		close(device_fd);
	if (status == KTMCTL_OK)
		status = attach_print(&result, options->json);
out_unlock:
	close(lock_fd);
	return status;
}

static int init_device(int control, const struct init_options *options)
{
	struct stat st;
	int fd, status;

	fd = open(options->device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return ktmctl_fail(open_advice, errno, "cannot open %s",
				   options->device);
	if (fstat(fd, &st) == 0 && S_ISBLK(st.st_mode))
		status = init_open(control, fd, options->device, options);
	else
		status = ktmctl_refuse("For a log in a file say: ktmctl init --log FILE",
				       "%s is not a block device",
				       options->device);
	close(fd);
	return status;
}

static int init_file(int control, const struct init_options *options)
{
	struct logfile_spec spec = {
		.size = options->size,
		.name = options->name,
	};
	int fd, status;

	fd = open(options->log, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT) {
		status = logfile_create(options->log, &spec);
		if (status != KTMCTL_OK)
			return status;
		fd = open(options->log, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd < 0)
		return ktmctl_fail(open_advice, errno, "cannot open %s",
				   options->log);
	status = init_open(control, fd, options->log, options);
	close(fd);
	return status;
}

static int parse_option(const struct ktmctl_command *command, int c,
			const char *value, struct init_options *options)
{
	uint64_t number = 0;

	switch (c) {
	case 'l':
		options->log = value;
		return 0;
	case 's':
		if (parse_size(value, &options->size))
			return ktmctl_usage_error(command, "'%s' is no size",
						  value);
		options->size -= options->size % 4096;
		return 0;
	case 'm':
		if (parse_number(value, 8, 0666, &number))
			return ktmctl_usage_error(command, "the mode '%s' is not octal, 0 to 666",
						  value);
		options->mode = number;
		return 0;
	case 'n':
		options->name = value;
		return 0;
	case 'f':
		options->force = true;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	default:
		return ktmctl_usage_error(command, NULL);
	}
}

/* What no single option shows; 0, or KTMCTL_USAGE after a message. */
static int check_options(const struct ktmctl_command *command,
			 struct init_options *options)
{
	const char *wrong;

	if (options->device && (options->log || options->size))
		return ktmctl_usage_error(command, "--log and --size do not go with a device");
	if (!options->log)
		options->log = DEFAULT_LOG;
	if (!options->size)
		options->size = LOGFILE_DEFAULT_SIZE;
	wrong = logfile_check_options(options->size, options->name);
	if (wrong)
		return ktmctl_usage_error(command, "%s", wrong);
	return 0;
}

static int run_init(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "log", required_argument, NULL, 'l' },
		{ "size", required_argument, NULL, 's' },
		{ "mode", required_argument, NULL, 'm' },
		{ "name", required_argument, NULL, 'n' },
		{ "force", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct init_options options = { .mode = 0660 };
	int c, control, ret;

	while ((c = getopt_long(argc, argv, "l:s:m:n:fjh", long_options,
				NULL)) != -1) {
		if (c == 'h')
			return ktmctl_usage(command);
		ret = parse_option(command, c, optarg, &options);
		if (ret)
			return ret;
	}
	if (argc - optind > 1)
		return ktmctl_usage_error(command, "one device at a time");
	options.device = argv[optind];
	ret = check_options(command, &options);
	if (ret)
		return ret;
	control = control_open();
	if (control < 0)
		return KTMCTL_FAILED;
	ret = options.device ? init_device(control, &options) :
			       init_file(control, &options);
	close(control);
	return ret;
}

const struct ktmctl_command cmd_init = {
	.name = "init",
	.run = run_init,
	.help = "make a log if there is none, and attach it",
	.usage = "init [OPTION]... [DEVICE]\n"
		 "Make a log on a block device, or in a file that is bound to a loop device, and\n"
		 "bring its transaction manager online. A log that is there is attached as it is;\n"
		 "one that is attached already stays so. Prints the UUID.\n"
		 "\n"
		 "  -l, --log FILE       file for the log (default " DEFAULT_LOG ")\n"
		 "  -s, --size SIZE      its size; K, M and G are known (default 64M)\n"
		 "  -m, --mode MODE      permission bits, read = look, write = use (default 0660)\n"
		 "  -n, --name NAME      name of the transaction manager, if the log is made\n"
		 "  -f, --force          overwrite a log, or what else there is\n"
		 "  -j, --json           write JSON\n"
		 "  -h, --help           show this\n",
};
