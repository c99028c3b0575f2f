// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - ioctls, and states read back, for the tests of the core
 *
 * Every argument is laid at the end of a poisoned buffer, so that a kernel that
 * writes more than the caller's size is noticed.
 */
#include <stdarg.h>
#include <sys/random.h>

#include "ktm_harness.h"

#define POISON	0x5a
#define GUARD	64

int ktm_call(int fd, unsigned int cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

/* A call whose argument is followed by bytes that must stay as they are. */
static int guarded(int fd, unsigned int cmd, void *arg, size_t size)
{
	unsigned char buffer[2048];
	size_t i;
	int ret;

	if (size + GUARD > sizeof(buffer))
		abort();
	memset(buffer, POISON, sizeof(buffer));
	memcpy(buffer, arg, size);
	ret = ktm_call(fd, cmd, buffer);
	memcpy(arg, buffer, size);
	for (i = size; i < size + GUARD; i++)
		if (buffer[i] != POISON)
			return -ERANGE;
	return ret;
}

/* A query: every byte that the kernel does not write shows. */
static int query(int fd, unsigned int cmd, void *info, __u32 size)
{
	__u32 head[2] = { size, 0 };

	memset(info, POISON, size);
	memcpy(info, head, sizeof(head));
	return guarded(fd, cmd, info, size);
}

int ktm_dev(void)
{
	int fd = open(KTM_DEV, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

__u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void random_uuid(__u8 *uuid)
{
	if (getrandom(uuid, KTM_UUID_SIZE, 0) != KTM_UUID_SIZE)
		abort();
}

int tm_make(struct tm_handle *tm, __u32 mode)
{
	struct ktm_tm_create arg = { .size = sizeof(arg), .name = "test", .mode = mode };
	int dev = ktm_dev(), ret;

	if (dev < 0)
		return dev;
	ret = guarded(dev, KTM_IOC_TM_CREATE, &arg, sizeof(arg));
	close(dev);
	tm->fd = ret ? -1 : arg.out_fd;
	tm->durable = false;
	memcpy(tm->uuid, arg.uuid, sizeof(tm->uuid));
	return ret;
}

int tm_info(const struct tm_handle *tm, struct ktm_tm_info *info)
{
	return query(tm->fd, KTM_IOC_TM_INFO, info, sizeof(*info));
}

int tx_begin(const struct tm_handle *tm, struct tx_handle *tx, __u64 deadline)
{
	struct ktm_tx_create arg = {
		.size = sizeof(arg),
		.description = "a test",
		.deadline = deadline,
	};
	int ret;

	ret = guarded(tm->fd, KTM_IOC_TX_CREATE, &arg, sizeof(arg));
	memset(tx, 0, sizeof(*tx));
	tx->fd = ret ? -1 : arg.out_fd;
	tx->info.size = sizeof(tx->info);
	tx->info.owner_pid = getpid();
	memcpy(tx->info.uuid, arg.uuid, KTM_UUID_SIZE);
	memcpy(tx->info.tm_uuid, tm->uuid, KTM_UUID_SIZE);
	strcpy(tx->info.description, arg.description);
	return ret;
}

int tx_info(const struct tx_handle *tx, struct ktm_tx_info *info)
{
	return query(tx->fd, KTM_IOC_TX_INFO, info, sizeof(*info));
}

int tx_end(const struct tx_handle *tx, unsigned int cmd, __u32 flags,
	   struct ktm_tx_end *end)
{
	struct ktm_tx_end arg = { .size = sizeof(arg), .flags = flags };
	int ret = guarded(tx->fd, cmd, &arg, sizeof(arg));

	if (end)
		*end = arg;
	return ret;
}

int tx_set_timeout(const struct tx_handle *tx, __u64 deadline)
{
	struct ktm_tx_set_timeout arg = { .size = sizeof(arg), .deadline = deadline };

	return guarded(tx->fd, KTM_IOC_TX_SET_TIMEOUT, &arg, sizeof(arg));
}

int tx_savepoint(const struct tx_handle *tx, unsigned int cmd, __u64 *savepoint, __u8 *rm)
{
	struct ktm_tx_savepoint arg = { .size = sizeof(arg), .savepoint = *savepoint };
	int ret = guarded(tx->fd, cmd, &arg, sizeof(arg));

	*savepoint = arg.savepoint;
	if (rm)
		memcpy(rm, arg.rm, KTM_UUID_SIZE);
	return ret;
}

int freeze_at(int fd, __u64 freeze_deadline, __u64 thaw_deadline, __u8 *tx)
{
	struct ktm_tm_freeze arg = {
		.size = sizeof(arg),
		.freeze_deadline = freeze_deadline,
		.thaw_deadline = thaw_deadline,
	};
	int ret = guarded(fd, KTM_IOC_TM_FREEZE, &arg, sizeof(arg));

	if (tx)
		memcpy(tx, arg.tx, KTM_UUID_SIZE);
	return ret;
}

/* Relative times. */
int tm_freeze(const struct tm_handle *tm, __u64 reach, __u64 hold, __u8 *tx)
{
	__u64 now = now_ns();

	return freeze_at(tm->fd, now + reach, now + reach + hold, tx);
}

int thaw(int fd)
{
	struct ktm_simple arg = { .size = sizeof(arg) };

	return guarded(fd, KTM_IOC_TM_THAW, &arg, sizeof(arg));
}

bool is_frozen(const struct tm_handle *tm)
{
	struct ktm_tm_info info;

	return !tm_info(tm, &info) && info.flags & KTM_TM_INFO_F_FROZEN;
}

int rm_make(const struct tm_handle *tm, struct rm_handle *rm, const __u8 *uuid,
	    __u32 flags)
{
	struct ktm_rm_create arg = {
		.size = sizeof(arg),
		.flags = flags,
		.name = "test-rm",
	};
	int ret;

	if (uuid)
		memcpy(arg.uuid, uuid, KTM_UUID_SIZE);
	ret = guarded(tm->fd, KTM_IOC_RM_CREATE, &arg, sizeof(arg));
	memset(rm, 0, sizeof(*rm));
	rm->fd = ret ? -1 : arg.out_fd;
	rm->info.size = sizeof(rm->info);
	rm->info.flags = flags;
	rm->info.uid = geteuid();
	memcpy(rm->info.uuid, arg.uuid, KTM_UUID_SIZE);
	strcpy(rm->info.name, arg.name);
	if (!ret && fcntl(rm->fd, F_SETFL, O_NONBLOCK))
		return -errno;
	return ret;
}

int rm_recover(const struct rm_handle *rm)
{
	struct ktm_simple arg = { .size = sizeof(arg) };

	return guarded(rm->fd, KTM_IOC_RM_RECOVER, &arg, sizeof(arg));
}

int en_make(const struct rm_handle *rm, const struct tx_handle *tx,
	    struct en_handle *en, __u64 key, __u32 flags)
{
	struct ktm_en_create arg = {
		.size = sizeof(arg),
		.flags = flags,
		.tx_fd = tx->fd,
		.key = key,
	};
	int ret;

	ret = guarded(rm->fd, KTM_IOC_EN_CREATE, &arg, sizeof(arg));
	memset(en, 0, sizeof(*en));
	en->fd = ret ? -1 : arg.out_fd;
	en->info.size = sizeof(en->info);
	en->info.flags = flags;
	en->info.key = key;
	memcpy(en->info.uuid, arg.uuid, KTM_UUID_SIZE);
	memcpy(en->info.tx, tx->info.uuid, KTM_UUID_SIZE);
	memcpy(en->info.rm, rm->info.uuid, KTM_UUID_SIZE);
	return ret;
}

int en_reopen(const struct rm_handle *rm, const __u8 *uuid, __u64 key,
	      struct en_handle *en)
{
	struct ktm_en_open arg = { .size = sizeof(arg), .key = key };
	int ret;

	memcpy(arg.uuid, uuid, KTM_UUID_SIZE);
	ret = guarded(rm->fd, KTM_IOC_EN_OPEN, &arg, sizeof(arg));
	en->fd = ret ? -1 : arg.out_fd;
	en->info.key = key;
	return ret;
}

int en_answer(const struct en_handle *en, unsigned int cmd)
{
	struct ktm_en_answer arg = { .size = sizeof(arg) };

	return guarded(en->fd, cmd, &arg, sizeof(arg));
}

int en_veto(const struct en_handle *en, __u32 reason, __u32 error, const char *detail)
{
	struct ktm_en_rollback arg = {
		.size = sizeof(arg),
		.reason = reason,
		.error = error,
	};

	snprintf(arg.detail, sizeof(arg.detail), "%s", detail);
	return guarded(en->fd, KTM_IOC_EN_ROLLBACK, &arg, sizeof(arg));
}

int en_savepoint(const struct en_handle *en, __u64 savepoint, __u32 error)
{
	struct ktm_en_savepoint arg = {
		.size = sizeof(arg),
		.savepoint = savepoint,
		.error = error,
	};

	return guarded(en->fd, KTM_IOC_EN_SAVEPOINT_COMPLETE, &arg, sizeof(arg));
}

int en_log(const struct en_handle *en, const void *data, __u32 length, __u64 *lsn)
{
	struct ktm_en_log arg = {
		.size = sizeof(arg),
		.data = (uintptr_t)data,
		.length = length,
	};
	int ret = guarded(en->fd, KTM_IOC_EN_LOG, &arg, sizeof(arg));

	if (lsn)
		*lsn = arg.lsn;
	return ret;
}

int en_read_log(const struct en_handle *en, __u64 index, void *data, __u32 *length)
{
	struct ktm_en_read_log arg = {
		.size = sizeof(arg),
		.index = index,
		.data = (uintptr_t)data,
		.length = *length,
	};
	int ret = guarded(en->fd, KTM_IOC_EN_READ_LOG, &arg, sizeof(arg));

	*length = arg.length;
	return ret;
}

/* The first difference, in words; the buffer is reused. */
static char words[256];

static const char *say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	return words;
}

static bool other_number(const char *what, unsigned long long seen,
			 unsigned long long want)
{
	if (seen != want)
		say("%s is %llu, not %llu", what, seen, want);
	return seen != want;
}

static bool other_bytes(const char *what, const void *seen, const void *want,
			size_t size)
{
	bool other = memcmp(seen, want, size);

	if (other)
		say("%s differs", what);
	return other;
}

#define NUMBER(seen, want)	other_number(#seen, seen, want)
#define BYTES(seen, want)	other_bytes(#seen, seen, want, sizeof(seen))

const char *tm_differs(const struct tm_handle *tm, struct tm_want want)
{
	struct ktm_tm_info info;
	int ret = tm_info(tm, &info);

	if (ret)
		return say("TM_INFO gives %d", ret);
	if (NUMBER(info.size, sizeof(info)) ||
	    NUMBER(info.flags, tm->durable ? KTM_TM_INFO_F_DURABLE : 0) ||
	    BYTES(info.uuid, tm->uuid) ||
	    NUMBER(info.state, want.state) ||
	    NUMBER(info.error, want.error) ||
	    NUMBER(info.nr_rms, want.rms) ||
	    NUMBER(info.nr_active, want.active) ||
	    NUMBER(info.nr_unfinished, want.unfinished) ||
	    NUMBER(info.committed, want.committed) ||
	    NUMBER(info.aborted, want.aborted))
		return words;
	return "";
}

const char *tx_differs(const struct tx_handle *tx, struct tx_want want)
{
	static const __u8 nobody[KTM_UUID_SIZE];
	struct ktm_tx_info info;
	int ret = tx_info(tx, &info);

	if (ret)
		return say("TX_INFO gives %d", ret);
	if (NUMBER(info.size, sizeof(info)) ||
	    NUMBER(info.flags, 0) ||
	    BYTES(info.uuid, tx->info.uuid) ||
	    BYTES(info.tm_uuid, tx->info.tm_uuid) ||
	    BYTES(info.description, tx->info.description) ||
	    NUMBER(info.owner_pid, tx->info.owner_pid) ||
	    NUMBER(info.state, want.state) ||
	    NUMBER(info.reason, want.reason) ||
	    NUMBER(info.error, want.error) ||
	    NUMBER(info.nr_enlistments, want.nr) ||
	    NUMBER(info.nr_waiting, want.waiting) ||
	    NUMBER(info.deadline, want.deadline) ||
	    BYTES(info.reason_rm, want.rm ? want.rm->info.uuid : nobody))
		return words;
	if (!memchr(info.detail, 0, sizeof(info.detail)) ||
	    strcmp(info.detail, want.detail ? want.detail : ""))
		return say("detail is '%.100s'", info.detail);
	return "";
}

const char *rm_differs(const struct rm_handle *rm, struct rm_want want)
{
	struct ktm_rm_info info = { .size = sizeof(info) };
	int ret;

	memset(info.name, POISON, sizeof(info) - offsetof(struct ktm_rm_info, name));
	ret = guarded(rm->fd, KTM_IOC_RM_INFO, &info, sizeof(info));
	if (ret)
		return say("RM_INFO gives %d", ret);
	if (NUMBER(info.size, sizeof(info)) ||
	    NUMBER(info.flags, rm->info.flags) ||
	    BYTES(info.uuid, rm->info.uuid) ||
	    BYTES(info.name, rm->info.name) ||
	    NUMBER(info.state, want.state) ||
	    NUMBER(info.nr_enlistments, want.nr) ||
	    NUMBER(info.uid, rm->info.uid) ||
	    NUMBER(info.reserved, 0))
		return words;
	return "";
}

const char *en_differs(const struct en_handle *en, struct en_want want)
{
	struct ktm_en_info info;
	int ret = query(en->fd, KTM_IOC_EN_INFO, &info, sizeof(info));

	if (ret)
		return say("EN_INFO gives %d", ret);
	if (NUMBER(info.size, sizeof(info)) ||
	    NUMBER(info.flags, en->info.flags) ||
	    BYTES(info.uuid, en->info.uuid) ||
	    BYTES(info.tx, en->info.tx) ||
	    BYTES(info.rm, en->info.rm) ||
	    NUMBER(info.key, en->info.key) ||
	    NUMBER(info.state, want.state) ||
	    NUMBER(info.tx_state, want.tx_state) ||
	    NUMBER(info.nr_records, want.records))
		return words;
	if (!info.reason != (want.tx_state != KTM_TX_S_ABORTING &&
			     want.tx_state != KTM_TX_S_ABORTED))
		return say("reason is %u", info.reason);
	return "";
}

const char *note_differs(struct rm_handle *rm, __u32 type, const struct en_handle *en)
{
	static const struct en_handle nobody;
	struct pollfd pollfd = { .fd = rm->fd, .events = POLLIN };
	bool about = type >= KTM_NOTIFY_SAVEPOINT && type <= KTM_NOTIFY_SAVEPOINT_RELEASE;
	bool queries = type == KTM_NOTIFY_RECOVER || type == KTM_NOTIFY_RECOVER_QUERY;
	struct ktm_notification note;
	ssize_t done;

	if (!en)
		en = &nobody;
	if (poll(&pollfd, 1, PATIENCE) != 1)
		return "no notification came";
	memset(&note, POISON, sizeof(note));
	done = read(rm->fd, &note, sizeof(note));
	if (done != sizeof(note))
		return say("read gives %zd, errno %d", done, errno);
	if (NUMBER(note.size, sizeof(note)) ||
	    NUMBER(note.type, type) ||
	    NUMBER(note.key, queries ? 0 : en->info.key) ||
	    BYTES(note.enlistment, en->info.uuid) ||
	    BYTES(note.tx, en->info.tx) ||
	    NUMBER(!!note.savepoint, about))
		return words;
	rm->savepoint = note.savepoint;
	if (note.clock < rm->clock)
		return say("the clock went back to %llu", (unsigned long long)note.clock);
	rm->clock = note.clock;
	return "";
}

const char *rm_speaks(const struct rm_handle *rm)
{
	struct pollfd pollfd = { .fd = rm->fd, .events = POLLIN };
	struct ktm_notification note;
	ssize_t done;

	if (poll(&pollfd, 1, 0))
		return say("poll reports %#x", pollfd.revents);
	done = read(rm->fd, &note, sizeof(note));
	if (done != -1 || errno != EAGAIN)
		return say("read gives %zd, errno %d, type %u", done, errno, note.type);
	return "";
}

bool tx_settled(const struct tx_handle *tx, int timeout_ms)
{
	struct pollfd pollfd = { .fd = tx->fd, .events = POLLIN };

	return poll(&pollfd, 1, timeout_ms) == 1 && pollfd.revents == POLLIN;
}
