/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - trying a call on objects with the same labels
 *
 * A policy by labels (SELinux, Smack) says what may be removed, renamed, linked and made
 * in hooks that modules can't ask. So the call is tried: in staging, on empty objects
 * with the attributes and labels that the transaction sees, as the caller. They are
 * removed then. Without such a policy nothing is tried.
 */
#ifndef _KTM_TXF_TRIAL_H
#define _KTM_TXF_TRIAL_H

struct txf_new;
struct txf_place;

/**
 * txf_trial_create - may the caller make this object here?
 * @place: the place; part is set
 * @new: what is to be made; files and directories are not tried, see
 *	txf_lsm_create_inode()
 * Return: 0 or a negative errno.
 */
int txf_trial_create(const struct txf_place *place, const struct txf_new *new);

/**
 * txf_trial_remove - may the caller remove what is here?
 * @place: the place, where something is; part is set
 * Return: 0 or a negative errno.
 */
int txf_trial_remove(const struct txf_place *place);

/**
 * txf_trial_rename - may the caller rename this?
 * @from: where it is; part is set
 * @to: where it shall be; part is set
 * Return: 0 or a negative errno.
 */
int txf_trial_rename(const struct txf_place *from, const struct txf_place *to);

/**
 * txf_trial_link - may the caller give this another name?
 * @from: where it is; part is set
 * @to: the name; part is set
 * Return: 0 or a negative errno.
 */
int txf_trial_link(const struct txf_place *from, const struct txf_place *to);

#endif /* _KTM_TXF_TRIAL_H */
