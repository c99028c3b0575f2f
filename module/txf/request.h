/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - requests of user space
 */
#ifndef _KTM_TXF_REQUEST_H
#define _KTM_TXF_REQUEST_H

#include <linux/fs.h>
#include <uapi/linux/ktm_txf.h>

/* The argument struct of any ioctl. All begin with size and flags. */
union txf_arg {
	struct {
		__u32 size;
		__u32 flags;
	} head;
	struct ktm_txf_enable enable;
	struct ktm_txf_disable disable;
	struct ktm_txf_adopt adopt;
	struct ktm_txf_status status;
	struct ktm_txf_open open;
	struct ktm_txf_create create;
	struct ktm_txf_symlink symlink;
	struct ktm_txf_remove remove;
	struct ktm_txf_rename rename;
	struct ktm_txf_setattr setattr;
	struct ktm_txf_xattr xattr;
	struct ktm_txf_stat stat;
	struct ktm_txf_read read;
};

/**
 * struct txf_request - one ioctl
 * @arg: its argument; given back to user space if the call succeeds
 * @user: where it came from
 * @size: how much of it user space knows, and we
 */
struct txf_request {
	union txf_arg arg;
	void __user *user;
	u32 size;
};

/* The calls. Each returns 0 or the negative of an errno listed in ktm_txf.h. */
int txf_enable(struct txf_request *req);
int txf_disable(struct txf_request *req);
int txf_adopt(struct txf_request *req);
int txf_status(struct txf_request *req);
int txf_open(struct txf_request *req);
int txf_mkdir(struct txf_request *req);
int txf_mknod(struct txf_request *req);
int txf_symlink(struct txf_request *req);
int txf_unlink(struct txf_request *req);
int txf_rmdir(struct txf_request *req);
int txf_rename(struct txf_request *req);
int txf_link(struct txf_request *req);
int txf_setattr(struct txf_request *req);
int txf_setxattr(struct txf_request *req);
int txf_removexattr(struct txf_request *req);
int txf_stat(struct txf_request *req);
int txf_readlink(struct txf_request *req);
int txf_readdir(struct txf_request *req);
int txf_getxattr(struct txf_request *req);
int txf_listxattr(struct txf_request *req);

/**
 * txf_request_path - fetch a path from user space
 * @ptr: where it is
 * Return: the path, to be freed with kfree(), or ERR_PTR of -EFAULT,
 * -ENAMETOOLONG, -ENOMEM.
 */
char *txf_request_path(__u64 ptr);

/**
 * txf_request_data - fetch bytes from user space
 * @ptr: where they are
 * @length: how many
 * Return: the bytes, to be freed with kvfree(), or ERR_PTR of -EFAULT, -ENOMEM.
 */
void *txf_request_data(__u64 ptr, size_t length);

/**
 * txf_request_reply - give bytes to user space
 * @ptr: where to
 * @data: the bytes
 * @length: how many
 * Return: 0 or -EFAULT.
 */
int txf_request_reply(__u64 ptr, const void *data, size_t length);

/**
 * txf_request_answer - give the argument back to user space
 * @req: the ioctl
 *
 * For a call that must not fail after it has done its work.
 *
 * Return: 0 or -EFAULT.
 */
int txf_request_answer(struct txf_request *req);

#endif /* _KTM_TXF_REQUEST_H */
