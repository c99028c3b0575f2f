/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - a small tree of files, changes of it, and what it looks like
 */
#ifndef _SELFTESTS_TXF_TREE_H
#define _SELFTESTS_TXF_TREE_H

#include <stddef.h>

/* What a change does with its path. */
enum change_kind {
	CHANGE_NONE,
	CHANGE_OPEN,		/* with the flags */
	CHANGE_MKDIR,
	CHANGE_MKNOD,
	CHANGE_SYMLINK,		/* to "f" */
	CHANGE_UNLINK,
	CHANGE_RMDIR,
	CHANGE_RENAME,		/* to the other path */
	CHANGE_LINK,		/* the other path to it */
	CHANGE_SETATTR,		/* mode, owner and time */
	CHANGE_SETXATTR,	/* user.b */
	CHANGE_REMOVEXATTR,	/* user.a */
	/* these change nothing; EBADMSG if the tree was not made by tree_make() */
	LOOK_STAT,		/* at a regular file */
	LOOK_READLINK,		/* to "f" */
	LOOK_READDIR,		/* one name */
	LOOK_GETXATTR,		/* user.a */
	LOOK_LISTXATTR,		/* user.a */
};

/* One call under a transaction. */
struct change {
	enum change_kind kind;
	const char *path;
	const char *to;
	int flags;
};

/* An fd that CHANGE_OPEN has made, or 0, or a negative errno. */
int change(int tx, int dir, const struct change *what);

/* Several, up to CHANGE_NONE; what they open is closed again. */
int change_all(int tx, int dir, const struct change *what, size_t nr);

/* Changes of the tree below that need each kind of step. */
int tree_work(int tx, int dir);

/*
 * A directory "tree" in @base, with three files, a link, an empty directory, one with
 * a file and one with a default ACL; an fd of it or a negative errno.
 */
int tree_make(int base);

/* After a commit: the tree as it was; @dir is its fd. */
int tree_renew(int base, int *dir);

/* Remove a directory with all that is in it. */
int tree_remove(int base, const char *name);

/*
 * All there is in a directory, in the view of a transaction or, with -1, as it is
 * for everybody: names, types, modes, owners, contents, attributes. The text stays
 * till the next but one call.
 */
const char *tree_text(int tx, int dir);

#endif /* _SELFTESTS_TXF_TREE_H */
