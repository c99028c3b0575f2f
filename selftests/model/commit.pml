/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - model of the commit protocol, for the checker spin (usage: selftests/model/run)
 *
 * One transaction, a client, two resource managers with an enlistment each, perhaps
 * a superior, the transaction manager and its log. Each RM may vanish at any moment and come back,
 * the log may fail, the power may be cut: between any two steps. What the TM does is
 * in coordinator.h, what the others do in world.h; the TM takes every next state and action from the tables of
 * module/pure/state.c, which are compiled into the checker: they can't drift apart.
 *
 * How often things break is bounded, so no run is endless: what does not come
 * about in a run never will. That is why the properties of liveness hold without
 * an assumption about fairness, but for this one: TM and RMs do come back.
 */
#include "constants.pml"

#ifndef CUTS
#define CUTS 2		/* power cuts and detaches */
#endif
#ifndef LOSSES
#define LOSSES 2	/* RMs that vanish */
#endif

/* what a resource manager holds, in storage of its own */
#define WORK		0	/* nothing safe yet: gone with it */
#define PREPARED	1
#define COMMITTED	2
#define ABORTED		3
#define READ_ONLY	4	/* the outcome does not matter to it */
#define VANISHED	5	/* volatile, and gone */
#define OUTSIDE		6	/* does not take part */

/* where a resource manager is */
#define UP		0
#define GOING		1	/* gone, the TM has yet to see to its enlistment */
#define AWAY		2

/* what it is busy with */
#define IDLE		0
#define PREPARE		1
#define SINGLE		2
#define COMMIT		3
#define ROLLBACK	4
#define SAY_PREPARED	5
#define SAY_COMMITTED	6
#define PREPREPARE	7
#define SAVEPOINT	8
#define TAKE_BACK	9

/* records of the log */
#define VOTE_0		1	/* VOTE_0 + i */
#define PROMISE		3
#define DECISION	4
#define END		5
#define MAX_RECORDS	6

/* the one savepoint that may be set */
#define NO_SAVEPOINT	0
#define SETTING		1
#define REFUSING	2	/* one has refused */
#define TAKING_BACK	3	/* it is released by those who have not */
#define OVER		4

/* what the client was told */
#define NOTHING		0
#define TOLD_COMMITTED	1
#define TOLD_ABORTED	2
#define TOLD_IN_DOUBT	3

/* what the superior has decided, in storage of its own */
#define SUP_OUTSIDE	0	/* does not take part */
#define UNDECIDED	1
#define SUP_COMMIT	2
#define SUP_ABORT	3

#ifndef SUPERIOR
#define SUPERIOR	0	/* a superior drives the transaction */
#endif

/* configuration */
bool volatile_rm[2];
bool single;			/* the enlistments take single phase */
bool preprepare;		/* the first takes part in phase 0 */
bool has_superior;
bool volatile_tm;		/* no log, nothing comes back */

/* the TM, in memory */
byte tx;			/* enum ktm_tx_state */
bool gone;			/* not in memory: forgotten, or not recovered */
byte en[2];			/* enum ktm_en_state */
bool member[2];			/* in the transaction's list */
bool awaited[2];
bool suspended[2];
bool watching[2];		/* read-only, to hear of a lost outcome */
bool refused[2];		/* has not set the savepoint */
byte savepoint;
byte note[2];
byte wait_record;		/* the record that a waiter reports back about */
byte wait_event;		/* what needs no record, within one step */
bool want_end;
byte nr_prepared;

/* the log: durable_len records are on disk, the others on their way */
byte record[MAX_RECORDS];
byte record_len;
byte durable_len;
byte expected;			/* votes that the decision counts */
bool log_failed;

/* resource managers */
byte rm[2];
byte busy[2];
byte disk[2];
bool ask[2];			/* has a RECOVER note to act on */
bool remembers[2];		/* how its work stood at the savepoint */
int said[2];			/* answers given, by event */
bool wanted[2];			/* has asked for an outcome, once */

/* the superior */
byte sup;			/* enum ktm_en_state */
bool sup_member;
bool sup_suspended;
byte sup_at;
byte sup_note;
byte sup_disk;
bool sup_ask;			/* has a RECOVER_QUERY note to act on */
byte sup_said;			/* orders given */
bool requested;			/* the client has asked it to commit */

/* the client */
bool client_here;
byte told;

/* what has been */
bool was_aborting;
byte cuts;			/* power cuts and detaches, and those that will not come */
byte losses;
bool failed_once;
bool broken;			/* a rule was, world.h says which */

c_code {
\#include "world.h"
}

#define DO(guard) atomic { guard ->
#define DONE ; assert(!broken) }

proctype client_process()
{
	do
	:: DO(tx == KTM_TX_S_NEW && client_here && !gone)
		c_code { step_tx(KTM_TX_E_BEGIN); check(); } DONE
	:: DO(c_expr { CAN_ENLIST_0 })
		c_code { enlist(0); } DONE
	:: DO(c_expr { CAN_ENLIST_1 })
		c_code { enlist(1); } DONE
	:: DO(tx == KTM_TX_S_ACTIVE && client_here && !requested)
		c_code { commit(); } DONE
	:: DO(tx == KTM_TX_S_ACTIVE && client_here && !requested && savepoint == NO_SAVEPOINT)
		c_code { set_savepoint(); } DONE
	/* the client, its death, a deadline */
	:: DO(c_expr { CAN_ROLL_BACK })
		c_code { roll_back(); } DONE
	:: DO(c_expr { CAN_TELL })
		c_code { tell_client(); } DONE
	:: atomic { !client_here || told != NOTHING -> break }
	od
}

proctype rm_process(byte i)
{
end:
	do
	:: DO(rm[i] == UP && busy[i] == IDLE && note[i] != IDLE)
		busy[i] = note[i]; note[i] = IDLE DONE

	/* a savepoint; who has set it may leave, or roll back, as at any time */
	:: DO(rm[i] == UP && busy[i] == SAVEPOINT)
		busy[i] = IDLE;
		c_code { answer_savepoint(Prm_process->i, KTM_EN_E_SAVEPOINT_COMPLETE, 1); } DONE
	:: DO(rm[i] == UP && busy[i] == SAVEPOINT)
		busy[i] = IDLE;
		c_code { answer_savepoint(Prm_process->i, KTM_EN_E_SAVEPOINT_REFUSED, 0); } DONE
	:: DO(rm[i] == UP && busy[i] == TAKE_BACK)
		busy[i] = IDLE;
		c_code { answer_savepoint(Prm_process->i, KTM_EN_E_SAVEPOINT_COMPLETE, 0); } DONE

	/* phase 0 */
	:: DO(rm[i] == UP && busy[i] == PREPREPARE)
		busy[i] = IDLE;
		c_code { say(Prm_process->i, KTM_EN_E_PREPREPARE_COMPLETE); } DONE

	/* the answers to PREPARE, and before it is asked */
	:: DO(rm[i] == UP && busy[i] == PREPARE && disk[i] == WORK)
		c_code { prepare(Prm_process->i); } DONE
	:: DO(rm[i] == UP && busy[i] == SAY_PREPARED)
		busy[i] = IDLE;
		c_code { say(Prm_process->i, KTM_EN_E_PREPARE_COMPLETE); } DONE
	:: DO(rm[i] == UP && disk[i] == WORK && (busy[i] == SAVEPOINT ||
		busy[i] == PREPREPARE || busy[i] == PREPARE || busy[i] == SINGLE || busy[i] == IDLE && (en[i] == KTM_EN_S_ACTIVE ||
		en[i] == KTM_EN_S_PREPREPARED)))
		busy[i] = IDLE; disk[i] = READ_ONLY;
		c_code { say(Prm_process->i, KTM_EN_E_READ_ONLY); } DONE
	:: DO(!SUPERIOR && rm[i] == UP && disk[i] == WORK && (busy[i] == SAVEPOINT ||
		busy[i] == PREPREPARE || busy[i] == PREPARE || busy[i] == SINGLE || busy[i] == IDLE && (en[i] == KTM_EN_S_ACTIVE ||
		en[i] == KTM_EN_S_PREPREPARED)))
		busy[i] = IDLE; disk[i] = READ_ONLY;
		c_code { say(Prm_process->i, KTM_EN_E_READ_ONLY_WATCH); } DONE
	:: DO(rm[i] == UP && disk[i] == WORK && (busy[i] == SAVEPOINT ||
		busy[i] == PREPREPARE || busy[i] == PREPARE || busy[i] == SINGLE || busy[i] == IDLE && (en[i] == KTM_EN_S_ACTIVE ||
		en[i] == KTM_EN_S_PREPREPARED)))
		busy[i] = IDLE;
		c_code { veto(Prm_process->i); } DONE

	/* it cannot wait any longer */
	:: DO(rm[i] == UP && busy[i] == IDLE && en[i] == KTM_EN_S_PREPARED && member[i] &&
		!suspended[i] && !wanted[i])
		c_code { want_outcome(Prm_process->i); } DONE

	/* the answers to SINGLE_PHASE_COMMIT, besides these */
	:: DO(rm[i] == UP && busy[i] == SINGLE && disk[i] == WORK)
		busy[i] = SAY_COMMITTED; disk[i] = COMMITTED;
		c_code { check(); } DONE
	:: DO(rm[i] == UP && busy[i] == SINGLE && disk[i] == WORK)
		busy[i] = IDLE;
		c_code { say(Prm_process->i, KTM_EN_E_REJECT_SINGLE); } DONE

	/* the outcome */
	:: DO(rm[i] == UP && busy[i] == COMMIT)
		c_code { carry_out_commit(Prm_process->i); } DONE
	:: DO(rm[i] == UP && busy[i] == SAY_COMMITTED)
		busy[i] = IDLE;
		c_code { say(Prm_process->i, KTM_EN_E_COMMIT_COMPLETE); } DONE
	:: DO(rm[i] == UP && busy[i] == ROLLBACK)
		c_code { carry_out_rollback(Prm_process->i); } DONE

	/* it vanishes, and comes back */
	:: DO(rm[i] == UP && (disk[i] != OUTSIDE && losses < LOSSES || log_failed))
		c_code { vanish(Prm_process->i); } DONE
	:: DO(rm[i] == GOING)
		c_code { lose(Prm_process->i); } DONE
	:: DO(rm[i] == AWAY && !log_failed)
		c_code { come_back(Prm_process->i); } DONE
	:: DO(rm[i] == UP && ask[i])
		c_code { ask_outcome(Prm_process->i); } DONE
	od
}

proctype superior_process()
{
end:
	do
	:: DO(tx == KTM_TX_S_ACTIVE && client_here && sup == KTM_EN_S_NEW && sup_at == UP)
		c_code { sup_enlist(); } DONE
	/* EBUSY while a savepoint is being set */
	:: DO(sup_member && sup_at == UP && sup == KTM_EN_S_ACTIVE && tx != KTM_TX_S_SAVEPOINT)
		c_code { order(KTM_EN_E_DO_PREPREPARE); } DONE
	:: DO(sup_member && sup_at == UP && tx != KTM_TX_S_SAVEPOINT &&
		(sup == KTM_EN_S_ACTIVE || sup == KTM_EN_S_PREPREPARED))
		c_code { order(KTM_EN_E_DO_PREPARE); } DONE
	:: DO(sup_member && sup_at == UP && !sup_suspended && sup_disk == UNDECIDED &&
		(sup == KTM_EN_S_ACTIVE || sup == KTM_EN_S_PREPREPARING ||
		 sup == KTM_EN_S_PREPREPARED || sup == KTM_EN_S_PREPARING))
		c_code { sup_veto(); } DONE

	/* the outcome is its own */
	:: DO(sup_at == UP && sup_note == PREPARE && sup_disk == UNDECIDED)
		c_code { sup_decide(SUP_COMMIT); } DONE
	:: DO(sup_at == UP && sup_note == PREPARE && sup_disk == UNDECIDED)
		c_code { sup_decide(SUP_ABORT); } DONE
	:: DO(sup_at == UP && (sup_note == PREPARE || sup_ask) && sup_disk == SUP_COMMIT)
		sup_note = IDLE;
		c_code { order(KTM_EN_E_DO_COMMIT); } DONE
	:: DO(sup_at == UP && (sup_note == PREPARE || sup_ask) && sup_disk == SUP_ABORT)
		sup_note = IDLE;
		c_code { sup_veto(); } DONE

	/* it vanishes, and comes back */
	:: DO(sup_at == UP && (sup_disk != SUP_OUTSIDE && losses < LOSSES || log_failed))
		c_code { sup_vanish(); } DONE
	:: DO(sup_at == GOING)
		c_code { sup_lose(); } DONE
	:: DO(sup_at == AWAY && !log_failed && !volatile_tm)
		c_code { sup_come_back(); } DONE
	:: DO(sup_at == UP && sup_ask)
		c_code { sup_ask_outcome(); } DONE
	od
}

proctype tm_process()
{
	do
	/* the log: one record after the other gets durable */
	:: DO(durable_len < record_len && !log_failed)
		durable_len++;
		c_code { check(); } DONE
	:: DO(!log_failed && !failed_once && record_len > 0)
		log_failed = true; failed_once = true DONE
	:: DO(c_expr { CAN_DECIDE })
		c_code { decided(1); } DONE
	:: DO(wait_record && log_failed)
		c_code { decided(0); } DONE
	:: DO(want_end)
		c_code { log_end(); } DONE

	:: DO(cuts < CUTS && !volatile_tm)
		cuts++;
		c_code { power_cut(); } DONE
	:: DO(c_expr { CAN_DETACH } && !volatile_tm && (log_failed || cuts < CUTS))
		cuts = (log_failed -> cuts : cuts + 1);
		c_code { detach(); } DONE

	/* nothing can happen any more */
	:: atomic { timeout -> c_code { check_end(); }; assert(!broken); break }
	od
}

init {
	atomic {
		c_code { start(); }
		/* with a superior there is no single phase, nothing to watch for */
		if :: !SUPERIOR -> single = true :: single = false fi;
		if :: preprepare = true :: preprepare = false fi;
		has_superior = SUPERIOR;
		if
		:: volatile_rm[1] = true
		:: volatile_rm[0] = true; volatile_rm[1] = true
		:: SUPERIOR -> volatile_tm = true; volatile_rm[0] = true; volatile_rm[1] = true
		:: skip
		fi;
		/* so much breaks at most, or less */
		select(cuts : 0 .. CUTS);
		select(losses : 0 .. LOSSES);
		if :: failed_once = true :: skip fi;
		run client_process();
		run rm_process(0);
		run rm_process(1);
		if :: SUPERIOR -> run superior_process() :: else fi;
		run tm_process()
	}
}

/*
 * Named by what they promise. Everything else is a rule in world.h, looked
 * at after every step.
 */
ltl no_commit_after_abort {
	[] (tx == KTM_TX_S_ABORTING || tx == KTM_TX_S_ABORTED ->
	    [] (tx != KTM_TX_S_COMMITTING && tx != KTM_TX_S_COMMITTED))
}
ltl prepared_learns {
	[] ((disk[0] == PREPARED -> <> (disk[0] != PREPARED)) &&
	    (disk[1] == PREPARED -> <> (disk[1] != PREPARED)))
}
