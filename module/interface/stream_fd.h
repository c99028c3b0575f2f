/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - fds of log streams, and the calls on a TM that are about them
 */
#ifndef _KTM_INTERFACE_STREAM_FD_H
#define _KTM_INTERFACE_STREAM_FD_H

#include "ioctl.h"

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

#endif /* _KTM_INTERFACE_STREAM_FD_H */
