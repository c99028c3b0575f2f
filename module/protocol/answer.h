/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - the answers of resource managers
 */
#ifndef _KTM_PROTOCOL_ANSWER_H
#define _KTM_PROTOCOL_ANSWER_H

#include "../object/enlistment.h"
#include "../pure/state.h"

/**
 * ktm_answer - an enlistment speaks
 * @en: the enlistment
 * @event: one of KTM_EN_E_PREPREPARE_COMPLETE, _COMMIT_COMPLETE, _ROLLBACK_COMPLETE
 * Context: process context.
 * Return: see struct ktm_en_answer.
 */
int ktm_answer(struct ktm_enlistment *en, enum ktm_en_event event);

/**
 * ktm_answer_read_only - it changed nothing and leaves, or watches from now on
 * @en: the enlistment
 * Context: process context.
 * Return: see struct ktm_en_answer.
 */
int ktm_answer_read_only(struct ktm_enlistment *en);

/**
 * ktm_answer_prepared - prepare complete: log the vote, then count it
 * @en: the enlistment
 * Context: process context, may sleep.
 * Return: see struct ktm_en_answer.
 */
int ktm_answer_prepared(struct ktm_enlistment *en);

/**
 * ktm_answer_reject_single - two phases, please
 * @en: the enlistment
 * Context: process context, may sleep.
 * Return: see struct ktm_en_answer.
 */
int ktm_answer_reject_single(struct ktm_enlistment *en);

/**
 * ktm_answer_rollback - the RM rolls the transaction back
 * @en: the enlistment
 * @verdict: why
 * Context: process context.
 * Return: see struct ktm_en_rollback.
 */
int ktm_answer_rollback(struct ktm_enlistment *en,
			const struct ktm_verdict *verdict);

/**
 * ktm_answer_may_ask - was this life of the RM told of it?
 * @en: the enlistment, suspended, its transaction locked
 */
bool ktm_answer_may_ask(struct ktm_enlistment *en);

/**
 * ktm_answer_request_outcome - a prepared RM cannot wait any longer
 * @en: the enlistment
 * Context: process context.
 * Return: see struct ktm_en_answer.
 */
int ktm_answer_request_outcome(struct ktm_enlistment *en);

/**
 * ktm_answer_ask_outcome - the RM came back and asks for the outcome
 * @en: the enlistment
 * Context: process context.
 * Return: see struct ktm_en_answer.
 */
int ktm_answer_ask_outcome(struct ktm_enlistment *en);

#endif /* _KTM_PROTOCOL_ANSWER_H */
