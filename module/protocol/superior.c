// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - phases of a commit, and the superior that drives them instead of a client
 *
 * Phase 0 (PREPREPARE) is for enlistments that keep work in a cache: they write it
 * to RMs below them, which may enlist meanwhile. Phase 1 (PREPARE) is the vote.
 * Without a superior both follow from the client's commit; with one, each waits
 * for its order, and the outcome is its decision.
 */
#include "answer.h"
#include "freeze.h"
#include "reserve.h"
#include "superior.h"

bool ktm_phase_single(const struct ktm_tx *tx)
{
	const struct ktm_enlistment *en;

	ktm_assert_tx(tx);
	if (tx->superior || tx->nr_enlistments != 1)
		return false;
	en = list_first_entry(&tx->enlistments, struct ktm_enlistment, tx_node);
	return en->flags & KTM_EN_F_SINGLE_PHASE;
}

bool ktm_phase_0_wanted(const struct ktm_tx *tx)
{
	const struct ktm_enlistment *en;

	ktm_assert_tx(tx);
	list_for_each_entry(en, &tx->enlistments, tx_node)
		if (en->flags & KTM_EN_F_PREPREPARE)
			return true;
	return false;
}

static void begin_phase_1(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;

	if (!tx->superior && list_empty(&tx->enlistments))
		ktm_step_tx(step, KTM_TX_E_COMMIT_EMPTY);
	else if (ktm_phase_single(tx))
		ktm_step_tx(step, KTM_TX_E_COMMIT_SINGLE);
	else
		ktm_step_tx(step, KTM_TX_E_COMMIT);
}

void ktm_phase_begin(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;

	if (tx->state == KTM_TX_S_ACTIVE && ktm_phase_0_wanted(tx))
		ktm_step_tx(step, KTM_TX_E_PREPREPARE);
	else
		begin_phase_1(step);
}

void ktm_phase_0_over(struct ktm_step *step)
{
	struct ktm_enlistment *superior = step->tx->superior;

	/* one that has ordered phase 1 at once is not told of this one */
	if (superior && superior->state == KTM_EN_S_PREPREPARING)
		ktm_step_tx(step, KTM_TX_E_PREPREPARED);
	else
		begin_phase_1(step);
}

void ktm_phase_1_over(struct ktm_step *step)
{
	struct ktm_tx *tx = step->tx;

	if (tx->superior)
		ktm_step_tx(step, KTM_TX_E_PROMISE);
	else if (list_empty(&tx->enlistments))
		ktm_step_tx(step, KTM_TX_E_PREPARED_EMPTY);
	else
		ktm_step_tx(step, KTM_TX_E_PREPARED);
}

int ktm_superior_resume(struct ktm_step *step, struct ktm_enlistment *en)
{
	/* of what has left, what it says is late, whoever says it */
	if (!en->suspended || en->state == KTM_EN_S_DONE)
		return 0;
	if (!ktm_answer_may_ask(en))
		return -EPROTO;
	en->suspended = false;
	if (step->tx->state == KTM_TX_S_ORPHANED)
		return ktm_step_tx(step, KTM_TX_E_SUPERIOR_BACK);
	return 0;
}

int ktm_superior_order(struct ktm_enlistment *en, enum ktm_en_event order)
{
	struct ktm_tx *tx = en->tx;
	struct ktm_reserve reserve;
	struct ktm_step step;
	int ret, reserve_ret, entered;
	bool first;

	if (!(en->flags & KTM_EN_F_SUPERIOR))
		return -EPERM;
	entered = ktm_freeze_enter(tx, true);
	if (entered < 0)
		return entered;
	/* what follows the first order must not fail: it never gets ACTIVE again */
	first = READ_ONCE(en->state) == KTM_EN_S_ACTIVE && order != KTM_EN_E_DO_COMMIT;
	reserve_ret = ktm_reserve_get(&reserve, tx,
				      first && tx->tm->durable ? KTM_RESERVE_SUPERIOR : 0);

	ktm_step_begin(&step, tx);
	if (tx->state == KTM_TX_S_ABORTING || tx->state == KTM_TX_S_ABORTED) {
		ret = -ECANCELED;
	} else if (tx->state == KTM_TX_S_SAVEPOINT) {
		ret = -EBUSY;
	} else if (reserve_ret && en->state == KTM_EN_S_ACTIVE) {
		/* of a quota the caller can hear, and try again */
		if (reserve_ret != -EDQUOT)
			ktm_reserve_refuse(&step, reserve_ret);
		ret = reserve_ret;
	} else {
		if (en->state == KTM_EN_S_ACTIVE && order != KTM_EN_E_DO_COMMIT) {
			ktm_reserve_use(&reserve, &step);
			atomic64_inc(&tx->tm->clock);
		}
		ret = ktm_superior_resume(&step, en);
		if (!ret)
			ret = ktm_step_en(&step, en, order);
	}
	ktm_step_end(&step);
	ktm_reserve_put(&reserve);
	if (entered)
		ktm_freeze_leave(tx->tm);
	return ret;
}
