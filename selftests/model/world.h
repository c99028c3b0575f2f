/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - what happens to the transaction manager of commit.pml, and the rules
 *
 * Clients, resource managers and a superior call it, as module/protocol/client.c,
 * enlist.c, answer.c and superior.c let them; it is detached, its power is cut, and
 * recovery.c begins anew. check() is looked at after every step.
 */
#ifndef _KTM_MODEL_WORLD_H
#define _KTM_MODEL_WORLD_H

#include "coordinator.h"

/* The client's calls */

static int settled(void)
{
	switch (now.tx) {
	case KTM_TX_S_COMMITTED:
	case KTM_TX_S_ABORTED:
	case KTM_TX_S_INDOUBT:
		return 1;
	case KTM_TX_S_COMMITTING:
	case KTM_TX_S_ABORTING:
		return !waiting();
	}
	return 0;
}

static void enlist(int i)
{
	now.member[i] = 1;
	now.disk[i] = WORK;
	step_en(i, KTM_EN_E_ENLIST);
	if (i == 0 && now.preprepare && now.tx == KTM_TX_S_PREPREPARING)
		step_en(i, KTM_EN_E_SEND_PREPREPARE);
	conclude();
}

/* may_come() of enlist.c */
static int may_come(int i)
{
	if (!now.client_here || now.disk[i] != OUTSIDE || now.rm[i] != UP)
		return 0;
	switch (now.tx) {
	case KTM_TX_S_ACTIVE:
	case KTM_TX_S_PREPREPARING:
		return 1;
	case KTM_TX_S_PREPREPARED:
		return !(i == 0 && now.preprepare);
	}
	return 0;
}

static int may_roll_back(void)
{
	struct ktm_arc arc;

	return now.client_here && !ktm_arc_find_tx(now.tx, KTM_TX_E_ROLLBACK, &arc);
}

static void roll_back(void)
{
	step_tx(KTM_TX_E_ROLLBACK);
	conclude();
}

static void commit(void)
{
	if (now.sup_member) {
		now.requested = 1;
		step_sup(KTM_EN_E_TELL_REQUEST);
	} else if (now.log_failed && members() && !phase_single()) {
		step_tx(KTM_TX_E_ROLLBACK);
	} else {
		begin_phases();
	}
	conclude();
}

static void tell_client(void)
{
	switch (now.tx) {
	case KTM_TX_S_COMMITTED:
	case KTM_TX_S_COMMITTING:
		now.told = TOLD_COMMITTED;
		break;
	case KTM_TX_S_ABORTED:
	case KTM_TX_S_ABORTING:
		now.told = TOLD_ABORTED;
		break;
	default:
		now.told = TOLD_IN_DOUBT;
	}
	check();
}

static void set_savepoint(void)
{
	step_tx(KTM_TX_E_SAVEPOINT);
	conclude();
}

/* The calls of resource managers */

static int say(int i, int event)
{
	int ret = step_en(i, event);

	now.said[i] |= 1 << event;
	if (!ret && event == KTM_EN_E_PREPARE_COMPLETE && !now.volatile_rm[i])
		now.nr_prepared++;
	conclude();
	return ret;
}

/* ktm_savepoint_answer() */
static void answer_savepoint(int i, int event, int remembers)
{
	if (!step_en(i, event)) {
		now.remembers[i] = remembers;
		if (event == KTM_EN_E_SAVEPOINT_REFUSED)
			now.savepoint = REFUSING;
	}
	conclude();
}

static void prepare(int i)
{
	now.busy[i] = SAY_PREPARED;
	now.disk[i] = PREPARED;
	/* ktm_answer_prepared(): the vote goes to the log before it counts */
	if (!now.volatile_rm[i] && now.en[i] == KTM_EN_S_PREPARING && append(VOTE_0 + i)) {
		now.busy[i] = IDLE;
		step_tx(KTM_TX_E_ROLLBACK);
	}
	conclude();
}

static void want_outcome(int i)
{
	now.wanted[i] = 1;
	step_en(i, KTM_EN_E_REQUEST_OUTCOME);
	conclude();
}

static void veto(int i)
{
	int single = now.en[i] == KTM_EN_S_SINGLE_PHASE;

	now.said[i] |= 1 << KTM_EN_E_VETO;
	now.disk[i] = ABORTED;
	if (!step_en(i, KTM_EN_E_VETO))
		step_tx(single ? KTM_TX_E_SINGLE_ABORTED : KTM_TX_E_ROLLBACK);
	conclude();
}

static void carry_out_commit(int i)
{
	now.busy[i] = SAY_COMMITTED;
	/* it may be told twice */
	rule(now.disk[i] == PREPARED || now.disk[i] == COMMITTED,
	     "only who is prepared is told to commit");
	rule(!now.nr_prepared || durable(DECISION),
	     "nobody is told to commit before the decision is durable");
	now.disk[i] = COMMITTED;
	check();
}

static void carry_out_rollback(int i)
{
	now.busy[i] = IDLE;
	rule(now.disk[i] != COMMITTED, "who has committed is not told to roll back");
	now.disk[i] = ABORTED;
	say(i, KTM_EN_E_ROLLBACK_COMPLETE);
}

/* What an RM that is gone holds, until it is back. */
static void drop_memory(int i)
{
	now.note[i] = IDLE;
	now.busy[i] = IDLE;
	now.ask[i] = 0;
	now.remembers[i] = 0;
	if (now.disk[i] == WORK ||
	    (now.volatile_rm[i] && now.disk[i] == PREPARED && now.en[i] != KTM_EN_S_PREPARED &&
	     now.en[i] != KTM_EN_S_COMMITTING))
		now.disk[i] = ABORTED;
	else if (now.volatile_rm[i] && now.disk[i] == PREPARED)
		now.disk[i] = VANISHED;
}

static void vanish(int i)
{
	if (!now.log_failed)
		now.losses++;
	now.rm[i] = GOING;
	drop_memory(i);
	check();
}

static void lose(int i)
{
	now.rm[i] = AWAY;
	if (now.member[i] || now.watching[i])
		step_en(i, now.volatile_rm[i] ? KTM_EN_E_LEFT : KTM_EN_E_LOST);
	conclude();
}

static void presume_abort(int i)
{
	if (now.disk[i] != PREPARED)
		return;
	rule(!durable(DECISION) && now.told != TOLD_COMMITTED &&
	     now.sup_disk != SUP_COMMIT,
	     "what is presumed aborted was not committed");
	now.disk[i] = ABORTED;
}

static void come_back(int i)
{
	now.rm[i] = UP;
	if (now.member[i] && now.suspended[i])
		now.ask[i] = 1;
	else
		presume_abort(i);	/* LAST_RECOVER, and no RECOVER for it */
	check();
}

static void ask_outcome(int i)
{
	struct ktm_arc arc;

	now.ask[i] = 0;
	if (now.en[i] == KTM_EN_S_DONE) {
		/* EALREADY: rolled back between the RECOVER note and the question */
		rule(find_en(i, KTM_EN_E_ASK_OUTCOME, &arc) != 0,
		     "an answer given twice changes nothing");
		presume_abort(i);
	} else {
		now.suspended[i] = 0;
		step_en(i, KTM_EN_E_ASK_OUTCOME);
	}
	conclude();
}

/* The superior */

/* ktm_superior_resume() */
static void resume(void)
{
	if (!now.sup_suspended)
		return;
	now.sup_suspended = 0;
	if (now.tx == KTM_TX_S_ORPHANED)
		step_tx(KTM_TX_E_SUPERIOR_BACK);
}

static int order(int event)
{
	int ret = -ECANCELED;

	now.sup_ask = 0;
	if (now.tx != KTM_TX_S_ABORTING && now.tx != KTM_TX_S_ABORTED) {
		if (now.log_failed && now.sup == KTM_EN_S_ACTIVE && !now.volatile_tm) {
			/* no room can be reserved in a log that has failed */
			step_tx(KTM_TX_E_ROLLBACK);
		} else {
			resume();
			ret = step_sup(event);
		}
	}
	now.sup_said |= 1 << (event - KTM_EN_E_DO_PREPREPARE);
	conclude();
	return ret;
}

static void sup_enlist(void)
{
	now.sup_member = 1;
	now.sup_disk = UNDECIDED;
	step_sup(KTM_EN_E_ENLIST);
	conclude();
}

static void sup_veto(void)
{
	int event = KTM_TX_E_ROLLBACK;

	now.sup_ask = 0;
	resume();
	now.sup_disk = SUP_ABORT;
	if (now.tx == KTM_TX_S_PREPARED)
		event = KTM_TX_E_SUPERIOR_ROLLBACK;
	if (!step_sup(KTM_EN_E_VETO))
		step_tx(event);
	conclude();
}

/* Its own decision is in storage of its own before it says so. */
static void sup_decide(int how)
{
	rule(now.tx == KTM_TX_S_PREPARED, "a superior that was told is not overtaken");
	now.sup_disk = how;
	check();
}

static void sup_vanish(void)
{
	if (!now.log_failed)
		now.losses++;
	now.sup_at = GOING;
	/* a volatile one takes with it what it has not said */
	if (now.volatile_tm && now.tx == KTM_TX_S_PREPARED)
		now.sup_disk = SUP_ABORT;
	now.sup_note = IDLE;
	now.sup_ask = 0;
	check();
}

static void sup_lose(void)
{
	now.sup_at = AWAY;
	if (now.sup_member)
		step_sup(KTM_EN_E_LOST);
	conclude();
}

static void sup_come_back(void)
{
	now.sup_at = UP;
	if (now.sup_member && now.sup_suspended)
		now.sup_ask = 1;
	else if (now.sup_disk == UNDECIDED)
		now.sup_disk = SUP_ABORT;	/* LAST_RECOVER, and no RECOVER_QUERY */
	check();
}

static void sup_ask_outcome(void)
{
	struct ktm_arc arc;

	now.sup_ask = 0;
	if (now.sup == KTM_EN_S_DONE) {
		rule(find_sup(KTM_EN_E_ASK_OUTCOME, &arc) != 0,
		     "an answer given twice changes nothing");
		if (now.sup_disk == UNDECIDED)
			now.sup_disk = SUP_ABORT;
	} else {
		resume();
		rule(!step_sup(KTM_EN_E_ASK_OUTCOME), "a superior that is back may ask");
	}
	conclude();
}

/* The world */

static void start(void)
{
	now.client_here = 1;
	now.disk[0] = OUTSIDE;
	now.disk[1] = OUTSIDE;
}

/* recovery.c, from what is durable */
static void recover(void)
{
	int i, votes = 0, is_decided;

	now.record_len = now.durable_len;
	for (i = now.record_len; i < MAX_RECORDS; i++)
		now.record[i] = 0;
	now.tx = KTM_TX_S_NEW;
	savepoint_over();
	now.gone = 1;
	now.client_here = 0;
	now.log_failed = 0;
	now.wait_record = 0;
	now.want_end = 0;
	now.nr_prepared = 0;
	now.sup = KTM_EN_S_NEW;
	now.sup_member = 0;
	now.sup_suspended = 0;
	now.sup_said = 0;
	for (i = 0; i < 2; i++) {
		now.en[i] = KTM_EN_S_NEW;
		now.member[i] = 0;
		now.awaited[i] = 0;
		now.suspended[i] = 0;
		now.said[i] = 0;
		now.watching[i] = 0;
		votes += durable(VOTE_0 + i);
	}
	if ((!durable(DECISION) && !durable(PROMISE)) || durable(END))
		return;
	rule(votes >= now.expected, "the votes that a decision counts are in the log");
	now.gone = 0;
	is_decided = durable(DECISION);
	step_tx(is_decided ? KTM_TX_E_RECOVER : KTM_TX_E_RECOVER_PROMISED);
	if (!is_decided) {
		now.sup_member = 1;
		now.sup_suspended = 1;
		step_sup(KTM_EN_E_RECOVER_PROMISED);
	}
	for (i = 0; i < 2; i++) {
		if (!durable(VOTE_0 + i))
			continue;
		now.suspended[i] = 1;
		now.member[i] = 1;
		now.nr_prepared++;
		step_en(i, is_decided ? KTM_EN_E_RECOVER : KTM_EN_E_RECOVER_PROMISED);
	}
	conclude();
}

static void power_cut(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		drop_memory(i);
		now.rm[i] = AWAY;
	}
	now.sup_note = IDLE;
	now.sup_ask = 0;
	now.sup_at = now.has_superior ? AWAY : UP;
	recover();
	check();
}

/* ktm_tm_set_state(): no RM is present, nothing is active */
static int may_detach(void)
{
	if (now.rm[0] != AWAY || now.rm[1] != AWAY || (now.has_superior && now.sup_at != AWAY))
		return 0;
	switch (now.tx) {
	case KTM_TX_S_PREPARED:
	case KTM_TX_S_ORPHANED:
	case KTM_TX_S_COMMITTING:
	case KTM_TX_S_INDOUBT:
		return 1;
	case KTM_TX_S_COMMITTED:
	case KTM_TX_S_ABORTED:
		return now.log_failed;
	}
	return now.gone && now.log_failed;
}

static void detach(void)
{
	int i;

	/* flush_work(&tm->end_work), ktm_log_detach() */
	if (now.want_end)
		log_end();
	if (!now.log_failed)
		now.durable_len = now.record_len;
	for (i = 0; i < 2; i++)
		if (now.member[i])
			step_en(i, KTM_EN_E_LEFT);
	if (now.sup_member)
		step_sup(KTM_EN_E_LEFT);
	recover();
	check();
}

/* The rules */

static void check(void)
{
	int i, e, committed = 0, aborted = 0;
	struct ktm_arc arc;

	for (i = 0; i < 2; i++) {
		committed += now.disk[i] == COMMITTED;
		aborted += now.disk[i] == ABORTED;
	}
	rule(!committed || !aborted, "nobody commits what another rolls back");
	rule(now.told != TOLD_COMMITTED || !aborted, "an acknowledged commit survives");
	rule(now.told != TOLD_ABORTED || !committed, "an acknowledged rollback stays one");
	rule(now.sup_disk != SUP_COMMIT || (!aborted && now.told != TOLD_ABORTED),
	     "what the superior has committed is not rolled back");
	rule(now.sup_disk != SUP_ABORT || (!committed && now.told != TOLD_COMMITTED),
	     "what the superior has rolled back is not committed");

	if (now.tx == KTM_TX_S_COMMITTING || now.tx == KTM_TX_S_COMMITTED) {
		rule(!now.was_aborting, "no commit after a rollback");
		rule(!now.nr_prepared || durable(DECISION),
		     "nothing is acknowledged before its decision is durable");
	}
	for (i = 0; i < 2; i++)
		for (e = 0; e <= KTM_EN_E_VETO; e++)
			if (now.said[i] >> e & 1)
				rule(find_en(i, e, &arc) != 0,
				     "an answer given twice changes nothing");
	rule(now.tx != KTM_TX_S_SAVEPOINT || waiting(),
	     "a savepoint is over when all have answered");
	for (i = 0; i < 2; i++) {
		rule(now.tx == KTM_TX_S_SAVEPOINT || now.en[i] != KTM_EN_S_SAVEPOINT,
		     "nobody is asked about a savepoint longer than the transaction");
		if (now.en[i] != KTM_EN_S_SAVEPOINT)
			for (e = KTM_EN_E_SAVEPOINT_COMPLETE; e <= KTM_EN_E_SAVEPOINT_REFUSED; e++)
				rule(find_en(i, e, &arc) != 0,
				     "an answer given twice changes nothing");
	}
	for (i = 0; i < 2; i++)
		if (now.wanted[i] && now.en[i] != KTM_EN_S_PREPARED)
			rule(find_en(i, KTM_EN_E_REQUEST_OUTCOME, &arc) != 0,
			     "a request after the outcome changes nothing");
	/* the last order is not asked for twice: its arc may lead on */
	for (e = 0; e < 3; e++)
		if (now.sup_said >> e & 1 && now.sup != KTM_EN_S_ABORTING)
			rule(find_sup(KTM_EN_E_DO_PREPREPARE + e, &arc) != 0,
			     "an order given twice changes nothing");
}

/* Nothing more will happen. */
static void check_end(void)
{
	int i;

	for (i = 0; i < 2; i++)
		rule(now.disk[i] != PREPARED, "who is prepared learns the outcome");
	rule(now.gone || now.tx == KTM_TX_S_COMMITTED || now.tx == KTM_TX_S_ABORTED ||
	     now.tx == KTM_TX_S_INDOUBT, "every transaction comes to its end");
	rule(!now.client_here || now.told != NOTHING, "the client is told the outcome");
}

/* Conditions that commit.pml asks for: spin wants no call there. */
#define CAN_TELL (now.client_here && now.told == NOTHING && settled())
#define CAN_DECIDE (now.wait_record && !now.log_failed && durable(now.wait_record))
#define CAN_ENLIST_0 may_come(0)
#define CAN_ENLIST_1 may_come(1)
#define CAN_ROLL_BACK may_roll_back()
#define CAN_DETACH may_detach()

#endif /* _KTM_MODEL_WORLD_H */
