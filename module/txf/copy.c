// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - private copies of committed files
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/mount.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/splice.h>

#include "attr.h"
#include "compat.h"
#include "copy.h"
#include "stage.h"
#include "tx.h"
#include "view.h"
#include "volume.h"
#include "walk.h"

#define CHUNK	SZ_1M

/* Copy what is data and leave holes where there are holes. */
static int copy_data(struct file *from, struct file *to, loff_t size)
{
	struct iattr attr = { .ia_valid = ATTR_SIZE, .ia_size = size };
	loff_t in = 0, out, end, stop;
	ssize_t n;
	int error;

	while (in < size) {
		in = vfs_llseek(from, in, SEEK_DATA);
		if (in < 0)
			break;
		end = vfs_llseek(from, in, SEEK_HOLE);
		if (end < 0)
			return end;
		for (stop = min(end, size), out = in; in < stop;) {
			if (fatal_signal_pending(current))
				return -EINTR;
			n = do_splice_direct(from, &in, to, &out,
					     min_t(loff_t, CHUNK, stop - in),
					     SPLICE_F_MOVE);
			if (n < 0)
				return n;
			/* Cut off by somebody else: prepare will notice. */
			if (!n)
				return 0;
			cond_resched();
		}
	}
	if (in < 0 && in != -ENXIO)
		return in;
	if (i_size_read(file_inode(to)) >= size)
		return 0;
	inode_lock(file_inode(to));
	error = notify_change(TXF_IDMAP, to->f_path.dentry, &attr, NULL);
	inode_unlock(file_inode(to));
	return error;
}

static int copy_content(struct txf_part *part, struct dentry *from,
			struct dentry *to)
{
	struct path from_path = { .mnt = part->vol->mnt, .dentry = from };
	struct path to_path = { .mnt = part->vol->mnt, .dentry = to };
	loff_t size = i_size_read(d_inode(from)), done;
	struct file *in, *out;
	int error = 0;

	if (!size)
		return 0;
	in = dentry_open(&from_path, O_RDONLY | O_LARGEFILE | O_NOATIME,
			 current_cred());
	if (IS_ERR(in))
		return PTR_ERR(in);
	out = dentry_open(&to_path, O_WRONLY | O_LARGEFILE, current_cred());
	if (IS_ERR(out)) {
		error = PTR_ERR(out);
		goto out_in;
	}
	done = vfs_clone_file_range(in, 0, out, 0, size, 0);
	if (done != size) {
		file_start_write(out);
		error = copy_data(in, out, size);
		file_end_write(out);
	}
	fput(out);
out_in:
	fput(in);
	return error;
}

struct dentry *txf_copy_make(const struct txf_place *place, bool empty)
{
	struct dentry *from = place->path.dentry, *to;
	struct txf_part *part = place->part;
	struct txf_new new = {
		.mode = S_IFREG | 0600,
		.dir = part->dir,
		.like = txf_view_attrs(part, from),
	};
	unsigned int flags = empty ? 0 : TXF_COPY_TIMES;
	struct cred *cred;
	const struct cred *old;
	int error = 0;

	to = txf_stage_create(part, &new);
	if (IS_ERR(to))
		return to;
	if (!empty) {
		cred = txf_stage_cred();
		error = -ENOMEM;
		if (cred) {
			old = override_creds(cred);
			error = copy_content(part, from, to);
			revert_creds(old);
			put_cred(cred);
		}
	}
	if (!error) {
		if (empty && i_size_read(d_inode(from)))
			flags |= TXF_COPY_STRIP;
		error = txf_attr_copy(part, new.like, to, flags);
	}
	if (error) {
		txf_stage_unlink(part, to);
		dput(to);
		return ERR_PTR(error);
	}
	return to;
}
