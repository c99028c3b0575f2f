/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - asking the security module what system calls ask it
 *
 * Work in staging and commit are the kernel's, so the caller's policy is asked here:
 * for the names as the caller knows them, and for what the transaction comes to. What
 * has been made in it and goes again is nobody's loss and is not asked about; what is
 * moved twice goes from its committed place to the last.
 *
 * Not all hooks are there for modules. Removing a directory is asked about as renaming
 * it in its place, a hard link as a rename, a symbolic link as mknod(2) would.
 */
#ifndef _KTM_TXF_LSM_H
#define _KTM_TXF_LSM_H

#include <linux/types.h>

struct txf_place;

/**
 * txf_lsm_create - may the caller make a name, by its path?
 * @place: the place; part is set
 * @mode: type and permission of what is made
 * @rdev: device number of a device node
 * Return: 0 or a negative errno.
 */
int txf_lsm_create(const struct txf_place *place, umode_t mode, dev_t rdev);

/**
 * txf_lsm_create_inode - may the caller make an object, by the label of the directory?
 * @place: the place; part is set
 * @mode: type and permission of what is made
 * Return: 0 or a negative errno.
 */
int txf_lsm_create_inode(const struct txf_place *place, umode_t mode);

/**
 * txf_lsm_remove - may the caller remove or replace a name, by its path?
 * @place: the place, where something is; part is set
 * Return: 0 or a negative errno.
 */
int txf_lsm_remove(const struct txf_place *place);

/**
 * txf_lsm_rename - may the caller rename or link, by both paths?
 * @from: where the object is; part is set
 * @to: the new name; part is set
 *
 * What has the new name is asked about with txf_lsm_remove().
 *
 * Return: 0 or a negative errno.
 */
int txf_lsm_rename(const struct txf_place *from, const struct txf_place *to);

#endif /* _KTM_TXF_LSM_H */
