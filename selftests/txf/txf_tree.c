// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - a small tree of files, changes of it, and what it looks like
 */
#include <dirent.h>
#include <stdarg.h>
#include <sys/xattr.h>

#include "txf_harness.h"
#include "txf_tree.h"

#define TEXT_SIZE	8192
#define SOME_TIME	1234567		/* the only one that is looked at */

/* What comes back, as long as it must be; or a negative errno. */
static int expect(long n, const void *got, const char *want)
{
	long length = strlen(want);

	return n < 0 ? n : n < length || memcmp(got, want, length) ? -EBADMSG : 0;
}

static int change_nothing(int tx, int dir, const struct change *what)
{
	struct ktm_txf_stat stat = { .size = sizeof(stat) };
	const char *path = what->path;
	uint64_t cursor = 0;
	char got[256];
	long n;

	switch (what->kind) {
	case LOOK_STAT:
		return tx_stat(tx, dir, path, &stat) ?: S_ISREG(stat.mode) ? 0 : -EBADMSG;
	case LOOK_READLINK:
		n = ktm_txf_readlink(env.txf_fd, tx, dir, path, got, sizeof(got));
		return expect(n, got, "f");
	case LOOK_READDIR:
		n = ktm_txf_readdir(env.txf_fd, tx, dir, path, got, sizeof(got), &cursor);
		return n < 0 ? n : n ? 0 : -EBADMSG;
	case LOOK_GETXATTR:
		n = ktm_txf_getxattr(env.txf_fd, tx, dir, path, 0, "user.a", got, sizeof(got));
		return expect(n, got, "old");
	case LOOK_LISTXATTR:
		n = ktm_txf_listxattr(env.txf_fd, tx, dir, path, 0, got, sizeof(got));
		return expect(n, got, "user.a");
	default:
		return 0;
	}
}

int change(int tx, int dir, const struct change *what)
{
	const char *path = what->path;

	switch (what->kind) {
	case CHANGE_OPEN:
		return tx_open(tx, dir, path, what->flags, what->flags & O_CREAT ? 0666 : 0);
	case CHANGE_MKDIR:
		return tx_mkdir(tx, dir, path, 0755);
	case CHANGE_MKNOD:
		return ktm_txf_mknod(env.txf_fd, tx, dir, path, S_IFIFO | 0644, 0, 0);
	case CHANGE_SYMLINK:
		return tx_symlink(tx, dir, "f", path);
	case CHANGE_UNLINK:
		return tx_unlink(tx, dir, path);
	case CHANGE_RMDIR:
		return tx_rmdir(tx, dir, path);
	case CHANGE_RENAME:
		return tx_rename(tx, dir, path, what->to);
	case CHANGE_LINK:
		return tx_link(tx, dir, path, what->to);
	case CHANGE_SETATTR:
		return tx_setattr(tx, dir, path, .valid = KTM_TXF_ATTR_MODE |
				  KTM_TXF_ATTR_UID | KTM_TXF_ATTR_MTIME,
				  .mode = 0751, .uid = 4321, .mtime.sec = SOME_TIME);
	case CHANGE_SETXATTR:
		return ktm_txf_setxattr(env.txf_fd, tx, dir, path, 0, "user.b", "new", 3, 0);
	case CHANGE_REMOVEXATTR:
		return ktm_txf_removexattr(env.txf_fd, tx, dir, path, 0, "user.a");
	default:
		return change_nothing(tx, dir, what);
	}
}

int change_all(int tx, int dir, const struct change *what, size_t nr)
{
	size_t i;
	int ret;

	for (i = 0; i < nr && what[i].kind; i++) {
		ret = change(tx, dir, &what[i]);
		if (ret < 0)
			return ret;
		if (what[i].kind == CHANGE_OPEN)
			close(ret);
	}
	return 0;
}

int tree_work(int tx, int dir)
{
	/* two directories that move go through staging */
	static const struct change work[] = {
		{ CHANGE_OPEN, "f", NULL, O_WRONLY | O_TRUNC },
		{ CHANGE_UNLINK, "g" },
		{ CHANGE_RENAME, "d/x", "y" },
		{ CHANGE_MKDIR, "n" },
		{ CHANGE_OPEN, "n/x", NULL, O_WRONLY | O_CREAT },
		{ CHANGE_RENAME, "d", "n/d" },
		{ CHANGE_RENAME, "e", "o" },
		{ CHANGE_RMDIR, "a" },
		{ CHANGE_LINK, "h", "i" },
		{ CHANGE_SETATTR, "h" },
		{ CHANGE_SETXATTR, "h" },
	};

	return change_all(tx, dir, work, sizeof(work) / sizeof(work[0]));
}

/* The value of a default ACL: user::rwx, user:1000:rwx, group::r-x, mask::rwx, other::--- */
static const unsigned char default_acl[] = {
	2, 0, 0, 0,
	0x01, 0, 7, 0, 0xff, 0xff, 0xff, 0xff,
	0x02, 0, 7, 0, 0xe8, 0x03, 0x00, 0x00,
	0x04, 0, 5, 0, 0xff, 0xff, 0xff, 0xff,
	0x10, 0, 7, 0, 0xff, 0xff, 0xff, 0xff,
	0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
};

static void path_of(int dir, const char *name, char *path, size_t size)
{
	snprintf(path, size, "/proc/self/fd/%d/%s", dir, name);
}

static int fill(int dir)
{
	char f[64], a[64];

	path_of(dir, "f", f, sizeof(f));
	path_of(dir, "a", a, sizeof(a));
	if (mkdirat(dir, "a", 0755) || mkdirat(dir, "d", 0755) || mkdirat(dir, "e", 0755) ||
	    put(dir, "f", "text of f") || put(dir, "g", "text of g") ||
	    put(dir, "h", "text of h") || put(dir, "d/x", "deep") || symlinkat("f", dir, "l") ||
	    fchownat(dir, "f", 12, 34, 0) || fchmodat(dir, "f", 0640, 0) ||
	    setxattr(f, "user.a", "old", 3, 0) ||
	    setxattr(a, "system.posix_acl_default", default_acl, sizeof(default_acl), 0))
		return -errno;
	return 0;
}

int tree_make(int base)
{
	int dir, ret;

	if (mkdirat(base, "tree", 0755))
		return -errno;
	dir = openat(base, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	ret = fill(dir);
	if (!ret)
		return dir;
	close(dir);
	return ret;
}

int tree_remove(int base, const char *name)
{
	struct dirent *entry;
	int fd, ret = 0;
	DIR *dir;

	fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	while (!ret && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(fd, entry->d_name, 0))
			ret = errno == EISDIR ? tree_remove(fd, entry->d_name) : -errno;
	}
	closedir(dir);
	if (!ret && unlinkat(base, name, AT_REMOVEDIR))
		ret = -errno;
	return ret;
}

int tree_renew(int base, int *dir)
{
	int ret = tree_remove(base, "tree");

	close(*dir);
	*dir = ret ?: tree_make(base);
	return *dir < 0 ? *dir : 0;
}

/* A text that grows. */
struct text {
	int tx;
	int dir;
	size_t used;
	char *text;
};

static void say(struct text *text, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	text->used += vsnprintf(text->text + text->used, TEXT_SIZE - text->used, format, ap);
	va_end(ap);
	if (text->used >= TEXT_SIZE)
		text->used = TEXT_SIZE - 1;
}

static int is_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

/* The names of a directory, sorted, with spaces between them. */
static const char *names_of(const struct text *text, const char *path)
{
	static char names[1024];
	struct dirent **list;
	int i, nr;

	if (text->tx >= 0)
		return tx_list(text->tx, text->dir, path);
	names[0] = '\0';
	nr = scandirat(text->dir, path, &list, is_name, alphasort);
	if (nr < 0)
		return strerror(errno);
	for (i = 0; i < nr; i++) {
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? " " : "", list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return names;
}

static int look(const struct text *text, const char *path, struct ktm_txf_stat *view)
{
	struct stat st;

	if (text->tx >= 0)
		return tx_stat(text->tx, text->dir, path, view);
	if (fstatat(text->dir, path, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	view->mode = st.st_mode;
	view->uid = st.st_uid;
	view->gid = st.st_gid;
	view->mtime.sec = st.st_mtim.tv_sec;
	return 0;
}

static void say_xattr(struct text *text, const char *path, const char *name)
{
	char value[128], full[320];
	long n;

	path_of(text->dir, path, full, sizeof(full));
	if (text->tx >= 0)
		n = ktm_txf_getxattr(env.txf_fd, text->tx, text->dir, path, KTM_TXF_F_NOFOLLOW,
				     name, value, sizeof(value));
	else
		n = lgetxattr(full, name, value, sizeof(value));
	if (n >= 0)
		say(text, " %s=%ld", name, n);
}

static void say_one(struct text *text, const char *path)
{
	struct ktm_txf_stat st;
	char target[128] = "";
	int ret;

	ret = look(text, path, &st);
	if (ret) {
		say(text, "%s: %s\n", path, strerror(-ret));
		return;
	}
	say(text, "%s %o %u:%u%s", path, st.mode, st.uid, st.gid,
	    st.mtime.sec == SOME_TIME ? " timed" : "");
	if (S_ISREG(st.mode)) {
		say(text, " \"%s\"", text->tx >= 0 ? tx_get(text->tx, text->dir, path) :
		    get(text->dir, path));
		say_xattr(text, path, "user.a");
		say_xattr(text, path, "user.b");
		say_xattr(text, path, "system.posix_acl_access");
	} else if (S_ISLNK(st.mode)) {
		if (text->tx >= 0)
			ret = ktm_txf_readlink(env.txf_fd, text->tx, text->dir, path, target,
					       sizeof(target) - 1);
		else
			ret = readlinkat(text->dir, path, target, sizeof(target) - 1);
		say(text, " -> %s", ret < 0 ? "?" : target);
	}
	say(text, "\n");
}

static void say_all(struct text *text, const char *path, int depth)
{
	char names[1024], below[256], *name, *rest;
	struct ktm_txf_stat st;

	snprintf(names, sizeof(names), "%s", names_of(text, path));
	for (name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		if (depth)
			snprintf(below, sizeof(below), "%s/%s", path, name);
		else
			snprintf(below, sizeof(below), "%s", name);
		say_one(text, below);
		if (depth < 3 && !look(text, below, &st) && S_ISDIR(st.mode))
			say_all(text, below, depth + 1);
	}
}

const char *tree_text(int tx, int dir)
{
	static char texts[2][TEXT_SIZE];
	static unsigned int next;
	struct text text = { .tx = tx, .dir = dir, .text = texts[next++ % 2] };

	text.text[0] = '\0';
	say_all(&text, ".", 0);
	return text.text;
}
