// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - may the caller do this?
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mount.h>

#include "compat.h"
#include "overlay.h"
#include "perm.h"
#include "tx.h"
#include "view.h"
#include "walk.h"

static int check_view(struct txf_part *part, const struct path *path, int mask)
{
	struct dentry *attrs = txf_view_attrs(part, path->dentry);
	struct inode *inode = d_inode(path->dentry);

	if ((mask & MAY_WRITE) && IS_IMMUTABLE(inode))
		return -EPERM;
	return inode_permission(txf_mnt_idmap(path->mnt), d_inode(attrs), mask);
}

int txf_perm_search(struct txf_part *part, const struct path *dir)
{
	return check_view(part, dir, MAY_EXEC);
}

int txf_perm_inode(const struct txf_place *place, int mask)
{
	return check_view(place->part, &place->path, mask);
}

int txf_perm_follow(const struct inode *dir, const struct inode *link)
{
	if (uid_eq(current_fsuid(), link->i_uid))
		return 0;
	if ((dir->i_mode & (S_ISVTX | 0002)) != (S_ISVTX | 0002))
		return 0;
	return uid_eq(dir->i_uid, link->i_uid) ? 0 : -EACCES;
}

int txf_perm_create(const struct txf_place *place)
{
	struct inode *dir = d_inode(place->dir.dentry);

	if (IS_DEADDIR(dir))
		return -ENOENT;
	if (!fsuidgid_has_mapping(dir->i_sb, TXF_IDMAP))
		return -EOVERFLOW;
	return check_view(place->part, &place->dir, MAY_WRITE | MAY_EXEC);
}

int txf_perm_remove(const struct txf_place *place, bool isdir)
{
	struct dentry *victim = place->path.dentry;
	struct inode *inode = d_inode(victim);
	struct inode *dir, *attrs;
	int error;

	if (!uid_valid(inode->i_uid) || !gid_valid(inode->i_gid))
		return -EOVERFLOW;
	error = check_view(place->part, &place->dir, MAY_WRITE | MAY_EXEC);
	if (error)
		return error;
	dir = d_inode(place->dir.dentry);
	if (IS_APPEND(dir))
		return -EPERM;
	dir = d_inode(txf_view_attrs(place->part, place->dir.dentry));
	attrs = d_inode(txf_view_attrs(place->part, victim));
	if (check_sticky(TXF_IDMAP, dir, attrs) || IS_APPEND(inode) ||
	    IS_IMMUTABLE(inode) || IS_SWAPFILE(inode))
		return -EPERM;
	if (isdir && !d_is_dir(victim))
		return -ENOTDIR;
	if (!isdir && d_is_dir(victim))
		return -EISDIR;
	if (place->mounted || d_mountpoint(victim))
		return -EBUSY;
	return 0;
}

/* A file in somebody else's sticky directory that was there before us. */
static int check_sticky_create(const struct txf_place *place)
{
	struct inode *dir = d_inode(place->dir.dentry);
	struct inode *inode = d_inode(place->path.dentry);

	if (!(dir->i_mode & S_ISVTX) || !(dir->i_mode & 0022) ||
	    uid_eq(inode->i_uid, dir->i_uid) ||
	    uid_eq(inode->i_uid, current_fsuid()))
		return 0;
	return S_ISREG(inode->i_mode) || S_ISFIFO(inode->i_mode) ? -EACCES : 0;
}

static int flags_mask(int flags)
{
	int mask = MAY_OPEN;

	if ((flags & O_ACCMODE) != O_WRONLY)
		mask |= MAY_READ;
	if ((flags & O_ACCMODE) != O_RDONLY)
		mask |= MAY_WRITE;
	if (flags & O_APPEND)
		mask |= MAY_APPEND;
	return mask;
}

int txf_perm_open(const struct txf_place *place, int flags)
{
	struct inode *inode = d_inode(place->path.dentry);
	int error;

	if ((flags & O_CREAT) && place->named) {
		error = check_sticky_create(place);
		if (error)
			return error;
	}
	if ((S_ISBLK(inode->i_mode) || S_ISCHR(inode->i_mode)) &&
	    ((place->path.mnt->mnt_flags & MNT_NODEV) ||
	     (inode->i_sb->s_iflags & SB_I_NODEV)))
		return -EACCES;
	error = txf_perm_inode(place, flags_mask(flags));
	if (error)
		return error;
	if (IS_APPEND(inode) && (flags & O_ACCMODE) != O_RDONLY)
		return -EPERM;
	if ((flags & O_NOATIME) && !inode_owner_or_capable(TXF_IDMAP, inode))
		return -EPERM;
	return 0;
}

static bool is_safe_source(const struct txf_place *place, struct inode *attrs)
{
	umode_t mode = attrs->i_mode;

	if (!S_ISREG(mode) || (mode & S_ISUID))
		return false;
	if ((mode & (S_ISGID | 0010)) == (S_ISGID | 0010))
		return false;
	return !txf_perm_inode(place, MAY_READ | MAY_WRITE);
}

int txf_perm_link(const struct txf_place *place)
{
	struct dentry *dentry = place->path.dentry;
	struct inode *attrs = d_inode(txf_view_attrs(place->part, dentry));
	struct inode *inode = d_inode(dentry);

	if (S_ISDIR(inode->i_mode) || IS_APPEND(inode) || IS_IMMUTABLE(inode))
		return -EPERM;
	if (!uid_valid(inode->i_uid) || !gid_valid(inode->i_gid))
		return -EOVERFLOW;
	if (is_safe_source(place, attrs) ||
	    inode_owner_or_capable(TXF_IDMAP, attrs))
		return 0;
	return -EPERM;
}
