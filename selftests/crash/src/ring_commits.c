// SPDX-License-Identifier: GPL-2.0
/*
 * Many small durable commits by two resource managers that log in the ring
 *
 * Each transaction fills the slot of its id in two stores. Every seventh is
 * refused by the second store when the first may have prepared already.
 *
 *	work: run them on several threads; mark each one that was acknowledged
 *	verify: after a power cut, let the stores recover; then a slot is full in
 *	both or empty in both, full if it was acknowledged, and empty if it was
 *	refused
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include <ktm/ktm.h>

#include "die.h"
#include "one_tm.h"
#include "ring_store.h"

#define COUNT		120
#define THREADS		4

static int tm_fd;
static struct ring_store *stores[2];
static atomic_uint next_id = 1;
static const char *control;
static pthread_mutex_t mark_lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_refused(unsigned int id)
{
	return id % 7 == 3;
}

static void promise(unsigned int id)
{
	char command[512];

	snprintf(command, sizeof(command), "%s mark committed %u", control, id);
	pthread_mutex_lock(&mark_lock);
	if (system(command))
		die("control", EIO);
	pthread_mutex_unlock(&mark_lock);
}

static void one_transaction(unsigned int id)
{
	int tx_fd, ret;

	tx_fd = ktm_tx_create(tm_fd, "crash", 0, NULL);
	if (tx_fd < 0)
		die("begin", tx_fd);
	ring_store_write(stores[0], tx_fd, id, false);
	ring_store_write(stores[1], tx_fd, id, is_refused(id));
	ret = ktm_tx_commit(tx_fd, 0);
	if (ret != (is_refused(id) ? -ECANCELED : 0))
		die("commit", ret ? ret : EPROTO);
	if (!ret)
		promise(id);
	close(tx_fd);
}

static void *client(void *data)
{
	unsigned int id;

	while ((id = atomic_fetch_add(&next_id, 1)) <= COUNT)
		one_transaction(id);
	return NULL;
}

static void work(void)
{
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		check("thread", pthread_create(&threads[i], NULL, client, NULL));
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void read_marks(const char *path, bool *acknowledged)
{
	FILE *marks = fopen(path, "r");
	char line[256];
	unsigned int id;

	if (!marks)
		die(path, errno);
	while (fgets(line, sizeof(line), marks))
		if (sscanf(line, "committed %u", &id) == 1 && id <= COUNT)
			acknowledged[id] = true;
	fclose(marks);
}

static int verify(const char *marks)
{
	bool acknowledged[COUNT + 1] = { false };
	unsigned int id, full = 0, promised = 0, bad = 0;
	const char *wrong;
	int first, second;

	read_marks(marks, acknowledged);
	for (id = 1; id <= COUNT; id++) {
		first = ring_store_read(stores[0], id);
		second = ring_store_read(stores[1], id);
		wrong = NULL;
		if (first < 0 || second < 0)
			wrong = "is damaged";
		else if (first != second)
			wrong = "is half there";
		else if (acknowledged[id] && !first)
			wrong = "was acknowledged and is lost";
		else if (is_refused(id) && first)
			wrong = "was refused and is there";
		if (wrong) {
			fprintf(stderr, "transaction %u %s\n", id, wrong);
			bad++;
		}
		full += first == 1;
		promised += acknowledged[id];
	}
	printf("%u acknowledged, %u there, %u + %u enlistments recovered, %u wrong\n",
	       promised, full, ring_store_recovered(stores[0]),
	       ring_store_recovered(stores[1]), bad);
	return bad ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct ktm_tm_info info;
	unsigned int i;
	int status = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: ring_commits work DEVICE CONTROL\n"
			"       ring_commits verify DEVICE MARKS\n");
		return 2;
	}
	tm_fd = one_tm_open(&info);
	if (tm_fd < 0)
		return 1;
	for (i = 0; i < 2; i++)
		stores[i] = ring_store_open(tm_fd, i, argv[2], COUNT);
	control = argv[3];
	if (!strcmp(argv[1], "work"))
		work();
	else
		status = verify(argv[3]);
	for (i = 0; i < 2; i++)
		ring_store_close(stores[i]);
	return status;
}
