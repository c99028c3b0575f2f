// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - random operations on resource managers
 */
#include "ops.h"

/* Bytes of a notification of the first version; a reader with less room gets none. */
#define NOTE_FIRST	offsetof(struct ktm_notification, savepoint)

void op_rm_create(struct driver *d)
{
	struct ktm_rm_create arg = { .size = sizeof(arg), .name = "random" };
	int rm = d_random(d, M_RMS), want, i;
	struct handle tm = some_tm(d);
	struct m_rm *model;

	/* one that is away, mostly */
	for (i = 0; i < M_RMS && d->rm[rm].file.fd >= 0 && d_random(d, 16); i++)
		rm = (rm + 1) % M_RMS;
	model = &d->model.rm[rm];

	d_note(d, "rm_create", NOBODY, NOBODY, rm);
	arg.flags = model->durable ? 0 : KTM_RM_F_VOLATILE;
	memcpy(arg.uuid, d->rm[rm].uuid, KTM_UUID_SIZE);
	if (!d_random(d, 20)) {
		/* a durable one without a UUID, or on a volatile TM */
		arg.flags = 0;
		if (d->model.durable)
			memset(arg.uuid, 0, KTM_UUID_SIZE);
		d_agree(d, CALL(d, tm, KTM_IOC_RM_CREATE, &arg), -EINVAL);
		return;
	}
	want = m_rm_create(&d->model, model);
	d_agree(d, CALL(d, tm, KTM_IOC_RM_CREATE, &arg), want);
	if (want)
		return;
	d->rm[rm].loose = false;
	d->rm[rm].file = (struct handle){ .fd = arg.out_fd, .away = tm.away };
	/* O_NONBLOCK belongs to the file: set it where the fd is ours */
	if (tm.away)
		remote_move(&d->remote, &d->rm[rm].file);
	fcntl(d->rm[rm].file.fd, F_SETFL, O_NONBLOCK);
}

void op_rm_recover(struct driver *d)
{
	struct ktm_simple arg = { .size = sizeof(arg) };
	int rm = pick_rm(d), i;

	if (rm < 0)
		return;
	/* that of a new life, if there is one */
	for (i = 0; i < M_RMS; i++)
		if (d->rm[i].file.fd >= 0 && d->model.rm[i].state == KTM_RM_S_OFFLINE)
			rm = i;
	d_note(d, "rm_recover", NOBODY, NOBODY, rm);
	d_agree(d, CALL(d, d->rm[rm].file, KTM_IOC_RM_RECOVER, &arg),
		m_rm_recover(&d->model, &d->model.rm[rm]));
	/* RECOVER comes in any order */
	d->rm[rm].loose = true;
}

void op_rm_close(struct driver *d)
{
	int rm = pick_rm(d);

	if (rm < 0)
		return;
	d_note(d, "rm close", NOBODY, NOBODY, rm);
	close_file(d, &d->rm[rm].file);
	m_rm_close(&d->model, &d->model.rm[rm]);
	d_agree(d, 0, 0);
	d_settle(d);
}

void op_rm_info(struct driver *d)
{
	int rm = pick_rm(d);

	if (rm >= 0)
		d_check_rm(d, rm);
}

static bool is_note(struct driver *d, const struct m_note *note, const struct ktm_notification *got)
{
	const __u8 *en = d->no_uuid, *tx = d->no_uuid;
	__u64 key = 0;

	if (note->en) {
		int i = note->en->tx - d->model.tx, k = note->en - note->en->tx->en;

		en = d->en[i][k].uuid;
		tx = d->tx[i].uuid;
		if (note->type != KTM_NOTIFY_RECOVER && note->type != KTM_NOTIFY_RECOVER_QUERY)
			key = note->en->key;
	}
	return got->type == note->type && got->key == key &&
	       got->savepoint == note->savepoint &&
	       !memcmp(got->enlistment, en, KTM_UUID_SIZE) &&
	       !memcmp(got->tx, tx, KTM_UUID_SIZE);
}

static bool still_recovers(const struct m_rm *rm)
{
	int i;

	for (i = 0; i < rm->nr_queue; i++)
		if (rm->queue[i].type == KTM_NOTIFY_RECOVER ||
		    rm->queue[i].type == KTM_NOTIFY_RECOVER_QUERY)
			return true;
	return false;
}

/* Several came at once, or are of a transaction whose enlistments came from the log. */
static bool in_any_order(const struct driver *d, int rm, int nth)
{
	const struct m_en *en = d->model.rm[rm].queue[nth].en;

	return d->rm[rm].loose || (en && en->tx->recovered);
}

static void take_note(struct driver *d, int rm, const struct ktm_notification *got)
{
	struct m_rm *model = &d->model.rm[rm];
	struct m_note note;
	int i;

	if (got->clock > KTM_CLOCK_MAX * 2 || (d->alone && got->clock != d->model.clock))
		d_differ(d, "the notification has the clock %llu", got->clock);
	for (i = 0; i < model->nr_queue; i++)
		if (in_any_order(d, rm, i) && is_note(d, &model->queue[i], got))
			break;
	if (i == model->nr_queue)
		i = 0;
	if (got->type == KTM_NOTIFY_LAST_RECOVER && still_recovers(model))
		d_differ(d, "LAST_RECOVER comes before the last RECOVER");
	if (i) {
		note = model->queue[i];
		memmove(&model->queue[1], &model->queue[0], i * sizeof(note));
		model->queue[0] = note;
	}
	d_number(d, "type of the notification", got->type, model->queue[0].type);
	if (!is_note(d, &model->queue[0], got))
		d_differ(d, "the notification is about another enlistment, or its key is wrong");
	m_take_note(model);
	if (!model->nr_queue)
		d->rm[rm].loose = false;
}

void d_read(struct driver *d, int rm, int room)
{
	struct ktm_notification notes[8];
	int i, want;
	ssize_t got;

	if (room > ARRAY_LEN(notes))
		room = ARRAY_LEN(notes);
	memset(notes, 0x5a, sizeof(notes));
	want = d->model.rm[rm].nr_queue < room ? d->model.rm[rm].nr_queue : room;
	d_note(d, "read", NOBODY, NOBODY, rm);
	got = remote_read(&d->remote, d->rm[rm].file, notes, room * sizeof(notes[0]));
	d_agree(d, got < 0 ? got : 0, want ? 0 : -EAGAIN);
	d_number(d, "length", got < 0 ? 0 : got, want * sizeof(notes[0]));
	for (i = 0; i < want; i++) {
		d_number(d, "size of a notification", notes[i].size, sizeof(notes[i]));
		take_note(d, rm, &notes[i]);
	}
}

/* Room for a record of the first version, which has no savepoint, or for less */
static void read_old(struct driver *d, int rm)
{
	struct ktm_notification note = { .size = 0 };
	struct m_rm *model = &d->model.rm[rm];
	ssize_t got;

	if (!d_random(d, 2)) {
		d_agree(d, remote_read(&d->remote, d->rm[rm].file, &note, NOTE_FIRST - 1),
			-EMSGSIZE);
		return;
	}
	if (model->nr_queue > 1 && d->rm[rm].loose)
		return;		/* nobody knows which is the first */
	got = remote_read(&d->remote, d->rm[rm].file, &note, NOTE_FIRST);
	d_agree(d, got < 0 ? got : 0, !model->nr_queue ? -EAGAIN :
		model->queue[0].savepoint ? -EMSGSIZE : 0);
	if (got < 0)
		return;
	d_number(d, "length", got, NOTE_FIRST);
	d_number(d, "size of a notification", note.size, NOTE_FIRST);
	take_note(d, rm, &note);
}

void op_rm_read(struct driver *d)
{
	int rm = pick_rm(d), room = 1 + d_random(d, 8);

	if (rm < 0)
		return;
	d_note(d, "read", NOBODY, NOBODY, rm);
	if (!d_random(d, 20))
		read_old(d, rm);
	else
		d_read(d, rm, room);
}
