/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT detection and encapsulation (RFC 7296, 2.23), keepalives and moving mappings. */
#include "tests/pair/pair.h"

/* See pair_hide_moon, pair_hide_sun. */
#define BEHIND_NAT CONN("local_addrs = 10.9.0.1\n")
#define SUN_NATTED CONN("remote_addrs = 203.0.113.2")
#define ANY_PEER   CONN("remote_addrs = %any")

static struct pair *behind_nat(void **state, const char *more_moon)
{
	struct pair *p;

	p = pair_open(state, pair_text(state, BEHIND_NAT, more_moon), ANY_PEER);
	pair_hide_moon(p);
	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon:10500 <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun:4500  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon:14500 <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	/* clang-format on */
	SILENCE(p->lab);
	pair_assert_up(p);
	return p;
}

static struct sa_record record(const struct host *h, struct arena *arena)
{
	unsigned n;
	const struct sa_record *r = host_records(h, arena, &n);

	assert_int_equal(n, 1);
	return *r;
}

static void assert_nat(const struct host *h, bool local, bool remote, bool fake, bool encap)
{
	struct arena arena = { 0 };
	struct sa_record r = record(h, &arena);

	assert_int_equal(r.nat_local, local);
	assert_int_equal(r.nat_remote, remote);
	assert_int_equal(r.nat_fake, fake);
	assert_int_equal(r.children[0].encap, encap);
	arena_free(&arena);
}

static void none(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);

	pair_up(p);
	assert_nat(p->moon, false, false, false, false);
	assert_nat(p->sun, false, false, false, false);
}

static void initiator_behind(void **state)
{
	struct pair *p = behind_nat(state, NULL);

	assert_nat(p->moon, true, false, false, true);
	assert_nat(p->sun, false, true, false, true);
	assert_int_equal(datapath_sa(&p->sun->datapath, false, 0)->remote.port, 14500);
	assert_int_equal(datapath_sa(&p->moon->datapath, false, 0)->remote.port, 4500);
}

static void responder_behind(void **state)
{
	struct pair *p = pair_open(state, SUN_NATTED, CONN("local_addrs = 10.8.0.1"));

	pair_hide_sun(p);
	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun:4500  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon:4500 <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	/* clang-format on */
	pair_assert_up(p);
	assert_nat(p->moon, false, true, false, true);
	assert_nat(p->sun, true, false, false, true);
}

static void both_behind(void **state)
{
	struct pair *p = pair_open(state, BEHIND_NAT SUN_NATTED, ANY_PEER CONN("local_addrs = 10.8.0.1"));

	pair_hide_moon(p);
	pair_hide_sun(p);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_nat(p->moon, true, true, false, true);
	assert_nat(p->sun, true, true, false, true);
}

/* Each who wants encapsulation pretends to be behind a NAT; both use 4500 then. */
static struct pair *faked(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_say_up(p, 1);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun:4500  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon:4500 <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	/* clang-format on */
	pair_assert_up(p);
	assert_true(datapath_sa(&p->moon->datapath, true, 0)->encap);
	return p;
}

static void faked_by_both(void **state)
{
	struct pair *p = faked(state, DAEMON("udp_encap = yes"), DAEMON("udp_encap = yes"));

	assert_nat(p->moon, false, true, true, true);
	assert_nat(p->sun, false, true, true, true);
}

static void faked_by_the_initiator(void **state)
{
	struct pair *p = faked(state, CONN("encap = yes"), NULL);

	assert_nat(p->moon, false, false, true, true);
	assert_nat(p->sun, false, true, false, true);
}

static void faked_by_the_responder(void **state)
{
	struct pair *p = faked(state, NULL, CONN("encap = yes"));

	assert_nat(p->moon, false, true, false, true);
	assert_nat(p->sun, false, false, true, true);
}

static void never_wanted(void **state)
{
	struct pair *p = pair_open(state, DAEMON("udp_encap = yes") CONN("encap = never"),
		DAEMON("udp_encap = yes") CONN("encap = never"));

	pair_up(p);
	assert_nat(p->moon, false, false, false, false);
}

/* "never" means the ESP packets: IKE still goes to 4500, and a peer who asks for encapsulation does not get
 * it. */
static void never_even_behind_a_nat(void **state)
{
	struct pair *p = pair_open(state, BEHIND_NAT CONN("encap = never"), ANY_PEER CONN("encap = never"));

	pair_hide_moon(p);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	pair_assert_up(p);
	assert_nat(p->moon, true, false, false, false);
	assert_nat(p->sun, false, true, false, false);
}

/* ------------------------------------------------------------------ keepalives */

static void keepalives_from_behind_a_nat(void **state)
{
	struct pair *p = behind_nat(state, NULL);

	lab_clock(p->lab, p->lab->now + 19999);
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, "moon --> sun:4500  keepalive");
	lab_clock(p->lab, p->lab->now + 20000);
	ARROWS(p->lab, "moon --> sun:4500  keepalive");
	SILENCE(p->lab);
}

static void keepalives_can_be_switched_off(void **state)
{
	struct pair *p = behind_nat(state, DAEMON("keep_alive = 0"));

	assert_true(p->moon->wake == HEAP_NEVER);
}

static void no_keepalives_without_a_nat(void **state)
{
	struct pair *p = faked(state, DAEMON("udp_encap = yes"), NULL);

	assert_true(p->moon->wake == HEAP_NEVER);
	assert_true(p->sun->wake == HEAP_NEVER);
}

static void no_keepalives_after_the_end(void **state)
{
	struct pair *p = behind_nat(state, NULL);

	host_command(p->sun, &(struct ike_command){ .kind = COMMAND_DOWN, .ike = "site" });
	/* clang-format off */
	ARROWS(p->lab,
		"moon:14500 <-- sun  INFORMATIONAL request 0: SK {D(IKE)}",
		"moon --> sun:4500  INFORMATIONAL response 0: SK {}");
	/* clang-format on */
	lab_clock(p->lab, p->lab->now + 20000);
	SILENCE(p->lab);
	pair_assert_empty_later(p);
}

/* ------------------------------------------------------------------ mappings that move */

static void sun_follows_a_new_mapping(void **state)
{
	struct pair *p = behind_nat(state, CONN("dpd_delay = 10s"));

	p->moon->nat.shift = 20000;
	lab_clock(p->lab, p->lab->now + 10000);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun:4500  INFORMATIONAL request 2: SK {}",
		"moon:24500 <-- sun  INFORMATIONAL response 2: SK {}");
	/* clang-format on */
	assert_int_equal(datapath_sa(&p->sun->datapath, false, 0)->remote.port, 24500);
	host_command(p->sun, &(struct ike_command){ .kind = COMMAND_DOWN, .ike = "site" });
	ARROWS(p->lab, "moon:24500 <-- sun  INFORMATIONAL request 0: SK {D(IKE)}");
}

/* The NAT gives moon another port, of which packets tell sun's data path. */
static void packets_move(struct pair *p)
{
	struct ike_event e = { .kind = EVENT_MAPPING };

	p->moon->nat.shift = 20000;
	e.mapping.child = datapath_sa(&p->sun->datapath, true, 0)->child;
	e.mapping.remote = (struct addr){ p->moon->nat.outside, 24500 };
	host_event(p->sun, &e);
}

static void a_mapping_seen_by_the_data_path_is_followed(void **state)
{
	struct pair *p = behind_nat(state, NULL);

	packets_move(p);
	assert_int_equal(datapath_sa(&p->sun->datapath, false, 0)->remote.port, 24500);
}

static void the_first_request_to_a_new_mapping_is_repeated_soon(void **state)
{
	struct pair *p = behind_nat(state, NULL);

	packets_move(p);
	host_command(p->sun, &(struct ike_command){ .kind = COMMAND_DOWN, .ike = "site" });
	ARROWS(p->lab, "lost: moon:24500 <-- sun  INFORMATIONAL request 0: SK {D(IKE)}");
	pair_quiet(p, MOVED_TIME - 1);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, "moon:24500 <-- sun  INFORMATIONAL request 0: SK {D(IKE)}");
}

/* A message has come from there: the way works. */
static void the_first_request_to_a_new_mapping_of_a_message_is_not(void **state)
{
	struct pair *p = behind_nat(state, CONN("dpd_delay = 10s"));

	p->moon->nat.shift = 20000;
	lab_clock(p->lab, p->lab->now + 10000);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun:4500  INFORMATIONAL request 2: SK {}",
		"moon:24500 <-- sun  INFORMATIONAL response 2: SK {}");
	/* clang-format on */
	host_command(p->sun, &(struct ike_command){ .kind = COMMAND_DOWN, .ike = "site" });
	ARROWS(p->lab, "lost: moon:24500 <-- sun  INFORMATIONAL request 0: SK {D(IKE)}");
	pair_quiet(p, 4000 - 1);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, "moon:24500 <-- sun  INFORMATIONAL request 0: SK {D(IKE)}");
}

static void without_a_nat_no_mapping_is_followed(void **state)
{
	struct pair *p = pair_open(state, NULL, NULL);
	struct ike_event e = { .kind = EVENT_MAPPING };

	pair_up(p);
	e.mapping.child = datapath_sa(&p->sun->datapath, true, 0)->child;
	e.mapping.remote = (struct addr){ p->moon->ip, 24500 };
	host_event(p->sun, &e);
	assert_int_equal(datapath_sa(&p->sun->datapath, false, 0)->remote.port, 500);
}

/* ------------------------------------------------------------------ two behind one NAT */

static const char *star_conf(void **state, bool apart, const char *star_id)
{
	const char *conf = pair_text(state, pair_moon, BEHIND_NAT CONN("local_addrs = 10.9.0.2"));

	conf = pair_text(state, conf, pair_text(state, "connections { site { local { id = ", star_id));
	conf = pair_text(state, conf, " } } }\n");
	return pair_text(state, conf, apart ? CHILD("local_ts = 10.1.7.0/24") : "");
}

/* Star, beside moon and behind the same NAT, with the same network behind it, or (APART) with its own. */
static struct host *beside_moon(void **state, struct pair *p, bool apart, const char *star_id)
{
	struct host *star = lab_host(p->lab, "star", "10.9.0.2", star_conf(state, apart, star_id));

	star->nat = p->moon->nat;
	star->nat.shift = 11000;
	return star;
}

/* Both up. */
static struct pair *two_behind_one(void **state, bool apart, const char *star_id, const char *more_sun)
{
	struct pair *p = pair_open(state, pair_text(state, BEHIND_NAT LOCAL("id = moon"), NULL),
		pair_text(state, ANY_PEER, more_sun));
	struct host *star;

	pair_hide_moon(p);
	star = beside_moon(state, p, apart, star_id);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	host_up(star, NULL, 2);
	lab_calm(p->lab);
	return p;
}

static void two_with_the_same_network_cannot_be_told_apart(void **state)
{
	struct pair *p = two_behind_one(state, false, "star", NULL);

	assert_string_equal(host_why(p->sun)->notify, "TS_UNACCEPTABLE");
	assert_non_null(strstr(host_why(p->sun)->what,
		"10.1.0.0/16 is another peer's already, behind the same NAT: moon of IKE_SA site["));
	assert_int_equal(ike_load(p->sun->ike).children, 1);
}

/* Both were let in before the SAs of either were there: who has them first keeps them. */
static void two_that_come_at_once_cannot_be_told_apart_either(void **state)
{
	struct pair *p = pair_open(state, pair_text(state, BEHIND_NAT LOCAL("id = moon"), NULL), ANY_PEER);
	struct host *star;

	pair_hide_moon(p);
	star = beside_moon(state, p, false, "star");
	p->sun->late = 10;
	pair_say_up(p, 1);
	host_up(star, NULL, 2);
	lab_pass(p->lab, 1000);
	assert_int_equal(ike_load(p->sun->ike).children, 1);
	assert_string_equal(host_why(p->sun)->notify, "TS_UNACCEPTABLE");
	assert_has(host_why(p->sun)->what,
		"is another peer's already, behind the same NAT: moon of IKE_SA site[");
	assert_has(host_why(star)->what, "TS_UNACCEPTABLE");
	assert_int_equal(datapath_sas(&p->sun->datapath), 2);
	assert_int_equal(datapath_policies(&p->sun->datapath, false), 1);
}

static void two_with_networks_of_their_own(void **state)
{
	struct pair *p = two_behind_one(state, true, "star", NULL);

	assert_int_equal(ike_load(p->sun->ike).children, 2);
}

/* It may have lost all it knew. */
static void one_that_comes_again_is_no_stranger(void **state)
{
	struct pair *p = two_behind_one(state, false, "moon", NULL);

	assert_int_equal(ike_load(p->sun->ike).children, 2);
}

/* They were told apart by their NATs; what stands already is not refused. */
static void two_that_come_behind_one_are_rekeyed(void **state)
{
	struct pair *p = pair_open(state, pair_text(state, BEHIND_NAT LOCAL("id = moon"), NULL), ANY_PEER);
	struct host *star;

	pair_hide_moon(p);
	star = beside_moon(state, p, false, "star");
	star->nat.outside.a[3]++;
	pair_say_up(p, 1);
	lab_calm(p->lab);
	host_up(star, NULL, 2);
	lab_calm(p->lab);
	assert_int_equal(ike_load(p->sun->ike).children, 2);
	star->nat.outside = p->moon->nat.outside;
	host_rekey(star, "net");
	lab_calm(p->lab);
	assert_null(host_told(p->sun, TELL_REFUSED));
}

/* What it has moves with it, and nobody else gets that there. */
static void one_that_came_behind_a_nat_later_is_a_stranger_too(void **state)
{
	struct pair *p = pair_open(state, pair_text(state, BEHIND_NAT LOCAL("id = moon"), NULL), ANY_PEER);
	struct host *star;

	pair_hide_moon(p);
	star = beside_moon(state, p, false, "star");
	star->nat.outside.a[3]++;
	host_up(star, NULL, 2);
	lab_calm(p->lab);
	star->nat.outside = p->moon->nat.outside;
	host_event(star, &(struct ike_event){ .kind = EVENT_WOKEN });
	lab_calm(p->lab);
	assert_true(ip_eq(&datapath_sa(&p->sun->datapath, false, 0)->remote.ip, &p->moon->nat.outside));
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_string_equal(host_why(p->sun)->notify, "TS_UNACCEPTABLE");
	assert_int_equal(ike_load(p->sun->ike).children, 1);
}

/* Clients that all are the same to IKE are not to EAP (RFC 7296, 2.16). */
static void another_user_of_the_same_identity_is_a_stranger(void **state)
{
	for (unsigned other = 0; other < 2; other++) {
		struct pair *p =
			pair_open(state, pair_text(state, BEHIND_NAT LOCAL("auth = eap\n id = all"), NULL),
				ANY_PEER REMOTE("auth = eap\n id = all"));
		struct host *star;

		pair_hide_moon(p);
		star = beside_moon(state, p, false, "all\n auth = eap");
		p->moon->eap.user = "carol";
		star->eap.user = other ? "dave" : "carol";
		pair_say_up(p, 1);
		lab_calm(p->lab);
		host_up(star, NULL, 2);
		lab_calm(p->lab);
		assert_int_equal(ike_load(p->sun->ike).children, other ? 1 : 2);
		if (other)
			assert_has(host_why(p->sun)->what, "behind the same NAT: carol of IKE_SA site[");
		assert_int_equal(pair_close(state), 0);
	}
}

/* Rekeying takes nothing from another. */
static void a_rekeying_to_the_network_of_another_is_refused(void **state)
{
	struct pair *p = pair_open(state, pair_text(state, BEHIND_NAT LOCAL("id = moon"), NULL), ANY_PEER);
	struct host *star;

	pair_hide_moon(p);
	star = beside_moon(state, p, true, "star");
	pair_say_up(p, 1);
	lab_calm(p->lab);
	host_up(star, NULL, 2);
	lab_calm(p->lab);
	assert_int_equal(ike_load(p->sun->ike).children, 2);
	host_reload(star, star_conf(state, false, "star"));
	host_rekey(star, "net");
	lab_calm(p->lab);
	assert_string_equal(host_why(p->sun)->notify, "TS_UNACCEPTABLE");
}

/* Nor does ours, though the peer would have it. */
static void our_rekeying_to_the_network_of_another_is_given_up(void **state)
{
	struct pair *p = pair_open(state, pair_text(state, BEHIND_NAT LOCAL("id = moon"), NULL), ANY_PEER);
	struct host *star;

	pair_hide_moon(p);
	star = beside_moon(state, p, true, "star");
	host_up(star, NULL, 2);
	lab_calm(p->lab);
	pair_say_up(p, 1);
	lab_calm(p->lab);
	assert_int_equal(ike_load(p->sun->ike).children, 2);
	host_reload(star, star_conf(state, false, "star"));
	host_rekey(p->sun, "net");
	lab_calm(p->lab);
	assert_has(host_why(p->sun)->what, "10.1.0.0/16 is another peer's already");
	lab_pass(p->lab, 10 * 1000);
	assert_int_equal(ike_load(p->sun->ike).children, 2);
	assert_int_equal(datapath_sas(&star->datapath), 2);
}

#define OTHER(own, own_id, own_ts, peer, peer_id, peer_ts)                                                   \
	"connections { other { local_addrs = " own "\n remote_addrs = " peer "\n encap = yes\n"              \
	" proposals = aes128gcm16-prfsha256-x25519\n local { auth = psk\n id = " own_id "\n }"               \
	" remote { auth = psk\n id = " peer_id "\n } children { net { local_ts = " own_ts                    \
	"\n remote_ts = " peer_ts "\n esp_proposals = aes128gcm16 } } } }\n"

/* Behind a NAT both of them, or none: that is what somebody wants who names both. */
static void two_that_are_called_at_one_address_are_as_somebody_wanted_it(void **state)
{
	struct pair *p = pair_open(state,
		CONN("encap = yes") LOCAL("id = moon") REMOTE("id = sun")
			OTHER("192.0.2.1", "moon", "10.1.0.0/16", "192.0.2.2", "sky", "10.2.0.0/16"),
		CONN("encap = yes") LOCAL("id = sun") REMOTE("id = moon")
			OTHER("192.0.2.2", "sky", "10.2.0.0/16", "192.0.2.1", "moon", "10.1.0.0/16"));

	pair_say_up(p, 1);
	lab_calm(p->lab);
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_UP, .ticket = 2, .ike = "other" });
	lab_calm(p->lab);
	assert_true(host_done(p->moon, 2)->success);
	assert_int_equal(ike_load(p->moon->ike).children, 2);
}

static void marks_tell_two_apart_in_the_kernel(void **state)
{
	struct pair *p =
		two_behind_one(state, false, "star", CHILD("datapath = kernel\n mark_out = %unique"));

	assert_int_equal(ike_load(p->sun->ike).children, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(none),
		PAIR_TEST(initiator_behind),
		PAIR_TEST(responder_behind),
		PAIR_TEST(both_behind),
		PAIR_TEST(faked_by_both),
		PAIR_TEST(faked_by_the_initiator),
		PAIR_TEST(faked_by_the_responder),
		PAIR_TEST(never_wanted),
		PAIR_TEST(never_even_behind_a_nat),
		PAIR_TEST(keepalives_from_behind_a_nat),
		PAIR_TEST(keepalives_can_be_switched_off),
		PAIR_TEST(no_keepalives_without_a_nat),
		PAIR_TEST(no_keepalives_after_the_end),
		PAIR_TEST(sun_follows_a_new_mapping),
		PAIR_TEST(a_mapping_seen_by_the_data_path_is_followed),
		PAIR_TEST(the_first_request_to_a_new_mapping_is_repeated_soon),
		PAIR_TEST(the_first_request_to_a_new_mapping_of_a_message_is_not),
		PAIR_TEST(without_a_nat_no_mapping_is_followed),
		PAIR_TEST(two_with_the_same_network_cannot_be_told_apart),
		PAIR_TEST(two_that_come_at_once_cannot_be_told_apart_either),
		PAIR_TEST(two_with_networks_of_their_own),
		PAIR_TEST(one_that_comes_again_is_no_stranger),
		PAIR_TEST(two_that_come_behind_one_are_rekeyed),
		PAIR_TEST(one_that_came_behind_a_nat_later_is_a_stranger_too),
		PAIR_TEST(another_user_of_the_same_identity_is_a_stranger),
		PAIR_TEST(a_rekeying_to_the_network_of_another_is_refused),
		PAIR_TEST(our_rekeying_to_the_network_of_another_is_given_up),
		PAIR_TEST(two_that_are_called_at_one_address_are_as_somebody_wanted_it),
		PAIR_TEST(marks_tell_two_apart_in_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
