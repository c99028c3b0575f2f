// SPDX-License-Identifier: GPL-2.0
/*
 * Ask the resource manager of the status flags to set one in a transaction
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "flag_client.h"

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

static int send_change(int fd, int tx_fd, struct flag_change *change)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec data = { .iov_base = change, .iov_len = sizeof(*change) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &tx_fd, sizeof(int));
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int flag_client_set(const char *socket_path, int tx_fd, const char *name,
		    const char *value)
{
	struct flag_answer answer = { 0 };
	struct flag_change change = { 0 };
	ssize_t got;
	int fd, ret;

	if (strlen(name) >= FLAG_NAME_SIZE || strlen(value) >= FLAG_VALUE_SIZE) {
		fprintf(stderr, "%s: name or value is too long\n", name);
		return -ENAMETOOLONG;
	}
	strcpy(change.name, name);
	strcpy(change.value, value);
	fd = connect_to(socket_path);
	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", socket_path, strerror(-fd));
		return fd;
	}
	ret = send_change(fd, tx_fd, &change);
	if (!ret) {
		got = recv(fd, &answer, sizeof(answer), 0);
		if (got == sizeof(answer))
			ret = -(int)answer.error;
		else
			ret = got < 0 ? -errno : -EPIPE;
	}
	close(fd);
	answer.text[sizeof(answer.text) - 1] = '\0';
	if (ret)
		fprintf(stderr, "flag %s: %s\n", name,
			answer.text[0] ? answer.text : strerror(-ret));
	return ret;
}
