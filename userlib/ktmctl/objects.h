/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktmctl - find objects by what the user typed
 */
#ifndef _KTMCTL_OBJECTS_H
#define _KTMCTL_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#include <ktm/ktm.h>

/**
 * struct uuid_list - UUIDs of one kind of object
 * @uuids: the UUIDs, to be freed
 * @count: how many
 */
struct uuid_list {
	unsigned char (*uuids)[KTM_UUID_SIZE];
	size_t count;
};

/**
 * typedef uuid_lister - ktm_tm_list(), ktm_tx_list(), ktm_rm_list() or ktm_en_list()
 */
typedef int uuid_lister(int fd, uint64_t *cursor,
			unsigned char (*uuids)[KTM_UUID_SIZE],
			unsigned int count);

/**
 * uuid_list_read - all objects of one kind
 * @list: filled in; sorted
 * @fd: what @lister wants
 * @lister: which kind
 *
 * Return: 0 or a negative errno; @list is empty then.
 */
int uuid_list_read(struct uuid_list *list, int fd, uuid_lister *lister);

/**
 * uuid_list_free - free it
 * @list: the list
 */
void uuid_list_free(struct uuid_list *list);

/**
 * uuid_has_prefix - does the text of a UUID begin like this?
 * @uuid: the UUID
 * @prefix: text, in either case
 *
 * Return: 1 or 0.
 */
int uuid_has_prefix(const unsigned char *uuid, const char *prefix);

/**
 * control_open - open /dev/ktm or say why not
 *
 * Return: fd, or -1 after a message.
 */
int control_open(void);

/**
 * txf_control_open - open /dev/ktm_txf or say why not
 *
 * Return: fd, or -1 after a message.
 */
int txf_control_open(void);

/**
 * tm_find - open the TM that the user means, or say why not
 * @control: /dev/ktm
 * @text: its name, its UUID or the beginning of that; NULL for the only one
 *
 * Return: fd, or -1 after a message.
 */
int tm_find(int control, const char *text);

/**
 * tm_find_by_device - is a TM attached to this block device?
 * @control: /dev/ktm
 * @major: device number
 * @minor: device number
 * @info: filled in if so
 *
 * Return: 1, 0, or a negative errno.
 */
int tm_find_by_device(int control, unsigned int major, unsigned int minor,
		      struct ktm_tm_info *info);

#endif /* _KTMCTL_OBJECTS_H */
