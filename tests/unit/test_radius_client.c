/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of RADIUS servers: who is asked, when again, and which answers count. Servers are played by
 * hand. */
#include "base/heap.h"
#include "radius/client.h"
#include "radius_help.h"
#include "unit.h"

#include <stdlib.h>

static const char secret[] = "a secret of theirs";

enum { LOG_MAX = 4096 };

/* What the client has had done. */
struct sent {
	struct radius_socket socket;
	uint8_t octets[RADIUS_MAX];
	size_t n;
	uint64_t at;
};

struct said {
	enum radius_what what;
	uint64_t ticket;
	unsigned server;
	uint8_t code;
};

struct bench {
	struct radius_settings settings;
	struct rng_seeded rng;
	struct radius_client *client;
	uint64_t now;
	struct sent *sent;
	unsigned n_sent;
	struct said said[LOG_MAX];
	unsigned n_said;
};

static void add_server(struct bench *b, unsigned preference, unsigned ports)
{
	b->settings.servers[b->settings.n_servers++] = (struct radius_server){
		.secret = radius_plain(secret),
		.nas_identifier = bytes_str("gw"),
		.preference = preference,
		.ports = ports,
		.offers = { true, true },
	};
}

static struct bench *begin(unsigned servers)
{
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	b->sent = calloc(LOG_MAX, sizeof *b->sent);
	assert_non_null(b->sent);
	b->settings.tries = 4;
	b->settings.timeout = 2000;
	b->settings.base = 1400;
	b->now = 1000;
	rng_seed(&b->rng, 1);
	/* The first is the one that is preferred. */
	for (unsigned i = 0; i < servers; i++)
		add_server(b, servers - i, 1);
	return b;
}

static void start(struct bench *b)
{
	b->client = radius_client_new(&b->settings, &b->rng.rng);
}

static void finish(struct bench *b)
{
	radius_client_free(b->client);
	free(b->sent);
	free(b);
}

static void note(struct bench *b, const struct radius_out *out)
{
	if (out->what == RADIUS_SEND) {
		struct sent *s = &b->sent[b->n_sent++];

		assert_true(b->n_sent < LOG_MAX);
		s->socket = out->socket;
		s->n = out->datagram.n;
		if (s->n)
			memcpy(s->octets, out->datagram.p, s->n);
		s->at = b->now;
		return;
	}
	assert_true(b->n_said < LOG_MAX);
	b->said[b->n_said++] = (struct said){ out->what, out->ticket, out->socket.server, out->answer.code };
}

static void settle(struct bench *b)
{
	struct radius_out out;

	while (radius_client_next(b->client, b->now, &out))
		note(b, &out);
}

/* Lets time pass until UNTIL. */
static void pass(struct bench *b, uint64_t until)
{
	uint64_t wake;

	settle(b);
	while ((wake = radius_client_wake(b->client)) <= until) {
		assert_true(wake > b->now);
		b->now = wake;
		settle(b);
	}
	b->now = until;
	settle(b);
}

static void ask(struct bench *b, uint64_t ticket, enum radius_service service, int server)
{
	static const uint8_t user[] = { RADIUS_USER_NAME, 7, 'a', 'l', 'i', 'c', 'e' };

	assert_int_equal(
		radius_client_ask(b->client, ticket, service, server, bytes_of(user, sizeof user), b->now),
		0);
	settle(b);
}

static struct bytes datagram(const struct sent *s)
{
	return bytes_of(s->octets, s->n);
}

/* The datagram number I is answered by CODE. */
static enum radius_drop answer(struct bench *b, unsigned i, enum radius_code code)
{
	struct radius_reply reply;
	enum radius_drop drop;

	radius_reply(&reply, code, datagram(&b->sent[i]), code != RADIUS_ACCOUNTING_RESPONSE);
	drop = radius_client_take(b->client, &b->sent[i].socket,
		radius_reply_done(&reply, secret, datagram(&b->sent[i])), b->now);
	settle(b);
	return drop;
}

static const struct said *last(const struct bench *b)
{
	assert_true(b->n_said > 0);
	return &b->said[b->n_said - 1];
}

static void assert_said(const struct said *s, enum radius_what what, uint64_t ticket, unsigned server)
{
	assert_int_equal(s->what, what);
	assert_int_equal(s->ticket, ticket);
	assert_int_equal(s->server, server);
}

static void an_answer_comes_to_who_asked(void **state)
{
	struct bench *b = begin(1);
	struct radius_packet p;
	struct bytes value;

	(void)state;
	start(b);
	ask(b, 7, RADIUS_AUTH, -1);
	ask(b, 8, RADIUS_ACCT, -1);
	assert_int_equal(b->n_sent, 2);
	p = radius_packet_of(datagram(&b->sent[0]));
	assert_int_equal(p.code, RADIUS_ACCESS_REQUEST);
	assert_int_equal(radius_verify(&p, bytes_str(secret), NULL, true), 0);
	assert_true(radius_find(&p, RADIUS_USER_NAME, &value) && bytes_eq(value, bytes_str("alice")));
	assert_true(radius_find(&p, RADIUS_NAS_IDENTIFIER, &value) && bytes_eq(value, bytes_str("gw")));
	p = radius_packet_of(datagram(&b->sent[1]));
	assert_int_equal(p.code, RADIUS_ACCOUNTING_REQUEST);
	assert_int_equal(radius_verify(&p, bytes_str(secret), NULL, false), 0);
	assert_int_equal(answer(b, 1, RADIUS_ACCOUNTING_RESPONSE), RADIUS_TAKEN);
	assert_said(last(b), RADIUS_ANSWER, 8, 0);
	assert_int_equal(answer(b, 0, RADIUS_ACCESS_CHALLENGE), RADIUS_TAKEN);
	assert_said(last(b), RADIUS_ANSWER, 7, 0);
	assert_int_equal(last(b)->code, RADIUS_ACCESS_CHALLENGE);
	assert_int_equal(radius_client_wake(b->client), HEAP_NEVER);
	finish(b);
}

/* strongSwan's times: 2, 2.8, 3.92 and 5.488 s. */
static void a_request_is_sent_again_as_it_is(void **state)
{
	static const uint64_t at[] = { 1000, 3000, 5800, 9720 };
	struct bench *b = begin(1);

	(void)state;
	start(b);
	ask(b, 7, RADIUS_AUTH, -1);
	pass(b, 15207);
	assert_int_equal(b->n_sent, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(b->sent[i].at, at[i]);
		assert_true(bytes_eq(datagram(&b->sent[i]), datagram(&b->sent[0])));
	}
	assert_int_equal(b->n_said, 0);
	pass(b, 15208);
	assert_said(&b->said[0], RADIUS_NO_ANSWER, 7, 0);
	assert_said(&b->said[1], RADIUS_FELL_SILENT, 0, 0);
	assert_int_equal(b->n_said, 2);
	assert_int_equal(radius_client_counters(b->client, 0)->resent, 3);
	finish(b);
}

/* While another one answers, a server that says nothing is not waited for long; what else waits for it moves
 * at once. */
static void silence_sends_everybody_to_the_next(void **state)
{
	struct bench *b = begin(2);

	(void)state;
	start(b);
	ask(b, 1, RADIUS_AUTH, -1);
	pass(b, 2000);
	ask(b, 2, RADIUS_AUTH, -1);
	assert_int_equal(b->sent[1].socket.server, 0);
	pass(b, 5800);
	/* 1 at 1000 and 3000, 2 at 2000 and 4000; then both at 5800 to the other. */
	assert_int_equal(b->n_sent, 6);
	assert_true(b->sent[4].at == 5800 && b->sent[4].socket.server == 1);
	assert_true(b->sent[5].at == 5800 && b->sent[5].socket.server == 1);
	assert_said(last(b), RADIUS_FELL_SILENT, 0, 0);
	assert_int_equal(answer(b, 5, RADIUS_ACCESS_ACCEPT), RADIUS_TAKEN);
	/* Who comes later does not even try it. */
	ask(b, 3, RADIUS_AUTH, -1);
	assert_int_equal(b->sent[6].socket.server, 1);
	/* The other service is another program. */
	ask(b, 4, RADIUS_ACCT, -1);
	assert_int_equal(b->sent[7].socket.server, 0);
	finish(b);
}

static void a_silent_server_is_tried_again_by_one(void **state)
{
	struct bench *b = begin(2);
	unsigned before;

	(void)state;
	start(b);
	ask(b, 1, RADIUS_AUTH, -1);
	pass(b, 5800);
	answer(b, b->n_sent - 1, RADIUS_ACCESS_ACCEPT);
	pass(b, 5800 + RADIUS_SILENCE);
	before = b->n_sent;
	ask(b, 2, RADIUS_AUTH, -1);
	ask(b, 3, RADIUS_AUTH, -1);
	assert_int_equal(b->sent[before].socket.server, 0);
	assert_int_equal(b->sent[before + 1].socket.server, 1);
	answer(b, before, RADIUS_ACCESS_REJECT);
	assert_said(last(b), RADIUS_IS_BACK, 0, 0);
	ask(b, 4, RADIUS_AUTH, -1);
	assert_int_equal(b->sent[before + 2].socket.server, 0);
	finish(b);
}

/* One that answers others has only lost this request. */
static void a_lost_request_makes_nobody_silent(void **state)
{
	struct bench *b = begin(2);

	(void)state;
	start(b);
	ask(b, 1, RADIUS_AUTH, -1);
	b->now = 2000;
	ask(b, 2, RADIUS_AUTH, -1);
	answer(b, 1, RADIUS_ACCESS_ACCEPT);
	pass(b, 15208);
	/* All four go to it, and then it is the other's turn. */
	assert_int_equal(b->n_sent, 6);
	assert_int_equal(b->sent[4].socket.server, 0);
	assert_int_equal(b->sent[5].socket.server, 1);
	for (unsigned i = 0; i < b->n_said; i++)
		assert_int_equal(b->said[i].what, RADIUS_ANSWER);
	finish(b);
}

static void where_all_are_silent_each_is_asked(void **state)
{
	struct bench *b = begin(3);

	(void)state;
	start(b);
	ask(b, 1, RADIUS_AUTH, -1);
	pass(b, 60000);
	assert_said(last(b), RADIUS_FELL_SILENT, 0, 2);
	b->n_said = b->n_sent = 0;
	ask(b, 2, RADIUS_AUTH, -1);
	pass(b, 120000);
	assert_int_equal(b->n_sent, 12);
	assert_said(last(b), RADIUS_NO_ANSWER, 2, 0);
	finish(b);
}

/* Who has begun a conversation must end it. */
static void a_conversation_stays_where_it_is(void **state)
{
	struct bench *b = begin(2);

	(void)state;
	start(b);
	ask(b, 1, RADIUS_AUTH, 1);
	pass(b, 60000);
	assert_int_equal(b->n_sent, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(b->sent[i].socket.server, 1);
	assert_said(&b->said[0], RADIUS_NO_ANSWER, 1, 0);
	finish(b);
}

static void equal_servers_share(void **state)
{
	struct bench *b = begin(0);
	unsigned n[2] = { 0 };

	(void)state;
	add_server(b, 5, 1);
	add_server(b, 5, 1);
	start(b);
	for (unsigned i = 0; i < 10; i++) {
		ask(b, i + 1, RADIUS_AUTH, -1);
		n[b->sent[i].socket.server]++;
	}
	assert_true(n[0] == 5 && n[1] == 5);
	finish(b);
}

/* 256 requests to a port; then another port; then patience. */
static void ports_fill_one_after_the_other(void **state)
{
	struct bench *b = begin(0);
	bool ids[2][256] = { 0 };

	(void)state;
	add_server(b, 0, 2);
	start(b);
	for (unsigned i = 0; i < 600; i++)
		ask(b, i + 1, RADIUS_AUTH, -1);
	assert_int_equal(b->n_sent, 512);
	for (unsigned i = 0; i < 512; i++) {
		bool *taken = &ids[b->sent[i].socket.port][b->sent[i].octets[1]];

		assert_int_equal(b->sent[i].socket.port, i / 256);
		assert_false(*taken);
		*taken = true;
	}
	/* Each answer lets one more go. */
	answer(b, 300, RADIUS_ACCESS_ACCEPT);
	assert_int_equal(b->n_sent, 513);
	assert_int_equal(b->sent[512].socket.port, 1);
	radius_client_forget(b->client, 1);
	settle(b);
	assert_int_equal(b->n_sent, 514);
	assert_int_equal(b->sent[513].socket.port, 0);
	finish(b);
}

static void patience_ends(void **state)
{
	struct bench *b = begin(0);

	(void)state;
	add_server(b, 0, 1);
	b->settings.timeout = 100000;
	start(b);
	for (unsigned i = 0; i < 257; i++)
		ask(b, i + 1, RADIUS_AUTH, -1);
	pass(b, 1000 + RADIUS_PATIENCE);
	assert_int_equal(b->n_said, 1);
	assert_said(last(b), RADIUS_NO_ANSWER, 257, 0);
	finish(b);
}

static void too_many_are_refused(void **state)
{
	struct bench *b = begin(1);
	uint8_t much[RADIUS_ATTRIBUTES_MAX] = { 0 };

	(void)state;
	b->settings.servers[0].offers[RADIUS_ACCT] = false;
	start(b);
	for (unsigned i = 0; i < RADIUS_REQUESTS_MAX; i++)
		assert_int_equal(
			radius_client_ask(b->client, i, RADIUS_AUTH, -1, bytes_of(NULL, 0), b->now), 0);
	assert_int_equal(
		radius_client_ask(b->client, 1u << 20, RADIUS_AUTH, -1, bytes_of(NULL, 0), b->now), ERR_BUSY);
	assert_int_equal(radius_client_ask(b->client, 1u << 20, RADIUS_ACCT, -1, bytes_of(NULL, 0), b->now),
		ERR_MISSING);
	assert_int_equal(
		radius_client_ask(b->client, 1u << 20, RADIUS_AUTH, -1, bytes_of(much, sizeof much), b->now),
		ERR_SPACE);
	finish(b);
}

/* Answers that are dropped, and after each of which the right one still counts. */

static enum radius_drop take(struct bench *b, const struct radius_socket *socket, struct bytes d)
{
	return radius_client_take(b->client, socket, d, b->now);
}

static void forged_answers_are_dropped(void **state)
{
	struct bench *b = begin(1);
	struct radius_reply reply;
	struct bytes d;

	(void)state;
	start(b);
	ask(b, 1, RADIUS_AUTH, -1);
	radius_reply(&reply, RADIUS_ACCESS_ACCEPT, datagram(&b->sent[0]), true);
	d = radius_reply_done(&reply, "a secret of others", datagram(&b->sent[0]));
	assert_int_equal(take(b, &b->sent[0].socket, d), RADIUS_FORGED);
	/* A reject of the server's own that was made an accept. */
	radius_reply(&reply, RADIUS_ACCESS_REJECT, datagram(&b->sent[0]), true);
	d = radius_reply_done(&reply, secret, datagram(&b->sent[0]));
	reply.octets[0] = RADIUS_ACCESS_ACCEPT;
	assert_int_equal(take(b, &b->sent[0].socket, d), RADIUS_FORGED);
	/* What BlastRADIUS makes of one has a right authenticator, and no Message-Authenticator. */
	radius_reply(&reply, RADIUS_ACCESS_ACCEPT, datagram(&b->sent[0]), false);
	d = radius_reply_done(&reply, secret, datagram(&b->sent[0]));
	assert_int_equal(take(b, &b->sent[0].socket, d), RADIUS_UNPROVEN);
	assert_int_equal(b->n_said, 0);
	assert_int_equal(answer(b, 0, RADIUS_ACCESS_ACCEPT), RADIUS_TAKEN);
	assert_int_equal(radius_client_counters(b->client, 0)->dropped[RADIUS_FORGED], 2);
	assert_int_equal(radius_client_counters(b->client, 0)->dropped[RADIUS_UNPROVEN], 1);
	finish(b);
}

/* Who has the secret says nothing for a while: what cannot be signed, or checked, is as what was lost. */
static void what_cannot_be_proved_just_now_is_lost(void **state)
{
	struct bench *b = begin(1);

	(void)state;
	start(b);
	radius_deaf = true;
	ask(b, 1, RADIUS_AUTH, -1);
	assert_int_equal(b->sent[0].n, 0);
	assert_int_equal(radius_client_counters(b->client, 0)->sent, 0);
	radius_deaf = false;
	pass(b, 3000);
	assert_int_equal(b->n_sent, 2);
	assert_true(b->sent[1].n > 0);
	radius_deaf = true;
	assert_int_equal(answer(b, 1, RADIUS_ACCESS_ACCEPT), RADIUS_UNJUDGED);
	assert_int_equal(b->n_said, 0);
	radius_deaf = false;
	pass(b, 5800);
	assert_true(bytes_eq(datagram(&b->sent[2]), datagram(&b->sent[1])));
	assert_int_equal(answer(b, 2, RADIUS_ACCESS_ACCEPT), RADIUS_TAKEN);
	assert_said(last(b), RADIUS_ANSWER, 1, 0);
	finish(b);
}

/* A server cannot answer what it was not sent: nobody is told that it is silent. The request is over all the
 * same. */
static void who_was_sent_nothing_is_not_silent(void **state)
{
	struct bench *b = begin(1);

	(void)state;
	start(b);
	radius_deaf = true;
	ask(b, 1, RADIUS_AUTH, -1);
	pass(b, 60 * 1000);
	assert_int_equal(b->n_said, 1);
	assert_said(last(b), RADIUS_NO_ANSWER, 1, 0);
	/* What is made at last is sent as often as another. */
	b->n_sent = 0;
	ask(b, 2, RADIUS_AUTH, -1);
	radius_deaf = false;
	pass(b, 120 * 1000);
	assert_int_equal(b->n_sent, 1 + b->settings.tries);
	assert_int_equal(b->sent[1].at - b->sent[0].at, 2000);
	assert_int_equal(b->sent[2].at - b->sent[1].at, 2000);
	assert_int_equal(b->sent[3].at - b->sent[2].at, 2800);
	assert_int_equal(b->n_said, 3);
	assert_int_equal(last(b)->what, RADIUS_FELL_SILENT);
	finish(b);
}

static void what_answers_nothing_is_dropped(void **state)
{
	struct bench *b = begin(2);
	struct radius_socket other;

	(void)state;
	start(b);
	ask(b, 1, RADIUS_AUTH, -1);
	ask(b, 2, RADIUS_ACCT, -1);
	/* A request back, an answer of the other service, junk. */
	assert_int_equal(take(b, &b->sent[0].socket, datagram(&b->sent[0])), RADIUS_MALFORMED);
	assert_int_equal(answer(b, 0, RADIUS_ACCOUNTING_RESPONSE), RADIUS_MALFORMED);
	assert_int_equal(answer(b, 1, RADIUS_ACCESS_ACCEPT), RADIUS_MALFORMED);
	assert_int_equal(take(b, &b->sent[0].socket, bytes_str("junk")), RADIUS_MALFORMED);
	/* The right answer, from a server that was not asked. */
	other = b->sent[0].socket;
	b->sent[0].socket.server = 1;
	assert_int_equal(answer(b, 0, RADIUS_ACCESS_ACCEPT), RADIUS_LATE);
	b->sent[0].socket = other;
	assert_int_equal(answer(b, 0, RADIUS_ACCESS_ACCEPT), RADIUS_TAKEN);
	/* Twice. */
	assert_int_equal(answer(b, 0, RADIUS_ACCESS_ACCEPT), RADIUS_LATE);
	assert_int_equal(b->n_said, 1);
	finish(b);
}

/* An answer to an earlier request of the same number is not one to this. */
static void a_replayed_answer_is_dropped(void **state)
{
	struct bench *b = begin(1);

	(void)state;
	start(b);
	for (unsigned i = 0; i < 257; i++) {
		ask(b, i + 1, RADIUS_AUTH, -1);
		if (i < 256)
			assert_int_equal(answer(b, i, RADIUS_ACCESS_ACCEPT), RADIUS_TAKEN);
	}
	assert_int_equal(b->sent[256].octets[1], b->sent[0].octets[1]);
	assert_int_equal(answer(b, 0, RADIUS_ACCESS_ACCEPT), RADIUS_FORGED);
	assert_int_equal(answer(b, 256, RADIUS_ACCESS_REJECT), RADIUS_TAKEN);
	assert_int_equal(last(b)->code, RADIUS_ACCESS_REJECT);
	finish(b);
}

/* What comes after the request has moved on to another server. */
static void a_late_answer_is_dropped(void **state)
{
	struct bench *b = begin(2);

	(void)state;
	start(b);
	ask(b, 1, RADIUS_AUTH, -1);
	pass(b, 6000);
	assert_int_equal(b->sent[b->n_sent - 1].socket.server, 1);
	assert_int_equal(answer(b, 0, RADIUS_ACCESS_ACCEPT), RADIUS_LATE);
	assert_int_equal(answer(b, b->n_sent - 1, RADIUS_ACCESS_ACCEPT), RADIUS_TAKEN);
	assert_said(last(b), RADIUS_ANSWER, 1, 1);
	finish(b);
}

/* Nothing that is not true keeps a server from being known as silent, or makes one known. */
static void lies_count_for_nothing(void **state)
{
	struct bench *b = begin(2);

	(void)state;
	start(b);
	ask(b, 1, RADIUS_AUTH, -1);
	for (unsigned i = 0; i < 50; i++) {
		struct radius_reply reply;

		pass(b, 1000 + 100 * i);
		radius_reply(&reply, RADIUS_ACCESS_ACCEPT, datagram(&b->sent[0]), true);
		take(b, &b->sent[0].socket, radius_reply_done(&reply, "wrong", datagram(&b->sent[0])));
	}
	assert_int_equal(b->sent[b->n_sent - 1].socket.server, 1);
	finish(b);
}

static void nobody_waits_any_more(void **state)
{
	struct bench *b = begin(1);

	(void)state;
	start(b);
	ask(b, 1, RADIUS_AUTH, -1);
	radius_client_forget(b->client, 1);
	radius_client_forget(b->client, 1);
	assert_int_equal(radius_client_wake(b->client), HEAP_NEVER);
	assert_int_equal(answer(b, 0, RADIUS_ACCESS_ACCEPT), RADIUS_LATE);
	assert_int_equal(b->n_said, 0);
	finish(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_to_who_asked),
		cmocka_unit_test(a_request_is_sent_again_as_it_is),
		cmocka_unit_test(silence_sends_everybody_to_the_next),
		cmocka_unit_test(a_silent_server_is_tried_again_by_one),
		cmocka_unit_test(a_lost_request_makes_nobody_silent),
		cmocka_unit_test(where_all_are_silent_each_is_asked),
		cmocka_unit_test(a_conversation_stays_where_it_is),
		cmocka_unit_test(equal_servers_share),
		cmocka_unit_test(ports_fill_one_after_the_other),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(forged_answers_are_dropped),
		cmocka_unit_test(what_cannot_be_proved_just_now_is_lost),
		cmocka_unit_test(who_was_sent_nothing_is_not_silent),
		cmocka_unit_test(what_answers_nothing_is_dropped),
		cmocka_unit_test(a_replayed_answer_is_dropped),
		cmocka_unit_test(a_late_answer_is_dropped),
		cmocka_unit_test(lies_count_for_nothing),
		cmocka_unit_test(nobody_waits_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
