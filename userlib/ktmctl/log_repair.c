// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl log repair - tell what is wrong with a log, and repair it when told so
 *
 * What is on disk, step by step; power may fail at any point, also in the middle of
 * a write. Before: replay stops at the first gap, and the proof that the log went on
 * makes it damage.
 *
 * 1. The closing records are appended, with a flush. Replay does not get there: the
 *    log is damaged as before. A new repair finds the records, if they are complete,
 *    and has them in its table; if not, it finds the old end and appends them there.
 * 2. The gaps are filled, the last one first, and each from its end to its beginning.
 *    Only what was lost is written over. Before the first buffer of a gap there is a
 *    flush, and one after it: only with that buffer replay passes the gap, so while it
 *    is not complete the log is damaged at the same place, and what is filled already
 *    is for a new repair a buffer at which the log goes on. When the first gap is
 *    filled, all others are, and what they lack stands behind them.
 * 3. The superblock that was damaged is written, the good one stays as it is. Until it
 *    is complete the good one counts, and says the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ktm/ktm.h>

#include "json.h"
#include "ktmctl.h"
#include "log_plan.h"
#include "log_repair.h"
#include "logfile.h"
#include "text.h"

static const char *found_text(const struct log_gap *gap)
{
	switch (gap->found) {
	case KTM_REPLAY_TORN:
		return "a buffer that was changed, or is incomplete";
	case KTM_REPLAY_BAD:
		return "a buffer that nobody would have written";
	default:
		return "something else than the log";
	}
}

static void print_uuid(const unsigned char *uuid)
{
	char text[KTM_UUID_TEXT_SIZE];

	ktm_uuid_format(uuid, text);
	fputs(text, stdout);
}

static void damage_text(const struct log_plan *plan)
{
	const struct ktm_replay *replay = &plan->source.replay;
	const struct log_gap *gap;
	char size[TEXT_BYTES_SIZE];

	if (replay->super_error[!replay->slot])
		printf("  superblock  %c is damaged: to be written anew, from %c\n",
		       "BA"[replay->slot], "AB"[replay->slot]);
	TAILQ_FOREACH(gap, &plan->gaps, node) {
		printf("  damage      LSN %" PRIu64 " to %" PRIu64 ", %s: %s; ", gap->lsn,
		       gap->end, format_bytes(size, gap->end - gap->lsn), found_text(gap));
		if (gap->proof_lsn)
			printf("the buffer at LSN %" PRIu64 " says that it was durable\n",
			       gap->proof_lsn);
		else
			puts(gap->found == KTM_REPLAY_BAD ? "it was written so" :
			     "the superblock says that it was durable");
	}
	if (plan->nr_gaps)
		puts("  lost        all records there; who had no others cannot be named");
}

/* The enlistments of which something is there, but no vote that counts. */
static void enlistments_text(const struct log_tx *tx)
{
	const struct log_en *en;

	TAILQ_FOREACH(en, &tx->enlistments, node) {
		if (en->prepare_lsn)
			continue;
		fputs("              among them enlistment ", stdout);
		print_uuid(en->uuid);
		fputs(" of ", stdout);
		print_uuid(en->rm);
		putchar('\n');
	}
}

static void tx_text(const struct log_plan *plan, const struct log_tx *tx)
{
	uint32_t votes = log_table_votes(tx, NULL);

	if (log_plan_is_unknown(plan, tx)) {
		fputs("  unknown     transaction ", stdout);
		print_uuid(tx->uuid);
		printf(", %s: if there was a decision, it is lost\n",
		       log_table_state(tx));
	} else if (log_plan_is_incomplete(tx)) {
		fputs("  incomplete  transaction ", stdout);
		print_uuid(tx->uuid);
		printf(", %s, stays so: %u of %u votes are lost\n", log_table_state(tx),
		       tx->nr_expected - votes, tx->nr_expected);
		enlistments_text(tx);
	} else if (plan->nr_gaps && tx->decision_lsn) {
		fputs("  kept        transaction ", stdout);
		print_uuid(tx->uuid);
		printf(", %s, stays so; if it has ended, its RMs are asked again\n",
		       log_table_state(tx));
	}
}

static void plan_text(const struct log_plan *plan)
{
	const struct ktm_format_super *super = &plan->source.replay.super;
	const struct log_tx *tx;

	print_uuid(super->uuid);
	printf("%s%s\n", super->name[0] ? "  " : "", show_path(super->name));
	damage_text(plan);
	TAILQ_FOREACH(tx, &plan->table.txs, node)
		tx_text(plan, tx);
	if (plan->why)
		printf("  verdict     cannot be repaired: %s\n", plan->why);
	if (!log_plan_is_empty(plan))
		return;
	puts("  verdict     good, nothing to repair");
	if (plan->source.replay.end == KTM_REPLAY_TORN)
		puts("  end         torn, but it was not durable: an attach cuts it off");
}

static void gaps_json(struct json *json, const struct log_plan *plan)
{
	const struct log_gap *gap;

	json_array(json, "gaps");
	TAILQ_FOREACH(gap, &plan->gaps, node) {
		json_object(json, NULL);
		json_number(json, "lsn", gap->lsn);
		json_number(json, "end", gap->end);
		json_string(json, "found", found_text(gap));
		json_number(json, "proof", gap->proof_lsn);
		json_object_end(json);
	}
	json_array_end(json);
}

static void tx_json(struct json *json, const struct log_tx *tx)
{
	const struct log_en *en;

	json_object(json, NULL);
	json_uuid(json, "tx", tx->uuid);
	json_string(json, "state", log_table_state(tx));
	json_number(json, "votes", log_table_votes(tx, NULL));
	json_number(json, "expected", tx->nr_expected);
	json_array(json, "lost");
	TAILQ_FOREACH(en, &tx->enlistments, node) {
		if (en->prepare_lsn)
			continue;
		json_object(json, NULL);
		json_uuid(json, "enlistment", en->uuid);
		json_uuid(json, "rm", en->rm);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void plan_json(const struct log_plan *plan, bool yes)
{
	const struct ktm_replay *replay = &plan->source.replay;
	bool bad_super = replay->super_error[!replay->slot];
	struct json json = { 0 };
	const struct log_tx *tx;

	json_object(&json, NULL);
	json_uuid(&json, "uuid", replay->super.uuid);
	json_string(&json, "superblock", !bad_super ? "" : replay->slot ? "A" : "B");
	gaps_json(&json, plan);
	json_array(&json, "unknown");
	TAILQ_FOREACH(tx, &plan->table.txs, node)
		if (log_plan_is_unknown(plan, tx))
			tx_json(&json, tx);
	json_array_end(&json);
	json_array(&json, "incomplete");
	TAILQ_FOREACH(tx, &plan->table.txs, node)
		if (log_plan_is_incomplete(tx))
			tx_json(&json, tx);
	json_array_end(&json);
	json_bool(&json, "torn", replay->end == KTM_REPLAY_TORN);
	json_bool(&json, "good", log_plan_is_empty(plan));
	json_string(&json, "why_not", plan->why ? plan->why : "");
	json_bool(&json, "repair", yes && !plan->why && !log_plan_is_empty(plan));
	json_object_end(&json);
}

static int flush(int fd)
{
	return fsync(fd) ? -errno : 0;
}

static int write_list(const struct log_writes *writes, int fd)
{
	const struct log_write *write;
	int ret = 0;

	TAILQ_FOREACH(write, writes, node) {
		if (write->opens)
			ret = flush(fd);
		if (!ret)
			ret = logfile_write(&fd, write->offset, write->data, write->length);
		if (!ret && write->opens)
			ret = flush(fd);
		if (ret)
			return ret;
	}
	return flush(fd);
}

static int write_plan(const struct log_plan *plan, int fd)
{
	int ret;

	ret = write_list(&plan->closing, fd);
	if (!ret)
		ret = write_list(&plan->bridges, fd);
	if (!ret)
		ret = write_list(&plan->super, fd);
	return ret;
}

/* Is it good now? */
static int look_again(const char *path)
{
	struct log_plan plan;
	bool good;
	int ret;

	ret = log_plan_make(&plan, path);
	good = !ret && log_plan_is_empty(&plan);
	log_plan_free(&plan);
	if (ret)
		return ktmctl_fail(log_advice, ret, "cannot read the log on %s", path);
	if (!good)
		return ktmctl_refuse("Does the device keep what is written? Repair it again.",
				     "the log on %s is not good after the repair", path);
	return KTMCTL_OK;
}

static int do_plan(const struct log_plan *plan, const char *path, int fd)
{
	int ret;

	ret = write_plan(plan, fd);
	if (ret)
		return ktmctl_fail(NULL, ret, "cannot repair the log on %s", path);
	ret = look_again(path);
	if (ret == KTMCTL_OK)
		ktmctl_note("the log on %s is repaired", path);
	return ret;
}

static int carry_out(const struct log_plan *plan, const char *path, int fd, bool as_json)
{
	if (as_json)
		plan_json(plan, fd >= 0);
	else
		plan_text(plan);
	if (ktmctl_flush() != KTMCTL_OK)
		return KTMCTL_FAILED;
	if (log_plan_is_empty(plan))
		return KTMCTL_OK;
	if (plan->why)
		return ktmctl_refuse("Restore the log from a copy of the device, if there is one.",
				     "cannot repair the log on %s: %s", path, plan->why);
	if (fd < 0)
		return ktmctl_refuse("Copy the device first, then use --yes.",
				     "nothing was changed on %s", path);
	return do_plan(plan, path, fd);
}

int log_repair(const char *path, bool yes, bool as_json)
{
	struct log_plan plan;
	uint64_t size;
	int fd = -1, ret;

	if (yes) {
		fd = logfile_claim(path, O_RDWR, &size);
		if (fd < 0)
			return KTMCTL_FAILED;
	}
	ret = log_plan_make(&plan, path);
	if (ret)
		ret = ktmctl_fail(log_advice, ret, "cannot read the log on %s", path);
	else
		ret = carry_out(&plan, path, fd, as_json);
	log_plan_free(&plan);
	if (fd >= 0)
		close(fd);
	return ret;
}
