/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing among proposals, checking the choice of a peer, and explaining why nothing fits. */
#include "tests/unit/unit.h"

#include "base/rng.h"
#include "model/proposal.h"

static struct arena arena;

static int clear(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* Proposals separated by blanks. */
static struct proposals parse(uint8_t protocol, const char *lists)
{
	struct proposals p = { 0 };
	struct text why = text_in(&arena);
	char *rest = arena_str(&arena, lists), *words;

	while ((words = strsep(&rest, " ")))
		if (proposal_parse(words, protocol, &arena, &p, &why))
			fail_msg("%s", text_str(&why));
	return p;
}

static struct proposals ike(const char *lists)
{
	return parse(PROTO_IKE, lists);
}

static struct proposals esp(const char *lists)
{
	return parse(PROTO_ESP, lists);
}

#define RAW(proto, ...) raw(proto, (const struct xform[]){ __VA_ARGS__, { 0 } })

/* One proposal as a stranger may send it. */
static struct proposals raw(uint8_t protocol, const struct xform *v)
{
	struct proposal *p = ARENA_NEW(&arena, struct proposal);
	unsigned n = 0;
	struct xform *copy;

	while (v[n].type)
		n++;
	copy = ARENA_ARRAY(&arena, n, struct xform);
	memcpy(copy, v, n * sizeof *v);
	*p = (struct proposal){ .num = 1, .protocol = protocol, .v = copy, .n = n };
	return (struct proposals){ p, 1 };
}

#define GCM256                                                                                               \
	{                                                                                                    \
		TRANSFORM_ENCR, ENCR_AES_GCM_16, 256                                                         \
	}
#define GCM128                                                                                               \
	{                                                                                                    \
		TRANSFORM_ENCR, ENCR_AES_GCM_16, 128                                                         \
	}
#define CBC128                                                                                               \
	{                                                                                                    \
		TRANSFORM_ENCR, ENCR_AES_CBC, 128                                                            \
	}
#define SHA256                                                                                               \
	{                                                                                                    \
		TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0                                                   \
	}
#define INTEG_NONE                                                                                           \
	{                                                                                                    \
		TRANSFORM_INTEG, 0, 0                                                                        \
	}
#define PRF256                                                                                               \
	{                                                                                                    \
		TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0                                                          \
	}
#define X25519                                                                                               \
	{                                                                                                    \
		TRANSFORM_KE, KE_CURVE25519, 0                                                               \
	}
#define NO_KE                                                                                                \
	{                                                                                                    \
		TRANSFORM_KE, KE_NONE, 0                                                                     \
	}
#define ESN                                                                                                  \
	{                                                                                                    \
		TRANSFORM_ESN, ESN_YES, 0                                                                    \
	}
#define NOESN                                                                                                \
	{                                                                                                    \
		TRANSFORM_ESN, ESN_NO, 0                                                                     \
	}

/* The suite chosen, with the number of the proposal in front; "-" when nothing fits. */
static const char *choose_by(
	struct proposals offered, struct proposals wanted, enum proposal_ke ke, bool prefer_own)
{
	const struct proposal *chosen;
	struct suite s;

	if (proposal_select(offered, wanted, ke, prefer_own, &s, &chosen))
		return "-";
	return arena_printf(&arena, "%u %s", (unsigned)chosen->num, suite_print(&s, &arena));
}

static const char *choose(struct proposals offered, struct proposals wanted)
{
	return choose_by(offered, wanted, KE_WANTED, false);
}

static void the_offer_decides_the_order(void **state)
{
	(void)state;
	assert_string_equal(choose(ike("aes128gcm16-aes256gcm16-prfsha256-ecp256-x25519"),
				    ike("aes256gcm16-aes128gcm16-prfsha384-prfsha256-x25519-ecp256")),
		"1 AES_GCM_16-128/PRF_HMAC_SHA2_256/ECP_256");
	assert_string_equal(choose(ike("aes256-sha256-x25519 aes128gcm16-prfsha256-x25519"), ike("default")),
		"1 AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519");
}

/* RFC 9370, 2.2.2. */
static void additional_key_exchanges_are_chosen(void **state)
{
	(void)state;
	assert_string_equal(choose(esp("aes128gcm16-x25519-ke1_ecp256-ke1_ecp384-ke3_modp2048"),
				    esp("aes128gcm16-x25519-ke1_ecp384-ke3_modp2048")),
		"1 AES_GCM_16-128/CURVE_25519/KE1_ECP_384/KE3_MODP_2048");
	/* The whole type must be common, or declined. */
	assert_string_equal(choose(esp("aes128gcm16-x25519-ke1_ecp256"), esp("aes128gcm16-x25519")), "-");
	assert_string_equal(choose(esp("aes128gcm16-x25519"), esp("aes128gcm16-x25519-ke1_ecp256")), "-");
	assert_string_equal(
		choose(esp("aes128gcm16-x25519-ke1_ecp256"), esp("aes128gcm16-x25519-ke2_ecp256")), "-");
	assert_string_equal(choose(esp("aes128gcm16-x25519-ke1_ecp256-ke1_none"), esp("aes128gcm16-x25519")),
		"1 AES_GCM_16-128/CURVE_25519");
	assert_string_equal(choose(esp("aes128gcm16-x25519"), esp("aes128gcm16-x25519-ke1_ecp256-ke1_none")),
		"1 AES_GCM_16-128/CURVE_25519");
	assert_string_equal(
		choose(esp("aes128gcm16-x25519-ke1_ecp256 aes128gcm16-x25519"), esp("aes128gcm16-x25519")),
		"2 AES_GCM_16-128/CURVE_25519");
}

static void no_method_is_chosen_twice(void **state)
{
	(void)state;
	assert_string_equal(choose(esp("aes128gcm16-x25519-ke1_x25519-ke1_ecp256-ke2_ecp256-ke2_ecp384"),
				    esp("aes128gcm16-x25519-ke1_x25519-ke1_ecp256-ke2_ecp256-ke2_ecp384")),
		"1 AES_GCM_16-128/CURVE_25519/KE1_ECP_256/KE2_ECP_384");
	assert_string_equal(
		choose(esp("aes128gcm16-x25519-ke1_x25519"), esp("aes128gcm16-x25519-ke1_x25519")), "-");
	/* Nor one where there is no first one. */
	assert_string_equal(choose(esp("aes128gcm16-none-x25519-ke1_ecp256-ke1_none"),
				    esp("aes128gcm16-none-ecp384-ke1_ecp256-ke1_none")),
		"1 AES_GCM_16-128");
	assert_string_equal(
		choose(esp("aes128gcm16-none-x25519-ke1_ecp256"), esp("aes128gcm16-none-ecp384-ke1_ecp256")),
		"-");
}

static void our_own_order_may_be_preferred(void **state)
{
	(void)state;
	assert_string_equal(
		choose_by(ike("aes128gcm16-aes256gcm16-prfsha256-ecp256-x25519"),
			ike("aes256gcm16-aes128gcm16-prfsha384-prfsha256-x25519-ecp256"), KE_WANTED, true),
		"1 AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519");
	assert_string_equal(choose_by(ike("aes256-sha256-x25519 aes128gcm16-prfsha256-x25519"),
				    ike("default"), KE_WANTED, true),
		"2 AES_GCM_16-128/PRF_HMAC_SHA2_256/CURVE_25519");
}

static void a_later_proposal_may_fit(void **state)
{
	(void)state;
	assert_string_equal(choose(esp("aes128gcm16 aes256-sha384 aes128-sha256"), esp("aes128-sha256")),
		"3 AES_CBC-128/HMAC_SHA2_256_128");
	assert_string_equal(choose(esp("aes128gcm16"), esp("aes128-sha256")), "-");
	assert_string_equal(choose((struct proposals){ 0 }, esp("default")), "-");
}

static void esn_is_agreed_on(void **state)
{
	(void)state;
	assert_string_equal(choose(esp("aes128gcm16-esn-noesn"), esp("default")), "1 AES_GCM_16-128/ESN");
	assert_string_equal(choose(esp("aes128gcm16-esn-noesn"), esp("aes128gcm16")), "1 AES_GCM_16-128");
	assert_string_equal(choose(esp("aes128gcm16-esn"), esp("aes128gcm16")), "-");
	assert_string_equal(choose(RAW(PROTO_ESP, GCM128), esp("aes128gcm16-esn-noesn")), "1 AES_GCM_16-128");
	assert_string_equal(choose(RAW(PROTO_ESP, GCM128), esp("aes128gcm16-esn")), "-");
}

static void a_child_may_have_a_key_exchange_of_its_own(void **state)
{
	(void)state;
	assert_string_equal(
		choose(esp("aes128gcm16-x25519"), esp("aes128gcm16-x25519")), "1 AES_GCM_16-128/CURVE_25519");
	assert_string_equal(choose(esp("aes128gcm16"), esp("aes128gcm16-x25519")), "-");
	assert_string_equal(choose(esp("aes128gcm16-x25519"), esp("aes128gcm16")), "-");
	assert_string_equal(choose(esp("aes128gcm16"), esp("aes128gcm16-x25519-none")), "1 AES_GCM_16-128");
	assert_string_equal(choose(esp("aes128gcm16-x25519-none"), esp("aes128gcm16")), "1 AES_GCM_16-128");
	assert_string_equal(
		choose(RAW(PROTO_ESP, GCM128, NO_KE, NOESN), esp("aes128gcm16")), "1 AES_GCM_16-128");
}

static void the_child_of_ike_auth_has_none(void **state)
{
	(void)state;
	assert_string_equal(choose_by(esp("aes128gcm16"), esp("aes128gcm16-x25519"), KE_IGNORED, false),
		"1 AES_GCM_16-128");
	assert_string_equal(
		choose_by(esp("aes128gcm16-ecp256"), esp("aes128gcm16-x25519"), KE_IGNORED, false),
		"1 AES_GCM_16-128");
}

static void an_aead_needs_no_integrity_transform(void **state)
{
	(void)state;
	assert_string_equal(
		choose(RAW(PROTO_ESP, GCM128, INTEG_NONE, NOESN), esp("aes128gcm16")), "1 AES_GCM_16-128");
	/* Peers that put everything into one proposal. */
	assert_string_equal(choose(RAW(PROTO_ESP, GCM128, CBC128, SHA256, NOESN), esp("aes128gcm16")),
		"1 AES_GCM_16-128");
	assert_string_equal(choose(RAW(PROTO_ESP, GCM128, CBC128, SHA256, NOESN), esp("aes128-sha256")),
		"1 AES_CBC-128/HMAC_SHA2_256_128");
}

static void a_cipher_without_integrity_is_never_chosen(void **state)
{
	(void)state;
	assert_string_equal(choose(RAW(PROTO_ESP, CBC128, NOESN), esp("aes128-sha256")), "-");
	assert_string_equal(choose(RAW(PROTO_ESP, CBC128, INTEG_NONE, NOESN), esp("aes128-sha256")), "-");
	assert_string_equal(
		choose(RAW(PROTO_ESP, CBC128, INTEG_NONE, NOESN), RAW(PROTO_ESP, CBC128, INTEG_NONE, NOESN)),
		"-");
}

static void ike_needs_a_prf_and_a_key_exchange(void **state)
{
	(void)state;
	assert_string_equal(choose(RAW(PROTO_IKE, GCM128, X25519), ike("default")), "-");
	assert_string_equal(choose(RAW(PROTO_IKE, GCM128, PRF256), ike("default")), "-");
	assert_string_equal(choose(RAW(PROTO_IKE, GCM128, PRF256, NO_KE), ike("default")), "-");
	assert_string_equal(choose(RAW(PROTO_IKE, PRF256, X25519), ike("default")), "-");
	assert_string_equal(choose(RAW(PROTO_IKE, GCM128, PRF256, X25519), ike("default")),
		"1 AES_GCM_16-128/PRF_HMAC_SHA2_256/CURVE_25519");
}

static void what_we_do_not_have_is_passed_over(void **state)
{
	(void)state;
	assert_string_equal(choose(RAW(PROTO_ESP, { TRANSFORM_ENCR, 99, 128 },
					   { TRANSFORM_ENCR, ENCR_AES_GCM_16, 0 }, GCM256, NOESN),
				    esp("default")),
		"1 AES_GCM_16-256");
	/* Even if a configuration named it. */
	assert_string_equal(choose(RAW(PROTO_ESP, { TRANSFORM_ENCR, 99, 128 }, NOESN),
				    RAW(PROTO_ESP, { TRANSFORM_ENCR, 99, 128 }, NOESN)),
		"-");
}

static void unknown_types_make_a_proposal_unacceptable(void **state)
{
	(void)state;
	assert_string_equal(choose(RAW(PROTO_ESP, GCM128, NOESN, { 99, 0, 0 }), esp("aes128gcm16")), "-");
	assert_string_equal(choose(RAW(PROTO_ESP, GCM128, NOESN, { 6, 36, 0 }), esp("aes128gcm16")), "-");
	assert_string_equal(
		choose(RAW(PROTO_ESP, GCM128, NOESN, { 6, 36, 0 }, { 6, 0, 0 }), esp("aes128gcm16")),
		"1 AES_GCM_16-128");
}

static void protocols_do_not_mix(void **state)
{
	(void)state;
	assert_string_equal(choose(RAW(PROTO_AH, GCM128, NOESN), esp("aes128gcm16")), "-");
	assert_string_equal(choose(RAW(PROTO_IKE, GCM128, NOESN), esp("aes128gcm16")), "-");
}

static bool accepts(struct proposals offered, struct proposals answer)
{
	struct suite s;

	return !proposal_accept(&answer.v[0], offered, KE_WANTED, &s);
}

static void an_answer_must_be_one_of_what_was_offered(void **state)
{
	const struct proposals offered = esp("aes256gcm16-aes128gcm16-esn-noesn");

	(void)state;
	assert_true(accepts(offered, RAW(PROTO_ESP, GCM128, NOESN)));
	assert_true(accepts(offered, RAW(PROTO_ESP, GCM256, ESN)));
	assert_true(accepts(offered, RAW(PROTO_ESP, GCM256, INTEG_NONE, ESN)));
	assert_false(accepts(offered, RAW(PROTO_ESP, CBC128, SHA256, NOESN)));
	assert_false(accepts(offered, RAW(PROTO_ESP, GCM128, SHA256, NOESN)));
	assert_false(accepts(offered, RAW(PROTO_ESP, GCM128, X25519, NOESN)));
	assert_false(accepts(offered, RAW(PROTO_ESP, NOESN)));
	assert_false(accepts(esp("aes128gcm16-x25519"), RAW(PROTO_ESP, GCM128, NOESN)));
}

static void an_answer_has_one_transform_of_each_type(void **state)
{
	const struct proposals offered = esp("aes256gcm16-aes128gcm16-esn-noesn");

	(void)state;
	assert_false(accepts(offered, RAW(PROTO_ESP, GCM128, GCM256, NOESN)));
	assert_false(accepts(offered, RAW(PROTO_ESP, GCM128, NOESN, ESN)));
	assert_false(accepts(offered, RAW(PROTO_ESP, GCM128, NOESN, NOESN)));
}

static void an_answer_counts_for_the_proposal_with_its_number(void **state)
{
	const struct proposals offered = esp("aes256gcm16 aes128-sha256");
	struct proposal answer = *RAW(PROTO_ESP, CBC128, SHA256, NOESN).v;
	struct suite s;

	(void)state;
	assert_int_equal(proposal_accept(&answer, offered, KE_WANTED, &s), ERR_MISSING);
	answer.num = 2;
	assert_int_equal(proposal_accept(&answer, offered, KE_WANTED, &s), ERR_OK);
	assert_int_equal(s.integ->id, AUTH_HMAC_SHA2_256_128);
	answer.num = 0;
	assert_int_equal(proposal_accept(&answer, offered, KE_WANTED, &s), ERR_MISSING);
}

static void our_answer_is_accepted_by_the_other_side(void **state)
{
	static const char *const lists[] = { "aes256gcm16-aes128gcm16-x25519-esn",
		"aes128-sha256-none-ecp256", "chacha20poly1305", "aes192-sha384-sha512-esn-noesn" };
	uint8_t spi[4] = { 1, 2, 3, 4 };

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct proposals offered = esp(lists[i]);
		const struct proposal *chosen;
		struct suite ours, theirs;
		struct proposal *answer;

		assert_int_equal(proposal_select(offered, offered, KE_WANTED, false, &ours, &chosen), ERR_OK);
		answer = proposal_of(&ours, PROTO_ESP, chosen->num, bytes_of(spi, 4), &arena);
		assert_true(bytes_eq(answer->spi, bytes_of(spi, 4)));
		assert_int_equal(proposal_accept(answer, offered, KE_WANTED, &theirs), ERR_OK);
		assert_memory_equal(&ours, &theirs, sizeof ours);
	}
}

static void key_exchanges_are_taken_out(void **state)
{
	struct proposals p = proposals_without_ke(esp("aes128gcm16-x25519-esn aes128-sha256-ecp256"), &arena);

	(void)state;
	assert_string_equal(proposals_print(p, &arena), "aes128gcm16-esn, aes128-sha256");
	assert_int_equal(p.v[1].num, 2);
}

static void the_difference_is_told_type_by_type(void **state)
{
	struct proposal_why w = proposal_explain(
		ike("aes128-sha256-modp2048"), ike("aes256gcm16-prfsha256-ecp384"), KE_WANTED, &arena);

	(void)state;
	assert_string_equal(w.differs, "encryption: offered aes128, configured aes256gcm16; "
				       "key exchange: offered modp2048, configured ecp384");
	assert_string_equal(w.instead, "aes128-sha256-prfsha256-modp2048");
}

static void what_is_shared_stays_in_the_advice(void **state)
{
	struct proposal_why w = proposal_explain(ike("aes256gcm16-prfsha384-ecp256"),
		ike("aes128gcm16-aes256gcm16-prfsha384-prfsha256-x25519-x448"), KE_WANTED, &arena);

	(void)state;
	assert_string_equal(w.differs, "key exchange: offered ecp256, configured x25519 or x448");
	assert_string_equal(w.instead, "aes128gcm16-aes256gcm16-prfsha384-prfsha256-ecp256");
}

static void the_nearest_pair_is_explained(void **state)
{
	struct proposal_why w = proposal_explain(esp("aes256-sha512-modp4096 aes128gcm16-x25519"),
		esp("aes192-sha256-ecp256 aes128gcm16-ecp521"), KE_WANTED, &arena);

	(void)state;
	assert_string_equal(w.differs, "key exchange: offered x25519, configured ecp521");
	assert_string_equal(w.instead, "aes128gcm16-x25519");
}

static void what_is_not_there_is_told_too(void **state)
{
	struct proposal_why w =
		proposal_explain(esp("aes128gcm16"), esp("aes128gcm16-x25519-esn"), KE_WANTED, &arena);

	(void)state;
	assert_string_equal(w.differs, "key exchange: offered none, configured x25519; "
				       "extended sequence numbers: offered noesn, configured esn");
	assert_string_equal(w.instead, "aes128gcm16");
	w = proposal_explain(esp("aes128gcm16"), esp("aes256gcm16-x25519"), KE_IGNORED, &arena);
	assert_string_equal(w.differs, "encryption: offered aes128gcm16, configured aes256gcm16");
	assert_string_equal(w.instead, "aes128gcm16-x25519");
}

static void there_is_no_advice_for_what_we_do_not_have(void **state)
{
	struct proposal_why w =
		proposal_explain(RAW(PROTO_IKE, { TRANSFORM_ENCR, 3, 0 }, { TRANSFORM_INTEG, 1, 0 },
					 { TRANSFORM_PRF, 1, 0 }, { TRANSFORM_KE, 1, 0 }),
			ike("aes128-sha256-x25519"), KE_WANTED, &arena);

	(void)state;
	assert_string_equal(w.differs, "encryption: offered 3des, configured aes128; "
				       "integrity: offered md5, configured sha256; "
				       "prf: offered prfmd5, configured prfsha256; "
				       "key exchange: offered modp768, configured x25519");
	assert_null(w.instead);
	w = proposal_explain(
		RAW(PROTO_ESP, GCM128, NOESN, { 13, 36, 0 }), esp("aes128gcm16"), KE_WANTED, &arena);
	assert_string_equal(
		w.differs, "transform type 13: offered type13:36, which this program does not have");
	assert_null(w.instead);
}

static void an_additional_key_exchange_is_explained(void **state)
{
	struct proposal_why w = proposal_explain(
		esp("aes128gcm16-x25519-ke1_ecp256"), esp("aes128gcm16-x25519"), KE_WANTED, &arena);

	(void)state;
	assert_string_equal(w.differs, "additional key exchange 1: offered ke1_ecp256, configured none");
	assert_string_equal(w.instead, "aes128gcm16-x25519-ke1_ecp256");
}

static void nothing_to_compare_is_nothing_to_explain(void **state)
{
	struct proposal_why w = proposal_explain((struct proposals){ 0 }, esp("default"), KE_WANTED, &arena);

	(void)state;
	assert_null(w.differs);
	assert_null(w.instead);
	w = proposal_explain(RAW(PROTO_AH, SHA256, NOESN), esp("default"), KE_WANTED, &arena);
	assert_string_equal(w.differs, "protocol: offered AH, configured ESP");
	assert_null(w.instead);
}

static struct proposals random_offer(struct rng *r, uint8_t protocol)
{
	struct xform v[12];
	unsigned n = 1 + rng_below(r, 10);

	for (unsigned i = 0; i < n; i++) {
		const struct transform *t = transform_next(NULL);

		for (uint32_t skip = rng_below(r, 20); skip && transform_next(t); skip--)
			t = transform_next(t);
		v[i] = (struct xform){ t->type, t->id, t->bits };
		if (!rng_below(r, 8))
			v[i].id = (uint16_t)rng_below(r, 40);
	}
	v[n] = (struct xform){ 0 };
	return raw(protocol, v);
}

static void advice_that_is_followed_helps(void **state)
{
	static const struct {
		uint8_t protocol;
		const char *words;
	} lists[] = { { PROTO_IKE, "aes256gcm16-prfsha384-ecp384" },
		{ PROTO_IKE, "aes128-sha256-modp2048-x25519" }, { PROTO_ESP, "aes256gcm16-ecp384" },
		{ PROTO_ESP, "aes128-sha256-esn" } };
	struct rng_seeded r;
	unsigned advised = 0;

	(void)state;
	rng_seed(&r, 5);
	for (int i = 0; i < 4000; i++) {
		uint8_t protocol = lists[i % 4].protocol;
		struct proposals wanted = parse(protocol, lists[i % 4].words),
				 offered = random_offer(&r.rng, protocol);
		struct proposal_why w = proposal_explain(offered, wanted, KE_WANTED, &arena);

		if (w.instead) {
			assert_string_not_equal(choose(offered, parse(protocol, w.instead)), "-");
			advised++;
		}
		arena_free(&arena);
	}
	assert_in_range(advised, 100, 3900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_offer_decides_the_order, clear),
		cmocka_unit_test_teardown(our_own_order_may_be_preferred, clear),
		cmocka_unit_test_teardown(a_later_proposal_may_fit, clear),
		cmocka_unit_test_teardown(esn_is_agreed_on, clear),
		cmocka_unit_test_teardown(a_child_may_have_a_key_exchange_of_its_own, clear),
		cmocka_unit_test_teardown(the_child_of_ike_auth_has_none, clear),
		cmocka_unit_test_teardown(an_aead_needs_no_integrity_transform, clear),
		cmocka_unit_test_teardown(a_cipher_without_integrity_is_never_chosen, clear),
		cmocka_unit_test_teardown(ike_needs_a_prf_and_a_key_exchange, clear),
		cmocka_unit_test_teardown(what_we_do_not_have_is_passed_over, clear),
		cmocka_unit_test_teardown(unknown_types_make_a_proposal_unacceptable, clear),
		cmocka_unit_test_teardown(protocols_do_not_mix, clear),
		cmocka_unit_test_teardown(an_answer_must_be_one_of_what_was_offered, clear),
		cmocka_unit_test_teardown(an_answer_has_one_transform_of_each_type, clear),
		cmocka_unit_test_teardown(an_answer_counts_for_the_proposal_with_its_number, clear),
		cmocka_unit_test_teardown(our_answer_is_accepted_by_the_other_side, clear),
		cmocka_unit_test_teardown(key_exchanges_are_taken_out, clear),
		cmocka_unit_test_teardown(the_difference_is_told_type_by_type, clear),
		cmocka_unit_test_teardown(what_is_shared_stays_in_the_advice, clear),
		cmocka_unit_test_teardown(the_nearest_pair_is_explained, clear),
		cmocka_unit_test_teardown(what_is_not_there_is_told_too, clear),
		cmocka_unit_test_teardown(there_is_no_advice_for_what_we_do_not_have, clear),
		cmocka_unit_test_teardown(additional_key_exchanges_are_chosen, clear),
		cmocka_unit_test_teardown(no_method_is_chosen_twice, clear),
		cmocka_unit_test_teardown(an_additional_key_exchange_is_explained, clear),
		cmocka_unit_test_teardown(nothing_to_compare_is_nothing_to_explain, clear),
		cmocka_unit_test_teardown(advice_that_is_followed_helps, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
