// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - transaction managers come and go
 *
 * Attach: the log replays its records into a table (recovery.c), refuses the
 * log if a decided transaction is incomplete, and only then writes for the
 * first time (the new epoch). Then the objects are made, then the TM becomes
 * visible. A crash at any point leaves a log that the next attach finds in the
 * same condition.
 *
 * In steps: the TM becomes visible first, RECOVERING, with the table; the tail
 * stays where the table needs it. The objects are made when recovery is asked
 * for. A decision that is discarded then is the one thing that changes the log:
 * see ktm_recovery_discard().
 */
#include <linux/ktm.h>

#include "attach.h"
#include "catalogue.h"
#include "decide.h"
#include "recovery.h"
#include "room.h"
#include "step.h"

static int log_replay(void *owner, const struct ktm_log_record *record,
		      u64 buffer_lsn)
{
	struct ktm_tm *tm = owner;

	if (ktm_catalogue_is_of_stream(record))
		return ktm_catalogue_record(tm, record, buffer_lsn);
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
	if (!ret)
		ret = ktm_catalogue_check(tm);
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

	/* read before the pins: see recover() */
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
	ktm_catalogue_wake(tm);
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

static void forget_recovery(struct ktm_tm *tm)
{
	if (tm->recovery)
		ktm_recovery_free(tm->recovery);
	tm->recovery = NULL;
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
	ktm_catalogue_forget(tm);
}

/* The table becomes objects. Returns their number, or an error: see there. */
static int recover(struct ktm_tm *tm)
{
	int ret, error;

	ret = ktm_recovery_finish(tm->recovery, tm);
	if (ret < 0)
		return ret;
	error = ktm_catalogue_settle(tm);
	if (error)
		return error;
	/* the pins are there: what the table needed is held by them */
	smp_wmb();
	WRITE_ONCE(tm->recovery_tail, U64_MAX);
	ktm_recovery_free(tm->recovery);
	tm->recovery = NULL;
	return ret;
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
	if (params->no_recover) {
		ktm_tm_set_state(tm, KTM_TM_S_RECOVERING, 0);
		*recovered = ktm_recovery_count(tm->recovery, U64_MAX);
	} else {
		ret = recover(tm);
		if (ret < 0)
			goto err_log;
		*recovered = ret;
	}

	/* one reference for being attached, one for the caller */
	ktm_tm_get(tm);
	ret = ktm_tm_finalize(tm);
	if (!ret)
		return tm;
	ktm_tm_put(tm);

err_log:
	ktm_tm_set_state(tm, KTM_TM_S_DETACHED, 0);
	give_log_back(tm);
err_recovery:
	forget_recovery(tm);
	ktm_catalogue_forget(tm);	/* if there was no log to give back */
err_put:
	ktm_tm_put(tm);
	return ERR_PTR(ret);
}

static int check_recovering(const struct ktm_tm *tm)
{
	lockdep_assert_held(&tm->recovery_lock);
	if (!tm->durable)
		return -EINVAL;
	switch (READ_ONCE(tm->state)) {
	case KTM_TM_S_RECOVERING:
		return 0;
	case KTM_TM_S_ONLINE:
		return -EALREADY;
	default:
		return -ESHUTDOWN;
	}
}

int ktm_attach_rollforward(struct ktm_tm *tm, u64 clock, u32 *recovered, u32 *left)
{
	int ret;

	mutex_lock(&tm->recovery_lock);
	ret = check_recovering(tm);
	if (!ret && (!clock || clock < tm->horizon))
		ret = -EINVAL;
	if (!ret) {
		tm->horizon = clock;
		*recovered = ktm_recovery_count(tm->recovery, clock);
		*left = ktm_recovery_count(tm->recovery, U64_MAX) - *recovered;
	}
	mutex_unlock(&tm->recovery_lock);
	return ret;
}

static int recover_to(struct ktm_tm *tm, bool discard, u32 *recovered,
		      u32 *discarded)
{
	int ret;

	if (discard) {
		ret = ktm_recovery_discard(tm->recovery, tm, tm->horizon);
		if (ret < 0)
			return ret;
		*discarded = ret;
	}
	ret = recover(tm);
	if (ret < 0)
		return ret;
	*recovered = ret;
	return ktm_tm_set_state(tm, KTM_TM_S_ONLINE, 0);
}

int ktm_attach_recover(struct ktm_tm *tm, bool discard, u32 *recovered,
		       u32 *discarded)
{
	int ret;

	mutex_lock(&tm->recovery_lock);
	ret = check_recovering(tm);
	if (!ret && discard && !tm->horizon)
		ret = -EINVAL;
	if (!ret) {
		ret = recover_to(tm, discard, recovered, discarded);
		/*
		 * Half of the objects may be there; the tail stays for the rest.
		 * -ESHUTDOWN: the log has failed, which is known already.
		 */
		if (ret && ret != -ESHUTDOWN)
			ktm_tm_set_state(tm, KTM_TM_S_OFFLINE, ret);
	}
	mutex_unlock(&tm->recovery_lock);
	return ret;
}

int ktm_detach(struct ktm_tm *tm)
{
	int ret;

	if (!tm->durable)
		return -EINVAL;
	/* not in the middle of a recovery; afterwards there is none to come */
	mutex_lock(&tm->recovery_lock);
	ret = ktm_tm_set_state(tm, KTM_TM_S_DETACHED, 0);
	if (!ret)
		forget_recovery(tm);
	mutex_unlock(&tm->recovery_lock);
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
