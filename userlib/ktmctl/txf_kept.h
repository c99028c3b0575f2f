/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - what a file system keeps because newer work has overtaken it
 */
#ifndef _KTMCTL_TXF_KEPT_H
#define _KTMCTL_TXF_KEPT_H

#include <stddef.h>

struct json;

/**
 * kept_show - list the kept objects of a file system
 * @mount: where it is mounted
 * @json: document to write to, in an array; or NULL: write text
 * @shown: counts what was shown
 * Return: KTMCTL_OK, or KTMCTL_FAILED with a message.
 */
int kept_show(const char *mount, struct json *json, size_t *shown);

#endif /* _KTMCTL_TXF_KEPT_H */
