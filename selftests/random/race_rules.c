// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - racing processes: what must hold whatever they do
 */
#include <stdarg.h>

#include "race.h"

#define REFUSED	EXFULL		/* with what an RM refuses a savepoint here */

/* The errnos that uapi/linux/ktm.h has for a call that is well-formed and has the rights */
static const struct rule {
	unsigned int cmd;
	const char *name;
	int errnos[8];
} rules[] = {
	{ KTM_IOC_GET_ABI, "get_abi", { 0 } },
	{ KTM_IOC_FD_INFO, "fd_info", { 0 } },
	{ KTM_IOC_RESTRICT, "restrict", { 0 } },
	{ KTM_IOC_TM_OPEN, "tm_open", { 0 } },
	{ KTM_IOC_TM_LIST, "tm_list", { 0 } },
	{ KTM_IOC_TX_OPEN, "tx_open", { ENOENT } },
	{ KTM_IOC_RM_OPEN, "rm_open", { ENOENT } },
	{ KTM_IOC_TX_LIST, "tx_list", { 0 } },
	{ KTM_IOC_RM_LIST, "rm_list", { 0 } },
	{ KTM_IOC_EN_LIST, "en_list", { 0 } },
	{ KTM_IOC_TM_INFO, "tm_info", { 0 } },
	{ KTM_IOC_TM_FREEZE, "freeze", { ETIMEDOUT, EBUSY, ECANCELED, EINTR } },
	{ KTM_IOC_TM_THAW, "thaw", { EPROTO, ETIMEDOUT, ECANCELED } },
	{ KTM_IOC_TM_DETACH, "detach", { EINVAL, EBUSY } },
	{ KTM_IOC_TM_ROLLFORWARD, "rollforward", { EINVAL, EALREADY } },
	{ KTM_IOC_TM_RECOVER, "recover", { EINVAL, EALREADY } },
	{ KTM_IOC_TX_CREATE, "tx_create", { ETIMEDOUT } },
	{ KTM_IOC_TX_INFO, "tx_info", { 0 } },
	{ KTM_IOC_TX_COMMIT, "commit",
	  { EINPROGRESS, EAGAIN, ECANCELED, EIO, EPERM, EBUSY, EINTR } },
	{ KTM_IOC_TX_ROLLBACK, "rollback", { EALREADY, EINPROGRESS, EINTR } },
	{ KTM_IOC_TX_SET_TIMEOUT, "set_timeout", { EPROTO } },
	{ KTM_IOC_TX_SAVEPOINT, "savepoint",
	  { EMSGSIZE, EOPNOTSUPP, EBUSY, EPROTO, ECANCELED, REFUSED } },
	{ KTM_IOC_TX_ROLLBACK_TO, "rollback_to",
	  { ENOENT, EOPNOTSUPP, EBUSY, EPROTO, ECANCELED } },
	{ KTM_IOC_TX_RELEASE, "release", { ENOENT, EBUSY, EPROTO, ECANCELED } },
	{ KTM_IOC_RM_CREATE, "rm_create", { EEXIST } },
	{ KTM_IOC_RM_INFO, "rm_info", { ENOENT } },
	{ KTM_IOC_RM_RECOVER, "rm_recover", { EALREADY } },
	{ KTM_IOC_EN_CREATE, "en_create", { EBUSY, EPROTO, ECANCELED } },
	{ KTM_IOC_EN_OPEN, "en_open", { ENOENT } },
	{ KTM_IOC_EN_INFO, "en_info", { ENOENT } },
	{ KTM_IOC_EN_LOG, "en_log", { EPROTO, ECANCELED, EINVAL } },
	{ KTM_IOC_EN_READ_LOG, "en_read_log", { EPROTO, ENOENT, EINVAL } },
	{ KTM_IOC_EN_SET_RECOVERY_INFO, "set_info", { EPROTO, ECANCELED, EINVAL } },
	{ KTM_IOC_EN_GET_RECOVERY_INFO, "get_info", { EINVAL } },
	{ KTM_IOC_EN_PREPREPARE_COMPLETE, "preprepare_complete", { EPROTO, EALREADY, ECANCELED } },
	{ KTM_IOC_EN_PREPARE_COMPLETE, "prepare_complete", { EPROTO, EALREADY, ECANCELED } },
	{ KTM_IOC_EN_COMMIT_COMPLETE, "commit_complete", { EPROTO, EALREADY, ECANCELED } },
	{ KTM_IOC_EN_ROLLBACK_COMPLETE, "rollback_complete", { EPROTO, EALREADY, ECANCELED } },
	{ KTM_IOC_EN_READ_ONLY, "read_only", { EPROTO, EALREADY, ECANCELED } },
	{ KTM_IOC_EN_REJECT_SINGLE_PHASE, "reject_single", { EPROTO, EALREADY, ECANCELED } },
	{ KTM_IOC_EN_RECOVER, "en_recover", { EPROTO, EALREADY, ECANCELED } },
	{ KTM_IOC_EN_REQUEST_OUTCOME, "request_outcome", { EPROTO, EALREADY, ECANCELED } },
	{ KTM_IOC_EN_PREPREPARE, "order_preprepare",
	  { EPROTO, EALREADY, ECANCELED, EBUSY, EINTR, EPERM } },
	{ KTM_IOC_EN_PREPARE, "order_prepare",
	  { EPROTO, EALREADY, ECANCELED, EBUSY, EINTR, EPERM } },
	{ KTM_IOC_EN_COMMIT, "order_commit",
	  { EPROTO, EALREADY, ECANCELED, EBUSY, EINTR, EPERM } },
	{ KTM_IOC_EN_ROLLBACK, "en_rollback", { EPROTO, EALREADY, ECANCELED } },
	{ KTM_IOC_EN_SAVEPOINT_COMPLETE, "savepoint_complete",
	  { EPROTO, EALREADY, ECANCELED, EINVAL } },
};

_Static_assert(ARRAY_LEN(rules) <= R_CALLS, "no room for the results");

const char *r_call_name(int nth)
{
	return nth < ARRAY_LEN(rules) ? rules[nth].name : NULL;
}

static int rule_of(unsigned int cmd)
{
	int i;

	for (i = 0; i < ARRAY_LEN(rules) && rules[i].cmd != cmd; i++)
		;
	if (i == ARRAY_LEN(rules))
		abort();
	return i;
}

static bool is_documented(const struct rule *rule, int error)
{
	int i;

	for (i = 0; i < ARRAY_LEN(rule->errnos); i++)
		if (rule->errnos[i] == error)
			return true;
	return !error;
}

void r_violation(struct racer *me, const char *format, ...)
{
	va_list args;

	/* the first of a process: what follows is a consequence */
	if (atomic_fetch_add(&me->shared->violations, 1) < 10) {
		flockfile(stdout);
		printf("# violation in process %d at operation %llu: ", me->index,
		       atomic_load(&me->proc->ops));
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		printf("\n");
		fflush(stdout);
		funlockfile(stdout);
	}
	atomic_store(&me->shared->stop, true);
}

int r_call(struct racer *me, const struct r_file *file, __u32 tx, unsigned int cmd, void *arg)
{
	struct r_proc *proc = me->proc;
	int which = rule_of(cmd), ret;

	atomic_store(&proc->cmd, cmd);
	atomic_store(&proc->tx, tx);
	atomic_store(&proc->since, now_ns());
	atomic_fetch_add(&proc->calls, 1);
	ret = ktm_call(file->fd, cmd, arg);
	atomic_fetch_add(&proc->calls, 1);
	proc->results[which][-ret]++;
	if (!is_documented(&rules[which], -ret) && !(file->weak && ret == -EPERM))
		r_violation(me, "%s gives %s", rules[which].name, strerrorname_np(-ret));
	return ret;
}

/* Numbers of transactions are in their UUIDs, so that a notification tells them. */
void r_tx_uuid(const struct r_shared *shared, __u32 nth, __u8 *uuid)
{
	memcpy(uuid, &shared->seed, 8);
	memcpy(uuid + 8, &shared->epoch, 4);
	memcpy(uuid + 12, &nth, 4);
}

bool r_tx_number(const struct r_shared *shared, const __u8 *uuid, __u32 *nth)
{
	if (memcmp(uuid, &shared->seed, 8) || memcmp(uuid + 8, &shared->epoch, 4))
		return false;
	memcpy(nth, uuid + 12, 4);
	return *nth < R_TXS;
}

__u64 r_key(const struct r_shared *shared, __u32 en)
{
	return (__u64)(shared->epoch + 1) << 32 | en;
}

static const char *outcome_name(__u32 outcome)
{
	return outcome == T_COMMITTED ? "committed" : outcome == T_ABORTED ? "rolled back" :
	       "in doubt";
}

void r_saw(struct racer *me, __u32 tx, __u32 outcome, const char *how)
{
	struct r_tx *t = &me->shared->tx[tx];
	__u32 seen = atomic_load(&t->seen), bit;

	if (!(seen & outcome)) {
		t->how[outcome >> 1] = how;
		seen = atomic_fetch_or(&t->seen, outcome);
	}
	for (bit = T_COMMITTED; bit <= T_INDOUBT; bit <<= 1)
		if (bit != outcome && seen & bit)
			r_violation(me, "transaction %u was %s, says %s; and %s, says %s", tx,
				    outcome_name(outcome), how, outcome_name(bit),
				    t->how[bit >> 1]);
}

void r_saw_state(struct racer *me, __u32 tx, __u32 state, const char *how)
{
	switch (state) {
	case KTM_TX_S_COMMITTING:
	case KTM_TX_S_COMMITTED:
		r_saw(me, tx, T_COMMITTED, how);
		break;
	case KTM_TX_S_ABORTING:
	case KTM_TX_S_ABORTED:
		r_saw(me, tx, T_ABORTED, how);
		break;
	case KTM_TX_S_INDOUBT:
		r_saw(me, tx, T_INDOUBT, how);
		break;
	}
}

void r_saw_en(struct racer *me, __u32 en, __u32 bits)
{
	atomic_fetch_or(&me->shared->en[en].seen, bits);
}

bool r_new_en(struct racer *me, __u32 tx, __u32 rm, __u32 *en)
{
	struct r_shared *shared = me->shared;
	__u32 at;

	*en = atomic_fetch_add(&shared->nr_ens, 1);
	if (*en >= R_ENS)
		return false;
	shared->en[*en].tx = tx;
	shared->en[*en].rm = rm;
	at = atomic_fetch_add(&shared->tx[tx].nr_ens, 1);
	if (at < R_TX_ENS)
		atomic_store(&shared->tx[tx].ens[at], *en + 1);
	return true;
}

bool r_find_en(struct racer *me, __u32 tx, const __u8 *uuid, __u32 *en)
{
	struct r_tx *t = &me->shared->tx[tx];
	__u32 i, nth;

	for (i = 0; i < R_TX_ENS; i++) {
		nth = atomic_load(&t->ens[i]);
		if (!nth || memcmp(me->shared->en[nth - 1].uuid, uuid, KTM_UUID_SIZE))
			continue;
		*en = nth - 1;
		return true;
	}
	return false;
}

static void note_outcome(struct racer *me, __u32 tx, __u32 type, const char **how)
{
	switch (type) {
	case KTM_NOTIFY_COMMIT:
	case KTM_NOTIFY_COMMIT_COMPLETE:
		*how = "a notification";
		r_saw(me, tx, T_COMMITTED, *how);
		break;
	case KTM_NOTIFY_ROLLBACK:
	case KTM_NOTIFY_ROLLBACK_COMPLETE:
		*how = "a notification";
		r_saw(me, tx, T_ABORTED, *how);
		break;
	case KTM_NOTIFY_RM_DISCONNECTED:
		r_saw(me, tx, T_INDOUBT, "a notification");
		break;
	}
}

bool r_note(struct racer *me, __u32 rm, const struct ktm_notification *note, __u32 *en)
{
	struct r_shared *shared = me->shared;
	const char *how = NULL;
	struct r_en *e;
	__u32 tx;

	if (note->type == KTM_NOTIFY_LAST_RECOVER)
		return false;
	if (!r_tx_number(shared, note->tx, &tx)) {
		r_violation(me, "notification %u names no transaction of ours", note->type);
		return false;
	}
	note_outcome(me, tx, note->type, &how);
	if (note->key && note->key >> 32 == shared->epoch + 1)
		*en = note->key;
	else if (!r_find_en(me, tx, note->enlistment, en))
		return false;
	e = &shared->en[*en];
	if (*en >= R_ENS || e->tx != tx || e->rm != rm) {
		r_violation(me, "notification %u has the key of another enlistment", note->type);
		return false;
	}
	/* who made it may have been killed before */
	memcpy(e->uuid, note->enlistment, KTM_UUID_SIZE);
	if (note->type == KTM_NOTIFY_COMMIT) {
		r_saw_en(me, *en, E_HEARD_COMMIT);
		if (atomic_fetch_add(&e->commits, 1) &&
		    !(atomic_load(&e->seen) & E_RECOVER_TRIED))
			r_violation(me, "COMMIT is told twice");
	} else if (note->type == KTM_NOTIFY_ROLLBACK) {
		r_saw_en(me, *en, E_HEARD_ROLLBACK);
	}
	return true;
}

static void before(struct racer *me, __u32 en, unsigned int cmd)
{
	__u32 bits = 0;

	if (cmd == KTM_IOC_EN_PREPARE_COMPLETE || cmd == KTM_IOC_EN_READ_ONLY ||
	    cmd == KTM_IOC_EN_COMMIT_COMPLETE)
		bits |= E_VOTE_TRIED;
	if (cmd == KTM_IOC_EN_COMMIT_COMPLETE || cmd == KTM_IOC_EN_ROLLBACK_COMPLETE ||
	    cmd == KTM_IOC_EN_READ_ONLY || cmd == KTM_IOC_EN_ROLLBACK)
		bits |= E_END_TRIED;
	if (cmd == KTM_IOC_EN_RECOVER)
		bits |= E_RECOVER_TRIED;
	if (cmd == KTM_IOC_EN_COMMIT)
		bits |= E_COMMIT_TRIED;
	r_saw_en(me, en, bits);
}

static void after(struct racer *me, __u32 en, unsigned int cmd, int ret)
{
	__u32 tx = me->shared->en[en].tx;

	if (ret == -ECANCELED)
		r_saw(me, tx, T_ABORTED, "ECANCELED of an answer");
	if (ret)
		return;
	if (cmd == KTM_IOC_EN_PREPARE_COMPLETE)
		r_saw_en(me, en, E_PREPARED);
	if (cmd == KTM_IOC_EN_COMMIT_COMPLETE)
		r_saw_en(me, en, E_HEARD_COMMIT);
	if (cmd == KTM_IOC_EN_ROLLBACK_COMPLETE || cmd == KTM_IOC_EN_ROLLBACK)
		r_saw_en(me, en, E_HEARD_ROLLBACK);
	if (cmd == KTM_IOC_EN_COMMIT_COMPLETE || cmd == KTM_IOC_EN_COMMIT)
		r_saw(me, tx, T_COMMITTED, "an answer");
	else if (cmd == KTM_IOC_EN_ROLLBACK_COMPLETE || cmd == KTM_IOC_EN_ROLLBACK)
		r_saw(me, tx, T_ABORTED, "an answer");
}

int r_answer(struct racer *me, const struct r_file *en, unsigned int cmd)
{
	struct ktm_en_answer arg = { .size = sizeof(arg) };
	int ret;

	before(me, en->nth, cmd);
	ret = r_call(me, en, me->shared->en[en->nth].tx + 1, cmd, &arg);
	after(me, en->nth, cmd, ret);
	return ret;
}

int r_veto(struct racer *me, const struct r_file *en)
{
	struct ktm_en_rollback arg = { .size = sizeof(arg), .reason = KTM_REASON_RM,
				       .detail = "a racer" };
	int ret;

	before(me, en->nth, KTM_IOC_EN_ROLLBACK);
	ret = r_call(me, en, me->shared->en[en->nth].tx + 1, KTM_IOC_EN_ROLLBACK, &arg);
	after(me, en->nth, KTM_IOC_EN_ROLLBACK, ret);
	return ret;
}

int r_savepoint_done(struct racer *me, const struct r_file *en, __u64 savepoint, __u32 error)
{
	struct ktm_en_savepoint arg = { .size = sizeof(arg), .savepoint = savepoint,
					.error = error };
	int ret = r_call(me, en, me->shared->en[en->nth].tx + 1, KTM_IOC_EN_SAVEPOINT_COMPLETE,
			 &arg);

	after(me, en->nth, KTM_IOC_EN_SAVEPOINT_COMPLETE, ret);
	return ret;
}

int r_en_open(struct racer *me, const struct r_file *rm, const __u8 *uuid, __u32 en,
	      struct r_file *file)
{
	struct ktm_en_open arg = { .size = sizeof(arg), .key = r_key(me->shared, en) };
	int ret;

	memcpy(arg.uuid, uuid, KTM_UUID_SIZE);
	ret = r_call(me, rm, 0, KTM_IOC_EN_OPEN, &arg);
	if (!ret)
		*file = (struct r_file){ .fd = arg.out_fd, .nth = en };
	return ret;
}

int r_en_info(struct racer *me, const struct r_file *en, struct ktm_en_info *info)
{
	struct r_en *e = &me->shared->en[en->nth];
	int ret;

	*info = (struct ktm_en_info){ .size = sizeof(*info) };
	ret = r_call(me, en, 0, KTM_IOC_EN_INFO, info);
	if (ret)
		return ret;
	r_saw_state(me, e->tx, info->tx_state, "en_info");
	if (info->key && info->key != r_key(me->shared, en->nth))
		r_violation(me, "en_info has another key");
	return 0;
}
