// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - the exported interface for resource managers in the kernel
 *
 * References are exported where they are counted, in object/.
 */
#include <linux/file.h>
#include <linux/ktm.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "fd.h"
#include "../protocol/answer.h"
#include "../protocol/enlist.h"
#include "../protocol/recovery_info.h"
#include "../protocol/redo.h"
#include "../protocol/rm.h"
#include "../protocol/savepoint.h"

struct ktm_tx *ktm_tx_get_by_fd(int fd)
{
	struct file *file = ktm_fd_get(fd, &ktm_tx_kind, KTM_RIGHT_ENLIST);
	struct ktm_tx *tx;

	if (IS_ERR(file))
		return ERR_CAST(file);
	tx = ktm_tx_get(ktm_fd_of(file)->object);
	fput(file);
	return tx;
}
EXPORT_SYMBOL_NS_GPL(ktm_tx_get_by_fd, KTM_NS);

const uuid_t *ktm_tx_uuid(const struct ktm_tx *tx)
{
	return &tx->obj.uuid;
}
EXPORT_SYMBOL_NS_GPL(ktm_tx_uuid, KTM_NS);

struct ktm_tm *ktm_tx_tm(const struct ktm_tx *tx)
{
	return tx->tm;
}
EXPORT_SYMBOL_NS_GPL(ktm_tx_tm, KTM_NS);

int ktm_tx_check_active(struct ktm_tx *tx)
{
	int ret;

	spin_lock(&tx->lock);
	if (tx->state == KTM_TX_S_ACTIVE || tx->state == KTM_TX_S_PREPREPARING ||
	    tx->state == KTM_TX_S_PREPREPARED)
		ret = 0;
	else if (tx->state == KTM_TX_S_ABORTING || tx->state == KTM_TX_S_ABORTED)
		ret = -ECANCELED;
	else
		ret = tx->state == KTM_TX_S_SAVEPOINT ? -EBUSY : -EPROTO;
	spin_unlock(&tx->lock);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(ktm_tx_check_active, KTM_NS);

struct ktm_tm *ktm_tm_get_by_fd(int fd)
{
	struct file *file = ktm_fd_get(fd, &ktm_tm_kind, KTM_RIGHT_CREATE_RM);
	struct ktm_tm *tm;

	if (IS_ERR(file))
		return ERR_CAST(file);
	tm = ktm_tm_get(ktm_fd_of(file)->object);
	fput(file);
	return tm;
}
EXPORT_SYMBOL_NS_GPL(ktm_tm_get_by_fd, KTM_NS);

const uuid_t *ktm_tm_uuid(const struct ktm_tm *tm)
{
	return &tm->obj.uuid;
}
EXPORT_SYMBOL_NS_GPL(ktm_tm_uuid, KTM_NS);

bool ktm_tm_is_durable(const struct ktm_tm *tm)
{
	return tm->durable;
}
EXPORT_SYMBOL_NS_GPL(ktm_tm_is_durable, KTM_NS);

bool ktm_tm_is_online(const struct ktm_tm *tm)
{
	return READ_ONCE(tm->state) == KTM_TM_S_ONLINE;
}
EXPORT_SYMBOL_NS_GPL(ktm_tm_is_online, KTM_NS);

struct ktm_rm *ktm_rm_register(struct ktm_tm *tm, const uuid_t *uuid,
			       const char *name, u32 flags,
			       const struct ktm_rm_ops *ops, void *priv)
{
	/* whatever process has loaded or enabled it */
	static const struct ktm_rm_who who = {
		.uid = GLOBAL_ROOT_UID,
		.admin = true,
		.payer = { .uid = GLOBAL_ROOT_UID, .found = true },
	};

	if (strlen(name) >= KTM_NAME_MAX || flags & ~KTM_RM_F_MASK ||
	    !ops->prepare || !ops->commit || !ops->rollback ||
	    (!(flags & KTM_RM_F_VOLATILE) && !ops->recover))
		return ERR_PTR(-EINVAL);
	return ktm_rm_begin_life(tm, uuid, name, flags, &who, ops, priv);
}
EXPORT_SYMBOL_NS_GPL(ktm_rm_register, KTM_NS);

int ktm_rm_recover(struct ktm_rm *rm)
{
	return ktm_rm_go_online(rm, rm->life);
}
EXPORT_SYMBOL_NS_GPL(ktm_rm_recover, KTM_NS);

static bool settled(struct ktm_rm *rm)
{
	return !READ_ONCE(rm->nr_unresolved) ||
	       READ_ONCE(rm->tm->state) != KTM_TM_S_ONLINE;
}

int ktm_rm_settle(struct ktm_rm *rm)
{
	int ret = wait_event_killable(rm->wait, settled(rm));

	if (ret)
		return -EINTR;
	return READ_ONCE(rm->nr_unresolved) ? -ESHUTDOWN : 0;
}
EXPORT_SYMBOL_NS_GPL(ktm_rm_settle, KTM_NS);

void ktm_rm_unregister(struct ktm_rm *rm)
{
	ktm_rm_end_life(rm);
}
EXPORT_SYMBOL_NS_GPL(ktm_rm_unregister, KTM_NS);

void *ktm_rm_priv(const struct ktm_rm *rm)
{
	return rm->priv;
}
EXPORT_SYMBOL_NS_GPL(ktm_rm_priv, KTM_NS);

/* superiors live in user space */
#define KERNEL_EN_FLAGS \
	(KTM_EN_F_SINGLE_PHASE | KTM_EN_F_PREPREPARE | KTM_EN_F_DISCONNECTED | \
	 KTM_EN_F_SAVEPOINTS)

struct ktm_enlistment *ktm_enlist(struct ktm_rm *rm, struct ktm_tx *tx,
				  void *key, u32 flags)
{
	struct ktm_enlistment *en;
	int ret;

	if (flags & ~KERNEL_EN_FLAGS ||
	    (flags & KTM_EN_F_SINGLE_PHASE && !rm->ops->single_phase) ||
	    (flags & KTM_EN_F_PREPREPARE && !rm->ops->preprepare) ||
	    (flags & KTM_EN_F_SAVEPOINTS && !rm->ops->savepoint))
		return ERR_PTR(-EINVAL);
	en = ktm_enlist_make(rm, rm->life, tx, (unsigned long)key, flags);
	if (IS_ERR(en))
		return en;
	ret = ktm_enlist_join(en);
	if (ret) {
		ktm_enlistment_put(en);
		return ERR_PTR(ret);
	}
	return en;
}
EXPORT_SYMBOL_NS_GPL(ktm_enlist, KTM_NS);

void ktm_enlistment_set_key(struct ktm_enlistment *en, void *key)
{
	ktm_enlistment_adopt_key(en, (unsigned long)key);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_set_key, KTM_NS);

const uuid_t *ktm_enlistment_tx_uuid(const struct ktm_enlistment *en)
{
	return &en->tx->obj.uuid;
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_tx_uuid, KTM_NS);

int ktm_enlistment_log(struct ktm_enlistment *en, const void *data, u32 length)
{
	u64 lsn;

	return ktm_redo_append(en, data, length, &lsn);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_log, KTM_NS);

int ktm_enlistment_read_log(struct ktm_enlistment *en,
			    int (*fn)(void *ctx, const void *data, u32 length),
			    void *ctx)
{
	const void *data;
	void *buffer;
	u64 index;
	u32 length;
	int ret;

	buffer = kvmalloc(KTM_DISK_DATA_MAX, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	for (index = 0;; index++) {
		ret = ktm_redo_read(en, index, buffer, &data, &length);
		if (!ret)
			ret = fn(ctx, data, length);
		if (ret)
			break;
	}
	kvfree(buffer);
	return ret == -ENOENT && index >= READ_ONCE(en->nr_records) ? 0 : ret;
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_read_log, KTM_NS);

int ktm_enlistment_set_recovery_info(struct ktm_enlistment *en, const void *data,
				     u32 length)
{
	return ktm_recovery_info_set(en, data, length);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_set_recovery_info, KTM_NS);

int ktm_enlistment_get_recovery_info(struct ktm_enlistment *en, void *buffer,
				     u32 *length)
{
	return ktm_recovery_info_get(en, buffer, length);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_get_recovery_info, KTM_NS);

int ktm_enlistment_savepoint_complete(struct ktm_enlistment *en, u64 savepoint, int error)
{
	return ktm_savepoint_answer(en, savepoint, error);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_savepoint_complete, KTM_NS);

int ktm_enlistment_preprepare_complete(struct ktm_enlistment *en)
{
	return ktm_answer(en, KTM_EN_E_PREPREPARE_COMPLETE);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_preprepare_complete, KTM_NS);

int ktm_enlistment_prepare_complete(struct ktm_enlistment *en)
{
	return ktm_answer_prepared(en);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_prepare_complete, KTM_NS);

int ktm_enlistment_commit_complete(struct ktm_enlistment *en)
{
	return ktm_answer(en, KTM_EN_E_COMMIT_COMPLETE);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_commit_complete, KTM_NS);

int ktm_enlistment_rollback_complete(struct ktm_enlistment *en)
{
	return ktm_answer(en, KTM_EN_E_ROLLBACK_COMPLETE);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_rollback_complete, KTM_NS);

int ktm_enlistment_read_only(struct ktm_enlistment *en)
{
	return ktm_answer_read_only(en);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_read_only, KTM_NS);

int ktm_enlistment_reject_single_phase(struct ktm_enlistment *en)
{
	return ktm_answer_reject_single(en);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_reject_single_phase, KTM_NS);

int ktm_enlistment_request_outcome(struct ktm_enlistment *en)
{
	return ktm_answer_request_outcome(en);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_request_outcome, KTM_NS);

int ktm_enlistment_rollback(struct ktm_enlistment *en, enum ktm_reason reason,
			    int error, const char *detail)
{
	struct ktm_verdict verdict = { .reason = reason, .error = error };

	if (reason != KTM_REASON_RM && reason != KTM_REASON_CONFLICT)
		return -EINVAL;
	if (detail)
		strscpy(verdict.detail, detail, sizeof(verdict.detail));
	uuid_copy(&verdict.rm, &en->rm->obj.uuid);
	return ktm_answer_rollback(en, &verdict);
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_rollback, KTM_NS);

enum ktm_reason ktm_enlistment_reason(struct ktm_enlistment *en, int *error)
{
	struct ktm_tx *tx = en->tx;
	enum ktm_reason reason;

	spin_lock(&tx->lock);
	reason = tx->reason;
	if (error)
		*error = tx->verdict ? tx->verdict->error : 0;
	spin_unlock(&tx->lock);
	return reason;
}
EXPORT_SYMBOL_NS_GPL(ktm_enlistment_reason, KTM_NS);
