/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - write JSON to stdout
 */
#ifndef _KTMCTL_JSON_H
#define _KTMCTL_JSON_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct json - a document being written; starts all zero
 * @depth: open objects and arrays
 * @follows: something stands before in the innermost one
 */
struct json {
	unsigned int depth;
	bool follows;
};

/*
 * Each call writes one member of the innermost object, named @key, or with @key
 * NULL one element of the innermost array. The end of the outermost object or
 * array ends the line.
 */

/**
 * json_object - begin an object
 * @json: the document
 * @key: its name, or NULL
 */
void json_object(struct json *json, const char *key);

/**
 * json_object_end - end it
 * @json: the document
 */
void json_object_end(struct json *json);

/**
 * json_array - begin an array
 * @json: the document
 * @key: its name, or NULL
 */
void json_array(struct json *json, const char *key);

/**
 * json_array_end - end it
 * @json: the document
 */
void json_array_end(struct json *json);

/**
 * json_string - write a string
 * @json: the document
 * @key: its name, or NULL
 * @value: the text; bytes that are no UTF-8 are written as U+FFFD
 */
void json_string(struct json *json, const char *key, const char *value);

/**
 * json_number - write a number
 * @json: the document
 * @key: its name, or NULL
 * @value: the number
 */
void json_number(struct json *json, const char *key, uint64_t value);

/**
 * json_bool - write true or false
 * @json: the document
 * @key: its name, or NULL
 * @value: which
 */
void json_bool(struct json *json, const char *key, bool value);

/**
 * json_uuid - write a UUID as a string
 * @json: the document
 * @key: its name, or NULL
 * @uuid: the UUID; all zero is written as null
 */
void json_uuid(struct json *json, const char *key, const unsigned char *uuid);

#endif /* _KTMCTL_JSON_H */
