// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - users: what one of them does in a process of its own, and what it
 * holds
 */
#include <grp.h>

#include "ktm_user.h"

void must(bool good, const char *what, const char *file, int line)
{
	if (good)
		return;
	fprintf(stderr, "# %s:%d: not so: %s\n", file, line, what);
	_exit(1);
}

int become(uid_t uid)
{
	return setgroups(0, NULL) || setgid(uid) || setuid(uid) ? -errno : 0;
}

pid_t start_user(uid_t uid, int (*work)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	MUST(!uid || !become(uid));
	_exit(work(arg));
}

int wait_user(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int as_user(uid_t uid, int (*work)(void *arg), void *arg)
{
	return wait_user(start_user(uid, work, arg));
}

static void param_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "/sys/module/ktm/parameters/%s", name);
}

int param_open(const char *name)
{
	char path[128];

	param_path(path, sizeof(path), name);
	return open(path, O_WRONLY | O_CLOEXEC);
}

void param_set(int param, unsigned int value)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", value);

	if (pwrite(param, text, length, 0) != length)
		abort();
}

unsigned int param_get(const char *name)
{
	unsigned int value = 0;
	char path[128];
	FILE *file;

	param_path(path, sizeof(path), name);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%u", &value) != 1)
		abort();
	fclose(file);
	return value;
}

__u64 objects_held(const struct tm_handle *tm)
{
	struct ktm_tm_info info;

	return tm_info(tm, &info) ? ~0ULL : info.user_objects;
}

__u64 log_held(const struct tm_handle *tm)
{
	struct ktm_tm_info info;

	return tm_info(tm, &info) ? ~0ULL : info.user_log;
}

bool log_held_gets(const struct tm_handle *tm, __u64 want)
{
	__u64 limit = now_ns() + PATIENCE * MSEC;

	while (log_held(tm) != want && now_ns() < limit)
		usleep(1000);
	if (log_held(tm) != want)
		fprintf(stderr, "# %llu bytes of the log are held, not %llu\n",
			(unsigned long long)log_held(tm), (unsigned long long)want);
	return log_held(tm) == want;
}

int en_set_info(const struct en_handle *en, const void *data, __u32 length)
{
	struct ktm_en_recovery_info arg = {
		.size = sizeof(arg),
		.data = (uintptr_t)data,
		.length = length,
	};

	return ktm_call(en->fd, KTM_IOC_EN_SET_RECOVERY_INFO, &arg);
}
