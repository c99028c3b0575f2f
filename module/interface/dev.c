// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - the control node /dev/ktm
 */
#include <linux/blkdev.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "access.h"
#include "dev.h"
#include "fd.h"
#include "ioctl.h"
#include "list.h"
#include "names.h"
#include "../protocol/attach.h"

/* Takes the reference over, also when it fails. */
static int give_tm(struct ktm_call *call, struct ktm_tm *tm, u32 granted,
		   __s32 *out_fd)
{
	struct file *file;

	file = ktm_fd_file(&ktm_tm_kind, tm, ktm_access_rights(granted), 0);
	if (IS_ERR(file)) {
		ktm_tm_put(tm);
		return PTR_ERR(file);
	}
	call->new_file = file;
	call->new_fd = out_fd;
	return 0;
}

static int tm_create(struct ktm_call *call)
{
	struct ktm_tm_create *arg = &call->arg.tm_create;
	struct ktm_attach_params params = {
		.name = arg->name,
		.uid = current_fsuid(),
		.gid = current_fsgid(),
		.mode = arg->mode,
	};
	struct ktm_tm *tm;

	if (ktm_name_check(arg->name) || arg->out_fd || arg->mode & ~KTM_ACCESS_MODES)
		return -EINVAL;
	import_uuid(&params.uuid, arg->uuid);
	/* a log that is attached later must find its UUID free */
	if (!uuid_is_null(&params.uuid) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	tm = ktm_attach_volatile(&params);
	if (IS_ERR(tm))
		return PTR_ERR(tm);
	export_uuid(arg->uuid, &tm->obj.uuid);
	return give_tm(call, tm, KTM_ACCESS_READ | KTM_ACCESS_WRITE, &arg->out_fd);
}

/* The block device behind an fd that may read and write it. */
static int get_dev(int fd, dev_t *dev)
{
	struct file *file = fget(fd);
	int ret = 0;

	if (!file)
		return -EBADF;
	if (!S_ISBLK(file_inode(file)->i_mode))
		ret = -ENOTBLK;
	else if ((file->f_mode & (FMODE_READ | FMODE_WRITE)) !=
		 (FMODE_READ | FMODE_WRITE))
		ret = -EROFS;
	else
		*dev = file_inode(file)->i_rdev;
	fput(file);
	return ret;
}

static int tm_attach(struct ktm_call *call)
{
	struct ktm_tm_attach *arg = &call->arg.tm_attach;
	struct ktm_attach_params params = {
		.mode = arg->mode,
		.no_recover = arg->flags & KTM_TM_ATTACH_F_NO_RECOVER,
	};
	struct ktm_tm *tm;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (arg->out_fd || arg->recovered || arg->mode & ~KTM_ACCESS_MODES)
		return -EINVAL;
	params.uid = make_kuid(current_user_ns(), arg->uid);
	params.gid = make_kgid(current_user_ns(), arg->gid);
	if (!uid_valid(params.uid) || !gid_valid(params.gid))
		return -EINVAL;
	import_uuid(&params.uuid, arg->uuid);
	ret = get_dev(arg->dev_fd, &params.dev);
	if (ret)
		return ret;
	tm = ktm_attach_durable(&params, &arg->recovered);
	if (IS_ERR(tm))
		return PTR_ERR(tm);
	export_uuid(arg->uuid, &tm->obj.uuid);
	ktm_tm_get(tm);
	ret = give_tm(call, tm, KTM_ACCESS_READ | KTM_ACCESS_WRITE, &arg->out_fd);
	if (ret)
		ktm_detach(tm);	/* unless somebody uses it already */
	ktm_tm_put(tm);
	return ret;
}

static int tm_open(struct ktm_call *call)
{
	struct ktm_open *arg = &call->arg.open;
	struct ktm_tm *tm;
	uuid_t uuid;
	u32 granted;

	if (arg->out_fd || arg->reserved)
		return -EINVAL;
	import_uuid(&uuid, arg->uuid);
	tm = ktm_tm_find(&uuid);
	if (!tm)
		return -ENOENT;
	granted = ktm_access_granted(tm);
	if (!granted) {
		ktm_tm_put(tm);
		return -EACCES;
	}
	return give_tm(call, tm, granted, &arg->out_fd);
}

static int tm_list(struct ktm_call *call)
{
	return ktm_list_tms(&call->arg.list);
}

static const struct ktm_ioctl_op dev_ops[] = {
	KTM_IOCTL_OP_GET_ABI,
	KTM_IOCTL_OP(KTM_IOC_TM_CREATE, tm_create, struct ktm_tm_create, out_fd, 0,
		     KTM_RIGHT_NONE, KTM_OP_FD),
	KTM_IOCTL_OP(KTM_IOC_TM_ATTACH, tm_attach, struct ktm_tm_attach, out_fd,
		     KTM_TM_ATTACH_F_MASK, KTM_RIGHT_NONE, KTM_OP_FD),
	KTM_IOCTL_OP(KTM_IOC_TM_OPEN, tm_open, struct ktm_open, reserved, 0,
		     KTM_RIGHT_NONE, KTM_OP_FD),
	KTM_IOCTL_OP(KTM_IOC_TM_LIST, tm_list, struct ktm_list, reserved, 0,
		     KTM_RIGHT_NONE, 0),
};

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ktm_ioctl_dispatch(NULL, cmd, arg, dev_ops, ARRAY_SIZE(dev_ops));
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ktm",
	.fops = &dev_fops,
	.mode = 0660,
};

int ktm_dev_init(void)
{
	return misc_register(&dev);
}

void ktm_dev_exit(void)
{
	misc_deregister(&dev);
}
