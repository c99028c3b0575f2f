// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - a scenario, once with each of its fault points failing
 */
#include "fail_sweep.h"
#include "ktm_log.h"

#define NTH_MAX	400

int fail_list(struct objects *o, int fd, unsigned int cmd, __u32 nr)
{
	__u8 uuids[4][KTM_UUID_SIZE];
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids };
	int ret;

	ret = TRY(o, ({ list.cursor = 0; list.count = 4; ktm_call(fd, cmd, &list); }));
	return ret ?: list.count == nr ? 0 : -EBADMSG;
}

int fail_read_note_of(struct objects *o, const struct rm_handle *rm, __u32 type)
{
	struct ktm_notification note;
	int ret = TRY(o, read(rm->fd, &note, sizeof(note)) < 0 ? -errno : 0);

	return ret ?: note.type == type ? 0 : -EBADMSG;
}

static void close_fds(struct objects *o)
{
	int *fds[] = { &o->en.fd, &o->sup.fd, &o->tx.fd, &o->rm.fd, &o->boss.fd, &o->tm.fd,
		       &o->kernel_rm };
	size_t i;

	for (i = 0; i < ARRAY_LEN(fds); i++)
		if (*fds[i] > 0) {
			close(*fds[i]);
			*fds[i] = 0;
		}
}

/* TMs that the control node knows. */
static int count_tms(void)
{
	__u8 uuids[64][KTM_UUID_SIZE];
	struct ktm_list list = {
		.size = sizeof(list),
		.uuids = (uintptr_t)uuids,
		.count = ARRAY_LEN(uuids),
	};
	int dev = ktm_dev(), ret = ktm_call(dev, KTM_IOC_TM_LIST, &list);

	close(dev);
	return ret ? ret : list.count;
}

static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* 0 if that is so. */
static int check(bool good, const char *what, int nth, int ret)
{
	if (!good)
		fprintf(stderr, "# nth %d: %s: %s\n", nth, what, strerror(-ret));
	return !good;
}

static int run_once(const struct sweep *sweep, const struct scenario *s, int nth,
		    struct objects *o, bool *taken)
{
	__u8 uuid[KTM_UUID_SIZE];
	int ret = 0, bad = 0;

	if (s->durable)
		bad += check(!log_format(sweep->path, LOG_SMALL, uuid), "format", nth, 0);
	if (s->before)
		ret = s->before(o, sweep->path);
	bad += check(!ret, "before", nth, ret);
	set_nth(sweep->nth, nth);
	ret = s->run(o, sweep->path);
	*taken = fault_taken(sweep->nth);
	o->failed += !!ret;
	if (s->careful || !*taken)
		bad += check(!ret, "run", nth, ret);
	close_fds(o);
	if (s->durable)
		log_release();
	if (s->after) {
		ret = s->after(o, sweep->path);
		bad += check(!ret, "after", nth, ret);
	}
	close_fds(o);
	return bad;
}

int fail_sweep(struct sweep *sweep, const struct scenario *scenario)
{
	int nth, bad = 0, tms = count_tms(), next = next_fd();
	bool taken = true;

	for (nth = 1; taken && nth < NTH_MAX && !bad; nth++) {
		struct objects o = { };

		bad += run_once(sweep, scenario, nth, &o, &taken);
		sweep->failed += !!o.failed;
		/* the same objects and fds as before */
		bad += check(count_tms() == tms, "TMs are left", nth, 0);
		bad += check(next_fd() == next, "fds are left", nth, 0);
	}
	sweep->points = nth - 2;
	bad += check(bad || !taken, "there are more fault points", nth, 0);
	/* else nothing was tested */
	return bad + check(bad || sweep->failed > 0, "no fault had an effect", nth, 0);
}
