/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Post-quantum preshared keys (RFC 8784). */
#include "tests/pair/derive.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define PPK(secret)   "secrets { ppk-a { id = winter.example.org\n secret = " secret " } }\n"
#define USES          CONN("ppk_id = winter.example.org\n ppk_exchange = auth")
#define DEMANDS       CONN("ppk_id = winter.example.org\n ppk_exchange = auth\n ppk_required = yes")
#define MINE          USES PPK("snow")
#define MINE_DEMANDED DEMANDS PPK("snow")

#define INIT_ASKS    "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, N(USE_PPK)"
#define INIT_ANSWERS "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD, N(USE_PPK)"
#define AUTH_ASKS                                                                                            \
	"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, N(PPK_IDENTITY), N(NO_PPK_AUTH)}"
#define AUTH_DEMANDS "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, N(PPK_IDENTITY)}"
#define AUTH_USES    "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, N(PPK_IDENTITY)}"
#define AUTH_WITHOUT "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"
#define AUTH_REFUSED "moon <-- sun  IKE_AUTH response 1: SK {N(AUTHENTICATION_FAILED)}"

static void assert_ppk(struct pair *p, bool used)
{
	pair_assert_up(p);
	assert_int_equal(forge_sa(p->moon)->core.ppk, used);
	assert_int_equal(forge_sa(p->sun)->core.ppk, used);
	assert_int_equal(forge_sa(p->moon)->core.post_quantum, used);
	assert_int_equal(host_child(p->sun, "net")->post_quantum, used);
	assert_memory_equal(forge_sa(p->moon)->core.keys.d, forge_sa(p->sun)->core.keys.d, 32);
}

static void both_have_it(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS, AUTH_USES);
	SILENCE(p->lab);
	assert_ppk(p, true);
}

static void both_demand_it(void **state)
{
	struct pair *p = pair_open(state, MINE_DEMANDED, MINE_DEMANDED);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_DEMANDS, AUTH_USES);
	assert_ppk(p, true);
}

/* Who answers may know it by a pattern. */
static void a_pattern_names_many(void **state)
{
	struct pair *p = pair_open_up(state, MINE, CONN("ppk_id = *.example.org") PPK("snow"));

	assert_ppk(p, true);
}

/* SK_d = prf+ (PPK, SK_d'), (RFC 8784, 3). */
static void keys_are_those_of_the_rfc(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE);
	struct arena arena = { 0 };
	struct bytes d, pi;
	const struct sa_keys *k;

	pair_say_up(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	k = &forge_sa(p->sun)->core.keys;
	d = arena_bytes(&arena, bytes_of(k->d, 32));
	pi = arena_bytes(&arena, bytes_of(k->pi, 32));
	lab_calm(p->lab);
	assert_ppk(p, true);
	k = &forge_sa(p->moon)->core.keys;
	assert_memory_equal(k->d, derive_plus(bytes_str("snow"), 32, &arena, 1, d).p, 32);
	assert_memory_equal(k->pi, derive_plus(bytes_str("snow"), 32, &arena, 1, pi).p, 32);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ one has none */

static void the_peer_knows_nothing_of_it(void **state)
{
	struct pair *p = pair_open(state, MINE, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}", AUTH_WITHOUT);
	assert_ppk(p, false);
}

static void we_demand_it_of_a_peer_without(void **state)
{
	struct pair *p = pair_open_up(state, MINE_DEMANDED, NULL);

	assert_non_null(strstr(host_why(p->moon)->what, "did not answer USE_PPK"));
	assert_string_equal(host_why(p->moon)->configured, "ppk_required = yes");
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
}

static void the_peer_demands_it_of_us(void **state)
{
	struct pair *p = pair_open_up(state, NULL, MINE_DEMANDED);

	assert_string_equal(host_why(p->sun)->what, "the peer uses no post-quantum preshared key");
	assert_string_equal(host_why(p->sun)->configured, "ppk_required = yes");
	pair_assert_empty_later(p);
}

/* NO_PPK_AUTH is what the peer checks then. */
static void the_peer_has_another_one(void **state)
{
	struct pair *p = pair_open(state, MINE,
		CONN("ppk_id = summer.example.org") "secrets { ppk-b { id = summer.example.org\n secret = "
						    "sun } }\n");

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS, AUTH_WITHOUT);
	assert_ppk(p, false);
}

static void the_secret_is_missing_there(void **state)
{
	struct pair *p = pair_open(state, MINE, USES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS, AUTH_WITHOUT);
	assert_ppk(p, false);
}

static void it_is_missing_where_it_is_demanded(void **state)
{
	struct pair *p = pair_open(state, MINE, DEMANDS);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS, AUTH_REFUSED);
	assert_string_equal(
		host_why(p->sun)->what, "no post-quantum preshared key has the id winter.example.org");
	pair_assert_empty_later(p);
}

/* Its AUTH was made with the key alone. */
static void we_lack_what_the_peer_demands(void **state)
{
	struct pair *p = pair_open(state, MINE_DEMANDED, USES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_DEMANDS, AUTH_REFUSED);
	assert_string_equal(
		host_why(p->sun)->what, "no post-quantum preshared key has the id winter.example.org");
	pair_assert_empty_later(p);
}

static void another_name_is_demanded(void **state)
{
	struct pair *p = pair_open(state, MINE_DEMANDED, CONN("ppk_id = summer.example.org") PPK("snow"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_DEMANDS, AUTH_REFUSED);
	assert_string_equal(host_why(p->sun)->what, "the peer uses the post-quantum preshared key "
						    "winter.example.org, and this connection does not");
	assert_string_equal(host_why(p->sun)->instead, "ppk_id = winter.example.org");
	pair_assert_empty_later(p);
}

/* No name is not any name. */
static void it_is_demanded_without_a_name(void **state)
{
	struct pair *p = pair_open(state, MINE, CONN("ppk_required = yes\n ppk_exchange = auth") PPK("snow"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS, AUTH_REFUSED);
	assert_string_equal(host_why(p->sun)->instead, "ppk_id = winter.example.org");
	pair_assert_empty_later(p);
}

static void our_secret_is_missing(void **state)
{
	struct pair *p = pair_open(state, USES, MINE);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}", AUTH_WITHOUT);
	assert_ppk(p, false);
}

static void our_secret_is_missing_and_demanded(void **state)
{
	struct pair *p = pair_open_up(state, DEMANDS, MINE);

	assert_string_equal(
		host_why(p->moon)->what, "no post-quantum preshared key has the id winter.example.org");
	assert_non_null(strstr(host_why(p->moon)->instead, "ppk-NAME"));
	pair_assert_empty_later(p);
}

/* The same name with another secret is no reason to do without. */
static void the_secrets_differ(void **state)
{
	struct pair *p = pair_open(state, MINE, USES PPK("rain"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_ASKS, AUTH_REFUSED);
	pair_assert_empty_later(p);
}

/* The responder takes it out of its answer: whoever could do that has the keys of the IKE_SA. */
static void an_answer_without_what_we_demand(void **state)
{
	struct pair *p = pair_open(state, MINE_DEMANDED, MINE);
	struct arena arena = { 0 };
	struct flight *f;
	struct message m;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH_DEMANDS);
	f = lab_first(p->lab);
	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), &arena, &m));
	m.n_notifies = 0;
	forge_change(f, &m);
	lab_deliver(p->lab, f);
	assert_string_equal(host_why(p->moon)->what,
		"the peer does not have the post-quantum preshared key winter.example.org");
	lab_calm(p->lab);
	pair_assert_empty_later(p);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ later, and with others */

/* What comes of keys that withstand quantum computers does, too. */
static void rekeyed(void **state)
{
	struct pair *p = pair_open_up(state, MINE, MINE);

	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	pair_quiet(p, LINGER_TIME);
	assert_true(forge_sa(p->moon)->core.ppk && forge_sa(p->sun)->core.post_quantum);
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_true(host_child(p->sun, "net")->post_quantum);
}

static void with_an_additional_key_exchange(void **state)
{
	struct pair *p = pair_open_up(state, CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256") MINE,
		CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256") MINE);

	assert_ppk(p, true);
	assert_int_equal(forge_sa(p->sun)->core.suite.more[0], KE_ECP_256);
}

static void it_is_not_there_in_time(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE);

	p->sun->silent = ASKED_PPK;
	pair_say_up(p, 1);
	lab_pass(p->lab, ASK_TIMEOUT + 1000);
	assert_ppk(p, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(both_have_it),
		PAIR_TEST(both_demand_it),
		PAIR_TEST(a_pattern_names_many),
		PAIR_TEST(keys_are_those_of_the_rfc),
		PAIR_TEST(the_peer_knows_nothing_of_it),
		PAIR_TEST(we_demand_it_of_a_peer_without),
		PAIR_TEST(the_peer_demands_it_of_us),
		PAIR_TEST(the_peer_has_another_one),
		PAIR_TEST(the_secret_is_missing_there),
		PAIR_TEST(it_is_missing_where_it_is_demanded),
		PAIR_TEST(we_lack_what_the_peer_demands),
		PAIR_TEST(another_name_is_demanded),
		PAIR_TEST(it_is_demanded_without_a_name),
		PAIR_TEST(our_secret_is_missing),
		PAIR_TEST(our_secret_is_missing_and_demanded),
		PAIR_TEST(the_secrets_differ),
		PAIR_TEST(an_answer_without_what_we_demand),
		PAIR_TEST(rekeyed),
		PAIR_TEST(with_an_additional_key_exchange),
		PAIR_TEST(it_is_not_there_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
