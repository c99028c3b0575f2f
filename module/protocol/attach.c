// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - transaction managers come and go
 *
 * Attach: the log replays its records into a table (recovery.c), refuses the
 * log if a decided transaction is incomplete, and only then writes for the
 * first time (the new epoch). Then the objects are made, then the TM becomes
 * visible. A crash at any point leaves a log that the next attach finds in the
 * same condition.
 */
#include <linux/ktm.h>

#include "attach.h"
#include "decide.h"
#include "recovery.h"
#include "room.h"
#include "step.h"

static int log_replay(void *owner, const struct ktm_log_record *record,
		      u64 buffer_lsn)
{
	struct ktm_tm *tm = owner;

	return ktm_recovery_record(tm->recovery, record, buffer_lsn);
}

static int log_replayed(void *owner)
{
	struct ktm_tm *tm = owner, *other;
	int ret;

	/* before the log is written: a copy of one that is attached stays as it is */
	other = ktm_tm_find(&tm->obj.uuid);
	if (other) {
		ktm_tm_put(other);
		return -EEXIST;
	}
	ret = ktm_recovery_check(tm->recovery);
	if (ret)
		return ret;
	WRITE_ONCE(tm->recovery_tail, ktm_recovery_tail(tm->recovery));
	/* the first superblock may free the records that have it */
	ktm_tm_advance_clock(tm, ktm_recovery_clock(tm->recovery));
	return 0;
}

static u64 log_tail(void *owner)
{
	struct ktm_tm *tm = owner;
	u64 tail = READ_ONCE(tm->recovery_tail);

	/* read before the pins: see the end of ktm_attach_durable() */
	smp_rmb();
	return min(tail, ktm_room_tail(tm));
}

static u64 log_clock(void *owner)
{
	struct ktm_tm *tm = owner;

	return atomic64_read(&tm->clock);
}

static int log_make_room(void *owner, u64 tail)
{
	return ktm_room_make(owner, tail);
}

static void log_failed(void *owner, int error)
{
	struct ktm_tm *tm = owner;
	struct ktm_object *obj;
	struct ktm_rm *rm;
	u64 cursor = 0;

	pr_err("%pUb: log failed with error %d, TM is offline\n", &tm->obj.uuid,
	       error);
	ktm_tm_set_state(tm, KTM_TM_S_OFFLINE, error);
	while ((obj = ktm_registry_next(&tm->rms, &cursor))) {
		rm = container_of(obj, struct ktm_rm, obj);
		wake_up_all(&rm->wait);
		ktm_rm_put(rm);
	}
}

static const struct ktm_log_ops log_ops = {
	.replay = log_replay,
	.replayed = log_replayed,
	.tail = log_tail,
	.clock = log_clock,
	.make_room = log_make_room,
	.failed = log_failed,
};

static struct ktm_tm *alloc(const struct ktm_attach_params *params, bool durable)
{
	struct ktm_tm *tm = ktm_tm_alloc(durable);

	if (IS_ERR(tm))
		return tm;
	INIT_WORK(&tm->end_work, ktm_decide_end_work);
	tm->uid = params->uid;
	tm->gid = params->gid;
	tm->mode = params->mode;
	return tm;
}

struct ktm_tm *ktm_attach_volatile(const struct ktm_attach_params *params)
{
	struct ktm_tm *tm = alloc(params, false);
	int ret;

	if (IS_ERR(tm))
		return tm;
	uuid_copy(&tm->obj.uuid, &params->uuid);
	strscpy(tm->name, params->name, sizeof(tm->name));
	ret = ktm_tm_finalize(tm);
	if (ret) {
		ktm_tm_put(tm);
		return ERR_PTR(ret);
	}
	return tm;
}

static void abandon_all(struct ktm_tm *tm)
{
	struct ktm_object *obj;
	struct ktm_step step;
	u64 cursor = 0;

	while ((obj = ktm_registry_next(&tm->txs, &cursor))) {
		struct ktm_tx *tx = container_of(obj, struct ktm_tx, obj);

		ktm_step_begin(&step, tx);
		ktm_step_abandon(&step);
		ktm_step_end(&step);
		ktm_tx_put(tx);
	}
	flush_work(&tm->end_work);
}

static void take_log(struct ktm_tm *tm, struct ktm_log *log)
{
	struct ktm_log_stat stat;

	ktm_log_get_stat(log, &stat);
	strscpy(tm->name, stat.name, sizeof(tm->name));
	ktm_tm_advance_clock(tm, stat.clock);
	atomic64_inc(&tm->clock);
	WRITE_ONCE(tm->log, log);
}

static void give_log_back(struct ktm_tm *tm)
{
	struct ktm_log *log = tm->log;

	/*
	 * What a late answer ends from here on may find no log for its end
	 * record, so its records must stay even if it drops its pin.
	 */
	WRITE_ONCE(tm->recovery_tail, min(tm->recovery_tail, ktm_room_tail(tm)));
	WRITE_ONCE(tm->log, NULL);
	synchronize_srcu(&tm->log_srcu);
	/* with the pins still there: the tail must not pass what is unfinished */
	ktm_log_detach(log);
	abandon_all(tm);
}

struct ktm_tm *ktm_attach_durable(const struct ktm_attach_params *params,
				  u32 *recovered)
{
	const uuid_t *want = uuid_is_null(&params->uuid) ? NULL : &params->uuid;
	struct ktm_log *log;
	struct ktm_tm *tm;
	int ret;

	tm = alloc(params, true);
	if (IS_ERR(tm))
		return tm;
	tm->recovery = ktm_recovery_alloc();
	if (IS_ERR(tm->recovery)) {
		ret = PTR_ERR(tm->recovery);
		goto err_put;
	}
	log = ktm_log_attach(params->dev, want, &tm->obj.uuid, &log_ops, tm);
	if (IS_ERR(log)) {
		ret = PTR_ERR(log);
		goto err_recovery;
	}
	take_log(tm, log);
	ret = ktm_recovery_finish(tm->recovery, tm);
	if (ret < 0)
		goto err_log;
	*recovered = ret;
	/* the pins are there: what the table needed is held by them */
	smp_wmb();
	WRITE_ONCE(tm->recovery_tail, U64_MAX);
	ktm_recovery_free(tm->recovery);
	tm->recovery = NULL;

	/* one reference for being attached, one for the caller */
	ktm_tm_get(tm);
	ret = ktm_tm_finalize(tm);
	if (ret) {
		ktm_tm_set_state(tm, KTM_TM_S_DETACHED, 0);
		give_log_back(tm);
		ktm_tm_put(tm);
		goto err_put;
	}
	return tm;

err_log:
	ktm_tm_set_state(tm, KTM_TM_S_DETACHED, 0);
	give_log_back(tm);
err_recovery:
	ktm_recovery_free(tm->recovery);
err_put:
	ktm_tm_put(tm);
	return ERR_PTR(ret);
}

int ktm_detach(struct ktm_tm *tm)
{
	int ret;

	if (!tm->durable)
		return -EINVAL;
	ret = ktm_tm_set_state(tm, KTM_TM_S_DETACHED, 0);
	if (ret)
		return ret;
	flush_work(&tm->end_work);
	ktm_tm_hide(tm);
	give_log_back(tm);
	ktm_tm_put(tm);	/* for being attached */
	return 0;
}

void ktm_detach_all(void)
{
	struct ktm_tm *tm;
	u64 cursor = 0;

	while ((tm = ktm_tm_next(&cursor))) {
		if (tm->durable)
			WARN_ON_ONCE(ktm_detach(tm));
		ktm_tm_put(tm);
	}
}
