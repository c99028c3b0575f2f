/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - lives of resource managers
 */
#ifndef _KTM_PROTOCOL_RM_H
#define _KTM_PROTOCOL_RM_H

#include "../object/rm.h"

/**
 * struct ktm_rm_who - on whose behalf a resource manager comes
 * @uid: the user; becomes the owner of an RM that is new
 * @admin: may take over the RM of another user, who stays its owner
 * @payer: to whom it is charged
 */
struct ktm_rm_who {
	kuid_t uid;
	bool admin;
	struct ktm_payer payer;
};

/**
 * ktm_rm_begin_life - a resource manager comes
 * @tm: its TM
 * @uuid: its UUID; nil for a new one if it is volatile
 * @name: text for people
 * @flags: KTM_RM_F_*
 * @who: on whose behalf
 * @ops: functions of a kernel RM, or NULL
 * @priv: of a kernel RM
 * Context: process context, may sleep.
 * Return: the RM with a reference, to be given up by ktm_rm_end_life(), or
 * ERR_PTR of -EINVAL, -EEXIST, -EPERM (it belongs to another user), -ESHUTDOWN,
 * -EDQUOT, -ENOMEM.
 */
struct ktm_rm *ktm_rm_begin_life(struct ktm_tm *tm, const uuid_t *uuid,
				 const char *name, u32 flags,
				 const struct ktm_rm_who *who,
				 const struct ktm_rm_ops *ops, void *priv);

/**
 * ktm_rm_go_online - its recovery begins: announce what earlier lives left
 * @rm: the resource manager
 * @life: the life that the caller belongs to
 *
 * A user-mode RM gets RECOVER and LAST_RECOVER notifications; a kernel RM is
 * called before this returns.
 *
 * Context: process context, may sleep.
 * Return: 0, -EALREADY, -EPROTO (that life is over), -ESHUTDOWN.
 */
int ktm_rm_go_online(struct ktm_rm *rm, u32 life);

/**
 * ktm_rm_end_life - a resource manager goes
 * @rm: the resource manager; the reference is dropped
 *
 * What it has not prepared is rolled back. Returns when no callback runs and
 * all keys of a kernel RM are released.
 *
 * Context: process context, may sleep.
 */
void ktm_rm_end_life(struct ktm_rm *rm);

/**
 * ktm_rm_file_opened - one more fd that may fetch notifications
 * @rm: the resource manager, of a user; it has one such fd already, from
 *	ktm_rm_begin_life()
 */
void ktm_rm_file_opened(struct ktm_rm *rm);

/**
 * ktm_rm_file_closed - one such fd less; the last one ends the life
 * @rm: the resource manager; the fd's reference is dropped
 * Context: process context, may sleep.
 */
void ktm_rm_file_closed(struct ktm_rm *rm);

#endif /* _KTM_PROTOCOL_RM_H */
