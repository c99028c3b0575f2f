/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - trace events
 *
 * They are for scripts that stay: a field keeps its name and its meaning, new ones go to
 * the end. States are the numbers of <uapi/linux/ktm.h>, shown by name; UUIDs are arrays
 * of 16 bytes. Documented for users in ktm-trace(7).
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ktm

#if !defined(_KTM_TRACE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _KTM_TRACE_TRACE_H

#include <linux/tracepoint.h>
#include <linux/uuid.h>
#include <uapi/linux/ktm.h>

#define KTM_TRACE_TM_STATES						\
	STATE(TM, ONLINE)						\
	STATE(TM, OFFLINE)						\
	STATE(TM, DETACHED)						\
	LAST_STATE(TM, RECOVERING)

#define KTM_TRACE_RM_STATES						\
	STATE(RM, OFFLINE)						\
	STATE(RM, ONLINE)						\
	LAST_STATE(RM, GONE)

#define KTM_TRACE_TX_STATES						\
	STATE(TX, NEW)							\
	STATE(TX, ACTIVE)						\
	STATE(TX, PREPARING)						\
	STATE(TX, DECIDING)						\
	STATE(TX, SINGLE_PHASE)						\
	STATE(TX, COMMITTING)						\
	STATE(TX, ABORTING)						\
	STATE(TX, COMMITTED)						\
	STATE(TX, ABORTED)						\
	STATE(TX, INDOUBT)						\
	STATE(TX, PREPREPARING)						\
	STATE(TX, PREPREPARED)						\
	STATE(TX, PROMISING)						\
	STATE(TX, PREPARED)						\
	STATE(TX, ORPHANED)						\
	LAST_STATE(TX, SAVEPOINT)

#define KTM_TRACE_EN_STATES						\
	STATE(EN, NEW)							\
	STATE(EN, ACTIVE)						\
	STATE(EN, PREPARING)						\
	STATE(EN, PREPARED)						\
	STATE(EN, SINGLE_PHASE)						\
	STATE(EN, COMMITTING)						\
	STATE(EN, ABORTING)						\
	STATE(EN, DONE)							\
	STATE(EN, PREPREPARING)						\
	STATE(EN, PREPREPARED)						\
	STATE(EN, PROMISING)						\
	STATE(EN, WATCHING)						\
	LAST_STATE(EN, SAVEPOINT)

/* User space finds the numbers in the formats of the events. */
#define STATE(kind, name)	TRACE_DEFINE_ENUM(KTM_##kind##_S_##name);
#define LAST_STATE(kind, name)	TRACE_DEFINE_ENUM(KTM_##kind##_S_##name);
KTM_TRACE_TM_STATES
KTM_TRACE_RM_STATES
KTM_TRACE_TX_STATES
KTM_TRACE_EN_STATES
#undef STATE
#undef LAST_STATE

#define STATE(kind, name)	{ KTM_##kind##_S_##name, #name },
#define LAST_STATE(kind, name)	{ KTM_##kind##_S_##name, #name }

/**
 * ktm_tm_state - a TM has got another state
 * @tm: the TM
 * @from: enum ktm_tm_state
 * @to: enum ktm_tm_state
 * @error: negative errno that made it go offline, or 0
 * Context: any; a lock of the TM is held.
 */
TRACE_EVENT(ktm_tm_state,
	TP_PROTO(const uuid_t *tm, u32 from, u32 to, int error),
	TP_ARGS(tm, from, to, error),
	TP_STRUCT__entry(
		__array(u8, tm, UUID_SIZE)
		__field(u32, from)
		__field(u32, to)
		__field(int, error)
	),
	TP_fast_assign(
		export_uuid(__entry->tm, tm);
		__entry->from = from;
		__entry->to = to;
		__entry->error = error;
	),
	TP_printk("tm=%pUb from=%s to=%s error=%d", __entry->tm,
		  __print_symbolic(__entry->from, KTM_TRACE_TM_STATES),
		  __print_symbolic(__entry->to, KTM_TRACE_TM_STATES), __entry->error)
);

/**
 * ktm_rm_state - an RM has got another state
 * @tm: its TM
 * @rm: the RM
 * @from: enum ktm_rm_state
 * @to: enum ktm_rm_state
 * Context: any; a lock of the RM is held.
 */
TRACE_EVENT(ktm_rm_state,
	TP_PROTO(const uuid_t *tm, const uuid_t *rm, u32 from, u32 to),
	TP_ARGS(tm, rm, from, to),
	TP_STRUCT__entry(
		__array(u8, tm, UUID_SIZE)
		__array(u8, rm, UUID_SIZE)
		__field(u32, from)
		__field(u32, to)
	),
	TP_fast_assign(
		export_uuid(__entry->tm, tm);
		export_uuid(__entry->rm, rm);
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("rm=%pUb tm=%pUb from=%s to=%s", __entry->rm, __entry->tm,
		  __print_symbolic(__entry->from, KTM_TRACE_RM_STATES),
		  __print_symbolic(__entry->to, KTM_TRACE_RM_STATES))
);

/**
 * ktm_tx_state - a transaction has got another state
 * @tm: its TM
 * @tx: the transaction
 * @from: enum ktm_tx_state
 * @to: enum ktm_tx_state
 * @nr_enlistments: those that have not left
 * Context: any; the lock of the transaction is held.
 */
TRACE_EVENT(ktm_tx_state,
	TP_PROTO(const uuid_t *tm, const uuid_t *tx, u32 from, u32 to, u32 nr_enlistments),
	TP_ARGS(tm, tx, from, to, nr_enlistments),
	TP_STRUCT__entry(
		__array(u8, tm, UUID_SIZE)
		__array(u8, tx, UUID_SIZE)
		__field(u32, from)
		__field(u32, to)
		__field(u32, nr_enlistments)
	),
	TP_fast_assign(
		export_uuid(__entry->tm, tm);
		export_uuid(__entry->tx, tx);
		__entry->from = from;
		__entry->to = to;
		__entry->nr_enlistments = nr_enlistments;
	),
	TP_printk("tx=%pUb tm=%pUb from=%s to=%s enlistments=%u", __entry->tx, __entry->tm,
		  __print_symbolic(__entry->from, KTM_TRACE_TX_STATES),
		  __print_symbolic(__entry->to, KTM_TRACE_TX_STATES),
		  __entry->nr_enlistments)
);

/**
 * ktm_en_state - an enlistment has got another state
 * @tx: its transaction
 * @rm: its RM
 * @en: the enlistment
 * @from: enum ktm_en_state
 * @to: enum ktm_en_state
 *
 * What is sent to an RM and what it answers (a vote, for example) shows here: PREPARING
 * to PREPARED is the vote for commit, PREPARING to ABORTING the end of the other one.
 * Context: any; the lock of the transaction is held.
 */
TRACE_EVENT(ktm_en_state,
	TP_PROTO(const uuid_t *tx, const uuid_t *rm, const uuid_t *en, u32 from, u32 to),
	TP_ARGS(tx, rm, en, from, to),
	TP_STRUCT__entry(
		__array(u8, tx, UUID_SIZE)
		__array(u8, rm, UUID_SIZE)
		__array(u8, en, UUID_SIZE)
		__field(u32, from)
		__field(u32, to)
	),
	TP_fast_assign(
		export_uuid(__entry->tx, tx);
		export_uuid(__entry->rm, rm);
		export_uuid(__entry->en, en);
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("en=%pUb tx=%pUb rm=%pUb from=%s to=%s", __entry->en, __entry->tx,
		  __entry->rm, __print_symbolic(__entry->from, KTM_TRACE_EN_STATES),
		  __print_symbolic(__entry->to, KTM_TRACE_EN_STATES))
);

#undef STATE
#undef LAST_STATE

#endif /* _KTM_TRACE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH module/trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
