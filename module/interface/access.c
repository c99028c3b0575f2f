// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - who may do what with a TM
 */
#include <linux/capability.h>
#include <linux/cred.h>

#include "access.h"

u32 ktm_access_granted_by(kuid_t uid, kgid_t gid, u32 mode)
{
	if (uid_eq(current_fsuid(), uid))
		mode >>= 6;
	else if (in_group_p(gid))
		mode >>= 3;
	mode &= KTM_ACCESS_READ | KTM_ACCESS_WRITE;
	if (mode != (KTM_ACCESS_READ | KTM_ACCESS_WRITE) &&
	    capable(CAP_DAC_OVERRIDE))
		mode = KTM_ACCESS_READ | KTM_ACCESS_WRITE;
	return mode;
}

u32 ktm_access_granted(const struct ktm_tm *tm)
{
	return ktm_access_granted_by(tm->uid, tm->gid, tm->mode);
}

u64 ktm_access_rights(u32 granted)
{
	u64 rights = 0;

	if (granted & KTM_ACCESS_READ)
		rights |= KTM_RIGHT_QUERY;
	if (granted & KTM_ACCESS_WRITE)
		rights |= KTM_RIGHTS_TM & ~KTM_RIGHT_QUERY;
	return rights;
}
