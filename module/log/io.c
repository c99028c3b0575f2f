// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - log ring: the block device
 *
 * All bios are made here. None goes through the page cache. The functions that
 * pass a bio on are the places where tests inject errors.
 */
#include <linux/bio.h>
#include <linux/error-injection.h>
#include <linux/highmem.h>
#include <linux/vmalloc.h>

#include "log_internal.h"

#define NR_VECS	(KTM_DISK_BUFFER_MAX / PAGE_SIZE + 1)

int ktm_log_open_device(struct ktm_log *log, dev_t dev)
{
	struct block_device *bdev;
	int error;

	error = ktm_compat_bdev_open(dev, log, &log->device);
	if (error)
		return error == -ENXIO ? -ENODEV : error;
	bdev = log->device.bdev;

	error = -EROFS;
	if (bdev_read_only(bdev))
		goto err_close;
	error = -EINVAL;
	if (bdev_logical_block_size(bdev) > KTM_DISK_BLOCK)
		goto err_close;

	/* what user space wrote through the page cache must be seen, and nothing
	 * stale may be written back over the log later
	 */
	error = sync_blockdev(bdev);
	if (error)
		goto err_close;
	invalidate_bdev(bdev);
	return 0;

err_close:
	ktm_compat_bdev_close(&log->device);
	return error;
}

void ktm_log_close_device(struct ktm_log *log)
{
	ktm_compat_bdev_close(&log->device);
}

u64 ktm_log_device_size(struct ktm_log *log)
{
	return bdev_nr_bytes(log->device.bdev);
}

/* Memory from vmalloc, one page at a time. */
static void fill_bio(struct bio *bio, void *data, u32 length)
{
	u32 offset, part;

	for (offset = 0; offset < length; offset += part) {
		part = min_t(u32, length - offset,
			     PAGE_SIZE - offset_in_page(data + offset));
		__bio_add_page(bio, vmalloc_to_page(data + offset), part,
			       offset_in_page(data + offset));
	}
}

/* Not inlined, so that a test can make it fail. */
static noinline int ktm_log_sync_bio(struct bio *bio)
{
	return submit_bio_wait(bio);
}

ALLOW_ERROR_INJECTION(ktm_log_sync_bio, ERRNO);

int ktm_log_read_device(void *ctx, u64 offset, void *data, u32 length)
{
	struct ktm_log *log = ctx;
	struct bio *bio;
	int error;

	bio = bio_alloc(log->device.bdev, NR_VECS, REQ_OP_READ,
			GFP_KERNEL);
	bio->bi_iter.bi_sector = offset >> SECTOR_SHIFT;
	fill_bio(bio, data, length);
	error = ktm_log_sync_bio(bio);
	bio_put(bio);
	invalidate_kernel_vmap_range(data, length);
	return error;
}

int ktm_log_write_device(struct ktm_log *log, u64 offset, void *data, u32 length)
{
	struct bio *bio;
	int error;

	flush_kernel_vmap_range(data, length);
	bio = bio_alloc(log->device.bdev, NR_VECS,
			REQ_OP_WRITE | REQ_SYNC | REQ_IDLE | REQ_PREFLUSH | REQ_FUA,
			GFP_NOIO);
	bio->bi_iter.bi_sector = offset >> SECTOR_SHIFT;
	fill_bio(bio, data, length);
	error = ktm_log_sync_bio(bio);
	bio_put(bio);
	return error;
}

/* Not inlined, so that a test can make it fail: then nothing was sent. */
static noinline int ktm_log_send_bio(struct bio *bio)
{
	submit_bio(bio);
	return 0;
}

ALLOW_ERROR_INJECTION(ktm_log_send_bio, ERRNO);

static void send(struct bio *bio)
{
	int error = ktm_log_send_bio(bio);

	if (error) {
		bio->bi_status = errno_to_blk_status(error);
		bio_endio(bio);
	}
}

static void read_end_io(struct bio *bio)
{
	struct ktm_log_request *request = bio->bi_private;

	request->error = blk_status_to_errno(bio->bi_status);
	bio_put(bio);
	complete(&request->done);
}

void ktm_log_start_read(struct ktm_log *log, struct ktm_log_request *request, u64 offset,
			void *data, u32 length)
{
	struct bio *bio;

	init_completion(&request->done);
	request->data = data;
	request->length = length;
	bio = bio_alloc(log->device.bdev, DIV_ROUND_UP(length, PAGE_SIZE), REQ_OP_READ,
			GFP_KERNEL);
	bio->bi_iter.bi_sector = offset >> SECTOR_SHIFT;
	bio->bi_private = request;
	bio->bi_end_io = read_end_io;
	fill_bio(bio, data, length);
	send(bio);
}

int ktm_log_wait_read(struct ktm_log_request *request)
{
	wait_for_completion_io(&request->done);
	invalidate_kernel_vmap_range(request->data, request->length);
	return request->error;
}

static void buffer_end_io(struct bio *bio)
{
	struct ktm_log_buffer *buffer = bio->bi_private;
	int error = blk_status_to_errno(bio->bi_status);

	bio_put(bio);
	ktm_log_buffer_written(buffer, error);
}

void ktm_log_submit_buffer(struct ktm_log_buffer *buffer)
{
	struct ktm_log *log = buffer->log;
	u32 length = ktm_log_round_up(buffer->head.used);
	struct bio *bio;

	flush_kernel_vmap_range(buffer->data, length);
	bio = bio_alloc(log->device.bdev, NR_VECS,
			REQ_OP_WRITE | REQ_SYNC | REQ_IDLE | (buffer->alone ? REQ_FUA : 0),
			GFP_NOIO);
	bio->bi_iter.bi_sector = (KTM_DISK_RING +
				  buffer->head.lsn % log->ring_size) >> SECTOR_SHIFT;
	bio->bi_private = buffer;
	bio->bi_end_io = buffer_end_io;
	fill_bio(bio, buffer->data, length);
	send(bio);
}

static void flush_end_io(struct bio *bio)
{
	struct ktm_log *log = bio->bi_private;
	int error = blk_status_to_errno(bio->bi_status);

	bio_put(bio);
	ktm_log_flushed(log, error);
}

void ktm_log_submit_flush(struct ktm_log *log)
{
	struct bio *bio;

	bio = bio_alloc(log->device.bdev, 0,
			REQ_OP_WRITE | REQ_SYNC | REQ_PREFLUSH, GFP_NOIO);
	bio->bi_private = log;
	bio->bi_end_io = flush_end_io;
	send(bio);
}
