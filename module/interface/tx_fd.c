// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - fds of transactions
 */
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/seq_file.h>

#include "fd.h"
#include "ioctl.h"
#include "list.h"
#include "uring.h"
#include "../protocol/client.h"
#include "../protocol/deadline.h"
#include "../protocol/savepoint.h"

/* The number of an owner that is gone may be somebody else's by now. */
static u32 owner_pid(const struct ktm_tx *tx)
{
	if (!tx->owner || !pid_has_task(tx->owner, PIDTYPE_TGID))
		return 0;
	return pid_vnr(tx->owner);
}

static int tx_info(struct ktm_call *call)
{
	struct ktm_tx_info *info = &call->arg.tx_info;
	struct ktm_tx *tx = call->object;
	u32 size = info->size;

	memset(info, 0, sizeof(*info));
	info->size = size;
	export_uuid(info->uuid, &tx->obj.uuid);
	export_uuid(info->tm_uuid, &tx->tm->obj.uuid);
	if (tx->description)
		strscpy(info->description, tx->description, sizeof(info->description));
	info->owner_pid = owner_pid(tx);
	info->begun = tx->begun;
	spin_lock(&tx->lock);
	info->state = tx->state;
	info->reason = tx->reason;
	info->nr_enlistments = tx->nr_enlistments;
	info->nr_waiting = tx->nr_waiting;
	info->deadline = ktm_deadline_get(tx);
	if (tx->verdict) {
		info->error = tx->verdict->error;
		export_uuid(info->reason_rm, &tx->verdict->rm);
		strscpy(info->detail, tx->verdict->detail, sizeof(info->detail));
	}
	if (tx->superior) {
		export_uuid(info->superior, &tx->superior->obj.uuid);
		export_uuid(info->superior_rm, &tx->superior->rm->obj.uuid);
	}
	spin_unlock(&tx->lock);
	return 0;
}

static int en_list(struct ktm_call *call)
{
	struct ktm_tx *tx = call->object;

	return ktm_list_enlistments(&call->arg.list, tx->tm, tx);
}

static void fill_end(struct ktm_tx_end *end, struct ktm_tx *tx)
{
	spin_lock(&tx->lock);
	end->state = tx->state;
	end->reason = tx->reason;
	spin_unlock(&tx->lock);
	end->clock = ktm_tm_clock(tx->tm);
}

static enum ktm_wait wanted_wait(const struct ktm_call *call)
{
	if (call->arg.tx_end.flags & KTM_TX_END_F_NONBLOCK)
		return call->try ? KTM_WAIT_NEVER : KTM_WAIT_NOT;
	return call->try ? KTM_WAIT_LATER : KTM_WAIT;
}

static int end_tx(struct ktm_call *call,
		  int (*fn)(struct ktm_tx *tx, enum ktm_wait wait))
{
	enum ktm_wait wait = wanted_wait(call);
	struct ktm_tx_end *end = &call->arg.tx_end;
	struct ktm_tx *tx = call->object;
	int ret;

	if (end->state || end->reason)
		return -EINVAL;
	ret = ktm_tm_see_clock(tx->tm, end->clock);
	if (ret)
		return ret;
	ret = fn(tx, wait);
	call->again = ret == -ERESTARTNOINTR ||
		      (wait == KTM_WAIT_LATER && (ret == -EINPROGRESS || ret == -EAGAIN));
	if (call->again)
		return -EAGAIN;
	/* a restarted call must find its argument as it was */
	if (ret != -ERESTARTSYS)
		fill_end(end, tx);
	return ret;
}

static int tx_commit(struct ktm_call *call)
{
	return end_tx(call, ktm_client_commit);
}

static int tx_rollback(struct ktm_call *call)
{
	return end_tx(call, ktm_client_rollback);
}

static int tx_set_timeout(struct ktm_call *call)
{
	return ktm_deadline_set(call->object, call->arg.tx_set_timeout.deadline);
}

static int savepoint(struct ktm_call *call, u32 asks)
{
	struct ktm_tx_savepoint *arg = &call->arg.tx_savepoint;
	struct ktm_savepoint_call what = {
		.asks = asks,
		.savepoint = arg->savepoint,
	};
	int ret;

	if (memchr_inv(arg->rm, 0, sizeof(arg->rm)))
		return -EINVAL;
	ret = ktm_savepoint_do(call->object, &what);
	if (!ret)
		arg->savepoint = what.savepoint;
	export_uuid(arg->rm, &what.rm);
	return ret;
}

static int tx_savepoint(struct ktm_call *call)
{
	if (call->arg.tx_savepoint.savepoint)
		return -EINVAL;
	return savepoint(call, KTM_NOTIFY_SAVEPOINT);
}

static int tx_rollback_to(struct ktm_call *call)
{
	return savepoint(call, KTM_NOTIFY_SAVEPOINT_ROLLBACK);
}

static int tx_release(struct ktm_call *call)
{
	return savepoint(call, KTM_NOTIFY_SAVEPOINT_RELEASE);
}

static const struct ktm_ioctl_op tx_ops[] = {
	KTM_IOCTL_OP_GET_ABI,
	KTM_IOCTL_OP_FD_INFO,
	KTM_IOCTL_OP_RESTRICT,
	KTM_IOCTL_OP(KTM_IOC_TX_INFO, tx_info, struct ktm_tx_info, detail, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_EN_LIST, en_list, struct ktm_list, reserved, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_TX_COMMIT, tx_commit, struct ktm_tx_end, reason,
		     KTM_TX_END_F_MASK, KTM_RIGHT_COMMIT, KTM_OP_ALWAYS | KTM_OP_URING),
	KTM_IOCTL_OP(KTM_IOC_TX_ROLLBACK, tx_rollback, struct ktm_tx_end, reason,
		     KTM_TX_END_F_MASK, KTM_RIGHT_ROLLBACK,
		     KTM_OP_ALWAYS | KTM_OP_URING),
	KTM_IOCTL_OP(KTM_IOC_TX_SET_TIMEOUT, tx_set_timeout, struct ktm_tx_set_timeout,
		     deadline, 0, KTM_RIGHT_SET, KTM_OP_IN),
	KTM_IOCTL_OP(KTM_IOC_TX_SAVEPOINT, tx_savepoint, struct ktm_tx_savepoint, rm, 0,
		     KTM_RIGHT_SET, KTM_OP_ALWAYS),
	KTM_IOCTL_OP(KTM_IOC_TX_ROLLBACK_TO, tx_rollback_to, struct ktm_tx_savepoint, rm, 0,
		     KTM_RIGHT_ROLLBACK, KTM_OP_ALWAYS | KTM_OP_ON_ERROR),
	KTM_IOCTL_OP(KTM_IOC_TX_RELEASE, tx_release, struct ktm_tx_savepoint, rm, 0,
		     KTM_RIGHT_SET, KTM_OP_ALWAYS | KTM_OP_ON_ERROR),
};

static long tx_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ktm_ioctl_dispatch(ktm_fd_of(file), cmd, arg, tx_ops, ARRAY_SIZE(tx_ops));
}

static int tx_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	return ktm_uring_dispatch(cmd, issue_flags, tx_ops, ARRAY_SIZE(tx_ops));
}

static __poll_t tx_poll(struct file *file, poll_table *wait)
{
	struct ktm_tx *tx = ktm_fd_of(file)->object;
	__poll_t mask = 0;

	poll_wait(file, &tx->wait, wait);
	poll_wait(file, &tx->tm->freeze_wait, wait);
	if (ktm_client_settled(tx))
		mask |= EPOLLIN | EPOLLRDNORM;
	/* a commit that is asked for would begin */
	if (!READ_ONCE(tx->tm->freeze))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static int tx_flush(struct file *file, fl_owner_t id)
{
	ktm_client_flush(ktm_fd_of(file)->object);
	return 0;
}

static bool may_end(u64 rights)
{
	return rights & (KTM_RIGHT_COMMIT | KTM_RIGHT_ROLLBACK);
}

static void tx_hold(const struct ktm_fd *fd, u64 rights)
{
	/* an fd is there, so it has begun */
	WARN_ON_ONCE(!ktm_client_open(fd->object, may_end(rights)));
}

static void tx_put(const struct ktm_fd *fd)
{
	ktm_client_close(fd->object, may_end(fd->rights));
}

static void tx_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ktm_tx *tx = ktm_fd_of(file)->object;

	seq_printf(m, "ktm-tx:\t%pUb\nktm-tm:\t%pUb\nstate:\t%u\n", &tx->obj.uuid,
		   &tx->tm->obj.uuid, READ_ONCE(tx->state));
	ktm_fd_show(m, file);
}

static const struct file_operations tx_fops = {
	.owner = THIS_MODULE,
	.flush = tx_flush,
	.release = ktm_fd_release,
	.poll = tx_poll,
	.unlocked_ioctl = tx_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.uring_cmd = tx_uring_cmd,
	.show_fdinfo = tx_show_fdinfo,
	.llseek = noop_llseek,
};

const struct ktm_fd_kind ktm_tx_kind = {
	.name = "[ktm-tx]",
	.number = KTM_KIND_TX,
	.rights = KTM_RIGHTS_TX,
	.fops = &tx_fops,
	.hold = tx_hold,
	.release = tx_put,
};
