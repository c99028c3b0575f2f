/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_txf - what is on disk: redo records and the identity file
 *
 * Redo of a transaction is a sequence of log records. Each holds a header and
 * whole steps. All numbers are little-endian. A step is followed by its parts,
 * each as long as the step says and none padded, then by zeros up to the
 * step's length: handle of the directory, name, handle of what is expected,
 * handle of the object, handle of the directory it comes from, name there,
 * value. A handle is one byte of type and the file system's handle.
 */
#ifndef _KTM_TXF_FORMAT_H
#define _KTM_TXF_FORMAT_H

#include <linux/bits.h>
#include <linux/types.h>

#define TXF_RECORD_MAGIC	0x52465854	/* "TXFR" */
#define TXF_RECORD_VERSION	1
#define TXF_RECORD_F_LAST	BIT(0)	/* no more records follow */

/**
 * enum txf_step_kind - kinds of steps
 * @TXF_STEP_EVACUATE: move an object out of dir/name to staging
 * @TXF_STEP_REMOVE: remove dir/name
 * @TXF_STEP_MOVE: move an object from from/from_name to dir/name
 * @TXF_STEP_INSTALL: move an object from staging to dir/name; if it was
 *	evacuated from there, from/from_name is where it goes back to if it cannot
 *	be installed
 * @TXF_STEP_LINK: give an object the name dir/name, too
 * @TXF_STEP_SETATTR: set mode, owner or times
 * @TXF_STEP_SETXATTR: set or remove the extended attribute name
 */
enum txf_step_kind {
	TXF_STEP_EVACUATE = 1,
	TXF_STEP_REMOVE = 2,
	TXF_STEP_MOVE = 3,
	TXF_STEP_INSTALL = 4,
	TXF_STEP_LINK = 5,
	TXF_STEP_SETATTR = 6,
	TXF_STEP_SETXATTR = 7,
};

#define TXF_STEP_NR	8

#define TXF_STEP_F_EXPECT	BIT(0)	/* the name holds something before */
#define TXF_STEP_F_VALUE	BIT(1)	/* SETXATTR: set; else remove */
#define TXF_STEP_F_OLD_VALUE	BIT(2)	/* SETXATTR: it has a value before */
#define TXF_STEP_F_STAMP	BIT(3)	/* REMOVE, MOVE, INSTALL: the value says
					 * how a file looks that is replaced or
					 * removed
					 */
#define TXF_STEP_F_MASK		(BIT(4) - 1)

/**
 * struct ktm_disk_txf_record - begins every redo record
 * @magic: TXF_RECORD_MAGIC
 * @version: TXF_RECORD_VERSION
 * @flags: TXF_RECORD_F_*
 * @index: counts records of the transaction from 0
 * @nr_steps: steps in this record
 */
struct ktm_disk_txf_record {
	__le32 magic;
	__le16 version;
	__le16 flags;
	__le32 index;
	__le32 nr_steps;
};

/**
 * struct ktm_disk_txf_step - begins every step
 * @length: bytes to the next step, a multiple of 8
 * @kind: enum txf_step_kind
 * @flags: TXF_STEP_F_*
 * @number: number of the object in staging; REMOVE and MOVE with
 *	TXF_STEP_F_STAMP: for the file that is removed or replaced; or 0
 * @dir_len: bytes of the directory's handle
 * @name_len: bytes of the name
 * @expect_len: bytes of the handle of what is expected
 * @object_len: bytes of the object's handle
 * @from_len: bytes of the handle of the directory it comes from
 * @from_name_len: bytes of the name there
 * @value_len: bytes of the value
 * @old_crc: CRC32 of the value of the extended attribute before
 * @reserved: 0
 * @reserved2: 0
 */
struct ktm_disk_txf_step {
	__le32 length;
	__le16 kind;
	__le16 flags;
	__le64 number;
	__le16 dir_len;
	__le16 name_len;
	__le16 expect_len;
	__le16 object_len;
	__le16 from_len;
	__le16 from_name_len;
	__le16 value_len;
	__le16 reserved;
	__le32 old_crc;
	__le32 reserved2;
};

/**
 * struct ktm_disk_txf_attr - value of a TXF_STEP_SETATTR
 * @mask: KTM_TXF_ATTR_* bits
 * @mode: mode wanted
 * @uid: owner wanted
 * @gid: group wanted
 * @atime_sec: time wanted
 * @mtime_sec: time wanted
 * @old_mtime_sec: time expected
 * @atime_nsec: time wanted
 * @mtime_nsec: time wanted
 * @old_mtime_nsec: time expected
 * @old_mode: mode expected
 * @old_uid: owner expected
 * @old_gid: group expected
 */
struct ktm_disk_txf_attr {
	__le32 mask;
	__le32 mode;
	__le32 uid;
	__le32 gid;
	__le64 atime_sec;
	__le64 mtime_sec;
	__le64 old_mtime_sec;
	__le32 atime_nsec;
	__le32 mtime_nsec;
	__le32 old_mtime_nsec;
	__le32 old_mode;
	__le32 old_uid;
	__le32 old_gid;
};

/**
 * struct ktm_disk_txf_stamp - value of a step with TXF_STEP_F_STAMP
 * @mtime_sec: time expected
 * @mtime_nsec: time expected
 * @mode: type and permission expected
 * @uid: owner expected
 * @gid: group expected
 * @xattrs: sum of the CRC32 of each extended attribute expected: of its name with the
 *	NUL, and its value
 * @reserved: 0
 *
 * The last two are missing in what older versions have written.
 */
struct ktm_disk_txf_stamp {
	__le64 mtime_sec;
	__le32 mtime_nsec;
	__le32 mode;
	__le32 uid;
	__le32 gid;
	__le32 xattrs;
	__le32 reserved;
};

#define TXF_IDENTITY_MAGIC	0x3144494658544d4bULL	/* "KMTXFID1" */
#define TXF_IDENTITY_VERSION	1

/**
 * struct ktm_disk_txf_identity - content of the file "identity" in staging
 * @magic: TXF_IDENTITY_MAGIC
 * @version: TXF_IDENTITY_VERSION
 * @crc: CRC32 of the whole with this field 0
 * @rm: UUID of the resource manager
 * @tm: UUID of its transaction manager
 */
struct ktm_disk_txf_identity {
	__le64 magic;
	__le32 version;
	__le32 crc;
	__u8 rm[16];
	__u8 tm[16];
};

#endif /* _KTM_TXF_FORMAT_H */
