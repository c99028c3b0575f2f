// SPDX-License-Identifier: GPL-2.0
/*
 * userlib tests - the calls of libktm for transactional files
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <ktm/ktm_txf.h>

#include "fake_ioctl.h"
#include "tap.h"

#define TX	11
#define DIR_FD	12
#define DIR_FD2	13

static const char path[] = "a/path";
static const char path2[] = "another/path";

static void test_volumes(void)
{
	struct ktm_txf_enable enable = { .size = sizeof(enable), .mount_fd = 3,
					 .tm_fd = 4 };
	struct ktm_txf_enable answer = enable;
	struct ktm_txf_disable disable = {
		.size = sizeof(disable), .mount_fd = 3,
		.flags = KTM_TXF_DISABLE_F_FORGET,
	};
	struct ktm_txf_status status = { .flags = KTM_TXF_STATUS_F_NEXT,
					 .mount_fd = -1, .cursor = 5 };
	struct ktm_txf_status want = status;
	struct ktm_txf_adopt adopt = { .size = sizeof(adopt), .mount_fd = 3 };
	struct ktm_txf_adopt ask = { .size = sizeof(ask), .mount_fd = 3,
				     .flags = KTM_TXF_ADOPT_F_QUERY };
	struct ktm_txf_adopt whose;
	unsigned char uuid[KTM_UUID_SIZE], tm_uuid[KTM_UUID_SIZE];
	uint32_t recovered = 0;

	memset(answer.uuid, 0x5a, sizeof(answer.uuid));
	answer.recovered = 6;
	fake_reset();
	fake_answer(0, &answer, sizeof(answer));
	tap_ok(!ktm_txf_enable(FAKE_FD, 3, 4, uuid, &recovered) &&
	       fake_sent(KTM_IOC_TXF_ENABLE, enable) && recovered == 6 &&
	       !memcmp(uuid, answer.uuid, sizeof(uuid)), "txf_enable");
	fake_reset();
	tap_ok(!ktm_txf_enable(FAKE_FD, 3, 4, NULL, NULL) && fake.calls == 1,
	       "txf_enable needs nothing back");
	fake_reset();
	tap_ok(!ktm_txf_disable(FAKE_FD, 3, KTM_TXF_DISABLE_F_FORGET) &&
	       fake_sent(KTM_IOC_TXF_DISABLE, disable), "txf_disable");
	memset(adopt.from, 1, sizeof(adopt.from));
	memset(adopt.to, 2, sizeof(adopt.to));
	fake_reset();
	tap_ok(!ktm_txf_adopt(FAKE_FD, 3, adopt.from, adopt.to, NULL, NULL) &&
	       fake_sent(KTM_IOC_TXF_ADOPT, adopt), "txf_adopt");
	whose = ask;
	memset(whose.uuid, 3, sizeof(whose.uuid));
	memset(whose.tm_uuid, 4, sizeof(whose.tm_uuid));
	fake_reset();
	fake_answer(0, &whose, sizeof(whose));
	tap_ok(!ktm_txf_adopt(FAKE_FD, 3, NULL, NULL, uuid, tm_uuid) &&
	       fake_sent(KTM_IOC_TXF_ADOPT, ask) &&
	       !memcmp(uuid, whose.uuid, sizeof(uuid)) &&
	       !memcmp(tm_uuid, whose.tm_uuid, sizeof(tm_uuid)),
	       "txf_adopt: whose it is");
	want.size = sizeof(want);
	fake_reset();
	tap_ok(!ktm_txf_query(FAKE_FD, &status, sizeof(status)) &&
	       fake_sent(KTM_IOC_TXF_STATUS, want), "txf_query");
	fake_reset();
	tap_ok(ktm_txf_query(FAKE_FD, &status, 8) == -EINVAL && !fake.calls,
	       "txf_query refuses an impossible size");
}

static void test_open_and_create(void)
{
	struct ktm_txf_open open_arg = {
		.size = sizeof(open_arg), .tx_fd = TX, .dirfd = DIR_FD,
		.path = (uintptr_t)path, .open_flags = O_WRONLY | O_CREAT,
		.mode = 0640,
	};
	struct ktm_txf_create create = {
		.size = sizeof(create), .tx_fd = TX, .dirfd = DIR_FD,
		.path = (uintptr_t)path, .mode = 0750,
	};
	struct ktm_txf_symlink link_arg = {
		.size = sizeof(link_arg), .tx_fd = TX, .dirfd = DIR_FD,
		.path = (uintptr_t)path, .target = (uintptr_t)path2,
	};

	fake_reset();
	fake_answer_fd(offsetof(struct ktm_txf_open, out_fd));
	tap_ok(ktm_txf_open(FAKE_FD, TX, DIR_FD, path, O_WRONLY | O_CREAT,
			    0640) == FAKE_NEW_FD &&
	       fake_sent(KTM_IOC_TXF_OPEN, open_arg), "txf_open");
	fake_reset();
	fake.error = EBUSY;
	tap_ok(ktm_txf_open(FAKE_FD, TX, DIR_FD, path, 0, 0) == -EBUSY,
	       "txf_open passes the errno on");
	fake_reset();
	tap_ok(!ktm_txf_mkdir(FAKE_FD, TX, DIR_FD, path, 0750) &&
	       fake_sent(KTM_IOC_TXF_MKDIR, create), "txf_mkdir");
	create.mode = S_IFBLK | 0600;
	create.dev_major = 8;
	create.dev_minor = 1;
	fake_reset();
	tap_ok(!ktm_txf_mknod(FAKE_FD, TX, DIR_FD, path, S_IFBLK | 0600, 8,
			      1) &&
	       fake_sent(KTM_IOC_TXF_MKNOD, create), "txf_mknod");
	fake_reset();
	tap_ok(!ktm_txf_symlink(FAKE_FD, TX, path2, DIR_FD, path) &&
	       fake_sent(KTM_IOC_TXF_SYMLINK, link_arg), "txf_symlink");
}

static void test_names(void)
{
	struct ktm_txf_remove remove_arg = {
		.size = sizeof(remove_arg), .tx_fd = TX, .dirfd = DIR_FD,
		.path = (uintptr_t)path,
	};
	struct ktm_txf_rename rename_arg = {
		.size = sizeof(rename_arg), .tx_fd = TX, .olddirfd = DIR_FD,
		.oldpath = (uintptr_t)path, .newdirfd = DIR_FD2,
		.newpath = (uintptr_t)path2, .flags = 1,
	};

	fake_reset();
	tap_ok(!ktm_txf_unlink(FAKE_FD, TX, DIR_FD, path) &&
	       fake_sent(KTM_IOC_TXF_UNLINK, remove_arg), "txf_unlink");
	fake_reset();
	tap_ok(!ktm_txf_rmdir(FAKE_FD, TX, DIR_FD, path) &&
	       fake_sent(KTM_IOC_TXF_RMDIR, remove_arg), "txf_rmdir");
	fake_reset();
	tap_ok(!ktm_txf_rename(FAKE_FD, TX, DIR_FD, path, DIR_FD2, path2,
			       KTM_TXF_RENAME_F_NOREPLACE) &&
	       fake_sent(KTM_IOC_TXF_RENAME, rename_arg), "txf_rename");
	fake_reset();
	tap_ok(!ktm_txf_link(FAKE_FD, TX, DIR_FD, path, DIR_FD2, path2,
			     KTM_TXF_LINK_F_FOLLOW) &&
	       fake_sent(KTM_IOC_TXF_LINK, rename_arg), "txf_link");
}

static void test_attributes(void)
{
	struct ktm_txf_setattr attr = {
		.valid = KTM_TXF_ATTR_MODE | KTM_TXF_ATTR_MTIME, .mode = 0600,
		.mtime = { .sec = -1, .nsec = 999999999 },
	};
	struct ktm_txf_setattr want = attr;
	struct ktm_txf_xattr xattr = {
		.size = sizeof(xattr), .flags = KTM_TXF_F_NOFOLLOW,
		.tx_fd = TX, .dirfd = DIR_FD, .path = (uintptr_t)path,
		.name = (uintptr_t)path2, .value = (uintptr_t)path,
		.value_size = 3, .xattr_flags = 2,
	};

	want.size = sizeof(want);
	want.flags = KTM_TXF_F_NOFOLLOW;
	want.tx_fd = TX;
	want.dirfd = DIR_FD;
	want.path = (uintptr_t)path;
	fake_reset();
	tap_ok(!ktm_txf_setattr(FAKE_FD, TX, DIR_FD, path, KTM_TXF_F_NOFOLLOW,
				&attr, sizeof(attr)) &&
	       fake_sent(KTM_IOC_TXF_SETATTR, want), "txf_setattr");
	fake_reset();
	tap_ok(ktm_txf_setattr(FAKE_FD, TX, DIR_FD, path, 0, &attr,
			       sizeof(attr) - 8) == -EINVAL && !fake.calls,
	       "txf_setattr refuses an impossible size");
	fake_reset();
	tap_ok(!ktm_txf_setxattr(FAKE_FD, TX, DIR_FD, path, KTM_TXF_F_NOFOLLOW,
				 path2, path, 3, 2) &&
	       fake_sent(KTM_IOC_TXF_SETXATTR, xattr), "txf_setxattr");
	xattr.value = 0;
	xattr.value_size = 0;
	xattr.xattr_flags = 0;
	fake_reset();
	tap_ok(!ktm_txf_removexattr(FAKE_FD, TX, DIR_FD, path,
				    KTM_TXF_F_NOFOLLOW, path2) &&
	       fake_sent(KTM_IOC_TXF_REMOVEXATTR, xattr), "txf_removexattr");
}

static void test_reading(void)
{
	struct ktm_txf_stat stat_want = {
		.size = sizeof(stat_want), .flags = KTM_TXF_F_NOFOLLOW,
		.tx_fd = TX, .dirfd = DIR_FD, .path = (uintptr_t)path,
	};
	struct ktm_txf_stat st;
	char buffer[64];
	struct ktm_txf_read read_want = {
		.size = sizeof(read_want), .tx_fd = TX, .dirfd = DIR_FD,
		.path = (uintptr_t)path, .buffer = (uintptr_t)buffer,
		.length = sizeof(buffer),
	};
	struct ktm_txf_read answer = read_want;
	uint64_t cursor = 9;

	memset(&st, 0xaa, sizeof(st));
	fake_reset();
	tap_ok(!ktm_txf_stat(FAKE_FD, TX, DIR_FD, path, KTM_TXF_F_NOFOLLOW,
			     &st, sizeof(st)) &&
	       fake_sent(KTM_IOC_TXF_STAT, stat_want), "txf_stat");
	answer.length = 5;
	fake_reset();
	fake_answer(0, &answer, sizeof(answer));
	tap_ok(ktm_txf_readlink(FAKE_FD, TX, DIR_FD, path, buffer,
				sizeof(buffer)) == 5 &&
	       fake_sent(KTM_IOC_TXF_READLINK, read_want), "txf_readlink");
	read_want.cursor = 9;
	answer.cursor = 10;
	fake_reset();
	fake_answer(0, &answer, sizeof(answer));
	tap_ok(ktm_txf_readdir(FAKE_FD, TX, DIR_FD, path, buffer,
			       sizeof(buffer), &cursor) == 5 && cursor == 10 &&
	       fake_sent(KTM_IOC_TXF_READDIR, read_want), "txf_readdir");
}

static void test_reading_xattrs(void)
{
	char buffer[64];
	struct ktm_txf_xattr want = {
		.size = sizeof(want), .flags = KTM_TXF_F_NOFOLLOW,
		.tx_fd = TX, .dirfd = DIR_FD, .path = (uintptr_t)path,
		.name = (uintptr_t)path2, .value = (uintptr_t)buffer,
		.value_size = sizeof(buffer),
	};
	struct ktm_txf_xattr answer = want;

	answer.value_size = 7;
	fake_reset();
	fake_answer(0, &answer, sizeof(answer));
	tap_ok(ktm_txf_getxattr(FAKE_FD, TX, DIR_FD, path, KTM_TXF_F_NOFOLLOW,
				path2, buffer, sizeof(buffer)) == 7 &&
	       fake_sent(KTM_IOC_TXF_GETXATTR, want), "txf_getxattr");
	want.name = 0;
	fake_reset();
	fake_answer(0, &answer, sizeof(answer));
	tap_ok(ktm_txf_listxattr(FAKE_FD, TX, DIR_FD, path, KTM_TXF_F_NOFOLLOW,
				 buffer, sizeof(buffer)) == 7 &&
	       fake_sent(KTM_IOC_TXF_LISTXATTR, want), "txf_listxattr");
	fake_reset();
	fake.error = ENODATA;
	tap_ok(ktm_txf_getxattr(FAKE_FD, TX, DIR_FD, path, 0, path2, buffer,
				sizeof(buffer)) == -ENODATA,
	       "txf_getxattr passes the errno on");
}

int main(void)
{
	test_volumes();
	test_open_and_create();
	test_names();
	test_attributes();
	test_reading();
	test_reading_xattrs();
	return tap_done();
}
