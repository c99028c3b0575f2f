/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - attributes: copying them, and changing those of committed objects
 *
 * A committed object keeps its attributes until commit. What the transaction
 * gives it goes to a shadow: an empty object of the same type in staging with
 * the same attributes. So the file system itself checks and converts all that is
 * asked for, with the caller's credentials, before anything is promised.
 */
#ifndef _KTM_TXF_ATTR_H
#define _KTM_TXF_ATTR_H

#include <linux/bits.h>
#include <linux/fs.h>
#include <linux/types.h>

struct dentry;
struct txf_obj;
struct txf_part;
struct txf_place;

#define TXF_COPY_TIMES		BIT(0)	/* times, too */
#define TXF_COPY_STRIP		BIT(1)	/* as if content had been written */

/**
 * txf_attr_copy - give an object the attributes of another one
 * @part: the part
 * @from: from which
 * @to: to a staged object
 * @flags: TXF_COPY_*
 * Return: 0 or a negative errno.
 */
int txf_attr_copy(struct txf_part *part, struct dentry *from,
		  struct dentry *to, unsigned int flags);

/**
 * txf_attr_shadow - make an empty object of a type that takes the same attributes
 * @part: the part
 * @dentry: the object
 * Return: it, in the staging directory and with the same attributes, or ERR_PTR.
 */
struct dentry *txf_attr_shadow(struct txf_part *part, struct dentry *dentry);

/**
 * txf_attr_target - on what to work to change the attributes of an object
 * @place: where the object is; its part is set
 * @obj: out: its record
 *
 * Locks the attributes of a committed object and makes its shadow.
 *
 * Return: a dentry without a reference, or ERR_PTR of -EBUSY, -EPERM, ...
 */
struct dentry *txf_attr_target(const struct txf_place *place,
			       struct txf_obj **obj);

/**
 * txf_attr_note_xattr - remember that an extended attribute was changed
 * @obj: the object
 * @name: its name
 * Return: 0, -ENOMEM or -EMSGSIZE.
 */
int txf_attr_note_xattr(struct txf_obj *obj, const char *name);

/**
 * txf_attr_xattr - read an extended attribute of any length
 * @dentry: the object
 * @name: its name
 * @value: out: the value, to be freed with kvfree()
 * Return: the length or a negative errno.
 */
ssize_t txf_attr_xattr(struct dentry *dentry, const char *name, void **value);

/**
 * txf_attr_digest - a number that tells if extended attributes were changed
 * @dentry: the object
 * @digest: out: the number; 0 if there are none
 *
 * The order in which the file system lists them does not matter.
 *
 * Return: 0 or a negative errno.
 */
int txf_attr_digest(struct dentry *dentry, u32 *digest);

#endif /* _KTM_TXF_ATTR_H */
