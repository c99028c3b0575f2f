/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording of vm/run, in memory (scripts/crash/logwrites.py describes the format)
 */
#ifndef _ENUMERATE_RECORDING_H
#define _ENUMERATE_RECORDING_H

#include "plan.h"
#include "types.h"

#define SECTOR	512U

/**
 * enum entry_kind - what was recorded
 * @ENTRY_OTHER: of no interest
 * @ENTRY_WRITE: a write to the log disk
 * @ENTRY_FLUSH: a flush of the log disk
 * @ENTRY_NOTE: a write to the disk of notes
 * @ENTRY_MARK: a mark
 */
enum entry_kind {
	ENTRY_OTHER,
	ENTRY_WRITE,
	ENTRY_FLUSH,
	ENTRY_NOTE,
	ENTRY_MARK,
};

/**
 * struct entry - a request
 * @kind: what it is
 * @fua: a write that is durable at once
 * @offset: byte on the disk
 * @length: bytes
 * @data: written, or text of the mark (not terminated)
 * @note: with ENTRY_NOTE
 */
struct entry {
	enum entry_kind kind;
	bool fua;
	u64 offset;
	u32 length;
	const u8 *data;
	const struct note *note;
};

/**
 * struct recording - a recording
 * @entries: in the order in which they were sent
 * @nr: how many
 * @disk_size: bytes of the log disk
 */
struct recording {
	struct entry *entries;
	size_t nr;
	u64 disk_size;
};

/* recording_read - reads DIR/writes.log; ends the program if it cannot */
void recording_read(struct recording *recording, const char *dir);

/* recording_mark - index of the mark with this text, or the program ends */
size_t recording_mark(const struct recording *recording, const char *text);

#endif /* _ENUMERATE_RECORDING_H */
