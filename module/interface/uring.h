/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - calls that come as commands of io_uring
 *
 * A command is tried when it is submitted. If it has to wait, io_uring issues it
 * again in a worker thread, which waits as a caller of ioctl() does. Such a worker
 * is stopped by a signal when the command is cancelled, the ring is closed or the
 * submitter exits: so each wait must be interruptible. A command that waits without
 * a thread would need to be told of all that, which io_uring cannot do before 6.7.
 *
 * The worker shares the submitter's memory and has its credentials, but it is not
 * the submitter, and neither is the thread of a ring with IORING_SETUP_SQPOLL: a
 * handler must not ask who current is.
 */
#ifndef _KTM_INTERFACE_URING_H
#define _KTM_INTERFACE_URING_H

#include "ioctl.h"

struct io_uring_cmd;

/**
 * ktm_uring_dispatch - file_operations.uring_cmd, with the table of the fd's kind
 * @cmd: the command
 * @issue_flags: of io_uring
 * @ops: the table; entries with KTM_OP_URING count
 * @nr_ops: its length
 * Context: process context, with the ring's lock if IO_URING_F_NONBLOCK is set.
 * Return: 0 or a negative errno; -EAGAIN: try again in a worker; -EIOCBQUEUED: it
 * is completed.
 */
int ktm_uring_dispatch(struct io_uring_cmd *cmd, unsigned int issue_flags,
		       const struct ktm_ioctl_op *ops, size_t nr_ops);

#endif /* _KTM_INTERFACE_URING_H */
