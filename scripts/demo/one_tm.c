// SPDX-License-Identifier: GPL-2.0
/*
 * Find the transaction manager where there is one only
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ktm/ktm.h>

#include "one_tm.h"

static int find(int control_fd, struct ktm_tm_info *info)
{
	unsigned char uuids[2][KTM_UUID_SIZE];
	uint64_t cursor = 0;
	int tm_fd, ret;

	ret = ktm_tm_list(control_fd, &cursor, uuids, 2);
	if (ret < 0)
		return ret;
	if (ret != 1)
		return ret ? -EEXIST : -ENOENT;
	tm_fd = ktm_tm_open(control_fd, uuids[0]);
	if (tm_fd < 0)
		return tm_fd;
	ret = ktm_tm_query(tm_fd, info, sizeof(*info));
	if (ret) {
		close(tm_fd);
		return ret;
	}
	return tm_fd;
}

int one_tm_open(struct ktm_tm_info *info)
{
	int control_fd, tm_fd;

	control_fd = ktm_control_open();
	if (control_fd < 0) {
		fprintf(stderr, "/dev/ktm: %s\n", strerror(-control_fd));
		return control_fd;
	}
	tm_fd = find(control_fd, info);
	close(control_fd);
	if (tm_fd == -ENOENT)
		fprintf(stderr, "no transaction manager is attached; see ktmctl init\n");
	else if (tm_fd < 0)
		fprintf(stderr, "cannot open the transaction manager: %s\n",
			strerror(-tm_fd));
	return tm_fd;
}
