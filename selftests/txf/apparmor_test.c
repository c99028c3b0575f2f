// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - what a security module forbids by name
 *
 * With AppArmor, which goes by the text of a path: that of a name is what the caller sees,
 * also where the transaction has made or moved a directory above.
 */
#include "harness.h"
#include "txf_call.h"
#include "txf_harness.h"

#include <sys/wait.h>

#define PROFILES	"/sys/kernel/security/apparmor/profiles"
#define PROFILE		"ktm_txf_test"

/* Everything but writing these names. */
static const char profile[] =
	"profile " PROFILE " {\n"
	"capability,\n"
	"file,\n"
	"deny " TXF_BASE "/ext4/*/*/a/no*{,/} wl,\n"
	"deny " TXF_BASE "/ext4/*/*/a/dir/** wl,\n"
	"deny " TXF_BASE "/ext4/*/*/b/moved/no*{,/} wl,\n"
	"}\n";

/* In this order, on a tree by make_tree(). */
static const struct {
	struct call call;
	bool forbidden;
} ops[] = {
	{ { UNLINK, "a/no1" }, true },
	{ { RMDIR, "a/nodir" }, true },
	{ { RENAME, "a/no1", "a/x" }, true },
	{ { RENAME, "a/f", "a/no1" }, true },
	{ { RENAME, "a/f", "a/no2" }, true },
	{ { LINK, "a/f", "a/no2" }, true },
	{ { MKDIR, "a/no2" }, true },
	{ { CREATE, "a/no2" }, true },
	{ { SYMLINK, "a/no2" }, true },
	{ { MKNOD, "a/no2", NULL, S_IFIFO }, true },
	/* below a directory that is new */
	{ { MKDIR, "a/dir" } },
	{ { MKDIR, "a/dir/dir" }, true },
	{ { CREATE, "a/dir/file" }, true },
	{ { SYMLINK, "a/dir/link" }, true },
	{ { MKNOD, "a/dir/fifo", NULL, S_IFIFO }, true },
	{ { RENAME, "a/f", "a/dir/f" }, true },
	{ { LINK, "a/f", "a/dir/f" }, true },
	{ { MKDIR, "b/dir" } },
	{ { MKDIR, "b/dir/dir" } },
	{ { CREATE, "b/dir/dir/no" } },
	/* below one that was moved */
	{ { RENAME, "a/d", "b/moved" } },
	{ { CREATE, "b/moved/no" }, true },
	{ { MKDIR, "b/moved/no" }, true },
	{ { MKDIR, "b/moved/dir" } },
	{ { MKDIR, "b/moved/dir/no" } },
	{ { RENAME, "a/f", "b/moved/no" }, true },
	{ { RENAME, "a/f", "b/moved/yes" } },
	{ { UNLINK, "a/g" } },
	{ { RMDIR, "a/e" } },
};

static int make_tree(int base, const char *name)
{
	static const char * const dirs[] = { "a", "b", "a/nodir", "a/d", "a/e" };
	unsigned int i;
	int dir;

	if (mkdirat(base, name, 0755))
		return -errno;
	dir = openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(dir, dirs[i], 0755))
			return -errno;
	return put(dir, "a/f", "") ?: put(dir, "a/g", "") ?: put(dir, "a/no1", "") ?: dir;
}

static int load_profile(void)
{
	FILE *pipe = popen("apparmor_parser --replace --skip-cache --quiet", "w");

	if (!pipe)
		return -errno;
	fputs(profile, pipe);
	return pclose(pipe);
}

static int confine(void)
{
	static const char text[] = "changeprofile " PROFILE;
	int fd = open("/proc/thread-self/attr/apparmor/current", O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

TEST(names)
{
	int base, plain, dir, tx, want;
	char path[128];
	unsigned int i;

	if (access(PROFILES, F_OK) || run("command -v apparmor_parser > /dev/null"))
		SKIP(return, "no AppArmor, or no apparmor_parser");
	umask(022);
	base = make_dir("ext4", path, sizeof(path));
	ASSERT_LE(0, base);
	plain = make_tree(base, "plain");
	dir = make_tree(base, "tx");
	tx = begin();
	ASSERT_LE(0, plain);
	ASSERT_LE(0, dir);
	ASSERT_LE(0, tx);
	ASSERT_EQ(0, load_profile());
	ASSERT_EQ(0, confine());
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		want = ops[i].forbidden ? -EACCES : 0;
		EXPECT_EQ(want, call_plainly(plain, &ops[i].call))
			TH_LOG("plain call %u on %s", i, ops[i].call.path ?: "?");
		EXPECT_EQ(want, call_in_tx(tx, dir, &ops[i].call))
			TH_LOG("call %u on %s", i, ops[i].call.path ?: "?");
	}
	EXPECT_EQ(0, commit(tx));
	EXPECT_TRUE(exists(dir, "b/moved/yes"));
	EXPECT_TRUE(exists(dir, "a/no1"));
	close(base);
	close(plain);
	close(dir);
	close(tx);
}

int main(int argc, char **argv)
{
	run("mount -t securityfs none /sys/kernel/security 2>/dev/null");
	env_type = "ext4";
	return env_main(argc, argv, test_harness_run);
}
