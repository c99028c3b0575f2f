// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - the answers of resource managers
 */
#include "answer.h"
#include "redo.h"
#include "reserve.h"
#include "step.h"
#include "superior.h"

/* An answer that the rollback has overtaken is told so. */
static int overtaken(const struct ktm_enlistment *en, int ret)
{
	ktm_assert_tx(en->tx);
	if (ret == -EPROTO && en->state == KTM_EN_S_ABORTING)
		return -ECANCELED;
	return ret;
}

int ktm_answer(struct ktm_enlistment *en, enum ktm_en_event event)
{
	struct ktm_step step;
	int ret;

	/* with the lock no record can be on its way when it leaves */
	mutex_lock(&en->log_lock);
	ktm_step_begin(&step, en->tx);
	ret = overtaken(en, ktm_step_en(&step, en, event));
	ktm_step_end(&step);
	mutex_unlock(&en->log_lock);
	return ret;
}

int ktm_answer_read_only(struct ktm_enlistment *en)
{
	return ktm_answer(en, en->flags & KTM_EN_F_DISCONNECTED ?
			      KTM_EN_E_READ_ONLY_WATCH : KTM_EN_E_READ_ONLY);
}

int ktm_answer_prepared(struct ktm_enlistment *en)
{
	enum ktm_en_event event = KTM_EN_E_PREPARE_COMPLETE;
	struct ktm_step step;
	bool logged = false;
	struct ktm_arc arc;
	int ret, log_ret = 0;

	mutex_lock(&en->log_lock);
	spin_lock(&en->tx->lock);
	ret = overtaken(en, ktm_en_look(en, event, &arc));
	spin_unlock(&en->tx->lock);
	if (ret)
		goto out;

	/* the vote goes to the log before it counts: see step.c */
	if (ktm_redo_is_logged(en)) {
		log_ret = ktm_redo_append_prepare(en);
		logged = !log_ret;
	}

	ktm_step_begin(&step, en->tx);
	if (log_ret) {
		ktm_reserve_refuse(&step, log_ret);
		ret = log_ret;
	} else {
		ret = overtaken(en, ktm_step_en(&step, en, event));
		if (!ret && logged) {
			en->tx->nr_prepared++;
			en->tx->first_vote = min_not_zero(en->tx->first_vote,
							  en->prepare_lsn);
		}
	}
	ktm_step_end(&step);
out:
	mutex_unlock(&en->log_lock);
	return ret;
}

int ktm_answer_reject_single(struct ktm_enlistment *en)
{
	struct ktm_verdict timeout = { .reason = KTM_REASON_TIMEOUT, .error = ETIMEDOUT };
	enum ktm_en_event event = KTM_EN_E_REJECT_SINGLE;
	struct ktm_reserve reserve;
	struct ktm_step step;
	struct ktm_arc arc;
	int ret, reserve_ret;

	reserve_ret = ktm_reserve_get(&reserve, en->tx,
				      ktm_redo_is_logged(en) ? KTM_RESERVE_COMMIT : 0);

	ktm_step_begin(&step, en->tx);
	ret = overtaken(en, ktm_en_look(en, event, &arc));
	if (!ret) {
		ktm_reserve_use(&reserve, &step);
		ret = ktm_step_en(&step, en, event);
	}
	if (!ret && reserve_ret) {
		ktm_reserve_refuse(&step, reserve_ret);
		ret = reserve_ret;
	} else if (!ret && en->tx->expired) {
		ktm_step_rollback(&step, &timeout, KTM_TX_E_ROLLBACK);
	}
	ktm_step_end(&step);
	ktm_reserve_put(&reserve);
	return ret;
}

int ktm_answer_rollback(struct ktm_enlistment *en,
			const struct ktm_verdict *verdict)
{
	enum ktm_tx_event event = KTM_TX_E_ROLLBACK;
	struct ktm_step step;
	int ret;

	ktm_step_begin(&step, en->tx);
	ret = 0;
	if (en->flags & KTM_EN_F_SUPERIOR)
		ret = ktm_superior_resume(&step, en);
	if (en->state == KTM_EN_S_SINGLE_PHASE)
		event = KTM_TX_E_SINGLE_ABORTED;
	else if (en->tx->state == KTM_TX_S_PREPARED)
		event = KTM_TX_E_SUPERIOR_ROLLBACK;
	if (!ret)
		ret = overtaken(en, ktm_step_en(&step, en, KTM_EN_E_VETO));
	if (!ret)
		ret = ktm_step_rollback(&step, verdict, event);
	ktm_step_end(&step);
	return ret;
}

bool ktm_answer_may_ask(struct ktm_enlistment *en)
{
	struct ktm_rm *rm = en->rm;
	bool may;

	ktm_assert_tx(en->tx);
	spin_lock(&rm->lock);
	may = rm->state == KTM_RM_S_ONLINE && en->unresolved == rm->life;
	spin_unlock(&rm->lock);
	return may;
}

int ktm_answer_ask_outcome(struct ktm_enlistment *en)
{
	struct ktm_step step;
	int ret = 0;

	ktm_step_begin(&step, en->tx);
	if (en->state == KTM_EN_S_DONE)
		ret = -EALREADY;
	else if (!en->suspended || !ktm_answer_may_ask(en))
		ret = -EPROTO;
	else if (en->flags & KTM_EN_F_SUPERIOR)
		ret = ktm_superior_resume(&step, en);
	if (!ret) {
		en->suspended = false;
		ret = ktm_step_en(&step, en, KTM_EN_E_ASK_OUTCOME);
	}
	ktm_step_end(&step);
	return ret;
}

int ktm_answer_request_outcome(struct ktm_enlistment *en)
{
	struct ktm_step step;
	int ret;

	ktm_step_begin(&step, en->tx);
	if (en->suspended && en->state != KTM_EN_S_DONE)
		ret = -EPROTO;	/* it has to ask as one that came back does */
	else
		ret = overtaken(en, ktm_step_en(&step, en, KTM_EN_E_REQUEST_OUTCOME));
	if (!ret && en->tx->state == KTM_TX_S_INDOUBT)
		ret = -EIO;
	ktm_step_end(&step);
	return ret;
}
