// SPDX-License-Identifier: GPL-2.0
/*
 * userlib tests - parts of ktmctl that need no kernel module
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply_dirs.h"
#include "apply_links.h"
#include "json.h"
#include "tap.h"
#include "text.h"

static void test_numbers(void)
{
	static const char *const bad[] = { "", "-1", "K", "1X", "1KB", " 1" };
	char text[TEXT_BYTES_SIZE];
	uint64_t n = 0;
	size_t i;

	tap_ok(!parse_size("64M", &n) && n == 64ULL << 20, "64M");
	tap_ok(!parse_size("1t", &n) && n == 1ULL << 40, "1t");
	tap_ok(!parse_size("4096", &n) && n == 4096, "4096");
	tap_ok(parse_size("16777216T", &n) == -ERANGE, "2^64 is too much");
	tap_ok(parse_size("99999999999999999999", &n) == -ERANGE,
	       "10^20 is too much");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		tap_ok(parse_size(bad[i], &n) == -EINVAL, "'%s' is no size",
		       bad[i]);
	tap_ok(!parse_number("0660", 8, 0666, &n) && n == 0660, "mode 0660");
	tap_ok(parse_number("0670", 8, 0666, &n) == -ERANGE, "mode 0670");
	tap_ok(parse_number("0680", 8, 0666, &n) == -EINVAL, "mode 0680");
	tap_ok(!strcmp(format_bytes(text, 1536), "1.5 KiB"), "1.5 KiB");
	tap_ok(!strcmp(format_bytes(text, UINT64_MAX), "16.0 EiB"), "16 EiB");
	tap_ok(!strcmp(format_age(text, 59999999999), "59s"), "59 s");
	tap_ok(!strcmp(format_age(text, 60000000000), "1m"), "1 minute");
	tap_ok(!strcmp(format_age(text, 3600000000000), "1h"), "1 hour");
	tap_ok(!strcmp(format_age(text, 172799999999999), "47h"), "47 hours");
	tap_ok(!strcmp(format_age(text, UINT64_MAX), "213503d"), "all time");
	tap_ok(!strcmp(show_path("a\nb\\c\x1b"), "a\\012b\\134c\\033"),
	       "control characters are not shown as they are");
}

static void test_links(void)
{
	struct link_map map = { 0 };
	struct link_entry *entry;
	unsigned int i, wrong = 0;
	const unsigned int many = 20000;

	for (i = 1; i <= many; i++) {
		entry = link_map_find(&map, i % 3, i);
		if (!entry || entry->partner.ino)
			wrong++;
		else
			entry->partner.ino = 10 * i;
	}
	for (i = 1; i <= many; i++) {
		entry = link_map_find(&map, i % 3, i);
		if (!entry || entry->partner.ino != 10 * i)
			wrong++;
	}
	tap_ok(!wrong && map.count == many, "%u inodes are found again", many);
	entry = link_map_find(&map, 9, 1);
	tap_ok(entry && !entry->partner.ino, "the file system counts, too");
	link_map_free(&map);
}

/* Directories "opened" are numbered, and the names are kept. */
static char opened[512];
static int refuse_open;

static int fake_open(void *ctx, int parent_fd, const char *name)
{
	int *next = ctx;
	size_t length = strlen(opened);

	if (refuse_open)
		return -ELOOP;
	snprintf(opened + length, sizeof(opened) - length, "%d/%s ", parent_fd,
		 name);
	return (*next)++;
}

static bool find_dir(struct dir_stack *stack, const char *path, int fd,
		     const char *base, const char *opens)
{
	const char *last;
	int got;

	opened[0] = '\0';
	got = dir_stack_seek(stack, path, &last);
	return tap_ok(got == fd && !strcmp(last, base) &&
		      !strcmp(opened, opens), "seek %s: %d, '%s', opened %s",
		      path, got, last, opened);
}

static void test_dirs(void)
{
	int next = 1000; /* no fd that close() would find open */
	struct dir_stack stack = { .open = fake_open, .ctx = &next,
				   .top_fd = 500 };
	const char *base;

	find_dir(&stack, ".", 500, ".", "");
	find_dir(&stack, "a", 500, "a", "");
	find_dir(&stack, "a/b/c", 1001, "c", "500/a 1000/b ");
	find_dir(&stack, "a/b/d", 1001, "d", "");
	find_dir(&stack, "a/bb/e", 1002, "e", "1000/bb ");
	find_dir(&stack, "a/b", 1000, "b", "");
	find_dir(&stack, "aa/x", 1003, "x", "500/aa ");
	find_dir(&stack, "aa/y/z/x", 1005, "x", "1003/y 1004/z ");
	dir_stack_forget(&stack, "aa/yy");
	find_dir(&stack, "aa/y/z/w", 1005, "w", "");
	dir_stack_forget(&stack, "aa/y");
	find_dir(&stack, "aa/y/z/w", 1007, "w", "1003/y 1006/z ");
	refuse_open = 1;
	tap_ok(dir_stack_seek(&stack, "b/c", &base) == -ELOOP,
	       "a directory that cannot be opened");
	refuse_open = 0;
	find_dir(&stack, "b/c", 1008, "c", "500/b ");
	dir_stack_free(&stack);
}

static void json_document(void)
{
	static const unsigned char none[16];
	struct json json = { 0 };

	json_object(&json, NULL);
	json_string(&json, "s", "a\"\\\n\xc3\xa4\xff\xed\xa0\x80");
	json_array(&json, "list");
	json_number(&json, NULL, UINT64_MAX);
	json_bool(&json, NULL, true);
	json_uuid(&json, NULL, none);
	json_array_end(&json);
	json_object(&json, "empty");
	json_object_end(&json);
	json_object_end(&json);
}

static void test_json(void)
{
	static const char want[] =
		"{\n  \"s\": \"a\\\"\\\\\\u000a\xc3\xa4\\ufffd\\ufffd\\ufffd\\ufffd\",\n"
		"  \"list\": [\n    18446744073709551615,\n    true,\n    null\n  ],\n"
		"  \"empty\": {}\n}\n";
	char got[512] = "";
	FILE *file = tmpfile();
	int saved = dup(STDOUT_FILENO);
	size_t length;

	if (!tap_ok(file && saved >= 0, "a place for the document"))
		return;
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	json_document();
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	length = fread(got, 1, sizeof(got) - 1, file);
	fclose(file);
	tap_ok(length == strlen(want) && !strcmp(got, want), "JSON");
}

int main(void)
{
	test_numbers();
	test_links();
	test_dirs();
	test_json();
	return tap_done();
}
