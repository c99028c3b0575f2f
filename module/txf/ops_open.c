// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - opening files
 */
#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/mount.h>
#include <linux/slab.h>

#include "call.h"
#include "compat.h"
#include "copy.h"
#include "create.h"
#include "overlay.h"
#include "perm.h"
#include "request.h"
#include "stage.h"
#include "tx.h"
#include "walk.h"

#define OPEN_FLAGS	(O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | \
			 O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | \
			 O_LARGEFILE | O_SYNC | O_DSYNC | O_NOATIME)

/* These say how to find the file, not how to use it. */
#define FIND_FLAGS	(O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW | O_CLOEXEC)

static struct file *open_dentry(const struct txf_place *place,
				struct dentry *dentry, int flags)
{
	struct path path = { .mnt = place->path.mnt, .dentry = dentry };

	return dentry_open(&path, flags & ~FIND_FLAGS, current_cred());
}

/* The record of the name of a committed file that is to be replaced. */
static struct txf_name *lock_name(struct txf_call *call,
				  struct txf_place *place)
{
	struct txf_name *name;
	int error;

	if (!place->named || place->mounted)
		return ERR_PTR(-EBUSY);
	error = txf_call_change_name(call, place);
	if (error)
		return ERR_PTR(error);
	name = txf_name_get(place->part, place->dir.dentry, &place->name);
	if (IS_ERR(name))
		return name;
	/* Somebody may have changed the name since it was looked up. */
	if (!name->cur || name->cur->inode != d_inode(place->path.dentry))
		return ERR_PTR(-ESTALE);
	error = txf_obj_lock(name->cur);
	return error ? ERR_PTR(error) : name;
}

/* Put a private file in the place of the committed one; it is open already. */
static struct file *open_private(struct txf_call *call, struct txf_place *place,
				 int flags)
{
	struct txf_name *name;
	struct dentry *copy;
	struct txf_obj *obj;
	struct file *file;

	name = lock_name(call, place);
	if (IS_ERR(name))
		return ERR_CAST(name);
	copy = txf_copy_make(place, flags & O_TRUNC);
	if (IS_ERR(copy))
		return ERR_CAST(copy);
	file = open_dentry(place, copy, flags);
	if (IS_ERR(file))
		goto err_unlink;
	obj = txf_obj_get(place->part, copy);
	if (IS_ERR(obj))
		goto err_file;
	txf_name_set(name, obj, copy);
	return file;

err_file:
	fput(file);
	file = ERR_CAST(obj);
err_unlink:
	txf_stage_unlink(place->part, copy);
	dput(copy);
	return file;
}

/* Cut a file off that is private already. */
static int truncate_private(struct txf_place *place)
{
	struct dentry *dentry = place->path.dentry;
	struct iattr attr = {
		.ia_valid = ATTR_SIZE | ATTR_MTIME | ATTR_CTIME | ATTR_OPEN |
			    ATTR_KILL_SUID | ATTR_KILL_PRIV | ATTR_FORCE,
		.ia_size = 0,
	};
	int error;

	error = mnt_want_write(place->path.mnt);
	if (error)
		return error;
	inode_lock(d_inode(dentry));
	if (capable(CAP_FSETID))
		attr.ia_valid &= ~ATTR_KILL_SUID;
	else if (d_inode(dentry)->i_mode & 0010)
		attr.ia_valid |= ATTR_KILL_SGID;
	error = notify_change(TXF_IDMAP, dentry, &attr, NULL);
	inode_unlock(d_inode(dentry));
	mnt_drop_write(place->path.mnt);
	return error;
}

static struct file *open_own(struct txf_place *place, int flags)
{
	struct file *file = open_dentry(place, place->path.dentry, flags);
	int error;

	if (IS_ERR(file) || !(flags & O_TRUNC))
		return file;
	error = truncate_private(place);
	if (!error)
		return file;
	fput(file);
	return ERR_PTR(error);
}

static int check_type(const struct txf_place *place, int flags)
{
	umode_t mode = d_inode(place->path.dentry)->i_mode;
	bool write = (flags & O_ACCMODE) != O_RDONLY;

	if (S_ISLNK(mode))
		return -ELOOP;
	if (S_ISDIR(mode))
		return write || (flags & O_CREAT) ? -EISDIR : 0;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	if (!S_ISREG(mode) && write)
		return S_ISSOCK(mode) ? -ENXIO : -EOPNOTSUPP;
	return 0;
}

/* Open what is there; NULL if that is for later. */
static struct file *open_existing(struct txf_call *call,
				  struct txf_place *place, int flags)
{
	int error;

	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return ERR_PTR(-EEXIST);
	error = check_type(place, flags);
	if (!error)
		error = txf_perm_open(place, flags);
	if (error)
		return ERR_PTR(error);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return NULL;
	if (__mnt_is_readonly(place->path.mnt))
		return ERR_PTR(-EROFS);
	if (!txf_overlay_owns(place->part, place->path.dentry))
		return open_private(call, place, flags);
	return open_own(place, flags);
}

/* A call that fails leaves no file behind, nor one that is cut off. */
static struct file *open_place(struct txf_call *call, struct txf_place *place,
			       int flags, umode_t mode)
{
	struct txf_new new = {
		.mode = S_IFREG | (mode & S_IALLUGO),
		.open = true,
		.open_flags = flags & ~FIND_FLAGS,
	};
	struct txf_obj *obj;

	if (place->path.dentry)
		return open_existing(call, place, flags);
	if (!(flags & O_CREAT))
		return ERR_PTR(-ENOENT);
	if (place->slashes)
		return ERR_PTR(-EISDIR);
	obj = txf_create(call, place, &new);
	return IS_ERR(obj) ? ERR_CAST(obj) : new.file;
}

static int check_arg(const struct ktm_txf_open *arg)
{
	u32 flags = arg->open_flags;

	if (flags & ~OPEN_FLAGS)
		return -EOPNOTSUPP;
	if (arg->reserved || (flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	if (flags & O_CREAT ? arg->mode & ~S_IALLUGO : arg->mode)
		return -EINVAL;
	if ((flags & O_TRUNC) && (flags & O_ACCMODE) == O_RDONLY)
		return -EINVAL;
	if ((flags & O_DIRECTORY) && (flags & O_CREAT))
		return -EINVAL;
	return 0;
}

/*
 * Opening what is there for reading only may wait: for the other end of a FIFO, for a device,
 * for the holder of a lease. That must not be under the locks of the call; give
 * the place back in @later and NULL instead.
 */
static struct file *open_under(struct txf_call *call,
			       const struct ktm_txf_open *arg, const char *path,
			       struct path *later)
{
	int flags = arg->open_flags | O_LARGEFILE;
	unsigned int walk = TXF_WALK_FOLLOW;
	struct txf_place place;
	struct file *file;
	int error;

	if ((flags & O_NOFOLLOW) ||
	    (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		walk = 0;
	error = txf_walk(call, arg->dirfd, path, walk, &place);
	if (error)
		return ERR_PTR(error);
	file = open_place(call, &place, flags, arg->mode);
	if (!file) {
		*later = place.path;
		path_get(later);
	}
	txf_place_put(&place);
	return file;
}

int txf_open(struct txf_request *req)
{
	struct ktm_txf_open *arg = &req->arg.open;
	struct path later = { };
	struct txf_call call;
	struct file *file;
	char *path;
	int error, fd;

	error = check_arg(arg);
	if (error)
		return error;
	path = txf_request_path(arg->path);
	if (IS_ERR(path))
		return PTR_ERR(path);
	fd = get_unused_fd_flags(arg->open_flags & O_CLOEXEC);
	if (fd < 0) {
		error = fd;
		goto out_path;
	}
	/* What is done can't turn into an error: so first the answer. */
	arg->out_fd = fd;
	error = txf_request_answer(req);
	if (error)
		goto out_fd;
	error = txf_call_begin(&call, arg->tx_fd);
	if (error)
		goto out_fd;
	file = open_under(&call, arg, path, &later);
	error = txf_call_end(&call, PTR_ERR_OR_ZERO(file));
	if (later.dentry) {
		file = dentry_open(&later, (arg->open_flags | O_LARGEFILE) &
				   ~FIND_FLAGS, current_cred());
		path_put(&later);
		error = PTR_ERR_OR_ZERO(file);
	}
	if (error)
		goto out_fd;
	fd_install(fd, file);
	kfree(path);
	return 0;

out_fd:
	put_unused_fd(fd);
out_path:
	kfree(path);
	return error;
}
