// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl txf - make file systems transactional, and look at them
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ktm/ktm_txf.h>

#include "json.h"
#include "ktmctl.h"
#include "objects.h"
#include "txf_kept.h"

/**
 * struct txf_options - what the user wants
 * @path: mount point, or NULL
 * @tm: TM as the user named it, or NULL
 * @forget: remove the staging directory, too
 * @json: write JSON
 */
struct txf_options {
	const char *path;
	const char *tm;
	bool forget;
	bool json;
};

static const struct ktmctl_advice open_advice[] = {
	{ ENOENT, "it does not exist", NULL },
	{ ENOTDIR, "it is not a directory", "Name the mount point." },
	{ EACCES, "you may not", "Become root." },
	{ 0 }
};

static const struct ktmctl_advice enable_advice[] = {
	{ EPERM, "you may not", "Become root (CAP_SYS_ADMIN)." },
	{ EINVAL, "it is not the root of a file system, or the transaction manager is volatile",
	  "Name the mount point itself, and a transaction manager with a log." },
	{ EBUSY, "it is enabled already", "See 'ktmctl txf status'." },
	{ EOPNOTSUPP, "this kind of file system cannot take part",
	  "ext4, xfs and btrfs can." },
	{ EROFS, "it is read-only", NULL },
	{ ESTALE, "its staging directory belongs to another transaction manager",
	  "Attach the log of that one. A copy of both? See ktmctl-adopt(8)." },
	{ EUCLEAN, "its staging directory is damaged",
	  "The kernel log says more: dmesg." },
	{ EIO, "a committed transaction could not be carried out; nothing is lost",
	  "Repair the file system, then enable it again. The kernel log says more: dmesg." },
	{ ENOSPC, "it is full", "Make room, then enable it again." },
	{ ESHUTDOWN, "the transaction manager is offline",
	  "See 'ktmctl status'." },
	{ 0 }
};

static const struct ktmctl_advice disable_advice[] = {
	{ EPERM, "you may not", "Become root (CAP_SYS_ADMIN)." },
	{ ENODEV, "it is not enabled", "See 'ktmctl txf status'." },
	{ EBUSY, "a transaction has changed files on it and has not ended",
	  "See 'ktmctl list transactions'." },
	{ EIO, "a committed transaction could not be carried out yet",
	  "Leave out --forget, repair the file system, and enable it again." },
	{ 0 }
};

static int open_mount(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		ktmctl_fail(open_advice, errno, "cannot open %s", path);
	return fd;
}

static int print_enabled(const struct txf_options *options,
			 const unsigned char *uuid, uint32_t recovered)
{
	struct json document = { 0 };
	char text[KTM_UUID_TEXT_SIZE];

	if (options->json) {
		json_object(&document, NULL);
		json_uuid(&document, "uuid", uuid);
		json_number(&document, "recovered", recovered);
		json_object_end(&document);
		return ktmctl_flush();
	}
	ktm_uuid_format(uuid, text);
	puts(text);
	if (recovered)
		ktmctl_note("%u committed transaction%s carried out now",
			    recovered, recovered == 1 ? " was" : "s were");
	return ktmctl_flush();
}

static int enable_mount(int txf_fd, const struct txf_options *options)
{
	int control, tm_fd, fd, ret, status = KTMCTL_FAILED;
	unsigned char uuid[KTM_UUID_SIZE];
	uint32_t recovered;

	control = control_open();
	if (control < 0)
		return KTMCTL_FAILED;
	tm_fd = tm_find(control, options->tm);
	close(control);
	if (tm_fd < 0)
		return KTMCTL_FAILED;
	fd = open_mount(options->path);
	if (fd < 0)
		goto out_close_tm;
	ret = ktm_txf_enable(txf_fd, fd, tm_fd, uuid, &recovered);
	close(fd);
	if (ret)
		status = ktmctl_fail(enable_advice, ret, "cannot enable %s",
				     options->path);
	else
		status = print_enabled(options, uuid, recovered);
out_close_tm:
	close(tm_fd);
	return status;
}

static int disable_mount(int txf_fd, const struct txf_options *options)
{
	int fd, ret;

	fd = open_mount(options->path);
	if (fd < 0)
		return KTMCTL_FAILED;
	ret = ktm_txf_disable(txf_fd, fd, options->forget ?
			      KTM_TXF_DISABLE_F_FORGET : 0);
	close(fd);
	if (ret)
		return ktmctl_fail(disable_advice, ret, "cannot disable %s",
				   options->path);
	return KTMCTL_OK;
}

static void print_status(const struct ktm_txf_status *status, const char *path)
{
	char uuid[KTM_UUID_TEXT_SIZE], tm[KTM_UUID_TEXT_SIZE];

	ktm_uuid_format(status->uuid, uuid);
	ktm_uuid_format(status->tm_uuid, tm);
	printf("%s (%u:%u)\n", *path ? path : "not visible from here",
	       status->dev_major, status->dev_minor);
	printf("  state    %s", ktm_txf_state_name(status->state));
	if (status->error)
		printf(": %s", strerror(status->error));
	printf("\n  rm       %s\n  tm       %s\n", uuid, tm);
	printf("  now      %" PRIu64 " transactions, %" PRIu64 " staged, %"
	       PRIu64 " locks\n", (uint64_t)status->nr_tx,
	       (uint64_t)status->nr_staged, (uint64_t)status->nr_locks);
	printf("  so far   %" PRIu64 " committed, %" PRIu64 " rolled back (%"
	       PRIu64 " conflicts), %" PRIu64 " calls refused as busy\n",
	       (uint64_t)status->committed, (uint64_t)status->aborted,
	       (uint64_t)status->conflicts, (uint64_t)status->busy);
	printf("  recovery %" PRIu64 " transactions carried out, %" PRIu64
	       " steps skipped, %" PRIu64 " objects kept\n",
	       (uint64_t)status->recovered, (uint64_t)status->skipped,
	       (uint64_t)status->kept);
}

static void json_status(struct json *json, const struct ktm_txf_status *status,
			const char *path)
{
	json_object(json, NULL);
	json_string(json, "path", path);
	json_uuid(json, "uuid", status->uuid);
	json_uuid(json, "tm", status->tm_uuid);
	json_number(json, "dev_major", status->dev_major);
	json_number(json, "dev_minor", status->dev_minor);
	json_string(json, "state", ktm_txf_state_name(status->state));
	json_number(json, "error", status->error);
	json_number(json, "transactions", status->nr_tx);
	json_number(json, "staged", status->nr_staged);
	json_number(json, "locks", status->nr_locks);
	json_number(json, "committed", status->committed);
	json_number(json, "aborted", status->aborted);
	json_number(json, "conflicts", status->conflicts);
	json_number(json, "busy", status->busy);
	json_number(json, "recovered", status->recovered);
	json_number(json, "skipped", status->skipped);
	json_number(json, "kept", status->kept);
	json_object_end(json);
}

static int query(int txf_fd, int mount_fd, uint64_t *cursor, struct json *json)
{
	char path[PATH_MAX] = "";
	struct ktm_txf_status status = {
		.flags = mount_fd < 0 ? KTM_TXF_STATUS_F_NEXT : 0,
		.mount_fd = mount_fd,
		.path_size = sizeof(path),
		.path = (uintptr_t)path,
		.cursor = *cursor,
	};
	int ret;

	ret = ktm_txf_query(txf_fd, &status, sizeof(status));
	if (ret)
		return ret;
	if (!status.path_size)
		path[0] = '\0';
	if (json)
		json_status(json, &status, path);
	else
		print_status(&status, path);
	*cursor = status.cursor;
	return 0;
}

static int show_one(int txf_fd, const char *path, struct json *json)
{
	uint64_t cursor = 0;
	int fd, ret;

	fd = open_mount(path);
	if (fd < 0)
		return KTMCTL_FAILED;
	ret = query(txf_fd, fd, &cursor, json);
	close(fd);
	if (ret)
		return ktmctl_fail(disable_advice, ret, "cannot look at %s",
				   path);
	return KTMCTL_OK;
}

static int show_all(int txf_fd, struct json *json)
{
	uint64_t cursor = 0;
	size_t shown = 0;
	int ret;

	while ((ret = query(txf_fd, -1, &cursor, json)) == 0)
		shown++;
	if (ret != -ENOENT)
		return ktmctl_fail(NULL, ret,
				   "cannot list the file systems");
	if (!shown && !json)
		puts("No file system is enabled. 'ktmctl txf enable MOUNTPOINT' enables one.");
	return KTMCTL_OK;
}

static int show(int txf_fd, const struct txf_options *options)
{
	struct json document = { 0 }, *json = options->json ? &document : NULL;
	int status;

	if (json)
		json_array(json, NULL);
	status = options->path ? show_one(txf_fd, options->path, json) :
				 show_all(txf_fd, json);
	if (json)
		json_array_end(json);
	return ktmctl_flush() == KTMCTL_OK ? status : KTMCTL_FAILED;
}

/* The path of the next enabled file system; "" if it is not visible from here. */
static int next_path(int txf_fd, uint64_t *cursor, char *path, size_t size)
{
	struct ktm_txf_status status = {
		.flags = KTM_TXF_STATUS_F_NEXT,
		.mount_fd = -1,
		.path_size = size,
		.path = (uintptr_t)path,
		.cursor = *cursor,
	};
	int ret;

	ret = ktm_txf_query(txf_fd, &status, sizeof(status));
	if (ret)
		return ret;
	if (!status.path_size)
		path[0] = '\0';
	*cursor = status.cursor;
	return 0;
}

static int kept_of_all(int txf_fd, struct json *json, size_t *shown)
{
	char path[PATH_MAX];
	uint64_t cursor = 0;
	int ret, status = KTMCTL_OK;

	while ((ret = next_path(txf_fd, &cursor, path, sizeof(path))) == 0)
		if (path[0] && kept_show(path, json, shown) != KTMCTL_OK)
			status = KTMCTL_FAILED;
	if (ret != -ENOENT)
		return ktmctl_fail(NULL, ret, "cannot list the file systems");
	return status;
}

static int list_kept(int txf_fd, const struct txf_options *options)
{
	struct json document = { 0 }, *json = options->json ? &document : NULL;
	size_t shown = 0;
	int status;

	if (json)
		json_array(json, NULL);
	status = options->path ? kept_show(options->path, json, &shown) :
				 kept_of_all(txf_fd, json, &shown);
	if (json)
		json_array_end(json);
	else if (!shown && status == KTMCTL_OK)
		puts("Nothing is kept.");
	return ktmctl_flush() == KTMCTL_OK ? status : KTMCTL_FAILED;
}

/**
 * struct action - what can be done to a file system
 * @name: what the user types
 * @run: does it
 * @needs_path: there must be a mount point
 */
struct action {
	const char *name;
	int (*run)(int txf_fd, const struct txf_options *options);
	bool needs_path;
};

static const struct action *find_action(const char *name)
{
	static const struct action actions[] = {
		{ "enable", enable_mount, true },
		{ "disable", disable_mount, true },
		{ "status", show, false },
		{ "kept", list_kept, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

static int run_action(const struct action *action,
		      const struct txf_options *options)
{
	int fd, status;

	fd = txf_control_open();
	if (fd < 0)
		return KTMCTL_FAILED;
	status = action->run(fd, options);
	close(fd);
	return status;
}

static int run_txf(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "tm", required_argument, NULL, 't' },
		{ "forget", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct txf_options options = { 0 };
	const struct action *action;
	int c;

	while ((c = getopt_long(argc, argv, "t:fjh", long_options,
				NULL)) != -1) {
		switch (c) {
		case 't':
			options.tm = optarg;
			break;
		case 'f':
			options.forget = true;
			break;
		case 'j':
			options.json = true;
			break;
		case 'h':
			return ktmctl_usage(command);
		default:
			return ktmctl_usage_error(command, NULL);
		}
	}
	if (optind == argc)
		return ktmctl_usage_error(command, "enable, disable, status or kept?");
	action = find_action(argv[optind]);
	if (!action)
		return ktmctl_usage_error(command, "cannot '%s' a file system",
					  argv[optind]);
	options.path = argv[++optind];
	if (action->needs_path && !options.path)
		return ktmctl_usage_error(command, "which mount point?");
	if (argc - optind > 1)
		return ktmctl_usage_error(command, "one mount point at a time");
	if (options.tm && action->run != enable_mount)
		return ktmctl_usage_error(command, "--tm is for enable");
	if (options.forget && action->run != disable_mount)
		return ktmctl_usage_error(command, "--forget is for disable");
	return run_action(action, &options);
}

const struct ktmctl_command cmd_txf = {
	.name = "txf",
	.run = run_txf,
	.help = "make file systems transactional, and look at them",
	.usage = "txf [OPTION]... enable MOUNTPOINT\n"
		 "       ktmctl txf [OPTION]... disable MOUNTPOINT\n"
		 "       ktmctl txf [OPTION]... status [MOUNTPOINT]\n"
		 "       ktmctl txf [OPTION]... kept [MOUNTPOINT]\n"
		 "Enable a file system, so that files on it can be changed in transactions; disable\n"
		 "it; show the state of one or of all that are enabled; or list what was kept there\n"
		 "because newer work has overtaken it. Enabling finishes first\n"
		 "what was committed before a crash, and prints the UUID of the resource manager.\n"
		 "\n"
		 "  -t, --tm TM          enable: the transaction manager, by name or UUID, needed\n"
		 "                       if there is more than one\n"
		 "  -f, --forget         disable: remove the staging directory, too\n"
		 "  -j, --json           write JSON\n"
		 "  -h, --help           show this\n",
};
