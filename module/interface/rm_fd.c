// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - fds of resource managers
 */
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "fd.h"
#include "ioctl.h"
#include "list.h"
#include "uring.h"
#include "../protocol/enlist.h"
#include "../protocol/rm.h"

static int rm_info(struct ktm_call *call)
{
	struct ktm_rm_info *info = &call->arg.rm_info;

	if (memchr_inv(info->uuid, 0, sizeof(info->uuid)))
		return -EINVAL;
	ktm_rm_fill_info(info, call->object);
	return 0;
}

static int en_list(struct ktm_call *call)
{
	struct ktm_rm *rm = call->object;

	return ktm_list_enlistments(&call->arg.list, rm->tm, rm);
}

static int rm_recover(struct ktm_call *call)
{
	return ktm_rm_go_online(call->object, call->fd->life);
}

/* Takes the reference over, also when it fails. */
static int give_en(struct ktm_call *call, struct ktm_enlistment *en, __s32 *out_fd)
{
	struct file *file;

	ktm_enlist_file_opened(en);
	file = ktm_fd_file(&ktm_en_kind, en, KTM_RIGHTS_EN, 0);
	if (IS_ERR(file)) {
		ktm_enlist_file_closed(en);
		ktm_enlistment_put(en);
		return PTR_ERR(file);
	}
	call->new_file = file;
	call->new_fd = out_fd;
	return 0;
}

static int en_create(struct ktm_call *call)
{
	struct ktm_en_create *arg = &call->arg.en_create;
	struct ktm_enlistment *en;
	struct file *file;
	int ret;

	if (arg->out_fd || memchr_inv(arg->uuid, 0, sizeof(arg->uuid)))
		return -EINVAL;
	file = ktm_fd_get(arg->tx_fd, &ktm_tx_kind, KTM_RIGHT_ENLIST);
	if (IS_ERR(file))
		return PTR_ERR(file);
	en = ktm_enlist_make(call->object, call->fd->life, ktm_fd_of(file)->object,
			     arg->key, arg->flags);
	fput(file);
	if (IS_ERR(en))
		return PTR_ERR(en);
	export_uuid(arg->uuid, &en->obj.uuid);
	/* the fd first: to lose it later would roll the transaction back */
	ret = give_en(call, en, &arg->out_fd);
	return ret ? ret : ktm_enlist_join(en);
}

static int en_open(struct ktm_call *call)
{
	struct ktm_en_open *arg = &call->arg.en_open;
	struct ktm_enlistment *en;
	uuid_t uuid;

	if (arg->out_fd || arg->reserved)
		return -EINVAL;
	import_uuid(&uuid, arg->uuid);
	en = ktm_enlist_reopen(call->object, call->fd->life, &uuid, arg->key);
	if (IS_ERR(en))
		return PTR_ERR(en);
	return give_en(call, en, &arg->out_fd);
}

#define RECORD_FIRST	offsetofend(struct ktm_notification, tx)	/* of the first version */

/* How much of a record is copied; not less if what would be lost is not nothing. */
static ssize_t fit(struct ktm_notification *record, size_t room)
{
	if (room >= sizeof(*record))
		return sizeof(*record);
	if (room < RECORD_FIRST || record->savepoint)
		return -EMSGSIZE;
	record->size = RECORD_FIRST;
	return RECORD_FIRST;
}

/*
 * One record; it leaves the queue when user space has it. Returns its size. -EAGAIN:
 * none waits; -EBUSY: another reader is at it, and who tries does not wait for it,
 * since that may wait for a page.
 */
static ssize_t fetch_one(struct ktm_rm *rm, char __user *buf, size_t room, bool try)
{
	struct ktm_notification record;
	ssize_t ret;

	if (try && !mutex_trylock(&rm->read_lock))
		return -EBUSY;
	if (!try && mutex_lock_interruptible(&rm->read_lock))
		return -ERESTARTSYS;
	ret = ktm_notify_peek(rm, &record) ? fit(&record, room) : -EAGAIN;
	if (ret > 0 && copy_to_user(buf, &record, ret))
		ret = -EFAULT;
	if (ret > 0)
		ktm_notify_pop(rm, &record);
	mutex_unlock(&rm->read_lock);
	return ret;
}

/* As many whole records as there are and fit. Returns their bytes. */
static ssize_t fetch(struct ktm_rm *rm, char __user *buf, size_t size, bool wait,
		     bool try)
{
	size_t done = 0;
	ssize_t ret = 0;

	if (size < RECORD_FIRST)
		return -EMSGSIZE;
	/* an older record is for who has no room for a whole one */
	while (!done || size - done >= sizeof(struct ktm_notification)) {
		ret = fetch_one(rm, buf + done, size - done, try);
		if (ret > 0) {
			done += ret;
			continue;
		}
		if (ret != -EAGAIN || done || !wait)
			break;
		ret = wait_event_interruptible(rm->wait, ktm_notify_pending(rm));
		if (ret)
			break;
	}
	return done ? done : ret;
}

static int rm_fetch(struct ktm_call *call)
{
	struct ktm_rm_fetch *arg = &call->arg.rm_fetch;
	bool wait = !(arg->flags & KTM_RM_FETCH_F_NONBLOCK);
	size_t length = min_t(size_t, arg->length, MAX_RW_COUNT);
	ssize_t ret;

	if (arg->reserved)
		return -EINVAL;
	ret = fetch(call->object, u64_to_user_ptr(arg->buffer), length,
		    wait && !call->try, call->try);
	if (call->try && (ret == -EBUSY || (ret == -EAGAIN && wait))) {
		call->again = true;
		return -EAGAIN;
	}
	return ret;
}

static const struct ktm_ioctl_op rm_ops[] = {
	KTM_IOCTL_OP_GET_ABI,
	KTM_IOCTL_OP_FD_INFO,
	KTM_IOCTL_OP_RESTRICT,
	KTM_IOCTL_OP(KTM_IOC_RM_INFO, rm_info, struct ktm_rm_info, reserved, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_EN_LIST, en_list, struct ktm_list, reserved, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_RM_RECOVER, rm_recover, struct ktm_simple, flags, 0,
		     KTM_RIGHT_RECOVER, KTM_OP_IN),
	KTM_IOCTL_OP(KTM_IOC_EN_CREATE, en_create, struct ktm_en_create, uuid,
		     KTM_EN_F_MASK, KTM_RIGHT_ENLIST, KTM_OP_FD),
	KTM_IOCTL_OP(KTM_IOC_EN_OPEN, en_open, struct ktm_en_open, reserved, 0,
		     KTM_RIGHT_RECOVER, KTM_OP_FD),
	KTM_IOCTL_OP(KTM_IOC_RM_FETCH, rm_fetch, struct ktm_rm_fetch, reserved,
		     KTM_RM_FETCH_F_MASK, KTM_RIGHT_NOTIFY, KTM_OP_IN | KTM_OP_URING),
};

static long rm_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ktm_ioctl_dispatch(ktm_fd_of(file), cmd, arg, rm_ops, ARRAY_SIZE(rm_ops));
}

static int rm_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	return ktm_uring_dispatch(cmd, issue_flags, rm_ops, ARRAY_SIZE(rm_ops));
}

static ssize_t rm_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	if (!(ktm_fd_of(file)->rights & KTM_RIGHT_NOTIFY))
		return -EPERM;
	return fetch(ktm_fd_of(file)->object, buf, count, !(file->f_flags & O_NONBLOCK),
		     false);
}

static __poll_t rm_poll(struct file *file, poll_table *wait)
{
	struct ktm_rm *rm = ktm_fd_of(file)->object;

	if (!(ktm_fd_of(file)->rights & KTM_RIGHT_NOTIFY))
		return EPOLLERR;
	poll_wait(file, &rm->wait, wait);
	return ktm_notify_pending(rm) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void rm_hold(const struct ktm_fd *fd, u64 rights)
{
	ktm_rm_get(fd->object);
	if (rights & KTM_RIGHT_NOTIFY)
		ktm_rm_file_opened(fd->object);
}

static void rm_release(const struct ktm_fd *fd)
{
	if (fd->rights & KTM_RIGHT_NOTIFY)
		ktm_rm_file_closed(fd->object);
	else
		ktm_rm_put(fd->object);
}

static void rm_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ktm_rm *rm = ktm_fd_of(file)->object;

	seq_printf(m, "ktm-rm:\t%pUb\nktm-tm:\t%pUb\nstate:\t%u\n", &rm->obj.uuid,
		   &rm->tm->obj.uuid, READ_ONCE(rm->state));
	ktm_fd_show(m, file);
}

static const struct file_operations rm_fops = {
	.owner = THIS_MODULE,
	.release = ktm_fd_release,
	.read = rm_read,
	.poll = rm_poll,
	.unlocked_ioctl = rm_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.uring_cmd = rm_uring_cmd,
	.show_fdinfo = rm_show_fdinfo,
	.llseek = noop_llseek,
};

const struct ktm_fd_kind ktm_rm_kind = {
	.name = "[ktm-rm]",
	.number = KTM_KIND_RM,
	.rights = KTM_RIGHTS_RM,
	.fops = &rm_fops,
	.hold = rm_hold,
	.release = rm_release,
};
