/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - state tables of transactions and enlistments
 *
 * The states and their arcs are documented in <uapi/linux/ktm.h>. The tables
 * say which event is legal in which state, what the next state is and what the
 * protocol has to do once the state is assigned. They know nothing else.
 */
#ifndef _KTM_PURE_STATE_H
#define _KTM_PURE_STATE_H

#include "types.h"
#ifdef __KERNEL__
#include <uapi/linux/ktm.h>
#else
#include <linux/ktm.h>
#endif

#define KTM_TX_NR_STATES	(KTM_TX_S_INDOUBT + 1)
#define KTM_EN_NR_STATES	(KTM_EN_S_DONE + 1)

/**
 * enum ktm_tx_event - what happens to a transaction
 * @KTM_TX_E_BEGIN: it is made
 * @KTM_TX_E_RECOVER: recovery found its decision
 * @KTM_TX_E_COMMIT: commit is asked for
 * @KTM_TX_E_COMMIT_SINGLE: the same, and one enlistment shall decide
 * @KTM_TX_E_COMMIT_EMPTY: the same, and nobody is enlisted
 * @KTM_TX_E_PREPARED: all have answered prepare, some are prepared
 * @KTM_TX_E_PREPARED_EMPTY: all have answered prepare, none is left
 * @KTM_TX_E_DECIDED: the decision is durable
 * @KTM_TX_E_UNDECIDED: the log failed under the decision
 * @KTM_TX_E_SINGLE_DONE: the single enlistment committed, or was read-only
 * @KTM_TX_E_SINGLE_REJECTED: it wants two phases
 * @KTM_TX_E_SINGLE_ABORTED: it rolled back
 * @KTM_TX_E_SINGLE_LOST: it vanished without an answer
 * @KTM_TX_E_ROLLBACK: rollback is asked for by anyone else
 * @KTM_TX_E_ENDED: the last enlistment has answered the outcome
 * @KTM_TX_NR_EVENTS: how many there are
 */
enum ktm_tx_event {
	KTM_TX_E_BEGIN,
	KTM_TX_E_RECOVER,
	KTM_TX_E_COMMIT,
	KTM_TX_E_COMMIT_SINGLE,
	KTM_TX_E_COMMIT_EMPTY,
	KTM_TX_E_PREPARED,
	KTM_TX_E_PREPARED_EMPTY,
	KTM_TX_E_DECIDED,
	KTM_TX_E_UNDECIDED,
	KTM_TX_E_SINGLE_DONE,
	KTM_TX_E_SINGLE_REJECTED,
	KTM_TX_E_SINGLE_ABORTED,
	KTM_TX_E_SINGLE_LOST,
	KTM_TX_E_ROLLBACK,
	KTM_TX_E_ENDED,
	KTM_TX_NR_EVENTS
};

/**
 * enum ktm_tx_action - what the protocol does after the arc
 * @KTM_TX_A_NONE: nothing
 * @KTM_TX_A_SEND_PREPARE: send PREPARE to all
 * @KTM_TX_A_SEND_SINGLE: send SINGLE_PHASE_COMMIT to the only one
 * @KTM_TX_A_LOG_DECISION: append the decision; its waiter reports back
 * @KTM_TX_A_SEND_COMMIT: send COMMIT to all
 * @KTM_TX_A_SEND_ROLLBACK: send ROLLBACK to all
 * @KTM_TX_A_LOG_END: append the end record, then forget
 * @KTM_TX_A_FORGET: it is over and nothing was decided in the log
 */
enum ktm_tx_action {
	KTM_TX_A_NONE,
	KTM_TX_A_SEND_PREPARE,
	KTM_TX_A_SEND_SINGLE,
	KTM_TX_A_LOG_DECISION,
	KTM_TX_A_SEND_COMMIT,
	KTM_TX_A_SEND_ROLLBACK,
	KTM_TX_A_LOG_END,
	KTM_TX_A_FORGET,
};

/**
 * enum ktm_en_event - what happens to an enlistment
 * @KTM_EN_E_ENLIST: it is made
 * @KTM_EN_E_RECOVER: recovery found it, decided
 * @KTM_EN_E_SEND_PREPARE: PREPARE is sent
 * @KTM_EN_E_SEND_SINGLE: SINGLE_PHASE_COMMIT is sent
 * @KTM_EN_E_SEND_COMMIT: COMMIT is sent
 * @KTM_EN_E_SEND_ROLLBACK: ROLLBACK is sent
 * @KTM_EN_E_PREPARE_COMPLETE: the RM's answer
 * @KTM_EN_E_COMMIT_COMPLETE: the RM's answer
 * @KTM_EN_E_ROLLBACK_COMPLETE: the RM's answer
 * @KTM_EN_E_READ_ONLY: the RM's answer
 * @KTM_EN_E_REJECT_SINGLE: the RM's answer
 * @KTM_EN_E_VETO: the RM rolls the transaction back
 * @KTM_EN_E_ASK_OUTCOME: the RM came back and asks for the outcome
 * @KTM_EN_E_LOST: the RM is gone and may return
 * @KTM_EN_E_LEFT: the RM is gone and will not return
 * @KTM_EN_NR_EVENTS: how many there are
 */
enum ktm_en_event {
	KTM_EN_E_ENLIST,
	KTM_EN_E_RECOVER,
	KTM_EN_E_SEND_PREPARE,
	KTM_EN_E_SEND_SINGLE,
	KTM_EN_E_SEND_COMMIT,
	KTM_EN_E_SEND_ROLLBACK,
	KTM_EN_E_PREPARE_COMPLETE,
	KTM_EN_E_COMMIT_COMPLETE,
	KTM_EN_E_ROLLBACK_COMPLETE,
	KTM_EN_E_READ_ONLY,
	KTM_EN_E_REJECT_SINGLE,
	KTM_EN_E_VETO,
	KTM_EN_E_ASK_OUTCOME,
	KTM_EN_E_LOST,
	KTM_EN_E_LEFT,
	KTM_EN_NR_EVENTS
};

/**
 * enum ktm_en_action - what the protocol does after the arc
 * @KTM_EN_A_NONE: nothing
 * @KTM_EN_A_NOTIFY_PREPARE: queue the notification, wait for the answer
 * @KTM_EN_A_NOTIFY_SINGLE: queue the notification, wait for the answer
 * @KTM_EN_A_NOTIFY_COMMIT: queue the notification, wait for the answer
 * @KTM_EN_A_NOTIFY_ROLLBACK: queue the notification, wait for the answer
 * @KTM_EN_A_ANSWERED: the awaited answer came, it stays in the transaction
 * @KTM_EN_A_LEAVE: it leaves the transaction
 * @KTM_EN_A_LEAVE_SINGLE: it leaves, having decided to commit
 * @KTM_EN_A_REJECTED: two phases, please
 * @KTM_EN_A_ROLLBACK: the transaction has to be rolled back
 * @KTM_EN_A_ROLLBACK_SINGLE: the same, by the one that was to decide
 * @KTM_EN_A_LEAVE_ROLLBACK: it leaves, and the transaction is rolled back
 * @KTM_EN_A_LEAVE_LOST: it leaves, and took the outcome with it
 * @KTM_EN_A_SUSPEND: nobody can answer now; it waits for the RM's return
 */
enum ktm_en_action {
	KTM_EN_A_NONE,
	KTM_EN_A_NOTIFY_PREPARE,
	KTM_EN_A_NOTIFY_SINGLE,
	KTM_EN_A_NOTIFY_COMMIT,
	KTM_EN_A_NOTIFY_ROLLBACK,
	KTM_EN_A_ANSWERED,
	KTM_EN_A_LEAVE,
	KTM_EN_A_LEAVE_SINGLE,
	KTM_EN_A_REJECTED,
	KTM_EN_A_ROLLBACK,
	KTM_EN_A_ROLLBACK_SINGLE,
	KTM_EN_A_LEAVE_ROLLBACK,
	KTM_EN_A_LEAVE_LOST,
	KTM_EN_A_SUSPEND,
};

/**
 * struct ktm_arc - one entry of a state table
 * @legal: the event may happen in this state
 * @late: it is a duplicate answer, harmless
 * @next: next state
 * @action: what to do then
 */
struct ktm_arc {
	u8 legal;
	u8 late;
	u8 next;
	u8 action;
};

extern const struct ktm_arc ktm_tx_arcs[KTM_TX_NR_STATES][KTM_TX_NR_EVENTS];
extern const struct ktm_arc ktm_en_arcs[KTM_EN_NR_STATES][KTM_EN_NR_EVENTS];

/**
 * ktm_arc_find_tx - look an arc of a transaction up
 * @state: where it is
 * @event: what happens
 * @arc: out: the arc
 * Return: 0; -EPROTO when the event is not legal in that state.
 */
int ktm_arc_find_tx(unsigned int state, unsigned int event, struct ktm_arc *arc);

/**
 * ktm_arc_find_en - look an arc of an enlistment up
 * @state: where it is
 * @event: what happens
 * @arc: out: the arc
 * Return: 0; -EPROTO when the event is not legal in that state, -EALREADY when
 * it is a duplicate of an answer given before.
 */
int ktm_arc_find_en(unsigned int state, unsigned int event, struct ktm_arc *arc);

/**
 * ktm_tx_state_decided - has the outcome been settled, or lost, for good?
 * @state: enum ktm_tx_state
 */
bool ktm_tx_state_decided(unsigned int state);

#endif /* _KTM_PURE_STATE_H */
