/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - reading directories, removing directory trees
 */
#ifndef _KTM_TXF_TREE_H
#define _KTM_TXF_TREE_H

#include <linux/types.h>

struct dentry;
struct txf_volume;
struct vfsmount;

/**
 * typedef txf_tree_fn - called for each entry of a directory but "." and ".."
 * @ctx: as given
 * @name: the name, not terminated
 * @len: its length
 * @ino: inode number
 * @type: DT_* value
 * @pos: position of the entry
 * Return: true to go on, false to stop; the entry may then be seen again.
 */
typedef bool (*txf_tree_fn)(void *ctx, const char *name, int len, u64 ino,
			    unsigned int type, loff_t pos);

/**
 * txf_tree_read - read a directory
 * @mnt: its mount
 * @dir: the directory
 * @pos: position to start at; out: where to go on
 * @fn: called for entries; no other work may be done on @dir meanwhile
 * @ctx: for @fn
 * Context: process context; the caller's credentials.
 * Return: 0 (the end or @fn stopped) or a negative errno.
 */
int txf_tree_read(struct vfsmount *mnt, struct dentry *dir, loff_t *pos,
		  txf_tree_fn fn, void *ctx);

/**
 * txf_tree_remove - remove a directory with all that is in it
 * @vol: the volume
 * @top: the directory; not a mount point
 * Waits for memory as txf_wait_for_memory() says.
 *
 * Context: process context; no limit on depth.
 * Return: 0 or a negative errno.
 */
int txf_tree_remove(struct txf_volume *vol, struct dentry *top);

#endif /* _KTM_TXF_TREE_H */
