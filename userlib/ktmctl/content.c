// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - what is on a device or in a file that is to hold a log
 *
 * Anything but zeros counts as somebody's data; known signatures only make the
 * message better. They lie within the first and the last mebibyte (md, GPT).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "content.h"
#include "ktmctl.h"
#include "format.h"

#define PROBE_SIZE	(1U << 20)

struct signature {
	uint32_t offset;
	const char *magic;
	size_t length;
	const char *what;
};

static const struct signature signatures[] = {
	{ 1080, "\x53\xef", 2, "an ext2, ext3 or ext4 file system" },
	{ 0, "XFSB", 4, "an xfs file system" },
	{ 65600, "_BHRfS_M", 8, "a btrfs file system" },
	{ 1024, "\x10\x20\xf5\xf2", 4, "an f2fs file system" },
	{ 0, "hsqs", 4, "a squashfs file system" },
	{ 3, "NTFS    ", 8, "an NTFS file system" },
	{ 4086, "SWAPSPACE2", 10, "swap space" },
	{ 0, "LUKS\xba\xbe", 6, "a LUKS volume" },
	{ 512, "LABELONE", 8, "an LVM physical volume" },
	{ 536, "LVM2 001", 8, "an LVM physical volume" },
	{ 4096, "\xfc\x4e\x2b\xa9", 4, "a member of a RAID" },
	{ 0, "\xfc\x4e\x2b\xa9", 4, "a member of a RAID" },
	{ 512, "EFI PART", 8, "a partition table" },
	{ 510, "\x55\xaa", 2, "a partition table or boot record" },
};

static int read_all(int fd, void *buffer, size_t size, uint64_t offset)
{
	char *at = buffer;
	ssize_t got;

	while (size) {
		got = pread(fd, at, size, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		at += got;
		size -= got;
		offset += got;
	}
	return 0;
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	return !size || (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1));
}

static bool has_super(const unsigned char *bytes, size_t size, uint64_t offset)
{
	struct ktm_format_super super;
	struct ktm_disk_super disk;

	if (offset + sizeof(disk) > size)
		return false;
	memcpy(&disk, bytes + offset, sizeof(disk));
	return ktm_format_check_super(&disk, &super) != -ENODEV;
}

static const char *name_signature(const unsigned char *bytes, size_t size)
{
	const struct signature *s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signatures); i++) {
		s = &signatures[i];
		if (s->offset + s->length <= size &&
		    !memcmp(bytes + s->offset, s->magic, s->length))
			return s->what;
	}
	return "data that is not a log";
}

int content_probe(int fd, uint64_t size, const char **what)
{
	size_t part = size < PROBE_SIZE ? size : PROBE_SIZE;
	unsigned char *bytes;
	int ret;

	bytes = malloc(PROBE_SIZE);
	if (!bytes)
		return -ENOMEM;
	ret = read_all(fd, bytes, part, 0);
	if (ret)
		goto out_free;
	ret = CONTENT_LOG;
	if (has_super(bytes, part, KTM_DISK_SB_A) ||
	    has_super(bytes, part, KTM_DISK_SB_B))
		goto out_free;
	*what = name_signature(bytes, part);
	ret = CONTENT_OTHER;
	if (!is_zero(bytes, part))
		goto out_free;
	ret = read_all(fd, bytes, part, size - part);
	if (ret)
		goto out_free;
	ret = is_zero(bytes, part) ? CONTENT_BLANK : CONTENT_OTHER;
out_free:
	free(bytes);
	return ret;
}
