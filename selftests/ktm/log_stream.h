/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - log streams, for the tests of them
 */
#ifndef _SELFTESTS_KTM_LOG_STREAM_H
#define _SELFTESTS_KTM_LOG_STREAM_H

#include <linux/ktm_log.h>

#include "ktm_log.h"

/* On a TM's fd: the fd of a stream, or a negative errno. uuid may be NULL. */
int stream_make(int tm_fd, const char *name, __u32 mode, __u64 limit, __u8 *uuid);
int stream_open(int tm_fd, const char *name, const __u8 *uuid);
int stream_info(int fd, struct ktm_stream_info *info);
int stream_delete(int fd);

/* A record that is made from its number; flags as in ktm_stream_append. */
int stream_append(int fd, __u32 number, __u32 length, __u32 flags, __u64 *lsn);
/* With chains. */
int stream_chain(int fd, __u32 number, __u64 previous, __u64 undo_next, __u64 *lsn);
/* Which number a record has that was read; -EBADMSG if it is none of ours. */
int stream_number(const void *data, __u32 length);

/* The buffer takes any record. Returns the record's number, or a negative errno. */
int stream_read(int fd, __u32 mode, __u64 lsn, struct ktm_stream_read *read);
/* 0 or a negative errno. */
int stream_look(int fd, __u32 mode, __u64 lsn, struct ktm_stream_read *read, void *buffer,
		__u32 room);
int stream_flush(int fd, __u64 lsn);
/* LSN 0: all */
int stream_set_base(int fd, __u64 lsn, __u32 flags);
int stream_restart(int fd, __u32 number, __u32 length, __u32 flags, __u64 base, __u64 *lsn);
/* How many are reserved then, or a negative errno. */
int stream_reserve(int fd, __s32 delta);
/* What poll() says at once. */
int stream_poll(int fd);

#endif /* _SELFTESTS_KTM_LOG_STREAM_H */
