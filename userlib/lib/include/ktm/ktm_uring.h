/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libktm - calls as commands of io_uring
 *
 * These fill in submissions, whatever library manages the ring. What a command does is
 * written in <linux/ktm.h>, under "Commands of io_uring".
 */
#ifndef _KTM_KTM_URING_H
#define _KTM_KTM_URING_H

#include <stddef.h>
#include <linux/ktm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct io_uring_sqe;

/**
 * ktm_uring_prep_tx_commit - fill in a submission: commit
 * @sqe: the submission; its user_data is kept, other fields can be set afterwards
 * @tx_fd: the transaction
 * @end: flags and clock filled in; must stay until the completion
 * @size: sizeof(*end)
 */
void ktm_uring_prep_tx_commit(struct io_uring_sqe *sqe, int tx_fd,
			      struct ktm_tx_end *end, size_t size);

/**
 * ktm_uring_prep_tx_rollback - fill in a submission: roll back
 * @sqe: as for ktm_uring_prep_tx_commit()
 * @tx_fd: the transaction
 * @end: the same
 * @size: sizeof(*end)
 */
void ktm_uring_prep_tx_rollback(struct io_uring_sqe *sqe, int tx_fd,
				struct ktm_tx_end *end, size_t size);

/**
 * ktm_uring_prep_rm_fetch - fill in a submission: fetch notifications
 * @sqe: as for ktm_uring_prep_tx_commit()
 * @rm_fd: the RM
 * @fetch: flags, buffer and length filled in; it and the buffer must stay until the
 *	completion
 * @size: sizeof(*fetch)
 */
void ktm_uring_prep_rm_fetch(struct io_uring_sqe *sqe, int rm_fd,
			     struct ktm_rm_fetch *fetch, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* _KTM_KTM_URING_H */
