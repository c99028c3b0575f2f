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
	arg.flags = d_random(d, 2) ? KTM_EN_F_SINGLE_PHASE : 0;
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

static const struct {
	unsigned int cmd;
	const char *name;
} answers[] = {
	{ KTM_IOC_EN_PREPARE_COMPLETE, "prepare_complete" },
	{ KTM_IOC_EN_COMMIT_COMPLETE, "commit_complete" },
	{ KTM_IOC_EN_ROLLBACK_COMPLETE, "rollback_complete" },
	{ KTM_IOC_EN_READ_ONLY, "read_only" },
	{ KTM_IOC_EN_REJECT_SINGLE_PHASE, "reject_single_phase" },
	{ KTM_IOC_EN_RECOVER, "en_recover" },
};

static void answer(struct driver *d, int tx, int en, int which)
{
	struct ktm_en_answer arg = { .size = sizeof(arg) };
	struct d_en *mine = &d->en[tx][en];
	int want;

	d_note(d, answers[which].name, tx, en, NOBODY);
	want = m_answer(&d->model, &d->model.tx[tx].en[en], answers[which].cmd);
	d_agree(d, CALL(d, mine->file[open_file(d, mine->file, EN_FILES)], answers[which].cmd,
			&arg), want);
	d_settle(d);
}

/* What a decent resource manager would say now */
static int decent(struct driver *d, const struct m_en *en)
{
	switch (en->state) {
	case KTM_EN_S_PREPARING:
		return d_random(d, 5) ? 0 : 3;
	case KTM_EN_S_SINGLE_PHASE:
		return d_random(d, 3) ? 1 : 4;
	case KTM_EN_S_COMMITTING:
		return en->earlier ? 5 : 1;
	case KTM_EN_S_ABORTING:
		return 2;
	case KTM_EN_S_PREPARED:
		return en->earlier ? 5 : (int)d_random(d, ARRAY_LEN(answers));
	}
	return d_random(d, ARRAY_LEN(answers));
}

void op_answer(struct driver *d)
{
	int tx, en;

	if (pick_en_of(d, is_asked, &tx, &en))
		answer(d, tx, en, decent(d, &d->model.tx[tx].en[en]));
}

/* A lie, an answer twice or too late */
void op_lie(struct driver *d)
{
	int tx, en, times = 1 + d_random(d, 2), which = d_random(d, ARRAY_LEN(answers));

	if (!pick_en(d, &tx, &en))
		return;
	while (times--)
		answer(d, tx, en, which);
}

void op_veto(struct driver *d)
{
	struct ktm_en_rollback arg = { .size = sizeof(arg), .detail = "random words" };
	struct d_en *mine;
	int tx, en, want;

	if (!pick_en(d, &tx, &en))
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
