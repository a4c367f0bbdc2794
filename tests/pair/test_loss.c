/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams that are lost, repeated, late or out of order (RFC 7296, 2.1 to 2.4). */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_REQUEST  "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_RESPONSE "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"

/* Four seconds, the first interval, pass. */
static void wait_for_repetition(struct pair *p)
{
	lab_clock(p->lab, p->lab->now + 4000);
}

static void lost_init_request(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, "lost: " INIT_REQUEST);
	wait_for_repetition(p);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	pair_assert_up(p);
}

static void lost_init_response(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, "lost: " INIT_RESPONSE);
	wait_for_repetition(p);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	pair_assert_up(p);
}

static void lost_auth_request(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, "lost: " AUTH_REQUEST);
	wait_for_repetition(p);
	ARROWS(p->lab, AUTH_REQUEST, AUTH_RESPONSE);
	pair_assert_up(p);
}

static void lost_auth_response(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, "lost: " AUTH_RESPONSE);
	wait_for_repetition(p);
	ARROWS(p->lab, AUTH_REQUEST, AUTH_RESPONSE);
	SILENCE(p->lab);
	pair_assert_up(p);
}

/* What is sent again is the same, octet by octet, and costs the responder nothing. */
static void repetitions_are_the_same_octets(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct flight *first, *second;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, "twice: " AUTH_REQUEST);
	first = lab_first(p->lab);
	second = node_owner(first->node.next, struct flight, node);
	assert_int_equal(first->n, second->n);
	assert_memory_equal(first->data, second->data, first->n);
	ARROWS(p->lab, AUTH_RESPONSE, AUTH_RESPONSE);
	SILENCE(p->lab);
	pair_assert_up(p);
}

static void every_message_twice(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"twice: " INIT_REQUEST,
		"twice: " INIT_RESPONSE,
		"twice: " INIT_RESPONSE,
		"twice: " AUTH_REQUEST,
		"twice: " AUTH_RESPONSE,
		"twice: " AUTH_RESPONSE);
	/* clang-format on */
	SILENCE(p->lab);
	pair_assert_up(p);
}

/* An answer that took its time meets the answer to the repetition. */
static void late_answer(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, "kept: " INIT_RESPONSE);
	wait_for_repetition(p);
	ARROWS(p->lab, INIT_RESPONSE, INIT_REQUEST, AUTH_REQUEST, INIT_RESPONSE, AUTH_RESPONSE);
	SILENCE(p->lab);
	pair_assert_up(p);
}

static void reordered_deletes(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_DOWN, .child = "net" });
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_DOWN, .ike = "site" });
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  INFORMATIONAL request 2: SK {D(ESP)}",
		"twice: moon <-- sun  INFORMATIONAL response 2: SK {D(ESP)}",
		"kept: moon --> sun  INFORMATIONAL request 3: SK {D(IKE)}",
		"moon --> sun  INFORMATIONAL request 3: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 3: SK {}");
	/* clang-format on */
	pair_assert_empty_later(p);
}

/* ------------------------------------------------------------------ the schedule */

/* Seconds after the start at which INIT is sent: 0, then 4 s later, 7.2, 12.96, 23.328, 41.99; given up 75.58
 * s after the last. */
static void schedule(void **state)
{
	static const uint64_t at[] = { 0, 4000, 11200, 24160, 47488, 89478 };
	struct pair *p = pair_open(state, NULL, NULL);
	uint64_t start = p->lab->now;

	pair_say_up(p, 1);
	for (unsigned i = 0; i < sizeof at / sizeof *at; i++) {
		if (i)
			lab_clock(p->lab, lab_due(p->lab));
		assert_int_equal(p->lab->now - start, at[i]);
		ARROWS(p->lab, "lost: " INIT_REQUEST);
		SILENCE(p->lab);
	}
	lab_clock(p->lab, lab_due(p->lab));
	assert_int_equal(p->lab->now - start, 165060);
	SILENCE(p->lab);
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty(p);
}

static void schedule_as_configured(void **state)
{
	struct pair *p = pair_open(state,
		DAEMON("retransmit_timeout = 1s\n retransmit_base = 3\n retransmit_tries = 3\n "
		       "retransmit_limit = 5s"),
		NULL);
	uint64_t start = p->lab->now;

	pair_say_up(p, 1);
	lab_pass_deaf(p->lab, 8999);
	assert_null(host_done(p->moon, 1));
	assert_int_equal(p->moon->wake - start, 9000);
	lab_pass_deaf(p->lab, 5000);
	assert_null(host_done(p->moon, 1));
	lab_pass_deaf(p->lab, 1);
	assert_non_null(host_done(p->moon, 1));
}

static void jitter_only_shortens(void **state)
{
	struct pair *p = pair_open(state, DAEMON("retransmit_jitter = 20"), NULL);
	bool differs = false;

	for (unsigned i = 0; i < 20; i++) {
		uint64_t wait;

		host_stop(p->moon);
		host_start(p->moon);
		pair_say_up(p, 1);
		wait = p->moon->wake - p->lab->now;
		assert_in_range(wait, 3200, 4000);
		differs |= wait != 4000;
	}
	assert_true(differs);
}

static void giving_up_is_explained(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	const struct why *why;

	pair_say_up(p, 1);
	lab_pass_deaf(p->lab, 200 * 1000);
	why = host_why(p->moon);
	assert_string_equal(why->what,
		"no answer from 192.0.2.2[500] to IKE_SA_INIT of connection site after 6 tries; "
		"nothing at all came back");
	assert_string_equal(why->stage, "IKE_SA_INIT");
	assert_string_equal(why->where, "m.conf:4 (connections.site.remote_addrs)");
	assert_string_equal(host_done(p->moon, 1)->why->what, why->what);
}

/* A router says what it will of a datagram that begins with SPIS. */
static void icmp(struct pair *p, struct bytes spis)
{
	struct ike_event e = {
		.kind = EVENT_UNREACHABLE,
		.unreachable = { spis, { 4, { 192, 0, 2, 254 } }, UNREACHABLE_FILTERED },
	};

	host_event(p->moon, &e);
}

static void hearsay_is_told_in_the_end(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	uint8_t spis[16];

	pair_say_up(p, 1);
	memcpy(spis, lab_first(p->lab)->data, sizeof spis);
	icmp(p, bytes_of(spis, sizeof spis));
	icmp(p, bytes_of(spis, 8));
	icmp(p, bytes_of((const uint8_t *)"somebody else's.", 16));
	lab_pass_deaf(p->lab, 200 * 1000);
	assert_non_null(strstr(host_why(p->moon)->what,
		"after 6 tries; 192.0.2.254 says that a firewall forbids it (ICMP)"));
}

/* Of a request that was answered in the end nothing is left. */
static void hearsay_is_forgotten(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	uint8_t spis[16];

	pair_say_up(p, 1);
	memcpy(spis, lab_first(p->lab)->data, sizeof spis);
	icmp(p, bytes_of(spis, sizeof spis));
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, "lost: " AUTH_REQUEST);
	lab_pass_deaf(p->lab, 200 * 1000);
	assert_null(strstr(host_why(p->moon)->what, "ICMP"));
}

static void half_open_ends(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, "lost: " INIT_RESPONSE);
	host_stop(p->moon);
	assert_int_equal(ike_load(p->sun->ike).half_open, 1);
	lab_clock(p->lab, p->lab->now + 29999);
	assert_int_equal(ike_load(p->sun->ike).half_open, 1);
	lab_clock(p->lab, p->lab->now + 1);
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
	assert_int_equal(ike_load(p->sun->ike).half_open, 0);
	host_start(p->moon);
	pair_assert_empty(p);
}

/* The responder has ended a half-open SA whose initiator still speaks: it hears nothing and gives up. */
static void auth_after_half_open_ended(void **state)
{
	struct pair *p = pair_open(state, DAEMON("retransmit_tries = 1"), NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, "lost: " AUTH_REQUEST);
	lab_pass_deaf(p->lab, 3000);
	host_stop(p->sun);
	host_start(p->sun);
	lab_pass(p->lab, 60 * 1000);
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
}

static void a_deaf_network_leaves_nothing(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, "lost: " AUTH_REQUEST);
	lab_pass_deaf(p->lab, 200 * 1000);
	pair_assert_empty(p);
}

/* The initiator gives up, but the responder has answered and is up: dead peer detection clears that. */
static void only_the_last_answer_is_lost_for_ever(void **state)
{
	struct pair *p = pair_open(state, NULL, CONN("dpd_delay = 30s"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, "lost: " AUTH_RESPONSE);
	host_stop(p->moon);
	host_start(p->moon);
	assert_int_equal(ike_load(p->sun->ike).sas, 1);
	lab_pass(p->lab, 400 * 1000);
	pair_assert_empty(p);
}

/* ------------------------------------------------------------------ the window */

/* A request of moon's with a message id of its own choosing. */
static void send_request(struct pair *p, uint32_t mid)
{
	struct arena arena = { 0 };
	struct sa *sa = forge_sa(p->moon);
	struct message m = { .header = { .exchange = INFORMATIONAL, .mid = mid } };

	forge_send(p->moon, sa, forge_seal(p->moon, sa, &m, &arena));
	arena_free(&arena);
}

static void the_next_request_is_answered(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	send_request(p, 2);
	ARROWS(p->lab, "moon --> sun  INFORMATIONAL request 2: SK {}",
		"moon <-- sun  INFORMATIONAL response 2: SK {}");
	SILENCE(p->lab);
}

static void old_and_future_requests_are_not(void **state)
{
	static const uint32_t mids[] = { 0, 3, 4, 1000, 0xffffffff };
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	for (unsigned i = 0; i < sizeof mids / sizeof *mids; i++) {
		send_request(p, mids[i]);
		lab_deliver(p->lab, lab_first(p->lab));
		SILENCE(p->lab);
	}
	assert_int_equal(host_dropped(p->sun, DROP_MESSAGE_ID), 5);
	pair_assert_up(p);
}

/* The last request again brings the answer it had, whatever is in it now. */
static void the_last_request_again_brings_its_answer(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	send_request(p, 1);
	ARROWS(p->lab, "moon --> sun  INFORMATIONAL request 1: SK {}", AUTH_RESPONSE);
	SILENCE(p->lab);
	pair_assert_up(p);
}

static void an_answer_to_nothing_is_dropped(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct message m = { .header = { .exchange = INFORMATIONAL, .flags = FLAG_RESPONSE } };
	struct sa *sa;

	pair_up(p);
	sa = forge_sa(p->moon);
	forge_send(p->moon, sa, forge_seal(p->moon, sa, &m, &arena));
	arena_free(&arena);
	ARROWS(p->lab, "moon --> sun  INFORMATIONAL response 0: SK {}");
	SILENCE(p->lab);
	assert_int_equal(host_dropped(p->sun, DROP_NO_REQUEST), 1);
}

/* While the answer is being made, repetitions are absorbed. */
static void a_repetition_meets_work_in_progress(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	p->sun->late = 100;
	ARROWS(p->lab, "twice: " AUTH_REQUEST);
	SILENCE(p->lab);
	assert_int_equal(host_dropped(p->sun, DROP_REPEATED), 1);
	lab_pass(p->lab, 1000);
	pair_assert_up(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(lost_init_request),
		PAIR_TEST(lost_init_response),
		PAIR_TEST(lost_auth_request),
		PAIR_TEST(lost_auth_response),
		PAIR_TEST(repetitions_are_the_same_octets),
		PAIR_TEST(every_message_twice),
		PAIR_TEST(late_answer),
		PAIR_TEST(reordered_deletes),
		PAIR_TEST(schedule),
		PAIR_TEST(schedule_as_configured),
		PAIR_TEST(jitter_only_shortens),
		PAIR_TEST(giving_up_is_explained),
		PAIR_TEST(hearsay_is_told_in_the_end),
		PAIR_TEST(hearsay_is_forgotten),
		PAIR_TEST(half_open_ends),
		PAIR_TEST(auth_after_half_open_ended),
		PAIR_TEST(a_deaf_network_leaves_nothing),
		PAIR_TEST(only_the_last_answer_is_lost_for_ever),
		PAIR_TEST(the_next_request_is_answered),
		PAIR_TEST(old_and_future_requests_are_not),
		PAIR_TEST(the_last_request_again_brings_its_answer),
		PAIR_TEST(an_answer_to_nothing_is_dropped),
		PAIR_TEST(a_repetition_meets_work_in_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
