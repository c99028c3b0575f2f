/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - phases of a commit, and the superior that drives them instead of a client
 */
#ifndef _KTM_PROTOCOL_SUPERIOR_H
#define _KTM_PROTOCOL_SUPERIOR_H

#include "step.h"

/**
 * ktm_phase_single - may the only enlistment decide alone?
 * @tx: the transaction, locked
 */
bool ktm_phase_single(const struct ktm_tx *tx);

/**
 * ktm_phase_0_wanted - does anybody take part in phase 0?
 * @tx: the transaction, locked
 */
bool ktm_phase_0_wanted(const struct ktm_tx *tx);

/**
 * ktm_phase_begin - begin with the first phase that is left to do
 * @step: a step of a transaction that is ACTIVE or PREPREPARED, with the slots
 *	that it needs
 */
void ktm_phase_begin(struct ktm_step *step);

/**
 * ktm_phase_0_over - all have answered PREPREPARE
 * @step: a step of a transaction that is PREPREPARING
 */
void ktm_phase_0_over(struct ktm_step *step);

/**
 * ktm_phase_1_over - all have answered PREPARE
 * @step: a step of a transaction that is PREPARING
 */
void ktm_phase_1_over(struct ktm_step *step);

/**
 * ktm_superior_order - an order of the superior
 * @en: its enlistment
 * @order: KTM_EN_E_DO_PREPREPARE, _DO_PREPARE or _DO_COMMIT
 * Context: process context, interruptible: a freeze holds it back.
 * Return: see struct ktm_en_answer; -ERESTARTSYS for a signal.
 */
int ktm_superior_order(struct ktm_enlistment *en, enum ktm_en_event order);

/**
 * ktm_superior_resume - it came back, and speaks
 * @step: a step of its transaction
 * @en: its enlistment
 * Return: 0; -EPROTO for a life of the RM that was not told of it.
 */
int ktm_superior_resume(struct ktm_step *step, struct ktm_enlistment *en);

#endif /* _KTM_PROTOCOL_SUPERIOR_H */
