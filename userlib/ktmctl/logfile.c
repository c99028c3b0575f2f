// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - make logs
 *
 * The file is filled with zeros, not only allocated: a first write to an
 * allocated block makes the file system change its own metadata, which would
 * cost every commit a second flush.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content.h"
#include "ktmctl.h"
#include "log_source.h"
#include "logfile.h"
#include "loop.h"
#include "mkfs.h"
#include "progress.h"

#define ZERO_STEP	(1U << 20)

static const struct ktmctl_advice create_advice[] = {
	{ EEXIST, "it exists", "'ktmctl log check' tells whether it is a log." },
	{ ENOSPC, "the file system is full",
	  "Choose a smaller --size, or another place." },
	{ EACCES, "you may not", "Become root, or choose another place." },
	{ EROFS, "the file system is read-only", "Choose another place." },
	{ EOPNOTSUPP, "the file system cannot make files without a name",
	  "Choose a place on ext4, xfs, btrfs or tmpfs, or use a block device." },
	{ EISDIR, "the file system cannot make files without a name",
	  "Choose a place on ext4, xfs, btrfs or tmpfs, or use a block device." },
	{ 0 }
};

int logfile_write(void *ctx, uint64_t offset, const void *data, size_t size)
{
	const char *at = data;
	ssize_t done;
	int fd = *(int *)ctx;

	while (size) {
		done = pwrite(fd, at, size, offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		at += done;
		size -= done;
		offset += done;
	}
	return 0;
}

static int fill_with_zeros(int fd, uint64_t size)
{
	struct progress progress;
	uint64_t offset;
	size_t part;
	char *zeros;
	int ret = 0;

	zeros = calloc(1, ZERO_STEP);
	if (!zeros)
		return -ENOMEM;
	progress_begin(&progress, "written");
	for (offset = 0; offset < size && !ret; offset += part) {
		part = size - offset < ZERO_STEP ? size - offset : ZERO_STEP;
		ret = logfile_write(&fd, offset, zeros, part);
		progress_add(&progress, part);
	}
	progress_end(&progress);
	free(zeros);
	return ret;
}

/* A log is overwritten in place: copy on write would only scatter it. */
static void avoid_copy_on_write(int fd)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return;
	flags |= FS_NOCOW_FL;
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags))
		return; /* no such flag here, nothing to avoid */
}

int logfile_new_uuid(unsigned char *uuid)
{
	if (getrandom(uuid, KTM_DISK_UUID_SIZE, 0) != KTM_DISK_UUID_SIZE)
		return -errno;
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
	return 0;
}

static bool has_uuid(const struct logfile_spec *spec)
{
	static const unsigned char none[sizeof(spec->uuid)];

	return memcmp(spec->uuid, none, sizeof(none));
}

static int make_log(int fd, uint64_t size, struct logfile_spec *spec)
{
	struct ktm_mkfs_params params = { .device_size = size };
	int ret = 0;

	if (!has_uuid(spec))
		ret = logfile_new_uuid(spec->uuid);
	if (ret)
		return ret;
	memcpy(params.uuid, spec->uuid, sizeof(params.uuid));
	if (spec->name)
		strncpy(params.name, spec->name, sizeof(params.name) - 1);
	ret = ktm_mkfs(logfile_write, &fd, &params);
	if (ret)
		return ret;
	return fsync(fd) ? -errno : 0;
}

static int fill_log(void *ctx, int fd)
{
	struct logfile_spec *spec = ctx;
	int ret;

	/* Tells about a full disk before any time is spent. */
	if (fallocate(fd, 0, 0, spec->size) && errno != EOPNOTSUPP)
		return -errno;
	ret = fill_with_zeros(fd, spec->size);
	return ret ? ret : make_log(fd, spec->size, spec);
}

/* Make the last part of a path of directories, and make that durable. */
static int make_parent(const char *directory)
{
	char *copy;
	int fd, ret = 0;

	if (mkdir(directory, 0700))
		return errno == EEXIST ? 0 : -errno;
	copy = strdup(directory);
	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		ret = -errno;
	if (fd >= 0)
		close(fd);
	free(copy);
	return ret;
}

static int link_into_place(int fd, int dir_fd, const char *name)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, dir_fd, name, AT_SYMLINK_FOLLOW))
		return -errno;
	return fsync(dir_fd) ? -errno : 0;
}

static int make_in(const char *directory, const char *file, logfile_fill *fill, void *ctx)
{
	int dir_fd, fd, ret;

	ret = make_parent(directory);
	if (ret)
		return ret;
	dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return -errno;
	fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		ret = -errno;
		goto out_close_dir;
	}
	avoid_copy_on_write(fd);
	ret = fill(ctx, fd);
	if (!ret && fsync(fd))
		ret = -errno;
	if (!ret)
		ret = link_into_place(fd, dir_fd, file);
	close(fd);
out_close_dir:
	close(dir_fd);
	return ret;
}

int logfile_make(const char *path, logfile_fill *fill, void *ctx)
{
	char *for_directory, *for_file;
	int ret = -ENOMEM;

	/* dirname() and basename() change what they are given */
	for_directory = strdup(path);
	for_file = strdup(path);
	if (for_directory && for_file)
		ret = make_in(dirname(for_directory), basename(for_file), fill, ctx);
	free(for_directory);
	free(for_file);
	if (ret)
		return ktmctl_fail(create_advice, ret,
				   "cannot make the log file %s", path);
	return KTMCTL_OK;
}

int logfile_create(const char *path, struct logfile_spec *spec)
{
	return logfile_make(path, fill_log, spec);
}

/* May a log be put there? 1, 0 if one is there to be kept, -1 if not. */
static int may_format(int fd, const char *path, uint64_t size, bool keep)
{
	const char *what;
	int kind;

	kind = content_probe(fd, size, &what);
	if (kind < 0) {
		ktmctl_fail(NULL, kind, "cannot read %s", path);
		return -1;
	}
	if (kind == CONTENT_BLANK)
		return 1;
	if (kind == CONTENT_LOG && keep)
		return 0;
	if (kind == CONTENT_LOG)
		ktmctl_refuse("--force overwrites it; transactions in it would be lost.",
			      "there is a log on %s", path);
	else
		ktmctl_refuse("--force overwrites it.", "there is %s on %s",
			      what, path);
	return -1;
}

static int format_claimed(int fd, const char *path, uint64_t size,
			  struct logfile_spec *spec)
{
	const char *wrong;
	int ret;

	if (spec->size > size)
		return ktmctl_refuse("Leave --size out to use all of it.",
				     "%s is smaller than --size", path);
	if (spec->size)
		size = spec->size;
	wrong = logfile_check_options(size, spec->name);
	if (wrong)
		return ktmctl_refuse("Use a device or a file of another size.",
				     "cannot make a log on %s: %s", path,
				     wrong);
	if (!spec->force) {
		ret = may_format(fd, path, size, spec->keep);
		if (ret <= 0)
			return ret ? KTMCTL_FAILED : KTMCTL_OK;
	}
	/* what a log of this UUID has left there must not be taken for this one's */
	ret = has_uuid(spec) ? fill_with_zeros(fd, size) : 0;
	if (!ret)
		ret = make_log(fd, size, spec);
	if (ret)
		return ktmctl_fail(NULL, ret, "cannot make a log on %s", path);
	return KTMCTL_OK;
}

/* The device again, for nobody else as long as this fd is open; or a message. */
static int open_alone(int device_fd, const char *path, int flags)
{
	static const struct ktmctl_advice advice[] = {
		{ EBUSY, "the device is in use",
		  "Is it mounted, or a log that is attached? See 'ktmctl status'." },
		{ EROFS, "the device is read-only", NULL },
		{ 0 }
	};
	char self[64];
	int fd;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", device_fd);
	fd = open(self, flags | O_EXCL | O_CLOEXEC);
	if (fd < 0)
		ktmctl_fail(advice, errno, "cannot claim %s", path);
	return fd;
}

int logfile_format(int device_fd, const char *path, struct logfile_spec *spec)
{
	uint64_t size;
	int fd, ret;

	fd = open_alone(device_fd, path, O_RDWR);
	if (fd < 0)
		return KTMCTL_FAILED;
	if (ioctl(fd, BLKGETSIZE64, &size))
		ret = ktmctl_fail(NULL, errno, "cannot get the size of %s", path);
	else
		ret = format_claimed(fd, path, size, spec);
	close(fd);
	return ret;
}

/* A lock keeps two of us apart, and ktmctl init; a log that is attached has a loop device. */
static int claim_file(int fd, const char *path, const struct stat *file)
{
	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ?
		       ktmctl_refuse("Another ktmctl works on it.", "%s is in use", path) :
		       ktmctl_fail(NULL, errno, "cannot lock %s", path);
	if (loop_is_bound(file))
		return ktmctl_refuse("Is it a log that is attached? See 'ktmctl status'.",
				     "a loop device is bound to %s", path);
	return KTMCTL_OK;
}

int logfile_claim(const char *path, int flags, uint64_t *size)
{
	struct stat st;
	int fd, alone;

	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st)) {
		ktmctl_fail(NULL, errno, "cannot open %s", path);
	} else if (S_ISREG(st.st_mode)) {
		*size = st.st_size;
		if (claim_file(fd, path, &st) == KTMCTL_OK)
			return fd;
	} else if (!S_ISBLK(st.st_mode)) {
		ktmctl_refuse(NULL, "%s is neither a block device nor a file", path);
	} else {
		alone = open_alone(fd, path, flags);
		close(fd);
		fd = alone;
		if (fd >= 0 && ioctl(fd, BLKGETSIZE64, size) == 0)
			return fd;
		if (fd >= 0)
			ktmctl_fail(NULL, errno, "cannot get the size of %s", path);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

int logfile_reformat(const char *path, struct logfile_spec *spec)
{
	uint64_t size;
	int fd, ret;

	fd = logfile_claim(path, O_RDWR, &size);
	if (fd < 0)
		return KTMCTL_FAILED;
	ret = format_claimed(fd, path, size, spec);
	close(fd);
	return ret;
}

static int read_source(void *ctx, u64 offset, void *data, u32 length)
{
	return log_source_read(ctx, offset, data, length);
}

/* All of the log must be good: what is lost already must not get a new name. */
static int scan(int fd, struct ktm_format_super *super, unsigned int *slot)
{
	static const struct ktm_replay_ops ops = { .read = read_source };
	struct log_source source;
	char self[64];
	int ret;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	ret = log_source_open(&source, self);
	if (ret)
		return ret;
	source.replay.ops = &ops;
	source.replay.ctx = &source;
	ret = ktm_replay_open(&source.replay);
	if (!ret)
		ret = ktm_replay_scan(&source.replay);
	*super = source.replay.super;
	*slot = source.replay.slot;
	log_source_close(&source);
	return ret;
}

/* Power may fail at any time: see ktm_mkfs_rename(). */
static int rename_claimed(int fd, const unsigned char *uuid, const char *name,
			  logfile_before *before, void *ctx)
{
	struct ktm_format_super super;
	unsigned int slot;
	int ret;

	ret = scan(fd, &super, &slot);
	if (!ret && before)
		ret = before(ctx, super.uuid);
	if (!ret)
		ret = ktm_mkfs_rename(logfile_write, &fd, &super, &slot, uuid, name);
	if (!ret && fsync(fd))
		ret = -errno;
	if (!ret)
		ret = ktm_mkfs_rename(logfile_write, &fd, &super, &slot, NULL, NULL);
	if (!ret && fsync(fd))
		ret = -errno;
	return ret;
}

int logfile_rename(int device_fd, const char *path, const unsigned char *uuid,
		   const char *name, logfile_before *before, void *ctx)
{
	static const struct ktmctl_advice advice[] = {
		{ ENODEV, "there is no log on it", NULL },
		{ EUCLEAN, "the log is damaged", "See 'ktmctl log check'." },
		{ EPROTONOSUPPORT, "it has a format that this version does not know",
		  "Use the version of ktmctl that comes with the module." },
		{ EINVAL, "a log cannot have this UUID or name", NULL },
		{ ENOSPC, "the device is shorter than the log on it", NULL },
		{ 0 }
	};
	int fd, ret;

	fd = open_alone(device_fd, path, O_RDWR);
	if (fd < 0)
		return KTMCTL_FAILED;
	ret = rename_claimed(fd, uuid, name, before, ctx);
	close(fd);
	if (ret == KTMCTL_FAILED)
		return ret;
	if (ret)
		return ktmctl_fail(advice, ret, "cannot adopt the log on %s", path);
	return KTMCTL_OK;
}

const char *logfile_check_options(uint64_t size, const char *name)
{
	if (size < KTM_DISK_RING + KTM_DISK_RING_MIN)
		return "a log takes 1152 KiB at least";
	if (size > KTM_DISK_RING + KTM_DISK_RING_MAX)
		return "a log takes 16 TiB at most";
	if (name && strlen(name) >= KTM_DISK_NAME_MAX)
		return "the name is longer than 63 bytes";
	return NULL;
}
