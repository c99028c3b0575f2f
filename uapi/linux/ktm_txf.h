/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ktm_txf - transactional files: ioctl interface of /dev/ktm_txf
 */
#ifndef _UAPI_LINUX_KTM_TXF_H
#define _UAPI_LINUX_KTM_TXF_H

#include <linux/types.h>
#include <linux/ioctl.h>
#include <linux/ktm.h>

/**
 * DOC: Transactional files
 *
 * A file system is enabled once per boot with KTM_IOC_TXF_ENABLE; from then on
 * files on it can be changed under a transaction of the TM it was enabled
 * with. Every change is a call on /dev/ktm_txf that names the transaction by
 * fd and the file by directory fd and path, as the *at() system calls do. One
 * transaction may change files on several enabled file systems.
 *
 * A transaction sees what is committed plus its own changes. Nobody else sees
 * them before it commits. New content goes to a private file in a staging
 * directory of the same file system and is renamed into place at commit:
 * what others have open keeps showing the old content.
 *
 * Permissions are the caller's, checked when the call is made as the system
 * call of the same name checks them. Commit asks nobody again.
 *
 * Security modules are asked, too, with the names and labels that the caller sees;
 * not by commit, which is the kernel's work. If a policy forbids a step of it to the
 * kernel, the file system fails (KTM_TXF_S_FAILED, EACCES or EPERM) and the
 * transaction is kept until it is enabled again. What is asked about is what the
 * transaction comes to: taking away what it has made itself is free, and what it
 * renames twice goes from its committed name to the last.
 *
 * Not every hook can be called by a module. Rules by labels (SELinux, Smack) are applied
 * as they are, but for block devices, which count as FIFOs. Of the rules by
 * path (AppArmor, Landlock, TOMOYO):
 *
 * - Removing a directory needs what renaming it in its place does, and a hard link
 *   what a rename does: with Landlock also MAKE_DIR and REMOVE_FILE. Those on
 *   links of AppArmor, and those of TOMOYO on links, symbolic links and removing
 *   directories, are not applied.
 * - Those on mode, owner and truncation (AppArmor, TOMOYO) are not applied.
 * - A file opened for writing is judged by its name in the staging directory, not by
 *   the one it is for. A caller whose rules do not cover KTM_TXF_STAGING can open none;
 *   do not give it to a caller that may not write to every file that permission bits
 *   let it.
 *
 * Hooks of BPF programs on inodes see the kernel work in the staging directory.
 *
 * Conflicts. A name or object that one transaction has changed cannot be
 * changed by another one before the first has ended: EBUSY, at once. Programs
 * outside of transactions are never held up and never overwritten: if one of
 * them changes what a transaction has replaced, removed, moved or relied on,
 * that transaction is rolled back when it prepares (KTM_REASON_CONFLICT,
 * ESTALE, and the path as detail).
 *
 * Kept objects. Between prepare and commit, or while the machine is down, work
 * from outside can still come in the way. It wins: that step of the commit is
 * skipped, and what should have been put there is kept in the staging directory
 * as KTM_TXF_KEPT_PREFIX, the UUID of the transaction, "-" and a number. If a
 * file that is being replaced or removed is written to in that very moment, then
 * that file is kept, under such a name with KTM_TXF_KEPT_DISPLACED at its end.
 * The kernel log names each. The extended attribute KTM_TXF_KEPT_XATTR of the
 * object is the path that it was meant for or comes from, on the file system;
 * no more than a name if the directory is gone. Nothing but the administrator
 * and KTM_TXF_DISABLE_F_FORGET removes them.
 *
 * Content counts as newer by its time of modification; the mode, owner and extended
 * attributes of a file by what they are. A change by a shared writable mapping that
 * was there before prepare and is not noted in that time yet, is not noticed between
 * prepare and commit.
 *
 * Open files. A file that the transaction has written must be closed, and its
 * shared writable mappings undone, before commit is asked for. If it is still
 * open for writing at prepare, the transaction is rolled back (KTM_REASON_RM,
 * ETXTBSY, and the path as detail). A read-only fd of a file of the
 * transaction keeps showing that file, whatever the outcome.
 *
 * Hard links. Opening a file with several names for writing makes a private
 * copy that replaces the one name that was opened; the other names keep the old
 * content. A change of attributes applies to the file, under all of its names.
 *
 * Paths. Symbolic links and mount points are followed as usual, in the
 * transaction's view; a name that the transaction has not touched is what it
 * is outside. Everything that a call changes must be on an enabled file system
 * (ENODEV) and below a mount that may be written (EROFS). The staging
 * directory KTM_TXF_STAGING at the root of an enabled file system is not
 * visible to transactions (ENOENT).
 */

/**
 * DOC: General ioctl format
 *
 * As in <linux/ktm.h>, including the meaning of the errno values there. A path
 * is a pointer to a NUL-terminated string of less than PATH_MAX bytes. A dirfd
 * is an fd of a directory or AT_FDCWD; it may come from KTM_IOC_TXF_OPEN. In
 * addition the following are returned by every call that works under a
 * transaction:
 *
 * =============== =========================================================
 * EBADF           tx_fd or dirfd is not open
 * EBADFD          tx_fd is no transaction
 * EPERM           the tx_fd may not be used for work; or what the system call
 *                 of the same name says EPERM for
 * ECANCELED       the transaction was rolled back; its info tells why
 * EPROTO          its commit has begun or is over
 * ENODEV          the file system is not enabled
 * EXDEV           the file system is enabled with another TM; or two paths of
 *                 one call lead to different file systems
 * ESHUTDOWN       the TM is offline, or the file system is being disabled
 * EBUSY           another transaction holds the name or object
 * ESTALE          the object was changed or replaced by somebody else since
 *                 this transaction touched it; commit would fail
 * EMSGSIZE        KTM_TXF_MAX_STEPS changes are made already
 * ENOSPC, EDQUOT  no space for staged data, or quota of the caller used up
 * EROFS           the file system or mount is read-only
 * ENAMETOOLONG    a path or a part of it is too long
 * ELOOP           too many symbolic links, or one that may not be followed
 * ENOENT          a part of the path does not exist, or the path is empty
 * ENOTDIR         a part of the path is no directory, or dirfd is none
 * EACCES          search or write permission is missing
 * =============== =========================================================
 */

#define KTM_TXF_STAGING		".ktm-txf"	/* the staging directory */
/* Kept objects, see there: how names begin, how some end, where from. */
#define KTM_TXF_KEPT_PREFIX	"kept-"
#define KTM_TXF_KEPT_DISPLACED	".old"
#define KTM_TXF_KEPT_XATTR	"trusted.ktm_txf.path"
#define KTM_TXF_MAX_STEPS	1000000		/* changes in one transaction */
#define KTM_TXF_XATTR_MAX	32768		/* bytes of an extended attribute */

#define KTM_TXF_IOC_TYPE	0xb8

/* Append only; never renumber. */
enum {
	KTM_TXF_NR_BASE = 0x80,
	KTM_TXF_NR_ENABLE = KTM_TXF_NR_BASE,
	KTM_TXF_NR_DISABLE,
	KTM_TXF_NR_STATUS,
	/* under a transaction, changing */
	KTM_TXF_NR_OPEN,
	KTM_TXF_NR_MKDIR,
	KTM_TXF_NR_MKNOD,
	KTM_TXF_NR_SYMLINK,
	KTM_TXF_NR_UNLINK,
	KTM_TXF_NR_RMDIR,
	KTM_TXF_NR_RENAME,
	KTM_TXF_NR_LINK,
	KTM_TXF_NR_SETATTR,
	KTM_TXF_NR_SETXATTR,
	KTM_TXF_NR_REMOVEXATTR,
	/* under a transaction, reading */
	KTM_TXF_NR_STAT,
	KTM_TXF_NR_READLINK,
	KTM_TXF_NR_READDIR,
	KTM_TXF_NR_GETXATTR,
	KTM_TXF_NR_LISTXATTR,
	/* file systems again */
	KTM_TXF_NR_ADOPT,
};

/**
 * struct ktm_txf_enable - make a file system transactional
 * @size: sizeof(struct ktm_txf_enable)
 * @flags: must be 0
 * @mount_fd: fd of a directory on it, below a mount that shows the root of the
 *	file system and may be written
 * @tm_fd: durable TM that coordinates its transactions (write permission)
 * @uuid: out: UUID of the resource manager, the same in each of its lives
 * @recovered: out: transactions of an earlier life that were carried out now
 * @reserved: must be 0
 *
 * Needs CAP_SYS_ADMIN. Makes the staging directory if it is not there, finishes
 * the committed transactions of an earlier life, and removes what the others
 * left. Returns when that is done. The mount is held (it cannot be unmounted),
 * and so is the module, until KTM_IOC_TXF_DISABLE.
 *
 * Return: 0, or EPERM, EBADF, EBADFD (tm_fd is no TM), ENOTDIR, EINVAL
 * (volatile TM, or the mount does not show the root), EBUSY (enabled already),
 * EOPNOTSUPP (not one of ext4, xfs and btrfs; ext4 must have a journal), EROFS,
 * ESTALE (the staging directory belongs to another TM), EUCLEAN (the staging
 * directory or what is in the log is damaged), EIO (a committed transaction
 * could not be carried out, the file system stays disabled and nothing is
 * lost), EINTR, ENOSPC, ESHUTDOWN, ENOMEM.
 */
struct ktm_txf_enable {
	__u32 size;
	__u32 flags;
	__s32 mount_fd;
	__s32 tm_fd;
	__u8 uuid[KTM_UUID_SIZE];
	__u32 recovered;
	__u32 reserved;
};
#define KTM_IOC_TXF_ENABLE _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_ENABLE)

/*
 * Remove the staging directory too, and the objects kept there (see
 * struct ktm_txf_status): the file system forgets its RM and TM.
 */
#define KTM_TXF_DISABLE_F_FORGET	(1U << 0)
#define KTM_TXF_DISABLE_F_MASK		(KTM_TXF_DISABLE_F_FORGET)

/**
 * struct ktm_txf_disable - end what KTM_IOC_TXF_ENABLE began
 * @size: sizeof(struct ktm_txf_disable)
 * @flags: KTM_TXF_DISABLE_F_*
 * @mount_fd: fd of any file on the file system
 * @reserved: must be 0
 *
 * Needs CAP_SYS_ADMIN.
 *
 * Return: 0, or EPERM, EBADF, ENODEV (not enabled), EBUSY (a transaction has
 * touched it and has not ended; one that is prepared does not count when its
 * TM is offline, the next enable finds it again), EIO (a committed transaction
 * could not be carried out, or a prepared one is in doubt, and waits for the
 * next enable; only with KTM_TXF_DISABLE_F_FORGET), EINTR.
 *
 * A transaction that is closed without a commit is rolled back in the background,
 * and until that is done it counts: roll back by KTM_IOC_TX_ROLLBACK, which waits,
 * or try again after EBUSY.
 */
struct ktm_txf_disable {
	__u32 size;
	__u32 flags;
	__s32 mount_fd;
	__u32 reserved;
};
#define KTM_IOC_TXF_DISABLE _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_DISABLE)

/* Change nothing, only tell whose it is. */
#define KTM_TXF_ADOPT_F_QUERY	(1U << 0)
#define KTM_TXF_ADOPT_F_MASK	(KTM_TXF_ADOPT_F_QUERY)

/**
 * struct ktm_txf_adopt - let the copy of a file system go with the copy of its log
 * @size: sizeof(struct ktm_txf_adopt)
 * @flags: KTM_TXF_ADOPT_F_*
 * @mount_fd: fd of a directory on it, as for KTM_IOC_TXF_ENABLE
 * @reserved: must be 0
 * @from: UUID of the TM that it belongs to; with KTM_TXF_ADOPT_F_QUERY zero
 * @to: UUID of the TM that it shall belong to; with KTM_TXF_ADOPT_F_QUERY zero
 * @uuid: out: its resource manager
 * @tm_uuid: out: the TM that it belongs to now
 *
 * For a file system that was copied together with the log of its TM, whose copy
 * gets the UUID @to (ktmctl adopt does both). First the file system, then the log:
 *
 * - Power fails before this is durable: both have the UUID @from, nothing was done.
 * - Then: the file system has @to, and there is no log with that UUID. Nothing can
 *   be carried out on it; the same once more, with the same @to, finds it done.
 * - When the log has @to: the two go together, and with nothing else.
 *
 * So what the log says of a transaction is carried out on the one file system that
 * was adopted with it: another copy, or the original, still belongs to @from, and
 * is refused by the TM @to. The resource manager keeps its UUID, by which the log
 * knows it. Does not find out if log and file system are copies of the same moment.
 * Needs CAP_SYS_ADMIN. The file system must not be enabled.
 *
 * Return: 0, also if it belongs to @to already; or EPERM, EBADF, ENOTDIR, EINVAL
 * (the mount does not show the root; @from or @to is zero or they are the same),
 * EBUSY (it is enabled), EOPNOTSUPP, EROFS, ENOENT (it was never enabled), ESTALE (it
 * belongs to another TM), EUCLEAN (the staging directory is damaged), EINTR, ENOSPC,
 * ENOMEM.
 */
struct ktm_txf_adopt {
	__u32 size;
	__u32 flags;
	__s32 mount_fd;
	__u32 reserved;
	__u8 from[KTM_UUID_SIZE];
	__u8 to[KTM_UUID_SIZE];
	__u8 uuid[KTM_UUID_SIZE];
	__u8 tm_uuid[KTM_UUID_SIZE];
};
#define KTM_IOC_TXF_ADOPT _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_ADOPT)

/* Ignore mount_fd (must be -1) and tell about the next one after cursor. */
#define KTM_TXF_STATUS_F_NEXT	(1U << 0)
#define KTM_TXF_STATUS_F_MASK	(KTM_TXF_STATUS_F_NEXT)

/**
 * enum ktm_txf_state - states of an enabled file system
 * @KTM_TXF_S_RECOVERING: transactions of an earlier life are being carried out
 * @KTM_TXF_S_ONLINE: takes work
 * @KTM_TXF_S_FAILED: a committed transaction could not be carried out; takes no
 *	new work. Repair the file system, then disable and enable it.
 * @KTM_TXF_S_DISABLING: is being disabled
 */
enum ktm_txf_state {
	KTM_TXF_S_RECOVERING = 1,
	KTM_TXF_S_ONLINE = 2,
	KTM_TXF_S_FAILED = 3,
	KTM_TXF_S_DISABLING = 4,
};

/**
 * struct ktm_txf_status - look at an enabled file system
 * @size: sizeof(struct ktm_txf_status)
 * @flags: KTM_TXF_STATUS_F_*
 * @mount_fd: fd of any file on the file system; -1 with KTM_TXF_STATUS_F_NEXT
 * @path_size: in: room at @path; out: bytes of the path with its NUL, 0 if it
 *	did not fit or the mount is not visible to the caller
 * @path: pointer to a buffer for the path of the mount, or 0
 * @cursor: in: with KTM_TXF_STATUS_F_NEXT, 0 to start, else what the last call
 *	gave back; otherwise 0; out: number of the file system
 * @uuid: out: its resource manager
 * @tm_uuid: out: the TM
 * @dev_major: out: device number of the file system as stat() tells it
 * @dev_minor: out: device number of the file system as stat() tells it
 * @state: out: enum ktm_txf_state
 * @error: out: errno (positive) that brought it to KTM_TXF_S_FAILED, or 0
 * @nr_tx: out: transactions that have touched it and have not ended
 * @nr_staged: out: files, directories and others staged by them
 * @nr_locks: out: names and objects that they hold
 * @committed: out: transactions committed since it was enabled
 * @aborted: out: transactions rolled back since it was enabled
 * @conflicts: out: of these, because of a change from outside
 * @busy: out: calls refused with EBUSY since it was enabled
 * @recovered: out: transactions of an earlier life that were carried out
 * @skipped: out: steps that were done already or overtaken by newer work
 * @kept: out: objects kept since it was enabled, see KTM_TXF_KEPT_PREFIX
 *
 * Needs no privilege.
 *
 * Return: 0, or EBADF, ENODEV (not enabled), ENOENT (with
 * KTM_TXF_STATUS_F_NEXT: no more), EFAULT.
 */
struct ktm_txf_status {
	__u32 size;
	__u32 flags;
	__s32 mount_fd;
	__u32 path_size;
	__aligned_u64 path;
	__aligned_u64 cursor;
	__u8 uuid[KTM_UUID_SIZE];
	__u8 tm_uuid[KTM_UUID_SIZE];
	__u32 dev_major;
	__u32 dev_minor;
	__u32 state;
	__u32 error;
	__aligned_u64 nr_tx;
	__aligned_u64 nr_staged;
	__aligned_u64 nr_locks;
	__aligned_u64 committed;
	__aligned_u64 aborted;
	__aligned_u64 conflicts;
	__aligned_u64 busy;
	__aligned_u64 recovered;
	__aligned_u64 skipped;
	__aligned_u64 kept;
};
#define KTM_IOC_TXF_STATUS _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_STATUS)

/**
 * struct ktm_txf_open - open, and perhaps create, a file (openat)
 * @size: sizeof(struct ktm_txf_open)
 * @flags: must be 0
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: pointer to the path
 * @open_flags: O_RDONLY, O_WRONLY or O_RDWR, and any of O_CREAT, O_EXCL,
 *	O_TRUNC, O_APPEND, O_NOFOLLOW, O_DIRECTORY, O_CLOEXEC, O_NONBLOCK,
 *	O_LARGEFILE, O_SYNC, O_DSYNC, O_NOATIME; others are EOPNOTSUPP
 * @mode: permission bits of a new file (the umask applies); without O_CREAT 0
 * @out_fd: out: an ordinary fd of the file; no meaning if the call fails
 * @reserved: must be 0
 *
 * Opened for reading only, the fd is of the file as the transaction sees it now.
 * Opened for writing, it is of the transaction's private file: the one it has
 * already, or with O_TRUNC a new and empty one, else a private copy (sharing
 * its blocks where the file system can). Owner, group, mode, ACLs, extended
 * attributes and security label are those of the file that it will replace.
 * The inode number is a new one. A file that is being executed may be opened for
 * writing: what runs keeps the old one.
 *
 * The fd of a directory is good as a dirfd of these calls and for fstat();
 * reading it shows the names that are committed, see KTM_IOC_TXF_READDIR for
 * the transaction's view. System calls that make or remove names below it are
 * not part of the transaction.
 *
 * Return: 0, or the errno values of openat(), of the table above, EINVAL
 * (O_TRUNC with O_RDONLY), ENXIO or EOPNOTSUPP (the file is special and not
 * opened for reading only), EMFILE, ENOMEM.
 */
struct ktm_txf_open {
	__u32 size;
	__u32 flags;
	__s32 tx_fd;
	__s32 dirfd;
	__aligned_u64 path;
	__u32 open_flags;
	__u32 mode;
	__s32 out_fd;
	__u32 reserved;
};
#define KTM_IOC_TXF_OPEN _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_OPEN)

/**
 * struct ktm_txf_create - make a directory or special file (mkdirat, mknodat)
 * @size: sizeof(struct ktm_txf_create)
 * @flags: must be 0
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: pointer to the path
 * @mode: permission bits (the umask applies); for KTM_IOC_TXF_MKNOD with the
 *	type: S_IFREG or 0, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK
 * @dev_major: device number, S_IFCHR and S_IFBLK only
 * @dev_minor: device number, S_IFCHR and S_IFBLK only
 * @reserved: must be 0
 *
 * Return: 0, or EEXIST, EPERM (CAP_MKNOD is missing), EMLINK, EINVAL (unknown
 * type), and the table above.
 */
struct ktm_txf_create {
	__u32 size;
	__u32 flags;
	__s32 tx_fd;
	__s32 dirfd;
	__aligned_u64 path;
	__u32 mode;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 reserved;
};
#define KTM_IOC_TXF_MKDIR _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_MKDIR)
#define KTM_IOC_TXF_MKNOD _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_MKNOD)

/**
 * struct ktm_txf_symlink - make a symbolic link (symlinkat)
 * @size: sizeof(struct ktm_txf_symlink)
 * @flags: must be 0
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: pointer to the path of the link
 * @target: pointer to the text of the link
 *
 * Return: 0, or EEXIST, and the table above.
 */
struct ktm_txf_symlink {
	__u32 size;
	__u32 flags;
	__s32 tx_fd;
	__s32 dirfd;
	__aligned_u64 path;
	__aligned_u64 target;
};
#define KTM_IOC_TXF_SYMLINK _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_SYMLINK)

/**
 * struct ktm_txf_remove - remove a name (unlinkat)
 * @size: sizeof(struct ktm_txf_remove)
 * @flags: must be 0
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: pointer to the path
 *
 * KTM_IOC_TXF_UNLINK removes the name of anything but a directory,
 * KTM_IOC_TXF_RMDIR that of a directory that is empty in the transaction's view.
 *
 * Return: 0, or EISDIR, ENOTEMPTY, EINVAL (last part is "."), EPERM (sticky
 * directory, immutable or append-only file), EBUSY (a mount point, too), and
 * the table above.
 */
struct ktm_txf_remove {
	__u32 size;
	__u32 flags;
	__s32 tx_fd;
	__s32 dirfd;
	__aligned_u64 path;
};
#define KTM_IOC_TXF_UNLINK _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_UNLINK)
#define KTM_IOC_TXF_RMDIR _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_RMDIR)

#define KTM_TXF_RENAME_F_NOREPLACE	(1U << 0)	/* EEXIST if newpath exists */
#define KTM_TXF_RENAME_F_MASK		(KTM_TXF_RENAME_F_NOREPLACE)

#define KTM_TXF_LINK_F_FOLLOW		(1U << 0)	/* follow a symbolic link */
#define KTM_TXF_LINK_F_MASK		(KTM_TXF_LINK_F_FOLLOW)

/**
 * struct ktm_txf_rename - rename or link (renameat2, linkat)
 * @size: sizeof(struct ktm_txf_rename)
 * @flags: KTM_TXF_RENAME_F_* or KTM_TXF_LINK_F_*
 * @tx_fd: the transaction
 * @olddirfd: where a relative old path starts
 * @oldpath: pointer to the path of what is there
 * @newpath: pointer to the path wanted
 * @newdirfd: where a relative new path starts
 * @reserved: must be 0
 *
 * Return: 0, or EEXIST, ENOTEMPTY, EISDIR, EINVAL (a directory into itself),
 * EMLINK, EPERM (link to a directory; protected hard links), EBUSY (a mount
 * point, too), and the table above.
 */
struct ktm_txf_rename {
	__u32 size;
	__u32 flags;
	__s32 tx_fd;
	__s32 olddirfd;
	__aligned_u64 oldpath;
	__aligned_u64 newpath;
	__s32 newdirfd;
	__u32 reserved;
};
#define KTM_IOC_TXF_RENAME _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_RENAME)
#define KTM_IOC_TXF_LINK _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_LINK)

#define KTM_TXF_F_NOFOLLOW	(1U << 0)	/* do not follow a symbolic link at the end */
#define KTM_TXF_F_MASK		(KTM_TXF_F_NOFOLLOW)

/**
 * struct ktm_txf_time - a point in time
 * @sec: seconds since the epoch
 * @nsec: nanoseconds, below 1000000000
 * @reserved: must be 0
 */
struct ktm_txf_time {
	__s64 sec;
	__u32 nsec;
	__u32 reserved;
};

#define KTM_TXF_ATTR_MODE	(1U << 0)	/* fchmodat */
#define KTM_TXF_ATTR_UID	(1U << 1)	/* fchownat */
#define KTM_TXF_ATTR_GID	(1U << 2)	/* fchownat */
#define KTM_TXF_ATTR_ATIME	(1U << 3)	/* utimensat */
#define KTM_TXF_ATTR_MTIME	(1U << 4)	/* utimensat */
#define KTM_TXF_ATTR_ATIME_NOW	(1U << 5)	/* utimensat, UTIME_NOW; excludes ATIME */
#define KTM_TXF_ATTR_MTIME_NOW	(1U << 6)	/* utimensat, UTIME_NOW; excludes MTIME */
#define KTM_TXF_ATTR_MASK	((1U << 7) - 1)

/**
 * struct ktm_txf_setattr - change mode, owner or times
 * @size: sizeof(struct ktm_txf_setattr)
 * @flags: KTM_TXF_F_*
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: pointer to the path
 * @valid: KTM_TXF_ATTR_* of what is to be changed, at least one
 * @mode: permission bits, with KTM_TXF_ATTR_MODE
 * @uid: user id in the caller's user namespace, with KTM_TXF_ATTR_UID
 * @gid: group id in the caller's user namespace, with KTM_TXF_ATTR_GID
 * @atime: with KTM_TXF_ATTR_ATIME
 * @mtime: with KTM_TXF_ATTR_MTIME
 *
 * A field whose bit is not set must be zero. The rights needed are those of
 * all system calls that the bits stand for; all is changed or nothing. A
 * change of owner takes away the set-user-ID bit and file capabilities as
 * chown() does, unless KTM_TXF_ATTR_MODE sets the mode in the same call. What
 * a commit does to a directory by making or removing names in it comes before
 * the times set here.
 *
 * Return: 0, or EPERM, EINVAL, EOPNOTSUPP (mode of a symbolic link, unknown
 * bit), and the table above.
 */
struct ktm_txf_setattr {
	__u32 size;
	__u32 flags;
	__s32 tx_fd;
	__s32 dirfd;
	__aligned_u64 path;
	__u32 valid;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	struct ktm_txf_time atime;
	struct ktm_txf_time mtime;
};
#define KTM_IOC_TXF_SETATTR _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_SETATTR)

/**
 * struct ktm_txf_xattr - work on extended attributes
 * @size: sizeof(struct ktm_txf_xattr)
 * @flags: KTM_TXF_F_*
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: pointer to the path
 * @name: pointer to the NUL-terminated name; 0 for KTM_IOC_TXF_LISTXATTR
 * @value: pointer to the value or to a buffer for it; 0 when removing
 * @value_size: in: bytes at @value; out, when reading: bytes of the value
 * @xattr_flags: KTM_IOC_TXF_SETXATTR: 0, XATTR_CREATE or XATTR_REPLACE; else 0
 *
 * ACLs are the attributes system.posix_acl_access and system.posix_acl_default.
 * With @value_size 0, KTM_IOC_TXF_GETXATTR and KTM_IOC_TXF_LISTXATTR only tell
 * the size. The list is NUL-terminated names, one after another.
 *
 * Return: 0, or ENODATA (no such attribute), EEXIST (with XATTR_CREATE), ERANGE
 * (name or buffer has the wrong size), E2BIG (longer than KTM_TXF_XATTR_MAX),
 * EOPNOTSUPP (the
 * file system does not have such attributes), EPERM, and the table above.
 */
struct ktm_txf_xattr {
	__u32 size;
	__u32 flags;
	__s32 tx_fd;
	__s32 dirfd;
	__aligned_u64 path;
	__aligned_u64 name;
	__aligned_u64 value;
	__u32 value_size;
	__u32 xattr_flags;
};
#define KTM_IOC_TXF_SETXATTR _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_SETXATTR)
#define KTM_IOC_TXF_REMOVEXATTR _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_REMOVEXATTR)
#define KTM_IOC_TXF_GETXATTR _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_GETXATTR)
#define KTM_IOC_TXF_LISTXATTR _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_LISTXATTR)

#define KTM_TXF_STAT_F_STAGED	(1U << 16)	/* out: private to the transaction */

/**
 * struct ktm_txf_stat - attributes in the transaction's view (statx)
 * @size: sizeof(struct ktm_txf_stat)
 * @flags: in: KTM_TXF_F_*; out: KTM_TXF_STAT_F_*
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: pointer to the path
 * @ino: out: inode number
 * @bytes: out: length of the file, or of the text of a symbolic link
 * @blocks: out: 512 byte blocks in use
 * @mode: out: type and permission bits
 * @nlink: out: number of names, without changes of the transaction
 * @uid: out: owner in the caller's user namespace
 * @gid: out: group in the caller's user namespace
 * @dev_major: out: device of the file system
 * @dev_minor: out: device of the file system
 * @rdev_major: out: device that a special file stands for
 * @rdev_minor: out: device that a special file stands for
 * @blksize: out: good size for input and output
 * @reserved: must be 0
 * @atime: out: last access
 * @mtime: out: last change of content
 * @ctime: out: last change of the inode
 */
struct ktm_txf_stat {
	__u32 size;
	__u32 flags;
	__s32 tx_fd;
	__s32 dirfd;
	__aligned_u64 path;
	__aligned_u64 ino;
	__aligned_u64 bytes;
	__aligned_u64 blocks;
	__u32 mode;
	__u32 nlink;
	__u32 uid;
	__u32 gid;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 rdev_major;
	__u32 rdev_minor;
	__u32 blksize;
	__u32 reserved;
	struct ktm_txf_time atime;
	struct ktm_txf_time mtime;
	struct ktm_txf_time ctime;
};
#define KTM_IOC_TXF_STAT _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_STAT)

/**
 * struct ktm_txf_read - read a symbolic link or a directory
 * @size: sizeof(struct ktm_txf_read)
 * @flags: must be 0
 * @tx_fd: the transaction
 * @dirfd: where a relative path starts
 * @path: pointer to the path
 * @buffer: pointer to a buffer
 * @length: in: its size; out: bytes filled
 * @reserved: must be 0
 * @cursor: KTM_IOC_TXF_READDIR: in: 0 to start, else what the last call gave
 *	back; out: where to go on. KTM_IOC_TXF_READLINK: 0.
 *
 * KTM_IOC_TXF_READLINK gives the text of a link, without a NUL, cut at @length.
 * KTM_IOC_TXF_READDIR fills in struct ktm_txf_dirent records, whole ones, as
 * many as fit; @length is 0 at the end. "." and ".." are left out.
 *
 * Return: 0, or EINVAL (no symbolic link; the buffer has no room for one
 * record), ENOTDIR, EFAULT, and the table above.
 */
struct ktm_txf_read {
	__u32 size;
	__u32 flags;
	__s32 tx_fd;
	__s32 dirfd;
	__aligned_u64 path;
	__aligned_u64 buffer;
	__u32 length;
	__u32 reserved;
	__aligned_u64 cursor;
};
#define KTM_IOC_TXF_READLINK _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_READLINK)
#define KTM_IOC_TXF_READDIR _IO(KTM_TXF_IOC_TYPE, KTM_TXF_NR_READDIR)

/**
 * struct ktm_txf_dirent - one record of KTM_IOC_TXF_READDIR
 * @ino: inode number
 * @reclen: bytes to the next record, a multiple of 8
 * @type: DT_* of <dirent.h>
 * @reserved: 0
 * @name: the name, NUL-terminated
 */
struct ktm_txf_dirent {
	__aligned_u64 ino;
	__u16 reclen;
	__u8 type;
	__u8 reserved;
	char name[];
};

#endif /* _UAPI_LINUX_KTM_TXF_H */
