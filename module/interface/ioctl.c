// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - dispatch of ioctls, the same for all kinds of fds
 */
#include <linux/file.h>
#include <linux/uaccess.h>

#include "ioctl.h"
#include "../object/quota.h"

int ktm_ioctl_get_abi(struct ktm_call *call)
{
	call->arg.get_abi.version = KTM_ABI_VERSION;
	call->arg.get_abi.features = 0;
	call->arg.get_abi.errata = 0;
	return 0;
}

int ktm_ioctl_fd_info(struct ktm_call *call)
{
	struct ktm_fd_info *info = &call->arg.fd_info;

	info->kind = call->fd->kind->number;
	info->reserved = 0;
	info->rights = call->fd->rights;
	return 0;
}

int ktm_ioctl_restrict(struct ktm_call *call)
{
	struct ktm_restrict *arg = &call->arg.restrict_arg;
	const struct ktm_fd *fd = call->fd;
	struct ktm_fd unused = *fd;
	struct file *file;

	if (arg->out_fd || arg->reserved)
		return -EINVAL;
	arg->rights &= fd->rights;
	unused.rights = arg->rights;
	/* before the file is there, since its release undoes it */
	fd->kind->hold(fd, arg->rights);
	file = ktm_fd_file(fd->kind, fd->object, arg->rights, fd->life);
	if (IS_ERR(file)) {
		fd->kind->release(&unused);
		return PTR_ERR(file);
	}
	call->new_file = file;
	call->new_fd = &arg->out_fd;
	return 0;
}

static int copy_in(struct ktm_call *call, const struct ktm_ioctl_op *op,
		   void __user *arg, u32 *user_size)
{
	u32 size;
	int ret;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size < op->min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&call->arg, op->size, arg, size);
	if (ret)
		return ret;
	/* read twice, so do not believe the second */
	call->arg.size = size;
	*user_size = size;
	if (call->arg.flags & ~op->flags_mask)
		return -EOPNOTSUPP;
	return 0;
}

/* The fd becomes visible when nothing can fail any more. */
static int copy_out(struct ktm_call *call, const struct ktm_ioctl_op *op,
		    void __user *arg, u32 user_size, int fd)
{
	if (fd >= 0)
		*call->new_fd = fd;
	if (copy_to_user(arg, &call->arg, min(op->size, user_size)))
		return -EFAULT;
	if (fd >= 0) {
		fd_install(fd, call->new_file);
		call->new_file = NULL;
	}
	return 0;
}

/*
 * The fd, and the quota for it: before anything else is done, so that the lack of
 * either changes nothing.
 */
static int reserve_fd(void)
{
	struct ktm_payer payer = ktm_payer_current();
	int fd, ret;

	ret = ktm_objects_charge(payer, KTM_QUOTA_FD);
	if (ret)
		return ret;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		ktm_objects_uncharge(payer.uid, KTM_QUOTA_FD);
	return fd;
}

/* An older struct without results is not written to. */
static bool has_results(const struct ktm_ioctl_op *op, u32 user_size)
{
	if (op->op_flags & KTM_OP_IN_FIRST)
		return user_size > op->min_size;
	return !(op->op_flags & KTM_OP_IN);
}

long ktm_ioctl_run(struct ktm_call *call, const struct ktm_ioctl_op *op,
		   void __user *arg)
{
	int ret, copy_ret, fd = -1;
	u32 user_size;

	ret = copy_in(call, op, arg, &user_size);
	if (ret)
		return ret;
	if (op->rights && (!call->fd || op->rights & ~call->fd->rights))
		return -EPERM;
	/* what is done must not be called an error for a bad address */
	if (has_results(op, user_size) &&
	    copy_to_user(arg, &call->arg, min(op->size, user_size)))
		return -EFAULT;
	if (op->op_flags & KTM_OP_FD) {
		fd = reserve_fd();
		if (fd < 0)
			return fd;
	}
	ret = op->handler(call);
	/* else the file does it when it goes */
	if (fd >= 0 && !call->new_file)
		ktm_objects_uncharge(ktm_payer_current().uid, KTM_QUOTA_FD);
	if (call->again)
		return ret;
	if (has_results(op, user_size) && (!ret || op->op_flags & KTM_OP_ALWAYS)) {
		copy_ret = copy_out(call, op, arg, user_size, ret ? -1 : fd);
		/* an answer counts without its clock, since it cannot be repeated */
		if (!ret && !(op->op_flags & (KTM_OP_IN_FIRST | KTM_OP_ON_ERROR)))
			ret = copy_ret;
	}
	if (ret && fd >= 0)
		put_unused_fd(fd);
	if (call->new_file)
		fput(call->new_file);
	return ret;
}

const struct ktm_ioctl_op *ktm_ioctl_find(unsigned int cmd,
					  const struct ktm_ioctl_op *ops, size_t nr_ops)
{
	size_t i;

	for (i = 0; i < nr_ops; i++)
		if (ops[i].cmd == cmd)
			return &ops[i];
	return NULL;
}

long ktm_ioctl_dispatch(const struct ktm_fd *fd, unsigned int cmd,
			unsigned long arg, const struct ktm_ioctl_op *ops,
			size_t nr_ops)
{
	struct ktm_call call = {
		.fd = fd,
		.object = fd ? fd->object : NULL,
	};
	const struct ktm_ioctl_op *op = ktm_ioctl_find(cmd, ops, nr_ops);

	return op ? ktm_ioctl_run(&call, op, (void __user *)arg) : -ENOTTY;
}
