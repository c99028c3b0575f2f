/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - identity, references and look-up, the same for all objects
 *
 * Lifetime: an object is freed, after an RCU grace period, when its last
 * reference goes. Registries hold none: whoever drops the last reference takes
 * the object out of its registry first, and look-ups skip objects whose count
 * is zero. References are held by
 *
 *	TM		each of its fds, transactions, RMs and streams; a durable one
 *			by being attached
 *	transaction	each of its fds and enlistments; the log while a decision
 *			is under way; the end list; its deadline
 *	RM		each of its fds or its kernel user; each of its enlistments
 *	enlistment	each of its fds or its kernel user; its transaction until
 *			it has left; the RM's queue while a notification waits;
 *			the work that delivers one
 *	stream		each of its fds; its TM until it is deleted or detached
 */
#ifndef _KTM_OBJECT_OBJECT_H
#define _KTM_OBJECT_OBJECT_H

#include <linux/types.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/uuid.h>
#include <linux/xarray.h>

/**
 * struct ktm_object - head of every object; the first member
 * @ref: references
 * @uuid: identity [const once registered]
 * @serial: place in the order of listing, 0 when not registered [owner]
 * @hash: [registry]
 * @rcu: for freeing
 */
struct ktm_object {
	refcount_t ref;
	uuid_t uuid;
	unsigned long serial;
	struct rhash_head hash;
	struct rcu_head rcu;
};

/**
 * struct ktm_registry - objects of one kind, by UUID and in order of making
 * @by_uuid: [own locks]
 * @by_serial: [own lock]
 * @next: next serial number [atomic]
 */
struct ktm_registry {
	struct rhashtable by_uuid;
	struct xarray by_serial;
	atomic_long_t next;
};

/**
 * ktm_registry_init - make an empty registry
 * @registry: to be initialised
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int ktm_registry_init(struct ktm_registry *registry);

/**
 * ktm_registry_destroy - free an empty registry
 * @registry: without objects
 * Context: process context.
 */
void ktm_registry_destroy(struct ktm_registry *registry);

/**
 * ktm_registry_insert - make an object visible
 * @registry: where
 * @object: initialised in full; a nil UUID is replaced by a new one
 * Context: process context.
 * Return: 0, -EEXIST when the UUID is taken, -ENOMEM.
 */
int ktm_registry_insert(struct ktm_registry *registry, struct ktm_object *object);

/**
 * ktm_registry_remove - make an object invisible
 * @registry: where
 * @object: may be one that is not in it (serial 0)
 * Context: process context.
 */
void ktm_registry_remove(struct ktm_registry *registry, struct ktm_object *object);

/**
 * ktm_registry_find - look an object up
 * @registry: where
 * @uuid: what
 * Return: the object with a reference, or NULL.
 */
struct ktm_object *ktm_registry_find(struct ktm_registry *registry,
				     const uuid_t *uuid);

/**
 * ktm_registry_next - step through the objects
 * @registry: where
 * @cursor: 0 to start; moved on
 * Return: the object with a reference, or NULL at the end.
 */
struct ktm_object *ktm_registry_next(struct ktm_registry *registry, u64 *cursor);

#endif /* _KTM_OBJECT_OBJECT_H */
