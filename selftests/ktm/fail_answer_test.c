// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - every allocation fails once in the orders of a superior, and in what
 * RMs answer and keep
 *
 * As fail_nth_test.c, which has the other calls: the result is any errno, mostly ENOMEM.
 * Needs a kernel with fault injection (the debug kernel).
 */
#include "harness.h"
#include "fail_sweep.h"
#include "ktm_log.h"
#include "ktm_user.h"
#include "savepoint.h"

static const __u8 rm_uuid[KTM_UUID_SIZE] = "an RM of a test";

static int make_rm(struct objects *o, struct rm_handle *rm, const __u8 *uuid)
{
	return rm_make(&o->tm, rm, uuid, uuid ? 0 : KTM_RM_F_VOLATILE) ?:
	       rm_recover(rm) ?: fail_read_note_of(o, rm, KTM_NOTIFY_LAST_RECOVER);
}

/* A superior, and an RM that takes part in phase 0 and in savepoints. */
static int make_superior(struct objects *o, const char *path)
{
	return tm_make(&o->tm, 0600) ?: make_rm(o, &o->boss, NULL) ?: make_rm(o, &o->rm, NULL) ?:
	       tx_begin(&o->tm, &o->tx, 0) ?:
	       en_make(&o->boss, &o->tx, &o->sup, 7, KTM_EN_F_SUPERIOR) ?:
	       en_make(&o->rm, &o->tx, &o->en, 1, KTM_EN_F_PREPREPARE | KTM_EN_F_SAVEPOINTS);
}

static int hear(struct objects *o, __u32 type)
{
	return fail_read_note_of(o, &o->boss, type);
}

static int prepare_all(struct objects *o)
{
	return TRY(o, order_preprepare(&o->sup)) ?: fail_read_note(o, KTM_NOTIFY_PREPREPARE) ?:
	       TRY(o, preprepare_complete(&o->en)) ?: hear(o, KTM_NOTIFY_PREPREPARE_COMPLETE) ?:
	       TRY(o, order_prepare(&o->sup)) ?: fail_read_note(o, KTM_NOTIFY_PREPARE) ?:
	       TRY(o, prepare_complete(&o->en)) ?: hear(o, KTM_NOTIFY_PREPARE_COMPLETE);
}

static int scenario_superior(struct objects *o, const char *path)
{
	struct en_want sup = { .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_COMMITTED };

	return fail_list(o, o->tm.fd, KTM_IOC_EN_LIST, 2) ?:
	       fail_list(o, o->tx.fd, KTM_IOC_EN_LIST, 2) ?:
	       fail_list(o, o->rm.fd, KTM_IOC_EN_LIST, 1) ?: prepare_all(o) ?:
	       TRY(o, request_outcome(&o->en)) ?: hear(o, KTM_NOTIFY_REQUEST_OUTCOME) ?:
	       TRY(o, order_commit(&o->sup)) ?: fail_read_note(o, KTM_NOTIFY_COMMIT) ?:
	       TRY(o, commit_complete(&o->en)) ?: hear(o, KTM_NOTIFY_COMMIT_COMPLETE) ?:
	       TRY(o, *en_differs(&o->sup, sup)) ?: TRY(o, commit_wait(&o->tx));
}

/* What the superior said beside the reason is kept if there is memory for it. */
static int check_verdict(struct objects *o)
{
	struct tx_want bare = { .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_RM };
	struct tx_want full = bare;
	const char *difference;

	full.error = EIO;
	full.rm = &o->boss;
	full.detail = "so";
	/* the question may be what fails */
	if (!TRY(o, *tx_differs(&o->tx, full)))
		return 0;
	o->failed++;
	difference = tx_differs(&o->tx, bare);
	if (*difference)
		fprintf(stderr, "# %s\n", difference);
	return *difference ? -EBADMSG : 0;
}

static int scenario_superior_rolls_back(struct objects *o, const char *path)
{
	return prepare_all(o) ?: TRY(o, en_veto(&o->sup, KTM_REASON_RM, EIO, "so")) ?:
	       fail_read_note(o, KTM_NOTIFY_ROLLBACK) ?: TRY(o, rollback_complete(&o->en)) ?:
	       hear(o, KTM_NOTIFY_ROLLBACK_COMPLETE) ?: check_verdict(o);
}

/* The call waits in a thread of its own, where there are no faults. */
static int answer_savepoint(struct objects *o, unsigned int cmd, __u64 *id)
{
	struct savepoint_call call;
	int ret = TRY(o, savepoint_start(&call, &o->tx, cmd, *id));

	if (ret)
		return ret;
	ret = TRY(o, *note_differs(&o->rm, savepoint_note(cmd), &o->en)) ?:
	      TRY(o, en_savepoint(&o->en, o->rm.savepoint, 0));
	/* it would wait for ever */
	if (ret)
		rollback_nowait(&o->tx);
	ret = savepoint_join(&call) ?: ret;
	*id = call.savepoint;
	return ret;
}

static int scenario_savepoint(struct objects *o, const char *path)
{
	__u64 id = 0;

	return answer_savepoint(o, SET, &id) ?: answer_savepoint(o, ROLLBACK_TO, &id) ?:
	       answer_savepoint(o, RELEASE, &id) ?: TRY(o, read_only(&o->en));
}

static int make_durable(struct objects *o, const char *path)
{
	return tm_attach(path, NULL, &o->tm, NULL) ?: make_rm(o, &o->rm, rm_uuid) ?:
	       tx_begin(&o->tm, &o->tx, 0) ?: en_make(&o->rm, &o->tx, &o->en, 1, 0);
}

static int get_info(const struct en_handle *en, char *data, __u32 length)
{
	struct ktm_en_recovery_info arg = {
		.size = sizeof(arg),
		.data = (uintptr_t)data,
		.length = length,
	};

	return ktm_call(en->fd, KTM_IOC_EN_GET_RECOVERY_INFO, &arg);
}

/* What is set anew and fails leaves what was set before. */
static int scenario_recovery_info(struct objects *o, const char *path)
{
	char got[8] = "";
	int ret = TRY(o, en_set_info(&o->en, "before", 7));

	if (ret)
		return ret;
	ret = en_set_info(&o->en, "after", 6);
	if (ret) {
		o->failed++;
		ret = get_info(&o->en, got, sizeof(got)) ?: strcmp(got, "before") ? -EBADMSG :
		      en_set_info(&o->en, "after", 6);
	}
	return ret ?: TRY(o, get_info(&o->en, got, sizeof(got))) ?:
	       strcmp(got, "after") ? -EBADMSG : TRY(o, en_set_info(&o->en, NULL, 0));
}

FIXTURE(fail_answer)
{
	const char *path;
	int nth;
};

FIXTURE_VARIANT(fail_answer)
{
	struct scenario scenario;
};

FIXTURE_VARIANT_ADD(fail_answer, superior)
{
	.scenario = { .run = scenario_superior, .before = make_superior, .careful = true },
};

FIXTURE_VARIANT_ADD(fail_answer, superior_rolls_back)
{
	.scenario = {
		.run = scenario_superior_rolls_back,
		.before = make_superior,
		.careful = true,
	},
};

FIXTURE_VARIANT_ADD(fail_answer, savepoint)
{
	.scenario = { .run = scenario_savepoint, .before = make_superior, .careful = true },
};

FIXTURE_VARIANT_ADD(fail_answer, recovery_info)
{
	.scenario = {
		.run = scenario_recovery_info,
		.before = make_durable,
		.durable = true,
		.careful = true,
	},
};

FIXTURE_SETUP(fail_answer)
{
	if (access(KNOBS, F_OK))
		SKIP(_exit(SKIPPED), "the kernel has no fault injection");
	self->path = log_device("KTM_LOG_DEV");
	if (variant->scenario.durable && !self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	self->nth = open_fail_nth();
	ASSERT_GE(self->nth, 0);
}

FIXTURE_TEARDOWN(fail_answer)
{
}

TEST_F_TIMEOUT(fail_answer, sweep, 600)
{
	struct sweep sweep = { .path = self->path, .nth = self->nth };

	EXPECT_EQ(0, fail_sweep(&sweep, &variant->scenario));
	TH_LOG("%d fault points, of which %d made a call fail", sweep.points, sweep.failed);
}

TEST_HARNESS_MAIN
