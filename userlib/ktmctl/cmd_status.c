// SPDX-License-Identifier: GPL-2.0
/*
 * ktmctl status - state and figures of the transaction managers
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "ktmctl.h"
#include "objects.h"
#include "text.h"

static void print_counts(const struct ktm_tm_info *info)
{
	printf("  now      %u resource manager%s, %" PRIu64 " active and %" PRIu64
	       " unfinished transaction%s\n",
	       info->nr_rms, info->nr_rms == 1 ? "" : "s",
	       (uint64_t)info->nr_active, (uint64_t)info->nr_unfinished,
	       info->nr_active + info->nr_unfinished == 1 ? "" : "s");
	printf("  so far   %" PRIu64 " committed, %" PRIu64 " rolled back\n",
	       (uint64_t)info->committed, (uint64_t)info->aborted);
}

static void print_log(const struct ktm_tm_info *info)
{
	char device[640], size[TEXT_BYTES_SIZE], used[TEXT_BYTES_SIZE];
	char reserved[TEXT_BYTES_SIZE], written[TEXT_BYTES_SIZE];
	uint64_t fill = info->log_head - info->log_tail;

	printf("  log      %s\n",
	       format_device(device, sizeof(device), info->dev_major,
			     info->dev_minor));
	printf("           %s, %s in use (%.1f %%), %s reserved\n",
	       format_bytes(size, info->log_size), format_bytes(used, fill),
	       info->log_size ? 100.0 * fill / info->log_size : 0.0,
	       format_bytes(reserved, info->log_reserved));
	printf("           %" PRIu64 " flushes, %" PRIu64 " writes, %s written\n",
	       (uint64_t)info->log_flushes, (uint64_t)info->log_writes,
	       format_bytes(written, info->log_bytes));
}

/* What the caller holds of its quotas: see Quotas in linux/ktm.h */
static void print_user(const struct ktm_tm_info *info)
{
	char held[TEXT_BYTES_SIZE], max[TEXT_BYTES_SIZE];

	printf("  quota    you hold %" PRIu64 " of %" PRIu64 " objects",
	       (uint64_t)info->user_objects, (uint64_t)info->user_objects_max);
	if (info->flags & KTM_TM_INFO_F_DURABLE)
		printf(", %s of %s of the log", format_bytes(held, info->user_log),
		       format_bytes(max, info->user_log_max));
	putchar('\n');
}

/* What no lack of room can take away: see Quotas in linux/ktm.h */
static void print_kept(const struct ktm_tm_info *info)
{
	char kept[TEXT_BYTES_SIZE], max[TEXT_BYTES_SIZE];

	if (info->log_kept_max)
		printf("           %s of %s kept until it is answered\n",
		       format_bytes(kept, info->log_kept),
		       format_bytes(max, info->log_kept_max));
}

/* Which transaction keeps how much of the log from being freed */
static void print_oldest(const struct ktm_tm_info *info)
{
	char uuid[KTM_UUID_TEXT_SIZE], held[TEXT_BYTES_SIZE];

	if (!info->oldest_lsn)
		return;
	ktm_uuid_format(info->oldest_tx, uuid);
	printf("           %s held by transaction %s\n",
	       format_bytes(held, info->log_head - info->oldest_lsn), uuid);
}

static void print_tm(const struct ktm_tm_info *info)
{
	char uuid[KTM_UUID_TEXT_SIZE];

	ktm_uuid_format(info->uuid, uuid);
	printf("%s%s%.*s\n", uuid, info->name[0] ? "  " : "", KTM_NAME_MAX,
	       info->name);
	printf("  state    %s, %s", ktm_tm_state_name(info->state),
	       info->flags & KTM_TM_INFO_F_DURABLE ? "durable" : "volatile");
	if (info->flags & KTM_TM_INFO_F_FROZEN)
		fputs(", frozen", stdout);
	if (info->error)
		printf(": %s", strerror(info->error));
	printf("; owner %u:%u, mode %04o\n", info->uid, info->gid, info->mode);
	print_counts(info);
	if (info->flags & KTM_TM_INFO_F_DURABLE) {
		print_log(info);
		print_kept(info);
		print_oldest(info);
	}
	/* a module that knows of none leaves them zero */
	if (info->user_objects_max)
		print_user(info);
}

static void json_log(struct json *json, const struct ktm_tm_info *info)
{
	char device[640];

	json_object(json, "log");
	json_string(json, "device",
		    format_device(device, sizeof(device), info->dev_major,
				  info->dev_minor));
	json_number(json, "dev_major", info->dev_major);
	json_number(json, "dev_minor", info->dev_minor);
	json_number(json, "size", info->log_size);
	json_number(json, "used", info->log_head - info->log_tail);
	json_number(json, "reserved", info->log_reserved);
	json_number(json, "tail", info->log_tail);
	json_number(json, "head", info->log_head);
	json_number(json, "durable", info->log_durable);
	json_number(json, "recovered", info->log_recovered);
	json_number(json, "flushes", info->log_flushes);
	json_number(json, "writes", info->log_writes);
	json_number(json, "bytes", info->log_bytes);
	json_number(json, "user_held", info->user_log);
	json_number(json, "user_max", info->user_log_max);
	json_number(json, "kept", info->log_kept);
	json_number(json, "kept_max", info->log_kept_max);
	if (info->oldest_lsn) {
		json_uuid(json, "oldest_transaction", info->oldest_tx);
		json_number(json, "oldest_lsn", info->oldest_lsn);
	}
	json_object_end(json);
}

static void json_tm(struct json *json, const struct ktm_tm_info *info)
{
	char mode[16];

	json_object(json, NULL);
	json_uuid(json, "uuid", info->uuid);
	json_string(json, "name", info->name);
	json_string(json, "state", ktm_tm_state_name(info->state));
	json_bool(json, "durable", info->flags & KTM_TM_INFO_F_DURABLE);
	json_bool(json, "frozen", info->flags & KTM_TM_INFO_F_FROZEN);
	json_number(json, "error", info->error);
	json_number(json, "uid", info->uid);
	json_number(json, "gid", info->gid);
	snprintf(mode, sizeof(mode), "%04o", info->mode);
	json_string(json, "mode", mode);
	json_number(json, "rms", info->nr_rms);
	json_number(json, "active", info->nr_active);
	json_number(json, "unfinished", info->nr_unfinished);
	json_number(json, "clock", info->clock);
	json_number(json, "committed", info->committed);
	json_number(json, "aborted", info->aborted);
	json_number(json, "user_objects", info->user_objects);
	json_number(json, "user_objects_max", info->user_objects_max);
	if (info->flags & KTM_TM_INFO_F_DURABLE)
		json_log(json, info);
	json_object_end(json);
}

/* A TM that ends or is closed to the caller between list and open is left out. */
static int show_tms(int control, const char *prefix, struct json *json)
{
	struct ktm_tm_info info;
	struct uuid_list list;
	size_t i, shown = 0;
	int fd, ret;

	ret = uuid_list_read(&list, control, ktm_tm_list);
	if (ret)
		return ktmctl_fail(NULL, ret,
				   "cannot list the transaction managers");
	for (i = 0; i < list.count; i++) {
		if (prefix && !uuid_has_prefix(list.uuids[i], prefix))
			continue;
		fd = ktm_tm_open(control, list.uuids[i]);
		if (fd < 0)
			continue;
		ret = ktm_tm_query(fd, &info, sizeof(info));
		close(fd);
		if (ret)
			continue;
		info.name[sizeof(info.name) - 1] = '\0';
		if (json)
			json_tm(json, &info);
		else
			print_tm(&info);
		shown++;
	}
	uuid_list_free(&list);
	if (!shown && prefix)
		return ktmctl_refuse("See what there is: ktmctl list",
				     "there is no transaction manager '%s'",
				     prefix);
	if (!shown && !json)
		puts("No transaction manager is attached. 'ktmctl init' sets one up.");
	return KTMCTL_OK;
}

static int run_status(const struct ktmctl_command *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct json document = { 0 }, *json = NULL;
	int c, control, status;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		switch (c) {
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
	control = control_open();
	if (control < 0)
		return KTMCTL_FAILED;
	if (json)
		json_array(json, NULL);
	status = show_tms(control, argv[optind], json);
	if (json)
		json_array_end(json);
	close(control);
	return ktmctl_flush() == KTMCTL_OK ? status : KTMCTL_FAILED;
}

const struct ktmctl_command cmd_status = {
	.name = "status",
	.run = run_status,
	.help = "show state and figures of the transaction managers",
	.usage = "status [OPTION]... [TM]\n"
		 "Show state and figures of all transaction managers, or of those whose UUID\n"
		 "begins with TM. Figures are counted since the attach.\n"
		 "\n"
		 "  -j, --json           write JSON\n"
		 "  -h, --help           show this\n",
};
