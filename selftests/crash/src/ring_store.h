/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A resource manager that logs in the ring
 *
 * It keeps one slot for each id on a block device. What goes into a slot is
 * logged under the enlistment when it is asked for, and written to the device at
 * COMMIT, from the log and not from memory. So the log is all that it needs to
 * keep its promise, and a power cut in between shows whether the log does.
 */
#ifndef _CRASH_RING_STORE_H
#define _CRASH_RING_STORE_H

#include <linux/ktm.h>

struct ring_store;

/**
 * ring_store_open - register, and finish what an earlier life left
 * @tm_fd: the TM
 * @number: which of the stores on the device, 0 to 255; also makes its UUID
 * @device: the block device
 * @max: highest id
 *
 * Return: the store; an error ends the program.
 */
struct ring_store *ring_store_open(int tm_fd, unsigned int number,
				   const char *device, unsigned int max);

/**
 * ring_store_close - leave
 * @store: the store; it has no unfinished enlistment
 */
void ring_store_close(struct ring_store *store);

/**
 * ring_store_recovered - enlistments of an earlier life that were carried out
 * @store: the store
 *
 * Return: how many.
 */
unsigned int ring_store_recovered(const struct ring_store *store);

/**
 * ring_store_write - fill a slot in a transaction
 * @store: the store
 * @tx_fd: the transaction
 * @id: the slot, from 1
 * @veto: refuse when asked to prepare
 *
 * An error ends the program.
 */
void ring_store_write(struct ring_store *store, int tx_fd, unsigned int id, int veto);

/**
 * ring_store_read - look at a slot
 * @store: the store
 * @id: the slot
 *
 * Return: 1 if it has what was to be written, 0 if it is empty, -1 if it has
 * anything else.
 */
int ring_store_read(struct ring_store *store, unsigned int id);

#endif /* _CRASH_RING_STORE_H */
