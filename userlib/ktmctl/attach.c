// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - bring a log online, for the commands init and attach
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attach.h"
#include "json.h"
#include "ktmctl.h"
#include "loop.h"
#include "objects.h"
#include "text.h"

static const struct ktmctl_advice attach_advice[] = {
	{ EPERM, "you may not", "Become root (CAP_SYS_ADMIN)." },
	{ ENOTBLK, "it is not a block device", NULL },
	{ EBUSY, "the device is in use",
	  "Is it mounted, or attached already? See 'ktmctl status'." },
	{ EROFS, "the device is read-only", NULL },
	{ ENODEV, "there is no log on it",
	  "Make one: ktmctl init DEVICE, or ktmctl log create FILE." },
	{ EPROTONOSUPPORT, "the format of the log is unknown to this kernel module",
	  "Use the version of ktm that made the log." },
	{ EUCLEAN, "the log is damaged",
	  "Look at it: ktmctl log check. The kernel log says where: dmesg. Nothing was changed." },
	{ ESTALE, "it is the log of another transaction manager",
	  "Leave out --uuid to take any; 'ktmctl log check' tells which one it is." },
	{ ENOSPC, "the device is shorter than the log on it",
	  "Was a file or a partition cut? Attach the whole one." },
	{ EEXIST, "a transaction manager with this UUID is attached",
	  "Is this a copy of its log? See 'ktmctl status'." },
	{ EIO, "the device failed", "The kernel log says more: dmesg." },
	{ 0 }
};

int attach_device_fd(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st)) {
		ktmctl_fail(NULL, errno, "cannot look at %s", path);
		return -1;
	}
	if (S_ISBLK(st.st_mode))
		return fd;
	if (S_ISREG(st.st_mode))
		return loop_open(fd, path);
	ktmctl_refuse("Give it a block device or a regular file.",
		      "%s cannot hold a log", path);
	return -1;
}

static int begin_result(int device_fd, struct attach_result *result,
			struct stat *st)
{
	memset(result, 0, sizeof(*result));
	if (fstat(device_fd, st))
		return -errno;
	format_device(result->device, sizeof(result->device),
		      major(st->st_rdev), minor(st->st_rdev));
	return 0;
}

bool attach_find(int control, int device_fd, struct attach_result *result)
{
	struct ktm_tm_info info;
	struct stat st;

	if (begin_result(device_fd, result, &st) ||
	    tm_find_by_device(control, major(st.st_rdev), minor(st.st_rdev),
			      &info) != 1)
		return false;
	memcpy(result->uuid, info.uuid, sizeof(result->uuid));
	result->already = true;
	return true;
}

int attach_log(int control, int device_fd, const char *path,
	       const struct ktm_tm_attach *options,
	       struct attach_result *result)
{
	struct ktm_tm_attach attach = *options;
	struct stat st;
	int fd, ret;

	ret = begin_result(device_fd, result, &st);
	if (ret)
		return ktmctl_fail(NULL, ret, "cannot look at %s", path);
	attach.dev_fd = device_fd;
	fd = ktm_tm_attach(control, &attach, sizeof(attach));
	if (fd < 0)
		return ktmctl_fail(attach_advice, fd,
				   "cannot attach the log on %s", path);
	close(fd);
	memcpy(result->uuid, attach.uuid, sizeof(result->uuid));
	result->recovered = attach.recovered;
	return KTMCTL_OK;
}

int attach_print(const struct attach_result *result, bool json)
{
	struct json document = { 0 };
	char uuid[KTM_UUID_TEXT_SIZE];

	if (json) {
		json_object(&document, NULL);
		json_uuid(&document, "uuid", result->uuid);
		json_string(&document, "device", result->device);
		json_number(&document, "recovered", result->recovered);
		json_bool(&document, "already", result->already);
		json_object_end(&document);
		return ktmctl_flush();
	}
	ktm_uuid_format(result->uuid, uuid);
	puts(uuid);
	if (result->already)
		ktmctl_note("it was attached already, on %s", result->device);
	if (result->recovered)
		ktmctl_note("%u unfinished transaction%s found", result->recovered,
			    result->recovered == 1 ? " was" : "s were");
	return ktmctl_flush();
}
