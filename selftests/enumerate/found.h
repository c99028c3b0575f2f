/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What recovery must make of a log: written from the rules in protocol/recovery.c,
 * not from its code
 */
#ifndef _ENUMERATE_FOUND_H
#define _ENUMERATE_FOUND_H

#include "plan.h"
#include "truth.h"

/**
 * enum found_state - a transaction
 * @FOUND_NOT: there is nothing of it
 * @FOUND_OPEN: no decision
 * @FOUND_PROMISED: in doubt
 * @FOUND_DECIDED: committed, not over
 * @FOUND_ENDED: over
 */
enum found_state {
	FOUND_NOT,
	FOUND_OPEN,
	FOUND_PROMISED,
	FOUND_DECIDED,
	FOUND_ENDED,
};

/**
 * struct found_en - an enlistment
 * @building: indices of redo since its list began anew, one bit each
 * @nr_building: how many
 * @in_order: they come as they were logged
 * @vote_lsn: its vote, or 0
 * @whole: the redo that the vote counts is there, as planned
 */
struct found_en {
	u32 building;
	u32 nr_building;
	bool in_order;
	u64 vote_lsn;
	bool whole;
};

/**
 * struct found_tx - a transaction
 * @state: what it is
 * @outcome: if it is over: KTM_DISK_OUTCOME_*
 * @nr_expected: votes that the decision or promise counts
 * @ens: its enlistments
 */
struct found_tx {
	enum found_state state;
	u32 outcome;
	u32 nr_expected;
	struct found_en ens[PLAN_NR_RMS];
};

/**
 * struct found - all transactions
 * @txs: by number
 * @touched: those that are not FOUND_NOT
 * @nr_touched: how many
 */
struct found {
	struct found_tx txs[PLAN_MAX_ID];
	unsigned int touched[PLAN_MAX_ID];
	unsigned int nr_touched;
};

/* found_clear - nothing was found */
void found_clear(struct found *found);

/* found_record - take in the next record; NULL, or what is wrong with it */
const char *found_record(struct found *found, const struct truth_record *record);

/* found_votes - how many enlistments have a vote */
u32 found_votes(const struct found_tx *tx);

#endif /* _ENUMERATE_FOUND_H */
