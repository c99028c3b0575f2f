// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - fds here or in another process, called the same way
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "remote.h"

#define DATA_MAX	2048

enum what { DO_IOCTL, DO_READ, DO_TAKE, DO_GIVE, DO_CLOSE };

struct message {
	enum what what;
	int fd;
	unsigned int cmd;
	int ret;
	size_t size;
	char data[DATA_MAX];
};

static void die(const char *what)
{
	fprintf(stderr, "random_test: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void send_fd(int sock, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (sendmsg(sock, &msg, 0) != 1)
		die("sendmsg");
}

static int take_fd(int sock)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		die("recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static size_t length(const struct message *message)
{
	return offsetof(struct message, data) + message->size;
}

static void serve(int sock)
{
	struct message message;

	while (recv(sock, &message, sizeof(message), 0) > 0) {
		switch (message.what) {
		case DO_IOCTL:
			message.ret = ioctl(message.fd, message.cmd, message.data) ? -errno : 0;
			break;
		case DO_READ:
			message.ret = read(message.fd, message.data, message.size);
			if (message.ret < 0)
				message.ret = -errno;
			break;
		case DO_TAKE:
			message.fd = take_fd(sock);
			break;
		case DO_GIVE:
			/* answered when it is closed here */
			send_fd(sock, message.fd);
			close(message.fd);
			break;
		case DO_CLOSE:
			close(message.fd);
			break;
		}
		if (send(sock, &message, length(&message), 0) < 0)
			break;
	}
	_exit(0);
}

/* What was inherited would keep the files of others alive. */
static void close_others(int sock, int keep)
{
	int fd;

	for (fd = 3; fd < 1024; fd++)
		if (fd != sock && fd != keep)
			close(fd);
}

void remote_start(struct remote *remote, int keep)
{
	int pair[2];
	char byte;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		die("socketpair");
	remote->pid = fork();
	if (remote->pid < 0)
		die("fork");
	if (!remote->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close_others(pair[1], keep);
		if (send(pair[1], "", 1, 0) != 1)
			_exit(1);
		serve(pair[1]);
	}
	close(pair[1]);
	remote->sock = pair[0];
	if (recv(remote->sock, &byte, 1, 0) != 1)
		die("recv");
}

void remote_kill(struct remote *remote)
{
	kill(remote->pid, SIGKILL);
	if (waitpid(remote->pid, NULL, 0) != remote->pid)
		die("waitpid");
	close(remote->sock);
}

static void ask(struct remote *remote, struct message *message)
{
	if (send(remote->sock, message, length(message), 0) < 0)
		die("send");
}

static void hear(struct remote *remote, struct message *message)
{
	if (recv(remote->sock, message, sizeof(*message), 0) <= 0)
		die("recv");
}

int remote_ioctl(struct remote *remote, struct handle handle, unsigned int cmd, void *arg,
		 size_t size)
{
	struct message message = { .what = DO_IOCTL, .fd = handle.fd, .cmd = cmd, .size = size };

	if (!handle.away)
		return ioctl(handle.fd, cmd, arg) ? -errno : 0;
	memcpy(message.data, arg, size);
	ask(remote, &message);
	hear(remote, &message);
	memcpy(arg, message.data, size);
	return message.ret;
}

void remote_ioctl_start(struct remote *remote, struct handle handle, unsigned int cmd,
			const void *arg, size_t size)
{
	struct message message = { .what = DO_IOCTL, .fd = handle.fd, .cmd = cmd, .size = size };

	memcpy(message.data, arg, size);
	ask(remote, &message);
}

int remote_ioctl_finish(struct remote *remote, void *arg, size_t size)
{
	struct message message;

	hear(remote, &message);
	memcpy(arg, message.data, size);
	return message.ret;
}

ssize_t remote_read(struct remote *remote, struct handle handle, void *data, size_t size)
{
	struct message message = { .what = DO_READ, .fd = handle.fd, .size = size };
	ssize_t done;

	if (!handle.away) {
		done = read(handle.fd, data, size);
		return done < 0 ? -errno : done;
	}
	ask(remote, &message);
	hear(remote, &message);
	memcpy(data, message.data, size);
	return message.ret;
}

void remote_move(struct remote *remote, struct handle *handle)
{
	struct message message = { .what = DO_TAKE, .fd = handle->fd };

	if (handle->away) {
		message.what = DO_GIVE;
		ask(remote, &message);
		handle->fd = take_fd(remote->sock);
		hear(remote, &message);
	} else {
		ask(remote, &message);
		send_fd(remote->sock, handle->fd);
		hear(remote, &message);
		close(handle->fd);
		handle->fd = message.fd;
	}
	handle->away = !handle->away;
}

void remote_close(struct remote *remote, struct handle *handle)
{
	struct message message = { .what = DO_CLOSE, .fd = handle->fd };

	if (handle->away) {
		ask(remote, &message);
		hear(remote, &message);
	} else {
		close(handle->fd);
	}
	handle->fd = -1;
}

void remote_close_in_flight(struct handle *handle)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		die("socketpair");
	send_fd(pair[0], handle->fd);
	close(handle->fd);
	close(pair[0]);
	close(pair[1]);
	handle->fd = -1;
}
