/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Status flags in an SQLite database, with what prepared transactions hold
 *
 * The table `flag` (name, value) belongs to the application, which may have
 * made it with rules of its own. The tables ktm_pending and ktm_identity are
 * this store's. Whatever a call has changed is on stable storage when it returns.
 */
#ifndef _DEMO_FLAG_STORE_H
#define _DEMO_FLAG_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/ktm.h>

#define FLAG_NAME_SIZE	32	/* with the terminating NUL */
#define FLAG_VALUE_SIZE	64	/* with the terminating NUL */

/**
 * struct flag_change - one flag to be set
 * @name: the flag
 * @value: its value
 */
struct flag_change {
	char name[FLAG_NAME_SIZE];
	char value[FLAG_VALUE_SIZE];
};

struct flag_store;

/**
 * flag_store_open - open the database, and make what is missing in it
 * @path: the file
 *
 * Return: the store, or NULL after a message.
 */
struct flag_store *flag_store_open(const char *path);

/**
 * flag_store_close - let it go
 * @store: the store or NULL
 */
void flag_store_close(struct flag_store *store);

/**
 * flag_store_error - why the last call failed
 * @store: the store
 *
 * Return: text for people, good until the next call.
 */
const char *flag_store_error(const struct flag_store *store);

/**
 * flag_store_rm - the UUID of this store's resource manager
 * @store: the store
 *
 * Return: 16 bytes, the same for the life of the database.
 */
const unsigned char *flag_store_rm(const struct flag_store *store);

/**
 * flag_store_bind - remember which TM decides about what is pending
 * @store: the store
 * @tm: its UUID
 *
 * Only that TM knows the outcome; another one would let it be rolled back.
 *
 * Return: 0; -ESTALE when another TM must decide first; -EIO.
 */
int flag_store_bind(struct flag_store *store, const unsigned char *tm);

/**
 * flag_store_prepare - keep changes so that they can go either way
 * @store: the store
 * @enlistment: whose they are
 * @changes: the changes
 * @count: how many
 *
 * The changes are tried, and not kept, so that what the database's own rules
 * refuse is refused now.
 *
 * Return: 0; -EBUSY when another transaction holds a flag; -EINVAL when a rule
 * of the database refuses a value; -EIO.
 */
int flag_store_prepare(struct flag_store *store, const unsigned char *enlistment,
		       const struct flag_change *changes, size_t count);

/**
 * flag_store_commit - carry out what is pending, or find that it was
 * @store: the store
 * @enlistment: whose it is
 *
 * Return: 0 or -EIO.
 */
int flag_store_commit(struct flag_store *store, const unsigned char *enlistment);

/**
 * flag_store_abort - drop what is pending, if anything is
 * @store: the store
 * @enlistment: whose it is
 *
 * Return: 0 or -EIO.
 */
int flag_store_abort(struct flag_store *store, const unsigned char *enlistment);

/**
 * flag_store_abort_unknown - drop what nobody will decide about
 * @store: the store
 * @known: tells whether an enlistment waits for its outcome
 *
 * Return: 0 or -EIO.
 */
int flag_store_abort_unknown(struct flag_store *store,
			     bool (*known)(const unsigned char *enlistment));

#endif /* _DEMO_FLAG_STORE_H */
