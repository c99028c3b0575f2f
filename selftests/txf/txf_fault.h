/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - what tests with injected faults have in common
 */
#ifndef _SELFTESTS_TXF_FAULT_H
#define _SELFTESTS_TXF_FAULT_H

#include <stdbool.h>

#include "fail_nth.h"
#include "txf_harness.h"

#define NTH_MAX		600

/* Is it what a fault makes of a call: no memory, or user memory that is not there? */
bool is_fault(int ret);

/* Nothing is left of any transaction on the file system of @dir. */
bool is_clean(int dir);

/* The number that the next fd will have. */
int next_fd(void);

/* env_main() with one ext4; skipped if the kernel has no fault injection. */
int fault_main(int argc, char **argv, int (*tests)(int argc, char **argv));

#endif /* _SELFTESTS_TXF_FAULT_H */
