/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm - notifications of a resource manager
 *
 * An enlistment has at most one notification waiting: a later one replaces it,
 * as a ROLLBACK replaces a PREPARE that nobody has read. So a note is part of
 * the enlistment, and telling an RM something needs no memory and cannot fail.
 */
#ifndef _KTM_OBJECT_NOTIFY_H
#define _KTM_OBJECT_NOTIFY_H

#include <linux/list.h>
#include <linux/types.h>

struct ktm_enlistment;
struct ktm_rm;
struct ktm_notification;

/**
 * struct ktm_note - a notification that waits
 * @node: in rm.queue, or empty [rm.lock]
 * @type: enum ktm_notify [rm.lock]
 * @of_rm: part of the RM itself, not of an enlistment [const]
 */
struct ktm_note {
	struct list_head node;
	u32 type;
	bool of_rm;
};

/**
 * ktm_note_init - a note that does not wait
 * @note: the note
 * @of_rm: part of the RM itself, not of an enlistment
 */
void ktm_note_init(struct ktm_note *note, bool of_rm);

/**
 * ktm_note_enlistment - the enlistment that a note is part of
 * @note: the note
 * Return: the enlistment, or NULL if the note is the RM's own.
 */
struct ktm_enlistment *ktm_note_enlistment(struct ktm_note *note);

/**
 * ktm_notify_post - queue a notification about an enlistment
 * @en: the enlistment
 * @type: enum ktm_notify
 *
 * Does nothing while the RM is not online.
 *
 * Context: any; takes rm.lock.
 */
void ktm_notify_post(struct ktm_enlistment *en, u32 type);

/**
 * ktm_notify_post_if_idle - queue a notification, if none waits
 * @en: the enlistment
 * @type: enum ktm_notify
 *
 * For one that must not replace another.
 *
 * Context: any; takes rm.lock.
 */
void ktm_notify_post_if_idle(struct ktm_enlistment *en, u32 type);

/**
 * ktm_notify_post_locked - queue a note
 * @rm: its RM, rm.lock held
 * @note: the note
 * @type: enum ktm_notify
 */
void ktm_notify_post_locked(struct ktm_rm *rm, struct ktm_note *note, u32 type);

/**
 * ktm_notify_cancel_locked - take a note out of the queue
 * @rm: its RM, rm.lock held
 * @note: the note
 * Return: true if it waited; the caller drops the queue's reference on the
 * enlistment after unlocking.
 */
bool ktm_notify_cancel_locked(struct ktm_rm *rm, struct ktm_note *note);

/**
 * ktm_notify_peek - look at the oldest notification
 * @rm: the RM, read_lock held
 * @record: out: as user space gets it
 *
 * Return: true if there is one; it stays in the queue.
 */
bool ktm_notify_peek(struct ktm_rm *rm, struct ktm_notification *record);

/**
 * ktm_notify_pop - the notification that was peeked at has been delivered
 * @rm: the RM, read_lock held
 * @record: as filled in by ktm_notify_peek()
 *
 * If another one replaced it meanwhile, that one stays.
 */
void ktm_notify_pop(struct ktm_rm *rm, const struct ktm_notification *record);

/**
 * ktm_notify_take - take the waiting notification of one enlistment
 * @en: enlistment of a kernel RM
 * @key: out: its key
 * @savepoint: out: the savepoint that it is about, or 0
 * Return: enum ktm_notify, or 0 when none waits. The queue's reference passes
 * to the caller.
 */
u32 ktm_notify_take(struct ktm_enlistment *en, u64 *key, u64 *savepoint);

/**
 * ktm_notify_pending - does a notification wait?
 * @rm: the RM
 */
bool ktm_notify_pending(struct ktm_rm *rm);

#endif /* _KTM_OBJECT_NOTIFY_H */
