// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - random operations on enlistments
 */
#include "ops.h"

/* Brings two fds to the same process. */
static void together(struct driver *d, struct handle *one, struct handle *other)
{
	if (one->away != other->away)
		remote_move(&d->remote, d_random(d, 2) ? one : other);
}

/* Mostly those that fit together */
static __u32 some_flags(struct driver *d, struct m_tx *tx)
{
	__u32 flags = 0;

	if (!d_random(d, 30))
		return d_random(d, KTM_EN_F_MASK + 1);
	if (!d_random(d, m_superior(tx) ? 20 : 5))
		return KTM_EN_F_SUPERIOR | (d_random(d, 2) ? KTM_EN_F_COMMIT_REQUEST : 0);
	if (d_random(d, 2))
		flags |= KTM_EN_F_SINGLE_PHASE;
	if (!d_random(d, 4))
		flags |= KTM_EN_F_PREPREPARE;
	if (!d_random(d, 4))
		flags |= KTM_EN_F_DISCONNECTED;
	if (d_random(d, 6))
		flags |= KTM_EN_F_SAVEPOINTS;
	return flags;
}

void op_enlist(struct driver *d)
{
	struct ktm_en_create arg = { .size = sizeof(arg) };
	int tx = pick_open(d, is_active), rm = pick_rm(d), slot, want;
	struct handle *file;
	struct m_tx *m;

	if (tx < 0 || rm < 0)
		return;
	m = &d->model.tx[tx];
	for (slot = 0; slot < M_ENS && m->en[slot].used; slot++)
		;
	if (slot == M_ENS)
		return;
	file = &d->tx[tx].file[d_tx_file(d, tx)];
	together(d, file, &d->rm[rm].file);
	arg.tx_fd = file->fd;
	arg.key = d_random(d, 0);
	arg.flags = some_flags(d, m);
	d_note(d, "en_create", tx, NOBODY, rm);
	want = m_enlist(&d->model, m, &d->model.rm[rm], &m->en[slot], arg.key, arg.flags);
	d_agree(d, CALL(d, d->rm[rm].file, KTM_IOC_EN_CREATE, &arg), want);
	if (want)
		return;
	memcpy(d->en[tx][slot].uuid, arg.uuid, KTM_UUID_SIZE);
	d->en[tx][slot].file[0] = (struct handle){ .fd = arg.out_fd,
						   .away = d->rm[rm].file.away };
	d->en[tx][slot].content = d_random(d, 0);
}

void op_en_open(struct driver *d)
{
	struct ktm_en_open arg = { .size = sizeof(arg), .key = d_random(d, 0) };
	int tx = pick_tx(d), en = d_random(d, M_ENS), rm = pick_rm(d), at, want = -ENOENT;
	struct m_en *model;

	if (tx < 0 || rm < 0)
		return;
	/* the one that it belongs to, mostly */
	model = &d->model.tx[tx].en[en];
	at = free_file(d->en[tx][en].file, EN_FILES);
	if (!model->used || at < 0)
		return;
	if (d_random(d, 8) && d->rm[model->rm - d->model.rm].file.fd >= 0)
		rm = model->rm - d->model.rm;
	memcpy(arg.uuid, d->en[tx][en].uuid, KTM_UUID_SIZE);
	d_note(d, "en_open", tx, en, rm);
	want = m_en_open(model, &d->model.rm[rm], arg.key);
	d_agree(d, CALL(d, d->rm[rm].file, KTM_IOC_EN_OPEN, &arg), want);
	if (!want)
		d->en[tx][en].file[at] = (struct handle){ .fd = arg.out_fd,
							  .away = d->rm[rm].file.away };
}

enum answers {
	PREPREPARE_COMPLETE, PREPARE_COMPLETE, COMMIT_COMPLETE, ROLLBACK_COMPLETE, READ_ONLY,
	REJECT_SINGLE_PHASE, RECOVER, REQUEST_OUTCOME, PREPREPARE, PREPARE, COMMIT,
	NR_ANSWERS,
};

static const struct {
	unsigned int cmd;
	const char *name;
} answers[] = {
	[PREPREPARE_COMPLETE] = { KTM_IOC_EN_PREPREPARE_COMPLETE, "preprepare_complete" },
	[PREPARE_COMPLETE] = { KTM_IOC_EN_PREPARE_COMPLETE, "prepare_complete" },
	[COMMIT_COMPLETE] = { KTM_IOC_EN_COMMIT_COMPLETE, "commit_complete" },
	[ROLLBACK_COMPLETE] = { KTM_IOC_EN_ROLLBACK_COMPLETE, "rollback_complete" },
	[READ_ONLY] = { KTM_IOC_EN_READ_ONLY, "read_only" },
	[REJECT_SINGLE_PHASE] = { KTM_IOC_EN_REJECT_SINGLE_PHASE, "reject_single_phase" },
	[RECOVER] = { KTM_IOC_EN_RECOVER, "en_recover" },
	[REQUEST_OUTCOME] = { KTM_IOC_EN_REQUEST_OUTCOME, "request_outcome" },
	[PREPREPARE] = { KTM_IOC_EN_PREPREPARE, "order preprepare" },
	[PREPARE] = { KTM_IOC_EN_PREPARE, "order prepare" },
	[COMMIT] = { KTM_IOC_EN_COMMIT, "order commit" },
};

/* An order would wait for the thaw, and we with it. */
static bool would_wait(struct driver *d, const struct m_en *en, int which)
{
	return d->model.freeze == M_FROZEN && which >= PREPREPARE &&
	       en->flags & KTM_EN_F_SUPERIOR && !m_tx_ended(en->tx) &&
	       en->tx->state != KTM_TX_S_COMMITTING && en->tx->state != KTM_TX_S_ABORTING;
}

static void answer(struct driver *d, int tx, int en, int which)
{
	struct ktm_en_answer arg = { .size = sizeof(arg) };
	struct m_en *model = &d->model.tx[tx].en[en];
	struct d_en *mine = &d->en[tx][en];
	int want;

	if (would_wait(d, model, which))
		return;
	d_note(d, answers[which].name, tx, en, NOBODY);
	arg.clock = d_clock(d);
	want = see_clock(d, arg.clock);
	if (!want)
		want = m_answer(&d->model, model, answers[which].cmd);
	d_agree(d, CALL(d, mine->file[open_file(d, mine->file, EN_FILES)], answers[which].cmd,
			&arg), want);
	if (!want)
		d_saw_clock(d, arg.clock);
	d_settle(d);
}

/* What a superior would order now */
static int decent_order(struct driver *d, const struct m_en *en)
{
	if (en->earlier)
		return d_random(d, 2) ? RECOVER : COMMIT;
	switch (en->state) {
	case KTM_EN_S_ACTIVE:
		return d_random(d, 2) ? PREPREPARE : PREPARE;
	case KTM_EN_S_PREPREPARED:
		return PREPARE;
	case KTM_EN_S_PREPARED:
		return COMMIT;
	}
	return d_random(d, NR_ANSWERS);
}

/* What a decent resource manager would say now */
static int decent(struct driver *d, const struct m_en *en)
{
	switch (en->state) {
	case KTM_EN_S_PREPREPARING:
		return d_random(d, 8) ? PREPREPARE_COMPLETE : READ_ONLY;
	case KTM_EN_S_PREPARING:
		return d_random(d, 5) ? PREPARE_COMPLETE : READ_ONLY;
	case KTM_EN_S_SINGLE_PHASE:
		return d_random(d, 3) ? COMMIT_COMPLETE : REJECT_SINGLE_PHASE;
	case KTM_EN_S_COMMITTING:
		return en->earlier ? RECOVER : COMMIT_COMPLETE;
	case KTM_EN_S_ABORTING:
		return ROLLBACK_COMPLETE;
	case KTM_EN_S_PREPARED:
		return en->earlier ? RECOVER : (int)d_random(d, NR_ANSWERS);
	}
	return d_random(d, NR_ANSWERS);
}

void op_answer(struct driver *d)
{
	int tx, en;

	if (pick_en_of(d, is_asked, &tx, &en))
		answer(d, tx, en, decent(d, &d->model.tx[tx].en[en]));
}

void op_order(struct driver *d)
{
	int tx, en;

	if (pick_en_of(d, is_superior, &tx, &en))
		answer(d, tx, en, decent_order(d, &d->model.tx[tx].en[en]));
}

/* A lie, an answer twice or too late */
void op_lie(struct driver *d)
{
	int tx, en, times = 1 + d_random(d, 2), which = d_random(d, NR_ANSWERS);

	if (!pick_en(d, &tx, &en))
		return;
	while (times--)
		answer(d, tx, en, which);
}

/* Whoever keeps the transaction from going on, if it can be helped */
bool d_go_on(struct driver *d, int tx)
{
	struct m_tx *model = &d->model.tx[tx];
	struct m_en *en;
	int i;

	for (i = 0; i < M_ENS; i++) {
		en = &model->en[i];
		if (!m_member(en) || en->earlier || en->state == KTM_EN_S_ACTIVE ||
		    en->state == KTM_EN_S_PREPREPARED || en->state == KTM_EN_S_PREPARED)
			continue;
		answer(d, tx, i, decent(d, en));
		return true;
	}
	en = m_superior(model);
	if (!en || (en->state != KTM_EN_S_PREPREPARED && en->state != KTM_EN_S_PREPARED))
		return false;
	answer(d, tx, en - model->en, decent_order(d, en));
	return true;
}

void op_veto(struct driver *d)
{
	struct ktm_en_rollback arg = { .size = sizeof(arg), .detail = "random words" };
	struct d_en *mine;
	int tx, en, want;

	if (!pick_en_of(d, d_random(d, 2) ? is_superior : is_not_done, &tx, &en))
		return;
	mine = &d->en[tx][en];
	arg.reason = d_random(d, 10) ? (d_random(d, 2) ? KTM_REASON_RM : KTM_REASON_CONFLICT) :
		d_random(d, 20);
	arg.error = d_random(d, 2) ? EBUSY : 0;
	d_note(d, "en_rollback", tx, en, NOBODY);
	want = m_veto(&d->model, &d->model.tx[tx].en[en], arg.reason, arg.error, arg.detail);
	d_agree(d, CALL(d, mine->file[open_file(d, mine->file, EN_FILES)], KTM_IOC_EN_ROLLBACK,
			&arg), want);
}

static void fill(__u8 *data, __u32 length, __u64 seed)
{
	__u32 i;

	for (i = 0; i < length; i++)
		data[i] = (seed = seed * 6364136223846793005ULL + 1442695040888963407ULL) >> 56;
}

static __u32 record_length(__u64 content, __u64 index)
{
	return 1 + (content >> 8 ^ index * 77) % 300;
}

void op_log(struct driver *d)
{
	struct ktm_en_log arg = { .size = sizeof(arg) };
	__u8 data[512];
	struct m_en *model;
	struct d_en *mine;
	int tx, en, want;

	/* here the process matters: the data is in ours */
	if (!pick_en(d, &tx, &en))
		return;
	mine = &d->en[tx][en];
	model = &d->model.tx[tx].en[en];
	if (mine->file[0].fd < 0 || mine->file[0].away || model->records == M_RECORDS)
		return;
	arg.length = d_random(d, 10) ? record_length(mine->content, model->records) : 0;
	arg.data = (uintptr_t)data;
	fill(data, arg.length, mine->content + model->records);
	d_note(d, "en_log", tx, en, NOBODY);
	want = m_log(model, arg.length);
	d_agree(d, CALL(d, mine->file[0], KTM_IOC_EN_LOG, &arg), want);
}

void op_read_log(struct driver *d)
{
	struct ktm_en_read_log arg = { .size = sizeof(arg) };
	__u8 data[512], wanted[512];
	struct d_en *mine;
	int tx, en, want;
	__u32 length;

	if (!pick_en(d, &tx, &en))
		return;
	mine = &d->en[tx][en];
	if (mine->file[0].fd < 0 || mine->file[0].away)
		return;
	arg.index = d_random(d, M_RECORDS);
	length = record_length(mine->content, arg.index);
	fill(wanted, length, mine->content + arg.index);
	arg.data = (uintptr_t)data;
	arg.length = d_random(d, 5) ? sizeof(data) : d_random(d, length);
	d_note(d, "en_read_log", tx, en, NOBODY);
	want = m_read_log(&d->model.tx[tx].en[en], arg.index);
	if (!want && arg.length < length)
		want = -EMSGSIZE;
	d_agree(d, CALL(d, mine->file[0], KTM_IOC_EN_READ_LOG, &arg), want);
	if (!want || want == -EMSGSIZE)
		d_number(d, "length", arg.length, length);
	if (!want)
		d_bytes(d, "record", data, wanted, length);
}

void op_set_info(struct driver *d)
{
	struct ktm_en_recovery_info arg = { .size = sizeof(arg) };
	static __u8 data[KTM_RECOVERY_INFO_MAX + 1];
	struct d_en *mine;
	int tx, en, want;
	__u64 content;

	if (!pick_en(d, &tx, &en))
		return;
	mine = &d->en[tx][en];
	if (mine->file[0].fd < 0 || mine->file[0].away)
		return;
	arg.length = d_random(d, 30) ? d_random(d, INFO_MAX) : sizeof(data);
	arg.data = (uintptr_t)data;
	content = d_random(d, 0);
	fill(data, arg.length, content);
	d_note(d, "set_info", tx, en, NOBODY);
	want = m_set_info(&d->model.tx[tx].en[en], arg.length);
	/* its length comes first */
	if (arg.length > KTM_RECOVERY_INFO_MAX)
		want = -EMSGSIZE;
	d_agree(d, CALL(d, mine->file[0], KTM_IOC_EN_SET_RECOVERY_INFO, &arg), want);
	if (!want)
		mine->info = content;
}

void op_get_info(struct driver *d)
{
	struct ktm_en_recovery_info arg = { .size = sizeof(arg) };
	__u8 data[INFO_MAX], wanted[INFO_MAX];
	struct m_en *model;
	struct d_en *mine;
	int tx, en, want = 0;

	if (!pick_en(d, &tx, &en))
		return;
	mine = &d->en[tx][en];
	model = &d->model.tx[tx].en[en];
	if (mine->file[0].fd < 0 || mine->file[0].away || model->state == KTM_EN_S_DONE)
		return;
	fill(wanted, model->info, mine->info);
	arg.data = (uintptr_t)data;
	arg.length = d_random(d, 5) ? sizeof(data) : d_random(d, INFO_MAX);
	d_note(d, "get_info", tx, en, NOBODY);
	if (!model->rm->durable || model->flags & KTM_EN_F_SUPERIOR)
		want = -EINVAL;
	else if (arg.length < model->info)
		want = -EMSGSIZE;
	d_agree(d, CALL(d, mine->file[0], KTM_IOC_EN_GET_RECOVERY_INFO, &arg), want);
	if (want != -EINVAL)
		d_number(d, "length", arg.length, model->info);
	if (!want)
		d_bytes(d, "recovery information", data, wanted, model->info);
}

void op_en_close(struct driver *d)
{
	struct d_en *mine;
	int tx, en;

	if (!pick_en_of(d, is_done, &tx, &en) ||
	    (d->model.tx[tx].en[en].state != KTM_EN_S_DONE && d_random(d, 3)))
		return;
	mine = &d->en[tx][en];
	d_note(d, "enlistment close", tx, en, NOBODY);
	close_file(d, &mine->file[open_file(d, mine->file, EN_FILES)]);
	m_en_close(&d->model, &d->model.tx[tx].en[en]);
	d_agree(d, 0, 0);
}
