/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl log - a log to be read, on a block device or in a file
 */
#ifndef _KTMCTL_LOG_SOURCE_H
#define _KTMCTL_LOG_SOURCE_H

#include <stdint.h>

#include "ktmctl.h"
#include "progress.h"
#include "replay.h"

/* what the errors of a log mean */
extern const struct ktmctl_advice log_advice[];

/**
 * struct log_source - a log that is read
 * @fd: the device or file
 * @progress: of the reads
 * @replay: its replay; ops and ctx are the user's, who passes the reads on to
 *	log_source_read()
 */
struct log_source {
	int fd;
	struct progress progress;
	struct ktm_replay replay;
};

/**
 * log_source_open - open a device or file, and get memory to replay it
 * @source: filled in
 * @path: the device or file
 *
 * Return: 0 or a negative errno.
 */
int log_source_open(struct log_source *source, const char *path);

/**
 * log_source_read - read a part
 * @source: the source
 * @offset: where
 * @data: the window, or a part of it
 * @length: how much
 *
 * Return: 0 or a negative errno.
 */
int log_source_read(struct log_source *source, uint64_t offset, void *data,
		    uint32_t length);

/**
 * log_source_scan - open the log and find its end
 * @source: with its replay's ops and ctx set
 * @damaged: out: ktm_replay_scan() has returned -EUCLEAN
 *
 * Return: 0, or a negative errno; see log_advice.
 */
int log_source_scan(struct log_source *source, bool *damaged);

/**
 * log_source_close - close it
 * @source: the source
 */
void log_source_close(struct log_source *source);

#endif /* _KTMCTL_LOG_SOURCE_H */
