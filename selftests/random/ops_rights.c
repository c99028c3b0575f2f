// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - random operations with fds that may do less, and malformed calls
 */
#include "ops.h"

/* Room for any argument, and for a tail that no kernel knows */
union any_arg {
	struct {
		__u32 size, flags;
	};
	struct ktm_tx_info tx_info;
	struct ktm_tx_end end;
	struct ktm_en_rollback en_rollback;
	char bytes[1024];
};

struct guarded {
	unsigned int cmd;
	__u32 size;
	__u64 right;
};

static const struct guarded of_tm[] = {
	{ KTM_IOC_TM_INFO, sizeof(struct ktm_tm_info), KTM_RIGHT_QUERY },
	{ KTM_IOC_TX_LIST, sizeof(struct ktm_list), KTM_RIGHT_QUERY },
	{ KTM_IOC_RM_LIST, sizeof(struct ktm_list), KTM_RIGHT_QUERY },
	{ KTM_IOC_EN_LIST, sizeof(struct ktm_list), KTM_RIGHT_QUERY },
	{ KTM_IOC_RM_INFO, sizeof(struct ktm_rm_info), KTM_RIGHT_QUERY },
	{ KTM_IOC_EN_INFO, sizeof(struct ktm_en_info), KTM_RIGHT_QUERY },
	{ KTM_IOC_TX_CREATE, sizeof(struct ktm_tx_create), KTM_RIGHT_BEGIN },
	{ KTM_IOC_RM_CREATE, sizeof(struct ktm_rm_create), KTM_RIGHT_CREATE_RM },
	{ KTM_IOC_TM_DETACH, sizeof(struct ktm_simple), KTM_RIGHT_DETACH },
	{ KTM_IOC_TM_ROLLFORWARD, sizeof(struct ktm_tm_rollforward), KTM_RIGHT_DETACH },
	{ KTM_IOC_TM_RECOVER, sizeof(struct ktm_tm_recover), KTM_RIGHT_DETACH },
	{ KTM_IOC_TM_FREEZE, sizeof(struct ktm_tm_freeze), KTM_RIGHT_DETACH },
	{ KTM_IOC_TM_THAW, sizeof(struct ktm_simple), KTM_RIGHT_DETACH },
	{ }
};

static const struct guarded of_tx[] = {
	{ KTM_IOC_TX_INFO, sizeof(struct ktm_tx_info), KTM_RIGHT_QUERY },
	{ KTM_IOC_EN_LIST, sizeof(struct ktm_list), KTM_RIGHT_QUERY },
	{ KTM_IOC_TX_SET_TIMEOUT, sizeof(struct ktm_tx_set_timeout), KTM_RIGHT_SET },
	{ KTM_IOC_TX_SAVEPOINT, sizeof(struct ktm_tx_savepoint), KTM_RIGHT_SET },
	{ KTM_IOC_TX_RELEASE, sizeof(struct ktm_tx_savepoint), KTM_RIGHT_SET },
	{ KTM_IOC_TX_ROLLBACK_TO, sizeof(struct ktm_tx_savepoint), KTM_RIGHT_ROLLBACK },
	{ KTM_IOC_TX_COMMIT, sizeof(struct ktm_tx_end), KTM_RIGHT_COMMIT },
	{ KTM_IOC_TX_ROLLBACK, sizeof(struct ktm_tx_end), KTM_RIGHT_ROLLBACK },
	{ }
};

static const struct guarded of_rm[] = {
	{ KTM_IOC_RM_INFO, sizeof(struct ktm_rm_info), KTM_RIGHT_QUERY },
	{ KTM_IOC_EN_LIST, sizeof(struct ktm_list), KTM_RIGHT_QUERY },
	{ KTM_IOC_EN_CREATE, sizeof(struct ktm_en_create), KTM_RIGHT_ENLIST },
	{ KTM_IOC_RM_RECOVER, sizeof(struct ktm_simple), KTM_RIGHT_RECOVER },
	{ KTM_IOC_EN_OPEN, sizeof(struct ktm_en_open), KTM_RIGHT_RECOVER },
	{ }
};

static const struct guarded of_en[] = {
	{ KTM_IOC_EN_INFO, sizeof(struct ktm_en_info), KTM_RIGHT_QUERY },
	{ KTM_IOC_EN_LOG, sizeof(struct ktm_en_log), KTM_RIGHT_LOG },
	{ KTM_IOC_EN_READ_LOG, sizeof(struct ktm_en_read_log), KTM_RIGHT_LOG },
	{ KTM_IOC_EN_SET_RECOVERY_INFO, sizeof(struct ktm_en_recovery_info), KTM_RIGHT_LOG },
	{ KTM_IOC_EN_GET_RECOVERY_INFO, sizeof(struct ktm_en_recovery_info), KTM_RIGHT_LOG },
	{ KTM_IOC_EN_RECOVER, sizeof(struct ktm_en_answer), KTM_RIGHT_RECOVER },
	{ KTM_IOC_EN_PREPREPARE_COMPLETE, sizeof(struct ktm_en_answer), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_PREPARE_COMPLETE, sizeof(struct ktm_en_answer), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_COMMIT_COMPLETE, sizeof(struct ktm_en_answer), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_ROLLBACK_COMPLETE, sizeof(struct ktm_en_answer), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_READ_ONLY, sizeof(struct ktm_en_answer), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_REJECT_SINGLE_PHASE, sizeof(struct ktm_en_answer), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_REQUEST_OUTCOME, sizeof(struct ktm_en_answer), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_PREPREPARE, sizeof(struct ktm_en_answer), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_PREPARE, sizeof(struct ktm_en_answer), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_COMMIT, sizeof(struct ktm_en_answer), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_SAVEPOINT_COMPLETE, sizeof(struct ktm_en_savepoint), KTM_RIGHT_ANSWER },
	{ KTM_IOC_EN_ROLLBACK, sizeof(struct ktm_en_rollback), KTM_RIGHT_ANSWER },
	{ }
};

/* What can be restricted, and what of it must not be lost with the last fd */
static const struct kind {
	const struct guarded *calls;
	__u64 all, last;
} kinds[] = {
	[KTM_KIND_TM] = { of_tm, KTM_RIGHTS_TM, 0 },
	[KTM_KIND_TX] = { of_tx, KTM_RIGHTS_TX, KTM_RIGHT_COMMIT | KTM_RIGHT_ROLLBACK },
	[KTM_KIND_RM] = { of_rm, KTM_RIGHTS_RM, KTM_RIGHT_NOTIFY },
	[KTM_KIND_EN] = { of_en, KTM_RIGHTS_EN, KTM_RIGHT_ANSWER },
};

struct target {
	int kind, tx, en, rm;
	struct handle *file;
};

static bool pick_target(struct driver *d, struct target *target)
{
	int at;

	*target = (struct target){ .kind = 1 + d_random(d, 4), .tx = NOBODY, .en = NOBODY,
				   .rm = NOBODY };
	switch (target->kind) {
	case KTM_KIND_TX:
		target->tx = pick_open_tx(d);
		at = target->tx < 0 ? NOBODY : d_tx_file(d, target->tx);
		target->file = at < 0 ? NULL : &d->tx[target->tx].file[at];
		return target->file;
	case KTM_KIND_RM:
		target->rm = pick_rm(d);
		target->file = &d->rm[target->rm].file;
		return target->rm >= 0;
	case KTM_KIND_EN:
		if (!pick_en(d, &target->tx, &target->en))
			return false;
		at = open_file(d, d->en[target->tx][target->en].file, EN_FILES);
		target->file = &d->en[target->tx][target->en].file[at];
		return true;
	}
	return true;
}

/* An fd that could still act counts, as long as it is there. */
static void count_file(struct driver *d, const struct target *target)
{
	if (target->kind == KTM_KIND_TX)
		d->model.tx[target->tx].files++;
	else if (target->kind == KTM_KIND_EN)
		d->model.tx[target->tx].en[target->en].files++;
}

static void close_target(struct driver *d, const struct target *target, struct handle *file,
			 bool counts)
{
	d_note(d, counts ? "close" : "close without rights", target->tx, target->en, target->rm);
	close_file(d, file);
	if (counts && target->kind == KTM_KIND_TX)
		m_tx_close(&d->model, &d->model.tx[target->tx]);
	else if (counts && target->kind == KTM_KIND_EN)
		m_en_close(&d->model, &d->model.tx[target->tx].en[target->en]);
	else if (counts && target->kind == KTM_KIND_RM)
		m_rm_close(&d->model, &d->model.rm[target->rm]);
	d_agree(d, 0, 0);
	d_settle(d);
}

static void check_refused(struct driver *d, const struct kind *kind, struct handle weak,
			  __u64 rights)
{
	const struct guarded *call;
	union any_arg arg;

	for (call = kind->calls; call->cmd; call++) {
		if (call->right & rights || d_random(d, 2))
			continue;
		memset(&arg, 0, sizeof(arg));
		arg.size = call->size;
		d_agree(d, remote_ioctl(&d->remote, weak, call->cmd, &arg, call->size), -EPERM);
	}
}

static void check_fd(struct driver *d, struct handle file, __u32 kind, __u64 rights)
{
	struct ktm_fd_info info = { .size = sizeof(info) };

	d_agree(d, CALL(d, file, KTM_IOC_FD_INFO, &info), 0);
	d_number(d, "kind", info.kind, kind);
	d_number(d, "rights", info.rights, rights);
}

/* What a fd may still tell when the others are gone */
static void check_left(struct driver *d, const struct target *target, struct handle weak,
		       __u64 rights)
{
	struct ktm_en_open open = { .size = sizeof(open) };
	struct ktm_simple simple = { .size = sizeof(simple) };
	struct ktm_tx_info info = { .size = sizeof(info) };

	if (target->kind == KTM_KIND_TX && rights & KTM_RIGHT_QUERY) {
		d_agree(d, CALL(d, weak, KTM_IOC_TX_INFO, &info), 0);
		d_number(d, "state", info.state, d->model.tx[target->tx].state);
	}
	/* the RM's life has ended with it */
	if (target->kind == KTM_KIND_RM && rights & KTM_RIGHT_RECOVER) {
		d_agree(d, CALL(d, weak, KTM_IOC_RM_RECOVER, &simple), -EPROTO);
		memcpy(open.uuid, d->en[0][0].uuid, KTM_UUID_SIZE);
		d_agree(d, CALL(d, weak, KTM_IOC_EN_OPEN, &open), -ENOENT);
	}
}

/* By the TM's fd alone; it passes on what it has. */
static void open_by(struct driver *d, struct handle tm, __u64 rights)
{
	struct ktm_open open = { .size = sizeof(open) };
	int tx = pick_tx(d), at;
	struct handle file;

	at = tx < 0 ? NOBODY : d_tx_file(d, tx);
	if (at < 0)
		return;
	memcpy(open.uuid, d->tx[tx].uuid, KTM_UUID_SIZE);
	d_note(d, "tx_open without rights", tx, NOBODY, NOBODY);
	d_agree(d, CALL(d, tm, KTM_IOC_TX_OPEN, &open), 0);
	file = (struct handle){ .fd = open.out_fd, .away = tm.away };
	check_fd(d, file, KTM_KIND_TX, rights & KTM_RIGHTS_TX);
	close_file(d, &file);
}

/* A fd that may do less: what is left out is refused, and its close means less. */
void op_restrict(struct driver *d)
{
	struct ktm_restrict arg = { .size = sizeof(arg), .rights = d_random(d, 0) };
	struct handle weak, tm = some_tm(d);
	struct target target;
	const struct kind *kind;
	__u64 rights;
	bool counts;

	if (!pick_target(d, &target))
		return;
	if (target.kind == KTM_KIND_TM)
		target.file = &tm;
	kind = &kinds[target.kind];
	if (d_random(d, 2))
		arg.rights &= ~kind->last;
	rights = arg.rights & kind->all;
	counts = rights & kind->last;
	d_note(d, "restrict", target.tx, target.en, target.rm);
	check_fd(d, *target.file, target.kind, kind->all);
	d_agree(d, CALL(d, *target.file, KTM_IOC_RESTRICT, &arg), 0);
	d_number(d, "rights", arg.rights, rights);
	weak = (struct handle){ .fd = arg.out_fd, .away = target.file->away };
	if (counts)
		count_file(d, &target);
	if (d_random(d, 2))
		remote_move(&d->remote, &weak);
	d_note(d, "call without rights", target.tx, target.en, target.rm);
	check_fd(d, weak, target.kind, rights);
	check_refused(d, kind, weak, rights);
	if (target.kind == KTM_KIND_TM)
		open_by(d, weak, rights);
	/* it outlives the other, sometimes */
	if (target.kind != KTM_KIND_TM && (target.kind != KTM_KIND_RM || !counts) &&
	    !d_random(d, 4)) {
		close_target(d, &target, target.file, true);
		d_note(d, "call without rights", target.tx, target.en, target.rm);
		check_left(d, &target, weak, rights);
	}
	/* of an RM it was not the last */
	close_target(d, &target, &weak, counts && target.kind != KTM_KIND_RM);
}

/* Calls that must be refused before they do anything */
void op_malformed(struct driver *d)
{
	struct ktm_get_abi abi = { .size = sizeof(abi) };
	int tx = pick_open_tx(d), rm = pick_rm(d), want;
	union any_arg arg = { };
	struct handle file;

	if (tx < 0)
		return;
	file = d->tx[tx].file[d_tx_file(d, tx)];
	d_note(d, "malformed", tx, NOBODY, NOBODY);
	arg.size = sizeof(struct ktm_tx_end);
	switch (d_random(d, 5)) {
	case 0:
		/* shorter than the first version */
		arg.size = d_random(d, offsetof(struct ktm_tx_end, clock));
		want = -EINVAL;
		break;
	case 1:
		arg.flags = 1U << (5 + d_random(d, 27));
		want = -EOPNOTSUPP;
		break;
	case 2:
		arg.size += 1 + d_random(d, 64);
		arg.bytes[arg.size - 1] = 1;
		want = -E2BIG;
		break;
	case 3:
		d_agree(d, CALL(d, file, KTM_IOC_GET_ABI, &abi), 0);
		d_number(d, "version", abi.version, KTM_ABI_VERSION);
		return;
	default:
		if (rm < 0)
			return;
		file = d->rm[rm].file;
		want = -ENOTTY;
	}
	d_agree(d, remote_ioctl(&d->remote, file, KTM_IOC_TX_COMMIT, &arg, 128), want);
}
