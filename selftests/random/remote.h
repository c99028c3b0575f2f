/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - fds here or in another process, called the same way
 *
 * A remote process takes fds by SCM_RIGHTS, issues calls on them for us, gives
 * them back, and is killed with all that it has.
 */
#ifndef _SELFTESTS_RANDOM_REMOTE_H
#define _SELFTESTS_RANDOM_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct remote {
	pid_t pid;
	int sock;
};

struct handle {
	int fd;			/* in the process that has it; -1: none */
	bool away;		/* the remote process has it */
};

/* Forks it; it has @keep under the same number and no other fd of ours. */
void remote_start(struct remote *remote, int keep);

/* SIGKILL, and wait until all its fds are closed. */
void remote_kill(struct remote *remote);

/* As ioctl(): 0 or a negative errno. */
int remote_ioctl(struct remote *remote, struct handle handle, unsigned int cmd, void *arg,
		 size_t size);

/* The same in two steps, on what is away: other calls on such come after the second. */
void remote_ioctl_start(struct remote *remote, struct handle handle, unsigned int cmd,
			const void *arg, size_t size);
int remote_ioctl_finish(struct remote *remote, void *arg, size_t size);

/* As read(): a length or a negative errno. */
ssize_t remote_read(struct remote *remote, struct handle handle, void *data, size_t size);

/* Moves the file to the other process; the number changes. */
void remote_move(struct remote *remote, struct handle *handle);

void remote_close(struct remote *remote, struct handle *handle);

/* Sends it, closes it, and closes the socket with the file still in it. */
void remote_close_in_flight(struct handle *handle);

#endif /* _SELFTESTS_RANDOM_REMOTE_H */
