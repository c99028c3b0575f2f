/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - file systems to test transactional files on
 *
 * Each test program makes one file system of each type, enables them with one
 * TM, runs its tests, and takes everything down again.
 */
#ifndef _SELFTESTS_TXF_HARNESS_H
#define _SELFTESTS_TXF_HARNESS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <ktm/ktm.h>
#include <ktm/ktm_txf.h>

/* how a fixture ends that says SKIP(): the harness would go on with the test */
#define SKIPPED		255

#define TXF_BASE	"/tmp/txf"

/* What all tests of a program share. */
struct txf_env {
	int control_fd;
	int tm_fd;
	int txf_fd;
};

extern struct txf_env env;

/* The only type of file system to make, or NULL for all. */
extern const char *env_type;

/* One command by the shell; its exit status. */
int run(const char *format, ...);

/* A new directory on the file system of a type; an fd of it. */
int make_dir(const char *type, char *path, size_t size);

int begin(void);
int commit(int tx);
int rollback(int tx);

/* Why a transaction was rolled back. */
struct ktm_tx_info info_of(int tx);

/* Outside of transactions; 0 or a negative errno. */
int put(int dir, const char *path, const char *text);
/* "" if there is no such file. */
const char *get(int dir, const char *path);
bool exists(int dir, const char *path);

/* In a transaction: write a whole file, read a whole file, look. */
int tx_put(int tx, int dir, const char *path, int flags, const char *text);
const char *tx_get(int tx, int dir, const char *path);
int tx_stat(int tx, int dir, const char *path, struct ktm_txf_stat *stat);
/* The names of a directory in the view, sorted, with spaces between them. */
const char *tx_list(int tx, int dir, const char *path);

int tx_rename(int tx, int dir, const char *from, const char *to);
int tx_link(int tx, int dir, const char *from, const char *to);

/* Short names for calls of the library. */
#define tx_open(tx, dir, path, flags, mode) \
	ktm_txf_open(env.txf_fd, tx, dir, path, flags, mode)
#define tx_mkdir(tx, dir, path, mode) \
	ktm_txf_mkdir(env.txf_fd, tx, dir, path, mode)
#define tx_unlink(tx, dir, path)	ktm_txf_unlink(env.txf_fd, tx, dir, path)
#define tx_rmdir(tx, dir, path)		ktm_txf_rmdir(env.txf_fd, tx, dir, path)
#define tx_symlink(tx, dir, target, path) \
	ktm_txf_symlink(env.txf_fd, tx, target, dir, path)
#define tx_setattr(tx, dir, path, ...)					\
	({								\
		struct ktm_txf_setattr attr = { __VA_ARGS__ };		\
		ktm_txf_setattr(env.txf_fd, tx, dir, path, 0, &attr,	\
				sizeof(attr));				\
	})

/*
 * The main function: make the file systems, run the tests of the harness, which
 * ends its process, in a child, and take the file systems down.
 */
int env_main(int argc, char **argv, int (*tests)(int argc, char **argv));

#endif /* _SELFTESTS_TXF_HARNESS_H */
