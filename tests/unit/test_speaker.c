/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom the process that speaks IKE hears while guard does not follow. */
#include "tests/unit/unit.h"

#include "daemon/ipc_peer.h"
#include "daemon/speaker.h"
#include "tests/unit/conf_help.h"

#include <stdlib.h>
#include <sys/socket.h>

enum { LONGER = 16 << 20, ROOM = 4096 };

struct bench {
	struct speaker speaker;
	struct sockets sockets;
	struct event_base *base;
	struct ipc_channel guard;
};

static int set_up(void **state)
{
	struct bench *b = *state = calloc(1, sizeof *b);
	struct loaded l = load_text("");
	struct arena arena = { 0 };
	int fds[SOCKETS];

	for (int i = 0; i < SOCKETS; i++)
		fds[i] = -1;
	b->base = event_base_new();
	sockets_adopt(&b->sockets, fds);
	speaker_start(&b->speaker, b->base, &b->sockets, -1);
	assert_int_equal(ipc_pair(IPC_GUARD, &b->guard, IPC_IKE, &b->speaker.guard), ERR_OK);
	b->guard.phase = b->speaker.guard.phase = IPC_SERVING;
	assert_true(speaker_take_event(
		&b->speaker, &(struct ipc_message){ .kind = IPC_EVENT,
				     .event = { .event.kind = EVENT_CONF,
					     .settings = ipc_settings_make(&l.conf.settings, &arena) } }));
	arena_free(&arena);
	loaded_free(&l);
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	speaker_stop(&b->speaker);
	ipc_close(&b->guard);
	ipc_close(&b->speaker.guard);
	sockets_close(&b->sockets);
	event_base_free(b->base);
	free(b);
	return 0;
}

/* Guard takes nothing more, and more than OCTETS wait for it. */
static void guard_is_behind(struct bench *b, size_t octets)
{
	static char line[ROOM];
	struct post *p = &b->speaker.post;

	memset(line, 'x', sizeof line - 1);
	while (!post_waits(p) || p->octets <= octets)
		assert_int_equal(post_send(p, &(struct ipc_message){ .kind = IPC_LOG,
						      .log = { LOG_NOTICE, "test", NULL, line } }),
			ERR_OK);
	post_flush(p);
}

/* Whether a message to the responder's SPI_R (0: it begins) is heard: of another major version, it is
 * answered (RFC 7296, 2.5). MORE came at the same time. */
static bool heard(struct bench *b, uint64_t spi_r, bool more)
{
	static const struct path path = { .local = { { 4, { 192, 0, 2, 1 } }, 500 },
		.remote = { { 4, { 192, 0, 2, 2 } }, 500 } };
	uint8_t octets[28];
	struct wr w = wr_of(octets, sizeof octets);
	size_t before = b->speaker.post.octets;

	wr_u64(&w, 7);
	wr_u64(&w, spi_r);
	wr_u8(&w, 33);
	wr_u8(&w, 0x30);
	wr_u8(&w, 34);
	wr_u8(&w, 0x08);
	wr_u32(&w, 0);
	wr_u32(&w, sizeof octets);
	b->sockets.heard.received(b->sockets.ctx, &path, wr_done(&w));
	if (!more)
		b->sockets.heard.all(b->sockets.ctx);
	return b->speaker.post.octets > before;
}

static bool hears(struct bench *b, uint64_t spi_r)
{
	return heard(b, spi_r, false);
}

static void who_is_on_his_way_is_heard_longer(void **state)
{
	struct bench *b = *state;

	guard_is_behind(b, 0);
	assert_false(hears(b, 0));
	assert_true(hears(b, 8));
	guard_is_behind(b, LONGER);
	assert_false(hears(b, 8));
}

/* Guard has heard all there was. */
static void nothing_waits(struct bench *b)
{
	uint8_t octet;

	post_flush(&b->speaker.post);
	while (recv(b->guard.fd, &octet, 1, MSG_DONTWAIT) > 0)
		;
}

/* The next that guard is told. */
static void told(struct bench *b, struct arena *arena, struct ipc_message *m)
{
	static uint8_t room[IPC_MAX];
	ssize_t n = recv(b->guard.fd, room, sizeof room, MSG_DONTWAIT);

	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), arena, m));
}

/* How many datagrams M, a bundle, has sent. */
static unsigned sends_of(const struct ipc_message *m, struct arena *arena)
{
	unsigned n = 0;

	assert_int_equal(m->kind, IPC_BUNDLE);
	for (unsigned i = 0; i < m->bundle.n; i++) {
		struct ipc_message one;

		assert_null(ipc_decode(m->bundle.v[i], arena, &one));
		assert_int_equal(one.kind, IPC_ACTION);
		n += one.action.action.kind == ACTION_SEND;
	}
	return n;
}

/* So that above nobody was not heard for something else. */
static void who_begins_is_heard_when_guard_follows(void **state)
{
	struct bench *b = *state;
	struct arena arena = { 0 };
	struct ipc_message m;

	nothing_waits(b);
	(void)hears(b, 0);
	told(b, &arena, &m);
	assert_int_equal(sends_of(&m, &arena), 1);
	arena_free(&arena);
}

/* Each wakes guard. */
static void what_comes_of_datagrams_that_came_together_goes_together(void **state)
{
	struct bench *b = *state;
	struct arena arena = { 0 };
	uint8_t octet;
	struct ipc_message m;

	nothing_waits(b);
	(void)heard(b, 1, true);
	(void)heard(b, 2, true);
	assert_int_equal(recv(b->guard.fd, &octet, 1, MSG_DONTWAIT), -1);
	(void)heard(b, 3, false);
	told(b, &arena, &m);
	assert_int_equal(sends_of(&m, &arena), 3);
	assert_int_equal(recv(b->guard.fd, &octet, 1, MSG_DONTWAIT), -1);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_on_his_way_is_heard_longer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_begins_is_heard_when_guard_follows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_comes_of_datagrams_that_came_together_goes_together, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
