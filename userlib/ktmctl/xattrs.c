// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl apply - extended attributes, among them ACLs
 */
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "xattrs.h"

static bool is_copied(const char *name)
{
	return strncmp(name, "user.", 5) == 0 ||
	       strncmp(name, "trusted.", 8) == 0 ||
	       strncmp(name, "security.", 9) == 0 ||
	       strcmp(name, "system.posix_acl_access") == 0 ||
	       strcmp(name, "system.posix_acl_default") == 0;
}

static int compare_items(const void *a, const void *b)
{
	const struct xattr *first = a, *second = b;

	return strcmp(first->name, second->name);
}

/* One attribute more; one that has gone since it was listed is left out. */
static int add_item(struct xattr_set *set, const struct xattr_reader *reader,
		    const char *name)
{
	static char value[XATTR_SIZE_MAX];
	struct xattr *items, *item;
	long size;

	size = reader->get(reader->ctx, name, value, sizeof(value));
	if (size < 0)
		return size == -ENODATA ? 0 : size;
	items = reallocarray(set->items, set->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	set->items = items;
	item = &items[set->count];
	item->name = strdup(name);
	item->value = malloc(size ? size : 1);
	item->size = size;
	if (!item->name || !item->value) {
		free(item->name);
		free(item->value);
		return -ENOMEM;
	}
	memcpy(item->value, value, size);
	set->count++;
	return 0;
}

int xattr_set_read(struct xattr_set *set, const struct xattr_reader *reader)
{
	static char list[XATTR_LIST_MAX];
	const char *name;
	long size;
	int ret;

	memset(set, 0, sizeof(*set));
	size = reader->list(reader->ctx, list, sizeof(list));
	if (size < 0)
		return size == -EOPNOTSUPP ? 0 : size;
	for (name = list; name < list + size; name += strlen(name) + 1) {
		if (!is_copied(name))
			continue;
		ret = add_item(set, reader, name);
		if (ret) {
			xattr_set_free(set);
			return ret;
		}
	}
	if (set->count)
		qsort(set->items, set->count, sizeof(*set->items),
		      compare_items);
	return 0;
}

static long list_path(void *ctx, char *list, size_t size)
{
	ssize_t got = llistxattr(ctx, list, size);

	return got < 0 ? -errno : got;
}

static long get_path(void *ctx, const char *name, void *value, size_t size)
{
	ssize_t got = lgetxattr(ctx, name, value, size);

	return got < 0 ? -errno : got;
}

int xattr_set_read_path(struct xattr_set *set, const char *path)
{
	const struct xattr_reader reader = {
		.list = list_path,
		.get = get_path,
		.ctx = (char *)path,
	};

	return xattr_set_read(set, &reader);
}

void xattr_set_free(struct xattr_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		free(set->items[i].name);
		free(set->items[i].value);
	}
	free(set->items);
	memset(set, 0, sizeof(*set));
}

const struct xattr *xattr_set_find(const struct xattr_set *set,
				   const char *name)
{
	const struct xattr key = { .name = (char *)name };

	if (!set->count)
		return NULL;
	return bsearch(&key, set->items, set->count, sizeof(*set->items),
		       compare_items);
}

bool xattr_equal(const struct xattr *a, const struct xattr *b)
{
	return a->size == b->size && !memcmp(a->value, b->value, a->size);
}

bool xattr_set_equal(const struct xattr_set *a, const struct xattr_set *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->items[i].name, b->items[i].name) ||
		    !xattr_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}
