// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - the steps that a commit consists of
 */
#include <linux/dcache.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "step.h"
#include "tx.h"

struct txf_step *txf_step_alloc(enum txf_step_kind kind, struct list_head *list)
{
	struct txf_step *step = kzalloc(sizeof(*step), GFP_KERNEL_ACCOUNT);

	if (!step)
		return NULL;
	step->kind = kind;
	list_add_tail(&step->list, list);
	return step;
}

void txf_step_free(struct txf_step *step)
{
	list_del(&step->list);
	dput(step->dir);
	dput(step->expect);
	dput(step->object);
	dput(step->from);
	kfree(step->name);
	kfree(step->from_name);
	kvfree(step->value);
	kfree(step);
}

void txf_step_free_all(struct txf_part *part)
{
	struct txf_step *step, *next;

	list_for_each_entry_safe(step, next, &part->steps, list)
		txf_step_free(step);
}
