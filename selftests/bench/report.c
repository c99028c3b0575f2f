// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - results of the benchmarks, as TAP
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static int number, failed;

void result(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
	fflush(stdout);
	failed += !good;
}

void skip(const char *why, const char *what)
{
	printf("ok %d - %s # SKIP %s\n", ++number, what, why);
}

int report(void)
{
	printf("1..%d\n# %d passed, %d failed\n", number, number - failed, failed);
	fflush(stdout);
	return failed ? 1 : 0;
}

void give_up(const char *what, int ret)
{
	printf("# %s: %s\n", what, strerror(-ret));
	result(false, "measure");
	exit(report());
}

void must(const char *what, int ret)
{
	if (ret)
		give_up(what, ret);
}

static int compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

double median(double *values, int nr)
{
	qsort(values, nr, sizeof(*values), compare);
	return values[nr / 2];
}
