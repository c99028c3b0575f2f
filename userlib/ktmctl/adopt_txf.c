// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl - cloned file systems that go along with their cloned log
 *
 * First the file systems, then the log: see struct ktm_txf_adopt in
 * <linux/ktm_txf.h>, which says what is there when power fails.
 *
 * A copy cannot be told from its original. But where the original's transaction
 * manager is attached and has enabled a file system with the same resource manager,
 * that is the original, and any other one is a copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ktm/ktm_txf.h>

#include "adopt_txf.h"
#include "ktmctl.h"
#include "objects.h"

static const struct ktmctl_advice advice[] = {
	{ EPERM, "you may not", "Become root (CAP_SYS_ADMIN)." },
	{ EINVAL, "it is not the root of a file system", "Name the mount point itself." },
	{ ENOTDIR, "it is not a directory", "Name the mount point." },
	{ ENOENT, "it was never enabled", "It needs no adoption." },
	{ EBUSY, "it is enabled",
	  "Is it the copy? If it is, disable it: 'ktmctl txf disable'." },
	{ EOPNOTSUPP, "this kind of file system cannot take part", NULL },
	{ EROFS, "it is read-only", NULL },
	{ ESTALE, "it belongs to another transaction manager", NULL },
	{ EUCLEAN, "its staging directory is damaged",
	  "The kernel log says more: dmesg." },
	{ ENOSPC, "it is full", "Make room." },
	{ 0 }
};

/**
 * struct run - one adoption
 * @what: of what
 * @from: UUID that the log has
 * @txf_fd: /dev/ktm_txf
 * @fds: the mount points
 * @rms: their resource managers
 * @nr_open: how many are open
 */
struct run {
	const struct adopt_txf *what;
	const unsigned char *from;
	int txf_fd;
	int fds[ADOPT_TXF_MAX];
	unsigned char rms[ADOPT_TXF_MAX][KTM_UUID_SIZE];
	size_t nr_open;
};

static bool is_same(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, KTM_UUID_SIZE) == 0;
}

/* Is a file system enabled that has this resource manager of the original? */
static bool is_enabled(const struct run *run, const unsigned char *rm)
{
	struct ktm_txf_status status = {
		.flags = KTM_TXF_STATUS_F_NEXT,
		.mount_fd = -1,
	};

	while (ktm_txf_query(run->txf_fd, &status, sizeof(status)) == 0)
		if (is_same(status.uuid, rm) && is_same(status.tm_uuid, run->from))
			return true;
	return false;
}

static bool is_attached(const unsigned char *uuid)
{
	int control, fd;

	control = control_open();
	if (control < 0)
		return true;
	fd = ktm_tm_open(control, uuid);
	close(control);
	if (fd >= 0)
		close(fd);
	return fd != -ENOENT;
}

/* May the file system @i follow the log? A message if not. */
static int check(struct run *run, size_t i)
{
	const char *path = run->what->paths[i];
	unsigned char tm[KTM_UUID_SIZE];
	char text[KTM_UUID_TEXT_SIZE];
	size_t j;
	int ret;

	ret = ktm_txf_adopt(run->txf_fd, run->fds[i], NULL, NULL, run->rms[i], tm);
	if (ret)
		return ktmctl_fail(advice, ret, "cannot adopt %s", path);
	ktm_uuid_format(tm, text);
	if (!is_same(tm, run->from) && !is_same(tm, run->what->to))
		return ktmctl_refuse("A log goes with the file systems that were copied with it.",
				     "cannot adopt %s: it belongs to %s, not to this log",
				     path, text);
	for (j = 0; j < i; j++)
		if (is_same(run->rms[i], run->rms[j]))
			return ktmctl_refuse("A log goes with one of them.",
					     "cannot adopt %s: it and %s are copies of one another",
					     path, run->what->paths[j]);
	if (is_attached(run->from) && !is_enabled(run, run->rms[i]))
		return ktmctl_refuse("Enable the original first, or detach its log.",
				     "cannot adopt %s: it may be the original, as %s is attached",
				     path, text);
	return KTMCTL_OK;
}

static int open_and_check(struct run *run)
{
	size_t i;

	for (i = 0; i < run->what->nr_paths; i++) {
		run->fds[i] = open(run->what->paths[i],
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (run->fds[i] < 0)
			return ktmctl_fail(NULL, errno, "cannot open %s",
					   run->what->paths[i]);
		run->nr_open++;
		if (check(run, i) != KTMCTL_OK)
			return KTMCTL_FAILED;
	}
	return KTMCTL_OK;
}

static int adopt_all(struct run *run)
{
	char text[KTM_UUID_TEXT_SIZE];
	size_t i;
	int ret;

	/* The last write to the log is what an earlier try has not done. */
	if (is_same(run->from, run->what->to))
		return KTMCTL_OK;
	for (i = 0; i < run->what->nr_paths; i++) {
		ret = ktm_txf_adopt(run->txf_fd, run->fds[i], run->from,
				    run->what->to, NULL, NULL);
		if (!ret)
			continue;
		ktmctl_fail(advice, ret, "cannot adopt %s", run->what->paths[i]);
		ktm_uuid_format(run->what->to, text);
		if (i)
			ktmctl_note("the log is as it was; try again with --uuid %s",
				    text);
		return KTMCTL_FAILED;
	}
	return KTMCTL_OK;
}

int adopt_txf(void *ctx, const unsigned char *from)
{
	struct run run = { .what = ctx, .from = from };
	int status;

	run.txf_fd = txf_control_open();
	if (run.txf_fd < 0)
		return KTMCTL_FAILED;
	status = open_and_check(&run);
	if (status == KTMCTL_OK)
		status = adopt_all(&run);
	while (run.nr_open)
		close(run.fds[--run.nr_open]);
	close(run.txf_fd);
	return status;
}
