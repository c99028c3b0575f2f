// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - deadlines of transactions
 *
 * Most transactions have none, so the timer is memory of its own, with a reference
 * on the transaction. It is there for two: for tx.deadline, which whoever takes it
 * out of there drops, and for the work, until that has run or was cancelled.
 */
#include <linux/ktime.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "deadline.h"
#include "step.h"

/**
 * struct ktm_deadline - a timer
 * @ref: of tx.deadline, and of the work
 * @work: fires at the time
 * @tx: what it ends, with a reference
 * @time: CLOCK_MONOTONIC ns
 */
struct ktm_deadline {
	refcount_t ref;
	struct delayed_work work;
	struct ktm_tx *tx;
	u64 time;
};

static void deadline_put(struct ktm_deadline *deadline)
{
	if (!refcount_dec_and_test(&deadline->ref))
		return;
	ktm_tx_put(deadline->tx);
	kfree(deadline);
}

static void start(struct ktm_deadline *deadline)
{
	u64 now = ktime_get_ns(), time = deadline->time;

	queue_delayed_work(ktm_workers, &deadline->work,
			   time > now ? nsecs_to_jiffies(time - now) + 1 : 0);
}

static void expire(struct ktm_tx *tx)
{
	struct ktm_verdict verdict = {
		.reason = KTM_REASON_TIMEOUT,
		.error = ETIMEDOUT,
	};
	struct ktm_step step;

	ktm_step_begin(&step, tx);
	/* the one that is to decide may hand it back: see ktm_answer_reject_single() */
	if (tx->state == KTM_TX_S_SINGLE_PHASE)
		tx->expired = true;
	else
		ktm_step_rollback(&step, &verdict, KTM_TX_E_ROLLBACK);
	ktm_step_end(&step);
}

static void deadline_work(struct work_struct *work)
{
	struct ktm_deadline *deadline =
		container_of(work, struct ktm_deadline, work.work);
	struct ktm_tx *tx = deadline->tx;
	bool mine;

	/* whoever took it out of the transaction wins */
	spin_lock(&tx->lock);
	mine = tx->deadline == deadline;
	if (mine && ktime_get_ns() < deadline->time) {
		/* jiffies were behind the clock when it was started */
		start(deadline);
		spin_unlock(&tx->lock);
		return;
	}
	if (mine)
		tx->deadline = NULL;
	spin_unlock(&tx->lock);
	if (mine) {
		expire(tx);
		deadline_put(deadline);
	}
	deadline_put(deadline);
}

void ktm_deadline_drop(struct ktm_deadline *deadline)
{
	/* if it runs already, it drops its own reference */
	if (cancel_delayed_work(&deadline->work))
		deadline_put(deadline);
	deadline_put(deadline);
}

u64 ktm_deadline_get(const struct ktm_tx *tx)
{
	ktm_assert_tx(tx);
	return tx->deadline ? tx->deadline->time : 0;
}

int ktm_deadline_set(struct ktm_tx *tx, u64 time)
{
	struct ktm_deadline *new = NULL, *old;

	if (time) {
		new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
		if (!new)
			return -ENOMEM;
		refcount_set(&new->ref, 2);
		INIT_DELAYED_WORK(&new->work, deadline_work);
		new->tx = ktm_tx_get(tx);
		new->time = time;
	}
	spin_lock(&tx->lock);
	if (tx->state != KTM_TX_S_ACTIVE && tx->state != KTM_TX_S_SAVEPOINT) {
		spin_unlock(&tx->lock);
		if (new) {
			/* its work was never queued */
			deadline_put(new);
			deadline_put(new);
		}
		return -EPROTO;
	}
	old = tx->deadline;
	tx->deadline = new;
	if (new)
		start(new);
	spin_unlock(&tx->lock);
	if (old)
		ktm_deadline_drop(old);
	return 0;
}
