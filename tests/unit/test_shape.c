/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of shapes: what fits each row, and what just does not. */
#include "tests/unit/unit.h"
#include "wire/shape.h"

#define P(name) PAYLOAD_BIT(PAYLOAD_##name)
#define INIT    (P(SA) | P(KE) | P(NONCE))
#define CHILD   (P(SA) | P(TSI) | P(TSR))
#define EXTRA   (P(NOTIFY) | P(VENDOR))

/* The shape of a message of EXCHANGE with FLAGS and the payloads HAS; with the one notify NOTIFY where it has
 * one. */
static enum shape shape(uint8_t exchange, uint8_t flags, uint64_t has, uint16_t notify, bool sealed)
{
	struct wire_notify n = { .type = notify };
	struct message m = { .header = { .exchange = exchange, .flags = flags }, .has = has };

	if (has & P(NOTIFY)) {
		m.notifies = &n;
		m.n_notifies = 1;
	}
	return shape_of(&m, sealed);
}

static enum shape init(uint8_t flags, uint64_t has)
{
	return shape(IKE_SA_INIT, flags, has, COOKIE, false);
}

static enum shape sealed(uint8_t exchange, uint8_t flags, uint64_t has)
{
	return shape(exchange, flags, has | P(SK), INITIAL_CONTACT, true);
}

static enum shape failed(uint8_t exchange, uint64_t has)
{
	return shape(exchange, FLAG_RESPONSE, has | P(SK) | P(NOTIFY), NO_PROPOSAL_CHOSEN, true);
}

static void init_request(void **state)
{
	(void)state;
	assert_int_equal(init(FLAG_INITIATOR, INIT), INIT_REQUEST);
	assert_int_equal(init(FLAG_INITIATOR, INIT | EXTRA), INIT_REQUEST);
	assert_int_equal(init(FLAG_INITIATOR, INIT | P(PS) | EXTRA), INIT_REQUEST);
}

static void init_request_lacks_something(void **state)
{
	(void)state;
	assert_int_equal(init(FLAG_INITIATOR, INIT & ~P(SA)), SHAPE_NONE);
	assert_int_equal(init(FLAG_INITIATOR, INIT & ~P(KE)), SHAPE_NONE);
	assert_int_equal(init(FLAG_INITIATOR, INIT & ~P(NONCE)), SHAPE_NONE);
	assert_int_equal(init(FLAG_INITIATOR, 0), SHAPE_NONE);
	assert_int_equal(init(FLAG_INITIATOR, P(NOTIFY)), SHAPE_NONE);
}

static void init_request_has_too_much(void **state)
{
	(void)state;
	assert_int_equal(init(FLAG_INITIATOR, INIT | P(IDI)), SHAPE_NONE);
	assert_int_equal(init(FLAG_INITIATOR, INIT | P(TSI) | P(TSR)), SHAPE_NONE);
	assert_int_equal(init(FLAG_INITIATOR, INIT | P(DELETE)), SHAPE_NONE);
	assert_int_equal(init(FLAG_INITIATOR, INIT | P(CERTREQ)), SHAPE_NONE);
}

static void init_is_never_sealed(void **state)
{
	(void)state;
	assert_int_equal(shape(IKE_SA_INIT, FLAG_INITIATOR, INIT | P(SK), 0, true), SHAPE_NONE);
	assert_int_equal(init(FLAG_INITIATOR, INIT | P(SK)), SHAPE_NONE);
}

static void init_response(void **state)
{
	(void)state;
	assert_int_equal(init(FLAG_RESPONSE, INIT), INIT_RESPONSE);
	assert_int_equal(init(FLAG_RESPONSE, INIT | EXTRA | P(CERTREQ)), INIT_RESPONSE);
	assert_int_equal(init(FLAG_RESPONSE, INIT & ~P(NONCE)), SHAPE_NONE);
	assert_int_equal(init(FLAG_RESPONSE, INIT | P(AUTH)), SHAPE_NONE);
}

static void init_refusal(void **state)
{
	(void)state;
	assert_int_equal(init(FLAG_RESPONSE, P(NOTIFY)), INIT_REFUSAL);
	assert_int_equal(init(FLAG_RESPONSE, EXTRA), INIT_REFUSAL);
	assert_int_equal(init(FLAG_RESPONSE, P(VENDOR)), SHAPE_NONE);
	assert_int_equal(init(FLAG_RESPONSE, 0), SHAPE_NONE);
	assert_int_equal(init(FLAG_RESPONSE, P(NOTIFY) | P(SA)), SHAPE_NONE);
}

static void auth_request(void **state)
{
	uint64_t has = P(IDI) | P(AUTH) | CHILD;

	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, has), AUTH_REQUEST);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, has | EXTRA | P(IDR)), AUTH_REQUEST);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, has | P(CERT) | P(CERTREQ) | P(CP)), AUTH_REQUEST);
}

static void auth_request_that_wants_eap(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(IDI) | CHILD | P(CP)), AUTH_REQUEST);
}

static void auth_request_without_child(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(IDI) | P(AUTH)), AUTH_REQUEST);
}

static void auth_request_with_half_a_child(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(IDI) | P(AUTH) | P(SA)), SHAPE_NONE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(IDI) | P(AUTH) | (CHILD & ~P(TSR))), SHAPE_NONE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(IDI) | P(AUTH) | P(TSI) | P(TSR)), SHAPE_NONE);
}

static void auth_request_without_identity(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(AUTH) | CHILD), SHAPE_NONE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(IDR) | P(AUTH) | CHILD), SHAPE_NONE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(EAP) | CHILD), SHAPE_NONE);
}

/* RFC 7296, 2.16 */
static void auth_requests_of_eap(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(EAP)), AUTH_EAP_REQUEST);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(EAP) | EXTRA), AUTH_EAP_REQUEST);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(EAP) | P(AUTH)), SHAPE_NONE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(IDI) | P(EAP)), SHAPE_NONE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(AUTH)), AUTH_LAST_REQUEST);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(AUTH) | P(NOTIFY)), AUTH_LAST_REQUEST);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, 0), SHAPE_NONE);
}

static void auth_responses_of_eap(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, P(EAP)), AUTH_EAP_RESPONSE);
	assert_int_equal(
		sealed(IKE_AUTH, FLAG_RESPONSE, P(IDR) | P(CERT) | P(AUTH) | P(EAP)), AUTH_EAP_RESPONSE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, P(IDR) | P(EAP)), AUTH_EAP_RESPONSE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, P(EAP) | CHILD), SHAPE_NONE);
	assert_int_equal(failed(IKE_AUTH, P(EAP)), AUTH_REFUSAL);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, P(AUTH) | CHILD), AUTH_LAST_RESPONSE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, P(AUTH)), AUTH_LAST_RESPONSE);
	assert_int_equal(failed(IKE_AUTH, P(AUTH)), AUTH_LAST_RESPONSE);
}

/* RFC 4739 */
static void auth_responses_between_proofs(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, CHILD), AUTH_LAST_RESPONSE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, 0), AUTH_LAST_RESPONSE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, P(NOTIFY)), AUTH_LAST_RESPONSE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, P(SA)), SHAPE_NONE);
}

static void auth_request_has_too_much(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(IDI) | P(AUTH) | CHILD | P(KE)), SHAPE_NONE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_INITIATOR, P(IDI) | P(AUTH) | CHILD | P(DELETE)), SHAPE_NONE);
}

static void auth_is_always_sealed(void **state)
{
	uint64_t has = P(IDI) | P(AUTH) | CHILD;

	(void)state;
	assert_int_equal(shape(IKE_AUTH, FLAG_INITIATOR, has, 0, false), SHAPE_NONE);
	assert_int_equal(shape(IKE_AUTH, FLAG_INITIATOR, has | P(SKF), 0, true), AUTH_REQUEST);
	assert_int_equal(shape(IKE_AUTH, FLAG_INITIATOR, has, 0, true), AUTH_REQUEST);
}

static void auth_response(void **state)
{
	uint64_t has = P(IDR) | P(AUTH) | CHILD;

	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, has), AUTH_RESPONSE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, has | EXTRA | P(CERT) | P(CP)), AUTH_RESPONSE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, has & ~P(AUTH)), SHAPE_NONE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, has | P(IDI)), SHAPE_NONE);
}

static void auth_response_with_the_child_refused(void **state)
{
	(void)state;
	assert_int_equal(failed(IKE_AUTH, P(IDR) | P(AUTH)), AUTH_RESPONSE);
	assert_int_equal(failed(IKE_AUTH, P(IDR) | P(AUTH) | P(SA)), SHAPE_NONE);
}

/* RFC 6023 */
static void auth_response_without_a_child(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, P(IDR) | P(AUTH) | P(NOTIFY)), AUTH_RESPONSE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, P(IDR) | P(AUTH)), AUTH_RESPONSE);
	assert_int_equal(sealed(IKE_AUTH, FLAG_RESPONSE, P(IDR) | P(AUTH) | P(TSI)), SHAPE_NONE);
}

static void auth_refusal(void **state)
{
	(void)state;
	assert_int_equal(failed(IKE_AUTH, P(VENDOR)), AUTH_REFUSAL);
	assert_int_equal(failed(IKE_AUTH, P(IDR)), SHAPE_NONE);
}

static void create_request_of_a_child(void **state)
{
	uint64_t has = CHILD | P(NONCE);

	(void)state;
	assert_int_equal(sealed(CREATE_CHILD_SA, 0, has), CREATE_REQUEST);
	assert_int_equal(sealed(CREATE_CHILD_SA, FLAG_INITIATOR, has | P(KE) | EXTRA), CREATE_REQUEST);
	assert_int_equal(sealed(CREATE_CHILD_SA, 0, has & ~P(NONCE)), SHAPE_NONE);
	assert_int_equal(sealed(CREATE_CHILD_SA, 0, has & ~P(SA)), SHAPE_NONE);
	assert_int_equal(sealed(CREATE_CHILD_SA, 0, has & ~P(TSI)), SHAPE_NONE);
	assert_int_equal(sealed(CREATE_CHILD_SA, 0, (has | P(KE)) & ~P(TSR)), SHAPE_NONE);
}

static void create_request_with_configuration(void **state)
{
	(void)state;
	assert_int_equal(sealed(CREATE_CHILD_SA, 0, CHILD | P(NONCE) | P(CP)), CREATE_REQUEST);
	assert_int_equal(sealed(CREATE_CHILD_SA, 0, INIT | P(CP)), CREATE_REQUEST);
}

static void create_request_of_an_ike_sa(void **state)
{
	(void)state;
	assert_int_equal(sealed(CREATE_CHILD_SA, 0, INIT | EXTRA), CREATE_REQUEST);
	assert_int_equal(sealed(CREATE_CHILD_SA, 0, INIT & ~P(KE)), SHAPE_NONE);
	assert_int_equal(sealed(CREATE_CHILD_SA, 0, INIT | P(AUTH)), SHAPE_NONE);
}

static void create_is_always_sealed(void **state)
{
	(void)state;
	assert_int_equal(shape(CREATE_CHILD_SA, 0, INIT, 0, false), SHAPE_NONE);
	assert_int_equal(shape(CREATE_CHILD_SA, FLAG_RESPONSE, INIT, 0, false), SHAPE_NONE);
}

static void create_response(void **state)
{
	(void)state;
	assert_int_equal(sealed(CREATE_CHILD_SA, FLAG_RESPONSE, INIT | EXTRA), CREATE_RESPONSE);
	assert_int_equal(sealed(CREATE_CHILD_SA, FLAG_RESPONSE, CHILD | P(NONCE)), CREATE_RESPONSE);
	assert_int_equal(sealed(CREATE_CHILD_SA, FLAG_RESPONSE, CHILD | P(NONCE) | P(KE)), CREATE_RESPONSE);
	assert_int_equal(sealed(CREATE_CHILD_SA, FLAG_RESPONSE, CHILD), SHAPE_NONE);
	assert_int_equal(sealed(CREATE_CHILD_SA, FLAG_RESPONSE, P(SA) | P(NONCE)), SHAPE_NONE);
}

static void create_refusal(void **state)
{
	(void)state;
	assert_int_equal(failed(CREATE_CHILD_SA, 0), CREATE_REFUSAL);
	assert_int_equal(sealed(CREATE_CHILD_SA, FLAG_RESPONSE, P(NOTIFY)), SHAPE_NONE);
	assert_int_equal(shape(CREATE_CHILD_SA, 0, P(NOTIFY), NO_PROPOSAL_CHOSEN, true), SHAPE_NONE);
	assert_int_equal(failed(CREATE_CHILD_SA, P(SA)), SHAPE_NONE);
}

static void info(void **state)
{
	(void)state;
	assert_int_equal(sealed(INFORMATIONAL, 0, 0), INFO_REQUEST);
	assert_int_equal(sealed(INFORMATIONAL, FLAG_RESPONSE, 0), INFO_RESPONSE);
	assert_int_equal(sealed(INFORMATIONAL, 0, EXTRA | P(DELETE) | P(CP)), INFO_REQUEST);
	assert_int_equal(sealed(INFORMATIONAL, FLAG_RESPONSE, EXTRA | P(DELETE) | P(CP)), INFO_RESPONSE);
	assert_int_equal(sealed(INFORMATIONAL, 0, P(SA)), SHAPE_NONE);
	assert_int_equal(sealed(INFORMATIONAL, FLAG_RESPONSE, P(AUTH)), SHAPE_NONE);
}

static void info_is_always_sealed(void **state)
{
	(void)state;
	assert_int_equal(shape(INFORMATIONAL, FLAG_RESPONSE, P(NOTIFY), INVALID_IKE_SPI, false), SHAPE_NONE);
	assert_int_equal(shape(INFORMATIONAL, 0, P(SK), 0, false), SHAPE_NONE);
}

static void additional_key_exchanges(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_INTERMEDIATE, 0, P(KE)), INTERMEDIATE_REQUEST);
	assert_int_equal(sealed(IKE_INTERMEDIATE, 0, P(KE) | EXTRA), INTERMEDIATE_REQUEST);
	assert_int_equal(sealed(IKE_INTERMEDIATE, FLAG_RESPONSE, P(KE)), INTERMEDIATE_RESPONSE);
	assert_int_equal(failed(IKE_INTERMEDIATE, 0), INTERMEDIATE_REFUSAL);
	assert_int_equal(sealed(IKE_INTERMEDIATE, 0, P(KE) | P(NONCE)), SHAPE_NONE);
	assert_int_equal(sealed(IKE_FOLLOWUP_KE, 0, P(KE) | P(NOTIFY)), FOLLOWUP_REQUEST);
	assert_int_equal(sealed(IKE_FOLLOWUP_KE, 0, P(KE)), SHAPE_NONE);
	assert_int_equal(sealed(IKE_FOLLOWUP_KE, FLAG_RESPONSE, P(KE)), FOLLOWUP_RESPONSE);
	assert_int_equal(sealed(IKE_FOLLOWUP_KE, FLAG_RESPONSE, P(KE) | P(NOTIFY)), FOLLOWUP_RESPONSE);
	assert_int_equal(failed(IKE_FOLLOWUP_KE, 0), FOLLOWUP_REFUSAL);
	assert_int_equal(sealed(IKE_FOLLOWUP_KE, 0, P(KE) | P(NOTIFY) | P(SA)), SHAPE_NONE);
	assert_int_equal(shape(IKE_FOLLOWUP_KE, 0, P(KE) | P(NOTIFY), 0, false), SHAPE_NONE);
}

/* With a post-quantum preshared key there may be no key exchange, and the answer may say nothing. */
static void intermediate_without_a_key_exchange(void **state)
{
	(void)state;
	assert_int_equal(sealed(IKE_INTERMEDIATE, 0, P(NOTIFY)), INTERMEDIATE_REQUEST);
	assert_int_equal(sealed(IKE_INTERMEDIATE, FLAG_RESPONSE, P(NOTIFY)), INTERMEDIATE_RESPONSE);
	assert_int_equal(sealed(IKE_INTERMEDIATE, FLAG_RESPONSE, 0), INTERMEDIATE_RESPONSE);
	assert_int_equal(sealed(IKE_INTERMEDIATE, 0, P(NOTIFY) | P(NONCE)), SHAPE_NONE);
	assert_int_equal(shape(IKE_INTERMEDIATE, 0, P(NOTIFY), 0, false), SHAPE_NONE);
}

static void unknown_exchange(void **state)
{
	(void)state;
	for (unsigned exchange = 0; exchange < 256; exchange++) {
		if ((exchange >= IKE_SA_INIT && exchange <= INFORMATIONAL) || exchange == IKE_INTERMEDIATE ||
			exchange == IKE_FOLLOWUP_KE)
			continue;
		assert_int_equal(sealed((uint8_t)exchange, 0, 0), SHAPE_NONE);
		assert_int_equal(shape((uint8_t)exchange, 0, 0, 0, false), SHAPE_NONE);
		assert_false(shape_sealed((uint8_t)exchange));
	}
}

static void exchanges_that_are_sealed(void **state)
{
	(void)state;
	assert_false(shape_sealed(IKE_SA_INIT));
	assert_true(shape_sealed(IKE_AUTH));
	assert_true(shape_sealed(CREATE_CHILD_SA));
	assert_true(shape_sealed(INFORMATIONAL));
	assert_true(shape_sealed(IKE_INTERMEDIATE));
	assert_true(shape_sealed(IKE_FOLLOWUP_KE));
}

static void shapes_have_names(void **state)
{
	(void)state;
	for (unsigned s = SHAPE_NONE; s < SHAPE_COUNT; s++)
		assert_non_null(shape_name((enum shape)s));
	assert_string_equal(shape_name(SHAPE_NONE), "NONE");
	assert_string_equal(shape_name(AUTH_REFUSAL), "AUTH_REFUSAL");
	assert_string_equal(shape_name(INFO_RESPONSE), "INFO_RESPONSE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_request),
		cmocka_unit_test(init_request_lacks_something),
		cmocka_unit_test(init_request_has_too_much),
		cmocka_unit_test(init_is_never_sealed),
		cmocka_unit_test(init_response),
		cmocka_unit_test(init_refusal),
		cmocka_unit_test(auth_request),
		cmocka_unit_test(auth_request_that_wants_eap),
		cmocka_unit_test(auth_request_without_child),
		cmocka_unit_test(auth_request_with_half_a_child),
		cmocka_unit_test(auth_request_without_identity),
		cmocka_unit_test(auth_requests_of_eap),
		cmocka_unit_test(auth_responses_of_eap),
		cmocka_unit_test(auth_responses_between_proofs),
		cmocka_unit_test(auth_request_has_too_much),
		cmocka_unit_test(auth_is_always_sealed),
		cmocka_unit_test(auth_response),
		cmocka_unit_test(auth_response_with_the_child_refused),
		cmocka_unit_test(auth_response_without_a_child),
		cmocka_unit_test(auth_refusal),
		cmocka_unit_test(create_request_of_a_child),
		cmocka_unit_test(create_request_with_configuration),
		cmocka_unit_test(create_request_of_an_ike_sa),
		cmocka_unit_test(create_is_always_sealed),
		cmocka_unit_test(create_response),
		cmocka_unit_test(create_refusal),
		cmocka_unit_test(info),
		cmocka_unit_test(info_is_always_sealed),
		cmocka_unit_test(additional_key_exchanges),
		cmocka_unit_test(intermediate_without_a_key_exchange),
		cmocka_unit_test(unknown_exchange),
		cmocka_unit_test(exchanges_that_are_sealed),
		cmocka_unit_test(shapes_have_names),
	};

	return cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
