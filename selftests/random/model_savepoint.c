// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - reference model: savepoints
 */
#include <errno.h>
#include <string.h>

#include "model.h"

#define ERROR_MAX	512	/* the first errno that is the kernel's own */

/* Those that are there are in ids[], by rising number. */
static int place_of(const struct m_savepoints *all, __u64 savepoint)
{
	int i;

	for (i = 0; i < all->nr && all->ids[i] != savepoint; i++)
		;
	return i;
}

static int check_state(const struct m_tx *tx)
{
	switch (tx->state) {
	case KTM_TX_S_ACTIVE:
		return 0;
	case KTM_TX_S_SAVEPOINT:
		return -EBUSY;
	case KTM_TX_S_ABORTING:
	case KTM_TX_S_ABORTED:
		return -ECANCELED;
	}
	return -EPROTO;
}

static int check_there(const struct m_savepoints *all, __u32 asks, __u64 savepoint)
{
	if (asks == KTM_NOTIFY_SAVEPOINT)
		return all->nr < KTM_TX_MAX_SAVEPOINTS ? 0 : -EMSGSIZE;
	return place_of(all, savepoint) < all->nr ? 0 : -ENOENT;
}

/* Who cannot do it, if there is anybody. To forget takes nobody's consent. */
static struct m_rm *without(struct m_tx *tx, __u32 asks)
{
	struct m_en *en = NULL;

	while (asks != KTM_NOTIFY_SAVEPOINT_RELEASE && (en = m_next_en(tx, en)))
		if (m_member(en) && !(en->flags & KTM_EN_F_SAVEPOINTS))
			return en->rm;
	return NULL;
}

static void send(struct m_tx *tx, bool all)
{
	struct m_en *en = NULL;

	while ((en = m_next_en(tx, en))) {
		if (!m_member(en) || !(en->flags & KTM_EN_F_SAVEPOINTS) ||
		    (!all && en->refused))
			continue;
		en->refused = false;
		en->state = KTM_EN_S_SAVEPOINT;
		m_post(en->rm, en, tx->saves.asks);
	}
}

int m_savepoint(struct m_world *world, struct m_tx *tx, __u32 asks, __u64 *savepoint,
		struct m_rm **rm)
{
	struct m_savepoints *all = &tx->saves;
	int ret = check_state(tx);

	*rm = NULL;
	if (!ret)
		ret = check_there(all, asks, *savepoint);
	if (!ret) {
		*rm = without(tx, asks);
		ret = *rm ? -EOPNOTSUPP : 0;
	}
	if (ret)
		return ret;
	if (asks == KTM_NOTIFY_SAVEPOINT)
		*savepoint = ++all->last;
	all->asks = asks;
	all->about = *savepoint;
	all->error = 0;
	all->error_rm = NULL;
	all->over = false;
	tx->state = KTM_TX_S_SAVEPOINT;
	send(tx, true);
	m_conclude(world, tx);
	return tx->state == KTM_TX_S_SAVEPOINT ? -EINPROGRESS : 0;
}

static void over(struct m_tx *tx, int result, struct m_rm *rm)
{
	tx->saves.over = true;
	tx->saves.result = result;
	tx->saves.result_rm = rm;
}

void m_savepoint_answered(struct m_tx *tx)
{
	struct m_savepoints *all = &tx->saves;

	/* one has refused: those that have set it take it back */
	if (all->asks == KTM_NOTIFY_SAVEPOINT && all->error) {
		all->asks = KTM_NOTIFY_SAVEPOINT_RELEASE;
		send(tx, false);
		if (m_waiting(tx))
			return;
	}
	tx->state = KTM_TX_S_ACTIVE;
	if (all->asks == KTM_NOTIFY_SAVEPOINT)
		all->ids[all->nr++] = all->about;
	else if (all->asks == KTM_NOTIFY_SAVEPOINT_ROLLBACK)
		all->nr = place_of(all, all->about) + 1;
	else
		all->nr = place_of(all, all->about);
	over(tx, all->error, all->error ? all->error_rm : NULL);
}

void m_savepoint_overtaken(struct m_tx *tx)
{
	if (tx->state == KTM_TX_S_SAVEPOINT)
		over(tx, -ECANCELED, NULL);
}

static bool has_read(const struct m_en *en)
{
	int i;

	for (i = 0; i < en->rm->nr_queue; i++)
		if (en->rm->queue[i].en == en)
			return false;
	return true;
}

static int check_answer(const struct m_en *en, __u64 savepoint, __u32 error)
{
	const struct m_savepoints *all = &en->tx->saves;

	if (en->state == KTM_EN_S_ABORTING)
		return -ECANCELED;
	if (!savepoint || savepoint > all->last || en->flags & KTM_EN_F_SUPERIOR)
		return -EPROTO;
	if (en->state != KTM_EN_S_SAVEPOINT || savepoint != all->about || !has_read(en))
		return -EALREADY;
	return error && all->asks != KTM_NOTIFY_SAVEPOINT ? -EINVAL : 0;
}

int m_savepoint_answer(struct m_world *world, struct m_en *en, __u64 savepoint, __u32 error)
{
	struct m_savepoints *all = &en->tx->saves;
	int ret = error < ERROR_MAX ? check_answer(en, savepoint, error) : -EINVAL;

	if (ret)
		return ret;
	en->state = KTM_EN_S_ACTIVE;
	en->refused = error;
	if (error && !all->error) {
		all->error = -(int)error;
		all->error_rm = en->rm;
	}
	m_conclude(world, en->tx);
	return 0;
}
