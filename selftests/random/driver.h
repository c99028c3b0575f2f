/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - one process of the random test: kernel objects beside the model
 */
#ifndef _SELFTESTS_RANDOM_DRIVER_H
#define _SELFTESTS_RANDOM_DRIVER_H

#include "model.h"
#include "remote.h"
#include "../ktm/ktm_harness.h"

#define TX_FILES	3
#define EN_FILES	2
#define TRACE		4096		/* calls that are remembered */
#define OPS_MAX		64
#define ERRNO_MAX	140
#define INFO_MAX	64		/* bytes of recovery information */
#define CALLERS		2		/* processes whose calls may wait */

/* Counts that all processes share; each has its own. */
struct tally {
	__u64 ops;
	__u64 disagreements;
	__u64 results[OPS_MAX][ERRNO_MAX];
	__u64 ns[OPS_MAX];
	__u64 committed, aborted;
	__u32 unfinished;
	__u32 logged;			/* and of these what a re-attach finds */
};

struct d_tx {
	struct handle file[TX_FILES];
	__u8 uuid[KTM_UUID_SIZE];
	pid_t owner;		/* 0: it is gone */
	bool reason_open;	/* several may have been first: take what the kernel says */
};

struct d_en {
	struct handle file[EN_FILES];
	__u8 uuid[KTM_UUID_SIZE];
	__u64 content;		/* seed of its records */
	__u64 info;		/* and of its recovery information */
};

struct d_rm {
	struct handle file;
	__u8 uuid[KTM_UUID_SIZE];
	bool loose;		/* several notifications came at once: in any order */
};

/* A process that sets a savepoint, or the like, and waits */
struct d_caller {
	struct remote remote;
	int tx;			/* -1: it has nothing to do */
	struct handle file;
	__u64 savepoint;
	const char *name;
};

struct call {
	__u64 nth;
	const char *what;
	int tx, en, rm;		/* indices, -1: none */
	int got, want;
	__u32 tx_state, en_state;	/* before the call, by the model */
};

struct driver {
	__u64 random;
	int index;
	struct tally *tally;
	int tm;
	int other_tm;		/* another fd of it, which may thaw, too */
	__u8 tm_uuid[KTM_UUID_SIZE];
	bool alone;		/* nobody else uses the TM: its counts are the model's */
	const char *device;	/* of the log, if it may be detached in the middle */
	struct remote remote;
	struct d_caller caller[CALLERS];
	struct m_world model;
	struct d_tx tx[M_TXS];
	struct d_en en[M_TXS][M_ENS];
	struct d_rm rm[M_RMS];
	struct call trace[TRACE];
	__u64 nr_calls;
	struct call now;	/* what is being done */
	__u8 no_uuid[KTM_UUID_SIZE];
};

/* The name of the nth operation, NULL after the last. */
const char *driver_op_name(int nth);

/* Seed of the random numbers of a process */
__u64 driver_seed(__u64 seed, int index);

/* The first disagreement ends the process: the model means nothing after it. */
void driver_init(struct driver *driver, int index, __u64 seed, bool durable,
		 struct tally *tally);

/* Opens the TM; that of @tm_uuid, or one of its own. */
void driver_open(struct driver *driver, const __u8 *tm_uuid);
void driver_run(struct driver *driver, __u64 ops);

/* The log was detached and attached. */
void driver_reattached(struct driver *driver);

/* Closes everything; what stays is in the log. */
void driver_quiet(struct driver *driver);

/* Used by the operations */
__u64 d_random(struct driver *d, __u64 below);
void d_note(struct driver *d, const char *what, int tx, int en, int rm);
void d_agree(struct driver *d, int got, int want);
void d_number(struct driver *d, const char *what, __u64 got, __u64 want);
void d_bytes(struct driver *d, const char *what, const void *got, const void *want,
	     size_t size);
_Noreturn void d_differ(struct driver *d, const char *format, ...);
void d_settle(struct driver *d);
void d_await_begin(struct driver *d, int tx, bool commit);
int d_query_tx(struct driver *d, int tx, struct ktm_tx_info *info);
void d_callers_start(struct driver *d);
void d_callers_stop(struct driver *d);
void d_callers_check(struct driver *d);
int d_open_tm(struct driver *d);
void d_thaw(struct driver *d);
void d_reattach(struct driver *d);
void d_check_tx(struct driver *d, int tx);
void d_check_rm(struct driver *d, int rm);
void d_check_rm_info(struct driver *d, int rm, const struct ktm_rm_info *info);
void d_check_en_info(struct driver *d, int tx, int en, const struct ktm_en_info *info,
		     __u64 key);
void d_check_tm(struct driver *d);
void d_reap(struct driver *d);
int d_tx_file(struct driver *d, int tx);

/* A value for the clock field of a call, and what came back in it. */
__u64 d_clock(struct driver *d);
void d_saw_clock(struct driver *d, __u64 clock);

#endif /* _SELFTESTS_RANDOM_DRIVER_H */
