// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - room in the log for what a transaction needs to end
 */
#include "reserve.h"
#include "share.h"

static int reserve_slots(struct ktm_tx *tx, struct ktm_log *log, u32 slots,
			 bool may_wait)
{
	int ret;

	ret = may_wait ? ktm_share_charge_slots(tx, log, slots) :
			 ktm_share_try_charge_slots(tx, log, slots);
	if (ret)
		return ret;
	ret = may_wait ? ktm_log_reserve(log, slots) : ktm_log_try_reserve(log, slots);
	if (ret)
		ktm_share_uncharge_slots(tx, slots);
	return ret;
}

static int get(struct ktm_reserve *reserve, struct ktm_tx *tx, u32 slots, bool may_wait)
{
	struct ktm_log *log;
	int idx, ret = 0;

	reserve->tx = tx;
	reserve->slots = 0;
	if (!slots)
		return 0;
	log = ktm_tm_use_log(tx->tm, &idx);
	ret = log ? reserve_slots(tx, log, slots, may_wait) : -ESHUTDOWN;
	ktm_tm_unuse_log(tx->tm, idx);
	if (!ret)
		reserve->slots = slots;
	return ret;
}

int ktm_reserve_get(struct ktm_reserve *reserve, struct ktm_tx *tx, u32 slots)
{
	return get(reserve, tx, slots, true);
}

int ktm_reserve_try(struct ktm_reserve *reserve, struct ktm_tx *tx, u32 slots)
{
	int ret = get(reserve, tx, slots, false);

	return ret == -ENOSPC || ret == -EDQUOT ? -ERESTARTNOINTR : ret;
}

void ktm_reserve_use(struct ktm_reserve *reserve, struct ktm_step *step)
{
	ktm_assert_tx(step->tx);
	step->tx->slots += reserve->slots;
	ktm_share_use_slots(step->tx, reserve->slots);
	reserve->slots = 0;
}

void ktm_reserve_put(struct ktm_reserve *reserve)
{
	struct ktm_log *log;
	int idx;

	if (!reserve->slots)
		return;
	log = ktm_tm_use_log(reserve->tx->tm, &idx);
	if (log)
		ktm_log_unreserve(log, reserve->slots);
	ktm_tm_unuse_log(reserve->tx->tm, idx);
	ktm_share_uncharge_slots(reserve->tx, reserve->slots);
}

void ktm_reserve_refuse(struct ktm_step *step, int error)
{
	bool full = error == -ENOSPC || error == -EDQUOT;
	struct ktm_verdict verdict = {
		.reason = full ? KTM_REASON_LOG_FULL : KTM_REASON_LOG_ERROR,
		.error = -error,
	};

	ktm_step_rollback(step, &verdict, KTM_TX_E_ROLLBACK);
}
