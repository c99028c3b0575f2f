// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - read and write numbers as people do
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "ktmctl.h"

int parse_number(const char *text, int base, uint64_t max, uint64_t *number)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, base);
	if (*end)
		return -EINVAL;
	if (errno || value > max)
		return -ERANGE;
	*number = value;
	return 0;
}

int parse_size(const char *text, uint64_t *size)
{
	static const char units[] = "KMGT";
	unsigned long long value;
	const char *unit;
	unsigned int shift = 0;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit || end[1])
			return -EINVAL;
		shift = 10 * (unit - units + 1);
	}
	if (value > UINT64_MAX >> shift)
		return -ERANGE;
	*size = value << shift;
	return 0;
}

const char *format_bytes(char *text, uint64_t bytes)
{
	static const char *const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
	};
	unsigned int unit = 0;
	double value = bytes;

	while (value >= 1024 && unit < ARRAY_SIZE(units) - 1) {
		value /= 1024;
		unit++;
	}
	snprintf(text, TEXT_BYTES_SIZE, unit ? "%.1f %s" : "%.0f %s", value,
		 units[unit]);
	return text;
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

const char *format_age(char *text, uint64_t ns)
{
	uint64_t seconds = ns / 1000000000;

	if (seconds < 60)
		snprintf(text, TEXT_AGE_SIZE, "%us", (unsigned int)seconds);
	else if (seconds < 60 * 60)
		snprintf(text, TEXT_AGE_SIZE, "%um", (unsigned int)(seconds / 60));
	else if (seconds < 48 * 60 * 60)
		snprintf(text, TEXT_AGE_SIZE, "%uh", (unsigned int)(seconds / 3600));
	else
		snprintf(text, TEXT_AGE_SIZE, "%ud", (unsigned int)(seconds / 86400));
	return text;
}

/* The first line of a small file, without its newline; 0 or -1. */
static int read_line(const char *path, char *line, size_t size)
{
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, line, size - 1);
	close(fd);
	if (got <= 0)
		return -1;
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

const char *format_device(char *text, size_t size, unsigned int major,
			  unsigned int minor)
{
	char path[96], link[512], backing[512];
	const char *name;
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major, minor);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0) {
		snprintf(text, size, "%u:%u", major, minor);
		return text;
	}
	link[length] = '\0';
	name = strrchr(link, '/');
	name = name ? name + 1 : link;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/loop/backing_file",
		 major, minor);
	if (read_line(path, backing, sizeof(backing)) == 0)
		snprintf(text, size, "/dev/%s over %s", name, backing);
	else
		snprintf(text, size, "/dev/%s", name);
	return text;
}

const char *show_path(const char *path)
{
	static char text[4 * PATH_MAX];
	size_t length = 0;

	for (; *path && length < sizeof(text) - 5; path++) {
		if (iscntrl((unsigned char)*path) || *path == '\\')
			length += snprintf(text + length, 5, "\\%03o",
					   (unsigned char)*path);
		else
			text[length++] = *path;
	}
	text[length] = '\0';
	return text;
}
