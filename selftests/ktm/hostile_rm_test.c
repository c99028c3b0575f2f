// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - what has been a security bug of the model elsewhere, by its row in
 * the list of weak points of KTM: W21, recovery against the end
 */
#include <pthread.h>

#include "harness.h"
#include "ktm_log.h"
#include "ktm_user.h"

#define ROUNDS	4
#define NR	60

static int open_by(int fd, unsigned int cmd, const __u8 *uuid)
{
	struct ktm_open arg = { .size = sizeof(arg) };

	memcpy(arg.uuid, uuid, KTM_UUID_SIZE);
	return ktm_call(fd, cmd, &arg) ?: arg.out_fd;
}

static bool told(struct rm_handle *rm, __u32 type, struct en_handle *en)
{
	return !*note_differs(rm, type, en);
}

/*
 * W21: recovery of an RM went through its enlistments, and used one that had ended
 * while the lock was dropped.
 */
struct crowd {
	struct tm_handle tm;
	struct rm_handle rm, boss;
	pthread_mutex_t files;	/* their fds may not be closed while a call is in them */
	__u8 en[NR][KTM_UUID_SIZE];
	bool walked, over;
};

FIXTURE(w21)
{
	const char *path;
	__u8 uuid[KTM_UUID_SIZE];
	struct crowd c;
};

FIXTURE_SETUP(w21)
{
	self->path = log_device("KTM_LOG_DEV");
	if (!self->path)
		SKIP(_exit(SKIPPED), "no KTM_LOG_DEV");
	memset(&self->c, 0, sizeof(self->c));
	pthread_mutex_init(&self->c.files, NULL);
	ASSERT_EQ(0, log_format(self->path, 0, self->uuid));
	ASSERT_EQ(0, tm_attach(self->path, self->uuid, &self->c.tm, NULL));
}

FIXTURE_TEARDOWN(w21)
{
	if (self->c.tm.durable)
		EXPECT_EQ(0, tm_detach(&self->c.tm));
}

/* Every other one is decided, the rest is up to the superior. */
static void leave_unresolved(struct crowd *c)
{
	struct en_handle en, sup;
	struct tx_handle tx;
	int i;

	for (i = 0; i < NR; i++) {
		MUST(!tx_begin(&c->tm, &tx, 0) && !en_make(&c->rm, &tx, &en, 1, 0));
		if (i & 1)
			MUST(!en_make(&c->boss, &tx, &sup, 2, KTM_EN_F_SUPERIOR) &&
			     !order_prepare(&sup));
		else
			MUST(commit_nowait(&tx) == -EINPROGRESS);
		MUST(told(&c->rm, KTM_NOTIFY_PREPARE, &en) && !prepare_complete(&en));
		if (i & 1)
			MUST(told(&c->boss, KTM_NOTIFY_PREPARE_COMPLETE, &sup));
		else
			MUST(told(&c->rm, KTM_NOTIFY_COMMIT, &en));
		memcpy(c->en[i], en.info.uuid, KTM_UUID_SIZE);
		close(en.fd);
		close(tx.fd);
		if (i & 1)
			close(sup.fd);
	}
}

/* Recovers; the others do what they can meanwhile. */
static void *recover(void *arg)
{
	struct crowd *c = arg;

	MUST(!rm_recover(&c->rm));
	__atomic_store_n(&c->walked, true, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Each enlistment is ended as soon as it was announced: while the rest is not yet. */
static void *carry_out(void *arg)
{
	struct crowd *c = arg;
	struct en_handle en;
	bool walked;
	int i, ret;

	for (i = 0; i < NR; i += 2) {
		ret = en_reopen(&c->rm, c->en[i], 1, &en);
		if (ret) {
			MUST(ret == -ENOENT);	/* another thread was here */
			continue;
		}
		/* not before it was announced */
		do {
			walked = __atomic_load_n(&c->walked, __ATOMIC_SEQ_CST);
			ret = ask_outcome(&en);
		} while (ret == -EPROTO && !walked);
		MUST(!ret || ret == -EPROTO || ret == -EALREADY);
		ret = commit_complete(&en);
		MUST(!ret || ret == -EALREADY || ret == -EPROTO);
		close(en.fd);
	}
	return NULL;
}

/* The superior rolls its own back: they leave the RM that is being recovered. */
static void *roll_back(void *arg)
{
	struct crowd *c = arg;
	struct ktm_notification note;
	struct en_handle sup;

	MUST(!rm_recover(&c->boss));
	while (read(c->boss.fd, &note, sizeof(note)) == sizeof(note)) {
		if (note.type != KTM_NOTIFY_RECOVER_QUERY)
			continue;
		MUST(!en_reopen(&c->boss, note.enlistment, 1, &sup));
		MUST(!en_veto(&sup, KTM_REASON_RM, 0, ""));
		close(sup.fd);
	}
	return NULL;
}

/* Looks at all there is, again and again. */
static void *enumerate(void *arg)
{
	static const unsigned int on_tm[] = {
		KTM_IOC_EN_LIST, KTM_IOC_TX_LIST, KTM_IOC_RM_LIST,
	};
	struct ktm_en_info info = { .size = sizeof(info) };
	__u8 uuids[16][KTM_UUID_SIZE];
	struct crowd *c = arg;
	struct ktm_list list = { .size = sizeof(list), .uuids = (uintptr_t)uuids };
	unsigned int turn;
	int fd, ret;
	__u32 i;

	for (turn = 0; !__atomic_load_n(&c->over, __ATOMIC_SEQ_CST); turn++) {
		list.cursor = 0;
		do {
			list.count = 16;
			pthread_mutex_lock(&c->files);
			MUST(!ktm_call(turn % 4 < 3 ? c->tm.fd : c->rm.fd,
				       turn % 4 < 3 ? on_tm[turn % 4] : KTM_IOC_EN_LIST,
				       &list));
			pthread_mutex_unlock(&c->files);
			for (i = 0; i < list.count; i++) {
				info.flags = 0;
				memcpy(info.uuid, uuids[i], KTM_UUID_SIZE);
				ret = ktm_call(c->tm.fd, KTM_IOC_EN_INFO, &info);
				MUST(!ret || ret == -ENOENT);
				fd = open_by(c->tm.fd, KTM_IOC_TX_OPEN, uuids[i]);
				MUST(fd >= 0 || fd == -ENOENT);
				if (fd >= 0)
					close(fd);
			}
		} while (list.count);
	}
	return NULL;
}

/* Ends whatever the threads have left, as an RM without enemies does. */
static void finish(struct crowd *c)
{
	struct rm_handle *rms[] = { &c->boss, &c->rm };
	struct ktm_notification note;
	struct en_handle en;
	int i;

	for (i = 0; i < 2; i++) {
		pthread_mutex_lock(&c->files);
		close(rms[i]->fd);
		MUST(!rm_make(&c->tm, rms[i], rms[i]->info.uuid, 0));
		pthread_mutex_unlock(&c->files);
		MUST(!rm_recover(rms[i]));
		while (read(rms[i]->fd, &note, sizeof(note)) == sizeof(note)) {
			if (note.type != KTM_NOTIFY_RECOVER &&
			    note.type != KTM_NOTIFY_RECOVER_QUERY)
				continue;
			MUST(!en_reopen(rms[i], note.enlistment, 1, &en));
			if (note.type == KTM_NOTIFY_RECOVER_QUERY)
				MUST(!en_veto(&en, KTM_REASON_RM, 0, ""));
			else
				MUST(!ask_outcome(&en) && !commit_complete(&en));
			close(en.fd);
		}
	}
}

TEST_F_TIMEOUT(w21, recovery_against_the_end, 600)
{
	struct crowd *c = &self->c;
	pthread_t enders[3], recovers, superior, looks;
	__u64 reserved;
	int round, i;

	ASSERT_EQ(0, rm_start(&c->tm, &c->rm, NULL));
	ASSERT_EQ(0, rm_start(&c->tm, &c->boss, NULL));
	for (round = 0; round < ROUNDS; round++) {
		struct ktm_tm_info info;

		leave_unresolved(c);
		ASSERT_EQ(0, close(c->rm.fd));
		ASSERT_EQ(0, close(c->boss.fd));
		ASSERT_EQ(0, rm_make(&c->tm, &c->rm, c->rm.info.uuid, 0));
		ASSERT_EQ(0, rm_make(&c->tm, &c->boss, c->boss.info.uuid, 0));
		c->walked = false;
		c->over = false;
		ASSERT_EQ(0, pthread_create(&looks, NULL, enumerate, c));
		ASSERT_EQ(0, pthread_create(&superior, NULL, roll_back, c));
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, pthread_create(&enders[i], NULL, carry_out, c));
		ASSERT_EQ(0, pthread_create(&recovers, NULL, recover, c));
		ASSERT_EQ(0, pthread_join(recovers, NULL));
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, pthread_join(enders[i], NULL));
		ASSERT_EQ(0, pthread_join(superior, NULL));
		/* a life that ends in the middle of it all, too */
		if (round & 1)
			finish(c);
		__atomic_store_n(&c->over, true, __ATOMIC_SEQ_CST);
		ASSERT_EQ(0, pthread_join(looks, NULL));
		finish(c);
		ASSERT_RM(&c->rm, .state = KTM_RM_S_ONLINE);
		ASSERT_RM(&c->boss, .state = KTM_RM_S_ONLINE);
		reserved = now_ns() + PATIENCE * MSEC;
		do {
			ASSERT_EQ(0, tm_info(&c->tm, &info));
		} while (info.log_reserved && now_ns() < reserved);
		EXPECT_EQ(0, info.nr_unfinished);
		EXPECT_EQ(0, info.log_reserved);
		EXPECT_EQ(0, info.user_log);
	}
	close(c->rm.fd);
	close(c->boss.fd);
}

TEST_HARNESS_MAIN
