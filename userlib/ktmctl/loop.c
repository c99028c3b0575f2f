// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - loop devices
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/loop.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktmctl.h"
#include "loop.h"

#define LOOP_BLOCK_SIZE	4096	/* the log writes whole blocks of this size */
#define LOOP_TRIES	64	/* others may take the free device first */

static const struct ktmctl_advice control_advice[] = {
	{ ENOENT, "the kernel has no loop devices",
	  "Load them: modprobe loop. Or give ktmctl a block device." },
	{ ENODEV, "the kernel has no loop devices",
	  "Load them: modprobe loop. Or give ktmctl a block device." },
	{ EACCES, "you may not", "Become root." },
	{ EPERM, "you may not", "Become root." },
	{ 0 }
};

/* Is the loop device bound to this very file? */
static bool is_over(int loop_fd, const struct stat *file)
{
	struct loop_info64 info;

	return ioctl(loop_fd, LOOP_GET_STATUS64, &info) == 0 &&
	       info.lo_device == file->st_dev &&
	       info.lo_inode == file->st_ino && !info.lo_offset &&
	       !info.lo_sizelimit && !(info.lo_flags & LO_FLAGS_READ_ONLY);
}

/* Two loop devices over one file would be two logs with one name. */
static int find_bound(const struct stat *file)
{
	struct dirent *entry;
	char path[64];
	unsigned int number;
	int fd, found = -1;
	DIR *dir;

	dir = opendir("/sys/block");
	if (!dir)
		return -1;
	while (found < 0 && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "loop%u", &number) != 1)
			continue;
		snprintf(path, sizeof(path), "/sys/block/loop%u/loop", number);
		if (access(path, F_OK))
			continue;
		snprintf(path, sizeof(path), "/dev/loop%u", number);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (is_over(fd, file))
			found = fd;
		else
			close(fd);
	}
	closedir(dir);
	return found;
}

/* Bind one free device; -EBUSY if somebody else was faster. */
static int bind_free(int control, int file_fd, const char *path)
{
	struct loop_config config = {
		.fd = file_fd,
		.block_size = LOOP_BLOCK_SIZE,
		.info.lo_flags = LO_FLAGS_DIRECT_IO | LO_FLAGS_AUTOCLEAR,
	};
	char device[32];
	int number, fd, error;

	number = ioctl(control, LOOP_CTL_GET_FREE);
	if (number < 0)
		return -errno;
	snprintf(device, sizeof(device), "/dev/loop%d", number);
	fd = open(device, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	strncpy((char *)config.info.lo_file_name, path, LO_NAME_SIZE - 1);
	if (ioctl(fd, LOOP_CONFIGURE, &config) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

int loop_open(int file_fd, const char *path)
{
	char *full_path;
	struct stat file;
	int control, fd, tries;

	if (fstat(file_fd, &file)) {
		ktmctl_fail(NULL, errno, "cannot look at %s", path);
		return -1;
	}
	fd = find_bound(&file);
	if (fd >= 0)
		return fd;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0) {
		ktmctl_fail(control_advice, errno,
			    "cannot open /dev/loop-control");
		return -1;
	}
	full_path = realpath(path, NULL);
	for (tries = 0; tries < LOOP_TRIES; tries++) {
		fd = bind_free(control, file_fd, full_path ? full_path : path);
		if (fd != -EBUSY)
			break;
	}
	free(full_path);
	close(control);
	if (fd < 0) {
		ktmctl_fail(control_advice, fd,
			    "cannot bind a loop device to %s", path);
		return -1;
	}
	return fd;
}

/* By sysfs: the device itself may not be open to us. */
bool loop_is_bound(const struct stat *file)
{
	char path[PATH_MAX], backing[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	unsigned int number;
	struct stat st;
	FILE *stream;
	DIR *dir;

	dir = opendir("/sys/block");
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "loop%u", &number) != 1)
			continue;
		snprintf(path, sizeof(path), "/sys/block/loop%u/loop/backing_file", number);
		stream = fopen(path, "re");
		if (!stream)
			continue;
		if (fgets(backing, sizeof(backing), stream)) {
			backing[strcspn(backing, "\n")] = '\0';
			found = stat(backing, &st) == 0 && st.st_dev == file->st_dev &&
				st.st_ino == file->st_ino;
		}
		fclose(stream);
	}
	closedir(dir);
	return found;
}
