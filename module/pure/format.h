/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - on-disk format of the log ring
 *
 * The device, in blocks of KTM_DISK_BLOCK bytes:
 *
 *	0		superblock A
 *	64 KiB		superblock B
 *	128 KiB		ring, a multiple of KTM_DISK_BLOCK bytes long
 *
 * An LSN is a byte position in an endless log and never repeats. LSN x stands
 * at ring offset x modulo ring size. A buffer begins on a block, is written
 * with one write, and never crosses the end of the ring: where the rest of the
 * ring is too short for what comes next, a buffer without records spans it.
 *
 * The superblocks are written in turn, with flush and FUA; the one with the
 * higher sequence number that is valid as a whole wins. It holds the tail: the
 * LSN at which replay begins. Space below the tail of the durable superblock
 * is free, and only that.
 *
 * Replay walks from buffer to buffer by length and stops at the first that does
 * not fit: wrong magic, UUID, LSN or CRC, an epoch lower than that of the buffer
 * before, or, at and after sb.epoch_lsn, lower than sb.epoch. Each read-write
 * attach starts a new epoch in the superblock before it appends, at the LSN
 * where replay had stopped; so buffers that were in flight when the machine
 * died, and lie beyond that point, can never come alive again.
 *
 * Each buffer carries the LSN that was known durable when it was submitted. If
 * replay stops at LSN x, and some buffer of the same lap beyond x is valid and
 * claims durable_lsn > x, then x was durable once: the medium has lost it. That
 * is corruption (-EUCLEAN), not the torn end of the log.
 *
 * Each superblock too says what was durable when it was written: all below its
 * epoch_lsn. If replay stops earlier, that is corruption as well.
 *
 * Data of a record may look like a buffer, by chance or because somebody wants
 * a forged record to be found where a later lap ends. So no block but the first
 * of a buffer begins with KTM_DISK_BUF_MAGIC on disk: where the data has it, the
 * four bytes are stored as zero and a bit in the head of the buffer says so.
 *
 * A log that was cloned with its device is adopted: it gets a TM UUID of its own,
 * so that both can be attached. Its buffers stay as they are, with the UUID that the
 * log was made with, and so do those to come: the superblock then has both.
 *
 * All integers are little endian. Nothing read from disk is used before
 * ktm_format_check_*() has accepted the whole.
 */
#ifndef _KTM_PURE_FORMAT_H
#define _KTM_PURE_FORMAT_H

#include "types.h"

#define KTM_DISK_BLOCK		4096U
#define KTM_DISK_SB_A		0ULL
#define KTM_DISK_SB_B		65536ULL
#define KTM_DISK_RING		131072ULL
#define KTM_DISK_RING_MIN	(1ULL << 20)
#define KTM_DISK_RING_MAX	(1ULL << 44)
#define KTM_DISK_BUFFER_MAX	131072U	/* bytes in one buffer */
/* 1 is read: no PROMISE, no recovery information; 2 too: no streams */
#define KTM_DISK_VERSION	3
#define KTM_DISK_UUID_SIZE	16
#define KTM_DISK_NAME_MAX	64
#define KTM_DISK_DATA_MAX	61440U	/* bytes of data in a record */
#define KTM_DISK_INFO_MAX	4096U	/* bytes of recovery information */

#define KTM_DISK_SB_MAGIC	0x4b544d4c4f473031ULL	/* "KTMLOG01" read big endian */
#define KTM_DISK_BUF_MAGIC	0x4b544d42U		/* "KTMB" */

/**
 * struct ktm_disk_super - superblock, one block, rest zero
 * @magic: KTM_DISK_SB_MAGIC
 * @crc: CRC32C over the whole block with this field zero
 * @version: KTM_DISK_VERSION, or a lower one that is still known. Each attach for
 *	writing makes it KTM_DISK_VERSION, before it appends the first record; so does
 *	an adoption.
 * @uuid: UUID of the TM, and of its buffers unless it was adopted
 * @sequence: one more with each superblock written
 * @ring_size: bytes in the ring, multiple of KTM_DISK_BLOCK
 * @tail_lsn: replay begins here; start of a buffer, or the end of the log
 * @epoch_lsn: all below was durable when this was written, and buffers from
 *	this LSN on have epoch >= @epoch; at least @tail_lsn, at most a lap away
 * @epoch: number of read-write attaches
 * @clock: virtual clock when this was written; at most KTM_DISK_CLOCK_MAX
 * @name: text for people, zero-padded
 * @flags: KTM_DISK_SB_F_*; an unknown one refuses the log
 * @ring_uuid: with KTM_DISK_SB_F_ADOPTED the UUID of its buffers, else 0
 * @zero: 0
 */
struct ktm_disk_super {
	__le64 magic;
	__le32 crc;
	__le32 version;
	u8 uuid[KTM_DISK_UUID_SIZE];
	__le64 sequence;
	__le64 ring_size;
	__le64 tail_lsn;
	__le64 epoch_lsn;
	__le64 epoch;
	__le64 clock;
	u8 name[KTM_DISK_NAME_MAX];
	__le64 flags;
	u8 ring_uuid[KTM_DISK_UUID_SIZE];
	u8 zero[3928];
};

/* detached in order: epoch_lsn is the end of the log */
#define KTM_DISK_SB_F_CLEAN	1ULL
/* the TM has another UUID than its buffers */
#define KTM_DISK_SB_F_ADOPTED	2ULL
#define KTM_DISK_SB_F_MASK	(KTM_DISK_SB_F_CLEAN | KTM_DISK_SB_F_ADOPTED)

/**
 * struct ktm_disk_buffer - head of a buffer
 * @magic: KTM_DISK_BUF_MAGIC
 * @crc: CRC32C over @used bytes with this field zero
 * @uuid: UUID of the log
 * @lsn: of this buffer; multiple of KTM_DISK_BLOCK
 * @epoch: see above
 * @durable_lsn: everything below was known durable when this was submitted
 * @prev_lsn: the buffer before, or 0 for the first of the log
 * @span: bytes to the next buffer, multiple of KTM_DISK_BLOCK
 * @used: bytes of head and records; rounded up to a block it is the span, or
 *	less in the filler at the end of the ring, which has no records
 * @nr_records: records in it
 * @escaped: bit i: block i of this buffer begins with KTM_DISK_BUF_MAGIC, which
 *	is stored as 0; bit 0 is 0
 */
struct ktm_disk_buffer {
	__le32 magic;
	__le32 crc;
	u8 uuid[KTM_DISK_UUID_SIZE];
	__le64 lsn;
	__le64 epoch;
	__le64 durable_lsn;
	__le64 prev_lsn;
	__le32 span;
	__le32 used;
	__le32 nr_records;
	__le32 escaped;
};

/**
 * enum ktm_record_type - kinds of records; never renumber
 * @KTM_RECORD_REDO: redo of a resource manager, in its stream
 * @KTM_RECORD_PREPARE: an enlistment is prepared; data: struct ktm_disk_prepare,
 *	then its recovery information
 * @KTM_RECORD_COMMIT: the decision; data: struct ktm_disk_commit
 * @KTM_RECORD_END: every enlistment has answered, or the superior has rolled back
 *	what was promised; data: struct ktm_disk_end
 * @KTM_RECORD_PROMISE: all are prepared under a superior, whose enlistment and
 *	resource manager it names; data: struct ktm_disk_commit
 * @KTM_RECORD_STREAM: a log stream is there; see stream.h for this and the others
 * @KTM_RECORD_STREAM_END: it was deleted
 * @KTM_RECORD_STREAM_DATA: a record of its clients
 * @KTM_RECORD_STREAM_RESTART: a restart area of its clients
 */
enum ktm_record_type {
	KTM_RECORD_REDO = 1,
	KTM_RECORD_PREPARE = 2,
	KTM_RECORD_COMMIT = 3,
	KTM_RECORD_END = 4,
	KTM_RECORD_PROMISE = 5,
	KTM_RECORD_STREAM = 6,
	KTM_RECORD_STREAM_END = 7,
	KTM_RECORD_STREAM_DATA = 8,
	KTM_RECORD_STREAM_RESTART = 9,
};

/**
 * struct ktm_disk_record - head of a record; records begin on 8 bytes
 * @length: bytes of head and data, rounded up to 8
 * @data_length: bytes of data
 * @type: enum ktm_record_type
 * @flags: KTM_DISK_RECORD_F_*
 * @owner: user id that the resource manager or stream belongs to, in the initial
 *	user namespace; 0 for COMMIT, END
 * @lsn: of this record: LSN of the buffer plus offset in it
 * @prev_lsn: record before in the chain of the enlistment, or 0; of a COMMIT or
 *	PROMISE the first PREPARE that belongs to it: older ones are of an aborted transaction
 *	that had the same UUID; of a stream's record what its client says
 * @undo_next_lsn: chain set by the stream's owner, or 0
 * @stream: UUID of the resource manager or log stream that it belongs to; of a
 *	PROMISE the superior's; 0 for COMMIT, END
 * @tx: UUID of the transaction; 0 for records of streams
 * @enlistment: UUID of the enlistment; of a PROMISE the superior's; 0 for COMMIT, END
 *	and records of streams
 */
struct ktm_disk_record {
	__le32 length;
	__le32 data_length;
	__le16 type;
	__le16 flags;
	__le32 owner;
	__le64 lsn;
	__le64 prev_lsn;
	__le64 undo_next_lsn;
	u8 stream[KTM_DISK_UUID_SIZE];
	u8 tx[KTM_DISK_UUID_SIZE];
	u8 enlistment[KTM_DISK_UUID_SIZE];
};

#define KTM_DISK_RECORD_F_COPY	1U	/* copied forward from an older place */
#define KTM_DISK_RECORD_F_BASE	2U	/* of a restart area: it is the base of its stream */
#define KTM_DISK_RECORD_F_MASK	(KTM_DISK_RECORD_F_COPY | KTM_DISK_RECORD_F_BASE)

/**
 * struct ktm_disk_prepare - data of a PREPARE record
 * @first_lsn: first REDO record of the enlistment, or 0
 * @nr_records: REDO records of the enlistment; they are found backward from
 *	the PREPARE record by prev_lsn
 * @info_length: bytes of recovery information, which follow and end the data;
 *	at most KTM_DISK_INFO_MAX, or 0
 */
struct ktm_disk_prepare {
	__le64 first_lsn;
	__le32 nr_records;
	__le32 info_length;
};

/**
 * struct ktm_disk_commit - data of a COMMIT or PROMISE record
 * @clock: virtual clock of the decision or promise, also in a copy of it; at most
 *	KTM_DISK_CLOCK_MAX
 * @nr_enlistments: PREPARE records that belong to it
 * @flags: 0
 */
struct ktm_disk_commit {
	__le64 clock;
	__le32 nr_enlistments;
	__le32 flags;
};

/**
 * struct ktm_disk_end - data of an END record
 * @outcome: 1 = committed, 2 = rolled back
 * @flags: 0
 */
struct ktm_disk_end {
	__le32 outcome;
	__le32 flags;
};

#define KTM_DISK_OUTCOME_COMMITTED	1
#define KTM_DISK_OUTCOME_ABORTED	2

static_assert(sizeof(struct ktm_disk_super) == KTM_DISK_BLOCK, "layout");
static_assert(offsetof(struct ktm_disk_super, uuid) == 16, "layout");
static_assert(offsetof(struct ktm_disk_super, name) == 80, "layout");
static_assert(offsetof(struct ktm_disk_super, ring_uuid) == 152, "layout");
static_assert(sizeof(struct ktm_disk_buffer) == 72, "layout");
static_assert(offsetof(struct ktm_disk_buffer, lsn) == 24, "layout");
static_assert(sizeof(struct ktm_disk_record) == 88, "layout");
static_assert(offsetof(struct ktm_disk_record, stream) == 40, "layout");
static_assert(sizeof(struct ktm_disk_prepare) == 16, "layout");
static_assert(sizeof(struct ktm_disk_commit) == 16, "layout");
static_assert(sizeof(struct ktm_disk_end) == 8, "layout");
static_assert(KTM_DISK_BUFFER_MAX / KTM_DISK_BLOCK <= 32, "a bit of escaped for each block");

#define KTM_DISK_LSN_MAX	(1ULL << 62)	/* so that sums of LSNs and sizes cannot wrap */
#define KTM_DISK_CLOCK_MAX	(1ULL << 63)	/* so that a clock can go on from there */

/**
 * struct ktm_format_super - a superblock, checked and copied
 * @uuid: UUID of the TM
 * @ring_uuid: UUID of its buffers, if it was adopted; else 0, and it is @uuid
 * @sequence: one more with each superblock written
 * @ring_size: bytes in the ring
 * @tail_lsn: replay begins here
 * @epoch_lsn: durable when this was written
 * @epoch: number of read-write attaches
 * @clock: virtual clock, at least
 * @flags: KTM_DISK_SB_F_CLEAN, or 0
 * @name: text for people, NUL-terminated
 */
struct ktm_format_super {
	u8 uuid[KTM_DISK_UUID_SIZE];
	u8 ring_uuid[KTM_DISK_UUID_SIZE];
	u64 sequence;
	u64 ring_size;
	u64 tail_lsn;
	u64 epoch_lsn;
	u64 epoch;
	u64 clock;
	u64 flags;
	char name[KTM_DISK_NAME_MAX];
};

/**
 * struct ktm_format_buffer - head of a buffer, copied
 * @lsn: where it begins
 * @epoch: attach that wrote it
 * @durable_lsn: everything below was known durable when it was submitted
 * @prev_lsn: the buffer before, or 0
 * @span: bytes to the next buffer
 * @used: bytes of head and records
 * @nr_records: records in it
 * @escaped: blocks whose magic was replaced
 */
struct ktm_format_buffer {
	u64 lsn;
	u64 epoch;
	u64 durable_lsn;
	u64 prev_lsn;
	u32 span;
	u32 used;
	u32 nr_records;
	u32 escaped;
};

/**
 * struct ktm_format_record - a record, its head copied
 * @type: enum ktm_record_type
 * @flags: KTM_DISK_RECORD_F_*
 * @data_length: bytes of data
 * @owner: user id that the resource manager or stream belongs to, or 0
 * @lsn: where it begins
 * @prev_lsn: record before in the chain of the enlistment, or 0
 * @undo_next_lsn: chain set by the stream's owner, or 0
 * @stream: UUID of the resource manager or stream, or 0
 * @tx: UUID of the transaction, or 0
 * @enlistment: UUID of the enlistment, or 0
 * @data: points into the buffer
 */
struct ktm_format_record {
	u16 type;
	u16 flags;
	u32 data_length;
	u32 owner;
	u64 lsn;
	u64 prev_lsn;
	u64 undo_next_lsn;
	u8 stream[KTM_DISK_UUID_SIZE];
	u8 tx[KTM_DISK_UUID_SIZE];
	u8 enlistment[KTM_DISK_UUID_SIZE];
	const void *data;
};

/**
 * ktm_format_ring_uuid - the UUID that the buffers of a log have
 * @super: its superblock
 */
const u8 *ktm_format_ring_uuid(const struct ktm_format_super *super);

/**
 * ktm_format_check_super - check a superblock as a whole, and copy it
 * @disk: the block
 * @super: out, if 0 is returned
 *
 * Return: 0, -ENODEV (no magic), -EPROTONOSUPPORT (another version, or a flag
 * that is not known), -EUCLEAN (damaged).
 */
int ktm_format_check_super(const struct ktm_disk_super *disk,
			   struct ktm_format_super *super);

/**
 * ktm_format_encode_super - build a superblock
 * @disk: out: the block
 * @super: what it says
 */
void ktm_format_encode_super(struct ktm_disk_super *disk,
			     const struct ktm_format_super *super);

/**
 * ktm_format_check_head - is this the head of the buffer of a given LSN?
 * @disk: a block of the ring
 * @super: the log
 * @lsn: an LSN that stands at this block
 * @buffer: out, if 0 is returned: span and used are possible, the rest is not
 *	checked yet
 *
 * Return: 0; -ENOENT (no buffer of this log at this LSN); -EBADMSG (it says so,
 * but its size is impossible: torn).
 */
int ktm_format_check_head(const struct ktm_disk_buffer *disk,
			  const struct ktm_format_super *super, u64 lsn,
			  struct ktm_format_buffer *buffer);

/**
 * ktm_format_check_crc - was the buffer written completely?
 * @disk: the buffer, as many bytes as @buffer says are used
 * @buffer: from ktm_format_check_head()
 *
 * Return: 0 or -EBADMSG.
 */
int ktm_format_check_crc(const struct ktm_disk_buffer *disk,
			 const struct ktm_format_buffer *buffer);

/**
 * ktm_format_check_buffer - check all of a buffer whose checksum is good
 * @disk: the buffer; if 0 is returned, its data is no longer escaped, else it is as
 *	it was
 * @buffer: from ktm_format_check_head()
 *
 * Return: 0 or -EUCLEAN.
 */
int ktm_format_check_buffer(struct ktm_disk_buffer *disk,
			    const struct ktm_format_buffer *buffer);

/**
 * ktm_format_check_record - check one record, and copy its head
 * @disk: the record, aligned to 8 bytes
 * @room: bytes there up to the end of the buffer's records
 * @lsn: its LSN
 * @record: out, if the return value is positive
 *
 * Return: bytes to the next record, or -EUCLEAN.
 */
int ktm_format_check_record(const struct ktm_disk_record *disk, u32 room,
			    u64 lsn, struct ktm_format_record *record);

/**
 * ktm_format_record_is_possible - would replay accept it?
 * @record: a record, with its LSN
 * Return: true if it would.
 */
bool ktm_format_record_is_possible(const struct ktm_format_record *record);

/**
 * ktm_format_find_record - find a record by its LSN
 * @disk: a buffer that ktm_format_check_buffer() has accepted
 * @buffer: its head
 * @lsn: the record
 * @record: out, if 0 is returned
 * Return: 0, -EINVAL (none begins there), -EUCLEAN.
 */
int ktm_format_find_record(const struct ktm_disk_buffer *disk,
			   const struct ktm_format_buffer *buffer, u64 lsn,
			   struct ktm_format_record *record);

/**
 * ktm_format_record_length - bytes that a record takes
 * @data_length: its data, at most KTM_DISK_DATA_MAX
 * Return: bytes of head, data and padding.
 */
static inline u32 ktm_format_record_length(u32 data_length)
{
	return (sizeof(struct ktm_disk_record) + data_length + 7) & ~7U;
}

/**
 * ktm_format_encode_record - build a record
 * @disk: out: ktm_format_record_length() bytes, aligned to 8
 * @record: what it says
 */
void ktm_format_encode_record(struct ktm_disk_record *disk,
			      const struct ktm_format_record *record);

/**
 * ktm_format_seal_buffer - make a buffer ready for the disk
 * @disk: the buffer with its records; head and padding are written. As many
 *	bytes as are used, rounded up to KTM_DISK_BLOCK
 * @uuid: the log
 * @buffer: what the head says; escaped is set
 */
void ktm_format_seal_buffer(struct ktm_disk_buffer *disk, const u8 *uuid,
			    struct ktm_format_buffer *buffer);

/**
 * ktm_format_unescape - bring data that was hidden back
 * @disk: the buffer as it is on disk
 * @used: bytes used in it
 * @escaped: as its head says
 */
void ktm_format_unescape(struct ktm_disk_buffer *disk, u32 used, u32 escaped);

/**
 * ktm_format_escape - hide data that looks like the head of a buffer
 * @disk: the buffer with its data
 * @used: bytes used in it
 * Return: the bits for escaped.
 */
u32 ktm_format_escape(struct ktm_disk_buffer *disk, u32 used);

#endif /* _KTM_PURE_FORMAT_H */
