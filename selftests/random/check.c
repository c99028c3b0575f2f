// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - one process of the random test: objects as the model has them
 */
#include "driver.h"

static const __u8 *rm_uuid(const struct driver *d, const struct m_rm *rm)
{
	return rm ? d->rm[rm - d->model.rm].uuid : d->no_uuid;
}

/* Several may have been first: then it is what the kernel says. */
static void take_reason(struct driver *d, int tx, const struct ktm_tx_info *info)
{
	struct m_tx *model = &d->model.tx[tx];
	int i;

	model->reason = info->reason;
	model->error = info->error;
	model->reason_rm = NULL;
	for (i = 0; i < M_RMS; i++)
		if (!memcmp(d->rm[i].uuid, info->reason_rm, KTM_UUID_SIZE))
			model->reason_rm = &d->model.rm[i];
	d->tx[tx].reason_open = false;
}

static void check_reason(struct driver *d, int tx, const struct ktm_tx_info *info)
{
	struct m_tx *model = &d->model.tx[tx];

	if (d->tx[tx].reason_open)
		take_reason(d, tx, info);
	d_number(d, "reason", info->reason, model->reason);
	d_number(d, "error", info->error, model->error);
	d_bytes(d, "reason_rm", info->reason_rm, rm_uuid(d, model->reason_rm), KTM_UUID_SIZE);
	if (strcmp(info->detail, model->detail))
		d_differ(d, "detail is '%s', the model has '%s'", info->detail, model->detail);
}

static void check_superior(struct driver *d, int tx, const struct ktm_tx_info *info)
{
	struct m_tx *model = &d->model.tx[tx];
	struct m_en *superior = m_superior(model);

	d_bytes(d, "superior", info->superior,
		superior ? d->en[tx][superior - model->en].uuid : d->no_uuid, KTM_UUID_SIZE);
	d_bytes(d, "superior_rm", info->superior_rm, rm_uuid(d, superior ? superior->rm : NULL),
		KTM_UUID_SIZE);
}

static void check_tx_info(struct driver *d, int tx)
{
	struct ktm_tx_info info = { .size = sizeof(info) };
	struct m_tx *model = &d->model.tx[tx];
	int at = d_tx_file(d, tx);

	if (at < 0)
		return;
	d_note(d, "tx_info", tx, -1, -1);
	d_agree(d, remote_ioctl(&d->remote, d->tx[tx].file[at], KTM_IOC_TX_INFO, &info,
				sizeof(info)), 0);
	d_bytes(d, "uuid", info.uuid, d->tx[tx].uuid, KTM_UUID_SIZE);
	d_bytes(d, "tm_uuid", info.tm_uuid, d->tm_uuid, KTM_UUID_SIZE);
	d_number(d, "state", info.state, model->state);
	/* it is not in the log */
	if (strcmp(info.description, model->recovered ? "" : "random"))
		d_differ(d, "the description is '%s'", info.description);
	check_reason(d, tx, &info);
	check_superior(d, tx, &info);
	d_number(d, "nr_enlistments", info.nr_enlistments, m_nr(model));
	d_number(d, "nr_waiting", info.nr_waiting, m_waiting(model));
	d_number(d, "deadline", info.deadline, model->deadline);
	d_number(d, "owner_pid", info.owner_pid, d->tx[tx].owner);
}

void d_check_en_info(struct driver *d, int tx, int en, const struct ktm_en_info *info,
		     __u64 key)
{
	struct m_en *model = &d->model.tx[tx].en[en];

	d_bytes(d, "uuid", info->uuid, d->en[tx][en].uuid, KTM_UUID_SIZE);
	d_bytes(d, "tx", info->tx, d->tx[tx].uuid, KTM_UUID_SIZE);
	d_bytes(d, "rm", info->rm, d->rm[model->rm - d->model.rm].uuid, KTM_UUID_SIZE);
	d_number(d, "state", info->state, model->state);
	d_number(d, "tx_state", info->tx_state, model->tx->state);
	d_number(d, "flags", info->flags, model->flags);
	d_number(d, "key", info->key, key);
	d_number(d, "nr_records", info->nr_records, model->records);
	if (!d->tx[tx].reason_open)
		d_number(d, "reason", info->reason, model->tx->reason);
}

static void check_en(struct driver *d, int tx, int en)
{
	struct ktm_en_info info;
	int i;

	for (i = 0; i < EN_FILES; i++) {
		if (d->en[tx][en].file[i].fd < 0)
			continue;
		info = (struct ktm_en_info){ .size = sizeof(info) };
		d_note(d, "en_info", tx, en, -1);
		d_agree(d, remote_ioctl(&d->remote, d->en[tx][en].file[i], KTM_IOC_EN_INFO,
					&info, sizeof(info)), 0);
		d_check_en_info(d, tx, en, &info, d->model.tx[tx].en[en].key);
	}
}

void d_check_tx(struct driver *d, int tx)
{
	int i;

	check_tx_info(d, tx);
	for (i = 0; i < M_ENS; i++)
		if (d->model.tx[tx].en[i].used)
			check_en(d, tx, i);
}

void d_check_rm_info(struct driver *d, int rm, const struct ktm_rm_info *info)
{
	struct m_rm *model = &d->model.rm[rm];

	d_bytes(d, "uuid", info->uuid, d->rm[rm].uuid, KTM_UUID_SIZE);
	d_number(d, "flags", info->flags, model->durable ? 0 : KTM_RM_F_VOLATILE);
	d_number(d, "state", info->state, model->state);
	d_number(d, "nr_enlistments", info->nr_enlistments, m_rm_nr(&d->model, model));
}

void d_check_rm(struct driver *d, int rm)
{
	struct ktm_rm_info info = { .size = sizeof(info) };

	if (d->rm[rm].file.fd < 0)
		return;
	d_note(d, "rm_info", -1, -1, rm);
	d_agree(d, remote_ioctl(&d->remote, d->rm[rm].file, KTM_IOC_RM_INFO, &info,
				sizeof(info)), 0);
	d_check_rm_info(d, rm, &info);
}

static __u32 nr_present(const struct driver *d)
{
	__u32 nr = 0;
	int i;

	for (i = 0; i < M_RMS; i++)
		nr += d->model.rm[i].state != KTM_RM_S_GONE;
	return nr;
}

/* Exact if nobody else uses it */
void d_check_tm(struct driver *d)
{
	struct ktm_tm_info info = { .size = sizeof(info) };

	d_note(d, "tm_info", -1, -1, -1);
	d_agree(d, ktm_call(d->tm, KTM_IOC_TM_INFO, &info), 0);
	d_bytes(d, "uuid", info.uuid, d->tm_uuid, KTM_UUID_SIZE);
	d_number(d, "state", info.state, KTM_TM_S_ONLINE);
	d_saw_clock(d, info.clock);
	if (!d->alone)
		return;
	d_number(d, "flags", info.flags,
		 (d->model.durable ? KTM_TM_INFO_F_DURABLE : 0) |
		 (d->model.freeze == M_FROZEN ? KTM_TM_INFO_F_FROZEN : 0));
	d_number(d, "nr_rms", info.nr_rms, nr_present(d));
	d_number(d, "nr_active", info.nr_active, m_active(&d->model));
	d_number(d, "nr_unfinished", info.nr_unfinished, m_unfinished(&d->model));
	d_number(d, "committed", info.committed, d->model.committed);
	d_number(d, "aborted", info.aborted, d->model.aborted);
}
