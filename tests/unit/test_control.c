/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients of VICI through ctl to guard and back, and what guard says to a ctl that breaks the rules. */
#include "unit.h"

#include "base/log.h"
#include "control_bench.h"
#include "daemon/clock.h"
#include "daemon/ctl.h"
#include "daemon/delay.h"
#include "descriptors.h"
#include "vici_client.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ROOM = 1 << 20,
	END = 3 * FAMILY_PATIENCE / 1000 /* s, of what hangs */
};

/* -------------------------------------------------------------------- clients */

/* As far as it goes. */
static size_t put(struct control_bench *b, int fd, struct bytes octets)
{
	size_t done = 0;
	ssize_t n;

	while (done < octets.n &&
		(n = send(fd, octets.p + done, octets.n - done, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) {
		done += (size_t)n;
		control_bench_run(b);
	}
	return done;
}

/* The packets that have come, by their types. */
static const char *heard(struct control_bench *b, int fd)
{
	static const char letters[VICI_TYPES] = "rRuguceE";
	struct vici_gather gather = { 0 };
	struct text t = text_in(&b->arena);
	uint8_t *room = malloc(ROOM);
	ssize_t n;

	control_bench_run(b);
	while ((n = recv(fd, room, ROOM, MSG_DONTWAIT)) > 0) {
		struct bytes in = bytes_of(room, (size_t)n), segment;

		while (!vici_gather(&gather, &in, &segment))
			text_put(&t, &letters[*segment.p], 1);
		control_bench_run(b);
	}
	if (!n)
		text_put(&t, ".", 1);
	vici_gather_free(&gather);
	free(room);
	return text_str(&t);
}

static struct bytes packet(struct control_bench *b, enum vici_type type, const char *name)
{
	return vici_packet_of(type, name, NULL, &b->arena);
}

static const char *ask(struct control_bench *b, int fd, const char *command)
{
	struct bytes p = packet(b, VICI_CMD_REQUEST, command);

	assert_int_equal(put(b, fd, p), p.n);
	return heard(b, fd);
}

static void a_command_is_answered(void **state)
{
	struct control_bench *b = *state;
	int fd = control_bench_connect(b);

	assert_string_equal(ask(b, fd, "version"), "R");
	assert_string_equal(ask(b, fd, "make-coffee"), "u");
	assert_int_equal(b->control.n_clients, 1);
	close(fd);
	control_bench_run(b);
	assert_int_equal(b->control.n_clients, 0);
}

/* An event may be registered while a command is carried out: nothing else overtakes anything. */
static void requests_that_come_at_once_are_answered_in_their_order(void **state)
{
	static const struct {
		enum vici_type type;
		const char *name;
	} packets[] = { { VICI_CMD_REQUEST, "version" }, { VICI_EVENT_REGISTER, "list-sa" },
		{ VICI_CMD_REQUEST, "list-sas" }, { VICI_EVENT_REGISTER, "coffee" },
		{ VICI_EVENT_UNREGISTER, "list-sa" }, { VICI_CMD_REQUEST, "coffee" } };
	struct control_bench *b = *state;
	int fd = control_bench_connect(b);
	struct text all = text_in(&b->arena);

	for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
		struct bytes p = packet(b, packets[i].type, packets[i].name);

		text_put(&all, (const char *)p.p, p.n);
	}
	assert_int_equal(put(b, fd, bytes_of(all.s, all.n)), all.n);
	assert_string_equal(heard(b, fd), "RcERecu");
	close(fd);
}

/* A command of several messages, from octets that come as they like. */
static void a_large_request_comes_whole(void **state)
{
	enum { VALUE = 60000, VALUES = 8 };
	struct control_bench *b = *state;
	int fd = control_bench_connect(b);
	char *value = arena_alloc(&b->arena, VALUE + 1);
	struct vici_out out = { 0 };
	struct bytes all;

	memset(value, 'x', VALUE);
	value[VALUE] = 0;
	vici_out_packet(&out, VICI_CMD_REQUEST, "unload-shared");
	for (unsigned i = 0; i < VALUES; i++)
		vici_put_pair(&out, "padding", value);
	vici_put_pair(&out, "id", "the last of it");
	all = vici_out_done(&out);
	assert_true(all.n > VICI_SEGMENT_MAX - VALUE);
	assert_int_equal(put(b, fd, all), all.n);
	assert_string_equal(heard(b, fd), "R");
	assert_string_equal(b->fake->unloaded, "the last of it");
	vici_out_free(&out);
	close(fd);
}

/* What is said of each takes more room than it does. */
static void who_loads_more_than_can_be_handed_on_is_closed(void **state)
{
	enum { ITEMS = 60000 };
	struct control_bench *b = *state;
	int good = control_bench_connect(b), bad = control_bench_connect(b);
	struct vici_out out = { 0 };

	vici_out_packet(&out, VICI_CMD_REQUEST, "load-conn");
	vici_put_section(&out, "site");
	vici_put_list(&out, "certs");
	for (unsigned i = 0; i < ITEMS; i++)
		vici_put_item(&out, "none");
	vici_put_list_end(&out);
	vici_put_section_end(&out);
	put(b, bad, vici_out_done(&out));
	assert_string_equal(heard(b, bad), ".");
	assert_string_equal(ask(b, good, "version"), "R");
	vici_out_free(&out);
	close(good);
	close(bad);
}

static void who_breaks_the_protocol_is_closed(void **state)
{
	struct control_bench *b = *state;
	int good = control_bench_connect(b), bad = control_bench_connect(b);

	put(b, bad, bytes_of("\0\0\0\13\0\7version\1\1", 15));
	assert_string_equal(heard(b, bad), ".");
	assert_string_equal(ask(b, good, "version"), "R");
	assert_int_equal(b->control.n_clients, 1);
	close(good);
	close(bad);
}

/* Half a request costs what came of it; all of them together have a limit, and who has most goes. */
static void half_requests_are_kept_within_bounds(void **state)
{
	enum { MANY = 200, HALF = 300 * 1024 };
	struct control_bench *b = *state;
	uint8_t *half = arena_alloc(&b->arena, HALF);
	int all[MANY];

	memcpy(half, "\0\7\377\377", 4);
	for (unsigned i = 0; i < MANY; i++) {
		all[i] = control_bench_connect(b);
		put(b, all[i], bytes_of(half, HALF));
	}
	assert_in_range(b->control.inside->n_clients, 10, VICI_ALL_MAX / HALF);
	assert_int_equal(b->control.n_clients, 0);
	for (unsigned i = 0; i < MANY; i++)
		close(all[i]);
	control_bench_run(b);
	assert_int_equal(b->control.inside->n_clients, 0);
	assert_string_equal(ask(b, all[0] = control_bench_connect(b), "version"), "R");
	close(all[0]);
}

/* It gets its list when it reads; the others do not wait for it. */
static void who_does_not_read_holds_nobody_up(void **state)
{
	enum { MANY = 8000 };
	struct control_bench *b = *state;
	struct sa_record *sas = ARENA_ARRAY(&b->arena, MANY, struct sa_record);
	int slow = control_bench_connect(b), other = control_bench_connect(b);
	struct bytes list = packet(b, VICI_CMD_REQUEST, "list-sas"),
		     event = packet(b, VICI_EVENT_REGISTER, "list-sa");
	const char *got;
	size_t n;

	for (unsigned i = 0; i < MANY; i++)
		sas[i] = *b->fake->sas;
	b->fake->sas = sas;
	b->fake->n_sas = MANY;
	put(b, slow, event);
	put(b, slow, list);
	control_bench_run(b);
	assert_in_range(b->fake->described, 1, MANY / 4);
	assert_string_equal(ask(b, other, "version"), "R");
	got = heard(b, slow);
	n = strlen(got);
	assert_int_equal(n, MANY + 2);
	assert_string_equal(got + n - 2, "ER");
	close(slow);
	close(other);
}

static void clients_of_a_ctl_that_is_lost_are_closed(void **state)
{
	struct control_bench *b = *state;
	int fd = control_bench_connect(b);

	b->control.ctl.since = 0;
	assert_string_equal(ask(b, fd, "version"), "R");
	member_replace(&b->control.ctl, "it is a test");
	assert_string_equal(heard(b, fd), ".");
	assert_int_equal(b->control.n_clients, 0);
	close(fd);
	fd = control_bench_connect(b);
	assert_string_equal(ask(b, fd, "version"), "R");
	close(fd);
}

/* ------------------------------------------------------------------------ ctl */

static struct bytes message(struct control_bench *b, const struct ipc_message *m)
{
	struct wr w = wr_of(arena_alloc(&b->arena, IPC_MAX), IPC_MAX);

	assert_true(ipc_encode(&w, m));
	return wr_done(&w);
}

static bool takes(struct control_bench *b, const struct ipc_message *m)
{
	return control_bench_throw(b, message(b, m), m->fds, m->n_fds);
}

/* A client of that number, with FD, which is closed then. */
static bool takes_client(struct control_bench *b, uint32_t number, int fd)
{
	bool taken =
		takes(b, &(struct ipc_message){
				 .kind = IPC_CLIENT, .client = { number }, .fds = &fd, .n_fds = fd >= 0 });

	if (fd >= 0)
		close(fd);
	return taken;
}

/* What is allowed, by a client that does not exist elsewhere: so that what follows is refused for its reason.
 */
static void what_ctl_may_say_is_taken(void **state)
{
	struct control_bench *b = *state;
	struct ipc_message m = { .kind = IPC_REQUEST, .request = { .client = 7 } };

	assert_true(takes_client(b, 7, control_bench_accepted(b, 0)));
	assert_int_equal(b->control.n_clients, 1);
	assert_true(takes(b, &m));
	/* That it is full, or gone, the real one has said: it does not know this client. */
	assert_true(takes(b, &m));
	m.request = (struct ipc_request){ 7, IPC_REQUEST_PART + 9, 0, 0,
		bytes_of(arena_alloc(&b->arena, IPC_REQUEST_PART), IPC_REQUEST_PART) };
	assert_true(takes(b, &m));
	assert_true(takes(b, &(struct ipc_message){ .kind = IPC_READS, .gone.client = 7 }));
	assert_true(takes(b, &(struct ipc_message){ .kind = IPC_GONE, .gone.client = 7 }));
	assert_int_equal(b->control.n_clients, 0);
	/* Of one that has gone. */
	assert_true(takes(b, &(struct ipc_message){ .kind = IPC_GONE, .gone.client = 7 }));
	assert_true(takes(b, &(struct ipc_message){ .kind = IPC_REGISTER, .registers = { 7, 1, true } }));
}

static const struct ipc_message wrong[] = {
	{ .kind = IPC_CLIENT, .client = { 3 } }, /* numbers count upwards */
	{ .kind = IPC_CLIENT, .client = { 2 } },
	{ .kind = IPC_REQUEST, .request = { .client = 4 } }, /* it never came */
	{ .kind = IPC_REGISTER, .registers = { 4, 1, true } },
	{ .kind = IPC_READS, .gone.client = 4 },
	{ .kind = IPC_GONE, .gone.client = 4 },
	{ .kind = IPC_TAKEN, .taken = { 3, 0, false } },        /* nothing was sent */
	{ .kind = IPC_REGISTER, .registers = { 3, 31, true } }, /* there is no such event */
	{ .kind = IPC_REQUEST, .request = { .client = 3, .command = IPC_COMMANDS_MAX } },
	{ .kind = IPC_REQUEST,
		.request = { 3, 1, 0, 0, { (const uint8_t *)"\1", 1 } } }, /* not well-formed */
	{ .kind = IPC_REQUEST,
		.request = { 3, 2, 1, 0, { (const uint8_t *)"\1", 1 } } }, /* its beginning lacks */
	{ .kind = IPC_ADMIT },                                             /* guard's own */
	{ .kind = IPC_INQUIRY },                                           /* for another process */
	{ .kind = IPC_BLAME, .blame = { IPC_GUARD, "of nothing" } },
};

static void what_ctl_may_not_say_ends_it(void **state)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct control_bench *b = *state;

		assert_true(takes_client(b, 3, control_bench_accepted(b, 0)));
		b->control.ctl.since = clock_ms();
		assert_false(takes(b, &wrong[i]));
		control_bench_close(state);
		control_bench_open(state);
	}
}

static void what_is_no_message_ends_it(void **state)
{
	assert_false(control_bench_throw(*state, bytes_of("\377 and so on", 11), NULL, 0));
}

/* Its answer has not been said to be there. */
static void a_second_command_at_once_ends_it(void **state)
{
	struct control_bench *b = *state;
	struct ipc_message m = { .kind = IPC_REQUEST, .request = { .client = 7, .total = 12 } };

	m.request.command = (uint8_t)vici_command_number(bytes_str("initiate"));
	m.request.text = bytes_of("\3\5child\0\3net", 12);
	assert_true(takes_client(b, 7, control_bench_accepted(b, 0)));
	assert_true(takes(b, &m));
	assert_int_equal(b->fake->ticket, 1);
	b->control.ctl.since = clock_ms();
	assert_false(takes(b, &m));
}

/* ------------------------------------------------------------- what clients may */

/* Whether who comes with FD can stop the daemon. */
static bool can_stop(struct control_bench *b, int fd)
{
	struct ipc_message m = { .kind = IPC_REQUEST, .request.client = 7 };

	m.request.command = (uint8_t)vici_command_number(bytes_str("stop"));
	assert_true(takes_client(b, 7, fd));
	assert_true(takes(b, &m));
	return b->fake->stops;
}

static void who_is_somebody_may_do_what_he_may(void **state)
{
	struct control_bench *b = *state;
	unsigned before;
	int fd;

	control_bench_run(b); /* what is made with the first event */
	before = descriptors_open();
	fd = control_bench_accepted(b, 0);
	assert_int_equal(descriptors_open(), before + 1);
	assert_true(can_stop(b, fd));
	assert_int_equal(descriptors_open(), before);
}

/* Whatever ctl says of a client, that may do no more than the kernel says that it may. */
static void rights_are_those_of_who_has_connected(void **state)
{
	struct control_bench *b = *state;

	if (geteuid())
		skip();
	assert_false(can_stop(b, control_bench_accepted(b, CONTROL_BENCH_READER)));
	control_bench_close(state);
	control_bench_open(state);
	b = *state;
	assert_false(can_stop(b, control_bench_accepted(b, CONTROL_BENCH_STRANGER)));
}

/* One that ctl could have: of root's, all of them. */
static int bound_elsewhere(struct control_bench *b)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int heard = socket(AF_UNIX, SOCK_STREAM, 0), fd = socket(AF_UNIX, SOCK_STREAM, 0), accepted;

	snprintf(at.sun_path, sizeof at.sun_path, "%s/vic", b->folder);
	assert_int_equal(bind(heard, (struct sockaddr *)&at, sizeof at) | listen(heard, 1), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	accepted = accept(heard, NULL, NULL);
	unlink(at.sun_path);
	close(heard);
	close(fd);
	return accepted;
}

/* As somebody can in a mount namespace of his own: a socket of our name, of which the other end is root's. */
static int bound_with_our_name(struct control_bench *b)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char *aside = arena_printf(&b->arena, "%s/aside", b->folder);
	int heard = socket(AF_UNIX, SOCK_STREAM, 0), own = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s/vici", b->folder);
	assert_int_equal(rename(at.sun_path, aside), 0);
	assert_int_equal(bind(own, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(rename(aside, at.sun_path), 0);
	snprintf(at.sun_path, sizeof at.sun_path, "%s/vic", b->folder);
	assert_int_equal(bind(heard, (struct sockaddr *)&at, sizeof at) | listen(heard, 1), 0);
	assert_int_equal(connect(own, (struct sockaddr *)&at, sizeof at), 0);
	unlink(at.sun_path);
	close(accept(heard, NULL, NULL));
	close(heard);
	return own;
}

static int no_descriptor(struct control_bench *b)
{
	(void)b;
	return -1;
}

static int its_channel(struct control_bench *b)
{
	return dup(b->control.ctl.far[0].fd);
}

static int the_socket_itself(struct control_bench *b)
{
	return dup(b->control.fd);
}

static int a_pair_without_a_name(struct control_bench *b)
{
	int fds[2];

	(void)b;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	close(fds[1]);
	return fds[0];
}

static int the_clients_own_end(struct control_bench *b)
{
	return control_bench_connect(b);
}

static int a_file(struct control_bench *b)
{
	(void)b;
	return open("/dev/null", O_RDONLY);
}

static void what_is_no_connection_of_a_client_gives_no_rights(void **state)
{
	static int (*const all[])(struct control_bench * b) = { no_descriptor, its_channel, the_socket_itself,
		bound_elsewhere, bound_with_our_name, a_pair_without_a_name, the_clients_own_end, a_file };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct control_bench *b = *state;

		assert_false(can_stop(b, all[i](b)));
		control_bench_close(state);
		control_bench_open(state);
	}
}

static void descriptors_that_belong_to_nothing_end_it(void **state)
{
	struct control_bench *b = *state;
	const int two[] = { STDIN_FILENO, STDIN_FILENO };
	unsigned before = descriptors_open();
	struct ipc_message m = { .kind = IPC_CLIENT, .client = { 7 }, .fds = two, .n_fds = 2 };

	b->control.ctl.since = clock_ms();
	assert_false(takes(b, &m));
	control_bench_close(state);
	control_bench_open(state);
	b = *state;
	m = (struct ipc_message){ .kind = IPC_GONE, .gone.client = 7, .fds = two, .n_fds = 1 };
	b->control.ctl.since = clock_ms();
	assert_false(takes(b, &m));
	control_bench_close(state);
	control_bench_open(state);
	b = *state;
	b->control.ctl.since = clock_ms();
	assert_false(control_bench_throw(b, bytes_of("", 0), two, 1));
	control_bench_close(state);
	control_bench_open(state);
	assert_int_equal(descriptors_open(), before);
}

static unsigned descriptors_in(struct ipc_channel *c, bool *any)
{
	static uint8_t room[IPC_MAX];
	union {
		struct cmsghdr head;
		uint8_t octets[CMSG_SPACE(sizeof(int))];
	} rights;
	struct iovec io = { room, sizeof room };
	struct msghdr m = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights
	};
	int fd;

	*any = recvmsg(c->fd, &m, MSG_DONTWAIT) > 0;
	if (!*any || !m.msg_controllen)
		return 0;
	memcpy(&fd, CMSG_DATA(&rights.head), sizeof fd);
	assert_int_equal(close(fd), 0);
	return 1;
}

/* Guard has no room for it just then; and it may have gone when there is. */
static void a_client_that_waits_comes_with_its_connection(void **state)
{
	struct control_bench *b = *state;
	struct ipc_channel ctl, guard;
	const struct ipc_message gone = { .kind = IPC_GONE, .gone.client = 7 };
	struct post post;
	unsigned before = descriptors_open(), n = 0;
	int fd = control_bench_accepted(b, 0);
	bool any = true;

	assert_int_equal(ipc_pair(IPC_CTL, &ctl, IPC_GUARD, &guard), ERR_OK);
	post_start(&post, b->base, &ctl, CTL_POST_MAX);
	while (!post_waits(&post))
		assert_int_equal(post_send(&post, &gone), ERR_OK);
	assert_int_equal(
		post_send(&post,
			&(struct ipc_message){ .kind = IPC_CLIENT, .client = { 7 }, .fds = &fd, .n_fds = 1 }),
		ERR_OK);
	close(fd);
	while (any) {
		n += descriptors_in(&guard, &any);
		control_bench_run(b);
	}
	assert_int_equal(n, 1);
	assert_false(post_waits(&post));
	post_stop(&post);
	ipc_close(&ctl);
	ipc_close(&guard);
	assert_in_range(descriptors_open(), before, before + 1); /* and what the loop has made */
}

static struct ipc_message version(void)
{
	struct ipc_message m = { .kind = IPC_REQUEST, .request.client = 7 };

	m.request.command = (uint8_t)vici_command_number(bytes_str("version"));
	return m;
}

/* It was full when the first of two outputs came, and is not with the second. What waits goes out, else the
 * next command came before the answer. */
static void who_reads_again_gets_what_waits(void **state)
{
	struct control_bench *b = *state;
	const struct ipc_message ask_version = version();
	struct ipc_message taken = { .kind = IPC_TAKEN, .taken = { 7, 0, true } };

	b->control.flying = 2;
	assert_true(takes_client(b, 7, control_bench_accepted(b, 0)));
	assert_true(takes(b, &taken));
	assert_true(takes(b, &ask_version));
	taken.taken.full = false;
	assert_true(takes(b, &taken));
	assert_true(takes(b, &ask_version));
}

static void reads_nothing(void *ctx, struct ipc_channel *far)
{
	(void)ctx;
	(void)far;
}

/* Guard does not wait until there is room. */
static void who_says_to_have_what_it_did_not_take_is_ended(void **state)
{
	enum { MANY = 10000 };
	struct control_bench *b = *state;
	const struct ipc_message m[] = { version(), { .kind = IPC_TAKEN, .taken = { 7, 0, false } } };
	const struct bytes ask_version = message(b, &m[0]), taken = message(b, &m[1]);
	const uint64_t begin = clock_ms();
	unsigned n = 0;

	b->control.ctl.spec.serve = reads_nothing;
	assert_true(takes_client(b, 7, control_bench_accepted(b, 0)));
	b->control.ctl.since = clock_ms();
	while (n < MANY && control_bench_throw(b, ask_version, NULL, 0) &&
		control_bench_throw(b, taken, NULL, 0))
		n++;
	assert_in_range(n, 1, MANY - 1);
	assert_true(clock_ms() - begin < FAMILY_PATIENCE);
}

/* It says something without end, but not that it has its output. */
static pid_t talks(struct control_bench *b, const struct ipc_message *m)
{
	const struct bytes octets = message(b, m);
	const int fd = b->control.ctl.far[0].fd;
	pid_t pid = fork();

	assert_true(pid >= 0); /* who ends -1 ends everybody */
	if (!pid)
		alarm(END);
	while (!pid && send(fd, octets.p, octets.n, MSG_NOSIGNAL) > 0)
		usleep(10000);
	if (!pid)
		_exit(0);
	return pid;
}

static void who_talks_at_the_end_is_not_heard_for_ever(void **state)
{
	struct control_bench *b = *state;
	const struct ipc_message ask_version = version();
	const uint64_t begin = clock_ms();
	pid_t pid;

	b->control.ctl.spec.serve = reads_nothing;
	assert_true(takes_client(b, 7, control_bench_accepted(b, 0)));
	assert_true(takes(b, &ask_version));
	assert_int_equal(b->control.flying, 1);
	pid = talks(b, &(struct ipc_message){ .kind = IPC_READS, .gone.client = 7 });
	alarm(END);
	control_bench_stop(b);
	alarm(0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_true(clock_ms() - begin < 2 * FAMILY_PATIENCE);
	control_bench_start(b);
}

/* Ours is the time that the first line takes; with the second one there is the answer. */
static void takes_its_time(void *ctx, enum log_level level, const char *word, const char *line)
{
	uint64_t *ticket = ctx, end = clock_ms() + 100;

	(void)level;
	(void)word;
	if (strstr(line, "answer"))
		*ticket = 0;
	while (*ticket && clock_ms() < end)
		;
}

static void says(struct control_bench *b, const char *line)
{
	const struct bytes octets =
		message(b, &(struct ipc_message){ .kind = IPC_LOG, .log = { LOG_WARN, "test", NULL, line } });

	assert_int_equal(ipc_tell_written(&b->control.ctl.far[0], octets, NULL, 0), ERR_OK);
}

static void our_own_work_does_not_make_an_answer_late(void **state)
{
	struct control_bench *b = *state;
	struct delay d = { .taken = DELAY_MAX - 50, .at = clock_ms() };
	uint64_t ticket = 1;

	log_to(takes_its_time, &ticket);
	says(b, "work");
	says(b, "work");
	says(b, "answer");
	assert_int_equal(
		member_answer(&b->control.ctl, IPC_GUARD, &ticket, &d, DELAY_ANSWER, &b->arena), ERR_OK);
	log_to(NULL, NULL);
	assert_int_equal(ticket, 0);
	assert_in_range(delay_left(&d, clock_ms()), 50, DELAY_MAX);
}

static void who_waits_in_vain_waits_as_long_as_is_left(void **state)
{
	struct control_bench *b = *state;
	const uint64_t begun = clock_ms(), ticket = 1;
	struct delay d = { .taken = DELAY_MAX - 50, .at = begun };

	assert_int_equal(
		member_answer(&b->control.ctl, IPC_GUARD, &ticket, &d, DELAY_ANSWER, &b->arena), ERR_MISSING);
	assert_in_range(clock_ms() - begun, 40, DELAY_MAX);
}

/* The number may be another file's. */
static void another_ctl_gets_no_socket_that_is_closed(void **state)
{
	struct control_bench *b = *state;

	assert_int_equal(b->control.ctl.spec.fds[0], b->control.fd);
	control_shut(&b->control);
	assert_int_equal(b->control.ctl.spec.fds[0], -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_command_is_answered, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(requests_that_come_at_once_are_answered_in_their_order,
			control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			a_large_request_comes_whole, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(who_loads_more_than_can_be_handed_on_is_closed,
			control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			who_breaks_the_protocol_is_closed, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			half_requests_are_kept_within_bounds, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			who_does_not_read_holds_nobody_up, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			clients_of_a_ctl_that_is_lost_are_closed, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			what_ctl_may_say_is_taken, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			what_ctl_may_not_say_ends_it, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			what_is_no_message_ends_it, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			a_second_command_at_once_ends_it, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			who_is_somebody_may_do_what_he_may, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			rights_are_those_of_who_has_connected, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(what_is_no_connection_of_a_client_gives_no_rights,
			control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			descriptors_that_belong_to_nothing_end_it, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(a_client_that_waits_comes_with_its_connection,
			control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			who_reads_again_gets_what_waits, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(who_says_to_have_what_it_did_not_take_is_ended,
			control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			who_talks_at_the_end_is_not_heard_for_ever, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			our_own_work_does_not_make_an_answer_late, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			who_waits_in_vain_waits_as_long_as_is_left, control_bench_open, control_bench_close),
		cmocka_unit_test_setup_teardown(
			another_ctl_gets_no_socket_that_is_closed, control_bench_open, control_bench_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
