// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - redo records to steps
 *
 * Nothing that comes from the log is trusted: every length and number is
 * checked before it is used.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/ktm.h>
#include <uapi/linux/ktm_txf.h>

#include "handle.h"
#include "redo.h"
#include "step.h"
#include "tx.h"
#include "volume.h"

/**
 * struct reader - records being read
 * @part: the part that gets the steps
 * @index: index of the next record
 * @nr_steps: steps read
 * @last: the last record was read
 */
struct reader {
	struct txf_part *part;
	u32 index;
	u32 nr_steps;
	bool last;
};

/* Take @len bytes; NULL if there are not so many. */
static const u8 *take(const u8 **at, const u8 *end, u32 len)
{
	const u8 *bytes = *at;

	if (len > end - bytes)
		return NULL;
	*at += len;
	return bytes;
}

static int take_handle(struct reader *reader, const u8 **at, const u8 *end,
		       u32 len, struct dentry **out)
{
	struct dentry *dentry;
	const u8 *bytes;

	if (!len)
		return 0;
	bytes = take(at, end, len);
	if (!bytes)
		return -EUCLEAN;
	dentry = txf_handle_decode(reader->part->vol->mnt, bytes, len);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	*out = dentry;
	return 0;
}

static int take_name(const u8 **at, const u8 *end, u32 len, bool is_xattr,
		     char **out)
{
	const char *bytes;

	if (!len)
		return 0;
	bytes = (const char *)take(at, end, len);
	if (!bytes || len > NAME_MAX || memchr(bytes, '\0', len))
		return -EUCLEAN;
	if (!is_xattr &&
	    (memchr(bytes, '/', len) || (len == 1 && bytes[0] == '.') ||
	     (len == 2 && bytes[0] == '.' && bytes[1] == '.')))
		return -EUCLEAN;
	*out = kmemdup_nul(bytes, len, GFP_KERNEL_ACCOUNT);
	return *out ? 0 : -ENOMEM;
}

static int take_attr(const u8 *bytes, u32 len, struct txf_step_attr *attr)
{
	const struct ktm_disk_txf_attr *disk = (const void *)bytes;
	struct ktm_disk_txf_attr copy;

	if (len != sizeof(*disk))
		return -EUCLEAN;
	memcpy(&copy, bytes, sizeof(copy));
	attr->mask = le32_to_cpu(copy.mask);
	attr->mode = le32_to_cpu(copy.mode) & S_IALLUGO;
	attr->uid = make_kuid(&init_user_ns, le32_to_cpu(copy.uid));
	attr->gid = make_kgid(&init_user_ns, le32_to_cpu(copy.gid));
	attr->atime.tv_sec = le64_to_cpu(copy.atime_sec);
	attr->atime.tv_nsec = le32_to_cpu(copy.atime_nsec);
	attr->mtime.tv_sec = le64_to_cpu(copy.mtime_sec);
	attr->mtime.tv_nsec = le32_to_cpu(copy.mtime_nsec);
	attr->old_mtime.tv_sec = le64_to_cpu(copy.old_mtime_sec);
	attr->old_mtime.tv_nsec = le32_to_cpu(copy.old_mtime_nsec);
	attr->old_mode = le32_to_cpu(copy.old_mode) & S_IALLUGO;
	attr->old_uid = make_kuid(&init_user_ns, le32_to_cpu(copy.old_uid));
	attr->old_gid = make_kgid(&init_user_ns, le32_to_cpu(copy.old_gid));
	if ((attr->mask & ~KTM_TXF_ATTR_MASK) || !uid_valid(attr->uid) ||
	    !gid_valid(attr->gid) || attr->atime.tv_nsec >= NSEC_PER_SEC ||
	    attr->mtime.tv_nsec >= NSEC_PER_SEC)
		return -EUCLEAN;
	return 0;
}

static int take_stamp(const u8 *bytes, u32 len, struct txf_stamp *stamp)
{
	struct ktm_disk_txf_stamp disk = { };

	if (len != sizeof(disk) && len != offsetof(typeof(disk), xattrs))
		return -EUCLEAN;
	memcpy(&disk, bytes, len);
	stamp->xattrs = le32_to_cpu(disk.xattrs);
	stamp->has_xattrs = len == sizeof(disk);
	stamp->mtime.tv_sec = le64_to_cpu(disk.mtime_sec);
	stamp->mtime.tv_nsec = le32_to_cpu(disk.mtime_nsec);
	stamp->mode = le32_to_cpu(disk.mode);
	stamp->uid = make_kuid(&init_user_ns, le32_to_cpu(disk.uid));
	stamp->gid = make_kgid(&init_user_ns, le32_to_cpu(disk.gid));
	if (disk.reserved || !S_ISREG(stamp->mode) || !uid_valid(stamp->uid) ||
	    !gid_valid(stamp->gid) || stamp->mtime.tv_nsec >= NSEC_PER_SEC)
		return -EUCLEAN;
	return 0;
}

static int take_value(const u8 **at, const u8 *end, u32 len,
		      struct txf_step *step)
{
	const u8 *bytes = take(at, end, len);

	if (!bytes)
		return -EUCLEAN;
	if (step->kind == TXF_STEP_SETATTR)
		return take_attr(bytes, len, &step->attr);
	if (step->flags & TXF_STEP_F_STAMP)
		return take_stamp(bytes, len, &step->stamp);
	if (step->kind != TXF_STEP_SETXATTR)
		return len ? -EUCLEAN : 0;
	if (len > KTM_TXF_XATTR_MAX)
		return -EUCLEAN;
	step->value = kvmalloc(len + 1, GFP_KERNEL_ACCOUNT);
	if (!step->value)
		return -ENOMEM;
	memcpy(step->value, bytes, len);
	step->value_size = len;
	return 0;
}

/* Does it replace or remove something, and has that a number? */
static bool has_victim(const struct txf_step *step,
		       const struct ktm_disk_txf_step *disk)
{
	return (step->kind == TXF_STEP_REMOVE || step->kind == TXF_STEP_MOVE ||
		step->kind == TXF_STEP_INSTALL) &&
	       disk->expect_len && step->number;
}

/* Has the step all that its kind needs? */
static int check_step(const struct txf_step *step,
		      const struct ktm_disk_txf_step *disk)
{
	bool named = step->name && disk->dir_len;
	bool ok = false;

	switch (step->kind) {
	case TXF_STEP_EVACUATE:
		ok = named && disk->object_len && step->number;
		break;
	case TXF_STEP_REMOVE:
		ok = named && disk->expect_len;
		break;
	case TXF_STEP_MOVE:
		ok = named && disk->object_len && disk->from_len &&
		     step->from_name;
		break;
	case TXF_STEP_INSTALL:
		ok = named && disk->object_len && step->number &&
		     !step->from_name == !disk->from_len;
		break;
	case TXF_STEP_LINK:
		ok = named && disk->object_len;
		break;
	case TXF_STEP_SETATTR:
		ok = disk->object_len;
		break;
	case TXF_STEP_SETXATTR:
		ok = disk->object_len && step->name;
		break;
	}
	if (step->flags & ~TXF_STEP_F_MASK)
		ok = false;
	if ((step->flags & TXF_STEP_F_STAMP) && !has_victim(step, disk))
		ok = false;
	if (disk->expect_len && !(step->flags & TXF_STEP_F_EXPECT))
		ok = false;
	return ok ? 0 : -EUCLEAN;
}

static int take_parts(struct reader *reader, struct txf_step *step,
		      const struct ktm_disk_txf_step *disk, const u8 *at,
		      const u8 *end)
{
	bool is_xattr = step->kind == TXF_STEP_SETXATTR;
	int error;

	error = take_handle(reader, &at, end, le16_to_cpu(disk->dir_len),
			    &step->dir);
	if (!error)
		error = take_name(&at, end, le16_to_cpu(disk->name_len),
				  is_xattr, &step->name);
	if (!error)
		error = take_handle(reader, &at, end,
				    le16_to_cpu(disk->expect_len),
				    &step->expect);
	if (!error)
		error = take_handle(reader, &at, end,
				    le16_to_cpu(disk->object_len),
				    &step->object);
	if (!error)
		error = take_handle(reader, &at, end,
				    le16_to_cpu(disk->from_len), &step->from);
	if (!error)
		error = take_name(&at, end, le16_to_cpu(disk->from_name_len),
				  false, &step->from_name);
	if (!error)
		error = take_value(&at, end, le16_to_cpu(disk->value_len),
				   step);
	if (!error && ((step->dir && !d_is_dir(step->dir)) ||
		       (step->from && !d_is_dir(step->from))))
		error = -EUCLEAN;
	return error ?: check_step(step, disk);
}

static int read_step(struct reader *reader, const u8 **at, const u8 *end)
{
	struct ktm_disk_txf_step disk;
	struct txf_step *step;
	const u8 *bytes;
	u32 length, kind;

	bytes = take(at, end, sizeof(disk));
	if (!bytes)
		return -EUCLEAN;
	memcpy(&disk, bytes, sizeof(disk));
	length = le32_to_cpu(disk.length);
	kind = le16_to_cpu(disk.kind);
	if (length < sizeof(disk) || length % 8 || !kind ||
	    kind >= TXF_STEP_NR ||
	    !take(at, end, length - sizeof(disk)))
		return -EUCLEAN;
	if (reader->nr_steps++ >= 2 * KTM_TXF_MAX_STEPS)
		return -EUCLEAN;
	step = txf_step_alloc(kind, &reader->part->steps);
	if (!step)
		return -ENOMEM;
	step->flags = le16_to_cpu(disk.flags);
	step->number = le64_to_cpu(disk.number);
	step->old_crc = le32_to_cpu(disk.old_crc);
	return take_parts(reader, step, &disk, bytes + sizeof(disk),
			  bytes + length);
}

static int read_record(void *ctx, const void *data, u32 length)
{
	struct ktm_disk_txf_record record;
	struct reader *reader = ctx;
	const u8 *at = data, *end = at + length;
	u32 i, nr_steps;
	int error;

	if (length < sizeof(record) || reader->last)
		return -EUCLEAN;
	memcpy(&record, at, sizeof(record));
	at += sizeof(record);
	if (le32_to_cpu(record.magic) != TXF_RECORD_MAGIC ||
	    le16_to_cpu(record.version) != TXF_RECORD_VERSION ||
	    (le16_to_cpu(record.flags) & ~TXF_RECORD_F_LAST) ||
	    le32_to_cpu(record.index) != reader->index++)
		return -EUCLEAN;
	reader->last = le16_to_cpu(record.flags) & TXF_RECORD_F_LAST;
	nr_steps = le32_to_cpu(record.nr_steps);
	for (i = 0; i < nr_steps; i++) {
		error = read_step(reader, &at, end);
		if (error)
			return error;
		cond_resched();
	}
	return at == end ? 0 : -EUCLEAN;
}

int txf_redo_read(struct txf_part *part, struct ktm_enlistment *en)
{
	struct reader reader = { .part = part };
	const struct cred *old;
	int error;

	old = override_creds(part->vol->cred);
	error = ktm_enlistment_read_log(en, read_record, &reader);
	revert_creds(old);
	if (!error && !reader.last)
		error = -EUCLEAN;
	return error;
}
