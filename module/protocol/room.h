/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - who holds the tail of the log, and how to make room
 */
#ifndef _KTM_PROTOCOL_ROOM_H
#define _KTM_PROTOCOL_ROOM_H

#include "../object/tm.h"

/**
 * ktm_room_tail - lowest LSN still needed
 * @tm: the TM
 * Context: any that may take a spinlock.
 * Return: the LSN, or U64_MAX.
 */
u64 ktm_room_tail(struct ktm_tm *tm);

/**
 * ktm_room_make - end, or copy forward, the transaction that holds the tail
 * @tm: the TM
 * @tail: where the tail is held
 * Context: process context, may sleep; called by the log without its locks.
 * Return: 0 if the tail may move now, -ENOSPC or another errno if not.
 */
int ktm_room_make(struct ktm_tm *tm, u64 tail);

/**
 * ktm_room_oldest - who holds the tail of the log?
 * @tm: a durable TM
 * @uuid: out: the transaction with the oldest records
 * @lsn: out: where they begin
 * Return: false if no transaction has any.
 */
bool ktm_room_oldest(struct ktm_tm *tm, uuid_t *uuid, u64 *lsn);

#endif /* _KTM_PROTOCOL_ROOM_H */
