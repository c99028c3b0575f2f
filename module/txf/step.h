/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - the steps that a commit consists of
 *
 * A step says what it expects to find. If it finds something else, it was done
 * before or newer work has overtaken it, and it is skipped; so steps can be
 * carried out again after a crash, from the first to the last.
 */
#ifndef _KTM_TXF_STEP_H
#define _KTM_TXF_STEP_H

#include <linux/list.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "stamp.h"
#include "txf_format.h"

struct dentry;
struct txf_part;

/**
 * struct txf_step_attr - what a TXF_STEP_SETATTR sets
 * @mask: KTM_TXF_ATTR_MODE, _UID, _GID, _ATIME, _MTIME
 * @mode: mode wanted
 * @uid: owner wanted
 * @gid: group wanted
 * @atime: time wanted
 * @mtime: time wanted
 * @old_mode: mode expected
 * @old_uid: owner expected
 * @old_gid: group expected
 * @old_mtime: time expected, unless it is a directory
 */
struct txf_step_attr {
	u32 mask;
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
	struct timespec64 atime;
	struct timespec64 mtime;
	umode_t old_mode;
	kuid_t old_uid;
	kgid_t old_gid;
	struct timespec64 old_mtime;
};

/**
 * struct txf_step - one step
 * @list: in txf_part.steps
 * @kind: enum txf_step_kind
 * @flags: TXF_STEP_F_*
 * @number: INSTALL, EVACUATE: number of the object in staging. MOVE, REMOVE: with
 *	TXF_STEP_F_STAMP, of the file replaced or removed. Else 0
 * @dir: the directory that is changed, held; NULL if it is gone
 * @name: the name in @dir; or of the extended attribute
 * @expect: with TXF_STEP_F_EXPECT: what @name holds before, held; NULL if that
 *	is gone
 * @stamp: with TXF_STEP_F_STAMP: how @expect looks before
 * @object: the object that is moved, linked or changed, held; NULL if gone
 * @from: directory that the object comes from, held; or NULL
 * @from_name: its name there, or NULL
 * @attr: what to set
 * @value: value of the extended attribute
 * @value_size: its length
 * @old_crc: with TXF_STEP_F_OLD_VALUE: CRC of the value expected
 *
 * Fields are constant once the step is listed, but for @stamp until prepare is over.
 */
struct txf_step {
	struct list_head list;
	enum txf_step_kind kind;
	u32 flags;
	u64 number;
	struct dentry *dir;
	char *name;
	struct dentry *expect;
	struct txf_stamp stamp;
	struct dentry *object;
	struct dentry *from;
	char *from_name;
	struct txf_step_attr attr;
	void *value;
	u32 value_size;
	u32 old_crc;
};

/**
 * txf_step_alloc - make a step
 * @kind: enum txf_step_kind
 * @list: list to append it to
 * Return: the step or NULL.
 */
struct txf_step *txf_step_alloc(enum txf_step_kind kind,
				struct list_head *list);

/**
 * txf_step_free - free a step
 * @step: the step; it is unlisted first
 */
void txf_step_free(struct txf_step *step);

/**
 * txf_step_free_all - free all steps of a part
 * @part: the part, owned by the caller
 */
void txf_step_free_all(struct txf_part *part);

/**
 * txf_step_stamp - how the file looks that a step replaces or removes
 * @step: the step
 * Return: that, or NULL if there is none.
 */
static inline const struct txf_stamp *
txf_step_stamp(const struct txf_step *step)
{
	return step->flags & TXF_STEP_F_STAMP ? &step->stamp : NULL;
}

#endif /* _KTM_TXF_STEP_H */
