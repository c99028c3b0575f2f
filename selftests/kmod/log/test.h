/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm_log_test - a log that is driven by hand, and what must be in it
 */
#ifndef _KTM_LOG_TEST_H
#define _KTM_LOG_TEST_H

#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "../../../module/log/log.h"

#define TEST_WRITERS	64
#define TEST_DATA_MAX	20000

/**
 * struct test_data - what a writer puts into its records
 * @writer: which writer
 * @length: bytes, these included
 * @seq: counts the writer's records, from 1
 * @fill: bytes that follow from @seq; now and then the magic of a buffer
 */
struct test_data {
	u32 writer;
	u32 length;
	u64 seq;
	u32 fill[];
};

/**
 * struct test_writer - what must be found of a writer's records
 * @appended: [test_lock] the last that was appended
 * @acked: [test_lock] the last that was acknowledged
 * @floor: [test_lock] the first that the tail may not leave behind
 * @found_first: [attach] the first that recovery has found, or 0
 * @found_last: [attach] the last
 */
struct test_writer {
	u64 appended;
	u64 acked;
	u64 floor;
	u64 found_first;
	u64 found_last;
};

/**
 * struct test - the one log under test
 * @log: [commands] the log, or NULL
 * @lock: protects what says so
 * @writers: what must be in it
 * @keep_lsn: [test_lock] the tail may go to here
 * @hold: [test_lock] the tail follows only when room is made
 * @stuck: [test_lock] no room is made
 * @nr_rooms: [test_lock] calls of make_room
 * @error: [test_lock] what ops->failed was told
 * @bad: recovery found what it must not
 */
struct test {
	struct ktm_log *log;
	spinlock_t lock;	/* test_lock */
	struct test_writer writers[TEST_WRITERS];
	u64 keep_lsn;
	bool hold;
	bool stuck;
	unsigned int nr_rooms;
	int error;
	bool bad;
};

extern struct test test;
extern const struct ktm_log_ops test_ops;

/**
 * test_fill - make the data of a record
 * @data: room for it
 * @writer: whose
 * @seq: which
 * Return: bytes.
 */
u32 test_fill(struct test_data *data, u32 writer, u64 seq);

/**
 * test_check - is this the data of a record?
 * @record: the record
 * @data: out: it
 * Return: true if every byte is right.
 */
bool test_check(const struct ktm_log_record *record,
		const struct test_data **data);

/**
 * test_init_record - everything of a record but its data
 * @record: the record
 * @writer: whose
 */
void test_init_record(struct ktm_log_record *record, u32 writer);

/**
 * test_hold - let the tail follow, or keep what is appended from now on
 * @hold: keep it, until room has to be made
 */
void test_hold(bool hold);

/**
 * test_forget - nothing must be in the log any more
 */
void test_forget(void);

/**
 * test_found_all - was everything found that was acknowledged?
 * Return: 0 or -EBADMSG after a message.
 */
int test_found_all(void);

/**
 * test_load - let writers append
 * @nr_writers: how many at once
 * @nr_records: how many records each
 * Return: 0, or a negative errno: of the log, or -EBADMSG if it misbehaved.
 */
int test_load(unsigned int nr_writers, unsigned int nr_records);

/**
 * test_full - fill the ring, and see that promises hold
 * Return: 0, or a negative errno: of the log, or -EBADMSG if it misbehaved.
 */
int test_full(void);

#endif /* _KTM_LOG_TEST_H */
