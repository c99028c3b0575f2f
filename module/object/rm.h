/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - resource manager object
 *
 * The object outlives the RM's fd for as long as enlistments wait for its
 * return; the RM's next life finds it by UUID and takes it over.
 */
#ifndef _KTM_OBJECT_RM_H
#define _KTM_OBJECT_RM_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "notify.h"
#include "object.h"
#include "ranking.h"
#include "tm.h"

/**
 * struct ktm_rm - a resource manager
 * @obj: identity and references
 * @tm: its TM, with a reference [const]
 * @flags: KTM_RM_F_* [const]
 * @owner: whom it belongs to, in all its lives; INVALID_UID when the log names
 *	several: nobody but an administrator may take it over [const]
 * @lock: protects what follows
 * @state: enum ktm_rm_state; assigned by protocol/ only [lock]
 * @charged: it counts in the quota of @payer: it has a life, or enlistments [lock]
 * @payer: the user who began the first such life [lock]
 * @busy: its life is beginning or ending [lock]
 * @life: counts its lives [lock]
 * @name: text for people [lock]
 * @ops: functions of a kernel RM, or NULL [lock to change, const in a life]
 * @priv: of a kernel RM [as ops]
 * @nr_files: fds of it that may fetch notifications [lock]
 * @nr_keys: keys of a kernel RM that were not released yet [lock]
 * @workers: runs the callbacks of a kernel RM, or NULL [as ops]
 * @enlistments: those that have not left [lock]
 * @nr_enlistments: length of it [lock]
 * @nr_unresolved: of these, left by an earlier life [lock]
 * @queue: struct ktm_note, oldest first [lock]
 * @last_recover: the note that ends the RECOVER notes [lock]
 * @wait: woken when the queue fills and when nr_unresolved or
 *	nr_keys falls to 0
 * @read_lock: one reader of the queue at a time
 */
struct ktm_rm {
	struct ktm_object obj;
	struct ktm_tm *tm;
	u32 flags;
	kuid_t owner;

	spinlock_t lock;	/* life, lists, queue */
	enum ktm_rm_state state;
	bool charged;
	kuid_t payer;
	bool busy;
	u32 life;
	char name[KTM_NAME_MAX];
	const struct ktm_rm_ops *ops;
	void *priv;
	u32 nr_files;
	u32 nr_keys;
	struct workqueue_struct *workers;
	struct list_head enlistments;
	u32 nr_enlistments;
	u32 nr_unresolved;
	struct list_head queue;
	struct ktm_note last_recover;
	wait_queue_head_t wait;
	struct mutex read_lock;	/* one reader at a time */
};

/**
 * ktm_rm_alloc - first stage of making an RM
 * @tm: its TM; a reference is taken
 * @uuid: identity, or nil for a new one
 * @flags: KTM_RM_F_*
 * @owner: whom it belongs to
 * Context: process context.
 * Return: the RM in state GONE with one reference, not charged to anybody yet, or
 * an ERR_PTR.
 */
struct ktm_rm *ktm_rm_alloc(struct ktm_tm *tm, const uuid_t *uuid, u32 flags,
			    kuid_t owner);

/**
 * ktm_rm_find - look an RM up
 * @tm: where
 * @uuid: which
 * Return: the RM with a reference, or NULL.
 */
struct ktm_rm *ktm_rm_find(struct ktm_tm *tm, const uuid_t *uuid);

/**
 * ktm_rm_get - take another reference
 * @rm: the RM
 * Return: @rm.
 */
static inline struct ktm_rm *ktm_rm_get(struct ktm_rm *rm)
{
	refcount_inc(&rm->obj.ref);
	return rm;
}

/**
 * ktm_rm_charge_locked - take over what was charged for the RM
 * @rm: the RM, rm.lock held
 * @payer: who was charged
 * Return: false: it was paid for already, the caller gives it back.
 */
bool ktm_rm_charge_locked(struct ktm_rm *rm, kuid_t payer);

/**
 * ktm_rm_uncharge_locked - nothing but fds of others who look can hold it any more
 * @rm: the RM, rm.lock held
 *
 * Does nothing as long as it has a life or enlistments.
 */
void ktm_rm_uncharge_locked(struct ktm_rm *rm);

/**
 * ktm_rm_put - give a reference back
 * @rm: the RM
 * Context: process context.
 */
void ktm_rm_put(struct ktm_rm *rm);

#endif /* _KTM_OBJECT_RM_H */
