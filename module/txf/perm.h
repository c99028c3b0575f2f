/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - may the caller do this?
 *
 * What the kernel checks in system calls, for directories and objects as the
 * transaction sees them. The restrictions of sticky directories that sysctl can
 * lift (protected_symlinks, _hardlinks, _regular, _fifos) are always applied.
 */
#ifndef _KTM_TXF_PERM_H
#define _KTM_TXF_PERM_H

#include <linux/fs.h>

struct path;
struct txf_part;
struct txf_place;

/**
 * txf_perm_search - may the caller search a directory?
 * @part: the part on its file system, or NULL
 * @dir: the directory
 * Return: 0 or a negative errno.
 */
int txf_perm_search(struct txf_part *part, const struct path *dir);

/**
 * txf_perm_follow - may the caller follow a symbolic link?
 * @dir: the directory it is in
 * @link: the link
 * Return: 0 or -EACCES.
 */
int txf_perm_follow(const struct inode *dir, const struct inode *link);

/**
 * txf_perm_create - may the caller make a name?
 * @place: the place; part is set
 * Return: 0 or a negative errno.
 */
int txf_perm_create(const struct txf_place *place);

/**
 * txf_perm_remove - may the caller remove or replace a name?
 * @place: the place, where something is; part is set
 * @dir: whether it has to be a directory
 * Return: 0 or a negative errno.
 */
int txf_perm_remove(const struct txf_place *place, bool dir);

/**
 * txf_perm_open - may the caller open an object?
 * @place: the place, where something is
 * @flags: O_* flags
 * Return: 0 or a negative errno.
 */
int txf_perm_open(const struct txf_place *place, int flags);

/**
 * txf_perm_link - may the caller give an object another name?
 * @place: where the object is
 * Return: 0 or a negative errno.
 */
int txf_perm_link(const struct txf_place *place);

/**
 * txf_perm_inode - check permission bits and ACL as the transaction sees them
 * @place: where the object is
 * @mask: MAY_* flags
 * Return: 0 or a negative errno.
 */
int txf_perm_inode(const struct txf_place *place, int mask);

#endif /* _KTM_TXF_PERM_H */
