// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - where things are and what they look like in a transaction's view
 */
#include <linux/dcache.h>

#include "overlay.h"
#include "tx.h"
#include "view.h"

struct dentry *txf_view_parent(struct txf_part *part, struct dentry *dentry)
{
	struct txf_obj *obj = txf_obj_find(part, d_inode(dentry));
	struct dentry *parent;

	if (txf_obj_is_dead(obj))
		return ERR_PTR(-ENOENT);
	if (obj && obj->at)
		return dget(obj->at->dir->dentry);
	parent = dget_parent(dentry);
	if (part && parent == part->dir) {
		dput(parent);
		return ERR_PTR(-ENOENT);
	}
	return parent;
}

struct dentry *txf_view_attrs(struct txf_part *part, struct dentry *dentry)
{
	struct txf_obj *obj = txf_obj_find(part, d_inode(dentry));

	return obj && obj->shadow ? obj->shadow : dentry;
}

int txf_view_is_below(struct txf_part *part, struct dentry *dentry,
		      struct dentry *top)
{
	struct dentry *at = dget(dentry), *parent;
	int below = 0;

	for (;;) {
		if (d_inode(at) == d_inode(top)) {
			below = 1;
			break;
		}
		if (IS_ROOT(at))
			break;
		parent = txf_view_parent(part, at);
		if (IS_ERR(parent)) {
			below = PTR_ERR(parent);
			break;
		}
		dput(at);
		at = parent;
	}
	dput(at);
	return below;
}

/* The changed name that an object has, if it has one. */
static struct txf_name *name_of(struct txf_part *part, struct dentry *dentry)
{
	struct txf_obj *obj = txf_obj_find(part, d_inode(dentry));
	struct txf_name *name;

	if (!obj || obj->at)
		return obj ? obj->at : NULL;
	if (S_ISDIR(obj->inode->i_mode))
		return NULL;
	list_for_each_entry(name, &part->names, list)
		if (name->cur == obj)
			return name;
	return NULL;
}

/* Put "/" and a name in front; false if it does not fit. */
static bool prepend(char *buffer, char **at, const char *name, int len)
{
	if (*at - buffer < len + 1)
		return false;
	*at -= len;
	memcpy(*at, name, len);
	*--*at = '/';
	return true;
}

static bool prepend_dentry(char *buffer, char **at, struct dentry *dentry)
{
	struct name_snapshot snapshot;
	bool fits;

	take_dentry_name_snapshot(&snapshot, dentry);
	fits = prepend(buffer, at, (const char *)snapshot.name.name,
		       snapshot.name.len);
	release_dentry_name_snapshot(&snapshot);
	return fits;
}

char *txf_view_path(struct txf_part *part, struct dentry *dentry, char *buffer,
		    int size)
{
	struct dentry *here = dget(dentry), *above;
	char *at = buffer + size - 1;
	struct txf_name *name;
	bool fits = true;

	*at = '\0';
	while (fits && !IS_ROOT(here)) {
		name = name_of(part, here);
		if (name) {
			fits = prepend(buffer, &at, name->text, name->qstr.len);
			above = dget(name->dir->dentry);
		} else {
			fits = prepend_dentry(buffer, &at, here);
			above = dget_parent(here);
		}
		dput(here);
		here = above;
	}
	dput(here);
	return at;
}
