/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures and certificates in IKE_AUTH: what is sent, what is asked, and which connection it is. */
#include "tests/pair/pair.h"

#define SIGNED(lines) CONN("local { auth = pubkey\n } remote { auth = pubkey\n } " lines)

#define HASHES        "N(SIGNATURE_HASH_ALGORITHMS)"
#define METHODS       "N(SUPPORTED_AUTH_METHODS)"
#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, " HASHES
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD, " HASHES

static const uint8_t authority[20] = { 1, 2, 3 };

static struct pair *trusting(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	host_trust(p->moon, bytes_of(authority, sizeof authority));
	host_trust(p->sun, bytes_of(authority, sizeof authority));
	return p;
}

static void both_prove_themselves_by_certificates(void **state)
{
	struct pair *p = trusting(state, SIGNED(""), SIGNED(""));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST,
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, CERTREQ, NATD, " HASHES,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, CERT, AUTH, SA, CERTREQ, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, CERT, AUTH, SA, TSi, TSr}");
	SILENCE(p->lab);
	pair_assert_up(p);
}

static void nobody_is_asked_for_certificates_that_are_not_wanted(void **state)
{
	struct pair *p = trusting(state, SIGNED("send_certreq = no"), SIGNED("send_certreq = no"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	pair_assert_up(p);
}

/* OCSP answers are asked for beside certificates (RFC 4806), and only where these are. */
static void ocsp_is_asked_for(void **state)
{
	struct pair *p = trusting(state, SIGNED("ocsp = both"), SIGNED("ocsp = request"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST,
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, CERTREQ, NATD, " HASHES,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, CERT, AUTH, SA, CERTREQ, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, CERT, AUTH, SA, TSi, TSr}");
	pair_assert_up(p);
	assert_int_equal(p->moon->wants, WANTS_CERT | WANTS_OCSP);
	assert_int_equal(p->sun->wants, WANTS_CERT | WANTS_OCSP);
}

/* Raw keys are, where the connection names some (RFC 7670): with an empty CERTREQ, also without any
 * authority. */
static void raw_keys_are_asked_for(void **state)
{
	struct pair *p = pair_open(state, SIGNED(""), SIGNED("remote { pubkeys = moon.pub\n }"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST,
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, CERTREQ, NATD, " HASHES,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	pair_assert_up(p);
	assert_int_equal(p->moon->wants, WANTS_RAW_KEY);
	assert_int_equal(p->sun->wants, 0);
}

/* Who may take certificates by their place says so with its CERTREQ (RFC 7296, 3.6); who may not does not
 * hear it. */
static void places_of_certificates_are_taken(void **state)
{
	struct pair *p = trusting(
		state, SIGNED("") DAEMON("hash_and_url = yes"), SIGNED("") DAEMON("hash_and_url = yes"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST,
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, CERTREQ, NATD, " HASHES
		", N(HTTP_CERT_LOOKUP_SUPPORTED)",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, CERT, AUTH, SA, CERTREQ, TSi, TSr, "
		"N(HTTP_CERT_LOOKUP_SUPPORTED)}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, CERT, AUTH, SA, TSi, TSr}");
	assert_int_equal(p->moon->wants, WANTS_CERT | WANTS_URL);
	assert_int_equal(p->sun->wants, WANTS_CERT | WANTS_URL);
}

static void where_one_may_not_nobody_does(void **state)
{
	struct pair *p = trusting(state, SIGNED(""), SIGNED("") DAEMON("hash_and_url = yes"));

	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_int_equal(p->moon->wants, WANTS_CERT);
	assert_int_equal(p->sun->wants, WANTS_CERT);
}

static void each_side_in_its_own_way(void **state)
{
	struct pair *p =
		trusting(state, CONN("local { auth = pubkey\n }"), CONN("remote { auth = pubkey\n }"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST,
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, CERTREQ, NATD, " HASHES,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, CERT, AUTH, SA, TSi, TSr, " METHODS "}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	pair_assert_up(p);
}

/* The whole way with keys alone needs none of it. */
static void nothing_of_it_without_signatures(void **state)
{
	struct pair *p = trusting(state, NULL, NULL);

	pair_up(p);
}

/* ------------------------------------------------------------ what does not fit */

/* A connection for somebody else. */
#define OTHER(auth)                                                                                          \
	"connections { other { local_addrs = 192.0.2.2\n remote_addrs = 192.0.2.1\n rekey_time = 0\n"        \
	" proposals = aes128gcm16-prfsha256-x25519\n local { auth = psk\n }"                                 \
	" remote { auth = " auth "\n id = other.example.org\n }"                                             \
	" children { net { local_ts = 10.2.0.0/16\n remote_ts = 10.1.0.0/16\n } } } }\n"

static void assert_ended(struct pair *p)
{
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
}

static void a_key_where_a_certain_signature_is_wanted(void **state)
{
	struct pair *p = trusting(state, NULL, CONN("remote { auth = ecdsa\n }"));

	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->what, "the peer does not take a shared key as our proof");
	assert_string_equal(host_why(p->moon)->instead, "auth = pubkey");
	assert_ended(p);
}

static void a_key_where_a_signature_is_wanted(void **state)
{
	struct pair *p = trusting(state, NULL, CONN("remote { auth = pubkey\n }"));

	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs,
		"its remote.auth is pubkey, and the peer authenticates with a shared key");
	assert_string_equal(host_why(p->sun)->notify, "AUTHENTICATION_FAILED");
	assert_ended(p);
}

static void a_signature_where_a_key_is_wanted(void **state)
{
	struct pair *p = trusting(state, CONN("local { auth = pubkey\n }"), NULL);

	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->what, "the peer does not take a signature as our proof");
	assert_string_equal(host_why(p->moon)->offered, "psk");
	assert_string_equal(host_why(p->moon)->configured, "auth = pubkey");
	assert_has(host_why(p->moon)->where, "(connections.site.local.auth)");
	assert_string_equal(host_why(p->moon)->instead, "auth = psk");
	SILENCE(p->lab);
	assert_ended(p);
}

/* What is announced is for any connection that may be meant: who has one of its own all the same may be
 * wrong. */
static void a_signature_where_a_key_is_wanted_after_all(void **state)
{
	const char *sun = pair_text(state, OTHER("pubkey"), pair_sun);
	const char *moon = pair_text(state, pair_moon, CONN("local { auth = pubkey\n }"));
	struct pair *p = pair_open_conf(state, moon, sun);

	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs,
		"its remote.auth is psk, and the peer authenticates with a signature");
	assert_ended(p);
}

static void a_responder_that_proves_itself_otherwise(void **state)
{
	struct pair *p = trusting(state, CONN("remote { auth = pubkey\n }"), NULL);

	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_has(host_why(p->moon)->differs, "the peer authenticates with a shared key");
	assert_has(host_why(p->moon)->where, "(connections.site.remote.auth)");
	assert_ended(p);
}

static void a_responder_with_a_key_where_a_certain_signature_is_wanted(void **state)
{
	struct pair *p = trusting(state, CONN("remote { auth = rsa\n }"), NULL);

	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->what, "the peer does not take a shared key as our proof");
	assert_has(host_why(p->sun)->offered, "rsa-sha256, ");
	assert_has(host_why(p->sun)->where, "(connections.site.local.auth)");
	assert_string_equal(host_why(p->sun)->notify, "AUTHENTICATION_FAILED");
	assert_ended(p);
}

/* Only what the connection takes is announced. */
static void what_is_announced_is_what_is_taken(void **state)
{
	struct pair *p =
		trusting(state, SIGNED(""), SIGNED("remote { auth = ecdsa-sha256-ike:ecdsa-sha384\n }"));
	struct arena arena = { 0 };

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST,
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, CERTREQ, NATD, " HASHES ", " METHODS);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_false(p->sun->takes.said);
	assert_string_equal(announce_print(&p->moon->takes, &arena), "ecdsa-sha384, classic ecdsa-384");
	arena_free(&arena);
}

/* Of all rounds, where the peer proves itself several times. */
static void what_is_announced_is_for_every_round(void **state)
{
	struct pair *p = trusting(state, SIGNED("local-2 { round = 2\n auth = psk\n id = gate\n }"),
		SIGNED("remote { auth = ecdsa-sha256-ike:ecdsa-sha384\n } remote-2 { round = 2\n auth = "
		       "psk\n "
		       "id = gate\n }"));
	struct arena arena = { 0 };

	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_string_equal(announce_print(&p->moon->takes, &arena), "psk, ecdsa-sha384, classic ecdsa-384");
	pair_assert_up(p);
	arena_free(&arena);
}

static void where_nothing_is_said_the_peer_may_do_either(void **state)
{
	struct pair *p = trusting(state, NULL, CONN("remote { auth = \n }"));

	pair_say_up(p, 1);
	lab_calm(p->lab);
	pair_assert_up(p);
}

/* ------------------------------------------------------------ several candidates */

/* Another connection for the same peer, before "site": it takes certificates of one authority only. */
#define STRICT                                                                                               \
	"connections { strict { local_addrs = 192.0.2.2\n remote_addrs = 192.0.2.1\n rekey_time = 0\n"       \
	" proposals = aes128gcm16-prfsha256-x25519\n local { auth = pubkey\n }"                              \
	" remote { auth = pubkey\n ca_id = \"CN=strict\"\n }"                                                \
	" children { net { local_ts = 10.2.0.0/16\n remote_ts = 10.1.0.0/16\n } } } }\n"

static const char *sa_name(struct pair *p)
{
	struct arena *arena = &p->sun->conf.conf.arena;
	unsigned n;
	const struct sa_record *v = host_records(p->sun, arena, &n);

	return n ? v[0].name : NULL;
}

static void the_next_candidate_takes_what_the_first_refuses(void **state)
{
	const char *sun = pair_text(state, pair_text(state, STRICT, pair_sun), SIGNED(""));
	const char *moon = pair_text(state, pair_moon, SIGNED(""));
	struct pair *p = pair_open_conf(state, moon, sun);

	pair_say_up(p, 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_string_equal(sa_name(p), "site");
}

static void the_last_refusal_is_told(void **state)
{
	struct pair *p = trusting(state, SIGNED(""), SIGNED("remote { ca_id = \"CN=strict\"\n }"));

	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->what, "from another authority");
	assert_has(host_why(p->moon)->what, "does not trust our certificate");
	assert_ended(p);
}

/* ------------------------------------------------------------ what is asked */

static void who_cannot_prove_itself_ends(void **state)
{
	struct pair *p = trusting(state, SIGNED(""), SIGNED(""));

	p->sun->fails = ASKED_PROOF;
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_ended(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(both_prove_themselves_by_certificates),
		PAIR_TEST(nobody_is_asked_for_certificates_that_are_not_wanted),
		PAIR_TEST(ocsp_is_asked_for),
		PAIR_TEST(raw_keys_are_asked_for),
		PAIR_TEST(places_of_certificates_are_taken),
		PAIR_TEST(where_one_may_not_nobody_does),
		PAIR_TEST(each_side_in_its_own_way),
		PAIR_TEST(nothing_of_it_without_signatures),
		PAIR_TEST(a_key_where_a_signature_is_wanted),
		PAIR_TEST(a_key_where_a_certain_signature_is_wanted),
		PAIR_TEST(a_signature_where_a_key_is_wanted),
		PAIR_TEST(a_signature_where_a_key_is_wanted_after_all),
		PAIR_TEST(a_responder_that_proves_itself_otherwise),
		PAIR_TEST(a_responder_with_a_key_where_a_certain_signature_is_wanted),
		PAIR_TEST(what_is_announced_is_what_is_taken),
		PAIR_TEST(what_is_announced_is_for_every_round),
		PAIR_TEST(where_nothing_is_said_the_peer_may_do_either),
		PAIR_TEST(the_next_candidate_takes_what_the_first_refuses),
		PAIR_TEST(the_last_refusal_is_told),
		PAIR_TEST(who_cannot_prove_itself_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
