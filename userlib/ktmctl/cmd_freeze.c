// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl freeze - hold commits back while snapshots are taken
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktmctl.h"
#include "objects.h"
#include "text.h"

#define SECOND	1000000000ULL

/**
 * struct wanted - what the user wants
 * @timeout: seconds until it must be frozen
 * @limit: seconds until it thaws by itself, from then on
 * @tm: which
 * @command: what to run meanwhile, or NULL
 */
struct wanted {
	uint64_t timeout;
	uint64_t limit;
	const char *tm;
	char **command;
};

static const struct ktmctl_advice freeze_advice[] = {
	{ EBUSY, "somebody else freezes it", "Wait, or 'ktmctl thaw' it." },
	{ ECANCELED, "it was thawed before it was frozen", NULL },
	{ EPERM, "it belongs to another user", "Become root (CAP_SYS_ADMIN)." },
	{ ESHUTDOWN, "it is not online", "See 'ktmctl status'." },
	{ 0 }
};

static const struct ktmctl_advice thaw_advice[] = {
	{ ETIMEDOUT, "the time limit was over before",
	  "Do not use what was taken meanwhile; give it more time with --limit." },
	{ ECANCELED, "somebody else has thawed it before",
	  "Do not use what was taken meanwhile." },
	{ 0 }
};

static int begin(int fd, const struct wanted *wanted)
{
	uint64_t deadline = now_ns() + wanted->timeout * SECOND;
	unsigned char tx[KTM_UUID_SIZE];
	char uuid[KTM_UUID_TEXT_SIZE];
	int ret;

	ret = ktm_tm_freeze(fd, deadline, deadline + wanted->limit * SECOND, tx);
	if (ret == -ETIMEDOUT) {
		ktm_uuid_format(tx, uuid);
		return ktmctl_refuse("See 'ktmctl list transactions', or try a longer --timeout.",
				     "%s is not frozen: transaction %s is still in its commit",
				     wanted->tm, uuid);
	}
	if (ret)
		return ktmctl_fail(freeze_advice, ret, "cannot freeze %s", wanted->tm);
	return KTMCTL_OK;
}

/* Until somebody thaws it, or the time is over. */
static int stay(int fd, const char *name)
{
	struct pollfd thawed = { .fd = fd, .events = POLLOUT };
	int ret;

	printf("frozen\n");
	if (ktmctl_flush() != KTMCTL_OK)
		return KTMCTL_FAILED;
	while (poll(&thawed, 1, -1) < 0)
		if (errno != EINTR)
			return ktmctl_fail(NULL, errno, "cannot wait for the thaw");
	ret = ktm_tm_thaw(fd);
	/* that is what was waited for */
	if (ret && ret != -ECANCELED)
		return ktmctl_fail(thaw_advice, ret, "cannot rely on the freeze of %s",
				   name);
	return KTMCTL_OK;
}

/* 0 if the command succeeded. */
static int run_command(char **command)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return ktmctl_fail(NULL, errno, "cannot start %s", command[0]);
	if (!pid) {
		execvp(command[0], command);
		ktmctl_fail(NULL, errno, "cannot run %s", command[0]);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return ktmctl_fail(NULL, errno, "cannot wait for %s", command[0]);
	if (WIFSIGNALED(status))
		return ktmctl_refuse(NULL, "%s was killed by signal %d", command[0],
				     WTERMSIG(status));
	if (WEXITSTATUS(status))
		return ktmctl_refuse(NULL, "%s has failed with exit status %d", command[0],
				     WEXITSTATUS(status));
	return KTMCTL_OK;
}

static int run_frozen(int fd, const struct wanted *wanted)
{
	int status, ret;

	status = begin(fd, wanted);
	if (status)
		return status;
	if (!wanted->command)
		return stay(fd, wanted->tm);
	status = run_command(wanted->command);
	ret = ktm_tm_thaw(fd);
	if (ret)
		status = ktmctl_fail(thaw_advice, ret, "cannot rely on the freeze of %s",
				     wanted->tm);
	return status;
}

static int freeze_tm(const struct wanted *wanted)
{
	int control, fd, status;

	control = control_open();
	if (control < 0)
		return KTMCTL_FAILED;
	fd = tm_find(control, wanted->tm);
	close(control);
	if (fd < 0)
		return KTMCTL_FAILED;
	status = run_frozen(fd, wanted);
	close(fd);
	return status;
}

static int parse_seconds(const char *text, uint64_t *seconds)
{
	if (parse_number(text, 10, KTM_FREEZE_MAX_NS / SECOND, seconds))
		return -1;
	return *seconds ? 0 : -1;
}

static int run_freeze(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ "limit", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct wanted wanted = { .timeout = 10, .limit = 60 };
	int c;

	/* what follows the name belongs to the command */
	while ((c = getopt_long(argc, argv, "+t:l:h", options, NULL)) != -1) {
		switch (c) {
		case 't':
		case 'l':
			if (parse_seconds(optarg, c == 't' ? &wanted.timeout : &wanted.limit))
				return ktmctl_usage_error(command, "'%s' is no time",
							  optarg);
			break;
		case 'h':
			return ktmctl_usage(command);
		default:
			return ktmctl_usage_error(command, NULL);
		}
	}
	if (wanted.timeout + wanted.limit > KTM_FREEZE_MAX_NS / SECOND)
		return ktmctl_usage_error(command, "both times together are %llu seconds at most",
					  KTM_FREEZE_MAX_NS / SECOND);
	if (optind == argc)
		return ktmctl_usage_error(command, "which transaction manager?");
	wanted.tm = argv[optind];
	if (optind + 1 < argc)
		wanted.command = &argv[optind + 1];
	return freeze_tm(&wanted);
}

const struct ktmctl_command cmd_freeze = {
	.name = "freeze",
	.run = run_freeze,
	.help = "hold commits back while snapshots are taken",
	.usage = "freeze [OPTION]... TM [COMMAND [ARGUMENT]...]\n"
		 "Freeze a transaction manager, run COMMAND, and thaw it. Snapshots of its log and of\n"
		 "the disks of its resource managers that COMMAND takes show the same commits. TM is a\n"
		 "name, a UUID or its beginning. Without COMMAND say 'frozen' and wait for 'ktmctl\n"
		 "thaw'. The exit status is 0 if COMMAND succeeded and it was frozen until then.\n"
		 "\n"
		 "  -t, --timeout SECONDS  give up if it is not frozen by then (default 10)\n"
		 "  -l, --limit SECONDS  thaw by itself after so much more time (default 60)\n"
		 "  -h, --help           show this\n",
};
