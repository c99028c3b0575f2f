/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - savepoints: calls that wait for RMs, which are in this process
 */
#ifndef _SELFTESTS_KTM_SAVEPOINT_H
#define _SELFTESTS_KTM_SAVEPOINT_H

#include <pthread.h>

#include "ktm_harness.h"

/* A call in a thread of its own. */
struct savepoint_call {
	const struct tx_handle *tx;
	unsigned int cmd;
	__u64 savepoint;
	__u8 rm[KTM_UUID_SIZE];
	int ret;
	pthread_t thread;
};

int savepoint_start(struct savepoint_call *call, const struct tx_handle *tx,
		    unsigned int cmd, __u64 savepoint);
/* What it has returned. */
int savepoint_join(struct savepoint_call *call);

/* Those that need not wait: nobody takes part, or it is refused at once. */
int savepoint_now(const struct tx_handle *tx, unsigned int cmd, __u64 savepoint);

#define SET		KTM_IOC_TX_SAVEPOINT
#define ROLLBACK_TO	KTM_IOC_TX_ROLLBACK_TO
#define RELEASE		KTM_IOC_TX_RELEASE

/* What enlistments are told by a call. */
__u32 savepoint_note(unsigned int cmd);

#define ASSERT_ASKED(rm, cmd, en, id) do {				\
	struct rm_handle *asked_ = (rm);				\
									\
	ASSERT_NOTE(asked_, savepoint_note(cmd), en);			\
	ASSERT_EQ(id, asked_->savepoint);				\
} while (0)

#endif /* _SELFTESTS_KTM_SAVEPOINT_H */
