// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - savepoints of a transaction
 *
 * The savepoints are numbers here; what they stand for is with the RMs. A call asks
 * every enlistment and waits for the answers, in a state of the transaction in which
 * nothing else begins. Only to set one can be refused: then those who have set it
 * are asked, in a second round, to release it. What cannot be rolled back to is
 * rolled back as a whole: there is no half a rollback.
 */
#include <linux/errno.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "savepoint.h"

static int check_state(const struct ktm_tx *tx)
{
	ktm_assert_tx(tx);
	switch (tx->state) {
	case KTM_TX_S_ACTIVE:
		return 0;
	case KTM_TX_S_SAVEPOINT:
		return -EBUSY;
	case KTM_TX_S_ABORTING:
	case KTM_TX_S_ABORTED:
		return -ECANCELED;
	default:
		return -EPROTO;
	}
}

/* The place of a savepoint among those that are there, or their number. */
static u32 place_of(const struct ktm_savepoints *all, u64 savepoint)
{
	u32 i;

	for (i = 0; i < all->nr; i++)
		if (all->ids[i] == savepoint)
			break;
	return i;
}

static int check_savepoint(const struct ktm_tx *tx, const struct ktm_savepoint_call *call)
{
	const struct ktm_savepoints *all = tx->savepoints;

	ktm_assert_tx(tx);
	if (call->asks == KTM_NOTIFY_SAVEPOINT)
		return all->nr < KTM_TX_MAX_SAVEPOINTS ? 0 : -EMSGSIZE;
	return all && place_of(all, call->savepoint) < all->nr ? 0 : -ENOENT;
}

/* To forget one takes nobody's consent. */
static int check_consent(const struct ktm_tx *tx, struct ktm_savepoint_call *call)
{
	const struct ktm_enlistment *en;

	ktm_assert_tx(tx);
	if (call->asks == KTM_NOTIFY_SAVEPOINT_RELEASE)
		return 0;
	list_for_each_entry(en, &tx->enlistments, tx_node)
		if (!(en->flags & KTM_EN_F_SAVEPOINTS)) {
			uuid_copy(&call->rm, &en->rm->obj.uuid);
			return -EOPNOTSUPP;
		}
	return 0;
}

static int begin(struct ktm_step *step, struct ktm_savepoint_call *call)
{
	struct ktm_tx *tx = step->tx;
	struct ktm_savepoints *all = tx->savepoints;
	int ret;

	ret = check_state(tx) ?: check_savepoint(tx, call) ?: check_consent(tx, call);
	if (ret)
		return ret;
	if (call->asks == KTM_NOTIFY_SAVEPOINT)
		call->savepoint = ++all->last;
	all->asks = call->asks;
	all->about = call->savepoint;
	all->error = 0;
	all->call = call;
	return ktm_step_tx(step, KTM_TX_E_SAVEPOINT);
}

static int wait_for(struct ktm_tx *tx, struct ktm_savepoint_call *call)
{
	int ret = 0;

	/* what is over wins over a signal that is there, too */
	wait_event_killable(tx->wait, READ_ONCE(call->done));
	spin_lock(&tx->lock);
	if (call->done) {
		ret = call->error;
	} else {
		tx->savepoints->call = NULL;
		ret = -EINTR;
	}
	spin_unlock(&tx->lock);
	return ret;
}

int ktm_savepoint_do(struct ktm_tx *tx, struct ktm_savepoint_call *call)
{
	struct ktm_savepoints *new = NULL;
	struct ktm_step step;
	int ret;

	if (call->asks == KTM_NOTIFY_SAVEPOINT && !READ_ONCE(tx->savepoints)) {
		new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
		if (!new)
			return -ENOMEM;
	}
	ktm_step_begin(&step, tx);
	if (!tx->savepoints) {
		WRITE_ONCE(tx->savepoints, new);
		new = NULL;
	}
	ret = begin(&step, call);
	ktm_step_end(&step);
	kfree(new);
	return ret ?: wait_for(tx, call);
}

void ktm_savepoint_send(struct ktm_step *step)
{
	struct ktm_enlistment *en;

	list_for_each_entry(en, &step->tx->enlistments, tx_node) {
		en->refused = false;
		if (en->flags & KTM_EN_F_SAVEPOINTS)
			WARN_ON_ONCE(ktm_step_en(step, en, KTM_EN_E_SEND_SAVEPOINT));
	}
}

void ktm_savepoint_take_back(struct ktm_step *step)
{
	struct ktm_enlistment *en;

	step->tx->savepoints->asks = KTM_NOTIFY_SAVEPOINT_RELEASE;
	list_for_each_entry(en, &step->tx->enlistments, tx_node)
		if (!en->refused)
			WARN_ON_ONCE(ktm_step_en(step, en, KTM_EN_E_SEND_SAVEPOINT));
}

void ktm_savepoint_over(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;
	const struct ktm_savepoints *all = tx->savepoints;

	if (all->asks == KTM_NOTIFY_SAVEPOINT && all->error)
		ktm_step_tx(step, KTM_TX_E_SAVEPOINT_REFUSED);
	if (!tx->nr_waiting)
		ktm_step_tx(step, KTM_TX_E_SAVEPOINT_DONE);
}

static void tell(struct ktm_tx *tx, int error)
{
	struct ktm_savepoint_call *call = tx->savepoints->call;

	ktm_assert_tx(tx);
	if (!call)
		return;		/* killed */
	tx->savepoints->call = NULL;
	call->error = error;
	/* the caller takes the lock before its stack goes away */
	WRITE_ONCE(call->done, true);
	wake_up_all(&tx->wait);
}

void ktm_savepoint_note(struct ktm_tx *tx)
{
	struct ktm_savepoints *all = tx->savepoints;

	ktm_assert_tx(tx);
	switch (all->asks) {
	case KTM_NOTIFY_SAVEPOINT:
		all->ids[all->nr++] = all->about;
		break;
	case KTM_NOTIFY_SAVEPOINT_ROLLBACK:
		all->nr = place_of(all, all->about) + 1;
		break;
	default:
		/* one that was taken back was never there: then nothing changes */
		all->nr = place_of(all, all->about);
		break;
	}
	if (all->call && all->error)
		uuid_copy(&all->call->rm, &all->rm);
	tell(tx, all->error);
}

void ktm_savepoint_overtaken(struct ktm_tx *tx)
{
	if (tx->savepoints)
		tell(tx, -ECANCELED);
}

/* What it has not read it does not answer: that is an earlier answer, once more. */
static bool has_read(struct ktm_enlistment *en)
{
	struct ktm_rm *rm = en->rm;
	bool has;

	spin_lock(&rm->lock);
	has = list_empty(&en->note.node);
	spin_unlock(&rm->lock);
	return has;
}

static int check_answer(struct ktm_enlistment *en, u64 savepoint, u32 error)
{
	const struct ktm_savepoints *all = en->tx->savepoints;

	ktm_assert_tx(en->tx);
	if (!all || !savepoint || savepoint > all->last)
		return -EPROTO;
	if (en->state != KTM_EN_S_SAVEPOINT)
		return 0;	/* the table has the word for it */
	if (savepoint != all->about || !has_read(en))
		return -EALREADY;
	return error && all->asks != KTM_NOTIFY_SAVEPOINT ? -EINVAL : 0;
}

int ktm_savepoint_answer(struct ktm_enlistment *en, u64 savepoint, u32 error)
{
	struct ktm_savepoints *all;
	struct ktm_step step;
	int ret;

	/* what only the kernel knows is not to be seen by the client */
	if (error >= ERESTARTSYS)
		return -EINVAL;
	ktm_step_begin(&step, en->tx);
	ret = check_answer(en, savepoint, error);
	if (!ret)
		ret = ktm_step_en(&step, en, error ? KTM_EN_E_SAVEPOINT_REFUSED :
						     KTM_EN_E_SAVEPOINT_COMPLETE);
	if (ret == -EPROTO && en->state == KTM_EN_S_ABORTING)
		ret = -ECANCELED;
	all = en->tx->savepoints;
	if (!ret && error && !all->error) {
		all->error = -(int)error;
		uuid_copy(&all->rm, &en->rm->obj.uuid);
	}
	ktm_step_end(&step);
	return ret;
}
