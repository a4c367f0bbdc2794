/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP passed on to RADIUS servers by certs: the server is in the loop, on an address of this machine. What it
 * does wrong is felt by who waits for it, and by nobody else. */
#include "unit.h"

#include "daemon/certs.h"
#include "daemon/relay.h"
#include "radius_server.h"
#include "trust_bench.h"

#include <stdlib.h>

struct bench {
	struct trust_bench *trust;
	struct radius_fake servers[2];
	struct radius_server_conf conf[2];
	struct arena arena;
	struct ipc_relayed heard;
	bool over; /* something was heard */
};

/* -------------------------------------------------------------------- bench */

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	void *trust;

	trust_set_up(&trust);
	b->trust = trust;
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	void *trust = b->trust;

	for (unsigned i = 0; i < 2; i++)
		radius_fake_stop(&b->servers[i]);
	trust_tear_down(&trust);
	arena_free(&b->arena);
	free(b);
	return 0;
}

/* N servers, of which the first is preferred, and which are asked twice, a tenth of a second apart. */
static void configure(struct bench *b, unsigned n, enum radius_temper first, enum radius_temper second)
{
	for (unsigned i = 0; i < n; i++)
		b->conf[i] = (struct radius_server_conf){ .name = i ? "two" : "one",
			.address = "127.0.0.1",
			.secret = bytes_str(RADIUS_FAKE_SECRET),
			.auth_port =
				radius_fake_start(&b->servers[i], b->trust->world.base, i ? second : first),
			.acct_port = 1813,
			.preference = 2 - i,
			.sockets = 1,
			.nas_identifier = "gw" };
	b->trust->world.config.now.settings.radius = (struct radius_conf){ .servers = b->conf,
		.n_servers = n,
		.retransmit_timeout = 100,
		.retransmit_base = 1000,
		.retransmit_tries = 2 };
	trust_keep_radius(b->trust);
}

static void on_relayed(void *ctx, const struct ipc_relayed *r)
{
	struct bench *b = ctx;

	b->over = true;
	b->heard = *r;
	b->heard.packet = arena_bytes(&b->arena, r->packet);
	b->heard.note = arena_bytes(&b->arena, r->note);
	b->heard.msk = arena_bytes(&b->arena, r->msk);
	b->heard.user = arena_bytes(&b->arena, r->user);
	b->heard.message = arena_bytes(&b->arena, r->message);
	b->heard.why = r->why ? arena_str(&b->arena, r->why) : NULL;
	if (r->what == RADIUS_SUCCEEDED)
		assert_true(r->classes.n == 1 && bytes_eq(r->classes.v[0], bytes_str("staff")));
}

static void tell(struct bench *b, const char *eap, size_t n)
{
	const struct ipc_relay q = { .note = b->heard.note,
		.session = { .user = bytes_str("alice"), .connection = bytes_str("rw"), .port = 7 },
		.eap = bytes_of(eap, n) };

	b->over = false;
	trust_relay(&b->trust->world, &q, on_relayed, b);
}

static void wait_over(struct bench *b)
{
	while (!b->over)
		event_base_loop(b->trust->world.base, EVLOOP_ONCE);
}

static void say(struct bench *b, const char *eap, size_t n)
{
	tell(b, eap, n);
	wait_over(b);
}

#define IDENTITY "\2\5\0\12\1alice"
#define PROOF    "\2\6\0\6\4!"

static void assert_failed(const struct bench *b, const char *why)
{
	assert_int_equal(b->heard.what, RADIUS_FAILED);
	if (!strstr(b->heard.why, why))
		assert_string_equal(b->heard.why, why);
}

/* -------------------------------------------------------------------- tests */

static void a_user_is_let_in(void **state)
{
	struct bench *b = *state;

	configure(b, 1, HONEST, HONEST);
	say(b, IDENTITY, 10);
	assert_int_equal(b->heard.what, RADIUS_SAYS);
	assert_true(bytes_eq(b->heard.packet, bytes_of("\1\6\0\6\4?", 6)));
	say(b, PROOF, 6);
	assert_int_equal(b->heard.what, RADIUS_SUCCEEDED);
	assert_true(bytes_eq(b->heard.packet, bytes_of("\3\6\0\4", 4)));
	assert_true(bytes_eq(b->heard.user, bytes_str("alice@example.org")));
	assert_int_equal(b->heard.msk.n, 64);
	assert_true(b->heard.msk.p[0] == 'r' && b->heard.msk.p[63] == 's');
	assert_int_equal(b->heard.session_timeout, 3600);
	assert_true(b->heard.ip.v == 4 && b->heard.ip.a[3] == 9);
}

static void a_user_is_refused(void **state)
{
	struct bench *b = *state;

	configure(b, 1, REFUSES, HONEST);
	say(b, IDENTITY, 10);
	assert_failed(b, "the RADIUS server has refused the user");
	assert_true(bytes_eq(b->heard.message, bytes_str("expired")));
}

static void without_a_server_it_is_said_where_to_name_one(void **state)
{
	struct bench *b = *state;

	say(b, IDENTITY, 10);
	assert_failed(b, "there is no RADIUS server: name one in the section daemon.radius");
}

static void nobody_answers(void **state)
{
	struct bench *b = *state;

	configure(b, 1, SILENT, HONEST);
	say(b, IDENTITY, 10);
	assert_failed(b, "no RADIUS server answers");
	assert_int_equal(b->servers[0].asked, 2);
}

/* Answers that anybody could have sent are as none; the next server is asked. */
static void who_lies_is_not_heard(void **state)
{
	static const enum radius_temper tempers[] = { OTHER_SECRET, UNPROVEN };
	struct bench *b = *state;

	for (unsigned i = 0; i < 2; i++) {
		b->heard = (struct ipc_relayed){ 0 };
		if (!i)
			configure(b, 2, tempers[i], HONEST);
		b->servers[0].temper = tempers[i];
		say(b, IDENTITY, 10);
		assert_int_equal(b->heard.what, RADIUS_SAYS);
		assert_true(b->servers[1].asked > 0);
	}
}

static void on_name(void *ctx, const struct ip *ip, const char *why)
{
	(void)ip;
	(void)why;
	*(bool *)ctx = true;
}

/* While a server is silent others are served, also by certs itself. */
static void who_waits_holds_up_nobody(void **state)
{
	struct bench *b = *state;
	bool named = false;

	configure(b, 1, SILENT, HONEST);
	b->trust->world.config.now.settings.radius.retransmit_timeout = 60000;
	tell(b, IDENTITY, 10);
	trust_resolve(&b->trust->world, "127.0.0.1", 4, on_name, &named);
	while (!named || !b->servers[0].asked)
		event_base_loop(b->trust->world.base, EVLOOP_ONCE);
	assert_false(b->over);
	/* And who comes later is answered, when the server speaks again. */
	b->servers[0].temper = HONEST;
	say(b, IDENTITY, 10);
	assert_int_equal(b->heard.what, RADIUS_SAYS);
}

/* Servers that change end the conversations with them; servers that stay the same do not, even with another
 * certs. */
static void a_conversation_is_with_servers_as_they_are(void **state)
{
	struct bench *b = *state;

	configure(b, 1, HONEST, HONEST);
	say(b, IDENTITY, 10);
	member_replace(&b->trust->world.trust.certs, "of this test");
	b->trust->world.trust.unknown = true;
	say(b, PROOF, 6);
	assert_int_equal(b->heard.what, RADIUS_SUCCEEDED);
	b->heard.note.n = 0;
	say(b, IDENTITY, 10);
	b->conf[0].name = "another";
	say(b, PROOF, 6);
	assert_failed(b, "the RADIUS servers have changed");
}

/* The same secrets, of a server and of who gives orders, are kept anew when the file is read again. To certs
 * they are what they were, so that nothing ends; neither stands for the other. */
static void read_again(struct bench *b, unsigned n)
{
	struct trust *t = &b->trust->world.trust;
	struct radius_conf *c = &b->trust->world.config.now.settings.radius;
	uint64_t server = 0, second = 0, orders = 0;

	configure(b, n, HONEST, HONEST);
	vault_leave_radius(c);
	for (unsigned i = 0; i < 2; i++) {
		b->conf[0].secret = b->conf[1].secret = bytes_str(RADIUS_FAKE_SECRET);
		c->dae =
			(struct radius_dae_conf){ true, "127.0.0.1", 0, bytes_str(RADIUS_FAKE_SECRET), NULL };
		trust_keep_radius(b->trust);
		say(b, i ? PROOF : IDENTITY, i ? 6 : 10);
		assert_int_equal(b->heard.what, i ? RADIUS_SUCCEEDED : RADIUS_SAYS);
		if (!i) {
			server = kept_handle(t->secrets[0]);
			second = kept_handle(t->secrets[1]);
			orders = kept_handle(t->orders);
			assert_true(server && orders && server != orders && server != second);
			vault_leave_radius(c);
		}
	}
	assert_true(kept_handle(c->servers[0].kept) != server);
	assert_true(kept_handle(t->secrets[0]) == server && kept_handle(t->secrets[1]) == second);
	assert_true(kept_handle(t->orders) == orders);
}

static void secrets_that_are_read_again_are_the_same(void **state)
{
	read_again(*state, 1);
}

/* Neither is taken for the other, which would be a change. */
static void servers_may_have_one_secret(void **state)
{
	read_again(*state, 2);
}

static void who_waits_hears_that_servers_change(void **state)
{
	struct bench *b = *state;

	configure(b, 1, SILENT, HONEST);
	b->trust->world.config.now.settings.radius.retransmit_timeout = 60000;
	tell(b, IDENTITY, 10);
	while (!b->servers[0].asked)
		event_base_loop(b->trust->world.base, EVLOOP_ONCE);
	vault_leave_radius(&b->trust->world.config.now.settings.radius);
	b->trust->world.config.now.settings.radius.n_servers = 0;
	trust_follow(&b->trust->world);
	wait_over(b);
	assert_failed(b, "the RADIUS servers have changed");
}

static void what_is_no_answer_is_not_passed_on(void **state)
{
	struct bench *b = *state;

	configure(b, 1, HONEST, HONEST);
	say(b, "\1\5\0\12\1alice", 10);
	assert_failed(b, "what the peer says cannot be passed on");
	assert_int_equal(b->servers[0].asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_user_is_let_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_user_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			without_a_server_it_is_said_where_to_name_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_lies_is_not_heard, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_waits_holds_up_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_conversation_is_with_servers_as_they_are, set_up, tear_down),
		cmocka_unit_test_setup_teardown(secrets_that_are_read_again_are_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(servers_may_have_one_secret, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_waits_hears_that_servers_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_answer_is_not_passed_on, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, trust_end);
}
