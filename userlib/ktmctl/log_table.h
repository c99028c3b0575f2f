/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl log - what recovery would make of the records of a log
 *
 * The rules are those of module/protocol/recovery.c.
 */
#ifndef _KTMCTL_LOG_TABLE_H
#define _KTMCTL_LOG_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "format.h"

/**
 * struct log_en - an enlistment that left records
 * @node: in log_tx.enlistments
 * @uuid: identity
 * @rm: its resource manager
 * @prepare_lsn: the vote, if it counts and its redo is there; else 0
 * @pin: start of the buffer with the first record that it counts
 * @nr_building: REDO records since its list began anew
 * @building_pin: start of the buffer in which that was
 */
struct log_en {
	TAILQ_ENTRY(log_en) node;
	unsigned char uuid[KTM_DISK_UUID_SIZE];
	unsigned char rm[KTM_DISK_UUID_SIZE];
	uint64_t prepare_lsn;
	uint64_t pin;
	uint32_t nr_building;
	uint64_t building_pin;
};

/**
 * struct log_tx - a transaction that left records and has not ended
 * @node: in log_table.txs, in the order of their first records
 * @enlistments: struct log_en
 * @uuid: identity
 * @first_lsn: its first record
 * @decision_lsn: its last COMMIT or PROMISE record, or 0
 * @pin: start of the buffer with the first record that is needed
 * @voted: a PREPARE record was seen
 * @decided: a COMMIT record was seen
 * @promised: a PROMISE record was seen
 * @superior: enlistment that the promise names
 * @superior_rm: resource manager that it names
 * @superior_owner: whom that belongs to
 * @nr_expected: votes that the last COMMIT or PROMISE counts
 * @clock: virtual clock of it
 */
struct log_tx {
	TAILQ_ENTRY(log_tx) node;
	TAILQ_HEAD(, log_en) enlistments;
	unsigned char uuid[KTM_DISK_UUID_SIZE];
	uint64_t first_lsn;
	uint64_t decision_lsn;
	uint64_t pin;
	bool voted;
	bool decided;
	bool promised;
	unsigned char superior[KTM_DISK_UUID_SIZE];
	unsigned char superior_rm[KTM_DISK_UUID_SIZE];
	uint32_t superior_owner;
	uint32_t nr_expected;
	uint64_t clock;
};

/**
 * struct log_table - all of them
 * @txs: struct log_tx
 * @tree: the same by UUID, of tsearch()
 * @nr_ended: END records seen
 * @nr_others: records of kinds that are no part of a transaction
 */
struct log_table {
	TAILQ_HEAD(, log_tx) txs;
	void *tree;
	uint64_t nr_ended;
	uint64_t nr_others;
};

/* the resource manager that records of ktmctl log repair name; also tx and enlistment */
extern const unsigned char log_table_filler[KTM_DISK_UUID_SIZE];

/**
 * log_table_init - begin with nothing
 * @table: the table
 */
void log_table_init(struct log_table *table);

/**
 * log_table_take - take the next record of the log
 * @table: the table
 * @record: the record
 * @buffer_lsn: start of its buffer
 *
 * Return: 0, -ENOMEM, -EUCLEAN (a record that nobody would have written).
 */
int log_table_take(struct log_table *table, const struct ktm_format_record *record,
		   uint64_t buffer_lsn);

/**
 * log_table_votes - votes of a transaction that count
 * @tx: the transaction
 * @first: out: LSN of the first, or 0; may be NULL
 *
 * Return: their number.
 */
uint32_t log_table_votes(const struct log_tx *tx, uint64_t *first);

/**
 * log_table_state - what a transaction is
 * @tx: the transaction
 *
 * Return: "committed", "in doubt", "prepared" or "active".
 */
const char *log_table_state(const struct log_tx *tx);

/**
 * log_table_oldest - who holds the tail of the log
 * @table: the table
 *
 * Return: the transaction with the oldest pin, or NULL.
 */
const struct log_tx *log_table_oldest(const struct log_table *table);

/**
 * log_table_free - free what is in it
 * @table: the table
 */
void log_table_free(struct log_table *table);

#endif /* _KTMCTL_LOG_TABLE_H */
