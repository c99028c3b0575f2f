/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - enabled file systems
 */
#ifndef _KTM_TXF_VOLUME_H
#define _KTM_TXF_VOLUME_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/uuid.h>
#include <linux/wait.h>
#include <linux/ktm.h>
#include <uapi/linux/ktm_txf.h>

#define TXF_TABLE_BITS	13

/* Counters for KTM_IOC_TXF_STATUS. */
enum txf_counter {
	TXF_COUNT_STAGED,
	TXF_COUNT_COMMITTED,
	TXF_COUNT_ABORTED,
	TXF_COUNT_CONFLICTS,
	TXF_COUNT_BUSY,
	TXF_COUNT_RECOVERED,
	TXF_COUNT_SKIPPED,
	TXF_COUNT_KEPT,
	TXF_COUNT_NR,
};

/**
 * struct txf_volume - an enabled file system, which is one resource manager
 * @list: [txf_volumes_sem] in txf_volumes
 * @mnt: [const] the mount it was enabled at, held
 * @staging: [const] the staging directory, held
 * @cred: [const] credentials of the kernel, for work that was permitted before
 * @tm: [const] its TM, held
 * @rm: [const] its resource manager; NULL until registered
 * @uuid: [const] of the resource manager
 * @tm_uuid: [const] of the TM
 * @dev: [const] device number as stat() gives it
 * @number: [const] counts volumes since load; cursor of KTM_IOC_TXF_STATUS
 * @state: [state_lock] enum ktm_txf_state
 * @error: [state_lock] what made it KTM_TXF_S_FAILED, positive
 * @nr_recovering: [state_lock] recovered parts whose outcome is not carried out
 * @nr_parts: [state_lock] length of @parts
 * @nr_failed: [state_lock] of these, transactions that wait for the next life
 * @parts: [state_lock] transactions that have touched it, struct txf_part.list
 * @state_lock: leaf lock
 * @settled: woken when nr_recovering reaches 0
 * @table_lock: see lock.h
 * @names: [table_lock] changed names, struct txf_name.hash
 * @objs: [table_lock] changed objects, struct txf_obj.hash
 * @dirs: [table_lock] directories relied on, struct txf_dir.hash
 * @locks: [table_lock] locks on objects, struct txf_lock.hash
 * @nr_locks: [table_lock] names and objects locked
 * @counters: [atomic] by enum txf_counter
 */
struct txf_volume {
	struct list_head list;
	struct vfsmount *mnt;
	struct dentry *staging;
	const struct cred *cred;
	struct ktm_tm *tm;
	struct ktm_rm *rm;
	uuid_t uuid;
	uuid_t tm_uuid;
	dev_t dev;
	u64 number;
	enum ktm_txf_state state;
	int error;
	unsigned int nr_recovering;
	unsigned int nr_parts;
	unsigned int nr_failed;
	struct list_head parts;
	/* leaf: state and parts */
	spinlock_t state_lock;
	wait_queue_head_t settled;
	/* the four tables; see lock.h */
	spinlock_t table_lock;
	struct hlist_head *names;
	struct hlist_head *objs;
	struct hlist_head *dirs;
	struct hlist_head *locks;
	u64 nr_locks;
	atomic64_t counters[TXF_COUNT_NR];
};

extern struct rw_semaphore txf_volumes_sem;
extern struct list_head txf_volumes;
extern struct mutex txf_enable_mutex;

/**
 * txf_volume_count - add to a counter
 * @vol: the volume
 * @counter: which
 * @n: how much
 */
static inline void txf_volume_count(struct txf_volume *vol,
				    enum txf_counter counter, s64 n)
{
	atomic64_add(n, &vol->counters[counter]);
}

/**
 * txf_volume_find - the volume of a file system
 * @sb: the file system
 * Context: txf_volumes_sem held.
 * Return: the volume, or NULL.
 */
struct txf_volume *txf_volume_find(const struct super_block *sb);

/**
 * txf_volume_alloc - make a volume that nobody knows yet
 * @mnt: its mount; a reference is taken
 * @staging: its staging directory; a reference is taken
 * Return: the volume or an ERR_PTR.
 */
struct txf_volume *txf_volume_alloc(struct vfsmount *mnt,
				    struct dentry *staging);

/**
 * txf_volume_free - undo txf_volume_alloc()
 * @vol: the volume, unlisted and with no part left
 */
void txf_volume_free(struct txf_volume *vol);

/**
 * txf_volume_fail - a committed transaction could not be carried out
 * @vol: the volume
 * @error: errno, negative
 *
 * Says so in the kernel log once and takes no new work.
 */
void txf_volume_fail(struct txf_volume *vol, int error);

/**
 * txf_volume_has_failed - has txf_volume_fail() been called?
 * @vol: the volume
 * Return: true if it has.
 */
bool txf_volume_has_failed(struct txf_volume *vol);

/**
 * txf_volume_go_online - take work from now on
 * @vol: the volume, recovered
 * Return: 0, or the negative errno of its failure.
 */
int txf_volume_go_online(struct txf_volume *vol);

/**
 * txf_volume_go_offline - take no more work
 * @vol: the volume
 * @forget: it shall not come back
 * Context: txf_volumes_sem held for writing.
 * Return: 0, -EBUSY while transactions have touched it (unless they are prepared
 * and the TM is not online: these wait for its next life), -EIO if @forget and
 * there is a transaction that waits for its next life.
 */
int txf_volume_go_offline(struct txf_volume *vol, bool forget);

/**
 * txf_volume_status - fill in what KTM_IOC_TXF_STATUS tells
 * @vol: the volume
 * @status: where to; size, flags and path are left alone
 * Context: txf_volumes_sem held.
 */
void txf_volume_status(struct txf_volume *vol, struct ktm_txf_status *status);

/**
 * txf_volume_settle - wait until recovered transactions are carried out
 * @vol: the volume
 * Return: 0, -EINTR when killed, or the errno of the failure.
 */
int txf_volume_settle(struct txf_volume *vol);

#endif /* _KTM_TXF_VOLUME_H */
