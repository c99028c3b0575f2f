// SPDX-License-Identifier: GPL-2.0
/*
 * Two log streams in a small ring that goes round
 *
 * The records of each are numbered in the order of appending, and written by two threads.
 * From time to time the base moves on, by itself or with a restart area that says where to.
 *
 *	work: mark each record whose flush was acknowledged, and each base
 *	verify: after a power cut, the records of each stream are those from its base on,
 *	none missing between, none half there; up to the last acknowledged at least;
 *	the base is not below the last acknowledged one, and where the restart area says
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include <ktm/ktm_log.h>

#include "die.h"
#include "one_tm.h"

#define COUNT		240	/* records of a stream */
#define STREAMS		2
#define THREADS		2	/* of a stream */
#define KEEP		20	/* records that a new base leaves */
#define LENGTH_MAX	3000

/**
 * struct content - begins a record
 * @stream: of which stream
 * @number: which one; of a restart area the first record that is kept
 */
struct content {
	uint32_t stream;
	uint32_t number;
};

/**
 * struct writer - a stream that is written
 * @index: of the stream
 * @fd: the stream
 * @lock: one appends at a time, so that the numbers are in order
 * @next: number of the next record [lock]
 * @lsn: the records [lock]
 */
static struct writer {
	uint32_t index;
	int fd;
	pthread_mutex_t lock;
	uint32_t next;
	uint64_t lsn[COUNT + 1];
} writers[STREAMS];

static const char *control;
static pthread_mutex_t mark_lock = PTHREAD_MUTEX_INITIALIZER;

static void reached(const char *what, const struct writer *writer, uint32_t number)
{
	char command[512];

	snprintf(command, sizeof(command), "%s mark %s %u %u", control, what, writer->index,
		 number);
	pthread_mutex_lock(&mark_lock);
	if (system(command))
		die("control", EIO);
	pthread_mutex_unlock(&mark_lock);
}

static size_t fill(char *data, uint32_t stream, uint32_t number)
{
	struct content content = { stream, number };
	size_t i, length = sizeof(content) + (number * 977 + stream * 331) % LENGTH_MAX;

	for (i = 0; i < length; i++)
		data[i] = number + stream * 5 + i * 3 + (i >> 8);
	memcpy(data, &content, sizeof(content));
	return length;
}

/* By itself, and with a restart area, by turns. */
static void move_base(struct writer *writer, uint32_t number)
{
	struct content content = { writer->index, number };
	struct ktm_stream_restart area = {
		.data = (uintptr_t)&content,
		.length = sizeof(content),
		.base = writer->lsn[number],
	};

	if (number / KEEP % 2)
		check("restart", ktm_stream_restart(writer->fd, &area, sizeof(area)));
	else
		check("base", ktm_stream_set_base(writer->fd, writer->lsn[number],
						  KTM_STREAM_BASE_F_FLUSH));
}

/* Returns the number of the record, or 0 at the end. */
static uint32_t append(struct writer *writer, uint32_t *base)
{
	static __thread char data[sizeof(struct content) + LENGTH_MAX];
	uint32_t number;

	*base = 0;
	pthread_mutex_lock(&writer->lock);
	number = writer->next <= COUNT ? writer->next++ : 0;
	if (number) {
		check("append", ktm_stream_write(writer->fd, data,
						 fill(data, writer->index, number), 0,
						 &writer->lsn[number]));
		if (number % KEEP == 0 && number > KEEP) {
			*base = number - KEEP;
			move_base(writer, *base);
		}
	}
	pthread_mutex_unlock(&writer->lock);
	return number;
}

static void *write_all(void *data)
{
	struct writer *writer = data;
	uint32_t number, base;

	while ((number = append(writer, &base))) {
		if (base)
			reached("based", writer, base);
		if (number % 3)
			continue;
		check("flush", ktm_stream_flush(writer->fd, writer->lsn[number]));
		reached("flushed", writer, number);
	}
	return NULL;
}

static void work(int tm_fd, uint64_t limit)
{
	pthread_t threads[STREAMS * THREADS];
	unsigned int i;

	for (i = 0; i < STREAMS; i++) {
		struct ktm_stream_create new = { .mode = 0600, .limit = limit };

		snprintf(new.name, sizeof(new.name), "stream %u", i);
		writers[i].index = i;
		writers[i].next = 1;
		pthread_mutex_init(&writers[i].lock, NULL);
		writers[i].fd = ktm_stream_create(tm_fd, &new, sizeof(new));
		if (writers[i].fd < 0)
			die("create", writers[i].fd);
		reached("made", &writers[i], 0);
	}
	for (i = 0; i < STREAMS * THREADS; i++)
		check("thread", pthread_create(&threads[i], NULL, write_all,
					       &writers[i / THREADS]));
	for (i = 0; i < STREAMS * THREADS; i++)
		pthread_join(threads[i], NULL);
}

/**
 * struct promised - what was acknowledged of a stream
 * @made: it is there
 * @flushed: up to this record
 * @base: not below this record
 */
struct promised {
	bool made;
	uint32_t flushed;
	uint32_t base;
};

static void read_marks(const char *path, struct promised *promised)
{
	FILE *marks = fopen(path, "r");
	unsigned int stream, number;
	char line[256], what[16];

	if (!marks)
		die(path, errno);
	while (fgets(line, sizeof(line), marks)) {
		if (sscanf(line, "%15s %u %u", what, &stream, &number) != 3 || stream >= STREAMS)
			continue;
		if (!strcmp(what, "made"))
			promised[stream].made = true;
		if (!strcmp(what, "flushed") && number > promised[stream].flushed)
			promised[stream].flushed = number;
		if (!strcmp(what, "based") && number > promised[stream].base)
			promised[stream].base = number;
	}
	fclose(marks);
}

/* Reads the next one; its number, 0 for what an earlier check has left, or an errno. */
static int read_one(int fd, uint32_t stream, struct ktm_stream_read *record)
{
	static char data[sizeof(struct content) + LENGTH_MAX];
	static char want[sizeof(data)];
	struct content content;
	int ret;

	record->data = (uintptr_t)data;
	record->length = sizeof(data);
	record->previous = 0;
	record->undo_next = 0;
	record->before = 0;
	record->kind = 0;
	ret = ktm_stream_read(fd, record, sizeof(*record));
	if (ret)
		return ret;
	if (!record->length)
		return 0;
	if (record->length < sizeof(content))
		return -EBADMSG;
	memcpy(&content, data, sizeof(content));
	if (content.stream != stream || !content.number || content.number > COUNT)
		return -EBADMSG;
	if (record->kind == KTM_STREAM_RECORD_RESTART)
		return record->length == sizeof(content) ? (int)content.number : -EBADMSG;
	if (record->length != fill(want, stream, content.number) ||
	    memcmp(want, data, record->length))
		return -EBADMSG;
	return content.number;
}

/* What is wrong with the restart area, or NULL. */
static const char *check_restart(int fd, uint32_t stream, uint32_t base)
{
	struct ktm_stream_read record = { .mode = KTM_STREAM_READ_RESTART };
	int number = read_one(fd, stream, &record);

	if (number == -ENODATA)
		return NULL;
	if (number < 0)
		return "has a damaged restart area";
	return number <= (int)base ? NULL : "has a restart area above its base";
}

static const char *verify_stream(int fd, uint32_t stream, const struct promised *promised)
{
	struct ktm_stream_read record = { .mode = KTM_STREAM_READ_NEXT };
	uint32_t base = 0, last = 0;
	int number;

	while ((number = read_one(fd, stream, &record)) >= 0) {
		if (!number || record.kind == KTM_STREAM_RECORD_RESTART)
			continue;
		if (last && number != (int)last + 1)
			return "has a gap";
		last = number;
		if (!base)
			base = number;
	}
	printf("stream %u: %u to %u; acknowledged: base %u, flushed up to %u\n", stream, base,
	       last, promised->base, promised->flushed);
	if (number != -ENODATA)
		return "cannot be read";
	if (last < promised->flushed)
		return "has lost what was flushed";
	if (base < promised->base)
		return "has an old base";
	return check_restart(fd, stream, base);
}

static int verify(int tm_fd, const char *marks)
{
	struct promised promised[STREAMS] = { 0 };
	uint32_t i, bad = 0;
	const char *wrong;
	char name[32];
	int fd;

	read_marks(marks, promised);
	for (i = 0; i < STREAMS; i++) {
		snprintf(name, sizeof(name), "stream %u", i);
		fd = ktm_stream_open(tm_fd, name);
		if (fd == -ENOENT && !promised[i].made)
			continue;
		wrong = fd < 0 ? "is lost" : verify_stream(fd, i, &promised[i]);
		/* and it goes on */
		if (!wrong && ktm_stream_write(fd, "", 0, KTM_STREAM_APPEND_F_FLUSH, NULL))
			wrong = "cannot be written";
		if (wrong) {
			fprintf(stderr, "stream %u %s\n", i, wrong);
			bad++;
		}
		close(fd);
	}
	return bad ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct ktm_tm_info info;
	int tm_fd;

	if (argc != 3) {
		fprintf(stderr, "usage: stream_records work CONTROL\n"
			"       stream_records verify MARKS\n");
		return 2;
	}
	tm_fd = one_tm_open(&info);
	if (tm_fd < 0)
		return 1;
	if (strcmp(argv[1], "work"))
		return verify(tm_fd, argv[2]);
	control = argv[2];
	work(tm_fd, info.log_size);
	return 0;
}
