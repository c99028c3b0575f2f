/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - kernel transaction manager: interface for resource managers in the kernel
 *
 * All symbols are exported GPL-only in the namespace KTM.
 */
#ifndef _LINUX_KTM_H
#define _LINUX_KTM_H

#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/version.h>
#include <uapi/linux/ktm.h>

/* For MODULE_IMPORT_NS(), which takes a string from 6.13 on. */
#if KERNEL_VERSION(6, 13, 0) <= LINUX_VERSION_CODE
#define KTM_NS	"KTM"
#else
#define KTM_NS	KTM
#endif

struct module;
struct ktm_tm;
struct ktm_tx;
struct ktm_rm;
struct ktm_enlistment;

/**
 * struct ktm_rm_ops - what a resource manager in the kernel does
 * @owner: THIS_MODULE; pinned while the RM is registered
 * @preprepare: phase 0: write what is cached to the RMs below, and from now on
 *	write through. Answer with ktm_enlistment_preprepare_complete(),
 *	_read_only() or _rollback(). May be NULL if the RM never enlists with
 *	KTM_EN_F_PREPREPARE.
 * @prepare: make the work durable, so that it can go either way. Answer with
 *	ktm_enlistment_prepare_complete(), _read_only() or _rollback().
 * @commit: carry it out. Must not fail. Answer with
 *	ktm_enlistment_commit_complete(). May come twice over restarts.
 * @rollback: undo it; answer with ktm_enlistment_rollback_complete(). May come
 *	while the work is still going on in another thread.
 * @single_phase: decide and carry it out at once; answer commit complete,
 *	ktm_enlistment_reject_single_phase() or _rollback(). May be NULL if the
 *	RM never enlists with KTM_EN_F_SINGLE_PHASE.
 * @savepoint: @what is KTM_NOTIFY_SAVEPOINT, _ROLLBACK or _RELEASE: set a savepoint, undo
 *	what was done since it was set, or forget it: see enum ktm_notify. Answer
 *	with ktm_enlistment_savepoint_complete(), _read_only() or _rollback(). May be
 *	NULL if the RM never enlists with KTM_EN_F_SAVEPOINTS.
 * @indoubt: a prepared enlistment has to wait: the superior that decides is away.
 *	No answer; @commit or @rollback follows. May be NULL.
 * @disconnected: an enlistment that was read-only, with KTM_EN_F_DISCONNECTED: the
 *	RM that was to decide alone has vanished, the outcome is lost. No answer.
 *	May be NULL.
 * @recover: an unresolved enlistment of an earlier life. Read its redo with
 *	ktm_enlistment_read_log(), set the key with ktm_enlistment_set_key(), and
 *	return 0; the outcome follows by @commit or @rollback, or by @release alone
 *	if the transaction was rolled back before this returned. A negative errno
 *	leaves it unresolved until the RM's next life. NULL for a volatile RM.
 * @last_recover: the last @recover has returned. May be NULL.
 * @release: the last reference to the enlistment went away; free the key.
 *	May be NULL. Any process context; may not sleep on a transaction.
 *
 * All but @release run from a workqueue of ktm's, may sleep, and may answer at
 * once or later from any process context. Enlistments run in parallel; the calls
 * for one enlistment never do. @key is what the RM gave for the enlistment.
 */
struct ktm_rm_ops {
	struct module *owner;
	void (*preprepare)(struct ktm_enlistment *en, void *key);
	void (*prepare)(struct ktm_enlistment *en, void *key);
	void (*commit)(struct ktm_enlistment *en, void *key);
	void (*rollback)(struct ktm_enlistment *en, void *key);
	void (*single_phase)(struct ktm_enlistment *en, void *key);
	void (*savepoint)(struct ktm_enlistment *en, void *key, enum ktm_notify what,
			  u64 savepoint);
	void (*indoubt)(struct ktm_enlistment *en, void *key);
	void (*disconnected)(struct ktm_enlistment *en, void *key);
	int (*recover)(struct ktm_rm *rm, struct ktm_enlistment *en);
	void (*last_recover)(struct ktm_rm *rm);
	void (*release)(void *key);
};

/*
 * References by fd, for RMs whose front end gets a transaction or TM as an fd.
 * Both return ERR_PTR(-EBADF), ERR_PTR(-EBADFD) or, where a right is missing
 * (KTM_RIGHT_ENLIST of a transaction, KTM_RIGHT_CREATE_RM of a TM), ERR_PTR(-EPERM).
 */

/**
 * ktm_tx_get_by_fd - take a reference on the transaction behind an fd
 * @fd: fd of the current process
 *
 * The reference does not keep the transaction from being rolled back.
 *
 * Context: process context.
 * Return: the transaction, to be given back with ktm_tx_put(), or an ERR_PTR.
 */
struct ktm_tx *ktm_tx_get_by_fd(int fd);

/**
 * ktm_tx_put - give a reference back
 * @tx: the transaction
 * Context: process context.
 */
void ktm_tx_put(struct ktm_tx *tx);

/**
 * ktm_tx_uuid - the transaction's UUID
 * @tx: the transaction
 * Return: a pointer that lives as long as the reference.
 */
const uuid_t *ktm_tx_uuid(const struct ktm_tx *tx);

/**
 * ktm_tx_tm - the transaction manager of a transaction
 * @tx: the transaction
 * Return: the TM, without a reference of its own.
 */
struct ktm_tm *ktm_tx_tm(const struct ktm_tx *tx);

/**
 * ktm_tx_check_active - may work still be done under it?
 * @tx: the transaction
 *
 * Advisory: the answer may be old when it arrives.
 *
 * Return: 0, -ECANCELED when it was rolled back, -EBUSY while a savepoint is being set,
 * rolled back to or released, -EPROTO when its commit has begun or is over.
 */
int ktm_tx_check_active(struct ktm_tx *tx);

/**
 * ktm_tm_get_by_fd - take a reference on the TM behind an fd
 * @fd: fd of the current process
 * Context: process context.
 * Return: the TM, to be given back with ktm_tm_put(), or an ERR_PTR.
 */
struct ktm_tm *ktm_tm_get_by_fd(int fd);

/**
 * ktm_tm_put - give a reference back
 * @tm: the TM
 * Context: process context.
 */
void ktm_tm_put(struct ktm_tm *tm);

/**
 * ktm_tm_uuid - the TM's UUID
 * @tm: the TM
 * Return: a pointer that lives as long as the reference.
 */
const uuid_t *ktm_tm_uuid(const struct ktm_tm *tm);

/**
 * ktm_tm_is_durable - has the TM a log?
 * @tm: the TM
 * Return: true if it has.
 */
bool ktm_tm_is_durable(const struct ktm_tm *tm);

/**
 * ktm_tm_is_online - does the TM still work?
 * @tm: the TM
 *
 * Advisory. If its log has failed, transactions that are prepared stay so until
 * the log is attached again and the RM has its next life.
 *
 * Return: true if it does.
 */
bool ktm_tm_is_online(const struct ktm_tm *tm);

/**
 * ktm_tm_clock - the virtual clock
 * @tm: the TM
 * Return: its value now.
 */
u64 ktm_tm_clock(const struct ktm_tm *tm);

/**
 * ktm_tm_see_clock - a clock value has come from another component
 * @tm: the TM
 * @clock: the value; moves the virtual clock forward if it is greater
 *
 * Call it before the answer that it belongs to, so that a decision which the
 * answer brings about is stamped with it.
 *
 * Context: any.
 * Return: 0, or -EINVAL above KTM_CLOCK_MAX.
 */
int ktm_tm_see_clock(struct ktm_tm *tm, u64 clock);

/**
 * ktm_rm_register - register a resource manager
 * @tm: its TM; a reference is taken
 * @uuid: its UUID, the same in each of its lives
 * @name: text for people, shorter than KTM_NAME_MAX
 * @flags: 0 or KTM_RM_F_VOLATILE
 * @ops: its functions
 * @priv: see ktm_rm_priv()
 *
 * Call ktm_rm_recover() next; it may not enlist before.
 *
 * Context: process context, may sleep.
 * Return: the RM, or ERR_PTR of -EEXIST (that RM is present), -EINVAL (durable
 * RM on a volatile TM, name too long, ops missing), -ESHUTDOWN, -ENOMEM.
 */
struct ktm_rm *ktm_rm_register(struct ktm_tm *tm, const uuid_t *uuid,
			       const char *name, u32 flags,
			       const struct ktm_rm_ops *ops, void *priv);

/**
 * ktm_rm_recover - resolve what an earlier life left, and go online
 * @rm: the resource manager
 *
 * Calls ops->recover for each unresolved enlistment, then ops->last_recover,
 * and returns when that is over. Outcomes follow from the workqueue; call
 * ktm_rm_settle() to wait until they have been carried out.
 *
 * Context: process context, may sleep.
 * Return: 0, -EALREADY when called twice, -ESHUTDOWN.
 */
int ktm_rm_recover(struct ktm_rm *rm);

/**
 * ktm_rm_settle - wait until no recovered enlistment is left that was taken
 * @rm: the resource manager
 *
 * Context: process context, may sleep, killable.
 * Return: 0, -EINTR when killed, -ESHUTDOWN when the TM went offline first.
 */
int ktm_rm_settle(struct ktm_rm *rm);

/**
 * ktm_rm_unregister - the resource manager leaves
 * @rm: the resource manager; not to be used afterwards
 *
 * Transactions that it has not prepared are rolled back; the others wait for
 * its next life. Returns when no callback runs any more and all keys have been
 * released by the RM's own enlistments.
 *
 * Context: process context, may sleep. Not from a callback.
 */
void ktm_rm_unregister(struct ktm_rm *rm);

/**
 * ktm_rm_priv - the pointer given at registration
 * @rm: the resource manager
 * Return: @priv of ktm_rm_register().
 */
void *ktm_rm_priv(const struct ktm_rm *rm);

/**
 * ktm_enlist - take part in a transaction
 * @rm: the resource manager, recovered
 * @tx: the transaction
 * @key: given to every callback; freed by ops->release
 * @flags: KTM_EN_F_SINGLE_PHASE, KTM_EN_F_PREPREPARE, KTM_EN_F_DISCONNECTED,
 *	KTM_EN_F_SAVEPOINTS
 *
 * Callbacks may come before this returns. On failure ops->release is not
 * called.
 *
 * Context: process context, may sleep.
 * Return: the enlistment with a reference for the caller, to be given back with
 * ktm_enlistment_put() (giving it back ends nothing), or ERR_PTR of -EPROTO,
 * -ECANCELED, -EXDEV, -EMSGSIZE, -ESHUTDOWN, -ENOMEM, -EBUSY (a savepoint is being set,
 * rolled back to or released).
 */
struct ktm_enlistment *ktm_enlist(struct ktm_rm *rm, struct ktm_tx *tx,
				  void *key, u32 flags);

/**
 * ktm_enlistment_get - take another reference
 * @en: the enlistment
 */
void ktm_enlistment_get(struct ktm_enlistment *en);

/**
 * ktm_enlistment_put - give a reference back
 * @en: the enlistment
 * Context: process context.
 */
void ktm_enlistment_put(struct ktm_enlistment *en);

/**
 * ktm_enlistment_set_key - set the key, from ops->recover
 * @en: the enlistment
 * @key: given to every later callback; freed by ops->release
 */
void ktm_enlistment_set_key(struct ktm_enlistment *en, void *key);

/**
 * ktm_enlistment_tx_uuid - UUID of the transaction it belongs to
 * @en: the enlistment
 * Return: a pointer that lives as long as the reference.
 */
const uuid_t *ktm_enlistment_tx_uuid(const struct ktm_enlistment *en);

/**
 * ktm_enlistment_log - append a redo record to the RM's stream
 * @en: the enlistment, not yet prepared
 * @data: the record
 * @length: 1 to KTM_RECORD_MAX bytes
 *
 * Costs no flush: the record is durable when the decision is. A rollback to a
 * savepoint takes none back.
 *
 * Context: process context, may sleep.
 * Return: 0, or the errno of KTM_IOC_EN_LOG, negative.
 */
int ktm_enlistment_log(struct ktm_enlistment *en, const void *data, u32 length);

/**
 * ktm_enlistment_read_log - read the redo records back, in order of writing
 * @en: the enlistment
 * @fn: called for each; a non-zero return value ends the walk and is returned
 * @ctx: passed to @fn
 *
 * Context: process context, may sleep. No ktm call is allowed in @fn.
 * Return: 0, what @fn returned, -EIO, -EUCLEAN, -ENOMEM.
 */
int ktm_enlistment_read_log(struct ktm_enlistment *en,
			    int (*fn)(void *ctx, const void *data, u32 length),
			    void *ctx);

/**
 * ktm_enlistment_set_recovery_info - keep bytes to be found again in recovery
 * @en: the enlistment, not yet prepared
 * @data: the bytes; copied
 * @length: how many, at most KTM_RECOVERY_INFO_MAX; 0 takes them away
 *
 * Replaces what was set before. Logged with the prepare answer.
 *
 * Context: process context, may sleep.
 * Return: 0, or the errno of KTM_IOC_EN_SET_RECOVERY_INFO, negative.
 */
int ktm_enlistment_set_recovery_info(struct ktm_enlistment *en, const void *data,
				     u32 length);

/**
 * ktm_enlistment_get_recovery_info - get them back
 * @en: the enlistment, also in ops->recover
 * @buffer: room for them
 * @length: in: size of @buffer; out: bytes that there are, also with -EMSGSIZE
 *
 * Context: process context, may sleep.
 * Return: 0, -EINVAL (volatile TM or RM), -EMSGSIZE (nothing was copied).
 */
int ktm_enlistment_get_recovery_info(struct ktm_enlistment *en, void *buffer,
				     u32 *length);

/*
 * Answers. All may be called from a callback or later, from process context.
 * They return 0, -EPROTO (not asked for), -EALREADY (a late duplicate),
 * -ECANCELED (rolled back meanwhile, ops->rollback comes), and prepare complete
 * also -ENOSPC, -EIO, -ENOMEM, -ESHUTDOWN (the vote could not be logged; the
 * transaction is rolled back and ops->rollback comes).
 */

/**
 * ktm_enlistment_savepoint_complete - answers ops->savepoint
 * @en: the enlistment
 * @savepoint: as the callback had it
 * @error: errno, positive, to refuse to set one, or 0
 * Return: see above; -EINVAL (@error is that of the kernel alone, or refuses what cannot
 * be refused).
 */
int ktm_enlistment_savepoint_complete(struct ktm_enlistment *en, u64 savepoint, int error);

/**
 * ktm_enlistment_preprepare_complete - what was cached is written, phase 0 is over
 * @en: the enlistment
 * Return: see above.
 */
int ktm_enlistment_preprepare_complete(struct ktm_enlistment *en);

/**
 * ktm_enlistment_prepare_complete - the work is durable, cannot refuse any more
 * @en: the enlistment
 * Return: see above.
 */
int ktm_enlistment_prepare_complete(struct ktm_enlistment *en);

/**
 * ktm_enlistment_commit_complete - committed; answers commit and single phase
 * @en: the enlistment
 * Return: see above.
 */
int ktm_enlistment_commit_complete(struct ktm_enlistment *en);

/**
 * ktm_enlistment_rollback_complete - undone
 * @en: the enlistment
 * Return: see above.
 */
int ktm_enlistment_rollback_complete(struct ktm_enlistment *en);

/**
 * ktm_enlistment_read_only - changed nothing, leaves
 * @en: the enlistment
 * Return: see above.
 */
int ktm_enlistment_read_only(struct ktm_enlistment *en);

/**
 * ktm_enlistment_request_outcome - prepared, and cannot wait any longer
 * @en: the enlistment
 *
 * See KTM_IOC_EN_REQUEST_OUTCOME.
 *
 * Return: 0, -EPROTO, -EALREADY, -ECANCELED, -EIO.
 */
int ktm_enlistment_request_outcome(struct ktm_enlistment *en);

/**
 * ktm_enlistment_reject_single_phase - wants two phases
 * @en: the enlistment
 * Return: see above.
 */
int ktm_enlistment_reject_single_phase(struct ktm_enlistment *en);

/**
 * ktm_enlistment_rollback - refuse: roll the whole transaction back
 * @en: the enlistment, not yet prepared
 * @reason: KTM_REASON_RM or KTM_REASON_CONFLICT
 * @error: errno for the client, positive, or 0
 * @detail: text for the client, cut at KTM_DETAIL_MAX, or NULL
 * Return: see above.
 */
int ktm_enlistment_rollback(struct ktm_enlistment *en, enum ktm_reason reason,
			    int error, const char *detail);

/**
 * ktm_enlistment_reason - why was its transaction rolled back?
 * @en: the enlistment; e.g. in ops->rollback
 * @error: out: errno that goes with it, positive, or 0; may be NULL
 *
 * Context: any but an interrupt.
 * Return: the reason, KTM_REASON_NONE if it was not rolled back.
 */
enum ktm_reason ktm_enlistment_reason(struct ktm_enlistment *en, int *error);

#endif /* _LINUX_KTM_H */
