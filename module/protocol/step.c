// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - a step of the protocol
 *
 * What is on disk, for a transaction whose RMs log in the ring:
 *
 *	before the decision is durable	redo and PREPARE records, perhaps. A
 *					crash: no decision, presumed aborted.
 *	promise durable			only with a superior: the flush that made
 *					it durable made all votes durable too. A
 *					crash: in doubt, the superior is asked.
 *	decision durable		the flush that made it durable made all
 *					records before it durable too. A crash:
 *					recovery delivers COMMIT again.
 *	END durable			every RM has made its part durable by its
 *					own means. A crash: nothing to do.
 *
 * Aborted transactions write nothing: what has no decision is aborted. After a
 * promise that needs an END, which nobody waits for: before it is durable, a crash
 * has the superior asked once more, and it says the same.
 */
#include <linux/slab.h>

#include "step.h"
#include "deadline.h"
#include "decide.h"
#include "freeze.h"
#include "savepoint.h"
#include "share.h"
#include "superior.h"

struct workqueue_struct *ktm_workers;

static void set_awaited(struct ktm_enlistment *en, bool awaited)
{
	struct ktm_tx *tx = en->tx;

	ktm_assert_tx(tx);
	if (en->awaited == awaited)
		return;
	en->awaited = awaited;
	tx->nr_waiting += awaited ? 1 : -1;
	if (!tx->nr_waiting) {
		wake_up_all(&tx->wait);
		ktm_freeze_wake(tx->tm);
	}
}

static void leave_lists(struct ktm_step *step, struct ktm_enlistment *en)
{
	if (en == step->tx->superior)
		step->tx->superior = NULL;
	else if (!en->watching)
		step->tx->nr_enlistments--;
	list_move_tail(&en->tx_node, &step->left);
}

/* The transaction's reference passes to step.left. */
static void leave(struct ktm_step *step, struct ktm_enlistment *en)
{
	struct ktm_rm *rm = en->rm;
	bool queued;

	set_awaited(en, false);
	leave_lists(step, en);

	spin_lock(&rm->lock);
	list_del_init(&en->rm_node);
	rm->nr_enlistments--;
	queued = ktm_notify_cancel_locked(rm, &en->note);
	if (en->unresolved == rm->life && rm->nr_unresolved && !--rm->nr_unresolved)
		wake_up_all(&rm->wait);
	en->unresolved = 0;
	ktm_rm_uncharge_locked(rm);
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

/* It stays only to hear of a lost outcome: see KTM_EN_S_WATCHING. */
static void watch(struct ktm_step *step, struct ktm_enlistment *en)
{
	struct ktm_rm *rm = en->rm;
	bool queued;

	set_awaited(en, false);
	list_move_tail(&en->tx_node, &step->tx->watchers);
	en->watching = true;
	step->tx->nr_enlistments--;
	spin_lock(&rm->lock);
	queued = ktm_notify_cancel_locked(rm, &en->note);
	spin_unlock(&rm->lock);
	if (queued)
		refcount_dec(&en->obj.ref);	/* not the last: the transaction's */
}

/* To what has no answer. */
static void tell(struct ktm_enlistment *en, u32 type)
{
	if (!en->suspended)
		ktm_notify_post(en, type);
}

static void leave_told(struct ktm_step *step, struct ktm_enlistment *en, u32 type)
{
	leave(step, en);
	/* it is in the RM's queue only, with the queue's reference */
	tell(en, type);
}

/* The outcome of what it has prepared is known to the superior, if to anybody. */
static bool is_promised(const struct ktm_tx *tx)
{
	return tx->state == KTM_TX_S_PROMISING || tx->state == KTM_TX_S_PREPARED ||
	       tx->state == KTM_TX_S_ORPHANED;
}

static void rollback_for(struct ktm_step *step, struct ktm_enlistment *en, u32 reason,
			 enum ktm_tx_event event)
{
	struct ktm_verdict verdict = { .reason = reason };

	uuid_copy(&verdict.rm, &en->rm->obj.uuid);
	ktm_step_rollback(step, &verdict, event);
}

static void send_watchers(struct ktm_step *step, enum ktm_en_event event)
{
	struct ktm_enlistment *en, *next;

	list_for_each_entry_safe(en, next, &step->tx->watchers, tx_node)
		WARN_ON_ONCE(ktm_step_en(step, en, event));
}

/* A prepared RM cannot wait any longer. */
static void force_outcome(struct ktm_step *step, struct ktm_enlistment *en)
{
	struct ktm_tx *tx = step->tx;

	switch (tx->state) {
	case KTM_TX_S_PREPARING:
		rollback_for(step, en, KTM_REASON_OUTCOME_WANTED, KTM_TX_E_ROLLBACK);
		break;
	case KTM_TX_S_PREPARED:
		if (tx->superior)
			ktm_step_en(step, tx->superior, KTM_EN_E_TELL_WANTED);
		break;
	case KTM_TX_S_ORPHANED:
		tell(en, KTM_NOTIFY_INDOUBT);
		break;
	default:
		break;	/* it is on its way */
	}
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
	case KTM_EN_A_NOTIFY_SAVEPOINT:
		notify(step, en, step->tx->savepoints->asks);
		break;
	case KTM_EN_A_NOTIFY_PREPREPARE:
		notify(step, en, KTM_NOTIFY_PREPREPARE);
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
	case KTM_EN_A_REFUSED:
		set_awaited(en, false);
		en->refused = true;
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
		rollback_for(step, en, KTM_REASON_RM_GONE, KTM_TX_E_ROLLBACK);
		break;
	case KTM_EN_A_LEAVE_LOST:
		leave(step, en);
		ktm_step_tx(step, KTM_TX_E_SINGLE_LOST);
		send_watchers(step, KTM_EN_E_DISCONNECTED);
		break;
	case KTM_EN_A_SUSPEND:
		en->suspended = true;
		set_awaited(en, false);
		break;
	case KTM_EN_A_TELL_INDOUBT:
		tell(en, KTM_NOTIFY_INDOUBT);
		break;
	case KTM_EN_A_TELL_IF_INDOUBT:
		if (is_promised(step->tx))
			tell(en, KTM_NOTIFY_INDOUBT);
		break;
	case KTM_EN_A_FORCE_OUTCOME:
		force_outcome(step, en);
		break;
	case KTM_EN_A_WATCH:
		watch(step, en);
		break;
	case KTM_EN_A_LEAVE_DISCONNECTED:
		leave_told(step, en, KTM_NOTIFY_RM_DISCONNECTED);
		break;
	case KTM_EN_A_BEGIN_PREPREPARE:
		ktm_step_tx(step, KTM_TX_E_PREPREPARE);
		break;
	case KTM_EN_A_BEGIN_PREPARE:
		ktm_phase_begin(step);
		break;
	case KTM_EN_A_DECIDE:
		ktm_step_tx(step, KTM_TX_E_SUPERIOR_COMMIT);
		break;
	case KTM_EN_A_TELL_COMMIT_REQUEST:
		tell(en, KTM_NOTIFY_COMMIT_REQUEST);
		break;
	case KTM_EN_A_TELL_PREPREPARE_COMPLETE:
		tell(en, KTM_NOTIFY_PREPREPARE_COMPLETE);
		break;
	case KTM_EN_A_TELL_PREPARE_COMPLETE:
		tell(en, KTM_NOTIFY_PREPARE_COMPLETE);
		break;
	case KTM_EN_A_TELL_REQUEST_OUTCOME:
		if (!en->suspended)
			ktm_notify_post_if_idle(en, KTM_NOTIFY_REQUEST_OUTCOME);
		break;
	case KTM_EN_A_LEAVE_COMMITTED:
		leave_told(step, en, KTM_NOTIFY_COMMIT_COMPLETE);
		break;
	case KTM_EN_A_LEAVE_ABORTED:
		leave_told(step, en, KTM_NOTIFY_ROLLBACK_COMPLETE);
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

static void send_superior(struct ktm_step *step, enum ktm_en_event event)
{
	if (step->tx->superior)
		WARN_ON_ONCE(ktm_step_en(step, step->tx->superior, event));
}

/* Nothing in the log is needed any more, and nothing more will be promised. */
static void let_log_go(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;

	ktm_tx_unpin_log(tx, &tx->pin);
	if (tx->slots && step->log)
		ktm_log_unreserve(step->log, tx->slots);
	tx->slots = 0;
	ktm_share_release(tx);
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
	struct ktm_enlistment *en;
	enum ktm_tx_action action;
	int ret;

	ret = ktm_tx_event(step->tx, event, &action);
	if (ret)
		return ret;

	switch (action) {
	case KTM_TX_A_NONE:
		break;
	case KTM_TX_A_SEND_SAVEPOINT:
		ktm_savepoint_send(step);
		break;
	case KTM_TX_A_SEND_TAKE_BACK:
		ktm_savepoint_take_back(step);
		break;
	case KTM_TX_A_TELL_SAVEPOINT:
		ktm_savepoint_note(step->tx);
		break;
	case KTM_TX_A_SEND_PREPREPARE:
		list_for_each_entry(en, &step->tx->enlistments, tx_node)
			if (en->flags & KTM_EN_F_PREPREPARE)
				ktm_step_en(step, en, KTM_EN_E_SEND_PREPREPARE);
		break;
	case KTM_TX_A_TELL_PREPREPARED:
		send_superior(step, KTM_EN_E_TELL_PREPREPARED);
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
	case KTM_TX_A_LOG_PROMISE:
		forget_deadline(step);
		send_superior(step, KTM_EN_E_PROMISE);
		step->promise = true;
		break;
	case KTM_TX_A_TELL_PREPARED:
		send_superior(step, KTM_EN_E_TELL_PREPARED);
		break;
	case KTM_TX_A_SEND_INDOUBT:
		send_all(step, KTM_EN_E_SEND_INDOUBT);
		break;
	case KTM_TX_A_SEND_COMMIT:
		send_all(step, KTM_EN_E_SEND_COMMIT);
		break;
	case KTM_TX_A_SEND_ROLLBACK:
		ktm_savepoint_overtaken(step->tx);
		forget_deadline(step);
		let_log_go(step);
		send_superior(step, KTM_EN_E_SEND_ROLLBACK);
		send_all(step, KTM_EN_E_SEND_ROLLBACK);
		break;
	case KTM_TX_A_LOG_ROLLBACK:
		if (step->tx->promised)
			step->end = true;
		else
			let_log_go(step);
		send_superior(step, KTM_EN_E_SEND_ROLLBACK);
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
		/* of what was promised the end record is on its way */
		if (!step->tx->promised)
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

	if (tx->state == KTM_TX_S_SAVEPOINT && !tx->nr_waiting)
		ktm_savepoint_over(step);
	if (tx->state == KTM_TX_S_PREPREPARING && !tx->nr_waiting)
		ktm_phase_0_over(step);
	if (tx->state == KTM_TX_S_PREPARING && !tx->nr_waiting)
		ktm_phase_1_over(step);
	if (tx->state == KTM_TX_S_PREPARED && tx->superior && tx->superior->suspended) {
		/* a volatile one will never say how it has decided */
		if (tx->superior->rm->flags & KTM_RM_F_VOLATILE)
			rollback_for(step, tx->superior, KTM_REASON_RM_GONE,
				     KTM_TX_E_SUPERIOR_ROLLBACK);
		else
			ktm_step_tx(step, KTM_TX_E_SUPERIOR_LOST);
	}
	if ((tx->state == KTM_TX_S_COMMITTING || tx->state == KTM_TX_S_ABORTING) &&
	    list_empty(&tx->enlistments)) {
		ktm_step_tx(step, KTM_TX_E_ENDED);
		send_superior(step, KTM_EN_E_TELL_ENDED);
	}
	if (tx->state == KTM_TX_S_COMMITTED || tx->state == KTM_TX_S_ABORTED ||
	    tx->state == KTM_TX_S_INDOUBT)
		send_watchers(step, KTM_EN_E_FORGET);
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
		ktm_decide_queue_end(tm);
		/* frozen, there is nothing to wait for: see room.c */
		wake_up_all(&tx->wait);
	}
	if (step->decide)
		ktm_decide_commit(step);
	if (step->promise)
		ktm_decide_promise(step);
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
	if (tx->superior)
		ktm_step_en(step, tx->superior, KTM_EN_E_LEFT);
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
