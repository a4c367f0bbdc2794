/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE and ESP in a stream of TCP (RFC 9329): from the beginning, or where UDP gets no answer. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define TCP(how) CONN("transport = " how)

#define UDP_REQUEST   "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_REQUEST  "moon --> sun:4500 (TCP)  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_RESPONSE "moon:40000 <-- sun (TCP)  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_REQUEST  "moon --> sun:4500 (TCP)  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_RESPONSE "moon:40000 <-- sun (TCP)  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"

static void assert_in_stream(struct host *h)
{
	unsigned n = 0;

	list_each (node, &h->datapath.sas) {
		const struct dp_sa *sa = node_owner(node, struct dp_sa, node);

		assert_true(sa->spec.encap && sa->spec.tcp);
		n++;
	}
	assert_int_equal(n, 2);
	assert_true(forge_sa(h)->core.path.tcp);
}

static void from_the_beginning(void **state)
{
	struct pair *p = pair_open(state, TCP("tcp"), TCP("auto"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	SILENCE(p->lab);
	assert_in_stream(p->moon);
	assert_in_stream(p->sun);
	assert_int_equal(forge_sa(p->moon)->core.keepalive_due, 0);
	pair_assert_agree(p, 1);
}

/* ESP that may not go in UDP goes in the stream all the same. */
static void encapsulation_is_none_of_udp(void **state)
{
	struct pair *p = pair_open_up(state, TCP("tcp\n encap = never"), TCP("tcp\n encap = never"));

	assert_in_stream(p->moon);
	assert_in_stream(p->sun);
}

/* Nothing is said of the port that it comes from, which the system chooses. */
static void where_no_nat_is_wanted(void **state)
{
	struct pair *p = pair_open(state, TCP("tcp\n nat = no"), TCP("auto"));

	pair_say_up(p, 1);
	ARROWS(p->lab, "moon --> sun:4500 (TCP)  IKE_SA_INIT request 0: SA, KE, Nonce");
	lab_calm(p->lab);
	assert_in_stream(p->moon);
	assert_in_stream(p->sun);
}

/* Nothing moves to another address by itself, and nothing is cut in pieces. */
static void neither_mobike_nor_fragments(void **state)
{
	struct pair *p = pair_open(state, TCP("tcp\n mobike = yes\n fragmentation = force"),
		TCP("tcp\n mobike = yes\n fragmentation = force"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST ", N(IKEV2_FRAGMENTATION_SUPPORTED)",
		INIT_RESPONSE ", N(IKEV2_FRAGMENTATION_SUPPORTED)", AUTH_REQUEST, AUTH_RESPONSE);
}

static void where_udp_gets_no_answer(void **state)
{
	struct pair *p = pair_open(state, TCP("auto"), TCP("auto"));
	uint64_t begin = p->lab->now;

	pair_say_up(p, 1);
	ARROWS(p->lab, "lost: " UDP_REQUEST);
	lab_pass_deaf(p->lab, 4000);
	SILENCE(p->lab);
	while (!lab_first(p->lab))
		lab_clock(p->lab, lab_due(p->lab));
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	assert_in_range(p->lab->now - begin, 8000, 11300);
	assert_true(host_said(p->moon, "no answer over UDP: trying TCP port 4500"));
	assert_in_stream(p->moon);
	assert_in_stream(p->sun);
	pair_assert_agree(p, 1);
}

/* It would be one to another question. */
static void an_answer_over_udp_that_comes_late(void **state)
{
	struct pair *p = pair_open(state, TCP("auto"), TCP("auto"));
	struct flight *late;

	pair_say_up(p, 1);
	ARROWS(p->lab, UDP_REQUEST, "kept: moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD");
	late = lab_first(p->lab);
	list_remove(&late->node);
	lab_pass_deaf(p->lab, 4000);
	while (!lab_first(p->lab))
		lab_clock(p->lab, lab_due(p->lab));
	list_append(&p->lab->flights, &late->node);
	ARROWS(p->lab, "kept: " INIT_REQUEST);
	lab_deliver(p->lab, late);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE);
	assert_in_stream(p->moon);
}

static void nobody_takes_either(void **state)
{
	struct pair *p = pair_open(state, TCP("auto"), NULL);

	pair_say_up(p, 1);
	lab_pass_deaf(p->lab, 400 * 1000);
	assert_false(host_done(p->moon, 1)->success);
	assert_non_null(strstr(host_why(p->moon)->what, "no answer"));
	pair_assert_empty_later(p);
}

static void a_connection_for_udp_takes_no_stream(void **state)
{
	struct pair *p = pair_open(state, TCP("tcp"), NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST,
		"moon:40000 <-- sun (TCP)  IKE_SA_INIT response 0: N(NO_PROPOSAL_CHOSEN)");
	assert_string_equal(
		host_why(p->sun)->what, "the peer comes over TCP, which connection site does not take");
	assert_string_equal(host_why(p->sun)->instead, "transport = auto");
	assert_false(host_done(p->moon, 1)->success);
}

/* Who connects anew has another port: its first message moves the IKE_SA, and ESP with it. */
static void lose_a_stream(void **state, const char *moon)
{
	struct pair *p = pair_open(state, moon, TCP("tcp\n remote_addrs = %any"));
	uint16_t port;

	pair_hide_moon(p);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	port = forge_sa(p->sun)->core.path.remote.port;
	p->moon->nat.shift++;
	lab_pass(p->lab, 15 * 1000);
	assert_int_equal(forge_sa(p->sun)->core.path.remote.port, port + 1);
	list_each (node, &p->sun->datapath.sas)
		assert_int_equal(node_owner(node, struct dp_sa, node)->spec.remote.port, port + 1);
	assert_in_stream(p->sun);
}

static void a_stream_that_was_lost(void **state)
{
	lose_a_stream(state, TCP("tcp\n local_addrs = 10.9.0.1\n dpd_delay = 10s"));
}

/* Whether a NAT is between or not. */
static void a_stream_that_was_lost_where_nobody_knows_of_a_nat(void **state)
{
	lose_a_stream(state, TCP("tcp\n local_addrs = 10.9.0.1\n dpd_delay = 10s\n nat = no"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(from_the_beginning),
		PAIR_TEST(encapsulation_is_none_of_udp),
		PAIR_TEST(where_no_nat_is_wanted),
		PAIR_TEST(neither_mobike_nor_fragments),
		PAIR_TEST(where_udp_gets_no_answer),
		PAIR_TEST(an_answer_over_udp_that_comes_late),
		PAIR_TEST(nobody_takes_either),
		PAIR_TEST(a_connection_for_udp_takes_no_stream),
		PAIR_TEST(a_stream_that_was_lost),
		PAIR_TEST(a_stream_that_was_lost_where_nobody_knows_of_a_nat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
