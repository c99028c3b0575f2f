/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl log repair - what is wrong with a log, and what is to be written
 *
 * The plan is a list of writes. Reads see them as if they were done, so that the
 * replay that the kernel would do judges the repaired log before it is there.
 *
 * A gap is a part of the log that was durable and has no good buffers. It is filled
 * with buffers of one harmless record each, so that replay goes on behind it: what
 * is there still counts. A transaction with a decision or a promise that has lost
 * votes gets a copy of it that counts the votes that are left: it stays decided, or
 * in doubt. Of one that has neither nothing is written: as recovery sees it, it was
 * never decided.
 */
#ifndef _KTMCTL_LOG_PLAN_H
#define _KTMCTL_LOG_PLAN_H

#include "log_source.h"
#include "log_table.h"

/**
 * struct log_gap - a part of the log that is lost
 * @node: in log_plan.gaps, in the order of LSNs
 * @lsn: where it begins
 * @end: where the log goes on
 * @found: what stands at its beginning
 * @proof_lsn: buffer that says that it was durable, or 0: the superblock does, or
 *	the buffer at @lsn is complete and impossible
 */
struct log_gap {
	TAILQ_ENTRY(log_gap) node;
	uint64_t lsn;
	uint64_t end;
	enum ktm_replay_end found;
	uint64_t proof_lsn;
};

/**
 * struct log_write - a write that is to be done
 * @node: in one of the lists of the plan
 * @offset: byte of the device
 * @data: what
 * @length: bytes of it
 * @opens: with this one replay passes the gap
 */
struct log_write {
	TAILQ_ENTRY(log_write) node;
	uint64_t offset;
	void *data;
	uint32_t length;
	bool opens;
};

TAILQ_HEAD(log_writes, log_write);
TAILQ_HEAD(log_gaps, log_gap);

/**
 * struct log_plan - what is wrong, and what is to be written
 * @source: the log
 * @reading: table that reads fill
 * @table: transactions, if the gaps are filled and nothing else is written
 * @gaps: struct log_gap
 * @closing: blocks to be appended to the log, in order
 * @bridges: buffers to be written into gaps, the last in the log first
 * @super: a superblock to be written, or none
 * @nr_gaps: how many gaps
 * @bytes: what the writes take
 * @why: what cannot be repaired, or NULL
 */
struct log_plan {
	struct log_source source;
	struct log_table *reading;
	struct log_table table;
	struct log_gaps gaps;
	struct log_writes closing;
	struct log_writes bridges;
	struct log_writes super;
	unsigned int nr_gaps;
	uint64_t bytes;
	const char *why;
};

/**
 * log_plan_make - find out what is wrong, and how to repair it
 * @plan: filled in
 * @path: device or file
 *
 * Return: 0, or a negative errno, see log_advice; log_plan_free() in any case.
 */
int log_plan_make(struct log_plan *plan, const char *path);

/**
 * log_plan_is_empty - is nothing wrong?
 * @plan: the plan
 *
 * Return: true if so.
 */
bool log_plan_is_empty(const struct log_plan *plan);

/**
 * log_plan_is_unknown - may the decision on a transaction be lost?
 * @plan: the plan
 * @tx: a transaction of its table
 *
 * Return: true if it may.
 */
bool log_plan_is_unknown(const struct log_plan *plan, const struct log_tx *tx);

/**
 * log_plan_is_incomplete - has a decided or promised transaction lost votes?
 * @tx: a transaction
 *
 * Return: true if so.
 */
bool log_plan_is_incomplete(const struct log_tx *tx);

/**
 * log_plan_free - free what is in it
 * @plan: the plan
 */
void log_plan_free(struct log_plan *plan);

#endif /* _KTMCTL_LOG_PLAN_H */
