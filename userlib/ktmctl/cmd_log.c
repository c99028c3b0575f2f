// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl log - make, check and show logs, without the module
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktmctl.h"
#include "log_show.h"
#include "log_source.h"
#include "logfile.h"
#include "text.h"

/**
 * struct log_options - what the user wants
 * @path: device or file
 * @size: bytes of a file to be made, or 0
 * @name: name of the TM, or NULL
 * @force: overwrite what is there
 * @data: show the data of records
 * @json: write JSON
 */
struct log_options {
	const char *path;
	uint64_t size;
	const char *name;
	bool force;
	bool data;
	bool json;
};

/**
 * struct reader - a log that is being shown
 * @source: where it is
 * @show: how
 * @in_buffer: a buffer was begun
 */
struct reader {
	struct log_source source;
	struct log_show show;
	bool in_buffer;
};

static const struct ktmctl_advice log_advice[] = {
	{ ENODEV, "there is no log", "'ktmctl init' makes one." },
	{ EUCLEAN, "both superblocks are damaged, or contradict each other",
	  "Restore the log from a copy of the device, if there is one." },
	{ EPROTONOSUPPORT, "it has a format that this version does not know",
	  "Use the version of ktmctl that comes with the module." },
	{ ENOSPC, "the device or file is shorter than the log on it",
	  "Restore its full length." },
	{ EINVAL, "it is neither a block device nor a file", NULL },
	{ 0 }
};

static int read_source(void *ctx, u64 offset, void *data, u32 length)
{
	struct reader *reader = ctx;

	return log_source_read(&reader->source, offset, data, length);
}

static void end_buffer(struct reader *reader)
{
	if (reader->in_buffer)
		log_show_buffer_end(&reader->show);
	reader->in_buffer = false;
}

static int show_buffer(void *ctx, const struct ktm_format_buffer *buffer)
{
	struct reader *reader = ctx;

	end_buffer(reader);
	log_show_buffer(&reader->show, buffer);
	reader->in_buffer = true;
	return 0;
}

static int show_record(void *ctx, const struct ktm_format_record *record,
		       const struct ktm_format_buffer *buffer)
{
	struct reader *reader = ctx;

	log_show_record(&reader->show, record);
	return 0;
}

static const struct ktm_replay_ops replay_ops = {
	.read = read_source,
	.buffer = show_buffer,
	.record = show_record,
};

/* Returns 0, or a negative errno other than -EUCLEAN, which goes to @damaged. */
static int scan(struct ktm_replay *replay, bool *damaged)
{
	int ret;

	ret = ktm_replay_open(replay);
	if (ret)
		return ret;
	ret = ktm_replay_scan(replay);
	*damaged = ret == -EUCLEAN;
	return *damaged ? 0 : ret;
}

static int show_records(struct reader *reader)
{
	struct json *json = reader->show.json;
	int ret;

	if (json)
		json_array(json, "log");
	ret = ktm_replay_run(&reader->source.replay);
	end_buffer(reader);
	if (json)
		json_array_end(json);
	return ret;
}

static int show_log(struct reader *reader, const char *path, bool records)
{
	struct json *json = reader->show.json;
	struct ktm_replay *replay = &reader->source.replay;
	bool damaged = false;
	int ret;

	replay->ops = &replay_ops;
	replay->ctx = reader;
	ret = scan(replay, &damaged);
	if (ret)
		return ktmctl_fail(log_advice, ret, "cannot read the log on %s",
				   path);
	if (json)
		json_object(json, NULL);
	log_show_summary(&reader->show, replay, damaged);
	if (records)
		ret = show_records(reader);
	if (json)
		json_object_end(json);
	if (ret)
		return ktmctl_fail(NULL, ret, "cannot read all of the log on %s",
				   path);
	if (ktmctl_flush() != KTMCTL_OK)
		return KTMCTL_FAILED;
	return damaged ? KTMCTL_FAILED : KTMCTL_OK;
}

static int read_log(const struct log_options *options, bool records)
{
	struct json document = { 0 };
	struct reader reader = {
		.show.json = options->json ? &document : NULL,
		.show.data = options->data,
	};
	int ret;

	ret = log_source_open(&reader.source, options->path);
	if (ret)
		return ktmctl_fail(log_advice, ret, "cannot open %s",
				   options->path);
	ret = show_log(&reader, options->path, records);
	log_source_close(&reader.source);
	return ret;
}

static int check(const struct log_options *options)
{
	return read_log(options, false);
}

static int dump(const struct log_options *options)
{
	return read_log(options, true);
}

static int create(const struct log_options *options)
{
	const char *path = options->path;
	struct stat st;
	int fd, status;

	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return logfile_create(path, options->size, options->name);
	if (fd < 0)
		return ktmctl_fail(NULL, errno, "cannot open %s", path);
	if (fstat(fd, &st) == 0 && S_ISBLK(st.st_mode))
		status = logfile_format(fd, path, options->name, options->force,
					false);
	else
		status = ktmctl_refuse("Remove it first, or choose another name.",
				       "%s exists", path);
	close(fd);
	return status;
}

static const struct action {
	const char *name;
	int (*run)(const struct log_options *options);
} actions[] = {
	{ "check", check },
	{ "dump", dump },
	{ "create", create },
	{ 0 }
};

static const struct action *find_action(const char *name)
{
	const struct action *action;

	for (action = actions; action->name; action++)
		if (!strcmp(action->name, name))
			return action;
	return NULL;
}

static int parse_option(const struct ktmctl_command *command, int c,
			const char *value, struct log_options *options)
{
	switch (c) {
	case 's':
		if (parse_size(value, &options->size))
			return ktmctl_usage_error(command, "'%s' is no size",
						  value);
		options->size -= options->size % KTM_DISK_BLOCK;
		return 0;
	case 'n':
		options->name = value;
		return 0;
	case 'f':
		options->force = true;
		return 0;
	case 'd':
		options->data = true;
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
			 const struct action *action,
			 struct log_options *options)
{
	const char *wrong;

	if (action->run != create && (options->size || options->name ||
				      options->force))
		return ktmctl_usage_error(command, "--size, --name and --force are for create");
	if (action->run != dump && options->data)
		return ktmctl_usage_error(command, "--data is for dump");
	if (action->run == create && options->json)
		return ktmctl_usage_error(command, "--json is for check and dump");
	if (!options->size)
		options->size = LOGFILE_DEFAULT_SIZE;
	wrong = logfile_check_options(options->size, options->name);
	if (wrong)
		return ktmctl_usage_error(command, "%s", wrong);
	return 0;
}

static int run(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "size", required_argument, NULL, 's' },
		{ "name", required_argument, NULL, 'n' },
		{ "force", no_argument, NULL, 'f' },
		{ "data", no_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct log_options options = { 0 };
	const struct action *action;
	int c, ret;

	while ((c = getopt_long(argc, argv, "s:n:fdjh", long_options,
				NULL)) != -1) {
		if (c == 'h')
			return ktmctl_usage(command);
		ret = parse_option(command, c, optarg, &options);
		if (ret)
			return ret;
	}
	if (optind == argc)
		return ktmctl_usage_error(command, "check, dump or create?");
	action = find_action(argv[optind]);
	if (!action)
		return ktmctl_usage_error(command, "cannot '%s' a log",
					  argv[optind]);
	if (argc - optind != 2)
		return ktmctl_usage_error(command, "one device or file at a time");
	options.path = argv[optind + 1];
	ret = check_options(command, action, &options);
	return ret ? ret : action->run(&options);
}

const struct ktmctl_command cmd_log = {
	.name = "log",
	.run = run,
	.help = "check, show and make logs",
	.usage = "log [OPTION]... check DEVICE|FILE\n"
		 "       ktmctl log [OPTION]... dump DEVICE|FILE\n"
		 "       ktmctl log [OPTION]... create DEVICE|FILE\n"
		 "Replay a log without changing it, and tell whether it is good and what state it\n"
		 "was left in; show its records, too; or make a new one. Of a log that is attached,\n"
		 "what check and dump see may be a little old. The exit status of check and dump is\n"
		 "1 if the log is damaged.\n"
		 "\n"
		 "  -d, --data           dump: show the data of redo records\n"
		 "  -s, --size SIZE      create: bytes of a new file; K, M and G are known\n"
		 "                       (default 64M)\n"
		 "  -n, --name NAME      create: name of the transaction manager\n"
		 "  -f, --force          create: overwrite what is on the device\n"
		 "  -j, --json           check, dump: write JSON\n"
		 "  -h, --help           show this\n",
};
