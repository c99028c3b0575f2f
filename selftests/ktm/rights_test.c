// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - rights of fds: each call with and without its right, fds with
 * fewer rights, and what the close of the last one means
 */
#include <sys/socket.h>

#include "harness.h"
#include "ktm_harness.h"

enum kind { TM, TX, RM, EN, NR_KINDS };

static const __u64 all_rights[NR_KINDS] = {
	[TM] = KTM_RIGHTS_TM,
	[TX] = KTM_RIGHTS_TX,
	[RM] = KTM_RIGHTS_RM,
	[EN] = KTM_RIGHTS_EN,
};

/*
 * Calls that an argument of zeros refuses, but for those marked: they work, or, orders of a
 * superior, are refused to this enlistment with EPERM whatever its rights.
 */
static const struct {
	const char *name;
	enum kind kind;
	unsigned int cmd;
	__u32 size;
	__u64 right;
	bool works;	/* with zeros, or is not for this enlistment */
} calls[] = {
#define CALL(kind_, nr, type, right_, ...) \
	{ #nr, kind_, KTM_IOC_##nr, sizeof(struct type), right_, ##__VA_ARGS__ }
	CALL(TM, TM_INFO, ktm_tm_info, KTM_RIGHT_QUERY),
	CALL(TM, TM_DETACH, ktm_simple, KTM_RIGHT_DETACH),
	CALL(TM, TM_ROLLFORWARD, ktm_tm_rollforward, KTM_RIGHT_DETACH),
	CALL(TM, TM_RECOVER, ktm_tm_recover, KTM_RIGHT_DETACH),
	CALL(TM, TM_FREEZE, ktm_tm_freeze, KTM_RIGHT_DETACH),
	CALL(TM, TM_THAW, ktm_simple, KTM_RIGHT_DETACH),
	CALL(TM, TX_CREATE, ktm_tx_create, KTM_RIGHT_BEGIN, true),
	CALL(TM, TX_OPEN, ktm_open, 0),
	CALL(TM, TX_LIST, ktm_list, KTM_RIGHT_QUERY),
	CALL(TM, RM_CREATE, ktm_rm_create, KTM_RIGHT_CREATE_RM),
	CALL(TM, RM_LIST, ktm_list, KTM_RIGHT_QUERY),
	CALL(TM, RM_INFO, ktm_rm_info, KTM_RIGHT_QUERY),
	CALL(TM, RM_OPEN, ktm_open, KTM_RIGHT_QUERY),
	CALL(TM, EN_LIST, ktm_list, KTM_RIGHT_QUERY),
	CALL(TM, EN_INFO, ktm_en_info, KTM_RIGHT_QUERY),
	CALL(TX, EN_LIST, ktm_list, KTM_RIGHT_QUERY),
	CALL(RM, EN_LIST, ktm_list, KTM_RIGHT_QUERY),
	CALL(TX, TX_INFO, ktm_tx_info, KTM_RIGHT_QUERY),
	CALL(TX, TX_COMMIT, ktm_tx_end, KTM_RIGHT_COMMIT, true),
	CALL(TX, TX_ROLLBACK, ktm_tx_end, KTM_RIGHT_ROLLBACK, true),
	CALL(TX, TX_SET_TIMEOUT, ktm_tx_set_timeout, KTM_RIGHT_SET),
	CALL(TX, TX_SAVEPOINT, ktm_tx_savepoint, KTM_RIGHT_SET),
	CALL(TX, TX_ROLLBACK_TO, ktm_tx_savepoint, KTM_RIGHT_ROLLBACK),
	CALL(TX, TX_RELEASE, ktm_tx_savepoint, KTM_RIGHT_SET),
	CALL(RM, RM_INFO, ktm_rm_info, KTM_RIGHT_QUERY),
	CALL(RM, RM_RECOVER, ktm_simple, KTM_RIGHT_RECOVER),
	CALL(RM, RM_FETCH, ktm_rm_fetch, KTM_RIGHT_NOTIFY),
	CALL(RM, EN_CREATE, ktm_en_create, KTM_RIGHT_ENLIST),
	CALL(RM, EN_OPEN, ktm_en_open, KTM_RIGHT_RECOVER),
	CALL(EN, EN_INFO, ktm_en_info, KTM_RIGHT_QUERY),
	CALL(EN, EN_LOG, ktm_en_log, KTM_RIGHT_LOG),
	CALL(EN, EN_READ_LOG, ktm_en_read_log, KTM_RIGHT_LOG),
	CALL(EN, EN_SET_RECOVERY_INFO, ktm_en_recovery_info, KTM_RIGHT_LOG),
	CALL(EN, EN_GET_RECOVERY_INFO, ktm_en_recovery_info, KTM_RIGHT_LOG),
	CALL(EN, EN_RECOVER, ktm_en_answer, KTM_RIGHT_RECOVER),
	CALL(EN, EN_PREPARE_COMPLETE, ktm_en_answer, KTM_RIGHT_ANSWER),
	CALL(EN, EN_COMMIT_COMPLETE, ktm_en_answer, KTM_RIGHT_ANSWER),
	CALL(EN, EN_ROLLBACK_COMPLETE, ktm_en_answer, KTM_RIGHT_ANSWER),
	CALL(EN, EN_READ_ONLY, ktm_en_answer, KTM_RIGHT_ANSWER, true),
	CALL(EN, EN_REJECT_SINGLE_PHASE, ktm_en_answer, KTM_RIGHT_ANSWER),
	CALL(EN, EN_REQUEST_OUTCOME, ktm_en_answer, KTM_RIGHT_ANSWER),
	CALL(EN, EN_PREPREPARE_COMPLETE, ktm_en_answer, KTM_RIGHT_ANSWER),
	CALL(EN, EN_PREPREPARE, ktm_en_answer, KTM_RIGHT_ANSWER, true),
	CALL(EN, EN_PREPARE, ktm_en_answer, KTM_RIGHT_ANSWER, true),
	CALL(EN, EN_COMMIT, ktm_en_answer, KTM_RIGHT_ANSWER, true),
	CALL(EN, EN_SAVEPOINT_COMPLETE, ktm_en_savepoint, KTM_RIGHT_ANSWER),
	CALL(EN, EN_ROLLBACK, ktm_en_rollback, KTM_RIGHT_ANSWER),
	CALL(TX, FD_INFO, ktm_fd_info, 0),
};

FIXTURE(rights)
{
	struct tm_handle tm;
	struct tx_handle tx;
	struct rm_handle rm;
	struct en_handle en;
	int fd[NR_KINDS];
};

FIXTURE_SETUP(rights)
{
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
}

FIXTURE_TEARDOWN(rights)
{
}

#define ASSERT_UNTOUCHED() do {							\
	ASSERT_TM(&self->tm, .state = KTM_TM_S_ONLINE, .rms = 1, .active = 1);	\
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);		\
	ASSERT_RM(&self->rm, .state = KTM_RM_S_ONLINE, .nr = 1);		\
	ASSERT_EN(&self->en, .state = KTM_EN_S_ACTIVE, .tx_state = KTM_TX_S_ACTIVE); \
	ASSERT_QUIET(&self->rm);						\
} while (0)

/* The fd, or a negative errno. */
static int restrict_fd(int fd, __u64 rights)
{
	struct ktm_restrict arg = { .size = sizeof(arg), .rights = rights };
	int ret = ktm_call(fd, KTM_IOC_RESTRICT, &arg);

	return ret ? ret : arg.out_fd;
}

static __u64 rights_of(int fd)
{
	struct ktm_fd_info info = { .size = sizeof(info) };

	return ktm_call(fd, KTM_IOC_FD_INFO, &info) ? ~0ULL : info.rights;
}

static int call_empty(int fd, unsigned int cmd, __u32 size)
{
	char arg[2048] = { 0 };

	memcpy(arg, &size, sizeof(size));
	return ktm_call(fd, cmd, arg);
}

static int open_tx(int tm_fd, const struct tx_handle *tx)
{
	struct ktm_open arg = { .size = sizeof(arg) };
	int ret;

	memcpy(arg.uuid, tx->info.uuid, KTM_UUID_SIZE);
	ret = ktm_call(tm_fd, KTM_IOC_TX_OPEN, &arg);
	return ret ? ret : arg.out_fd;
}

/* A handle of the same object by another fd: a pointer to it. */
#define BY(handle, fd_) ((__typeof__(handle)[1]) { ({	\
	__typeof__(handle) by_ = (handle);		\
							\
	by_.fd = (fd_);					\
	by_;						\
}) })

TEST_F(rights, makers_have_all)
{
	enum kind kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		struct ktm_fd_info info = { .size = sizeof(info) };

		ASSERT_EQ(0, ktm_call(self->fd[kind], KTM_IOC_FD_INFO, &info));
		EXPECT_EQ(kind + 1, info.kind);
		EXPECT_EQ(all_rights[kind], info.rights);
		EXPECT_EQ(0, info.flags);
		EXPECT_EQ(0, info.reserved);
	}
}

/* Every call, on fds with one right alone and with all but one. */
TEST_F(rights, each_call)
{
	enum kind kind;
	__u64 right, rights;
	int fd, ret, alone;
	size_t i;

	for (kind = 0; kind < NR_KINDS; kind++)
		for (right = 1; right <= all_rights[kind]; right <<= 1)
			for (alone = 0; alone < 2; alone++) {
				rights = alone ? right : all_rights[kind] & ~right;
				if (!(right & all_rights[kind]))
					continue;
				fd = restrict_fd(self->fd[kind], rights);
				ASSERT_GE(fd, 0);
				EXPECT_EQ(rights, rights_of(fd));
				for (i = 0; i < ARRAY_LEN(calls); i++) {
					bool may = !(calls[i].right & ~rights);

					if (calls[i].kind != kind || (may && calls[i].works))
						continue;
					ret = call_empty(fd, calls[i].cmd, calls[i].size);
					EXPECT_EQ(!may, ret == -EPERM)
						TH_LOG("%s with %#llx: %d", calls[i].name,
						       rights, ret);
				}
				ASSERT_UNTOUCHED();
				ASSERT_EQ(0, close(fd));
				ASSERT_UNTOUCHED();
			}
}

/* Each ioctl of an object is in the table above. */
TEST_F(rights, all_calls_are_here)
{
	enum kind kind;
	unsigned int nr;
	size_t i;
	int fd;

	for (kind = 0; kind < NR_KINDS; kind++) {
		fd = restrict_fd(self->fd[kind], 0);
		ASSERT_GE(fd, 0);
		for (nr = 0; nr < 256; nr++) {
			unsigned int cmd = _IO(KTM_IOC_TYPE, nr);

			if (cmd == KTM_IOC_GET_ABI || cmd == KTM_IOC_FD_INFO ||
			    cmd == KTM_IOC_RESTRICT || ktm_call(fd, cmd, NULL) == -ENOTTY)
				continue;
			for (i = 0; i < ARRAY_LEN(calls); i++)
				if (calls[i].kind == kind && calls[i].cmd == cmd)
					break;
			EXPECT_LT(i, ARRAY_LEN(calls)) TH_LOG("kind %d number %#x", kind, nr);
		}
		close(fd);
	}
}

TEST_F(rights, never_more)
{
	struct ktm_restrict arg = { .size = sizeof(arg), .rights = ~0ULL };
	int less, same, none;

	ASSERT_EQ(0, ktm_call(self->tx.fd, KTM_IOC_RESTRICT, &arg));
	EXPECT_EQ(KTM_RIGHTS_TX, arg.rights);
	EXPECT_EQ(KTM_RIGHTS_TX, rights_of(arg.out_fd));

	less = restrict_fd(self->tx.fd, KTM_RIGHT_QUERY | KTM_RIGHT_ENLIST);
	same = restrict_fd(less, ~0ULL);
	EXPECT_EQ(KTM_RIGHT_QUERY | KTM_RIGHT_ENLIST, rights_of(same));
	none = restrict_fd(same, KTM_RIGHT_COMMIT);
	EXPECT_EQ(0, rights_of(none));
	EXPECT_EQ(-EPERM, commit_wait(BY(self->tx, none)));
	/* the first is what it was */
	EXPECT_EQ(KTM_RIGHTS_TX, rights_of(self->tx.fd));
	ASSERT_UNTOUCHED();
}

TEST_F(rights, enlisting_takes_two)
{
	struct en_handle en;
	int no_tx = restrict_fd(self->tx.fd, ~KTM_RIGHT_ENLIST);
	int tx = restrict_fd(self->tx.fd, KTM_RIGHT_ENLIST);
	int no_rm = restrict_fd(self->rm.fd, ~KTM_RIGHT_ENLIST);
	int rm = restrict_fd(self->rm.fd, KTM_RIGHT_ENLIST);

	EXPECT_EQ(-EPERM, en_make(BY(self->rm, rm), BY(self->tx, no_tx), &en, 2, 0));
	EXPECT_EQ(-EPERM, en_make(BY(self->rm, no_rm), BY(self->tx, tx), &en, 2, 0));
	ASSERT_UNTOUCHED();
	EXPECT_EQ(0, en_make(BY(self->rm, rm), BY(self->tx, tx), &en, 2, 0));
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 2);
}

/* What a TM's fd may not do, the fds of transactions opened by it may not do. */
TEST_F(rights, of_a_tm_bound_those_of_its_transactions)
{
	int tm = restrict_fd(self->tm.fd, KTM_RIGHT_QUERY | KTM_RIGHT_ENLIST |
					  KTM_RIGHT_CREATE_RM);
	struct tx_handle tx = *BY(self->tx, open_tx(tm, &self->tx)), other;
	struct rm_handle rm;
	struct en_handle en;

	ASSERT_GE(tx.fd, 0);
	EXPECT_EQ(KTM_RIGHT_QUERY | KTM_RIGHT_ENLIST, rights_of(tx.fd));
	EXPECT_EQ(-EPERM, commit_wait(&tx));
	EXPECT_EQ(-EPERM, rollback_wait(&tx));
	EXPECT_EQ(-EPERM, tx_begin(BY(self->tm, tm), &other, 0));
	ASSERT_UNTOUCHED();
	ASSERT_EQ(0, rm_make(BY(self->tm, tm), &rm, NULL, KTM_RM_F_VOLATILE));
	EXPECT_EQ(KTM_RIGHTS_RM, rights_of(rm.fd));
	ASSERT_EQ(0, rm_recover(&rm));
	EXPECT_EQ(0, en_make(&rm, &tx, &en, 1, 0));
	EXPECT_EQ(KTM_RIGHTS_TX, rights_of(open_tx(self->tm.fd, &self->tx)));
}

TEST_F(rights, read_and_poll)
{
	struct ktm_notification note;
	struct pollfd poll_fd = { .events = POLLIN };
	int fd = restrict_fd(self->rm.fd, ~KTM_RIGHT_NOTIFY);
	int only = restrict_fd(self->rm.fd, KTM_RIGHT_NOTIFY);

	ASSERT_EQ(-EINPROGRESS, commit_nowait(&self->tx));
	EXPECT_EQ(-1, read(fd, &note, sizeof(note)));
	EXPECT_EQ(EPERM, errno);
	poll_fd.fd = fd;
	EXPECT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLERR, poll_fd.revents);
	poll_fd.fd = only;
	EXPECT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLIN, poll_fd.revents);
	EXPECT_EQ(sizeof(note), read(only, &note, sizeof(note)));
	EXPECT_EQ(KTM_NOTIFY_PREPARE, note.type);
}

TEST_F(rights, close_of_a_transaction)
{
	int look = restrict_fd(self->tx.fd, ~(KTM_RIGHT_COMMIT | KTM_RIGHT_ROLLBACK));
	int commit = restrict_fd(self->tx.fd, KTM_RIGHT_COMMIT);
	int rollback = restrict_fd(self->tx.fd, KTM_RIGHT_ROLLBACK);
	struct tx_handle tx = *BY(self->tx, look);

	close(restrict_fd(self->tx.fd, KTM_RIGHT_QUERY));
	ASSERT_UNTOUCHED();
	close(self->tx.fd);
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	close(commit);
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	/* nobody is left who could end it */
	close(rollback);
	ASSERT_TX(&tx, .state = KTM_TX_S_ABORTING, .reason = KTM_REASON_CLOSED,
		  .nr = 1, .waiting = 1);
}

TEST_F(rights, close_of_an_enlistment)
{
	int log = restrict_fd(self->en.fd, ~KTM_RIGHT_ANSWER);
	int answer = restrict_fd(self->en.fd, KTM_RIGHT_ANSWER);

	close(restrict_fd(self->en.fd, KTM_RIGHT_LOG));
	ASSERT_UNTOUCHED();
	close(self->en.fd);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	close(answer);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED,
		  .reason = KTM_REASON_ENLISTMENT_CLOSED, .rm = &self->rm);
	ASSERT_EN(BY(self->en, log), .state = KTM_EN_S_DONE,
		  .tx_state = KTM_TX_S_ABORTED);
}

/* An fd that outlives its RM's life has no part in the next one. */
TEST_F(rights, close_of_an_rm)
{
	int rest = restrict_fd(self->rm.fd, ~KTM_RIGHT_NOTIFY);
	int notify = restrict_fd(self->rm.fd, KTM_RIGHT_NOTIFY);
	struct rm_handle old = *BY(self->rm, rest), again;
	struct tx_handle tx;
	struct en_handle en;

	close(self->rm.fd);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	close(notify);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_ABORTED, .reason = KTM_REASON_RM_GONE,
		  .rm = &self->rm);
	ASSERT_RM(&old, .state = KTM_RM_S_GONE);
	ASSERT_EQ(0, tx_begin(&self->tm, &tx, 0));
	EXPECT_EQ(-EPROTO, en_make(&old, &tx, &en, 1, 0));
	EXPECT_EQ(-EPROTO, rm_recover(&old));

	ASSERT_EQ(0, rm_make(&self->tm, &again, self->rm.info.uuid, KTM_RM_F_VOLATILE));
	EXPECT_EQ(-EPROTO, rm_recover(&old));
	ASSERT_RM(&again, .state = KTM_RM_S_OFFLINE);
	ASSERT_EQ(0, rm_recover(&again));
	EXPECT_EQ(-EPROTO, en_make(&old, &tx, &en, 1, 0));
	ASSERT_EQ(0, en_make(&again, &tx, &en, 1, 0));
	EXPECT_EQ(-ENOENT, en_reopen(&old, en.info.uuid, 2, BY(en, -1)));
	/* its close means nothing to the new life */
	close(rest);
	ASSERT_TX(&tx, .state = KTM_TX_S_ACTIVE, .nr = 1);
	ASSERT_RM(&again, .state = KTM_RM_S_ONLINE, .nr = 1);
}

static int send_fd(int sock, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int sock)
{
	char space[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* Another process gets an fd, and what it may do is what the fd may. */
TEST_F(rights, passed_on)
{
	int sock[2], status, fd, i;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		struct tx_handle tx = self->tx;

		/* close-on-exec does not close at fork */
		for (i = 0; i < NR_KINDS; i++)
			close(self->fd[i]);
		tx.fd = receive_fd(sock[1]);
		if (rights_of(tx.fd) != KTM_RIGHT_COMMIT)
			_exit(1);
		if (rollback_wait(&tx) != -EPERM || tx_info(&tx, &tx.info) != -EPERM)
			_exit(2);
		if (commit_nowait(&tx) != -EINPROGRESS)
			_exit(3);
		_exit(0);
	}
	fd = restrict_fd(self->tx.fd, KTM_RIGHT_COMMIT);
	ASSERT_EQ(0, send_fd(sock[0], fd));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_TX(&self->tx, .state = KTM_TX_S_PREPARING, .nr = 1, .waiting = 1);
}

TEST_F(rights, fdinfo)
{
	char path[64], line[128];
	unsigned long long rights = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d",
		 restrict_fd(self->tx.fd, KTM_RIGHT_QUERY | KTM_RIGHT_SET));
	file = fopen(path, "r");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "rights: %llx", &rights);
	fclose(file);
	EXPECT_EQ(KTM_RIGHT_QUERY | KTM_RIGHT_SET, rights);
}

TEST_HARNESS_MAIN
