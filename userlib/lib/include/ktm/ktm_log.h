/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libktm - log streams
 *
 * What a stream is, what a call does and which errors it has is written in
 * <linux/ktm_log.h>; the rules of <ktm/ktm.h> hold here, too.
 *
 * Of a struct that the caller fills in, all that has no meaning must be zero; its size
 * field is set by the call.
 */
#ifndef _KTM_KTM_LOG_H
#define _KTM_KTM_LOG_H

#include <ktm/ktm.h>
#include <linux/ktm_log.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * ktm_stream_create - make a log stream
 * @tm_fd: its TM
 * @stream: what is wanted; out: its UUID
 * @size: sizeof(*stream)
 *
 * Return: fd of the stream, or a negative errno as in struct ktm_stream_create.
 */
int ktm_stream_create(int tm_fd, struct ktm_stream_create *stream, size_t size);

/**
 * ktm_stream_open - open a stream by its name
 * @tm_fd: its TM
 * @name: the stream
 *
 * Return: fd of the stream, or a negative errno as in struct ktm_stream_open.
 */
int ktm_stream_open(int tm_fd, const char *name);

/**
 * ktm_stream_open_by_uuid - open a stream by its UUID
 * @tm_fd: its TM
 * @uuid: the stream
 *
 * Return: fd of the stream, or a negative errno as in struct ktm_stream_open.
 */
int ktm_stream_open_by_uuid(int tm_fd, const unsigned char uuid[KTM_UUID_SIZE]);

/**
 * ktm_stream_list - the streams of a TM
 * @tm_fd: the TM
 * @cursor: 0 to start; moved on
 * @uuids: array to fill
 * @count: room in it
 *
 * Return: number of UUIDs, 0 at the end, or a negative errno.
 */
int ktm_stream_list(int tm_fd, uint64_t *cursor, unsigned char (*uuids)[KTM_UUID_SIZE],
		    unsigned int count);

/**
 * ktm_stream_query - all about a stream
 * @fd: the stream, or its TM
 * @uuid: the stream if @fd is a TM, else NULL
 * @info: filled in
 * @size: sizeof(*info)
 *
 * Return: 0 or a negative errno as in struct ktm_stream_info.
 */
int ktm_stream_query(int fd, const unsigned char uuid[KTM_UUID_SIZE],
		     struct ktm_stream_info *info, size_t size);

/**
 * ktm_stream_delete - delete a stream
 * @stream_fd: the stream
 *
 * Return: 0 or a negative errno.
 */
int ktm_stream_delete(int stream_fd);

/**
 * ktm_stream_append - append a record, from any number of parts
 * @stream_fd: the stream
 * @record: the record; out: its LSN
 * @size: sizeof(*record)
 *
 * Return: 0 or a negative errno as in struct ktm_stream_append.
 */
int ktm_stream_append(int stream_fd, struct ktm_stream_append *record, size_t size);

/**
 * ktm_stream_write - append a record that is in one piece, without chains
 * @stream_fd: the stream
 * @data: the record
 * @length: its bytes
 * @flags: KTM_STREAM_APPEND_F_*
 * @lsn: out: its LSN; may be NULL
 *
 * Return: 0 or a negative errno as in struct ktm_stream_append.
 */
int ktm_stream_write(int stream_fd, const void *data, size_t length, uint32_t flags,
		     uint64_t *lsn);

/**
 * ktm_stream_reserve - reserve records, or give them back
 * @stream_fd: the stream
 * @delta: so many more, or less if negative
 *
 * Return: how many are reserved then, or a negative errno as in struct
 * ktm_stream_reserve.
 */
int ktm_stream_reserve(int stream_fd, int32_t delta);

/**
 * ktm_stream_read - read a record
 * @stream_fd: the stream
 * @record: which one, and where to; out: the record
 * @size: sizeof(*record)
 *
 * Return: 0 or a negative errno as in struct ktm_stream_read.
 */
int ktm_stream_read(int stream_fd, struct ktm_stream_read *record, size_t size);

/**
 * ktm_stream_flush - make records durable
 * @stream_fd: the stream
 * @lsn: up to this record, or 0: all
 *
 * Return: 0 or a negative errno as in struct ktm_stream_flush.
 */
int ktm_stream_flush(int stream_fd, uint64_t lsn);

/**
 * ktm_stream_set_base - move the base on
 * @stream_fd: the stream
 * @lsn: first record to be kept
 * @flags: KTM_STREAM_BASE_F_*
 *
 * Return: 0 or a negative errno as in struct ktm_stream_set_base.
 */
int ktm_stream_set_base(int stream_fd, uint64_t lsn, uint32_t flags);

/**
 * ktm_stream_restart - write a restart area
 * @stream_fd: the stream
 * @area: the restart area; out: its LSN
 * @size: sizeof(*area)
 *
 * Return: 0 or a negative errno as in struct ktm_stream_restart.
 */
int ktm_stream_restart(int stream_fd, struct ktm_stream_restart *area, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* _KTM_KTM_LOG_H */
