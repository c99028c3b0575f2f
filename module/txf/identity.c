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

int txf_identity_get(struct vfsmount *mnt, struct dentry *staging,
		     const uuid_t *tm, uuid_t *rm)
{
	struct ktm_disk_txf_identity id = {
		.magic = cpu_to_le64(TXF_IDENTITY_MAGIC),
		.version = cpu_to_le32(TXF_IDENTITY_VERSION),
	};
	struct dentry *dentry;
	uuid_t known;
	int error;

	dentry = txf_lookup_unlocked(FILE_NAME, staging,
				     strlen(FILE_NAME));
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (d_is_positive(dentry)) {
		error = read_identity(mnt, dentry, &id);
		import_uuid(&known, id.tm);
		import_uuid(rm, id.rm);
		if (!error && !uuid_equal(&known, tm))
			error = -ESTALE;
	} else {
		uuid_gen(rm);
		export_uuid(id.rm, rm);
		export_uuid(id.tm, tm);
		id.crc = cpu_to_le32(identity_crc(&id));
		error = write_identity(mnt, staging, &id);
	}
	dput(dentry);
	return error;
}
