/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Does an image hold what was promised?
 */
#ifndef _ENUMERATE_JUDGE_H
#define _ENUMERATE_JUDGE_H

#include "found.h"
#include "truth.h"

#define NEVER	((size_t)-1)

/**
 * struct promises - when what was noted
 * @txs: by transaction and, where it differs, RM: index of the entry, NEVER
 * @known: transactions that are named anywhere
 * @nr_known: how many
 */
struct promises {
	struct {
		size_t committed, promised, deciding;
		size_t commit[PLAN_NR_RMS], answering[PLAN_NR_RMS];
	} txs[PLAN_MAX_ID];
	unsigned int known[PLAN_MAX_ID];
	unsigned int nr_known;
};

/**
 * struct judge - who judges images
 * @truth: what was written
 * @promises: what was promised
 * @image: the image
 * @durable_lsn: all below it is durable
 * @sequence: number of a superblock that is durable
 * @replay: of the image
 * @found: what recovery would make of it
 * @next_lsn: where the next buffer must be
 * @head: the buffer that replay is in
 * @next: its next record
 * @records: records seen
 * @last_index: entry that made the last of the buffers found whole
 * @wrong: what is wrong, or NULL
 * @wrong_at: transaction or LSN
 */
struct judge {
	const struct truth *truth;
	const struct promises *promises;
	const u8 *image;
	u64 durable_lsn;
	u64 sequence;
	struct ktm_replay replay;
	struct found found;
	u64 next_lsn;
	const struct truth_buffer *head;
	u32 next;
	u64 records;
	size_t last_index;
	const char *wrong;
	u64 wrong_at;
};

/* promises_clear - nothing was promised */
void promises_clear(struct promises *promises);

/* promises_note - take a note in; the first of its kind counts */
void promises_note(struct promises *promises, const struct note *note, size_t index);

/* judge_replay - replay the image, and compare with what was written; is it right? */
bool judge_replay(struct judge *judge);

/* judge_promises - was what was found promised before the entry @cut, and is all there? */
bool judge_promises(struct judge *judge, size_t cut);

#endif /* _ENUMERATE_JUDGE_H */
