// SPDX-License-Identifier: GPL-2.0
/*
 * What `ktmctl log dump` prints of hostile images (device.h), as text and as JSON
 *
 * No byte in it may do anything to a terminal; brackets and quotes of the JSON match.
 */
#include <stdio.h>

#include "device.h"
#include "fuzz.h"
#include "log_show.h"

/**
 * struct printed - what was printed so far
 * @json: it is JSON
 * @quoted: inside a string
 * @escaped: behind a backslash
 * @depth: open brackets
 */
static struct printed {
	bool json, quoted, escaped;
	unsigned int depth;
} printed;

static void look_at_json(char c)
{
	if (printed.escaped)
		printed.escaped = false;
	else if (printed.quoted && c == '\\')
		printed.escaped = true;
	else if (c == '"')
		printed.quoted = !printed.quoted;
	else if (!printed.quoted && (c == '{' || c == '['))
		printed.depth++;
	else if (!printed.quoted && (c == '}' || c == ']'))
		require(printed.depth--);
}

static ssize_t take(void *cookie, const char *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		require(data[i] == '\n' || (unsigned char)data[i] >= ' ');
		require(data[i] != 0x7f);
		if (printed.json)
			look_at_json(data[i]);
	}
	return size;
}

/**
 * struct dumper - as in cmd_log.c
 * @replay: the replay
 * @show: how to show it
 * @in_buffer: a buffer was begun
 */
struct dumper {
	struct ktm_replay replay;
	struct log_show show;
	bool in_buffer;
};

static void end_buffer(struct dumper *dumper)
{
	if (dumper->in_buffer)
		log_show_buffer_end(&dumper->show);
	dumper->in_buffer = false;
}

static int show_buffer(void *ctx, const struct ktm_format_buffer *buffer)
{
	struct dumper *dumper = ctx;

	end_buffer(dumper);
	log_show_buffer(&dumper->show, buffer);
	dumper->in_buffer = true;
	return 0;
}

static int show_record(void *ctx, const struct ktm_format_record *record,
		       const struct ktm_format_buffer *buffer)
{
	struct dumper *dumper = ctx;

	log_show_record(&dumper->show, record);
	return 0;
}

static const struct ktm_replay_ops ops = {
	.read = device_read,
	.buffer = show_buffer,
	.record = show_record,
};

static void dump(struct dumper *dumper)
{
	struct json *json = dumper->show.json;
	int ret;

	device_start(&dumper->replay, &ops, dumper);
	if (ktm_replay_open(&dumper->replay))
		return;
	ret = ktm_replay_scan(&dumper->replay);
	printed = (struct printed){ .json = json };
	if (json)
		json_object(json, NULL);
	log_show_summary(&dumper->show, &dumper->replay, ret == -EUCLEAN);
	if (json)
		json_array(json, "log");
	require(!ktm_replay_run(&dumper->replay));
	end_buffer(dumper);
	if (json) {
		json_array_end(json);
		json_object_end(json);
	}
	fflush(stdout);
	require(!printed.quoted && !printed.depth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json document = { 0 };
	struct dumper text = { .show.data = size % 8 == 1 };
	struct dumper json = { .show.json = &document, .show.data = size % 8 == 1 };
	static FILE *file;

	if (!file) {
		file = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = take });
		if (!file)
			abort();
		stdout = file;
	}
	if (!device_load(data, size))
		return 0;
	dump(&text);
	dump(&json);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	return device_mutate(data, size, max_size, seed);
}
