// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - files of objects
 */
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/file.h>

#include "fd.h"
#include "quota.h"

struct file *ktm_fd_file(const char *name, const struct file_operations *fops,
			 void *object, int flags)
{
	struct file *file;
	int ret;

	ret = ktm_quota_charge(current_fsuid());
	if (ret)
		return ERR_PTR(ret);
	file = anon_inode_getfile(name, fops, object, flags | O_CLOEXEC);
	if (IS_ERR(file)) {
		ktm_quota_uncharge(current_fsuid());
		return file;
	}
	/* uncharged by f_cred: the caller's, which it keeps */
	return file;
}

void ktm_fd_released(struct file *file)
{
	ktm_quota_uncharge(file->f_cred->fsuid);
}

struct file *ktm_fd_get(int fd, const struct file_operations *fops)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op != fops) {
		fput(file);
		return ERR_PTR(-EBADFD);
	}
	return file;
}
