// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - a transaction that waits between prepare and commit
 */
#include <sys/wait.h>

#include "txf_harness.h"
#include "txf_slow.h"

bool slow_next_is(struct slow *slow, uint32_t type)
{
	struct ktm_notification note[4];

	return ktm_rm_read(slow->rm, note, sizeof(note)) > 0 && note[0].type == type;
}

int slow_join(struct slow *slow, int tx)
{
	int ret;

	slow->tx = tx;
	slow->en = -1;
	slow->rm = ktm_rm_create(env.tm_fd, "slow", KTM_RM_F_VOLATILE, NULL);
	if (slow->rm < 0)
		return slow->rm;
	ret = ktm_rm_recover(slow->rm);
	if (ret)
		return ret;
	if (!slow_next_is(slow, KTM_NOTIFY_LAST_RECOVER))
		return -EBADMSG;
	slow->en = ktm_en_create(slow->rm, slow->tx, 1, 0, NULL);
	return slow->en < 0 ? slow->en : 0;
}

int slow_begin(struct slow *slow)
{
	int tx = begin();

	return tx < 0 ? tx : slow_join(slow, tx);
}

void slow_end(struct slow *slow)
{
	close(slow->en);
	close(slow->rm);
	close(slow->tx);
}

/* All others have voted. */
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

bool slow_is_prepared(struct slow *slow)
{
	return slow_next_is(slow, KTM_NOTIFY_PREPARE) && only_we_are_awaited(slow->tx);
}

bool slow_commit(struct slow *slow)
{
	slow->child = fork();
	if (!slow->child)
		_exit(-commit(slow->tx));
	return slow->child > 0 && slow_is_prepared(slow);
}

int slow_go_on(struct slow *slow)
{
	return ktm_en_prepare_complete(slow->en) ||
	       !slow_next_is(slow, KTM_NOTIFY_COMMIT) ||
	       ktm_en_commit_complete(slow->en);
}

int slow_wait(struct slow *slow)
{
	int status;

	if (waitpid(slow->child, &status, 0) != slow->child ||
	    !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}
