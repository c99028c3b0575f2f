// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - renaming what is as expected
 */
#include <linux/namei.h>

#include "compat.h"
#include "move.h"
#include "rename.h"
#include "stamp.h"

/* By newer work. If it is, that is what EPERM is about. */
static bool is_protected(const struct dentry *dentry)
{
	const struct inode *inode = dentry ? d_inode(dentry) : NULL;

	return inode && (IS_IMMUTABLE(inode) || IS_APPEND(inode) ||
			 IS_SWAPFILE(inode));
}

/*
 * Newer work can make a step impossible in many ways: a directory was removed
 * or filled, something was mounted, put under another quota ... None of them is a
 * failure. What is left are failures of the file system, and what a policy forbids to
 * the kernel, whose credentials pass all other checks: what was decided is not dropped
 * for that, the transaction waits for another policy.
 */
int txf_judge(int error, const struct dentry *first,
	      const struct dentry *second)
{
	switch (error) {
	case -EPERM:
		if (is_protected(first) || is_protected(second))
			return TXF_SKIPPED;
		return error;
	case -ENOENT:
	case -EEXIST:
	case -ENOTEMPTY:
	case -ENOTDIR:
	case -EISDIR:
	case -EBUSY:
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

/* TXF_DONE: under the target's name is what was expected there. */
static int check_target(struct dentry *dentry, const struct txf_move *move)
{
	if (!move->expects)
		return d_is_negative(dentry) ? TXF_DONE : TXF_SKIPPED;
	if (!txf_holds(dentry, move->expect))
		return TXF_SKIPPED;
	return move->stamp ? txf_stamp_content(move->stamp, dentry) : TXF_DONE;
}

static int move_locked(const struct txf_move *move, struct txf_rename *rename)
{
	int result;

	if (txf_holds(rename->data.new_dentry, move->object))
		return TXF_DONE;
	if (!txf_holds(rename->data.old_dentry, move->object))
		return TXF_SKIPPED;
	result = check_target(rename->data.new_dentry, move);
	if (result != TXF_DONE)
		return result;
	result = txf_judge(vfs_rename(&rename->data), move->from, move->to);
	return txf_judge(result, move->object, rename->data.new_dentry);
}

/* There is nothing to move: because that was done? */
static int look_for_it(const struct txf_move *move)
{
	struct dentry *there;
	int result;

	there = txf_lookup_unlocked(move->to_name, move->to,
				    strlen(move->to_name));
	if (IS_ERR(there))
		return txf_judge(PTR_ERR(there), NULL, NULL);
	result = txf_holds(there, move->object) ? TXF_DONE : TXF_SKIPPED;
	dput(there);
	return result;
}

int txf_move(const struct txf_move *move)
{
	struct txf_rename rename;
	int result;

	if (!move->from || !move->to || !move->object)
		return TXF_SKIPPED;
	result = txf_rename_begin_names(&rename, move->from, move->from_name,
					move->to, move->to_name);
	/* that one holds the other, or was removed meanwhile, is for others to mend */
	if (result == -ENOENT || result == -EINVAL || result == -ENOTEMPTY ||
	    result == -ESTALE)
		return look_for_it(move);
	if (result)
		return txf_judge(result, NULL, NULL);
	result = move_locked(move, &rename);
	txf_rename_end(&rename);
	return result;
}
