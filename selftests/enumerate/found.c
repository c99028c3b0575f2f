// SPDX-License-Identifier: GPL-2.0
/*
 * What recovery must make of a log
 */
#include "found.h"

void found_clear(struct found *found)
{
	unsigned int i;

	for (i = 0; i < found->nr_touched; i++)
		memset(&found->txs[found->touched[i]], 0, sizeof(*found->txs));
	found->nr_touched = 0;
}

static void take_redo(struct found_en *en, const struct truth_record *record)
{
	u32 index;

	memcpy(&index, (const u8 *)record->plain.data + 12, sizeof(index));
	if (!record->plain.prev_lsn) {
		en->nr_building = 0;
		en->building = 0;
		en->in_order = true;
	}
	en->in_order &= index == en->nr_building;
	en->building |= 1U << index;
	en->nr_building++;
}

static void take_vote(struct found_en *en, const struct truth_record *record)
{
	u32 planned = plan_nr_redo(record->tx, record->rm), counted;
	const struct ktm_disk_prepare *prepare = record->plain.data;

	counted = le32_to_cpu(prepare->nr_records);
	en->vote_lsn = counted == en->nr_building ? record->plain.lsn : 0;
	en->whole = en->vote_lsn && en->in_order && counted == planned;
	en->building = 0;
	en->nr_building = 0;
	en->in_order = true;
}

static void take_decision(struct found_tx *tx, const struct truth_record *record)
{
	const struct ktm_disk_commit *commit = record->plain.data;
	bool decided = record->plain.type == KTM_RECORD_COMMIT;
	enum plan_rm rm;

	/* a promise that was copied forward is older than the decision */
	if (!decided && tx->state == FOUND_DECIDED)
		return;
	tx->state = decided ? FOUND_DECIDED : FOUND_PROMISED;
	for (rm = 0; rm < PLAN_NR_RMS; rm++)
		if (tx->ens[rm].vote_lsn < record->plain.prev_lsn)
			tx->ens[rm].vote_lsn = 0;
	tx->nr_expected = le32_to_cpu(commit->nr_enlistments);
}

static void take_end(struct found_tx *tx, const struct truth_record *record)
{
	const struct ktm_disk_end *end = record->plain.data;

	memset(tx, 0, sizeof(*tx));
	tx->state = FOUND_ENDED;
	tx->outcome = le32_to_cpu(end->outcome);
}

const char *found_record(struct found *found, const struct truth_record *record)
{
	struct found_tx *tx = &found->txs[record->tx];
	bool of_rm = record->plain.type == KTM_RECORD_REDO ||
		     record->plain.type == KTM_RECORD_PREPARE;

	if (!record->tx)
		return "a record of a transaction that nobody began";
	if (of_rm && (record->rm == PLAN_NR_RMS || !plan_takes_part(record->tx, record->rm)))
		return "a record of a resource manager that takes no part";
	if (tx->state == FOUND_NOT)
		found->touched[found->nr_touched++] = record->tx;
	if (tx->state == FOUND_NOT || tx->state == FOUND_ENDED)
		tx->state = FOUND_OPEN;
	switch (record->plain.type) {
	case KTM_RECORD_REDO:
		take_redo(&tx->ens[record->rm], record);
		break;
	case KTM_RECORD_PREPARE:
		take_vote(&tx->ens[record->rm], record);
		break;
	case KTM_RECORD_END:
		take_end(tx, record);
		break;
	default:
		take_decision(tx, record);
	}
	return NULL;
}

u32 found_votes(const struct found_tx *tx)
{
	enum plan_rm rm;
	u32 votes = 0;

	for (rm = 0; rm < PLAN_NR_RMS; rm++)
		votes += tx->ens[rm].vote_lsn != 0;
	return votes;
}
