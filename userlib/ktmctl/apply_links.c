// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl apply - which names are links to one file: a hash table by inode
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply_links.h"

#define FIRST_ROOM	256

static size_t hash(const struct link_key *key)
{
	/* multiplier of Knuth's, so that neighbouring numbers are spread */
	uint64_t mixed = ((uint64_t)key->ino ^ ((uint64_t)key->dev << 40)) *
			 0x9e3779b97f4a7c15ULL;

	return mixed >> 32;
}

bool link_key_equal(const struct link_key *a, const struct link_key *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

static struct link_entry *find_slot(const struct link_map *map,
				    const struct link_key *key)
{
	size_t i = hash(key) & (map->room - 1);

	while (map->entries[i].key.ino &&
	       !link_key_equal(&map->entries[i].key, key))
		i = (i + 1) & (map->room - 1);
	return &map->entries[i];
}

static int grow(struct link_map *map)
{
	struct link_map larger = {
		.room = map->room ? 2 * map->room : FIRST_ROOM,
		.count = map->count,
	};
	size_t i;

	larger.entries = calloc(larger.room, sizeof(*larger.entries));
	if (!larger.entries)
		return -1;
	for (i = 0; i < map->room; i++)
		if (map->entries[i].key.ino)
			*find_slot(&larger, &map->entries[i].key) =
				map->entries[i];
	free(map->entries);
	*map = larger;
	return 0;
}

struct link_entry *link_map_find(struct link_map *map, dev_t dev, ino_t ino)
{
	struct link_key key = { .dev = dev, .ino = ino };
	struct link_entry *entry;

	if (4 * (map->count + 1) > 3 * map->room && grow(map))
		return NULL;
	entry = find_slot(map, &key);
	if (!entry->key.ino) {
		entry->key = key;
		map->count++;
	}
	return entry;
}

void link_map_free(struct link_map *map)
{
	size_t i;

	for (i = 0; i < map->room; i++)
		free(map->entries[i].path);
	free(map->entries);
	memset(map, 0, sizeof(*map));
}
