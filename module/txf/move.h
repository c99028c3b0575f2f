/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - renaming what is as expected
 */
#ifndef _KTM_TXF_MOVE_H
#define _KTM_TXF_MOVE_H

#include <linux/dcache.h>
#include <linux/types.h>

struct txf_stamp;

/* What a step can come to, besides a negative errno. */
#define TXF_DONE	0
#define TXF_SKIPPED	1

/**
 * struct txf_move - a rename to be tried
 * @from: directory it comes from; NULL if it is gone
 * @from_name: name there
 * @to: directory it goes to; NULL if it is gone
 * @to_name: name there
 * @object: what is moved; NULL if it is gone
 * @expects: something has to be there before
 * @expect: that, or NULL if it is gone
 * @stamp: and its content has to be this old; or NULL
 */
struct txf_move {
	struct dentry *from;
	const char *from_name;
	struct dentry *to;
	const char *to_name;
	struct dentry *object;
	bool expects;
	struct dentry *expect;
	const struct txf_stamp *stamp;
};

/**
 * txf_move - rename, if everything is as expected
 * @move: what
 *
 * It is done, too, if the object is there already.
 *
 * Context: takes locks of inodes; with the kernel's credentials.
 * Return: TXF_DONE, TXF_SKIPPED, or a negative errno of the file system.
 */
int txf_move(const struct txf_move *move);

/**
 * txf_judge - is an error a failure, or has newer work made a step impossible?
 * @error: 0 or a negative errno
 * @first: what the error may be about: an object, a directory or NULL
 * @second: another one, or NULL
 *
 * EACCES, and EPERM unless one of them is immutable or the like, is a policy that forbids
 * something to the kernel. That is a failure.
 *
 * Return: TXF_DONE, TXF_SKIPPED, or @error.
 */
int txf_judge(int error, const struct dentry *first,
	      const struct dentry *second);

/**
 * txf_holds - is it this object that a name holds?
 * @dentry: the name
 * @object: a name of the object, or NULL if it is gone
 */
static inline bool txf_holds(const struct dentry *dentry,
			     const struct dentry *object)
{
	return object && d_is_positive(dentry) &&
	       d_inode(dentry) == d_inode(object);
}

#endif /* _KTM_TXF_MOVE_H */
