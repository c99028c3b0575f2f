/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - transaction managers come and go
 */
#ifndef _KTM_PROTOCOL_ATTACH_H
#define _KTM_PROTOCOL_ATTACH_H

#include "../object/tm.h"

/**
 * struct ktm_attach_params - what the caller wants
 * @uuid: identity: of a new volatile TM, or that the log must have; nil for any
 * @name: text for people; of a volatile TM only
 * @uid: owner
 * @gid: group
 * @mode: permission bits
 * @dev: block device; of a durable TM only
 * @no_recover: leave it RECOVERING; of a durable TM only
 */
struct ktm_attach_params {
	uuid_t uuid;
	const char *name;
	kuid_t uid;
	kgid_t gid;
	u32 mode;
	dev_t dev;
	bool no_recover;
};

/**
 * ktm_attach_volatile - make a TM without a log
 * @params: what is wanted
 * Context: process context.
 * Return: the TM with a reference, or ERR_PTR of -EEXIST, -ENOMEM.
 */
struct ktm_tm *ktm_attach_volatile(const struct ktm_attach_params *params);

/**
 * ktm_attach_durable - recover a log and bring its TM online
 * @params: what is wanted
 * @recovered: out: unfinished transactions that were found
 * Context: process context, may sleep.
 * Return: the TM with a reference, or ERR_PTR of the errnos of struct
 * ktm_tm_attach.
 */
struct ktm_tm *ktm_attach_durable(const struct ktm_attach_params *params,
				  u32 *recovered);

/**
 * ktm_attach_rollforward - how far would recovery go?
 * @tm: the TM
 * @clock: virtual clock value
 * @recovered: out: unfinished transactions decided at or before it
 * @left: out: unfinished transactions decided after it
 * Context: process context, may sleep.
 * Return: see struct ktm_tm_rollforward.
 */
int ktm_attach_rollforward(struct ktm_tm *tm, u64 clock, u32 *recovered, u32 *left);

/**
 * ktm_attach_recover - make the unfinished transactions and go online
 * @tm: the TM
 * @discard: only those up to the clock rolled forward to
 * @recovered: out: transactions made
 * @discarded: out: decisions taken back
 * Context: process context, may sleep.
 * Return: see struct ktm_tm_recover.
 */
int ktm_attach_recover(struct ktm_tm *tm, bool discard, u32 *recovered,
		       u32 *discarded);

/**
 * ktm_detach - give the log back
 * @tm: a durable TM; the caller has a reference
 * Context: process context, may sleep.
 * Return: 0, -EINVAL, -EBUSY, -ESHUTDOWN.
 */
int ktm_detach(struct ktm_tm *tm);

/**
 * ktm_detach_all - give all logs back, at the unloading of the module
 * Context: process context, may sleep; nobody else uses the module.
 */
void ktm_detach_all(void);

#endif /* _KTM_PROTOCOL_ATTACH_H */
