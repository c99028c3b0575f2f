// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - what the random test chooses from
 *
 * Each operation picks its objects, sensible or not, does the call, does the same to
 * the model, and compares.
 */
#include "ops.h"

static void op_move(struct driver *d)
{
	int tx, en, at;

	switch (d_random(d, 3)) {
	case 0:
		tx = pick_open_tx(d);
		if (tx >= 0)
			remote_move(&d->remote, &d->tx[tx].file[d_tx_file(d, tx)]);
		break;
	case 1:
		tx = pick_rm(d);
		if (tx >= 0)
			remote_move(&d->remote, &d->rm[tx].file);
		break;
	case 2:
		if (!pick_en(d, &tx, &en))
			break;
		at = open_file(d, d->en[tx][en].file, EN_FILES);
		remote_move(&d->remote, &d->en[tx][en].file[at]);
		break;
	}
}

static bool has_away(const struct d_tx *tx)
{
	int i;

	for (i = 0; i < TX_FILES; i++)
		if (tx->file[i].fd >= 0 && tx->file[i].away)
			return true;
	return false;
}

/* Files of the process that is killed; all at once, so the order is nobody's. */
static void model_kill(struct driver *d)
{
	int i, k, n;

	for (i = 0; i < M_TXS; i++) {
		if (!d->model.tx[i].used)
			continue;
		d->tx[i].reason_open |= m_may_abort(&d->model.tx[i]);
		/* an owner that has passed all its fds on is not missed */
		if (d->tx[i].owner == d->remote.pid && has_away(&d->tx[i]))
			m_owner_dies(&d->model, &d->model.tx[i]);
		if (d->tx[i].owner == d->remote.pid)
			d->tx[i].owner = 0;
		for (k = 0; k < TX_FILES; k++)
			if (d->tx[i].file[k].fd >= 0 && d->tx[i].file[k].away) {
				d->tx[i].file[k].fd = -1;
				m_tx_close(&d->model, &d->model.tx[i]);
			}
		for (k = 0; k < M_ENS; k++)
			for (n = 0; n < EN_FILES; n++)
				if (d->en[i][k].file[n].fd >= 0 && d->en[i][k].file[n].away) {
					d->en[i][k].file[n].fd = -1;
					m_en_close(&d->model, &d->model.tx[i].en[k]);
				}
	}
	for (i = 0; i < M_RMS; i++)
		if (d->rm[i].file.fd >= 0 && d->rm[i].file.away) {
			d->rm[i].file.fd = -1;
			m_rm_close(&d->model, &d->model.rm[i]);
		}
	for (i = 0; i < M_RMS; i++)
		d->rm[i].loose = true;
	for (i = 0; i < M_TXS; i++)
		d->tx[i].reason_open &= d->model.tx[i].state == KTM_TX_S_ABORTING ||
			d->model.tx[i].state == KTM_TX_S_ABORTED;
}

/*
 * Whether its last fd is closed before the outcome or after it makes a difference: the
 * order must not be the kernel's then.
 */
static bool order_matters(const struct m_en *en)
{
	return en->state == KTM_EN_S_PREPARED || en->state == KTM_EN_S_WATCHING ||
	       en->flags & KTM_EN_F_SUPERIOR;
}

static void bring_home(struct driver *d)
{
	int i, k, n;

	for (i = 0; i < M_TXS; i++)
		for (k = 0; k < M_ENS; k++)
			for (n = 0; n < EN_FILES; n++)
				if (d->en[i][k].file[n].fd >= 0 && d->en[i][k].file[n].away &&
				    order_matters(&d->model.tx[i].en[k]))
					remote_move(&d->remote, &d->en[i][k].file[n]);
}

static void op_kill(struct driver *d)
{
	int i;

	bring_home(d);
	d_note(d, "the other process dies", -2, NOBODY, NOBODY);
	remote_kill(&d->remote);
	model_kill(d);
	d_agree(d, 0, 0);
	d_settle(d);
	remote_start(&d->remote, d->tm);
	for (i = 0; i < M_TXS; i++)
		if (d->model.tx[i].used)
			d_check_tx(d, i);
}

static void op_poll(struct driver *d)
{
	struct pollfd pollfd = { .events = POLLIN | POLLOUT };
	int tx = pick_open_tx(d), rm = pick_rm(d), at, want;

	/* a commit would begin */
	want = d->model.freeze == M_FROZEN ? 0 : POLLOUT;
	pollfd.fd = d->tm;
	d_note(d, "poll", NOBODY, NOBODY, NOBODY);
	poll(&pollfd, 1, 0);
	d_number(d, "events of the TM", pollfd.revents, want);
	d_agree(d, 0, 0);
	at = tx < 0 ? NOBODY : d_tx_file(d, tx);
	if (at >= 0 && !d->tx[tx].file[at].away) {
		if (m_tx_settled(&d->model.tx[tx]))
			want |= POLLIN;
		pollfd.fd = d->tx[tx].file[at].fd;
		d_note(d, "poll", tx, NOBODY, NOBODY);
		poll(&pollfd, 1, 0);
		d_number(d, "events", pollfd.revents, want);
		d_agree(d, 0, 0);
	}
	if (rm >= 0 && !d->rm[rm].file.away) {
		pollfd.fd = d->rm[rm].file.fd;
		d_note(d, "poll", NOBODY, NOBODY, rm);
		poll(&pollfd, 1, 0);
		d_number(d, "events", pollfd.revents,
			 d->model.rm[rm].nr_queue ? POLLIN : 0);
		d_agree(d, 0, 0);
	}
}

static void op_check(struct driver *d)
{
	int tx = pick_tx(d);

	if (tx >= 0)
		d_check_tx(d, tx);
}

static const struct {
	const char *name;
	void (*run)(struct driver *d);
	int weight;
} ops[] = {
	{ "tx_create", op_tx_create, 50 },
	{ "tx_open", op_tx_open, 20 },
	{ "commit", op_commit, 40 },
	{ "rollback", op_rollback, 8 },
	{ "wait", op_wait, 6 },
	{ "set_timeout", op_set_timeout, 6 },
	{ "deadline", op_expire, 1 },
	{ "tx_close", op_tx_close, 70 },
	{ "savepoint", op_savepoint, 40 },
	{ "savepoint_done", op_savepoint_answer, 60 },
	{ "kill_caller", op_kill_caller, 1 },
	{ "move", op_move, 15 },
	{ "rm_create", op_rm_create, 10 },
	{ "rm_recover", op_rm_recover, 12 },
	{ "rm_info", op_rm_info, 10 },
	{ "rm_close", op_rm_close, 4 },
	{ "read", op_rm_read, 60 },
	{ "en_create", op_enlist, 90 },
	{ "en_open", op_en_open, 30 },
	{ "answer", op_answer, 200 },
	{ "order", op_order, 60 },
	{ "lie", op_lie, 30 },
	{ "en_rollback", op_veto, 8 },
	{ "en_log", op_log, 30 },
	{ "en_read_log", op_read_log, 20 },
	{ "set_info", op_set_info, 15 },
	{ "get_info", op_get_info, 15 },
	{ "en_close", op_en_close, 50 },
	{ "kill", op_kill, 1 },
	{ "poll", op_poll, 20 },
	{ "list", op_list, 5 },
	{ "malformed", op_malformed, 10 },
	{ "restrict", op_restrict, 8 },
	{ "check", op_check, 60 },
	{ "tm_info", d_check_tm, 15 },
	{ "rm_open", op_rm_open, 5 },
	{ "freeze", op_freeze, 8 },
	{ "thaw", op_thaw, 10 },
	{ "detach", op_detach, 3 },
};

const char *driver_op_name(int nth)
{
	return nth < ARRAY_LEN(ops) ? ops[nth].name : NULL;
}

static int choose(struct driver *d)
{
	int i, sum = 0, at;

	for (i = 0; i < ARRAY_LEN(ops); i++)
		sum += ops[i].weight;
	at = d_random(d, sum);
	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	return i;
}

static struct driver *hanging;

static void tell_hang(int signal)
{
	d_differ(hanging, "%s does not return", hanging->now.what);
}

void driver_run(struct driver *d, __u64 nr)
{
	__u64 last, begin;
	int op;

	hanging = d;
	signal(SIGALRM, tell_hang);

	while (nr--) {
		op = choose(d);
		last = d->nr_calls;
		d->tally->ops++;
		begin = now_ns();
		alarm(2 * PATIENCE / 1000);
		ops[op].run(d);
		d->tally->ns[op] += now_ns() - begin;
		for (; last < d->nr_calls; last++)
			d->tally->results[op][-d->trace[last % TRACE].got]++;
		d_callers_check(d);
		d_reap(d);
		if (d->now.tx >= 0 && d->model.tx[d->now.tx].used && !d_random(d, 2)) {
			d_check_tx(d, d->now.tx);
			if (d->now.rm >= 0)
				d_check_rm(d, d->now.rm);
		}
	}
	alarm(0);
}

static void close_txs(struct driver *d)
{
	int i, k, n;

	for (i = 0; i < M_TXS; i++) {
		for (k = 0; k < M_ENS; k++)
			for (n = 0; n < EN_FILES; n++)
				if (d->en[i][k].file[n].fd >= 0) {
					d_note(d, "enlistment close", i, k, NOBODY);
					close_file(d, &d->en[i][k].file[n]);
					m_en_close(&d->model, &d->model.tx[i].en[k]);
					d_agree(d, 0, 0);
				}
		d_callers_check(d);
		for (k = 0; k < TX_FILES; k++)
			if (d->tx[i].file[k].fd >= 0) {
				d_note(d, "tx close", i, NOBODY, NOBODY);
				close_file(d, &d->tx[i].file[k]);
				m_tx_close(&d->model, &d->model.tx[i]);
				d_agree(d, 0, 0);
			}
	}
}

void driver_quiet(struct driver *d)
{
	int i;

	if (d->model.freeze != M_THAWED)
		d_thaw(d);
	close_txs(d);
	for (i = 0; i < M_RMS; i++)
		if (d->rm[i].file.fd >= 0) {
			d_note(d, "rm close", NOBODY, NOBODY, i);
			close_file(d, &d->rm[i].file);
			m_rm_close(&d->model, &d->model.rm[i]);
			d_agree(d, 0, 0);
			d_settle(d);
		}
	d_settle(d);
	d_reap(d);
	remote_kill(&d->remote);
	d_callers_stop(d);
	d_check_tm(d);
	d->tally->unfinished = m_unfinished(&d->model);
	d->tally->logged = m_logged(&d->model, ~0ULL);
	d->tally->committed = d->model.committed;
	d->tally->aborted = d->model.aborted;
	if (d->device)
		d_reattach(d);
	close(d->other_tm);
	close(d->tm);
}
