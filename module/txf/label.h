/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - security labels
 *
 * What is in staging has the label that it will have in its place, from the moment
 * it is made: the security module judges by it what the caller may do.
 */
#ifndef _KTM_TXF_LABEL_H
#define _KTM_TXF_LABEL_H

#include <linux/types.h>

struct cred;
struct dentry;
struct qstr;

/**
 * txf_label_by_place - make what is made next labelled as the caller's in a place
 * @cred: credentials that it is made with, not used yet
 * @dir: directory that it will be in
 * @name: name that it will have there
 * @mode: its type
 *
 * Context: with the caller's credentials; may sleep.
 * Return: 0, -ENOMEM or an errno of the security module.
 */
int txf_label_by_place(struct cred *cred, struct dentry *dir,
		       const struct qstr *name, umode_t mode);

/**
 * txf_label_like - make what is made next labelled like another object
 * @cred: credentials that it is made with, not used yet
 * @like: that object
 *
 * Return: 0 or an errno of the security module.
 */
int txf_label_like(struct cred *cred, struct dentry *like);

/**
 * txf_label_is - is this attribute a label?
 * @name: name of an extended attribute
 * Return: true if it is.
 */
bool txf_label_is(const char *name);

/**
 * txf_label_get - read a label as it is on disk
 * @dentry: of the object
 * @name: name of the attribute that is the label
 * @value: room, or NULL to ask for the size
 * @size: bytes of room
 *
 * Return: size of the label or a negative errno.
 */
ssize_t txf_label_get(struct dentry *dentry, const char *name, void *value,
		      size_t size);

/**
 * txf_label_set - set or remove a label, whatever the policy says about the kernel
 * @dentry: of the object
 * @name: name of the attribute that is the label
 * @value: the label, or NULL to remove it
 * @size: bytes of it
 *
 * Context: with the credentials of the kernel, on a mount for which writing was
 * asked for; may sleep.
 * Return: 0 or an error as from setxattr(2).
 */
int txf_label_set(struct dentry *dentry, const char *name, void *value,
		  size_t size);

#endif /* _KTM_TXF_LABEL_H */
