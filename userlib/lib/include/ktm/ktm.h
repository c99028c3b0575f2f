/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libktm - one call for each ioctl of ktm, the kernel transaction manager
 *
 * What an object is, what a call does and which errors it has is written in
 * <linux/ktm.h>; here stands only what the library adds.
 *
 * Every call returns a negative errno when it fails. A call that makes or opens
 * an object returns its file descriptor, which close(2) gives back; the others
 * return 0 unless they say otherwise. Nothing is printed, retried or remembered,
 * so all calls may be used from any thread and, but for those that wait (commit,
 * rollback, read, fetch and savepoints), return at once.
 *
 * A struct that the kernel fills comes with its size in bytes, so that a program
 * built against an older <linux/ktm.h> goes on working: pass sizeof. A struct
 * that the caller fills in must be all zero first. A UUID is KTM_UUID_SIZE bytes
 * in the byte order of RFC 4122.
 */
#ifndef _KTM_KTM_H
#define _KTM_KTM_H

#include <stddef.h>
#include <stdint.h>
#include <linux/ktm.h>

#ifdef __cplusplus
extern "C" {
#endif

/** KTM_UUID_TEXT_SIZE: bytes of a UUID as text, with the terminating NUL */
#define KTM_UUID_TEXT_SIZE	37

/* The control node */

/**
 * ktm_control_open - open /dev/ktm
 *
 * Return: the fd, or -ENOENT when the module is not loaded, -EACCES, -EMFILE.
 */
int ktm_control_open(void);

/**
 * ktm_abi_query - what the kernel module can do
 * @fd: any ktm fd
 * @abi: filled in
 * @size: sizeof(*abi)
 *
 * Return: 0 or a negative errno; -ENOTTY when @fd is not of ktm.
 */
int ktm_abi_query(int fd, struct ktm_get_abi *abi, size_t size);

/* The fd of any object */

/**
 * ktm_fd_query - what an fd stands for, and its rights
 * @fd: of any object
 * @info: filled in
 * @size: sizeof(*info)
 *
 * Return: 0 or a negative errno.
 */
int ktm_fd_query(int fd, struct ktm_fd_info *info, size_t size);

/**
 * ktm_fd_restrict - make an fd of the same object with fewer rights
 * @fd: of any object; stays as it is
 * @rights: KTM_RIGHT_* that the new one may have, if @fd has them
 *
 * Return: the new fd, or a negative errno.
 */
int ktm_fd_restrict(int fd, uint64_t rights);

/* Transaction managers */

/**
 * ktm_tm_create - make a volatile transaction manager
 * @control_fd: /dev/ktm
 * @name: text for people, or NULL
 * @mode: permission bits: read = look, write = use
 * @uuid: in: UUID wanted or all zero; out: the UUID. NULL for any.
 *
 * Return: fd of the TM, or a negative errno as in struct ktm_tm_create; -EINVAL
 * also when @name is too long.
 */
int ktm_tm_create(int control_fd, const char *name, unsigned int mode,
		  unsigned char uuid[KTM_UUID_SIZE]);

/**
 * ktm_tm_attach - recover a log and bring its TM online
 * @control_fd: /dev/ktm
 * @attach: flags, dev_fd, mode, uid, gid and, if the log must have a certain one,
 *	uuid filled in, all else zero; uuid and recovered are filled in
 * @size: sizeof(*attach)
 *
 * Return: fd of the TM, or a negative errno as in struct ktm_tm_attach.
 */
int ktm_tm_attach(int control_fd, struct ktm_tm_attach *attach, size_t size);

/**
 * ktm_tm_open - open a TM by its UUID
 * @control_fd: /dev/ktm
 * @uuid: the TM
 *
 * Return: fd of the TM, or a negative errno as in struct ktm_open.
 */
int ktm_tm_open(int control_fd, const unsigned char uuid[KTM_UUID_SIZE]);

/**
 * ktm_tm_list - name the TMs that the caller may see
 * @control_fd: /dev/ktm
 * @cursor: 0 to start; moved on by each call
 * @uuids: array to fill
 * @count: room in it, 1 to 1024
 *
 * Return: number of UUIDs written, 0 at the end, or a negative errno.
 */
int ktm_tm_list(int control_fd, uint64_t *cursor,
		unsigned char (*uuids)[KTM_UUID_SIZE], unsigned int count);

/**
 * ktm_tm_query - state and figures of a TM
 * @tm_fd: the TM
 * @info: filled in
 * @size: sizeof(*info)
 *
 * Return: 0 or a negative errno.
 */
int ktm_tm_query(int tm_fd, struct ktm_tm_info *info, size_t size);

/**
 * ktm_tm_rollforward - how far would recovery go?
 * @tm_fd: a TM attached with KTM_TM_ATTACH_F_NO_RECOVER
 * @clock: virtual clock value
 * @recovered: out: unfinished transactions decided at or before it; may be NULL
 * @left: out: those decided after it; may be NULL
 *
 * Return: 0 or a negative errno as in struct ktm_tm_rollforward.
 */
int ktm_tm_rollforward(int tm_fd, uint64_t clock, uint32_t *recovered,
		       uint32_t *left);

/**
 * ktm_tm_recover - make the unfinished transactions, and go online
 * @tm_fd: a TM attached with KTM_TM_ATTACH_F_NO_RECOVER
 * @flags: KTM_TM_RECOVER_F_*
 * @recovered: out: transactions made; may be NULL
 * @discarded: out: decisions taken back; may be NULL
 *
 * Return: 0 or a negative errno as in struct ktm_tm_recover.
 */
int ktm_tm_recover(int tm_fd, uint32_t flags, uint32_t *recovered,
		   uint32_t *discarded);

/**
 * ktm_tm_freeze - hold commits back while snapshots are taken
 * @tm_fd: the TM; it thaws when the last copy of this fd is closed
 * @freeze_deadline: absolute CLOCK_MONOTONIC time in ns at which to give up
 * @thaw_deadline: absolute CLOCK_MONOTONIC time in ns at which it thaws by itself
 * @tx: out: with -ETIMEDOUT a transaction that was waited for; may be NULL
 *
 * Return: 0 or a negative errno as in struct ktm_tm_freeze.
 */
int ktm_tm_freeze(int tm_fd, uint64_t freeze_deadline, uint64_t thaw_deadline,
		  unsigned char tx[KTM_UUID_SIZE]);

/**
 * ktm_tm_thaw - let commits go on
 * @tm_fd: the TM
 *
 * Return: 0 if it was frozen until now, or a negative errno as in struct
 * ktm_tm_freeze: what was taken meanwhile is not to be relied on.
 */
int ktm_tm_thaw(int tm_fd);

/**
 * ktm_tm_detach - take a durable TM offline and give its device back
 * @tm_fd: the TM
 *
 * Return: 0 or a negative errno as in struct ktm_simple.
 */
int ktm_tm_detach(int tm_fd);

/* Transactions */

/**
 * ktm_tx_create - begin a transaction
 * @tm_fd: its TM
 * @description: text for people, or NULL
 * @deadline: absolute CLOCK_MONOTONIC time in ns, 0 = none
 * @uuid: in: UUID wanted or all zero; out: the UUID. NULL for any.
 *
 * Return: fd of the transaction, or a negative errno as in struct
 * ktm_tx_create; -EINVAL also when @description is too long.
 */
int ktm_tx_create(int tm_fd, const char *description, uint64_t deadline,
		  unsigned char uuid[KTM_UUID_SIZE]);

/**
 * ktm_tx_open - open a transaction by its UUID
 * @tm_fd: its TM
 * @uuid: the transaction
 *
 * Return: fd of the transaction, or a negative errno as in struct ktm_open.
 */
int ktm_tx_open(int tm_fd, const unsigned char uuid[KTM_UUID_SIZE]);

/**
 * ktm_tx_list - name the transactions of a TM
 * @tm_fd: the TM
 * @cursor: 0 to start; moved on by each call
 * @uuids: array to fill
 * @count: room in it, 1 to 1024
 *
 * Return: number of UUIDs written, 0 at the end, or a negative errno.
 */
int ktm_tx_list(int tm_fd, uint64_t *cursor,
		unsigned char (*uuids)[KTM_UUID_SIZE], unsigned int count);

/**
 * ktm_tx_query - state of a transaction, and why it was rolled back
 * @tx_fd: the transaction
 * @info: filled in
 * @size: sizeof(*info)
 *
 * Return: 0 or a negative errno.
 */
int ktm_tx_query(int tx_fd, struct ktm_tx_info *info, size_t size);

/**
 * ktm_tx_commit - commit, and wait for it unless told not to
 * @tx_fd: the transaction
 * @flags: KTM_TX_END_F_*
 *
 * After -EINTR call again: it waits on for the same outcome.
 *
 * Return: 0 when committed, -ECANCELED when rolled back (ktm_tx_query() tells
 * why), or another negative errno as in struct ktm_tx_end.
 */
int ktm_tx_commit(int tx_fd, uint32_t flags);

/**
 * ktm_tx_commit_at - commit, and pass a virtual clock value on
 * @tx_fd: the transaction
 * @flags: as for ktm_tx_commit()
 * @clock: in: the highest value seen, or 0; out: the TM's, if 0 is returned
 *
 * Return: as ktm_tx_commit(); also -EINVAL above KTM_CLOCK_MAX.
 */
int ktm_tx_commit_at(int tx_fd, uint32_t flags, uint64_t *clock);

/**
 * ktm_tx_rollback - roll back, and wait for it unless told not to
 * @tx_fd: the transaction
 * @flags: KTM_TX_END_F_*
 *
 * Return: 0 when rolled back, or a negative errno as in struct ktm_tx_end.
 */
int ktm_tx_rollback(int tx_fd, uint32_t flags);

/**
 * ktm_tx_set_timeout - set, move or clear the deadline
 * @tx_fd: the transaction
 * @deadline: absolute CLOCK_MONOTONIC time in ns, 0 = none
 *
 * Return: 0 or a negative errno as in struct ktm_tx_set_timeout.
 */
int ktm_tx_set_timeout(int tx_fd, uint64_t deadline);

/**
 * ktm_tx_savepoint - set a savepoint
 * @tx_fd: the transaction
 * @savepoint: out: the savepoint, or 0
 * @rm: out: the RM for which it failed, or all zero; may be NULL
 *
 * Return: 0 or a negative errno as in struct ktm_tx_savepoint.
 */
int ktm_tx_savepoint(int tx_fd, uint64_t *savepoint,
		     unsigned char rm[KTM_UUID_SIZE]);

/**
 * ktm_tx_rollback_to - undo what was done since a savepoint was set
 * @tx_fd: the transaction
 * @savepoint: the savepoint, which stays
 * @rm: out: the RM for which it failed, or all zero; may be NULL
 *
 * Return: 0 or a negative errno as in struct ktm_tx_savepoint.
 */
int ktm_tx_rollback_to(int tx_fd, uint64_t savepoint,
		       unsigned char rm[KTM_UUID_SIZE]);

/**
 * ktm_tx_release - forget a savepoint, and those set after it
 * @tx_fd: the transaction
 * @savepoint: the savepoint
 *
 * Return: 0 or a negative errno as in struct ktm_tx_savepoint.
 */
int ktm_tx_release(int tx_fd, uint64_t savepoint);

/* Resource managers */

/**
 * ktm_rm_create - register a resource manager of user space
 * @tm_fd: its TM
 * @name: text for people, or NULL
 * @flags: KTM_RM_F_*
 * @uuid: in: the RM's own UUID, or all zero (volatile RM only); out: the UUID.
 *	NULL is all zero.
 *
 * Return: fd of the RM, or a negative errno as in struct ktm_rm_create;
 * -EINVAL also when @name is too long.
 */
int ktm_rm_create(int tm_fd, const char *name, uint32_t flags,
		  unsigned char uuid[KTM_UUID_SIZE]);

/**
 * ktm_rm_list - name the resource managers of a TM
 * @tm_fd: the TM
 * @cursor: 0 to start; moved on by each call
 * @uuids: array to fill
 * @count: room in it, 1 to 1024
 *
 * Return: number of UUIDs written, 0 at the end, or a negative errno.
 */
int ktm_rm_list(int tm_fd, uint64_t *cursor,
		unsigned char (*uuids)[KTM_UUID_SIZE], unsigned int count);

/**
 * ktm_rm_open - open a resource manager, to look at it
 * @tm_fd: its TM
 * @uuid: the RM
 *
 * Return: an fd with KTM_RIGHT_QUERY, or a negative errno as in struct ktm_open.
 */
int ktm_rm_open(int tm_fd, const unsigned char uuid[KTM_UUID_SIZE]);

/**
 * ktm_rm_query - state of a resource manager
 * @fd: the RM, or its TM
 * @uuid: the RM when @fd is a TM, else NULL
 * @info: filled in
 * @size: sizeof(*info)
 *
 * Return: 0 or a negative errno as in struct ktm_rm_info.
 */
int ktm_rm_query(int fd, const unsigned char uuid[KTM_UUID_SIZE],
		 struct ktm_rm_info *info, size_t size);

/**
 * ktm_rm_recover - ask for what an earlier life of the RM left
 * @rm_fd: the RM
 *
 * Return: 0 or a negative errno as in struct ktm_simple.
 */
int ktm_rm_recover(int rm_fd);

/**
 * ktm_rm_read - fetch notifications
 * @rm_fd: the RM
 * @buffer: filled with struct ktm_notification records; step by their size
 * @size: bytes of room
 *
 * Return: number of bytes, or a negative errno: -EAGAIN when the fd is
 * O_NONBLOCK and nothing waits, -EINTR, -EMSGSIZE.
 */
long ktm_rm_read(int rm_fd, struct ktm_notification *buffer, size_t size);

/**
 * ktm_rm_fetch - fetch notifications, as many as wait and fit
 * @rm_fd: the RM
 * @buffer: filled with struct ktm_notification records; step by their size
 * @size: bytes of room
 * @flags: KTM_RM_FETCH_F_*
 *
 * Return: number of bytes, or a negative errno as in struct ktm_rm_fetch.
 */
long ktm_rm_fetch(int rm_fd, struct ktm_notification *buffer, size_t size,
		  uint32_t flags);

/* Enlistments */

/**
 * ktm_en_create - enlist in a transaction
 * @rm_fd: the RM, recovered
 * @tx_fd: the transaction
 * @key: given back in each notification
 * @flags: KTM_EN_F_*
 * @uuid: out: the enlistment; may be NULL
 *
 * Return: fd of the enlistment, or a negative errno as in struct
 * ktm_en_create.
 */
int ktm_en_create(int rm_fd, int tx_fd, uint64_t key, uint32_t flags,
		  unsigned char uuid[KTM_UUID_SIZE]);

/**
 * ktm_en_open - open an enlistment of an earlier life
 * @rm_fd: the RM
 * @uuid: the enlistment, as KTM_NOTIFY_RECOVER named it
 * @key: given back in each notification from now on
 *
 * Return: fd of the enlistment, or a negative errno as in struct ktm_en_open.
 */
int ktm_en_open(int rm_fd, const unsigned char uuid[KTM_UUID_SIZE],
		uint64_t key);

/**
 * ktm_en_query - state of an enlistment
 * @en_fd: the enlistment
 * @info: filled in
 * @size: sizeof(*info)
 *
 * Return: 0 or a negative errno.
 */
int ktm_en_query(int en_fd, struct ktm_en_info *info, size_t size);

/**
 * ktm_en_query_by_uuid - state of any enlistment of a TM
 * @tm_fd: the TM
 * @uuid: the enlistment
 * @info: filled in
 * @size: sizeof(*info)
 *
 * Return: 0 or a negative errno.
 */
int ktm_en_query_by_uuid(int tm_fd, const unsigned char uuid[KTM_UUID_SIZE],
			 struct ktm_en_info *info, size_t size);

/**
 * ktm_en_list - name the enlistments of a TM, a transaction or an RM
 * @fd: the TM, transaction or RM
 * @cursor: 0 to start; moved on by each call
 * @uuids: array to fill
 * @count: room in it, 1 to 1024
 *
 * Return: number of UUIDs written, 0 at the end, or a negative errno.
 */
int ktm_en_list(int fd, uint64_t *cursor, unsigned char (*uuids)[KTM_UUID_SIZE],
		unsigned int count);

/**
 * ktm_en_log - append a redo record to the RM's stream
 * @en_fd: the enlistment
 * @data: the record
 * @length: its bytes, 1 to KTM_RECORD_MAX
 * @lsn: out: where it stands; may be NULL
 *
 * Return: 0 or a negative errno as in struct ktm_en_log.
 */
int ktm_en_log(int en_fd, const void *data, uint32_t length, uint64_t *lsn);

/**
 * ktm_en_read_log - read back a redo record
 * @en_fd: the enlistment
 * @index: which one, counted from 0
 * @buffer: filled with it
 * @length: in: room; out: length of the record, also with -EMSGSIZE
 *
 * Return: 0, -ENOENT after the last one, or another negative errno as in
 * struct ktm_en_read_log.
 */
int ktm_en_read_log(int en_fd, uint64_t index, void *buffer, uint32_t *length);

/**
 * ktm_en_set_recovery_info - keep bytes to be found again in recovery
 * @en_fd: the enlistment
 * @data: the bytes
 * @length: how many, at most KTM_RECOVERY_INFO_MAX; 0 takes them away
 *
 * Return: 0 or a negative errno as in struct ktm_en_recovery_info.
 */
int ktm_en_set_recovery_info(int en_fd, const void *data, uint32_t length);

/**
 * ktm_en_get_recovery_info - get them back
 * @en_fd: the enlistment
 * @buffer: filled with them
 * @length: in: room; out: bytes that there are, also with -EMSGSIZE
 *
 * Return: 0 or a negative errno as in struct ktm_en_recovery_info.
 */
int ktm_en_get_recovery_info(int en_fd, void *buffer, uint32_t *length);

/**
 * ktm_en_recover - ask for the outcome of an enlistment of an earlier life
 * @en_fd: the enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_recover(int en_fd);

/**
 * ktm_en_savepoint_complete - answer SAVEPOINT, SAVEPOINT_ROLLBACK, _RELEASE
 * @en_fd: the enlistment
 * @savepoint: that of the notification
 * @error: errno (positive) to refuse to set it, or 0
 *
 * Return: 0 or a negative errno as in struct ktm_en_savepoint.
 */
int ktm_en_savepoint_complete(int en_fd, uint64_t savepoint, unsigned int error);

/**
 * ktm_en_preprepare_complete - answer PREPREPARE: nothing is cached any more
 * @en_fd: the enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_preprepare_complete(int en_fd);

/**
 * ktm_en_prepare_complete - answer PREPARE: can go either way now
 * @en_fd: the enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_prepare_complete(int en_fd);

/**
 * ktm_en_commit_complete - answer COMMIT and SINGLE_PHASE_COMMIT: it is done
 * @en_fd: the enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_commit_complete(int en_fd);

/**
 * ktm_en_rollback_complete - answer ROLLBACK: it is undone
 * @en_fd: the enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_rollback_complete(int en_fd);

/**
 * ktm_en_read_only - leave the transaction: nothing was changed
 * @en_fd: the enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_read_only(int en_fd);

/**
 * ktm_en_reject_single_phase - answer SINGLE_PHASE_COMMIT: take two phases
 * @en_fd: the enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_reject_single_phase(int en_fd);

/**
 * ktm_en_request_outcome - prepared, and cannot wait any longer
 * @en_fd: the enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_request_outcome(int en_fd);

/**
 * ktm_en_preprepare - order of a superior: phase 0
 * @en_fd: the superior's enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_preprepare(int en_fd);

/**
 * ktm_en_prepare - order of a superior: phase 1, and phase 0 if it was not ordered
 * @en_fd: the superior's enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_prepare(int en_fd);

/**
 * ktm_en_commit - order of a superior: commit what is prepared
 * @en_fd: the superior's enlistment
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_commit(int en_fd);

/**
 * ktm_en_answer_at - answer, and pass a virtual clock value on
 * @en_fd: the enlistment
 * @answer: KTM_IOC_EN_PREPARE_COMPLETE or another that takes struct ktm_en_answer
 * @clock: in: the highest value seen, or 0; out: the TM's, if 0 is returned
 *
 * Return: 0 or a negative errno as in struct ktm_en_answer.
 */
int ktm_en_answer_at(int en_fd, unsigned int answer, uint64_t *clock);

/**
 * ktm_en_rollback - refuse: roll the whole transaction back
 * @en_fd: the enlistment
 * @reason: KTM_REASON_RM or KTM_REASON_CONFLICT
 * @error: errno (positive) for the client, or 0
 * @detail: text for the client, or NULL; cut if it is too long
 *
 * Return: 0 or a negative errno as in struct ktm_en_rollback.
 */
int ktm_en_rollback(int en_fd, enum ktm_reason reason, unsigned int error,
		    const char *detail);

/* Text */

/**
 * ktm_uuid_parse - read a UUID
 * @text: 36 characters, in either case
 * @uuid: out: the UUID
 *
 * Return: 0, or -EINVAL when @text is not a UUID.
 */
int ktm_uuid_parse(const char *text, unsigned char uuid[KTM_UUID_SIZE]);

/**
 * ktm_uuid_format - write a UUID
 * @uuid: the UUID
 * @text: out: 36 characters, lower case, and a NUL
 */
void ktm_uuid_format(const unsigned char uuid[KTM_UUID_SIZE],
		     char text[KTM_UUID_TEXT_SIZE]);

/**
 * ktm_tm_state_name - name of an enum ktm_tm_state
 * @state: the state
 *
 * Return: a word in lower case; "unknown" for an unknown state.
 */
const char *ktm_tm_state_name(uint32_t state);

/**
 * ktm_tx_state_name - name of an enum ktm_tx_state
 * @state: the state
 *
 * Return: a word in lower case; "unknown" for an unknown state.
 */
const char *ktm_tx_state_name(uint32_t state);

/**
 * ktm_rm_state_name - name of an enum ktm_rm_state
 * @state: the state
 *
 * Return: a word in lower case; "unknown" for an unknown state.
 */
const char *ktm_rm_state_name(uint32_t state);

/**
 * ktm_en_state_name - name of an enum ktm_en_state
 * @state: the state
 *
 * Return: a word in lower case; "unknown" for an unknown state.
 */
const char *ktm_en_state_name(uint32_t state);

/**
 * ktm_reason_name - name of an enum ktm_reason
 * @reason: the reason
 *
 * Return: words in lower case; "unknown" for an unknown reason.
 */
const char *ktm_reason_name(uint32_t reason);

#ifdef __cplusplus
}
#endif

#endif /* _KTM_KTM_H */
