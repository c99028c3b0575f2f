/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - what every command uses: the command table, exit codes, messages
 */
#ifndef _KTMCTL_KTMCTL_H
#define _KTMCTL_KTMCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define __printf(a, b) \
	__attribute__((__format__(__printf__, \
				  a, b)))

#define KTMCTL_OK	0	/* done */
#define KTMCTL_FAILED	1	/* it was tried and failed */
#define KTMCTL_USAGE	2	/* the command line is wrong, nothing was tried */

/**
 * struct ktmctl_command - one subcommand
 * @name: what the user types
 * @run: does it; @argv[0] is "ktmctl" and @name; returns KTMCTL_OK, _FAILED or _USAGE
 * @help: one line for the list of commands
 * @usage: synopsis and options; begins with what follows "ktmctl"
 */
struct ktmctl_command {
	const char *name;
	int (*run)(const struct ktmctl_command *command, int argc, char **argv);
	const char *help;
	const char *usage;
};

extern const struct ktmctl_command cmd_init;
extern const struct ktmctl_command cmd_attach;
extern const struct ktmctl_command cmd_recover;
extern const struct ktmctl_command cmd_detach;
extern const struct ktmctl_command cmd_adopt;
extern const struct ktmctl_command cmd_freeze;
extern const struct ktmctl_command cmd_thaw;
extern const struct ktmctl_command cmd_status;
extern const struct ktmctl_command cmd_list;
extern const struct ktmctl_command cmd_txf;
extern const struct ktmctl_command cmd_apply;
extern const struct ktmctl_command cmd_log;

/**
 * ktmctl_usage - print the usage of a command to stdout (for --help)
 * @command: the command
 * Return: KTMCTL_OK
 */
int ktmctl_usage(const struct ktmctl_command *command);

/**
 * ktmctl_usage_error - say what is wrong with the command line
 * @command: the command
 * @format: as for printf; NULL when getopt_long() has said it already
 * Return: KTMCTL_USAGE
 */
int ktmctl_usage_error(const struct ktmctl_command *command,
		       const char *format, ...)
	__printf(2, 3);

/**
 * struct ktmctl_advice - what an errno means for one operation
 * @error: positive errno; 0 ends a table
 * @why: why it happened
 * @next: what the user can do about it, or NULL
 */
struct ktmctl_advice {
	int error;
	const char *why;
	const char *next;
};

/**
 * ktmctl_fail - print what failed, why, and what to do next
 * @table: what errors mean here, or NULL
 * @error: errno, either sign
 * @format: what was tried, as in "cannot open %s"
 *
 * An error that is not in the table is explained by strerror().
 *
 * Return: KTMCTL_FAILED
 */
int ktmctl_fail(const struct ktmctl_advice *table, int error,
		const char *format, ...)
	__printf(3, 4);

/**
 * ktmctl_refuse - print why nothing was done although no call has failed
 * @next: what the user can do about it, or NULL
 * @format: what is wrong
 * Return: KTMCTL_FAILED
 */
int ktmctl_refuse(const char *next, const char *format, ...) __printf(2, 3);

/**
 * ktmctl_note - print a remark to stderr
 * @format: as for printf
 */
void ktmctl_note(const char *format, ...) __printf(1, 2);

/**
 * ktmctl_flush - make sure that stdout was written
 *
 * Return: KTMCTL_OK, or KTMCTL_FAILED with a message.
 */
int ktmctl_flush(void);

#endif /* _KTMCTL_KTMCTL_H */
