// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - replay of the log ring
 *
 * Where the log ends is decided by the rule in format.h. Three things prove that
 * it once went on beyond the point x where the walk stops: a buffer that lies
 * beyond x and was submitted when x was known durable; the superblock, if its
 * epoch_lsn is beyond x; a buffer at x whose checksum is good and whose content
 * is impossible. Without proof, x is where the last life was cut off.
 *
 * A superblock that was durable and is lost now is noticed in the same way: the
 * one before it has an older tail; if the log was written over since, the buffers
 * there have LSNs of the next lap, which are beyond x.
 */
#include "replay.h"

static const u64 super_offset[2] = { KTM_DISK_SB_A, KTM_DISK_SB_B };

static int read_window(struct ktm_replay *replay, u64 offset, u32 length)
{
	if (replay->ops->map)
		return replay->ops->map(replay->ctx, offset, length, &replay->view);
	replay->view = replay->window;
	return replay->ops->read(replay->ctx, offset, replay->window, length);
}

/*
 * Give @length bytes at @lsn, without crossing the end of the ring. Reads ahead
 * as far as the window goes, so that a walk reads the ring about once.
 */
static int look_at(struct ktm_replay *replay, u64 lsn, u32 length, void **data)
{
	u64 position = lsn % replay->super.ring_size;
	u64 offset = KTM_DISK_RING + position;
	u64 to_end = replay->super.ring_size - position;
	u32 want = to_end < KTM_DISK_BUFFER_MAX ? to_end : KTM_DISK_BUFFER_MAX;
	int error;

	if (length > want)
		return -EUCLEAN;
	if (offset < replay->window_offset ||
	    offset + length > replay->window_offset + replay->window_length) {
		replay->window_length = 0;
		error = read_window(replay, offset, want);
		if (error)
			return error;
		replay->window_offset = offset;
		replay->window_length = want;
	}
	*data = (u8 *)replay->view + (offset - replay->window_offset);
	return 0;
}

/*
 * Give the buffer at @lsn if it was written completely: 0; -ENOENT: none there;
 * -EBADMSG: torn; or an error of the device.
 */
static int look_at_buffer(struct ktm_replay *replay, u64 lsn, void **data,
			  struct ktm_format_buffer *buffer)
{
	int error;

	error = look_at(replay, lsn, KTM_DISK_BLOCK, data);
	if (error)
		return error;
	error = ktm_format_check_head(*data, &replay->super, lsn, buffer);
	if (error)
		return error;
	/* used, not span: all that a filler writes is its head */
	error = look_at(replay, lsn, (buffer->used + KTM_DISK_BLOCK - 1) &
				     ~(KTM_DISK_BLOCK - 1), data);
	if (error)
		return error;
	return ktm_format_check_crc(*data, buffer);
}

static int read_super(struct ktm_replay *replay, unsigned int slot,
		      struct ktm_format_super *super)
{
	int error;

	replay->super_error[slot] = -ENODEV;
	if (replay->device_size < super_offset[slot] + KTM_DISK_BLOCK)
		return 0;
	error = replay->ops->read(replay->ctx, super_offset[slot],
				  replay->window, KTM_DISK_BLOCK);
	if (error)
		return error;
	replay->super_error[slot] = ktm_format_check_super(replay->window, super);
	return 0;
}

/*
 * The two must be of the same ring, and one must be the newer. Its TM may have been
 * given another UUID in between.
 */
static bool supers_agree(const struct ktm_format_super *super)
{
	return !memcmp(ktm_format_ring_uuid(&super[0]), ktm_format_ring_uuid(&super[1]),
		       sizeof(super->uuid)) &&
	       super[0].ring_size == super[1].ring_size &&
	       super[0].sequence != super[1].sequence;
}

static int choose_super(struct ktm_replay *replay,
			const struct ktm_format_super *super)
{
	const int *error = replay->super_error;

	if (error[0] == -EPROTONOSUPPORT || error[1] == -EPROTONOSUPPORT)
		return -EPROTONOSUPPORT;
	if (error[0] == -ENODEV && error[1] == -ENODEV)
		return -ENODEV;
	if (error[0] && error[1])
		return -EUCLEAN;
	if (!error[0] && !error[1]) {
		if (!supers_agree(super))
			return -EUCLEAN;
		replay->slot = super[1].sequence > super[0].sequence;
		replay->supers_intact = super[replay->slot].sequence ==
					super[!replay->slot].sequence + 1;
	} else {
		replay->slot = error[0] ? 1 : 0;
	}
	replay->super = super[replay->slot];
	return 0;
}

int ktm_replay_open(struct ktm_replay *replay)
{
	struct ktm_format_super super[2];
	int error;

	replay->window_length = 0;
	replay->supers_intact = false;
	error = read_super(replay, 0, &super[0]);
	if (error)
		return error;
	error = read_super(replay, 1, &super[1]);
	if (error)
		return error;
	error = choose_super(replay, super);
	if (error)
		return error;
	if (replay->device_size < KTM_DISK_RING ||
	    replay->device_size - KTM_DISK_RING < replay->super.ring_size)
		return -ENOSPC;
	return 0;
}

/**
 * struct walk - state of a walk from the tail on
 * @lsn: here
 * @limit: not beyond this
 * @prev: the buffer before, or 0 if it was not seen
 * @epoch: of the buffer before
 * @nr_buffers: buffers passed
 * @nr_records: records in them
 */
struct walk {
	u64 lsn;
	u64 limit;
	u64 prev;
	u64 epoch;
	u64 nr_buffers;
	u64 nr_records;
};

static void walk_init(const struct ktm_replay *replay, struct walk *walk,
		      u64 limit)
{
	*walk = (struct walk){ .lsn = replay->super.tail_lsn, .limit = limit };
}

static bool is_stale(const struct ktm_replay *replay, const struct walk *walk,
		     const struct ktm_format_buffer *buffer)
{
	return buffer->epoch < walk->epoch ||
	       (buffer->lsn >= replay->super.epoch_lsn &&
		buffer->epoch < replay->super.epoch);
}

/*
 * One step. Returns 1 with the buffer (its data as it was appended, until the
 * window moves), 0 with the reason in @end, or an error of the device.
 */
static int walk_step(struct ktm_replay *replay, struct walk *walk, void **data,
		     struct ktm_format_buffer *buffer, enum ktm_replay_end *end)
{
	int error;

	*end = KTM_REPLAY_FULL;
	if (walk->lsn >= walk->limit)
		return 0;

	error = look_at_buffer(replay, walk->lsn, data, buffer);
	if (error == -ENOENT)
		*end = KTM_REPLAY_BLANK;
	else if (error == -EBADMSG)
		*end = KTM_REPLAY_TORN;
	if (error)
		return error == -ENOENT || error == -EBADMSG ? 0 : error;

	*end = KTM_REPLAY_STALE;
	if (is_stale(replay, walk, buffer))
		return 0;

	*end = KTM_REPLAY_BAD;
	if (buffer->span > walk->limit - walk->lsn ||
	    (walk->prev && buffer->prev_lsn != walk->prev))
		return 0;
	if (ktm_format_check_buffer(*data, buffer))
		return 0;

	walk->prev = walk->lsn;
	walk->epoch = buffer->epoch;
	walk->lsn += buffer->span;
	walk->nr_buffers++;
	walk->nr_records += buffer->nr_records;
	return 1;
}

/*
 * The window goes on being a copy of the device: what was brought back is hidden
 * again.
 */
static void walk_leave(void *data, const struct ktm_format_buffer *buffer)
{
	if (buffer->escaped)
		ktm_format_escape(data, buffer->used);
}

/*
 * Look at every block of the lap from the end on: is there a buffer, of this or
 * of a later lap, that was submitted when the end was durable?
 */
static int search_proof(struct ktm_replay *replay)
{
	u64 limit = replay->super.tail_lsn + replay->super.ring_size;
	u64 size = replay->super.ring_size;
	struct ktm_format_buffer buffer;
	struct ktm_disk_buffer *disk;
	u64 at, lsn;
	void *data;
	int error;

	for (at = replay->end_lsn; at < limit; at += KTM_DISK_BLOCK) {
		error = look_at(replay, at, KTM_DISK_BLOCK, &data);
		if (error)
			return error;
		disk = data;
		lsn = le64_to_cpu(disk->lsn);
		if (le32_to_cpu(disk->magic) != KTM_DISK_BUF_MAGIC ||
		    lsn < replay->end_lsn || lsn >= KTM_DISK_LSN_MAX ||
		    lsn % size != at % size)
			continue;
		error = look_at_buffer(replay, lsn, &data, &buffer);
		if (error == -ENOENT || error == -EBADMSG)
			continue;
		if (error)
			return error;
		if (buffer.epoch > replay->epoch)
			replay->epoch = buffer.epoch;
		if (buffer.durable_lsn <= buffer.lsn &&
		    buffer.durable_lsn > replay->end_lsn &&
		    buffer.durable_lsn > replay->lost_lsn) {
			replay->lost_lsn = buffer.durable_lsn;
			replay->proof_lsn = buffer.lsn;
		}
	}
	return 0;
}

/* After an orderly detach the newest superblock itself says where the log ends. */
static bool end_is_known(const struct ktm_replay *replay)
{
	return (replay->super.flags & KTM_DISK_SB_F_CLEAN) &&
	       replay->end_lsn == replay->super.epoch_lsn &&
	       replay->supers_intact;
}

static int visit_records(struct ktm_replay *replay, const u8 *data,
			 const struct ktm_format_buffer *buffer)
{
	u32 offset = sizeof(struct ktm_disk_buffer);
	struct ktm_format_record record;
	int length, ret;

	while (offset < buffer->used) {
		length = ktm_format_check_record((const void *)(data + offset),
						 buffer->used - offset,
						 buffer->lsn + offset, &record);
		if (length < 0)
			return length;
		ret = replay->ops->record(replay->ctx, &record, buffer);
		if (ret)
			return ret;
		offset += length;
	}
	return 0;
}

static int visit_buffer(struct ktm_replay *replay, const u8 *data,
			const struct ktm_format_buffer *buffer)
{
	int ret = 0;

	if (replay->ops->buffer)
		ret = replay->ops->buffer(replay->ctx, buffer);
	if (!ret && replay->ops->record)
		ret = visit_records(replay, data, buffer);
	return ret;
}

/* Returns -EUCLEAN or an error of the device. @visited: what the visitor says, if wanted. */
static int scan(struct ktm_replay *replay, int *visited)
{
	struct ktm_format_buffer buffer;
	struct walk walk;
	void *data;
	int ret;

	walk_init(replay, &walk,
		  replay->super.tail_lsn + replay->super.ring_size);
	replay->window_length = 0;
	while ((ret = walk_step(replay, &walk, &data, &buffer, &replay->end)) > 0) {
		if (visited && !*visited)
			*visited = visit_buffer(replay, data, &buffer);
		walk_leave(data, &buffer);
	}
	if (ret < 0)
		return ret;

	replay->end_lsn = walk.lsn;
	replay->last_lsn = walk.prev;
	replay->nr_buffers = walk.nr_buffers;
	replay->nr_records = walk.nr_records;
	replay->epoch = walk.epoch > replay->super.epoch ? walk.epoch :
							   replay->super.epoch;
	replay->lost_lsn = 0;
	replay->proof_lsn = 0;
	if (replay->end_lsn < replay->super.epoch_lsn)
		replay->lost_lsn = replay->super.epoch_lsn;

	if (!end_is_known(replay)) {
		ret = search_proof(replay);
		if (ret)
			return ret;
	}
	if (replay->lost_lsn || replay->end == KTM_REPLAY_BAD)
		return -EUCLEAN;
	return 0;
}

int ktm_replay_scan(struct ktm_replay *replay)
{
	return scan(replay, NULL);
}

int ktm_replay_scan_and_run(struct ktm_replay *replay)
{
	int visited = 0;
	int ret = scan(replay, &visited);

	return ret ? ret : visited;
}

int ktm_replay_run(struct ktm_replay *replay)
{
	struct ktm_format_buffer buffer;
	enum ktm_replay_end end;
	struct walk walk;
	void *data;
	int ret;

	walk_init(replay, &walk, replay->end_lsn);
	replay->window_length = 0;
	while ((ret = walk_step(replay, &walk, &data, &buffer, &end)) > 0) {
		ret = visit_buffer(replay, data, &buffer);
		if (ret)
			return ret;
		walk_leave(data, &buffer);
	}
	if (ret < 0)
		return ret;
	return walk.lsn == replay->end_lsn ? 0 : -EIO;
}

/*
 * The start of the buffer around @lsn: the nearest block back that begins with
 * the magic, since no other block of a buffer does.
 */
static int find_buffer(struct ktm_replay *replay, u64 lsn, u64 floor, u64 *start)
{
	u64 size = replay->super.ring_size;
	u64 at = lsn - lsn % KTM_DISK_BLOCK;
	struct ktm_disk_buffer *disk;
	u64 lowest = at - at % size;
	void *data;
	int error;

	if (lowest < floor)
		lowest = floor;
	if (at - lowest > KTM_DISK_BUFFER_MAX - KTM_DISK_BLOCK)
		lowest = at - (KTM_DISK_BUFFER_MAX - KTM_DISK_BLOCK);

	replay->window_length = 0;
	error = look_at(replay, lowest, KTM_DISK_BLOCK, &data);
	if (error)
		return error;
	for (;;) {
		error = look_at(replay, at, KTM_DISK_BLOCK, &data);
		if (error)
			return error;
		disk = data;
		if (le32_to_cpu(disk->magic) == KTM_DISK_BUF_MAGIC) {
			*start = at;
			return 0;
		}
		if (at == lowest)
			return -EUCLEAN;
		at -= KTM_DISK_BLOCK;
	}
}

int ktm_replay_find(struct ktm_replay *replay, u64 lsn, u64 floor,
		    struct ktm_format_buffer *buffer, void **data)
{
	u64 start;
	int error;

	error = find_buffer(replay, lsn, floor, &start);
	if (error)
		return error;
	error = look_at_buffer(replay, start, data, buffer);
	/* unescaped, or half so: no longer a copy of the device */
	replay->window_length = 0;
	if (error == -ENOENT || error == -EBADMSG)
		return -EUCLEAN;
	if (error)
		return error;
	return ktm_format_check_buffer(*data, buffer);
}
