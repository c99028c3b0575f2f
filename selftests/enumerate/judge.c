// SPDX-License-Identifier: GPL-2.0
/*
 * Does an image hold what was promised?
 *
 * First, as a log: replay succeeds, a power cut is never taken for damage; what it
 * gives are the buffers and records that were written, each as it was, without a gap
 * from the tail on, and at least all that a flush has covered.
 *
 * Second, as transactions: what was said to be committed is, with all of its redo,
 * until the resource managers have answered; what was promised to a superior is in
 * doubt until it decides; nothing is decided that must not be, and no decision is
 * there without the votes that it counts.
 */
#include <stdio.h>

#include "judge.h"

static u64 window[KTM_DISK_BUFFER_MAX / 8];

void promises_clear(struct promises *promises)
{
	memset(promises->txs, 0xff, sizeof(promises->txs));
	promises->nr_known = 0;
}

void promises_note(struct promises *promises, const struct note *note, size_t index)
{
	unsigned int i;
	size_t *at;

	if (note->tx >= PLAN_MAX_ID || note->rm >= PLAN_NR_RMS)
		return;
	switch (note->kind) {
	case NOTE_COMMITTED:
		at = &promises->txs[note->tx].committed;
		break;
	case NOTE_COMMIT:
		at = &promises->txs[note->tx].commit[note->rm];
		break;
	case NOTE_PROMISED:
		at = &promises->txs[note->tx].promised;
		break;
	case NOTE_DECIDING:
		at = &promises->txs[note->tx].deciding;
		break;
	case NOTE_ANSWERING:
		at = &promises->txs[note->tx].answering[note->rm];
		break;
	default:
		return;
	}
	if (*at == NEVER)
		*at = index;
	for (i = 0; i < promises->nr_known; i++)
		if (promises->known[i] == note->tx)
			return;
	promises->known[promises->nr_known++] = note->tx;
}

/* Returns an errno to end replay. */
static int blame(struct judge *judge, const char *wrong, u64 at)
{
	judge->wrong = wrong;
	judge->wrong_at = at;
	return -EINTR;
}

static int read_image(void *ctx, u64 offset, void *data, u32 length)
{
	struct judge *judge = ctx;

	memcpy(data, judge->image + offset, length);
	return 0;
}

static int visit_buffer(void *ctx, const struct ktm_format_buffer *buffer)
{
	struct judge *judge = ctx;
	const struct truth_buffer *truth = truth_at(judge->truth, buffer->lsn);

	if (!truth || memcmp(&truth->head, buffer, sizeof(*buffer)))
		return blame(judge, "a buffer that nobody wrote", buffer->lsn);
	if (buffer->lsn != judge->next_lsn)
		return blame(judge, "a gap", judge->next_lsn);
	if (judge->head && judge->next != judge->head->head.nr_records)
		return blame(judge, "records are missing", judge->head->head.lsn);
	judge->next_lsn = buffer->lsn + buffer->span;
	judge->head = truth;
	judge->next = 0;
	if (truth->index > judge->last_index)
		judge->last_index = truth->index;
	return 0;
}

/* All but the data: before it and after it there is padding. */
static bool is_same(const struct ktm_format_record *a, const struct ktm_format_record *b)
{
	return a->type == b->type && a->flags == b->flags && a->owner == b->owner &&
	       a->data_length == b->data_length && a->lsn == b->lsn &&
	       a->prev_lsn == b->prev_lsn && a->undo_next_lsn == b->undo_next_lsn &&
	       !memcmp(a->stream, b->stream, sizeof(a->stream)) &&
	       !memcmp(a->tx, b->tx, sizeof(a->tx)) &&
	       !memcmp(a->enlistment, b->enlistment, sizeof(a->enlistment)) &&
	       !memcmp(a->data, b->data, a->data_length);
}

static int visit_record(void *ctx, const struct ktm_format_record *plain,
			const struct ktm_format_buffer *buffer)
{
	const struct truth_record *record;
	struct judge *judge = ctx;
	const char *wrong;

	record = &judge->head->records[judge->next++];
	if (judge->next > judge->head->head.nr_records || !is_same(&record->plain, plain))
		return blame(judge, "a record that nobody wrote", plain->lsn);
	judge->records++;
	wrong = found_record(&judge->found, record);
	return wrong ? blame(judge, wrong, plain->lsn) : 0;
}

bool judge_replay(struct judge *judge)
{
	static const struct ktm_replay_ops ops = {
		.read = read_image,
		.buffer = visit_buffer,
		.record = visit_record,
	};
	struct ktm_replay *replay = &judge->replay;
	int ret;

	*replay = (struct ktm_replay){
		.ops = &ops,
		.ctx = judge,
		.window = window,
		.device_size = judge->truth->disk_size,
	};
	found_clear(&judge->found);
	judge->wrong = NULL;
	judge->head = NULL;
	judge->next = 0;
	judge->last_index = 0;
	ret = ktm_replay_open(replay);
	if (ret) {
		blame(judge, "replay finds no log", -ret);
		return false;
	}
	if (replay->super.sequence < judge->sequence)
		blame(judge, "a superblock was durable and is not used", replay->super.sequence);
	judge->next_lsn = replay->super.tail_lsn;
	/* in one pass, as the kernel does */
	ret = ktm_replay_scan_and_run(replay);
	if (ret == -EUCLEAN)
		blame(judge, "replay sees damage", replay->end_lsn);
	if (ret && !judge->wrong)
		blame(judge, "replay fails", -ret);
	if (!judge->wrong && judge->next_lsn != replay->end_lsn)
		blame(judge, "replay ends elsewhere than it says", judge->next_lsn);
	if (!judge->wrong && replay->end_lsn < judge->durable_lsn)
		blame(judge, "what was durable is lost", replay->end_lsn);
	return !judge->wrong;
}

/**
 * struct fate - what was promised of a transaction before the cut
 * @told: somebody was told that it has committed
 * @promised: the superior was told that it can
 * @deciding: the superior was about to order
 * @answered: all have answered, or were about to
 * @answering: by RM
 */
struct fate {
	bool told, promised, deciding, answered;
	bool answering[PLAN_NR_RMS];
};

static void get_fate(const struct promises *promises, unsigned int id, size_t cut,
		     struct fate *fate)
{
	enum plan_rm rm;

	fate->told = promises->txs[id].committed < cut;
	fate->promised = promises->txs[id].promised < cut;
	fate->deciding = promises->txs[id].deciding < cut;
	fate->answered = true;
	for (rm = 0; rm < PLAN_NR_RMS; rm++) {
		fate->answering[rm] = promises->txs[id].answering[rm] < cut;
		fate->told |= promises->txs[id].commit[rm] < cut;
		if (plan_takes_part(id, rm))
			fate->answered &= fate->answering[rm];
	}
}

static bool may_commit(const struct fate *fate, enum plan_kind kind)
{
	return kind == PLAN_COMMITS || (kind == PLAN_COMMITS_IF_TOLD && fate->deciding);
}

/* The votes of a decision or promise, and their redo. */
static const char *judge_votes(const struct found_tx *tx, const struct fate *fate,
			       unsigned int id)
{
	enum plan_rm rm;

	if (found_votes(tx) < tx->nr_expected)
		return "votes are missing";
	for (rm = 0; rm < PLAN_NR_RMS; rm++) {
		if (tx->ens[rm].vote_lsn && !tx->ens[rm].whole)
			return "redo is missing";
		if (!tx->ens[rm].vote_lsn && plan_takes_part(id, rm) && !fate->answering[rm])
			return "is half there";
	}
	return NULL;
}

static const char *judge_end(const struct found_tx *tx, const struct fate *fate,
			     enum plan_kind kind)
{
	if (tx->outcome == KTM_DISK_OUTCOME_COMMITTED)
		return fate->answered && may_commit(fate, kind) ? NULL :
			"has ended before it was over";
	return kind == PLAN_ROLLS_BACK_IF_TOLD && fate->deciding ? NULL :
		"was rolled back, and is to commit";
}

static const char *judge_tx(const struct found_tx *tx, const struct fate *fate,
			    unsigned int id)
{
	enum plan_kind kind = plan_kind(id);

	if (fate->told && tx->state != FOUND_DECIDED &&
	    (!fate->answered || (tx->state != FOUND_NOT && tx->state != FOUND_ENDED)))
		return "was committed and is not";
	if (fate->promised && !fate->deciding && tx->state != FOUND_PROMISED)
		return "was promised and is not in doubt";
	if (fate->promised && kind == PLAN_COMMITS_IF_TOLD && !fate->answered &&
	    tx->state != FOUND_PROMISED && tx->state != FOUND_DECIDED)
		return "was promised and is lost";
	switch (tx->state) {
	case FOUND_DECIDED:
		return may_commit(fate, kind) ? judge_votes(tx, fate, id) :
			"is committed, and nobody has decided that";
	case FOUND_PROMISED:
		return id >= PLAN_PROMISED ? judge_votes(tx, fate, id) :
			"is in doubt, and has no superior";
	case FOUND_ENDED:
		return judge_end(tx, fate, kind);
	default:
		return NULL;
	}
}

static bool judge_one(struct judge *judge, unsigned int id, size_t cut)
{
	const char *wrong;
	struct fate fate;

	get_fate(judge->promises, id, cut, &fate);
	wrong = judge_tx(&judge->found.txs[id], &fate, id);
	if (wrong)
		blame(judge, wrong, id);
	return !wrong;
}

bool judge_promises(struct judge *judge, size_t cut)
{
	const struct promises *promises = judge->promises;
	const struct found *found = &judge->found;
	unsigned int i;

	if (judge->last_index >= cut) {
		blame(judge, "a buffer is there before it was written", judge->last_index);
		return false;
	}
	for (i = 0; i < promises->nr_known; i++)
		if (!judge_one(judge, promises->known[i], cut))
			return false;
	for (i = 0; i < found->nr_touched; i++)
		if (!judge_one(judge, found->touched[i], cut))
			return false;
	return true;
}
