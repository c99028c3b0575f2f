/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl log - show what is in a log
 */
#ifndef _KTMCTL_LOG_SHOW_H
#define _KTMCTL_LOG_SHOW_H

#include <stdbool.h>

#include "json.h"
#include "replay.h"

/**
 * struct log_show - how to show a log
 * @json: write JSON here, or NULL for text
 * @data: show the data of redo records, too
 */
struct log_show {
	struct json *json;
	bool data;
};

/**
 * log_show_type - name of a kind of record
 * @type: enum ktm_record_type
 *
 * Return: its name.
 */
const char *log_show_type(unsigned int type);

/**
 * log_show_summary - what a scan has found
 * @show: how
 * @replay: after ktm_replay_scan()
 * @damaged: it has returned -EUCLEAN
 *
 * With JSON, members of the innermost object.
 */
void log_show_summary(const struct log_show *show,
		      const struct ktm_replay *replay, bool damaged);

/**
 * log_show_buffer - the head of a buffer
 * @show: how
 * @buffer: its head
 */
void log_show_buffer(const struct log_show *show,
		     const struct ktm_format_buffer *buffer);

/**
 * log_show_buffer_end - after the last record of a buffer
 * @show: how
 */
void log_show_buffer_end(const struct log_show *show);

/**
 * log_show_record - a record
 * @show: how
 * @record: the record
 */
void log_show_record(const struct log_show *show,
		     const struct ktm_format_record *record);

#endif /* _KTMCTL_LOG_SHOW_H */
