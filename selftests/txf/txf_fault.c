// SPDX-License-Identifier: GPL-2.0
/*
 * ktm selftests - what tests with injected faults have in common
 */
#include <dirent.h>

#include "txf_fault.h"

#define EXIT_SKIPPED	4

bool is_fault(int ret)
{
	return ret == -ENOMEM || ret == -EFAULT;
}

/* Names in the staging directory: one is the identity. */
static int nr_names(void)
{
	DIR *dir = opendir(TXF_BASE "/ext4/" KTM_TXF_STAGING);
	int nr = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr - 2;
}

bool is_clean(int dir)
{
	struct ktm_txf_status now = { .mount_fd = dir };
	int ret = ktm_txf_query(env.txf_fd, &now, sizeof(now)), nr = nr_names();

	if (!ret && !now.nr_tx && !now.nr_staged && !now.nr_locks && nr == 1)
		return true;
	fprintf(stderr, "# query %d, transactions %llu, staged %llu, locks %llu, names %d\n",
		ret, now.nr_tx, now.nr_staged, now.nr_locks, nr);
	return false;
}

int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

int fault_main(int argc, char **argv, int (*tests)(int argc, char **argv))
{
	if (access(KNOBS, F_OK)) {
		printf("1..0 # SKIP the kernel has no fault injection\n");
		return EXIT_SKIPPED;
	}
	env_type = "ext4";
	return env_main(argc, argv, tests);
}
