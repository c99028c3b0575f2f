// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - which object an operation of the random test is done on
 */
#include "ops.h"

/* The TM's fd here, or that of the remote process, who is the caller then */
struct handle some_tm(struct driver *d)
{
	return (struct handle){ .fd = d->tm, .away = !d_random(d, 4) };
}

/* A transaction in use; -1: none */
int pick_tx(struct driver *d)
{
	int i, at = d_random(d, M_TXS);

	for (i = 0; i < M_TXS; i++, at = (at + 1) % M_TXS)
		if (d->model.tx[at].used)
			return at;
	return NOBODY;
}

/* One that has a fd; mostly one that is wanted, if there is any */
int pick_open(struct driver *d, bool (*wanted)(const struct m_tx *))
{
	int i, at = d_random(d, M_TXS), found = NOBODY;
	bool any = !d_random(d, 8);

	for (i = 0; i < M_TXS; i++, at = (at + 1) % M_TXS) {
		if (!d->model.tx[at].used || d_tx_file(d, at) < 0)
			continue;
		found = at;
		if (any || wanted(&d->model.tx[at]))
			break;
	}
	return found;
}

bool is_active(const struct m_tx *tx)
{
	return tx->state == KTM_TX_S_ACTIVE;
}

static bool is_live(const struct m_tx *tx)
{
	return !m_tx_ended(tx) && (m_nr(tx) || tx->state != KTM_TX_S_ACTIVE);
}

int pick_open_tx(struct driver *d)
{
	return pick_open(d, is_live);
}

int free_file(const struct handle *file, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		if (file[i].fd < 0)
			return i;
	return NOBODY;
}

int open_file(struct driver *d, const struct handle *file, int nr)
{
	int i, at = d_random(d, nr);

	for (i = 0; i < nr; i++, at = (at + 1) % nr)
		if (file[at].fd >= 0)
			return at;
	return NOBODY;
}

/* An enlistment that has a fd; mostly one that is wanted, if there is any */

bool is_asked(const struct m_en *en)
{
	return en->state != KTM_EN_S_ACTIVE && en->state != KTM_EN_S_DONE;
}

bool is_not_done(const struct m_en *en)
{
	return en->state != KTM_EN_S_DONE;
}

bool is_superior(const struct m_en *en)
{
	return en->flags & KTM_EN_F_SUPERIOR && en->state != KTM_EN_S_DONE;
}

bool is_done(const struct m_en *en)
{
	return en->state == KTM_EN_S_DONE;
}

bool pick_en_of(struct driver *d, bool (*wanted)(const struct m_en *), int *tx, int *en)
{
	int i, n = M_TXS * M_ENS, at = d_random(d, n), found = NOBODY;
	bool any = !d_random(d, 8);

	for (i = 0; i < n; i++, at = (at + 1) % n) {
		const struct m_en *model = &d->model.tx[at / M_ENS].en[at % M_ENS];

		if (!model->used || !d->model.tx[at / M_ENS].used ||
		    open_file(d, d->en[at / M_ENS][at % M_ENS].file, EN_FILES) < 0)
			continue;
		found = at;
		if (any || wanted(model))
			break;
	}
	*tx = found / M_ENS;
	*en = found % M_ENS;
	return found != NOBODY;
}

bool pick_en(struct driver *d, int *tx, int *en)
{
	return pick_en_of(d, is_not_done, tx, en);
}

int pick_rm(struct driver *d)
{
	int i, at = d_random(d, M_RMS);

	for (i = 0; i < M_RMS; i++, at = (at + 1) % M_RMS)
		if (d->rm[at].file.fd >= 0)
			return at;
	return NOBODY;
}

/* Closes it, here, there or on its way. */
void close_file(struct driver *d, struct handle *file)
{
	if (!file->away && !d_random(d, 4))
		remote_close_in_flight(file);
	else
		remote_close(&d->remote, file);
}

int see_clock(struct driver *d, __u64 clock)
{
	if (clock > KTM_CLOCK_MAX)
		return -EINVAL;
	if (clock > d->model.clock)
		d->model.clock = clock;
	return 0;
}
