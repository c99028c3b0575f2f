// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - asking the security module what system calls ask it
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/slab.h>

#include "compat.h"
#include "lsm.h"
#include "overlay.h"
#include "tx.h"
#include "view.h"
#include "walk.h"

/* Does the transaction see this directory elsewhere than the file system does? */
static bool is_elsewhere(struct txf_part *part, struct dentry *dir)
{
	struct txf_obj *obj = txf_obj_find(part, d_inode(dir));

	return obj && obj->at && obj->at->base != obj;
}

/*
 * The nearest directory above, or @dir itself, that is where it was, and so is all
 * above it. @depth: how many names it is up to there. With a reference.
 */
static struct dentry *find_anchor(struct txf_part *part, struct dentry *dir,
				  unsigned int *depth)
{
	struct dentry *at = dget(dir), *anchor = dget(dir), *above;
	unsigned int level = 0;

	*depth = 0;
	while (!IS_ROOT(at)) {
		above = txf_view_parent(part, at);
		if (IS_ERR(above)) {
			dput(at);
			dput(anchor);
			return above;
		}
		level++;
		if (is_elsewhere(part, at)) {
			dput(anchor);
			anchor = dget(above);
			*depth = level;
		}
		dput(at);
		at = above;
	}
	dput(at);
	return anchor;
}

/* Where the last @depth names of a path begin; NULL if it has fewer. */
static char *last_names(char *path, unsigned int depth)
{
	char *at = path + strlen(path);

	while (depth) {
		if (at == path)
			return NULL;
		if (*--at == '/')
			depth--;
	}
	return at + 1;
}

/* Dentries for the names of a path; they are known to nobody. Takes over @dentry. */
static struct dentry *alloc_names(struct dentry *dentry, const char *path)
{
	struct dentry *next;
	struct qstr name;
	size_t len;

	for (; *path; path += len + !!path[len]) {
		len = strcspn(path, "/");
		name = (struct qstr)QSTR_INIT(path, len);
		next = d_alloc(dentry, &name);
		dput(dentry);
		if (!next)
			return ERR_PTR(-ENOMEM);
		dentry = next;
	}
	return dentry;
}

static struct dentry *alloc_dir(struct txf_part *part, struct dentry *dir,
				struct dentry *anchor, unsigned int depth)
{
	struct dentry *dentry = ERR_PTR(-ENAMETOOLONG);
	char *buffer, *names;

	if (!depth)
		return dget(anchor);
	buffer = kmalloc(PATH_MAX, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return ERR_PTR(-ENOMEM);
	names = last_names(txf_view_path(part, dir, buffer, PATH_MAX), depth);
	if (names)
		dentry = alloc_names(dget(anchor), names);
	kfree(buffer);
	return dentry;
}

/*
 * A negative dentry with the path that the place has for the caller. @anchor: the
 * nearest directory above that exists for all; both with a reference.
 */
static struct dentry *alloc_name(const struct txf_place *place,
				 struct path *anchor)
{
	struct dentry *dir, *dentry;
	unsigned int depth;

	anchor->mnt = place->dir.mnt;
	anchor->dentry = find_anchor(place->part, place->dir.dentry, &depth);
	if (IS_ERR(anchor->dentry))
		return anchor->dentry;
	dir = alloc_dir(place->part, place->dir.dentry, anchor->dentry, depth);
	if (!IS_ERR(dir)) {
		dentry = d_alloc(dir, &place->name) ?: ERR_PTR(-ENOMEM);
		dput(dir);
	} else {
		dentry = dir;
	}
	if (IS_ERR(dentry))
		dput(anchor->dentry);
	return dentry;
}

/* What is lost if the place changes: a committed name, or NULL. No reference. */
static struct dentry *committed_name(const struct txf_place *place)
{
	struct dentry *real = place->entry ? place->entry->real : NULL;
	struct dentry *dentry = place->path.dentry;

	if (real && d_is_negative(real))
		real = NULL;
	if (real && d_inode(real) == d_inode(dentry))
		return real;
	return txf_overlay_owns(place->part, dentry) ? real : dentry;
}

int txf_lsm_create(const struct txf_place *place, umode_t mode, dev_t rdev)
{
	struct dentry *dentry;
	struct path anchor;
	int error;

	dentry = alloc_name(place, &anchor);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (!S_ISLNK(mode) && !IS_POSIXACL(d_inode(anchor.dentry)))
		mode &= ~current_umask();
	if (S_ISDIR(mode))
		error = security_path_mkdir(&anchor, dentry, mode & S_IALLUGO);
	else
		error = security_path_mknod(&anchor, dentry, mode,
					    new_encode_dev(rdev));
	dput(dentry);
	dput(anchor.dentry);
	return error;
}

int txf_lsm_create_inode(const struct txf_place *place, umode_t mode)
{
	struct dentry *attrs = txf_view_attrs(place->part, place->dir.dentry);
	struct dentry *dentry;
	int error = 0;

	if (!S_ISDIR(mode) && !S_ISREG(mode))
		return 0;
	dentry = d_alloc(attrs, &place->name);
	if (!dentry)
		return -ENOMEM;
	if (S_ISDIR(mode))
		error = security_inode_mkdir(d_inode(attrs), dentry,
					     mode & S_IALLUGO);
	else
		error = security_inode_create(d_inode(attrs), dentry, mode);
	dput(dentry);
	return error;
}

int txf_lsm_remove(const struct txf_place *place)
{
	struct dentry *dentry;
	struct path dir;
	int error;

	/* That it is busy is for others to say. */
	if (place->mounted)
		return 0;
	dentry = committed_name(place);
	if (!dentry)
		return 0;
	dir.mnt = place->dir.mnt;
	dir.dentry = dget_parent(dentry);
	if (d_is_dir(dentry))
		error = security_path_rename(&dir, dentry, &dir, dentry, 0);
	else
		error = security_path_unlink(&dir, dentry);
	dput(dir.dentry);
	return error;
}

int txf_lsm_rename(const struct txf_place *from, const struct txf_place *to)
{
	struct inode *inode = d_inode(from->path.dentry);
	struct dentry *old = committed_name(from), *new;
	struct path old_dir, new_dir, anchor;
	int error;

	if (!old)
		return txf_lsm_create(to, inode->i_mode, inode->i_rdev);
	new = alloc_name(to, &anchor);
	if (IS_ERR(new))
		return PTR_ERR(new);
	old_dir.mnt = from->dir.mnt;
	old_dir.dentry = dget_parent(old);
	new_dir.mnt = to->dir.mnt;
	new_dir.dentry = dget_parent(new);
	error = security_path_rename(&old_dir, old, &new_dir, new, 0);
	dput(old_dir.dentry);
	dput(new_dir.dentry);
	dput(new);
	dput(anchor.dentry);
	return error;
}
