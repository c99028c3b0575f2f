// SPDX-License-Identifier: GPL-2.0
/*
 * userlib tests - test results as TAP
 */
#include <stdarg.h>
#include <stdio.h>

#include "tap.h"

static unsigned int nr_checks;
static unsigned int nr_failed;

bool tap_ok(bool good, const char *format, ...)
{
	va_list args;

	if (!good)
		nr_failed++;
	printf("%s %u - ", good ? "ok" : "not ok", ++nr_checks);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	return good;
}

int tap_done(void)
{
	printf("1..%u\n", nr_checks);
	return nr_failed || !nr_checks;
}
