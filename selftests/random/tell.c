// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - one process of the random test: what it says of a disagreement
 */
#include <stdarg.h>

#include "driver.h"

#define TELL	24	/* calls on the object that are told of a disagreement */

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
		"SINGLE_PHASE", "COMMITTING", "ABORTING", "COMMITTED", "ABORTED", "INDOUBT",
		"PREPREPARING", "PREPREPARED", "PROMISING", "PREPARED", "ORPHANED",
		"SAVEPOINT" };

	return state < ARRAY_LEN(names) ? names[state] : "?";
}

static const char *en_name(__u32 state)
{
	static const char * const names[] = { "NEW", "ACTIVE", "PREPARING", "PREPARED",
		"SINGLE_PHASE", "COMMITTING", "ABORTING", "DONE", "PREPREPARING",
		"PREPREPARED", "PROMISING", "WATCHING", "SAVEPOINT" };

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
		"poll", "list", "malformed", "en_read_log", "get_info", "fd_info" };
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
