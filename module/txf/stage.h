/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - making and removing things in the staging directory
 */
#ifndef _KTM_TXF_STAGE_H
#define _KTM_TXF_STAGE_H

#include <linux/fs.h>
#include <linux/types.h>

struct txf_part;
struct txf_volume;

/* Room for "tx-" and a UUID, or for a number. */
#define TXF_STAGE_NAME_MAX	40

/**
 * struct txf_new - an object to be made
 * @mode: type and permission; the umask or the default ACL is applied
 * @rdev: device number of a device node
 * @target: text of a symbolic link
 * @dir: directory that it will be in, for owner, ACL and label
 * @name: name that it will have there, for the label
 * @like: object whose label it gets instead, or NULL
 * @open: a regular file is opened, too: it is there with its file or not at all
 * @open_flags: how
 * @file: out: the file
 */
struct txf_new {
	umode_t mode;
	dev_t rdev;
	const char *target;
	struct dentry *dir;
	const struct qstr *name;
	struct dentry *like;
	bool open;
	int open_flags;
	struct file *file;
};

/**
 * txf_stage_cred - the kernel's credentials with the caller's user and group
 *
 * What is made with them belongs to the caller and counts for its quota.
 *
 * Return: the credentials, to be given back with put_cred(), or NULL.
 */
struct cred *txf_stage_cred(void);

/**
 * txf_stage_open - make the staging directory of a part
 * @part: the part
 * Return: 0 or a negative errno.
 */
int txf_stage_open(struct txf_part *part);

/**
 * txf_stage_find - look for the staging directory of a recovered part
 * @part: the part; its dir stays NULL if there is none
 * Return: 0 or a negative errno.
 */
int txf_stage_find(struct txf_part *part);

/**
 * txf_stage_remove - remove the staging directory of a part
 * @part: the part
 *
 * What cannot be removed is said in the kernel log and removed when the file
 * system is enabled the next time.
 */
void txf_stage_remove(struct txf_part *part);

/**
 * txf_stage_sweep - remove staging directories that belong to no transaction
 * @vol: the volume; its parts are known
 * Return: 0 or a negative errno.
 */
int txf_stage_sweep(struct txf_volume *vol);

/**
 * txf_stage_create - make an object in the staging directory of a part
 * @part: the part
 * @new: what
 * Return: its dentry or an ERR_PTR.
 */
struct dentry *txf_stage_create(struct txf_part *part,
				const struct txf_new *new);

/**
 * txf_stage_create_in - make an object in a directory that is staged itself
 * @part: the part
 * @dir: the directory
 * @name: name in it
 * @new: what; its place and label are ignored
 * Return: its dentry or an ERR_PTR; -EEXIST if the name is there.
 */
struct dentry *txf_stage_create_in(struct txf_part *part, struct dentry *dir,
				   const struct qstr *name,
				   const struct txf_new *new);

/**
 * txf_stage_link - give a staged object one more name in staging
 * @part: the part
 * @old: the object
 * @dir: a staged directory, or NULL for the part's own
 * @name: name in @dir; ignored without @dir
 * Return: the new dentry or an ERR_PTR.
 */
struct dentry *txf_stage_link(struct txf_part *part, struct dentry *old,
			      struct dentry *dir, const struct qstr *name);

/**
 * txf_stage_move - rename a staged object within staging
 * @part: the part
 * @old: the object
 * @dir: a staged directory, or NULL for the part's own
 * @name: name in @dir, what it holds is replaced; ignored without @dir
 * Return: the dentry that has the object now, or an ERR_PTR.
 */
struct dentry *txf_stage_move(struct txf_part *part, struct dentry *old,
			      struct dentry *dir, const struct qstr *name);

/**
 * txf_stage_unlink - remove a staged name
 * @part: the part
 * @dentry: what; a directory must be empty
 * Return: 0 or a negative errno.
 */
int txf_stage_unlink(struct txf_part *part, struct dentry *dentry);

/**
 * txf_stage_lookup - find an object by its number
 * @part: the part
 * @number: the number
 * Return: a dentry, perhaps negative, or an ERR_PTR.
 */
struct dentry *txf_stage_lookup(struct txf_part *part, u64 number);

/**
 * txf_stage_number - the number of an object
 * @dentry: its dentry directly in the staging directory of a part
 * Return: the number, or 0 if its name is none.
 */
u64 txf_stage_number(struct dentry *dentry);

#endif /* _KTM_TXF_STAGE_H */
