// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - shares of the ring: what a transaction, and what a user may hold
 */
#include <linux/moduleparam.h>

#include "decide.h"
#include "share.h"

static unsigned int max_user_log_percent = 10;
module_param(max_user_log_percent, uint, 0644);
MODULE_PARM_DESC(max_user_log_percent,
		 "share of a log that the transactions of a user may hold");

/* a transaction: so much that it can't fill the room for copies alone */
#define TX_SHARE	16

/*
 * The log keeps half of the ring for copies. The eighth that is left over is for the
 * filler at the ring's end, and for what a crash has left of a copy: one transaction.
 */
u64 ktm_share_kept_limit(const struct ktm_log *log)
{
	return ktm_log_ring_size(log) / 8 * 3;
}

static int keep_locked(struct ktm_tx *tx, u64 bytes, u64 limit)
{
	ktm_assert_tx(tx);
	if (atomic64_add_return(bytes, &tx->tm->kept) > limit) {
		atomic64_sub(bytes, &tx->tm->kept);
		return -ENOSPC;
	}
	tx->kept += bytes;
	return 0;
}

static void unkeep_locked(struct ktm_tx *tx, u64 bytes)
{
	ktm_assert_tx(tx);
	atomic64_sub(bytes, &tx->tm->kept);
	tx->kept -= bytes;
}

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
	else if (tx->nr_reserves)
		ret = keep_locked(tx, bytes, ktm_share_kept_limit(log));
	if (!ret) {
		tx->log_bytes += bytes;
		tx->held += bytes;
	}
	spin_unlock(&tx->lock);
	return ret;
}

static int charge(struct ktm_tx *tx, const struct ktm_log *log, u64 bytes)
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

int ktm_share_charge(struct ktm_tx *tx, const struct ktm_log *log, u64 bytes)
{
	int ret = charge(tx, log, bytes);

	if (ret != -EDQUOT && ret != -ENOSPC)
		return ret;
	/* what has ended for whoever looks at it is not to count */
	ktm_decide_wait_end(tx->tm);
	return charge(tx, log, bytes);
}

void ktm_share_uncharge(struct ktm_tx *tx, u64 bytes)
{
	spin_lock(&tx->lock);
	/* else it was given back with the rest */
	if (!tx->released) {
		tx->log_bytes -= bytes;
		tx->held -= bytes;
		uncharge_user(tx, bytes);
		if (tx->nr_reserves)
			unkeep_locked(tx, bytes);
	}
	spin_unlock(&tx->lock);
}

static int keep(struct ktm_tx *tx, const struct ktm_log *log, u64 bytes)
{
	int ret = 0;

	spin_lock(&tx->lock);
	/* else it has ended: the reservation will find out, and is given back */
	if (!tx->released) {
		if (!tx->nr_reserves)
			bytes += tx->log_bytes;
		ret = keep_locked(tx, bytes, ktm_share_kept_limit(log));
		tx->nr_reserves += !ret;
	}
	spin_unlock(&tx->lock);
	return ret;
}

static void unkeep(struct ktm_tx *tx, u64 bytes)
{
	spin_lock(&tx->lock);
	/* else it was given back with the rest */
	if (!tx->released) {
		if (!--tx->nr_reserves)
			bytes += tx->log_bytes;
		unkeep_locked(tx, bytes);
	}
	spin_unlock(&tx->lock);
}

static int charge_slots(struct ktm_tx *tx, const struct ktm_log *log, u64 bytes)
{
	int ret;

	ret = charge_user(tx, log, bytes);
	if (ret)
		return ret;
	ret = keep(tx, log, bytes);
	if (ret)
		uncharge_user(tx, bytes);
	return ret;
}

int ktm_share_try_charge_slots(struct ktm_tx *tx, const struct ktm_log *log, u32 slots)
{
	return charge_slots(tx, log, (u64)slots * KTM_LOG_SLOT);
}

int ktm_share_charge_slots(struct ktm_tx *tx, const struct ktm_log *log, u32 slots)
{
	int ret = ktm_share_try_charge_slots(tx, log, slots);

	if (ret != -EDQUOT && ret != -ENOSPC)
		return ret;
	ktm_decide_wait_end(tx->tm);
	return ktm_share_try_charge_slots(tx, log, slots);
}

void ktm_share_uncharge_slots(struct ktm_tx *tx, u32 slots)
{
	u64 bytes = (u64)slots * KTM_LOG_SLOT;

	unkeep(tx, bytes);
	uncharge_user(tx, bytes);
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
	spin_lock(&tx->lock);
	tx->log_bytes = bytes;
	tx->held = held;
	tx->nr_reserves = 1;
	keep_locked(tx, held, S64_MAX);
	spin_unlock(&tx->lock);
	return 0;
}

void ktm_share_release(struct ktm_tx *tx)
{
	ktm_assert_tx(tx);
	if (tx->held)
		uncharge_user(tx, tx->held);
	unkeep_locked(tx, tx->kept);
	tx->held = 0;
	tx->nr_reserves = 0;
	tx->log_bytes = 0;
	tx->released = true;
}
