/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A log in memory, and a writer that follows the rules of the one in the kernel
 *
 * The device has a cache: what was written since the last flush is lost by a
 * power cut, block by block, as chance will have it.
 */
#ifndef _UNIT_IMAGE_H
#define _UNIT_IMAGE_H

#include "mkfs.h"
#include "replay.h"

#define IMAGE_RING	KTM_DISK_RING_MIN
#define IMAGE_SIZE	(KTM_DISK_RING + IMAGE_RING)
#define IMAGE_BLOCKS	(IMAGE_SIZE / KTM_DISK_BLOCK)

/**
 * struct image_record - a record that was appended
 * @lsn: where
 * @end: end of its buffer, or 0 while that is open
 * @length: bytes of data
 * @seed: what the data is made of
 */
struct image_record {
	u64 lsn;
	u64 end;
	u32 length;
	u32 seed;
};

/**
 * struct image - the device, and the state of its writer
 * @cached: the contents as read
 * @stable: the contents that survive a power cut
 * @dirty: blocks where the two differ
 * @flip: 1 + bit of the device that is read inverted, or 0: none
 * @reads_left: reads until one fails, or 0: none does
 * @super: the superblock written last
 * @slot: where it stands
 * @epoch: of this life
 * @tail: durable tail
 * @durable: all below is durable
 * @end: where the next buffer begins if the open one is sealed now
 * @prev: the buffer before
 * @open: contents of the open buffer
 * @head: its head; used is 0 if there is none
 * @records: all records, in order; those that a cut has lost are removed
 * @nr_records: how many
 * @room: how many fit
 * @first: records before this are below the tail
 */
struct image {
	u8 *cached;
	u8 *stable;
	u8 dirty[IMAGE_BLOCKS];
	u64 flip;
	u64 reads_left;
	struct ktm_format_super super;
	unsigned int slot;
	u64 epoch;
	u64 tail;
	u64 durable;
	u64 end;
	u64 prev;
	u64 open[KTM_DISK_BUFFER_MAX / 8];
	struct ktm_format_buffer head;
	struct image_record *records;
	size_t nr_records;
	size_t room;
	size_t first;
};

/* image_new - a formatted device; image_attach() comes next */
struct image *image_new(void);
void image_free(struct image *image);

/* image_attach - replay as the kernel does, and begin a life; 0 or an errno */
int image_attach(struct image *image);

/* image_append - a record of @length bytes; 0 or -ENOSPC */
int image_append(struct image *image, u32 length);

/* image_append_data - a record whose data is given; not to be compared later */
void image_append_data(struct image *image, const void *data, u32 length);

/* image_seal - write the open buffer */
void image_seal(struct image *image);

/* image_sync - seal and flush; all is durable */
void image_sync(struct image *image);

/* image_flush - flush: what was written is durable, unknown to the writer */
void image_flush(struct image *image);

/* image_set_tail - sync and let record @first be the first that is kept */
void image_set_tail(struct image *image, size_t first);

/* image_super - write the next superblock; syncs before */
void image_super(struct image *image, u64 flags);

/* image_cut - a power cut; @random decides what survives, NULL: nothing */
void image_cut(struct image *image, unsigned int *random);

/* image_at - bytes of the device where an LSN stands */
u8 *image_at(struct image *image, u64 lsn);

/**
 * struct image_replay - a replay of an image, with what it must find
 * @replay: the replay
 * @image: the image
 * @next: index of the record that must come next
 * @wrong: a record was not as it was appended
 * @mapped: what was given instead of the window, or NULL
 * @mapped_offset: where on the device it stands
 * @mapped_length: how much it is
 * @window: room for the replay
 */
struct image_replay {
	struct ktm_replay replay;
	struct image *image;
	size_t next;
	bool wrong;
	void *mapped;
	u64 mapped_offset;
	u32 mapped_length;
	u64 window[KTM_DISK_BUFFER_MAX / 8];
};

/* image_replay_init - set the caller's fields */
void image_replay_init(struct image_replay *state, struct image *image);

/*
 * image_replay - open, scan and run. Returns what open or scan returned; after
 * -EUCLEAN of scan the records are visited all the same. @state->next is the
 * index behind the last record found.
 */
int image_replay(struct image_replay *state, struct image *image);

/* image_data - the data of a record, as made from its seed */
void image_data(u8 *data, u32 length, u32 seed);

#endif /* _UNIT_IMAGE_H */
