/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - the only functions that assign states
 */
#ifndef _KTM_PROTOCOL_STATE_H
#define _KTM_PROTOCOL_STATE_H

#include "../object/enlistment.h"
#include "../pure/state.h"

/**
 * ktm_tx_event - move a transaction along an arc
 * @tx: the transaction, tx.lock held
 * @event: what happens
 * @action: out: what to do next
 *
 * Keeps the counts of the TM and wakes whoever waits for the transaction.
 *
 * Return: 0, -EPROTO when there is no such arc, -ESHUTDOWN for a beginning on a
 * TM that is not online. On failure nothing has changed.
 */
int ktm_tx_event(struct ktm_tx *tx, enum ktm_tx_event event,
		 enum ktm_tx_action *action);

/**
 * ktm_en_look - look the arc of an enlistment up, in the table of its kind
 * @en: the enlistment, lock of its transaction held
 * @event: what happens
 * @arc: out: the arc
 * Return: see ktm_en_event().
 */
int ktm_en_look(const struct ktm_enlistment *en, enum ktm_en_event event,
		struct ktm_arc *arc);

/**
 * ktm_en_event - move an enlistment along an arc
 * @en: the enlistment, lock of its transaction held
 * @event: what happens
 * @action: out: what to do next
 * Return: 0, -EPROTO when there is no such arc, -EALREADY for a duplicate
 * answer. On failure nothing has changed.
 */
int ktm_en_event(struct ktm_enlistment *en, enum ktm_en_event event,
		 enum ktm_en_action *action);

/**
 * ktm_rm_set_state - assign the state of an RM
 * @rm: the RM, rm.lock held
 * @state: its new state
 *
 * Keeps the TM's count of present RMs.
 *
 * Return: 0, or -ESHUTDOWN when a life begins on a TM that is not online.
 */
int ktm_rm_set_state(struct ktm_rm *rm, enum ktm_rm_state state);

/**
 * ktm_tm_set_state - assign the state of a TM
 * @tm: the TM
 * @state: its new state
 * @error: negative errno that made it go offline, or 0
 *
 * Return: 0; -EBUSY for detaching with active transactions, RMs present, or frozen;
 * -ESHUTDOWN when it is detached already, or when it is to go online and does not
 * recover.
 */
int ktm_tm_set_state(struct ktm_tm *tm, enum ktm_tm_state state, int error);

#endif /* _KTM_PROTOCOL_STATE_H */
