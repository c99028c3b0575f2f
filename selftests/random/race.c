// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - racing processes: who starts, watches and kills them
 */
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "driver.h"
#include "race.h"

#define EPOCH		3000	/* operations of a process */
#define KILL_AFTER	2000	/* operations of a process that is killed, on average */
#define WATCH_MS	2000	/* between two looks at a call that waits */
#define STRIKES		4	/* looks that find it over, and it still waits */
#define BRIEF_MS	200
#define STUCK_MS	(6 * PATIENCE)	/* no call takes so long */
#define PROGRESS_MS	60000

/* What is known of a process, and of a call that it is in for long */
struct watch {
	__u64 calls, next;
	int strikes;
	__u64 kill_at;		/* when it has done so many operations */
	bool gone;
};

struct race {
	struct racer me;
	struct watch watch[PROCESSES_MAX];
	const struct options *option;
	__u64 goal;		/* operations of a process in this epoch */
	__u64 user_objects, kills, sum, passed, outcomes[3];
	__u64 results[R_CALLS][R_ERRNOS];
};

/* The others answer. */
static bool may_block(const struct race *race, int i)
{
	return i < race->option->processes / 2;
}

static void start(struct race *race, int i)
{
	struct r_proc *proc = &race->me.shared->proc[i];
	struct watch *watch = &race->watch[i];
	struct racer me = race->me;
	__u64 seed = r_random(&race->me, 0);
	pid_t pid;
	int k;

	/* the number is odd if the last one was killed in a call */
	atomic_fetch_add(&proc->calls, atomic_load(&proc->calls) % 2);
	*watch = (struct watch){ .calls = atomic_load(&proc->calls) };
	watch->kill_at = atomic_load(&proc->ops) + 1 + r_random(&race->me, 2 * KILL_AFTER);
	pid = fork();
	if (pid) {
		proc->pid = pid;
		return;
	}
	me.index = i;
	me.proc = proc;
	me.may_block = may_block(race, i);
	for (k = 0; k < R_MINE_TXS; k++)
		me.tx[k].fd = -1;
	for (k = 0; k < R_MINE_ENS; k++)
		me.en[k].fd = -1;
	r_work(&me, seed, race->goal);
}

static bool is_over(const struct race *race, __u32 tx)
{
	struct ktm_open open = { .size = sizeof(open) };
	struct pollfd pollfd = { .events = POLLIN };
	bool over;

	r_tx_uuid(race->me.shared, tx, open.uuid);
	if (ktm_call(race->me.tm, KTM_IOC_TX_OPEN, &open))
		return false;
	pollfd.fd = open.out_fd;
	over = poll(&pollfd, 1, 0) == 1 && pollfd.revents & POLLIN;
	close(open.out_fd);
	return over;
}

/*
 * A call that waits for an outcome must not go on when it is there. What is looked at
 * may change, but not in the same way again and again.
 */
static void watch_call(struct race *race, int i)
{
	struct r_proc *proc = &race->me.shared->proc[i];
	struct watch *watch = &race->watch[i];
	__u64 calls = atomic_load(&proc->calls), now = now_ns();
	__u32 cmd = atomic_load(&proc->cmd), tx = atomic_load(&proc->tx);
	bool waits = cmd == KTM_IOC_TX_COMMIT || cmd == KTM_IOC_TX_ROLLBACK;

	if (calls != watch->calls || !(calls % 2)) {
		watch->calls = calls;
		watch->next = now + WATCH_MS * MSEC;
		watch->strikes = 0;
		return;
	}
	/* those who would answer have gone */
	if (atomic_load(&race->me.shared->finishing) &&
	    now > atomic_load(&proc->since) + BRIEF_MS * MSEC)
		kill(proc->pid, SIGALRM);
	if (now < watch->next)
		return;
	watch->next = now + WATCH_MS * MSEC;
	if (!waits || !tx || !is_over(race, tx - 1))
		watch->strikes = 0;
	else if (++watch->strikes == STRIKES && atomic_load(&proc->calls) == calls)
		r_violation(&race->me, "process %d waits for transaction %u, which is over", i,
			    tx - 1);
	if (now > atomic_load(&proc->since) + STUCK_MS * MSEC)
		r_violation(&race->me, "process %d does not return from ioctl 0x%x", i, cmd);
}

/* True when it has done what it had to. */
static bool look_after(struct race *race, int i)
{
	struct r_proc *proc = &race->me.shared->proc[i];
	struct watch *watch = &race->watch[i];
	bool stop = atomic_load(&race->me.shared->stop);
	int status;

	if (watch->gone)
		return true;
	if (stop || atomic_load(&proc->ops) >= watch->kill_at) {
		kill(proc->pid, SIGKILL);
		if (waitpid(proc->pid, &status, 0) != proc->pid)
			return true;
		race->kills++;
	} else if (waitpid(proc->pid, &status, WNOHANG) != proc->pid) {
		watch_call(race, i);
		return false;
	} else if (status) {
		r_violation(&race->me, "process %d dies, status 0x%x", i, status);
	}
	watch->gone = stop || atomic_load(&proc->ops) >= race->goal;
	if (watch->gone && may_block(race, i))
		atomic_fetch_sub(&race->me.shared->nr_waiters, 1);
	else if (watch->gone)
		atomic_store(&race->me.shared->finishing, true);
	if (!watch->gone)
		start(race, i);
	return watch->gone;
}

/* They live from the beginning of the epoch to its end. */
static bool hold_rms(struct race *race)
{
	struct racer *me = &race->me;
	int i;

	for (i = 0; i < R_RMS; i++) {
		struct ktm_rm_create arg = { .size = sizeof(arg), .flags = KTM_RM_F_VOLATILE };
		struct ktm_simple simple = { .size = sizeof(simple) };

		me->rm[i].fd = -1;
		if (me->shared->durable || i >= R_HELD)
			continue;
		memcpy(arg.uuid, me->shared->rm_uuid[i], KTM_UUID_SIZE);
		if (ktm_call(me->tm, KTM_IOC_RM_CREATE, &arg) ||
		    ktm_call(arg.out_fd, KTM_IOC_RM_RECOVER, &simple))
			return false;
		fcntl(arg.out_fd, F_SETFL, O_NONBLOCK);
		me->rm[i] = (struct r_file){ .fd = arg.out_fd, .nth = i };
	}
	return true;
}

/* What nobody has taken is closed on its way. */
static void clear_market(struct race *race)
{
	char byte;

	while (recv(race->me.market[1], &byte, 1, MSG_DONTWAIT) >= 0)
		;
}

static void add_up(struct race *race)
{
	struct r_shared *shared = race->me.shared;
	__u32 i, k, n, nr = atomic_load(&shared->nr_txs);

	for (i = 0; i <= race->option->processes; i++) {
		race->sum += atomic_load(&shared->proc[i].ops);
		for (k = 0; k < R_CALLS; k++)
			for (n = 0; n < R_ERRNOS; n++)
				race->results[k][n] += shared->proc[i].results[k][n];
	}
	for (i = 0; i < nr && i < R_TXS; i++)
		for (k = 0; k < 3; k++)
			race->outcomes[k] += !!(atomic_load(&shared->tx[i].seen) & 1U << k);
	race->passed += atomic_load(&shared->passed);
}

static bool run_epoch(struct race *race, __u32 epoch)
{
	struct r_shared *shared = race->me.shared;
	int i, done;

	memset(shared->proc, 0, sizeof(*shared) - offsetof(struct r_shared, proc));
	atomic_store(&shared->nr_txs, 0);
	atomic_store(&shared->nr_ens, 0);
	atomic_store(&shared->passed, 0);
	atomic_store(&shared->finishing, false);
	atomic_store(&shared->nr_waiters, race->option->processes / 2);
	memset(shared->recent, 0, sizeof(shared->recent));
	shared->epoch = epoch;
	race->me.random = driver_seed(race->option->seed, 1000 + epoch);
	if (!hold_rms(race))
		return false;
	for (i = 0; i < race->option->processes; i++)
		start(race, i);
	do {
		usleep(1000);
		for (done = 0, i = 0; i < race->option->processes; i++)
			done += look_after(race, i);
	} while (done < race->option->processes);
	clear_market(race);
	if (!atomic_load(&shared->violations))
		r_drain(&race->me, race->user_objects);
	add_up(race);
	return !atomic_load(&shared->violations);
}

static bool prepare(struct race *race, const struct options *option, struct tm_handle *tm)
{
	struct racer *me = &race->me;
	struct ktm_tm_info info;
	int i;

	me->shared = mmap(NULL, sizeof(*me->shared), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (me->shared == MAP_FAILED || socketpair(AF_UNIX, SOCK_DGRAM, 0, me->market))
		return false;
	race->option = option;
	race->goal = option->ops / option->processes;
	if (race->goal > EPOCH)
		race->goal = EPOCH;
	me->index = option->processes;
	me->proc = &me->shared->proc[me->index];
	me->tm = tm->fd;
	me->dev = ktm_dev();
	me->shared->seed = driver_seed(option->seed, option->device ? 777 : 778);
	me->shared->durable = option->device;
	memcpy(me->shared->tm_uuid, tm->uuid, KTM_UUID_SIZE);
	for (i = 0; i < R_RMS; i++)
		random_uuid(me->shared->rm_uuid[i]);
	if (tm_info(tm, &info))
		return false;
	race->user_objects = info.user_objects;
	return true;
}

static void tell_results(const struct race *race)
{
	int i, error;

	for (i = 0; r_call_name(i); i++) {
		printf("#   %-20s", r_call_name(i));
		for (error = 0; error < R_ERRNOS; error++)
			if (race->results[i][error])
				printf(" %s %llu", error ? strerrorname_np(error) : "ok",
				       race->results[i][error]);
		printf("\n");
	}
}

static void tell(const struct race *race, __u32 epochs, __u64 begin)
{
	__u64 ns = now_ns() - begin;

	printf("# %s, seed %llu, %d processes: %llu operations in %llu ms, %llu a second,\n",
	       race->option->kind, race->option->seed, race->option->processes, race->sum,
	       ns / MSEC, race->sum * 1000 * MSEC / (ns | 1));
	printf("#   %u epochs, %llu killed, %llu fds passed; %llu committed, %llu rolled back, ",
	       epochs, race->kills, race->passed, race->outcomes[0], race->outcomes[1]);
	printf("%llu in doubt; %u violations\n", race->outcomes[2],
	       atomic_load(&race->me.shared->violations));
}

bool race_run(const struct options *option, struct tm_handle *tm)
{
	static struct race race;
	__u64 begin = now_ns(), last = begin, now;
	__u32 epochs = 0;
	bool good;

	memset(&race, 0, sizeof(race));
	if (!prepare(&race, option, tm))
		return false;
	do {
		good = run_epoch(&race, epochs++);
		now = now_ns();
		if (now - last > PROGRESS_MS * MSEC) {
			tell(&race, epochs, begin);
			fflush(stdout);
			last = now;
		}
	} while (good && race.sum < option->ops &&
		 !(option->seconds && now - begin > option->seconds * 1000 * MSEC));
	tell(&race, epochs, begin);
	tell_results(&race);
	fflush(stdout);
	close(race.me.market[0]);
	close(race.me.market[1]);
	close(race.me.dev);
	munmap(race.me.shared, sizeof(*race.me.shared));
	return good;
}
