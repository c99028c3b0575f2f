// SPDX-License-Identifier: GPL-2.0
/*
 * A resource manager that logs in the ring
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ktm/ktm.h>

#include "die.h"
#include "ring_store.h"

#define SLOT_SIZE	16384
#define PART_MAX	6000	/* bytes in one record */
#define MAGIC		0x6b746d736c6f7421ULL

/**
 * struct slot - a slot on the device, and what is logged of it
 * @magic: MAGIC
 * @store: number of the store
 * @id: number of the slot
 * @length: bytes of data
 * @reserved: 0
 * @data: bytes that follow from store and id
 */
struct slot {
	uint64_t magic;
	uint32_t store;
	uint32_t id;
	uint32_t length;
	uint32_t reserved;
	unsigned char data[SLOT_SIZE - 24];
};

/**
 * struct work - an enlistment
 * @next: the next one
 * @key: names it in notifications
 * @en_fd: the enlistment
 * @veto: refuse to prepare
 */
struct work {
	struct work *next;
	uint64_t key;
	int en_fd;
	int veto;
};

/**
 * struct ring_store - see the header
 * @lock: protects works and last_key
 * @works: enlistments
 * @last_key: key of the newest
 * @number: which store
 * @max: highest id
 * @rm_fd: resource manager
 * @device_fd: block device
 * @thread: reads the notifications
 * @recovered: enlistments of an earlier life, carried out
 */
struct ring_store {
	pthread_mutex_t lock;
	struct work *works;
	uint64_t last_key;
	unsigned int number;
	unsigned int max;
	int rm_fd;
	int device_fd;
	pthread_t thread;
	unsigned int recovered;
};

static void fill(struct slot *slot, unsigned int number, unsigned int id)
{
	uint32_t x = id * 2654435761U + number + 1, i;

	memset(slot, 0, sizeof(*slot));
	slot->magic = MAGIC;
	slot->store = number;
	slot->id = id;
	slot->length = x % sizeof(slot->data);
	for (i = 0; i < slot->length; i++) {
		x = x * 1664525U + 1013904223U;
		slot->data[i] = x >> 24;
	}
}

static off_t slot_at(const struct ring_store *store, unsigned int id)
{
	return ((off_t)store->number * store->max + id - 1) * SLOT_SIZE;
}

/* Works */

static struct work *add_work(struct ring_store *store, int veto)
{
	struct work *work = calloc(1, sizeof(*work));

	if (!work)
		die("work", ENOMEM);
	work->veto = veto;
	pthread_mutex_lock(&store->lock);
	work->key = ++store->last_key;
	work->next = store->works;
	store->works = work;
	pthread_mutex_unlock(&store->lock);
	return work;
}

static struct work *find_work(struct ring_store *store, uint64_t key)
{
	struct work *work;

	pthread_mutex_lock(&store->lock);
	work = store->works;
	while (work && work->key != key)
		work = work->next;
	pthread_mutex_unlock(&store->lock);
	return work;
}

static void drop_work(struct ring_store *store, struct work *work)
{
	struct work **at;

	pthread_mutex_lock(&store->lock);
	at = &store->works;
	while (*at != work)
		at = &(*at)->next;
	*at = work->next;
	pthread_mutex_unlock(&store->lock);
	close(work->en_fd);
	free(work);
}

/* Notifications */

/* Puts the slot together from the log. */
static void read_back(struct work *work, struct slot *slot)
{
	unsigned char *to = (unsigned char *)slot;
	uint64_t index = 0;
	uint32_t length;
	int ret;

	memset(slot, 0, sizeof(*slot));
	for (;; index++, to += length) {
		length = (unsigned char *)(slot + 1) - to;
		ret = ktm_en_read_log(work->en_fd, index, to, &length);
		if (ret == -ENOENT)
			break;
		if (ret)
			die("read redo", ret);
	}
}

static void on_commit(struct ring_store *store, struct work *work)
{
	struct slot slot, wanted;

	read_back(work, &slot);
	if (!slot.id || slot.id > store->max)
		die("redo names no slot", EUCLEAN);
	fill(&wanted, store->number, slot.id);
	if (memcmp(&slot, &wanted, sizeof(slot)))
		die("redo is not what was logged", EUCLEAN);
	if (pwrite(store->device_fd, &slot, sizeof(slot), slot_at(store, slot.id)) !=
	    sizeof(slot) || fdatasync(store->device_fd))
		die("write slot", errno);
	check("commit complete", ktm_en_commit_complete(work->en_fd));
	drop_work(store, work);
}

static void on_prepare(struct work *work)
{
	int ret;

	if (work->veto)
		ret = ktm_en_rollback(work->en_fd, KTM_REASON_RM, 0, "veto");
	else
		ret = ktm_en_prepare_complete(work->en_fd);
	if (ret != -ECANCELED)		/* somebody else refused meanwhile */
		check("prepare", ret);
}

static void on_recover(struct ring_store *store, const struct ktm_notification *note)
{
	struct work *work = add_work(store, 0);

	work->en_fd = ktm_en_open(store->rm_fd, note->enlistment, work->key);
	if (work->en_fd < 0)
		die("open an enlistment", work->en_fd);
	check("recover", ktm_en_recover(work->en_fd));
	store->recovered++;
}

/* Returns the type of what it has read, or 0 at the end. */
static uint32_t next_notification(struct ring_store *store)
{
	struct ktm_notification note;
	struct work *work;
	long ret;

	do {
		ret = ktm_rm_read(store->rm_fd, &note, sizeof(note));
	} while (ret == -EINTR);
	if (ret < 0)
		die("read notifications", ret);
	if (note.type == KTM_NOTIFY_RECOVER)
		on_recover(store, &note);
	work = find_work(store, note.key);
	if (!work)
		return note.type;
	if (note.type == KTM_NOTIFY_PREPARE) {
		on_prepare(work);
	} else if (note.type == KTM_NOTIFY_COMMIT) {
		on_commit(store, work);
	} else if (note.type == KTM_NOTIFY_ROLLBACK) {
		check("rollback complete", ktm_en_rollback_complete(work->en_fd));
		drop_work(store, work);
	}
	return note.type;
}

static void *serve(void *data)
{
	for (;;)
		next_notification(data);
	return NULL;
}

/* Life */

struct ring_store *ring_store_open(int tm_fd, unsigned int number,
				   const char *device, unsigned int max)
{
	unsigned char uuid[KTM_UUID_SIZE] = "ring store no. x";
	struct ring_store *store = calloc(1, sizeof(*store));
	int ret, last = 0;

	if (!store)
		die("store", ENOMEM);
	uuid[KTM_UUID_SIZE - 1] = number;
	pthread_mutex_init(&store->lock, NULL);
	store->number = number;
	store->max = max;
	store->device_fd = open(device, O_RDWR | O_CLOEXEC);
	if (store->device_fd < 0)
		die(device, errno);
	store->rm_fd = ktm_rm_create(tm_fd, "ring store", 0, uuid);
	if (store->rm_fd < 0)
		die("register", store->rm_fd);
	check("recover", ktm_rm_recover(store->rm_fd));
	while (!last || store->works)
		last |= next_notification(store) == KTM_NOTIFY_LAST_RECOVER;
	ret = pthread_create(&store->thread, NULL, serve, store);
	if (ret)
		die("thread", ret);
	return store;
}

void ring_store_close(struct ring_store *store)
{
	pthread_cancel(store->thread);
	pthread_join(store->thread, NULL);
	close(store->rm_fd);
	close(store->device_fd);
	free(store);
}

unsigned int ring_store_recovered(const struct ring_store *store)
{
	return store->recovered;
}

void ring_store_write(struct ring_store *store, int tx_fd, unsigned int id, int veto)
{
	struct work *work = add_work(store, veto);
	const unsigned char *from;
	struct slot slot;
	size_t left, part;

	work->en_fd = ktm_en_create(store->rm_fd, tx_fd, work->key, 0, NULL);
	if (work->en_fd < 0)
		die("enlist", work->en_fd);
	fill(&slot, store->number, id);
	from = (const unsigned char *)&slot;
	left = sizeof(slot) - sizeof(slot.data) + slot.length;
	for (; left; left -= part, from += part) {
		part = left < PART_MAX ? left : PART_MAX;
		check("log", ktm_en_log(work->en_fd, from, part, NULL));
	}
}

int ring_store_read(struct ring_store *store, unsigned int id)
{
	static const struct slot empty;
	struct slot slot, wanted;

	if (pread(store->device_fd, &slot, sizeof(slot), slot_at(store, id)) != sizeof(slot))
		die("read slot", errno);
	fill(&wanted, store->number, id);
	if (!memcmp(&slot, &wanted, sizeof(slot)))
		return 1;
	return memcmp(&slot, &empty, sizeof(slot)) ? -1 : 0;
}
