/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - fds of log streams, and the calls on a TM that are about them
 */
#ifndef _KTM_INTERFACE_STREAM_FD_H
#define _KTM_INTERFACE_STREAM_FD_H

#include <uapi/linux/ktm_log.h>

#include "ioctl.h"

struct ktm_stream;

/**
 * ktm_stream_fd_create - KTM_IOC_STREAM_CREATE
 * @call: on a TM
 * Return: see struct ktm_stream_create.
 */
int ktm_stream_fd_create(struct ktm_call *call);

/**
 * ktm_stream_fd_open - KTM_IOC_STREAM_OPEN
 * @call: on a TM
 * Return: see struct ktm_stream_open.
 */
int ktm_stream_fd_open(struct ktm_call *call);

/**
 * ktm_stream_fd_list - KTM_IOC_STREAM_LIST
 * @call: on a TM
 * Return: see struct ktm_list.
 */
int ktm_stream_fd_list(struct ktm_call *call);

/**
 * ktm_stream_fd_info - KTM_IOC_STREAM_INFO
 * @call: on a TM
 * Return: see struct ktm_stream_info.
 */
int ktm_stream_fd_info(struct ktm_call *call);

/**
 * ktm_stream_fd_fill - what a stream is like, as the caller may see it
 * @info: out, all but size and flags
 * @stream: the stream
 * Context: process context, may sleep.
 * Return: 0, -EIDRM, -ESHUTDOWN.
 */
int ktm_stream_fd_fill(struct ktm_stream_info *info, struct ktm_stream *stream);

#endif /* _KTM_INTERFACE_STREAM_FD_H */
