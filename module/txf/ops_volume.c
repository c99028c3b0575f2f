// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - enabling, disabling and looking at file systems
 */
#include <linux/bits.h>
#include <linux/buffer_head.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/exportfs.h>
#include <linux/file.h>
#include <linux/mount.h>
#include <linux/path.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/ktm.h>

#include "compat.h"
#include "identity.h"
#include "request.h"
#include "rm.h"
#include "tree.h"
#include "volume.h"

/*
 * File systems known to make renames, attributes and sizes durable with one
 * sync_fs(), and to have handles that are never given to another object.
 */
static const char * const known_types[] = { "ext4", "xfs", "btrfs" };

/* ext4: offset of s_feature_compat in the superblock, and a bit of it. */
#define EXT4_COMPAT_AT		0x5c
#define EXT4_COMPAT_JOURNAL	BIT(2)

static int check_type(struct super_block *sb)
{
	int i;

	if (!sb->s_export_op || !sb->s_export_op->fh_to_dentry ||
	    !sb->s_op->sync_fs || sb->s_user_ns != &init_user_ns)
		return -EOPNOTSUPP;
	for (i = 0; i < ARRAY_SIZE(known_types); i++)
		if (!strcmp(sb->s_type->name, known_types[i]))
			return 0;
	return -EOPNOTSUPP;
}

/*
 * Without a journal ext4 writes no metadata in sync_fs(). Its superblock says
 * if it has one: the primary one is 1024 bytes from the start.
 */
static int check_ext4_journal(struct super_block *sb)
{
	u32 at = 1024 + EXT4_COMPAT_AT;
	struct buffer_head *bh;
	__le32 compat;

	bh = sb_bread(sb, at / sb->s_blocksize);
	if (!bh)
		return -EIO;
	memcpy(&compat, bh->b_data + at % sb->s_blocksize, sizeof(compat));
	brelse(bh);
	return le32_to_cpu(compat) & EXT4_COMPAT_JOURNAL ? 0 : -EOPNOTSUPP;
}

static int get_path(int fd, struct path *path)
{
	struct file *file = fget_raw(fd);

	if (!file)
		return -EBADF;
	*path = file->f_path;
	path_get(path);
	fput(file);
	return 0;
}

/* May what is mounted there be made transactional? */
static int check_mount(const struct path *path, dev_t *dev)
{
	struct path root = { .mnt = path->mnt, .dentry = path->mnt->mnt_root };
	struct super_block *sb = path->mnt->mnt_sb;
	struct kstat stat;
	int error;

	if (!d_is_dir(path->dentry))
		return -ENOTDIR;
	error = check_type(sb);
	if (!error && !strcmp(sb->s_type->name, "ext4"))
		error = check_ext4_journal(sb);
	if (error)
		return error;
	if (is_idmapped_mnt(path->mnt))
		return -EOPNOTSUPP;
	if (path->mnt->mnt_root != sb->s_root)
		return -EINVAL;
	if (__mnt_is_readonly(path->mnt))
		return -EROFS;
	error = vfs_getattr_nosec(&root, &stat, STATX_TYPE, 0);
	*dev = stat.dev;
	return error;
}

static struct txf_volume *make_volume(struct vfsmount *mnt, struct ktm_tm *tm)
{
	struct txf_volume *vol;
	struct dentry *staging;
	int error;

	staging = txf_identity_open(mnt);
	if (IS_ERR(staging))
		return ERR_CAST(staging);
	vol = txf_volume_alloc(mnt, staging);
	dput(staging);
	if (IS_ERR(vol))
		return vol;
	vol->tm = tm;
	vol->tm_uuid = *ktm_tm_uuid(tm);
	error = txf_identity_get(mnt, vol->staging, &vol->tm_uuid, &vol->uuid);
	if (error) {
		txf_volume_free(vol);
		return ERR_PTR(error);
	}
	return vol;
}

static void list_volume(struct txf_volume *vol)
{
	down_write(&txf_volumes_sem);
	list_add_tail(&vol->list, &txf_volumes);
	up_write(&txf_volumes_sem);
}

static void unlist_volume(struct txf_volume *vol)
{
	down_write(&txf_volumes_sem);
	list_del(&vol->list);
	up_write(&txf_volumes_sem);
}

/* The last that can fail, before anybody can work on it. */
static int answer_enable(struct txf_request *req, struct txf_volume *vol)
{
	struct ktm_txf_enable *arg = &req->arg.enable;

	export_uuid(arg->uuid, &vol->uuid);
	arg->recovered = atomic64_read(&vol->counters[TXF_COUNT_RECOVERED]);
	return txf_request_answer(req);
}

/* Register it and finish what an earlier life has left. */
static int start_volume(struct txf_request *req, struct txf_volume *vol)
{
	int error;

	vol->rm = ktm_rm_register(vol->tm, &vol->uuid, "txf", 0, &txf_rm_ops,
				  vol);
	if (IS_ERR(vol->rm))
		return PTR_ERR(vol->rm);
	list_volume(vol);
	error = ktm_rm_recover(vol->rm);
	if (!error)
		error = txf_volume_settle(vol);
	if (!error)
		error = ktm_rm_settle(vol->rm);
	if (!error)
		error = answer_enable(req, vol);
	if (!error)
		error = txf_volume_go_online(vol);
	if (error) {
		unlist_volume(vol);
		ktm_rm_unregister(vol->rm);
	}
	return error;
}

static int enable_path(struct txf_request *req, const struct path *path,
		       struct ktm_tm *tm)
{
	struct cred *cred;
	const struct cred *old;
	struct txf_volume *vol;
	dev_t dev;
	int error;

	lockdep_assert_held(&txf_enable_mutex);
	error = check_mount(path, &dev);
	if (error)
		return error;
	down_read(&txf_volumes_sem);
	vol = txf_volume_find(path->mnt->mnt_sb);
	up_read(&txf_volumes_sem);
	if (vol)
		return -EBUSY;
	cred = prepare_kernel_cred(&init_task);
	if (!cred)
		return -ENOMEM;
	old = override_creds(cred);
	vol = make_volume(path->mnt, tm);
	revert_creds(old);
	put_cred(cred);
	if (IS_ERR(vol))
		return PTR_ERR(vol);
	vol->dev = dev;
	error = start_volume(req, vol);
	if (error)
		txf_volume_free(vol);
	return error;
}

int txf_enable(struct txf_request *req)
{
	struct ktm_txf_enable *arg = &req->arg.enable;
	struct ktm_tm *tm;
	struct path path;
	int error;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (arg->reserved || arg->recovered ||
	    memchr_inv(arg->uuid, 0, sizeof(arg->uuid)))
		return -EINVAL;
	error = get_path(arg->mount_fd, &path);
	if (error)
		return error;
	tm = ktm_tm_get_by_fd(arg->tm_fd);
	if (IS_ERR(tm)) {
		error = PTR_ERR(tm);
		goto out_path;
	}
	error = -EINVAL;
	if (!ktm_tm_is_durable(tm))
		goto out_tm;
	error = -EINTR;
	if (mutex_lock_killable(&txf_enable_mutex))
		goto out_tm;
	error = enable_path(req, &path, tm);
	mutex_unlock(&txf_enable_mutex);
	/* The volume keeps the reference. */
	if (!error)
		goto out_path;
out_tm:
	ktm_tm_put(tm);
out_path:
	path_put(&path);
	return error;
}

static int disable_volume(struct super_block *sb, u32 flags)
{
	bool forget = flags & KTM_TXF_DISABLE_F_FORGET;
	struct txf_volume *vol;
	struct ktm_tm *tm;
	int error;

	lockdep_assert_held(&txf_enable_mutex);
	down_write(&txf_volumes_sem);
	vol = txf_volume_find(sb);
	error = vol ? txf_volume_go_offline(vol, forget) : -ENODEV;
	if (!error)
		list_del(&vol->list);
	up_write(&txf_volumes_sem);
	if (error)
		return error;
	ktm_rm_unregister(vol->rm);
	if (forget)
		error = txf_tree_remove(vol, vol->staging);
	tm = vol->tm;
	txf_volume_free(vol);
	ktm_tm_put(tm);
	return error;
}

int txf_disable(struct txf_request *req)
{
	struct ktm_txf_disable *arg = &req->arg.disable;
	struct path path;
	int error;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (arg->reserved)
		return -EINVAL;
	error = get_path(arg->mount_fd, &path);
	if (error)
		return error;
	error = -EINTR;
	if (!mutex_lock_killable(&txf_enable_mutex)) {
		error = disable_volume(path.mnt->mnt_sb, arg->flags);
		mutex_unlock(&txf_enable_mutex);
	}
	path_put(&path);
	return error;
}

static int adopt_path(const struct path *path, struct ktm_txf_adopt *arg)
{
	struct vfsmount *mnt = path->mnt;
	struct txf_volume *vol;
	uuid_t rm, tm;
	dev_t dev;
	int error;

	lockdep_assert_held(&txf_enable_mutex);
	error = check_mount(path, &dev);
	if (error)
		return error;
	if (!(arg->flags & KTM_TXF_ADOPT_F_QUERY)) {
		down_read(&txf_volumes_sem);
		vol = txf_volume_find(mnt->mnt_sb);
		up_read(&txf_volumes_sem);
		if (vol)
			return -EBUSY;
		import_uuid(&rm, arg->from);
		import_uuid(&tm, arg->to);
		error = txf_identity_adopt(mnt, &rm, &tm);
	}
	if (!error)
		error = txf_identity_read(mnt, &rm, &tm);
	if (error)
		return error;
	export_uuid(arg->uuid, &rm);
	export_uuid(arg->tm_uuid, &tm);
	return 0;
}

static bool is_adopt_ok(const struct ktm_txf_adopt *arg)
{
	bool from = memchr_inv(arg->from, 0, sizeof(arg->from));
	bool to = memchr_inv(arg->to, 0, sizeof(arg->to));

	if (arg->reserved || memchr_inv(arg->uuid, 0, sizeof(arg->uuid)) ||
	    memchr_inv(arg->tm_uuid, 0, sizeof(arg->tm_uuid)))
		return false;
	if (arg->flags & KTM_TXF_ADOPT_F_QUERY)
		return !from && !to;
	return from && to && memcmp(arg->from, arg->to, sizeof(arg->to));
}

int txf_adopt(struct txf_request *req)
{
	struct ktm_txf_adopt *arg = &req->arg.adopt;
	const struct cred *old;
	struct cred *cred;
	struct path path;
	int error;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!is_adopt_ok(arg))
		return -EINVAL;
	error = get_path(arg->mount_fd, &path);
	if (error)
		return error;
	cred = prepare_kernel_cred(&init_task);
	error = cred ? 0 : -ENOMEM;
	if (!error && mutex_lock_killable(&txf_enable_mutex))
		error = -EINTR;
	if (!error) {
		old = override_creds(cred);
		error = adopt_path(&path, arg);
		revert_creds(old);
		mutex_unlock(&txf_enable_mutex);
	}
	if (cred)
		put_cred(cred);
	path_put(&path);
	return error;
}

/* The first volume with a number above @number. */
static struct txf_volume *next_volume(u64 number)
{
	struct txf_volume *vol;

	list_for_each_entry(vol, &txf_volumes, list)
		if (vol->number > number)
			return vol;
	return NULL;
}

/* The path of the mount as the caller sees it; empty if it does not see it. */
static void mount_path(struct txf_volume *vol, char *text)
{
	struct path root = { .mnt = vol->mnt, .dentry = vol->mnt->mnt_root };
	char *path;

	path = d_path(&root, text, PATH_MAX);
	if (IS_ERR(path) || *path != '/')
		*text = '\0';
	else
		memmove(text, path, strlen(path) + 1);
}

static int fill_status(struct ktm_txf_status *arg, char *text)
{
	struct txf_volume *vol;
	struct path path;
	int error;

	if (arg->flags & KTM_TXF_STATUS_F_NEXT) {
		vol = next_volume(arg->cursor);
		if (!vol)
			return -ENOENT;
	} else {
		error = get_path(arg->mount_fd, &path);
		if (error)
			return error;
		vol = txf_volume_find(path.mnt->mnt_sb);
		path_put(&path);
		if (!vol)
			return -ENODEV;
	}
	txf_volume_status(vol, arg);
	mount_path(vol, text);
	return 0;
}

int txf_status(struct txf_request *req)
{
	struct ktm_txf_status *arg = &req->arg.status;
	bool next = arg->flags & KTM_TXF_STATUS_F_NEXT;
	size_t length;
	char *text;
	int error;

	if (next ? arg->mount_fd != -1 : arg->cursor)
		return -EINVAL;
	if (!arg->path && arg->path_size)
		return -EINVAL;
	text = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	down_read(&txf_volumes_sem);
	error = fill_status(arg, text);
	up_read(&txf_volumes_sem);
	if (error)
		goto out;
	length = *text ? strlen(text) + 1 : 0;
	if (length > arg->path_size)
		length = 0;
	arg->path_size = length;
	if (length)
		error = txf_request_reply(arg->path, text, length);
out:
	kfree(text);
	return error;
}
