// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - records of transactions: promise, decision and end
 *
 * What each of them means to recovery is in step.c and recovery.c. Their slots
 * are reserved before PREPARE is sent, so that none fails for want of room.
 */
#include "decide.h"
#include "freeze.h"
#include "share.h"

/*
 * The clock of the record to come; copies keep it. Nothing else stamps meanwhile:
 * the state says what is on its way. A copy of a promise that meets the decision
 * here may take either value, and the decision follows it in the log.
 */
static void stamp(struct ktm_tx *tx)
{
	WRITE_ONCE(tx->clock, ktm_tm_clock(tx->tm));
}

/* Promise and decision have the same content. */
struct body {
	struct ktm_disk_commit commit;
	struct ktm_log_record record;
};

static void fill(struct body *body, struct ktm_tx *tx, bool promise, u32 nr,
		 u64 first_vote)
{
	struct ktm_log_record *record = &body->record;

	memset(body, 0, sizeof(*body));
	body->commit.clock = cpu_to_le64(READ_ONCE(tx->clock));
	body->commit.nr_enlistments = cpu_to_le32(nr);
	record->type = promise ? KTM_RECORD_PROMISE : KTM_RECORD_COMMIT;
	record->prev_lsn = first_vote;
	record->data = &body->commit;
	record->data_length = sizeof(body->commit);
	uuid_copy(&record->tx, &tx->obj.uuid);
}

/* Whom to ask. False: there is nobody any more. */
static bool name_superior(struct ktm_log_record *record, struct ktm_tx *tx)
{
	const struct ktm_enlistment *en;

	spin_lock(&tx->lock);
	en = tx->superior;
	if (en) {
		uuid_copy(&record->stream, &en->rm->obj.uuid);
		uuid_copy(&record->enlistment, &en->obj.uuid);
		record->owner = __kuid_val(en->rm->owner);
	}
	spin_unlock(&tx->lock);
	return en;
}

static void finish(struct ktm_log_waiter *waiter, enum ktm_tx_event event)
{
	struct ktm_tx *tx = container_of(waiter, struct ktm_tx, decision);
	struct ktm_step step;

	ktm_step_begin(&step, tx);
	ktm_step_tx(&step, event);
	ktm_step_end(&step);
	ktm_tx_put(tx);
}

static void decided(struct ktm_log_waiter *waiter, int error)
{
	finish(waiter, error ? KTM_TX_E_UNDECIDED : KTM_TX_E_DECIDED);
}

static void promised(struct ktm_log_waiter *waiter, int error)
{
	finish(waiter, error ? KTM_TX_E_UNDECIDED : KTM_TX_E_PROMISED);
}

static int append(struct ktm_step *step, struct ktm_log_record *record)
{
	struct ktm_tx *tx = step->tx;

	if (WARN_ON_ONCE(!step->log || !tx->slots))
		return -EIO;
	spin_lock(&tx->lock);
	tx->slots--;
	if (record->type == KTM_RECORD_PROMISE)
		tx->promised = true;
	spin_unlock(&tx->lock);
	return ktm_log_append(step->log, record, KTM_LOG_RESERVED, &tx->decision);
}

void ktm_decide_commit(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;
	struct body body;
	int ret = 0;

	ktm_tx_get(tx);
	tx->decision.done = decided;
	/* without a vote nobody could recover it */
	if (tx->nr_prepared) {
		stamp(tx);
		fill(&body, tx, false, tx->nr_prepared, tx->first_vote);
		ret = append(step, &body.record);
		if (!ret)
			return;
	}
	decided(&tx->decision, ret);
}

void ktm_decide_promise(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;
	struct body body;
	int ret = 0;

	ktm_tx_get(tx);
	tx->decision.done = promised;
	if (tx->nr_prepared) {
		stamp(tx);
		fill(&body, tx, true, tx->nr_prepared, tx->first_vote);
		/* it cannot leave in this state but by a detach, which waits */
		ret = WARN_ON_ONCE(!name_superior(&body.record, tx)) ? -EIO :
			append(step, &body.record);
		if (!ret)
			return;
	}
	promised(&tx->decision, ret);
}

int ktm_decide_copy(struct ktm_tx *tx, struct ktm_log *log, bool promise, u32 nr,
		    u64 first_vote)
{
	struct body body;

	fill(&body, tx, promise, nr, first_vote);
	body.record.flags = KTM_DISK_RECORD_F_COPY;
	/* without one it has been settled meanwhile, and says so in the log */
	if (promise && !name_superior(&body.record, tx))
		return 0;
	return ktm_log_append(log, &body.record, KTM_LOG_COPY, NULL);
}

static void log_end(struct ktm_tm *tm, struct ktm_tx *tx)
{
	struct ktm_disk_end end = {
		.outcome = cpu_to_le32(KTM_DISK_OUTCOME_COMMITTED),
	};
	struct ktm_log_record record = {
		.type = KTM_RECORD_END,
		.data = &end,
		.data_length = sizeof(end),
	};
	struct ktm_log *log;
	u32 slots;
	int idx;

	lockdep_assert_held(&tm->room_lock);
	uuid_copy(&record.tx, &tx->obj.uuid);
	log = ktm_tm_use_log(tm, &idx);
	spin_lock(&tx->lock);
	slots = tx->slots;
	tx->slots = 0;
	if (tx->state == KTM_TX_S_ABORTING || tx->state == KTM_TX_S_ABORTED)
		end.outcome = cpu_to_le32(KTM_DISK_OUTCOME_ABORTED);
	spin_unlock(&tx->lock);
	if (log && !WARN_ON_ONCE(!slots)) {
		/*
		 * A failure is the log's end, or leaves a record out that only
		 * saves the RMs a second delivery.
		 */
		ktm_log_append(log, &record, KTM_LOG_RESERVED, NULL);
		if (slots > 1)
			ktm_log_unreserve(log, slots - 1);
	}
	ktm_tx_unpin_log(tx, &tx->pin);
	spin_lock(&tx->lock);
	ktm_share_release(tx);
	spin_unlock(&tx->lock);
	ktm_tm_unuse_log(tm, idx);
}

void ktm_decide_queue_end(struct ktm_tm *tm)
{
	/* for the work, which may find that another run did all */
	ktm_tm_get(tm);
	if (!queue_work(ktm_workers, &tm->end_work))
		ktm_tm_put(tm);
}

static struct ktm_tx *first_ended(struct ktm_tm *tm)
{
	struct ktm_tx *tx = NULL;

	spin_lock(&tm->lock);
	/* the thaw queues the work again */
	if (!ktm_freeze_is_on_locked(tm))
		tx = list_first_entry_or_null(&tm->ended, struct ktm_tx, end_node);
	spin_unlock(&tm->lock);
	return tx;
}

/*
 * False: there is none. It leaves the list when its record is in the log, so that
 * who finds the list empty has no record to wait for.
 */
static bool log_next_end(struct ktm_tm *tm)
{
	struct ktm_tx *tx;

	mutex_lock(&tm->room_lock);
	tx = first_ended(tm);
	if (tx)
		log_end(tm, tx);
	spin_lock(&tm->lock);
	if (tx)
		list_del_init(&tx->end_node);
	/* a freeze waits until none is left */
	ktm_freeze_wake(tm);
	spin_unlock(&tm->lock);
	mutex_unlock(&tm->room_lock);
	if (tx)
		ktm_tx_put(tx);
	return tx;
}

void ktm_decide_wait_end(struct ktm_tm *tm)
{
	int i;

	/* a few: others may end as fast as this goes on */
	for (i = 0; i < 64 && log_next_end(tm); i++)
		cond_resched();
}

void ktm_decide_end_work(struct work_struct *work)
{
	struct ktm_tm *tm = container_of(work, struct ktm_tm, end_work);

	while (log_next_end(tm))
		cond_resched();
	ktm_tm_put(tm);
}
