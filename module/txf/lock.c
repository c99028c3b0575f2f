// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - locks on objects between transactions
 *
 * First come, first served, and nobody waits: who finds a lock taken is told so
 * at once.
 */
#include <linux/hash.h>
#include <linux/slab.h>

#include "lock.h"
#include "tx.h"
#include "volume.h"

static struct hlist_head *bucket(struct txf_volume *vol, struct inode *inode)
{
	return &vol->locks[hash_ptr(inode, TXF_TABLE_BITS)];
}

static struct txf_lock *find_locked(struct txf_volume *vol, struct inode *inode,
				    enum txf_lock_kind kind)
{
	struct txf_lock *lock;

	lockdep_assert_held(&vol->table_lock);
	hlist_for_each_entry(lock, bucket(vol, inode), hash)
		if (lock->inode == inode && lock->kind == kind)
			return lock;
	return NULL;
}

/* Find the lock, or make it from @spare, which is then taken over. */
static struct txf_lock *get_locked(struct txf_volume *vol, struct inode *inode,
				   enum txf_lock_kind kind,
				   struct txf_lock **spare)
{
	struct txf_lock *lock = find_locked(vol, inode, kind);

	if (lock)
		return lock;
	lock = *spare;
	*spare = NULL;
	lock->inode = inode;
	lock->kind = kind;
	hlist_add_head(&lock->hash, bucket(vol, inode));
	return lock;
}

static void put_locked(struct txf_volume *vol, struct txf_lock *lock)
{
	lockdep_assert_held(&vol->table_lock);
	if (lock->owner || lock->shared)
		return;
	hlist_del(&lock->hash);
	kfree(lock);
}

int txf_lock_share(struct txf_part *part, struct inode *inode)
{
	struct txf_volume *vol = part->vol;
	struct txf_lock *spare, *lock;
	int error = 0;

	spare = kzalloc(sizeof(*spare), GFP_KERNEL_ACCOUNT);
	if (!spare)
		return -ENOMEM;
	spin_lock(&vol->table_lock);
	lock = get_locked(vol, inode, TXF_LOCK_PLACE, &spare);
	if (lock->owner && lock->owner != part) {
		error = -EBUSY;
	} else {
		lock->shared++;
		vol->nr_locks++;
	}
	spin_unlock(&vol->table_lock);
	kfree(spare);
	return error;
}

void txf_lock_unshare(struct txf_part *part, struct inode *inode)
{
	struct txf_volume *vol = part->vol;
	struct txf_lock *lock;

	spin_lock(&vol->table_lock);
	lock = find_locked(vol, inode, TXF_LOCK_PLACE);
	if (!WARN_ON_ONCE(!lock || !lock->shared)) {
		lock->shared--;
		vol->nr_locks--;
		put_locked(vol, lock);
	}
	spin_unlock(&vol->table_lock);
}

int txf_lock_exclude(struct txf_part *part, struct inode *inode,
		     enum txf_lock_kind kind, bool shares)
{
	struct txf_volume *vol = part->vol;
	struct txf_lock *spare, *lock;
	int error = 0;

	spare = kzalloc(sizeof(*spare), GFP_KERNEL_ACCOUNT);
	if (!spare)
		return -ENOMEM;
	spin_lock(&vol->table_lock);
	lock = get_locked(vol, inode, kind, &spare);
	if (lock->owner || lock->shared != shares) {
		error = -EBUSY;
	} else {
		lock->owner = part;
		vol->nr_locks++;
	}
	spin_unlock(&vol->table_lock);
	kfree(spare);
	return error;
}

void txf_lock_release(struct txf_part *part, struct inode *inode,
		      enum txf_lock_kind kind)
{
	struct txf_volume *vol = part->vol;
	struct txf_lock *lock;

	spin_lock(&vol->table_lock);
	lock = find_locked(vol, inode, kind);
	if (!WARN_ON_ONCE(!lock || lock->owner != part)) {
		lock->owner = NULL;
		vol->nr_locks--;
		put_locked(vol, lock);
	}
	spin_unlock(&vol->table_lock);
}
