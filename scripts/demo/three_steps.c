// SPDX-License-Identifier: GPL-2.0
/*
 * The classic change in three steps, in one transaction:
 *
 *	1. write a new configuration file,
 *	2. let a setting point to it,
 *	3. set a status flag, which another process keeps in an SQLite database.
 *
 * Whatever fails, here or there, all three happen or none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ktm/ktm.h>
#include <ktm/ktm_txf.h>

#include "flag_client.h"
#include "one_tm.h"

#define TEXT_MAX	65536	/* of a file that we read */

static int txf_fd;
static int tx_fd;

/* Reads a file to its end; 0 or a negative errno. */
static int read_text(int fd, char *text)
{
	size_t length = 0;
	ssize_t got;

	while ((got = read(fd, text + length, TEXT_MAX - 1 - length)) > 0)
		length += got;
	text[length] = '\0';
	if (length == TEXT_MAX - 1)
		return -EFBIG;
	return got < 0 ? -errno : 0;
}

/* Gives a file a new content; the others see it when we commit. */
static int write_file(const char *path, const char *text)
{
	size_t length = strlen(text);
	int fd, ret = 0;

	fd = ktm_txf_open(txf_fd, tx_fd, AT_FDCWD, path,
			  O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		return fd;
	if (write(fd, text, length) != (ssize_t)length)
		ret = -EIO;
	if (close(fd))
		ret = -errno;
	return ret;
}

/* Copies @text to @to, but with the line "key = ..." changed to @value. */
static int set_line(FILE *to, char *text, const char *key, const char *value)
{
	char *line, *rest = text, *name;
	int found = 0;

	while ((line = strsep(&rest, "\n"))) {
		name = line + strspn(line, " \t");
		if (!strncmp(name, key, strlen(key)) &&
		    name[strlen(key) + strspn(name + strlen(key), " \t")] == '=') {
			fprintf(to, "%.*s%s = %s", (int)(name - line), line, key, value);
			found = 1;
		} else {
			fputs(line, to);
		}
		if (rest)
			fputc('\n', to);
	}
	return found ? 0 : -ENOENT;
}

static int change_setting(const char *path, const char *key, const char *value)
{
	static char text[TEXT_MAX];
	char *changed;
	size_t size;
	FILE *to;
	int fd, ret;

	fd = ktm_txf_open(txf_fd, tx_fd, AT_FDCWD, path, O_RDONLY, 0);
	if (fd < 0)
		return fd;
	ret = read_text(fd, text);
	close(fd);
	if (ret)
		return ret;
	to = open_memstream(&changed, &size);
	if (!to)
		return -ENOMEM;
	ret = set_line(to, text, key, value);
	if (fclose(to) && !ret)
		ret = -ENOMEM;
	if (!ret)
		ret = write_file(path, changed);
	free(changed);
	return ret;
}

static int tell(int number, const char *what, int ret)
{
	printf("step %d: %-44s %s\n", number, what, ret ? strerror(-ret) : "done");
	return ret;
}

static int three_steps(char **argv)
{
	static char text[TEXT_MAX];
	char *value = strchr(argv[5], '=');
	int ret;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	ret = read_text(STDIN_FILENO, text);
	if (!ret)
		ret = write_file(argv[1], text);
	if (tell(1, "write the new configuration file", ret))
		return ret;
	ret = change_setting(argv[2], argv[3], argv[1]);
	if (tell(2, "let the setting point to it", ret))
		return ret;
	ret = flag_client_set(argv[4], tx_fd, argv[5], value);
	return tell(3, "ask for the status flag", ret);
}

static void explain(int tm_fd)
{
	struct ktm_tx_info info;
	struct ktm_rm_info rm;

	if (ktm_tx_query(tx_fd, &info, sizeof(info)))
		return;
	printf("rolled back: %s", ktm_reason_name(info.reason));
	if (!ktm_rm_query(tm_fd, info.reason_rm, &rm, sizeof(rm)))
		printf(" (%s)", rm.name);
	printf("%s%s\n", info.detail[0] ? ": " : "", info.detail);
}

static int commit(void)
{
	int ret;

	do {
		ret = ktm_tx_commit(tx_fd, 0);
	} while (ret == -EINTR);
	return ret;
}

int main(int argc, char **argv)
{
	struct ktm_tm_info info;
	int tm_fd, ret;

	if (argc != 6) {
		fprintf(stderr,
			"usage: three_steps CONFIG SETTINGS KEY SOCKET FLAG=VALUE < CONTENT\n"
			"Make the file CONFIG, set KEY in the file SETTINGS to it, and have sqlite_rm at\n"
			"SOCKET set FLAG, in one transaction. The exit status is 1 if it was rolled back.\n");
		return 2;
	}
	tm_fd = one_tm_open(&info);
	if (tm_fd < 0)
		return 1;
	txf_fd = ktm_txf_control_open();
	tx_fd = ktm_tx_create(tm_fd, "three steps", 0, NULL);
	if (txf_fd < 0 || tx_fd < 0) {
		fprintf(stderr, "cannot begin: %s\n", strerror(txf_fd < 0 ? -txf_fd : -tx_fd));
		return 1;
	}
	ret = three_steps(argv);
	if (ret)
		ktm_tx_rollback(tx_fd, 0);
	else
		ret = commit();
	if (ret == 0)
		printf("committed\n");
	else if (ret == -ECANCELED || ret == -EIO)
		explain(tm_fd);
	else
		printf("rolled back: %s\n", strerror(-ret));
	return ret ? 1 : 0;
}
