/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the recorded workload does, so that whoever looks at the log later knows what
 * must be in it
 *
 * Everything follows from the number of a transaction: which resource managers take
 * part, what they log, and how it may end. What has happened up to some moment is
 * told by notes: sectors on a disk of their own, in the same recording, each durable
 * before the workload goes on.
 */
#ifndef _ENUMERATE_PLAN_H
#define _ENUMERATE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define PLAN_UUID_SIZE	16
#define PLAN_MAX_ID	3000	/* transactions have lower numbers, from 1 */
#define PLAN_KEPT	1000	/* from here on: answered late */
#define PLAN_PROMISED	2000	/* from here on: under a superior; even ones commit */
#define PLAN_AFTER	700	/* from here up to PLAN_KEPT: begun after a recovery */
#define PLAN_REDO_MAX	20000	/* bytes in a record */
#define PLAN_NR_REDO	8	/* no enlistment has more records */

/**
 * enum plan_rm - the resource managers
 * @PLAN_FIRST: answers at once
 * @PLAN_SECOND: answers at once, and refuses some
 * @PLAN_KEEPER: answers late
 * @PLAN_SUPERIOR: decides for others
 * @PLAN_NR_RMS: how many there are
 */
enum plan_rm {
	PLAN_FIRST,
	PLAN_SECOND,
	PLAN_KEEPER,
	PLAN_SUPERIOR,
	PLAN_NR_RMS,
};

/**
 * enum plan_kind - how a transaction may end
 * @PLAN_COMMITS: it is to commit
 * @PLAN_REFUSED: the second RM refuses, when the first may have prepared
 * @PLAN_TAKEN_BACK: the client rolls it back
 * @PLAN_COMMITS_IF_TOLD: the superior orders it
 * @PLAN_ROLLS_BACK_IF_TOLD: the superior orders that
 */
enum plan_kind {
	PLAN_COMMITS,
	PLAN_REFUSED,
	PLAN_TAKEN_BACK,
	PLAN_COMMITS_IF_TOLD,
	PLAN_ROLLS_BACK_IF_TOLD,
};

/**
 * enum note_kind - what a note says
 * @NOTE_COMMITTED: the client was told that @tx has committed
 * @NOTE_COMMIT: @rm was told that @tx commits: the decision is durable
 * @NOTE_PROMISED: the superior was told that all of @tx have prepared
 * @NOTE_DECIDING: the superior is about to give its order
 * @NOTE_ANSWERING: @rm is about to say that it has committed @tx
 * @NOTE_IMAGE: the log disk holds image @tx now
 * @NOTE_DETACHED: and what was done with that is over
 * @NOTE_KINDS: how many there are
 */
enum note_kind {
	NOTE_COMMITTED,
	NOTE_COMMIT,
	NOTE_PROMISED,
	NOTE_DECIDING,
	NOTE_ANSWERING,
	NOTE_IMAGE,
	NOTE_DETACHED,
	NOTE_KINDS,
};

#define NOTE_MAGIC	0x45544f4eU
#define NOTE_SIZE	512

/**
 * struct note - a note, one sector
 * @magic: NOTE_MAGIC
 * @kind: enum note_kind
 * @tx: number of the transaction
 * @rm: enum plan_rm
 * @zero: 0
 */
struct note {
	uint32_t magic;
	uint32_t kind;
	uint32_t tx;
	uint32_t rm;
	unsigned char zero[NOTE_SIZE - 16];
};

/* plan_kind - how may it end? */
enum plan_kind plan_kind(unsigned int id);

/* plan_takes_part - does @rm log in transaction @id? */
bool plan_takes_part(unsigned int id, enum plan_rm rm);

/* plan_nr_redo - how many records it logs there */
unsigned int plan_nr_redo(unsigned int id, enum plan_rm rm);

/* plan_redo - makes record @index at @data, PLAN_REDO_MAX bytes; returns its length */
uint32_t plan_redo(unsigned int id, enum plan_rm rm, unsigned int index, void *data);

/* plan_tx_uuid, plan_rm_uuid - the UUID */
void plan_tx_uuid(unsigned int id, unsigned char *uuid);
void plan_rm_uuid(enum plan_rm rm, unsigned char *uuid);

/* plan_tx_of - the number in a UUID, or 0 if it is none of ours */
unsigned int plan_tx_of(const unsigned char *uuid);

/* plan_rm_of - the RM with that UUID, or PLAN_NR_RMS */
enum plan_rm plan_rm_of(const unsigned char *uuid);

#endif /* _ENUMERATE_PLAN_H */
