/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ktm - log streams: ioctl interface of the log ring of a transaction manager
 */
#ifndef _UAPI_LINUX_KTM_LOG_H
#define _UAPI_LINUX_KTM_LOG_H

#include <linux/types.h>
#include <linux/ioctl.h>
#include <linux/ktm.h>

/**
 * DOC: Log streams
 *
 * The log of a durable TM carries streams beside its transactions. A stream has a name,
 * a UUID, an owner, a group and a mode; it is there until it is deleted, whoever has
 * an fd of it. Its records are in one order, that of their LSNs; an LSN never repeats,
 * and means something in its own log only.
 *
 * Any number of writers and readers may use a stream at once. A record is appended as a
 * whole or not at all. It is durable when it was flushed, and then all records of all
 * streams and transactions before it are. After a crash what was not durable is missing
 * from the end; never is a record there and one before it not.
 *
 * Each record may name an earlier one of the stream twice, as the history of
 * something (previous) and as what is to be undone next (undo_next). Restart areas are
 * records with a chain of their own.
 *
 * The base is the first record that is kept: the space of those before it is used
 * again. It holds back the ring from there on, the records of others included. Who
 * uses a stream must move the base on, most of all when poll() says EPOLLPRI: somebody
 * needs room, and this stream is in the way. wanted_lsn in the stream's info is up to
 * where the base should go; by KTM_IOC_STREAM_SET_BASE, or with a restart area.
 * A stream that does not, is refused its own records with ENOSPC as soon as it holds
 * back more than its limit; when the whole ring is full, so is new work of others. What
 * is prepared or decided ends in any case: its room is set aside.
 *
 * For the same reason only the owner of the TM may make a stream, or who has
 * CAP_SYS_ADMIN; its mode says who else may use it.
 *
 * A record of up to KTM_STREAM_RESERVED_MAX bytes can be reserved, so that the full
 * ring does not refuse it later. Reservations belong to the stream, are used with
 * KTM_STREAM_APPEND_F_RESERVED or KTM_STREAM_RESTART_F_RESERVED, and end with the detach
 * of the TM.
 *
 * General format, and the errno values that are not named here: see
 * <linux/ktm.h>. These mean more than there:
 *
 * =============== =========================================================
 * EIDRM           the stream was deleted
 * ENODATA         the stream or the chain ends here
 * ESTALE          the LSN is below the base: the record is not kept
 * EINVAL          also: no record of this stream has that LSN
 * ENOSPC          the ring is full, or the stream holds back its limit
 * EDQUOT          the log has as many streams as it can, or the quota of objects
 * EPERM           also: not the owner of the TM
 * =============== =========================================================
 *
 * Every call gives ESHUTDOWN when the TM is detached, offline or still recovering, and
 * EIO when the log fails while it waits.
 */

#define KTM_LOG_IOC_TYPE	0xb9

/* Append only; never renumber. */
enum {
	KTM_LOG_NR_BASE = 0x80,
	/* TM */
	KTM_LOG_NR_STREAM_CREATE = KTM_LOG_NR_BASE,
	KTM_LOG_NR_STREAM_OPEN,
	KTM_LOG_NR_STREAM_LIST,
	/* TM, stream */
	KTM_LOG_NR_STREAM_INFO,
	/* stream */
	KTM_LOG_NR_STREAM_APPEND,
	KTM_LOG_NR_STREAM_RESERVE,
	KTM_LOG_NR_STREAM_READ,
	KTM_LOG_NR_STREAM_FLUSH,
	KTM_LOG_NR_STREAM_SET_BASE,
	KTM_LOG_NR_STREAM_RESTART,
	KTM_LOG_NR_STREAM_DELETE,
};

#define KTM_STREAM_RECORD_MAX	61424	/* bytes in a record */
#define KTM_STREAM_RESERVED_MAX	3912	/* bytes in a record that was reserved */
#define KTM_STREAM_PARTS_MAX	64	/* parts of a record */
#define KTM_STREAM_MAX		1024	/* streams in a log; a small ring has fewer */

/**
 * struct ktm_stream_create - make a log stream (TM fd)
 * @size: sizeof(struct ktm_stream_create)
 * @flags: must be 0
 * @uuid: in: UUID wanted, or all zero for a new one; out: the UUID
 * @name: of no other stream of the TM; NUL-terminated, not empty
 * @uid: user that owns it
 * @gid: group of it
 * @mode: permission bits (octal 0666 at most): read = read and look, write = append
 *	and move the base
 * @out_fd: out: its fd, with all rights (close-on-exec)
 * @limit: bytes of the ring that it may hold back, or 0: a quarter of the ring
 *
 * Durable when the call returns. A log has room for one stream in each 64 KiB of its
 * ring, and KTM_STREAM_MAX at most.
 *
 * Return: 0, or EINVAL (also: the TM is volatile, the limit exceeds the ring), EPERM,
 * EEXIST (name or UUID), EDQUOT, ENOSPC, ESHUTDOWN, EIO, EMFILE, ENOMEM.
 */
struct ktm_stream_create {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	char name[KTM_NAME_MAX];
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__s32 out_fd;
	__aligned_u64 limit;
};
#define KTM_IOC_STREAM_CREATE _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_CREATE)

/**
 * struct ktm_stream_open - get an fd of a stream that is there (TM fd)
 * @size: sizeof(struct ktm_stream_open)
 * @flags: must be 0
 * @uuid: in: the stream, or all zero if the name says it; out: its UUID
 * @name: the stream, or empty if the UUID says it
 * @out_fd: out: the fd (close-on-exec), with the rights that the stream's mode gives
 * @reserved: must be 0
 *
 * Return: 0, or EINVAL (not one of the two), ENOENT, EACCES, ESHUTDOWN, EDQUOT, EMFILE,
 * ENOMEM.
 */
struct ktm_stream_open {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	char name[KTM_NAME_MAX];
	__s32 out_fd;
	__u32 reserved;
};
#define KTM_IOC_STREAM_OPEN _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_OPEN)

/* struct ktm_list: the streams of a TM (TM fd) */
#define KTM_IOC_STREAM_LIST _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_LIST)

/**
 * struct ktm_stream_info - a stream (stream fd, TM fd)
 * @size: sizeof(struct ktm_stream_info)
 * @flags: must be 0
 * @uuid: in: which, on a TM's fd; else zero; out: its UUID
 * @name: out: its name
 * @uid: out: owner
 * @gid: out: group
 * @mode: out: permission bits
 * @reserved: out: records that are reserved
 * @base_lsn: out: first record that is kept, or 0
 * @last_lsn: out: last record that is kept, or 0
 * @restart_lsn: out: last restart area that is kept, or 0
 * @limit: out: bytes of the ring that it may hold back
 * @held: out: bytes that it does, those of others included
 * @wanted_lsn: out: the base should go up to here, or 0
 * @records: out: appended since the TM was attached
 * @bytes: out: bytes in them
 *
 * Return: 0, or ENOENT, EINVAL, EIDRM, ESHUTDOWN.
 */
struct ktm_stream_info {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	char name[KTM_NAME_MAX];
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 reserved;
	__aligned_u64 base_lsn;
	__aligned_u64 last_lsn;
	__aligned_u64 restart_lsn;
	__aligned_u64 limit;
	__aligned_u64 held;
	__aligned_u64 wanted_lsn;
	__aligned_u64 records;
	__aligned_u64 bytes;
};
#define KTM_IOC_STREAM_INFO _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_INFO)

/**
 * struct ktm_stream_part - a part of a record
 * @data: pointer to the bytes
 * @length: how many, may be 0
 * @reserved: must be 0
 */
struct ktm_stream_part {
	__aligned_u64 data;
	__u32 length;
	__u32 reserved;
};

#define KTM_STREAM_APPEND_F_FLUSH	(1U << 0)	/* return when it is durable */
#define KTM_STREAM_APPEND_F_RESERVED	(1U << 1)	/* it was reserved */
#define KTM_STREAM_APPEND_F_MASK \
	(KTM_STREAM_APPEND_F_FLUSH | KTM_STREAM_APPEND_F_RESERVED)

/**
 * struct ktm_stream_append - append a record (stream fd)
 * @size: sizeof(struct ktm_stream_append)
 * @flags: KTM_STREAM_APPEND_F_*
 * @parts: pointer to an array of struct ktm_stream_part, whose bytes make the record
 * @nr_parts: its length, at most KTM_STREAM_PARTS_MAX; 0 for an empty record
 * @reserve: records to be reserved with it: both is done, or nothing
 * @previous: LSN of an earlier record that is kept, or 0
 * @undo_next: the same
 * @lsn: out: its LSN
 *
 * Without KTM_STREAM_APPEND_F_FLUSH it may still be in memory when the call returns. If the
 * flush fails, the record may be there or not after the next attach.
 *
 * Return: 0, or EINVAL (also: an LSN that is none; nothing is reserved), ESTALE,
 * EMSGSIZE, ENOSPC, EIDRM, ESHUTDOWN, EIO, EUCLEAN, EFAULT, EINTR, ENOMEM.
 */
struct ktm_stream_append {
	__u32 size;
	__u32 flags;
	__aligned_u64 parts;
	__u32 nr_parts;
	__u32 reserve;
	__aligned_u64 previous;
	__aligned_u64 undo_next;
	__aligned_u64 lsn;
};
#define KTM_IOC_STREAM_APPEND _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_APPEND)

/**
 * struct ktm_stream_reserve - reserve records, or give them back (stream fd)
 * @size: sizeof(struct ktm_stream_reserve)
 * @flags: must be 0
 * @delta: so many more, or less if negative
 * @reserved: out: how many are reserved then
 *
 * A stream may have a sixteenth of the ring reserved, with 4096 bytes for each record.
 *
 * Return: 0, or EINVAL (fewer are reserved), ENOSPC, EIDRM, ESHUTDOWN, EIO, EINTR.
 */
struct ktm_stream_reserve {
	__u32 size;
	__u32 flags;
	__s32 delta;
	__u32 reserved;
};
#define KTM_IOC_STREAM_RESERVE _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_RESERVE)

/**
 * enum ktm_stream_mode - which record is read
 * @KTM_STREAM_READ_AT: that of the LSN
 * @KTM_STREAM_READ_NEXT: the one after it; with LSN 0 the first
 * @KTM_STREAM_READ_BEFORE: the one before it; with LSN 0 the last
 * @KTM_STREAM_READ_PREVIOUS: the one that it names as previous
 * @KTM_STREAM_READ_UNDO_NEXT: the one that it names as to be undone next
 * @KTM_STREAM_READ_RESTART: with LSN 0 the last restart area; else the restart area
 *	before that of the LSN
 */
enum ktm_stream_mode {
	KTM_STREAM_READ_AT = 1,
	KTM_STREAM_READ_NEXT = 2,
	KTM_STREAM_READ_BEFORE = 3,
	KTM_STREAM_READ_PREVIOUS = 4,
	KTM_STREAM_READ_UNDO_NEXT = 5,
	KTM_STREAM_READ_RESTART = 6,
};

/**
 * enum ktm_stream_record_kind - what a record is
 * @KTM_STREAM_RECORD_DATA: a record
 * @KTM_STREAM_RECORD_RESTART: a restart area; its previous one is in previous
 */
enum ktm_stream_record_kind {
	KTM_STREAM_RECORD_DATA = 1,
	KTM_STREAM_RECORD_RESTART = 2,
};

/**
 * struct ktm_stream_read - read a record (stream fd)
 * @size: sizeof(struct ktm_stream_read)
 * @flags: must be 0
 * @mode: enum ktm_stream_mode
 * @length: in: size of the buffer; out: bytes in the record
 * @data: pointer to the buffer
 * @lsn: in: see enum ktm_stream_mode; out: the record
 * @previous: out: as it was appended
 * @undo_next: out: as it was appended
 * @before: out: the record before in the stream, or 0; it may not be kept any more
 * @kind: out: enum ktm_stream_record_kind
 * @reserved: must be 0
 *
 * Each call stands alone: the stream remembers nothing of its readers. A record may be
 * read before it is durable. Nothing is written but after 0 and EMSGSIZE.
 *
 * To find the next record it may have to look through those of others between.
 *
 * Return: 0, or EINVAL, ESTALE, ENODATA, EMSGSIZE (length tells what is needed, the rest
 * is as with 0, the buffer untouched), EIDRM, ESHUTDOWN, EIO, EUCLEAN, EFAULT, EINTR, ENOMEM.
 */
struct ktm_stream_read {
	__u32 size;
	__u32 flags;
	__u32 mode;
	__u32 length;
	__aligned_u64 data;
	__aligned_u64 lsn;
	__aligned_u64 previous;
	__aligned_u64 undo_next;
	__aligned_u64 before;
	__u32 kind;
	__u32 reserved;
};
#define KTM_IOC_STREAM_READ _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_READ)

/**
 * struct ktm_stream_flush - make records durable (stream fd)
 * @size: sizeof(struct ktm_stream_flush)
 * @flags: must be 0
 * @lsn: up to this record of the stream, or 0: all that are there
 *
 * Return: 0, or EINVAL, EIDRM, ESHUTDOWN, EIO.
 */
struct ktm_stream_flush {
	__u32 size;
	__u32 flags;
	__aligned_u64 lsn;
};
#define KTM_IOC_STREAM_FLUSH _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_FLUSH)

#define KTM_STREAM_BASE_F_ALL	(1U << 0)	/* nothing is kept */
#define KTM_STREAM_BASE_F_FLUSH	(1U << 1)	/* return when that is durable */
#define KTM_STREAM_BASE_F_MASK	(KTM_STREAM_BASE_F_ALL | KTM_STREAM_BASE_F_FLUSH)

/**
 * struct ktm_stream_set_base - move the base on (stream fd)
 * @size: sizeof(struct ktm_stream_set_base)
 * @flags: KTM_STREAM_BASE_F_*
 * @lsn: first record to be kept; 0 with KTM_STREAM_BASE_F_ALL
 *
 * The records before it cannot be read any more. If it is not flushed, a crash may
 * bring the old base back, and with it all that it kept.
 *
 * Return: 0 (also if it is the base), or EINVAL, ESTALE, ENOSPC, EIDRM, ESHUTDOWN, EIO,
 * EUCLEAN, EINTR.
 */
struct ktm_stream_set_base {
	__u32 size;
	__u32 flags;
	__aligned_u64 lsn;
};
#define KTM_IOC_STREAM_SET_BASE _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_SET_BASE)

#define KTM_STREAM_RESTART_F_BASE	(1U << 0)	/* it is the new base */
#define KTM_STREAM_RESTART_F_RESERVED	(1U << 1)	/* it was reserved */
#define KTM_STREAM_RESTART_F_MASK \
	(KTM_STREAM_RESTART_F_BASE | KTM_STREAM_RESTART_F_RESERVED)

/**
 * struct ktm_stream_restart - write a restart area (stream fd)
 * @size: sizeof(struct ktm_stream_restart)
 * @flags: KTM_STREAM_RESTART_F_*
 * @data: pointer to the bytes
 * @length: how many
 * @reserved: must be 0
 * @base: first record to be kept from now on, or 0: as before, or as the flag says
 * @lsn: out: its LSN
 *
 * A record that is found by itself after a restart (KTM_STREAM_READ_RESTART), durable
 * when the call returns. The base moves with it: both has happened after a crash, or
 * nothing.
 *
 * Return: 0, or EINVAL, ESTALE, EMSGSIZE, ENOSPC, EIDRM, ESHUTDOWN, EIO, EUCLEAN, EFAULT,
 * EINTR, ENOMEM.
 */
struct ktm_stream_restart {
	__u32 size;
	__u32 flags;
	__aligned_u64 data;
	__u32 length;
	__u32 reserved;
	__aligned_u64 base;
	__aligned_u64 lsn;
};
#define KTM_IOC_STREAM_RESTART _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_RESTART)

/**
 * DOC: Deleting
 *
 * KTM_IOC_STREAM_DELETE with struct ktm_simple, on a stream fd. Durable when it
 * returns. Name and UUID are free then; other fds of the stream get EIDRM. It gives
 * EIDRM, ENOSPC, ESHUTDOWN, EIO or EINTR.
 */
#define KTM_IOC_STREAM_DELETE _IO(KTM_LOG_IOC_TYPE, KTM_LOG_NR_STREAM_DELETE)

#endif /* _UAPI_LINUX_KTM_LOG_H */
