// SPDX-License-Identifier: GPL-2.0
/*
 * A recording of vm/run, in memory
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "recording.h"

#define MAGIC		0x6a736677736872ULL
#define FLAG_FLUSH	1
#define FLAG_FUA	2
#define FLAG_DISCARD	4
#define FLAG_MARK	8

struct disk {
	u64 start, sectors;
};

struct disk_head {
	__le64 sector, count, flags, length;
};

/**
 * struct reader - state of reading
 * @recording: to be filled
 * @log: the log disk, in sectors of the recording
 * @notes: the disk of notes
 * @data: the file
 * @size: its size
 */
struct reader {
	struct recording *recording;
	struct disk log, notes;
	const u8 *data;
	u64 size;
};

static bool is_on(const struct disk *disk, u64 sector)
{
	return sector >= disk->start && sector < disk->start + disk->sectors;
}

static void take_mark(struct reader *reader, struct entry *entry, const u8 *text, u64 length)
{
	unsigned long long start, sectors;
	char line[SECTOR] = "", name[SECTOR];
	struct disk *disk;

	entry->kind = ENTRY_MARK;
	entry->data = text;
	entry->length = length;
	memcpy(line, text, length < sizeof(line) - 1 ? length : sizeof(line) - 1);
	if (sscanf(line, "disk %s %llu %llu", name, &start, &sectors) != 3)
		return;
	disk = strcmp(name, "log") ? &reader->notes : &reader->log;
	*disk = (struct disk){ start, sectors };
}

static void take_request(struct reader *reader, struct entry *entry, u64 sector, u64 count,
			 u64 flags, const u8 *data)
{
	entry->data = data;
	entry->length = count * SECTOR;
	entry->fua = flags & FLAG_FUA;
	entry->offset = (sector - reader->log.start) * SECTOR;
	if (is_on(&reader->log, sector)) {
		if (flags & FLAG_DISCARD)
			die("a discard of the log disk", EINVAL);
		entry->kind = flags & FLAG_FLUSH ? ENTRY_FLUSH : ENTRY_WRITE;
	} else if (is_on(&reader->notes, sector) && count == 1) {
		entry->note = (const void *)data;
		if (entry->note->magic == NOTE_MAGIC)
			entry->kind = ENTRY_NOTE;
	}
}

static u64 take_entry(struct reader *reader, struct entry *entry, u64 at)
{
	const struct disk_head *head = (const void *)(reader->data + at);
	u64 sector = le64_to_cpu(head->sector), count = le64_to_cpu(head->count);
	u64 flags = le64_to_cpu(head->flags), length = 0;

	if (!(flags & (FLAG_MARK | FLAG_DISCARD)))
		length = count * SECTOR;
	at += SECTOR;
	if (length > reader->size - at)
		return 0;
	if (flags & FLAG_MARK)
		take_mark(reader, entry, (const u8 *)(head + 1), le64_to_cpu(head->length));
	else
		take_request(reader, entry, sector, count, flags, reader->data + at);
	return at + length;
}

void recording_read(struct recording *recording, const char *dir)
{
	struct reader reader = { .recording = recording };
	char path[4096];
	struct stat st;
	u64 at = SECTOR;
	int fd;

	snprintf(path, sizeof(path), "%s/writes.log", dir);
	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		die(path, errno);
	reader.size = st.st_size;
	reader.data = mmap(NULL, reader.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (reader.data == MAP_FAILED)
		die(path, errno);
	if (le64_to_cpu(*(const __le64 *)reader.data) != MAGIC)
		die(path, EUCLEAN);
	recording->entries = calloc(reader.size / SECTOR, sizeof(*recording->entries));
	if (!recording->entries)
		die("entries", ENOMEM);
	recording->nr = 0;
	while (at && at + SECTOR <= reader.size)
		at = take_entry(&reader, &recording->entries[recording->nr++], at);
	recording->disk_size = reader.log.sectors * SECTOR;
	close(fd);
}

size_t recording_mark(const struct recording *recording, const char *text)
{
	const struct entry *entry;
	size_t i;

	for (i = 0; i < recording->nr; i++) {
		entry = &recording->entries[i];
		if (entry->kind == ENTRY_MARK && entry->length == strlen(text) &&
		    !memcmp(entry->data, text, entry->length))
			return i;
	}
	die(text, ENOENT);
}
