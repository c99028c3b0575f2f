/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - what a committed object looked like
 */
#ifndef _KTM_TXF_STAMP_H
#define _KTM_TXF_STAMP_H

#include <linux/fs.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/uidgid.h>

/**
 * struct txf_stamp - what a committed object looked like
 * @size: length
 * @mtime: time of the last change of content
 * @ctime: time of the last change at all
 * @mode: type and permission
 * @uid: owner
 * @gid: group
 * @xattrs: digest of the extended attributes
 * @has_xattrs: @xattrs is set
 *
 * The log keeps the times of content, the mode, the owner and the digest.
 */
struct txf_stamp {
	loff_t size;
	struct timespec64 mtime;
	struct timespec64 ctime;
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
	u32 xattrs;
	bool has_xattrs;
};

struct dentry;

/**
 * txf_stamp_take - remember what an object looks like
 * @stamp: out: that
 * @inode: the object
 *
 * Any later change gives the object another time: if it was changed in this
 * very tick of the clock, this waits for the next one. Directories are not
 * compared by their times, and not waited for.
 *
 * Context: may sleep for a tick at a time, up to 100.
 * Return: 0, -EINTR when killed, -ESTALE if it changes in each tick.
 */
int txf_stamp_take(struct txf_stamp *stamp, const struct inode *inode);

/**
 * txf_stamp_is_all - does an object look as it did?
 * @stamp: how it looked
 * @inode: the object
 *
 * Directories: in their owner and mode, others may work in them.
 */
bool txf_stamp_is_all(const struct txf_stamp *stamp, const struct inode *inode);

/**
 * txf_stamp_take_xattrs - remember the extended attributes, too
 * @stamp: from txf_stamp_take(); if it is still txf_stamp_is_all() afterwards, the
 *	attributes are those of then
 * @dentry: of the object
 *
 * Context: with the credentials of the kernel.
 * Return: 0 or a negative errno.
 */
int txf_stamp_take_xattrs(struct txf_stamp *stamp, struct dentry *dentry);

/**
 * txf_stamp_content - has an object the content, mode, owner and attributes it had?
 * @stamp: how it looked, perhaps in an earlier life
 * @dentry: of the object, no directory
 *
 * The steps of a commit give an object and take from it names, which changes its
 * ctime; and its length can be shorter on disk than it was. So only the time of
 * its content counts, which prepare has made durable, and the extended attributes
 * themselves, whose change no other time tells.
 *
 * Context: with the credentials of the kernel.
 * Return: 0 (TXF_DONE) if it has; 1 (TXF_SKIPPED) if not; or a negative errno.
 */
int txf_stamp_content(const struct txf_stamp *stamp, struct dentry *dentry);

#endif /* _KTM_TXF_STAMP_H */
