// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - find the command and run it
 */
#include <stdio.h>
#include <string.h>

#include "ktmctl.h"

static const struct ktmctl_command cmd_help;

static const struct ktmctl_command *const commands[] = {
	&cmd_init,
	&cmd_attach,
	&cmd_recover,
	&cmd_detach,
	&cmd_adopt,
	&cmd_freeze,
	&cmd_thaw,
	&cmd_status,
	&cmd_list,
	&cmd_txf,
	&cmd_apply,
	&cmd_log,
	&cmd_help,
};

static const struct ktmctl_command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int print_overview(void)
{
	size_t i;

	puts("Usage: ktmctl COMMAND [OPTION]... [ARGUMENT]...\n"
	     "Set up and look at ktm, the kernel transaction manager.\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->help);
	puts("\n'ktmctl COMMAND --help' tells about a command; 'ktmctl --version' the version.");
	return ktmctl_flush();
}

static int unknown_command(const char *name)
{
	fprintf(stderr, "ktmctl: there is no command '%s'\nTry 'ktmctl help'.\n",
		name);
	return KTMCTL_USAGE;
}

static int run_help(const struct ktmctl_command *command, int argc, char **argv)
{
	const struct ktmctl_command *wanted;

	if (argc < 2)
		return print_overview();
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return ktmctl_usage(command);
	if (argc > 2)
		return ktmctl_usage_error(command, "one command at a time");
	wanted = find_command(argv[1]);
	return wanted ? ktmctl_usage(wanted) : unknown_command(argv[1]);
}

static const struct ktmctl_command cmd_help = {
	.name = "help",
	.run = run_help,
	.help = "tell about the commands",
	.usage = "help [COMMAND]\n"
		 "List the commands, or tell about one.\n",
};

int main(int argc, char **argv)
{
	const struct ktmctl_command *command;
	char program[32];

	if (argc < 2) {
		fputs("ktmctl: a command is missing\nTry 'ktmctl help'.\n",
		      stderr);
		return KTMCTL_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_overview();
	if (strcmp(argv[1], "--version") == 0) {
		puts("ktmctl " KTM_VERSION);
		return ktmctl_flush();
	}
	command = find_command(argv[1]);
	if (!command)
		return unknown_command(argv[1]);
	/* getopt_long() begins its messages with this */
	snprintf(program, sizeof(program), "ktmctl %s", command->name);
	argv[1] = program;
	return command->run(command, argc - 1, argv + 1);
}
