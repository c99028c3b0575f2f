// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl log - copy what is alive in a log
 *
 * The archive is a log of the same ring, with each buffer from the tail to the end at
 * its place, and holes elsewhere: an LSN means the same there. What is behind the end
 * of the log, and what its buffers had no more use for, is not copied.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "json.h"
#include "ktmctl.h"
#include "log_archive.h"
#include "log_source.h"
#include "logfile.h"
#include "text.h"

/**
 * struct archive - a log that is copied
 * @source: where it is
 * @fd: where to
 * @data: room for a buffer, aligned as the source wants it
 * @bytes: of buffers copied
 */
struct archive {
	struct log_source source;
	int fd;
	void *data;
	uint64_t bytes;
};

static int read_source(void *ctx, u64 offset, void *data, u32 length)
{
	struct archive *archive = ctx;

	return log_source_read(&archive->source, offset, data, length);
}

/* As it stands on the device: replay's own copy is not escaped any more. */
static int copy_buffer(void *ctx, const struct ktm_format_buffer *buffer)
{
	struct archive *archive = ctx;
	uint64_t offset = KTM_DISK_RING + buffer->lsn % archive->source.replay.super.ring_size;
	uint32_t length = (buffer->used + KTM_DISK_BLOCK - 1) & ~(KTM_DISK_BLOCK - 1);
	int ret;

	ret = log_source_read(&archive->source, offset, archive->data, length);
	if (!ret)
		ret = logfile_write(&archive->fd, offset, archive->data, length);
	archive->bytes += length;
	return ret;
}

static const struct ktm_replay_ops ops = {
	.read = read_source,
	.buffer = copy_buffer,
};

static int write_super(const struct archive *archive, uint64_t offset,
		       const struct ktm_format_super *super)
{
	struct ktm_disk_super disk;
	int fd = archive->fd;

	ktm_format_encode_super(&disk, super);
	return logfile_write(&fd, offset, &disk, sizeof(disk));
}

static int fill(void *ctx, int fd)
{
	struct archive *archive = ctx;
	struct ktm_format_super super = archive->source.replay.super;
	int ret;

	archive->fd = fd;
	if (ftruncate(fd, KTM_DISK_RING + super.ring_size))
		return -errno;
	ret = ktm_replay_run(&archive->source.replay);
	progress_end(&archive->source.progress);
	if (!ret)
		ret = write_super(archive, KTM_DISK_SB_A, &super);
	super.sequence++;
	if (!ret)
		ret = write_super(archive, KTM_DISK_SB_B, &super);
	return ret;
}

static int show(const struct archive *archive, const char *target, bool as_json)
{
	const struct ktm_replay *replay = &archive->source.replay;
	char size[TEXT_BYTES_SIZE];
	struct json json = { 0 };

	if (as_json) {
		json_object(&json, NULL);
		json_string(&json, "path", target);
		json_uuid(&json, "uuid", replay->super.uuid);
		json_number(&json, "tail", replay->super.tail_lsn);
		json_number(&json, "end", replay->end_lsn);
		json_number(&json, "records", replay->nr_records);
		json_number(&json, "bytes", archive->bytes);
		json_object_end(&json);
	} else {
		printf("LSN %" PRIu64 " to %" PRIu64 ": %" PRIu64 " records, %s\n",
		       (uint64_t)replay->super.tail_lsn, (uint64_t)replay->end_lsn,
		       (uint64_t)replay->nr_records, format_bytes(size, archive->bytes));
	}
	return ktmctl_flush();
}

static int copy_log(struct archive *archive, const char *path, const char *target, bool as_json)
{
	bool damaged = false;
	int ret;

	archive->source.replay.ops = &ops;
	archive->source.replay.ctx = archive;
	ret = log_source_scan(&archive->source, &damaged);
	if (ret)
		return ktmctl_fail(log_advice, ret, "cannot read the log on %s", path);
	if (damaged)
		return ktmctl_refuse("See 'ktmctl log repair'.", "the log on %s is damaged", path);
	if (posix_memalign(&archive->data, KTM_DISK_BLOCK, KTM_DISK_BUFFER_MAX))
		return ktmctl_fail(NULL, ENOMEM, "cannot copy the log on %s", path);
	ret = logfile_make(target, fill, archive);
	free(archive->data);
	return ret == KTMCTL_OK ? show(archive, target, as_json) : ret;
}

int log_archive(const char *path, const char *target, bool as_json)
{
	struct archive archive = { 0 };
	uint64_t size;
	int claim, ret;

	claim = logfile_claim(path, O_RDONLY, &size);
	if (claim < 0)
		return KTMCTL_FAILED;
	ret = log_source_open(&archive.source, path);
	if (ret) {
		ret = ktmctl_fail(log_advice, ret, "cannot open %s", path);
	} else {
		ret = copy_log(&archive, path, target, as_json);
		log_source_close(&archive.source);
	}
	close(claim);
	return ret;
}
