// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - objects: UUIDs, listing, opening, other TMs, /proc
 */
#include "harness.h"
#include "ktm_harness.h"

FIXTURE(object)
{
	int dev;
	struct tm_handle tm;
};

FIXTURE_SETUP(object)
{
	self->dev = ktm_dev();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, tm_make(&self->tm, 0640));
}

FIXTURE_TEARDOWN(object)
{
}

static const __u8 nil[KTM_UUID_SIZE];

TEST_F(object, abi)
{
	struct ktm_get_abi abi = { .size = sizeof(abi), .features = ~0, .errata = ~0 };
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;
	int fds[5], i;

	ASSERT_EQ(0, rm_make(&self->tm, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&rm));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 1, 0));
	fds[0] = self->dev;
	fds[1] = self->tm.fd;
	fds[2] = tx.fd;
	fds[3] = rm.fd;
	fds[4] = en.fd;
	for (i = 0; i < 5; i++) {
		abi.version = 0;
		ASSERT_EQ(0, ktm_call(fds[i], KTM_IOC_GET_ABI, &abi));
		EXPECT_EQ(KTM_ABI_VERSION, abi.version);
		EXPECT_EQ(0, abi.features);
		EXPECT_EQ(0, abi.errata);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fds[i], F_GETFD));
	}
}

TEST_F(object, tm_info)
{
	struct ktm_tm_info info;

	ASSERT_EQ(0, tm_info(&self->tm, &info));
	EXPECT_STREQ("test", info.name);
	EXPECT_EQ(0, info.uid);
	EXPECT_EQ(0, info.gid);
	EXPECT_EQ(0640, info.mode);
	EXPECT_EQ(0, info.dev_major);
	EXPECT_EQ(0, info.log_size);
	EXPECT_EQ(0, info.log_flushes);
	EXPECT_EQ(0, info.log_bytes);
	EXPECT_NE(0, memcmp(nil, info.uuid, sizeof(nil)));
}

TEST_F(object, uuid_is_taken)
{
	struct ktm_tm_create tm = { .size = sizeof(tm), .mode = 0600 };
	struct ktm_tx_create tx = { .size = sizeof(tx) };
	struct rm_handle rm, again;
	struct tx_handle first;
	int next, after;

	memcpy(tm.uuid, self->tm.uuid, KTM_UUID_SIZE);
	next = dup(0);
	after = dup(0);
	close(after);
	close(next);
	ASSERT_EQ(-EEXIST, ktm_call(self->dev, KTM_IOC_TM_CREATE, &tm));
	EXPECT_EQ(0, tm.out_fd);

	ASSERT_EQ(0, tx_begin(&self->tm, &first, 0));
	memcpy(tx.uuid, first.info.uuid, KTM_UUID_SIZE);
	ASSERT_EQ(-EEXIST, ktm_call(self->tm.fd, KTM_IOC_TX_CREATE, &tx));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .active = 1);

	ASSERT_EQ(0, rm_make(&self->tm, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(-EEXIST, rm_make(&self->tm, &again, rm.info.uuid, KTM_RM_F_VOLATILE));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .active = 1, .rms = 1);
	ASSERT_RM(&rm, .state = KTM_RM_S_OFFLINE);

	/* nobody was left behind: the next fds are the next numbers */
	EXPECT_EQ(next, first.fd);
	EXPECT_EQ(after, rm.fd);

	/* free again when they are gone */
	ASSERT_EQ(0, close(first.fd));
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_TX_CREATE, &tx));
	ASSERT_EQ(0, close(rm.fd));
	ASSERT_EQ(0, rm_make(&self->tm, &again, rm.info.uuid, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, close(self->tm.fd));
	ASSERT_EQ(0, close(tx.out_fd));
	ASSERT_EQ(0, close(again.fd));
	ASSERT_EQ(0, ktm_call(self->dev, KTM_IOC_TM_CREATE, &tm));
}

TEST_F(object, uuid_is_chosen)
{
	struct ktm_tx_create arg = { .size = sizeof(arg) };
	struct tx_handle tx = { .info.size = sizeof(tx.info) };

	random_uuid(arg.uuid);
	memcpy(tx.info.uuid, arg.uuid, KTM_UUID_SIZE);
	memcpy(tx.info.tm_uuid, self->tm.uuid, KTM_UUID_SIZE);
	tx.info.owner_pid = getpid();
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_TX_CREATE, &arg));
	EXPECT_EQ(0, memcmp(arg.uuid, tx.info.uuid, KTM_UUID_SIZE));
	tx.fd = arg.out_fd;
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE);
}

TEST_F(object, age)
{
	__u64 before = now_ns();
	struct ktm_tx_info info;
	struct tx_handle tx;

	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, tx_info(&tx, &info));
	EXPECT_LE(before, info.begun);
	EXPECT_GE(now_ns(), info.begun);
}

TEST_F(object, rm_needs_a_log_to_recover)
{
	struct rm_handle rm;
	__u8 uuid[KTM_UUID_SIZE];

	random_uuid(uuid);
	EXPECT_EQ(-EINVAL, rm_make(&self->tm, &rm, uuid, 0));
	EXPECT_EQ(-EINVAL, rm_make(&self->tm, &rm, NULL, 0));
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE);
}

TEST_F(object, no_log_on_a_volatile_tm)
{
	struct ktm_simple simple = { .size = sizeof(simple) };
	char data[16] = "";
	__u32 length = sizeof(data);
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;

	ASSERT_EQ(0, rm_make(&self->tm, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&rm));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 1, 0));
	EXPECT_EQ(-EINVAL, en_log(&en, data, sizeof(data), NULL));
	EXPECT_EQ(-EINVAL, en_read_log(&en, 0, data, &length));
	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_TM_DETACH, &simple));
	ASSERT_EN(&en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE);
}

TEST_F(object, open)
{
	struct ktm_open open = { .size = sizeof(open) };
	struct tx_handle tx, again;
	struct tm_handle tm = { };

	memcpy(open.uuid, self->tm.uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, ktm_call(self->dev, KTM_IOC_TM_OPEN, &open));
	tm.fd = open.out_fd;
	memcpy(tm.uuid, self->tm.uuid, KTM_UUID_SIZE);
	ASSERT_TM(&tm, .state = KTM_TM_S_ONLINE);
	/* the object stays with its last fd */
	ASSERT_EQ(0, close(self->tm.fd));
	ASSERT_EQ(0, tx_begin(&tm, &tx, 0));
	open.out_fd = 0;
	memcpy(open.uuid, tx.info.uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, ktm_call(tm.fd, KTM_IOC_TX_OPEN, &open));
	again = tx;
	again.fd = open.out_fd;
	ASSERT_TX(&again, .state = KTM_TX_S_ACTIVE);
	ASSERT_EQ(0, rollback_wait(&again));
	ASSERT_TX(&tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_CLIENT);

	open.out_fd = 0;
	random_uuid(open.uuid);
	EXPECT_EQ(-ENOENT, ktm_call(self->dev, KTM_IOC_TM_OPEN, &open));
	EXPECT_EQ(-ENOENT, ktm_call(tm.fd, KTM_IOC_TX_OPEN, &open));
	memset(open.uuid, 0, sizeof(open.uuid));
	EXPECT_EQ(-ENOENT, ktm_call(self->dev, KTM_IOC_TM_OPEN, &open));
	EXPECT_EQ(-ENOENT, ktm_call(tm.fd, KTM_IOC_TX_OPEN, &open));
}

TEST_F(object, rm_info_by_uuid)
{
	struct ktm_rm_info info = { .size = sizeof(info) };
	struct rm_handle rm;

	ASSERT_EQ(0, rm_make(&self->tm, &rm, NULL, KTM_RM_F_VOLATILE));
	memcpy(info.uuid, rm.info.uuid, KTM_UUID_SIZE);
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_RM_INFO, &info));
	EXPECT_STREQ("test-rm", info.name);
	EXPECT_EQ(KTM_RM_F_VOLATILE, info.flags);
	EXPECT_EQ(KTM_RM_S_OFFLINE, info.state);
	/* on its own fd it knows who it is */
	info.flags = 0;
	EXPECT_EQ(-EINVAL, ktm_call(rm.fd, KTM_IOC_RM_INFO, &info));
	random_uuid(info.uuid);
	EXPECT_EQ(-ENOENT, ktm_call(self->tm.fd, KTM_IOC_RM_INFO, &info));
}

/* Walks a list in steps; the number of all, or a negative errno. */
static int walk(int fd, unsigned int cmd, __u32 step, __u8 (*uuids)[KTM_UUID_SIZE],
		int max)
{
	struct ktm_list list = { .size = sizeof(list) };
	int nr = 0, ret;

	do {
		list.uuids = (uintptr_t)(uuids + nr);
		list.count = nr + step > max ? max - nr : step;
		if (!list.count)
			return nr;
		ret = ktm_call(fd, cmd, &list);
		if (ret)
			return ret;
		nr += list.count;
	} while (list.count);
	return nr;
}

#define NR_TXS	20

TEST_F(object, list)
{
	__u8 uuids[64][KTM_UUID_SIZE];
	struct tx_handle tx[NR_TXS];
	struct rm_handle rm[3];
	int i, step;

	EXPECT_EQ(0, walk(self->tm.fd, KTM_IOC_TX_LIST, 64, uuids, 64));
	EXPECT_EQ(0, walk(self->tm.fd, KTM_IOC_RM_LIST, 64, uuids, 64));
	for (i = 0; i < NR_TXS; i++)
		ASSERT_EQ(0, tx_begin(&self->tm, &tx[i], 0));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, rm_make(&self->tm, &rm[i], NULL, KTM_RM_F_VOLATILE));
	for (step = 1; step <= 64; step *= 4) {
		ASSERT_EQ(NR_TXS, walk(self->tm.fd, KTM_IOC_TX_LIST, step, uuids, 64));
		for (i = 0; i < NR_TXS; i++)
			EXPECT_EQ(0, memcmp(uuids[i], tx[i].info.uuid, KTM_UUID_SIZE));
		ASSERT_EQ(3, walk(self->tm.fd, KTM_IOC_RM_LIST, step, uuids, 64));
		for (i = 0; i < 3; i++)
			EXPECT_EQ(0, memcmp(uuids[i], rm[i].info.uuid, KTM_UUID_SIZE));
	}
}

/* What ends or begins during a walk is missed or seen, never seen twice. */
TEST_F(object, list_while_it_changes)
{
	__u8 uuids[64][KTM_UUID_SIZE];
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids };
	struct tx_handle tx[NR_TXS];
	int i;

	for (i = 0; i < NR_TXS; i++)
		ASSERT_EQ(0, tx_begin(&self->tm, &tx[i], 0));
	list.count = 5;
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_TX_LIST, &list));
	ASSERT_EQ(5, list.count);
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, close(tx[i].fd));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx[0], 0));
	list.count = 64;
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_TX_LIST, &list));
	ASSERT_EQ(NR_TXS - 10 + 1, list.count);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(0, memcmp(uuids[i], tx[10 + i].info.uuid, KTM_UUID_SIZE));
	EXPECT_EQ(0, memcmp(uuids[10], tx[0].info.uuid, KTM_UUID_SIZE));
	list.count = 64;
	ASSERT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_TX_LIST, &list));
	EXPECT_EQ(0, list.count);
}

TEST_F(object, list_bad_arguments)
{
	__u8 uuids[4][KTM_UUID_SIZE];
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids };
	struct tx_handle tx;

	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_TX_LIST, &list));
	list.count = 1025;
	EXPECT_EQ(-EINVAL, ktm_call(self->tm.fd, KTM_IOC_TX_LIST, &list));
	list.count = 4;
	list.cursor = ~0ULL;
	EXPECT_EQ(0, ktm_call(self->tm.fd, KTM_IOC_TX_LIST, &list));
	EXPECT_EQ(0, list.count);
	list.cursor = 0;
	list.count = 4;
	list.uuids = 0;
	EXPECT_EQ(-EFAULT, ktm_call(self->tm.fd, KTM_IOC_TX_LIST, &list));
	EXPECT_EQ(-EFAULT, ktm_call(self->dev, KTM_IOC_TM_LIST, &list));
}

TEST_F(object, list_of_tms)
{
	__u8 uuids[64][KTM_UUID_SIZE];
	struct tm_handle tm;
	bool found = false;
	int i, nr;

	ASSERT_EQ(0, tm_make(&tm, 0));
	nr = walk(self->dev, KTM_IOC_TM_LIST, 1, uuids, 64);
	ASSERT_GE(nr, 2);
	for (i = 0; i < nr; i++)
		found |= !memcmp(uuids[i], self->tm.uuid, KTM_UUID_SIZE);
	EXPECT_TRUE(found);
}

TEST_F(object, enlist_in_another_tm)
{
	struct tm_handle other;
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;

	ASSERT_EQ(0, tm_make(&other, 0600));
	ASSERT_EQ(0, rm_make(&other, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&rm));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	EXPECT_EQ(-EXDEV, en_make(&rm, &tx, &en, 1, 0));
	tx.fd = self->tm.fd;
	EXPECT_EQ(-EBADFD, en_make(&rm, &tx, &en, 1, 0));
	tx.fd = 0;
	EXPECT_EQ(-EBADFD, en_make(&rm, &tx, &en, 1, 0));
	tx.fd = -1;
	EXPECT_EQ(-EBADF, en_make(&rm, &tx, &en, 1, 0));
	tx.fd = 999;
	EXPECT_EQ(-EBADF, en_make(&rm, &tx, &en, 1, 0));
	ASSERT_RM(&rm, .state = KTM_RM_S_ONLINE);
}

/* Reads a line of /proc/self/fdinfo; false if it is not there. */
static bool fdinfo_has(int fd, const char *field, const char *value)
{
	char path[64], line[256], want[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	snprintf(want, sizeof(want), "%s:\t%s\n", field, value);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		found |= !strcmp(line, want);
	if (file)
		fclose(file);
	return found;
}

static const char *uuid_text(const __u8 *uuid)
{
	static char text[40];
	int i, n = 0;

	for (i = 0; i < KTM_UUID_SIZE; i++)
		n += sprintf(text + n, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ?
			     "-" : "", uuid[i]);
	return text;
}

TEST_F(object, fdinfo)
{
	struct rm_handle rm;
	struct tx_handle tx;
	struct en_handle en;

	ASSERT_EQ(0, rm_make(&self->tm, &rm, NULL, KTM_RM_F_VOLATILE));
	ASSERT_EQ(0, rm_recover(&rm));
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	ASSERT_EQ(0, en_make(&rm, &tx, &en, 1, 0));
	EXPECT_TRUE(fdinfo_has(self->tm.fd, "ktm-tm", uuid_text(self->tm.uuid)));
	EXPECT_TRUE(fdinfo_has(self->tm.fd, "state", "1"));
	EXPECT_TRUE(fdinfo_has(tx.fd, "ktm-tx", uuid_text(tx.info.uuid)));
	EXPECT_TRUE(fdinfo_has(tx.fd, "ktm-tm", uuid_text(self->tm.uuid)));
	EXPECT_TRUE(fdinfo_has(tx.fd, "state", "1"));
	EXPECT_TRUE(fdinfo_has(rm.fd, "ktm-rm", uuid_text(rm.info.uuid)));
	EXPECT_TRUE(fdinfo_has(rm.fd, "state", "1"));
	EXPECT_TRUE(fdinfo_has(en.fd, "ktm-enlistment", uuid_text(en.info.uuid)));
	EXPECT_TRUE(fdinfo_has(en.fd, "ktm-tx", uuid_text(tx.info.uuid)));
	ASSERT_EQ(0, read_only(&en));
	EXPECT_TRUE(fdinfo_has(en.fd, "state", "7"));
}

TEST_HARNESS_MAIN
