// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - every allocation fails once, in every call on files
 *
 * Each call is made in a transaction of its own with the first, the second, ... fault
 * point failing, until it runs through without a fault. A call that fails has done
 * nothing: the transaction sees what it saw before, the same call works when it is
 * made again, and the outcome is the right one.
 * Needs a kernel with fault injection (the debug kernel).
 */
#include "harness.h"
#include "txf_fault.h"
#include "txf_tree.h"

#define NEW		(O_WRONLY | O_CREAT)
#define CUT		(O_WRONLY | O_TRUNC)

/* What each sweep needs. */
struct sweep {
	char path[128];
	int base;
	int dir;
	int nth;
	int next;
	char real[2][8192];	/* without the change and with it */
	char view[2][8192];
};

FIXTURE(fail_nth)
{
	struct sweep sweep;
};

FIXTURE_VARIANT(fail_nth)
{
	struct change before[2];
	struct change change;
	bool cuts;		/* ext4 may have cut the file off and fail nevertheless */
};

#define BEFORE(...)	.before = { __VA_ARGS__ }
#define CALL(...)	.change = { __VA_ARGS__ }

FIXTURE_VARIANT_ADD(fail_nth, new) { CALL(CHANGE_OPEN, "n", NULL, NEW) };
FIXTURE_VARIANT_ADD(fail_nth, new_with_acl) { CALL(CHANGE_OPEN, "a/n", NULL, NEW) };

FIXTURE_VARIANT_ADD(fail_nth, new_below_own)
{
	BEFORE({ CHANGE_MKDIR, "n" }),
	CALL(CHANGE_OPEN, "n/x", NULL, NEW),
};

FIXTURE_VARIANT_ADD(fail_nth, replace) { CALL(CHANGE_OPEN, "f", NULL, CUT) };
FIXTURE_VARIANT_ADD(fail_nth, copy) { CALL(CHANGE_OPEN, "f", NULL, O_RDWR) };

FIXTURE_VARIANT_ADD(fail_nth, open_own)
{
	BEFORE({ CHANGE_OPEN, "n", NULL, NEW }),
	CALL(CHANGE_OPEN, "n", NULL, O_RDWR),
};

FIXTURE_VARIANT_ADD(fail_nth, cut_own)
{
	BEFORE({ CHANGE_OPEN, "f", NULL, O_RDWR }),
	CALL(CHANGE_OPEN, "f", NULL, CUT),
	.cuts = true,
};

FIXTURE_VARIANT_ADD(fail_nth, open_to_read) { CALL(CHANGE_OPEN, "f", NULL, O_RDONLY) };
FIXTURE_VARIANT_ADD(fail_nth, mkdir) { CALL(CHANGE_MKDIR, "n") };
FIXTURE_VARIANT_ADD(fail_nth, mkdir_with_acl) { CALL(CHANGE_MKDIR, "a/n") };

FIXTURE_VARIANT_ADD(fail_nth, mkdir_below_own)
{
	BEFORE({ CHANGE_MKDIR, "n" }),
	CALL(CHANGE_MKDIR, "n/x"),
};

FIXTURE_VARIANT_ADD(fail_nth, mknod) { CALL(CHANGE_MKNOD, "n") };
FIXTURE_VARIANT_ADD(fail_nth, symlink) { CALL(CHANGE_SYMLINK, "n") };
FIXTURE_VARIANT_ADD(fail_nth, unlink) { CALL(CHANGE_UNLINK, "f") };

FIXTURE_VARIANT_ADD(fail_nth, unlink_own)
{
	BEFORE({ CHANGE_OPEN, "n", NULL, NEW }),
	CALL(CHANGE_UNLINK, "n"),
};

FIXTURE_VARIANT_ADD(fail_nth, unlink_replaced)
{
	BEFORE({ CHANGE_OPEN, "f", NULL, CUT }),
	CALL(CHANGE_UNLINK, "f"),
};

FIXTURE_VARIANT_ADD(fail_nth, unlink_below_own)
{
	BEFORE({ CHANGE_MKDIR, "n" }, { CHANGE_OPEN, "n/x", NULL, NEW }),
	CALL(CHANGE_UNLINK, "n/x"),
};

FIXTURE_VARIANT_ADD(fail_nth, rmdir) { CALL(CHANGE_RMDIR, "e") };

FIXTURE_VARIANT_ADD(fail_nth, rmdir_own)
{
	BEFORE({ CHANGE_MKDIR, "n" }),
	CALL(CHANGE_RMDIR, "n"),
};

FIXTURE_VARIANT_ADD(fail_nth, rename) { CALL(CHANGE_RENAME, "f", "n") };
FIXTURE_VARIANT_ADD(fail_nth, rename_over) { CALL(CHANGE_RENAME, "f", "g") };
FIXTURE_VARIANT_ADD(fail_nth, rename_directory) { CALL(CHANGE_RENAME, "d", "n") };

FIXTURE_VARIANT_ADD(fail_nth, rename_own)
{
	BEFORE({ CHANGE_OPEN, "n", NULL, NEW }),
	CALL(CHANGE_RENAME, "n", "m"),
};

FIXTURE_VARIANT_ADD(fail_nth, rename_own_over)
{
	BEFORE({ CHANGE_OPEN, "n", NULL, NEW }),
	CALL(CHANGE_RENAME, "n", "f"),
};

FIXTURE_VARIANT_ADD(fail_nth, rename_own_over_own)
{
	BEFORE({ CHANGE_OPEN, "n", NULL, NEW }, { CHANGE_MKNOD, "m" }),
	CALL(CHANGE_RENAME, "n", "m"),
};

FIXTURE_VARIANT_ADD(fail_nth, rename_over_own)
{
	BEFORE({ CHANGE_OPEN, "n", NULL, NEW }),
	CALL(CHANGE_RENAME, "f", "n"),
};

FIXTURE_VARIANT_ADD(fail_nth, rename_into_own)
{
	BEFORE({ CHANGE_MKDIR, "n" }),
	CALL(CHANGE_RENAME, "f", "n/f"),
};

FIXTURE_VARIANT_ADD(fail_nth, rename_over_below_own)
{
	BEFORE({ CHANGE_MKDIR, "n" }, { CHANGE_OPEN, "n/x", NULL, NEW }),
	CALL(CHANGE_RENAME, "f", "n/x"),
};

FIXTURE_VARIANT_ADD(fail_nth, rename_own_into_own)
{
	BEFORE({ CHANGE_MKDIR, "n" }, { CHANGE_OPEN, "x", NULL, NEW }),
	CALL(CHANGE_RENAME, "x", "n/x"),
};

FIXTURE_VARIANT_ADD(fail_nth, rename_out_of_own)
{
	BEFORE({ CHANGE_MKDIR, "n" }, { CHANGE_OPEN, "n/x", NULL, NEW }),
	CALL(CHANGE_RENAME, "n/x", "x"),
};

FIXTURE_VARIANT_ADD(fail_nth, rename_out_of_own_over)
{
	BEFORE({ CHANGE_MKDIR, "n" }, { CHANGE_OPEN, "n/x", NULL, NEW }),
	CALL(CHANGE_RENAME, "n/x", "f"),
};

FIXTURE_VARIANT_ADD(fail_nth, link) { CALL(CHANGE_LINK, "f", "n") };

FIXTURE_VARIANT_ADD(fail_nth, link_own)
{
	BEFORE({ CHANGE_OPEN, "n", NULL, NEW }),
	CALL(CHANGE_LINK, "n", "m"),
};

FIXTURE_VARIANT_ADD(fail_nth, link_into_own)
{
	BEFORE({ CHANGE_MKDIR, "n" }),
	CALL(CHANGE_LINK, "f", "n/f"),
};

FIXTURE_VARIANT_ADD(fail_nth, link_below_own)
{
	BEFORE({ CHANGE_MKDIR, "n" }, { CHANGE_OPEN, "n/x", NULL, NEW }),
	CALL(CHANGE_LINK, "n/x", "n/y"),
};

FIXTURE_VARIANT_ADD(fail_nth, setattr) { CALL(CHANGE_SETATTR, "f") };
FIXTURE_VARIANT_ADD(fail_nth, setattr_of_directory) { CALL(CHANGE_SETATTR, "e") };

FIXTURE_VARIANT_ADD(fail_nth, setattr_of_own)
{
	BEFORE({ CHANGE_OPEN, "n", NULL, NEW }),
	CALL(CHANGE_SETATTR, "n"),
};

FIXTURE_VARIANT_ADD(fail_nth, setxattr) { CALL(CHANGE_SETXATTR, "f") };

FIXTURE_VARIANT_ADD(fail_nth, setxattr_of_own)
{
	BEFORE({ CHANGE_OPEN, "n", NULL, NEW }),
	CALL(CHANGE_SETXATTR, "n"),
};

FIXTURE_VARIANT_ADD(fail_nth, removexattr) { CALL(CHANGE_REMOVEXATTR, "f") };

FIXTURE_VARIANT_ADD(fail_nth, stat) { CALL(LOOK_STAT, "f") };
FIXTURE_VARIANT_ADD(fail_nth, readlink) { CALL(LOOK_READLINK, "l") };
FIXTURE_VARIANT_ADD(fail_nth, readdir) { CALL(LOOK_READDIR, "d") };

FIXTURE_VARIANT_ADD(fail_nth, readdir_changed)
{
	BEFORE({ CHANGE_OPEN, "d/n", NULL, NEW }, { CHANGE_UNLINK, "d/x" }),
	CALL(LOOK_READDIR, "d"),
};

FIXTURE_VARIANT_ADD(fail_nth, getxattr) { CALL(LOOK_GETXATTR, "f") };
FIXTURE_VARIANT_ADD(fail_nth, listxattr) { CALL(LOOK_LISTXATTR, "f") };

FIXTURE_VARIANT_ADD(fail_nth, listxattr_changed)
{
	BEFORE({ CHANGE_SETXATTR, "f" }),
	CALL(LOOK_LISTXATTR, "f"),
};

FIXTURE_SETUP(fail_nth)
{
	struct sweep *sweep = &self->sweep;

	umask(022);
	sweep->base = make_dir("ext4", sweep->path, sizeof(sweep->path));
	ASSERT_LE(0, sweep->base);
	sweep->dir = tree_make(sweep->base);
	ASSERT_LE(0, sweep->dir);
	sweep->nth = open_fail_nth();
	ASSERT_LE(0, sweep->nth);
}

FIXTURE_TEARDOWN(fail_nth)
{
	struct sweep *sweep = &self->sweep;

	close(sweep->dir);
	tree_remove(sweep->base, "tree");
	close(sweep->base);
}

/* Once without a fault: what there is before and after. */
static void learn(struct __test_metadata *_metadata, struct sweep *sweep,
		  const struct change *before, const struct change *what)
{
	int tx = begin();

	strcpy(sweep->real[0], tree_text(-1, sweep->dir));
	ASSERT_EQ(0, change_all(tx, sweep->dir, before, 2));
	strcpy(sweep->view[0], tree_text(tx, sweep->dir));
	ASSERT_EQ(0, change_all(tx, sweep->dir, what, 1));
	strcpy(sweep->view[1], tree_text(tx, sweep->dir));
	ASSERT_EQ(0, commit(tx));
	close(tx);
	strcpy(sweep->real[1], tree_text(-1, sweep->dir));
	ASSERT_STREQ(sweep->view[1], sweep->real[1]);
	ASSERT_EQ(0, tree_renew(sweep->base, &sweep->dir));
	ASSERT_STREQ(sweep->real[0], tree_text(-1, sweep->dir));
	ASSERT_TRUE(is_clean(sweep->dir));
	sweep->next = next_fd();
}

/* The call with one fault; has it been taken? */
static bool fault(struct __test_metadata *_metadata, struct sweep *sweep,
		  const struct change *what, bool cuts, int tx, int nth, int *ret)
{
	const char *view;
	bool taken;

	set_nth(sweep->nth, nth);
	*ret = change(tx, sweep->dir, what);
	taken = fault_taken(sweep->nth);
	if (*ret > 0)
		close(*ret);
	if (*ret < 0)
		EXPECT_TRUE(taken && is_fault(*ret)) TH_LOG("nth %d: %s", nth, strerror(-*ret));
	view = tree_text(tx, sweep->dir);
	if (*ret == -ENOMEM && cuts && !strcmp(sweep->view[1], view))
		return taken;
	EXPECT_STREQ(sweep->view[*ret >= 0], view) TH_LOG("nth %d", nth);
	return taken;
}

TEST_F_TIMEOUT(fail_nth, sweep, 600)
{
	struct sweep *sweep = &self->sweep;
	int nth, ret, tx, failed = 0;
	bool taken = true, done;

	learn(_metadata, sweep, variant->before, &variant->change);
	for (nth = 1; taken && nth < NTH_MAX; nth++) {
		tx = begin();
		ASSERT_EQ(0, change_all(tx, sweep->dir, variant->before, 2));
		taken = fault(_metadata, sweep, &variant->change, variant->cuts, tx, nth, &ret);
		failed += ret < 0;
		done = ret >= 0;
		if (nth % 2 && !done) {
			ASSERT_EQ(0, change_all(tx, sweep->dir, &variant->change, 1))
				TH_LOG("nth %d", nth);
			done = true;
		}
		/* most are rolled back: that is faster */
		if (nth % 4 == 1) {
			ASSERT_EQ(0, commit(tx)) TH_LOG("nth %d", nth);
			ASSERT_STREQ(sweep->real[done], tree_text(-1, sweep->dir))
				TH_LOG("nth %d", nth);
			ASSERT_EQ(0, tree_renew(sweep->base, &sweep->dir));
		} else {
			ASSERT_EQ(0, rollback(tx));
			ASSERT_STREQ(sweep->real[0], tree_text(-1, sweep->dir))
				TH_LOG("nth %d", nth);
		}
		close(tx);
		ASSERT_TRUE(is_clean(sweep->dir)) TH_LOG("nth %d", nth);
		ASSERT_EQ(sweep->next, next_fd()) TH_LOG("nth %d", nth);
	}
	/* else there are more than NTH_MAX */
	EXPECT_FALSE(taken);
	/* else nothing was tested */
	EXPECT_LT(0, failed);
	TH_LOG("%d fault points, of which %d made the call fail", nth - 2, failed);
}

/* The constructor that the harness's own main function comes with. */
static void __attribute__((constructor)) __constructor_order_last(void)
{
	if (!__constructor_order)
		__constructor_order = _CONSTRUCTOR_ORDER_BACKWARD;
}

int main(int argc, char **argv)
{
	return fault_main(argc, argv, test_harness_run);
}
