// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - renaming what is as expected
 */
#include <linux/namei.h>

#include "compat.h"
#include "move.h"
#include "stamp.h"

/*
 * Newer work can make a step impossible in many ways: a directory was removed
 * or filled, something was mounted, made immutable, put under another quota ...
 * None of them is a failure. What is left are failures of the file system.
 */
int txf_judge(int error)
{
	switch (error) {
	case -ENOENT:
	case -EEXIST:
	case -ENOTEMPTY:
	case -ENOTDIR:
	case -EISDIR:
	case -EBUSY:
	case -EPERM:
	case -EACCES:
	case -EMLINK:
	case -EINVAL:
	case -ETXTBSY:
	case -ESTALE:
	case -EXDEV:
		return TXF_SKIPPED;
	default:
		return error;
	}
}

/* Is under the target's name what was expected there? */
static bool is_expected(const struct dentry *dentry,
			const struct txf_move *move)
{
	if (!move->expects)
		return d_is_negative(dentry);
	return txf_holds(dentry, move->expect) &&
	       (!move->stamp ||
		txf_stamp_is_content(move->stamp, d_inode(dentry)));
}

static int move_locked(const struct txf_move *move, struct dentry *trap)
{
	struct dentry *src, *dst;
	struct renamedata rd;
	int result;

	dst = lookup_one_len(move->to_name, move->to, strlen(move->to_name));
	if (IS_ERR(dst))
		return txf_judge(PTR_ERR(dst));
	result = TXF_DONE;
	if (txf_holds(dst, move->object))
		goto out_dst;
	src = lookup_one_len(move->from_name, move->from,
			     strlen(move->from_name));
	if (IS_ERR(src)) {
		result = txf_judge(PTR_ERR(src));
		goto out_dst;
	}
	result = TXF_SKIPPED;
	if (txf_holds(src, move->object) && is_expected(dst, move) &&
	    src != trap && dst != trap) {
		txf_rename_init(&rd, src, dst);
		result = txf_judge(vfs_rename(&rd));
	}
	dput(src);
out_dst:
	dput(dst);
	return result;
}

int txf_move(const struct txf_move *move)
{
	struct dentry *trap;
	int result;

	if (!move->from || !move->to || !move->object)
		return TXF_SKIPPED;
	trap = lock_rename(move->from, move->to);
	/* Newer kernels say so if one of them was removed; 6.1 never does. */
	if (IS_ERR(trap))
		return TXF_SKIPPED;
	result = move_locked(move, trap);
	unlock_rename(move->from, move->to);
	return result;
}
