/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - a transaction that waits between prepare and commit
 */
#ifndef _SELFTESTS_TXF_SLOW_H
#define _SELFTESTS_TXF_SLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* An RM that prepares after ktm_txf, which gives time for something else. */
struct slow {
	int tx;
	int rm;
	int en;
	pid_t child;		/* asks for the commit */
};

/* Begin a transaction, with an enlistment of such an RM; 0 or a negative errno. */
int slow_begin(struct slow *slow);

/* Begin one by a transaction that is there; its fd is taken over. */
int slow_join(struct slow *slow, int tx);

void slow_end(struct slow *slow);

/* Wait for a notification of a type. */
bool slow_next_is(struct slow *slow, uint32_t type);

/* Has ktm_txf prepared, after the commit was asked for? */
bool slow_is_prepared(struct slow *slow);

/* Ask for the commit; true when ktm_txf is prepared and the RM is not. */
bool slow_commit(struct slow *slow);

/* The RM prepares, too, and commits. */
int slow_go_on(struct slow *slow);

/* The errno with which the commit ends. */
int slow_wait(struct slow *slow);

#endif /* _SELFTESTS_TXF_SLOW_H */
