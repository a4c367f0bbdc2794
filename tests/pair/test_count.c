/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core counts of messages and rekeyings, of all together and of each connection; and the kinds of
 * alerts. */
#include "tests/pair/pair.h"

/* A counter of connection NAME at H, or of all together. */
static uint64_t counted(const struct host *h, const char *name, enum counter c)
{
	struct arena arena = { 0 };
	unsigned n;
	const struct counters *v = ike_counters(h->ike, name, false, &arena, &n);
	uint64_t value;

	assert_int_equal(n, 1);
	assert_string_equal(v->name, name ? name : "");
	value = v->v[c];
	arena_free(&arena);
	return value;
}

static enum counter of(uint8_t exchange, bool in, bool response)
{
	return counter_of_message(exchange, in, response);
}

static void messages_are_counted_once(void **state)
{
	static const uint8_t exchanges[] = { IKE_SA_INIT, IKE_AUTH };
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < 2; k++) {
			const struct host *h = k ? p->sun : p->moon;
			const char *name = k ? NULL : "site";

			assert_int_equal(counted(h, name, of(exchanges[i], false, k)), 1);
			assert_int_equal(counted(h, name, of(exchanges[i], true, !k)), 1);
			assert_int_equal(counted(h, name, of(exchanges[i], true, k)), 0);
			assert_int_equal(counted(h, name, of(exchanges[i], false, !k)), 0);
		}
	/* As charon counts, which does not know yet whose they are. */
	assert_int_equal(counted(p->sun, "site", of(IKE_SA_INIT, true, false)), 0);
	assert_int_equal(counted(p->sun, "site", of(IKE_SA_INIT, false, true)), 0);
	assert_int_equal(counted(p->sun, "site", of(IKE_AUTH, true, false)), 0);
	assert_int_equal(counted(p->sun, "site", of(IKE_AUTH, false, true)), 1);
}

static void repetitions_are_not_counted(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	lab_pass_deaf(p->lab, 10000);
	lab_calm(p->lab);
	lab_pass(p->lab, 20000);
	pair_assert_up(p);
	assert_int_equal(counted(p->moon, NULL, of(IKE_SA_INIT, false, false)), 1);
	assert_int_equal(counted(p->sun, NULL, of(IKE_SA_INIT, false, true)), 1);
}

static void rekeyings_are_counted(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	host_rekey(p->moon, "net");
	lab_calm(p->lab);
	host_rekey(p->moon, NULL);
	lab_calm(p->lab);
	assert_int_equal(counted(p->moon, "site", COUNT_CHILD_REKEY), 1);
	assert_int_equal(counted(p->sun, "site", COUNT_CHILD_REKEY), 1);
	assert_int_equal(counted(p->moon, "site", COUNT_IKE_REKEY_INIT), 1);
	assert_int_equal(counted(p->moon, "site", COUNT_IKE_REKEY_RESP), 0);
	assert_int_equal(counted(p->sun, "site", COUNT_IKE_REKEY_RESP), 1);
	assert_int_equal(counted(p->sun, NULL, COUNT_IKE_REKEY_RESP), 1);
	assert_int_equal(counted(p->moon, "site", of(CREATE_CHILD_SA, false, false)), 2);
	assert_int_equal(counted(p->moon, "site", of(INFORMATIONAL, false, false)), 2);
}

/* The first request of an exchange is sent; a copy of it has OCTET changed. */
static void spoil(struct pair *p, size_t at)
{
	struct flight *f = lab_copy(p->lab, lab_first(p->lab));

	lab_lose(lab_first(p->lab));
	f->data[at] ^= 1;
	lab_deliver(p->lab, f);
}

static void invalid_messages_are_counted(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	host_rekey(p->moon, "net");
	spoil(p, 40); /* within the seal */
	assert_int_equal(counted(p->sun, NULL, COUNT_INVALID), 1);
	assert_int_equal(counted(p->sun, "site", COUNT_INVALID), 1);
	assert_string_equal(host_told(p->sun, TELL_DROPPED)->alert, "parse-error-body");
	lab_clock(p->lab, lab_due(p->lab));
	spoil(p, 15); /* the responder's SPI */
	assert_int_equal(counted(p->sun, NULL, COUNT_INVALID_SPI), 1);
	assert_string_equal(host_told(p->sun, TELL_DROPPED)->alert, "invalid-ike-spi");
	assert_int_equal(counted(p->sun, NULL, of(CREATE_CHILD_SA, true, false)), 0);
}

static void counters_are_set_back(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	ike_counters_reset(p->moon->ike, NULL, false);
	assert_int_equal(counted(p->moon, NULL, of(IKE_AUTH, false, false)), 0);
	assert_int_equal(counted(p->moon, "site", of(IKE_AUTH, false, false)), 1);
	ike_counters_reset(p->moon->ike, "site", false);
	assert_int_equal(counted(p->moon, "site", of(IKE_AUTH, false, false)), 0);
	ike_counters_reset(p->sun->ike, NULL, true);
	assert_int_equal(counted(p->sun, "site", of(IKE_AUTH, true, false)), 0);
	assert_int_equal(counted(p->sun, NULL, of(IKE_AUTH, true, false)), 1);
}

static void nothing_is_counted_of_who_never_spoke(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct arena arena = { 0 };
	unsigned n;

	ike_counters(p->moon->ike, "site", false, &arena, &n);
	assert_int_equal(n, 0);
	ike_counters(p->moon->ike, NULL, true, &arena, &n);
	assert_int_equal(n, 0);
	arena_free(&arena);
}

/* ------------------------------------------------------------------ alerts */

static const char *alert_of(const struct host *h)
{
	const struct ike_tell *t = host_told(h, TELL_REFUSED);

	if (!t || !t->alert)
		fail_msg("%s told no alert", h->name);
	return t->alert;
}

static void alerts_say_what_did_not_fit(void **state)
{
	static const struct {
		const char *moon, *here, *there;
	} cases[] = {
		{ CONN("proposals = aes256-sha512-x25519"), "proposal-mismatch-ike",
			"proposal-mismatch-ike" },
		{ CHILD("esp_proposals = aes256-sha512"), "proposal-mismatch-child",
			"proposal-mismatch-child" },
		{ CHILD("remote_ts = 10.9.0.0/16"), "ts-mismatch", "ts-mismatch" },
		{ SECRET("secret = starlight"), "local-auth-failed", "peer-auth-failed" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair *p = pair_open(state, cases[i].moon, NULL);

		pair_say_up(p, 1);
		lab_calm(p->lab);
		assert_string_equal(alert_of(p->moon), cases[i].here);
		assert_string_equal(alert_of(p->sun), cases[i].there);
		pair_close(state);
	}
	*state = NULL;
	pair_open(state, NULL, NULL);
}

static void alerts_say_that_nobody_answers(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	lab_pass_deaf(p->lab, 10 * 60 * 1000);
	assert_string_equal(alert_of(p->moon), "peer-init-unreachable");
	pair_close(state);
	p = pair_open(state, NULL, NULL);
	pair_up(p);
	host_rekey(p->moon, "net");
	lab_pass_deaf(p->lab, 10 * 60 * 1000);
	assert_string_equal(alert_of(p->moon), "retransmit-send-timeout");
}

static void alerts_say_that_the_peer_did_not_go_on(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	lab_pass_deaf(p->lab, 10 * 60 * 1000);
	assert_string_equal(host_told(p->sun, TELL_LOG)->alert, "half-open-timeout");
}

static void alerts_say_what_was_not_installed(void **state)
{
	static const struct {
		enum asked fails;
		const char *alert;
	} cases[] = { { ASKED_SA_IN, "install-child-sa-failed" },
		{ ASKED_POLICY, "install-child-policy-failed" }, { ASKED_ROUTE, "peer-addr-failed" } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair *p = pair_open(state, NULL, NULL);

		p->moon->fails = cases[i].fails;
		pair_say_up(p, 1);
		lab_calm(p->lab);
		assert_string_equal(alert_of(p->moon), cases[i].alert);
		pair_close(state);
	}
	*state = NULL;
	pair_open(state, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(messages_are_counted_once),
		PAIR_TEST(repetitions_are_not_counted),
		PAIR_TEST(rekeyings_are_counted),
		PAIR_TEST(invalid_messages_are_counted),
		PAIR_TEST(counters_are_set_back),
		PAIR_TEST(nothing_is_counted_of_who_never_spoke),
		PAIR_TEST(alerts_say_what_did_not_fit),
		PAIR_TEST(alerts_say_that_nobody_answers),
		PAIR_TEST(alerts_say_that_the_peer_did_not_go_on),
		PAIR_TEST(alerts_say_what_was_not_installed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
