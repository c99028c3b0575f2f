/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - log streams that a client in the kernel has open, by way of
 * ktm_test_stream.ko
 */
#ifndef _SELFTESTS_KTM_KERNEL_STREAM_H
#define _SELFTESTS_KTM_KERNEL_STREAM_H

#include "log_stream.h"

#include "kmod/stream/ktm_test_stream.h"

/* A client without a stream: an fd, or -1 if the module is not loaded. */
int kstream_client(void);

/* 0 or a negative errno; then the calls of log_stream.h work on the client. */
int kstream_make(int client, int tm_fd, const char *name, __u64 limit, __u32 how);
int kstream_open(int client, int tm_fd, const char *name, const __u8 *uuid, __u32 how);
int kstream_close(int client);
struct test_stream_seen kstream_seen(int client);

/* Until the client was called so often; false if that does not come. */
bool kstream_wait(int client, __u32 advance, __u32 gone);

#endif /* _SELFTESTS_KTM_KERNEL_STREAM_H */
