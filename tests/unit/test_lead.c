/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations that a RADIUS server leads, from who the peer is to what it is told at last. */
#include "unit.h"

#include "daemon/certs.h"
#include "daemon/lead.h"
#include "radius_server.h"
#include "trust_bench.h"

#include <stdlib.h>

struct bench {
	struct trust_bench *trust;
	struct radius_fake server;
	struct radius_server_conf conf;
	struct lead *lead;
	struct arena arena;
	bool over;
	uint8_t what;
	struct bytes packet, user;
	const char *why;
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	void *trust;

	trust_set_up(&trust);
	b->trust = trust;
	b->conf = (struct radius_server_conf){ .name = "one",
		.address = "127.0.0.1",
		.secret = bytes_str(RADIUS_FAKE_SECRET),
		.auth_port = radius_fake_start(&b->server, b->trust->world.base, HONEST),
		.acct_port = 1813,
		.sockets = 1,
		.nas_identifier = "gw" };
	b->trust->world.config.now.settings.radius = (struct radius_conf){ .servers = &b->conf,
		.n_servers = 1,
		.retransmit_timeout = 100,
		.retransmit_base = 1000,
		.retransmit_tries = 2 };
	trust_keep_radius(b->trust);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	void *trust = b->trust;

	lead_free(b->lead);
	radius_fake_stop(&b->server);
	trust_tear_down(&trust);
	arena_free(&b->arena);
	free(b);
	return 0;
}

static void begin(struct bench *b, const char *identity, bool ask)
{
	const struct lead_about about = { .identity = bytes_str(identity),
		.ask = ask,
		.session = { .connection = bytes_str("rw"), .port = 7 } };

	b->lead = lead_new(&b->trust->world, &about);
}

static void on_done(void *ctx, const struct ipc_relayed *r)
{
	struct bench *b = ctx;

	b->over = true;
	b->what = r->what;
	b->packet = arena_bytes(&b->arena, r->packet);
	b->user = arena_bytes(&b->arena, r->user);
	b->why = r->why ? arena_str(&b->arena, r->why) : NULL;
}

static void say(struct bench *b, const char *packet, size_t n)
{
	b->over = false;
	lead_take(b->lead, bytes_of(packet, n), on_done, b);
	while (!b->over)
		event_base_loop(b->trust->world.base, EVLOOP_ONCE);
}

static void assert_asked(const struct bench *b, const char *user, const char *packet, size_t n)
{
	struct radius_packet p = radius_packet_of(bytes_of(b->server.last, b->server.n_last));
	struct bytes value;

	assert_true(radius_find(&p, RADIUS_USER_NAME, &value) && bytes_eq(value, bytes_str(user)));
	assert_true(radius_find(&p, RADIUS_EAP_MESSAGE, &value) && bytes_eq(value, bytes_of(packet, n)));
	assert_true(radius_find(&p, RADIUS_NAS_PORT_ID, &value) && bytes_eq(value, bytes_str("rw")));
}

static void assert_let_in(struct bench *b)
{
	assert_int_equal(b->what, RADIUS_SAYS);
	assert_true(bytes_eq(b->packet, bytes_of("\1\6\0\6\4?", 6)));
	say(b, "\2\6\0\6\4!", 6);
	assert_int_equal(b->what, RADIUS_SUCCEEDED);
	assert_true(bytes_eq(b->packet, bytes_of("\3\6\0\4", 4)));
	assert_true(bytes_eq(b->user, bytes_str("alice@example.org")));
}

static void who_is_known_is_not_asked(void **state)
{
	struct bench *b = *state;

	begin(b, "alice", false);
	say(b, "", 0);
	assert_asked(b, "alice", "\2\0\0\12\1alice", 10);
	assert_let_in(b);
}

static void who_is_not_known_is_asked(void **state)
{
	struct bench *b = *state;

	begin(b, "", true);
	say(b, "", 0);
	assert_int_equal(b->what, RADIUS_SAYS);
	assert_true(bytes_eq(b->packet, bytes_of("\1\0\0\5\1", 5)));
	assert_int_equal(b->server.asked, 0);
	say(b, "\2\0\0\10\1bob", 8);
	assert_asked(b, "bob", "\2\0\0\10\1bob", 8);
	assert_true(bytes_eq(lead_name(b->lead), bytes_str("bob")));
	assert_let_in(b);
}

static void a_prefix_stands_before_the_name(void **state)
{
	struct bench *b = *state;

	b->trust->world.config.now.settings.radius.id_prefix = "0";
	begin(b, "alice", false);
	say(b, "", 0);
	assert_asked(b, "0alice",
		"\2\0\0\13\1"
		"0alice",
		11);
	assert_true(bytes_eq(lead_name(b->lead), bytes_str("alice")));
	assert_let_in(b);
}

static void what_is_no_name_is_a_failure(void **state)
{
	static const struct {
		const char *packet;
		size_t n;
	} packets[] = { { "\2\0\0\10\4bob", 8 }, { "\2\0\0\11\1bob", 8 }, { "\1\0\0\10\1bob", 8 },
		{ "\2\0\0\4", 4 }, { "\2\0\0\5\1", 5 } };
	struct bench *b = *state;

	for (unsigned i = 0; i < sizeof packets / sizeof *packets; i++) {
		begin(b, "", true);
		say(b, "", 0);
		say(b, packets[i].packet, packets[i].n);
		assert_int_equal(b->what, RADIUS_FAILED);
		assert_non_null(b->why);
		lead_free(b->lead);
		b->lead = NULL;
	}
	assert_int_equal(b->server.asked, 0);
}

static void never(void *ctx, const struct ipc_relayed *r)
{
	(void)ctx;
	(void)r;
	fail_msg("somebody is told who does not listen");
}

/* The answer to a conversation that is gone is nobody's. */
static void a_conversation_may_end_before_the_answer(void **state)
{
	struct bench *b = *state;

	begin(b, "alice", false);
	lead_take(b->lead, bytes_of(NULL, 0), never, b);
	lead_free(b->lead);
	b->lead = NULL;
	begin(b, "alice", false);
	say(b, "", 0);
	assert_int_equal(b->what, RADIUS_SAYS);
	assert_int_equal(b->server.asked, 2);
}

static void the_daemon_may_stop_before_the_answer(void **state)
{
	struct bench *b = *state;

	b->server.temper = SILENT;
	begin(b, "alice", false);
	b->over = false;
	lead_take(b->lead, bytes_of(NULL, 0), on_done, b);
	while (!b->server.asked)
		event_base_loop(b->trust->world.base, EVLOOP_ONCE);
	assert_false(b->over);
	/* The rest is the teardown's: nobody is told, and nothing is left. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_known_is_not_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_not_known_is_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_prefix_stands_before_the_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_name_is_a_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_conversation_may_end_before_the_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_daemon_may_stop_before_the_answer, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, trust_end);
}
