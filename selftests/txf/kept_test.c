// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - newer work between prepare and commit: it wins, and what it has
 * overtaken is kept
 */
#include "harness.h"
#include "txf_harness.h"
#include "txf_slow.h"

#include <sys/xattr.h>

/* What each test has: a transaction that leaves time for newer work. */
struct part {
	int dir;
	struct slow slow;
	char path[128];
	struct ktm_txf_status before;
};

FIXTURE(kept)
{
	struct part part;
};

FIXTURE_VARIANT(kept)
{
	const char *type;
};

FIXTURE_VARIANT_ADD(kept, ext4)
{
	.type = "ext4",
};

FIXTURE_VARIANT_ADD(kept, xfs)
{
	.type = "xfs",
};

FIXTURE_VARIANT_ADD(kept, btrfs)
{
	.type = "btrfs",
};

/* On ext4 extended attributes of a file share one block. */
FIXTURE(displaced)
{
	struct part part;
};

static void set_up(struct __test_metadata *_metadata, struct part *part,
		   const char *type)
{
	umask(022);
	part->dir = make_dir(type, part->path, sizeof(part->path));
	ASSERT_LE(0, part->dir);
	ASSERT_EQ(0, slow_begin(&part->slow));
	part->before.mount_fd = part->dir;
	ASSERT_EQ(0, ktm_txf_query(env.txf_fd, &part->before,
				   sizeof(part->before)));
}

static void tear_down(struct part *part, const char *type)
{
	run("rm -rf " TXF_BASE "/%s/" KTM_TXF_STAGING "/kept-*", type);
	slow_end(&part->slow);
	close(part->dir);
}

FIXTURE_SETUP(kept)
{
	set_up(_metadata, &self->part, variant->type);
}

FIXTURE_TEARDOWN(kept)
{
	tear_down(&self->part, variant->type);
}

FIXTURE_SETUP(displaced)
{
	set_up(_metadata, &self->part, "ext4");
}

FIXTURE_TEARDOWN(displaced)
{
	tear_down(&self->part, "ext4");
}

static int end_commit(struct part *part)
{
	return slow_go_on(&part->slow) ?: slow_wait(&part->slow);
}

static uint32_t state_of(const struct part *part)
{
	struct ktm_txf_status now = { .mount_fd = part->dir };

	if (ktm_txf_query(env.txf_fd, &now, sizeof(now)))
		return ~0U;
	return now.state;
}

static int nr_kept(const struct part *part)
{
	struct ktm_txf_status now = { .mount_fd = part->dir };

	if (ktm_txf_query(env.txf_fd, &now, sizeof(now)))
		return -1;
	return now.kept - part->before.kept;
}

/*
 * Is one kept object as said, as ktmctl sees it? @path is below the directory of
 * the test.
 */
static bool is_listed(const char *type, const char *dir, const char *path,
		      const char *why, const char *text)
{
	const char *below = dir + strlen(TXF_BASE "/") + strlen(type);

	return !run("list() { $KTM_BIN/ktmctl txf kept --json " TXF_BASE "/%s; };"
		    "one='.path == \"%s/%s\" and .why == \"%s\"';"
		    "as=$(list | jq -r \".[] | select($one) | .kept_as\");"
		    "[ -f \"$as\" ] && [ \"$(cat \"$as\")\" = '%s' ]",
		    type, below, path, why, text);
}

TEST_F(kept, name_taken)
{
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "f", O_CREAT, "mine"));
	ASSERT_EQ(0, tx_mkdir(self->part.slow.tx, self->part.dir, "d", 0755));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "d/g", O_CREAT, "below"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "n", O_CREAT, "other"));
	ASSERT_TRUE(slow_commit(&self->part.slow));
	ASSERT_EQ(0, put(self->part.dir, "f", "newer"));
	ASSERT_EQ(0, put(self->part.dir, "d", "newer"));
	ASSERT_EQ(0, end_commit(&self->part));

	ASSERT_STREQ("newer", get(self->part.dir, "f"));
	ASSERT_STREQ("newer", get(self->part.dir, "d"));
	ASSERT_STREQ("other", get(self->part.dir, "n"));
	ASSERT_EQ(2, nr_kept(&self->part));
	ASSERT_TRUE(is_listed(variant->type, self->part.path, "f", "overtaken",
			      "mine"));
	ASSERT_EQ(0, run("cat " TXF_BASE "/%s/" KTM_TXF_STAGING
			 "/kept-*/g | grep -qx below", variant->type));
}

/* Content of the same length, in place: only the time tells. */
TEST_F(kept, written_in_place)
{
	ASSERT_EQ(0, put(self->part.dir, "f", "old f"));
	ASSERT_EQ(0, put(self->part.dir, "removed", "old r"));
	ASSERT_EQ(0, put(self->part.dir, "from", "moved"));
	ASSERT_EQ(0, put(self->part.dir, "to", "old t"));
	ASSERT_EQ(0, put(self->part.dir, "g", "old g"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "f", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_unlink(self->part.slow.tx, self->part.dir, "removed"));
	ASSERT_EQ(0, tx_rename(self->part.slow.tx, self->part.dir, "from", "to"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "g", O_TRUNC, "mine too"));
	ASSERT_TRUE(slow_commit(&self->part.slow));
	ASSERT_EQ(0, run("printf new.f | dd of=%s/f conv=notrunc status=none",
			 self->part.path));
	ASSERT_EQ(0, run("printf new.r | dd of=%s/removed conv=notrunc status=none",
			 self->part.path));
	ASSERT_EQ(0, run("printf new.t | dd of=%s/to conv=notrunc status=none",
			 self->part.path));
	ASSERT_EQ(0, end_commit(&self->part));

	ASSERT_STREQ("new.f", get(self->part.dir, "f"));
	ASSERT_STREQ("new.r", get(self->part.dir, "removed"));
	ASSERT_STREQ("new.t", get(self->part.dir, "to"));
	ASSERT_STREQ("moved", get(self->part.dir, "from"));
	ASSERT_STREQ("mine too", get(self->part.dir, "g"));
	ASSERT_EQ(1, nr_kept(&self->part));
	ASSERT_TRUE(is_listed(variant->type, self->part.path, "f", "overtaken",
			      "mine"));
}

TEST_F(kept, mode_changed)
{
	struct stat st;

	ASSERT_EQ(0, put(self->part.dir, "f", "old"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "f", O_TRUNC, "mine"));
	ASSERT_TRUE(slow_commit(&self->part.slow));
	ASSERT_EQ(0, fchmodat(self->part.dir, "f", 0600, 0));
	ASSERT_EQ(0, end_commit(&self->part));
	ASSERT_EQ(0, fstatat(self->part.dir, "f", &st, 0));
	ASSERT_EQ(S_IFREG | 0600, st.st_mode);
	ASSERT_EQ(1, nr_kept(&self->part));
}

static int set_xattr(const struct part *part, const char *name, const char *value)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", part->path, name);
	return setxattr(path, "user.test", value, strlen(value), 0) ? -errno : 0;
}

/* Only an extended attribute: set, changed or removed. */
TEST_F(kept, xattr_changed)
{
	ASSERT_EQ(0, put(self->part.dir, "f", "old"));
	ASSERT_EQ(0, put(self->part.dir, "removed", "old r"));
	ASSERT_EQ(0, put(self->part.dir, "g", "old g"));
	ASSERT_EQ(0, put(self->part.dir, "same", "old s"));
	ASSERT_EQ(0, set_xattr(&self->part, "removed", "one"));
	ASSERT_EQ(0, set_xattr(&self->part, "g", "one"));
	ASSERT_EQ(0, set_xattr(&self->part, "same", "one"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "f", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "g", O_TRUNC, "mine g"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "same", O_TRUNC, "mine s"));
	ASSERT_EQ(0, tx_unlink(self->part.slow.tx, self->part.dir, "removed"));
	ASSERT_TRUE(slow_commit(&self->part.slow));
	ASSERT_EQ(0, set_xattr(&self->part, "f", "two"));
	ASSERT_EQ(0, set_xattr(&self->part, "removed", "two"));
	ASSERT_EQ(0, run("setfattr -x user.test %s/g", self->part.path));
	ASSERT_EQ(0, end_commit(&self->part));

	ASSERT_STREQ("old", get(self->part.dir, "f"));
	ASSERT_STREQ("old g", get(self->part.dir, "g"));
	ASSERT_STREQ("old r", get(self->part.dir, "removed"));
	ASSERT_STREQ("mine s", get(self->part.dir, "same"));
	ASSERT_EQ(2, nr_kept(&self->part));
	ASSERT_TRUE(is_listed(variant->type, self->part.path, "f", "overtaken", "mine"));
	ASSERT_TRUE(is_listed(variant->type, self->part.path, "g", "overtaken", "mine g"));
}

/* A new link is no newer work; and nothing is kept where nothing is lost. */
TEST_F(kept, linked_from_outside)
{
	ASSERT_EQ(0, put(self->part.dir, "f", "old"));
	ASSERT_EQ(0, put(self->part.dir, "r", "old r"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "f", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_unlink(self->part.slow.tx, self->part.dir, "r"));
	ASSERT_TRUE(slow_commit(&self->part.slow));
	ASSERT_EQ(0, linkat(self->part.dir, "f", self->part.dir, "snapshot", 0));
	ASSERT_EQ(0, end_commit(&self->part));
	ASSERT_STREQ("mine", get(self->part.dir, "f"));
	ASSERT_STREQ("old", get(self->part.dir, "snapshot"));
	ASSERT_FALSE(exists(self->part.dir, "r"));
	ASSERT_EQ(0, nr_kept(&self->part));
}

/* What is protected from outside stays as it is; that is newer work, too. */
TEST_F(kept, protected_from_outside)
{
	ASSERT_EQ(0, put(self->part.dir, "f", "old"));
	ASSERT_EQ(0, put(self->part.dir, "r", "old r"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "f", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_unlink(self->part.slow.tx, self->part.dir, "r"));
	ASSERT_TRUE(slow_commit(&self->part.slow));
	ASSERT_EQ(0, run("chattr +i %s", self->part.path));
	EXPECT_EQ(0, end_commit(&self->part));
	ASSERT_EQ(0, run("chattr -i %s", self->part.path));
	ASSERT_STREQ("old", get(self->part.dir, "f"));
	ASSERT_STREQ("old r", get(self->part.dir, "r"));
	ASSERT_EQ(1, nr_kept(&self->part));
	ASSERT_TRUE(is_listed(variant->type, self->part.path, "f", "overtaken", "mine"));
}

/*
 * A commit that fails in its middle is as one that a power cut has interrupted. On
 * ext4 attributes come last, and fail when there is no room for them.
 */
TEST_F(displaced, written_in_place)
{
	const char *type = "ext4";
	char value[700];
	char again[160];
	int tries;

	memset(value, 'v', sizeof(value));
	ASSERT_EQ(0, put(self->part.dir, "f", "old f"));
	ASSERT_EQ(0, put(self->part.dir, "r", "old r"));
	ASSERT_EQ(0, put(self->part.dir, "same", "old s"));
	ASSERT_EQ(0, set_xattr(&self->part, "same", "one"));
	ASSERT_EQ(0, put(self->part.dir, "x", "x"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "f", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_put(self->part.slow.tx, self->part.dir, "same", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_unlink(self->part.slow.tx, self->part.dir, "r"));
	ASSERT_EQ(0, ktm_txf_setxattr(env.txf_fd, self->part.slow.tx, self->part.dir, "x", 0,
				      "user.a", value, sizeof(value), 0));
	ASSERT_TRUE(slow_commit(&self->part.slow));
	snprintf(again, sizeof(again), "%s/x", self->part.path);
	ASSERT_EQ(0, setxattr(again, "user.b", value, sizeof(value), 0));
	ASSERT_EQ(0, slow_go_on(&self->part.slow));
	/* decided, and not carried out to its end: the client waits */
	for (tries = 0; tries < 1000; tries++) {
		if (state_of(&self->part) == KTM_TXF_S_FAILED)
			break;
		usleep(10000);
	}
	ASSERT_GT(1000, tries);
	ASSERT_STREQ("mine", get(self->part.dir, "f"));

	/* this is where a program writes that has opened the files before */
	ASSERT_EQ(0, run("for f in " TXF_BASE "/%s/" KTM_TXF_STAGING "/tx-*/*.old; do\n"
			 "case $(cat $f) in\n"
			 "'old f') printf new.f | dd of=$f conv=notrunc status=none;;\n"
			 "'old r') printf new.r | dd of=$f conv=notrunc status=none;;\n"
			 "'old s') ;; *) exit 1;; esac; done", type));
	ASSERT_EQ(0, removexattr(again, "user.b"));
	ASSERT_EQ(0, ktm_txf_disable(env.txf_fd, self->part.dir, 0));
	ASSERT_EQ(0, ktm_txf_enable(env.txf_fd, self->part.dir, env.tm_fd, NULL,
				    NULL));
	ASSERT_EQ(0, slow_wait(&self->part.slow));
	ASSERT_EQ(sizeof(value), getxattr(again, "user.a", NULL, 0));
	ASSERT_STREQ("mine", get(self->part.dir, "f"));
	ASSERT_STREQ("mine", get(self->part.dir, "same"));
	ASSERT_FALSE(exists(self->part.dir, "r"));
	ASSERT_TRUE(is_listed(type, self->part.path, "f", "displaced", "new.f"));
	ASSERT_TRUE(is_listed(type, self->part.path, "r", "displaced", "new.r"));
	ASSERT_EQ(0, run("[ $(ls " TXF_BASE "/%s/" KTM_TXF_STAGING " | wc -l) = 3 ]",
			 type));
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
