// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl apply - compare two trees
 *
 * Both trees are walked together, names in order, so the work grows with the
 * number of names and never with its square. Everything is looked at by
 * directory fd and name, and no symbolic link is followed: what others do to
 * the trees meanwhile cannot lead out of them.
 *
 * A file with several names is made once; its other names become links to the
 * first. A file of the target stays where it is only if it stands for the same
 * file of the source under all of its names.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply_list.h"
#include "apply_plan.h"
#include "apply_same.h"
#include "ktmctl.h"
#include "text.h"

/**
 * struct comparison - a comparison that is going on
 * @options: how
 * @plan: what comes out
 * @targets: files of the target that have several names
 * @source: top of the source
 * @target: top of the target
 * @path: where we are, below the top
 * @length: its length
 */
struct comparison {
	const struct plan_options *options;
	struct plan *plan;
	struct link_map targets;
	struct link_key source;
	struct link_key target;
	char path[PATH_MAX];
	size_t length;
};

typedef int node_worker(struct comparison *c, const struct node *node);

static node_worker add_tree, remove_tree;
static int compare_nodes(struct comparison *c, const struct node *source,
			 const struct node *target, bool *names_changed);

static const char *here(const struct comparison *c)
{
	return c->length ? c->path : ".";
}

static int fail(const struct comparison *c, int error, const char *tree)
{
	static const struct ktmctl_advice advice[] = {
		{ ESTALE, "it was changed meanwhile", "Try again." },
		{ ENOENT, "it was removed meanwhile", "Try again." },
		{ EMFILE, "the tree is too deep for the limit of open files",
		  "Raise the limit: ulimit -n" },
		{ 0 }
	};

	ktmctl_fail(advice, error, "cannot read %s in the %s",
		    show_path(here(c)), tree);
	return -1;
}

static int add_step(struct comparison *c, enum step_kind kind,
		    unsigned int attrs, const struct stat *st)
{
	return plan_add(c->plan, kind, here(c), attrs, st) ? 0 :
	       fail(c, ENOMEM, "plan");
}

static int enter(struct comparison *c, const char *name)
{
	size_t length = strlen(name), slash = c->length ? 1 : 0;

	if (c->length + slash + length >= sizeof(c->path))
		return fail(c, ENAMETOOLONG, "tree");
	if (slash)
		c->path[c->length] = '/';
	memcpy(c->path + c->length + slash, name, length + 1);
	c->length += slash + length;
	return 0;
}

static void leave(struct comparison *c, size_t length)
{
	c->length = length;
	c->path[length] = '\0';
}

/* The node's directory must be the one that was listed. */
static int open_dir(struct comparison *c, const struct node *node,
		    const char *tree)
{
	struct stat st;
	int fd;

	fd = openat(node->dir_fd, node->name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(c, errno, tree);
	if (fstat(fd, &st) || st.st_dev != node->st->st_dev ||
	    st.st_ino != node->st->st_ino) {
		close(fd);
		return fail(c, ESTALE, tree);
	}
	return fd;
}

/* One tree inside the other would be read while it is changed. */
static int refuse_nested(const struct comparison *c, const struct stat *st,
			 const struct link_key *other)
{
	if (!S_ISDIR(st->st_mode) || st->st_dev != other->dev ||
	    st->st_ino != other->ino)
		return 0;
	ktmctl_refuse("Use two trees that have nothing in common.",
		      "one tree is inside the other, at %s",
		      show_path(here(c)));
	return -1;
}

static int compare(struct comparison *c, const struct node *source,
		   const struct node *target, struct difference *difference)
{
	const char *tree;
	int ret;

	ret = node_compare(source, target, c->options->checksum, difference,
			   &tree);
	return ret ? fail(c, ret, tree) : 0;
}

/* The step that makes what is no directory. */
static int add_creation(struct comparison *c, const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		c->plan->bytes += st->st_size;
		return add_step(c, STEP_FILE, STEP_A_ALL, st);
	case S_IFLNK:
		return add_step(c, STEP_SYMLINK, STEP_A_ALL, st);
	default:
		return add_step(c, STEP_NODE, STEP_A_ALL, st);
	}
}

static int add_link(struct comparison *c, const struct stat *st,
		    const char *link_to)
{
	struct step *step = plan_add(c->plan, STEP_LINK, here(c), 0, st);

	if (!step)
		return fail(c, ENOMEM, "plan");
	step->link_to = link_to;
	return 0;
}

/*
 * The entry of a source file that has several names, NULL if it has one only.
 * Return: 0 or -1.
 */
static int find_links(struct comparison *c, const struct stat *st,
		      struct link_entry **entry)
{
	*entry = NULL;
	if (st->st_nlink < 2)
		return 0;
	*entry = link_map_find(&c->plan->links, st->st_dev, st->st_ino);
	return *entry ? 0 : fail(c, ENOMEM, "plan");
}

/* This is the first name of the file. */
static int note_first_name(struct comparison *c, struct link_entry *entry)
{
	entry->path = strdup(here(c));
	return entry->path ? 0 : fail(c, ENOMEM, "plan");
}

static int add_leaf(struct comparison *c, const struct stat *st)
{
	struct link_entry *entry;

	if (find_links(c, st, &entry))
		return -1;
	if (entry && entry->path)
		return add_link(c, st, entry->path);
	if (entry && note_first_name(c, entry))
		return -1;
	return add_creation(c, st);
}

/*
 * May the target's file stay where it is and be changed in place? Not if it has
 * other names that should not change with it. 1, 0 or -1
 */
static int may_stay(struct comparison *c, const struct node *source,
		    const struct node *target, bool attrs_differ)
{
	struct link_key key = { source->st->st_dev, source->st->st_ino };
	struct link_entry *entry;

	if (target->st->st_nlink < 2)
		return 1;
	if (attrs_differ && source->st->st_nlink != target->st->st_nlink)
		return 0;
	entry = link_map_find(&c->targets, target->st->st_dev,
			      target->st->st_ino);
	if (!entry)
		return fail(c, ENOMEM, "plan");
	if (entry->partner.ino && !link_key_equal(&entry->partner, &key))
		return 0;
	entry->partner = key;
	return 1;
}

static int replace_leaf(struct comparison *c, const struct stat *st)
{
	c->plan->changed++;
	/* only a regular file can be made over what is there */
	if (!S_ISREG(st->st_mode) && add_step(c, STEP_UNLINK, 0, NULL))
		return -1;
	return add_creation(c, st);
}

static int relink_leaf(struct comparison *c, const struct stat *st,
		       const char *link_to)
{
	c->plan->changed++;
	if (add_step(c, STEP_UNLINK, 0, NULL))
		return -1;
	return add_link(c, st, link_to);
}

static int compare_leaves(struct comparison *c, const struct node *source,
			  const struct node *target, bool *names_changed)
{
	struct link_key key = { target->st->st_dev, target->st->st_ino };
	struct difference difference;
	struct link_entry *entry;
	int stays;

	if (find_links(c, source->st, &entry))
		return -1;
	if (entry && entry->path) {
		if (entry->kept && link_key_equal(&entry->partner, &key))
			return 0;
		*names_changed = true;
		return relink_leaf(c, source->st, entry->path);
	}
	if (entry && note_first_name(c, entry))
		return -1;
	if (compare(c, source, target, &difference))
		return -1;
	stays = difference.content ? 0 :
		may_stay(c, source, target, difference.attrs);
	if (stays < 0)
		return -1;
	if (!stays) {
		*names_changed = true;
		return replace_leaf(c, source->st);
	}
	if (entry) {
		entry->kept = true;
		entry->partner = key;
	}
	if (!difference.attrs)
		return 0;
	c->plan->changed++;
	return add_step(c, STEP_ATTR, difference.attrs, source->st);
}

/* What is in both lists, or in one of them. */
static int merge_lists(struct comparison *c, int source_fd,
		       const struct dir_list *sources, int target_fd,
		       const struct dir_list *targets, bool *names_changed)
{
	const struct list_entry *s = sources->entries, *t = targets->entries;
	const struct list_entry *s_end = s + sources->count;
	const struct list_entry *t_end = t + targets->count;
	size_t length = c->length;
	int order, ret = 0;

	while (!ret && (s < s_end || t < t_end)) {
		order = s == s_end ? 1 : t == t_end ? -1 :
			strcmp(s->name, t->name);
		struct node source = { source_fd, order <= 0 ? s->name : NULL,
				       order <= 0 ? &s->st : NULL };
		struct node target = { target_fd, order >= 0 ? t->name : NULL,
				       order >= 0 ? &t->st : NULL };

		ret = enter(c, order <= 0 ? s->name : t->name);
		if (ret)
			break;
		if (order < 0) {
			*names_changed = true;
			ret = add_tree(c, &source);
		} else if (order == 0) {
			ret = compare_nodes(c, &source, &target, names_changed);
		} else if (!c->options->keep_extra) {
			*names_changed = true;
			ret = remove_tree(c, &target);
		}
		s += order <= 0;
		t += order >= 0;
		leave(c, length);
	}
	return ret;
}

static int compare_opened_dirs(struct comparison *c, int source_fd,
			       int target_fd, bool *names_changed)
{
	struct dir_list sources, targets;
	int ret;

	ret = dir_list_read(&sources, source_fd);
	if (ret)
		return fail(c, ret, "source");
	ret = dir_list_read(&targets, target_fd);
	if (ret) {
		dir_list_free(&sources);
		return fail(c, ret, "target");
	}
	ret = merge_lists(c, source_fd, &sources, target_fd, &targets,
			  names_changed);
	dir_list_free(&sources);
	dir_list_free(&targets);
	return ret;
}

static int compare_dirs(struct comparison *c, const struct node *source,
			const struct node *target)
{
	struct difference difference;
	int source_fd, target_fd, ret;
	bool names_changed = false;

	source_fd = open_dir(c, source, "source");
	if (source_fd < 0)
		return -1;
	target_fd = open_dir(c, target, "target");
	if (target_fd < 0) {
		close(source_fd);
		return -1;
	}
	ret = compare_opened_dirs(c, source_fd, target_fd, &names_changed);
	close(target_fd);
	close(source_fd);
	if (ret)
		return ret;
	if (compare(c, source, target, &difference))
		return -1;
	if (difference.attrs)
		c->plan->changed++;
	/* names that come and go set the directory's time at commit */
	if (names_changed)
		difference.attrs |= STEP_A_MTIME;
	if (!difference.attrs)
		return 0;
	return add_step(c, STEP_ATTR, difference.attrs, source->st);
}

static int compare_nodes(struct comparison *c, const struct node *source,
			 const struct node *target, bool *names_changed)
{
	bool same_type = (source->st->st_mode & S_IFMT) ==
			 (target->st->st_mode & S_IFMT);

	if (refuse_nested(c, source->st, &c->target) ||
	    refuse_nested(c, target->st, &c->source))
		return -1;
	if (!same_type) {
		*names_changed = true;
		return remove_tree(c, target) ? -1 : add_tree(c, source);
	}
	c->plan->entries++;
	if (S_ISDIR(source->st->st_mode))
		return compare_dirs(c, source, target);
	return compare_leaves(c, source, target, names_changed);
}

/* Everything in a directory of one tree only. */
static int visit_names(struct comparison *c, const struct node *dir,
		       const char *tree, node_worker *work)
{
	size_t i, length = c->length;
	struct dir_list list;
	int fd, ret;

	fd = open_dir(c, dir, tree);
	if (fd < 0)
		return -1;
	ret = dir_list_read(&list, fd);
	if (ret) {
		close(fd);
		return fail(c, ret, tree);
	}
	for (i = 0; i < list.count && !ret; i++) {
		struct node node = { fd, list.entries[i].name,
				     &list.entries[i].st };

		ret = enter(c, node.name);
		if (!ret)
			ret = work(c, &node);
		leave(c, length);
	}
	dir_list_free(&list);
	close(fd);
	return ret;
}

static int add_tree(struct comparison *c, const struct node *source)
{
	if (refuse_nested(c, source->st, &c->target))
		return -1;
	c->plan->entries++;
	c->plan->added++;
	if (!S_ISDIR(source->st->st_mode))
		return add_leaf(c, source->st);
	if (add_step(c, STEP_MKDIR, 0, source->st) ||
	    visit_names(c, source, "source", add_tree))
		return -1;
	return add_step(c, STEP_ATTR, STEP_A_ALL, source->st);
}

static int remove_tree(struct comparison *c, const struct node *target)
{
	if (refuse_nested(c, target->st, &c->source))
		return -1;
	c->plan->removed++;
	if (!S_ISDIR(target->st->st_mode))
		return add_step(c, STEP_UNLINK, 0, NULL);
	if (visit_names(c, target, "target", remove_tree))
		return -1;
	return add_step(c, STEP_RMDIR, 0, NULL);
}

int plan_make(struct plan *plan, const struct plan_options *options,
	      int source_fd, int target_fd)
{
	struct comparison c = { .options = options, .plan = plan };
	struct stat source_st, target_st;
	const struct node source = { source_fd, ".", &source_st };
	const struct node target = { target_fd, ".", &target_st };
	int ret;

	if (fstat(source_fd, &source_st))
		return fail(&c, errno, "source");
	if (fstat(target_fd, &target_st))
		return fail(&c, errno, "target");
	c.source = (struct link_key){ source_st.st_dev, source_st.st_ino };
	c.target = (struct link_key){ target_st.st_dev, target_st.st_ino };
	if (refuse_nested(&c, &source_st, &c.target))
		return -1;
	plan->entries++;
	ret = compare_dirs(&c, &source, &target);
	link_map_free(&c.targets);
	return ret;
}
