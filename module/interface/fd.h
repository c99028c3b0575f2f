/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - files of objects
 */
#ifndef _KTM_INTERFACE_FD_H
#define _KTM_INTERFACE_FD_H

#include <linux/fs.h>

#include "../object/enlistment.h"

extern const struct file_operations ktm_tm_fops;
extern const struct file_operations ktm_tx_fops;
extern const struct file_operations ktm_rm_fops;
extern const struct file_operations ktm_en_fops;

/**
 * ktm_fd_file - make a file for an object
 * @name: what /proc shows
 * @fops: of its kind
 * @object: becomes private_data; the file takes the caller's reference over on
 *	success
 * @flags: O_RDONLY or O_RDWR: what the caller was granted
 * Context: process context.
 * Return: the file, or ERR_PTR of -EDQUOT, -ENFILE, -ENOMEM.
 */
struct file *ktm_fd_file(const char *name, const struct file_operations *fops,
			 void *object, int flags);

/**
 * ktm_fd_released - a file that ktm_fd_file() made is being released
 * @file: the file
 */
void ktm_fd_released(struct file *file);

/**
 * ktm_fd_get - hold the file of an fd argument
 * @fd: of the current process
 * @fops: kind wanted
 * Context: process context.
 * Return: the file, to be given back by fput(), or ERR_PTR of -EBADF (not
 * open), -EBADFD (another kind).
 */
struct file *ktm_fd_get(int fd, const struct file_operations *fops);

#endif /* _KTM_INTERFACE_FD_H */
