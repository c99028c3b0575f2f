// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - a client of log streams in the kernel that does what tests tell it
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/ktm_stream.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ktm_test_stream.h"

/**
 * struct client - an open file
 * @lock: held for reading around calls on the stream, for writing to open and close it
 * @ks: the stream, or NULL [lock]
 * @how: what callbacks do [const while a stream is open]
 * @closing: the stream is being closed
 * @running: callbacks that run
 * @seen_lock: protects seen
 * @seen: callbacks so far [seen_lock]
 */
struct client {
	struct rw_semaphore lock;	/* ks */
	struct ktm_kstream *ks;
	u32 how;
	bool closing;
	atomic_t running;
	spinlock_t seen_lock;	/* seen */
	struct test_stream_seen seen;
};

static void linger(struct client *client)
{
	if (client->how != TEST_STREAM_LINGER)
		return;
	while (!READ_ONCE(client->closing))
		msleep(20);
	/* long enough for a close that does not wait to be seen, too short to annoy */
	msleep(200);
}

static int trim(struct ktm_kstream *ks, u64 lsn)
{
	struct ktm_kstream_reader *reader = ktm_kstream_reader_alloc(ks);
	struct ktm_kstream_found last;
	int ret;

	if (IS_ERR(reader))
		return PTR_ERR(reader);
	ret = ktm_kstream_read(reader, KTM_STREAM_READ_BEFORE, 0, &last);
	if (!ret)
		ret = ktm_kstream_set_base(ks, last.lsn < lsn ? 0 : last.lsn, 0);
	ktm_kstream_reader_free(reader);
	/* somebody else was faster */
	return ret == -ESTALE ? 0 : ret;
}

static void advance(struct ktm_kstream *ks, void *priv, u64 lsn)
{
	struct client *client = priv;
	int ret = 0;

	atomic_inc(&client->running);
	if (client->how == TEST_STREAM_TRIM)
		ret = trim(ks, lsn);
	linger(client);
	spin_lock(&client->seen_lock);
	client->seen.advance++;
	client->seen.wanted = lsn;
	client->seen.after_gone += !!client->seen.gone;
	if (ret && !client->seen.error)
		client->seen.error = ret;
	spin_unlock(&client->seen_lock);
	atomic_dec(&client->running);
}

static void gone(struct ktm_kstream *ks, void *priv)
{
	struct client *client = priv;

	atomic_inc(&client->running);
	spin_lock(&client->seen_lock);
	client->seen.after_gone += !!client->seen.gone;
	client->seen.gone++;
	spin_unlock(&client->seen_lock);
	linger(client);
	atomic_dec(&client->running);
}

static const struct ktm_kstream_ops ops = {
	.owner = THIS_MODULE,
	.advance = advance,
	.gone = gone,
};

static struct ktm_kstream *open_stream(struct ktm_tm *tm, const struct test_stream_open *arg,
				       void *priv)
{
	struct ktm_kstream_params params = {
		.name = arg->name,
		.mode = arg->mode,
		.limit = arg->limit,
	};
	uuid_t uuid;

	import_uuid(&uuid, arg->uuid);
	params.uuid = arg->flags & TEST_STREAM_OPEN_F_UUID ? &uuid : NULL;
	if (arg->flags & TEST_STREAM_OPEN_F_CREATE)
		return ktm_kstream_create(tm, &params, &ops, priv);
	return ktm_kstream_open(tm, params.uuid,
				arg->flags & TEST_STREAM_OPEN_F_NAME ? arg->name : NULL,
				&ops, priv);
}

static int do_open(struct client *client, void __user *user)
{
	struct test_stream_open *arg;
	struct ktm_kstream *ks;
	struct ktm_tm *tm;

	lockdep_assert_held_write(&client->lock);
	if (client->ks)
		return -EBUSY;
	arg = memdup_user(user, sizeof(*arg));
	if (IS_ERR(arg))
		return PTR_ERR(arg);
	arg->name[sizeof(arg->name) - 1] = '\0';
	client->how = arg->how;
	client->closing = false;
	tm = ktm_tm_get_by_fd(arg->tm_fd);
	ks = ERR_CAST(tm);
	if (!IS_ERR(tm)) {
		ks = open_stream(tm, arg, client);
		ktm_tm_put(tm);
	}
	kfree(arg);
	if (IS_ERR(ks))
		return PTR_ERR(ks);
	client->ks = ks;
	return 0;
}

static int do_close(struct client *client)
{
	lockdep_assert_held_write(&client->lock);
	if (!client->ks)
		return -ENXIO;
	WRITE_ONCE(client->closing, true);
	ktm_kstream_close(client->ks);
	client->ks = NULL;
	return atomic_read(&client->running) ? -EBADMSG : 0;
}

static int do_seen(struct client *client, void __user *user)
{
	struct test_stream_seen seen;

	spin_lock(&client->seen_lock);
	seen = client->seen;
	spin_unlock(&client->seen_lock);
	seen.running = atomic_read(&client->running);
	return copy_to_user(user, &seen, sizeof(seen)) ? -EFAULT : 0;
}

/*
 * The ioctls of a stream's fd: what the interface checks there, the tests do not get
 * wrong here.
 */

/* Frees what is left of it. */
static void free_parts(struct kvec *parts, unsigned int nr)
{
	while (parts && nr--)
		kvfree(parts[nr].iov_base);
	kfree(parts);
}

static struct kvec *copy_parts(u64 user, unsigned int nr)
{
	struct ktm_stream_part part;
	struct kvec *parts;
	unsigned int i;
	void *data;

	if (nr > KTM_STREAM_PARTS_MAX)
		return ERR_PTR(-EINVAL);
	parts = kcalloc(nr + 1, sizeof(*parts), GFP_KERNEL);
	if (!parts)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < nr; i++) {
		data = ERR_PTR(-EFAULT);
		if (!copy_from_user(&part, u64_to_user_ptr(user + i * sizeof(part)),
				    sizeof(part)))
			data = part.length > 2 * KTM_STREAM_RECORD_MAX ? ERR_PTR(-EMSGSIZE) :
			       vmemdup_user(u64_to_user_ptr(part.data), part.length);
		if (IS_ERR(data)) {
			free_parts(parts, i);
			return ERR_CAST(data);
		}
		parts[i] = (struct kvec){ .iov_base = data, .iov_len = part.length };
	}
	return parts;
}

static int do_append(struct ktm_kstream *ks, void __user *user)
{
	struct ktm_stream_append arg;
	struct ktm_kstream_record record;
	struct kvec *parts;
	int ret;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	parts = copy_parts(arg.parts, arg.nr_parts);
	if (IS_ERR(parts))
		return PTR_ERR(parts);
	record = (struct ktm_kstream_record){
		.parts = parts,
		.nr_parts = arg.nr_parts,
		.flags = arg.flags,
		.reserve = arg.reserve,
		.previous = arg.previous,
		.undo_next = arg.undo_next,
	};
	ret = ktm_kstream_append(ks, &record, &arg.lsn);
	/* that of all errors is not for what was reserved */
	if (ret == -ENOMEM && arg.flags & KTM_STREAM_APPEND_F_RESERVED && !arg.reserve)
		ret = -EBADMSG;
	free_parts(parts, arg.nr_parts);
	if (!ret && copy_to_user(user, &arg, sizeof(arg)))
		ret = -EFAULT;
	return ret;
}

static int do_restart(struct ktm_kstream *ks, void __user *user)
{
	struct ktm_stream_restart arg;
	struct ktm_kstream_record record;
	struct kvec part;
	int ret;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	part.iov_len = arg.length;
	part.iov_base = arg.length > 2 * KTM_STREAM_RECORD_MAX ? ERR_PTR(-EMSGSIZE) :
			vmemdup_user(u64_to_user_ptr(arg.data), arg.length);
	if (IS_ERR(part.iov_base))
		return PTR_ERR(part.iov_base);
	record = (struct ktm_kstream_record){
		.parts = &part,
		.nr_parts = 1,
		.flags = arg.flags,
		.base = arg.base,
	};
	ret = ktm_kstream_restart(ks, &record, &arg.lsn);
	kvfree(part.iov_base);
	if (!ret && copy_to_user(user, &arg, sizeof(arg)))
		ret = -EFAULT;
	return ret;
}

static int do_reserve(struct ktm_kstream *ks, void __user *user)
{
	struct ktm_stream_reserve arg;
	int ret;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	ret = ktm_kstream_reserve(ks, arg.delta, &arg.reserved);
	if (!ret && copy_to_user(user, &arg, sizeof(arg)))
		ret = -EFAULT;
	return ret;
}

static int give_found(struct ktm_stream_read *arg, void __user *user,
		      const struct ktm_kstream_found *found)
{
	u32 room = arg->length;

	arg->lsn = found->lsn;
	arg->previous = found->previous;
	arg->undo_next = found->undo_next;
	arg->before = found->before;
	arg->kind = found->kind;
	arg->length = found->length;
	if (copy_to_user(user, arg, sizeof(*arg)))
		return -EFAULT;
	if (found->length > room)
		return -EMSGSIZE;
	return copy_to_user(u64_to_user_ptr(arg->data), found->data, found->length) ? -EFAULT : 0;
}

static int do_read(struct ktm_kstream *ks, void __user *user)
{
	struct ktm_kstream_reader *reader;
	struct ktm_kstream_found found;
	struct ktm_stream_read arg;
	int ret;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	reader = ktm_kstream_reader_alloc(ks);
	if (IS_ERR(reader))
		return PTR_ERR(reader);
	ret = ktm_kstream_read(reader, arg.mode, arg.lsn, &found);
	if (!ret)
		ret = give_found(&arg, user, &found);
	ktm_kstream_reader_free(reader);
	return ret;
}

static int do_flush(struct ktm_kstream *ks, void __user *user)
{
	struct ktm_stream_flush arg;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	return ktm_kstream_flush(ks, arg.lsn);
}

static int do_set_base(struct ktm_kstream *ks, void __user *user)
{
	struct ktm_stream_set_base arg;

	if (copy_from_user(&arg, user, sizeof(arg)))
		return -EFAULT;
	/* in the kernel LSN 0 says it all */
	return ktm_kstream_set_base(ks, arg.lsn, arg.flags & ~KTM_STREAM_BASE_F_ALL);
}

static int do_info(struct ktm_kstream *ks, void __user *user)
{
	struct ktm_stream_info info = { };
	int ret = ktm_kstream_info(ks, &info);

	if (!ret && copy_to_user(user, &info, sizeof(info)))
		ret = -EFAULT;
	return ret;
}

static long call(struct ktm_kstream *ks, unsigned int cmd, void __user *user)
{
	switch (cmd) {
	case KTM_IOC_STREAM_APPEND:
		return do_append(ks, user);
	case KTM_IOC_STREAM_RESTART:
		return do_restart(ks, user);
	case KTM_IOC_STREAM_RESERVE:
		return do_reserve(ks, user);
	case KTM_IOC_STREAM_READ:
		return do_read(ks, user);
	case KTM_IOC_STREAM_FLUSH:
		return do_flush(ks, user);
	case KTM_IOC_STREAM_SET_BASE:
		return do_set_base(ks, user);
	case KTM_IOC_STREAM_INFO:
		return do_info(ks, user);
	case KTM_IOC_STREAM_DELETE:
		return ktm_kstream_delete(ks);
	default:
		return -ENOTTY;
	}
}

static long test_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct client *client = file->private_data;
	void __user *user = (void __user *)arg;
	long ret;

	switch (cmd) {
	case TEST_STREAM_IOC_SEEN:
		return do_seen(client, user);
	case TEST_STREAM_IOC_OPEN:
	case TEST_STREAM_IOC_CLOSE:
		down_write(&client->lock);
		ret = cmd == TEST_STREAM_IOC_OPEN ? do_open(client, user) : do_close(client);
		up_write(&client->lock);
		return ret;
	default:
		down_read(&client->lock);
		ret = client->ks ? call(client->ks, cmd, user) : -ENXIO;
		up_read(&client->lock);
		return ret;
	}
}

static int test_open(struct inode *inode, struct file *file)
{
	struct client *client = kzalloc(sizeof(*client), GFP_KERNEL);

	if (!client)
		return -ENOMEM;
	init_rwsem(&client->lock);
	spin_lock_init(&client->seen_lock);
	file->private_data = client;
	return 0;
}

static int test_release(struct inode *inode, struct file *file)
{
	struct client *client = file->private_data;

	down_write(&client->lock);
	do_close(client);
	up_write(&client->lock);
	kfree(client);
	return 0;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = test_open,
	.release = test_release,
	.unlocked_ioctl = test_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ktm_test_stream",
	.fops = &fops,
	.mode = 0600,
};

module_misc_device(dev);
MODULE_IMPORT_NS(KTM_NS);
MODULE_DESCRIPTION("client of log streams for tests of ktm");
MODULE_LICENSE("GPL");
