/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl apply - carry a plan out under a transaction
 */
#ifndef _KTMCTL_APPLY_RUN_H
#define _KTMCTL_APPLY_RUN_H

#include <stdbool.h>

#include "apply_plan.h"

/**
 * struct run_target - what the plan is carried out on
 * @txf_fd: /dev/ktm_txf
 * @tx_fd: the transaction
 * @source_fd: top of the source
 * @target_fd: top of the target
 * @progress: show on stderr how far it is
 */
struct run_target {
	int txf_fd;
	int tx_fd;
	int source_fd;
	int target_fd;
	bool progress;
};

/**
 * run_plan - make all changes; they are not committed
 * @plan: the plan
 * @target: where
 *
 * Return: 0, or -1 after a message.
 */
int run_plan(const struct plan *plan, const struct run_target *target);

#endif /* _KTMCTL_APPLY_RUN_H */
