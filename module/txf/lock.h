/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - locks on objects between transactions, and the lock ranking
 */
#ifndef _KTM_TXF_LOCK_H
#define _KTM_TXF_LOCK_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/types.h>

struct txf_part;

/*
 * Lock ranking, outermost first:
 *
 *   txf_enable_mutex		enabling and disabling, one at a time
 *     txf_volumes_sem		the list of volumes; read by every call
 *       txf_tx.lock		work under one transaction; its overlay
 *         locks of ktm		inside ktm_enlist()
 *         freeze protection	mnt_want_write()
 *           inode locks	of the file system, parents first
 *             txf_volume.table_lock
 *   txf_tx_table_lock		leaf; nests in txf_tx.lock
 *
 * Callbacks of ktm take txf_tx.lock only to move txf_part.state on from
 * TXF_PART_ACTIVE. After that the callback owns the part and its overlay, and
 * no lock is held while it waits for the disk.
 */

/**
 * enum txf_lock_kind - what a lock on an object protects
 * @TXF_LOCK_PLACE: that it stays where it is; its content, too, if it is no
 *	directory. Shared by those who rely on a directory, exclusive for who
 *	changes, moves or removes it.
 * @TXF_LOCK_ATTR: attributes of a directory; always exclusive
 */
enum txf_lock_kind {
	TXF_LOCK_PLACE,
	TXF_LOCK_ATTR,
};

/**
 * struct txf_lock - a lock on an object of a volume
 * @hash: [txf_volume.table_lock] in txf_volume.locks
 * @inode: [const] the object; whoever holds the lock holds the inode
 * @kind: [const] what is locked
 * @owner: [txf_volume.table_lock] exclusive holder, or NULL
 * @shared: [txf_volume.table_lock] number of parts that share it
 */
struct txf_lock {
	struct hlist_node hash;
	struct inode *inode;
	enum txf_lock_kind kind;
	struct txf_part *owner;
	unsigned int shared;
};

/**
 * txf_lock_share - take a shared lock for a part that has none on the object
 * @part: who wants it
 * @inode: the object
 * Context: under txf_tx.lock.
 * Return: 0, -EBUSY when another transaction has it exclusively, -ENOMEM.
 */
int txf_lock_share(struct txf_part *part, struct inode *inode);

/**
 * txf_lock_unshare - give a shared lock back
 * @part: who has it
 * @inode: the object
 */
void txf_lock_unshare(struct txf_part *part, struct inode *inode);

/**
 * txf_lock_exclude - take an exclusive lock for a part that has none
 * @part: who wants it
 * @inode: the object
 * @kind: what to lock
 * @shares: whether the part shares the lock already
 * Context: under txf_tx.lock.
 * Return: 0, -EBUSY when another transaction has it or shares it, -ENOMEM.
 */
int txf_lock_exclude(struct txf_part *part, struct inode *inode,
		     enum txf_lock_kind kind, bool shares);

/**
 * txf_lock_release - give an exclusive lock back
 * @part: who has it
 * @inode: the object
 * @kind: what is locked
 */
void txf_lock_release(struct txf_part *part, struct inode *inode,
		      enum txf_lock_kind kind);

#endif /* _KTM_TXF_LOCK_H */
