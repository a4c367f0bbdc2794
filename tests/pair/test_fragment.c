/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Large messages in fragments (RFC 7383): lost, late, twice, too large, too many; and what is told then. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#include <stdio.h>

#define SIGNED(lines)                                                                                        \
	CONN("fragmentation = yes\n local { auth = pubkey\n } remote { auth = pubkey\n } " lines)

#define KNOWN         "N(SIGNATURE_HASH_ALGORITHMS), N(IKEV2_FRAGMENTATION_SUPPORTED)"
#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, " KNOWN
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, CERTREQ, NATD, " KNOWN
#define REQUEST(i)    "moon --> sun  IKE_AUTH request 1: SKF " i
#define RESPONSE(i)   "moon <-- sun  IKE_AUTH response 1: SKF " i

enum { UDP_V4 = 28, CERTIFICATE = 3000, LARGE = 1280 - UDP_V4, SMALL = 576 - UDP_V4 };

static const uint8_t authority[20] = { 1, 2, 3 };

/* Both prove themselves by certificates that take three fragments. */
static struct pair *signing(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	p->lab->certificates = CERTIFICATE;
	host_trust(p->moon, bytes_of(authority, sizeof authority));
	host_trust(p->sun, bytes_of(authority, sizeof authority));
	return p;
}

/* Until IKE_AUTH's request is in the air. */
static struct pair *asking(void **state, const char *moon, const char *sun)
{
	struct pair *p = signing(state, moon, sun);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	return p;
}

/* MS pass on a network that carries nothing larger than NARROW octets from FROM, and all else at once. */
static void pass_narrow(struct pair *p, uint64_t ms, const struct host *from, size_t narrow)
{
	struct lab *lab = p->lab;
	struct flight *f;

	for (uint64_t end = lab->now + ms; lab->now <= end;) {
		while ((f = lab_first(lab)))
			if ((!from || f->from == from) && f->n > narrow)
				lab_lose(f);
			else
				lab_deliver(lab, f);
		if (lab_due(lab) > end)
			break;
		lab_clock(lab, lab_due(lab));
	}
}

static const struct fragments *coming(const struct host *h, bool response)
{
	return forge_sa(h)->fragments[response];
}

/* ------------------------------------------------------------------ carried */

static void large_messages_go_in_fragments(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));

	assert_int_equal(lab_first(p->lab)->n, LARGE);
	assert_int_equal(lab_first(p->lab)->data[IKE_HEADER], PAYLOAD_IDI);
	ARROWS(p->lab, REQUEST("1/3"));
	/* The type of the first payload stands in the first fragment only (2.5). */
	assert_int_equal(lab_first(p->lab)->data[IKE_HEADER], PAYLOAD_NONE);
	assert_int_equal(lab_first(p->lab)->n, LARGE);
	ARROWS(p->lab, REQUEST("2/3"), REQUEST("3/3"));
	assert_int_equal(lab_first(p->lab)->n, LARGE);
	ARROWS(p->lab, RESPONSE("1/3"), RESPONSE("2/3"), RESPONSE("3/3"));
	SILENCE(p->lab);
	pair_assert_up(p);
	assert_null(coming(p->moon, true));
	assert_null(coming(p->sun, false));
}

/* Small ones do not, whatever the peer takes. */
static void small_messages_go_whole(void **state)
{
	struct pair *p = pair_open(state, CONN("fragmentation = yes"), CONN("fragmentation = yes"));

	pair_say_up(p, 1);
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, N(IKEV2_FRAGMENTATION_SUPPORTED)",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD, N(IKEV2_FRAGMENTATION_SUPPORTED)",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	pair_assert_up(p);
}

static void with_every_cipher(void **state)
{
	static const char *const proposals[] = { "aes128-sha256-x25519", "aes256-sha512-x25519",
		"aes256gcm16-prfsha384-x25519", "chacha20poly1305-prfsha256-x25519" };

	for (unsigned i = 0; i < ARRAY_SIZE(proposals); i++) {
		char conf[256];
		struct pair *p;

		snprintf(conf, sizeof conf, SIGNED("proposals = %s"), proposals[i]);
		p = signing(state, conf, conf);
		pair_say_up(p, 1);
		for (struct flight *f; (f = lab_first(p->lab)); lab_deliver(p->lab, f))
			assert_true(f->n <= LARGE);
		pair_assert_up(p);
		assert_int_equal(pair_close(state), 0);
	}
}

/* yes and force; accept takes them and sends none; no neither says nor sends. */
static void as_it_is_configured(void **state)
{
	static const struct {
		const char *moon, *sun;
		bool request, response; /* in fragments */
	} cases[] = {
		{ "force", "yes", true, true },
		{ "force", "no", false, false },
		{ "yes", "no", false, false },
		{ "no", "yes", false, false },
		{ "accept", "yes", false, true },
		{ "yes", "accept", true, false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		char moon[256], sun[256];
		struct pair *p;
		bool in_fragments[2] = { false, false };

		snprintf(moon, sizeof moon, SIGNED("fragmentation = %s"), cases[i].moon);
		snprintf(sun, sizeof sun, SIGNED("fragmentation = %s"), cases[i].sun);
		p = signing(state, moon, sun);
		pair_say_up(p, 1);
		for (struct flight *f; (f = lab_first(p->lab)); lab_deliver(p->lab, f))
			in_fragments[f->from == p->sun] |= f->data[NEXT_AT] == PAYLOAD_SKF;
		pair_assert_up(p);
		assert_int_equal(in_fragments[0], cases[i].request);
		assert_int_equal(in_fragments[1], cases[i].response);
		assert_int_equal(pair_close(state), 0);
	}
}

static void the_size_is_configured(void **state)
{
	struct pair *p = asking(
		state, SIGNED("") DAEMON("fragment_size = 1400"), SIGNED("") DAEMON("fragment_size = 0"));

	assert_int_equal(lab_first(p->lab)->n, 1400 - UDP_V4);
	ARROWS(p->lab, REQUEST("1/3"), REQUEST("2/3"), REQUEST("3/3"));
	assert_int_equal(lab_first(p->lab)->n, SMALL);
	lab_calm(p->lab);
	pair_assert_up(p);
}

static void it_holds_for_the_ike_sa_that_follows(void **state)
{
	struct pair *p = signing(state, SIGNED(""), SIGNED(""));

	pair_say_up(p, 1);
	lab_calm(p->lab);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	assert_true(forge_sa_up(p->moon)->core.fragments);
	assert_true(forge_sa_up(p->sun)->core.fragments);
}

/* -------------------------------------------------------------- lost, mixed */

static void in_any_order_and_twice(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));

	ARROWS(p->lab, "kept: " REQUEST("1/3"), "kept: " REQUEST("2/3"), "twice: " REQUEST("3/3"),
		"kept: " REQUEST("1/3"), "twice: " REQUEST("2/3"), "twice: " REQUEST("1/3"));
	/* The second copy of the first asks for the answer again. */
	ARROWS(p->lab, "kept: " RESPONSE("1/3"), "twice: " RESPONSE("2/3"), RESPONSE("3/3"),
		"twice: " RESPONSE("1/3"), RESPONSE("2/3"), RESPONSE("3/3"), RESPONSE("1/3"));
	SILENCE(p->lab);
	pair_assert_up(p);
}

/* All are repeated as they were, and those that came before count. */
static void a_lost_one_comes_with_the_repetition(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));
	struct flight *first = lab_copy(p->lab, lab_first(p->lab)), *again;

	ARROWS(p->lab, REQUEST("1/3"), "lost: " REQUEST("2/3"), REQUEST("3/3"));
	lab_clock(p->lab, p->lab->now + 4000);
	again = node_owner(first->node.next, struct flight, node);
	assert_int_equal(first->n, again->n);
	assert_memory_equal(first->data, again->data, first->n);
	lab_lose(first);
	ARROWS(p->lab, REQUEST("1/3"), REQUEST("2/3"));
	/* It was answered with that: the third asks for nothing. */
	ARROWS(p->lab, REQUEST("3/3"), "lost: " RESPONSE("1/3"), RESPONSE("2/3"), RESPONSE("3/3"));
	SILENCE(p->lab);
	assert_int_equal(coming(p->moon, true)->have, 2);
	pair_quiet(p, 0);
	lab_clock(p->lab, lab_due(p->lab));
	lab_calm(p->lab);
	pair_assert_up(p);
}

/* A peer that has sent fragments may send the same request whole. */
static void the_whole_message_supersedes_fragments(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));
	struct sa *moon = forge_sa(p->moon);
	struct arena arena = { 0 };
	struct bytes whole;

	ARROWS(p->lab, REQUEST("1/3"));
	assert_non_null(coming(p->sun, false));
	lab_lose(lab_first(p->lab));
	lab_lose(lab_first(p->lab));
	whole = forge_seal_raw(p->moon, moon, &(struct wire_header){ .exchange = IKE_AUTH, .mid = 1 },
		PAYLOAD_NONE, (struct bytes){ 0 }, &arena);
	lab_deliver(p->lab, forge_send(p->moon, moon, whole));
	assert_null(coming(p->sun, false));
	arena_free(&arena);
}

/* ------------------------------------------------------------ smaller sizes */

static void smaller_ones_are_tried(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));

	pass_narrow(p, 12000, NULL, SMALL);
	pair_assert_up(p);
	assert_true(
		host_said(p->moon, "no answer to IKE_AUTH, which is large: sending it again in 7 fragments"));
	/* Sun has learned from the request what gets through. */
	assert_int_equal(forge_sa(p->sun)->core.fragment_size, 576);
	assert_int_equal(forge_sa(p->moon)->core.fragment_size, 576);
	/* Nobody would say so again: it stays. */
	assert_int_equal(forge_sa(p->moon)->core.fragment_until, 0);
	assert_int_equal(forge_sa(p->sun)->core.fragment_until, 0);
}

static void path_mtu(struct host *h, const char *remote, uint32_t octets)
{
	struct ike_event e = { .kind = EVENT_PATH_MTU, .path_mtu.octets = octets };

	assert_int_equal(ip_parse(remote, &e.path_mtu.remote), ERR_OK);
	host_event(h, &e);
}

/* Who is told of the way does not wait until nothing comes. */
static void a_way_that_is_told_is_obeyed_at_once(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));

	path_mtu(p->moon, "192.0.2.2", 1000);
	ARROWS(p->lab, "lost: " REQUEST("1/3"), "lost: " REQUEST("2/3"), "lost: " REQUEST("3/3"),
		REQUEST("1/4"), REQUEST("2/4"), REQUEST("3/4"), REQUEST("4/4"), "lost: " RESPONSE("1/4"),
		"lost: " RESPONSE("2/4"), "lost: " RESPONSE("3/4"), "lost: " RESPONSE("4/4"));
	assert_int_equal(forge_sa(p->moon)->core.fragment_size, 1000);
	path_mtu(p->sun, "192.0.2.1", 100);
	ARROWS(p->lab, RESPONSE("1/7"), RESPONSE("2/7"), RESPONSE("3/7"), RESPONSE("4/7"), RESPONSE("5/7"),
		RESPONSE("6/7"), RESPONSE("7/7"));
	pair_assert_up(p);
	assert_int_equal(forge_sa(p->sun)->core.fragment_size, 576);
	path_mtu(p->sun, "192.0.2.1", 1400);
	assert_int_equal(forge_sa(p->sun)->core.fragment_size, 576);
	SILENCE(p->lab);
}

#define GROUP CONN("fragmentation = yes\n proposals = aes128gcm16-prfsha256-modp4096")

/* Up, with a rekeying of the IKE_SA that takes one datagram, but moon is told of a way for half of it. */
static struct pair *told_of_less(void **state, const char *more)
{
	struct pair *p = pair_open(state, pair_text(state, GROUP, more), pair_text(state, GROUP, more));

	p->moon->fake = p->sun->fake = true;
	pair_say_up(p, 1);
	lab_calm(p->lab);
	path_mtu(p->moon, "192.0.2.2", 600);
	return p;
}

/* It may carry more some time later. */
static void a_way_that_was_told_is_tried_again(void **state)
{
	struct pair *p = told_of_less(state, "");

	lab_pass(p->lab, PATH_MTU_TIME - 1);
	host_rekey(p->moon, NULL);
	ARROWS(p->lab, "moon --> sun  CREATE_CHILD_SA request 2: SKF 1/2",
		"moon --> sun  CREATE_CHILD_SA request 2: SKF 2/2");
	lab_calm(p->lab);
	lab_clock(p->lab, p->lab->now + 1);
	host_rekey(p->moon, NULL);
	ARROWS(p->lab, "moon --> sun  CREATE_CHILD_SA request 0: SK {SA, KE, Nonce}");
	lab_calm(p->lab);
	pair_assert_up(p);
}

/* Another way says nothing of the one before. */
static void another_way_is_another_size(void **state)
{
	struct pair *p = told_of_less(state, CONN("mobike = yes\n local_addrs = %any"));

	host_addresses(p->moon, "198.51.100.1");
	lab_calm(p->lab);
	host_rekey(p->moon, NULL);
	ARROWS(p->lab, "moon --> sun:4500  CREATE_CHILD_SA request 3: SK {SA, KE, Nonce}");
}

/* What is told before anything can go in fragments counts for those that come. */
static void a_way_that_is_told_early(void **state)
{
	struct pair *p = signing(state, SIGNED(""), SIGNED(""));

	pair_say_up(p, 1);
	path_mtu(p->moon, "192.0.2.2", 1000);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, REQUEST("1/4"), REQUEST("2/4"), REQUEST("3/4"),
		REQUEST("4/4"));
}

static void the_way_to_somebody_else(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));

	path_mtu(p->moon, "2001:db8::2", 600);
	path_mtu(p->moon, "192.0.2.3", 600);
	assert_int_equal(forge_sa(p->moon)->core.fragment_size, 0);
	lab_calm(p->lab);
	pair_assert_up(p);
}

/* The request gets through, its answer does not; the smaller request says so. */
static void the_answer_follows_the_request(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));

	pass_narrow(p, 12000, p->sun, SMALL);
	pair_assert_up(p);
	assert_int_equal(forge_sa(p->sun)->core.fragment_size, 576);
}

/* A small request whose answer is large says nothing of sizes; but that it comes again. */
static void an_answer_that_is_asked_for_again_is_cut_smaller(void **state)
{
	struct pair *p = signing(state, CONN("fragmentation = yes\n remote { auth = pubkey\n }"),
		CONN("fragmentation = yes\n local { auth = pubkey\n }"));

	pair_say_up(p, 1);
	pass_narrow(p, 12000, p->sun, SMALL);
	pair_assert_up(p);
	assert_true(host_said(
		p->sun, "the peer asks again for our answer, which is large: sending it again in 7"));
}

static void never_below_the_smallest(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));
	const char *what;

	pass_narrow(p, 200 * 1000, NULL, SMALL - 1);
	what = host_why(p->moon)->what;
	assert_non_null(strstr(what, "; it was sent in 7 fragments, the last time of at most 576 octets"));
	pair_assert_empty_later(p);
}

static void fragments_of_an_earlier_cut_are_dropped(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));
	struct flight *early;

	ARROWS(p->lab, REQUEST("1/3"), "kept: " REQUEST("2/3"), "lost: " REQUEST("3/3"));
	early = lab_first(p->lab);
	list_remove(&early->node);
	lab_clock(p->lab, p->lab->now + 4000);
	lab_lose(lab_first(p->lab));
	lab_lose(lab_first(p->lab));
	lab_lose(lab_first(p->lab));
	lab_clock(p->lab, p->lab->now + 7200);
	ARROWS(p->lab, REQUEST("1/7"));
	assert_int_equal(coming(p->sun, false)->total, 7);
	list_append(&p->lab->flights, &early->node);
	lab_deliver(p->lab, early);
	assert_int_equal(host_dropped(p->sun, DROP_FRAGMENT), 1);
	lab_calm(p->lab);
	pair_assert_up(p);
}

/* ------------------------------------------------------------------- bounds */

static void what_does_not_come_whole_is_forgotten(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));

	ARROWS(p->lab, REQUEST("1/3"));
	lab_lose(lab_first(p->lab));
	lab_lose(lab_first(p->lab));
	lab_pass_deaf(p->lab, FRAGMENTS_TIME - 1);
	assert_non_null(coming(p->sun, false));
	lab_pass_deaf(p->lab, 1);
	assert_null(coming(p->sun, false));
	assert_true(host_said(p->sun, "forgetting IKE_AUTH request 1: fragments 2-3 of 3 have not come"));
	assert_int_equal(host_dropped(p->sun, DROP_INCOMPLETE), 1);
	lab_pass_deaf(p->lab, 200 * 1000);
	pair_assert_empty_later(p);
}

/* Delivers all that moon sends, and of what sun sends the fragments whose number leaves PARITY; 2: none. */
static void deliver_of_sun(struct pair *p, unsigned parity)
{
	struct flight *f;

	while ((f = lab_first(p->lab)))
		if (f->from == p->moon || f->data[33] % 2 == parity)
			lab_deliver(p->lab, f);
		else
			lab_lose(f);
}

/* What has come of it counts as long as the request is repeated. */
static void the_answer_comes_bit_by_bit(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED("") DAEMON("fragment_size = 576"));
	uint64_t start = p->lab->now;

	deliver_of_sun(p, 1);
	assert_int_equal(coming(p->moon, true)->have, 4);
	while (p->lab->now < start + FRAGMENTS_TIME) {
		lab_clock(p->lab, lab_due(p->lab));
		deliver_of_sun(p, 2);
	}
	lab_clock(p->lab, lab_due(p->lab));
	deliver_of_sun(p, 0);
	pair_assert_up(p);
}

/* Whoever waits for the answer hears what came of it. */
static void what_is_missing_of_the_answer_is_told(void **state)
{
	struct pair *p = asking(state, SIGNED("") DAEMON("retransmit_base = 1\n retransmit_tries = 6"),
		SIGNED("") DAEMON("fragment_size = 576"));

	ARROWS(p->lab, REQUEST("1/3"), REQUEST("2/3"), REQUEST("3/3"));
	while (!host_told(p->moon, TELL_DONE)) {
		while (lab_first(p->lab))
			if (lab_first(p->lab)->from == p->sun && lab_first(p->lab)->data[33] != 2)
				lab_deliver(p->lab, lab_first(p->lab));
			else if (lab_first(p->lab)->from == p->moon)
				lab_deliver(p->lab, lab_first(p->lab));
			else
				lab_lose(lab_first(p->lab));
		lab_clock(p->lab, lab_due(p->lab));
	}
	assert_non_null(strstr(host_why(p->moon)->what, "; fragments 2 of 7 of its answer have not come"));
}

static void what_went_whole_may_have_been_too_large(void **state)
{
	static const struct {
		const char *moon, *sun, *why;
	} cases[] = {
		{ "accept", "yes", " octets, and fragmentation = accept or no: somebody between may drop" },
		{ "yes", "no", " octets, and the peer takes no IKE fragments: somebody between may drop" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		char moon[256], sun[256];
		struct pair *p;

		snprintf(moon, sizeof moon, SIGNED("fragmentation = %s"), cases[i].moon);
		snprintf(sun, sizeof sun, SIGNED("fragmentation = %s"), cases[i].sun);
		p = signing(state, moon, sun);
		pair_say_up(p, 1);
		pass_narrow(p, 200 * 1000, NULL, LARGE);
		assert_non_null(strstr(host_why(p->moon)->what, cases[i].why));
		assert_int_equal(pair_close(state), 0);
	}
}

static void nothing_is_kept_of_who_has_not_the_keys(void **state)
{
	struct pair *p = asking(state, SIGNED(""), SIGNED(""));
	struct flight *broken = lab_copy(p->lab, lab_first(p->lab));

	broken->data[broken->n - 1] ^= 1;
	lab_deliver(p->lab, broken);
	assert_null(coming(p->sun, false));
	assert_int_equal(host_dropped(p->sun, DROP_SEAL), 1);
	lab_calm(p->lab);
	pair_assert_up(p);
}

/* Moon throws a fragment of its next request, N octets, at sun. */
static void throw_fragment(struct pair *p, unsigned number, unsigned total, size_t n)
{
	struct arena arena = { 0 };
	struct sa *sa = forge_sa_up(p->moon);
	struct wire_sk piece = { .fragment = (uint16_t)number, .total = (uint16_t)total };

	lab_deliver(p->lab,
		forge_send(p->moon, sa,
			forge_seal_fragment(p->moon, sa,
				&(struct wire_header){ .exchange = INFORMATIONAL, .mid = sa->window.next },
				&piece, bytes_of(arena_alloc(&arena, n), n), &arena)));
	arena_free(&arena);
}

static void too_many_and_too_large_ones_are_dropped(void **state)
{
	struct pair *p = signing(state, SIGNED(""), SIGNED(""));

	pair_say_up(p, 1);
	lab_calm(p->lab);
	throw_fragment(p, 1, FRAGMENTS_MAX + 1, 10);
	assert_null(coming(p->sun, false));
	for (unsigned i = 1; i <= 4; i++)
		throw_fragment(p, i, FRAGMENTS_MAX, 20000);
	assert_int_equal(coming(p->sun, false)->octets, 60000);
	assert_int_equal(host_dropped(p->sun, DROP_FRAGMENT), 2);
	throw_fragment(p, 1, FRAGMENTS_MAX, 10);
	assert_int_equal(host_dropped(p->sun, DROP_REPEATED), 1);
	/* Anything can be cut into fragments, also nothing. */
	throw_fragment(p, 1, 200, 0);
	throw_fragment(p, 1, FRAGMENTS_MAX, 0);
	assert_int_equal(host_dropped(p->sun, DROP_FRAGMENT), 3);
}

/* One IKE_SA more that moon sets up with sun: its IKE_AUTH is lost, but for 60,000 octets of fragments. */
static struct sa *half_open(struct pair *p)
{
	struct arena arena = { 0 };
	struct sa *moon;

	host_up(p->moon, NULL, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	while (lab_first(p->lab))
		lab_lose(lab_first(p->lab));
	moon = node_owner(p->moon->ike->sas_list.prev, struct sa, of_ike);
	for (unsigned i = 1; i <= 3; i++)
		lab_deliver(p->lab, forge_send(p->moon, moon,
					    forge_seal_fragment(p->moon, moon,
						    &(struct wire_header){ .exchange = IKE_AUTH, .mid = 1 },
						    &(struct wire_sk){ .fragment = (uint16_t)i, .total = 4 },
						    bytes_of(arena_alloc(&arena, 20000), 20000), &arena)));
	arena_free(&arena);
	host_down_force(p->moon, NULL, 2);
	return node_owner(p->sun->ike->sas_list.prev, struct sa, of_ike);
}

static void half_open_ones_share_what_there_is(void **state)
{
	enum { ALL = FRAGMENTS_HALF_OPEN / 60000 };
	struct pair *p = signing(state, SIGNED(""),
		SIGNED("")
			DAEMON("cookie_threshold = 4000\n cookie_threshold_ip = 4000\n block_threshold = 0"));
	struct sa *first, *second;

	p->moon->fake = p->sun->fake = true;
	first = half_open(p);
	second = half_open(p);
	for (unsigned i = 2; i < ALL; i++)
		half_open(p);
	assert_non_null(first->fragments[false]);
	/* What stands before the seal does not count in IKE_AUTH. */
	assert_null(first->fragments[false]->front.p);
	assert_true(p->sun->ike->fragments_half_open <= FRAGMENTS_HALF_OPEN);
	half_open(p);
	assert_null(first->fragments[false]);
	assert_non_null(second->fragments[false]);
	assert_true(p->sun->ike->fragments_half_open <= FRAGMENTS_HALF_OPEN);
	lab_pass_deaf(p->lab, FRAGMENTS_TIME);
	assert_int_equal(p->sun->ike->fragments_half_open, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(large_messages_go_in_fragments),
		PAIR_TEST(small_messages_go_whole),
		PAIR_TEST(with_every_cipher),
		PAIR_TEST(as_it_is_configured),
		PAIR_TEST(the_size_is_configured),
		PAIR_TEST(it_holds_for_the_ike_sa_that_follows),
		PAIR_TEST(in_any_order_and_twice),
		PAIR_TEST(a_lost_one_comes_with_the_repetition),
		PAIR_TEST(the_whole_message_supersedes_fragments),
		PAIR_TEST(smaller_ones_are_tried),
		PAIR_TEST(a_way_that_is_told_is_obeyed_at_once),
		PAIR_TEST(a_way_that_is_told_early),
		PAIR_TEST(a_way_that_was_told_is_tried_again),
		PAIR_TEST(another_way_is_another_size),
		PAIR_TEST(the_way_to_somebody_else),
		PAIR_TEST(the_answer_follows_the_request),
		PAIR_TEST(an_answer_that_is_asked_for_again_is_cut_smaller),
		PAIR_TEST(never_below_the_smallest),
		PAIR_TEST(fragments_of_an_earlier_cut_are_dropped),
		PAIR_TEST(what_does_not_come_whole_is_forgotten),
		PAIR_TEST(the_answer_comes_bit_by_bit),
		PAIR_TEST(what_is_missing_of_the_answer_is_told),
		PAIR_TEST(what_went_whole_may_have_been_too_large),
		PAIR_TEST(nothing_is_kept_of_who_has_not_the_keys),
		PAIR_TEST(too_many_and_too_large_ones_are_dropped),
		PAIR_TEST(half_open_ones_share_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
