// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - the only functions that assign states
 */
#include "freeze.h"
#include "state.h"
#include "../trace/trace.h"

/* how the TM counts a transaction */
enum share {
	SHARE_NONE,
	SHARE_ACTIVE,
	SHARE_UNFINISHED,
};

static enum share share_of(enum ktm_tx_state state)
{
	switch (state) {
	case KTM_TX_S_ACTIVE:
	case KTM_TX_S_SAVEPOINT:
	case KTM_TX_S_PREPREPARING:
	case KTM_TX_S_PREPREPARED:
	case KTM_TX_S_PREPARING:
	case KTM_TX_S_PROMISING:
	case KTM_TX_S_DECIDING:
	case KTM_TX_S_SINGLE_PHASE:
	case KTM_TX_S_ABORTING:
		return SHARE_ACTIVE;
	case KTM_TX_S_PREPARED:
	case KTM_TX_S_ORPHANED:
	case KTM_TX_S_COMMITTING:
		return SHARE_UNFINISHED;
	default:
		return SHARE_NONE;
	}
}

static int account(struct ktm_tx *tx, enum ktm_tx_event event,
		   enum ktm_tx_state next)
{
	struct ktm_tm *tm = tx->tm;
	enum share from = share_of(tx->state), to = share_of(next);
	int ret = 0;

	spin_lock(&tm->lock);
	if (event == KTM_TX_E_BEGIN && tm->state != KTM_TM_S_ONLINE) {
		ret = -ESHUTDOWN;
		goto out;
	}
	tm->nr_active += (to == SHARE_ACTIVE) - (from == SHARE_ACTIVE);
	tm->nr_unfinished += (to == SHARE_UNFINISHED) - (from == SHARE_UNFINISHED);
	tm->nr_busy += ktm_tx_state_busy(next) - ktm_tx_state_busy(tx->state);
	tm->committed += next == KTM_TX_S_COMMITTED;
	tm->aborted += next == KTM_TX_S_ABORTED;
out:
	spin_unlock(&tm->lock);
	return ret;
}

int ktm_tx_event(struct ktm_tx *tx, enum ktm_tx_event event,
		 enum ktm_tx_action *action)
{
	struct ktm_arc arc;
	int ret;

	ktm_assert_tx(tx);
	ret = ktm_arc_find_tx(tx->state, event, &arc);
	if (ret)
		return ret;
	ret = account(tx, event, arc.next);
	if (ret)
		return ret;
	if (arc.next != tx->state)
		trace_ktm_tx_state(&tx->tm->obj.uuid, &tx->obj.uuid, tx->state, arc.next,
				   tx->nr_enlistments);
	WRITE_ONCE(tx->state, arc.next);	/* some look without the lock */
	*action = arc.action;
	if (share_of(arc.next) == SHARE_NONE)
		ktm_tx_uncharge(tx);
	wake_up_all(&tx->wait);
	ktm_freeze_wake(tx->tm);
	return 0;
}

int ktm_en_look(const struct ktm_enlistment *en, enum ktm_en_event event,
		struct ktm_arc *arc)
{
	ktm_assert_tx(en->tx);
	if (en->flags & KTM_EN_F_SUPERIOR)
		return ktm_arc_find_sup(en->state, event, arc);
	return ktm_arc_find_en(en->state, event, arc);
}

int ktm_en_event(struct ktm_enlistment *en, enum ktm_en_event event,
		 enum ktm_en_action *action)
{
	struct ktm_arc arc;
	int ret;

	ret = ktm_en_look(en, event, &arc);
	if (ret)
		return ret;
	if (arc.next != en->state)
		trace_ktm_en_state(&en->tx->obj.uuid, &en->rm->obj.uuid, &en->obj.uuid,
				   en->state, arc.next);
	WRITE_ONCE(en->state, arc.next);
	*action = arc.action;
	return 0;
}

int ktm_rm_set_state(struct ktm_rm *rm, enum ktm_rm_state state)
{
	struct ktm_tm *tm = rm->tm;
	int ret = 0;

	ktm_assert_rm(rm);
	spin_lock(&tm->lock);
	if (rm->state == KTM_RM_S_GONE && state != KTM_RM_S_GONE) {
		if (tm->state == KTM_TM_S_ONLINE)
			tm->nr_present++;
		else
			ret = -ESHUTDOWN;
	} else if (rm->state != KTM_RM_S_GONE && state == KTM_RM_S_GONE) {
		tm->nr_present--;
	}
	spin_unlock(&tm->lock);
	if (ret)
		return ret;
	trace_ktm_rm_state(&tm->obj.uuid, &rm->obj.uuid, rm->state, state);
	WRITE_ONCE(rm->state, state);
	return 0;
}

int ktm_tm_set_state(struct ktm_tm *tm, enum ktm_tm_state state, int error)
{
	int ret = 0;

	spin_lock(&tm->lock);
	if (tm->state == KTM_TM_S_DETACHED) {
		ret = -ESHUTDOWN;
	} else if (state == KTM_TM_S_ONLINE && tm->state != KTM_TM_S_RECOVERING) {
		ret = -ESHUTDOWN;
	} else if (state == KTM_TM_S_DETACHED && (tm->nr_active || tm->nr_present || tm->freeze)) {
		ret = -EBUSY;
	} else {
		trace_ktm_tm_state(&tm->obj.uuid, tm->state, state, error);
		WRITE_ONCE(tm->state, state);
		if (error)
			WRITE_ONCE(tm->error, error);
	}
	spin_unlock(&tm->lock);
	return ret;
}
