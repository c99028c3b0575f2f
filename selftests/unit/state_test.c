// SPDX-License-Identifier: GPL-2.0
/*
 * ktm unit tests - every state and every event of both state tables
 *
 * A second list of the arcs, made from their description in <linux/ktm.h> and
 * sorted by event, where the tables are sorted by state. Every pair of state and
 * event is tried; what is not in the list must be refused.
 */
#include "kselftest_harness.h"

#include "state.h"

struct want {
	unsigned int event;
	unsigned int from;
	unsigned int next;
	unsigned int action;
};

#define TX(event, from, next, action) \
	{ KTM_TX_E_##event, KTM_TX_S_##from, KTM_TX_S_##next, KTM_TX_A_##action }
#define EN(event, from, next, action) \
	{ KTM_EN_E_##event, KTM_EN_S_##from, KTM_EN_S_##next, KTM_EN_A_##action }

static const struct want tx_arcs[] = {
	TX(BEGIN, NEW, ACTIVE, NONE),
	TX(RECOVER, NEW, COMMITTING, NONE),
	TX(COMMIT, ACTIVE, PREPARING, SEND_PREPARE),
	TX(COMMIT_SINGLE, ACTIVE, SINGLE_PHASE, SEND_SINGLE),
	TX(COMMIT_EMPTY, ACTIVE, COMMITTED, FORGET),
	TX(PREPARED, PREPARING, DECIDING, LOG_DECISION),
	TX(PREPARED_EMPTY, PREPARING, COMMITTED, FORGET),
	TX(DECIDED, DECIDING, COMMITTING, SEND_COMMIT),
	TX(UNDECIDED, DECIDING, INDOUBT, NONE),
	TX(SINGLE_DONE, SINGLE_PHASE, COMMITTED, FORGET),
	TX(SINGLE_REJECTED, SINGLE_PHASE, PREPARING, SEND_PREPARE),
	TX(SINGLE_ABORTED, SINGLE_PHASE, ABORTING, SEND_ROLLBACK),
	TX(SINGLE_LOST, SINGLE_PHASE, INDOUBT, FORGET),
	TX(ROLLBACK, ACTIVE, ABORTING, SEND_ROLLBACK),
	TX(ROLLBACK, PREPARING, ABORTING, SEND_ROLLBACK),
	TX(ENDED, COMMITTING, COMMITTED, LOG_END),
	TX(ENDED, ABORTING, ABORTED, FORGET),
};

static const struct want en_arcs[] = {
	EN(ENLIST, NEW, ACTIVE, NONE),
	EN(RECOVER, NEW, COMMITTING, NONE),
	EN(SEND_PREPARE, ACTIVE, PREPARING, NOTIFY_PREPARE),
	EN(SEND_SINGLE, ACTIVE, SINGLE_PHASE, NOTIFY_SINGLE),
	EN(SEND_COMMIT, PREPARED, COMMITTING, NOTIFY_COMMIT),
	EN(SEND_ROLLBACK, ACTIVE, ABORTING, NOTIFY_ROLLBACK),
	EN(SEND_ROLLBACK, PREPARING, ABORTING, NOTIFY_ROLLBACK),
	EN(SEND_ROLLBACK, PREPARED, ABORTING, NOTIFY_ROLLBACK),
	EN(SEND_ROLLBACK, SINGLE_PHASE, ABORTING, NOTIFY_ROLLBACK),
	EN(PREPARE_COMPLETE, PREPARING, PREPARED, ANSWERED),
	EN(COMMIT_COMPLETE, SINGLE_PHASE, DONE, LEAVE_SINGLE),
	EN(COMMIT_COMPLETE, COMMITTING, DONE, LEAVE),
	EN(ROLLBACK_COMPLETE, ABORTING, DONE, LEAVE),
	EN(READ_ONLY, ACTIVE, DONE, LEAVE),
	EN(READ_ONLY, PREPARING, DONE, LEAVE),
	EN(READ_ONLY, SINGLE_PHASE, DONE, LEAVE_SINGLE),
	EN(REJECT_SINGLE, SINGLE_PHASE, ACTIVE, REJECTED),
	EN(VETO, ACTIVE, ACTIVE, ROLLBACK),
	EN(VETO, PREPARING, PREPARING, ROLLBACK),
	EN(VETO, SINGLE_PHASE, SINGLE_PHASE, ROLLBACK_SINGLE),
	EN(ASK_OUTCOME, PREPARED, PREPARED, NONE),
	EN(ASK_OUTCOME, COMMITTING, COMMITTING, NOTIFY_COMMIT),
	EN(ASK_OUTCOME, ABORTING, ABORTING, NOTIFY_ROLLBACK),
	EN(LOST, ACTIVE, DONE, LEAVE_ROLLBACK),
	EN(LOST, PREPARING, DONE, LEAVE_ROLLBACK),
	EN(LOST, PREPARED, PREPARED, SUSPEND),
	EN(LOST, SINGLE_PHASE, DONE, LEAVE_LOST),
	EN(LOST, COMMITTING, COMMITTING, SUSPEND),
	EN(LOST, ABORTING, DONE, LEAVE),
	EN(LEFT, ACTIVE, DONE, LEAVE_ROLLBACK),
	EN(LEFT, PREPARING, DONE, LEAVE_ROLLBACK),
	EN(LEFT, PREPARED, DONE, LEAVE),
	EN(LEFT, SINGLE_PHASE, DONE, LEAVE_LOST),
	EN(LEFT, COMMITTING, DONE, LEAVE),
	EN(LEFT, ABORTING, DONE, LEAVE),
};

/* Answers that come again, and do no harm. */
static const struct want en_late[] = {
	EN(PREPARE_COMPLETE, PREPARED, NEW, NONE),
	EN(PREPARE_COMPLETE, COMMITTING, NEW, NONE),
	EN(PREPARE_COMPLETE, DONE, NEW, NONE),
	EN(COMMIT_COMPLETE, DONE, NEW, NONE),
	EN(ROLLBACK_COMPLETE, DONE, NEW, NONE),
	EN(READ_ONLY, DONE, NEW, NONE),
	EN(REJECT_SINGLE, DONE, NEW, NONE),
	EN(VETO, DONE, NEW, NONE),
	EN(ASK_OUTCOME, DONE, NEW, NONE),
};

static const struct want *look_up(const struct want *list, size_t nr, unsigned int from,
				  unsigned int event)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (list[i].from == from && list[i].event == event)
			return &list[i];
	return NULL;
}

TEST(every_event_of_a_transaction)
{
	unsigned int state, event, nr = 0;
	const struct want *want;
	struct ktm_arc arc;

	for (state = 0; state < KTM_TX_NR_STATES; state++)
		for (event = 0; event < KTM_TX_NR_EVENTS; event++) {
			want = look_up(tx_arcs, ARRAY_SIZE(tx_arcs), state, event);
			ASSERT_EQ(want ? 0 : -EPROTO, ktm_arc_find_tx(state, event, &arc))
				TH_LOG("state %u event %u", state, event);
			if (!want)
				continue;
			nr++;
			EXPECT_EQ(want->next, arc.next);
			EXPECT_EQ(want->action, arc.action);
		}
	EXPECT_EQ(ARRAY_SIZE(tx_arcs), nr);
}

TEST(every_event_of_an_enlistment)
{
	unsigned int state, event, nr = 0, nr_late = 0;
	const struct want *want;
	struct ktm_arc arc;
	int ret;

	for (state = 0; state < KTM_EN_NR_STATES; state++)
		for (event = 0; event < KTM_EN_NR_EVENTS; event++) {
			want = look_up(en_arcs, ARRAY_SIZE(en_arcs), state, event);
			ret = want ? 0 : -EPROTO;
			if (look_up(en_late, ARRAY_SIZE(en_late), state, event)) {
				ret = -EALREADY;
				nr_late++;
			}
			ASSERT_EQ(ret, ktm_arc_find_en(state, event, &arc))
				TH_LOG("state %u event %u", state, event);
			if (!want)
				continue;
			nr++;
			EXPECT_EQ(want->next, arc.next);
			EXPECT_EQ(want->action, arc.action);
		}
	EXPECT_EQ(ARRAY_SIZE(en_arcs), nr);
	EXPECT_EQ(ARRAY_SIZE(en_late), nr_late);
}

/* What is not a state or an event at all is refused, not looked up. */
TEST(out_of_range)
{
	static const unsigned int big[] = { 100, 255, 256, 0x7fffffff, ~0U };
	struct ktm_arc arc;
	size_t i;

	EXPECT_EQ(-EPROTO, ktm_arc_find_tx(KTM_TX_NR_STATES, 0, &arc));
	EXPECT_EQ(-EPROTO, ktm_arc_find_tx(0, KTM_TX_NR_EVENTS, &arc));
	EXPECT_EQ(-EPROTO, ktm_arc_find_en(KTM_EN_NR_STATES, 0, &arc));
	EXPECT_EQ(-EPROTO, ktm_arc_find_en(0, KTM_EN_NR_EVENTS, &arc));
	for (i = 0; i < ARRAY_SIZE(big); i++) {
		EXPECT_EQ(-EPROTO, ktm_arc_find_tx(big[i], big[i], &arc));
		EXPECT_EQ(-EPROTO, ktm_arc_find_en(big[i], big[i], &arc));
	}
}

/* Once decided, always decided; and nothing is but from there on. */
TEST(decided)
{
	unsigned int state, event;
	struct ktm_arc arc;

	EXPECT_FALSE(ktm_tx_state_decided(KTM_TX_S_ACTIVE));
	EXPECT_FALSE(ktm_tx_state_decided(KTM_TX_S_DECIDING));
	EXPECT_TRUE(ktm_tx_state_decided(KTM_TX_S_COMMITTING));
	EXPECT_TRUE(ktm_tx_state_decided(KTM_TX_S_INDOUBT));
	for (state = 0; state < KTM_TX_NR_STATES; state++)
		for (event = 0; event < KTM_TX_NR_EVENTS; event++)
			if (!ktm_arc_find_tx(state, event, &arc))
				EXPECT_GE(ktm_tx_state_decided(arc.next),
					  ktm_tx_state_decided(state));
}

TEST_HARNESS_MAIN
