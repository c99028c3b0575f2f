// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - identity, references and look-up, the same for all objects
 */
#include "object.h"

static const struct rhashtable_params by_uuid_params = {
	.key_len = sizeof(uuid_t),
	.key_offset = offsetof(struct ktm_object, uuid),
	.head_offset = offsetof(struct ktm_object, hash),
	.automatic_shrinking = true,
};

int ktm_registry_init(struct ktm_registry *registry)
{
	xa_init(&registry->by_serial);
	atomic_long_set(&registry->next, 1);
	return rhashtable_init(&registry->by_uuid, &by_uuid_params);
}

void ktm_registry_destroy(struct ktm_registry *registry)
{
	WARN_ON_ONCE(!xa_empty(&registry->by_serial));
	rhashtable_destroy(&registry->by_uuid);
	xa_destroy(&registry->by_serial);
}

/*
 * Is the UUID in use? An object without references is on its way out and is not:
 * take it out for its owner, who will find that done.
 */
static bool is_taken(struct ktm_registry *registry, const uuid_t *uuid)
{
	struct ktm_object *object;
	bool taken = false;

	rcu_read_lock();
	object = rhashtable_lookup(&registry->by_uuid, uuid, by_uuid_params);
	if (object)
		taken = refcount_read(&object->ref);
	if (object && !taken)
		rhashtable_remove_fast(&registry->by_uuid, &object->hash,
				       by_uuid_params);
	rcu_read_unlock();
	return taken;
}

int ktm_registry_insert(struct ktm_registry *registry, struct ktm_object *object)
{
	unsigned long serial = atomic_long_fetch_inc(&registry->next);
	int ret;

	if (uuid_is_null(&object->uuid))
		uuid_gen(&object->uuid);
	/* a reserved slot is not found by xa_find() */
	ret = xa_reserve(&registry->by_serial, serial, GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	object->serial = serial;
	do {
		ret = rhashtable_lookup_insert_fast(&registry->by_uuid, &object->hash,
						    by_uuid_params);
	} while (ret == -EEXIST && !is_taken(registry, &object->uuid));
	if (ret) {
		xa_release(&registry->by_serial, serial);
		object->serial = 0;
		return ret == -EEXIST ? -EEXIST : -ENOMEM;
	}
	/* cannot fail: the slot is reserved */
	xa_store(&registry->by_serial, serial, object, GFP_KERNEL_ACCOUNT);
	return 0;
}

void ktm_registry_remove(struct ktm_registry *registry, struct ktm_object *object)
{
	if (!object->serial)
		return;
	xa_erase(&registry->by_serial, object->serial);
	rhashtable_remove_fast(&registry->by_uuid, &object->hash, by_uuid_params);
	object->serial = 0;
}

struct ktm_object *ktm_registry_find(struct ktm_registry *registry,
				     const uuid_t *uuid)
{
	struct ktm_object *object;

	rcu_read_lock();
	object = rhashtable_lookup(&registry->by_uuid, uuid, by_uuid_params);
	if (object && !refcount_inc_not_zero(&object->ref))
		object = NULL;
	rcu_read_unlock();
	return object;
}

struct ktm_object *ktm_registry_next(struct ktm_registry *registry, u64 *cursor)
{
	struct ktm_object *object;
	unsigned long index = *cursor;

	rcu_read_lock();
	xa_for_each_start(&registry->by_serial, index, object, index) {
		if (refcount_inc_not_zero(&object->ref))
			break;
	}
	rcu_read_unlock();
	if (object)
		*cursor = (u64)index + 1;
	return object;
}
