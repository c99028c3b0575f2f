// SPDX-License-Identifier: GPL-2.0
/*
 * libktm - calls as commands of io_uring
 */
#include <string.h>
#include <linux/io_uring.h>

#include <ktm/ktm_uring.h>

#include "priv.h"

static void prepare(struct io_uring_sqe *sqe, int fd, uint32_t request, void *arg)
{
	const uint64_t user_data = sqe->user_data;

	_Static_assert(offsetof(struct io_uring_sqe, addr3) ==
		       offsetof(struct io_uring_sqe, cmd),
		       "it is the name of the first bytes of a command");
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = request;
	sqe->addr3 = (uintptr_t)arg;
	sqe->user_data = user_data;
}

static void prepare_end(struct io_uring_sqe *sqe, int fd, uint32_t request,
			struct ktm_tx_end *end, size_t size)
{
	end->size = size;
	end->state = 0;
	end->reason = 0;
	prepare(sqe, fd, request, end);
}

LIBKTM_EXPORT void ktm_uring_prep_tx_commit(struct io_uring_sqe *sqe, int tx_fd,
					    struct ktm_tx_end *end, size_t size)
{
	prepare_end(sqe, tx_fd, KTM_IOC_TX_COMMIT, end, size);
}

LIBKTM_EXPORT void ktm_uring_prep_tx_rollback(struct io_uring_sqe *sqe, int tx_fd,
					      struct ktm_tx_end *end, size_t size)
{
	prepare_end(sqe, tx_fd, KTM_IOC_TX_ROLLBACK, end, size);
}

LIBKTM_EXPORT void ktm_uring_prep_rm_fetch(struct io_uring_sqe *sqe, int rm_fd,
					   struct ktm_rm_fetch *fetch, size_t size)
{
	fetch->size = size;
	prepare(sqe, rm_fd, KTM_IOC_RM_FETCH, fetch);
}
