/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a program asks the resource manager of the status flags (sqlite_rm) to
 * set a flag in a transaction: a message over its socket, with the transaction's
 * fd, and an answer.
 */
#ifndef _DEMO_FLAG_CLIENT_H
#define _DEMO_FLAG_CLIENT_H

#include <stdint.h>

#include "flag_store.h"

/**
 * struct flag_answer - what comes back
 * @error: errno (positive), or 0 when the flag will be set if it commits
 * @text: words to it, NUL-terminated
 */
struct flag_answer {
	uint32_t error;
	char text[KTM_DETAIL_MAX];
};

/**
 * flag_client_set - set a flag in a transaction
 * @socket_path: where sqlite_rm listens
 * @tx_fd: the transaction
 * @name: the flag
 * @value: its value
 *
 * Return: 0, or a negative errno after a message.
 */
int flag_client_set(const char *socket_path, int tx_fd, const char *name,
		    const char *value);

#endif /* _DEMO_FLAG_CLIENT_H */
