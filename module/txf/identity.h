/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - the staging directory of a volume and whose it is
 */
#ifndef _KTM_TXF_IDENTITY_H
#define _KTM_TXF_IDENTITY_H

#include <linux/uuid.h>

struct dentry;
struct vfsmount;

/**
 * txf_identity_open - find or make the staging directory
 * @mnt: the mount
 * Context: with the credentials of the kernel.
 * Return: the directory or ERR_PTR of -EUCLEAN (not safe to use), -ENOSPC, ...
 */
struct dentry *txf_identity_open(struct vfsmount *mnt);

/**
 * txf_identity_get - find out who the volume is, or make it somebody
 * @mnt: the mount
 * @staging: the staging directory
 * @tm: the TM it shall have
 * @rm: out: the resource manager
 *
 * A new identity is durable when this returns.
 *
 * Context: with the credentials of the kernel.
 * Return: 0, -ESTALE (it has another TM), -EUCLEAN, or an errno of the file
 * system.
 */
int txf_identity_get(struct vfsmount *mnt, struct dentry *staging,
		     const uuid_t *tm, uuid_t *rm);

/**
 * txf_identity_read - find out whose the volume is
 * @mnt: the mount
 * @rm: out: the resource manager
 * @tm: out: its TM
 *
 * Context: with the credentials of the kernel.
 * Return: 0, -ENOENT (it is nobody's), -EUCLEAN, or an errno of the file system.
 */
int txf_identity_read(struct vfsmount *mnt, uuid_t *rm, uuid_t *tm);

/**
 * txf_identity_adopt - let the volume have another TM
 * @mnt: the mount, whose volume is not enabled
 * @from: the TM that it has
 * @to: the TM that it shall have
 *
 * It is durable when this returns. If power fails, it has the one or the other.
 *
 * Context: with the credentials of the kernel; one at a time.
 * Return: 0, also if it has @to already; -ESTALE if it has another one; or as above.
 */
int txf_identity_adopt(struct vfsmount *mnt, const uuid_t *from,
		       const uuid_t *to);

#endif /* _KTM_TXF_IDENTITY_H */
