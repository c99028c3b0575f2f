/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - differences between the supported kernels that concern commands of io_uring
 */
#ifndef _KTM_INTERFACE_COMPAT_H
#define _KTM_INTERFACE_COMPAT_H

#include <linux/version.h>

#if KERNEL_VERSION(6, 8, 0) <= LINUX_VERSION_CODE
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

/* What a submitter may ask for besides: a buffer of the ring, many completions. */
#ifdef IORING_URING_CMD_MASK
#define KTM_COMPAT_URING_FLAGS	IORING_URING_CMD_MASK
#else
#define KTM_COMPAT_URING_FLAGS	IORING_URING_CMD_FIXED
#endif

/**
 * ktm_compat_uring_data - what the submitter wrote into the command
 * @cmd: the command
 * Return: 16 bytes at least, in memory that the submitter may still write to.
 */
static inline const u64 *ktm_compat_uring_data(const struct io_uring_cmd *cmd)
{
#if KERNEL_VERSION(6, 5, 0) <= LINUX_VERSION_CODE
	return (const u64 *)cmd->sqe->cmd;
#else
	return cmd->cmd;
#endif
}

/**
 * ktm_compat_uring_done - complete a command here and now
 * @cmd: the command
 * @result: for its completion
 * @issue_flags: as they came
 */
static inline void ktm_compat_uring_done(struct io_uring_cmd *cmd, int result,
					 unsigned int issue_flags)
{
#if KERNEL_VERSION(6, 18, 0) <= LINUX_VERSION_CODE
	io_uring_cmd_done(cmd, result, issue_flags);
#else
	io_uring_cmd_done(cmd, result, 0, issue_flags);
#endif
}

#endif /* _KTM_INTERFACE_COMPAT_H */
