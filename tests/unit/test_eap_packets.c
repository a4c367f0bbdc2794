/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP: one side of ours, and packets written by hand in the place of the other: repeated, too early, of the
 * wrong method, at the wrong place. */
#include "unit.h"

#include "eap/eap.h"
#include "hex.h"

static struct rng_seeded seeded;

static struct eap *new_side(bool authenticator, uint8_t method)
{
	struct eap_settings s = { .authenticator = authenticator,
		.methods = { method },
		.n_methods = 1,
		.identity = bytes_str("alice") };

	rng_seed(&seeded, 7);
	return eap_new(&s, &seeded.rng);
}

static struct eap_turn take(struct eap *e, const char *packet)
{
	uint8_t octets[512];

	return eap_take(e, bytes_of(octets, hex(packet, octets, sizeof octets)));
}

static const struct eap_secret client_pass = { EAP_PASSWORD, { (const uint8_t *)"clientPass", 10 } };

static void success_before_it_is_due(void **state)
{
	static const uint8_t methods[] = { EAP_MD5, EAP_GTC, EAP_MSCHAPV2 };

	(void)state;
	for (unsigned i = 0; i < sizeof methods; i++) {
		struct eap *e = new_side(false, methods[i]);
		struct eap_turn t = take(e, "03 01 0004");

		assert_int_equal(t.what, EAP_FAILED);
		assert_int_equal(t.packet.n, 0);
		assert_non_null(strstr(t.why, "before it was due"));
		assert_int_equal(take(e, "03 01 0004").what, EAP_FAILED);
		assert_int_equal(eap_msk(e).n, 0);
		eap_free(e);
	}
}

/* After the response, but before the gateway proved itself. */
static void mschapv2_success_without_proof(void **state)
{
	struct eap *e = new_side(false, EAP_MSCHAPV2);

	(void)state;
	assert_int_equal(
		take(e, "01 05 001b 1a 01 05 0016 10 000102030405060708090a0b0c0d0e0f 78").what, EAP_ASKS);
	assert_int_equal(eap_answer(e, &client_pass).what, EAP_SENDS);
	assert_int_equal(take(e, "03 05 0004").what, EAP_FAILED);
	eap_free(e);
}

static void a_gateway_that_does_not_know_the_password(void **state)
{
	struct eap *e = new_side(false, EAP_MSCHAPV2);
	struct eap_turn t;

	(void)state;
	assert_int_equal(
		take(e, "01 05 001b 1a 01 05 0016 10 000102030405060708090a0b0c0d0e0f 78").what, EAP_ASKS);
	assert_int_equal(eap_answer(e, &client_pass).what, EAP_SENDS);
	t = take(e, "01 06 0033 1a 03 05 002e 533d"
		    "30303030303030303030303030303030303030303030303030303030303030303030303030303030");
	assert_int_equal(t.what, EAP_FAILED);
	assert_non_null(strstr(t.why, "does not know our password"));
	eap_free(e);
}

static void mschapv2_requests_out_of_order(void **state)
{
	static const char *const first[] = { "01 05 0006 1a 03", "01 05 0006 1a 04", "01 05 0005 1a",
		"01 05 0009 1a 03 05 0004", "01 05 0009 1a 04 05 0004", "01 05 0009 1a 01 05 0004",
		"01 05 0009 1a 02 05 0004" };

	(void)state;
	for (unsigned i = 0; i < sizeof first / sizeof *first; i++) {
		struct eap *e = new_side(false, EAP_MSCHAPV2);

		assert_int_equal(take(e, first[i]).what, EAP_FAILED);
		eap_free(e);
	}
}

static void microsofts_errors_have_words(void **state)
{
	struct eap *e = new_side(false, EAP_MSCHAPV2);
	struct eap_turn t;

	(void)state;
	take(e, "01 05 001b 1a 01 05 0016 10 000102030405060708090a0b0c0d0e0f 78");
	eap_answer(e, &client_pass);
	t = take(e, "01 06 000e 1a 04 05 0009 453d363438");
	assert_int_equal(t.what, EAP_SENDS);
	assert_int_equal(t.packet.n, 6);
	assert_int_equal(t.packet.p[5], 4);
	t = take(e, "04 06 0004");
	assert_int_equal(t.what, EAP_FAILED);
	assert_non_null(strstr(t.why, "expired"));
	eap_free(e);
}

static void a_repeated_request_has_the_same_answer(void **state)
{
	struct eap *e = new_side(false, EAP_GTC);
	uint8_t first[64];
	struct eap_turn t;
	size_t n;

	(void)state;
	assert_int_equal(take(e, "01 09 0006 06 3f").what, EAP_ASKS);
	assert_int_equal(take(e, "01 09 0006 06 3f").what, EAP_ASKS);
	t = eap_answer(e, &client_pass);
	n = t.packet.n;
	memcpy(first, t.packet.p, n);
	t = take(e, "01 09 0006 06 3f");
	assert_int_equal(t.what, EAP_SENDS);
	assert_true(bytes_eq(t.packet, bytes_of(first, n)));
	eap_free(e);
}

static void a_repeated_answer_has_the_same_request(void **state)
{
	struct eap_settings s = {
		.authenticator = true, .methods = { EAP_MD5 }, .n_methods = 1, .ask_identity = true
	};
	uint8_t answer[] = { 2, 0, 0, 6, EAP_IDENTITY, 'a' }, first[64];
	struct eap_turn t;
	struct eap *e;
	size_t n;

	(void)state;
	rng_seed(&seeded, 7);
	e = eap_new(&s, &seeded.rng);
	answer[1] = eap_begin(e).packet.p[1];
	t = eap_take(e, bytes_of(answer, sizeof answer));
	n = t.packet.n;
	assert_int_equal(t.packet.p[1], (uint8_t)(answer[1] + 1));
	memcpy(first, t.packet.p, n);
	t = eap_take(e, bytes_of(answer, sizeof answer));
	assert_int_equal(t.what, EAP_SENDS);
	assert_true(bytes_eq(t.packet, bytes_of(first, n)));
	answer[1] += 2;
	assert_int_equal(eap_take(e, bytes_of(answer, sizeof answer)).what, EAP_FAILED);
	eap_free(e);
}

static void notifications_are_acknowledged_but_not_for_ever(void **state)
{
	struct eap *e = new_side(false, EAP_MD5);
	unsigned n = 0;

	(void)state;
	for (;; n++) {
		uint8_t packet[] = { 1, (uint8_t)n, 0, 6, EAP_NOTIFICATION, 'x' };
		struct eap_turn t = eap_take(e, bytes_of(packet, sizeof packet));

		if (t.what == EAP_FAILED)
			break;
		assert_int_equal(t.packet.n, 5);
		assert_int_equal(t.packet.p[4], EAP_NOTIFICATION);
	}
	assert_int_equal(n, EAP_MAX_ROUNDS);
	eap_free(e);
}

static void one_method_after_another_is_refused(void **state)
{
	struct eap_settings s = {
		.methods = { EAP_MD5, EAP_GTC }, .n_methods = 2, .identity = bytes_str("alice")
	};
	struct eap_turn t;
	struct eap *e;

	(void)state;
	rng_seed(&seeded, 7);
	e = eap_new(&s, &seeded.rng);
	assert_int_equal(take(e, "01 05 0007 04 01 aa").what, EAP_ASKS);
	assert_int_equal(eap_answer(e, &client_pass).what, EAP_SENDS);
	t = take(e, "01 06 0006 06 3f");
	assert_int_equal(t.what, EAP_FAILED);
	assert_non_null(strstr(t.why, "changes from EAP-MD5"));
	eap_free(e);
}

/* The first answer to an authenticator that asks for the identity, or (OFFERS) has offered MD5. */
static void answers_out_of_place(void **state)
{
	static const struct {
		bool offers;
		int id; /* beside the right one */
		const char *data, *why;
	} cases[] = {
		{ false, 1, "01 61", "was not asked" },
		{ false, -1, "01 61", "was not asked" },
		{ false, 0, "04 10 00000000000000000000000000000000", "was not asked" },
		{ false, 0, "03 04", "had gone along" },
		{ true, 0, "01 61", "without being asked" },
		{ true, 0, "06 10 00000000000000000000000000000000", "was not asked" },
		{ true, 0, "04 11 0000000000000000000000000000000000", "malformed" },
		{ true, 0, "04 10 000000000000000000000000000000", "malformed" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct eap_settings s = { .authenticator = true,
			.methods = { EAP_MD5 },
			.n_methods = 1,
			.ask_identity = !cases[i].offers };
		uint8_t packet[64] = { 2 };
		struct eap_turn t;
		struct eap *e;

		rng_seed(&seeded, 7);
		e = eap_new(&s, &seeded.rng);
		packet[1] = (uint8_t)(eap_begin(e).packet.p[1] + cases[i].id);
		packet[3] = (uint8_t)(4 + hex(cases[i].data, packet + 4, 60));
		t = eap_take(e, bytes_of(packet, packet[3]));
		assert_int_equal(t.what, EAP_FAILED);
		assert_non_null(strstr(t.why, cases[i].why));
		eap_free(e);
	}
}

static void a_peer_says_what_it_would_have(void **state)
{
	struct eap_settings s = {
		.methods = { EAP_MD5, EAP_GTC }, .n_methods = 2, .identity = bytes_str("alice")
	};
	static const char *const offers[] = { "01 05 0006 1a 01", "01 06 0009 fe 0000000d",
		"01 07 0006 2b 00" };
	struct eap_turn t;
	struct eap *e;

	(void)state;
	rng_seed(&seeded, 7);
	e = eap_new(&s, &seeded.rng);
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t nak[] = { 2, (uint8_t)(5 + i), 0, 7, EAP_NAK, EAP_MD5, EAP_GTC };

		t = take(e, offers[i]);
		assert_int_equal(t.what, EAP_SENDS);
		assert_true(bytes_eq(t.packet, bytes_of(nak, sizeof nak)));
	}
	assert_int_equal(take(e, "01 08 0007 04 01 aa").what, EAP_ASKS);
	eap_free(e);
}

/* Before it was offered one, twice in turn, for one that we have not, and after it has gone along. */
static void naks_have_their_place(void **state)
{
	static const struct {
		const char *nak[2]; /* what is wanted */
		enum eap_what what;
		uint8_t method;
	} cases[] = {
		{ { "04" }, EAP_SENDS, EAP_MD5 },
		{ { "2b 06 04" }, EAP_SENDS, EAP_MD5 },
		{ { "04", "06" }, EAP_SENDS, EAP_GTC },
		{ { "04", "1a" }, EAP_FAILED, 0 },
		{ { "1a" }, EAP_FAILED, 0 },
		{ { "00" }, EAP_FAILED, 0 },
		{ { "" }, EAP_FAILED, 0 },
		{ { "2b" }, EAP_FAILED, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct eap *e = new_side(true, EAP_DYNAMIC);
		struct eap_turn t = eap_begin(e);

		for (unsigned k = 0; k < 2 && cases[i].nak[k]; k++) {
			uint8_t packet[16] = { 2, t.packet.p[1], 0, 0, EAP_NAK };

			assert_int_equal(t.what, EAP_SENDS);
			packet[3] = (uint8_t)(5 + hex(cases[i].nak[k], packet + 5, 8));
			t = eap_take(e, bytes_of(packet, packet[3]));
		}
		assert_int_equal(t.what, cases[i].what);
		assert_int_equal(t.packet.p[0], t.what == EAP_SENDS ? 1 : 4);
		if (t.what == EAP_SENDS)
			assert_int_equal(t.packet.p[4], cases[i].method);
		eap_free(e);
	}
}

/* Three passwords a conversation, each with a challenge of its own. */
static void tries_are_counted(void **state)
{
	struct eap *e = new_side(true, EAP_MSCHAPV2);
	struct eap_turn t = eap_begin(e);
	uint8_t challenges[4][16] = { 0 };
	unsigned tries = 0;

	(void)state;
	while (t.what == EAP_SENDS && tries < 4) {
		uint8_t response[64] = { 2, t.packet.p[1], 0, 64, EAP_MSCHAPV2, 2, t.packet.p[6], 0, 59, 49 };

		memcpy(challenges[tries], t.packet.p + (tries ? 19 : 10), 16);
		for (unsigned i = 0; i < tries; i++)
			assert_memory_not_equal(challenges[i], challenges[tries], 16);
		memcpy(response + 59, "alice", 5);
		tries++;
		t = eap_take(e, bytes_of(response, sizeof response));
		if (t.what != EAP_ASKS)
			break;
		t = eap_answer(e, &client_pass);
		assert_non_null(
			memmem(t.packet.p, t.packet.n, tries < EAP_MAX_TRIES ? "E=691 R=1" : "E=691 R=0", 9));
		assert_non_null(memmem(t.packet.p, t.packet.n, " V=3 M=", 7));
	}
	assert_int_equal(tries, EAP_MAX_TRIES + 1);
	assert_int_equal(t.what, EAP_FAILED);
	assert_int_equal(t.packet.p[0], 4);
	eap_free(e);
}

static void settings_that_cannot_be(void **state)
{
	uint8_t name[EAP_MAX_NAME + 1] = { 0 };
	struct eap_settings s = { .methods = { EAP_TLS }, .n_methods = 1 };

	(void)state;
	assert_null(eap_new(&s, &seeded.rng));
	s.methods[0] = EAP_MD5;
	s.identity = bytes_of(name, sizeof name);
	assert_null(eap_new(&s, &seeded.rng));
	s.identity.n = 0;
	s.n_methods = 0;
	assert_null(eap_new(&s, &seeded.rng));
	eap_free(NULL);
}

static void methods_have_words(void **state)
{
	(void)state;
	assert_string_equal(eap_type_name(EAP_MSCHAPV2), "mschapv2");
	assert_int_equal(eap_type_find("MD5"), EAP_MD5);
	assert_int_equal(eap_type_find("aka"), 0);
	assert_null(eap_type_name(EAP_NAK));
	assert_true(eap_type_mutual(EAP_TLS) && eap_type_mutual(EAP_TTLS) && eap_type_mutual(EAP_PEAP));
	assert_false(eap_type_mutual(EAP_MSCHAPV2));
	assert_false(eap_type_mutual(EAP_MD5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_before_it_is_due),
		cmocka_unit_test(mschapv2_success_without_proof),
		cmocka_unit_test(a_gateway_that_does_not_know_the_password),
		cmocka_unit_test(mschapv2_requests_out_of_order),
		cmocka_unit_test(microsofts_errors_have_words),
		cmocka_unit_test(a_repeated_request_has_the_same_answer),
		cmocka_unit_test(a_repeated_answer_has_the_same_request),
		cmocka_unit_test(notifications_are_acknowledged_but_not_for_ever),
		cmocka_unit_test(one_method_after_another_is_refused),
		cmocka_unit_test(a_peer_says_what_it_would_have),
		cmocka_unit_test(naks_have_their_place),
		cmocka_unit_test(answers_out_of_place),
		cmocka_unit_test(tries_are_counted),
		cmocka_unit_test(settings_that_cannot_be),
		cmocka_unit_test(methods_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
