// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - logs on block devices, for the tests of durable TMs
 */
#include <limits.h>
#include <linux/fs.h>

#include "crc32c.h"
#include "mkfs.h"

#include "ktm_log.h"

const char *log_device(const char *variable)
{
	const char *path = getenv(variable);

	return path && !access(path, R_OK | W_OK) ? path : NULL;
}

static int write_at(void *ctx, u64 offset, const void *data, size_t size)
{
	return pwrite(*(int *)ctx, data, size, offset) == size ? 0 : -EIO;
}

void log_release(void)
{
	__u8 uuids[64][KTM_UUID_SIZE];
	struct ktm_list list = {
		.size = sizeof(list),
		.uuids = (uintptr_t)uuids,
		.count = ARRAY_LEN(uuids),
	};
	struct ktm_open open = { .size = sizeof(open) };
	struct ktm_simple detach = { .size = sizeof(detach) };
	int dev = ktm_dev();
	__u64 limit;
	__u32 i;

	if (ktm_call(dev, KTM_IOC_TM_LIST, &list))
		list.count = 0;
	for (i = 0; i < list.count; i++) {
		memcpy(open.uuid, uuids[i], KTM_UUID_SIZE);
		open.out_fd = 0;
		if (ktm_call(dev, KTM_IOC_TM_OPEN, &open))
			continue;
		/* busy while a decision is on its way to disk */
		limit = now_ns() + 5000 * MSEC;
		while (ktm_call(open.out_fd, KTM_IOC_TM_DETACH, &detach) == -EBUSY &&
		       now_ns() < limit)
			usleep(1000);
		close(open.out_fd);
	}
	close(dev);
}

int log_format(const char *path, __u64 size, __u8 *uuid)
{
	struct ktm_mkfs_params params = { .device_size = size, .name = "test log" };
	int fd = open(path, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	log_release();
	random_uuid(uuid);
	memcpy(params.uuid, uuid, sizeof(params.uuid));
	if (!size && ioctl(fd, BLKGETSIZE64, &params.device_size)) {
		ret = -errno;
		goto out;
	}
	ret = ktm_mkfs(write_at, &fd, &params);
	if (!ret && fsync(fd))
		ret = -errno;
out:
	close(fd);
	return ret;
}

static int harm_super(int fd, __u64 offset, enum log_harm harm)
{
	struct ktm_disk_super disk;
	struct ktm_format_super super;
	int ret;

	if (pread(fd, &disk, sizeof(disk), offset) != sizeof(disk))
		return -EIO;
	ret = ktm_format_check_super(&disk, &super);
	if (ret)
		return ret;
	switch (harm) {
	case HARM_MAGIC:
		disk.magic ^= 1;
		break;
	case HARM_CHECKSUM:
		disk.uuid[3] ^= 1;
		break;
	case HARM_VERSION:
		disk.version = cpu_to_le32(KTM_DISK_VERSION + 1);
		disk.crc = 0;
		disk.crc = cpu_to_le32(~ktm_crc32c(~0U, &disk, sizeof(disk)));
		break;
	case HARM_SIZE:
		super.ring_size = KTM_DISK_RING_MAX;
		super.tail_lsn = super.ring_size;
		super.epoch_lsn = super.ring_size;
		ktm_format_encode_super(&disk, &super);
		break;
	}
	return write_at(&fd, offset, &disk, sizeof(disk));
}

int log_harm(const char *path, enum log_harm harm)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = harm_super(fd, KTM_DISK_SB_A, harm);
	if (!ret)
		ret = harm_super(fd, KTM_DISK_SB_B, harm);
	if (!ret && fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

static int set_version(int fd, __u64 offset, __u32 version)
{
	struct ktm_disk_super disk;

	if (pread(fd, &disk, sizeof(disk), offset) != sizeof(disk))
		return -EIO;
	disk.version = cpu_to_le32(version);
	disk.crc = 0;
	disk.crc = cpu_to_le32(~ktm_crc32c(~0U, &disk, sizeof(disk)));
	return write_at(&fd, offset, &disk, sizeof(disk));
}

int log_set_version(const char *path, __u32 version)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = set_version(fd, KTM_DISK_SB_A, version);
	if (!ret)
		ret = set_version(fd, KTM_DISK_SB_B, version);
	if (!ret && fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

int log_version(const char *path)
{
	struct ktm_disk_super *a = log_save(path, KTM_DISK_SB_B + KTM_DISK_BLOCK);
	struct ktm_disk_super *b = (void *)((char *)a + KTM_DISK_SB_B);
	int ret = -EIO;

	if (a)
		ret = a->version == b->version ? (int)le32_to_cpu(a->version) : -EUCLEAN;
	free(a);
	return ret;
}

int log_adopt(const char *path, const __u8 *uuid)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), ret = -EIO;
	struct ktm_format_super super[2];
	struct ktm_disk_super disk[2];
	unsigned int slot;

	if (fd < 0)
		return -errno;
	if (pread(fd, &disk[0], sizeof(*disk), KTM_DISK_SB_A) == sizeof(*disk) &&
	    pread(fd, &disk[1], sizeof(*disk), KTM_DISK_SB_B) == sizeof(*disk))
		ret = ktm_format_check_super(&disk[0], &super[0]) ?:
		      ktm_format_check_super(&disk[1], &super[1]);
	slot = !ret && super[1].sequence > super[0].sequence;
	if (!ret)
		ret = ktm_mkfs_rename(write_at, &fd, &super[slot], &slot, uuid, NULL);
	if (!ret && fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

int log_flip(const char *path, const struct ktm_tm_info *info, __u64 lsn, __u32 offset)
{
	__u64 at = KTM_DISK_RING + lsn % info->log_size + offset;
	int fd = open(path, O_RDWR | O_CLOEXEC), ret = -EIO;
	char byte;

	if (fd < 0)
		return -errno;
	if (pread(fd, &byte, 1, at) == 1) {
		byte ^= 0x10;
		ret = write_at(&fd, at, &byte, 1);
	}
	if (!ret && fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

static int forge(int fd, const struct ktm_tm_info *info, __u64 lsn, __u32 offset,
		 const void *bytes, __u32 length)
{
	static char data[KTM_DISK_BUFFER_MAX];
	struct ktm_disk_buffer *disk = (void *)data;
	struct ktm_disk_record record;
	__u64 start = lsn - lsn % KTM_DISK_BLOCK, at;
	__u32 used, inside;

	/* the nearest block back that begins like a buffer, for no other block does */
	for (;; start -= KTM_DISK_BLOCK) {
		at = KTM_DISK_RING + start % info->log_size;
		if (pread(fd, data, sizeof(data), at) < KTM_DISK_BLOCK)
			return -EIO;
		if (le32_to_cpu(disk->magic) == KTM_DISK_BUF_MAGIC)
			break;
	}
	used = le32_to_cpu(disk->used);
	inside = lsn - start;
	if (le64_to_cpu(disk->lsn) != start || inside + offset + length > used)
		return -EBADMSG;
	memcpy(&record, data + inside, sizeof(record));
	if (le64_to_cpu(record.lsn) != lsn)
		return -EBADMSG;
	memcpy(data + inside + offset, bytes, length);
	disk->crc = 0;
	disk->crc = cpu_to_le32(~ktm_crc32c(~0U, data, used));
	return write_at(&fd, at, data, used);
}

int log_forge(const char *path, const struct ktm_tm_info *info, __u64 lsn, __u32 offset,
	      const void *bytes, __u32 length)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = forge(fd, info, lsn, offset, bytes, length);
	if (!ret && fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

void *log_save(const char *path, size_t size)
{
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	void *image = NULL;

	if (fd < 0)
		return NULL;
	if (posix_memalign(&image, 4096, size))
		image = NULL;
	if (image && pread(fd, image, size, 0) != size) {
		free(image);
		image = NULL;
	}
	close(fd);
	return image;
}

int log_restore(const char *path, const void *image, size_t size)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write_at(&fd, 0, image, size);
	if (!ret && fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

int tm_attach_fd(int dev_fd, const __u8 *uuid, struct tm_handle *tm, __u32 *recovered,
		 __u32 flags)
{
	struct ktm_tm_attach arg = {
		.size = sizeof(arg),
		.flags = flags,
		.dev_fd = dev_fd,
		.mode = 0600,
	};
	int dev = ktm_dev(), ret;

	if (dev < 0)
		return dev;
	if (uuid)
		memcpy(arg.uuid, uuid, KTM_UUID_SIZE);
	ret = ktm_call(dev, KTM_IOC_TM_ATTACH, &arg);
	close(dev);
	if (recovered)
		*recovered = ret ? ~0U : arg.recovered;
	if (ret)
		return ret;
	tm->fd = arg.out_fd;
	tm->durable = true;
	memcpy(tm->uuid, arg.uuid, KTM_UUID_SIZE);
	return 0;
}

int tm_attach_flags(const char *path, const __u8 *uuid, struct tm_handle *tm,
		    __u32 *recovered, __u32 flags)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = tm_attach_fd(fd, uuid, tm, recovered, flags);
	close(fd);
	return ret;
}

int tm_attach(const char *path, const __u8 *uuid, struct tm_handle *tm,
	      __u32 *recovered)
{
	return tm_attach_flags(path, uuid, tm, recovered, 0);
}

int tm_detach(const struct tm_handle *tm)
{
	struct ktm_simple arg = { .size = sizeof(arg) };

	return ktm_call(tm->fd, KTM_IOC_TM_DETACH, &arg);
}

int tm_forward(const struct tm_handle *tm, __u64 clock, __u32 *recovered, __u32 *left)
{
	struct ktm_tm_rollforward arg = { .size = sizeof(arg), .clock = clock };
	int ret = ktm_call(tm->fd, KTM_IOC_TM_ROLLFORWARD, &arg);

	*recovered = arg.recovered;
	*left = arg.left;
	return ret;
}

int tm_recover(const struct tm_handle *tm, __u32 flags, __u32 *recovered,
	       __u32 *discarded)
{
	struct ktm_tm_recover arg = { .size = sizeof(arg), .flags = flags };
	int ret = ktm_call(tm->fd, KTM_IOC_TM_RECOVER, &arg);

	*recovered = arg.recovered;
	*discarded = arg.discarded;
	return ret;
}

long long device_flushes(const char *path)
{
	char real[PATH_MAX], stat[PATH_MAX + 32];
	long long field = -1;
	FILE *file;
	int i;

	if (!realpath(path, real))
		return -1;
	snprintf(stat, sizeof(stat), "/sys/class/block/%s/stat", strrchr(real, '/') + 1);
	file = fopen(stat, "r");
	if (!file)
		return -1;
	for (i = 0; i < 16; i++)
		if (fscanf(file, "%lld", &field) != 1)
			field = -1;
	fclose(file);
	return field;
}

bool device_fault(const char *disk, const char *spec)
{
	const char *src = getenv("KTM_SRC");
	char command[PATH_MAX];

	if (!src)
		return false;
	snprintf(command, sizeof(command), "%s/scripts/vm/control fault %s %s", src, disk,
		 spec);
	return !system(command);
}

int rm_start(const struct tm_handle *tm, struct rm_handle *rm, const __u8 *uuid)
{
	__u8 new[KTM_UUID_SIZE];
	int ret;

	if (!uuid) {
		random_uuid(new);
		uuid = new;
	}
	ret = rm_make(tm, rm, uuid, 0);
	if (!ret)
		ret = rm_recover(rm);
	if (!ret && *note_differs(rm, KTM_NOTIFY_LAST_RECOVER, NULL))
		ret = -EBADMSG;
	return ret;
}
