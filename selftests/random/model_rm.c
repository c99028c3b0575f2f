// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - reference model: resource managers and their lives, and the log
 */
#include <errno.h>
#include <string.h>

#include "model.h"

int m_rm_create(struct m_world *world, struct m_rm *rm)
{
	if (rm->state != KTM_RM_S_GONE)
		return -EEXIST;
	rm->state = KTM_RM_S_OFFLINE;
	return 0;
}

/* In the order of enlisting, over all transactions */
static struct m_en *next_of_rm(struct m_world *world, struct m_rm *rm, struct m_en *last)
{
	struct m_en *next = NULL, *en;
	int i;

	for (i = 0; i < M_TXS; i++) {
		if (!world->tx[i].used)
			continue;
		for (en = m_next_en(&world->tx[i], NULL); en;
		     en = m_next_en(&world->tx[i], en))
			if (en->rm == rm && en->state != KTM_EN_S_DONE &&
			    (!last || en->order > last->order) &&
			    (!next || en->order < next->order))
				next = en;
	}
	return next;
}

int m_rm_recover(struct m_world *world, struct m_rm *rm)
{
	struct m_en *en;

	if (rm->state == KTM_RM_S_ONLINE)
		return -EALREADY;
	rm->state = KTM_RM_S_ONLINE;
	for (en = next_of_rm(world, rm, NULL); en; en = next_of_rm(world, rm, en))
		m_post(rm, en, en->flags & KTM_EN_F_SUPERIOR ? KTM_NOTIFY_RECOVER_QUERY :
		       KTM_NOTIFY_RECOVER);
	rm->queue[rm->nr_queue++] = (struct m_note){ .type = KTM_NOTIFY_LAST_RECOVER };
	return 0;
}

static void rm_leaves(struct m_world *world, struct m_rm *rm, struct m_en *en)
{
	struct m_tx *tx = en->tx;

	switch (en->state) {
	case KTM_EN_S_ACTIVE:
	case KTM_EN_S_SAVEPOINT:
	case KTM_EN_S_PREPREPARING:
	case KTM_EN_S_PREPREPARED:
	case KTM_EN_S_PREPARING:
		m_leave(en);
		m_abort(tx, KTM_REASON_RM_GONE, 0, rm, NULL);
		break;
	case KTM_EN_S_SINGLE_PHASE:
		m_leave(en);
		m_single_lost(world, tx);
		break;
	case KTM_EN_S_PREPARED:
	case KTM_EN_S_COMMITTING:
		if (rm->durable || en->flags & KTM_EN_F_SUPERIOR)
			en->earlier = true;
		else
			m_leave(en);
		break;
	case KTM_EN_S_ABORTING:
	case KTM_EN_S_WATCHING:
		m_leave(en);
		break;
	}
	m_conclude(world, tx);
}

/* They are the life's, also of what has left. */
static void forget_keys(struct m_world *world, const struct m_rm *rm)
{
	int i, k;

	for (i = 0; i < M_TXS; i++)
		for (k = 0; k < M_ENS; k++)
			if (world->tx[i].en[k].rm == rm)
				world->tx[i].en[k].key = 0;
}

void m_rm_close(struct m_world *world, struct m_rm *rm)
{
	struct m_en *en;

	rm->state = KTM_RM_S_GONE;
	rm->nr_queue = 0;
	forget_keys(world, rm);
	for (en = next_of_rm(world, rm, NULL); en; en = next_of_rm(world, rm, en))
		rm_leaves(world, rm, en);
}

__u32 m_rm_nr(const struct m_world *world, const struct m_rm *rm)
{
	__u32 nr = 0;
	int i, k;

	for (i = 0; i < M_TXS; i++)
		for (k = 0; k < M_ENS; k++) {
			const struct m_en *en = &world->tx[i].en[k];

			nr += world->tx[i].used && en->used && en->rm == rm &&
			      en->state != KTM_EN_S_DONE;
		}
	return nr;
}

static bool is_unfinished(const struct m_tx *tx)
{
	return tx->state == KTM_TX_S_COMMITTING || tx->state == KTM_TX_S_PREPARED ||
	       tx->state == KTM_TX_S_ORPHANED;
}

__u32 m_active(const struct m_world *world)
{
	__u32 nr = 0;
	int i;

	for (i = 0; i < M_TXS; i++)
		nr += world->tx[i].used && !is_unfinished(&world->tx[i]) &&
		      !m_tx_ended(&world->tx[i]);
	return nr;
}

__u32 m_unfinished(const struct m_world *world)
{
	__u32 nr = 0;
	int i;

	for (i = 0; i < M_TXS; i++)
		nr += world->tx[i].used && is_unfinished(&world->tx[i]);
	return nr;
}

/* A decision or a promise without a vote is in memory only. */
static bool is_logged(const struct m_tx *tx)
{
	int i;

	for (i = 0; i < M_ENS; i++)
		if (tx->en[i].used && tx->en[i].voted)
			return tx->used && is_unfinished(tx);
	return false;
}

__u32 m_logged(const struct m_world *world, __u64 clock)
{
	__u32 nr = 0;
	int i;

	for (i = 0; i < M_TXS; i++)
		nr += is_logged(&world->tx[i]) && world->tx[i].clock <= clock;
	return nr;
}

static void recover(struct m_tx *tx)
{
	bool decided = tx->state == KTM_TX_S_COMMITTING;
	int i;

	tx->state = decided ? KTM_TX_S_COMMITTING : KTM_TX_S_ORPHANED;
	tx->recovered = true;
	memset(&tx->saves, 0, sizeof(tx->saves));
	for (i = 0; i < M_ENS; i++) {
		struct m_en *en = &tx->en[i];
		bool superior = en->used && en->flags & KTM_EN_F_SUPERIOR && !decided;

		/* an answer to COMMIT counts when all have come: it is asked again */
		en->used = en->used && (en->voted || superior);
		en->state = decided ? KTM_EN_S_COMMITTING : KTM_EN_S_PREPARED;
		en->earlier = true;
		en->flags = superior ? KTM_EN_F_SUPERIOR : 0;
		en->key = 0;
	}
}

void m_reattach(struct m_world *world)
{
	int i;

	for (i = 0; i < M_TXS; i++) {
		world->tx[i].used = is_logged(&world->tx[i]);
		if (world->tx[i].used)
			recover(&world->tx[i]);
	}
	world->committed = 0;
	world->aborted = 0;
	world->freeze = M_THAWED;
}

void m_discard(struct m_world *world, __u64 clock)
{
	int i;

	for (i = 0; i < M_TXS; i++)
		if (world->tx[i].clock > clock)
			world->tx[i].used = false;
}
