// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel recovers images of logs, one after another, and what it finds is compared
 * with what user space has found (sample.h)
 *
 * Of what it finds a part is answered and decided, and a new transaction commits, so
 * that recovery has something to write; after some, the ring goes round, so that what
 * was found is copied forward. Power cuts in that are the next thing to be enumerated.
 * All promises are noted (plan.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "die.h"
#include "guest.h"

#define MAX_IMAGE	(16 << 20)
#define LAP		100	/* transactions that drive the ring round */

/**
 * enum outcome - of an enlistment
 * @NONE: it is not there
 * @COMMIT: it is told to commit
 * @INDOUBT: it waits for the superior
 * @ASKED: it is the superior's
 */
enum outcome {
	NONE,
	COMMIT,
	INDOUBT,
	ASKED,
};

static enum outcome expected[PLAN_MAX_ID][PLAN_NR_RMS];
static enum outcome seen[PLAN_MAX_ID][PLAN_NR_RMS];
static int en_fds[PLAN_MAX_ID][PLAN_NR_RMS];
static int control_fd, device_fd, tm_fd, rm_fds[PLAN_NR_RMS];
static unsigned int wrong;

static void read_expected(const char *dir, unsigned long number)
{
	static const char * const names[] = { "none", "commit", "indoubt", "asked" };
	char path[4096], line[64], word[16];
	enum outcome outcome;
	unsigned int tx, rm;
	FILE *file;

	memset(expected, 0, sizeof(expected));
	snprintf(path, sizeof(path), "%s/%lu.expected", dir, number);
	file = fopen(path, "r");
	if (!file)
		die(path, errno);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%15s %u %u", word, &tx, &rm) != 3 || tx >= PLAN_MAX_ID ||
		    rm >= PLAN_NR_RMS)
			continue;
		for (outcome = COMMIT; outcome <= ASKED; outcome++)
			if (!strcmp(word, names[outcome]))
				expected[tx][rm] = outcome;
	}
	fclose(file);
}

static void put_on_device(const char *dir, unsigned long number)
{
	static _Alignas(4096) unsigned char image[MAX_IMAGE];
	char path[4096];
	ssize_t size, at, part;
	int fd;

	snprintf(path, sizeof(path), "%s/%lu.img", dir, number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path, errno);
	for (size = 0; (part = read(fd, image + size, sizeof(image) - size)) > 0; size += part)
		;
	if (part < 0 || !size || size == sizeof(image))
		die(path, part < 0 ? errno : EFBIG);
	close(fd);
	for (at = 0; at < size; at += part) {
		part = size - at < 131072 ? size - at : 131072;
		if (pwrite(device_fd, image + at, part, at) != part)
			die("write the image", errno);
	}
	if (fsync(device_fd))
		die("write the image", errno);
}

static int attach(void)
{
	struct ktm_tm_attach args = { .size = sizeof(args), .dev_fd = device_fd };
	int fd = ktm_tm_attach(control_fd, &args, sizeof(args));

	if (fd < 0)
		die("attach", fd);
	return fd;
}

/* Resource managers come back */

static void check_redo(unsigned int tx, enum plan_rm rm)
{
	static unsigned char data[PLAN_REDO_MAX], planned[PLAN_REDO_MAX];
	unsigned int i, nr = plan_nr_redo(tx, rm);
	uint32_t length;
	int ret;

	for (i = 0; i <= nr; i++) {
		length = sizeof(data);
		ret = ktm_en_read_log(en_fds[tx][rm], i, data, &length);
		if (i == nr && ret == -ENOENT)
			return;
		if (ret || i == nr || plan_redo(tx, rm, i, planned) != length ||
		    memcmp(data, planned, length)) {
			printf("# redo %u of transaction %u is wrong (%d)\n", i, tx, ret);
			wrong++;
			return;
		}
	}
}

static void reopen(const struct ktm_notification *note, unsigned int tx, enum plan_rm rm)
{
	en_fds[tx][rm] = ktm_en_open(rm_fds[rm], note->enlistment, tx);
	if (en_fds[tx][rm] < 0)
		die("open an enlistment", en_fds[tx][rm]);
}

static void take_note(const struct ktm_notification *note, enum plan_rm rm, int *open)
{
	unsigned int tx = plan_tx_of(note->tx);

	if (!tx)
		die("a transaction that nobody began", EUCLEAN);
	switch (note->type) {
	case KTM_NOTIFY_RECOVER:
		reopen(note, tx, rm);
		check_redo(tx, rm);
		check("recover", ktm_en_recover(en_fds[tx][rm]));
		++*open;
		break;
	case KTM_NOTIFY_RECOVER_QUERY:
		reopen(note, tx, rm);
		seen[tx][rm] = ASKED;
		break;
	case KTM_NOTIFY_COMMIT:
	case KTM_NOTIFY_INDOUBT:
		seen[tx][rm] = note->type == KTM_NOTIFY_COMMIT ? COMMIT : INDOUBT;
		--*open;
		break;
	default:
		die("a notification that makes no sense", EPROTO);
	}
}

static void come_back(enum plan_rm rm)
{
	struct ktm_notification note;
	bool last = false;
	int open = 0;

	rm_fds[rm] = register_rm(tm_fd, rm);
	while (!last || open) {
		next_note(rm_fds[rm], &note);
		if (note.type == KTM_NOTIFY_LAST_RECOVER)
			last = true;
		else
			take_note(&note, rm, &open);
	}
}

static void compare(void)
{
	unsigned int tx, rm;

	for (tx = 1; tx < PLAN_MAX_ID; tx++) {
		for (rm = 0; rm < PLAN_NR_RMS; rm++) {
			if (expected[tx][rm] == seen[tx][rm])
				continue;
			printf("# transaction %u, resource manager %u: %u, expected %u\n", tx, rm,
			       seen[tx][rm], expected[tx][rm]);
			wrong++;
		}
	}
}

/* Life goes on */

static void decide(unsigned int tx)
{
	int superior = en_fds[tx][PLAN_SUPERIOR];

	note_down(NOTE_DECIDING, tx, PLAN_SUPERIOR);
	if (plan_kind(tx) == PLAN_COMMITS_IF_TOLD) {
		check("order commit", ktm_en_commit(superior));
		expect(rm_fds[PLAN_KEEPER], KTM_NOTIFY_COMMIT, tx);
		note_down(NOTE_COMMIT, tx, PLAN_KEEPER);
		seen[tx][PLAN_KEEPER] = COMMIT;
		return;
	}
	check("order rollback", ktm_en_rollback(superior, KTM_REASON_RM, 0, ""));
	expect(rm_fds[PLAN_KEEPER], KTM_NOTIFY_ROLLBACK, tx);
	check("rollback complete", ktm_en_rollback_complete(en_fds[tx][PLAN_KEEPER]));
	expect(rm_fds[PLAN_SUPERIOR], KTM_NOTIFY_ROLLBACK_COMPLETE, tx);
	seen[tx][PLAN_KEEPER] = NONE;
}

static void answer(unsigned int tx, enum plan_rm rm)
{
	note_down(NOTE_COMMIT, tx, rm);
	note_down(NOTE_ANSWERING, tx, rm);
	check("commit complete", ktm_en_commit_complete(en_fds[tx][rm]));
	if (seen[tx][PLAN_SUPERIOR] == ASKED)
		expect(rm_fds[PLAN_SUPERIOR], KTM_NOTIFY_COMMIT_COMPLETE, tx);
	seen[tx][rm] = NONE;
}

/* Some are answered, others not; it depends on the image. */
static void answer_some(unsigned long number)
{
	unsigned int tx, rm;

	for (tx = 1; tx < PLAN_MAX_ID; tx++) {
		if (seen[tx][PLAN_SUPERIOR] == ASKED && seen[tx][PLAN_KEEPER] == INDOUBT &&
		    number / 2 % 2)
			decide(tx);
		for (rm = 0; rm < PLAN_NR_RMS; rm++)
			if (seen[tx][rm] == COMMIT && (tx + rm + number) % 2)
				answer(tx, rm);
	}
}

static void new_transaction(unsigned int id)
{
	int tx_fd = begin(tm_fd, id);
	enum plan_rm rm;

	for (rm = PLAN_FIRST; rm <= PLAN_SECOND; rm++)
		en_fds[id][rm] = join(rm_fds[rm], tx_fd, id, rm);
	commit_nowait(tx_fd);
	for (rm = PLAN_FIRST; rm <= PLAN_SECOND; rm++) {
		expect(rm_fds[rm], KTM_NOTIFY_PREPARE, id);
		check("prepare complete", ktm_en_prepare_complete(en_fds[id][rm]));
	}
	for (rm = PLAN_FIRST; rm <= PLAN_SECOND; rm++) {
		expect(rm_fds[rm], KTM_NOTIFY_COMMIT, id);
		note_down(NOTE_COMMIT, id, rm);
		note_down(NOTE_ANSWERING, id, rm);
		check("commit complete", ktm_en_commit_complete(en_fds[id][rm]));
	}
	check("commit", ktm_tx_commit(tx_fd, 0));
	note_down(NOTE_COMMITTED, id, 0);
	close(tx_fd);
}

/* What waits for an answer, and may have to be copied forward. */
static uint64_t held_bytes(void)
{
	static unsigned char data[PLAN_REDO_MAX];
	unsigned int tx, rm, i;
	uint64_t bytes = 0;

	for (tx = 1; tx < PLAN_MAX_ID; tx++)
		for (rm = 0; rm < PLAN_SUPERIOR; rm++)
			for (i = 0; seen[tx][rm] && i < plan_nr_redo(tx, rm); i++)
				bytes += plan_redo(tx, rm, i, data);
	return bytes;
}

/* As many as there must be room for: an eighth of the ring is for copies. */
static void new_transactions(unsigned int id, unsigned int nr)
{
	struct ktm_tm_info info;
	uint64_t held = held_bytes();

	check("query", ktm_tm_query(tm_fd, &info, sizeof(info)));
	if (held > info.log_size / 12)
		nr = 0;
	while (nr--)
		new_transaction(id++);
}

static void leave(void)
{
	unsigned int tx, rm;

	for (tx = 1; tx < PLAN_MAX_ID; tx++) {
		for (rm = 0; rm < PLAN_NR_RMS; rm++) {
			if (en_fds[tx][rm])
				close(en_fds[tx][rm]);
			en_fds[tx][rm] = 0;
			seen[tx][rm] = NONE;
		}
	}
	for (rm = 0; rm < PLAN_NR_RMS; rm++)
		close(rm_fds[rm]);
	check("detach", ktm_tm_detach(tm_fd));
	close(tm_fd);
}

static void recover(const char *dir, unsigned long number, unsigned int new_id,
		    unsigned int nr_new)
{
	enum plan_rm rm;

	read_expected(dir, number);
	put_on_device(dir, number);
	note_down(NOTE_IMAGE, number, 0);
	tm_fd = attach();
	for (rm = 0; rm < PLAN_NR_RMS; rm++)
		come_back(rm);
	compare();
	answer_some(number);
	new_transactions(new_id, nr_new);
	leave();
	note_down(NOTE_DETACHED, number, 0);
}

int main(int argc, char **argv)
{
	unsigned int i, new_id, bad = 0;

	if (argc < 6) {
		fprintf(stderr, "usage: recover LOG-DEVICE NOTES-DEVICE DIR NEW-ID NUMBER...\n"
			"       the images DIR/NUMBER.img; new transactions begin at NEW-ID\n");
		return 2;
	}
	control_fd = ktm_control_open();
	device_fd = open(argv[1], O_RDWR | O_DIRECT | O_CLOEXEC);
	if (control_fd < 0 || device_fd < 0)
		die("open", control_fd < 0 ? control_fd : errno);
	notes_open(argv[2]);
	new_id = atoi(argv[4]);
	if (new_id < PLAN_AFTER || new_id + LAP > PLAN_KEPT)
		die(argv[4], EINVAL);
	for (i = 5; i < argc; i++) {
		wrong = 0;
		recover(argv[3], strtoul(argv[i], NULL, 10), new_id, i % 8 ? 1 : LAP);
		printf("%s %u image %s\n", wrong ? "not ok" : "ok", i - 4, argv[i]);
		fflush(stdout);
		bad += wrong != 0;
	}
	printf("1..%u\n", argc - 5);
	return bad ? 1 : 0;
}
