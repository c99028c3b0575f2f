// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - how enlistments come, and how their fds go
 */
#include "deliver.h"
#include "enlist.h"
#include "redo.h"
#include "share.h"
#include "step.h"

/* Phase 0 is there for RMs to come; when it is over, nobody can be sent it. */
static bool may_come(const struct ktm_tx *tx, u32 flags)
{
	switch (tx->state) {
	case KTM_TX_S_ACTIVE:
		return true;
	case KTM_TX_S_PREPREPARING:
		return !(flags & KTM_EN_F_SUPERIOR);
	case KTM_TX_S_PREPREPARED:
		return !(flags & (KTM_EN_F_SUPERIOR | KTM_EN_F_PREPREPARE));
	default:
		return false;
	}
}

static int check_tx(const struct ktm_tx *tx, u32 flags)
{
	ktm_assert_tx(tx);
	if (tx->state == KTM_TX_S_ABORTING || tx->state == KTM_TX_S_ABORTED)
		return -ECANCELED;
	if (tx->state == KTM_TX_S_SAVEPOINT)
		return -EBUSY;
	if (!may_come(tx, flags))
		return -EPROTO;
	if (flags & KTM_EN_F_SUPERIOR)
		return tx->superior ? -EBUSY : 0;
	if (tx->nr_enlistments >= KTM_TX_MAX_ENLISTMENTS)
		return -EMSGSIZE;
	return 0;
}

/* Both lists at once, so that neither side sees half an enlistment. */
static int join(struct ktm_step *step, struct ktm_enlistment *en)
{
	struct ktm_tx *tx = step->tx;
	struct ktm_rm *rm = en->rm;
	int ret;

	ret = check_tx(tx, en->flags);
	if (ret)
		return ret;
	spin_lock(&rm->lock);
	if (rm->state == KTM_RM_S_ONLINE && !rm->busy && en->life == rm->life) {
		list_add_tail(&en->rm_node, &rm->enlistments);
		rm->nr_enlistments++;
	} else {
		ret = -EPROTO;
	}
	spin_unlock(&rm->lock);
	if (ret)
		return ret;
	ktm_enlistment_get(en);
	if (en->flags & KTM_EN_F_SUPERIOR) {
		tx->superior = en;
	} else {
		list_add_tail(&en->tx_node, &tx->enlistments);
		tx->nr_enlistments++;
	}
	ret = ktm_step_en(step, en, KTM_EN_E_ENLIST);
	if (!ret && tx->state == KTM_TX_S_PREPREPARING && en->flags & KTM_EN_F_PREPREPARE)
		ret = ktm_step_en(step, en, KTM_EN_E_SEND_PREPREPARE);
	return ret;
}

static int check_flags(const struct ktm_rm *rm, u32 flags)
{
	bool superior = flags & KTM_EN_F_SUPERIOR;

	if (superior && flags & ~(KTM_EN_F_SUPERIOR | KTM_EN_F_COMMIT_REQUEST))
		return -EINVAL;
	if (!superior && flags & KTM_EN_F_COMMIT_REQUEST)
		return -EINVAL;
	/* nobody could be asked after a restart */
	if (superior && rm->tm->durable && rm->flags & KTM_RM_F_VOLATILE)
		return -EINVAL;
	return 0;
}

struct ktm_enlistment *ktm_enlist_make(struct ktm_rm *rm, u32 life,
				       struct ktm_tx *tx, u64 key, u32 flags)
{
	struct ktm_enlistment *en;
	int ret;

	if (rm->tm != tx->tm)
		return ERR_PTR(-EXDEV);
	ret = check_flags(rm, flags);
	if (ret)
		return ERR_PTR(ret);
	if (READ_ONCE(tx->tm->state) != KTM_TM_S_ONLINE)
		return ERR_PTR(-ESHUTDOWN);
	en = ktm_enlistment_alloc(tx, rm, &uuid_null, flags, ktm_payer_current());
	if (IS_ERR(en))
		return en;
	INIT_WORK(&en->work, ktm_deliver_work);
	en->life = life;
	ret = ktm_registry_insert(&tx->tm->enlistments, &en->obj);
	if (ret) {
		ktm_enlistment_put(en);
		return ERR_PTR(ret);
	}
	ktm_enlistment_adopt_key(en, key);
	return en;
}

/* What its vote takes in the log: later it must not be refused. */
static u64 vote_of(const struct ktm_enlistment *en)
{
	return ktm_redo_is_logged(en) ? KTM_SHARE_VOTE : 0;
}

static int charge_vote(struct ktm_enlistment *en)
{
	struct ktm_log *log;
	int idx, ret;

	log = ktm_tm_use_log(en->tx->tm, &idx);
	ret = log ? ktm_share_charge(en->tx, log, vote_of(en)) : -ESHUTDOWN;
	ktm_tm_unuse_log(en->tx->tm, idx);
	return ret;
}

int ktm_enlist_join(struct ktm_enlistment *en)
{
	struct ktm_step step;
	int ret = 0;

	if (vote_of(en))
		ret = charge_vote(en);
	if (!ret) {
		ktm_step_begin(&step, en->tx);
		ret = join(&step, en);
		ktm_step_end(&step);
		if (ret && vote_of(en))
			ktm_share_uncharge(en->tx, vote_of(en));
	}
	if (ret)
		ktm_enlistment_forget_key(en);
	return ret;
}

struct ktm_enlistment *ktm_enlist_reopen(struct ktm_rm *rm, u32 life,
					 const uuid_t *uuid, u64 key)
{
	struct ktm_enlistment *en = ktm_enlistment_find(rm->tm, uuid);
	bool mine;

	if (!en)
		return ERR_PTR(-ENOENT);
	spin_lock(&rm->lock);
	mine = en->rm == rm && rm->life == life && !list_empty(&en->rm_node);
	if (mine)
		en->key = key;
	spin_unlock(&rm->lock);
	if (!mine) {
		ktm_enlistment_put(en);
		return ERR_PTR(-ENOENT);
	}
	return en;
}

void ktm_enlist_file_opened(struct ktm_enlistment *en)
{
	spin_lock(&en->tx->lock);
	en->nr_files++;
	spin_unlock(&en->tx->lock);
}

void ktm_enlist_file_closed(struct ktm_enlistment *en)
{
	struct ktm_verdict verdict = { .reason = KTM_REASON_ENLISTMENT_CLOSED };
	struct ktm_step step;

	uuid_copy(&verdict.rm, &en->rm->obj.uuid);
	ktm_step_begin(&step, en->tx);
	if (!--en->nr_files) {
		switch (en->state) {
		case KTM_EN_S_ACTIVE:
		case KTM_EN_S_SAVEPOINT:
		case KTM_EN_S_PREPREPARING:
		case KTM_EN_S_PREPREPARED:
		case KTM_EN_S_PREPARING:
			/* the reason first: it stays */
			ktm_step_rollback(&step, &verdict, KTM_TX_E_ROLLBACK);
			fallthrough;
		case KTM_EN_S_SINGLE_PHASE:
		case KTM_EN_S_ABORTING:
		case KTM_EN_S_WATCHING:
			/* nobody is left to answer */
			ktm_step_en(&step, en, KTM_EN_E_LEFT);
			break;
		default:
			break;
		}
	}
	ktm_step_end(&step);
}
