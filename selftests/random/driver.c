// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - one process of the random test: the kernel against the model
 */
#include "driver.h"

__u64 d_random(struct driver *d, __u64 below)
{
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return below ? (d->random >> 11) % below : d->random;
}

/* splitmix: processes with seeds that are near have numbers that are not */
__u64 driver_seed(__u64 seed, int index)
{
	seed += (index + 1) * 0x9e3779b97f4a7c15ULL;
	seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9ULL;
	seed = (seed ^ (seed >> 27)) * 0x94d049bb133111ebULL;
	return (seed ^ (seed >> 31)) | 1;
}

int d_tx_file(struct driver *d, int tx)
{
	int i, at = d_random(d, TX_FILES);

	for (i = 0; i < TX_FILES; i++, at = (at + 1) % TX_FILES)
		if (d->tx[tx].file[at].fd >= 0)
			return at;
	return -1;
}

/* By a fd of its own, so that it can be asked when no other is open. */
int d_query_tx(struct driver *d, int tx, struct ktm_tx_info *info)
{
	struct ktm_open open = { .size = sizeof(open) };
	int ret;

	memcpy(open.uuid, d->tx[tx].uuid, KTM_UUID_SIZE);
	ret = ktm_call(d->tm, KTM_IOC_TX_OPEN, &open);
	if (ret)
		return ret;
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	ret = ktm_call(open.out_fd, KTM_IOC_TX_INFO, info);
	close(open.out_fd);
	return ret;
}

static bool is_on_its_way(__u32 state)
{
	return state == KTM_TX_S_DECIDING || state == KTM_TX_S_PROMISING;
}

/* A decision that goes to the log takes a while. */
void d_settle(struct driver *d)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;
	struct ktm_tx_info info;
	int i;

	for (i = 0; i < M_TXS; i++) {
		if (!d->model.tx[i].used || !d->model.tx[i].decided)
			continue;
		while (!d_query_tx(d, i, &info) && is_on_its_way(info.state)) {
			if (now_ns() > limit) {
				d_note(d, "wait for the decision", i, -1, -1);
				d_differ(d, "no decision comes");
			}
			usleep(100);
		}
		d->model.tx[i].decided = false;
	}
}

/*
 * Until the call of the other process has done its part, which it does at once if it
 * does anything. If it only waits, nobody can tell that it does.
 */
void d_await_begin(struct driver *d, int tx, bool commit)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;
	struct m_tx *m = &d->model.tx[tx];
	struct ktm_tx_info info;
	bool begins = commit ? m->state == KTM_TX_S_ACTIVE : m_may_abort(m);

	if (commit && d->model.freeze == M_FROZEN)
		d_thaw(d);
	while (begins && !d_query_tx(d, tx, &info) && info.state == m->state) {
		if (now_ns() > limit)
			d_differ(d, "%s, and nothing happens", d->now.what);
		usleep(20);
	}
}

/* Nobody knows it any more. The kernel may have to write its end first. */
static void check_gone(struct driver *d, int tx)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;
	struct ktm_tx_info info;
	int got;

	d_note(d, "is it gone", tx, -1, -1);
	while (!(got = d_query_tx(d, tx, &info)) && now_ns() < limit)
		usleep(100);
	d_agree(d, got, -ENOENT);
}

/* Slots of transactions that have ended and have no fd are free again. */
void d_reap(struct driver *d)
{
	int i;

	for (i = 0; i < M_TXS; i++) {
		if (!d->model.tx[i].used || m_tx_exists(&d->model, &d->model.tx[i]))
			continue;
		/* frozen, a durable TM does not let it go */
		if (d->model.freeze != M_FROZEN && !d_random(d, 2))
			check_gone(d, i);
		d->model.tx[i].used = false;
	}
}

void driver_init(struct driver *d, int index, __u64 seed, bool durable,
		 struct tally *tally)
{
	int i, k, n;

	memset(d, 0, sizeof(*d));
	d->index = index;
	d->tally = tally;
	d->random = driver_seed(seed, index);
	d->model.durable = durable;
	for (i = 0; i < M_RMS; i++) {
		d->model.rm[i].state = KTM_RM_S_GONE;
		d->model.rm[i].durable = durable && i % 4 != 3;
		d->rm[i].file.fd = -1;
		random_uuid(d->rm[i].uuid);
	}
	for (i = 0; i < M_TXS; i++) {
		for (k = 0; k < TX_FILES; k++)
			d->tx[i].file[k].fd = -1;
		for (k = 0; k < M_ENS; k++)
			for (n = 0; n < EN_FILES; n++)
				d->en[i][k].file[n].fd = -1;
	}
}

/* Volatile, and seen by nobody else */
static int own_tm(struct driver *d)
{
	struct tm_handle tm;
	int ret = tm_make(&tm, 0600);

	memcpy(d->tm_uuid, tm.uuid, KTM_UUID_SIZE);
	d->tm = tm.fd;
	return ret;
}

int d_open_tm(struct driver *d)
{
	struct ktm_open open = { .size = sizeof(open) };
	int dev = ktm_dev(), ret;

	memcpy(open.uuid, d->tm_uuid, KTM_UUID_SIZE);
	ret = ktm_call(dev, KTM_IOC_TM_OPEN, &open);
	close(dev);
	return ret ? ret : open.out_fd;
}

void driver_open(struct driver *d, const __u8 *tm_uuid)
{
	struct ktm_tm_info info = { .size = sizeof(info) };

	d_note(d, "tm_open", -1, -1, -1);
	if (tm_uuid) {
		memcpy(d->tm_uuid, tm_uuid, KTM_UUID_SIZE);
		d->tm = d_open_tm(d);
		d_agree(d, d->tm < 0 ? d->tm : 0, 0);
	} else {
		d_agree(d, own_tm(d), 0);
	}
	d->other_tm = d_open_tm(d);
	d_agree(d, d->other_tm < 0 ? d->other_tm : 0, 0);
	d_agree(d, ktm_call(d->tm, KTM_IOC_TM_INFO, &info), 0);
	if (tm_uuid && info.clock < d->model.clock)
		d_differ(d, "the clock goes back");
	d->model.clock = info.clock;
	if (!tm_uuid) {
		d->model.committed = 0;
		d->model.aborted = 0;
	}
	remote_start(&d->remote, d->tm);
	d_callers_start(d);
}

void driver_reattached(struct driver *d)
{
	int i;

	m_reattach(&d->model);
	/* whoever began them is known in memory only */
	for (i = 0; i < M_TXS; i++)
		d->tx[i].owner = 0;
}

__u64 d_clock(struct driver *d)
{
	switch (d_random(d, 20)) {
	case 0:
		return d->model.clock + d_random(d, 1000);
	case 1:
		return d_random(d, d->model.clock);
	case 2:
		return KTM_CLOCK_MAX + 1 + d_random(d, 1000);
	}
	return 0;
}

void d_saw_clock(struct driver *d, __u64 clock)
{
	if (d->alone)
		d_number(d, "clock", clock, d->model.clock);
	else if (clock < d->model.clock)
		d_differ(d, "%s: the clock is %llu, and was %llu", d->now.what, clock,
			 d->model.clock);
	d->model.clock = clock;
}
