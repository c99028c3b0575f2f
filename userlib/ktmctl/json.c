// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - write JSON to stdout
 */
#include <stdio.h>
#include <string.h>

#include <ktm/ktm.h>

#include "json.h"

/* Bytes of the UTF-8 character at @text, 0 if there is none. */
static unsigned int utf8_length(const unsigned char *text)
{
	unsigned int length, i;

	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		length = 2;
	else if (text[0] >= 0xe0 && text[0] <= 0xef)
		length = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		length = 4;
	else
		return 0;
	for (i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((text[0] == 0xe0 && text[1] < 0xa0) ||
	    (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) ||
	    (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

static void put_string(const char *value)
{
	const unsigned char *text = (const unsigned char *)value;
	unsigned int length;

	putchar('"');
	for (; *text; text += length ? length : 1) {
		length = utf8_length(text);
		if (!length)
			fputs("\\ufffd", stdout);
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if (*text < 0x20 || *text == 0x7f)
			printf("\\u%04x", *text);
		else
			fwrite(text, 1, length, stdout);
	}
	putchar('"');
}

static void begin_value(struct json *json, const char *key)
{
	if (json->follows)
		putchar(',');
	if (json->depth)
		printf("\n%*s", 2 * (int)json->depth, "");
	if (key) {
		put_string(key);
		fputs(": ", stdout);
	}
	json->follows = true;
}

static void begin_group(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	putchar(bracket);
	json->depth++;
	json->follows = false;
}

static void end_group(struct json *json, char bracket)
{
	json->depth--;
	if (json->follows)
		printf("\n%*s", 2 * (int)json->depth, "");
	putchar(bracket);
	if (!json->depth)
		putchar('\n');
	json->follows = true;
}

void json_object(struct json *json, const char *key)
{
	begin_group(json, key, '{');
}

void json_object_end(struct json *json)
{
	end_group(json, '}');
}

void json_array(struct json *json, const char *key)
{
	begin_group(json, key, '[');
}

void json_array_end(struct json *json)
{
	end_group(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	put_string(value);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	printf("%llu", (unsigned long long)value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs(value ? "true" : "false", stdout);
}

void json_uuid(struct json *json, const char *key, const unsigned char *uuid)
{
	static const unsigned char none[KTM_UUID_SIZE];
	char text[KTM_UUID_TEXT_SIZE];

	begin_value(json, key);
	if (memcmp(uuid, none, sizeof(none)) == 0) {
		fputs("null", stdout);
		return;
	}
	ktm_uuid_format(uuid, text);
	put_string(text);
}
