/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs in the guest share
 */
#ifndef _ENUMERATE_GUEST_H
#define _ENUMERATE_GUEST_H

#include <stdint.h>

#include <ktm/ktm.h>

#include "plan.h"

/* notes_open - write notes to this disk from now on; any thread may */
void notes_open(const char *device);

/* note_down - in the recording when this returns */
void note_down(enum note_kind kind, unsigned int tx, enum plan_rm rm);

/* register_rm - registers @rm and asks for recovery; returns its fd */
int register_rm(int tm_fd, enum plan_rm rm);

/* next_note - the next notification, which must come */
void next_note(int rm_fd, struct ktm_notification *note);

/* expect - the next notification must be this */
void expect(int rm_fd, uint32_t type, unsigned int id);

/* begin - begin transaction @id; returns its fd */
int begin(int tm_fd, unsigned int id);

/* join - enlist and log what is planned; returns the enlistment, or -ECANCELED */
int join(int rm_fd, int tx_fd, unsigned int id, enum plan_rm rm);

/* commit_nowait - ask for the commit */
void commit_nowait(int tx_fd);

#endif /* _ENUMERATE_GUEST_H */
