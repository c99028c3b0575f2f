/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - racing processes: what they share
 *
 * They use the same transactions, RMs and enlistments at the same time, so no model can
 * foretell a result. What each of them sees is noted in shared memory, and must fit.
 */
#ifndef _SELFTESTS_RANDOM_RACE_H
#define _SELFTESTS_RANDOM_RACE_H

#include <stdatomic.h>

#include "exact.h"

#define R_RMS		4
#define R_HELD		2		/* of a volatile TM: live as long as an epoch */
#define R_TXS		16384		/* of an epoch */
#define R_TX_ENS	6
#define R_ENS		(R_TXS * 2)
#define R_RECENT	12
#define R_CALLS		56		/* room for the table of calls */
#define R_ERRNOS	140
#define R_MINE_TXS	6		/* fds of a process */
#define R_MINE_ENS	12

/* What was seen of a transaction: one of the first three at most. */
enum {
	T_COMMITTED = 1,
	T_ABORTED = 2,
	T_INDOUBT = 4,
	T_OUTCOMES = 7,
	T_SUPERIOR = 8,		/* somebody wanted to be one */
};

/* Of an enlistment. What was tried may have been done by who was killed over it. */
enum {
	E_CREATED = 1,
	E_SUPERIOR = 2,
	E_VOTE_TRIED = 4,
	E_PREPARED = 8,		/* acknowledged */
	E_END_TRIED = 16,
	E_HEARD_COMMIT = 32,
	E_HEARD_ROLLBACK = 64,
	E_RECOVER_TRIED = 128,
	E_COMMIT_TRIED = 256,	/* the order of a superior */
	E_LOGGED = 512,
};

struct r_tx {
	_Atomic __u32 seen;
	_Atomic __u32 nr_ens;
	_Atomic __u32 ens[R_TX_ENS];	/* number + 1 */
	const char *how[4];		/* the first that said so */
};

struct r_en {
	_Atomic __u32 seen;
	_Atomic __u32 commits;		/* COMMIT was read so often */
	__u32 tx, rm;
	__u8 uuid[KTM_UUID_SIZE];
};

struct r_proc {
	pid_t pid;
	_Atomic __u64 ops;
	/* the call that it is in; it counts them by twos and is odd in a call */
	_Atomic __u64 calls;
	_Atomic __u64 since;
	_Atomic __u32 cmd;
	_Atomic __u32 tx;		/* number + 1 */
	__u64 results[R_CALLS][R_ERRNOS];
};

struct r_shared {
	__u8 tm_uuid[KTM_UUID_SIZE];
	__u8 rm_uuid[R_RMS][KTM_UUID_SIZE];
	bool durable;
	__u64 seed;
	__u32 epoch;
	_Atomic bool stop;
	_Atomic bool finishing;		/* nobody may wait any more */
	_Atomic __u32 nr_waiters;	/* processes that may wait, and are not done */
	_Atomic __u32 violations;
	_Atomic __u32 nr_txs, nr_ens;
	_Atomic __u32 recent[R_RECENT];	/* number + 1 */
	_Atomic __u64 passed, dropped;
	struct r_proc proc[PROCESSES_MAX];
	struct r_tx tx[R_TXS];
	struct r_en en[R_ENS];
};

struct r_file {
	int fd;			/* -1: none */
	__u32 nth;		/* number of its transaction, RM or enlistment */
	bool weak;		/* it may lack a right */
};

/* A process, or who started them all */
struct racer {
	struct r_shared *shared;
	struct r_proc *proc;
	int index, tm, dev;
	int market[2];		/* fds are given into the first, taken from the second */
	bool may_block;
	__u64 random;		/* of this operation */
	struct r_file rm[R_RMS], tx[R_MINE_TXS], en[R_MINE_ENS];
};

__u64 r_random(struct racer *me, __u64 below);

/* Tells of it, and has all stop. */
void r_violation(struct racer *me, const char *format, ...);

/*
 * An ioctl, noted, with an errno that it may have: 0 or negative. @tx: number of the
 * transaction + 1, or 0.
 */
int r_call(struct racer *me, const struct r_file *file, __u32 tx, unsigned int cmd, void *arg);
const char *r_call_name(int nth);

void r_tx_uuid(const struct r_shared *shared, __u32 nth, __u8 *uuid);
bool r_tx_number(const struct r_shared *shared, const __u8 *uuid, __u32 *nth);
__u64 r_key(const struct r_shared *shared, __u32 en);

/* An outcome that was seen, and how */
void r_saw(struct racer *me, __u32 tx, __u32 outcome, const char *how);
void r_saw_state(struct racer *me, __u32 tx, __u32 state, const char *how);
void r_saw_en(struct racer *me, __u32 en, __u32 bits);
bool r_new_en(struct racer *me, __u32 tx, __u32 rm, __u32 *en);

/* By its UUID; false: who made it has not noted it yet, or was killed before. */
bool r_find_en(struct racer *me, __u32 tx, const __u8 *uuid, __u32 *en);

/* What a notification says; false: it is about no enlistment that is known. */
bool r_note(struct racer *me, __u32 rm, const struct ktm_notification *note, __u32 *en);

/* An answer of an enlistment, noted */
int r_answer(struct racer *me, const struct r_file *en, unsigned int cmd);
int r_veto(struct racer *me, const struct r_file *en);
int r_savepoint_done(struct racer *me, const struct r_file *en, __u64 savepoint, __u32 error);
int r_en_open(struct racer *me, const struct r_file *rm, const __u8 *uuid, __u32 en,
	      struct r_file *file);
int r_en_info(struct racer *me, const struct r_file *en, struct ktm_en_info *info);

/* Does operations until there were so many, or more as long as others need it. */
_Noreturn void r_work(struct racer *me, __u64 seed, __u64 goal);

/* All processes are gone: everything ends, and fits. */
void r_drain(struct racer *me, __u64 user_objects);

bool race_run(const struct options *option, struct tm_handle *tm);

#endif /* _SELFTESTS_RANDOM_RACE_H */
