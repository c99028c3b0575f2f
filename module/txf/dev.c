// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - /dev/ktm_txf: ioctl dispatch; all access to user memory is here
 */
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "dev.h"
#include "request.h"

/**
 * struct ioctl_op - one entry of the dispatch table
 * @fn: does it
 * @size: size of the argument struct
 * @min_size: size that it had when the call was introduced
 * @flags: flags that the call knows
 * @results: it has some: the argument is copied back
 */
struct ioctl_op {
	int (*fn)(struct txf_request *req);
	u32 size;
	u32 min_size;
	u32 flags;
	bool results;
};

/* @_last is the last field that the first version had. */
#define IOCTL_OP_RESULTS(_nr, _fn, _struct, _last, _flags, _results)	\
	[KTM_TXF_NR_##_nr - KTM_TXF_NR_BASE] = {			\
		.fn = _fn,						\
		.size = sizeof(_struct),				\
		.min_size = offsetofend(_struct, _last),		\
		.flags = _flags,					\
		.results = _results,					\
	}

/* Nothing is copied back: what was done can't turn into an error. */
#define IOCTL_OP_IN(_nr, _fn, _struct, _last, _flags)			\
	IOCTL_OP_RESULTS(_nr, _fn, _struct, _last, _flags, false)
#define IOCTL_OP(_nr, _fn, _struct, _last, _flags)			\
	IOCTL_OP_RESULTS(_nr, _fn, _struct, _last, _flags, true)

static const struct ioctl_op ioctl_ops[] = {
	/* two that give their results back themselves, while they can still fail */
	IOCTL_OP_IN(ENABLE, txf_enable, struct ktm_txf_enable, reserved, 0),
	IOCTL_OP_IN(DISABLE, txf_disable, struct ktm_txf_disable, reserved,
		    KTM_TXF_DISABLE_F_MASK),
	IOCTL_OP(ADOPT, txf_adopt, struct ktm_txf_adopt, tm_uuid,
		 KTM_TXF_ADOPT_F_MASK),
	IOCTL_OP(STATUS, txf_status, struct ktm_txf_status, skipped,
		 KTM_TXF_STATUS_F_MASK),
	IOCTL_OP_IN(OPEN, txf_open, struct ktm_txf_open, reserved, 0),
	IOCTL_OP_IN(MKDIR, txf_mkdir, struct ktm_txf_create, reserved, 0),
	IOCTL_OP_IN(MKNOD, txf_mknod, struct ktm_txf_create, reserved, 0),
	IOCTL_OP_IN(SYMLINK, txf_symlink, struct ktm_txf_symlink, target, 0),
	IOCTL_OP_IN(UNLINK, txf_unlink, struct ktm_txf_remove, path, 0),
	IOCTL_OP_IN(RMDIR, txf_rmdir, struct ktm_txf_remove, path, 0),
	IOCTL_OP_IN(RENAME, txf_rename, struct ktm_txf_rename, reserved,
		    KTM_TXF_RENAME_F_MASK),
	IOCTL_OP_IN(LINK, txf_link, struct ktm_txf_rename, reserved,
		    KTM_TXF_LINK_F_MASK),
	IOCTL_OP_IN(SETATTR, txf_setattr, struct ktm_txf_setattr, mtime, KTM_TXF_F_MASK),
	IOCTL_OP_IN(SETXATTR, txf_setxattr, struct ktm_txf_xattr, xattr_flags,
		    KTM_TXF_F_MASK),
	IOCTL_OP_IN(REMOVEXATTR, txf_removexattr, struct ktm_txf_xattr, xattr_flags,
		    KTM_TXF_F_MASK),
	IOCTL_OP(STAT, txf_stat, struct ktm_txf_stat, ctime, KTM_TXF_F_MASK),
	IOCTL_OP(READLINK, txf_readlink, struct ktm_txf_read, cursor, 0),
	IOCTL_OP(READDIR, txf_readdir, struct ktm_txf_read, cursor, 0),
	IOCTL_OP(GETXATTR, txf_getxattr, struct ktm_txf_xattr, xattr_flags,
		 KTM_TXF_F_MASK),
	IOCTL_OP(LISTXATTR, txf_listxattr, struct ktm_txf_xattr, xattr_flags,
		 KTM_TXF_F_MASK),
};

char *txf_request_path(__u64 ptr)
{
	char *path = strndup_user(u64_to_user_ptr(ptr), PATH_MAX);

	return path == ERR_PTR(-EINVAL) ? ERR_PTR(-ENAMETOOLONG) : path;
}

void *txf_request_data(__u64 ptr, size_t length)
{
	void *data = kvmalloc(length ?: 1, GFP_KERNEL_ACCOUNT);

	if (!data)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(data, u64_to_user_ptr(ptr), length)) {
		kvfree(data);
		return ERR_PTR(-EFAULT);
	}
	return data;
}

int txf_request_reply(__u64 ptr, const void *data, size_t length)
{
	if (copy_to_user(u64_to_user_ptr(ptr), data, length))
		return -EFAULT;
	return 0;
}

int txf_request_answer(struct txf_request *req)
{
	return copy_to_user(req->user, &req->arg, req->size) ? -EFAULT : 0;
}

static int fetch(struct txf_request *req, const struct ioctl_op *op)
{
	u32 size;
	int error;

	if (get_user(size, (u32 __user *)req->user))
		return -EFAULT;
	if (size < op->min_size || size > PAGE_SIZE)
		return size > PAGE_SIZE ? -E2BIG : -EINVAL;
	error = copy_struct_from_user(&req->arg, op->size, req->user, size);
	if (error)
		return error;
	/* It may have been changed between the two reads. */
	req->arg.head.size = size;
	req->size = min(size, op->size);
	return req->arg.head.flags & ~op->flags ? -EOPNOTSUPP : 0;
}

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long ptr)
{
	struct txf_request req = { .user = (void __user *)ptr };
	const struct ioctl_op *op;
	unsigned int nr;
	int error;

	nr = _IOC_NR(cmd) - KTM_TXF_NR_BASE;
	if (cmd != _IO(KTM_TXF_IOC_TYPE, _IOC_NR(cmd)) ||
	    _IOC_NR(cmd) < KTM_TXF_NR_BASE || nr >= ARRAY_SIZE(ioctl_ops))
		return -ENOTTY;
	op = &ioctl_ops[nr];
	error = fetch(&req, op);
	/* nothing is done whose results could not be given back */
	if (!error && op->results)
		error = txf_request_answer(&req);
	if (!error)
		error = op->fn(&req);
	if (!error && op->results)
		error = txf_request_answer(&req);
	return error;
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice dev_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ktm_txf",
	.fops = &dev_fops,
	.mode = 0660,
};

int txf_dev_init(void)
{
	return misc_register(&dev_misc);
}

void txf_dev_exit(void)
{
	misc_deregister(&dev_misc);
}
