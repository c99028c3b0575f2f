// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl apply - carry a plan out under a transaction
 *
 * The source is looked at again before and after each step: what it had when the
 * plan was made is what the target gets, or nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <ktm/ktm_txf.h>

#include "apply_content.h"
#include "apply_dirs.h"
#include "apply_run.h"
#include "ktmctl.h"
#include "text.h"
#include "xattrs.h"

#define SOURCE_PATH_SIZE	(NAME_MAX + 64)
#define PROGRESS_INTERVAL_MS	200

/**
 * struct runner - a run that is going on
 * @target: where
 * @source_dirs: open directories of the source
 * @target_dirs: open directories of the target, as the transaction sees them
 * @link_dirs: the same, for the other name of a link
 * @shown_ms: when the progress was shown last
 * @bytes: content written so far
 */
struct runner {
	const struct run_target *target;
	struct dir_stack source_dirs;
	struct dir_stack target_dirs;
	struct dir_stack link_dirs;
	uint64_t shown_ms;
	uint64_t bytes;
};

/**
 * struct place - where a step works
 * @source_dir: directory in the source
 * @target_dir: directory in the target
 * @name: the name in both
 */
struct place {
	int source_dir;
	int target_dir;
	const char *name;
};

static int open_source_dir(void *ctx, int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	(void)ctx;
	return fd < 0 ? -errno : fd;
}

static int open_target_dir(void *ctx, int parent_fd, const char *name)
{
	const struct runner *r = ctx;

	return ktm_txf_open(r->target->txf_fd, r->target->tx_fd, parent_fd,
			    name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

static bool unchanged(const struct stat *planned, const struct stat *now)
{
	return planned->st_dev == now->st_dev &&
	       planned->st_ino == now->st_ino &&
	       planned->st_mode == now->st_mode &&
	       planned->st_size == now->st_size &&
	       planned->st_mtim.tv_sec == now->st_mtim.tv_sec &&
	       planned->st_mtim.tv_nsec == now->st_mtim.tv_nsec &&
	       planned->st_ctim.tv_sec == now->st_ctim.tv_sec &&
	       planned->st_ctim.tv_nsec == now->st_ctim.tv_nsec;
}

static int check_source(const struct step *step, const struct place *place)
{
	struct stat now;

	if (fstatat(place->source_dir, place->name, &now, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? -EAGAIN : -errno;
	return unchanged(&step->st, &now) ? 0 : -EAGAIN;
}

static int set_attributes(const struct runner *r, const struct step *step,
			  const struct place *place)
{
	struct ktm_txf_setattr attr = { 0 };

	if ((step->attrs & STEP_A_MODE) && !S_ISLNK(step->st.st_mode)) {
		attr.valid |= KTM_TXF_ATTR_MODE;
		attr.mode = step->st.st_mode & 07777;
	}
	if (step->attrs & STEP_A_OWNER) {
		attr.valid |= KTM_TXF_ATTR_UID | KTM_TXF_ATTR_GID;
		attr.uid = step->st.st_uid;
		attr.gid = step->st.st_gid;
	}
	if (step->attrs & STEP_A_MTIME) {
		attr.valid |= KTM_TXF_ATTR_MTIME;
		attr.mtime.sec = step->st.st_mtim.tv_sec;
		attr.mtime.nsec = step->st.st_mtim.tv_nsec;
	}
	if (!attr.valid)
		return 0;
	return ktm_txf_setattr(r->target->txf_fd, r->target->tx_fd,
			       place->target_dir, place->name,
			       KTM_TXF_F_NOFOLLOW, &attr, sizeof(attr));
}

/* What xattr_reader passes to the two functions below. */
struct view {
	const struct run_target *target;
	const struct place *place;
};

static long list_in_view(void *ctx, char *list, size_t size)
{
	const struct view *view = ctx;

	return ktm_txf_listxattr(view->target->txf_fd, view->target->tx_fd,
				 view->place->target_dir, view->place->name,
				 KTM_TXF_F_NOFOLLOW, list, size);
}

static long get_in_view(void *ctx, const char *name, void *value, size_t size)
{
	const struct view *view = ctx;

	return ktm_txf_getxattr(view->target->txf_fd, view->target->tx_fd,
				view->place->target_dir, view->place->name,
				KTM_TXF_F_NOFOLLOW, name, value, size);
}

static int change_xattrs(const struct runner *r, const struct place *place,
			 const struct xattr_set *wanted,
			 const struct xattr_set *there)
{
	const struct run_target *t = r->target;
	const struct xattr *item, *old;
	size_t i;
	int ret;

	for (i = 0; i < there->count; i++) {
		item = &there->items[i];
		if (xattr_set_find(wanted, item->name))
			continue;
		ret = ktm_txf_removexattr(t->txf_fd, t->tx_fd,
					  place->target_dir, place->name,
					  KTM_TXF_F_NOFOLLOW, item->name);
		if (ret)
			return ret;
	}
	for (i = 0; i < wanted->count; i++) {
		item = &wanted->items[i];
		old = xattr_set_find(there, item->name);
		if (old && xattr_equal(old, item))
			continue;
		ret = ktm_txf_setxattr(t->txf_fd, t->tx_fd, place->target_dir,
				       place->name, KTM_TXF_F_NOFOLLOW,
				       item->name, item->value, item->size, 0);
		if (ret)
			return ret;
	}
	return 0;
}

static int set_xattrs(const struct runner *r, const struct place *place)
{
	struct view view = { .target = r->target, .place = place };
	const struct xattr_reader reader = {
		.list = list_in_view,
		.get = get_in_view,
		.ctx = &view,
	};
	struct xattr_set wanted, there;
	char path[SOURCE_PATH_SIZE];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", place->source_dir,
		 place->name);
	ret = xattr_set_read_path(&wanted, path);
	if (ret)
		return ret;
	ret = xattr_set_read(&there, &reader);
	if (!ret) {
		ret = change_xattrs(r, place, &wanted, &there);
		xattr_set_free(&there);
	}
	xattr_set_free(&wanted);
	return ret;
}

/* Owner first: a change of owner takes file capabilities away. */
static int set_all(const struct runner *r, const struct step *step,
		   const struct place *place)
{
	int ret;

	ret = set_attributes(r, step, place);
	if (!ret && (step->attrs & STEP_A_XATTR))
		ret = set_xattrs(r, place);
	return ret;
}

static int run_file(struct runner *r, const struct step *step,
		    const struct place *place)
{
	struct stat now;
	int in, out, ret;

	in = openat(place->source_dir, place->name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in < 0)
		return -errno;
	if (fstat(in, &now) || !unchanged(&step->st, &now)) {
		ret = -EAGAIN;
		goto out_close_in;
	}
	out = ktm_txf_open(r->target->txf_fd, r->target->tx_fd,
			   place->target_dir, place->name,
			   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
			   O_CLOEXEC, 0600);
	if (out < 0) {
		ret = out;
		goto out_close_in;
	}
	ret = content_copy(in, out, step->st.st_size);
	if (ret == -ESTALE)
		ret = -EAGAIN;
	/* some file systems tell about a lack of space only here */
	if (close(out) && !ret)
		ret = -errno;
	if (!ret && (fstat(in, &now) || !unchanged(&step->st, &now)))
		ret = -EAGAIN;
	r->bytes += step->st.st_size;
out_close_in:
	close(in);
	return ret;
}

static int run_symlink(const struct runner *r, const struct place *place)
{
	char text[PATH_MAX];
	ssize_t length;

	length = readlinkat(place->source_dir, place->name, text,
			    sizeof(text) - 1);
	if (length < 0)
		return -errno;
	text[length] = '\0';
	return ktm_txf_symlink(r->target->txf_fd, r->target->tx_fd, text,
			       place->target_dir, place->name);
}

static int run_link(struct runner *r, const struct step *step,
		    const struct place *place)
{
	const char *old_name;
	int old_dir;

	old_dir = dir_stack_seek(&r->link_dirs, step->link_to, &old_name);
	if (old_dir < 0)
		return old_dir;
	return ktm_txf_link(r->target->txf_fd, r->target->tx_fd, old_dir,
			    old_name, place->target_dir, place->name, 0);
}

/* The change of a name, before its attributes. */
static int run_change(struct runner *r, const struct step *step,
		      const struct place *place)
{
	const struct run_target *t = r->target;

	switch (step->kind) {
	case STEP_MKDIR:
		return ktm_txf_mkdir(t->txf_fd, t->tx_fd, place->target_dir,
				     place->name, 0700);
	case STEP_FILE:
		return run_file(r, step, place);
	case STEP_SYMLINK:
		return run_symlink(r, place);
	case STEP_NODE:
		return ktm_txf_mknod(t->txf_fd, t->tx_fd, place->target_dir,
				     place->name,
				     (step->st.st_mode & S_IFMT) | 0600,
				     major(step->st.st_rdev),
				     minor(step->st.st_rdev));
	case STEP_LINK:
		return run_link(r, step, place);
	case STEP_UNLINK:
		return ktm_txf_unlink(t->txf_fd, t->tx_fd, place->target_dir,
				      place->name);
	case STEP_RMDIR:
		return ktm_txf_rmdir(t->txf_fd, t->tx_fd, place->target_dir,
				     place->name);
	case STEP_ATTR:
		return 0;
	}
	return -EINVAL;
}

static int find_place(struct runner *r, const struct step *step,
		      struct place *place)
{
	place->target_dir = dir_stack_seek(&r->target_dirs, step->path,
					   &place->name);
	if (place->target_dir < 0)
		return place->target_dir;
	if (step->kind == STEP_UNLINK || step->kind == STEP_RMDIR) {
		place->source_dir = -1;
		return 0;
	}
	place->source_dir = dir_stack_seek(&r->source_dirs, step->path,
					   &place->name);
	return place->source_dir < 0 ? place->source_dir : 0;
}

static int run_step(struct runner *r, const struct step *step)
{
	struct place place;
	int ret;

	ret = find_place(r, step, &place);
	if (ret)
		return ret;
	if (step->kind == STEP_RMDIR) {
		dir_stack_forget(&r->target_dirs, step->path);
		dir_stack_forget(&r->link_dirs, step->path);
	}
	if (step->attrs) {
		ret = check_source(step, &place);
		if (ret)
			return ret;
	}
	ret = run_change(r, step, &place);
	if (ret || !step->attrs)
		return ret;
	ret = set_all(r, step, &place);
	return ret ? ret : check_source(step, &place);
}

static int fail(const struct step *step, int error)
{
	static const struct ktmctl_advice advice[] = {
		{ EAGAIN, "the source was changed meanwhile", "Try again." },
		{ EBUSY, "another transaction holds it, or it is a mount point",
		  "See 'ktmctl list transactions'." },
		{ ENODEV, "it is on a file system that is not enabled",
		  "Enable it, too: ktmctl txf enable MOUNTPOINT" },
		{ EXDEV, "it is on a file system that is enabled with another transaction manager",
		  NULL },
		{ ESTALE, "the target was changed meanwhile", "Try again." },
		{ EMSGSIZE, "there are too many changes for one transaction",
		  "Apply parts of the tree one after another." },
		{ ECANCELED, "the transaction was rolled back", NULL },
		{ ENOSPC, "the file system is full",
		  "New files need room beside the old ones until the commit." },
		{ EMFILE, "the tree is too deep for the limit of open files",
		  "Raise the limit: ulimit -n" },
		{ 0 }
	};

	ktmctl_fail(advice, error, "cannot change %s", show_path(step->path));
	return -1;
}

static void show_progress(struct runner *r, const struct plan *plan,
			  size_t done)
{
	char bytes[TEXT_BYTES_SIZE], all[TEXT_BYTES_SIZE];
	uint64_t now = now_ns() / 1000000;

	if (done < plan->count && now < r->shown_ms + PROGRESS_INTERVAL_MS)
		return;
	r->shown_ms = now;
	fprintf(stderr, "\r%zu of %zu changes, %s of %s\033[K", done,
		plan->count, format_bytes(bytes, r->bytes),
		format_bytes(all, plan->bytes));
	if (done == plan->count)
		fputc('\n', stderr);
}

int run_plan(const struct plan *plan, const struct run_target *target)
{
	struct runner r = {
		.target = target,
		.source_dirs = { .open = open_source_dir,
				 .top_fd = target->source_fd },
		.target_dirs = { .open = open_target_dir,
				 .top_fd = target->target_fd },
		.link_dirs = { .open = open_target_dir,
			       .top_fd = target->target_fd },
		.shown_ms = now_ns() / 1000000,
	};
	size_t i;
	int ret = 0;

	r.target_dirs.ctx = &r;
	r.link_dirs.ctx = &r;
	for (i = 0; i < plan->count && !ret; i++) {
		ret = run_step(&r, &plan->steps[i]);
		if (ret) {
			if (target->progress)
				fputc('\n', stderr);
			ret = fail(&plan->steps[i], ret);
		} else if (target->progress) {
			show_progress(&r, plan, i + 1);
		}
	}
	dir_stack_free(&r.link_dirs);
	dir_stack_free(&r.target_dirs);
	dir_stack_free(&r.source_dirs);
	return ret;
}
