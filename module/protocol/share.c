// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - shares of the ring: what a transaction, and what a user may hold
 */
#include <linux/moduleparam.h>

#include "share.h"

static unsigned int max_user_log_percent = 25;
module_param(max_user_log_percent, uint, 0644);
MODULE_PARM_DESC(max_user_log_percent,
		 "share of a log that the transactions of a user may hold");

/*
 * A transaction must be small enough to be copied forward into the room that the
 * log keeps for that, an eighth of the ring. Half of it allows for the heads of
 * buffers and the filler at the ring's end.
 */
#define TX_SHARE	16

u64 ktm_share_limit(const struct ktm_log *log)
{
	u32 percent = min(READ_ONCE(max_user_log_percent), 100U);

	return mult_frac(ktm_log_ring_size(log), percent, 100);
}

/* Whoever began it with CAP_SYS_RESOURCE may fill the ring. */
static int charge_user(struct ktm_tx *tx, const struct ktm_log *log, u64 bytes)
{
	return ktm_quota_charge(&tx->tm->shares, tx->payer.uid, bytes,
				tx->payer.exempt ? U64_MAX : ktm_share_limit(log));
}

static void uncharge_user(struct ktm_tx *tx, u64 bytes)
{
	ktm_quota_uncharge(&tx->tm->shares, tx->payer.uid, bytes);
}

static int hold(struct ktm_tx *tx, const struct ktm_log *log, u64 bytes)
{
	int ret = 0;

	spin_lock(&tx->lock);
	if (tx->released)
		ret = tx->state == KTM_TX_S_ABORTING || tx->state == KTM_TX_S_ABORTED ?
			-ECANCELED : -EPROTO;
	else if (tx->log_bytes + bytes > ktm_log_ring_size(log) / TX_SHARE)
		ret = -ENOSPC;
	if (!ret) {
		tx->log_bytes += bytes;
		tx->held += bytes;
	}
	spin_unlock(&tx->lock);
	return ret;
}

int ktm_share_charge(struct ktm_tx *tx, const struct ktm_log *log, u64 bytes)
{
	int ret;

	ret = charge_user(tx, log, bytes);
	if (ret)
		return ret;
	ret = hold(tx, log, bytes);
	if (ret)
		uncharge_user(tx, bytes);
	return ret;
}

void ktm_share_uncharge(struct ktm_tx *tx, u64 bytes)
{
	spin_lock(&tx->lock);
	/* else it was given back with the rest */
	if (!tx->released) {
		tx->log_bytes -= bytes;
		tx->held -= bytes;
		uncharge_user(tx, bytes);
	}
	spin_unlock(&tx->lock);
}

int ktm_share_charge_slots(struct ktm_tx *tx, const struct ktm_log *log, u32 slots)
{
	return charge_user(tx, log, (u64)slots * KTM_LOG_SLOT);
}

void ktm_share_uncharge_slots(struct ktm_tx *tx, u32 slots)
{
	uncharge_user(tx, (u64)slots * KTM_LOG_SLOT);
}

void ktm_share_use_slots(struct ktm_tx *tx, u32 slots)
{
	ktm_assert_tx(tx);
	WARN_ON_ONCE(tx->released);
	tx->held += (u64)slots * KTM_LOG_SLOT;
}

int ktm_share_found(struct ktm_tx *tx, u64 bytes, u32 slots)
{
	u64 held = bytes + (u64)slots * KTM_LOG_SLOT;
	int ret;

	ret = ktm_quota_charge(&tx->tm->shares, tx->payer.uid, held, U64_MAX);
	if (ret)
		return ret;
	tx->log_bytes = bytes;
	tx->held = held;
	return 0;
}

void ktm_share_release(struct ktm_tx *tx)
{
	ktm_assert_tx(tx);
	if (tx->held)
		uncharge_user(tx, tx->held);
	tx->held = 0;
	tx->log_bytes = 0;
	tx->released = true;
}
