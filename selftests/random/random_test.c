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
 */
#include <getopt.h>
#include <sys/mman.h>

#include "exact.h"
#include "../ktm/ktm_log.h"

static struct options option = { .ops = 20000, .processes = 4, .seconds = 15 };

/* Each kind of run, and which part of the operations it gets */
static const struct kind {
	const char *name, *what;
	bool durable, alone;
	int percent;
} kinds[] = {
	{ "volatile", "random calls on a volatile TM agree with the model", false, false, 25 },
	{ "alone", "random calls on a TM of one's own agree with the model", false, true, 25 },
	{ "durable", "random calls on a durable TM agree with the model", true, false, 30 },
	{ "durable-alone", "random calls on a log of one's own agree with the model", true, true,
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
		"  --ops N         operations in all (default: variable KTM_RANDOM_OPS, else 20000)\n"
		"  --seconds N     and stop starting new ones after so long in each kind (default 15;\n"
		"                  never if operations were asked for)\n"
		"  --processes N   processes that work at the same time (default 4)\n"
		"  --kind KIND     one of these with all operations (durable ones need KTM_LOG_DEV):\n");
	for (i = 0; i < ARRAY_LEN(kinds); i++)
		fprintf(out, "                    %s\n", kinds[i].name);
	fprintf(out, "  --help          this\n");
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
	good = exact_run(&some, &tm);
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
			if (!is_kind(wanted))
				return false;
			break;
		case 'h':
			tell_options(stdout);
			exit(0);
		default:
			return false;
		}
	}
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
