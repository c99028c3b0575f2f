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

/* Put a private file in the place of the committed one. */
static int make_private(struct txf_call *call, struct txf_place *place,
			bool empty)
{
	struct txf_name *name;
	struct dentry *copy;
	struct txf_obj *obj;
	int error;

	if (!place->named || place->mounted)
		return -EBUSY;
	error = txf_call_change_name(call, place);
	if (error)
		return error;
	name = txf_name_get(place->part, place->dir.dentry, &place->name);
	if (IS_ERR(name))
		return PTR_ERR(name);
	/* Somebody may have changed the name since it was looked up. */
	if (!name->cur || name->cur->inode != d_inode(place->path.dentry))
		return -ESTALE;
	error = txf_obj_lock(name->cur);
	if (error)
		return error;
	copy = txf_copy_make(place, empty);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	obj = txf_obj_get(place->part, copy);
	if (IS_ERR(obj)) {
		txf_stage_unlink(place->part, copy);
		dput(copy);
		return PTR_ERR(obj);
	}
	txf_name_set(name, obj, copy);
	dput(place->path.dentry);
	place->path.dentry = dget(copy);
	return 0;
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

/* Open what is there. */
static int open_existing(struct txf_call *call, struct txf_place *place,
			 int flags)
{
	int error;

	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	error = check_type(place, flags);
	if (!error)
		error = txf_perm_open(place, flags);
	if (error || (flags & O_ACCMODE) == O_RDONLY)
		return error;
	if (__mnt_is_readonly(place->path.mnt))
		return -EROFS;
	if (!txf_overlay_owns(place->part, place->path.dentry))
		return make_private(call, place, flags & O_TRUNC);
	return flags & O_TRUNC ? truncate_private(place) : 0;
}

static int open_place(struct txf_call *call, struct txf_place *place, int flags,
		      umode_t mode)
{
	struct txf_new new = { .mode = S_IFREG | (mode & S_IALLUGO) };

	if (place->path.dentry)
		return open_existing(call, place, flags);
	if (!(flags & O_CREAT))
		return -ENOENT;
	if (place->slashes)
		return -EISDIR;
	return PTR_ERR_OR_ZERO(txf_create(call, place, &new));
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
 * Opening for reading only may wait: for the other end of a FIFO, for a device,
 * for the holder of a lease. That must not be under the locks of the call; give
 * the place back in @later and NULL instead.
 */
static struct file *open_under(struct txf_call *call,
			       const struct ktm_txf_open *arg, const char *path,
			       struct path *later)
{
	int flags = arg->open_flags | O_LARGEFILE;
	unsigned int walk = TXF_WALK_FOLLOW;
	struct file *file = NULL;
	struct txf_place place;
	int error;

	if ((flags & O_NOFOLLOW) ||
	    (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		walk = 0;
	error = txf_walk(call, arg->dirfd, path, walk, &place);
	if (error)
		return ERR_PTR(error);
	error = open_place(call, &place, flags, arg->mode);
	if (error) {
		file = ERR_PTR(error);
	} else if ((flags & O_ACCMODE) == O_RDONLY) {
		*later = place.path;
		path_get(later);
	} else {
		file = dentry_open(&place.path, flags & ~FIND_FLAGS,
				   current_cred());
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
	arg->out_fd = fd;
	req->file = file;
	kfree(path);
	return 0;

out_fd:
	put_unused_fd(fd);
out_path:
	kfree(path);
	return error;
}
