/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl apply - is one file like another?
 */
#ifndef _KTMCTL_APPLY_SAME_H
#define _KTMCTL_APPLY_SAME_H

#include <stdbool.h>
#include <sys/stat.h>

/**
 * struct node - a name in one of the trees
 * @dir_fd: its directory
 * @name: the name there
 * @st: what it is
 */
struct node {
	int dir_fd;
	const char *name;
	const struct stat *st;
};

/**
 * struct difference - what node_compare() found
 * @content: the content differs
 * @attrs: STEP_A_* of what else differs
 */
struct difference {
	bool content;
	unsigned int attrs;
};

/**
 * node_compare - compare two nodes of one type
 * @source: one
 * @target: the other
 * @checksum: read regular files, do not trust size and time of change
 * @difference: filled in
 * @tree: out: the tree that could not be read
 *
 * A directory has no content.
 *
 * Return: 0 or a negative errno.
 */
int node_compare(const struct node *source, const struct node *target,
		 bool checksum, struct difference *difference,
		 const char **tree);

#endif /* _KTMCTL_APPLY_SAME_H */
