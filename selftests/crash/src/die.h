/* SPDX-License-Identifier: GPL-2.0 */
/*
 * End a test program where it cannot go on
 */
#ifndef _CRASH_DIE_H
#define _CRASH_DIE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * die - say why, and end the program
 * @what: what failed
 * @error: errno value, either sign
 */
static inline _Noreturn void die(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, strerror(abs(error)));
	exit(1);
}

/**
 * check - end the program if a call failed
 * @what: the call
 * @ret: what it returned
 */
static inline void check(const char *what, int ret)
{
	if (ret)
		die(what, ret);
}

#endif /* _CRASH_DIE_H */
