/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way up: IKE_SA_INIT and IKE_AUTH with the first CHILD_SA (RFC 7296, 1.2), with every algorithm. */
#include "tests/pair/pair.h"

#include "tests/pair/forge.h"

#include "crypto/kex.h"

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_REQUEST  "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define AUTH_RESPONSE "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"
#define COOKIES       DAEMON("cookie_threshold = 0")

static const struct sa_spec *out_of(const struct host *h)
{
	return datapath_sa(&h->datapath, false, 0);
}

static const char *ts_of(struct tss set)
{
	static char text[TS_TEXT];

	assert_int_equal(set.n, 1);
	return ts_print(&set.v[0], text);
}

static void four_messages(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	assert_true(host_done(p->moon, 1)->success);
	assert_string_equal(ts_of(out_of(p->moon)->local_ts), "10.1.0.0/16");
	assert_string_equal(ts_of(out_of(p->moon)->remote_ts), "10.2.0.0/16");
	assert_false(out_of(p->moon)->encap);
}

static void same_from_the_other_side(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	host_command(p->sun, &(struct ike_command){ .kind = COMMAND_UP, .ticket = 7, .ike = "site" });
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon --> sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	/* clang-format on */
	pair_assert_up(p);
	assert_true(host_done(p->sun, 7)->success);
}

/* Of an SA that is up there are thousands; each would keep two kilobytes of it. */
static void nothing_is_kept_of_the_way_up(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	const struct sa *moon, *sun;

	pair_say_up(p, 1);
	moon = forge_sa(p->moon);
	assert_int_equal(moon->handshake->x.kind, N_NONE);
	assert_true(moon->handshake->x.secret.n || moon->handshake->init_i.n);
	lab_calm(p->lab);
	sun = forge_sa(p->sun);
	assert_ptr_equal(moon->handshake, sun->handshake);
	assert_ptr_equal(moon->ours, sun->ours);
	assert_ptr_equal(moon->theirs, moon->ours);
	host_rekey(p->moon, "net");
	assert_ptr_not_equal(moon->ours, sun->ours);
	lab_calm(p->lab);
	assert_ptr_equal(moon->ours, sun->ours);
	assert_ptr_equal(sun->theirs, sun->ours);
}

static void each_inbound_is_the_others_outbound(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	const struct sa_spec *in, *out;

	pair_up(p);
	in = datapath_sa(&p->moon->datapath, true, 0);
	out = out_of(p->sun);
	assert_int_equal(in->spi, out->spi);
	assert_memory_equal(in->encr_key.p, out->encr_key.p, in->encr_key.n);
	/* The two directions have different keys. */
	assert_memory_not_equal(in->encr_key.p, out_of(p->moon)->encr_key.p, in->encr_key.n);
}

static void a_second_attempt_has_other_keys(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	uint8_t first[20];

	pair_up(p);
	memcpy(first, out_of(p->moon)->encr_key.p, sizeof first);
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_DOWN, .ike = "site" });
	pair_assert_empty_later(p);
	pair_say_up(p, 2);
	lab_calm(p->lab);
	assert_memory_not_equal(first, out_of(p->moon)->encr_key.p, sizeof first);
}

static void ids_are_addresses_by_default(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	unsigned n;
	const struct sa_record *r;

	pair_up(p);
	r = host_records(p->sun, &arena, &n);
	assert_int_equal(n, 1);
	assert_string_equal(r->state, "ESTABLISHED");
	assert_false(r->initiator);
	assert_string_equal(id_print(&r->local_id, &arena), "192.0.2.2");
	assert_string_equal(id_print(&r->remote_id, &arena), "192.0.2.1");
	assert_int_equal(r->n_children, 1);
	assert_string_equal(r->children[0].state, "INSTALLED");
	arena_free(&arena);
}

static void idr_is_sent_when_it_is_known(void **state)
{
	struct pair *p = pair_open(state, LOCAL("id = moon.example.org") REMOTE("id = sun.example.org"),
		LOCAL("id = sun.example.org") REMOTE("id = *.example.org"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, IDr, AUTH, SA, TSi, TSr}", AUTH_RESPONSE);
	pair_assert_up(p);
}

static void secret_by_identity(void **state)
{
	struct pair *p = pair_open_up(state,
		LOCAL("id = moon") REMOTE("id = sun") "secrets { ike-b { id-1 = sun\n secret = other } }\n",
		LOCAL("id = sun") REMOTE("id = moon") "secrets { ike-b { id-1 = moon\n secret = other } }\n");

	pair_assert_up(p);
}

/* ------------------------------------------------------------------ addresses */

static void ipv6_outside(void **state)
{
	const char *moon =
		pair_text(state, pair_moon, CONN("local_addrs = 2001:db8::1\n remote_addrs = 2001:db8::2"));
	const char *sun =
		pair_text(state, pair_sun, CONN("local_addrs = 2001:db8::2\n remote_addrs = 2001:db8::1"));
	struct pair *p = pair_open_conf(state, moon, sun);

	assert_int_equal(ip_parse("2001:db8::1", &p->moon->ip), ERR_OK);
	assert_int_equal(ip_parse("2001:db8::2", &p->sun->ip), ERR_OK);
	pair_up(p);
	assert_int_equal(out_of(p->moon)->remote.ip.v, 6);
	assert_string_equal(ts_of(out_of(p->moon)->local_ts), "10.1.0.0/16");
}

static void ipv6_inside(void **state)
{
	struct pair *p = pair_open(state, CHILD("local_ts = 2001:db8:1::/48\n remote_ts = 2001:db8:2::/48"),
		CHILD("local_ts = 2001:db8:2::/48\n remote_ts = 2001:db8:1::/48"));

	pair_up(p);
	assert_string_equal(ts_of(out_of(p->moon)->remote_ts), "2001:db8:2::/48");
}

static void both_families_inside(void **state)
{
	struct pair *p = pair_open(state,
		CHILD("local_ts = 10.1.0.0/16, 2001:db8:1::/48\n remote_ts = 10.2.0.0/16, 2001:db8:2::/48"),
		CHILD("local_ts = 10.2.0.0/16, 2001:db8:2::/48\n remote_ts = 10.1.0.0/16, 2001:db8:1::/48"));

	pair_up(p);
	assert_int_equal(out_of(p->moon)->local_ts.n, 2);
	assert_int_equal(out_of(p->moon)->remote_ts.n, 2);
}

static void host_to_host(void **state)
{
	struct pair *p = pair_open(state, CHILD("local_ts = dynamic\n remote_ts = dynamic"),
		CHILD("local_ts = dynamic\n remote_ts = dynamic"));

	pair_up(p);
	assert_string_equal(ts_of(out_of(p->moon)->local_ts), "192.0.2.1/32");
	assert_string_equal(ts_of(out_of(p->moon)->remote_ts), "192.0.2.2/32");
}

static void responder_for_anybody(void **state)
{
	struct pair *p = pair_open(state, NULL, CONN("local_addrs = %any\n remote_addrs = %any"));

	pair_up(p);
}

static void with_ports_from_the_start(void **state)
{
	struct pair *p = pair_open(state, CONN("remote_port = 4500"), NULL);

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun:4500  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon:4500 <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun:4500  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon:4500 <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	/* clang-format on */
	pair_assert_up(p);
}

/* ------------------------------------------------------------------ narrowing */

static void responder_narrows(void **state)
{
	struct pair *p = pair_open(state, CHILD("remote_ts = 10.0.0.0/8"), CHILD("remote_ts = 10.1.7.0/24"));

	pair_up(p);
	assert_string_equal(ts_of(out_of(p->moon)->local_ts), "10.1.7.0/24");
	assert_string_equal(ts_of(out_of(p->moon)->remote_ts), "10.2.0.0/16");
}

static void responder_narrows_to_a_port(void **state)
{
	struct pair *p = pair_open(state, NULL, CHILD("local_ts = 10.2.0.0/16[tcp/443]"));

	pair_up(p);
	assert_string_equal(ts_of(out_of(p->moon)->remote_ts), "10.2.0.0/16[tcp/443]");
}

static void of_several_children_the_exact_one_is_taken(void **state)
{
	struct pair *p = pair_open(state, CHILD("remote_ts = 10.2.3.0/24"),
		CONN("children { small { local_ts = 10.2.3.0/24\n remote_ts = 10.1.0.0/16\n esp_proposals = "
		     "aes128gcm16\n } }"));

	pair_up(p);
	assert_string_equal(host_told(p->sun, TELL_CHILD_UP)->name, "site");
	assert_string_equal(ts_of(out_of(p->sun)->local_ts), "10.2.3.0/24");
}

/* ------------------------------------------------------------------ COOKIE and KE */

static void cookie(void **state)
{
	struct pair *p = pair_open(state, NULL, COOKIES);

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		INIT_REQUEST,
		"moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)",
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD",
		INIT_RESPONSE,
		AUTH_REQUEST,
		AUTH_RESPONSE);
	/* clang-format on */
	pair_assert_up(p);
}

static void no_state_before_the_cookie_comes_back(void **state)
{
	struct pair *p = pair_open(state, NULL, COOKIES);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST);
	assert_int_equal(ike_load(p->sun->ike).sas, 0);
	assert_true(p->sun->wake == HEAP_NEVER);
}

#define TWO_GROUPS "proposals = aes128gcm16-prfsha256-x25519-ecp256"
#define ONE_GROUP  "proposals = aes128gcm16-prfsha256-ecp256"

static void other_group_wanted(void **state)
{
	struct pair *p = pair_open(state, CONN(TWO_GROUPS), CONN(ONE_GROUP));

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		INIT_REQUEST,
		"moon <-- sun  IKE_SA_INIT response 0: N(INVALID_KE_PAYLOAD)",
		INIT_REQUEST,
		INIT_RESPONSE,
		AUTH_REQUEST,
		AUTH_RESPONSE);
	/* clang-format on */
	pair_assert_up(p);
}

static void other_group_and_cookie(void **state)
{
	struct pair *p = pair_open(state, CONN(TWO_GROUPS), CONN(ONE_GROUP) COOKIES);

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		INIT_REQUEST,
		"moon <-- sun  IKE_SA_INIT response 0: N(COOKIE)",
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD",
		"moon <-- sun  IKE_SA_INIT response 0: N(INVALID_KE_PAYLOAD)",
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, N(COOKIE), NATD",
		INIT_RESPONSE,
		AUTH_REQUEST,
		AUTH_RESPONSE);
	/* clang-format on */
	pair_assert_up(p);
}

/* A group that the initiator sent a value of is taken although another is configured first. */
static void the_group_at_hand_is_preferred(void **state)
{
	struct pair *p =
		pair_open(state, CONN(TWO_GROUPS), CONN("proposals = aes128gcm16-prfsha256-ecp256-x25519"));

	pair_up(p);
}

/* ------------------------------------------------------------------ algorithms */

static void agrees(void **state, const char *ike, const char *esp)
{
	const char *more = pair_text(state, "", "");
	struct arena arena = { 0 };
	struct pair *p;

	more = arena_printf(&arena, CONN("proposals = %s") CHILD("esp_proposals = %s"), ike, esp);
	p = pair_open(state, more, more);
	arena_free(&arena);
	pair_up(p);
}

#define AGREES(name, ike, esp)                                                                               \
	static void name(void **state)                                                                       \
	{                                                                                                    \
		agrees(state, ike, esp);                                                                     \
	}

AGREES(ke_x25519, "aes256gcm16-prfsha384-x25519", "aes256gcm16")
AGREES(ke_x448, "aes256gcm16-prfsha384-x448", "aes256gcm16")
AGREES(ke_ecp256, "aes256gcm16-prfsha384-ecp256", "aes256gcm16")
AGREES(ke_ecp384, "aes256gcm16-prfsha384-ecp384", "aes256gcm16")
AGREES(ke_ecp521, "aes256gcm16-prfsha384-ecp521", "aes256gcm16")
AGREES(ke_modp2048, "aes256gcm16-prfsha384-modp2048", "aes256gcm16")
AGREES(ke_modp3072, "aes256gcm16-prfsha384-modp3072", "aes256gcm16")
AGREES(ke_modp4096, "aes256gcm16-prfsha384-modp4096", "aes256gcm16")
AGREES(suite_gcm128, "aes128gcm16-prfsha256-x25519", "aes128gcm16")
AGREES(suite_chacha20, "chacha20poly1305-prfsha256-x25519", "chacha20poly1305")
AGREES(suite_cbc128_sha256, "aes128-sha256-x25519", "aes128-sha256")
AGREES(suite_cbc192_sha384, "aes192-sha384-x25519", "aes192-sha384")
AGREES(suite_cbc256_sha512, "aes256-sha512-x25519", "aes256-sha512")
AGREES(suite_mixed, "aes256-sha256-prfsha512-x25519", "chacha20poly1305")
AGREES(suite_esn, "aes128gcm16-prfsha256-x25519", "aes128gcm16-esn")
AGREES(suite_with_pfs_group, "aes128gcm16-prfsha256-x25519", "aes128gcm16-x25519")

/* Where the library has ML-KEM, it is used (and there are two messages more). */
static void suite_default(void **state)
{
	struct pair *p = pair_open(state, CONN("proposals = default"), CONN("proposals = default"));
	struct arena arena = { 0 };
	unsigned n;

	pair_say_up(p, 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_int_equal(host_records(p->sun, &arena, &n)->post_quantum,
		kex_available(transform_find(TRANSFORM_KE, KE_ML_KEM_768, 0)));
	arena_free(&arena);
}

/* Whether H has told of the end of its IKE_SA, and of its child's then. */
static bool ended_in_order(const struct host *h)
{
	enum ike_tell_kind ends[2] = { TELL_DONE, TELL_DONE };
	unsigned n = 0;

	list_each (node, &h->news) {
		enum ike_tell_kind kind = node_owner(node, struct news, node)->tell.kind;

		if (n < 2 && (kind == TELL_SA_DOWN || kind == TELL_CHILD_DOWN))
			ends[n++] = kind;
	}
	return ends[0] == TELL_SA_DOWN && ends[1] == TELL_CHILD_DOWN;
}

/* As strongSwan's clients know it, whoever ends it. */
static void the_ike_sa_is_told_down_before_its_child(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	host_down(p->moon, NULL, 2);
	lab_calm(p->lab);
	assert_true(ended_in_order(p->moon) && ended_in_order(p->sun));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(four_messages),
		PAIR_TEST(same_from_the_other_side),
		PAIR_TEST(nothing_is_kept_of_the_way_up),
		PAIR_TEST(each_inbound_is_the_others_outbound),
		PAIR_TEST(a_second_attempt_has_other_keys),
		PAIR_TEST(ids_are_addresses_by_default),
		PAIR_TEST(idr_is_sent_when_it_is_known),
		PAIR_TEST(secret_by_identity),
		PAIR_TEST(ipv6_outside),
		PAIR_TEST(ipv6_inside),
		PAIR_TEST(both_families_inside),
		PAIR_TEST(host_to_host),
		PAIR_TEST(responder_for_anybody),
		PAIR_TEST(with_ports_from_the_start),
		PAIR_TEST(responder_narrows),
		PAIR_TEST(responder_narrows_to_a_port),
		PAIR_TEST(of_several_children_the_exact_one_is_taken),
		PAIR_TEST(cookie),
		PAIR_TEST(no_state_before_the_cookie_comes_back),
		PAIR_TEST(other_group_wanted),
		PAIR_TEST(other_group_and_cookie),
		PAIR_TEST(the_group_at_hand_is_preferred),
		PAIR_TEST(ke_x25519),
		PAIR_TEST(ke_x448),
		PAIR_TEST(ke_ecp256),
		PAIR_TEST(ke_ecp384),
		PAIR_TEST(ke_ecp521),
		PAIR_TEST(ke_modp2048),
		PAIR_TEST(ke_modp3072),
		PAIR_TEST(ke_modp4096),
		PAIR_TEST(suite_gcm128),
		PAIR_TEST(suite_chacha20),
		PAIR_TEST(suite_cbc128_sha256),
		PAIR_TEST(suite_cbc192_sha384),
		PAIR_TEST(suite_cbc256_sha512),
		PAIR_TEST(suite_mixed),
		PAIR_TEST(suite_esn),
		PAIR_TEST(suite_with_pfs_group),
		PAIR_TEST(suite_default),
		PAIR_TEST(the_ike_sa_is_told_down_before_its_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
