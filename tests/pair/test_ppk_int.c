/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Post-quantum preshared keys in IKE_INTERMEDIATE (RFC 9867). */
#include "tests/pair/derive.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define PPK(secret)   "secrets { ppk-a { id = winter.example.org\n secret = " secret " } }\n"
#define USES          CONN("ppk_id = winter.example.org")
#define DEMANDS       CONN("ppk_id = winter.example.org\n ppk_required = yes")
#define EARLY         CONN("ppk_exchange = intermediate")
#define LATE          CONN("ppk_exchange = auth")
#define MINE          USES PPK("snow")
#define MINE_DEMANDED DEMANDS PPK("snow")
#define TWO_KES       CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256")
#define THREE_KES     CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256-ke3_ecp384")

#define ASKS(notifies)    "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD, " notifies
#define ANSWERS(notifies) "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD, " notifies
#define INIT_ASKS         ASKS("N(USE_PPK_INT), N(USE_PPK), N(INTERMEDIATE_EXCHANGE_SUPPORTED)")
#define INIT_ANSWERS      ANSWERS("N(USE_PPK_INT), N(INTERMEDIATE_EXCHANGE_SUPPORTED)")
#define NAMES(mid)        "moon --> sun  IKE_INTERMEDIATE request " #mid ": SK {N(PPK_IDENTITY_KEY)}"
#define NAMES_KE(mid)     "moon --> sun  IKE_INTERMEDIATE request " #mid ": SK {KE, N(PPK_IDENTITY_KEY)}"
#define CHOOSES(mid)      "moon <-- sun  IKE_INTERMEDIATE response " #mid ": SK {N(PPK_IDENTITY)}"
#define CHOOSES_KE(mid)   "moon <-- sun  IKE_INTERMEDIATE response " #mid ": SK {KE, N(PPK_IDENTITY)}"
#define CHOOSES_NONE      "moon <-- sun  IKE_INTERMEDIATE response 1: SK {}"
#define REFUSES           "moon <-- sun  IKE_INTERMEDIATE response 1: SK {N(AUTHENTICATION_FAILED)}"
#define AUTH(mid)                                                                                            \
	"moon --> sun  IKE_AUTH request " #mid ": SK {IDi, AUTH, SA, TSi, TSr}",                             \
		"moon <-- sun  IKE_AUTH response " #mid ": SK {IDr, AUTH, SA, TSi, TSr}"

static void assert_mixed(struct pair *p, bool used, bool early)
{
	pair_assert_up(p);
	assert_int_equal(forge_sa(p->moon)->core.ppk, used);
	assert_int_equal(forge_sa(p->sun)->core.ppk, used);
	assert_int_equal(forge_sa(p->sun)->core.ppk_int, early && used);
	assert_int_equal(forge_sa(p->moon)->core.ppk_int, early && used);
	assert_int_equal(forge_sa(p->moon)->core.post_quantum, used);
	assert_int_equal(host_child(p->sun, "net")->post_quantum, used);
	assert_memory_equal(forge_sa(p->moon)->core.keys.d, forge_sa(p->sun)->core.keys.d, 32);
}

static void assert_ppk(struct pair *p, bool used)
{
	assert_mixed(p, used, true);
}

static void both_have_it(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES(1), CHOOSES(1), AUTH(2));
	SILENCE(p->lab);
	assert_ppk(p, true);
	assert_true(host_said(p->moon, "the post-quantum preshared key winter.example.org before IKE_AUTH"));
	assert_true(host_said(p->sun, "the post-quantum preshared key winter.example.org before IKE_AUTH"));
}

static void both_demand_it(void **state)
{
	struct pair *p = pair_open(state, EARLY MINE_DEMANDED, EARLY MINE_DEMANDED);

	pair_say_up(p, 1);
	ARROWS(p->lab, ASKS("N(USE_PPK_INT), N(INTERMEDIATE_EXCHANGE_SUPPORTED)"), INIT_ANSWERS, NAMES(1),
		CHOOSES(1), AUTH(2));
	assert_ppk(p, true);
}

static void a_pattern_names_many(void **state)
{
	struct pair *p =
		pair_open(state, MINE, CONN("ppk_id = *.example.org\n ppk_required = yes") PPK("snow"));

	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_ppk(p, true);
}

/* ------------------------------------------------------------------ keys */

/* SKEYSEED' = prf+ (PPK, SK_d), and all keys follow from it (RFC 9867, 3.1.1). */
static void keys_are_those_of_the_rfc(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE);
	struct arena arena = { 0 };
	struct bytes ni, nr, d, seed, keys, spis;
	struct wr w = wr_of(arena_alloc(&arena, 16), 16);
	const struct sa_core *c;

	pair_say_up(p, 1);
	ni = arena_bytes(&arena, forge_read(lab_first(p->lab), &arena).nonce);
	lab_deliver(p->lab, lab_first(p->lab));
	nr = arena_bytes(&arena, forge_read(lab_first(p->lab), &arena).nonce);
	c = &forge_sa(p->sun)->core;
	d = arena_bytes(&arena, bytes_of(c->keys.d, 32));
	wr_u64(&w, c->spi_i);
	wr_u64(&w, c->spi_r);
	spis = wr_done(&w);
	lab_calm(p->lab);
	assert_ppk(p, true);
	seed = derive_plus(bytes_str("snow"), 32, &arena, 1, d);
	keys = derive_plus(seed, 3 * 32 + 2 * 20, &arena, 3, ni, nr, spis);
	c = &forge_sa(p->moon)->core;
	assert_memory_equal(c->keys.d, keys.p, 32);
	assert_memory_equal(c->keys.ei, keys.p + 32, 20);
	assert_memory_equal(c->keys.er, keys.p + 52, 20);
	assert_memory_equal(c->keys.pi, keys.p + 72, 32);
	assert_memory_equal(c->keys.pr, keys.p + 104, 32);
	arena_free(&arena);
}

/* The name, and the first 8 octets of prf(PPK, Ni | Nr | SPIi | SPIr), (RFC 9867, 3.1). */
static void the_key_is_confirmed(void **state)
{
	static const char name[] = "\2winter.example.org";
	struct pair *p = pair_open(state, MINE, MINE);
	struct arena arena = { 0 };
	struct bytes ni, nr, said;
	struct wr w = wr_of(arena_alloc(&arena, 16), 16);
	struct message m;

	pair_say_up(p, 1);
	ni = arena_bytes(&arena, forge_read(lab_first(p->lab), &arena).nonce);
	lab_deliver(p->lab, lab_first(p->lab));
	nr = arena_bytes(&arena, forge_read(lab_first(p->lab), &arena).nonce);
	lab_deliver(p->lab, lab_first(p->lab));
	wr_u64(&w, forge_sa(p->sun)->core.spi_i);
	wr_u64(&w, forge_sa(p->sun)->core.spi_r);
	assert_true(forge_open(p->lab, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n), &arena, &m));
	assert_int_equal(m.n_notifies, 1);
	said = m.notifies[0].data;
	assert_int_equal(said.n, sizeof name - 1 + 8);
	assert_memory_equal(said.p, name, sizeof name - 1);
	assert_memory_equal(
		said.p + sizeof name - 1, derive_prf(bytes_str("snow"), &arena, 3, ni, nr, wr_done(&w)).p, 8);
	lab_calm(p->lab);
	assert_ppk(p, true);
	arena_free(&arena);
}

/* It is mixed in last (RFC 9867, 3.1.1). */
static void with_an_additional_key_exchange(void **state)
{
	struct pair *p = pair_open(state, TWO_KES MINE, TWO_KES MINE);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES_KE(1), CHOOSES_KE(1), AUTH(2));
	assert_ppk(p, true);
	assert_int_equal(forge_sa(p->sun)->core.suite.more[0], KE_ECP_256);
}

static void with_two_it_is_in_the_last(void **state)
{
	struct pair *p = pair_open(state, THREE_KES MINE, THREE_KES MINE);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, "moon --> sun  IKE_INTERMEDIATE request 1: SK {KE}",
		"moon <-- sun  IKE_INTERMEDIATE response 1: SK {KE}", NAMES_KE(2), CHOOSES_KE(2), AUTH(3));
	assert_ppk(p, true);
}

/* The answer is lost: the request comes again, sealed with the keys before. */
static void the_answer_is_lost(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES(1));
	lab_lose(lab_first(p->lab));
	pair_wait(p);
	ARROWS(p->lab, NAMES(1), CHOOSES(1), AUTH(2));
	assert_ppk(p, true);
}

/* ------------------------------------------------------------------ a peer of RFC 8784 */

static void the_responder_knows_the_later_one_only(void **state)
{
	struct pair *p = pair_open(state, MINE_DEMANDED, LATE MINE_DEMANDED);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, ANSWERS("N(USE_PPK)"),
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, N(PPK_IDENTITY)}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, N(PPK_IDENTITY)}");
	assert_mixed(p, true, false);
}

static void the_initiator_knows_the_later_one_only(void **state)
{
	struct pair *p = pair_open(state, LATE MINE_DEMANDED, MINE_DEMANDED);

	pair_say_up(p, 1);
	ARROWS(p->lab, ASKS("N(USE_PPK)"), ANSWERS("N(USE_PPK)"),
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, N(PPK_IDENTITY)}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, N(PPK_IDENTITY)}");
	assert_mixed(p, true, false);
}

static void the_earlier_one_is_demanded_and_not_there(void **state)
{
	struct pair *p = pair_open_up(state, EARLY MINE_DEMANDED, LATE MINE);

	assert_non_null(strstr(host_why(p->moon)->what, "did not answer USE_PPK_INT"));
	assert_string_equal(host_why(p->moon)->instead, "ppk_exchange = any");
	pair_assert_empty_later(p);
}

static void the_peer_knows_nothing_of_either(void **state)
{
	struct pair *p = pair_open(state, MINE, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD", AUTH(1));
	assert_ppk(p, false);
}

/* ------------------------------------------------------------------ one has it not */

#define LACKS                                                                                                \
	"the peer does not have the post-quantum preshared key winter.example.org, or has another secret "   \
	"for it"

static void the_secret_is_missing_there(void **state)
{
	struct pair *p = pair_open(state, MINE, USES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES(1), CHOOSES_NONE, AUTH(2));
	assert_ppk(p, false);
	assert_true(host_said(p->moon, LACKS));
	assert_true(host_said(p->sun, "no post-quantum preshared key has the id winter.example.org"));
}

static void the_secret_is_missing_there_with_a_key_exchange(void **state)
{
	struct pair *p = pair_open(state, TWO_KES MINE, TWO_KES USES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES_KE(1),
		"moon <-- sun  IKE_INTERMEDIATE response 1: SK {KE}", AUTH(2));
	assert_ppk(p, false);
}

static void the_secrets_differ(void **state)
{
	struct pair *p = pair_open(state, MINE, USES PPK("rain"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES(1), CHOOSES_NONE, AUTH(2));
	assert_ppk(p, false);
	assert_true(host_said(p->moon, LACKS));
	assert_true(host_said(p->sun, "the peer uses the post-quantum preshared key winter.example.org, and "
				      "the secret of that name is another one here"));
}

static void the_secrets_differ_where_we_demand_it(void **state)
{
	struct pair *p = pair_open(state, MINE_DEMANDED, USES PPK("rain"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES(1), CHOOSES_NONE);
	assert_string_equal(host_why(p->moon)->what, LACKS);
	assert_string_equal(host_why(p->moon)->configured, "ppk_required = yes");
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
}

static void assert_refused(struct pair *p)
{
	assert_string_equal(host_why(p->sun)->configured, "ppk_required = yes");
	assert_string_equal(host_why(p->moon)->what,
		"the peer refused the post-quantum preshared key winter.example.org of connection site with "
		"AUTHENTICATION_FAILED");
	pair_assert_empty_later(p);
}

static void the_secrets_differ_where_the_peer_demands_it(void **state)
{
	struct pair *p = pair_open(state, MINE, DEMANDS PPK("rain"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES(1), REFUSES);
	assert_string_equal(host_why(p->sun)->what, "the peer uses the post-quantum preshared key "
						    "winter.example.org, and the secret of that name is "
						    "another one here");
	assert_refused(p);
}

/* The key exchange beside it is not to blame. */
static void it_is_refused_with_a_key_exchange(void **state)
{
	struct pair *p = pair_open(state, TWO_KES MINE, TWO_KES DEMANDS PPK("rain"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES_KE(1), REFUSES);
	assert_refused(p);
}

static void another_name_is_demanded(void **state)
{
	struct pair *p =
		pair_open(state, MINE, CONN("ppk_id = summer.example.org\n ppk_required = yes") PPK("snow"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES(1), REFUSES);
	assert_string_equal(host_why(p->sun)->what, "the peer uses the post-quantum preshared key "
						    "winter.example.org, and no connection for it does");
	pair_assert_empty_later(p);
}

/* Whoever the peer turns out to be for in IKE_AUTH decides. */
static void only_one_of_two_connections_demands_it(void **state)
{
	static const char *const other =
		"connections { other { remote_addrs = 192.0.2.1\n local_addrs = 192.0.2.2\n"
		"proposals = aes128gcm16-prfsha256-x25519\n local { auth = psk\n id = sun }\n"
		"remote { auth = psk\n id = venus }\n children { n { } } } }\n";
	struct arena arena = { 0 };
	struct pair *p = pair_open(state, MINE, arena_printf(&arena, "%s%s", DEMANDS PPK("rain"), other));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES(1), CHOOSES_NONE,
		"moon --> sun  IKE_AUTH request 2: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 2: SK {N(AUTHENTICATION_FAILED)}");
	assert_string_equal(host_why(p->sun)->configured, "ppk_required = yes");
	assert_non_null(strstr(host_why(p->sun)->what, "is another one here"));
	pair_assert_empty_later(p);
	arena_free(&arena);
}

/* The key of another connection for the same addresses is none for this one. */
static void the_key_of_another_connection(void **state)
{
	static const char *const other =
		"connections { other { remote_addrs = 192.0.2.1\n local_addrs = 192.0.2.2\n"
		"proposals = aes128gcm16-prfsha256-x25519\n local { auth = psk\n id = sun }\n"
		"remote { auth = psk\n id = venus }\n ppk_id = winter.example.org\n children { n { } } } }\n";
	struct arena arena = { 0 };
	struct pair *p = pair_open(state, MINE,
		arena_printf(&arena, "%s%s",
			CONN("ppk_id = summer.example.org\n ppk_required = yes") PPK("snow"), other));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES(1), CHOOSES(1),
		"moon --> sun  IKE_AUTH request 2: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 2: SK {N(AUTHENTICATION_FAILED)}");
	assert_string_equal(host_why(p->sun)->what, "the peer uses the post-quantum preshared key "
						    "winter.example.org, and this connection does not");
	pair_assert_empty_later(p);
	arena_free(&arena);
}

static void our_secret_is_missing(void **state)
{
	struct pair *p = pair_open(state, USES, MINE);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, AUTH(1));
	assert_ppk(p, false);
	assert_true(host_said(p->moon, "no post-quantum preshared key has the id winter.example.org"));
}

static void our_secret_is_missing_with_a_key_exchange(void **state)
{
	struct pair *p = pair_open(state, TWO_KES USES, TWO_KES MINE);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, "moon --> sun  IKE_INTERMEDIATE request 1: SK {KE}",
		"moon <-- sun  IKE_INTERMEDIATE response 1: SK {KE}", AUTH(2));
	assert_ppk(p, false);
}

static void our_secret_is_missing_and_demanded(void **state)
{
	struct pair *p = pair_open_up(state, DEMANDS, MINE);

	assert_string_equal(
		host_why(p->moon)->what, "no post-quantum preshared key has the id winter.example.org");
	pair_assert_empty_later(p);
}

static void our_secret_is_missing_and_the_peer_demands_it(void **state)
{
	struct pair *p = pair_open_up(state, USES, MINE_DEMANDED);

	assert_string_equal(host_why(p->sun)->what, "the peer uses no post-quantum preshared key");
	pair_assert_empty_later(p);
}

/* ------------------------------------------------------------------ what no core of ours would say */

/* The next message of the two, as it is changed. */
static void say_instead(struct pair *p, struct arena *arena, unsigned n, struct wire_notify *notifies)
{
	struct flight *f = lab_first(p->lab);
	struct message m;

	assert_true(forge_open(p->lab, bytes_of(f->data, f->n), arena, &m));
	m.n_notifies = n;
	m.notifies = notifies;
	m.has = n ? m.has | PAYLOAD_BIT(PAYLOAD_NOTIFY) : m.has & ~PAYLOAD_BIT(PAYLOAD_NOTIFY);
	forge_change(f, &m);
	lab_deliver(p->lab, f);
}

static void the_peer_chooses_another_one(void **state)
{
	struct pair *p = pair_open(state, MINE, USES);
	struct arena arena = { 0 };
	struct wire_notify other = { .type = PPK_IDENTITY, .data = bytes_str("\2summer.example.org") };

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS, NAMES(1));
	say_instead(p, &arena, 1, &other);
	assert_string_equal(
		host_why(p->moon)->what, "the peer chose a post-quantum preshared key that was not named");
	lab_calm(p->lab);
	pair_assert_empty_later(p);
	arena_free(&arena);
}

/* Of many keys that are named, the first that both have is used; those too short to be any are none. */
static void many_are_named(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE_DEMANDED);
	struct arena arena = { 0 };
	struct wire_notify n[5];
	struct message m;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	assert_true(forge_open(p->lab, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n), &arena, &m));
	n[0] = n[1] = n[2] = n[3] = n[4] = m.notifies[0];
	n[0].data = bytes_str("");
	n[1].data = bytes_str("\2x1234567");
	n[2].data = bytes_str("\2summer.example.org12345678");
	n[3].data = bytes_str("\2winter.example.org12345678");
	say_instead(p, &arena, 5, n);
	ARROWS(p->lab, CHOOSES(1));
	lab_calm(p->lab);
	/* Moon has not said what sun has read. */
	assert_false(host_done(p->moon, 1)->success);
	assert_true(host_said(p->sun, "winter.example.org before IKE_AUTH"));
	arena_free(&arena);
}

/* Be they ours or not. */
static void more_are_named_than_are_looked_at(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE_DEMANDED);
	struct arena arena = { 0 };
	struct wire_notify n[PPK_OFFERS_MAX + 1];
	struct message m;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	assert_true(forge_open(p->lab, bytes_of(lab_first(p->lab)->data, lab_first(p->lab)->n), &arena, &m));
	for (unsigned i = 0; i <= PPK_OFFERS_MAX; i++) {
		n[i] = m.notifies[0];
		if (i < PPK_OFFERS_MAX)
			n[i].data = bytes_str(
				i % 2 ? "\2winter.example.org12345678" : "\2summer.example.org12345678");
	}
	say_instead(p, &arena, PPK_OFFERS_MAX + 1, n);
	ARROWS(p->lab, REFUSES);
	pair_assert_empty_later(p);
	arena_free(&arena);
}

static void none_is_named_where_one_is_demanded(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE_DEMANDED);
	struct arena arena = { 0 };

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	say_instead(p, &arena, 0, NULL);
	ARROWS(p->lab, REFUSES);
	assert_string_equal(host_why(p->sun)->what, "the peer uses no post-quantum preshared key");
	pair_assert_empty_later(p);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ later, and with others */

/* What comes of keys that withstand quantum computers does, too. */
static void rekeyed(void **state)
{
	struct pair *p = pair_open_up(state, MINE_DEMANDED, MINE_DEMANDED);

	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	pair_quiet(p, LINGER_TIME);
	assert_true(forge_sa(p->moon)->core.ppk_int && forge_sa(p->sun)->core.post_quantum);
	host_rekey(p->sun, "net");
	lab_calm(p->lab);
	pair_assert_agree(p, 1);
	assert_true(host_child(p->sun, "net")->post_quantum);
}

/* RFC 8784 cannot be had with EAP here: this can. */
static void with_several_rounds(void **state)
{
	struct pair *p = pair_open_up(state, EARLY MINE_DEMANDED CONN("local-2 { auth = psk\n id = moon }"),
		EARLY MINE_DEMANDED CONN("remote-2 { auth = psk\n id = moon }"));

	assert_ppk(p, true);
}

#define CLIENT        LOCAL("auth = eap")
#define GATEWAY(more) REMOTE("auth = eap\n " more)

static void with_eap(void **state)
{
	struct pair *p = pair_open_up(state, CLIENT EARLY MINE_DEMANDED, GATEWAY("") EARLY MINE_DEMANDED);

	assert_ppk(p, true);
}

/* Nothing of IKE_AUTH would show the key. */
static void it_is_demanded_of_eap_too(void **state)
{
	struct pair *p = pair_open(state, CLIENT, GATEWAY("") EARLY MINE_DEMANDED);

	pair_say_up(p, 1);
	ARROWS(p->lab, "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {N(AUTHENTICATION_FAILED)}");
	assert_string_equal(host_why(p->sun)->what, "the peer does not mix a post-quantum preshared key in "
						    "IKE_INTERMEDIATE (it did not offer USE_PPK_INT)");
	assert_string_equal(host_why(p->sun)->configured, "ppk_required = yes");
	pair_assert_empty_later(p);
}

#define OTHER(lines)                                                                                         \
	"connections { other { remote_addrs = 192.0.2.1\n local_addrs = 192.0.2.2\n fragmentation = no\n "   \
	"mobike = no\n"                                                                                      \
	"proposals = aes128gcm16-prfsha256-x25519\n local { auth = psk }\n " lines "\n children { net {\n"   \
	"local_ts = 10.2.0.0/16\n remote_ts = 10.1.0.0/16\n esp_proposals = aes128gcm16 } } } }\n"

/* EAP says whose connection it is: one that demands the key does not come to others in this way. */
static void a_connection_that_eap_leads_to_demands_it(void **state)
{
	struct pair *p = pair_open(state, CLIENT,
		GATEWAY("eap_id = *@one.example") OTHER(
			"ppk_id = winter.example.org\n ppk_required = yes\n ppk_exchange = "
			"intermediate\n remote { auth = eap\n eap_id = carol@two.example }") PPK("snow"));

	p->moon->eap.user = "carol@two.example";
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_null(forge_sa_up(p->sun));
	assert_non_null(strstr(host_why(p->sun)->differs, "other: it demands a post-quantum preshared key"));
	pair_assert_empty_later(p);
}

/* That another connection takes the key in IKE_AUTH does not let this one do so. */
static void later_is_too_late(void **state)
{
	struct pair *p = pair_open_up(state, LATE MINE,
		EARLY MINE_DEMANDED OTHER(
			"ppk_id = winter.example.org\n remote { auth = psk\n id = venus }"));

	assert_null(forge_sa_up(p->sun));
	assert_non_null(strstr(host_why(p->sun)->what, "it did not offer USE_PPK_INT"));
	pair_assert_empty_later(p);
}

static void it_is_not_there_in_time(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE);

	p->sun->silent = ASKED_PPK;
	pair_say_up(p, 1);
	lab_pass(p->lab, ASK_TIMEOUT + 1000);
	assert_ppk(p, false);
}

static void it_is_there_and_then_not_in_time(void **state)
{
	struct pair *p = pair_open(state, MINE, MINE);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_ASKS, INIT_ANSWERS);
	p->sun->late = 10;
	ARROWS(p->lab, NAMES(1));
	p->sun->silent = ASKED_PPK;
	lab_pass(p->lab, ASK_TIMEOUT + 1000);
	assert_string_equal(host_why(p->sun)->what, "the post-quantum preshared key could not be used");
	pair_assert_empty_later(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(both_have_it),
		PAIR_TEST(both_demand_it),
		PAIR_TEST(a_pattern_names_many),
		PAIR_TEST(keys_are_those_of_the_rfc),
		PAIR_TEST(the_key_is_confirmed),
		PAIR_TEST(with_an_additional_key_exchange),
		PAIR_TEST(with_two_it_is_in_the_last),
		PAIR_TEST(the_answer_is_lost),
		PAIR_TEST(the_responder_knows_the_later_one_only),
		PAIR_TEST(the_initiator_knows_the_later_one_only),
		PAIR_TEST(the_earlier_one_is_demanded_and_not_there),
		PAIR_TEST(the_peer_knows_nothing_of_either),
		PAIR_TEST(the_secret_is_missing_there),
		PAIR_TEST(the_secret_is_missing_there_with_a_key_exchange),
		PAIR_TEST(the_secrets_differ),
		PAIR_TEST(the_secrets_differ_where_we_demand_it),
		PAIR_TEST(the_secrets_differ_where_the_peer_demands_it),
		PAIR_TEST(it_is_refused_with_a_key_exchange),
		PAIR_TEST(another_name_is_demanded),
		PAIR_TEST(only_one_of_two_connections_demands_it),
		PAIR_TEST(the_key_of_another_connection),
		PAIR_TEST(our_secret_is_missing),
		PAIR_TEST(our_secret_is_missing_with_a_key_exchange),
		PAIR_TEST(our_secret_is_missing_and_demanded),
		PAIR_TEST(our_secret_is_missing_and_the_peer_demands_it),
		PAIR_TEST(the_peer_chooses_another_one),
		PAIR_TEST(many_are_named),
		PAIR_TEST(more_are_named_than_are_looked_at),
		PAIR_TEST(none_is_named_where_one_is_demanded),
		PAIR_TEST(rekeyed),
		PAIR_TEST(with_several_rounds),
		PAIR_TEST(with_eap),
		PAIR_TEST(it_is_demanded_of_eap_too),
		PAIR_TEST(a_connection_that_eap_leads_to_demands_it),
		PAIR_TEST(later_is_too_late),
		PAIR_TEST(it_is_not_there_in_time),
		PAIR_TEST(it_is_there_and_then_not_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
