// SPDX-License-Identifier: GPL-2.0
/*
 * libktm - transactions
 */
#include <string.h>

#include <ktm/ktm.h>

#include "priv.h"

LIBKTM_EXPORT int ktm_tx_create(int tm_fd, const char *description,
				uint64_t deadline,
				unsigned char uuid[KTM_UUID_SIZE])
{
	struct ktm_tx_create arg = { .size = sizeof(arg), .deadline = deadline };
	int ret;

	ret = ktm_priv_text(arg.description, sizeof(arg.description),
			    description);
	if (ret)
		return ret;
	if (uuid)
		memcpy(arg.uuid, uuid, sizeof(arg.uuid));
	ret = ktm_priv_ioctl(tm_fd, KTM_IOC_TX_CREATE, &arg);
	if (ret)
		return ret;
	if (uuid)
		memcpy(uuid, arg.uuid, sizeof(arg.uuid));
	return arg.out_fd;
}

LIBKTM_EXPORT int ktm_tx_open(int tm_fd, const unsigned char uuid[KTM_UUID_SIZE])
{
	return ktm_priv_open(tm_fd, KTM_IOC_TX_OPEN, uuid);
}

LIBKTM_EXPORT int ktm_tx_list(int tm_fd, uint64_t *cursor,
			      unsigned char (*uuids)[KTM_UUID_SIZE],
			      unsigned int count)
{
	return ktm_priv_list(tm_fd, KTM_IOC_TX_LIST, cursor, uuids, count);
}

LIBKTM_EXPORT int ktm_tx_query(int tx_fd, struct ktm_tx_info *info, size_t size)
{
	return ktm_priv_query(tx_fd, KTM_IOC_TX_INFO, info, size);
}

static int end_transaction(int tx_fd, unsigned long request, uint32_t flags)
{
	struct ktm_tx_end arg = { .size = sizeof(arg), .flags = flags };

	return ktm_priv_ioctl(tx_fd, request, &arg);
}

LIBKTM_EXPORT int ktm_tx_commit(int tx_fd, uint32_t flags)
{
	return end_transaction(tx_fd, KTM_IOC_TX_COMMIT, flags);
}

LIBKTM_EXPORT int ktm_tx_commit_at(int tx_fd, uint32_t flags, uint64_t *clock)
{
	struct ktm_tx_end arg = {
		.size = sizeof(arg),
		.flags = flags,
		.clock = *clock,
	};
	int ret;

	ret = ktm_priv_ioctl(tx_fd, KTM_IOC_TX_COMMIT, &arg);
	if (!ret)
		*clock = arg.clock;
	return ret;
}

LIBKTM_EXPORT int ktm_tx_rollback(int tx_fd, uint32_t flags)
{
	return end_transaction(tx_fd, KTM_IOC_TX_ROLLBACK, flags);
}

static int savepoint_call(int tx_fd, unsigned long request, uint64_t *savepoint,
			  unsigned char *rm)
{
	struct ktm_tx_savepoint arg = { .size = sizeof(arg), .savepoint = *savepoint };
	int ret;

	ret = ktm_priv_ioctl(tx_fd, request, &arg);
	*savepoint = arg.savepoint;
	if (rm)
		memcpy(rm, arg.rm, sizeof(arg.rm));
	return ret;
}

LIBKTM_EXPORT int ktm_tx_savepoint(int tx_fd, uint64_t *savepoint,
				   unsigned char rm[KTM_UUID_SIZE])
{
	*savepoint = 0;
	return savepoint_call(tx_fd, KTM_IOC_TX_SAVEPOINT, savepoint, rm);
}

LIBKTM_EXPORT int ktm_tx_rollback_to(int tx_fd, uint64_t savepoint,
				     unsigned char rm[KTM_UUID_SIZE])
{
	return savepoint_call(tx_fd, KTM_IOC_TX_ROLLBACK_TO, &savepoint, rm);
}

LIBKTM_EXPORT int ktm_tx_release(int tx_fd, uint64_t savepoint)
{
	return savepoint_call(tx_fd, KTM_IOC_TX_RELEASE, &savepoint, NULL);
}

LIBKTM_EXPORT int ktm_tx_set_timeout(int tx_fd, uint64_t deadline)
{
	struct ktm_tx_set_timeout arg = {
		.size = sizeof(arg),
		.deadline = deadline,
	};

	return ktm_priv_ioctl(tx_fd, KTM_IOC_TX_SET_TIMEOUT, &arg);
}
