/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - racing processes: operations
 */
#ifndef _SELFTESTS_RANDOM_RACE_OPS_H
#define _SELFTESTS_RANDOM_RACE_OPS_H

#include "race.h"

/* One of the fds of the process; NULL: it has none. */
struct r_file *r_pick_tx(struct racer *me);
struct r_file *r_pick_rm(struct racer *me);
struct r_file *r_pick_en(struct racer *me);

void r_drop(struct r_file *file);

/* In a free place, or in that of another, which is closed. */
void r_keep(struct racer *me, struct r_file *files, int nr, struct r_file file);

void r_op_rm_create(struct racer *me);
void r_op_rm_recover(struct racer *me);
void r_op_rm_close(struct racer *me);
void r_op_enlist(struct racer *me);
void r_op_read(struct racer *me);
void r_op_answer(struct racer *me);
void r_op_sweep(struct racer *me);
void r_op_lie(struct racer *me);
void r_op_en_close(struct racer *me);
void r_op_log(struct racer *me);
void r_op_read_log(struct racer *me);
void r_op_recovery_info(struct racer *me);

#endif /* _SELFTESTS_RANDOM_RACE_OPS_H */
