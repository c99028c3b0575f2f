// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - from net effects to steps
 *
 * The overlay says for each name what was there and what shall be there. The
 * order in which that comes about matters where names of committed objects
 * depend on each other. It is, phase by phase:
 *
 *  1. Evacuate to staging what cannot be moved in one step: directories if there
 *     are several of them (one might be below another one's target), objects that
 *     change places in a circle, and what takes the place of a removed directory.
 *  2. Remove what is no directory and is not replaced by a rename.
 *  3. Move the other objects; who makes room for another one goes first.
 *  4. Remove directories, in the order of the transaction: what was in them has
 *     been removed or moved by then.
 *  5. Install what is in staging, renaming over files that are replaced.
 *  6. Link.
 *  7. Set attributes: after all that changes times of directories.
 */
#include <linux/crc32.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/list_sort.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <uapi/linux/ktm_txf.h>

#include "attr.h"
#include "compat.h"
#include "overlay.h"
#include "plan.h"
#include "stage.h"
#include "step.h"
#include "tx.h"
#include "volume.h"

enum phase {
	PHASE_EVACUATE,
	PHASE_REMOVE,
	PHASE_MOVE,
	PHASE_RMDIR,
	PHASE_INSTALL,
	PHASE_LINK,
	PHASE_ATTR,
	PHASE_NR,
};

/**
 * struct plan - a plan being made
 * @part: the part
 * @phases: steps of each phase
 * @nr_dirs: directories that are moved
 */
struct plan {
	struct txf_part *part;
	struct list_head phases[PHASE_NR];
	unsigned int nr_dirs;
};

static bool is_dir(const struct txf_obj *obj)
{
	return S_ISDIR(obj->inode->i_mode);
}

static bool is_moved(const struct txf_obj *obj)
{
	return obj->lost && obj->gained;
}

/* Does this name become free because what it holds moves away? */
static bool is_vacated(const struct txf_name *name)
{
	return name->base && is_moved(name->base) && name->base->lost == name;
}

/* Does this name receive an object that moves? */
static bool is_target(const struct txf_name *name)
{
	return name->cur && !name->cur->staged && is_moved(name->cur) &&
	       name->cur->gained == name;
}

/* Is what the name holds removed, and not by renaming over it? */
static bool is_removal(const struct txf_name *name)
{
	if (!name->base || name->base == name->cur || is_vacated(name))
		return false;
	if (!name->cur || is_dir(name->base) || is_dir(name->cur))
		return true;
	/* A link does not replace. */
	return !name->cur->staged && !is_target(name);
}

static struct txf_step *add_step(struct plan *plan, enum phase phase,
				 enum txf_step_kind kind,
				 const struct txf_name *name)
{
	struct txf_step *step = txf_step_alloc(kind, &plan->phases[phase]);

	if (!step)
		return NULL;
	step->dir = dget(name->dir->dentry);
	step->name = kstrdup(name->text, GFP_KERNEL_ACCOUNT);
	if (step->name)
		return step;
	txf_step_free(step);
	return NULL;
}

static void expect(struct txf_step *step, const struct txf_obj *obj)
{
	step->expect = dget(obj->dentry);
	step->flags |= TXF_STEP_F_EXPECT;
	if (!S_ISREG(obj->inode->i_mode))
		return;
	step->stamp = obj->stamp;
	step->flags |= TXF_STEP_F_STAMP;
}

/* The step renames over what the name holds, if that is still there. */
static void expect_base(struct txf_step *step, const struct txf_name *name)
{
	if (name->base && !is_vacated(name) && !is_removal(name))
		expect(step, name->base);
}

static int come_from(struct txf_step *step, const struct txf_name *name)
{
	step->from = dget(name->dir->dentry);
	step->from_name = kstrdup(name->text, GFP_KERNEL_ACCOUNT);
	return step->from_name ? 0 : -ENOMEM;
}

static int plan_removal(struct plan *plan, struct txf_name *name)
{
	enum phase phase = is_dir(name->base) ? PHASE_RMDIR : PHASE_REMOVE;
	struct txf_step *step;

	step = add_step(plan, phase, TXF_STEP_REMOVE, name);
	if (!step)
		return -ENOMEM;
	expect(step, name->base);
	if (txf_step_stamp(step))
		step->number = plan->part->next_number++;
	return 0;
}

static int plan_install(struct plan *plan, struct txf_name *name)
{
	struct txf_obj *obj = name->cur;
	struct txf_step *step;

	step = add_step(plan, PHASE_INSTALL, TXF_STEP_INSTALL, name);
	if (!step)
		return -ENOMEM;
	expect_base(step, name);
	step->object = dget(txf_name_dentry(name));
	if (obj->staged) {
		step->number = txf_stage_number(name->staged);
		return 0;
	}
	step->number = obj->evacuated;
	return come_from(step, obj->lost);
}

static int plan_evacuation(struct plan *plan, struct txf_obj *obj)
{
	struct txf_step *step;

	if (obj->evacuated)
		return 0;
	obj->evacuated = plan->part->next_number++;
	step = add_step(plan, PHASE_EVACUATE, TXF_STEP_EVACUATE, obj->lost);
	if (!step)
		return -ENOMEM;
	step->object = dget(obj->dentry);
	step->number = obj->evacuated;
	return plan_install(plan, obj->gained);
}

static int plan_move(struct plan *plan, struct txf_name *name)
{
	struct txf_obj *obj = name->cur;
	struct txf_step *step;

	if (obj->evacuated)
		return 0;
	step = add_step(plan, PHASE_MOVE, TXF_STEP_MOVE, name);
	if (!step)
		return -ENOMEM;
	expect_base(step, name);
	if (txf_step_stamp(step))
		step->number = plan->part->next_number++;
	step->object = dget(obj->dentry);
	return come_from(step, obj->lost);
}

static int plan_link(struct plan *plan, struct txf_name *name)
{
	struct txf_step *step;

	step = add_step(plan, PHASE_LINK, TXF_STEP_LINK, name);
	if (!step)
		return -ENOMEM;
	step->object = dget(name->cur->dentry);
	return 0;
}

/*
 * Plan the move to @first, and before it the moves that make room for it. Each
 * move waits for at most one other, so they are a chain, or a circle that is
 * broken by evacuating one object.
 */
static int plan_chain(struct plan *plan, struct txf_name *first)
{
	struct txf_name *name = first, *next;
	LIST_HEAD(chain);
	int error = 0;

	while (name && !name->mark) {
		name->mark = 1;
		list_add(&name->plan, &chain);
		next = NULL;
		if (is_vacated(name) && !name->base->evacuated)
			next = name->base->gained;
		if (next && next->mark == 1) {
			error = plan_evacuation(plan, name->base);
			next = NULL;
		}
		if (error)
			break;
		name = next;
	}
	while (!list_empty(&chain)) {
		name = list_first_entry(&chain, struct txf_name, plan);
		list_del_init(&name->plan);
		name->mark = 2;
		if (!error)
			error = plan_move(plan, name);
	}
	return error;
}

/* Find out for each object which names it leaves and gets. */
static void count_names(struct plan *plan)
{
	struct txf_name *name;
	struct txf_obj *obj;

	list_for_each_entry(obj, &plan->part->objs, list) {
		obj->lost = NULL;
		obj->gained = NULL;
		obj->nr_lost = 0;
		obj->nr_gained = 0;
		obj->evacuated = 0;
	}
	list_for_each_entry(name, &plan->part->names, list) {
		name->mark = 0;
		INIT_LIST_HEAD(&name->plan);
		if (name->base == name->cur)
			continue;
		if (name->base && !name->base->nr_lost++)
			name->base->lost = name;
		if (name->cur && !name->cur->staged &&
		    !name->cur->nr_gained++)
			name->cur->gained = name;
	}
	list_for_each_entry(obj, &plan->part->objs, list)
		if (is_moved(obj) && is_dir(obj))
			plan->nr_dirs++;
}

static int plan_evacuations(struct plan *plan)
{
	struct txf_name *name;
	struct txf_obj *obj;
	int error;

	list_for_each_entry(name, &plan->part->names, list) {
		if (!is_target(name))
			continue;
		obj = name->cur;
		if (!(is_dir(obj) && plan->nr_dirs > 1) &&
		    !(is_removal(name) && is_dir(name->base)))
			continue;
		error = plan_evacuation(plan, obj);
		if (error)
			return error;
	}
	return 0;
}

static int plan_name(struct plan *plan, struct txf_name *name)
{
	int error;

	if (name->base == name->cur)
		return 0;
	if (is_removal(name)) {
		error = plan_removal(plan, name);
		if (error)
			return error;
	}
	if (!name->cur)
		return 0;
	if (name->cur->staged)
		return plan_install(plan, name);
	if (is_target(name))
		return plan_chain(plan, name);
	return plan_link(plan, name);
}

static int plan_xattr(struct plan *plan, struct txf_obj *obj, const char *name)
{
	ssize_t size, old_size;
	struct txf_step *step;
	bool same = false;
	void *old;

	step = txf_step_alloc(TXF_STEP_SETXATTR, &plan->phases[PHASE_ATTR]);
	if (!step)
		return -ENOMEM;
	step->object = dget(obj->dentry);
	step->name = kstrdup(name, GFP_KERNEL_ACCOUNT);
	if (!step->name)
		return -ENOMEM;
	size = txf_attr_xattr(obj->shadow, name, &step->value);
	if (size >= 0) {
		step->flags |= TXF_STEP_F_VALUE;
		step->value_size = size;
	} else if (size != -ENODATA && size != -EOPNOTSUPP) {
		return size;
	}
	old_size = txf_attr_xattr(obj->dentry, name, &old);
	if (old_size >= 0) {
		step->flags |= TXF_STEP_F_OLD_VALUE;
		step->old_crc = crc32_le(~0, old, old_size);
		same = size == old_size && !memcmp(step->value, old, size);
		kvfree(old);
	} else if (old_size == -ENODATA || old_size == -EOPNOTSUPP) {
		same = size < 0;
	} else {
		return old_size;
	}
	/* A change that was noted and then refused. */
	if (same)
		txf_step_free(step);
	else if (size > KTM_TXF_XATTR_MAX)
		return -E2BIG;
	return 0;
}

static int plan_attr(struct plan *plan, struct txf_obj *obj,
		     struct dentry *source, u32 mask)
{
	struct inode *inode = d_inode(source);
	struct txf_step *step;

	step = txf_step_alloc(TXF_STEP_SETATTR, &plan->phases[PHASE_ATTR]);
	if (!step)
		return -ENOMEM;
	step->object = dget(obj->dentry);
	step->attr.mask = mask;
	step->attr.mode = inode->i_mode & S_IALLUGO;
	step->attr.uid = inode->i_uid;
	step->attr.gid = inode->i_gid;
	step->attr.atime = txf_inode_atime(inode);
	step->attr.mtime = txf_inode_mtime(inode);
	step->attr.old_mode = obj->inode->i_mode & S_IALLUGO;
	step->attr.old_uid = obj->inode->i_uid;
	step->attr.old_gid = obj->inode->i_gid;
	step->attr.old_mtime = txf_inode_mtime(obj->inode);
	return 0;
}

/* Will the object still be there after the commit? */
static bool survives(const struct txf_obj *obj)
{
	return obj->nr_gained || obj->nr_lost < (is_dir(obj) ?
						 1 : obj->inode->i_nlink);
}

static int plan_attrs(struct plan *plan, struct txf_obj *obj)
{
	const u32 times = KTM_TXF_ATTR_ATIME | KTM_TXF_ATTR_MTIME;
	struct txf_xattr *xattr;
	int error;

	if (obj->staged) {
		/* What is moved into it must not leave a trace in its times. */
		if (!is_dir(obj) || !(obj->attrs & times) ||
		    !txf_dir_find(plan->part, obj->inode))
			return 0;
		return plan_attr(plan, obj, obj->dentry, obj->attrs & times);
	}
	if (!obj->shadow || !survives(obj))
		return 0;
	list_for_each_entry(xattr, &obj->xattrs, list) {
		error = plan_xattr(plan, obj, xattr->name);
		if (error)
			return error;
	}
	if (!obj->attrs)
		return 0;
	return plan_attr(plan, obj, obj->shadow, obj->attrs);
}

static int by_order(void *priv, const struct list_head *a,
		    const struct list_head *b)
{
	const struct txf_name *x = list_entry(a, struct txf_name, list);
	const struct txf_name *y = list_entry(b, struct txf_name, list);

	return x->order > y->order;
}

static int make_steps(struct plan *plan)
{
	struct txf_name *name;
	struct txf_obj *obj;
	int error;

	list_sort(NULL, &plan->part->names, by_order);
	count_names(plan);
	error = plan_evacuations(plan);
	if (error)
		return error;
	list_for_each_entry(name, &plan->part->names, list) {
		error = plan_name(plan, name);
		if (error)
			return error;
		cond_resched();
	}
	list_for_each_entry(obj, &plan->part->objs, list) {
		error = plan_attrs(plan, obj);
		if (error)
			return error;
		cond_resched();
	}
	return 0;
}

int txf_plan_make(struct txf_part *part)
{
	struct plan plan = { .part = part };
	const struct cred *old;
	int error, i;

	for (i = 0; i < PHASE_NR; i++)
		INIT_LIST_HEAD(&plan.phases[i]);
	old = override_creds(part->vol->cred);
	error = make_steps(&plan);
	revert_creds(old);
	for (i = 0; i < PHASE_NR; i++)
		list_splice_tail(&plan.phases[i], &part->steps);
	return error;
}
