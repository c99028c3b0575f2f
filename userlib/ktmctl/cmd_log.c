// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl log - make, check and show logs, without the module
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ktm/ktm.h>

#include "ktmctl.h"
#include "log_archive.h"
#include "log_repair.h"
#include "log_show.h"
#include "log_source.h"
#include "log_stat.h"
#include "logfile.h"
#include "text.h"

/**
 * struct log_options - what the user wants
 * @path: device or file
 * @target: archive: file to be made
 * @spec: create: what it is to be
 * @data: dump: show the data of records
 * @yes: repair: do it
 * @json: write JSON
 * @given: letters of the options that were given
 */
struct log_options {
	const char *path;
	const char *target;
	struct logfile_spec spec;
	bool data;
	bool yes;
	bool json;
	char given[16];
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

static int show_records(struct reader *reader)
{
	struct json *json = reader->show.json;
	int ret;

	if (json)
		json_array(json, "log");
	/* two things on one terminal */
	reader->source.progress.on &= !isatty(STDOUT_FILENO);
	ret = ktm_replay_run(&reader->source.replay);
	progress_end(&reader->source.progress);
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
	ret = log_source_scan(&reader->source, &damaged);
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

static int stat_log(const struct log_options *options)
{
	return log_stat(options->path, options->json);
}

static int repair(const struct log_options *options)
{
	return log_repair(options->path, options->yes, options->json);
}

static int archive(const struct log_options *options)
{
	return log_archive(options->path, options->target, options->json);
}

static int show_made(const struct logfile_spec *spec, const struct log_options *options)
{
	struct json json = { 0 };

	if (!options->json)
		return KTMCTL_OK;
	json_object(&json, NULL);
	json_string(&json, "path", options->path);
	json_uuid(&json, "uuid", spec->uuid);
	json_string(&json, "name", spec->name ? spec->name : "");
	json_object_end(&json);
	return ktmctl_flush();
}

static int create(const struct log_options *options)
{
	struct logfile_spec spec = options->spec;
	int status;

	if (access(options->path, F_OK) && errno == ENOENT) {
		if (!spec.size)
			spec.size = LOGFILE_DEFAULT_SIZE;
		status = logfile_create(options->path, &spec);
	} else {
		status = logfile_reformat(options->path, &spec);
	}
	return status == KTMCTL_OK ? show_made(&spec, options) : status;
}

/**
 * struct action - what can be done to a log
 * @name: what the user types
 * @options: letters of the options that it has
 * @nr_paths: paths that it takes
 * @run: does it
 */
static const struct action {
	const char *name;
	const char *options;
	int nr_paths;
	int (*run)(const struct log_options *options);
} actions[] = {
	{ "check", "j", 1, check },
	{ "dump", "dj", 1, dump },
	{ "stat", "j", 1, stat_log },
	{ "create", "snufj", 1, create },
	{ "repair", "ryj", 1, repair },
	{ "archive", "j", 2, archive },
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
	size_t nr = strlen(options->given);

	if (!strchr(options->given, c) && nr + 1 < sizeof(options->given))
		options->given[nr] = c;
	switch (c) {
	case 's':
		if (parse_size(value, &options->spec.size) || !options->spec.size)
			return ktmctl_usage_error(command, "'%s' is no size",
						  value);
		options->spec.size -= options->spec.size % KTM_DISK_BLOCK;
		return 0;
	case 'n':
		options->spec.name = value;
		return 0;
	case 'u':
		if (ktm_uuid_parse(value, options->spec.uuid))
			return ktmctl_usage_error(command, "'%s' is no UUID", value);
		return 0;
	case 'f':
		options->spec.force = true;
		return 0;
	case 'r':
		return 0;
	case 'y':
		options->yes = true;
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
			 const struct log_options *options)
{
	const struct logfile_spec *spec = &options->spec;
	size_t foreign = strspn(options->given, action->options);
	const char *wrong;

	if (options->yes && strchr(options->given, 'r'))
		return ktmctl_usage_error(command, "--dry-run or --yes?");
	if (options->given[foreign])
		return ktmctl_usage_error(command, "-%c is not for %s",
					  options->given[foreign], action->name);
	wrong = logfile_check_options(spec->size ? spec->size : LOGFILE_DEFAULT_SIZE,
				      spec->name);
	if (wrong)
		return ktmctl_usage_error(command, "%s", wrong);
	return 0;
}

static int run_log(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "size", required_argument, NULL, 's' },
		{ "name", required_argument, NULL, 'n' },
		{ "force", no_argument, NULL, 'f' },
		{ "uuid", required_argument, NULL, 'u' },
		{ "dry-run", no_argument, NULL, 'r' },
		{ "yes", no_argument, NULL, 'y' },
		{ "data", no_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct log_options options = { 0 };
	const struct action *action;
	int c, ret;

	while ((c = getopt_long(argc, argv, "s:n:u:frydjh", long_options,
				NULL)) != -1) {
		if (c == 'h')
			return ktmctl_usage(command);
		ret = parse_option(command, c, optarg, &options);
		if (ret)
			return ret;
	}
	if (optind == argc)
		return ktmctl_usage_error(command, "check, dump, stat, create, repair or archive?");
	action = find_action(argv[optind]);
	if (!action)
		return ktmctl_usage_error(command, "cannot '%s' a log",
					  argv[optind]);
	if (argc - optind != 1 + action->nr_paths)
		return ktmctl_usage_error(command, action->nr_paths == 1 ?
					  "one device or file at a time" :
					  "a device or file, and a file to be made");
	options.path = argv[optind + 1];
	options.target = argv[optind + action->nr_paths];
	ret = check_options(command, action, &options);
	return ret ? ret : action->run(&options);
}

const struct ktmctl_command cmd_log = {
	.name = "log",
	.run = run_log,
	.help = "check, show, make and repair logs",
	.usage = "log [OPTION]... check DEVICE|FILE\n"
		 "       ktmctl log [OPTION]... dump DEVICE|FILE\n"
		 "       ktmctl log [OPTION]... stat DEVICE|FILE\n"
		 "       ktmctl log [OPTION]... create DEVICE|FILE\n"
		 "       ktmctl log [OPTION]... repair DEVICE|FILE\n"
		 "       ktmctl log [OPTION]... archive DEVICE|FILE FILE\n"
		 "Replay a log without changing it, and tell whether it is good and what state it\n"
		 "was left in; show its records, too; count them, and tell who holds its tail; or\n"
		 "make a new one. Of a log that is attached, what check, dump and stat see may be a\n"
		 "little old. Their exit status is 1 if the log is damaged. Repair tells what is\n"
		 "wrong with a log, and what would be lost; with --yes it repairs the log. Its exit\n"
		 "status is 0 if the log is good, or good now. Archive copies what is alive to a new\n"
		 "file, which is a log, too.\n"
		 "\n"
		 "  -d, --data           dump: show the data of redo records\n"
		 "  -s, --size SIZE      create: bytes of a new file (default 64M), or those that\n"
		 "                       the log may take of what exists; K, M and G are known\n"
		 "  -n, --name NAME      create: name of the transaction manager\n"
		 "  -u, --uuid UUID      create: its UUID (default a new one)\n"
		 "  -f, --force          create: overwrite what is there\n"
		 "  -r, --dry-run        repair: only tell (the default)\n"
		 "  -y, --yes            repair: do it, and lose what was told\n"
		 "  -j, --json           write JSON\n"
		 "  -h, --help           show this\n",
};
