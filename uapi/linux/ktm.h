/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ktm - kernel transaction manager: ioctl interface of /dev/ktm and its object fds
 */
#ifndef _UAPI_LINUX_KTM_H
#define _UAPI_LINUX_KTM_H

#include <linux/types.h>
#include <linux/ioctl.h>

/**
 * DOC: Objects
 *
 * /dev/ktm is the control node. Every object is an anon-inode file descriptor
 * with its own ioctls: transaction manager (TM), transaction (TX), resource
 * manager (RM), enlistment (EN) and log stream (<linux/ktm_log.h>). An object is
 * named by a 16 byte UUID, in the byte order of RFC 4122. An fd keeps its object
 * alive; closing the last fd of an undecided transaction rolls it back. What is
 * prepared or decided lives on in the kernel until every enlistment has answered.
 */

/**
 * DOC: Rights
 *
 * An fd carries rights (KTM_RIGHT_*), fixed when it is made. A call for which a
 * right is missing fails with EPERM and changes nothing. KTM_IOC_RESTRICT makes
 * another fd of the same object with fewer rights, to be passed on, e.g. with
 * SCM_RIGHTS. Nothing adds rights to an fd.
 *
 * ================== ==== ==================================================
 * right              on   calls
 * ================== ==== ==================================================
 * KTM_RIGHT_QUERY    all  *_INFO, *_LIST
 * KTM_RIGHT_BEGIN    TM   TX_CREATE
 * KTM_RIGHT_CREATE_RM TM  RM_CREATE
 * KTM_RIGHT_DETACH   TM   TM_DETACH, TM_ROLLFORWARD, TM_RECOVER, with CAP_SYS_ADMIN;
 *                         TM_FREEZE, TM_THAW, with it or as the TM's owner
 * KTM_RIGHT_SET      TX   TX_SET_TIMEOUT, TX_SAVEPOINT, TX_RELEASE
 * KTM_RIGHT_ENLIST   TX   to be the transaction of EN_CREATE or of other modules'
 *                         calls
 * KTM_RIGHT_COMMIT   TX   TX_COMMIT
 * KTM_RIGHT_ROLLBACK TX   TX_ROLLBACK, TX_ROLLBACK_TO
 * KTM_RIGHT_ENLIST   RM   EN_CREATE
 * KTM_RIGHT_RECOVER  RM   RM_RECOVER, EN_OPEN
 * KTM_RIGHT_NOTIFY   RM   RM_FETCH, read(), poll() (else it reports POLLERR)
 * KTM_RIGHT_LOG      EN   EN_LOG, EN_READ_LOG, EN_SET_RECOVERY_INFO,
 *                         EN_GET_RECOVERY_INFO
 * KTM_RIGHT_RECOVER  EN   EN_RECOVER
 * KTM_RIGHT_ANSWER   EN   all other calls
 * KTM_RIGHT_STREAM   TM   STREAM_CREATE, with CAP_SYS_ADMIN or as the TM's owner;
 *                         STREAM_OPEN
 * KTM_RIGHT_READ     stream STREAM_READ
 * KTM_RIGHT_APPEND   stream STREAM_APPEND, STREAM_RESERVE, STREAM_FLUSH,
 *                         STREAM_RESTART
 * KTM_RIGHT_TRIM     stream STREAM_SET_BASE, STREAM_DELETE; STREAM_RESTART that moves the
 *                         base; poll() (else it reports POLLERR)
 * ================== ==== ==================================================
 *
 * KTM_IOC_GET_ABI, KTM_IOC_FD_INFO and KTM_IOC_RESTRICT need none. Who makes an
 * object has all rights on its fd. KTM_IOC_TM_OPEN gives KTM_RIGHT_QUERY for the
 * read permission of the TM's mode and all others for the write permission. The
 * rights SET, ENLIST, COMMIT and ROLLBACK of a TM's fd are those that
 * KTM_IOC_TX_OPEN passes on to the fds of transactions: with QUERY, CREATE_RM and
 * ENLIST alone an RM takes part in any of them and ends none.
 *
 * Where the close of the last fd means something, it is the last that could still
 * act: of a transaction the last with COMMIT or ROLLBACK, of an RM the last with
 * NOTIFY, of an enlistment the last with ANSWER. An fd of an RM whose life has
 * ended without it can only query: other calls give EPROTO, those that name an
 * enlistment ENOENT.
 */

/**
 * DOC: General ioctl format
 *
 * Every argument struct starts with its size, which the caller fills in. A
 * struct shorter than the first version is refused with EINVAL; a longer one
 * is accepted if all bytes unknown to this kernel are zero, else E2BIG. The
 * kernel writes back at most size bytes. A field that has no meaning for a
 * call must be zero (EINVAL); an unknown flag is EOPNOTSUPP. Timeouts are
 * absolute CLOCK_MONOTONIC nanoseconds; 0 means none.
 *
 * A call with results (out:) does nothing but EFAULT if the struct cannot be
 * written; one without them, or with a size too short for them, never writes to it.
 *
 * errno values, the same for every call:
 *
 * =============== =========================================================
 * ENOTTY          no such ioctl on this kind of fd
 * EINVAL          size too small, or a field has an impossible value
 * E2BIG           a field unknown to this kernel is not zero
 * EOPNOTSUPP      unknown flag, or a resource manager cannot do it
 * EFAULT          a user pointer is bad
 * EBADF           an fd argument is not open
 * EBADFD          an fd argument is of the wrong kind
 * EXDEV           the objects belong to different transaction managers
 * EACCES          the mode bits of the TM do not allow it
 * EPERM           a capability or a right on the fd is missing
 * ENOENT          no object with that UUID
 * EEXIST          an object with that UUID exists; nothing was changed
 * EPROTO          the answer was not asked for in this state
 * EALREADY        the answer was given before, or the outcome is known
 * EINPROGRESS     accepted; the outcome can be polled for
 * ECANCELED       the transaction was rolled back; its info tells why
 * ETIMEDOUT       a deadline passed
 * EAGAIN          the TM is frozen, or nothing is there to be read; call again
 * EMSGSIZE        a record or a buffer is too long (or too short)
 * ENOSPC          the log ring is full
 * EDQUOT          a quota of objects or of log bytes is used up: see Quotas
 * EMFILE, ENFILE  no fd left in the process, no file in the system
 * EBUSY           the device or object is in use
 * EIO             the outcome is in doubt: the log failed, the TM is offline and
 *                 recovery finds the outcome again; or the RM that was to
 *                 decide alone vanished
 * ESHUTDOWN       the TM is offline or detached
 * ENODEV          there is no ktm log on the device
 * EPROTONOSUPPORT the log has a format version that is not known
 * EUCLEAN         the log is damaged
 * ESTALE          the log is not the one that the caller expects
 * EROFS           the device is read-only
 * ENOMEM          out of memory
 * EINTR           a signal came before the outcome; call again to wait on
 * =============== =========================================================
 */

/**
 * DOC: Quotas
 *
 * What each user holds is bounded in two ways. EDQUOT: the call would exceed a bound,
 * and has changed nothing, unless its description says otherwise.
 *
 * Objects: the module parameter max_user_objects. A TM counts 16, an RM, a
 * transaction, an enlistment, a stream and an fd of any of them 1 each. An object counts for
 * the user who made it, with or without an fd:
 *
 * - a TM, an enlistment and a stream until they are freed;
 * - a transaction until it is committed, rolled back or in doubt;
 * - an RM as long as it is present or has enlistments that wait for its return; the
 *   user who began the first such life pays.
 *
 * What recovery finds counts for the owner of the RM, a transaction for the owner of
 * the first RM that has prepared in it, a stream for its own; this is never refused.
 * An fd counts for who got it by a call, until the last copy of it is closed.
 *
 * Bytes of a log: the module parameter max_user_log_percent, a share of the ring of
 * each TM. A transaction counts for the user who began it: its redo records, the votes
 * and the recovery information of its enlistments, and from its commit on 4096 bytes
 * for each of the records of promise, decision and end. They are given back when the
 * ring does not have to keep its records any more: when it is rolled back, and when it
 * has committed and the end is in the log.
 *
 * For all users together, whatever their capabilities: of what transactions hold that
 * may be decided, that is from their commit or their superior's order on, so much that
 * the ring can go round with it even if no RM ever answers: three eighths of the ring.
 * Whatever would exceed it is refused or rolled back with KTM_REASON_LOG_FULL, like on
 * a full ring.
 *
 * A user is an fsuid; all that is done in a user namespace counts for the user who
 * made it, or the outermost one around it. Who has CAP_SYS_RESOURCE in the initial user
 * namespace is above both bounds, but counts: for objects when they are made, for the
 * log when the transaction is begun. New values of the parameters count from the next
 * call on. KTM_IOC_TM_INFO tells what the caller holds and may hold.
 */

/**
 * DOC: Commands of io_uring
 *
 * KTM_IOC_TX_COMMIT, KTM_IOC_TX_ROLLBACK and KTM_IOC_RM_FETCH are also commands of
 * io_uring (IORING_OP_URING_CMD), on the same fds and with the same argument, rights
 * and results; the errno is in the completion:
 *
 * =============== =========================================================
 * sqe->opcode     IORING_OP_URING_CMD
 * sqe->fd         the TX or RM, also as a fixed file
 * sqe->cmd_op     KTM_IOC_*
 * sqe->cmd        8 bytes: pointer to the argument struct; 8 bytes: zero (EINVAL).
 *                 What an SQE of 128 bytes has more is not looked at.
 * cqe->res        what ioctl() returns, or a negative errno
 * =============== =========================================================
 *
 * Everything else in the SQE is zero (sqe->uring_cmd_flags: EINVAL). The argument, and
 * what it points to, must stay where it is until the completion. Two commands for one
 * argument at a time give anything. Other calls are ENOTTY; on fds other than of a TX
 * or RM, and on a ring with IORING_SETUP_IOPOLL, io_uring answers EOPNOTSUPP.
 *
 * A command begins when it is submitted: PREPARE is sent, or what waits is fetched,
 * before io_uring_enter() returns (later with IOSQE_ASYNC or IORING_SETUP_SQPOLL).
 * One that has to wait occupies a worker thread of io_uring until its outcome is
 * there, and a task has no more of these "bounded" workers than entries in the first
 * ring that it has used or four for each processor (IORING_REGISTER_IOWQ_MAX_WORKERS
 * changes that): the completions of more commands wait in line, although those commands
 * have begun. A commit that has to wait for a thaw, asks a superior, or needs room that
 * has to be made in the log (this one even with KTM_TX_END_F_NONBLOCK) waits in line,
 * too, and begins in the worker. They also hold up whatever else io_uring gives to a
 * worker, such as the fsync of an RM that they wait for. Whoever waits for many does
 * better without workers: a commit with KTM_TX_END_F_NONBLOCK, then IORING_OP_POLL_ADD
 * for POLLIN, hard-linked to the commit that fetches the outcome; and IORING_OP_READ on
 * an RM whose fd is not O_NONBLOCK.
 *
 * A command is cancelled by IORING_OP_ASYNC_CANCEL, by a linked timeout, by the close
 * of the ring, and when the thread that submitted it ends. It completes with EINTR or,
 * if no worker had it yet or a link before it failed, with io_uring's own ECANCELED.
 * In both cases the argument is as it was: out: fields are zero, unlike those of a
 * commit that is ECANCELED because it was rolled back. That a command is cancelled does
 * not take anything back: a commit that has begun goes on, and another
 * command waits for its outcome; a fetch has taken nothing. EINTR comes, too, when the
 * process is stopped (SIGSTOP, a debugger) or the machine suspended: submit it again.
 * ENOMEM may come after a commit has begun, with the argument as it was.
 *
 * A command holds its file open: as long as one waits, a close() of the fd is not yet the
 * last close that rolls back or ends the life of an RM. The death of the process is.
 */

#define KTM_UUID_SIZE		16
#define KTM_NAME_MAX		64	/* with the terminating NUL */
#define KTM_DETAIL_MAX		256	/* with the terminating NUL */
#define KTM_TX_MAX_ENLISTMENTS	1024
#define KTM_RECORD_MAX		61440	/* bytes of data in one log record */
#define KTM_RECOVERY_INFO_MAX	4096	/* bytes of an enlistment's recovery information */
#define KTM_TX_MAX_SAVEPOINTS	64	/* that are there at a time */

/**
 * DOC: Virtual clock
 *
 * Every TM has a virtual clock. It grows by one with every commit that begins
 * and stamps each decision and each notification. Components that speak to each
 * other pass the highest value seen along, in the clock field of their calls
 * (a Lamport clock): a value greater than the TM's moves the TM's clock to it,
 * before the call does anything else, and stays so even if the call is then
 * refused. 0 means none; a lower value does nothing; one above KTM_CLOCK_MAX is
 * EINVAL and the call has done nothing. From there the clock goes on by ones,
 * so that it cannot wrap around in any machine's life. If the call succeeds the
 * field has the TM's clock; an answer succeeds, too, if the field was taken away
 * from under it.
 *
 * The clock never goes back behind a decision that is durable: it is logged with
 * each decision, in each superblock, and at detach. A value that was seen after
 * the last of these may be forgotten in a crash, and with it nothing else.
 */
#define KTM_CLOCK_MAX		(1ULL << 62)	/* highest value that a caller may give */

#define KTM_IOC_TYPE		0xb7

/* Append only; never renumber. */
enum {
	KTM_NR_BASE = 0x80,
	KTM_NR_GET_ABI = KTM_NR_BASE,
	/* control node */
	KTM_NR_TM_CREATE,
	KTM_NR_TM_ATTACH,
	KTM_NR_TM_OPEN,
	KTM_NR_TM_LIST,
	/* TM */
	KTM_NR_TM_INFO,
	KTM_NR_TM_DETACH,
	KTM_NR_TX_CREATE,
	KTM_NR_TX_OPEN,
	KTM_NR_TX_LIST,
	KTM_NR_RM_CREATE,
	KTM_NR_RM_LIST,
	/* TX */
	KTM_NR_TX_INFO,
	KTM_NR_TX_COMMIT,
	KTM_NR_TX_ROLLBACK,
	KTM_NR_TX_SET_TIMEOUT,
	/* RM */
	KTM_NR_RM_INFO,
	KTM_NR_RM_RECOVER,
	KTM_NR_EN_CREATE,
	KTM_NR_EN_OPEN,
	/* EN */
	KTM_NR_EN_INFO,
	KTM_NR_EN_LOG,
	KTM_NR_EN_READ_LOG,
	KTM_NR_EN_RECOVER,
	KTM_NR_EN_PREPARE_COMPLETE,
	KTM_NR_EN_COMMIT_COMPLETE,
	KTM_NR_EN_ROLLBACK_COMPLETE,
	KTM_NR_EN_READ_ONLY,
	KTM_NR_EN_REJECT_SINGLE_PHASE,
	KTM_NR_EN_ROLLBACK,
	/* TM, TX, RM, EN */
	KTM_NR_FD_INFO,
	KTM_NR_RESTRICT,
	/* EN */
	KTM_NR_EN_SET_RECOVERY_INFO,
	KTM_NR_EN_GET_RECOVERY_INFO,
	KTM_NR_EN_PREPREPARE_COMPLETE,
	KTM_NR_EN_REQUEST_OUTCOME,
	KTM_NR_EN_PREPREPARE,
	KTM_NR_EN_PREPARE,
	KTM_NR_EN_COMMIT,
	/* TM, TX, RM */
	KTM_NR_EN_LIST,
	/* TM */
	KTM_NR_RM_OPEN,
	KTM_NR_TM_RECOVER,
	KTM_NR_TM_ROLLFORWARD,
	KTM_NR_TM_FREEZE,
	KTM_NR_TM_THAW,
	/* TX */
	KTM_NR_TX_SAVEPOINT,
	KTM_NR_TX_ROLLBACK_TO,
	KTM_NR_TX_RELEASE,
	/* EN */
	KTM_NR_EN_SAVEPOINT_COMPLETE,
	/* RM */
	KTM_NR_RM_FETCH,
};

#define KTM_ABI_VERSION		1

/**
 * struct ktm_get_abi - what this kernel module can do (any ktm fd)
 * @size: sizeof(struct ktm_get_abi)
 * @version: out: KTM_ABI_VERSION of the module
 * @features: out: KTM_FEATURE_* bits; none defined yet
 * @errata: out: bit mask of repaired defects that callers may have worked around
 */
struct ktm_get_abi {
	__u32 size;
	__u32 version;
	__u64 features;
	__u64 errata;
};
#define KTM_IOC_GET_ABI _IO(KTM_IOC_TYPE, KTM_NR_GET_ABI)

/* See "Rights" above; append only. */
#define KTM_RIGHT_QUERY		(1ULL << 0)
#define KTM_RIGHT_SET		(1ULL << 1)
#define KTM_RIGHT_ENLIST	(1ULL << 2)
#define KTM_RIGHT_COMMIT	(1ULL << 3)
#define KTM_RIGHT_ROLLBACK	(1ULL << 4)
#define KTM_RIGHT_RECOVER	(1ULL << 5)
#define KTM_RIGHT_NOTIFY	(1ULL << 6)
#define KTM_RIGHT_LOG		(1ULL << 7)
#define KTM_RIGHT_ANSWER	(1ULL << 8)
#define KTM_RIGHT_BEGIN		(1ULL << 9)
#define KTM_RIGHT_CREATE_RM	(1ULL << 10)
#define KTM_RIGHT_DETACH	(1ULL << 11)
#define KTM_RIGHT_STREAM	(1ULL << 16)
#define KTM_RIGHT_READ		(1ULL << 17)
#define KTM_RIGHT_APPEND	(1ULL << 18)
#define KTM_RIGHT_TRIM		(1ULL << 19)

/* All rights that there are on an object of a kind. */
#define KTM_RIGHTS_TX	(KTM_RIGHT_QUERY | KTM_RIGHT_SET | KTM_RIGHT_ENLIST | \
			 KTM_RIGHT_COMMIT | KTM_RIGHT_ROLLBACK)
#define KTM_RIGHTS_TM	(KTM_RIGHTS_TX | KTM_RIGHT_BEGIN | KTM_RIGHT_CREATE_RM | \
			 KTM_RIGHT_DETACH | KTM_RIGHT_STREAM)
#define KTM_RIGHTS_RM	(KTM_RIGHT_QUERY | KTM_RIGHT_ENLIST | KTM_RIGHT_RECOVER | \
			 KTM_RIGHT_NOTIFY)
#define KTM_RIGHTS_EN	(KTM_RIGHT_QUERY | KTM_RIGHT_LOG | KTM_RIGHT_RECOVER | \
			 KTM_RIGHT_ANSWER)
#define KTM_RIGHTS_STREAM (KTM_RIGHT_QUERY | KTM_RIGHT_READ | KTM_RIGHT_APPEND | \
			   KTM_RIGHT_TRIM)

/**
 * enum ktm_kind - what an fd stands for
 * @KTM_KIND_TM: a transaction manager
 * @KTM_KIND_TX: a transaction
 * @KTM_KIND_RM: a resource manager
 * @KTM_KIND_EN: an enlistment
 * @KTM_KIND_STREAM: a log stream
 */
enum ktm_kind {
	KTM_KIND_TM = 1,
	KTM_KIND_TX = 2,
	KTM_KIND_RM = 3,
	KTM_KIND_EN = 4,
	KTM_KIND_STREAM = 5,
};

/**
 * struct ktm_fd_info - what an fd is and may (fd of any object)
 * @size: sizeof(struct ktm_fd_info)
 * @flags: must be 0
 * @kind: out: enum ktm_kind
 * @reserved: out: 0
 * @rights: out: KTM_RIGHT_*
 *
 * Return: 0.
 */
struct ktm_fd_info {
	__u32 size;
	__u32 flags;
	__u32 kind;
	__u32 reserved;
	__aligned_u64 rights;
};
#define KTM_IOC_FD_INFO _IO(KTM_IOC_TYPE, KTM_NR_FD_INFO)

/**
 * struct ktm_restrict - make an fd with fewer rights (fd of any object)
 * @size: sizeof(struct ktm_restrict)
 * @flags: must be 0
 * @rights: in: those that the new fd may have; out: those of them that this fd
 *	has, which are what the new one got
 * @out_fd: out: an fd of the same object (close-on-exec)
 * @reserved: must be 0
 *
 * This fd stays as it is.
 *
 * Return: 0, or EDQUOT, EMFILE, ENFILE, ENOMEM.
 */
struct ktm_restrict {
	__u32 size;
	__u32 flags;
	__aligned_u64 rights;
	__s32 out_fd;
	__u32 reserved;
};
#define KTM_IOC_RESTRICT _IO(KTM_IOC_TYPE, KTM_NR_RESTRICT)

/**
 * struct ktm_tm_create - make a volatile transaction manager (control node)
 * @size: sizeof(struct ktm_tm_create)
 * @flags: must be 0
 * @uuid: in: UUID wanted, which needs CAP_SYS_ADMIN, or all zero for a new one;
 *	out: the UUID
 * @name: text for people, NUL-terminated, may be empty
 * @mode: permission bits (octal 0666 at most): read = look, write = use. The
 *	owner and group are the caller's.
 * @out_fd: out: the TM's fd (close-on-exec)
 *
 * A volatile TM has no log. It coordinates, and forgets everything with the
 * last fd that refers to it or to an object of it.
 *
 * Return: 0, or EINVAL, EPERM, EEXIST, EDQUOT, EMFILE, ENOMEM.
 */
struct ktm_tm_create {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	char name[KTM_NAME_MAX];
	__u32 mode;
	__s32 out_fd;
};
#define KTM_IOC_TM_CREATE _IO(KTM_IOC_TYPE, KTM_NR_TM_CREATE)

#define KTM_TM_ATTACH_F_NO_RECOVER (1U << 0)	/* stop before recovery: KTM_TM_S_RECOVERING */
#define KTM_TM_ATTACH_F_MASK	(KTM_TM_ATTACH_F_NO_RECOVER)

/**
 * struct ktm_tm_attach - recover a log and bring its TM online (control node)
 * @size: sizeof(struct ktm_tm_attach)
 * @flags: KTM_TM_ATTACH_F_*
 * @dev_fd: fd of the block device that holds the log, open for read and write
 * @mode: as in struct ktm_tm_create
 * @uuid: in: UUID that the log must have, or all zero for any; out: its UUID
 * @uid: user that owns the TM
 * @gid: group of the TM
 * @recovered: out: unfinished transactions that recovery found
 * @out_fd: out: the TM's fd (close-on-exec)
 *
 * Needs CAP_SYS_ADMIN. Claims the device exclusively. The TM stays attached
 * when the fd is closed, until KTM_IOC_TM_DETACH or the module is unloaded.
 *
 * With KTM_TM_ATTACH_F_NO_RECOVER the log is read and checked, and nothing is
 * recovered: the TM is RECOVERING until KTM_IOC_TM_RECOVER, takes no work, and
 * makes its transactions then.
 *
 * Return: 0, or EPERM, EBADF, ENOTBLK (not a block device), EBUSY (device in
 * use), EROFS, ENODEV (no log), EPROTONOSUPPORT, EUCLEAN (damaged: the kernel
 * log says where), ESTALE (another UUID), ENOSPC (device shorter than the
 * log), EEXIST (a TM with this UUID is attached), EIO, EDQUOT, EMFILE, ENOMEM.
 */
struct ktm_tm_attach {
	__u32 size;
	__u32 flags;
	__s32 dev_fd;
	__u32 mode;
	__u8 uuid[KTM_UUID_SIZE];
	__u32 uid;
	__u32 gid;
	__u32 recovered;
	__s32 out_fd;
};
#define KTM_IOC_TM_ATTACH _IO(KTM_IOC_TYPE, KTM_NR_TM_ATTACH)

/**
 * struct ktm_open - get an fd for an object that exists
 * @size: sizeof(struct ktm_open)
 * @flags: must be 0
 * @uuid: the object
 * @out_fd: out: the fd (close-on-exec)
 * @reserved: must be 0
 *
 * KTM_IOC_TM_OPEN on the control node, KTM_IOC_TX_OPEN and KTM_IOC_RM_OPEN on a
 * TM. A TM asks for
 * the permission its mode bits give: read to look, write to use; the fd has
 * the rights that the caller was granted. That of a transaction has those of the
 * TM's fd. That of an RM has KTM_RIGHT_QUERY alone: to be the RM takes a life of
 * it.
 *
 * Return: 0, or ENOENT, EACCES, EDQUOT, EMFILE, ENOMEM.
 */
struct ktm_open {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	__s32 out_fd;
	__u32 reserved;
};
#define KTM_IOC_TM_OPEN _IO(KTM_IOC_TYPE, KTM_NR_TM_OPEN)
#define KTM_IOC_TX_OPEN _IO(KTM_IOC_TYPE, KTM_NR_TX_OPEN)
#define KTM_IOC_RM_OPEN _IO(KTM_IOC_TYPE, KTM_NR_RM_OPEN)

/**
 * struct ktm_list - name the objects that the caller may see
 * @size: sizeof(struct ktm_list)
 * @flags: must be 0
 * @cursor: in: 0 to start, else the value the last call gave back; out: where
 *	to go on
 * @uuids: pointer to an array of 16 byte UUIDs
 * @count: in: room in the array, 1 to 1024; out: UUIDs written, 0 at the end
 * @reserved: must be 0
 *
 * KTM_IOC_TM_LIST on the control node; KTM_IOC_TX_LIST and KTM_IOC_RM_LIST on
 * a TM; KTM_IOC_EN_LIST on a TM, a transaction or an RM: the enlistments that have
 * not left it. Not a snapshot: what is made or ends meanwhile may be missed,
 * nothing is named twice.
 *
 * Return: 0, or EINVAL, EFAULT, EINTR (killed).
 */
struct ktm_list {
	__u32 size;
	__u32 flags;
	__aligned_u64 cursor;
	__aligned_u64 uuids;
	__u32 count;
	__u32 reserved;
};
#define KTM_IOC_TM_LIST _IO(KTM_IOC_TYPE, KTM_NR_TM_LIST)
#define KTM_IOC_TX_LIST _IO(KTM_IOC_TYPE, KTM_NR_TX_LIST)
#define KTM_IOC_RM_LIST _IO(KTM_IOC_TYPE, KTM_NR_RM_LIST)
#define KTM_IOC_EN_LIST _IO(KTM_IOC_TYPE, KTM_NR_EN_LIST)

/**
 * enum ktm_tm_state - states of a transaction manager
 * @KTM_TM_S_ONLINE: takes work
 * @KTM_TM_S_OFFLINE: the log failed; nothing is acknowledged any more. Detach
 *	it and attach the log again to recover.
 * @KTM_TM_S_DETACHED: the log was given back; the fd is of no more use
 * @KTM_TM_S_RECOVERING: attached, waits for KTM_IOC_TM_RECOVER; what makes or
 *	joins a transaction or a resource manager is ESHUTDOWN
 */
enum ktm_tm_state {
	KTM_TM_S_ONLINE = 1,
	KTM_TM_S_OFFLINE = 2,
	KTM_TM_S_DETACHED = 3,
	KTM_TM_S_RECOVERING = 4,
};

#define KTM_TM_INFO_F_DURABLE	(1U << 0)	/* has a log */
#define KTM_TM_INFO_F_FROZEN	(1U << 1)	/* holds commits back: see KTM_IOC_TM_FREEZE */

/**
 * struct ktm_tm_info - query a TM (TM fd)
 * @size: sizeof(struct ktm_tm_info)
 * @flags: out: KTM_TM_INFO_F_*
 * @uuid: out: the TM, which is also the UUID of its log
 * @name: out: its name
 * @state: out: enum ktm_tm_state
 * @error: out: the errno (positive) that took the TM offline, or 0
 * @uid: out: owner
 * @gid: out: group
 * @mode: out: permission bits
 * @dev_major: out: block device of the log, or 0
 * @dev_minor: out: block device of the log, or 0
 * @nr_rms: out: resource managers that exist
 * @nr_active: out: transactions not yet decided
 * @nr_unfinished: out: transactions that are decided and wait for an answer, or
 *	prepared under a superior and wait for its decision
 * @clock: out: virtual clock
 * @committed: out: transactions committed since attach
 * @aborted: out: transactions rolled back since attach
 * @log_size: out: bytes in the ring
 * @log_tail: out: oldest LSN still needed
 * @log_head: out: LSN that the next record gets, about
 * @log_durable: out: all records below this LSN are durable
 * @log_reserved: out: bytes promised to transactions that must still end
 * @log_flushes: out: cache flushes sent to the device since attach, and writes with
 *	FUA, of which each does what a flush would
 * @log_writes: out: buffers written since attach
 * @log_bytes: out: bytes written since attach
 * @oldest_tx: out: the transaction with the oldest records that are still needed:
 *	it holds the tail of the log. All zero: none does.
 * @oldest_lsn: out: where they begin; 0 without one. The log cannot free a byte
 *	from there on until the transaction ends, or until ktm rolls it back or
 *	copies its records forward because the ring is full.
 * @log_recovered: out: end of what the attach found in the log: recovery has read
 *	all records below this LSN, and none above it
 * @user_objects: out: what the caller holds of the quota of objects, on all TMs
 * @user_objects_max: out: how much that may be
 * @user_log: out: bytes of the ring that the transactions of the caller hold
 * @user_log_max: out: how much that may be
 * @log_kept: out: bytes of the ring that transactions hold which may be decided: see
 *	Quotas
 * @log_kept_max: out: how much that may be, for all users together
 */
struct ktm_tm_info {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	char name[KTM_NAME_MAX];
	__u32 state;
	__u32 error;
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 nr_rms;
	__aligned_u64 nr_active;
	__aligned_u64 nr_unfinished;
	__aligned_u64 clock;
	__aligned_u64 committed;
	__aligned_u64 aborted;
	__aligned_u64 log_size;
	__aligned_u64 log_tail;
	__aligned_u64 log_head;
	__aligned_u64 log_durable;
	__aligned_u64 log_reserved;
	__aligned_u64 log_flushes;
	__aligned_u64 log_writes;
	__aligned_u64 log_bytes;
	__u8 oldest_tx[KTM_UUID_SIZE];
	__aligned_u64 oldest_lsn;
	__aligned_u64 log_recovered;
	__aligned_u64 user_objects;
	__aligned_u64 user_objects_max;
	__aligned_u64 user_log;
	__aligned_u64 user_log_max;
	__aligned_u64 log_kept;
	__aligned_u64 log_kept_max;
};
#define KTM_IOC_TM_INFO _IO(KTM_IOC_TYPE, KTM_NR_TM_INFO)

/**
 * struct ktm_simple - argument of calls that need no data
 * @size: sizeof(struct ktm_simple)
 * @flags: must be 0
 *
 * KTM_IOC_TM_DETACH (TM fd, CAP_SYS_ADMIN) takes a durable TM offline, writes
 * what must be written and gives the device back. EBUSY while it has active
 * transactions or resource managers, or is frozen, EINVAL on a volatile TM, ESHUTDOWN when
 * it is detached already. Decided transactions whose resource manager is away
 * stay in the log and are found again by the next attach.
 *
 * KTM_IOC_RM_RECOVER (RM fd) must be called once after the RM was made and
 * before it enlists. Every enlistment that an earlier life of the RM left
 * unresolved is announced by KTM_NOTIFY_RECOVER, the end of the list by
 * KTM_NOTIFY_LAST_RECOVER: whatever else the RM holds prepared was rolled
 * back. EALREADY when called twice, EPROTO when this life of the RM has ended,
 * ESHUTDOWN when the TM is offline.
 */
struct ktm_simple {
	__u32 size;
	__u32 flags;
};
#define KTM_IOC_TM_DETACH _IO(KTM_IOC_TYPE, KTM_NR_TM_DETACH)
#define KTM_IOC_RM_RECOVER _IO(KTM_IOC_TYPE, KTM_NR_RM_RECOVER)

/**
 * struct ktm_tm_rollforward - how far would recovery go? (TM fd, CAP_SYS_ADMIN)
 * @size: sizeof(struct ktm_tm_rollforward)
 * @flags: must be 0
 * @clock: in: virtual clock value, at least that of the last call
 * @recovered: out: unfinished transactions decided at or before it
 * @left: out: unfinished transactions decided after it
 *
 * Several logs can be compared at the same logical instant before any of them
 * goes on: all that were decided up to and including a clock value. Allowed
 * while the TM is RECOVERING, and again with a greater value. Nothing is
 * written and no object is made: that is for KTM_IOC_TM_RECOVER, which goes to
 * the end of the log, or with KTM_TM_RECOVER_F_DISCARD to the last value given
 * here. A transaction that has ended is the business of nobody any more: its
 * resource managers carried it out, and neither call knows of it. One that is
 * prepared under a superior counts at the clock of its promise until it is decided.
 *
 * Return: 0, or EPERM, EINVAL (volatile TM; clock goes back), EALREADY (it has
 * recovered), ESHUTDOWN.
 */
struct ktm_tm_rollforward {
	__u32 size;
	__u32 flags;
	__aligned_u64 clock;
	__u32 recovered;
	__u32 left;
};
#define KTM_IOC_TM_ROLLFORWARD _IO(KTM_IOC_TYPE, KTM_NR_TM_ROLLFORWARD)

#define KTM_TM_RECOVER_F_DISCARD (1U << 0)	/* history ends at the clock rolled forward to */
#define KTM_TM_RECOVER_F_MASK	(KTM_TM_RECOVER_F_DISCARD)

/**
 * struct ktm_tm_recover - make the unfinished transactions, go online (TM fd,
 * CAP_SYS_ADMIN)
 * @size: sizeof(struct ktm_tm_recover)
 * @flags: KTM_TM_RECOVER_F_*
 * @recovered: out: transactions made
 * @discarded: out: decisions and promises taken back
 *
 * With KTM_TM_RECOVER_F_DISCARD unfinished transactions that were decided after
 * the last value of KTM_IOC_TM_ROLLFORWARD are rolled back, although their
 * commit was acknowledged: for a restore to a point in time, after which the
 * resource managers' own data is from before them. The kernel log names each.
 * When the call returns 0 that is durable. If power fails before, some of them
 * may be gone and others be back: attach with KTM_TM_ATTACH_F_NO_RECOVER and
 * call both again. The clock does not go back.
 *
 * DISCARD asks no superior: what was promised to one after the value, or decided by
 * it and noted here after the value, is rolled back, too. The superior's log must
 * be brought to the same value, and that value be one at which its answer had come.
 *
 * Return: 0, or EPERM, EINVAL (volatile TM; DISCARD without a roll forward),
 * EALREADY (it has recovered), ESHUTDOWN; ENOMEM, EIO: the TM is offline,
 * detach it and attach it again.
 */
struct ktm_tm_recover {
	__u32 size;
	__u32 flags;
	__u32 recovered;
	__u32 discarded;
};
#define KTM_IOC_TM_RECOVER _IO(KTM_IOC_TYPE, KTM_NR_TM_RECOVER)

#define KTM_FREEZE_MAX_NS	(600ULL * 1000000000)	/* the longest freeze */

/**
 * struct ktm_tm_freeze - hold commits back while snapshots are taken (TM fd,
 * CAP_SYS_ADMIN or the TM's owner)
 * @size: sizeof(struct ktm_tm_freeze)
 * @flags: must be 0
 * @freeze_deadline: absolute CLOCK_MONOTONIC time in ns at which the call gives up
 * @thaw_deadline: absolute CLOCK_MONOTONIC time in ns at which the TM thaws by
 *	itself; after @freeze_deadline, and not more than KTM_FREEZE_MAX_NS from now
 * @tx: in: zero; out, with ETIMEDOUT: a transaction that was waited for, or zero
 *
 * KTM_IOC_TM_FREEZE returns when the TM is frozen: every commit that had begun has
 * its outcome, and each enlistment whose RM is present has carried it out; none
 * begins until the thaw. Snapshots of the log and of the disks of its resource
 * managers that are taken between this and a thaw that returns 0 show the same
 * commits, although each is of another moment. A transaction that runs over
 * several TMs needs all of them frozen.
 *
 * From the call on, KTM_IOC_TX_COMMIT and the orders of a superior wait for the
 * thaw; with KTM_TX_END_F_NONBLOCK they are EAGAIN and do nothing, and poll() on the
 * transaction or the TM reports POLLOUT when the TM has thawed. An RM that has to
 * commit another transaction before it can answer keeps the freeze from being
 * reached. Nothing else is held back: transactions begin, enlist, log, are rolled back,
 * also by their deadline and by a superior. One that is prepared under a superior
 * is not waited for. An RM that comes back is told outcomes; what it carries out
 * while the TM is frozen is told once more to the RM of a restored snapshot. A ring
 * that is held by the end of such a transaction is ENOSPC till the thaw.
 *
 * The TM thaws with KTM_IOC_TM_THAW (struct ktm_simple), at @thaw_deadline, when
 * the last fd with the open file description that froze it is closed, and when a
 * signal interrupts the call. KTM_IOC_TM_THAW on the fd that froze returns 0 if the
 * TM was frozen until now; ETIMEDOUT if @thaw_deadline had passed, or ECANCELED if
 * another fd has thawed it: the snapshots are not to be relied on then. On another
 * fd it thaws, too, and returns 0 if the TM was frozen until now. EPROTO: it is
 * not frozen; a freeze on its way is given up.
 *
 * Return: 0, or EPERM, EINVAL, ETIMEDOUT (not frozen by @freeze_deadline; it is as
 * before), EBUSY (somebody else freezes it), ECANCELED (thawed before it was
 * frozen), EINTR, ESHUTDOWN (not online, or the log has failed meanwhile), ENOMEM.
 */
struct ktm_tm_freeze {
	__u32 size;
	__u32 flags;
	__aligned_u64 freeze_deadline;
	__aligned_u64 thaw_deadline;
	__u8 tx[KTM_UUID_SIZE];
};
#define KTM_IOC_TM_FREEZE _IO(KTM_IOC_TYPE, KTM_NR_TM_FREEZE)
#define KTM_IOC_TM_THAW _IO(KTM_IOC_TYPE, KTM_NR_TM_THAW)

/**
 * struct ktm_tx_create - begin a transaction (TM fd)
 * @size: sizeof(struct ktm_tx_create)
 * @flags: must be 0
 * @uuid: in: UUID wanted, or all zero for a new one; out: the UUID
 * @description: text for people, NUL-terminated, may be empty
 * @deadline: absolute CLOCK_MONOTONIC time in ns at which it is rolled back
 *	if commit has not been asked for, or its prepare is not through; 0 = none
 * @out_fd: out: the transaction's fd (close-on-exec)
 * @reserved: must be 0
 *
 * The caller is the owner. The transaction is rolled back when its last fd with
 * KTM_RIGHT_COMMIT or KTM_RIGHT_ROLLBACK is closed, or when the owner dies with an
 * fd of it open, before it was decided. An owner that has passed all its fds on is
 * not missed.
 *
 * Return: 0, or EPERM, EEXIST, ETIMEDOUT (deadline passed), ESHUTDOWN,
 * EDQUOT, EMFILE, ENOMEM.
 */
struct ktm_tx_create {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	char description[KTM_NAME_MAX];
	__aligned_u64 deadline;
	__s32 out_fd;
	__u32 reserved;
};
#define KTM_IOC_TX_CREATE _IO(KTM_IOC_TYPE, KTM_NR_TX_CREATE)

/**
 * enum ktm_tx_state - states of a transaction
 * @KTM_TX_S_NEW: being made; never seen from outside
 * @KTM_TX_S_ACTIVE: work and enlistment are allowed
 * @KTM_TX_S_PREPARING: enlistments have been asked to prepare
 * @KTM_TX_S_DECIDING: all are prepared, the decision is on its way to disk
 * @KTM_TX_S_SINGLE_PHASE: the only enlistment decides
 * @KTM_TX_S_COMMITTING: committed; enlistments are being told
 * @KTM_TX_S_ABORTING: rolled back; enlistments are being told
 * @KTM_TX_S_COMMITTED: committed, everybody has answered
 * @KTM_TX_S_ABORTED: rolled back, everybody has answered
 * @KTM_TX_S_INDOUBT: the log failed under the decision, or the deciding RM
 *	vanished: the outcome is not known here
 * @KTM_TX_S_PREPREPARING: phase 0: enlistments with KTM_EN_F_PREPREPARE have
 *	been asked; enlisting is still allowed
 * @KTM_TX_S_PREPREPARED: phase 0 is over, the superior has been told; enlisting
 *	without KTM_EN_F_PREPREPARE is still allowed
 * @KTM_TX_S_PROMISING: all are prepared, the promise to the superior is on its
 *	way to disk
 * @KTM_TX_S_PREPARED: prepared under a superior, which decides; nobody else can
 *	roll it back any more
 * @KTM_TX_S_ORPHANED: the same, and the superior is away: in doubt until it
 *	comes back
 * @KTM_TX_S_SAVEPOINT: active, and a savepoint is being set, rolled back to or
 *	released: enlistments have been asked, nobody can enlist or begin the commit
 *
 * Arcs, by event:
 *
 * - NEW -> ACTIVE: begin. NEW -> COMMITTING: recovery found the decision.
 *   NEW -> ORPHANED: recovery found the promise to a superior. A transaction
 *   with neither is not made again: it is presumed aborted.
 * - ACTIVE -> PREPREPARING: commit asked for, or the superior's order, and
 *   phase 0 is wanted; PREPREPARE is sent to those who take part in it.
 * - PREPREPARING -> PREPREPARED: all have answered it, and the superior asked
 *   for phase 0 alone.
 * - ACTIVE -> PREPARING: commit asked for, or the superior's order; PREPARE is
 *   sent to all. The same from PREPREPARING when all have answered, and from
 *   PREPREPARED by the superior's order.
 * - ACTIVE, PREPREPARING -> SINGLE_PHASE: instead, if there is no superior and
 *   the only enlistment takes single phase; SINGLE_PHASE_COMMIT is sent.
 * - ACTIVE, PREPREPARING -> COMMITTED: instead, if there is no superior and
 *   nobody is enlisted.
 * - ACTIVE, SAVEPOINT, PREPREPARING, PREPREPARED, PREPARING -> ABORTING: rollback by
 *   anyone; ROLLBACK is sent to all.
 * - ACTIVE -> SAVEPOINT: a savepoint is asked for; SAVEPOINT, SAVEPOINT_ROLLBACK or
 *   SAVEPOINT_RELEASE is sent to those who take part. SAVEPOINT -> SAVEPOINT: one of
 *   them has refused to set it; SAVEPOINT_RELEASE is sent to those who have not.
 *   SAVEPOINT -> ACTIVE: all have answered.
 * - PREPARING -> DECIDING: the last answer came, at least one is prepared; the
 *   decision is appended to the log.
 * - PREPARING -> PROMISING: the last answer came, there is a superior; the
 *   promise is appended to the log.
 * - PROMISING -> PREPARED: the promise is durable; PREPARE_COMPLETE is sent to
 *   the superior. PROMISING -> INDOUBT: the log failed.
 * - PREPARED -> DECIDING: the superior's commit; the decision is appended.
 * - PREPARED -> ABORTING: the superior's rollback, or a volatile superior is
 *   gone; ROLLBACK is sent to all, an end record is appended.
 * - PREPARED -> ORPHANED: the superior's RM is gone; INDOUBT is sent to all.
 *   ORPHANED -> PREPARED: it came back.
 * - PREPARING -> COMMITTED: all answered read-only; nothing is logged.
 * - DECIDING -> COMMITTING: the decision is durable; COMMIT is sent to all.
 * - DECIDING -> INDOUBT: the log failed.
 * - SINGLE_PHASE -> COMMITTED: it answered with commit complete.
 * - SINGLE_PHASE -> PREPARING: it rejected single phase; PREPARE is sent.
 * - SINGLE_PHASE -> ABORTING: it rolled back.
 * - SINGLE_PHASE -> INDOUBT: the RM vanished, or closed the enlistment, without an
 *   answer.
 * - COMMITTING -> COMMITTED, ABORTING -> ABORTED: the last answer came.
 */
enum ktm_tx_state {
	KTM_TX_S_NEW = 0,
	KTM_TX_S_ACTIVE = 1,
	KTM_TX_S_PREPARING = 2,
	KTM_TX_S_DECIDING = 3,
	KTM_TX_S_SINGLE_PHASE = 4,
	KTM_TX_S_COMMITTING = 5,
	KTM_TX_S_ABORTING = 6,
	KTM_TX_S_COMMITTED = 7,
	KTM_TX_S_ABORTED = 8,
	KTM_TX_S_INDOUBT = 9,
	KTM_TX_S_PREPREPARING = 10,
	KTM_TX_S_PREPREPARED = 11,
	KTM_TX_S_PROMISING = 12,
	KTM_TX_S_PREPARED = 13,
	KTM_TX_S_ORPHANED = 14,
	KTM_TX_S_SAVEPOINT = 15,
};

/**
 * enum ktm_reason - why a transaction was rolled back
 * @KTM_REASON_NONE: it was not
 * @KTM_REASON_CLIENT: the client asked for it
 * @KTM_REASON_RM: a resource manager refused; detail and error are its words
 * @KTM_REASON_TIMEOUT: its deadline passed
 * @KTM_REASON_CLOSED: its last fd that could end it was closed
 * @KTM_REASON_OWNER_DIED: its owner died
 * @KTM_REASON_RM_GONE: a resource manager left before it had prepared; or a
 *	volatile superior, with its decision
 * @KTM_REASON_CONFLICT: something it relied on was changed by others
 * @KTM_REASON_LOG_FULL: it held back the tail of a full log, or found no room
 * @KTM_REASON_LOG_ERROR: the log failed before the decision
 * @KTM_REASON_ENLISTMENT_CLOSED: the fd of an enlistment was closed before it
 *	had prepared
 * @KTM_REASON_OUTCOME_WANTED: a resource manager that had prepared could not wait
 *	for the others
 */
enum ktm_reason {
	KTM_REASON_NONE = 0,
	KTM_REASON_CLIENT = 1,
	KTM_REASON_RM = 2,
	KTM_REASON_TIMEOUT = 3,
	KTM_REASON_CLOSED = 4,
	KTM_REASON_OWNER_DIED = 5,
	KTM_REASON_RM_GONE = 6,
	KTM_REASON_CONFLICT = 7,
	KTM_REASON_LOG_FULL = 8,
	KTM_REASON_LOG_ERROR = 9,
	KTM_REASON_ENLISTMENT_CLOSED = 10,
	KTM_REASON_OUTCOME_WANTED = 11,
};

/**
 * struct ktm_tx_info - query a transaction (TX fd)
 * @size: sizeof(struct ktm_tx_info)
 * @flags: out: 0
 * @uuid: out: the transaction
 * @tm_uuid: out: its TM
 * @description: out: as given at its begin
 * @state: out: enum ktm_tx_state
 * @reason: out: enum ktm_reason
 * @error: out: errno (positive) that goes with the reason, or 0
 * @nr_enlistments: out: enlistments that have not left, without a superior's
 * @nr_waiting: out: enlistments whose answer is awaited
 * @owner_pid: out: process that began it, in the caller's pid namespace, or 0
 *	when it is gone
 * @deadline: out: as set, or 0
 * @reason_rm: out: RM that gave the reason, or all zero
 * @detail: out: what that RM said, NUL-terminated; e.g. the path in conflict. With
 *	@error and @reason_rm, it is lost if there was no memory to keep it
 * @superior: out: the superior's enlistment, or all zero without one or when it
 *	has left
 * @superior_rm: out: its RM
 * @begun: out: absolute CLOCK_MONOTONIC time in ns at which it began; of one that
 *	recovery made, of that
 */
struct ktm_tx_info {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	__u8 tm_uuid[KTM_UUID_SIZE];
	char description[KTM_NAME_MAX];
	__u32 state;
	__u32 reason;
	__u32 error;
	__u32 nr_enlistments;
	__u32 nr_waiting;
	__u32 owner_pid;
	__aligned_u64 deadline;
	__u8 reason_rm[KTM_UUID_SIZE];
	char detail[KTM_DETAIL_MAX];
	__u8 superior[KTM_UUID_SIZE];
	__u8 superior_rm[KTM_UUID_SIZE];
	__aligned_u64 begun;
};
#define KTM_IOC_TX_INFO _IO(KTM_IOC_TYPE, KTM_NR_TX_INFO)

#define KTM_TX_END_F_NONBLOCK	(1U << 0)	/* do not wait; poll for the outcome */
#define KTM_TX_END_F_MASK	(KTM_TX_END_F_NONBLOCK)

/**
 * struct ktm_tx_end - commit or roll back a transaction (TX fd)
 * @size: sizeof(struct ktm_tx_end)
 * @flags: KTM_TX_END_F_*
 * @state: out: enum ktm_tx_state
 * @reason: out: enum ktm_reason
 * @clock: in: virtual clock value seen, or 0; out: the TM's. May be missing.
 *
 * KTM_IOC_TX_COMMIT returns 0 when the transaction is committed: the decision
 * is durable, and every enlistment whose RM is present has carried it out. It
 * may be called again, e.g. after EINTR, and then waits for the same outcome.
 * ECANCELED: rolled back, nothing changed. EDQUOT: the quota of log bytes has no room
 * for the end of the transaction; it is as active as before, and may be committed when
 * others of the user have ended. EINPROGRESS: KTM_TX_END_F_NONBLOCK
 * was given, and the outcome is not known yet or an enlistment whose RM is present
 * has not carried it out; poll() reports POLLIN when that is done.
 * EAGAIN: the same flag, and the TM is frozen (KTM_IOC_TM_FREEZE); without the flag
 * the call waits for the thaw.
 * EIO: the outcome is in doubt because the log failed, or the RM that was to
 * decide alone vanished. ETIMEDOUT is not returned: a deadline that passes gives
 * ECANCELED with KTM_REASON_TIMEOUT.
 *
 * EBUSY: a savepoint is being set, rolled back to or released; KTM_IOC_TX_COMMIT
 * has done nothing.
 *
 * A transaction with a superior is committed by that: KTM_IOC_TX_COMMIT gives
 * EPERM while it is active, and does nothing. If the superior has
 * KTM_EN_F_COMMIT_REQUEST, it is sent KTM_NOTIFY_COMMIT_REQUEST instead, and the
 * call waits for the outcome; each further call sends it again, until the
 * superior has given its first order.
 *
 * KTM_IOC_TX_ROLLBACK returns 0 when it is rolled back and every enlistment
 * whose RM is present has undone its part. EALREADY: it is committed, in doubt,
 * the decision is on its way, it is prepared under a superior, or the only
 * enlistment decides. EINPROGRESS as above.
 */
struct ktm_tx_end {
	__u32 size;
	__u32 flags;
	__u32 state;
	__u32 reason;
	__aligned_u64 clock;
};
#define KTM_IOC_TX_COMMIT _IO(KTM_IOC_TYPE, KTM_NR_TX_COMMIT)
#define KTM_IOC_TX_ROLLBACK _IO(KTM_IOC_TYPE, KTM_NR_TX_ROLLBACK)

/**
 * struct ktm_tx_set_timeout - set, move or clear the deadline (TX fd)
 * @size: sizeof(struct ktm_tx_set_timeout)
 * @flags: must be 0
 * @deadline: absolute CLOCK_MONOTONIC time in ns, 0 = none
 *
 * Return: 0, or EPROTO when the transaction is no longer active.
 */
struct ktm_tx_set_timeout {
	__u32 size;
	__u32 flags;
	__aligned_u64 deadline;
};
#define KTM_IOC_TX_SET_TIMEOUT _IO(KTM_IOC_TYPE, KTM_NR_TX_SET_TIMEOUT)

/**
 * struct ktm_tx_savepoint - set a savepoint, roll back to it, release it (TX fd)
 * @size: sizeof(struct ktm_tx_savepoint)
 * @flags: must be 0
 * @savepoint: of SET: in: 0; out: the savepoint; else in: the savepoint
 * @rm: in: zero; out: the RM for which the call failed, or zero
 *
 * A savepoint is a moment in the life of an active transaction to which its work
 * can be rolled back while the transaction goes on. They are numbered from 1 in
 * each transaction, by rising time; a number is never used again. Nothing of them
 * is logged or outlives the transaction.
 *
 * KTM_IOC_TX_SAVEPOINT sets one. KTM_IOC_TX_ROLLBACK_TO undoes what was done since
 * it was set; it stays, those set after it are gone. KTM_IOC_TX_RELEASE forgets it
 * and those set after it, and keeps the work.
 *
 * Every enlistment with KTM_EN_F_SAVEPOINTS is asked, and the call returns when all
 * have answered; until then the transaction is in KTM_TX_S_SAVEPOINT. An RM is
 * told about a savepoint that was set before it enlisted, too: to roll back to that
 * is to undo all that it has done. A superior has no work, and is not asked.
 * The work between two savepoints is what was done between the calls: a client must
 * not let work go on in the transaction while one of them runs.
 *
 * If an enlistment has not the flag, the first two are EOPNOTSUPP and nothing has
 * happened. KTM_IOC_TX_RELEASE asks those who have it; without any enlistment all
 * three do their work at once. An RM may refuse to set one, with an errno: it is
 * released by those who had set it, and the call fails with that errno and the RM's
 * UUID in @rm. An RM that cannot roll back to one rolls back the transaction.
 *
 * Only a signal that kills interrupts the call; what was asked is finished then, and
 * what it has set stays there unnamed.
 *
 * Return: 0, or EINVAL, EMSGSIZE (KTM_TX_MAX_SAVEPOINTS are there), ENOENT (not set,
 * or gone), EOPNOTSUPP (@rm takes no part), EBUSY (another of these calls runs), EPROTO
 * (it is no longer active), ECANCELED (it was rolled back, before or meanwhile),
 * EINTR (killed), ENOMEM.
 */
struct ktm_tx_savepoint {
	__u32 size;
	__u32 flags;
	__aligned_u64 savepoint;
	__u8 rm[KTM_UUID_SIZE];
};
#define KTM_IOC_TX_SAVEPOINT _IO(KTM_IOC_TYPE, KTM_NR_TX_SAVEPOINT)
#define KTM_IOC_TX_ROLLBACK_TO _IO(KTM_IOC_TYPE, KTM_NR_TX_ROLLBACK_TO)
#define KTM_IOC_TX_RELEASE _IO(KTM_IOC_TYPE, KTM_NR_TX_RELEASE)

#define KTM_RM_F_VOLATILE	(1U << 0)	/* never recovers */
#define KTM_RM_F_MASK		(KTM_RM_F_VOLATILE)

/**
 * struct ktm_rm_create - register a user-mode resource manager (TM fd)
 * @size: sizeof(struct ktm_rm_create)
 * @flags: KTM_RM_F_*
 * @uuid: in: the RM's own UUID, the same in each of its lives; all zero makes
 *	a new one and is allowed for a volatile RM only
 * @name: text for people, NUL-terminated, may be empty
 * @out_fd: out: the RM's fd (close-on-exec)
 * @reserved: must be 0
 *
 * read() on the RM fd, or KTM_IOC_RM_FETCH, fetches struct ktm_notification records,
 * whole ones, as many as fit; EMSGSIZE if not even one does; it blocks unless the fd
 * is O_NONBLOCK (EAGAIN). A buffer for one record as an older version had it gets that:
 * EMSGSIZE only if a field that it would not get is not zero. poll() reports POLLIN
 * when one waits. For an enlistment one waits at most: a new one takes the place of
 * one that was not read yet, and none is left when the enlistment has ended. When the
 * last RM fd with KTM_RIGHT_NOTIFY is closed the RM leaves: transactions that it had
 * not prepared are rolled back, the others wait for its next life.
 *
 * An RM belongs to the user who first made it, for as long as it is not gone
 * without a trace: it has unresolved enlistments, which the log carries over a
 * restart, or somebody has an fd of it or of an enlistment of it. Another user
 * cannot make its next life (EPERM) without CAP_SYS_ADMIN, and does not become its
 * owner with it. An RM of the kernel belongs to root.
 *
 * Return: 0, or EPERM, EEXIST (that RM is present), EINVAL (durable RM without
 * a UUID or on a volatile TM), ESHUTDOWN, EDQUOT, EMFILE, ENOMEM.
 */
struct ktm_rm_create {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	char name[KTM_NAME_MAX];
	__s32 out_fd;
	__u32 reserved;
};
#define KTM_IOC_RM_CREATE _IO(KTM_IOC_TYPE, KTM_NR_RM_CREATE)

#define KTM_RM_INFO_F_KERNEL	(1U << 16)	/* lives in the kernel */

/**
 * enum ktm_rm_state - states of a resource manager
 * @KTM_RM_S_OFFLINE: made, has not recovered yet
 * @KTM_RM_S_ONLINE: may enlist, is sent outcomes
 * @KTM_RM_S_GONE: its last fd that could fetch notifications was closed
 */
enum ktm_rm_state {
	KTM_RM_S_OFFLINE = 0,
	KTM_RM_S_ONLINE = 1,
	KTM_RM_S_GONE = 2,
};

/**
 * struct ktm_rm_info - query a resource manager
 * @size: sizeof(struct ktm_rm_info)
 * @flags: in: 0; out: KTM_RM_F_* and KTM_RM_INFO_F_*
 * @uuid: in: on a TM fd the RM asked for, on an RM fd zero; out: the RM
 * @name: out: its name
 * @state: out: enum ktm_rm_state
 * @nr_enlistments: out: enlistments that have not ended
 * @uid: out: user to whom it belongs; the overflow uid when the log names several
 * @reserved: out: 0
 *
 * On an RM fd about itself; on a TM fd about any.
 *
 * Return: 0, or ENOENT.
 */
struct ktm_rm_info {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	char name[KTM_NAME_MAX];
	__u32 state;
	__u32 nr_enlistments;
	__u32 uid;
	__u32 reserved;
};
#define KTM_IOC_RM_INFO _IO(KTM_IOC_TYPE, KTM_NR_RM_INFO)

#define KTM_RM_FETCH_F_NONBLOCK	(1U << 0)	/* do not wait for the first */
#define KTM_RM_FETCH_F_MASK	(KTM_RM_FETCH_F_NONBLOCK)

/**
 * struct ktm_rm_fetch - fetch notifications (RM fd)
 * @size: sizeof(struct ktm_rm_fetch)
 * @flags: KTM_RM_FETCH_F_*
 * @buffer: pointer to room for struct ktm_notification records
 * @length: its size in bytes
 * @reserved: must be 0
 *
 * KTM_IOC_RM_FETCH does what read() does, also as a command of io_uring: as many whole
 * records as wait and fit, in the order in which they were sent, each to one caller
 * only, and one of an older version where a whole one has no room: see struct
 * ktm_rm_create. It waits until there is one, with KTM_RM_FETCH_F_NONBLOCK it does not;
 * whether the fd is O_NONBLOCK does not matter. What could not be copied stays.
 *
 * Return: the bytes of the records, which are at least one; or EINVAL, EPERM, EMSGSIZE
 * (no room for one), EAGAIN (none waits), EFAULT, EINTR.
 */
struct ktm_rm_fetch {
	__u32 size;
	__u32 flags;
	__aligned_u64 buffer;
	__u32 length;
	__u32 reserved;
};
#define KTM_IOC_RM_FETCH _IO(KTM_IOC_TYPE, KTM_NR_RM_FETCH)

/**
 * enum ktm_notify - what a resource manager is told
 * @KTM_NOTIFY_PREPARE: make the work durable so that it can go either way;
 *	answer prepare complete, read only or rollback
 * @KTM_NOTIFY_COMMIT: carry it out; answer commit complete. May come twice: the
 *	log forgets answers until all have come
 * @KTM_NOTIFY_ROLLBACK: undo it; answer rollback complete. May come twice.
 * @KTM_NOTIFY_SINGLE_PHASE_COMMIT: decide and carry it out in one step; answer
 *	commit complete, reject single phase, or rollback
 * @KTM_NOTIFY_RECOVER: an unresolved enlistment of an earlier life: open it
 *	(KTM_IOC_EN_OPEN), then call KTM_IOC_EN_RECOVER for the outcome. ENOENT,
 *	EALREADY: it was rolled back meanwhile.
 * @KTM_NOTIFY_LAST_RECOVER: the last of these was sent; no enlistment
 * @KTM_NOTIFY_PREPREPARE: phase 0: write what is cached to the RMs below, which
 *	may enlist meanwhile, and from now on write through; answer preprepare
 *	complete, read only or rollback. Sent with KTM_EN_F_PREPREPARE only.
 * @KTM_NOTIFY_INDOUBT: prepared, and the superior that decides is away; no answer,
 *	COMMIT or ROLLBACK follows when it is back
 * @KTM_NOTIFY_RM_DISCONNECTED: the RM that was to decide alone has vanished, the
 *	outcome is lost; no answer. Sent to enlistments that are read-only, with
 *	KTM_EN_F_DISCONNECTED.
 * @KTM_NOTIFY_PREPREPARE_COMPLETE: to the superior: all have answered PREPREPARE
 * @KTM_NOTIFY_PREPARE_COMPLETE: to the superior: all are prepared, and that is
 *	durable; order commit or rollback
 * @KTM_NOTIFY_COMMIT_COMPLETE: to the superior: all have committed, it is over
 * @KTM_NOTIFY_ROLLBACK_COMPLETE: to the superior: it was rolled back, by its own
 *	order or, before PREPARE_COMPLETE, for any other reason (its info tells why),
 *	and all that are present have undone their part; it is over
 * @KTM_NOTIFY_COMMIT_REQUEST: to the superior: the client wants to commit
 * @KTM_NOTIFY_REQUEST_OUTCOME: to the superior: a prepared RM cannot wait; order
 *	commit or rollback soon. Not sent while another notification waits.
 * @KTM_NOTIFY_RECOVER_QUERY: to the superior: an enlistment of an earlier life
 *	whose transaction is not over: open it (KTM_IOC_EN_OPEN), then order commit
 *	or rollback, or call KTM_IOC_EN_RECOVER first
 * @KTM_NOTIFY_SAVEPOINT: remember how the work stands, under this number; answer
 *	savepoint complete, which may refuse. This and the next two are sent with
 *	KTM_EN_F_SAVEPOINTS only.
 * @KTM_NOTIFY_SAVEPOINT_ROLLBACK: undo what was done since, all of it if there was
 *	nothing at the time; forget those with a higher number; answer savepoint
 *	complete or rollback
 * @KTM_NOTIFY_SAVEPOINT_RELEASE: forget it, and those with a higher number, whether
 *	they were ever heard of or not; answer savepoint complete or rollback
 *
 * A superior that has ordered commit may forget the transaction when it was sent
 * COMMIT_COMPLETE, or when KTM_NOTIFY_LAST_RECOVER came and RECOVER_QUERY did not
 * name it; until then it must give the same order again to every RECOVER_QUERY.
 * What it does not know at a RECOVER_QUERY it has not committed: it orders
 * rollback. No more than one notification waits for an enlistment: a later one
 * replaces one that nobody has read.
 */
enum ktm_notify {
	KTM_NOTIFY_PREPARE = 1,
	KTM_NOTIFY_COMMIT = 2,
	KTM_NOTIFY_ROLLBACK = 3,
	KTM_NOTIFY_SINGLE_PHASE_COMMIT = 4,
	KTM_NOTIFY_RECOVER = 5,
	KTM_NOTIFY_LAST_RECOVER = 6,
	KTM_NOTIFY_PREPREPARE = 7,
	KTM_NOTIFY_INDOUBT = 8,
	KTM_NOTIFY_RM_DISCONNECTED = 9,
	KTM_NOTIFY_PREPREPARE_COMPLETE = 10,
	KTM_NOTIFY_PREPARE_COMPLETE = 11,
	KTM_NOTIFY_COMMIT_COMPLETE = 12,
	KTM_NOTIFY_ROLLBACK_COMPLETE = 13,
	KTM_NOTIFY_COMMIT_REQUEST = 14,
	KTM_NOTIFY_REQUEST_OUTCOME = 15,
	KTM_NOTIFY_RECOVER_QUERY = 16,
	KTM_NOTIFY_SAVEPOINT = 17,
	KTM_NOTIFY_SAVEPOINT_ROLLBACK = 18,
	KTM_NOTIFY_SAVEPOINT_RELEASE = 19,
};

/**
 * struct ktm_notification - one record fetched from an RM fd
 * @size: sizeof(struct ktm_notification); step by this, it may grow
 * @type: enum ktm_notify
 * @key: the enlistment's key as the RM gave it; 0 for RECOVER, RECOVER_QUERY,
 *	LAST_RECOVER
 * @clock: virtual clock of the TM
 * @enlistment: the enlistment, or all zero
 * @tx: its transaction, or all zero
 * @savepoint: the savepoint that SAVEPOINT, _ROLLBACK or _RELEASE is about, or 0
 */
struct ktm_notification {
	__u32 size;
	__u32 type;
	__aligned_u64 key;
	__aligned_u64 clock;
	__u8 enlistment[KTM_UUID_SIZE];
	__u8 tx[KTM_UUID_SIZE];
	__aligned_u64 savepoint;
};

#define KTM_EN_F_SINGLE_PHASE	(1U << 0)	/* can do single-phase commit */
#define KTM_EN_F_PREPREPARE	(1U << 1)	/* takes part in phase 0 */
#define KTM_EN_F_SUPERIOR	(1U << 2)	/* drives the commit and decides */
#define KTM_EN_F_COMMIT_REQUEST	(1U << 3)	/* superior that clients may ask to commit */
#define KTM_EN_F_DISCONNECTED	(1U << 4)	/* hears of a lost outcome when read-only */
#define KTM_EN_F_SAVEPOINTS	(1U << 5)	/* can roll back to savepoints */
#define KTM_EN_F_MASK		(KTM_EN_F_SINGLE_PHASE | KTM_EN_F_PREPREPARE | \
				 KTM_EN_F_SUPERIOR | KTM_EN_F_COMMIT_REQUEST | \
				 KTM_EN_F_DISCONNECTED | KTM_EN_F_SAVEPOINTS)

/**
 * struct ktm_en_create - enlist in a transaction (RM fd)
 * @size: sizeof(struct ktm_en_create)
 * @flags: KTM_EN_F_*
 * @tx_fd: the transaction
 * @out_fd: out: the enlistment's fd (close-on-exec)
 * @key: opaque value given back in each notification
 * @uuid: out: the enlistment
 *
 * Notifications may arrive before the call returns. Closing the fd before the
 * enlistment has prepared rolls the transaction back. The transaction's fd needs
 * KTM_RIGHT_ENLIST, too.
 *
 * With KTM_EN_F_PREPREPARE it takes part in phase 0. While that goes on
 * (KTM_TX_S_PREPREPARING) enlisting is possible, with the flag, which sends
 * PREPREPARE at once, or without; when it is over, with the flag no more; when
 * PREPARE was sent, not at all.
 *
 * With KTM_EN_F_SUPERIOR it is the superior of the transaction, an outside
 * coordinator: it gives the orders KTM_IOC_EN_PREPREPARE, KTM_IOC_EN_PREPARE and
 * KTM_IOC_EN_COMMIT, or KTM_IOC_EN_ROLLBACK, and is told when all have carried
 * them out. There is one at most (EBUSY), in an active transaction. It keeps
 * single phase from being used. From PREPARE_COMPLETE on nothing but its order
 * ends the transaction. A volatile RM may be one on a volatile TM only; when that
 * is gone after PREPARE_COMPLETE, the transaction is rolled back.
 *
 * With KTM_EN_F_DISCONNECTED, and read-only, it is told if the outcome is lost.
 *
 * With KTM_EN_F_SAVEPOINTS it takes part in savepoints (struct ktm_tx_savepoint);
 * without it the transaction has none from here on, until it leaves. While one is
 * being set, rolled back to or released, enlisting is EBUSY.
 *
 * Return: 0, or EBADF, EBADFD, EPERM, EXDEV, EINVAL (KTM_EN_F_SUPERIOR with another
 * flag than KTM_EN_F_COMMIT_REQUEST, that without it, or of a volatile RM on a
 * durable TM), EBUSY, EPROTO (the RM has not recovered or is gone, or it is too
 * late), ECANCELED (it was rolled back), EMSGSIZE (KTM_TX_MAX_ENLISTMENTS
 * reached), ENOSPC (the votes would be more than the records of a transaction may
 * take), ESHUTDOWN, EDQUOT, EMFILE, ENOMEM.
 */
struct ktm_en_create {
	__u32 size;
	__u32 flags;
	__s32 tx_fd;
	__s32 out_fd;
	__aligned_u64 key;
	__u8 uuid[KTM_UUID_SIZE];
};
#define KTM_IOC_EN_CREATE _IO(KTM_IOC_TYPE, KTM_NR_EN_CREATE)

/**
 * struct ktm_en_open - open an enlistment of an earlier life (RM fd)
 * @size: sizeof(struct ktm_en_open)
 * @flags: must be 0
 * @uuid: the enlistment, from KTM_NOTIFY_RECOVER
 * @key: opaque value given back in each notification from now on
 * @out_fd: out: the enlistment's fd (close-on-exec)
 * @reserved: must be 0
 *
 * Return: 0, or ENOENT (this RM has no such enlistment), EDQUOT, EMFILE,
 * ENOMEM.
 */
struct ktm_en_open {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	__aligned_u64 key;
	__s32 out_fd;
	__u32 reserved;
};
#define KTM_IOC_EN_OPEN _IO(KTM_IOC_TYPE, KTM_NR_EN_OPEN)

/**
 * enum ktm_en_state - states of an enlistment
 * @KTM_EN_S_NEW: being made; never seen from outside
 * @KTM_EN_S_ACTIVE: work is done under it
 * @KTM_EN_S_PREPARING: PREPARE was sent
 * @KTM_EN_S_PREPARED: it answered, and cannot refuse any more
 * @KTM_EN_S_SINGLE_PHASE: SINGLE_PHASE_COMMIT was sent
 * @KTM_EN_S_COMMITTING: COMMIT was sent, or waits for the RM's return
 * @KTM_EN_S_ABORTING: ROLLBACK was sent, or waits for the RM's return
 * @KTM_EN_S_DONE: it answered or left
 * @KTM_EN_S_PREPREPARING: PREPREPARE was sent
 * @KTM_EN_S_PREPREPARED: it answered
 * @KTM_EN_S_PROMISING: of a superior: the promise is on its way to disk
 * @KTM_EN_S_WATCHING: it answered read only, and hears of a lost outcome
 * @KTM_EN_S_SAVEPOINT: SAVEPOINT, SAVEPOINT_ROLLBACK or SAVEPOINT_RELEASE was sent
 *
 * Arcs, by event:
 *
 * - NEW -> ACTIVE: enlisted. NEW -> COMMITTING, NEW -> PREPARED: found by
 *   recovery, with the decision or with the promise to a superior.
 * - ACTIVE -> PREPREPARING: that notification is sent. PREPREPARING ->
 *   PREPREPARED: preprepare complete.
 * - ACTIVE, PREPREPARED -> PREPARING, SINGLE_PHASE: that notification is sent.
 * - ACTIVE -> SAVEPOINT: one of its notifications is sent. SAVEPOINT -> ACTIVE:
 *   savepoint complete, or refused.
 * - PREPARING -> PREPARED: prepare complete.
 * - ACTIVE, SAVEPOINT, PREPREPARING, PREPREPARED, PREPARING, SINGLE_PHASE -> DONE: read
 *   only. With KTM_EN_F_DISCONNECTED all but the last -> WATCHING, and from there
 *   -> DONE when the transaction has an outcome, or lost it.
 * - SINGLE_PHASE -> ACTIVE: rejected.
 * - SINGLE_PHASE, COMMITTING -> DONE: commit complete.
 * - PREPARED -> COMMITTING: COMMIT is sent.
 * - ACTIVE, SAVEPOINT, PREPREPARING, PREPREPARED, PREPARING, PREPARED, SINGLE_PHASE ->
 *   ABORTING: ROLLBACK is sent.
 * - ABORTING -> DONE: rollback complete.
 * - PREPARED -> PREPARED: the superior is away, INDOUBT is sent; or the RM
 *   requests the outcome.
 * - PREPARED, COMMITTING, ABORTING -> the same: the RM came back and asks for the
 *   outcome, which is sent again, or INDOUBT.
 * - any but PREPARED, COMMITTING -> DONE: the RM is gone. These two wait for
 *   the return of a durable RM; a volatile one never returns, they are DONE.
 *
 * Arcs of a superior enlistment (KTM_EN_F_SUPERIOR), which gives the orders:
 *
 * - NEW -> ACTIVE: enlisted. NEW -> PREPARED: found by recovery.
 * - ACTIVE -> PREPREPARING: it orders phase 0. PREPREPARING -> PREPREPARED: all
 *   have answered; PREPREPARE_COMPLETE is sent.
 * - ACTIVE, PREPREPARED -> PREPARING: it orders phase 1.
 * - PREPARING -> PROMISING: all have answered. PROMISING -> PREPARED: the
 *   promise is durable; PREPARE_COMPLETE is sent.
 * - PREPARED -> COMMITTING: it orders the commit.
 * - ACTIVE, PREPREPARING, PREPREPARED, PREPARING, PREPARED -> ABORTING: the
 *   transaction is rolled back; from PREPARED by the superior alone.
 * - COMMITTING -> DONE, ABORTING -> DONE: all have answered the outcome;
 *   COMMIT_COMPLETE or ROLLBACK_COMPLETE is sent.
 * - PROMISING, PREPARED, COMMITTING -> the same: the RM is gone, or came back.
 * - any other -> DONE: the RM is gone.
 */
enum ktm_en_state {
	KTM_EN_S_NEW = 0,
	KTM_EN_S_ACTIVE = 1,
	KTM_EN_S_PREPARING = 2,
	KTM_EN_S_PREPARED = 3,
	KTM_EN_S_SINGLE_PHASE = 4,
	KTM_EN_S_COMMITTING = 5,
	KTM_EN_S_ABORTING = 6,
	KTM_EN_S_DONE = 7,
	KTM_EN_S_PREPREPARING = 8,
	KTM_EN_S_PREPREPARED = 9,
	KTM_EN_S_PROMISING = 10,
	KTM_EN_S_WATCHING = 11,
	KTM_EN_S_SAVEPOINT = 12,
};

/**
 * struct ktm_en_info - query an enlistment (EN fd, TM fd)
 * @size: sizeof(struct ktm_en_info)
 * @flags: out: KTM_EN_F_*
 * @uuid: in: on a TM fd the enlistment asked for; out: the enlistment
 * @tx: out: its transaction
 * @rm: out: its resource manager
 * @key: out: its key, 0 when the life of the RM that gave it has ended; 0 on a TM
 *	fd, since it is the RM's secret
 * @state: out: enum ktm_en_state
 * @tx_state: out: enum ktm_tx_state
 * @nr_records: out: redo records logged under it
 * @reason: out: enum ktm_reason: why the transaction was rolled back
 * @error: out: errno (positive) that goes with the reason, or 0
 * @reason_rm: out: RM that gave the reason, or all zero
 * @detail: out: what that RM said, NUL-terminated; may be lost as in struct ktm_tx_info
 *
 * Return: 0, or ENOENT.
 */
struct ktm_en_info {
	__u32 size;
	__u32 flags;
	__u8 uuid[KTM_UUID_SIZE];
	__u8 tx[KTM_UUID_SIZE];
	__u8 rm[KTM_UUID_SIZE];
	__aligned_u64 key;
	__u32 state;
	__u32 tx_state;
	__aligned_u64 nr_records;
	__u32 reason;
	__u32 error;
	__u8 reason_rm[KTM_UUID_SIZE];
	char detail[KTM_DETAIL_MAX];
};
#define KTM_IOC_EN_INFO _IO(KTM_IOC_TYPE, KTM_NR_EN_INFO)

/**
 * struct ktm_en_log - append a redo record to the RM's stream (EN fd)
 * @size: sizeof(struct ktm_en_log)
 * @flags: must be 0
 * @data: pointer to the record
 * @length: its length in bytes, 1 to KTM_RECORD_MAX
 * @reserved: must be 0
 * @lsn: out: where it stands
 *
 * Allowed until the enlistment has answered PREPARE. All records of a
 * transaction together, with the votes of all that are enlisted, may take a sixteenth
 * of the ring. The record costs no
 * flush: it is durable when the decision is, and given back in order by
 * KTM_IOC_EN_READ_LOG until the enlistment has ended. A rollback to a savepoint
 * takes no record back: an RM that takes part in savepoints logs when it is asked
 * to prepare, or logs which of its records are void.
 *
 * Return: 0, or EPROTO, ECANCELED, EINVAL (volatile TM or RM, a superior, which has a
 * log of its own, length 0), EMSGSIZE, ENOSPC, EDQUOT, EIO, ESHUTDOWN, EFAULT,
 * ENOMEM.
 */
struct ktm_en_log {
	__u32 size;
	__u32 flags;
	__aligned_u64 data;
	__u32 length;
	__u32 reserved;
	__aligned_u64 lsn;
};
#define KTM_IOC_EN_LOG _IO(KTM_IOC_TYPE, KTM_NR_EN_LOG)

/**
 * struct ktm_en_read_log - read back a redo record (EN fd)
 * @size: sizeof(struct ktm_en_read_log)
 * @flags: must be 0
 * @index: record wanted, counted from 0 in the order of writing
 * @data: pointer to a buffer
 * @length: in: its size; out: length of the record
 * @reserved: must be 0
 *
 * Return: 0, or ENOENT (no such record), EMSGSIZE (length tells what is
 * needed, nothing was copied), EINVAL (volatile TM or RM, a superior), EPROTO (rolled
 * back or ended: the records may be gone), ESHUTDOWN, EIO, EUCLEAN, EFAULT, ENOMEM.
 */
struct ktm_en_read_log {
	__u32 size;
	__u32 flags;
	__aligned_u64 index;
	__aligned_u64 data;
	__u32 length;
	__u32 reserved;
};
#define KTM_IOC_EN_READ_LOG _IO(KTM_IOC_TYPE, KTM_NR_EN_READ_LOG)

/**
 * struct ktm_en_recovery_info - what the RM wants to find again (EN fd)
 * @size: sizeof(struct ktm_en_recovery_info)
 * @flags: must be 0
 * @data: pointer to the bytes
 * @length: how many, at most KTM_RECOVERY_INFO_MAX; of GET: in: size of the
 *	buffer; out: bytes that there are
 * @reserved: must be 0
 *
 * KTM_IOC_EN_SET_RECOVERY_INFO keeps bytes that mean something to the RM alone.
 * Each call replaces what was set before; length 0 takes it away. Allowed until the
 * enlistment has answered PREPARE. They are logged with the prepare
 * answer, without a flush of their own, and are durable when the decision is;
 * a transaction that ends in a single phase logs nothing. They count in the
 * sixteenth of the ring that the records of a transaction may take.
 *
 * KTM_IOC_EN_GET_RECOVERY_INFO gives them back for as long as the enlistment
 * can be opened, in this life of the RM or a later one. Length 0: there are
 * none.
 *
 * Return: 0, or EINVAL (volatile TM or RM, a superior), EMSGSIZE (set: too long;
 * get: does not fit, length tells what is needed, nothing was copied), EFAULT,
 * ENOMEM; set also EPROTO, ECANCELED, ENOSPC, EDQUOT, ESHUTDOWN.
 */
struct ktm_en_recovery_info {
	__u32 size;
	__u32 flags;
	__aligned_u64 data;
	__u32 length;
	__u32 reserved;
};
#define KTM_IOC_EN_SET_RECOVERY_INFO _IO(KTM_IOC_TYPE, KTM_NR_EN_SET_RECOVERY_INFO)
#define KTM_IOC_EN_GET_RECOVERY_INFO _IO(KTM_IOC_TYPE, KTM_NR_EN_GET_RECOVERY_INFO)

/**
 * struct ktm_en_answer - an enlistment speaks (EN fd)
 * @size: sizeof(struct ktm_en_answer)
 * @flags: must be 0
 * @clock: in: virtual clock value seen, or 0; out: the TM's. May be missing.
 *
 * KTM_IOC_EN_PREPREPARE_COMPLETE: answers PREPREPARE.
 *
 * KTM_IOC_EN_PREPARE_COMPLETE: answers PREPARE. From its return on the RM
 * cannot refuse. ENOSPC, EIO, ENOMEM: the vote could not be logged, the
 * transaction is rolled back.
 *
 * KTM_IOC_EN_COMMIT_COMPLETE: answers COMMIT and SINGLE_PHASE_COMMIT.
 *
 * KTM_IOC_EN_ROLLBACK_COMPLETE: answers ROLLBACK.
 *
 * KTM_IOC_EN_READ_ONLY: the RM changed nothing and leaves; allowed until it has
 * answered prepare complete.
 *
 * KTM_IOC_EN_REJECT_SINGLE_PHASE: answers SINGLE_PHASE_COMMIT; PREPARE follows.
 *
 * KTM_IOC_EN_RECOVER: asks for the outcome of an enlistment of an earlier
 * life; COMMIT or ROLLBACK follows, or INDOUBT first if it is up to a superior. Of
 * a superior: it is back; PREPARE_COMPLETE follows if its order is awaited.
 * EALREADY: the transaction was rolled back since RECOVER was sent, and as no
 * commit can follow (presumed abort) ktm has let go of the enlistment; undo what
 * is left of it. KTM_IOC_EN_OPEN gives ENOENT then.
 *
 * KTM_IOC_EN_REQUEST_OUTCOME: it is prepared, and cannot wait for the outcome. The
 * transaction is rolled back if others have not prepared yet; the superior, if
 * there is one, is sent REQUEST_OUTCOME, or INDOUBT comes back if it is away.
 *
 * KTM_IOC_EN_PREPREPARE, KTM_IOC_EN_PREPARE, KTM_IOC_EN_COMMIT: orders of a
 * superior; PREPREPARE_COMPLETE, PREPARE_COMPLETE, COMMIT_COMPLETE follow, or
 * ROLLBACK_COMPLETE after either of the first two. PREPARE without PREPREPARE
 * before it does both. COMMIT is allowed when PREPARE_COMPLETE was sent. EPERM:
 * the enlistment is not a superior's. ENOSPC, EIO, ESHUTDOWN: the log has no room
 * for what must not fail later; the transaction is rolled back. While the TM is
 * frozen (KTM_IOC_TM_FREEZE) they wait for the thaw; EINTR: a signal came before.
 * EDQUOT: the quota of log bytes has no room for that; nothing was changed. To
 * KTM_IOC_EN_REJECT_SINGLE_PHASE it says that the transaction is rolled back.
 * EBUSY: a savepoint is being set, rolled back to or released.
 *
 * Return: 0, or EINVAL (clock), EPROTO (not asked for in this state), EALREADY
 * (answered before: a late duplicate, harmless), ECANCELED (the transaction was
 * rolled back meanwhile; ROLLBACK was sent), EIO, ENOSPC, ENOMEM, ESHUTDOWN.
 */
struct ktm_en_answer {
	__u32 size;
	__u32 flags;
	__aligned_u64 clock;
};
#define KTM_IOC_EN_PREPARE_COMPLETE _IO(KTM_IOC_TYPE, KTM_NR_EN_PREPARE_COMPLETE)
#define KTM_IOC_EN_COMMIT_COMPLETE _IO(KTM_IOC_TYPE, KTM_NR_EN_COMMIT_COMPLETE)
#define KTM_IOC_EN_ROLLBACK_COMPLETE _IO(KTM_IOC_TYPE, KTM_NR_EN_ROLLBACK_COMPLETE)
#define KTM_IOC_EN_READ_ONLY _IO(KTM_IOC_TYPE, KTM_NR_EN_READ_ONLY)
#define KTM_IOC_EN_REJECT_SINGLE_PHASE _IO(KTM_IOC_TYPE, KTM_NR_EN_REJECT_SINGLE_PHASE)
#define KTM_IOC_EN_RECOVER _IO(KTM_IOC_TYPE, KTM_NR_EN_RECOVER)
#define KTM_IOC_EN_PREPREPARE_COMPLETE _IO(KTM_IOC_TYPE, KTM_NR_EN_PREPREPARE_COMPLETE)
#define KTM_IOC_EN_REQUEST_OUTCOME _IO(KTM_IOC_TYPE, KTM_NR_EN_REQUEST_OUTCOME)
#define KTM_IOC_EN_PREPREPARE _IO(KTM_IOC_TYPE, KTM_NR_EN_PREPREPARE)
#define KTM_IOC_EN_PREPARE _IO(KTM_IOC_TYPE, KTM_NR_EN_PREPARE)
#define KTM_IOC_EN_COMMIT _IO(KTM_IOC_TYPE, KTM_NR_EN_COMMIT)

/**
 * struct ktm_en_savepoint - answer SAVEPOINT, _ROLLBACK or _RELEASE (EN fd)
 * @size: sizeof(struct ktm_en_savepoint)
 * @flags: must be 0
 * @savepoint: as the notification had it
 * @error: 0: done; else errno (positive, below 512) with which it refuses: SAVEPOINT
 *	alone may be refused, and is not set then
 * @reserved: must be 0
 *
 * The notification must have been read: an answer to one that was not is taken for
 * a duplicate of an earlier answer.
 *
 * Return: 0, or EINVAL, EPROTO (no savepoint of the transaction, or a superior's
 * enlistment), EALREADY (not asked about this one any more: a late duplicate,
 * harmless), ECANCELED (rolled back meanwhile; ROLLBACK was sent).
 */
struct ktm_en_savepoint {
	__u32 size;
	__u32 flags;
	__aligned_u64 savepoint;
	__u32 error;
	__u32 reserved;
};
#define KTM_IOC_EN_SAVEPOINT_COMPLETE _IO(KTM_IOC_TYPE, KTM_NR_EN_SAVEPOINT_COMPLETE)

/**
 * struct ktm_en_rollback - refuse: roll the whole transaction back (EN fd)
 * @size: sizeof(struct ktm_en_rollback)
 * @flags: must be 0
 * @reason: KTM_REASON_RM or KTM_REASON_CONFLICT
 * @error: errno (positive) for the client, or 0
 * @detail: text for the client, NUL-terminated, may be empty
 *
 * Allowed until it has answered prepare complete. The enlistment is sent
 * ROLLBACK like the others. A superior may do so until it has ordered commit, but
 * for the moment in which the promise is on its way to disk (EPROTO).
 *
 * Return: 0, or EPROTO, EALREADY (ended), ECANCELED (rolled back already).
 */
struct ktm_en_rollback {
	__u32 size;
	__u32 flags;
	__u32 reason;
	__u32 error;
	char detail[KTM_DETAIL_MAX];
};
#define KTM_IOC_EN_ROLLBACK _IO(KTM_IOC_TYPE, KTM_NR_EN_ROLLBACK)

#endif /* _UAPI_LINUX_KTM_H */
