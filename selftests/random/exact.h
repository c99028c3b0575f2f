/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - random test: the processes whose calls a model foretells
 */
#ifndef _SELFTESTS_RANDOM_EXACT_H
#define _SELFTESTS_RANDOM_EXACT_H

#include "../ktm/ktm_harness.h"

#define PROCESSES_MAX	64

struct options {
	__u64 seed, ops, seconds;
	int processes;
	const char *kind;
	const char *device;	/* of the log; NULL: the TM is volatile */
	bool alone;		/* each process has a TM of its own */
};

/* @tm: the TM that they share; if they do not, one of the log, or none */
bool exact_run(const struct options *option, struct tm_handle *tm);

#endif /* _SELFTESTS_RANDOM_EXACT_H */
