// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - what a file system keeps because newer work has overtaken it
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include <ktm/ktm.h>
#include <ktm/ktm_txf.h>

#include "json.h"
#include "ktmctl.h"
#include "text.h"
#include "txf_kept.h"

/**
 * struct kept - a kept object
 * @path: where it is
 * @for_path: the path that it was meant for or comes from, below the mount
 *	point; "" if that is not known
 * @tx: the transaction, as text
 * @displaced: it was changed from outside while a commit replaced or removed it;
 *	else it was overtaken
 * @stat: the object
 */
struct kept {
	char path[2 * PATH_MAX];
	char for_path[PATH_MAX];
	char tx[KTM_UUID_TEXT_SIZE];
	bool displaced;
	struct stat stat;
};

static const struct ktmctl_advice kept_advice[] = {
	{ EACCES, "you may not", "Become root." },
	{ ENOENT, "there is no staging directory: it was never enabled",
	  "See 'ktmctl txf status'." },
	{ ENOTDIR, "it is not a directory", "Name the mount point." },
	{ 0 }
};

static int is_kept(const struct dirent *entry)
{
	return !strncmp(entry->d_name, KTM_TXF_KEPT_PREFIX,
			strlen(KTM_TXF_KEPT_PREFIX));
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

/* False: it is gone, or something else than what ktm keeps. */
static bool look_at(const char *staging, const char *name, struct kept *kept)
{
	const char *uuid = name + strlen(KTM_TXF_KEPT_PREFIX);
	unsigned char bytes[KTM_UUID_SIZE];
	ssize_t length;

	if (strlen(uuid) < KTM_UUID_TEXT_SIZE)
		return false;
	memcpy(kept->tx, uuid, KTM_UUID_TEXT_SIZE - 1);
	kept->tx[KTM_UUID_TEXT_SIZE - 1] = '\0';
	if (ktm_uuid_parse(kept->tx, bytes))
		return false;
	snprintf(kept->path, sizeof(kept->path), "%s/%s", staging, name);
	kept->displaced = ends_with(name, KTM_TXF_KEPT_DISPLACED);
	if (lstat(kept->path, &kept->stat))
		return false;
	length = lgetxattr(kept->path, KTM_TXF_KEPT_XATTR, kept->for_path,
			   sizeof(kept->for_path) - 1);
	kept->for_path[length < 0 ? 0 : length] = '\0';
	return true;
}

static void print_kept(const struct kept *kept, const char *mount)
{
	bool whole = kept->for_path[0] == '/';
	char when[32], size[32];
	struct tm tm;

	localtime_r(&kept->stat.st_mtime, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	if (S_ISDIR(kept->stat.st_mode))
		strcpy(size, "directory");
	else
		format_bytes(size, kept->stat.st_size);
	printf("%s  %s  %s  %s%s\n", kept->displaced ? "displaced" : "overtaken",
	       size, when, whole && strcmp(mount, "/") ? mount : "",
	       kept->for_path[0] ? show_path(kept->for_path) : "(path not known)");
	printf("  %s\n", show_path(kept->path));
}

static void json_kept(struct json *json, const struct kept *kept,
		      const char *mount)
{
	json_object(json, NULL);
	json_string(json, "mount", mount);
	json_string(json, "path", kept->for_path);
	json_string(json, "kept_as", kept->path);
	json_string(json, "why", kept->displaced ? "displaced" : "overtaken");
	json_string(json, "transaction", kept->tx);
	json_bool(json, "directory", S_ISDIR(kept->stat.st_mode));
	json_number(json, "size", kept->stat.st_size);
	json_number(json, "mtime", kept->stat.st_mtime);
	json_object_end(json);
}

int kept_show(const char *mount, struct json *json, size_t *shown)
{
	char staging[PATH_MAX + sizeof(KTM_TXF_STAGING) + 1];
	struct dirent **entries;
	struct kept *kept;
	int number, i;

	snprintf(staging, sizeof(staging), "%s/" KTM_TXF_STAGING,
		 strcmp(mount, "/") ? mount : "");
	number = scandir(staging, &entries, is_kept, alphasort);
	if (number < 0)
		return ktmctl_fail(kept_advice, errno, "cannot look into %s",
				   staging);
	kept = malloc(sizeof(*kept));
	for (i = 0; i < number; i++) {
		if (kept && look_at(staging, entries[i]->d_name, kept)) {
			if (json)
				json_kept(json, kept, mount);
			else
				print_kept(kept, mount);
			++*shown;
		}
		free(entries[i]);
	}
	free(entries);
	if (!kept)
		return ktmctl_fail(NULL, ENOMEM, "cannot look into %s",
				   staging);
	free(kept);
	return KTMCTL_OK;
}
