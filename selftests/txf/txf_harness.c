// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - file systems to test transactional files on
 */
#include <dirent.h>
#include <stdarg.h>
#include <sys/wait.h>

#include "txf_harness.h"

struct txf_env env = { -1, -1, -1 };
const char *env_type;

static const struct {
	const char *type;
	const char *size;
} types[3] = {
	{ "ext4", "64M" },
	{ "xfs", "320M" },
	{ "btrfs", "128M" },
};

#define NR_TYPES	3

int run(const char *format, ...)
{
	char command[512];
	va_list ap;
	int status;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int mount_dir(const char *type)
{
	char path[128];

	snprintf(path, sizeof(path), TXF_BASE "/%s", type);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int type_up(const char *type, const char *size)
{
	int fd, ret;

	if (run("mkdir -p " TXF_BASE "/%s", type) ||
	    run("truncate -s %s " TXF_BASE "/%s.img", size, type) ||
	    run("mkfs.%s -q " TXF_BASE "/%s.img", type, type) ||
	    run("mount -o loop " TXF_BASE "/%s.img " TXF_BASE "/%s", type, type))
		return -EIO;
	fd = mount_dir(type);
	ret = ktm_txf_enable(env.txf_fd, fd, env.tm_fd, NULL, NULL);
	close(fd);
	return ret;
}

static int env_up(void)
{
	const char *log = getenv("KTM_LOG_DEV");
	struct ktm_tm_attach attach = { .mode = 0600 };
	unsigned int i;
	int ret;

	if (!log || run("$KTM_BIN/ktmctl log create --force %s", log))
		return 2;
	attach.dev_fd = open(log, O_RDWR | O_CLOEXEC);
	env.control_fd = ktm_control_open();
	env.txf_fd = ktm_txf_control_open();
	env.tm_fd = ktm_tm_attach(env.control_fd, &attach, sizeof(attach));
	close(attach.dev_fd);
	if (env.control_fd < 0 || env.txf_fd < 0 || env.tm_fd < 0) {
		fprintf(stderr, "open, attach: %d %d %d\n", env.control_fd,
			env.txf_fd, env.tm_fd);
		return 2;
	}
	for (i = 0; i < NR_TYPES; i++) {
		if (env_type && strcmp(env_type, types[i].type))
			continue;
		ret = type_up(types[i].type, types[i].size);
		if (ret) {
			fprintf(stderr, "%s: %s\n", types[i].type,
				strerror(-ret));
			return 2;
		}
	}
	return 0;
}

/* Transactions that tests have left behind are being rolled back. */
static int disable_patiently(int fd)
{
	int ret, tries;

	for (tries = 0; tries < 1000; tries++) {
		ret = ktm_txf_disable(env.txf_fd, fd, 0);
		if (ret != -EBUSY)
			break;
		usleep(10000);
	}
	return ret;
}

static int type_down(const char *type)
{
	int fd = mount_dir(type), ret;

	if (fd < 0)
		return 0;
	ret = disable_patiently(fd);
	close(fd);
	if (ret && ret != -ENODEV) {
		fprintf(stderr, "disable %s: %s\n", type, strerror(-ret));
		return 3;
	}
	if (run("umount " TXF_BASE "/%s", type))
		return 3;
	return run("rm -r " TXF_BASE "/%s " TXF_BASE "/%s.img", type, type);
}

static int env_down(void)
{
	int status = 0, ret;
	unsigned int i;

	for (i = 0; i < NR_TYPES; i++)
		status |= type_down(types[i].type);
	ret = env.tm_fd < 0 ? 0 : ktm_tm_detach(env.tm_fd);
	if (ret) {
		fprintf(stderr, "detach: %s\n", strerror(-ret));
		status = 3;
	}
	close(env.tm_fd);
	close(env.txf_fd);
	close(env.control_fd);
	return status;
}

int env_main(int argc, char **argv, int (*tests)(int argc, char **argv))
{
	int status = env_up();
	pid_t pid;

	if (status)
		return env_down() ?: status;
	fflush(NULL);
	pid = fork();
	if (!pid)
		return tests(argc, argv);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		status = 2;
	else
		status = WEXITSTATUS(status);
	return env_down() ?: status;
}

int make_dir(const char *type, char *path, size_t size)
{
	snprintf(path, size, TXF_BASE "/%s/test-XXXXXX", type);
	if (!mkdtemp(path))
		return -errno;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int begin(void)
{
	return ktm_tx_create(env.tm_fd, "test", 0, NULL);
}

int commit(int tx)
{
	return ktm_tx_commit(tx, 0);
}

int rollback(int tx)
{
	return ktm_tx_rollback(tx, 0);
}

struct ktm_tx_info info_of(int tx)
{
	struct ktm_tx_info info = { 0 };

	if (ktm_tx_query(tx, &info, sizeof(info)))
		memset(&info, 0xff, sizeof(info));
	return info;
}

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);
	int ret = 0;

	if (fd < 0)
		return fd;
	if (write(fd, text, len) != (ssize_t)len)
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

static const char *read_all(int fd)
{
	static char text[4096];
	ssize_t n;

	if (fd < 0)
		return "";
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return "?";
	text[n] = '\0';
	return text;
}

int put(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0644);

	return write_all(fd < 0 ? -errno : fd, text);
}

const char *get(int dir, const char *path)
{
	return read_all(openat(dir, path, O_RDONLY | O_CLOEXEC));
}

bool exists(int dir, const char *path)
{
	return !faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW);
}

int tx_put(int tx, int dir, const char *path, int flags, const char *text)
{
	return write_all(tx_open(tx, dir, path, O_WRONLY | flags,
				 flags & O_CREAT ? 0644 : 0), text);
}

int tx_rename(int tx, int dir, const char *from, const char *to)
{
	return ktm_txf_rename(env.txf_fd, tx, dir, from, dir, to, 0);
}

int tx_link(int tx, int dir, const char *from, const char *to)
{
	return ktm_txf_link(env.txf_fd, tx, dir, from, dir, to, 0);
}

const char *tx_get(int tx, int dir, const char *path)
{
	return read_all(tx_open(tx, dir, path, O_RDONLY, 0));
}

int tx_stat(int tx, int dir, const char *path, struct ktm_txf_stat *stat)
{
	struct ktm_txf_stat unused;

	return ktm_txf_stat(env.txf_fd, tx, dir, path, KTM_TXF_F_NOFOLLOW,
			    stat ?: &unused, sizeof(*stat));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

const char *tx_list(int tx, int dir, const char *path)
{
	static char text[4096];
	char buffer[128], *names[256];
	struct ktm_txf_dirent *entry;
	uint64_t cursor = 0;
	unsigned int nr = 0, i;
	long n, at;

	text[0] = '\0';
	while ((n = ktm_txf_readdir(env.txf_fd, tx, dir, path, buffer,
				    sizeof(buffer), &cursor)) > 0) {
		for (at = 0; at < n && nr < 256; at += entry->reclen) {
			entry = (void *)(buffer + at);
			names[nr++] = strdup(entry->name);
		}
	}
	qsort(names, nr, sizeof(names[0]), by_name);
	for (i = 0; i < nr; i++) {
		if (i)
			strcat(text, " ");
		strncat(text, names[i], sizeof(text) - strlen(text) - 2);
		free(names[i]);
	}
	return n < 0 ? strerror(-n) : text;
}
