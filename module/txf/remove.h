/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - removing names
 */
#ifndef _KTM_TXF_REMOVE_H
#define _KTM_TXF_REMOVE_H

struct dentry;
struct txf_name;
struct txf_part;
struct txf_place;

/**
 * txf_remove_check_empty - is a directory empty for the transaction?
 * @part: the part
 * @dentry: the directory
 * Return: 0, -ENOTEMPTY or another negative errno.
 */
int txf_remove_check_empty(struct txf_part *part, struct dentry *dentry);

/**
 * txf_remove_staged - remove a name in staging, and the object with its last
 * @part: the part
 * @dentry: the name
 * Return: 0 or a negative errno.
 */
int txf_remove_staged(struct txf_part *part, struct dentry *dentry);

/**
 * txf_remove_name - let the transaction see nothing under a name
 * @name: the name
 *
 * What was staged for it is removed.
 * Return: 0; or an errno of the file system, and the name is as it was.
 */
int txf_remove_name(struct txf_name *name);

/**
 * txf_remove - remove what is at a place
 * @place: the place; what is there may be removed by the caller
 * Return: 0, -ENOTEMPTY, -EBUSY, -ESTALE or an errno of the file system.
 */
int txf_remove(struct txf_place *place);

#endif /* _KTM_TXF_REMOVE_H */
