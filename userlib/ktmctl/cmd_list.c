// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl list - name the objects
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ktm/ktm_log.h>

#include "json.h"
#include "ktmctl.h"
#include "objects.h"
#include "text.h"

/**
 * struct kind - one kind of object in a TM
 * @name: what the user types
 * @heading: first line of the table
 * @lister: names them
 * @show: prints one; one that has gone is left out
 */
struct kind {
	const char *name;
	const char *heading;
	uuid_lister *lister;
	void (*show)(int tm_fd, const unsigned char *uuid, struct json *json);
};

/* Fills a heading up to the width of a UUID. */
#define PAD20	"                    "

static void print_uuid(const unsigned char *uuid)
{
	char text[KTM_UUID_TEXT_SIZE];

	ktm_uuid_format(uuid, text);
	fputs(text, stdout);
}

static void show_tm(int tm_fd, struct json *json)
{
	struct ktm_tm_info info;

	if (ktm_tm_query(tm_fd, &info, sizeof(info)))
		return;
	info.name[sizeof(info.name) - 1] = '\0';
	if (json) {
		json_object(json, NULL);
		json_uuid(json, "uuid", info.uuid);
		json_string(json, "state", ktm_tm_state_name(info.state));
		json_bool(json, "durable", info.flags & KTM_TM_INFO_F_DURABLE);
		json_string(json, "name", info.name);
		json_object_end(json);
		return;
	}
	print_uuid(info.uuid);
	printf("  %-8s  %-8s  %s\n", ktm_tm_state_name(info.state),
	       info.flags & KTM_TM_INFO_F_DURABLE ? "durable" : "volatile",
	       info.name);
}

static void show_tx(int tm_fd, const unsigned char *uuid, struct json *json)
{
	char age[TEXT_AGE_SIZE];
	struct ktm_tx_info info;
	uint64_t now;
	int fd, ret;

	fd = ktm_tx_open(tm_fd, uuid);
	if (fd < 0)
		return;
	ret = ktm_tx_query(fd, &info, sizeof(info));
	close(fd);
	if (ret)
		return;
	info.description[sizeof(info.description) - 1] = '\0';
	info.detail[sizeof(info.detail) - 1] = '\0';
	if (json) {
		json_object(json, NULL);
		json_uuid(json, "uuid", info.uuid);
		json_uuid(json, "tm", info.tm_uuid);
		json_string(json, "state", ktm_tx_state_name(info.state));
		json_number(json, "enlistments", info.nr_enlistments);
		json_number(json, "waiting", info.nr_waiting);
		json_number(json, "pid", info.owner_pid);
		json_number(json, "begun", info.begun);
		json_number(json, "deadline", info.deadline);
		json_uuid(json, "superior", info.superior);
		json_uuid(json, "superior_rm", info.superior_rm);
		json_number(json, "reason", info.reason);
		json_number(json, "error", info.error);
		json_uuid(json, "reason_rm", info.reason_rm);
		json_string(json, "detail", info.detail);
		json_string(json, "description", info.description);
		json_object_end(json);
		return;
	}
	now = now_ns();
	print_uuid(info.uuid);
	printf("  %-13s  %4s  %5u  %5u  %7u  %s\n", ktm_tx_state_name(info.state),
	       format_age(age, info.begun < now ? now - info.begun : 0),
	       info.nr_enlistments, info.nr_waiting, info.owner_pid,
	       info.description);
}

static void show_rm(int tm_fd, const unsigned char *uuid, struct json *json)
{
	struct ktm_rm_info info;

	if (ktm_rm_query(tm_fd, uuid, &info, sizeof(info)))
		return;
	info.name[sizeof(info.name) - 1] = '\0';
	if (json) {
		json_object(json, NULL);
		json_uuid(json, "uuid", info.uuid);
		json_string(json, "state", ktm_rm_state_name(info.state));
		json_bool(json, "kernel", info.flags & KTM_RM_INFO_F_KERNEL);
		json_bool(json, "durable", !(info.flags & KTM_RM_F_VOLATILE));
		json_number(json, "enlistments", info.nr_enlistments);
		json_number(json, "uid", info.uid);
		json_string(json, "name", info.name);
		json_object_end(json);
		return;
	}
	print_uuid(info.uuid);
	printf("  %-7s  %-6s  %-8s  %5u  %5u  %s\n", ktm_rm_state_name(info.state),
	       info.flags & KTM_RM_INFO_F_KERNEL ? "kernel" : "user",
	       info.flags & KTM_RM_F_VOLATILE ? "volatile" : "durable",
	       info.nr_enlistments, info.uid, info.name);
}

static void show_enlistment(int tm_fd, const unsigned char *uuid, struct json *json)
{
	struct ktm_en_info info;

	if (ktm_en_query_by_uuid(tm_fd, uuid, &info, sizeof(info)))
		return;
	if (json) {
		json_object(json, NULL);
		json_uuid(json, "uuid", info.uuid);
		json_uuid(json, "transaction", info.tx);
		json_uuid(json, "rm", info.rm);
		json_string(json, "state", ktm_en_state_name(info.state));
		json_number(json, "redo_records", info.nr_records);
		json_number(json, "reason", info.reason);
		json_number(json, "error", info.error);
		json_bool(json, "savepoints", info.flags & KTM_EN_F_SAVEPOINTS);
		json_object_end(json);
		return;
	}
	print_uuid(info.uuid);
	printf("  %-12s  ", ktm_en_state_name(info.state));
	print_uuid(info.tx);
	fputs("  ", stdout);
	print_uuid(info.rm);
	putchar('\n');
}

static void show_stream(int tm_fd, const unsigned char *uuid, struct json *json)
{
	char held[TEXT_BYTES_SIZE], limit[TEXT_BYTES_SIZE];
	struct ktm_stream_info info;

	if (ktm_stream_query(tm_fd, uuid, &info, sizeof(info)))
		return;
	info.name[sizeof(info.name) - 1] = '\0';
	if (json) {
		json_object(json, NULL);
		json_uuid(json, "uuid", info.uuid);
		json_string(json, "name", info.name);
		json_number(json, "uid", info.uid);
		json_number(json, "gid", info.gid);
		json_number(json, "mode", info.mode);
		json_number(json, "base", info.base_lsn);
		json_number(json, "last", info.last_lsn);
		json_number(json, "restart", info.restart_lsn);
		json_number(json, "wanted", info.wanted_lsn);
		json_number(json, "held", info.held);
		json_number(json, "limit", info.limit);
		json_number(json, "reserved", info.reserved);
		json_number(json, "records", info.records);
		json_number(json, "bytes", info.bytes);
		json_object_end(json);
		return;
	}
	print_uuid(info.uuid);
	printf("  %5u  %4o  %7s  %9s  %12llu  %12llu  %s\n", info.uid, info.mode,
	       format_bytes(held, info.held), format_bytes(limit, info.limit),
	       (unsigned long long)info.base_lsn, (unsigned long long)info.last_lsn,
	       info.name);
}

static const struct kind tms = {
	.name = "tms",
	.heading = "TM                                    STATE     KIND      NAME",
};

static const struct kind transactions = {
	.name = "transactions",
	.heading = "TRANSACTION" PAD20 "       STATE           AGE   ENL.   WAIT      PID  TEXT",
	.lister = ktm_tx_list,
	.show = show_tx,
};

static const struct kind rms = {
	.name = "rms",
	.heading = "RESOURCE MANAGER" PAD20 "  STATE    LIVES   KIND       ENL.    UID  NAME",
	.lister = ktm_rm_list,
	.show = show_rm,
};

static const struct kind enlistments = {
	.name = "enlistments",
	.heading = "ENLISTMENT" PAD20 "        STATE         TRANSACTION" PAD20
		   "       RESOURCE MANAGER",
	.lister = ktm_en_list,
	.show = show_enlistment,
};

static const struct kind streams = {
	.name = "streams",
	.heading = "STREAM" PAD20
		   "              UID  MODE     HELD      LIMIT          BASE          LAST  NAME",
	.lister = ktm_stream_list,
	.show = show_stream,
};

static int show_members(int tm_fd, const struct kind *kind, struct json *json)
{
	struct uuid_list list;
	size_t i;
	int ret;

	ret = uuid_list_read(&list, tm_fd, kind->lister);
	if (ret)
		return ktmctl_fail(NULL, ret, "cannot list the %s", kind->name);
	for (i = 0; i < list.count; i++)
		kind->show(tm_fd, list.uuids[i], json);
	uuid_list_free(&list);
	return KTMCTL_OK;
}

static int show_in_tm(int tm_fd, const struct kind *kind, struct json *json)
{
	if (kind->lister)
		return show_members(tm_fd, kind, json);
	show_tm(tm_fd, json);
	return KTMCTL_OK;
}

static int show_in_all(int control, const struct kind *kind, struct json *json)
{
	int fd, ret, status = KTMCTL_OK;
	struct uuid_list list;
	size_t i;

	ret = uuid_list_read(&list, control, ktm_tm_list);
	if (ret)
		return ktmctl_fail(NULL, ret,
				   "cannot list the transaction managers");
	for (i = 0; i < list.count; i++) {
		fd = ktm_tm_open(control, list.uuids[i]);
		if (fd < 0)
			continue;
		if (show_in_tm(fd, kind, json))
			status = KTMCTL_FAILED;
		close(fd);
	}
	uuid_list_free(&list);
	return status;
}

static int show(const struct kind *kind, const char *tm, struct json *json)
{
	int control, fd, status = KTMCTL_FAILED;

	control = control_open();
	if (control < 0)
		return KTMCTL_FAILED;
	fd = tm ? tm_find(control, tm) : -1;
	if (tm && fd < 0)
		goto out_close_control;
	if (json)
		json_array(json, NULL);
	else
		puts(kind->heading);
	status = tm ? show_in_tm(fd, kind, json) :
		      show_in_all(control, kind, json);
	if (json)
		json_array_end(json);
	if (tm)
		close(fd);
	if (ktmctl_flush() != KTMCTL_OK)
		status = KTMCTL_FAILED;
out_close_control:
	close(control);
	return status;
}

static const struct kind *find_kind(const char *name)
{
	static const struct kind *const kinds[] = {
		&tms, &transactions, &rms, &enlistments, &streams,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

static int run_list(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "tm", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct json document = { 0 }, *json = NULL;
	const struct kind *kind = &tms;
	const char *tm = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "t:jh", options, NULL)) != -1) {
		switch (c) {
		case 't':
			tm = optarg;
			break;
		case 'j':
			json = &document;
			break;
		case 'h':
			return ktmctl_usage(command);
		default:
			return ktmctl_usage_error(command, NULL);
		}
	}
	if (argc - optind > 1)
		return ktmctl_usage_error(command, "too many arguments");
	if (optind < argc)
		kind = find_kind(argv[optind]);
	if (!kind)
		return ktmctl_usage_error(command, "cannot list '%s'",
					  argv[optind]);
	return show(kind, tm, json);
}

const struct ktmctl_command cmd_list = {
	.name = "list",
	.run = run_list,
	.help = "name transaction managers, their transactions, resource managers, streams ...",
	.usage = "list [OPTION]... [tms|transactions|rms|enlistments|streams]\n"
		 "List the transaction managers (the default), or the transactions, resource\n"
		 "managers, enlistments or log streams of all of them.\n"
		 "\n"
		 "  -t, --tm TM          only those of TM: a name, a UUID or its beginning\n"
		 "  -j, --json           write JSON\n"
		 "  -h, --help           show this\n",
};
