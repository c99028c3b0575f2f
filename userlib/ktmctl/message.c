// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - messages for people
 *
 * A failure takes up to two lines: what and why, then what to do next.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ktmctl.h"

int ktmctl_usage(const struct ktmctl_command *command)
{
	printf("Usage: ktmctl %s", command->usage);
	return ktmctl_flush();
}

int ktmctl_usage_error(const struct ktmctl_command *command,
		       const char *format, ...)
{
	va_list args;

	if (format) {
		fputs("ktmctl: ", stderr);
		va_start(args, format);
		vfprintf(stderr, format, args);
		va_end(args);
		fputc('\n', stderr);
	}
	fprintf(stderr, "Try 'ktmctl %s --help'.\n", command->name);
	return KTMCTL_USAGE;
}

static void print_next(const char *next)
{
	if (next)
		fprintf(stderr, "  %s\n", next);
}

int ktmctl_fail(const struct ktmctl_advice *table, int error,
		const char *format, ...)
{
	va_list args;

	if (error < 0)
		error = -error;
	for (; table && table->error && table->error != error; table++)
		;
	fputs("ktmctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (table && table->error) {
		fprintf(stderr, ": %s\n", table->why);
		print_next(table->next);
	} else {
		fprintf(stderr, ": %s\n", strerror(error));
	}
	return KTMCTL_FAILED;
}

int ktmctl_refuse(const char *next, const char *format, ...)
{
	va_list args;

	fputs("ktmctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	print_next(next);
	return KTMCTL_FAILED;
}

void ktmctl_note(const char *format, ...)
{
	va_list args;

	fputs("ktmctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int ktmctl_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return KTMCTL_OK;
	return ktmctl_fail(NULL, errno, "cannot write the output");
}
