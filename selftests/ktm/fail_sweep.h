/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - a scenario, once with each of its fault points failing
 *
 * In the scenarios that use TRY() a call that has failed must have changed nothing: the
 * same call without a fault works, and the scenario comes to its end.
 */
#ifndef _SELFTESTS_KTM_FAIL_SWEEP_H
#define _SELFTESTS_KTM_FAIL_SWEEP_H

#include "fail_nth.h"
#include "ktm_harness.h"

/* What a scenario works with; fds that are not 0 are closed after it. */
struct objects {
	struct tm_handle tm;
	struct rm_handle rm, boss;
	struct tx_handle tx;
	struct en_handle en, sup;
	int kernel_rm;
	unsigned int failed;	/* calls of TRY() that have failed */
	bool ended;		/* the RM has given its last answer */
	bool lost;		/* an answer had no place: it may have been done */
};

struct scenario {
	int (*run)(struct objects *o, const char *path);
	bool durable;
	bool careful;		/* works in spite of a fault: uses TRY() */
	/* before and after each run, without faults; may be NULL */
	int (*before)(struct objects *o, const char *path);
	int (*after)(struct objects *o, const char *path);
};

struct sweep {
	const char *path;	/* of the log device, for scenarios that are durable */
	int nth;		/* from open_fail_nth() */
	int points;		/* out: fault points */
	int failed;		/* out: of them, those that made a call fail */
};

/* A fault comes once: what has failed is called again. */
#define TRY(o, call)							\
	({								\
		int try_ = 0, ret_;					\
									\
		while ((ret_ = (call)) && !try_++)			\
			(o)->failed++;					\
		ret_;							\
	})

/* Lists from the start; finds as many as there must be. */
int fail_list(struct objects *o, int fd, unsigned int cmd, __u32 nr);

/* Reads a notification of that type from an RM. */
int fail_read_note_of(struct objects *o, const struct rm_handle *rm, __u32 type);

static inline int fail_read_note(struct objects *o, __u32 type)
{
	return fail_read_note_of(o, &o->rm, type);
}

/* How many things are not as they must be, each told; 0 is good. */
int fail_sweep(struct sweep *sweep, const struct scenario *scenario);

#endif /* _SELFTESTS_KTM_FAIL_SWEEP_H */
