/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - who may do what with a TM
 */
#ifndef _KTM_INTERFACE_ACCESS_H
#define _KTM_INTERFACE_ACCESS_H

#include "../object/tm.h"

#define KTM_ACCESS_READ		4
#define KTM_ACCESS_WRITE	2
#define KTM_ACCESS_MODES	0666

/**
 * ktm_access_granted - what the mode bits of a TM give the caller
 * @tm: the TM
 *
 * CAP_DAC_OVERRIDE gives all.
 *
 * Return: KTM_ACCESS_READ, KTM_ACCESS_WRITE.
 */
u32 ktm_access_granted(const struct ktm_tm *tm);

/**
 * ktm_access_granted_by - what mode bits give the caller
 * @uid: owner
 * @gid: group
 * @mode: permission bits
 *
 * CAP_DAC_OVERRIDE gives all.
 *
 * Return: KTM_ACCESS_READ, KTM_ACCESS_WRITE.
 */
u32 ktm_access_granted_by(kuid_t uid, kgid_t gid, u32 mode);

/**
 * ktm_access_rights - the rights of an fd of a TM
 * @granted: from ktm_access_granted()
 * Return: KTM_RIGHT_*.
 */
u64 ktm_access_rights(u32 granted);

#endif /* _KTM_INTERFACE_ACCESS_H */
