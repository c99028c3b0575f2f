// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - reading directories, removing directory trees
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "compat.h"
#include "memory.h"
#include "tree.h"
#include "volume.h"

/* So many names are taken from a directory at a time. */
#define BATCH		32

/*
 * Whoever owns a staged directory can make things in it while it is being
 * removed. He is not given more than so many tries.
 */
#define ROUNDS_MAX	10000000

struct reader {
	struct dir_context ctx;
	txf_tree_fn fn;
	void *fn_ctx;
	bool stopped;
	loff_t stop_pos;
};

static bool read_entry(struct dir_context *ctx, const char *name, int len,
		       loff_t pos, u64 ino, unsigned int type)
{
	struct reader *reader = container_of(ctx, struct reader, ctx);

	if (len <= 0 || len > NAME_MAX)
		return true;
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return true;
	if (reader->fn(reader->fn_ctx, name, len, ino, type, pos))
		return true;
	reader->stopped = true;
	reader->stop_pos = pos;
	return false;
}

int txf_tree_read(struct vfsmount *mnt, struct dentry *dir, loff_t *pos,
		  txf_tree_fn fn, void *fn_ctx)
{
	struct path path = { .mnt = mnt, .dentry = dir };
	struct reader reader = {
		.ctx.actor = read_entry,
		.fn = fn,
		.fn_ctx = fn_ctx,
	};
	struct file *file;
	loff_t before;
	int error;

	file = dentry_open(&path, O_RDONLY | O_DIRECTORY | O_LARGEFILE |
			   O_NOATIME, current_cred());
	if (IS_ERR(file))
		return PTR_ERR(file);
	error = 0;
	if (*pos && vfs_llseek(file, *pos, SEEK_SET) != *pos)
		error = -EINVAL;
	reader.ctx.pos = file->f_pos;
	while (!error && !reader.stopped) {
		before = reader.ctx.pos;
		error = iterate_dir(file, &reader.ctx);
		if (reader.ctx.pos == before)
			break;
	}
	*pos = reader.stopped ? reader.stop_pos : reader.ctx.pos;
	txf_fput(file);
	return error;
}

/**
 * struct batch - names taken from a directory
 * @nr: how many
 * @names: the names
 */
struct batch {
	unsigned int nr;
	char names[BATCH][NAME_MAX + 1];
};

static bool take_name(void *ctx, const char *name, int len, u64 ino,
		      unsigned int type, loff_t pos)
{
	struct batch *batch = ctx;

	if (batch->nr == BATCH)
		return false;
	memcpy(batch->names[batch->nr], name, len);
	batch->names[batch->nr][len] = '\0';
	batch->nr++;
	return true;
}

/* Remove one name that is no directory; give a directory back in @sub. */
static int remove_name(struct dentry *dir, const char *name,
		       struct dentry **sub)
{
	struct inode *inode = d_inode(dir);
	struct dentry *dentry;
	int error = 0;

	inode_lock_nested(inode, I_MUTEX_PARENT);
	dentry = txf_lookup(name, dir, strlen(name));
	if (IS_ERR(dentry)) {
		error = PTR_ERR(dentry);
		dentry = NULL;
	} else if (d_is_dir(dentry)) {
		*sub = dget(dentry);
	} else if (d_is_positive(dentry)) {
		error = vfs_unlink(TXF_IDMAP, inode, dentry, NULL);
	}
	inode_unlock(inode);
	dput(dentry);
	return error;
}

/*
 * Remove from @dir until it is empty or a directory turns up, which is given
 * back in @sub.
 */
static int remove_batch(struct txf_volume *vol, struct dentry *dir,
			struct batch *batch, struct dentry **sub)
{
	loff_t pos = 0;
	unsigned int i;
	int error;

	*sub = NULL;
	batch->nr = 0;
	error = txf_tree_read(vol->mnt, dir, &pos, take_name, batch);
	for (i = 0; !error && !*sub && i < batch->nr; i++)
		error = remove_name(dir, batch->names[i], sub);
	return error;
}

/* Remove an empty directory and go on with the one above. */
static int remove_dir(struct dentry *dir, struct dentry **above)
{
	struct dentry *parent = dget_parent(dir);
	int error;

	*above = parent;
	inode_lock_nested(d_inode(parent), I_MUTEX_PARENT);
	if (dir->d_parent != parent || d_unhashed(dir))
		error = -ESTALE;
	else
		error = txf_vfs_rmdir(d_inode(parent), dir);
	inode_unlock(d_inode(parent));
	return error;
}

static int remove_all(struct txf_volume *vol, struct dentry *top,
		      struct batch *batch)
{
	struct dentry *dir = dget(top), *next;
	unsigned int rounds;
	int error = -ELOOP;
	bool last;

	for (rounds = 0; rounds < ROUNDS_MAX; rounds++) {
		error = remove_batch(vol, dir, batch, &next);
		if (!error && !next && !batch->nr) {
			last = dir == top;
			error = remove_dir(dir, &next);
			if (last) {
				dput(next);
				break;
			}
		}
		if (error) {
			dput(next);
			break;
		}
		if (next) {
			dput(dir);
			dir = next;
		}
		cond_resched();
	}
	dput(dir);
	return error;
}

static int try_to_remove(struct txf_volume *vol, struct dentry *top)
{
	const struct cred *old;
	struct batch *batch;
	int error;

	batch = kmalloc(sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	old = override_creds(vol->cred);
	error = mnt_want_write(vol->mnt);
	if (!error) {
		error = remove_all(vol, top, batch);
		mnt_drop_write(vol->mnt);
	}
	revert_creds(old);
	kfree(batch);
	return error;
}

int txf_tree_remove(struct txf_volume *vol, struct dentry *top)
{
	int error;

	do {
		error = try_to_remove(vol, top);
	} while (txf_wait_for_memory(error));
	return error;
}
