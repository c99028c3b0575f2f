// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - random operations on transactions
 */
#include "ops.h"

void op_tx_create(struct driver *d)
{
	struct ktm_tx_create arg = { .size = sizeof(arg), .description = "random" };
	int slot, twin = pick_tx(d), want = 0, got;
	struct handle tm = some_tm(d);

	for (slot = 0; slot < M_TXS && d->model.tx[slot].used; slot++)
		;
	if (slot == M_TXS)
		return;
	d_note(d, "tx_create", slot, NOBODY, NOBODY);
	d->now.tx_state = 0;
	if (!d_random(d, 10))
		arg.deadline = now_ns() + FAR;
	if (!d_random(d, 20) && twin >= 0 && m_tx_exists(&d->model, &d->model.tx[twin])) {
		memcpy(arg.uuid, d->tx[twin].uuid, KTM_UUID_SIZE);
		want = -EEXIST;
	} else if (!d_random(d, 4)) {
		random_uuid(arg.uuid);
	}
	if (!d_random(d, 30)) {
		arg.deadline = 1 + d_random(d, now_ns());
		want = -ETIMEDOUT;
	}
	got = CALL(d, tm, KTM_IOC_TX_CREATE, &arg);
	d_agree(d, got, want);
	if (want)
		return;
	m_begin(&d->model, &d->model.tx[slot], arg.deadline);
	memcpy(d->tx[slot].uuid, arg.uuid, KTM_UUID_SIZE);
	d->tx[slot].file[0] = (struct handle){ .fd = arg.out_fd, .away = tm.away };
	d->tx[slot].owner = tm.away ? d->remote.pid : getpid();
	d->tx[slot].reason_open = false;
}

void op_tx_open(struct driver *d)
{
	struct ktm_open arg = { .size = sizeof(arg) };
	struct handle tm = some_tm(d);
	int tx = pick_tx(d), at;

	if (!d_random(d, 10)) {
		random_uuid(arg.uuid);
		d_note(d, "tx_open of nothing", NOBODY, NOBODY, NOBODY);
		d_agree(d, CALL(d, tm, KTM_IOC_TX_OPEN, &arg), -ENOENT);
		return;
	}
	at = tx < 0 ? NOBODY : free_file(d->tx[tx].file, TX_FILES);
	if (at < 0 || !m_tx_exists(&d->model, &d->model.tx[tx]))
		return;
	memcpy(arg.uuid, d->tx[tx].uuid, KTM_UUID_SIZE);
	d_note(d, "tx_open", tx, NOBODY, NOBODY);
	d_agree(d, CALL(d, tm, KTM_IOC_TX_OPEN, &arg), 0);
	d->tx[tx].file[at] = (struct handle){ .fd = arg.out_fd, .away = tm.away };
	d->model.tx[tx].files++;
}

/* Somebody would have to answer, to order or to thaw first. */
static bool may_wait(const struct driver *d, struct m_tx *m)
{
	if (m->state == KTM_TX_S_ACTIVE)
		return m_nr(m) || m_superior(m) || d->model.freeze == M_FROZEN;
	return !m_tx_settled(m);
}

static void end_tx(struct driver *d, unsigned int cmd,
		   int (*model)(struct m_world *world, struct m_tx *tx))
{
	struct ktm_tx_end arg = { .size = sizeof(arg) };
	int tx = pick_open_tx(d), at, want;
	struct m_tx *m;

	if (tx < 0)
		return;
	m = &d->model.tx[tx];
	at = d_tx_file(d, tx);
	/* a call that waits would wait for us */
	if (may_wait(d, m) || d_random(d, 2))
		arg.flags = KTM_TX_END_F_NONBLOCK;
	arg.clock = d_clock(d);
	d_note(d, cmd == KTM_IOC_TX_COMMIT ? "commit" : "rollback", tx, NOBODY, NOBODY);
	want = see_clock(d, arg.clock);
	if (want) {
		d_agree(d, CALL(d, d->tx[tx].file[at], cmd, &arg), want);
		return;
	}
	want = model(&d->model, m);
	d_agree(d, CALL(d, d->tx[tx].file[at], cmd, &arg), want);
	d_saw_clock(d, arg.clock);
	d_settle(d);
	d_number(d, "state", arg.state, m->state);
	if (!d->tx[tx].reason_open)
		d_number(d, "reason", arg.reason, m->reason);
}

void op_commit(struct driver *d)
{
	end_tx(d, KTM_IOC_TX_COMMIT, m_commit);
}

void op_rollback(struct driver *d)
{
	end_tx(d, KTM_IOC_TX_ROLLBACK, m_rollback);
}

static bool is_unsettled(const struct m_tx *tx)
{
	return !m_tx_settled(tx) && tx->state != KTM_TX_S_ORPHANED;
}

/* Everybody whose answer is wanted is here, and can give it. */
static bool gather(struct driver *d, int tx)
{
	struct m_tx *m = &d->model.tx[tx];
	int i, k;

	for (i = 0; i < M_ENS; i++) {
		struct m_en *en = &m->en[i];
		struct handle *file = d->en[tx][i].file;

		if (!en->used || en->state == KTM_EN_S_DONE)
			continue;
		if (en->flags & KTM_EN_F_SUPERIOR &&
		    (en->earlier || m->state == KTM_TX_S_ACTIVE))
			return false;
		if (!en->earlier && open_file(d, file, EN_FILES) < 0)
			return false;
		for (k = 0; k < EN_FILES; k++)
			if (file[k].fd >= 0 && file[k].away)
				remote_move(&d->remote, &file[k]);
		file = &d->rm[en->rm - d->model.rm].file;
		if (file->fd >= 0 && file->away)
			remote_move(&d->remote, file);
	}
	return true;
}

/* One that takes part goes, with its answer; not the superior's, who is waited for. */
static void lose_rm(struct driver *d, int tx)
{
	struct m_tx *m = &d->model.tx[tx];
	struct m_en *superior = m_superior(m), *en = NULL;
	int i, at = d_random(d, M_ENS), rm;

	for (i = 0; i < M_ENS; i++, at = (at + 1) % M_ENS)
		if (m_member(&m->en[at]) && !m->en[at].earlier)
			en = &m->en[at];
	if (!en || (superior && superior->rm == en->rm))
		return;
	rm = en->rm - d->model.rm;
	if (d->rm[rm].file.fd < 0 || d->rm[rm].file.away)
		return;
	d_note(d, "rm close", NOBODY, NOBODY, rm);
	close_file(d, &d->rm[rm].file);
	m_rm_close(&d->model, &d->model.rm[rm]);
	d_agree(d, 0, 0);
	d_settle(d);
}

/* A call that waits, in the other process, until all have answered. */
void op_wait(struct driver *d)
{
	struct ktm_tx_end arg = { .size = sizeof(arg) };
	int tx = pick_open(d, is_unsettled), at, got;
	__u64 clock = d->model.clock;
	bool commit = d_random(d, 4);
	unsigned int cmd = commit ? KTM_IOC_TX_COMMIT : KTM_IOC_TX_ROLLBACK;
	struct handle *file;
	struct m_tx *m;

	if (tx < 0 || !is_unsettled(&d->model.tx[tx]) || !gather(d, tx))
		return;
	m = &d->model.tx[tx];
	if (commit && m->state == KTM_TX_S_SAVEPOINT)
		return;		/* it would not wait */
	at = d_tx_file(d, tx);
	file = &d->tx[tx].file[at];
	if (!file->away)
		remote_move(&d->remote, file);
	d_note(d, commit ? "commit waits" : "rollback waits", tx, NOBODY, NOBODY);
	remote_ioctl_start(&d->remote, *file, cmd, &arg, sizeof(arg));
	d_await_begin(d, tx, commit);
	if (commit)
		m_commit(&d->model, m);
	else
		m_rollback(&d->model, m);
	d_settle(d);
	while ((commit || m->state == KTM_TX_S_ABORTING) && !m_tx_settled(m) && d_go_on(d, tx))
		if (!m_tx_settled(m) &&
		    !d_random(d, m->state == KTM_TX_S_COMMITTING ? 2 : 12))
			lose_rm(d, tx);
	d_note(d, commit ? "commit waited" : "rollback waited", tx, NOBODY, NOBODY);
	got = remote_ioctl_finish(&d->remote, &arg, sizeof(arg));
	d_agree(d, got, m_outcome(m, commit));
	d_number(d, "state", arg.state, m->state);
	/* it looked at the clock before the last answer returned, perhaps */
	if (d->alone)
		d_saw_clock(d, arg.clock);
	else if (arg.clock < clock)
		d_differ(d, "the clock goes back");
}

void op_set_timeout(struct driver *d)
{
	struct ktm_tx_set_timeout arg = { .size = sizeof(arg) };
	int tx = pick_open_tx(d);

	if (tx < 0)
		return;
	if (d_random(d, 2))
		arg.deadline = now_ns() + FAR;
	d_note(d, "set_timeout", tx, NOBODY, NOBODY);
	d_agree(d, CALL(d, d->tx[tx].file[d_tx_file(d, tx)], KTM_IOC_TX_SET_TIMEOUT, &arg),
		m_set_timeout(&d->model.tx[tx], arg.deadline));
}

/* A deadline that passes: waits for what it does. */
void op_expire(struct driver *d)
{
	struct ktm_tx_set_timeout arg = { .size = sizeof(arg) };
	struct ktm_tx_info info = { .size = sizeof(info) };
	__u64 limit = now_ns() + PATIENCE * MSEC;
	int tx = pick_open_tx(d), want;
	struct handle file;
	__u32 state;

	if (tx < 0)
		return;
	state = d->model.tx[tx].state;
	file = d->tx[tx].file[d_tx_file(d, tx)];
	arg.deadline = now_ns() + MSEC;
	d_note(d, "deadline passes", tx, NOBODY, NOBODY);
	want = m_set_timeout(&d->model.tx[tx], arg.deadline);
	d_agree(d, CALL(d, file, KTM_IOC_TX_SET_TIMEOUT, &arg), want);
	if (want)
		return;
	do {
		d_agree(d, CALL(d, file, KTM_IOC_TX_INFO, &info), 0);
		if (info.state != state)
			break;
		usleep(200);
	} while (now_ns() < limit);
	m_expire(&d->model, &d->model.tx[tx]);
	d_check_tx(d, tx);
}

void op_tx_close(struct driver *d)
{
	int tx = pick_open(d, m_tx_ended);

	/* not too often while there is something to be done with it */
	if (tx < 0 || (!m_tx_ended(&d->model.tx[tx]) && d_random(d, 3)))
		return;
	d_note(d, "tx close", tx, NOBODY, NOBODY);
	close_file(d, &d->tx[tx].file[d_tx_file(d, tx)]);
	m_tx_close(&d->model, &d->model.tx[tx]);
	d_agree(d, 0, 0);
}
