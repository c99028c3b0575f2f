// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - newer work between prepare and commit: it wins, and what it has
 * overtaken is kept
 */
#include "kselftest_harness.h"
#include "txf_harness.h"

#include <sys/wait.h>
#include <sys/xattr.h>

/*
 * What each test has: a transaction, and an RM that prepares after ktm_txf, which
 * gives time for newer work.
 */
struct slow {
	int dir;
	int tx;
	int rm;
	int en;
	pid_t child;
	char path[128];
	struct ktm_txf_status before;
};

FIXTURE(kept)
{
	struct slow slow;
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

/* Wait for a notification of a type. */
static bool next_is(int rm, uint32_t type)
{
	struct ktm_notification note[4];

	return ktm_rm_read(rm, note, sizeof(note)) > 0 && note[0].type == type;
}

/* Wait until all others have voted. */
static bool only_we_are_awaited(int tx)
{
	int tries;

	for (tries = 0; tries < 6000; tries++) {
		if (info_of(tx).nr_waiting == 1)
			return true;
		usleep(10000);
	}
	return false;
}

/* On ext4 extended attributes of a file share one block. */
FIXTURE(displaced)
{
	struct slow slow;
};

static void set_up(struct __test_metadata *_metadata, struct slow *slow,
		   const char *type)
{
	umask(022);
	slow->dir = make_dir(type, slow->path, sizeof(slow->path));
	ASSERT_LE(0, slow->dir);
	slow->tx = begin();
	ASSERT_LE(0, slow->tx);
	slow->rm = ktm_rm_create(env.tm_fd, "slow", KTM_RM_F_VOLATILE, NULL);
	ASSERT_LE(0, slow->rm);
	ASSERT_EQ(0, ktm_rm_recover(slow->rm));
	ASSERT_TRUE(next_is(slow->rm, KTM_NOTIFY_LAST_RECOVER));
	slow->en = ktm_en_create(slow->rm, slow->tx, 1, 0, NULL);
	ASSERT_LE(0, slow->en);
	slow->before.mount_fd = slow->dir;
	ASSERT_EQ(0, ktm_txf_query(env.txf_fd, &slow->before,
				   sizeof(slow->before)));
}

static void tear_down(struct slow *slow, const char *type)
{
	run("rm -rf " TXF_BASE "/%s/" KTM_TXF_STAGING "/kept-*", type);
	close(slow->en);
	close(slow->rm);
	close(slow->tx);
	close(slow->dir);
}

FIXTURE_SETUP(kept)
{
	set_up(_metadata, &self->slow, variant->type);
}

FIXTURE_TEARDOWN(kept)
{
	tear_down(&self->slow, variant->type);
}

FIXTURE_SETUP(displaced)
{
	set_up(_metadata, &self->slow, "ext4");
}

FIXTURE_TEARDOWN(displaced)
{
	tear_down(&self->slow, "ext4");
}

/* Ask for the commit, and come back when ktm_txf is prepared and the RM is not. */
static void begin_commit(struct __test_metadata *_metadata, struct slow *slow)
{
	slow->child = fork();
	ASSERT_LE(0, slow->child);
	if (!slow->child)
		_exit(-commit(slow->tx));
	ASSERT_TRUE(next_is(slow->rm, KTM_NOTIFY_PREPARE));
	ASSERT_TRUE(only_we_are_awaited(slow->tx));
}

/* The RM prepares, too, and commits. */
static int go_on(struct slow *slow)
{
	return ktm_en_prepare_complete(slow->en) ||
	       !next_is(slow->rm, KTM_NOTIFY_COMMIT) ||
	       ktm_en_commit_complete(slow->en);
}

/* The errno with which the commit ends. */
static int wait_for_end(struct slow *slow)
{
	int status;

	if (waitpid(slow->child, &status, 0) != slow->child ||
	    !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int end_commit(struct slow *slow)
{
	return go_on(slow) ?: wait_for_end(slow);
}

static uint32_t state_of(const struct slow *slow)
{
	struct ktm_txf_status now = { .mount_fd = slow->dir };

	if (ktm_txf_query(env.txf_fd, &now, sizeof(now)))
		return ~0U;
	return now.state;
}

static int nr_kept(const struct slow *slow)
{
	struct ktm_txf_status now = { .mount_fd = slow->dir };

	if (ktm_txf_query(env.txf_fd, &now, sizeof(now)))
		return -1;
	return now.kept - slow->before.kept;
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
	ASSERT_EQ(0, tx_put(self->slow.tx, self->slow.dir, "f", O_CREAT, "mine"));
	ASSERT_EQ(0, tx_mkdir(self->slow.tx, self->slow.dir, "d", 0755));
	ASSERT_EQ(0, tx_put(self->slow.tx, self->slow.dir, "d/g", O_CREAT, "below"));
	ASSERT_EQ(0, tx_put(self->slow.tx, self->slow.dir, "n", O_CREAT, "other"));
	begin_commit(_metadata, &self->slow);
	ASSERT_EQ(0, put(self->slow.dir, "f", "newer"));
	ASSERT_EQ(0, put(self->slow.dir, "d", "newer"));
	ASSERT_EQ(0, end_commit(&self->slow));

	ASSERT_STREQ("newer", get(self->slow.dir, "f"));
	ASSERT_STREQ("newer", get(self->slow.dir, "d"));
	ASSERT_STREQ("other", get(self->slow.dir, "n"));
	ASSERT_EQ(2, nr_kept(&self->slow));
	ASSERT_TRUE(is_listed(variant->type, self->slow.path, "f", "overtaken",
			      "mine"));
	ASSERT_EQ(0, run("cat " TXF_BASE "/%s/" KTM_TXF_STAGING
			 "/kept-*/g | grep -qx below", variant->type));
}

/* Content of the same length, in place: only the time tells. */
TEST_F(kept, written_in_place)
{
	ASSERT_EQ(0, put(self->slow.dir, "f", "old f"));
	ASSERT_EQ(0, put(self->slow.dir, "removed", "old r"));
	ASSERT_EQ(0, put(self->slow.dir, "from", "moved"));
	ASSERT_EQ(0, put(self->slow.dir, "to", "old t"));
	ASSERT_EQ(0, put(self->slow.dir, "g", "old g"));
	ASSERT_EQ(0, tx_put(self->slow.tx, self->slow.dir, "f", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_unlink(self->slow.tx, self->slow.dir, "removed"));
	ASSERT_EQ(0, tx_rename(self->slow.tx, self->slow.dir, "from", "to"));
	ASSERT_EQ(0, tx_put(self->slow.tx, self->slow.dir, "g", O_TRUNC, "mine too"));
	begin_commit(_metadata, &self->slow);
	ASSERT_EQ(0, run("printf new.f | dd of=%s/f conv=notrunc status=none",
			 self->slow.path));
	ASSERT_EQ(0, run("printf new.r | dd of=%s/removed conv=notrunc status=none",
			 self->slow.path));
	ASSERT_EQ(0, run("printf new.t | dd of=%s/to conv=notrunc status=none",
			 self->slow.path));
	ASSERT_EQ(0, end_commit(&self->slow));

	ASSERT_STREQ("new.f", get(self->slow.dir, "f"));
	ASSERT_STREQ("new.r", get(self->slow.dir, "removed"));
	ASSERT_STREQ("new.t", get(self->slow.dir, "to"));
	ASSERT_STREQ("moved", get(self->slow.dir, "from"));
	ASSERT_STREQ("mine too", get(self->slow.dir, "g"));
	ASSERT_EQ(1, nr_kept(&self->slow));
	ASSERT_TRUE(is_listed(variant->type, self->slow.path, "f", "overtaken",
			      "mine"));
}

TEST_F(kept, mode_changed)
{
	struct stat st;

	ASSERT_EQ(0, put(self->slow.dir, "f", "old"));
	ASSERT_EQ(0, tx_put(self->slow.tx, self->slow.dir, "f", O_TRUNC, "mine"));
	begin_commit(_metadata, &self->slow);
	ASSERT_EQ(0, fchmodat(self->slow.dir, "f", 0600, 0));
	ASSERT_EQ(0, end_commit(&self->slow));
	ASSERT_EQ(0, fstatat(self->slow.dir, "f", &st, 0));
	ASSERT_EQ(S_IFREG | 0600, st.st_mode);
	ASSERT_EQ(1, nr_kept(&self->slow));
}

/* A new link is no newer work; and nothing is kept where nothing is lost. */
TEST_F(kept, linked_from_outside)
{
	ASSERT_EQ(0, put(self->slow.dir, "f", "old"));
	ASSERT_EQ(0, put(self->slow.dir, "r", "old r"));
	ASSERT_EQ(0, tx_put(self->slow.tx, self->slow.dir, "f", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_unlink(self->slow.tx, self->slow.dir, "r"));
	begin_commit(_metadata, &self->slow);
	ASSERT_EQ(0, linkat(self->slow.dir, "f", self->slow.dir, "snapshot", 0));
	ASSERT_EQ(0, end_commit(&self->slow));
	ASSERT_STREQ("mine", get(self->slow.dir, "f"));
	ASSERT_STREQ("old", get(self->slow.dir, "snapshot"));
	ASSERT_FALSE(exists(self->slow.dir, "r"));
	ASSERT_EQ(0, nr_kept(&self->slow));
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
	ASSERT_EQ(0, put(self->slow.dir, "f", "old f"));
	ASSERT_EQ(0, put(self->slow.dir, "r", "old r"));
	ASSERT_EQ(0, put(self->slow.dir, "same", "old s"));
	ASSERT_EQ(0, put(self->slow.dir, "x", "x"));
	ASSERT_EQ(0, tx_put(self->slow.tx, self->slow.dir, "f", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_put(self->slow.tx, self->slow.dir, "same", O_TRUNC, "mine"));
	ASSERT_EQ(0, tx_unlink(self->slow.tx, self->slow.dir, "r"));
	ASSERT_EQ(0, ktm_txf_setxattr(env.txf_fd, self->slow.tx, self->slow.dir, "x", 0,
				      "user.a", value, sizeof(value), 0));
	begin_commit(_metadata, &self->slow);
	snprintf(again, sizeof(again), "%s/x", self->slow.path);
	ASSERT_EQ(0, setxattr(again, "user.b", value, sizeof(value), 0));
	ASSERT_EQ(0, go_on(&self->slow));
	/* decided, and not carried out to its end: the client waits */
	for (tries = 0; tries < 1000; tries++) {
		if (state_of(&self->slow) == KTM_TXF_S_FAILED)
			break;
		usleep(10000);
	}
	ASSERT_GT(1000, tries);
	ASSERT_STREQ("mine", get(self->slow.dir, "f"));

	/* this is where a program writes that has opened the files before */
	ASSERT_EQ(0, run("for f in " TXF_BASE "/%s/" KTM_TXF_STAGING "/tx-*/*.old; do\n"
			 "case $(cat $f) in\n"
			 "'old f') printf new.f | dd of=$f conv=notrunc status=none;;\n"
			 "'old r') printf new.r | dd of=$f conv=notrunc status=none;;\n"
			 "'old s') ;; *) exit 1;; esac; done", type));
	ASSERT_EQ(0, removexattr(again, "user.b"));
	ASSERT_EQ(0, ktm_txf_disable(env.txf_fd, self->slow.dir, 0));
	ASSERT_EQ(0, ktm_txf_enable(env.txf_fd, self->slow.dir, env.tm_fd, NULL,
				    NULL));
	ASSERT_EQ(0, wait_for_end(&self->slow));
	ASSERT_EQ(sizeof(value), getxattr(again, "user.a", NULL, 0));
	ASSERT_STREQ("mine", get(self->slow.dir, "f"));
	ASSERT_STREQ("mine", get(self->slow.dir, "same"));
	ASSERT_FALSE(exists(self->slow.dir, "r"));
	ASSERT_TRUE(is_listed(type, self->slow.path, "f", "displaced", "new.f"));
	ASSERT_TRUE(is_listed(type, self->slow.path, "r", "displaced", "new.r"));
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
