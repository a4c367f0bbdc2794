/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New IKE_SAs in place of old ones (RFC 7296, 1.3.2, 2.8, 2.18): their keys, what moves to them, and how the
 * old ones end. */
#include "tests/pair/derive.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define REKEY       "moon --> sun  CREATE_CHILD_SA request 2: SK {SA, KE, Nonce}"
#define REKEYED     "moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, KE, Nonce}"
#define REFUSED(n)  "moon <-- sun  CREATE_CHILD_SA response 2: SK {N(" #n ")}"
#define DELETE      "moon --> sun  INFORMATIONAL request 3: SK {D(IKE)}"
#define DELETED     "moon <-- sun  INFORMATIONAL response 3: SK {}"
#define SUN_REKEYS  "moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, KE, Nonce}"
#define SUN_REKEYED "moon --> sun  CREATE_CHILD_SA response 0: SK {SA, KE, Nonce}"
#define SUN_DELETES "moon <-- sun  INFORMATIONAL request 1: SK {D(IKE)}"
#define SUN_DELETED "moon --> sun  INFORMATIONAL response 1: SK {}"

static struct pair *open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_up(p);
	traffic_begin(&p->traffic, p->lab);
	return p;
}

/* The IKE_SA was replaced N times at both ends, the child never. */
static void assert_rekeyed(struct pair *p, unsigned times)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct host *h = &p->lab->hosts[i];

		assert_int_equal(host_told_times(h, TELL_SA_REKEYED), times);
		assert_int_equal(host_told_times(h, TELL_SA_UP), 1);
		assert_int_equal(host_told_times(h, TELL_SA_DOWN), 0);
		assert_int_equal(host_told_times(h, TELL_CHILD_REKEYED), 0);
		assert_int_equal(host_told_times(h, TELL_CHILD_DOWN), 0);
	}
}

/* What is next in the air, opened. */
static struct message opened(struct pair *p, struct arena *arena)
{
	struct message m;

	assert_non_null(lab_first(p->lab));
	assert_true(forge_open(p->lab, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n), arena, &m));
	return m;
}

/* ------------------------------------------------------------------ both roles */

static void by_the_initiator(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint32_t spi = host_child(p->moon, "net")->spi_in;

	host_rekey(p->moon, NULL);
	ARROWS(p->lab, REKEY, REKEYED, DELETE, DELETED);
	pair_assert_agree(p, 1);
	assert_rekeyed(p, 1);
	assert_int_equal(host_child(p->moon, "net")->spi_in, spi);
	assert_true(forge_sa_up(p->moon)->core.initiator);
}

/* Who asks is the initiator of the new one. */
static void by_the_responder(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_rekey(p->sun, NULL);
	ARROWS(p->lab, SUN_REKEYS, SUN_REKEYED, SUN_DELETES, SUN_DELETED);
	pair_assert_agree(p, 1);
	assert_rekeyed(p, 1);
	assert_true(forge_sa_up(p->sun)->core.initiator);
	assert_false(forge_sa_up(p->moon)->core.initiator);
	assert_true(forge_sa_up(p->moon)->core.spi_i == forge_sa_up(p->sun)->spi);
}

static void messages_are_counted_from_zero(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	host_rekey(p->moon, "net");
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  CREATE_CHILD_SA request 0: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}",
		"moon <-- sun  CREATE_CHILD_SA response 0: SK {SA, Nonce, TSi, TSr}",
		"moon --> sun  INFORMATIONAL request 1: SK {D(ESP)}",
		"moon <-- sun  INFORMATIONAL response 1: SK {D(ESP)}");
	/* clang-format on */
	traffic_end(&p->traffic);
	host_down(p->sun, "net", 2);
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  INFORMATIONAL request 0: SK {D(ESP)}",
		"moon --> sun  INFORMATIONAL response 0: SK {D(ESP)}");
	/* clang-format on */
	pair_assert_agree(p, 0);
}

static void many_times(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	for (unsigned i = 0; i < 12; i++) {
		host_rekey(i % 3 ? p->moon : p->sun, NULL);
		lab_calm(p->lab);
		host_rekey(i % 2 ? p->moon : p->sun, "net");
		lab_calm(p->lab);
	}
	assert_int_equal(host_told_times(p->sun, TELL_SA_REKEYED), 12);
	assert_int_equal(host_told_times(p->sun, TELL_CHILD_REKEYED), 12);
	pair_assert_agree(p, 1);
}

/* The old half of a child that was just rekeyed moves too, and ends in its time. */
static void with_a_child_that_is_still_heard(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	assert_int_equal(datapath_sas(&p->sun->datapath), 3);
	lab_clock(p->lab, p->lab->now + LATE_TIME);
	assert_int_equal(datapath_sas(&p->sun->datapath), 2);
	pair_assert_agree(p, 1);
}

/* ------------------------------------------------------------------ keys */

/* SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), and from it as always (2.18, 2.14). */
static void keys_are_those_of_the_rfc(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	struct arena arena = { 0 };
	struct bytes ni, nr, shared, seed, all, old;
	uint8_t spis[16];
	struct wr w = wr_of(spis, sizeof spis);
	const struct sa_core *c;

	old = arena_bytes(&arena, bytes_of(forge_sa(p->moon)->core.keys.d, 32));
	host_rekey(p->moon, NULL);
	ni = derive_nonce(p->lab, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	nr = derive_nonce(p->lab, &arena);
	shared = derive_shared(p->lab, forge_sa(p->moon)->ours->secret, &arena);
	lab_calm(p->lab);
	c = &forge_sa_up(p->moon)->core;
	wr_u64(&w, c->spi_i);
	wr_u64(&w, c->spi_r);
	seed = derive_prf(old, &arena, 3, shared, ni, nr);
	/* SK_d | SK_ei | SK_er | SK_pi | SK_pr: an AEAD has no SK_a. */
	all = derive_plus(seed, 32 + 2 * 20 + 2 * 32, &arena, 3, ni, nr, wr_done(&w));
	assert_memory_equal(c->keys.d, all.p, 32);
	assert_memory_equal(c->keys.ei, all.p + 32, 20);
	assert_memory_equal(c->keys.er, all.p + 52, 20);
	c = &forge_sa_up(p->sun)->core;
	assert_memory_equal(c->keys.d, all.p, 32);
	assert_memory_equal(c->keys.ei, all.p + 32, 20);
	assert_memory_equal(c->keys.er, all.p + 52, 20);
	assert_memory_equal(c->keys.pi, all.p + 72, 32);
	assert_memory_equal(c->keys.pr, all.p + 104, 32);
	arena_free(&arena);
}

/* What is configured now counts; the seed is still made with the old PRF. */
static void with_other_algorithms(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	const char *other = CONN("proposals = aes256-sha512-prfsha384-ecp256");

	host_reload(p->moon, pair_text(state, pair_moon, other));
	host_reload(p->sun, pair_text(state, pair_sun, other));
	for (unsigned i = 0; i < 3; i++) {
		host_rekey(i % 2 ? p->sun : p->moon, NULL);
		lab_calm(p->lab);
		host_rekey(i % 2 ? p->moon : p->sun, "net");
		lab_calm(p->lab);
	}
	pair_assert_agree(p, 1);
	assert_int_equal(forge_sa_up(p->sun)->core.suite.prf->out, 48);
	assert_string_equal(forge_sa_up(p->sun)->core.suite.ke->name, "ECP_256");
}

/* ------------------------------------------------------------------ what moves */

static void a_child_that_is_wanted_meanwhile(void **state)
{
	struct pair *p = open(state, NULL, LAN_SUN(""));

	host_reload(p->moon, pair_text(state, pair_moon, LAN_MOON("")));
	/* A child that is new may be sent on before who asked for it has it. */
	traffic_end(&p->traffic);
	host_rekey(p->moon, NULL);
	host_up(p->moon, "lan", 2);
	/* clang-format off */
	ARROWS(p->lab, REKEY, REKEYED,
		"moon --> sun  CREATE_CHILD_SA request 0: SK {SA, Nonce, TSi, TSr}",
		DELETE,
		"moon <-- sun  CREATE_CHILD_SA response 0: SK {SA, Nonce, TSi, TSr}",
		DELETED);
	/* clang-format on */
	pair_assert_agree(p, 2);
	assert_true(host_done(p->moon, 2)->success);
}

/* At the other end, too, between the answer and the delete of the old one. */
static void a_child_that_the_other_end_wants(void **state)
{
	struct pair *p = open(state, NULL, LAN_SUN(""));

	host_reload(p->moon, pair_text(state, pair_moon, LAN_MOON("")));
	traffic_end(&p->traffic);
	host_rekey(p->moon, NULL);
	ARROWS(p->lab, REKEY);
	host_up(p->sun, "lan", 2);
	/* clang-format off */
	ARROWS(p->lab, REKEYED,
		"moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, Nonce, TSi, TSr}",
		DELETE,
		"moon --> sun  CREATE_CHILD_SA response 0: SK {SA, Nonce, TSi, TSr}",
		DELETED);
	/* clang-format on */
	pair_assert_agree(p, 2);
	assert_true(host_done(p->sun, 2)->success);
}

/* `down` means the connection, whichever IKE_SA it has. */
static void taken_down_meanwhile(void **state)
{
	for (unsigned delivered = 0; delivered < 5; delivered++) {
		struct pair *p = open(state, NULL, NULL);

		traffic_end(&p->traffic);
		host_rekey(p->moon, NULL);
		for (unsigned i = 0; i < delivered && lab_first(p->lab); i++)
			lab_deliver(p->lab, lab_first(p->lab));
		host_down(p->moon, NULL, 2);
		lab_calm(p->lab);
		assert_true(host_done(p->moon, 2)->success);
		pair_assert_empty_later(p);
		assert_int_equal(pair_close(state), 0);
	}
}

static void taken_down_at_the_other_end(void **state)
{
	for (unsigned delivered = 0; delivered < 5; delivered++) {
		struct pair *p = open(state, NULL, NULL);

		traffic_end(&p->traffic);
		host_rekey(p->moon, NULL);
		for (unsigned i = 0; i < delivered && lab_first(p->lab); i++)
			lab_deliver(p->lab, lab_first(p->lab));
		host_down(p->sun, NULL, 2);
		lab_calm(p->lab);
		assert_true(host_done(p->sun, 2)->success);
		pair_assert_empty_later(p);
		assert_int_equal(pair_close(state), 0);
	}
}

static void nat_and_path(void **state)
{
	struct pair *p = pair_open(state, CONN("local_addrs = 10.9.0.1\n"), CONN("remote_addrs = %any"));
	const struct sa_core *moon, *sun;

	assert_int_equal(ip_parse("10.9.0.1", &p->moon->ip), ERR_OK);
	assert_int_equal(ip_parse("203.0.113.1", &p->moon->nat.outside), ERR_OK);
	p->moon->nat.shift = 10000;
	host_up(p->moon, NULL, 1);
	lab_calm(p->lab);
	host_rekey(p->sun, NULL);
	/* clang-format off */
	ARROWS(p->lab,
		"moon:14500 <-- sun  CREATE_CHILD_SA request 0: SK {SA, KE, Nonce}",
		"moon --> sun:4500  CREATE_CHILD_SA response 0: SK {SA, KE, Nonce}",
		"moon:14500 <-- sun  INFORMATIONAL request 1: SK {D(IKE)}",
		"moon --> sun:4500  INFORMATIONAL response 1: SK {}");
	/* clang-format on */
	moon = &forge_sa_up(p->moon)->core;
	sun = &forge_sa_up(p->sun)->core;
	assert_true(moon->nat_local && moon->encap && sun->nat_remote && sun->encap);
	lab_clock(p->lab, p->lab->now + 20000);
	ARROWS(p->lab, "moon --> sun:4500  keepalive");
	SILENCE(p->lab);
	/* A new mapping is followed, by the child too. */
	p->moon->nat.shift = 20000;
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	assert_int_equal(forge_sa_up(p->sun)->core.path.remote.port, 24500);
	assert_int_equal(datapath_sa(&p->sun->datapath, false, 0)->remote.port, 24500);
}

static void liveness_goes_on(void **state)
{
	struct pair *p = open(state, CONN("dpd_delay = 10s"), NULL);

	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	lab_clock(p->lab, p->lab->now + 10000);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  INFORMATIONAL request 0: SK {}",
		"moon <-- sun  INFORMATIONAL response 0: SK {}");
	/* clang-format on */
	SILENCE(p->lab);
}

/* ------------------------------------------------------------------ loss and delay */

static void every_message_is_lost_once(void **state)
{
	for (unsigned lost = 0; lost < 4; lost++) {
		struct pair *p = open(state, NULL, NULL);

		host_rekey(p->moon, NULL);
		for (unsigned i = 0; i < lost; i++)
			lab_deliver(p->lab, lab_first(p->lab));
		lab_lose(lab_first(p->lab));
		SILENCE(p->lab);
		lab_pass(p->lab, 4000);
		assert_rekeyed(p, 1);
		pair_assert_agree(p, 1);
		assert_int_equal(pair_close(state), 0);
	}
}

static void every_message_twice(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_rekey(p->moon, NULL);
	ARROWS(p->lab, "twice: " REKEY, "twice: " REKEYED, "twice: " REKEYED, "twice: " DELETE,
		"twice: " DELETED, "twice: " DELETED);
	pair_assert_agree(p, 1);
}

/* Sun uses the new one at once; moon does not know it yet, and hears it when sun repeats itself. */
static void a_request_on_the_new_one_comes_first(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_rekey(p->moon, NULL);
	ARROWS(p->lab, REKEY, "kept: " REKEYED);
	host_rekey(p->sun, "net");
	ARROWS(p->lab, "kept: " REKEYED,
		"moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}");
	assert_int_equal(host_dropped(p->moon, DROP_UNKNOWN_SA), 1);
	ARROWS(p->lab, REKEYED, DELETE, DELETED);
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + 4000);
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, Nonce, TSi, TSr, N(REKEY_SA)}",
		"moon --> sun  CREATE_CHILD_SA response 0: SK {SA, Nonce, TSi, TSr}",
		"moon <-- sun  INFORMATIONAL request 1: SK {D(ESP)}",
		"moon --> sun  INFORMATIONAL response 1: SK {D(ESP)}");
	/* clang-format on */
	pair_assert_agree(p, 1);
}

/* Who asked does not delete the old one: after a minute who answered does. */
static void the_old_one_is_never_deleted(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_rekey(p->moon, NULL);
	ARROWS(p->lab, REKEY, REKEYED);
	lab_pass_deaf(p->lab, REKEYED_TIME - 1);
	assert_int_equal(ike_load(p->sun->ike).sas, 2);
	lab_clock(p->lab, p->lab->now + 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  INFORMATIONAL request 0: SK {D(IKE)}",
		"moon --> sun  INFORMATIONAL response 0: SK {}");
	/* clang-format on */
	assert_rekeyed(p, 1);
	pair_assert_agree(p, 1);
}

/* The response never arrives: both give up, each in its time. */
static void the_response_never_comes(void **state)
{
	struct pair *p = open(state, NULL, CONN("dpd_delay = 10s"));

	traffic_end(&p->traffic);
	host_rekey(p->moon, NULL);
	ARROWS(p->lab, REKEY);
	lab_pass_deaf(p->lab, 500 * 1000);
	pair_assert_empty(p);
}

/* ------------------------------------------------------------------ refusals */

static void no_proposal(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_reload(p->sun, pair_text(state, pair_sun, CONN("proposals = aes256gcm16-prfsha384-x25519")));
	host_rekey(p->moon, NULL);
	ARROWS(p->lab, REKEY, REFUSED(NO_PROPOSAL_CHOSEN));
	assert_has(host_why(p->sun)->what, "no IKE proposal of the peer for a rekeying is allowed");
	assert_has(host_why(p->sun)->where, "(connections.site.proposals)");
	assert_string_equal(host_why(p->sun)->configured, "aes256gcm16-prfsha384-x25519");
	assert_has(host_why(p->moon)->what, "NO_PROPOSAL_CHOSEN");
	host_reload(p->sun, pair_sun);
	lab_clock(p->lab, lab_due(p->lab));
	lab_calm(p->lab);
	assert_rekeyed(p, 1);
	pair_assert_agree(p, 1);
}

static void another_group(void **state)
{
	struct pair *p = open(state, CONN("proposals = aes128gcm16-prfsha256-x25519-ecp256"), NULL);

	host_reload(p->sun, pair_text(state, pair_sun, CONN("proposals = aes128gcm16-prfsha256-ecp256")));
	host_rekey(p->moon, NULL);
	/* clang-format off */
	ARROWS(p->lab, REKEY, REFUSED(INVALID_KE_PAYLOAD),
		"moon --> sun  CREATE_CHILD_SA request 3: SK {SA, KE, Nonce}",
		"moon <-- sun  CREATE_CHILD_SA response 3: SK {SA, KE, Nonce}",
		"moon --> sun  INFORMATIONAL request 4: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 4: SK {}");
	/* clang-format on */
	pair_assert_agree(p, 1);
	assert_string_equal(forge_sa_up(p->sun)->core.suite.ke->name, "ECP_256");
}

static void later(void **state)
{
	struct pair *p = open(state, NULL, NULL);
	uint64_t start = p->lab->now;

	host_rekey(p->moon, NULL);
	ARROWS(p->lab, REKEY);
	forge_refusal(lab_first(p->lab), TEMPORARY_FAILURE, (struct bytes){ 0 });
	ARROWS(p->lab, REFUSED(TEMPORARY_FAILURE));
	SILENCE(p->lab);
	assert_in_range(p->moon->wake - start, BUSY_TIME, 2 * BUSY_TIME);
	assert_null(host_told(p->moon, TELL_REFUSED));
}

/* Sun's answer is changed on its way; and moon, which does not know what sun has made, ends the old one. */
static void choose_another(struct pair *p)
{
	struct arena arena = { 0 };
	struct message m;

	traffic_end(&p->traffic);
	host_rekey(p->moon, NULL);
	ARROWS(p->lab, REKEY);
	m = opened(p, &arena);
	((struct xform *)m.sa.v[0].v)->bits = 256;
	forge_change(lab_first(p->lab), &m);
	arena_free(&arena);
	ARROWS(p->lab, REKEYED, DELETE, DELETED);
	assert_has(host_why(p->moon)->what, "not offered");
	assert_has(host_why(p->moon)->offered, "aes256gcm16");
}

/* Sun believes in a new IKE_SA that moon does not have: it notices. */
static void an_answer_that_was_not_offered(void **state)
{
	struct pair *p = open(state, NULL, CONN("dpd_delay = 10s"));

	choose_another(p);
	assert_int_equal(ike_load(p->moon->ike).children, 0);
	lab_pass(p->lab, 400 * 1000);
	pair_assert_empty(p);
}

/* At once, when moon comes back as it does when a peer is dead. */
static void after_an_answer_that_was_not_offered(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	host_reload(p->moon, pair_text(state, pair_moon, CONN("unique = no") CHILD("dpd_action = start")));
	host_reload(p->sun, pair_text(state, pair_sun, CONN("unique = no")));
	choose_another(p);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_int_equal(host_told_times(p->sun, TELL_SA_DOWN), 1);
}

/* Moon cannot compute the keys of what sun has made. */
static void an_answer_of_no_use(void **state)
{
	struct pair *p = open(state, CHILD("dpd_action = start"), CONN("dpd_delay = 10s"));

	traffic_end(&p->traffic);
	host_rekey(p->moon, NULL);
	ARROWS(p->lab, REKEY);
	p->moon->fails = ASKED_KEYS;
	ARROWS(p->lab, REKEYED);
	p->moon->fails = 0;
	lab_pass(p->lab, 400 * 1000);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
	pair_assert_agree(p, 1);
}

static void spoil(struct pair *p)
{
	struct arena arena = { 0 };
	struct message m = opened(p, &arena);

	m.ke.data = bytes_of(arena_alloc(&arena, 32), 32);
	forge_change(lab_first(p->lab), &m);
	arena_free(&arena);
}

/* RFC 6989, 2.5. */
static void a_bad_public_value_in_the_request(void **state)
{
	struct pair *p = open(state, NULL, NULL);

	traffic_end(&p->traffic);
	host_rekey(p->moon, NULL);
	spoil(p);
	ARROWS(p->lab, REKEY, REFUSED(INVALID_SYNTAX));
	pair_assert_empty_later(p);
}

static void a_bad_public_value_in_the_response(void **state)
{
	struct pair *p = open(state, NULL, CONN("dpd_delay = 10s"));

	traffic_end(&p->traffic);
	host_rekey(p->moon, NULL);
	ARROWS(p->lab, REKEY);
	spoil(p);
	ARROWS(p->lab, REKEYED, DELETE, DELETED);
	assert_int_equal(ike_load(p->moon->ike).sas, 0);
	lab_pass(p->lab, 400 * 1000);
	pair_assert_empty(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(by_the_initiator),
		PAIR_TEST(by_the_responder),
		PAIR_TEST(messages_are_counted_from_zero),
		PAIR_TEST(many_times),
		PAIR_TEST(with_a_child_that_is_still_heard),
		PAIR_TEST(keys_are_those_of_the_rfc),
		PAIR_TEST(with_other_algorithms),
		PAIR_TEST(a_child_that_is_wanted_meanwhile),
		PAIR_TEST(a_child_that_the_other_end_wants),
		PAIR_TEST(taken_down_meanwhile),
		PAIR_TEST(taken_down_at_the_other_end),
		PAIR_TEST(nat_and_path),
		PAIR_TEST(liveness_goes_on),
		PAIR_TEST(every_message_is_lost_once),
		PAIR_TEST(every_message_twice),
		PAIR_TEST(a_request_on_the_new_one_comes_first),
		PAIR_TEST(the_old_one_is_never_deleted),
		PAIR_TEST(the_response_never_comes),
		PAIR_TEST(no_proposal),
		PAIR_TEST(another_group),
		PAIR_TEST(later),
		PAIR_TEST(an_answer_that_was_not_offered),
		PAIR_TEST(after_an_answer_that_was_not_offered),
		PAIR_TEST(an_answer_of_no_use),
		PAIR_TEST(a_bad_public_value_in_the_request),
		PAIR_TEST(a_bad_public_value_in_the_response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
