// SPDX-License-Identifier: GPL-2.0
/*
 * A resource manager of its own: status flags in an SQLite database
 *
 * Programs that hold a transaction send its fd and a flag to set over a socket
 * (flag_client.h). The flag is set when, and only when, the transaction commits.
 *
 * Durability. PREPARE is answered when the change stands in the database as
 * pending, COMMIT when it is carried out there; both are on disk by then. After
 * a crash ktm names each enlistment that committed and was not answered; it is
 * carried out, or was, and answered. What else is pending was rolled back.
 *
 * An error that leaves the outcome open (the database cannot be written, the
 * transaction manager went offline) ends the program: the next life does it.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <ktm/ktm.h>

#include "flag_client.h"
#include "flag_store.h"
#include "one_tm.h"

#define MAX_CHANGES	16	/* flags in one transaction */
#define REQUEST_MS	1000	/* a client must not hold us up longer */

/**
 * struct work - an enlistment, and what is done under it
 * @next: the next one
 * @key: names it in notifications
 * @en_fd: the enlistment
 * @uuid: of the enlistment
 * @tx: UUID of its transaction
 * @changes: what it sets; empty after a recovery, the store has it
 * @count: how many
 */
struct work {
	struct work *next;
	uint64_t key;
	int en_fd;
	unsigned char uuid[KTM_UUID_SIZE];
	unsigned char tx[KTM_UUID_SIZE];
	struct flag_change changes[MAX_CHANGES];
	size_t count;
};

static struct flag_store *store;
static struct work *works;
static int rm_fd;
static bool recovered;	/* everything of an earlier life is announced */
static bool verbose;

static _Noreturn void die(const char *what, int error)
{
	fprintf(stderr, "sqlite_rm: %s: %s\n", what, strerror(abs(error)));
	exit(1);
}

static void say(const char *what, const struct work *work)
{
	char tx[KTM_UUID_TEXT_SIZE];

	if (!verbose)
		return;
	ktm_uuid_format(work->tx, tx);
	fprintf(stderr, "sqlite_rm: %s (transaction %.8s)\n", what, tx);
}

/* Works */

static struct work *add_work(const unsigned char *tx)
{
	static uint64_t last_key;
	struct work *work = calloc(1, sizeof(*work));

	if (!work)
		return NULL;
	work->key = ++last_key;
	work->en_fd = -1;
	memcpy(work->tx, tx, KTM_UUID_SIZE);
	work->next = works;
	works = work;
	return work;
}

static void drop_work(struct work *work)
{
	struct work **at = &works;

	while (*at != work)
		at = &(*at)->next;
	*at = work->next;
	if (work->en_fd >= 0)
		close(work->en_fd);
	free(work);
}

static struct work *find_by_key(uint64_t key)
{
	struct work *work = works;

	while (work && work->key != key)
		work = work->next;
	return work;
}

static struct work *find_by_tx(const unsigned char *tx)
{
	struct work *work = works;

	while (work && memcmp(work->tx, tx, KTM_UUID_SIZE))
		work = work->next;
	return work;
}

static bool is_known(const unsigned char *enlistment)
{
	struct work *work = works;

	while (work && memcmp(work->uuid, enlistment, KTM_UUID_SIZE))
		work = work->next;
	return work;
}

/* Notifications */

/* A late or double answer is harmless; one that cannot be given is not. */
static void check_answer(const char *what, int ret)
{
	if (ret && ret != -EALREADY && ret != -ECANCELED)
		die(what, ret);
}

static void on_prepare(struct work *work)
{
	int ret = flag_store_prepare(store, work->uuid, work->changes, work->count);

	if (ret) {
		say("refused", work);
		ret = ktm_en_rollback(work->en_fd,
				      ret == -EBUSY ? KTM_REASON_CONFLICT : KTM_REASON_RM,
				      -ret, flag_store_error(store));
		check_answer("refusal", ret);
		return;
	}
	check_answer("prepare complete", ktm_en_prepare_complete(work->en_fd));
	say("prepared", work);
}

static void on_commit(struct work *work)
{
	if (flag_store_commit(store, work->uuid))
		die(flag_store_error(store), EIO);
	check_answer("commit complete", ktm_en_commit_complete(work->en_fd));
	say("committed", work);
	drop_work(work);
}

static void on_rollback(struct work *work)
{
	if (flag_store_abort(store, work->uuid))
		die(flag_store_error(store), EIO);
	check_answer("rollback complete", ktm_en_rollback_complete(work->en_fd));
	say("rolled back", work);
	drop_work(work);
}

static void on_recover(const struct ktm_notification *note)
{
	struct work *work = add_work(note->tx);

	if (!work)
		die("recovery", ENOMEM);
	memcpy(work->uuid, note->enlistment, KTM_UUID_SIZE);
	work->en_fd = ktm_en_open(rm_fd, work->uuid, work->key);
	if (work->en_fd < 0)
		die("cannot open an enlistment", work->en_fd);
	say("found unfinished", work);
	check_answer("recovery", ktm_en_recover(work->en_fd));
}

static void on_last_recover(void)
{
	if (flag_store_abort_unknown(store, is_known))
		die(flag_store_error(store), EIO);
	recovered = true;
}

static void on_notification(const struct ktm_notification *note)
{
	struct work *work;

	if (note->type == KTM_NOTIFY_RECOVER) {
		on_recover(note);
		return;
	}
	if (note->type == KTM_NOTIFY_LAST_RECOVER) {
		on_last_recover();
		return;
	}
	work = find_by_key(note->key);
	if (!work)
		return;		/* told twice, done already */
	if (note->type == KTM_NOTIFY_PREPARE)
		on_prepare(work);
	else if (note->type == KTM_NOTIFY_COMMIT)
		on_commit(work);
	else if (note->type == KTM_NOTIFY_ROLLBACK)
		on_rollback(work);
}

static void read_notification(void)
{
	struct ktm_notification note;
	long ret = ktm_rm_read(rm_fd, &note, sizeof(note));

	if (ret == -EINTR || ret == -EAGAIN)
		return;
	if (ret < 0)
		die("cannot read notifications", ret);
	on_notification(&note);
}

/* Requests */

static int enlist(int tx_fd, const unsigned char *tx, struct work **result)
{
	struct work *work = add_work(tx);

	if (!work)
		return -ENOMEM;
	work->en_fd = ktm_en_create(rm_fd, tx_fd, work->key, 0, work->uuid);
	if (work->en_fd < 0) {
		int ret = work->en_fd;

		drop_work(work);
		return ret;
	}
	*result = work;
	return 0;
}

static int take_change(int tx_fd, struct flag_change *change)
{
	struct ktm_tx_info info;
	struct work *work;
	int ret;

	change->name[FLAG_NAME_SIZE - 1] = '\0';
	change->value[FLAG_VALUE_SIZE - 1] = '\0';
	ret = ktm_tx_query(tx_fd, &info, sizeof(info));
	if (ret)
		return ret;
	if (info.state != KTM_TX_S_ACTIVE)
		return -ECANCELED;
	work = find_by_tx(info.uuid);
	if (!work) {
		ret = enlist(tx_fd, info.uuid, &work);
		if (ret)
			return ret;
	}
	if (work->count == MAX_CHANGES)
		return -EMSGSIZE;
	work->changes[work->count++] = *change;
	return 0;
}

/* The transaction's fd, or -1. */
static int receive(int fd, struct flag_change *change)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = { .iov_base = change, .iov_len = sizeof(*change) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	ssize_t got;
	int tx_fd;

	got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	if (got < 0)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&tx_fd, CMSG_DATA(header), sizeof(int));
	if (got == sizeof(*change))
		return tx_fd;
	close(tx_fd);
	return -1;
}

static void serve(int listen_fd)
{
	const struct timeval limit = { .tv_usec = REQUEST_MS * 1000 % 1000000,
				       .tv_sec = REQUEST_MS / 1000 };
	struct flag_answer answer = { 0 };
	struct flag_change change;
	int fd, tx_fd, ret = -EINVAL;

	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	tx_fd = receive(fd, &change);
	if (tx_fd >= 0) {
		ret = take_change(tx_fd, &change);
		/* The transaction must end with its client, not with us. */
		close(tx_fd);
	}
	answer.error = -ret;
	if (ret)
		snprintf(answer.text, sizeof(answer.text), "%s", strerror(-ret));
	send(fd, &answer, sizeof(answer), MSG_NOSIGNAL);
	close(fd);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		die(path, ENAMETOOLONG);
	strcpy(address.sun_path, path);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	umask(077);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 16))
		die(path, errno);
	return fd;
}

/* Life */

static void begin_life(void)
{
	unsigned char rm[KTM_UUID_SIZE];
	struct ktm_tm_info info;
	int tm_fd, ret;

	tm_fd = one_tm_open(&info);
	if (tm_fd < 0)
		exit(1);
	ret = flag_store_bind(store, info.uuid);
	if (ret)
		die(flag_store_error(store), ret);
	memcpy(rm, flag_store_rm(store), KTM_UUID_SIZE);
	rm_fd = ktm_rm_create(tm_fd, "status flags", 0, rm);
	if (rm_fd < 0)
		die("cannot register", rm_fd);
	close(tm_fd);
	ret = ktm_rm_recover(rm_fd);
	if (ret)
		die("cannot recover", ret);
	while (!recovered || works)
		read_notification();
}

static _Noreturn void live(int listen_fd)
{
	struct pollfd polls[] = {
		{ .fd = rm_fd, .events = POLLIN },
		{ .fd = listen_fd, .events = POLLIN },
	};

	for (;;) {
		if (poll(polls, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			die("poll", errno);
		}
		if (polls[0].revents)
			read_notification();
		else if (polls[1].revents)
			serve(listen_fd);
	}
}

/* Starts the program in the background; the parent waits until it is ready. */
static int go_to_background(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		die("pipe", errno);
	pid = fork();
	if (pid < 0)
		die("fork", errno);
	if (!pid) {
		close(ready[0]);
		/* Nobody waits for the end of our output. */
		if (!freopen("/dev/null", "w", stdout))
			die("/dev/null", errno);
		return ready[1];
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		exit(1);
	printf("%d\n", pid);
	exit(0);
}

static void show_usage(FILE *to)
{
	fputs("usage: sqlite_rm [-v] start DATABASE SOCKET\n"
	      "       sqlite_rm [-v] recover DATABASE\n"
	      "start: finish what an earlier life left, then serve in the background; prints the\n"
	      "process id. recover: only finish what an earlier life left.\n"
	      "  -v   say what is done\n", to);
}

int main(int argc, char **argv)
{
	int c, listen_fd, ready;

	while ((c = getopt(argc, argv, "vh")) != -1) {
		if (c != 'v') {
			show_usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
		verbose = true;
	}
	argv += optind;
	argc -= optind;
	if (argc == 2 && !strcmp(argv[0], "recover")) {
		store = flag_store_open(argv[1]);
		if (!store)
			return 1;
		begin_life();
		flag_store_close(store);
		return 0;
	}
	if (argc != 3 || strcmp(argv[0], "start")) {
		show_usage(stderr);
		return 2;
	}
	ready = go_to_background();
	/* SQLite must not be carried across a fork. */
	store = flag_store_open(argv[1]);
	if (!store)
		return 1;
	begin_life();
	listen_fd = listen_at(argv[2]);
	if (write(ready, "", 1) != 1)
		return 1;
	close(ready);
	live(listen_fd);
}
