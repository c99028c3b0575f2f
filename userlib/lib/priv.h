/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libktm - what its files share and nobody else sees
 */
#ifndef _LIBKTM_PRIV_H
#define _LIBKTM_PRIV_H

#include <stddef.h>
#include <stdint.h>

#define LIBKTM_EXPORT	__attribute__((visibility("default")))

/**
 * ktm_priv_ioctl - the one place that calls ioctl()
 * @fd: ktm object
 * @request: KTM_IOC_*
 * @arg: its argument, with the size filled in
 *
 * Return: 0 or a negative errno.
 */
int ktm_priv_ioctl(int fd, unsigned long request, void *arg);

/**
 * ktm_priv_query - fill a struct that is all output
 * @fd: ktm object
 * @request: KTM_IOC_*_INFO
 * @info: the struct; begins with a 32 bit size
 * @size: its bytes as the caller knows it
 *
 * Return: 0 or a negative errno.
 */
int ktm_priv_query(int fd, unsigned long request, void *info, size_t size);

/**
 * ktm_priv_simple - an ioctl without data
 * @fd: ktm object
 * @request: one that takes struct ktm_simple or struct ktm_en_answer
 *
 * Return: 0 or a negative errno.
 */
int ktm_priv_simple(int fd, unsigned long request);

/**
 * ktm_priv_open - an ioctl with struct ktm_open
 * @fd: ktm object
 * @request: KTM_IOC_*_OPEN
 * @uuid: the object wanted
 *
 * Return: its fd or a negative errno.
 */
int ktm_priv_open(int fd, unsigned long request, const unsigned char *uuid);

/**
 * ktm_priv_list - an ioctl with struct ktm_list
 * @fd: ktm object
 * @request: KTM_IOC_*_LIST
 * @cursor: moved on
 * @uuids: array to fill
 * @count: room in it
 *
 * Return: number of UUIDs, or a negative errno.
 */
int ktm_priv_list(int fd, unsigned long request, uint64_t *cursor, void *uuids,
		  unsigned int count);

/**
 * ktm_priv_text - copy text into a field of fixed size
 * @field: the field, all zero
 * @room: its bytes
 * @text: the text, or NULL
 *
 * Return: 0, or -EINVAL when it does not fit with its NUL.
 */
int ktm_priv_text(char *field, size_t room, const char *text);

#endif /* _LIBKTM_PRIV_H */
