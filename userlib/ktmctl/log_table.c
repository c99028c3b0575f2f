// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl log - what recovery would make of the records of a log
 */
#include <search.h>
#include <stdlib.h>

#include "log_table.h"

const unsigned char log_table_filler[KTM_DISK_UUID_SIZE] = {
	'k', 't', 'm', 'c', 't', 'l', '-', 'l', 'o', 'g', 'r', 'e', 'p', 'a', 'i', 'r'
};

static const unsigned char none[KTM_DISK_UUID_SIZE];

static bool is_none(const unsigned char *uuid)
{
	return !memcmp(uuid, none, sizeof(none));
}

static int compare(const void *a, const void *b)
{
	const struct log_tx *first = a, *second = b;

	return memcmp(first->uuid, second->uuid, sizeof(first->uuid));
}

void log_table_init(struct log_table *table)
{
	*table = (struct log_table){ 0 };
	TAILQ_INIT(&table->txs);
}

static void forget_tx(struct log_table *table, struct log_tx *tx)
{
	struct log_en *en;

	while ((en = TAILQ_FIRST(&tx->enlistments))) {
		TAILQ_REMOVE(&tx->enlistments, en, node);
		free(en);
	}
	TAILQ_REMOVE(&table->txs, tx, node);
	tdelete(tx, &table->tree, compare);
	free(tx);
}

void log_table_free(struct log_table *table)
{
	struct log_tx *tx;

	while ((tx = TAILQ_FIRST(&table->txs)))
		forget_tx(table, tx);
}

static struct log_tx *get_tx(struct log_table *table, const struct ktm_format_record *record,
			     uint64_t buffer_lsn)
{
	struct log_tx *tx, **found, key;

	memcpy(key.uuid, record->tx, sizeof(key.uuid));
	found = tfind(&key, &table->tree, compare);
	if (found)
		return *found;
	tx = calloc(1, sizeof(*tx));
	if (!tx)
		return NULL;
	memcpy(tx->uuid, record->tx, sizeof(tx->uuid));
	TAILQ_INIT(&tx->enlistments);
	tx->first_lsn = record->lsn;
	tx->pin = buffer_lsn;
	if (!tsearch(tx, &table->tree, compare)) {
		free(tx);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&table->txs, tx, node);
	return tx;
}

static struct log_en *get_en(struct log_tx *tx, const struct ktm_format_record *record)
{
	struct log_en *en;

	TAILQ_FOREACH(en, &tx->enlistments, node)
		if (!memcmp(en->uuid, record->enlistment, sizeof(en->uuid)))
			return en;
	en = calloc(1, sizeof(*en));
	if (!en)
		return NULL;
	memcpy(en->uuid, record->enlistment, sizeof(en->uuid));
	memcpy(en->rm, record->stream, sizeof(en->rm));
	TAILQ_INSERT_TAIL(&tx->enlistments, en, node);
	return en;
}

static void take_redo(struct log_en *en, const struct ktm_format_record *record,
		      uint64_t buffer_lsn)
{
	if (!record->prev_lsn) {
		en->building_pin = buffer_lsn;
		en->nr_building = 0;
	}
	en->nr_building++;
}

static void take_prepare(struct log_tx *tx, struct log_en *en,
			 const struct ktm_format_record *record, uint64_t buffer_lsn)
{
	struct ktm_disk_prepare prepare;
	uint32_t nr = en->nr_building;

	memcpy(&prepare, record->data, sizeof(prepare));
	en->pin = nr ? en->building_pin : buffer_lsn;
	en->nr_building = 0;
	en->prepare_lsn = nr == le32_to_cpu(prepare.nr_records) ? record->lsn : 0;
	tx->voted = true;
	/* of one that is decided or promised it is a copy, which counts as well */
	if (tx->decision_lsn && en->prepare_lsn && en->pin < tx->pin)
		tx->pin = en->pin;
}

static void take_promise(struct log_tx *tx, const struct ktm_format_record *record)
{
	tx->promised = true;
	memcpy(tx->superior, record->enlistment, sizeof(tx->superior));
	memcpy(tx->superior_rm, record->stream, sizeof(tx->superior_rm));
	tx->superior_owner = record->owner;
}

static void take_decision(struct log_tx *tx, const struct ktm_format_record *record,
			  uint64_t buffer_lsn)
{
	struct ktm_disk_commit commit;
	struct log_en *en;

	memcpy(&commit, record->data, sizeof(commit));
	/* a promise that was copied forward does not take the decision back */
	if (record->type == KTM_RECORD_PROMISE && tx->decided)
		return;
	if (record->type == KTM_RECORD_PROMISE)
		take_promise(tx, record);
	else
		tx->decided = true;
	tx->decision_lsn = record->lsn;
	tx->nr_expected = le32_to_cpu(commit.nr_enlistments);
	tx->clock = le64_to_cpu(commit.clock);
	tx->pin = buffer_lsn;
	TAILQ_FOREACH(en, &tx->enlistments, node) {
		if (en->prepare_lsn < record->prev_lsn)
			en->prepare_lsn = 0;
		if (en->prepare_lsn && en->pin < tx->pin)
			tx->pin = en->pin;
	}
}

int log_table_take(struct log_table *table, const struct ktm_format_record *record,
		   uint64_t buffer_lsn)
{
	struct log_tx *tx;
	struct log_en *en;

	if (record->type > KTM_RECORD_PROMISE) {
		table->nr_others++;
		return 0;
	}
	if (!memcmp(record->stream, log_table_filler, sizeof(log_table_filler)))
		return 0;
	if (is_none(record->tx))
		return -EUCLEAN;
	tx = get_tx(table, record, buffer_lsn);
	if (!tx)
		return -ENOMEM;
	switch (record->type) {
	case KTM_RECORD_COMMIT:
	case KTM_RECORD_PROMISE:
		take_decision(tx, record, buffer_lsn);
		return 0;
	case KTM_RECORD_END:
		table->nr_ended++;
		forget_tx(table, tx);
		return 0;
	}
	if (is_none(record->enlistment) || is_none(record->stream))
		return -EUCLEAN;
	en = get_en(tx, record);
	if (!en)
		return -ENOMEM;
	if (record->type == KTM_RECORD_REDO)
		take_redo(en, record, buffer_lsn);
	else
		take_prepare(tx, en, record, buffer_lsn);
	return 0;
}

uint32_t log_table_votes(const struct log_tx *tx, uint64_t *first)
{
	uint64_t lsn = 0;
	uint32_t nr = 0;
	struct log_en *en;

	TAILQ_FOREACH(en, &tx->enlistments, node) {
		if (!en->prepare_lsn)
			continue;
		nr++;
		if (!lsn || en->prepare_lsn < lsn)
			lsn = en->prepare_lsn;
	}
	if (first)
		*first = lsn;
	return nr;
}

const char *log_table_state(const struct log_tx *tx)
{
	if (tx->decided)
		return "committed";
	if (tx->promised)
		return "in doubt";
	return tx->voted ? "prepared" : "active";
}

const struct log_tx *log_table_oldest(const struct log_table *table)
{
	const struct log_tx *tx, *oldest = NULL;

	TAILQ_FOREACH(tx, &table->txs, node)
		if (tx->decision_lsn && (!oldest || tx->pin < oldest->pin))
			oldest = tx;
	return oldest;
}
