/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - operations of the random test, and what they are done on
 */
#ifndef _SELFTESTS_RANDOM_OPS_H
#define _SELFTESTS_RANDOM_OPS_H

#include "driver.h"

#define NOBODY	-1
#define FAR	(3600000 * MSEC)

/* The size goes with the argument, which another process may have to copy. */
#define CALL(d, handle, cmd, pointer) \
	({ typeof(pointer) _arg = (pointer); \
	   remote_ioctl(&(d)->remote, handle, cmd, _arg, sizeof(*_arg)); })

/* The TM's fd here, or that of the remote process, who is the caller then */
struct handle some_tm(struct driver *d);

/* Indices, NOBODY if there is none. Those that are wanted come first, mostly. */
int pick_tx(struct driver *d);
int pick_open(struct driver *d, bool (*wanted)(const struct m_tx *tx));
int pick_open_tx(struct driver *d);
int pick_rm(struct driver *d);
bool pick_en(struct driver *d, int *tx, int *en);
bool pick_en_of(struct driver *d, bool (*wanted)(const struct m_en *en), int *tx, int *en);
bool is_active(const struct m_tx *tx);
bool is_asked(const struct m_en *en);
bool is_done(const struct m_en *en);
bool is_not_done(const struct m_en *en);
bool is_superior(const struct m_en *en);

int free_file(const struct handle *file, int nr);
int open_file(struct driver *d, const struct handle *file, int nr);

/* Closes it, here, there or on its way. */
void close_file(struct driver *d, struct handle *file);

/* What the clock field of a call does to the TM's */
int see_clock(struct driver *d, __u64 clock);

/* Reads up to so many notifications. */
void d_read(struct driver *d, int rm, int room);

/* Somebody who is waited for answers; false: nobody can. */
bool d_go_on(struct driver *d, int tx);

void op_tx_create(struct driver *d);
void op_tx_open(struct driver *d);
void op_commit(struct driver *d);
void op_rollback(struct driver *d);
void op_wait(struct driver *d);
void op_set_timeout(struct driver *d);
void op_expire(struct driver *d);
void op_tx_close(struct driver *d);

void op_savepoint(struct driver *d);
void op_savepoint_answer(struct driver *d);
void op_kill_caller(struct driver *d);

void op_rm_create(struct driver *d);
void op_rm_recover(struct driver *d);
void op_rm_close(struct driver *d);
void op_rm_info(struct driver *d);
void op_rm_read(struct driver *d);

void op_enlist(struct driver *d);
void op_en_open(struct driver *d);
void op_answer(struct driver *d);
void op_order(struct driver *d);
void op_lie(struct driver *d);
void op_veto(struct driver *d);
void op_log(struct driver *d);
void op_read_log(struct driver *d);
void op_set_info(struct driver *d);
void op_get_info(struct driver *d);
void op_en_close(struct driver *d);

void op_freeze(struct driver *d);
void op_thaw(struct driver *d);
void op_detach(struct driver *d);
void op_list(struct driver *d);
void op_rm_open(struct driver *d);

void op_restrict(struct driver *d);
void op_malformed(struct driver *d);

#endif /* _SELFTESTS_RANDOM_OPS_H */
