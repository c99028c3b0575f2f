/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - one fault at the n-th fault point of the calling task
 */
#ifndef _SELFTESTS_FAIL_NTH_H
#define _SELFTESTS_FAIL_NTH_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text_file.h"

#define KNOBS	"/sys/kernel/debug/failslab/"

/* Faults in this task only, at the fault points that fail-nth counts. */
static inline int open_fail_nth(void)
{
	char path[64];

	write_text(KNOBS "ignore-gfp-wait", "N");
	write_text("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	write_text("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	write_text("/sys/kernel/debug/fail_usercopy/verbose", "0");
	write_text(KNOBS "verbose", "0");
	write_text("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", gettid());
	return open(path, O_RDWR | O_CLOEXEC);
}

/* The calls on this file have fault points of their own: each fault comes once. */
static inline void set_nth(int fd, int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", nth), tries;

	for (tries = 0; tries < 3; tries++)
		if (pwrite(fd, text, n, 0) == n)
			return;
	abort();
}

/* Was the fault taken by the scenario? Ends the injection. */
static inline bool fault_taken(int fd)
{
	char text[16] = "";
	bool taken;

	/* a read that fails has taken it itself */
	taken = pread(fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
	set_nth(fd, 0);
	return taken;
}

#endif /* _SELFTESTS_FAIL_NTH_H */
