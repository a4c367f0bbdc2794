/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Children that come up and go by themselves: kept, started, brought back, idle; and who may have how many
 * IKE_SAs. */
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

#define KEEP       CHILD("keep = yes")
#define DPD        CONN("dpd_delay = 10s")
#define UNIQUE(w)  CONN("unique = " w)
#define NO_UNIQUES UNIQUE("no")

enum { MINUTE = 60 * 1000, GIVEN_UP = 200 * 1000 /* longer than a request is repeated */ };

static unsigned sas(const struct host *h)
{
	return ike_load(h->ike).sas;
}

static unsigned children(const struct host *h)
{
	return ike_load(h->ike).children;
}

static void up(struct host *h, uint32_t ticket, const char *child)
{
	host_command(h,
		&(struct ike_command){ .kind = COMMAND_UP, .ticket = ticket, .ike = "site", .child = child });
}

static void down(struct host *h, uint32_t ticket)
{
	host_command(h, &(struct ike_command){ .kind = COMMAND_DOWN, .ticket = ticket, .ike = "site" });
}

/* ------------------------------------------------------------------ kept */

static void kept_from_the_start(void **state)
{
	struct pair *p = pair_open(state, KEEP, NULL);

	lab_calm(p->lab);
	pair_assert_up(p);
}

/* How often moon began an IKE_SA within MS, on a network that loses all. */
static unsigned attempts(struct pair *p, uint64_t ms)
{
	unsigned n = 0;

	lab_pass_deaf(p->lab, ms);
	list_each (node, &p->moon->news) {
		const struct ike_tell *t = &node_owner(node, struct news, node)->tell;

		n += t->kind == TELL_LOG && t->text && !strncmp(t->text, "initiating", strlen("initiating"));
	}
	return n;
}

static void kept_though_nobody_answers(void **state)
{
	struct pair *p = pair_open(state, KEEP, NULL);
	unsigned hour = attempts(p, 60 * MINUTE), day;

	/* Each takes 165 s; the pauses between grow to five minutes. */
	assert_in_range(hour, 8, 20);
	day = attempts(p, 9 * 60 * MINUTE);
	assert_in_range(day, 70, 110);
	/* And when somebody does, it is up within the longest pause. */
	lab_pass(p->lab, 8 * MINUTE);
	pair_assert_up(p);
}

static void kept_over_the_peers_death(void **state)
{
	struct pair *p = pair_open(state, KEEP DPD, NULL);

	lab_calm(p->lab);
	host_stop(p->sun);
	lab_pass(p->lab, GIVEN_UP);
	host_start(p->sun);
	lab_pass(p->lab, 8 * MINUTE);
	pair_assert_up(p);
}

static void kept_though_the_peer_closes_it(void **state)
{
	struct pair *p = pair_open(state, KEEP, NULL);

	lab_calm(p->lab);
	down(p->sun, 1);
	lab_calm(p->lab);
	assert_int_equal(children(p->moon), 0);
	lab_pass(p->lab, 5000);
	assert_int_equal(children(p->moon), 1);
	assert_int_equal(children(p->sun), 1);
}

static void kept_until_somebody_takes_it_down(void **state)
{
	struct pair *p = pair_open(state, KEEP, NULL);

	lab_calm(p->lab);
	down(p->moon, 1);
	lab_pass(p->lab, 60 * MINUTE);
	assert_int_equal(sas(p->moon), 0);
	/* And again from the next up on. */
	up(p->moon, 2, NULL);
	lab_calm(p->lab);
	down(p->sun, 3);
	lab_pass(p->lab, 5000);
	assert_int_equal(children(p->moon), 1);
}

static void kept_as_long_as_it_is_configured(void **state)
{
	struct pair *p = pair_open(state, KEEP, NULL);

	lab_calm(p->lab);
	host_reload(p->moon, pair_moon);
	down(p->sun, 1);
	lab_pass(p->lab, 60 * MINUTE);
	assert_int_equal(sas(p->moon), 0);
}

static void kept_by_both_is_not_there_twice(void **state)
{
	struct pair *p = pair_open(state, KEEP, NULL);

	lab_calm(p->lab);
	host_reload(p->sun, pair_text(state, pair_sun, KEEP));
	lab_pass(p->lab, 60 * MINUTE);
	pair_assert_up(p);
}

/* ------------------------------------------------------------------ started */

static void started_as_often_as_configured(void **state)
{
	struct pair *p = pair_open(state, CHILD("start_action = start") CONN("keyingtries = 3"), NULL);

	assert_int_equal(attempts(p, 24 * 60 * MINUTE), 3);
	assert_true(p->moon->wake == HEAP_NEVER);
}

static void brought_back_after_the_peers_death(void **state)
{
	struct pair *p = pair_open(state, CHILD("dpd_action = start") DPD, NULL);

	pair_up(p);
	host_stop(p->sun);
	host_start(p->sun);
	lab_pass(p->lab, GIVEN_UP + MINUTE);
	pair_assert_up(p);
}

static void trapped_after_the_peers_death(void **state)
{
	struct pair *p = pair_open(state, CHILD("dpd_action = trap") DPD, NULL);

	pair_up(p);
	host_stop(p->sun);
	lab_pass(p->lab, GIVEN_UP);
	assert_int_equal(sas(p->moon), 0);
	assert_int_equal(datapath_policies(&p->moon->datapath, true), 1);
}

static void forgotten_after_the_peers_death(void **state)
{
	struct pair *p = pair_open(state, DPD, NULL);

	pair_up(p);
	host_stop(p->sun);
	lab_pass(p->lab, GIVEN_UP);
	assert_int_equal(sas(p->moon), 0);
	assert_true(p->moon->wake == HEAP_NEVER);
}

static void brought_back_after_the_peer_closed_it(void **state)
{
	struct pair *p = pair_open(state, CHILD("close_action = start"), NULL);

	pair_up(p);
	host_command(p->sun, &(struct ike_command){ .kind = COMMAND_DOWN, .ticket = 2, .child = "net" });
	lab_pass(p->lab, 5000);
	assert_int_equal(children(p->moon), 1);
	/* On the IKE_SA that there is. */
	assert_int_equal(sas(p->moon), 1);
}

static void trapped_after_the_peer_closed_it(void **state)
{
	struct pair *p = pair_open(state, CHILD("close_action = trap"), NULL);

	pair_up(p);
	down(p->sun, 2);
	lab_calm(p->lab);
	assert_int_equal(datapath_policies(&p->moon->datapath, true), 1);
}

static void what_we_close_stays_closed(void **state)
{
	struct pair *p = pair_open(state, CHILD("close_action = start"), NULL);

	pair_up(p);
	down(p->moon, 2);
	lab_pass(p->lab, 60 * MINUTE);
	assert_int_equal(sas(p->moon), 0);
}

/* ------------------------------------------------------------------ use */

/* A packet passes all SAs of H's data path. */
static void packet_passes(struct host *h)
{
	list_each (n, &h->datapath.sas)
		node_owner(n, struct dp_sa, node)->last = h->lab->now;
}

static void esp_shows_that_the_peer_lives(void **state)
{
	struct pair *p = pair_open(state, DPD, NULL);

	pair_up(p);
	for (unsigned i = 0; i < 20; i++) {
		lab_clock(p->lab, p->lab->now + 9000);
		packet_passes(p->moon);
		SILENCE(p->lab);
	}
	lab_clock(p->lab, p->lab->now + 9999);
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, "moon --> sun  INFORMATIONAL request 2: SK {}",
		"moon <-- sun  INFORMATIONAL response 2: SK {}");
}

static void a_data_path_that_does_not_say(void **state)
{
	struct pair *p = pair_open(state, DPD, NULL);

	pair_up(p);
	p->moon->silent = ASKED_USAGE;
	lab_clock(p->lab, p->lab->now + 10000);
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + 1000);
	ARROWS(p->lab, "moon --> sun  INFORMATIONAL request 2: SK {}");
}

static void idle_ones_are_closed(void **state)
{
	struct pair *p = pair_open(state, CHILD("inactivity = 60s"), NULL);

	pair_up(p);
	for (unsigned i = 0; i < 5; i++) {
		lab_pass(p->lab, 50 * 1000);
		packet_passes(p->moon);
	}
	assert_int_equal(children(p->moon), 1);
	lab_pass(p->lab, 59 * 1000);
	assert_int_equal(children(p->moon), 1);
	lab_pass(p->lab, 1000);
	assert_int_equal(children(p->moon), 0);
	assert_int_equal(children(p->sun), 0);
	assert_int_equal(sas(p->moon), 1);
}

/* ------------------------------------------------------------------ one identity, several IKE_SAs */

/* Moon forgets all and comes again. */
static void moon_comes_again(struct pair *p)
{
	host_stop(p->moon);
	host_start(p->moon);
	up(p->moon, 7, NULL);
	lab_calm(p->lab);
}

static void initial_contact(void **state)
{
	struct pair *p = pair_open(state, NO_UNIQUES, NO_UNIQUES);

	up(p->moon, 1, NULL);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr, N(INITIAL_CONTACT)}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr}");
	/* clang-format on */
	moon_comes_again(p);
	assert_int_equal(sas(p->sun), 1);
	pair_assert_up(p);
}

static void without_initial_contact_both_stay(void **state)
{
	struct pair *p = pair_open(state, NULL, NO_UNIQUES);

	up(p->moon, 1, NULL);
	lab_calm(p->lab);
	moon_comes_again(p);
	assert_int_equal(sas(p->sun), 2);
}

static void never_minds_nobody(void **state)
{
	struct pair *p = pair_open(state, NO_UNIQUES, NULL);

	up(p->moon, 1, NULL);
	lab_calm(p->lab);
	moon_comes_again(p);
	assert_int_equal(sas(p->sun), 2);
}

static void the_newer_one_replaces(void **state)
{
	struct pair *p = pair_open(state, NULL, UNIQUE("replace"));

	up(p->moon, 1, NULL);
	lab_calm(p->lab);
	moon_comes_again(p);
	lab_pass(p->lab, GIVEN_UP);
	assert_int_equal(sas(p->sun), 1);
	pair_assert_up(p);
}

/* It may only authenticate anew: the old one stays a while, unless it comes from elsewhere. */
static void the_older_one_goes_at_once_or_later(void **state)
{
	struct pair *p = pair_open(state, NULL, UNIQUE("replace"));
	struct sa *old;

	up(p->moon, 1, NULL);
	lab_calm(p->lab);
	moon_comes_again(p);
	SILENCE(p->lab);
	lab_clock(p->lab, p->lab->now + REPLACED_TIME - 1);
	SILENCE(p->lab);
	assert_int_equal(sas(p->sun), 2);
	lab_clock(p->lab, p->lab->now + 1);
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {D(IKE)}");
	old = node_owner(p->sun->ike->sas_list.prev, struct sa, of_ike);
	old->core.path.remote.ip.a[3] ^= 64;
	moon_comes_again(p);
	assert_int_equal(old->core.state, S_DELETING);
}

/* Where no NAT is between, another port is no other device. */
static void the_older_one_at_another_port_of_the_same_address_goes_later(void **state)
{
	struct pair *p = pair_open(state, NULL, UNIQUE("replace"));
	struct sa *old;

	up(p->moon, 1, NULL);
	lab_calm(p->lab);
	old = forge_sa(p->sun);
	old->core.path.remote.port = 4500;
	moon_comes_again(p);
	SILENCE(p->lab);
	assert_int_equal(sas(p->sun), 2);
	assert_int_equal(old->core.state, S_UP);
	lab_clock(p->lab, p->lab->now + REPLACED_TIME);
	assert_int_equal(old->core.state, S_DELETING);
}

/* Another device behind the same NAT: there it has another port, and nothing of its children is to be waited
 * for. */
static void the_older_one_of_another_device_behind_the_same_nat_goes_at_once(void **state)
{
	struct pair *p = pair_open(
		state, CONN("local_addrs = 10.9.0.1"), UNIQUE("replace") CONN("remote_addrs = %any"));
	const struct sa *old;

	pair_hide_moon(p);
	up(p->moon, 1, NULL);
	lab_calm(p->lab);
	old = forge_sa(p->sun);
	p->moon->nat.shift++;
	moon_comes_again(p);
	assert_int_equal(sas(p->sun), 2);
	assert_int_equal(old->core.state, S_DELETING);
}

/* Somebody who wants it down does not wait for that. */
static void the_older_one_may_go_sooner(void **state)
{
	struct pair *p = pair_open(state, NULL, UNIQUE("replace"));
	const struct sa *old;

	up(p->moon, 1, NULL);
	lab_calm(p->lab);
	old = forge_sa(p->sun);
	moon_comes_again(p);
	host_command(p->sun, &(struct ike_command){ .kind = COMMAND_DOWN, .ticket = 8, .ike_id = old->id });
	ARROWS(p->lab, "moon <-- sun  INFORMATIONAL request 0: SK {D(IKE)}");
}

static void the_older_one_is_kept(void **state)
{
	struct pair *p = pair_open(state, NULL, UNIQUE("keep"));

	up(p->moon, 1, NULL);
	lab_calm(p->lab);
	moon_comes_again(p);
	assert_false(host_done(p->moon, 7)->success);
	assert_int_equal(sas(p->moon), 0);
	assert_non_null(strstr(host_why(p->sun)->where, "unique"));
}

static void initial_contact_ends_what_is_kept(void **state)
{
	struct pair *p = pair_open(state, NO_UNIQUES, UNIQUE("keep"));

	up(p->moon, 1, NULL);
	lab_calm(p->lab);
	moon_comes_again(p);
	assert_int_equal(sas(p->sun), 1);
	pair_assert_up(p);
}

/* ------------------------------------------------------------------ childless (RFC 6023) */

static void childless(void **state)
{
	struct pair *p = pair_open(state, CONN("childless = prefer"), CONN("childless = allow"));

	up(p->moon, 1, NULL);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD, N(CHILDLESS_IKEV2_SUPPORTED)",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH}",
		"moon --> sun  CREATE_CHILD_SA request 2: SK {SA, Nonce, TSi, TSr}",
		"moon <-- sun  CREATE_CHILD_SA response 2: SK {SA, Nonce, TSi, TSr}");
	/* clang-format on */
	pair_assert_up(p);
	assert_true(host_done(p->moon, 1)->success);
}

static void childless_preferred_but_impossible(void **state)
{
	struct pair *p = pair_open(state, CONN("childless = prefer"), NULL);

	pair_up(p);
}

static void childless_or_not_at_all(void **state)
{
	struct pair *p = pair_open(state, CONN("childless = force"), NULL);

	up(p->moon, 1, NULL);
	lab_calm(p->lab);
	assert_false(host_done(p->moon, 1)->success);
	assert_non_null(strstr(host_why(p->moon)->where, "childless"));
}

/* ------------------------------------------------------------------ authenticated for a time (RFC 4478) */

static void the_peer_wants_us_anew(void **state)
{
	struct pair *p = pair_open(state, NULL, CONN("reauth_time = 1000s"));
	uint64_t spi;

	up(p->moon, 1, NULL);
	/* clang-format off */
	ARROWS(p->lab,
		"moon --> sun  IKE_SA_INIT request 0: SA, KE, Nonce, NATD",
		"moon <-- sun  IKE_SA_INIT response 0: SA, KE, Nonce, NATD",
		"moon --> sun  IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}",
		"moon <-- sun  IKE_AUTH response 1: SK {IDr, AUTH, SA, TSi, TSr, N(AUTH_LIFETIME)}");
	/* clang-format on */
	spi = forge_sa(p->moon)->core.spi_i;
	lab_pass(p->lab, 899 * 1000);
	assert_true(forge_sa(p->moon)->core.spi_i == spi);
	lab_pass(p->lab, 40 * 1000);
	pair_assert_up(p);
	assert_true(forge_sa(p->moon)->core.spi_i != spi);
}

/* ------------------------------------------------------------------ one pair of selectors each */

static void a_child_for_each_pair(void **state)
{
	struct pair *p = pair_open(state,
		CHILD("single_pair = yes\n local_ts = 10.1.0.0/24, 10.1.1.0/24\n"
		      "remote_ts = 10.2.0.0/24, 10.2.1.0/24"),
		NULL);
	const struct dp_policy *policy;

	up(p->moon, 1, "net");
	lab_calm(p->lab);
	assert_true(host_done(p->moon, 1)->success);
	assert_int_equal(children(p->moon), 4);
	assert_int_equal(sas(p->moon), 1);
	list_each (n, &p->moon->datapath.policies) {
		policy = node_owner(n, struct dp_policy, node);
		assert_int_equal(policy->spec.local_ts.n, 1);
		assert_int_equal(policy->spec.remote_ts.n, 1);
	}
	host_command(p->moon, &(struct ike_command){ .kind = COMMAND_DOWN, .ticket = 2, .child = "net" });
	lab_calm(p->lab);
	assert_int_equal(children(p->moon), 0);
	assert_int_equal(children(p->sun), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PAIR_TEST(kept_from_the_start),
		PAIR_TEST(kept_though_nobody_answers),
		PAIR_TEST(kept_over_the_peers_death),
		PAIR_TEST(kept_though_the_peer_closes_it),
		PAIR_TEST(kept_until_somebody_takes_it_down),
		PAIR_TEST(kept_as_long_as_it_is_configured),
		PAIR_TEST(kept_by_both_is_not_there_twice),
		PAIR_TEST(started_as_often_as_configured),
		PAIR_TEST(brought_back_after_the_peers_death),
		PAIR_TEST(trapped_after_the_peers_death),
		PAIR_TEST(forgotten_after_the_peers_death),
		PAIR_TEST(brought_back_after_the_peer_closed_it),
		PAIR_TEST(trapped_after_the_peer_closed_it),
		PAIR_TEST(what_we_close_stays_closed),
		PAIR_TEST(esp_shows_that_the_peer_lives),
		PAIR_TEST(a_data_path_that_does_not_say),
		PAIR_TEST(idle_ones_are_closed),
		PAIR_TEST(initial_contact),
		PAIR_TEST(without_initial_contact_both_stay),
		PAIR_TEST(never_minds_nobody),
		PAIR_TEST(the_newer_one_replaces),
		PAIR_TEST(the_older_one_goes_at_once_or_later),
		PAIR_TEST(the_older_one_at_another_port_of_the_same_address_goes_later),
		PAIR_TEST(the_older_one_of_another_device_behind_the_same_nat_goes_at_once),
		PAIR_TEST(the_older_one_may_go_sooner),
		PAIR_TEST(the_older_one_is_kept),
		PAIR_TEST(initial_contact_ends_what_is_kept),
		PAIR_TEST(childless),
		PAIR_TEST(childless_preferred_but_impossible),
		PAIR_TEST(childless_or_not_at_all),
		PAIR_TEST(the_peer_wants_us_anew),
		PAIR_TEST(a_child_for_each_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
