/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP on TLS, one side by hand: lengths that lie, TLS without end, and what is said inside: by a peer that
 * would come in without a password, by a server that would be taken for the right one. */
#include "unit.h"

#include "eap/mschap.h"
#include "eap/session.h"
#include "tests/unit/eap_tls_help.h"
#include "tests/unit/pki_maker.h"

static const struct eap_secret password = { EAP_PASSWORD, { (const uint8_t *)"clientPass", 10 } };

static struct rng_seeded seeded;

static struct eap *new_side(bool authenticator, uint8_t method, struct eap_tls *tls, enum eap_ttls ttls)
{
	struct eap_settings s = { .authenticator = authenticator,
		.methods = { method },
		.n_methods = 1,
		.identity = bytes_str("alice"),
		.tls = tls,
		.ttls = ttls,
		.now = MAKER_NOW };

	rng_seed(&seeded, 7);
	return eap_new(&s, &seeded.rng);
}

/* What follows Start: a packet of TLS with these flags and this length. */
static struct eap_turn piece(
	struct eap *e, const struct eap_turn *t, uint8_t flags, uint32_t length, size_t n)
{
	static uint8_t packet[EAP_MAX_PACKET];
	size_t head = flags & 0x80 ? 10 : 6;

	packet[0] = 2;
	packet[1] = t->packet.p[1];
	packet[2] = (uint8_t)((head + n) >> 8);
	packet[3] = (uint8_t)(head + n);
	packet[4] = EAP_TLS;
	packet[5] = flags;
	packet[6] = (uint8_t)(length >> 24);
	packet[7] = (uint8_t)(length >> 16);
	packet[8] = (uint8_t)(length >> 8);
	packet[9] = (uint8_t)length;
	return eap_take(e, bytes_of(packet, head + n));
}

static void lengths_that_lie(void **state)
{
	static const struct {
		uint8_t flags;
		uint32_t length;
		size_t n;
		const char *why; /* NULL: good so far */
	} cases[] = {
		{ 0xc0, 1000, 100, NULL },
		{ 0xc0, EAP_MAX_TLS, 100, NULL },
		{ 0xc0, EAP_MAX_TLS + 1, 100, "more than" },
		{ 0xc0, 0xffffffff, 100, "more than" },
		{ 0xc0, 0, 100, "malformed" },
		{ 0xc0, 99, 100, "malformed" },
		{ 0xc0, 1000, 0, "malformed" },
		{ 0x40, 0, 100, "malformed" },
		{ 0x80, 101, 100, "malformed" },
		{ 0x80, 99, 100, "malformed" },
		{ 0x20, 0, 0, "malformed" },
		{ 0x00, 0, 0, "stands still" },
	};
	struct eap_tls *tls = help_tls(true, &(struct tls_recipe){ 0 });

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct eap *e = new_side(true, EAP_TLS, tls, 0);
		struct eap_turn t = eap_begin(e);

		t = piece(e, &t, cases[i].flags, cases[i].length, cases[i].n);
		assert_int_equal(t.what, cases[i].why ? EAP_FAILED : EAP_SENDS);
		if (cases[i].why)
			assert_non_null(strstr(t.why, cases[i].why));
		else {
			assert_int_equal(t.packet.n, 6);
			t = piece(e, &t, 0xc0, cases[i].length + 1, 100);
			assert_int_equal(t.what, EAP_FAILED);
		}
		eap_free(e);
	}
	eap_tls_unref(tls);
}

static void tls_without_end(void **state)
{
	static const size_t sizes[] = { 1, 4000, 60000 };
	struct eap_tls *tls = help_tls(true, &(struct tls_recipe){ 0 });

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct eap *e = new_side(true, EAP_TLS, tls, 0);
		struct eap_turn t = eap_begin(e);
		unsigned rounds = 0;

		t = piece(e, &t, 0xc0, EAP_MAX_TLS, sizes[i]);
		for (; t.what == EAP_SENDS; rounds++)
			t = piece(e, &t, 0x40, 0, sizes[i]);
		assert_int_equal(t.what, EAP_FAILED);
		assert_in_range(rounds, 1, EAP_MAX_ROUNDS);
		assert_true(sizes[i] * rounds <= EAP_MAX_TLS);
		eap_free(e);
	}
	eap_tls_unref(tls);
}

/* An authenticator of ours, whose handshake a hand has done: what it makes of PLAIN inside. */
static enum eap_what inside(
	uint8_t type, bool tls_1_3, const void *plain, size_t n, const struct eap_secret *secret)
{
	struct eap_tls *moon =
		help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = tls_1_3, .only_tls_1_2 = !tls_1_3 });
	struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ .server = "" });
	struct eap *e = new_side(true, type, moon, 0);
	struct hand h;
	enum eap_what what;

	assert_true(hand_shakes(&h, e, false, type, sun));
	if (type == EAP_PEAP && !tls_1_3)
		hand_says(&h, bytes_of(NULL, 0), NULL);
	hand_says(&h, bytes_of(plain, n), secret);
	what = h.turn.what;
	hand_end(&h);
	eap_free(e);
	eap_tls_unref(moon);
	eap_tls_unref(sun);
	return what;
}

#define SAYS(text) text, sizeof text - 1
#define ALICE                                                                                                \
	"\0\0\0\1\x40\0\0\x0d"                                                                               \
	"alice\0\0\0"

static void attributes_inside_ttls(void **state)
{
	const struct eap_secret *secret = &password;

	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		/* Good, with the right password and not. */
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\x40\0\0\x18"
						    "clientPass\0\0\0\0\0\0"),
					 secret),
			EAP_SUCCEEDED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\x40\0\0\x12"
						    "clientPass"),
					 secret),
			EAP_SUCCEEDED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\x40\0\0\x18"
						    "clientpass\0\0\0\0\0\0"),
					 secret),
			EAP_FAILED);
		/* What nobody knows: once it may be left, once not. */
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS("\0\0\1\1\0\0\0\x08" ALICE "\0\0\0\2\x40\0\0\x12"
					      "clientPass"),
					 secret),
			EAP_SUCCEEDED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS("\0\0\1\1\x40\0\0\x08" ALICE "\0\0\0\2\x40\0\0\x12"
					      "clientPass"),
					 secret),
			EAP_FAILED);
		/* No name, no password, lengths that lie. */
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS("\0\0\0\2\x40\0\0\x12"
					      "clientPass"),
					 secret),
			EAP_FAILED);
		assert_int_equal(inside(EAP_TTLS, v, SAYS(ALICE), secret), EAP_FAILED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\x40\0\0\x13"
						    "clientPass"),
					 secret),
			EAP_FAILED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\x40\0\0\x07"
						    "clientPass"),
					 secret),
			EAP_FAILED);
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\2\xc0\0\0\x0b"
						    "\0\0\1\x37"),
					 secret),
			EAP_FAILED);
		/* MSCHAPv2 with a challenge of the peer's choice. */
		assert_int_equal(inside(EAP_TTLS, v,
					 SAYS(ALICE "\0\0\0\x0b\xc0\0\0\x1c\0\0\1\x37"
						    "0123456789abcdef"
						    "\0\0\0\x19\xc0\0\0\x3e\0\0\1\x37"
						    "0123456789012345678901234567890123456789"
						    "0123456789\0\0"),
					 secret),
			EAP_FAILED);
	}
}

static void too_much_inside(void **state)
{
	static const uint8_t much[EAP_MAX_INNER + 1];

	(void)state;
	for (unsigned v = 0; v < 2; v++)
		assert_int_equal(inside(EAP_TTLS, v, much, sizeof much, NULL), EAP_FAILED);
}

/* In EAP-TLS nothing is said inside, but the server's octet. */
static void nothing_inside_tls(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		struct eap_tls *moon =
			help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = v, .only_tls_1_2 = !v });
		struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });
		static const char *const said[] = { "", "\1", "\0\0" };

		for (size_t n = 1; n < 3; n++) {
			struct eap *e = new_side(false, EAP_TLS, sun, 0);
			struct hand h;

			assert_true(hand_shakes(&h, e, true, EAP_TLS, moon));
			hand_says(&h, bytes_of(said[n], n), NULL);
			assert_int_equal(h.turn.what, EAP_FAILED);
			hand_end(&h);
			eap_free(e);
		}
		eap_tls_unref(moon);
		eap_tls_unref(sun);
	}
}

static void results_inside_peap(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		/* The peer says that it succeeded, before it has. */
		assert_int_equal(inside(EAP_PEAP, v, SAYS("\2\1\0\x0b\x21\x80\3\0\2\0\1"), NULL), EAP_SENDS);
		assert_int_equal(inside(EAP_PEAP, v, SAYS("\2\1\0\4"), NULL), EAP_SENDS);
	}
}

/* A peer of ours: what a server says to it inside before the password is proved. */
static void a_server_that_hurries(void **state)
{
	static const uint8_t success[] = { 1, 9, 0, 11, 33, 0x80, 3, 0, 2, 0, 1 };

	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		struct eap_tls *moon =
			help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = v, .only_tls_1_2 = !v });
		struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });
		struct eap *e = new_side(false, EAP_PEAP, sun, 0);
		struct hand h;

		assert_true(hand_shakes(&h, e, true, EAP_PEAP, moon));
		hand_says(&h, bytes_of(success, sizeof success), NULL);
		assert_int_equal(h.turn.what, EAP_SENDS);
		assert_int_equal(h.said_n, 11);
		assert_int_equal(h.said[10], 2);
		assert_int_equal(eap_take(e, bytes_of("\3\1\0\4", 4)).what, EAP_FAILED);
		hand_end(&h);
		eap_free(e);
		eap_tls_unref(moon);
		eap_tls_unref(sun);
	}
}

/* Who logs in well, and then says that it did not succeed, or nothing. */
static void a_peer_that_disagrees(void **state)
{
	static const struct {
		const char *says;
		size_t n;
		enum eap_what what;
	} cases[] = {
		{ "\2\1\0\x0b\x21\x80\3\0\2\0\1", 11, EAP_SUCCEEDED },
		{ "\2\1\0\x0b\x21\x80\3\0\2\0\2", 11, EAP_FAILED },
		{ "\2\1\0\x0b\x21\x80\3\0\3\0\1", 11, EAP_FAILED },
		{ "\2\1\0\x0a\x21\x80\3\0\1\1", 10, EAP_FAILED },
		{ "\2\1\0\x05\x21", 5, EAP_FAILED },
		{ "\6clientPass", 11, EAP_FAILED },
		{ "\0\0\0\0\0\x80\3\0\2\0\1", 11, EAP_FAILED },
		{ "", 0, EAP_FAILED },
	};
	struct eap_tls *moon = help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = true });
	struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct eap_settings s = { .authenticator = true,
			.methods = { EAP_PEAP },
			.n_methods = 1,
			.inner = { EAP_GTC },
			.n_inner = 1,
			.tls = moon,
			.now = MAKER_NOW };
		struct eap *e;
		struct hand h;

		rng_seed(&seeded, 7);
		e = eap_new(&s, &seeded.rng);
		assert_true(hand_shakes(&h, e, false, EAP_PEAP, sun));
		hand_says(&h, bytes_of("\1alice", 6), NULL);
		assert_memory_equal(h.said, "\6Password: ", 11);
		hand_says(&h, bytes_of("\6clientPass", 11), &password);
		assert_int_equal(h.said_n, 11);
		hand_says(&h, bytes_of(cases[i].says, cases[i].n), NULL);
		assert_int_equal(h.turn.what, cases[i].what);
		hand_end(&h);
		eap_free(e);
	}
	eap_tls_unref(moon);
	eap_tls_unref(sun);
}

/* To a peer that waits for a proof of MSCHAPv2. */
static void what_a_server_says_inside_ttls(void **state)
{
	static const struct {
		const char *says;
		size_t n;
		const char *why;
	} cases[] = {
		{ "\0\0\0\2\xc0\0\0\x10\0\0\1\x37"
		  "E=69",
			16, "refuses us inside EAP-TTLS" },
		{ "\0\0\0\x1a\xc0\0\0\x10\0\0\1\x37"
		  "S=12",
			16, "does not know our password" },
		{ "", 0, "does not know our password" },
		{ "\0\0\0\x1a\xc0\0\0\x11\0\0\1\x37"
		  "S=12",
			16, "malformed" },
	};
	struct eap_tls *moon = help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = true });
	struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct eap *e = new_side(false, EAP_TTLS, sun, EAP_TTLS_MSCHAPV2);
		struct hand h;

		assert_true(hand_shakes(&h, e, true, EAP_TTLS, moon));
		assert_int_equal(h.turn.what, EAP_ASKS);
		hand_answers(&h, &password);
		assert_int_equal(h.turn.what, EAP_SENDS);
		hand_says(&h, bytes_of(cases[i].says, cases[i].n), NULL);
		if (h.turn.what == EAP_SENDS)
			h.turn = eap_take(e, bytes_of("\4\1\0\4", 4));
		assert_int_equal(h.turn.what, EAP_FAILED);
		assert_non_null(strstr(h.turn.why, cases[i].why));
		hand_end(&h);
		eap_free(e);
	}
	eap_tls_unref(moon);
	eap_tls_unref(sun);
}

/* By the labels of the RFCs, as the hand's session gives it. */
static void keys_are_the_rfcs(void **state)
{
	static const char pap[] = ALICE "\0\0\0\2\x40\0\0\x12"
					"clientPass";

	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		struct eap_tls *moon =
			help_tls(true, &(struct tls_recipe){ .only_tls_1_3 = v, .only_tls_1_2 = !v });
		struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });
		struct eap *e = new_side(true, EAP_TTLS, moon, 0);
		uint8_t key[2 * EAP_MSK], type = EAP_TTLS;
		struct hand h;

		assert_true(hand_shakes(&h, e, false, EAP_TTLS, sun));
		hand_says(&h, bytes_of(pap, sizeof pap - 1), &password);
		assert_int_equal(h.turn.what, EAP_SUCCEEDED);
		assert_true(session_export(h.session,
			v ? "EXPORTER_EAP_TLS_Key_Material" : "ttls keying material", bytes_of(&type, v), key,
			sizeof key));
		assert_true(bytes_eq(eap_msk(e), bytes_of(key, EAP_MSK)));
		hand_end(&h);
		eap_free(e);
		eap_tls_unref(moon);
		eap_tls_unref(sun);
	}
}

static size_t put_avp(uint8_t *p, uint8_t code, bool microsoft, const void *value, size_t n)
{
	const uint8_t head[] = { 0, 0, 0, code, microsoft ? 0xc0 : 0x40, 0, 0,
		(uint8_t)(n + (microsoft ? 12 : 8)), 0, 0, 1, 0x37 };
	size_t head_n = microsoft ? 12 : 8, padded = (n + 3) / 4 * 4;

	memset(p, 0, head_n + padded);
	memcpy(p, head, head_n);
	memcpy(p + head_n, value, n);
	return head_n + padded;
}

/* MSCHAPv2 inside TTLS with the challenge CHALLENGE and the identifier IDENT, right in themselves. */
static size_t put_mschapv2(
	uint8_t *p, const uint8_t challenge[MSCHAP_CHALLENGE], uint8_t ident, const struct eap_secret *s)
{
	struct mschap m = { .user = bytes_str("alice") };
	uint8_t value[50] = { ident };
	size_t n = put_avp(p, 1, false, "alice", 5);

	rng_seed(&seeded, 9);
	mschap_secret(s, &seeded.rng, m.hash);
	memcpy(m.challenge, challenge, MSCHAP_CHALLENGE);
	assert_true(mschap_response(&m, value + 26));
	n += put_avp(p + n, 11, true, challenge, MSCHAP_CHALLENGE);
	return n + put_avp(p + n, 25, true, value, sizeof value);
}

/* The challenge is nobody's choice, and nobody is nobody. */
static void mschapv2_challenges_inside_ttls(void **state)
{
	enum { GOOD, OTHER_CHALLENGE, OTHER_SAID, OTHER_IDENT, NOBODY, CASES };

	(void)state;
	for (unsigned i = 0; i < CASES; i++) {
		struct eap_tls *moon = help_tls(
			true, &(struct tls_recipe){ .only_tls_1_2 = i % 2, .only_tls_1_3 = !(i % 2) });
		struct eap_tls *sun = help_tls(false, &(struct tls_recipe){ 0 });
		struct eap *e = new_side(true, EAP_TTLS, moon, 0);
		uint8_t implicit[MSCHAP_CHALLENGE + 1], said[256];
		struct hand h;
		size_t n;

		assert_true(hand_shakes(&h, e, false, EAP_TTLS, sun));
		assert_true(session_export(
			h.session, "ttls challenge", bytes_of(NULL, 0), implicit, sizeof implicit));
		implicit[0] ^= i == OTHER_CHALLENGE;
		n = put_mschapv2(said, implicit, implicit[MSCHAP_CHALLENGE] ^ (i == OTHER_IDENT), &password);
		said[16 + 12] ^= i == OTHER_SAID;
		hand_says(&h, bytes_of(said, n), i == NOBODY ? NULL : &password);
		assert_int_equal(h.turn.what, i == GOOD ? EAP_SENDS : EAP_FAILED);
		hand_end(&h);
		eap_free(e);
		eap_tls_unref(moon);
		eap_tls_unref(sun);
	}
}

static int free_keys(void **state)
{
	(void)state;
	help_tls_end();
	maker_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(tls_without_end),
		cmocka_unit_test(attributes_inside_ttls),
		cmocka_unit_test(too_much_inside),
		cmocka_unit_test(nothing_inside_tls),
		cmocka_unit_test(a_peer_that_disagrees),
		cmocka_unit_test(keys_are_the_rfcs),
		cmocka_unit_test(mschapv2_challenges_inside_ttls),
		cmocka_unit_test(what_a_server_says_inside_ttls),
		cmocka_unit_test(results_inside_peap),
		cmocka_unit_test(a_server_that_hurries),
	};

	return cmocka_run_group_tests(tests, NULL, free_keys);
}
