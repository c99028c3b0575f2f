// SPDX-License-Identifier: GPL-2.0
/*
 * enumerate: options and processes
 */
#include <getopt.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"
#include "enumerate.h"

static void add_result(struct result *sum, const struct result *part)
{
	sum->images += part->images;
	sum->prefixes += part->prefixes;
	sum->tears += part->tears;
	sum->subsets += part->subsets;
	sum->torn += part->torn;
	sum->records += part->records;
	sum->violations += part->violations;
}

static void start_job(struct run *run, unsigned int share, int pipe_fd)
{
	const struct result *result;

	if (fork())
		return;
	result = enumerate_share(run, share);
	fflush(stdout);
	if (write(pipe_fd, result, sizeof(*result)) != sizeof(*result))
		die("pipe", errno);
	_exit(0);
}

static void run_jobs(struct run *run, unsigned int jobs, struct result *sum)
{
	struct result part;
	unsigned int share;
	int fds[2], status;

	if (pipe(fds))
		die("pipe", errno);
	fflush(stdout);
	for (share = 0; share < jobs; share++)
		start_job(run, share, fds[1]);
	for (share = 0; share < jobs; share++) {
		if (wait(&status) < 0 || status)
			die("a process has failed", ECHILD);
		if (read(fds[0], &part, sizeof(part)) != sizeof(part))
			die("pipe", errno);
		add_result(sum, &part);
	}
}

static const char usage[] =
	"usage: enumerate [OPTION]... RECORDING\n"
	"Look at every image that a power cut may leave of the recorded log\n"
	"  --subsets N      all subsets of an epoch if that many at most (16384)\n"
	"  --random N       else so many random ones (10000)\n"
	"  --torn N         torn subsets of each epoch (100)\n"
	"  --tears N        tears of each write at most (1000)\n"
	"  --seed N         of what is random (1)\n"
	"  --jobs N         processes (1)\n"
	"  --sample N       write about so many images, evenly chosen ...\n"
	"  --into DIR       ... here\n"
	"  --only N         look at this image alone, and write it\n"
	"  --recovered DIR  it is the recording of recoveries of the images in DIR\n";

static struct options options = {
	.subsets = 16384, .random = 10000, .torn = 100, .tears = 1000,
	.seed = 1, .jobs = 1, .sample_dir = ".",
};

static const struct option long_options[] = {
	{ "subsets", required_argument, NULL, 0 },
	{ "random", required_argument, NULL, 1 },
	{ "torn", required_argument, NULL, 2 },
	{ "tears", required_argument, NULL, 3 },
	{ "seed", required_argument, NULL, 4 },
	{ "jobs", required_argument, NULL, 5 },
	{ "sample", required_argument, NULL, 6 },
	{ "only", required_argument, NULL, 7 },
	{ "into", required_argument, NULL, 'i' },
	{ "recovered", required_argument, NULL, 'r' },
	{ 0 }
};

/* In the order of their codes above. */
static unsigned long * const numbers[] = {
	&options.subsets, &options.random, &options.torn, &options.tears,
	&options.seed, &options.jobs, &options.sample, &options.only,
};

static bool parse_options(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (c == '?')
			return false;
		if (c == 'i')
			options.sample_dir = optarg;
		else if (c == 'r')
			options.recovered = optarg;
		else
			*numbers[c] = strtoul(optarg, NULL, 10);
	}
	return argc - optind == 1 && options.jobs;
}

int main(int argc, char **argv)
{
	struct result sum = { 0 };
	struct run *run;

	if (!parse_options(argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	run = enumerate_open(&options, argv[optind]);
	run_jobs(run, options.jobs, &sum);
	printf("# %lu prefixes, %lu tears, %lu subsets, %lu torn subsets; %lu records found\n",
	       sum.prefixes, sum.tears, sum.subsets, sum.torn, sum.records);
	printf("%lu images, %lu violations\n", sum.images, sum.violations);
	return sum.violations || !sum.images ? 1 : 0;
}
