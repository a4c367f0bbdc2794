/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IKE_SA that sun takes down before moon was let in: moon hears it at once (RFC 7296, 2.21.2). */
#include "tests/pair/eap.h"
#include "tests/pair/pair.h"

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_REQUEST  "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define REFUSED(mid)  "moon <-- sun  IKE_AUTH response " #mid ": SK {N(AUTHENTICATION_FAILED)}"

#define TWO_KES CONN("proposals = aes128gcm16-prfsha256-x25519-ke1_ecp256")
#define SIGNED  CONN("fragmentation = yes\n local { auth = pubkey\n } remote { auth = pubkey\n }")

static const uint8_t authority[20] = { 1, 2, 3 };

/* Sun has something to ask before it answers IKE_AUTH, which never comes. */
static struct pair *open_waiting(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	p->sun->silent = ASKED_PROOF;
	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST);
	return p;
}

/* Both ends say so, whoever waits at moon is told, and nothing is left. */
static void assert_turned_away(struct pair *p)
{
	const struct ike_tell *up = host_done(p->moon, 1);

	SILENCE(p->lab);
	assert_non_null(up);
	assert_false(up->success);
	assert_has(host_why(p->moon)->what, "refused");
	assert_string_equal(host_why(p->moon)->notify, "AUTHENTICATION_FAILED");
	assert_true(host_said(p->sun, "is closed before the peer was let in: its request is answered with "
				      "AUTHENTICATION_FAILED"));
	assert_int_equal(ike_load(p->sun->ike).half_open, 0);
	p->sun->silent = 0;
	pair_assert_empty_later(p);
}

static void who_waits_for_the_answer_hears_it_at_once(void **state)
{
	struct pair *p = open_waiting(state);

	host_down(p->sun, NULL, 2);
	assert_true(host_done(p->sun, 2)->success);
	ARROWS(p->lab, REFUSED(1));
	assert_turned_away(p);
}

static void by_force_too(void **state)
{
	struct pair *p = open_waiting(state);

	host_down_force(p->sun, NULL, 2);
	assert_true(host_done(p->sun, 2)->success);
	ARROWS(p->lab, REFUSED(1));
	assert_turned_away(p);
}

/* The answer may be lost. */
static void it_hears_it_again_when_it_asks_again(void **state)
{
	struct pair *p = open_waiting(state);

	host_down(p->sun, NULL, 2);
	lab_lose(lab_first(p->lab));
	pair_wait(p);
	ARROWS(p->lab, AUTH_REQUEST, REFUSED(1));
	assert_turned_away(p);
}

static void whose_request_is_under_way_hears_it_when_that_comes(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	host_down(p->sun, NULL, 2);
	assert_true(host_done(p->sun, 2)->success);
	assert_int_equal(ike_load(p->sun->ike).half_open, 0);
	ARROWS(p->lab, AUTH_REQUEST, REFUSED(1));
	assert_turned_away(p);
}

/* One of them is enough to know whose it is. */
static void whose_request_comes_in_fragments_hears_it_once(void **state)
{
	struct pair *p = pair_open(state, SIGNED, SIGNED);

	p->lab->certificates = 3000;
	host_trust(p->moon, bytes_of(authority, sizeof authority));
	host_trust(p->sun, bytes_of(authority, sizeof authority));
	pair_say_up(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	host_down(p->sun, NULL, 2);
	ARROWS(p->lab, "moon --> sun  IKE_AUTH request 1: SKF 1/3",
		"moon --> sun  IKE_AUTH request 1: SKF 2/3", "moon --> sun  IKE_AUTH request 1: SKF 3/3",
		REFUSED(1));
	assert_int_equal(host_counted(p->sun, COUNT_INVALID), 0);
	assert_turned_away(p);
}

static void in_the_middle_of_EAP_too(void **state)
{
	struct pair *p = eap_pair_plain(state);

	p->sun->silent = ASKED_EAP;
	lab_calm(p->lab);
	host_down(p->sun, NULL, 2);
	assert_int_equal(eap_conversations(p->sun), 0);
	lab_calm(p->lab);
	assert_turned_away(p);
}

static void in_IKE_INTERMEDIATE_too(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	p->sun->silent = ASKED_KEYS;
	ARROWS(p->lab, "moon --> sun  IKE_INTERMEDIATE request 1: SK {KE}");
	host_down(p->sun, NULL, 2);
	ARROWS(p->lab, "moon <-- sun  IKE_INTERMEDIATE response 1: SK {N(AUTHENTICATION_FAILED)}");
	assert_turned_away(p);
}

/* Its request comes again in keys that have had successors since. */
static void whose_answer_in_IKE_INTERMEDIATE_was_lost_too(void **state)
{
	struct pair *p = pair_open(state, TWO_KES, TWO_KES);

	pair_say_up(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	ARROWS(p->lab, "moon --> sun  IKE_INTERMEDIATE request 1: SK {KE}",
		"lost: moon <-- sun  IKE_INTERMEDIATE response 1: SK {KE}");
	host_down(p->sun, NULL, 2);
	pair_wait(p);
	ARROWS(p->lab, "moon --> sun  IKE_INTERMEDIATE request 1: SK {KE}",
		"moon <-- sun  IKE_INTERMEDIATE response 1: SK {KE}",
		"moon --> sun  IKE_AUTH request 2: SK {IDi, AUTH, SA, TSi, TSr}", REFUSED(2));
	assert_int_equal(host_dropped(p->sun, DROP_SEAL), 0);
	assert_turned_away(p);
}

/* ------------------------------------------------------------------- the configuration */

#define OTHER                                                                                                \
	"connections { other { remote_addrs = 192.0.2.77\n local { auth = psk }\n remote { auth = psk }\n "  \
	"children { o { remote_ts = 10.77.0.0/16\n } } } }\n"

static void whose_connection_goes_meanwhile_hears_it(void **state)
{
	struct pair *p = open_waiting(state);

	host_reload(p->sun, OTHER);
	ARROWS(p->lab, REFUSED(1));
	assert_turned_away(p);
}

static void nobody_is_let_in_by_a_connection_that_is_gone(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	host_reload(p->sun, OTHER);
	ARROWS(p->lab, AUTH_REQUEST, REFUSED(1));
	assert_has(host_why(p->sun)->what, "was taken out of the configuration meanwhile");
	assert_has(host_why(p->sun)->differs, "site: it was taken out of the configuration meanwhile");
	assert_false(host_done(p->moon, 1)->success);
	pair_assert_empty_later(p);
}

#define FIRST                                                                                                \
	"connections { first { local_addrs = 192.0.2.2\n remote_addrs = 192.0.2.1\n proposals = "            \
	"aes128gcm16-prfsha256-x25519-ke1_ecp256\n local { auth = psk\n } remote { auth = psk\n id = "       \
	"stranger\n } children { o { remote_ts = 10.77.0.0/16\n } } } }\n"

/* Who has not said yet who it is may turn out to be of the one that is left. */
static void another_connection_that_goes_meanwhile_does_not_matter(void **state)
{
	const char *left = pair_text(state, pair_sun, TWO_KES);
	struct pair *p =
		pair_open_conf(state, pair_text(state, pair_moon, TWO_KES), pair_text(state, FIRST, left));

	pair_say_up(p, 1);
	lab_deliver(p->lab, lab_first(p->lab));
	lab_deliver(p->lab, lab_first(p->lab));
	p->sun->late = 1000;
	ARROWS(p->lab, "moon --> sun  IKE_INTERMEDIATE request 1: SK {KE}");
	assert_string_equal(
		node_owner(p->sun->ike->sas_list.next, struct sa, of_ike)->core.peer->name, "first");
	host_reload(p->sun, left);
	SILENCE(p->lab);
	p->sun->late = 0;
	lab_pass(p->lab, 1000);
	pair_assert_up(p);
}

/* ----------------------------------------------------------------------------- in vain */

static void who_cannot_be_let_in_in_time_hears_it(void **state)
{
	struct pair *p = pair_open(state, NULL, DAEMON("half_open_timeout = 5s"));

	p->sun->silent = ASKED_PROOF;
	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST);
	lab_pass(p->lab, 5 * 1000);
	assert_non_null(host_done(p->moon, 1));
	assert_false(host_done(p->moon, 1)->success);
	assert_has(host_why(p->sun)->what, "could not be let in in time");
	p->sun->silent = 0;
	pair_assert_empty_later(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(who_waits_for_the_answer_hears_it_at_once),
		PAIR_TEST(by_force_too),
		PAIR_TEST(it_hears_it_again_when_it_asks_again),
		PAIR_TEST(whose_request_is_under_way_hears_it_when_that_comes),
		PAIR_TEST(whose_request_comes_in_fragments_hears_it_once),
		PAIR_TEST(in_the_middle_of_EAP_too),
		PAIR_TEST(in_IKE_INTERMEDIATE_too),
		PAIR_TEST(whose_answer_in_IKE_INTERMEDIATE_was_lost_too),
		PAIR_TEST(whose_connection_goes_meanwhile_hears_it),
		PAIR_TEST(nobody_is_let_in_by_a_connection_that_is_gone),
		PAIR_TEST(another_connection_that_goes_meanwhile_does_not_matter),
		PAIR_TEST(who_cannot_be_let_in_in_time_hears_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
