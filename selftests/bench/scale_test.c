// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - cost and memory with many open transactions
 *
 * Opens ever more transactions on a volatile TM, each with one enlistment, and keeps
 * them. At each tenfold number it measures, on top of those, how long a create, a
 * look-up by UUID, an enlistment and a commit take, and what the slab caches have
 * grown by. Only ratios within a run and bytes are judged: times are the machine's.
 */
#include <getopt.h>
#include <sched.h>
#include <sys/resource.h>

#include "../ktm/ktm_harness.h"
#include "report.h"

#define SAMPLES		1000	/* calls of each kind, at each number */
#define BATCH		20	/* of which one time is taken; the median counts */
#define BYTES_MAX	1024	/* of slab, beside what belongs to struct file */
#define RATIO_MAX	3	/* most : fewest, of the median */
#define CACHES_MAX	512
#define STEPS_MAX	8
#define SLABINFO	"%63s %*u %lu %lu %lu %lu : tunables %*u %*u %*u : slabdata %*u %lu"

enum cost { CREATE, LOOKUP, ENLIST, COMMIT, COSTS };

static const char * const cost_names[] = { "create", "look-up", "enlist", "commit" };

struct cache {
	char name[64];
	double bytes;
};

struct caches {
	struct cache cache[CACHES_MAX];
	int nr;
	double slab;		/* of /proc/meminfo, bytes */
};

struct step {
	__u64 open;
	double cost[COSTS];	/* median, us */
	double bytes[3];	/* a transaction: all, files, the rest */
};

struct open_tx {
	struct tx_handle tx;
	struct en_handle en;
};

static struct tm_handle tm;
static struct rm_handle rm;

static bool write_number(const char *path, __u64 value)
{
	FILE *file = fopen(path, "w");
	bool good = file && fprintf(file, "%llu", value) > 0;

	if (file && fclose(file))
		good = false;
	return good;
}

/* Two fds for each transaction, and the quota of the module */
static bool raise_limits(__u64 max)
{
	struct rlimit limit = { .rlim_cur = 2 * max + 10000, .rlim_max = 2 * max + 10000 };

	return write_number("/proc/sys/fs/nr_open", limit.rlim_max) &&
	       write_number("/proc/sys/fs/file-max", 2 * limit.rlim_max) &&
	       write_number("/sys/module/ktm/parameters/max_user_objects", 4 * max + 10000) &&
	       !setrlimit(RLIMIT_NOFILE, &limit);
}

static void read_caches(struct caches *caches)
{
	unsigned long objects, size, per_slab, pages, slabs;
	FILE *file = fopen("/proc/slabinfo", "r");
	char line[512];

	memset(caches, 0, sizeof(*caches));
	while (file && fgets(line, sizeof(line), file) && caches->nr < CACHES_MAX) {
		struct cache *cache = &caches->cache[caches->nr];

		if (sscanf(line, SLABINFO, cache->name, &objects, &size, &per_slab, &pages,
			   &slabs) != 6)
			continue;
		cache->bytes = (double)slabs * pages * sysconf(_SC_PAGESIZE);
		caches->nr++;
	}
	if (file)
		fclose(file);
	file = fopen("/proc/meminfo", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Slab: %lu kB", &objects) == 1)
			caches->slab = objects * 1024.0;
	if (file)
		fclose(file);
}

/* What the kernel keeps for a fd of any kind */
static bool is_files(const char *name)
{
	return !strcmp(name, "filp") || !strcmp(name, "dentry") ||
	       !strcmp(name, "lsm_file_cache");
}

static double find_cache(const struct caches *caches, const char *name)
{
	int i;

	for (i = 0; i < caches->nr; i++)
		if (!strcmp(caches->cache[i].name, name))
			return caches->cache[i].bytes;
	return 0;
}

static void tell_memory(struct step *step, const struct caches *before,
			const struct caches *after)
{
	double each;
	int i;

	step->bytes[0] = (after->slab - before->slab) / step->open;
	step->bytes[1] = 0;
	printf("# slab with %llu open: %.0f bytes for each;", step->open, step->bytes[0]);
	for (i = 0; i < after->nr; i++) {
		each = (after->cache[i].bytes -
			find_cache(before, after->cache[i].name)) / step->open;
		if (each >= 2)
			printf(" %s %.0f", after->cache[i].name, each);
		if (is_files(after->cache[i].name))
			step->bytes[1] += each;
	}
	step->bytes[2] = step->bytes[0] - step->bytes[1];
	printf("\n");
	fflush(stdout);
}

static void begin(struct open_tx *one)
{
	must("create", tx_begin(&tm, &one->tx, 0));
}

static void look_up(struct open_tx *one)
{
	struct ktm_open open = { .size = sizeof(open) };

	memcpy(open.uuid, one->tx.info.uuid, KTM_UUID_SIZE);
	must("look up", ktm_call(tm.fd, KTM_IOC_TX_OPEN, &open));
	close(open.out_fd);
}

static void enlist(struct open_tx *one)
{
	must("enlist", en_make(&rm, &one->tx, &one->en, 1, KTM_EN_F_SINGLE_PHASE));
}

/* From the client's call to the outcome, with what the RM does in between */
static void commit_one(struct open_tx *one)
{
	struct ktm_notification note;
	int ret = commit_nowait(&one->tx);

	if (ret != -EINPROGRESS)
		give_up("ask for the outcome", ret);
	if (read(rm.fd, &note, sizeof(note)) != sizeof(note))
		give_up("read", -errno);
	must("commit complete", commit_complete(&one->en));
	must("wait for the outcome", commit_wait(&one->tx));
}

static void (* const calls[])(struct open_tx *one) = { begin, look_up, enlist, commit_one };

static void measure(struct step *step)
{
	static struct open_tx some[SAMPLES];
	double times[SAMPLES / BATCH];
	__u64 start = 0;
	int kind, i;

	for (kind = 0; kind < COSTS; kind++) {
		for (i = 0; i < SAMPLES; i++) {
			if (i % BATCH == 0)
				start = now_ns();
			calls[kind](&some[i]);
			if (i % BATCH == BATCH - 1)
				times[i / BATCH] = (now_ns() - start) / 1000.0 / BATCH;
		}
		step->cost[kind] = median(times, SAMPLES / BATCH);
	}
	for (i = 0; i < SAMPLES; i++) {
		close(some[i].en.fd);
		close(some[i].tx.fd);
	}
}

/* It puts red zones around what it allocates. */
static bool is_debug_kernel(void)
{
	FILE *file = fopen("/sys/kernel/slab/kmalloc-512/red_zone", "r");
	bool debug = file && fgetc(file) == '1';

	if (file)
		fclose(file);
	return debug || !access("/sys/kernel/debug/kmemleak", F_OK);
}

static void judge(const struct step *steps, int nr)
{
	const struct step *last = &steps[nr - 1];
	char what[128];
	int i;

	printf("#\n# %10s %10s %10s %10s %10s | %8s %8s %8s\n", "open", "create", "look-up",
	       "enlist", "commit", "slab", "files", "ktm");
	for (i = 0; i < nr; i++)
		printf("# %10llu %7.1f us %7.1f us %7.1f us %7.1f us | %6.0f B %6.0f B %6.0f B\n",
		       steps[i].open, steps[i].cost[0], steps[i].cost[1], steps[i].cost[2],
		       steps[i].cost[3], steps[i].bytes[0], steps[i].bytes[1],
		       steps[i].bytes[2]);
	printf("#\n");
	for (i = 0; i < COSTS; i++) {
		snprintf(what, sizeof(what), "%s: %.2f times the cost with %llu open as with %llu",
			 cost_names[i], last->cost[i] / steps[0].cost[i], last->open,
			 steps[0].open);
		result(last->cost[i] <= RATIO_MAX * steps[0].cost[i], what);
	}
	snprintf(what, sizeof(what), "%.0f bytes beside files for a transaction with an enlistment",
		 last->bytes[2]);
	if (is_debug_kernel())
		skip("a debug kernel", what);
	else
		result(last->bytes[2] <= BYTES_MAX, what);
}

static void tell_options(FILE *out)
{
	fprintf(out,
		"Usage: scale_test [--max N] [--help]\n"
		"  --max N   open as many transactions, 1000 to 10 million (default: variable\n"
		"            KTM_SCALE_MAX, else 10000)\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "max", required_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	static struct caches before, after;
	static struct step steps[STEPS_MAX];
	__u64 max = 10000, target, open = 0;
	struct open_tx one;
	int c, nr = 0;

	if (getenv("KTM_SCALE_MAX"))
		max = strtoull(getenv("KTM_SCALE_MAX"), NULL, 0);

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'm')
			max = strtoull(optarg, NULL, 0);
		else
			tell_options(c == 'h' ? stdout : stderr);
		if (c != 'm')
			return c == 'h' ? 0 : 2;
	}
	if (max < 1000 || max > 10000000) {
		tell_options(stderr);
		return 2;
	}
	printf("TAP version 13\n# %llu transactions\n", max);
	if (!raise_limits(max)) {
		printf("1..0 # SKIP the limits cannot be raised\n");
		return 4;
	}
	must("make a TM", tm_make(&tm, 0600));
	must("make an RM", rm_make(&tm, &rm, NULL, KTM_RM_F_VOLATILE));
	must("recover", rm_recover(&rm));
	if (*note_differs(&rm, KTM_NOTIFY_LAST_RECOVER, NULL))
		give_up("recover", -EBADMSG);
	/* caches and tables fill up first */
	measure(&steps[0]);
	usleep(100000);
	read_caches(&before);
	for (target = 1000; target <= max && nr < STEPS_MAX; target *= 10) {
		for (; open < target; open++) {
			begin(&one);
			enlist(&one);
		}
		steps[nr].open = open;
		read_caches(&after);
		tell_memory(&steps[nr], &before, &after);
		measure(&steps[nr++]);
	}
	judge(steps, nr);
	return report();
}
