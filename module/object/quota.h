/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - what each user holds: a count for each, and a limit
 *
 * Of objects there is one table for all: an object is charged to the user who made
 * it, from then on until nothing but fds can hold it, and each fd to the user who has
 * got it. Of bytes in a log each TM has a table: see protocol/share.h.
 *
 * Charging takes no lock, unless it is the first or the last of a user.
 */
#ifndef _KTM_OBJECT_QUOTA_H
#define _KTM_OBJECT_QUOTA_H

#include <linux/cred.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>

/**
 * struct ktm_quota - the users who hold something
 * @users: counts by uid; those that fall to zero are taken out [own lock, RCU]
 */
struct ktm_quota {
	struct xarray users;
};

/**
 * struct ktm_payer - to whom something is charged
 * @uid: the user
 * @found: by recovery, or it is for the kernel: it is counted, and not refused
 * @exempt: it is a transaction's, which may hold any share of the log
 */
struct ktm_payer {
	kuid_t uid;
	bool found;
	bool exempt;
};

/* what counts how often: a TM has tables of its own */
#define KTM_QUOTA_FD		1
#define KTM_QUOTA_TM		16
#define KTM_QUOTA_TX		1
#define KTM_QUOTA_RM		1
#define KTM_QUOTA_EN		1
#define KTM_QUOTA_STREAM	1

/**
 * ktm_quota_init - an empty table
 * @quota: uninitialised
 */
void ktm_quota_init(struct ktm_quota *quota);

/**
 * ktm_quota_destroy - free a table; all was given back
 * @quota: the table
 */
void ktm_quota_destroy(struct ktm_quota *quota);

/**
 * ktm_quota_charge - count more for a user
 * @quota: the table
 * @uid: the user
 * @nr: how much, not 0
 * @limit: what the user may hold then
 * Context: process context, may sleep.
 * Return: 0, -EDQUOT, -ENOMEM.
 */
int ktm_quota_charge(struct ktm_quota *quota, kuid_t uid, u64 nr, u64 limit);

/**
 * ktm_quota_uncharge - count less
 * @quota: the table
 * @uid: the user
 * @nr: how much, not more than was charged
 * Context: any that may take a spinlock.
 */
void ktm_quota_uncharge(struct ktm_quota *quota, kuid_t uid, u64 nr);

/**
 * ktm_quota_used - what a user holds now
 * @quota: the table
 * @uid: the user
 * Return: the count.
 */
u64 ktm_quota_used(struct ktm_quota *quota, kuid_t uid);

/**
 * ktm_quota_uid - who pays for what is done with these credentials
 * @cred: the credentials
 *
 * In a user namespace it is the user who made it, or the outermost one around it:
 * who was given many uids there has one quota.
 *
 * Return: the user.
 */
kuid_t ktm_quota_uid(const struct cred *cred);

/**
 * ktm_payer_current - the caller pays
 * Context: process context.
 */
struct ktm_payer ktm_payer_current(void);

/**
 * ktm_payer_found - the owner pays for what recovery has found
 * @owner: as the log says; INVALID_UID, several of them: root does
 */
struct ktm_payer ktm_payer_found(kuid_t owner);

/**
 * ktm_objects_charge - count objects
 * @payer: who pays
 * @nr: KTM_QUOTA_*
 *
 * The limit is the module parameter max_user_objects; CAP_SYS_RESOURCE lifts it, as
 * it does that of processes: what is above it is counted.
 *
 * Context: process context, may sleep.
 * Return: 0, -EDQUOT, -ENOMEM.
 */
int ktm_objects_charge(struct ktm_payer payer, u32 nr);

/**
 * ktm_objects_uncharge - give back
 * @uid: who has paid
 * @nr: as charged
 * Context: any that may take a spinlock.
 */
void ktm_objects_uncharge(kuid_t uid, u32 nr);

/**
 * ktm_objects_used - what a user holds now
 * @uid: the user
 * @limit: out: what the user may hold
 * Return: the count.
 */
u64 ktm_objects_used(kuid_t uid, u64 *limit);

/**
 * ktm_objects_exit - free the table of objects; there are none
 */
void ktm_objects_exit(void);

#endif /* _KTM_OBJECT_QUOTA_H */
