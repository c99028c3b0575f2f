// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - the general ioctl format, for the calls about log streams
 *
 * A call that is refused for its form must have changed nothing.
 */
#include <sys/klog.h>
#include <sys/mman.h>

#include "harness.h"
#include "log_stream.h"

enum kind {
	TM,
	STREAM,
	NR_KINDS,
};

static const struct abi {
	const char *name;
	unsigned int cmd;
	enum kind kind;		/* where it is known */
	size_t size;
	__u32 flags;		/* that are known */
	int reserved[3];	/* offsets of fields that must be zero, + 1 */
	bool works;		/* with an argument of zeros */
	__u64 right;
} table[] = {
#define AT(type, field)	((int)offsetof(struct type, field) + 1)
#define IOCTL(nr, type, ...) \
	{ .name = #nr, .cmd = KTM_IOC_STREAM_##nr, .size = sizeof(struct type), __VA_ARGS__ }
	IOCTL(CREATE, ktm_stream_create, .kind = TM, .right = KTM_RIGHT_STREAM,
	      .reserved = { AT(ktm_stream_create, out_fd) }),
	IOCTL(OPEN, ktm_stream_open, .kind = TM, .right = KTM_RIGHT_STREAM,
	      .reserved = { AT(ktm_stream_open, out_fd), AT(ktm_stream_open, reserved) }),
	IOCTL(LIST, ktm_list, .kind = TM, .right = KTM_RIGHT_QUERY,
	      .reserved = { AT(ktm_list, reserved) }),
	IOCTL(INFO, ktm_stream_info, .kind = TM, .right = KTM_RIGHT_QUERY),
	IOCTL(INFO, ktm_stream_info, .kind = STREAM, .right = KTM_RIGHT_QUERY, .works = true),
	IOCTL(APPEND, ktm_stream_append, .kind = STREAM, .right = KTM_RIGHT_APPEND,
	      .flags = KTM_STREAM_APPEND_F_MASK, .works = true,
	      .reserved = { AT(ktm_stream_append, lsn) }),
	IOCTL(RESERVE, ktm_stream_reserve, .kind = STREAM, .right = KTM_RIGHT_APPEND,
	      .works = true, .reserved = { AT(ktm_stream_reserve, reserved) }),
	IOCTL(READ, ktm_stream_read, .kind = STREAM, .right = KTM_RIGHT_READ,
	      .reserved = { AT(ktm_stream_read, reserved), AT(ktm_stream_read, kind),
			    AT(ktm_stream_read, previous) }),
	IOCTL(FLUSH, ktm_stream_flush, .kind = STREAM, .right = KTM_RIGHT_APPEND,
	      .works = true),
	IOCTL(SET_BASE, ktm_stream_set_base, .kind = STREAM, .right = KTM_RIGHT_TRIM,
	      .flags = KTM_STREAM_BASE_F_MASK),
	IOCTL(RESTART, ktm_stream_restart, .kind = STREAM, .right = KTM_RIGHT_APPEND,
	      .flags = KTM_STREAM_RESTART_F_MASK, .works = true,
	      .reserved = { AT(ktm_stream_restart, lsn), AT(ktm_stream_restart, reserved) }),
	IOCTL(DELETE, ktm_simple, .kind = STREAM, .right = KTM_RIGHT_TRIM, .works = true),
};

FIXTURE(abi)
{
	const char *path;
	struct tm_handle tm;
	int fd[NR_KINDS];
	struct ktm_stream_info info;
	struct ktm_tm_info tm_info;
	char *page;		/* two pages; what is after them is not there */
	size_t page_size;
};

FIXTURE_SETUP(abi)
{
	__u8 uuid[KTM_UUID_SIZE];

	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	ASSERT_EQ(0, log_format(self->path, LOG_SMALL, uuid));
	ASSERT_EQ(0, tm_attach(self->path, uuid, &self->tm, NULL));
	self->fd[TM] = self->tm.fd;
	self->fd[STREAM] = stream_make(self->tm.fd, "stream", 0600, 0, NULL);
	ASSERT_GE(self->fd[STREAM], 0);
	ASSERT_EQ(0, stream_append(self->fd[STREAM], 1, 64, KTM_STREAM_APPEND_F_FLUSH, NULL));
	ASSERT_EQ(0, stream_info(self->fd[STREAM], &self->info));
	ASSERT_EQ(0, tm_info(&self->tm, &self->tm_info));
	self->page_size = sysconf(_SC_PAGESIZE);
	self->page = mmap(NULL, 3 * self->page_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	ASSERT_EQ(0, munmap(self->page + 2 * self->page_size, self->page_size));
}

FIXTURE_TEARDOWN(abi)
{
	if (!self->tm.durable)
		return;
	close(self->fd[STREAM]);
	EXPECT_EQ(0, tm_detach(&self->tm));
}

/* Nothing happened to anything, and nothing was logged. */
#define ASSERT_UNTOUCHED() do {							\
	struct ktm_stream_info info_;						\
	struct ktm_tm_info tm_;							\
	ASSERT_EQ(0, stream_info(self->fd[STREAM], &info_));			\
	ASSERT_EQ(0, memcmp(&info_, &self->info, sizeof(info_)));		\
	ASSERT_EQ(0, tm_info(&self->tm, &tm_));					\
	ASSERT_EQ(self->tm_info.log_head, tm_.log_head);			\
	ASSERT_EQ(self->tm_info.log_reserved, tm_.log_reserved);		\
} while (0)

/* A call with so many bytes, of which the last ends where the mapping ends. */
static int call_sized(struct _test_data_abi *self, int fd, unsigned int cmd,
		      const void *arg, size_t arg_size, __u32 size, char tail)
{
	size_t room = size > arg_size ? size : arg_size;
	char *end = self->page + 2 * self->page_size, *at;

	if (room > 2 * self->page_size)
		room = 2 * self->page_size;
	at = end - room;
	memset(at, 0, room);
	memcpy(at, arg, arg_size);
	memcpy(at, &size, sizeof(size));
	if (size > arg_size && tail)
		end[-1] = tail;
	return ktm_call(fd, cmd, at);
}

static int call_form(struct _test_data_abi *self, const struct abi *abi, __u32 size,
		     char tail)
{
	char arg[512] = { 0 };

	return call_sized(self, self->fd[abi->kind], abi->cmd, arg, abi->size, size, tail);
}

TEST_F(abi, sizes)
{
	size_t i, size;

	for (i = 0; i < ARRAY_LEN(table); i++) {
		for (size = 0; size < table[i].size; size += size < 12 ? 1 : 7)
			ASSERT_EQ(-EINVAL, call_form(self, &table[i], size, 0))
				TH_LOG("%s size %zu", table[i].name, size);
		ASSERT_EQ(-EINVAL, call_form(self, &table[i], table[i].size - 1, 0));
		EXPECT_EQ(-E2BIG, call_form(self, &table[i], table[i].size + 1, 1))
			TH_LOG("%s", table[i].name);
		EXPECT_EQ(-E2BIG, call_form(self, &table[i], self->page_size, 1));
		EXPECT_EQ(-E2BIG, call_form(self, &table[i], self->page_size + 1, 0));
		EXPECT_EQ(-E2BIG, call_form(self, &table[i], 0xffffffff, 0));
		if (!table[i].works)
			EXPECT_EQ(call_form(self, &table[i], table[i].size, 0),
				  call_form(self, &table[i], self->page_size, 0))
				TH_LOG("%s", table[i].name);
	}
	ASSERT_UNTOUCHED();
}

TEST_F(abi, unknown_flags)
{
	char arg[512];
	__u32 bit;
	size_t i;

	for (i = 0; i < ARRAY_LEN(table); i++) {
		for (bit = 1; bit; bit <<= 1) {
			if (bit & table[i].flags)
				continue;
			memset(arg, 0, sizeof(arg));
			memcpy(arg + 4, &bit, sizeof(bit));
			EXPECT_EQ(-EOPNOTSUPP,
				  call_sized(self, self->fd[table[i].kind], table[i].cmd, arg,
					     table[i].size, table[i].size, 0))
				TH_LOG("%s flag %#x", table[i].name, bit);
		}
	}
	ASSERT_UNTOUCHED();
}

TEST_F(abi, reserved_fields)
{
	struct ktm_stream_create *create;
	struct ktm_stream_open *open;
	struct ktm_stream_read *read;
	char arg[512];
	int r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(table); i++) {
		for (r = 0; r < 3 && table[i].reserved[r]; r++) {
			memset(arg, 0, sizeof(arg));
			create = (void *)arg;
			open = (void *)arg;
			read = (void *)arg;
			/* which would work without it */
			if (table[i].cmd == KTM_IOC_STREAM_CREATE)
				strcpy(create->name, "new");
			if (table[i].cmd == KTM_IOC_STREAM_OPEN)
				strcpy(open->name, "stream");
			if (table[i].cmd == KTM_IOC_STREAM_READ)
				read->mode = KTM_STREAM_READ_NEXT;
			arg[table[i].reserved[r] + 2] = 1;
			EXPECT_EQ(-EINVAL,
				  call_sized(self, self->fd[table[i].kind], table[i].cmd, arg,
					     table[i].size, table[i].size, 0))
				TH_LOG("%s at %d", table[i].name, table[i].reserved[r] - 1);
		}
	}
	ASSERT_UNTOUCHED();
}

TEST_F(abi, bad_pointers)
{
	char *end = self->page + 2 * self->page_size;
	__u32 size;
	size_t i;

	for (i = 0; i < ARRAY_LEN(table); i++) {
		EXPECT_EQ(-EFAULT, ktm_call(self->fd[table[i].kind], table[i].cmd, NULL));
		EXPECT_EQ(-EFAULT, ktm_call(self->fd[table[i].kind], table[i].cmd, (void *)-1L));
		EXPECT_EQ(-EFAULT, ktm_call(self->fd[table[i].kind], table[i].cmd, end));
		size = table[i].size;
		memcpy(end - 4, &size, 4);
		EXPECT_EQ(-EFAULT, ktm_call(self->fd[table[i].kind], table[i].cmd, end - 4))
			TH_LOG("%s", table[i].name);
	}
	ASSERT_UNTOUCHED();
}

/* Without its right on the fd a call does nothing. */
TEST_F(abi, rights)
{
	static const __u64 all[] = { [TM] = KTM_RIGHTS_TM, [STREAM] = KTM_RIGHTS_STREAM };
	struct ktm_stream_restart restart = {
		.size = sizeof(restart),
		.flags = KTM_STREAM_RESTART_F_BASE,
	};
	struct pollfd poll_fd = { 0 };
	char arg[512] = { 0 };
	int ret;
	__u32 size;
	size_t i;

	for (i = 0; i < ARRAY_LEN(table); i++) {
		struct ktm_restrict without = {
			.size = sizeof(without),
			.rights = all[table[i].kind] & ~table[i].right,
		};

		ASSERT_EQ(0, ktm_call(self->fd[table[i].kind], KTM_IOC_RESTRICT, &without));
		size = table[i].size;
		memcpy(arg, &size, sizeof(size));
		EXPECT_EQ(-EPERM, ktm_call(without.out_fd, table[i].cmd, arg))
			TH_LOG("%s", table[i].name);
		close(without.out_fd);
	}
	/* a restart area may move the base only with both */
	struct ktm_restrict append = { .size = sizeof(append), .rights = KTM_RIGHT_APPEND };

	ASSERT_EQ(0, ktm_call(self->fd[STREAM], KTM_IOC_RESTRICT, &append));
	EXPECT_EQ(-EPERM, ktm_call(append.out_fd, KTM_IOC_STREAM_RESTART, &restart));
	restart.flags = 0;
	restart.base = self->info.base_lsn;
	EXPECT_EQ(-EPERM, ktm_call(append.out_fd, KTM_IOC_STREAM_RESTART, &restart));
	poll_fd.fd = append.out_fd;
	ret = poll(&poll_fd, 1, 0);
	EXPECT_EQ(1, ret);
	EXPECT_EQ(POLLERR, poll_fd.revents);
	close(append.out_fd);
	ASSERT_UNTOUCHED();
}

/* Every number that there is, on the kinds of fds that do not know it. */
TEST_F(abi, other_kinds)
{
	int fds[] = { ktm_dev(), self->fd[TM], self->fd[STREAM] };
	unsigned int nr;
	char arg[512] = { 0 };
	int known;
	size_t i, f;

	for (nr = 0; nr < 256; nr++) {
		for (f = 0; f < ARRAY_LEN(fds); f++) {
			known = 0;
			for (i = 0; i < ARRAY_LEN(table); i++)
				if (table[i].cmd == _IO(KTM_LOG_IOC_TYPE, nr) &&
				    self->fd[table[i].kind] == fds[f])
					known = 1;
			if (!known)
				EXPECT_EQ(-ENOTTY, ktm_call(fds[f], _IO(KTM_LOG_IOC_TYPE, nr),
							    arg))
					TH_LOG("number %#x", nr);
		}
	}
	for (nr = KTM_LOG_NR_BASE; nr <= KTM_LOG_NR_STREAM_DELETE; nr++) {
		for (i = 0; i < ARRAY_LEN(table); i++)
			if (table[i].cmd == _IO(KTM_LOG_IOC_TYPE, nr))
				break;
		EXPECT_LT(i, ARRAY_LEN(table)) TH_LOG("number %#x", nr);
	}
	EXPECT_EQ(-ENOTTY, ktm_call(self->fd[STREAM], KTM_IOC_TM_INFO, arg));
	close(fds[0]);
	ASSERT_UNTOUCHED();
}

/* What a user can send must not fill the kernel log. */
TEST_F(abi, kernel_log_is_silent)
{
	long before = klogctl(9, NULL, 0);
	unsigned int round;
	size_t i;

	ASSERT_GE(before, 0);
	for (round = 0; round < 50; round++) {
		for (i = 0; i < ARRAY_LEN(table); i++) {
			if (!table[i].works)
				call_form(self, &table[i], round * 8, round & 1);
		}
	}
	EXPECT_EQ(before, klogctl(9, NULL, 0));
}

TEST_HARNESS_MAIN
