// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - one process of the random test: the kernel against the model
 */
#include <stdarg.h>

#include "driver.h"

#define TELL	24	/* calls on the object that are told of a disagreement */

__u64 d_random(struct driver *d, __u64 below)
{
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return below ? (d->random >> 11) % below : d->random;
}

void d_note(struct driver *d, const char *what, int tx, int en, int rm)
{
	d->now = (struct call){ .nth = d->tally->ops, .what = what, .tx = tx, .en = en,
				.rm = rm };
	if (tx >= 0)
		d->now.tx_state = d->model.tx[tx].state;
	if (en < 0)
		return;
	d->now.en_state = d->model.tx[tx].en[en].state;
	if (rm < 0)
		d->now.rm = d->model.tx[tx].en[en].rm - d->model.rm;
}

static const char *tx_name(__u32 state)
{
	static const char * const names[] = { "NEW", "ACTIVE", "PREPARING", "DECIDING",
		"SINGLE_PHASE", "COMMITTING", "ABORTING", "COMMITTED", "ABORTED", "INDOUBT" };

	return state < ARRAY_LEN(names) ? names[state] : "?";
}

static const char *en_name(__u32 state)
{
	static const char * const names[] = { "NEW", "ACTIVE", "PREPARING", "PREPARED",
		"SINGLE_PHASE", "COMMITTING", "ABORTING", "DONE" };

	return state < ARRAY_LEN(names) ? names[state] : "?";
}

static const char *error_name(int ret)
{
	return ret < 0 ? strerrorname_np(-ret) : "0";
}

static void tell_call(const struct call *call)
{
	printf("#   %8llu %-22s", call->nth, call->what);
	if (call->tx >= 0)
		printf(" tx %d %s", call->tx, tx_name(call->tx_state));
	if (call->en >= 0)
		printf(", enlistment %d %s", call->en, en_name(call->en_state));
	if (call->rm >= 0)
		printf(", rm %d", call->rm);
	printf(": %s, model %s\n", error_name(call->got), error_name(call->want));
}

/* A query changes nothing, so it explains nothing. */
static bool changes(const struct call *call)
{
	static const char * const queries[] = { "tx_info", "en_info", "rm_info", "tm_info",
		"poll", "list", "malformed", "en_read_log" };
	int i;

	for (i = 0; i < ARRAY_LEN(queries); i++)
		if (!strcmp(call->what, queries[i]))
			return false;
	return call->got != -EAGAIN;
}

/*
 * Concerns a call the objects of this one? What is wrong with the notifications of
 * an RM may come from any transaction.
 */
static bool concerns(const struct driver *d, const struct call *call)
{
	if (!changes(call))
		return false;
	if (call->tx == -2 || d->now.tx < 0)
		return true;
	return call->tx == d->now.tx || (call->tx < 0 && call->rm == d->now.rm);
}

/* The last of them, oldest first */
static void tell_trace(const struct driver *d)
{
	__u64 oldest = d->nr_calls > TRACE ? d->nr_calls - TRACE : 0, at;
	__u64 mine[TELL];
	int nr = 0;

	for (at = d->nr_calls; at > oldest && nr < TELL; at--) {
		const struct call *call = &d->trace[(at - 1) % TRACE];

		if (concerns(d, call))
			mine[nr++] = at - 1;
		/* what its slot held before is another transaction */
		if (d->now.tx >= 0 && call->tx == d->now.tx && !call->got &&
		    !strcmp(call->what, "tx_create"))
			break;
	}
	while (nr)
		tell_call(&d->trace[mine[--nr] % TRACE]);
}

void d_differ(struct driver *d, const char *format, ...)
{
	va_list args;

	d->tally->disagreements++;
	/* one write, so that processes do not mix */
	flockfile(stdout);
	printf("# disagreement in process %d at operation %llu: ", d->index, d->tally->ops);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n# the last calls on the object, with the states that the model had before:\n");
	tell_trace(d);
	tell_call(&d->now);
	fflush(stdout);
	funlockfile(stdout);
	_exit(1);
}

static void remember(struct driver *d)
{
	d->trace[d->nr_calls++ % TRACE] = d->now;
}

void d_agree(struct driver *d, int got, int want)
{
	d->now.got = got;
	d->now.want = want;
	if (got != want)
		d_differ(d, "%s gives %s, the model %s", d->now.what, error_name(got),
			 error_name(want));
	remember(d);
}

void d_number(struct driver *d, const char *what, __u64 got, __u64 want)
{
	if (got != want)
		d_differ(d, "%s: %s is %llu, the model has %llu", d->now.what, what, got, want);
}

void d_bytes(struct driver *d, const char *what, const void *got, const void *want,
	     size_t size)
{
	if (memcmp(got, want, size))
		d_differ(d, "%s: %s is not the model's", d->now.what, what);
}

int d_tx_file(struct driver *d, int tx)
{
	int i, at = d_random(d, TX_FILES);

	for (i = 0; i < TX_FILES; i++, at = (at + 1) % TX_FILES)
		if (d->tx[tx].file[at].fd >= 0)
			return at;
	return -1;
}

/* By a fd of its own, so that it can be asked when no other is open. */
static int query_tx(struct driver *d, int tx, struct ktm_tx_info *info)
{
	struct ktm_open open = { .size = sizeof(open) };
	int ret;

	memcpy(open.uuid, d->tx[tx].uuid, KTM_UUID_SIZE);
	ret = ktm_call(d->tm, KTM_IOC_TX_OPEN, &open);
	if (ret)
		return ret;
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	ret = ktm_call(open.out_fd, KTM_IOC_TX_INFO, info);
	close(open.out_fd);
	return ret;
}

/* A decision that goes to the log takes a while. */
void d_settle(struct driver *d)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;
	struct ktm_tx_info info;
	int i;

	for (i = 0; i < M_TXS; i++) {
		if (!d->model.tx[i].used || !d->model.tx[i].decided)
			continue;
		while (!query_tx(d, i, &info) && info.state == KTM_TX_S_DECIDING) {
			if (now_ns() > limit) {
				d_note(d, "wait for the decision", i, -1, -1);
				d_differ(d, "no decision comes");
			}
			usleep(100);
		}
		d->model.tx[i].decided = false;
	}
}

static void check_reason(struct driver *d, int tx, const struct ktm_tx_info *info)
{
	struct m_tx *model = &d->model.tx[tx];
	int i;

	if (d->tx[tx].reason_open) {
		model->reason = info->reason;
		model->error = info->error;
		model->reason_rm = NULL;
		for (i = 0; i < M_RMS; i++)
			if (!memcmp(d->rm[i].uuid, info->reason_rm, KTM_UUID_SIZE))
				model->reason_rm = &d->model.rm[i];
		d->tx[tx].reason_open = false;
	}
	d_number(d, "reason", info->reason, model->reason);
	d_number(d, "error", info->error, model->error);
	d_bytes(d, "reason_rm", info->reason_rm, model->reason_rm ?
		d->rm[model->reason_rm - d->model.rm].uuid : d->no_uuid, KTM_UUID_SIZE);
	if (strcmp(info->detail, model->detail))
		d_differ(d, "detail is '%s', the model has '%s'", info->detail, model->detail);
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
	d_number(d, "state", info.state, model->state);
	check_reason(d, tx, &info);
	d_number(d, "nr_enlistments", info.nr_enlistments, m_nr(model));
	d_number(d, "nr_waiting", info.nr_waiting, m_waiting(model));
	d_number(d, "deadline", info.deadline, model->deadline);
}

static void check_en_info(struct driver *d, int tx, int en)
{
	struct m_en *model = &d->model.tx[tx].en[en];
	struct ktm_en_info info;
	int i;

	for (i = 0; i < EN_FILES; i++) {
		if (d->en[tx][en].file[i].fd < 0)
			continue;
		info = (struct ktm_en_info){ .size = sizeof(info) };
		d_note(d, "en_info", tx, en, -1);
		d_agree(d, remote_ioctl(&d->remote, d->en[tx][en].file[i], KTM_IOC_EN_INFO,
					&info, sizeof(info)), 0);
		d_bytes(d, "uuid", info.uuid, d->en[tx][en].uuid, KTM_UUID_SIZE);
		d_bytes(d, "tx", info.tx, d->tx[tx].uuid, KTM_UUID_SIZE);
		d_bytes(d, "rm", info.rm, d->rm[model->rm - d->model.rm].uuid, KTM_UUID_SIZE);
		d_number(d, "state", info.state, model->state);
		d_number(d, "tx_state", info.tx_state, model->tx->state);
		d_number(d, "flags", info.flags, model->single ? KTM_EN_F_SINGLE_PHASE : 0);
		d_number(d, "key", info.key, model->key);
		d_number(d, "nr_records", info.nr_records, model->records);
	}
}

void d_check_tx(struct driver *d, int tx)
{
	int i;

	check_tx_info(d, tx);
	for (i = 0; i < M_ENS; i++)
		if (d->model.tx[tx].en[i].used)
			check_en_info(d, tx, i);
}

void d_check_rm(struct driver *d, int rm)
{
	struct ktm_rm_info info = { .size = sizeof(info) };
	struct m_rm *model = &d->model.rm[rm];

	if (d->rm[rm].file.fd < 0)
		return;
	d_note(d, "rm_info", -1, -1, rm);
	d_agree(d, remote_ioctl(&d->remote, d->rm[rm].file, KTM_IOC_RM_INFO, &info,
				sizeof(info)), 0);
	d_bytes(d, "uuid", info.uuid, d->rm[rm].uuid, KTM_UUID_SIZE);
	d_number(d, "flags", info.flags, model->durable ? 0 : KTM_RM_F_VOLATILE);
	d_number(d, "state", info.state, model->state);
	d_number(d, "nr_enlistments", info.nr_enlistments, m_rm_nr(&d->model, model));
}

/* Slots of transactions that have ended and have no fd are free again. */
void d_reap(struct driver *d)
{
	int i;

	for (i = 0; i < M_TXS; i++)
		if (d->model.tx[i].used && !m_tx_exists(&d->model.tx[i]))
			d->model.tx[i].used = false;
}

void driver_init(struct driver *d, int index, __u64 seed, bool durable,
		 struct tally *tally)
{
	int i, k, n;

	memset(d, 0, sizeof(*d));
	d->index = index;
	d->tally = tally;
	/* splitmix: processes with seeds that are near have numbers that are not */
	seed += (index + 1) * 0x9e3779b97f4a7c15ULL;
	seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9ULL;
	seed = (seed ^ (seed >> 27)) * 0x94d049bb133111ebULL;
	d->random = (seed ^ (seed >> 31)) | 1;
	d->model.durable = durable;
	for (i = 0; i < M_RMS; i++) {
		d->model.rm[i].state = KTM_RM_S_GONE;
		d->model.rm[i].durable = durable && i % 4 != 3;
		d->rm[i].file.fd = -1;
		random_uuid(d->rm[i].uuid);
	}
	for (i = 0; i < M_TXS; i++) {
		for (k = 0; k < TX_FILES; k++)
			d->tx[i].file[k].fd = -1;
		for (k = 0; k < M_ENS; k++)
			for (n = 0; n < EN_FILES; n++)
				d->en[i][k].file[n].fd = -1;
	}
}

void driver_open(struct driver *d, const __u8 *tm_uuid)
{
	struct ktm_open open = { .size = sizeof(open) };
	int dev = ktm_dev();

	memcpy(open.uuid, tm_uuid, KTM_UUID_SIZE);
	d_note(d, "tm_open", -1, -1, -1);
	d_agree(d, ktm_call(dev, KTM_IOC_TM_OPEN, &open), 0);
	close(dev);
	d->tm = open.out_fd;
	remote_start(&d->remote, d->tm);
}
