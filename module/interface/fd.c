// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - files of objects, and the rights that each carries
 */
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/slab.h>

#include "fd.h"
#include "../object/quota.h"

struct file *ktm_fd_file(const struct ktm_fd_kind *kind, void *object, u64 rights,
			 u32 life)
{
	struct ktm_fd *fd;
	struct file *file;

	fd = kmalloc(sizeof(*fd), GFP_KERNEL_ACCOUNT);
	if (!fd)
		return ERR_PTR(-ENOMEM);
	fd->kind = kind;
	fd->object = object;
	fd->rights = rights & kind->rights;
	fd->life = life;
	file = anon_inode_getfile(kind->name, kind->fops, fd, O_RDWR | O_CLOEXEC);
	if (IS_ERR(file))
		kfree(fd);
	return file;
}

int ktm_fd_release(struct inode *inode, struct file *file)
{
	const struct ktm_fd *fd = ktm_fd_of(file);

	/* f_cred is what the caller had when it was charged: see ioctl.c */
	ktm_objects_uncharge(ktm_quota_uid(file->f_cred), KTM_QUOTA_FD);
	fd->kind->release(fd);
	kfree(fd);
	return 0;
}

void ktm_fd_show(struct seq_file *m, struct file *file)
{
	seq_printf(m, "rights:\t%#llx\n", ktm_fd_of(file)->rights);
}

struct file *ktm_fd_get(int fd, const struct ktm_fd_kind *kind, u64 rights)
{
	struct file *file = fget(fd);
	int ret = 0;

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op != kind->fops)
		ret = -EBADFD;
	else if (rights & ~ktm_fd_of(file)->rights)
		ret = -EPERM;
	if (ret) {
		fput(file);
		return ERR_PTR(ret);
	}
	return file;
}
