// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - finding what a path leads to in a transaction's view
 *
 * The kernel's own path walk does not know the names that a transaction has
 * changed, so this one goes from component to component: changed names from the
 * overlay, all others from the file system.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "call.h"
#include "compat.h"
#include "overlay.h"
#include "perm.h"
#include "tx.h"
#include "view.h"
#include "volume.h"
#include "walk.h"

#define LINKS_MAX	40

/**
 * struct walk - a walk on its way
 * @call: the call
 * @place: the result; place->path is where the walk has come to
 * @flags: TXF_WALK_*
 * @root: root directory of the caller, held
 * @text: what is left of the path, at @next; allocated
 * @next: in @text
 * @links: symbolic links followed
 */
struct walk {
	struct txf_call *call;
	struct txf_place *place;
	unsigned int flags;
	struct path root;
	char *text;
	char *next;
	int links;
};

static struct txf_part *part_at(struct walk *walk, const struct path *path)
{
	struct txf_volume *vol = txf_volume_find(path->mnt->mnt_sb);

	return vol ? txf_part_find(walk->call->tx, vol) : NULL;
}

/* Step into what is mounted at the place, if something is. */
static int cross_down(struct path *path, bool *mounted)
{
	struct vfsmount *mnt = path->mnt;
	int error = txf_follow_down(path);

	if (path->mnt != mnt)
		*mounted = true;
	return error == -EISDIR ? 0 : error;
}

static int walk_up(struct walk *walk)
{
	struct path *at = &walk->place->path;
	struct dentry *parent;
	bool mounted;

	for (;;) {
		if (path_equal(at, &walk->root))
			return 0;
		if (at->dentry != at->mnt->mnt_root)
			break;
		if (!follow_up(at))
			return 0;
	}
	parent = txf_view_parent(part_at(walk, at), at->dentry);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	/* A directory that was moved out of what is mounted leads nowhere. */
	if (!is_subdir(parent, at->mnt->mnt_root)) {
		dput(parent);
		return -ENOENT;
	}
	dput(at->dentry);
	at->dentry = parent;
	return cross_down(at, &mounted);
}

/* Look @name up in the directory reached; NULL if there is none. */
static struct dentry *look_up(struct walk *walk, const struct qstr *name)
{
	struct txf_place *place = walk->place;
	struct path *at = &place->path;
	struct txf_volume *vol = txf_volume_find(at->mnt->mnt_sb);
	struct txf_part *part = part_at(walk, at);
	struct dentry *dentry;

	place->part = part;
	place->entry = txf_name_find(part, d_inode(at->dentry), name);
	if (place->entry) {
		dentry = txf_name_dentry(place->entry);
		return dentry ? dget(dentry) : NULL;
	}
	if (txf_obj_is_dead(txf_obj_find(part, d_inode(at->dentry))))
		return NULL;
	dentry = txf_lookup_unlocked((const char *)name->name, at->dentry,
				     name->len);
	if (IS_ERR(dentry))
		return dentry;
	if (d_is_negative(dentry) || (vol && dentry == vol->staging)) {
		dput(dentry);
		return NULL;
	}
	return dentry;
}

/* Put a link's text in front of what is left. */
static int splice_text(struct walk *walk, const char *link)
{
	size_t len = strlen(link), left = strlen(walk->next);
	char *text;

	if (!len)
		return -ENOENT;
	if (len + 1 + left >= 2 * PATH_MAX)
		return -ENAMETOOLONG;
	text = kmalloc(len + 1 + left + 1, GFP_KERNEL_ACCOUNT);
	if (!text)
		return -ENOMEM;
	memcpy(text, link, len);
	text[len] = '/';
	memcpy(text + len + 1, walk->next, left + 1);
	/* A link at the very end must not turn into "link/". */
	if (!left)
		text[len] = '\0';
	kfree(walk->text);
	walk->text = text;
	walk->next = text;
	return 0;
}

static int follow_link(struct walk *walk, struct dentry *link)
{
	struct path *at = &walk->place->path;
	DEFINE_DELAYED_CALL(done);
	const char *text;
	int error;

	if (++walk->links > LINKS_MAX ||
	    (at->mnt->mnt_flags & MNT_NOSYMFOLLOW))
		return -ELOOP;
	error = txf_perm_follow(d_inode(at->dentry), d_inode(link));
	if (error)
		return error;
	/* Links that jump instead of having a text can not be followed. */
	if (d_inode(link)->i_op->readlink)
		return -ELOOP;
	text = vfs_get_link(link, &done);
	if (IS_ERR(text))
		return PTR_ERR(text);
	if (*text == '/') {
		path_get(&walk->root);
		path_put(at);
		*at = walk->root;
	}
	error = splice_text(walk, text);
	do_delayed_call(&done);
	return error;
}

/* Take the next component; false at the end of the path. */
static bool next_component(struct walk *walk, struct qstr *name, bool *slashes)
{
	char *text = walk->next;
	size_t len;

	while (*text == '/')
		text++;
	len = strcspn(text, "/");
	*name = (struct qstr)QSTR_INIT(text, len);
	text += len;
	*slashes = *text == '/';
	while (*text == '/')
		text++;
	walk->next = text;
	return len;
}

/* The last name: remember where it is, and what is there. */
static int finish(struct walk *walk, const struct qstr *name, bool slashes,
		  struct dentry *dentry)
{
	struct txf_place *place = walk->place;

	memcpy(place->text, name->name, name->len);
	place->text[name->len] = '\0';
	place->name = (struct qstr)QSTR_INIT(place->text, name->len);
	place->named = true;
	place->slashes = slashes;
	place->dir = place->path;
	place->path.mnt = mntget(place->dir.mnt);
	place->path.dentry = dentry;
	if (!dentry)
		return 0;
	return cross_down(&place->path, &place->mounted);
}

/* Deal with one name that is neither "." nor "..". */
static int walk_name(struct walk *walk, const struct qstr *name, bool slashes)
{
	struct path *at = &walk->place->path;
	bool last = !*walk->next, mounted;
	struct dentry *dentry;
	int error;

	if (name->len > NAME_MAX)
		return -ENAMETOOLONG;
	dentry = look_up(walk, name);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (!dentry && !last)
		return -ENOENT;
	if (dentry && d_is_symlink(dentry) &&
	    (!last || slashes || (walk->flags & TXF_WALK_FOLLOW))) {
		error = follow_link(walk, dentry);
		dput(dentry);
		return error;
	}
	if (last)
		return finish(walk, name, slashes, dentry);
	dput(at->dentry);
	at->dentry = dentry;
	return cross_down(at, &mounted);
}

static int walk_path(struct walk *walk)
{
	struct txf_place *place = walk->place;
	struct path *at = &place->path;
	struct qstr name;
	bool slashes;
	int error;

	while (!place->named && next_component(walk, &name, &slashes)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!d_is_dir(at->dentry))
			return -ENOTDIR;
		error = txf_perm_search(part_at(walk, at), at);
		if (error)
			return error;
		place->dot = name.len == 1 && name.name[0] == '.';
		if (place->dot)
			continue;
		if (name.len == 2 && !memcmp(name.name, "..", 2))
			error = walk_up(walk);
		else
			error = walk_name(walk, &name, slashes);
		if (error)
			return error;
	}
	if (!place->named)
		place->part = part_at(walk, at);
	return 0;
}

/* A path may start in staging only below what the transaction has made. */
static int check_start(struct walk *walk)
{
	struct path *at = &walk->place->path;
	struct txf_volume *vol = txf_volume_find(at->mnt->mnt_sb);
	struct txf_part *part;

	if (!vol || !is_subdir(at->dentry, vol->staging))
		return 0;
	part = txf_part_find(walk->call->tx, vol);
	if (!txf_overlay_owns(part, at->dentry) || at->dentry == part->dir)
		return -ENOENT;
	return 0;
}

static int walk_start(struct walk *walk, int dirfd, const char *path)
{
	struct path *at = &walk->place->path;
	struct file *file;

	if (*path == '/') {
		*at = walk->root;
		path_get(at);
	} else if (dirfd == AT_FDCWD) {
		get_fs_pwd(current->fs, at);
	} else {
		file = fget_raw(dirfd);
		if (!file)
			return -EBADF;
		*at = file->f_path;
		path_get(at);
		fput(file);
	}
	return check_start(walk);
}

int txf_walk(struct txf_call *call, int dirfd, const char *path,
	     unsigned int flags, struct txf_place *place)
{
	struct walk walk = { .call = call, .place = place, .flags = flags };
	int error;

	memset(place, 0, sizeof(*place));
	if (!*path)
		return -ENOENT;
	walk.text = kstrdup(path, GFP_KERNEL_ACCOUNT);
	if (!walk.text)
		return -ENOMEM;
	walk.next = walk.text;
	get_fs_root(current->fs, &walk.root);
	error = walk_start(&walk, dirfd, path);
	if (!error)
		error = walk_path(&walk);
	if (!error && place->slashes && place->path.dentry &&
	    !d_is_dir(place->path.dentry))
		error = -ENOTDIR;
	path_put(&walk.root);
	kfree(walk.text);
	if (error) {
		txf_place_put(place);
		memset(place, 0, sizeof(*place));
	}
	return error;
}

void txf_place_put(struct txf_place *place)
{
	if (place->named)
		path_put(&place->dir);
	path_put(&place->path);
}
