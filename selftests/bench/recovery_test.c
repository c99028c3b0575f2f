// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - how long recovery takes, beside reading the device
 *
 * A ring is written over once; then an open transaction holds the tail, and others
 * commit as much as there is room for: half of the ring is kept for what is copied
 * forward. What the device holds then is copied to a second device while the log is
 * attached, as if power had failed. That is recovered, in turns with a plain
 * sequential read of the ring; after each turn the superblocks are put back.
 */
#include "mkfs.h"

#include "../ktm/ktm_log.h"
#include "report.h"

#define ROUNDS		3
#define CHUNK		1048576		/* bytes of one sequential read */
#define RATIO_MAX	1.3		/* recovery : reading */
#define FULL		0.45		/* of the ring: 0.5 and the open one is rolled back */
#define RECORDS		16		/* of the greatest size, in each transaction */

static struct tm_handle tm;
static struct rm_handle rm;

static int expect(__u32 type)
{
	struct pollfd pollfd = { .fd = rm.fd, .events = POLLIN };
	struct ktm_notification note;

	if (poll(&pollfd, 1, PATIENCE) != 1)
		return -ETIMEDOUT;
	if (read(rm.fd, &note, sizeof(note)) != sizeof(note))
		return -errno;
	return note.type == type ? 0 : -EBADMSG;
}

static void begin(struct tx_handle *tx, struct en_handle *en)
{
	static const char data[KTM_RECORD_MAX];
	int i;

	must("begin", tx_begin(&tm, tx, 0));
	must("enlist", en_make(&rm, tx, en, 1, 0));
	for (i = 0; i < RECORDS; i++)
		must("log", en_log(en, data, sizeof(data), NULL));
}

static int commit_one(void)
{
	struct tx_handle tx;
	struct en_handle en;
	int ret;

	begin(&tx, &en);
	ret = commit_nowait(&tx) == -EINPROGRESS ? 0 : -EBADMSG;
	ret = ret ?: expect(KTM_NOTIFY_PREPARE) ?: prepare_complete(&en) ?:
	      expect(KTM_NOTIFY_COMMIT) ?: commit_complete(&en) ?: commit_wait(&tx);
	close(en.fd);
	close(tx.fd);
	return ret;
}

/* Whatever the tail in memory: recovery begins where that of the superblock is. */
static __u64 live(const char *path, struct ktm_format_super *super)
{
	char *image = log_save(path, KTM_DISK_RING);
	struct ktm_format_super other;
	struct ktm_tm_info info;

	if (!image || ktm_format_check_super((void *)image, super) ||
	    ktm_format_check_super((void *)(image + KTM_DISK_SB_B), &other))
		give_up("superblock", -EIO);
	free(image);
	if (other.sequence > super->sequence)
		*super = other;
	must("info", tm_info(&tm, &info));
	return info.log_head - super->tail_lsn;
}

static void write_over(__u64 size)
{
	struct ktm_tm_info info;
	__u64 start;

	must("info", tm_info(&tm, &info));
	start = info.log_head;
	do {
		must("commit", commit_one());
		must("info", tm_info(&tm, &info));
	} while (info.log_head - start < size);
}

static double fill(const char *path, struct ktm_format_super *super, struct tx_handle *open_tx,
		   struct en_handle *open_en)
{
	__u64 used;

	live(path, super);
	write_over(super->ring_size);
	begin(open_tx, open_en);
	do {
		must("commit", commit_one());
		used = live(path, super);
	} while (used < FULL * super->ring_size);
	return (double)used / super->ring_size;
}

static void copy(const char *from, const char *to, __u64 size)
{
	int in = open(from, O_RDONLY | O_DIRECT | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_DIRECT | O_CLOEXEC);
	void *buffer;
	__u64 at;

	if (in < 0 || out < 0 || posix_memalign(&buffer, 4096, CHUNK))
		give_up("copy", -errno);
	for (at = 0; at < size; at += CHUNK)
		if (pread(in, buffer, CHUNK, at) <= 0 ||
		    pwrite(out, buffer, CHUNK, at) != CHUNK)
			give_up("copy", -errno);
	free(buffer);
	close(in);
	close(out);
}

static double read_time(const char *path, __u64 size)
{
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	__u64 start = now_ns(), at;
	void *buffer;

	if (fd < 0 || posix_memalign(&buffer, 4096, CHUNK))
		give_up("read", -errno);
	for (at = 0; at < size; at += CHUNK)
		if (pread(fd, buffer, CHUNK, at) != CHUNK)
			give_up("read", -EIO);
	start = now_ns() - start;
	free(buffer);
	close(fd);
	return start / 1e9;
}

static double recovery_time(const char *path, const __u8 *uuid, const void *supers)
{
	__u64 start;

	must("put the superblocks back", log_restore(path, supers, KTM_DISK_RING));
	start = now_ns();
	must("recover", tm_attach(path, uuid, &tm, NULL));
	start = now_ns() - start;
	must("detach", tm_detach(&tm));
	close(tm.fd);
	return start / 1e9;
}

int main(void)
{
	const char *path = log_device("KTM_BIG_DEV"), *other = log_device("KTM_BIG2_DEV");
	double times[2], ratio[ROUNDS], full;
	struct ktm_format_super super;
	__u8 uuid[KTM_UUID_SIZE];
	struct tx_handle tx;
	struct en_handle en;
	char what[128];
	void *supers;
	__u64 size;
	int i;

	printf("TAP version 13\n");
	if (!path || !other) {
		printf("1..0 # SKIP no KTM_BIG_DEV, KTM_BIG2_DEV\n");
		return 4;
	}
	must("format", log_format(path, 0, uuid));
	must("attach", tm_attach(path, uuid, &tm, NULL));
	must("make an RM", rm_start(&tm, &rm, NULL));
	full = fill(path, &super, &tx, &en);
	size = (KTM_DISK_RING + super.ring_size) / CHUNK * CHUNK;
	copy(path, other, size);
	close(en.fd);
	close(tx.fd);
	close(rm.fd);
	must("detach", tm_detach(&tm));
	close(tm.fd);
	supers = log_save(other, KTM_DISK_RING);
	if (!supers)
		give_up("superblocks", -EIO);

	printf("# a ring of %llu MiB, of which %.0f %% are live\n",
	       (unsigned long long)super.ring_size >> 20, full * 100);
	printf("# %5s %10s %10s %8s\n", "round", "read", "recover", "ratio");
	for (i = 0; i < ROUNDS; i++) {
		times[0] = read_time(other, size);
		times[1] = recovery_time(other, uuid, supers);
		ratio[i] = times[1] / times[0];
		printf("# %5d %8.2f s %8.2f s %8.2f\n", i + 1, times[0], times[1], ratio[i]);
		fflush(stdout);
	}
	full = median(ratio, ROUNDS);
	snprintf(what, sizeof(what), "recovery takes %.2f times as long as reading, at most %.1f",
		 full, RATIO_MAX);
	result(full <= RATIO_MAX, what);
	return report();
}
