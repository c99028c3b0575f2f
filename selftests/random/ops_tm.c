// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - random operations on transaction managers: freeze, thaw, list
 */
#include "ops.h"

/* One that is waited for; NOBODY: a freeze is reached at once. */
static int busy_tx(struct driver *d)
{
	int i;

	for (i = 0; i < M_TXS; i++)
		if (d->model.tx[i].used && m_busy(&d->model.tx[i]))
			return i;
	return NOBODY;
}

static bool names_busy(struct driver *d, const __u8 *uuid)
{
	int i;

	for (i = 0; i < M_TXS; i++)
		if (d->model.tx[i].used && m_busy(&d->model.tx[i]) &&
		    !memcmp(d->tx[i].uuid, uuid, KTM_UUID_SIZE))
			return true;
	return false;
}

static void d_freeze(struct driver *d, int fd, __u64 reach, __u64 hold, enum m_freeze after)
{
	int busy = busy_tx(d), want = 0, got;
	__u8 uuid[KTM_UUID_SIZE];
	__u64 now = now_ns();

	if (d->model.freeze == M_FROZEN)
		want = -EBUSY;
	else if (busy >= 0)
		want = -ETIMEDOUT;
	got = freeze_at(fd, now + reach, now + hold, uuid);
	/* a machine that is slow */
	if (got == -ETIMEDOUT && !want && now_ns() > now + reach) {
		d->model.freeze = M_THAWED;
		return;
	}
	d_agree(d, got, want);
	/* none, if the time was over before it looked */
	if (want == -ETIMEDOUT && memcmp(uuid, d->no_uuid, KTM_UUID_SIZE) &&
	    !names_busy(d, uuid))
		d_differ(d, "freeze names a transaction that is not waited for");
	if (!want)
		d->model.freeze = after;
	else if (want == -ETIMEDOUT && fd == d->tm)
		d->model.freeze = M_THAWED;	/* what was before is forgotten */
}

/*
 * One that stays until it is thawed, one that is over at once, or one that ends with
 * the fd. Only where nobody else uses the TM.
 */
void op_freeze(struct driver *d)
{
	bool busy = busy_tx(d) >= 0;
	enum m_freeze was = d->model.freeze;
	struct pollfd pollfd = { .fd = d->tm, .events = POLLOUT };
	__u64 now = now_ns();

	if (!d->alone)
		return;
	d_note(d, "freeze", NOBODY, NOBODY, NOBODY);
	switch (d_random(d, 16)) {
	case 0:
		d_agree(d, freeze_at(d->tm, now + LONG, now + LONG, NULL), -EINVAL);
		break;
	case 1:
		d_agree(d, freeze_at(d->tm, now + LONG, now + KTM_FREEZE_MAX_NS + LONG, NULL),
			-EINVAL);
		break;
	case 2:
		/* its own end: not before it is reached, so there must be time enough */
		if (busy || was == M_FROZEN)
			break;
		d_freeze(d, d->tm, 100 * MSEC, 101 * MSEC, M_EXPIRED);
		if (poll(&pollfd, 1, PATIENCE) != 1)
			d_differ(d, "the TM does not thaw in time");
		break;
	case 3:
	case 4:
		if (was == M_FROZEN)
			break;
		d_freeze(d, d->other_tm, busy ? MSEC : LONG, 2 * LONG, was);
		close(d->other_tm);
		d->other_tm = d_open_tm(d);
		d_agree(d, d->other_tm < 0 ? d->other_tm : 0, 0);
		break;
	default:
		d_freeze(d, d->tm, busy ? MSEC : LONG, 2 * LONG, M_FROZEN);
	}
}

static const int thawed[] = {
	[M_THAWED] = -EPROTO,
	[M_FROZEN] = 0,
	[M_EXPIRED] = -ETIMEDOUT,
	[M_THAWED_BY_OTHER] = -ECANCELED,
};

void d_thaw(struct driver *d)
{
	d_note(d, "thaw", NOBODY, NOBODY, NOBODY);
	d_agree(d, thaw(d->tm), thawed[d->model.freeze]);
	d->model.freeze = M_THAWED;
}

void op_thaw(struct driver *d)
{
	bool frozen = d->model.freeze == M_FROZEN;

	if (!d->alone)
		return;
	if (d_random(d, 4)) {
		d_thaw(d);
		return;
	}
	d_note(d, "thaw on another fd", NOBODY, NOBODY, NOBODY);
	d_agree(d, thaw(d->other_tm), frozen ? 0 : -EPROTO);
	if (frozen)
		d->model.freeze = M_THAWED_BY_OTHER;
}

static bool is_in_use(const struct driver *d)
{
	int i;

	for (i = 0; i < M_RMS; i++)
		if (d->model.rm[i].state != KTM_RM_S_GONE)
			return true;
	return m_active(&d->model) || d->model.freeze == M_FROZEN;
}

/* A detach that must be refused, and what only a TM that recovers may do */
void op_detach(struct driver *d)
{
	struct ktm_tm_rollforward roll = { .size = sizeof(roll), .clock = 1 };
	struct ktm_tm_recover recover = { .size = sizeof(recover) };
	struct ktm_simple arg = { .size = sizeof(arg) };

	d_note(d, "detach", NOBODY, NOBODY, NOBODY);
	if (!d->model.durable)
		d_agree(d, ktm_call(d->tm, KTM_IOC_TM_DETACH, &arg), -EINVAL);
	else if (is_in_use(d))
		d_agree(d, ktm_call(d->tm, KTM_IOC_TM_DETACH, &arg), -EBUSY);
	d_note(d, "rollforward", NOBODY, NOBODY, NOBODY);
	d_agree(d, ktm_call(d->tm, KTM_IOC_TM_ROLLFORWARD, &roll),
		d->model.durable ? -EALREADY : -EINVAL);
	d_note(d, "recover", NOBODY, NOBODY, NOBODY);
	d_agree(d, ktm_call(d->tm, KTM_IOC_TM_RECOVER, &recover),
		d->model.durable ? -EALREADY : -EINVAL);
}

/* How often a list names an object: more than once is wrong for all of them. */
static int listed(struct driver *d, struct handle file, unsigned int cmd, const __u8 *uuid)
{
	__u8 uuids[8][KTM_UUID_SIZE];
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids };
	int found = 0;
	__u32 i;

	/* the array is in our process */
	if (file.away)
		return -1;
	do {
		list.count = ARRAY_LEN(uuids);
		d_agree(d, ktm_call(file.fd, cmd, &list), 0);
		for (i = 0; i < list.count; i++)
			found += !memcmp(uuids[i], uuid, KTM_UUID_SIZE);
	} while (list.count);
	return found;
}

static void check_listed(struct driver *d, struct handle file, unsigned int cmd,
			 const __u8 *uuid, int want)
{
	int found = listed(d, file, cmd, uuid);

	if (found >= 0)
		d_number(d, "times that it is listed", found, want);
}

static void list_enlistments(struct driver *d)
{
	struct ktm_en_info info = { .size = sizeof(info) };
	int tx, en, want, at, rm;
	struct m_en *model;

	if (!pick_en(d, &tx, &en))
		return;
	model = &d->model.tx[tx].en[en];
	want = model->state != KTM_EN_S_DONE;
	d_note(d, "list", tx, en, NOBODY);
	check_listed(d, (struct handle){ .fd = d->tm }, KTM_IOC_EN_LIST, d->en[tx][en].uuid,
		     want);
	at = d_tx_file(d, tx);
	if (at >= 0)
		check_listed(d, d->tx[tx].file[at], KTM_IOC_EN_LIST, d->en[tx][en].uuid, want);
	rm = d_random(d, M_RMS);
	if (d->rm[rm].file.fd >= 0)
		check_listed(d, d->rm[rm].file, KTM_IOC_EN_LIST, d->en[tx][en].uuid,
			     want && model->rm == &d->model.rm[rm]);
	d_note(d, "en_info", tx, en, NOBODY);
	memcpy(info.uuid, d->en[tx][en].uuid, KTM_UUID_SIZE);
	d_agree(d, ktm_call(d->tm, KTM_IOC_EN_INFO, &info), 0);
	/* the key is the RM's secret */
	d_check_en_info(d, tx, en, &info, 0);
}

void op_list(struct driver *d)
{
	struct handle tm = { .fd = d->tm }, dev = { .fd = ktm_dev() };
	int tx = pick_tx(d), rm = pick_rm(d);

	d_note(d, "list", NOBODY, NOBODY, NOBODY);
	check_listed(d, dev, KTM_IOC_TM_LIST, d->tm_uuid, 1);
	close(dev.fd);
	if (tx >= 0 && m_tx_exists(&d->model, &d->model.tx[tx])) {
		d_note(d, "list", tx, NOBODY, NOBODY);
		check_listed(d, tm, KTM_IOC_TX_LIST, d->tx[tx].uuid, 1);
	}
	if (rm >= 0) {
		d_note(d, "list", NOBODY, NOBODY, rm);
		check_listed(d, tm, KTM_IOC_RM_LIST, d->rm[rm].uuid, 1);
	}
	list_enlistments(d);
}

/* An fd to look at it: it makes no life last */
void op_rm_open(struct driver *d)
{
	struct ktm_simple simple = { .size = sizeof(simple) };
	struct ktm_rm_info info = { .size = sizeof(info) };
	struct ktm_open open = { .size = sizeof(open) };
	struct handle file, tm = some_tm(d);
	struct ktm_notification note;
	int rm = d_random(d, M_RMS);

	/* gone, it exists as long as somebody knows it */
	if (d->model.rm[rm].state == KTM_RM_S_GONE && !m_rm_nr(&d->model, &d->model.rm[rm]))
		return;
	d_note(d, "rm_info of the TM", NOBODY, NOBODY, rm);
	memcpy(info.uuid, d->rm[rm].uuid, KTM_UUID_SIZE);
	memcpy(open.uuid, d->rm[rm].uuid, KTM_UUID_SIZE);
	d_agree(d, CALL(d, tm, KTM_IOC_RM_INFO, &info), 0);
	d_check_rm_info(d, rm, &info);
	d_note(d, "rm_open", NOBODY, NOBODY, rm);
	d_agree(d, CALL(d, tm, KTM_IOC_RM_OPEN, &open), 0);
	file = (struct handle){ .fd = open.out_fd, .away = tm.away };
	memset(info.uuid, 0, KTM_UUID_SIZE);
	info.flags = 0;
	d_agree(d, CALL(d, file, KTM_IOC_RM_INFO, &info), 0);
	d_check_rm_info(d, rm, &info);
	d_agree(d, CALL(d, file, KTM_IOC_RM_RECOVER, &simple), -EPERM);
	d_agree(d, remote_read(&d->remote, file, &note, sizeof(note)), -EPERM);
	close_file(d, &file);
}
