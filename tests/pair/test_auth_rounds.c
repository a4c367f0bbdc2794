/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several proofs one after the other (RFC 4739), and which connection is for whom they, or EAP, turn out to
 * be of. */
#include "ike/ends.h"
#include "tests/pair/eap.h"
#include "tests/pair/forge.h"

static void assert_id(const struct id *id, const char *text)
{
	struct arena arena = { 0 };

	assert_string_equal(id_print(id, &arena), text);
	arena_free(&arena);
}

/* ------------------------------------------------------------- several (RFC 4739) */

static struct pair *several(void **state, const char *second)
{
	return eap_pair_open(state,
		CONN("local { auth = psk\n id = gate\n } local-2 { round = 2\n auth = eap\n id = user\n }"),
		pair_text(state, CONN("remote { auth = psk\n id = gate\n }"), second));
}

#define SECOND CONN("remote-2 { round = 2\n auth = eap\n id = user\n }")

static void a_key_then_eap(void **state)
{
	struct pair *p = several(state, SECOND);
	const struct sa *sa;

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE ", " MULTIPLE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, " FOLLOWS ", " MULTIPLE "}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH}",
		"moon --> sun  IKE_AUTH request 2: SK {IDi}", "moon <-- sun  IKE_AUTH response 2: SK {EAP}",
		SAYS(3), ASKS(3), PROVES(4), LETS_IN(4));
	eap_pair_up(p);
	sa = forge_sa_up(p->sun);
	assert_id(&sa->remote_id, "user");
}

static void eap_then_a_key(void **state)
{
	struct pair *p = eap_pair_open(state,
		CONN("local { auth = eap\n id = user\n } local-2 { round = 2\n auth = psk\n id = gate\n }"),
		CONN("remote { auth = eap\n id = user\n } remote-2 { round = 2\n auth = psk\n id = gate\n "
		     "}"));

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE ", " MULTIPLE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, SA, TSi, TSr, " MULTIPLE "}", BEGINS, SAYS(2),
		ASKS(2), "moon --> sun  IKE_AUTH request 3: SK {AUTH, " FOLLOWS "}",
		"moon <-- sun  IKE_AUTH response 3: SK {AUTH}",
		"moon --> sun  IKE_AUTH request 4: SK {IDi, AUTH}",
		"moon <-- sun  IKE_AUTH response 4: SK {SA, TSi, TSr}");
	eap_pair_up(p);
}

static void the_second_is_wrong(void **state)
{
	struct pair *p = several(state, SECOND);

	p->sun->eap.strict = true;
	lab_calm(p->lab);
	assert_string_equal(host_why(p->sun)->what, "the password is another one");
	eap_pair_ended(p);
}

static void the_second_is_somebody_else(void **state)
{
	struct pair *p = several(state, CONN("remote-2 { round = 2\n auth = eap\n id = other\n }"));

	lab_calm(p->lab);
	assert_has(host_why(p->sun)->what,
		"a further proof of user does not fit connection site: its remote.id is other");
	eap_pair_ended(p);
}

static void more_than_are_wanted(void **state)
{
	struct pair *p = eap_pair_open(state,
		CONN("local { auth = eap\n id = user\n } local-2 { round = 2\n auth = psk\n id = gate\n }"),
		GATEWAY(""));

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	assert_has(host_why(p->moon)->what, "several times, and the peer does not take that (RFC 4739)");
	assert_false(host_done(p->moon, 1)->success);
}

static void fewer_than_are_wanted(void **state)
{
	struct pair *p = eap_pair_open(state, CLIENT("id = user"),
		CONN("remote { auth = eap\n id = user\n } remote-2 { round = 2\n auth = psk\n id = gate\n "
		     "}"));

	lab_calm(p->lab);
	assert_has(host_why(p->sun)->what, "the peer proves fewer identities than connection site wants");
	eap_pair_ended(p);
}

static void fewer_keys_than_are_wanted(void **state)
{
	struct pair *p = eap_pair_open(state, NULL,
		CONN("remote { auth = psk\n } remote-2 { round = 2\n auth = eap\n id = user\n }"));

	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs,
		"it has a further round of remote, and the peer proves one identity only");
	eap_pair_ended(p);
}

static void half_way_through_several(void **state)
{
	struct pair *p = several(state, SECOND);

	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE ", " MULTIPLE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, " FOLLOWS ", " MULTIPLE "}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH}");
	host_stop(p->moon);
	lab_pass_deaf(p->lab, 31 * 1000);
	assert_null(forge_sa(p->sun));
}

/* ------------------------------------------------------- who the peer is, by then */

#define OTHER(lines)                                                                                         \
	"connections { other { local_addrs = 192.0.2.2\n remote_addrs = 192.0.2.1\n"                         \
	" proposals = aes128gcm16-prfsha256-x25519\n rekey_time = 0\n dpd_delay = 0\n mobike = no\n"         \
	" childless = never\n unique = never\n fragmentation = no\n local { auth = psk\n }"                  \
	" remote { auth = eap\n " lines "\n } children { net { local_ts = 10.2.0.0/16\n"                     \
	" remote_ts = 10.1.0.0/16\n esp_proposals = aes128gcm16\n rekey_time = 0\n } } } }\n"
#define USERS  GATEWAY("eap_id = *@one.example") OTHER("eap_id = carol@two.example")
#define GROUPS GATEWAY("groups = sales") OTHER("groups = devs, staff")

static void the_user_says_which_connection(void **state)
{
	struct pair *p = eap_pair_open(state, CLIENT(""), USERS);
	struct arena arena = { 0 };
	unsigned n;
	const struct sa_record *r;

	p->moon->eap.user = "carol@two.example";
	lab_calm(p->lab);
	pair_assert_up(p);
	r = host_records(p->sun, &arena, &n);
	assert_int_equal(n, 1);
	assert_string_equal(r->name, "other");
	assert_string_equal(id_print(&r->remote_id, &arena), "192.0.2.1");
	assert_string_equal(id_print(&r->remote_eap_id, &arena), "carol@two.example");
	host_rekey(p->sun, NULL);
	arena_free(&arena);
}

static void the_group_says_which_connection(void **state)
{
	struct pair *p = eap_pair_open(state, CLIENT(""), GROUPS);

	p->sun->eap.group = "staff";
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_string_equal(forge_sa_up(p->sun)->core.peer->name, "other");
}

static void assert_no_group(void **state, const char *group, const char *offered, const char *instead)
{
	struct pair *p = eap_pair_open(state, CLIENT(""), GROUPS);

	p->sun->eap.group = group;
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), REFUSES(2));
	assert_has(host_why(p->sun)->what, "no connection is for the user 192.0.2.1");
	assert_string_equal(host_why(p->sun)->differs,
		"site: its remote.groups are sales; other: its remote.groups are devs, staff");
	assert_string_equal(host_why(p->sun)->offered, offered);
	assert_has(host_why(p->sun)->instead, instead);
	eap_pair_ended(p);
}

static void a_group_that_nobody_wants(void **state)
{
	assert_no_group(state, "guests", "192.0.2.1, of the groups guests", "groups = guests");
}

static void a_user_without_a_group(void **state)
{
	assert_no_group(state, NULL, "192.0.2.1", "class_group = yes in the section daemon.radius");
}

static void a_user_of_nobody(void **state)
{
	struct pair *p = eap_pair_open(state, CLIENT(""), USERS);

	p->moon->eap.user = "dave@three.example";
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, WANTS, BEGINS, SAYS(2), REFUSES(2));
	assert_string_equal(host_why(p->sun)->what, "no connection is for the user dave@three.example");
	assert_has(host_why(p->sun)->differs,
		"site: its remote.eap_id is *@one.example; other: its remote.eap_id is carol@two.example");
	assert_string_equal(host_why(p->sun)->instead, "eap_id = dave@three.example");
	eap_pair_ended(p);
}

/* The method that was used has to be one of the connection that the user belongs to. */
static void a_user_by_another_method(void **state)
{
	struct pair *p = eap_pair_open(
		state, CLIENT(""), USERS "connections { other { remote { auth = eap-mschapv2\n } } }\n");

	p->moon->eap.user = "carol@two.example";
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs, "other: its remote.auth is eap-mschapv2");
	eap_pair_ended(p);
}

#define DEMAND(name, constraints) "connections { " name " { remote { auth = eap-tls:" constraints "\n } } }\n"

/* A certificate that was looked at by the demands of one connection is not let in by those of another. */
static void a_certificate_that_another_connection_demands(void **state)
{
	struct pair *p = eap_pair_open(
		state, CLIENT(""), USERS DEMAND("site", "rsa-2048") DEMAND("other", "rsa-4096"));

	p->moon->eap.user = "carol@two.example";
	p->moon->eap.method = p->sun->eap.method = "tls";
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs, "other: it demands something else of certificates");
	eap_pair_ended(p);
}

static void a_certificate_that_both_connections_demand(void **state)
{
	struct pair *p = eap_pair_open(
		state, CLIENT(""), USERS DEMAND("site", "rsa-2048") DEMAND("other", "rsa-2048"));

	p->moon->eap.user = "carol@two.example";
	p->moon->eap.method = p->sun->eap.method = "tls";
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_string_equal(forge_sa_up(p->sun)->core.peer->name, "other");
}

/* Whom a RADIUS server has to know, and who was let in without one. */
static void a_user_that_no_server_was_asked_about(void **state)
{
	struct pair *p = eap_pair_open(
		state, CLIENT(""), USERS "connections { other { remote { auth = eap-radius\n } } }\n");

	p->moon->eap.user = "carol@two.example";
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->differs, "other: its remote.auth is eap-radius");
	eap_pair_ended(p);
}

/* Two users of one identity are two; one of them twice is one. */
static void the_policy_of_uniqueness_is_about_users(void **state)
{
	struct pair *p =
		eap_pair_open(state, CLIENT("") CONN("unique = no"), GATEWAY("") CONN("unique = keep"));
	const struct sa *sa;

	p->moon->eap.user = "carol@two.example";
	lab_calm(p->lab);
	pair_assert_up(p);
	sa = forge_sa_up(p->sun);
	assert_id(sa_user(sa), "carol@two.example");
	assert_ptr_equal(ends_next(p->sun->ike, NULL, &sa->local_id, sa_user(sa)), sa);
	assert_null(ends_next(p->sun->ike, NULL, &sa->local_id, &sa->remote_id));
}

/* A ticket says who the user was. */
static void a_ticket_keeps_the_user(void **state)
{
	struct pair *p =
		pair_open(state, CLIENT("") CONN("resumption = yes"), GATEWAY("") CONN("resumption = yes"));

	host_remember(p->moon);
	host_remember(p->sun);
	p->moon->eap.user = "carol@two.example";
	pair_say_up(p, 1);
	lab_calm(p->lab);
	host_stop(p->sun);
	host_start(p->sun);
	host_down_force(p->moon, NULL, 2);
	lab_calm(p->lab);
	pair_say_up(p, 3);
	lab_calm(p->lab);
	assert_true(host_done(p->moon, 3)->success);
}

/* The server has to hear of each session, and may have ended one for good. */
static void a_user_of_radius_gets_no_ticket(void **state)
{
	struct pair *p =
		pair_open(state, CLIENT("") CONN("resumption = yes"), GATEWAY("") CONN("resumption = yes"));

	host_remember(p->moon);
	host_remember(p->sun);
	p->sun->eap.method = "radius";
	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE,
		"moon --> sun  IKE_AUTH request 1: SK {IDi, SA, TSi, TSr, N(QUICK_CRASH_DETECTION), "
		"N(TICKET_REQUEST)}",
		BEGINS, SAYS(2), ASKS(2), PROVES(3),
		"moon <-- sun  IKE_AUTH response 3: SK {AUTH, SA, TSi, TSr, N(QUICK_CRASH_DETECTION), "
		"N(TICKET_NACK)}");
	eap_pair_up(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_key_then_eap),
		PAIR_TEST(eap_then_a_key),
		PAIR_TEST(the_second_is_wrong),
		PAIR_TEST(the_second_is_somebody_else),
		PAIR_TEST(more_than_are_wanted),
		PAIR_TEST(fewer_than_are_wanted),
		PAIR_TEST(fewer_keys_than_are_wanted),
		PAIR_TEST(half_way_through_several),
		PAIR_TEST(the_user_says_which_connection),
		PAIR_TEST(the_group_says_which_connection),
		PAIR_TEST(a_group_that_nobody_wants),
		PAIR_TEST(a_user_without_a_group),
		PAIR_TEST(a_user_of_nobody),
		PAIR_TEST(a_user_by_another_method),
		PAIR_TEST(a_certificate_that_another_connection_demands),
		PAIR_TEST(a_certificate_that_both_connections_demand),
		PAIR_TEST(a_user_that_no_server_was_asked_about),
		PAIR_TEST(the_policy_of_uniqueness_is_about_users),
		PAIR_TEST(a_ticket_keeps_the_user),
		PAIR_TEST(a_user_of_radius_gets_no_ticket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
