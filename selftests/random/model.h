/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - reference model of transactions, in user space
 *
 * Written from uapi/linux/ktm.h, not from the module. It is sequential: whoever
 * uses it issues one call at a time on the objects of one world. Each m_* function
 * does to the model what the ioctl does to the kernel and returns what the ioctl
 * must return.
 */
#ifndef _SELFTESTS_RANDOM_MODEL_H
#define _SELFTESTS_RANDOM_MODEL_H

#include <stdbool.h>

#include <linux/ktm.h>

#define M_TXS		10	/* transactions of a world */
#define M_RMS		4
#define M_ENS		6	/* enlistments of a transaction */
#define M_RECORDS	6
#define M_QUEUE		(M_TXS * M_ENS + 1)

struct m_tx;
struct m_rm;

struct m_en {
	bool used;
	struct m_tx *tx;
	struct m_rm *rm;
	__u32 state;		/* enum ktm_en_state */
	__u32 flags;		/* KTM_EN_F_* */
	bool earlier;		/* left by an earlier life that has not asked yet */
	bool voted;		/* and the vote is in the log */
	bool refused;		/* to set the savepoint */
	int files;
	__u64 key;
	__u64 order;		/* of enlisting, over the whole world */
	__u32 records;
	__u32 info;		/* bytes of recovery information */
};

struct m_savepoints {
	__u64 ids[KTM_TX_MAX_SAVEPOINTS];	/* that are there, by rising number */
	int nr;
	__u64 last;		/* the highest number that was ever given */
	__u32 asks;		/* enum ktm_notify: what is asked, or was last */
	__u64 about;		/* for this savepoint */
	int error;		/* of the first that has refused */
	struct m_rm *error_rm;
	bool over;		/* the call has a result */
	int result;
	struct m_rm *result_rm;
};

struct m_tx {
	bool used;
	bool durable;		/* of a durable TM */
	bool decided;		/* by the last call, on a durable TM: it takes a while */
	bool recovered;		/* from the log, its enlistments in any order */
	__u32 state;		/* enum ktm_tx_state */
	__u32 reason, error;
	struct m_rm *reason_rm;
	char detail[32];
	int files;
	__u64 deadline;
	__u64 clock;		/* of its decision or promise */
	struct m_savepoints saves;
	struct m_en en[M_ENS];
};

struct m_note {
	__u32 type;
	__u64 savepoint;
	struct m_en *en;	/* NULL: LAST_RECOVER */
};

struct m_rm {
	bool durable;
	__u32 state;		/* enum ktm_rm_state */
	struct m_note queue[M_QUEUE];
	int nr_queue;
};

/* What became of the freeze that was asked for. */
enum m_freeze { M_THAWED, M_FROZEN, M_EXPIRED, M_THAWED_BY_OTHER };

struct m_world {
	bool durable;
	enum m_freeze freeze;
	struct m_tx tx[M_TXS];
	struct m_rm rm[M_RMS];
	__u64 next_order;
	__u64 committed, aborted;
	__u64 clock;		/* if nobody else uses the TM */
};

void m_begin(struct m_world *world, struct m_tx *tx, __u64 deadline);
int m_commit(struct m_world *world, struct m_tx *tx);
int m_rollback(struct m_world *world, struct m_tx *tx);
int m_set_timeout(struct m_tx *tx, __u64 deadline);
void m_expire(struct m_world *world, struct m_tx *tx);
void m_tx_close(struct m_world *world, struct m_tx *tx);
void m_owner_dies(struct m_world *world, struct m_tx *tx);
bool m_tx_exists(const struct m_world *world, const struct m_tx *tx);
bool m_tx_ended(const struct m_tx *tx);
bool m_tx_settled(const struct m_tx *tx);
__u32 m_nr(const struct m_tx *tx);
__u32 m_waiting(const struct m_tx *tx);
struct m_en *m_superior(struct m_tx *tx);

/* What commit or rollback gives when the outcome is as it is. */
int m_outcome(const struct m_tx *tx, bool commit);

/* A commit that a freeze has to wait for. */
bool m_busy(const struct m_tx *tx);

/*
 * Asks one of enum ktm_notify: as the ioctl, or -EINPROGRESS if it waits for answers;
 * then the result is in tx.saves when it is over.
 */
int m_savepoint(struct m_world *world, struct m_tx *tx, __u32 asks, __u64 *savepoint,
		struct m_rm **rm);
int m_savepoint_answer(struct m_world *world, struct m_en *en, __u64 savepoint, __u32 error);

int m_enlist(struct m_world *world, struct m_tx *tx, struct m_rm *rm, struct m_en *en,
	     __u64 key, __u32 flags);
int m_en_open(struct m_en *en, struct m_rm *rm, __u64 key);
int m_answer(struct m_world *world, struct m_en *en, unsigned int cmd);
int m_veto(struct m_world *world, struct m_en *en, __u32 reason, __u32 error,
	   const char *detail);
int m_log(struct m_en *en, __u32 length);
int m_read_log(struct m_en *en, __u64 index);
int m_set_info(struct m_en *en, __u32 length);
void m_en_close(struct m_world *world, struct m_en *en);

/* What an answer of an enlistment in a state gives, if its RM is there. */
int m_answer_errno(unsigned int cmd, __u32 flags, __u32 state);

int m_rm_create(struct m_world *world, struct m_rm *rm);
int m_rm_recover(struct m_world *world, struct m_rm *rm);
void m_rm_close(struct m_world *world, struct m_rm *rm);
__u32 m_rm_nr(const struct m_world *world, const struct m_rm *rm);
void m_take_note(struct m_rm *rm);

/* The log was detached and attached: what is in memory only is gone. */
void m_reattach(struct m_world *world);

/* Decided or promised after the clock: TM_RECOVER has discarded it. */
void m_discard(struct m_world *world, __u64 clock);

/* As KTM_IOC_TM_INFO counts them */
__u32 m_active(const struct m_world *world);
__u32 m_unfinished(const struct m_world *world);

/* Those that a re-attach finds, with a clock that is not greater. */
__u32 m_logged(const struct m_world *world, __u64 clock);

/* Shared by the files of the model */
bool m_present(const struct m_rm *rm);
void m_post(struct m_rm *rm, struct m_en *en, __u32 type);
void m_cancel(struct m_rm *rm, struct m_en *en);
bool m_member(const struct m_en *en);
struct m_en *m_next_en(struct m_tx *tx, struct m_en *last);
bool m_may_abort(const struct m_tx *tx);
void m_leave(struct m_en *en);
void m_end(struct m_world *world, struct m_tx *tx, __u32 state);
void m_single_lost(struct m_world *world, struct m_tx *tx);
void m_abort(struct m_tx *tx, __u32 reason, __u32 error, struct m_rm *rm,
	     const char *detail);
void m_phase_0(struct m_tx *tx);
void m_phase_begin(struct m_world *world, struct m_tx *tx);
void m_prepare(struct m_tx *tx);
void m_decide(struct m_world *world, struct m_tx *tx);
void m_conclude(struct m_world *world, struct m_tx *tx);
void m_savepoint_answered(struct m_tx *tx);
void m_savepoint_overtaken(struct m_tx *tx);

#endif /* _SELFTESTS_RANDOM_MODEL_H */
