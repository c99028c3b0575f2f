/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl apply - which names are links to one file: a hash table by inode
 */
#ifndef _KTMCTL_APPLY_LINKS_H
#define _KTMCTL_APPLY_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct link_key - an inode
 * @dev: its file system
 * @ino: its number
 */
struct link_key {
	dev_t dev;
	ino_t ino;
};

/**
 * struct link_entry - what is known about an inode; all zero when it is new
 * @key: the inode
 * @partner: the inode in the other tree that it stands for
 * @path: first name of it in the tree, or NULL; freed with the map
 * @kept: @partner stays where it is, it is not replaced
 */
struct link_entry {
	struct link_key key;
	struct link_key partner;
	char *path;
	bool kept;
};

/**
 * struct link_map - hash table with open addressing
 * @entries: the table; an entry without @key.ino is empty
 * @room: its size, a power of two
 * @count: entries used
 */
struct link_map {
	struct link_entry *entries;
	size_t room;
	size_t count;
};

/**
 * link_map_find - find an inode, or make an entry for it
 * @map: the table
 * @dev: the inode's file system
 * @ino: its number
 *
 * Return: the entry, valid until the next call, or NULL when out of memory.
 */
struct link_entry *link_map_find(struct link_map *map, dev_t dev, ino_t ino);

/**
 * link_map_free - free it
 * @map: the table
 */
void link_map_free(struct link_map *map);

/**
 * link_key_equal - are these the same inode?
 * @a: one
 * @b: the other
 *
 * Return: true if so.
 */
bool link_key_equal(const struct link_key *a, const struct link_key *b);

#endif /* _KTMCTL_APPLY_LINKS_H */
