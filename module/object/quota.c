// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - what each user holds: a count for each, and a limit
 *
 * A count is there as long as it is not zero, and is never used again once it was:
 * who finds a zero takes it out of the table for the one who will free it.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "quota.h"

static unsigned int max_user_objects = 65536;
module_param(max_user_objects, uint, 0644);
MODULE_PARM_DESC(max_user_objects, "objects, and fds of objects, that a user may hold");

static struct ktm_quota objects = { .users = XARRAY_INIT(objects.users, 0) };

/**
 * struct count - what one user holds
 * @used: how much; 0 only when it is about to be freed [atomic]
 * @rcu: for freeing
 */
struct count {
	atomic64_t used;
	struct rcu_head rcu;
};

void ktm_quota_init(struct ktm_quota *quota)
{
	xa_init(&quota->users);
}

void ktm_quota_destroy(struct ktm_quota *quota)
{
	WARN_ON_ONCE(!xa_empty(&quota->users));
	xa_destroy(&quota->users);
}

/* 0, -EDQUOT; -ENOENT: it is on its way out. */
static int add(struct count *count, u64 nr, u64 limit)
{
	s64 used = atomic64_read(&count->used);

	do {
		if (!used)
			return -ENOENT;
		if (nr > limit || used > limit - nr)
			return -EDQUOT;
	} while (!atomic64_try_cmpxchg(&count->used, &used, used + nr));
	return 0;
}

/* Under RCU, so that the address is not that of another one meanwhile. */
static void take_out(struct ktm_quota *quota, kuid_t uid, struct count *count)
{
	xa_cmpxchg(&quota->users, __kuid_val(uid), count, NULL, 0);
}

static int add_if_there(struct ktm_quota *quota, kuid_t uid, u64 nr, u64 limit)
{
	struct count *count;
	int ret = -ENOENT;

	rcu_read_lock();
	count = xa_load(&quota->users, __kuid_val(uid));
	if (count) {
		ret = add(count, nr, limit);
		if (ret == -ENOENT)
			take_out(quota, uid, count);
	}
	rcu_read_unlock();
	return ret;
}

int ktm_quota_charge(struct ktm_quota *quota, kuid_t uid, u64 nr, u64 limit)
{
	struct count *new;
	int ret;

	ret = add_if_there(quota, uid, nr, limit);
	if (ret != -ENOENT)
		return ret;
	if (nr > limit)
		return -EDQUOT;
	new = kmalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	atomic64_set(&new->used, nr);
	do {
		ret = xa_insert(&quota->users, __kuid_val(uid), new, GFP_KERNEL_ACCOUNT);
		if (!ret)
			return 0;
		if (ret == -EBUSY)
			ret = add_if_there(quota, uid, nr, limit);
	} while (ret == -ENOENT);
	kfree(new);
	return ret;
}

void ktm_quota_uncharge(struct ktm_quota *quota, kuid_t uid, u64 nr)
{
	struct count *count;
	s64 left = -1;

	rcu_read_lock();
	count = xa_load(&quota->users, __kuid_val(uid));
	if (count)
		left = atomic64_sub_return(nr, &count->used);
	if (!left) {
		take_out(quota, uid, count);
		kfree_rcu(count, rcu);
	}
	WARN_ON_ONCE(left < 0);
	rcu_read_unlock();
}

u64 ktm_quota_used(struct ktm_quota *quota, kuid_t uid)
{
	struct count *count;
	u64 used = 0;

	rcu_read_lock();
	count = xa_load(&quota->users, __kuid_val(uid));
	if (count)
		used = atomic64_read(&count->used);
	rcu_read_unlock();
	return used;
}

kuid_t ktm_quota_uid(const struct cred *cred)
{
	struct user_namespace *ns = cred->user_ns;
	kuid_t uid = cred->fsuid;

	for (; ns->parent; ns = ns->parent)
		uid = ns->owner;
	return uid;
}

struct ktm_payer ktm_payer_current(void)
{
	return (struct ktm_payer){ .uid = ktm_quota_uid(current_cred()) };
}

struct ktm_payer ktm_payer_found(kuid_t owner)
{
	return (struct ktm_payer){
		.uid = uid_valid(owner) ? owner : GLOBAL_ROOT_UID,
		.found = true,
	};
}

int ktm_objects_charge(struct ktm_payer payer, u32 nr)
{
	u64 limit = payer.found ? U64_MAX : READ_ONCE(max_user_objects);
	int ret = ktm_quota_charge(&objects, payer.uid, nr, limit);

	if (ret == -EDQUOT && capable(CAP_SYS_RESOURCE))
		ret = ktm_quota_charge(&objects, payer.uid, nr, U64_MAX);
	return ret;
}

void ktm_objects_uncharge(kuid_t uid, u32 nr)
{
	ktm_quota_uncharge(&objects, uid, nr);
}

u64 ktm_objects_used(kuid_t uid, u64 *limit)
{
	*limit = READ_ONCE(max_user_objects);
	return ktm_quota_used(&objects, uid);
}

void ktm_objects_exit(void)
{
	ktm_quota_destroy(&objects);
}
