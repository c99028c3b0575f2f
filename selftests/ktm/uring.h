/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - commands of io_uring
 */
#ifndef _SELFTESTS_KTM_URING_H
#define _SELFTESTS_KTM_URING_H

#include <dirent.h>
#include <liburing.h>

#include "ktm_harness.h"

/* Has the kernel no commands of io_uring? */
static inline bool ring_is_missing(void)
{
	struct io_uring_probe *probe;
	struct io_uring ring;
	bool missing;

	/* it is the first ring of a task that bounds its workers: not a small one */
	if (io_uring_queue_init(64, &ring, 0))
		return true;
	probe = io_uring_get_probe_ring(&ring);
	missing = !probe || !io_uring_opcode_supported(probe, IORING_OP_URING_CMD);
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
	return missing;
}

/* Whoever polls the ring may not have seen all that was submitted before. */
static inline int ring_submit(struct io_uring *ring)
{
	return io_uring_submit(ring) >= 1 ? 0 : -EIO;
}

/* An SQE for a call, to be changed before it is submitted. */
static inline struct io_uring_sqe *ring_prepare(struct io_uring *ring, int fd,
						unsigned int cmd, void *arg, __u64 tag)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		abort();
	memset(sqe, 0, ring->flags & IORING_SETUP_SQE128 ? 128 : 64);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = cmd;
	sqe->addr3 = (uintptr_t)arg;	/* the first bytes of cmd */
	sqe->user_data = tag;
	return sqe;
}

static inline int ring_start(struct io_uring *ring, int fd, unsigned int cmd, void *arg,
			     __u64 tag)
{
	ring_prepare(ring, fd, cmd, arg, tag);
	return ring_submit(ring);
}

/* The result of the next completion, which must be of this command. */
static inline int ring_result(struct io_uring *ring, __u64 tag)
{
	struct __kernel_timespec patience = { .tv_sec = PATIENCE / 1000 };
	struct io_uring_cqe *cqe;
	int ret, tries = 2;

	/* a signal, or a fault that a test has put there */
	do {
		ret = io_uring_wait_cqe_timeout(ring, &cqe, &patience);
	} while (ret && ret != -ETIME && --tries);
	if (ret)
		return -ETIME;
	ret = cqe->user_data == tag ? cqe->res : -EBADMSG;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

static inline bool ring_is_quiet(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	return io_uring_peek_cqe(ring, &cqe) == -EAGAIN;
}

/* One command, and its result. */
static inline int ring_call(struct io_uring *ring, int fd, unsigned int cmd, void *arg)
{
	ring_prepare(ring, fd, cmd, arg, 99);
	/* what was not submitted is, with the next call */
	if (ring_submit(ring) && ring_submit(ring))
		return -EIO;
	return ring_result(ring, 99);
}

static inline int ring_cancel(struct io_uring *ring, __u64 tag)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		abort();
	memset(sqe, 0, ring->flags & IORING_SETUP_SQE128 ? 128 : 64);
	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->fd = -1;
	sqe->addr = tag;
	sqe->user_data = ~0ULL;
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	return ring_submit(ring);
}

/* The completion of a cancel that has signalled a worker comes besides. */
static inline int ring_cancelled(struct io_uring *ring, __u64 tag)
{
	int ret = ring_cancel(ring, tag);
	struct io_uring_cqe *cqe;

	while (!ret && !io_uring_wait_cqe(ring, &cqe)) {
		__u64 got = cqe->user_data;
		int res = cqe->res;

		io_uring_cqe_seen(ring, cqe);
		if (got == tag)
			return res;
		if (got != ~0ULL || res != -EALREADY)
			return -EBADMSG;
	}
	return -ETIME;
}

static inline bool read_line(int tid, const char *name, char *line, size_t size)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, line, size - 1);
	close(fd);
	line[length > 0 ? length : 0] = 0;
	return length > 0;
}

/* Workers of io_uring in this process that sleep in one of our calls, or all. */
static inline int count_workers(bool waiting)
{
	DIR *dir = opendir("/proc/self/task");
	char line[512], *paren;
	struct dirent *entry;
	int count = 0;

	if (!dir)
		abort();
	while ((entry = readdir(dir))) {
		int tid = atoi(entry->d_name);

		if (!tid || !read_line(tid, "comm", line, sizeof(line)) ||
		    strncmp(line, "iou-wrk-", 8))
			continue;
		if (waiting && !read_line(tid, "stat", line, sizeof(line)))
			continue;
		paren = strrchr(line, ')');
		if (waiting && (!paren || paren[2] != 'S'))
			continue;
		/* an idle one sleeps in io_uring */
		if (waiting && (!read_line(tid, "wchan", line, sizeof(line)) ||
				!strcmp(line, "0") || !strncmp(line, "io_w", 4)))
			continue;
		count++;
	}
	closedir(dir);
	return count;
}

/* Until so many wait. */
static inline bool workers_wait(int count)
{
	__u64 end = now_ns() + PATIENCE * MSEC;

	while (count_workers(true) != count) {
		if (now_ns() > end)
			return false;
		usleep(1000);
	}
	return true;
}

#endif /* _SELFTESTS_KTM_URING_H */
