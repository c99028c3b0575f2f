// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - durable commits per second, beside what the device can do
 *
 * In turns, on the same device: fio writes 4 KiB and flushes, one request at a time;
 * one client commits; fio again; 32 clients commit. A commit is that of a user-mode
 * RM in the client's own thread: begin, enlist, one redo record, prepare, commit, all
 * of it in two phases, by as few calls as that takes: what the harness adds in order to
 * look at the answers would be counted. Each round gives ratios to the mean of the two
 * fio runs around it, and the median of the rounds counts.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>

#include "../ktm/ktm_log.h"
#include "report.h"

#define ROUNDS		3
#define CLIENTS		32
#define RECORD		64	/* bytes of redo in each transaction */
#define ONE_MIN		0.9	/* commits of one client : requests of fio */
#define ALL_MIN		8.0	/* commits of all clients : requests of fio */
#define FIO_IOPS	49	/* the field of its terse output, from 1: writes per second */

struct rate {
	double commits;		/* per second */
	double joined;		/* per flush */
	double bytes;		/* written to the log, per commit */
};

struct client {
	pthread_t thread;
	struct rm_handle rm;
	__u64 commits;
	int ret;
};

static struct tm_handle tm;
static atomic_bool stop;

static int expect(const struct rm_handle *rm, __u32 type)
{
	struct ktm_notification note;

	if (read(rm->fd, &note, sizeof(note)) != sizeof(note))
		return -errno;
	return note.type == type ? 0 : -EBADMSG;
}

static int commit_one(const struct rm_handle *rm)
{
	struct ktm_tx_create begin = { .size = sizeof(begin) };
	struct ktm_en_create enlist = { .size = sizeof(enlist), .key = 1 };
	static const char data[RECORD];
	struct tx_handle tx;
	struct en_handle en;
	int ret;

	ret = ktm_call(tm.fd, KTM_IOC_TX_CREATE, &begin);
	if (ret)
		return ret;
	tx.fd = begin.out_fd;
	enlist.tx_fd = tx.fd;
	ret = ktm_call(rm->fd, KTM_IOC_EN_CREATE, &enlist);
	if (!ret) {
		en.fd = enlist.out_fd;
		ret = en_log(&en, data, sizeof(data), NULL);
		if (!ret && commit_nowait(&tx) != -EINPROGRESS)
			ret = -EBADMSG;
		ret = ret ?: expect(rm, KTM_NOTIFY_PREPARE) ?: prepare_complete(&en) ?:
		      expect(rm, KTM_NOTIFY_COMMIT) ?: commit_complete(&en) ?:
		      commit_wait(&tx);
		close(en.fd);
	}
	close(tx.fd);
	return ret;
}

static void *commit_on(void *arg)
{
	struct client *self = arg;

	while (!stop && !self->ret) {
		self->ret = commit_one(&self->rm);
		self->commits += !self->ret;
	}
	return NULL;
}

static struct rate commit_rate(const char *path, int clients, unsigned int seconds)
{
	struct ktm_tm_info before, after;
	struct client client[CLIENTS];
	__u8 uuid[KTM_UUID_SIZE];
	double commits = 0, flushes;
	__u64 start;
	int i;

	memset(client, 0, sizeof(client));
	must("format", log_format(path, 0, uuid));
	must("attach", tm_attach(path, uuid, &tm, NULL));
	for (i = 0; i < clients; i++) {
		must("make an RM", rm_start(&tm, &client[i].rm, NULL));
		/* it waits in read() */
		fcntl(client[i].rm.fd, F_SETFL, 0);
		must("commit", commit_one(&client[i].rm));
	}
	must("info", tm_info(&tm, &before));
	stop = false;
	start = now_ns();
	for (i = 0; i < clients; i++)
		must("start", -pthread_create(&client[i].thread, NULL, commit_on, &client[i]));
	sleep(seconds);
	stop = true;
	for (i = 0; i < clients; i++) {
		must("join", -pthread_join(client[i].thread, NULL));
		must("commit", client[i].ret);
		commits += client[i].commits;
	}
	start = now_ns() - start;
	must("info", tm_info(&tm, &after));
	flushes = after.log_flushes - before.log_flushes;
	for (i = 0; i < clients; i++)
		close(client[i].rm.fd);
	must("detach", tm_detach(&tm));
	close(tm.fd);
	return (struct rate){
		.commits = commits * 1e9 / start,
		.joined = commits / flushes,
		.bytes = (after.log_bytes - before.log_bytes) / commits,
	};
}

static double fio_rate(const char *path, unsigned int seconds)
{
	static const char options[] =
		"--rw=write --bs=4k --ioengine=sync --direct=1 --fdatasync=1 --size=16m --minimal";
	char command[512], line[8192] = "", *at = line, *field = NULL;
	FILE *pipe;
	int i;

	snprintf(command, sizeof(command),
		 "fio --name=raw --filename=%s --time_based --runtime=%u %s", path, seconds,
		 options);
	pipe = popen(command, "r");
	if (!pipe || !fgets(line, sizeof(line), pipe) || pclose(pipe))
		give_up("fio", -EIO);
	for (i = 0; i < FIO_IOPS; i++)
		field = strsep(&at, ";");
	if (!field || atof(field) <= 0)
		give_up("fio", -EBADMSG);
	return atof(field);
}

static void judge(double *one, double *all)
{
	double ratio = median(one, ROUNDS);
	char what[128];

	snprintf(what, sizeof(what), "one client: %.2f times the rate of fio, at least %.1f",
		 ratio, ONE_MIN);
	result(ratio >= ONE_MIN, what);
	ratio = median(all, ROUNDS);
	snprintf(what, sizeof(what), "%d clients: %.2f times the rate of fio, at least %.1f",
		 CLIENTS, ratio, ALL_MIN);
	result(ratio >= ALL_MIN, what);
}

static void tell_options(FILE *out)
{
	fprintf(out,
		"Usage: commit_test [--seconds N] [--help]\n"
		"Measures on the device $KTM_RAW_DEV, whose contents are lost.\n"
		"  --seconds N   how long each of the four parts of a round takes (default 4)\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char *path = log_device("KTM_RAW_DEV");
	double one[ROUNDS], all[ROUNDS], raw[3];
	unsigned int seconds = 4;
	struct rate rate[2];
	int c, i;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 's')
			seconds = strtoul(optarg, NULL, 0);
		else
			tell_options(c == 'h' ? stdout : stderr);
		if (c != 's')
			return c == 'h' ? 0 : 2;
	}
	printf("TAP version 13\n");
	if (!path || system("fio --version > /dev/null 2>&1")) {
		printf("1..0 # SKIP %s\n", path ? "no fio" : "no KTM_RAW_DEV");
		return 4;
	}
	printf("# %5s %9s %9s %9s %9s | %9s %9s %9s\n", "round", "fio/s", "1 client", "fio/s",
	       "32 cl.", "fio/s", "c./flush", "B/commit");
	raw[2] = fio_rate(path, seconds);
	for (i = 0; i < ROUNDS; i++) {
		raw[0] = raw[2];
		rate[0] = commit_rate(path, 1, seconds);
		raw[1] = fio_rate(path, seconds);
		rate[1] = commit_rate(path, CLIENTS, seconds);
		raw[2] = fio_rate(path, seconds);
		one[i] = rate[0].commits / ((raw[0] + raw[1]) / 2);
		all[i] = rate[1].commits / ((raw[1] + raw[2]) / 2);
		printf("# %5d %9.0f %9.0f %9.0f %9.0f | %9.0f %9.2f %9.0f\n", i + 1, raw[0],
		       rate[0].commits, raw[1], rate[1].commits, raw[2], rate[1].joined,
		       rate[0].bytes);
		fflush(stdout);
	}
	judge(one, all);
	return report();
}
