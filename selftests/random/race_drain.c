// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - racing processes: when all are gone, everything ends, and fits
 */
#include "race.h"

static void read_notes(struct racer *me, struct r_file *rm)
{
	struct ktm_notification notes[8];
	__u32 nth;
	ssize_t got;
	int i;

	while ((got = read(rm->fd, notes, sizeof(notes))) > 0)
		for (i = 0; i < got / sizeof(notes[0]); i++)
			r_note(me, rm->nth, &notes[i], &nth);
}

/* The next life of an RM whose last one may end just now */
static bool revive(struct racer *me, __u32 nth)
{
	struct ktm_rm_create arg = { .size = sizeof(arg), .name = "drain" };
	struct ktm_simple simple = { .size = sizeof(simple) };
	__u64 limit = now_ns() + PATIENCE * MSEC;
	struct r_file tm = { .fd = me->tm };
	int ret;

	if (!me->shared->durable || nth == R_RMS - 1)
		arg.flags = KTM_RM_F_VOLATILE;
	memcpy(arg.uuid, me->shared->rm_uuid[nth], KTM_UUID_SIZE);
	do {
		ret = r_call(me, &tm, 0, KTM_IOC_RM_CREATE, &arg);
		if (!ret)
			break;
		usleep(1000);
	} while (now_ns() < limit);
	if (ret) {
		r_violation(me, "an RM is there when all its fds are closed");
		return false;
	}
	me->rm[nth] = (struct r_file){ .fd = arg.out_fd, .nth = nth };
	fcntl(arg.out_fd, F_SETFL, O_NONBLOCK);
	r_call(me, &me->rm[nth], 0, KTM_IOC_RM_RECOVER, &simple);
	read_notes(me, &me->rm[nth]);
	return true;
}

/* A superior gives the order again that it may have given. */
static void order(struct racer *me, const struct r_file *en)
{
	if (atomic_load(&me->shared->en[en->nth].seen) & E_COMMIT_TRIED)
		r_answer(me, en, KTM_IOC_EN_COMMIT);
	else
		r_veto(me, en);
}

static void end_one(struct racer *me, struct r_file *rm, const __u8 *uuid)
{
	struct ktm_en_info info = { .size = sizeof(info) };
	struct r_file tm = { .fd = me->tm }, en;
	__u32 tx, nth;

	memcpy(info.uuid, uuid, KTM_UUID_SIZE);
	if (r_call(me, &tm, 0, KTM_IOC_EN_INFO, &info) ||
	    !r_tx_number(me->shared, info.tx, &tx))
		return;
	if (!r_find_en(me, tx, uuid, &nth)) {
		if (!r_new_en(me, tx, rm->nth, &nth))
			return;
		memcpy(me->shared->en[nth].uuid, uuid, KTM_UUID_SIZE);
	}
	if (r_en_open(me, rm, uuid, nth, &en))
		return;
	r_en_info(me, &en, &info);
	if (info.flags & KTM_EN_F_SUPERIOR) {
		if (info.state == KTM_EN_S_PREPARED)
			order(me, &en);
	} else if (info.state == KTM_EN_S_PREPARED || info.state == KTM_EN_S_COMMITTING) {
		r_answer(me, &en, KTM_IOC_EN_RECOVER);
		read_notes(me, rm);
		if (!r_en_info(me, &en, &info) && info.state == KTM_EN_S_COMMITTING)
			r_answer(me, &en, KTM_IOC_EN_COMMIT_COMPLETE);
	} else if (info.state == KTM_EN_S_ABORTING) {
		r_answer(me, &en, KTM_IOC_EN_ROLLBACK_COMPLETE);
	}
	close(en.fd);
}

/* Of an RM; how many there were */
static __u32 end_all(struct racer *me, struct r_file *rm)
{
	__u8 uuids[64][KTM_UUID_SIZE];
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids };
	__u32 sum = 0, i;

	do {
		list.count = ARRAY_LEN(uuids);
		if (r_call(me, rm, 0, KTM_IOC_EN_LIST, &list))
			break;
		for (i = 0; i < list.count; i++)
			end_one(me, rm, uuids[i]);
		sum += list.count;
	} while (list.count);
	read_notes(me, rm);
	return sum;
}

static void end_everything(struct racer *me)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;
	__u32 left, i;

	for (i = 0; i < R_RMS; i++)
		if (me->rm[i].fd < 0 && !revive(me, i))
			return;
	do {
		for (left = 0, i = 0; i < R_RMS; i++)
			left += end_all(me, &me->rm[i]);
	} while (left && now_ns() < limit && !atomic_load(&me->shared->stop));
	if (left)
		r_violation(me, "%u enlistments do not end", left);
}

/* What was never told to who had prepared was rolled back: presumed abort. */
static void check_en(struct racer *me, __u32 nth)
{
	struct r_en *en = &me->shared->en[nth];
	__u32 seen = atomic_load(&en->seen), tx = atomic_load(&me->shared->tx[en->tx].seen);
	bool stays = me->shared->durable ? en->rm != R_RMS - 1 : en->rm < R_HELD;

	if (seen & E_HEARD_COMMIT && seen & E_HEARD_ROLLBACK)
		r_violation(me, "enlistment %u of transaction %u heard both", nth, en->tx);
	if (stays && seen & E_PREPARED && !(seen & (E_HEARD_COMMIT | E_HEARD_ROLLBACK |
						    E_END_TRIED)))
		r_saw(me, en->tx, T_ABORTED, "an enlistment that was prepared and never told");
	if (tx & T_COMMITTED && seen & E_CREATED && !(seen & (E_SUPERIOR | E_VOTE_TRIED)))
		r_violation(me, "transaction %u was committed, and enlistment %u never voted",
			    en->tx, nth);
}

static bool is_empty(struct racer *me, unsigned int cmd)
{
	__u8 uuids[1][KTM_UUID_SIZE];
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids, .count = 1 };
	struct r_file tm = { .fd = me->tm };

	return !r_call(me, &tm, 0, cmd, &list) && !list.count;
}

/* What is freed by work in the background has a little time. */
static void check_nothing_left(struct racer *me, __u64 user_objects)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;
	struct ktm_tm_info info = { .size = sizeof(info) };
	struct r_file tm = { .fd = me->tm };

	do {
		info = (struct ktm_tm_info){ .size = sizeof(info) };
		r_call(me, &tm, 0, KTM_IOC_TM_INFO, &info);
		if (is_empty(me, KTM_IOC_TX_LIST) && is_empty(me, KTM_IOC_RM_LIST) &&
		    is_empty(me, KTM_IOC_EN_LIST) && !info.nr_rms && !info.nr_active &&
		    !info.nr_unfinished && info.user_objects == user_objects && !info.user_log)
			return;
		usleep(1000);
	} while (now_ns() < limit);
	r_violation(me, "left are %llu active, %llu unfinished, %u RMs, %llu objects, %llu bytes",
		    info.nr_active, info.nr_unfinished, info.nr_rms,
		    info.user_objects - user_objects, info.user_log);
}

void r_drain(struct racer *me, __u64 user_objects)
{
	struct r_shared *shared = me->shared;
	__u32 i, nr = atomic_load(&shared->nr_ens);

	end_everything(me);
	for (i = 0; i < R_RMS; i++) {
		if (me->rm[i].fd >= 0)
			close(me->rm[i].fd);
		me->rm[i].fd = -1;
	}
	for (i = 0; i < nr && i < R_ENS; i++)
		check_en(me, i);
	check_nothing_left(me, user_objects);
}
