// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - log streams: made, written, read, kept over a restart
 */
#include <pthread.h>
#include <stdatomic.h>

#include "harness.h"
#include "log_stream.h"

FIXTURE(stream)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct ktm_stream_read read;
	int fd;
};

FIXTURE_SETUP(stream)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, 8 << 20, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	self->fd = stream_make(self->tm.fd, "first", 0600, 0, NULL);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(stream)
{
	if (!self->tm.durable)
		return;
	close(self->fd);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

static int start_again(struct _test_data_stream *self)
{
	int ret;

	close(self->fd);
	ret = tm_detach(&self->tm);
	close(self->tm.fd);
	ret = ret ?: tm_attach(self->path, self->uuid, &self->tm, NULL);
	if (ret)
		return ret;
	self->fd = stream_open(self->tm.fd, "first", NULL);
	return self->fd < 0 ? self->fd : 0;
}

/* As a power cut would have left it now, but for what is in the cache of the device. */
static int cut_power(struct _test_data_stream *self)
{
	size_t size = 8 << 20;
	void *image = log_save(self->path, size);
	int ret;

	if (!image)
		return -EIO;
	close(self->fd);
	ret = tm_detach(&self->tm);
	close(self->tm.fd);
	ret = ret ?: log_restore(self->path, image, size);
	free(image);
	ret = ret ?: tm_attach(self->path, self->uuid, &self->tm, NULL);
	if (ret)
		return ret;
	self->fd = stream_open(self->tm.fd, "first", NULL);
	return self->fd < 0 ? self->fd : 0;
}

#define READ(mode, lsn) \
	stream_read(self->fd, KTM_STREAM_READ_##mode, lsn, &self->read)

TEST_F(stream, comes_and_goes)
{
	struct ktm_list list = { .size = sizeof(list), .count = 8 };
	__u8 uuids[8][KTM_UUID_SIZE], uuid[KTM_UUID_SIZE];
	struct ktm_stream_info info, other;
	int fd, again;

	random_uuid(uuid);
	fd = stream_make(self->tm.fd, "second", 0640, 65536, uuid);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, stream_info(fd, &info));
	EXPECT_EQ(0, memcmp(uuid, info.uuid, sizeof(uuid)));
	EXPECT_STREQ("second", info.name);
	EXPECT_EQ(0640, info.mode);
	EXPECT_EQ(65536, info.limit);
	EXPECT_EQ(0, info.base_lsn | info.last_lsn | info.restart_lsn | info.held |
		     info.wanted_lsn | info.records | info.bytes | info.reserved);

	list.uuids = (uintptr_t)uuids;
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_STREAM_LIST, &list));
	EXPECT_EQ(2, list.count);
	EXPECT_EQ(0, memcmp(uuid, uuids[1], sizeof(uuid)));
	memset(&other, 0, sizeof(other));
	other.size = sizeof(other);
	memcpy(other.uuid, uuid, sizeof(uuid));
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_STREAM_INFO, &other));
	EXPECT_EQ(0, memcmp(&info, &other, sizeof(info)));

	EXPECT_EQ(-EEXIST, stream_make(self->tm.fd, "second", 0600, 0, NULL));
	EXPECT_EQ(-EEXIST, stream_make(self->tm.fd, "third", 0600, 0, uuid));
	EXPECT_EQ(-ENOENT, stream_open(self->tm.fd, "third", NULL));
	again = stream_open(self->tm.fd, NULL, uuid);
	ASSERT_GE(again, 0);
	ASSERT_EQ(0, stream_append(again, 1, 100, 0, NULL));

	ASSERT_EQ(0, stream_delete(fd));
	EXPECT_EQ(-EIDRM, stream_delete(again));
	EXPECT_EQ(-EIDRM, stream_append(again, 1, 100, 0, NULL));
	EXPECT_EQ(-EIDRM, stream_info(again, &info));
	EXPECT_EQ(-EIDRM, stream_read(again, KTM_STREAM_READ_NEXT, 0, &self->read));
	EXPECT_EQ(-EIDRM, stream_flush(again, 0));
	EXPECT_EQ(-EIDRM, stream_set_base(again, 0, 0));
	EXPECT_EQ(-EIDRM, stream_restart(again, 1, 8, 0, 0, NULL));
	EXPECT_EQ(-EIDRM, stream_reserve(again, 1));
	EXPECT_EQ(POLLHUP, stream_poll(again));
	EXPECT_EQ(-ENOENT, stream_open(self->tm.fd, "second", NULL));
	close(fd);
	/* name and UUID are free, though an fd of the old one is there; it is empty */
	fd = stream_make(self->tm.fd, "second", 0600, 0, uuid);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-ENODATA, stream_read(fd, KTM_STREAM_READ_NEXT, 0, &self->read));
	EXPECT_EQ(-EIDRM, stream_append(again, 1, 100, 0, NULL));
	close(again);
	close(fd);
}

/* Each is written and read back in every way; the chains are those of two transactions. */
TEST_F(stream, chains)
{
	__u64 lsn[8];
	int i;

	EXPECT_EQ(-ENODATA, READ(NEXT, 0));
	EXPECT_EQ(-ENODATA, READ(BEFORE, 0));
	EXPECT_EQ(-ENODATA, READ(RESTART, 0));
	EXPECT_EQ(-EINVAL, READ(AT, 0));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, stream_chain(self->fd, i, i < 2 ? 0 : lsn[i - 2],
					  i < 4 ? 0 : lsn[i - 4], &lsn[i]));
		if (i)
			ASSERT_GT(lsn[i], lsn[i - 1]);
	}
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(i, READ(AT, lsn[i]));
		EXPECT_EQ(lsn[i], self->read.lsn);
		EXPECT_EQ(i < 2 ? 0 : lsn[i - 2], self->read.previous);
		EXPECT_EQ(i < 4 ? 0 : lsn[i - 4], self->read.undo_next);
		EXPECT_EQ(i ? lsn[i - 1] : 0, self->read.before);
		EXPECT_EQ(KTM_STREAM_RECORD_DATA, self->read.kind);
		EXPECT_EQ(i < 7 ? i + 1 : -ENODATA, READ(NEXT, lsn[i]));
		EXPECT_EQ(i ? i - 1 : -ENODATA, READ(BEFORE, lsn[i]));
		EXPECT_EQ(i < 2 ? -ENODATA : i - 2, READ(PREVIOUS, lsn[i]));
		EXPECT_EQ(i < 4 ? -ENODATA : i - 4, READ(UNDO_NEXT, lsn[i]));
		EXPECT_EQ(-EINVAL, READ(RESTART, lsn[i]));
	}
	EXPECT_EQ(0, READ(NEXT, 0));
	EXPECT_EQ(7, READ(BEFORE, 0));
	EXPECT_EQ(-EINVAL, stream_read(self->fd, 0, lsn[0], &self->read));
	EXPECT_EQ(-EINVAL, stream_read(self->fd, KTM_STREAM_READ_RESTART + 1, lsn[0],
				       &self->read));

	/* below the base a chain ends, and an LSN is stale */
	ASSERT_EQ(0, stream_set_base(self->fd, lsn[3], 0));
	EXPECT_EQ(3, READ(NEXT, 0));
	EXPECT_EQ(-ENODATA, READ(BEFORE, lsn[3]));
	EXPECT_EQ(-ENODATA, READ(PREVIOUS, lsn[4]));
	EXPECT_EQ(-ENODATA, READ(UNDO_NEXT, lsn[6]));
	EXPECT_EQ(3, READ(UNDO_NEXT, lsn[7]));
	EXPECT_EQ(-ESTALE, READ(AT, lsn[2]));
	EXPECT_EQ(-ESTALE, READ(NEXT, lsn[2]));
	EXPECT_EQ(-ESTALE, stream_chain(self->fd, 8, lsn[2], 0, NULL));
	EXPECT_EQ(-ESTALE, stream_chain(self->fd, 8, 0, lsn[2], NULL));
	EXPECT_EQ(-ESTALE, stream_set_base(self->fd, lsn[2], 0));
	EXPECT_EQ(-ESTALE, stream_restart(self->fd, 8, 8, 0, lsn[2], NULL));
	EXPECT_EQ(0, stream_set_base(self->fd, lsn[3], 0));
	EXPECT_EQ(7, READ(BEFORE, 0));
}

/* Whatever a caller gives that is no record of this very stream is refused. */
TEST_F(stream, every_lsn_is_checked)
{
	__u64 lsn[3], strange, lie[32];
	int other, i, at, bad = 0;
	struct ktm_stream_part part = {
		.data = (uintptr_t)lie,
		.length = sizeof(lie),
	};
	struct ktm_stream_append arg = {
		.size = sizeof(arg),
		.parts = (uintptr_t)&part,
		.nr_parts = 1,
	};
	struct ktm_stream_info info, before;
	struct tx_handle tx;
	struct rm_handle rm;
	struct en_handle en;
	__u64 redo;

	other = stream_make(self->tm.fd, "other", 0600, 0, NULL);
	ASSERT_GE(other, 0);
	ASSERT_EQ(0, rm_start(&self->tm, &rm, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 1, 0));

	ASSERT_EQ(0, stream_append(self->fd, 0, 64, 0, &lsn[0]));
	ASSERT_EQ(0, stream_append(other, 100, 64, 0, &strange));
	ASSERT_EQ(0, en_log(&en, "redo", 4, &redo));
	/* data that looks like the record that it would be at its place */
	memset(lie, 0, sizeof(lie));
	lie[0] = 104 | 16ULL << 32;
	lie[1] = 8;
	lie[2] = redo + 88 + 8 + 88 + 16;
	ASSERT_EQ(0, stream_info(self->fd, &info));
	memcpy(&lie[5], info.uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, ktm_call(self->fd, KTM_IOC_STREAM_APPEND, &arg));
	lsn[1] = arg.lsn;
	ASSERT_EQ(0, stream_append(self->fd, 2, 64, 0, &lsn[2]));
	/* the place was guessed right: without that, this is no test */
	ASSERT_EQ(lie[2], lsn[1] + 88 + 16);
	ASSERT_EQ(0, stream_info(self->fd, &before));

	for (at = -200; at < 800; at += 4) {
		__u64 guess = lsn[0] + at;

		if (guess == lsn[0] || guess == lsn[1] || guess == lsn[2])
			continue;
		i = READ(AT, guess);
		if (i != (guess < lsn[0] && guess % 8 == 0 ? -ESTALE : -EINVAL))
			bad++;
		i = stream_chain(self->fd, 9, guess, 0, NULL);
		if (i != -EINVAL && i != -ESTALE)
			bad++;
		i = stream_set_base(self->fd, guess, 0);
		if (i != -EINVAL && i != -ESTALE)
			bad++;
	}
	EXPECT_EQ(0, bad);
	EXPECT_EQ(-EINVAL, READ(AT, strange));
	EXPECT_EQ(-EINVAL, READ(NEXT, strange));
	EXPECT_EQ(-EINVAL, READ(AT, redo));
	EXPECT_EQ(-EINVAL, READ(AT, lie[2]));
	EXPECT_EQ(-EINVAL, READ(AT, ~7ULL));
	EXPECT_EQ(-EINVAL, READ(AT, lsn[2] + 1));
	EXPECT_EQ(-EINVAL, stream_chain(self->fd, 9, lsn[2] + 8, 0, NULL));
	EXPECT_EQ(-EINVAL, stream_chain(self->fd, 9, 0, ~0ULL, NULL));
	EXPECT_EQ(-EINVAL, stream_restart(self->fd, 9, 8, 0, strange, NULL));
	EXPECT_EQ(-EINVAL, stream_restart(self->fd, 9, 8, KTM_STREAM_RESTART_F_BASE, lsn[0],
					  NULL));
	EXPECT_EQ(-EINVAL, stream_flush(self->fd, lsn[2] + 8));
	ASSERT_EQ(0, stream_info(self->fd, &info));
	EXPECT_EQ(0, memcmp(&before, &info, sizeof(info)));
	EXPECT_EQ(0, stream_flush(self->fd, lsn[2]));
	close(en.fd);
	close(tx.fd);
	close(rm.fd);
	close(other);
}

TEST_F(stream, sizes)
{
	static const __u32 lengths[] = { 4, 7, 8, 511, 4096, 30000, KTM_STREAM_RECORD_MAX };
	struct ktm_stream_append arg = { .size = sizeof(arg) };
	struct ktm_stream_part parts[KTM_STREAM_PARTS_MAX + 1] = { 0 };
	static char data[KTM_STREAM_RECORD_MAX];
	__u64 lsn;
	size_t i;

	for (i = 0; i < ARRAY_LEN(lengths); i++) {
		ASSERT_EQ(0, stream_append(self->fd, i, lengths[i], 0, &lsn));
		ASSERT_EQ(i, READ(AT, lsn));
		EXPECT_EQ(lengths[i], self->read.length);
		memset(data, 0x5a, sizeof(data));
		EXPECT_EQ(-EMSGSIZE, stream_look(self->fd, KTM_STREAM_READ_AT, lsn, &self->read,
						 data, lengths[i] - 1));
		EXPECT_EQ(lengths[i], self->read.length);
		EXPECT_EQ(0x5a, data[0]);
		EXPECT_EQ(0, stream_look(self->fd, KTM_STREAM_READ_AT, lsn, &self->read, data,
					 lengths[i]));
	}
	EXPECT_EQ(-EMSGSIZE, stream_append(self->fd, 1, KTM_STREAM_RECORD_MAX + 1, 0, NULL));
	EXPECT_EQ(-EMSGSIZE, stream_restart(self->fd, 1, KTM_STREAM_RECORD_MAX + 1, 0, 0, NULL));
	EXPECT_EQ(-EFAULT, stream_look(self->fd, KTM_STREAM_READ_AT, lsn, &self->read, (void *)8,
				       KTM_STREAM_RECORD_MAX));

	/* an empty record is one */
	ASSERT_EQ(0, ktm_call(self->fd, KTM_IOC_STREAM_APPEND, &arg));
	EXPECT_EQ(0, stream_look(self->fd, KTM_STREAM_READ_AT, arg.lsn, &self->read, NULL, 0));
	EXPECT_EQ(0, self->read.length);
	EXPECT_EQ(arg.lsn, self->read.lsn);

	arg = (struct ktm_stream_append){
		.size = sizeof(arg),
		.parts = (uintptr_t)parts,
		.nr_parts = KTM_STREAM_PARTS_MAX + 1,
	};
	EXPECT_EQ(-EINVAL, ktm_call(self->fd, KTM_IOC_STREAM_APPEND, &arg));
	arg.nr_parts = 2;
	parts[1].reserved = 1;
	EXPECT_EQ(-EINVAL, ktm_call(self->fd, KTM_IOC_STREAM_APPEND, &arg));
	parts[1].reserved = 0;
	/* lengths that add up to little in 32 bits */
	parts[0].length = 0xfffffff0;
	parts[1].length = 0x20;
	EXPECT_EQ(-EMSGSIZE, ktm_call(self->fd, KTM_IOC_STREAM_APPEND, &arg));
	parts[0].length = 8;
	EXPECT_EQ(-EFAULT, ktm_call(self->fd, KTM_IOC_STREAM_APPEND, &arg));
	arg.parts = 8;
	EXPECT_EQ(-EFAULT, ktm_call(self->fd, KTM_IOC_STREAM_APPEND, &arg));
}

/* Restart areas have a chain of their own; each can move the base. */
TEST_F(stream, restart_areas)
{
	struct ktm_stream_info info;
	__u64 lsn[12], restart[4];
	int i;

	for (i = 0; i < 12; i++) {
		ASSERT_EQ(0, i % 4 == 3 ? stream_restart(self->fd, i, 3000, 0, 0, &lsn[i]) :
					  stream_append(self->fd, i, 64, 0, &lsn[i]));
	}
	EXPECT_EQ(11, READ(RESTART, 0));
	EXPECT_EQ(KTM_STREAM_RECORD_RESTART, self->read.kind);
	EXPECT_EQ(7, READ(RESTART, lsn[11]));
	EXPECT_EQ(3, READ(RESTART, lsn[7]));
	EXPECT_EQ(-ENODATA, READ(RESTART, lsn[3]));
	EXPECT_EQ(11, READ(BEFORE, 0));
	EXPECT_EQ(10, READ(BEFORE, lsn[11]));

	/* with a base between the two before */
	ASSERT_EQ(0, stream_restart(self->fd, 12, 64, 0, lsn[5], &restart[0]));
	EXPECT_EQ(5, READ(NEXT, 0));
	EXPECT_EQ(-ESTALE, READ(AT, lsn[4]));
	EXPECT_EQ(7, READ(RESTART, lsn[11]));
	EXPECT_EQ(-ENODATA, READ(RESTART, lsn[7]));
	/* with the last one as base, and then its own */
	ASSERT_EQ(0, stream_restart(self->fd, 13, 64, 0, restart[0], &restart[1]));
	EXPECT_EQ(12, READ(NEXT, 0));
	EXPECT_EQ(12, READ(RESTART, restart[1]));
	ASSERT_EQ(0, stream_restart(self->fd, 14, 64, KTM_STREAM_RESTART_F_BASE, 0,
				    &restart[2]));
	EXPECT_EQ(14, READ(NEXT, 0));
	EXPECT_EQ(14, READ(RESTART, 0));
	EXPECT_EQ(-ENODATA, READ(RESTART, restart[2]));
	EXPECT_EQ(-ENODATA, READ(BEFORE, restart[2]));
	ASSERT_EQ(0, stream_append(self->fd, 15, 64, 0, &lsn[0]));

	/* it was durable when the call returned */
	ASSERT_EQ(0, cut_power(self));
	EXPECT_EQ(14, READ(RESTART, 0));
	EXPECT_EQ(14, READ(NEXT, 0));
	ASSERT_EQ(0, stream_info(self->fd, &info));
	EXPECT_EQ(restart[2], info.base_lsn);
	EXPECT_EQ(restart[2], info.restart_lsn);
	/* the base goes beyond it: there is none */
	ASSERT_EQ(0, stream_append(self->fd, 16, 64, 0, &lsn[1]));
	ASSERT_EQ(0, stream_set_base(self->fd, lsn[1], 0));
	EXPECT_EQ(-ENODATA, READ(RESTART, 0));
	ASSERT_EQ(0, start_again(self));
	EXPECT_EQ(-ENODATA, READ(RESTART, 0));
	EXPECT_EQ(16, READ(NEXT, 0));
}

/* What was flushed is there after a cut, in order, and the base where it was. */
TEST_F(stream, survives)
{
	struct ktm_stream_info before, after;
	__u64 lsn[50], base;
	int i, empty;

	empty = stream_make(self->tm.fd, "empty", 0644, 0, NULL);
	ASSERT_GE(empty, 0);
	close(empty);
	for (i = 0; i < 50; i++)
		ASSERT_EQ(0, stream_append(self->fd, i, 64 + i * 100,
					   i == 40 ? KTM_STREAM_APPEND_F_FLUSH : 0, &lsn[i]));
	base = lsn[10];
	ASSERT_EQ(0, stream_set_base(self->fd, base, KTM_STREAM_BASE_F_FLUSH));
	ASSERT_EQ(0, stream_info(self->fd, &before));
	ASSERT_EQ(0, cut_power(self));
	ASSERT_EQ(0, stream_info(self->fd, &after));
	EXPECT_EQ(base, after.base_lsn);
	EXPECT_EQ(lsn[49], after.last_lsn);
	EXPECT_EQ(before.limit, after.limit);
	EXPECT_EQ(before.mode, after.mode);
	EXPECT_STREQ(before.name, after.name);
	for (i = 10; i < 50; i++)
		EXPECT_EQ(i, READ(NEXT, i == 10 ? 0 : lsn[i - 1]));
	EXPECT_EQ(-ENODATA, READ(NEXT, lsn[49]));
	EXPECT_EQ(-ENODATA, READ(BEFORE, base));
	/* it goes on from there, in the next life too */
	ASSERT_EQ(0, stream_chain(self->fd, 50, lsn[49], lsn[10], &base));
	ASSERT_EQ(0, start_again(self));
	EXPECT_EQ(50, READ(BEFORE, 0));
	EXPECT_EQ(lsn[49], self->read.before);
	EXPECT_EQ(10, READ(UNDO_NEXT, base));
	/* emptied, and filled anew */
	ASSERT_EQ(0, stream_set_base(self->fd, 0, 0));
	EXPECT_EQ(-ENODATA, READ(NEXT, 0));
	EXPECT_EQ(-ESTALE, READ(AT, base));
	ASSERT_EQ(0, start_again(self));
	EXPECT_EQ(-ENODATA, READ(BEFORE, 0));
	ASSERT_EQ(0, stream_append(self->fd, 51, 64, 0, &lsn[0]));
	ASSERT_EQ(0, stream_append(self->fd, 52, 64, 0, &lsn[1]));
	ASSERT_EQ(0, start_again(self));
	EXPECT_EQ(51, READ(NEXT, 0));
	EXPECT_EQ(52, READ(NEXT, lsn[0]));
	EXPECT_EQ(-ENODATA, READ(BEFORE, lsn[0]));
	/* one that was deleted stays so */
	empty = stream_open(self->tm.fd, "empty", NULL);
	ASSERT_GE(empty, 0);
	ASSERT_EQ(0, stream_delete(empty));
	close(empty);
	ASSERT_EQ(0, cut_power(self));
	EXPECT_EQ(-ENOENT, stream_open(self->tm.fd, "empty", NULL));
	EXPECT_EQ(52, READ(BEFORE, 0));
}

/* The tail is at the older of base and entry, and what is below it is not missed. */
TEST_F(stream, base_or_entry_holds_the_tail)
{
	__u64 lsn[4];
	int i, entry;

	/* 0: the entry stands alone in its buffer; 1: with a record; 2: the base is below it */
	for (entry = 0; entry < 3; entry++) {
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, stream_append(self->fd, i, 64, entry == 1 && i == 2 ? 0 :
						   KTM_STREAM_APPEND_F_FLUSH, &lsn[i]));
		ASSERT_EQ(0, stream_set_base(self->fd, lsn[1], KTM_STREAM_BASE_F_FLUSH));
		ASSERT_EQ(0, stream_restart(self->fd, 3, 64,
					    entry == 2 ? 0 : KTM_STREAM_RESTART_F_BASE,
					    entry == 2 ? lsn[2] : 0, &lsn[3]));
		/* the first puts the tail there, the second begins there */
		for (i = 0; i < 2; i++) {
			ASSERT_EQ(0, start_again(self)) TH_LOG("entry %d", entry);
			EXPECT_EQ(entry == 2 ? 2 : 3, READ(NEXT, 0));
			EXPECT_EQ(3, READ(BEFORE, 0));
			EXPECT_EQ(3, READ(RESTART, 0));
		}
	}
}

/*
 * Writers append at once, readers follow; each record names the last one of its own
 * writer, and is found again in the order of each.
 */
#define NR_WRITERS	4
#define NR_EACH		300

struct crowd {
	int fd;
	int index;
	atomic_int *left;
	const char *bad;
};

static void *write_some(void *arg)
{
	struct crowd *me = arg;
	__u64 lsn = 0;
	int i, ret;

	for (i = 0; i < NR_EACH && !me->bad; i++) {
		struct ktm_stream_append append = { .size = sizeof(append), .previous = lsn };
		__u32 data[] = { me->index, i };
		struct ktm_stream_part part = { (uintptr_t)data, sizeof(data), 0 };

		append.parts = (uintptr_t)&part;
		append.nr_parts = 1;
		append.flags = i % 50 == 49 ? KTM_STREAM_APPEND_F_FLUSH : 0;
		ret = ktm_call(me->fd, KTM_IOC_STREAM_APPEND, &append);
		if (ret || append.lsn <= lsn)
			me->bad = "append";
		lsn = append.lsn;
	}
	atomic_fetch_sub(me->left, 1);
	return NULL;
}

static void *read_all(void *arg)
{
	__u32 data[2], next[NR_WRITERS] = { 0 };
	struct crowd *me = arg;
	struct ktm_stream_read read;
	__u64 lsn = 0, last[NR_WRITERS] = { 0 };
	int ret, nr = 0;
	bool done;

	while (nr < NR_WRITERS * NR_EACH && !me->bad) {
		done = !atomic_load(me->left);
		ret = stream_look(me->fd, KTM_STREAM_READ_NEXT, lsn, &read, data, sizeof(data));
		if (ret == -ENODATA && !done) {
			sched_yield();
			continue;
		}
		if (ret || read.length != sizeof(data) || data[0] >= NR_WRITERS)
			me->bad = "read";
		else if (data[1] != next[data[0]]++ || read.previous != last[data[0]])
			me->bad = "order";
		else if (read.before != lsn)
			me->bad = "before";
		if (me->bad)
			break;
		last[data[0]] = read.lsn;
		lsn = read.lsn;
		nr++;
	}
	return NULL;
}

TEST_F_TIMEOUT(stream, many_at_once, 600)
{
	pthread_t threads[NR_WRITERS + 2];
	struct crowd crowd[NR_WRITERS + 2] = { 0 };
	atomic_int left = NR_WRITERS;
	int i;

	for (i = 0; i < NR_WRITERS + 2; i++) {
		crowd[i] = (struct crowd){ .fd = self->fd, .index = i, .left = &left };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL,
					    i < NR_WRITERS ? write_some : read_all, &crowd[i]));
	}
	for (i = 0; i < NR_WRITERS + 2; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < NR_WRITERS + 2; i++)
		EXPECT_STREQ("", crowd[i].bad ?: "") TH_LOG("thread %d", i);
	/* and the same after a restart */
	ASSERT_EQ(0, start_again(self));
	crowd[0] = (struct crowd){ .fd = self->fd, .left = &left };
	read_all(&crowd[0]);
	EXPECT_STREQ("", crowd[0].bad ?: "");
}

TEST_HARNESS_MAIN
