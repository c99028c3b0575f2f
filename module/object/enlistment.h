/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - enlistment object: a resource manager's part in a transaction
 */
#ifndef _KTM_OBJECT_ENLISTMENT_H
#define _KTM_OBJECT_ENLISTMENT_H

#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "notify.h"
#include "object.h"
#include "rm.h"
#include "tx.h"

/**
 * struct ktm_recovery_info - bytes that a resource manager finds again
 * @length: of the data, at least 1
 * @data: the RM's
 */
struct ktm_recovery_info {
	u32 length;
	u8 data[];
};

static_assert(KTM_EN_F_MASK <= U8_MAX);

/**
 * struct ktm_enlistment - an enlistment
 * @obj: identity and references
 * @tx: its transaction, with a reference [const]
 * @rm: its resource manager, with a reference [const]
 * @payer: to whom it is charged [const]
 * @state: enum ktm_en_state; assigned by protocol/state.c only [tx.lock]
 * @awaited: counted in tx.nr_waiting [tx.lock]
 * @suspended: the RM is away, or came back and has not asked for the outcome
 *	yet: nothing is sent [tx.lock]
 * @watching: in tx.watchers; never goes back [tx.lock]
 * @refused: has not set the savepoint that it was asked for last [tx.lock]
 * @flags: KTM_EN_F_*; KTM_EN_F_SUPERIOR makes it a superior's, which has a table
 *	of its own [const]
 * @nr_files: fds of it that may answer [tx.lock]
 * @tx_node: in tx.enlistments or tx.watchers; empty in a superior's [tx.lock]
 * @rm_node: in rm.enlistments [rm.lock]
 * @life: life of the RM in which it was made or seen last [rm.lock]
 * @unresolved: life of the RM in whose nr_unresolved it counts, or 0 [rm.lock]
 * @key: the RM's [rm.lock to change]
 * @note: the notification that waits [rm.lock]
 * @work: delivers it to a kernel RM
 * @log_lock: order of the records; protects the rest
 * @lsns: REDO records, in order [log_lock]
 * @nr_records: length of lsns [log_lock; read without]
 * @max_records: room in lsns [log_lock]
 * @prepare_lsn: the PREPARE record, or 0 [log_lock]
 * @info: recovery information, or NULL [log_lock]
 *
 * A million of them may be there: 256 bytes without debugging, a size that the
 * slab allocator has.
 */
struct ktm_enlistment {
	struct ktm_object obj;
	struct ktm_tx *tx;
	struct ktm_rm *rm;
	kuid_t payer;

	enum ktm_en_state state;
	bool awaited:1;
	bool suspended:1;
	bool watching:1;
	bool refused:1;
	u8 flags;
	u32 nr_files;
	struct list_head tx_node;

	struct list_head rm_node;
	u32 life;
	u32 unresolved;
	u64 key;
	struct ktm_note note;
	struct work_struct work;

	struct mutex log_lock;	/* order of the records */
	u64 *lsns;
	u32 nr_records;
	u32 max_records;
	u64 prepare_lsn;
	struct ktm_recovery_info *info;
};

/**
 * ktm_enlistment_alloc - first stage of making an enlistment
 * @tx: its transaction; a reference is taken
 * @rm: its resource manager; a reference is taken
 * @uuid: identity, or nil for a new one
 * @flags: KTM_EN_F_*
 * @payer: to whom it is charged
 * Context: process context.
 * Return: the enlistment in state NEW with one reference, or an ERR_PTR.
 */
struct ktm_enlistment *ktm_enlistment_alloc(struct ktm_tx *tx, struct ktm_rm *rm,
					    const uuid_t *uuid, u32 flags,
					    struct ktm_payer payer);

/**
 * ktm_enlistment_adopt_key - give the enlistment its key
 * @en: the enlistment, without a key if its RM is in the kernel
 * @key: the RM's; of a kernel RM it is released once
 */
void ktm_enlistment_adopt_key(struct ktm_enlistment *en, u64 key);

/**
 * ktm_enlistment_key - the key that its RM has given
 * @en: the enlistment
 * Return: the key, 0 when the life of the RM that gave it has ended.
 */
u64 ktm_enlistment_key(struct ktm_enlistment *en);

/**
 * ktm_enlistment_forget_key - leave the key to the caller, who failed to enlist
 * @en: the enlistment
 */
void ktm_enlistment_forget_key(struct ktm_enlistment *en);

/**
 * ktm_enlistment_release_key - take the key away and let a kernel RM free it
 * @en: the enlistment
 * Context: process context.
 */
void ktm_enlistment_release_key(struct ktm_enlistment *en);

/**
 * ktm_enlistment_find - look an enlistment up
 * @tm: where
 * @uuid: which
 * Return: the enlistment with a reference, or NULL.
 */
struct ktm_enlistment *ktm_enlistment_find(struct ktm_tm *tm, const uuid_t *uuid);

/**
 * ktm_enlistment_add_lsn - remember a REDO record
 * @en: the enlistment, log_lock held
 * @lsn: where it stands; room was made by ktm_enlistment_grow_lsns()
 */
void ktm_enlistment_add_lsn(struct ktm_enlistment *en, u64 lsn);

/**
 * ktm_enlistment_grow_lsns - make room for one more REDO record
 * @en: the enlistment, log_lock held
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int ktm_enlistment_grow_lsns(struct ktm_enlistment *en);

#endif /* _KTM_OBJECT_ENLISTMENT_H */
