// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - find objects by what the user typed
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <ktm/ktm_txf.h>

#include "ktmctl.h"
#include "objects.h"

#define LIST_STEP	1024	/* the most that the kernel gives at once */

static int compare_uuids(const void *a, const void *b)
{
	return memcmp(a, b, KTM_UUID_SIZE);
}

int uuid_list_read(struct uuid_list *list, int fd, uuid_lister *lister)
{
	unsigned char (*uuids)[KTM_UUID_SIZE];
	uint64_t cursor = 0;
	int got;

	list->uuids = NULL;
	list->count = 0;
	do {
		uuids = reallocarray(list->uuids, list->count + LIST_STEP,
				     KTM_UUID_SIZE);
		if (!uuids) {
			uuid_list_free(list);
			return -ENOMEM;
		}
		list->uuids = uuids;
		got = lister(fd, &cursor, uuids + list->count, LIST_STEP);
		if (got < 0) {
			uuid_list_free(list);
			return got;
		}
		list->count += got;
	} while (got);
	qsort(list->uuids, list->count, KTM_UUID_SIZE, compare_uuids);
	return 0;
}

void uuid_list_free(struct uuid_list *list)
{
	free(list->uuids);
	list->uuids = NULL;
	list->count = 0;
}

int uuid_has_prefix(const unsigned char *uuid, const char *prefix)
{
	char text[KTM_UUID_TEXT_SIZE];

	ktm_uuid_format(uuid, text);
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

int control_open(void)
{
	static const struct ktmctl_advice advice[] = {
		{ ENOENT, "the kernel module is not loaded",
		  "Load it: modprobe ktm" },
		{ ENXIO, "the kernel module is not loaded",
		  "Load it: modprobe ktm" },
		{ EACCES, "you may not",
		  "Ask for access to /dev/ktm, or become root." },
		{ 0 }
	};
	int fd = ktm_control_open();

	if (fd < 0) {
		ktmctl_fail(advice, fd, "cannot open /dev/ktm");
		return -1;
	}
	return fd;
}

int txf_control_open(void)
{
	static const struct ktmctl_advice advice[] = {
		{ ENOENT, "the kernel module for files is not loaded",
		  "Load it: modprobe ktm_txf" },
		{ ENXIO, "the kernel module for files is not loaded",
		  "Load it: modprobe ktm_txf" },
		{ EACCES, "you may not",
		  "Ask for access to /dev/ktm_txf, or become root." },
		{ 0 }
	};
	int fd = ktm_txf_control_open();

	if (fd < 0) {
		ktmctl_fail(advice, fd, "cannot open /dev/ktm_txf");
		return -1;
	}
	return fd;
}

static const struct ktmctl_advice open_advice[] = {
	{ ENOENT, "it is gone", "See what there is: ktmctl list" },
	{ EACCES, "its mode does not allow it",
	  "Ask its owner, or become root." },
	{ 0 }
};

/* Does the TM have this name? One that may not be looked at has no name. */
static int tm_has_name(int control, const unsigned char *uuid, const char *name)
{
	struct ktm_tm_info info;
	int fd, ret;

	fd = ktm_tm_open(control, uuid);
	if (fd < 0)
		return 0;
	ret = ktm_tm_query(fd, &info, sizeof(info));
	close(fd);
	return !ret && strncmp(info.name, name, sizeof(info.name)) == 0;
}

/* The index of the only TM that fits; a message and -1 if there is none. */
static long pick_tm(int control, const struct uuid_list *list, const char *text)
{
	size_t i, found = 0, fits = 0;

	for (i = 0; i < list->count; i++) {
		if (text && !uuid_has_prefix(list->uuids[i], text) &&
		    !tm_has_name(control, list->uuids[i], text))
			continue;
		found = i;
		fits++;
	}
	if (fits == 1)
		return found;
	if (!list->count)
		ktmctl_refuse("Set one up: ktmctl init",
			      "there is no transaction manager that you may see");
	else if (!fits)
		ktmctl_refuse("See what there is: ktmctl list",
			      "there is no transaction manager '%s'", text);
	else if (text)
		ktmctl_refuse("Type more of the UUID; ktmctl list shows it.",
			      "'%s' fits %zu transaction managers", text, fits);
	else
		ktmctl_refuse("Say which one; ktmctl list shows them.",
			      "there are %zu transaction managers", fits);
	return -1;
}

int tm_find(int control, const char *text)
{
	struct uuid_list list;
	long index;
	int fd, ret;

	ret = uuid_list_read(&list, control, ktm_tm_list);
	if (ret) {
		ktmctl_fail(NULL, ret, "cannot list the transaction managers");
		return -1;
	}
	if (text && !*text) {
		ktmctl_refuse("Say which one; ktmctl list shows them.",
			      "the name of the transaction manager is empty");
		index = -1;
	} else {
		index = pick_tm(control, &list, text);
	}
	if (index < 0) {
		uuid_list_free(&list);
		return -1;
	}
	fd = ktm_tm_open(control, list.uuids[index]);
	uuid_list_free(&list);
	if (fd < 0) {
		ktmctl_fail(open_advice, fd,
			    "cannot open the transaction manager");
		return -1;
	}
	return fd;
}

int tm_find_by_device(int control, unsigned int major, unsigned int minor,
		      struct ktm_tm_info *info)
{
	struct uuid_list list;
	int fd, ret, found = 0;
	size_t i;

	ret = uuid_list_read(&list, control, ktm_tm_list);
	if (ret)
		return ret;
	for (i = 0; i < list.count && !found; i++) {
		fd = ktm_tm_open(control, list.uuids[i]);
		if (fd < 0)
			continue;
		ret = ktm_tm_query(fd, info, sizeof(*info));
		close(fd);
		found = !ret && info->state != KTM_TM_S_DETACHED &&
			(info->flags & KTM_TM_INFO_F_DURABLE) &&
			info->dev_major == major && info->dev_minor == minor;
	}
	uuid_list_free(&list);
	return found;
}
