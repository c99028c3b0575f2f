/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - tell people how far long work is
 */
#ifndef _KTMCTL_PROGRESS_H
#define _KTMCTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct progress - work that may take long
 * @what: what is done to the bytes: "read", "written"
 * @bytes: how many so far
 * @next_ns: when to show it again
 * @on: somebody looks
 * @shown: a line is on the terminal
 */
struct progress {
	const char *what;
	uint64_t bytes;
	uint64_t next_ns;
	bool on;
	bool shown;
};

/**
 * progress_begin - begin some work
 * @progress: filled in; shown if stderr is a terminal
 * @what: what is done to the bytes
 */
void progress_begin(struct progress *progress, const char *what);

/**
 * progress_add - some bytes are done
 * @progress: the work
 * @bytes: how many more
 *
 * The first half second shows nothing.
 */
void progress_add(struct progress *progress, uint64_t bytes);

/**
 * progress_end - take the line away
 * @progress: the work; what comes later is shown again
 */
void progress_end(struct progress *progress);

#endif /* _KTMCTL_PROGRESS_H */
