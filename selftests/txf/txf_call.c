// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - the same call without and with a transaction
 */
#include <sys/sysmacros.h>

#include "txf_call.h"
#include "txf_harness.h"

int call_plainly(int dir, const struct call *call)
{
	int fd;

	switch (call->kind) {
	case MKDIR:
		return mkdirat(dir, call->path, 0755) ? -errno : 0;
	case MKNOD:
		return mknodat(dir, call->path, call->mode | 0644, makedev(1, 3)) ? -errno : 0;
	case CREATE:
		fd = openat(dir, call->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		return fd < 0 ? -errno : close(fd);
	case SYMLINK:
		return symlinkat("target", dir, call->path) ? -errno : 0;
	case UNLINK:
		return unlinkat(dir, call->path, 0) ? -errno : 0;
	case RMDIR:
		return unlinkat(dir, call->path, AT_REMOVEDIR) ? -errno : 0;
	case RENAME:
		return renameat(dir, call->path, dir, call->to) ? -errno : 0;
	case LINK:
		return linkat(dir, call->path, dir, call->to, 0) ? -errno : 0;
	}
	return -EINVAL;
}

int call_in_tx(int tx, int dir, const struct call *call)
{
	bool device = S_ISCHR(call->mode) || S_ISBLK(call->mode);

	switch (call->kind) {
	case MKDIR:
		return tx_mkdir(tx, dir, call->path, 0755);
	case MKNOD:
		return ktm_txf_mknod(env.txf_fd, tx, dir, call->path, call->mode | 0644,
				     device ? 1 : 0, device ? 3 : 0);
	case CREATE:
		return tx_put(tx, dir, call->path, O_CREAT, "");
	case SYMLINK:
		return tx_symlink(tx, dir, "target", call->path);
	case UNLINK:
		return tx_unlink(tx, dir, call->path);
	case RMDIR:
		return tx_rmdir(tx, dir, call->path);
	case RENAME:
		return tx_rename(tx, dir, call->path, call->to);
	case LINK:
		return tx_link(tx, dir, call->path, call->to);
	}
	return -EINVAL;
}
