/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - transactions, and the part of a transaction on one volume
 */
#ifndef _KTM_TXF_TX_H
#define _KTM_TXF_TX_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uuid.h>

struct dentry;
struct ktm_tx;
struct txf_volume;

/**
 * struct txf_tx - a transaction that has called here
 * @list: [txf_tx_table_lock] in the table of all
 * @uuid: [const] the transaction
 * @refs: [txf_tx_table_lock] calls that run and parts
 * @lock: one call at a time; see lock.h
 * @parts: [lock] its parts that can still be worked on, struct txf_part.in_tx
 *
 * Forgotten when no call runs and no part is left: then there is nothing that
 * a later call would have to see.
 */
struct txf_tx {
	struct list_head list;
	uuid_t uuid;
	unsigned int refs;
	/* one call at a time; see lock.h */
	struct mutex lock;
	struct list_head parts;
};

/**
 * enum txf_part_state - what may happen to a part
 * @TXF_PART_ACTIVE: calls work on it
 * @TXF_PART_ENDING: a callback of ktm owns it
 */
enum txf_part_state {
	TXF_PART_ACTIVE,
	TXF_PART_ENDING,
};

/**
 * struct txf_part - what a transaction does on one volume; one enlistment
 * @refs: one for the enlistment, one while in txf_tx.parts
 * @in_tx: [txf_tx.lock] in txf_tx.parts
 * @in_volume: [txf_volume.state_lock] in txf_volume.parts
 * @tx: [const] its transaction, with a reference; NULL if it was recovered
 * @vol: [const] its volume
 * @uuid: [const] the transaction
 * @state: [txf_tx.lock] see enum txf_part_state
 * @dir: [const once set] its staging directory, held; NULL if it is missing
 * @next_number: [overlay] name of the next object in @dir
 * @next_order: [overlay] counts changes
 * @nr_changes: [overlay] changes made, at most KTM_TXF_MAX_STEPS
 * @names: [overlay] changed names, struct txf_name.list
 * @objs: [overlay] changed objects, struct txf_obj.list
 * @dirs: [overlay] directories relied on, struct txf_dir.list
 * @steps: [overlay] what commit does, struct txf_step.list
 * @nr_staged: [overlay] objects staged
 * @recovering: [overlay] recovered, and the outcome is not carried out
 * @prepared: [overlay; read without] may have to be committed by a later life
 *
 * [overlay] is txf_tx.lock while the state is TXF_PART_ACTIVE, later the
 * callback that runs: ktm runs one at a time for an enlistment.
 */
struct txf_part {
	refcount_t refs;
	struct list_head in_tx;
	struct list_head in_volume;
	struct txf_tx *tx;
	struct txf_volume *vol;
	uuid_t uuid;
	enum txf_part_state state;
	struct dentry *dir;
	u64 next_number;
	u64 next_order;
	u32 nr_changes;
	struct list_head names;
	struct list_head objs;
	struct list_head dirs;
	struct list_head steps;
	u64 nr_staged;
	bool recovering;
	bool prepared;
};

/**
 * txf_tx_get - find or make the record of a transaction
 * @uuid: the transaction
 * Return: the record, to be given back with txf_tx_put(), or NULL.
 */
struct txf_tx *txf_tx_get(const uuid_t *uuid);

/**
 * txf_tx_put - give a record back
 * @tx: the record
 */
void txf_tx_put(struct txf_tx *tx);

/**
 * txf_part_find - the part of a transaction on a volume
 * @tx: the transaction
 * @vol: the volume
 * Context: under txf_tx.lock.
 * Return: the part, or NULL.
 */
struct txf_part *txf_part_find(struct txf_tx *tx, struct txf_volume *vol);

/**
 * txf_part_enlist - find the part, or make it and enlist
 * @tx: the transaction
 * @ktx: the same for ktm
 * @vol: the volume
 * Context: under txf_tx.lock and txf_volumes_sem.
 * Return: the part, or ERR_PTR of -ESHUTDOWN or what ktm_enlist() says.
 */
struct txf_part *txf_part_enlist(struct txf_tx *tx, struct ktm_tx *ktx,
				 struct txf_volume *vol);

/**
 * txf_part_recover - make the part for an enlistment of an earlier life
 * @vol: the volume
 * @uuid: the transaction
 * Return: the part, with a reference for the enlistment, or an ERR_PTR.
 */
struct txf_part *txf_part_recover(struct txf_volume *vol, const uuid_t *uuid);

/**
 * txf_part_own - a callback takes the part over from the calls
 * @part: the part
 *
 * Waits for the call that works on it. From then on calls get -EPROTO or
 * -ECANCELED.
 */
void txf_part_own(struct txf_part *part);

/**
 * txf_part_end - forget what the transaction did, and release its locks
 * @part: the part, owned by the caller
 */
void txf_part_end(struct txf_part *part);

/**
 * txf_part_put - give a reference back
 * @part: the part
 */
void txf_part_put(struct txf_part *part);

/**
 * txf_part_change - count one more change
 * @part: the part
 * Context: under txf_tx.lock.
 * Return: 0 or -EMSGSIZE.
 */
int txf_part_change(struct txf_part *part);

#endif /* _KTM_TXF_TX_H */
