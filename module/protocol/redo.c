// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - records of enlistments: redo in the RM's stream, and the vote
 *
 * Each record names the user to whom its RM belongs. So whoever finds the vote after
 * a crash finds the owner, and an RM without a vote in the log has nothing that
 * another user could take.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "redo.h"
#include "share.h"

static void fill(struct ktm_log_record *record, const struct ktm_enlistment *en,
		 u16 type, const void *data, u32 length)
{
	memset(record, 0, sizeof(*record));
	record->type = type;
	record->data = data;
	record->data_length = length;
	/* INVALID_UID is read back as such */
	record->owner = __kuid_val(en->rm->owner);
	uuid_copy(&record->stream, &en->rm->obj.uuid);
	uuid_copy(&record->tx, &en->tx->obj.uuid);
	uuid_copy(&record->enlistment, &en->obj.uuid);
}

static u64 last_lsn(const u64 *lsns, u32 nr)
{
	return nr ? lsns[nr - 1] : 0;
}

bool ktm_redo_is_logged(const struct ktm_enlistment *en)
{
	/* a superior does not vote, so nothing of it would be found after a crash */
	return en->tx->tm->durable && !(en->rm->flags & KTM_RM_F_VOLATILE) &&
	       !(en->flags & KTM_EN_F_SUPERIOR);
}

int ktm_redo_check_append(struct ktm_enlistment *en)
{
	int ret = 0;

	lockdep_assert_held(&en->log_lock);
	spin_lock(&en->tx->lock);
	switch (en->state) {
	case KTM_EN_S_ACTIVE:
	case KTM_EN_S_SAVEPOINT:
	case KTM_EN_S_PREPREPARING:
	case KTM_EN_S_PREPREPARED:
	case KTM_EN_S_PREPARING:
		break;
	case KTM_EN_S_ABORTING:
		ret = -ECANCELED;
		break;
	default:
		ret = -EPROTO;
		break;
	}
	spin_unlock(&en->tx->lock);
	return ret;
}

/*
 * A rollback, or a single phase that ended, takes no log_lock: it may have let
 * the tail go before the record that is being written pinned it.
 */
static void unpin_if_over(struct ktm_tx *tx)
{
	bool over;

	spin_lock(&tx->lock);
	over = tx->state == KTM_TX_S_ABORTING || tx->state == KTM_TX_S_ABORTED ||
	       (!tx->nr_prepared && (tx->state == KTM_TX_S_COMMITTED ||
				     tx->state == KTM_TX_S_INDOUBT));
	if (over)
		ktm_tx_unpin_log(tx, &tx->pin);
	spin_unlock(&tx->lock);
}

int ktm_redo_append(struct ktm_enlistment *en, const void *data, u32 length,
		    u64 *lsn)
{
	struct ktm_tx *tx = en->tx;
	u64 bytes = KTM_SHARE_RECORD(length);
	struct ktm_log_record record;
	struct ktm_log *log;
	int idx, ret;

	if (!ktm_redo_is_logged(en) || !length)
		return -EINVAL;
	if (length > KTM_RECORD_MAX)
		return -EMSGSIZE;
	log = ktm_tm_use_log(tx->tm, &idx);
	mutex_lock(&en->log_lock);
	ret = log ? ktm_redo_check_append(en) : -ESHUTDOWN;
	if (ret)
		goto out;
	ret = ktm_enlistment_grow_lsns(en);
	if (!ret)
		ret = ktm_share_charge(tx, log, bytes);
	if (ret)
		goto out;
	ktm_tx_pin_log(tx, log, &tx->pin);
	fill(&record, en, KTM_RECORD_REDO, data, length);
	record.prev_lsn = last_lsn(en->lsns, en->nr_records);
	ret = ktm_log_append(log, &record, KTM_LOG_FREE, NULL);
	if (!ret) {
		ktm_enlistment_add_lsn(en, record.lsn);
		*lsn = record.lsn;
	} else {
		ktm_share_uncharge(tx, bytes);
	}
	unpin_if_over(tx);
out:
	mutex_unlock(&en->log_lock);
	ktm_tm_unuse_log(tx->tm, idx);
	return ret;
}

static int append_prepare(struct ktm_enlistment *en, struct ktm_log *log,
			  const u64 *lsns, u32 nr, u16 flags,
			  enum ktm_log_space space, u64 *lsn)
{
	u32 length = en->info ? en->info->length : 0;
	struct ktm_disk_prepare *prepare;
	struct ktm_log_record record;
	int ret;

	lockdep_assert_held(&en->log_lock);
	prepare = kmalloc(sizeof(*prepare) + length, GFP_KERNEL);
	if (!prepare)
		return -ENOMEM;
	prepare->first_lsn = cpu_to_le64(nr ? lsns[0] : 0);
	prepare->nr_records = cpu_to_le32(nr);
	prepare->info_length = cpu_to_le32(length);
	if (length)
		memcpy(prepare + 1, en->info->data, length);
	fill(&record, en, KTM_RECORD_PREPARE, prepare,
	     sizeof(*prepare) + length);
	record.flags = flags;
	record.prev_lsn = last_lsn(lsns, nr);
	ret = ktm_log_append(log, &record, space, NULL);
	*lsn = record.lsn;
	kfree(prepare);
	return ret;
}

int ktm_redo_append_prepare(struct ktm_enlistment *en)
{
	struct ktm_tx *tx = en->tx;
	struct ktm_log *log;
	int idx, ret = -ESHUTDOWN;

	lockdep_assert_held(&en->log_lock);
	log = ktm_tm_use_log(tx->tm, &idx);
	if (log) {
		ktm_tx_pin_log(tx, log, &tx->pin);
		ret = append_prepare(en, log, en->lsns, en->nr_records, 0,
				     KTM_LOG_FREE, &en->prepare_lsn);
		unpin_if_over(tx);
	}
	ktm_tm_unuse_log(tx->tm, idx);
	return ret;
}

int ktm_redo_read(struct ktm_enlistment *en, u64 index, void *buffer,
		  const void **data, u32 *length)
{
	struct ktm_log_record record;
	struct ktm_log *log;
	int idx, ret;

	if (!ktm_redo_is_logged(en))
		return -EINVAL;
	log = ktm_tm_use_log(en->tx->tm, &idx);
	mutex_lock(&en->log_lock);
	if (!log) {
		ret = -ESHUTDOWN;
		goto out;
	}
	if (index >= en->nr_records) {
		ret = -ENOENT;
		goto out;
	}
	spin_lock(&en->tx->lock);
	ret = en->state == KTM_EN_S_ABORTING || en->state == KTM_EN_S_DONE ?
		-EPROTO : 0;
	spin_unlock(&en->tx->lock);
	if (ret)
		goto out;
	ret = ktm_log_read(log, en->lsns[index], &record, buffer);
	if (ret)
		goto out;
	if (record.type != KTM_RECORD_REDO ||
	    !uuid_equal(&record.enlistment, &en->obj.uuid)) {
		ret = -EUCLEAN;
		goto out;
	}
	*data = record.data;
	*length = record.data_length;
out:
	mutex_unlock(&en->log_lock);
	ktm_tm_unuse_log(en->tx->tm, idx);
	return ret;
}

static int copy_records(struct ktm_enlistment *en, struct ktm_log *log,
			u64 *lsns, void *buffer)
{
	struct ktm_log_record record;
	u32 i;
	int ret;

	for (i = 0; i < en->nr_records; i++) {
		ret = ktm_log_read(log, en->lsns[i], &record, buffer);
		if (ret)
			return ret == -EINVAL ? -EUCLEAN : ret;
		fill(&record, en, KTM_RECORD_REDO, record.data, record.data_length);
		record.flags = KTM_DISK_RECORD_F_COPY;
		record.prev_lsn = last_lsn(lsns, i);
		ret = ktm_log_append(log, &record, KTM_LOG_COPY, NULL);
		if (ret)
			return ret;
		lsns[i] = record.lsn;
	}
	return 0;
}

int ktm_redo_copy_forward(struct ktm_enlistment *en, struct ktm_log *log, u64 *vote)
{
	u64 *lsns = NULL, prepare_lsn;
	void *buffer;
	int ret;

	*vote = 0;
	buffer = kvmalloc(KTM_DISK_DATA_MAX, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	mutex_lock_nested(&en->log_lock, KTM_LOG_LOCK_VICTIM);
	if (en->nr_records) {
		lsns = kvmalloc_array(en->nr_records, sizeof(*lsns), GFP_KERNEL_ACCOUNT);
		ret = lsns ? copy_records(en, log, lsns, buffer) : -ENOMEM;
		if (ret)
			goto out;
	}
	ret = append_prepare(en, log, lsns, en->nr_records, KTM_DISK_RECORD_F_COPY,
			     KTM_LOG_COPY, &prepare_lsn);
	if (ret)
		goto out;
	swap(en->lsns, lsns);
	en->max_records = en->nr_records;
	en->prepare_lsn = prepare_lsn;
	*vote = prepare_lsn;
out:
	mutex_unlock(&en->log_lock);
	kvfree(lsns);
	kvfree(buffer);
	return ret;
}
