/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktm selftests - users: what one of them does in a process of its own, and what it
 * holds
 */
#ifndef _SELFTESTS_KTM_USER_H
#define _SELFTESTS_KTM_USER_H

#include <sys/types.h>

#include "ktm_harness.h"

#define ALICE	1000
#define BOB	1001

#define MAX_OBJECTS	"max_user_objects"
#define MAX_LOG		"max_user_log_percent"

/* Of these processes: what is not so ends the process, and is told. */
#define MUST(what) must(what, #what, __FILE__, __LINE__)
void must(bool good, const char *what, const char *file, int line);

/* 0, or a negative errno. Root can't come back. */
int become(uid_t uid);

/* Starts a process of that user, which does the work and exits with its result. */
pid_t start_user(uid_t uid, int (*work)(void *arg), void *arg);
/* Its exit status; -1 if it was killed. */
int wait_user(pid_t pid);
/* Both. */
int as_user(uid_t uid, int (*work)(void *arg), void *arg);

/* Stays open over a change of the user. */
int param_open(const char *name);
void param_set(int param, unsigned int value);
unsigned int param_get(const char *name);

/* What the caller holds. */
__u64 objects_held(const struct tm_handle *tm);
__u64 log_held(const struct tm_handle *tm);
/* It will, soon: end records are written after a commit has returned. */
bool log_held_gets(const struct tm_handle *tm, __u64 want);

int en_set_info(const struct en_handle *en, const void *data, __u32 length);

#endif /* _SELFTESTS_KTM_USER_H */
