/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cannot be agreed on: the right notify on the wire, an explanation on both sides, and nothing left. */
#include "tests/pair/pair.h"

#define INIT_REQUEST  "moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD"
#define INIT_RESPONSE "moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD"
#define AUTH_REQUEST  "moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"
#define IDR_REQUEST   "moon --> sun  IKE_AUTH request 1: SK {IDi, IDr, AUTH, SA, TSi, TSr}"
#define AUTH_RESPONSE "moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}"
#define AUTH_FAILED   "moon <-- sun  IKE_AUTH response 1: SK {N(AUTHENTICATION_FAILED)}"

/* The command of moon has ended, with a reason, and nothing is left anywhere. */
static void assert_refused(struct pair *p)
{
	const struct ike_tell *done = host_done(p->moon, 1);

	assert_non_null(done);
	assert_false(done->success);
	assert_non_null(done->why);
	assert_non_null(done->why->what);
	pair_assert_empty_later(p);
}

/* ------------------------------------------------------------------ IKE_SA_INIT */

static struct pair *no_ike_proposal(void **state)
{
	struct pair *p = pair_open(state, CONN("proposals = aes256-sha512-x25519"), NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, "moon <-- sun  IKE_SA_INIT response 0: N(NO_PROPOSAL_CHOSEN)");
	SILENCE(p->lab);
	return p;
}

static void no_common_ike_proposal(void **state)
{
	assert_refused(no_ike_proposal(state));
}

static void no_common_ike_proposal_is_explained_here(void **state)
{
	const struct why *why = host_why(no_ike_proposal(state)->sun);

	assert_has(why->what, "no IKE proposal of the peer is allowed by connection site");
	assert_string_equal(why->offered, "aes256-sha512-prfsha512-x25519");
	assert_string_equal(why->configured, "aes128gcm16-prfsha256-x25519");
	assert_has(why->differs, "aes256");
	assert_has(why->where, "m.conf:5 (connections.site.proposals)");
	assert_has(why->instead, "proposals = aes256-sha512");
	assert_string_equal(why->notify, "NO_PROPOSAL_CHOSEN");
}

static void no_common_ike_proposal_is_explained_there(void **state)
{
	const struct why *why = host_why(no_ike_proposal(state)->moon);

	assert_has(why->what, "NO_PROPOSAL_CHOSEN");
	assert_string_equal(why->configured, "aes256-sha512-prfsha512-x25519");
	assert_has(why->where, "(connections.site.proposals)");
}

static void a_refused_request_leaves_no_state(void **state)
{
	struct pair *p = no_ike_proposal(state);

	assert_int_equal(ike_load(p->sun->ike).sas, 0);
	assert_int_equal(ike_load(p->moon->ike).sas, 0);
	assert_true(p->sun->wake == HEAP_NEVER);
}

static void unknown_peer(void **state)
{
	struct pair *p = pair_open(state, NULL, CONN("remote_addrs = 198.51.100.1"));
	const struct why *why;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, "moon <-- sun  IKE_SA_INIT response 0: N(NO_PROPOSAL_CHOSEN)");
	why = host_why(p->sun);
	assert_has(why->what, "192.0.2.1");
	assert_has(why->where, "(connections.site.remote_addrs)");
	assert_string_equal(why->instead, "remote_addrs = 192.0.2.1");
	assert_refused(p);
}

static void no_connection_at_all(void **state)
{
	struct pair *p = pair_open_conf(state, pair_moon, "");

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, "moon <-- sun  IKE_SA_INIT response 0: N(NO_PROPOSAL_CHOSEN)");
	assert_has(host_why(p->sun)->configured, "no connection at all");
	assert_refused(p);
}

static void a_group_nobody_offered_is_ignored(void **state)
{
	struct pair *p = pair_open(state, NULL, CONN("proposals = aes128gcm16-prfsha256-ecp256"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, "moon <-- sun  IKE_SA_INIT response 0: N(NO_PROPOSAL_CHOSEN)");
	assert_refused(p);
}

/* ------------------------------------------------------------------ authentication */

static struct pair *wrong_secret(void **state)
{
	struct pair *p = pair_open(state, NULL, SECRET("secret = sunlight"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_FAILED);
	SILENCE(p->lab);
	return p;
}

static void wrong_psk(void **state)
{
	assert_refused(wrong_secret(state));
}

static void wrong_psk_is_explained_here(void **state)
{
	const struct why *why = host_why(wrong_secret(state)->sun);

	assert_has(why->what, "192.0.2.1");
	assert_has(why->where, "(secrets.ike-site.secret)");
	assert_string_equal(why->notify, "AUTHENTICATION_FAILED");
}

static void wrong_psk_is_explained_there(void **state)
{
	const struct why *why = host_why(wrong_secret(state)->moon);

	assert_has(why->what, "AUTHENTICATION_FAILED");
	assert_has(why->configured, "192.0.2.1");
	assert_string_equal(why->notify, "AUTHENTICATION_FAILED");
}

static void nothing_is_installed_with_a_wrong_psk(void **state)
{
	struct pair *p = wrong_secret(state);

	assert_int_equal(datapath_sas(&p->moon->datapath) + datapath_sas(&p->sun->datapath), 0);
	assert_null(host_told(p->moon, TELL_SA_UP));
	assert_null(host_told(p->sun, TELL_SA_UP));
}

static void no_secret_here(void **state)
{
	struct pair *p = pair_open(state, SECRET("id-1 = somebody@example.org"), NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE);
	SILENCE(p->lab);
	assert_has(host_why(p->moon)->what, "no shared secret");
	assert_refused(p);
}

static void unknown_identity(void **state)
{
	struct pair *p = pair_open(state, LOCAL("id = moon.example.org"), REMOTE("id = venus.example.org"));
	const struct why *why;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_FAILED);
	why = host_why(p->sun);
	assert_has(why->what, "moon.example.org");
	assert_has(why->differs, "site: its remote.id is venus.example.org");
	assert_has(why->where, "(connections.site.remote.id)");
	assert_string_equal(why->instead, "id = moon.example.org");
	assert_refused(p);
}

static void the_responder_is_somebody_else(void **state)
{
	struct pair *p = pair_open(state, REMOTE("id = *.example.org"), LOCAL("id = sun.example.com"));
	const struct why *why;

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_RESPONSE,
		"moon --> sun  INFORMATIONAL request 2: SK {D(IKE), N(AUTHENTICATION_FAILED)}",
		"moon <-- sun  INFORMATIONAL response 2: SK {}");
	/* clang-format on */
	why = host_why(p->moon);
	assert_string_equal(why->offered, "sun.example.com");
	assert_string_equal(why->configured, "*.example.org");
	assert_has(why->where, "(connections.site.remote.id)");
	assert_has(host_why(p->sun)->what, "could not authenticate us");
	assert_refused(p);
}

static void the_responder_was_asked_for_another_identity(void **state)
{
	struct pair *p = pair_open(state, REMOTE("id = venus.example.org"), LOCAL("id = sun.example.org"));

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, IDR_REQUEST, AUTH_FAILED);
	assert_has(host_why(p->sun)->differs, "the peer asked for venus.example.org");
	assert_has(host_why(p->sun)->where, "(connections.site.local.id)");
	assert_string_equal(host_why(p->sun)->instead, "id = venus.example.org");
	assert_refused(p);
}

static void the_responder_has_another_secret_for_its_proof(void **state)
{
	/* Sun checks moon's proof with one secret and proves itself with another: it has no secret to check
	 * with, so that moon's own check has to find out. */
	struct pair *p = pair_open(state, NULL, NULL);

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST);
	host_reload(p->moon, pair_text(state, pair_moon, SECRET("secret = eclipse")));
	/* clang-format off */
	ARROWS(p->lab, AUTH_RESPONSE,
		"moon --> sun  INFORMATIONAL request 2: SK {D(IKE), N(AUTHENTICATION_FAILED)}",
		"moon <-- sun  INFORMATIONAL response 2: SK {}");
	/* clang-format on */
	assert_null(host_told(p->moon, TELL_SA_UP));
	assert_refused(p);
}

/* ------------------------------------------------------------------ the child */

/* The IKE_SA stands at sun; moon, who has no use for it, deletes it. */
static struct pair *child_refused(void **state, const char *moon, const char *answer)
{
	struct pair *p = pair_open(state, moon, NULL);

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, answer,
		"moon --> sun  INFORMATIONAL request 2: SK {D(IKE)}",
		"moon <-- sun  INFORMATIONAL response 2: SK {}");
	/* clang-format on */
	SILENCE(p->lab);
	return p;
}

static void no_common_esp_proposal(void **state)
{
	struct pair *p = child_refused(state, CHILD("esp_proposals = aes256-sha512"),
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, N(NO_PROPOSAL_CHOSEN)}");
	const struct why *here = host_why(p->sun), *there = host_why(p->moon);

	assert_has(here->what, "no ESP proposal of the peer is allowed by child net of connection site");
	assert_string_equal(here->offered, "aes256-sha512");
	assert_string_equal(here->configured, "aes128gcm16");
	assert_has(here->where, "(connections.site.children.net.esp_proposals)");
	assert_string_equal(here->instead, "esp_proposals = aes256-sha512");
	assert_has(there->what, "the peer refused CHILD_SA net with NO_PROPOSAL_CHOSEN");
	assert_has(there->where, "(connections.site.children.net.esp_proposals)");
	assert_refused(p);
}

static void no_common_selector(void **state)
{
	struct pair *p = child_refused(state, CHILD("remote_ts = 10.99.0.0/16"),
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, N(TS_UNACCEPTABLE)}");
	const struct why *here = host_why(p->sun), *there = host_why(p->moon);

	assert_has(here->offered, "10.99.0.0/16 === 10.1.0.0/16");
	assert_has(here->configured, "local_ts = 10.2.0.0/16; remote_ts = 10.1.0.0/16");
	assert_has(here->differs, "here: asked for 10.99.0.0/16, configured 10.2.0.0/16");
	assert_has(here->where, "(connections.site.children.net.local_ts)");
	assert_string_equal(here->instead, "local_ts = 10.99.0.0/16");
	assert_has(there->what, "TS_UNACCEPTABLE");
	assert_has(there->where, "(connections.site.children.net.remote_ts)");
	assert_refused(p);
}

static void families_do_not_meet(void **state)
{
	assert_refused(child_refused(state, CHILD("local_ts = 2001:db8:1::/48\n remote_ts = 2001:db8:2::/48"),
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, N(TS_UNACCEPTABLE)}"));
}

/* ------------------------------------------------------------------ candidates */

#define MORE_CONN(name, lines, child_lines)                                                                  \
	"connections { " name " { local_addrs = 192.0.2.2\n proposals = aes128gcm16-prfsha256-x25519\n"      \
	" local { auth = psk\n }\n remote { auth = psk\n }\n " lines                                         \
	"\n children { inner { local_ts = 10.2.0.0/16\n remote_ts = 10.1.0.0/16\n esp_proposals = "          \
	"aes128gcm16\n"                                                                                      \
	" " child_lines "\n } } } }\n"

/* The connection of sun's that moon's attempt ended up in. */
static const char *taken(struct pair *p)
{
	pair_say_up(p, 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	return host_told(p->sun, TELL_SA_UP)->name;
}

static void the_closest_address_wins(void **state)
{
	struct pair *p = pair_open(state, NULL,
		CONN("remote_addrs = %any") MORE_CONN("net", "remote_addrs = 192.0.2.0/24", "")
			MORE_CONN("exact", "remote_addrs = 192.0.2.1", ""));

	assert_string_equal(taken(p), "exact");
}

static void a_range_is_closer_than_anybody(void **state)
{
	struct pair *p = pair_open(
		state, NULL, CONN("remote_addrs = %any") MORE_CONN("net", "remote_addrs = 192.0.2.0/24", ""));

	assert_string_equal(taken(p), "net");
}

static void of_equals_the_first_wins(void **state)
{
	struct pair *p = pair_open(state, NULL, MORE_CONN("second", "remote_addrs = 192.0.2.1", ""));

	assert_string_equal(taken(p), "site");
}

static void the_proposal_decides(void **state)
{
	struct pair *p = pair_open(state, NULL,
		CONN("proposals = aes256-sha512-x448") MORE_CONN("other", "remote_addrs = 192.0.2.0/24", ""));

	assert_string_equal(taken(p), "other");
}

static void the_identity_decides(void **state)
{
	struct pair *p = pair_open(state, LOCAL("id = moon.example.org"),
		REMOTE("id = venus.example.org")
			MORE_CONN("other", "remote_addrs = %any\n remote { id = moon.example.org\n }", ""));

	assert_string_equal(taken(p), "other");
}

static void the_identity_asked_for_decides(void **state)
{
	struct pair *p = pair_open(state, REMOTE("id = corona.example.org"),
		LOCAL("id = sun.example.org")
			MORE_CONN("other", "remote_addrs = %any\n local { id = corona.example.org\n }", ""));

	assert_string_equal(taken(p), "other");
}

static void every_candidate_is_explained(void **state)
{
	struct pair *p = pair_open(state, LOCAL("id = moon.example.org"),
		REMOTE("id = venus.example.org") MORE_CONN(
			"other", "remote_addrs = %any\n remote { id = mars.example.org\n }", "")
			MORE_CONN("weak", "remote_addrs = %any\n proposals = aes256-sha512-x448", ""));
	const char *differs;

	pair_say_up(p, 1);
	ARROWS(p->lab, INIT_REQUEST, INIT_RESPONSE, AUTH_REQUEST, AUTH_FAILED);
	differs = host_why(p->sun)->differs;
	assert_has(differs, "site: its remote.id is venus.example.org");
	assert_has(differs, "other: its remote.id is mars.example.org");
	assert_has(differs, "weak: none of its proposals was offered");
	assert_refused(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(no_common_ike_proposal),
		PAIR_TEST(no_common_ike_proposal_is_explained_here),
		PAIR_TEST(no_common_ike_proposal_is_explained_there),
		PAIR_TEST(a_refused_request_leaves_no_state),
		PAIR_TEST(unknown_peer),
		PAIR_TEST(no_connection_at_all),
		PAIR_TEST(a_group_nobody_offered_is_ignored),
		PAIR_TEST(wrong_psk),
		PAIR_TEST(wrong_psk_is_explained_here),
		PAIR_TEST(wrong_psk_is_explained_there),
		PAIR_TEST(nothing_is_installed_with_a_wrong_psk),
		PAIR_TEST(no_secret_here),
		PAIR_TEST(unknown_identity),
		PAIR_TEST(the_responder_is_somebody_else),
		PAIR_TEST(the_responder_was_asked_for_another_identity),
		PAIR_TEST(the_responder_has_another_secret_for_its_proof),
		PAIR_TEST(no_common_esp_proposal),
		PAIR_TEST(no_common_selector),
		PAIR_TEST(families_do_not_meet),
		PAIR_TEST(the_closest_address_wins),
		PAIR_TEST(a_range_is_closer_than_anybody),
		PAIR_TEST(of_equals_the_first_wins),
		PAIR_TEST(the_proposal_decides),
		PAIR_TEST(the_identity_decides),
		PAIR_TEST(the_identity_asked_for_decides),
		PAIR_TEST(every_candidate_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
