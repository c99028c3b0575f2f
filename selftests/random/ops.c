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
		d->tx[i].reason_open |= d->model.tx[i].state == KTM_TX_S_ACTIVE ||
			d->model.tx[i].state == KTM_TX_S_PREPARING;
		/* an owner that has passed all its fds on is not missed */
		if (d->tx[i].owner == d->remote.pid && has_away(&d->tx[i]))
			m_owner_dies(&d->model, &d->model.tx[i]);
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
 * Whether an enlistment's last fd is closed before its rollback or after it makes a
 * difference if it is prepared: the order must not be the kernel's then.
 */
static void bring_prepared(struct driver *d)
{
	int i, k, n;

	for (i = 0; i < M_TXS; i++)
		for (k = 0; k < M_ENS; k++)
			for (n = 0; n < EN_FILES; n++)
				if (d->en[i][k].file[n].fd >= 0 && d->en[i][k].file[n].away &&
				    d->model.tx[i].en[k].state == KTM_EN_S_PREPARED)
					remote_move(&d->remote, &d->en[i][k].file[n]);
}

static void op_kill(struct driver *d)
{
	int i;

	bring_prepared(d);
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
	struct pollfd pollfd = { .events = POLLIN };
	int tx = pick_open_tx(d), rm = pick_rm(d), at;
	const struct m_tx *m;
	bool settled;

	at = tx < 0 ? NOBODY : d_tx_file(d, tx);
	if (at >= 0 && !d->tx[tx].file[at].away) {
		m = &d->model.tx[tx];
		settled = m->state == KTM_TX_S_COMMITTING || m->state == KTM_TX_S_ABORTING;
		settled = m_tx_ended(m) || (settled && !m_waiting(m));
		pollfd.fd = d->tx[tx].file[at].fd;
		d_note(d, "poll", tx, NOBODY, NOBODY);
		d_number(d, "POLLIN", poll(&pollfd, 1, 0), settled);
		d_agree(d, 0, 0);
	}
	if (rm >= 0 && !d->rm[rm].file.away) {
		pollfd.fd = d->rm[rm].file.fd;
		d_note(d, "poll", NOBODY, NOBODY, rm);
		d_number(d, "POLLIN", poll(&pollfd, 1, 0), d->model.rm[rm].nr_queue > 0);
		d_agree(d, 0, 0);
	}
}

static bool listed(struct driver *d, unsigned int cmd, const __u8 *uuid)
{
	__u8 uuids[16][KTM_UUID_SIZE];
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids };
	bool found = false;
	__u32 i;

	do {
		list.count = ARRAY_LEN(uuids);
		d_agree(d, ktm_call(d->tm, cmd, &list), 0);
		for (i = 0; i < list.count; i++)
			found |= !memcmp(uuids[i], uuid, KTM_UUID_SIZE);
	} while (list.count);
	return found;
}

static void op_list(struct driver *d)
{
	int tx = pick_tx(d), rm = pick_rm(d);

	d_note(d, "list", tx, NOBODY, NOBODY);
	if (tx >= 0 && m_tx_exists(&d->model.tx[tx]) && !listed(d, KTM_IOC_TX_LIST, d->tx[tx].uuid))
		d_differ(d, "the transaction is not listed");
	d_note(d, "list", NOBODY, NOBODY, rm);
	if (rm >= 0 && !listed(d, KTM_IOC_RM_LIST, d->rm[rm].uuid))
		d_differ(d, "the resource manager is not listed");
}

/* Calls that must be refused before they do anything */
static void op_malformed(struct driver *d)
{
	struct {
		union {
			__u32 size;
			struct ktm_tx_end end;
			struct ktm_simple simple;
		};
		__u8 tail[64];
	} arg = { };
	int tx = pick_open_tx(d), rm = pick_rm(d), want;
	struct handle file;

	if (tx < 0)
		return;
	file = d->tx[tx].file[d_tx_file(d, tx)];
	d_note(d, "malformed", tx, NOBODY, NOBODY);
	arg.size = sizeof(struct ktm_tx_end);
	switch (d_random(d, 4)) {
	case 0:
		/* shorter than the first version */
		arg.size = d_random(d, offsetof(struct ktm_tx_end, clock));
		want = -EINVAL;
		break;
	case 1:
		arg.end.flags = 1U << (5 + d_random(d, 27));
		want = -EOPNOTSUPP;
		break;
	case 2:
		arg.size += 1 + d_random(d, sizeof(arg.tail));
		arg.tail[arg.size - sizeof(struct ktm_tx_end) - 1] = 1;
		want = -E2BIG;
		break;
	default:
		if (rm < 0)
			return;
		file = d->rm[rm].file;
		want = -ENOTTY;
	}
	d_agree(d, remote_ioctl(&d->remote, file, KTM_IOC_TX_COMMIT, &arg, sizeof(arg)), want);
}

/* A fd that may query only: all else is refused, and its close means nothing */
static void op_restrict(struct driver *d)
{
	struct ktm_restrict arg = { .size = sizeof(arg), .rights = KTM_RIGHT_QUERY };
	struct ktm_tx_info info = { .size = sizeof(info) };
	struct ktm_tx_end end = { .size = sizeof(end) };
	struct handle weak = { .fd = -1 };
	int tx = pick_open_tx(d), at;

	at = tx < 0 ? NOBODY : d_tx_file(d, tx);
	if (at < 0)
		return;
	d_note(d, "restrict", tx, NOBODY, NOBODY);
	weak.away = d->tx[tx].file[at].away;
	d_agree(d, CALL(d, d->tx[tx].file[at], KTM_IOC_RESTRICT, &arg), 0);
	weak.fd = arg.out_fd;
	if (d_random(d, 2))
		remote_move(&d->remote, &weak);
	d_note(d, "info without rights", tx, NOBODY, NOBODY);
	d_agree(d, CALL(d, weak, KTM_IOC_TX_INFO, &info), 0);
	d_number(d, "state", info.state, d->model.tx[tx].state);
	d_note(d, "end without rights", tx, NOBODY, NOBODY);
	d_agree(d, CALL(d, weak, d_random(d, 2) ? KTM_IOC_TX_COMMIT : KTM_IOC_TX_ROLLBACK, &end),
		-EPERM);
	close_file(d, &weak);
}

static void op_check(struct driver *d)
{
	int tx = pick_tx(d);

	if (tx >= 0)
		d_check_tx(d, tx);
}

static void op_tm_info(struct driver *d)
{
	struct ktm_tm_info info = { .size = sizeof(info) };

	d_note(d, "tm_info", NOBODY, NOBODY, NOBODY);
	d_agree(d, ktm_call(d->tm, KTM_IOC_TM_INFO, &info), 0);
	d_number(d, "state", info.state, KTM_TM_S_ONLINE);
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
	{ "set_timeout", op_set_timeout, 6 },
	{ "deadline", op_expire, 1 },
	{ "tx_close", op_tx_close, 70 },
	{ "move", op_move, 15 },
	{ "rm_create", op_rm_create, 10 },
	{ "rm_recover", op_rm_recover, 12 },
	{ "rm_info", op_rm_info, 10 },
	{ "rm_close", op_rm_close, 4 },
	{ "read", op_rm_read, 60 },
	{ "en_create", op_enlist, 90 },
	{ "en_open", op_en_open, 30 },
	{ "answer", op_answer, 200 },
	{ "lie", op_lie, 30 },
	{ "en_rollback", op_veto, 8 },
	{ "en_log", op_log, 30 },
	{ "en_read_log", op_read_log, 20 },
	{ "en_close", op_en_close, 50 },
	{ "kill", op_kill, 1 },
	{ "poll", op_poll, 20 },
	{ "list", op_list, 5 },
	{ "malformed", op_malformed, 10 },
	{ "restrict", op_restrict, 8 },
	{ "check", op_check, 60 },
	{ "tm_info", op_tm_info, 5 },
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
		d_reap(d);
		if (d->now.tx >= 0 && d->model.tx[d->now.tx].used && !d_random(d, 2)) {
			d_check_tx(d, d->now.tx);
			if (d->now.rm >= 0)
				d_check_rm(d, d->now.rm);
		}
	}
	alarm(0);
}

void driver_quiet(struct driver *d)
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
		for (k = 0; k < TX_FILES; k++)
			if (d->tx[i].file[k].fd >= 0) {
				d_note(d, "tx close", i, NOBODY, NOBODY);
				close_file(d, &d->tx[i].file[k]);
				m_tx_close(&d->model, &d->model.tx[i]);
				d_agree(d, 0, 0);
			}
	}
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
	close(d->tm);
	d->tally->unfinished = m_unfinished(&d->model);
	d->tally->committed = d->model.committed;
	d->tally->aborted = d->model.aborted;
}
