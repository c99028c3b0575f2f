// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - random test: the log is detached and attached, at once or in steps
 */
#include "driver.h"
#include "../ktm/ktm_log.h"

/* What makes an object is refused by a TM in another state than ONLINE. */
static void check_refuses(struct driver *d, __u32 state)
{
	struct ktm_tm_info info = { .size = sizeof(info) };
	struct ktm_tx_create tx = { .size = sizeof(tx) };
	struct ktm_rm_create rm = { .size = sizeof(rm), .flags = KTM_RM_F_VOLATILE };

	d_agree(d, ktm_call(d->tm, KTM_IOC_TM_INFO, &info), 0);
	d_number(d, "state", info.state, state);
	d_agree(d, ktm_call(d->tm, KTM_IOC_TX_CREATE, &tx), -ESHUTDOWN);
	d_agree(d, ktm_call(d->tm, KTM_IOC_RM_CREATE, &rm), -ESHUTDOWN);
}

static void detach(struct driver *d)
{
	struct tm_handle tm = { .fd = d->tm, .durable = true };
	struct ktm_simple arg = { .size = sizeof(arg) };

	d_note(d, "detach", -1, -1, -1);
	d_agree(d, tm_detach(&tm), 0);
	d_agree(d, ktm_call(d->tm, KTM_IOC_TM_DETACH, &arg), -ESHUTDOWN);
	check_refuses(d, KTM_TM_S_DETACHED);
	close(d->tm);
}

static int roll(struct driver *d, __u64 clock, struct ktm_tm_rollforward *arg)
{
	*arg = (struct ktm_tm_rollforward){ .size = sizeof(*arg), .clock = clock };
	return ktm_call(d->tm, KTM_IOC_TM_ROLLFORWARD, arg);
}

static int recover(struct driver *d, __u32 flags, struct ktm_tm_recover *arg)
{
	*arg = (struct ktm_tm_recover){ .size = sizeof(*arg), .flags = flags };
	return ktm_call(d->tm, KTM_IOC_TM_RECOVER, arg);
}

static void recover_in_steps(struct driver *d)
{
	__u32 all = m_logged(&d->model, ~0ULL), flags = 0, want;
	struct ktm_tm_rollforward roll_arg;
	struct ktm_tm_recover arg;
	__u64 clock = 0;
	int steps;

	check_refuses(d, KTM_TM_S_RECOVERING);
	d_agree(d, recover(d, KTM_TM_RECOVER_F_DISCARD, &arg), -EINVAL);
	d_agree(d, roll(d, 0, &roll_arg), -EINVAL);
	for (steps = d_random(d, 4); steps; steps--) {
		clock += 1 + d_random(d, d->model.clock);
		d_note(d, "rollforward", -1, -1, -1);
		d_agree(d, roll(d, clock, &roll_arg), 0);
		want = m_logged(&d->model, clock);
		d_number(d, "recovered", roll_arg.recovered, want);
		d_number(d, "left", roll_arg.left, all - want);
		d_agree(d, roll(d, clock - 1, &roll_arg), -EINVAL);
	}
	want = all;
	if (clock && !d_random(d, 3)) {
		flags = KTM_TM_RECOVER_F_DISCARD;
		want = m_logged(&d->model, clock);
		m_discard(&d->model, clock);
	}
	d_note(d, "recover", -1, -1, -1);
	d_agree(d, recover(d, flags, &arg), 0);
	d_number(d, "recovered", arg.recovered, want);
	d_number(d, "discarded", arg.discarded, all - want);
	d_agree(d, recover(d, 0, &arg), -EALREADY);
	d_agree(d, roll(d, ~0ULL, &roll_arg), -EALREADY);
}

void d_reattach(struct driver *d)
{
	bool steps = d_random(d, 2);
	struct tm_handle tm;
	__u32 recovered;
	int ret;

	detach(d);
	d_note(d, steps ? "attach in steps" : "attach", -1, -1, -1);
	ret = tm_attach_flags(d->device, d->tm_uuid, &tm, &recovered,
			      steps ? KTM_TM_ATTACH_F_NO_RECOVER : 0);
	d_agree(d, ret, 0);
	d->tm = tm.fd;
	d_number(d, "recovered", recovered, m_logged(&d->model, ~0ULL));
	if (steps)
		recover_in_steps(d);
	driver_reattached(d);
	d_note(d, "attached", -1, -1, -1);
}
