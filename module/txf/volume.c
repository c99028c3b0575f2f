// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - enabled file systems
 */
#include <linux/cred.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/mm.h>

#include "compat.h"
#include "tx.h"
#include "volume.h"

DECLARE_RWSEM(txf_volumes_sem);
LIST_HEAD(txf_volumes);
/* enabling and disabling, one at a time; see lock.h */
DEFINE_MUTEX(txf_enable_mutex);

struct txf_volume *txf_volume_find(const struct super_block *sb)
{
	struct txf_volume *vol;

	lockdep_assert_held(&txf_volumes_sem);
	list_for_each_entry(vol, &txf_volumes, list)
		if (vol->mnt->mnt_sb == sb)
			return vol;
	return NULL;
}

static struct hlist_head *table_alloc(void)
{
	return kvcalloc(1UL << TXF_TABLE_BITS, sizeof(struct hlist_head),
			GFP_KERNEL_ACCOUNT);
}

static void tables_free(struct txf_volume *vol)
{
	kvfree(vol->names);
	kvfree(vol->objs);
	kvfree(vol->dirs);
	kvfree(vol->locks);
}

struct txf_volume *txf_volume_alloc(struct vfsmount *mnt,
				    struct dentry *staging)
{
	static u64 last_number;	/* [txf_enable_mutex] */
	struct txf_volume *vol;

	lockdep_assert_held(&txf_enable_mutex);
	vol = kzalloc(sizeof(*vol), GFP_KERNEL_ACCOUNT);
	if (!vol)
		return ERR_PTR(-ENOMEM);
	vol->names = table_alloc();
	vol->objs = table_alloc();
	vol->dirs = table_alloc();
	vol->locks = table_alloc();
	if (!vol->names || !vol->objs || !vol->dirs || !vol->locks)
		goto err_free;
	vol->cred = prepare_kernel_cred(&init_task);
	if (!vol->cred)
		goto err_free;
	INIT_LIST_HEAD(&vol->list);
	INIT_LIST_HEAD(&vol->parts);
	spin_lock_init(&vol->state_lock);
	spin_lock_init(&vol->table_lock);
	init_waitqueue_head(&vol->settled);
	vol->mnt = mntget(mnt);
	vol->staging = dget(staging);
	vol->state = KTM_TXF_S_RECOVERING;
	vol->number = ++last_number;
	return vol;

err_free:
	tables_free(vol);
	kfree(vol);
	return ERR_PTR(-ENOMEM);
}

void txf_volume_free(struct txf_volume *vol)
{
	WARN_ON(vol->nr_parts);
	dput(vol->staging);
	mntput(vol->mnt);
	put_cred(vol->cred);
	tables_free(vol);
	kfree(vol);
}

void txf_volume_fail(struct txf_volume *vol, int error)
{
	bool first;

	spin_lock(&vol->state_lock);
	vol->nr_failed++;
	first = vol->state != KTM_TXF_S_FAILED;
	if (first) {
		vol->state = KTM_TXF_S_FAILED;
		vol->error = -error;
	}
	spin_unlock(&vol->state_lock);
	if (first)
		pr_err("%s: a committed transaction could not be carried out (error %d); it is kept until the file system is enabled again\n",
		       vol->mnt->mnt_sb->s_id, error);
	wake_up_all(&vol->settled);
}

bool txf_volume_has_failed(struct txf_volume *vol)
{
	bool failed;

	spin_lock(&vol->state_lock);
	failed = vol->state == KTM_TXF_S_FAILED;
	spin_unlock(&vol->state_lock);
	return failed;
}

int txf_volume_go_online(struct txf_volume *vol)
{
	int error;

	spin_lock(&vol->state_lock);
	error = -vol->error;
	if (!error)
		vol->state = KTM_TXF_S_ONLINE;
	spin_unlock(&vol->state_lock);
	return error;
}

/*
 * Nothing more will be said about a prepared transaction by a TM whose log has
 * failed: its next life has the answer, and ours must end for that to begin.
 */
static bool waits_for_next_life(struct txf_volume *vol)
{
	struct txf_part *part;

	lockdep_assert_held(&vol->state_lock);
	if (ktm_tm_is_online(vol->tm))
		return false;
	list_for_each_entry(part, &vol->parts, in_volume)
		if (!READ_ONCE(part->prepared))
			return false;
	return true;
}

int txf_volume_go_offline(struct txf_volume *vol, bool forget)
{
	int error = 0;

	spin_lock(&vol->state_lock);
	if (vol->state == KTM_TXF_S_RECOVERING ||
	    (vol->nr_parts > vol->nr_failed && !waits_for_next_life(vol)))
		error = -EBUSY;
	else if (forget && vol->nr_parts)
		error = -EIO;
	else
		vol->state = KTM_TXF_S_DISABLING;
	spin_unlock(&vol->state_lock);
	return error;
}

void txf_volume_status(struct txf_volume *vol, struct ktm_txf_status *status)
{
	status->cursor = vol->number;
	export_uuid(status->uuid, &vol->uuid);
	export_uuid(status->tm_uuid, &vol->tm_uuid);
	status->dev_major = MAJOR(vol->dev);
	status->dev_minor = MINOR(vol->dev);

	spin_lock(&vol->state_lock);
	status->state = vol->state;
	status->error = vol->error;
	status->nr_tx = vol->nr_parts;
	spin_unlock(&vol->state_lock);

	spin_lock(&vol->table_lock);
	status->nr_locks = vol->nr_locks;
	spin_unlock(&vol->table_lock);

	status->nr_staged = atomic64_read(&vol->counters[TXF_COUNT_STAGED]);
	status->committed = atomic64_read(&vol->counters[TXF_COUNT_COMMITTED]);
	status->aborted = atomic64_read(&vol->counters[TXF_COUNT_ABORTED]);
	status->conflicts = atomic64_read(&vol->counters[TXF_COUNT_CONFLICTS]);
	status->busy = atomic64_read(&vol->counters[TXF_COUNT_BUSY]);
	status->recovered = atomic64_read(&vol->counters[TXF_COUNT_RECOVERED]);
	status->skipped = atomic64_read(&vol->counters[TXF_COUNT_SKIPPED]);
	status->kept = atomic64_read(&vol->counters[TXF_COUNT_KEPT]);
}

static bool is_settled(struct txf_volume *vol)
{
	bool settled;

	spin_lock(&vol->state_lock);
	settled = !vol->nr_recovering || vol->state == KTM_TXF_S_FAILED;
	spin_unlock(&vol->state_lock);
	return settled;
}

int txf_volume_settle(struct txf_volume *vol)
{
	int error;

	error = wait_event_killable(vol->settled, is_settled(vol));
	if (error)
		return -EINTR;
	spin_lock(&vol->state_lock);
	error = -vol->error;
	spin_unlock(&vol->state_lock);
	return error;
}
