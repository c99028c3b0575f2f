// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - log ring: records are read back
 *
 * A record is known by its LSN alone. The buffer around it is looked for in
 * memory and then on the device, checked as a whole, and kept: records are
 * mostly read in chains that stand close together. What is kept stays right for
 * ever, since an LSN never comes again.
 */
#include <linux/vmalloc.h>

#include "log_internal.h"

static bool covers(const struct ktm_format_buffer *head, u64 lsn)
{
	return lsn >= head->lsn && lsn - head->lsn < head->used;
}

static bool is_in_log(struct ktm_log *log, u64 lsn, u64 *tail)
{
	bool ret;

	spin_lock_irq(&log->io_lock);
	*tail = log->tail;
	ret = lsn >= log->tail && lsn < log->head;
	spin_unlock_irq(&log->io_lock);
	return ret;
}

/*
 * A buffer that is open or in flight is in one of ours; one that was given back
 * is there until it is opened again, which happens under append_lock.
 */
static bool read_memory(struct ktm_log *log, u64 lsn)
{
	struct ktm_format_buffer *head = &log->read_head;
	unsigned int i;

	mutex_lock(&log->append_lock);
	for (i = 0; i < KTM_LOG_NR_BUFFERS; i++) {
		if (!covers(&log->buffers[i].head, lsn))
			continue;
		*head = log->buffers[i].head;
		memcpy(log->read_replay.window, log->buffers[i].data, head->used);
		break;
	}
	mutex_unlock(&log->append_lock);
	if (i == KTM_LOG_NR_BUFFERS)
		return false;

	log->read_data = log->read_replay.window;
	ktm_format_unescape(log->read_data, head->used, head->escaped);
	return true;
}

static int read_buffer(struct ktm_log *log, u64 lsn, u64 tail)
{
	int error;

	log->read_head.used = 0;
	if (read_memory(log, lsn))
		return 0;
	error = ktm_replay_find(&log->read_replay, lsn, tail, &log->read_head,
				&log->read_data);
	if (error)
		log->read_head.used = 0;
	return error;
}

static void from_plain(const struct ktm_format_record *plain,
		       struct ktm_log_record *record, void *buffer)
{
	ktm_log_record_import(record, plain);
	memcpy(buffer, plain->data, plain->data_length);
	record->data = buffer;
}

int ktm_log_read(struct ktm_log *log, u64 lsn, struct ktm_log_record *record,
		 void *buffer)
{
	struct ktm_format_record plain;
	int error = 0;
	u64 tail;

	if (lsn % 8 || !is_in_log(log, lsn, &tail))
		return -EINVAL;

	mutex_lock(&log->read_lock);
	/* the open buffer grows: what is kept of it may be too short */
	if (!covers(&log->read_head, lsn))
		error = read_buffer(log, lsn, tail);
	if (!error)
		error = ktm_format_find_record(log->read_data, &log->read_head,
					       lsn, &plain);
	if (!error)
		from_plain(&plain, record, buffer);
	mutex_unlock(&log->read_lock);
	return error;
}
