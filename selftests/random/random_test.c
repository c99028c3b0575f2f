// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - random calls, in many processes, against a reference model
 *
 * Exact: each process has transactions and resource managers of its own, in a TM that
 * all share or that it has alone, and does one call at a time on them, itself or
 * through a second process that takes fds and dies. So its model (model.c) is exact:
 * every errno, state, count and notification must agree. After each epoch all close
 * their fds; the log of a durable TM is detached and attached then, and the processes
 * go on with the unfinished transactions that recovery must have found.
 *
 * Racing: all processes use the same transactions, RMs and enlistments at once, and are
 * killed. What any of them saw of a transaction must fit: one outcome, for all that had
 * prepared; the errnos are those that the header has for the call; a call that waits ends
 * with what it waits for; nothing is left when all fds are closed. A seed replays which
 * operations each process does, with which random numbers, not how they interleave.
 *
 * Both drive all ioctls of uapi/linux/ktm.h, but racing processes make and attach no TM,
 * and are refused TM_DETACH, TM_ROLLFORWARD and TM_RECOVER. Left to other tests are
 * users that may not do what they ask for (access_test, rights_test, rm_owner_test), quotas
 * (quota_test, log_quota_test), bad pointers and sizes but for one call (abi_test), a lack
 * of memory or fds (fail_nth_test, errno_test), logs that are full or fail (ring_test,
 * fault_test), and RMs in the kernel (kernel_rm_test).
 */
#include <getopt.h>
#include <sys/mman.h>

#include "race.h"
#include "../ktm/ktm_log.h"

static struct options option = { .ops = 60000, .processes = 4, .seconds = 15 };

/* Each kind of run, and which part of the operations it gets */
static const struct kind {
	const char *name, *what;
	bool durable, alone, race;
	int percent;
} kinds[] = {
	{ "volatile", "random calls on a volatile TM agree with the model", false, false, false,
	  15 },
	{ "alone", "random calls on a TM of one's own agree with the model", false, true, false,
	  15 },
	{ "durable", "random calls on a durable TM agree with the model", true, false, false, 20 },
	{ "durable-alone", "random calls on a log of one's own agree with the model", true, true,
	  false, 10 },
	{ "racing", "what racing processes see on a volatile TM fits", false, false, true, 20 },
	{ "racing-durable", "what racing processes see on a durable TM fits", true, false, true,
	  20 },
};

static const char *wanted;		/* NULL: all of them */
static int number;

static void tell_options(FILE *out)
{
	int i;

	fprintf(out,
		"Usage: random_test [OPTION...]\n"
		"  --seed N        the same calls again (default: variable KTM_RANDOM_SEED, else a\n"
		"                  new one; it is printed)\n"
		"  --ops N         operations in all (default: variable KTM_RANDOM_OPS, else 60000)\n"
		"  --seconds N     and stop starting new ones after so long in each kind (default 15;\n"
		"                  never if operations were asked for)\n"
		"  --processes N   processes that work at the same time (default 4)\n"
		"  --kind KIND     one of these with all operations (default: variable KTM_RANDOM_KIND,\n"
		"                  else all; durable ones need KTM_LOG_DEV):\n");
	for (i = 0; i < ARRAY_LEN(kinds); i++)
		fprintf(out, "                    %s\n", kinds[i].name);
	fprintf(out,
		"  --help          this\n"
		"\n"
		"All ioctls of uapi/linux/ktm.h are driven, in all of these kinds; but the racing\n"
		"ones neither make nor attach a TM, and are refused to detach or to recover it. The\n"
		"results tell how often each gave what.\n");
}

static void result(bool ok, const char *what)
{
	printf("%s %d - %s\n", ok ? "ok" : "not ok", ++number, what);
	fflush(stdout);
}

static bool run(const struct kind *kind, const char *device)
{
	struct options some = option;
	struct tm_handle tm = { .fd = -1 };
	__u8 uuid[KTM_UUID_SIZE];
	bool good;

	some.kind = kind->name;
	some.alone = kind->alone;
	some.device = kind->durable ? device : NULL;
	if (!wanted)
		some.ops = option.ops * kind->percent / 100;
	if (kind->durable) {
		if (log_format(device, 0, uuid) || tm_attach(device, uuid, &tm, NULL))
			return false;
	} else if (!kind->alone && tm_make(&tm, 0600)) {
		return false;
	}
	if (kind->durable && kind->alone)
		some.processes = 1;
	good = kind->race ? race_run(&some, &tm) : exact_run(&some, &tm);
	if (tm.fd >= 0)
		close(tm.fd);
	if (kind->durable)
		log_release();
	return good;
}

static bool is_kind(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(name, kinds[i].name))
			return true;
	return false;
}

static bool parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "seconds", required_argument, NULL, 'S' },
		{ "processes", required_argument, NULL, 'p' },
		{ "kind", required_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int c;

	option.seed = getenv("KTM_RANDOM_SEED") ? strtoull(getenv("KTM_RANDOM_SEED"), NULL, 0) :
		now_ns() ^ getpid();
	wanted = getenv("KTM_RANDOM_KIND");
	if (getenv("KTM_RANDOM_OPS")) {
		option.ops = strtoull(getenv("KTM_RANDOM_OPS"), NULL, 0);
		option.seconds = 0;
	}
	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 's':
			option.seed = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			option.ops = strtoull(optarg, NULL, 0);
			option.seconds = 0;
			break;
		case 'S':
			option.seconds = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			option.processes = atoi(optarg);
			break;
		case 'k':
			wanted = optarg;
			break;
		case 'h':
			tell_options(stdout);
			exit(0);
		default:
			return false;
		}
	}
	if (wanted && !is_kind(wanted))
		return false;
	return optind == argc && option.processes > 0 && option.processes <= PROCESSES_MAX &&
	       option.ops >= 100 * option.processes;
}

int main(int argc, char **argv)
{
	const char *device = log_device("KTM_LOG_DEV");
	bool good = true, one;
	int i;

	if (!parse(argc, argv)) {
		tell_options(stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	printf("TAP version 13\n# seed %llu\n", option.seed);
	fflush(stdout);
	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		if ((wanted && strcmp(wanted, kinds[i].name)) || (kinds[i].durable && !device))
			continue;
		one = run(&kinds[i], device);
		result(one, kinds[i].what);
		good &= one;
	}
	printf("1..%d\n", number);
	return good ? 0 : 1;
}
