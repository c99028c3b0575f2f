// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - recovery information: bytes that a resource manager finds again
 *
 * Until the enlistment prepares they are in memory only. On disk, if power fails
 *
 *	before the decision is durable	the PREPARE record with them, perhaps;
 *		the transaction is presumed aborted, nobody asks for them.
 *	after it			the PREPARE record came before the decision,
 *		so it is there as a whole: one record, one checksum. A copy forward
 *		has them again; whichever set recovery finds, it is the same.
 */
#include <linux/slab.h>

#include "recovery_info.h"
#include "redo.h"
#include "share.h"

static_assert(KTM_RECOVERY_INFO_MAX == KTM_DISK_INFO_MAX);

/* What the bytes add to the PREPARE record. */
static u64 cost(const struct ktm_recovery_info *info)
{
	return info ? round_up((u64)info->length, 8) : 0;
}

static int replace(struct ktm_enlistment *en, const struct ktm_log *log,
		   struct ktm_recovery_info **info)
{
	u64 old = cost(en->info), new = cost(*info);
	int ret;

	ret = ktm_redo_check_append(en);
	if (!ret && new > old)
		ret = ktm_share_charge(en->tx, log, new - old);
	if (ret)
		return ret;
	if (old > new)
		ktm_share_uncharge(en->tx, old - new);
	swap(en->info, *info);
	return 0;
}

struct ktm_recovery_info *ktm_recovery_info_alloc(const void *data, u32 length)
{
	struct ktm_recovery_info *info;

	info = kmalloc(struct_size(info, data, length), GFP_KERNEL_ACCOUNT);
	if (!info)
		return NULL;
	info->length = length;
	memcpy(info->data, data, length);
	return info;
}

int ktm_recovery_info_set(struct ktm_enlistment *en, const void *data, u32 length)
{
	struct ktm_recovery_info *info = NULL;
	struct ktm_log *log;
	int idx, ret;

	if (!ktm_redo_is_logged(en))
		return -EINVAL;
	if (length > KTM_RECOVERY_INFO_MAX)
		return -EMSGSIZE;
	if (length) {
		info = ktm_recovery_info_alloc(data, length);
		if (!info)
			return -ENOMEM;
	}
	log = ktm_tm_use_log(en->tx->tm, &idx);
	mutex_lock(&en->log_lock);
	ret = log ? replace(en, log, &info) : -ESHUTDOWN;
	mutex_unlock(&en->log_lock);
	ktm_tm_unuse_log(en->tx->tm, idx);
	kfree(info);
	return ret;
}

int ktm_recovery_info_get(struct ktm_enlistment *en, void *buffer, u32 *length)
{
	u32 room = *length;
	int ret = 0;

	if (!ktm_redo_is_logged(en))
		return -EINVAL;
	mutex_lock(&en->log_lock);
	*length = en->info ? en->info->length : 0;
	if (*length > room)
		ret = -EMSGSIZE;
	else if (*length)
		memcpy(buffer, en->info->data, *length);
	mutex_unlock(&en->log_lock);
	return ret;
}
