// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - both directories of a rename locked, both names looked up
 */
#include <linux/namei.h>

#include "compat.h"
#include "rename.h"

#if TXF_KERNEL_IS(6, 19)

/* The kernel has the same: it does not let others lock two directories any more. */
static void init(struct txf_rename *rename, struct dentry *from,
		 struct dentry *to)
{
	memset(rename, 0, sizeof(*rename));
	rename->data.mnt_idmap = TXF_IDMAP;
	rename->data.old_parent = from;
	rename->data.new_parent = to;
	rename->from = dget(from);
	rename->to = dget(to);
}

static int begun(struct txf_rename *rename, int error)
{
	if (error) {
		dput(rename->from);
		dput(rename->to);
	}
	return error;
}

int txf_rename_begin(struct txf_rename *rename, struct dentry *old,
		     struct dentry *to, const char *name, int len)
{
	struct dentry *from = dget_parent(old);
	int error;

	init(rename, from, to);
	error = start_renaming_dentry(&rename->data, 0, old,
				      &QSTR_LEN(name, len));
	if (error == -EINVAL && (d_unhashed(old) || old->d_parent != from))
		error = -ESTALE;
	dput(from);
	return begun(rename, error);
}

int txf_rename_begin_names(struct txf_rename *rename, struct dentry *from,
			   const char *from_name, struct dentry *to,
			   const char *to_name)
{
	init(rename, from, to);
	return begun(rename, start_renaming(&rename->data, 0, &QSTR(from_name),
					    &QSTR(to_name)));
}

void txf_rename_end(struct txf_rename *rename)
{
	end_renaming(&rename->data);
	dput(rename->from);
	dput(rename->to);
}

#else

static void set_data(struct txf_rename *rename, struct dentry *old,
		     struct dentry *new)
{
	struct renamedata *data = &rename->data;

	memset(data, 0, sizeof(*data));
#if TXF_KERNEL_IS(6, 18)
	data->mnt_idmap = TXF_IDMAP;
	data->old_parent = rename->from;
	data->new_parent = rename->to;
#else
#if TXF_KERNEL_IS(6, 3)
	data->old_mnt_idmap = TXF_IDMAP;
	data->new_mnt_idmap = TXF_IDMAP;
#else
	data->old_mnt_userns = TXF_IDMAP;
	data->new_mnt_userns = TXF_IDMAP;
#endif
	data->old_dir = d_inode(rename->from);
	data->new_dir = d_inode(rename->to);
#endif
	data->old_dentry = old;
	data->new_dentry = new;
}

/* Both are locked; the reference on @old passes to @rename if 0 is returned. */
static int find_target(struct txf_rename *rename, struct dentry *old,
		       const char *name, int len, struct dentry *trap)
{
	struct dentry *new;

	if (old == trap)
		return -EINVAL;
	new = txf_lookup(name, rename->to, len);
	if (IS_ERR(new))
		return PTR_ERR(new);
	if (new == trap) {
		dput(new);
		return -ENOTEMPTY;
	}
	set_data(rename, old, new);
	return 0;
}

/* Lock, and take references on both. */
static struct dentry *lock_both(struct txf_rename *rename, struct dentry *from,
				struct dentry *to)
{
	/* Newer kernels say so if one of them was removed; 6.1 never does. */
	struct dentry *trap = lock_rename(from, to);

	if (IS_ERR(trap))
		return ERR_PTR(-ESTALE);
	rename->from = dget(from);
	rename->to = dget(to);
	return trap;
}

static void unlock_both(struct txf_rename *rename)
{
	unlock_rename(rename->from, rename->to);
	dput(rename->from);
	dput(rename->to);
}

int txf_rename_begin(struct txf_rename *rename, struct dentry *old,
		     struct dentry *to, const char *name, int len)
{
	struct dentry *from = dget_parent(old), *trap;
	int error;

	trap = lock_both(rename, from, to);
	dput(from);
	if (IS_ERR(trap))
		return PTR_ERR(trap);
	dget(old);
	if (d_unhashed(old) || old->d_parent != rename->from)
		error = -ESTALE;
	else
		error = find_target(rename, old, name, len, trap);
	if (error) {
		dput(old);
		unlock_both(rename);
	}
	return error;
}

int txf_rename_begin_names(struct txf_rename *rename, struct dentry *from,
			   const char *from_name, struct dentry *to,
			   const char *to_name)
{
	struct dentry *trap, *old;
	int error;

	trap = lock_both(rename, from, to);
	if (IS_ERR(trap))
		return PTR_ERR(trap);
	old = txf_lookup(from_name, from, strlen(from_name));
	if (IS_ERR(old)) {
		error = PTR_ERR(old);
		goto err_unlock;
	}
	error = d_is_negative(old) ? -ENOENT :
		find_target(rename, old, to_name, strlen(to_name), trap);
	if (!error)
		return 0;
	dput(old);
err_unlock:
	unlock_both(rename);
	return error;
}

void txf_rename_end(struct txf_rename *rename)
{
	dput(rename->data.old_dentry);
	dput(rename->data.new_dentry);
	unlock_both(rename);
}

#endif
