// SPDX-License-Identifier: GPL-2.0
/*
 * Images for the kernel, with what it must find in them
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "die.h"
#include "sample.h"

static void write_image(const struct judge *judge, const char *path)
{
	static const u8 zero[KTM_DISK_BLOCK];
	u64 size = judge->truth->disk_size, at;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, size))
		die(path, errno);
	for (at = 0; at < size; at += KTM_DISK_BLOCK)
		if (memcmp(judge->image + at, zero, sizeof(zero)) &&
		    pwrite(fd, judge->image + at, KTM_DISK_BLOCK, at) != KTM_DISK_BLOCK)
			die(path, errno);
	close(fd);
}

static void write_found(FILE *file, const struct found *found)
{
	const struct found_tx *tx;
	enum plan_rm rm;
	unsigned int id;

	for (id = 1; id < PLAN_MAX_ID; id++) {
		tx = &found->txs[id];
		if (tx->state != FOUND_DECIDED && tx->state != FOUND_PROMISED)
			continue;
		for (rm = 0; rm < PLAN_NR_RMS; rm++)
			if (tx->ens[rm].vote_lsn)
				fprintf(file, "%s %u %u\n", tx->state == FOUND_DECIDED ?
					"commit" : "indoubt", id, rm);
		if (tx->state == FOUND_PROMISED)
			fprintf(file, "asked %u %u\n", id, PLAN_SUPERIOR);
	}
}

static void write_note(FILE *file, enum note_kind kind, unsigned int tx, enum plan_rm rm,
		       bool is_there)
{
	if (is_there)
		fprintf(file, "note %u %u %u\n", kind, tx, rm);
}

static void write_notes(FILE *file, const struct promises *promises, size_t cut)
{
	enum plan_rm rm;
	unsigned int id;

	for (id = 1; id < PLAN_MAX_ID; id++) {
		write_note(file, NOTE_COMMITTED, id, 0, promises->txs[id].committed < cut);
		write_note(file, NOTE_PROMISED, id, 0, promises->txs[id].promised < cut);
		write_note(file, NOTE_DECIDING, id, 0, promises->txs[id].deciding < cut);
		for (rm = 0; rm < PLAN_NR_RMS; rm++) {
			write_note(file, NOTE_COMMIT, id, rm, promises->txs[id].commit[rm] < cut);
			write_note(file, NOTE_ANSWERING, id, rm,
				   promises->txs[id].answering[rm] < cut);
		}
	}
}

void sample_write(const struct judge *judge, const char *dir, unsigned long number, size_t cut)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%lu.img", dir, number);
	write_image(judge, path);
	snprintf(path, sizeof(path), "%s/%lu.expected", dir, number);
	file = fopen(path, "w");
	if (!file)
		die(path, errno);
	write_found(file, &judge->found);
	write_notes(file, judge->promises, cut);
	if (fclose(file))
		die(path, errno);
}

void sample_notes(struct promises *promises, const char *dir, unsigned long number)
{
	struct note note = { .magic = NOTE_MAGIC };
	char path[4096], line[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%lu.expected", dir, number);
	file = fopen(path, "r");
	if (!file)
		die(path, errno);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "note %u %u %u", &note.kind, &note.tx, &note.rm) == 3)
			promises_note(promises, &note, FROM_BASE);
	fclose(file);
}
