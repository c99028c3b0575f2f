// SPDX-License-Identifier: GPL-2.0
/*
 * ktm_log_test - writers
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "test.h"

/**
 * struct commit - a record that is waited for
 * @waiter: in the log
 * @done: completed when it was called
 * @error: what it was told
 */
struct commit {
	struct ktm_log_waiter waiter;
	struct completion done;
	int error;
};

/**
 * struct worker - a writer at work
 * @number: which
 * @nr_records: how many to append
 * @data: room for the data of a record
 * @back: room to read one back
 * @result: how it ended
 * @done: completed then
 */
struct worker {
	u32 number;
	u32 nr_records;
	struct test_data *data;
	void *back;
	int result;
	struct completion done;
};

static u64 last_acked_lsn;	/* [test.lock] */

static void commit_done(struct ktm_log_waiter *waiter, int error)
{
	struct commit *commit = container_of(waiter, struct commit, waiter);

	commit->error = error;
	spin_lock(&test.lock);
	if (waiter->lsn < last_acked_lsn) {
		pr_err("acknowledged %llu after %llu\n", waiter->lsn,
		       last_acked_lsn);
		test.bad = true;
	}
	if (!error && test.error) {
		pr_err("acknowledged %llu after the log had failed\n",
		       waiter->lsn);
		test.bad = true;
	}
	last_acked_lsn = waiter->lsn;
	spin_unlock(&test.lock);
	complete(&commit->done);
}

static void note_acked(struct test_writer *writer, u64 seq)
{
	spin_lock(&test.lock);
	writer->acked = seq;
	spin_unlock(&test.lock);
}

static void note_refused(struct test_writer *writer)
{
	spin_lock(&test.lock);
	writer->appended--;
	spin_unlock(&test.lock);
}

/*
 * The number is noted before the append: what fails may be in the log all the
 * same, as far as the next recovery can tell.
 */
static int append_one(struct worker *worker, bool wait, struct ktm_log_record *record)
{
	struct test_writer *writer = &test.writers[worker->number];
	struct commit commit = { .waiter.done = commit_done };
	u64 seq;
	int ret;

	init_completion(&commit.done);
	spin_lock(&test.lock);
	seq = ++writer->appended;
	spin_unlock(&test.lock);

	test_init_record(record, worker->number);
	record->data = worker->data;
	record->data_length = test_fill(worker->data, worker->number, seq);
	ret = ktm_log_append(test.log, record, KTM_LOG_FREE,
			     wait ? &commit.waiter : NULL);
	if (ret == -ENOSPC)
		note_refused(writer);
	if (ret || !wait)
		return ret;
	wait_for_completion(&commit.done);
	if (!commit.error)
		note_acked(writer, seq);
	return commit.error;
}

/* What the tail has left behind cannot be read any more, or not for long. */
static bool is_left_behind(u64 lsn)
{
	struct ktm_log_stat stat;

	ktm_log_get_stat(test.log, &stat);
	return stat.tail > lsn;
}

static int read_back(struct worker *worker, u64 lsn)
{
	const struct test_data *data;
	struct ktm_log_record record;
	int ret;

	ret = ktm_log_read(test.log, lsn, &record, worker->back);
	if (ret && is_left_behind(lsn))
		return 0;
	if (ret) {
		pr_err("cannot read %llu: %d\n", lsn, ret);
		return ret == -EIO ? ret : -EBADMSG;
	}
	if (record.lsn != lsn || !test_check(&record, &data) ||
	    data->writer != worker->number) {
		pr_err("read something else at %llu\n", lsn);
		return -EBADMSG;
	}
	return 0;
}

static int work(void *arg)
{
	struct worker *worker = arg;
	struct ktm_log_record record;
	u64 old = 0;
	u32 i;
	int ret = 0;

	for (i = 0; i < worker->nr_records && !ret; i++) {
		ret = append_one(worker, i % 3 == 2, &record);
		if (!ret && i % 17 == 0)
			ret = read_back(worker, record.lsn);
		if (!ret && old && i % 31 == 0)
			ret = read_back(worker, old);
		if (i % 50 == 0)
			old = record.lsn;
	}
	worker->result = ret;
	complete(&worker->done);
	return 0;
}

static int start(struct worker *worker, u32 number, u32 nr_records)
{
	struct task_struct *task;

	worker->number = number;
	worker->nr_records = nr_records;
	init_completion(&worker->done);
	worker->data = kvmalloc(TEST_DATA_MAX + sizeof(*worker->data), GFP_KERNEL);
	worker->back = kvmalloc(KTM_DISK_DATA_MAX, GFP_KERNEL);
	if (!worker->data || !worker->back)
		return -ENOMEM;
	task = kthread_run(work, worker, "ktm_log_test/%u", number);
	return PTR_ERR_OR_ZERO(task);
}

static int finish(struct worker *worker, bool started)
{
	if (started)
		wait_for_completion(&worker->done);
	kvfree(worker->data);
	kvfree(worker->back);
	return started ? worker->result : 0;
}

int test_load(unsigned int nr_writers, unsigned int nr_records)
{
	struct worker *workers;
	unsigned int i, nr_started;
	int ret = 0, result;

	if (!nr_writers || nr_writers > TEST_WRITERS)
		return -EINVAL;
	workers = kcalloc(nr_writers, sizeof(*workers), GFP_KERNEL);
	if (!workers)
		return -ENOMEM;
	last_acked_lsn = 0;
	for (i = 0; i < nr_writers && !ret; i++)
		ret = start(&workers[i], i, nr_records);
	nr_started = ret ? i - 1 : i;
	for (i = 0; i < nr_writers; i++) {
		result = finish(&workers[i], i < nr_started);
		if (!ret || result == -EBADMSG)
			ret = result;
	}
	kfree(workers);
	return test.bad ? -EBADMSG : ret;
}

static int append_end(enum ktm_log_space space)
{
	struct ktm_disk_end end = { .outcome = cpu_to_le32(KTM_DISK_OUTCOME_ABORTED) };
	struct ktm_log_record record = {
		.type = KTM_RECORD_END,
		.data = &end,
		.data_length = sizeof(end),
	};

	memset(&record.tx, 1, sizeof(record.tx));
	return ktm_log_append(test.log, &record, space, NULL);
}

/* The worst case of a reservation: each record in a buffer of its own. */
static int use_slots(unsigned int slots)
{
	int ret = 0;

	while (slots-- && !ret) {
		ret = append_end(KTM_LOG_RESERVED);
		if (!ret)
			ret = ktm_log_force(test.log);
	}
	return ret;
}

static int fill(struct worker *worker, enum ktm_log_space space)
{
	struct ktm_log_record record;
	int ret;

	do {
		ret = space == KTM_LOG_FREE ? append_one(worker, false, &record) :
					      append_end(space);
	} while (!ret);
	return ret == -ENOSPC ? 0 : ret;
}

static int fill_and_use(struct worker *worker)
{
	const unsigned int slots = 40;
	int ret;

	ret = ktm_log_reserve(test.log, slots);
	if (ret)
		return ret;
	ret = fill(worker, KTM_LOG_FREE);
	if (!ret && ktm_log_reserve(test.log, 1000) != -ENOSPC) {
		pr_err("a full ring has promised room\n");
		ret = -EBADMSG;
	}
	if (!ret)
		ret = fill(worker, KTM_LOG_COPY);
	if (!ret)
		ret = use_slots(slots);
	return ret;
}

int test_full(void)
{
	struct worker worker = { .number = 0 };
	int ret = -ENOMEM;

	worker.data = kvmalloc(TEST_DATA_MAX + sizeof(*worker.data), GFP_KERNEL);
	if (worker.data)
		ret = fill_and_use(&worker);
	kvfree(worker.data);
	return test.bad ? -EBADMSG : ret;
}
