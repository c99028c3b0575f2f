// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - racing processes: what they do as resource managers
 */
#include "race_ops.h"

static void recover_rm(struct racer *me, struct r_file *rm)
{
	struct ktm_simple arg = { .size = sizeof(arg) };

	r_call(me, rm, 0, KTM_IOC_RM_RECOVER, &arg);
}

static bool is_durable(const struct racer *me, __u32 rm)
{
	return me->shared->durable && rm != R_RMS - 1;
}

void r_op_rm_create(struct racer *me)
{
	struct ktm_rm_create arg = { .size = sizeof(arg), .name = "racer" };
	struct r_file tm = { .fd = me->tm };
	__u32 nth = r_random(me, R_RMS);

	/* who waits does not read */
	if (me->may_block || (me->rm[nth].fd >= 0 && r_random(me, 10)))
		return;
	if (!is_durable(me, nth))
		arg.flags = KTM_RM_F_VOLATILE;
	memcpy(arg.uuid, me->shared->rm_uuid[nth], KTM_UUID_SIZE);
	if (r_call(me, &tm, 0, KTM_IOC_RM_CREATE, &arg))
		return;
	fcntl(arg.out_fd, F_SETFL, O_NONBLOCK);
	r_drop(&me->rm[nth]);
	me->rm[nth] = (struct r_file){ .fd = arg.out_fd, .nth = nth };
	if (r_random(me, 20))
		recover_rm(me, &me->rm[nth]);
}

void r_op_rm_recover(struct racer *me)
{
	struct r_file *rm = r_pick_rm(me);

	if (rm)
		recover_rm(me, rm);
}

void r_op_rm_close(struct racer *me)
{
	struct r_file *rm = r_pick_rm(me);

	if (rm)
		r_drop(rm);
}

static __u32 some_flags(struct racer *me, __u32 rm)
{
	__u32 flags = 0;

	if (!r_random(me, 12) && (is_durable(me, rm) || !me->shared->durable))
		return KTM_EN_F_SUPERIOR | (r_random(me, 2) ? KTM_EN_F_COMMIT_REQUEST : 0);
	if (r_random(me, 2))
		flags |= KTM_EN_F_SINGLE_PHASE;
	if (!r_random(me, 4))
		flags |= KTM_EN_F_PREPREPARE;
	if (!r_random(me, 4))
		flags |= KTM_EN_F_DISCONNECTED;
	if (r_random(me, 8))
		flags |= KTM_EN_F_SAVEPOINTS;
	return flags;
}

void r_op_enlist(struct racer *me)
{
	struct ktm_en_create arg = { .size = sizeof(arg) };
	struct r_file *tx = r_pick_tx(me), *rm = r_pick_rm(me);
	struct r_shared *shared = me->shared;
	__u32 nth;
	int ret;

	if (!tx || !rm || atomic_load(&shared->tx[tx->nth].nr_ens) >= R_TX_ENS ||
	    !r_new_en(me, tx->nth, rm->nth, &nth))
		return;
	arg.flags = some_flags(me, rm->nth);
	if (arg.flags & KTM_EN_F_SUPERIOR) {
		atomic_fetch_or(&shared->tx[tx->nth].seen, T_SUPERIOR);
		r_saw_en(me, nth, E_SUPERIOR);
	} else if (is_durable(me, rm->nth)) {
		r_saw_en(me, nth, E_LOGGED);
	}
	arg.tx_fd = tx->fd;
	arg.key = r_key(shared, nth);
	/* either may lack the right */
	ret = r_call(me, tx->weak ? &(struct r_file){ .fd = rm->fd, .weak = true } : rm,
		     tx->nth + 1, KTM_IOC_EN_CREATE, &arg);
	if (ret == -ECANCELED)
		r_saw(me, tx->nth, T_ABORTED, "en_create");
	if (ret)
		return;
	memcpy(shared->en[nth].uuid, arg.uuid, KTM_UUID_SIZE);
	r_saw_en(me, nth, E_CREATED);
	r_keep(me, me->en, R_MINE_ENS, (struct r_file){ .fd = arg.out_fd, .nth = nth });
}

/* What a decent resource manager says to a notification; 0: nothing */
static unsigned int reply(struct racer *me, __u32 type)
{
	switch (type) {
	case KTM_NOTIFY_PREPREPARE:
		return r_random(me, 10) ? KTM_IOC_EN_PREPREPARE_COMPLETE : KTM_IOC_EN_READ_ONLY;
	case KTM_NOTIFY_PREPARE:
		return r_random(me, 10) ? KTM_IOC_EN_PREPARE_COMPLETE : KTM_IOC_EN_READ_ONLY;
	case KTM_NOTIFY_SINGLE_PHASE_COMMIT:
		return r_random(me, 3) ? KTM_IOC_EN_COMMIT_COMPLETE :
		       KTM_IOC_EN_REJECT_SINGLE_PHASE;
	case KTM_NOTIFY_COMMIT:
		return KTM_IOC_EN_COMMIT_COMPLETE;
	case KTM_NOTIFY_ROLLBACK:
		return KTM_IOC_EN_ROLLBACK_COMPLETE;
	case KTM_NOTIFY_RECOVER:
	case KTM_NOTIFY_RECOVER_QUERY:
		return KTM_IOC_EN_RECOVER;
	case KTM_NOTIFY_COMMIT_REQUEST:
		return r_random(me, 2) ? KTM_IOC_EN_PREPREPARE : KTM_IOC_EN_PREPARE;
	case KTM_NOTIFY_PREPREPARE_COMPLETE:
		return KTM_IOC_EN_PREPARE;
	case KTM_NOTIFY_PREPARE_COMPLETE:
	case KTM_NOTIFY_REQUEST_OUTCOME:
		return KTM_IOC_EN_COMMIT;
	}
	return 0;
}

static bool is_of_savepoint(__u32 type)
{
	return type == KTM_NOTIFY_SAVEPOINT || type == KTM_NOTIFY_SAVEPOINT_ROLLBACK ||
	       type == KTM_NOTIFY_SAVEPOINT_RELEASE;
}

static void say(struct racer *me, const struct r_file *en, const struct ktm_notification *note)
{
	unsigned int cmd = reply(me, note->type);

	if (is_of_savepoint(note->type))
		r_savepoint_done(me, en, note->savepoint,
				 note->type == KTM_NOTIFY_SAVEPOINT && !r_random(me, 8) ?
				 EXFULL : 0);
	else if (!r_random(me, 40))
		r_veto(me, en);
	else if (cmd)
		r_answer(me, en, cmd);
}

/* By the fd that is there, or by one of its own */
static void respond(struct racer *me, const struct r_file *rm, __u32 nth,
		    const struct ktm_notification *note)
{
	struct r_file file = { .fd = -1 };
	int i;

	for (i = 0; i < R_MINE_ENS; i++)
		if (me->en[i].fd >= 0 && me->en[i].nth == nth && !me->en[i].weak) {
			say(me, &me->en[i], note);
			return;
		}
	if (r_en_open(me, rm, note->enlistment, nth, &file))
		return;
	say(me, &file, note);
	if (r_random(me, 3))
		r_keep(me, me->en, R_MINE_ENS, file);
	else
		r_drop(&file);
}

void r_op_read(struct racer *me)
{
	struct ktm_notification notes[4];
	struct r_file *rm = r_pick_rm(me), by;
	__u32 nth;
	ssize_t got;
	int i;

	if (!rm)
		return;
	by = *rm;
	got = read(by.fd, notes, sizeof(notes));
	if (got < 0 && errno != EAGAIN && errno != EINTR && !(by.weak && errno == EPERM))
		r_violation(me, "read gives %s", strerrorname_np(errno));
	for (i = 0; got > 0 && i < got / sizeof(notes[0]); i++) {
		if (r_note(me, by.nth, &notes[i], &nth) && r_random(me, 20))
			respond(me, &by, nth, &notes[i]);
	}
}

/* By the state, which may be another one at the next moment */
static __u32 note_of(__u32 state)
{
	switch (state) {
	case KTM_EN_S_PREPREPARING:
		return KTM_NOTIFY_PREPREPARE;
	case KTM_EN_S_PREPARING:
		return KTM_NOTIFY_PREPARE;
	case KTM_EN_S_SINGLE_PHASE:
		return KTM_NOTIFY_SINGLE_PHASE_COMMIT;
	case KTM_EN_S_COMMITTING:
		return KTM_NOTIFY_COMMIT;
	case KTM_EN_S_ABORTING:
		return KTM_NOTIFY_ROLLBACK;
	}
	return 0;
}

static __u32 note_of_superior(__u32 state)
{
	switch (state) {
	case KTM_EN_S_ACTIVE:
		return KTM_NOTIFY_COMMIT_REQUEST;
	case KTM_EN_S_PREPREPARED:
		return KTM_NOTIFY_PREPREPARE_COMPLETE;
	case KTM_EN_S_PREPARED:
		return KTM_NOTIFY_PREPARE_COMPLETE;
	}
	return 0;
}

void r_op_answer(struct racer *me)
{
	struct r_file *en = r_pick_en(me);
	struct ktm_notification note = { .savepoint = 1 + r_random(me, 3) };
	struct ktm_en_info info;

	if (!en || r_en_info(me, en, &info))
		return;
	note.type = info.flags & KTM_EN_F_SUPERIOR ? note_of_superior(info.state) :
		    note_of(info.state);
	if (info.state == KTM_EN_S_SAVEPOINT)
		note.type = KTM_NOTIFY_SAVEPOINT;
	say(me, en, &note);
	if (info.state == KTM_EN_S_DONE)
		r_drop(en);
}

/* Somebody who was told, and has not answered: perhaps who was told is dead. */
void r_op_sweep(struct racer *me)
{
	__u8 uuids[16][KTM_UUID_SIZE];
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids,
				 .count = ARRAY_LEN(uuids) };
	struct r_file tm = { .fd = me->tm }, *rm = r_pick_rm(me);
	struct ktm_en_info info = { .size = sizeof(info) };
	struct ktm_notification note = { };
	__u32 tx, nth;

	if (!rm || r_call(me, rm, 0, KTM_IOC_EN_LIST, &list) || !list.count)
		return;
	memcpy(info.uuid, uuids[r_random(me, list.count)], KTM_UUID_SIZE);
	if (r_call(me, &tm, 0, KTM_IOC_EN_INFO, &info) ||
	    !r_tx_number(me->shared, info.tx, &tx) ||
	    !r_find_en(me, tx, info.uuid, &nth))
		return;
	memcpy(note.enlistment, info.uuid, KTM_UUID_SIZE);
	note.type = info.flags & KTM_EN_F_SUPERIOR ? note_of_superior(info.state) :
		    note_of(info.state);
	if (note.type)
		respond(me, rm, nth, &note);
}

static const unsigned int answers[] = {
	KTM_IOC_EN_PREPREPARE_COMPLETE, KTM_IOC_EN_PREPARE_COMPLETE, KTM_IOC_EN_COMMIT_COMPLETE,
	KTM_IOC_EN_ROLLBACK_COMPLETE, KTM_IOC_EN_READ_ONLY, KTM_IOC_EN_REJECT_SINGLE_PHASE,
	KTM_IOC_EN_RECOVER, KTM_IOC_EN_REQUEST_OUTCOME, KTM_IOC_EN_PREPREPARE,
	KTM_IOC_EN_PREPARE, KTM_IOC_EN_COMMIT,
};

void r_op_lie(struct racer *me)
{
	struct r_file *en = r_pick_en(me);
	int times = 1 + r_random(me, 2);
	unsigned int cmd = answers[r_random(me, ARRAY_LEN(answers))];

	while (en && times--)
		r_answer(me, en, cmd);
}

void r_op_en_close(struct racer *me)
{
	struct r_file *en = r_pick_en(me);

	if (en)
		r_drop(en);
}

/* What is logged is the transaction's number, again and again. */
void r_op_log(struct racer *me)
{
	struct ktm_en_log arg = { .size = sizeof(arg), .length = 8 + r_random(me, 400) };
	struct r_file *en = r_pick_en(me);
	char data[512];
	__u32 tx;
	int ret;

	if (!en)
		return;
	tx = me->shared->en[en->nth].tx;
	memset(data, tx, sizeof(data));
	arg.data = (uintptr_t)data;
	ret = r_call(me, en, tx + 1, KTM_IOC_EN_LOG, &arg);
	if (ret == -ECANCELED)
		r_saw(me, tx, T_ABORTED, "en_log");
	if (!ret && !is_durable(me, me->shared->en[en->nth].rm))
		r_violation(me, "a volatile RM has logged");
}

void r_op_read_log(struct racer *me)
{
	struct ktm_en_read_log arg = { .size = sizeof(arg), .index = r_random(me, 2) };
	struct r_file *en = r_pick_en(me);
	char data[512];
	__u32 i;

	if (!en)
		return;
	arg.data = (uintptr_t)data;
	arg.length = sizeof(data);
	if (r_call(me, en, 0, KTM_IOC_EN_READ_LOG, &arg))
		return;
	for (i = 0; i < arg.length; i++)
		if (data[i] != (char)me->shared->en[en->nth].tx) {
			r_violation(me, "a record is another one");
			break;
		}
}

void r_op_recovery_info(struct racer *me)
{
	struct ktm_en_recovery_info arg = { .size = sizeof(arg), .length = r_random(me, 64) };
	unsigned int cmd = r_random(me, 2) ? KTM_IOC_EN_SET_RECOVERY_INFO :
			   KTM_IOC_EN_GET_RECOVERY_INFO;
	struct r_file *en = r_pick_en(me);
	char data[64] = { };

	if (!en)
		return;
	if (cmd == KTM_IOC_EN_GET_RECOVERY_INFO)
		arg.length = sizeof(data);
	arg.data = (uintptr_t)data;
	r_call(me, en, me->shared->en[en->nth].tx + 1, cmd, &arg);
}

