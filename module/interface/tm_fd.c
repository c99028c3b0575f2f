// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - fds of transaction managers
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kdev_t.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "fd.h"
#include "ioctl.h"
#include "list.h"
#include "names.h"
#include "stream_fd.h"
#include "../object/rm.h"
#include "../protocol/attach.h"
#include "../protocol/client.h"
#include "../protocol/freeze.h"
#include "../protocol/rm.h"
#include "../protocol/room.h"
#include "../protocol/share.h"

static void fill_log_info(struct ktm_tm_info *info, struct ktm_tm *tm)
{
	struct ktm_log_stat stat;
	struct ktm_log *log;
	uuid_t uuid;
	int idx;

	log = ktm_tm_use_log(tm, &idx);
	if (log) {
		ktm_log_get_stat(log, &stat);
		info->dev_major = MAJOR(stat.dev);
		info->dev_minor = MINOR(stat.dev);
		info->log_size = stat.size;
		info->log_tail = stat.tail;
		info->log_head = stat.head;
		info->log_durable = stat.durable;
		info->log_reserved = stat.reserved;
		info->log_flushes = stat.flushes;
		info->log_writes = stat.writes;
		info->log_bytes = stat.bytes;
		info->user_log_max = ktm_share_limit(log);
		info->log_kept = atomic64_read(&tm->kept);
		info->log_kept_max = ktm_share_kept_limit(log);
		info->log_recovered = stat.recovered;
		if (ktm_room_oldest(tm, &uuid, &info->oldest_lsn))
			export_uuid(info->oldest_tx, &uuid);
	}
	ktm_tm_unuse_log(tm, idx);
}

static int tm_info(struct ktm_call *call)
{
	struct ktm_tm_info *info = &call->arg.tm_info;
	struct ktm_payer payer = ktm_payer_current();
	struct ktm_tm *tm = call->object;
	u32 size = info->size;

	memset(info, 0, sizeof(*info));
	info->size = size;
	info->flags = tm->durable ? KTM_TM_INFO_F_DURABLE : 0;
	export_uuid(info->uuid, &tm->obj.uuid);
	strscpy(info->name, tm->name, sizeof(info->name));
	info->uid = from_kuid_munged(current_user_ns(), tm->uid);
	info->gid = from_kgid_munged(current_user_ns(), tm->gid);
	info->mode = tm->mode;
	info->clock = atomic64_read(&tm->clock);
	spin_lock(&tm->lock);
	info->state = tm->state;
	info->error = -tm->error;
	info->nr_rms = tm->nr_present;
	info->nr_active = tm->nr_active;
	info->nr_unfinished = tm->nr_unfinished;
	info->committed = tm->committed;
	info->aborted = tm->aborted;
	if (ktm_freeze_is_on_locked(tm))
		info->flags |= KTM_TM_INFO_F_FROZEN;
	spin_unlock(&tm->lock);
	fill_log_info(info, tm);
	info->user_objects = ktm_objects_used(payer.uid, &info->user_objects_max);
	info->user_log = ktm_quota_used(&tm->shares, payer.uid);
	return 0;
}

static int tm_detach(struct ktm_call *call)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return ktm_detach(call->object);
}

static int tm_rollforward(struct ktm_call *call)
{
	struct ktm_tm_rollforward *arg = &call->arg.tm_rollforward;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (arg->recovered || arg->left)
		return -EINVAL;
	return ktm_attach_rollforward(call->object, arg->clock, &arg->recovered,
				      &arg->left);
}

static int tm_recover(struct ktm_call *call)
{
	struct ktm_tm_recover *arg = &call->arg.tm_recover;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (arg->recovered || arg->discarded)
		return -EINVAL;
	return ktm_attach_recover(call->object, arg->flags & KTM_TM_RECOVER_F_DISCARD,
				  &arg->recovered, &arg->discarded);
}

/* Every client of the TM waits for whoever may freeze it. */
static bool may_freeze(const struct ktm_tm *tm)
{
	return uid_eq(current_fsuid(), tm->uid) || capable(CAP_SYS_ADMIN);
}

static int tm_freeze(struct ktm_call *call)
{
	struct ktm_tm_freeze *arg = &call->arg.tm_freeze;
	uuid_t blocker;
	int ret;

	if (!may_freeze(call->object))
		return -EPERM;
	import_uuid(&blocker, arg->tx);
	if (!uuid_is_null(&blocker))
		return -EINVAL;
	ret = ktm_freeze_begin(call->object, call->fd, arg->freeze_deadline,
			       arg->thaw_deadline, &blocker);
	export_uuid(arg->tx, &blocker);
	return ret;
}

static int tm_thaw(struct ktm_call *call)
{
	if (!may_freeze(call->object))
		return -EPERM;
	return ktm_freeze_thaw(call->object, call->fd);
}

static int tx_create(struct ktm_call *call)
{
	struct ktm_tx_create *arg = &call->arg.tx_create;
	struct ktm_tm *tm = call->object;
	struct ktm_tx *tx;
	uuid_t uuid;
	int ret;

	ret = ktm_name_check(arg->description);
	if (ret || arg->reserved || arg->out_fd)
		return -EINVAL;
	import_uuid(&uuid, arg->uuid);
	tx = ktm_client_begin(tm, &uuid, arg->description, arg->deadline);
	if (IS_ERR(tx))
		return PTR_ERR(tx);
	call->new_file = ktm_fd_file(&ktm_tx_kind, tx, KTM_RIGHTS_TX, 0);
	if (IS_ERR(call->new_file)) {
		ret = PTR_ERR(call->new_file);
		call->new_file = NULL;
		ktm_client_close(tx, true);
		return ret;
	}
	export_uuid(arg->uuid, &tx->obj.uuid);
	call->new_fd = &arg->out_fd;
	return 0;
}

static int tx_open(struct ktm_call *call)
{
	struct ktm_open *arg = &call->arg.open;
	struct ktm_tm *tm = call->object;
	struct ktm_tx *tx;
	u64 rights = call->fd->rights & KTM_RIGHTS_TX;
	bool may_end = rights & (KTM_RIGHT_COMMIT | KTM_RIGHT_ROLLBACK);
	uuid_t uuid;
	bool opened;
	int ret;

	if (arg->reserved || arg->out_fd)
		return -EINVAL;
	import_uuid(&uuid, arg->uuid);
	tx = ktm_tx_find(tm, &uuid);
	if (!tx)
		return -ENOENT;
	opened = ktm_client_open(tx, may_end);
	ktm_tx_put(tx);
	if (!opened)
		return -ENOENT;
	call->new_file = ktm_fd_file(&ktm_tx_kind, tx, rights, 0);
	if (IS_ERR(call->new_file)) {
		ret = PTR_ERR(call->new_file);
		call->new_file = NULL;
		ktm_client_close(tx, may_end);
		return ret;
	}
	call->new_fd = &arg->out_fd;
	return 0;
}

static int rm_create(struct ktm_call *call)
{
	struct ktm_rm_create *arg = &call->arg.rm_create;
	struct ktm_rm_who who = {
		.uid = current_fsuid(),
		.admin = capable(CAP_SYS_ADMIN),
		.payer = ktm_payer_current(),
	};
	struct ktm_tm *tm = call->object;
	struct ktm_rm *rm;
	uuid_t uuid;
	int ret;

	ret = ktm_name_check(arg->name);
	if (ret || arg->reserved || arg->out_fd)
		return -EINVAL;
	import_uuid(&uuid, arg->uuid);
	rm = ktm_rm_begin_life(tm, &uuid, arg->name, arg->flags, &who, NULL, NULL);
	if (IS_ERR(rm))
		return PTR_ERR(rm);
	/* the life is ours, so its number stays */
	call->new_file = ktm_fd_file(&ktm_rm_kind, rm, KTM_RIGHTS_RM, rm->life);
	if (IS_ERR(call->new_file)) {
		ret = PTR_ERR(call->new_file);
		call->new_file = NULL;
		ktm_rm_end_life(rm);
		return ret;
	}
	export_uuid(arg->uuid, &rm->obj.uuid);
	call->new_fd = &arg->out_fd;
	return 0;
}

static int rm_info(struct ktm_call *call)
{
	struct ktm_rm_info *info = &call->arg.rm_info;
	struct ktm_tm *tm = call->object;
	struct ktm_rm *rm;
	uuid_t uuid;

	import_uuid(&uuid, info->uuid);
	rm = ktm_rm_find(tm, &uuid);
	if (!rm)
		return -ENOENT;
	ktm_rm_fill_info(info, rm);
	ktm_rm_put(rm);
	return 0;
}

static int rm_open(struct ktm_call *call)
{
	struct ktm_open *arg = &call->arg.open;
	struct ktm_rm *rm;
	struct file *file;
	uuid_t uuid;

	if (arg->reserved || arg->out_fd)
		return -EINVAL;
	import_uuid(&uuid, arg->uuid);
	rm = ktm_rm_find(call->object, &uuid);
	if (!rm)
		return -ENOENT;
	/* its life does not matter to one who looks */
	file = ktm_fd_file(&ktm_rm_kind, rm, KTM_RIGHT_QUERY, 0);
	if (IS_ERR(file)) {
		ktm_rm_put(rm);
		return PTR_ERR(file);
	}
	call->new_file = file;
	call->new_fd = &arg->out_fd;
	return 0;
}

static int en_info(struct ktm_call *call)
{
	struct ktm_en_info *info = &call->arg.en_info;
	struct ktm_enlistment *en;
	uuid_t uuid;

	import_uuid(&uuid, info->uuid);
	en = ktm_enlistment_find(call->object, &uuid);
	if (!en)
		return -ENOENT;
	ktm_en_fill_info(info, en, 0);
	ktm_enlistment_put(en);
	return 0;
}

static int en_list(struct ktm_call *call)
{
	return ktm_list_enlistments(&call->arg.list, call->object, NULL);
}

static int tx_list(struct ktm_call *call)
{
	struct ktm_tm *tm = call->object;

	return ktm_list_registry(&call->arg.list, &tm->txs, ktm_list_put_tx);
}

static int rm_list(struct ktm_call *call)
{
	struct ktm_tm *tm = call->object;

	return ktm_list_registry(&call->arg.list, &tm->rms, ktm_list_put_rm);
}

static const struct ktm_ioctl_op tm_ops[] = {
	KTM_IOCTL_OP_GET_ABI,
	KTM_IOCTL_OP_FD_INFO,
	KTM_IOCTL_OP_RESTRICT,
	KTM_IOCTL_OP(KTM_IOC_TM_INFO, tm_info, struct ktm_tm_info, log_bytes, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_TM_DETACH, tm_detach, struct ktm_simple, flags, 0,
		     KTM_RIGHT_DETACH, KTM_OP_IN),
	KTM_IOCTL_OP(KTM_IOC_TM_ROLLFORWARD, tm_rollforward, struct ktm_tm_rollforward,
		     left, 0, KTM_RIGHT_DETACH, 0),
	KTM_IOCTL_OP(KTM_IOC_TM_RECOVER, tm_recover, struct ktm_tm_recover, discarded,
		     KTM_TM_RECOVER_F_MASK, KTM_RIGHT_DETACH, 0),
	KTM_IOCTL_OP(KTM_IOC_TM_FREEZE, tm_freeze, struct ktm_tm_freeze, tx, 0,
		     KTM_RIGHT_DETACH, KTM_OP_ALWAYS | KTM_OP_ON_ERROR),
	KTM_IOCTL_OP(KTM_IOC_TM_THAW, tm_thaw, struct ktm_simple, flags, 0,
		     KTM_RIGHT_DETACH, KTM_OP_IN),
	KTM_IOCTL_OP(KTM_IOC_TX_CREATE, tx_create, struct ktm_tx_create, reserved, 0,
		     KTM_RIGHT_BEGIN, KTM_OP_FD),
	/* gives away no right that the fd does not have */
	KTM_IOCTL_OP(KTM_IOC_TX_OPEN, tx_open, struct ktm_open, reserved, 0,
		     KTM_RIGHT_NONE, KTM_OP_FD),
	KTM_IOCTL_OP(KTM_IOC_TX_LIST, tx_list, struct ktm_list, reserved, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_RM_CREATE, rm_create, struct ktm_rm_create, reserved,
		     KTM_RM_F_MASK, KTM_RIGHT_CREATE_RM, KTM_OP_FD),
	KTM_IOCTL_OP(KTM_IOC_RM_LIST, rm_list, struct ktm_list, reserved, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_RM_OPEN, rm_open, struct ktm_open, reserved, 0,
		     KTM_RIGHT_QUERY, KTM_OP_FD),
	KTM_IOCTL_OP(KTM_IOC_EN_LIST, en_list, struct ktm_list, reserved, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_EN_INFO, en_info, struct ktm_en_info, nr_records, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_RM_INFO, rm_info, struct ktm_rm_info, reserved, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_STREAM_CREATE, ktm_stream_fd_create, struct ktm_stream_create,
		     limit, 0, KTM_RIGHT_STREAM, KTM_OP_FD),
	KTM_IOCTL_OP(KTM_IOC_STREAM_OPEN, ktm_stream_fd_open, struct ktm_stream_open,
		     reserved, 0, KTM_RIGHT_STREAM, KTM_OP_FD),
	KTM_IOCTL_OP(KTM_IOC_STREAM_LIST, ktm_stream_fd_list, struct ktm_list, reserved, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_STREAM_INFO, ktm_stream_fd_info, struct ktm_stream_info, bytes,
		     0, KTM_RIGHT_QUERY, 0),
};

static long tm_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ktm_ioctl_dispatch(ktm_fd_of(file), cmd, arg, tm_ops, ARRAY_SIZE(tm_ops));
}

static __poll_t tm_poll(struct file *file, poll_table *wait)
{
	struct ktm_tm *tm = ktm_fd_of(file)->object;

	poll_wait(file, &tm->freeze_wait, wait);
	return READ_ONCE(tm->freeze) ? 0 : EPOLLOUT | EPOLLWRNORM;
}

static void tm_hold(const struct ktm_fd *fd, u64 rights)
{
	ktm_tm_get(fd->object);
}

static void tm_release(const struct ktm_fd *fd)
{
	ktm_freeze_closed(fd->object, fd);
	ktm_tm_put(fd->object);
}

static void tm_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ktm_tm *tm = ktm_fd_of(file)->object;

	seq_printf(m, "ktm-tm:\t%pUb\nstate:\t%u\n", &tm->obj.uuid,
		   READ_ONCE(tm->state));
	ktm_fd_show(m, file);
}

static const struct file_operations tm_fops = {
	.owner = THIS_MODULE,
	.release = ktm_fd_release,
	.poll = tm_poll,
	.unlocked_ioctl = tm_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = tm_show_fdinfo,
	.llseek = noop_llseek,
};

const struct ktm_fd_kind ktm_tm_kind = {
	.name = "[ktm-tm]",
	.number = KTM_KIND_TM,
	.rights = KTM_RIGHTS_TM,
	.fops = &tm_fops,
	.hold = tm_hold,
	.release = tm_release,
};
