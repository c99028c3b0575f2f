/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - what the transaction manager of commit.pml does with the state tables
 *
 * Part of the checker that spin makes of commit.pml. It follows
 * module/protocol/step.c, superior.c and decide.c, function by function; world.h
 * is what happens around it. `now` is the state of the model.
 */
#ifndef _KTM_MODEL_COORDINATOR_H
#define _KTM_MODEL_COORDINATOR_H

#include <errno.h>
#include <stdio.h>
#include "state.h"

/* the same numbers as in commit.pml */
enum { WORK, PREPARED, COMMITTED, ABORTED, READ_ONLY, VANISHED, OUTSIDE };
enum { UP, GOING, AWAY };
enum { IDLE, PREPARE, SINGLE, COMMIT, ROLLBACK, SAY_PREPARED, SAY_COMMITTED, PREPREPARE,
	SAVEPOINT, TAKE_BACK };
enum { VOTE_0 = 1, PROMISE = 3, DECISION, END, MAX_RECORDS = 6 };
enum { NO_SAVEPOINT, SETTING, REFUSING, TAKING_BACK, OVER };
enum { NOTHING, TOLD_COMMITTED, TOLD_ABORTED, TOLD_IN_DOUBT };
enum { SUP_OUTSIDE, UNDECIDED, SUP_COMMIT, SUP_ABORT };

static unsigned char tx_taken[KTM_TX_NR_STATES][KTM_TX_NR_EVENTS];
static unsigned char en_taken[KTM_EN_NR_STATES][KTM_EN_NR_EVENTS];
static unsigned char sup_taken[KTM_EN_NR_STATES][KTM_EN_NR_EVENTS];

/* What was reached, for the run script. */
static void __attribute__((destructor)) print_taken(void)
{
	int s, e;

	for (s = 0; s < KTM_TX_NR_STATES; s++)
		for (e = 0; e < KTM_TX_NR_EVENTS; e++)
			if (tx_taken[s][e])
				printf("taken tx %d %d\n", s, e);
	for (s = 0; s < KTM_EN_NR_STATES; s++)
		for (e = 0; e < KTM_EN_NR_EVENTS; e++)
			if (en_taken[s][e])
				printf("taken en %d %d\n", s, e);
	for (s = 0; s < KTM_EN_NR_STATES; s++)
		for (e = 0; e < KTM_EN_NR_EVENTS; e++)
			if (sup_taken[s][e])
				printf("taken sup %d %d\n", s, e);
}

static void rule(int kept, const char *what)
{
	if (kept || now.broken)
		return;
	now.broken = 1;
	printf("broken: %s\n", what);
}

static int logged(int record)
{
	int i;

	for (i = 0; i < now.record_len; i++)
		if (now.record[i] == record)
			return i + 1;
	return 0;
}

static int durable(int record)
{
	int place = logged(record);

	return place && place <= now.durable_len;
}

static int append(int record)
{
	if (now.log_failed)
		return -EIO;
	rule(now.record_len < MAX_RECORDS, "the model's log is too short");
	if (now.record_len < MAX_RECORDS)
		now.record[now.record_len++] = record;
	return 0;
}

/* The transaction manager */

static int step_tx(int event);
static int step_en(int i, int event);
static int step_sup(int event);
static void begin_phases(void);

static int find_en(int i, int event, struct ktm_arc *arc)
{
	int ret = ktm_arc_find_en(now.en[i], event, arc);

	if (!ret || ret == -EALREADY)
		en_taken[now.en[i]][event] = 1;
	return ret;
}

static int waiting(void)
{
	return now.awaited[0] + now.awaited[1];
}

static int members(void)
{
	return now.member[0] + now.member[1];
}

static void leave(int i)
{
	now.awaited[i] = 0;
	now.member[i] = 0;
	now.watching[i] = 0;
	now.note[i] = IDLE;
}

static void send_watchers(int event)
{
	int i;

	for (i = 0; i < 2; i++)
		if (now.watching[i])
			rule(!step_en(i, event), "what is sent to all watchers is legal for each");
}

/* force_outcome(): the words INDOUBT and REQUEST_OUTCOME change no state */
static void force_outcome(void)
{
	if (now.tx == KTM_TX_S_PREPARING)
		step_tx(KTM_TX_E_ROLLBACK);
	else if (now.tx == KTM_TX_S_PREPARED && now.sup_member)
		step_sup(KTM_EN_E_TELL_WANTED);
}

static void notify(int i, int note)
{
	if (now.suspended[i]) {
		if (note == ROLLBACK)
			step_en(i, KTM_EN_E_LOST);
		return;
	}
	now.awaited[i] = 1;
	if (now.rm[i] == UP)
		now.note[i] = note;
}

static int step_en(int i, int event)
{
	struct ktm_arc arc;
	int ret = find_en(i, event, &arc);

	if (ret)
		return ret;
	now.en[i] = arc.next;
	switch (arc.action) {
	case KTM_EN_A_NONE:
	case KTM_EN_A_ROLLBACK:
	case KTM_EN_A_ROLLBACK_SINGLE:
		break;
	case KTM_EN_A_TELL_INDOUBT:
	case KTM_EN_A_TELL_IF_INDOUBT:
		break;
	case KTM_EN_A_NOTIFY_SAVEPOINT:
		notify(i, now.savepoint == TAKING_BACK ? TAKE_BACK : SAVEPOINT);
		break;
	case KTM_EN_A_REFUSED:
		now.awaited[i] = 0;
		now.refused[i] = 1;
		break;
	case KTM_EN_A_NOTIFY_PREPREPARE:
		notify(i, PREPREPARE);
		break;
	case KTM_EN_A_NOTIFY_PREPARE:
		notify(i, PREPARE);
		break;
	case KTM_EN_A_NOTIFY_SINGLE:
		notify(i, SINGLE);
		break;
	case KTM_EN_A_NOTIFY_COMMIT:
		notify(i, COMMIT);
		break;
	case KTM_EN_A_NOTIFY_ROLLBACK:
		notify(i, ROLLBACK);
		break;
	case KTM_EN_A_ANSWERED:
		now.awaited[i] = 0;
		break;
	case KTM_EN_A_LEAVE:
		leave(i);
		break;
	case KTM_EN_A_LEAVE_SINGLE:
		leave(i);
		step_tx(KTM_TX_E_SINGLE_DONE);
		break;
	case KTM_EN_A_REJECTED:
		now.awaited[i] = 0;
		step_tx(KTM_TX_E_SINGLE_REJECTED);
		break;
	case KTM_EN_A_LEAVE_ROLLBACK:
		leave(i);
		step_tx(KTM_TX_E_ROLLBACK);
		break;
	case KTM_EN_A_LEAVE_LOST:
		leave(i);
		step_tx(KTM_TX_E_SINGLE_LOST);
		send_watchers(KTM_EN_E_DISCONNECTED);
		break;
	case KTM_EN_A_LEAVE_DISCONNECTED:
		leave(i);
		break;
	case KTM_EN_A_FORCE_OUTCOME:
		force_outcome();
		break;
	case KTM_EN_A_WATCH:
		now.awaited[i] = 0;
		now.member[i] = 0;
		now.note[i] = IDLE;
		now.watching[i] = 1;
		break;
	case KTM_EN_A_SUSPEND:
		now.suspended[i] = 1;
		now.awaited[i] = 0;
		break;
	default:
		rule(0, "the model does not know an action of an enlistment");
	}
	return 0;
}

static void send_all(int event)
{
	int i;

	for (i = 0; i < 2; i++)
		if (now.member[i])
			rule(!step_en(i, event), "what is sent to all is legal for each");
}

static int find_sup(int event, struct ktm_arc *arc)
{
	int ret = ktm_arc_find_sup(now.sup, event, arc);

	if (!ret || ret == -EALREADY)
		sup_taken[now.sup][event] = 1;
	return ret;
}

static void sup_leave(void)
{
	now.sup_member = 0;
	now.sup_note = IDLE;
}

static int step_sup(int event)
{
	struct ktm_arc arc;
	int ret = find_sup(event, &arc);

	if (ret)
		return ret;
	now.sup = arc.next;
	switch (arc.action) {
	case KTM_EN_A_NONE:
	case KTM_EN_A_ROLLBACK:
	case KTM_EN_A_TELL_COMMIT_REQUEST:
	case KTM_EN_A_TELL_PREPREPARE_COMPLETE:
	case KTM_EN_A_TELL_REQUEST_OUTCOME:
		break;
	case KTM_EN_A_BEGIN_PREPREPARE:
		step_tx(KTM_TX_E_PREPREPARE);
		break;
	case KTM_EN_A_BEGIN_PREPARE:
		begin_phases();
		break;
	case KTM_EN_A_DECIDE:
		step_tx(KTM_TX_E_SUPERIOR_COMMIT);
		break;
	case KTM_EN_A_TELL_PREPARE_COMPLETE:
		rule(!now.nr_prepared || durable(PROMISE),
		     "the superior is told of a promise that is durable");
		if (!now.sup_suspended && now.sup_at == UP)
			now.sup_note = PREPARE;
		break;
	case KTM_EN_A_SUSPEND:
		now.sup_suspended = 1;
		break;
	case KTM_EN_A_LEAVE:
	case KTM_EN_A_LEAVE_COMMITTED:
	case KTM_EN_A_LEAVE_ABORTED:
		sup_leave();
		break;
	case KTM_EN_A_LEAVE_ROLLBACK:
		sup_leave();
		step_tx(KTM_TX_E_ROLLBACK);
		break;
	default:
		rule(0, "the model does not know an action of a superior");
	}
	return 0;
}

static void send_superior(int event)
{
	if (now.sup_member)
		rule(!step_sup(event), "what the superior is told is legal for it");
}

/* ktm_decide_commit(), ktm_decide_promise() */
static void log_outcome(int record, int event)
{
	now.expected = now.nr_prepared;
	/* what nobody could recover need not be logged; the rest waits */
	if (!now.nr_prepared)
		now.wait_event = event;
	else if (append(record))
		now.wait_event = KTM_TX_E_UNDECIDED;
	else
		now.wait_record = record;
}

/* savepoint.c; what comes of a savepoint is forgotten here, for the sake of fewer states */
static void savepoint_over(void)
{
	now.savepoint = OVER;
	now.remembers[0] = 0;
	now.remembers[1] = 0;
	now.refused[0] = 0;
	now.refused[1] = 0;
}

static void savepoint_done(void)
{
	int i;

	for (i = 0; i < 2; i++)
		rule(!now.member[i] || now.rm[i] != UP ||
		     now.remembers[i] == (now.savepoint == SETTING),
		     "a savepoint is set by all, or by none");
	savepoint_over();
}

static void take_back(void)
{
	int i;

	now.savepoint = TAKING_BACK;
	for (i = 0; i < 2; i++)
		if (now.member[i] && !now.refused[i])
			rule(!step_en(i, KTM_EN_E_SEND_SAVEPOINT),
			     "who has answered can be asked again");
}

static void savepoint_answered(void)
{
	if (now.savepoint == REFUSING)
		step_tx(KTM_TX_E_SAVEPOINT_REFUSED);
	if (!waiting())
		step_tx(KTM_TX_E_SAVEPOINT_DONE);
}

static int step_tx(int event)
{
	struct ktm_arc arc;
	int ret = ktm_arc_find_tx(now.tx, event, &arc);

	if (ret)
		return ret;
	tx_taken[now.tx][event] = 1;
	now.tx = arc.next;
	if (now.tx == KTM_TX_S_ABORTING || now.tx == KTM_TX_S_ABORTED)
		now.was_aborting = 1;
	/* none can be set any more */
	if (now.tx != KTM_TX_S_ACTIVE && now.tx != KTM_TX_S_SAVEPOINT)
		savepoint_over();
	switch (arc.action) {
	case KTM_TX_A_NONE:
	case KTM_TX_A_FORGET:
		break;
	case KTM_TX_A_SEND_SAVEPOINT:
		now.savepoint = SETTING;
		send_all(KTM_EN_E_SEND_SAVEPOINT);
		break;
	case KTM_TX_A_SEND_TAKE_BACK:
		take_back();
		break;
	case KTM_TX_A_TELL_SAVEPOINT:
		savepoint_done();
		break;
	case KTM_TX_A_SEND_PREPREPARE:
		if (now.preprepare && now.member[0])
			step_en(0, KTM_EN_E_SEND_PREPREPARE);
		break;
	case KTM_TX_A_TELL_PREPREPARED:
		send_superior(KTM_EN_E_TELL_PREPREPARED);
		break;
	case KTM_TX_A_SEND_PREPARE:
		send_all(KTM_EN_E_SEND_PREPARE);
		break;
	case KTM_TX_A_SEND_SINGLE:
		send_all(KTM_EN_E_SEND_SINGLE);
		break;
	case KTM_TX_A_LOG_DECISION:
		log_outcome(DECISION, KTM_TX_E_DECIDED);
		break;
	case KTM_TX_A_LOG_PROMISE:
		send_superior(KTM_EN_E_PROMISE);
		log_outcome(PROMISE, KTM_TX_E_PROMISED);
		break;
	case KTM_TX_A_TELL_PREPARED:
		send_superior(KTM_EN_E_TELL_PREPARED);
		break;
	case KTM_TX_A_SEND_INDOUBT:
		send_all(KTM_EN_E_SEND_INDOUBT);
		break;
	case KTM_TX_A_SEND_COMMIT:
		send_all(KTM_EN_E_SEND_COMMIT);
		break;
	case KTM_TX_A_SEND_ROLLBACK:
		send_superior(KTM_EN_E_SEND_ROLLBACK);
		send_all(KTM_EN_E_SEND_ROLLBACK);
		break;
	case KTM_TX_A_LOG_ROLLBACK:
		now.want_end = logged(PROMISE) > 0;
		send_superior(KTM_EN_E_SEND_ROLLBACK);
		send_all(KTM_EN_E_SEND_ROLLBACK);
		break;
	case KTM_TX_A_LOG_END:
		now.want_end = now.nr_prepared > 0;
		break;
	default:
		rule(0, "the model does not know an action of a transaction");
	}
	return 0;
}

static void check(void);

/* superior.c */

static int phase_single(void)
{
	return !now.sup_member && members() == 1 && now.single;
}

static int phase_0_wanted(void)
{
	return now.preprepare && now.member[0];
}

static void begin_phase_1(void)
{
	if (!now.sup_member && !members())
		step_tx(KTM_TX_E_COMMIT_EMPTY);
	else if (phase_single())
		step_tx(KTM_TX_E_COMMIT_SINGLE);
	else
		step_tx(KTM_TX_E_COMMIT);
}

static void begin_phases(void)
{
	if (now.tx == KTM_TX_S_ACTIVE && phase_0_wanted())
		step_tx(KTM_TX_E_PREPREPARE);
	else
		begin_phase_1();
}

static void phase_0_over(void)
{
	if (now.sup_member && now.sup == KTM_EN_S_PREPREPARING)
		step_tx(KTM_TX_E_PREPREPARED);
	else
		begin_phase_1();
}

static void phase_1_over(void)
{
	if (now.sup_member)
		step_tx(KTM_TX_E_PROMISE);
	else
		step_tx(members() ? KTM_TX_E_PREPARED : KTM_TX_E_PREPARED_EMPTY);
}

/* conclude(), and what ktm_step_end() does at once */
static void conclude(void)
{
	int event;

	do {
		if (now.tx == KTM_TX_S_SAVEPOINT && !waiting())
			savepoint_answered();
		if (now.tx == KTM_TX_S_PREPREPARING && !waiting())
			phase_0_over();
		if (now.tx == KTM_TX_S_PREPARING && !waiting())
			phase_1_over();
		if (now.tx == KTM_TX_S_PREPARED && now.sup_member && now.sup_suspended)
			step_tx(now.volatile_tm ? KTM_TX_E_SUPERIOR_ROLLBACK :
				KTM_TX_E_SUPERIOR_LOST);
		if ((now.tx == KTM_TX_S_COMMITTING || now.tx == KTM_TX_S_ABORTING) &&
		    !members()) {
			step_tx(KTM_TX_E_ENDED);
			send_superior(KTM_EN_E_TELL_ENDED);
		}
		if (now.tx == KTM_TX_S_COMMITTED || now.tx == KTM_TX_S_ABORTED ||
		    now.tx == KTM_TX_S_INDOUBT)
			send_watchers(KTM_EN_E_FORGET);
		event = now.wait_event;
		now.wait_event = 0;
		if (event)
			step_tx(event);
	} while (event);
	check();
}

static void decided(int durably)
{
	int event = now.wait_record == PROMISE ? KTM_TX_E_PROMISED : KTM_TX_E_DECIDED;

	now.wait_record = 0;
	step_tx(durably ? event : KTM_TX_E_UNDECIDED);
	conclude();
}

static void log_end(void)
{
	int i;

	now.want_end = 0;
	if (now.tx == KTM_TX_S_ABORTING || now.tx == KTM_TX_S_ABORTED)
		rule(!logged(DECISION), "what is decided does not end as a rollback");
	else
		for (i = 0; i < 2; i++)
			rule(!logged(VOTE_0 + i) || now.disk[i] == COMMITTED,
			     "the end is logged after all have committed");
	append(END);
	check();
}

#endif /* _KTM_MODEL_COORDINATOR_H */
