// SPDX-License-Identifier: GPL-2.0
/*
 * The work that is recorded: a small ring goes round several times
 *
 * Several clients commit at the same time, each in two resource managers; some
 * transactions are refused by one of them, some taken back by the client. A keeper
 * leaves what it has to carry out unanswered, and a superior leaves promises open, so
 * that both are copied forward again and again. Every promise is noted (plan.h).
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "die.h"
#include "guest.h"
#include "one_tm.h"

#define CLIENTS		4
#define KEPT		3	/* unanswered at any time */

static int tm_fd, rm_fds[PLAN_NR_RMS];
static unsigned int count;	/* transactions of all clients */
static atomic_uint next_id = 1;

/* Enlistments by transaction; written before the commit is asked for. */
static int en_fds[PLAN_NR_RMS][PLAN_MAX_ID];

static pthread_mutex_t done_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done_cond = PTHREAD_COND_INITIALIZER;
static unsigned int done;	/* [done_lock] transactions of clients that are over */

/* Resource managers that answer at once */

static void on_prepare(enum plan_rm rm, unsigned int id)
{
	int ret;

	if (rm == PLAN_SECOND && plan_kind(id) == PLAN_REFUSED)
		ret = ktm_en_rollback(en_fds[rm][id], KTM_REASON_RM, 0, "refused");
	else
		ret = ktm_en_prepare_complete(en_fds[rm][id]);
	if (ret != -ECANCELED)		/* the other one has refused meanwhile */
		check("prepare", ret);
}

static void on_commit(enum plan_rm rm, unsigned int id)
{
	note_down(NOTE_COMMIT, id, rm);
	note_down(NOTE_ANSWERING, id, rm);
	check("commit complete", ktm_en_commit_complete(en_fds[rm][id]));
	close(en_fds[rm][id]);
}

static void *serve(void *data)
{
	enum plan_rm rm = *(enum plan_rm *)data;
	struct ktm_notification note;
	long ret;

	for (;;) {
		do {
			ret = ktm_rm_read(rm_fds[rm], &note, sizeof(note));
		} while (ret == -EINTR);
		if (ret < 0)
			die("read notifications", ret);
		if (note.type == KTM_NOTIFY_PREPARE) {
			on_prepare(rm, note.key);
		} else if (note.type == KTM_NOTIFY_COMMIT) {
			on_commit(rm, note.key);
		} else if (note.type == KTM_NOTIFY_ROLLBACK) {
			check("rollback complete",
			      ktm_en_rollback_complete(en_fds[rm][note.key]));
			close(en_fds[rm][note.key]);
		}
	}
	return NULL;
}

/* Clients */

static void one_transaction(unsigned int id)
{
	int tx_fd = begin(tm_fd, id), ret;
	enum plan_rm rm;

	for (rm = PLAN_FIRST; rm <= PLAN_SECOND; rm++)
		en_fds[rm][id] = join(rm_fds[rm], tx_fd, id, rm);
	if (plan_kind(id) == PLAN_TAKEN_BACK) {
		check("rollback", ktm_tx_rollback(tx_fd, 0));
	} else {
		ret = ktm_tx_commit(tx_fd, 0);
		if (ret != (plan_kind(id) == PLAN_REFUSED ? -ECANCELED : 0))
			die("commit", ret ? ret : EPROTO);
		if (!ret)
			note_down(NOTE_COMMITTED, id, 0);
	}
	close(tx_fd);
}

static void *client(void *data)
{
	unsigned int id;

	while ((id = atomic_fetch_add(&next_id, 1)) <= count) {
		one_transaction(id);
		pthread_mutex_lock(&done_lock);
		done++;
		pthread_cond_signal(&done_cond);
		pthread_mutex_unlock(&done_lock);
	}
	return NULL;
}

static void wait_for_clients(unsigned int goal)
{
	pthread_mutex_lock(&done_lock);
	while (done < goal)
		pthread_cond_wait(&done_cond, &done_lock);
	pthread_mutex_unlock(&done_lock);
}

/* The keeper and the superior */

static void keeper_prepares(unsigned int id)
{
	expect(rm_fds[PLAN_KEEPER], KTM_NOTIFY_PREPARE, id);
	check("prepare complete", ktm_en_prepare_complete(en_fds[PLAN_KEEPER][id]));
}

static void keeper_is_told(unsigned int id)
{
	expect(rm_fds[PLAN_KEEPER], KTM_NOTIFY_COMMIT, id);
	note_down(NOTE_COMMIT, id, PLAN_KEEPER);
}

static void keep(unsigned int id)
{
	int tx_fd = begin(tm_fd, id);

	en_fds[PLAN_KEEPER][id] = join(rm_fds[PLAN_KEEPER], tx_fd, id, PLAN_KEEPER);
	commit_nowait(tx_fd);
	keeper_prepares(id);
	keeper_is_told(id);
	close(tx_fd);
}

static void make_promise(unsigned int id)
{
	int tx_fd = begin(tm_fd, id);
	int superior = ktm_en_create(rm_fds[PLAN_SUPERIOR], tx_fd, id, KTM_EN_F_SUPERIOR,
				     NULL);

	if (superior < 0)
		die("superior", superior);
	en_fds[PLAN_SUPERIOR][id] = superior;
	en_fds[PLAN_KEEPER][id] = join(rm_fds[PLAN_KEEPER], tx_fd, id, PLAN_KEEPER);
	check("order prepare", ktm_en_prepare(superior));
	keeper_prepares(id);
	expect(rm_fds[PLAN_SUPERIOR], KTM_NOTIFY_PREPARE_COMPLETE, id);
	note_down(NOTE_PROMISED, id, PLAN_SUPERIOR);
	close(tx_fd);
}

static void decide(unsigned int id)
{
	int superior = en_fds[PLAN_SUPERIOR][id];

	note_down(NOTE_DECIDING, id, PLAN_SUPERIOR);
	if (plan_kind(id) == PLAN_COMMITS_IF_TOLD) {
		check("order commit", ktm_en_commit(superior));
		keeper_is_told(id);
		return;
	}
	check("order rollback", ktm_en_rollback(superior, KTM_REASON_RM, 0, ""));
	expect(rm_fds[PLAN_KEEPER], KTM_NOTIFY_ROLLBACK, id);
	check("rollback complete", ktm_en_rollback_complete(en_fds[PLAN_KEEPER][id]));
	close(en_fds[PLAN_KEEPER][id]);
	expect(rm_fds[PLAN_SUPERIOR], KTM_NOTIFY_ROLLBACK_COMPLETE, id);
	close(superior);
}

static void release(unsigned int id)
{
	note_down(NOTE_ANSWERING, id, PLAN_KEEPER);
	check("commit complete", ktm_en_commit_complete(en_fds[PLAN_KEEPER][id]));
	close(en_fds[PLAN_KEEPER][id]);
	if (id < PLAN_PROMISED)
		return;
	expect(rm_fds[PLAN_SUPERIOR], KTM_NOTIFY_COMMIT_COMPLETE, id);
	close(en_fds[PLAN_SUPERIOR][id]);
}

/* Each thing that the keeper has is replaced when the ring has gone round once more. */
static void keep_and_promise(unsigned int rounds)
{
	unsigned int kept[KEPT], next = PLAN_KEPT, promised = PLAN_PROMISED, i;

	for (i = 0; i < KEPT; i++)
		keep(kept[i] = next++);
	make_promise(promised);
	for (i = 0; i < rounds; i++) {
		wait_for_clients(count * (i + 1) / (rounds + 1));
		release(kept[i % KEPT]);
		decide(promised);
		if (plan_kind(promised) == PLAN_COMMITS_IF_TOLD)
			kept[i % KEPT] = promised;
		else
			keep(kept[i % KEPT] = next++);
		make_promise(++promised);
	}
}

static void work(unsigned int rounds)
{
	pthread_t threads[CLIENTS], servers[PLAN_KEEPER];
	enum plan_rm rms[PLAN_NR_RMS], rm;
	struct ktm_notification note;
	unsigned int i;

	for (rm = 0; rm < PLAN_NR_RMS; rm++) {
		rms[rm] = rm;
		rm_fds[rm] = register_rm(tm_fd, rm);
		next_note(rm_fds[rm], &note);
		if (note.type != KTM_NOTIFY_LAST_RECOVER)
			die("a new log is not empty", EUCLEAN);
	}
	for (rm = PLAN_FIRST; rm <= PLAN_SECOND; rm++)
		check("thread", pthread_create(&servers[rm], NULL, serve, &rms[rm]));
	for (i = 0; i < CLIENTS; i++)
		check("thread", pthread_create(&threads[i], NULL, client, NULL));
	keep_and_promise(rounds);
	for (i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	for (rm = PLAN_FIRST; rm <= PLAN_SECOND; rm++) {
		pthread_cancel(servers[rm]);
		pthread_join(servers[rm], NULL);
	}
	for (rm = 0; rm < PLAN_NR_RMS; rm++)
		close(rm_fds[rm]);
}

int main(int argc, char **argv)
{
	struct ktm_tm_info before, after;

	if (argc != 3) {
		fprintf(stderr, "usage: workload NOTES-DEVICE TRANSACTIONS\n");
		return 2;
	}
	notes_open(argv[1]);
	count = atoi(argv[2]);
	if (count >= PLAN_AFTER)
		die("too many transactions", ERANGE);
	tm_fd = one_tm_open(&before);
	if (tm_fd < 0)
		return 1;
	work(count / 40);
	check("query", ktm_tm_query(tm_fd, &after, sizeof(after)));
	printf("%llu bytes logged in a ring of %llu, %llu flushes\n",
	       (unsigned long long)(after.log_head - before.log_head),
	       (unsigned long long)after.log_size, (unsigned long long)after.log_flushes);
	/* or nothing is copied forward, and nothing is tested */
	if (after.log_head - before.log_head < 2 * after.log_size)
		die("the ring has not gone round", ERANGE);
	return 0;
}
