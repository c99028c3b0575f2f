/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - the same call without and with a transaction
 */
#ifndef _SELFTESTS_TXF_CALL_H
#define _SELFTESTS_TXF_CALL_H

#include <sys/types.h>

enum kind { MKDIR, MKNOD, CREATE, SYMLINK, UNLINK, RMDIR, RENAME, LINK };

/**
 * struct call - a call that changes a name
 * @kind: which
 * @path: name that is made or removed; or the old name
 * @to: new name
 * @mode: type of a special file
 */
struct call {
	enum kind kind;
	const char *path;
	const char *to;
	mode_t mode;
};

/* 0 or a negative errno. */
int call_plainly(int dir, const struct call *call);
int call_in_tx(int tx, int dir, const struct call *call);

#endif /* _SELFTESTS_TXF_CALL_H */
