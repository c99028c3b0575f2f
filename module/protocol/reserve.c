// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - room in the log for what a transaction needs to end
 */
#include "reserve.h"

int ktm_reserve_get(struct ktm_reserve *reserve, struct ktm_tx *tx, u32 slots)
{
	struct ktm_log *log;
	int idx, ret = 0;

	reserve->tx = tx;
	reserve->slots = 0;
	if (!slots)
		return 0;
	log = ktm_tm_use_log(tx->tm, &idx);
	ret = log ? ktm_log_reserve(log, slots) : -ESHUTDOWN;
	ktm_tm_unuse_log(tx->tm, idx);
	if (!ret)
		reserve->slots = slots;
	return ret;
}

void ktm_reserve_use(struct ktm_reserve *reserve, struct ktm_step *step)
{
	ktm_assert_tx(step->tx);
	step->tx->slots += reserve->slots;
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
}

void ktm_reserve_refuse(struct ktm_step *step, int error)
{
	struct ktm_verdict verdict = {
		.reason = error == -ENOSPC ? KTM_REASON_LOG_FULL : KTM_REASON_LOG_ERROR,
		.error = -error,
	};

	ktm_step_rollback(step, &verdict, KTM_TX_E_ROLLBACK);
}
