// SPDX-License-Identifier: GPL-2.0
/*
 * libktm - enlistments
 */
#include <errno.h>
#include <string.h>

#include <ktm/ktm.h>

#include "priv.h"

LIBKTM_EXPORT int ktm_en_create(int rm_fd, int tx_fd, uint64_t key,
				uint32_t flags,
				unsigned char uuid[KTM_UUID_SIZE])
{
	struct ktm_en_create arg = {
		.size = sizeof(arg),
		.flags = flags,
		.tx_fd = tx_fd,
		.key = key,
	};
	int ret;

	ret = ktm_priv_ioctl(rm_fd, KTM_IOC_EN_CREATE, &arg);
	if (ret)
		return ret;
	if (uuid)
		memcpy(uuid, arg.uuid, sizeof(arg.uuid));
	return arg.out_fd;
}

LIBKTM_EXPORT int ktm_en_open(int rm_fd,
			      const unsigned char uuid[KTM_UUID_SIZE],
			      uint64_t key)
{
	struct ktm_en_open arg = { .size = sizeof(arg), .key = key };
	int ret;

	memcpy(arg.uuid, uuid, sizeof(arg.uuid));
	ret = ktm_priv_ioctl(rm_fd, KTM_IOC_EN_OPEN, &arg);
	return ret ? ret : arg.out_fd;
}

LIBKTM_EXPORT int ktm_en_query(int en_fd, struct ktm_en_info *info, size_t size)
{
	return ktm_priv_query(en_fd, KTM_IOC_EN_INFO, info, size);
}

LIBKTM_EXPORT int ktm_en_query_by_uuid(int tm_fd,
				       const unsigned char uuid[KTM_UUID_SIZE],
				       struct ktm_en_info *info, size_t size)
{
	if (size < offsetof(struct ktm_en_info, tx) || size > UINT32_MAX)
		return -EINVAL;
	memset(info, 0, size);
	info->size = size;
	memcpy(info->uuid, uuid, sizeof(info->uuid));
	return ktm_priv_ioctl(tm_fd, KTM_IOC_EN_INFO, info);
}

LIBKTM_EXPORT int ktm_en_list(int fd, uint64_t *cursor,
			      unsigned char (*uuids)[KTM_UUID_SIZE],
			      unsigned int count)
{
	return ktm_priv_list(fd, KTM_IOC_EN_LIST, cursor, uuids, count);
}

LIBKTM_EXPORT int ktm_en_log(int en_fd, const void *data, uint32_t length,
			     uint64_t *lsn)
{
	struct ktm_en_log arg = {
		.size = sizeof(arg),
		.data = (uintptr_t)data,
		.length = length,
	};
	int ret;

	ret = ktm_priv_ioctl(en_fd, KTM_IOC_EN_LOG, &arg);
	if (!ret && lsn)
		*lsn = arg.lsn;
	return ret;
}

LIBKTM_EXPORT int ktm_en_read_log(int en_fd, uint64_t index, void *buffer,
				  uint32_t *length)
{
	struct ktm_en_read_log arg = {
		.size = sizeof(arg),
		.index = index,
		.data = (uintptr_t)buffer,
		.length = *length,
	};
	int ret;

	ret = ktm_priv_ioctl(en_fd, KTM_IOC_EN_READ_LOG, &arg);
	if (!ret || ret == -EMSGSIZE)
		*length = arg.length;
	return ret;
}

LIBKTM_EXPORT int ktm_en_set_recovery_info(int en_fd, const void *data,
					   uint32_t length)
{
	struct ktm_en_recovery_info arg = {
		.size = sizeof(arg),
		.data = (uintptr_t)data,
		.length = length,
	};

	return ktm_priv_ioctl(en_fd, KTM_IOC_EN_SET_RECOVERY_INFO, &arg);
}

LIBKTM_EXPORT int ktm_en_get_recovery_info(int en_fd, void *buffer,
					   uint32_t *length)
{
	struct ktm_en_recovery_info arg = {
		.size = sizeof(arg),
		.data = (uintptr_t)buffer,
		.length = *length,
	};
	int ret;

	ret = ktm_priv_ioctl(en_fd, KTM_IOC_EN_GET_RECOVERY_INFO, &arg);
	if (!ret || ret == -EMSGSIZE)
		*length = arg.length;
	return ret;
}

LIBKTM_EXPORT int ktm_en_recover(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_RECOVER);
}

LIBKTM_EXPORT int ktm_en_savepoint_complete(int en_fd, uint64_t savepoint,
					    unsigned int error)
{
	struct ktm_en_savepoint arg = {
		.size = sizeof(arg),
		.savepoint = savepoint,
		.error = error,
	};

	return ktm_priv_ioctl(en_fd, KTM_IOC_EN_SAVEPOINT_COMPLETE, &arg);
}

LIBKTM_EXPORT int ktm_en_preprepare_complete(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_PREPREPARE_COMPLETE);
}

LIBKTM_EXPORT int ktm_en_prepare_complete(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_PREPARE_COMPLETE);
}

LIBKTM_EXPORT int ktm_en_commit_complete(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_COMMIT_COMPLETE);
}

LIBKTM_EXPORT int ktm_en_rollback_complete(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_ROLLBACK_COMPLETE);
}

LIBKTM_EXPORT int ktm_en_read_only(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_READ_ONLY);
}

LIBKTM_EXPORT int ktm_en_reject_single_phase(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_REJECT_SINGLE_PHASE);
}

LIBKTM_EXPORT int ktm_en_request_outcome(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_REQUEST_OUTCOME);
}

LIBKTM_EXPORT int ktm_en_preprepare(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_PREPREPARE);
}

LIBKTM_EXPORT int ktm_en_prepare(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_PREPARE);
}

LIBKTM_EXPORT int ktm_en_commit(int en_fd)
{
	return ktm_priv_simple(en_fd, KTM_IOC_EN_COMMIT);
}

LIBKTM_EXPORT int ktm_en_answer_at(int en_fd, unsigned int answer,
				   uint64_t *clock)
{
	struct ktm_en_answer arg = { .size = sizeof(arg), .clock = *clock };
	int ret;

	ret = ktm_priv_ioctl(en_fd, answer, &arg);
	if (!ret)
		*clock = arg.clock;
	return ret;
}

LIBKTM_EXPORT int ktm_en_rollback(int en_fd, enum ktm_reason reason,
				  unsigned int error, const char *detail)
{
	struct ktm_en_rollback arg = {
		.size = sizeof(arg),
		.reason = reason,
		.error = error,
	};

	/* A long explanation must not keep the rollback from happening. */
	if (detail)
		memcpy(arg.detail, detail,
		       strnlen(detail, sizeof(arg.detail) - 1));
	return ktm_priv_ioctl(en_fd, KTM_IOC_EN_ROLLBACK, &arg);
}
