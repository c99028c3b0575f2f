/* SPDX-License-Identifier: GPL-2.0 */
/*
 * userlib tests - test results as TAP
 */
#ifndef _USERLIB_TESTS_TAP_H
#define _USERLIB_TESTS_TAP_H

#include <stdbool.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/**
 * tap_ok - report one check
 * @good: its result
 * @format: what was checked
 *
 * Return: @good
 */
bool tap_ok(bool good, const char *format, ...)
	__attribute__((__format__(__printf__,
				  2, 3)));

/**
 * tap_done - print the plan
 *
 * Return: the exit status of the program.
 */
int tap_done(void);

#endif /* _USERLIB_TESTS_TAP_H */
