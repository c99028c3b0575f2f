// SPDX-License-Identifier: GPL-2.0
/*
 * Status flags in an SQLite database, with what prepared transactions hold
 *
 * Life of a change: prepare writes it to ktm_pending; commit moves it from there
 * to `flag` in one SQLite transaction. So a power cut leaves it in one of them,
 * and a second commit finds nothing left to do.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <sqlite3.h>

#include "flag_store.h"

#define BUSY_MS		10000	/* how long others may hold the database */

struct flag_store {
	sqlite3 *db;
	unsigned char rm[KTM_UUID_SIZE];
	char error[KTM_DETAIL_MAX];
};

/*
 * A commit deletes the rollback journal; only EXTRA makes that durable, too.
 * With less, a power cut could bring back what was answered as done.
 */
static const char setup[] =
	"PRAGMA journal_mode = DELETE;\n"
	"PRAGMA synchronous = EXTRA;\n"
	"CREATE TABLE IF NOT EXISTS flag (name TEXT PRIMARY KEY, value TEXT NOT NULL);\n"
	"CREATE TABLE IF NOT EXISTS ktm_pending\n"
	" (name TEXT PRIMARY KEY, value TEXT NOT NULL, enlistment BLOB NOT NULL);\n"
	"CREATE TABLE IF NOT EXISTS ktm_identity (what TEXT PRIMARY KEY, uuid BLOB NOT NULL);";

static const char hold[] =
	"INSERT INTO ktm_pending (enlistment, name, value) VALUES (?1, ?2, ?3)\n"
	" ON CONFLICT (name) DO UPDATE SET value = excluded.value\n"
	" WHERE enlistment = excluded.enlistment";

static const char apply[] =
	"INSERT INTO flag (name, value)\n"
	" SELECT name, value FROM ktm_pending WHERE enlistment = ?1\n"
	" ON CONFLICT (name) DO UPDATE SET value = excluded.value";

static const char drop[] = "DELETE FROM ktm_pending WHERE enlistment = ?1";

static int fail(struct flag_store *store, int error)
{
	snprintf(store->error, sizeof(store->error), "%s", sqlite3_errmsg(store->db));
	return error;
}

static int rule_or_io(struct flag_store *store)
{
	return fail(store, sqlite3_errcode(store->db) == SQLITE_CONSTRAINT ?
		    -EINVAL : -EIO);
}

/* Runs a statement that gives no rows; ?1 is a UUID, ?2 and ?3 are texts. */
static int run(struct flag_store *store, const char *sql,
	       const unsigned char *uuid, const char *text2, const char *text3)
{
	sqlite3_stmt *statement;
	int ret = 0;

	if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL))
		return fail(store, -EIO);
	if (uuid && sqlite3_bind_blob(statement, 1, uuid, KTM_UUID_SIZE, SQLITE_STATIC))
		ret = fail(store, -EIO);
	if (text2 && sqlite3_bind_text(statement, 2, text2, -1, SQLITE_STATIC))
		ret = fail(store, -EIO);
	if (text3 && sqlite3_bind_text(statement, 3, text3, -1, SQLITE_STATIC))
		ret = fail(store, -EIO);
	if (!ret && sqlite3_step(statement) != SQLITE_DONE)
		ret = rule_or_io(store);
	sqlite3_finalize(statement);
	return ret;
}

static int begin(struct flag_store *store)
{
	return run(store, "BEGIN IMMEDIATE", NULL, NULL, NULL);
}

/* Ends what begin() began: keeps it if all went well. */
static int end(struct flag_store *store, int ret)
{
	if (!ret)
		ret = run(store, "COMMIT", NULL, NULL, NULL);
	if (ret)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return ret;
}

/* Reads an identity: 1 if it is there, 0 if not, or -EIO. */
static int read_identity(struct flag_store *store, const char *what,
			 unsigned char *uuid)
{
	sqlite3_stmt *statement;
	int ret;

	if (sqlite3_prepare_v2(store->db, "SELECT uuid FROM ktm_identity WHERE what = ?1",
			       -1, &statement, NULL))
		return fail(store, -EIO);
	sqlite3_bind_text(statement, 1, what, -1, SQLITE_STATIC);
	switch (sqlite3_step(statement)) {
	case SQLITE_ROW:
		ret = sqlite3_column_bytes(statement, 0) == KTM_UUID_SIZE;
		if (ret)
			memcpy(uuid, sqlite3_column_blob(statement, 0), KTM_UUID_SIZE);
		break;
	case SQLITE_DONE:
		ret = 0;
		break;
	default:
		ret = fail(store, -EIO);
		break;
	}
	sqlite3_finalize(statement);
	return ret;
}

static int write_identity(struct flag_store *store, const char *what,
			  const unsigned char *uuid)
{
	return run(store, "INSERT OR REPLACE INTO ktm_identity (uuid, what) VALUES (?1, ?2)",
		   uuid, what, NULL);
}

static int find_or_make_rm(struct flag_store *store)
{
	int ret = begin(store);

	if (ret)
		return ret;
	ret = read_identity(store, "rm", store->rm);
	if (!ret) {
		if (getrandom(store->rm, KTM_UUID_SIZE, 0) != KTM_UUID_SIZE)
			ret = -EIO;
		/* RFC 4122: random, version 4 */
		store->rm[6] = (store->rm[6] & 0x0f) | 0x40;
		store->rm[8] = (store->rm[8] & 0x3f) | 0x80;
		if (!ret)
			ret = write_identity(store, "rm", store->rm);
	} else if (ret > 0) {
		ret = 0;
	}
	return end(store, ret);
}

struct flag_store *flag_store_open(const char *path)
{
	struct flag_store *store = calloc(1, sizeof(*store));

	if (!store) {
		fprintf(stderr, "%s: out of memory\n", path);
		return NULL;
	}
	if (sqlite3_open(path, &store->db) ||
	    sqlite3_busy_timeout(store->db, BUSY_MS) ||
	    sqlite3_exec(store->db, setup, NULL, NULL, NULL) ||
	    find_or_make_rm(store)) {
		fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(store->db));
		flag_store_close(store);
		return NULL;
	}
	return store;
}

void flag_store_close(struct flag_store *store)
{
	if (!store)
		return;
	sqlite3_close(store->db);
	free(store);
}

const char *flag_store_error(const struct flag_store *store)
{
	return store->error;
}

const unsigned char *flag_store_rm(const struct flag_store *store)
{
	return store->rm;
}

/* Whose changes are pending: calls @visit for each; stops when it fails. */
static int each_pending(struct flag_store *store,
			int (*visit)(struct flag_store *store,
				     const unsigned char *enlistment, void *data),
			void *data)
{
	unsigned char enlistment[KTM_UUID_SIZE];
	sqlite3_stmt *statement;
	int ret = 0, step;

	if (sqlite3_prepare_v2(store->db, "SELECT DISTINCT enlistment FROM ktm_pending",
			       -1, &statement, NULL))
		return fail(store, -EIO);
	while (!ret && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		if (sqlite3_column_bytes(statement, 0) != KTM_UUID_SIZE)
			continue;
		memcpy(enlistment, sqlite3_column_blob(statement, 0), KTM_UUID_SIZE);
		ret = visit(store, enlistment, data);
	}
	if (!ret && step != SQLITE_DONE)
		ret = fail(store, -EIO);
	sqlite3_finalize(statement);
	return ret;
}

static int count_one(struct flag_store *store, const unsigned char *enlistment,
		     void *data)
{
	++*(size_t *)data;
	return 0;
}

int flag_store_bind(struct flag_store *store, const unsigned char *tm)
{
	unsigned char bound[KTM_UUID_SIZE];
	size_t pending = 0;
	int ret = begin(store);

	if (ret)
		return ret;
	ret = read_identity(store, "tm", bound);
	if (ret > 0 && memcmp(bound, tm, KTM_UUID_SIZE)) {
		ret = each_pending(store, count_one, &pending);
		if (pending) {
			snprintf(store->error, sizeof(store->error),
				 "another transaction manager decides about what is pending");
			ret = -ESTALE;
		}
	}
	if (ret >= 0)
		ret = write_identity(store, "tm", tm);
	return end(store, ret);
}

static int hold_one(struct flag_store *store, const unsigned char *enlistment,
		    const struct flag_change *change)
{
	int ret = run(store, hold, enlistment, change->name, change->value);

	if (!ret && !sqlite3_changes(store->db)) {
		snprintf(store->error, sizeof(store->error),
			 "flag %s is held by another transaction", change->name);
		ret = -EBUSY;
	}
	return ret;
}

int flag_store_prepare(struct flag_store *store, const unsigned char *enlistment,
		       const struct flag_change *changes, size_t count)
{
	size_t i;
	int ret = begin(store);

	if (ret)
		return ret;
	for (i = 0; i < count && !ret; i++)
		ret = hold_one(store, enlistment, &changes[i]);
	if (!ret)
		ret = run(store, "SAVEPOINT trial", NULL, NULL, NULL);
	if (!ret)
		ret = run(store, apply, enlistment, NULL, NULL);
	if (!ret)
		ret = run(store, "ROLLBACK TO trial", NULL, NULL, NULL);
	return end(store, ret);
}

int flag_store_commit(struct flag_store *store, const unsigned char *enlistment)
{
	int ret = begin(store);

	if (ret)
		return ret;
	ret = run(store, apply, enlistment, NULL, NULL);
	if (!ret)
		ret = run(store, drop, enlistment, NULL, NULL);
	return end(store, ret) ? -EIO : 0;
}

int flag_store_abort(struct flag_store *store, const unsigned char *enlistment)
{
	return run(store, drop, enlistment, NULL, NULL);
}

static int abort_one(struct flag_store *store, const unsigned char *enlistment,
		     void *data)
{
	bool (**known)(const unsigned char *uuid) = data;

	return (*known)(enlistment) ? 0 : flag_store_abort(store, enlistment);
}

int flag_store_abort_unknown(struct flag_store *store,
			     bool (*known)(const unsigned char *enlistment))
{
	int ret = begin(store);

	if (ret)
		return ret;
	return end(store, each_pending(store, abort_one, &known));
}
