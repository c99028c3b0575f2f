// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - log ring: recovery reads ahead
 *
 * While replay checks what stands in one area, the other is being read. A buffer that
 * begins in one and ends in the other must be in one piece: in front of each area
 * there is room for the beginning, and it is copied there.
 *
 * An error of a read ahead is not one of the log: what was read may not be wanted. So
 * what is wanted is then read again, and nothing else.
 */
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "ahead.h"

#define AREA	(BIO_MAX_VECS * 4096U)

/**
 * struct area - one of two
 * @data: room for the end of the other one, and then AREA bytes
 * @start: where that stands on the device which can be seen first
 * @offset: the same of what was read behind that room
 * @end: and where it ends; 0 if there is nothing
 * @request: how it is read
 */
struct area {
	u8 *data;
	u64 start;
	u64 offset;
	u64 end;
	struct ktm_log_request request;
};

/**
 * struct ktm_log_ahead - used by the attaching task alone
 * @log: the log
 * @area: in turns
 * @seen: the one that replay looks at; the other is being read if it has an end
 */
struct ktm_log_ahead {
	struct ktm_log *log;
	struct area area[2];
	unsigned int seen;
};

static void read_area(struct ktm_log_ahead *ahead, struct area *area, u64 offset)
{
	u64 ring_end = KTM_DISK_RING + ahead->log->read_replay.super.ring_size;

	if (offset == ring_end)
		offset = KTM_DISK_RING;
	area->start = offset;
	area->offset = offset;
	area->end = min(offset + AREA, ring_end);
	ktm_log_start_read(ahead->log, &area->request, offset,
			   area->data + KTM_DISK_BUFFER_MAX, area->end - offset);
}

static int wait_area(struct ktm_log_ahead *ahead, struct area *area)
{
	int error;

	if (!area->end)
		return 0;
	error = ktm_log_wait_read(&area->request);
	if (error)
		area->end = 0;
	return error;
}

static void *address(const struct area *area, u64 offset)
{
	/* less than the room in front is before it */
	return area->data + (KTM_DISK_BUFFER_MAX + offset - area->offset);
}

static bool covers(const struct area *area, u64 offset, u32 length)
{
	return offset >= area->start && offset + length <= area->end;
}

/* The other area goes on where the seen one ends, or begins with @offset. */
static bool goes_on(const struct area *seen, const struct area *next, u64 offset, u32 length)
{
	if (!next->end || offset + length > next->end)
		return false;
	return offset == next->offset ||
	       (next->offset == seen->end && offset >= seen->start && offset < seen->end);
}

static int turn(struct ktm_log_ahead *ahead, u64 offset)
{
	struct area *seen = &ahead->area[ahead->seen];
	struct area *next = &ahead->area[!ahead->seen];
	int error = wait_area(ahead, next);

	if (error)
		return error;
	if (offset < next->offset) {
		memcpy(address(next, offset), address(seen, offset), next->offset - offset);
		next->start = offset;
	}
	ahead->seen = !ahead->seen;
	read_area(ahead, seen, next->end);
	return 0;
}

static int begin(struct ktm_log_ahead *ahead, u64 offset)
{
	struct area *seen = &ahead->area[ahead->seen];
	struct area *next = &ahead->area[!ahead->seen];

	wait_area(ahead, next);
	read_area(ahead, seen, offset);
	read_area(ahead, next, seen->end);
	return wait_area(ahead, seen);
}

int ktm_log_ahead_map(struct ktm_log_ahead *ahead, u64 offset, u32 length, void **data)
{
	struct area *seen = &ahead->area[ahead->seen];
	int error = 0;

	if (!covers(seen, offset, length)) {
		if (goes_on(seen, &ahead->area[!ahead->seen], offset, length))
			error = turn(ahead, offset);
		else
			error = begin(ahead, offset);
		seen = &ahead->area[ahead->seen];
	}
	if (error) {
		seen->end = 0;
		*data = seen->data;
		return ktm_log_read_device(ahead->log, offset, *data, length);
	}
	*data = address(seen, offset);
	return 0;
}

void ktm_log_ahead_free(struct ktm_log_ahead *ahead)
{
	wait_area(ahead, &ahead->area[!ahead->seen]);
	vfree(ahead->area[0].data);
	vfree(ahead->area[1].data);
	kfree(ahead);
}

struct ktm_log_ahead *ktm_log_ahead_alloc(struct ktm_log *log)
{
	struct ktm_log_ahead *ahead = kzalloc(sizeof(*ahead), GFP_KERNEL);
	unsigned int i;

	if (!ahead)
		return NULL;
	ahead->log = log;
	for (i = 0; i < 2; i++) {
		ahead->area[i].data = vmalloc(KTM_DISK_BUFFER_MAX + AREA);
		if (!ahead->area[i].data) {
			ktm_log_ahead_free(ahead);
			return NULL;
		}
	}
	return ahead;
}
