// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - reference model: transactions
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

bool m_present(const struct m_rm *rm)
{
	return rm->state == KTM_RM_S_ONLINE;
}

/* Notifications: one waits for each enlistment at most, the newest. */

void m_post(struct m_rm *rm, struct m_en *en, __u32 type)
{
	int i;

	if (!m_present(rm))
		return;
	for (i = 0; i < rm->nr_queue && rm->queue[i].en != en; i++)
		;
	if (i == rm->nr_queue)
		rm->nr_queue++;
	rm->queue[i] = (struct m_note){ .type = type, .en = en };
	if (type == KTM_NOTIFY_SAVEPOINT || type == KTM_NOTIFY_SAVEPOINT_ROLLBACK ||
	    type == KTM_NOTIFY_SAVEPOINT_RELEASE)
		rm->queue[i].savepoint = en->tx->saves.about;
}

void m_cancel(struct m_rm *rm, struct m_en *en)
{
	int i;

	for (i = 0; i < rm->nr_queue; i++) {
		if (rm->queue[i].en != en)
			continue;
		rm->nr_queue--;
		memmove(&rm->queue[i], &rm->queue[i + 1],
			(rm->nr_queue - i) * sizeof(rm->queue[0]));
		return;
	}
}

void m_take_note(struct m_rm *rm)
{
	rm->nr_queue--;
	memmove(&rm->queue[0], &rm->queue[1], rm->nr_queue * sizeof(rm->queue[0]));
}

/* To what has no answer, or whose answer is not awaited: not to who has to ask. */
static void tell(struct m_en *en, __u32 type)
{
	if (!en->earlier)
		m_post(en->rm, en, type);
}

/* Transactions */

/* Has not left; it is no superior, and does not only watch. */
bool m_member(const struct m_en *en)
{
	return en->used && !(en->flags & KTM_EN_F_SUPERIOR) &&
	       en->state != KTM_EN_S_DONE && en->state != KTM_EN_S_WATCHING;
}

struct m_en *m_superior(struct m_tx *tx)
{
	int i;

	for (i = 0; i < M_ENS; i++)
		if (tx->en[i].used && tx->en[i].flags & KTM_EN_F_SUPERIOR &&
		    tx->en[i].state != KTM_EN_S_DONE)
			return &tx->en[i];
	return NULL;
}

__u32 m_nr(const struct m_tx *tx)
{
	__u32 nr = 0;
	int i;

	for (i = 0; i < M_ENS; i++)
		nr += m_member(&tx->en[i]);
	return nr;
}

/* Those whose answer is awaited: the RM is there and was asked. */
__u32 m_waiting(const struct m_tx *tx)
{
	__u32 nr = 0;
	int i;

	for (i = 0; i < M_ENS; i++) {
		const struct m_en *en = &tx->en[i];

		if (!m_member(en) || en->earlier)
			continue;
		nr += en->state == KTM_EN_S_SAVEPOINT ||
		      en->state == KTM_EN_S_PREPREPARING ||
		      en->state == KTM_EN_S_PREPARING ||
		      en->state == KTM_EN_S_SINGLE_PHASE ||
		      en->state == KTM_EN_S_COMMITTING ||
		      en->state == KTM_EN_S_ABORTING;
	}
	return nr;
}

bool m_tx_ended(const struct m_tx *tx)
{
	return tx->state == KTM_TX_S_COMMITTED || tx->state == KTM_TX_S_ABORTED ||
	       tx->state == KTM_TX_S_INDOUBT;
}

bool m_tx_settled(const struct m_tx *tx)
{
	if (tx->state == KTM_TX_S_COMMITTING || tx->state == KTM_TX_S_ABORTING)
		return !m_waiting(tx);
	return m_tx_ended(tx);
}

bool m_busy(const struct m_tx *tx)
{
	return tx->state == KTM_TX_S_PREPREPARING || tx->state == KTM_TX_S_PREPARING ||
	       tx->state == KTM_TX_S_SINGLE_PHASE ||
	       (tx->state == KTM_TX_S_COMMITTING && m_waiting(tx));
}

static bool is_told(const struct m_world *world, const struct m_tx *tx)
{
	int i, k;

	for (i = 0; i < M_RMS; i++)
		for (k = 0; k < world->rm[i].nr_queue; k++)
			if (world->rm[i].queue[k].en && world->rm[i].queue[k].en->tx == tx)
				return true;
	return false;
}

/*
 * An fd of it, an enlistment that has not left, an fd of one that has, or a
 * notification about it that nobody has read
 */
bool m_tx_exists(const struct m_world *world, const struct m_tx *tx)
{
	int i;

	for (i = 0; i < M_ENS; i++)
		if (tx->en[i].used && (tx->en[i].state != KTM_EN_S_DONE || tx->en[i].files))
			return true;
	return tx->files || is_told(world, tx);
}

/* In the order of enlisting: the notifications are sent in it. */
struct m_en *m_next_en(struct m_tx *tx, struct m_en *last)
{
	struct m_en *next = NULL;
	int i;

	for (i = 0; i < M_ENS; i++) {
		struct m_en *en = &tx->en[i];

		if (en->used && (!last || en->order > last->order) &&
		    (!next || en->order < next->order))
			next = en;
	}
	return next;
}

static struct m_en *next_member(struct m_tx *tx, struct m_en *en)
{
	do {
		en = m_next_en(tx, en);
	} while (en && !m_member(en));
	return en;
}

void m_leave(struct m_en *en)
{
	/* opened before this life was told of it */
	if (en->earlier && !m_present(en->rm))
		en->key = 0;
	en->state = KTM_EN_S_DONE;
	en->earlier = false;
	m_cancel(en->rm, en);
}

void m_end(struct m_world *world, struct m_tx *tx, __u32 state)
{
	tx->state = state;
	tx->deadline = 0;
	world->committed += state == KTM_TX_S_COMMITTED;
	world->aborted += state == KTM_TX_S_ABORTED;
}

/* Sends it to those members that are not waited for until they have asked. */
static void send_all(struct m_tx *tx, __u32 state, __u32 type)
{
	struct m_en *en = NULL;

	while ((en = next_member(tx, en))) {
		en->state = state;
		tell(en, type);
	}
}

void m_decide(struct m_world *world, struct m_tx *tx)
{
	tx->state = KTM_TX_S_COMMITTING;
	tx->deadline = 0;
	tx->decided = tx->durable;
	tx->clock = world->clock;
	send_all(tx, KTM_EN_S_COMMITTING, KTM_NOTIFY_COMMIT);
}

void m_prepare(struct m_tx *tx)
{
	tx->state = KTM_TX_S_PREPARING;
	send_all(tx, KTM_EN_S_PREPARING, KTM_NOTIFY_PREPARE);
}

static void phase_1(struct m_world *world, struct m_tx *tx)
{
	struct m_en *en = next_member(tx, NULL);

	if (!m_superior(tx) && !en) {
		m_end(world, tx, KTM_TX_S_COMMITTED);
	} else if (!m_superior(tx) && m_nr(tx) == 1 && en->flags & KTM_EN_F_SINGLE_PHASE) {
		tx->state = KTM_TX_S_SINGLE_PHASE;
		send_all(tx, KTM_EN_S_SINGLE_PHASE, KTM_NOTIFY_SINGLE_PHASE_COMMIT);
	} else {
		m_prepare(tx);
	}
}

void m_phase_0(struct m_tx *tx)
{
	struct m_en *en = NULL;

	tx->state = KTM_TX_S_PREPREPARING;
	while ((en = next_member(tx, en)))
		if (en->flags & KTM_EN_F_PREPREPARE) {
			en->state = KTM_EN_S_PREPREPARING;
			tell(en, KTM_NOTIFY_PREPREPARE);
		}
}

/* Asked for by the client, or ordered by a superior: phase 0 first, if wanted. */
void m_phase_begin(struct m_world *world, struct m_tx *tx)
{
	struct m_en *en = NULL;

	while (tx->state == KTM_TX_S_ACTIVE && (en = next_member(tx, en)))
		if (en->flags & KTM_EN_F_PREPREPARE) {
			m_phase_0(tx);
			return;
		}
	phase_1(world, tx);
}

static void phase_0_over(struct m_world *world, struct m_tx *tx)
{
	struct m_en *superior = m_superior(tx);

	if (superior && superior->state == KTM_EN_S_PREPREPARING) {
		tx->state = KTM_TX_S_PREPREPARED;
		superior->state = KTM_EN_S_PREPREPARED;
		tell(superior, KTM_NOTIFY_PREPREPARE_COMPLETE);
	} else {
		phase_1(world, tx);
	}
}

static void phase_1_over(struct m_world *world, struct m_tx *tx)
{
	struct m_en *superior = m_superior(tx);

	if (superior) {
		tx->state = KTM_TX_S_PREPARED;
		tx->deadline = 0;
		tx->decided = tx->durable;
		tx->clock = world->clock;
		superior->state = KTM_EN_S_PREPARED;
		tell(superior, KTM_NOTIFY_PREPARE_COMPLETE);
	} else if (m_nr(tx)) {
		m_decide(world, tx);
	} else {
		m_end(world, tx, KTM_TX_S_COMMITTED);
	}
}

/* The superior is away. A volatile one does not return. */
static void orphan(struct m_tx *tx, struct m_en *superior)
{
	struct m_en *en = NULL;

	if (!superior->rm->durable) {
		m_abort(tx, KTM_REASON_RM_GONE, 0, superior->rm, NULL);
		return;
	}
	tx->state = KTM_TX_S_ORPHANED;
	while ((en = next_member(tx, en)))
		tell(en, KTM_NOTIFY_INDOUBT);
}

static void all_answered(struct m_world *world, struct m_tx *tx)
{
	bool committed = tx->state == KTM_TX_S_COMMITTING;
	struct m_en *superior = m_superior(tx);
	bool away = superior && superior->earlier;

	m_end(world, tx, committed ? KTM_TX_S_COMMITTED : KTM_TX_S_ABORTED);
	if (!superior)
		return;
	m_leave(superior);
	if (!away)
		m_post(superior->rm, superior, committed ? KTM_NOTIFY_COMMIT_COMPLETE :
		       KTM_NOTIFY_ROLLBACK_COMPLETE);
}

/* After each event: is it the last that was awaited? */
void m_conclude(struct m_world *world, struct m_tx *tx)
{
	struct m_en *en = NULL;

	if (tx->state == KTM_TX_S_SAVEPOINT && !m_waiting(tx))
		m_savepoint_answered(tx);
	if (tx->state == KTM_TX_S_PREPREPARING && !m_waiting(tx))
		phase_0_over(world, tx);
	if (tx->state == KTM_TX_S_PREPARING && !m_waiting(tx))
		phase_1_over(world, tx);
	if (tx->state == KTM_TX_S_PREPARED && m_superior(tx)->earlier)
		orphan(tx, m_superior(tx));
	if ((tx->state == KTM_TX_S_COMMITTING || tx->state == KTM_TX_S_ABORTING) && !m_nr(tx))
		all_answered(world, tx);
	if (!m_tx_ended(tx))
		return;
	while ((en = m_next_en(tx, en)))
		if (en->state == KTM_EN_S_WATCHING)
			m_leave(en);
}

/* The RM that was to decide alone has vanished; watchers are told. */
void m_single_lost(struct m_world *world, struct m_tx *tx)
{
	struct m_en *en = NULL;

	m_end(world, tx, KTM_TX_S_INDOUBT);
	while ((en = m_next_en(tx, en))) {
		if (en->state != KTM_EN_S_WATCHING)
			continue;
		m_leave(en);
		m_post(en->rm, en, KTM_NOTIFY_RM_DISCONNECTED);
	}
}

void m_abort(struct m_tx *tx, __u32 reason, __u32 error, struct m_rm *rm,
	     const char *detail)
{
	struct m_en *superior = m_superior(tx), *en = NULL;

	m_savepoint_overtaken(tx);
	tx->reason = reason;
	tx->error = error;
	tx->reason_rm = rm;
	snprintf(tx->detail, sizeof(tx->detail), "%s", detail ? detail : "");
	tx->state = KTM_TX_S_ABORTING;
	tx->deadline = 0;
	if (superior)
		superior->state = KTM_EN_S_ABORTING;
	while ((en = next_member(tx, en))) {
		en->state = KTM_EN_S_ABORTING;
		/* presumed abort: who has not asked for the outcome need not be told */
		if (en->earlier)
			m_leave(en);
		else
			m_post(en->rm, en, KTM_NOTIFY_ROLLBACK);
	}
}

/* "rollback by anyone" */
bool m_may_abort(const struct m_tx *tx)
{
	return tx->state == KTM_TX_S_ACTIVE || tx->state == KTM_TX_S_SAVEPOINT ||
	       tx->state == KTM_TX_S_PREPREPARING || tx->state == KTM_TX_S_PREPREPARED ||
	       tx->state == KTM_TX_S_PREPARING;
}

static void abort_if_possible(struct m_world *world, struct m_tx *tx, __u32 reason,
			      __u32 error)
{
	if (!m_may_abort(tx))
		return;
	m_abort(tx, reason, error, NULL, NULL);
	m_conclude(world, tx);
}

void m_begin(struct m_world *world, struct m_tx *tx, __u64 deadline)
{
	memset(tx, 0, sizeof(*tx));
	tx->used = true;
	tx->durable = world->durable;
	tx->state = KTM_TX_S_ACTIVE;
	tx->files = 1;
	tx->deadline = deadline;
}

int m_outcome(const struct m_tx *tx, bool commit)
{
	switch (tx->state) {
	case KTM_TX_S_COMMITTING:
	case KTM_TX_S_COMMITTED:
		if (!commit)
			return -EALREADY;
		return m_waiting(tx) ? -EINPROGRESS : 0;
	case KTM_TX_S_ABORTING:
	case KTM_TX_S_ABORTED:
		if (m_waiting(tx))
			return -EINPROGRESS;
		return commit ? -ECANCELED : 0;
	case KTM_TX_S_INDOUBT:
		return commit ? -EIO : -EALREADY;
	}
	return commit ? -EINPROGRESS : -EALREADY;
}

int m_commit(struct m_world *world, struct m_tx *tx)
{
	struct m_en *superior = m_superior(tx);

	if (tx->state == KTM_TX_S_SAVEPOINT)
		return world->freeze == M_FROZEN ? -EAGAIN : -EBUSY;
	if (tx->state == KTM_TX_S_ACTIVE) {
		if (world->freeze == M_FROZEN)
			return -EAGAIN;
		if (superior && !(superior->flags & KTM_EN_F_COMMIT_REQUEST))
			return -EPERM;
		if (superior) {
			tell(superior, KTM_NOTIFY_COMMIT_REQUEST);
		} else {
			world->clock += m_nr(tx) > 0;
			m_phase_begin(world, tx);
			m_conclude(world, tx);
		}
	}
	return m_outcome(tx, true);
}

int m_rollback(struct m_world *world, struct m_tx *tx)
{
	abort_if_possible(world, tx, KTM_REASON_CLIENT, 0);
	return m_outcome(tx, false);
}

int m_set_timeout(struct m_tx *tx, __u64 deadline)
{
	if (tx->state != KTM_TX_S_ACTIVE && tx->state != KTM_TX_S_SAVEPOINT)
		return -EPROTO;
	tx->deadline = deadline;
	return 0;
}

void m_expire(struct m_world *world, struct m_tx *tx)
{
	abort_if_possible(world, tx, KTM_REASON_TIMEOUT, ETIMEDOUT);
}

void m_tx_close(struct m_world *world, struct m_tx *tx)
{
	if (!--tx->files)
		abort_if_possible(world, tx, KTM_REASON_CLOSED, 0);
}

void m_owner_dies(struct m_world *world, struct m_tx *tx)
{
	abort_if_possible(world, tx, KTM_REASON_OWNER_DIED, 0);
}
