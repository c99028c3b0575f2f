// SPDX-License-Identifier: GPL-2.0
/*
 * ktm - fds of log streams, and the calls on a TM that are about them
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "access.h"
#include "list.h"
#include "names.h"
#include "stream_fd.h"
#include "../protocol/stream.h"
#include "../protocol/stream_append.h"
#include "../protocol/stream_read.h"

/* Takes the reference over, also when it fails. */
static int give_stream(struct ktm_call *call, struct ktm_stream *stream, u64 rights,
		       __s32 *out_fd)
{
	struct file *file;

	file = ktm_fd_file(&ktm_stream_kind, stream, rights, 0);
	if (IS_ERR(file)) {
		ktm_stream_put(stream);
		return PTR_ERR(file);
	}
	call->new_file = file;
	call->new_fd = out_fd;
	return 0;
}

/* Everybody may have to wait for a stream: the same as for freezing. */
static bool may_create(const struct ktm_tm *tm)
{
	return uid_eq(current_fsuid(), tm->uid) || capable(CAP_SYS_ADMIN);
}

int ktm_stream_fd_create(struct ktm_call *call)
{
	struct ktm_stream_create *arg = &call->arg.stream_create;
	struct ktm_stream_params params = {
		.name = arg->name,
		.mode = arg->mode,
		.limit = arg->limit,
		.payer = ktm_payer_current(),
	};
	struct ktm_stream *stream;
	int ret;

	if (!may_create(call->object))
		return -EPERM;
	if (ktm_name_check(arg->name) || arg->out_fd || arg->mode & ~KTM_ACCESS_MODES)
		return -EINVAL;
	params.uid = make_kuid(current_user_ns(), arg->uid);
	params.gid = make_kgid(current_user_ns(), arg->gid);
	if (!uid_valid(params.uid) || !gid_valid(params.gid))
		return -EINVAL;
	import_uuid(&params.uuid, arg->uuid);
	stream = ktm_stream_create(call->object, &params);
	if (IS_ERR(stream))
		return PTR_ERR(stream);
	export_uuid(arg->uuid, &stream->obj.uuid);
	ktm_stream_get(stream);
	ret = give_stream(call, stream, KTM_RIGHTS_STREAM, &arg->out_fd);
	if (ret)
		ktm_stream_delete(stream);	/* unless the log has failed */
	ktm_stream_put(stream);
	return ret;
}

static u64 rights_on(const struct ktm_stream *stream)
{
	u32 granted = ktm_access_granted_by(stream->uid, stream->gid, stream->mode);
	u64 rights = 0;

	if (granted & KTM_ACCESS_READ)
		rights |= KTM_RIGHT_QUERY | KTM_RIGHT_READ;
	if (granted & KTM_ACCESS_WRITE)
		rights |= KTM_RIGHT_APPEND | KTM_RIGHT_TRIM;
	return rights;
}

int ktm_stream_fd_open(struct ktm_call *call)
{
	struct ktm_stream_open *arg = &call->arg.stream_open;
	struct ktm_stream *stream;
	uuid_t uuid;
	u64 rights;

	import_uuid(&uuid, arg->uuid);
	if (ktm_name_check(arg->name) || arg->out_fd || arg->reserved ||
	    uuid_is_null(&uuid) == !arg->name[0])
		return -EINVAL;
	stream = ktm_stream_lookup(call->object, &uuid, arg->name);
	if (IS_ERR(stream))
		return PTR_ERR(stream);
	rights = rights_on(stream);
	if (!rights) {
		ktm_stream_put(stream);
		return -EACCES;
	}
	export_uuid(arg->uuid, &stream->obj.uuid);
	return give_stream(call, stream, rights, &arg->out_fd);
}

static bool put_stream(struct ktm_object *object)
{
	ktm_stream_put(container_of(object, struct ktm_stream, obj));
	return true;
}

int ktm_stream_fd_list(struct ktm_call *call)
{
	struct ktm_tm *tm = call->object;

	return ktm_list_registry(&call->arg.list, &tm->streams, put_stream);
}

int ktm_stream_fd_fill(struct ktm_stream_info *info, struct ktm_stream *stream)
{
	struct ktm_stream_state state;
	u32 size = info->size;
	int ret;

	ret = ktm_stream_state(stream, &state);
	if (ret)
		return ret;
	memset(info, 0, sizeof(*info));
	info->size = size;
	export_uuid(info->uuid, &stream->obj.uuid);
	strscpy(info->name, stream->name, sizeof(info->name));
	info->uid = from_kuid_munged(current_user_ns(), stream->uid);
	info->gid = from_kgid_munged(current_user_ns(), stream->gid);
	info->mode = stream->mode;
	info->limit = stream->limit;
	info->reserved = state.reserved;
	info->base_lsn = state.base_lsn;
	info->last_lsn = state.last_lsn;
	info->restart_lsn = state.restart_lsn;
	info->held = state.held;
	info->wanted_lsn = state.wanted_lsn;
	info->records = state.records;
	info->bytes = state.bytes;
	return 0;
}

int ktm_stream_fd_info(struct ktm_call *call)
{
	struct ktm_stream_info *info = &call->arg.stream_info;
	struct ktm_stream *stream;
	uuid_t uuid;
	int ret;

	import_uuid(&uuid, info->uuid);
	stream = ktm_stream_find(call->object, &uuid);
	if (!stream)
		return -ENOENT;
	ret = ktm_stream_fd_fill(info, stream);
	ktm_stream_put(stream);
	return ret;
}

static int stream_info(struct ktm_call *call)
{
	struct ktm_stream_info *info = &call->arg.stream_info;

	if (memchr_inv(info->uuid, 0, sizeof(info->uuid)))
		return -EINVAL;
	return ktm_stream_fd_fill(info, call->object);
}

static int copy_parts(const struct ktm_stream_part *parts, u32 nr, u8 *to)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (copy_from_user(to, u64_to_user_ptr(parts[i].data), parts[i].length))
			return -EFAULT;
		to += parts[i].length;
	}
	return 0;
}

static int add_up(const struct ktm_stream_part *parts, u32 nr, u32 *length)
{
	u32 i;

	*length = 0;
	for (i = 0; i < nr; i++) {
		if (parts[i].reserved)
			return -EINVAL;
		if (parts[i].length > KTM_STREAM_RECORD_MAX - *length)
			return -EMSGSIZE;
		*length += parts[i].length;
	}
	return 0;
}

/* The parts, in one piece behind the room that a record's head needs. */
static int gather(u64 user, u32 nr, struct ktm_stream_new *new)
{
	struct ktm_stream_part *parts;
	int ret;

	if (nr > KTM_STREAM_PARTS_MAX)
		return -EINVAL;
	parts = kcalloc(KTM_STREAM_PARTS_MAX, sizeof(*parts), GFP_KERNEL_ACCOUNT);
	if (!parts)
		return -ENOMEM;
	if (copy_from_user(parts, u64_to_user_ptr(user), nr * sizeof(*parts)))
		ret = -EFAULT;
	else
		ret = add_up(parts, nr, &new->length);
	if (!ret) {
		new->data = kvmalloc(KTM_STREAM_HEAD + new->length, GFP_KERNEL_ACCOUNT);
		ret = new->data ? copy_parts(parts, nr, new->data + KTM_STREAM_HEAD) :
				  -ENOMEM;
	}
	kfree(parts);
	return ret;
}

static int stream_append(struct ktm_call *call)
{
	struct ktm_stream_append *arg = &call->arg.stream_append;
	struct ktm_stream_new new = {
		.previous = arg->previous,
		.undo_next = arg->undo_next,
		.reserve = arg->reserve,
		.flush = arg->flags & KTM_STREAM_APPEND_F_FLUSH,
		.reserved = arg->flags & KTM_STREAM_APPEND_F_RESERVED,
	};
	int ret;

	if (arg->lsn)
		return -EINVAL;
	ret = gather(arg->parts, arg->nr_parts, &new);
	if (!ret)
		ret = ktm_stream_append(call->object, &new, &arg->lsn);
	kvfree(new.data);
	return ret;
}

static int stream_restart(struct ktm_call *call)
{
	struct ktm_stream_restart *arg = &call->arg.stream_restart;
	struct ktm_stream_new new = {
		.length = arg->length,
		.base = arg->base,
		.is_base = arg->flags & KTM_STREAM_RESTART_F_BASE,
		.reserved = arg->flags & KTM_STREAM_RESTART_F_RESERVED,
	};
	int ret;

	if (arg->lsn || arg->reserved)
		return -EINVAL;
	if ((new.base || new.is_base) && !(call->fd->rights & KTM_RIGHT_TRIM))
		return -EPERM;
	if (new.length > KTM_STREAM_RECORD_MAX)
		return -EMSGSIZE;
	new.data = kvmalloc(KTM_STREAM_HEAD + new.length, GFP_KERNEL_ACCOUNT);
	if (!new.data)
		return -ENOMEM;
	if (copy_from_user(new.data + KTM_STREAM_HEAD, u64_to_user_ptr(arg->data), new.length))
		ret = -EFAULT;
	else
		ret = ktm_stream_restart(call->object, &new, &arg->lsn);
	kvfree(new.data);
	return ret;
}

static int stream_reserve(struct ktm_call *call)
{
	struct ktm_stream_reserve *arg = &call->arg.stream_reserve;

	if (arg->reserved)
		return -EINVAL;
	return ktm_stream_reserve(call->object, arg->delta, &arg->reserved);
}

static int put_found(struct ktm_stream_read *arg, const struct ktm_stream_found *found)
{
	u32 room = arg->length;

	if (found->length <= room &&
	    copy_to_user(u64_to_user_ptr(arg->data), found->data, found->length))
		return -EFAULT;
	arg->length = found->length;
	arg->lsn = found->lsn;
	arg->previous = found->previous;
	arg->undo_next = found->undo_next;
	arg->before = found->before;
	arg->kind = found->restart ? KTM_STREAM_RECORD_RESTART : KTM_STREAM_RECORD_DATA;
	return found->length > room ? -EMSGSIZE : 0;
}

static int stream_read(struct ktm_call *call)
{
	struct ktm_stream_read *arg = &call->arg.stream_read;
	struct ktm_stream_found found;
	void *buffer;
	int ret;

	if (arg->previous || arg->undo_next || arg->before || arg->kind || arg->reserved)
		return -EINVAL;
	buffer = kvmalloc(KTM_DISK_DATA_MAX, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	ret = ktm_stream_read(call->object, arg->mode, arg->lsn, buffer, &found);
	if (!ret)
		ret = put_found(arg, &found);
	kvfree(buffer);
	return ret;
}

static int stream_flush(struct ktm_call *call)
{
	return ktm_stream_flush(call->object, call->arg.stream_flush.lsn);
}

static int stream_set_base(struct ktm_call *call)
{
	struct ktm_stream_set_base *arg = &call->arg.stream_set_base;
	bool all = arg->flags & KTM_STREAM_BASE_F_ALL;

	if (all != !arg->lsn)
		return -EINVAL;
	return ktm_stream_set_base(call->object, arg->lsn,
				   arg->flags & KTM_STREAM_BASE_F_FLUSH);
}

static int stream_delete(struct ktm_call *call)
{
	return ktm_stream_delete(call->object);
}

static const struct ktm_ioctl_op stream_ops[] = {
	KTM_IOCTL_OP_GET_ABI,
	KTM_IOCTL_OP_FD_INFO,
	KTM_IOCTL_OP_RESTRICT,
	KTM_IOCTL_OP(KTM_IOC_STREAM_INFO, stream_info, struct ktm_stream_info, bytes, 0,
		     KTM_RIGHT_QUERY, 0),
	KTM_IOCTL_OP(KTM_IOC_STREAM_APPEND, stream_append, struct ktm_stream_append, lsn,
		     KTM_STREAM_APPEND_F_MASK, KTM_RIGHT_APPEND, 0),
	KTM_IOCTL_OP(KTM_IOC_STREAM_RESERVE, stream_reserve, struct ktm_stream_reserve,
		     reserved, 0, KTM_RIGHT_APPEND, 0),
	KTM_IOCTL_OP(KTM_IOC_STREAM_READ, stream_read, struct ktm_stream_read, reserved, 0,
		     KTM_RIGHT_READ, KTM_OP_ALWAYS),
	KTM_IOCTL_OP(KTM_IOC_STREAM_FLUSH, stream_flush, struct ktm_stream_flush, lsn, 0,
		     KTM_RIGHT_APPEND, KTM_OP_IN),
	KTM_IOCTL_OP(KTM_IOC_STREAM_SET_BASE, stream_set_base, struct ktm_stream_set_base,
		     lsn, KTM_STREAM_BASE_F_MASK, KTM_RIGHT_TRIM, KTM_OP_IN),
	KTM_IOCTL_OP(KTM_IOC_STREAM_RESTART, stream_restart, struct ktm_stream_restart, lsn,
		     KTM_STREAM_RESTART_F_MASK, KTM_RIGHT_APPEND, 0),
	KTM_IOCTL_OP(KTM_IOC_STREAM_DELETE, stream_delete, struct ktm_simple, flags, 0,
		     KTM_RIGHT_TRIM, KTM_OP_IN),
};

static long stream_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ktm_ioctl_dispatch(ktm_fd_of(file), cmd, arg, stream_ops,
				  ARRAY_SIZE(stream_ops));
}

static __poll_t stream_poll(struct file *file, poll_table *wait)
{
	struct ktm_stream *stream = ktm_fd_of(file)->object;
	__poll_t mask = 0;

	if (!(ktm_fd_of(file)->rights & KTM_RIGHT_TRIM))
		return EPOLLERR;
	poll_wait(file, &stream->wait, wait);
	if (READ_ONCE(stream->wanted_lsn))
		mask |= EPOLLPRI;
	if (READ_ONCE(stream->deleted) || READ_ONCE(stream->tm->state) != KTM_TM_S_ONLINE)
		mask |= EPOLLHUP;
	return mask;
}

static void stream_hold(const struct ktm_fd *fd, u64 rights)
{
	ktm_stream_get(fd->object);
}

static void stream_release(const struct ktm_fd *fd)
{
	ktm_stream_put(fd->object);
}

static void stream_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ktm_stream *stream = ktm_fd_of(file)->object;

	seq_printf(m, "ktm-stream:\t%pUb\nktm-tm:\t%pUb\n", &stream->obj.uuid,
		   &stream->tm->obj.uuid);
	ktm_fd_show(m, file);
}

static const struct file_operations stream_fops = {
	.owner = THIS_MODULE,
	.release = ktm_fd_release,
	.poll = stream_poll,
	.unlocked_ioctl = stream_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = stream_show_fdinfo,
	.llseek = noop_llseek,
};

const struct ktm_fd_kind ktm_stream_kind = {
	.name = "[ktm-stream]",
	.number = KTM_KIND_STREAM,
	.rights = KTM_RIGHTS_STREAM,
	.fops = &stream_fops,
	.hold = stream_hold,
	.release = stream_release,
};
