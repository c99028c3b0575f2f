/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - waiting for memory
 */
#ifndef _KTM_TXF_MEMORY_H
#define _KTM_TXF_MEMORY_H

#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

/**
 * txf_wait_for_memory - try again what must be carried out?
 * @error: how the last try went
 *
 * What is decided, or tidies up after it, can only wait for memory, and for the
 * client of an NFS server to give a delegation back. Workers do so as long as it
 * takes, processes until they are killed.
 *
 * Return: true, after a pause, if it has failed for one of these reasons.
 */
static inline bool txf_wait_for_memory(int error)
{
	if (error != -ENOMEM && error != -EAGAIN)
		return false;
	if (fatal_signal_pending(current))
		return false;
	schedule_timeout_killable(HZ / 50);
	return true;
}

#endif /* _KTM_TXF_MEMORY_H */
