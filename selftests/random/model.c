// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - reference model of transactions, in user space
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

static bool present(const struct m_rm *rm)
{
	return rm->state == KTM_RM_S_ONLINE;
}

/* Notifications: one waits for each enlistment at most, the newest. */

static void post(struct m_rm *rm, struct m_en *en, __u32 type)
{
	int i;

	if (!present(rm))
		return;
	for (i = 0; i < rm->nr_queue && rm->queue[i].en != en; i++)
		;
	if (i == rm->nr_queue)
		rm->nr_queue++;
	rm->queue[i] = (struct m_note){ .type = type, .en = en };
}

static void cancel(struct m_rm *rm, struct m_en *en)
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

/* Transactions */

static __u32 count(const struct m_tx *tx, __u32 state)
{
	__u32 nr = 0;
	int i;

	for (i = 0; i < M_ENS; i++)
		nr += tx->en[i].used && tx->en[i].state == state;
	return nr;
}

__u32 m_nr(const struct m_tx *tx)
{
	__u32 nr = 0;
	int i;

	for (i = 0; i < M_ENS; i++)
		nr += tx->en[i].used && tx->en[i].state != KTM_EN_S_DONE;
	return nr;
}

/* Those whose answer is awaited: the RM is there and was asked. */
__u32 m_waiting(const struct m_tx *tx)
{
	__u32 nr = 0;
	int i;

	for (i = 0; i < M_ENS; i++) {
		const struct m_en *en = &tx->en[i];

		if (!en->used || !present(en->rm) || en->earlier)
			continue;
		nr += en->state == KTM_EN_S_PREPARING ||
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

/* An fd of it, an enlistment that has not left, or an fd of one that has */
bool m_tx_exists(const struct m_tx *tx)
{
	int i;

	for (i = 0; i < M_ENS; i++)
		if (tx->en[i].used && (tx->en[i].state != KTM_EN_S_DONE || tx->en[i].files))
			return true;
	return tx->files;
}

/* In the order of enlisting: the notifications are sent in it. */
static struct m_en *next_en(struct m_tx *tx, struct m_en *last)
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

static void leave(struct m_en *en)
{
	en->state = KTM_EN_S_DONE;
	en->earlier = false;
	cancel(en->rm, en);
}

static void end(struct m_world *world, struct m_tx *tx, __u32 state)
{
	tx->state = state;
	tx->deadline = 0;
	world->committed += state == KTM_TX_S_COMMITTED;
	world->aborted += state == KTM_TX_S_ABORTED;
}

static void decide(struct m_tx *tx)
{
	struct m_en *en = NULL;

	tx->state = KTM_TX_S_COMMITTING;
	tx->deadline = 0;
	tx->decided = tx->durable;
	while ((en = next_en(tx, en))) {
		if (en->state != KTM_EN_S_PREPARED)
			continue;
		en->state = KTM_EN_S_COMMITTING;
		if (!en->earlier)
			post(en->rm, en, KTM_NOTIFY_COMMIT);
	}
}

/* After an answer: is it the last that was awaited? */
static void progress(struct m_world *world, struct m_tx *tx)
{
	if (tx->state == KTM_TX_S_PREPARING && !count(tx, KTM_EN_S_PREPARING)) {
		if (count(tx, KTM_EN_S_PREPARED))
			decide(tx);
		else
			end(world, tx, KTM_TX_S_COMMITTED);
	}
	if (m_nr(tx))
		return;
	if (tx->state == KTM_TX_S_SINGLE_PHASE || tx->state == KTM_TX_S_COMMITTING)
		end(world, tx, KTM_TX_S_COMMITTED);
	if (tx->state == KTM_TX_S_ABORTING)
		end(world, tx, KTM_TX_S_ABORTED);
}

static void prepare(struct m_tx *tx)
{
	struct m_en *en = NULL;

	tx->state = KTM_TX_S_PREPARING;
	while ((en = next_en(tx, en))) {
		if (en->state != KTM_EN_S_ACTIVE)
			continue;
		en->state = KTM_EN_S_PREPARING;
		post(en->rm, en, KTM_NOTIFY_PREPARE);
	}
}

static void set_reason(struct m_tx *tx, __u32 reason, __u32 error, struct m_rm *rm,
		       const char *detail)
{
	tx->reason = reason;
	tx->error = error;
	tx->reason_rm = rm;
	snprintf(tx->detail, sizeof(tx->detail), "%s", detail ? detail : "");
}

static void abort_tx(struct m_world *world, struct m_tx *tx, __u32 reason, __u32 error,
		     struct m_rm *rm, const char *detail)
{
	struct m_en *en = NULL;

	set_reason(tx, reason, error, rm, detail);
	tx->state = KTM_TX_S_ABORTING;
	tx->deadline = 0;
	while ((en = next_en(tx, en))) {
		if (en->state == KTM_EN_S_DONE)
			continue;
		en->state = KTM_EN_S_ABORTING;
		/* presumed abort: who has not asked for the outcome need not be told */
		if (present(en->rm) && !en->earlier)
			post(en->rm, en, KTM_NOTIFY_ROLLBACK);
		else
			leave(en);
	}
	progress(world, tx);
}

/* "ACTIVE, PREPARING -> ABORTING: rollback by anyone" */
static bool may_abort(const struct m_tx *tx)
{
	return tx->state == KTM_TX_S_ACTIVE || tx->state == KTM_TX_S_PREPARING;
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

int m_commit(struct m_world *world, struct m_tx *tx)
{
	struct m_en *en = next_en(tx, NULL);

	while (en && en->state == KTM_EN_S_DONE)
		en = next_en(tx, en);
	if (tx->state == KTM_TX_S_ACTIVE && !en) {
		end(world, tx, KTM_TX_S_COMMITTED);
	} else if (tx->state == KTM_TX_S_ACTIVE && m_nr(tx) == 1 && en->single) {
		tx->state = KTM_TX_S_SINGLE_PHASE;
		en->state = KTM_EN_S_SINGLE_PHASE;
		post(en->rm, en, KTM_NOTIFY_SINGLE_PHASE_COMMIT);
	} else if (tx->state == KTM_TX_S_ACTIVE) {
		prepare(tx);
	}
	switch (tx->state) {
	case KTM_TX_S_COMMITTING:
	case KTM_TX_S_COMMITTED:
		return m_waiting(tx) ? -EINPROGRESS : 0;
	case KTM_TX_S_ABORTING:
	case KTM_TX_S_ABORTED:
		return m_waiting(tx) ? -EINPROGRESS : -ECANCELED;
	case KTM_TX_S_INDOUBT:
		return -EIO;
	}
	return -EINPROGRESS;
}

int m_rollback(struct m_world *world, struct m_tx *tx)
{
	if (may_abort(tx))
		abort_tx(world, tx, KTM_REASON_CLIENT, 0, NULL, NULL);
	switch (tx->state) {
	case KTM_TX_S_ABORTING:
		return m_waiting(tx) ? -EINPROGRESS : 0;
	case KTM_TX_S_ABORTED:
		return 0;
	}
	return -EALREADY;
}

int m_set_timeout(struct m_tx *tx, __u64 deadline)
{
	if (tx->state != KTM_TX_S_ACTIVE)
		return -EPROTO;
	tx->deadline = deadline;
	return 0;
}

void m_expire(struct m_world *world, struct m_tx *tx)
{
	if (may_abort(tx))
		abort_tx(world, tx, KTM_REASON_TIMEOUT, ETIMEDOUT, NULL, NULL);
}

void m_tx_close(struct m_world *world, struct m_tx *tx)
{
	if (!--tx->files && may_abort(tx))
		abort_tx(world, tx, KTM_REASON_CLOSED, 0, NULL, NULL);
}

void m_owner_dies(struct m_world *world, struct m_tx *tx)
{
	if (may_abort(tx))
		abort_tx(world, tx, KTM_REASON_OWNER_DIED, 0, NULL, NULL);
}

/* Enlistments */

int m_enlist(struct m_world *world, struct m_tx *tx, struct m_rm *rm, struct m_en *en,
	     __u64 key, bool single)
{
	if (tx->state == KTM_TX_S_ABORTING || tx->state == KTM_TX_S_ABORTED)
		return -ECANCELED;
	if (tx->state != KTM_TX_S_ACTIVE || !present(rm))
		return -EPROTO;
	memset(en, 0, sizeof(*en));
	en->used = true;
	en->tx = tx;
	en->rm = rm;
	en->state = KTM_EN_S_ACTIVE;
	en->single = single;
	en->files = 1;
	en->key = key;
	en->order = world->next_order++;
	return 0;
}

int m_en_open(struct m_en *en, struct m_rm *rm, __u64 key)
{
	if (en->rm != rm || en->state == KTM_EN_S_DONE)
		return -ENOENT;
	en->files++;
	en->key = key;
	return 0;
}

/* What every answer gives that comes too late */
static int too_late(const struct m_en *en)
{
	if (en->state == KTM_EN_S_ABORTING)
		return -ECANCELED;
	if (en->state == KTM_EN_S_DONE)
		return -EALREADY;
	return -EPROTO;
}

static int answer_done(struct m_world *world, struct m_en *en)
{
	leave(en);
	progress(world, en->tx);
	return 0;
}

static int ask_outcome(struct m_en *en)
{
	if (en->state == KTM_EN_S_DONE)
		return -EALREADY;
	/* only a life that was told of it */
	if (!en->earlier || !present(en->rm))
		return -EPROTO;
	en->earlier = false;
	if (en->state == KTM_EN_S_COMMITTING)
		post(en->rm, en, KTM_NOTIFY_COMMIT);
	return 0;
}

int m_answer(struct m_world *world, struct m_en *en, unsigned int cmd)
{
	__u32 state = en->state;

	switch (cmd) {
	case KTM_IOC_EN_PREPARE_COMPLETE:
		if (state == KTM_EN_S_PREPARED || state == KTM_EN_S_COMMITTING)
			return -EALREADY;
		if (state != KTM_EN_S_PREPARING)
			return too_late(en);
		en->state = KTM_EN_S_PREPARED;
		en->voted = en->rm->durable;
		progress(world, en->tx);
		return 0;
	case KTM_IOC_EN_COMMIT_COMPLETE:
		if (state != KTM_EN_S_SINGLE_PHASE && state != KTM_EN_S_COMMITTING)
			return too_late(en);
		return answer_done(world, en);
	case KTM_IOC_EN_ROLLBACK_COMPLETE:
		if (state != KTM_EN_S_ABORTING)
			return too_late(en);
		return answer_done(world, en);
	case KTM_IOC_EN_READ_ONLY:
		if (state != KTM_EN_S_ACTIVE && state != KTM_EN_S_PREPARING &&
		    state != KTM_EN_S_SINGLE_PHASE)
			return too_late(en);
		return answer_done(world, en);
	case KTM_IOC_EN_REJECT_SINGLE_PHASE:
		if (state != KTM_EN_S_SINGLE_PHASE)
			return too_late(en);
		en->state = KTM_EN_S_ACTIVE;
		prepare(en->tx);
		return 0;
	case KTM_IOC_EN_RECOVER:
		return ask_outcome(en);
	}
	return -ENOTTY;
}

int m_veto(struct m_world *world, struct m_en *en, __u32 reason, __u32 error,
	   const char *detail)
{
	if (reason != KTM_REASON_RM && reason != KTM_REASON_CONFLICT)
		return -EINVAL;
	if (en->state != KTM_EN_S_ACTIVE && en->state != KTM_EN_S_PREPARING &&
	    en->state != KTM_EN_S_SINGLE_PHASE)
		return too_late(en);
	abort_tx(world, en->tx, reason, error, en->rm, detail);
	return 0;
}

int m_log(struct m_en *en, __u32 length)
{
	if (!en->rm->durable || !length)
		return -EINVAL;
	if (en->state != KTM_EN_S_ACTIVE && en->state != KTM_EN_S_PREPARING)
		return too_late(en) == -ECANCELED ? -ECANCELED : -EPROTO;
	en->records++;
	return 0;
}

int m_read_log(struct m_en *en, __u64 index)
{
	if (!en->rm->durable)
		return -EINVAL;
	if (index >= en->records)
		return -ENOENT;
	return en->state == KTM_EN_S_ABORTING || en->state == KTM_EN_S_DONE ? -EPROTO : 0;
}

void m_en_close(struct m_world *world, struct m_en *en)
{
	if (--en->files)
		return;
	if ((en->state == KTM_EN_S_ACTIVE || en->state == KTM_EN_S_PREPARING) &&
	    may_abort(en->tx))
		abort_tx(world, en->tx, KTM_REASON_ENLISTMENT_CLOSED, 0, en->rm, NULL);
	if (en->state == KTM_EN_S_SINGLE_PHASE) {
		leave(en);
		end(world, en->tx, KTM_TX_S_INDOUBT);
	}
	/* nobody can answer a ROLLBACK any more */
	if (en->state == KTM_EN_S_ABORTING)
		answer_done(world, en);
}

/* Resource managers */

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
		for (en = next_en(&world->tx[i], NULL); en; en = next_en(&world->tx[i], en))
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
		post(rm, en, KTM_NOTIFY_RECOVER);
	rm->queue[rm->nr_queue++] = (struct m_note){ .type = KTM_NOTIFY_LAST_RECOVER };
	return 0;
}

static void rm_leaves(struct m_world *world, struct m_rm *rm, struct m_en *en)
{
	struct m_tx *tx = en->tx;

	switch (en->state) {
	case KTM_EN_S_ACTIVE:
	case KTM_EN_S_PREPARING:
		abort_tx(world, tx, KTM_REASON_RM_GONE, 0, rm, NULL);
		break;
	case KTM_EN_S_SINGLE_PHASE:
		leave(en);
		end(world, tx, KTM_TX_S_INDOUBT);
		break;
	case KTM_EN_S_PREPARED:
	case KTM_EN_S_COMMITTING:
		if (rm->durable)
			en->earlier = true;
		else
			answer_done(world, en);
		break;
	case KTM_EN_S_ABORTING:
		answer_done(world, en);
		break;
	}
}

void m_rm_close(struct m_world *world, struct m_rm *rm)
{
	struct m_en *en;

	rm->state = KTM_RM_S_GONE;
	rm->nr_queue = 0;
	/* keys are the life's */
	for (en = next_of_rm(world, rm, NULL); en; en = next_of_rm(world, rm, en))
		en->key = 0;
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

__u32 m_unfinished(const struct m_world *world)
{
	__u32 nr = 0;
	int i;

	for (i = 0; i < M_TXS; i++)
		nr += world->tx[i].used && world->tx[i].state == KTM_TX_S_COMMITTING;
	return nr;
}

void m_reattach(struct m_world *world)
{
	int i, k;

	for (i = 0; i < M_TXS; i++) {
		struct m_tx *tx = &world->tx[i];

		tx->used = tx->used && tx->state == KTM_TX_S_COMMITTING;
		for (k = 0; k < M_ENS; k++) {
			struct m_en *en = &tx->en[k];

			/* an answer to COMMIT counts when all have come: it is asked again */
			en->used = en->used && en->voted;
			en->state = KTM_EN_S_COMMITTING;
			en->earlier = true;
			en->single = false;
			en->key = 0;
		}
	}
	world->committed = 0;
	world->aborted = 0;
}
