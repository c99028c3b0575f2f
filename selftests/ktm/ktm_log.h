/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - logs on block devices, for the tests of durable TMs
 *
 * Logs are made by the pure code of the module. Every test makes a new one, with
 * a new UUID, so that what an older test has left in the ring means nothing.
 */
#ifndef _SELFTESTS_KTM_LOG_H
#define _SELFTESTS_KTM_LOG_H

#include "ktm_harness.h"

#define LOG_SMALL	(1ULL << 21)	/* a device that makes a ring of less than 2 MiB */

/* The device that the runner has named in @variable, or NULL. */
const char *log_device(const char *variable);

/* Detaches what a test that has failed left attached. */
void log_release(void);

/* An empty log in the first @size bytes (0: all) of @path. */
int log_format(const char *path, __u64 size, __u8 *uuid);

/* Replaces both superblocks by ones that the kernel must refuse. */
enum log_harm {
	HARM_MAGIC,
	HARM_CHECKSUM,
	HARM_VERSION,
	HARM_SIZE,		/* a ring that is longer than the device */
};

int log_harm(const char *path, enum log_harm harm);

/* Both superblocks become those of another version, or a negative errno. */
int log_set_version(const char *path, __u32 version);
/* The version that both superblocks have, or a negative errno. */
int log_version(const char *path);

/* Turns a byte of the ring over, @offset bytes after the LSN. */
int log_flip(const char *path, const struct ktm_tm_info *info, __u64 lsn, __u32 offset);

/*
 * Changes bytes of a record, @offset bytes after its LSN, as somebody would who can make
 * checksums: its buffer is good all the same. -EBADMSG if no record is there.
 */
int log_forge(const char *path, const struct ktm_tm_info *info, __u64 lsn, __u32 offset,
	      const void *bytes, __u32 length);

/*
 * The first @size bytes of the device, read past the page cache: all that a crash
 * would leave if nothing were in the device's cache. To be freed. The other way
 * round only while no log is attached.
 */
void *log_save(const char *path, size_t size);
int log_restore(const char *path, const void *image, size_t size);

/* What ktmctl adopt does to a log that is not attached, by the newer superblock. */
int log_adopt(const char *path, const __u8 *uuid);

/* Attach; uuid may be NULL for any log, recovered may be NULL. */
int tm_attach(const char *path, const __u8 *uuid, struct tm_handle *tm,
	      __u32 *recovered);
int tm_attach_flags(const char *path, const __u8 *uuid, struct tm_handle *tm,
		    __u32 *recovered, __u32 flags);
int tm_attach_fd(int dev_fd, const __u8 *uuid, struct tm_handle *tm,
		 __u32 *recovered, __u32 flags);
int tm_detach(const struct tm_handle *tm);

/* The steps of a recovery, of a TM that was attached with ..._F_NO_RECOVER. */
int tm_forward(const struct tm_handle *tm, __u64 clock, __u32 *recovered, __u32 *left);
int tm_recover(const struct tm_handle *tm, __u32 flags, __u32 *recovered,
	       __u32 *discarded);

/* Cache flushes that the device has done; -1 if that is not known. */
long long device_flushes(const char *path);

/* scripts/vm/control fault DISK SPEC; false if there is nobody to ask. */
bool device_fault(const char *disk, const char *spec);

/* A durable RM that has recovered; its first life, or one with nothing left. */
int rm_start(const struct tm_handle *tm, struct rm_handle *rm, const __u8 *uuid);

#endif /* _SELFTESTS_KTM_LOG_H */
