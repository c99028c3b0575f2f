// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_txf - steps to redo records
 */
#include <linux/dcache.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/ktm.h>
#include <uapi/linux/ktm_txf.h>

#include "handle.h"
#include "redo.h"
#include "step.h"
#include "tx.h"

/* More than the longest step: five handles, two names and a value. */
#define STEP_MAX	(sizeof(struct ktm_disk_txf_step) + 4 * TXF_HANDLE_MAX + \
			 2 * (NAME_MAX + 1) + KTM_TXF_XATTR_MAX + 8)

static_assert(sizeof(struct ktm_disk_txf_record) + STEP_MAX <= KTM_RECORD_MAX);

/**
 * struct writer - a record being filled
 * @en: the enlistment
 * @data: the record
 * @used: bytes in it
 * @index: its index
 * @nr_steps: steps in it
 */
struct writer {
	struct ktm_enlistment *en;
	u8 *data;
	u32 used;
	u32 index;
	u32 nr_steps;
};

static void begin_record(struct writer *writer)
{
	writer->used = sizeof(struct ktm_disk_txf_record);
	writer->nr_steps = 0;
}

static int end_record(struct writer *writer, u16 flags)
{
	struct ktm_disk_txf_record *record = (void *)writer->data;

	record->magic = cpu_to_le32(TXF_RECORD_MAGIC);
	record->version = cpu_to_le16(TXF_RECORD_VERSION);
	record->flags = cpu_to_le16(flags);
	record->index = cpu_to_le32(writer->index++);
	record->nr_steps = cpu_to_le32(writer->nr_steps);
	return ktm_enlistment_log(writer->en, writer->data, writer->used);
}

static int put_bytes(struct writer *writer, const void *bytes, u32 len)
{
	memcpy(writer->data + writer->used, bytes, len);
	writer->used += len;
	return len;
}

static int put_handle(struct writer *writer, struct dentry *dentry)
{
	int len;

	if (!dentry)
		return 0;
	len = txf_handle_encode(d_inode(dentry), writer->data + writer->used);
	if (len > 0)
		writer->used += len;
	return len;
}

static int put_string(struct writer *writer, const char *string)
{
	return string ? put_bytes(writer, string, strlen(string)) : 0;
}

static int put_attr(struct writer *writer, const struct txf_step_attr *attr)
{
	struct ktm_disk_txf_attr disk = {
		.mask = cpu_to_le32(attr->mask),
		.mode = cpu_to_le32(attr->mode),
		.uid = cpu_to_le32(from_kuid(&init_user_ns, attr->uid)),
		.gid = cpu_to_le32(from_kgid(&init_user_ns, attr->gid)),
		.atime_sec = cpu_to_le64(attr->atime.tv_sec),
		.atime_nsec = cpu_to_le32(attr->atime.tv_nsec),
		.mtime_sec = cpu_to_le64(attr->mtime.tv_sec),
		.mtime_nsec = cpu_to_le32(attr->mtime.tv_nsec),
		.old_mtime_sec = cpu_to_le64(attr->old_mtime.tv_sec),
		.old_mtime_nsec = cpu_to_le32(attr->old_mtime.tv_nsec),
		.old_mode = cpu_to_le32(attr->old_mode),
		.old_uid = cpu_to_le32(from_kuid(&init_user_ns, attr->old_uid)),
		.old_gid = cpu_to_le32(from_kgid(&init_user_ns, attr->old_gid)),
	};

	return put_bytes(writer, &disk, sizeof(disk));
}

static int put_stamp(struct writer *writer, const struct txf_stamp *stamp)
{
	struct ktm_disk_txf_stamp disk = {
		.mtime_sec = cpu_to_le64(stamp->mtime.tv_sec),
		.mtime_nsec = cpu_to_le32(stamp->mtime.tv_nsec),
		.mode = cpu_to_le32(stamp->mode),
		.uid = cpu_to_le32(from_kuid(&init_user_ns, stamp->uid)),
		.gid = cpu_to_le32(from_kgid(&init_user_ns, stamp->gid)),
		.xattrs = cpu_to_le32(stamp->xattrs),
	};

	return put_bytes(writer, &disk, sizeof(disk));
}

static int put_value(struct writer *writer, const struct txf_step *step)
{
	if (step->kind == TXF_STEP_SETATTR)
		return put_attr(writer, &step->attr);
	if (step->flags & TXF_STEP_F_STAMP)
		return put_stamp(writer, &step->stamp);
	return put_bytes(writer, step->value, step->value_size);
}

static int put_step(struct writer *writer, const struct txf_step *step)
{
	u32 start = writer->used, pad;
	struct ktm_disk_txf_step *disk = (void *)(writer->data + start);
	int dir, name, expect, object, from, from_name, value;

	memset(disk, 0, sizeof(*disk));
	writer->used += sizeof(*disk);
	dir = put_handle(writer, step->dir);
	name = put_string(writer, step->name);
	expect = put_handle(writer, step->expect);
	object = put_handle(writer, step->object);
	from = put_handle(writer, step->from);
	from_name = put_string(writer, step->from_name);
	value = put_value(writer, step);
	if (dir < 0 || expect < 0 || object < 0 || from < 0)
		return -EOPNOTSUPP;
	disk->dir_len = cpu_to_le16(dir);
	disk->name_len = cpu_to_le16(name);
	disk->expect_len = cpu_to_le16(expect);
	disk->object_len = cpu_to_le16(object);
	disk->from_len = cpu_to_le16(from);
	disk->from_name_len = cpu_to_le16(from_name);
	disk->value_len = cpu_to_le16(value);
	pad = ALIGN(writer->used, 8) - writer->used;
	memset(writer->data + writer->used, 0, pad);
	writer->used += pad;
	disk->kind = cpu_to_le16(step->kind);
	disk->flags = cpu_to_le16(step->flags);
	disk->number = cpu_to_le64(step->number);
	disk->old_crc = cpu_to_le32(step->old_crc);
	disk->length = cpu_to_le32(writer->used - start);
	writer->nr_steps++;
	return 0;
}

int txf_redo_write(struct txf_part *part, struct ktm_enlistment *en)
{
	struct writer writer = { .en = en };
	struct txf_step *step;
	int error = 0;

	writer.data = kvmalloc(KTM_RECORD_MAX, GFP_KERNEL_ACCOUNT);
	if (!writer.data)
		return -ENOMEM;
	begin_record(&writer);
	list_for_each_entry(step, &part->steps, list) {
		if (writer.used + STEP_MAX > KTM_RECORD_MAX) {
			error = end_record(&writer, 0);
			if (error)
				break;
			begin_record(&writer);
		}
		error = put_step(&writer, step);
		if (error)
			break;
		cond_resched();
	}
	if (!error)
		error = end_record(&writer, TXF_RECORD_F_LAST);
	kvfree(writer.data);
	return error;
}
