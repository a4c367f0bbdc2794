/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose stream goes when there are too many. */
#include "daemon/frame.h"
#include "daemon/sockaddr.h"
#include "daemon/streams.h"
#include "tests/unit/unit.h"
#include "wire/message.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILES = 64, ROOM = FILES / 4, STRANGERS = 3 * ROOM };

struct bench {
	struct event_base *base;
	struct streams streams;
	struct addr at; /* where peers come */
	struct path path;
	unsigned heard;
};

static void on_message(void *ctx, const struct path *path, struct bytes message)
{
	struct bench *b = ctx;

	assert_int_equal(message.n, IKE_HEADER);
	b->path = *path;
	b->heard++;
}

/* A port of the loopback where nobody listens. */
static struct addr free_port(void)
{
	struct addr a = { { 4, { 127, 0, 0, 1 } }, 0 };
	struct sockaddr_storage name;
	socklen_t n = sockaddr_of(&a, &name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&name, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &n), 0);
	close(fd);
	return sockaddr_read((struct sockaddr *)&name);
}

static void start(struct bench *b)
{
	struct rlimit before, few;
	struct text why = { 0 };
	struct settings set = { 0 };

	*b = (struct bench){ .base = event_base_new(), .at = free_port() };
	set.tcp_port = set.port_nat_t = b->at.port;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ FILES, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(streams_open(&b->streams, b->base, &set, on_message, b, &why), ERR_OK);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void stop(struct bench *b)
{
	streams_close(&b->streams);
	event_base_free(b->base);
}

static int come(struct bench *b)
{
	struct sockaddr_storage name;
	socklen_t n = sockaddr_of(&b->at, &name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&name, n), 0);
	event_base_loop(b->base, EVLOOP_NONBLOCK);
	return fd;
}

static void say(struct bench *b, int fd)
{
	uint8_t message[FRAME_PREFIX + FRAME_HEADER + IKE_HEADER] = "IKETCP";
	unsigned before = b->heard;

	assert_int_equal(frame_head(true, IKE_HEADER, message + FRAME_PREFIX), FRAME_HEADER);
	assert_int_equal(send(fd, message, sizeof message, MSG_NOSIGNAL), sizeof message);
	while (b->heard == before)
		event_base_loop(b->base, EVLOOP_ONCE);
}

static void strangers_do_not_push_out_who_has_said_something(void **state)
{
	uint8_t answer[IKE_HEADER] = { 1 }, in[FRAME_MAX];
	int peer, strangers[STRANGERS];
	struct bench b;

	(void)state;
	start(&b);
	peer = come(&b);
	say(&b, peer);
	for (unsigned i = 0; i < STRANGERS; i++)
		strangers[i] = come(&b);
	assert_int_equal(b.streams.n, ROOM);
	streams_send(&b.streams, &b.path, bytes_of(answer, sizeof answer));
	event_base_loop(b.base, EVLOOP_NONBLOCK);
	assert_int_equal(recv(peer, in, sizeof in, MSG_DONTWAIT), FRAME_HEADER + IKE_HEADER);
	for (unsigned i = 0; i < STRANGERS; i++)
		close(strangers[i]);
	close(peer);
	stop(&b);
}

/* Of equals the one that was used least lately. */
static void who_has_said_something_gets_in(void **state)
{
	int peers[ROOM + 1];
	uint8_t in[1];
	struct bench b;

	(void)state;
	start(&b);
	for (unsigned i = 0; i < ROOM + 1; i++) {
		peers[i] = come(&b);
		say(&b, peers[i]);
	}
	assert_int_equal(b.streams.n, ROOM);
	assert_int_equal(recv(peers[0], in, sizeof in, MSG_DONTWAIT), 0);
	assert_int_equal(recv(peers[1], in, sizeof in, MSG_DONTWAIT), -1);
	for (unsigned i = 0; i < ROOM + 1; i++)
		close(peers[i]);
	stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers_do_not_push_out_who_has_said_something),
		cmocka_unit_test(who_has_said_something_gets_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
