// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - what recovery makes of the records that replay finds
 *
 * Rules:
 *
 * - A transaction without a decision or a promise is aborted, whatever else is
 *   there.
 * - One with a promise and neither decision nor END is in doubt: the superior that
 *   the promise names is asked when it comes back. A promise that was copied
 *   forward may come after the decision; it does not take it back.
 * - One with a decision and an END is over. A decision that was copied forward
 *   may come after the END of a transaction only if that END is not durable; if
 *   it is, it comes later in the log (protocol/room.c).
 * - Otherwise it is committed, and each enlistment with a vote is told again.
 * - The votes that the last decision or promise counts must be there, and the redo records
 *   that each vote counts; if not, the log has lost something.
 * - Votes older than the first that the decision names are not its own: an
 *   aborted transaction had the same UUID, as its client wished, or they were
 *   answered before the rest was copied forward.
 * - An RM belongs to the user whom its votes name. If they name several, one of
 *   them took the UUID when the other had left nothing unanswered, but the END that
 *   says so is not durable. Neither may see what the other logged.
 * - A REDO record that has no predecessor begins the enlistment's list anew: it
 *   is the first of all, or the first of a copy.
 * - What the last decision or promise counts is all that is needed. So a copy whose
 *   old place was not given up before a crash holds the tail alone, and the room that
 *   the log keeps for copies does not shrink with each crash.
 */
#include <linux/list_sort.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "deliver.h"
#include "recovery.h"
#include "recovery_info.h"
#include "reserve.h"
#include "share.h"
#include "step.h"

/**
 * struct found_en - an enlistment that replay saw
 * @node: in found_tx.enlistments
 * @uuid: identity
 * @rm: its resource manager
 * @owner: whom that belongs to, as the first record says
 * @lsns: REDO records that the vote counts
 * @nr: length of it
 * @building: REDO records since the list began anew
 * @nr_building: length of it
 * @max_building: room in it
 * @building_pin: start of the buffer in which it began anew
 * @prepare_lsn: the vote, or 0
 * @pin: start of the buffer with the first record that it counts
 * @bytes: what the records that it counts and the vote take
 * @building_bytes: what the records take since the list began anew
 * @info: recovery information of the last vote, or NULL
 */
struct found_en {
	struct list_head node;
	uuid_t uuid;
	uuid_t rm;
	kuid_t owner;
	u64 *lsns;
	u32 nr;
	u64 *building;
	u32 nr_building;
	u32 max_building;
	u64 building_pin;
	u64 prepare_lsn;
	u64 pin;
	u64 bytes;
	u64 building_bytes;
	struct ktm_recovery_info *info;
};

/**
 * struct found_tx - a transaction that replay saw
 * @obj: identity
 * @enlistments: struct found_en
 * @pin: start of the buffer with its first record that is needed
 * @decided: a COMMIT record was seen
 * @promised: a PROMISE record was seen
 * @superior: the enlistment that it names
 * @superior_rm: the resource manager that it names
 * @superior_owner: whom that belongs to
 * @nr_expected: votes that the last of them counts
 * @clock: virtual clock of the decision, or of the promise if there is none
 */
struct found_tx {
	struct ktm_object obj;
	struct list_head enlistments;
	u64 pin;
	bool decided;
	bool promised;
	uuid_t superior;
	uuid_t superior_rm;
	kuid_t superior_owner;
	u32 nr_expected;
	u64 clock;
};

/**
 * struct ktm_recovery - the table; used by the attaching task alone
 * @txs: struct found_tx
 * @clock: highest virtual clock seen
 */
struct ktm_recovery {
	struct ktm_registry txs;
	u64 clock;
};

struct ktm_recovery *ktm_recovery_alloc(void)
{
	struct ktm_recovery *recovery;
	int ret;

	recovery = kzalloc(sizeof(*recovery), GFP_KERNEL);
	if (!recovery)
		return ERR_PTR(-ENOMEM);
	ret = ktm_registry_init(&recovery->txs);
	if (ret) {
		kfree(recovery);
		return ERR_PTR(ret);
	}
	return recovery;
}

static void free_tx(struct ktm_recovery *recovery, struct found_tx *tx)
{
	struct found_en *en, *next;

	ktm_registry_remove(&recovery->txs, &tx->obj);
	list_for_each_entry_safe(en, next, &tx->enlistments, node) {
		kvfree(en->lsns);
		kvfree(en->building);
		kfree(en->info);
		kfree(en);
	}
	kfree_rcu(tx, obj.rcu);
}

static struct found_tx *next_tx(struct ktm_recovery *recovery, u64 *cursor)
{
	struct ktm_object *obj = ktm_registry_next(&recovery->txs, cursor);

	if (!obj)
		return NULL;
	refcount_dec(&obj->ref);	/* there is one user */
	return container_of(obj, struct found_tx, obj);
}

void ktm_recovery_free(struct ktm_recovery *recovery)
{
	struct found_tx *tx;
	u64 cursor = 0;

	while ((tx = next_tx(recovery, &cursor)))
		free_tx(recovery, tx);
	ktm_registry_destroy(&recovery->txs);
	kfree(recovery);
}

static struct found_tx *get_tx(struct ktm_recovery *recovery, const uuid_t *uuid,
			       u64 buffer_lsn)
{
	struct ktm_object *obj = ktm_registry_find(&recovery->txs, uuid);
	struct found_tx *tx;
	int ret;

	if (obj) {
		refcount_dec(&obj->ref);
		return container_of(obj, struct found_tx, obj);
	}
	if (uuid_is_null(uuid))
		return ERR_PTR(-EUCLEAN);
	tx = kzalloc(sizeof(*tx), GFP_KERNEL);
	if (!tx)
		return ERR_PTR(-ENOMEM);
	refcount_set(&tx->obj.ref, 1);
	uuid_copy(&tx->obj.uuid, uuid);
	INIT_LIST_HEAD(&tx->enlistments);
	tx->pin = buffer_lsn;
	ret = ktm_registry_insert(&recovery->txs, &tx->obj);
	if (ret) {
		kfree(tx);
		return ERR_PTR(ret);
	}
	return tx;
}

static struct found_en *get_en(struct found_tx *tx,
			       const struct ktm_log_record *record)
{
	struct found_en *en;

	list_for_each_entry(en, &tx->enlistments, node)
		if (uuid_equal(&en->uuid, &record->enlistment))
			return en;
	if (uuid_is_null(&record->enlistment) || uuid_is_null(&record->stream))
		return ERR_PTR(-EUCLEAN);
	en = kzalloc(sizeof(*en), GFP_KERNEL);
	if (!en)
		return ERR_PTR(-ENOMEM);
	uuid_copy(&en->uuid, &record->enlistment);
	uuid_copy(&en->rm, &record->stream);
	en->owner = KUIDT_INIT(record->owner);
	list_add_tail(&en->node, &tx->enlistments);
	return en;
}

static int take_redo(struct found_en *en, const struct ktm_log_record *record,
		     u64 buffer_lsn)
{
	u32 max;
	u64 *new;

	if (!record->prev_lsn) {
		en->building_pin = buffer_lsn;
		en->nr_building = 0;
		en->building_bytes = 0;
	}
	if (en->nr_building == en->max_building) {
		max = en->max_building ? en->max_building * 2 : 16;
		new = kvmalloc_array(max, sizeof(*new), GFP_KERNEL);
		if (!new)
			return -ENOMEM;
		if (en->nr_building)
			memcpy(new, en->building, en->nr_building * sizeof(*new));
		kvfree(en->building);
		en->building = new;
		en->max_building = max;
	}
	en->building[en->nr_building++] = record->lsn;
	en->building_bytes += KTM_SHARE_RECORD(record->data_length);
	return 0;
}

static int take_prepare(struct found_en *en, const struct ktm_log_record *record,
			u64 buffer_lsn)
{
	const struct ktm_disk_prepare *prepare = record->data;
	u32 length = le32_to_cpu(prepare->info_length);
	struct ktm_recovery_info *info = NULL;

	/* the pure code has found that the length is what the data has */
	if (length) {
		info = ktm_recovery_info_alloc(prepare + 1, length);
		if (!info)
			return -ENOMEM;
	}
	kfree(en->info);
	en->info = info;
	/* votes of aborted transactions may have lost their redo: checked later */
	kvfree(en->lsns);
	en->lsns = en->building;
	en->nr = en->nr_building;
	en->pin = en->nr ? en->building_pin : buffer_lsn;
	en->building = NULL;
	en->nr_building = 0;
	en->max_building = 0;
	en->bytes = en->building_bytes + KTM_SHARE_RECORD(record->data_length);
	en->building_bytes = 0;
	en->prepare_lsn = 0;
	if (en->nr == le32_to_cpu(prepare->nr_records))
		en->prepare_lsn = record->lsn;
	return 0;
}

/* ktm_recovery_check() has the log refused if one of them is not there. */
static void pin_what_counts(struct found_tx *tx, u64 buffer_lsn)
{
	const struct found_en *en;

	tx->pin = buffer_lsn;
	list_for_each_entry(en, &tx->enlistments, node)
		if (en->prepare_lsn)
			tx->pin = min(tx->pin, en->pin);
}

static int take_commit(struct ktm_recovery *recovery, struct found_tx *tx,
		       const struct ktm_log_record *record, u64 buffer_lsn)
{
	const struct ktm_disk_commit *commit = record->data;
	struct found_en *en;

	if (record->data_length != sizeof(*commit))
		return -EUCLEAN;
	recovery->clock = max(recovery->clock, le64_to_cpu(commit->clock));
	if (record->type == KTM_RECORD_PROMISE) {
		if (tx->decided)
			return 0;
		tx->promised = true;
		uuid_copy(&tx->superior, &record->enlistment);
		uuid_copy(&tx->superior_rm, &record->stream);
		tx->superior_owner = KUIDT_INIT(record->owner);
	} else {
		tx->decided = true;
	}
	list_for_each_entry(en, &tx->enlistments, node)
		if (en->prepare_lsn < record->prev_lsn)
			en->prepare_lsn = 0;
	tx->nr_expected = le32_to_cpu(commit->nr_enlistments);
	tx->clock = le64_to_cpu(commit->clock);
	pin_what_counts(tx, buffer_lsn);
	return 0;
}

/* Not presumed aborted. */
static bool is_kept(const struct found_tx *tx)
{
	return tx->decided || tx->promised;
}

/*
 * Of a decided or promised transaction it is a copy, which counts as well: the
 * decision may have slipped in between a copied redo record and the copied vote.
 */
static int take_vote(struct found_tx *tx, struct found_en *en,
		     const struct ktm_log_record *record, u64 buffer_lsn)
{
	int ret = take_prepare(en, record, buffer_lsn);

	if (!ret && is_kept(tx) && en->prepare_lsn)
		tx->pin = min(tx->pin, en->pin);
	return ret;
}

int ktm_recovery_record(struct ktm_recovery *recovery,
			const struct ktm_log_record *record, u64 buffer_lsn)
{
	struct found_tx *tx;
	struct found_en *en;

	tx = get_tx(recovery, &record->tx, buffer_lsn);
	if (IS_ERR(tx))
		return PTR_ERR(tx);

	switch (record->type) {
	case KTM_RECORD_COMMIT:
	case KTM_RECORD_PROMISE:
		return take_commit(recovery, tx, record, buffer_lsn);
	case KTM_RECORD_END:
		free_tx(recovery, tx);
		return 0;
	case KTM_RECORD_REDO:
	case KTM_RECORD_PREPARE:
		en = get_en(tx, record);
		if (IS_ERR(en))
			return PTR_ERR(en);
		return record->type == KTM_RECORD_REDO ?
			take_redo(en, record, buffer_lsn) :
			take_vote(tx, en, record, buffer_lsn);
	default:
		return -EUCLEAN;
	}
}

u64 ktm_recovery_tail(struct ktm_recovery *recovery)
{
	u64 cursor = 0, tail = U64_MAX;
	struct found_tx *tx;

	while ((tx = next_tx(recovery, &cursor)))
		if (is_kept(tx))
			tail = min(tail, tx->pin);
	return tail;
}

u64 ktm_recovery_clock(struct ktm_recovery *recovery)
{
	return recovery->clock;
}

int ktm_recovery_check(struct ktm_recovery *recovery)
{
	struct found_tx *tx;
	struct found_en *en;
	u64 cursor = 0;
	u32 votes;

	while ((tx = next_tx(recovery, &cursor))) {
		if (!is_kept(tx))
			continue;
		votes = 0;
		list_for_each_entry(en, &tx->enlistments, node)
			votes += en->prepare_lsn != 0;
		if (votes < tx->nr_expected) {
			pr_err("transaction %pUb is %s, but %u of its %u votes are lost\n",
			       &tx->obj.uuid, tx->decided ? "committed" : "in doubt",
			       tx->nr_expected - votes, tx->nr_expected);
			return -EUCLEAN;
		}
	}
	return 0;
}

static int charge_rm(struct ktm_rm *rm)
{
	struct ktm_payer payer = ktm_payer_found(rm->owner);
	int ret;

	ret = ktm_objects_charge(payer, KTM_QUOTA_RM);
	if (ret)
		return ret;
	spin_lock(&rm->lock);
	ktm_rm_charge_locked(rm, payer.uid);
	spin_unlock(&rm->lock);
	return 0;
}

/* An RM that is not there yet; its next life takes the object over. */
static struct ktm_rm *absent_rm(struct ktm_tm *tm, const uuid_t *uuid, kuid_t owner)
{
	struct ktm_rm *rm = ktm_rm_find(tm, uuid);
	int ret;

	if (rm) {
		/* nobody has seen it yet: the TM is not to be found */
		if (!uid_eq(rm->owner, owner))
			rm->owner = INVALID_UID;
		return rm;
	}
	rm = ktm_rm_alloc(tm, uuid, 0, owner);
	if (IS_ERR(rm))
		return rm;
	ret = charge_rm(rm);
	if (!ret)
		ret = ktm_registry_insert(&tm->rms, &rm->obj);
	if (ret) {
		ktm_rm_put(rm);
		return ERR_PTR(ret);
	}
	return rm;
}

static struct ktm_enlistment *absent_enlistment(struct ktm_tx *tx, const uuid_t *rm_uuid,
						kuid_t owner, const uuid_t *uuid,
						u32 flags)
{
	struct ktm_enlistment *en;
	struct ktm_rm *rm;
	int ret;

	rm = absent_rm(tx->tm, rm_uuid, owner);
	if (IS_ERR(rm))
		return ERR_CAST(rm);
	en = ktm_enlistment_alloc(tx, rm, uuid, flags, ktm_payer_found(owner));
	ktm_rm_put(rm);
	if (IS_ERR(en))
		return en;
	INIT_WORK(&en->work, ktm_deliver_work);
	en->suspended = true;
	ret = ktm_registry_insert(&tx->tm->enlistments, &en->obj);
	if (ret) {
		ktm_enlistment_put(en);
		return ERR_PTR(ret);
	}
	return en;
}

static void join_rm(struct ktm_enlistment *en)
{
	struct ktm_rm *rm = en->rm;

	spin_lock(&rm->lock);
	list_add_tail(&en->rm_node, &rm->enlistments);
	rm->nr_enlistments++;
	spin_unlock(&rm->lock);
}

/* The one whose answer is missing. */
static int make_superior(struct ktm_step *step, const struct found_tx *found)
{
	struct ktm_tx *tx = step->tx;
	struct ktm_enlistment *en;

	en = absent_enlistment(tx, &found->superior_rm, found->superior_owner,
			       &found->superior, KTM_EN_F_SUPERIOR);
	if (IS_ERR(en))
		return PTR_ERR(en);
	spin_lock(&tx->lock);
	tx->superior = en;	/* the reference */
	join_rm(en);
	ktm_step_en(step, en, KTM_EN_E_RECOVER_PROMISED);
	spin_unlock(&tx->lock);
	return 0;
}

static int make_enlistment(struct ktm_step *step, struct found_en *found, bool decided)
{
	struct ktm_tx *tx = step->tx;
	struct ktm_enlistment *en;

	en = absent_enlistment(tx, &found->rm, found->owner, &found->uuid, 0);
	if (IS_ERR(en))
		return PTR_ERR(en);
	en->lsns = found->lsns;
	en->nr_records = found->nr;
	en->max_records = found->nr;
	en->prepare_lsn = found->prepare_lsn;
	found->lsns = NULL;
	en->info = found->info;
	found->info = NULL;

	spin_lock(&tx->lock);
	list_add_tail(&en->tx_node, &tx->enlistments);	/* the reference */
	tx->nr_enlistments++;
	tx->nr_prepared++;
	tx->first_vote = min_not_zero(tx->first_vote, en->prepare_lsn);
	join_rm(en);
	ktm_step_en(step, en, decided ? KTM_EN_E_RECOVER : KTM_EN_E_RECOVER_PROMISED);
	spin_unlock(&tx->lock);
	return 0;
}

/* The log does not say who began it: the owner of the first RM that has voted pays. */
static struct ktm_payer payer_of(const struct found_tx *found)
{
	const struct found_en *en;

	list_for_each_entry(en, &found->enlistments, node)
		if (en->prepare_lsn)
			return ktm_payer_found(en->owner);
	return ktm_payer_found(found->decided ? INVALID_UID : found->superior_owner);
}

/* As before the restart; slots that were used count on. */
static int charge_log(struct ktm_tx *tx, const struct found_tx *found)
{
	u32 slots = found->decided ? KTM_RESERVE_COMMIT : KTM_RESERVE_SUPERIOR;
	const struct found_en *en;
	u64 bytes = 0;

	list_for_each_entry(en, &found->enlistments, node)
		if (en->prepare_lsn)
			bytes += en->bytes;
	return ktm_share_found(tx, bytes, slots);
}

static int make_tx(struct found_tx *found, struct ktm_tm *tm)
{
	struct ktm_step step = { };
	struct found_en *en;
	/* END, and COMMIT before it: what is missing of what was reserved */
	u32 slots = found->decided ? 1 : 2;
	struct ktm_tx *tx;
	int ret;

	tx = ktm_tx_alloc(tm, &found->obj.uuid, "", payer_of(found));
	if (IS_ERR(tx))
		return PTR_ERR(tx);
	ret = charge_log(tx, found);
	if (!ret)
		ret = ktm_registry_insert(&tm->txs, &tx->obj);
	if (ret)
		goto out;
	ret = ktm_log_reserve_recovered(tm->log, slots);
	if (ret)
		goto out;
	tx->slots = slots;
	tx->promised = !found->decided;
	tx->clock = found->clock;
	spin_lock(&tm->pin_lock);
	tx->pin.lsn = found->pin;
	list_add_tail(&tx->pin.node, &tm->pins);	/* sorted at the end */
	spin_unlock(&tm->pin_lock);

	step.tx = tx;
	INIT_LIST_HEAD(&step.left);
	spin_lock(&tx->lock);
	ktm_step_tx(&step, found->decided ? KTM_TX_E_RECOVER : KTM_TX_E_RECOVER_PROMISED);
	spin_unlock(&tx->lock);
	if (!found->decided) {
		ret = make_superior(&step, found);
		if (ret)
			goto out;
	}
	list_for_each_entry(en, &found->enlistments, node) {
		if (!en->prepare_lsn)
			continue;
		ret = make_enlistment(&step, en, found->decided);
		if (ret)
			break;
	}
	/* no enlistments: the end record alone is missing */
	ktm_step_begin(&step, tx);
	ktm_step_end(&step);
out:
	/* the table still holds the tail */
	if (ret)
		ktm_tx_unpin_log(tx, &tx->pin);
	ktm_tx_put(tx);
	return ret;
}

static int compare_pins(void *priv, const struct list_head *a, const struct list_head *b)
{
	u64 first = list_entry(a, struct ktm_pin, node)->lsn;
	u64 second = list_entry(b, struct ktm_pin, node)->lsn;

	return first > second ? 1 : 0;
}

int ktm_recovery_finish(struct ktm_recovery *recovery, struct ktm_tm *tm)
{
	struct found_tx *tx;
	u64 cursor = 0;
	int ret, nr = 0;

	while ((tx = next_tx(recovery, &cursor))) {
		if (!is_kept(tx))
			continue;
		ret = make_tx(tx, tm);
		if (ret)
			return ret;
		nr++;
	}
	/* nobody but us knows the TM yet */
	spin_lock(&tm->pin_lock);
	list_sort(NULL, &tm->pins, compare_pins);
	spin_unlock(&tm->pin_lock);
	return nr;
}

u32 ktm_recovery_count(struct ktm_recovery *recovery, u64 last)
{
	struct found_tx *tx;
	u64 cursor = 0;
	u32 nr = 0;

	while ((tx = next_tx(recovery, &cursor)))
		nr += is_kept(tx) && tx->clock <= last;
	return nr;
}

static int discard(const struct found_tx *tx, struct ktm_log *log)
{
	struct ktm_disk_end end = {
		.outcome = cpu_to_le32(KTM_DISK_OUTCOME_ABORTED),
	};
	struct ktm_log_record record = {
		.type = KTM_RECORD_END,
		.data = &end,
		.data_length = sizeof(end),
	};
	int ret;

	pr_warn("transaction %pUb, %s at clock %llu, is discarded\n",
		&tx->obj.uuid, tx->decided ? "committed" : "prepared", tx->clock);
	uuid_copy(&record.tx, &tx->obj.uuid);
	/* for the end record, as it was before the restart */
	ret = ktm_log_reserve_recovered(log, 1);
	return ret ?: ktm_log_append(log, &record, KTM_LOG_RESERVED, NULL);
}

int ktm_recovery_discard(struct ktm_recovery *recovery, struct ktm_tm *tm,
			 u64 horizon)
{
	struct found_tx *tx;
	u64 cursor = 0;
	int ret, nr = 0;

	while ((tx = next_tx(recovery, &cursor))) {
		if (!is_kept(tx) || tx->clock <= horizon)
			continue;
		ret = discard(tx, tm->log);
		if (ret)
			return ret;
		free_tx(recovery, tx);
		nr++;
	}
	ret = ktm_log_force(tm->log);
	return ret ?: nr;
}
