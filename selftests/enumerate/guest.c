// SPDX-License-Identifier: GPL-2.0
/*
 * What the programs in the guest share
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "die.h"
#include "guest.h"

#define PATIENCE	60000	/* ms until what must come is missing */

static pthread_mutex_t notes_lock = PTHREAD_MUTEX_INITIALIZER;
static off_t notes_end;
static int notes_fd;

void notes_open(const char *device)
{
	notes_fd = open(device, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (notes_fd < 0)
		die(device, errno);
}

void note_down(enum note_kind kind, unsigned int tx, enum plan_rm rm)
{
	static _Alignas(4096) struct note note;

	pthread_mutex_lock(&notes_lock);
	note = (struct note){ .magic = NOTE_MAGIC, .kind = kind, .tx = tx, .rm = rm };
	if (pwrite(notes_fd, &note, sizeof(note), notes_end) != sizeof(note))
		die("write a note", errno);
	notes_end += sizeof(note);
	pthread_mutex_unlock(&notes_lock);
}

int register_rm(int tm_fd, enum plan_rm rm)
{
	unsigned char uuid[KTM_UUID_SIZE];
	int fd;

	plan_rm_uuid(rm, uuid);
	fd = ktm_rm_create(tm_fd, "enumerate", 0, uuid);
	if (fd < 0)
		die("register", fd);
	check("recover", ktm_rm_recover(fd));
	return fd;
}

void next_note(int rm_fd, struct ktm_notification *note)
{
	struct pollfd wait = { .fd = rm_fd, .events = POLLIN };
	long ret;

	if (poll(&wait, 1, PATIENCE) != 1)
		die("a notification that must come", ETIMEDOUT);
	ret = ktm_rm_read(rm_fd, note, sizeof(*note));
	if (ret < 0)
		die("read notifications", ret);
}

void expect(int rm_fd, uint32_t type, unsigned int id)
{
	struct ktm_notification note;

	next_note(rm_fd, &note);
	if (note.type == type && plan_tx_of(note.tx) == id)
		return;
	fprintf(stderr, "notification %u of %u instead of %u of %u\n", note.type,
		plan_tx_of(note.tx), type, id);
	exit(1);
}

int begin(int tm_fd, unsigned int id)
{
	unsigned char uuid[KTM_UUID_SIZE];
	int tx_fd;

	plan_tx_uuid(id, uuid);
	tx_fd = ktm_tx_create(tm_fd, "enumerate", 0, uuid);
	if (tx_fd < 0)
		die("begin", tx_fd);
	return tx_fd;
}

int join(int rm_fd, int tx_fd, unsigned int id, enum plan_rm rm)
{
	unsigned char data[PLAN_REDO_MAX];
	unsigned int i;
	int fd, ret;

	fd = ktm_en_create(rm_fd, tx_fd, id, 0, NULL);
	if (fd < 0)
		die("enlist", fd);
	for (i = 0; i < plan_nr_redo(id, rm); i++) {
		ret = ktm_en_log(fd, data, plan_redo(id, rm, i, data), NULL);
		if (ret)
			die("log", ret);
	}
	return fd;
}

void commit_nowait(int tx_fd)
{
	int ret = ktm_tx_commit(tx_fd, KTM_TX_END_F_NONBLOCK);

	if (ret != -EINPROGRESS)
		die("commit", ret ? ret : EPROTO);
}
