// SPDX-License-Identifier: GPL-2.0
/*
 * Three kinds of resource managers in one transaction: files, status flags in an
 * SQLite database (its own process), and a store that logs in the ring
 *
 * Transaction number N writes N into the file DIR/current, makes the file DIR/N,
 * sets the flag `current` to N and fills slot N. Every fifth is refused by the
 * store when the others may have prepared already.
 *
 *	work: run them, one after another; mark each one that was acknowledged
 *	verify: after a power cut, when files and flags have recovered, let the store
 *	recover; then all three show the same number, not lower than the last that
 *	was acknowledged, and nothing of a higher one
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include <ktm/ktm.h>
#include <ktm/ktm_txf.h>

#include "die.h"
#include "flag_client.h"
#include "one_tm.h"
#include "ring_store.h"

#define COUNT	20

static struct ring_store *store;

static bool is_refused(unsigned int id)
{
	return id % 5 == 3;
}

static void write_file(int txf_fd, int tx_fd, const char *path, unsigned int id)
{
	int fd = ktm_txf_open(txf_fd, tx_fd, AT_FDCWD, path,
			      O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		die(path, fd);
	if (dprintf(fd, "%u\n", id) < 0 || close(fd))
		die(path, errno);
}

static void promise(const char *control, unsigned int id)
{
	char command[512];

	snprintf(command, sizeof(command), "%s mark committed %u", control, id);
	if (system(command))
		die("control", EIO);
}

static void one_transaction(int tm_fd, int txf_fd, char **argv, unsigned int id)
{
	char path[256], number[16];
	int tx_fd, ret;

	tx_fd = ktm_tx_create(tm_fd, "crash", 0, NULL);
	if (tx_fd < 0)
		die("begin", tx_fd);
	snprintf(path, sizeof(path), "%s/current", argv[4]);
	write_file(txf_fd, tx_fd, path, id);
	snprintf(path, sizeof(path), "%s/%u", argv[4], id);
	write_file(txf_fd, tx_fd, path, id);
	snprintf(number, sizeof(number), "%u", id);
	check("flag", flag_client_set(argv[5], tx_fd, "current", number));
	ring_store_write(store, tx_fd, id, is_refused(id));
	ret = ktm_tx_commit(tx_fd, 0);
	if (ret != (is_refused(id) ? -ECANCELED : 0))
		die("commit", ret ? ret : EPROTO);
	if (!ret)
		promise(argv[3], id);
	close(tx_fd);
}

static void work(int tm_fd, char **argv)
{
	int txf_fd = ktm_txf_control_open();
	unsigned int id;

	if (txf_fd < 0)
		die("/dev/ktm_txf", txf_fd);
	for (id = 1; id <= COUNT; id++)
		one_transaction(tm_fd, txf_fd, argv, id);
	close(txf_fd);
}

static unsigned int last_mark(const char *path)
{
	FILE *marks = fopen(path, "r");
	unsigned int id, last = 0;
	char line[256];

	if (!marks)
		die(path, errno);
	while (fgets(line, sizeof(line), marks))
		if (sscanf(line, "committed %u", &id) == 1)
			last = id;
	fclose(marks);
	return last;
}

/* The number in a file; 0 when there is no file; a damaged one ends the test. */
static unsigned int read_file(const char *path)
{
	unsigned int id;
	FILE *file = fopen(path, "r");

	if (!file && errno == ENOENT)
		return 0;
	if (!file)
		die(path, errno);
	if (fscanf(file, "%u", &id) != 1)
		die(path, EUCLEAN);
	fclose(file);
	return id;
}

static int check_one(const char *dir, unsigned int id, unsigned int current)
{
	bool wanted = id <= current && !is_refused(id);
	unsigned int file;
	char path[256];
	int slot;

	snprintf(path, sizeof(path), "%s/%u", dir, id);
	file = read_file(path);
	slot = ring_store_read(store, id);
	if (file == (wanted ? id : 0) && slot == wanted)
		return 0;
	fprintf(stderr, "transaction %u should be %s: file %u, slot %d\n", id,
		wanted ? "there" : "away", file, slot);
	return 1;
}

static int verify(char **argv)
{
	unsigned int promised = last_mark(argv[3]), flag = atoi(argv[5]);
	unsigned int id, current, bad = 0;
	char path[256];

	snprintf(path, sizeof(path), "%s/current", argv[4]);
	current = read_file(path);
	printf("acknowledged %u; file %u, flag %u; %u slots recovered\n", promised,
	       current, flag, ring_store_recovered(store));
	if (current != flag || current < promised || is_refused(current)) {
		fprintf(stderr, "file %u, flag %u, acknowledged %u\n", current, flag,
			promised);
		bad++;
	}
	for (id = 1; id <= COUNT; id++)
		bad += check_one(argv[4], id, current);
	return bad ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct ktm_tm_info info;
	int tm_fd, status = 0;

	if (argc != 6) {
		fprintf(stderr, "usage: three_rms work DEVICE CONTROL DIR SOCKET\n"
			"       three_rms verify DEVICE MARKS DIR FLAG\n");
		return 2;
	}
	tm_fd = one_tm_open(&info);
	if (tm_fd < 0)
		return 1;
	store = ring_store_open(tm_fd, 0, argv[2], COUNT);
	if (!strcmp(argv[1], "work"))
		work(tm_fd, argv);
	else
		status = verify(argv);
	ring_store_close(store);
	return status;
}
