/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - files of objects, and the rights that each carries
 *
 * A file is made with rights, which never change. KTM_IOC_RESTRICT makes another
 * file of the same object with fewer. What the end of an object's fds means (a
 * rollback, the end of a life) is decided by those fds alone that could still act;
 * see KTM_RIGHT_* in <uapi/linux/ktm.h>.
 */
#ifndef _KTM_INTERFACE_FD_H
#define _KTM_INTERFACE_FD_H

#include <linux/fs.h>
#include <linux/seq_file.h>

#include "../object/enlistment.h"

struct ktm_fd;

/**
 * struct ktm_fd_kind - what the fds of one kind of object have in common
 * @name: what /proc shows
 * @number: enum ktm_kind
 * @rights: all rights that an fd of this kind can have
 * @fops: of its files
 * @hold: one more file with these rights; takes a reference on the object
 * @release: a file is gone; drops its reference
 */
struct ktm_fd_kind {
	const char *name;
	u32 number;
	u64 rights;
	const struct file_operations *fops;
	void (*hold)(const struct ktm_fd *fd, u64 rights);
	void (*release)(const struct ktm_fd *fd);
};

/**
 * struct ktm_fd - what a file stands for; its private_data
 * @kind: of the object [const]
 * @object: with a reference [const]
 * @rights: KTM_RIGHT_* [const]
 * @life: of an RM: the life that it belongs to [const]
 */
struct ktm_fd {
	const struct ktm_fd_kind *kind;
	void *object;
	u64 rights;
	u32 life;
};

extern const struct ktm_fd_kind ktm_tm_kind;
extern const struct ktm_fd_kind ktm_tx_kind;
extern const struct ktm_fd_kind ktm_rm_kind;
extern const struct ktm_fd_kind ktm_en_kind;
extern const struct ktm_fd_kind ktm_stream_kind;

/**
 * ktm_fd_file - make a file for an object
 * @kind: of the object
 * @object: the file takes the caller's reference over on success
 * @rights: KTM_RIGHT_*; those that the kind does not have are left out
 * @life: of an RM: its life
 * Context: process context, in a call with KTM_OP_FD: the file takes over what was
 * charged for that.
 * Return: the file, or ERR_PTR of -ENFILE, -ENOMEM.
 */
struct file *ktm_fd_file(const struct ktm_fd_kind *kind, void *object, u64 rights,
			 u32 life);

/**
 * ktm_fd_release - file_operations.release of every kind
 * @inode: not used
 * @file: from ktm_fd_file()
 * Return: 0.
 */
int ktm_fd_release(struct inode *inode, struct file *file);

/**
 * ktm_fd_show - the line of fdinfo that every kind has
 * @m: of the fdinfo
 * @file: from ktm_fd_file()
 */
void ktm_fd_show(struct seq_file *m, struct file *file);

/**
 * ktm_fd_of - what a file stands for
 * @file: from ktm_fd_file()
 */
static inline const struct ktm_fd *ktm_fd_of(const struct file *file)
{
	return file->private_data;
}

/**
 * ktm_fd_get - hold the file of an fd argument
 * @fd: of the current process
 * @kind: kind wanted
 * @rights: KTM_RIGHT_* that it must have
 * Context: process context.
 * Return: the file, to be given back by fput(), or ERR_PTR of -EBADF (not
 * open), -EBADFD (another kind), -EPERM (a right is missing).
 */
struct file *ktm_fd_get(int fd, const struct ktm_fd_kind *kind, u64 rights);

#endif /* _KTM_INTERFACE_FD_H */
