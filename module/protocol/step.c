// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - a step of the protocol
 *
 * What is on disk, for a transaction whose RMs log in the ring:
 *
 *	before the decision is durable	redo and PREPARE records, perhaps. A
 *					crash: no decision, presumed aborted.
 *	decision durable		the flush that made it durable made all
 *					records before it durable too. A crash:
 *					recovery delivers COMMIT again.
 *	END durable			every RM has made its part durable by its
 *					own means. A crash: nothing to do.
 *
 * Aborted transactions write nothing: what has no decision is aborted.
 */
#include <linux/slab.h>

#include "step.h"
#include "deadline.h"

struct workqueue_struct *ktm_workers;

static void set_awaited(struct ktm_enlistment *en, bool awaited)
{
	struct ktm_tx *tx = en->tx;

	ktm_assert_tx(tx);
	if (en->awaited == awaited)
		return;
	en->awaited = awaited;
	tx->nr_waiting += awaited ? 1 : -1;
	if (!tx->nr_waiting)
		wake_up_all(&tx->wait);
}

/* The transaction's reference passes to step.left. */
static void leave(struct ktm_step *step, struct ktm_enlistment *en)
{
	struct ktm_rm *rm = en->rm;
	bool queued;

	set_awaited(en, false);
	list_move_tail(&en->tx_node, &step->left);
	step->tx->nr_enlistments--;

	spin_lock(&rm->lock);
	list_del_init(&en->rm_node);
	rm->nr_enlistments--;
	queued = ktm_notify_cancel_locked(rm, &en->note);
	if (en->unresolved == rm->life && rm->nr_unresolved && !--rm->nr_unresolved)
		wake_up_all(&rm->wait);
	en->unresolved = 0;
	spin_unlock(&rm->lock);
	if (queued)
		refcount_dec(&en->obj.ref);	/* not the last: step.left's */
}

static void notify(struct ktm_step *step, struct ktm_enlistment *en, u32 type)
{
	if (en->suspended) {
		/* presumed abort: it need not be told; commit waits for it */
		if (type == KTM_NOTIFY_ROLLBACK)
			ktm_step_en(step, en, KTM_EN_E_LOST);
		return;
	}
	set_awaited(en, true);
	ktm_notify_post(en, type);
}

static void rollback_rm_gone(struct ktm_step *step, struct ktm_enlistment *en)
{
	struct ktm_verdict verdict = { .reason = KTM_REASON_RM_GONE };

	uuid_copy(&verdict.rm, &en->rm->obj.uuid);
	ktm_step_rollback(step, &verdict, KTM_TX_E_ROLLBACK);
}

int ktm_step_en(struct ktm_step *step, struct ktm_enlistment *en,
		enum ktm_en_event event)
{
	enum ktm_en_action action;
	int ret;

	ret = ktm_en_event(en, event, &action);
	if (ret)
		return ret;

	switch (action) {
	case KTM_EN_A_NONE:
	case KTM_EN_A_ROLLBACK:
	case KTM_EN_A_ROLLBACK_SINGLE:
		/* a veto comes with a verdict: see ktm_answer_rollback() */
		break;
	case KTM_EN_A_NOTIFY_PREPARE:
		notify(step, en, KTM_NOTIFY_PREPARE);
		break;
	case KTM_EN_A_NOTIFY_SINGLE:
		notify(step, en, KTM_NOTIFY_SINGLE_PHASE_COMMIT);
		break;
	case KTM_EN_A_NOTIFY_COMMIT:
		notify(step, en, KTM_NOTIFY_COMMIT);
		break;
	case KTM_EN_A_NOTIFY_ROLLBACK:
		notify(step, en, KTM_NOTIFY_ROLLBACK);
		break;
	case KTM_EN_A_ANSWERED:
		set_awaited(en, false);
		break;
	case KTM_EN_A_LEAVE:
		leave(step, en);
		break;
	case KTM_EN_A_LEAVE_SINGLE:
		leave(step, en);
		ktm_step_tx(step, KTM_TX_E_SINGLE_DONE);
		break;
	case KTM_EN_A_REJECTED:
		set_awaited(en, false);
		ktm_step_tx(step, KTM_TX_E_SINGLE_REJECTED);
		break;
	case KTM_EN_A_LEAVE_ROLLBACK:
		leave(step, en);
		rollback_rm_gone(step, en);
		break;
	case KTM_EN_A_LEAVE_LOST:
		leave(step, en);
		ktm_step_tx(step, KTM_TX_E_SINGLE_LOST);
		break;
	case KTM_EN_A_SUSPEND:
		en->suspended = true;
		set_awaited(en, false);
		break;
	}
	return 0;
}

static void send_all(struct ktm_step *step, enum ktm_en_event event)
{
	struct ktm_enlistment *en, *next;

	list_for_each_entry_safe(en, next, &step->tx->enlistments, tx_node)
		WARN_ON_ONCE(ktm_step_en(step, en, event));
}

/* Nothing in the log is needed any more, and nothing more will be promised. */
static void let_log_go(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;

	ktm_tx_unpin_log(tx, &tx->pin);
	if (tx->slots && step->log)
		ktm_log_unreserve(step->log, tx->slots);
	tx->slots = 0;
}

static void forget_deadline(struct ktm_step *step)
{
	if (!step->tx->deadline)
		return;
	step->deadline = step->tx->deadline;
	step->tx->deadline = NULL;
}

int ktm_step_tx(struct ktm_step *step, enum ktm_tx_event event)
{
	enum ktm_tx_action action;
	int ret;

	ret = ktm_tx_event(step->tx, event, &action);
	if (ret)
		return ret;

	switch (action) {
	case KTM_TX_A_NONE:
		break;
	case KTM_TX_A_SEND_PREPARE:
		send_all(step, KTM_EN_E_SEND_PREPARE);
		break;
	case KTM_TX_A_SEND_SINGLE:
		send_all(step, KTM_EN_E_SEND_SINGLE);
		break;
	case KTM_TX_A_LOG_DECISION:
		forget_deadline(step);
		step->decide = true;
		break;
	case KTM_TX_A_SEND_COMMIT:
		send_all(step, KTM_EN_E_SEND_COMMIT);
		break;
	case KTM_TX_A_SEND_ROLLBACK:
		forget_deadline(step);
		let_log_go(step);
		send_all(step, KTM_EN_E_SEND_ROLLBACK);
		break;
	case KTM_TX_A_LOG_END:
		/* only what was logged must be ended there */
		if (step->tx->nr_prepared)
			step->end = true;
		else
			let_log_go(step);
		break;
	case KTM_TX_A_FORGET:
		forget_deadline(step);
		let_log_go(step);
		break;
	}
	return 0;
}

int ktm_step_rollback(struct ktm_step *step, const struct ktm_verdict *verdict,
		      enum ktm_tx_event event)
{
	struct ktm_tx *tx = step->tx;
	int ret;

	ret = ktm_step_tx(step, event);
	if (ret || tx->reason)
		return ret;
	tx->reason = verdict->reason;
	if (verdict->error || verdict->detail[0] || !uuid_is_null(&verdict->rm)) {
		/* the words are a courtesy, the reason is not */
		tx->verdict = kmemdup(verdict, sizeof(*verdict),
				      GFP_ATOMIC | __GFP_NOWARN);
	}
	return 0;
}

/* All have answered? Then go on. Each turn takes an arc that leads forward. */
static void conclude(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;
	bool empty = list_empty(&tx->enlistments);

	if (tx->state == KTM_TX_S_PREPARING && !tx->nr_waiting)
		ktm_step_tx(step, empty ? KTM_TX_E_PREPARED_EMPTY : KTM_TX_E_PREPARED);
	if ((tx->state == KTM_TX_S_COMMITTING || tx->state == KTM_TX_S_ABORTING) &&
	    list_empty(&tx->enlistments))
		ktm_step_tx(step, KTM_TX_E_ENDED);
}

void ktm_step_begin(struct ktm_step *step, struct ktm_tx *tx)
	__acquires(&tx->tm->log_srcu) __acquires(&tx->lock)
{
	memset(step, 0, sizeof(*step));
	step->tx = tx;
	INIT_LIST_HEAD(&step->left);
	step->log = ktm_tm_use_log(tx->tm, &step->log_idx);
	spin_lock(&tx->lock);
}

static void decided(struct ktm_log_waiter *waiter, int error)
{
	struct ktm_tx *tx = container_of(waiter, struct ktm_tx, decision);
	struct ktm_step step;

	ktm_step_begin(&step, tx);
	ktm_step_tx(&step, error ? KTM_TX_E_UNDECIDED : KTM_TX_E_DECIDED);
	ktm_step_end(&step);
	ktm_tx_put(tx);
}

static void log_decision(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;
	struct ktm_disk_commit commit = {
		.clock = cpu_to_le64(atomic64_read(&tx->tm->clock)),
		.nr_enlistments = cpu_to_le32(tx->nr_prepared),
	};
	struct ktm_log_record record = {
		.type = KTM_RECORD_COMMIT,
		.prev_lsn = tx->first_vote,
		.data = &commit,
		.data_length = sizeof(commit),
	};
	int ret;

	uuid_copy(&record.tx, &tx->obj.uuid);
	ktm_tx_get(tx);
	tx->decision.done = decided;
	if (!tx->nr_prepared) {
		/* nobody could recover it */
		decided(&tx->decision, 0);
		return;
	}
	if (WARN_ON_ONCE(!step->log || !tx->slots)) {
		decided(&tx->decision, -EIO);
		return;
	}
	spin_lock(&tx->lock);
	tx->slots--;
	spin_unlock(&tx->lock);
	ret = ktm_log_append(step->log, &record, KTM_LOG_RESERVED, &tx->decision);
	if (ret)
		decided(&tx->decision, ret);
}

void ktm_step_end(struct ktm_step *step)
	__releases(&step->tx->lock) __releases(&step->tx->tm->log_srcu)
{
	struct ktm_tx *tx = step->tx;
	struct ktm_tm *tm = tx->tm;
	struct ktm_enlistment *en, *next;

	conclude(step);
	spin_unlock(&tx->lock);

	if (step->end) {
		ktm_tx_get(tx);
		spin_lock(&tm->lock);
		list_add_tail(&tx->end_node, &tm->ended);
		spin_unlock(&tm->lock);
		/* for the work, which may find that another run did all */
		ktm_tm_get(tm);
		if (!queue_work(ktm_workers, &tm->end_work))
			ktm_tm_put(tm);
	}
	if (step->decide)
		log_decision(step);
	if (step->deadline)
		ktm_deadline_drop(step->deadline);
	ktm_tm_unuse_log(tm, step->log_idx);
	list_for_each_entry_safe(en, next, &step->left, tx_node) {
		list_del_init(&en->tx_node);
		ktm_enlistment_put(en);
	}
}

void ktm_step_abandon(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;
	struct ktm_enlistment *en, *next;

	ktm_assert_tx(tx);
	/* by an arc, so that an answer that comes after this is a late one */
	list_for_each_entry_safe(en, next, &tx->enlistments, tx_node)
		ktm_step_en(step, en, KTM_EN_E_LEFT);
	let_log_go(step);
}

int ktm_rollback_reason(struct ktm_tx *tx, u32 reason, int error)
{
	struct ktm_verdict verdict = { .reason = reason, .error = error };
	struct ktm_step step;
	int ret;

	ktm_step_begin(&step, tx);
	ret = ktm_step_rollback(&step, &verdict, KTM_TX_E_ROLLBACK);
	ktm_step_end(&step);
	return ret;
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

	uuid_copy(&record.tx, &tx->obj.uuid);
	log = ktm_tm_use_log(tm, &idx);
	mutex_lock(&tm->room_lock);
	spin_lock(&tx->lock);
	slots = tx->slots;
	tx->slots = 0;
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
	mutex_unlock(&tm->room_lock);
	ktm_tm_unuse_log(tm, idx);
}

void ktm_step_end_work(struct work_struct *work)
{
	struct ktm_tm *tm = container_of(work, struct ktm_tm, end_work);
	struct ktm_tx *tx;

	for (;;) {
		spin_lock(&tm->lock);
		tx = list_first_entry_or_null(&tm->ended, struct ktm_tx, end_node);
		if (tx)
			list_del_init(&tx->end_node);
		spin_unlock(&tm->lock);
		if (!tx)
			break;
		log_end(tm, tx);
		ktm_tx_put(tx);
	}
	ktm_tm_put(tm);
}
