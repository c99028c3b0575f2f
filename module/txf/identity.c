// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - the staging directory of a volume and whose it is
 */
#include <linux/crc32.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <uapi/linux/ktm_txf.h>

#include "compat.h"
#include "identity.h"
#include "rename.h"
#include "txf_format.h"

#define FILE_NAME	"identity"
#define NEW_NAME	"identity.new"

/* Only root may ever have been able to put something in there. */
static int check_staging(const struct inode *inode)
{
	if (!S_ISDIR(inode->i_mode) || !uid_eq(inode->i_uid, GLOBAL_ROOT_UID) ||
	    (inode->i_mode & 0077))
		return -EUCLEAN;
	return 0;
}

static struct dentry *look_up_or_make(struct dentry *dir, const char *name,
				      umode_t mode)
{
	struct inode *inode = d_inode(dir);
	struct dentry *dentry;
	int error = 0;

	inode_lock_nested(inode, I_MUTEX_PARENT);
	dentry = txf_lookup(name, dir, strlen(name));
	if (!IS_ERR(dentry) && d_is_negative(dentry)) {
		if (S_ISDIR(mode))
			error = txf_vfs_mkdir(inode, &dentry, mode & S_IALLUGO);
		else
			error = txf_vfs_create(inode, dentry, mode);
	}
	inode_unlock(inode);
	if (error) {
		dput(dentry);
		return ERR_PTR(error);
	}
	return dentry;
}

static int sync_dir(struct vfsmount *mnt, struct dentry *dir)
{
	struct path path = { .mnt = mnt, .dentry = dir };
	struct file *file;
	int error;

	file = dentry_open(&path, O_RDONLY | O_DIRECTORY, current_cred());
	if (IS_ERR(file))
		return PTR_ERR(file);
	error = vfs_fsync(file, 0);
	fput(file);
	return error;
}

struct dentry *txf_identity_open(struct vfsmount *mnt)
{
	struct dentry *staging;
	int error;

	error = mnt_want_write(mnt);
	if (error)
		return ERR_PTR(error);
	staging = look_up_or_make(mnt->mnt_root, KTM_TXF_STAGING,
				  S_IFDIR | 0700);
	mnt_drop_write(mnt);
	if (IS_ERR(staging))
		return staging;
	error = check_staging(d_inode(staging));
	if (!error)
		error = sync_dir(mnt, mnt->mnt_root);
	if (error) {
		dput(staging);
		return ERR_PTR(error);
	}
	return staging;
}

static u32 identity_crc(const struct ktm_disk_txf_identity *id)
{
	struct ktm_disk_txf_identity copy = *id;

	copy.crc = 0;
	return crc32_le(~0, (const u8 *)&copy, sizeof(copy));
}

static int read_identity(struct vfsmount *mnt, struct dentry *dentry,
			 struct ktm_disk_txf_identity *id)
{
	struct path path = { .mnt = mnt, .dentry = dentry };
	struct file *file;
	loff_t pos = 0;
	ssize_t n;

	if (!d_is_reg(dentry))
		return -EUCLEAN;
	file = dentry_open(&path, O_RDONLY, current_cred());
	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_read(file, id, sizeof(*id), &pos);
	fput(file);
	if (n < 0)
		return n;
	if (n != sizeof(*id) || le64_to_cpu(id->magic) != TXF_IDENTITY_MAGIC ||
	    le32_to_cpu(id->version) != TXF_IDENTITY_VERSION ||
	    le32_to_cpu(id->crc) != identity_crc(id))
		return -EUCLEAN;
	return 0;
}

static int write_file(struct vfsmount *mnt, struct dentry *dentry,
		      const struct ktm_disk_txf_identity *id)
{
	struct path path = { .mnt = mnt, .dentry = dentry };
	struct file *file;
	loff_t pos = 0;
	ssize_t n;
	int error;

	file = dentry_open(&path, O_WRONLY, current_cred());
	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, id, sizeof(*id), &pos);
	error = n < 0 ? n : n != sizeof(*id) ? -ENOSPC : 0;
	if (!error)
		error = vfs_fsync(file, 0);
	fput(file);
	return error;
}

static int put_in_place(struct dentry *staging, struct dentry *fresh)
{
	struct txf_rename rename;
	int error;

	error = txf_rename_begin(&rename, fresh, staging, FILE_NAME,
				 strlen(FILE_NAME));
	if (error)
		return error;
	error = vfs_rename(&rename.data);
	txf_rename_end(&rename);
	return error;
}

static struct dentry *make_file(struct vfsmount *mnt, struct dentry *staging)
{
	struct dentry *dentry;
	int error;

	error = mnt_want_write(mnt);
	if (error)
		return ERR_PTR(error);
	dentry = look_up_or_make(staging, NEW_NAME, S_IFREG | 0600);
	mnt_drop_write(mnt);
	return dentry;
}

static int write_identity(struct vfsmount *mnt, struct dentry *staging,
			  const struct ktm_disk_txf_identity *id)
{
	struct dentry *fresh;
	int error;

	fresh = make_file(mnt, staging);
	if (IS_ERR(fresh))
		return PTR_ERR(fresh);
	error = write_file(mnt, fresh, id);
	if (!error)
		error = mnt_want_write(mnt);
	if (!error) {
		error = put_in_place(staging, fresh);
		mnt_drop_write(mnt);
	}
	if (!error)
		error = sync_dir(mnt, staging);
	dput(fresh);
	return error;
}

/* -ENOENT: there is none. */
static int load(struct vfsmount *mnt, struct dentry *staging,
		struct ktm_disk_txf_identity *id)
{
	struct dentry *dentry;
	int error = -ENOENT;

	dentry = txf_lookup_unlocked(FILE_NAME, staging, strlen(FILE_NAME));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (d_is_positive(dentry))
		error = read_identity(mnt, dentry, id);
	dput(dentry);
	return error;
}

static int store(struct vfsmount *mnt, struct dentry *staging,
		 struct ktm_disk_txf_identity *id, const uuid_t *rm,
		 const uuid_t *tm)
{
	memset(id, 0, sizeof(*id));
	id->magic = cpu_to_le64(TXF_IDENTITY_MAGIC);
	id->version = cpu_to_le32(TXF_IDENTITY_VERSION);
	export_uuid(id->rm, rm);
	export_uuid(id->tm, tm);
	id->crc = cpu_to_le32(identity_crc(id));
	return write_identity(mnt, staging, id);
}

int txf_identity_get(struct vfsmount *mnt, struct dentry *staging,
		     const uuid_t *tm, uuid_t *rm)
{
	struct ktm_disk_txf_identity id;
	uuid_t known;
	int error;

	error = load(mnt, staging, &id);
	if (error == -ENOENT) {
		uuid_gen(rm);
		return store(mnt, staging, &id, rm, tm);
	}
	if (error)
		return error;
	import_uuid(&known, id.tm);
	import_uuid(rm, id.rm);
	return uuid_equal(&known, tm) ? 0 : -ESTALE;
}

static struct dentry *find_staging(struct vfsmount *mnt)
{
	struct dentry *staging;
	int error;

	staging = txf_lookup_unlocked(KTM_TXF_STAGING, mnt->mnt_root,
				      strlen(KTM_TXF_STAGING));
	if (IS_ERR(staging))
		return staging;
	error = d_is_negative(staging) ? -ENOENT : check_staging(d_inode(staging));
	if (!error)
		return staging;
	dput(staging);
	return ERR_PTR(error);
}

int txf_identity_read(struct vfsmount *mnt, uuid_t *rm, uuid_t *tm)
{
	struct dentry *staging = find_staging(mnt);
	struct ktm_disk_txf_identity id;
	int error;

	if (IS_ERR(staging))
		return PTR_ERR(staging);
	error = load(mnt, staging, &id);
	dput(staging);
	if (error)
		return error;
	import_uuid(rm, id.rm);
	import_uuid(tm, id.tm);
	return 0;
}

int txf_identity_adopt(struct vfsmount *mnt, const uuid_t *from,
		       const uuid_t *to)
{
	struct ktm_disk_txf_identity id;
	struct dentry *staging;
	uuid_t rm, tm;
	int error;

	error = txf_identity_read(mnt, &rm, &tm);
	if (error)
		return error;
	if (!uuid_equal(&tm, from) && !uuid_equal(&tm, to))
		return -ESTALE;
	staging = find_staging(mnt);
	if (IS_ERR(staging))
		return PTR_ERR(staging);
	/* An earlier try may have failed before it was durable. */
	error = uuid_equal(&tm, to) ? sync_dir(mnt, staging) :
				      store(mnt, staging, &id, &rm, to);
	dput(staging);
	return error;
}
