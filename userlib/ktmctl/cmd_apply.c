// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl apply - make one tree like another, in one transaction
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ktm/ktm_txf.h>

#include "apply_plan.h"
#include "apply_run.h"
#include "json.h"
#include "ktmctl.h"
#include "objects.h"
#include "text.h"

/**
 * struct apply_options - what the user wants
 * @source: the tree as it should be
 * @target: the tree that is to be changed
 * @compare: how to compare
 * @timeout: seconds until the transaction is rolled back, 0 = none
 * @dry_run: only show the steps
 * @quiet: no summary
 * @progress: 1 = show it, 0 = do not, -1 = if stderr is a terminal
 * @json: summary as JSON
 */
struct apply_options {
	const char *source;
	const char *target;
	struct plan_options compare;
	uint64_t timeout;
	bool dry_run;
	bool quiet;
	int progress;
	bool json;
};

/**
 * struct apply_result - what became of it
 * @committed: the changes were made
 * @uuid: the transaction, or all zero if none was needed
 * @ms: time that it took
 */
struct apply_result {
	bool committed;
	unsigned char uuid[KTM_UUID_SIZE];
	uint64_t ms;
};

static const struct ktmctl_advice open_advice[] = {
	{ ENOENT, "it does not exist", "Both trees must be there." },
	{ ENOTDIR, "it is not a directory", NULL },
	{ EACCES, "you may not", "Become root." },
	{ 0 }
};

static const struct ktmctl_advice begin_advice[] = {
	{ ENODEV, "its file system is not enabled",
	  "Enable it: ktmctl txf enable MOUNTPOINT" },
	{ ENOENT, "its transaction manager is gone",
	  "See 'ktmctl status' and 'ktmctl txf status'." },
	{ EACCES, "the mode of the transaction manager does not allow it",
	  "Ask its owner, or become root." },
	{ EPERM, "the mode of the transaction manager does not allow it",
	  "Ask its owner, or become root." },
	{ ESHUTDOWN, "the transaction manager is offline",
	  "See 'ktmctl status'." },
	{ 0 }
};

static const struct ktmctl_advice commit_advice[] = {
	{ ECANCELED, "the transaction was rolled back", NULL },
	{ EIO, "the log failed; only its next recovery tells whether it was committed",
	  "Look at the log device: dmesg, ktmctl status." },
	{ 0 }
};

/* Say why the transaction was rolled back, in the words of who did it. */
static void explain_rollback(int tm_fd, int tx_fd)
{
	struct ktm_tx_info info;
	struct ktm_rm_info rm;

	if (ktm_tx_query(tx_fd, &info, sizeof(info)) ||
	    info.reason == KTM_REASON_NONE)
		return;
	info.detail[sizeof(info.detail) - 1] = '\0';
	fprintf(stderr, "  reason: %s", ktm_reason_name(info.reason));
	if (info.error)
		fprintf(stderr, " (%s)", strerror(info.error));
	if (info.detail[0])
		fprintf(stderr, ": %s", show_path(info.detail));
	fputc('\n', stderr);
	if (ktm_rm_query(tm_fd, info.reason_rm, &rm, sizeof(rm)) == 0) {
		rm.name[sizeof(rm.name) - 1] = '\0';
		fprintf(stderr, "  resource manager: %s\n", show_path(rm.name));
	}
}

/* The TM that the target's file system was enabled with: its fd, or -1. */
static int open_tm_of(int txf_fd, int target_fd, const char *target)
{
	struct ktm_txf_status status = { .mount_fd = target_fd };
	int control, fd, ret;

	ret = ktm_txf_query(txf_fd, &status, sizeof(status));
	if (ret) {
		ktmctl_fail(begin_advice, ret, "cannot begin a transaction on %s",
			    target);
		return -1;
	}
	control = control_open();
	if (control < 0)
		return -1;
	fd = ktm_tm_open(control, status.tm_uuid);
	close(control);
	if (fd < 0) {
		ktmctl_fail(begin_advice, fd, "cannot begin a transaction on %s",
			    target);
		return -1;
	}
	return fd;
}

static int commit(int tm_fd, int tx_fd)
{
	int ret;

	do {
		ret = ktm_tx_commit(tx_fd, 0);
	} while (ret == -EINTR);
	if (!ret)
		return KTMCTL_OK;
	/* after any other error it may be committed all the same */
	ktmctl_fail(commit_advice, ret, ret == -ECANCELED ?
		    "nothing was changed" : "cannot commit");
	explain_rollback(tm_fd, tx_fd);
	return KTMCTL_FAILED;
}

static int run_in_tx(const struct plan *plan, const struct run_target *where,
		     int tm_fd)
{
	if (run_plan(plan, where)) {
		explain_rollback(tm_fd, where->tx_fd);
		ktm_tx_rollback(where->tx_fd, 0);
		ktmctl_note("nothing was changed");
		return KTMCTL_FAILED;
	}
	return commit(tm_fd, where->tx_fd);
}

static int carry_out(const struct plan *plan,
		     const struct apply_options *options, int source_fd,
		     int target_fd, struct apply_result *result)
{
	struct run_target where = {
		.source_fd = source_fd,
		.target_fd = target_fd,
		.progress = options->progress < 0 ? isatty(STDERR_FILENO) :
						    options->progress,
	};
	uint64_t deadline = 0;
	int tm_fd, status = KTMCTL_FAILED;

	if (options->timeout)
		deadline = now_ns() + options->timeout * 1000000000ULL;
	where.txf_fd = txf_control_open();
	if (where.txf_fd < 0)
		return KTMCTL_FAILED;
	tm_fd = open_tm_of(where.txf_fd, target_fd, options->target);
	if (tm_fd < 0)
		goto out_close_txf;
	where.tx_fd = ktm_tx_create(tm_fd, "ktmctl apply", deadline,
				    result->uuid);
	if (where.tx_fd < 0) {
		status = ktmctl_fail(begin_advice, where.tx_fd,
				     "cannot begin a transaction");
		goto out_close_tm;
	}
	status = run_in_tx(plan, &where, tm_fd);
	close(where.tx_fd);
out_close_tm:
	close(tm_fd);
out_close_txf:
	close(where.txf_fd);
	return status;
}

static int print_summary(const struct plan *plan,
			 const struct apply_options *options,
			 const struct apply_result *result)
{
	struct json json = { 0 };
	char bytes[TEXT_BYTES_SIZE];

	if (options->json) {
		json_object(&json, NULL);
		json_uuid(&json, "transaction", result->uuid);
		json_bool(&json, "committed", result->committed);
		json_number(&json, "entries", plan->entries);
		json_number(&json, "added", plan->added);
		json_number(&json, "changed", plan->changed);
		json_number(&json, "removed", plan->removed);
		json_number(&json, "bytes", plan->bytes);
		json_number(&json, "milliseconds", result->ms);
		json_object_end(&json);
	} else if (!options->quiet) {
		printf("%" PRIu64 " names: %" PRIu64 " added, %" PRIu64
		       " changed, %" PRIu64 " removed, %s copied in %.2f s%s\n",
		       plan->entries, plan->added, plan->changed,
		       plan->removed, format_bytes(bytes, plan->bytes),
		       result->ms / 1000.0,
		       options->dry_run ? " (not done)" :
		       result->committed ? "" : " (rolled back)");
	}
	return ktmctl_flush();
}

static int apply_trees(const struct apply_options *options, int source_fd,
		       int target_fd)
{
	struct apply_result result = { 0 };
	uint64_t begun = now_ns();
	struct plan plan = { 0 };
	int status = KTMCTL_OK;

	if (plan_make(&plan, &options->compare, source_fd, target_fd)) {
		plan_free(&plan);
		return KTMCTL_FAILED;
	}
	if (options->dry_run) {
		if (!options->json)
			plan_print(&plan);
	} else if (plan.count) {
		status = carry_out(&plan, options, source_fd, target_fd,
				   &result);
		result.committed = status == KTMCTL_OK;
	} else {
		result.committed = true;
	}
	result.ms = (now_ns() - begun) / 1000000;
	if ((status == KTMCTL_OK || options->json) &&
	    print_summary(&plan, options, &result))
		status = KTMCTL_FAILED;
	plan_free(&plan);
	return status;
}

/* One directory is open on each level of the trees. */
static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	/* If it cannot be raised, a tree too deep for it is refused with a reason. */
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int apply(const struct apply_options *options)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int source_fd, target_fd, status;

	raise_open_files();
	source_fd = open(options->source, flags);
	if (source_fd < 0)
		return ktmctl_fail(open_advice, errno, "cannot open %s",
				   options->source);
	target_fd = open(options->target, flags);
	if (target_fd < 0) {
		status = ktmctl_fail(open_advice, errno, "cannot open %s",
				     options->target);
		goto out_close_source;
	}
	status = apply_trees(options, source_fd, target_fd);
	close(target_fd);
out_close_source:
	close(source_fd);
	return status;
}

static int parse_option(const struct ktmctl_command *command, int c,
			const char *value, struct apply_options *options)
{
	switch (c) {
	case 'n':
		options->dry_run = true;
		return 0;
	case 'k':
		options->compare.keep_extra = true;
		return 0;
	case 'c':
		options->compare.checksum = true;
		return 0;
	case 't':
		if (parse_number(value, 10, 1000000000, &options->timeout))
			return ktmctl_usage_error(command, "'%s' is no number of seconds",
						  value);
		return 0;
	case 'q':
		options->quiet = true;
		options->progress = 0;
		return 0;
	case 'p':
		options->progress = 1;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	default:
		return ktmctl_usage_error(command, NULL);
	}
}

static int run_apply(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "keep-extra", no_argument, NULL, 'k' },
		{ "checksum", no_argument, NULL, 'c' },
		{ "timeout", required_argument, NULL, 't' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "progress", no_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct apply_options options = { .progress = -1 };
	int c, ret;

	while ((c = getopt_long(argc, argv, "nkct:qpjh", long_options,
				NULL)) != -1) {
		if (c == 'h')
			return ktmctl_usage(command);
		ret = parse_option(command, c, optarg, &options);
		if (ret)
			return ret;
	}
	if (argc - optind != 2)
		return ktmctl_usage_error(command, "a source and a target are needed");
	options.source = argv[optind];
	options.target = argv[optind + 1];
	return apply(&options);
}

const struct ktmctl_command cmd_apply = {
	.name = "apply",
	.run = run_apply,
	.help = "make one tree like another, in one transaction",
	.usage = "apply [OPTION]... SOURCE TARGET\n"
		 "Make the directory TARGET exactly like the directory SOURCE, in one transaction:\n"
		 "content, links, owner, mode, time of change, ACLs and other attributes. What is\n"
		 "only in TARGET is removed. All of it happens or nothing. The file system of\n"
		 "TARGET must be enabled (see 'ktmctl txf').\n"
		 "\n"
		 "  -n, --dry-run        show what would be done\n"
		 "  -k, --keep-extra     leave alone what is only in TARGET\n"
		 "  -c, --checksum       compare content, not only size and time of change\n"
		 "  -t, --timeout SECONDS\n"
		 "                       roll back if it takes longer\n"
		 "  -q, --quiet          print nothing but errors\n"
		 "  -p, --progress       show how far it is (default on a terminal)\n"
		 "  -j, --json           write the summary as JSON\n"
		 "  -h, --help           show this\n",
};
