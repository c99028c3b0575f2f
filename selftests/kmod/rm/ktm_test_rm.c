// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - a resource manager in the kernel that does what tests tell it
 */
#include <linux/fs.h>
#include <linux/ktm.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ktm_test_rm.h"

#define RECORD_MAX	KTM_RECORD_MAX

/**
 * struct test_rm - an open file
 * @lock: serializes ioctls, protects parts and next_id
 * @rm: the resource manager, or NULL [lock]
 * @parts: struct part whose enlistment is held [lock]
 * @next_id: of the next part [lock]
 * @recovered: how recovered enlistments answer [const once registered]
 * @seen_lock: protects seen
 * @seen: callbacks so far [seen_lock]
 */
struct test_rm {
	struct mutex lock;	/* ioctls */
	struct ktm_rm *rm;
	struct list_head parts;
	u32 next_id;
	struct test_rm_enlist recovered;
	spinlock_t seen_lock;	/* seen */
	struct test_rm_seen seen;
};

/**
 * struct part - the key of an enlistment
 * @owner: whose it is [const]
 * @how: what to do [const]
 * @en: reference for answers, or NULL [owner.lock]
 * @node: in owner.parts while @en is held [owner.lock]
 * @savepoint: that it was asked about last [its callback; read without]
 */
struct part {
	struct test_rm *owner;
	struct test_rm_enlist how;
	struct ktm_enlistment *en;
	struct list_head node;
	u64 savepoint;
};

static void saw(struct test_rm *self, u32 *count)
{
	spin_lock(&self->seen_lock);
	(*count)++;
	spin_unlock(&self->seen_lock);
}

static void saw_error(struct test_rm *self, int error)
{
	spin_lock(&self->seen_lock);
	if (error && !self->seen.error)
		self->seen.error = error;
	spin_unlock(&self->seen_lock);
}

static void saw_reason(struct test_rm *self, struct ktm_enlistment *en)
{
	int error;
	u32 reason = ktm_enlistment_reason(en, &error);

	spin_lock(&self->seen_lock);
	self->seen.reason = reason;
	self->seen.reason_error = error;
	spin_unlock(&self->seen_lock);
}

static int log_records(struct ktm_enlistment *en, const struct part *part)
{
	void *data;
	int ret = 0;
	u32 i;

	if (!part->how.nr_records)
		return 0;
	data = kvmalloc(part->how.record_size, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	for (i = 0; i < part->how.nr_records && !ret; i++) {
		memset(data, 'a' + i % 26, part->how.record_size);
		ret = ktm_enlistment_log(en, data, part->how.record_size);
	}
	kvfree(data);
	return ret;
}

static int veto(struct ktm_enlistment *en)
{
	return ktm_enlistment_rollback(en, KTM_REASON_RM, EDOM, "told to");
}

static int answer(struct ktm_enlistment *en, u32 how,
		  int (*done)(struct ktm_enlistment *en))
{
	switch (how) {
	case TEST_RM_DONE:
		return done(en);
	case TEST_RM_READ_ONLY:
		return ktm_enlistment_read_only(en);
	case TEST_RM_VETO:
		return veto(en);
	case TEST_RM_REJECT:
		return ktm_enlistment_reject_single_phase(en);
	default:
		return 0;
	}
}

static void preprepare(struct ktm_enlistment *en, void *key)
{
	struct part *part = key;

	saw(part->owner, &part->owner->seen.preprepare);
	saw_error(part->owner, answer(en, part->how.preprepare,
				      ktm_enlistment_preprepare_complete));
}

static void savepoint(struct ktm_enlistment *en, void *key, enum ktm_notify what, u64 about)
{
	struct part *part = key;
	struct test_rm *self = part->owner;
	int ret = 0;

	WRITE_ONCE(part->savepoint, about);
	spin_lock(&self->seen_lock);
	self->seen.last_savepoint = about;
	spin_unlock(&self->seen_lock);
	saw(self, &self->seen.savepoint[what - KTM_NOTIFY_SAVEPOINT]);
	switch (part->how.savepoint) {
	case TEST_RM_DONE:
		ret = ktm_enlistment_savepoint_complete(en, about, 0);
		break;
	case TEST_RM_REJECT:
		ret = ktm_enlistment_savepoint_complete(en, about, EXFULL);
		break;
	case TEST_RM_READ_ONLY:
		ret = ktm_enlistment_read_only(en);
		break;
	case TEST_RM_VETO:
		ret = veto(en);
		break;
	}
	saw_error(self, ret);
}

static void disconnected(struct ktm_enlistment *en, void *key)
{
	struct part *part = key;

	saw(part->owner, &part->owner->seen.disconnected);
}

static void prepare(struct ktm_enlistment *en, void *key)
{
	struct part *part = key;
	int ret;

	ret = log_records(en, part);
	/* whoever waits for this may answer at once, and then nothing can be logged */
	saw(part->owner, &part->owner->seen.prepare);
	if (ret)
		veto(en);
	else
		ret = answer(en, part->how.prepare, ktm_enlistment_prepare_complete);
	saw_error(part->owner, ret);
}

static void commit(struct ktm_enlistment *en, void *key)
{
	struct part *part = key;

	saw(part->owner, &part->owner->seen.commit);
	saw_error(part->owner, answer(en, part->how.commit,
				      ktm_enlistment_commit_complete));
}

static void rollback(struct ktm_enlistment *en, void *key)
{
	struct part *part = key;

	saw_reason(part->owner, en);
	saw(part->owner, &part->owner->seen.rollback);
	saw_error(part->owner, answer(en, part->how.rollback,
				      ktm_enlistment_rollback_complete));
}

static void single_phase(struct ktm_enlistment *en, void *key)
{
	struct part *part = key;

	saw(part->owner, &part->owner->seen.single_phase);
	saw_error(part->owner, answer(en, part->how.single_phase,
				      ktm_enlistment_commit_complete));
}

static int count_record(void *ctx, const void *data, u32 length)
{
	struct test_rm *self = ctx;

	if (length && memchr_inv(data, *(const u8 *)data, length))
		return -EUCLEAN;
	saw(self, &self->seen.records);
	return 0;
}

static int recover(struct ktm_rm *rm, struct ktm_enlistment *en)
{
	struct test_rm *self = ktm_rm_priv(rm);
	struct part *part;
	int ret;

	saw(self, &self->seen.recover);
	ret = ktm_enlistment_read_log(en, count_record, self);
	if (ret)
		return ret;
	part = kzalloc(sizeof(*part), GFP_KERNEL);
	if (!part)
		return -ENOMEM;
	part->owner = self;
	part->how = self->recovered;
	INIT_LIST_HEAD(&part->node);
	ktm_enlistment_set_key(en, part);
	return 0;
}

static void last_recover(struct ktm_rm *rm)
{
	struct test_rm *self = ktm_rm_priv(rm);

	saw(self, &self->seen.last_recover);
}

static void release(void *key)
{
	struct part *part = key;

	saw(part->owner, &part->owner->seen.release);
	kfree(part);
}

static const struct ktm_rm_ops ops = {
	.owner = THIS_MODULE,
	.preprepare = preprepare,
	.prepare = prepare,
	.commit = commit,
	.rollback = rollback,
	.single_phase = single_phase,
	.savepoint = savepoint,
	.disconnected = disconnected,
	.recover = recover,
	.last_recover = last_recover,
	.release = release,
};

static int do_register(struct test_rm *self, void __user *arg)
{
	struct test_rm_register args;
	struct ktm_rm *rm;
	struct ktm_tm *tm;
	uuid_t uuid;
	int ret;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (self->rm)
		return -EBUSY;
	tm = ktm_tm_get_by_fd(args.tm_fd);
	if (IS_ERR(tm))
		return PTR_ERR(tm);
	self->recovered.prepare = args.answer[0];
	self->recovered.commit = args.answer[1];
	self->recovered.rollback = args.answer[2];
	self->recovered.single_phase = args.answer[3];
	import_uuid(&uuid, args.uuid);
	rm = ktm_rm_register(tm, &uuid, "test-rm", args.flags, &ops, self);
	ktm_tm_put(tm);
	if (IS_ERR(rm))
		return PTR_ERR(rm);
	ret = ktm_rm_recover(rm);
	if (ret)
		ktm_rm_unregister(rm);
	else
		self->rm = rm;
	return ret;
}

static int do_enlist(struct test_rm *self, struct test_rm_enlist __user *arg)
{
	struct ktm_enlistment *en;
	struct ktm_tx *tx;
	struct part *part;
	int ret;

	if (!self->rm)
		return -ENXIO;
	part = kzalloc(sizeof(*part), GFP_KERNEL);
	if (!part)
		return -ENOMEM;
	part->owner = self;
	ret = -EFAULT;
	if (copy_from_user(&part->how, arg, sizeof(*arg)) ||
	    put_user(self->next_id, &arg->id))
		goto err_part;
	ret = -EINVAL;
	if (part->how.record_size > RECORD_MAX)
		goto err_part;
	part->how.id = self->next_id++;

	tx = ktm_tx_get_by_fd(part->how.tx_fd);
	ret = PTR_ERR_OR_ZERO(tx);
	if (ret)
		goto err_part;
	en = ktm_enlist(self->rm, tx, part, part->how.flags);
	ktm_tx_put(tx);
	ret = PTR_ERR_OR_ZERO(en);
	if (ret)
		goto err_part;
	/* the reference keeps the key from being released */
	part->en = en;
	list_add_tail(&part->node, &self->parts);
	return 0;

err_part:
	kfree(part);
	return ret;
}

static int say(struct part *part, u32 what)
{
	struct ktm_enlistment *en = part->en;

	switch (what) {
	case TEST_RM_SAY_PREPREPARED:
		return ktm_enlistment_preprepare_complete(en);
	case TEST_RM_SAY_PREPARED:
		return ktm_enlistment_prepare_complete(en);
	case TEST_RM_SAY_COMMITTED:
		return ktm_enlistment_commit_complete(en);
	case TEST_RM_SAY_ROLLED_BACK:
		return ktm_enlistment_rollback_complete(en);
	case TEST_RM_SAY_READ_ONLY:
		return ktm_enlistment_read_only(en);
	case TEST_RM_SAY_REJECT:
		return ktm_enlistment_reject_single_phase(en);
	case TEST_RM_SAY_VETO:
		return veto(en);
	case TEST_RM_SAY_SAVEPOINT:
		return ktm_enlistment_savepoint_complete(en, READ_ONCE(part->savepoint), 0);
	default:
		return -EINVAL;
	}
}

static int do_answer(struct test_rm *self, void __user *arg)
{
	struct test_rm_say_args args;
	struct part *part;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	list_for_each_entry(part, &self->parts, node)
		if (part->how.id == args.id)
			return say(part, args.say);
	return -ENOENT;
}

static int do_seen(struct test_rm *self, void __user *arg)
{
	struct test_rm_seen seen;

	spin_lock(&self->seen_lock);
	seen = self->seen;
	spin_unlock(&self->seen_lock);
	return copy_to_user(arg, &seen, sizeof(seen)) ? -EFAULT : 0;
}

static int do_unregister(struct test_rm *self)
{
	struct part *part, *next;

	if (!self->rm)
		return -ENXIO;
	/* putting an enlistment that is over frees its part */
	list_for_each_entry_safe(part, next, &self->parts, node) {
		list_del_init(&part->node);
		ktm_enlistment_put(part->en);
	}
	ktm_rm_unregister(self->rm);
	self->rm = NULL;
	return 0;
}

static long test_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct test_rm *self = file->private_data;
	void __user *user = (void __user *)arg;
	long ret;

	mutex_lock(&self->lock);
	switch (cmd) {
	case TEST_RM_IOC_REGISTER:
		ret = do_register(self, user);
		break;
	case TEST_RM_IOC_ENLIST:
		ret = do_enlist(self, user);
		break;
	case TEST_RM_IOC_ANSWER:
		ret = do_answer(self, user);
		break;
	case TEST_RM_IOC_SEEN:
		ret = do_seen(self, user);
		break;
	case TEST_RM_IOC_SETTLE:
		ret = self->rm ? ktm_rm_settle(self->rm) : -ENXIO;
		break;
	case TEST_RM_IOC_UNREGISTER:
		ret = do_unregister(self);
		break;
	default:
		ret = -ENOTTY;
		break;
	}
	mutex_unlock(&self->lock);
	return ret;
}

static int test_open(struct inode *inode, struct file *file)
{
	struct test_rm *self = kzalloc(sizeof(*self), GFP_KERNEL);

	if (!self)
		return -ENOMEM;
	mutex_init(&self->lock);
	INIT_LIST_HEAD(&self->parts);
	spin_lock_init(&self->seen_lock);
	file->private_data = self;
	return 0;
}

static int test_release(struct inode *inode, struct file *file)
{
	struct test_rm *self = file->private_data;

	mutex_lock(&self->lock);
	do_unregister(self);
	mutex_unlock(&self->lock);
	mutex_destroy(&self->lock);
	kfree(self);
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
	.name = "ktm_test_rm",
	.fops = &fops,
	.mode = 0600,
};

module_misc_device(dev);
MODULE_IMPORT_NS(KTM_NS);
MODULE_DESCRIPTION("resource manager for tests of ktm");
MODULE_LICENSE("GPL");
