// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - reference model: enlistments, and those of superiors
 */
#include <errno.h>
#include <string.h>

#include "model.h"

#define IN(state)	(1U << KTM_EN_S_##state)
#define UNDECIDED	(IN(ACTIVE) | IN(SAVEPOINT) | IN(PREPREPARING) | IN(PREPREPARED) | \
			 IN(PREPARING))

/* In which states an answer is right, and in which it comes late. */
struct rule {
	unsigned int cmd;
	__u32 right, late;
};

static const struct rule member_rules[] = {
	{ KTM_IOC_EN_PREPREPARE_COMPLETE, IN(PREPREPARING),
	  IN(PREPREPARED) | IN(PREPARING) | IN(WATCHING) | IN(DONE) },
	{ KTM_IOC_EN_PREPARE_COMPLETE, IN(PREPARING),
	  IN(PREPARED) | IN(COMMITTING) | IN(WATCHING) | IN(DONE) },
	{ KTM_IOC_EN_COMMIT_COMPLETE, IN(SINGLE_PHASE) | IN(COMMITTING), IN(DONE) },
	{ KTM_IOC_EN_ROLLBACK_COMPLETE, IN(ABORTING), IN(DONE) },
	{ KTM_IOC_EN_READ_ONLY, UNDECIDED | IN(SINGLE_PHASE), IN(WATCHING) | IN(DONE) },
	{ KTM_IOC_EN_REJECT_SINGLE_PHASE, IN(SINGLE_PHASE), IN(DONE) },
	{ KTM_IOC_EN_ROLLBACK, UNDECIDED | IN(SINGLE_PHASE), IN(WATCHING) | IN(DONE) },
	{ KTM_IOC_EN_REQUEST_OUTCOME, IN(PREPARED), IN(COMMITTING) | IN(DONE) },
};

static const struct rule superior_rules[] = {
	{ KTM_IOC_EN_PREPREPARE, IN(ACTIVE),
	  IN(PREPREPARING) | IN(PREPREPARED) | IN(PREPARING) | IN(PROMISING) |
	  IN(PREPARED) | IN(COMMITTING) | IN(DONE) },
	{ KTM_IOC_EN_PREPARE, IN(ACTIVE) | IN(PREPREPARED),
	  IN(PREPARING) | IN(PROMISING) | IN(PREPARED) | IN(COMMITTING) | IN(DONE) },
	{ KTM_IOC_EN_COMMIT, IN(PREPARED), IN(COMMITTING) | IN(DONE) },
	{ KTM_IOC_EN_ROLLBACK, UNDECIDED | IN(PREPARED), IN(DONE) },
};

static bool is_order(unsigned int cmd)
{
	return cmd == KTM_IOC_EN_PREPREPARE || cmd == KTM_IOC_EN_PREPARE ||
	       cmd == KTM_IOC_EN_COMMIT;
}

int m_answer_errno(unsigned int cmd, __u32 flags, __u32 state)
{
	bool superior = flags & KTM_EN_F_SUPERIOR;
	const struct rule *rules = superior ? superior_rules : member_rules;
	int i, nr = superior ? sizeof(superior_rules) / sizeof(*rules) :
		sizeof(member_rules) / sizeof(*rules);

	if (!superior && is_order(cmd))
		return -EPERM;
	for (i = 0; i < nr; i++) {
		if (rules[i].cmd != cmd)
			continue;
		if (rules[i].right & 1U << state)
			return 0;
		if (rules[i].late & 1U << state)
			return -EALREADY;
	}
	return state == KTM_EN_S_ABORTING ? -ECANCELED : -EPROTO;
}

static int check_flags(const struct m_world *world, const struct m_rm *rm, __u32 flags)
{
	__u32 of_superior = KTM_EN_F_SUPERIOR | KTM_EN_F_COMMIT_REQUEST;

	if (flags & KTM_EN_F_SUPERIOR) {
		if (flags & ~of_superior || (world->durable && !rm->durable))
			return -EINVAL;
		return 0;
	}
	return flags & KTM_EN_F_COMMIT_REQUEST ? -EINVAL : 0;
}

/* Phase 0 is there for RMs to come; when it is over, nobody can be sent it. */
static bool may_come(const struct m_tx *tx, __u32 flags)
{
	switch (tx->state) {
	case KTM_TX_S_ACTIVE:
		return true;
	case KTM_TX_S_PREPREPARING:
		return !(flags & KTM_EN_F_SUPERIOR);
	case KTM_TX_S_PREPREPARED:
		return !(flags & (KTM_EN_F_SUPERIOR | KTM_EN_F_PREPREPARE));
	}
	return false;
}

int m_enlist(struct m_world *world, struct m_tx *tx, struct m_rm *rm, struct m_en *en,
	     __u64 key, __u32 flags)
{
	int ret = check_flags(world, rm, flags);

	if (ret)
		return ret;
	if (tx->state == KTM_TX_S_ABORTING || tx->state == KTM_TX_S_ABORTED)
		return -ECANCELED;
	if (tx->state == KTM_TX_S_SAVEPOINT)
		return -EBUSY;
	if (!may_come(tx, flags))
		return -EPROTO;
	if (flags & KTM_EN_F_SUPERIOR && m_superior(tx))
		return -EBUSY;
	if (!m_present(rm))
		return -EPROTO;
	*en = (struct m_en){ .used = true, .tx = tx, .rm = rm, .state = KTM_EN_S_ACTIVE,
			     .flags = flags, .files = 1, .key = key,
			     .order = world->next_order++ };
	if (tx->state == KTM_TX_S_PREPREPARING && flags & KTM_EN_F_PREPREPARE) {
		en->state = KTM_EN_S_PREPREPARING;
		m_post(rm, en, KTM_NOTIFY_PREPREPARE);
	}
	m_conclude(world, tx);
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

/* A superior that was away speaks: only in a life that was told of it. */
static int resume(struct m_en *en)
{
	if (!en->earlier)
		return 0;
	if (!m_present(en->rm))
		return -EPROTO;
	en->earlier = false;
	if (en->tx->state == KTM_TX_S_ORPHANED)
		en->tx->state = KTM_TX_S_PREPARED;
	return 0;
}

static int ask_outcome(struct m_en *en)
{
	bool promised = en->tx->state == KTM_TX_S_PREPARED ||
			en->tx->state == KTM_TX_S_ORPHANED;

	if (en->state == KTM_EN_S_DONE)
		return -EALREADY;
	/* only a life that was told of it */
	if (!en->earlier || !m_present(en->rm))
		return -EPROTO;
	if (en->flags & KTM_EN_F_SUPERIOR) {
		resume(en);
		if (en->state == KTM_EN_S_ABORTING)
			return -EPROTO;
		if (en->state == KTM_EN_S_PREPARED)
			m_post(en->rm, en, KTM_NOTIFY_PREPARE_COMPLETE);
		return 0;
	}
	en->earlier = false;
	if (en->state == KTM_EN_S_COMMITTING)
		m_post(en->rm, en, KTM_NOTIFY_COMMIT);
	else if (promised)
		m_post(en->rm, en, KTM_NOTIFY_INDOUBT);
	return 0;
}

static int order(struct m_world *world, struct m_en *en, unsigned int cmd)
{
	struct m_tx *tx = en->tx;
	int ret;

	if (!(en->flags & KTM_EN_F_SUPERIOR))
		return -EPERM;
	if (tx->state == KTM_TX_S_ABORTING || tx->state == KTM_TX_S_ABORTED)
		return -ECANCELED;
	if (tx->state == KTM_TX_S_SAVEPOINT)
		return -EBUSY;
	if (en->state == KTM_EN_S_ACTIVE && cmd != KTM_IOC_EN_COMMIT)
		world->clock++;
	ret = resume(en);
	if (!ret)
		ret = m_answer_errno(cmd, en->flags, en->state);
	if (ret)
		return ret;
	switch (cmd) {
	case KTM_IOC_EN_PREPREPARE:
		en->state = KTM_EN_S_PREPREPARING;
		m_phase_0(tx);
		break;
	case KTM_IOC_EN_PREPARE:
		en->state = KTM_EN_S_PREPARING;
		m_phase_begin(world, tx);
		break;
	case KTM_IOC_EN_COMMIT:
		en->state = KTM_EN_S_COMMITTING;
		m_decide(world, tx);
		break;
	}
	m_conclude(world, tx);
	return 0;
}

/* It is prepared, and cannot wait for the others. */
static void want_outcome(struct m_en *en)
{
	struct m_tx *tx = en->tx;
	struct m_en *superior = m_superior(tx);
	int i;

	switch (tx->state) {
	case KTM_TX_S_PREPARING:
		m_abort(tx, KTM_REASON_OUTCOME_WANTED, 0, en->rm, NULL);
		break;
	case KTM_TX_S_PREPARED:
		/* not while another notification waits for it */
		for (i = 0; i < superior->rm->nr_queue; i++)
			if (superior->rm->queue[i].en == superior)
				return;
		m_post(superior->rm, superior, KTM_NOTIFY_REQUEST_OUTCOME);
		break;
	case KTM_TX_S_ORPHANED:
		m_post(en->rm, en, KTM_NOTIFY_INDOUBT);
		break;
	}
}

static void read_only(struct m_world *world, struct m_en *en)
{
	bool alone = en->state == KTM_EN_S_SINGLE_PHASE;

	m_leave(en);
	if (alone)
		m_end(world, en->tx, KTM_TX_S_COMMITTED);
	else if (en->flags & KTM_EN_F_DISCONNECTED)
		en->state = KTM_EN_S_WATCHING;
}

int m_answer(struct m_world *world, struct m_en *en, unsigned int cmd)
{
	bool alone = en->state == KTM_EN_S_SINGLE_PHASE;
	int ret;

	if (cmd == KTM_IOC_EN_RECOVER)
		return ask_outcome(en);
	if (is_order(cmd))
		return order(world, en, cmd);
	if (cmd == KTM_IOC_EN_REQUEST_OUTCOME && en->earlier)
		return -EPROTO;
	ret = m_answer_errno(cmd, en->flags, en->state);
	if (ret)
		return ret;
	switch (cmd) {
	case KTM_IOC_EN_PREPREPARE_COMPLETE:
		en->state = KTM_EN_S_PREPREPARED;
		break;
	case KTM_IOC_EN_PREPARE_COMPLETE:
		en->state = KTM_EN_S_PREPARED;
		en->voted = en->rm->durable;
		break;
	case KTM_IOC_EN_COMMIT_COMPLETE:
		m_leave(en);
		if (alone)
			m_end(world, en->tx, KTM_TX_S_COMMITTED);
		break;
	case KTM_IOC_EN_ROLLBACK_COMPLETE:
		m_leave(en);
		break;
	case KTM_IOC_EN_READ_ONLY:
		read_only(world, en);
		break;
	case KTM_IOC_EN_REJECT_SINGLE_PHASE:
		m_prepare(en->tx);
		break;
	case KTM_IOC_EN_REQUEST_OUTCOME:
		want_outcome(en);
		break;
	}
	m_conclude(world, en->tx);
	return 0;
}

int m_veto(struct m_world *world, struct m_en *en, __u32 reason, __u32 error,
	   const char *detail)
{
	int ret = 0;

	if (reason != KTM_REASON_RM && reason != KTM_REASON_CONFLICT)
		return -EINVAL;
	if (en->flags & KTM_EN_F_SUPERIOR)
		ret = resume(en);
	if (!ret)
		ret = m_answer_errno(KTM_IOC_EN_ROLLBACK, en->flags, en->state);
	if (ret)
		return ret;
	m_abort(en->tx, reason, error, en->rm, detail);
	m_conclude(world, en->tx);
	return 0;
}

/* Who logs, and until when: a superior has a log of its own. */
static int check_log(const struct m_en *en)
{
	if (!en->rm->durable || en->flags & KTM_EN_F_SUPERIOR)
		return -EINVAL;
	if (UNDECIDED & 1U << en->state)
		return 0;
	return en->state == KTM_EN_S_ABORTING ? -ECANCELED : -EPROTO;
}

int m_log(struct m_en *en, __u32 length)
{
	int ret = length ? check_log(en) : -EINVAL;

	en->records += !ret;
	return ret;
}

int m_read_log(struct m_en *en, __u64 index)
{
	if (check_log(en) == -EINVAL)
		return -EINVAL;
	if (index >= en->records)
		return -ENOENT;
	return en->state == KTM_EN_S_ABORTING || en->state == KTM_EN_S_DONE ? -EPROTO : 0;
}

int m_set_info(struct m_en *en, __u32 length)
{
	int ret = check_log(en);

	if (length > KTM_RECOVERY_INFO_MAX)
		return ret == -EINVAL ? -EINVAL : -EMSGSIZE;
	if (!ret)
		en->info = length;
	return ret;
}

void m_en_close(struct m_world *world, struct m_en *en)
{
	if (--en->files)
		return;
	switch (en->state) {
	case KTM_EN_S_ACTIVE:
	case KTM_EN_S_SAVEPOINT:
	case KTM_EN_S_PREPREPARING:
	case KTM_EN_S_PREPREPARED:
	case KTM_EN_S_PREPARING:
		m_abort(en->tx, KTM_REASON_ENLISTMENT_CLOSED, 0, en->rm, NULL);
		/* nobody can answer it any more */
		m_leave(en);
		break;
	case KTM_EN_S_ABORTING:
	case KTM_EN_S_WATCHING:
		m_leave(en);
		break;
	case KTM_EN_S_SINGLE_PHASE:
		m_leave(en);
		m_single_lost(world, en->tx);
		break;
	}
	m_conclude(world, en->tx);
}
