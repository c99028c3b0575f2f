// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - racing processes: one of them
 *
 * Which operations a process does, and with which random numbers, depends on the seed
 * alone; on which objects, also on what the others did.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include "race_ops.h"

#define LIFE_MS		1500	/* of a transaction that nobody decides, at most */
#define OVERTIME	8	/* so often the operations that it has to do, at most */
#define ALARM_S		20	/* after so long a call that waits is interrupted */

/* What goes with an fd to another process */
struct passed {
	char kind;
	struct r_file file;
};

__u64 r_random(struct racer *me, __u64 below)
{
	me->random ^= me->random << 13;
	me->random ^= me->random >> 7;
	me->random ^= me->random << 17;
	return below ? (me->random >> 11) % below : me->random;
}

static struct r_file *pick(struct racer *me, struct r_file *files, int nr)
{
	int i, at = r_random(me, nr);

	for (i = 0; i < nr; i++, at = (at + 1) % nr)
		if (files[at].fd >= 0)
			return &files[at];
	return NULL;
}

struct r_file *r_pick_tx(struct racer *me)
{
	return pick(me, me->tx, R_MINE_TXS);
}

struct r_file *r_pick_rm(struct racer *me)
{
	return pick(me, me->rm, R_RMS);
}

struct r_file *r_pick_en(struct racer *me)
{
	return pick(me, me->en, R_MINE_ENS);
}

void r_drop(struct r_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

void r_keep(struct racer *me, struct r_file *files, int nr, struct r_file file)
{
	int i;

	for (i = 0; i < nr && files[i].fd >= 0; i++)
		;
	if (i == nr)
		i = r_random(me, nr);
	r_drop(&files[i]);
	files[i] = file;
}

static void keep_tx(struct racer *me, int fd, __u32 nth)
{
	r_keep(me, me->tx, R_MINE_TXS, (struct r_file){ .fd = fd, .nth = nth });
}

static __u64 some_deadline(struct racer *me)
{
	return now_ns() + (r_random(me, 10) ? 50 + r_random(me, LIFE_MS) : r_random(me, 20)) *
	       MSEC;
}

static void op_tx_create(struct racer *me)
{
	struct r_file tm = { .fd = me->tm };
	struct ktm_tx_create arg = { .size = sizeof(arg), .description = "racer" };
	__u32 nth = atomic_fetch_add(&me->shared->nr_txs, 1);

	/* there is room for more than the operations make */
	if (nth >= R_TXS)
		return;
	r_tx_uuid(me->shared, nth, arg.uuid);
	arg.deadline = some_deadline(me);
	if (r_call(me, &tm, nth + 1, KTM_IOC_TX_CREATE, &arg))
		return;
	keep_tx(me, arg.out_fd, nth);
	atomic_store(&me->shared->recent[r_random(me, R_RECENT)], nth + 1);
}

static void op_tx_open(struct racer *me)
{
	struct ktm_open arg = { .size = sizeof(arg) };
	struct r_file tm = { .fd = me->tm };
	__u32 nth = atomic_load(&me->shared->recent[r_random(me, R_RECENT)]);

	if (!nth)
		return;
	r_tx_uuid(me->shared, nth - 1, arg.uuid);
	if (!r_call(me, &tm, nth, KTM_IOC_TX_OPEN, &arg))
		keep_tx(me, arg.out_fd, nth - 1);
}

/* One in which somebody is enlisted, mostly: the others are no feat. */
static struct r_file *pick_busy_tx(struct racer *me)
{
	int i, at = r_random(me, R_MINE_TXS);

	if (!r_random(me, 10))
		return r_pick_tx(me);
	for (i = 0; i < R_MINE_TXS; i++, at = (at + 1) % R_MINE_TXS)
		if (me->tx[at].fd >= 0 &&
		    atomic_load(&me->shared->tx[me->tx[at].nth].nr_ens) &&
		    !(atomic_load(&me->shared->tx[me->tx[at].nth].seen) & T_OUTCOMES))
			return &me->tx[at];
	return NULL;
}

static void op_tx_close(struct racer *me)
{
	struct r_file *tx = r_pick_tx(me);

	if (tx)
		r_drop(tx);
}

/* The others answer, as long as they are there. */
static bool may_block(struct racer *me)
{
	return me->may_block && !atomic_load(&me->shared->finishing);
}

static void op_commit(struct racer *me)
{
	struct ktm_tx_end arg = { .size = sizeof(arg) };
	struct r_file *tx = pick_busy_tx(me);
	int ret;

	if (!tx)
		return;
	/* a superior may take its time */
	if (!may_block(me) || r_random(me, 2) ||
	    (atomic_load(&me->shared->tx[tx->nth].seen) & T_SUPERIOR && r_random(me, 20)))
		arg.flags = KTM_TX_END_F_NONBLOCK;
	ret = r_call(me, tx, tx->nth + 1, KTM_IOC_TX_COMMIT, &arg);
	if (!ret)
		r_saw(me, tx->nth, T_COMMITTED, "commit");
	else if (ret == -ECANCELED)
		r_saw(me, tx->nth, T_ABORTED, "commit");
	else if (ret == -EIO)
		r_saw(me, tx->nth, T_INDOUBT, "commit");
	r_saw_state(me, tx->nth, arg.state, "the state that commit gives");
	if (ret == -EAGAIN && !(arg.flags & KTM_TX_END_F_NONBLOCK))
		r_violation(me, "a commit that waits gives EAGAIN");
}

static void op_rollback(struct racer *me)
{
	struct ktm_tx_end arg = { .size = sizeof(arg) };
	struct r_file *tx = r_pick_tx(me);
	int ret;

	if (!tx)
		return;
	if (!may_block(me) || r_random(me, 2))
		arg.flags = KTM_TX_END_F_NONBLOCK;
	ret = r_call(me, tx, tx->nth + 1, KTM_IOC_TX_ROLLBACK, &arg);
	if (!ret || ret == -EINPROGRESS)
		r_saw(me, tx->nth, T_ABORTED, "rollback");
	r_saw_state(me, tx->nth, arg.state, "the state that rollback gives");
}

static void op_set_timeout(struct racer *me)
{
	struct ktm_tx_set_timeout arg = { .size = sizeof(arg), .deadline = some_deadline(me) };
	struct r_file *tx = r_pick_tx(me);

	if (tx)
		r_call(me, tx, tx->nth + 1, KTM_IOC_TX_SET_TIMEOUT, &arg);
}

static void op_tx_info(struct racer *me)
{
	struct ktm_tx_info arg = { .size = sizeof(arg) };
	struct r_file *tx = r_pick_tx(me);

	if (tx && !r_call(me, tx, tx->nth + 1, KTM_IOC_TX_INFO, &arg))
		r_saw_state(me, tx->nth, arg.state, "tx_info");
}

/* It ends with the transaction, which has a deadline. */
static void op_savepoint(struct racer *me)
{
	static const unsigned int cmds[] = { KTM_IOC_TX_SAVEPOINT, KTM_IOC_TX_ROLLBACK_TO,
					     KTM_IOC_TX_RELEASE };
	struct ktm_tx_savepoint arg = { .size = sizeof(arg) };
	int which = r_random(me, 4) % 3;
	struct r_file *tx = pick_busy_tx(me);

	if (!tx || !may_block(me))
		return;
	if (which)
		arg.savepoint = 1 + r_random(me, 3);
	if (r_call(me, tx, tx->nth + 1, cmds[which], &arg) == -ECANCELED)
		r_saw(me, tx->nth, T_ABORTED, "a savepoint");
}

/* Gone to whoever takes it, or closed on its way when there is no room */
static void op_give(struct racer *me)
{
	struct r_file *file;
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct passed passed = { .kind = "txre"[r_random(me, 4)] };
	struct iovec iov = { .iov_base = &passed, .iov_len = sizeof(passed) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	if (passed.kind == 'r')
		file = r_pick_rm(me);
	else
		file = passed.kind == 'e' ? r_pick_en(me) : r_pick_tx(me);
	if (!file)
		return;
	passed.file = *file;
	memcpy(CMSG_DATA(&control.head), &file->fd, sizeof(int));
	if (sendmsg(me->market[0], &msg, MSG_DONTWAIT) == sizeof(passed))
		atomic_fetch_add(&me->shared->passed, 1);
	/* and keeps it, sometimes */
	if (passed.kind != 'r' && r_random(me, 3))
		r_drop(file);
}

static void op_take(struct racer *me)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { };
	struct passed passed;
	struct iovec iov = { .iov_base = &passed, .iov_len = sizeof(passed) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	/* without room for it the kernel closes it */
	if (!r_random(me, 6)) {
		msg.msg_controllen = 0;
		if (recvmsg(me->market[1], &msg, MSG_DONTWAIT) > 0)
			atomic_fetch_add(&me->shared->dropped, 1);
		return;
	}
	if (recvmsg(me->market[1], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != sizeof(passed) ||
	    !CMSG_FIRSTHDR(&msg))
		return;
	memcpy(&passed.file.fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	if (passed.kind == 'r') {
		r_drop(&me->rm[passed.file.nth]);
		me->rm[passed.file.nth] = passed.file;
	} else if (passed.kind == 'e') {
		r_keep(me, me->en, R_MINE_ENS, passed.file);
	} else {
		r_keep(me, me->tx, R_MINE_TXS, passed.file);
	}
}

/* An fd with fewer rights, in place of the other or beside it */
static void op_restrict(struct racer *me)
{
	struct ktm_restrict arg = { .size = sizeof(arg), .rights = r_random(me, 0) };
	struct ktm_fd_info info = { .size = sizeof(info) };
	struct r_file *file = r_random(me, 2) ? r_pick_tx(me) : r_pick_en(me), weak;

	if (!file)
		return;
	if (r_random(me, 2))
		arg.rights |= KTM_RIGHT_COMMIT | KTM_RIGHT_ANSWER;
	if (r_call(me, file, 0, KTM_IOC_RESTRICT, &arg))
		return;
	weak = (struct r_file){ .fd = arg.out_fd, .nth = file->nth, .weak = true };
	if (!r_call(me, &weak, 0, KTM_IOC_FD_INFO, &info) && info.rights != arg.rights)
		r_violation(me, "an fd has other rights than it was given");
	if (r_random(me, 2)) {
		r_drop(&weak);
		return;
	}
	r_drop(file);
	*file = weak;
}

static void list_all(struct racer *me, const struct r_file *file, unsigned int cmd)
{
	__u8 uuids[16][KTM_UUID_SIZE];
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids };
	int rounds = 0;

	do {
		list.count = ARRAY_LEN(uuids);
		if (r_call(me, file, 0, cmd, &list))
			return;
	} while (list.count && rounds++ < 20);
}

static void op_list(struct racer *me)
{
	struct r_file tm = { .fd = me->tm }, dev = { .fd = me->dev }, *file = &tm;
	unsigned int cmd = KTM_IOC_EN_LIST;

	switch (r_random(me, 6)) {
	case 0:
		file = &dev;
		cmd = KTM_IOC_TM_LIST;
		break;
	case 1:
		cmd = KTM_IOC_TX_LIST;
		break;
	case 2:
		cmd = KTM_IOC_RM_LIST;
		break;
	case 3:
		file = r_pick_tx(me);
		break;
	case 4:
		file = r_pick_rm(me);
		break;
	}
	if (file)
		list_all(me, file, cmd);
}

/* By the TM, of what may be there or not */
static void op_look(struct racer *me)
{
	struct r_shared *shared = me->shared;
	struct r_file tm = { .fd = me->tm }, rm = { .nth = r_random(me, R_RMS) };
	struct ktm_en_info en_info = { .size = sizeof(en_info) };
	struct ktm_rm_info rm_info = { .size = sizeof(rm_info) };
	struct ktm_tm_info tm_info = { .size = sizeof(tm_info) };
	struct ktm_open open = { .size = sizeof(open) };
	struct r_file *en = r_pick_en(me);

	r_call(me, &tm, 0, KTM_IOC_TM_INFO, &tm_info);
	memcpy(rm_info.uuid, shared->rm_uuid[rm.nth], KTM_UUID_SIZE);
	memcpy(open.uuid, rm_info.uuid, KTM_UUID_SIZE);
	r_call(me, &tm, 0, KTM_IOC_RM_INFO, &rm_info);
	if (!r_call(me, &tm, 0, KTM_IOC_RM_OPEN, &open)) {
		rm.fd = open.out_fd;
		memset(&rm_info, 0, sizeof(rm_info));
		rm_info.size = sizeof(rm_info);
		r_call(me, &rm, 0, KTM_IOC_RM_INFO, &rm_info);
		close(rm.fd);
	}
	if (!en)
		return;
	memcpy(en_info.uuid, shared->en[en->nth].uuid, KTM_UUID_SIZE);
	if (!r_call(me, &tm, 0, KTM_IOC_EN_INFO, &en_info))
		r_saw_state(me, shared->en[en->nth].tx, en_info.tx_state, "en_info of the TM");
}

/* So short that nobody waits for long */
static void op_freeze(struct racer *me)
{
	struct ktm_tm_freeze arg = { .size = sizeof(arg) };
	struct ktm_simple thaw = { .size = sizeof(thaw) };
	struct r_file tm = { .fd = me->tm };
	__u64 now = now_ns();

	arg.freeze_deadline = now + r_random(me, 5) * MSEC;
	arg.thaw_deadline = now + (10 + r_random(me, 10)) * MSEC;
	if (r_random(me, 2))
		r_call(me, &tm, 0, KTM_IOC_TM_FREEZE, &arg);
	else
		r_call(me, &tm, 0, KTM_IOC_TM_THAW, &thaw);
}

/* What is refused, whatever the others do */
static void op_refused(struct racer *me)
{
	struct ktm_tm_rollforward roll = { .size = sizeof(roll), .clock = 1 };
	struct ktm_tm_recover recover = { .size = sizeof(recover) };
	struct ktm_simple detach = { .size = sizeof(detach) };
	struct ktm_get_abi abi = { .size = sizeof(abi) };
	struct r_file tm = { .fd = me->tm };

	r_call(me, &tm, 0, KTM_IOC_GET_ABI, &abi);
	r_call(me, &tm, 0, KTM_IOC_TM_ROLLFORWARD, &roll);
	r_call(me, &tm, 0, KTM_IOC_TM_RECOVER, &recover);
	/* of a durable one it might succeed */
	if (!me->shared->durable)
		r_call(me, &tm, 0, KTM_IOC_TM_DETACH, &detach);
}

static const struct {
	void (*run)(struct racer *me);
	int weight;
} ops[] = {
	{ op_tx_create, 45 }, { op_tx_open, 25 }, { op_tx_close, 12 }, { op_commit, 50 },
	{ op_rollback, 3 }, { op_set_timeout, 4 }, { op_tx_info, 20 }, { op_savepoint, 40 },
	{ r_op_rm_create, 20 }, { r_op_rm_recover, 2 }, { r_op_rm_close, 2 }, { r_op_enlist, 70 },
	{ r_op_read, 160 }, { r_op_answer, 60 }, { r_op_lie, 12 }, { r_op_en_close, 5 },
	{ r_op_log, 15 }, { r_op_read_log, 8 }, { r_op_recovery_info, 10 }, { op_give, 20 },
	{ op_take, 20 }, { r_op_sweep, 30 }, { op_restrict, 5 }, { op_list, 8 }, { op_look, 8 },
	{ op_freeze, 3 }, { op_refused, 3 },
};

static void do_one(struct racer *me)
{
	int i, sum = 0, at;

	for (i = 0; i < ARRAY_LEN(ops); i++)
		sum += ops[i].weight;
	at = r_random(me, sum);
	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	ops[i].run(me);
}

static void on_alarm(int signal)
{
}

/* splitmix64 */
static __u64 mix(__u64 *state)
{
	__u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* Those that never wait stay as long as somebody may wait for them. */
static bool goes_on(const struct racer *me, __u64 goal)
{
	__u64 done = atomic_load(&me->proc->ops);

	if (atomic_load(&me->shared->stop))
		return false;
	return done < goal || (!me->may_block && done < OVERTIME * goal &&
			       atomic_load(&me->shared->nr_waiters));
}

_Noreturn void r_work(struct racer *me, __u64 seed, __u64 goal)
{
	struct itimerval timer = { .it_interval.tv_sec = ALARM_S, .it_value.tv_sec = ALARM_S };
	struct sigaction action = { .sa_handler = on_alarm };
	struct ktm_open open = { .size = sizeof(open) };
	struct r_file dev = { .fd = me->dev };

	/* a freeze belongs to the fd on which it was asked for: each has its own */
	memcpy(open.uuid, me->shared->tm_uuid, KTM_UUID_SIZE);
	if (r_call(me, &dev, 0, KTM_IOC_TM_OPEN, &open))
		_exit(1);
	close(me->tm);
	me->tm = open.out_fd;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	while (goes_on(me, goal)) {
		/* an operation has its own, so that the next does not depend on its course */
		me->random = mix(&seed) | 1;
		do_one(me);
		atomic_fetch_add(&me->proc->ops, 1);
	}
	_exit(0);
}
