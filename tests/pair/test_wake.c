/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine that has slept, and its peer, which has not. */
#include "ike/step.h"
#include "tests/pair/forge.h"
#include "tests/pair/pair.h"

enum { SECOND = 1000, GIVEN_UP = 21 * SECOND };

#define ASKED    "moon --> sun  INFORMATIONAL request 2: SK {}"
#define ANSWERED "moon <-- sun  INFORMATIONAL response 2: SK {}"

/* Moon has slept for MS: the clock has gone on before anything else happens there. */
static void sleeps(struct pair *p, uint64_t ms)
{
	p->lab->now += ms;
	host_event(p->moon, &(struct ike_event){ .kind = EVENT_WOKEN });
}

static struct pair *up(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	pair_up(p);
	return p;
}

static void a_peer_is_asked_at_once(void **state)
{
	struct pair *p = up(state, CONN("dpd_delay = 1000s"), NULL);

	sleeps(p, 10 * SECOND);
	ARROWS(p->lab, ASKED, ANSWERED);
	SILENCE(p->lab);
	pair_assert_agree(p, 1);
}

/* Less patience than with one that we have not left alone; and what was up is set up anew. */
static void a_peer_that_has_forgotten_us(void **state)
{
	struct pair *p = up(state, CHILD("dpd_action = restart"), NULL);

	host_stop(p->sun);
	host_start(p->sun);
	sleeps(p, 600 * SECOND);
	lab_pass(p->lab, GIVEN_UP);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
	pair_assert_agree(p, 1);
}

/* It is the sleep that makes the haste: the next request has all the time. */
static void the_usual_patience_comes_back(void **state)
{
	struct pair *p = up(state, NULL, NULL);

	sleeps(p, 10 * SECOND);
	lab_calm(p->lab);
	host_rekey(p->moon, "net");
	lab_pass_deaf(p->lab, GIVEN_UP);
	lab_calm(p->lab);
	lab_pass(p->lab, 10 * SECOND);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 1);
	pair_assert_agree(p, 1);
}

static void what_was_under_way_goes_on_at_once(void **state)
{
	struct pair *p = up(state, NULL, NULL);

	host_rekey(p->moon, "net");
	lab_lose(lab_first(p->lab));
	sleeps(p, 3 * SECOND);
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->moon, TELL_CHILD_REKEYED), 1);
	pair_assert_agree(p, 1);
}

static bool said(const struct host *h, const char *text)
{
	list_each (n, (struct node *)&h->news) {
		const struct ike_tell *t = &node_owner(n, struct news, node)->tell;

		if (t->kind == TELL_LOG && !strcmp(t->text, text))
			return true;
	}
	return false;
}

/* Longer than an SA may live: the peer has ended it. */
static void outlived(void **state, const char *times)
{
	struct pair *p = up(state, times, NULL);

	sleeps(p, 5000 * SECOND);
	assert_true(said(
		p->moon, "IKE_SA site has outlived its time while this machine slept: it is set up anew"));
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
	pair_assert_agree(p, 1);
}

static void an_ike_sa_that_has_outlived_its_time(void **state)
{
	outlived(state, CONN("rekey_time = 1000s\n over_time = 100s"));
}

static void a_child_that_has_outlived_its_time(void **state)
{
	outlived(state, CHILD("rekey_time = 1000s\n life_time = 1100s"));
}

/* Once, though it was to be authenticated anew beside the one before. */
static void an_authentication_that_has_outlived_its_time(void **state)
{
	outlived(state, CONN("reauth_time = 1000s\n over_time = 100s") DAEMON("make_before_break = yes"));
}

/* Who has not begun it leaves that to the peer. */
static void a_responder_sets_up_nothing(void **state)
{
	struct pair *p = up(state, NULL, CONN("rekey_time = 1000s\n over_time = 100s"));

	p->lab->now += 5000 * SECOND;
	host_event(p->sun, &(struct ike_event){ .kind = EVENT_WOKEN });
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->sun, TELL_SA_UP), 1);
	pair_assert_empty_later(p);
}

/* The network is not there yet: nothing is given up for that. */
static void no_way_to_the_peer_yet(void **state)
{
	const char *mobile = CONN("mobike = yes\n local_addrs = %any");
	struct pair *p = pair_open_up(state, mobile, mobile);

	host_addresses(p->moon, "2001:db8::1");
	sleeps(p, 600 * SECOND);
	lab_pass_deaf(p->lab, 60 * SECOND);
	host_addresses(p->moon, "198.51.100.1");
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 1);
	pair_assert_agree(p, 1);
}

/* As soon as there is one, it is in a hurry, too. */
static void a_way_that_comes_later(void **state, const char *moon)
{
	struct pair *p = pair_open_up(state,
		pair_text(state, CHILD("dpd_action = restart"), CONN("mobike = yes\n local_addrs = %any")),
		CONN("mobike = yes\n remote_addrs = %any"));

	host_stop(p->sun);
	host_start(p->sun);
	host_addresses(p->moon, "2001:db8::1");
	sleeps(p, 600 * SECOND);
	lab_pass_deaf(p->lab, 60 * SECOND);
	host_addresses(p->moon, moon);
	lab_pass(p->lab, GIVEN_UP);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
}

static void the_way_comes_back_later(void **state)
{
	a_way_that_comes_later(state, "192.0.2.1");
}

static void another_way_comes_later(void **state)
{
	a_way_that_comes_later(state, "198.51.100.1");
}

/* Nor for that what has outlived its time. */
static void outlived_without_a_way(void **state, const char *mobike)
{
	struct pair *p = pair_open_up(state,
		pair_text(state, mobike, CONN("local_addrs = %any\n rekey_time = 1000s\n over_time = 100s")),
		pair_text(state, mobike, CONN("remote_addrs = %any")));

	host_addresses(p->moon, "2001:db8::1");
	lab_calm(p->lab);
	sleeps(p, 5000 * SECOND);
	lab_pass_deaf(p->lab, 60 * SECOND);
	assert_int_equal(host_told_times(p->moon, TELL_SA_DOWN), 0);
	host_addresses(p->moon, "192.0.2.1");
	lab_calm(p->lab);
	assert_int_equal(host_told_times(p->moon, TELL_SA_UP), 2);
	assert_int_equal(forge_sa_up(p->moon)->core.outlived, false);
	assert_non_null(host_child(p->moon, "net"));
}

static void no_way_for_what_has_outlived_its_time(void **state)
{
	outlived_without_a_way(state, CONN("mobike = yes"));
}

static void nor_without_mobike(void **state)
{
	outlived_without_a_way(state, CONN("mobike = no"));
}

/* Nobody was there for an hour. It is the moment in which moon is trying, or else waits for the next time. */
static void is_tried_at_once(void **state, bool trying)
{
	struct pair *p = pair_open(state, CHILD("keep = yes"), NULL);

	lab_pass_deaf(p->lab, 3600 * SECOND);
	for (unsigned i = 0; i < 600 && !ike_load(p->moon->ike).sas == trying; i++)
		lab_pass_deaf(p->lab, SECOND);
	assert_int_equal(ike_load(p->moon->ike).sas, trying);
	sleeps(p, 3600 * SECOND);
	lab_calm(p->lab);
	pair_assert_up(p);
}

static void an_attempt_goes_on_at_once(void **state)
{
	is_tried_at_once(state, true);
}

static void what_is_wanted_is_tried_at_once(void **state)
{
	is_tried_at_once(state, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_peer_is_asked_at_once),
		PAIR_TEST(a_peer_that_has_forgotten_us),
		PAIR_TEST(the_usual_patience_comes_back),
		PAIR_TEST(what_was_under_way_goes_on_at_once),
		PAIR_TEST(an_ike_sa_that_has_outlived_its_time),
		PAIR_TEST(a_child_that_has_outlived_its_time),
		PAIR_TEST(an_authentication_that_has_outlived_its_time),
		PAIR_TEST(a_responder_sets_up_nothing),
		PAIR_TEST(no_way_to_the_peer_yet),
		PAIR_TEST(the_way_comes_back_later),
		PAIR_TEST(another_way_comes_later),
		PAIR_TEST(no_way_for_what_has_outlived_its_time),
		PAIR_TEST(nor_without_mobike),
		PAIR_TEST(an_attempt_goes_on_at_once),
		PAIR_TEST(what_is_wanted_is_tried_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
