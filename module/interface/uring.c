// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - calls that come as commands of io_uring
 */
#include <linux/kernel.h>

#include "compat.h"
#include "uring.h"

static long run(struct io_uring_cmd *cmd, struct ktm_call *call,
		const struct ktm_ioctl_op *ops, size_t nr_ops)
{
	const struct ktm_ioctl_op *op = ktm_ioctl_find(cmd->cmd_op, ops, nr_ops);
	const u64 *data = ktm_compat_uring_data(cmd);
	u64 arg = READ_ONCE(data[0]);

	if (!op || !(op->op_flags & KTM_OP_URING))
		return -ENOTTY;
	/* of many completions io_uring would expect that we make even the only one */
	if (READ_ONCE(data[1]) || cmd->flags & KTM_COMPAT_URING_FLAGS)
		return -EINVAL;
	return ktm_ioctl_run(call, op, u64_to_user_ptr(arg));
}

int ktm_uring_dispatch(struct io_uring_cmd *cmd, unsigned int issue_flags,
		       const struct ktm_ioctl_op *ops, size_t nr_ops)
{
	struct ktm_call call = {
		.fd = ktm_fd_of(cmd->file),
		.object = ktm_fd_of(cmd->file)->object,
		.try = issue_flags & IO_URING_F_NONBLOCK,
	};
	long ret = run(cmd, &call, ops, nr_ops);

	/* nothing restarts it */
	if (ret == -ERESTARTSYS)
		return -EINTR;
	/*
	 * Up to 6.1 a worker takes a result above 0 for one that has been given; and who
	 * does not want to wait must not wait for a worker, either.
	 */
	if (ret > 0 || (ret == -EAGAIN && !call.again)) {
		ktm_compat_uring_done(cmd, ret, issue_flags);
		return -EIOCBQUEUED;
	}
	return ret;
}
