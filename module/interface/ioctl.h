/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - dispatch of ioctls, the same for all kinds of fds
 *
 * A call comes by ioctl(), or as a command of io_uring: see uring.h. The rules of the
 * general ioctl format (see <uapi/linux/ktm.h>) are kept here and nowhere else: sizes,
 * unknown tails, unknown flags, copying in and out, and the order in which a new fd
 * becomes visible.
 */
#ifndef _KTM_INTERFACE_IOCTL_H
#define _KTM_INTERFACE_IOCTL_H

#include <linux/ktm.h>
#include <uapi/linux/ktm_log.h>

#include "fd.h"

/* Room for any argument. */
union ktm_ioctl_arg {
	struct {
		__u32 size;
		__u32 flags;
	};
	struct ktm_get_abi get_abi;
	struct ktm_fd_info fd_info;
	struct ktm_restrict restrict_arg;
	struct ktm_tm_create tm_create;
	struct ktm_tm_attach tm_attach;
	struct ktm_open open;
	struct ktm_list list;
	struct ktm_tm_info tm_info;
	struct ktm_tm_rollforward tm_rollforward;
	struct ktm_tm_recover tm_recover;
	struct ktm_simple simple;
	struct ktm_tm_freeze tm_freeze;
	struct ktm_tx_create tx_create;
	struct ktm_tx_info tx_info;
	struct ktm_tx_end tx_end;
	struct ktm_tx_set_timeout tx_set_timeout;
	struct ktm_tx_savepoint tx_savepoint;
	struct ktm_rm_create rm_create;
	struct ktm_rm_info rm_info;
	struct ktm_rm_fetch rm_fetch;
	struct ktm_en_create en_create;
	struct ktm_en_open en_open;
	struct ktm_en_info en_info;
	struct ktm_en_log en_log;
	struct ktm_en_read_log en_read_log;
	struct ktm_en_recovery_info en_recovery_info;
	struct ktm_en_answer en_answer;
	struct ktm_en_savepoint en_savepoint;
	struct ktm_en_rollback en_rollback;
	struct ktm_stream_create stream_create;
	struct ktm_stream_open stream_open;
	struct ktm_stream_info stream_info;
	struct ktm_stream_append stream_append;
	struct ktm_stream_reserve stream_reserve;
	struct ktm_stream_read stream_read;
	struct ktm_stream_flush stream_flush;
	struct ktm_stream_set_base stream_set_base;
	struct ktm_stream_restart stream_restart;
};

/**
 * struct ktm_call - one ioctl, or one try of a command of io_uring
 * @fd: what it was called on, or NULL for the control node
 * @object: what the fd stands for
 * @arg: the argument, as the caller gave it; what the handler leaves here is
 *	copied back
 * @new_file: set by the handler to the file that the caller shall get
 * @new_fd: set by the handler to the field in @arg for its fd
 * @try: it must not wait; if it has to, set @again
 * @again: set by the handler, which returns -EAGAIN: the whole call is made again,
 *	without @try, so nothing is copied back
 */
struct ktm_call {
	const struct ktm_fd *fd;
	void *object;
	union ktm_ioctl_arg arg;
	struct file *new_file;
	__s32 *new_fd;
	bool try;
	bool again;
};

#define KTM_OP_FD	1	/* makes an fd */
#define KTM_OP_ALWAYS	2	/* results are copied back even with an errno */
#define KTM_OP_IN	4	/* has no results: nothing is copied back */
#define KTM_OP_IN_FIRST	8	/* the first version has none, the longer ones do */
#define KTM_OP_ON_ERROR	16	/* results tell about a failure: a success needs none */
#define KTM_OP_URING	32	/* also a command of io_uring: obeys ktm_call.try */

#define KTM_RIGHT_NONE	0	/* a call that every fd may make */

/**
 * struct ktm_ioctl_op - an entry of a dispatch table
 * @cmd: KTM_IOC_*
 * @size: of the argument in this version
 * @min_size: of the argument in its first version
 * @flags_mask: flags that may be set
 * @rights: KTM_RIGHT_* that the fd must have: -EPERM, and nothing is changed
 * @op_flags: KTM_OP_*
 * @handler: does it; returns 0 or a negative errno, or with KTM_OP_IN any result
 */
struct ktm_ioctl_op {
	unsigned int cmd;
	u32 size;
	u32 min_size;
	u32 flags_mask;
	u64 rights;
	u32 op_flags;
	int (*handler)(struct ktm_call *call);
};

#define KTM_IOCTL_OP(cmd_, handler_, struct_, last_, mask_, rights_, op_flags_)	\
	{									\
		.cmd = (cmd_) + BUILD_BUG_ON_ZERO(sizeof(struct_) >		\
						  sizeof(union ktm_ioctl_arg)),	\
		.size = sizeof(struct_),					\
		.min_size = offsetofend(struct_, last_),			\
		.flags_mask = (mask_),						\
		.rights = (rights_),						\
		.op_flags = (op_flags_),					\
		.handler = (handler_),						\
	}

/**
 * ktm_ioctl_find - find the entry of a call
 * @cmd: of the ioctl
 * @ops: the table of this kind of fd
 * @nr_ops: its length
 * Return: the entry, or NULL.
 */
const struct ktm_ioctl_op *ktm_ioctl_find(unsigned int cmd,
					  const struct ktm_ioctl_op *ops, size_t nr_ops);

/**
 * ktm_ioctl_run - keep the rules, call the handler
 * @call: with what it was called on, all else zero but for @try
 * @op: the entry
 * @arg: the argument
 * Return: what the handler returned, or a negative errno.
 */
long ktm_ioctl_run(struct ktm_call *call, const struct ktm_ioctl_op *op,
		   void __user *arg);

/**
 * ktm_ioctl_dispatch - find the entry, keep the rules, call the handler
 * @fd: what it was called on, or NULL for the control node
 * @cmd: of the ioctl
 * @arg: of the ioctl
 * @ops: the table of this kind of fd
 * @nr_ops: its length
 * Return: 0 or a negative errno.
 */
long ktm_ioctl_dispatch(const struct ktm_fd *fd, unsigned int cmd,
			unsigned long arg, const struct ktm_ioctl_op *ops, size_t nr_ops);

/**
 * ktm_ioctl_get_abi - KTM_IOC_GET_ABI, on every kind of fd
 * @call: the call
 * Return: 0.
 */
int ktm_ioctl_get_abi(struct ktm_call *call);

/**
 * ktm_ioctl_fd_info - KTM_IOC_FD_INFO, on the fd of every object
 * @call: the call
 * Return: 0.
 */
int ktm_ioctl_fd_info(struct ktm_call *call);

/**
 * ktm_ioctl_restrict - KTM_IOC_RESTRICT, on the fd of every object
 * @call: the call
 * Return: 0, -EINVAL, -EDQUOT, -ENFILE, -ENOMEM.
 */
int ktm_ioctl_restrict(struct ktm_call *call);

#define KTM_IOCTL_OP_GET_ABI						\
	KTM_IOCTL_OP(KTM_IOC_GET_ABI, ktm_ioctl_get_abi, struct ktm_get_abi,	\
		     errata, ~0U, KTM_RIGHT_NONE, 0)

#define KTM_IOCTL_OP_FD_INFO						\
	KTM_IOCTL_OP(KTM_IOC_FD_INFO, ktm_ioctl_fd_info, struct ktm_fd_info,	\
		     rights, 0, KTM_RIGHT_NONE, 0)

#define KTM_IOCTL_OP_RESTRICT						\
	KTM_IOCTL_OP(KTM_IOC_RESTRICT, ktm_ioctl_restrict, struct ktm_restrict,	\
		     reserved, 0, KTM_RIGHT_NONE, KTM_OP_FD)

#endif /* _KTM_INTERFACE_IOCTL_H */
