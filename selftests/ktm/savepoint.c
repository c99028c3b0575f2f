// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - savepoints: calls that wait for RMs, which are in this process
 */
#include "savepoint.h"

static void *run(void *arg)
{
	struct savepoint_call *call = arg;

	call->ret = tx_savepoint(call->tx, call->cmd, &call->savepoint, call->rm);
	return NULL;
}

int savepoint_start(struct savepoint_call *call, const struct tx_handle *tx,
		    unsigned int cmd, __u64 savepoint)
{
	memset(call, 0, sizeof(*call));
	call->tx = tx;
	call->cmd = cmd;
	call->savepoint = savepoint;
	return -pthread_create(&call->thread, NULL, run, call);
}

int savepoint_join(struct savepoint_call *call)
{
	pthread_join(call->thread, NULL);
	return call->ret;
}

int savepoint_now(const struct tx_handle *tx, unsigned int cmd, __u64 savepoint)
{
	return tx_savepoint(tx, cmd, &savepoint, NULL);
}

__u32 savepoint_note(unsigned int cmd)
{
	return cmd == SET ? KTM_NOTIFY_SAVEPOINT :
	       cmd == ROLLBACK_TO ? KTM_NOTIFY_SAVEPOINT_ROLLBACK :
	       KTM_NOTIFY_SAVEPOINT_RELEASE;
}
