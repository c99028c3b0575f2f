// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - random calls, in many processes, against a reference model
 *
 * Each process has transactions and resource managers of its own in a TM that all
 * share, and does one call at a time on them, itself or through a second process
 * that takes fds and dies. So its model (model.c) is exact: every errno, state,
 * count and notification must agree. After each epoch all close their fds; the log
 * of a durable TM is detached and attached then, and the processes go on with the
 * unfinished transactions that recovery must have found.
 */
#include <getopt.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "driver.h"
#include "../ktm/ktm_log.h"

#define EPOCH		2500	/* calls of a process */
#define PROCESSES_MAX	64

static struct {
	__u64 seed, ops, seconds, epoch;
	int processes;
	bool volatile_tm, durable_tm;
} option = { .ops = 10000, .processes = 4, .seconds = 10, .epoch = EPOCH };

static struct tally *tallies;
static int number;

static void tell_options(FILE *out)
{
	fprintf(out,
		"Usage: random_test [OPTION...]\n"
		"  --seed N        the same calls again (default: a new one; it is printed)\n"
		"  --ops N         operations with each kind of TM (default: variable KTM_RANDOM_OPS,\n"
		"                  else 10000)\n"
		"  --seconds N     and stop starting new ones after so long (default 10; never\n"
		"                  if operations were asked for)\n"
		"  --processes N   processes that work at the same time (default 4)\n"
		"  --tm KIND       volatile, durable, or both (default; durable needs KTM_LOG_DEV)\n"
		"  --help          this\n");
}

static void result(bool ok, const char *what)
{
	printf("%s %d - %s\n", ok ? "ok" : "not ok", ++number, what);
	fflush(stdout);
}

/* One byte to each process, one back: all of them do a step. */
struct worker {
	pid_t pid;
	int sock;
};

static void work(int index, bool durable, const __u8 *uuid, __u64 ops, int sock)
{
	static struct driver driver;
	cpu_set_t cpus;
	__u64 epoch;
	char byte;

	/* with its remote process: only one of the two has something to do */
	CPU_ZERO(&cpus);
	CPU_SET(index % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	driver_init(&driver, index, option.seed, durable, &tallies[index]);
	while (recv(sock, &byte, 1, 0) == 1) {
		epoch = ops < option.epoch ? ops : option.epoch;
		driver_open(&driver, uuid);
		driver_run(&driver, epoch);
		driver_quiet(&driver);
		ops -= epoch;
		byte = ops > 0;
		if (send(sock, &byte, 1, 0) != 1)
			break;
		if (durable)
			m_reattach(&driver.model);
	}
	_exit(0);
}

static bool start(struct worker *worker, int index, bool durable, const __u8 *uuid, __u64 ops)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return false;
	worker->pid = fork();
	if (!worker->pid) {
		close(pair[0]);
		work(index, durable, uuid, ops, pair[1]);
	}
	close(pair[1]);
	worker->sock = pair[0];
	return worker->pid > 0;
}

/* The counts of the TM when all is quiet */
static bool check_tm(const struct tm_handle *tm)
{
	__u64 committed = 0, aborted = 0, unfinished = 0;
	struct ktm_tm_info info;
	int i;

	for (i = 0; i < option.processes; i++) {
		committed += tallies[i].committed;
		aborted += tallies[i].aborted;
		unfinished += tallies[i].unfinished;
	}
	if (tm_info(tm, &info))
		return false;
	if (info.committed == committed && info.aborted == aborted &&
	    info.nr_unfinished == unfinished && !info.nr_active && !info.nr_rms)
		return true;
	printf("# disagreement: the TM has %llu committed, %llu rolled back, %llu unfinished;\n",
	       info.committed, info.aborted, info.nr_unfinished);
	printf("#   the model %llu, %llu, %llu; left are %llu active, %u resource managers\n",
	       committed, aborted, unfinished, info.nr_active, info.nr_rms);
	return false;
}

static bool reattach(struct tm_handle *tm, const char *device)
{
	__u32 recovered, unfinished = 0;
	__u64 limit = now_ns() + PATIENCE * MSEC;
	struct ktm_simple arg = { .size = sizeof(arg) };
	int i, ret;

	/* busy while the kernel still has work of the last calls */
	do {
		ret = tm_detach(tm);
	} while (ret == -EBUSY && now_ns() < limit && !usleep(1000));
	if (ret || ktm_call(tm->fd, KTM_IOC_TM_DETACH, &arg) != -ESHUTDOWN) {
		printf("# disagreement: detach gives %d\n", ret);
		return false;
	}
	close(tm->fd);
	ret = tm_attach(device, tm->uuid, tm, &recovered);
	for (i = 0; i < option.processes; i++)
		unfinished += tallies[i].unfinished;
	if (ret || recovered != unfinished) {
		printf("# disagreement: attach gives %d, finds %u unfinished, the model %u\n",
		       ret, recovered, unfinished);
		return false;
	}
	return true;
}

static bool step_all(struct worker *workers, bool *more)
{
	char byte = 0;
	bool good = true;
	int i;

	*more = false;
	for (i = 0; i < option.processes; i++)
		if (send(workers[i].sock, &byte, 1, MSG_NOSIGNAL) != 1)
			good = false;
	for (i = 0; i < option.processes; i++) {
		if (recv(workers[i].sock, &byte, 1, 0) != 1)
			good = false;
		else
			*more |= byte;
	}
	return good;
}

static __u64 sum_ops(void)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < option.processes; i++)
		sum += tallies[i].ops;
	return sum;
}

static void tell_results(void)
{
	__u64 count, ns;
	int op, error, i;

	for (op = 0; driver_op_name(op); op++) {
		for (ns = 0, i = 0; i < option.processes; i++)
			ns += tallies[i].ns[op];
		printf("#   %-14s %6llu ms", driver_op_name(op), ns / MSEC);
		for (error = 0; error < ERRNO_MAX; error++) {
			for (count = 0, i = 0; i < option.processes; i++)
				count += tallies[i].results[op][error];
			if (count)
				printf(" %s %llu", error ? strerrorname_np(error) : "ok", count);
		}
		printf("\n");
	}
}

static bool run(const char *kind, struct tm_handle *tm, const char *device)
{
	struct worker workers[PROCESSES_MAX];
	__u64 begin = now_ns(), sum;
	bool good = true, more = true;
	int i, epochs = 0, bad = 0, status;

	memset(tallies, 0, sizeof(*tallies) * PROCESSES_MAX);
	for (i = 0; i < option.processes; i++)
		good &= start(&workers[i], i, device, tm->uuid,
			      option.ops / option.processes);
	while (good && more) {
		good = step_all(workers, &more) && check_tm(tm) &&
		       (!device || reattach(tm, device));
		epochs++;
		if (option.seconds && now_ns() - begin > option.seconds * 1000 * MSEC)
			break;
	}
	/* all first: the processes have inherited each other's */
	for (i = 0; i < option.processes; i++)
		close(workers[i].sock);
	for (i = 0; i < option.processes; i++) {
		if (waitpid(workers[i].pid, &status, 0) != workers[i].pid || status)
			good = false;
		bad += tallies[i].disagreements;
	}
	sum = sum_ops();
	begin = now_ns() - begin;
	printf("# %s TM, seed %llu, %d processes: %llu operations in %llu ms, %llu a second,\n",
	       kind, option.seed, option.processes, sum, begin / MSEC,
	       sum * 1000 * MSEC / (begin | 1));
	printf("#   %d epochs, %d disagreements; by kind, time and results:\n", epochs, bad);
	tell_results();
	return good;
}

static bool run_volatile(void)
{
	struct tm_handle tm;
	bool good = !tm_make(&tm, 0600) && run("volatile", &tm, NULL);

	close(tm.fd);
	return good;
}

static bool run_durable(const char *device)
{
	struct tm_handle tm;
	__u8 uuid[KTM_UUID_SIZE];
	bool good;

	if (log_format(device, 0, uuid) || tm_attach(device, uuid, &tm, NULL))
		return false;
	good = run("durable", &tm, device);
	close(tm.fd);
	log_release();
	return good;
}

static bool parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "seconds", required_argument, NULL, 'S' },
		{ "processes", required_argument, NULL, 'p' },
		{ "tm", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int c;

	option.seed = now_ns() ^ getpid();
	if (getenv("KTM_RANDOM_OPS")) {
		option.ops = strtoull(getenv("KTM_RANDOM_OPS"), NULL, 0);
		option.seconds = 0;
	}
	option.volatile_tm = true;
	option.durable_tm = true;
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
		case 't':
			option.volatile_tm = strcmp(optarg, "durable");
			option.durable_tm = strcmp(optarg, "volatile");
			break;
		case 'h':
			tell_options(stdout);
			exit(0);
		default:
			return false;
		}
	}
	return optind == argc && option.processes > 0 && option.processes <= PROCESSES_MAX &&
	       option.ops >= option.processes;
}

int main(int argc, char **argv)
{
	const char *device = log_device("KTM_LOG_DEV");
	bool good = true, one;

	if (!parse(argc, argv)) {
		tell_options(stderr);
		return 2;
	}
	tallies = mmap(NULL, sizeof(*tallies) * PROCESSES_MAX, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tallies == MAP_FAILED)
		return 1;
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	printf("TAP version 13\n# seed %llu\n", option.seed);
	fflush(stdout);
	if (option.volatile_tm) {
		one = run_volatile();
		result(one, "random calls on a volatile TM agree with the model");
		good &= one;
	}
	if (option.durable_tm && device) {
		one = run_durable(device);
		result(one, "random calls on a durable TM agree with the model");
		good &= one;
	}
	printf("1..%d\n", number);
	return good ? 0 : 1;
}
