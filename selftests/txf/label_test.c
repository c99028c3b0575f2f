// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - security labels
 *
 * Needs a machine that was started with security=selinux. First without a policy,
 * where a label is an attribute like others; then with the one in label.cil, which
 * stays until the machine ends. Everything is allowed until a test says otherwise.
 */
#include "harness.h"
#include "text_file.h"
#include "txf_call.h"
#include "txf_harness.h"
#include "txf_slow.h"

#include <sys/mount.h>
#include <sys/xattr.h>

#define SELINUXFS	"/sys/fs/selinux"
#define LABEL		"security.selinux"
#define POLICY		TXF_BASE "/policy"
#define SOURCE		"$KTM_SRC/selftests/txf/label.cil"

#define PLAIN		"caller_u:object_r:plain_t"
#define DIR_LABEL	"caller_u:object_r:dir_t"
#define HIDDEN		"caller_u:object_r:hidden_t"
#define SECRET		"caller_u:object_r:secret_t"
#define FIXED		"caller_u:object_r:fixed_t"
#define BARE		"caller_u:object_r:bare_t"
#define STUCK		"caller_u:object_r:stuck_t"

static bool has_selinux(void)
{
	return !access(SELINUXFS "/load", F_OK);
}

static bool has_policy(void)
{
	return !access(SELINUXFS "/class/file", F_OK);
}

/* Load the policy, if that is not done, and become a caller. */
static int become_caller(void)
{
	if (!has_policy() &&
	    (run("secilc -M false -c 30 -o " POLICY " -f /dev/null " SOURCE) ||
	     run("cat " POLICY " > " SELINUXFS "/load") || !has_policy()))
		return -EIO;
	return write_text("/proc/self/attr/current", "caller_u:any_r:caller_t");
}

static int set_enforcing(bool on)
{
	return write_text(SELINUXFS "/enforce", on ? "1" : "0");
}

/* The label as text, or "none"; without a name that of the file @dir. */
static const char *label_of(int dir, const char *name)
{
	static char text[2][256];
	static int nr;
	char path[64];
	ssize_t n;

	nr = !nr;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	if (*name)
		n = lgetxattr(path, LABEL, text[nr], sizeof(text[nr]) - 1);
	else
		n = fgetxattr(dir, LABEL, text[nr], sizeof(text[nr]) - 1);
	text[nr][n < 0 ? 0 : n] = '\0';
	return n < 0 ? "none" : text[nr];
}

static int set_label(int dir, const char *name, const char *label)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	return lsetxattr(path, LABEL, label, strlen(label), 0) ? -errno : 0;
}

static int tx_set_label(int tx, int dir, const char *name, const char *label)
{
	return ktm_txf_setxattr(env.txf_fd, tx, dir, name, 0, LABEL, label,
				strlen(label), 0);
}

FIXTURE(no_policy)
{
	int dir;
	int tx;
};

FIXTURE_VARIANT(no_policy)
{
	const char *type;
};

FIXTURE_VARIANT_ADD(no_policy, ext4) { .type = "ext4" };
FIXTURE_VARIANT_ADD(no_policy, xfs) { .type = "xfs" };
FIXTURE_VARIANT_ADD(no_policy, btrfs) { .type = "btrfs" };

FIXTURE_SETUP(no_policy)
{
	char path[128];

	self->dir = -1;
	self->tx = -1;
	if (!has_selinux())
		SKIP(_exit(SKIPPED), "no SELinux; start with security=selinux");
	if (has_policy())
		SKIP(_exit(SKIPPED), "a policy is loaded");
	self->dir = make_dir(variant->type, path, sizeof(path));
	ASSERT_LE(0, self->dir);
	self->tx = begin();
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(no_policy)
{
	close(self->dir);
	close(self->tx);
}

TEST_F(no_policy, private_copy_keeps_it)
{
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, set_label(self->dir, "f", SECRET));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", 0, "new"));
	ASSERT_EQ(0, commit(self->tx));
	EXPECT_STREQ("new", get(self->dir, "f"));
	EXPECT_STREQ(SECRET, label_of(self->dir, "f"));
}

TEST_F(no_policy, changed_in_a_transaction)
{
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, set_label(self->dir, "f", PLAIN));
	ASSERT_EQ(0, tx_set_label(self->tx, self->dir, "f", SECRET));
	EXPECT_STREQ(PLAIN, label_of(self->dir, "f"));
	ASSERT_EQ(0, commit(self->tx));
	EXPECT_STREQ(SECRET, label_of(self->dir, "f"));
}

FIXTURE(label)
{
	char path[128];
	int dir;
	int tx;
};

FIXTURE_VARIANT(label)
{
	const char *type;
};

FIXTURE_VARIANT_ADD(label, ext4) { .type = "ext4" };
FIXTURE_VARIANT_ADD(label, xfs) { .type = "xfs" };
FIXTURE_VARIANT_ADD(label, btrfs) { .type = "btrfs" };

FIXTURE_SETUP(label)
{
	self->dir = -1;
	self->tx = -1;
	if (!has_selinux())
		SKIP(_exit(SKIPPED), "no SELinux; start with security=selinux");
	ASSERT_EQ(0, become_caller());
	umask(022);
	self->dir = make_dir(variant->type, self->path, sizeof(self->path));
	ASSERT_LE(0, self->dir);
	self->tx = begin();
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(label)
{
	set_enforcing(false);
	close(self->dir);
	close(self->tx);
}

/* Not as the kernel remembers it, but as it is on disk. */
static void forget_inodes(void)
{
	sync();
	write_text("/proc/sys/vm/drop_caches", "2");
}

TEST_F(label, private_copy_keeps_it)
{
	int fd;

	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, put(self->dir, "cut", "old"));
	ASSERT_EQ(0, set_label(self->dir, "f", SECRET));
	ASSERT_EQ(0, set_label(self->dir, "cut", HIDDEN));
	fd = tx_open(self->tx, self->dir, "f", O_RDWR, 0);
	ASSERT_LE(0, fd);
	EXPECT_STREQ(SECRET, label_of(fd, ""));
	ASSERT_EQ(3, write(fd, "new", 3));
	close(fd);
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "cut", O_TRUNC, "new"));
	ASSERT_EQ(0, commit(self->tx));
	EXPECT_STREQ("new", get(self->dir, "f"));
	EXPECT_STREQ(SECRET, label_of(self->dir, "f"));
	EXPECT_STREQ(HIDDEN, label_of(self->dir, "cut"));
	forget_inodes();
	EXPECT_STREQ(SECRET, label_of(self->dir, "f"));
	EXPECT_STREQ(HIDDEN, label_of(self->dir, "cut"));
}

/* A label that the policy does not know is kept as it is. */
TEST_F(label, unknown_one)
{
	static const char unknown[] = "user_u:object_r:unknown_t";

	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, set_label(self->dir, "f", unknown));
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "f", 0, "new"));
	ASSERT_EQ(0, commit(self->tx));
	EXPECT_STREQ(unknown, label_of(self->dir, "f"));
	forget_inodes();
	EXPECT_STREQ(unknown, label_of(self->dir, "f"));
}

/* What a plain program and a transaction make, in directories with the same label. */
static const char * const made[] = {
	"dir", "file", "named", "link", "fifo", "dir/dir", "dir/file", "dir/named", "again",
};

static int make_plainly(int dir)
{
	if (mkdirat(dir, "dir", 0755) || mkdirat(dir, "dir/dir", 0755) ||
	    symlinkat("file", dir, "link") ||
	    mknodat(dir, "fifo", S_IFIFO | 0644, 0) ||
	    unlinkat(dir, "again", 0))
		return -errno;
	return put(dir, "file", "") ?: put(dir, "named", "") ?:
	       put(dir, "dir/file", "") ?: put(dir, "dir/named", "") ?:
	       put(dir, "again", "");
}

static int make_in_tx(int tx, int dir)
{
	return tx_mkdir(tx, dir, "dir", 0755) ?:
	       tx_mkdir(tx, dir, "dir/dir", 0755) ?:
	       tx_symlink(tx, dir, "file", "link") ?:
	       ktm_txf_mknod(env.txf_fd, tx, dir, "fifo", S_IFIFO | 0644, 0, 0) ?:
	       tx_unlink(tx, dir, "again") ?:
	       tx_put(tx, dir, "file", O_CREAT, "") ?:
	       tx_put(tx, dir, "named", O_CREAT, "") ?:
	       tx_put(tx, dir, "dir/file", O_CREAT, "") ?:
	       tx_put(tx, dir, "dir/named", O_CREAT, "") ?:
	       tx_put(tx, dir, "again", O_CREAT, "");
}

/* A directory with a label and a file that is replaced. */
static int prepare_dir(int base, const char *name, const char *label)
{
	int dir;

	if (mkdirat(base, name, 0755))
		return -errno;
	dir = openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	return put(dir, "again", "") ?: set_label(base, name, label) ?: dir;
}

TEST_F(label, new_ones_are_labelled_by_their_place)
{
	int plain, dir;
	unsigned int i;

	plain = prepare_dir(self->dir, "plain", DIR_LABEL);
	dir = prepare_dir(self->dir, "dir", DIR_LABEL);
	ASSERT_LE(0, plain);
	ASSERT_LE(0, dir);
	ASSERT_EQ(0, make_plainly(plain));
	ASSERT_EQ(0, make_in_tx(self->tx, dir));
	ASSERT_EQ(0, commit(self->tx));
	EXPECT_STREQ("caller_u:object_r:made_t", label_of(plain, "file"));
	EXPECT_STREQ("caller_u:object_r:named_t", label_of(plain, "dir/named"));
	for (i = 0; i < ARRAY_SIZE(made); i++)
		EXPECT_STREQ(label_of(plain, made[i]), label_of(dir, made[i]))
			TH_LOG("it is %s", made[i] ?: "?");
	close(plain);
	close(dir);
}

/* The directory got its label in the same transaction. */
TEST_F(label, new_ones_in_the_view)
{
	int dir = prepare_dir(self->dir, "dir", PLAIN);

	ASSERT_LE(0, dir);
	ASSERT_EQ(0, tx_set_label(self->tx, self->dir, "dir", DIR_LABEL));
	ASSERT_EQ(0, tx_put(self->tx, dir, "named", O_CREAT, ""));
	ASSERT_EQ(0, commit(self->tx));
	EXPECT_STREQ(DIR_LABEL, label_of(self->dir, "dir"));
	EXPECT_STREQ("caller_u:object_r:named_t", label_of(dir, "named"));
	close(dir);
}

/* As the caller, who may give it this label; commit asks nobody again. */
TEST_F(label, changed_in_a_transaction)
{
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, set_label(self->dir, "f", PLAIN));
	ASSERT_EQ(0, set_enforcing(true));
	ASSERT_EQ(0, tx_set_label(self->tx, self->dir, "f", SECRET));
	EXPECT_STREQ(PLAIN, label_of(self->dir, "f"));
	ASSERT_EQ(0, commit(self->tx));
	EXPECT_STREQ(SECRET, label_of(self->dir, "f"));
	forget_inodes();
	EXPECT_STREQ(SECRET, label_of(self->dir, "f"));
}

/* What the caller may not read it may not read in a transaction. */
TEST_F(label, attributes_changed_do_not_unlock)
{
	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, put(self->dir, "g", "old"));
	ASSERT_EQ(0, set_label(self->dir, "f", HIDDEN));
	ASSERT_EQ(0, set_label(self->dir, "g", SECRET));
	ASSERT_EQ(0, set_enforcing(true));
	ASSERT_EQ(-EACCES, tx_open(self->tx, self->dir, "f", O_RDONLY, 0));
	ASSERT_EQ(0, tx_setattr(self->tx, self->dir, "f",
				.valid = KTM_TXF_ATTR_MODE, .mode = 0666));
	EXPECT_EQ(-EACCES, tx_open(self->tx, self->dir, "f", O_RDONLY, 0));
	/* and what it may it may, once it has a private copy, too */
	ASSERT_EQ(0, tx_put(self->tx, self->dir, "g", 0, "new"));
	EXPECT_STREQ("new", tx_get(self->tx, self->dir, "g"));
	ASSERT_EQ(0, commit(self->tx));
	EXPECT_STREQ(HIDDEN, label_of(self->dir, "f"));
	EXPECT_STREQ(SECRET, label_of(self->dir, "g"));
}

/* On a tree by make_tree(); whether a caller may do it. */
static const struct {
	struct call call;
	bool allowed;
} ops[] = {
	{ { UNLINK, "fixed" } },
	{ { RENAME, "fixed", "new" } },
	{ { RENAME, "f", "fixed" } },
	{ { LINK, "fixed", "new" } },
	{ { RMDIR, "fixeddir" } },
	{ { RENAME, "fixeddir", "new" } },
	{ { RENAME, "fixeddir", "d/new" } },
	{ { UNLINK, "closed/f" } },
	{ { RMDIR, "closed/d" } },
	{ { MKDIR, "closed/new" } },
	{ { CREATE, "closed/new" } },
	{ { SYMLINK, "closed/new" } },
	{ { MKNOD, "closed/new", NULL, S_IFIFO } },
	{ { LINK, "f", "closed/new" } },
	{ { RENAME, "f", "closed/new" } },
	{ { RENAME, "closed/f", "new" } },
	{ { RENAME, "closed/d", "new" } },
	{ { MKDIR, "bare/new" } },
	{ { CREATE, "bare/new" } },
	{ { SYMLINK, "bare/new" } },
	{ { MKNOD, "bare/new", NULL, S_IFIFO } },
	{ { MKNOD, "bare/reg", NULL, S_IFREG } },
	{ { RENAME, "g", "bare/g" }, true },
	{ { LINK, "f", "bare/f" }, true },
	{ { UNLINK, "bare/f" }, true },
	{ { MKDIR, "d/dir" }, true },
	{ { CREATE, "d/dir/file" }, true },
	{ { SYMLINK, "d/dir/link" }, true },
	{ { MKNOD, "d/fifo", NULL, S_IFIFO }, true },
	{ { RENAME, "d/dir/file", "f" }, true },
	{ { RENAME, "d/dir", "dir" }, true },
	{ { LINK, "f", "dir/link2" }, true },
	{ { UNLINK, "dir/link2" }, true },
	{ { UNLINK, "dir/link" }, true },
	{ { RMDIR, "dir" }, true },
	{ { UNLINK, "f" }, true },
};

static int make_tree(int base, const char *name)
{
	static const char * const dirs[] = { "d", "fixeddir", "closed", "closed/d", "bare" };
	unsigned int i;
	int dir;

	if (mkdirat(base, name, 0755))
		return -errno;
	dir = openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(dir, dirs[i], 0755))
			return -errno;
	return put(dir, "f", "") ?: put(dir, "g", "") ?: put(dir, "fixed", "") ?:
	       put(dir, "closed/f", "") ?: set_label(dir, "fixed", FIXED) ?:
	       set_label(dir, "fixeddir", FIXED) ?: set_label(dir, "closed", FIXED) ?:
	       set_label(dir, "bare", BARE) ?: dir;
}

/* What the policy says about a plain call it says about one in a transaction. */
TEST_F(label, names)
{
	int plain = make_tree(self->dir, "plain"), dir = make_tree(self->dir, "tx");
	unsigned int i;
	int want;

	ASSERT_LE(0, plain);
	ASSERT_LE(0, dir);
	ASSERT_EQ(0, set_enforcing(true));
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		want = ops[i].allowed ? 0 : -EACCES;
		EXPECT_EQ(want, call_plainly(plain, &ops[i].call))
			TH_LOG("plain call %u on %s", i, ops[i].call.path ?: "?");
		EXPECT_EQ(want, call_in_tx(self->tx, dir, &ops[i].call))
			TH_LOG("call %u on %s", i, ops[i].call.path ?: "?");
	}
	/* What was tried is gone again: only what is made is left, and the file moved. */
	EXPECT_EQ(0, commit(self->tx));
	EXPECT_FALSE(exists(dir, "f"));
	EXPECT_TRUE(exists(dir, "bare/g"));
	EXPECT_TRUE(exists(dir, "closed/f"));
	EXPECT_EQ(0, run("[ \"$(cd %s/plain && find | sort)\" = \"$(cd %s/tx && find | sort)\" ]",
			 self->path, self->path));
	close(plain);
	close(dir);
}

static bool fails(int dir)
{
	struct ktm_txf_status now;
	int tries;

	for (tries = 0; tries < 6000; tries++) {
		now = (struct ktm_txf_status) { .mount_fd = dir };
		if (ktm_txf_query(env.txf_fd, &now, sizeof(now)))
			return false;
		if (now.state == KTM_TXF_S_FAILED)
			return now.error == EACCES;
		usleep(10000);
	}
	return false;
}

/* What was decided waits for a policy that lets the kernel do it. */
TEST_F_TIMEOUT(label, decided_is_not_dropped, 600)
{
	struct slow slow;

	ASSERT_EQ(0, put(self->dir, "f", "old"));
	ASSERT_EQ(0, set_label(self->dir, "f", STUCK));
	ASSERT_EQ(0, slow_begin(&slow));
	ASSERT_EQ(0, set_enforcing(true));
	ASSERT_EQ(0, tx_unlink(slow.tx, self->dir, "f"));
	ASSERT_TRUE(slow_commit(&slow));
	ASSERT_EQ(0, slow_go_on(&slow));
	ASSERT_TRUE(fails(self->dir));
	EXPECT_TRUE(exists(self->dir, "f"));
	ASSERT_EQ(0, set_enforcing(false));
	ASSERT_EQ(0, ktm_txf_disable(env.txf_fd, self->dir, 0));
	ASSERT_EQ(0, ktm_txf_enable(env.txf_fd, self->dir, env.tm_fd, NULL, NULL));
	ASSERT_EQ(0, slow_wait(&slow));
	EXPECT_FALSE(exists(self->dir, "f"));
	slow_end(&slow);
}

#define CONTEXT		TXF_BASE "/context"

/* mount(8) leaves the option out where /etc says nothing about SELinux. */
static int mount_context(const char *options)
{
	char device[64] = "";
	FILE *pipe = popen("losetup -f --show " CONTEXT ".img", "r");
	int dir, ret;

	if (!pipe || !fgets(device, sizeof(device), pipe) || pclose(pipe))
		return -EIO;
	device[strcspn(device, "\n")] = '\0';
	ret = mount(device, CONTEXT, "ext4", 0, options) ? -errno : 0;
	/* It goes with the mount. */
	run("losetup -d %s", device);
	dir = open(CONTEXT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ret ?: dir;
}

/* Where one label stands for all, those on disk are not seen, and stay. */
TEST_F(label, mount_with_a_context)
{
	int dir;

	if (strcmp(variant->type, "ext4"))
		SKIP(return, "once is enough");
	ASSERT_EQ(0, run("mkdir -p " CONTEXT "; truncate -s 16M " CONTEXT ".img"));
	ASSERT_EQ(0, run("mkfs.ext4 -q " CONTEXT ".img"));
	dir = mount_context("");
	ASSERT_LE(0, dir);
	ASSERT_EQ(0, put(dir, "f", "old"));
	ASSERT_EQ(0, set_label(dir, "f", SECRET));
	close(dir);
	ASSERT_EQ(0, umount(CONTEXT));

	dir = mount_context("context=" PLAIN);
	ASSERT_LE(0, dir);
	EXPECT_EQ(0, ktm_txf_enable(env.txf_fd, dir, env.tm_fd, NULL, NULL));
	EXPECT_STREQ(PLAIN, label_of(dir, "f"));
	EXPECT_EQ(0, tx_put(self->tx, dir, "f", 0, "new"));
	EXPECT_EQ(0, commit(self->tx));
	EXPECT_STREQ(PLAIN, label_of(dir, "f"));
	EXPECT_EQ(0, ktm_txf_disable(env.txf_fd, dir, 0));
	close(dir);
	ASSERT_EQ(0, umount(CONTEXT));

	dir = mount_context("");
	ASSERT_LE(0, dir);
	EXPECT_STREQ("new", get(dir, "f"));
	EXPECT_STREQ(SECRET, label_of(dir, "f"));
	close(dir);
	ASSERT_EQ(0, umount(CONTEXT));
	run("rm -r " CONTEXT "*");
}

int main(int argc, char **argv)
{
	run("mount -t selinuxfs none " SELINUXFS " 2>/dev/null");
	return env_main(argc, argv, test_harness_run);
}
