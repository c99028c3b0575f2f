/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - state tables of transactions, enlistments and superior enlistments
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

#define KTM_TX_NR_STATES	(KTM_TX_S_SAVEPOINT + 1)
#define KTM_EN_NR_STATES	(KTM_EN_S_SAVEPOINT + 1)

/**
 * enum ktm_tx_event - what happens to a transaction
 * @KTM_TX_E_BEGIN: it is made
 * @KTM_TX_E_RECOVER: recovery found its decision
 * @KTM_TX_E_RECOVER_PROMISED: recovery found that it is prepared under a superior
 * @KTM_TX_E_SAVEPOINT: a savepoint is to be set, rolled back to or released
 * @KTM_TX_E_SAVEPOINT_REFUSED: all have answered, one has refused to set it
 * @KTM_TX_E_SAVEPOINT_DONE: all have answered, or have taken it back
 * @KTM_TX_E_PREPREPARE: phase 0 begins, for the client's commit or the superior
 * @KTM_TX_E_PREPREPARED: all have answered phase 0, the superior is told
 * @KTM_TX_E_COMMIT: phase 1 begins, for the client's commit or the superior
 * @KTM_TX_E_COMMIT_SINGLE: the client's commit, and one enlistment shall decide
 * @KTM_TX_E_COMMIT_EMPTY: the client's commit, and nobody is enlisted
 * @KTM_TX_E_PREPARED: all have answered prepare, some are prepared
 * @KTM_TX_E_PREPARED_EMPTY: all have answered prepare, none is left
 * @KTM_TX_E_PROMISE: all have answered prepare, the superior decides
 * @KTM_TX_E_PROMISED: it is durable that it is prepared under a superior
 * @KTM_TX_E_SUPERIOR_COMMIT: the superior's decision
 * @KTM_TX_E_SUPERIOR_ROLLBACK: the superior's decision, after the promise
 * @KTM_TX_E_SUPERIOR_LOST: the superior is gone after the promise
 * @KTM_TX_E_SUPERIOR_BACK: it came back
 * @KTM_TX_E_DECIDED: the decision is durable
 * @KTM_TX_E_UNDECIDED: the log failed under the decision, or the promise
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
	KTM_TX_E_RECOVER_PROMISED,
	KTM_TX_E_SAVEPOINT,
	KTM_TX_E_SAVEPOINT_REFUSED,
	KTM_TX_E_SAVEPOINT_DONE,
	KTM_TX_E_PREPREPARE,
	KTM_TX_E_PREPREPARED,
	KTM_TX_E_COMMIT,
	KTM_TX_E_COMMIT_SINGLE,
	KTM_TX_E_COMMIT_EMPTY,
	KTM_TX_E_PREPARED,
	KTM_TX_E_PREPARED_EMPTY,
	KTM_TX_E_PROMISE,
	KTM_TX_E_PROMISED,
	KTM_TX_E_SUPERIOR_COMMIT,
	KTM_TX_E_SUPERIOR_ROLLBACK,
	KTM_TX_E_SUPERIOR_LOST,
	KTM_TX_E_SUPERIOR_BACK,
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
 * @KTM_TX_A_SEND_SAVEPOINT: ask those who take part in savepoints
 * @KTM_TX_A_SEND_TAKE_BACK: ask those who have set the savepoint to release it
 * @KTM_TX_A_TELL_SAVEPOINT: note what has become of it, tell who waits for that
 * @KTM_TX_A_SEND_PREPREPARE: send PREPREPARE to those who asked for it
 * @KTM_TX_A_TELL_PREPREPARED: tell the superior that phase 0 is over
 * @KTM_TX_A_SEND_PREPARE: send PREPARE to all
 * @KTM_TX_A_SEND_SINGLE: send SINGLE_PHASE_COMMIT to the only one
 * @KTM_TX_A_LOG_DECISION: append the decision; its waiter reports back
 * @KTM_TX_A_LOG_PROMISE: append the promise; its waiter reports back
 * @KTM_TX_A_TELL_PREPARED: tell the superior that the promise is durable
 * @KTM_TX_A_SEND_INDOUBT: send INDOUBT to all
 * @KTM_TX_A_SEND_COMMIT: send COMMIT to all
 * @KTM_TX_A_SEND_ROLLBACK: send ROLLBACK to all
 * @KTM_TX_A_LOG_ROLLBACK: the same, and append an end record: what the promise
 *	keeps alive in the log is aborted
 * @KTM_TX_A_LOG_END: append the end record, then forget
 * @KTM_TX_A_FORGET: it is over and nothing was decided in the log
 */
enum ktm_tx_action {
	KTM_TX_A_NONE,
	KTM_TX_A_SEND_SAVEPOINT,
	KTM_TX_A_SEND_TAKE_BACK,
	KTM_TX_A_TELL_SAVEPOINT,
	KTM_TX_A_SEND_PREPREPARE,
	KTM_TX_A_TELL_PREPREPARED,
	KTM_TX_A_SEND_PREPARE,
	KTM_TX_A_SEND_SINGLE,
	KTM_TX_A_LOG_DECISION,
	KTM_TX_A_LOG_PROMISE,
	KTM_TX_A_TELL_PREPARED,
	KTM_TX_A_SEND_INDOUBT,
	KTM_TX_A_SEND_COMMIT,
	KTM_TX_A_SEND_ROLLBACK,
	KTM_TX_A_LOG_ROLLBACK,
	KTM_TX_A_LOG_END,
	KTM_TX_A_FORGET,
};

/**
 * enum ktm_en_event - what happens to an enlistment
 * @KTM_EN_E_ENLIST: it is made
 * @KTM_EN_E_RECOVER: recovery found it, decided
 * @KTM_EN_E_RECOVER_PROMISED: recovery found it, prepared under a superior
 * @KTM_EN_E_SEND_SAVEPOINT: SAVEPOINT, _ROLLBACK or _RELEASE is sent
 * @KTM_EN_E_SEND_PREPREPARE: PREPREPARE is sent
 * @KTM_EN_E_SEND_INDOUBT: INDOUBT is sent
 * @KTM_EN_E_SEND_PREPARE: PREPARE is sent
 * @KTM_EN_E_SEND_SINGLE: SINGLE_PHASE_COMMIT is sent
 * @KTM_EN_E_SEND_COMMIT: COMMIT is sent
 * @KTM_EN_E_SEND_ROLLBACK: ROLLBACK is sent
 * @KTM_EN_E_SAVEPOINT_COMPLETE: the RM's answer
 * @KTM_EN_E_SAVEPOINT_REFUSED: the RM's answer
 * @KTM_EN_E_PREPREPARE_COMPLETE: the RM's answer
 * @KTM_EN_E_PREPARE_COMPLETE: the RM's answer
 * @KTM_EN_E_COMMIT_COMPLETE: the RM's answer
 * @KTM_EN_E_ROLLBACK_COMPLETE: the RM's answer
 * @KTM_EN_E_READ_ONLY: the RM's answer
 * @KTM_EN_E_READ_ONLY_WATCH: the same, and it wants to hear of a lost outcome
 * @KTM_EN_E_REJECT_SINGLE: the RM's answer
 * @KTM_EN_E_VETO: the RM rolls the transaction back
 * @KTM_EN_E_ASK_OUTCOME: the RM came back and asks for the outcome
 * @KTM_EN_E_REQUEST_OUTCOME: the RM cannot wait any longer
 * @KTM_EN_E_DISCONNECTED: the outcome went with the RM that was to decide
 * @KTM_EN_E_FORGET: the transaction has its outcome
 * @KTM_EN_E_LOST: the RM is gone and may return; of a superior: it is gone
 * @KTM_EN_E_LEFT: the RM is gone and will not return
 * @KTM_EN_E_DO_PREPREPARE: the superior's order
 * @KTM_EN_E_DO_PREPARE: the superior's order
 * @KTM_EN_E_DO_COMMIT: the superior's order
 * @KTM_EN_E_TELL_REQUEST: to the superior: the client wants to commit
 * @KTM_EN_E_TELL_PREPREPARED: to the superior: phase 0 is over
 * @KTM_EN_E_PROMISE: of the superior: from here on the decision is its own
 * @KTM_EN_E_TELL_PREPARED: to the superior: the promise is durable
 * @KTM_EN_E_TELL_WANTED: to the superior: an RM cannot wait any longer
 * @KTM_EN_E_TELL_ENDED: to the superior: all have answered the outcome
 * @KTM_EN_NR_EVENTS: how many there are
 */
enum ktm_en_event {
	KTM_EN_E_ENLIST,
	KTM_EN_E_RECOVER,
	KTM_EN_E_RECOVER_PROMISED,
	KTM_EN_E_SEND_SAVEPOINT,
	KTM_EN_E_SEND_PREPREPARE,
	KTM_EN_E_SEND_PREPARE,
	KTM_EN_E_SEND_SINGLE,
	KTM_EN_E_SEND_COMMIT,
	KTM_EN_E_SEND_ROLLBACK,
	KTM_EN_E_SEND_INDOUBT,
	KTM_EN_E_SAVEPOINT_COMPLETE,
	KTM_EN_E_SAVEPOINT_REFUSED,
	KTM_EN_E_PREPREPARE_COMPLETE,
	KTM_EN_E_PREPARE_COMPLETE,
	KTM_EN_E_COMMIT_COMPLETE,
	KTM_EN_E_ROLLBACK_COMPLETE,
	KTM_EN_E_READ_ONLY,
	KTM_EN_E_READ_ONLY_WATCH,
	KTM_EN_E_REJECT_SINGLE,
	KTM_EN_E_VETO,
	KTM_EN_E_ASK_OUTCOME,
	KTM_EN_E_REQUEST_OUTCOME,
	KTM_EN_E_DISCONNECTED,
	KTM_EN_E_FORGET,
	KTM_EN_E_LOST,
	KTM_EN_E_LEFT,
	KTM_EN_E_DO_PREPREPARE,
	KTM_EN_E_DO_PREPARE,
	KTM_EN_E_DO_COMMIT,
	KTM_EN_E_TELL_REQUEST,
	KTM_EN_E_TELL_PREPREPARED,
	KTM_EN_E_PROMISE,
	KTM_EN_E_TELL_PREPARED,
	KTM_EN_E_TELL_WANTED,
	KTM_EN_E_TELL_ENDED,
	KTM_EN_NR_EVENTS
};

/**
 * enum ktm_en_action - what the protocol does after the arc
 * @KTM_EN_A_NONE: nothing
 * @KTM_EN_A_NOTIFY_SAVEPOINT: queue the notification, wait for the answer
 * @KTM_EN_A_NOTIFY_PREPREPARE: queue the notification, wait for the answer
 * @KTM_EN_A_NOTIFY_PREPARE: queue the notification, wait for the answer
 * @KTM_EN_A_NOTIFY_SINGLE: queue the notification, wait for the answer
 * @KTM_EN_A_NOTIFY_COMMIT: queue the notification, wait for the answer
 * @KTM_EN_A_NOTIFY_ROLLBACK: queue the notification, wait for the answer
 * @KTM_EN_A_ANSWERED: the awaited answer came, it stays in the transaction
 * @KTM_EN_A_REFUSED: the same, and it has not set the savepoint
 * @KTM_EN_A_LEAVE: it leaves the transaction
 * @KTM_EN_A_LEAVE_SINGLE: it leaves, having decided to commit
 * @KTM_EN_A_REJECTED: two phases, please
 * @KTM_EN_A_ROLLBACK: the transaction has to be rolled back
 * @KTM_EN_A_ROLLBACK_SINGLE: the same, by the one that was to decide
 * @KTM_EN_A_LEAVE_ROLLBACK: it leaves, and the transaction is rolled back
 * @KTM_EN_A_LEAVE_LOST: it leaves, and took the outcome with it
 * @KTM_EN_A_SUSPEND: nobody can answer now; it waits for the RM's return
 * @KTM_EN_A_TELL_INDOUBT: queue the notification, which has no answer
 * @KTM_EN_A_TELL_IF_INDOUBT: the same, if that is how the transaction stands
 * @KTM_EN_A_FORCE_OUTCOME: roll back what is not prepared by all, or ask the
 *	superior
 * @KTM_EN_A_WATCH: it leaves the enlistments and joins the watchers
 * @KTM_EN_A_LEAVE_DISCONNECTED: it leaves, and is told why
 * @KTM_EN_A_BEGIN_PREPREPARE: begin phase 0
 * @KTM_EN_A_BEGIN_PREPARE: begin phase 0 if anybody takes part in it, or phase 1
 * @KTM_EN_A_DECIDE: commit
 * @KTM_EN_A_TELL_COMMIT_REQUEST: queue the notification, which has no answer
 * @KTM_EN_A_TELL_PREPREPARE_COMPLETE: queue the notification, which has no answer
 * @KTM_EN_A_TELL_PREPARE_COMPLETE: queue the notification, which has no answer
 * @KTM_EN_A_TELL_REQUEST_OUTCOME: the same, if none waits
 * @KTM_EN_A_LEAVE_COMMITTED: it leaves, and is told COMMIT_COMPLETE
 * @KTM_EN_A_LEAVE_ABORTED: it leaves, and is told ROLLBACK_COMPLETE
 */
enum ktm_en_action {
	KTM_EN_A_NONE,
	KTM_EN_A_NOTIFY_SAVEPOINT,
	KTM_EN_A_NOTIFY_PREPREPARE,
	KTM_EN_A_NOTIFY_PREPARE,
	KTM_EN_A_NOTIFY_SINGLE,
	KTM_EN_A_NOTIFY_COMMIT,
	KTM_EN_A_NOTIFY_ROLLBACK,
	KTM_EN_A_ANSWERED,
	KTM_EN_A_REFUSED,
	KTM_EN_A_LEAVE,
	KTM_EN_A_LEAVE_SINGLE,
	KTM_EN_A_REJECTED,
	KTM_EN_A_ROLLBACK,
	KTM_EN_A_ROLLBACK_SINGLE,
	KTM_EN_A_LEAVE_ROLLBACK,
	KTM_EN_A_LEAVE_LOST,
	KTM_EN_A_SUSPEND,
	KTM_EN_A_TELL_INDOUBT,
	KTM_EN_A_TELL_IF_INDOUBT,
	KTM_EN_A_FORCE_OUTCOME,
	KTM_EN_A_WATCH,
	KTM_EN_A_LEAVE_DISCONNECTED,
	KTM_EN_A_BEGIN_PREPREPARE,
	KTM_EN_A_BEGIN_PREPARE,
	KTM_EN_A_DECIDE,
	KTM_EN_A_TELL_COMMIT_REQUEST,
	KTM_EN_A_TELL_PREPREPARE_COMPLETE,
	KTM_EN_A_TELL_PREPARE_COMPLETE,
	KTM_EN_A_TELL_REQUEST_OUTCOME,
	KTM_EN_A_LEAVE_COMMITTED,
	KTM_EN_A_LEAVE_ABORTED,
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
extern const struct ktm_arc ktm_sup_arcs[KTM_EN_NR_STATES][KTM_EN_NR_EVENTS];

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
 * ktm_arc_find_sup - look an arc of a superior enlistment up
 * @state: where it is
 * @event: what happens
 * @arc: out: the arc
 * Return: as ktm_arc_find_en().
 */
int ktm_arc_find_sup(unsigned int state, unsigned int event, struct ktm_arc *arc);

/**
 * ktm_tx_state_decided - has the outcome been settled, or lost, for good?
 * @state: enum ktm_tx_state
 */
bool ktm_tx_state_decided(unsigned int state);

/**
 * ktm_tx_state_busy - has its commit begun, and goes on by itself to an outcome, or
 * to where it waits for a superior's next order?
 * @state: enum ktm_tx_state
 */
bool ktm_tx_state_busy(unsigned int state);

#endif /* _KTM_PURE_STATE_H */
