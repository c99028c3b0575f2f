// SPDX-License-Identifier: GPL-2.0
/*
 * A small ring that goes round several times while enlistments wait
 *
 * Two resource managers and a superior. The keeper leaves what it has to carry out
 * unanswered for a long time, so ktm must copy it forward, again and again, for the
 * tail to move; and while a promise to the superior waits for its order, that too.
 * Ordinary transactions of the keeper and a ring store drive the head on.
 *
 *	kept N		COMMIT was sent, so the decision is durable, and not answered
 *	promised N	the superior was told that all have prepared
 *	deciding N	it is about to order: even ones to commit, odd ones to roll back
 *	decided N	COMMIT was sent after its order, and is not answered
 *	releasing N	the keeper is about to answer
 *	committed N	the ordinary transactions up to N were acknowledged
 *
 * After a power cut all that was kept is there, with its redo and COMMIT; what was
 * promised is in doubt, and the superior is asked; slots are full if acknowledged.
 * Then the ring is driven round once more, without an answer to those, and all that
 * must hold again.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include <ktm/ktm.h>

#include "die.h"
#include "one_tm.h"
#include "ring_store.h"

#define COUNT		72	/* ordinary transactions: ids 1 to COUNT */
#define MORE		24	/* after a power cut: the ids that follow */
#define ROTATE		12	/* after so many the oldest kept one is let go */
#define KEPT		5	/* unanswered at any time */
#define SPECIAL		(COUNT + MORE)	/* the others have higher ids */
#define MAX_ID		(SPECIAL + 32)
#define RECORDS		4	/* of the keeper, in each transaction */
#define RECORD_WORDS	2500
#define PATIENCE	30000	/* ms until what must come is missing */

/**
 * struct fate - what was promised of a transaction, and what is found
 * @kept: COMMIT was seen
 * @promised: the superior was told
 * @deciding: the superior was about to order
 * @releasing: the keeper was about to answer
 * @note: what the keeper was told of the outcome, or 0
 * @asked: the superior is asked
 * @en_fd: the keeper's enlistment
 * @superior_fd: the superior's enlistment
 */
static struct fate {
	bool kept, promised, deciding, releasing;
	uint32_t note;
	bool asked;
	int en_fd, superior_fd;
} fates[MAX_ID + 1];

static unsigned int acknowledged;	/* the last ordinary one that was */
static int tm_fd, keeper, superior;
static struct ring_store *store;
static const char *control;

static void note_down(const char *word, unsigned int id)
{
	char command[512];

	snprintf(command, sizeof(command), "%s mark %s %u", control, word, id);
	if (system(command))
		die("control", EIO);
}

/* The id is in the UUID of the transaction. */
static void uuid_of(unsigned int id, unsigned char *uuid)
{
	memcpy(uuid, "copy forward\0\0\0", KTM_UUID_SIZE - 1);
	uuid[KTM_UUID_SIZE - 1] = id;
}

static unsigned int id_of(const unsigned char *uuid)
{
	unsigned int id = uuid[KTM_UUID_SIZE - 1];
	unsigned char same[KTM_UUID_SIZE];

	uuid_of(id, same);
	if (!id || id > MAX_ID || memcmp(uuid, same, sizeof(same)))
		die("a transaction that nobody began", EUCLEAN);
	return id;
}

static void fill(uint32_t *record, unsigned int id, unsigned int index)
{
	uint32_t x = id * RECORDS + index, i;

	for (i = 0; i < RECORD_WORDS; i++) {
		record[i] = x;
		x = x * 1664525U + 1013904223U;
	}
}

static int register_rm(const char *name)
{
	unsigned char uuid[KTM_UUID_SIZE] = "";
	int fd;

	memcpy(uuid, name, strlen(name));
	fd = ktm_rm_create(tm_fd, name, 0, uuid);
	if (fd < 0)
		die(name, fd);
	check(name, ktm_rm_recover(fd));
	return fd;
}

static void next_note(int rm_fd, struct ktm_notification *note)
{
	struct pollfd wait = { .fd = rm_fd, .events = POLLIN };
	long ret;

	if (poll(&wait, 1, PATIENCE) != 1)
		die("a notification that must come", ETIMEDOUT);
	ret = ktm_rm_read(rm_fd, note, sizeof(*note));
	if (ret < 0)
		die("read notifications", ret);
}

static void expect(int rm_fd, uint32_t type, unsigned int id)
{
	struct ktm_notification note;

	next_note(rm_fd, &note);
	if (note.type == type && id_of(note.tx) == id)
		return;
	fprintf(stderr, "notification %u of %u instead of %u of %u\n", note.type,
		id_of(note.tx), type, id);
	exit(1);
}

/* Work */

static int begin(unsigned int id)
{
	unsigned char uuid[KTM_UUID_SIZE];
	int tx_fd;

	uuid_of(id, uuid);
	tx_fd = ktm_tx_create(tm_fd, "crash", 0, uuid);
	if (tx_fd < 0)
		die("begin", tx_fd);
	return tx_fd;
}

static void keeper_joins(int tx_fd, unsigned int id)
{
	uint32_t record[RECORD_WORDS];
	unsigned int i;
	int fd;

	fd = ktm_en_create(keeper, tx_fd, id, 0, NULL);
	if (fd < 0)
		die("enlist", fd);
	fates[id].en_fd = fd;
	for (i = 0; i < RECORDS; i++) {
		fill(record, id, i);
		check("log", ktm_en_log(fd, record, sizeof(record), NULL));
	}
}

static void keeper_prepares(unsigned int id)
{
	expect(keeper, KTM_NOTIFY_PREPARE, id);
	check("prepare complete", ktm_en_prepare_complete(fates[id].en_fd));
}

static void keeper_commits(unsigned int id)
{
	check("commit complete", ktm_en_commit_complete(fates[id].en_fd));
	close(fates[id].en_fd);
}

static void commit_nowait(int tx_fd)
{
	int ret = ktm_tx_commit(tx_fd, KTM_TX_END_F_NONBLOCK);

	if (ret != -EINPROGRESS)
		die("commit", ret ? ret : EPROTO);
}

static void ordinary(unsigned int id)
{
	int tx_fd = begin(id);

	ring_store_write(store, tx_fd, id, 0);
	keeper_joins(tx_fd, id);
	commit_nowait(tx_fd);
	keeper_prepares(id);
	expect(keeper, KTM_NOTIFY_COMMIT, id);
	keeper_commits(id);
	check("commit", ktm_tx_commit(tx_fd, 0));
	close(tx_fd);
}

static void keep(unsigned int id)
{
	int tx_fd = begin(id);

	keeper_joins(tx_fd, id);
	commit_nowait(tx_fd);
	keeper_prepares(id);
	expect(keeper, KTM_NOTIFY_COMMIT, id);
	note_down("kept", id);
	close(tx_fd);
}

static void make_promise(unsigned int id)
{
	int tx_fd = begin(id);

	fates[id].promised = true;
	fates[id].superior_fd = ktm_en_create(superior, tx_fd, id, KTM_EN_F_SUPERIOR, NULL);
	if (fates[id].superior_fd < 0)
		die("superior", fates[id].superior_fd);
	keeper_joins(tx_fd, id);
	check("order prepare", ktm_en_prepare(fates[id].superior_fd));
	keeper_prepares(id);
	expect(superior, KTM_NOTIFY_PREPARE_COMPLETE, id);
	note_down("promised", id);
	close(tx_fd);
}

static bool is_commit(unsigned int id)
{
	return id % 2 == 0;
}

static void decide(unsigned int id)
{
	int fd = fates[id].superior_fd;

	note_down("deciding", id);
	if (is_commit(id)) {
		check("order commit", ktm_en_commit(fd));
		expect(keeper, KTM_NOTIFY_COMMIT, id);
		note_down("decided", id);
		return;
	}
	check("order rollback", ktm_en_rollback(fd, KTM_REASON_RM, 0, ""));
	expect(keeper, KTM_NOTIFY_ROLLBACK, id);
	check("rollback complete", ktm_en_rollback_complete(fates[id].en_fd));
	close(fates[id].en_fd);
	expect(superior, KTM_NOTIFY_ROLLBACK_COMPLETE, id);
	close(fd);
}

static void release(unsigned int id)
{
	note_down("releasing", id);
	keeper_commits(id);
	if (!fates[id].promised)
		return;
	expect(superior, KTM_NOTIFY_COMMIT_COMPLETE, id);
	close(fates[id].superior_fd);
}

static void work(void)
{
	unsigned int kept[KEPT], next = SPECIAL + 1, promised, oldest = 0, id;
	struct ktm_tm_info before, after;

	check("query", ktm_tm_query(tm_fd, &before, sizeof(before)));
	for (id = 0; id < KEPT; id++)
		keep(kept[id] = next++);
	make_promise(promised = next++);
	for (id = 1; id <= COUNT; id++) {
		ordinary(id);
		/* a mark costs more than a transaction */
		if (id % 4 == 0)
			note_down("committed", id);
		if (id % ROTATE)
			continue;
		release(kept[oldest]);
		decide(promised);
		if (is_commit(promised))
			kept[oldest] = promised;
		else
			keep(kept[oldest] = next++);
		oldest = (oldest + 1) % KEPT;
		make_promise(promised = next++);
	}
	check("query", ktm_tm_query(tm_fd, &after, sizeof(after)));
	/* or nothing was copied, and the test tests nothing */
	if (after.log_head - before.log_head < 3 * after.log_size)
		die("the ring has not gone round", ERANGE);
}

/* Verification */

static void read_marks(const char *path)
{
	FILE *marks = fopen(path, "r");
	char line[256], word[32];
	unsigned int id;

	if (!marks)
		die(path, errno);
	while (fgets(line, sizeof(line), marks)) {
		if (sscanf(line, "%31s %u", word, &id) != 2 || id > MAX_ID)
			continue;
		fates[id].kept |= !strcmp(word, "kept") || !strcmp(word, "decided");
		fates[id].promised |= !strcmp(word, "promised");
		fates[id].deciding |= !strcmp(word, "deciding");
		fates[id].releasing |= !strcmp(word, "releasing");
		if (!strcmp(word, "committed"))
			acknowledged = id;
	}
	fclose(marks);
}

static void check_redo(unsigned int id)
{
	uint32_t seen[RECORD_WORDS], wanted[RECORD_WORDS], length;
	unsigned int i;
	int ret;

	for (i = 0; i < RECORDS; i++) {
		length = sizeof(seen);
		check("read redo", ktm_en_read_log(fates[id].en_fd, i, seen, &length));
		fill(wanted, id, i);
		if (length != sizeof(seen) || memcmp(seen, wanted, sizeof(seen)))
			die("redo is not what was logged", EUCLEAN);
	}
	length = sizeof(seen);
	ret = ktm_en_read_log(fates[id].en_fd, i, seen, &length);
	if (ret != -ENOENT)
		die("more redo than was logged", EUCLEAN);
}

/* The keeper's next life: what it is told of which transaction. */
static void keeper_returns(void)
{
	struct ktm_notification note;
	bool last = false;
	unsigned int id, open = 0;

	for (id = 1; id <= MAX_ID; id++)
		fates[id].note = 0;
	keeper = register_rm("keeper");
	while (!last || open) {
		next_note(keeper, &note);
		last |= note.type == KTM_NOTIFY_LAST_RECOVER;
		if (note.type == KTM_NOTIFY_LAST_RECOVER)
			continue;
		id = id_of(note.tx);
		if (note.type == KTM_NOTIFY_RECOVER) {
			fates[id].en_fd = ktm_en_open(keeper, note.enlistment, id);
			if (fates[id].en_fd < 0)
				die("open an enlistment", fates[id].en_fd);
			check_redo(id);
			check("recover", ktm_en_recover(fates[id].en_fd));
			open++;
		} else {
			fates[id].note = note.type;
			open--;
		}
	}
}

static void superior_returns(void)
{
	struct ktm_notification note;
	unsigned int id;

	for (id = 1; id <= MAX_ID; id++)
		fates[id].asked = false;
	superior = register_rm("superior");
	for (next_note(superior, &note); note.type == KTM_NOTIFY_RECOVER_QUERY;
	     next_note(superior, &note))
		fates[id_of(note.tx)].asked = true;
	if (note.type != KTM_NOTIFY_LAST_RECOVER)
		die("notification to the superior", EPROTO);
}

static const char *judge_special(const struct fate *fate, unsigned int id)
{
	bool indoubt = fate->note == KTM_NOTIFY_INDOUBT;

	if (fate->asked != indoubt)
		return "is in doubt for one side only";
	if (fate->releasing && !fate->note)
		return NULL;
	if (fate->kept || fate->releasing)
		return fate->note == KTM_NOTIFY_COMMIT ? NULL : "was committed and is not";
	if (fate->promised && !fate->deciding)
		return indoubt ? NULL : "was promised and is not in doubt";
	if (fate->deciding && is_commit(id))
		return fate->note ? NULL : "was promised and is lost";
	if (fate->deciding)
		return fate->note != KTM_NOTIFY_COMMIT ? NULL : "was rolled back";
	return NULL;	/* nothing was said of it yet */
}

static const char *judge_ordinary(const struct fate *fate, unsigned int id)
{
	int slot = ring_store_read(store, id);

	if (slot < 0)
		return "is damaged";
	if (fate->note && fate->note != KTM_NOTIFY_COMMIT)
		return "is in doubt, and there was no superior";
	if (fate->note && !slot)
		return "is half there";
	return id <= acknowledged && !slot ? "was acknowledged and is lost" : NULL;
}

static unsigned int judge_all(void)
{
	unsigned int id, bad = 0, waiting = 0;
	const char *wrong;

	for (id = 1; id <= MAX_ID; id++) {
		wrong = id <= SPECIAL ? judge_ordinary(&fates[id], id) :
			judge_special(&fates[id], id);
		waiting += fates[id].note != 0;
		if (!wrong)
			continue;
		fprintf(stderr, "transaction %u %s\n", id, wrong);
		bad++;
	}
	printf("%u wait for an answer, %u wrong\n", waiting, bad);
	return bad;
}

/* Those that the work did not keep: the next ones have the same UUIDs. */
static void answer_ordinary(void)
{
	unsigned int id;

	for (id = 1; id <= SPECIAL; id++)
		if (fates[id].note)
			keeper_commits(id);
}

static void leave(void)
{
	unsigned int id;

	for (id = SPECIAL + 1; id <= MAX_ID; id++)
		if (fates[id].note)
			close(fates[id].en_fd);
	close(keeper);
	close(superior);
}

static unsigned int verify(void)
{
	unsigned int id, bad;

	keeper_returns();
	superior_returns();
	bad = judge_all();
	answer_ordinary();
	for (id = COUNT + 1; id <= SPECIAL && !bad; id++)
		ordinary(id);
	leave();
	if (bad)
		return bad;
	keeper_returns();
	superior_returns();
	bad = judge_all();
	answer_ordinary();
	leave();
	return bad;
}

int main(int argc, char **argv)
{
	struct ktm_tm_info info;
	int status = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: copy_forward work DEVICE CONTROL\n"
			"       copy_forward verify DEVICE MARKS\n");
		return 2;
	}
	tm_fd = one_tm_open(&info);
	if (tm_fd < 0)
		return 1;
	store = ring_store_open(tm_fd, 0, argv[2], SPECIAL);
	control = argv[3];
	if (!strcmp(argv[1], "work")) {
		keeper_returns();
		superior_returns();
		work();
	} else {
		read_marks(argv[3]);
		status = verify() ? 1 : 0;
	}
	ring_store_close(store);
	return status;
}
