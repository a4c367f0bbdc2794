/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_FOLLOWUP_KE (RFC 9370, 2.2.4): additional key exchanges behind CREATE_CHILD_SA, of CHILD_SAs and
 * IKE_SAs. */
#include "tests/pair/derive.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#include <stdio.h>

#define MORE     "esp_proposals = aes128gcm16-x25519-ke1_ecp256"
#define MORE_X   "esp_proposals = aes128gcm16-x25519-ke2_ecp256-ke5_ecp384"
#define MORE_IKE CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256")

#define CREATE_ASKS(mid) "moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, KE, Nonce, TSi, TSr}"
#define CREATE_ANSWERS(mid)                                                                                  \
	"moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {SA, KE, Nonce, TSi, TSr, " LINK "}"
#define REKEY_ASKS(mid)                                                                                      \
	"moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, KE, Nonce, TSi, TSr, N(REKEY_SA)}"
#define SUN_REKEYS(mid)                                                                                      \
	"moon <-- sun  CREATE_CHILD_SA request " #mid ": SK {SA, KE, Nonce, TSi, TSr, N(REKEY_SA)}"
#define MOON_ANSWERS(mid)                                                                                    \
	"moon --> sun  CREATE_CHILD_SA response " #mid ": SK {SA, KE, Nonce, TSi, TSr, " LINK "}"
#define IKE_ASKS(mid)         "moon --> sun  CREATE_CHILD_SA request " #mid ": SK {SA, KE, Nonce}"
#define IKE_ANSWERS(mid)      "moon <-- sun  CREATE_CHILD_SA response " #mid ": SK {SA, KE, Nonce, " LINK "}"
#define SUN_ASKS_IKE(mid)     "moon <-- sun  CREATE_CHILD_SA request " #mid ": SK {SA, KE, Nonce}"
#define MOON_ANSWERS_IKE(mid) "moon --> sun  CREATE_CHILD_SA response " #mid ": SK {SA, KE, Nonce, " LINK "}"
#define LINK                  "N(ADDITIONAL_KEY_EXCHANGE)"
#define NEXT_ASKS(mid)        "moon --> sun  IKE_FOLLOWUP_KE request " #mid ": SK {KE, " LINK "}"
#define NEXT_LINKS(mid)       "moon <-- sun  IKE_FOLLOWUP_KE response " #mid ": SK {KE, " LINK "}"
#define NEXT_ANSWERS(mid)     "moon <-- sun  IKE_FOLLOWUP_KE response " #mid ": SK {KE}"
#define SUN_NEXT(mid)         "moon <-- sun  IKE_FOLLOWUP_KE request " #mid ": SK {KE, " LINK "}"
#define MOON_LAST(mid)        "moon --> sun  IKE_FOLLOWUP_KE response " #mid ": SK {KE}"
#define REFUSED(mid, n)       "moon <-- sun  IKE_FOLLOWUP_KE response " #mid ": SK {N(" #n ")}"
#define DELETES(mid)          "moon --> sun  INFORMATIONAL request " #mid ": SK {D(ESP)}"
#define DELETED(mid)          "moon <-- sun  INFORMATIONAL response " #mid ": SK {D(ESP)}"
#define SUN_DELETES(mid)      "moon <-- sun  INFORMATIONAL request " #mid ": SK {D(ESP)}"
#define MOON_DELETED(mid)     "moon --> sun  INFORMATIONAL response " #mid ": SK {D(ESP)}"

/* Both up, with a second child that has additional key exchanges. */
static struct pair *open_lan(void **state, const char *esp)
{
	static char moon[512], sun[512];
	struct pair *p;

	snprintf(moon, sizeof moon, LAN("10.11.0.0/16", "10.12.0.0/16", "%s"), esp);
	snprintf(sun, sizeof sun, LAN("10.12.0.0/16", "10.11.0.0/16", "%s"), esp);
	p = pair_open(state, moon, sun);
	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	traffic_begin(&p->traffic, p->lab);
	return p;
}

static struct pair *open_net(void **state)
{
	struct pair *p = pair_open(state, CHILD(MORE), CHILD(MORE));

	pair_up(p);
	traffic_begin(&p->traffic, p->lab);
	return p;
}

static struct pair *open_ike(void **state)
{
	struct pair *p = pair_open(state, MORE_IKE, MORE_IKE);

	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	traffic_begin(&p->traffic, p->lab);
	return p;
}

static const char *suite_of(const struct host *h, const char *child)
{
	static char text[128];
	struct arena arena = { 0 };

	snprintf(text, sizeof text, "%s", suite_print(&host_child(h, child)->suite, &arena));
	arena_free(&arena);
	return text;
}

/* ------------------------------------------------------------------ CHILD_SAs */

static void a_child_is_created(void **state)
{
	struct pair *p = open_lan(state, MORE);

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, CREATE_ASKS(2), CREATE_ANSWERS(2));
	/* Nothing of it is there before the last key exchange. */
	assert_int_equal(datapath_sas(&p->sun->datapath), 2);
	ARROWS(p->lab, NEXT_ASKS(3), NEXT_ANSWERS(3));
	pair_assert_agree(p, 2);
	assert_true(host_done(p->moon, 2)->success);
	assert_string_equal(suite_of(p->sun, "lan"), "AES_GCM_16-128/CURVE_25519/KE1_ECP_256");
	assert_string_equal(suite_of(p->moon, "lan"), "AES_GCM_16-128/CURVE_25519/KE1_ECP_256");
}

static void with_two_of_them(void **state)
{
	struct pair *p = open_lan(state, MORE_X);

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, CREATE_ASKS(2), CREATE_ANSWERS(2), NEXT_ASKS(3), NEXT_LINKS(3), NEXT_ASKS(4),
		NEXT_ANSWERS(4));
	pair_assert_agree(p, 2);
	assert_string_equal(suite_of(p->sun, "lan"), "AES_GCM_16-128/CURVE_25519/KE2_ECP_256/KE5_ECP_384");
}

/* The first child has no key exchange of its own, and no additional ones either. */
static void a_child_is_rekeyed(void **state)
{
	struct pair *p = open_net(state);

	assert_string_equal(suite_of(p->sun, "net"), "AES_GCM_16-128");
	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY_ASKS(2), CREATE_ANSWERS(2), NEXT_ASKS(3), NEXT_ANSWERS(3), DELETES(4),
		DELETED(4));
	pair_assert_agree(p, 1);
	assert_string_equal(suite_of(p->sun, "net"), "AES_GCM_16-128/CURVE_25519/KE1_ECP_256");
	traffic_end(&p->traffic);
}

/* KEYMAT = prf+(SK_d, SK(0) | Ni | Nr | SK(1)), (RFC 9370, 2.2.4). */
static void keys_of_a_child(void **state)
{
	struct pair *p = open_lan(state, "esp_proposals = aes128gcm16-ecp256-ke1_x25519");
	struct arena arena = { 0 };
	struct bytes ni, nr, first, second, keymat;

	host_up(p->moon, "lan", 2);
	ni = derive_nonce(p->lab, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	nr = derive_nonce(p->lab, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	first = arena_bytes(&arena, forge_sa(p->sun)->theirs->shared);
	assert_int_equal(first.n, 32);
	lab_deliver(p->lab, lab_first(p->lab));
	second = derive_shared(p->lab, forge_sa(p->moon)->ours->secret, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	keymat = derive_plus(
		bytes_of(forge_sa(p->moon)->core.keys.d, 32), 40, &arena, 4, first, ni, nr, second);
	derive_assert_child(p->moon, host_child(p->moon, "lan"), keymat);
	derive_assert_child(p->sun, host_child(p->moon, "lan"), keymat);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ IKE_SAs */

static void an_ike_sa_is_rekeyed(void **state)
{
	struct pair *p = open_ike(state);

	host_rekey(p->moon, NULL);
	ARROWS(p->lab, IKE_ASKS(3), IKE_ANSWERS(3));
	assert_int_equal(ike_load(p->sun->ike).sas, 1);
	ARROWS(p->lab, NEXT_ASKS(4), NEXT_ANSWERS(4), "moon --> sun  INFORMATIONAL request 5: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 5: SK {}");
	lab_calm(p->lab);
	pair_quiet(p, LINGER_TIME);
	pair_assert_agree(p, 1);
	assert_int_equal(forge_sa(p->sun)->core.suite.more[0], KE_ECP_256);
	assert_int_equal(host_told_times(p->moon, TELL_SA_REKEYED), 1);
	traffic_end(&p->traffic);
}

/* SKEYSEED = prf(SK_d, SK(0) | Ni | Nr | SK(1)). */
static void keys_of_an_ike_sa(void **state)
{
	struct pair *p = pair_open(state, CONN("proposals = aes128gcm16-prfsha256-ecp256-ke1_x25519"),
		CONN("proposals = aes128gcm16-prfsha256-ecp256-ke1_x25519"));
	struct arena arena = { 0 };
	struct bytes ni, nr, first, second, seed, all, old;
	const struct sa_core *c;
	uint8_t spis[16];
	struct wr w = wr_of(spis, sizeof spis);

	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	old = arena_bytes(&arena, bytes_of(forge_sa(p->moon)->core.keys.d, 32));
	host_rekey(p->moon, NULL);
	ni = derive_nonce(p->lab, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	nr = derive_nonce(p->lab, &arena);
	lab_deliver(p->lab, lab_first(p->lab));
	first = arena_bytes(&arena, forge_sa(p->sun)->theirs->shared);
	lab_deliver(p->lab, lab_first(p->lab));
	second = derive_shared(p->lab, forge_sa(p->moon)->ours->secret, &arena);
	lab_calm(p->lab);
	c = &forge_sa_up(p->moon)->core;
	wr_u64(&w, c->spi_i);
	wr_u64(&w, c->spi_r);
	seed = derive_prf(old, &arena, 4, first, ni, nr, second);
	all = derive_plus(seed, 32 + 2 * 20 + 2 * 32, &arena, 3, ni, nr, wr_done(&w));
	assert_memory_equal(c->keys.d, all.p, 32);
	assert_memory_equal(forge_sa_up(p->sun)->core.keys.er, all.p + 52, 20);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ loss, delay, forgetting */

static void lost_messages(void **state)
{
	struct pair *p = open_net(state);

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY_ASKS(2), "lost: " CREATE_ANSWERS(2));
	lab_clock(p->lab, lab_due(p->lab));
	ARROWS(p->lab, REKEY_ASKS(2), CREATE_ANSWERS(2), "lost: " NEXT_ASKS(3));
	lab_clock(p->lab, lab_due(p->lab));
	ARROWS(p->lab, "twice: " NEXT_ASKS(3), "twice: " NEXT_ANSWERS(3), NEXT_ANSWERS(3));
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	traffic_end(&p->traffic);
}

/* Sun forgets an exchange that does not go on; moon, when it does, begins anew. */
static void what_follows_comes_too_late(void **state)
{
	struct pair *p = open_net(state);

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY_ASKS(2), CREATE_ANSWERS(2));
	while (p->lab->now < FOLLOWUP_TIME + 1000) {
		lab_lose(lab_first(p->lab));
		lab_clock(p->lab, lab_due(p->lab));
		pair_wait(p);
	}
	assert_int_equal(forge_sa(p->sun)->theirs->kind, N_NONE);
	ARROWS(p->lab, NEXT_ASKS(3), REFUSED(3, STATE_NOT_FOUND));
	lab_pass(p->lab, 2 * BUSY_TIME);
	pair_assert_agree(p, 1);
	assert_string_equal(suite_of(p->sun, "net"), "AES_GCM_16-128/CURVE_25519/KE1_ECP_256");
	traffic_end(&p->traffic);
}

/* The keys of another exchange are not taken for those of this one. */
static void a_wrong_link(void **state)
{
	struct pair *p = open_net(state);
	struct arena arena = { 0 };
	struct flight *f;
	struct message m;

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY_ASKS(2), CREATE_ANSWERS(2));
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.notifies[0].data = bytes_str("another");
	forge_change(f, &m);
	ARROWS(p->lab, NEXT_ASKS(3), REFUSED(3, STATE_NOT_FOUND));
	lab_pass(p->lab, 2 * BUSY_TIME);
	pair_assert_agree(p, 1);
	arena_free(&arena);
	traffic_end(&p->traffic);
}

/* Without a link nothing can follow. */
static void no_link(void **state)
{
	struct pair *p = open_lan(state, MORE);
	struct arena arena = { 0 };
	struct flight *f;
	struct message m;

	host_up(p->moon, "lan", 2);
	ARROWS(p->lab, CREATE_ASKS(2));
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.n_notifies = 0;
	forge_change(f, &m);
	lab_calm(p->lab);
	assert_non_null(strstr(host_why(p->moon)->what, "ADDITIONAL_KEY_EXCHANGE"));
	assert_false(host_done(p->moon, 2)->success);
	pair_quiet(p, FOLLOWUP_TIME + 1);
	pair_assert_agree(p, 1);
	arena_free(&arena);
}

static void the_peer_refuses(void **state)
{
	struct pair *p = open_net(state);

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY_ASKS(2), CREATE_ANSWERS(2), NEXT_ASKS(3));
	forge_refusal(lab_first(p->lab), NO_PROPOSAL_CHOSEN, (struct bytes){ 0 });
	lab_calm(p->lab);
	assert_string_equal(host_why(p->moon)->what,
		"the peer refused the additional key exchange ecp256 with NO_PROPOSAL_CHOSEN");
}

static void another_group_is_asked_for(void **state)
{
	struct pair *p = open_net(state);

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY_ASKS(2), CREATE_ANSWERS(2));
	forge_group(p->lab, lab_first(p->lab), KE_ECP_384);
	traffic_end(&p->traffic);
	ARROWS(p->lab, NEXT_ASKS(3), REFUSED(3, INVALID_SYNTAX));
	assert_non_null(strstr(host_why(p->sun)->what, "another additional key exchange"));
}

static void another_group_is_answered(void **state)
{
	struct pair *p = open_lan(state, MORE);

	host_up(p->moon, "lan", 2);
	traffic_end(&p->traffic);
	ARROWS(p->lab, CREATE_ASKS(2), CREATE_ANSWERS(2), NEXT_ASKS(3));
	forge_group(p->lab, lab_first(p->lab), KE_ECP_384);
	lab_calm(p->lab);
	assert_non_null(strstr(host_why(p->moon)->what, "another additional key exchange"));
	pair_assert_agree(p, 1);
}

/* A child that goes in between is not replaced. */
static void the_child_goes_meanwhile(void **state)
{
	struct pair *p = open_net(state);

	host_rekey(p->moon, "net");
	ARROWS(p->lab, REKEY_ASKS(2), CREATE_ANSWERS(2));
	traffic_end(&p->traffic);
	host_down(p->sun, "net", 3);
	lab_calm(p->lab);
	lab_pass(p->lab, 2 * REFUSED_TIME);
	assert_true(host_done(p->sun, 3)->success);
	assert_int_equal(ike_load(p->sun->ike).children, ike_load(p->moon->ike).children);
}

/* ------------------------------------------------------------------ both at once */

/* Both have asked and answered, and know all four nonces: who has lost does not go on. */
static void both_rekey_a_child(void **state)
{
	for (unsigned moon = 0; moon < 2; moon++) {
		struct pair *p = open_net(state);

		pair_nonces(p, moon ? 0x80 : 0x10);
		host_rekey(p->moon, "net");
		pair_nonces(p, moon ? 0x10 : 0x80);
		host_rekey(p->sun, "net");
		pair_nonces(p, 0x80);
		ARROWS(p->lab, REKEY_ASKS(2), SUN_REKEYS(0), CREATE_ANSWERS(2), MOON_ANSWERS(0));
		if (moon)
			ARROWS(p->lab, NEXT_ASKS(3), NEXT_ANSWERS(3), DELETES(4), DELETED(4));
		else
			ARROWS(p->lab, SUN_NEXT(1), MOON_LAST(1), SUN_DELETES(2), MOON_DELETED(2));
		pair_assert_agree(p, 1);
		assert_int_equal(host_child(p->moon, "net")->by_us, moon);
		assert_null(host_told(p->moon, TELL_REFUSED));
		traffic_end(&p->traffic);
		assert_int_equal(pair_close(state), 0);
	}
}

static void both_rekey_the_ike_sa(void **state)
{
	for (unsigned moon = 0; moon < 2; moon++) {
		struct pair *p = open_ike(state);

		pair_nonces(p, moon ? 0x80 : 0x10);
		host_rekey(p->moon, NULL);
		pair_nonces(p, moon ? 0x10 : 0x80);
		host_rekey(p->sun, NULL);
		pair_nonces(p, 0x80);
		ARROWS(p->lab, IKE_ASKS(3), SUN_ASKS_IKE(0), IKE_ANSWERS(3), MOON_ANSWERS_IKE(0));
		if (moon)
			ARROWS(p->lab, NEXT_ASKS(4), NEXT_ANSWERS(4));
		else
			ARROWS(p->lab, SUN_NEXT(1), MOON_LAST(1));
		lab_calm(p->lab);
		pair_quiet(p, LINGER_TIME);
		pair_assert_agree(p, 1);
		assert_int_equal(forge_sa(p->moon)->core.initiator, moon);
		traffic_end(&p->traffic);
		assert_int_equal(pair_close(state), 0);
	}
}

/* The winner does not go on: the loser, which had given way, begins anew. */
static void the_winner_vanishes(void **state)
{
	struct pair *p = open_net(state);

	pair_nonces(p, 0x80);
	host_rekey(p->moon, "net");
	pair_nonces(p, 0x10);
	host_rekey(p->sun, "net");
	pair_nonces(p, 0x80);
	ARROWS(p->lab, REKEY_ASKS(2), SUN_REKEYS(0), CREATE_ANSWERS(2), MOON_ANSWERS(0));
	((struct negotiation *)forge_sa(p->sun)->theirs)->link = bytes_str("forgot");
	ARROWS(p->lab, NEXT_ASKS(3), REFUSED(3, STATE_NOT_FOUND));
	lab_pass(p->lab, FOLLOWUP_TIME + 4 * BUSY_TIME);
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_string_equal(suite_of(p->sun, "net"), "AES_GCM_16-128/CURVE_25519/KE1_ECP_256");
	traffic_end(&p->traffic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_child_is_created),
		PAIR_TEST(with_two_of_them),
		PAIR_TEST(a_child_is_rekeyed),
		PAIR_TEST(keys_of_a_child),
		PAIR_TEST(an_ike_sa_is_rekeyed),
		PAIR_TEST(keys_of_an_ike_sa),
		PAIR_TEST(lost_messages),
		PAIR_TEST(what_follows_comes_too_late),
		PAIR_TEST(a_wrong_link),
		PAIR_TEST(no_link),
		PAIR_TEST(the_peer_refuses),
		PAIR_TEST(another_group_is_asked_for),
		PAIR_TEST(another_group_is_answered),
		PAIR_TEST(the_child_goes_meanwhile),
		PAIR_TEST(both_rekey_a_child),
		PAIR_TEST(both_rekey_the_ike_sa),
		PAIR_TEST(the_winner_vanishes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
