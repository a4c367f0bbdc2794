/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHILD_SAs of AH (RFC 4302) instead of ESP. */
#include "tests/pair/pair.h"

#define AH(local, remote, lines)                                                                             \
	CONN("children { ah { local_ts = " local "\n remote_ts = " remote "\n rekey_time = 0\n datapath = "  \
	     "kernel\n " lines "\n } }")
#define AH_MOON(lines) AH("10.11.0.0/16", "10.12.0.0/16", lines)
#define AH_SUN(lines)  AH("10.12.0.0/16", "10.11.0.0/16", lines)

static struct pair *ask(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	host_up(p->moon, "ah", 2);
	lab_calm(p->lab);
	return p;
}

/* All SAs of "ah". */
static void assert_protocol(struct pair *p, uint8_t protocol, const char *suite)
{
	struct host *hosts[] = { p->moon, p->sun };
	struct arena arena = { 0 };

	for (unsigned i = 0; i < 2; i++) {
		const struct child *c = host_child(hosts[i], "ah");
		const struct sa_spec *in, *out;

		assert_non_null(c);
		in = &datapath_find(&hosts[i]->datapath, c->id, true)->spec;
		out = &datapath_find(&hosts[i]->datapath, c->id, false)->spec;
		assert_int_equal(in->suite.protocol, protocol);
		assert_int_equal(out->suite.protocol, protocol);
		assert_string_equal(suite_print(&in->suite, &arena), suite);
	}
	arena_free(&arena);
}

static void in_the_place_of_esp(void **state)
{
	struct pair *p =
		ask(state, AH_MOON("ah_proposals = sha256, sha384"), AH_SUN("ah_proposals = sha384"));

	pair_assert_agree(p, 2);
	assert_protocol(p, PROTO_AH, "HMAC_SHA2_384_192");
}

static void rekeyed_and_deleted(void **state)
{
	struct pair *p =
		ask(state, AH_MOON("ah_proposals = sha256-x25519"), AH_SUN("ah_proposals = sha256-x25519"));

	host_rekey(p->sun, "ah");
	/* clang-format off */
	ARROWS(p->lab,
		"moon <-- sun  CREATE_CHILD_SA request 0: SK {SA, KE, Nonce, TSi, TSr, N(REKEY_SA)}",
		"moon --> sun  CREATE_CHILD_SA response 0: SK {SA, KE, Nonce, TSi, TSr}",
		"moon <-- sun  INFORMATIONAL request 1: SK {D(AH)}",
		"moon --> sun  INFORMATIONAL response 1: SK {D(AH)}");
	/* clang-format on */
	lab_pass(p->lab, 60 * 1000);
	pair_assert_agree(p, 2);
	assert_protocol(p, PROTO_AH, "HMAC_SHA2_256_128/CURVE_25519");
}

/* Who has both lets the peer choose; a rekeying stays with the choice. */
static void where_both_are_offered(void **state)
{
	struct pair *p = ask(state, AH_MOON("esp_proposals = aes128gcm16\n ah_proposals = sha256"),
		AH_SUN("ah_proposals = sha256"));

	assert_protocol(p, PROTO_AH, "HMAC_SHA2_256_128");
	host_reload(p->sun,
		pair_text(state, pair_sun, AH_SUN("esp_proposals = aes128gcm16\n ah_proposals = sha256")));
	host_rekey(p->moon, "ah");
	lab_pass(p->lab, 60 * 1000);
	pair_assert_agree(p, 2);
	assert_protocol(p, PROTO_AH, "HMAC_SHA2_256_128");
}

static void esp_is_not_ah(void **state)
{
	struct pair *p = ask(state, AH_MOON("ah_proposals = sha256"), AH_SUN("esp_proposals = aes256gcm16"));
	const struct why *why = host_why(p->sun);

	assert_null(host_child(p->moon, "ah"));
	assert_string_equal(
		why->what, "no AH proposal of the peer is allowed by child ah of connection site");
	assert_string_equal(why->differs, "protocol: offered AH, configured ESP");
	assert_non_null(strstr(host_why(p->moon)->where, "ah_proposals"));
}

static void not_across_a_nat(void **state)
{
	struct pair *p = pair_open(state,
		pair_text(state, CONN("local_addrs = 10.9.0.1"), AH_MOON("ah_proposals = sha256")),
		pair_text(state, CONN("remote_addrs = %any"), AH_SUN("ah_proposals = sha256")));

	pair_hide_moon(p);
	host_up(p->moon, "net", 1);
	lab_calm(p->lab);
	host_up(p->moon, "ah", 2);
	lab_calm(p->lab);
	assert_null(host_child(p->sun, "ah"));
	assert_non_null(strstr(host_why(p->sun)->differs, "a NAT is between"));
}

/* Moon goes behind a NAT with both. */
static struct pair *moves_behind_a_nat(void **state, const char *moon, const char *sun)
{
	const char *mobile = CONN("mobike = yes\n local_addrs = %any\n remote_addrs = 192.0.2.2");
	struct pair *p = ask(state, pair_text(state, mobile, moon),
		pair_text(state, CONN("mobike = yes\n remote_addrs = %any"), sun));

	assert_protocol(p, PROTO_AH, "HMAC_SHA2_256_128");
	pair_hide_moon(p);
	p->moon->past[p->moon->n_past++] = (struct ip){ 4, { 192, 0, 2, 1 } };
	host_addresses(p->moon, "10.9.0.1");
	lab_calm(p->lab);
	return p;
}

/* Both say why it ends; what is of ESP goes on. */
static void it_ends_behind_a_nat(void **state, const char *moon, const char *sun)
{
	static const char what[] =
		"CHILD_SA ah is of AH, and a NAT is between here and the peer now, so it is closed: "
		"its checksum covers the addresses, which a NAT changes (RFC 4302)";
	struct pair *p = moves_behind_a_nat(state, moon, sun);
	struct host *hosts[] = { p->moon, p->sun };

	for (unsigned i = 0; i < 2; i++) {
		assert_string_equal(host_why(hosts[i])->what, what);
		assert_non_null(strstr(host_why(hosts[i])->where, "ah_proposals"));
		assert_null(host_child(hosts[i], "ah"));
	}
	pair_assert_agree(p, 1);
}

static void not_when_it_moves_behind_a_nat(void **state)
{
	it_ends_behind_a_nat(state, AH_MOON("ah_proposals = sha256"), AH_SUN("ah_proposals = sha256"));
}

/* Where the selectors are the ends' they would be negotiated anew. */
static void nor_in_transport_mode(void **state)
{
	const char *lines = AH("dynamic", "dynamic", "mode = transport\n ah_proposals = sha256");

	it_ends_behind_a_nat(state, lines, lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(in_the_place_of_esp),
		PAIR_TEST(rekeyed_and_deleted),
		PAIR_TEST(where_both_are_offered),
		PAIR_TEST(esp_is_not_ah),
		PAIR_TEST(not_across_a_nat),
		PAIR_TEST(not_when_it_moves_behind_a_nat),
		PAIR_TEST(nor_in_transport_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
