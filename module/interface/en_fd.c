// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - fds of enlistments
 */
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "fd.h"
#include "ioctl.h"
#include "list.h"
#include "../protocol/answer.h"
#include "../protocol/enlist.h"
#include "../protocol/recovery_info.h"
#include "../protocol/redo.h"
#include "../protocol/savepoint.h"
#include "../protocol/superior.h"

static int en_info(struct ktm_call *call)
{
	struct ktm_enlistment *en = call->object;

	ktm_en_fill_info(&call->arg.en_info, en, ktm_enlistment_key(en));
	return 0;
}

static int en_log(struct ktm_call *call)
{
	struct ktm_en_log *arg = &call->arg.en_log;
	void *data;
	int ret;

	if (arg->reserved || arg->lsn || !arg->length)
		return -EINVAL;
	if (arg->length > KTM_RECORD_MAX)
		return -EMSGSIZE;
	data = kvmalloc(arg->length, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	if (copy_from_user(data, u64_to_user_ptr(arg->data), arg->length))
		ret = -EFAULT;
	else
		ret = ktm_redo_append(call->object, data, arg->length, &arg->lsn);
	kvfree(data);
	return ret;
}

static int en_read_log(struct ktm_call *call)
{
	struct ktm_en_read_log *arg = &call->arg.en_read_log;
	u32 room = arg->length;
	const void *data;
	void *buffer;
	int ret;

	if (arg->reserved)
		return -EINVAL;
	buffer = kvmalloc(KTM_DISK_DATA_MAX, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	ret = ktm_redo_read(call->object, arg->index, buffer, &data, &arg->length);
	if (!ret && arg->length > room)
		ret = -EMSGSIZE;
	if (!ret && copy_to_user(u64_to_user_ptr(arg->data), data, arg->length))
		ret = -EFAULT;
	kvfree(buffer);
	return ret;
}

static int en_set_recovery_info(struct ktm_call *call)
{
	struct ktm_en_recovery_info *arg = &call->arg.en_recovery_info;
	void *info = NULL;
	int ret;

	if (arg->reserved)
		return -EINVAL;
	if (arg->length > KTM_RECOVERY_INFO_MAX)
		return -EMSGSIZE;
	if (arg->length) {
		info = memdup_user(u64_to_user_ptr(arg->data), arg->length);
		if (IS_ERR(info))
			return PTR_ERR(info);
	}
	ret = ktm_recovery_info_set(call->object, info, arg->length);
	kfree(info);
	return ret;
}

static int en_get_recovery_info(struct ktm_call *call)
{
	struct ktm_en_recovery_info *arg = &call->arg.en_recovery_info;
	u32 room = arg->length;
	void *buffer;
	int ret;

	if (arg->reserved)
		return -EINVAL;
	buffer = kmalloc(KTM_RECOVERY_INFO_MAX, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	arg->length = KTM_RECOVERY_INFO_MAX;
	ret = ktm_recovery_info_get(call->object, buffer, &arg->length);
	if (!ret && arg->length > room)
		ret = -EMSGSIZE;
	if (!ret && copy_to_user(u64_to_user_ptr(arg->data), buffer, arg->length))
		ret = -EFAULT;
	kfree(buffer);
	return ret;
}

/* The value first: a decision that the answer brings about is stamped with it. */
static int answer(struct ktm_call *call, int (*fn)(struct ktm_enlistment *en))
{
	struct ktm_en_answer *arg = &call->arg.en_answer;
	struct ktm_enlistment *en = call->object;
	int ret;

	ret = ktm_tm_see_clock(en->tx->tm, arg->clock);
	if (ret)
		return ret;
	ret = fn(en);
	arg->clock = ktm_tm_clock(en->tx->tm);
	return ret;
}

static int en_recover(struct ktm_call *call)
{
	return answer(call, ktm_answer_ask_outcome);
}

static int preprepared(struct ktm_enlistment *en)
{
	return ktm_answer(en, KTM_EN_E_PREPREPARE_COMPLETE);
}

static int order_preprepare(struct ktm_enlistment *en)
{
	return ktm_superior_order(en, KTM_EN_E_DO_PREPREPARE);
}

static int order_prepare(struct ktm_enlistment *en)
{
	return ktm_superior_order(en, KTM_EN_E_DO_PREPARE);
}

static int order_commit(struct ktm_enlistment *en)
{
	return ktm_superior_order(en, KTM_EN_E_DO_COMMIT);
}

static int en_savepoint_complete(struct ktm_call *call)
{
	struct ktm_en_savepoint *arg = &call->arg.en_savepoint;

	if (arg->reserved)
		return -EINVAL;
	return ktm_savepoint_answer(call->object, arg->savepoint, arg->error);
}

static int en_preprepare_complete(struct ktm_call *call)
{
	return answer(call, preprepared);
}

static int en_prepare_complete(struct ktm_call *call)
{
	return answer(call, ktm_answer_prepared);
}

static int en_commit_complete(struct ktm_call *call)
{
	return answer(call, ktm_enlistment_commit_complete);
}

static int en_rollback_complete(struct ktm_call *call)
{
	return answer(call, ktm_enlistment_rollback_complete);
}

static int en_read_only(struct ktm_call *call)
{
	return answer(call, ktm_answer_read_only);
}

static int en_reject_single_phase(struct ktm_call *call)
{
	return answer(call, ktm_answer_reject_single);
}

static int en_request_outcome(struct ktm_call *call)
{
	return answer(call, ktm_answer_request_outcome);
}

static int en_preprepare(struct ktm_call *call)
{
	return answer(call, order_preprepare);
}

static int en_prepare(struct ktm_call *call)
{
	return answer(call, order_prepare);
}

static int en_commit(struct ktm_call *call)
{
	return answer(call, order_commit);
}

static int en_rollback(struct ktm_call *call)
{
	struct ktm_en_rollback *arg = &call->arg.en_rollback;
	struct ktm_enlistment *en = call->object;
	struct ktm_verdict verdict = {
		.reason = arg->reason,
		.error = arg->error,
	};

	if (arg->reason != KTM_REASON_RM && arg->reason != KTM_REASON_CONFLICT)
		return -EINVAL;
	if (arg->error > MAX_ERRNO ||
	    strnlen(arg->detail, sizeof(arg->detail)) == sizeof(arg->detail))
		return -EINVAL;
	strscpy(verdict.detail, arg->detail, sizeof(verdict.detail));
	uuid_copy(&verdict.rm, &en->rm->obj.uuid);
	return ktm_answer_rollback(en, &verdict);
}

#define ANSWER(cmd, handler)							\
	KTM_IOCTL_OP(cmd, handler, struct ktm_en_answer, flags, 0, KTM_RIGHT_ANSWER,	\
		     KTM_OP_IN_FIRST)

static const struct ktm_ioctl_op en_ops[] = {
	KTM_IOCTL_OP_GET_ABI,
	KTM_IOCTL_OP_FD_INFO,
	KTM_IOCTL_OP_RESTRICT,
	KTM_IOCTL_OP(KTM_IOC_EN_INFO, en_info, struct ktm_en_info, nr_records, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_EN_LOG, en_log, struct ktm_en_log, lsn, 0,
		     KTM_RIGHT_LOG, 0),
	KTM_IOCTL_OP(KTM_IOC_EN_READ_LOG, en_read_log, struct ktm_en_read_log, reserved,
		     0, KTM_RIGHT_LOG, KTM_OP_ALWAYS),
	KTM_IOCTL_OP(KTM_IOC_EN_SET_RECOVERY_INFO, en_set_recovery_info,
		     struct ktm_en_recovery_info, reserved, 0,
		     KTM_RIGHT_LOG, KTM_OP_IN),
	KTM_IOCTL_OP(KTM_IOC_EN_GET_RECOVERY_INFO, en_get_recovery_info,
		     struct ktm_en_recovery_info, reserved, 0,
		     KTM_RIGHT_LOG, KTM_OP_ALWAYS),
	KTM_IOCTL_OP(KTM_IOC_EN_RECOVER, en_recover, struct ktm_en_answer, flags, 0,
		     KTM_RIGHT_RECOVER, KTM_OP_IN_FIRST),
	ANSWER(KTM_IOC_EN_PREPREPARE_COMPLETE, en_preprepare_complete),
	ANSWER(KTM_IOC_EN_PREPARE_COMPLETE, en_prepare_complete),
	ANSWER(KTM_IOC_EN_COMMIT_COMPLETE, en_commit_complete),
	ANSWER(KTM_IOC_EN_ROLLBACK_COMPLETE, en_rollback_complete),
	ANSWER(KTM_IOC_EN_READ_ONLY, en_read_only),
	ANSWER(KTM_IOC_EN_REJECT_SINGLE_PHASE, en_reject_single_phase),
	ANSWER(KTM_IOC_EN_REQUEST_OUTCOME, en_request_outcome),
	ANSWER(KTM_IOC_EN_PREPREPARE, en_preprepare),
	ANSWER(KTM_IOC_EN_PREPARE, en_prepare),
	ANSWER(KTM_IOC_EN_COMMIT, en_commit),
	KTM_IOCTL_OP(KTM_IOC_EN_SAVEPOINT_COMPLETE, en_savepoint_complete,
		     struct ktm_en_savepoint, reserved, 0, KTM_RIGHT_ANSWER, KTM_OP_IN),
	KTM_IOCTL_OP(KTM_IOC_EN_ROLLBACK, en_rollback, struct ktm_en_rollback, detail, 0,
		     KTM_RIGHT_ANSWER, KTM_OP_IN),
};

static long en_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ktm_ioctl_dispatch(ktm_fd_of(file), cmd, arg, en_ops, ARRAY_SIZE(en_ops));
}

static void en_hold(const struct ktm_fd *fd, u64 rights)
{
	ktm_enlistment_get(fd->object);
	if (rights & KTM_RIGHT_ANSWER)
		ktm_enlist_file_opened(fd->object);
}

static void en_release(const struct ktm_fd *fd)
{
	if (fd->rights & KTM_RIGHT_ANSWER)
		ktm_enlist_file_closed(fd->object);
	ktm_enlistment_put(fd->object);
}

static void en_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ktm_enlistment *en = ktm_fd_of(file)->object;

	seq_printf(m, "ktm-enlistment:\t%pUb\nktm-tx:\t%pUb\nktm-rm:\t%pUb\nstate:\t%u\n",
		   &en->obj.uuid, &en->tx->obj.uuid, &en->rm->obj.uuid,
		   READ_ONCE(en->state));
	ktm_fd_show(m, file);
}

static const struct file_operations en_fops = {
	.owner = THIS_MODULE,
	.release = ktm_fd_release,
	.unlocked_ioctl = en_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = en_show_fdinfo,
	.llseek = noop_llseek,
};

const struct ktm_fd_kind ktm_en_kind = {
	.name = "[ktm-enlistment]",
	.number = KTM_KIND_EN,
	.rights = KTM_RIGHTS_EN,
	.fops = &en_fops,
	.hold = en_hold,
	.release = en_release,
};
