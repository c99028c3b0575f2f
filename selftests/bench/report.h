/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - results of the benchmarks, as TAP
 *
 * Only ratios within a run, and counts, are judged: times are the machine's.
 */
#ifndef _SELFTESTS_BENCH_REPORT_H
#define _SELFTESTS_BENCH_REPORT_H

#include <stdbool.h>
#include <stdnoreturn.h>

void result(bool good, const char *what);
void skip(const char *why, const char *what);

/* The last line; the exit status of the program. */
int report(void);

/* Ends the program, as failed, unless @ret is 0. */
void must(const char *what, int ret);
noreturn void give_up(const char *what, int ret);

/* Sorts them. */
double median(double *values, int nr);

#endif /* _SELFTESTS_BENCH_REPORT_H */
