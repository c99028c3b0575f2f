// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - random test: the processes whose calls a model foretells
 */
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "driver.h"
#include "exact.h"
#include "../ktm/ktm_log.h"

#define EPOCH		2500	/* calls of a process */
#define EPOCH_ALONE	500	/* if it then detaches its log */
#define PROGRESS	60000	/* ms between lines that tell how far it is */

static struct tally *tallies;

/* One byte to each process, one back: all of them do a step. */
struct worker {
	pid_t pid;
	int sock;
};

static void work(const struct options *option, int index, const __u8 *uuid, int sock)
{
	__u64 epoch, ops = option->ops / option->processes;
	bool log_alone = option->device && option->alone;
	static struct driver driver;
	cpu_set_t cpus;
	char byte;

	/* with its remote process: only one of the two has something to do */
	CPU_ZERO(&cpus);
	CPU_SET(index % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	driver_init(&driver, index, option->seed, option->device, &tallies[index]);
	driver.alone = option->alone;
	driver.device = log_alone ? option->device : NULL;
	while (recv(sock, &byte, 1, 0) == 1) {
		epoch = log_alone ? EPOCH_ALONE : EPOCH;
		epoch = ops < epoch ? ops : epoch;
		driver_open(&driver, uuid);
		driver_run(&driver, epoch);
		driver_quiet(&driver);
		ops -= epoch;
		byte = ops > 0;
		if (send(sock, &byte, 1, 0) != 1)
			break;
		if (option->device && !log_alone)
			driver_reattached(&driver);
	}
	_exit(0);
}

static bool start(const struct options *option, struct worker *worker, int index,
		  const __u8 *uuid)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return false;
	worker->pid = fork();
	if (!worker->pid) {
		close(pair[0]);
		work(option, index, uuid, pair[1]);
	}
	close(pair[1]);
	worker->sock = pair[0];
	return worker->pid > 0;
}

/* The counts of the TM when all is quiet */
static bool check_tm(const struct options *option, const struct tm_handle *tm)
{
	__u64 committed = 0, aborted = 0, unfinished = 0;
	struct ktm_tm_info info;
	int i;

	for (i = 0; i < option->processes; i++) {
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

/* With TM_RECOVER: as with the attach at once, all of them are found. */
static int recover(const struct tm_handle *tm, __u32 all)
{
	struct ktm_tm_rollforward roll = { .size = sizeof(roll), .clock = ~0ULL };
	struct ktm_tm_recover arg = { .size = sizeof(arg) };
	int ret = ktm_call(tm->fd, KTM_IOC_TM_ROLLFORWARD, &roll);

	if (ret || roll.recovered != all || roll.left)
		return ret ? ret : -ERANGE;
	ret = ktm_call(tm->fd, KTM_IOC_TM_RECOVER, &arg);
	return ret || arg.recovered != all || arg.discarded ? -ERANGE : 0;
}

static bool reattach(const struct options *option, struct tm_handle *tm, bool steps)
{
	__u32 recovered, logged = 0;
	struct ktm_simple arg = { .size = sizeof(arg) };
	int i, ret;

	ret = tm_detach(tm);
	if (ret || ktm_call(tm->fd, KTM_IOC_TM_DETACH, &arg) != -ESHUTDOWN) {
		printf("# disagreement: detach gives %d\n", ret);
		return false;
	}
	close(tm->fd);
	ret = tm_attach_flags(option->device, tm->uuid, tm, &recovered,
			      steps ? KTM_TM_ATTACH_F_NO_RECOVER : 0);
	for (i = 0; i < option->processes; i++)
		logged += tallies[i].logged;
	if (!ret && steps)
		ret = recover(tm, logged);
	if (ret || recovered != logged) {
		printf("# disagreement: attach gives %d, finds %u unfinished, the model %u\n",
		       ret, recovered, logged);
		return false;
	}
	return true;
}

static bool step_all(const struct options *option, struct worker *workers, bool *more)
{
	char byte = 0;
	bool good = true;
	int i;

	*more = false;
	for (i = 0; i < option->processes; i++)
		if (send(workers[i].sock, &byte, 1, MSG_NOSIGNAL) != 1)
			good = false;
	for (i = 0; i < option->processes; i++) {
		if (recv(workers[i].sock, &byte, 1, 0) != 1)
			good = false;
		else
			*more |= byte;
	}
	return good;
}

static __u64 sum_ops(const struct options *option)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < option->processes; i++)
		sum += tallies[i].ops;
	return sum;
}

static void tell_results(const struct options *option)
{
	__u64 count, ns;
	int op, error, i;

	for (op = 0; driver_op_name(op); op++) {
		for (ns = 0, i = 0; i < option->processes; i++)
			ns += tallies[i].ns[op];
		printf("#   %-14s %6llu ms", driver_op_name(op), ns / MSEC);
		for (error = 0; error < ERRNO_MAX; error++) {
			for (count = 0, i = 0; i < option->processes; i++)
				count += tallies[i].results[op][error];
			if (count)
				printf(" %s %llu", error ? strerrorname_np(error) : "ok", count);
		}
		printf("\n");
	}
}

static void tell_progress(const struct options *option, __u64 begin)
{
	static __u64 last;
	__u64 now = now_ns(), sum = sum_ops(option);

	if (now - last < PROGRESS * MSEC && last > begin)
		return;
	if (last > begin) {
		printf("# %s, seed %llu: %llu of %llu operations, %llu a second\n", option->kind,
		       option->seed, sum, option->ops, sum * 1000 * MSEC / (now - begin));
		fflush(stdout);
	}
	last = now;
}

/* All epochs; false after the first disagreement. */
static bool run_epochs(const struct options *option, struct worker *workers,
		       struct tm_handle *tm, int *epochs)
{
	bool good = true, more = true, shared = !option->alone;
	__u64 begin = now_ns();

	while (good && more) {
		good = step_all(option, workers, &more);
		if (good && shared)
			good = check_tm(option, tm);
		if (good && shared && option->device)
			good = reattach(option, tm, *epochs % 2);
		++*epochs;
		tell_progress(option, begin);
		if (option->seconds && now_ns() - begin > option->seconds * 1000 * MSEC)
			break;
	}
	return good;
}

static bool wait_all(const struct options *option, struct worker *workers, int *bad)
{
	bool good = true;
	int i, status;

	/* all first: the processes have inherited each other's */
	for (i = 0; i < option->processes; i++)
		close(workers[i].sock);
	for (i = 0; i < option->processes; i++) {
		if (waitpid(workers[i].pid, &status, 0) != workers[i].pid || status)
			good = false;
		*bad += tallies[i].disagreements;
	}
	return good;
}

bool exact_run(const struct options *option, struct tm_handle *tm)
{
	struct worker workers[PROCESSES_MAX];
	__u64 begin = now_ns(), sum;
	int i, epochs = 0, bad = 0;
	bool good = true;

	tallies = mmap(NULL, sizeof(*tallies) * PROCESSES_MAX, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tallies == MAP_FAILED)
		return false;
	for (i = 0; i < option->processes; i++)
		good &= start(option, &workers[i], i, tm->fd < 0 ? NULL : tm->uuid);
	good = good && run_epochs(option, workers, tm, &epochs);
	good &= wait_all(option, workers, &bad);
	sum = sum_ops(option);
	begin = now_ns() - begin;
	printf("# %s TM, seed %llu, %d processes: %llu operations in %llu ms, %llu a second,\n",
	       option->kind, option->seed, option->processes, sum, begin / MSEC,
	       sum * 1000 * MSEC / (begin | 1));
	printf("#   %d epochs, %d disagreements; by kind, time and results:\n", epochs, bad);
	tell_results(option);
	fflush(stdout);
	munmap(tallies, sizeof(*tallies) * PROCESSES_MAX);
	return good;
}
