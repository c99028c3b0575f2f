/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was really written to the log: every buffer and every record, and by which
 * request
 */
#ifndef _ENUMERATE_TRUTH_H
#define _ENUMERATE_TRUTH_H

#include "recording.h"
#include "replay.h"

#define FROM_BASE	((size_t)0)	/* index of what was there before */

/**
 * struct truth_record - a record
 * @plain: what it says; data points to a copy
 * @tx: number of the transaction
 * @rm: enum plan_rm, or PLAN_NR_RMS
 */
struct truth_record {
	struct ktm_format_record plain;
	unsigned int tx;
	unsigned int rm;
};

/**
 * struct truth_buffer - a buffer
 * @head: its head
 * @index: it is whole behind this entry, FROM_BASE if it was from the start
 * @records: its records
 */
struct truth_buffer {
	struct ktm_format_buffer head;
	size_t index;
	struct truth_record *records;
};

/**
 * struct truth - all of a segment
 * @base: the disk when it begins
 * @disk_size: bytes of it
 * @super: its superblock that counts
 * @first_lsn: where the log began
 * @base_end: where it ended
 * @buffers: by LSN, in blocks from @first_lsn; NULL where none begins
 * @nr_blocks: length of that
 * @nr_buffers: how many there are
 * @nr_records: records in them
 * @nr_copies: those that were copied forward
 */
struct truth {
	u8 *base;
	u64 disk_size;
	struct ktm_format_super super;
	u64 first_lsn;
	u64 base_end;
	struct truth_buffer **buffers;
	size_t nr_blocks;
	size_t nr_buffers;
	size_t nr_records;
	size_t nr_copies;
};

/* truth_collect - reads the entries from @first up to @last; ends the program on nonsense */
void truth_collect(struct truth *truth, const struct recording *recording, size_t first,
		   size_t last);

/* truth_at - the buffer at this LSN, or NULL */
const struct truth_buffer *truth_at(const struct truth *truth, u64 lsn);

/* truth_free - forget it, but not the base */
void truth_free(struct truth *truth);

#endif /* _ENUMERATE_TRUTH_H */
