/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - both directories of a rename locked, both names looked up
 */
#ifndef _KTM_TXF_RENAME_H
#define _KTM_TXF_RENAME_H

#include <linux/fs.h>

/**
 * struct txf_rename - a rename that may happen
 * @data: for vfs_rename(); old_dentry is there, new_dentry may be negative
 * @from: directory of the old name, with a reference
 * @to: directory of the new name, with a reference
 *
 * Between begin and end both directories are locked. Neither object holds the
 * other directory.
 */
struct txf_rename {
	struct renamedata data;
	struct dentry *from;
	struct dentry *to;
};

/**
 * txf_rename_begin - lock for the rename of an object
 * @rename: filled in
 * @old: the object
 * @to: the directory that it goes to
 * @name: the name that it gets there
 * @len: bytes of it
 *
 * Context: process context; with permission to search both directories.
 * Return: 0; -ESTALE if the object or a directory is not where it was; -EINVAL if
 * the object holds @to; -ENOTEMPTY if what has the name holds the object; or an
 * error of the look-up. Nothing is locked then.
 */
int txf_rename_begin(struct txf_rename *rename, struct dentry *old,
		     struct dentry *to, const char *name, int len);

/**
 * txf_rename_begin_names - the same for the object that has a name
 * @rename: filled in
 * @from: directory of the old name
 * @from_name: NUL-terminated
 * @to: directory of the new name
 * @to_name: NUL-terminated
 *
 * Context: as above.
 * Return: as above, and -ENOENT if nothing has the old name.
 */
int txf_rename_begin_names(struct txf_rename *rename, struct dentry *from,
			   const char *from_name, struct dentry *to,
			   const char *to_name);

/**
 * txf_rename_end - unlock
 * @rename: from txf_rename_begin() or txf_rename_begin_names() that returned 0
 */
void txf_rename_end(struct txf_rename *rename);

#endif /* _KTM_TXF_RENAME_H */
