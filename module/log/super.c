// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - log ring: the superblocks
 *
 * A and B are written in turn, so that the one written before is whole while
 * the new one is on its way. Flush before: all that the new one says is durable
 * really is. FUA: what its tail frees may be written over when it has returned.
 */
#include "log_internal.h"

static const u64 slot_offset[2] = { KTM_DISK_SB_A, KTM_DISK_SB_B };

int ktm_log_write_super(struct ktm_log *log, u64 tail, u64 flags)
{
	struct ktm_format_super *super = &log->super;
	int error;

	lockdep_assert_held(&log->space_lock);

	spin_lock_irq(&log->io_lock);
	error = log->error;
	super->epoch_lsn = log->durable;
	log->nr_flushes++;
	log->nr_writes++;
	log->nr_bytes += KTM_DISK_BLOCK;
	spin_unlock_irq(&log->io_lock);
	if (error)
		return error;

	log->slot = !log->slot;
	super->sequence++;
	super->tail_lsn = tail;
	/* the records below the tail may be the only ones that have it */
	super->clock = max(super->clock, log->ops->clock(log->owner));
	super->flags = flags;
	ktm_format_encode_super(log->super_block, super);
	error = ktm_log_write_device(log, slot_offset[log->slot],
				     log->super_block, KTM_DISK_BLOCK);
	if (error) {
		ktm_log_fail(log, error);
		return error;
	}

	spin_lock_irq(&log->io_lock);
	log->tail = tail;
	spin_unlock_irq(&log->io_lock);
	return 0;
}
