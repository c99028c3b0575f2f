// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - random operations on savepoints
 *
 * A call that waits for answers is issued by a process of its own, a caller, and goes
 * on for as long as the random operations let it. It must return when the model says
 * so, and not before.
 */
#include "ops.h"

/* What is asked, as the notification of it */
static const struct {
	unsigned int cmd;
	__u32 asks;
	const char *name;
} calls[] = {
	{ KTM_IOC_TX_SAVEPOINT, KTM_NOTIFY_SAVEPOINT, "savepoint" },
	{ KTM_IOC_TX_ROLLBACK_TO, KTM_NOTIFY_SAVEPOINT_ROLLBACK, "rollback_to" },
	{ KTM_IOC_TX_RELEASE, KTM_NOTIFY_SAVEPOINT_RELEASE, "release" },
};

void d_callers_start(struct driver *d)
{
	int i;

	for (i = 0; i < CALLERS; i++) {
		remote_start(&d->caller[i].remote, d->tm);
		d->caller[i].tx = NOBODY;
	}
}

void d_callers_stop(struct driver *d)
{
	int i;

	for (i = 0; i < CALLERS; i++)
		remote_kill(&d->caller[i].remote);
}

static struct d_caller *free_caller(struct driver *d)
{
	int i;

	for (i = 0; i < CALLERS; i++)
		if (d->caller[i].tx < 0)
			return &d->caller[i];
	return NULL;
}

static const __u8 *uuid_of(const struct driver *d, const struct m_rm *rm)
{
	return rm ? d->rm[rm - d->model.rm].uuid : d->no_uuid;
}

static void compare(struct driver *d, const struct ktm_tx_savepoint *arg, int got, int want,
		    __u64 savepoint, const struct m_rm *rm)
{
	d_agree(d, got, want);
	if (!got)
		d_number(d, "savepoint", arg->savepoint, savepoint);
	d_bytes(d, "the RM that it failed for", arg->rm, uuid_of(d, rm), KTM_UUID_SIZE);
}

/* Its fd goes with it, which may have been the last one. */
static void caller_closes(struct driver *d, struct d_caller *caller)
{
	d_note(d, "a caller's tx close", caller->tx, NOBODY, NOBODY);
	m_tx_close(&d->model, &d->model.tx[caller->tx]);
	caller->tx = NOBODY;
	d_agree(d, 0, 0);
}

static bool has_returned(struct d_caller *caller, int patience)
{
	struct pollfd pollfd = { .fd = caller->remote.sock, .events = POLLIN };

	return poll(&pollfd, 1, patience) == 1;
}

static void collect(struct driver *d, struct d_caller *caller)
{
	struct m_savepoints *saves = &d->model.tx[caller->tx].saves;
	struct ktm_tx_savepoint arg;
	struct handle file = caller->file;
	int got;

	d_note(d, caller->name, caller->tx, NOBODY, NOBODY);
	if (!saves->over) {
		if (has_returned(caller, 0))
			d_differ(d, "%s returns before all have answered", caller->name);
		return;
	}
	if (!has_returned(caller, PATIENCE))
		d_differ(d, "%s does not return", caller->name);
	got = remote_ioctl_finish(&caller->remote, &arg, sizeof(arg));
	compare(d, &arg, got, saves->result, caller->savepoint, saves->result_rm);
	remote_close(&caller->remote, &file);
	caller_closes(d, caller);
}

void d_callers_check(struct driver *d)
{
	int i;

	for (i = 0; i < CALLERS; i++)
		if (d->caller[i].tx >= 0)
			collect(d, &d->caller[i]);
}

/* What was asked is finished without it. */
static void kill_caller(struct driver *d, struct d_caller *caller)
{
	int tx = caller->tx;

	d_note(d, "a caller is killed", tx, NOBODY, NOBODY);
	remote_kill(&caller->remote);
	d_agree(d, 0, 0);
	caller_closes(d, caller);
	remote_start(&caller->remote, d->tm);
	d_check_tx(d, tx);
}

/* Until the transaction shows that it has begun. */
static void await_savepoint(struct driver *d, struct d_caller *caller)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;
	struct ktm_tx_info info;

	while (!d_query_tx(d, caller->tx, &info) && info.state != KTM_TX_S_SAVEPOINT) {
		if (now_ns() > limit)
			d_differ(d, "%s, and nothing happens", caller->name);
		if (has_returned(caller, 0))
			d_differ(d, "%s returns before all have answered", caller->name);
		usleep(20);
	}
}

static void start_call(struct driver *d, struct d_caller *caller, int tx, int which,
		       struct ktm_tx_savepoint *arg, __u64 savepoint)
{
	struct ktm_open open = { .size = sizeof(open) };
	struct handle tm = { .fd = d->tm, .away = true };

	memcpy(open.uuid, d->tx[tx].uuid, KTM_UUID_SIZE);
	d_agree(d, remote_ioctl(&caller->remote, tm, KTM_IOC_TX_OPEN, &open, sizeof(open)), 0);
	d->model.tx[tx].files++;
	caller->tx = tx;
	caller->file = (struct handle){ .fd = open.out_fd, .away = true };
	caller->savepoint = savepoint;
	caller->name = calls[which].name;
	remote_ioctl_start(&caller->remote, caller->file, calls[which].cmd, arg, sizeof(*arg));
	await_savepoint(d, caller);
	d_agree(d, -EINPROGRESS, -EINPROGRESS);
}

/* Mostly one that is there */
static __u64 some_savepoint(struct driver *d, const struct m_savepoints *all)
{
	if (!all->nr || !d_random(d, 8))
		return d_random(d, all->last + 2);
	return all->ids[d_random(d, all->nr)];
}

static bool refuse_malformed(struct driver *d, int tx, int which)
{
	struct ktm_tx_savepoint arg = { .size = sizeof(arg) };

	if (d_random(d, 40))
		return false;
	if (!which && d_random(d, 2))
		arg.savepoint = 1 + d_random(d, 8);
	else
		arg.rm[d_random(d, KTM_UUID_SIZE)] = 1;
	d_note(d, "malformed", tx, NOBODY, NOBODY);
	d_agree(d, CALL(d, d->tx[tx].file[d_tx_file(d, tx)], calls[which].cmd, &arg), -EINVAL);
	return true;
}

/* As many as there may be, while nobody has to be asked */
static void fill(struct driver *d, int tx, struct handle file)
{
	struct m_tx *m = &d->model.tx[tx];
	struct ktm_tx_savepoint arg;
	__u64 savepoint = 0;
	struct m_rm *rm;
	int want = 0;

	while (!want && m->state == KTM_TX_S_ACTIVE && !m_nr(m)) {
		arg = (struct ktm_tx_savepoint){ .size = sizeof(arg) };
		d_note(d, "savepoint", tx, NOBODY, NOBODY);
		want = m_savepoint(&d->model, m, KTM_NOTIFY_SAVEPOINT, &savepoint, &rm);
		compare(d, &arg, CALL(d, file, KTM_IOC_TX_SAVEPOINT, &arg), want, savepoint, rm);
	}
}

static bool takes_part(const struct m_tx *tx)
{
	int i;

	for (i = 0; i < M_ENS; i++)
		if (m_member(&tx->en[i]) && !(tx->en[i].flags & KTM_EN_F_SAVEPOINTS))
			return false;
	return tx->state == KTM_TX_S_ACTIVE && m_nr(tx);
}

void op_savepoint(struct driver *d)
{
	struct ktm_tx_savepoint arg = { .size = sizeof(arg) };
	int tx = pick_open(d, d_random(d, 4) ? takes_part : is_active), which, want;
	struct d_caller *caller = free_caller(d);
	struct handle file;
	__u64 savepoint;
	struct m_rm *rm;

	if (tx < 0 || !caller)
		return;
	which = d_random(d, 4) % ARRAY_LEN(calls);
	if (refuse_malformed(d, tx, which))
		return;
	file = d->tx[tx].file[d_tx_file(d, tx)];
	arg.savepoint = which ? some_savepoint(d, &d->model.tx[tx].saves) : 0;
	savepoint = arg.savepoint;
	d_note(d, calls[which].name, tx, NOBODY, NOBODY);
	want = m_savepoint(&d->model, &d->model.tx[tx], calls[which].asks, &savepoint, &rm);
	if (want == -EINPROGRESS) {
		start_call(d, caller, tx, which, &arg, savepoint);
		return;
	}
	compare(d, &arg, CALL(d, file, calls[which].cmd, &arg), want, savepoint, rm);
	if (!want && !d_random(d, 40))
		fill(d, tx, file);
}

void op_kill_caller(struct driver *d)
{
	int i;

	for (i = 0; i < CALLERS; i++)
		if (d->caller[i].tx >= 0) {
			kill_caller(d, &d->caller[i]);
			return;
		}
}

/* The notification comes first, mostly: an answer to what was not read is none. */
static void read_first(struct driver *d, const struct m_en *en)
{
	int i, rm = en->rm - d->model.rm;

	for (i = 0; i < d->model.rm[rm].nr_queue && d_random(d, 12); i++)
		if (d->rm[rm].file.fd >= 0 && d->model.rm[rm].queue[i].en == en)
			d_read(d, rm, i + 1);
}

static bool is_asked_savepoint(const struct m_en *en)
{
	return en->state == KTM_EN_S_SAVEPOINT;
}

void op_savepoint_answer(struct driver *d)
{
	struct ktm_en_savepoint arg = { .size = sizeof(arg) };
	struct m_savepoints *saves;
	struct d_en *mine;
	int tx, en, want;

	if (!pick_en_of(d, is_asked_savepoint, &tx, &en))
		return;
	mine = &d->en[tx][en];
	saves = &d->model.tx[tx].saves;
	if (is_asked_savepoint(&d->model.tx[tx].en[en]))
		read_first(d, &d->model.tx[tx].en[en]);
	arg.savepoint = d_random(d, 10) ? saves->about : d_random(d, saves->last + 2);
	if (!d_random(d, saves->asks == KTM_NOTIFY_SAVEPOINT ? 6 : 30))
		arg.error = d_random(d, 8) ? 1 + d_random(d, 100) : 510 + d_random(d, 4);
	d_note(d, "savepoint_complete", tx, en, NOBODY);
	want = m_savepoint_answer(&d->model, &d->model.tx[tx].en[en], arg.savepoint, arg.error);
	d_agree(d, CALL(d, mine->file[open_file(d, mine->file, EN_FILES)],
			KTM_IOC_EN_SAVEPOINT_COMPLETE, &arg), want);
}
