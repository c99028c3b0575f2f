/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - where things are and what they look like in a transaction's view
 */
#ifndef _KTM_TXF_VIEW_H
#define _KTM_TXF_VIEW_H

struct dentry;
struct txf_part;

/**
 * txf_view_parent - the directory above in the transaction's view
 * @part: the part, or NULL
 * @dentry: a directory
 * Return: the directory with a reference, or ERR_PTR(-ENOENT).
 */
struct dentry *txf_view_parent(struct txf_part *part, struct dentry *dentry);

/**
 * txf_view_attrs - the inode that has the attributes of an object
 * @part: the part, or NULL
 * @dentry: the object
 * Return: a dentry without a reference: of the object, or of the shadow that
 * has the attributes which the transaction has given it.
 */
struct dentry *txf_view_attrs(struct txf_part *part, struct dentry *dentry);

/**
 * txf_view_is_below - is a directory below another in the transaction's view?
 * @part: the part
 * @dentry: a directory
 * @top: another, or the same
 * Return: 1, 0 or a negative errno.
 */
int txf_view_is_below(struct txf_part *part, struct dentry *dentry,
		      struct dentry *top);

/**
 * txf_view_path - the path of an object below the root of its file system
 * @part: the part
 * @dentry: the object
 * @buffer: room for the text
 * @size: how much
 * Return: the text, somewhere in @buffer; its end if it is too long.
 */
char *txf_view_path(struct txf_part *part, struct dentry *dentry, char *buffer,
		    int size);

#endif /* _KTM_TXF_VIEW_H */
