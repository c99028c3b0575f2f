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

#include "../pure/stream.h"
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

/* Make the buffer around an LSN the one that is kept. */
static int keep_buffer(struct ktm_log *log, u64 lsn, u64 tail)
{
	/* the open buffer grows: what is kept of it may be too short */
	if (covers(&log->read_head, lsn))
		return 0;
	return read_buffer(log, lsn, tail);
}

static void from_plain(struct ktm_log *log, const struct ktm_format_record *plain,
		       struct ktm_log_record *record, void *buffer)
{
	ktm_log_record_import(record, plain);
	record->buffer_lsn = log->read_head.lsn;
	if (buffer)
		memcpy(buffer, plain->data, plain->data_length);
	record->data = buffer;
}

int ktm_log_read(struct ktm_log *log, u64 lsn, struct ktm_log_record *record,
		 void *buffer)
{
	struct ktm_format_record plain;
	int error;
	u64 tail;

	if (lsn % 8 || !is_in_log(log, lsn, &tail))
		return -EINVAL;

	mutex_lock(&log->read_lock);
	error = keep_buffer(log, lsn, tail);
	if (!error)
		error = ktm_format_find_record(log->read_data, &log->read_head,
					       lsn, &plain);
	if (!error)
		from_plain(log, &plain, record, buffer);
	mutex_unlock(&log->read_lock);
	return error;
}

/* A buffer has its span from the time on when it is sealed. */
static bool was_open(const struct ktm_format_buffer *head)
{
	return !head->span;
}

int ktm_log_read_next(struct ktm_log *log, u64 *lsn, const uuid_t *stream,
		      struct ktm_log_record *record, void *buffer)
{
	struct ktm_format_record plain;
	u8 uuid[KTM_DISK_UUID_SIZE];
	int error;
	u64 tail;

	if (!is_in_log(log, *lsn, &tail))
		return *lsn < tail ? -EINVAL : -ENOENT;
	export_uuid(uuid, stream);

	mutex_lock(&log->read_lock);
	if (was_open(&log->read_head))
		log->read_head.used = 0;
	error = keep_buffer(log, *lsn, tail);
	if (error)
		goto out;
	error = ktm_stream_next(log->read_data, &log->read_head, *lsn, uuid, &plain);
	if (!error) {
		from_plain(log, &plain, record, buffer);
	} else if (error == -ENOENT && !was_open(&log->read_head)) {
		*lsn = log->read_head.lsn + log->read_head.span;
		error = -EAGAIN;
	}
out:
	mutex_unlock(&log->read_lock);
	return error;
}
