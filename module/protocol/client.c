// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - what the client of a transaction does: begin, commit, roll back, let go
 */
#include <linux/capability.h>
#include <linux/ktime.h>
#include <linux/sched.h>

#include "client.h"
#include "deadline.h"
#include "freeze.h"
#include "redo.h"
#include "reserve.h"
#include "step.h"
#include "superior.h"

struct ktm_tx *ktm_client_begin(struct ktm_tm *tm, const uuid_t *uuid,
				const char *description, u64 deadline)
{
	struct ktm_payer payer = ktm_payer_current();
	struct ktm_step step;
	struct ktm_tx *tx;
	int ret;

	if (deadline && deadline <= ktime_get_ns())
		return ERR_PTR(-ETIMEDOUT);
	payer.exempt = tm->durable && ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
	tx = ktm_tx_alloc(tm, uuid, description, payer);
	if (IS_ERR(tx))
		return tx;
	tx->owner = get_pid(task_tgid(current));
	tx->nr_files = 1;
	ret = ktm_registry_insert(&tm->txs, &tx->obj);
	if (ret)
		goto err_put;

	ktm_step_begin(&step, tx);
	ret = ktm_step_tx(&step, KTM_TX_E_BEGIN);
	ktm_step_end(&step);
	if (ret)
		goto err_put;
	if (deadline) {
		ret = ktm_deadline_set(tx, deadline);
		if (ret) {
			ktm_client_close(tx, true);
			return ERR_PTR(ret);
		}
	}
	return tx;

err_put:
	ktm_tx_put(tx);
	return ERR_PTR(ret);
}

bool ktm_client_open(struct ktm_tx *tx, bool writer)
{
	bool begun;

	spin_lock(&tx->lock);
	begun = tx->state != KTM_TX_S_NEW;
	if (begun) {
		ktm_tx_get(tx);
		tx->nr_files += writer;
	}
	spin_unlock(&tx->lock);
	return begun;
}

void ktm_client_close(struct ktm_tx *tx, bool writer)
{
	bool last = false;

	if (writer) {
		spin_lock(&tx->lock);
		last = !--tx->nr_files;
		spin_unlock(&tx->lock);
	}
	if (last)
		ktm_rollback_reason(tx, KTM_REASON_CLOSED, 0);
	ktm_tx_put(tx);
}

void ktm_client_flush(struct ktm_tx *tx)
{
	if ((current->flags & PF_EXITING) && task_tgid(current) == tx->owner)
		ktm_rollback_reason(tx, KTM_REASON_OWNER_DIED, 0);
}

static bool settled_locked(const struct ktm_tx *tx)
{
	ktm_assert_tx(tx);
	switch (tx->state) {
	case KTM_TX_S_COMMITTED:
	case KTM_TX_S_ABORTED:
	case KTM_TX_S_INDOUBT:
		return true;
	case KTM_TX_S_COMMITTING:
	case KTM_TX_S_ABORTING:
		return !tx->nr_waiting;
	default:
		return false;
	}
}

bool ktm_client_settled(struct ktm_tx *tx)
{
	bool settled;

	spin_lock(&tx->lock);
	settled = settled_locked(tx);
	spin_unlock(&tx->lock);
	return settled;
}

/* What its end may need in the log. */
static u32 slots_needed(const struct ktm_tx *tx)
{
	const struct ktm_enlistment *en;

	ktm_assert_tx(tx);
	if (tx->state != KTM_TX_S_ACTIVE || tx->superior)
		return 0;
	/* who enlists in phase 0 finds them there */
	if (ktm_phase_0_wanted(tx))
		return tx->tm->durable ? KTM_RESERVE_COMMIT : 0;
	if (ktm_phase_single(tx))
		return 0;
	list_for_each_entry(en, &tx->enlistments, tx_node)
		if (ktm_redo_is_logged(en))
			return KTM_RESERVE_COMMIT;
	return 0;
}

/* A superior commits itself, or lets itself be asked to. */
static int ask_superior(struct ktm_step *step, enum ktm_wait wait)
{
	struct ktm_enlistment *superior = step->tx->superior;

	if (!(superior->flags & KTM_EN_F_COMMIT_REQUEST))
		return -EPERM;
	/* each call asks, and this one is half of one */
	if (wait == KTM_WAIT_LATER)
		return -ERESTARTNOINTR;
	return ktm_step_en(step, superior, KTM_EN_E_TELL_REQUEST);
}

static int leave_active(struct ktm_step *step, struct ktm_reserve *reserve,
			enum ktm_wait wait)
{
	struct ktm_tx *tx = step->tx;

	if (tx->state == KTM_TX_S_SAVEPOINT)
		return -EBUSY;
	if (tx->state != KTM_TX_S_ACTIVE)
		return 0;	/* somebody else was faster */
	if (tx->superior)
		return ask_superior(step, wait);
	if (tx->nr_enlistments) {
		atomic64_inc(&tx->tm->clock);
		ktm_reserve_use(reserve, step);
	}
	ktm_phase_begin(step);
	return 0;
}

/* Ends the active state. The outcome comes later. */
static int start_commit(struct ktm_tx *tx, enum ktm_wait wait)
{
	const bool may_sleep = wait == KTM_WAIT || wait == KTM_WAIT_NOT;
	struct ktm_reserve reserve;
	struct ktm_step step;
	u32 slots;
	int entered, ret;
	bool again;

	entered = ktm_freeze_enter(tx, wait == KTM_WAIT);
	if (entered < 0)
		return entered;
	do {
		spin_lock(&tx->lock);
		slots = slots_needed(tx);
		spin_unlock(&tx->lock);
		/* outside the lock: room for what must not fail later */
		ret = may_sleep ? ktm_reserve_get(&reserve, tx, slots) :
				  ktm_reserve_try(&reserve, tx, slots);

		ktm_step_begin(&step, tx);
		/* an enlistment that has come meanwhile may need them after all */
		again = !slots && slots_needed(tx);
		if (ret == -EDQUOT || ret == -ERESTARTNOINTR) {
			/* what the caller can change, and try again */
			if (tx->state != KTM_TX_S_ACTIVE)
				ret = leave_active(&step, &reserve, wait);
		} else if (ret) {
			ktm_reserve_refuse(&step, ret);
			ret = 0;
		} else if (!again) {
			ret = leave_active(&step, &reserve, wait);
		}
		ktm_step_end(&step);
		ktm_reserve_put(&reserve);
	} while (again);
	if (entered)
		ktm_freeze_leave(tx->tm);
	return ret;
}

int ktm_client_commit(struct ktm_tx *tx, enum ktm_wait wait)
{
	enum ktm_tx_state state = READ_ONCE(tx->state);
	int ret = 0;

	if (state == KTM_TX_S_ACTIVE || state == KTM_TX_S_SAVEPOINT)
		ret = start_commit(tx, wait);
	if (ret)
		return ret;
	/* an outcome that is there wins over a signal that is there, too */
	if (wait == KTM_WAIT)
		ret = wait_event_interruptible(tx->wait, ktm_client_settled(tx));

	spin_lock(&tx->lock);
	switch (tx->state) {
	case KTM_TX_S_COMMITTING:
	case KTM_TX_S_COMMITTED:
		ret = settled_locked(tx) ? 0 : (ret ?: -EINPROGRESS);
		break;
	case KTM_TX_S_ABORTING:
	case KTM_TX_S_ABORTED:
		ret = settled_locked(tx) ? -ECANCELED : (ret ?: -EINPROGRESS);
		break;
	case KTM_TX_S_INDOUBT:
		ret = -EIO;
		break;
	default:
		ret = ret ?: -EINPROGRESS;
		break;
	}
	spin_unlock(&tx->lock);
	return ret;
}

int ktm_client_rollback(struct ktm_tx *tx, enum ktm_wait wait)
{
	int ret = 0;

	ktm_rollback_reason(tx, KTM_REASON_CLIENT, 0);

	spin_lock(&tx->lock);
	if (tx->state != KTM_TX_S_ABORTING && tx->state != KTM_TX_S_ABORTED)
		ret = -EALREADY;
	spin_unlock(&tx->lock);
	if (ret)
		return ret;
	if (wait == KTM_WAIT)
		return wait_event_interruptible(tx->wait, ktm_client_settled(tx));
	return ktm_client_settled(tx) ? 0 : -EINPROGRESS;
}
