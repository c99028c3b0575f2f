/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - recovery information: bytes that a resource manager finds again
 */
#ifndef _KTM_PROTOCOL_RECOVERY_INFO_H
#define _KTM_PROTOCOL_RECOVERY_INFO_H

#include "../object/enlistment.h"

/**
 * ktm_recovery_info_alloc - recovery information with a copy of some bytes
 * @data: the bytes; copied
 * @length: how many, at least 1
 * Context: process context, may sleep.
 * Return: what kfree() frees, or NULL if there is no memory.
 */
struct ktm_recovery_info *ktm_recovery_info_alloc(const void *data, u32 length);

/**
 * ktm_recovery_info_set - replace the recovery information of an enlistment
 * @en: the enlistment
 * @data: the bytes; copied
 * @length: how many; 0 for none
 * Context: process context, may sleep.
 * Return: see struct ktm_en_recovery_info.
 */
int ktm_recovery_info_set(struct ktm_enlistment *en, const void *data, u32 length);

/**
 * ktm_recovery_info_get - give it back
 * @en: the enlistment
 * @buffer: room for it
 * @length: in: size of @buffer; out: bytes that there are
 * Context: process context, may sleep.
 * Return: 0, -EINVAL, -EMSGSIZE.
 */
int ktm_recovery_info_get(struct ktm_enlistment *en, void *buffer, u32 *length);

#endif /* _KTM_PROTOCOL_RECOVERY_INFO_H */
