// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - log streams and the room in the ring: bases, entries, limits, a full ring
 */
#include "harness.h"
#include "log_stream.h"

#define RECORD	3000

FIXTURE(ring)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct tm_handle tm;
	struct ktm_tm_info info;
	struct ktm_stream_read read;
	int fd;
};

FIXTURE_SETUP(ring)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, tm_info(&self->tm, &self->info));
	self->fd = stream_make(self->tm.fd, "first", 0600, self->info.log_size, NULL);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(ring)
{
	if (!self->tm.durable)
		return;
	close(self->fd);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

static int start_again(struct _test_data_ring *self)
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

/* Appends until the log has gone on by so many bytes; the base follows. */
static int go_round(struct _test_data_ring *self, int fd, __u64 bytes, int *number,
		    __u64 *first)
{
	struct ktm_tm_info info;
	__u64 lsn, end;
	int ret;

	ret = tm_info(&self->tm, &info);
	end = info.log_head + bytes;
	while (!ret) {
		ret = stream_append(fd, *number, RECORD, 0, &lsn);
		if (!ret && ++*number % 50 == 0) {
			ret = stream_set_base(fd, lsn, 0);
			*first = lsn;
		}
		if (lsn >= end)
			break;
	}
	return ret;
}

/* Until there is no room any more. Returns how many were appended. */
static int fill_up(int fd, __u64 *first, __u64 *last)
{
	__u64 lsn;
	int ret, nr = 0;

	*first = 0;
	while (!(ret = stream_append(fd, nr, RECORD, 0, &lsn))) {
		if (!*first)
			*first = lsn;
		*last = lsn;
		nr++;
	}
	return ret == -ENOSPC ? nr : ret;
}

/*
 * As many streams as there can be, of which one is used: the others do not hold the
 * tail, and all of them are found again.
 */
TEST_F_TIMEOUT(ring, goes_round, 600)
{
	struct ktm_stream_info info;
	int number = 0, i, fd, nr = 1;
	char name[16];
	__u64 first, old;

	ASSERT_EQ(0, stream_append(self->fd, 0, 64, 0, &old));
	for (; nr < 1000; nr++) {
		sprintf(name, "idle %d", nr);
		fd = stream_make(self->tm.fd, name, nr % 8 * 0111 & 0666, nr, NULL);
		if (fd < 0)
			break;
		close(fd);
	}
	EXPECT_EQ(-EDQUOT, fd);
	EXPECT_EQ(self->info.log_size / 65536, nr);
	ASSERT_EQ(0, go_round(self, self->fd, 5 * self->info.log_size, &number, &first));
	/* what stood there is overwritten: that is no damage */
	EXPECT_EQ(-ESTALE, stream_read(self->fd, KTM_STREAM_READ_AT, old, &self->read));
	EXPECT_EQ(-ESTALE, stream_read(self->fd, KTM_STREAM_READ_NEXT, old, &self->read));

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, start_again(self));
		EXPECT_EQ(number - 1, stream_read(self->fd, KTM_STREAM_READ_BEFORE, 0,
						  &self->read));
		EXPECT_EQ(number / 50 * 50 - 1, stream_read(self->fd, KTM_STREAM_READ_NEXT, 0,
							    &self->read));
		EXPECT_EQ(first, self->read.lsn);
		for (nr = 1; nr < self->info.log_size / 65536; nr++) {
			sprintf(name, "idle %d", nr);
			fd = stream_open(self->tm.fd, name, NULL);
			ASSERT_GE(fd, 0) TH_LOG("%s", name);
			ASSERT_EQ(0, stream_info(fd, &info));
			EXPECT_EQ(nr, info.limit);
			EXPECT_EQ(nr % 8 * 0111 & 0666, info.mode);
			EXPECT_EQ(0, info.base_lsn);
			close(fd);
		}
		ASSERT_EQ(0, go_round(self, self->fd, self->info.log_size / 2, &number,
				      &first));
	}
	/* one less, one more */
	fd = stream_open(self->tm.fd, "idle 3", NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, stream_delete(fd));
	close(fd);
	fd = stream_make(self->tm.fd, "new", 0600, 0, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EDQUOT, stream_make(self->tm.fd, "newer", 0600, 0, NULL));
	close(fd);
}

/* At half of its limit it is asked for room, at the limit it is refused; others are not. */
TEST_F(ring, limit)
{
	struct ktm_stream_info info;
	__u64 lsn, last = 0, limit = 256 << 10;
	int fd, ret, nr = 0, asked = 0;

	fd = stream_make(self->tm.fd, "limited", 0600, limit, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, stream_poll(fd));
	while (!(ret = stream_append(fd, nr, RECORD, 0, &lsn))) {
		nr++;
		last = lsn;
		if (stream_poll(fd) == POLLPRI && !asked)
			asked = nr;
	}
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_GT(nr, limit / (RECORD + 200) - 2);
	EXPECT_LT(nr, limit / RECORD + 10);
	EXPECT_GT(asked, nr / 2 - 10);
	EXPECT_LT(asked, nr / 2 + 10);
	ASSERT_EQ(0, stream_info(fd, &info));
	EXPECT_GT(info.held, limit);
	EXPECT_LT(info.held, limit + 16384);
	EXPECT_GT(info.wanted_lsn, info.base_lsn);
	EXPECT_EQ(nr, info.records);
	EXPECT_EQ((__u64)nr * RECORD, info.bytes);
	EXPECT_EQ(-ENOSPC, stream_restart(fd, nr, 64, 0, 0, NULL));
	EXPECT_EQ(0, stream_append(self->fd, 1, RECORD, 0, NULL));
	EXPECT_EQ(0, stream_poll(self->fd));

	/* what moves the base on is not refused */
	ASSERT_EQ(0, stream_restart(fd, nr, 64, 0, last, NULL));
	EXPECT_EQ(0, stream_poll(fd));
	ASSERT_EQ(0, stream_info(fd, &info));
	EXPECT_EQ(0, info.wanted_lsn);
	EXPECT_EQ(last, info.base_lsn);
	EXPECT_EQ(0, stream_append(fd, 1, RECORD, 0, NULL));
	close(fd);
	/* the limit itself is checked */
	EXPECT_EQ(-EINVAL, stream_make(self->tm.fd, "x", 0600, self->info.log_size + 1, NULL));
}

/*
 * A stream fills the ring. New work of others is refused; what was decided and what was
 * reserved is not; and the base can move, or the stream go.
 */
TEST_F(ring, full)
{
	static const char redo[2 * RECORD];
	__u64 first, last, lsn;
	struct tx_handle tx, late, early;
	struct rm_handle rm;
	struct en_handle en, late_en, early_en;
	int other, ret;

	ASSERT_EQ(0, rm_start(&self->tm, &rm, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 1, 0));
	ASSERT_EQ(0, en_log(&en, "redo", 4, &lsn));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	ASSERT_NOTE(&rm, KTM_NOTIFY_PREPARE, &en);
	ASSERT_EQ(0, prepare_complete(&en));
	ASSERT_NOTE(&rm, KTM_NOTIFY_COMMIT, &en);
	other = stream_make(self->tm.fd, "other", 0600, 0, NULL);
	ASSERT_GE(other, 0);
	ASSERT_EQ(2, stream_reserve(other, 2));
	ASSERT_EQ(0, stream_append(other, 0, 64, 0, &lsn));
	ASSERT_EQ(0, stream_set_base(other, 0, 0));

	/* one that begins in the buffer of the base */
	ASSERT_EQ(0, tx_begin(&self->tm, &early, 0));
	ASSERT_EQ(0, en_make(&rm, &early, &early_en, 3, 0));
	ASSERT_EQ(0, stream_append(self->fd, 0, 64, 0, &first));
	ASSERT_EQ(0, en_log(&early_en, "redo", 4, &lsn));
	ASSERT_LT(lsn, first + 256);
	ASSERT_GT(fill_up(self->fd, &first, &last), 200);
	EXPECT_EQ(POLLPRI, stream_poll(self->fd));
	EXPECT_EQ(-ENOSPC, stream_append(other, 1, RECORD, 0, NULL));
	EXPECT_EQ(-ENOSPC, stream_reserve(other, 1));
	EXPECT_EQ(-ENOSPC, stream_make(self->tm.fd, "third", 0600, 0, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &late, 0));
	ASSERT_EQ(0, en_make(&rm, &late, &late_en, 2, 0));
	EXPECT_EQ(-ENOSPC, en_log(&late_en, redo, sizeof(redo), &lsn));
	/* nobody is rolled back for room that is not to be had */
	ASSERT_TX(&late, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_TX(&early, .state = KTM_TX_S_ACTIVE, .nr = 1);
	close(early_en.fd);
	close(early.fd);

	EXPECT_EQ(-EMSGSIZE, stream_append(other, 1, KTM_STREAM_RESERVED_MAX + 1,
					   KTM_STREAM_APPEND_F_RESERVED, NULL));
	EXPECT_EQ(0, stream_append(other, 1, KTM_STREAM_RESERVED_MAX,
				   KTM_STREAM_APPEND_F_RESERVED, &lsn));
	EXPECT_EQ(0, stream_restart(other, 2, 64, KTM_STREAM_RESTART_F_RESERVED |
				    KTM_STREAM_RESTART_F_BASE, 0, &lsn));
	EXPECT_EQ(-EINVAL, stream_append(other, 1, 64, KTM_STREAM_APPEND_F_RESERVED, NULL));
	EXPECT_EQ(0, commit_complete(&en));
	EXPECT_EQ(0, commit_wait(&tx));

	/* the slot of the stream is for this */
	EXPECT_EQ(0, stream_set_base(other, 0, 0));
	EXPECT_EQ(0, stream_set_base(self->fd, last, 0));
	EXPECT_EQ(0, stream_poll(self->fd));
	EXPECT_EQ(0, stream_append(other, 1, RECORD, 0, NULL));
	EXPECT_EQ(0, en_log(&late_en, redo, sizeof(redo), &lsn));
	close(late_en.fd);
	close(late.fd);

	/* filled again, after a restart: the slots are there, and a stream can be deleted */
	ret = stream_set_base(other, 0, 0);
	EXPECT_EQ(0, ret);
	close(en.fd);
	close(tx.fd);
	close(rm.fd);
	close(other);
	ASSERT_EQ(0, start_again(self));
	ASSERT_GT(fill_up(self->fd, &first, &last), 200);
	ASSERT_EQ(0, start_again(self));
	other = stream_open(self->tm.fd, "other", NULL);
	ASSERT_GE(other, 0);
	EXPECT_EQ(-ENOSPC, stream_append(other, 1, RECORD, 0, NULL));
	EXPECT_EQ(-EINVAL, stream_append(other, 1, 64, KTM_STREAM_APPEND_F_RESERVED, NULL));
	EXPECT_EQ(0, stream_delete(self->fd));
	EXPECT_EQ(0, stream_append(other, 1, RECORD, 0, NULL));
	close(other);
}

TEST_F(ring, reservations)
{
	struct ktm_stream_append arg = { .size = sizeof(arg), .reserve = 3 };
	int max = self->info.log_size / 16 / 4096;
	struct ktm_stream_info info;
	struct ktm_tm_info tm;

	ASSERT_EQ(0, tm_info(&self->tm, &self->info));
	EXPECT_EQ(0, stream_reserve(self->fd, 0));
	EXPECT_EQ(-EINVAL, stream_reserve(self->fd, -1));
	EXPECT_EQ(-ENOSPC, stream_reserve(self->fd, max + 1));
	EXPECT_EQ(-ENOSPC, stream_reserve(self->fd, 0x7fffffff));
	EXPECT_EQ(-EINVAL, stream_reserve(self->fd, -0x7fffffff - 1));
	EXPECT_EQ(max, stream_reserve(self->fd, max));
	EXPECT_EQ(-ENOSPC, stream_reserve(self->fd, 1));
	/* both or nothing */
	EXPECT_EQ(-ENOSPC, ktm_call(self->fd, KTM_IOC_STREAM_APPEND, &arg));
	EXPECT_EQ(-ENODATA, stream_read(self->fd, KTM_STREAM_READ_NEXT, 0, &self->read));
	EXPECT_EQ(max - 5, stream_reserve(self->fd, -5));
	EXPECT_EQ(0, ktm_call(self->fd, KTM_IOC_STREAM_APPEND, &arg));
	ASSERT_EQ(0, stream_info(self->fd, &info));
	EXPECT_EQ(max - 2, info.reserved);
	arg = (struct ktm_stream_append){ .size = sizeof(arg), .reserve = ~0U };
	EXPECT_EQ(-ENOSPC, ktm_call(self->fd, KTM_IOC_STREAM_APPEND, &arg));
	ASSERT_EQ(0, tm_info(&self->tm, &tm));
	EXPECT_EQ(self->info.log_reserved + (max - 2) * 4096, tm.log_reserved);
	EXPECT_EQ(0, stream_reserve(self->fd, -(max - 2)));
	ASSERT_EQ(0, tm_info(&self->tm, &tm));
	EXPECT_EQ(self->info.log_reserved, tm.log_reserved);
	/* one that cannot be made keeps none */
	EXPECT_EQ(-EEXIST, stream_make(self->tm.fd, "first", 0600, 0, NULL));
	ASSERT_EQ(0, tm_info(&self->tm, &tm));
	EXPECT_EQ(self->info.log_reserved, tm.log_reserved);
	/* what is left goes with the stream, and with the slot that it had */
	EXPECT_EQ(7, stream_reserve(self->fd, 7));
	EXPECT_EQ(0, stream_delete(self->fd));
	ASSERT_EQ(0, tm_info(&self->tm, &tm));
	EXPECT_EQ(self->info.log_reserved - 4096, tm.log_reserved);
}

/* A log of main's time before there were streams: it is read, and becomes a newer one. */
TEST_F(ring, older_version)
{
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	__u32 recovered;
	__u64 lsn;

	/* with a transaction that is decided and not ended */
	close(self->fd);
	ASSERT_EQ(0, tm_detach(&self->tm));
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, rm_start(&self->tm, &rm, NULL));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 1, 0));
	ASSERT_EQ(0, en_log(&en, "redo", 4, &lsn));
	ASSERT_EQ(-EINPROGRESS, commit_nowait(&tx));
	ASSERT_NOTE(&rm, KTM_NOTIFY_PREPARE, &en);
	ASSERT_EQ(0, prepare_complete(&en));
	ASSERT_NOTE(&rm, KTM_NOTIFY_COMMIT, &en);
	close(en.fd);
	close(tx.fd);
	close(rm.fd);
	ASSERT_EQ(0, tm_detach(&self->tm));
	ASSERT_EQ(0, log_set_version(self->path, 2));

	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	EXPECT_EQ(1, recovered);
	self->fd = stream_make(self->tm.fd, "first", 0600, 0, NULL);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, stream_append(self->fd, 1, 64, 0, NULL));
	close(self->fd);
	ASSERT_EQ(0, tm_detach(&self->tm));
	EXPECT_EQ(3, log_version(self->path));
	ASSERT_EQ(0, log_set_version(self->path, 4));
	EXPECT_EQ(-EPROTONOSUPPORT, tm_attach(self->path, self->uuid, &self->tm, NULL));
	ASSERT_EQ(0, log_set_version(self->path, 3));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->tm, &recovered));
	EXPECT_EQ(1, recovered);
	self->fd = stream_open(self->tm.fd, "first", NULL);
	EXPECT_EQ(1, stream_read(self->fd, KTM_STREAM_READ_NEXT, 0, &self->read));
}

TEST_HARNESS_MAIN
