/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - how enlistments come, and how their fds go
 */
#ifndef _KTM_PROTOCOL_ENLIST_H
#define _KTM_PROTOCOL_ENLIST_H

#include "../object/enlistment.h"

/**
 * ktm_enlist_make - make an enlistment that has not joined yet
 * @rm: the resource manager
 * @life: the life of it that the caller belongs to
 * @tx: the transaction
 * @key: the RM's; of a kernel RM taken over when it joins
 * @flags: KTM_EN_F_*
 * Context: process context.
 * Return: the enlistment in state NEW with a reference for the caller, or
 * ERR_PTR of -EXDEV, -ESHUTDOWN, -EDQUOT, -ENOMEM.
 */
struct ktm_enlistment *ktm_enlist_make(struct ktm_rm *rm, u32 life,
				       struct ktm_tx *tx, u64 key, u32 flags);

/**
 * ktm_enlist_join - take part from here on
 * @en: from ktm_enlist_make(); all that can fail for other reasons is done
 * Context: process context.
 * Return: 0, or -EPROTO, -ECANCELED, -EBUSY, -EMSGSIZE, -ENOSPC, -EDQUOT, -ESHUTDOWN,
 * -ENOMEM as for struct ktm_en_create; the key is the caller's again then.
 */
int ktm_enlist_join(struct ktm_enlistment *en);

/**
 * ktm_enlist_reopen - find an enlistment of this RM that has not ended
 * @rm: the resource manager
 * @life: the life of it that the caller belongs to
 * @uuid: the enlistment
 * @key: its key from now on
 * Return: the enlistment with a reference, or ERR_PTR(-ENOENT).
 */
struct ktm_enlistment *ktm_enlist_reopen(struct ktm_rm *rm, u32 life,
					 const uuid_t *uuid, u64 key);

/**
 * ktm_enlist_file_opened - one more fd that may answer
 * @en: the enlistment
 */
void ktm_enlist_file_opened(struct ktm_enlistment *en);

/**
 * ktm_enlist_file_closed - one such fd less; the last one rolls back what has not
 * prepared, and stands for the answer to a rollback
 * @en: the enlistment
 * Context: process context.
 */
void ktm_enlist_file_closed(struct ktm_enlistment *en);

#endif /* _KTM_PROTOCOL_ENLIST_H */
