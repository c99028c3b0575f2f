// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - each operation under a transaction: what it sees, what others
 * see before the commit, and what is there after commit and after rollback
 */
#include "harness.h"
#include "txf_harness.h"

#include <sys/sysmacros.h>
#include <sys/xattr.h>

FIXTURE(ops)
{
	int dir;
	int tx;
	char path[128];
};

FIXTURE_VARIANT(ops)
{
	const char *type;
};

FIXTURE_VARIANT_ADD(ops, ext4)
{
	.type = "ext4",
};

FIXTURE_VARIANT_ADD(ops, xfs)
{
	.type = "xfs",
};

FIXTURE_VARIANT_ADD(ops, btrfs)
{
	.type = "btrfs",
};

FIXTURE_SETUP(ops)
{
	umask(022);
	self->dir = make_dir(variant->type, self->path, sizeof(self->path));
	ASSERT_LE(0, self->dir);
	self->tx = begin();
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(ops)
{
	close(self->tx);
	close(self->dir);
}

TEST_F(ops, create_commit)
{
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_CREAT, "new"));
	ASSERT_STREQ("new", tx_get(self->tx, self->dir, "f"));
	ASSERT_STREQ("f", tx_list(self->tx, self->dir, "."));
	ASSERT_FALSE(exists(self->dir, "f"));
	ASSERT_EQ(-EEXIST, tx_open(self->tx, self->dir, "f",
				   O_WRONLY | O_CREAT | O_EXCL, 0644));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("new", get(self->dir, "f"));
	ASSERT_EQ(-EPROTO, tx_put(self->tx, self->dir, "g", O_CREAT, "late"));
}

TEST_F(ops, create_rollback)
{
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_CREAT, "new"));
	ASSERT_EQ(0, rollback(self->tx));
	ASSERT_FALSE(exists(self->dir, "f"));
	ASSERT_EQ(-ECANCELED, tx_put(self->tx, self->dir, "g", O_CREAT, "late"));
}

TEST_F(ops, replace)
{
	struct stat before, after;

	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, fchmodat(self->dir, "f", 0640, 0));
	ASSERT_EQ(0, fchownat(self->dir, "f", 12, 34, 0));
	ASSERT_EQ(0, fstatat(self->dir, "f", &before, 0));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_TRUNC, "newer"));
	ASSERT_STREQ("newer", tx_get(self->tx, self->dir, "f"));
	ASSERT_STREQ("old", get(self->dir, "f"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("newer", get(self->dir, "f"));
	ASSERT_EQ(0, fstatat(self->dir, "f", &after, 0));
	ASSERT_EQ(before.st_mode, after.st_mode);
	ASSERT_EQ(before.st_uid, after.st_uid);
	ASSERT_EQ(before.st_gid, after.st_gid);
}

TEST_F(ops, private_copy)
{
	int fd;

	ASSERT_EQ(0, put(self->dir, "f", "0123456789"));
	ASSERT_EQ(0, fsetxattr(openat(self->dir, "f", O_RDONLY), "user.a", "v", 1, 0));
	fd = tx_open(self->tx, self->dir, "f", O_RDWR, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(2, pwrite(fd, "XY", 2, 4));
	ASSERT_EQ(0, close(fd));
	ASSERT_STREQ("0123XY6789", tx_get(self->tx, self->dir, "f"));
	ASSERT_STREQ("0123456789", get(self->dir, "f"));
	fd = tx_open(self->tx, self->dir, "f", O_WRONLY | O_APPEND, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, write(fd, "!", 1));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("0123XY6789!", get(self->dir, "f"));
	ASSERT_EQ(1, fgetxattr(openat(self->dir, "f", O_RDONLY), "user.a", &fd, 1));
}

TEST_F(ops, big_copy)
{
	char *data = malloc(1 << 20), *back = malloc(1 << 20);
	int fd, i;

	for (i = 0; i < 1 << 20; i++)
		data[i] = i * 7 + (i >> 9);
	fd = openat(self->dir, "f", O_WRONLY | O_CREAT, 0644);
	ASSERT_EQ(1 << 20, write(fd, data, 1 << 20));
	/* a hole before the last block */
	ASSERT_EQ(4096, pwrite(fd, data, 4096, 8 << 20));
	ASSERT_EQ(0, close(fd));
	fd = tx_open(self->tx, self->dir, "f", O_WRONLY, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, pwrite(fd, "Z", 1, 5000));
	ASSERT_EQ(0, close(fd));
	data[5000] = 'Z';
	ASSERT_EQ(0, commit(self->tx));
	fd = openat(self->dir, "f", O_RDONLY);
	ASSERT_EQ((8 << 20) + 4096, lseek(fd, 0, SEEK_END));
	ASSERT_EQ(1 << 20, pread(fd, back, 1 << 20, 0));
	ASSERT_EQ(0, memcmp(data, back, 1 << 20));
	ASSERT_EQ(4096, pread(fd, back, 4096, 8 << 20));
	ASSERT_EQ(0, memcmp(data, back, 4096));
	close(fd);
}

TEST_F(ops, unlink)
{
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, tx_unlink(self->tx, self->dir, "f"));
	ASSERT_EQ(-ENOENT, tx_stat(self->tx, self->dir, "f", NULL));
	ASSERT_STREQ("", tx_list(self->tx, self->dir, "."));
	ASSERT_TRUE(exists(self->dir, "f"));
	ASSERT_EQ(-ENOENT, tx_unlink(self->tx, self->dir, "f"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_FALSE(exists(self->dir, "f"));
}

TEST_F(ops, unlink_rollback)
{
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, tx_unlink(self->tx, self->dir, "f"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_CREAT, "again"));
	ASSERT_EQ(0, rollback(self->tx));
	ASSERT_STREQ("old", get(self->dir, "f"));
}

TEST_F(ops, unlink_create)
{
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, tx_unlink(self->tx, self->dir, "f"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_CREAT | O_EXCL, "again"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "gone", O_CREAT, "x"));
	ASSERT_EQ(0, tx_unlink(self->tx, self->dir, "gone"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("again", get(self->dir, "f"));
	ASSERT_FALSE(exists(self->dir, "gone"));
}

TEST_F(ops, tree)
{
	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d", 0755));
	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d/e", 0700));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "d/e/f", O_CREAT, "deep"));
	ASSERT_EQ(0, tx_symlink(self->tx, self->dir, "e/f", "d/l"));
	ASSERT_STREQ("deep", tx_get(self->tx, self->dir, "d/l"));
	ASSERT_STREQ("deep", tx_get(self->tx, self->dir, "d/e/../../d/e/f"));
	ASSERT_STREQ("e l", tx_list(self->tx, self->dir, "d"));
	ASSERT_EQ(-ENOTEMPTY, tx_rmdir(self->tx, self->dir, "d"));
	ASSERT_EQ(-EEXIST, tx_mkdir(self->tx, self->dir, "d/e", 0700));
	ASSERT_FALSE(exists(self->dir, "d"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("deep", get(self->dir, "d/l"));
}

TEST_F(ops, mkdir_rmdir)
{
	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d", 0755));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "d/f", O_CREAT, "x"));
	ASSERT_EQ(0, tx_unlink(self->tx, self->dir, "d/f"));
	ASSERT_EQ(0, tx_rmdir(self->tx, self->dir, "d"));
	ASSERT_EQ(-ENOENT, tx_stat(self->tx, self->dir, "d", NULL));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_FALSE(exists(self->dir, "d"));
}

TEST_F(ops, remove_tree)
{
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, mkdirat(self->dir, "d/e", 0755));
	ASSERT_EQ(0, put(self->dir, "d/e/f", "x"));
	ASSERT_EQ(-ENOTEMPTY, tx_rmdir(self->tx, self->dir, "d"));
	ASSERT_EQ(0, tx_unlink(self->tx, self->dir, "d/e/f"));
	ASSERT_EQ(0, tx_rmdir(self->tx, self->dir, "d/e"));
	ASSERT_EQ(0, tx_rmdir(self->tx, self->dir, "d"));
	ASSERT_EQ(-ENOENT, tx_put(self->tx, self->dir, "d/g", O_CREAT, "x"));
	/* a file takes the place of the directory */
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "d", O_CREAT, "file"));
	ASSERT_TRUE(exists(self->dir, "d/e/f"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("file", get(self->dir, "d"));
}

TEST_F(ops, rename)
{
	ASSERT_EQ(0, put(self->dir, "a", "A"));
	ASSERT_EQ(0, put(self->dir, "b", "B"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "a", "b"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "b", "c"));
	ASSERT_STREQ("c", tx_list(self->tx, self->dir, "."));
	ASSERT_STREQ("A", tx_get(self->tx, self->dir, "c"));
	ASSERT_STREQ("B", get(self->dir, "b"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("A", get(self->dir, "c"));
	ASSERT_FALSE(exists(self->dir, "a"));
	ASSERT_FALSE(exists(self->dir, "b"));
}

TEST_F(ops, rename_rotation)
{
	ASSERT_EQ(0, put(self->dir, "log", "0"));
	ASSERT_EQ(0, put(self->dir, "log.1", "1"));
	ASSERT_EQ(0, put(self->dir, "log.2", "2"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "log.1", "log.2"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "log", "log.1"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "log", O_CREAT, "new"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("new", get(self->dir, "log"));
	ASSERT_STREQ("0", get(self->dir, "log.1"));
	ASSERT_STREQ("1", get(self->dir, "log.2"));
}

TEST_F(ops, rename_swap)
{
	ASSERT_EQ(0, put(self->dir, "a", "A"));
	ASSERT_EQ(0, put(self->dir, "b", "B"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "a", "t"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "b", "a"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "t", "b"));
	ASSERT_STREQ("a b", tx_list(self->tx, self->dir, "."));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("B", get(self->dir, "a"));
	ASSERT_STREQ("A", get(self->dir, "b"));
}

TEST_F(ops, rename_directories)
{
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, mkdirat(self->dir, "d/e", 0755));
	ASSERT_EQ(0, put(self->dir, "d/e/f", "x"));
	ASSERT_EQ(-EINVAL, tx_rename(self->tx, self->dir, "d", "d/e/d"));
	/* turn the two inside out */
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "d/e", "e"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "d", "e/d"));
	ASSERT_STREQ("x", tx_get(self->tx, self->dir, "e/d/../f"));
	ASSERT_EQ(-EINVAL, tx_rename(self->tx, self->dir, "e", "e/d/e"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "e/d/g", O_CREAT, "g"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("x", get(self->dir, "e/f"));
	ASSERT_STREQ("g", get(self->dir, "e/d/g"));
	ASSERT_FALSE(exists(self->dir, "d"));
}

TEST_F(ops, rename_into_new)
{
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, put(self->dir, "d/f", "x"));
	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "n", 0755));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "d", "n/d"));
	ASSERT_STREQ("x", tx_get(self->tx, self->dir, "n/d/f"));
	ASSERT_STREQ("d", tx_list(self->tx, self->dir, "n"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "n/g", O_CREAT, "g"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "n", "m"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "m/g", "g"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("x", get(self->dir, "m/d/f"));
	ASSERT_STREQ("g", get(self->dir, "g"));
	ASSERT_FALSE(exists(self->dir, "d"));
	ASSERT_FALSE(exists(self->dir, "n"));
}

TEST_F(ops, rename_over)
{
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, mkdirat(self->dir, "e", 0755));
	ASSERT_EQ(0, put(self->dir, "d/f", "x"));
	ASSERT_EQ(0, put(self->dir, "g", "g"));
	ASSERT_EQ(-EISDIR, tx_rename(self->tx, self->dir, "g", "e"));
	ASSERT_EQ(-ENOTDIR, tx_rename(self->tx, self->dir, "d", "g"));
	ASSERT_EQ(-ENOTEMPTY, tx_rename(self->tx, self->dir, "e", "d"));
	ASSERT_EQ(-EEXIST, ktm_txf_rename(env.txf_fd, self->tx, self->dir, "g",
					  self->dir, "e",
					  KTM_TXF_RENAME_F_NOREPLACE));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "d", "e"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("x", get(self->dir, "e/f"));
	ASSERT_FALSE(exists(self->dir, "d"));
}

TEST_F(ops, child_replaces_parent)
{
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, put(self->dir, "d/f", "x"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "d/f", "t"));
	ASSERT_EQ(0, tx_rmdir(self->tx, self->dir, "d"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "t", "d"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("x", get(self->dir, "d"));
}

TEST_F(ops, links)
{
	struct stat a, b;

	ASSERT_EQ(0, put(self->dir, "a", "A"));
	ASSERT_EQ(0, put(self->dir, "r", "R"));
	ASSERT_EQ(0, tx_link(self->tx, self->dir, "a", "b"));
	ASSERT_EQ(-EEXIST, tx_link(self->tx, self->dir, "a", "b"));
	ASSERT_EQ(0, tx_unlink(self->tx, self->dir, "r"));
	ASSERT_EQ(0, tx_link(self->tx, self->dir, "a", "r"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "n", O_CREAT, "N"));
	ASSERT_EQ(0, tx_link(self->tx, self->dir, "n", "m"));
	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d", 0755));
	ASSERT_EQ(0, tx_link(self->tx, self->dir, "n", "d/m"));
	ASSERT_EQ(0, tx_link(self->tx, self->dir, "a", "d/a"));
	ASSERT_EQ(-EPERM, tx_link(self->tx, self->dir, "d", "e"));
	ASSERT_STREQ("A", tx_get(self->tx, self->dir, "d/a"));
	ASSERT_EQ(0, fstatat(self->dir, "a", &a, 0));
	ASSERT_EQ(1, a.st_nlink);
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_EQ(0, fstatat(self->dir, "a", &a, 0));
	ASSERT_EQ(4, a.st_nlink);
	ASSERT_EQ(0, fstatat(self->dir, "r", &b, 0));
	ASSERT_EQ(a.st_ino, b.st_ino);
	ASSERT_EQ(0, fstatat(self->dir, "n", &a, 0));
	ASSERT_EQ(0, fstatat(self->dir, "d/m", &b, 0));
	ASSERT_EQ(a.st_ino, b.st_ino);
	ASSERT_EQ(3, a.st_nlink);
}

TEST_F(ops, special)
{
	struct stat st;

	ASSERT_EQ(0, ktm_txf_mknod(env.txf_fd, self->tx, self->dir, "p",
				   S_IFIFO | 0644, 0, 0));
	ASSERT_EQ(0, ktm_txf_mknod(env.txf_fd, self->tx, self->dir, "c",
				   S_IFCHR | 0600, 1, 3));
	ASSERT_EQ(-EINVAL, ktm_txf_mknod(env.txf_fd, self->tx, self->dir, "x",
					 S_IFDIR | 0600, 0, 0));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_EQ(0, fstatat(self->dir, "p", &st, 0));
	ASSERT_EQ(S_IFIFO | 0644, st.st_mode);
	ASSERT_EQ(0, fstatat(self->dir, "c", &st, 0));
	ASSERT_EQ(S_IFCHR | 0600, st.st_mode);
	ASSERT_EQ(makedev(1, 3), st.st_rdev);
}

TEST_F(ops, attributes)
{
	struct ktm_txf_stat view;
	struct stat st, before;

	ASSERT_EQ(0, put(self->dir, "f", "x"));
	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, symlinkat("f", self->dir, "l"));
	ASSERT_EQ(0, fstatat(self->dir, "f", &before, 0));
	ASSERT_EQ(0, tx_setattr(self->tx, self->dir, "f",
				.valid = KTM_TXF_ATTR_MODE | KTM_TXF_ATTR_UID |
					 KTM_TXF_ATTR_GID | KTM_TXF_ATTR_MTIME,
				.mode = 04711, .uid = 1000, .gid = 1001,
				.mtime = { .sec = 1234567, .nsec = 5000 }));
	ASSERT_EQ(0, tx_setattr(self->tx, self->dir, "d",
				.valid = KTM_TXF_ATTR_MODE | KTM_TXF_ATTR_MTIME,
				.mode = 0700, .mtime = { .sec = 99 }));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "d/n", O_CREAT, "n"));
	ASSERT_EQ(0, ktm_txf_setattr(env.txf_fd, self->tx, self->dir, "l",
				     KTM_TXF_F_NOFOLLOW,
				     &(struct ktm_txf_setattr){
					.valid = KTM_TXF_ATTR_UID, .uid = 7 },
				     sizeof(struct ktm_txf_setattr)));
	ASSERT_EQ(0, tx_stat(self->tx, self->dir, "f", &view));
	ASSERT_EQ(S_IFREG | 04711, view.mode);
	ASSERT_EQ(1000, view.uid);
	ASSERT_EQ(1234567, view.mtime.sec);
	ASSERT_EQ(0, fstatat(self->dir, "f", &st, 0));
	ASSERT_EQ(before.st_mode, st.st_mode);
	ASSERT_EQ(before.st_uid, st.st_uid);
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_EQ(0, fstatat(self->dir, "f", &st, 0));
	ASSERT_EQ(before.st_ino, st.st_ino);
	ASSERT_EQ(S_IFREG | 04711, st.st_mode);
	ASSERT_EQ(1000, st.st_uid);
	ASSERT_EQ(1001, st.st_gid);
	ASSERT_EQ(1234567, st.st_mtim.tv_sec);
	ASSERT_EQ(5000, st.st_mtim.tv_nsec);
	ASSERT_EQ(0, fstatat(self->dir, "d", &st, 0));
	ASSERT_EQ(S_IFDIR | 0700, st.st_mode);
	ASSERT_EQ(99, st.st_mtim.tv_sec);
	ASSERT_STREQ("n", get(self->dir, "d/n"));
	ASSERT_EQ(0, fstatat(self->dir, "l", &st, AT_SYMLINK_NOFOLLOW));
	ASSERT_EQ(7, st.st_uid);
}

TEST_F(ops, attributes_then_content)
{
	struct stat st;

	ASSERT_EQ(0, put(self->dir, "f", "x"));
	ASSERT_EQ(0, tx_setattr(self->tx, self->dir, "f",
				.valid = KTM_TXF_ATTR_MODE, .mode = 0600));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_TRUNC, "y"));
	ASSERT_EQ(0, tx_setattr(self->tx, self->dir, "f",
				.valid = KTM_TXF_ATTR_GID, .gid = 5));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("y", get(self->dir, "f"));
	ASSERT_EQ(0, fstatat(self->dir, "f", &st, 0));
	ASSERT_EQ(S_IFREG | 0600, st.st_mode);
	ASSERT_EQ(5, st.st_gid);
}

TEST_F(ops, xattrs)
{
	char value[16], path[160];

	ASSERT_EQ(0, put(self->dir, "f", "x"));
	snprintf(path, sizeof(path), "%s/f", self->path);
	ASSERT_EQ(0, setxattr(path, "user.old", "1", 1, 0));
	ASSERT_EQ(0, ktm_txf_setxattr(env.txf_fd, self->tx, self->dir, "f", 0,
				      "user.new", "22", 2, XATTR_CREATE));
	ASSERT_EQ(-EEXIST, ktm_txf_setxattr(env.txf_fd, self->tx, self->dir, "f",
					    0, "user.new", "3", 1, XATTR_CREATE));
	ASSERT_EQ(0, ktm_txf_removexattr(env.txf_fd, self->tx, self->dir, "f", 0,
					 "user.old"));
	ASSERT_EQ(-ENODATA, ktm_txf_removexattr(env.txf_fd, self->tx, self->dir,
						"f", 0, "user.old"));
	ASSERT_EQ(2, ktm_txf_getxattr(env.txf_fd, self->tx, self->dir, "f", 0,
				      "user.new", value, sizeof(value)));
	ASSERT_EQ(-ENODATA, ktm_txf_getxattr(env.txf_fd, self->tx, self->dir, "f",
					     0, "user.old", value, 1));
	ASSERT_EQ(9, ktm_txf_listxattr(env.txf_fd, self->tx, self->dir, "f", 0,
				       value, sizeof(value)));
	ASSERT_STREQ("user.new", value);
	ASSERT_EQ(1, getxattr(path, "user.old", value, sizeof(value)));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_EQ(2, getxattr(path, "user.new", value, sizeof(value)));
	ASSERT_EQ(-1, getxattr(path, "user.old", value, sizeof(value)));
}

/* File capabilities, as root sets them: cap_net_raw, permitted and effective. */
static const unsigned char file_caps[20] = { 1, 0, 0, 2, 0, 0x20 };

static bool has_caps(const char *dir, const char *name)
{
	unsigned char value[20];
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return getxattr(path, "security.capability", value, sizeof(value)) == sizeof(value) &&
	       !memcmp(value, file_caps, sizeof(value));
}

/* They go with a private copy, and are lost as they are by write() and truncate(). */
TEST_F(ops, security_xattrs)
{
	static const char * const names[] = { "copied", "written", "cut", "outside", "owned" };
	char path[160], value[8];
	int i, fd;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, put(self->dir, names[i], "text"));
		snprintf(path, sizeof(path), "%s/%s", self->path, names[i]);
		ASSERT_EQ(0, setxattr(path, "security.capability", file_caps,
				      sizeof(file_caps), 0));
		ASSERT_EQ(0, setxattr(path, "security.ktm_test", "label", 5, 0));
		ASSERT_EQ(0, setxattr(path, "trusted.ktm_test", "trust", 5, 0));
	}
	fd = tx_open(self->tx, self->dir, "copied", O_RDWR, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "written", 0, "new"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "cut", O_TRUNC, "new"));
	ASSERT_EQ(0, tx_setattr(self->tx, self->dir, "owned", .valid = KTM_TXF_ATTR_UID,
				.uid = 1000));
	ASSERT_TRUE(has_caps(self->path, "written"));
	ASSERT_EQ(0, commit(self->tx));
	/* the system call does the same */
	ASSERT_EQ(0, put(self->dir, "outside", "new"));
	EXPECT_FALSE(has_caps(self->path, "outside"));
	EXPECT_FALSE(has_caps(self->path, "written"));
	EXPECT_FALSE(has_caps(self->path, "cut"));
	EXPECT_FALSE(has_caps(self->path, "owned"));
	EXPECT_TRUE(has_caps(self->path, "copied"));
	for (i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s", self->path, names[i]);
		EXPECT_EQ(5, getxattr(path, "security.ktm_test", value, sizeof(value)));
		EXPECT_EQ(5, getxattr(path, "trusted.ktm_test", value, sizeof(value)));
	}
}

TEST_F(ops, inheritance)
{
	struct stat st;

	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, fchownat(self->dir, "d", 0, 77, 0));
	ASSERT_EQ(0, fchmodat(self->dir, "d", 02775, 0));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "d/f", O_CREAT, "x"));
	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d/e", 0777));
	umask(077);
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "d/e/g", O_CREAT, "x"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_EQ(0, fstatat(self->dir, "d/f", &st, 0));
	ASSERT_EQ(77, st.st_gid);
	ASSERT_EQ(S_IFREG | 0644, st.st_mode);
	ASSERT_EQ(0, fstatat(self->dir, "d/e", &st, 0));
	ASSERT_EQ(77, st.st_gid);
	ASSERT_EQ(S_IFDIR | 02755, st.st_mode);
	ASSERT_EQ(0, fstatat(self->dir, "d/e/g", &st, 0));
	ASSERT_EQ(77, st.st_gid);
	ASSERT_EQ(S_IFREG | 0600, st.st_mode);
}

TEST_F(ops, default_acl)
{
	struct stat st;

	ASSERT_EQ(0, mkdirat(self->dir, "d", 0755));
	ASSERT_EQ(0, run("setfacl -d -m u:1000:rwx,g::r-x,o::--- %s/d", self->path));
	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d/e", 0777));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "d/f", O_CREAT, "x"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_EQ(0, fstatat(self->dir, "d/e", &st, 0));
	ASSERT_EQ(S_IFDIR | 0770, st.st_mode);
	ASSERT_EQ(0, run("getfacl -ncp %s/d/e | grep -q default:user:1000:rwx", self->path));
	ASSERT_EQ(0, run("getfacl -ncp %s/d/f | grep -q user:1000:rwx", self->path));
}

TEST_F(ops, directory_fd)
{
	int d, fd;

	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d", 0755));
	d = tx_open(self->tx, self->dir, "d", O_RDONLY | O_DIRECTORY, 0);
	ASSERT_LE(0, d);
	ASSERT_EQ(0, tx_put(self->tx, d, "f", O_CREAT, "x"));
	ASSERT_STREQ("x", tx_get(self->tx, d, "../d/f"));
	fd = tx_open(self->tx, d, "f", O_RDONLY | O_DIRECTORY, 0);
	ASSERT_EQ(-ENOTDIR, fd);
	ASSERT_EQ(-EISDIR, tx_open(self->tx, self->dir, "d", O_RDWR, 0));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("x", get(self->dir, "d/f"));
	close(d);
}

TEST_F(ops, absolute_path)
{
	char path[256];

	ASSERT_EQ(0, symlinkat(self->path, self->dir, "self"));
	snprintf(path, sizeof(path), "%s/self/f", self->path);
	ASSERT_EQ(0, tx_put(self->tx, AT_FDCWD, path, O_CREAT, "x"));
	ASSERT_STREQ("x", tx_get(self->tx, self->dir, "self/self/f"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("x", get(self->dir, "f"));
}

TEST_F(ops, reader_keeps_file)
{
	char text[8] = "";
	int fd;

	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_TRUNC, "new"));
	fd = tx_open(self->tx, self->dir, "f", O_RDONLY, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_EQ(3, read(fd, text, sizeof(text)));
	ASSERT_STREQ("new", text);
	close(fd);
}

TEST_F(ops, nothing)
{
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_STREQ("old", tx_get(self->tx, self->dir, "f"));
	ASSERT_EQ(0, tx_mkdir(self->tx, self->dir, "d", 0755));
	ASSERT_EQ(0, tx_rmdir(self->tx, self->dir, "d"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "f", "g"));
	ASSERT_EQ(0, tx_rename(self->tx, self->dir, "g", "f"));
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("old", get(self->dir, "f"));
}

TEST_F(ops, closed_without_commit)
{
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", O_CREAT, "new"));
	ASSERT_EQ(0, close(self->tx));
	self->tx = begin();
	/* the name is free again as soon as that is undone */
	while (tx_put(self->tx, self->dir, "f", O_CREAT, "newer") == -EBUSY)
		usleep(1000);
	ASSERT_EQ(0, commit(self->tx));
	ASSERT_STREQ("newer", get(self->dir, "f"));
}

/* The constructor that the harness's own main function comes with. */
static void __attribute__((constructor)) __constructor_order_last(void)
{
	if (!__constructor_order)
		__constructor_order = _CONSTRUCTOR_ORDER_BACKWARD;
}

int main(int argc, char **argv)
{
	return env_main(argc, argv, test_harness_run);
}
