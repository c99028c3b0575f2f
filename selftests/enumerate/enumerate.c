// SPDX-License-Identifier: GPL-2.0
/*
 * Every image that a power cut may leave of a recorded log, or very many of them
 *
 * An epoch is what lies between two flushes of the log disk: a flush makes all before
 * it durable, and any part of the rest may have reached the medium.
 *
 *	prefix		behind each write, all up to there
 *	tear		the same, but of the last write only the first sectors
 *	subset		of the writes of an epoch every subset, or random ones if there
 *			are too many
 *	torn		random subsets of an epoch, each write whole or in parts
 *
 * One image is kept and patched; what a patch has changed is put back afterwards. An
 * image is judged with what was promised when the epoch ended, and with what was
 * promised when the last of the writes in it had just been sent.
 */
#include <stdio.h>

#include "die.h"
#include "enumerate.h"
#include "judge.h"
#include "sample.h"

#define MAX_WRITES	4096	/* of an epoch */
#define MAX_SHOWN	20
#define PROGRESS	50000	/* images */

/**
 * struct run - state of the enumeration
 * @options: the options
 * @recording: the recording
 * @truth: what the segment has written
 * @promises: what was promised
 * @judge: judges images
 * @stable: what is durable
 * @image: what is judged
 * @writes: indices of the writes of this epoch
 * @nr_writes: how many
 * @epoch_start: first entry of the epoch
 * @epochs: how many there are
 * @most_writes: in any of them
 * @nr_buffers, @nr_records, @nr_copies: in all segments
 * @number: of the image
 * @total: how many there will be
 * @share: which images are ours: of each options->jobs this one
 * @every: write an image of so many, or 0
 * @holes: images so far in which a write is there and one before it is not
 * @every_hole: write an image of so many of them, or 0
 * @dry: only count
 * @random: state of the random numbers, anew for each image
 * @result: figures
 */
struct run {
	const struct options *options;
	struct recording recording;
	struct truth truth;
	struct promises promises;
	struct judge judge;
	u8 *stable, *image;
	size_t writes[MAX_WRITES];
	unsigned int nr_writes;
	size_t epoch_start;
	unsigned long epochs;
	unsigned int most_writes;
	unsigned long nr_buffers, nr_records, nr_copies;
	unsigned long number, total, share, every, holes, every_hole;
	bool dry;
	u64 random;
	struct result result;
};

/* Random numbers that depend on the image alone, whoever looks at it. */
static void seed_random(struct run *run)
{
	run->random = (run->options->seed << 32 ^ run->number) * 0x9e3779b97f4a7c15ULL + 1;
}

static unsigned int chance(struct run *run, unsigned int n)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return (run->random >> 16) % n;
}

/* Images */

static const struct entry *write_of(const struct run *run, unsigned int i)
{
	return &run->recording.entries[run->writes[i]];
}

static void apply(struct run *run, unsigned int i, u32 first, u32 length)
{
	const struct entry *entry = write_of(run, i);

	memcpy(run->image + entry->offset + first, entry->data + first, length);
}

static void apply_whole(struct run *run, unsigned int i)
{
	apply(run, i, 0, write_of(run, i)->length);
}

static void put_back(struct run *run)
{
	const struct entry *entry;
	unsigned int i;

	for (i = 0; i < run->nr_writes; i++) {
		entry = write_of(run, i);
		memcpy(run->image + entry->offset, run->stable + entry->offset, entry->length);
	}
}

/* Begin the next image: is it to be looked at, and by us? */
static bool next_image(struct run *run, unsigned long *kind)
{
	run->number++;
	if (!run->dry && !run->share && run->number % PROGRESS == 0) {
		printf("# %lu of %lu images\n", run->number, run->total);
		fflush(stdout);
	}
	if (run->dry || run->number % run->options->jobs != run->share)
		return false;
	if (run->options->only && run->number != run->options->only)
		return false;
	run->result.images++;
	++*kind;
	seed_random(run);
	return true;
}

static void report(struct run *run, const char *how, size_t cut)
{
	if (run->result.violations++ < MAX_SHOWN)
		printf("# image %lu, %s before entry %zu: %s (%llu)\n", run->number, how, cut,
		       run->judge.wrong, (unsigned long long)run->judge.wrong_at);
}

/*
 * The image is complete; @early is the entry behind the last of its writes; @hole: one
 * before that is missing.
 */
static void look(struct run *run, const char *how, size_t early, size_t late, bool hole)
{
	struct judge *judge = &run->judge;
	bool right = judge_replay(judge), wanted;

	if (right && early < late)
		right = judge_promises(judge, early);
	if (right)
		right = judge_promises(judge, late);
	run->result.records += judge->records;
	judge->records = 0;
	if (!right)
		report(run, how, late);
	wanted = run->every && run->number % run->every == 0;
	wanted |= hole && run->every_hole && run->holes % run->every_hole == 0;
	if (run->options->only || (right && wanted))
		sample_write(judge, run->options->sample_dir, run->number, late);
	put_back(run);
}

/* Behind the write that came last: all up to here, or not all of its sectors. */
static void prefixes(struct run *run)
{
	u32 last = run->nr_writes - 1, i, tear, part;
	size_t cut = run->writes[last] + 1;
	u32 sectors = write_of(run, last)->length / SECTOR;
	u32 tears = sectors - 1 < run->options->tears ? sectors - 1 : run->options->tears;

	if (next_image(run, &run->result.prefixes)) {
		for (i = 0; i <= last; i++)
			apply_whole(run, i);
		look(run, "prefix", cut, cut, false);
	}
	for (tear = 1; tear <= tears; tear++) {
		if (!next_image(run, &run->result.tears))
			continue;
		part = (u64)sectors * tear / (tears + 1);
		for (i = 0; i < last; i++)
			apply_whole(run, i);
		apply(run, last, 0, part * SECTOR);
		look(run, "tear", cut, cut, false);
	}
}

static void subset(struct run *run, bool all, u64 mask, size_t end)
{
	bool hole = all && (mask & (mask + 1));
	size_t early = run->epoch_start;
	unsigned int i;

	run->holes += hole;
	if (!next_image(run, &run->result.subsets))
		return;
	for (i = 0; i < run->nr_writes; i++) {
		if (all ? !(mask >> i & 1) : chance(run, 2))
			continue;
		apply_whole(run, i);
		early = run->writes[i] + 1;
	}
	look(run, "subset", early, end, hole);
}

static void apply_sectors(struct run *run, unsigned int i)
{
	u32 at, sectors = write_of(run, i)->length / SECTOR;
	u32 first = chance(run, sectors), end = first + 1 + chance(run, sectors - first);

	if (chance(run, 2)) {
		apply(run, i, first * SECTOR, (end - first) * SECTOR);
		return;
	}
	for (at = 0; at < sectors; at++)
		if (chance(run, 2))
			apply(run, i, at * SECTOR, SECTOR);
}

static void torn_subset(struct run *run, size_t end)
{
	size_t early = run->epoch_start;
	unsigned int i, how;

	if (!next_image(run, &run->result.torn))
		return;
	for (i = 0; i < run->nr_writes; i++) {
		how = chance(run, 4);
		if (!how)
			continue;
		if (how == 1)
			apply_whole(run, i);
		else
			apply_sectors(run, i);
		early = run->writes[i] + 1;
	}
	look(run, "torn subset", early, end, false);
}

/* Epochs */

/* What the flush has made durable. */
static void settle(struct run *run, size_t end)
{
	const struct truth_buffer *buffer;
	struct ktm_format_super super;
	const struct entry *entry;
	unsigned int i;

	for (i = 0; i < run->nr_writes; i++) {
		entry = write_of(run, i);
		apply_whole(run, i);
		memcpy(run->stable + entry->offset, entry->data, entry->length);
		if (entry->offset < KTM_DISK_RING && entry->length == KTM_DISK_BLOCK &&
		    !ktm_format_check_super((const void *)entry->data, &super))
			run->judge.sequence = super.sequence;
	}
	while ((buffer = truth_at(&run->truth, run->judge.durable_lsn)) && buffer->index < end)
		run->judge.durable_lsn += buffer->head.span;
	run->nr_writes = 0;
	run->epoch_start = end + 1;
}

static void end_epoch(struct run *run, size_t end, bool flushed)
{
	unsigned long i, nr = run->options->subsets + 1;

	run->epochs++;
	if (run->nr_writes > run->most_writes)
		run->most_writes = run->nr_writes;
	if (run->nr_writes < 32)
		nr = 1UL << run->nr_writes;
	if (nr <= run->options->subsets) {
		for (i = 0; i < nr; i++)
			subset(run, true, i, end);
	} else {
		for (i = 0; i < run->options->random; i++)
			subset(run, false, 0, end);
	}
	for (i = 0; i < run->options->torn && run->nr_writes; i++)
		torn_subset(run, end);
	if (flushed)
		settle(run, end);
}

static void add_write(struct run *run, size_t index)
{
	if (run->recording.entries[index].fua)
		die("FUA, which the recorder does not offer", EINVAL);
	if (run->nr_writes == MAX_WRITES)
		die("too many writes without a flush", E2BIG);
	run->writes[run->nr_writes++] = index;
	prefixes(run);
}

static void walk(struct run *run, size_t first, size_t last)
{
	size_t i;

	run->judge.truth = &run->truth;
	run->judge.promises = &run->promises;
	run->judge.image = run->image;
	run->judge.durable_lsn = run->truth.base_end;
	run->judge.sequence = run->truth.super.sequence;
	memcpy(run->stable, run->truth.base, run->truth.disk_size);
	memcpy(run->image, run->truth.base, run->truth.disk_size);
	run->nr_writes = 0;
	run->epoch_start = first;
	for (i = first; i < last; i++) {
		if (run->recording.entries[i].kind == ENTRY_WRITE)
			add_write(run, i);
		else if (run->recording.entries[i].kind == ENTRY_FLUSH)
			end_epoch(run, i, true);
	}
	end_epoch(run, last, false);
}

/* Segments */

static void apply_before(struct run *run, size_t from, size_t first)
{
	const struct entry *entry;
	size_t i;

	for (i = from; i < first; i++) {
		entry = &run->recording.entries[i];
		if (entry->kind == ENTRY_WRITE)
			memcpy(run->truth.base + entry->offset, entry->data, entry->length);
	}
}

static void take_notes(struct run *run, size_t first, size_t last)
{
	size_t i;

	for (i = first; i < last; i++)
		if (run->recording.entries[i].kind == ENTRY_NOTE)
			promises_note(&run->promises, run->recording.entries[i].note, i);
}

/* @from: what lies before that is in the base already */
static void segment(struct run *run, size_t from, size_t first, size_t last)
{
	apply_before(run, from, first);
	truth_collect(&run->truth, &run->recording, first, last);
	take_notes(run, first, last);
	walk(run, first, last);
	run->nr_buffers += run->truth.nr_buffers;
	run->nr_records += run->truth.nr_records;
	run->nr_copies += run->truth.nr_copies;
	truth_free(&run->truth);
}

static void all_recoveries(struct run *run)
{
	size_t i, first = 0, done = 0;
	const struct note *note;

	for (i = 0; i < run->recording.nr; i++) {
		if (run->recording.entries[i].kind != ENTRY_NOTE)
			continue;
		note = run->recording.entries[i].note;
		if (note->kind == NOTE_IMAGE) {
			promises_clear(&run->promises);
			sample_notes(&run->promises, run->options->recovered, note->tx);
			first = i;
		} else if (note->kind == NOTE_DETACHED) {
			segment(run, done, first, i);
			done = first;
		}
	}
	if (!done)
		die("no recovery was recorded", ENOENT);
}

static void enumerate(struct run *run)
{
	memset(run->truth.base, 0, run->truth.disk_size);
	run->number = 0;
	run->holes = 0;
	if (run->options->recovered) {
		all_recoveries(run);
		return;
	}
	promises_clear(&run->promises);
	segment(run, 0, recording_mark(&run->recording, "start"),
		recording_mark(&run->recording, "end"));
}

static void count_images(struct run *run)
{
	const struct options *options = run->options;

	run->dry = true;
	enumerate(run);
	run->dry = false;
	run->total = run->number;
	printf("# %zu entries, %lu epochs of up to %u writes; ", run->recording.nr,
	       run->epochs, run->most_writes);
	printf("%lu buffers, %lu records, %lu of them copies\n", run->nr_buffers,
	       run->nr_records, run->nr_copies);
	/* or the worst was not tried */
	if (!options->recovered && !run->nr_copies)
		die("nothing was copied forward", ERANGE);
	/* half of them with holes: recovery meets buffers of a life that is over */
	if (options->sample) {
		run->every = 2 * run->number / options->sample + 1;
		run->every_hole = 2 * run->holes / options->sample + 1;
	}
}

struct run *enumerate_open(const struct options *options, const char *recording)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		die("run", ENOMEM);
	run->options = options;
	recording_read(&run->recording, recording);
	run->truth.disk_size = run->recording.disk_size;
	run->truth.base = calloc(1, run->truth.disk_size);
	run->stable = calloc(1, run->truth.disk_size);
	run->image = calloc(1, run->truth.disk_size);
	if (!run->truth.base || !run->stable || !run->image)
		die("disk", ENOMEM);
	count_images(run);
	return run;
}

const struct result *enumerate_share(struct run *run, unsigned int share)
{
	run->share = share;
	enumerate(run);
	return &run->result;
}
