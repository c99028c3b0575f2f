// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - the general ioctl format, for every ioctl on every kind of fd
 *
 * A call that is refused for its form must have changed nothing, so the sweep
 * can use the same objects for all. Calls of the right form are made with a
 * wrong content, or are harmless.
 */
#include <sys/klog.h>
#include <sys/mman.h>

#include "harness.h"
#include "ktm_harness.h"

enum kind {
	DEV,
	TM,
	TX,
	RM,
	EN,
	NR_KINDS,
	NONE = -1,
};

struct abi {
	const char *name;
	unsigned int cmd;
	unsigned int kinds;	/* bits: where it is known */
	size_t size;		/* of this version */
	size_t first;		/* of the first version, if that was shorter */
	__u32 flags;		/* that are known */
	int reserved[3];	/* offsets of fields that must be zero, + 1 */
	int out_flags;		/* the kernel ignores what is in flags */
};

#define NR_LAST		KTM_NR_RM_FETCH
#define ON(kind)	(1U << (kind))
#define ALL		(ON(NR_KINDS) - 1)
#define OBJECTS		(ALL & ~ON(DEV))
#define AT(type, field)	((int)offsetof(struct type, field) + 1)
#define IOCTL(nr, type, ...) \
	{ .name = #nr, .cmd = KTM_IOC_##nr, .size = sizeof(struct type), __VA_ARGS__ }

#define ANSWER(nr, ...) \
	IOCTL(nr, ktm_en_answer, .first = offsetof(struct ktm_en_answer, clock), __VA_ARGS__)

static const struct abi table[] = {
	IOCTL(GET_ABI, ktm_get_abi, .kinds = ALL, .out_flags = 1),
	IOCTL(TM_CREATE, ktm_tm_create, .kinds = ON(DEV),
	      .reserved = { AT(ktm_tm_create, out_fd) }),
	IOCTL(TM_ATTACH, ktm_tm_attach, .kinds = ON(DEV), .flags = KTM_TM_ATTACH_F_MASK,
	      .reserved = { AT(ktm_tm_attach, out_fd), AT(ktm_tm_attach, recovered) }),
	IOCTL(TM_OPEN, ktm_open, .kinds = ON(DEV),
	      .reserved = { AT(ktm_open, out_fd), AT(ktm_open, reserved) }),
	IOCTL(TM_LIST, ktm_list, .kinds = ON(DEV),
	      .reserved = { AT(ktm_list, reserved) }),
	IOCTL(TM_INFO, ktm_tm_info, .first = offsetof(struct ktm_tm_info, oldest_tx),
	      .kinds = ON(TM)),
	IOCTL(TM_DETACH, ktm_simple, .kinds = ON(TM)),
	IOCTL(TM_ROLLFORWARD, ktm_tm_rollforward, .kinds = ON(TM),
	      .reserved = { AT(ktm_tm_rollforward, recovered),
			    AT(ktm_tm_rollforward, left) }),
	IOCTL(TM_RECOVER, ktm_tm_recover, .kinds = ON(TM), .flags = KTM_TM_RECOVER_F_MASK,
	      .reserved = { AT(ktm_tm_recover, recovered),
			    AT(ktm_tm_recover, discarded) }),
	IOCTL(TM_FREEZE, ktm_tm_freeze, .kinds = ON(TM),
	      .reserved = { AT(ktm_tm_freeze, tx) }),
	IOCTL(TM_THAW, ktm_simple, .kinds = ON(TM)),
	IOCTL(TX_CREATE, ktm_tx_create, .kinds = ON(TM),
	      .reserved = { AT(ktm_tx_create, out_fd), AT(ktm_tx_create, reserved) }),
	IOCTL(TX_OPEN, ktm_open, .kinds = ON(TM),
	      .reserved = { AT(ktm_open, out_fd), AT(ktm_open, reserved) }),
	IOCTL(TX_LIST, ktm_list, .kinds = ON(TM),
	      .reserved = { AT(ktm_list, reserved) }),
	IOCTL(RM_CREATE, ktm_rm_create, .kinds = ON(TM), .flags = KTM_RM_F_MASK,
	      .reserved = { AT(ktm_rm_create, out_fd), AT(ktm_rm_create, reserved) }),
	IOCTL(RM_LIST, ktm_list, .kinds = ON(TM),
	      .reserved = { AT(ktm_list, reserved) }),
	IOCTL(RM_INFO, ktm_rm_info, .kinds = ON(TM) | ON(RM)),
	IOCTL(TX_INFO, ktm_tx_info, .first = offsetof(struct ktm_tx_info, superior),
	      .kinds = ON(TX)),
	IOCTL(TX_COMMIT, ktm_tx_end, .first = offsetof(struct ktm_tx_end, clock),
	      .kinds = ON(TX), .flags = KTM_TX_END_F_MASK,
	      .reserved = { AT(ktm_tx_end, state), AT(ktm_tx_end, reason) }),
	IOCTL(TX_ROLLBACK, ktm_tx_end, .first = offsetof(struct ktm_tx_end, clock),
	      .kinds = ON(TX), .flags = KTM_TX_END_F_MASK,
	      .reserved = { AT(ktm_tx_end, state), AT(ktm_tx_end, reason) }),
	IOCTL(TX_SET_TIMEOUT, ktm_tx_set_timeout, .kinds = ON(TX)),
	IOCTL(RM_RECOVER, ktm_simple, .kinds = ON(RM)),
	IOCTL(RM_FETCH, ktm_rm_fetch, .kinds = ON(RM), .flags = KTM_RM_FETCH_F_MASK,
	      .reserved = { AT(ktm_rm_fetch, reserved) }),
	IOCTL(EN_CREATE, ktm_en_create, .kinds = ON(RM), .flags = KTM_EN_F_MASK,
	      .reserved = { AT(ktm_en_create, out_fd), AT(ktm_en_create, uuid) }),
	IOCTL(EN_OPEN, ktm_en_open, .kinds = ON(RM),
	      .reserved = { AT(ktm_en_open, out_fd), AT(ktm_en_open, reserved) }),
	IOCTL(EN_INFO, ktm_en_info, .first = offsetof(struct ktm_en_info, reason),
	      .kinds = ON(EN) | ON(TM)),
	IOCTL(EN_LOG, ktm_en_log, .kinds = ON(EN),
	      .reserved = { AT(ktm_en_log, reserved), AT(ktm_en_log, lsn) }),
	IOCTL(EN_READ_LOG, ktm_en_read_log, .kinds = ON(EN),
	      .reserved = { AT(ktm_en_read_log, reserved) }),
	ANSWER(EN_RECOVER, .kinds = ON(EN)),
	ANSWER(EN_PREPARE_COMPLETE, .kinds = ON(EN)),
	ANSWER(EN_COMMIT_COMPLETE, .kinds = ON(EN)),
	ANSWER(EN_ROLLBACK_COMPLETE, .kinds = ON(EN)),
	ANSWER(EN_READ_ONLY, .kinds = ON(EN)),
	ANSWER(EN_REJECT_SINGLE_PHASE, .kinds = ON(EN)),
	IOCTL(EN_ROLLBACK, ktm_en_rollback, .kinds = ON(EN)),
	IOCTL(FD_INFO, ktm_fd_info, .kinds = OBJECTS),
	IOCTL(EN_LIST, ktm_list, .kinds = ON(TM) | ON(TX) | ON(RM),
	      .reserved = { AT(ktm_list, reserved) }),
	IOCTL(RM_OPEN, ktm_open, .kinds = ON(TM),
	      .reserved = { AT(ktm_open, out_fd), AT(ktm_open, reserved) }),
	IOCTL(RESTRICT, ktm_restrict, .kinds = OBJECTS,
	      .reserved = { AT(ktm_restrict, out_fd), AT(ktm_restrict, reserved) }),
	IOCTL(EN_SET_RECOVERY_INFO, ktm_en_recovery_info, .kinds = ON(EN),
	      .reserved = { AT(ktm_en_recovery_info, reserved) }),
	IOCTL(EN_GET_RECOVERY_INFO, ktm_en_recovery_info, .kinds = ON(EN),
	      .reserved = { AT(ktm_en_recovery_info, reserved) }),
	ANSWER(EN_PREPREPARE_COMPLETE, .kinds = ON(EN)),
	ANSWER(EN_REQUEST_OUTCOME, .kinds = ON(EN)),
	ANSWER(EN_PREPREPARE, .kinds = ON(EN)),
	ANSWER(EN_PREPARE, .kinds = ON(EN)),
	ANSWER(EN_COMMIT, .kinds = ON(EN)),
	IOCTL(TX_SAVEPOINT, ktm_tx_savepoint, .kinds = ON(TX),
	      .reserved = { AT(ktm_tx_savepoint, savepoint), AT(ktm_tx_savepoint, rm) }),
	IOCTL(TX_ROLLBACK_TO, ktm_tx_savepoint, .kinds = ON(TX),
	      .reserved = { AT(ktm_tx_savepoint, rm) }),
	IOCTL(TX_RELEASE, ktm_tx_savepoint, .kinds = ON(TX),
	      .reserved = { AT(ktm_tx_savepoint, rm) }),
	IOCTL(EN_SAVEPOINT_COMPLETE, ktm_en_savepoint, .kinds = ON(EN),
	      .reserved = { AT(ktm_en_savepoint, reserved) }),
};

FIXTURE(abi)
{
	struct tm_handle tm;
	struct tx_handle tx;
	struct rm_handle rm;
	struct en_handle en;
	int fd[NR_KINDS];
	int next_fd;
	char *page;		/* two pages; what is after them is not there */
	size_t page_size;
};

static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

FIXTURE_SETUP(abi)
{
	self->fd[DEV] = ktm_dev();
	ASSERT_GE(self->fd[DEV], 0);
	ASSERT_EQ(0, tm_make(&self->tm, 0600));
	ASSERT_EQ(0, rm_make(&self->tm, &self->rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&self->rm));
	ASSERT_NOTE(&self->rm, KTM_NOTIFY_LAST_RECOVER, NULL);
	ASSERT_EQ(0, tx_begin(&self->tm, &self->tx, 0));
	ASSERT_EQ(0, en_make(&self->rm, &self->tx, &self->en, 1, 0));
	self->fd[TM] = self->tm.fd;
	self->fd[TX] = self->tx.fd;
	self->fd[RM] = self->rm.fd;
	self->fd[EN] = self->en.fd;
	self->next_fd = next_fd();
	self->page_size = sysconf(_SC_PAGESIZE);
	self->page = mmap(NULL, 3 * self->page_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	ASSERT_EQ(0, munmap(self->page + 2 * self->page_size, self->page_size));
}

FIXTURE_TEARDOWN(abi)
{
}

/* Nothing happened to anything. */
#define ASSERT_UNTOUCHED() do {							\
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1);	\
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);		\
	ASSERT_RM(&self->rm, .state = KTM_RM_S_ONLINE, .nr = 1);		\
	ASSERT_EN(&self->en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE); \
	ASSERT_QUIET(&self->rm);						\
	ASSERT_EQ(self->next_fd, next_fd());					\
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

/* An argument whose content is refused with EINVAL or does no harm. */
static int call_form(struct _test_data_abi *self, int fd, const struct abi *abi,
		     __u32 size, char tail)
{
	char arg[2048] = { 0 };

	return call_sized(self, fd, abi->cmd, arg, abi->size, size, tail);
}

static size_t first_size(const struct abi *abi)
{
	return abi->first ?: abi->size;
}

/* Those that would work with an argument of zeros. */
static bool works_empty(const struct abi *abi, int kind)
{
	switch (abi->cmd) {
	case KTM_IOC_TM_CREATE:
	case KTM_IOC_TX_CREATE:
	case KTM_IOC_TX_COMMIT:
	case KTM_IOC_TX_ROLLBACK:
	case KTM_IOC_EN_READ_ONLY:
	case KTM_IOC_RESTRICT:
		return true;
	default:
		return false;
	}
}

TEST_F(abi, size_too_short)
{
	size_t i, size;
	int kind;

	for (i = 0; i < ARRAY_LEN(table); i++)
		for (kind = 0; kind < NR_KINDS; kind++) {
			if (!(table[i].kinds & ON(kind)))
				continue;
			for (size = 0; size < first_size(&table[i]); size += size < 12 ? 1 : 7)
				ASSERT_EQ(-EINVAL, call_form(self, self->fd[kind],
							     &table[i], size, 0))
					TH_LOG("%s size %zu", table[i].name, size);
			ASSERT_EQ(-EINVAL, call_form(self, self->fd[kind], &table[i],
						     first_size(&table[i]) - 1, 0))
				TH_LOG("%s", table[i].name);
		}
	ASSERT_UNTOUCHED();
}

TEST_F(abi, tail_of_zeros)
{
	int kind, exact;
	size_t i;

	for (i = 0; i < ARRAY_LEN(table); i++)
		for (kind = 0; kind < NR_KINDS; kind++) {
			if (!(table[i].kinds & ON(kind)) || works_empty(&table[i], kind))
				continue;
			exact = call_form(self, self->fd[kind], &table[i],
					  table[i].size, 0);
			EXPECT_EQ(exact, call_form(self, self->fd[kind], &table[i],
						   table[i].size + 1, 0))
				TH_LOG("%s", table[i].name);
			EXPECT_EQ(exact, call_form(self, self->fd[kind], &table[i],
						   self->page_size, 0))
				TH_LOG("%s", table[i].name);
		}
	ASSERT_UNTOUCHED();
}

TEST_F(abi, tail_not_zero)
{
	int kind;
	size_t i;

	for (i = 0; i < ARRAY_LEN(table); i++)
		for (kind = 0; kind < NR_KINDS; kind++) {
			if (!(table[i].kinds & ON(kind)))
				continue;
			EXPECT_EQ(-E2BIG, call_form(self, self->fd[kind], &table[i],
						    table[i].size + 1, 1))
				TH_LOG("%s", table[i].name);
			EXPECT_EQ(-E2BIG, call_form(self, self->fd[kind], &table[i],
						    self->page_size, 1))
				TH_LOG("%s", table[i].name);
		}
	ASSERT_UNTOUCHED();
}

TEST_F(abi, more_than_a_page)
{
	static const __u32 sizes[] = { 4097, 8192, 0x80000000, 0xffffffff };
	size_t i, s;
	int kind;

	for (i = 0; i < ARRAY_LEN(table); i++)
		for (kind = 0; kind < NR_KINDS; kind++)
			for (s = 0; s < ARRAY_LEN(sizes); s++) {
				if (!(table[i].kinds & ON(kind)))
					continue;
				EXPECT_EQ(-E2BIG, call_form(self, self->fd[kind],
							    &table[i], sizes[s], 0))
					TH_LOG("%s", table[i].name);
			}
	ASSERT_UNTOUCHED();
}

TEST_F(abi, unknown_flags)
{
	char arg[2048];
	__u32 bit;
	int kind;
	size_t i;

	for (i = 0; i < ARRAY_LEN(table); i++)
		for (kind = 0; kind < NR_KINDS; kind++) {
			if (!(table[i].kinds & ON(kind)) || table[i].out_flags)
				continue;
			for (bit = 1; bit; bit <<= 1) {
				if (bit & table[i].flags)
					continue;
				memset(arg, 0, sizeof(arg));
				memcpy(arg + 4, &bit, sizeof(bit));
				EXPECT_EQ(-EOPNOTSUPP,
					  call_sized(self, self->fd[kind], table[i].cmd,
						     arg, table[i].size, table[i].size, 0))
					TH_LOG("%s flag %#x", table[i].name, bit);
			}
		}
	ASSERT_UNTOUCHED();
}

/* Each reserved field alone, in a call that works without it. */
TEST_F(abi, reserved_fields)
{
	struct ktm_en_create *en = (void *)self->page;
	int kind, r, at;
	char arg[2048];
	size_t i;

	for (i = 0; i < ARRAY_LEN(table); i++)
		for (kind = 0; kind < NR_KINDS; kind++)
			for (r = 0; r < 3 && table[i].reserved[r]; r++) {
				if (!(table[i].kinds & ON(kind)))
					continue;
				memset(arg, 0, sizeof(arg));
				if (table[i].cmd == KTM_IOC_EN_CREATE) {
					en = (void *)arg;
					en->tx_fd = self->tx.fd;
				}
				if (table[i].cmd == KTM_IOC_TM_OPEN)
					memcpy(arg + 8, self->tm.uuid, KTM_UUID_SIZE);
				if (table[i].cmd == KTM_IOC_TX_OPEN)
					memcpy(arg + 8, self->tx.info.uuid, KTM_UUID_SIZE);
				at = table[i].reserved[r] - 1;
				arg[at + 3] = 1;
				EXPECT_EQ(-EINVAL,
					  call_sized(self, self->fd[kind], table[i].cmd,
						     arg, table[i].size, table[i].size, 0))
					TH_LOG("%s at %d", table[i].name, at);
			}
	ASSERT_UNTOUCHED();
}

TEST_F(abi, names_without_an_end)
{
	struct ktm_tm_create tm = { .size = sizeof(tm), .mode = 0600 };
	struct ktm_tx_create tx = { .size = sizeof(tx) };
	struct ktm_rm_create rm = { .size = sizeof(rm), .flags = KTM_RM_F_VOLATILE };

	memset(tm.name, 'x', sizeof(tm.name));
	memset(tx.description, 'x', sizeof(tx.description));
	memset(rm.name, 'x', sizeof(rm.name));
	EXPECT_EQ(-EINVAL, ktm_call(self->fd[DEV], KTM_IOC_TM_CREATE, &tm));
	EXPECT_EQ(-EINVAL, ktm_call(self->fd[TM], KTM_IOC_TX_CREATE, &tx));
	EXPECT_EQ(-EINVAL, ktm_call(self->fd[TM], KTM_IOC_RM_CREATE, &rm));
	tm.name[0] = 0;
	tm.mode = 0700;
	EXPECT_EQ(-EINVAL, ktm_call(self->fd[DEV], KTM_IOC_TM_CREATE, &tm));
	tm.mode = 010600;
	EXPECT_EQ(-EINVAL, ktm_call(self->fd[DEV], KTM_IOC_TM_CREATE, &tm));
	ASSERT_UNTOUCHED();
}

TEST_F(abi, bad_pointers)
{
	char *end = self->page + 2 * self->page_size;
	__u32 size;
	int kind;
	size_t i;

	for (i = 0; i < ARRAY_LEN(table); i++)
		for (kind = 0; kind < NR_KINDS; kind++) {
			if (!(table[i].kinds & ON(kind)))
				continue;
			EXPECT_EQ(-EFAULT, ktm_call(self->fd[kind], table[i].cmd, NULL));
			EXPECT_EQ(-EFAULT, ktm_call(self->fd[kind], table[i].cmd,
						    (void *)-1L));
			EXPECT_EQ(-EFAULT, ktm_call(self->fd[kind], table[i].cmd, end));
			/* the size is there, the rest is not */
			size = table[i].size;
			memcpy(end - 4, &size, 4);
			EXPECT_EQ(-EFAULT, ktm_call(self->fd[kind], table[i].cmd, end - 4))
				TH_LOG("%s", table[i].name);
			size += 8;
			memset(end - table[i].size, 0, table[i].size);
			memcpy(end - table[i].size, &size, 4);
			EXPECT_EQ(-EFAULT, ktm_call(self->fd[kind], table[i].cmd,
						    end - table[i].size))
				TH_LOG("%s", table[i].name);
		}
	ASSERT_UNTOUCHED();
}

/* The result could not be handed over: nothing is made, so nothing is undone. */
TEST_F(abi, argument_is_read_only)
{
	struct ktm_tm_create tm = { .size = sizeof(tm), .mode = 0600 };
	struct ktm_tx_create tx = { .size = sizeof(tx) };
	struct ktm_rm_create rm = { .size = sizeof(rm), .flags = KTM_RM_F_VOLATILE };
	struct ktm_open open = { .size = sizeof(open) };
	char *page = self->page;

	random_uuid(rm.uuid);
	memcpy(open.uuid, self->tx.info.uuid, KTM_UUID_SIZE);
	memcpy(page, &tm, sizeof(tm));
	memcpy(page + 512, &tx, sizeof(tx));
	memcpy(page + 1024, &rm, sizeof(rm));
	memcpy(page + 1536, &open, sizeof(open));
	ASSERT_EQ(0, mprotect(page, self->page_size, PROT_READ));
	EXPECT_EQ(-EFAULT, ktm_call(self->fd[DEV], KTM_IOC_TM_CREATE, page));
	EXPECT_EQ(-EFAULT, ktm_call(self->fd[TM], KTM_IOC_TX_CREATE, page + 512));
	EXPECT_EQ(-EFAULT, ktm_call(self->fd[TM], KTM_IOC_RM_CREATE, page + 1024));
	EXPECT_EQ(-EFAULT, ktm_call(self->fd[TM], KTM_IOC_TX_OPEN, page + 1536));
	ASSERT_UNTOUCHED();
}

/* A call with results does nothing, one without them does not mind. */
TEST_F(abi, ends_with_a_read_only_argument)
{
	struct ktm_tx_end end = { .size = sizeof(end) };
	struct ktm_tx_set_timeout timeout = {
		.size = sizeof(timeout),
		.deadline = now_ns() + 3600000 * MSEC,
	};
	struct ktm_simple simple = { .size = sizeof(simple) };
	struct ktm_en_answer answer = { .size = sizeof(answer) };
	struct ktm_tx_savepoint savepoint = { .size = sizeof(savepoint) };
	char *page = self->page;
	struct rm_handle other;

	ASSERT_EQ(0, rm_make(&self->tm, &other, NULL, KTM_RM_F_VOLATILE));
	memcpy(page, &end, sizeof(end));
	memcpy(page + 512, &timeout, sizeof(timeout));
	memcpy(page + 1024, &simple, sizeof(simple));
	memcpy(page + 1536, &answer, sizeof(answer));
	memcpy(page + 2048, &savepoint, sizeof(savepoint));
	ASSERT_EQ(0, mprotect(page, self->page_size, PROT_READ));
	EXPECT_EQ(-EFAULT, ktm_call(self->fd[TX], KTM_IOC_TX_COMMIT, page));
	EXPECT_EQ(-EFAULT, ktm_call(self->fd[TX], KTM_IOC_TX_ROLLBACK, page));
	EXPECT_EQ(-EFAULT, ktm_call(self->fd[TX], KTM_IOC_TX_SAVEPOINT, page + 2048));
	EXPECT_EQ(-EFAULT, ktm_call(self->fd[TX], KTM_IOC_TX_ROLLBACK_TO, page + 2048));
	EXPECT_EQ(-EFAULT, ktm_call(self->fd[TX], KTM_IOC_TX_RELEASE, page + 2048));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	EXPECT_EQ(0, ktm_call(self->fd[TX], KTM_IOC_TX_SET_TIMEOUT, page + 512));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1,
		  .deadline = timeout.deadline);
	EXPECT_EQ(0, ktm_call(other.fd, KTM_IOC_RM_RECOVER, page + 1024));
	ASSERT_RM(&other, .state = KTM_RM_S_ONLINE);
	/* with a clock it has a result, in its first version not */
	EXPECT_EQ(-EFAULT, ktm_call(self->fd[EN], KTM_IOC_EN_READ_ONLY, page + 1536));
	ASSERT_EN(&self->en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
	EXPECT_EQ(0, ktm_call(self->fd[EN], KTM_IOC_EN_READ_ONLY, page + 1024));
	ASSERT_EN(&self->en, .state = KTM_EN_S_DONE, .tx_state = KTM_TX_S_ACTIVE);
}

/* Every number that there is, on every kind of fd that does not know it. */
TEST_F(abi, other_kinds)
{
	char arg[2048] = { 0 };
	unsigned int nr;
	int kind;
	size_t i;

	for (kind = 0; kind < NR_KINDS; kind++) {
		for (i = 0; i < ARRAY_LEN(table); i++)
			if (!(table[i].kinds & ON(kind))) {
				EXPECT_EQ(-ENOTTY,
					  call_sized(self, self->fd[kind], table[i].cmd,
						     arg, table[i].size, table[i].size, 0))
					TH_LOG("number %zu on kind %d", i, kind);
			}
		for (nr = 0; nr < 256; nr++) {
			if (nr >= KTM_NR_BASE && nr <= NR_LAST)
				continue;
			EXPECT_EQ(-ENOTTY, ktm_call(self->fd[kind],
						    _IO(KTM_IOC_TYPE, nr), arg));
		}
		/* the same number with a size or direction is another one */
		EXPECT_EQ(-ENOTTY, ktm_call(self->fd[kind],
					    _IOWR(KTM_IOC_TYPE, KTM_NR_GET_ABI, int), arg));
		EXPECT_EQ(-ENOTTY, ktm_call(self->fd[kind],
					    _IO(KTM_IOC_TYPE + 1, KTM_NR_GET_ABI), arg));
	}
	ASSERT_UNTOUCHED();
}

/* Each ioctl of the header is in the table. */
TEST_F(abi, all_are_here)
{
	unsigned int nr;
	size_t i;

	for (nr = KTM_NR_BASE; nr <= NR_LAST; nr++) {
		for (i = 0; i < ARRAY_LEN(table); i++)
			if (table[i].cmd == _IO(KTM_IOC_TYPE, nr))
				break;
		EXPECT_LT(i, ARRAY_LEN(table)) TH_LOG("number %#x", nr);
	}
}

static long kernel_log_length(void)
{
	/* unread bytes, all of them: nobody reads it here */
	return klogctl(9, NULL, 0);
}

/* What a user can send must not fill the kernel log. */
TEST_F(abi, kernel_log_is_silent)
{
	char arg[2048] = { 0 };
	long before = kernel_log_length();
	unsigned int round;
	int kind;
	size_t i;

	ASSERT_GE(before, 0);
	for (round = 0; round < 100; round++)
		for (i = 0; i < ARRAY_LEN(table); i++)
			for (kind = 0; kind < NR_KINDS; kind++)
				call_form(self, self->fd[kind], &table[i],
					  round * 8, round & 1);
	for (kind = 0; kind < NR_KINDS; kind++)
		ktm_call(self->fd[kind], KTM_IOC_TM_ATTACH, arg);
	EXPECT_EQ(before, kernel_log_length());
}

TEST_HARNESS_MAIN
